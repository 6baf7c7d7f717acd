//! Promise: what runs in a virtual machine costs its exits and overhead wherever it is computed: in the run, in `check`, and
//! for replicas, whichever member is the primary.

use std::path::Path;

use super::common::read;
use crate::model::guest::Exits;
use crate::model::route::Op;
use crate::plan::fluid::copies;
use crate::units::Cores;
use crate::{Results, Run, Scenario};

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

/// A machine `www` with exits of 5 ms, 100 requests per second in a zone, and `more`.
fn beside(more: &str, steps: &str) -> String {
    format!(
        r#"
scenario = "beside"
format   = 2
[run]
start = "Mon 00:00"
seed  = 1
replications = 2
[window.steady]
level   = "1 x rate"
length  = "60s"
warm-up = "10s"
[server.box]
cores  = 8
memory = "64GiB"
[vm.www]
on     = ["box-1"]
vcpus  = 4
memory = "4GiB"
io-cpu = "5ms"
io-latency = "0s"
cpu-overhead = 1.0
[zone.apart]
on = ["box-1"]
[service.app]
in      = "apart"
workers = "unlimited"
[workload.visitors]
request = "page"
rate    = "100/s"
[request.page]
enter   = "app"
demands = {{ page = "1ms" }}
steps   = [ {{ cpu = "app", demand = "page" }}, {steps} ]
{more}"#
    )
}

/// Compares the load of `www` with `cores` busy out of four, in `check` and in the run.
fn uses(text: &str, cores: f64) {
    let results = run(text, &["utilization.www.cpu@steady", "headroom.www.cpu@steady"]);
    let headroom = figure(&results, "headroom.www.cpu@steady");
    assert!((headroom - (1.0 - cores / 4.0)).abs() < 1e-9, "{headroom}");
    let busy = figure(&results, "utilization.www.cpu@steady");
    assert!((busy / (cores / 4.0) - 1.0).abs() < 0.04, "{busy}");
}

/// A look-up of 1 ms, 2 in the guest, and its reply; a message's reply.
#[test]
fn caches_and_brokers_in_guests_leave_them_for_each_answer() {
    let more = r#"
[cache.objects]
in  = "www"
cpu = "1ms"
hit = 1.0
[queue.jobs]
in      = "www"
request = "job"
durable = false
back-off = { first = "1s" }
[service.worker]
in      = "apart"
workers = 10
[request.job]
enter   = "worker"
demands = { job = "1ms" }
steps   = [ { cpu = "worker", demand = "job" } ]
"#;
    let steps = "{ cache = \"objects\", else = [ { cpu = \"app\", demand = \"page\" } ] }, { publish = \"jobs\" }";
    uses(&beside(more, steps), 100.0 * (2.0 * 5e-3 + 2e-3));
}

/// A balancer of 1 ms, 2 in the guest. Its own replies are no exits.
#[test]
fn a_balancer_in_a_guest_takes_longer() {
    let more = "[balancer.front]\nto = \"app\"\nin = \"www\"\ncpu = \"1ms\"\n";
    let text = beside(more, "{ cpu = \"app\", demand = \"page\" }")
        .replace("enter   = \"app\"", "enter   = \"front\"");
    uses(&text, 100.0 * 2e-3);
}

/// Two services behind one name: each has half of the requests and of the exits.
#[test]
fn exits_of_one_target_are_not_counted_again_for_the_next() {
    let machine = |name: &str| {
        format!(
            "[rack.r{name}]\nsite = \"s{name}\"\n[site.s{name}]\n[server.box-of-{name}]\nrack = \"r{name}\"\ncores = 8\n\
             memory = \"32GiB\"\n[vm.{name}]\nvcpus = 4\nmemory = \"1GiB\"\nio-cpu = \"5ms\"\nio-latency = \"0s\"\n\
             cpu-overhead = 0\non = [\"box-of-{name}-1\"]\n[service.of-{name}]\nin = \"{name}\"\nworkers = \"unlimited\"\n"
        )
    };
    let text = format!(
        r#"
scenario = "names"
format   = 2
[run]
seed = 1
replications = 2
[window.steady]
level   = "1 x rate"
length  = "20s"
warm-up = "5s"
{}{}
[name-service.names]
to     = ["of-a", "of-b"]
policy = "round-robin"
ttl    = "1s"
check  = {{ interval = "5s", time-out = "2s", fall = 3, rise = 2 }}
[workload.visitors]
request = "page"
rate    = "100/s"
from    = "people"
[clients.people]
round-trip = "10ms"
[request.page]
enter   = "names"
demands = {{ page = "1ms" }}
steps   = [ {{ cpu = "of-a", demand = "page" }} ]
"#,
        machine("a"),
        machine("b")
    );
    let figures = ["headroom.a.cpu@steady", "headroom.b.cpu@steady"];
    let results = run(&text, &figures);
    for path in figures {
        let found = figure(&results, path);
        assert!((found - (1.0 - 50.0 * 6e-3 / 4.0)).abs() < 1e-9, "{path}: {found}");
    }
}

