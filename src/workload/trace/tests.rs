use proptest::prelude::*;
use std::io;

use super::*;

const SEED: Seed = Seed(3);
const LINEAGE: Lineage = Lineage::replication(0);

fn format() -> SeriesFormat {
    SeriesFormat {
        times: Times::Column("unix_s".into(), TimeForm::UnixSeconds),
        count_column: "requests".into(),
        is_rate: false,
        interval: SimDuration::from_secs(60),
    }
}

fn read(text: &str) -> Result<CountSeries, TraceError> {
    CountSeries::read_csv(text.as_bytes(), &format())
}

fn minutes(counts: &[u64]) -> CountSeries {
    let rows = counts.iter().enumerate().map(|(row, count)| format!("{},{count}\n", row * 60));
    read(&format!("unix_s,requests\n{}", rows.collect::<String>())).unwrap()
}

fn play(series: &CountSeries, scale: f64, per_page: f64, speed: f64, how: Placement) -> Playback {
    Playback::new(series.clone(), scale, per_page, speed, how).unwrap()
}

fn stream(playback: &Playback, from: u64, until: SimTime) -> RecordedStream {
    let from = SimTime::from_nanos(from * 1_000_000_000);
    RecordedStream::new(playback, SEED, LINEAGE, "visitors", (from, until))
}

#[test]
fn a_series_is_read_with_its_gaps() {
    // A byte order mark, CRLF, an extra column in quotes, a row of zero, and two rows missing.
    let text = "\u{feff}unix_s,note,requests\r\n60,\"a, b\",4\r\n120,,0\r\n\r\n300,,6.0\r\n";
    let series = read(text).unwrap();
    assert_eq!((series.rows(), series.missing(), series.requests()), (3, 2, 10.0));
    assert_eq!(series.length(), SimDuration::from_secs(300));
    let playback = play(&series, 1.0, 1.0, 1.0, Placement::Even);
    let at: Vec<f64> = stream(&playback, 0, SimTime::NEVER).map(|a| a.at.seconds()).collect();
    assert_eq!(at, [7.5, 22.5, 37.5, 52.5, 245.0, 255.0, 265.0, 275.0, 285.0, 295.0]);
    for (second, rate) in [(0, 4.0 / 60.0), (59, 4.0 / 60.0), (60, 0.0), (200, 0.0), (240, 0.1)] {
        let got = playback.rate(SimTime::from_nanos(second * 1_000_000_000)).in_per_second();
        assert!((got - rate).abs() < 1e-12, "{second} s: {got}");
    }
    assert_eq!(playback.rate(playback.end()), Rate::ZERO);
}

/// Rates per second are as many requests as the interval has seconds for: 15 + 30 + 30 + 15 in four minutes.
#[test]
fn a_column_of_rates_is_one_of_counts_by_the_interval() {
    let format = SeriesFormat { is_rate: true, ..format() };
    let rates = "unix_s,requests\n0,0.25\n60,0.5\n120,0.5\n180,0.25\n";
    let series = CountSeries::read_csv(rates.as_bytes(), &format).unwrap();
    let counts = minutes(&[15, 30, 30, 15]);
    assert_eq!((series.requests(), &series.rows), (90.0, &counts.rows));
    let rows = SeriesFormat { times: Times::Rows, ..format };
    let series = CountSeries::read_csv(rates.as_bytes(), &rows).unwrap();
    assert_eq!((series.requests(), &series.rows), (90.0, &counts.rows));
}

