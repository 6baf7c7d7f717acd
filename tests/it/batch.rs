//! Promise: servers that are lent by the hour are capacity in their hours alone, work with 0 shares takes nothing from
//! the others, and a job is done when all of its messages are.

use fivenines::{Estimate, Results, Run, Scenario};

/// A job of equal frames at one worker per server; the only user submits it, waits, and thinks again.
const FARM: &str = r#"
scenario = "farm"
format   = 2
[run]
start = "Mon 00:00"
seed  = 1
replications = 1
[window.night]
at     = "18:00"
length = "24h"
[server.blade]
count = BLADES
cores = 1
power = { idle = "100W", full = "100W" }
[server.desk]
count = DESKS
cores = 1
power = { idle = "100W", full = "100W" }
lent  = { hours = { from = "19:00", to = "08:00" }, at-end = "stop" }
[server.control]
cores = 1
[zone.render]
count = ALL
among = AMONG
apart = true
[zone.scheduler]
on = ["control-1"]
[service.renderer]
in      = "render"
workers = 1
[queue.frames]
in       = "scheduler"
request  = "frame"
back-off = { first = "1min" }
durable  = true
[workload.artist]
request = "job"
users   = 1
think   = "1h"
[request.job]
steps = [ { repeat = { count = FRAMES, steps = [ { publish = "frames" } ] } }, { await = "frames" } ]
[request.frame]
enter   = "renderer"
demands = { light = "1h" }
steps   = [ { cpu = "renderer", demand = "light" } ]
"#;

fn farm(blades: u32, desks: u32, frames: u32) -> String {
    let (text, among) = match (blades, desks) {
        (_, 0) => (without(FARM, "[server.desk]"), "[\"blade\"]"),
        (0, _) => (without(FARM, "[server.blade]"), "[\"desk\"]"),
        _ => (FARM.to_string(), "[\"blade\", \"desk\"]"),
    };
    text.replace("BLADES", &blades.to_string())
        .replace("DESKS", &desks.to_string())
        .replace("ALL", &(blades + desks).to_string())
        .replace("AMONG", among)
        .replace("FRAMES", &frames.to_string())
}

/// The text without the section of this heading.
fn without(text: &str, heading: &str) -> String {
    let (before, rest) = text.split_once(heading).unwrap();
    let after = rest.split_once("\n[").unwrap().1;
    format!("{before}[{after}")
}

