//! How replicas follow and what they answer: lag, what is lost with a primary, stale reads, load.

use super::*;

use fivenines::kinds::database::live::DatabaseConfig;
use fivenines::plan::fluid::copies;
use fivenines::units::Rate;
use fivenines::workload::stamp::TimeForm;
use fivenines::workload::trace::{CountSeries, Placement, Playback, SeriesFormat, Times};

use crate::inside::faults::drafted;
use crate::{Run, Scenario};

/// A replica applies 800 writes a second.
const SERIAL: &str = r#"
read  = { cpu = "1ms" }
write = { cpu = "1.25ms" }
replication = { mode = "async", receive = "0s" }
"#;

/// 7.5 test 8, its second half, and O43: a replica that applies 800 writes a second falls behind a primary that takes 1,000 for ten
/// minutes and 500 from then on. What a promotion at 600 s would have to replay are the 120,000; of
/// them nothing is lost, since they have been received.
#[test]
fn o43_lag_and_backlog_of_a_replica_that_is_too_slow_are_the_straight_lines_of_the_fluid() {
    let mut plan = scene(SERIAL, "1000/s", "");
    let format = SeriesFormat {
        times: Times::Column("time".into(), TimeForm::UnixSeconds),
        count_column: "count".into(),
        is_rate: false,
        interval: SimDuration::from_secs(600),
    };
    let text = "time,count\n0,600000\n600,300000\n";
    let series = CountSeries::read_csv(text.as_bytes(), &format).unwrap();
    let playback = Playback::new(series, 1.0, 1.0, 1.0, Placement::Even).unwrap();
    plan.workloads[0].arrivals = Arrivals::Recorded(playback);
    let mut world = world(&plan, 0, Faults::Off);
    let lag = |world: &World<'_>| {
        let now = group(&plan, world).lag(1).now(world.now()).unwrap();
        now.seconds()
    };
    let near = |value: f64, truth: f64| assert!((value - truth).abs() < 0.01, "{value} of {truth}");
    world.run_before(at(300.0)).unwrap();
    near(lag(&world), 60.0);
    world.run_before(at(600.0)).unwrap();
    near(lag(&world), 120.0);
    let backlog = group(&plan, &world).lag(1).backlog() as f64;
    assert!((backlog / 120_000.0 - 1.0).abs() < 1e-4, "{backlog}");
    let mut peak = (0.0, 0.0);
    for hundredth in 74_000..=76_000 {
        world.run_before(at(f64::from(hundredth) / 100.0)).unwrap();
        if lag(&world) > peak.1 {
            peak = (f64::from(hundredth) / 100.0, lag(&world));
        }
    }
    near(peak.1, 150.0);
    assert!((peak.0 - 750.0).abs() <= 0.02, "{peak:?}");
    world.run_before(at(900.0)).unwrap();
    near(lag(&world), 60.0);
    world.run_before(at(999.0)).unwrap();
    let caught = time_until(&plan, &mut world, (0.005, 2.0), |g| g.lag(1).backlog() <= 1).unwrap();
    near(999.0 + caught, 1_000.0);
}

/// A replica that is away for 100 s of 400 writes a second has them 100 s later, at 800 a second: half of
/// its lag is left when half of that has passed. Years take the same (`solve::fluid::lag`).
#[test]
fn a_replica_that_was_away_catches_up_on_a_straight_line() {
    let plan = scene(SERIAL, "400/s", "");
    let mut world = world(&plan, 0, Faults::Off);
    let lag = |world: &World<'_>| group(&plan, world).lag(1).now(world.now()).unwrap().seconds();
    world.run_before(at(100.0)).unwrap();
    strike(&plan, &mut world, "mysql-2", Health::Down);
    world.run_before(at(200.0)).unwrap();
    assert!((lag(&world) - 100.0).abs() < 0.01, "{}", lag(&world));
    strike(&plan, &mut world, "mysql-2", Health::Up);
    world.run_before(at(250.0)).unwrap();
    assert!((lag(&world) - 50.0).abs() < 0.01, "{}", lag(&world));
    let caught = time_until(&plan, &mut world, (0.01, 80.0), |g| g.lag(1).backlog() <= 1).unwrap();
    assert!((caught - 50.0).abs() <= 0.02, "{caught}");
}

