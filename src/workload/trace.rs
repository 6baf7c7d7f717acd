//! Recorded traffic: requests counted per interval, played back as arrivals.
//!
//! Model: a series holds the requests of intervals of one length, at times since its first row. A missing row is an
//! interval without traffic; such intervals are counted for the report. Played back with `scale`, `requests_per_page`
//! and `speed`, the pages up to the end of a row are ⌊scale × requests so far / requests per page⌋, and a row gets the
//! difference. The fractions are carried from row to row, so the total never drifts. Within its interval the pages lie
//! at random (order statistics of independent uniform times, one draw per page, keyed by the page's ordinal) or evenly
//! in the middle of n equal parts.
//!
//! Takes CSV with a header, or a Parquet file; gives a compact [`CountSeries`] that replications share, and streams.
//! Holds: the text is read line by line and never held whole; at most [`MAX_ROWS`] busy intervals.
//! Arrival k is a function of the series, the playback and the draws: no position to lose.
//! Leaves out: bytes, pages by name.

use std::io::Read;
use std::sync::Arc;

mod busiest;
mod columns;
mod table_rows;

use super::arrivals::Arrival;
use super::rate::WeekTime;
use super::rows::each_row;
use super::stamp::{self, TimeForm};
use crate::convert::{nearest, whole};
use crate::engine::draw::{Key, Lineage, Seed};
use crate::scenario::file::{TraceError, TraceErrorKind, excerpt};
use crate::units::{NANOS_PER_SECOND, Rate, SimDuration, SimTime};
use table_rows::{TableRows, read_time};

/// Maximum number of intervals with traffic in one series: eight years of minutes, 64 MiB.
pub const MAX_ROWS: u64 = 1 << 22;
/// Maximum number of requests in one series: up to here every count is exact.
pub const MAX_REQUESTS: u64 = 1 << 53;

/// Places and meaning of times and counts in a table. Nothing is guessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesFormat {
    /// Times at which the intervals begin.
    pub times: Times,
    /// Column of the requests in the interval.
    pub count_column: String,
    /// True if it has requests per second instead.
    pub is_rate: bool,
    /// Length of an interval.
    pub interval: SimDuration,
}

/// Source of the times of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Times {
    /// A column of this name, in this form.
    Column(String, TimeForm),
    /// The rows follow each other without a gap: row n begins n intervals after the first.
    Rows,
}

/// Requests per interval; clones share the rows.
#[derive(Clone, Debug)]
pub struct CountSeries {
    rows: Arc<[Row]>,
    /// Time of the first row, in nanoseconds since 1970-01-01T00:00:00Z.
    origin: i128,
    interval: SimDuration,
    /// Time from the first row's start to the last row's end.
    length: SimDuration,
    requests: f64,
    read: u64,
    missing: u64,
    /// Time between the two closest rows.
    least_step: Option<i128>,
    /// True if the file itself has the unit of its times.
    has_unit: bool,
}

/// An interval with traffic.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    /// Begin, nanoseconds since the first row.
    at: u64,
    /// Requests in all rows before this one.
    before: f64,
}

/// Turns rows in order of time into a series.
#[derive(Debug)]
pub(super) struct SeriesBuilder {
    interval: u64,
    rows: Vec<Row>,
    origin: Option<i128>,
    last: i128,
    requests: f64,
    read: u64,
    missing: u64,
    least_step: Option<i128>,
}

impl SeriesBuilder {
    pub(super) fn new(interval: SimDuration) -> Self {
        let interval = interval.nanos().max(1);
        Self {
            interval,
            rows: Vec::new(),
            origin: None,
            last: 0,
            requests: 0.0,
            read: 0,
            missing: 0,
            least_step: None,
        }
    }

