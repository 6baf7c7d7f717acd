//! Recorded counts in the columns of a Parquet file.
//!
//! A value takes the way of a field of a CSV file, so both have the same checks. A timestamp has its own unit; one without
//! a time zone is in UTC, as a date of ISO 8601 is.

use std::io::{Read, Seek};

use super::table_rows::{TableRows, read_time};
use super::{CountSeries, SeriesFormat, Times};
use crate::scenario::file::{TraceError, TraceErrorKind};
use crate::table::parquet::{Holds, ParquetFile, ParquetValue};
use crate::units::NANOS_PER_SECOND;
use crate::workload::stamp::{TimeForm, instant};

/// Nanoseconds of a day.
const DAY: i128 = 86_400 * NANOS_PER_SECOND as i128;

impl CountSeries {
    /// Reads a Parquet file, in order of time. `has_unit` is true if the user has given a unit of the times.
    ///
    /// # Errors
    ///
    /// [`TraceError`], with the row where one is wrong: a file that is not read, a missing column, a column of another
    /// type, values that are missing, not sorted or out of range, and the bounds.
    pub fn read_parquet(
        reader: impl Read + Seek,
        format: &SeriesFormat,
        has_unit: bool,
    ) -> Result<Self, TraceError> {
        let count = format.count_column.as_str();
        let mut rows = TableRows::new(format);
        let (column, form) = match &format.times {
            Times::Column(column, form) => (column.as_str(), *form),
            Times::Rows => {
                let file = ParquetFile::open(reader, &[count])?;
                counts(count, file.columns()[0].holds)?;
                file.each_row(|row, values| {
                    let added = text(count, &values[0]).and_then(|count| rows.follow(&count));
                    added.map_err(|error| error.in_row(row))
                })?;
                return rows.series.finish();
            }
        };
        let file = ParquetFile::open(reader, &[column, count])?;
        let unit = times(column, file.columns()[0].holds, form, has_unit)?;
        counts(count, file.columns()[1].holds)?;
        file.each_row(|row, values| {
            let stamp = match (unit, &values[0]) {
                (Some(unit), ParquetValue::Integer(number)) => instant(*number, unit),
                (_, value) => text(column, value).and_then(|time| read_time(&time, form)),
            };
            // The unit of a timestamp cannot be mistaken, so no other one is suggested.
            let form = if unit.is_some() { TimeForm::Civil(0) } else { form };
            let added = stamp.and_then(|stamp| rows.push(stamp, form, &text(count, &values[1])?));
            added.map_err(|error| error.in_row(row))
        })?;
        Ok(Self { has_unit: unit.is_some(), ..rows.series.finish()? })
    }
}

/// Returns the nanoseconds of the unit that a column of times has itself; `None` if its values are read in `form`.
fn times(
    column: &str,
    holds: Holds,
    form: TimeForm,
    has_unit: bool,
) -> Result<Option<i128>, TraceError> {
    let is_civil = matches!(form, TimeForm::Civil(_));
    let why = match holds {
        Holds::Timestamps(_) | Holds::Days if has_unit => {
            "has timestamps, which have their own unit; remove `time-unit`"
        }
        Holds::Timestamps(nanos) => return Ok(Some(nanos)),
        Holds::Days => return Ok(Some(DAY)),
        Holds::Texts if is_civil => return Ok(None),
        Holds::Texts => "has texts; of dates, write `time-unit = \"iso8601\"`",
        _ if is_civil => "has numbers; `time-unit = \"iso8601\"` is of texts",
        _ => return Ok(None),
    };
    Err(TraceErrorKind::Parquet(format!("column `{column}` {why}")).whole())
}

fn counts(column: &str, holds: Holds) -> Result<(), TraceError> {
    let what = match holds {
        Holds::Integers | Holds::Unsigned | Holds::Numbers => return Ok(()),
        Holds::Texts => "texts",
        _ => "times",
    };
    Err(TraceErrorKind::Parquet(format!("column `{column}` has {what}; a count is a number"))
        .whole())
}

/// Returns a value as a CSV file has it.
fn text(column: &str, value: &ParquetValue) -> Result<String, TraceErrorKind> {
    Ok(match value {
        ParquetValue::Missing => return Err(TraceErrorKind::NoValue(column.to_string())),
        ParquetValue::Integer(number) => number.to_string(),
        ParquetValue::Single(number) => number.to_string(),
        ParquetValue::Number(number) => number.to_string(),
        ParquetValue::Text(text) => text.clone(),
    })
}
