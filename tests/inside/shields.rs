//! Promise: shields behind edges keep from the origin what arithmetic says, pass on how old their copies are,
//! and when they are gone edges go round them.

use fivenines::model::Health;
use fivenines::model::blueprint::{Blueprint, Config};
use fivenines::model::world::World;
use fivenines::solve::requests;
use fivenines::units::SimDuration;

use crate::inside::common::load;
use crate::inside::edges::scene_of;
use crate::inside::faults::{draft_or_complaints, drafted, planned, window};
use crate::inside::front::{at, ended, part, set, world};

// Outcomes in the order of the ledger.
const OK: usize = 0;
const REFUSED: usize = 1;
const UNREACHABLE: usize = 4;

/// Four edges in front of shields.
fn scene(rate: &str, edges: &str, shields: &str, step: &str) -> String {
    let edges = format!("[cdn.edge]\ncount = 4\nto = \"shield\"\n{edges}");
    let shields = format!("[cdn.shield]\nto = \"origin\"\n{shields}");
    scene_of(&format!("{edges}\n{shields}"), rate, step)
}

/// Look-ups at all members of a tier until now, and those that found nothing.
fn seen(world: &World<'_>, plan: &Blueprint, tier: &str) -> (f64, f64) {
    let gauges = world.gauges();
    let members = plan.parts.iter().zip(&gauges).filter(|(part, _)| {
        part.name.strip_prefix(tier).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    });
    members.fold((0.0, 0.0), |sum, (_, gauge)| {
        assert_eq!(gauge.completed + gauge.refused, gauge.arrived);
        (sum.0 + gauge.arrived as f64, sum.1 + gauge.refused as f64)
    })
}

/// Shares found at the edges and at the shields between two instants, and the fetches a second from the
/// origin.
fn found(plan: &Blueprint, from: f64, until: f64) -> [f64; 3] {
    let mut world = world(plan, 0);
    world.run_before(at(from)).unwrap();
    let before = ["edge", "shield"].map(|tier| seen(&world, plan, tier));
    world.run_before(at(until)).unwrap();
    let after = ["edge", "shield"].map(|tier| seen(&world, plan, tier));
    let [edges, shields] =
        [0, 1].map(|tier| (after[tier].0 - before[tier].0, after[tier].1 - before[tier].1));
    let origin = shields.1 / (until - from);
    [1.0 - edges.1 / edges.0, 1.0 - shields.1 / shields.0, origin]
}

fn content(objects: u64) -> String {
    format!(
        "content = {{ objects = {objects}, popularity = {{ get = {{ zipf = 0.8, objects = 5000 }} }} }}"
    )
}

/// The arithmetic that `check`, `flows` and the bill use, and the objects one by one.
#[test]
fn two_tiers_find_what_che_says() {
    for (edges, edge_life, shields, shield_life, more, within) in [
        (300, "100d", 1_500, "100d", "", 0.004),
        (300, "100d", 1_500, "100d", "count = 2\n", 0.004),
        (5_000, "2min", 5_000, "2min", "", 0.004),
        (5_000, "1min", 5_000, "2min", "", 0.004),
        (500, "2min", 5_000, "2min", "", 0.004),
        // Copies that end by age and others that are thrown out at both tiers are told apart by shares.
        (500, "5min", 2_000, "5min", "", 0.02),
    ] {
        let text = scene(
            "100/s",
            &format!("ttl = \"{edge_life}\"\n{}", content(edges)),
            &format!("{more}ttl = \"{shield_life}\"\ncontent = {{ objects = {shields} }}"),
            "{ delay = \"1ms\" }",
        );
        let hits = drafted(&text).hits;
        let expected = [hits.at_edge(0, 0), hits.at_edge(1, 0)];
        let [edge, shield, origin] = found(&planned(&text), 2_000.0, 12_000.0);
        let asks = 100.0 * (1.0 - expected[0]) * (1.0 - expected[1]);
        println!(
            "{edges} {edge_life}, {shields} {shield_life} {}: {:.4} and {:.4} by arithmetic, {edge:.4} and {shield:.4} seen; \
             the origin is asked {asks:.3} and {origin:.3} a second",
            more.trim(),
            expected[0],
            expected[1]
        );
        assert!((edge - expected[0]).abs() < within, "{edge}");
        assert!((shield - expected[1]).abs() < within, "{shield}");
        assert!((origin / asks - 1.0).abs() < 2.0 * within, "{origin}");
    }
}