/// One record, with its times in every unit: minutes 5, 6 and 9 of a day.
#[test]
fn a_record_is_the_same_in_every_unit() {
    let read = |times: Times, rows: &str| {
        let format = SeriesFormat { times, ..format() };
        CountSeries::read_csv(format!("t,requests\n{rows}").as_bytes(), &format)
    };
    let column = |form| Times::Column("t".into(), form);
    let same = |one: &CountSeries, other: &CountSeries| {
        assert_eq!((one.length(), one.missing()), (other.length(), other.missing()));
        assert_eq!((one.requests(), &one.rows), (other.requests(), &other.rows));
    };
    let seconds = read(column(TimeForm::UnixSeconds), "300,4\n360,5\n540,6\n").unwrap();
    assert_eq!((seconds.missing(), seconds.length()), (2, SimDuration::from_secs(300)));
    for (form, rows) in [
        (TimeForm::UnixMilliseconds, "300000,4\n360000,5\n540000,6\n"),
        (TimeForm::UnixMicroseconds, "300000000,4\n360000000,5\n540000000,6\n"),
        (TimeForm::UnixNanoseconds, "300000000000,4\n360000000000,5\n540000000000,6\n"),
        (TimeForm::Minutes, "5,4\n6,5\n9,6\n"),
        (
            TimeForm::Civil(0),
            "2026-03-01 14:05,4\n2026-03-01T14:06:00Z,5\n2026-03-01T15:09+01:00,6\n",
        ),
    ] {
        same(&seconds, &read(column(form), rows).unwrap());
    }
    let rows = read(Times::Rows, "0,4\n0,5\n0,0\n0,0\n0,6\n").unwrap();
    assert_eq!((rows.length(), rows.missing()), (seconds.length(), 0));
    assert_eq!((rows.requests(), &rows.rows), (seconds.requests(), &seconds.rows));
    // Minutes read as seconds: the message names the unit.
    let wrong = read(column(TimeForm::UnixSeconds), "5,4\n6,5\n").unwrap_err();
    assert!(wrong.to_string().contains("`time-unit = \"min\"` fits"), "{wrong}");
    assert!(
        wrong.to_string().starts_with("line 3: 1s after the one before, which covers 1min"),
        "{wrong}"
    );
}

/// A clock of nanoseconds has 19 digits today, one of microseconds 16.
#[test]
fn times_of_today_are_read_in_any_unit() {
    let read = |form, rows: &str| {
        let format = SeriesFormat { times: Times::Column("t".into(), form), ..format() };
        CountSeries::read_csv(format!("t,requests\n{rows}").as_bytes(), &format).unwrap()
    };
    let second = 1_790_000_040_i128;
    let ends = |series: &CountSeries| (series.utc(SimDuration::ZERO), series.length());
    let seconds = read(TimeForm::UnixSeconds, &format!("{second},4\n{},5\n", second + 60));
    for (form, each) in [
        (TimeForm::UnixMilliseconds, 1_000),
        (TimeForm::UnixMicroseconds, 1_000_000),
        (TimeForm::UnixNanoseconds, 1_000_000_000),
    ] {
        let rows = format!("{},4\n{},5\n", second * each, (second + 60) * each);
        assert_eq!(ends(&read(form, &rows)), ends(&seconds));
    }
    let days = read(TimeForm::Days, "20000,4\n20000.5,5\n");
    assert_eq!(days.length(), SimDuration::from_secs(43_200 + 60));
    // Minutes as decimals of days and of hours.
    let days = read(TimeForm::Days, "20000,4\n20000.0006944444,5\n20000.0013888889,5\n");
    assert_eq!((days.length(), days.missing()), (SimDuration::from_secs(180), 0));
    let hours = read(TimeForm::Hours, "1,4\n1.0166667,5\n1.0333333,5\n");
    assert_eq!((hours.length(), hours.missing()), (SimDuration::from_secs(180), 0));
}

