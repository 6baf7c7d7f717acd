//! Promise: what stands in front of the balancers acts: edges of a CDN, name services and the
//! resolvers that remember what they said.

use fivenines::engine::draw::Lineage;
use fivenines::model::Health;
use fivenines::model::blueprint::{Blueprint, Config};
use fivenines::model::ids::{CauseId, ComponentId};
use fivenines::model::outage::Faults;
use fivenines::model::world::{Span, World};
use fivenines::solve::requests;
use fivenines::units::{SimDuration, SimTime};

use crate::inside::common::load;
use crate::inside::faults::{planned, window};
use crate::inside::links::blueprint;
use crate::inside::shared::base::{With as _, base};

// Outcomes in the order of the ledger.
const OK: usize = 0;
const UNREACHABLE: usize = 4;

pub fn at(seconds: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_seconds_f64(seconds)
}

pub fn world(plan: &Blueprint, replication: u64) -> World<'_> {
    world_with(plan, replication, Faults::Off)
}

pub fn world_with(plan: &Blueprint, replication: u64, faults: Faults) -> World<'_> {
    let span = Span {
        levels: vec![],
        start: SimTime::ZERO,
        from: SimTime::ZERO,
        until: at(1e6),
        horizon: at(1e6),
        faults,
    };
    World::new(plan, Lineage::replication(replication), span)
}

pub fn part(plan: &Blueprint, name: &str) -> ComponentId {
    let place = plan.parts.iter().position(|part| part.name == name).expect(name);
    ComponentId(place as u32)
}

pub fn set(world: &mut World<'_>, plan: &Blueprint, name: &str, health: Health) {
    world.set_health(part(plan, name), health, CauseId::OVERLOAD);
}

/// Requests that a part was asked until now.
fn asked(world: &World<'_>, plan: &Blueprint, name: &str) -> f64 {
    world.gauges()[part(plan, name).index()].arrived as f64
}

pub fn ended(world: &World<'_>, outcome: usize) -> f64 {
    world.record().classes[0].attempts.ended[outcome] as f64
}

/// One place or, where the front leads there, two with a member each.
fn scene(front: &str, rate: &str) -> Blueprint {
    let there =
        "[zone.west]\non = [\"box-2\"]\n[service.there]\nin = \"west\"\nworkers = \"unlimited\"";
    let there = if front.contains("there") { there } else { "" };
    blueprint(&format!(
        r#"
scenario = "front"
format   = 2
[window.run]
length = "10s"
[server.box]
count = 2
cores = 64
[zone.east]
on = ["box-1"]
[service.here]
in = "east"
workers = "unlimited"
{there}
[workload.visitors]
request  = "get"
rate     = "{rate}"
arrivals = {{ process = "regular" }}
[request.get]
enter = "front"
steps = [ {{ delay = "1ms" }} ]
{front}"#
    ))
}

/// A name that leads to the first place and, when that is gone, to the second; a probe fails 29.95 s
/// after it began, one in every 0.1 s while nothing is wrong: 30 s of detection, to 0.05 s.
pub fn named(stale: &str) -> Blueprint {
    let front = format!(
        r#"
[name-service.front]
to    = ["here", "there"]
ttl  = "60s"
check = {{ interval = "100ms", time-out = "29950ms", fall = 1 }}
{stale}"#
    );
    scene(&front, "100/s")
}

pub const DISOBEY: &str = r#"stale = { share = 0.02, for = "2h" }"#;

/// Share of the requests between two instants after the loss that went to the second place.
pub fn moved(plan: &Blueprint, from: f64, until: f64, replications: u64) -> f64 {
    let (mut there, mut all) = (0.0, 0.0);
    for replication in 0..replications {
        let mut world = world(plan, replication);
        world.run_before(at(200.0)).unwrap();
        set(&mut world, plan, "here-1", Health::Unreachable);
        world.run_before(at(200.0 + from)).unwrap();
        let before = asked(&world, plan, "there-1");
        world.run_before(at(200.0 + until)).unwrap();
        there += asked(&world, plan, "there-1") - before;
        all += 100.0 * (until - from);
    }
    there / all
}

