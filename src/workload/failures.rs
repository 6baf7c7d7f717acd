//! Recorded failures: when each of several parts was down.
//!
//! Model: each row of the file is one failure of one part, from a begin to an end. Failures of a part that overlap or
//! touch are one. Time zero is an instant of the recording; what ended before it is left out, what was under way then
//! begins at zero.
//!
//! Takes CSV with a header; gives a [`FailureRecord`]. Rows may be in any order.
//! Holds: the spells of a part are in order and apart from each other; at most [`MAX_FAILURES`] rows are kept. Nothing is
//! left out without being counted.
//! Leaves out: the reason of a failure, unless rows are selected by its column.

use std::io::Read;
use std::sync::Arc;

use super::rows::each_row;
use super::stamp::TimeForm;
use crate::scenario::file::{TraceError, TraceErrorKind};
use crate::units::{SimDuration, SimTime};

/// Maximum number of failures that are kept of one file.
pub const MAX_FAILURES: usize = 1 << 20;

/// Columns of a file of failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureFormat {
    /// Column of the time at which a failure begins: unix seconds, or ISO 8601.
    pub begin: String,
    /// Column of the time at which it ends.
    pub end: String,
    /// Column of the number of the part. Without it, every row is a failure of the only part.
    pub part: Option<String>,
    /// Number of the first part in this column.
    pub first: u32,
    /// Number of parts.
    pub parts: usize,
    /// Rows are kept if each of these columns has this value.
    pub only: Vec<(String, String)>,
    /// Time zero, as the file writes times. Without it, the first begin.
    pub zero: Option<String>,
}

/// Times at which a part was down, in order and apart from each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spells {
    /// Begin of each.
    pub begins: Arc<[SimTime]>,
    /// End of each.
    pub ends: Arc<[SimTime]>,
}

/// Failures of several parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureRecord {
    /// Spells of each part.
    pub parts: Vec<Spells>,
    /// Rows that were read and are of these columns' values.
    pub rows: usize,
    /// Rows of them whose failure ended at time zero or before.
    pub before: usize,
    /// Rows of them that end when they begin, and change nothing.
    pub empty: usize,
    /// Rows of them that overlap or touch another of their part.
    pub merged: usize,
}

/// Reads a time as unix seconds, or as ISO 8601 in UTC unless it says otherwise.
fn instant(text: &str) -> Result<i128, TraceErrorKind> {
    let is_civil = text.trim().as_bytes().get(4) == Some(&b'-');
    let form = if is_civil { TimeForm::Civil(0) } else { TimeForm::UnixSeconds };
    form.read(text)
}

impl FailureRecord {
    /// Reads a CSV file with a header line.
    ///
    /// # Errors
    ///
    /// [`TraceError`] with the line: a missing column, a field that is no time, an end before its begin, a part that is
    /// not there, no rows, and the bounds. A `zero` that is no time is an error of the whole file.
    pub fn read_csv(reader: impl Read, format: &FailureFormat) -> Result<Self, TraceError> {
        let zero = format.zero.as_deref().map(instant).transpose();
        let zero = zero.map_err(TraceErrorKind::whole)?;
        let mut columns = vec![format.begin.as_str(), format.end.as_str()];
        columns.extend(format.part.as_deref());
        let wanted = columns.len();
        columns.extend(format.only.iter().map(|(column, _)| column.as_str()));
        let mut found: Vec<(usize, i128, i128)> = Vec::new();
        each_row(reader, &columns, |fields| {
            let selected = fields[wanted..].iter().zip(&format.only);
            if selected.clone().any(|(field, (_, value))| field.trim() != value) {
                return Ok(());
            }
            let part = match format.part {
                Some(_) => part_of(fields[2], format)?,
                None => 0,
            };
            let (begin, end) = (instant(fields[0])?, instant(fields[1])?);
            if end < begin {
                return Err(TraceErrorKind::EndBeforeBegin);
            }
            if found.len() >= MAX_FAILURES {
                return Err(TraceErrorKind::Limit("failures", MAX_FAILURES as u64));
            }
            found.push((part, begin, end));
            Ok(())
        })?;
        let first = found.iter().map(|(_, begin, _)| *begin).min();
        let Some(first) = first else { return Err(TraceErrorKind::NoRows.whole()) };
        Self::of(found, zero.unwrap_or(first), format.parts)
    }

    fn of(
        mut found: Vec<(usize, i128, i128)>,
        zero: i128,
        parts: usize,
    ) -> Result<Self, TraceError> {
        found.sort_unstable();
        let mut record = Self {
            parts: Vec::with_capacity(parts),
            rows: found.len(),
            before: 0,
            empty: 0,
            merged: 0,
        };
        let mut rows = found.into_iter().peekable();
        for part in 0..parts {
            let mut spells: Vec<(u64, u64)> = Vec::new();
            while let Some((_, begin, end)) = rows.next_if(|(of, ..)| *of == part) {
                if end <= zero {
                    record.before += 1;
                    continue;
                }
                if begin == end {
                    record.empty += 1;
                    continue;
                }
                let (begin, end) = (after(zero, begin.max(zero))?, after(zero, end)?);
                match spells.last_mut() {
                    Some((_, last)) if begin <= *last => {
                        *last = end.max(*last);
                        record.merged += 1;
                    }
                    _ => spells.push((begin, end)),
                }
            }
            let times = |of: fn(&(u64, u64)) -> u64| {
                spells.iter().map(|spell| SimTime::from_nanos(of(spell))).collect()
            };
            record
                .parts
                .push(Spells { begins: times(|spell| spell.0), ends: times(|spell| spell.1) });
        }
        Ok(record)
    }

    /// Returns the number of failures that are played.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.parts.iter().map(|spells| spells.begins.len()).sum()
    }

    /// Returns the time from time zero to the end of the last failure.
    #[must_use]
    pub fn length(&self) -> SimDuration {
        let last = self.parts.iter().filter_map(|spells| spells.ends.last());
        last.max().map_or(SimDuration::ZERO, |end| *end - SimTime::ZERO)
    }
}

/// Reads the number of a part, as a place among the parts.
fn part_of(text: &str, format: &FailureFormat) -> Result<usize, TraceErrorKind> {
    let refused = || TraceErrorKind::NoSuchPart(crate::scenario::file::excerpt(text), format.parts);
    let number: usize = text.trim().parse().map_err(|_| refused())?;
    let place = number.checked_sub(format.first as usize).ok_or_else(refused)?;
    if place < format.parts { Ok(place) } else { Err(refused()) }
}

/// Returns the nanoseconds from `zero` to `instant`, which is not before it.
fn after(zero: i128, instant: i128) -> Result<u64, TraceError> {
    let nanos = u64::try_from(instant - zero).ok().filter(|nanos| *nanos < u64::MAX / 2);
    nanos.ok_or(TraceErrorKind::Limit("years in a trace", 292).whole())
}

#[cfg(test)]
mod tests;
