use proptest::prelude::*;

use super::*;
use crate::engine::draw::{Lineage, Seed};
use crate::units::SimTime;
use crate::workload::trace::{Placement, Playback, RecordedStream};

const STRICT: LogFormat =
    LogFormat { style: LogStyle::Common, sort_within: SimDuration::ZERO, broken_at_most: 0 };

fn line(second: u32, rest: &str) -> String {
    let (minute, second) = (second / 60, second % 60);
    format!("h.example - - [01/Jul/1995:00:{minute:02}:{second:02} -0400] {rest}\n")
}

fn get(second: u32) -> String {
    line(second, "\"GET /a HTTP/1.0\" 200 10")
}

#[test]
fn a_line_of_the_common_log_format_is_read() {
    let text =
        "199.72.81.55 - joe doe [01/Jul/1995:00:00:01 -0400] \"GET /a?b=c HTTP/1.0\" 200 6245";
    let expected = LogEntry {
        unix_s: 804_571_201,
        host: "199.72.81.55",
        method: "GET",
        path: "/a?b=c",
        status: 200,
        bytes: Some(6245),
        referer: None,
        agent: None,
    };
    assert_eq!(LogEntry::parse(text, LogStyle::Common), Ok(expected));
    // The Combined format, with quotes in the agent; a body without length; no protocol (HTTP/0.9).
    let combined = format!("{text} \"http://x/\" \"agent \\\"q\\\" 200 5\"");
    assert_eq!(LogEntry::parse(&combined, LogStyle::Common), Ok(expected));
    let bare =
        LogEntry::parse(&text.replace("6245", "-"), LogStyle::Common).map(|entry| entry.bytes);
    assert_eq!(bare, Ok(None));
    let old = text.replace(" HTTP/1.0", "");
    assert_eq!(LogEntry::parse(&old, LogStyle::Common).map(|entry| entry.path), Ok("/a?b=c"));
    // Quotes and blanks inside a path, as in real logs.
    let odd = text.replace("/a?b=c", "/a \"b\" c");
    assert_eq!(LogEntry::parse(&odd, LogStyle::Common).map(|entry| entry.path), Ok("/a \"b\" c"));
}

#[test]
fn a_line_of_the_combined_log_format_is_read() {
    let common = "10.0.0.7 - - [01/Jul/1995:00:00:01 -0400] \"GET /a HTTP/1.1\" 200 5";
    let read = |rest: &str| {
        let line = format!("{common}{rest}");
        let read = LogEntry::parse(&line, LogStyle::Combined);
        read.map(|entry| (entry.referer.map(String::from), entry.agent.map(String::from)))
    };
    let some = |text: &str| Some(text.to_string());
    let both = Ok((some("http://x/?q=1"), some("Mozilla/5.0 (X11; [en])")));
    assert_eq!(read(" \"http://x/?q=1\" \"Mozilla/5.0 (X11; [en])\""), both);
    // More fields, as many servers add, and none said.
    assert_eq!(read(" \"-\" \"-\" \"10.1.2.3\" 0.004"), Ok((None, None)));
    // Escaped quotes and backslashes, as written; an empty agent is what the client said.
    let escaped = Ok((some("\\\"a\\\" 200 5"), some("")));
    assert_eq!(read(" \"\\\"a\\\" 200 5\" \"\""), escaped);
    assert_eq!(read(" \"a\\\\\" \"b\""), Ok((some("a\\\\"), some("b"))));
    for (rest, lacks) in [
        ("", "referer"),
        (" -", "referer"),
        (" \"open", "referer"),
        (" \"a\\\"", "referer"),
        (" \"a\"", "user agent"),
        (" \"a\" b", "user agent"),
        (" \"a\" \"b", "user agent"),
    ] {
        assert_eq!(read(rest), Err(lacks), "{rest}");
    }
}

/// A log of both kinds is read as either: what lacks the last two fields is a broken line of one.
#[test]
fn lines_of_the_common_format_are_broken_ones_of_the_combined() {
    let combined = line(2, "\"GET /a HTTP/1.0\" 200 10 \"-\" \"curl/8\"");
    let log = [get(1), combined, get(3)].concat();
    let format = |style| LogFormat { style, broken_at_most: 2, ..STRICT };
    let count = |style| read_log(log.as_bytes(), format(style), |_| Ok(())).unwrap();
    assert_eq!((count(LogStyle::Common).requests, count(LogStyle::Common).broken), (3, 0));
    let report = count(LogStyle::Combined);
    assert_eq!((report.requests, report.broken), (1, 2));
    assert_eq!(report.broken_lines, [(1, "referer"), (3, "referer")]);
}

