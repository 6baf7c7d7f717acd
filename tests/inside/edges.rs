//! Edges that are played object by object: what they find, what age and a loss do to it.

use fivenines::model::Health;
use fivenines::model::blueprint::Blueprint;
use fivenines::model::ids::CauseId;
use fivenines::model::outage::Faults;
use fivenines::model::world::World;
use fivenines::workload::popularity::Zipf;

use crate::inside::faults::{draft_or_complaints, drafted, planned};
use crate::inside::front::{at, part, world, world_with};

/// One class that enters by `[cdn.edge]`, at a rate, and an origin; edges are declared in `caches`.
pub fn scene_of(caches: &str, rate: &str, step: &str) -> String {
    format!(
        r#"
scenario = "edges"
format   = 2
[window.run]
length = "10s"
[server.box]
cores = 64
[zone.east]
[service.origin]
in = "east"
workers = "unlimited"
{caches}
[workload.visitors]
request  = "get"
rate     = "{rate}"
arrivals = {{ process = "poisson" }}
[request.get]
enter = "edge"
steps = [ {step} ]
"#
    )
}

/// A hundred requests a second for two edges, of one class.
fn scene(content: &str, life: &str) -> String {
    let edges =
        format!("[cdn.edge]\ncount = 2\nto = \"origin\"\nttl = \"{life}\"\ncontent = {content}");
    scene_of(&edges, "100/s", "{ delay = \"1ms\" }")
}

/// Look-ups at the edges until now, and how many of them found nothing.
fn seen(world: &World<'_>, plan: &Blueprint, edges: &[&str]) -> (f64, f64) {
    let gauges = world.gauges();
    let of = |name: &&str| gauges[part(plan, name).index()].clone();
    let sum = edges.iter().map(of).fold((0, 0), |sum, gauge| {
        assert_eq!(gauge.completed + gauge.refused, gauge.arrived);
        (sum.0 + gauge.arrived, sum.1 + gauge.refused)
    });
    (sum.0 as f64, sum.1 as f64)
}

const BOTH: [&str; 2] = ["edge-1", "edge-2"];

/// Share found between two instants, over replications.
fn found(plan: &Blueprint, from: f64, until: f64, replications: u64) -> f64 {
    let (mut look_ups, mut misses) = (0.0, 0.0);
    for replication in 0..replications {
        let mut world = world(plan, replication);
        world.run_before(at(from)).unwrap();
        let before = seen(&world, plan, &BOTH);
        world.run_before(at(until)).unwrap();
        let after = seen(&world, plan, &BOTH);
        look_ups += after.0 - before.0;
        misses += after.1 - before.1;
    }
    1.0 - misses / look_ups
}

/// The arithmetic that `check`, `flows` and the bill use, and the objects one by one: full caches, copies
/// that grow old, and both at once. At once, and after long: an edge is warm from the start.
#[test]
fn an_edge_finds_what_che_says_from_the_first_request_on() {
    for (content, life, within) in [
        ("{ objects = 500, popularity = { get = { zipf = 0.8, objects = 5000 } } }", "1d", 0.002),
        (
            "{ objects = 5000, popularity = { get = { zipf = 0.8, objects = 5000 } } }",
            "2min",
            0.002,
        ),
        ("{ objects = 500, popularity = { get = { zipf = 0.8, objects = 5000 } } }", "20s", 0.002),
        ("{ objects = 500, popularity = { get = { zipf = 1.0, objects = 5000 } } }", "5s", 0.002),
        (
            "{ objects = 500, policy = \"fifo\", popularity = { get = { zipf = 0.8, objects = 5000 } } }",
            "40s",
            0.002,
        ),
        (
            "{ objects = 500, policy = \"random\", popularity = { get = { zipf = 0.8, objects = 5000 } } }",
            "40s",
            0.002,
        ),
        (
            "{ objects = 500, popularity = { get = { zipf = 0.8, objects = 5000 } }, cacheable = { get = 0.4 } }",
            "1d",
            0.002,
        ),
    ] {
        let text = scene(content, life);
        let expected = drafted(&text).hits.at_edge(0, 0);
        let plan = planned(&text);
        let (first, later) = (found(&plan, 0.0, 60.0, 160), found(&plan, 1_000.0, 11_000.0, 1));
        println!("{content} {life}: {expected:.4} by arithmetic, {first:.4} and {later:.4} seen");
        for seen in [first, later] {
            assert!((seen - expected).abs() <= within, "{content}: {seen} against {expected}");
        }
    }
}