/// A write is some work and some operations at the disks that nothing waits for. A replica that was away for 100 s is no faster than
/// its disks until it has caught up. Then it follows at the speed of its processor again, 800 per second. Years take the same speeds.
///
/// | a write | disks | writes per second, done and arriving | caught up after |
/// |---|---|---|---|
/// | 1.25 ms, 4 operations of 1 ms | 1 | 250, 100 | 10,000 / 150 = 66.7 s |
/// | 1.25 ms, 8 operations of 4 ms | 4 | 125, 60 | 6,000 / 65 = 92.3 s |
///
/// One of several disks is idle at times, so they do up to a fifth less. A random delay of receipt lets the applier wait in the first
/// second.
#[test]
fn a_replica_that_was_away_catches_up_no_faster_than_its_disks() {
    let at_random = "{ dist = \"exponential\", mean = \"100ms\" }";
    for (receive, disks, (time, operations), (rate, done), within) in [
        ("\"0s\"", 1, (1, 4), (100.0, 250.0), 0.01),
        (at_random, 1, (1, 4), (100.0, 250.0), 0.05),
        ("\"0s\"", 4, (4, 8), (60.0, 125.0), 0.2),
    ] {
        let database = format!(
            r#"
read  = {{ cpu = "1ms" }}
write = {{ cpu = "1.25ms", sync-io = 0, deferred-io = {operations} }}
replication = {{ mode = "async", receive = {receive} }}
data = {{ sql-1 = "box:local", sql-2 = "box:local" }}
[server.box.disks]
local = {{ kind = "10k", layout = "plain", data = {disks}, time = "{time}ms" }}
{FAILOVER}"#
        );
        let text = text_of(r#"["sql-2"]"#, 2, &database, &format!("{rate}/s"), PUT);
        let plan = blueprint(&text);
        let mut world = world(&plan, 0, Faults::Off);
        world.run_before(at(100.0)).unwrap();
        strike(&plan, &mut world, "mysql-2", Health::Down);
        world.run_before(at(200.0)).unwrap();
        strike(&plan, &mut world, "mysql-2", Health::Up);
        let caught = |g: &Database| g.lag(1).backlog() <= 20;
        let took = time_until(&plan, &mut world, (0.05, 300.0), caught).unwrap();
        let share = (rate + 100.0 * rate / took) / done;
        assert!((1.0 - within..1.01).contains(&share), "{disks} disks: {share} of {done}/s");
        let speed = copies::of(&drafted(&text))[0].applies[1];
        let per_s = |speed: Option<Rate>| speed.unwrap().in_per_second();
        assert!((per_s(speed.catches_up) - done).abs() < 1e-9, "{speed:?}");
        assert!((per_s(speed.follows) - 800.0).abs() < 1e-9, "{speed:?}");
    }
}

/// A replica that lacks 100 s of writes, since it was dead or its disks were full, answers reads while it catches up: the 40 s of work
/// for its disk do not stand in front of them.
#[test]
fn reads_do_not_wait_behind_what_a_replica_has_missed() {
    for fault in [
        "hits = \"database.mysql.replica-1\"\nhow = \"crash\"",
        "hits = \"server.box-3.local\"\nhow = \"disk-full\"",
    ] {
        let text = base("replicas").with(&format!(
            r#"
[run]
seed = 1
replications = 2
[window.back]
length = "200s"
warm-up = "130s"
[server.box.disks]
local = {{ kind = "10k", layout = "plain", data = 1, time = "1ms" }}
[workload.writers]
rate = "100/s"
[workload.readers]
request = "get"
rate = "10/s"
[request.get]
enter = "app"
steps = [ {{ call = "mysql", read = 1 }} ]
[database.mysql]
data = {{ sql-1 = "box:local", sql-2 = "box:local" }}
reads = {{ to = "replicas" }}
read = {{ cpu = "1ms", io = {{ probability = 1.0, mean = 1 }} }}
write = {{ cpu = "0.1ms", sync-io = 0, deferred-io = 4 }}
[fault.away]
{fault}
at = "20s"
lasts = "100s"
"#
        ));
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let run = Run::new().requests_only().figure("latency.get.p95@back");
        let latency = scenario.run(&run).unwrap().figure("latency.get.p95@back").unwrap().value();
        assert!(latency < 0.1, "{fault}: {latency}");
    }
}

/// Two members agree on 10 writes a second of ten deferred operations of 4 ms. One is away for 180 s: its 1,800 writes are 72 s of its
/// disk. It takes queries again when they are done, so none of those that follow waits long, and none fails.
#[test]
fn a_member_that_is_back_keeps_no_query_waiting_behind_what_it_has_missed() {
    let text = base("replicas").with(
        r#"
[run]
seed = 1
replications = 2
[window.back]
length = "300s"
warm-up = "150s"
[server.box]
cores = 4
[server.box.disks]
local = { kind = "10k", layout = "plain", data = 1, time = "4ms" }
[request.put]
steps = [ { call = "mysql", read = 1, write = 1, time-out = "2s" } ]
[database.mysql]
data = { sql-1 = "box:local", sql-2 = "box:local" }
reads = { to = "members" }
writes = { to = "members" }
read = { cpu = "1ms", io = { probability = 1.0, mean = 1 } }
write = { cpu = "1ms", deferred-io = 4 }
replication = { mode = "two-phase", receive = "1ms", apply-io = 10 }
restart = "180s"
[fault.crash]
hits = "database.mysql.primary"
how = "crash"
at = "20s"
"#,
    );
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let figures = ["attempts.put[outcome=error].mean@back", "latency.put.p99@back"];
    let run = figures.iter().fold(Run::new().requests_only(), |run, figure| run.figure(figure));
    let results = scenario.run(&run).unwrap();
    let [failed, latency] = figures.map(|path| results.figure(path).unwrap().value());
    assert_eq!(failed, 0.0);
    assert!(latency < 0.5, "{latency}");
}

/// 7.5 test 8, its first half: a replica that applies 800 of 1,000 writes per second falls behind by 0.2 s per second. To
/// become primary it first applies what it has received: the 4,000 writes of 20 s take 5 s. The test above has the drain,
/// (800 − 500)/s.
#[test]
fn mechanisms_7_5_8_a_promotion_waits_until_what_was_received_is_applied() {
    let failover = r#"
[database.mysql.failover]
detect   = { interval = "1ms", time-out = "1s", fall = 1 }
promote  = "0s"
coverage = 1.0
manual-repair = "45min"
"#;
    let plan = scene(&format!("{SERIAL}{failover}"), "1000/s", "");
    let mut world = world(&plan, 0, Faults::Off);
    world.run_before(at(20.0)).unwrap();
    let lag = group(&plan, &world).lag(1).now(world.now()).unwrap().seconds();
    assert!((lag - 4.0).abs() < 0.01, "{lag}");
    strike(&plan, &mut world, "mysql-1", Health::Down);
    let took = time_until(&plan, &mut world, (0.01, 10.0), |g| g.primary() == 1).unwrap();
    assert!((took - 5.0).abs() <= 0.02, "{took}");
    assert_eq!(count(&plan, &world, Tallied::LostWrites), 0);
}

/// Writes lost in one failover each: of Poisson writes at so many a second, each with the replica after
/// a delay, the primary dies at an instant that has nothing to do with them, `after` so many seconds.
fn losses(mode: &str, (rate, receive, after): (f64, &str, f64), failovers: u32) -> Vec<f64> {
    let database = format!(
        r#"
read  = {{ cpu = "0.1ms" }}
write = {{ cpu = "0.1ms" }}
replication = {{ mode = "{mode}", receive = {receive} }}
[database.mysql.failover]
detect   = {{ interval = "1ms", time-out = "1s", fall = 1 }}
promote  = "0s"
coverage = 1.0
manual-repair = "45min"
"#
    );
    let mut plan = scene(&database, "1000/s", "");
    plan.workloads[0].arrivals = Arrivals::Described(
        fivenines::workload::arrivals::Traffic::new(
            fivenines::units::Rate::per_second(rate).unwrap(),
            fivenines::workload::arrivals::Process::Poisson,
        )
        .unwrap(),
    );
    let one = |replication| {
        let mut world = world(&plan, replication, Faults::Off);
        world.run_before(at(after)).unwrap();
        strike(&plan, &mut world, "mysql-1", Health::Down);
        world.run_before(at(after + 0.01)).unwrap();
        assert_eq!(group(&plan, &world).primary(), 1);
        count(&plan, &world, Tallied::LostWrites) as f64
    };
    (0..failovers).map(one).collect()
}

/// 7.5 test 7, its first part, and O44: the number of writes under way to the replica is Poisson, with a mean of rate × delay.
/// Bands: 3.29 standard errors of the mean (14.14 / √n) and of the deviation (1 / √2n of it), ±2 for the 99 % quantile.
#[test]
fn o44_mechanisms_7_5_7_what_an_asynchronous_failover_loses_is_rate_times_delay() {
    let mut lost = losses("async", (1_000.0, "\"200ms\"", 0.25), 6_100);
    lost.sort_by(f64::total_cmp);
    let count = lost.len() as f64;
    let mean = lost.iter().sum::<f64>() / count;
    let variance = lost.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (count - 1.0);
    let tail = lost[(0.99 * count) as usize];
    println!("mean {mean:.2}, sd {:.3}, p99 {tail}", variance.sqrt());
    assert!((mean - 200.0).abs() < 3.29 * 200.0_f64.sqrt() / count.sqrt(), "{mean}");
    assert!((variance.sqrt() / 200.0_f64.sqrt() - 1.0).abs() < 0.03, "{variance}");
    assert!((tail - 234.0).abs() <= 2.0, "{tail}");
    // A primary that dies every 4,000 h and is always followed by another.
    assert!((mean * 8_760.0 / 4_000.0 - 438.0).abs() < 0.05 * 438.0);
}

/// 7.5 test 7, its second part, and O44: a write is acknowledged when a replica has received it, so none of them is lost.
#[test]
fn o44_a_semi_synchronous_failover_loses_nothing_that_was_acknowledged() {
    let fixed = (1_000.0, "\"200ms\"", 0.25);
    assert!(losses("semi-sync", fixed, 50).iter().all(|lost| *lost == 0.0));
}

/// What is under way with delays of its own, received in order: what years reckon with, 13.2 writes at 120 a
/// second and the delays of the tiers, where rate × delay would be 4.0.
#[test]
fn an_asynchronous_failover_loses_what_years_reckon_with() {
    use fivenines::engine::law::Law;
    use fivenines::plan::fluid::copies::UnderWay;
    let receive = "{ dist = \"lognormal\", mean = \"33ms\", cv = 1.3 }";
    let lost = losses("async", (120.0, receive, 1.75), 4_000);
    let seen = fivenines::stats::interval::Interval::of_mean(&lost, 0.999).unwrap();
    let law = Law::lognormal(0.033, 1.3).unwrap();
    let rate = fivenines::units::Rate::per_second(120.0).unwrap();
    let reckoned = UnderWay::new(&law, 1).lost(rate, 1, 0.5).writes;
    println!("{seen:?}, {reckoned}");
    assert!(seen.contains(reckoned), "{seen:?}, {reckoned}");
    assert!(seen.half_width() < 0.08 * reckoned, "{seen:?}");
}

/// 7.5 test 7, its third part: a semi-synchronous write takes as much longer as a replica needs to receive it. While the
/// replica is away, for 11 s, a write waits for 10 s and is then acknowledged without it. All that are acknowledged in this
/// way are lost with the primary: 10/s from 0.8 s, when the last received write was sent, to 12 s are 112.
#[test]
fn mechanisms_7_5_7_semi_sync_falls_back_after_ten_seconds_and_then_loses() {
    let semi = ASYNC.replace("async", "semi-sync");
    let plan = scene(&format!("{semi}{FAILOVER}"), "10/s", "");
    let seen = observed(&plan, 1.0, 9.0, Faults::Off);
    let latency = seen.record.classes[0].latency.mean().unwrap() / 1e9;
    assert!((latency - 0.201).abs() < 1e-3, "{latency}");
    let mut world = world(&plan, 0, Faults::Off);
    world.run_before(at(1.0)).unwrap();
    strike(&plan, &mut world, "mysql-2", Health::Unreachable);
    world.run_before(at(10.7)).unwrap();
    assert!(world.in_flight() > 90, "writes wait for the replica: {}", world.in_flight());
    world.run_before(at(12.0)).unwrap();
    assert!(world.in_flight() < 10, "nobody waits any more: {}", world.in_flight());
    strike(&plan, &mut world, "mysql-1", Health::Down);
    strike(&plan, &mut world, "mysql-2", Health::Up);
    time_until(&plan, &mut world, (0.1, 60.0), |g| g.primary() == 1).unwrap();
    let lost = count(&plan, &world, Tallied::LostWrites);
    assert!(lost.abs_diff(112) <= 1, "{lost}");
}

/// 7.5 test 7, its third part, at its rate. The replica goes away at 1 s, and the primary dies later; what it has sent is with the
/// replica after 0.2 s. The writes since 0.8 s are not with the replica. Those that were acknowledged are lost:
///
/// - away for 11 s, the primary dies at 12 s: 1,000/s from 0.8 to 12 s are 11,200, those before 2 s after their 10 s;
/// - away for 9 s, the primary dies when it is back, at 10 s: no write has waited for 10 s, so nothing is lost. An asynchronous primary has
///   acknowledged all 9,200.
#[test]
fn mechanisms_7_5_7_what_waited_for_ten_seconds_is_lost_and_nothing_before() {
    let lost = |mode: &str, back_s: f64| {
        let database = format!(
            r#"
connections = 20000
read  = {{ cpu = "0.1ms" }}
write = {{ cpu = "0.1ms" }}
replication = {{ mode = "{mode}", receive = "200ms" }}
[database.mysql.failover]
detect   = {{ interval = "1ms", time-out = "1s", fall = 1 }}
promote  = "0s"
coverage = 1.0
manual-repair = "45min"
"#
        );
        let plan = scene(&database, "1000/s", "");
        let mut world = world(&plan, 0, Faults::Off);
        world.run_before(at(1.0)).unwrap();
        strike(&plan, &mut world, "mysql-2", Health::Unreachable);
        world.run_before(at(back_s)).unwrap();
        strike(&plan, &mut world, "mysql-1", Health::Down);
        strike(&plan, &mut world, "mysql-2", Health::Up);
        time_until(&plan, &mut world, (0.1, 60.0), |g| g.primary() == 1).unwrap();
        count(&plan, &world, Tallied::LostWrites)
    };
    for (mode, back_s, expected) in
        [("semi-sync", 12.0, 11_200_u64), ("semi-sync", 10.0, 0), ("async", 10.0, 9_200)]
    {
        let found = lost(mode, back_s);
        assert!(found.abs_diff(expected) <= expected.min(1), "{mode} {back_s}: {found}");
    }
}

/// The group of a plan, to change.
pub fn config(plan: &mut Blueprint) -> &mut DatabaseConfig {
    let part = plan.parts.iter_mut().find(|part| part.name == "mysql.group").expect("a group");
    match &mut part.config {
        Config::Database(config) => config,
        other => panic!("{other:?}"),
    }
}

/// Share of the reads of a replica that are stale: writes one a second, reads 997 a second.
pub fn stale_share(tolerates: &str, mutate: impl Fn(&mut Blueprint)) -> f64 {
    let database =
        format!("{ASYNC}reads = {{ to = \"replicas\", max-staleness = \"{tolerates}\" }}\n");
    let reading = r#"
[workload.readers]
request  = "get"
rate     = "997/s"
arrivals = { process = "regular" }
[request.get]
enter = "app"
steps = [ { call = "mysql", read = 1 } ]
"#;
    let mut plan = scene(&database, "1/s", reading);
    mutate(&mut plan);
    let seen = observed(&plan, 10.5, 110.5, Faults::Off);
    let [stale, reads] = [Tallied::Stale, Tallied::ReplicaReads].map(|of| tally(&plan, &seen, of));
    let ended = calls(&plan, &seen, "get.read");
    assert_eq!(ended[6], stale);
    assert_eq!(ended.iter().sum::<u64>(), reads);
    // They are answers all the same.
    let get = plan.routes.classes.iter().position(|class| class.name == "get").unwrap();
    let attempts = &seen.record.classes[get].attempts;
    assert_eq!(attempts.ended[0], attempts.begun);
    stale as f64 / reads as f64
}

/// Reads of replicas that lack a write. Of regular writes, one a second, the replica lacks each for
/// 200 ms and the millisecond of applying it: a fifth of the regular reads is stale, a tenth when
/// 100 ms are tolerated, none with a second.
#[test]
fn reads_are_stale_for_as_long_as_a_write_is_under_way() {
    for (tolerates, share) in [("0s", 0.201), ("100ms", 0.101), ("1s", 0.0)] {
        let found = stale_share(tolerates, |_| ());
        assert!((found - share).abs() < 0.002, "{tolerates}: {found} of {share}");
    }
}

/// Reads through a balancer cost its processor each query and are split by its rule; a dead replica
/// gets its share until the balancer's own probes notice, and with no replica left the primary reads.
#[test]
fn reads_through_a_balancer_are_split_and_probed_by_it() {
    let database = format!("{ASYNC}reads = {{ to = \"replicas\", through = \"front\" }}\n");
    let rest = r#"
[balancer.front]
to    = "app"
cores = 1
cpu   = "0.2ms"
check = { interval = "5s", time-out = "2s", fall = 2, rise = 2 }
[request.put]
enter = "front"
steps = [ { call = "mysql", read = 4 } ]
"#;
    let replicas = r#"["sql-2", "sql-3"]"#;
    let plan = members(replicas, 3, &database, "100/s", rest);
    let seen = observed(&plan, 10.0, 110.0, Faults::Off);
    let gauge = |name: &str| &seen.gauges[part(&plan, name).index()];
    let busy = |name: &str| gauge(name).busy as f64 / gauge(name).capacity as f64;
    // A request and its four queries.
    assert!((busy("front-1.cpu") / (100.0 * 5.0 * 0.0002) - 1.0).abs() < 0.005);
    for (server, reads) in [("box-2", 0.0), ("box-3", 200.0), ("box-4", 200.0)] {
        let truth = reads * 0.001 / 8.0;
        assert!((busy(server) - truth).abs() <= 0.005 * truth, "{server}");
    }
    let mut world = world(&plan, 0, Faults::Off);
    let ended = |world: &World<'_>| world.record().classes[0].attempts.ended;
    world.run_before(at(20.0)).unwrap();
    strike(&plan, &mut world, "mysql-2", Health::Down);
    world.run_before(at(40.0)).unwrap();
    // Of four queries in turn two meet the dead one: every request fails until it is out.
    let failed = ended(&world)[2];
    assert!((490..=1_010).contains(&failed), "{failed}");
    strike(&plan, &mut world, "mysql-3", Health::Down);
    world.run_before(at(60.0)).unwrap();
    let before = ended(&world);
    world.run_before(at(70.0)).unwrap();
    assert_eq!(ended(&world)[0] - before[0], 1_000, "the primary reads");
}

/// A balancer whose `to` is a database takes its reads alone: 400/s x 0.2 ms of its core, half of the reads at either
/// replica, and every write at the primary.
#[test]
fn a_balancer_in_front_of_a_database_splits_its_reads_from_its_writes() {
    let database = format!("{ASYNC}reads = {{ to = \"replicas\" }}\n");
    let rest = r#"
[balancer.split]
to    = "mysql"
cores = 1
cpu   = "0.2ms"
[request.put]
enter = "app"
steps = [ { call = "mysql", read = 4 }, { call = "mysql", write = 1 } ]
"#;
    let plan = members(r#"["sql-2", "sql-3"]"#, 3, &database, "100/s", rest);
    let seen = observed(&plan, 10.0, 110.0, Faults::Off);
    for (name, truth) in [
        ("split-1.cpu", 400.0 * 0.0002),
        ("box-2", 100.0 * 0.001 / 8.0),
        ("box-3", (200.0 + 100.0) * 0.001 / 8.0),
        ("box-4", (200.0 + 100.0) * 0.001 / 8.0),
    ] {
        let gauge = &seen.gauges[part(&plan, name).index()];
        let busy = gauge.busy as f64 / gauge.capacity as f64;
        assert!((busy / truth - 1.0).abs() < 0.005, "{name}: {busy} of {truth}");
    }
}

/// What a balancer in front of a database cannot mean is refused where it stands, with what to write instead.
#[test]
fn a_balancer_in_front_of_a_database_says_what_it_cannot_be() {
    let text = |to: &str, reads: &str, enter: &str, call: &str| {
        format!(
            r#"
scenario = "split"
format   = 2
[window.run]
length = "10s"
[server.box]
count = 4
cores = 8
[server.box.disks]
local = {{ kind = "10k", layout = "plain", data = 4 }}
[zone.www]
on = ["box-1"]
[zone.sql]
count = 3
on    = ["box-2", "box-3", "box-4"]
[service.app]
in = "www"
workers = 10
[balancer.split]
to    = "{to}"
cores = 1
cpu   = "0.2ms"
[balancer.other]
to    = "app"
cores = 1
cpu   = "0.2ms"
[database.mysql]
in          = {{ primary = "sql-1", replicas = ["sql-2", "sql-3"] }}
connections = 100
{ASYNC}
{reads}
[workload.users]
request = "page"
rate    = "1/s"
[request.page]
enter = "{enter}"
steps = [ {{ call = "{call}", read = 1 }} ]
"#
        )
    };
    let replicas = "reads = { to = \"replicas\" }";
    let through = "reads = { to = \"replicas\", through = \"other\" }";
    let read = |text: &str| crate::inside::common::read(text, std::path::Path::new("."));
    assert_eq!(read(&text("mysql", replicas, "other", "mysql")).err(), None);
    for (text, said) in [
        (text("mysql", "", "other", "mysql"), "add `reads = { to = \"replicas\" }`"),
        (text("mysql", through, "other", "mysql"), "reads of `mysql` go through `other` already"),
        (text("mysql", replicas, "split", "mysql"), "call `mysql`; its reads go through `split`"),
        (text("mysql", replicas, "other", "split"), "call `mysql`; its reads go through `split`"),
        (text("mysql-2", replicas, "other", "mysql"), "name the database, `mysql`"),
    ] {
        let found = read(&text).err().unwrap_or_default();
        assert!(found.contains(said), "{said}: {found}");
    }
}

/// λ × demand ÷ capacity: the primary does all writes, the replicas, three or as many as there may be, share the reads and apply
/// every write; with the primary reading, the replicas only apply.
#[test]
fn utilisation_of_primary_and_replicas_is_what_arithmetic_says() {
    let reading = r#"
[request.put]
enter = "app"
steps = [ { call = "mysql", read = 12 }, { call = "mysql", write = 1 } ]
"#;
    let list = |write: &dyn Fn(usize) -> String, from: usize, to: usize| {
        (from..=to).map(write).collect::<Vec<_>>().join(", ")
    };
    for (replicas, to, seconds) in
        [(3, "replicas", 300.0), (3, "primary", 300.0), (63, "replicas", 60.0)]
    {
        let data = list(&|n| format!("sql-{n} = \"box:local\""), 1, replicas + 1);
        let database = format!(
            r#"
read  = {{ cpu = "2.5ms" }}
write = {{ cpu = "4ms", sync-io = 1, deferred-io = 5 }}
data  = {{ {data} }}
replication = {{ mode = "async", receive = "33ms", apply-io = 3 }}
reads = {{ to = "{to}" }}
"#
        );
        let names = list(&|n| format!("\"sql-{n}\""), 2, replicas + 1);
        let count = u32::try_from(replicas + 1).unwrap();
        let plan = members(&format!("[{names}]"), count, &database, "40/s", reading);
        let seen = observed(&plan, 10.0, 10.0 + seconds, Faults::Off);
        for member in 0..=replicas {
            let reads = match (to, member) {
                ("primary", 0) => 12.0,
                ("primary", _) | (_, 0) => 0.0,
                _ => 12.0 / replicas as f64,
            };
            let of = |name: String| {
                let gauge = &seen.gauges[part(&plan, &name).index()];
                gauge.busy as f64 / gauge.capacity as f64
            };
            let near = |found: f64, truth: f64| {
                assert!((found / truth - 1.0).abs() < 0.005, "{to} {member}: {found} of {truth}");
            };
            near(of(format!("box-{}", member + 2)), 40.0 * (reads * 0.0025 + 0.004) / 8.0);
            let operations = if member == 0 { 6.0 } else { 3.0 };
            near(of(format!("box-{}.local", member + 2)), 40.0 * operations * 0.001 / 4.0);
        }
    }
}

/// More replicas than are simulated are refused by number.
#[test]
fn more_than_sixty_three_replicas_are_refused() {
    let names: Vec<String> = (2..=65).map(|n| format!("\"sql-{n}\"")).collect();
    let on: Vec<String> = (1..=65).map(|n| format!("\"box-{n}\"")).collect();
    let text = format!(
        "scenario = \"many\"\n[server.box]\ncount = 65\ncores = 1\n[zone.sql]\ncount = 65\n\
         on = [{}]\n[database.mysql]\nin = {{ primary = \"sql-1\", replicas = [{}] }}\n\
         connections = 10\nread = {{ cpu = \"1ms\" }}\nwrite = {{ cpu = \"1ms\" }}\n\
         replication = {{ mode = \"async\", receive = \"1ms\" }}\n",
        on.join(", "),
        names.join(", ")
    );
    let refused = crate::inside::faults::draft_or_complaints(&text).expect_err("it is refused");
    assert!(refused.contains("`mysql` has 64 replicas, at most 63"), "{refused}");
}
