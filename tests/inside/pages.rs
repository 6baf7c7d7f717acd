//! Promise: the page of a scenario answers first: each section begins with one sentence and a chart, and its tables
//! are folded; the same value stands for the same thing everywhere.

use fivenines::report::document::{Block, ChartKind, Document, Fold};
use fivenines::report::run::{Identity, output};
use fivenines::scenario::diagnostic::Diagnostics;
use fivenines::study::results::{Results, gather};
use fivenines::study::scenario::{Choices, prepare, run};
use fivenines::study::window::Watch;

use crate::inside::common::{read_with, scenarios};

/// The results of a tier, run alone with short windows, and its document.
fn alone(tier: &str) -> (Results, Document) {
    let short = [
        "run.replications=20",
        "window.mean.length=48s",
        "window.mean.warm-up=2s",
        "window.mean.replications=3",
        "window.peak.length=48s",
        "window.peak.warm-up=2s",
        "window.peak.replications=3",
        "window.broken.before=4s",
        "window.broken.after=20s",
        "window.broken.repair=20s",
    ];
    let short = short.map(String::from);
    let folder = scenarios().join("tiers");
    let text = std::fs::read_to_string(folder.join(format!("{tier}.toml"))).unwrap();
    let loaded = read_with(&text, &folder, &short).unwrap();
    let mut out = Diagnostics::new();
    let choices = Choices { quick: true, alone: true, ..Choices::default() };
    let study = prepare(&loaded.draft, &loaded.plan, choices, &mut out);
    let result = run(&loaded.plan, &study, &Watch::default()).unwrap();
    let results = gather(&loaded.draft, &loaded.plan, &study, &result);
    let identity = Identity {
        canonical: text,
        canonical_digest: String::new(),
        traces: Vec::new(),
        command: String::new(),
        monthly_cost: Some(3_049.0),
        once_cost: None,
    };
    let document = output(&results, &identity).document;
    (results, document)
}

#[test]
fn the_page_of_a_run_begins_each_section_with_one_sentence_and_a_chart_and_folds_its_tables() {
    let (results, document) = alone("tier-5");
    let headings: Vec<&str> = document.sections.iter().map(|one| one.heading.as_str()).collect();
    assert_eq!(
        headings,
        [
            "Availability",
            "Latency",
            "Utilisation",
            "Capacity",
            "Effect of one failed part",
            "Recovery",
            "Databases",
            "Cost",
            "Record of the run",
            "Scenario as simulated"
        ]
    );
    for section in &document.sections[..8] {
        assert!(section.intro.ends_with('.'), "{}: {}", section.heading, section.intro);
        assert!(matches!(section.blocks[0], Block::Chart(_)), "{}", section.heading);
        let is_folded = |block: &Block| matches!(block, Block::Chart(_) | Block::Folded(_));
        assert!(section.blocks.iter().all(is_folded), "{}", section.heading);
        assert!(section.blocks.iter().any(|block| matches!(block, Block::Folded(_))));
    }
    let record = &document.sections[8];
    assert!(record.blocks.iter().all(|block| matches!(block, Block::Folded(_))));

    // One verdict, beside which a quick run says what it is; six figures, causes with remedies.
    assert_eq!(document.lead.answer.len(), 2);
    assert!(document.lead.answer[1].starts_with("This is a quick run"));
    let labels: Vec<&str> = document.lead.strip.iter().map(|tile| tile.label.as_str()).collect();
    let six =
        ["Available", "Views served", "p95 at peak", "Capacity", "Cost", "Main cause of downtime"];
    assert_eq!(labels, six);
    let advice: Vec<&str> = document.lead.advice.iter().map(|fact| fact.label.as_str()).collect();
    for label in ["bottleneck", "single points", "next loss"] {
        assert!(advice.contains(&label), "{advice:?}");
    }
    adds_up(&results, &document);
}

/// The bars of the causes add up to the downtime that the first screen and the table state.
fn adds_up(results: &Results, document: &Document) {
    let Block::Chart(chart) = &document.sections[0].blocks[0] else { unreachable!() };
    let ChartKind::Bars(bars) = &chart.kind else { panic!("{chart:?}") };
    let sum: f64 = bars.bars.iter().filter_map(|bar| Some(bar.estimate?.value)).sum();
    let years = results.years.as_ref().unwrap();
    let row = years.rows.iter().find(|row| row.name == "page").unwrap();
    let whole = row.all.downtime.value().unwrap();
    assert!((sum - whole).abs() < 1e-6 * whole, "{sum} of {whole}");
    let tables: Vec<&Fold> = document.sections[0]
        .blocks
        .iter()
        .filter_map(|block| match block {
            Block::Folded(fold) => Some(fold),
            _ => None,
        })
        .collect();
    assert!(tables[0].blocks.iter().any(|block| matches!(block, Block::Table(_))));
}
