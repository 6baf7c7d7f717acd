//! Adaptive caches and the second level of a memory, in running systems.

use fivenines::solve::requests::{self, Observation};
use fivenines::workload::adaptive::adaptive_hit_ratio;
use fivenines::workload::popularity::Zipf;

use super::gauge;
use crate::inside::faults::{draft_or_complaints, planned, window};
use crate::inside::shared::base::{With as _, base};

/// Look-ups and hits of the component called `name`.
fn found(
    plan: &fivenines::model::blueprint::Blueprint,
    seen: &Observation,
    name: &str,
) -> (u64, u64) {
    let reading = gauge(plan, seen, name);
    assert_eq!(reading.arrived, reading.completed + reading.refused);
    (reading.arrived, reading.completed)
}

/// 5,000 blocks, 500 in the memory of a file server's head, and 1,000 objects, 100 in a cache. 200,000 reads or look-ups have a
/// standard error of 0.001.
#[test]
fn adaptive_memories_and_caches_hit_as_often_as_the_closed_form_says() {
    let text = base("files").with(
        r#"
[nas.store]
ram-cache = "4000KiB"
ram-cache-policy = "arc"
[nas.store.pools]
main = { kind = "10k", layout = "plain", data = 1, time = "4ms" }
[nas.store.volumes]
data = { size = "1TB", pool = "main", content = { size = "40000KiB", block = "8KiB", zipf = 0.9 } }
[workload.visitors]
rate = "100/s"
"#,
    );
    let plan = planned(&text);
    let seen = requests::run(&plan, &window(600.0, 2_600.0), 0).unwrap();
    let (reads, hits) = found(&plan, &seen, "store.objects");
    let ratio = hits as f64 / reads as f64;
    let expected = adaptive_hit_ratio(&Zipf::new(0.9, 5_000).unwrap(), 500, 100.0, 0.062);
    assert!((ratio - expected).abs() < 0.006, "{ratio} against {expected}");

    let cached = base("service").with(
        r#"
[cache.store]
in = "www"
cpu = "1us"
objects = 100
policy = "arc"
popularity = { zipf = 0.9, objects = 1000 }
[workload.visitors]
request = "page"
rate = "100/s"
[request.page]
enter = "app"
demands = { fetch = "1ms" }
steps = [ { cache = "store", else = [ { cpu = "app", demand = "fetch" } ] } ]
"#,
    );
    let plan = planned(&cached);
    let seen = requests::run(&plan, &window(600.0, 2_600.0), 0).unwrap();
    let (look_ups, hits) = found(&plan, &seen, "store.objects");
    let ratio = hits as f64 / look_ups as f64;
    let expected = adaptive_hit_ratio(&Zipf::new(0.9, 1_000).unwrap(), 100, 100.0, 0.062);
    assert!((ratio - expected).abs() < 0.008, "{ratio} against {expected}");
}

/// Pages that read one of 512 blocks, all equally likely, 128 of them in memory. A pass each 100 ms considers all of it, so that
/// each block is on the second level before it is evicted.
const TWO_LEVELS: &str = r#"
scenario = "two-levels"
[server.box]
cores = 8
memory = "9MiB"
ram-cache-policy = "arc"
l2arc = { on = "ssd", size = "8MiB", write = "4MiB", cold-write = "4MiB", every = "100ms" }
[server.box.disks]
local = { kind = "15k", layout = "plain", data = 4, content = { size = "4MiB", block = "8KiB", zipf = 0 } }
ssd = { kind = "sata-ssd", layout = "plain", data = 1, time = "30ms" }
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
steps = [ { io = "data", read = 1 } ]
"#;

/// Reads that reach the disks, and operations at the second level, up to an instant. No page fails.
fn operations(text: &str, until: f64) -> [u64; 2] {
    let plan = planned(text);
    let seen = requests::run(&plan, &window(0.0, until), 0).unwrap();
    let attempts = &seen.record.classes[0].attempts;
    assert_eq!(attempts.ended[0], attempts.begun, "no page fails");
    let (reads, hits) = found(&plan, &seen, "box-1.objects");
    let (second, found) = found(&plan, &seen, "box-1.ssd.objects");
    let operations = ["box-1.local", "box-1.ssd"].map(|set| gauge(&plan, &seen, set).arrived);
    assert!(second <= reads - hits, "it is asked for what memory lacks");
    // What neither has is read from a disk, and what was under way when the second level was lost.
    assert!((0..=3).contains(&(operations[0] - (reads - hits - found))));
    operations
}

