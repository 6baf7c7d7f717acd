//! Promise: a replicated database loses, delays and serves what its mechanism says, and nothing
//! decides over its primary but its own probes.

use fivenines::engine::draw::Lineage;
use fivenines::kinds::database::account::{Followed, Tallied};
use fivenines::kinds::database::live::{Database, Phase, Standing};
use fivenines::model::blueprint::{Arrivals, Blueprint, Config};
use fivenines::model::ids::{CauseId, ComponentId};
use fivenines::model::outage::Faults;
use fivenines::model::world::{Span, World};
use fivenines::model::{Component, Health};
use fivenines::solve::requests::{Observation, Window, run};
use fivenines::units::{SimDuration, SimTime};

use crate::inside::balancers::is_uniform;
use crate::inside::links::blueprint;
use crate::inside::shared::base::{With as _, base};

mod replication;

pub use replication::{config, stale_share};

/// Three servers of eight cores: the application, the primary, the replica; every request is a write.
fn scene(database: &str, rate: &str, rest: &str) -> Blueprint {
    members(r#"["sql-2"]"#, 2, database, rate, &format!("{PUT}{rest}"))
}

fn members(replicas: &str, count: u32, database: &str, rate: &str, rest: &str) -> Blueprint {
    blueprint(&text_of(replicas, count, database, rate, rest))
}

fn text_of(replicas: &str, count: u32, database: &str, rate: &str, rest: &str) -> String {
    let boxes = count + 1;
    let on: Vec<String> = (2..=boxes).map(|number| format!("\"box-{number}\"")).collect();
    let on = on.join(", ");
    base("replicas").with(&format!(
        r#"
[window.run]
length = "10s"
[server.box]
count = {boxes}
cores = 8
[server.box.disks]
local = {{ kind = "10k", layout = "plain", data = 4, time = "1ms" }}
[zone.sql]
count = {count}
on = [{on}]
[workload.writers]
rate = "{rate}"
arrivals = {{ process = "regular" }}
[database.mysql]
in = {{ primary = "sql-1", replicas = {replicas} }}
{database}
{rest}"#
    ))
}

const PUT: &str = r#"
[request.put]
enter = "app"
steps = [ { call = "mysql", write = 1 } ]
"#;

/// A write costs 1 ms of processor and is with the replica after 200 ms.
const ASYNC: &str = r#"
read  = { cpu = "1ms" }
write = { cpu = "1ms" }
replication = { mode = "async", receive = "200ms" }
"#;

/// The failover of the standard set, with fixed times.
const FAILOVER: &str = r#"
[database.mysql.failover]
detect   = { interval = "5s", time-out = "5s", fall = 2 }
promote  = "30s"
coverage = 1.0
manual-repair = "45min"
"#;

fn at(seconds: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_seconds_f64(seconds)
}

pub fn world(plan: &Blueprint, replication: u32, faults: Faults) -> World<'_> {
    let span = Span {
        levels: vec![],
        start: SimTime::ZERO,
        from: SimTime::ZERO,
        until: at(100_000.0),
        horizon: at(100_000.0),
        faults,
    };
    World::new(plan, Lineage::replication(replication.into()), span)
}

fn part(plan: &Blueprint, name: &str) -> ComponentId {
    let place = plan.parts.iter().position(|part| part.name == name).expect(name);
    ComponentId(place as u32)
}

fn group<'w>(plan: &Blueprint, world: &'w World<'_>) -> &'w Database {
    match world.component(part(plan, "mysql.group")) {
        Component::Database(database) => database,
        other => panic!("{other:?}"),
    }
}

/// Count of the only database over the window.
fn tally(plan: &Blueprint, seen: &Observation, of: Tallied) -> u64 {
    seen.gauges[part(plan, "mysql.group").index()].tally[of as usize].try_into().unwrap()
}

/// Count of the only database so far.
fn count(plan: &Blueprint, world: &World<'_>, of: Tallied) -> u64 {
    world.gauge(part(plan, "mysql.group")).tally[of as usize].try_into().unwrap()
}

fn strike(plan: &Blueprint, world: &mut World<'_>, name: &str, health: Health) {
    world.set_health(part(plan, name), health, CauseId::OVERLOAD);
}

