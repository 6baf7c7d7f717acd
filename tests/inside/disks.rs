//! Promise: layouts, solid-state kinds and the throttle of zones do at the disks what their description says.

use crate::{Run, Scenario};

/// Returns a file with 64 readers in a loop on one set of disks.
fn readers(set: &str, more: &str) -> String {
    format!(
        r#"
scenario = "disks"
format   = 2
[run]
seed = 1
replications = 4
[window.busy]
length  = "20s"
warm-up = "10s"
[server.box]
cores = 4
[server.box.disks]
local = {set}
[zone.hog]
on = ["box-1"]
[service.app]
in      = "hog"
workers = "unlimited"
mounts  = {{ disk = "box:local" }}
[workload.jobs]
request = "job"
users   = 64
think   = "0s"
[request.job]
enter = "app"
steps = [ {{ io = "disk", read = 1 }} ]
{more}"#
    )
}

fn reads_per_s(set: &str) -> f64 {
    let scenario = Scenario::parse(&readers(set, "")).unwrap_or_else(|error| panic!("{error}"));
    let run = Run::new().requests_only().figure("throughput.job");
    let results = scenario.run(&run).unwrap_or_else(|error| panic!("{error}"));
    let found = results.figure("throughput.job@busy").unwrap_or_else(|error| panic!("{error}"));
    f64::midpoint(found.low(), found.high())
}

fn refusal(text: &str) -> String {
    Scenario::parse(text).err().map(|error| error.to_string()).unwrap_or_default()
}

/// 4.8 test 6: the text says about 1 x against 6 x one disk of 80 reads/s. A read uses four of the six disks, so the most is
/// 6 / 4 of a disk, and less because it waits for the slowest of four.
#[test]
fn six_disks_read_four_times_as_much_in_mirrors_as_in_raidz2() {
    let raidz = reads_per_s(r#"{ kind = "7.2k", layout = "raidz2", data = 4, parity = 2 }"#);
    let mirrors = reads_per_s(r#"{ kind = "7.2k", layout = "mirror", data = 3, parity = 3 }"#);
    assert!((80.0..=120.0).contains(&raidz), "{raidz}");
    assert!((430.0..=480.0).contains(&mirrors), "{mirrors}");
}

/// Two groups of three serve twice as much as one.
#[test]
fn groups_add_up() {
    let one = reads_per_s(r#"{ kind = "10k", layout = "raidz1", data = 2, parity = 1 }"#);
    let two = reads_per_s(r#"{ kind = "10k", layout = "raidz1", data = 4, parity = 2 }"#);
    assert!((1.8..=2.1).contains(&(two / one)), "{one} {two}");
}

/// 3 at once of 0.085 ms each.
#[test]
fn a_solid_state_disk_executes_several_operations_at_once() {
    let set = r#"{ kind = "sata-ssd", layout = "plain", data = 1 }"#;
    let found = reads_per_s(set);
    assert!((34_500.0..=36_000.0).contains(&found), "{found}");
    let classes = reads_per_s(&set.replace("data = 1", "data = 1, queue = \"classes\""));
    assert!(
        (classes / found - 1.0).abs() < 0.02,
        "the order of reads changes no capacity: {classes}"
    );
}

/// Ten active reads are the most that a queue of classes lets a disk execute at once.
#[test]
fn queue_classes_bound_the_reads_that_a_disk_executes_at_once() {
    let set =
        r#"{ kind = "nvme-ssd", layout = "plain", data = 1, time = "1ms", queue = "classes" }"#;
    let found = reads_per_s(set);
    assert!((9_900.0..=10_100.0).contains(&found), "{found}");
}

#[test]
fn what_is_not_simulated_of_a_set_of_disks_is_refused_with_its_place() {
    let throttled = r#"{ kind = "10k", layout = "plain", data = 1, io-throttle = {} }"#;
    assert_eq!(refusal(&readers(throttled, "")), "");
    let years = readers(throttled, "").replace("seed = 1", "seed = 1\nhorizon = \"1y\"");
    assert!(refusal(&years).contains("not over a horizon"), "{}", refusal(&years));
    let two = format!("{throttled}\nother = {throttled}");
    assert!(refusal(&readers(&two, "")).contains("two sets of disks of `box`"));
    let odd = readers(r#"{ kind = "10k", layout = "raidz2", data = 4, parity = 3 }"#, "");
    assert!(refusal(&odd).contains("2 parity disk(s) per group"), "{}", refusal(&odd));
    let uneven = readers(r#"{ kind = "10k", layout = "raidz1", data = 3, parity = 2 }"#, "");
    assert!(refusal(&uneven).contains("do not make 2 equal groups"), "{}", refusal(&uneven));
    let weight = readers(r#"{ kind = "10k", layout = "plain", data = 1 }"#, "")
        .replace("on = [\"box-1\"]", "on = [\"box-1\"]\nio-priority = 300");
    assert!(refusal(&weight).contains("no set of disks of its servers"), "{}", refusal(&weight));
}