/// A database whose first member stands in `stands` and whose second stands in a machine with exits of 1 ms.
fn replicated(stands: &str) -> String {
    format!(
        r#"
scenario = "replicated"
format   = 2
[run]
start = "Mon 00:00"
seed  = 1
replications = 2
[window.after]
at      = "3min"
length  = "2min"
warm-up = "150s"
[server.box]
count  = 2
cores  = 8
memory = "32GiB"
ram-cache = "0B"
[server.box.disks]
local = {{ kind = "nvme-ssd", layout = "plain", data = 1 }}
{stands}
on     = ["box-1"]
memory = "4GiB"
[vm.b]
on     = ["box-2"]
vcpus  = 4
memory = "4GiB"
io-cpu = "1ms"
io-latency = "2ms"
cpu-overhead = 0.5
[zone.apart]
on     = ["box-1"]
memory = "1GiB"
[service.app]
in      = "apart"
workers = "unlimited"
[database.db]
connections = 100
in    = {{ primary = "a", replicas = ["b"] }}
data  = {{ a = "box:local", b = "box:local" }}
read  = {{ cpu = "1ms", io = {{ probability = 1.0, mean = 1 }} }}
write = {{ cpu = "1ms", sync-io = 1, deferred-io = 1 }}
replication = {{ mode = "async", receive = "1ms" }}
failover = {{ promotion = "replica", coverage = 1.0, detect = {{ interval = "1s", time-out = "1s", fall = 2 }}, manual-repair = "1h", promote = "5s" }}
[workload.visitors]
request = "page"
rate    = "50/s"
[request.page]
enter   = "app"
demands = {{ page = "1ms" }}
steps   = [ {{ cpu = "app", demand = "page" }}, {{ call = "db", read = 1, write = 1 }} ]
[fault.dead]
hits   = "db-1"
how    = "crash"
at     = "60s"
repair = "1h"
"#
    )
}

/// After a failover to a machine each answer leaves it, even where the first primary stood in a zone: 1.5 + 1.5 ms, a read, two
/// writes and two answers per page.
#[test]
fn a_replica_in_a_guest_that_becomes_primary_answers_from_it() {
    for stands in ["[zone.a]", "[vm.a]\nvcpus = 4"] {
        let results = run(&replicated(stands), &["utilization.b.cpu@after"]);
        let found = figure(&results, "utilization.b.cpu@after");
        let truth = 50.0 * (3e-3 + 5e-3) / 4.0;
        assert!((found / truth - 1.0).abs() < 0.04, "{stands}: {found} instead of {truth}");
    }
}

/// A write is committed when it is on disk, not after the answer has left the guest.
#[test]
fn a_write_is_committed_before_its_answer_leaves_the_guest() {
    let plan = read(&replicated("[vm.a]\nvcpus = 4"), Path::new(".")).unwrap().plan;
    let ops = &plan.routes.ops;
    let commit = ops.iter().position(|op| matches!(op, Op::Commit { .. })).unwrap();
    assert!(matches!(ops[commit + 1], Op::Exit(Exits::Waited)), "{:?}", ops[commit + 1]);
    assert!(!matches!(ops[commit - 2], Op::Exit(Exits::Waited)), "{:?}", ops[commit - 2]);
}

