//! Single points, cut sets and offered load of the shipped scenarios.

use std::path::{Path, PathBuf};

use super::*;
use crate::plan::cutsets::{CutSets, single_points};
use crate::plan::graph::{Graph, Subject};
use crate::plan::part::Part;
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
        (
            "starter",
            &["mysql.master on www-1, twin-1", "app-1 on www-1, twin-1", "twin-1.local on twin-1"],
        ),
        (
            "tier-1",
            &[
                "mysql.master on sql-1, twin-1",
                "app-1 on www-1, twin-1",
                "store.main",
                "store.head-1",
            ],
        ),
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
