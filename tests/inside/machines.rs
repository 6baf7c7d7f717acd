//! Promise: a virtual machine costs what its parts cost: memory that it holds, virtual processors, exits to its hypervisor, a
//! page cache of its own, and a reboot to be resized.

use std::path::Path;

use super::common::read;
use super::faults::window;
use super::shared::base::{With as _, base};
use super::years::users::by_flows;
use crate::solve::requests;
use crate::units::{Bytes, SimTime};
use crate::{Results, Run, Scenario};

/// Returns a file with one service of `users` who work without a pause in the section `stands`.
fn busy(stands: &str, users: u32) -> String {
    format!(
        r#"
scenario = "machines"
format   = 2
[run]
seed = 1
replications = 2
[window.busy]
length  = "60s"
warm-up = "10s"
[server.box]
cores  = 8
memory = "64GiB"
{stands}
on = ["box-1"]
[service.app]
in      = "www"
workers = "unlimited"
[workload.jobs]
request = "job"
users   = {users}
think   = "0s"
[request.job]
enter   = "app"
demands = {{ job = "100ms" }}
steps   = [ {{ cpu = "app", demand = "job" }} ]
"#
    )
}

/// Keys of a machine without exits and overhead.
const PLAIN: &str = "cpu-overhead = 0\nio-latency = \"0s\"\nio-cpu = \"0s\"";

fn run(text: &str, figures: &[&str]) -> Results {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let run = figures.iter().fold(Run::new().requests_only(), |run, figure| run.figure(figure));
    scenario.run(&run).unwrap_or_else(|error| panic!("{error}"))
}

fn figure(results: &Results, path: &str) -> f64 {
    results.figure(path).unwrap_or_else(|error| panic!("{path}: {error}")).value()
}

fn refusal(text: &str) -> String {
    Scenario::parse(text).err().map(|error| error.to_string()).unwrap_or_default()
}

/// 6.5 test 1: two virtual processors and a cap of four use two; the same work in a zone uses four. The text lets the I/O threads of the
/// hypervisor use more; here exits count against the virtual processors, which the description of machines says.
#[test]
fn a_machine_uses_as_many_cores_as_it_has_virtual_processors_whatever_its_cap() {
    let figures = ["throughput.job@busy", "utilization.www.cpu@busy"];
    let machine = format!("[vm.www]\nvcpus = 2\nmemory = \"4GiB\"\ncpu.cap = 4\n{PLAIN}");
    let machine = run(&busy(&machine, 8), &figures);
    let zone = run(&busy("[zone.www]\nmemory = \"4GiB\"\ncpu.cap = 4", 8), &figures);
    for (results, per_s) in [(machine, 20.0), (zone, 40.0)] {
        let found = figure(&results, "throughput.job@busy");
        assert!((found / per_s - 1.0).abs() < 0.01, "{found} instead of {per_s}");
        let busy = figure(&results, "utilization.www.cpu@busy");
        assert!((busy - 1.0).abs() < 0.001, "{busy}");
    }
}

/// 6.5 test 2: 4 GiB of a guest and 1 GiB of KVM: twelve of them in 64 GiB; 60 zones of 1 GiB.
#[test]
fn a_machine_holds_the_memory_of_its_hypervisor_too() {
    let placed = |stands: &str| refusal(&busy(stands, 1).replace("on = [\"box-1\"]\n", ""));
    let machines = |count: u32, more: &str| {
        format!("[vm.www]\ncount = {count}\nvcpus = 1\nmemory = \"4GiB\"\n{more}")
    };
    assert_eq!(placed(&machines(12, "")), "");
    assert!(placed(&machines(13, "")).contains("1 of 13 members of `www` cannot be placed"));
    assert_eq!(placed(&machines(12, "hypervisor = \"bhyve\"")), "");
    // bhyve takes 1.25 GiB: twelve of 5.25 GiB are 63, and twelve with 4,200 MiB for the guest 64.2.
    let eleven = machines(12, "hypervisor = \"bhyve\"").replace("4GiB", "4200MiB");
    assert!(placed(&eleven).contains("1 of 12 members of `www` cannot be placed"));
    // A zone has no more than its memory.
    let zones = |count: u32| placed(&format!("[zone.www]\ncount = {count}\nmemory = \"1GiB\""));
    assert_eq!((zones(60), zones(64)), (String::new(), String::new()));
    assert!(zones(65).contains("1 of 65 members of `www` cannot be placed"));
}