/// Seconds that are milliseconds lie in a far future, or a thousand intervals apart.
#[test]
fn times_in_milliseconds_are_asked_about() {
    let why = |text: &str| read(text).unwrap().looks_like_milliseconds();
    let far = why("unix_s,requests\n1700000000000,4\n1700000060000,5\n").unwrap();
    assert_eq!(far, "the first, 1700000000000, is in the year 55840");
    let apart = why("unix_s,requests\n0,4\n60000,5\n120000,6\n").unwrap();
    assert!(apart.contains("apart"), "{apart}");
    for sound in [
        "unix_s,requests\n1700000000,4\n1700000060,5\n1700060000,5\n",
        "unix_s,requests\n0,4\n60,5\n120,6\n",
        "unix_s,requests\n0,4\n60000,5\n",
    ] {
        assert_eq!(why(sound), None, "{sound}");
    }
}

#[test]
fn the_calendar_of_a_record_is_that_of_its_zone() {
    // 1995-08-07T04:00Z is Monday 00:00 in Florida.
    let series = read("unix_s,requests\n807768000,1\n").unwrap();
    assert_eq!(series.starts_at(-240), WeekTime::MONDAY);
    assert_eq!(series.starts_at(0).since_monday(), SimDuration::from_secs(4 * 3_600));
}

/// Corpus #57: missing is the path's business; empty and header only are two answers.
#[test]
fn an_empty_file_and_one_without_rows_are_told_apart() {
    assert_eq!(read("").unwrap_err(), TraceErrorKind::Empty.whole());
    assert_eq!(read("\n\n").unwrap_err(), TraceErrorKind::Empty.whole());
    assert_eq!(read("unix_s,requests\n").unwrap_err(), TraceErrorKind::NoRows.whole());
    let no_column = read("time,requests\n0,1\n").unwrap_err();
    let columns = vec!["time".to_string(), "requests".to_string()];
    assert_eq!(no_column, TraceErrorKind::NoColumn("unix_s".into(), columns).at(1));
}

/// Corpus #58: each with its line.
#[test]
fn a_bad_row_is_refused_with_its_line() {
    use TraceErrorKind::{
        IsADate, Limit, LineTooLong, NotANumber, NotSorted, NotUtf8, OpenQuote, OutOfRange, Ragged,
        TooClose,
    };
    let minute = SimDuration::from_secs(60);
    let long = format!("60,{}\n", "1".repeat(1_000_000));
    for (rows, line, kind) in [
        ("60,1\n0,1\n", 3, NotSorted),
        ("60,1\n60,1\n", 3, NotSorted),
        ("60,1\n90,1\n", 3, TooClose(SimDuration::from_secs(30), minute, Some("min"))),
        ("2026-03-01T14:00,1\n", 2, IsADate("2026-03-01T14:00".into())),
        ("-60,1\n", 2, OutOfRange("-60".into())),
        ("nan,1\n", 2, OutOfRange("nan".into())),
        ("60,inf\n", 2, OutOfRange("inf".into())),
        ("60,-1\n", 2, OutOfRange("-1".into())),
        ("60,1\n120,many\n", 3, NotANumber("many".into())),
        ("60,\n", 2, NotANumber(String::new())),
        ("60,1\n\n\n120\n", 5, Ragged(1, 2)),
        ("60,1,2\n", 2, Ragged(3, 2)),
        ("60,\"1\n2\"\n", 2, OpenQuote),
        ("60,1e300\n", 2, Limit("requests", MAX_REQUESTS)),
        ("0,1\n999999999999999,1\n", 3, Limit("years in a trace", 292)),
        (long.as_str(), 2, LineTooLong),
    ] {
        let error = read(&format!("unix_s,requests\n{rows}")).unwrap_err();
        assert_eq!(error, kind.at(line), "{}", excerpt(rows));
    }
    let bytes = [b"unix_s,requests\n60,".as_slice(), b"\xFF\xFE\n"].concat();
    let error = CountSeries::read_csv(&bytes[..], &format()).unwrap_err();
    assert_eq!(error, NotUtf8.at(2));
    // One endless line, and noise.
    let endless = CountSeries::read_csv(io::repeat(b'7'), &format()).unwrap_err();
    assert_eq!(endless, LineTooLong.at(1));
}

