//! Promise: a figure is what its row of the reference says, also in a window that does not begin at rest, of a group, of a
//! class that several workloads request, and where several faults act at one time.

use fivenines::{Results, Run, Scenario};

use crate::inside::shared::base::{With, base};

fn run(text: &str, figures: &[&str]) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let run = figures.iter().fold(Run::new(), |run, path| run.figure(path));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs `text` and compares figures with their computed values, each within a share of it.
fn holds(text: &str, figures: &[(&str, f64, f64)]) {
    let paths: Vec<&str> = figures.iter().map(|(path, ..)| *path).collect();
    let results = run(text, &paths);
    for (path, truth, within) in figures {
        let found = results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}")).value();
        println!("{path}: {found}, computed {truth}");
        assert!((found - truth).abs() <= within * truth.abs(), "{path}: {found}, computed {truth}");
    }
}

/// Each of 50 messages of a page takes 3 to 5 s by a triangular law: its standard deviation is √(3 / 18).
#[test]
fn messages_of_one_request_have_work_of_their_own() {
    let text = base("jobs").with(
        r#"
[window.steady]
length = "10min"
warm-up = "1min"
[server.box]
cores = 128
[service.worker]
workers = 100
[workload.w]
rate = "0.02/s"
[request.page]
steps = [ { cpu = "web", demand = "page" }, { repeat = { count = 50, steps = [ { publish = "jobs" } ] } } ]
[request.job]
demands = { work = { dist = "triangular", low = "3s", mode = "4s", high = "5s" } }
"#,
    );
    let spread = (3.0_f64 / 18.0).sqrt();
    holds(&text, &[("latency.job.mean@steady", 4.0, 0.02), ("latency.job.sd@steady", spread, 0.1)]);
}

#[test]
fn a_class_that_several_workloads_request_counts_them_all() {
    let text = base("desk").with(
        r#"
[window.steady]
level = "1 x rate"
length = "100s"
[station.desk]
service = "10ms"
[workload.jobs]
arrivals = { process = "regular" }
[workload.more]
request = "job"
rate = "30/s"
arrivals = { process = "regular" }
"#,
    );
    holds(
        &text,
        &[
            ("arrivals.job@steady", 4_000.0, 0.01),
            ("arrival-rate.job@steady", 40.0, 0.01),
            ("served.job@steady", 4_000.0, 0.01),
            ("attempts.job@steady", 4_000.0, 0.01),
            ("arrivals.job.max[per=10s]@steady", 400.0, 0.01),
        ],
    );
    // The tables have a row for each workload, with its interval.
    let results = run(&text, &[]);
    let rows: Vec<_> = results.table("availability").unwrap().collect();
    assert_eq!(rows.len(), 2, "{rows:?}");
    for row in rows {
        let text = row.to_string();
        assert!(!text.contains("single run") && !text.contains("not kept"), "{text}");
    }
}

/// Three zones with a working set of 1.25 of their 1 GiB: each is full.
#[test]
fn a_share_of_a_group_is_the_mean_of_its_members() {
    let text = r#"
scenario = "paged"
[run]
replications = 2
[window.calm]
length = "60s"
warm-up = "60s"
[server.small]
count = 3
cores = 4
memory = "4GiB"
[server.small.disks]
local = { kind = "10k", layout = "mirror", data = 1, parity = 1 }
[zone.part]
count = 3
on = ["small-1", "small-2", "small-3"]
memory = "1GiB"
[service.app]
in = "part"
workers = "unlimited"
mounts = { swap = "small:local" }
working-set = { base = "1.25GiB", touches = 20, dirty = 0, swap = "swap" }
[balancer.front]
to = "app"
[workload.users]
request = "page"
rate = "30/s"
[request.page]
enter = "front"
demands = { work = "20ms" }
steps = [ { cpu = "app", demand = "work" } ]
"#;
    let results = run(text, &["resident.part.memory@calm", "resident.part-1.memory@calm"]);
    let of = |path| results.figure(path).unwrap().value();
    let (group, member) = (of("resident.part.memory@calm"), of("resident.part-1.memory@calm"));
    assert!(member > 0.9 && (group - member).abs() < 0.01, "{group} of the group, {member} of one");
}

/// A crowd of ten minutes has eight members; the window after it has the three of before.
#[test]
fn the_largest_number_of_members_is_that_of_the_window() {
    let text = base("scaler").with(
        r#"
[run]
replications = 2
[window.crowd]
at = "30min"
length = "10min"
warm-up = "29min"
[workload.users]
step = { at = "00:10", factor = 3.0, for = "8min" }
"#,
    );
    holds(&text, &[("members.grow.max@crowd", 3.0, 0.0), ("members.grow@crowd", 3.0, 0.01)]);
}

