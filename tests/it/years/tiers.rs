//! The tiers against the arithmetic by hand of docs/standard-set.md §3.

use fivenines::plan::Draft;
use fivenines::study::years;

use super::{Years, asked};
use crate::common::load;

const PATHS: [&str; 2] = ["downtime.page@horizon", "downtime.page[without=common]@horizon"];

fn tier(name: &str) -> Years {
    let draft: Draft = load(&format!("tiers/{name}.toml")).draft;
    Years::of(asked(&draft, "10y", 2_000, &PATHS))
}

/// Minutes a year by hand: the sum of docs/standard-set.md "As the scenarios stand", term by term;
/// the first-order figure that the standard set was made with, and what is known to be otherwise
/// there (pools, docs/standard-set.md).
fn close(name: &str, by_terms: f64, first_order: f64, otherwise: f64) {
    let seen = tier(name);
    let found = seen.interval(PATHS[0]);
    let (minutes, half) = (found.estimate / 60.0, found.half_width() / 60.0);
    assert!(half < 0.05 * minutes, "{name}: {minutes} ± {half}");
    assert!(
        (minutes - by_terms).abs() <= half,
        "{name}: {minutes} ± {half} min, {by_terms} term by term"
    );
    let hand = first_order + otherwise;
    assert!((minutes / hand - 1.0).abs() <= 0.1, "{name}: {minutes} min, {hand} to first order");
    // What is common to all takes 83 minutes of each tier.
    let architecture = seen.interval(PATHS[1]).estimate / 60.0;
    let common = minutes - architecture;
    assert!((common - 83.5).abs() < 6.0, "{name}: {common} min are common");
}

#[test]
fn the_starter_is_down_as_long_as_by_hand() {
    close("starter", 236.3, 231.0, 0.0);
}

#[test]
fn tier_1_is_down_as_long_as_by_hand() {
    close("tier-1", 249.7, 244.0, 0.0);
}

#[test]
fn tier_2_is_down_as_long_as_by_hand() {
    close("tier-2", 256.8, 254.0, 0.0);
}

#[test]
fn tier_3_is_down_as_long_as_by_hand() {
    close("tier-3", 199.3, 195.0, 0.0);
}

#[test]
fn tier_4_is_down_as_long_as_by_hand() {
    close("tier-4", 161.6, 159.0, 0.0);
}

/// Two pools fail, each takes both volumes: 19.2 instead of 4.8.
#[test]
fn tier_5_is_down_as_long_as_by_hand() {
    close("tier-5", 137.0, 121.0, 14.4);
}

#[test]
fn tier_6_is_down_as_long_as_by_hand() {
    close("tier-6", 135.9, 119.0, 14.4);
}

/// A rule of three: nothing failed, and that is no availability of 100 %.
#[test]
fn where_nothing_failed_there_is_a_bound_and_no_figure() {
    let draft = load("tiers/tier-6.toml").draft;
    let mut plan = asked(&draft, "1h", 3, &["structural.page@horizon"]);
    plan.of.start = fivenines::health::Start::New;
    let seen = years::run(&plan, &Default::default()).unwrap();
    let found = seen.estimate(&plan, plan.figures[0].measure);
    assert!(matches!(found, fivenines::study::window::Estimate::Missing(_)), "{found:?}");
    let years::Unavailable::AtMost { bound: Some(bound), .. } = seen.unavailable(&plan, 0, 0)
    else {
        panic!("a bound");
    };
    // −ln 0.001 outages in three hours, each as long as the longest repair of the file, 8 h.
    let load = 6.907_755 / 3.0 * 8.0;
    assert!((bound.value / (load / (1.0 + load)) - 1.0).abs() < 1e-4, "{bound:?}");
}