/// 6.5 test 4: a guest of four busy virtual processors and a zone of four or twelve threads with equal shares divide four cores evenly,
/// however many requests the guest works on. With processors at the tick they do so by the classic rule; since 2012 the guest has the
/// share of its virtual processors among the threads. A request takes a hundred whole quanta, since one that ends earlier gives up the
/// rest of its last one.
#[test]
fn a_guest_competes_by_its_virtual_processors_and_not_by_its_requests() {
    let other = "[zone.other]\non = [\"box-1\"]\n[service.other-app]\nin = \"other\"\nworkers = \"unlimited\"\n\
                 [workload.others]\nrequest = \"other-job\"\nusers = 12\nthink = \"0s\"\n[request.other-job]\n\
                 enter = \"other-app\"\ndemands = { job = \"1100ms\" }\n\
                 steps = [ { cpu = \"other-app\", demand = \"job\" } ]\n";
    let machine = format!("[vm.www]\nvcpus = 4\nmemory = \"4GiB\"\n{PLAIN}");
    let text = busy(&machine, 64).replace("cores  = 8", "cores  = 4") + other;
    let figures = ["utilization.www.cpu@busy", "utilization.other.cpu@busy"];
    let at_the_tick = |rule| {
        let keys =
            format!("cores  = 4\ncpu-model = \"tick\"\ncpu-tick = {{ quantum-rule = \"{rule}\" }}");
        text.replace("cores  = 4", &keys)
    };
    for threads in [4, 12] {
        let by_number = 4.0 / f64::from(4 + threads);
        let models = [
            (text.clone(), 0.5, 0.001),
            (at_the_tick("classic"), 0.5, 0.02),
            (at_the_tick("reset"), by_number, 0.02),
        ];
        for (text, part, tolerance) in models {
            let results = run(&text.replace("users = 12", &format!("users = {threads}")), &figures);
            for (path, expected) in figures.iter().zip([part, 1.0 - part]) {
                let found = figure(&results, path);
                assert!((found / expected - 1.0).abs() < tolerance, "{threads} {path}: {found}");
            }
        }
    }
}

/// Returns a file with five visitors per second and a resize of `www` at 00:10 to 8 GiB, or what a test writes instead.
fn resized(stands: &str, more: &str) -> String {
    format!(
        r#"
scenario = "resized"
format   = 2
[run]
start = "Mon 00:00"
seed  = 1
replications = 8
[window.change]
at      = "8min"
length  = "10min"
warm-up = "1min"
[server.box]
cores  = 8
memory = "32GiB"
[server.box.disks]
local = {{ kind = "10k", layout = "plain", data = 1, content = {{ size = "100GiB", block = "1MiB", zipf = 0.8 }} }}
{stands}
memory = "1GiB"
[service.app]
in      = "www"
workers = 1000
mounts  = {{ disk = "box:local" }}
restart = "15s"
[workload.visitors]
request = "page"
rate    = "5/s"
[request.page]
enter   = "app"
demands = {{ page = "1ms" }}
steps   = [ {{ cpu = "app", demand = "page" }}, {{ io = "disk", read = 0.1 }} ]
[objective.page]
lost-after = "10s"
[operation.grow]
at     = "00:10"
does   = "resize"
of     = "www"
memory = "8GiB"
{more}"#
    )
}

