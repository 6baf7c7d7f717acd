//! Messages over years: they wait while their consumers are busy or gone and are done later, and cost the views that publish
//! them nothing unless a full queue refuses them.

use std::path::Path;

use super::users::by_flows;
use super::{Years, asked};
use crate::inside::common::read;
use crate::inside::faults::drafted;
use crate::inside::shared::base::{With as _, base};
use crate::{Run, Scenario};

/// Three pages per second publish a job of one second each, which four workers do.
fn jobs(lines: &str) -> String {
    let rare = "[fault.never]\nhits = \"web-1\"\nhow = \"crash\"\nrate = \"0.000001/y\"\nrepair = \"1h\"\n";
    let run = "[run]\nhorizon = \"1d\"\nreplications = 2\n";
    base("jobs").with(&format!("{run}{rare}")).with(lines)
}

/// Twice the rate from 02:00 to 02:10.
const BURST: &str = "[workload.w]\nstep = { at = \"2h\", factor = 2, for = \"10min\" }\n";

/// The consumers are dead for an hour.
const GONE: &str =
    "[fault.gone]\nhits = \"service.worker\"\nhow = \"crash\"\nat = \"2h\"\nlasts = \"1h\"\n";

fn limited(limit: u32, when_full: &str) -> String {
    format!("[queue.jobs]\nlimit = {limit}\nwhen-full = \"{when_full}\"\n")
}

/// Pages lost in a day, as years count them.
fn lost(text: &str) -> f64 {
    by_flows(text, |_| {}).lost.iter().sum()
}

/// Pages lost from 01:00 to 06:00, as a window counts them.
fn lost_in_a_window(text: &str) -> f64 {
    let hours = text.replace("\"2h\"", "\"1h\"").replace("horizon = \"1d\"\n", "");
    let window = "[window.steady]\nlength = \"5h\"\nwarm-up = \"1s\"\n[run]\nreplications = 16\n";
    let scenario = Scenario::parse(&hours.with(window)).unwrap();
    let run = Run::new().requests_only().figure("lost.page@steady");
    scenario.run(&run).unwrap().figure("lost.page@steady").unwrap().value()
}

/// The share of its 16 cores that the zone of a consumer is busy.
fn busy(text: &str, zone: &str) -> f64 {
    let path = format!("utilization.{zone}-1.cpu@horizon");
    Years::of(asked(&drafted(text), "1d", 2, &[&path])).interval(&path).estimate
}

/// 1,200 jobs wait at the end of the burst and are done in the next 20 minutes: no page is lost, and every job is done.
#[test]
fn a_burst_above_the_capacity_of_the_consumers_waits_and_is_done() {
    let text = jobs(BURST);
    assert!(lost(&text).abs() < 1e-9, "{}", lost(&text));
    let done = 3.0 * (86_400.0 + 600.0);
    let share = busy(&text, "work") * 16.0 * 86_400.0 / done;
    assert!((share - 1.0).abs() < 1e-4, "{share} of the jobs are done");
}

/// A queue for 600 jobs is full after 600 / (6 - 4) = 300 s of the burst. In the other 300 s two of six pages are refused per second.
#[test]
fn a_full_queue_refuses_the_pages_that_its_workers_cannot_do() {
    let text = jobs(&format!("{BURST}{}", limited(600, "reject")));
    let (years, window) = (lost(&text), lost_in_a_window(&text));
    assert!((years - 600.0).abs() < 1.0, "years lose {years} instead of 600");
    assert!((window - 600.0).abs() < 60.0, "a window loses {window} instead of 600");
}

/// A queue for 3,000 jobs is full after 1,000 s without consumers. In the other 2,600 s every page is refused, 7,800: nine or ten
/// intervals of five minutes are bad. What waited is done when the consumers are back.
#[test]
fn a_queue_without_consumers_loses_nothing_until_it_is_full() {
    let text = jobs(&format!("{GONE}{}", limited(3_000, "reject")));
    let found = by_flows(&text, |_| {});
    let (years, window) = (found.lost.iter().sum::<f64>(), lost_in_a_window(&text));
    assert!((years / 7_800.0 - 1.0).abs() < 2e-3, "years lose {years} instead of 7,800");
    assert!((window / 7_800.0 - 1.0).abs() < 2e-2, "a window loses {window} instead of 7,800");
    assert!((9.0..=10.0).contains(&found.bad_intervals), "{found:?}");
    let done = 3.0 * 86_400.0 - 7_800.0;
    let share = busy(&text, "work") * 16.0 * 86_400.0 / done;
    assert!((share - 1.0).abs() < 1e-3, "{share} of the jobs are done");
    let unbounded = jobs(GONE);
    assert!(lost(&unbounded).abs() < 1e-9, "{}", lost(&unbounded));
}

