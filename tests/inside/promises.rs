//! Promises of the contract that belong to no one part: retries in the ledgers, the event digest,
//! the depth of what is read and walked, names, and that nothing is accepted and ignored.

use std::path::Path;

use fivenines::scenario::scan::MAX_DEPTH;
use fivenines::solve::requests;
use fivenines::study::window::{self, Verdict, Watch};
use fivenines::units::SimDuration;

use crate::inside::common::{load, read};

/// C2: each served view has at least one attempt, and nobody tries more often than the retries
/// allow: a page view's own requests lie between the views served and the views × tries.
#[test]
fn nobody_tries_more_often_than_the_retries_allow() {
    let loaded = load("tiers/starter.toml");
    let asked = loaded.study.windows.iter().find(|w| w.window.name == "peak").unwrap();
    let mut window = asked.window.clone();
    (window.warm_up, window.length) = (SimDuration::ZERO, SimDuration::from_secs(120));
    let seen = requests::run(&loaded.plan, &window, 0).unwrap();
    let users = loaded.plan.workloads.iter().position(|w| w.clients.is_some()).unwrap();
    let workload = &loaded.plan.workloads[users];
    let clients = &loaded.plan.clients[workload.clients.unwrap()];
    let tries = 1 + u64::from(clients.retry.unwrap().max_retries);
    let views = &seen.record.views[users];
    let pages = &seen.record.classes[workload.class.index()].attempts;
    let lost: u64 = views.lost.iter().sum();
    assert!(lost > 0 && views.delayed > 0, "the starter at its peak loses and delays: {views:?}");
    assert!(pages.begun >= views.served + 2 * views.delayed, "{pages:?} {views:?}");
    // Beside a view's first try each lost or delayed one may have all its further ones.
    let most = views.served + tries * (views.delayed + lost + views.in_flight());
    assert!(pages.begun <= most, "{} tries of {} views", pages.begun, views.intended);
}

const QUEUE: &str = r#"scenario = "queue"
format   = 2
title    = "One queue"
question = "Does the digest see it?"
source   = "a test"
[run]
seed = 3
replications = 2
[window.all]
length  = "50s"
warm-up = "0s"
[station.desk]
servers = 1
service = { dist = "exponential", mean = "10ms" }
[workload.jobs]
request  = "job"
rate     = "50/s"
[request.job]
steps = [ { visit = "desk" } ]
"#;

fn digest(text: &str) -> u64 {
    let loaded = read(text, Path::new(".")).unwrap_or_else(|found| panic!("{found}"));
    requests::run(&loaded.plan, &loaded.study.windows[0].window, 0).unwrap().digest
}

/// D4: the digest of a history is the same again, and another one when a single nanosecond of a
/// single event moves, also where no figure of the report would.
#[test]
fn the_event_digest_sees_a_nanosecond() {
    let constant = |service: &str| {
        QUEUE.replace("{ dist = \"exponential\", mean = \"10ms\" }", &format!("\"{service}\""))
    };
    let base = digest(&constant("10ms"));
    assert_eq!(base, digest(&constant("10ms")));
    assert_eq!(base, digest(&constant("10000us")), "another spelling is no other history");
    assert_ne!(base, digest(&constant("10000001ns")));
    assert_ne!(digest(QUEUE), digest(&QUEUE.replace("seed = 3", "seed = 4")));
}

/// I2: depth of what is written is bounded, and walks over it need no stack: all of it happens on a
/// thread whose stack would not carry a walk by recursion.
#[test]
fn neither_depth_nor_long_chains_bring_the_reader_down() {
    let small = std::thread::Builder::new().stack_size(512 << 10);
    let nested = |depth: usize| {
        let open = "{ choose = [ { probability = 0.5, steps = [ ".repeat(depth);
        let close = " ] } ] }".repeat(depth);
        QUEUE.replace("{ visit = \"desk\" }", &format!("{open}{{ visit = \"desk\" }}{close}"))
    };
    // A chain of classes, each fetching the next: as long as a reader might write.
    let mut chain = QUEUE.to_owned();
    for link in 0..2_000 {
        chain += &format!(
            "[request.c{link}]\nsteps = [ {{ visit = \"desk\" }} ]\n\
             then = {{ request = \"c{}\", count = 1 }}\n",
            link + 1
        );
    }
    chain += "[request.c2000]\nsteps = [ { visit = \"desk\" } ]\n";
    let deep = "a.".repeat(5_000) + "b = 1\n" + QUEUE;
    let texts = [nested(4), nested(MAX_DEPTH), nested(500), deep, chain];
    let read_all = move || texts.map(|text| read(&text, Path::new(".")).err());
    let found = small.spawn(read_all).unwrap().join().expect("no stack overflow");
    assert_eq!(found[0], None, "four levels are nothing");
    for refused in &found[1..4] {
        assert!(refused.is_some(), "too deep is said");
    }
}

/// I6: names are kebab-case, since files and figures are called after them.
#[test]
fn a_name_that_is_no_kebab_case_is_refused_with_the_right_spelling_rule() {
    for name in ["Desk", "front_desk", "1desk", "-desk", "\"front desk\"", "\"d\u{e9}sk\""] {
        let text = QUEUE.replace("[station.desk]", &format!("[station.{name}]"));
        let found = read(&text, Path::new(".")).err();
        let found = found.unwrap_or_else(|| panic!("{name} is accepted"));
        assert!(found.contains("error["), "{name}:\n{found}");
    }
}

/// S6: every window has a verdict, and its counts are given whatever it is. A queue without a limit
/// piles up above its capacity, one with a limit turns users away, one below it is in balance, and
/// a single run does not tell.
#[test]
fn every_window_is_judged_and_counted_whatever_its_balance() {
    let judged = |rate: &str, limit: &str, replications: u64| {
        let text = QUEUE
            .replace("50/s", rate)
            .replace("servers = 1", &format!("servers = 1\n{limit}"))
            .replace("replications = 2", &format!("replications = {replications}"));
        let loaded = read(&text, Path::new(".")).unwrap_or_else(|found| panic!("{found}"));
        let asked = &loaded.study.windows[0];
        let seen = window::run(&loaded.plan, asked, &Watch::default()).unwrap();
        let views = &seen.pooled.views[0];
        let lost: u64 = views.lost.iter().sum();
        assert_eq!(views.intended, views.served + views.delayed + lost + views.in_flight());
        assert!(views.served > 0, "{rate}");
        seen.verdict
    };
    assert_eq!(judged("50/s", "", 10), Verdict::Stable);
    assert_eq!(judged("150/s", "", 10), Verdict::Backlogged);
    assert_eq!(judged("150/s", "limit = 5", 10), Verdict::Overloaded);
    assert_eq!(judged("50/s", "", 1), Verdict::Inconclusive);
}