    /// Adds `count` requests in the interval that begins at `stamp` nanoseconds since the epoch.
    pub(super) fn push(&mut self, stamp: i128, count: f64) -> Result<(), TraceErrorKind> {
        let origin = *self.origin.get_or_insert(stamp);
        if self.read > 0 {
            let step = stamp - self.last;
            if step < i128::from(self.interval) {
                return Err(TraceErrorKind::NotSorted);
            }
            self.least_step = Some(self.least_step.map_or(step, |least| least.min(step)));
            let skipped = step / i128::from(self.interval) - 1;
            self.missing = self.missing.saturating_add(u64::try_from(skipped).unwrap_or(u64::MAX));
        }
        let at = u64::try_from(stamp - origin)
            .ok()
            .filter(|at| *at < u64::MAX / 2)
            .ok_or(TraceErrorKind::Limit("years in a trace", 292))?;
        self.last = stamp;
        self.read += 1;
        if count > 0.0 {
            if self.rows.len() as u64 >= MAX_ROWS {
                return Err(TraceErrorKind::Limit("intervals with traffic", MAX_ROWS));
            }
            self.rows.push(Row { at, before: self.requests });
            self.requests += count;
            if self.requests > MAX_REQUESTS as f64 {
                return Err(TraceErrorKind::Limit("requests", MAX_REQUESTS));
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<CountSeries, TraceError> {
        let Some(origin) = self.origin else {
            return Err(TraceErrorKind::NoRows.whole());
        };
        let span =
            u64::try_from(self.last - origin).expect("rows are in order and below 292 years");
        Ok(CountSeries {
            rows: self.rows.into(),
            origin,
            interval: SimDuration::from_nanos(self.interval),
            length: SimDuration::from_nanos(span.saturating_add(self.interval)),
            requests: self.requests,
            read: self.read,
            missing: self.missing,
            least_step: self.least_step,
            has_unit: false,
        })
    }
}

impl CountSeries {
    /// Reads a CSV file with a header line, in order of time.
    ///
    /// # Errors
    ///
    /// [`TraceError`] with the line: no bytes, no rows, a missing column, rows that are ragged, not
    /// numbers, out of range or not sorted, and the bounds.
    pub fn read_csv(reader: impl Read, format: &SeriesFormat) -> Result<Self, TraceError> {
        let mut rows = TableRows::new(format);
        let count = format.count_column.as_str();
        match &format.times {
            Times::Column(column, form) => {
                each_row(reader, &[column, count], |fields| {
                    rows.push(read_time(fields[0], *form)?, *form, fields[1])
                })?;
            }
            Times::Rows => each_row(reader, &[count], |fields| rows.follow(fields[0]))?,
        }
        rows.series.finish()
    }

    /// Returns the total number of requests.
    #[must_use]
    pub const fn requests(&self) -> f64 {
        self.requests
    }

    /// Returns the number of rows read, including those without traffic.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.read
    }

    /// Returns the number of intervals between the first and the last row that have no row; they count as without
    /// traffic.
    #[must_use]
    pub const fn missing(&self) -> u64 {
        self.missing
    }

    /// Returns the year of the first row if it is after 3000 by a clock that counts from 1970.
    #[must_use]
    pub fn far_year(&self) -> Option<i128> {
        if self.has_unit {
            return None;
        }
        let second = i128::from(NANOS_PER_SECOND);
        (self.origin > YEAR_3000_S * second).then(|| 1970 + self.origin / second / 31_556_952)
    }

    /// Returns the reason why times read as seconds look like milliseconds, if they do: they lie beyond the year 3000,
    /// or all rows are a thousand intervals apart.
    #[must_use]
    pub fn looks_like_milliseconds(&self) -> Option<String> {
        if self.has_unit {
            return None;
        }
        if let Some(year) = self.far_year() {
            let first = self.origin / i128::from(NANOS_PER_SECOND);
            return Some(format!("the first, {first}, is in the year {year}"));
        }
        let apart = self.least_step.filter(|_| self.read > 2)?;
        (apart == 1_000 * i128::from(self.interval.nanos())).then(|| {
            let apart = SimDuration::from_nanos(u64::try_from(apart).unwrap_or(u64::MAX));
            format!("rows of {} are {apart} apart", self.interval)
        })
    }

    /// Returns the time from the start of the first row to the end of the last.
    #[must_use]
    pub const fn length(&self) -> SimDuration {
        self.length
    }

    /// Returns the calendar time of the first row, `east_minutes` east of UTC.
    #[must_use]
    pub fn starts_at(&self, east_minutes: i32) -> WeekTime {
        stamp::week_time(self.origin, east_minutes).expect("a time of day is within the day")
    }

    /// Returns the instant `after` the start of the first row in UTC, as `1995-07-01 00:00:01`; `None` if the times of rows are
    /// not counted from 1970.
    #[must_use]
    pub fn utc(&self, after: SimDuration) -> Option<String> {
        const YEAR_1980_S: i128 = 315_532_800;
        let seconds = (self.origin + i128::from(after.nanos())) / i128::from(NANOS_PER_SECOND);
        let seconds = i64::try_from(seconds).ok().filter(|s| i128::from(*s) > YEAR_1980_S)?;
        Some(stamp::civil_text(seconds, 0))
    }

    /// Returns the `scale` at which the busiest hour of the record has `pages` page views per second; `None` when there
    /// is no busy hour.
    #[must_use]
    pub fn scale_to_busiest_hour(&self, pages: Rate, requests_per_page: f64) -> Option<f64> {
        let requests = self.busiest(SimDuration::HOUR).requests;
        let scale = pages.in_per_second() * 3_600.0 * requests_per_page / requests;
        (scale.is_finite() && scale > 0.0).then_some(scale)
    }

    /// Requests in the rows before the `index`-th.
    fn requests_before(&self, index: usize) -> f64 {
        self.rows.get(index).map_or(self.requests, |row| row.before)
    }
}

/// Seconds from 1970 to the year 3000.
const YEAR_3000_S: i128 = 32_503_680_000;

/// Placement of the pages of an interval within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// At random, each anywhere in the interval.
    #[default]
    Random,
    /// In the middle of n equal parts.
    Even,
}

/// A record and how it is played; clones share the record.
#[derive(Clone, Debug)]
pub struct Playback {
    series: CountSeries,
    scale: f64,
    requests_per_page: f64,
    speed: f64,
    placement: Placement,
}

/// A factor of a playback that is not a finite number above zero, or beyond 10⁹: which, and it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaybackError(pub &'static str, pub f64);

impl std::fmt::Display for PlaybackError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is {}; it must be above 0 and at most 1e9", self.0, self.1)
    }
}

