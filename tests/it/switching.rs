//! Promise: planned work that takes a primary out announces it; the outage is that of the switch-over, in windows and over years,
//! and what goes wrong meanwhile costs what it costs after a failover.

use fivenines::{Results, Run, Scenario};

/// Ten orders per second at even distances that write once. The zone of the primary is patched once, at 00:10, for 8 min.
const SCENE: &str = r#"
scenario = "switching"
format   = 2
[run]
start   = "Mon 00:00"
horizon = "1y"
seed    = 1
replications = 2
[window.all]
at = "0s"
length = "30min"
warm-up = "0s"
replications = 2
[server.front]
cores = 16
[server.data]
count = 2
cores = 4
[zone.web]
on = ["front-1"]
[zone.sql]
count = 2
on = ["data-1", "data-2"]
[service.app]
in      = "web"
workers = 1000
[database.db]
in    = { primary = "sql-1", replicas = ["sql-2"] }
connections = 100
read  = { cpu = "1ms" }
write = { cpu = "1ms" }
replication = { mode = "async", receive = "500ms" }
restart = "0s"
[database.db.failover]
detect = { interval = "1s", time-out = "1s", fall = 2 }
promote = "10s"
switch-over = "5s"
coverage = 1
manual-repair = "1h"
[clients.public]
time-out = "1s"
[workload.buyers]
from     = "public"
request  = "order"
rate     = "10/s"
arrivals = { process = "fixed" }
[request.order]
enter = "app"
steps = [ { call = "db", write = 1 } ]
[operation.patch]
at    = "Mon 00:10"
lasts = "8min"
does  = "maintain"
of    = "sql-1"
"#;

const PATHS: [&str; 5] = [
    "downtime.order@horizon",
    "lost-writes.db@horizon",
    "failovers.db@horizon",
    "lost.order@all",
    "lost-writes.db@all",
];

fn run(text: &str) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let run = PATHS.iter().fold(Run::new(), |run, path| run.figure(path));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

/// Returns the value of a figure; zero where it counts what was never seen.
fn value(results: &Results, path: &str) -> f64 {
    match results.figure(path) {
        Ok(figure) => figure.value(),
        Err(error) if error.to_string().contains("none in") => 0.0,
        Err(error) => panic!("{path}: {error}"),
    }
}

/// Asserts the seconds of the outages, in both solvers, and the writes lost and the failovers.
fn costs(text: &str, seconds: f64, (writes, failovers): (f64, f64)) {
    let results = run(text);
    let [down, lost, times, views, lost_in_window] = PATHS.map(|path| value(&results, path));
    assert!((down - seconds).abs() < 0.51, "years: down {down} s, not {seconds}");
    assert!((lost - writes).abs() <= 0.1, "years: {lost} writes lost, not {writes}");
    assert!((times - failovers).abs() < 1e-9, "years: {times} failovers, not {failovers}");
    assert!((views / 10.0 - seconds).abs() < 0.81, "window: {views} lost, not {seconds} s of 10/s");
    assert!((lost_in_window - writes).abs() <= 1.0, "window: {lost_in_window} writes lost");
}

/// The replica has what was on its way, and is primary after the switch-over. Without one the work is detected after
/// U(0, 1 s) + 2 s, and five writes are lost that were on their way for half a second.
#[test]
fn an_announced_switch_over_takes_its_time_and_loses_no_write() {
    costs(SCENE, 5.0, (0.0, 1.0));
    costs(&SCENE.replace("switch-over = \"5s\"\n", ""), 12.5, (5.0, 1.0));
}

/// Semi-synchronous writes of the new primary go on where a further replica acknowledges them.
#[test]
fn semi_synchronous_writes_go_on_after_a_switch_over() {
    let three = SCENE
        .replace("count = 2", "count = 3")
        .replace("\"data-2\"]", "\"data-2\", \"data-3\"]")
        .replace("[\"sql-2\"]", "[\"sql-2\", \"sql-3\"]");
    costs(&three.replace("\"async\"", "\"semi-sync\""), 5.0, (0.0, 1.0));
}

/// The former primary has all writes: it follows when it is back, without a rebuild, and takes over from the other.
#[test]
fn the_former_primary_follows_when_it_is_back() {
    let second = "[operation.second]\nat = \"Mon 00:20\"\nlasts = \"8min\"\ndoes = \"maintain\"\nof = \"sql-2\"\n";
    costs(&format!("{SCENE}{second}"), 10.0, (0.0, 2.0));
}

