//! Promise: what the source documents claim is held against figures.

use fivenines::engine::law::Law;
use fivenines::model::blueprint::Config;
use fivenines::model::ids::WorkloadId;
use fivenines::plan::figure::Stat;
use fivenines::study::measure::Measure;
use fivenines::study::window::{Watch, WindowPlan, WindowResult, run};
use fivenines::units::{Rate, SimDuration, SimTime};
use fivenines::workload::arrivals::Process;

use crate::capacity::{bare, steady, writes_wait_for_nobody};
use crate::common::{Loaded, read, scenarios};

/// Tier 2 at its design peak with one of its two web zones, which may use so many cores: what
/// remains after a loss, once the balancer has noticed it. Without faults, patience and network,
/// with flat disks, as the small model of the standard set has it.
fn one_zone_left(cap: &str) -> (Loaded, WindowResult) {
    let path = scenarios().join("tiers/tier-2.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let zone = text.find("[zone.www]").unwrap();
    let (before, after) = text.split_at(zone);
    let after = after
        .replacen("count  = 2", "count  = 1", 1)
        .replacen("on     = [\"twin-1\", \"twin-2\"]", "on     = [\"twin-1\"]", 1)
        .replacen("baseline = 2.0, cap = 4.0, burst = \"unlimited\"", cap, 1);
    let mut loaded = read(&format!("{before}{after}"), path.parent().unwrap()).unwrap();
    bare(&mut loaded.plan, Process::Poisson);
    writes_wait_for_nobody(&mut loaded.plan);
    for part in &mut loaded.plan.parts {
        if let Config::Disks(config) = &mut part.config {
            config.time = Law::constant(0.0125).unwrap().sampler();
        }
    }
    let page = loaded.plan.routes.classes.iter().position(|class| class.name == "page").unwrap();
    let mut window = steady(400);
    window.at = SimTime::ZERO + SimDuration::from_secs(60);
    window.levels = vec![None; loaded.plan.workloads.len()];
    window.levels[WorkloadId(0).index()] = Rate::per_second(40.0);
    let asked = WindowPlan {
        window,
        replications: (8, 8),
        precision: Vec::new(),
        measures: [0.5, 0.95, 0.99].map(|q| Measure::Latency(page, Stat::Quantile(q))).to_vec(),
        level: 0.95,
        drill: None,
    };
    let seen = run(&loaded.plan, &asked, &Watch::default()).unwrap();
    (loaded, seen)
}

fn figures(seen: &WindowResult) -> [f64; 3] {
    std::array::from_fn(|at| 1_000.0 * seen.estimates[at].value().unwrap())
}

/// Share of the page views that found the lines full.
fn refused(seen: &WindowResult) -> f64 {
    let views = &seen.pooled.views[0];
    views.lost.iter().sum::<u64>() as f64 / views.intended as f64
}

/// Claim 4: the loss of one of two web zones at peak is covered by bursting. It is where one zone
/// may use eight cores (load 0.42: as with both), it is felt at four (0.83), and held to the two cores
/// of its guarantee the zone is asked for 1.66 of what it has: it serves 1 / 1.66 = 0.60 at best.
/// The standard set's small model has 155 / 392 / 564 ms, 209 / 647 / 1,061 ms and 42 % refused.
#[test]
fn a_lost_web_zone_is_covered_by_bursting_where_there_is_room_for_it() {
    let (_, eight) = one_zone_left("baseline = 2.0, cap = 8.0, burst = \"unlimited\"");
    let (_, four) = one_zone_left("baseline = 2.0, cap = 4.0, burst = \"unlimited\"");
    let (_, two) = one_zone_left("cap = 2.0");
    println!("cap 8: {:?}, {:.3} refused", figures(&eight), refused(&eight));
    println!("cap 4: {:?}, {:.3} refused", figures(&four), refused(&four));
    println!("cap 2: {:?}, {:.3} refused", figures(&two), refused(&two));
    for (seen, model) in [(&eight, [155.0, 392.0, 564.0]), (&four, [209.0, 647.0, 1_061.0])] {
        assert!(refused(seen) < 0.01);
        for (figure, model) in figures(seen).into_iter().zip(model) {
            assert!((figure / model - 1.0).abs() < 0.15, "{figure} ms, not {model}");
        }
    }
    assert!(figures(&eight)[1] < 500.0 && figures(&four)[1] > 500.0);
    // An asset refused fails its page as well, so that more views than pages are lost.
    let pages = &two.pooled.classes[0].attempts;
    let turned_away = 1.0 - pages.ended[0] as f64 / pages.begun as f64;
    println!("cap 2: {turned_away:.3} of the pages turned away");
    assert!((0.35..0.50).contains(&turned_away), "{turned_away}");
}
