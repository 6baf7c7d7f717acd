//! Single points, cut sets and offered load of the shipped scenarios.

use std::path::{Path, PathBuf};

use super::*;
use crate::plan::cutsets::{CutSets, single_points};
use crate::plan::graph::{Graph, Subject};
use crate::plan::load::{self, Resource};
use crate::scenario::source::Source;

/// The draft of a text; panics with the diagnostics when there is an error.
fn drafted(name: &str, text: &str) -> Draft {
    let mut out = Diagnostics::new();
    let document = Document::parse(Source::from_text(name, text), &mut out);
    let draft = document.and_then(|document| draft(&document, &mut out));
    assert!(!out.has_errors(), "{name}: {:#?}", out.sorted());
    draft.expect("a scenario without errors has a draft")
}

fn shipped(path: &str) -> Draft {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(path);
    drafted(path, &std::fs::read_to_string(full).unwrap())
}

fn page(draft: &Draft) -> Subject {
    let class = draft.scenario.request.iter().position(|(name, _)| name.text == "page");
    Subject::Class(class.expect("the tiers serve pages"))
}

/// The drawings' single points (balancer, SQL, NAS, …) plus what the drawings leave out: the one
/// switch and the one site in all tiers, the only server, the pools, over both of which each volume
/// is spread from tier 5 on. A host is listed under its role.
#[test]
fn the_tiers_have_the_single_points_of_their_drawings_and_those_left_out() {
    let common = ["r.switch-1 on r", "main"];
    let tiers: [(&str, &[&str]); 9] = [
        ("starter", &["mysql.master on www-1, twin-1", "app-1 on www-1, twin-1", "twin-1.local on twin-1"]),
        ("tier-1", &["mysql.master on sql-1, twin-1", "app-1 on www-1, twin-1", "store.main", "store.head-1"]),
        ("tier-2", &["front-1", "mysql.master on sql-1, twin-1", "store.main", "store.head-1"]),
        ("tier-3", &["front-1", "store.main", "store.head-1"]),
        ("tier-4", &["store.main", "store.head-1"]),
        ("tier-5", &["store.second", "store.main"]),
        ("tier-6", &["store.second", "store.main"]),
        ("tier-7", &["store.second", "store.main"]),
        ("tier-8", &["store.second", "store.main"]),
    ];
    for (tier, expected) in tiers {
        let draft = shipped(&format!("tiers/{tier}.toml"));
        let graph = Graph::of(&draft);
        let cuts = CutSets::of(&graph).of_subject(page(&draft)).unwrap();
        let found: Vec<String> =
            single_points(&draft, &cuts).iter().map(|point| point.print(&draft)).collect();
        let expected: Vec<&str> = expected.iter().chain(&common).copied().collect();
        assert_eq!(found, expected, "{tier}");
    }
}

/// All shipped scenarios, by path.
fn all_shipped() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "toml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_shipped_scenario_makes_sense() {
    let all = all_shipped();
    assert!(all.len() >= 40, "{} scenarios", all.len());
    for path in all {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.display().to_string();
        let draft = drafted(&name, &text);
        assert!(draft.names.total() > 0, "{name}");
    }
}

