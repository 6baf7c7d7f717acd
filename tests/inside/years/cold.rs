//! The buffer of a database is cold after a restart or a failover, over years as in `requests`.

use super::users::{SESSION, all_by_flows, by_requests};
use crate::inside::faults::draft_or_complaints;

/// Reads that need one disk operation each with the given probability, on one disk of 8 ms. The buffer misses `factor` times as
/// often at first, and that decays in 100 s.
fn site(rate: f64, (probability, factor): (f64, f64), over_years: &str, more: &str) -> String {
    format!(
        r#"
scenario = "cold"
format = 2
[run]
horizon = "1d"
seed = 7
[server.box]
count = 2
cores = 16
[server.box.disks]
data = {{ kind = "10k", layout = "plain", data = 1 }}
[zone.web]
on = ["box-1"]
[zone.sql]
count = 2
on = ["box-1", "box-2"]
[service.app]
in = "web"
workers = 50
backlog = 1
[database.db]
in = {{ primary = "sql-1", replicas = ["sql-2"] }}
connections = 100
read = {{ cpu = "0.1ms", io = {{ probability = {probability}, mean = 1 }} }}
write = {{ cpu = "0.1ms" }}
data = {{ sql-1 = "box:data", sql-2 = "box:data" }}
cold = {{ miss-factor = {factor}, decays-in = "100s"{over_years} }}
replication = {{ mode = "async", receive = "1ms" }}
restart = "0s"
[clients.public]
time-out = "20s"
[workload.visitors]
from = "public"
request = "page"
rate = "{rate}/s"
[request.page]
enter = "app"
steps = [ {{ call = "db", read = 1 }} ]
{more}
"#
    )
}

const CRASH: &str =
    "[fault.dead]\nhits = \"database.db.primary\"\nhow = \"crash\"\nat = \"1h\"\nlasts = \"60s\"\n";
const FAILOVER: &str = "[database.db.failover]\ndetect = { interval = \"1s\", time-out = \"1s\", fall = 2 }\n\
                        promote = \"10s\"\npromotion = \"replica\"\ncoverage = 1\nmanual-repair = \"1h\"\n";
const OVER_YEARS: &str = ", over-years = true";

/// Seconds for which the disk of a server is busy over the day.
fn busy(text: &str, server: u32) -> f64 {
    let ([_, resources], tally) = all_by_flows(text, |_| {});
    let name = format!("box-{server}.data");
    tally.busy[resources.iter().position(|resource| *resource == name).unwrap()] * 86_400.0
}

fn lost(text: &str) -> f64 {
    let (_, tally) = all_by_flows(text, |_| {});
    tally.classes[0].lost.iter().sum()
}

/// 50 reads a second of which 0.2 miss, and three times as many at first: 50 × 0.2 × (3 − 1) × 100 s = 2,000 further
/// operations of 8 ms after a crash. Without the key there are none, nor after another crash.
#[test]
fn a_crash_costs_the_area_under_the_decay_over_years_too() {
    let of = |over_years: &str, more: &str| busy(&site(50.0, (0.2, 3.0), over_years, more), 1);
    let further = of(OVER_YEARS, CRASH) - of("", CRASH);
    // e^-6 of it lies beyond the last step.
    assert!((further / 16.0 - 1.0).abs() < 0.004, "{further} s");
    let web = CRASH.replace("database.db.primary", "service.app");
    assert_eq!(of(OVER_YEARS, &web), of("", &web), "its process alone empties the buffer");
    // Misses are never more than reads: 50 × (1 − 0.2) × 8 ms while 0.2 (1 + 9 e^(−t/100)) ≥ 1, for 100 ln 2.25 s.
    let capped = busy(&site(50.0, (0.2, 10.0), OVER_YEARS, CRASH), 1) - of("", CRASH);
    let until = libm::log(2.25);
    let expected = 50.0 * 0.008 * 100.0 * (0.8 * until + 0.2 * 9.0 * libm::exp(-until));
    assert!((capped / expected - 1.0).abs() < 0.01, "{capped} s against {expected} s");
}

/// A replica that is promoted has served no reads: its buffer is cold from then on, and that of the old primary, which is back as a
/// replica, is asked for nothing.
#[test]
fn a_promoted_replica_is_cold_over_years() {
    let of = |over_years| {
        let text = site(50.0, (0.2, 3.0), over_years, &format!("{FAILOVER}{CRASH}"));
        [busy(&text, 1), busy(&text, 2)]
    };
    let [old, new] = of("");
    let [cold_old, cold_new] = of(OVER_YEARS);
    assert_eq!(old, cold_old);
    assert!(((cold_new - new) / 16.0 - 1.0).abs() < 0.004, "{new} {cold_new}");
}

/// 200 reads a second of which 0.4 miss, 2.5 times as many at first: 200 operations per second at a disk that does 125, until
/// the factor is 1.5625. The views lost besides those of the minute of the crash are 200 ∫ (1 − 125 / (80 (1 + 1.5 e^(−t/100)))) dt.
/// Workers bound the queue, so that no user waits for long and no work is done in vain. `requests` loses as many.
#[test]
fn overload_by_a_cold_buffer_is_lost_over_years() {
    let text = |over_years| site(200.0, (0.4, 2.5), over_years, CRASH);
    let all = lost(&text(OVER_YEARS));
    let further = all - lost(&text(""));
    let steps = 100_000;
    let least = |step: i32| {
        let at = (f64::from(step) + 0.5) / f64::from(steps) * 6.0;
        (1.0 - 125.0 / (80.0 * (1.0 + 1.5 * libm::exp(-at)))).max(0.0)
    };
    let hand = 200.0 * 600.0 * (0..steps).map(least).sum::<f64>() / f64::from(steps);
    let [seen, ..] = by_requests(&text(OVER_YEARS), (3_500.0, 4_400.0), 4);
    println!("years {further} further of {all}, in closed form {hand}, requests {seen} of all");
    assert!(further > hand && further < 1.15 * hand, "{further} against {hand}");
    assert!((all / seen - 1.0).abs() < 0.05, "{all} against {seen}");
}

/// Users who leave in the minute of a crash are missing for half an hour after it. A buffer that is cold meanwhile, and loses some
/// views more, spares no interval: users are followed by the clock, not by the steps in which the buffer warms up.
#[test]
fn a_cold_buffer_leaves_no_interval_better() {
    let of = |over_years: &str| {
        let text = site(400.0, (0.25, 4.0), over_years, CRASH);
        let text = text.replace("[workload.visitors]", &format!("{SESSION}\n[workload.visitors]"));
        let (_, tally) = all_by_flows(&text, |_| {});
        let class = &tally.classes[0];
        (class.bad_intervals, class.lost.iter().sum::<f64>() + class.never_born)
    };
    let [warm, cold] = ["", OVER_YEARS].map(of);
    assert!(cold.1 > 1.01 * warm.1, "overload loses views: {cold:?} {warm:?}");
    assert!(warm.0 >= 2.0 && cold.0 >= warm.0, "{cold:?} against {warm:?}");
}

#[test]
fn a_cold_buffer_over_years_needs_years() {
    let text = site(50.0, (0.2, 3.0), OVER_YEARS, CRASH);
    assert!(draft_or_complaints(&text).is_ok());
    let complaints = draft_or_complaints(&text.replace("horizon = \"1d\"\n", "")).err().unwrap();
    assert!(complaints.contains("no `horizon`"), "{complaints}");
}
