//! Memory in front of disks: what is found there is not read from a disk, and what is lost is.

use fivenines::solve::requests::{self, Observation, Window};
use fivenines::workload::hits::{self, Policy};
use fivenines::workload::popularity::Zipf;

use super::gauge;
use crate::inside::faults::{drafted, planned, window};
use crate::inside::shared::base::{With as _, base};

/// `rate` reads a second of a volume of `size` (8 KiB blocks), one disk of 4 ms.
fn files(rate: &str, size: &str, zipf: f64, memory: &str) -> String {
    base("files").with(&format!(
        r#"
[nas.store]
ram-cache = "{memory}"
[nas.store.pools]
main = {{ kind = "10k", layout = "plain", data = 1, time = "4ms" }}
[nas.store.volumes]
data = {{ size = "1TB", pool = "main", content = {{ size = "{size}", block = "8KiB", zipf = {zipf} }} }}
[workload.visitors]
rate = "{rate}"
"#
    ))
}

/// Look-ups and hits of the memory called `name`.
fn found(
    plan: &fivenines::model::blueprint::Blueprint,
    seen: &Observation,
    name: &str,
) -> (u64, u64) {
    let reading = gauge(plan, seen, name);
    assert_eq!(reading.arrived, reading.completed + reading.refused);
    (reading.arrived, reading.completed)
}

fn popularity(zipf: f64, blocks: u64) -> Vec<f64> {
    let table = Zipf::new(zipf, blocks).unwrap();
    (1..=blocks).map(|rank| table.probability(rank)).collect()
}

/// 1,000 blocks, 200 in memory: hits by Che's approximation, and the disk is busy with the rest:
/// utilisation = λ (1 − h) × 4 ms.
#[test]
fn hits_are_those_of_che_and_the_disk_does_the_rest() {
    let plan = planned(&files("100/s", "8000KiB", 0.8, "1600KiB"));
    let seen = requests::run(&plan, &window(200.0, 4_200.0), 0).unwrap();
    let (reads, hits) = found(&plan, &seen, "store.objects");
    let ratio = hits as f64 / reads as f64;
    let expected = hits::ratio(&Zipf::new(0.8, 1_000).unwrap(), 200, Policy::Lru);
    // 400,000 reads: a standard error of 0.0008; the approximation is good to 0.001 here.
    println!("hit ratio {ratio:.5}, Che {expected:.5}");
    assert!((ratio - expected).abs() < 0.004, "{ratio} against {expected}");
    let disk = gauge(&plan, &seen, "store.main");
    let utilization = disk.busy as f64 / disk.capacity as f64;
    let asked = 100.0 * (1.0 - expected) * 0.004;
    // Arrivals and misses scatter by 0.16 and 0.2 %.
    println!("utilization {utilization:.5}, {asked:.5}");
    assert!((utilization / asked - 1.0).abs() < 0.012, "{utilization} against {asked}");
    assert_eq!(disk.arrived, reads - hits, "every miss is one operation at a disk");
}

/// Four blocks, room for two and a half: two fit. King's formula for LRU with C = 2:
/// h = Σ over pairs (i, j) of p_i p_j / (1 − p_i) × (p_i + p_j).
#[test]
fn few_blocks_hit_exactly_as_king_says() {
    let plan = planned(&files("50/s", "32KiB", 1.0, "20KiB"));
    let seen = requests::run(&plan, &window(10.0, 4_010.0), 0).unwrap();
    let (reads, hits) = found(&plan, &seen, "store.objects");
    let p = popularity(1.0, 4);
    let mut exact = 0.0;
    for (i, first) in p.iter().enumerate() {
        for (j, second) in p.iter().enumerate().filter(|(j, _)| *j != i) {
            let _ = j;
            exact += first * second / (1.0 - first) * (first + second);
        }
    }
    let ratio = hits as f64 / reads as f64;
    // 200,000 reads: a standard error of 0.0011.
    println!("hit ratio {ratio:.5}, King {exact:.5}");
    assert!((ratio - exact).abs() < 0.004, "{ratio} against {exact}");
}

