//! Promise: traffic comes as it was described, or as it was recorded.

use std::fs::File;
use std::path::{Path, PathBuf};

use fivenines::engine::draw::{Lineage, Seed};
use fivenines::scenario::file;
use fivenines::units::{Rate, SimDuration, SimTime};
use fivenines::workload::arrivals::{ArrivalStream, Process, Traffic};
use fivenines::workload::log::{LogFormat, LogStyle, count_log, read_log};
use fivenines::workload::mmpp::{Modulation, Succession};
use fivenines::workload::rate::{Profile, WeekTime};
use fivenines::workload::stamp::TimeForm;
use fivenines::workload::trace::{
    CountSeries, Placement, Playback, RecordedStream, SeriesFormat, Times,
};

const SEED: Seed = Seed(1995);
const LINEAGE: Lineage = Lineage::replication(0);
const BATCHES: usize = 20;
/// Two-sided 99.9 % quantile of Student's t with 19 degrees of freedom.
const STUDENT: f64 = 3.883;

fn per_s(count: f64) -> Rate {
    Rate::per_second(count).expect("a rate that is finite and not negative")
}

/// The 99.9 % interval of batch means holds `truth` and is no wider than `share` of it each side.
fn assert_interval(name: &str, batches: &[f64], truth: f64, share: f64) {
    let n = batches.len() as f64;
    let mean = batches.iter().sum::<f64>() / n;
    let variance = batches.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    let half = STUDENT * (variance / n).sqrt();
    assert!((mean - truth).abs() <= half, "{name}: {mean} ± {half} misses {truth}");
    assert!(half <= share * truth, "{name}: {mean} ± {half} is too wide to prove anything");
}

/// Arrivals in each whole second before `seconds`.
fn per_second(traffic: &Traffic, owner: &str, seconds: usize) -> Vec<u32> {
    let until = SimTime::from_nanos(seconds as u64 * 1_000_000_000);
    let stream = ArrivalStream::new(traffic, SEED, LINEAGE, owner, (SimTime::ZERO, until));
    let mut counts = vec![0_u32; seconds];
    stream.for_each(|arrival| counts[(arrival.at.nanos() / 1_000_000_000) as usize] += 1);
    counts
}

/// Variance ÷ mean of the counts in windows of `window` seconds, of each of 20 batches.
fn dispersions(counts: &[u32], window: usize) -> Vec<f64> {
    let of_batch = |batch: &[u32]| {
        let sums: Vec<f64> = batch
            .chunks_exact(window)
            .map(|chunk| chunk.iter().map(|count| f64::from(*count)).sum())
            .collect();
        let n = sums.len() as f64;
        let mean = sums.iter().sum::<f64>() / n;
        sums.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0) / mean
    };
    counts.chunks_exact(counts.len() / BATCHES).map(of_batch).collect()
}

fn batch_means(counts: &[u32]) -> Vec<f64> {
    let size = counts.len() / BATCHES;
    let of_batch = |batch: &[u32]| batch.iter().map(|c| f64::from(*c)).sum::<f64>() / size as f64;
    counts.chunks_exact(size).map(of_batch).collect()
}

/// O45, counting rows: 10⁶ s of the two-state process, 50/s for 10 s and 200/s for 10/3 s in the
/// mean. Dispersions with the half-widths of the case: 5 % at 1 s and 10 s, 10 % at 200 s; the mean
/// rate to 1 %.
#[test]
fn o45_modulated_arrivals_are_as_bursty_as_the_formula_says() {
    let sojourns = [10.0, 10.0 / 3.0].map(SimDuration::from_seconds_f64);
    let states = Modulation::new(&[50.0, 200.0], &sojourns, Succession::Cyclic).unwrap();
    let traffic = Traffic::new(per_s(87.5), Process::Modulated(states)).unwrap();
    let counts = per_second(&traffic, "o45", 1_000_000);
    assert_interval("mean_rate", &batch_means(&counts), 87.5, 0.01);
    assert_interval("idc_1s", &dispersions(&counts, 1), 43.380_384_887_6, 0.05);
    assert_interval("idc_10s", &dispersions(&counts, 10), 182.907_415_737, 0.05);
    assert_interval("idc_200s", &dispersions(&counts, 200), 239.058_035_714, 0.10);
}

