//! Traffic found in an access log: request classes, rates, hours, sizes and times.
//!
//! One pass over the lines, in bounded memory: at most [`paths::PATTERNS`] patterns of paths and [`MAX_HOURS`] hours
//! are held, whatever the size of the log. Times may be out of order. A pause of more than a day counts as not
//! covered by the log. Hours and weekdays are local: those of the zone that each line states.
//! Takes a reader of Common or Combined Log Format (plain or gzip); returns a [`Survey`].
//! Holds: every line read is a request, blank, or refused with its reason; each request is in exactly one class.
//! The result depends on the bytes of the log alone.
//! Leaves out: pages and their parts, sessions, clients: a log of requests does not name them.

pub(crate) mod paths;

use std::collections::BTreeMap;
use std::io::Read;

use self::paths::{PATTERNS, Patterns, Static, path, pattern};
use super::log::{LogEntry, LogStyle};
use super::stamp::{civil_text, log_zone};
use crate::convert::index;
use crate::scenario::file::{Lines, TraceError, TraceErrorKind, excerpt};

/// Largest number of hours with requests; a request in a further one is refused.
const MAX_HOURS: usize = 100_000;
/// Longest pause that the log covers.
const PAUSE_S: i64 = 86_400;
const HOUR_S: i64 = 3_600;
/// Share of the requests from which a pattern, or a folder, is a class of its own.
const CLASS_SHARE: f64 = 0.03;
/// Largest number of patterns with classes of their own, and of these with folders.
const PATTERN_CLASSES: usize = 2;
const DYNAMIC_CLASSES: usize = 4;
/// Shortest part of an hour whose rate counts.
const LEAST_S: i64 = 1_800;
/// Largest whole number in the last field from which these are microseconds.
const MICROSECONDS_FROM: f64 = 10_000.0;

/// Number, mean and spread of values.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moments {
    /// Number of values.
    pub(crate) count: u64,
    sum: f64,
    squares: f64,
    largest: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
        self.squares += value * value;
        self.largest = self.largest.max(value);
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
        self.largest = self.largest.max(other.largest);
    }

    /// Returns the mean, 0 without values.
    pub(crate) fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }

    /// Returns the coefficient of variation, 0 without values.
    pub(crate) fn cv(&self) -> f64 {
        let mean = self.mean();
        if mean <= 0.0 {
            return 0.0;
        }
        let variance = self.squares / self.count as f64 - mean * mean;
        variance.max(0.0).sqrt() / mean
    }

    /// Returns the sum.
    pub(crate) const fn sum(&self) -> f64 {
        self.sum
    }
}

/// Record of the requests of one class.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Record {
    /// Bytes of the replies.
    pub(crate) bytes: Moments,
    /// Replies with a status of 400 to 499, and from 500.
    pub(crate) errors: [u64; 2],
    /// Last fields with a decimal point, and whole numbers.
    decimals: Moments,
    wholes: Moments,
}

impl Record {
    fn add(&mut self, entry: &LogEntry<'_>, last: Option<Last>) {
        self.bytes.add(entry.bytes.unwrap_or(0) as f64);
        match entry.status {
            400..=499 => self.errors[0] += 1,
            500.. => self.errors[1] += 1,
            _ => {}
        }
        match last {
            Some(Last::Decimal(value)) => self.decimals.add(value),
            Some(Last::Whole(value)) => self.wholes.add(value),
            None => {}
        }
    }

    fn merge(&mut self, other: &Self) {
        self.bytes.merge(&other.bytes);
        self.errors[0] += other.errors[0];
        self.errors[1] += other.errors[1];
        self.decimals.merge(&other.decimals);
        self.wholes.merge(&other.wholes);
    }

    /// Returns the number of requests.
    pub(crate) const fn count(&self) -> u64 {
        self.bytes.count
    }

    /// Returns the response times in seconds, where the log has them in this form.
    pub(crate) fn times(&self, form: TimeField) -> Option<(f64, f64)> {
        let (of, unit) = match form {
            TimeField::Seconds => (&self.decimals, 1.0),
            TimeField::Microseconds => (&self.wholes, 1e-6),
            TimeField::None | TimeField::WholeSeconds => return None,
        };
        (of.count > 0).then(|| (of.mean() * unit, of.cv()))
    }
}

/// A number in the last field of a line.
#[derive(Clone, Copy, Debug)]
enum Last {
    Decimal(f64),
    Whole(f64),
}

impl Last {
    /// Reads the last of the fields behind those of the format.
    fn of(fields: &str) -> Option<Self> {
        let field = fields.split_ascii_whitespace().next_back()?.trim_matches('"');
        let field = field.rsplit_once('=').map_or(field, |(_, value)| value);
        let plain = field.len() <= 15 && field.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let value = if plain { field.parse::<f64>().ok()? } else { return None };
        Some(if field.contains('.') { Self::Decimal(value) } else { Self::Whole(value) })
    }
}

