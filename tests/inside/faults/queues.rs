//! Stations that break down, and queues that do not come back.

use fivenines::solve::requests::{self, Observation};
use fivenines::stats::interval::Interval;
use rayon::prelude::*;

use super::*;

/// Mean number inside the station over replications, at 99.9 %.
fn mean_inside(text: &str, from: f64, until: f64, replications: u64) -> Interval {
    let plan = planned(text);
    let values: Vec<f64> = (0..replications)
        .into_par_iter()
        .map(|replication| {
            let observation = requests::run(&plan, &window(from, until), replication).unwrap();
            observation.gauges[0].inside as f64 / observation.length.nanos() as f64
        })
        .collect();
    Interval::of_mean(&values, 0.999).unwrap()
}

/// O17, fast case: 1.08 customers in the mean, to 1 %.
#[test]
fn a_queue_with_frequent_breakdowns_is_as_long_as_white_and_christie_say() {
    let interval = mean_inside(&shipped("oracles/o17-fast.toml"), 200.0, 60_200.0, 30);
    assert!(interval.contains(1.08), "{interval:?}");
    assert!(interval.relative_half_width().unwrap() <= 0.01, "{interval:?}");
}

/// O17, slow case: 113.75 customers in the mean, to 10 %: 6,000 outages. With FIVENINES_FULL=1.
#[test]
fn a_queue_with_long_breakdowns_is_as_long_as_white_and_christie_say() {
    if std::env::var_os("FIVENINES_FULL").is_none() {
        return;
    }
    let interval = mean_inside(&shipped("oracles/o17-slow.toml"), 2_000.0, 22_000.0, 60);
    assert!(interval.contains(113.75), "{interval:?}");
    assert!(interval.relative_half_width().unwrap() <= 0.10, "{interval:?}");
}

fn served_share(observation: &Observation) -> f64 {
    let views = &observation.record.views[0];
    (views.served + views.delayed) as f64 / views.intended as f64
}

/// A pause of a minute ends; the storm of retries that it began does not, and nothing but the
/// retries makes the difference. Without them the backlog is gone after three minutes.
#[test]
fn a_retry_storm_outlives_its_trigger() {
    let storm = shipped("faults/retry-storm.toml");
    let line = storm.lines().find(|line| line.starts_with("retry ")).unwrap();
    let calm = storm.replace(line, "");
    for (text, back) in [(&storm, false), (&calm, true)] {
        assert!(served_share(&observed(text, 60.0, 120.0)) > 0.99, "well before the pause");
        let plan = planned(text);
        let after = requests::run(&plan, &window(900.0, 1_080.0), 0).unwrap();
        let share = served_share(&after);
        if back {
            assert!(share > 0.99, "without retries it comes back: {share}");
        } else {
            assert!(share < 0.10, "with them it does not: {share}");
            let views = &after.record.views[0];
            let all: u64 = views.lost.iter().sum();
            assert_eq!(lost(&plan, &after, "pause"), all, "what is lost is laid to the pause");
        }
    }
}

const STATION: &str = r#"
scenario = "station"
[station.desk]
servers = 1
service = "400ms"
[workload.customers]
request = "job"
rate = "1/s"
arrivals = { process = "regular" }
[request.job]
steps = [ { visit = "desk" } ]
"#;

/// A customer comes every second and is served for 0.4 s.
fn station(how: &str) -> Observation {
    let text =
        format!("{STATION}[fault.f]\nhits = \"desk-1\"\n{how}\nat = \"10100ms\"\nlasts = \"5s\"\n");
    observed(&text, 0.5, 30.5)
}

/// The customer that came at 10 s has 0.3 s to go when the station stops at 10.1 s.
#[test]
fn a_station_that_pauses_goes_on_where_it_stopped() {
    let paused = station("how = \"pause\"");
    assert_eq!(ended(&paused), [30, 0, 0, 0, 0, 0]);
    assert_eq!(paused.record.classes[0].latency.max(), Some(5_400_000_000));
}

#[test]
fn a_station_that_crashes_sends_everyone_away_and_refuses_until_it_is_back() {
    // The customer of 10 s is thrown out; those of 11 to 15 s are turned away.
    assert_eq!(ended(&station("how = \"crash\"")), [24, 5, 1, 0, 0, 0]);
}

#[test]
fn a_station_that_hangs_answers_nobody_who_came_before_it_is_new() {
    // Those of 10 to 15 s, who are inside when it is replaced at 15.1 s.
    assert_eq!(ended(&station("how = \"hang\"")), [24, 0, 6, 0, 0, 0]);
}

/// The customer of 10 s still has 0.3 s of work: 0.6 s at half the speed. Those of 11 to 14 s take
/// 0.8 s; that of 15 s has done 0.05 s when the station is well again at 15.1 s.
#[test]
fn a_slow_station_serves_more_slowly_while_it_is_slow() {
    let slow = station("how = \"slow\"\nfactor = 2.0");
    assert_eq!(ended(&slow), [30, 0, 0, 0, 0, 0]);
    let latency = &slow.record.classes[0].latency;
    assert_eq!(latency.max(), Some(800_000_000));
    let sum = 24.0 * 0.4 + 0.7 + 4.0 * 0.8 + 0.45;
    let mean = latency.mean().unwrap() / 1e9;
    assert!((mean - sum / 30.0).abs() < 1e-9, "{mean}");
}
