//! Promise: a log costs and loses what its mode says.

use fivenines::{Results, Run, Scenario};

const SITE: &str = r#"
scenario = "logs"
format = 2
[run]
seed = 3
replications = 6
[window.steady]
level = "20/s"
length = "3min"
warm-up = "20s"
[site.main]
[rack.r]
site = "main"
switch = { bandwidth = "1MB/s" }
[server.box]
count = 4
rack = "r"
cores = 1
memory = "2GiB"
[zone.www]
on = ["box-1"]
[zone.one]
on = ["box-2"]
[service.app]
in = "www"
workers = 4
backlog = 1000
[workload.visitors]
request = "page"
rate = "20/s"
[request.page]
enter = "app"
demands = { work = "5ms" }
steps = [ { cpu = "app", demand = "work" }, { log = "access", size = "1kB" } ]
[log.access]
"#;

const ZONES: &str = r#"
[zone.two]
on = ["box-3"]
[zone.three]
on = ["box-4"]
"#;

fn results(log: &str, figures: &[&str]) -> Results {
    // Zones in which nothing runs are refused.
    let zones = if log.contains("\"two\"") { ZONES } else { "" };
    let text = format!("{SITE}{log}{zones}");
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let run = figures.iter().fold(Run::new().requests_only(), |run, path| run.figure(path));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

fn value(results: &Results, path: &str) -> f64 {
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}")).value()
}

fn is_near(results: &Results, path: &str, truth: f64, most: f64) {
    let found = value(results, path);
    assert!((found - truth).abs() <= most, "{path}: {found}, and it is {truth}");
}

/// 20 records of 1 kB per second on a switch of 1 MB/s: 0.02 for each copy. Each copy costs the sender 1 ms of 50 ms.
#[test]
fn a_copy_by_tcp_costs_once_for_each_subscriber_and_by_multicast_once() {
    let figures = ["utilization.r.switch", "utilization.zone.www.cpu", "utilization.zone.one.cpu"];
    let to = r#"to = ["one", "two", "three"]
send = "1ms"
receive = "2ms"
buffer = "1MB"
when-full = "drop"
"#;
    for (mode, copies) in [("mode = \"tcp\"", 3.0), ("mode = \"multicast\"\ndetect = \"5s\"", 1.0)]
    {
        let results = results(&format!("{to}{mode}\n"), &figures);
        is_near(&results, "utilization.r.switch@steady", 0.02 * copies, 0.003);
        is_near(&results, "utilization.zone.www.cpu@steady", 0.1 + 0.02 * copies, 0.008);
        is_near(&results, "utilization.zone.one.cpu@steady", 0.04, 0.004);
    }
}

/// M/M/1/4 at a load of 1.2: (1 - 1.2) x 1.2^4 / (1 - 1.2^5) = 0.2787.
#[test]
fn a_sniffer_drops_what_the_formula_of_a_short_queue_says() {
    let log = r#"to = "one"
mode = "sniff"
receive = { dist = "exponential", mean = "60ms" }
block = "1B"
buffer = "4kB"
"#;
    let results = results(log, &["lost-records.access.chance", "records.access"]);
    is_near(&results, "lost-records.access.chance@steady", 0.2787, 0.02);
    is_near(&results, "records.access@steady", 3600.0, 100.0);
}

/// A subscriber that does half of the records: a full buffer drops the other half, or lets pages wait.
#[test]
fn a_full_buffer_drops_records_or_lets_requests_wait() {
    let log = |full: &str| {
        format!(
            "to = \"one\"\nmode = \"tcp\"\nreceive = \"100ms\"\nbuffer = \"10kB\"\nwhen-full = \"{full}\"\n"
        )
    };
    let figures = ["lost-records.access.chance", "latency.page.mean"];
    let drops = results(&log("drop"), &figures);
    is_near(&drops, "lost-records.access.chance@steady", 0.5, 0.03);
    assert!(value(&drops, "latency.page.mean@steady") < 0.02);
    let waits = results(&log("block"), &figures);
    is_near(&waits, "lost-records.access.chance@steady", 0.0, 0.0);
    assert!(value(&waits, "latency.page.mean@steady") > 10.0, "half of the pages per second");
}

/// Collected every 10 s from a disk without a cost, records are 5 s old on average; a block of one record is written at once.
#[test]
fn a_local_record_waits_for_its_collection() {
    let log = "to = \"one\"\nmode = \"local\"\nblock = \"1kB\"\ncollect = \"10s\"\n";
    let results = results(log, &["log-delay.access", "lost-records.access"]);
    // Blocks of one record leave one after the other, a millisecond each.
    is_near(&results, "log-delay.access@steady", 5.1, 0.15);
    is_near(&results, "lost-records.access@steady", 0.0, 0.0);
}

/// A subscriber that stops for one minute misses 20 records per second of that minute. It holds no page up: in the 2 s
/// until it is excluded, 40 kB wait in a buffer of 100 kB.
#[test]
fn a_group_goes_on_without_a_subscriber_that_hangs_or_is_paused() {
    let log = r#"to = ["one", "two", "three"]
mode = "multicast"
receive = "2ms"
buffer = "100kB"
when-full = "block"
detect = "2s"
[window.broken]
at = "20s"
length = "3min"
warm-up = "20s"
[fault.stop]
hits = "access-2"
at = "1min"
lasts = "60s"
"#;
    for how in ["hang", "pause", "crash"] {
        let figures = ["lost-records.access[outcome=away]@broken", "latency.page.mean@broken"];
        let results = results(&format!("{log}how = \"{how}\"\n"), &figures);
        is_near(&results, "lost-records.access[outcome=away]@broken", 1200.0, 60.0);
        is_near(&results, "latency.page.mean@broken", 0.006, 0.004);
    }
}

/// A pause over the end of a `flush` ends it late, and asks for no second one. Parcels are complete at 40, 90, 130 and 170 s;
/// the third has the 600 records that waited for the end of the pause. Each is collected within a second, and crosses the
/// network in a millisecond per record: 27.6 s on average, and with a second flush at 90 s it would be 32.6 s.
#[test]
fn a_parcel_that_is_due_during_a_pause_is_written_after_it() {
    let log = r#"to = "one"
mode = "local"
block = "10MB"
flush = "40s"
collect = "1s"
[window.paused]
at = "20s"
length = "3min"
warm-up = "20s"
[fault.stop]
hits = "service.app"
how = "pause"
at = "1min"
lasts = "30s"
"#;
    let results = results(log, &["log-delay.access@paused"]);
    is_near(&results, "log-delay.access@paused", 27.6, 1.5);
}
