//! Promise: a scenario may bring its own traffic, as counts or as an access log.

use std::path::Path;

use crate::inside::common::{load, read, scenarios};

use fivenines::model::blueprint::Arrivals;
use fivenines::solve::requests::{self, Observation};
use fivenines::study::window::{WindowPlan, run};
use fivenines::units::{Rate, SimDuration, SimTime};

/// A station under the counts or the log of `file` in a folder of its own.
fn scenario(trace: &str) -> String {
    format!(
        r#"scenario = "recorded"
format   = 2
title    = "A server under a record"
question = "Does recorded traffic arrive as it was recorded?"
source   = "a test"
[run]
seed = 1
replications = 2
[window.all]
at      = "0h"
length  = "10min"
warm-up = "0s"
[station.web]
servers = 1
service = "1ms"
[workload.visitors]
request = "page"
trace   = {trace}
[request.page]
steps = [ {{ visit = "web" }} ]
"#
    )
}

const COUNTS: &str = r#"{ file = "counts.csv", format = "csv", time = "t", count = "n", every = "1min", per-view = 2.0 }"#;
const LOG: &str = r#"{ file = "access.log", format = "common-log" }"#;

fn in_folder(
    file: &str,
    content: &[u8],
    trace: &str,
) -> Result<crate::inside::common::Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(file), content).unwrap();
    read(&scenario(trace), folder.path())
}

/// Counts per minute of 180 min, of which the hour from minute 70 has 10 in each, minute 100 has 40, and all others 1.
fn a_peak() -> String {
    let count = |minute: u64| match minute {
        100 => 40,
        70..130 => 10,
        _ => 1,
    };
    let rows = (0..180).map(|minute| format!("{},{}\n", 807_768_000 + 60 * minute, count(minute)));
    format!("t,n\n{}", rows.collect::<String>())
}

/// `busiest-hour` is minute 70: no other hour has as many. `busiest-minute` is minute 100.
#[test]
fn a_window_begins_where_the_recording_is_busiest() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("counts.csv"), a_peak()).unwrap();
    let with = |at: &str| {
        let text = scenario(COUNTS).replace("at      = \"0h\"", &format!("at      = \"{at}\""));
        read(&text, folder.path()).unwrap()
    };
    for (word, moment) in [("busiest-hour", "70min"), ("busiest-minute", "100min")] {
        let (busiest, given) = (with(word), with(moment));
        let window = &busiest.study.windows[0].window;
        assert_eq!(window.at, given.study.windows[0].window.at);
        let seen = |of: &crate::inside::common::Loaded| {
            requests::run(&of.plan, window, 0).unwrap().record.views[0].intended
        };
        assert_eq!(seen(&busiest), seen(&given));
    }
    // Nine minutes of 10 and one of 40, two requests a view.
    let from_100 = with("busiest-minute");
    let seen = requests::run(&from_100.plan, &from_100.study.windows[0].window, 0).unwrap();
    assert_eq!(seen.record.views[0].intended, (40 + 9 * 10) / 2);
}

/// Without a recording, with several, with counts longer than a minute, and beside a level there is no busiest time.
#[test]
fn a_busiest_time_that_no_recording_has_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("counts.csv"), a_peak()).unwrap();
    let busiest = |trace: &str, word: &str| {
        scenario(trace).replace("at      = \"0h\"", &format!("at      = \"{word}\""))
    };
    let refused = |text: &str, words: &[&str]| {
        let said = read(text, folder.path()).err().unwrap_or_default();
        words.iter().for_each(|word| assert!(said.contains(word), "`{word}` is not in\n{said}"));
    };
    let hour = busiest(COUNTS, "busiest-hour");
    let rate = hour.replace(&format!("trace   = {COUNTS}"), "rate    = \"5/s\"");
    refused(&rate, &["no traffic is recorded", "at = \"Wed 11:00\""]);
    let second = format!("{hour}[workload.others]\nrequest = \"page\"\ntrace = {COUNTS}\n");
    refused(&second, &["2 workloads are recorded", "`others`", "`visitors`"]);
    let level = hour.replace("warm-up = \"0s\"", "warm-up = \"0s\"\nlevel = \"3/s\"");
    refused(&level, &["a level replaces the recording"]);
    let hourly =
        busiest(&COUNTS.replace("1min", "1h").replace("counts", "hours"), "busiest-minute");
    std::fs::write(folder.path().join("hours.csv"), "t,n\n0,5\n3600,9\n").unwrap();
    refused(&hourly, &["counted per 1h", "busiest-minute"]);
}

