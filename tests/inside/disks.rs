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

/// 4.8 test 6, the reason: a read is an operation at each of the four data disks of a raidz2, and at one disk of a mirror. One reader at a
/// time takes 10 ms per read, so as many of the six disks are busy as take part.
#[test]
fn a_read_is_an_operation_at_each_data_disk_of_raidz2_and_at_one_of_a_mirror() {
    for (layout, operations) in
        [(r#""raidz2", data = 4, parity = 2"#, 4.0), (r#""mirror", data = 3, parity = 3"#, 1.0)]
    {
        let set = format!(r#"{{ kind = "7.2k", time = "10ms", layout = {layout} }}"#);
        let text = readers(&set, "").replace("users   = 64", "users   = 1");
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let figures = ["throughput.job", "utilization.box.local"];
        let run = figures.iter().fold(Run::new().requests_only(), |run, figure| run.figure(figure));
        let results = scenario.run(&run).unwrap_or_else(|error| panic!("{error}"));
        let [rate, busy] =
            figures.map(|figure| results.figure(&format!("{figure}@busy")).unwrap().value());
        assert!((rate - 100.0).abs() < 0.1, "{layout}: {rate}");
        assert!((busy * 6.0 - operations).abs() < 0.01, "{layout}: {busy}");
    }
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
    assert_eq!(refusal(&years), "");
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

/// Returns the mean number in two exponential servers of rate 1 with arrivals of rate `rate` that join the shorter queue: the
/// stationary distribution of both numbers by iteration, cut at 60.
fn of_the_shorter_queue(rate: f64) -> f64 {
    const MOST: usize = 60;
    let at = |a: usize, b: usize| a * MOST + b;
    let mut chance = vec![0.0; MOST * MOST];
    chance[0] = 1.0;
    let step = 1.0 / (rate + 2.0);
    for _ in 0..20_000 {
        let mut next = vec![0.0; MOST * MOST];
        for a in 0..MOST {
            for b in 0..MOST {
                let from = chance[at(a, b)] * step;
                if from == 0.0 {
                    continue;
                }
                let (up_a, up_b) = (at((a + 1).min(MOST - 1), b), at(a, (b + 1).min(MOST - 1)));
                match a.cmp(&b) {
                    std::cmp::Ordering::Less => next[up_a] += from * rate,
                    std::cmp::Ordering::Greater => next[up_b] += from * rate,
                    std::cmp::Ordering::Equal => {
                        next[up_a] += from * rate / 2.0;
                        next[up_b] += from * rate / 2.0;
                    }
                }
                next[at(a.saturating_sub(1), b)] += from;
                next[at(a, b.saturating_sub(1))] += from;
            }
        }
        chance = next;
    }
    let number = |place: usize| (place / MOST + place % MOST) as f64;
    chance.iter().enumerate().map(|(place, chance)| number(place) * chance).sum()
}

/// Two sides of 10 ms at 160 reads/s are busy for 0.8. At random each is M/M/1: 10 ms / (1 - 0.8) = 50 ms. By the shorter queue it
/// is the number of the chain over the rate.
#[test]
fn a_mirror_that_reads_from_the_shorter_queue_waits_as_the_chain_says() {
    let base = readers(
        "{ kind = \"10k\", layout = \"mirror\", data = 1, parity = 1, time = { dist = \"exponential\", mean = \"10ms\" } }",
        "",
    )
    .replace("users   = 64\nthink   = \"0s\"", "rate = \"160/s\"")
    .replace("length  = \"20s\"", "length  = \"1500s\"")
    .replace("replications = 4", "replications = 6");
    let mean = |text: &str| {
        let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
        let run = Run::new().requests_only().figure("latency.job.mean@busy");
        let figure = scenario.run(&run).unwrap().figure("latency.job.mean@busy").unwrap();
        (figure.value(), figure.low(), figure.high())
    };
    let (random, low, high) = mean(&base);
    assert!(low <= 0.050 && 0.050 <= high && (high - low) / random < 0.12, "{random}");
    let truth = of_the_shorter_queue(1.6) / 160.0;
    let shortest = base.replace("parity = 1, time", "parity = 1, reads = \"shortest-queue\", time");
    let (found, low, high) = mean(&shortest);
    assert!(low <= truth && truth <= high && (high - low) / found < 0.08, "{found}, {truth}");
    // Classes hand a disk ten reads at a time: the operations in front of it count, too.
    let (classes, ..) = mean(&shortest.replace("reads =", "queue = \"classes\", reads ="));
    assert!((classes / truth - 1.0).abs() < 0.05, "{classes}, {truth}");
    let stripe = base.replace("layout = \"mirror\"", "layout = \"raid-dp\", reads = \"random\"");
    assert!(refusal(&stripe).contains("only the sides of a `mirror`"), "{}", refusal(&stripe));
}

/// 3 x 1 MiB / 85 µs are 37 GB/s; 128 KiB in 12.5 ms are 10 MB/s.
#[test]
fn a_disk_that_reads_faster_than_any_of_its_kind_is_warned_of() {
    let warns = |kind: &str, block: &str, more: &str| {
        let content = format!("content = {{ size = \"1GiB\", block = \"{block}\", zipf = 0 }}");
        let set = format!("{{ kind = \"{kind}\", layout = \"plain\", data = 1, {content}{more} }}");
        Scenario::check(&readers(&set, "")).iter().any(|found| found.code() == "W1209")
    };
    assert!(warns("sata-ssd", "1MiB", ""));
    assert!(!warns("sata-ssd", "1MiB", ", bandwidth = \"500MB/s\""));
    assert!(!warns("sata-ssd", "8KiB", ""));
    assert!(!warns("7.2k", "128KiB", ""));
    assert!(warns("10k", "4MiB", ""));
}

/// Nothing else than blocks of a content, merged writes and scans has a size.
#[test]
fn a_bandwidth_without_an_operation_that_has_a_size_is_refused() {
    let set = r#"{ kind = "10k", layout = "plain", data = 1, bandwidth = "100MB/s" }"#;
    assert!(refusal(&readers(set, "")).contains("no operation of these disks has a size"));
}
