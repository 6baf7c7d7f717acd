//! Who is primary of a database.

use fivenines::kinds::database::live::{Database, Phase, Standing};

use super::*;

const REPLICATIONS: u32 = 600;

/// A primary and a replica of a core each, of which writes take a quarter at both.
/// Further keys of the database may follow.
const GROUP: &str = r#"
[server.box.disks]
local = { kind = "10k", layout = "plain", data = 4, time = "1ms" }
[workload.writers]
rate = "25/s"
[database.mysql]
"#;

const FAILOVER: &str = r#"[database.mysql.failover]
detect = { interval = "5s", time-out = "4s", fall = 2 }
promote = { dist = "uniform", low = "20s", high = "40s" }
coverage = 1
manual-repair = { dist = "uniform", low = "40min", high = "50min" }
"#;

const PHASES: &str = "mysql/failover";

fn scene(keys: &str, failover: &str, hits: &str, how: &str, lasts: &str) -> Scene {
    let fault = fault(hits, how, lasts);
    Scene::of(&base("replicas").with(&format!("{GROUP}{keys}{failover}{fault}")))
}

fn group<'w>(scene: &Scene, world: &'w World<'_>) -> &'w Database {
    match world.component(scene.part("mysql.group")) {
        Component::Database(database) => database,
        other => panic!("{other:?}"),
    }
}

/// Seconds until the death is noticed, and from then until there is another primary.
fn failed_over(scene: &Scene, replication: u32) -> (f64, f64) {
    let mut world = scene.world(replication);
    world.run_before(at(ONSET)).unwrap();
    let phase = |world: &World<'_>| group(scene, world).phase();
    assert_eq!(phase(&world), Phase::Served, "no failover of a primary that is well");
    let noticed = until(&mut world, 60.0, |world| phase(world) != Phase::Served).unwrap();
    let promoted = until(&mut world, 60.0, |world| group(scene, world).primary() == 1).unwrap();
    // Known to a step less, too.
    (noticed, promoted + STEP)
}

/// Detected by the script and promoted by the law of the file: who refuses, hangs (himself or with his
/// zone), is cut off or has lost his server. A write that is not applied yet adds milliseconds.
#[test]
fn a_primary_is_missed_and_replaced_by_the_timers_of_its_failover() {
    const CASES: [(&str, &str, &str); 5] = [
        ("database.mysql.primary", "crash", "detect-refusal"),
        ("database.mysql.primary", "hang", "detect"),
        ("database.mysql.primary", "partitioned", "detect"),
        ("box-2", "crash", "detect"),
        ("sql-1", "hang", "detect"),
    ];
    let less = FAILOVER.replace("fall = 2", "fall = 1");
    let less = scene("", &less, "database.mysql.primary", "crash", "10min");
    less.is_busy_a_quarter("box-2");
    for (hits, how, timer) in CASES {
        let what = format!("{hits} {how}");
        let scene = scene("", FAILOVER, hits, how, "10min");
        let all: Vec<_> = (0..REPLICATIONS).map(|one| failed_over(&scene, one)).collect();
        let (noticed, promoted): (Vec<f64>, Vec<f64>) = all.iter().copied().unzip();
        let drawn = scene.drawn(PHASES, &["unseen"], ONSET);
        let law = scene.law(PHASES, timer);
        follows(&format!("{what}: {timer}"), &law, (&noticed, LATE), &drawn);
        assert!(judged(&noticed, &Truth::law(&less.law(PHASES, timer)), LATE).is_err(), "{what}");
        let law = scene.law(PHASES, "promote");
        let late = 3.0 * LATE + 0.1;
        if let Err(missed) = judged(&promoted, &Truth::law(&law), late) {
            panic!("{what}: promote: {missed}");
        }
        let all: Vec<f64> = all.iter().map(|(one, other)| one + other).collect();
        let drawn = scene.drawn(PHASES, &["unseen", "seeks", "promotes-1", "promotes-2"], ONSET);
        alike(&format!("{what}: all of it"), &all, &drawn, late);
    }
}

/// Probes of which nobody answers follow each other by their time-out where that is the longer one.
#[test]
fn a_time_out_longer_than_the_interval_sets_the_pace_of_the_script() {
    let slow = FAILOVER.replace("interval = \"5s\"", "interval = \"2s\"");
    let scene = scene("", &slow, "database.mysql.primary", "hang", "10min");
    let noticed: Vec<f64> = (0..REPLICATIONS).map(|one| failed_over(&scene, one).0).collect();
    let drawn = scene.drawn(PHASES, &["unseen"], ONSET);
    follows("a long time-out: detect", &scene.law(PHASES, "detect"), (&noticed, LATE), &drawn);
}

/// Failovers that do not work take people, by the law of the file after the decision.
#[test]
fn a_failover_that_does_not_work_takes_people_as_long() {
    let most = FAILOVER.replace("coverage = 1", "coverage = 0.3");
    let scene = scene("", &most, "database.mysql.primary", "crash", "10min");
    let one = |replication| {
        let mut world = scene.world(replication);
        world.run_before(at(ONSET)).unwrap();
        let phase = |world: &World<'_>| group(&scene, world).phase();
        until(&mut world, 60.0, |world| phase(world) != Phase::Served).unwrap();
        match phase(&world) {
            Phase::People(done) => {
                if replication < 4 {
                    world.run_before(done + SimDuration::from_nanos(1)).unwrap();
                    assert_eq!(
                        (phase(&world), group(&scene, &world).primary()),
                        (Phase::Served, 0)
                    );
                }
                Some(done.seconds() - ONSET)
            }
            _ => None,
        }
    };
    let all: Vec<_> = (0..REPLICATIONS).map(one).collect();
    let people: Vec<f64> = all.iter().copied().flatten().collect();
    comes_up("people, requests", people.len(), all.len(), 0.7);
    let drawn = scene.drawn(PHASES, &["doomed", "people"], ONSET);
    comes_up("people, years", drawn.iter().flatten().count(), drawn.len(), 0.7);
    alike("people", &people, &drawn, 1e-6);
    let mean = scene.law(PHASES, "detect-refusal").mean()
        + scene.law(PHASES, "failed-failover.repair").mean();
    let found = people.iter().sum::<f64>() / people.len() as f64;
    // Between 40 and 50 min.
    let band = 3.29 * 600.0 / 12.0_f64.sqrt() / (people.len() as f64).sqrt();
    assert!((found - mean).abs() < band, "{found} of {mean}");
}

/// The old primary is copied again when it is back: to a block of 1 MiB as long as its size over its rate.
#[test]
fn a_member_that_is_out_is_copied_as_long() {
    let keys = "data = { sql-1 = \"box:local\", sql-2 = \"box:local\" }\n\
                rebuild = { size = \"1GiB\", rate = \"100MB/s\" }\n";
    let scene = scene(keys, FAILOVER, "database.mysql.primary", "crash", "90s");
    let one = |replication| {
        let mut world = scene.world(replication);
        world.run_before(at(ONSET + 90.0)).unwrap();
        let database = |world: &World<'_>| group(&scene, world).standing(0);
        assert_eq!(database(&world), Standing::Out);
        until(&mut world, 60.0, |world| database(world) == Standing::Member).unwrap()
    };
    let copied: Vec<f64> = (0..60).map(one).collect();
    let standing = "mysql.primary/standing";
    let drawn = scene.drawn(standing, &["out"], ONSET + 90.0);
    let block = 1_048_576.0 / 1e8;
    follows("rebuild", &scene.law(standing, "rebuild"), (&copied, LATE + block), &drawn);
}