#[test]
fn what_a_broken_line_lacks_is_named() {
    for (text, lacks) in [
        ("", "host"),
        ("h", "host"),
        ("h - - \"GET / HTTP/1.0\" 200 1", "time"),
        ("h - - [never] \"GET / HTTP/1.0\" 200 1", "time"),
        ("h - - [01/Jul/1995:00:00:01 -0400] GET / 200 1", "request"),
        ("h - - [01/Jul/1995:00:00:01 -0400] \"GET / HTTP/1.0", "request"),
        ("h - - [01/Jul/1995:00:00:01 -0400] \"-\" 408 -", "request"),
        ("h - - [01/Jul/1995:00:00:01 -0400] \"GET / HTTP/1.0\" 999 1", "status"),
        ("h - - [01/Jul/1995:00:00:01 -0400] \"GET / HTTP/1.0\" 2x0 1", "status"),
        ("h - - [01/Jul/1995:00:00:01 -0400] \"GET / HTTP/1.0\" 200", "bytes"),
        ("h - - [01/Jul/1995:00:00:01 -0400] \"GET / HTTP/1.0\" 200 -5", "bytes"),
        ("h - - [01/Jul/1995:00:00:01 -0400] \"GET / HTTP/1.0\" 200 99999999999999999999", "bytes"),
    ] {
        assert_eq!(LogEntry::parse(text, LogStyle::Common).unwrap_err(), lacks, "{text}");
    }
}

#[test]
fn broken_lines_are_counted_and_reported_up_to_a_limit() {
    let mut log = String::new();
    for second in 0..30 {
        log += &get(second);
        log += "garbage\n";
    }
    log += "\n";
    let lenient = LogFormat { broken_at_most: 30, ..STRICT };
    let report = read_log(log.as_bytes(), lenient, |_| Ok(())).unwrap();
    assert_eq!((report.lines, report.requests, report.broken), (61, 30, 30));
    assert_eq!(report.broken_lines.len(), REPORTED_LINES);
    assert_eq!(report.broken_lines[..2], [(2, "host"), (4, "host")]);
    let strict = LogFormat { broken_at_most: 29, ..STRICT };
    let error = read_log(log.as_bytes(), strict, |_| Ok(())).unwrap_err();
    assert_eq!(error, TraceErrorKind::Malformed("host").at(60));
    let latin = [get(1).as_bytes(), b"h - caf\xE9\n"].concat();
    assert_eq!(read_log(&latin[..], lenient, |_| Ok(())).unwrap().broken_lines, [(2, "UTF-8")]);
}

#[test]
fn times_out_of_order_are_an_error_or_sorted_within_a_tolerance() {
    let log = [get(10), get(12), get(9), get(12), get(20)].concat();
    let error = count_log(log.as_bytes(), STRICT, |_| true).unwrap_err();
    assert_eq!(error, TraceErrorKind::NotSorted.at(3));
    let tolerant = LogFormat { sort_within: SimDuration::from_secs(3), ..STRICT };
    let (series, report) = count_log(log.as_bytes(), tolerant, |_| true).unwrap();
    assert_eq!((report.out_of_order, report.requests), (1, 5));
    assert_eq!((series.requests(), series.rows(), series.missing()), (5.0, 4, 8));
    let short = LogFormat { sort_within: SimDuration::from_secs(2), ..STRICT };
    let error = count_log(log.as_bytes(), short, |_| true).unwrap_err();
    assert_eq!(error, TraceErrorKind::NotSorted.at(3));
}

#[test]
fn requests_of_one_second_are_spread_evenly_over_it() {
    let log = [get(0), get(0), get(0), get(0), get(2)].concat();
    let (series, _) = count_log(log.as_bytes(), STRICT, |_| true).unwrap();
    let playback = Playback::new(series, 1.0, 1.0, 1.0, Placement::Even).unwrap();
    let span = (SimTime::ZERO, SimTime::NEVER);
    let stream = RecordedStream::new(&playback, Seed(1), Lineage::replication(0), "log", span);
    let at: Vec<f64> = stream.map(|arrival| arrival.at.seconds()).collect();
    assert_eq!(at, [0.125, 0.375, 0.625, 0.875, 2.5]);
}

#[test]
fn a_log_without_requests_is_an_error() {
    let any = LogFormat { broken_at_most: 1_000, ..STRICT };
    let read = |text: &str| count_log(text.as_bytes(), any, |_| true).unwrap_err();
    assert_eq!(read(""), TraceErrorKind::Empty.whole());
    assert_eq!(read("garbage\n"), TraceErrorKind::NoRows.whole());
    let none = count_log(get(1).as_bytes(), any, |entry| entry.status == 500).unwrap_err();
    assert_eq!(none, TraceErrorKind::NoRows.whole());
    let long = get(1) + &"x".repeat(1_000_000);
    assert_eq!(read(&long), TraceErrorKind::LineTooLong.at(2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// I1: whatever the line, an answer.
    #[test]
    fn no_line_makes_the_parser_panic(
        text in "\\PC{0,80}", quoted in "[ \"\\[\\]/:0-9A-Za-zé-]{0,60}",
    ) {
        let lines = [
            text.clone(),
            format!("h - - [{quoted}"),
            line(1, &quoted),
            line(1, &format!("\"{quoted}\" 200 1{text}")),
            line(1, &format!("\"GET / HTTP/1.0\" 200 1 {quoted}{text}")),
        ];
        for line in lines {
            let _ = LogEntry::parse(&line, LogStyle::Common);
            let _ = LogEntry::parse(&line, LogStyle::Combined);
        }
    }
}