/// A queue that drops its oldest message, and a page that does not wait for its message, lose no page. Dropped jobs are not done.
#[test]
fn what_a_queue_drops_costs_no_page() {
    let text = jobs(&format!("{GONE}{}", limited(3_000, "drop-oldest")));
    assert!(lost(&text).abs() < 1e-9, "{}", lost(&text));
    let done = 3.0 * 86_400.0 - 7_800.0;
    let share = busy(&text, "work") * 16.0 * 86_400.0 / done;
    assert!((share - 1.0).abs() < 1e-3, "{share} of the jobs are done");
    let hasty = jobs(&format!("{GONE}{}", limited(3_000, "reject")))
        .replace("{ publish = \"jobs\" }", "{ publish = \"jobs\", wait = false }");
    assert!(hasty.contains("wait = false"));
    assert!(lost(&hasty).abs() < 1e-9, "{}", lost(&hasty));
}

/// Each job publishes a thumbnail to a queue that the file declares first: both are done as often as pages come, also when the jobs had
/// to wait.
#[test]
fn the_work_of_a_message_may_publish_the_next() {
    let first = r#"
[zone.studio]
[service.painter]
in = "studio"
workers = 8
[queue.thumbs]
in = "mq"
request = "thumbnail"
back-off = { first = "1s" }
durable = true
"#;
    let text = base("jobs").replace("[queue.jobs]", &format!("{first}[queue.jobs]"));
    let text = text.with("[run]\nhorizon = \"1d\"\nreplications = 2").with(&format!(
        r#"
{GONE}
[request.job]
steps = [ {{ cpu = "worker", demand = "work" }}, {{ publish = "thumbs" }} ]
[request.thumbnail]
enter = "painter"
demands = {{ paint = "500ms" }}
steps = [ {{ cpu = "painter", demand = "paint" }} ]
"#
    ));
    let all = 3.0 * 86_400.0 / (16.0 * 86_400.0);
    for (zone, work) in [("work", 1.0), ("studio", 0.5)] {
        let share = busy(&text, zone) / (all * work);
        assert!((share - 1.0).abs() < 1e-3, "{share} of the work in `{zone}` is done");
    }
}

/// A second kind of jobs from as many pages, in a queue and a service of its own. Both services stand in one zone, on a server of its own.
fn both(lines: &str) -> String {
    let second = r#"
[server.plant]
cores = 16
[zone.app]
on = ["box-1"]
[zone.mq]
on = ["box-1"]
[zone.work]
on = ["plant-1"]
[service.other]
in = "work"
workers = 8
[queue.more]
in = "mq"
request = "task"
back-off = { first = "1s" }
durable = true
[workload.v]
request = "form"
rate = "3/s"
[request.form]
enter = "web"
demands = { page = "1ms" }
steps = [ { cpu = "web", demand = "page" }, { publish = "more" } ]
[request.task]
enter = "other"
demands = { work = { dist = "exponential", mean = "1s" } }
steps = [ { cpu = "other", demand = "work" } ]
"#;
    let full = "[queue.more]\nlimit = 300\nwhen-full = \"reject\"\n";
    jobs(&format!("{}{second}", limited(300, "reject"))).with(full).with(lines)
}

/// Pages and forms lost in a day, as years count them.
fn all_lost(text: &str) -> f64 {
    let paths = ["lost.page@horizon", "lost.form@horizon"];
    let years = Years::of(asked(&drafted(text), "1d", 2, &paths));
    paths.iter().map(|path| years.interval(path).estimate / 365.25).sum()
}

/// Six jobs of a second come per second. Five cores do five of them, whichever queue they are in: one is refused per second, but for the
/// 600 that fill the queues.
#[test]
fn two_queues_share_what_their_resource_can_do() {
    let text = both("[server.plant]\ncores = 5\n[service.worker]\nworkers = 8\n");
    let lost = all_lost(&text);
    assert!((lost / (86_400.0 - 600.0) - 1.0).abs() < 0.01, "{lost} of 85,800");
}

/// The same six jobs for one service of five workers on sixteen cores.
#[test]
fn two_queues_share_the_workers_of_their_service() {
    let text = both("[service.worker]\nworkers = 5\n[request.task]\nenter = \"worker\"\n");
    let text = text.replace("cpu = \"other\"", "cpu = \"worker\"");
    let text = text.replace("[service.other]\nin = \"work\"\nworkers = 8\n", "");
    let lost = all_lost(&text);
    assert!((lost / (86_400.0 - 600.0) - 1.0).abs() < 0.01, "{lost} of 85,800");
}

/// Consumers that are four times slower for an hour do one job per second of three: 7,200 are refused, but for the 300 that fill the
/// queue.
#[test]
fn slow_consumers_do_less() {
    let slow = GONE.replace("\"crash\"", "\"slow\"\nfactor = 4");
    let text = jobs(&format!("{}{slow}", limited(300, "reject")));
    let (years, window) = (lost(&text), lost_in_a_window(&text));
    assert!((years - 6_900.0).abs() < 1.0, "years lose {years} instead of 6,900");
    assert!((window / 6_900.0 - 1.0).abs() < 0.03, "a window loses {window} instead of 6,900");
}