fn lost(plan: &Blueprint, replications: u64) -> f64 {
    let mut all = 0.0;
    for replication in 0..replications {
        let mut world = world(plan, replication);
        world.run_before(at(200.0)).unwrap();
        set(&mut world, plan, "here-1", Health::Unreachable);
        world.run_before(at(3_800.0)).unwrap();
        set(&mut world, plan, "here-1", Health::Up);
        world.run_before(at(3_900.0)).unwrap();
        all += ended(&world, UNREACHABLE);
    }
    all / replications as f64
}

/// O42 (ii): 100 requests a second, answers live 60 s, the site is lost at 0 and the record changed at
/// 30 s, 2 % do not obey: moved at 60 s 0.98 × 30 / 60, at 90 s 0.98; lost 100 × (30 + 0.98 × 30 + 0.02
/// × 3570) = 13,080. The share moved grows in a line from 30 to 90 s, so that its mean over 55 to 65 s
/// is its value at 60 s; 40,000 requests scatter by 0.0025, 35,000 by 0.00075.
#[test]
fn o42_ii_resolvers_move_as_their_answers_run_out() {
    let plan = named(DISOBEY);
    let half = moved(&plan, 55.0, 65.0, 40);
    assert!((half - 0.49).abs() <= 0.03 * 0.49, "{half}");
    let most = moved(&plan, 91.0, 126.0, 10);
    assert!((most - 0.98).abs() <= 0.01 * 0.98, "{most}");
    let all = lost(&plan, 6);
    println!("moved {half:.4}, {most:.4}; lost {all:.0}");
    assert!((all - 13_080.0).abs() <= 0.02 * 13_080.0, "{all}");
}

/// O42 (ii): if all obey, 100 × (30 + 30) = 6,000.
#[test]
fn o42_ii_when_all_obey_the_loss_is_half_a_life_and_the_detection() {
    let all = lost(&named(""), 3);
    println!("lost {all:.0}");
    assert!((all - 6_000.0).abs() <= 0.02 * 6_000.0, "{all}");
}

/// 9.6 test 6: time to live 60 s: half of those that obey have moved 30 s after the
/// change, all of them after 60 s, and a tail of 2 % stays.
#[test]
fn mechanisms_9_6_6_half_have_moved_after_half_a_life_and_all_that_obey_after_one() {
    let obey = named("");
    let half = moved(&obey, 55.0, 65.0, 20);
    // 20,000 requests: a deviation of 0.0035.
    assert!((half - 0.5).abs() <= 0.015, "{half}");
    assert!((moved(&obey, 90.1, 100.0, 2) - 1.0).abs() < 1e-9);
    let tail = 1.0 - moved(&named(DISOBEY), 90.1, 190.0, 4);
    assert!((tail - 0.02).abs() <= 0.003, "{tail}");
}

/// Both answer in turn; one that is gone leaves its half to the other when the answers run out.
#[test]
fn a_name_that_leads_to_both_spreads_evenly() {
    let front = r#"
[name-service.front]
to     = ["here", "there"]
policy = "round-robin"
ttl   = "60s"
check  = { interval = "1s", time-out = "1s", fall = 1 }
"#;
    let plan = scene(front, "100/s");
    let mut world = world(&plan, 0);
    world.run_before(at(400.0)).unwrap();
    let here = asked(&world, &plan, "here-1");
    // 40,000 fair coins: a deviation of 100.
    assert!((here - 20_000.0).abs() <= 400.0, "{here}");
    set(&mut world, &plan, "there-1", Health::Down);
    world.run_before(at(465.0)).unwrap();
    let (before, failed) = (asked(&world, &plan, "here-1"), ended(&world, OK));
    world.run_before(at(565.0)).unwrap();
    assert!((asked(&world, &plan, "here-1") - before - 10_000.0).abs() < 0.5);
    assert!((ended(&world, OK) - failed - 10_000.0).abs() < 2.0, "nobody is sent to the dead one");
}

/// While the name service is out, answers run out in a line and nobody gets a new one; the sites
/// themselves are well.
#[test]
fn a_name_service_that_is_out_takes_its_users_as_their_answers_run_out() {
    let plan = named("");
    let mut world = world(&plan, 0);
    world.run_before(at(200.0)).unwrap();
    set(&mut world, &plan, "front", Health::Down);
    world.run_before(at(260.0)).unwrap();
    // Half of 6,000.
    let first = ended(&world, UNREACHABLE);
    assert!((first - 3_000.0).abs() <= 160.0, "{first}");
    world.run_before(at(270.0)).unwrap();
    assert!((ended(&world, UNREACHABLE) - first - 1_000.0).abs() < 1.5);
    set(&mut world, &plan, "front", Health::Up);
    let all = ended(&world, UNREACHABLE);
    world.run_before(at(300.0)).unwrap();
    assert!((ended(&world, UNREACHABLE) - all).abs() < 1.5);
}

