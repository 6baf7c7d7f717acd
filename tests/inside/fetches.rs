//! Promise: who asks an edge for what it is fetching waits for that, gets what it brings, and loses nothing
//! else by it.

use fivenines::kinds::cdn::live::content::EdgeContent;
use fivenines::model::Health;
use fivenines::model::blueprint::Blueprint;
use fivenines::model::world::World;

use crate::inside::edges::scene_of;
use crate::inside::faults::planned;
use crate::inside::front::{at, cdn_config, part, set, world};

// Outcomes in the order of the ledger.
const OK: usize = 0;
const ERROR: usize = 2;
const TIMEOUT: usize = 3;
const UNREACHABLE: usize = 4;

const CONTENT: &str =
    "{ objects = 1, popularity = { get = { zipf = 0.0, objects = 1 } }, collapse = true }";
const HALF_A_SECOND: &str = "{ delay = \"500ms\" }";

/// A hundred requests a second for one object at one edge, kept for 2 s.
fn scene(content: &str, step: &str, clients: &str) -> String {
    let rear = "[service.rear]\nin = \"east\"\nworkers = \"unlimited\"";
    let rear = if step.contains("rear") { rear } else { "" };
    let edge = format!("[cdn.edge]\nto = \"origin\"\nttl = \"2s\"\ncontent = {content}");
    let text = scene_of(&format!("{rear}\n{edge}\n{clients}"), "100/s", step);
    let from = if clients.is_empty() { "" } else { "from = \"public\"\n" };
    text.replace("[request.get]", &format!("{from}[request.get]"))
}

fn of_public(keys: &str) -> String {
    format!("[clients.public]\n{keys}\n")
}

fn ended(world: &World<'_>, outcome: usize) -> u64 {
    world.record().classes[0].attempts.ended[outcome]
}

/// Fetches that were begun until now.
fn fetches(world: &World<'_>, plan: &Blueprint) -> u64 {
    world.gauges()[part(plan, "edge.origin").index()].arrived
}

/// Runs on to just after a fetch has begun, and for `more` seconds.
fn into_a_fetch(world: &mut World<'_>, plan: &Blueprint, from: f64, more: f64) -> f64 {
    world.run_before(at(from)).unwrap();
    let before = fetches(world, plan);
    let mut now = from;
    while fetches(world, plan) == before {
        now += 0.001;
        world.run_before(at(now)).unwrap();
    }
    now += more;
    world.run_before(at(now)).unwrap();
    now
}

fn fetched_over_a_thousand_seconds(plan: &Blueprint) -> f64 {
    let mut world = world(plan, 0);
    world.run_before(at(100.0)).unwrap();
    let before = fetches(&world, plan);
    world.run_before(at(1_100.0)).unwrap();
    (fetches(&world, plan) - before) as f64
}

fn collapsed() -> Blueprint {
    planned(&scene(CONTENT, HALF_A_SECOND, ""))
}

/// From an answer the copy serves for 2 s, 10 ms later somebody asks, half a second later it is there: 1,000 /
/// 2.51 fetches in 1,000 s, with a deviation of 400 × 0.01 / 2.51², below one.
fn asks_once(plan: &Blueprint) -> bool {
    let seen = fetched_over_a_thousand_seconds(plan);
    println!("{seen} fetches of {:.1}", 1_000.0 / 2.51);
    (seen - 1_000.0 / 2.51).abs() < 3.0
}

#[test]
fn the_origin_is_asked_once_however_many_want_the_object() {
    assert!(asks_once(&collapsed()));
}

pub fn assert_fetches_that_are_not_collapsed_are_noticed() {
    let mut plan = collapsed();
    let EdgeContent::Objects(objects) = &mut cdn_config(&mut plan).content else {
        panic!("objects")
    };
    objects.collapse = false;
    assert!(!asks_once(&plan));
}

