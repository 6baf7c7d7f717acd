//! Promise: many replications are added up in blocks, and figures are those of the replications one by one.

use fivenines::plan::figure::{Figure, Metric};
use fivenines::stats::interval::Method;
use fivenines::study::window::{Estimate, Watch};
use fivenines::study::years::blocks::{Join, Means, filled, filling, size};
use fivenines::study::years::{self, What, YearFigure, YearMeasure, YearsPlan, YearsResult};

use super::asked;
use crate::inside::common;

/// Numbers of replications fill blocks of a power of ten, at most as many as are kept.
#[test]
fn blocks_are_the_least_powers_of_ten_that_a_number_fills() {
    let kept = 20_000;
    for (replications, block) in
        [(1, 1), (20_000, 1), (20_001, 10), (200_000, 10), (200_001, 100), (1_000_000_000, 100_000)]
    {
        assert_eq!(size(replications, kept), block, "{replications}");
    }
    for (replications, below, above) in [
        (20_000, 20_000, 20_000),
        (20_001, 20_000, 20_010),
        (199_999, 199_990, 200_000),
        (1_000_000, 1_000_000, 1_000_000),
        (1_000_001, 1_000_000, 1_000_100),
    ] {
        let found = (filled(replications, kept), filling(replications, kept));
        assert_eq!(found, (below, above), "{replications}");
        assert_eq!(below % size(below, kept), 0);
        assert_eq!(above % size(above, kept), 0);
    }
    let fine = Means { values: (0..25).map(f64::from).collect(), block: 10 };
    let coarse = Means { values: vec![4.0, 5.0, 6.0], block: 100 };
    assert_eq!(fine.beside(&coarse), [vec![4.5, 14.5], vec![4.0, 5.0, 6.0]]);
    assert_eq!(coarse.beside(&coarse), [vec![4.0, 5.0, 6.0], vec![4.0, 5.0, 6.0]]);
}

/// Squared distances to a mean, joined value by value or ten at once, are those to the common mean: here over three
/// spans of each of a hundred replications.
#[test]
fn joined_moments_are_those_of_all_spans() {
    let span = |at: u32| f64::from(at * at % 17) + 100.0;
    let of = |spans: &[f64]| {
        let mean = spans.iter().sum::<f64>() / spans.len() as f64;
        (
            spans.iter().sum::<f64>(),
            spans.iter().map(|one| (one - mean) * (one - mean)).sum::<f64>(),
        )
    };
    let all: Vec<f64> = (0..300).map(span).collect();
    let (mut sums, mut centred) = (Vec::new(), Vec::new());
    for (at, replication) in all.chunks(3).enumerate() {
        let (sum, squares) = of(replication);
        sums.push(sum);
        centred.push(squares);
        if at % 10 > 0 {
            Join::Last(at as u64 % 10).moments(&mut sums, &mut centred, 3.0);
        }
    }
    assert_eq!((sums.len(), centred.len()), (10, 10));
    let tens: Vec<(f64, f64)> = all.chunks(30).map(of).collect();
    for ((sum, squares), ten) in sums.iter().zip(&centred).zip(&tens) {
        assert!((sum - ten.0).abs() < 1e-9 && (squares - ten.1).abs() < 1e-9 * ten.1, "{ten:?}");
    }
    Join::Ten(10).moments(&mut sums, &mut centred, 3.0);
    let (sum, squares) = of(&all);
    assert!((sums[0] - sum).abs() < 1e-9 && (centred[0] - squares).abs() < 1e-9 * squares);
}

/// A plan for the figures of a shipped scenario, those that it expects and those that every run has.
fn plan(file: &str, horizon: &str, replications: u32) -> YearsPlan {
    let draft = common::load(file).draft;
    let mut plan = asked(&draft, horizon, replications, &[]);
    let mut paths: Vec<String> = Vec::new();
    for expect in draft.scenario.expect.iter() {
        paths.push(expect.figure.value.text.clone());
    }
    for one in &plan.of.watched {
        for path in [
            "structural.NAME",
            "continuous.NAME",
            "downtime.NAME",
            "downtime.NAME.year-p95",
            "downtime.NAME.sd",
            "downtime.NAME.chance[over=1h]",
            "outages.NAME",
            "outages.NAME.sd",
            "outages.NAME.dispersion",
            "outages.NAME.chance[at-least=2]",
            "request.NAME",
            "objective.NAME",
            "lost.NAME",
            "lost.NAME[outcome=fault]",
            "lost.NAME[outcome=never-born]",
        ] {
            paths.push(format!("{}@horizon", path.replace("NAME", &one.name)));
        }
    }
    for role in &plan.of.roles {
        for path in ["interruptions.NAME", "failovers.NAME", "recovery.NAME", "recovery.NAME.p95"] {
            paths.push(format!("{}@horizon", path.replace("NAME", &role.name)));
        }
        for path in ["lost-writes.NAME", "lost-writes.NAME.mean", "data-loss.NAME"] {
            paths.push(format!("{}@horizon", path.replace("NAME", &role.name)));
        }
    }
    for copies in plan.of.fluid.iter().flat_map(|fluid| &fluid.copies) {
        for member in &copies.members {
            paths.extend(
                ["lag.NAME", "lag.NAME.max"]
                    .map(|path| format!("{}@horizon", path.replace("NAME", member))),
            );
        }
    }
    for resource in plan.of.fluid.iter().flat_map(|fluid| &fluid.network.resources) {
        paths.push(format!("utilization.{}@horizon", resource.name));
    }
    paths.sort();
    paths.dedup();
    let figure = |path: String| {
        let figure = Figure::parse(&path).ok()?;
        let measure = years::resolve(&plan.of, &figure).ok().filter(|one| one.net == 0)?;
        Some(YearFigure { path, figure, measure })
    };
    plan.figures = paths.into_iter().filter_map(figure).collect();
    plan
}

