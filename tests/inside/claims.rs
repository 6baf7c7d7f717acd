//! Promise: what the source documents claim is held against figures.

use std::path::Path;

use fivenines::report::write::{read_manifest, verify};
use fivenines::study::window::WindowResult;

use crate::inside::capacity::{percentiles, small};
use crate::inside::common::is_full;

/// Tier 2 at its design peak with one of its two web zones, which may use so many cores: what
/// remains after a loss, once the balancer has noticed it. Without faults, patience and network, as
/// the small model of the standard set has it.
fn one_zone_left(cap: &str) -> (WindowResult, [f64; 3]) {
    let loaded = small("tier-2", |text| {
        let zone = text.find("[zone.www]").unwrap();
        let (before, after) = text.split_at(zone);
        let after = after
            .replacen("count  = 2", "count  = 1", 1)
            .replacen("on     = [\"twin-1\", \"twin-2\"]", "on     = [\"twin-1\"]", 1)
            .replacen("baseline = 2.0, cap = 4.0, burst = \"unlimited\"", cap, 1);
        format!("{before}{after}")
    });
    // Every percentile is to hold to a tenth; one replication knows the p99 of 16,000 pages to some 3 %.
    percentiles(&loaded, 40.0, if is_full("five of eight replications") { 8 } else { 3 })
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
    let (eight, at_eight) = one_zone_left("baseline = 2.0, cap = 8.0, burst = \"unlimited\"");
    let (four, at_four) = one_zone_left("baseline = 2.0, cap = 4.0, burst = \"unlimited\"");
    let (two, at_two) = one_zone_left("cap = 2.0");
    println!("cap 8: {at_eight:?}, {:.3} refused", refused(&eight));
    println!("cap 4: {at_four:?}, {:.3} refused", refused(&four));
    println!("cap 2: {at_two:?}, {:.3} refused", refused(&two));
    let cases =
        [(&eight, at_eight, [155.0, 392.0, 564.0]), (&four, at_four, [209.0, 647.0, 1_061.0])];
    for (seen, figures, model) in cases {
        assert!(refused(seen) < 0.01);
        for (figure, model) in figures.into_iter().zip(model) {
            assert!((figure / model - 1.0).abs() < 0.1, "{figure} ms, not {model}");
        }
    }
    assert!(at_eight[1] < 500.0 && at_four[1] > 500.0);
    // An asset refused fails its page as well, so that more views than pages are lost.
    let pages = &two.pooled.classes[0].attempts;
    let turned_away = 1.0 - pages.ended[0] as f64 / pages.begun as f64;
    println!("cap 2: {turned_away:.3} of the pages turned away");
    assert!((0.35..0.50).contains(&turned_away), "{turned_away}");
}

/// No byte of the results that are kept differs from what their manifest says.
#[test]
fn the_results_of_the_claims_that_are_kept_are_whole() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/claims");
    let manifest = read_manifest(&kept).unwrap().expect("results of the claims are kept");
    verify(&kept, &manifest).unwrap();
}