impl std::error::Error for PlaybackError {}

impl Playback {
    /// Returns the time that one count covers, as played.
    #[must_use]
    pub fn interval(&self) -> SimDuration {
        SimDuration::from_seconds_f64(self.series.interval.seconds() / self.speed)
    }

    /// Plays `series` with `scale` times its requests, `requests_per_page` of which make one
    /// arrival, `speed` times as fast as recorded (at speed 2 an hour takes half an hour and the
    /// rate doubles).
    ///
    /// # Errors
    ///
    /// A factor that is not above 0 and at most 10⁹; more arrivals than can be numbered exactly.
    pub fn new(
        series: CountSeries,
        scale: f64,
        requests_per_page: f64,
        speed: f64,
        placement: Placement,
    ) -> Result<Self, PlaybackError> {
        let factors =
            [("scale", scale), ("requests per page", requests_per_page), ("speed", speed)];
        for (name, value) in factors {
            if !(value > 0.0 && value <= 1e9) {
                return Err(PlaybackError(name, value));
            }
        }
        if series.requests * scale / requests_per_page > MAX_REQUESTS as f64 {
            return Err(PlaybackError("scale", scale));
        }
        Ok(Self { series, scale, requests_per_page, speed, placement })
    }

    /// Returns the record.
    #[must_use]
    pub const fn series(&self) -> &CountSeries {
        &self.series
    }

    /// Returns the arrivals in the whole record: ⌊scale × requests / requests per page⌋.
    #[must_use]
    pub fn pages(&self) -> u64 {
        self.pages_of(self.series.requests)
    }

    /// Returns the end of the record, played from time zero.
    #[must_use]
    pub fn end(&self) -> SimTime {
        SimTime::from_nanos(self.played(self.series.length.nanos()))
    }

    /// Returns the arrivals per second in the interval that holds `at`; zero in gaps and after the end.
    #[must_use]
    pub fn rate(&self, at: SimTime) -> Rate {
        let series = &self.series;
        let next = series.rows.partition_point(|row| self.played(row.at) <= at.nanos());
        let Some(index) = next.checked_sub(1) else {
            return Rate::ZERO;
        };
        let row = series.rows[index];
        let (from, to) = self.bounds(row);
        if at.nanos() >= to {
            return Rate::ZERO;
        }
        let requests = series.requests_before(index + 1) - row.before;
        let pages = requests * self.scale / self.requests_per_page;
        Rate::per_second(pages * 1e9 / (to - from) as f64).unwrap_or(Rate::ZERO)
    }

    /// Returns the arrivals between two instants; those of a partial interval are spread evenly over it.
    #[must_use]
    pub fn pages_between(&self, from: SimTime, to: SimTime) -> f64 {
        let rows = &self.series.rows;
        let first = rows.partition_point(|row| self.bounds(*row).1 <= from.nanos());
        let requests: f64 = (first..rows.len())
            .map(|index| (index, self.bounds(rows[index])))
            .take_while(|(_, (begin, _))| *begin < to.nanos())
            .map(|(index, (begin, end))| {
                let both = end.min(to.nanos()).saturating_sub(begin.max(from.nanos()));
                let own = self.series.requests_before(index + 1) - rows[index].before;
                own * both as f64 / end.saturating_sub(begin).max(1) as f64
            })
            .sum();
        requests * self.scale / self.requests_per_page
    }

    fn pages_of(&self, requests: f64) -> u64 {
        whole::u64(requests * self.scale / self.requests_per_page)
    }

