//! Latency, share served and capacity of a row against those of another, replication by replication.

use super::edges::step_parts;
use crate::plan::figure::{Metric, Stat};
use crate::stats::equivalence::{Comparison, Finding, compare_ladder};
use crate::study::compare::{Basis, Member, Respect, Row, Weighed};
use crate::study::control;
use crate::study::measure::Measure;
use crate::study::results::Reached;

/// A smaller difference of the share served is irrelevant.
const SERVED_WORTH: f64 = 0.001;

/// Compares latency, share served and, for neighbours, capacity: the second of each pair of rows with the first. Also
/// fills them into the rows.
pub(super) fn in_windows(
    members: &[Member<'_>],
    basis: &Basis,
    deciding: &str,
    pairs: &[(usize, usize)],
    rows: &mut [Row],
    (each, level): (f64, f64),
) -> Vec<(Option<Comparison>, Vec<Weighed>)> {
    let is_corrected = |member: &Member<'_>| {
        let found = member.results.windows.iter().find(|window| window.name == *deciding);
        found.is_some_and(|window| window.corrected)
    };
    let all = members.iter().all(is_corrected);
    let latency = |member: &Member<'_>| samples(member, basis, (deciding, all), Metric::Latency);
    let served = |member: &Member<'_>| samples(member, basis, (deciding, all), Metric::Served);
    let worth = |column: &[Vec<f64>]| {
        let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let least = column.iter().filter(|v| !v.is_empty()).map(mean).fold(f64::MAX, f64::min);
        Metric::Latency.margin() * least
    };
    let latencies: Vec<Vec<f64>> = members.iter().map(latency).collect();
    let shares: Vec<Vec<f64>> = members.iter().map(served).collect();
    let carried = |row: &Row| row.capacity.as_ref().map_or(Vec::new(), |one| one.each.clone());
    let carried: Vec<Vec<Reached>> = rows.iter().map(carried).collect();
    for at in 1..rows.len() {
        if rows[at - 1].measured.is_some() || rows[at].measured.is_some() {
            let both = (&members[at - 1], &members[at]);
            rows[at].step_parts = step_parts(both, basis, (deciding, all), level);
        }
    }
    let rates: Vec<Vec<f64>> =
        carried.iter().map(|each| each.iter().map(|one| one.rate).collect()).collect();
    let in_latency = held(&latencies, pairs, each, worth(&latencies));
    let in_served = held(&shares, pairs, each, SERVED_WORTH);
    let in_capacity = capacity_steps(&carried, each, &worth);
    let mut all = Vec::new();
    for (place, (from, to)) in pairs.iter().enumerate() {
        let is_neighbour = from + 1 == *to;
        let capacity = in_capacity[*to].filter(|_| is_neighbour);
        let (latency, served) = (in_latency[place], in_served[place]);
        if is_neighbour {
            let row = &mut rows[*to];
            (row.latency_step, row.served_step, row.capacity_step) = (latency, served, capacity);
        }
        let found = [
            (Respect::Latency, latency, &latencies),
            (Respect::Served, served, &shares),
            (Respect::Capacity, capacity, &rates),
        ];
        let found = found.into_iter().filter_map(|(respect, step, column)| {
            Weighed::new(respect, step.as_ref()?, (&column[*to], &column[*from]), level)
        });
        all.push((latency, found.collect()));
    }
    all
}

/// Returns the steps of capacities. Where a replication's rate lies between two bounds, a step counts only if it holds
/// with both, and its interval covers both.
fn capacity_steps(
    column: &[Vec<Reached>],
    level: f64,
    worth: &dyn Fn(&[Vec<f64>]) -> f64,
) -> Vec<Option<Comparison>> {
    let of = |which: &dyn Fn(&Reached) -> f64| -> Vec<Vec<f64>> {
        column.iter().map(|each| each.iter().map(which).collect()).collect()
    };
    let rates = of(&|one| one.rate);
    let worth = Metric::Capacity.margin() / Metric::Latency.margin() * worth(&rates);
    let mut all = steps(&rates, level, worth);
    if !column.iter().flatten().any(Reached::is_open) {
        return all;
    }
    let (least, most) = (of(&|one| one.between.0), of(&|one| one.between.1));
    for at in 1..column.len() {
        // The lower bound of one minus the upper bound of the other, and the reverse.
        let ends = [(&most, &least), (&least, &most)].map(|(above, own)| {
            let mut pairs = rates.clone();
            (pairs[at - 1], pairs[at]) = (above[at - 1].clone(), own[at].clone());
            steps(&pairs, level, worth)[at]
        });
        let (Some(step), [Some(down), Some(up)]) = (&mut all[at], ends) else { continue };
        let difference = &mut step.difference;
        difference.low = difference.low.min(down.difference.low);
        difference.high = difference.high.max(up.difference.high);
        step.excluded = difference.low.abs().max(difference.high.abs());
        step.p_value = step.p_value.max(down.p_value).max(up.p_value);
        if down.finding != step.finding || up.finding != step.finding {
            let little = step.excluded < worth;
            step.finding = if little { Finding::NoDifference } else { Finding::Inconclusive };
        }
    }
    all
}

