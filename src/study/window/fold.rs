//! Results of a window from its replications one by one.

use super::{Came, Ending, Pace, WindowPlan, WindowResult, estimate};
use crate::model::blueprint::Blueprint;
use crate::model::record::Record;
use crate::model::world::readings::Unrest;
use crate::solve::requests::Tally;
use crate::stats::interval::Statistic;
use crate::study::control;
use crate::study::measure::NoValue;
use crate::study::replication::{Replication, Valued};
use crate::study::scalers;
use crate::study::verdict::{self, Verdict};
use crate::study::zones;
use crate::units::SimDuration;

/// Returns the results of a window of which every replication is kept.
pub(in crate::study) fn fold(
    plan: &Blueprint,
    asked: &WindowPlan,
    samples: Vec<Replication>,
    ending: Ending,
    looks: usize,
) -> WindowResult {
    let seen = samples.as_slice();
    let controls = control::controls(plan, asked, seen);
    let estimates = asked
        .measures
        .iter()
        .enumerate()
        .map(|(at, measure)| {
            let values: Vec<Valued> = seen.iter().map(|sample| sample.measured[at]).collect();
            control::estimated(controls.as_ref(), measure, &values, asked.level)
        })
        .collect();
    let mut pooled = Record::new(plan);
    let mut grid: Vec<Vec<f64>> = vec![Vec::new(); plan.parts.len()];
    let most = seen.iter().map(|sample| sample.soundings.len()).max();
    let mut soundings = vec![0.0; most.unwrap_or(0)];
    for sample in seen {
        for (sum, number) in soundings.iter_mut().zip(&sample.soundings) {
            *sum += *number as f64 / seen.len() as f64;
        }
        pooled.merge(&sample.record);
        for (sum, one) in grid.iter_mut().zip(&sample.grid) {
            sum.resize(sum.len().max(one.len()), 0.0);
            for (sum, value) in sum.iter_mut().zip(one) {
                *sum += value / seen.len() as f64;
            }
        }
    }
    for (at, series) in grid.iter_mut().enumerate() {
        for (step, mean) in series.iter_mut().enumerate() {
            // Quotients that are rounded add up to a little more than 1.
            let most = seen.iter().filter_map(|sample| sample.grid[at].get(step)).copied();
            *mean = mean.min(most.fold(0.0, f64::max));
        }
    }
    let zones = zones::of_window(plan, asked, seen);
    let scalers = scalers::of_window(plan, asked, seen);
    let mut classes = verdict::of_classes(plan, &pooled, seen, asked.window.from());
    if asked.drill.as_ref().is_some_and(|drill| drill.part.is_some()) {
        classes.iter_mut().for_each(|one| one.verdict = Verdict::Broken);
    }
    let verdict = verdict::worst(classes.iter().map(|one| &one.verdict));
    let stopped = seen.iter().find_map(|one| one.cut.as_ref()).map(|cut| cut.why.clone());
    WindowResult {
        name: asked.window.name.clone(),
        replications: seen.len() as u64,
        beyond: None,
        estimates,
        corrected: controls.is_some(),
        controls,
        came: came(plan, asked, seen),
        digests: seen.iter().map(|o| o.digest).collect(),
        trails: seen.iter().map(|o| o.trail.clone()).collect(),
        events: seen.iter().map(|o| o.events).sum(),
        zones,
        scalers,
        unrest: unrest(seen),
        censuses: seen.iter().map(|one| one.censuses.clone()).collect(),
        samples: seen
            .iter()
            .map(|one| one.measured.iter().map(|one| one.value).collect())
            .collect(),
        course: course(plan, seen),
        pooled,
        soundings,
        grid,
        ending,
        looks,
        verdict,
        classes,
        stopped,
    }
}

/// Returns the arrivals of every workload, with the expected ones.
fn came(plan: &Blueprint, asked: &WindowPlan, seen: &[Replication]) -> Vec<Came> {
    let seconds = asked.window.length.seconds();
    let expected = control::expected(plan, &asked.window).into_iter().enumerate();
    let one = |(workload, expected): (usize, Option<f64>)| {
        let rate = |one: &Replication| {
            Ok(one.record.views[workload].intended as f64 / one.length.seconds())
        };
        let values: Vec<Result<f64, NoValue>> = seen.iter().map(rate).collect();
        let realised = estimate(&values, Statistic::Mean, asked.level);
        Came { realised, expected: expected.map(|count| count / seconds) }
    };
    expected.map(one).collect()
}

/// Returns whether a part is broken at the end of a replication, and the last repair of all.
fn unrest(seen: &[Replication]) -> Unrest {
    let over = seen.iter().filter_map(|one| one.unrest.over);
    Unrest {
        broken: seen.iter().any(|one| one.unrest.broken),
        over: over.max_by_key(|(at, _)| *at),
    }
}

/// Returns the paces of every workload, step by step.
fn course(plan: &Blueprint, seen: &[Replication]) -> Vec<Vec<Pace>> {
    let steps = seen.iter().map(|one| one.steps.len()).min().unwrap_or(0);
    let of = |workload: usize| {
        let instants: Vec<SimDuration> = (0..steps).map(|step| seen[0].steps[step].at).collect();
        let sum = |step: usize| {
            let tallies = seen.iter().map(|one| one.steps[step].views[workload]);
            tallies.fold(Tally::default(), |sum, one| Tally {
                served: sum.served + one.served,
                lost: sum.lost + one.lost,
                never_born: sum.never_born + one.never_born,
            })
        };
        let sums: Vec<Tally> = (0..steps).map(sum).collect();
        paces(&instants, &sums, seen.len() as u64)
    };
    (0..plan.workloads.len()).map(of).collect()
}

/// Returns the paces of a workload from the sums of its page views up to each step, over `count` replications.
pub(in crate::study) fn paces(instants: &[SimDuration], sums: &[Tally], count: u64) -> Vec<Pace> {
    let mut from = SimDuration::ZERO;
    let mut before = Tally::default();
    let mut paces = Vec::with_capacity(sums.len());
    for (until, sum) in instants.iter().copied().zip(sums.iter().copied()) {
        let seconds = (until - from).seconds() * count as f64;
        let pace = |now: u64, then: u64| (now - then) as f64 / seconds;
        paces.push(Pace {
            from,
            until,
            served: pace(sum.served, before.served),
            lost: pace(sum.lost, before.lost),
            never_born: pace(sum.never_born, before.never_born),
        });
        (from, before) = (until, sum);
    }
    paces
}