#[test]
fn a_missing_file_or_a_failing_read_is_an_answer() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
    let error = CountSeries::read_csv(Broken, &format()).unwrap_err();
    assert!(matches!(error.kind, TraceErrorKind::Unreadable(_)), "{error}");
}

#[test]
fn fractions_of_pages_are_carried_from_minute_to_minute() {
    // 10 requests a minute, three a page: 3, 3, 4, 3, 3, 4, …
    let playback = play(&minutes(&[10; 6]), 1.0, 3.0, 1.0, Placement::Even);
    let mut per_minute = [0; 6];
    for arrival in stream(&playback, 0, SimTime::NEVER) {
        per_minute[(arrival.at.nanos() / 60_000_000_000) as usize] += 1;
    }
    assert_eq!(per_minute, [3, 3, 4, 3, 3, 4]);
    assert_eq!(playback.pages(), 20);
}

#[test]
fn speed_and_scale_do_what_they_say() {
    let series = minutes(&[60, 0, 120]);
    let twice = play(&series, 2.0, 1.0, 2.0, Placement::Even);
    assert_eq!(twice.pages(), 360);
    assert_eq!(twice.end().seconds(), 90.0);
    // Twice the requests in half the time.
    assert_eq!(twice.rate(SimTime::from_nanos(1)).in_per_second(), 4.0);
    let last = stream(&twice, 0, SimTime::NEVER).last().unwrap();
    assert!((last.at.seconds() - (90.0 - 30.0 / 480.0)).abs() < 1e-6);
}

#[test]
fn the_busiest_hour_is_found_at_any_minute() {
    let mut counts = vec![1_u64; 300];
    counts[100..160].fill(10);
    let series = minutes(&counts);
    let busiest = series.busiest(SimDuration::HOUR);
    assert_eq!((busiest.at, busiest.requests), (SimDuration::from_secs(6_000), 600.0));
    assert_eq!(series.busiest(SimDuration::from_secs(59)).requests, 0.0);
    assert_eq!(series.busiest(SimDuration::YEAR).requests, 240.0 + 600.0);
    // 600 requests at 3 a page are 200 pages in that hour; 40/s are 144,000.
    let scale = series.scale_to_busiest_hour(Rate::per_second(40.0).unwrap(), 3.0).unwrap();
    assert!((scale - 720.0).abs() < 1e-9);
    assert_eq!(minutes(&[0]).scale_to_busiest_hour(Rate::per_second(40.0).unwrap(), 3.0), None);
}

/// Positions within the minute are uniform and independent: 600,000 of them have a mean of 0.5 ±
/// 3.29·0.2887/√n, a second moment of 1/3, and empty fifths of a five-page minute as often as
/// (4/5)⁵ = 0.32768 says.
#[test]
fn pages_lie_anywhere_in_their_minute() {
    const MINUTES: usize = 120_000;
    let playback = play(&minutes(&vec![5; MINUTES]), 1.0, 1.0, 1.0, Placement::Random);
    let n = 5.0 * MINUTES as f64;
    let (mut sum, mut squares, mut empty) = (0.0, 0.0, 0_u32);
    let mut first_fifth = vec![0_u8; MINUTES];
    for arrival in stream(&playback, 0, SimTime::NEVER) {
        let minute = arrival.at.nanos() / 60_000_000_000;
        let share = (arrival.at.nanos() % 60_000_000_000) as f64 / 6e10;
        assert_eq!(arrival.ordinal / 5, minute);
        sum += share;
        squares += share * share;
        first_fifth[minute as usize] += u8::from(share < 0.2);
    }
    empty += first_fifth.iter().filter(|count| **count == 0).count() as u32;
    assert!((sum / n - 0.5).abs() < 3.29 * (1.0 / 12.0 / n).sqrt());
    assert!((squares / n - 1.0 / 3.0).abs() < 3.29 * (4.0 / 45.0 / n).sqrt());
    let band = 3.29 * (0.327_68 * 0.672_32 / MINUTES as f64).sqrt();
    assert!((f64::from(empty) / MINUTES as f64 - 0.327_68).abs() < band, "{empty}");
}