const ONE: &str = "content = { objects = 1, popularity = { get = { zipf = 0.0, objects = 1 } } }";

/// One object, asked for at 0.5/s at each of four edges, that lives 2 s: what the first one fetches ends for all
/// 2 s later, whoever took it from the shield when. So the origin is asked once in 2 + 0.5 s, and an edge
/// fetches in such a cycle when it began it, or is asked in it: (0.25 + 0.75 (1 − 1/e)) of 1.25 look-ups.
#[test]
fn a_copy_is_as_old_at_the_edge_as_at_the_shield() {
    let text = scene(
        "2/s",
        &format!("ttl = \"2s\"\n{ONE}"),
        "ttl = \"2s\"\ncontent = { objects = 1 }",
        "{ delay = \"1us\" }",
    );
    let [edge, _, origin] = found(&planned(&text), 100.0, 100_100.0);
    let expected = 1.0 - (0.25 + 0.75 * -libm::expm1(-1.0)) / 1.25;
    println!("{edge:.4} of {expected:.4} found, {origin:.4} of 0.4 a second");
    // 200,000 look-ups: a deviation of 0.001; 40,000 cycles of 2.5 ± 0.5 s: one of 0.0004.
    assert!((edge - expected).abs() < 0.004, "{edge}");
    assert!((origin - 0.4).abs() < 0.0016, "{origin}");
    let hits = drafted(&text).hits;
    assert!((hits.at_edge(0, 0) - expected).abs() < 1e-6, "{}", hits.at_edge(0, 0));
}

/// All that come to four edges in a fetch of half a second wait at the shield: the origin is asked once in
/// 2 + 0.5 + 0.01 s.
#[test]
fn edges_wait_at_the_shield_for_what_it_fetches() {
    let text = scene(
        "100/s",
        &format!("ttl = \"2s\"\n{ONE}"),
        "ttl = \"2s\"\ncontent = { objects = 1, collapse = true }",
        "{ delay = \"500ms\" }",
    );
    let [_, _, origin] = found(&planned(&text), 100.0, 1_100.0);
    println!("{origin:.4} of {:.4} a second", 1.0 / 2.51);
    assert!((origin - 1.0 / 2.51).abs() < 0.003, "{origin}");
    let both = text.replace(ONE, &ONE.replace(" } } }", " } }, collapse = true }"));
    assert!(both.matches("collapse").count() == 2);
    let [_, _, origin] = found(&planned(&both), 100.0, 1_100.0);
    assert!((origin - 1.0 / 2.51).abs() < 0.003, "{origin}");
    let none = text.replace(", collapse = true", "");
    let [_, _, origin] = found(&planned(&none), 100.0, 1_100.0);
    assert!(origin > 10.0, "{origin}");
}

fn by_ratio(shields: &str) -> Blueprint {
    let text = scene(
        "100/s",
        "ttl = \"10d\"\nhit = { get = 0.5 }",
        &format!("ttl = \"10d\"\nhit = {{ get = 0.6 }}\nconvergence = \"30s\"\n{shields}"),
        "{ delay = \"1ms\" }",
    );
    planned(&text)
}

/// Half of 100 a second are fetched, 0.4 of these from the origin. While the only shield is dead and nobody
/// knows, 50 a second reach nobody, 1,500 in all; then the edges ask the origin themselves.
#[test]
fn edges_go_round_a_dead_shield_once_it_is_known() {
    let plan = by_ratio("");
    let mut world = world(&plan, 0);
    world.run_before(at(1_000.0)).unwrap();
    let (asked, missed) = seen(&world, &plan, "shield");
    assert!((asked - 50_000.0).abs() < 4.0 * 160.0, "{asked}");
    assert!((missed - 20_000.0).abs() < 4.0 * 130.0, "{missed}");
    set(&mut world, &plan, "shield-1", Health::Down);
    world.run_before(at(1_100.0)).unwrap();
    let cut = ended(&world, UNREACHABLE);
    println!("{cut} cut off");
    assert!((cut - 1_500.0).abs() < 4.0 * 39.0, "{cut}");
    let origin = |world: &World<'_>| world.gauges()[part(&plan, "origin-1").index()].arrived as f64;
    let before = origin(&world);
    world.run_before(at(1_200.0)).unwrap();
    assert_eq!(ended(&world, UNREACHABLE), cut);
    let direct = origin(&world) - before;
    assert!((direct - 5_000.0).abs() < 4.0 * 71.0, "{direct}");
    set(&mut world, &plan, "shield-1", Health::Up);
    let before = origin(&world);
    world.run_before(at(1_300.0)).unwrap();
    let again = origin(&world) - before;
    assert!((again - 2_000.0).abs() < 4.0 * 45.0, "{again}");
}