/// Lives on in steps until `until` holds; the time that took, at most `limit` seconds.
fn time_until(
    plan: &Blueprint,
    world: &mut World<'_>,
    (step, limit): (f64, f64),
    until: impl Fn(&Database) -> bool,
) -> Option<f64> {
    let from = world.now();
    for count in 1..=(limit / step) as u64 {
        let passed = step * count as f64;
        world.run_before(from + SimDuration::from_seconds_f64(passed)).unwrap();
        if until(group(plan, world)) {
            return Some(passed);
        }
    }
    None
}

fn observed(plan: &Blueprint, from: f64, until: f64, faults: Faults) -> Observation {
    let window = Window {
        name: "run".into(),
        levels: vec![],
        at: at(from),
        warm_up: SimDuration::ZERO,
        length: at(until) - at(from),
        drain: SimDuration::from_secs(60),
        faults,
    };
    run(plan, &window, 0).unwrap()
}

/// Ended calls of every kind whose name has `word` in it: ok first, stale last.
fn calls(plan: &Blueprint, seen: &Observation, word: &str) -> [u64; 7] {
    let mut sum = [0; 7];
    for (kind, attempts) in plan.routes.calls.iter().zip(&seen.record.calls) {
        if kind.name.contains(word) {
            sum.iter_mut().zip(attempts.ended).for_each(|(sum, count)| *sum += count);
        }
    }
    sum
}

/// Times from a death to the next primary, over many replications, at a load of a quarter.
pub fn takeovers(plan: &Blueprint, health: Health, replications: u32) -> Vec<f64> {
    let one = |replication| {
        let mut world = world(plan, replication, Faults::Off);
        world.run_before(at(20.0)).unwrap();
        strike(plan, &mut world, "mysql-1", health);
        time_until(plan, &mut world, (0.01, 60.0), |group| group.primary() == 1).unwrap()
    };
    (0..replications).map(one).collect()
}

/// The applier of a replica, which does one write of 1 ms after the other, is busy a quarter of the time.
pub fn quarter() -> Blueprint {
    scene(&format!("{ASYNC}{FAILOVER}"), "250/s", "")
}

/// A group whose failovers never work.
pub fn uncovered() -> Blueprint {
    scene(&format!("{ASYNC}{}", FAILOVER.replace("1.0", "0.0")), "1/s", "")
}

/// Whether a minute after the death of its primary a group has another.
pub fn has_another_after_a_minute(plan: &Blueprint) -> bool {
    let mut world = world(plan, 0, Faults::Off);
    world.run_before(at(20.0)).unwrap();
    strike(plan, &mut world, "mysql-1", Health::Down);
    world.run_before(at(80.0)).unwrap();
    group(plan, &world).primary() == 1
}

/// The time without a primary: U(0, interval) + (fall − 1) × interval + time-out + promotion; a process
/// that is gone refuses its probes at once. What a replica has still to apply are 200 ms at most.
#[test]
fn a_failover_takes_what_its_timers_say() {
    let plan = quarter();
    let least = 5.0 + 5.0 + 30.0;
    is_uniform(&takeovers(&plan, Health::Unreachable, 300), least, 5.0);
    is_uniform(&takeovers(&plan, Health::Hung, 300), least, 5.0);
    is_uniform(&takeovers(&plan, Health::Down, 300), least - 5.0, 5.0);
}

/// Without coverage there is no primary until people are done, 45 min after the decision, though the
/// old one is back after four; then it is primary again. When it does not come back they promote
/// the replica.
#[test]
fn a_failover_that_is_not_covered_takes_people() {
    let plan = uncovered();
    for (returns, primary) in [(true, 0), (false, 1)] {
        let mut world = world(&plan, 0, Faults::Off);
        world.run_before(at(20.0)).unwrap();
        strike(&plan, &mut world, "mysql-1", Health::Down);
        let decided = time_until(&plan, &mut world, (0.01, 11.0), |group| {
            matches!(group.phase(), Phase::People(_))
        });
        assert!((5.0..=10.02).contains(&decided.unwrap()));
        world.run_before(at(240.0)).unwrap();
        if returns {
            strike(&plan, &mut world, "mysql-1", Health::Up);
        }
        let before = world.now();
        let done = time_until(&plan, &mut world, (1.0, 3_000.0), |g| g.phase() == Phase::Served);
        let since = (before - at(20.0)).seconds() + done.unwrap() - decided.unwrap();
        assert!((since - 2_700.0).abs() <= 1.0, "{since}");
        assert_eq!(group(&plan, &world).primary(), primary);
        assert_eq!(count(&plan, &world, Tallied::Failed), 1);
    }
}