fn cached(keys: &str) -> Blueprint {
    let front = format!("[cdn.front]\nto = \"here\"\n{keys}\n");
    scene(&front, "100/s")
}

/// Hits end at the edge, misses go to the origin: of 100,000 look-ups 0.9 hit, with a deviation of
/// 95; each of four edges has a quarter.
#[test]
fn an_edge_keeps_its_share_from_the_origin() {
    let plan = cached("count = 4\nhit = { get = 0.9 }");
    let mut world = world(&plan, 0);
    world.run_before(at(1_000.0)).unwrap();
    let origin = asked(&world, &plan, "here-1");
    assert!((origin - 10_000.0).abs() <= 380.0, "{origin}");
    let gauges = world.gauges();
    assert_eq!(gauges[part(&plan, "front.origin").index()].completed, origin as u64);
    for number in 1..=4 {
        let edge = &gauges[part(&plan, &format!("front-{number}")).index()];
        assert_eq!(edge.completed + edge.refused, edge.arrived);
        assert!((edge.arrived as f64 - 25_000.0).abs() <= 550.0, "{edge:?}");
        let ratio = edge.completed as f64 / edge.arrived as f64;
        assert!((ratio - 0.9).abs() <= 0.008, "{ratio}");
    }
}

/// A hit takes the edge's 2 ms; a miss these, the 20 ms to the origin and back, and the origin's 1 ms.
#[test]
fn a_hit_takes_the_service_time_and_a_miss_the_way_to_the_origin_too() {
    let plan = cached("hit = { get = 0.9 }\nservice-time = \"2ms\"\norigin = \"20ms\"");
    let mut world = world(&plan, 0);
    world.run_before(at(1_000.0)).unwrap();
    let class = &world.record().classes[0];
    let millis = |time: Option<u64>| time.unwrap() as f64 / 1e6;
    assert_eq!((millis(class.missed.min()), millis(class.missed.max())), (23.0, 23.0));
    assert_eq!((millis(class.latency.min()), millis(class.latency.max())), (2.0, 23.0));
    let origin = asked(&world, &plan, "here-1");
    // Those under way are in neither.
    assert!((class.missed.count() as f64 - origin).abs() <= 10.0, "{origin}");
    let share = class.missed.count() as f64 / class.latency.count() as f64;
    assert!((share - 0.1).abs() <= 0.004, "{share}");
}

/// One of four edges dies; its quarter of the 100 requests a second is cut off for the 30 s of
/// convergence, 750 with a deviation of 24, and then carried by the other three alike.
#[test]
fn the_users_of_a_dead_edge_are_cut_off_and_then_carried_by_the_others() {
    let plan = cached("count = 4\nhit = { get = 0.9 }\nconvergence = \"30s\"");
    let (cut, later, others) = after_a_death(&plan);
    assert!((cut - 750.0).abs() <= 100.0, "{cut}");
    assert!(later < 0.5, "{later} are cut off for longer");
    for more in others {
        // A third of the 25 a second that moved, over 100 s, with a deviation of 24.
        assert!((more - 833.0).abs() <= 250.0, "{more}");
    }
}

/// Requests cut off in the first 100 s after the death of an edge and in the next, and what the others
/// were asked more in those.
pub fn after_a_death(plan: &Blueprint) -> (f64, f64, Vec<f64>) {
    let mut world = world(plan, 0);
    let others = |world: &World<'_>| -> Vec<f64> {
        (2..=4).map(|number| asked(world, plan, &format!("front-{number}"))).collect()
    };
    world.run_before(at(100.0)).unwrap();
    let usual = others(&world);
    set(&mut world, plan, "front-1", Health::Down);
    world.run_before(at(200.0)).unwrap();
    let cut = ended(&world, UNREACHABLE);
    let before = others(&world);
    world.run_before(at(300.0)).unwrap();
    let later = ended(&world, UNREACHABLE) - cut;
    let after = others(&world);
    let more =
        usual.iter().zip(before).zip(after).map(|((usual, before), after)| after - before - usual);
    (cut, later, more.collect())
}

