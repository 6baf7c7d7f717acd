//! Promise: a server with a ZFS pool has years: its disks are as busy there as in closed form and as request by request, and
//! what years leave out is named.

use fivenines::plan::headroom;

use super::disk_writes::{is_near, refusal};
use super::faults::drafted;
use crate::{Results, Run, Scenario};

/// A server with a set of disks, and `steps` on it at a rate of 1/s times that in front of each.
pub(super) fn site(set: &str, steps: &[(f64, &str)], more: &str) -> String {
    let mut text = format!(
        r#"
scenario = "pool"
format   = 2
[run]
seed = 1
horizon = "60d"
replications = 4
[window.busy]
level   = "1 x rate"
length  = "10min"
warm-up = "100s"
[server.box]
cores  = 4
memory = "64GiB"
[server.box.disks]
local = {{ kind = "10k", {set} }}
[zone.www]
on = ["box-1"]
[service.app]
in      = "www"
workers = "unlimited"
mounts  = {{ disk = "box:local" }}
[fault.crash]
hits   = "server.box"
how    = "crash"
rate   = "1/y"
repair = "1h"
{more}"#
    );
    for (at, (rate, step)) in steps.iter().enumerate() {
        text += &format!(
            "[workload.w{at}]\nrequest = \"r{at}\"\nrate = \"{rate}/s\"\n\
             [request.r{at}]\nenter = \"app\"\nsteps = [ {{ io = \"disk\", {step} }} ]\n"
        );
    }
    text
}

/// The set of disks of a server.
const BOX: &str = "box-1.local";

const READ: &str = "read = 1";
const WRITE: &str = "write = 1";
const COMMIT: &str = "write = 1, durable = true";

fn run(text: &str, how: Run, figures: &[&str]) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let how = figures.iter().fold(how, |run, figure| run.figure(figure));
    scenario.run(&how).unwrap_or_else(|error| panic!("{error}"))
}

fn value(results: &Results, figure: &str) -> f64 {
    results.figure(figure).unwrap_or_else(|error| panic!("{figure}: {error}")).value()
}

/// Returns the utilisation of the disks in closed form, and over years; in states without a failure both are the same.
pub(super) fn computed(text: &str, set: &str) -> f64 {
    let figures = [format!("headroom.{set}@busy"), format!("utilization.{set}.max@horizon")];
    let results = run(text, Run::new().years_only(), &figures.each_ref().map(String::as_str));
    let [closed, years] = figures.map(|figure| value(&results, &figure));
    // The server is down for 1 h in 8,766 on average, and for at most some hours of these days.
    is_near(years, 1.0 - closed, 0.01);
    1.0 - closed
}

pub(super) fn simulated(text: &str, set: &str) -> f64 {
    let figure = format!("utilization.{set}@busy");
    value(&run(text, Run::new().requests_only(), &[&figure]), &figure)
}

/// A file with everything that an ordinary pool has is checked, run over years, and corrected by windows of requests drawn from
/// them: these begin without dirty data, and end with the writes of a group at least every 5 s.
#[test]
fn a_server_with_an_ordinary_pool_has_years_and_windows_drawn_from_them() {
    let set = r#"layout = "raidz1", data = 4, parity = 1, bandwidth = "100MB/s", io-throttle = {},
        transactions = { sequential = 0.5 }, log = { kind = "sata-ssd" },
        scrub = { every = "7d", allocated = "1TiB" }"#
        .replace('\n', " ");
    let fault = r#"
[fault.disk]
hits    = "server.box.local"
how     = "disk-failed"
rate    = "0.5/y"
rebuild = { lasts = "9h", unreadable = 0.5 }
restore = "12h"
"#;
    let text = site(&set, &[(4.0, READ), (4.0, WRITE), (1.0, COMMIT)], fault)
        .replace("length  = \"10min\"\nwarm-up = \"100s\"", "length  = \"20s\"\nwarm-up = \"5s\"");
    let figures =
        ["structural.r1@horizon", "latency.r2.p50@horizon", "lost-sets.box-1.local@horizon"];
    let results = run(&text, Run::new().replications(4), &figures);
    let [up, commit_s, lost] = figures.map(|figure| value(&results, figure));
    assert!((0.9..1.0).contains(&up), "{up}");
    // A commit takes a block of the log device, 0.91 ms, and never waits for the disks.
    assert!((0.0005..0.003).contains(&commit_s), "{commit_s}");
    // Five disks, half of whose rebuilds find data that cannot be read: 5 x 0.5 x 0.5 = 1.25 per year.
    assert!((0.0..6.0).contains(&lost), "{lost}");
    let summary = results.files().find(|(name, _)| *name == "summary.json").unwrap().1;
    let summary = String::from_utf8_lossy(summary);
    let note = "rates over years leave out of disks: delays by dirty data, and its loss in a crash; \
                the load of log devices; the times of scrubs, whose work is spread evenly and takes \
                what requests leave; the processor time of `io-throttle`";
    assert!(summary.contains(note), "{summary}");
}