/// A primary that was down for a while and was not replaced just comes back, and its replica goes on.
#[test]
fn a_primary_that_returns_before_anybody_has_noticed_is_primary_still() {
    let plan = scene(&format!("{ASYNC}{FAILOVER}"), "100/s", "");
    let mut world = world(&plan, 0, Faults::Off);
    world.run_before(at(10.0)).unwrap();
    strike(&plan, &mut world, "mysql-1", Health::Down);
    world.run_before(at(12.0)).unwrap();
    strike(&plan, &mut world, "mysql-1", Health::Up);
    world.run_before(at(60.0)).unwrap();
    let group = group(&plan, &world);
    assert_eq!((group.primary(), count(&plan, &world, Tallied::Failovers)), (0, 0));
    let lag = group.lag(1).now(world.now()).unwrap().seconds();
    assert!(lag > 0.0 && lag < 0.25, "{lag}");
}

/// Tier-3's second way: the replica takes the dead primary's volume. Nothing is lost, and its
/// operations meet that volume's disks from then on.
#[test]
fn a_remount_loses_nothing_and_takes_the_volume() {
    let nas = r#"
[nas.store]
cpu  = "0.01ms"
[nas.store.pools]
main  = { kind = "7.2k", layout = "raid-dp", data = 5, parity = 2, time = "1ms" }
other = { kind = "7.2k", layout = "raid-dp", data = 5, parity = 2, time = "1ms" }
[nas.store.volumes]
db  = { pool = "main" }
db2 = { pool = "other" }
"#;
    let data = r#"
read  = { cpu = "1ms" }
write = { cpu = "1ms", sync-io = 1 }
data  = { sql-1 = "store:db", sql-2 = "store:db2" }
replication = { mode = "async", receive = "10s" }
"#;
    for (promotion, lost, disks) in
        [("replica", 1_000, "store.other"), ("remount", 0, "store.main")]
    {
        let how = FAILOVER.replace("promote", &format!("promotion = \"{promotion}\"\npromote"));
        let plan = scene(&format!("{data}{how}"), "100/s", nas);
        let mut world = world(&plan, 0, Faults::Off);
        world.run_before(at(20.0)).unwrap();
        strike(&plan, &mut world, "mysql-1", Health::Down);
        time_until(&plan, &mut world, (0.01, 60.0), |group| group.primary() == 1).unwrap();
        let counted = count(&plan, &world, Tallied::LostWrites);
        assert!(counted.abs_diff(lost) <= 1, "{promotion}: {counted}");
        let operations = |world: &World<'_>| world.gauges()[part(&plan, disks).index()].completed;
        let before = operations(&world);
        let now = world.now();
        world.run_before(now + SimDuration::from_secs(10)).unwrap();
        let done = operations(&world) - before;
        assert!(done.abs_diff(1_000) <= 2, "{promotion}: {done} operations on {disks}");
    }
}

/// A volume that does not answer cannot be taken: the promotion waits for it.
#[test]
fn a_remount_waits_for_the_volume() {
    let nas = r#"
[nas.store]
cpu  = "0.01ms"
[nas.store.pools]
main  = { kind = "7.2k", layout = "raid-dp", data = 5, parity = 2 }
[nas.store.volumes]
db  = { pool = "main" }
db2 = { pool = "main" }
"#;
    let data = r#"
read  = { cpu = "1ms" }
write = { cpu = "1ms", sync-io = 1 }
data  = { sql-1 = "store:db", sql-2 = "store:db2" }
replication = { mode = "async", receive = "10ms" }
"#;
    let how = FAILOVER.replace("promote", "promotion = \"remount\"\npromote");
    let plan = scene(&format!("{data}{how}"), "10/s", nas);
    let mut world = world(&plan, 0, Faults::Off);
    world.run_before(at(20.0)).unwrap();
    strike(&plan, &mut world, "mysql-1", Health::Down);
    strike(&plan, &mut world, "store.head", Health::Stalled);
    world.run_before(at(100.0)).unwrap();
    assert_eq!(group(&plan, &world).phase(), Phase::Seeks);
    strike(&plan, &mut world, "store.head", Health::Up);
    let took = time_until(&plan, &mut world, (0.1, 60.0), |group| group.primary() == 1).unwrap();
    assert!((30.0..=31.1).contains(&took), "{took}");
}