/// C1: ⌊requests so far ÷ requests a view⌋ views, minute by minute: 5, 0, 4 requests make 2, 0, 2.
#[test]
fn counts_become_as_many_page_views() {
    let loaded = in_folder("counts.csv", b"t,n\n600,5\n660,0\n720,4\n", COUNTS).unwrap();
    let views_until = |minutes: u64| {
        let mut window = loaded.study.windows[0].window.clone();
        window.length = SimDuration::from_secs(60 * minutes);
        let seen = requests::run(&loaded.plan, &window, 0).unwrap();
        let views = &seen.record.views[0];
        assert_eq!(views.intended, views.served);
        views.intended
    };
    assert_eq!([1, 2, 3, 4].map(views_until), [2, 2, 4, 4]);
}

/// The answer of Prometheus to a range query: 0.5, 0 and 0.25/s over the minutes that end at 60, 120 and 180 s are 30, 0
/// and 15 requests, in the first three minutes. Other keys than `every` have no effect.
#[test]
fn the_answer_to_a_range_query_is_played_as_requests() {
    let values = r#"[[60,"0.5"],[120,"0"],[180,"0.25"]]"#;
    let answer = format!(
        r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{}},"values":{values}}}]}}}}"#
    );
    let trace = r#"{ file = "range.json", format = "prometheus" }"#;
    let loaded = in_folder("range.json", answer.as_bytes(), trace).unwrap();
    let views_until = |minutes: u64| {
        let mut window = loaded.study.windows[0].window.clone();
        window.length = SimDuration::from_secs(60 * minutes);
        requests::run(&loaded.plan, &window, 0).unwrap().record.views[0].intended
    };
    assert_eq!([1, 2, 3, 4].map(views_until), [30, 30, 45, 45]);
    let column = r#"{ file = "range.json", format = "prometheus", count = "n" }"#;
    let said = in_folder("range.json", answer.as_bytes(), column).err().unwrap_or_default();
    assert!(said.contains("a range query has its own times"), "{said}");
    let vector = answer.replace("matrix", "vector");
    let said = in_folder("range.json", vector.as_bytes(), trace).err().unwrap_or_default();
    assert!(said.contains("ask `query_range`"), "{said}");
}

/// 200 minutes with 7·i mod 11 requests in minute i, from Tuesday 22:13:20: as a Parquet file of pyarrow, whose columns have
/// the time as a number, a text and timestamps, and as the CSV file of the same rows.
const MINUTES: &[u8] = include_bytes!("../../src/table/parquet/tests/snappy.parquet");