pub fn four_edges() -> Blueprint {
    cached("count = 4\nhit = { get = 0.9 }\nconvergence = \"30s\"")
}

/// With every edge dead nobody is heard; one that is back has everybody.
#[test]
fn without_an_edge_nobody_is_heard() {
    let plan = cached("count = 2\nhit = { get = 1.0 }");
    let mut world = world(&plan, 0);
    world.run_before(at(10.0)).unwrap();
    set(&mut world, &plan, "front-1", Health::Down);
    world.run_before(at(20.0)).unwrap();
    assert!((ended(&world, OK) - 2_000.0).abs() < 1.5, "routes move at once");
    set(&mut world, &plan, "front-2", Health::Down);
    world.run_before(at(30.0)).unwrap();
    assert!((ended(&world, UNREACHABLE) - 1_000.0).abs() < 1.5);
    set(&mut world, &plan, "front-2", Health::Up);
    world.run_before(at(40.0)).unwrap();
    assert!((ended(&world, OK) - 3_000.0).abs() < 1.5);
}

/// An origin that is silent for long: objects of even age that live 100 s serve 0.9 × (1 − t / 100):
/// over the 100 s half of what they serve else, 4,500 of 10,000 with a deviation of 41; then nothing.
#[test]
fn what_an_edge_holds_grows_old_while_the_origin_is_silent() {
    let plan = cached("hit = { get = 0.9 }\nttl = \"100s\"");
    let mut world = world(&plan, 0);
    world.run_before(at(100.0)).unwrap();
    let before = ended(&world, OK);
    set(&mut world, &plan, "here-1", Health::Down);
    world.run_before(at(200.0)).unwrap();
    let served = ended(&world, OK) - before;
    println!("{served} of 4500");
    assert!((served - 4_500.0).abs() <= 170.0, "{served}");
    let before = ended(&world, OK);
    world.run_before(at(300.0)).unwrap();
    assert!(ended(&world, OK) - before < 1.5);
    set(&mut world, &plan, "here-1", Health::Up);
    let before = ended(&world, OK);
    world.run_before(at(310.0)).unwrap();
    assert!((ended(&world, OK) - before - 1_000.0).abs() < 2.5, "an answer ends the silence");
}

/// A miss goes there and back on top of what the origin takes; a hit takes no time at the edge.
#[test]
fn a_miss_pays_the_way_to_the_origin_and_back() {
    let plan = cached("hit = { get = 0.5 }\norigin = \"40ms\"");
    let mut world = world(&plan, 0);
    world.run_before(at(1_000.0)).unwrap();
    let latency = &world.record().classes[0].latency;
    // 1 ms at the origin; half of the look-ups are hits of no time at all.
    let mean = latency.mean();
    println!("{mean:?}");
    assert!((mean.unwrap() - 0.5 * 0.041e9).abs() <= 0.02 * 0.0205e9, "{mean:?}");
}

/// Tier 8: of a view 0.325 × 10 kB + 0.4 × 12 kB = 8.05 kB cross the origin's uplinks, so that its edges
/// deliver 106 − 8.05 = 97.95 kB out of what they hold: what the bill says. The scatter of sizes (CV 2.8)
/// over some 90,000 replies is 1 %.
#[test]
fn tier_8_sends_8_kb_of_a_view_from_the_origin() {
    let mut loaded = load("tiers/tier-8.toml");
    loaded.plan.health = None;
    let level = fivenines::units::Rate::per_second(20.0).unwrap();
    let name = "main.uplink";
    let (mut bytes, mut views) = (0.0, 0.0);
    for replication in 0..10 {
        let mut window = window(60.0, 1_260.0);
        window.levels = vec![Some(level)];
        let seen = requests::run(&loaded.plan, &window, replication).unwrap();
        let gauge = &seen.gauges[part(&loaded.plan, name).index()];
        bytes += gauge.busy as f64 / gauge.capacity as f64 * 12.5e6 * 1_200.0;
        let visitors = loaded.plan.workloads.iter().position(|w| w.name == "visitors").unwrap();
        views += seen.record.views[visitors].intended as f64;
    }
    let each = bytes / views;
    println!("{each:.0} bytes a view");
    assert!((each - 8_050.0).abs() <= 0.04 * 8_050.0, "{each}");
}