/// From nothing, an edge with room for all misses each object once: of those asked for at λᵢ the share
/// 1 − e^(−λᵢt) by t.
#[test]
fn an_edge_that_was_lost_fetches_everything_once_more() {
    let plan = planned(&scene(
        "{ objects = 5000, popularity = { get = { zipf = 0.8, objects = 5000 } } }",
        "1d",
    ));
    let table = Zipf::new(0.8, 5_000).unwrap();
    let mut more = 0.0;
    let replications = 8;
    for replication in 0..replications {
        let mut world = world(&plan, replication);
        let edge = part(&plan, "edge-1");
        world.run_before(at(10.0)).unwrap();
        world.set_health(edge, Health::Down, CauseId::OVERLOAD);
        world.set_health(edge, Health::Up, CauseId::OVERLOAD);
        let before = seen(&world, &plan, &["edge-1"]);
        let other = seen(&world, &plan, &["edge-2"]);
        world.run_before(at(40.0)).unwrap();
        more += seen(&world, &plan, &["edge-1"]).1 - before.1;
        let kept = seen(&world, &plan, &["edge-2"]).1 - other.1;
        assert!(kept < 30.0, "the other one has all but what nobody asked it for in a day: {kept}");
    }
    let expected: f64 =
        (1..=5_000).map(|rank| -libm::expm1(-50.0 * table.probability(rank) * 30.0)).sum();
    let seen = more / replications as f64;
    println!("{seen} fetched, {expected:.1} by arithmetic");
    // Its deviation is below the root of it, 30; fetches of one object at once add a few.
    assert!((seen - expected).abs() < 35.0, "{seen} against {expected}");
}

/// What is found in four stretches after the origin has gone, as shares of all look-ups, when it goes after
/// `after`.
fn found_after_the_origin_went(
    plan: &Blueprint,
    after: f64,
    stretches: &[f64],
    runs: u64,
) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); stretches.len()];
    for replication in 0..runs {
        let mut world = world(plan, replication);
        world.run_before(at(after)).unwrap();
        world.set_health(part(plan, "origin-1"), Health::Down, CauseId::OVERLOAD);
        for (stretch, sum) in stretches.iter().zip(&mut sums) {
            world.run_before(at(after + stretch)).unwrap();
            let before = seen(&world, plan, &BOTH);
            world.run_before(at(after + stretch + 2.0)).unwrap();
            let now = seen(&world, plan, &BOTH);
            sum.0 += now.0 - before.0;
            sum.1 += now.1 - before.1;
        }
    }
    sums.into_iter().map(|(look_ups, misses)| 1.0 - misses / look_ups).collect()
}

/// Copies fetched by someone who is asked often are of any age up to their life alike. So half of what
/// was found is found half a life after the origin has gone, and nothing after a whole one.
#[test]
fn what_an_edge_holds_serves_a_silent_origin_until_it_is_too_old() {
    let plan = planned(&scene(
        "{ objects = 100, popularity = { get = { zipf = 0.0, objects = 100 } } }",
        "100s",
    ));
    // 0.5/s for each: 50 of 51 find their copy.
    let shares = found_after_the_origin_went(&plan, 20.0, &[0.0, 49.0, 100.0], 40);
    println!("{shares:.4?}");
    assert!((shares[0] - 50.0 / 51.0 * 0.99).abs() < 0.015);
    // Forty times two edges of a hundred copies each: a deviation of half a percent, and of the look-ups.
    assert!((shares[1] - 50.0 / 51.0 * 0.5).abs() < 0.025);
    assert_eq!(shares[2], 0.0);
}

