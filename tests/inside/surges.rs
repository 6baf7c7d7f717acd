//! Promise: flash crowds, steps and robots come as they are described.

use crate::inside::common::{Loaded, load, read};
use crate::inside::oracles::{Row, assert_all_hold, own_rows};

use std::path::Path;

use fivenines::model::blueprint::{Arrivals, Blueprint};
use fivenines::plan::lint::lint;
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::solve::requests;
use fivenines::units::{Rate, SimDuration, SimTime};
use fivenines::workload::arrivals::{Process, Traffic};
use fivenines::workload::surge::{Course, Onset, Surges};

fn shipped(name: &str) -> Vec<Row> {
    let rows = own_rows(&load(name));
    rows.iter().for_each(|row| println!("{row}"));
    rows
}

/// The plateau of the shipped crowd loses what Erlang says, and the way back brings as much as the
/// exponential.
#[test]
fn a_flash_crowd_costs_what_erlang_says() {
    assert_all_hold("flash-crowd", &shipped("traffic/flash-crowd.toml"));
}

#[test]
fn a_step_in_the_traffic_is_another_queue_from_then_on() {
    assert_all_hold("step", &shipped("traffic/step.toml"));
}

/// Robots are a workload without clients: flat through the night, never a second try.
#[test]
fn robots_do_not_sleep() {
    assert_all_hold("robots", &shipped("traffic/robots.toml"));
    let loaded = load("traffic/robots.toml");
    let robots = loaded.plan.workloads.iter().find(|one| one.name == "robots").unwrap();
    assert!(robots.clients.is_none(), "nobody tries again");
    let share = |window: usize| {
        let window = &loaded.study.windows[window].window;
        let seen = requests::run(&loaded.plan, window, 0).unwrap();
        let [people, robots] = [0, 1].map(|at| seen.record.views[at].intended as f64);
        robots / (people + robots)
    };
    // 2 of 33.075 by day, 2 of 10.175 by night; 7,200 robots an hour scatter by 1.2 %.
    assert!((share(0) - 0.0605).abs() < 0.004, "{}", share(0));
    assert!((share(1) - 0.1966).abs() < 0.012, "{}", share(1));
}

/// The crowd of the shipped scenario, gone as soon as its plateau ends: the planted mutant.
pub fn without_decay(plan: &mut Blueprint) {
    let (minutes, hour) = (SimDuration::from_secs(1_200), SimDuration::HOUR);
    let course = Course::new(4.0, minutes, hour, SimDuration::ZERO).unwrap();
    let onset = Onset::At(SimTime::ZERO + hour);
    let traffic = Traffic::new(Rate::per_second(5.0).unwrap(), Process::Poisson).unwrap();
    let surges = Surges::new(Some((onset, course)), &[]).unwrap();
    plan.workloads[0].arrivals = Arrivals::Described(traffic.with_surges(surges));
}

/// D13: a second workload with its own crowds moves none of the first one's, and a window that
/// begins later sees the same crowds.
#[test]
fn crowds_at_random_are_keyed_by_the_workloads_name() {
    let text = |extra: &str| {
        format!(
            "scenario = \"crowds\"\nformat = 2\n[run]\nseed = 3\nreplications = 2\n\
             [window.days]\nat = \"10h\"\nlength = \"10h\"\n\
             [station.web]\nservers = 100\nservice = \"10ms\"\n\
             [workload.b]\nrequest = \"page\"\nrate = \"1/s\"\n\
             flash = {{ rate = \"2/day\", ramp = \"10min\", plateau = \"5min\", decay = \"10min\" }}\n\
             {extra}[request.page]\nsteps = [ {{ visit = \"web\" }} ]\n"
        )
    };
    let other = "[workload.a]\nrequest = \"page\"\nrate = \"1/s\"\nflash = { rate = \"30/day\" }\n";
    let count = |loaded: &Loaded, name: &str| {
        let at = loaded.plan.workloads.iter().position(|one| one.name == name).unwrap();
        let seen = requests::run(&loaded.plan, &loaded.study.windows[0].window, 0).unwrap();
        seen.record.views[at].intended
    };
    let here = Path::new(".");
    let alone = read(&text(""), here).unwrap_or_else(|wrong| panic!("{wrong}"));
    let both = read(&text(other), here).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(count(&alone, "b"), count(&both, "b"));
    assert!(count(&both, "a") > 40_000, "thirty a day leave their mark");
}

