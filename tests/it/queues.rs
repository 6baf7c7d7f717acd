//! Promise: a message queue delivers each message at least once, loses what its keys say it loses, and waits as the
//! formulas have it.

use fivenines::{Estimate, Results, Run, Scenario};

use crate::shared::base::base;

/// Pages publish a job each; workers do jobs of exponential length.
fn jobs(sets: &[(&str, &str)], more: &str) -> Scenario {
    let text = base("jobs") + more;
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    sets.iter().fold(scenario, |scenario, (path, value)| {
        let value: fivenines::Value = match value.parse::<f64>() {
            Ok(number) if number.fract() == 0.0 => (number as u32).into(),
            Ok(number) => number.into(),
            Err(_) => (*value).into(),
        };
        scenario.with(path, value).unwrap_or_else(|error| panic!("{path}: {error}"))
    })
}

fn run(scenario: &Scenario, figures: &[&str]) -> Results {
    let run = figures.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

fn figure(results: &Results, path: &str) -> Estimate {
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The interval holds the truth, and is narrow enough to mean something.
fn holds(results: &Results, path: &str, truth: f64, widest: f64) {
    let found = figure(results, path);
    let (low, high) = (found.low(), found.high());
    // Of twenty intervals one misses: a quarter more on each side.
    let room = (high - low) / 4.0;
    assert!(
        low - room <= truth && truth <= high + room,
        "{path}: {low} to {high}, and it is {truth}"
    );
    assert!(high - low <= widest, "{path}: {low} to {high} says little");
}

/// M/M/4 at a load of 3: Erlang's C is 0.5094, the mean wait 0.5094 / (4 - 3) s.
#[test]
fn work_behind_a_queue_waits_as_erlang_has_it() {
    let results = run(
        &jobs(&[], ""),
        &["waiting.jobs.mean", "queue.jobs.mean", "busy.jobs.mean", "latency.job.mean"],
    );
    holds(&results, "waiting.jobs.mean@steady", 0.5094, 0.4);
    holds(&results, "queue.jobs.mean@steady", 1.5283, 1.2);
    holds(&results, "busy.jobs.mean@steady", 3.0, 0.3);
    holds(&results, "latency.job.mean@steady", 1.5094, 0.5);
}

/// Work of 0.5 s in the mean that must be acknowledged within 1 s: exp(-2) of the jobs are too long, at each of three
/// deliveries; each of these is done three times.
#[test]
fn a_job_too_long_for_its_time_is_delivered_again_and_set_aside() {
    let sets = [
        ("queue.jobs.acknowledge-within", "1s"),
        ("queue.jobs.attempts", "3"),
        ("request.job.demands.work.mean", "0.5s"),
        ("workload.w.rate", "1/s"),
        ("service.worker.workers", "16"),
    ];
    let figures = [
        "dead-letters.jobs.chance",
        "redelivered.jobs",
        "redelivered.jobs[outcome=time-out]",
        "duplicates.jobs",
        "published.jobs",
    ];
    let results = run(&jobs(&sets, ""), &figures);
    let late = libm::exp(-2.0);
    holds(&results, "dead-letters.jobs.chance@steady", late, 0.05);
    let published = figure(&results, "published.jobs@steady").value();
    holds(&results, "redelivered.jobs@steady", 2.0 * late * published, 0.2 * published);
    holds(
        &results,
        "redelivered.jobs[outcome=time-out]@steady",
        3.0 * late * published,
        0.2 * published,
    );
    holds(&results, "duplicates.jobs@steady", 2.0 * late * published, 0.2 * published);
}

/// Twice as many jobs as four workers can do: a full queue refuses half of them, or drops half of them.
#[test]
fn a_full_queue_loses_what_consumers_cannot_do() {
    let limited = |when: &str| {
        let limit = format!("durable  = true\nlimit = 50\nwhen-full = \"{when}\"");
        let text = base("jobs").replace("durable  = true", &limit).replace("\"3/s\"", "\"8/s\"");
        Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"))
    };
    let figures = [
        "rejected.jobs.chance",
        "lost-messages.jobs.chance",
        "attempts.job.chance[outcome=refused]",
    ];
    let reject = limited("reject");
    let results = run(&reject, &figures);
    holds(&results, "rejected.jobs.chance@steady", 0.5, 0.05);
    assert_eq!(figure(&results, "lost-messages.jobs.chance@steady").value(), 0.0);
    let drop = limited("drop-oldest");
    let results = run(&drop, &figures);
    holds(&results, "lost-messages.jobs.chance@steady", 0.5, 0.05);
    assert_eq!(figure(&results, "rejected.jobs.chance@steady").value(), 0.0);
}

/// A worker that dies in the middle of the window with four jobs in its hands: these come back at once.
#[test]
fn the_jobs_of_a_consumer_that_dies_are_delivered_again() {
    let fault = r#"
[fault.death]
hits  = "service.worker"
how   = "crash"
at    = "10min"
lasts = "10s"
"#;
    let figures = ["redelivered.jobs[outcome=returned]", "lost-messages.jobs", "redelivered.jobs"];
    let busy = [("workload.w.rate", "6/s"), ("request.job.demands.work.mean", "10s")];
    let results = run(&jobs(&busy, fault), &figures);
    assert_eq!(figure(&results, "redelivered.jobs[outcome=returned]@steady").value(), 4.0);
    assert_eq!(figure(&results, "redelivered.jobs@steady").value(), 4.0);
    assert_eq!(figure(&results, "lost-messages.jobs@steady").value(), 0.0);
}

/// A broker that dies: without `durable` all that waits is lost; with it nothing is.
#[test]
fn what_is_not_durable_is_lost_with_its_broker() {
    let fault = r#"
[fault.broker]
hits  = "jobs"
how   = "crash"
at    = "10min"
lasts = "10s"
"#;
    let figures = ["lost-messages.jobs[outcome=broker]", "published.jobs"];
    // No job is ever done: one a second for ten minutes, four of which are in the hands of the workers.
    let idle = [
        ("workload.w.rate", "1/s"),
        ("workload.w.arrivals.process", "fixed"),
        ("request.job.demands.work.mean", "1000h"),
    ];
    let durable = run(&jobs(&idle, fault), &figures);
    assert_eq!(figure(&durable, "lost-messages.jobs[outcome=broker]@steady").value(), 0.0);
    let brittle = run(&jobs(&idle, fault).with("queue.jobs.durable", false).unwrap(), &figures);
    // Those in the hands of workers are lost as well: the broker had not heard of their end.
    let lost = figure(&brittle, "lost-messages.jobs[outcome=broker]@steady").value();
    assert!((599.0..=601.0).contains(&lost), "{lost}");
}

/// A pair: the follower takes over after 10 s and goes on with every message.
#[test]
fn the_follower_of_a_pair_takes_over_and_has_everything() {
    let fault = r#"
[fault.broker]
hits  = "jobs-1"
how   = "crash"
at    = "10min"
lasts = "5min"
"#;
    let more = format!("{fault}\n[queue.jobs.failover]\ndetect = \"10s\"\n");
    let text = base("jobs").replace("in       = \"mq\"", "in       = [\"mq\", \"mq-too\"]");
    let text = format!("{text}\n[zone.mq-too]\n{more}");
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let results = run(&scenario, &["lost-messages.jobs", "lost.page", "published.jobs"]);
    assert_eq!(figure(&results, "lost-messages.jobs@steady").value(), 0.0);
    // 3/s for ten seconds find no broker.
    holds(&results, "lost.page@steady", 30.0, 15.0);
}

/// Both brokers of a pair die, the follower alone comes back: it takes over 10 s later.
#[test]
fn a_follower_that_comes_back_alone_takes_over() {
    let more = r#"
[fault.first]
hits  = "jobs-1"
how   = "crash"
at    = "10min"
lasts = "10min"
[fault.second]
hits  = "jobs-2"
how   = "crash"
at    = "10min 5s"
lasts = "1min"
[queue.jobs.failover]
detect = "10s"
[zone.mq-too]
"#;
    let text = base("jobs").replace("in       = \"mq\"", "in       = [\"mq\", \"mq-too\"]");
    let text = format!("{text}{}", more.replace("10min 5s", "605s"));
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let results = run(&scenario, &["lost-messages.jobs", "lost.page"]);
    assert_eq!(figure(&results, "lost-messages.jobs@steady").value(), 0.0);
    // 3/s for 5 s, 60 s and 10 s.
    holds(&results, "lost.page@steady", 225.0, 40.0);
}

/// What makes no sense is refused, with its place.
#[test]
fn a_queue_that_makes_no_sense_is_refused() {
    let wrong = |from: &str, to: &str, says: &str| {
        let text = base("jobs").replace(from, to);
        assert_ne!(text, base("jobs"), "{from}");
        let text = if to.contains("mq-too") { format!("{text}[zone.mq-too]\n") } else { text };
        let error = Scenario::parse(&text).err().unwrap_or_else(|| panic!("{to}: accepted"));
        let said = error.to_string();
        assert!(said.contains(says), "{to}: {said}");
    };
    wrong("in       = \"mq\"", "in       = [\"mq\", \"mq-too\"]", "failover");
    wrong(
        "in       = \"mq\"",
        "in       = [\"mq\", \"mq\"]\nfailover = { detect = \"1s\" }",
        "one zone member",
    );
    wrong("durable  = true", "durable  = true\nlimit = 10", "when-full");
    wrong("durable  = true", "durable  = true\nwhen-full = \"reject\"", "no limit");
    wrong(
        "durable  = true",
        "durable  = true\nlimit-bytes = \"1MB\"\nwhen-full = \"reject\"",
        "size",
    );
    wrong("request  = \"job\"", "request  = \"page\"", "users ask for it too");
    wrong("enter   = \"worker\"\n", "", "enters at no service");
    wrong("publish = \"jobs\"", "publish = \"worker\"", "queue");
}