/// The table of docs/standard-set.md, section 2, and of the reference's 6.2: offered load at 20 and
/// 40 page views a second, worked out by hand, printed with three decimals (the balancer of tier 8
/// with four).
#[test]
fn offered_load_of_the_tiers_is_that_worked_out_by_hand() {
    use Resource::{Baseline, Cpu, Disks, Head, Uplink};
    type Row = (&'static str, &'static str, Resource, f64, f64);
    const ROWS: &[Row] = &[
        ("starter", "www", Cpu, 0.571, 1.142),
        ("starter", "www", Baseline, 1.142, 2.284),
        ("starter", "twin-1.local", Disks, 0.360, 0.720),
        ("starter", "main.uplink", Uplink, 0.170, 0.339),
        ("tier-1", "www", Cpu, 0.416, 0.832),
        ("tier-1", "www", Baseline, 0.832, 1.664),
        ("tier-1", "sql", Cpu, 0.155, 0.310),
        ("tier-1", "store.main", Disks, 0.300, 0.600),
        ("tier-1", "store.head", Head, 0.028, 0.056),
        ("tier-1", "main.uplink", Uplink, 0.170, 0.339),
        ("tier-2", "www", Cpu, 0.208, 0.416),
        ("tier-2", "www", Baseline, 0.416, 0.832),
        ("tier-2", "sql", Cpu, 0.155, 0.310),
        ("tier-2", "store.main", Disks, 0.300, 0.600),
        ("tier-2", "store.head", Head, 0.028, 0.056),
        ("tier-2", "front", Cpu, 0.018, 0.036),
        ("tier-3", "sql-1", Cpu, 0.155, 0.310),
        ("tier-3", "sql-2", Cpu, 0.005, 0.010),
        ("tier-3", "store.main", Disks, 0.300, 0.600),
        ("tier-3", "store.slave", Disks, 0.075, 0.150),
        ("tier-3", "store.head", Head, 0.031, 0.062),
        ("tier-4", "store.main", Disks, 0.300, 0.600),
        ("tier-4", "store.head", Head, 0.031, 0.062),
        ("tier-4", "front-1", Cpu, 0.018, 0.036),
        ("tier-5", "www", Cpu, 0.208, 0.416),
        ("tier-5", "store.main", Disks, 0.150, 0.300),
        ("tier-5", "store.second", Disks, 0.150, 0.300),
        ("tier-5", "store.slave", Disks, 0.075, 0.150),
        ("tier-5", "store.head-1", Head, 0.014, 0.028),
        ("tier-5", "store.head-2", Head, 0.017, 0.034),
        ("tier-6", "www", Cpu, 0.069, 0.139),
        ("tier-6", "www", Baseline, 0.139, 0.277),
        ("tier-6", "sql-1", Cpu, 0.155, 0.310),
        ("tier-6", "store.main", Disks, 0.150, 0.300),
        ("tier-7", "www", Cpu, 0.069, 0.139),
        ("tier-7", "sql-1", Cpu, 0.005, 0.010),
        ("tier-7", "sql-2", Cpu, 0.055, 0.110),
        ("tier-7", "twin-4.local", Disks, 0.089, 0.178),
        ("tier-7", "store.main", Disks, 0.096, 0.192),
        ("tier-7", "store.head", Head, 0.012, 0.024),
        ("tier-8", "www", Cpu, 0.022, 0.044),
        ("tier-8", "www", Baseline, 0.044, 0.087),
        ("tier-8", "sql-1", Cpu, 0.005, 0.010),
        ("tier-8", "sql-2", Cpu, 0.021, 0.043),
        ("tier-8", "twin-4.local", Disks, 0.069, 0.139),
        ("tier-8", "store.main", Disks, 0.052, 0.105),
        ("tier-8", "store.head", Head, 0.003, 0.006),
        ("tier-8", "front-1", Cpu, 0.0015, 0.0029),
        ("tier-8", "main.uplink", Uplink, 0.013, 0.026),
    ];
    for tier in ["starter", "tier-1", "tier-2", "tier-3", "tier-4", "tier-5", "tier-6", "tier-7", "tier-8"] {
        let draft = shipped(&format!("tiers/{tier}.toml"));
        for (name, column) in [("mean", 0), ("peak", 1)] {
            let windows = &draft.scenario.window;
            let window = windows.iter().position(|(other, _)| other.text == name).unwrap();
            let all = load::offered(&draft, &load::rates_in(&draft, window));
            for (_, group, resource, mean, peak) in ROWS.iter().filter(|row| row.0 == tier) {
                let expected = [mean, peak][column];
                let found = load::total(&draft, &all, group, *resource);
                let found = found.unwrap_or_else(|| panic!("{tier}: no {group} {resource:?}"));
                let digit = if *expected < 0.003 { 0.000_05 } else { 0.000_5 };
                assert!(
                    (found - expected).abs() <= digit * 1.000_001,
                    "{tier} {group} {resource:?} at {name}: {found}, by hand {expected}"
                );
            }
        }
    }
}