/// A mirror of two disks of 4 ms has 500 units of one read per second. Without a log device, per second:
/// 10 reads 10 units; 5 writes, of both sides, 10; 4 commits as many writes, as many blocks of the log, and a flush of 2 ms of
/// each side after it, 8 + 8 + 4. 40 / 500 = 8 %.
#[test]
fn disks_are_as_busy_over_years_as_in_closed_form_and_request_by_request() {
    let set = r#"layout = "mirror", data = 1, parity = 1, time = "4ms", transactions = { flush = "2ms" }"#;
    let text = site(set, &[(10.0, READ), (5.0, WRITE), (4.0, COMMIT)], "");
    let closed = computed(&text, BOX);
    assert!((closed - 0.08).abs() < 1e-9, "{closed}");
    is_near(simulated(&text, BOX), closed, 0.02);
    // With a log device blocks and flushes are not on the disks: 28 / 500.
    let device = format!("{set}, log = {{ kind = \"sata-ssd\" }}");
    let text = site(&device, &[(10.0, READ), (5.0, WRITE), (4.0, COMMIT)], "");
    let closed = computed(&text, BOX);
    assert!((closed - 0.056).abs() < 1e-9, "{closed}");
    is_near(simulated(&text, BOX), closed, 0.02);
}

/// A durable write of 32 KiB or more without a log device is written in place, not in a group. In a raidz1 of 2 + 1 disks of 4 ms
/// and a flush of 2 ms, three columns are written, the block of the log as well, and the same three disks are flushed:
/// (3 + 3 + 1.5) x 4 / 750 = 4 %. In two such groups the block is in the other group: (3 + 3 + 3) x 4 / 1,500 = 2.4 %.
#[test]
fn large_commits_cost_a_write_in_place_a_block_and_the_flushes_of_both() {
    for (disks, expected) in [("data = 2, parity = 1", 0.04), ("data = 4, parity = 2", 0.024)] {
        let set = format!(
            r#"layout = "raidz1", {disks}, time = "4ms", transactions = {{ flush = "2ms", write-size = "32KiB" }}"#
        );
        let text = site(&set, &[(4.0, COMMIT)], "");
        let closed = computed(&text, BOX);
        assert!((closed - expected).abs() < 1e-9, "{disks}: {closed}");
        is_near(simulated(&text, BOX), closed, 0.03);
    }
}

