//! Promise: users have a place. Each request takes the round trip to the site that answers it, and a name leads users to the
//! nearest site that is believed alive: as answers expire, or as routes converge.

use fivenines::model::Health;
use fivenines::model::blueprint::Blueprint;
use fivenines::model::world::World;

use crate::inside::front::{at, part, set, world};
use crate::inside::links::blueprint;

/// Two sites with a member each, in the order that suits no user near the first, and two users with a place each: 20 ms from
/// their own site, 70 ms from the other. A request takes 1 ms. Of the classes with `requests`, `home` stands for the users of
/// the near site and `away` for those of the far one.
fn text(names: &str, requests: &str) -> String {
    // It is refused where the page fetches nothing.
    let one_at_a_time = |page: &str| {
        let (_, own) = requests.split_once(&format!("[request.{page}]")).expect("it is there");
        let own = own.split("[request.").next().unwrap_or_default();
        if own.contains("then =") { "connections = 1\n" } else { "" }
    };
    let [residents, travellers] = ["home", "away"].map(one_at_a_time);
    format!(
        r#"
scenario = "places"
format   = 2
[window.run]
length = "10s"
[site.near]
[site.far]
[rack.near-rack]
site = "near"
[rack.far-rack]
site = "far"
[server.near-box]
rack = "near-rack"
cores = 64
[server.far-box]
rack = "far-rack"
cores = 64
[zone.east]
on = ["near-box-1"]
[zone.west]
on = ["far-box-1"]
[service.here]
in = "east"
workers = "unlimited"
[service.there]
in = "west"
workers = "unlimited"
[name-service.www]
to = ["there", "here"]
{names}
[clients.residents]
round-trips = {{ near = "20ms", far = "70ms" }}
{residents}[clients.travellers]
round-trips = {{ far = "20ms", near = "70ms" }}
{travellers}[workload.at-home]
from = "residents"
request = "home"
rate = "100/s"
arrivals = {{ process = "regular" }}
[workload.abroad]
from = "travellers"
request = "away"
rate = "100/s"
arrivals = {{ process = "regular" }}
{requests}"#
    )
}

fn scene(names: &str, requests: &str) -> Blueprint {
    blueprint(&text(names, requests))
}

const NEAREST: &str = "policy = \"nearest\"\nttl = \"60s\"\n\
    check = { interval = \"100ms\", time-out = \"29950ms\", fall = 1 }\n";
const PAGES: &str = "[request.home]\nenter = \"www\"\nsteps = [ { delay = \"1ms\" } ]\n\
    [request.away]\nenter = \"www\"\nsteps = [ { delay = \"1ms\" } ]\n";

/// Least and greatest latency in milliseconds of the views of a workload; they are in the order of names.
fn views(world: &World<'_>, workload: usize) -> (f64, f64) {
    let latency = &world.record().views[workload].latency;
    let millis = |time: Option<u64>| time.unwrap() as f64 / 1e6;
    (millis(latency.min()), millis(latency.max()))
}

const ABROAD: usize = 0;
const AT_HOME: usize = 1;

fn arrived(world: &World<'_>, plan: &Blueprint, name: &str) -> u64 {
    world.gauges()[part(plan, name).index()].arrived
}

/// Each view takes the 20 ms to its own site and the 1 ms there, whatever the order of the targets.
#[test]
fn users_are_led_to_the_nearest_site() {
    let plan = scene(NEAREST, PAGES);
    let mut world = world(&plan, 0);
    world.run_before(at(10.0)).unwrap();
    assert_eq!(views(&world, AT_HOME), (21.0, 21.0));
    assert_eq!(views(&world, ABROAD), (21.0, 21.0));
    let (here, there) = (arrived(&world, &plan, "here-1"), arrived(&world, &plan, "there-1"));
    // One request at the end of the interval.
    assert!(here.abs_diff(1_000) <= 1 && there.abs_diff(1_000) <= 1, "{here}, {there}");
}

/// The near site is silent at 200 s; its probe fails after 29.95 s, one in every 0.1 s: 30 s of detection, to 0.05 s. Answers
/// live for 60 s, so half of its users have moved 30 s later, and all of them 60 s later. Each then takes the 70 ms to the other
/// site. Users of that never move.
#[test]
fn when_a_site_dies_its_users_go_to_the_next_as_answers_expire() {
    let plan = scene(NEAREST, PAGES);
    let mut world = world(&plan, 0);
    let moved = |world: &mut World<'_>, from: f64, until: f64| {
        world.run_before(at(from)).unwrap();
        let before = arrived(world, &plan, "there-1");
        world.run_before(at(until)).unwrap();
        (arrived(world, &plan, "there-1") - before) as f64 / (until - from) / 100.0 - 1.0
    };
    world.run_before(at(200.0)).unwrap();
    set(&mut world, &plan, "here-1", Health::Unreachable);
    assert!(moved(&mut world, 200.0, 229.9).abs() < 1e-3);
    // 1,000 views: a deviation of 0.016.
    let half = moved(&mut world, 255.0, 265.0);
    assert!((half - 0.5).abs() <= 0.06, "{half}");
    assert!((moved(&mut world, 290.1, 300.1) - 1.0).abs() < 1e-3);
    assert_eq!(views(&world, AT_HOME), (21.0, 71.0));
    assert_eq!(views(&world, ABROAD), (21.0, 21.0));
}

