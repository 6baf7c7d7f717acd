//! Caches find what theory says they find, in a running system too.

use std::path::Path;

use fivenines::engine::draw::Lineage;
use fivenines::model::Health;
use fivenines::model::ids::{CauseId, ComponentId};
use fivenines::model::outage::Faults;
use fivenines::model::world::{Span, World};
use fivenines::plan;
use fivenines::plan::compile::compile;
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::scenario::document::Document;
use fivenines::scenario::source::Source;
use fivenines::study::expect::Verdict;
use fivenines::study::scenario::{Choices, prepare, run};
use fivenines::study::window::Watch;
use fivenines::units::{SimDuration, SimTime};

use crate::inside::shared::base::{With as _, base};

/// Judged in the fast set, with eight replications: 8·10⁵ look-ups each.
const SMALL: [&str; 7] = [
    "o40-lru",
    "o40-fifo",
    "o40-random",
    "o40-lru-n10",
    "o40-fifo-n10",
    "o40-lru-uniform",
    "o41-n100",
];
/// Added in the full set: 8·10⁶ look-ups each.
const LARGE: [&str; 2] = ["o41-n10000", "o41-n10000-zipf1"];

/// O40 and O41 by the request loop.
#[test]
fn o40_o41_scenarios_hold_what_they_expect() {
    let full = std::env::var_os("FIVENINES_FULL").is_some();
    let large = LARGE.into_iter().filter(|_| full);
    for name in SMALL.into_iter().chain(large) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/oracles");
        let text = std::fs::read_to_string(path.join(format!("{name}.toml"))).unwrap();
        let mut out = Diagnostics::new();
        let document = Document::parse(Source::from_text(name, &text), &mut out).unwrap();
        let draft = plan::draft(&document, &mut out).unwrap();
        let tables = compile(&draft, &path, &mut out);
        let choices = Choices { replications: Some(12), ..Choices::default() };
        let study = prepare(&draft, &tables, choices, &mut out);
        assert!(!out.has_errors(), "{name}: {:#?}", out.sorted());
        let result = run(&tables, &study, &Watch::default()).unwrap();
        let estimate = result.judged(&study, study.expectations[0].of);
        assert_eq!(result.judgements, [Verdict::Holds], "{name}: {estimate:?}");
        println!("{name}: {estimate:?}");
    }
}

fn cached() -> String {
    base("service").with(
        r#"
[window.run]
length = "10s"
[server.box]
cores = 4
[zone.memory]
[cache.store]
in = "memory"
cpu = "1ms"
objects = 10
popularity = { zipf = 0.0, objects = 10 }
[workload.readers]
request = "get"
rate = "10/s"
arrivals = { process = "regular" }
[request.get]
enter = "app"
demands = { fetch = "20ms" }
steps = [ { cache = "store", else = [ { cpu = "app", demand = "fetch" } ] } ]
"#,
    )
}

/// All ten objects fit: after each has been asked for once, every look-up takes 1 ms and no more.
/// While the process is down a look-up costs nothing and misses; after that it is cold.
#[test]
fn a_cache_that_is_lost_sends_its_readers_to_the_origin_and_starts_cold() {
    let plan = crate::inside::links::blueprint(&cached());
    let end = SimTime::ZERO + SimDuration::from_secs(1_000);
    let start = SimTime::ZERO;
    let span =
        Span { levels: vec![], start, from: start, until: end, horizon: end, faults: Faults::Off };
    let part = |name: &str| {
        let place = plan.parts.iter().position(|part| part.name == name).expect(name);
        ComponentId(place as u32)
    };
    let (process, objects) = (part("store"), part("store.objects"));
    let mut world = World::new(&plan, Lineage::replication(0), span);
    let seconds = |s: u64| SimTime::ZERO + SimDuration::from_secs(s);
    let misses = |world: &World<'_>| world.gauges()[objects.index()].refused;
    world.run_before(seconds(100)).unwrap();
    assert_eq!(misses(&world), 10);
    let latency = &world.record().classes[0].latency;
    assert_eq!((latency.min(), latency.max()), (Some(1_000_000), Some(21_000_000)));
    assert_eq!(latency.count_at_most(1_000_000), latency.count() - 10);

    world.set_health(process, Health::Down, CauseId::OVERLOAD);
    let before = world.gauges()[process.index()].arrived;
    world.run_before(seconds(200)).unwrap();
    // Ten a second: all of them miss, none gets as far as the process.
    assert_eq!(misses(&world), 10 + 1_000);
    assert_eq!(world.gauges()[process.index()].arrived, before);

    world.set_health(process, Health::Up, CauseId::OVERLOAD);
    world.run_before(seconds(400)).unwrap();
    assert_eq!(misses(&world), 10 + 1_000 + 10);
    // A restart that takes no time loses what it held, and nobody finds it gone.
    world.set_health(process, Health::Down, CauseId::OVERLOAD);
    world.set_health(process, Health::Up, CauseId::OVERLOAD);
    world.run_before(seconds(600)).unwrap();
    assert_eq!(misses(&world), 10 + 1_000 + 10 + 10);
}

/// Two caches, one behind the other, the first with a life: what `check` reckons for the zone behind them is
/// what a run shows.
#[test]
fn what_is_left_behind_caches_is_reckoned() {
    let text = base("service").with(
        r#"
[server.box]
cores = 4
[zone.www]
cpu = { cap = 1.0 }
[zone.memory]
[cache.near]
in = "memory"
cpu = "0s"
objects = 100
ttl = "10s"
popularity = { zipf = 0.8, objects = 1000 }
[cache.far]
in = "memory"
cpu = "0s"
objects = 1000
ttl = "1min"
popularity = { zipf = 0.5, objects = 1000 }
[workload.readers]
request = "get"
rate = "50/s"
[request.get]
enter = "app"
demands = { fetch = "20ms" }
steps = [
  { cache = "near", else = [ { cache = "far", else = [ { cpu = "app", demand = "fetch" } ] } ] },
]
"#,
    );
    let draft = crate::inside::faults::drafted(&text);
    let (near, far) = (draft.names.find("near").unwrap(), draft.names.find("far").unwrap());
    let (near, far) = (draft.hits.in_cache(near.index), draft.hits.in_cache(far.index));
    let expected = 50.0 * (1.0 - near) * (1.0 - far) * 0.020;
    let offered = fivenines::plan::load::offered(&draft, &[50.0]);
    let www = offered.iter().find(|one| one.name == "www-1.cpu").unwrap();
    assert!((www.per_second / expected - 1.0).abs() < 1e-12, "{www:?} against {expected}");

    let plan = crate::inside::faults::planned(&text);
    let window = crate::inside::faults::window(300.0, 20_300.0);
    let seen = fivenines::solve::requests::run(&plan, &window, 0).unwrap();
    let zone = plan.zones.iter().position(|zone| zone.name == "www-1").unwrap();
    let busy = seen.zones[zone].utilization().unwrap();
    println!("near {near:.4}, far {far:.4}: {busy:.5}, {:.5} reckoned", www.utilization());
    assert!((busy / www.utilization() - 1.0).abs() < 0.02, "{busy} against {www:?}");
}