/// 5.5 test 4 (what a zone does with its memory is in `mechanisms::paging`): a zone has its new memory at the very nanosecond of the command, and stays up: its workers are never away and no
/// page is lost. A machine stops, boots and starts its service, for 30 + 60 + 15 s, and has its new memory when it boots:
/// 5/s x 105 s are lost.
#[test]
fn a_zone_grows_at_once_and_a_machine_reboots() {
    let machine = "[vm.www]\nvcpus = 2\nstop = \"30s\"\nboot = \"60s\"";
    for (stands, lost, [before, grown]) in
        [("[zone.www]", 0.0, [31, 28]), (machine, 525.0, [30, 27])]
    {
        let text = resized(stands, "").replace("8GiB", "4GiB");
        let found = figure(&run(&text, &["lost.page@change"]), "lost.page@change");
        assert!((found - lost).abs() <= 0.06 * lost, "{stands}: {found}");
        let loaded = read(&text, Path::new(".")).unwrap();
        let [resizing] = &loaded.plan.resizes[..] else { panic!("one memory changes") };
        let gib = |count: u64| Bytes::new(count << 30);
        let at = |nanos| resizing.room(SimTime::from_nanos(nanos), true);
        let changes = (600 + if lost > 0.0 { 30 } else { 0 }) * 1_000_000_000;
        assert_eq!(at(changes - 1), gib(before), "{stands}");
        assert_eq!(at(changes), gib(grown), "{stands}");
        let seen = requests::run(&loaded.plan, &window(480.0, 1_080.0), 0).unwrap();
        let app = loaded.plan.parts.iter().position(|part| part.name == "app-1").unwrap();
        let away = if lost > 0.0 { 105 } else { 0 };
        assert_eq!(seen.gauges[app].unavailable, 1_000 * away * 1_000_000_000, "{stands}");
    }
}

/// 6.5 test 3: a zone has a new cap at once; a machine reboots for it and has it then. Over windows of 20 s, and in the first
/// second: eight requests share four cores (where all end at once, the next four come within 2 ms of 200: 10 x 0.5 of 800 core-ms are idle). At the tick (where a cap of 2 gives 2.06) usage rises from 2 to 4 cores first:
/// for 100 ln(6 / 4) = 41 ticks of a second of 1,000 all eight run, and 7 more at most for what is left of their quanta; 4.08 at
/// most from then on.
#[test]
fn a_cap_that_changes_is_in_force_at_once_in_a_zone_and_after_a_reboot_in_a_machine() {
    let text = |stands: &str, server: &str| {
        format!(
            r#"
scenario = "caps"
format   = 2
[run]
start = "Mon 00:00"
seed  = 1
replications = 2
[window.before]
at      = "20s"
length  = "40s"
[window.first]
at      = "60s"
length  = "1s"
warm-up = "10s"
[window.at-once]
at      = "60s"
length  = "20s"
[window.then]
at      = "150s"
length  = "40s"
[server.box]
cores  = 8
memory = "64GiB"
{server}
{stands}
memory = "4GiB"
cpu    = {{ cap = 2.0 }}
[service.app]
in      = "www"
workers = 8
backlog = 0
[workload.jobs]
request = "job"
rate    = "2000/s"
[request.job]
enter   = "app"
demands = {{ job = "100ms" }}
steps   = [ {{ cpu = "app", demand = "job" }} ]
[operation.grow]
at   = "1min"
does = "resize"
of   = "www"
cap  = 4.0
"#
        )
    };
    let machine = format!("[vm.www]\nvcpus = 6\nstop = \"20s\"\nboot = \"60s\"\n{PLAIN}");
    let bhyve = format!("{machine}\nhypervisor = \"bhyve\"");
    let windows = ["before", "at-once", "then"];
    let tick = (8.0 * 48.0 + 4.08 * 952.0) / 4_000.0;
    for (stands, server, per_s, [least, most]) in [
        ("[zone.www]", "", [20.0, 40.0, 40.0], [1.0 - 5.0 / 800.0, 1.0]),
        ("[zone.www]", "cpu-model = \"tick\"", [20.0, 40.0, 40.0], [1.0, tick]),
        (&machine, "", [20.0, 0.0, 40.0], [0.0, 0.0]),
        (&bhyve, "", [20.0, 0.0, 40.0], [0.0, 0.0]),
    ] {
        let figures = windows.map(|window| format!("throughput.job@{window}"));
        let first = "utilization.www.cpu@first";
        let mut wanted: Vec<&str> = figures.iter().map(String::as_str).collect();
        wanted.push(first);
        let results = run(&text(stands, server), &wanted);
        let found = figure(&results, first);
        assert!((least..=most).contains(&found), "{stands} {server}: {found}, at most {most}");
        for (path, per_s) in figures.iter().zip(per_s) {
            let found = figure(&results, path);
            assert!((found - per_s).abs() <= 0.04 * per_s, "{stands} {server} {path}: {found}");
        }
    }
    let horizon = text("[zone.www]", "").replace("[run]", "[run]\nhorizon = \"1d\"");
    assert!(refusal(&horizon).contains("a cap that changes"), "{}", refusal(&horizon));
    let held = text("[zone.www]", "").replace("cap = 2.0", "baseline = 4.5, cap = 5.0");
    assert!(refusal(&held).contains("above the new cap of 4"), "{}", refusal(&held));
}

