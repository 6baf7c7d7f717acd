//! The memory of a server or of a file server's head is empty after a restart or a takeover, over years as in `requests`, and
//! takes reads off the disks when it is warm, as `check` says.

use fivenines::plan::Draft;
use fivenines::plan::graph::Graph;
use fivenines::plan::headroom;
use fivenines::plan::load::{self, Offered};
use fivenines::plan::part::Part;
use fivenines::solve::requests;

use super::users::{all_by_flows, by_requests};
use crate::inside::faults::{drafted, planned, window};

/// Views that read one of 6,000 equally popular blocks from a disk of 50 reads per second. Memory holds them all.
fn server(rate: f64, more: &str) -> String {
    format!(
        r#"
scenario = "memories"
format = 2
[run]
horizon = "1d"
seed = 7
[server.box]
cores = 4
ram-cache = "64MiB"
[server.box.disks]
local = {{ kind = "10k", layout = "plain", data = 1, time = {{ dist = "exponential", mean = "20ms" }}, content = {{ size = "46875KiB", block = "8000B", zipf = 0 }} }}
[zone.www]
on = ["box"]
[service.app]
in = "www"
workers = 50
backlog = 1
restart = "0s"
mounts = {{ data = "box:local" }}
[clients.public]
time-out = "20s"
[workload.visitors]
from = "public"
request = "page"
rate = "{rate}/s"
[request.page]
enter = "app"
steps = [ {{ io = "data", read = 1 }} ]
{more}
"#
    )
}

/// Two heads with 32 MiB each, 6,000 blocks of 4 KiB on the volume of either, and a page for each.
fn heads(memory: &str) -> String {
    format!(
        r#"
scenario = "memories-of-heads"
format = 2
[run]
horizon = "1d"
seed = 7
[server.box]
cores = 4
ram-cache = "0B"
[zone.www]
on = ["box"]
[service.app]
in = "www"
workers = 5000
mounts = {{ a = "store:a", b = "store:b" }}
[nas.store]
heads = 2
cpu = "1us"
ram-cache = "{memory}"
[nas.store.failover]
detect = "10s"
takeover = "10s"
giveback = {{ after = "1min", lasts = "10s" }}
[nas.store.pools]
main = {{ kind = "10k", layout = "plain", data = 1, time = "2ms", head = 1 }}
second = {{ kind = "10k", layout = "plain", data = 1, time = "2ms", head = 2 }}
[nas.store.volumes]
a = {{ pool = "main", content = {{ size = "24000KiB", block = "4KiB", zipf = 0 }} }}
b = {{ pool = "second", content = {{ size = "24000KiB", block = "4KiB", zipf = 0 }} }}
[clients.public]
time-out = "5min"
[workload.ones]
from = "public"
request = "one"
rate = "20/s"
[workload.others]
from = "public"
request = "other"
rate = "20/s"
[request.one]
enter = "app"
steps = [ {{ io = "a", read = 1, ops = 1 }} ]
[request.other]
enter = "app"
steps = [ {{ io = "b", read = 1, ops = 1 }} ]
"#
    )
}

const DEAD: &str =
    "[fault.dead]\nhits = \"store.head-1\"\nhow = \"crash\"\nat = \"6h\"\nlasts = \"1h\"\n";

fn fault(hits: &str, how: &str) -> String {
    let lasts = if how == "cache-lost" { "" } else { "lasts = \"40s\"" };
    format!("[fault.one]\nhits = \"{hits}\"\nhow = \"{how}\"\nat = \"1h\"\n{lasts}\n")
}

/// Seconds for which `resource` is busy over the day.
fn busy(text: &str, resource: &str) -> f64 {
    let ([_, resources], tally) = all_by_flows(text, |_| {});
    tally.busy[resources.iter().position(|name| name == resource).unwrap()] * 86_400.0
}

/// The same for a window of `requests`.
fn busy_in_requests(text: &str, part: &str, (from, until): (f64, f64)) -> f64 {
    let plan = planned(text);
    let seen = requests::run(&plan, &window(from, until), 0).unwrap();
    let place = plan.parts.iter().position(|of| of.name == part).unwrap();
    seen.gauges[place].busy as f64 / 1e9
}

fn used(offered: &[Offered], name: &str) -> f64 {
    offered.iter().find(|one| one.name == name).unwrap().utilization()
}

/// The same server with memory for 750 of the blocks, and all of them on a second level.
fn with_second_level(rate: f64, persistent: bool, more: &str) -> String {
    let second = format!(
        "ram-cache = \"6000kB\"\nram-cache-policy = \"arc\"\n\
         l2arc = {{ on = \"ssd\", size = \"64MiB\", persistent = {persistent} }}"
    );
    let disks = "[server.box.disks]\nssd = { kind = \"sata-ssd\", layout = \"plain\", data = 1 }";
    server(rate, more)
        .replace("ram-cache = \"64MiB\"", &second)
        .replace("[server.box.disks]", disks)
}