/// One web zone of tier 2 lost: the other carries 0.416 and 0.832 of its cap, 0.832 and 1.664 of
/// its guarantee; all else stays.
#[test]
fn after_a_loss_those_that_are_left_carry_the_load() {
    let draft = shipped("tiers/tier-2.toml");
    let graph = Graph::of(&draft);
    let lost = [part::Part::Zone { zone: 0, member: 0 }];
    let all = load::offered_without(&draft, &graph, &[40.0], &lost);
    let found = |group, resource| load::total(&draft, &all, group, resource).unwrap();
    assert!((found("www-2", Resource::Cpu) - 0.832).abs() < 1e-9);
    assert!((found("www-2", Resource::Baseline) - 1.664).abs() < 1e-9);
    assert!((found("sql-1", Resource::Cpu) - 0.310).abs() < 1e-9);
    assert_eq!(load::total(&draft, &all, "www-1", Resource::Cpu), None);
    // A head of tier 5 lost: the other carries the operations of both, the pools keep theirs.
    let draft = shipped("tiers/tier-5.toml");
    let graph = Graph::of(&draft);
    let lost = [part::Part::Head { nas: 0, number: 0 }];
    let all = load::offered_without(&draft, &graph, &[40.0], &lost);
    let found = |group, resource| load::total(&draft, &all, group, resource).unwrap();
    assert!((found("store.head-2", Resource::Head) - 40.0 * 15.5 * 1e-4).abs() < 1e-9);
    assert!((found("store.main", Resource::Disks) - 0.300).abs() < 1e-9);
}

/// The Jackson network of case O12: app = 0.7 × 60 + 0.2 db, db = 0.5 app.
#[test]
fn a_loop_in_a_route_loads_as_the_traffic_equations_say() {
    let draft = shipped("oracles/o12-jackson.toml");
    let all = load::offered(&draft, &load::rates(&draft));
    let found = |group| load::total(&draft, &all, group, Resource::Servers).unwrap();
    let app = 0.7 * 60.0 / 0.9;
    assert!((found("web") - 60.0 * 0.020 / 2.0).abs() < 1e-12);
    assert!((found("app") - app * 0.050 / 4.0).abs() < 1e-12);
    assert!((found("db") - 0.5 * app * 0.025).abs() < 1e-12);
}

/// Cut sets worked out from the leaves up are those that trying every part and every pair finds.
#[test]
fn cut_sets_are_those_that_trying_every_part_and_pair_finds() {
    for path in ["tiers/tier-1.toml", "tiers/tier-5.toml", "tiers/tier-7.toml", "scalable/two-sites.toml", "databases/db-4.toml", "oracles/o32-standby.toml"] {
        let draft = shipped(path);
        let graph = Graph::of(&draft);
        let sets = CutSets::of(&graph);
        let parts = graph.parts();
        for &(subject, _) in graph.subjects() {
            let found = sets.of_subject(subject).unwrap();
            assert!(found.complete);
            assert!(graph.serves(subject, &[]), "{path}: served when all is well");
            let single: Vec<_> =
                parts.iter().copied().filter(|part| !graph.serves(subject, &[*part])).collect();
            assert_eq!(found.singles, single, "{path}");
            let mut pairs = Vec::new();
            let rest: Vec<_> = parts.iter().filter(|part| !single.contains(part)).collect();
            for (at, a) in rest.iter().enumerate() {
                for b in &rest[at + 1..] {
                    if !graph.serves(subject, &[**a, **b]) {
                        pairs.push((**a, **b));
                    }
                }
            }
            assert_eq!(found.pairs, pairs, "{path}");
        }
    }
}