/// One request at a time: 1 ms of work, 1.03 in a guest; a read of 5 ms; two exits of 50 us of processor time and 100 us of
/// latency.
#[test]
fn a_request_in_a_guest_takes_its_work_its_overhead_and_its_exits() {
    let text = |stands: &str| {
        format!(
            r#"
scenario = "exits"
format   = 2
[run]
seed = 1
replications = 2
[window.quiet]
length  = "200s"
[server.box]
cores  = 8
[server.box.disks]
local = {{ kind = "10k", layout = "plain", data = 1, time = "5ms" }}
{stands}
[service.app]
in      = "www"
workers = "unlimited"
mounts  = {{ disk = "box:local" }}
[workload.visitors]
request = "page"
users   = 1
think   = "10ms"
[request.page]
enter   = "app"
demands = {{ page = "1ms" }}
steps   = [ {{ cpu = "app", demand = "page" }}, {{ io = "disk", read = 1 }} ]
"#
        )
    };
    let machine =
        "[vm.www]\nvcpus = 2\nmemory = \"1GiB\"\nio-latency = \"100us\"\nio-cpu = \"50us\"";
    for (stands, latency) in [("[zone.www]", 6.0e-3), (machine, 6.33e-3)] {
        let results =
            run(&text(stands), &["latency.page.mean@quiet", "utilization.box-1.cpu@quiet"]);
        let found = figure(&results, "latency.page.mean@quiet");
        assert!((found - latency).abs() < 1e-9, "{found} instead of {latency}");
        let work = if latency > 6.1e-3 { 1.13e-3 } else { 1.0e-3 };
        let busy = figure(&results, "utilization.box-1.cpu@quiet");
        assert!((busy / (work / (latency + 10e-3) / 8.0) - 1.0).abs() < 1e-3, "{busy}");
    }
    // What the devices decide: 20 to 100 us, or 100 to 500 us.
    for (io, mean) in [("virtio", 60e-6), ("emulated", 300e-6)] {
        let machine = format!("[vm.www]\nvcpus = 2\nmemory = \"1GiB\"\nio = \"{io}\"");
        let results = run(&text(&machine), &["latency.page.mean@quiet"]);
        let found = figure(&results, "latency.page.mean@quiet") - 6.03e-3;
        assert!((found / (2.0 * mean) - 1.0).abs() < 0.02, "{io}: {found}");
    }
}

/// A reply of 1,000 packets to one user at a time: 1 ms of work, then an exit of 50 us for each batch of packets, and a latency of 100
/// us once.
#[test]
fn a_reply_leaves_its_guest_in_batches_of_packets() {
    for (more, exits) in [
        ("io = \"emulated\"", 1000.0),
        ("io = \"virtio\"", 8.0),
        ("packets-per-exit = 3", 334.0),
        ("packets-per-exit = 1000", 1.0),
    ] {
        let machine = format!(
            "[vm.www]\nvcpus = 2\nmemory = \"1GiB\"\ncpu-overhead = 0\nio-latency = \"100us\"\nio-cpu = \"50us\"\n{more}"
        );
        let text = busy(&machine, 1).replace("\"100ms\"", "\"1ms\"") + "reply = \"1448kB\"\n";
        let results = run(&text, &["latency.job.mean@busy"]);
        let found = figure(&results, "latency.job.mean@busy");
        let expected = 1e-3 + exits * 50e-6 + 100e-6;
        assert!((found - expected).abs() < 1e-9, "{more}: {found} instead of {expected}");
    }
}