/// O45, `poisson_idc_any_window` to 3 %.
#[test]
fn o45_poisson_arrivals_have_dispersion_one_in_any_window() {
    let traffic = Traffic::new(per_s(20.0), Process::Poisson).unwrap();
    let counts = per_second(&traffic, "poisson", 400_000);
    for window in [1, 2, 5] {
        assert_interval("poisson_idc", &dispersions(&counts, window), 1.0, 0.03);
    }
}

/// Counts per hour of a sine of `level`/s, amplitude 0.6, peak at noon, between the two hours of
/// each of `days` days; a day is a replication.
fn sine_days(level: f64, days: u64, hours: std::ops::Range<u64>) -> Vec<[f64; 24]> {
    let noon = SimDuration::from_secs(12 * 3_600);
    let traffic = Traffic::new(per_s(level), Process::Poisson)
        .expect("a level below one arrival a nanosecond")
        .with_profile(
            Profile::sine(0.6, noon, SimDuration::DAY).expect("an amplitude below 1"),
            WeekTime::MONDAY,
        );
    let at = |hour: u64| SimTime::from_nanos(hour * SimDuration::HOUR.nanos());
    let span = (at(hours.start), at(hours.end));
    let of_day = |day| {
        let mut counts = [0.0; 24];
        for arrival in ArrivalStream::new(&traffic, SEED, Lineage::replication(day), "o46", span) {
            counts[(arrival.at.nanos() / SimDuration::HOUR.nanos()) as usize] += 1.0;
        }
        counts
    };
    (0..days).map(of_day).collect()
}

fn batched(days: &[[f64; 24]], figure: impl Fn(&[[f64; 24]]) -> f64) -> Vec<f64> {
    days.chunks_exact(days.len() / BATCHES).map(figure).collect()
}

/// O46 in its cheap form (rate ÷ 100, so counts ÷ 100): mean counts to 0.2 %, the peak rate to 1 %.
/// The mean of the rate over the two hours around noon is 1 + 0.6·sin(π/12)/(π/12) of the level.
#[test]
fn o46_arrivals_of_a_day_follow_the_sine() {
    let mean_of = |days: &[[f64; 24]], hours: std::ops::Range<usize>| {
        batched(days, |batch| {
            let sum: f64 = batch.iter().map(|day| day[hours.clone()].iter().sum::<f64>()).sum();
            sum / batch.len() as f64
        })
    };
    // Half-width 3.9/√N of the N arrivals counted: 0.2 % from 3.8 million on.
    let night = sine_days(1.0, 400, 0..6);
    assert_interval("expected_00_06", &mean_of(&night, 0..6), 13_349.407_750_1, 0.002);
    let office = sine_days(1.0, 120, 9..17);
    assert_interval("expected_09_17", &mean_of(&office, 9..17), 42_603.509_865, 0.002);
    let whole = sine_days(1.0, 60, 0..24);
    assert_interval("expected_day", &mean_of(&whole, 0..24), 86_400.0, 0.002);
    let angle = std::f64::consts::PI / 12.0;
    let around_noon = 3_600.0 * 2.0 * (1.0 + 0.6 * libm::sin(angle) / angle);
    assert_interval("peak_rate", &mean_of(&office, 11..13), around_noon, 0.01);
}

/// O46, the scatter of whole days, at a rate ÷ 20,000: a standard deviation √432 and dispersion 1,
/// both to 10 %, over 6,000 days.
#[test]
fn o46_days_scatter_like_poisson_counts() {
    let days = sine_days(0.005, 6_000, 0..24);
    let variance = |batch: &[[f64; 24]]| {
        let sums: Vec<f64> = batch.iter().map(|day| day.iter().sum()).collect();
        let mean = sums.iter().sum::<f64>() / sums.len() as f64;
        let squares: f64 = sums.iter().map(|x| (x - mean) * (x - mean)).sum();
        (squares / (sums.len() - 1) as f64, mean)
    };
    let dispersion = batched(&days, |batch| variance(batch).0 / variance(batch).1);
    assert_interval("idc_of_day_counts", &dispersion, 1.0, 0.10);
    let sd = batched(&days, |batch| variance(batch).0.sqrt());
    assert_interval("sd_of_day", &sd, 432.0_f64.sqrt(), 0.10);
}

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/traffic")
}

fn per_minute() -> SeriesFormat {
    SeriesFormat {
        times: Times::Column("unix_s".into(), TimeForm::UnixSeconds),
        count_column: "requests".into(),
        is_rate: false,
        interval: SimDuration::from_secs(60),
    }
}