fn lived(plan: &YearsPlan) -> YearsResult {
    years::run(plan, &Watch::default()).unwrap()
}

/// Disks, restores, databases with their writes and lag, autoscalers, pages: 200 replications one by one, and in 20
/// blocks. Means differ by rounding, ratios by their corrections for bias, quantiles by a bucket of 0.2 %, the bill by view as much
/// as blocks are more alike.
/// Intervals over 20 blocks have almost the width of those over 200 replications.
#[test]
fn figures_in_blocks_are_those_of_the_replications_one_by_one() {
    for (file, horizon) in [
        ("faults/failed-disks.toml", "2y"),
        ("faults/restored.toml", "2y"),
        ("faults/cold-cache.toml", "1y"),
        ("platform/provisioning-years.toml", "7d"),
        ("databases/db-2-master-slave.toml", "1y"),
    ] {
        let mut plan = plan(file, horizon, 200);
        let single = lived(&plan);
        plan.kept = 20;
        let blocks = lived(&plan);
        assert_eq!((single.block, blocks.block), (1, 10), "{file}");
        assert_eq!(blocks.folded[0][0].downtime.len(), 20, "{file}");
        let mut values = 0;
        for YearFigure { path, figure, measure } in &plan.figures {
            let [one, ten] = [&single, &blocks].map(|seen| seen.estimate(&plan, *measure));
            let same = match (figure.metric, path.contains(".p9") || path.contains("year-")) {
                (Metric::CostPerMillion, _) => 1e-3,
                (_, true) => 3e-3,
                _ => 1e-9,
            };
            match (&one, &ten) {
                (Estimate::Missing(one), Estimate::Missing(ten)) => {
                    assert_eq!(format!("{one:?}"), format!("{ten:?}"), "{file}: {path}");
                }
                (Estimate::Interval(one), Estimate::Interval(ten)) => {
                    // A ratio is corrected for its bias, by a small part of its error.
                    let bias = if one.method == Method::Jackknife { 0.05 } else { 0.0 };
                    let most = (same * one.estimate.abs()).max(bias * one.half_width());
                    let near = (one.estimate - ten.estimate).abs() <= most;
                    assert!(near, "{file}: {path}: {one:?} {ten:?}");
                    let wide = ten.half_width() / one.half_width();
                    // With fewer than thirty units that have an event, the model's worst case is added.
                    let few = ten.method == Method::CompoundPoisson;
                    let most = if few { f64::INFINITY } else { 2.5 };
                    // Values that are all equal have no width but that of rounding.
                    let equal = one.half_width() <= 1e-9 * one.estimate.abs();
                    assert!(
                        equal || (0.4..most).contains(&wide),
                        "{file}: {path}: {one:?} {ten:?}"
                    );
                    values += u32::from(one.estimate != 0.0);
                }
                _ => panic!("{file}: {path}: {one:?} {ten:?}"),
            }
        }
        println!("{file}: {} figures, {values} with a value", plan.figures.len());
        assert!(values >= 8, "{file}: {values}");
    }
}

/// A run with a precision to reach has 40 replications, then more and more: its blocks grow, and are those of a run that
/// knew its number from the start.
#[test]
fn a_run_that_grows_has_the_blocks_of_one_that_knew_its_number() {
    let mut plan = plan("faults/restored.toml", "1y", 400);
    plan.kept = 40;
    let at_once = lived(&plan);
    plan.replications.0 = 30;
    plan.precision = vec![(YearMeasure { net: 0, meter: 0, what: What::Downtime(None) }, 1e-9)];
    let grown = lived(&plan);
    assert_eq!((grown.replications, grown.block), (400, 10));
    assert!(grown.looks > 5, "{}", grown.looks);
    for (one, other) in at_once.folded[0].iter().zip(&grown.folded[0]) {
        assert_eq!(one.downtime, other.downtime);
        assert_eq!(one.outages, other.outages);
        assert_eq!(one.first, other.first);
        assert_eq!(one.years.count(), other.years.count());
    }
}