fn refused(workload: &str) -> String {
    let text = format!(
        "scenario = \"x\"\nformat = 2\n[run]\nhorizon = \"10d\"\n[window.all]\nlength = \"1h\"\n\
         [station.web]\nservers = 1\nservice = \"1ms\"\n\
         [workload.w]\nrequest = \"page\"\n{workload}\n\
         [request.page]\nsteps = [ {{ visit = \"web\" }} ]\n"
    );
    let text = read(&text, Path::new(".")).err().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What cannot take effect, or does not say enough, is refused where it stands.
#[test]
fn what_makes_no_traffic_is_refused() {
    for (workload, says) in [
        ("", "`users`, or a `trace`"),
        ("rate = \"1/s\"\nusers = 3\nthink = \"1s\"", "make their own rate"),
        ("users = 3", "required key `think`"),
        ("users = 0\nthink = \"1s\"", "E0501"),
        ("rate = \"1/s\"\nthink = \"1s\"", "only `users` think"),
        ("users = 3\nthink = \"1s\"\nnoise = { sigma = 0.1, phi = 0.5 }", "make their own rate"),
        ("users = 3\nthink = \"1s\"\nflash = { at = \"1h\" }", "only a `rate` has flash crowds"),
        ("rate = \"1/s\"\nflash = {}", "or a `rate`"),
        ("rate = \"1/s\"\nflash = { at = \"1h\", rate = \"4/y\" }", "once or again and again"),
        ("rate = \"1/s\"\nflash = { at = \"11d\" }", "after the horizon"),
        ("rate = \"1/s\"\nflash = { rate = \"2/min\" }", "at most one a minute"),
        ("rate = \"1/s\"\nflash = { at = \"1h\", factor = 1.0 }", "E0501"),
        (
            "rate = \"1/s\"\nflash = { at = \"1h\", ramp = \"0s\", plateau = \"0s\", decay = \"0s\" }",
            "no length",
        ),
        ("rate = \"1/s\"\nstep = { at = \"1h\", factor = 1.0 }", "changes nothing"),
        ("rate = \"1/s\"\nstep = { at = \"1h\", factor = -1.0 }", "E0501"),
        ("rate = \"1/s\"\nstep = []", "E1001"),
    ] {
        let found = refused(workload);
        assert!(found.contains(says), "`{says}` is not said of\n{workload}\n{found}");
    }
    assert_eq!(refused("rate = \"1/s\"\nstep = { at = \"Tue 01:00\", factor = 0.0 }"), "");
    assert_eq!(refused("rate = \"1/s\"\nflash = { rate = \"4/y\" }"), "");
}

fn warned(text: &str) -> Vec<String> {
    let loaded = read(text, Path::new(".")).unwrap_or_else(|wrong| panic!("{wrong}"));
    let mut out = Diagnostics::new();
    lint(&loaded.draft, &mut out);
    out.sorted().iter().map(|one| format!("{} {}", one.code.id(), one.message)).collect()
}

/// `check` names the peak of a crowd that cannot be served, and users beyond what can be.
#[test]
fn check_judges_the_peak_of_a_crowd_and_the_number_of_users() {
    let folder = crate::inside::common::scenarios().join("traffic");
    let shipped = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let crowd = warned(&shipped("flash-crowd.toml"));
    let at_peak = crowd.iter().find(|one| one.contains("at the peak of `visitors`, 20/s"));
    assert!(at_peak.is_some_and(|one| one.contains("offered 1.60")), "{crowd:?}");
    let users = shipped("closed-users.toml");
    assert!(!warned(&users).iter().any(|one| one.starts_with("W1206")));
    let more = warned(&users.replace("users   = 1000", "users   = 1007"));
    let most = more.iter().find(|one| one.starts_with("W1206")).expect("a warning");
    assert!(most.contains("100.0000/s") && most.contains("`box-1.cpu`"), "{most}");
    assert!(!more.iter().any(|one| one.starts_with("W1204")), "closed users overload nothing");
}