fn parquet(keys: &str) -> String {
    format!(r#"{{ file = "minutes.parquet", format = "parquet", {keys}, every = "1min" }}"#)
}

/// The same rows are the same arrivals, event for event, whatever the type of the times.
#[test]
fn a_parquet_file_is_played_as_the_csv_file_of_its_rows() {
    let rows = (0..200).map(|row| format!("{},{}\n", 1_700_000_000 + 60 * row, row * 7 % 11));
    let table = format!("t,n\n{}", rows.collect::<String>());
    let events = |loaded: &crate::inside::common::Loaded| {
        let window = &loaded.study.windows[0].window;
        let seen = requests::run(&loaded.plan, window, 0).unwrap();
        // 0 + 7 + 3 + 10 + 6 + 2 + 9 + 5 + 1 + 8 in the first ten minutes.
        assert_eq!(seen.record.views[0].intended, 51);
        (seen.digest, seen.record.views[0].intended)
    };
    let csv = r#"{ file = "counts.csv", format = "csv", time = "t", count = "n", every = "1min" }"#;
    let wanted = events(&in_folder("counts.csv", table.as_bytes(), csv).unwrap());
    for keys in [
        r#"time = "t", count = "n""#,
        r#"time = "t", count = "n", time-unit = "s""#,
        r#"time = "s", count = "n", time-unit = "iso8601""#,
        r#"time = "ms", count = "n""#,
        r#"time = "ns", count = "n""#,
        r#"time-unit = "row", count = "n""#,
    ] {
        let loaded = in_folder("minutes.parquet", MINUTES, &parquet(keys)).unwrap();
        assert_eq!(events(&loaded), wanted, "{keys}");
    }
    // `f` has a quarter of each count.
    let quarters = parquet(r#"time = "ms", count = "f", per-view = 0.25"#);
    let loaded = in_folder("minutes.parquet", MINUTES, &quarters).unwrap();
    assert_eq!(events(&loaded), wanted);
}

/// An error in a Parquet file is named by row and column, before anything is simulated.
#[test]
fn a_parquet_file_that_cannot_be_played_is_refused_with_row_and_column() {
    let zstd = include_bytes!("../../src/table/parquet/tests/polars.parquet");
    let said = |content: &[u8], keys: &str| {
        let said = in_folder("minutes.parquet", content, &parquet(keys)).err().unwrap_or_default();
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for (keys, words) in [
        (r#"time = "t", count = "gaps""#, "row 1: column `gaps` has no value"),
        (r#"time = "gaps", count = "n""#, "row 1: column `gaps` has no value"),
        (r#"time = "t", count = "list""#, "there is no column `list`; the columns are t, n,"),
        (r#"time = "t", count = "wrong""#, "column `wrong` holds BOOLEAN values"),
        (r#"time = "t", count = "s""#, "column `s` has texts; a count is a number"),
        (r#"time = "s", count = "n""#, "write `time-unit = \"iso8601\"`"),
        (r#"time = "ms", count = "n", time-unit = "ms""#, "remove `time-unit`"),
        (r#"time = "n", count = "n""#, "row 2: 7s after the one before, which covers 1min"),
        (r#"time = "day", count = "n""#, "row 2: earlier than the one before allows"),
        (r#"time = "u", count = "n""#, "row 1: `18446744073709551615` lies beyond all calendars"),
        (r#"time = "t""#, "`count`"),
        (
            r#"time = "t", count = "n", time-unit = "row""#,
            "each row begins where the row before ends",
        ),
    ] {
        let said = said(MINUTES, keys);
        assert!(said.contains(words), "{keys}: `{words}` is not in\n{said}");
    }
    let keys = r#"time = "t", count = "n""#;
    if !cfg!(feature = "parquet") {
        let words = "column `t` is compressed by zstd, which this build does not read";
        assert!(said(zstd, keys).contains(words));
    }
    assert!(said(b"t,n\n1,2\n", keys).contains("this is not a Parquet file"));
    assert!(said(&MINUTES[..9_000], keys).contains("or its end is missing"));
    let said = in_folder("counts.csv", MINUTES, COUNTS).err().unwrap_or_default();
    assert!(said.contains("write `format = \"parquet\"`"), "{said}");
}

/// A window's level replaces the record; without one the record is what is played.
#[test]
fn a_level_takes_the_place_of_the_record() {
    let loaded = in_folder("counts.csv", b"t,n\n0,600\n60,600\n", COUNTS).unwrap();
    let mut window = loaded.study.windows[0].window.clone();
    window.levels = vec![Rate::per_second(50.0)];
    let seen = requests::run(&loaded.plan, &window, 0).unwrap();
    // 30,000 expected; five standard deviations are 870.
    let count = seen.record.views[0].intended as f64;
    assert!((count - 30_000.0).abs() < 870.0, "{count}");
}

/// C1, D1: the pages of the shipped record conserve, and two runs give the same digests.
#[test]
fn the_shipped_records_run_from_a_fresh_clone() {
    for name in ["traffic/nasa-1995.toml", "traffic/nasa-1995-log.toml"] {
        let loaded = load(name);
        let place = loaded.study.windows.iter().position(|w| w.window.name == "busiest").unwrap();
        let Arrivals::Recorded(playback) = &loaded.plan.workloads[0].arrivals else {
            panic!("{name} plays no record");
        };
        let window = loaded.study.windows[place].window.clone();
        // The window is the busiest hour of the record, and meets the design peak of 40 pages/s.
        let hour = playback.series().busiest(SimDuration::HOUR);
        assert_eq!(SimTime::ZERO + hour.at, window.at, "{name}");
        let peak = Rate::per_second(40.0).unwrap();
        let scale = playback.series().scale_to_busiest_hour(peak, 3.0).unwrap();
        let rate = playback.pages() as f64 / playback.series().requests() * 3.0;
        assert!((rate / scale - 1.0).abs() < 1e-3, "{name}: scale {scale}");
        let mut short = window;
        short.length = SimDuration::from_secs(120);
        let asked = WindowPlan {
            window: short,
            replications: (2, 2),
            precision: Vec::new(),
            measures: Vec::new(),
            level: 0.95,
            drill: None,
            followed: Default::default(),
        };
        let first = run(&loaded.plan, &asked, &Default::default()).unwrap();
        let second = run(&loaded.plan, &asked, &Default::default()).unwrap();
        assert_eq!(first.digests, second.digests);
        let views = &first.pooled.views[0];
        let lost: u64 = views.lost.iter().sum();
        let ended = views.served + views.delayed + lost + views.never_born;
        assert!(views.intended > 1_000, "{name}: {}", views.intended);
        assert_eq!(views.intended, ended + first.pooled.open(), "{name}");
    }
}

/// Two replications see the same record and place its pages differently inside a minute.
#[test]
fn replications_share_the_counts_and_differ_in_the_times() {
    let loaded = load("traffic/nasa-1995.toml");
    let mut window = loaded.study.windows[0].window.clone();
    window.length = SimDuration::from_secs(60);
    window.warm_up = SimDuration::ZERO;
    let a = requests::run(&loaded.plan, &window, 0).unwrap();
    let b = requests::run(&loaded.plan, &window, 1).unwrap();
    assert_eq!(a.record.views[0].intended, b.record.views[0].intended);
    assert_ne!(a.digest, b.digest);
}

fn assert_refused(loaded: Result<crate::inside::common::Loaded, String>, words: &[&str]) {
    let text = loaded.err().expect("it must be refused");
    // Wherever a line ends.
    let folded: Vec<&str> = text.split_whitespace().collect();
    let folded = folded.join(" ");
    for word in words.iter().chain(&["workload.visitors.trace"]) {
        assert!(folded.contains(word), "`{word}` is not in\n{text}");
    }
}

/// Corpus 57: which of missing, empty, header only; the path as written.
#[test]
fn a_trace_without_traffic_is_refused_by_name() {
    let counts = |content: &[u8]| in_folder("counts.csv", content, COUNTS);
    assert_refused(in_folder("other", b"", COUNTS), &["counts.csv", "no such file", "TRACE"]);
    assert_refused(counts(b""), &["counts.csv", "empty", "TRACE"]);
    assert_refused(counts(b"t,n\n"), &["counts.csv", "no row", "TRACE"]);
    assert_refused(in_folder("access.log", b"", LOG), &["access.log", "empty"]);
}

/// The lines of the shipped log as a packed one in Combined form, member by member.
fn packed(lines: &[u8], members: usize) -> Vec<u8> {
    use std::io::Write;
    let lines: Vec<&[u8]> = lines.split_inclusive(|byte| *byte == b'\n').collect();
    let pack = |part: &[&[u8]]| {
        let packing = flate2::Compression::fast();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), packing);
        part.iter().for_each(|line| gzip.write_all(line).unwrap());
        gzip.finish().unwrap()
    };
    lines.chunks(lines.len().div_ceil(members)).flat_map(pack).collect()
}

/// D1: packed or not, in one member or in three, a trace gives the same events, bit for bit.
#[test]
fn a_packed_trace_gives_what_the_plain_one_gives() {
    let counts = b"t,n\n0,60\n60,90\n180,30\n";
    let log = std::fs::read(scenarios().join("traffic/traces/nasa-1995-sample.log")).unwrap();
    for (file, plain, trace) in [("counts.csv", &counts[..], COUNTS), ("access.log", &log[..], LOG)]
    {
        let digests = |content: &[u8]| {
            let loaded = in_folder(file, content, trace).unwrap_or_else(|wrong| panic!("{wrong}"));
            let window = &loaded.study.windows[0].window;
            let seen = requests::run(&loaded.plan, window, 0).unwrap();
            (seen.digest, seen.events, seen.record.views[0].intended)
        };
        let found = digests(plain);
        assert!(found.2 > 30, "{found:?}");
        assert_eq!(found, digests(&packed(plain, 1)));
        assert_eq!(found, digests(&packed(plain, 3)));
    }
}

/// The shipped log in Combined form and packed holds the first 1,500 requests of the plain one.
#[test]
fn the_shipped_packed_log_reads_whole() {
    let loaded = load("traffic/access-log-combined.toml");
    crate::inside::oracles::assert_all_hold("combined", &crate::inside::oracles::own_rows(&loaded));
    let Arrivals::Recorded(playback) = &loaded.plan.workloads[0].arrivals else { panic!() };
    // 00:00:01 to 00:26:24, both seconds whole.
    assert_eq!(playback.series().requests(), 1_500.0);
    assert_eq!(playback.series().length(), SimDuration::from_secs(26 * 60 + 24));
}

/// Corpus 60: a packed file that is cut, spoilt, packed otherwise or twice is refused where the
/// scenario names it; a bomb ends at the bounds of its content.
#[test]
fn a_damaged_packed_trace_is_refused() {
    let whole = packed(b"t,n\n0,60\n60,90\n180,30\n", 1);
    let counts = |content: &[u8]| in_folder("counts.csv", content, COUNTS);
    assert!(counts(&whole).is_ok());
    assert_refused(counts(&whole[..whole.len() - 1]), &["E1603", "counts.csv", "ends too early"]);
    assert_refused(counts(&whole[..2]), &["E1603", "ends too early"]);
    let mut spoilt = whole.clone();
    let end = spoilt.len() - 6;
    spoilt[end] ^= 1;
    assert_refused(counts(&spoilt), &["E1603", "damaged"]);
    let tail = [&whole[..], b"tail"].concat();
    assert_refused(counts(&tail), &["E1603", "damaged"]);
    assert_refused(counts(&packed(&whole, 1)), &["E1603", "gzip in gzip"]);
    assert_refused(counts(b"\x28\xb5\x2f\xfd...."), &["E1603", "zstd"]);
    let line_bomb = packed(&[&b"t,n\n"[..], &vec![b'0'; 1 << 24]].concat(), 1);
    assert!(line_bomb.len() < 1 << 17);
    assert_refused(counts(&line_bomb), &["E1602", "line 2", "longer than 65536 bytes"]);
}

/// Corpus 58: the line of the trace is named.
#[test]
fn a_wrong_line_of_a_trace_is_named() {
    let counts = |content: &[u8]| in_folder("counts.csv", content, COUNTS);
    assert_refused(counts(b"t,n\n60,1\n0,1\n"), &["line 3", "TRACE"]);
    assert_refused(counts(b"t,n\n0,1\n60,many\n"), &["line 3", "many"]);
    assert_refused(counts(b"t,n\n-60,1\n"), &["line 2", "-60"]);
    assert_refused(counts(b"t,n\nnan,1\n"), &["line 2", "nan"]);
    assert_refused(counts(b"t,n\n0,1\xff\n"), &["line 2", "UTF-8"]);
    assert_refused(counts(&vec![b'1'; 1 << 20]), &["line 1"]);
    // A byte-order mark and carriage returns are fine.
    assert!(counts(b"\xef\xbb\xbft,n\r\n0,1\r\n60,1\r\n").is_ok());
}

/// Corpus 59: nothing outside the scenario's folder is opened, and nothing blocks.
#[test]
fn a_trace_outside_the_folder_is_refused() {
    let at = |file: &str| {
        let trace = format!(r#"{{ file = "{file}", format = "common-log" }}"#);
        read(&scenario(&trace), Path::new(&scenarios().join("traffic")))
    };
    assert_refused(at("../../etc/passwd"), &["PATH", "leads out"]);
    assert_refused(at("/etc/passwd"), &["PATH", "relative"]);
    assert_refused(at("/dev/zero"), &["PATH"]);
    assert_refused(at("traces"), &["PATH", "folder"]);
    assert_refused(at("https://example.org/access.log"), &["PATH", "web address"]);
}

/// Tier 2 under one month of the NASA log, so many times as much traffic.
fn tier_2_under(counts: &[u8], scale: f64) -> crate::inside::common::Loaded {
    let text = std::fs::read_to_string(scenarios().join("tiers/tier-2.toml")).unwrap();
    let described = text.find("rate    = \"20/s\"").expect("the tier's own rate");
    let end = text[described..].find("\n[request.page]").expect("the next section") + described;
    let recorded = format!(
        "trace = {{ file = \"month.csv\", format = \"csv\", time = \"unix_s\", \
         count = \"requests\", every = \"1min\", per-view = 3.0 }}\nscale = {scale}\n"
    );
    let shape = text.find("[profile.business]").expect("the tier's profile");
    let after = text[shape..].find("\n\n").expect("an empty line") + shape;
    let parts = [&text[..shape], &text[after..described], recorded.as_str(), &text[end..]];
    // A level would take the place of the recording.
    let levels = |line: &&str| !line.starts_with("level ");
    let text = parts.concat();
    let text = text.lines().filter(levels).collect::<Vec<_>>().join("\n") + "\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("month.csv"), counts).unwrap();
    read(&text, folder.path()).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// A month of the record.
struct Month {
    name: &'static str,
    rows: Vec<u8>,
    requests: f64,
    days: f64,
}

/// July or August 1995, local time, out of the whole record.
fn month(whole: &str, (name, from): (&'static str, u64)) -> Month {
    const DAYS: u64 = 31;
    let mut rows = String::from("unix_s,requests\n");
    let mut requests = 0.0;
    for line in whole.lines().skip(1) {
        let (at, count) = line.split_once(',').unwrap();
        if (from..from + DAYS * 86_400).contains(&at.parse().unwrap()) {
            rows += line;
            rows.push('\n');
            requests += count.parse::<f64>().unwrap();
        }
    }
    Month { name, rows: rows.into_bytes(), requests, days: DAYS as f64 }
}

/// July and August 1995. None, and said so, where the large data is not there.
#[allow(clippy::disallowed_methods)]
fn months() -> Vec<Month> {
    let Some(folder) = std::env::var_os("FIVENINES_DATA") else {
        println!("skipped: FIVENINES_DATA does not say where the large data is");
        return Vec::new();
    };
    let path = Path::new(&folder).join("nasa1995_per_minute.csv");
    let whole = std::fs::read_to_string(path).unwrap();
    // 1 July and 1 August, 00:00 in Florida.
    [("July", 804_571_200), ("August", 807_249_600)].map(|one| month(&whole, one)).into()
}

/// Lives through a stretch of a recorded month, with its faults; every page is accounted for.
fn played(
    name: &str,
    loaded: &crate::inside::common::Loaded,
    at: SimTime,
    [warm_up, length]: [SimDuration; 2],
) -> Observation {
    let mut window = loaded.study.windows[0].window.clone();
    window.levels = Vec::new();
    window.faults = fivenines::model::outage::Faults::Live;
    (window.at, window.warm_up, window.length) = (at, warm_up, length);
    let seen = requests::run(&loaded.plan, &window, 0).unwrap();
    let views = &seen.record.views[0];
    let lost: u64 = views.lost.iter().sum();
    println!(
        "{name}, {length} from {at} on: {} intended, {} served, {} delayed, {lost} lost, {} never born, \
         {} open; p95 of a view {:?} ms; {} events",
        views.intended,
        views.served,
        views.delayed,
        views.never_born,
        seen.record.open(),
        views.latency.quantile(0.95).map(|nanos| nanos / 1_000_000),
        seen.events,
    );
    assert!(seen.stop.is_none(), "{:?}", seen.stop);
    let ended = views.served + views.delayed + lost + views.never_born;
    assert_eq!(views.intended, ended + seen.record.open());
    seen
}

/// C1: tier 2 lives through the busiest stretch of each NASA month, with its faults, and every page
/// is accounted for: two minutes, or three hours around the busiest one with FIVENINES_FULL=1.
#[test]
fn tier_2_lives_through_the_busiest_hours_of_two_recorded_months() {
    let full = std::env::var_os("FIVENINES_FULL").is_some();
    for Month { name, rows, requests, days } in months() {
        // To the tier's mean of 20 pages a second.
        let loaded = tier_2_under(&rows, 20.0 * 3.0 * days * 86_400.0 / requests);
        let Arrivals::Recorded(playback) = &loaded.plan.workloads[0].arrivals else { panic!() };
        let mean = playback.pages() as f64 / (days * 86_400.0);
        assert!((mean / 20.0 - 1.0).abs() < 1e-6, "{mean} pages a second in the mean");
        let busiest = playback.series().busiest(SimDuration::HOUR);
        let rate = busiest.requests / 3_600.0 * playback.pages() as f64 / requests;
        let before = SimDuration::from_secs(if full { 3_600 } else { 0 });
        let lasts = if full { [600, 3 * 3_600] } else { [60, 120] }.map(SimDuration::from_secs);
        let seen = played(name, &loaded, SimTime::ZERO + (busiest.at - before), lasts);
        // The record says how many pages come, whatever becomes of them.
        let expected = rate * lasts[1].seconds();
        let intended = seen.record.views[0].intended;
        let share = intended as f64 / expected;
        assert!((0.3..2.0).contains(&share), "{intended} of {expected}");
    }
}

/// C1: tier 2 lives through the whole of each month as it was recorded, with its faults, and every page is accounted
/// for. With FIVENINES_FULL=1: a minute for both.
#[test]
fn tier_2_lives_through_two_recorded_months_from_end_to_end() {
    if std::env::var_os("FIVENINES_FULL").is_none() {
        println!("skipped: a minute, with FIVENINES_FULL=1");
        return;
    }
    for Month { name, rows, requests, days } in months() {
        let length = SimDuration::from_secs((days * 86_400.0) as u64);
        let loaded = tier_2_under(&rows, 1.0);
        let seen = played(name, &loaded, SimTime::ZERO, [SimDuration::ZERO, length]);
        let views = &seen.record.views[0];
        let lost: u64 = views.lost.iter().sum();
        // Three requests of the record are a view.
        assert!((views.intended as f64 - requests / 3.0).abs() <= 1.0, "{}", views.intended);
        assert!(lost > 0 && views.served as f64 > 0.99 * views.intended as f64, "{lost} lost");
    }
}

/// Lines of a log that are no request are left out, and the report of who replays it counts them.
#[test]
fn broken_lines_of_a_replayed_log_are_counted_in_the_report() {
    let line = |second: u32, rest: &str| {
        format!("host - - [01/Jul/1995:00:00:{second:02} -0400] {rest}\n")
    };
    let good = "\"GET / HTTP/1.0\" 200 7";
    let text = [
        line(1, good),
        "nothing of the kind\n".into(),
        line(2, good),
        "\n".into(),
        line(3, "\"GET / HTTP/1.0\" 2000 7"),
        line(9, good),
        line(8, good),
    ];
    let loaded = in_folder("access.log", text.concat().as_bytes(), LOG).unwrap();
    let result = fivenines::study::scenario::run(&loaded.plan, &loaded.study, &Default::default());
    let result = result.unwrap();
    let results =
        fivenines::study::results::gather(&loaded.draft, &loaded.plan, &loaded.study, &result);
    let check = results.checks.iter().find(|check| check.name == "access log").unwrap();
    assert_eq!(
        check.detail,
        "workload visitors, access.log: 4 requests in 7 lines; 2 lines are not a request and \
         left out: line 2 (time), line 5 (status); 1 line is out of order and was sorted"
    );
    assert_eq!(check.judgement, None);
    let summary = fivenines::report::run::files::summary(&results);
    assert_eq!(
        summary["logs"],
        serde_json::json!([{
            "workload": "visitors", "file": "access.log", "lines": 7, "requests": 4,
            "broken_lines": 2, "out_of_order": 1,
            "first_broken": [
                { "line": 2, "missing": "time" }, { "line": 5, "missing": "status" },
            ],
        }])
    );
    // A sound log says so as well; what has none says nothing.
    let sound = [line(1, good), line(2, good)].concat();
    let of = |loaded: &crate::inside::common::Loaded| {
        let result =
            fivenines::study::scenario::run(&loaded.plan, &loaded.study, &Default::default());
        let study = &loaded.study;
        fivenines::study::results::gather(&loaded.draft, &loaded.plan, study, &result.unwrap())
    };
    let sound = of(&in_folder("access.log", sound.as_bytes(), LOG).unwrap());
    assert_eq!((sound.logs[0].found.broken, sound.logs.len()), (0, 1));
    let counts = of(&in_folder("counts.csv", b"t,n\n0,60\n60,60\n", COUNTS).unwrap());
    assert!(counts.logs.is_empty());
    assert!(counts.checks.iter().all(|check| check.name != "access log"));
}