/// 600 messages before the window, and some ten in it; none is done in time.
#[test]
fn a_share_of_messages_is_of_those_that_leave_in_the_window() {
    let text = base("jobs").with(
        r#"
[run]
replications = 2
[window.steady]
at = "60s"
length = "100s"
warm-up = "60s"
[service.worker]
workers = 1
[queue.jobs]
acknowledge-within = "100ms"
attempts = 1
prefetch = 1
[workload.w]
rate = "10/s"
step = { at = "60s", factor = 0.01 }
[request.job]
demands = { work = "200ms" }
"#,
    );
    holds(&text, &[("dead-letters.jobs.chance@steady", 1.0, 0.0)]);
}

#[test]
fn customers_that_share_a_server_do_not_wait_for_it() {
    let text = base("desk").with("[station.desk]\ndiscipline = \"ps\"");
    let scenario = Scenario::parse(&text).unwrap();
    let refused = [
        ("queue.desk", "it has no queue with servers behind it"),
        ("busy.desk.max", "it has no queue with servers behind it"),
        ("waiting.desk.p95", "kept of stations whose customers queue"),
        ("queue.desk.max", "kept of stations whose customers queue"),
    ];
    for (path, why) in refused {
        let asked = Run::new().figure(&format!("{path}@steady"));
        let error = scenario.run(&asked).expect_err(path).to_string();
        assert!(error.contains(why), "{path}: {error}");
    }
}

/// 40 pages/s of 50 ms at one core for 100 s: at most 20/s are served, at 100 W; with processor sharing, fewer.
#[test]
fn views_per_kilowatt_hour_are_those_served_meanwhile() {
    let text = base("service").with(
        r#"
[run]
replications = 2
[window.flood]
length = "100s"
[server.box]
cores = 1
power = { idle = "100W", full = "100W" }
[workload.users]
request = "page"
rate = "40/s"
arrivals = { process = "regular" }
[request.page]
enter = "app"
demands = { page = "50ms" }
steps = [ { cpu = "app", demand = "page" } ]
"#,
    );
    let served = 2_000.0 / (100.0 * 100.0 / 3.6e6);
    let results = run(&text, &["views-per-kwh.page@flood", "throughput.page@flood"]);
    let of = |path| results.figure(path).unwrap().value();
    let (views, rate) = (of("views-per-kwh.page@flood"), of("throughput.page@flood"));
    assert!((views - rate * 100.0 / (100.0 * 100.0 / 3.6e6)).abs() < 1.0, "{views} at {rate}/s");
    assert!(views <= served * 1.01, "{views}");
}

/// Pages of 20 ms, a tenth of a second apart, at four members behind a shallow check and then at one service.
fn two_tiers(lines: &str) -> String {
    r#"
scenario = "two"
[run]
horizon = "30d"
seed = 1
replications = 40
[server.box]
count = 4
cores = 1
[server.other]
cores = 1
[zone.www]
count = 4
on = ["box-1", "box-2", "box-3", "box-4"]
[zone.back]
on = ["other-1"]
[service.app]
in = "www"
workers = "unlimited"
[service.deep]
in = "back"
workers = "unlimited"
[balancer.front]
to = "app"
check = { interval = "1s", time-out = "1s", fall = 2, rise = 2, depth = "shallow" }
[workload.visitors]
request = "page"
rate = "10/s"
[request.page]
enter = "front"
demands = { page = "20ms" }
steps = [ { cpu = "app", demand = "page" }, { call = "deep", steps = [ { cpu = "deep", demand = "page" } ] } ]
"#
    .with(lines)
}

/// A member hangs undetected for 48 h and loses a quarter of the views. The service behind is dead for 12 h of these, and
/// loses the other three quarters.
#[test]
fn views_that_two_faults_lose_at_one_time_are_divided_between_them() {
    let text = two_tiers(
        r#"
[fault.hung]
hits = "service.app-1"
how = "hang"
at = "10d"
lasts = "2d"
[fault.dead]
hits = "server.other"
how = "crash"
at = "11d"
lasts = "12h"
"#,
    );
    let a_year = 365.0 / 30.0;
    let hung = 0.25 * 10.0 * 48.0 * 3_600.0 * a_year;
    let dead = 0.75 * 10.0 * 12.0 * 3_600.0 * a_year;
    holds(
        &text,
        &[
            ("lost.page[cause=hung]@horizon", hung, 0.01),
            ("lost.page[cause=dead]@horizon", dead, 0.01),
        ],
    );
}

/// One of four edges is dead for 20 days. For ten of these the origin is dead too: a tenth of the look-ups misses, and content of ten
/// days grows old meanwhile, half of it on average. By the age of the content the origin loses more and more.
#[test]
fn shares_of_causes_follow_the_age_of_what_edges_hold() {
    let text = ONE.with(
        r#"
[run]
horizon = "30d"
replications = 40
[cdn.edge]
count = 4
to = "app"
hit = { page = 0.9 }
ttl = "10d"
convergence = "20d"
[request.page]
enter = "edge"
[fault.edge]
hits = "cdn.edge-1"
how = "crash"
at = "5d"
lasts = "20d"
[fault.origin]
hits = "server.box"
how = "crash"
at = "6d"
lasts = "10d"
"#,
    );
    let views = 10.0 * 86_400.0 * 365.0 / 30.0;
    let edge = 0.25 * 20.0 * views;
    let origin = 0.75 * (0.1 + 0.9 / 2.0) * 10.0 * views;
    holds(
        &text,
        &[
            ("lost.page[cause=edge]@horizon", edge, 0.02),
            ("lost.page[cause=origin]@horizon", origin, 0.03),
        ],
    );
}