    /// Nanoseconds of simulated time for recorded ones.
    fn played(&self, recorded: u64) -> u64 {
        if self.speed == 1.0 { recorded } else { nearest(recorded as f64 / self.speed) }
    }

    fn bounds(&self, row: Row) -> (u64, u64) {
        (self.played(row.at), self.played(row.at.saturating_add(self.series.interval.nanos())))
    }

    /// Ordinals of the arrivals in the `index`-th row.
    fn ordinals(&self, index: usize) -> (u64, u64) {
        let before = self.pages_of(self.series.requests_before(index));
        (before, self.pages_of(self.series.requests_before(index + 1)))
    }
}

/// The arrivals of a record in one replication, in order.
#[derive(Clone, Debug)]
pub struct RecordedStream {
    playback: Playback,
    key: Key,
    until: SimTime,
    /// Number of the next arrival, and the row that holds it.
    ordinal: u64,
    row: usize,
    /// Share of the row's interval that lies behind, for random placement.
    behind: f64,
}

impl RecordedStream {
    /// The arrivals of `owner` in `from..until`, the record's first row beginning at time zero.
    #[must_use]
    pub fn new(
        playback: &Playback,
        seed: Seed,
        lineage: Lineage,
        owner: &str,
        (from, until): (SimTime, SimTime),
    ) -> Self {
        let rows = &playback.series.rows;
        let row = rows.partition_point(|row| playback.bounds(*row).1 <= from.nanos());
        let ordinal = playback.ordinals(row).0;
        let mut stream = Self::at_ordinal(playback, seed, lineage, owner, until, ordinal);
        let mut ahead = stream.clone();
        while ahead.next().is_some_and(|arrival| arrival.at < from) {
            stream.clone_from(&ahead);
        }
        stream
    }

    /// The arrivals from number `ordinal` of the record on: the same ones, bit for bit, that any
    /// other stream of this record and these names gives.
    #[must_use]
    pub fn at_ordinal(
        playback: &Playback,
        seed: Seed,
        lineage: Lineage,
        owner: &str,
        until: SimTime,
        ordinal: u64,
    ) -> Self {
        let key = Key::derive(seed, lineage, "recorded-arrivals", owner);
        let rows = &playback.series.rows;
        let after = rows.partition_point(|row| playback.pages_of(row.before) <= ordinal);
        let row = after.saturating_sub(1);
        let first = playback.ordinals(row).0.min(ordinal);
        let mut stream =
            Self { playback: playback.clone(), key, until, ordinal: first, row, behind: 0.0 };
        while stream.ordinal < ordinal && stream.place().is_some() {
            stream.ordinal += 1;
        }
        stream
    }

    /// Number of the next arrival: the whole state of the stream, see [`Self::at_ordinal`].
    #[must_use]
    pub const fn ordinal(&self) -> u64 {
        self.ordinal
    }

    /// Moves the end of the stream; what came before it stays as it was.
    pub fn set_until(&mut self, until: SimTime) {
        self.until = until;
    }

    /// Returns the time of arrival `ordinal`; advances to its row and within it.
    fn place(&mut self) -> Option<SimTime> {
        let (mut first, mut past) = self.playback.ordinals(self.row);
        while self.ordinal >= past {
            self.row += 1;
            self.behind = 0.0;
            if self.row >= self.playback.series.rows.len() {
                return None;
            }
            (first, past) = self.playback.ordinals(self.row);
        }
        let (from, to) = self.playback.bounds(self.playback.series.rows[self.row]);
        let share = match self.playback.placement {
            Placement::Even => ((self.ordinal - first) as f64 + 0.5) / (past - first) as f64,
            Placement::Random => {
                // The least of m times left, uniform on what lies ahead: 1 − u^(1/m) of it.
                let left = (past - self.ordinal) as f64;
                let uniform = self.key.uniform(self.ordinal, 0);
                self.behind -= (1.0 - self.behind) * libm::expm1(libm::log(uniform) / left);
                self.behind
            }
        };
        let length = to - from;
        let offset = whole::u64(share * length as f64).min(length.saturating_sub(1));
        Some(SimTime::from_nanos(from + offset))
    }
}

impl Iterator for RecordedStream {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        if self.row >= self.playback.series.rows.len() {
            return None;
        }
        let (row, behind) = (self.row, self.behind);
        match self.place().filter(|at| *at < self.until) {
            Some(at) => {
                let arrival = Arrival { at, ordinal: self.ordinal };
                self.ordinal += 1;
                Some(arrival)
            }
            None => {
                // Restores the position, so that a later end continues from here.
                (self.row, self.behind) = (row, behind);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
