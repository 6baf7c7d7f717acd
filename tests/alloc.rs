//! Promise: an event costs no allocation once the world has grown to its size.
//!
//! A test binary of its own, for it replaces the allocator by one that counts, and one test, so
//! that nothing else allocates meanwhile.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::alloc::System;
use std::path::Path;

use fivenines::measured::{
    Blueprint, Diagnostics, Document, Faults, Lineage, Rate, SimTime, Source, Span, World, compile,
    draft,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn plan_of(name: &str) -> Blueprint {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    let mut out = Diagnostics::new();
    let source = Source::read(&path, &mut out).unwrap();
    let document = Document::parse(source, &mut out).unwrap();
    let draft = draft(&document, &mut out).unwrap();
    let plan = compile(&draft, path.parent().unwrap(), &mut out);
    assert!(!out.has_errors(), "{name}");
    plan
}

/// Allocations (a block that grows counts as one) and events of `seconds` after a warm-up; `level` is
/// that of the visitors.
fn steady(plan: &Blueprint, level: Option<f64>, warm_up: u64, seconds: u64) -> (usize, u64) {
    let at = |seconds: u64| SimTime::from_nanos(seconds * 1_000_000_000);
    let end = at(warm_up + seconds);
    let visitors = plan.workloads.iter().map(|workload| workload.name == "visitors");
    let levels = visitors.map(|are| level.filter(|_| are).and_then(Rate::per_second)).collect();
    let span = Span {
        levels,
        start: SimTime::ZERO,
        from: SimTime::ZERO,
        until: end,
        horizon: end,
        faults: Faults::Off,
    };
    let mut world = World::new(plan, Lineage::replication(0), span);
    world.run_before(at(warm_up)).unwrap();
    let before = world.events();
    let region = Region::new(COUNTING);
    world.run_before(end).unwrap();
    let change = region.change();
    (change.allocations + change.reallocations, world.events() - before)
}

/// B3, tier-1, collapsed fetches at edges and a shield, and tiers 7 and 8 with all parts there are (balancers,
/// replicas that follow, a pair of heads; edges and services beside the path): a line or a table may still reach
/// a new longest length now and then (each doubles, so that gets ever rarer), but no event allocates as
/// such: fewer than one allocation in 10,000 events, where one a request would be one in three.
#[test]
fn an_event_in_the_steady_state_allocates_nothing() {
    let cases = [
        ("oracles/b3-web-service.toml", None, 200, 200),
        ("tiers/tier-1.toml", Some(20.0), 600, 600),
        ("scalable/image-shield.toml", Some(600.0), 120, 240),
        ("tiers/tier-7.toml", Some(20.0), 600, 600),
        ("tiers/tier-8.toml", Some(20.0), 600, 600),
    ];
    for (name, level, warm_up, seconds) in cases {
        let (allocations, events) = steady(&plan_of(name), level, warm_up, seconds);
        println!("{name}: {allocations} allocations in {events} events");
        assert!(events > 200_000, "{name}: {events}");
        assert!(allocations as u64 * 10_000 < events, "{name}: {allocations} in {events}");
    }
}