/// Work that is done sooner than the switch-over does not end it.
#[test]
fn a_switch_over_that_has_begun_is_completed() {
    costs(&SCENE.replace("\"8min\"", "\"2s\""), 5.0, (0.0, 1.0));
}

/// No replica is there to switch over to: the database is down for as long as the work lasts.
#[test]
fn work_without_a_replica_takes_the_database_down() {
    let gone = "[fault.gone]\nhits = \"server.data-2\"\nhow = \"crash\"\nat = \"9min\"\nlasts = \"15min\"\n";
    costs(&format!("{SCENE}{gone}"), 480.0, (0.0, 0.0));
}

/// Work that takes out all members at once leaves no replica to switch over to.
#[test]
fn work_on_all_members_takes_the_database_down() {
    costs(&SCENE.replace("of    = \"sql-1\"", "of    = \"zone.sql\""), 480.0, (0.0, 0.0));
    let together = SCENE
        .replace("[server.front]", "[site.main]\n[rack.shelf]\nsite = \"main\"\n[server.front]")
        .replace("count = 2\ncores = 4", "count = 2\ncores = 4\nrack = \"shelf\"")
        .replace("of    = \"sql-1\"", "of    = \"rack.shelf\"");
    costs(&together, 480.0, (0.0, 0.0));
}

/// A roll-out takes out the zone of the new primary at the instant at which that of the former one is back. The former primary has
/// all writes, and takes over again. Over years it has applied them; in the window it applies 4,800 of 1 ms first.
#[test]
fn a_roll_out_hands_the_role_on_and_back() {
    let text = SCENE
        .replace("\"maintain\"", "\"deploy\"")
        .replace("of    = \"sql-1\"", "of    = \"zone.sql\"");
    let results = run(&text);
    let [down, lost, times, views, lost_in_window] = PATHS.map(|path| value(&results, path));
    assert!((down - 10.0).abs() < 0.01, "years: down {down} s");
    assert!((views / 10.0 - 14.8).abs() < 0.81, "window: {views} lost");
    assert_eq!([lost, lost_in_window, times], [0.0, 0.0, 2.0]);
}

/// Nothing is handed over if all members are out at once. In half of all years the replica restarts first: it lacks the five writes
/// that were on their way.
#[test]
fn work_on_all_members_hands_nothing_over() {
    let text = SCENE
        .replace("of    = \"sql-1\"", "of    = \"zone.sql\"")
        .replace("restart = \"0s\"", "restart = { dist = \"exponential\", mean = \"20min\" }")
        .replace("replications = 2\n[window", "replications = 200\n[window");
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let path = "lost-writes.db@horizon";
    let results = scenario.run(&Run::new().figure(path)).unwrap_or_else(|error| panic!("{error}"));
    let lost = value(&results, path);
    assert!((lost - 2.5).abs() < 0.55, "{lost}");
}

/// Work is announced also where it will go wrong.
#[test]
fn work_that_goes_wrong_is_announced_too() {
    let wrong = SCENE
        .replace("\"maintain\"", "\"deploy\"")
        .replace("\"8min\"", "\"8min\"\ngoes-wrong = { probability = 1, repair = \"1h\" }");
    costs(&wrong, 5.0, (0.0, 1.0));
}

/// Reads at replicas go to the new primary, not to the former one that is out: in the window all of 10/s but those of the
/// switch-over are answered.
#[test]
fn reads_at_replicas_do_not_go_to_the_former_primary() {
    let reads = SCENE
        .replace("connections = 100", "reads = { to = \"replicas\" }\nconnections = 100")
        .replace("write = 1 } ]", "read = 1, write = 1 } ]");
    let results = run(&reads);
    let lost = value(&results, "lost.order@all");
    assert!(lost <= 55.0, "{lost} reads lost");
}

/// The replica crashes 2 s into the switch-over, for a minute. It has all writes, and is promoted as after a failover.
#[test]
fn a_replica_that_fails_during_the_switch_over_is_promoted_when_it_is_back() {
    let gone = "[fault.gone]\nhits = \"db-2\"\nhow = \"crash\"\nat = \"602s\"\nlasts = \"1min\"\n";
    costs(&format!("{SCENE}{gone}"), 72.0, (0.0, 1.0));
}

/// A crash of the primary is not announced by work that comes later.
#[test]
fn a_crash_is_detected_as_before() {
    let crash =
        "[fault.crash]\nhits = \"server.data-1\"\nhow = \"crash\"\nat = \"5min\"\nlasts = \"1h\"\n";
    costs(&format!("{SCENE}{crash}"), 12.5, (5.0, 1.0));
}
