//! The part of the edges of a CDN in the latency of a row.

use super::windows::{samples, values};
use crate::kinds::cdn::live::EDGE;
use crate::plan::figure::{Metric, Stat};
use crate::plan::links::Entrance;
use crate::stats::interval::Interval;
use crate::study::compare::{Basis, Member, paired};
use crate::study::measure::Measure;
use crate::study::results::measured_at;
use crate::study::window::Estimate;

/// Contributions of the edges and of the origin behind them to the p95 latency step, this row minus the one above. They
/// add up to the step. In a row without edges all requests are at the origin. Each interval holds for itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepParts {
    /// Contribution of answers from edges: the gap between the latency of all requests and that of requests that reach
    /// the origin.
    pub caching: Interval,
    /// Contribution of the latency of requests that reach the origin.
    pub origin: Interval,
}

/// Requests of the compared class, answered by edges or passed on.
#[derive(Clone, Debug)]
pub struct Edges {
    /// Requests answered, summed over all replications.
    pub answered: u64,
    /// Requests among them that no edge could answer.
    pub missed: u64,
    /// p95 latency of the requests that no edge could answer.
    pub origin: Estimate,
}

impl Edges {
    /// Returns the share of the answers that came from edges.
    #[must_use]
    pub fn share(&self) -> f64 {
        1.0 - self.missed as f64 / self.answered.max(1) as f64
    }
}

/// Returns the place where the latency of a class that enters at a CDN is measured.
pub(super) fn measured(member: &Member<'_>, class: &str) -> Option<String> {
    let mut classes = member.draft.scenario.request.iter();
    let Some(Entrance::Cdn(cdn)) =
        member.draft.links.enters.get(classes.position(|(name, _)| **name == *class)?)?
    else {
        return None;
    };
    let misses =
        "what no edge has goes on towards the origin, and its latency holds the way there.";
    Some(measured_at(member.draft, *cdn, &format!("`{class}`"), misses))
}

/// Returns the p95 latency per replication of the requests that reach the origin: all requests if there are no edges.
fn at_origin(member: &Member<'_>, basis: &Basis, (window, all): (&str, bool)) -> Vec<f64> {
    let mut classes = member.plan.routes.classes.iter();
    let Some(at) = classes.position(|class| class.name == basis.class) else { return Vec::new() };
    match member.plan.routes.classes[at].cdns[EDGE] {
        None => samples(member, basis, (window, all), Metric::Latency),
        Some(_) => values(member, (window, all), &Measure::MissLatency(at, Stat::Quantile(0.95))),
    }
}

/// Splits the latency step from `above` to `own` into its parts, where one of them has edges.
pub(super) fn step_parts(
    (above, own): (&Member<'_>, &Member<'_>),
    basis: &Basis,
    window: (&str, bool),
    level: f64,
) -> Option<StepParts> {
    let of = |member: &Member<'_>| {
        let all = samples(member, basis, window, Metric::Latency);
        (all, at_origin(member, basis, window))
    };
    let ((above_all, above_origin), (own_all, own_origin)) = (of(above), of(own));
    let counts = [above_all.len(), above_origin.len(), own_all.len(), own_origin.len()];
    let count = counts.into_iter().min().filter(|count| *count >= 2)?;
    let gained = |all: &[f64], origin: &[f64]| -> Vec<f64> {
        all.iter().zip(origin).take(count).map(|(all, origin)| all - origin).collect()
    };
    let (own_gains, above_gains) =
        (gained(&own_all, &own_origin), gained(&above_all, &above_origin));
    Some(StepParts {
        caching: paired(&own_gains, &above_gains, level)?,
        origin: paired(&own_origin[..count], &above_origin[..count], level)?,
    })
}
