//! Promise: recorded failures take parts down when they did, for as long as they did, in both solvers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fivenines::model::outage::Faults;
use fivenines::solve::requests;
use fivenines::units::{SimDuration, SimTime};

use crate::inside::common::{load, read, scenarios};
use crate::inside::years::{Years, asked};

const DAY_S: u64 = 86_400;

fn downtime_min(text: &str, folder: &std::path::Path, horizon: &str) -> f64 {
    let loaded = read(text, folder).unwrap();
    let path = "downtime.page@horizon";
    let found = Years::of(asked(&loaded.draft, horizon, 2, &[path])).interval(path);
    found.estimate / 60.0
}

/// Two of three nodes are down for 150, 15 and 120 min of the shipped recording.
#[test]
fn the_shipped_recording_costs_what_its_rows_add_up_to() {
    let loaded = load("faults/recorded.toml");
    let paths = ["downtime.played-page@horizon", "outages.played-page@horizon"];
    let years = Years::of(asked(&loaded.draft, "1y", 2, &paths));
    assert!((years.interval(paths[0]).estimate / 60.0 - 285.0).abs() < 1e-6);
    assert!((years.interval(paths[1]).estimate - 3.0).abs() < 1e-9);
}

/// One server, down from 02:00 to 04:30 of the 154th day, and for 20 min and 60 min later.
fn one_server(more: &str) -> String {
    format!(
        r#"scenario = "one"
format = 2
[run]
horizon = "1y"
initial = "new"
[server.box]
cores = 1
[zone.www]
on = ["box-1"]
[service.app]
in = "www"
workers = "unlimited"
[workload.visitors]
request = "page"
rate = "1/s"
[request.page]
enter = "app"
demands = {{ page = "1ms" }}
steps = [ {{ cpu = "app", demand = "page" }} ]
[fault.recorded]
hits = "server.box"
how = "crash"
recorded = {{ file = "recordings/three-nodes.csv", begin = "begin", end = "end", time-zero = "2025-01-01T00:00", only = {{ node = "1" }} }}
{more}"#
    )
}

/// A scheduled fault of the same part that begins an hour before a recorded one and ends within it: the part is down
/// until the recorded one is over. Node 1 is down for 380 min, and for one hour more.
#[test]
fn a_recorded_failure_goes_on_when_another_fault_of_its_part_is_repaired() {
    let folder = scenarios().join("faults");
    assert!((downtime_min(&one_server(""), &folder, "1y") - 380.0).abs() < 1e-6);
    let day =
        "[fault.other]\nhits = \"server.box\"\nhow = \"crash\"\nat = \"3673h\"\nlasts = \"2h\"\n";
    assert!((downtime_min(&one_server(day), &folder, "1y") - 440.0).abs() < 1e-6);
}

/// All three nodes are down from 02:00 to 04:10 of a window of three hours: that part of its requests fails.
#[test]
fn a_window_during_a_recorded_outage_loses_what_it_was_asked_meanwhile() {
    let name = "faults/recorded.toml";
    let text = std::fs::read_to_string(scenarios().join(name)).unwrap();
    let window = "[window.june]\nlength = \"3h\"\nwarm-up = \"1min\"\n";
    let text = text.replace("horizon = \"1y\"\n", "").replace("replications = 20000", "#");
    let text = text.split("[[expect]]").next().unwrap().to_string() + window;
    let loaded = read(&text, &scenarios().join("faults")).unwrap();
    let mut window = loaded.study.windows[0].window.clone();
    window.at = SimTime::ZERO + SimDuration::from_secs(153 * DAY_S + 110 * 60);
    window.faults = Faults::Live;
    let seen = requests::run(&loaded.plan, &window, 0).unwrap();
    let page =
        loaded.plan.routes.classes.iter().position(|class| class.name == "played-page").unwrap();
    let attempts = &seen.record.classes[page].attempts;
    let share: f64 = 1.0 - attempts.ended[0] as f64 / attempts.begun as f64;
    assert!((share - 130.0 / 180.0).abs() < 0.01, "{share}");
}

/// The failures of 49 nodes over 8 years (system 2 of the Los Alamos data), when at least 47 are needed: the downtime
/// is that of a count of the nodes down in each minute.
#[test]
#[allow(clippy::disallowed_methods)]
fn years_of_a_real_cluster_are_played_to_the_minute() {
    let Some(folder) = std::env::var_os("FIVENINES_DATA") else {
        println!("skipped: FIVENINES_DATA does not say where the large data is");
        return;
    };
    let folder = std::path::Path::new(&folder);
    let file = "lanl_node_failures_1996_2005.csv";
    let days = 8 * 365_u64;
    let mut down = vec![BTreeMap::new(); 49];
    let mut rows = csv::Reader::from_path(folder.join(file)).unwrap();
    for row in rows.records().map(Result::unwrap).filter(|row| &row[0] == "2") {
        let [begin, end] = [4, 5].map(|column| minute(&row[column]));
        let node: usize = row[1].parse().unwrap();
        for at in begin.max(0)..end.min(i64::try_from(days * 1_440).unwrap()) {
            down[node].insert(at, ());
        }
    }
    let mut together: BTreeMap<i64, u32> = BTreeMap::new();
    for minutes in &down {
        minutes.keys().for_each(|at| *together.entry(*at).or_default() += 1);
    }
    let expected = together.values().filter(|count| **count > 2).count() as f64 / 8.0;
    let mut on = String::new();
    (1..=49).for_each(|node| write!(on, "\"box-{node}\", ").unwrap());
    let text = one_server("")
        .replace("[server.box]\n", "[server.box]\ncount = 49\n")
        .replace("on = [\"box-1\"]", &format!("count = 49\non = [{on}]"))
        .replace("in = \"www\"\n", "in = \"www\"\nneeds = 47\n")
        .replace("horizon = \"1y\"", &format!("horizon = \"{days}d\""))
        .replace(
            "recordings/three-nodes.csv\", begin = \"begin\", end = \"end\"",
            &format!("{file}\", begin = \"start\", end = \"fixed\", part = \"node\", first = 0"),
        )
        .replace("2025-01-01", "1997-05-01")
        .replace("node = \"1\"", "system = \"2\"");
    let found = downtime_min(&text, folder, &format!("{days}d"));
    println!("{found} min per year, {expected} by counting");
    assert!((found - expected).abs() < 1e-6 * expected, "{found} of {expected}");
}

/// Minutes from 1997-05-01T00:00 to `text`, by counting days.
fn minute(text: &str) -> i64 {
    let number = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap();
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let months = |year| [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let days = |year: i64, month: i64, day: i64| {
        let before: i64 = (1990..year).map(|year| months(year).iter().sum::<i64>()).sum();
        let in_year: i64 = months(year)[..usize::try_from(month - 1).unwrap()].iter().sum();
        before + in_year + day
    };
    (days(year, month, day) - days(1997, 5, 1)) * 1_440 + number(11, 13) * 60 + number(14, 16)
}