/// A cycle of 2.51 s has 251 requests; the first of a fetch waits for 0.5 s, the 50 that come during it for
/// half of that on average: (0.5 + 50 × 0.25) / 251 = 0.0518 s. All others are answered at once.
#[test]
fn who_waits_for_a_fetch_is_answered_when_it_is() {
    let plan = collapsed();
    let mut world = world(&plan, 0);
    world.run_before(at(2_000.0)).unwrap();
    let mean = world.record().classes[0].latency.mean().unwrap() * 1e-9;
    println!("{mean:.5} s");
    // 800 cycles of about 50 ± 7 waits, of 12.5 ± 2 s in all: a deviation of 0.6 %.
    assert!((mean - 13.0 / 251.0).abs() < 0.02 * 13.0 / 251.0, "{mean}");
    let gauges = world.gauges();
    let edge = &gauges[part(&plan, "edge-1").index()];
    // Found is what the origin did not see; who waits now is not counted yet.
    assert_eq!(edge.refused, fetches(&world, &plan));
    assert_eq!(edge.completed + edge.refused, edge.arrived);
    assert_eq!(edge.arrived - ended(&world, OK), u64::from(world.in_flight() > 0));
}

/// What no edge may answer is nobody else's answer either: 60 a second of 100 are fetched each by himself, and
/// 1 / (2 + 0.5 + 1 / 40) for the others together.
#[test]
fn what_no_edge_may_answer_is_fetched_by_everybody_for_himself() {
    let content = CONTENT.replace("collapse", "cacheable = { get = 0.4 }, collapse");
    let seen = fetched_over_a_thousand_seconds(&planned(&scene(&content, HALF_A_SECOND, "")));
    let expected = 60_000.0 + 1_000.0 / 2.525;
    println!("{seen} of {expected:.0}");
    assert!((seen - expected).abs() < 4.0 * 245.0, "{seen}");
}

/// The origin dies in the middle of a fetch: all who waited have its error, at that instant.
#[test]
fn a_fetch_that_fails_fails_for_all_who_wait() {
    let plan = collapsed();
    let mut world = world(&plan, 0);
    let now = into_a_fetch(&mut world, &plan, 20.0, 0.4);
    let waiting = world.in_flight() as u64;
    assert!(waiting > 20, "{waiting}");
    set(&mut world, &plan, "origin-1", Health::Down);
    assert_eq!(
        world.in_flight() as u64 + 1,
        waiting,
        "the fetch is thrown out, and then they are told"
    );
    world.run_before(at(now + 0.09)).unwrap();
    assert_eq!((ended(&world, ERROR), world.in_flight()), (waiting, 0));
    // Then each is refused for himself, until the origin is back.
    let before = fetches(&world, &plan);
    world.run_before(at(now + 1.0)).unwrap();
    assert!(fetches(&world, &plan) - before > 60);
    set(&mut world, &plan, "origin-1", Health::Up);
    let begun = fetches(&world, &plan);
    world.run_before(at(now + 2.0)).unwrap();
    assert_eq!(fetches(&world, &plan) - begun, 1);
}

/// A call of the fetch runs into its time-out: all who wait have the error then, and what goes on behind it
/// without its caller is nobody's answer: a fetch fails every 110 ms.
#[test]
fn what_goes_on_without_its_caller_answers_nobody() {
    let step = "{ call = \"rear\", time-out = \"100ms\", steps = [ { delay = \"1s\" } ] }";
    let plan = planned(&scene(CONTENT, step, ""));
    let mut world = world(&plan, 0);
    // The edge is warm for a life at most.
    world.run_before(at(2.0)).unwrap();
    let warm = ended(&world, OK);
    let before = fetches(&world, &plan);
    world.run_before(at(1_002.0)).unwrap();
    let seen = (fetches(&world, &plan) - before) as f64;
    println!("{seen} fetches of {:.0}", 1_000.0 / 0.11);
    // The gaps of 10 ms scatter by as much: √9091 × 0.01 / 0.11 = 9.
    assert!((seen - 1_000.0 / 0.11).abs() < 40.0, "{seen}");
    assert_eq!(ended(&world, OK), warm);
    let waits = world.in_flight() as u64;
    assert!(ended(&world, ERROR) > 99_000 && waits < 40, "{waits}");
}

