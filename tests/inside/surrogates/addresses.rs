//! Who has the address of a balancer, and who has the addresses of peers.

use super::balancers::site;
use super::*;

const REPLICATIONS: u32 = 1_000;

fn pair(keys: &str, faults: &str) -> Scene {
    let front =
        format!("[balancer.front]\ncount = 2\nto = \"app\"\ncores = 1\ncpu = \"12ms\"\n{keys}\n");
    Scene::of(&site().with(&front).with(faults))
}

/// Seconds after `from` at which the unit has the address, one for each replication.
fn arrives(scene: &Scene, unit: usize, from: f64, limit: f64) -> Vec<Option<f64>> {
    let one = |replication| {
        let mut world = scene.world(replication);
        world.run_before(at(from)).unwrap();
        let held = |world: &World<'_>| scene.balancer(world).holder() == Some(unit);
        if held(&world) { None } else { until(&mut world, limit, held) }
    };
    (0..REPLICATIONS).map(one).collect()
}

fn all(sample: &[Option<f64>]) -> Vec<f64> {
    let found: Vec<f64> = sample.iter().copied().flatten().collect();
    assert_eq!(found.len(), sample.len(), "in every replication");
    found
}

const VRRP: &str = r#"vrrp = { interval = "1s", priority = 200, partner = 100 }"#;

/// Advertisements missed, whoever misses them; the address goes back when the first has heard nothing
/// better for its own time.
#[test]
fn the_address_of_a_vrrp_pair_moves_by_advertisements() {
    let one = pair(VRRP, &fault("front-1", "crash", "60s"));
    one.is_busy_a_quarter("box-1");
    let (there, back) = (arrives(&one, 1, ONSET, 20.0), arrives(&one, 0, 70.0, 20.0));
    let address = "front/address";
    let drawn = one.drawn(address, &["silent-1", "taking-1"], ONSET);
    let silence = one.law(address, "silence-2");
    follows("vrrp, the second takes over", &silence, (&all(&there), LATE), &drawn);
    let drawn = one.drawn(address, &["at-2", "travels"], 70.0);
    follows("vrrp, preempt", &one.law(address, "settled"), (&all(&back), LATE), &drawn);
    // The skew of another priority would not do, nor an advertisement less.
    let other =
        pair(&VRRP.replace("partner = 100", "partner = 190"), &fault("front-1", "crash", "60s"));
    assert!(judged(&all(&there), &Truth::law(&other.law(address, "silence-2")), LATE).is_err());
    let stays = VRRP.replace("partner = 100", "partner = 100, preempt = false");
    let second = "[fault.two]\nhits = \"front-2\"\nhow = \"hang\"\nat = \"60s\"\nlasts = \"30s\"\n";
    let two = pair(&stays, &format!("{}{second}", fault("front-1", "crash", "30s")));
    let drawn = two.drawn(address, &["silent-2", "taking-2"], 60.0);
    let first = arrives(&two, 0, 60.0, 20.0);
    let silence = two.law(address, "silence-1");
    follows("vrrp, the first takes over", &silence, (&all(&first), LATE), &drawn);
}

/// A unit that is taken out as planned says so: its partner waits for the skew alone.
#[test]
fn a_planned_stop_of_a_vrrp_unit_costs_the_skew() {
    let operation = "[operation.upgrade]\ndoes = \"maintain\"\nof = \"front-1\"\nat = \"Mon 00:01\"\n\
                     lasts = \"60s\"\n";
    let scene = pair(VRRP, operation);
    let there = arrives(&scene, 1, 60.0, 20.0);
    let drawn = scene.drawn("front/address", &["silent-1", "leaves-1", "taking-1"], 60.0);
    let law = scene.law("front/address", "farewell-2");
    follows("vrrp, planned", &law, (&all(&there), LATE), &drawn);
    let silence = scene.law("front/address", "silence-2");
    assert!(judged(&all(&there), &Truth::law(&silence), LATE).is_err(), "no crash");
}

const FAILOVER: &str = r#"[balancer.front.failover]
detect   = { dist = "uniform", low = "4s", high = "6s" }
takeover = { dist = "uniform", low = "1s", high = "3s" }
coverage = 0.8
giveback = { after = "20s", lasts = { dist = "uniform", low = "2s", high = "5s" } }
"#;

