//! Members that take their work from a queue: launched while messages wait, removed without a message lost.

use fivenines::{Results, Run, Scenario};

use super::{near, value};
use crate::inside::shared::base::{With, base};

/// Jobs of one second at consumers with one worker each, four places, and `lines`.
fn jobs(rate: &str, scaler: &str, lines: &str) -> String {
    let consumers = "[window.steady]\nlength = \"40s\"\nwarm-up = \"0s\"\n[run]\nreplications = 2\n\
        [server.work-box]\ncount = 4\ncores = 1\n[zone.app]\namong = [\"box\"]\n[zone.mq]\namong = [\"box\"]\n\
        [zone.work]\ncount = 4\namong = [\"work-box\"]\n[service.worker]\nworkers = 1\n\
        [workload.w]\narrivals = { process = \"fixed\" }\n[request.job]\ndemands = { work = \"1s\" }\n\
        [scaler.grow]\nzones = \"work\"\nperiod = \"10s\"\nlaunch = { boot = \"5s\" }\n";
    let rate = format!("[workload.w]\nrate = \"{rate}\"\n[scaler.grow]\n{scaler}\n");
    base("jobs").with(consumers).with(&rate).with(lines)
}

fn run(text: &str) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let figures = [
        "members.grow.max",
        "launches.grow",
        "removals.grow",
        "cut-requests.grow",
        "queue.jobs.max",
        "waiting.jobs.mean",
        "redelivered.jobs",
        "utilization.worker",
    ];
    let run = figures.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

/// Two jobs per second at one worker: 9.5 wait at 10 s, 4.5 on average. A target of 1.2 wants 4 members. Three are launched, and work
/// from 15 s on: some 15 jobs wait by then, 2 per second leave the queue more than come.
#[test]
fn consumers_are_launched_while_messages_wait() {
    let scaler = "metric = \"messages\"\ntarget = 1.2\ncool-down = { in = \"10min\" }";
    let results = run(&jobs("2/s", scaler, ""));
    near(&results, "launches.grow@steady", 3.0, 1e-9);
    near(&results, "members.grow.max@steady", 4.0, 1e-9);
    near(&results, "queue.jobs.max@steady", 15.0, 1.5);
    // 1 of 1 worker for 15 s, 4 of 4 until the queue is empty at 22.5 s, then 2 of 4: of 15 + 4 x 25 seconds of workers.
    near(&results, "utilization.worker@steady", (15.0 + 30.0 + 2.0 * 17.5) / 115.0, 0.02);
}

/// Half a job per second: one of four consumers is enough. The others end what they have.
#[test]
fn removed_consumers_end_their_work_and_get_no_more() {
    let scaler = "metric = \"cpu\"\ntarget = 0.9\nstart = 4\ncool-down = { in = \"0s\" }";
    let results = run(&jobs("0.5/s", scaler, ""));
    near(&results, "removals.grow@steady", 3.0, 1e-9);
    near(&results, "redelivered.jobs@steady", 0.0, 1e-9);
    near(&results, "cut-requests.grow@steady", 0.0, 1e-9);
    assert!(value(&results, "queue.jobs.max@steady") <= 2.0, "the last one keeps up");
}

/// A `drain` that is shorter than the work: what a removed consumer has comes back, and another does it.
#[test]
fn work_that_is_cut_comes_back_to_the_queue() {
    let scaler = "metric = \"cpu\"\nsteps = [{ below = 1, remove = 3 }]\nstart = 4\ndrain = \"100ms\"\ncool-down = { in = \"0s\" }";
    // Each worker has a job of 8 s when three of them are removed.
    let longer = "[request.job]\ndemands = { work = \"8s\" }\n";
    let results = run(&jobs("0.5/s", scaler, longer));
    let cut = value(&results, "cut-requests.grow@steady");
    assert!(cut > 0.0, "three members had work");
    near(&results, "redelivered.jobs@steady", cut, 1e-9);
}

/// 1.8 jobs per second of one second at a target of 0.5 are 3.6 members: 4, in windows and over years.
#[test]
fn years_have_as_many_consumers_as_windows() {
    let scaler = "metric = \"cpu\"\ntarget = 0.5";
    let years = "[run]\nhorizon = \"1y\"\n[window.steady]\nlength = \"10min\"\nwarm-up = \"5min\"\n[fault.one]\nhits = \"worker-4\"\nhow = \"crash\"\nrate = \"1/y\"\nrepair = \"1min\"\n";
    let text = jobs("1.8/s", scaler, years);
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let asked = Run::new().figure("members.grow.mean@steady").figure("members.grow.mean@horizon");
    let results = scenario.run(&asked).unwrap_or_else(|error| panic!("{error}"));
    for window in ["steady", "horizon"] {
        near(&results, &format!("members.grow.mean@{window}"), 4.0, 0.01);
    }
}

#[test]
fn a_metric_that_consumers_do_not_have_is_refused() {
    let refused = |scaler: &str, more: &str, with: &str| {
        let told = Scenario::parse(&jobs("1/s", scaler, more)).err().map(|error| error.to_string());
        assert!(told.as_ref().is_some_and(|told| told.contains(with)), "{told:?}");
    };
    refused("metric = \"waiting\"\ntarget = 1", "", "wait in their queue");
    let years = "[run]\nhorizon = \"1y\"\n";
    refused("metric = \"messages\"\ntarget = 1", years, "none waits below saturation");
    refused("metric = \"requests\"\ntarget = 1", years, "deliveries of messages are not counted");
    let lent = "[server.work-box]\nlent = { hours = { from = \"09:00\", to = \"17:00\" }, at-end = \"finish\" }\n";
    refused("metric = \"cpu\"\ntarget = 0.5", lent, "launches members at every hour");
    let direct = "[workload.other]\nrequest = \"hand\"\nrate = \"1/s\"\n[request.hand]\nenter = \"worker\"\nsteps = []\n";
    refused("metric = \"cpu\"\ntarget = 0.5", direct, "past a balancer");
}