#[test]
fn a_block_is_read_once_from_the_disks_and_then_from_the_second_level() {
    let [disks, ssd] = operations(TWO_LEVELS, 200.0);
    assert_eq!(disks, 512);
    // 10,000 reads, of which three quarters of all but the first ones miss memory; each block is written once.
    assert!((6_500..8_200).contains(&ssd), "{ssd}");
    let alone = TWO_LEVELS.replace("l2arc =", "# l2arc =");
    let plan = planned(&alone);
    let seen = requests::run(&plan, &window(0.0, 200.0), 0).unwrap();
    assert!(gauge(&plan, &seen, "box-1.local").arrived > 6_500);
    assert!(plan.parts.iter().all(|part| part.name != "box-1.ssd.objects"));
}

/// Reads under way when the second level is lost go to the disks, as do all reads until it is back. Then it is empty.
#[test]
fn the_loss_of_the_second_level_fails_no_read() {
    let fault = "[fault.worn-out]\nhits = \"server.box.ssd\"\nhow = \"lost\"\nat = \"100s\"\nlasts = \"20s\"\n";
    let text = format!("{TWO_LEVELS}{fault}");
    let [before, at_it] = operations(&text, 99.999);
    assert_eq!(before, 512);
    let [meanwhile, none] = operations(&text, 119.999);
    assert_eq!(none, at_it, "it executes nothing while it is lost");
    // 1,000 reads, of which a quarter is in memory.
    assert!((650..830).contains(&(meanwhile - before)), "{meanwhile}");
    let [after, _] = operations(&text, 300.0);
    // What memory has is written at once, the other blocks when they have been read.
    assert!((300..=512).contains(&(after - meanwhile)), "{after} {meanwhile}");
}

/// After a restart of the server memory is cold, and so is the second level unless it is persistent.
#[test]
fn a_persistent_second_level_survives_a_restart() {
    let crash =
        "[fault.crash]\nhits = \"server.box\"\nhow = \"crash\"\nat = \"100s\"\nlasts = \"10s\"\n";
    let more = |persistent: bool| {
        let text = TWO_LEVELS
            .replace("every = \"100ms\"", &format!("every = \"100ms\", persistent = {persistent}"));
        let plan = planned(&format!("{text}{crash}"));
        let disks = |until: f64| {
            let seen = requests::run(&plan, &window(0.0, until), 0).unwrap();
            gauge(&plan, &seen, "box-1.local").arrived
        };
        disks(300.0) - disks(99.0)
    };
    assert_eq!(more(false), 512);
    assert_eq!(more(true), 0);
    let lost = "[fault.flush]\nhits = \"server.box\"\nhow = \"cache-lost\"\nat = \"100s\"\n";
    let [disks, _] = operations(&format!("{TWO_LEVELS}{lost}"), 300.0);
    assert_eq!(disks, 1_024);
}

#[test]
fn a_second_level_that_could_not_work_is_refused_with_its_place() {
    let l2arc = "l2arc = { on = \"ssd\",";
    for (from, to, says) in [
        ("ram-cache-policy = \"arc\"", "", "those of an adaptive RAM cache"),
        (l2arc, "l2arc = { on = \"sdd\",", "no set of disks is called `sdd`"),
        (l2arc, "l2arc = { on = \"local\",", "no data of its own"),
        ("size = \"8MiB\"", "size = \"2MiB\"", "nothing stays"),
        (
            "mounts = { data = \"box:local\" }",
            "mounts = { data = \"box:local\", more = \"box:ssd\" }",
            "`app` mounts it",
        ),
        (", content = { size = \"4MiB\", block = \"8KiB\", zipf = 0 }", "", "`box` caches nothing"),
    ] {
        assert!(TWO_LEVELS.contains(from), "{from}");
        let complaints =
            draft_or_complaints(&TWO_LEVELS.replace(from, to)).err().unwrap_or_default();
        assert!(complaints.contains(says), "{says}:\n{complaints}");
    }
    let cache = base("service").with(
        "[cache.store]\nin = \"www\"\ncpu = \"1us\"\nobjects = 100\npolicy = \"arc\"\nttl = \"1min\"\n\
         popularity = { zipf = 0.9, objects = 1000 }\n",
    );
    let complaints = draft_or_complaints(&cache).err().unwrap_or_default();
    assert!(complaints.contains("keeps objects for ever"), "{complaints}");
}
