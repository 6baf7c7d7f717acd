//! Texts and places that tests of the command and tests of the parts inside both use.

use std::fs;
use std::path::{Path, PathBuf};

pub mod browser;

/// The folder of the shipped scenarios.
pub fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// All shipped scenarios, by path.
pub fn shipped() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![scenarios()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("scenarios are shipped") {
            let path = entry.expect("a folder lists its files").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "toml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Two units of which one is enough, with lives and repairs that are constant.
pub const PAIR: &str = r#"scenario = "pair"
title    = "Two parts of which one is enough"

[run]
horizon = "1y"
initial = "new"
seed    = 1
replications = 1000

[unit.left]
up     = { dist = "constant", value = "1000h" }
repair = { dist = "constant", value = "10h" }
[unit.right]
up     = { dist = "constant", value = "1005h" }
repair = { dist = "constant", value = "20h" }

[group.pair]
of    = ["left", "right"]
needs = 1
"#;

/// A station for each number up to `count`: a page needs the last alone, at twice the load of the others.
pub fn stations(count: usize) -> String {
    let mut text = String::from(
        r#"
scenario = "stations"
[run]
replications = 2
[window.peak]
level = "10/s"
length = "1s"
[workload.visitors]
request = "page"
rate = "10/s"
arrivals = { process = "poisson" }
[workload.others]
request = "other"
rate = "10/s"
arrivals = { process = "poisson" }
[objective.page]
lost-after = "8s"
"#,
    );
    let name = |number: usize| format!("s{number:04}");
    for number in 1..=count {
        let service = if number == count { 20 } else { 10 };
        text += &format!("[station.{}]\nservers = 1\nservice = \"{service}ms\"\n", name(number));
    }
    let visits = (1..count).map(|number| format!("{{ visit = \"{}\" }}", name(number)));
    let visits: Vec<String> = visits.collect();
    text += &format!("[request.page]\nsteps = [ {{ visit = \"{}\" }} ]\n", name(count));
    text + &format!("[request.other]\nsteps = [ {} ]\n", visits.join(", "))
}

/// A station of `count` members in a class whose steps are `step`; `more` stands in `[run]` and behind.
pub fn station(count: u64, more: &str, step: &str) -> String {
    format!(
        r#"
scenario = "bounds"
[run]
replications = 2
{more}
[window.mean]
level = "100/s"
length = "2s"
[station.s]
count = {count}
servers = 1
service = "1ms"
[workload.w]
request = "r"
rate = "100/s"
[request.r]
steps = [ {step} ]
"#
    )
}

/// The step that visits it.
pub const VISIT: &str = r#"{ visit = "s" }"#;

/// A station that a class visits, and that a fault stops.
const DESK: &str = r#"
scenario = "desk"
format = 1
title = "One desk"
question = "Is it judged?"
source = "a textbook"
[run]
seed = 1
replications = { min = 2, max = 4 }
[window.steady]
level = "10/s"
length = "20s"
[station.desk]
servers = 1
service = { dist = "exponential", mean = "50ms" }
[workload.jobs]
request = "job"
rate = "10/s"
arrivals = { process = "poisson" }
[request.job]
steps = [ { visit = "desk" } ]
[unit.disk]
count = 2
up = { dist = "exponential", mean = "1000h" }
repair = { dist = "exponential", mean = "10h" }
[group.pair]
of = "disk"
needs = 1
"#;

/// The desk with expectations of figures.
pub fn desk(asks: &[(&str, &str)]) -> String {
    let one =
        |(figure, is): &(&str, &str)| format!("[[expect]]\nfigure = \"{figure}\"\nis = \"{is}\"\n");
    DESK.to_string() + &asks.iter().map(one).collect::<String>()
}

/// What `init` writes, given as `starter`, without years, judged figures and the lines from `head` to `end`.
pub fn without_years(starter: &str, head: &str, end: &str) -> String {
    let kept = starter[..starter.find("[[expect").unwrap()].lines();
    let kept = kept.filter(|line| !line.starts_with("horizon") && !line.starts_with("precision"));
    let (mut text, mut within) = (String::new(), false);
    for line in kept {
        within = line.starts_with(head) || (within && !line.starts_with(end));
        if !within {
            text = text + line + "\n";
        }
    }
    text
}

/// A queue, with a figure and what it must be, twice.
pub fn expecting(figure: &str, first: &str, second: &str) -> String {
    let text = r#"scenario = "x"
question = "Is this refused?"
[run]
replications = 2
[window.all]
length = "60s"
[station.web]
servers = 1
service = { dist = "exponential", mean = "1ms" }
[workload.jobs]
request = "job"
rate = "10/s"
[request.job]
steps = [ { visit = "web" } ]
"#;
    let expect = |is: &str| format!("[[expect]]\nfigure = \"{figure}\"\nis = \"{is}\"\n");
    format!("{text}{}{}", expect(first), expect(second))
}

/// Two members behind a balancer that probes them.
pub fn probed(interval: &str) -> String {
    format!(
        r#"
scenario = "probed"
[run]
replications = 2
[window.mean]
level = "1/s"
length = "30d"
[server.box]
cores = 8
[zone.web]
count = 2
[service.app]
in = "web"
workers = 4
[balancer.front]
to = "app"
check = {{ interval = "{interval}", time-out = "1s", fall = 2 }}
[workload.w]
request = "r"
rate = "1/s"
[request.r]
enter = "front"
draw = {{ work = "1ms" }}
steps = [ {{ cpu = "app", draw = "work" }} ]
"#
    )
}
