//! Quantiles of years, and their intervals.

use super::estimate::year_quantile;
use super::*;
use crate::engine::law::Law;
use crate::stats::coverage_tests::Misses;
use crate::stats::oracle_tests::Draws;

fn of(hours: &[f64]) -> Sample {
    let mut years = Sample::new();
    hours.iter().for_each(|hours| years.record((hours * 3.6e12) as u64));
    years
}

fn interval(years: &Sample, q: f64) -> Interval {
    match year_quantile(years, years.count(), q, 0.95) {
        Estimate::Interval(interval) => interval,
        other => panic!("{other:?}"),
    }
}

/// If all years have the same value, it is the quantile, to the nanosecond.
#[test]
fn a_year_quantile_is_the_downtime_of_a_year() {
    for hours in [7.5, 6.0, 0.001, 8_000.0] {
        let mut years = vec![hours; 400];
        (years[0], years[1]) = (0.0, 8_700.0);
        let found = interval(&of(&years), 0.95);
        let exact = hours * 3_600.0;
        assert_eq!((found.low, found.estimate, found.high), (exact, exact, exact));
    }
}

/// With more years than are kept one by one, a bucket's width belongs to the interval.
#[test]
fn an_interval_of_a_year_quantile_holds_what_every_year_has() {
    for hours in [7.5, 6.0, 0.001, 8_000.0] {
        let mut years = vec![hours; crate::observe::sample::EXACT + 10];
        (years[0], years[1]) = (0.0, 8_700.0);
        let found = interval(&of(&years), 0.95);
        assert!(found.contains(hours * 3_600.0), "{hours} h: {found:?}");
        assert!(found.half_width() <= hours * 3_600.0 / 1_000.0, "{hours} h: {found:?}");
    }
}

/// A year has an outage with probability `p`, of a lognormal length: 95 % of the years do not exceed its quantile 1
/// − 0.05/p.
#[test]
fn intervals_of_a_year_quantile_hold_the_truth_as_often_as_they_say() {
    let mut draws = Draws::named("intervals_of_a_year_quantile");
    for cv in [0.3, 1.25, 30.0] {
        let law = Law::lognormal(4.0, cv).unwrap();
        for p in [0.0_f64, 0.01, 0.03, 0.1, 0.3, 1.0] {
            let truth = if p > 0.05 { law.quantile(1.0 - 0.05 / p) * 3_600.0 } else { 0.0 };
            let misses = Misses::of(|| {
                let year = |draws: &mut Draws| {
                    if draws.uniform() < p { law.quantile(draws.uniform()) } else { 0.0 }
                };
                let years: Vec<f64> = (0..1_000).map(|_| year(&mut draws)).collect();
                Some((interval(&of(&years), 0.95), truth))
            });
            println!("cv {cv}, {p} outages per year: {}", misses.shares());
            assert!(!misses.is_short(), "cv {cv}, p {p}: {misses:?}");
        }
    }
}