/// In a full edge most copies are young, for what is not asked for leaves. So it is from the first request
/// on: what is left of them over a life is what is left after several lives of running.
#[test]
fn copies_are_as_old_at_the_start_as_after_long() {
    for policy in ["lru", "fifo", "random"] {
        let content = format!(
            "{{ objects = 500, policy = \"{policy}\", popularity = {{ get = {{ zipf = 0.8, objects = 5000 }} }} }}"
        );
        let plan = planned(&scene(&content, "2min"));
        let stretches = [0.0, 20.0, 50.0, 80.0, 105.0];
        let first = found_after_the_origin_went(&plan, 0.0, &stretches, 60);
        let later = found_after_the_origin_went(&plan, 600.0, &stretches, 60);
        println!("{policy}: {first:.4?} at once, {later:.4?} after five lives");
        for (first, later) in first.iter().zip(&later) {
            // 60 times 400 look-ups: a deviation of 0.003 each, and that of who is there.
            assert!((first - later).abs() < 0.017, "{policy}: {first} against {later}");
        }
    }
}

/// What comes back is what was asked for, whatever its route repeats.
#[test]
fn a_route_that_repeats_steps_fetches_one_object() {
    let content = "{ objects = 5000, popularity = { get = { zipf = 0.8, objects = 5000 } }, cacheable = { get = 0.6 } }";
    let text = scene(content, "2min").replace(
        "steps = [ { delay = \"1ms\" } ]",
        "steps = [ { repeat = { count = 3, steps = [ { delay = \"1ms\" } ] } } ]",
    );
    assert!(text.contains("repeat"));
    let expected = drafted(&text).hits.at_edge(0, 0);
    let seen = found(&planned(&text), 300.0, 5_300.0, 1);
    assert!((seen - expected).abs() < 0.003, "{seen} against {expected}");
}

/// Two classes share the room: who is asked for more has more of it.
#[test]
fn classes_share_an_edge_as_reckoned() {
    let content = "{ objects = 500, popularity = { get = { zipf = 0.8, objects = 2000 }, part = { zipf = 0.6, objects = 3000 } } }";
    let text = scene(content, "1min").replace(
        "steps = [ { delay = \"1ms\" } ]",
        "steps = [ { delay = \"1ms\" } ]\nthen = { request = \"part\", count = 2 }\n\
         [clients.c]\n[request.part]\nenter = \"edge\"\nsteps = [ { delay = \"1ms\" } ]",
    );
    let text = text.replace("[workload.visitors]\n", "[workload.visitors]\nfrom = \"c\"\n");
    let draft = drafted(&text);
    let place = |name: &str| {
        draft.scenario.request.iter().position(|(class, _)| class.text == name).unwrap()
    };
    let (get, part) = (draft.hits.at_edge(0, place("get")), draft.hits.at_edge(0, place("part")));
    assert!(get > part + 0.05 && part > 0.05, "{get} and {part}");
    let both = (get + 2.0 * part) / 3.0;
    let plan = planned(&text);
    for (from, until) in [(0.0, 4_000.0), (4_000.0, 8_000.0)] {
        let seen = found(&plan, from, until, 1);
        println!("{seen:.4} of {both:.4}");
        assert!((seen - both).abs() < 0.002, "{seen} against {both}");
    }
}

/// An edge that dies while it fetches, and is back before the answer comes: the answer reaches nobody, and
/// the edge does not have it.
#[test]
fn what_an_edge_was_fetching_when_it_died_reaches_nobody_though_it_is_back() {
    let content = "{ objects = 50, popularity = { get = { zipf = 0.0, objects = 50 } } }";
    let text = scene(content, "1d")
        .replace("delay = \"1ms\"", "delay = \"500ms\"")
        .replace("count = 2", "count = 1");
    let plan = planned(&text);
    let mut world = world(&plan, 0);
    let edge = part(&plan, "edge-1");
    let wipe = |world: &mut World<'_>| {
        world.set_health(edge, Health::Down, CauseId::OVERLOAD);
        world.set_health(edge, Health::Up, CauseId::OVERLOAD);
    };
    world.run_before(at(10.0)).unwrap();
    wipe(&mut world);
    // Half a second of cold fetches, of which none has been answered.
    world.run_before(at(10.49)).unwrap();
    let failed = |world: &World<'_>| world.record().classes[0].attempts.ended[4];
    let (before, first) = (failed(&world), seen(&world, &plan, &["edge-1"]).1);
    wipe(&mut world);
    world.run_before(at(10.98)).unwrap();
    let second = seen(&world, &plan, &["edge-1"]).1;
    world.run_before(at(11.6)).unwrap();
    println!("{before} and {} unheard; {first} and {second} fetched", failed(&world));
    // All fetches of the first half second, some 50, come to nothing; those of the second are answered.
    assert_eq!((before, failed(&world)), (0, first as u64));
    assert!(second - first > 30.0, "nothing of the first half second was kept: {first}, {second}");
}