/// Nobody is ill, but all connections are taken for longer than a probe waits: the script declares
/// the primary dead, and what was under way there is lost.
#[test]
fn an_overloaded_primary_may_be_declared_dead() {
    let slow = ASYNC.replace("write = { cpu = \"1ms\" }", "write = { cpu = \"3s\" }");
    let few = |text: Blueprint| {
        let mut plan = text;
        for part in &mut plan.parts {
            if let Config::Service(config) = &mut part.config
                && part.database.is_some()
            {
                config.workers = Some(4);
            }
        }
        plan
    };
    let calm = few(scene(&format!("{slow}{FAILOVER}"), "1/s", ""));
    let mut world_of_calm = world(&calm, 0, Faults::Off);
    world_of_calm.run_before(at(120.0)).unwrap();
    assert_eq!(count(&calm, &world_of_calm, Tallied::Failovers), 0);
    let busy = few(scene(&format!("{slow}{FAILOVER}"), "4/s", ""));
    let mut world = world(&busy, 0, Faults::Off);
    world.run_before(at(120.0)).unwrap();
    assert!(count(&busy, &world, Tallied::WithoutADeath) >= 1);
    assert_eq!(group(&busy, &world).primary(), 1);
}

/// Without a fence a primary that stood still for a minute goes on beside the new one until the
/// next probe sees both; with one it never does.
#[test]
fn split_brain_takes_the_absence_of_a_fence() {
    for (fence, possible) in [(true, false), (false, true)] {
        let how = FAILOVER.replace("promote", &format!("fence = {fence}\npromote"));
        let plan = scene(&format!("{ASYNC}{how}"), "100/s", "");
        let mut world = world(&plan, 0, Faults::Off);
        world.run_before(at(20.0)).unwrap();
        strike(&plan, &mut world, "mysql-1", Health::Stalled);
        world.run_before(at(80.0)).unwrap();
        assert_eq!(group(&plan, &world).primary(), 1);
        strike(&plan, &mut world, "mysql-1", Health::Up);
        world.run_before(at(200.0)).unwrap();
        let group = group(&plan, &world);
        let count = count(&plan, &world, Tallied::SplitBrain);
        assert!(group.is_fenced(0), "the next probe cuts it off");
        assert_eq!(count > 0, possible, "{count}");
        // What stood inside it, 45 s of writes at most, and half of those of an interval of 5 s.
        assert!(count <= 4_500 + 250, "{count}");
    }
}

/// A rebuild reads and writes a block of 1 MiB at its pace, ends, and its member is a replica again
/// with nothing behind. Without `rebuild` the old primary stays out.
#[test]
fn a_rebuild_loads_the_disks_of_both_sides_and_ends() {
    let data = r#"
read  = { cpu = "1ms" }
write = { cpu = "1ms" }
data  = { sql-1 = "box:local", sql-2 = "box:local" }
replication = { mode = "async", receive = "200ms" }
"#;
    for rebuilt in [true, false] {
        let how = if rebuilt { "rebuild = { size = \"1GiB\", rate = \"100MB/s\" }" } else { "" };
        let plan = scene(&format!("{data}{how}{FAILOVER}"), "100/s", "");
        let mut world = world(&plan, 0, Faults::Off);
        world.run_before(at(20.0)).unwrap();
        strike(&plan, &mut world, "mysql-1", Health::Down);
        world.run_before(at(80.0)).unwrap();
        strike(&plan, &mut world, "mysql-1", Health::Up);
        let done = time_until(&plan, &mut world, (0.1, 60.0), |group| {
            group.standing(0) == Standing::Member
        });
        let disks = |name| world.gauges()[part(&plan, name).index()].completed;
        let operations = (disks("box-2.local"), disks("box-3.local"));
        if !rebuilt {
            assert_eq!((done, operations), (None, (0, 0)));
            continue;
        }
        // 1,024 blocks of 1,048,576 bytes at 10⁸ bytes a second.
        assert!((done.unwrap() - 10.74).abs() <= 0.11, "{done:?}");
        assert_eq!(operations, (1_024, 1_024));
        let now = world.now();
        world.run_before(now + SimDuration::from_secs(60)).unwrap();
        let lag = group(&plan, &world).lag(0).now(world.now()).unwrap().seconds();
        assert!(lag > 0.19 && lag < 0.25, "{lag}");
    }
}

