//! Promise: what has an exact answer is answered exactly, within the stated interval.
//!
//! The cases are the files of `scenarios/oracles`; a case's own rule is the `is` of its
//! expectations: the 99.9 % interval holds the value and is at most so wide. The fast set runs
//! every case with a part of the effort: the interval must hold the value, and its half-width may
//! be [`LOOSER`] times the rule's. The full set (`FIVENINES_FULL=1`, see docs/testing.md) runs
//! the files as they are.
//!
//! A first miss is run once more with a fresh seed and four times the effort, and both are
//! printed; a second miss fails. Of 100 right figures one in ten sets misses one the first time.

use crate::inside::common::{Loaded, load, scenarios};

use fivenines::engine::draw::Seed;
use fivenines::model::blueprint::Blueprint;
use fivenines::solve::requests;
use fivenines::study::expect::Demand;
use fivenines::study::scenario::{StudyResult, run};
use fivenines::study::window::{Estimate, Watch};
use fivenines::units::SimDuration;

/// How much wider than its rule an interval of the fast set may be.
const LOOSER: f64 = 3.0;

/// Replications and the share of the window's length, of the fast set.
#[derive(Clone, Copy)]
struct Effort {
    replications: u32,
    length: f64,
}

const fn effort(replications: u32, length: f64) -> Effort {
    Effort { replications, length }
}

/// By file; effort by the relaxation time of the queue and the rule's width.
const CASES: &[(&str, Effort)] = &[
    ("o01-mm1", effort(16, 0.5)),
    ("o02-mm4", effort(16, 0.5)),
    ("o03-loss-exponential", effort(16, 0.5)),
    ("o03-loss-fixed", effort(16, 0.5)),
    ("o03-loss-lognormal", effort(16, 0.5)),
    ("o04-mm4-20", effort(16, 0.5)),
    ("o05-md1", effort(16, 0.6)),
    ("o06-mg1-lognormal", effort(16, 0.4)),
    ("o07-mh2-1", effort(16, 0.5)),
    ("o08-fifo-lognormal", effort(16, 0.7)),
    ("o08-ps-exponential", effort(16, 0.5)),
    ("o08-ps-fixed", effort(16, 0.5)),
    ("o08-ps-lognormal", effort(16, 0.5)),
    ("o09-threads-lognormal", effort(12, 0.6)),
    ("o09-zone-ps-exponential", effort(12, 0.3)),
    ("o09-zone-ps-fixed", effort(12, 0.3)),
    ("o09-zone-ps-lognormal", effort(12, 0.4)),
    ("o10-n1", effort(12, 0.2)),
    ("o10-n10", effort(12, 0.2)),
    ("o10-n30", effort(12, 0.2)),
    ("o10-n30-ps", effort(12, 0.2)),
    ("o10-n100", effort(12, 0.2)),
    ("o12-jackson", effort(16, 0.5)),
    ("o13-tandem", effort(12, 0.3)),
    ("o14-fifo", effort(12, 0.4)),
    ("o14-priority", effort(12, 0.4)),
    ("o15-preemptive", effort(12, 0.4)),
    ("o15-idle-zone", effort(12, 0.4)),
    ("o16-fork-join-k2", effort(12, 0.5)),
    ("o16-fork-join-k10", effort(12, 0.2)),
    ("o16-fork-join-k10-idle", effort(24, 0.3)),
    ("o18-random", effort(12, 0.4)),
    ("o18-round-robin", effort(12, 0.3)),
    ("o18-shared", effort(12, 0.3)),
    ("o18-shortest", effort(12, 0.3)),
    ("o19-impatience", effort(12, 0.5)),
    ("o45-mmpp-queue", effort(30, 0.4)),
    ("o45-mmpp-fast", effort(16, 0.5)),
    ("o45-poisson-queue", effort(12, 0.4)),
    ("o46-diurnal", effort(100, 1.0)),
];

/// A figure of a case, judged.
pub struct Row {
    pub path: String,
    is: String,
    pub estimate: f64,
    pub half_width: f64,
    pub holds: bool,
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, is, estimate, half_width, holds } = self;
        let verdict = if *holds { "holds" } else { "misses" };
        write!(f, "{verdict:6} {path:48} {estimate:>12.6} ± {half_width:<10.6} {is}")
    }
}

/// Judges with half-widths `looser` times the rule's.
fn judge(loaded: &Loaded, result: &StudyResult, looser: f64) -> Vec<Row> {
    let mut rows = Vec::new();
    for expectation in &loaded.study.expectations {
        let path = &expectation.path;
        let estimate = result.judged(&loaded.study, expectation.of);
        let Estimate::Interval(interval) = &estimate else { panic!("{path}: {estimate:?}") };
        let holds = match &expectation.demand {
            Demand::Equals(value, margin) => {
                interval.contains(*value) && interval.half_width() <= looser * margin
            }
            demand => demand.judge(interval) == fivenines::study::expect::Verdict::Holds,
        };
        rows.push(Row {
            path: path.clone(),
            is: expectation.is.clone(),
            estimate: interval.estimate,
            half_width: interval.half_width(),
            holds,
        });
    }
    assert!(loaded.study.not_estimated.is_empty(), "{:?}", loaded.study.not_estimated);
    rows
}