/// Meaning of the last field of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeField {
    /// No further field, or not a time.
    None,
    /// Response time in seconds with decimals (`$request_time` of nginx).
    Seconds,
    /// Response time in microseconds (`%D` of Apache).
    Microseconds,
    /// Whole seconds (`%T` of Apache): too coarse to be used.
    WholeSeconds,
}

/// A class of requests found in a log.
#[derive(Clone, Debug)]
pub(crate) struct Class {
    /// Requests that it covers.
    pub(crate) of: Covers,
    /// Record of these.
    pub(crate) record: Record,
}

/// Requests that a class covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Covers {
    /// Requests of one pattern.
    Pattern(String),
    /// Requests below a folder, the first segment of the path.
    Folder(String),
    /// Static files of one kind.
    Static(Static),
    /// All others.
    Rest,
}

/// An hour of the log.
#[derive(Clone, Copy, Debug)]
struct Hour {
    count: u64,
    first_s: i64,
    last_s: i64,
    east_s: i64,
}

/// The busiest hour of a log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Busiest {
    /// Its start, in local time.
    pub(crate) start: String,
    /// Requests per second in it.
    pub(crate) rate: f64,
    /// Covered part, in seconds.
    pub(crate) covered_s: i64,
}

/// Findings in a log.
#[derive(Clone, Debug)]
pub(crate) struct Survey {
    /// Number of lines, blank ones included.
    pub(crate) lines: u64,
    /// Number of refused lines by reason.
    pub(crate) refused: BTreeMap<&'static str, u64>,
    /// Record of all requests.
    pub(crate) all: Record,
    /// First and last request, in local time.
    pub(crate) from: String,
    /// See `from`.
    pub(crate) to: String,
    /// Covered time in seconds: without pauses of more than a day.
    pub(crate) covered_s: i64,
    /// Number of such pauses.
    pub(crate) pauses: usize,
    /// Mean rate per second. Every covered hour of the day has the same weight.
    pub(crate) rate: f64,
    /// Busiest hour.
    pub(crate) busiest: Busiest,
    /// Factor per hour of the day; `None` for hours that the log does not cover.
    pub(crate) hours: [Option<f64>; 24],
    /// Factor per weekday from Monday; `None` for days of which the log covers less than half.
    pub(crate) days: [Option<f64>; 7],
    /// Classes, the largest first; [`Covers::Rest`] last.
    pub(crate) classes: Vec<Class>,
    /// Meaning of the last field.
    pub(crate) time_field: TimeField,
    /// Number of patterns that did not fit into the table.
    pub(crate) evicted: u64,
}

/// The reason why a log gives no survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SurveyError {
    /// It cannot be read.
    Trace(TraceError),
    /// It has no line but blank ones.
    Empty,
    /// Most of its lines are no requests.
    Unknown {
        /// Number of refused lines.
        refused: u64,
        /// Number of the first, its text cut short, and the missing field.
        first: (u64, String, &'static str),
    },
}

impl From<TraceError> for SurveyError {
    fn from(error: TraceError) -> Self {
        match error.kind {
            TraceErrorKind::Empty => Self::Empty,
            _ => Self::Trace(error),
        }
    }
}

/// State of the pass.
struct Pass {
    patterns: Patterns,
    statics: BTreeMap<Static, Record>,
    hours: BTreeMap<i64, Hour>,
    all: Record,
}

impl Pass {
    fn add(&mut self, line: &str) -> Result<(), &'static str> {
        let read = LogEntry::with_rest(line, LogStyle::Combined);
        let (entry, rest) = read.or_else(|_| LogEntry::with_rest(line, LogStyle::Common))?;
        let east_s = log_zone(rest.time);
        let local = (entry.unix_s + east_s).div_euclid(HOUR_S);
        if !self.hours.contains_key(&local) && self.hours.len() >= MAX_HOURS {
            return Err("time (too many hours)");
        }
        let (first_s, last_s) = (entry.unix_s, entry.unix_s);
        let hour = self.hours.entry(local).or_insert(Hour { count: 0, first_s, last_s, east_s });
        hour.count += 1;
        hour.first_s = hour.first_s.min(first_s);
        hour.last_s = hour.last_s.max(last_s);
        let last = Last::of(rest.fields);
        self.all.add(&entry, last);
        let path = path(entry.path);
        let record = match Static::of(path, entry.bytes.unwrap_or(0)) {
            Some(kind) => self.statics.entry(kind).or_default(),
            None => self.patterns.record(pattern(path)),
        };
        record.add(&entry, last);
        Ok(())
    }
}