const STRICT: LogFormat =
    LogFormat { style: LogStyle::Common, sort_within: SimDuration::ZERO, broken_at_most: 0 };

/// The two weeks that ship have 20,160 minutes from a Monday 00:00 in Florida on, no gap, and
/// 730,691 requests; their busiest hour has 5,143 (counted with awk).
#[test]
fn the_recorded_weeks_that_ship_play_back_whole() {
    let csv = file::open(&shipped(), &[], "traces/nasa-1995-per-minute.csv").unwrap();
    let series = CountSeries::read_csv(csv, &per_minute()).unwrap();
    assert_eq!((series.rows(), series.missing(), series.requests()), (20_160, 0, 730_691.0));
    assert_eq!(series.length(), SimDuration::DAY.saturating_mul(14));
    assert_eq!(series.starts_at(-240), WeekTime::MONDAY);
    assert_eq!(series.busiest(SimDuration::HOUR).requests, 5_143.0);
    // The busiest hour at 40 pages a second, three requests a page: 144,000 pages in it.
    let scale = series.scale_to_busiest_hour(per_s(40.0), 3.0).unwrap();
    let from = SimTime::ZERO;
    let hour = series.busiest(SimDuration::HOUR).at;
    let playback = Playback::new(series, scale, 3.0, 1.0, Placement::Random).unwrap();
    let span = (from, SimTime::NEVER);
    let begin = from + hour;
    let end = begin + SimDuration::HOUR;
    let (mut all, mut within) = (0_u64, 0_u64);
    for page in RecordedStream::new(&playback, SEED, LINEAGE, "visitors", span) {
        all += 1;
        within += u64::from(page.at >= begin && page.at < end);
    }
    assert_eq!(all, playback.pages());
    assert_eq!(all, (730_691.0 * scale / 3.0) as u64);
    assert!(within.abs_diff(144_000) <= 1, "{within}");
}

/// The shipped piece of the log: 4,994 requests, all well-formed, in order, 116,785,891 bytes and
/// 4,464 answers with status 200 (counted with awk).
#[test]
fn the_recorded_log_that_ships_reads_whole() {
    let open = || file::open(&shipped(), &[], "traces/nasa-1995-sample.log").unwrap();
    let (mut bytes, mut fine) = (0, 0);
    let report = read_log(open(), STRICT, |entry| {
        bytes += entry.bytes.unwrap_or(0);
        fine += u32::from(entry.status == 200);
        Ok(())
    })
    .unwrap();
    assert_eq!((report.lines, report.requests, report.broken), (4_994, 4_994, 0));
    assert_eq!((bytes, fine), (116_785_891, 4_464));
    let (series, _) = count_log(open(), STRICT, |_| true).unwrap();
    let playback = Playback::new(series, 1.0, 1.0, 1.0, Placement::Even).unwrap();
    let span = (SimTime::ZERO, SimTime::NEVER);
    assert_eq!(RecordedStream::new(&playback, SEED, LINEAGE, "log", span).count(), 4_994);
}

/// With the large data at hand: two months by the minute, and both logs, whole.
#[test]
fn the_whole_months_read_too() {
    let Some(folder) = std::env::var_os("FIVENINES_DATA").map(PathBuf::from) else {
        println!("skipped: FIVENINES_DATA does not say where the large data is");
        return;
    };
    let open = |name: &str| File::open(folder.join(name)).unwrap();
    let csv = open("nasa1995_per_minute.csv");
    let series = CountSeries::read_csv(csv, &per_minute()).unwrap();
    assert_eq!(series.rows(), 84_333);
    // 1 July to 31 August are 89,280 minutes; the two outages left no rows.
    assert_eq!(series.rows() + series.missing(), 89_280);
    // 28 July 13:33 to 31 July 24:00.
    assert_eq!(series.missing(), 4_947);
    let report = read_log(open("nasa1995_sample_clf.log"), STRICT, |_| Ok(()));
    assert_eq!(report.unwrap().requests, 19_998);
    // The other log was thinned to a minute an hour and is not sorted within it.
    let loose = LogFormat { sort_within: SimDuration::from_secs(60), ..STRICT };
    let report = read_log(open("weblog2015_sample_clf.log"), loose, |_| Ok(())).unwrap();
    assert_eq!(report.requests, 10_000);
    assert!(report.out_of_order > 0);
    assert!(read_log(open("weblog2015_sample_clf.log"), STRICT, |_| Ok(())).is_err());
}