/// Replies of an exponential size with a mean of 5,000 bytes, one packet per exit: P(size > k packets) = q^k with q = exp(-1448 / 5000),
/// so a reply takes 1 / (1 - q) = 3.98 exits. At 100 replies per second of 1 ms and 0.5 ms per exit, 0.3 of a core are busy: the
/// windows, the loads of `check` and the years agree with this.
#[test]
fn exits_of_replies_of_random_size_are_those_of_their_law() {
    let text = r#"
[window.steady]
level = "100/s"
length = "100s"
warm-up = "10s"
[run]
seed = 1
replications = 4
[server.box]
cores = 1
[vm.web]
vcpus = 1
memory = "1GiB"
cpu-overhead = 0
io-cpu = "500us"
packets-per-exit = 1
[service.app]
restart = "5s"
[clients.public]
patience = { dist = "exponential", mean = "2s" }
[request.page]
reply = { dist = "exponential", mean = "5kB" }
[workload.visitors]
rate = "100/s"
"#;
    let text = base("site").replace("[zone.web]", "[vm.web]").with(text);
    let exits = 1.0 / (1.0 - libm::exp(-1448.0 / 5000.0));
    let cores = |rate: f64| rate * (1e-3 + exits * 0.5e-3);
    let results = run(&text, &["utilization.web.cpu@steady", "headroom.web.cpu@steady"]);
    let busy = figure(&results, "utilization.web.cpu@steady");
    assert!((busy / cores(100.0) - 1.0).abs() < 0.02, "{busy} instead of {}", cores(100.0));
    let headroom = figure(&results, "headroom.web.cpu@steady");
    assert!((headroom - (1.0 - cores(100.0))).abs() < 1e-9, "{headroom}");
    // Twice what the processor can do, for users who leave the queue: half of the views are lost over years.
    let rate = 2.0 / cores(1.0);
    let years = text
        .replace("rate = \"100/s\"", &format!("rate = \"{rate}/s\""))
        .replace("replications = 4", "horizon = \"30d\"\nreplications = 4")
        + "[fault.never]\nhits = \"app\"\nhow = \"crash\"\nrate = \"0.000001/y\"\n\
           [balancer.front]\nrack = \"r\"\nto = \"app\"\nmember-limit = 10\n";
    let years = years.replace("enter = \"app\"", "enter = \"front\"");
    let seen = by_flows(&years, |_| {});
    let lost = seen.lost.iter().sum::<f64>() / seen.intended;
    assert!((lost - 0.5).abs() < 1e-3, "{lost}");
}