/// The same loss behind an anycast address whose routes converge in 20 s: no user has moved 49.9 s after the loss, and all
/// have 50.1 s after it. The site is back at 260.1 s. The probe under way fails at 290 s, the next one succeeds, and the users
/// return together 20 s later.
#[test]
fn routes_to_an_anycast_address_move_all_users_at_once() {
    let names =
        NEAREST.replace("nearest", "anycast").replace("ttl = \"60s\"", "convergence = \"20s\"");
    let plan = scene(&names, PAGES);
    let mut world = world(&plan, 0);
    let there = |world: &mut World<'_>, from: f64, until: f64| {
        world.run_before(at(from)).unwrap();
        let before = arrived(world, &plan, "there-1");
        world.run_before(at(until)).unwrap();
        arrived(world, &plan, "there-1") - before
    };
    // One request at either end of an interval.
    let holds =
        |found: u64, hand: u64| assert!(found.abs_diff(hand) <= 2, "{found} instead of {hand}");
    world.run_before(at(200.0)).unwrap();
    set(&mut world, &plan, "here-1", Health::Unreachable);
    holds(there(&mut world, 200.0, 249.9), 4_990);
    holds(there(&mut world, 250.1, 260.1), 2 * 1_000);
    set(&mut world, &plan, "here-1", Health::Up);
    holds(there(&mut world, 260.1, 309.9), 2 * 4_980);
    holds(there(&mut world, 310.1, 320.1), 1_000);
}

/// A page of the near site, then two parts from the nearest, one after the other. Users of the near site: 3 x (20 + 1) ms. The
/// others: (70 + 1) ms for the page, and 2 x (20 + 1) ms. The way to the far site is half of 20 ms for the first part, after
/// the half of 70 ms for the page.
#[test]
fn each_request_of_a_view_takes_the_round_trip_to_its_own_site() {
    let requests = "[request.home]\nenter = \"here\"\nsteps = [ { delay = \"1ms\" } ]\n\
        then = { request = \"home-part\", count = 2 }\n\
        [request.home-part]\nenter = \"www\"\nsteps = [ { delay = \"1ms\" } ]\n\
        [request.away]\nenter = \"here\"\nsteps = [ { delay = \"1ms\" } ]\n\
        then = { request = \"away-part\", count = 2 }\n\
        [request.away-part]\nenter = \"www\"\nsteps = [ { delay = \"1ms\" } ]\n";
    let plan = scene(NEAREST, requests);
    let mut world = world(&plan, 0);
    world.run_before(at(10.0)).unwrap();
    assert_eq!(views(&world, AT_HOME), (63.0, 63.0));
    assert_eq!(views(&world, ABROAD), (113.0, 113.0));
}

/// Equal round trips to both sites give what one round trip to all of them gives, draw by draw.
#[test]
fn equal_round_trips_are_one_round_trip() {
    let law = "{ dist = \"lognormal\", mean = \"31ms\", cv = 0.7 }";
    let requests = PAGES.replace(
        "[request.away]",
        "then = { request = \"part\", count = 3 }\n[request.part]\nenter = \"www\"\n\
         steps = [ { delay = \"1ms\" } ]\n[request.away]",
    );
    let written = text(&NEAREST.replace("nearest", "failover"), &requests);
    let with = |trips: &str| {
        let own = ["near = \"20ms\", far = \"70ms\"", "far = \"20ms\", near = \"70ms\""];
        let own = own.map(|own| format!("round-trips = {{ {own} }}"));
        assert!(own.iter().all(|own| written.contains(own)));
        let written = own.iter().fold(written.clone(), |text, own| text.replace(own, trips));
        let plan = blueprint(&written);
        let mut world = world(&plan, 0);
        world.run_before(at(30.0)).unwrap();
        format!("{:?}", world.record().views)
    };
    let one = with(&format!("round-trip = {law}"));
    assert_eq!(one, with(&format!("round-trips = {{ near = {law}, far = {law} }}")));
}
