//! More is asked for than can be done: how often that makes an interval bad, and that each counts once.

use fivenines::engine::special::{ln, normal_cdf};
use fivenines::solve::fluid::{BAD, ClassTally};
use fivenines::solve::frame::Sizes;

use super::sampled::Shop;
use super::users::{AGAIN, SESSION, by_flows, with};
use super::{Years, asked};
use crate::inside::faults::drafted;
use crate::inside::shared::base::{With as _, base};
use crate::{Run, Scenario};

/// One core that does 50 views per second, one at a time behind a balancer whose queue users leave when they abandon; the hour is
/// louder or quieter by 12 %.
fn core(rate: &str) -> String {
    base("site").with(&format!(
        r#"
[run]
horizon = "30d"
[server.box]
cores = 1
[service.app]
workers = 100
restart = "5s"
[balancer.front]
rack = "r"
to = "app"
member-limit = 1
[clients.public]
patience = {{ dist = "exponential", mean = "2s" }}
[workload.visitors]
rate = "{rate}"
noise = {{ sigma = 0.12, phi = 0.84 }}
[request.page]
enter = "front"
demands = {{ page = "20ms" }}
[fault.never]
hits = "app-1"
how = "crash"
rate = "0.000001/y"
"#
    ))
}

/// The same users who do not come back, try again, or go away too; and what becomes of their views.
fn lived(rate: &str) -> [ClassTally; 3] {
    let each = [String::new(), AGAIN.to_string(), format!("{AGAIN}\n{SESSION}")];
    each.map(|users| by_flows(&with(&core(rate), &users), |_| {}))
}

/// Of 5-minute intervals those are bad whose hour is so loud that 1 % of the views or more is too much:
/// P(N ≥ 1 / (0.99 u)), N lognormal of mean 1, whoever tries again or goes away.
#[test]
fn intervals_are_bad_as_often_as_the_hour_is_too_loud() {
    for (rate, used) in [("40/s", 0.8), ("45/s", 0.9), ("55/s", 1.1)] {
        let least: f64 = 1.0 / ((1.0 - BAD) * used);
        let bad = normal_cdf(-(ln(least) + 0.12 * 0.12 / 2.0) / 0.12);
        for seen in lived(rate) {
            let share = seen.bad_intervals / (30.0 * 288.0);
            println!("{rate}: {share:.6} bad, {bad:.6} by the law of the noise");
            // The wait settles within the first intervals.
            assert!(
                (share - bad).abs() <= 3.0 / (30.0 * 288.0),
                "{rate}: {share}, {bad}: {seen:?}"
            );
        }
    }
}

/// Two sites of one core, each behind a balancer whose queue users leave, behind a name service: 50 views per second of 40 ms: each is offered exactly what it can
/// do. The first is dead for four hours.
fn at_the_limit(rate: &str) -> String {
    base("site").with(&format!(
        r#"
[run]
horizon = "5y"
[server.box]
count = 2
cores = 1
[zone.web]
count = 2
on = ["box-1", "box-2"]
[service.app]
workers = "unlimited"
restart = "1s"
[balancer.left]
rack = "r"
to = "app-1"
member-limit = 1
[balancer.right]
rack = "r"
to = "app-2"
member-limit = 1
[name-service.www]
to = ["left", "right"]
policy = "round-robin"
ttl = "60s"
check = {{ interval = "5s", time-out = "2s", fall = 2, rise = 2 }}
[clients.public]
patience = {{ dist = "lognormal", mean = "5s", cv = 0.8 }}
[workload.visitors]
rate = "{rate}"
[request.page]
enter = "www"
demands = {{ page = "40ms" }}
[fault.dead]
hits = "box-1"
how = "crash"
at = "30d"
lasts = "4h"
"#
    ))
}