/// Clients have 300 ms, a fetch takes 500: of a cycle of 2.51 s those who came in its first 200 ms, who
/// began it among them, go without; its answer serves those who came later.
#[test]
fn a_client_that_gives_up_loses_nothing_for_the_others() {
    let plan = planned(&scene(CONTENT, HALF_A_SECOND, &of_public("time-out = \"300ms\"")));
    let mut world = world(&plan, 0);
    world.run_before(at(2_000.0)).unwrap();
    let cycles = 2_000.0 / 2.51;
    let begun = fetches(&world, &plan) as f64;
    let gone = ended(&world, TIMEOUT) as f64;
    println!("{begun} of {cycles:.0} fetches, {gone} of {:.0} gave up", cycles * 21.0);
    assert!((begun - cycles).abs() < 4.0, "{begun}");
    // √(797 × 20) = 126.
    assert!((gone - cycles * 21.0).abs() < 500.0, "{gone}");
    let others = ended(&world, ERROR) + ended(&world, UNREACHABLE);
    assert_eq!(others, 0);
    assert!(world.in_flight() < 120, "{} are left", world.in_flight());
    // Nothing is left of those who gave up but the places in line behind the last fetch.
    let attempts = &world.record().classes[0].attempts;
    assert!(attempts.in_flight() <= world.in_flight() as u64);
}

/// Nobody hears a fetch: who gives up on it is as unheard as its own client, and the next one asks. So
/// everything is answered half a second after somebody hears it again.
#[test]
fn an_unheard_fetch_passes_to_the_next_who_waits() {
    let plan = planned(&scene(CONTENT, HALF_A_SECOND, &of_public("time-out = \"1s\"")));
    let mut world = world(&plan, 0);
    world.run_before(at(20.0)).unwrap();
    set(&mut world, &plan, "origin-1", Health::Unreachable);
    world.run_before(at(30.0)).unwrap();
    let gone = ended(&world, UNREACHABLE) as f64;
    assert_eq!(ended(&world, TIMEOUT) + ended(&world, ERROR), 0);
    // Of the 8 to 10 s after the copy's life the last second still waits.
    assert!((600.0..950.0).contains(&gone), "{gone}");
    set(&mut world, &plan, "origin-1", Health::Up);
    world.run_before(at(30.2)).unwrap();
    let late = ended(&world, UNREACHABLE);
    world.run_before(at(32.0)).unwrap();
    println!("{gone} unheard, {} of them later", ended(&world, UNREACHABLE) - late);
    // The one who was on the way out at 30 s passed it on; who asked then is answered by 30.6 s. Whoever
    // came before 29.6 s had given up by then.
    let served = ended(&world, OK);
    world.run_before(at(42.0)).unwrap();
    let failed = ended(&world, UNREACHABLE) + ended(&world, TIMEOUT);
    world.run_before(at(52.0)).unwrap();
    assert_eq!(ended(&world, UNREACHABLE) + ended(&world, TIMEOUT), failed, "all is well again");
    assert!((ended(&world, OK) - served) as f64 > 1_800.0);
}

/// The edge dies in the middle of a fetch and is back at once: who waited then hears nothing of it, and
/// whoever comes after that begins another one.
#[test]
fn who_waits_at_an_edge_that_dies_ends_with_its_fetch() {
    let plan = collapsed();
    let mut world = world(&plan, 0);
    let now = into_a_fetch(&mut world, &plan, 20.0, 0.4);
    let waiting = world.in_flight() as u64;
    set(&mut world, &plan, "edge-1", Health::Down);
    set(&mut world, &plan, "edge-1", Health::Up);
    let before = (fetches(&world, &plan), ended(&world, OK));
    world.run_before(at(now + 0.09)).unwrap();
    assert_eq!((ended(&world, OK), ended(&world, UNREACHABLE)), (before.1, 0));
    assert_eq!(fetches(&world, &plan), before.0 + 1, "one fetch for all who come now");
    world.run_before(at(now + 0.2)).unwrap();
    assert_eq!((ended(&world, OK), ended(&world, UNREACHABLE)), (before.1, waiting));
    world.run_before(at(now + 1.0)).unwrap();
    assert!(ended(&world, OK) > before.1 + 60, "the second one is answered");
    assert_eq!((ended(&world, UNREACHABLE), fetches(&world, &plan)), (waiting, before.0 + 1));
}
