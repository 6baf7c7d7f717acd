//! Promise: a server whose processors are scheduled at the tick gives its zones what a kernel gives them.

use crate::{Results, Run, Scenario};

/// Returns a file with two zones of 100 and 300 shares on a server of two cores. `few` have jobs of one user, `many` of
/// 16, and the light zone 20 requests of 5 ms per second.
fn neighbours(server: &str, more: &str) -> String {
    let zone = |name: &str, shares: u32| {
        format!(
            "[zone.{name}]\non = [\"box-1\"]\ncpu = {{ shares = {shares} }}\n[service.{name}-job]\nin = \"{name}\"\nworkers = \"unlimited\"\n"
        )
    };
    let users = |name: &str, users: u32| {
        format!(
            "[workload.{name}-users]\nrequest = \"{name}-work\"\nusers = {users}\nthink = \"0s\"\n[request.{name}-work]\nenter = \"{name}-job\"\nsteps = [ {{ cpu = \"{name}-job\", demand = \"1s\" }} ]\n"
        )
    };
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
{}{}{}{}{}
[workload.visitors]
request = "page"
rate    = "20/s"
[request.page]
enter = "light-job"
steps = [ {{ cpu = "light-job", demand = "5ms" }} ]
{more}"#,
        zone("few", 300),
        zone("many", 100),
        zone("light", 100),
        users("few", 1),
        users("many", 16),
    )
}

fn run(text: &str) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let figures = ["utilization.few.cpu", "utilization.many.cpu", "latency.page.mean"];
    let run = figures.iter().fold(Run::new().requests_only(), |run, figure| run.figure(figure));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

fn figure(results: &Results, path: &str) -> f64 {
    let found = results.figure(path).unwrap_or_else(|error| panic!("{error}"));
    found.value()
}

/// The light zone uses 0.1 cores. The others get 300 : 100 of 0.9 by shares, 1 : 16 by the rule of 2012.
#[test]
fn the_rule_of_2012_divides_a_server_by_threads() {
    let fluid = run(&neighbours("", ""));
    let classic = run(&neighbours("cpu-model = \"tick\"", ""));
    let reset = "cpu-model = \"tick\"\ncpu-tick = { quantum-rule = \"reset\" }";
    let reset = run(&neighbours(reset, ""));
    let near = |results: &Results, few: f64| {
        let found = figure(results, "utilization.few.cpu@busy");
        assert!((found / few - 1.0).abs() < 0.06, "{found} instead of {few}");
        let both = found + figure(results, "utilization.many.cpu@busy");
        assert!((both - 0.9).abs() < 0.02, "{both}");
    };
    near(&fluid, 0.675);
    near(&classic, 0.675);
    near(&reset, 0.9 / 17.0);
    // A request of 5 ms is given a whole processor at once; the fluid gives its zone a fifth of it.
    let latency = |results: &Results| figure(results, "latency.page.mean@busy");
    assert!(latency(&fluid) > 0.02, "{}", latency(&fluid));
    assert!((0.005..0.008).contains(&latency(&classic)), "{}", latency(&classic));
}

#[test]
fn the_model_fluid_is_that_of_a_file_without_the_key() {
    let without = run(&neighbours("", ""));
    let with = run(&neighbours("cpu-model = \"fluid\"", ""));
    for path in ["utilization.few.cpu@busy", "utilization.many.cpu@busy", "latency.page.mean@busy"]
    {
        assert_eq!(figure(&without, path).to_bits(), figure(&with, path).to_bits(), "{path}");
    }
}

/// Faults of a server at the tick: its accounts are closed at the end of each run, which asserts them.
#[test]
fn a_server_at_the_tick_crashes_pauses_and_slows() {
    let mut fault = String::new();
    for (number, (how, more)) in
        [("crash", ""), ("pause", ""), ("slow", "factor = 3\n")].into_iter().enumerate()
    {
        let at = 12 + 8 * number;
        fault += &format!(
            "[fault.f{number}]\nhits = \"box-1\"\nhow = \"{how}\"\nat = \"{at}s\"\nlasts = \"3s\"\n{more}"
        );
    }
    let results = run(&neighbours("cpu-model = \"tick\"", &fault));
    let many = figure(&results, "utilization.many.cpu@busy");
    assert!((0.05..0.25).contains(&many), "{many}");
}