/// A server that is dead from the second hour on answers no probe: (0.3 + 0.01) for one of 672 hours.
#[test]
fn a_dead_server_is_not_busy_with_probes() {
    let text = two_tiers(
        r#"
[run]
horizon = "28d"
[balancer.front]
check = { interval = "1s", time-out = "1s", fall = 2, rise = 2, depth = "deep", cpu = "300ms" }
[workload.visitors]
rate = "2/s"
[fault.b]
hits = "server.box-1"
how = "crash"
at = "1h"
lasts = "671h"
"#,
    );
    holds(&text, &[("utilization.box-1.cpu@horizon", 0.31 / 672.0, 0.05)]);
}

const ONE: &str = r#"
scenario = "one"
[run]
horizon = "1y"
seed = 1
[server.box]
cores = 1
[zone.www]
on = ["box-1"]
[service.app]
in = "www"
workers = "unlimited"
[workload.visitors]
request = "page"
rate = "10/s"
[request.page]
enter = "app"
demands = { page = "20ms" }
steps = [ { cpu = "app", demand = "page" } ]
"#;

#[test]
fn replications_that_agree_have_a_figure_however_many_they_are() {
    for replications in [9, 10, 16, 29, 30] {
        let lines = format!(
            "[run]\nreplications = {replications}\n\
             [fault.a]\nhits = \"server.box\"\nhow = \"crash\"\nat = \"10d\"\nlasts = \"1h\"\n"
        );
        holds(&ONE.with(&lines), &[("downtime.page@horizon", 3_600.0, 1e-9)]);
    }
}

/// One outage a year by the clock, and one in ten years by chance: 12 years have seen none of the latter.
#[test]
fn an_event_that_was_not_seen_widens_what_agrees() {
    let lines = "[run]\nreplications = 12\n\
                 [fault.a]\nhits = \"server.box\"\nhow = \"crash\"\nat = \"10d\"\nlasts = \"1h\"\n\
                 [fault.r]\nhits = \"server.box\"\nhow = \"crash\"\nrate = \"0.001/y\"\nrepair = \"1h\"\n";
    let results = run(&ONE.with(lines), &["downtime.page@horizon"]);
    let found = results.figure("downtime.page@horizon").unwrap();
    let (low, high) = (found.low(), found.high());
    assert!(low <= 3_600.0 && high >= 3_600.0 + 3.6 * 3_600.0 / 12.0, "{low} to {high}");
}

/// Outages of 10 min count as none: those of 2 h come every five years.
#[test]
fn an_outage_too_short_to_count_ends_no_time_to_failure() {
    let text = ONE.with(
        r#"
[run]
replications = 400
shortest-outage = "1h"
[fault.short]
hits = "server.box"
how = "crash"
rate = "12/y"
repair = "10min"
[fault.long]
hits = "server.box"
how = "hang"
rate = "0.2/y"
repair = "2h"
"#,
    );
    holds(&text, &[("mttf.page@horizon", 5.0 * 365.0 * 86_400.0, 0.15)]);
}

/// A server that fails six times per year and is dead for 27 days each time: the bill of all months over the views of all.
#[test]
fn the_bill_per_million_views_is_that_of_all_replications() {
    let text = ONE.with(
        r#"
[run]
horizon = "30d"
replications = 400
[cost]
zone = "$100/month"
[fault.long]
hits = "server.box"
how = "crash"
rate = "6/y"
repair = "27d"
"#,
    );
    let paths = ["cost-per-million.page@horizon", "lost.page@horizon"];
    let results = run(&text, &paths);
    let [cost, lost] = paths.map(|path| results.figure(path).unwrap().value());
    // Twelve months of 730 h; the views of a year less the lost ones.
    let views = 10.0 * 365.0 * 86_400.0 - lost;
    let truth = 12.0 * 100.0 / views * 1e6;
    assert!((cost - truth).abs() < 0.01 * truth, "{cost} and not {truth}");
}

/// One of 200 edges is dead for 20 of 100 days: fewer than 1 % of the users, and still some.
#[test]
fn continuous_availability_is_never_above_the_structural_one() {
    let text = ONE.with(
        r#"
[run]
horizon = "100d"
replications = 4
[cdn.edge]
count = 200
to = "app"
hit = { page = 0.5 }
ttl = "6h"
convergence = "10d"
[request.page]
enter = "edge"
[fault.e]
hits = "cdn.edge-1"
how = "crash"
at = "10d"
lasts = "20d"
"#,
    );
    let paths = ["downtime.page@horizon", "downtime.page[availability=continuous]@horizon"];
    let results = run(&text, &paths);
    let [structural, continuous] = paths.map(|path| results.figure(path).unwrap().value());
    assert!(structural > 0.0 && continuous >= structural, "{continuous} and {structural}");
}