/// Reads a log from start to end.
///
/// # Errors
///
/// [`SurveyError`]: the log cannot be read, is empty, or most of its lines are no requests.
pub(crate) fn survey(reader: impl Read) -> Result<Survey, SurveyError> {
    survey_with(reader, PATTERNS)
}

fn survey_with(reader: impl Read, most: usize) -> Result<Survey, SurveyError> {
    let mut pass = Pass {
        patterns: Patterns::new(most),
        statics: BTreeMap::new(),
        hours: BTreeMap::new(),
        all: Record::default(),
    };
    let mut refused: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut first = None;
    let mut lines = Lines::new(reader);
    while let Some((number, line)) = lines.next_line()? {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let read = std::str::from_utf8(line).map_err(|_| "UTF-8").and_then(|line| pass.add(line));
        if let Err(what) = read {
            *refused.entry(what).or_default() += 1;
            let text = || excerpt(&String::from_utf8_lossy(line));
            first.get_or_insert_with(|| (number, text(), what));
        }
    }
    let broken = refused.values().sum();
    match first {
        Some(first) if broken > pass.all.count() => {
            return Err(SurveyError::Unknown { refused: broken, first });
        }
        _ if pass.all.count() == 0 => return Err(SurveyError::Empty),
        _ => {}
    }
    Ok(findings(lines.count(), refused, pass))
}

fn findings(lines: u64, refused: BTreeMap<&'static str, u64>, pass: Pass) -> Survey {
    let clock = Clock::of(&pass.hours);
    let (hours, rate) = clock.hours(pass.all.count());
    let evicted = pass.patterns.evicted;
    let time_field = time_field(&pass.all);
    let ends = |hour: Option<&Hour>, at: fn(&Hour) -> i64| {
        hour.map_or_else(String::new, |hour| civil_text(at(hour), hour.east_s))
    };
    Survey {
        lines,
        refused,
        from: ends(pass.hours.values().next(), |hour| hour.first_s),
        to: ends(pass.hours.values().next_back(), |hour| hour.last_s),
        covered_s: clock.covered_s,
        pauses: clock.pauses,
        busiest: clock.busiest(pass.all.count()),
        days: clock.days(&hours, rate),
        hours,
        rate,
        classes: classes(pass.patterns, pass.statics, pass.all.count()),
        all: pass.all,
        time_field,
        evicted,
    }
}

/// Returns the meaning of the last field: nine lines in ten must have a number there.
fn time_field(all: &Record) -> TimeField {
    let most = all.count() - all.count() / 10;
    if all.decimals.count >= most {
        TimeField::Seconds
    } else if all.wholes.count < most {
        TimeField::None
    } else if all.wholes.largest >= MICROSECONDS_FROM {
        TimeField::Microseconds
    } else {
        TimeField::WholeSeconds
    }
}

/// The hours of a log with the part of each that the log covers.
struct Clock {
    /// Local hour since the epoch, requests, covered seconds, and the record.
    hours: Vec<(i64, u64, i64, Hour)>,
    /// Hours without a request that the log covers: local hour, covered seconds.
    idle: BTreeMap<(usize, usize), i64>,
    covered_s: i64,
    pauses: usize,
}

impl Clock {
    fn of(hours: &BTreeMap<i64, Hour>) -> Self {
        let mut clock = Self { hours: Vec::new(), idle: BTreeMap::new(), covered_s: 0, pauses: 0 };
        let mut before: Option<(i64, Hour)> = None;
        let mut all = hours.iter().peekable();
        while let Some((local, hour)) = all.next() {
            let paused = |a: &Hour, b: &Hour| b.first_s - a.last_s > PAUSE_S;
            let (mut from, mut to) = (0, HOUR_S);
            match &before {
                Some((last, record)) if !paused(record, hour) => {
                    for idle in last + 1..*local {
                        *clock.idle.entry(of_week(idle)).or_default() += HOUR_S;
                        clock.covered_s += HOUR_S;
                    }
                }
                Some(_) => {
                    clock.pauses += 1;
                    from = (hour.first_s + hour.east_s).rem_euclid(HOUR_S);
                }
                None => from = (hour.first_s + hour.east_s).rem_euclid(HOUR_S),
            }
            if all.peek().is_none_or(|(_, next)| paused(hour, next)) {
                to = (hour.last_s + hour.east_s).rem_euclid(HOUR_S) + 1;
            }
            let covered = (to - from).max(1);
            clock.covered_s += covered;
            clock.hours.push((*local, hour.count, covered, *hour));
            before = Some((*local, *hour));
        }
        clock
    }