/// Memory finds an eighth of the reads and the second level the others, so the disk idles. After a crash each of the 6,000 blocks is
/// read from the disk once more, in 20 ms; a second level that survives the crash spares that. While its disk is lost for 40 s, 350
/// of the 400 reads take 20 ms at the disk behind. Then that reads all blocks again but those that memory has: the closed form
/// counts 6,000, `requests` 5,250.
#[test]
fn a_second_level_that_was_lost_reads_each_block_once_more() {
    for (persistent, fault, expected, in_requests) in [
        (false, fault("server.box", "crash"), 120.0, 120.0),
        (false, fault("server.box", "cache-lost"), 120.0, 120.0),
        (true, fault("server.box", "crash"), 0.0, 0.0),
        (false, fault("server.box.ssd", "lost"), 127.0, 112.0),
        (true, fault("server.box.ssd", "lost"), 127.0, 112.0),
    ] {
        let text = with_second_level(10.0, persistent, &fault);
        let seconds = busy(&text, "box-1.local");
        assert!((seconds - expected).abs() <= 0.01 * expected, "{seconds} s against {expected} s");
        let seen = busy_in_requests(&text, "box-1.local", (3_500.0, 9_500.0));
        let far = (seen - in_requests).abs();
        assert!(far <= 0.05 * in_requests + 1.5, "{seen} s against {in_requests} s");
    }
}

/// While the disk of the second level hangs for 40 s, seven of eight reads wait for it and are lost; the disk behind is not asked.
#[test]
fn a_second_level_that_hangs_loses_the_reads_that_ask_it() {
    let text = with_second_level(10.0, false, &fault("server.box.ssd", "hang"));
    let years: f64 = all_by_flows(&text, |_| {}).1.classes[0].lost.iter().sum();
    assert!((years / 350.0 - 1.0).abs() < 0.02, "{years}");
    let [seen, ..] = by_requests(&text, (3_500.0, 3_900.0), 4);
    assert!((years / seen - 1.0).abs() < 0.1, "{years} against {seen} in requests");
    assert!(busy(&text, "box-1.local") < 0.1);
}

/// A memory smaller than a block never has one that its second level could take up.
#[test]
fn a_second_level_behind_a_memory_without_a_block_finds_nothing() {
    let text = with_second_level(10.0, false, "").replace("\"6000kB\"", "\"4000B\"");
    let draft = drafted(&text);
    let offered = load::offered(&draft, &load::open_rates(&draft));
    assert!((used(&offered, "box-1.local") - 0.2).abs() < 1e-9);
    assert!(offered.iter().all(|one| one.name != "box-1.ssd" || one.per_second == 0.0));
}

/// At a rate that the disk carries, each of the 6,000 blocks is read once more, in 20 ms; and memory does without the disk
/// before and after.
#[test]
fn memory_that_was_lost_reads_each_block_once_more() {
    for (rate, fault) in
        [(10.0, fault("server.box", "crash")), (40.0, fault("server.box", "cache-lost"))]
    {
        let seconds = busy(&server(rate, &fault), "box-1.local");
        assert!((seconds / 120.0 - 1.0).abs() < 0.005, "{seconds} s against 120 s");
    }
}

/// 200 views per second before a disk for C = 50. Of a crash all 200/s are lost for 40 s. Then a share m of the reads misses, and
/// C/m of the views are served. Each miss brings a block: m falls by C/6,000 per second, from 1 to 1/4 in 90 s. The views lost
/// meanwhile are 6,000 (3 − ln 4) = 9,682, less 51 that stand in the queue and are served late.
#[test]
fn cold_memory_overloads_the_disks_behind_it_over_years_too() {
    let fills = 6_000.0 * (3.0 - libm::log(4.0)) - 51.0;
    for (fault, expected) in [
        (fault("server.box", "crash"), 8_000.0 + fills),
        (fault("server.box", "cache-lost"), fills),
    ] {
        let text = server(200.0, &fault);
        let years: f64 = all_by_flows(&text, |_| {}).1.classes[0].lost.iter().sum();
        let [seen, ..] = by_requests(&text, (3_500.0, 4_200.0), 4);
        println!("years {years}, in closed form {expected}, requests {seen}");
        assert!((years / expected - 1.0).abs() < 0.01, "{years} against {expected}");
        assert!((years / seen - 1.0).abs() < 0.05, "{years} against {seen} in requests");
    }
}

