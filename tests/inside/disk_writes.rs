//! Promise: buffered and durable writes reach the disks as transaction groups and the intent log do it.

use crate::{Results, Run, Scenario};

/// Returns a file with one writer in a loop, and further traffic, on one set of disks.
pub(super) fn writers(users: u32, set: &str, step: &str, more: &str) -> String {
    format!(
        r#"
scenario = "disk-writes"
format   = 2
[run]
seed = 1
replications = 3
[window.busy]
length  = "40s"
warm-up = "30s"
[server.box]
cores = 4
[server.box.disks]
local = {{ kind = "10k", layout = "mirror", data = 1, parity = 1, {set} }}
[zone.writer]
on = ["box-1"]
[service.app]
in      = "writer"
workers = "unlimited"
mounts  = {{ disk = "box:local" }}
[workload.jobs]
request = "job"
users   = {users}
think   = "0s"
[request.job]
enter   = "app"
demands = {{ work = "100us" }}
steps   = [ {{ cpu = "app", demand = "work" }}, {{ io = "disk", {step} }} ]
{more}"#
    )
}

/// A buffered writer of another zone.
pub(super) const BATCH: &str = r#"
[zone.other]
on = ["box-1"]
[service.batch]
in      = "other"
workers = "unlimited"
mounts  = { disk = "box:local" }
[workload.batch]
request = "write"
rate    = "60/s"
[request.write]
enter = "batch"
steps = [ { io = "disk", write = 1 } ]
"#;

pub(super) fn run(text: &str, figures: &[&str]) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let all = figures.iter().fold(Run::new().requests_only(), |run, figure| run.figure(figure));
    scenario.run(&all).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn value(results: &Results, figure: &str) -> f64 {
    let found = results.figure(&format!("{figure}@busy"));
    found.unwrap_or_else(|error| panic!("{figure}: {error}")).value()
}

fn rate(text: &str) -> f64 {
    value(&run(text, &["throughput.job"]), "throughput.job")
}

pub(super) fn is_near(found: f64, expected: f64, share: f64) {
    assert!((found / expected - 1.0).abs() < share, "{found}, not {expected}");
}

const LOG: &str =
    r#"log = { kind = "sata-ssd", write-time = "900us", flush = "100us" }, bandwidth = "100MB/s""#;
const GROUPS: &str = r#"transactions = { dirty-max = "1GiB", sequential = 0.95 }"#;

/// 64 readers of another zone without a pause, which keep both disks of the mirror busy.
const READERS: &str = r#"
[zone.other]
on = ["box-1"]
[service.batch]
in      = "other"
workers = "unlimited"
mounts  = { disk = "box:local" }
[workload.batch]
request = "read"
users   = 64
think   = "0s"
[request.read]
enter = "batch"
steps = [ { io = "disk", read = 1 } ]
"#;

/// The spin of a delayed operation is processor time of its zone, and counts against its cap: each write takes 100 us of work
/// and spins 100 us. Under a cap of 0.01 cores a zone whose operations do not spin works on 100 jobs per second, and one whose
/// operations spin on half of them.
#[test]
fn the_spin_of_a_delayed_operation_counts_against_the_cap_of_its_zone() {
    let capped = "[zone.writer]\non = [\"box-1\"]\ncpu = { cap = 0.01 }\n";
    let text = |throttle: &str| {
        writers(64, throttle, "write = 1", READERS)
            .replace("[zone.writer]\non = [\"box-1\"]\n", capped)
    };
    let figures = ["throughput.job", "utilization.writer.cpu", "io-delay.writer.io.mean"];
    let free = run(&text("queue = \"classes\""), &figures[..2]);
    is_near(value(&free, figures[0]), 100.0, 0.02);
    let spins = run(&text("queue = \"classes\", io-throttle = { slow = \"1us\" }"), &figures);
    let delay = value(&spins, figures[2]);
    is_near(value(&spins, figures[0]), 0.01 / (100e-6 + delay), 0.02);
    is_near(value(&spins, figures[1]), 1.0, 0.02);
}