/// The page cache of a guest finds what a RAM cache of the same size finds, block by block, since the draws are the same. Both
/// in a row keep many blocks twice: they find less than one of their size together.
#[test]
fn a_guest_caches_before_its_server_and_keeps_blocks_twice() {
    let text = |cache: &str, stands: &str| {
        format!(
            r#"
scenario = "caches"
format   = 2
[run]
seed = 1
replications = 2
[window.warm]
length  = "100s"
warm-up = "100s"
[server.box]
cores  = 8
memory = "8GiB"
ram-cache = "{cache}"
[server.box.disks]
local = {{ kind = "nvme-ssd", layout = "plain", data = 1, content = {{ size = "8GiB", block = "1MiB", zipf = 0.8 }} }}
{stands}
[service.app]
in      = "www"
workers = "unlimited"
mounts  = {{ disk = "box:local" }}
[workload.visitors]
request = "page"
rate    = "200/s"
[request.page]
enter   = "app"
steps   = [ {{ io = "disk", read = 1 }} ]
"#
        )
    };
    let reads = |cache, stands: &str| {
        let results = run(&text(cache, stands), &["throughput.box-1.local@warm"]);
        figure(&results, "throughput.box-1.local@warm")
    };
    let guest = |pages: &str| {
        format!("[vm.www]\nvcpus = 2\nmemory = \"4GiB\"\npage-cache = \"{pages}\"\n{PLAIN}")
    };
    let alone = reads("1GiB", "[zone.www]");
    assert_eq!(reads("0B", &guest("1GiB")).to_bits(), alone.to_bits());
    let (twice, together) = (reads("1GiB", &guest("1GiB")), reads("2GiB", "[zone.www]"));
    assert!(alone > twice && twice > together * 1.2, "{alone} {twice} {together}");
    let results = run(&text("0B", &guest("1GiB")), &["hit.www-1@warm"]);
    let found = figure(&results, "hit.www-1@warm");
    assert!((found - (1.0 - alone / 200.0)).abs() < 0.02, "{found}");
}

/// A database in a machine, behind a balancer, with every kind of operation: the run ends with its accounts closed, and check's
/// load of the processor is that of the run.
#[test]
fn loads_of_check_count_overhead_and_exits() {
    let machine = "[vm.www]\nvcpus = 4\nmemory = \"1GiB\"\nio-latency = \"0s\"\nio-cpu = \"1ms\"\ncpu-overhead = 0.5\n\
                   on = [\"box-1\"]";
    let text = format!(
        r#"
scenario = "loads"
format   = 2
[run]
seed = 1
replications = 4
[window.steady]
level   = "1 x rate"
length  = "100s"
warm-up = "10s"
[server.box]
cores  = 8
[server.box.disks]
local = {{ kind = "nvme-ssd", layout = "plain", data = 1 }}
{machine}
[balancer.front]
to = "app"
[service.app]
in      = "www"
workers = "unlimited"
mounts  = {{ disk = "box:local" }}
[database.db]
connections = 100
in    = {{ primary = "www" }}
data  = {{ www = "box:local" }}
read  = {{ cpu = "2ms", io = {{ probability = 0.5, mean = 1 }} }}
write = {{ cpu = "2ms", sync-io = 1, deferred-io = 2 }}
[workload.visitors]
request = "page"
rate    = "50/s"
[request.page]
enter   = "front"
demands = {{ page = "4ms" }}
steps   = [
  {{ cpu = "app", demand = "page" }},
  {{ io = "disk", read = 1, write = 2 }},
  {{ call = "db", read = 2, write = 1 }},
]
"#
    );
    // 4 + 3 x 2 ms, half more; exits: a reply, 3 operations, 3 replies of queries, 2 x 0.5 reads, 3 writes.
    let cores = 50.0 * (1.5 * 10e-3 + (1.0 + 3.0 + 3.0 + 1.0 + 3.0) * 1e-3);
    let results = run(&text, &["utilization.www.cpu@steady", "headroom.www.cpu@steady"]);
    let busy = figure(&results, "utilization.www.cpu@steady");
    assert!((busy / (cores / 4.0) - 1.0).abs() < 0.03, "{busy} instead of {}", cores / 4.0);
    let headroom = figure(&results, "headroom.www.cpu@steady");
    assert!((headroom - (1.0 - cores / 4.0)).abs() < 1e-9, "{headroom}");
}