pub fn assert_edges_that_stay_with_a_dead_shield_are_noticed() {
    let cut = |plan: &Blueprint| {
        let mut world = world(plan, 0);
        world.run_before(at(10.0)).unwrap();
        set(&mut world, plan, "shield-1", Health::Down);
        world.run_before(at(110.0)).unwrap();
        ended(&world, UNREACHABLE)
    };
    let near = |plan: &Blueprint| (cut(plan) - 1_500.0).abs() < 4.0 * 39.0;
    let mut plan = by_ratio("");
    assert!(near(&plan));
    for part in plan.parts.iter_mut().filter(|part| part.name == "shield.origin") {
        let Config::Cdn(config) = &mut part.config else { panic!("a CDN") };
        config.convergence = SimDuration::YEAR;
    }
    assert!(!near(&plan));
}

/// Of two shields one dies: the fetches of its two edges are cut off for 30 s, 25 a second, and then go to the
/// other.
#[test]
fn the_next_shield_takes_the_edges_of_a_dead_one() {
    let plan = by_ratio("count = 2");
    let mut world = world(&plan, 0);
    world.run_before(at(100.0)).unwrap();
    set(&mut world, &plan, "shield-1", Health::Down);
    world.run_before(at(200.0)).unwrap();
    let cut = ended(&world, UNREACHABLE);
    assert!((cut - 750.0).abs() < 4.0 * 27.0, "{cut}");
    let asked = |world: &World<'_>| world.gauges()[part(&plan, "shield-2").index()].arrived as f64;
    let before = asked(&world);
    world.run_before(at(300.0)).unwrap();
    let all = asked(&world) - before;
    assert!((all - 5_000.0).abs() < 4.0 * 71.0, "{all}");
    assert_eq!(ended(&world, UNREACHABLE), cut);
}

/// A shield that dies and is back while it fetches: what it fetched then reaches nobody.
#[test]
fn what_a_shield_was_fetching_when_it_died_reaches_nobody() {
    let text =
        scene("100/s", "hit = { get = 0.0 }", "hit = { get = 0.0 }", "{ delay = \"500ms\" }");
    let plan = planned(&text);
    let mut world = world(&plan, 0);
    world.run_before(at(10.0)).unwrap();
    let fetching = world.in_flight() as f64;
    set(&mut world, &plan, "shield-1", Health::Down);
    set(&mut world, &plan, "shield-1", Health::Up);
    let before = ended(&world, OK);
    world.run_before(at(10.499)).unwrap();
    assert_eq!(ended(&world, OK), before);
    world.run_before(at(11.5)).unwrap();
    assert_eq!(ended(&world, UNREACHABLE), fetching);
    assert!(ended(&world, OK) > before + 60.0);
}

