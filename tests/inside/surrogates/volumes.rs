//! Which head serves a volume. The automaton of the volumes is the same in both solvers, draw by draw; what
//! is held against it here is when the first operation is served.

use fivenines::kinds::nas::live::next_retry;

use super::*;

/// Replications with FIVENINES_FULL=1, and without.
const REPLICATIONS: [u32; 2] = [400, 100];

/// A head that one operation after the other keeps busy for a quarter of the time.
const PAIR: &str = r#"
[server.box]
cores = 8
[zone.www]
[nas.store]
heads = 2
cpu = { dist = "uniform", low = "9ms", high = "11ms" }
[nas.store.failover]
detect = { dist = "uniform", low = "10s", high = "20s" }
takeover = { dist = "uniform", low = "20s", high = "40s" }
coverage = 0.8
giveback = { after = "30s", lasts = { dist = "uniform", low = "10s", high = "30s" } }
[nas.store.pools]
main = { kind = "10k", layout = "plain", data = 4, time = "1ms", head = 1 }
[nas.store.volumes]
first = { pool = "main" }
[service.app]
in = "www"
workers = "unlimited"
mounts = { first = "store:first" }
[workload.visitors]
request = "page"
rate = "25/s"
arrivals = { process = "regular" }
[request.page]
enter = "app"
steps = [ { io = "first", ops = 1 } ]
"#;

/// How long the head is dead, and the time between two operations: the first that is served comes so much
/// later, and is done 11 ms after that.
const LASTS: f64 = 100.0;
const GAP: f64 = 0.04;

/// Seconds from the onset until the partner serves, and from the return until the head does again.
fn served(scene: &Scene, replication: u32) -> (Option<f64>, f64) {
    let mut world = scene.world(replication);
    world.run_before(at(ONSET)).unwrap();
    let done = |world: &World<'_>, name: &str| world.gauges()[scene.part(name).index()].completed;
    let there = until(&mut world, LASTS - 1.0, |world| done(world, "store.head-2") > 0);
    world.run_before(at(ONSET + LASTS)).unwrap();
    let before = done(&world, "store.head-1");
    let back = until(&mut world, 90.0, |world| done(world, "store.head-1") > before);
    (there, back.unwrap())
}

/// Takeover and giveback: both solvers draw the same, so that each replication is compared with itself; a
/// takeover that does not work lasts until the head is back.
#[test]
fn volumes_are_taken_over_and_given_back_when_years_say_so() {
    let scene =
        Scene::of(&format!("{PAIR}{}", fault("nas.store.head-1", "crash", &format!("{LASTS}s"))));
    scene.is_busy_a_quarter("store.head-1");
    let volumes = "store.head-1/volumes";
    let taken = scene.drawn(volumes, &["unseen", "takeover"], ONSET);
    let given = scene.drawn(volumes, &["partner", "giveback"], ONSET + LASTS);
    let late = LATE + GAP + 0.011;
    let (mut there, mut back) = (Vec::new(), Vec::new());
    let full = std::env::var_os("FIVENINES_FULL").is_some();
    let replications = REPLICATIONS[usize::from(!full)];
    for replication in 0..replications {
        let (taken, given) = (taken[replication as usize], given[replication as usize]);
        let seen = served(&scene, replication);
        assert_eq!(seen.0.is_some(), taken.is_some(), "the draw of coverage is the same");
        let (Some(seen_there), Some(taken), Some(given)) = (seen.0, taken, given) else {
            assert!(seen.1 <= late, "orphans are served when their head is back: {seen:?}");
            continue;
        };
        for (seen, drawn) in [(seen_there, taken), (seen.1, given)] {
            assert!(seen >= drawn - 1e-6 && seen <= drawn + late, "{seen}, drawn {drawn}");
        }
        there.push(seen_there);
        back.push(seen.1);
    }
    comes_up("takeovers", there.len(), replications as usize, 0.8);
    alike("detect and takeover", &there, &taken, late);
    alike("settled and giveback", &back, &given, late);
    let mean = scene.law(volumes, "detect").mean() + scene.law(volumes, "takeover").mean();
    let found = there.iter().sum::<f64>() / there.len() as f64;
    let one = scene.law(volumes, "detect").variance() + scene.law(volumes, "takeover").variance();
    let band = 3.29 * (one / there.len() as f64).sqrt() + late;
    assert!((found - mean).abs() < band, "{found} of {mean}");
    let settled = scene.law(volumes, "settled").mean();
    let back: Vec<f64> = back.iter().map(|time| time - settled).collect();
    let given: Vec<_> = given.iter().map(|time| time.map(|time| time - settled)).collect();
    follows("giveback", &scene.law(volumes, "giveback"), (&back, late), &given);
    // Not noticed at once.
    let takeover = scene.law(volumes, "takeover");
    assert!(judged(&there, &Truth::law(&takeover), late).is_err());
}

/// A difference that is known: years let everybody go on when the stall ends. A client of a hard mount asks
/// again 1, 3, 7, … s after it asked first; where the workers are all held by those who asked first,
/// nobody goes on before these do.
#[test]
fn a_service_whose_workers_are_held_goes_on_with_the_retries_of_those_who_came_first() {
    let held = PAIR
        .replace("coverage = 0.8", "coverage = 1")
        .replace("workers = \"unlimited\"", "workers = 20\nbacklog = 100000");
    let scene = Scene::of(&format!("{held}{}", fault("nas.store.head-1", "crash", "100s")));
    let stalls = scene.drawn("store.head-1/volumes", &["unseen", "takeover"], ONSET);
    let (mut stalled, mut dark) = (0.0, 0.0);
    for replication in 0..100 {
        let stall = stalls[replication as usize].unwrap();
        let mut world = scene.world(replication);
        // The last one before is done.
        world.run_before(at(ONSET + 0.02)).unwrap();
        let ended = |world: &World<'_>| world.record().classes[0].attempts.ended[0];
        let before = ended(&world);
        let seen = 0.02 + until(&mut world, 200.0, |world| ended(world) > before).unwrap();
        // One of them asked in each gap after the onset, until all twenty workers were held; whoever is
        // served first is done 11 ms later.
        let next =
            |issued: f64| (next_retry(at(ONSET + issued), at(ONSET + stall)) - at(ONSET)).seconds();
        let latest = |gap: u32| {
            let from = GAP * f64::from(gap);
            (0..=40).map(|part| next(from + GAP * f64::from(part) / 40.0)).fold(0.0, f64::max)
        };
        let most = (0..20).map(latest).fold(f64::INFINITY, f64::min);
        assert!(seen >= stall && seen <= most + 0.1, "{seen} of {most}: a stall of {stall}");
        stalled += stall / 100.0;
        dark += seen / 100.0;
    }
    println!("stalls of {stalled:.1} s, {dark:.1} s without an answer");
    assert!(dark > 1.2 * stalled, "{dark} s of {stalled} s");
}