#[test]
fn keys_of_a_machine_that_contradict_each_other_are_refused() {
    let machine = |more: &str| format!("[vm.www]\nvcpus = 2\nmemory = \"4GiB\"\n{more}");
    for (more, says) in [
        ("page-cache = \"5GiB\"", "a guest of 4GiB cannot cache 5GiB"),
        ("boot = \"25h\"", "must be at most"),
        ("page-cache = \"1GiB\"", "no set of disks of its servers has a `content`"),
        ("stop = \"10s\"", "no operation resizes it"),
        (
            "cpu = { baseline = 2.0, cap = 4.0, burst = \"30s\" }",
            "never use more than the baseline",
        ),
        ("cpu = { baseline = 3.0 }", "a baseline of 3 is above its 2 virtual processors"),
        (
            "io = \"emulated\"\nio-cpu = \"1us\"\nio-latency = \"1us\"",
            "`io-latency` and `io-cpu` give all",
        ),
        (
            "packets-per-exit = 5",
            "no class of requests with a `reply` enters a service in this machine",
        ),
        ("stop = \"181s\"", "at most 3min"),
    ] {
        let found = refusal(&busy(&machine(more), 1));
        assert!(found.contains(says), "{more}: {found}");
    }
    // A name that is wrong may be that of a class or a service with replies.
    let replying = busy(&machine("packets-per-exit = 5"), 1) + "reply = \"10kB\"\n";
    for (right, wrong) in
        [("enter   = \"app\"", "enter   = \"ap\""), ("in      = \"www\"", "in      = \"ww\"")]
    {
        let found = refusal(&replying.replace(right, wrong));
        assert!(found.contains("E0") && !found.contains("enters a service"), "{found}");
    }
    let tick = busy(&machine(""), 1).replace("cores  = 8", "cores  = 8\ncpu-model = \"tick\"");
    assert_eq!(refusal(&tick), "");
    let twice = busy(&machine(""), 1) + "[zone.www]\non = [\"box-1\"]\n";
    assert!(refusal(&twice).contains("two components are called `www`"));
    let stands = "[vm.www]\nvcpus = 2\npage-cache = \"1KiB\"";
    assert!(refusal(&resized(stands, "")).contains("hold no block of 1MiB"));
    let stands = "[vm.www]\nvcpus = 2\nboot = \"24h\"";
    let often = resized(stands, "every = \"day\"\n");
    assert!(refusal(&often).contains("but each day anew"), "{}", refusal(&often));
    let stands = "[vm.www]\nvcpus = 2";
    let large = resized(stands, "").replace("memory = \"8GiB\"", "memory = \"31.5GiB\"");
    assert!(refusal(&large).contains("would have to hold"), "{}", refusal(&large));
}

/// A machine can be named wherever a zone can, with its kind in front or without.
#[test]
fn a_machine_is_named_as_a_zone_is() {
    let text = busy(&format!("[vm.www]\nvcpus = 2\nmemory = \"4GiB\"\n{PLAIN}"), 2);
    let with = text.replace("in      = \"www\"", "in      = \"vm.www\"");
    let figures = ["throughput.job@busy"];
    let [one, other] = [&text, &with].map(|text| figure(&run(text, &figures), figures[0]));
    assert_eq!(one.to_bits(), other.to_bits());
    assert_eq!(
        refusal(
            &(text.clone() + "[fault.f]\nhits = \"vm.www\"\nhow = \"crash\"\nrate = \"1/y\"\n")
        ),
        ""
    );
}

/// Over years a weekly resize costs its reboot: 105 s of a week.
#[test]
fn over_years_a_resize_is_a_planned_outage() {
    let text = resized("[vm.www]\nvcpus = 2\nstop = \"30s\"\nboot = \"60s\"", "every = \"week\"\n")
        .replace("at     = \"00:10\"", "at     = \"Tue 00:10\"")
        .replace(
            "[window.change]\nat      = \"8min\"\nlength  = \"10min\"\nwarm-up = \"1min\"\n",
            "",
        )
        .replace("[run]\n", "[run]\nhorizon = \"1y\"\n");
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let run = Run::new().figure("structural.page@horizon");
    let results = scenario.run(&run).unwrap_or_else(|error| panic!("{error}"));
    let found = figure(&results, "structural.page@horizon");
    // 52 Tuesdays of a year of 365 days that begins on a Monday.
    let truth = 52.0 * 105.0 / (365.0 * 86_400.0);
    assert!(((1.0 - found) / truth - 1.0).abs() < 0.01, "{found}: {}", 1.0 - truth);
}