/// Returns the values of the compared figure per replication, corrected for arrivals where those of all members are;
/// empty when a replication has no value.
pub(super) fn samples(
    member: &Member<'_>,
    basis: &Basis,
    (window, all): (&str, bool),
    metric: Metric,
) -> Vec<f64> {
    let class = member.plan.routes.classes.iter().position(|class| class.name == basis.class);
    let Some(class) = class else { return Vec::new() };
    let workload = member.plan.workloads.iter().position(|w| w.class.index() == class);
    let measure = match (metric, workload) {
        (Metric::Served, Some(workload)) => Measure::Served(vec![workload], true),
        _ => Measure::Latency(class, Stat::Quantile(0.95)),
    };
    values(member, (window, all), &measure)
}

/// Returns the values of a measure per replication, corrected for arrivals if `all` allows it; empty when a replication
/// has no value.
pub(super) fn values(
    member: &Member<'_>,
    (window, all): (&str, bool),
    measure: &Measure,
) -> Vec<f64> {
    let at = member.result.windows.iter().position(|w| w.name == window);
    let Some(at) = at else { return Vec::new() };
    let place = member.study.windows[at].measures.iter().position(|other| other == measure);
    let Some(place) = place else { return Vec::new() };
    let seen = &member.result.windows[at];
    let values = seen.samples.iter().map(|values| values[place].ok());
    let values = values.collect::<Option<Vec<f64>>>().unwrap_or_default();
    // Corrected as the estimate is, if all members are: pseudo-values are paired as the values are.
    let controls = seen.controls.as_ref().filter(|_| all && control::is_corrected(measure));
    controls.and_then(|controls| controls.corrected(&values)).unwrap_or(values)
}

/// Returns the pairs of each row with the one above.
pub(super) fn neighbours(rows: usize) -> Vec<(usize, usize)> {
    (1..rows).map(|at| (at - 1, at)).collect()
}

/// Compares each row with the one above; `None` for the first.
fn steps(column: &[Vec<f64>], level: f64, worth: f64) -> Vec<Option<Comparison>> {
    let found = held(column, &neighbours(column.len()), level, worth);
    std::iter::once(None).chain(found).take(column.len()).collect()
}

/// Compares the second of each pair with its first, where both have at least two replications. All pairs are one
/// family.
fn held(
    column: &[Vec<f64>],
    pairs: &[(usize, usize)],
    level: f64,
    worth: f64,
) -> Vec<Option<Comparison>> {
    let mut samples: Vec<(&[f64], &[f64])> = Vec::new();
    let mut places = Vec::new();
    for (place, (above, own)) in pairs.iter().enumerate() {
        let (above, own) = (&column[*above], &column[*own]);
        let count = above.len().min(own.len());
        if count >= 2 {
            samples.push((&own[..count], &above[..count]));
            places.push(place);
        }
    }
    let mut all = vec![None; pairs.len()];
    let Ok(found) = compare_ladder(&samples, level, worth) else { return all };
    for (place, comparison) in places.into_iter().zip(found) {
        all[place] = Some(comparison);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S7: a row is compared with the one above; a row without values affects no other pair.
    #[test]
    fn each_row_is_held_against_the_one_above() {
        let up = vec![1.0, 1.1, 0.9, 1.0];
        let down: Vec<f64> = up.iter().map(|v| v - 0.5).collect();
        let column = [up.clone(), down.clone(), Vec::new(), down.clone(), down];
        let found = steps(&column, 0.95, 0.01);
        let findings: Vec<Option<Finding>> =
            found.iter().map(|step| step.map(|step| step.finding)).collect();
        let equal = Some(Finding::NoDifference);
        assert_eq!(findings, [None, Some(Finding::Smaller), None, None, equal]);
        let step = found[1].unwrap().difference;
        assert!((step.estimate + 0.5).abs() < 1e-12 && step.half_width() < 1e-12);
    }
}