/// A purge is no loss of service: the edge is there, and empty.
#[test]
fn a_purged_edge_answers_and_has_to_fetch() {
    let content = "{ objects = 5000, popularity = { get = { zipf = 0.8, objects = 5000 } } }";
    let text = scene(content, "1d");
    let purge = "[fault.purge]\nhits = \"cdn.edge\"\nhow = \"cache-lost\"\nat = \"30s\"\n";
    let found = |text: &str| {
        let plan = planned(text);
        let mut world = world_with(&plan, 0, Faults::Live);
        world.run_before(at(30.0)).unwrap();
        let before = seen(&world, &plan, &BOTH);
        world.run_before(at(40.0)).unwrap();
        let after = seen(&world, &plan, &BOTH);
        let (look_ups, misses) = (after.0 - before.0, after.1 - before.1);
        assert!((look_ups - 1_000.0).abs() < 110.0, "all users are answered: {look_ups}");
        1.0 - misses / look_ups
    };
    // Of 500 look-ups at each in 10 s every object's first: on average Σ (1 − e^(−500pᵢ)) = 396 of 500.
    let table = Zipf::new(0.8, 5_000).unwrap();
    let first: f64 = (1..=5_000).map(|rank| -libm::expm1(-500.0 * table.probability(rank))).sum();
    let (purged, undisturbed) = (found(&format!("{text}{purge}")), found(&text));
    println!("{purged:.3} and {undisturbed:.3}, {:.3} by arithmetic", 1.0 - first / 500.0);
    assert!((purged - (1.0 - first / 500.0)).abs() < 0.05, "{purged}, {first}");
    assert!(undisturbed > 0.99, "{undisturbed}");
}

#[test]
fn contents_of_edges_that_make_no_sense_are_refused_with_the_way_out() {
    let content = "{ objects = 5, popularity = { get = { zipf = 0.8, objects = 50 } } }";
    for (life, content, says) in [
        ("0s", content, "is never served"),
        (
            "1h",
            "{ objects = 0, popularity = { get = { zipf = 1, objects = 5 } } }",
            "is 0, must be ≥ 1",
        ),
        ("1h", "{ objects = 5, popularity = { got = { zipf = 1, objects = 5 } } }", "did you mean"),
        (
            "1h",
            "{ objects = 5, popularity = { get = { zipf = 1, objects = 5 } }, cacheable = { put = 0.5 } }",
            "no `put` is kept",
        ),
        (
            "1h",
            "{ objects = 5, popularity = { get = { zipf = 1, objects = 18000000000000000000 } } }",
            "at most 10000000",
        ),
    ] {
        let complaints = draft_or_complaints(&scene(content, life)).unwrap_err();
        assert!(complaints.contains(says), "{says}: {complaints}");
    }
    let line = format!("content = {content}\n");
    let both = scene(content, "1h").replace(&line, &format!("{line}hit = {{ get = 0.5 }}\n"));
    assert!(draft_or_complaints(&both).unwrap_err().contains("hit ratios are either given"));
    let neither = scene(content, "1h").replace(&line, "");
    assert!(draft_or_complaints(&neither).unwrap_err().contains("`hit` is missing"));
    let lifeless = scene(content, "1h").replace("ttl = \"1h\"\n", "");
    assert!(draft_or_complaints(&lifeless).unwrap_err().contains("`ttl` is missing"));
    let many = scene(content, "1h").replace("count = 2", "count = 10001");
    assert!(draft_or_complaints(&many).unwrap_err().contains("at most 10000"));
    let elsewhere = scene(content, "1h").replace("enter = \"edge\"", "enter = \"origin\"");
    assert!(draft_or_complaints(&elsewhere).unwrap_err().contains("does not enter by these edges"));
}
