//! Whose users are cut off until routes have converged.

use super::*;

const LASTS: f64 = 60.0;

/// Attempts nobody answered.
fn unreachable(world: &World<'_>) -> u64 {
    world.record().classes[0].attempts.ended[4]
}

/// The last instant after the onset at which somebody heard nothing, over replications; at least one in
/// every `gap` seconds does.
fn cut(scene: &Scene, gap: f64) -> Vec<f64> {
    let one = |replication| {
        let mut world = scene.world(replication);
        world.run_before(at(ONSET)).unwrap();
        let (mut last, mut count) = (0.0, unreachable(&world));
        assert_eq!(count, 0);
        for step in 1..=4_500 {
            let passed = STEP * f64::from(step);
            world.run_before(at(ONSET + passed)).unwrap();
            if unreachable(&world) > count {
                (last, count) = (passed, unreachable(&world));
            }
        }
        last + gap
    };
    (0..100).map(one).collect()
}

/// By one of two uplinks, or one of four edges, until the time of the file is over.
#[test]
fn users_of_a_dead_link_or_edge_are_cut_off_as_long() {
    let site = |uplinks: &str, front: &str, enter: &str| {
        format!(
            "[site.main]\n{uplinks}\n[rack.r]\nsite = \"main\"\n[server.box]\nrack = \"r\"\ncores = 1\n\
             [zone.www]\n[service.app]\nin = \"www\"\nworkers = \"unlimited\"\n{front}\n\
             [clients.public]\ntime-out = \"1s\"\n[workload.visitors]\nfrom = \"public\"\n\
             request = \"get\"\nrate = \"100/s\"\narrivals = {{ process = \"regular\" }}\n[request.get]\n\
             enter = \"{enter}\"\ndemands = {{ work = \"2500us\" }}\n\
             steps = [ {{ cpu = \"app\", demand = \"work\" }} ]\nreply = \"10kB\"\n"
        )
    };
    let uplinks = |seconds: u32| {
        let keys = format!(
            "uplinks = {{ count = 2, bandwidth = \"16Mbit/s\", convergence = \"{seconds}s\" }}"
        );
        let fault = fault("site.main.uplink-1", "crash", &format!("{LASTS}s"));
        Scene::of(&format!("{}{fault}", site(&keys, "", "app")))
    };
    let edges = |seconds: u32| {
        let front = format!(
            "[cdn.edge]\nto = \"app\"\ncount = 4\nhit = {{ get = 0 }}\nttl = \"1h\"\nconvergence = \"{seconds}s\""
        );
        let fault = fault("edge-1", "crash", &format!("{LASTS}s"));
        Scene::of(&format!("{}{fault}", site("", &front, "edge")))
    };
    type Kind<'a> = (&'a str, &'a dyn Fn(u32) -> Scene, f64);
    let kinds: [Kind<'_>; 2] = [("main.uplink-1", &uplinks, 0.5), ("edge-1", &edges, 0.25)];
    for (name, scene_of, share) in kinds {
        let scene = scene_of(30);
        scene.is_busy_a_quarter("box-1");
        // Views of the dead one are a geometric number of gaps of 10 ms apart: 1 in 10⁹ is more.
        let gap = 0.01 * libm::log(1e-9) / libm::log(1.0 - share);
        // Who hears nothing gives up after a second.
        let times: Vec<f64> = cut(&scene, gap).iter().map(|time| time - 1.0).collect();
        let automaton = format!("{name}/routes");
        let law = scene.law(&automaton, "converges");
        let drawn = scene.drawn(&automaton, &["cut"], ONSET);
        follows(name, &law, (&times, LATE + gap), &drawn);
        let other = scene_of(27).law(&automaton, "converges");
        assert!(judged(&times, &Truth::law(&other), LATE + gap).is_err());
    }
}