/// Pages read from disks whose 256 blocks fit into what the zone leaves of the memory of its server.
const LOCAL: &str = r#"
scenario = "local"
[server.box]
cores = 8
memory = "10MiB"
[server.box.disks]
local = { kind = "15k", layout = "plain", data = 4, content = { size = "2MiB", block = "8KiB", zipf = 0 } }
[zone.web]
on = ["box-1"]
memory = "8MiB"
[service.app]
in = "web"
workers = "unlimited"
mounts = { data = "box:local" }
[workload.visitors]
request = "page"
rate = "50/s"
arrivals = { process = "regular" }
[request.page]
enter = "app"
steps = [ { io = "data", read = 1, write = 1 } ]
"#;

/// 10 MiB less the zone's 8 MiB leave room for all 256 blocks, each of which is missed once: at the
/// start, after a crash of the server, after a loss of its cache. `ram-cache = "0B"` keeps none.
#[test]
fn a_server_caches_with_what_its_zones_leave_free_and_starts_cold() {
    let faults = "[fault.crash]\nhits = \"server.box\"\nhow = \"crash\"\nat = \"200s\"\nlasts = \"10s\"\n\
                  [fault.freeze]\nhits = \"server.box\"\nhow = \"pause\"\nat = \"400s\"\nlasts = \"10s\"\n\
                  [fault.flush]\nhits = \"server.box\"\nhow = \"cache-lost\"\nat = \"600s\"\n";
    let plan = planned(&LOCAL.with(faults));
    let misses = |from: f64, until: f64| {
        let seen = requests::run(&plan, &window(from, until), 0).unwrap();
        let (reads, hits) = found(&plan, &seen, "box-1.objects");
        let disks = gauge(&plan, &seen, "box-1.local");
        assert_eq!(disks.arrived, reads + (reads - hits), "a write each, and a read a miss");
        reads - hits
    };
    assert_eq!(misses(0.0, 199.0), 256, "10,000 reads ask for each of 256 blocks");
    assert_eq!(misses(0.0, 399.0), 512, "cold after the crash");
    assert_eq!(misses(0.0, 599.0), 512, "what stands still forgets nothing");
    assert_eq!(misses(0.0, 800.0), 768, "cold after the loss of the cache");
    let bare = planned(&LOCAL.with("[server.box]\nram-cache = \"0B\"\n"));
    assert!(bare.parts.iter().all(|part| part.name != "box-1.objects"));
    let seen = requests::run(&bare, &window(0.0, 100.0), 0).unwrap();
    assert_eq!(
        gauge(&bare, &seen, "box-1.local").arrived,
        2 * seen.record.classes[0].attempts.begun
    );
}

/// Blocks of 8 and of 16 KiB, all asked for alike, in half the room they take together: a block
/// stays for the same time whatever its size, so that one half of each is there.
#[test]
fn contents_of_two_sizes_share_the_room_by_time_and_not_by_number() {
    let text = files("100/s", "16MiB", 0.0, "24MiB")
        .replace("[service.app]", "more = { pool = \"main\", content = { size = \"32MiB\", block = \"16KiB\", zipf = 0 } }\n[service.app]")
        .replace("mounts = { files = \"store:data\" }", "mounts = { files = \"store:data\", other = \"store:more\" }")
        .replace("{ io = \"files\", read = 1, ops = 1 }", "{ io = \"files\", read = 1 }, { io = \"other\", read = 1 }");
    let plan = planned(&text);
    let seen = requests::run(&plan, &window(200.0, 1_200.0), 0).unwrap();
    let (reads, hits) = found(&plan, &seen, "store.objects");
    let ratio = hits as f64 / reads as f64;
    // 200,000 reads of 4,096 blocks: a standard error of 0.0011.
    println!("hit ratio {ratio:.5}");
    assert!((ratio - 0.5).abs() < 0.006, "{ratio}");
}