/// Silence and takeover by the laws of the file, with its coverage, the way back after it; where it does not
/// work the address is with the first when that is back.
#[test]
fn the_address_of_a_pair_moves_by_the_laws_of_its_file() {
    let scene = pair(FAILOVER, &fault("front-1", "crash", "60s"));
    let address = "front/address";
    let there = arrives(&scene, 1, ONSET, 50.0);
    let works: Vec<f64> = there.iter().copied().flatten().collect();
    comes_up("takeovers, requests", works.len(), there.len(), 0.8);
    let drawn = scene.drawn(address, &["silent-1", "taking-1"], ONSET);
    comes_up("takeovers, years", drawn.iter().flatten().count(), drawn.len(), 0.8);
    alike("failover: silence and takeover", &works, &drawn, LATE);
    let parts = [scene.law(address, "silence-2"), scene.law(address, "takeover-2")];
    let mean: f64 = parts.iter().map(Law::mean).sum();
    let deviation = parts.iter().map(Law::variance).sum::<f64>().sqrt();
    let found = works.iter().sum::<f64>() / works.len() as f64;
    let band = 3.29 * deviation / (works.len() as f64).sqrt() + LATE;
    assert!((found - mean).abs() < band, "{found} of {mean}");
    assert!((found - parts[0].mean()).abs() > band, "without the takeover it would not do");
    let after = scene.law(address, "settled").mean();
    let back: Vec<f64> =
        arrives(&scene, 0, 70.0, 40.0).into_iter().flatten().map(|time| time - after).collect();
    let way = |drawn: Vec<Option<f64>>| -> Vec<_> {
        drawn.into_iter().map(|time| time.map(|time| time - after)).collect()
    };
    let drawn = way(scene.drawn(address, &["at-2", "travels"], 70.0));
    follows("failover: giveback", &scene.law(address, "giveback"), (&back, LATE), &drawn);
}

/// A unit whose zone hangs is as silent as one that hangs itself.
#[test]
fn a_unit_whose_zone_hangs_is_silent() {
    let front = "[zone.lb]\ncount = 2\non = [\"box-1\", \"box-2\"]\n[balancer.front]\ncount = 2\n\
                 in = \"lb\"\nto = \"app\"\ncpu = \"1ms\"\n";
    let fault = fault("lb-1", "hang", "60s");
    let text = site().with(&format!("{front}{VRRP}\n{fault}"));
    let scene = Scene::of(&text);
    let there = arrives(&scene, 1, ONSET, 20.0);
    let drawn = scene.drawn("front/address", &["silent-1", "taking-1"], ONSET);
    let law = scene.law("front/address", "silence-2");
    follows("vrrp, the zone hangs", &law, (&all(&there), LATE), &drawn);
}

/// The addresses of a peer go to the others when these have formed their ring anew, and come back when
/// it is mature, in one pass or in rounds: the last of them is what years wait for.
#[test]
fn the_addresses_of_a_peer_move_by_the_timers_of_the_ring() {
    for balance in ["", "balance = { every = \"4s\" }\n"] {
        let peers = format!(
            "[balancer.front]\ncount = 3\nto = \"app\"\ncores = 1\ncpu = \"12ms\"\n\
             [balancer.front.peers]\naddresses = 6\n{balance}"
        );
        let scene = Scene::of(&site().with(&peers).with(&fault("front-2", "partitioned", "60s")));
        let times = |from: f64, goal: [usize; 3]| -> Vec<f64> {
            let one = |replication| {
                let mut world = scene.world(replication);
                world.run_before(at(from)).unwrap();
                until(&mut world, 30.0, |world| scene.balancer(world).addresses() == goal).unwrap()
            };
            (0..REPLICATIONS / 2).map(one).collect()
        };
        let (gone, back) = (times(ONSET, [3, 0, 3]), times(70.0, [2, 2, 2]));
        let addresses = "front-2/addresses";
        let drawn = scene.drawn(addresses, &["unseen"], ONSET);
        follows("peers: ring", &scene.law(addresses, "ring"), (&gone, LATE), &drawn);
        let drawn = scene.drawn(addresses, &["away"], 70.0);
        follows("peers: mature", &scene.law(addresses, "mature"), (&back, LATE), &drawn);
    }
}