/// The CDN's own round trip is that of its classes' clients.
#[test]
fn a_client_of_an_edge_has_the_round_trip_to_the_edge() {
    let text = base("service").with(
        r#"
[cdn.edge]
to = "app"
hit = { page = 1.0 }
round-trip = "10ms"
[clients.public]
round-trip = "200ms"
[workload.visitors]
from = "public"
request = "page"
rate = "10/s"
arrivals = { process = "regular" }
[request.page]
enter = "edge"
demands = { work = "1ms" }
steps = [ { cpu = "app", demand = "work" } ]
reply = "10kB"
"#,
    );
    let plan = planned(&text);
    let seen = requests::run(&plan, &window(10.0, 110.0), 0).unwrap();
    let mean = seen.record.views[0].latency.mean().unwrap();
    assert!((mean - 10e6).abs() <= 0.01 * 10e6, "{mean}");
}

/// Up 2 h and out 10 min after a detection that is uniform below `interval`: the probes of a member lie on
/// a grid, and 600 s are whole intervals, so that the probe that puts it back is 600 s after the one that
/// took it out. Its life has no memory: from that probe on it lasts 2 h in the mean. The one in a hundred
/// that dies between its repair and that probe is out for longer.
fn share_lost(zones: u32, interval: u32, failures: f64) -> f64 {
    let plan = planned(&rotation(zones, interval, 7_200, 600));
    let length = failures / f64::from(zones) * 7_860.0;
    let seen = requests::run(&plan, &window(10_000.0, 10_000.0 + length), 0).unwrap();
    let ended = &seen.record.classes[0].attempts.ended;
    let all: u64 = ended.iter().sum();
    1.0 - ended[OK] as f64 / all as f64
}

/// O39: members that are up and in rotation so many seconds, dead and not noticed for half of `interval`
/// in the mean, and out of rotation for `repair` seconds.
pub fn rotation(zones: u32, interval: u32, up: u32, repair: u32) -> String {
    base("service").with(&format!(
        r#"
[server.box]
count = {zones}
cores = 64
[zone.www]
count = {zones}
placement = "spread"
apart = true
[balancer.front]
to = "app"
algorithm = "round-robin"
check = {{ interval = "{interval}s", time-out = "1ms", fall = 1, rise = 1 }}
[workload.visitors]
request = "get"
rate = "1/s"
arrivals = {{ process = "regular" }}
[request.get]
enter = "front"
steps = []
[fault.death]
hits = "service.app"
how = "crash"
up = {{ dist = "exponential", mean = "{up}s" }}
repair = "{repair}s"
"#
    ))
}

/// O39, fast rows: requests lost while a dead zone is still in rotation, and while none is. 1,500 failures
/// leave 3 % of their number and length and, of two zones, 14 % of the sixth to third part in which both are
/// out: bands of 18 % of two zones and 12 % of six. FIVENINES_FULL=1 lives through 20,000, to 5 %.
#[test]
fn o39_a_dead_zone_in_rotation_loses_its_share() {
    let full = std::env::var_os("FIVENINES_FULL").is_some();
    let rows = [
        (2, 120, 0.014_043_470_660_2, 0.18),
        (2, 30, 0.007_961_214_407_55, 0.30),
        (6, 120, 0.008_264_659_041_14, 0.12),
    ];
    for (zones, interval, truth, band) in rows {
        let (failures, band) = if full { (20_000.0, 0.05) } else { (1_500.0, band) };
        let share = share_lost(zones, interval, failures);
        println!("{zones} zones, {} s: {share:.5} of {truth:.5}", interval / 2);
        assert!((share - truth).abs() <= band * truth, "{zones} zones, {interval} s: {share}");
    }
}

/// What a blueprint of the front has; used by the mutants too.
pub fn names_config(
    plan: &mut Blueprint,
) -> &mut fivenines::kinds::name_service::live::NamesConfig {
    let found = plan.parts.iter_mut().find_map(|part| match &mut part.config {
        Config::Names(config) => Some(config),
        _ => None,
    });
    found.expect("a name service")
}

/// The edges of the blueprint.
pub fn cdn_config(plan: &mut Blueprint) -> &mut fivenines::kinds::cdn::live::CdnConfig {
    let found = plan.parts.iter_mut().find_map(|part| match &mut part.config {
        Config::Cdn(config) => Some(config),
        _ => None,
    });
    found.expect("a CDN")
}