/// A replica in a machine applies one write in 1.5 ms of work, two exits of 1 ms, a latency of 2 ms and the time of a disk; one in a zone
/// in 1 ms and that of the disk.
#[test]
fn over_years_a_replica_in_a_guest_applies_fewer_writes_per_second() {
    let draft = read(&replicated("[zone.a]"), Path::new(".")).unwrap().draft;
    let copies = copies::of(&draft);
    let seconds = |member: usize| 1.0 / copies[0].applies[member].follows.unwrap().in_per_second();
    let more = seconds(1) - seconds(0);
    assert!((more - (0.5e-3 + 2e-3 + 2e-3)).abs() < 1e-12, "{more}");
}

#[test]
fn a_zone_is_not_called_a_machine_nor_the_other_way_round() {
    let text = replicated("[zone.a]");
    for (right, wrong, says) in [
        ("primary = \"a\"", "primary = \"vm.a\"", "write `zone.a`, or `a` alone"),
        ("[\"b\"]", "[\"zone.b\"]", "write `vm.b`, or `b` alone"),
        ("hits   = \"db-1\"", "hits   = \"vm.a\"", "`vm.a`: `a` is a [zone.*]"),
        ("hits   = \"db-1\"", "hits   = \"zone.b-1\"", "`zone.b-1`: `b-1` is a [vm.*]"),
        ("hits   = \"db-1\"", "hits   = \"vm.a*\"", "nothing is called `vm.a*`"),
    ] {
        let found = refusal(&text.replace(right, wrong));
        assert!(found.contains(says), "{wrong}: {found}");
    }
    for (one, other) in [
        ("primary = \"a\"", "primary = \"zone.a\""),
        ("[\"b\"]", "[\"vm.b\"]"),
        ("hits   = \"db-1\"", "hits   = \"vm.*\""),
    ] {
        assert_eq!(refusal(&text.replace(one, other)), "", "{other}");
    }
}

/// The second of two outages that meet would not begin: its machine is down.
#[test]
fn planned_outages_of_a_machine_that_meet_are_refused() {
    let operation = |name: &str, at: &str, does: &str, of: &str| {
        format!("[operation.{name}]\nat = \"{at}\"\nof = \"{of}\"\n{does}\n")
    };
    let grow = "does = \"resize\"\nmemory = \"3GiB\"";
    let work = "does = \"maintain\"\nlasts = \"200s\"";
    let daily = format!("{grow}\nevery = \"day\"");
    for (stands, first, second, met) in [
        ("vm", ("00:10", grow, "a"), ("00:11", grow, "a"), true),
        ("vm", ("00:10", grow, "a"), ("00:12", grow, "a"), false),
        ("vm", ("00:10", grow, "a"), ("00:10", work, "a"), true),
        ("vm", ("00:10", grow, "a"), ("00:08", work, "a"), true),
        ("vm", ("00:10", grow, "a"), ("00:06", work, "a"), false),
        ("vm", ("00:10", &daily, "a"), ("Thu 00:09", work, "a"), true),
        ("vm", ("00:10", grow, "a"), ("00:11", grow, "b"), false),
        ("zone", ("00:10", grow, "a"), ("00:11", grow, "a"), false),
        ("zone", ("00:10", grow, "a"), ("00:10", work, "a"), false),
    ] {
        let stands = if stands == "vm" { "[vm.a]\nvcpus = 4" } else { "[zone.a]" };
        let [one, other] = [("one", first), ("other", second)]
            .map(|(name, (at, does, of))| operation(name, at, does, of));
        let found = refusal(&(replicated(stands) + &one + &other));
        assert_eq!(found.contains("still down for another operation"), met, "{one}{other}{found}");
        assert_eq!(found.is_empty(), !met, "{one}{other}{found}");
    }
}

/// A cap above all processors that there can be is none.
#[test]
fn a_new_cap_above_all_processors_is_that_of_the_server() {
    for (cap, most) in [("3.0", 3.0), ("100000.0", 8.0)] {
        let text = replicated("[zone.a]\ncpu = { cap = 2.0 }")
            + &format!(
                "[operation.grow]\nat = \"00:10\"\ndoes = \"resize\"\nof = \"a\"\ncap = {cap}\n"
            );
        let plan = read(&text, Path::new(".")).unwrap().plan;
        let zone = plan.zones.iter().find(|zone| zone.name == "a-1").unwrap();
        assert_eq!(zone.cap, Cores::new(most).unwrap(), "{cap}");
    }
}
