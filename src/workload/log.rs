//! Web server access logs in Common or Combined Log Format: line by line, in bounded memory.
//!
//! A line is `host ident user [dd/Mon/yyyy:HH:MM:SS ±hhmm] "METHOD path PROTOCOL" status bytes`; in the Combined format
//! ` "referer" "user agent"` follows, with `\"` for a quote inside. Further fields (in the Common format those two as
//! well) are accepted and ignored. Real logs have broken lines: those are counted, the first are reported by number,
//! and more than a stated number is an error. Times out of order are an error unless they lie within a stated tolerance
//! (a server writes a line when it answers, not when the request arrives).
//!
//! A log has whole seconds. Counted into a [`CountSeries`] and played with
//! [`Placement::Even`](super::trace::Placement::Even), the requests of one second are spread evenly
//! over it, in order.
//! Leaves out: names of users; a request line without a method and a path is a broken line.
//! Source: Apache HTTP Server documentation, mod_log_config, Common and Combined Log Format.

use std::collections::BTreeMap;
use std::io::Read;

use super::stamp::log_time;
use super::trace::{CountSeries, SeriesBuilder};
use crate::scenario::file::{Lines, TraceError, TraceErrorKind};
use crate::units::{NANOS_PER_SECOND, SimDuration};

/// Maximum number of broken lines whose numbers a report keeps.
pub const REPORTED_LINES: usize = 20;
/// Longest tolerance for times out of order.
pub const MAX_TOLERANCE: SimDuration = SimDuration::HOUR;

/// One request of a log. Texts are as written, and may hold anything but a line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEntry<'a> {
    /// Time of the request, in seconds since 1970-01-01T00:00:00Z.
    pub unix_s: i64,
    /// Client: a name or an address.
    pub host: &'a str,
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// Path with its query, without the protocol.
    pub path: &'a str,
    /// Status of the answer.
    pub status: u16,
    /// Bytes of the answer's body; `None` where the log has `-`.
    pub bytes: Option<u64>,
    /// Page that led here; `None` where the log has `-` or no such field.
    pub referer: Option<&'a str>,
    /// User agent; `None` where the log has `-` or no such field.
    pub agent: Option<&'a str>,
}

impl<'a> LogEntry<'a> {
    /// Reads one line of the given style.
    ///
    /// # Errors
    ///
    /// The name of the first missing field, from the left.
    pub fn parse(line: &'a str, style: LogStyle) -> Result<Self, &'static str> {
        Self::with_rest(line, style).map(|(entry, _)| entry)
    }

    /// Reads one line of the given style, with the parts that [`LogEntry`] leaves out.
    ///
    /// # Errors
    ///
    /// The name of the first missing field, from the left.
    pub(super) fn with_rest(
        line: &'a str,
        style: LogStyle,
    ) -> Result<(Self, LogRest<'a>), &'static str> {
        let (host, rest) = line.split_once(' ').ok_or("host")?;
        let (_, rest) = rest.split_once('[').ok_or("time")?;
        let (time, rest) = rest.split_once(']').ok_or("time")?;
        let unix_s = log_time(time).ok_or("time")?;
        let rest = rest.strip_prefix(" \"").ok_or("request")?;
        // A request may hold quotes of its own; it ends where status and bytes follow a quote.
        let mut broken = "request";
        for (at, _) in rest.match_indices('"') {
            match status_and_bytes(&rest[at + 1..]) {
                Ok((status, bytes, after)) => {
                    let (method, path) = method_and_path(&rest[..at]).ok_or("request")?;
                    let (referer, agent, fields) = match style {
                        LogStyle::Common => (None, None, after),
                        LogStyle::Combined => {
                            let (referer, rest) = quoted(after).ok_or("referer")?;
                            let (agent, rest) = quoted(rest).ok_or("user agent")?;
                            (Some(referer), Some(agent), rest)
                        }
                    };
                    let said = |text: Option<&'a str>| text.filter(|text| *text != "-");
                    let (referer, agent) = (said(referer), said(agent));
                    let entry = Self { unix_s, host, method, path, status, bytes, referer, agent };
                    return Ok((entry, LogRest { time, fields }));
                }
                Err(what) => broken = what,
            }
        }
        Err(broken)
    }
}

/// Parts of a line that [`LogEntry`] leaves out, as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogRest<'a> {
    /// The time, with its zone.
    pub(super) time: &'a str,
    /// Everything behind the last field of the style.
    pub(super) fields: &'a str,
}

/// Returns status and bytes, and the rest of the line.
fn status_and_bytes(text: &str) -> Result<(u16, Option<u64>, &str), &'static str> {
    let text = text.strip_prefix(' ').ok_or("status")?;
    let (status, text) = text.split_once(' ').unwrap_or((text, ""));
    let plain = |field: &str| field.bytes().all(|byte| byte.is_ascii_digit());
    let status = Some(status).filter(|field| field.len() == 3 && plain(field)).ok_or("status")?;
    let status = status.parse().ok().filter(|code| (100..=599).contains(code)).ok_or("status")?;
    let end = text.find(' ').unwrap_or(text.len());
    let bytes = match &text[..end] {
        "-" => None,
        field if !field.is_empty() && plain(field) => Some(field.parse().map_err(|_| "bytes")?),
        _ => return Err("bytes"),
    };
    Ok((status, bytes, &text[end..]))
}

/// Returns the text between quotes after a blank, as written, and the rest; `\"` does not end it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix(" \"")?;
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    Some((&text[..end], &text[end + 1..]))
}