/// A page that publishes to two queues without consumers is lost once: no more are lost than come.
#[test]
fn a_page_that_two_full_queues_refuse_is_lost_once() {
    let gone =
        format!("{GONE}{}", GONE.replace("fault.gone", "fault.too").replace("worker", "other"));
    let text = both(&gone)
        .replace("{ publish = \"jobs\" }", "{ publish = \"jobs\" }, { publish = \"more\" }");
    let page = by_flows(&text, |_| {}).lost.iter().sum::<f64>();
    // The queue for both is full after 50 s, the other after 100 s.
    assert!((10_600.0..=10_800.0).contains(&page), "{page} of 10,800 pages of an hour");
}

/// Noise of the hour makes overload possible: refusals still make intervals bad.
#[test]
fn intervals_in_which_a_queue_refuses_are_bad_in_noise_too() {
    let noise = "[workload.w]\nnoise = { sigma = 0.1, phi = 0.8 }\n[server.box]\ncores = 6\n";
    let text = jobs(&format!("{GONE}{}{noise}", limited(300, "reject")));
    let found = by_flows(&text, |_| {});
    assert!((11.0..=13.0).contains(&found.bad_intervals), "{found:?}");
}

/// The queue is empty again after an outage, also at rates that are no round numbers: nothing is followed in small steps to the end
/// of 100 years.
#[test]
fn a_queue_that_was_worked_off_is_empty() {
    let text = jobs(&format!("{GONE}[workload.w]\nrate = \"3.1/s\"\n"));
    let text = text.replace("\"1d\"", "\"100y\"");
    assert!(lost(&text).abs() < 1e-6, "{}", lost(&text));
}

/// Without a broker pages are lost that wait for their message. The jobs that wait are done when it is back.
#[test]
fn jobs_wait_for_their_broker() {
    let text = jobs(&GONE.replace("service.worker", "jobs-1"));
    let lost = lost(&text);
    assert!((lost / 10_800.0 - 1.0).abs() < 0.01, "{lost} of 10,800");
}

/// Three cores of sixteen are 3.75 members at a target of 5 %. An autoscaler of the consumers sees the work of messages in quiet time
/// too: it keeps four members, and does not launch them again and again.
#[test]
fn an_autoscaler_of_consumers_sees_the_work_of_messages() {
    let text = jobs(
        r#"
[service.worker]
workers = 2
[zone.work]
count = 8
[scaler.grow]
zones = "work"
minimum = 2
metric = "cpu"
target = 0.05
period = "1min"
"#,
    );
    let paths = ["launches.grow@horizon", "members.grow.mean@horizon"];
    let years = Years::of(asked(&drafted(&text), "10d", 2, &paths));
    let [launches, members] = paths.map(|path| years.interval(path).estimate);
    assert!((members - 4.0).abs() < 0.3, "{members} members");
    assert!(launches * 10.0 / 365.25 < 20.0, "{launches} launches per year");
}

/// Over years jobs that publish to their own queue are refused, with their place.
#[test]
fn work_that_publishes_to_its_own_queue_is_refused_over_years() {
    let again = "steps = [ { cpu = \"worker\", demand = \"work\" }, { publish = \"jobs\" } ]";
    let text = jobs(&format!("[request.job]\n{again}\n"));
    let found = read(&text, Path::new(".")).err().unwrap();
    assert!(found.contains("publishes to `jobs` again"), "{found}");
}

/// Each job ends with a read of one of two replicas; one is dead for an hour, and nothing watches it. Half of the work fails, and each job
/// takes two turns of 1 s and a read of 1 ms. Eight workers have the time for these. Four do two of three jobs per second: 3,600 are refused, but for the 100 that
/// fill the queue.
#[test]
fn work_that_fails_is_done_again_by_the_same_workers() {
    let gone = GONE.replace("service.worker", "database.mysql.replica-1");
    let lines = r#"
[zone.sql]
count = 3
[database.mysql]
in = { primary = "sql-1", replicas = ["sql-2", "sql-3"] }
connections = 1000
read = { cpu = "1ms" }
reads = { to = "replicas" }
write = { cpu = "1ms" }
replication = { mode = "async", receive = "1ms" }
[request.job]
steps = [ { cpu = "worker", demand = "work" }, { call = "mysql", read = 1 } ]
"#;
    for (workers, refused) in [(8, 0.0), (4, 3_500.0)] {
        let more = format!("[service.worker]\nworkers = {workers}\n");
        let text = jobs(&format!("{gone}{}{lines}{more}", limited(100, "reject")));
        let (years, window) = (lost(&text), lost_in_a_window(&text));
        assert!((years - refused).abs() < 8.0, "years lose {years} instead of {refused}");
        assert!((window - refused).abs() < 200.0, "a window loses {window} instead of {refused}");
    }
}