/// Each head holds the 6,000 blocks of its own volume, and no read goes to a disk. While head 2 serves both, from 20 s after the
/// crash to the giveback 1 min after the return, it holds half of either: 3,640 s, or 72,800 reads of each volume. Of a, it has
/// 3,000 blocks when 1 − e^(−n/6,000) = 1/2, after n = 4,159 reads with 3,000 misses; then half of the others miss. Of b, half of
/// all. Back at head 1, which was down, a's 6,000 blocks are read once more. 2 ms each.
#[test]
fn a_head_that_serves_both_has_room_for_half_of_each() {
    let text = heads("24000KiB") + DEAD;
    let after = (72_800.0 - 4_159.0) / 2.0;
    let expected = [(3_000.0 + after + 6_000.0) * 0.002, 36_400.0 * 0.002];
    for (pool, expected) in ["store.main", "store.second"].into_iter().zip(expected) {
        let seconds = busy(&text, pool);
        assert!(
            (seconds / expected - 1.0).abs() < 0.001,
            "{pool}: {seconds} s against {expected} s"
        );
    }
}

/// With room for both, only a's blocks are read: once by head 2 after the takeover, once by head 1 after its return.
#[test]
fn a_takeover_and_a_return_read_each_block_once_more() {
    let text = heads("64MiB") + DEAD;
    let seconds = ["store.main", "store.second"].map(|pool| busy(&text, pool));
    assert!((seconds[0] / 24.0 - 1.0).abs() < 0.005, "{seconds:?}");
    assert_eq!(seconds[1], 0.0);
}

/// A third of the blocks: two thirds of the reads miss, 20/s × 2/3 × 2 ms; 20/s × 1 µs at the heads. Adaptive memory of a flat
/// popularity hits as often.
#[test]
fn years_and_check_agree_on_the_reads_that_memory_leaves() {
    // One second of the day is without head 1.
    let third = heads("8000KiB") + &DEAD.replace("6h", "86399s");
    let adaptive = third.replace("heads = 2", "heads = 2\nram-cache-policy = \"arc\"");
    for text in [&third, &adaptive] {
        let draft = drafted(text);
        let offered = load::offered(&draft, &load::open_rates(&draft));
        for (name, expected) in [
            ("store.main", 0.08 / 3.0),
            ("store.second", 0.08 / 3.0),
            ("store.head-1", 2e-5),
            ("store.head-2", 2e-5),
        ] {
            let (check, years) = (used(&offered, name), busy(text, name) / 86_400.0);
            assert!((check / expected - 1.0).abs() < 0.001, "{name}: {check} of {expected}");
            assert!((years / check - 1.0).abs() < 1e-4, "{name}: {years} in years, {check}");
        }
    }
}

/// Half of the reads of each volume when one head serves both: 20/s × 1/2 × 2 ms.
#[test]
fn headroom_after_a_takeover_counts_the_memory_of_one_head() {
    let draft: Draft = drafted(&heads("24000KiB"));
    let rates = load::open_rates(&draft);
    let both = load::offered(&draft, &rates);
    assert_eq!([used(&both, "store.main"), used(&both, "store.second")], [0.0; 2]);
    let lost = [Part::Head { nas: 0, number: 0 }];
    let one = load::offered_without(&draft, &Graph::of(&draft), &rates, &lost);
    for pool in ["store.main", "store.second"] {
        assert!((used(&one, pool) - 0.02).abs() < 1e-6, "{}", used(&one, pool));
    }
}

/// All 200 reads/s of a taken over volume go to its disk of 50/s. Memory has a block after each of them, and the disk carries the
/// rest when a quarter misses: after 4,500 reads at 50/s.
#[test]
fn headroom_right_after_a_takeover_has_memory_without_a_block() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/faults/cold-head.toml");
    let window = "[window.peak]\nlevel = \"1 x rate\"\nlength = \"1min\"\n";
    let draft = drafted(&(std::fs::read_to_string(path).unwrap() + window));
    let losses = headroom::after_each_loss(&draft, 0);
    let after = |lost: &str| losses.iter().find(|one| one.lost.as_deref() == Some(lost)).unwrap();
    let cold = after("store.head-1").cold.as_ref().unwrap();
    assert_eq!((cold.name.as_str(), cold.used), ("store.main", 4.0));
    assert!((cold.over.seconds() / 90.0 - 1.0).abs() < 0.01, "{:?}", cold.over);
    assert_eq!(after("store.head-1").busiest, losses[0].busiest);
}

/// A content that nothing reads takes no memory from the others, and a memory smaller than a block has none.
#[test]
fn memory_is_divided_among_what_is_read() {
    let half = server(40.0, "").replace("ram-cache = \"64MiB\"", "ram-cache = \"24000000B\"");
    let beside = "other = { kind = \"10k\", layout = \"plain\", data = 1, content = { size = \"48MB\", block = \"8000B\", zipf = 0 } }\n";
    let unread = half.replace("local = {", &format!("{beside}local = {{"));
    let small = server(40.0, "").replace("ram-cache = \"64MiB\"", "ram-cache = \"7999B\"");
    for (text, expected) in [(&half, 0.4), (&unread, 0.4), (&small, 0.8)] {
        let draft = drafted(text);
        let offered = load::offered(&draft, &load::open_rates(&draft));
        let used = used(&offered, "box-1.local");
        assert!((used - expected).abs() < 1e-6, "{used} instead of {expected}");
    }
}