fn method_and_path(request: &str) -> Option<(&str, &str)> {
    let (method, rest) = request.trim().split_once(' ')?;
    let rest = rest.trim();
    let path = match rest.rsplit_once(' ') {
        Some((path, protocol)) if protocol.starts_with("HTTP/") => path.trim_end(),
        _ => rest,
    };
    let named = method.bytes().all(|byte| byte.is_ascii_alphabetic());
    (named && !path.is_empty()).then_some((method, path))
}

/// Fields of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogStyle {
    /// Up to the bytes.
    #[default]
    Common,
    /// Referer and user agent as well.
    Combined,
}

/// Format that a reader of a log accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFormat {
    /// Fields of a line.
    pub style: LogStyle,
    /// Maximum time by which a line may precede the latest time so far, at most [`MAX_TOLERANCE`].
    pub sort_within: SimDuration,
    /// Number of broken lines above which the file is refused.
    pub broken_at_most: u64,
}

/// Findings in a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogReport {
    /// Number of lines, blank ones included.
    pub lines: u64,
    /// Number of requests read.
    pub requests: u64,
    /// Number of lines that are no request.
    pub broken: u64,
    /// The first [`REPORTED_LINES`] of those: number from 1, and the missing field.
    pub broken_lines: Vec<(u64, &'static str)>,
    /// Number of requests earlier than one before them, within the tolerance.
    pub out_of_order: u64,
}

/// Reads a log from start to end and gives each request to `each`, in the order of the file.
///
/// # Errors
///
/// [`TraceError`]: no request at all, a line beyond 64 KiB, a time out of order beyond the
/// tolerance, too many broken lines, and what `each` returns.
pub fn read_log(
    reader: impl Read,
    format: LogFormat,
    mut each: impl FnMut(&LogEntry<'_>) -> Result<(), TraceErrorKind>,
) -> Result<LogReport, TraceError> {
    let tolerance_s =
        (format.sort_within.min(MAX_TOLERANCE).nanos() / NANOS_PER_SECOND).cast_signed();
    let mut lines = Lines::new(reader);
    let mut report = LogReport::default();
    let mut latest = i64::MIN;
    while let Some((number, line)) = lines.next_line()? {
        report.lines = number;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let entry = match std::str::from_utf8(line) {
            Ok(text) => LogEntry::parse(text, format.style),
            Err(_) => Err("UTF-8"),
        };
        match entry {
            Ok(entry) => {
                if entry.unix_s < latest {
                    report.out_of_order += 1;
                    if latest - entry.unix_s > tolerance_s {
                        return Err(TraceErrorKind::NotSorted.at(number));
                    }
                }
                latest = latest.max(entry.unix_s);
                report.requests += 1;
                each(&entry).map_err(|kind| kind.at(number))?;
            }
            Err(what) => {
                report.broken += 1;
                if report.broken_lines.len() < REPORTED_LINES {
                    report.broken_lines.push((number, what));
                }
                if report.broken > format.broken_at_most {
                    return Err(TraceErrorKind::Malformed(what).at(number));
                }
            }
        }
    }
    match (report.lines, report.requests) {
        (0, _) => Err(TraceErrorKind::Empty.whole()),
        (_, 0) => Err(TraceErrorKind::NoRows.whole()),
        _ => Ok(report),
    }
}

/// Counts the requests of a log that `keep` accepts (pages, for example) per second.
///
/// # Errors
///
/// [`TraceError`], as for [`read_log`]; also when `keep` accepts none.
pub fn count_log(
    reader: impl Read,
    format: LogFormat,
    mut keep: impl FnMut(&LogEntry<'_>) -> bool,
) -> Result<(CountSeries, LogReport), TraceError> {
    let mut counts = SecondCounts::new(format.sort_within.min(MAX_TOLERANCE));
    let report =
        read_log(
            reader,
            format,
            |entry| {
                if keep(entry) { counts.add(entry.unix_s) } else { Ok(()) }
            },
        )?;
    Ok((counts.finish()?, report))
}

/// Requests per second, of times out of order by less than a tolerance.
struct SecondCounts {
    series: SeriesBuilder,
    tolerance_s: i64,
    /// Seconds that may still get requests.
    open: BTreeMap<i64, u64>,
}

impl SecondCounts {
    fn new(tolerance: SimDuration) -> Self {
        Self {
            series: SeriesBuilder::new(SimDuration::SECOND),
            tolerance_s: (tolerance.nanos() / NANOS_PER_SECOND).cast_signed(),
            open: BTreeMap::new(),
        }
    }

    fn add(&mut self, unix_s: i64) -> Result<(), TraceErrorKind> {
        *self.open.entry(unix_s).or_default() += 1;
        let latest = self.open.last_key_value().map_or(unix_s, |(second, _)| *second);
        while let Some(oldest) = self.open.first_entry()
            && *oldest.key() < latest - self.tolerance_s
        {
            let (second, count) = oldest.remove_entry();
            self.close(second, count)?;
        }
        Ok(())
    }

    fn close(&mut self, second: i64, count: u64) -> Result<(), TraceErrorKind> {
        self.series.push(i128::from(second) * i128::from(NANOS_PER_SECOND), count as f64)
    }

    fn finish(mut self) -> Result<CountSeries, TraceError> {
        for (second, count) in std::mem::take(&mut self.open) {
            self.close(second, count).map_err(TraceErrorKind::whole)?;
        }
        self.series.finish()
    }
}

#[cfg(test)]
mod tests;