fn lessen(loaded: &mut Loaded, effort: Effort) {
    for window in &mut loaded.study.windows {
        window.replications = (effort.replications, effort.replications);
        window.precision.clear();
        let length = window.window.length.seconds() * effort.length;
        window.window.length = SimDuration::from_seconds_f64(length);
    }
}

fn again(loaded: &mut Loaded) {
    loaded.plan.seed = Seed(loaded.plan.seed.0 + 1_000_003);
    for window in &mut loaded.study.windows {
        window.replications = (window.replications.0 * 4, window.replications.1 * 4);
    }
}

/// Runs a case; the rows of the last run, and whether it was a second one.
fn run_case(name: &str, part: Option<Effort>) -> Vec<Row> {
    let mut loaded = load(&format!("oracles/{name}.toml"));
    assert!(!loaded.study.expectations.is_empty(), "{name} expects nothing");
    let looser = if let Some(effort) = part {
        lessen(&mut loaded, effort);
        LOOSER
    } else {
        1.0
    };
    let mut rows = Vec::new();
    for attempt in 0..2 {
        let result = run(&loaded.plan, &loaded.study, &Watch::default())
            .unwrap_or_else(|breach| panic!("{name}: {breach:?}"));
        rows = judge(&loaded, &result, looser);
        let missed = rows.iter().any(|row| !row.holds);
        if missed || part.is_none() {
            println!("{name}, seed {}:", loaded.plan.seed.0);
            rows.iter().for_each(|row| println!("  {row}"));
        }
        if !missed || attempt == 1 {
            break;
        }
        again(&mut loaded);
    }
    rows
}

/// One run of a case of the fast set on a plan changed by `change`, judged as the set judges.
pub fn fast_rows(name: &str, change: &dyn Fn(&mut Blueprint)) -> Vec<Row> {
    let mut loaded = load(&format!("oracles/{name}.toml"));
    match CASES.iter().find(|(case, _)| *case == name) {
        Some((_, effort)) => lessen(&mut loaded, *effort),
        None => loaded.study.windows[0].replications = (4, 4),
    }
    change(&mut loaded.plan);
    let result = run(&loaded.plan, &loaded.study, &Watch::default()).unwrap();
    judge(&loaded, &result, LOOSER)
}

/// One run of a scenario as it is, judged by its own expectations.
pub fn own_rows(loaded: &Loaded) -> Vec<Row> {
    let result = run(&loaded.plan, &loaded.study, &Watch::default())
        .unwrap_or_else(|breach| panic!("{breach:?}"));
    judge(loaded, &result, 1.0)
}

pub fn assert_all_hold(name: &str, rows: &[Row]) {
    let missed: Vec<String> = rows.iter().filter(|row| !row.holds).map(Row::to_string).collect();
    assert!(missed.is_empty(), "{name}:\n{}", missed.join("\n"));
}

fn fast(prefix: &str) {
    let cases: Vec<_> = CASES.iter().filter(|(name, _)| name.starts_with(prefix)).collect();
    assert!(!cases.is_empty());
    for (name, effort) in cases {
        assert_all_hold(name, &run_case(name, Some(*effort)));
    }
}