/// A fault of the primary strikes whoever is primary at its onset.
#[test]
fn a_fault_of_the_primary_strikes_the_primary_of_the_day() {
    let faults = r#"
[fault.first]
hits   = "database.mysql.primary"
how    = "crash"
at     = "20s"
repair = "130s"
[fault.second]
hits   = "database.mysql.primary"
how    = "crash"
at     = "200s"
repair = "1h"
"#;
    let plan = scene(&format!("{ASYNC}{FAILOVER}"), "10/s", faults);
    let mut world = world(&plan, 0, Faults::Live);
    let state = |world: &World<'_>, name| match world.component(part(&plan, name)) {
        Component::Service(service) => service.state(),
        other => panic!("{other:?}"),
    };
    world.run_before(at(100.0)).unwrap();
    assert_eq!(state(&world, "mysql-1"), Health::Down);
    assert_eq!(state(&world, "mysql-2"), Health::Up);
    assert_eq!(group(&plan, &world).primary(), 1);
    world.run_before(at(201.0)).unwrap();
    assert_eq!(state(&world, "mysql-1"), Health::Up);
    assert_eq!(state(&world, "mysql-2"), Health::Down);
}

/// With no replica left the reads go to the primary; the probes of the script notice.
#[test]
fn reads_leave_a_dead_replica_once_it_is_noticed() {
    let database = format!("{ASYNC}reads = {{ to = \"replicas\" }}\n{FAILOVER}");
    let reading = r#"
[request.put]
enter = "app"
steps = [ { call = "mysql", read = 1 } ]
"#;
    let plan = members(r#"["sql-2"]"#, 2, &database, "100/s", reading);
    let mut world = world(&plan, 0, Faults::Off);
    world.run_before(at(20.0)).unwrap();
    strike(&plan, &mut world, "mysql-2", Health::Down);
    world.run_before(at(60.0)).unwrap();
    let outcomes = world.record().classes[0].attempts.ended;
    // Noticed after 5 to 10 s.
    assert!((490..=1_010).contains(&outcomes[2]), "{outcomes:?}");
    let answered = outcomes[0];
    world.run_before(at(70.0)).unwrap();
    assert_eq!(world.record().classes[0].attempts.ended[0] - answered, 1_000);
}

/// Failovers without a death come as a renewal of their own, in windows with faults alone: of one an
/// hour, over 100 hours, 60 to 140 are four standard deviations around the mean, less the half
/// minute each takes. They cost a promotion, and nothing is lost where nothing is under way.
#[test]
fn failovers_without_a_death_come_at_their_rate_where_there_are_faults() {
    let how = FAILOVER.replace("coverage", "false-rate = \"8760/y\"\ncoverage");
    let data = r#"
read  = { cpu = "1ms" }
write = { cpu = "1ms" }
data  = { sql-1 = "box:local", sql-2 = "box:local" }
replication = { mode = "async", receive = "1ms" }
rebuild = { size = "10MiB", rate = "10MB/s" }
"#;
    let plan = scene(&format!("{data}{how}"), "0.1/s", "");
    for (faults, least, most) in [(Faults::Live, 60, 140), (Faults::Off, 0, 0)] {
        let seen = observed(&plan, 0.0, 360_000.0, faults);
        let [failovers, without_a_death, lost] =
            [Tallied::Failovers, Tallied::WithoutADeath, Tallied::LostWrites]
                .map(|of| tally(&plan, &seen, of));
        assert_eq!(failovers, without_a_death);
        assert!((least..=most).contains(&failovers), "{failovers}");
        assert!(lost <= 1, "{lost}");
    }
}

/// A run that ends in the middle of a failover, or meets several, closes its books.
#[test]
fn books_close_with_a_failover_under_way() {
    let faults = r#"
[fault.crash]
hits   = "database.mysql.primary"
how    = "crash"
up     = { dist = "exponential", mean = "60s" }
repair = { dist = "exponential", mean = "60s" }
[fault.hang]
hits   = "database.mysql.primary"
how    = "hang"
up     = { dist = "exponential", mean = "200s" }
repair = { dist = "exponential", mean = "60s" }
"#;
    let data = r#"
read  = { cpu = { dist = "exponential", mean = "1ms" } }
write = { cpu = { dist = "exponential", mean = "1ms" }, sync-io = 1 }
data  = { sql-1 = "box:local", sql-2 = "box:local", sql-3 = "box:local" }
replication = { mode = "MODE", receive = { dist = "exponential", mean = "20ms" } }
rebuild = { size = "100MiB", rate = "50MB/s" }
"#;
    let mut failovers = 0;
    for (mode, fence) in [("async", true), ("semi-sync", false)] {
        let how = FAILOVER.replace("30s", "3s").replace("1.0", "0.9").replace("45min", "1min");
        let how = how.replace("promote", &format!("fence = {fence}\npromote"));
        let database = format!("{}{how}", data.replace("MODE", mode));
        let rest = format!("{PUT}{faults}");
        let plan = members(r#"["sql-2", "sql-3"]"#, 3, &database, "50/s", &rest);
        for length in [133.0, 400.0, 2_000.0] {
            let seen = observed(&plan, 0.0, length, Faults::Live);
            let begun = &seen.record.classes[0].attempts;
            assert!(begun.begun > 0 && begun.in_flight() == 0, "{begun:?}");
            failovers += tally(&plan, &seen, Tallied::Failovers);
        }
    }
    assert!(failovers > 10, "{failovers}");
}

/// D11: a further replica, with its own disks, moves no draw of anything else.
#[test]
fn another_replica_moves_nothing_of_the_rest() {
    let load = |data: &str| {
        format!(
            r#"
read  = {{ cpu = {{ dist = "exponential", mean = "2ms" }} }}
write = {{ cpu = {{ dist = "exponential", mean = "4ms" }}, sync-io = 1, deferred-io = 5 }}
data  = {{ {data} }}
replication = {{ mode = "async", receive = {{ dist = "lognormal", mean = "33ms", cv = 1.3 }} }}
"#
        )
    };
    let (two, three) = (r#"sql-1 = "box:local", sql-2 = "box:local""#, r#", sql-3 = "box:local""#);
    let one = members(r#"["sql-2"]"#, 2, &load(two), "40/s", PUT);
    let other = members(r#"["sql-2", "sql-3"]"#, 3, &load(&format!("{two}{three}")), "40/s", PUT);
    let (a, b) = (observed(&one, 0.0, 60.0, Faults::Off), observed(&other, 0.0, 60.0, Faults::Off));
    let latencies =
        |seen: &Observation| seen.record.classes[0].latency.buckets().collect::<Vec<_>>();
    assert_eq!(latencies(&a), latencies(&b));
    for (part, gauge) in one.parts.iter().zip(&a.gauges) {
        let place = other.parts.iter().position(|same| same.name == part.name).unwrap();
        let same = &b.gauges[place];
        assert_eq!((gauge.arrived, gauge.busy), (same.arrived, same.busy), "{}", part.name);
    }
    let lag = |plan: &Blueprint, seen: &Observation, member: usize| {
        let quantities = &seen.quantities[part(plan, "mysql.group").index()];
        quantities[Followed::Lag.of(member)].mean().unwrap()
    };
    assert_eq!(lag(&one, &a, 1).to_bits(), lag(&other, &b, 1).to_bits());
    let [first, second] = [1, 2].map(|member| lag(&other, &b, member));
    assert!(second > 0.0 && second != first);
}

/// A replica that was ahead of the one that is promoted, and is back after it, has writes that nobody else
/// has: it is no replica any more.
#[test]
fn a_replica_that_has_more_than_the_new_primary_is_out() {
    let plan = crate::inside::faults::planned(&base("replicas").with(
        r#"
[run]
initial = "new"
[zone.sql]
count = 3
on = ["box-2", "box-3", "box-2"]
[workload.writers]
rate = "20/s"
[database.mysql]
in = { primary = "sql-1", replicas = ["sql-2", "sql-3"] }
replication = { mode = "async", receive = { dist = "lognormal", mean = "2s", cv = 1.0 } }
[database.mysql.failover]
detect = { interval = "5s", time-out = "1s", fall = 2 }
promote = "5s"
coverage = 1
manual-repair = "1h"
[fault.one]
hits = "box-2"
how = "crash"
at = "30s"
lasts = "60s"
"#,
    ));
    let (mut out, mut follows) = (0, 0);
    for replication in 0..20 {
        let mut world = world(&plan, replication, Faults::Live);
        world.run_before(at(300.0)).unwrap();
        assert_eq!(group(&plan, &world).primary(), 1);
        match group(&plan, &world).standing(2) {
            Standing::Out => out += 1,
            _ => follows += 1,
        }
    }
    // Ahead, equal or behind by the draws of what each has received.
    assert!(out > 2 && follows > 2, "{out} out, {follows} follow");
}