/// While one site is dead half of the views are lost, first for it and then for lack of capacity: 25/s over four
/// hours, and until all names lead to both again, a minute and a half at most. Afterwards nothing drains the queue of
/// the other but the users who abandon it, ever fewer: that ends, and is not followed for years.
#[test]
fn a_load_of_exactly_the_capacity_ends_and_loses_what_an_outage_costs() {
    let lost: Vec<f64> = ["50/s", "49.99999995/s", "50.00000005/s"]
        .iter()
        .map(|rate| by_flows(&at_the_limit(rate), |_| {}).lost.iter().sum())
        .collect();
    let outage = 25.0 * 4.0 * 3_600.0;
    let few = 0.1 * 25.0 * 5.0 * 31_536_000.0 * 1e-6;
    println!("{lost:?}, {outage} by arithmetic");
    for lost in &lost {
        assert!((outage - 300.0..outage + 25.0 * 90.0 + few).contains(lost), "{lost}, {outage}");
    }
    assert!(lost.iter().all(|one| (one - lost[0]).abs() < 100.0), "{lost:?}");
}

/// Users who all wait for the same time abandon all at once: the queue stays at that length, and what is lost is
/// what is too much, 55/s of 50/s.
#[test]
fn a_queue_of_users_of_one_patience_settles_at_it() {
    let text = core("55/s").replace("noise = { sigma = 0.12, phi = 0.84 }\n", "");
    let text =
        text.replace("patience = { dist = \"exponential\", mean = \"2s\" }", "patience = \"2s\"");
    assert!(text.contains("patience = \"2s\"") && !text.contains("noise"));
    let seen = by_flows(&text, |_| {});
    let (lost, excess) = (seen.lost.iter().sum::<f64>(), 5.0 * 30.0 * 86_400.0);
    assert!((lost / excess - 1.0).abs() < 1e-3, "{lost}, {excess}");
}

/// However much is too much, there are no more bad intervals than intervals.
#[test]
fn no_interval_is_bad_twice() {
    for seen in lived("150/s") {
        let share = seen.bad_intervals / (30.0 * 288.0);
        assert!(share <= 1.0 + 1e-12 && share > 0.999, "{share}: {seen:?}");
    }
}

/// A shop at its limit with users who try again and go away: what its pieces want, lose and find bad adds up to
/// what the whole history does.
#[test]
fn pieces_of_a_history_at_its_limit_add_up_to_the_whole() {
    let text = base("shop")
        .replace("rate = \"4/s\"", "rate = \"4/s\"\nnoise = { sigma = 0.3, phi = 0.84 }");
    let text = text.replace("demands = { page = \"50ms\" }", "demands = { page = \"2700ms\" }");
    let text = text.replace("time-out = \"5s\"\n", "time-out = \"8s\"\n");
    let text = with(&text, &format!("{AGAIN}\n{SESSION}"));
    assert!(text.contains("sigma") && text.contains("2700ms") && text.contains("geometric"));
    let sizes = Sizes { replications: 2, quiet: 1_000_000, episodes: 1_000_000, least: 2 };
    let shop = Shop::of(&text, "3h", sizes, |_| {});
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs().max(1.0);
    for [pieces, whole] in shop.sums() {
        println!("{pieces:?} in pieces, {whole:?} as one");
        let each = pieces.iter().zip(&whole);
        assert!(each.clone().all(|(a, b)| near(*a, *b)), "{pieces:?}, {whole:?}");
        assert!(whole.iter().all(|value| *value > 1.0), "{whole:?}");
    }
}

/// Pages are too many at ten in the morning, calls at eight in the evening, each of a service of its own; for a month
/// nothing changes. An interval is bad for all when it is for one, so that of all as many are bad as of both,
/// whenever the clock is started.
#[test]
fn classes_in_overload_at_other_hours_make_other_intervals_bad() {
    bad_of_each_and_of_all("Mon 00:00", 20);
    bad_of_each_and_of_all("Mon 00:35", 11);
}