/// Two members of a database, each on a mirror of 4 ms with flushes of 2 ms, 3 writes per second. A write of a group takes 4 ms of
/// both sides, a durable one 10 ms. Each write is one durable operation and two others, at the replica too: 3 x (4 + 4 + 10) ms = 5.4 %.
/// With three phases the member that takes it forces one record more (8.4 %), the other two, and writes one that nothing
/// waits for (12.6 %).
#[test]
fn writes_of_databases_cost_the_log_where_a_member_waits_for_them() {
    let modes = [
        (r#"{ mode = "async", receive = "1ms", apply = "serial" }"#, [0.054, 0.054]),
        (r#"{ mode = "async", receive = "1ms", apply = "serial", apply-io = 3 }"#, [0.054, 0.036]),
        (r#"{ mode = "three-phase", receive = "1ms" }"#, [0.084, 0.126]),
    ];
    let set = r#"layout = "mirror", data = 1, parity = 1, time = "4ms", transactions = { flush = "2ms" }"#;
    for (mode, expected) in modes {
        let text = site(
            set,
            &[(3.0, WRITE)],
            &format!(
                r#"
[zone.sql]
count = 2
on = ["box-1", "box-2"]
[database.shop]
in    = {{ primary = "sql-1", replicas = ["sql-2"] }}
connections = 200
read  = {{ cpu = "1ms" }}
write = {{ cpu = "1ms", sync-io = 1, deferred-io = 2 }}
data  = {{ sql-1 = "box:local", sql-2 = "box:local" }}
replication = {mode}
"#
            ),
        )
        .replace("cores  = 4", "cores  = 4\ncount  = 2")
        .replace("{ io = \"disk\", write = 1 }", "{ call = \"shop\", write = 1 }");
        let figures = [
            "headroom.box-1.local@busy",
            "headroom.box-2.local@busy",
            "utilization.box-1.local.max@horizon",
            "utilization.box-2.local.max@horizon",
        ];
        let results = run(&text, Run::new().years_only(), &figures);
        let busy = ["utilization.box-1.local@busy", "utilization.box-2.local@busy"];
        let requests = run(&text, Run::new().requests_only(), &busy);
        for (member, expected) in expected.into_iter().enumerate() {
            let closed = 1.0 - value(&results, figures[member]);
            assert!((closed - expected).abs() < 1e-9, "{mode}, member {member}: {closed}");
            is_near(value(&results, figures[2 + member]), closed, 0.01);
            is_near(value(&requests, busy[member]), closed, 0.02);
        }
    }
}

/// 400 MiB on a mirror are 400 reads of 1 MiB on each of its disks, of 52.4 ms at 20 MB/s. With the arm elsewhere before each, 4 ms
/// more: 400 x 56.4 ms per 200 s = 11.29 %. Quiet disks move no arm: 400 x 52.4 ms per 200 s = 10.49 %. Three scrubs begin in
/// the window of 10 min.
#[test]
fn a_scrub_costs_its_reads_over_the_time_between_two() {
    let set = |more: &str| {
        format!(
            r#"layout = "mirror", data = 1, parity = 1, time = "4ms", bandwidth = "20MB/s",
            transactions = {{ flush = "2ms" }}, scrub = {{ every = "200s", allocated = "400MiB"{more} }}"#
        )
        .replace('\n', " ")
    };
    let (transfer, seek) = (0.052_428_8, 0.004);
    let most = 400.0 * (transfer + seek) / 200.0;
    let quiet = site(&set(""), &[(0.001, READ)], "");
    let closed = computed(&quiet, BOX);
    assert!((closed - most).abs() < 1e-5, "{closed}");
    is_near(simulated(&quiet, BOX), 400.0 * transfer / 200.0, 0.01);
    // 40 reads per second at 25 at each disk in between: the arm is elsewhere before most reads.
    let busy = site(&set(""), &[(80.0, READ)], "");
    let closed = computed(&busy, BOX);
    assert!((closed - most - 0.16).abs() < 1e-5, "{closed}");
    is_near(simulated(&busy, BOX), closed, 0.02);
    // Disks that have no time left for it are scrubbed all the time, and no more than that.
    let often = site(&set("").replace("400MiB", "400GiB"), &[(0.001, READ)], "");
    assert!(run_headroom(&often).abs() < 1e-5);
}

fn run_headroom(text: &str) -> f64 {
    let figure = "headroom.box-1.local@busy";
    value(&run(text, Run::new().years_only(), &[figure]), figure)
}

/// Commits that wait for each other share blocks. One each would take 60 x (8 + 8 + 6) ms = 1.32 of the mirror; full blocks of 16
/// take 60 x (8 + 14 / 16) ms = 0.53. `check` says that commits wait, not that it cannot be: 64 writers in a loop are served
/// more than one block each would allow.
#[test]
fn commits_that_share_blocks_are_not_called_impossible() {
    let set = r#"layout = "mirror", data = 1, parity = 1, time = "8ms", transactions = { dirty-max = "16MiB" }"#;
    let text = site(set, &[(60.0, COMMIT)], "");
    let found: Vec<String> = Scenario::check(&text).iter().map(ToString::to_string).collect();
    let all = found.join("\n");
    assert!(all.contains("offered 1.32 of its capacity") && all.contains("wait for each"), "{all}");
    assert!(!all.contains("never be served") && !all.contains("scrub"), "{all}");
    // Headroom counts one block each; what can be carried does not, as requests show below.
    let spare = headroom::after_each_loss(&drafted(&text), 0).remove(0);
    let (busiest, (name, rate)) = (spare.busiest.unwrap().1, spare.carries.unwrap());
    assert!((busiest - 1.32).abs() < 1e-9, "{busiest}");
    assert!(name == "box-1.local" && (rate - 1_000.0 / 8.875).abs() < 1e-6, "{name}: {rate}");
    let writers = text.replace("rate = \"60/s\"", "users = 64\nthink = \"0s\"");
    let writers = writers.replace("level   = \"1 x rate\"\n", "").replace("10min", "60s");
    let figure = "throughput.r0@busy";
    let rate = value(&run(&writers, Run::new().requests_only(), &[figure]), figure);
    // One block each: 1 / 22 ms; full blocks: 1 / (8 + 14 / 16) ms.
    assert!((50.0..113.0).contains(&rate), "{rate}");
    let impossible = site(set, &[(130.0, COMMIT)], "");
    let found: Vec<String> = Scenario::check(&impossible).iter().map(ToString::to_string).collect();
    assert!(found.join("\n").contains("never be served"), "{found:?}");
}

/// 460 reads/s on a mirror of 500/s leave 8 % for a scrub that wants 11.29 %: it takes these, and no request is lost. Without
/// requests the disks are full of it if there is enough to scrub; a solid state disk has 2 of its reads among 30 operations.
#[test]
fn a_scrub_takes_what_requests_leave() {
    let set = r#"layout = "mirror", data = 1, parity = 1, time = "4ms", bandwidth = "20MB/s", log = { kind = "sata-ssd" },
        transactions = { flush = "2ms" }, scrub = { every = "200s", allocated = "400MiB" }"#
        .replace('\n', " ");
    let text = site(&set, &[(460.0, READ)], "");
    let found: Vec<String> = Scenario::check(&text).iter().map(ToString::to_string).collect();
    let all = found.join("\n");
    assert!(
        all.contains("offered 1.03 of its capacity") && all.contains("may not finish"),
        "{all}"
    );
    assert!(!all.contains("durable writes") && !all.contains("`log`"), "{all}");
    let figures = [
        "lost.r0[cause=overload]@horizon",
        "utilization.box-1.local.max@horizon",
        "utilization.box-1.local@horizon",
        "utilization.box-1.local.p95@horizon",
    ];
    let results = run(&text, Run::new().years_only(), &figures);
    let [lost, most, mean, p95] = figures.map(|figure| value(&results, figure));
    assert!(lost == 0.0, "{lost}");
    for used in [most, mean, p95] {
        is_near(used, 1.0, 0.01);
        assert!(used <= 1.0, "{used}");
    }
    let nvme = site(
        &set.replace("400MiB", "400GiB").replace("time = \"4ms\", ", ""),
        &[(0.001, READ)],
        "",
    )
    .replace("kind = \"10k\"", "kind = \"nvme-ssd\"");
    let used = 1.0 - run_headroom(&nvme);
    assert!((used - 2.0 / 30.0).abs() < 1e-5, "{used}");
    is_near(simulated(&nvme, BOX), used, 0.02);
}

/// Two servers share 80 writes/s, 40 x 22 ms = 0.88 of each mirror. One alone would be offered 1.76 with one block each, and 80 x 8.875 ms
/// = 0.71 with full ones: writes wait there. Of 130/s it is offered 1.15 whatever the order: that it cannot carry.
#[test]
fn after_a_loss_commits_wait_where_sharing_blocks_is_enough() {
    let set = r#"layout = "mirror", data = 1, parity = 1, time = "8ms", transactions = { dirty-max = "16MiB" }"#;
    let after_loss = |rate: f64| {
        let text = site(set, &[(rate, COMMIT)], "[balancer.front]\nto = \"app\"\n")
            .replace("cores  = 4", "count = 2\ncores  = 4")
            .replace(
                "[zone.www]\non = [\"box-1\"]",
                "[zone.www]\ncount = 2\non = [\"box-1\", \"box-2\"]",
            )
            .replace("enter = \"app\"", "enter = \"front\"");
        let found: Vec<String> = Scenario::check(&text).iter().map(ToString::to_string).collect();
        found.into_iter().filter(|one| one.contains("W1205")).collect::<Vec<_>>().join("\n")
    };
    let waits = after_loss(80.0);
    assert!(waits.contains("offered 1.76") && waits.contains("wait for each other"), "{waits}");
    let cannot = after_loss(130.0);
    assert!(cannot.contains("offered 1.15") && !cannot.contains("wait for each"), "{cannot}");
}

/// A loss of the set by disks that fail at random is a loss in a window, too; a crash of the server is none.
#[test]
fn losses_of_a_set_are_counted_in_windows_whatever_lets_its_disks_fail() {
    let fault = r#"
[fault.disk]
hits    = "server.box.local"
how     = "disk-failed"
rate    = "6/min"
rebuild = { lasts = "1s", unreadable = 0.999 }
restore = "1s"
"#;
    let set = r#"layout = "mirror", data = 1, parity = 1, transactions = {}"#;
    let text = site(set, &[(1.0, WRITE)], fault).replace("level   = \"1 x rate\"\n", "");
    let text = text
        .replace("horizon = \"60d\"\n", "")
        .replace("\"1/y\"", "\"60/h\"")
        .replace("\"1h\"", "\"2s\"");
    let figure = "lost-sets.box-1.local@busy";
    let lost = value(&run(&text, Run::new().requests_only(), &[figure]), figure);
    // Up for 5 s on average until one of two disks fails, 1 s of rebuild and 1 s of restore, while the server is up for
    // 60 s of 62 s: 600 s x 0.968 / 7 s = 83, as good as every rebuild.
    is_near(lost, 83.0, 0.1);
}

#[test]
fn disks_that_fail_at_given_times_are_refused_over_years_with_what_to_give_instead() {
    let set = r#"layout = "mirror", data = 1, parity = 1, bandwidth = "100MB/s", transactions = {},
        resilver = { allocated = "1GiB", disks = { fails = "1min" } }"#
        .replace('\n', " ");
    let text = site(&set, &[(1.0, WRITE)], "");
    let found = refusal(&text);
    assert!(found.contains("disk-failed") && found.contains("the horizon"), "{found}");
    let windows = text.replace("horizon = \"60d\"\n", "");
    assert_eq!(refusal(&windows), "");
    let scenario = Scenario::parse(&windows).unwrap();
    let found = scenario.run(&Run::new().years_only()).err().map(|error| error.to_string());
    assert!(found.is_some_and(|found| found.contains("disk-failed")));
    let fault = r#"
[fault.disk]
hits    = "server.box.local"
how     = "disk-failed"
rate    = "0.5/y"
rebuild = { lasts = "9h" }
restore = "12h"
"#;
    let both = refusal(&format!("{windows}{fault}"));
    assert!(both.contains("fail at times that it gives"), "{both}");
}
