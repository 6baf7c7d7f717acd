//! Promise: over years requests wait out a pause as they do in windows, and those that wait too long or find no place are
//! lost. Every figure follows from the numbers of the file.

use fivenines::{Run, Scenario};

/// Ten pages per second, at even distances, by a service that is paused for 10 s.
const SCENE: &str = r#"
scenario = "pauses"
format   = 2
[run]
seed    = 1
horizon = "1d"
replications = 2
[window.all]
length = "100s"
replications = 2
[server.box]
count = 2
cores = 4
[zone.web]
on = ["box-1"]
[zone.www]
count = 2
on = ["box-1", "box-2"]
[zone.sql]
on = ["box-2"]
[service.app]
in      = "web"
workers = "unlimited"
[service.pair]
in      = "www"
workers = "unlimited"
[service.back]
in      = "sql"
workers = "unlimited"
[balancer.front]
to    = "pair"
check = { interval = "1s", time-out = "1s", fall = 2 }
[clients.people]
round-trip = "1ms"
[workload.visitors]
from     = "people"
request  = "page"
rate     = "10/s"
arrivals = { process = "fixed" }
[request.page]
enter   = "app"
demands = { page = "1ms" }
steps   = [ { cpu = "app", demand = "page" } ]
[objective.page]
lost-after = "1h"
[fault.hiccup]
hits  = "service.app"
how   = "pause"
at    = "20s"
lasts = "10s"
"#;

fn lost(text: &str, run: Run, path: &str) -> f64 {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let results = scenario.run(&run.figure(path)).unwrap_or_else(|error| panic!("{error}"));
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}")).value()
}

/// Pages lost in the window, and over years.
#[track_caller]
fn loses(text: &str, wanted: f64, within: f64) {
    let found = lost(text, Run::new().requests_only(), "lost.page@all");
    assert!((found - wanted).abs() <= within, "{found}, not {wanted}");
    let found = lost(text, Run::new().years_only(), "lost.page@horizon") / 365.0;
    assert!((found - wanted).abs() <= within, "{found} over years, not {wanted}");
}

/// The scene without the sections that the class does not use.
fn scene(enter: &str, steps: &str, hits: &str) -> String {
    let mut text = SCENE
        .replace("enter   = \"app\"", &format!("enter   = \"{enter}\""))
        .replace("{ cpu = \"app\", demand = \"page\" }", steps)
        .replace("hits  = \"service.app\"", &format!("hits  = \"{hits}\""));
    let mut drop = |section: &str| {
        let from = text.find(section).unwrap();
        let to = text[from + 1..].find("\n[").map_or(text.len(), |to| from + 2 + to);
        text.replace_range(from..to, "");
    };
    let uses = |name: &str| format!("{enter} {steps}").contains(name);
    if !uses("app") {
        drop("[service.app]");
        drop("[zone.web]");
    }
    if enter != "front" {
        drop("[service.pair]");
        drop("[zone.www]");
        drop("[balancer.front]");
    }
    if !uses("back") {
        drop("[service.back]");
        drop("[zone.sql]");
    }
    text
}

const APP: &str = "{ cpu = \"app\", demand = \"page\" }";

#[test]
fn a_pause_costs_those_who_do_not_wait() {
    let text = scene("app", APP, "service.app");
    loses(&text, 0.0, 0.5);
    // Of 10 s, those who came in the first 6 wait longer than 4 s.
    loses(&text.replace("lost-after = \"1h\"", "lost-after = \"4s\""), 60.0, 1.5);
    loses(
        &text.replace("round-trip = \"1ms\"", "round-trip = \"1ms\"\ntime-out = \"4s\""),
        60.0,
        1.5,
    );
    // Fifteen places are taken in 1.5 s, and no worker takes a page; the others are refused.
    let few =
        text.replace("workers = \"unlimited\"\n[clients", "workers = 5\nbacklog = 15\n[clients");
    assert_ne!(few, text);
    loses(&few, 85.0, 1.5);
    // The zone, or its server, is as paused as what runs there.
    loses(&scene("app", APP, "zone.web"), 0.0, 0.5);
    loses(&scene("app", APP, "server.box-1"), 0.0, 0.5);
}

#[test]
fn callers_wait_for_what_they_call() {
    let steps = "{ call = \"back\", steps = [ { cpu = \"back\", demand = \"page\" } ] }";
    let text = scene("app", steps, "service.back");
    loses(&text, 0.0, 0.5);
    // The callers hold their workers: 20 requests in 2 s.
    let few = text.replacen("workers = \"unlimited\"", "workers = 5\nbacklog = 15", 1);
    loses(&few, 80.0, 1.5);
    // A call gives up after 4 s.
    loses(&text.replace("{ call = \"back\",", "{ call = \"back\", time-out = \"4s\","), 60.0, 1.5);
}

/// No shallow probe sees a pause: half of the pages wait at the paused member.
#[test]
fn a_member_behind_a_balancer_keeps_what_it_was_sent() {
    let text = scene("front", "{ cpu = \"pair\", demand = \"page\" }", "service.pair-1");
    loses(&text, 0.0, 0.5);
    let impatient = text.replace("lost-after = \"1h\"", "lost-after = \"4s\"");
    loses(&impatient, 30.0, 1.5);
    // The balancer answers with an error after 4 s.
    loses(&text.replace("to    = \"pair\"", "to    = \"pair\"\ntime-out = \"4s\""), 30.0, 1.5);
}

/// A warning names each pause that counts as a failure over years.
#[test]
fn pauses_that_are_not_waited_out_are_warned_of() {
    let warned = |text: &str| {
        let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
        format!("{:?}", scenario.warnings()).contains("counts as lost")
    };
    let pair = scene("front", "{ cpu = \"pair\", demand = \"page\" }", "service.pair-1");
    assert!(!warned(&pair));
    assert!(warned(&pair.replace("workers = \"unlimited\"", "workers = 50\nbacklog = 50")));
    assert!(!warned(&scene("app", APP, "service.app")));
    assert!(warned(&pair.replace("service.pair-1", "balancer.front")));
}