/// Pages are too many at ten, calls at `evening`.
fn bad_of_each_and_of_all(start: &str, evening: usize) {
    let loud_at = |hour: usize| {
        let hours: Vec<&str> = (0..24).map(|at| if at == hour { "12.5" } else { "0.5" }).collect();
        hours.join(", ")
    };
    let lines = format!(
        r#"
[run]
start = "{start}"
replications = 2
[window.short]
length = "1s"
[workload.visitors]
profile = "morning"
[profile.morning]
hours = [{}]
[profile.evening]
hours = [{}]
[server.other]
rack = "r"
cores = 1
[zone.back]
on = ["other"]
[service.api]
in = "back"
workers = 100
restart = "5s"
[balancer.side]
rack = "r"
to = "api"
member-limit = 1
[workload.partners]
from = "public"
request = "call"
rate = "6/s"
profile = "evening"
noise = {{ sigma = 0.12, phi = 0.84 }}
[request.call]
enter = "side"
demands = {{ call = "20ms" }}
steps = [ {{ cpu = "api", demand = "call" }} ]
"#,
        loud_at(10),
        loud_at(evening),
    );
    let text = core("6/s").with(&lines);
    let loaded = crate::inside::common::read(&text, std::path::Path::new(".")).unwrap();
    let study = &loaded.study;
    let seen = fivenines::study::scenario::run(&loaded.plan, study, &Default::default()).unwrap();
    let seen = fivenines::study::results::gather(&loaded.draft, &loaded.plan, study, &seen);
    let load = seen.years.unwrap().load.unwrap();
    let bad = |objective: &fivenines::study::window::Estimate| 1.0 - objective.value().unwrap();
    let each: Vec<f64> = load.classes.iter().map(|class| bad(&class.objective)).collect();
    let all = bad(&load.all.unwrap().objective);
    println!("{each:?} of one class, {all} of both");
    // One hour of twenty-four, and hardly an interval beside it.
    assert!(each.iter().all(|bad| (bad * 24.0 - 1.0).abs() < 0.3), "{each:?}");
    assert!((all / each.iter().sum::<f64>() - 1.0).abs() < 0.01, "{each:?}, {all}");
}

/// Reads of 12 ms of a disk go to two replicas, 50 per second to each, from no users. One replica dies for 2,000 s. If a script knows
/// that, the other has all of them, and does 1 / 12 ms = 83.3 of 100 per second. Calls wait 10 s at most, and the disk goes on with reads
/// whose call has timed out: from 50 s on, when 833 wait, all are lost. At the end 33,333 wait; the disk then has 50 a second, and
/// those are lost for (33,333 − 833) / (83.3 − 50) = 975 s more. Without a script half of the reads still go to the dead replica.
#[test]
fn reads_that_a_replica_cannot_do_are_lost_by_the_time_out_of_their_call() {
    let script = r#"
[database.mysql.failover]
detect = { interval = "1s", time-out = "1s", fall = 1 }
promote = "1s"
coverage = 1
manual-repair = "1h"
"#;
    for (script, lost) in [(script, 1_950.0 * 100.0 + 975.0 * 50.0), ("", 2_000.0 * 50.0)] {
        let text = base("replicas").with(&format!(
            r#"
[server.box]
count = 4
[server.box.disks]
local = {{ kind = "10k", layout = "plain", data = 1, time = "12ms" }}
[zone.sql]
count = 3
on = ["box-2", "box-3", "box-4"]
[request.put]
steps = [ {{ call = "mysql", read = 1, time-out = "10s" }} ]
[workload.writers]
rate = "100/s"
[database.mysql]
in = {{ primary = "sql-1", replicas = ["sql-2", "sql-3"] }}
connections = 100000
data = {{ sql-1 = "box:local", sql-2 = "box:local", sql-3 = "box:local" }}
reads = {{ to = "replicas" }}
read = {{ cpu = "0.1ms", io = {{ probability = 1.0, mean = 1 }} }}
{script}
[fault.away]
hits = "database.mysql.replica-1"
how = "crash"
at = "100s"
lasts = "2000s"
"#
        ));
        let near = |found: f64| (found / lost - 1.0).abs() < 0.04;
        let years = Years::of(asked(&drafted(&text), "1d", 2, &["lost.put@horizon"]));
        let years = years.interval("lost.put@horizon").estimate / 365.25;
        assert!(near(years), "years lose {years} instead of {lost}");
        let window = "[run]\nseed = 1\nreplications = 2\n[window.all]\nlength = \"4000s\"\n";
        let scenario = Scenario::parse(&text.with(window)).unwrap();
        let run = Run::new().requests_only().figure("lost.put@all");
        let window = scenario.run(&run).unwrap().figure("lost.put@all").unwrap().value();
        assert!(near(window), "a window loses {window} instead of {lost}");
    }
}