/// 4.8 test 4. The text says 1 / (log write + flush); a block is open for 5 % of that before it is written (4.3), and the job
/// uses 100 us of the processor. Without a log device the writes wait for the disks, and the longer the busier those are.
#[test]
fn test_4_a_durable_write_takes_the_time_of_the_log_device_whatever_the_disks_do() {
    let durable = "write = 1, durable = true";
    let with_log = |more| rate(&writers(1, &format!("{GROUPS}, {LOG}"), durable, more));
    is_near(with_log(""), 1.0 / (1.05 * 0.001 + 0.0001), 0.002);
    is_near(with_log(BATCH), with_log(""), 0.001);
    let saturated = writers(1, &format!("{GROUPS}, {LOG}"), durable, READERS);
    let figures = ["throughput.job", "utilization.box.local"];
    let results = run(&saturated, &figures);
    let [commits, busy] = figures.map(|figure| value(&results, figure));
    assert!(busy > 0.95, "{busy}");
    is_near(commits, 1.0 / (1.05 * 0.001 + 0.0001), 0.002);
    let without = |set: &str, more| rate(&writers(1, set, durable, more));
    let merged = format!(r#"{GROUPS}, bandwidth = "100MB/s", time = "8ms""#);
    is_near(without(&merged, ""), 1.0 / (1.05 * 0.014 + 0.0001), 0.06);
    // Groups that are not merged keep the mirror busy while they sync: those of a batch more than those of the writer alone.
    let unmerged = r#"transactions = { dirty-max = "1GiB" }, time = "8ms""#;
    let (alone, busy) = (without(unmerged, ""), without(unmerged, BATCH));
    assert!(busy < 0.8 * alone, "{busy} beside syncs of a batch, {alone} alone");
}

/// 4.8 test 5. One writer wakes up per write of the disks, so the delay of one is the time of one write: with t of it,
/// d = (0.6 + t / 0.5 ms) / (1 + t / 0.5 ms) of the limit is dirty.
#[test]
fn test_5_above_the_rate_of_the_disks_dirty_data_settles_below_the_limit() {
    for (time_ms, users) in [(2.0, 8), (4.0, 16), (8.0, 16)] {
        let set = format!(r#"transactions = {{ dirty-max = "16MiB" }}, time = "{time_ms}ms""#);
        let figures = [
            "throughput.job",
            "dirty.box.local.mean",
            "dirty.box.local.max",
            "write-delay.box.local.mean",
        ];
        let results = run(&writers(users, &set, "write = 1", ""), &figures);
        let dirty = (0.6 + time_ms / 0.5) / (1.0 + time_ms / 0.5);
        is_near(value(&results, "throughput.job"), 1000.0 / time_ms, 0.01);
        is_near(value(&results, "dirty.box.local.mean"), dirty, 0.01);
        assert!(value(&results, "dirty.box.local.max") < 1.0);
        let delay_s = f64::from(users) * time_ms / 1e3 - 1e-4;
        is_near(value(&results, "write-delay.box.local.mean"), delay_s, 0.02);
    }
}

/// Below 60 % nothing is delayed, and a burst is taken at the speed of memory.
#[test]
fn writes_below_the_rate_of_the_disks_are_not_delayed() {
    let set = r#"transactions = { dirty-max = "16MiB" }"#;
    let text = writers(1, set, "read = 1", BATCH);
    let figures = [
        "write-delay.box.local.max",
        "dirty.box.local.max",
        "syncs.box.local",
        "latency.write.max",
    ];
    let results = run(&text, &figures);
    assert_eq!(value(&results, "write-delay.box.local.max"), 0.0);
    assert_eq!(value(&results, "latency.write.max"), 0.0);
    // 60 writes/s x 5 s = 300 of 2,048, below a fifth: a group syncs every 5 s.
    is_near(value(&results, "syncs.box.local"), 8.0, 0.05);
    assert!(value(&results, "dirty.box.local.max") < 0.6);
}

/// 4.3: without a log device a write of 32 KiB or more is written in place and joins no group; with one it is written twice.
#[test]
fn large_durable_writes_are_written_in_place_where_there_is_no_log_device() {
    let dirty = |size: &str, log: &str| {
        let set =
            format!(r#"transactions = {{ dirty-max = "64MiB", write-size = "{size}" }}{log}"#);
        let text = writers(1, &set, "write = 1, durable = true", "");
        value(&run(&text, &["dirty.box.local.max"]), "dirty.box.local.max")
    };
    assert_eq!(dirty("32KiB", ""), 0.0);
    assert!(dirty("31KiB", "") > 0.0);
    assert!(dirty("32KiB", r#", log = { kind = "sata-ssd" }"#) > 0.0);
}

/// Commits of many writers of one zone share blocks of the log.
#[test]
fn durable_writers_of_a_zone_share_the_blocks_of_their_log() {
    let slow = LOG.replace("900us", "9ms");
    let text = writers(32, &format!("{GROUPS}, {slow}"), "write = 1, durable = true", "");
    let results = run(&text, &["throughput.job", "log-blocks.box.local"]);
    let commits = value(&results, "throughput.job") * 40.0;
    let blocks = value(&results, "log-blocks.box.local");
    assert!(commits > 5.0 * blocks, "{commits} commits in {blocks} blocks");
}

/// Neighbouring writes reach a disk together: twenty of 8 KiB in 8 + 19 x 0.082 ms.
#[test]
fn sequential_writes_are_merged() {
    let set = r#"transactions = { dirty-max = "16MiB", sequential = 0.95 }, bandwidth = "100MB/s", time = "8ms""#;
    let found = rate(&writers(64, set, "write = 1", ""));
    let merged = (1.0 - libm::pow(0.95, 128.0)) / 0.05;
    is_near(found, merged / (0.008 + (merged - 1.0) * 8192.0 / 100e6), 0.03);
}

/// The throttle counts the syncs of the groups: under a flood they follow each other, but at most one in 0.4 x 2,048 x 8 ms.
#[test]
fn the_throttle_counts_the_syncs_of_the_groups() {
    let set = |max: &str| {
        format!(
            r#"transactions = {{ dirty-max = "{max}" }}, io-throttle = {{ slow = "1ms", step = "100us" }}"#
        )
    };
    let most = |max: &str| {
        let text = writers(8, &set(max), "write = 1", BATCH);
        value(&run(&text, &["io-delay.writer.io.max"]), "io-delay.writer.io.max")
    };
    is_near(most("1MiB"), 200e-6, 1e-6);
    is_near(most("16MiB"), 100e-6, 1e-6);
}

/// A crash of the server loses dirty data and the scrub's reads under way; the writers go on after it. The server is up for 0.8
/// of the time: 20 s on average, then 5 s of repair.
#[test]
fn a_crash_ends_waiting_writers_and_the_groups_begin_anew() {
    let fault = r#"
[fault.crash]
hits   = "box"
how    = "crash"
rate   = "180/h"
repair = { dist = "constant", value = "5s" }
"#;
    for step in ["write = 1", "write = 1, durable = true"] {
        let set = scrubbed("1TiB").replace("16MiB", "1MiB");
        let served = |more: &str| {
            let text =
                writers(8, &set, step, more).replace("think   = \"0s\"", "think   = \"1ms\"");
            rate(&text.replace("length  = \"40s\"", "length  = \"2min\""))
        };
        let share = served(fault) / served("");
        assert!((0.5..0.95).contains(&share), "{step}: {share}");
    }
}

/// One writer of ten per second. Groups begin to sync every 5 s, and are on the disks a moment later. 3 s after such a start
/// a crash loses the 30 writes of the open group, and none that is durable.
#[test]
fn a_crash_loses_the_buffered_writes_of_the_open_group() {
    let fault = r#"
[fault.crash]
hits  = "server.box"
how   = "crash"
at    = "48s"
lasts = "1s"
"#;
    let lost = |step: &str| {
        let set = r#"transactions = { dirty-max = "16MiB" }"#;
        let text = writers(1, set, step, fault).replace("\"0s\"", "\"100ms\"");
        value(&run(&text, &["lost-buffered.box.local"]), "lost-buffered.box.local")
    };
    let found = lost("write = 1");
    assert!((26.0..=31.0).contains(&found), "{found}");
    assert_eq!(lost("write = 1, durable = true"), 0.0);
}

/// Each block and its flush take 1 ms of a device that executes three operations at once, every 1.15 ms.
#[test]
fn a_log_device_is_busy_for_its_blocks_and_flushes() {
    let text = writers(1, &format!("{GROUPS}, {LOG}"), "write = 1, durable = true", "");
    let found = value(&run(&text, &["log-busy.box.local"]), "log-busy.box.local");
    is_near(found, 0.001 / (1.05 * 0.001 + 0.0001) / 3.0, 0.005);
}

fn scrubbed(allocated: &str) -> String {
    format!(
        r#"transactions = {{ dirty-max = "16MiB" }}, bandwidth = "100MB/s", scrub = {{ every = "1h", at = "31s", allocated = "{allocated}" }}"#
    )
}

/// 4.7: each side of the mirror reads 2 GiB by 1 MiB in 10.49 ms; 30 % of the limit is never dirty, so phases follow each other.
#[test]
fn a_scrub_of_quiet_disks_reads_all_allocated_data_at_their_transfer() {
    let text =
        writers(1, &scrubbed("2GiB"), "read = 1", "").replace("users   = 1", "rate = \"0.01/s\"");
    let text = text.replace("think   = \"0s\"\n", "");
    let results = run(&text, &["scrub.box.local.mean", "scrub-reads.box.local"]);
    assert_eq!(value(&results, "scrub-reads.box.local"), 4096.0);
    is_near(value(&results, "scrub.box.local.mean"), 2048.0 * 1.048_576e-2, 0.005);
}

/// A read waits for one or two reads of the scrub; a flood of writes leaves the scrub 1 s per sync of about 14 s.
#[test]
fn a_scrub_delays_readers_and_gives_way_to_writes() {
    let reader = |set: &str| {
        let text = writers(1, set, "read = 1", "");
        let results = run(&text, &["latency.job.mean", "scrub-reads.box.local"]);
        (value(&results, "latency.job.mean"), value(&results, "scrub-reads.box.local"))
    };
    let (alone, none) = reader(r#"transactions = { dirty-max = "16MiB" }"#);
    let (beside, reads) = reader(&scrubbed("1TiB"));
    assert_eq!(none, 0.0);
    assert!((1.5..4.0).contains(&(beside / alone)), "{beside} beside a scrub, {alone} alone");
    // Of each loop of the reader one disk executes its read and one of the scrub with a seek.
    assert!(reads > 2_000.0, "{reads}");
    let flood = writers(16, &scrubbed("1TiB"), "write = 1", "");
    let results = run(&flood, &["scrub-reads.box.local", "throughput.job"]);
    let (reads, rate) =
        (value(&results, "scrub-reads.box.local"), value(&results, "throughput.job"));
    assert!((150.0..=1_500.0).contains(&reads), "{reads} of 7,600");
    assert!((80.0..125.0).contains(&rate), "{rate}");
}

pub(super) fn refusal(text: &str) -> String {
    Scenario::parse(text).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn what_cannot_act_is_refused_with_its_place_and_what_to_do() {
    let refused = |set: &str, why: &str| {
        let found = refusal(&writers(1, set, "write = 1", ""));
        assert!(found.contains(why), "{set}: {found}");
    };
    let groups = r#"transactions = { dirty-max = "16MiB" }"#;
    assert_eq!(refusal(&writers(1, groups, "write = 1", "")), "");
    refused("transactions = {}", "`dirty-max` is missing: 10 % of the server's `memory`");
    refused(
        r#"transactions = { dirty-max = "1MiB", write-size = "64KiB" }"#,
        "fewer than 100 writes",
    );
    refused(&format!(r#"{groups}, queue = "fifo""#), "wait in queue classes");
    refused(&format!(r#"{groups}, io-throttle = {{ sync = "1s" }}"#), "are simulated");
    refused(r#"log = { kind = "sata-ssd" }"#, "`transactions` is missing");
    let scrub = r#"scrub = { every = "1d", allocated = "1GiB" }"#;
    refused(scrub, "`transactions` is missing");
    refused(&format!("{groups}, {scrub}"), "`bandwidth` is missing");
    refused(r#"bandwidth = "100MB/s""#, "no operation of these disks has a size");
    refused(
        r#"transactions = { dirty-max = "16MiB", sequential = 0.5 }"#,
        "`bandwidth` is missing",
    );
    let years =
        writers(1, groups, "write = 1", "").replace("seed = 1", "seed = 1\nhorizon = \"1y\"");
    assert_eq!(refusal(&years), "");
    let nothing = refusal(&writers(1, groups, "read = 1, durable = true", ""));
    assert!(nothing.contains("writes nothing that could be durable"), "{nothing}");
}

/// Scrubs that are due every 3 s while the disks are lost for 10 s are left out, and a pause in which two reads of a
/// scrub are under way goes on after it: both end, with busy + idle + unavailable of the disks added up by every run.
#[test]
fn scrubs_outlive_lost_and_paused_disks() {
    let fault = |how: &str, at: &str, lasts: &str| {
        format!(
            "[fault.one]\nhits = \"server.box.local\"\nhow = \"{how}\"\nat = \"{at}\"\nlasts = \"{lasts}\"\n"
        )
    };
    let set = |more: &str, scrub: &str| {
        format!(
            r#"transactions = {{ dirty-max = "64MiB" }}, bandwidth = "100MB/s", {more} scrub = {{ {scrub} }}"#
        )
    };
    let often = set("", r#"every = "3s", at = "1s", allocated = "100MiB""#);
    let text = writers(4, &often, "write = 1", &fault("lost", "40s", "10s"));
    assert!(value(&run(&text, &["scrub-reads.box.local"]), "scrub-reads.box.local") > 0.0);
    let large =
        set(r#"parallel = 2, time = "8ms","#, r#"every = "1d", at = "31s", allocated = "1TiB""#);
    for at in ["40.011s", "40.013s", "40.017s"] {
        let text = writers(4, &large, "read = 1", &fault("hang", at, "1s"));
        assert!(value(&run(&text, &["scrub-reads.box.local"]), "scrub-reads.box.local") > 0.0);
    }
}