#[test]
fn hostile_playbacks_are_refused() {
    let series = minutes(&[1, 2]);
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e10] {
        let refused = |scale, per_page, speed| {
            Playback::new(series.clone(), scale, per_page, speed, Placement::Even).unwrap_err().0
        };
        assert_eq!(refused(bad, 1.0, 1.0), "scale", "{bad}");
        assert_eq!(refused(1.0, bad, 1.0), "requests per page", "{bad}");
        assert_eq!(refused(1.0, 1.0, bad), "speed", "{bad}");
    }
    let extreme = play(&minutes(&[u64::from(u32::MAX); 3]), 1e-9, 1e9, 1e9, Placement::Random);
    assert_eq!(stream(&extreme, 0, SimTime::NEVER).count(), 0);
    // All traffic of an hour in a few nanoseconds still comes in order.
    let crushed = play(&minutes(&[100; 60]), 1.0, 1.0, 1e9, Placement::Random);
    let all: Vec<Arrival> = stream(&crushed, 0, SimTime::NEVER).collect();
    assert_eq!(all.len(), 6_000);
    assert!(all.windows(2).all(|w| w[0].at <= w[1].at));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Pages in all are ⌊Σ counts × scale / requests per page⌋; times never fall and stay in their
    /// minute; a stream from any instant, any number or any end gives the same arrivals (D15).
    #[test]
    fn a_playback_conserves_the_counts_and_can_start_anywhere(
        counts in prop::collection::vec(prop_oneof![Just(0_u64), 0..200_u64], 1..40),
        scale in 0.05..3.0_f64, per_page in 0.5..5.0_f64,
        speed in prop_oneof![Just(1.0), 0.1..10.0_f64],
        random: bool, cut in 0.0..1.2_f64,
    ) {
        let how = if random { Placement::Random } else { Placement::Even };
        let playback = play(&minutes(&counts), scale, per_page, speed, how);
        let all: Vec<Arrival> = stream(&playback, 0, SimTime::NEVER).collect();
        let total = counts.iter().sum::<u64>() as f64;
        prop_assert_eq!(all.len() as u64, (total * scale / per_page) as u64);
        prop_assert_eq!(all.len() as u64, playback.pages());
        prop_assert!(all.windows(2).all(|w| w[0].at <= w[1].at));
        prop_assert!(all.iter().enumerate().all(|(k, arrival)| arrival.ordinal == k as u64));
        prop_assert!(all.iter().all(|arrival| arrival.at < playback.end()));

        let at = SimTime::from_nanos((playback.end().nanos() as f64 * cut) as u64);
        let before = all.partition_point(|arrival| arrival.at < at);
        let mut first = stream(&playback, 0, at);
        prop_assert!(first.by_ref().eq(all[..before].iter().copied()));
        first.set_until(SimTime::NEVER);
        prop_assert!(first.eq(all[before..].iter().copied()));
        let late = RecordedStream::new(&playback, SEED, LINEAGE, "visitors", (at, SimTime::NEVER));
        prop_assert!(late.eq(all[before..].iter().copied()));
        let number = before as u64;
        let until = SimTime::NEVER;
        let from = RecordedStream::at_ordinal(&playback, SEED, LINEAGE, "visitors", until, number);
        prop_assert_eq!(from.ordinal(), number);
        prop_assert!(from.eq(all[before..].iter().copied()));
    }

    /// I1: whatever the bytes, an answer.
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let file = [b"unix_s,requests\n", bytes.as_slice()].concat();
        let _ = CountSeries::read_csv(&file[..], &format());
        let _ = CountSeries::read_csv(&bytes[..], &format());
    }
}