fn scenario(text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn run(text: &str, figures: &[&str]) -> Results {
    let run = figures.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
    scenario(text).run(&run).unwrap_or_else(|error| panic!("{error}"))
}

fn figure(results: &Results, path: &str) -> Estimate {
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn is(results: &Results, path: &str, truth: f64) {
    let found = figure(results, path).value();
    assert!((found - truth).abs() <= 1e-9 * truth.abs().max(1.0), "{path}: {found}, not {truth}");
}

/// N equal jobs on c processors take ceil(N / c) rounds.
#[test]
fn a_job_of_equal_frames_is_done_after_the_rounds_that_it_takes() {
    for (frames, blades) in [(1, 3), (3, 3), (4, 3), (10, 4), (7, 1), (200, 19)] {
        let rounds = f64::from(u32::div_ceil(frames, blades));
        let length = format!("length = \"{}min\"", 60.0 * (rounds + 1.5));
        let text = farm(blades, 0, frames).replace("length = \"24h\"", &length);
        let results = run(&text, &["latency.job.max@night", "latency.frame.max@night"]);
        is(&results, "latency.job.max@night", rounds * 3_600.0);
        is(&results, "latency.frame.max@night", rounds * 3_600.0);
    }
}

/// Five frames from 19:00, five from 01:00, one from 07:00 that ends with the hours: 11 of 13 hours. The others of the
/// third job wait for the next evening, and nothing was stopped.
#[test]
fn utilisation_is_of_the_hours_in_which_a_server_is_lent() {
    let figures = [
        "utilization.renderer@night",
        "utilization.render.cpu@night",
        "utilization.desk.cpu@night",
        "busy.renderer@night",
        "redelivered.frames@night",
        "energy.desk@night",
    ];
    let results = run(&farm(0, 1, 5), &figures);
    for path in ["utilization.renderer", "utilization.render.cpu", "utilization.desk.cpu"] {
        is(&results, &format!("{path}@night"), 11.0 / 13.0);
    }
    is(&results, "busy.renderer@night", 11.0 / 24.0);
    is(&results, "redelivered.frames@night", 0.0);
    is(&results, "energy.desk@night", 1_300.0 * 3_600.0);
}

/// A frame of two hours begins at 07:00, an hour before the owner is back. Stopped, it is rendered from 19:00 to 21:00;
/// finished, it is done at 09:00, and the hour after the end of the hours is capacity, with its energy.
#[test]
fn work_that_has_not_ended_is_stopped_or_finished_as_declared() {
    let text = farm(0, 1, 1)
        .replace("\"1h\" }", "\"2h\" }")
        .replace("think   = \"1h\"", "think   = \"14h\"")
        .replace("at     = \"18:00\"\nlength = \"24h\"", "at     = \"17:00\"\nlength = \"29h\"");
    let figures = [
        "latency.job.max@night",
        "utilization.renderer@night",
        "redelivered.frames@night",
        "energy.desk@night",
        "utilization.desk.cpu@night",
        "utilization.render.cpu@night",
    ];
    for (at_end, latency, busy, capacity, redelivered, on) in
        [("stop", 14.0, 3.0, 16.0, 1.0, 16.0), ("finish", 2.0, 2.0, 17.0, 0.0, 17.0)]
    {
        let text = text.replace("at-end = \"stop\"", &format!("at-end = \"{at_end}\""));
        let results = run(&text, &figures);
        is(&results, "latency.job.max@night", latency * 3_600.0);
        is(&results, "redelivered.frames@night", redelivered);
        is(&results, "utilization.renderer@night", busy / capacity);
        is(&results, "utilization.desk.cpu@night", busy / capacity);
        is(&results, "utilization.render.cpu@night", busy / capacity);
        is(&results, "energy.desk@night", on * 100.0 * 3_600.0);
    }
}

/// The blade renders the frames that are stopped; the other desks, whose hours are over too, get none of them.
#[test]
fn frames_of_lent_servers_come_back_to_those_that_stay() {
    let text = farm(1, 3, 4)
        .replace("\"1h\" }", "\"2h\" }")
        .replace("think   = \"1h\"", "think   = \"13h\"");
    let results = run(&text, &["latency.job.max@night", "redelivered.frames@night"]);
    // From 07:00: the blade ends its first frame at 09:00, and those of the three desks at 11:00, 13:00 and 15:00.
    is(&results, "latency.job.max@night", 8.0 * 3_600.0);
    is(&results, "redelivered.frames@night", 3.0);
}

/// Hours of single days, and of a weekend: from Friday 19:00 to Monday 08:00 a desk is there without a gap.
#[test]
fn hours_are_those_of_the_days_that_are_given() {
    let text = farm(0, 1, 1)
        .replace(
            "hours = { from = \"19:00\", to = \"08:00\" }",
            "hours = [ { from = \"19:00\", to = \"08:00\", days = [\"Mon\", \"Tue\", \"Wed\", \"Thu\"] }, { from = \"Fri 19:00\", to = \"Mon 08:00\" } ]",
        )
        .replace("think   = \"1h\"", "think   = \"0s\"")
        .replace("at     = \"18:00\"\nlength = \"24h\"", "at     = \"Mon 00:00\"\nlength = \"7d\"");
    let results = run(
        &text,
        &["busy.renderer@night", "utilization.renderer@night", "redelivered.frames@night"],
    );
    // 8 h of Monday, four nights of 13 h, and 5 h + 24 h + 24 h from Friday on. The user begins in the middle of an hour: 0 s.
    is(&results, "busy.renderer@night", (8.0 + 4.0 * 13.0 + 53.0) / 168.0);
    is(&results, "utilization.renderer@night", 1.0);
    is(&results, "redelivered.frames@night", 0.0);
}

/// A window that begins by day begins with the desk away, one that begins at night with it there.
#[test]
fn a_window_may_begin_outside_of_the_hours_and_within_them() {
    for (at, latency, length) in [("10:00", 9.0, "12h"), ("02:00", 1.0, "6h")] {
        let text = farm(0, 1, 1)
            .replace("at     = \"18:00\"", &format!("at     = \"{at}\""))
            .replace("24h", length);
        let results = run(&text, &["latency.job.max@night"]);
        is(&results, "latency.job.max@night", latency * 3_600.0);
    }
}

/// Crashes and hangs at any time, also while a desk is away: every run compares busy + idle + unavailable with the
/// capacity, and the sojourn times of messages with the area under their number.
///
/// Two blades and three desks for 13 h of 24 are 3.6 workers. Hosts are up 24 h of 29: at most 3.0 are busy. Every day
/// some 15 crashes of hosts and processes, and one of the broker under all deliveries, lose frames of 40 min on average,
/// about a sixth of the work. So a job of 40 frames takes 11 h, and 2 h with the last frames and the thought of the user:
/// 36 in 20 days. Blades alone would do 18.
#[test]
fn servers_may_fail_in_their_hours_and_outside_of_them() {
    const JOB: f64 = 40.0 * 40.0 / 60.0;
    let figures =
        ["attempts.job[outcome=ok]@night", "busy.renderer@night", "redelivered.frames@night"];
    for at_end in ["stop", "finish"] {
        let whole = farm(2, 3, 40)
            .replace("at-end = \"stop\"", &format!("at-end = \"{at_end}\""))
            .replace("\"1h\" }", "{ dist = \"exponential\", mean = \"40min\" } }")
            .replace("length = \"24h\"", "length = \"20d\"")
            .replace("durable  = true", "durable  = true\nheartbeat = \"5min\"");
        let text = format!("{whole}{FAILURES}");
        let [(unbroken, _, _), (jobs, busy, lost)] = [&whole, &text].map(|text| {
            let results = run(text, &figures);
            let [jobs, busy, lost] = figures.map(|path| figure(&results, path).value());
            (jobs, busy * 480.0, lost)
        });
        assert!(jobs > 26.0 && jobs < 0.85 * unbroken, "{at_end}: {jobs} of {unbroken} jobs");
        assert!(busy < 1.1 * 3.625 * 480.0 * 24.0 / 29.0, "{at_end}: {busy} h busy");
        assert!(lost > 100.0, "{at_end}: {lost} frames lost");
        // What the jobs need, and what was lost: its age at that time, and a hang of up to half an hour.
        let (least, most) = (0.9 * jobs * JOB, 1.1 * (jobs + 1.0) * JOB + 1.5 * lost * 70.0 / 60.0);
        assert!(busy > least && busy < most, "{at_end}: {busy} h busy, not {least} to {most}");
    }
}

const FAILURES: &str = r#"
[fault.crash]
hits = ["server.blade", "server.desk"]
how = "crash"
rate = "1/d"
repair = { dist = "exponential", mean = "5h" }
[fault.dies]
hits = "service.renderer"
how = "crash"
rate = "2/d"
repair = "10min"
[fault.hangs]
hits = "service.renderer"
how = "hang"
rate = "1/d"
repair = "30min"
[fault.broker]
hits = "zone.scheduler"
how = "crash"
rate = "1/d"
repair = "20min"
"#;

/// The second of three frames is stopped and must not be delivered again: a dead letter. The job fails with its last frame.
#[test]
fn a_job_fails_with_one_of_its_messages() {
    let text = farm(0, 1, 3)
        .replace("durable  = true", "durable  = true\nattempts = 1")
        .replace("think   = \"1h\"", "think   = \"12h30min\"");
    // At 06:30 it begins; the first frame ends at 07:30, the second is stopped at 08:00, the third waits until 19:00.
    let results = run(
        &text.replace("length = \"24h\"", "length = \"26h\""),
        &[
            "attempts.job[outcome=error]@night",
            "dead-letters.frames@night",
            "attempts.job[outcome=ok]@night",
        ],
    );
    is(&results, "attempts.job[outcome=error]@night", 1.0);
    is(&results, "attempts.job[outcome=ok]@night", 0.0);
    is(&results, "dead-letters.frames@night", 1.0);
}

/// Branches that publish and wait, and two that only wait: all wait for the messages of the job, 4 frames at 2 blades.
#[test]
fn every_branch_of_a_job_waits_for_its_messages() {
    let steps = "steps = [ { repeat = { count = 4, steps = [ { publish = \"frames\" } ] } }, { await = \"frames\" }, ]";
    let text = farm(2, 0, 4);
    let before = text.lines().find(|line| line.starts_with("steps = [ { repeat")).unwrap();
    let both = "{ steps = [ { publish = \"frames\" }, { publish = \"frames\" }, { await = \"frames\" } ] }";
    let only = "{ steps = [ { await = \"frames\" } ] }";
    for steps in [
        format!("steps = [ {{ parallel = [ {both}, {both} ] }} ]"),
        steps.replace("{ await = \"frames\" },", &format!("{{ parallel = [ {only}, {only} ] }}")),
    ] {
        let text = text.replace(before, &steps).replace("\"24h\"", "\"9h\"");
        let results = run(&text, &["latency.job.max@night", "attempts.job[outcome=ok]@night"]);
        is(&results, "latency.job.max@night", 2.0 * 3_600.0);
        // Two hours of work and one of thought: three jobs begin in nine hours, whenever the first does.
        is(&results, "attempts.job[outcome=ok]@night", 3.0);
    }
}

/// A frame is a job of its own, of two tiles: three frames at once, whose messages are of one request.
const TILES: &str = r#"
[server.node]
cores = 2
[zone.tiling]
on = ["node-1"]
[service.tiler]
in      = "tiling"
workers = 2
[queue.tiles]
in       = "scheduler"
request  = "tile"
back-off = { first = "1min" }
durable  = true
[request.tile]
enter   = "tiler"
demands = { light = "30min" }
steps   = [ { cpu = "tiler", demand = "light" } ]
"#;

/// Six tiles of 30 min at two tilers: the frames end after 30, 60 and 90 min. With deliveries that time out, frames are
/// begun again beside themselves, and every job still ends and gives its worker back.
#[test]
fn jobs_within_jobs_end() {
    let text = farm(3, 0, 3).replace(
        "steps   = [ { cpu = \"renderer\", demand = \"light\" } ]",
        "steps   = [ { publish = \"tiles\" }, { publish = \"tiles\" }, { await = \"tiles\" } ]",
    );
    let text = text.replace("demands = { light = \"1h\" }\n", "") + TILES;
    let results = run(&text, &["latency.job.max@night", "latency.frame.max@night"]);
    is(&results, "latency.job.max@night", 1.5 * 3_600.0);
    is(&results, "latency.frame.max@night", 1.5 * 3_600.0);
    let text =
        text.replacen("durable  = true", "durable  = true\nacknowledge-within = \"45min\"", 1);
    let figures = ["latency.job.max@night", "redelivered.frames@night", "busy.renderer@night"];
    let results = run(&text, &figures);
    let value = |path: &str| figure(&results, path).value();
    assert!(value("redelivered.frames@night") > 0.0);
}

/// Two zones with shares, contended or not, and a third that would take the whole server.
const SHARED: &str = r#"
scenario = "shared"
format   = 2
[run]
seed = 1
replications = 3
[window.steady]
length = "200s"
[server.box]
cores = 4
[zone.web-zone]
on  = ["box-1"]
cpu = { shares = 300, cap = 3.0 }
[zone.api-zone]
on  = ["box-1"]
[zone.batch-zone]
on  = ["box-1"]
cpu = { shares = 0 }
[service.web]
in      = "web-zone"
workers = "unlimited"
[service.api]
in      = "api-zone"
workers = "unlimited"
[service.batch]
in      = "batch-zone"
workers = "unlimited"
[workload.pages]
request = "page"
rate    = "PAGES/s"
[workload.calls]
request = "call"
rate    = "20/s"
[workload.nights]
request = "night"
rate    = "NIGHTS/s"
[request.page]
enter   = "web"
demands = { work = { dist = "lognormal", mean = "50ms", cv = 2.0 } }
steps   = [ { cpu = "web", demand = "work" } ]
[request.call]
enter   = "api"
demands = { work = { dist = "exponential", mean = "60ms" } }
steps   = [ { cpu = "api", demand = "work", threads = 2 } ]
[request.night]
enter   = "batch"
demands = { work = "3s" }
steps   = [ { cpu = "batch", demand = "work" } ]
"#;

/// Below capacity and above it, batch work changes no figure of the others beyond the rounding of a nanosecond.
#[test]
fn a_zone_without_shares_takes_nothing_from_the_others() {
    let figures = [
        "latency.page.mean@steady",
        "latency.page.p95@steady",
        "latency.call.mean@steady",
        "latency.call.max@steady",
        "utilization.web-zone.cpu@steady",
        "utilization.api-zone.cpu@steady",
    ];
    for pages in ["20", "70"] {
        let with =
            |nights: &str| run(&SHARED.replace("PAGES", pages).replace("NIGHTS", nights), &figures);
        let (alone, beside) = (with("0.000000001"), with("5"));
        for path in figures {
            let (alone, beside) = (figure(&alone, path).value(), figure(&beside, path).value());
            assert!(
                (alone - beside).abs() <= 2e-9 * alone,
                "{path}: {alone} alone, {beside} beside batch work"
            );
        }
        let used = run(
            &SHARED.replace("PAGES", pages).replace("NIGHTS", "5"),
            &["utilization.box.cpu@steady"],
        );
        let used = figure(&used, "utilization.box.cpu@steady").value();
        assert!(used > 0.99, "what the others leave is used: {used}");
    }
}

/// Closed forms count the capacity of the hours, as a mean over the week: 3 blades and 2 desks at 13/24.
#[test]
fn offered_load_is_divided_as_the_hours_are() {
    let text = farm(3, 2, 1)
        .replace("at     = \"18:00\"", "level  = \"2/h\"")
        .replace("users   = 1\nthink   = \"1h\"", "rate    = \"2/h\"");
    let results = scenario(&text)
        .run(&Run::new().requests_only().figure("headroom.render.cpu@night"))
        .unwrap_or_else(|error| panic!("{error}"));
    is(&results, "headroom.render.cpu@night", 1.0 - 2.0 / (3.0 + 2.0 * 13.0 / 24.0));
}

/// A wait for messages that are not there, or may not be there yet, is refused at its place.
#[test]
fn a_job_that_waits_in_vain_is_refused() {
    let refused = |text: &str| Scenario::parse(text).err().map(|error| error.to_string());
    let text = farm(1, 0, 2);
    let nothing =
        text.replace("{ repeat = { count = 2, steps = [ { publish = \"frames\" } ] } }, ", "");
    let why = refused(&nothing).expect("there is nothing to wait for");
    assert!(why.contains("publishes nothing to this queue"), "{why}");
    let early = text.replace("{ publish = \"frames\" }", "{ publish = \"frames\", wait = false }");
    let why = refused(&early).expect("the messages may come later");
    assert!(why.contains("may not be there yet"), "{why}");
    assert_eq!(refused(&text), None);
    let (publish, wait) = (
        "{ repeat = { count = 2, steps = [ { publish = \"frames\" } ] } }",
        "{ await = \"frames\" }",
    );
    let late = text.replace(&format!("{publish}, {wait}"), &format!("{wait}, {publish}"));
    let why = refused(&late).expect("the messages come later");
    assert!(why.contains("nothing to this queue before this step"), "{why}");
    // In the second turn there is something to wait for.
    let turns = format!("{{ repeat = {{ count = 2, steps = [ {wait}, {publish} ] }} }}");
    assert_eq!(refused(&text.replace(&format!("{publish}, {wait}"), &turns)), None);
}

/// 20 pages/s of 50 ms on two cores, of which 1.5 jobs/s of 1 s want more than the other one.
#[test]
fn idle_work_is_no_load_for_the_others_in_closed_form() {
    let text = r#"
scenario = "beside"
format   = 2
[run]
seed = 1
[window.steady]
level  = "20/s"
length = "20s"
[server.box]
cores = 2
[zone.web-zone]
on = ["box-1"]
[zone.batch-zone]
on  = ["box-1"]
cpu = { shares = 0 }
[service.web]
in      = "web-zone"
workers = "unlimited"
[service.batch]
in      = "batch-zone"
workers = "unlimited"
[workload.pages]
request = "page"
rate    = "20/s"
[workload.nights]
request = "night"
rate    = "1.5/s"
[request.page]
enter   = "web"
demands = { work = "50ms" }
steps   = [ { cpu = "web", demand = "work" } ]
[request.night]
enter   = "batch"
demands = { work = "1s" }
steps   = [ { cpu = "batch", demand = "work" } ]
[objective.page]
lost-after = "8s"
"#;
    let figures = ["headroom.box.cpu@steady", "headroom.batch-zone.cpu@steady"];
    let results = run(text, &figures);
    is(&results, "headroom.box.cpu@steady", 0.5);
    // One core is left for 1.5.
    is(&results, "headroom.batch-zone.cpu@steady", -0.5);
    let said = format!("{:?}", scenario(text).warnings());
    assert!(said.contains("of what the zones with shares leave it"), "{said}");
    assert!(!said.contains("never be served: `box"), "{said}");
}
