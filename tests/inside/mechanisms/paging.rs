//! Promise: memory above the cap of a zone costs reads at its disks and time per request, and memory below it nothing.

use crate::inside::disk_writes::{is_near, refusal};
use crate::{Results, Run, Scenario};

/// A service that computes for 20 ms, ten times per second, with further keys.
fn service(zone: &str, keys: &str, more: &str) -> String {
    format!(
        r#"
scenario = "paging"
format   = 2
[run]
seed = 1
replications = 3
[window.busy]
length  = "5min"
warm-up = "1min"
[server.box]
cores  = 4
memory = "4GiB"
[server.box.disks]
local = {{ kind = "10k", layout = "mirror", data = 1, parity = 1, time = "8ms" }}
[zone.web]
on = ["box-1"]
{zone}
[service.app]
in      = "web"
workers = "unlimited"
{keys}
[workload.visitors]
request = "page"
rate    = "10/s"
[request.page]
enter   = "app"
demands = {{ work = "20ms" }}
steps   = [ {{ cpu = "app", demand = "work" }} ]
{more}"#
    )
}

fn paged(set: &str) -> String {
    let mounts = r#"mounts = { swap = "box:local" }"#;
    service(
        "memory = \"1GiB\"",
        &format!("{mounts}\nworking-set = {{ {set}, swap = \"swap\" }}"),
        "",
    )
}

fn run(text: &str, figures: &[&str]) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let all = figures.iter().fold(Run::new().requests_only(), |run, figure| run.figure(figure));
    scenario.run(&all).unwrap_or_else(|error| panic!("{error}"))
}

fn value(results: &Results, figure: &str) -> f64 {
    let found = results.figure(&format!("{figure}@busy"));
    found.unwrap_or_else(|error| panic!("{figure}: {error}")).value()
}

/// Between the cap and the cap less its 128th, midway 0.996 GiB, are resident of 1.25 GiB: 1 - 0.996 / 1.25 of the touches are
/// faults of 8 ms.
#[test]
fn memory_above_the_cap_costs_its_faults() {
    let text = paged(r#"base = "1.25GiB", touches = 20, dirty = 0"#);
    let figures = [
        "page-ins.web-1.memory",
        "resident.web-1.memory",
        "over-cap.web-1.memory",
        "latency.page.mean",
    ];
    let results = run(&text, &figures);
    let of = |figure| value(&results, figure);
    let faults = 20.0 * (1.0 - (1.0 - 1.0 / 256.0) / 1.25);
    is_near(of("resident.web-1.memory"), 1.0 - 1.0 / 256.0, 0.002);
    is_near(of("page-ins.web-1.memory"), 3_000.0 * faults, 0.02);
    assert!(of("over-cap.web-1.memory") < 0.05);
    // Faults of other requests are in the way of some.
    let latency = of("latency.page.mean");
    let least = 0.020 + faults * 0.008;
    assert!((least..1.25 * least).contains(&latency), "{latency}, at least {least}");
    // As much leaves as comes, half of it is written.
    let dirty = text.replace("dirty = 0", "dirty = 0.5").replace("5min", "20min");
    let results = run(&dirty, &["page-ins.web-1.memory", "page-outs.web-1.memory"]);
    let (ins, outs) =
        (value(&results, "page-ins.web-1.memory"), value(&results, "page-outs.web-1.memory"));
    is_near(outs, ins / 2.0, 0.1);
}

/// Memory that fits changes no figure, also while it grows with the requests inside.
#[test]
fn memory_below_the_cap_costs_nothing() {
    let figures = ["latency.page.mean", "latency.page.p95"];
    let text = paged(r#"base = "512MiB", per-request = "1MiB", touches = 1000"#);
    let (with, without) =
        (run(&text, &figures), run(&service("memory = \"1GiB\"", "", ""), &figures));
    for figure in figures {
        assert_eq!(value(&with, figure).to_bits(), value(&without, figure).to_bits());
    }
}

#[test]
fn memory_that_is_not_paged_is_refused_with_its_place() {
    let refused = |text: &str, why: &str| {
        let found = refusal(text);
        assert!(found.contains(why), "{why}: {found}");
    };
    let sound = paged(r#"base = "2GiB", touches = 1"#);
    assert_eq!(refusal(&sound), "");
    refused(&paged(r#"base = "1GiB", touches = 1"#), "always fit");
    refused(&sound.replace("memory = \"1GiB\"\n", "\n"), "has no cap on it");
    refused(
        &sound.replace("mounts = {", "mounts = { other = \"box:local\" } #"),
        "has no mount `swap`",
    );
    refused(&sound.replace("memory = \"1GiB\"", "memory = \"1KiB\""), "fewer than 256 pages");
    refused(
        &sound.replace("seed = 1", "seed = 1\nhorizon = \"1y\""),
        "the memory of `app` is paged",
    );
    let resize = "[operation.more]\ndoes = \"resize\"\nof = \"zone.web\"\nat = \"2min\"\nmemory = \"2GiB\"\n";
    refused(&format!("{sound}\n{resize}"), "cannot change");
}