macro_rules! fast_set {
    ($($(#[$doc:meta])* $name:ident: $prefix:literal;)*) => {
        $($(#[$doc])* #[test] fn $name() { fast($prefix); })*
    };
}

fast_set! {
    o01_one_exponential_server_is_mm1: "o01";
    o02_four_servers_with_one_queue_follow_erlang_c: "o02";
    o04_an_overloaded_bounded_pool_is_mm4_20: "o04";
    o05_fixed_service_waits_half_as_long: "o05";
    o06_a_long_tailed_service_waits_as_pollaczek_and_khinchine_say: "o06";
    o07_the_tail_of_the_wait_is_that_of_mh21: "o07";
    o08_an_equally_shared_core_slows_every_job_alike: "o08";
    o09_a_zone_of_four_cores_is_insensitive_to_the_law_of_work: "o09";
    o10_users_who_wait_for_their_answers_are_a_closed_network: "o10";
    o12_three_tiers_with_feedback_are_a_jackson_network: "o12";
    o13_two_stations_in_series_are_independent: "o13";
    o14_an_urgent_class_waits_as_cobham_says: "o14";
    o15_an_urgent_class_that_interrupts_sees_nobody_else: "o15";
    o16_a_request_of_parallel_parts_ends_with_its_last: "o16";
    o18_dealing_in_turn_beats_chance_and_the_shorter_queue_beats_both: "o18";
    o19_impatient_clients_give_up_as_erlang_a_says: "o19";
    o45_arrivals_in_spells_cost_what_the_modulated_queue_says: "o45";
    o46_arrivals_follow_a_daily_curve_in_mean_and_spread: "o46";
}

/// Every file of the folder is a case of the list, or of another solver.
#[test]
fn no_oracle_file_is_forgotten() {
    let mut files: Vec<String> = std::fs::read_dir(scenarios().join("oracles"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".toml").map(str::to_string))
        .collect();
    files.sort();
    // B3 has a test of its own, breakdowns are judged with the faults and caches with the caches;
    // `o32` has no window: it asks for years.
    let apart = ["b3", "o17", "o40", "o41"];
    let elsewhere = |name: &str| apart.iter().any(|a| name.starts_with(a)) || !has_window(name);
    let listed = |name: &String| CASES.iter().any(|(case, _)| case == name) || elsewhere(name);
    let forgotten: Vec<&String> = files.iter().filter(|name| !listed(name)).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}

fn has_window(name: &str) -> bool {
    let path = scenarios().join(format!("oracles/{name}.toml"));
    std::fs::read_to_string(path).unwrap().contains("[window.")
}

/// The full set: every case by its own rule.
#[test]
fn every_case_holds_by_its_own_rule() {
    if std::env::var_os("FIVENINES_FULL").is_none() {
        println!("skipped: the full set takes minutes; FIVENINES_FULL=1 asks for it");
        return;
    }
    let mut missed = Vec::new();
    for (name, _) in CASES {
        let rows = run_case(name, None);
        missed.extend(rows.iter().filter(|row| !row.holds).map(|row| format!("{name} {row}")));
    }
    assert!(missed.is_empty(), "\n{}", missed.join("\n"));
}

/// O03: a full pool refuses by Erlang B, and the three laws of service give one value, not three values near one.
#[test]
fn o03_a_full_pool_refuses_by_erlang_b_whatever_the_law() {
    let cases: Vec<_> = CASES.iter().filter(|(name, _)| name.starts_with("o03")).collect();
    assert_eq!(cases.len(), 3);
    let values: Vec<(f64, f64)> = cases
        .iter()
        .map(|(name, effort)| {
            let rows = run_case(name, Some(*effort));
            assert_all_hold(name, &rows);
            (rows[0].estimate, rows[0].half_width)
        })
        .collect();
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        let apart = (values[a].0 - values[b].0).abs();
        assert!(apart <= values[a].1 + values[b].1, "{values:?}");
    }
}

/// O01: T × Var(mean number over T) → 2 ρ (1 + ρ) / ((1 − ρ)⁴ μ) = 18, within 20 %; 800
/// replications know a variance to 5 % (one standard deviation).
#[test]
fn the_mean_over_a_run_scatters_as_the_run_length_planner_believes() {
    let mut loaded = load("oracles/o01-mm1.toml");
    let window = &mut loaded.study.windows[0];
    let seconds = 120.0;
    window.window.length = SimDuration::from_seconds_f64(seconds);
    window.window.warm_up = SimDuration::from_secs(30);
    window.replications = (800, 800);
    window.precision.clear();
    let path = "in-system.web.mean@steady";
    let place = loaded.study.figures.iter().find(|asked| asked.path == path).unwrap().place;
    let result = run(&loaded.plan, &loaded.study, &Watch::default()).unwrap();
    let values: Vec<f64> =
        result.windows[0].samples.iter().map(|values| values[place].unwrap()).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    let asymptotic = seconds * variance;
    assert!((asymptotic - 18.0).abs() <= 0.2 * 18.0, "{asymptotic}");
}

/// O46, C6: Little's law is an identity of every run, in whole nanoseconds; its relative gap is 0.
#[test]
fn the_gap_of_littles_law_is_zero_nanoseconds() {
    let loaded = load("oracles/o46-diurnal.toml");
    for window in &loaded.study.windows {
        for replication in 0..3 {
            let seen = requests::run(&loaded.plan, &window.window, replication).unwrap();
            for gauge in &seen.gauges {
                assert!(gauge.inside > 0);
                assert_eq!(gauge.inside, gauge.stayed);
            }
        }
    }
}

/// B3: mean and p99 of the plain three-tier service lie in the bands that three other programs
/// gave, whatever the speed.
#[test]
fn the_plain_web_service_answers_in_the_band_of_other_programs() {
    let mut loaded = load("oracles/b3-web-service.toml");
    loaded.study.windows[0].replications = (4, 4);
    let result = run(&loaded.plan, &loaded.study, &Watch::default()).unwrap();
    assert_all_hold("b3-web-service", &judge(&loaded, &result, 1.0));
}
