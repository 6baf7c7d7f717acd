//! Blocks that are written enter the memory in front of the disks, where the file says so.

use fivenines::solve::requests;

use super::gauge;
use crate::inside::faults::{draft_or_complaints, planned, window};
use crate::inside::shared::base::{With as _, base};

/// 10 pages per second that read one of 1,000 blocks and write another, all equally popular. Memory has a place for each block.
const SITE: &str = r#"
scenario = "written"
[server.box]
cores = 8
ram-cache = "8000KiB"
ram-cache-writes = true
[server.box.disks]
local = { kind = "15k", layout = "plain", data = 4, content = { size = "8000KiB", block = "8KiB", zipf = 0 } }
[zone.web]
on = ["box-1"]
[service.app]
in = "web"
workers = "unlimited"
mounts = { data = "box:local" }
[workload.visitors]
request = "page"
rate = "10/s"
[request.page]
enter = "app"
steps = [ { io = "data", read = 1 }, { io = "data", write = 1, durable = true } ]
"#;

/// Reads of 200 s from an empty memory, and those of them that miss.
fn reads(text: &str, memory: &str) -> [f64; 2] {
    let plan = planned(text);
    let mut sums = [0.0; 2];
    for replication in 0..4 {
        let seen = requests::run(&plan, &window(0.0, 200.0), replication).unwrap();
        let reading = gauge(&plan, &seen, memory);
        sums[0] += reading.arrived as f64 / 4.0;
        sums[1] += reading.refused as f64 / 4.0;
    }
    sums
}

/// A read misses a block that neither was read nor written: the share e^(−(10 + 10)t / 1,000) at t. Over 200 s that is
/// 10 · 1,000 / 20 · (1 − e⁻⁴) = 491 misses of 2,000 reads; without the key 1,000 (1 − e⁻²) = 865. A write is no read.
#[test]
fn a_block_that_is_written_is_found_by_the_next_read() {
    let lazy = SITE.replace(", durable = true", "");
    let grouped = lazy.replace("content =", "transactions = { dirty-max = \"1GiB\" }, content =");
    let adaptive = SITE.replace("ram-cache-writes", "ram-cache-policy = \"arc\"\nram-cache-writes");
    for (text, what) in
        [(SITE, "waits"), (&lazy, "deferred"), (&grouped, "in groups"), (&adaptive, "adaptive")]
    {
        let [all, missed] = reads(text, "box-1.objects");
        assert!((all / 2_000.0 - 1.0).abs() < 0.08, "{what}: {all}");
        assert!((missed / 490.8 - 1.0).abs() < 0.05, "{what}: {missed}");
        let without = text.replace("ram-cache-writes = true\n", "");
        let [_, missed] = reads(&without, "box-1.objects");
        assert!((missed / 864.7 - 1.0).abs() < 0.05, "{what}, without the key: {missed}");
    }
}

/// The same with the key of a file server, whose head has the memory: 5,000 blocks on two pools.
#[test]
fn the_head_of_a_file_server_takes_writes_too() {
    let text = base("files").with(
        r#"
[nas.store]
ram-cache = "40000KiB"
ram-cache-writes = true
[nas.store.pools]
main = { kind = "10k", layout = "plain", data = 4, time = "4ms" }
more = { kind = "10k", layout = "plain", data = 4, time = "4ms" }
[nas.store.volumes]
data = { size = "1TB", pool = ["main", "more"], content = { size = "40000KiB", block = "8KiB", zipf = 0 } }
[workload.visitors]
rate = "50/s"
"#,
    );
    let read = "read = 1";
    assert!(text.contains(read), "{text}");
    let text = text.replace(read, "read = 1, write = 1");
    // 50 · 5,000 / 100 · (1 − e⁻⁴) and 5,000 (1 − e⁻²).
    for (text, expected) in
        [(text.clone(), 2_454.0), (text.replace("ram-cache-writes = true\n", ""), 4_323.0)]
    {
        let [_, missed] = reads(&text, "store.objects");
        assert!((missed / expected - 1.0).abs() < 0.05, "{missed} against {expected}");
    }
}

/// Disks that are full store no block, so memory takes none: a read misses what was not read before, 865 of 2,000 as without
/// the key. Pages that write are lost, those that read are not.
#[test]
fn a_write_that_finds_no_space_enters_no_memory() {
    let apart = SITE.replace(
        "steps = [ { io = \"data\", read = 1 }, { io = \"data\", write = 1, durable = true } ]",
        "steps = [ { io = \"data\", read = 1 } ]\n[request.save]\nenter = \"app\"\n\
         steps = [ { io = \"data\", write = 1, durable = true } ]\n\
         [workload.authors]\nrequest = \"save\"\nrate = \"10/s\"",
    );
    let full = format!(
        "{apart}[fault.full]\nhits = \"server.box.local\"\nhow = \"disk-full\"\nat = \"0s\"\nlasts = \"1h\"\n"
    );
    let lazy = full.replace(", durable = true", "");
    let grouped = lazy.replace("content =", "transactions = { dirty-max = \"1GiB\" }, content =");
    for (text, what) in [(&full, "waits"), (&lazy, "deferred"), (&grouped, "in groups")] {
        let [all, missed] = reads(text, "box-1.objects");
        assert!((all / 2_000.0 - 1.0).abs() < 0.08, "{what}: {all}");
        assert!((missed / 864.7 - 1.0).abs() < 0.05, "{what}: {missed}");
    }
    let [_, missed] = reads(&apart, "box-1.objects");
    assert!((missed / 490.8 - 1.0).abs() < 0.05, "with space: {missed}");
}

#[test]
fn a_memory_that_could_not_take_writes_is_refused_with_its_place() {
    let second = SITE
        .replace("ram-cache-writes", "ram-cache-policy = \"arc\"\nl2arc = { on = \"ssd\", size = \"64MiB\" }\nram-cache-writes")
        .replace("[server.box.disks]\n", "[server.box.disks]\nssd = { kind = \"sata-ssd\", layout = \"plain\", data = 1 }\n");
    let none = SITE.replace(", content = { size = \"8000KiB\", block = \"8KiB\", zipf = 0 }", "");
    for (text, says) in
        [(second, "an old copy on the second level"), (none, "`box` caches nothing")]
    {
        let complaints = draft_or_complaints(&text).err().unwrap_or_default();
        assert!(complaints.contains(says), "{says}:\n{complaints}");
    }
}