/// The figures in the file's header: the disks behind memory alone have 0.338, those behind a second level 0.220, and 0.338 when its
/// disk is lost. The second level has 200/s × 0.422 × 0.349 reads, of 35,294/s at most, and takes up the 40 blocks per second that
/// its passes write, of 3,300/s at most.
#[test]
fn check_counts_the_reads_that_a_second_level_leaves() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/platform/l2arc.toml");
    let draft = drafted(&std::fs::read_to_string(path).unwrap());
    let rates = load::open_rates(&draft);
    let all = load::offered(&draft, &rates);
    let near = |of: &[Offered], name: &str, wanted: f64| {
        let found = used(of, name);
        assert!((found / wanted - 1.0).abs() < 0.005, "{name}: {found} against {wanted}");
    };
    near(&all, "alone-1.local", 0.338);
    near(&all, "two-1.local", 0.220);
    near(&all, "two-1.ssd", (200.0 * 0.422 * 0.349 + 40.0 * 35_294.0 / 3_300.0) / 35_294.0);
    let server = draft.placed.zones[0][0];
    let lost = [Part::Disks { server, set: 1 }];
    let without = load::offered_without(&draft, &Graph::of(&draft), &rates, &lost);
    near(&without, "two-1.local", 0.338);
}

/// The table in the file's header, by Che's approximation. 2 GiB are left: 200/s × (1 − 0.708) on two sides of 125/s.
#[test]
fn check_counts_the_reads_that_memory_leaves() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/platform/ram-cache.toml");
    let text = std::fs::read_to_string(path).unwrap();
    for (memory, hit) in
        [("0B", 0.0), ("256MiB", 0.386), ("512MiB", 0.480), ("1GiB", 0.587), ("2GiB", 0.708)]
    {
        let text = text.replacen(
            "memory = \"6GiB\" ",
            &format!("memory = \"6GiB\"\nram-cache = \"{memory}\" "),
            1,
        );
        let draft = drafted(&text);
        let offered = load::offered(&draft, &load::open_rates(&draft));
        let expected = 0.8 * (1.0 - hit);
        assert!((used(&offered, "box-1.local") - expected).abs() < 0.001, "{memory}");
        assert!((used(&offered, "bare-1.local") - 0.8).abs() < 1e-9);
    }
}

/// A block of 1 MB takes 10 ms to find and 10 ms to transfer at 100 MB/s: 20/s take 0.4 of a disk. Of a raidz1 group each of two
/// disks transfers half: 20/s × 2 × 15 ms on three disks take 0.2 of them. A write takes 10 ms, whatever the block.
#[test]
fn a_read_of_a_block_takes_its_transfer_as_well_in_check_windows_and_years() {
    let set = |layout: &str, bandwidth: &str| {
        // Years need something that fails: here for a second.
        server(20.0, &fault("www-1", "crash").replace("40s", "1s"))
            .replace("ram-cache = \"64MiB\"", "ram-cache = \"0B\"")
            .replace("size = \"46875KiB\", block = \"8000B\"", "size = \"100MB\", block = \"1MB\"")
            .replace("time = { dist = \"exponential\", mean = \"20ms\" }", "time = \"10ms\"")
            .replace("layout = \"plain\", data = 1", &format!("{layout}{bandwidth}"))
    };
    let plain = "layout = \"plain\", data = 1";
    let raidz = "layout = \"raidz1\", data = 2, parity = 1";
    let fast = ", bandwidth = \"100MB/s\"";
    for (text, disks, wanted) in [
        (set(plain, fast), 1.0, 0.4),
        (set(plain, ""), 1.0, 0.2),
        (set(raidz, fast), 3.0, 0.2),
        (set(plain, fast).replace("read = 1", "write = 1"), 1.0, 0.2),
    ] {
        let draft = drafted(&text);
        let in_check = used(&load::offered(&draft, &load::open_rates(&draft)), "box-1.local");
        assert!((in_check - wanted).abs() < 1e-9, "check: {in_check} against {wanted}");
        let in_windows = busy_in_requests(&text, "box-1.local", (0.0, 2_000.0)) / 2_000.0 / disks;
        assert!((in_windows / wanted - 1.0).abs() < 0.02, "windows: {in_windows} of {wanted}");
        let over_years = busy(&text, "box-1.local") / 86_400.0;
        assert!((over_years / wanted - 1.0).abs() < 1e-4, "years: {over_years} against {wanted}");
    }
}
