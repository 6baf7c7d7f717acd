//! Promise: a server whose processors are scheduled at the tick gives its zones what a kernel gives them.

use crate::{Results, Run, Scenario};

/// A zone with its service.
fn zone(name: &str, shares: u32) -> String {
    format!(
        r#"
[zone.{name}]
on  = ["box-1"]
cpu = {{ shares = {shares} }}
[service.{name}-job]
in      = "{name}"
workers = "unlimited"
"#
    )
}

/// Users who have a `job` each all the time.
fn users(zone: &str, users: u32, job: &str) -> String {
    format!(
        r#"
[workload.{zone}-users]
request = "{zone}-work"
users   = {users}
think   = "0s"
[request.{zone}-work]
enter   = "{zone}-job"
demands = {{ job = "{job}" }}
steps   = [ {{ cpu = "{zone}-job", demand = "job" }} ]
"#
    )
}

/// Returns a file with zones of 300 and 100 shares on a server of one core, in which one and 16 users have a `job` each,
/// and a light zone of 100 shares with `rate` requests of 5 ms.
fn neighbours(server: &str, job: &str, rate: &str, more: &str) -> String {
    let zones = [zone("few", 300), zone("many", 100), zone("light", 100)].concat();
    let users = users("few", 1, job) + &users("many", 16, job);
    format!(
        r#"
scenario = "ticks"
format   = 2
[run]
seed = 1
replications = 2
[window.busy]
length  = "30s"
warm-up = "10s"
[server.box]
cores = 1
{server}
{zones}{users}
[workload.visitors]
request = "page"
rate    = "{rate}"
[request.page]
enter   = "light-job"
demands = {{ page = "5ms" }}
steps   = [ {{ cpu = "light-job", demand = "page" }} ]
{more}"#
    )
}

fn run(text: &str) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let figures =
        ["utilization.few.cpu@busy", "utilization.many.cpu@busy", "latency.page.mean@busy"];
    let run = figures.iter().fold(Run::new().requests_only(), |run, figure| run.figure(figure));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

fn figure(results: &Results, path: &str) -> f64 {
    results.figure(path).unwrap_or_else(|error| panic!("{error}")).value()
}

const TICK: &str = "cpu-model = \"tick\"";

/// 300 : 100 by shares, 1 : 16 by the rule of 2012.
#[test]
fn the_rule_of_2012_divides_a_server_by_threads() {
    let reset = format!("{TICK}\ncpu-tick = {{ quantum-rule = \"reset\" }}");
    for (server, few) in [("", 0.75), (TICK, 0.75), (&reset, 1.0 / 17.0)] {
        let results = run(&neighbours(server, "1h", "0.01/s", ""));
        let found = figure(&results, "utilization.few.cpu@busy");
        assert!((found / few - 1.0).abs() < 0.02, "{found} instead of {few}: {server}");
        let both = found + figure(&results, "utilization.many.cpu@busy");
        assert!((both - 1.0).abs() < 0.001, "{both}");
    }
}

/// A request of 5 ms is given a whole processor at once; the fluid gives its zone a fifth of it.
#[test]
fn a_short_request_does_not_wait_for_busy_neighbours_at_the_tick() {
    let latency = |server| {
        let results = run(&neighbours(server, "1s", "20/s", ""));
        figure(&results, "latency.page.mean@busy")
    };
    let (fluid, tick) = (latency(""), latency(TICK));
    assert!(fluid > 0.02, "{fluid}");
    assert!((0.005..0.006).contains(&tick), "{tick}");
}

#[test]
fn the_model_fluid_is_that_of_a_file_without_the_key() {
    let without = run(&neighbours("", "1s", "20/s", ""));
    let with = run(&neighbours("cpu-model = \"fluid\"", "1s", "20/s", ""));
    for path in ["utilization.few.cpu@busy", "utilization.many.cpu@busy", "latency.page.mean@busy"]
    {
        assert_eq!(figure(&without, path).to_bits(), figure(&with, path).to_bits(), "{path}");
    }
}

/// Faults of a server act at the tick as in the fluid. The end of each run asserts that its accounts are closed.
#[test]
fn a_server_at_the_tick_pauses_slows_and_crashes() {
    let mut faults = String::new();
    for (number, (how, more)) in
        [("pause", ""), ("slow", "factor = 3\n"), ("crash", "")].into_iter().enumerate()
    {
        let at = 12 + 8 * number;
        faults += &format!(
            "[fault.f{number}]\nhits = \"box-1\"\nhow = \"{how}\"\nat = \"{at}s\"\nlasts = \"3s\"\n{more}"
        );
    }
    let found = |server| {
        let results = run(&neighbours(server, "1s", "20/s", &faults));
        ["few", "many"].map(|zone| figure(&results, &format!("utilization.{zone}.cpu@busy")))
    };
    let (fluid, tick) = (found(""), found(TICK));
    for (fluid, tick) in fluid.iter().zip(tick) {
        assert!((tick / fluid - 1.0).abs() < 0.1, "{tick} instead of {fluid}");
    }
}
