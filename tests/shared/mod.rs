//! Texts and places that tests of the command and tests of the parts inside both use.

use std::fs;
use std::path::{Path, PathBuf};

use base::{With as _, base};

pub mod base;
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

/// The desk with expectations of figures.
pub fn desk(asks: &[(&str, &str)]) -> String {
    let one =
        |(figure, is): &(&str, &str)| format!("[[expect]]\nfigure = \"{figure}\"\nis = \"{is}\"\n");
    base("desk") + &asks.iter().map(one).collect::<String>()
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
    let text = base("queue").with(
        r#"scenario = "x"
question = "Is this refused?"
[run]
replications = 2
[window.all]
length = "60s"
[station.web]
service = { dist = "exponential", mean = "1ms" }
"#,
    );
    let expect = |is: &str| format!("[[expect]]\nfigure = \"{figure}\"\nis = \"{is}\"\n");
    format!("{text}{}{}", expect(first), expect(second))
}

/// Two members behind a balancer that probes them.
pub fn probed(interval: &str) -> String {
    base("rare").with(&format!(
        r#"
[zone.web]
count = 2
[balancer.front]
to = "app"
check = {{ interval = "{interval}", time-out = "1s", fall = 2 }}
[request.r]
enter = "front"
"#
    ))
}