/// What is read has no size: nothing can be found again, every read goes to a disk, and `check`
/// says so, unless the file says that there is no cache.
#[test]
fn memory_that_cannot_cache_is_pointed_out() {
    let warned = |text: &str| {
        let draft = drafted(text);
        let mut out = fivenines::scenario::diagnostic::Diagnostics::new();
        fivenines::plan::lint::lint(&draft, &mut out);
        out.sorted().iter().any(|found| found.code.id() == "W1303")
    };
    let full = files("10/s", "8MiB", 0.8, "1MiB");
    let at = full.find(", content").unwrap();
    let end = full[at..].find(" } }").unwrap() + at + 2;
    let without = format!("{}{}", &full[..at], &full[end..]);
    assert!(!warned(&full));
    assert!(warned(&without), "{without}");
    assert!(!warned(&without.replace("\"1MiB\"", "\"0B\"")));
    let plan = planned(&without);
    let seen = requests::run(&plan, &window(0.0, 100.0), 0).unwrap();
    let begun = seen.record.classes[0].attempts.begun;
    assert!(gauge(&plan, &seen, "store.main").arrived >= begun);
}

/// A database with a cold buffer: misses × 3 at first, back in 100 s. With 50 reads a second of
/// which 0.2 miss, the loss costs 50 × 0.2 × (3 − 1) × 100 s = 2,000 reads from disk.
#[test]
fn a_cold_buffer_costs_the_area_under_its_decay() {
    let text = |fault: &str| {
        format!(
            r#"
scenario = "cold"
[server.box]
cores = 16
[server.box.disks]
data = {{ kind = "15k", layout = "plain", data = 8 }}
[zone.web]
on = ["box-1"]
[zone.sql]
on = ["box-1"]
[service.app]
in = "web"
workers = "unlimited"
[database.db]
in = {{ primary = "sql-1" }}
connections = 100
read = {{ cpu = "1ms", io = {{ probability = 0.2, mean = 1 }} }}
write = {{ cpu = "1ms" }}
data = {{ sql-1 = "box:data" }}
cold = {{ miss-factor = 3, decays-in = "100s" }}
restart = "10s"
[workload.visitors]
request = "page"
rate = "50/s"
arrivals = {{ process = "regular" }}
[request.page]
enter = "app"
steps = [ {{ call = "db", read = 1 }} ]
{fault}
"#
        )
    };
    let reads = |fault: &str, from: f64| {
        let plan = planned(&text(fault));
        let seen = requests::run(&plan, &window(from, from + 600.0), 0).unwrap();
        gauge(&plan, &seen, "box-1.data").arrived as f64
    };
    // 10 a second: a deviation of √(600 × 50 × 0.2 × 0.8) = 69 in 600 s.
    let warm = reads("", 100.0);
    assert!((warm - 6_000.0).abs() < 4.0 * 69.0, "{warm}");
    // At most 8,000 of a binomial deviation below √8000 = 89; e^-6 of the area lies beyond.
    let lost = reads(
        "[fault.flush]\nhits = \"database.db.primary\"\nhow = \"cache-lost\"\nat = \"100s\"\n",
        100.0,
    );
    let expected = 6_000.0 + 2_000.0 * (1.0 - libm::exp(-6.0));
    println!("warm {warm}, lost {lost}, expected {expected}");
    assert!((lost - expected).abs() < 4.0 * 89.0, "{lost} against {expected}");
    // The same after a crash, from the instant it is back.
    let crash = reads(
        "[fault.dead]\nhits = \"database.db.primary\"\nhow = \"crash\"\nat = \"90s\"\n",
        100.0,
    );
    assert!((crash - expected).abs() < 4.0 * 89.0, "{crash} against {expected}");
}

