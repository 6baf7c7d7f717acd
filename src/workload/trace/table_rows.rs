//! The rows of a table with a time and a count each, CSV or Parquet.

use super::{SeriesBuilder, SeriesFormat};
use crate::scenario::file::{TraceErrorKind, excerpt};
use crate::units::SimDuration;
use crate::workload::stamp::{self, TimeForm};

/// Adds the rows of a table to a series, as far as their times keep the interval.
pub(super) struct TableRows {
    pub(super) series: SeriesBuilder,
    interval: SimDuration,
    /// Requests of an interval for each of the column.
    each: f64,
    /// Time of the row before.
    before: Option<i128>,
}

impl TableRows {
    pub(super) fn new(format: &SeriesFormat) -> Self {
        let interval = format.interval;
        let each = if format.is_rate { interval.seconds() } else { 1.0 };
        Self { series: SeriesBuilder::new(interval), interval, each, before: None }
    }

    /// Adds a row at a time that was read in `form`.
    pub(super) fn push(
        &mut self,
        stamp: i128,
        form: TimeForm,
        count: &str,
    ) -> Result<(), TraceErrorKind> {
        too_close(self.before.replace(stamp), stamp, self.interval, form)?;
        self.series.push(stamp, read_count(count)? * self.each)
    }

    /// Adds a row that begins where the row before ends.
    pub(super) fn follow(&mut self, count: &str) -> Result<(), TraceErrorKind> {
        let each = i128::from(self.interval.nanos());
        let stamp = self.before.map_or(0, |before| before + each);
        self.before = Some(stamp);
        self.series.push(stamp, read_count(count)? * self.each)
    }
}

/// Reads a time in `form`; the error of a date where a number is read says so.
pub(super) fn read_time(text: &str, form: TimeForm) -> Result<i128, TraceErrorKind> {
    let is_date = form.unit().is_some() && stamp::is_date(text);
    form.read(text).map_err(|error| {
        if is_date { TraceErrorKind::IsADate(excerpt(text.trim())) } else { error }
    })
}

/// Refuses a time inside the interval of the row before, and names the smallest unit with which it would not be.
fn too_close(
    before: Option<i128>,
    stamp: i128,
    interval: SimDuration,
    form: TimeForm,
) -> Result<(), TraceErrorKind> {
    let Some(step) = before.map(|before| stamp - before) else { return Ok(()) };
    let wanted = i128::from(interval.nanos());
    if step <= 0 || step >= wanted {
        return Ok(());
    }
    let length = SimDuration::from_nanos(u64::try_from(step).unwrap_or(u64::MAX));
    let all = [
        ("us", TimeForm::UnixMicroseconds),
        ("ms", TimeForm::UnixMilliseconds),
        ("s", TimeForm::UnixSeconds),
        ("min", TimeForm::Minutes),
        ("h", TimeForm::Hours),
        ("d", TimeForm::Days),
    ];
    let fits = form.unit().and_then(|unit| {
        let of = |(word, other): (&'static str, TimeForm)| {
            let scaled = step.checked_mul(other.unit()?)? / unit;
            (scaled >= wanted).then_some(word)
        };
        all.into_iter().find_map(of)
    });
    Err(TraceErrorKind::TooClose(length, interval, fits))
}

fn read_count(text: &str) -> Result<f64, TraceErrorKind> {
    let text = text.trim();
    let count: f64 = text.parse().map_err(|_| TraceErrorKind::NotANumber(excerpt(text)))?;
    if count.is_finite() && count >= 0.0 {
        Ok(count)
    } else {
        Err(TraceErrorKind::OutOfRange(excerpt(text)))
    }
}