    /// Returns the factors of the hours of the day and the mean rate over the covered ones.
    fn hours(&self, requests: u64) -> ([Option<f64>; 24], f64) {
        let mut sums = [(0_u64, 0_i64); 24];
        for (local, count, covered, _) in &self.hours {
            let sum = &mut sums[of_week(*local).1];
            sum.0 += count;
            sum.1 += covered;
        }
        for ((_, hour), covered) in &self.idle {
            sums[*hour].1 += covered;
        }
        let rates = sums
            .map(|(count, covered)| (covered >= LEAST_S).then(|| count as f64 / covered as f64));
        let known: Vec<f64> = rates.iter().flatten().copied().collect();
        let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
        if known.is_empty() || mean <= 0.0 {
            return ([None; 24], requests as f64 / self.covered_s.max(1) as f64);
        }
        (rates.map(|rate| rate.map(|rate| rate / mean)), mean)
    }

    /// Returns the factors of the weekdays: requests over those that the hours of the day let expect.
    fn days(&self, hours: &[Option<f64>; 24], rate: f64) -> [Option<f64>; 7] {
        let mut sums = [(0.0, 0.0, 0_i64); 7];
        let expected =
            |hour: usize, covered: i64| hours[hour].unwrap_or(1.0) * rate * covered as f64;
        for (local, count, covered, _) in &self.hours {
            let (day, hour) = of_week(*local);
            sums[day].0 += *count as f64;
            sums[day].1 += expected(hour, *covered);
            sums[day].2 += covered;
        }
        for ((day, hour), covered) in &self.idle {
            sums[*day].1 += expected(*hour, *covered);
            sums[*day].2 += covered;
        }
        sums.map(|(count, expected, covered)| {
            (covered >= 12 * HOUR_S && expected > 0.0).then(|| count / expected)
        })
    }

    /// Returns the busiest hour; of a log without half an hour in one piece, its whole.
    fn busiest(&self, requests: u64) -> Busiest {
        let rate = |one: &&(i64, u64, i64, Hour)| one.1 as f64 / one.2 as f64;
        let long = self.hours.iter().filter(|(_, _, covered, _)| *covered >= LEAST_S);
        // Of equals the first.
        let best = long.rev().max_by(|a, b| rate(a).total_cmp(&rate(b)));
        if let Some(best) = best {
            let start = civil_text(best.0 * HOUR_S - best.3.east_s, best.3.east_s);
            return Busiest { start, rate: rate(&best), covered_s: best.2 };
        }
        let start = self
            .hours
            .first()
            .map_or_else(String::new, |(_, _, _, hour)| civil_text(hour.first_s, hour.east_s));
        let rate = requests as f64 / self.covered_s.max(1) as f64;
        Busiest { start, rate, covered_s: self.covered_s }
    }
}

/// Returns weekday (from Monday) and hour of a local hour since the epoch.
fn of_week(local: i64) -> (usize, usize) {
    // 1970-01-01 was a Thursday.
    let day = (local.div_euclid(24) + 3).rem_euclid(7);
    (index(day.unsigned_abs()), index(local.rem_euclid(24).unsigned_abs()))
}

/// Returns the classes: static files by kind, the patterns with the most requests, folders, and the rest.
fn classes(patterns: Patterns, statics: BTreeMap<Static, Record>, requests: u64) -> Vec<Class> {
    let (mut patterns, mut rest) = patterns.into_parts();
    let least = CLASS_SHARE * requests as f64;
    let largest = |all: &BTreeMap<String, Record>| {
        // Of equals the first in the order of names.
        let best = all.iter().rev().max_by_key(|(_, record)| record.count())?;
        (best.1.count() as f64 >= least).then(|| best.0.clone())
    };
    let mut found: Vec<Class> = statics
        .into_iter()
        .map(|(kind, record)| Class { of: Covers::Static(kind), record })
        .collect();
    let kinds = found.len();
    while found.len() < kinds + PATTERN_CLASSES
        && let Some(name) = largest(&patterns)
        && let Some(record) = patterns.remove(&name)
    {
        found.push(Class { of: Covers::Pattern(name), record });
    }
    let mut folders: BTreeMap<String, Record> = BTreeMap::new();
    for (pattern, record) in patterns {
        match pattern.trim_start_matches('/').split_once('/') {
            Some((folder, _)) => folders.entry(folder.to_string()).or_default().merge(&record),
            None => rest.merge(&record),
        }
    }
    while found.len() < kinds + DYNAMIC_CLASSES
        && let Some(name) = largest(&folders)
        && let Some(record) = folders.remove(&name)
    {
        found.push(Class { of: Covers::Folder(name), record });
    }
    folders.values().for_each(|record| rest.merge(record));
    found.sort_by_key(|class| std::cmp::Reverse(class.record.count()));
    if rest.count() > 0 {
        found.push(Class { of: Covers::Rest, record: rest });
    }
    found
}

#[cfg(test)]
mod tests;