/// Two heads: each keeps what it serves, of a volume over both pools its half. The one that takes
/// over begins cold with the other's half, and so does the other when it gets it back.
#[test]
fn each_head_keeps_what_it_serves_and_takes_over_cold() {
    let text = files("50/s", "2MiB", 0.0, "4MiB")
        .replace("[nas.store]", "[nas.store]\nheads = 2\nfailover = { detect = \"10s\", takeover = \"10s\", giveback = { after = \"100s\", lasts = \"10s\" } }")
        .replace("data = 1,", "data = 1, head = 1,")
        .replace("[nas.store.volumes]", "second = { kind = \"10k\", layout = \"plain\", data = 1, time = \"4ms\", head = 2 }\n[nas.store.volumes]")
        .replace("pool = \"main\"", "pool = [\"main\", \"second\"]");
    let fault = "[fault.panic]\nhits = \"nas.store.head-1\"\nhow = \"crash\"\nat = \"200s\"\n\
                 lasts = \"100s\"\n";
    let plan = planned(&format!("{text}{fault}"));
    let misses = |until: f64| {
        let seen = requests::run(&plan, &window(0.0, until), 0).unwrap();
        ["store.head-1.objects", "store.head-2.objects"].map(|memory| {
            let (reads, hits) = found(&plan, &seen, memory);
            reads - hits
        })
    };
    // 256 blocks of 8 KiB, 128 in each pool, all asked for many times over.
    assert_eq!(misses(190.0), [128, 128]);
    assert_eq!(misses(390.0), [128, 256]);
    assert_eq!(misses(600.0), [256, 256]);
}

/// A zone that gets 6 of the 10 MiB in place of 8 leaves 4 MiB to cache 512 blocks of 8 KiB, all
/// asked for alike: half are found where 2 MiB were free, all when there is room for all, half
/// again after. The pages in between notice nothing: none fails, none takes longer than a read.
#[test]
fn a_zone_that_is_resized_leaves_another_room_and_nobody_notices() {
    let text = LOCAL.with(
        r#"
[run]
start = "Mon 00:00"
[server.box.disks]
local = { kind = "15k", layout = "plain", data = 8, time = "4ms", content = { size = "4MiB", block = "8KiB", zipf = 0 } }
[workload.visitors]
rate = "100/s"
[request.page]
steps = [ { io = "data", read = 1 } ]
[operation.less]
does = "resize"
of = "zone.web"
at = "Mon 00:10"
memory = "6MiB"
[operation.more]
does = "resize"
of = "web-1"
at = "Mon 00:20"
memory = "8MiB"
"#,
    );
    let plan = planned(&text);
    let hits = |from: f64, until: f64| {
        let seen = requests::run(&plan, &window(from, until), 0).unwrap();
        let attempts = &seen.record.classes[0].attempts;
        assert_eq!(attempts.ended[0], attempts.begun, "nothing fails");
        let (reads, hits) = found(&plan, &seen, "box-1.objects");
        hits as f64 / reads as f64
    };
    // 40,000 reads: a standard error of 0.0025.
    assert!((hits(100.0, 500.0) - 0.5).abs() < 0.0125);
    assert_eq!(hits(700.0, 1_100.0), 1.0, "each block was read once in the first 100 s of it");
    assert!((hits(1_201.0, 1_601.0) - 0.5).abs() < 0.0125);
    // A world that begins later begins with the memory of then.
    let late = Window { warm_up: crate::inside::faults::seconds(100.0), ..window(800.0, 1_100.0) };
    let seen = requests::run(&plan, &late, 0).unwrap();
    let (reads, hits) = found(&plan, &seen, "box-1.objects");
    assert_eq!(reads, hits, "there is room for all");
    let too_much = text.replace("6MiB", "11MiB");
    let said = crate::inside::faults::draft_or_complaints(&too_much).err().unwrap();
    assert!(said.contains("would have to hold 11MiB in 10MiB"), "{said}");
}
