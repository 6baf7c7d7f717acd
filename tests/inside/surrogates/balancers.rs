//! Whom a balancer still believes alive, and whom not yet.

use super::*;

const REPLICATIONS: u32 = 600;
/// How long the fault lasts.
const LASTS: f64 = 40.0;

/// Two members of a core each, a quarter of which the requests take, behind a balancer.
pub fn site() -> String {
    base("balanced").with(
        r#"
[server.box]
count = 2
cores = 1
[zone.www]
count = 2
on = ["box-1", "box-2"]
[workload.visitors]
rate = "20/s"
arrivals = { process = "poisson" }
[request.get]
demands = { work = "25ms" }
"#,
    )
}

const FIVE: &str = r#"interval = "5s", time-out = "2s", fall = 2, rise = 2"#;

fn checked(check: &str, hits: &str, how: &str) -> Scene {
    let balancer = format!("[balancer.front]\ncheck = {{ {check} }}\n");
    Scene::of(&site().with(&balancer).with(&fault(hits, how, &format!("{LASTS}s"))))
}

/// Seconds from the onset until the first member is out, and from its return until it is in again.
fn seen(scene: &Scene, replication: u32) -> (Option<f64>, f64) {
    let mut world = scene.world(replication);
    world.run_before(at(ONSET)).unwrap();
    let believes = |world: &World<'_>| scene.balancer(world).believes(0, 0);
    assert!(believes(&world), "a member that is well stays in");
    let out = until(&mut world, LASTS - 1.0, |world| !believes(world));
    world.run_before(at(ONSET + LASTS)).unwrap();
    let back = until(&mut world, 30.0, |world| works(scene, world, "app-1") && believes(world));
    (out, back.unwrap())
}

/// What broke, how, what the check says beside its timers, and the timer that answers for it.
type Case = (&'static str, &'static str, &'static str, &'static str);

/// Taken out after `fall` failed probes, put back after `rise` good ones: who refuses, is cut off, hangs
/// (himself or with his zone), or has lost his server; by shallow checks and by deep ones.
#[test]
fn a_member_is_taken_out_and_put_back_by_the_probes_of_its_balancer() {
    const CASES: [Case; 8] = [
        ("app-1", "crash", "", "fall-by-refusal"),
        ("app-1", "crash", ", depth = \"deep\"", "fall-by-refusal"),
        ("app-1", "partitioned", "", "fall"),
        ("app-1", "partitioned", ", depth = \"deep\"", "fall"),
        ("box-1", "crash", "", "fall"),
        ("app-1", "hang", ", detects-hang = 1", "fall"),
        ("app-1", "hang", ", depth = \"deep\"", "fall"),
        ("www-1", "hang", ", depth = \"deep\"", "fall"),
    ];
    checked(FIVE, "app-1", "crash").is_busy_a_quarter("box-1");
    let hasty =
        checked(&FIVE.replace("fall = 2, rise = 2", "fall = 1, rise = 1"), "app-1", "crash");
    for (hits, how, more, timer) in CASES {
        let what = format!("{hits} {how}{more}");
        let scene = checked(&format!("{FIVE}{more}"), hits, how);
        let all: Vec<_> = (0..REPLICATIONS).map(|one| seen(&scene, one)).collect();
        let out: Vec<f64> = all.iter().map(|(out, _)| out.expect("it is noticed")).collect();
        let back: Vec<f64> = all.iter().map(|(_, back)| *back).collect();
        let belief = "front/app-1";
        let drawn = scene.drawn(belief, &["unseen"], ONSET);
        assert!(drawn.iter().all(Option::is_some), "{what}");
        follows(&format!("{what}: {timer}"), &scene.law(belief, timer), (&out, LATE), &drawn);
        let drawn = scene.drawn(belief, &["back"], ONSET + LASTS);
        follows(&format!("{what}: rise"), &scene.law(belief, "rise"), (&back, LATE), &drawn);
        // One probe less would not do.
        for (sample, timer) in [(&out, timer), (&back, "rise")] {
            let less = hasty.law(belief, timer);
            assert!(judged(sample, &Truth::law(&less), LATE).is_err(), "{what}: one {timer} less");
        }
    }
}

/// Probes of which nobody answers follow each other by their time-out where that is the longer one. How
/// long it takes to be put back then depends on how long the fault lasted; the law is that of one that ends at
/// any instant.
#[test]
fn a_time_out_longer_than_the_interval_sets_the_pace() {
    let check = r#"interval = "2s", time-out = "3s", fall = 3"#;
    let scene = checked(check, "app-1", "partitioned");
    let out: Vec<f64> = (0..REPLICATIONS).map(|one| seen(&scene, one).0.unwrap()).collect();
    let drawn = scene.drawn("front/app-1", &["unseen"], ONSET);
    follows("a long time-out: fall", &scene.law("front/app-1", "fall"), (&out, LATE), &drawn);
}

/// Of hangs, and of pauses, a shallow check sees the share that the file gives, and of those it takes out
/// the member as late as one that is silent.
#[test]
fn a_shallow_check_sees_the_same_share_of_those_that_stand_still() {
    for how in ["hang", "pause"] {
        let scene = checked(&format!("{FIVE}, detects-hang = 0.3"), "app-1", how);
        let out: Vec<_> = (0..REPLICATIONS).map(|one| seen(&scene, one).0).collect();
        let drawn = scene.drawn("front/app-1", &["unseen"], ONSET);
        let noticed: Vec<f64> = out.iter().copied().flatten().collect();
        comes_up(&format!("{how}, requests"), noticed.len(), out.len(), 0.3);
        let seen = drawn.iter().flatten().count();
        comes_up(&format!("{how}, years"), seen, drawn.len(), 0.3);
        follows(how, &scene.law("front/app-1", "fall"), (&noticed, LATE), &drawn);
    }
}

/// A difference that is known: a deep probe that came to a member which stood still, and now goes on, is
/// answered late but in time, for the share time-out / interval of the phases; that is one good probe, an
/// interval earlier. Put back earlier by the time-out, in the mean. Nobody but pauses does that.
#[test]
fn a_pause_seen_by_a_deep_check_is_over_earlier_by_the_time_out() {
    let scene = checked(&format!("{FIVE}, depth = \"deep\""), "app-1", "pause");
    let all: Vec<_> = (0..REPLICATIONS).map(|one| seen(&scene, one)).collect();
    let out: Vec<f64> = all.iter().map(|(out, _)| out.unwrap()).collect();
    let drawn = scene.drawn("front/app-1", &["unseen"], ONSET);
    follows("pause, deep: fall", &scene.law("front/app-1", "fall"), (&out, LATE), &drawn);
    let law = scene.law("front/app-1", "rise");
    let mean = all.iter().map(|(_, back)| back).sum::<f64>() / all.len() as f64;
    // The interval and a phase of it.
    let error = (5.0_f64 * 5.0 / 12.0 + 5.0 * 5.0 * 0.4 * 0.6).sqrt() / (all.len() as f64).sqrt();
    println!("pause, deep: rise {mean:.3} of {:.3}", law.mean());
    assert!((law.mean() - 2.0 - mean).abs() < 3.29 * error + LATE, "{mean}");
}