/// A purge of everything leaves a mark in its request. A fetch that takes over its place and fails has brought no answer
/// from a shield, and its age is not asked for.
#[test]
fn a_fetch_that_fails_has_no_age_whatever_its_place_held_before() {
    let text = "[server.box]\ncores = 1\n[zone.web]\n[service.app]\nin = \"web\"\nworkers = 1\nbacklog = 0\n[zone.copies]\n\
                [cache.pages]\nin = \"copies\"\ncpu = \"1ms\"\nobjects = 50\npopularity = { zipf = 0.8, objects = 200 }\n\
                [purge.changes]\nof = [\"pages\"]\nwhen-cut-off = \"wait\"\n[cdn.edge]\nto = \"shield\"\nttl = \"10s\"\n\
                content = { objects = 50, popularity = { image = { zipf = 0.8, objects = 200 } } }\n[cdn.shield]\nto = \"app\"\n\
                ttl = \"20s\"\ncontent = { objects = 100 }\n[workload.viewers]\nrequest = \"image\"\nrate = \"40/s\"\n\
                [workload.editors]\nrequest = \"change\"\nrate = \"10/s\"\n[request.image]\nenter = \"edge\"\n\
                demands = { a = \"100ms\" }\nsteps = [ { cpu = \"app\", demand = \"a\" } ]\n[request.change]\n\
                steps = [ { cache = \"pages\", else = [] }, { purge = \"changes\", everything = true } ]\n";
    let text = format!("scenario = \"x\"\n[run]\nseed = 1\n{text}");
    let (mut refused, mut changed) = (0, 0);
    for case in 0..4 {
        let seen = requests::run(&planned(&text), &window(0.0, 30.0), case).unwrap();
        changed += seen.record.classes[0].attempts.ended[OK];
        refused += seen.record.classes[1].attempts.ended[REFUSED];
    }
    // 40/s of which some 30 % miss meet a service that can do 10/s: every other fetch is refused.
    assert!(refused > 500 && changed > 1_000, "{refused} refused, {changed} changes");
}

/// The most popular images are at all edges, so that none asks the shield for them, and it has thrown them out:
/// an edge that comes back empty is filled by the origin still, but with each image once. Without a shield the
/// origin has all that the edge asks, some 311 a second.
#[test]
fn an_edge_that_comes_back_empty_asks_the_shield() {
    let fetched = |scenario: &str, tier: &str| {
        let mut all = 0.0;
        let replications = 4;
        for replication in 0..replications {
            let plan = load(scenario).plan;
            let mut world = world(&plan, replication);
            world.run_before(at(5.0)).unwrap();
            set(&mut world, &plan, "edge-1", Health::Down);
            set(&mut world, &plan, "edge-1", Health::Up);
            let before = seen(&world, &plan, tier).1;
            world.run_before(at(7.0)).unwrap();
            all += seen(&world, &plan, tier).1 - before;
        }
        all / replications as f64 / 2.0
    };
    let without = fetched("scalable/image-edges.toml", "edge");
    let with = fetched("scalable/image-shield.toml", "shield");
    println!("{without} a second without a shield, {with} with one");
    // 222 a second of the other two edges and before; the disks of the origin have 250.
    assert!(without > 250.0, "{without}");
    assert!(with < 120.0, "{with}");
}

#[test]
fn shields_that_make_no_sense_are_refused_with_the_way_out() {
    let edges = format!("ttl = \"2s\"\n{ONE}");
    let shields = "ttl = \"2s\"\ncontent = { objects = 1 }";
    let step = "{ delay = \"1ms\" }";
    let good = scene("2/s", &edges, shields, step);
    drafted(&good);
    let of = |edges: &str, shields: &str| scene("2/s", edges, shields, step);
    for (text, says) in [
        (of(&edges, &format!("round-trip = \"1ms\"\n{shields}")), "no user comes to it"),
        (
            of(&edges, &format!("ttl = \"2s\"\n{ONE}")),
            "asked for the objects that the edges of `edge` miss",
        ),
        (of(&edges, "ttl = \"1s\"\ncontent = { objects = 1 }"), "would be served for longer"),
        (of("hit = { get = 0.5 }", shields), "they have hit ratios"),
        (of("ttl = \"2s\"\ncontent = { objects = 1 }", shields), "`popularity` is missing"),
        (
            good.replace("enter = \"edge\"", "enter = \"shield\""),
            "its clients are the edges of `edge`",
        ),
        (good.replace("to = \"origin\"", "to = \"edge\""), "`edge` → `shield` → `edge`"),
        (good.replace("to = \"origin\"", "to = \"shield\""), "`shield` would ask itself"),
        (
            good.replace("[workload", "[cdn.third]\nto = \"origin\"\nhit = {}\n[workload")
                .replace("to = \"origin\"", "to = \"third\""),
            "three tiers of caches",
        ),
        (
            good.replace("[workload", "[cdn.other]\nto = \"shield\"\nhit = {}\n[workload"),
            "`shield` is the shield of `edge`",
        ),
    ] {
        let complaints = draft_or_complaints(&text).unwrap_err();
        assert!(complaints.contains(says), "{says}: {complaints}");
    }
}
