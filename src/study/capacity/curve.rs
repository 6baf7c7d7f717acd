//! The figure of a capacity search against the rate: latency against load.
//!
//! Model: the rates that the search tries differ between replications, and lie where each of them reaches its limit.
//! Their means would therefore all be near the limit. So the first replications run again at fixed shares of the
//! capacity, all of them at each. Each nominal rate is divided by the arrivals of its replication over those that it
//! asks for, so that the realised rates of all replications agree. The capacity itself is one more point where the
//! figure is the limit that is crossed in every replication.
//!
//! Takes a finished search; returns the points, ascending. Holds: the number of runs is bounded; a rate at which a
//! replication has no figure has no point.
//! Source of the knee: the rate with the largest power, which is the ratio of throughput to response time: Kleinrock,
//! Power and deterministic rules of thumb for probabilistic problems in computer communications, ICC 1979.

use serde::{Deserialize, Serialize};

use rayon::prelude::*;

use super::{Breach, Carries, Look, Reached, Search};
use crate::stats::interval::Statistic;
use crate::study::window::{Estimate, estimate};

/// Shares of the capacity at which the figure is estimated.
const SHARES: [f64; 5] = [0.3, 0.6, 0.8, 0.9, 1.1];
/// Largest number of replications at each of them.
const REPLICATIONS: u32 = 3;

/// The figure at one rate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Mean realised rate, per second.
    pub rate: f64,
    /// Mean of the figure, in its base unit; without an interval at the capacity, where it is the limit.
    pub figure: Estimate,
}

/// Returns the index of the point with the largest ratio of rate to figure, beyond which the figure rises faster than
/// the rate. `None` if this is the last point: then no point shows that the ratio falls.
#[must_use]
pub fn knee(points: &[CurvePoint]) -> Option<usize> {
    let power = |point: &CurvePoint| {
        point.figure.value().filter(|value| *value > 0.0).map(|value| point.rate / value)
    };
    let known = points.iter().enumerate().filter_map(|(at, point)| Some((at, power(point)?)));
    let (most, _) = known.max_by(|a, b| a.1.total_cmp(&b.1))?;
    (most + 1 < points.len()).then_some(most)
}

impl Search<'_> {
    /// Simulates the shares of a capacity; `None` when stopped.
    pub(super) fn curve(
        &self,
        carries: &Carries,
        each: &[Reached],
    ) -> Result<Option<Vec<CurvePoint>>, Breach> {
        let Some(capacity) = carries.estimate().value() else { return Ok(Some(Vec::new())) };
        let replications = 0..self.effort.replications.clamp(1, REPLICATIONS);
        let run = |share: f64| {
            let runs = replications.clone().into_par_iter().with_max_len(1);
            let run = |replication: u32| {
                let rate = share * capacity;
                self.look(replication, rate / self.luck(replication, rate))
            };
            runs.map(run).collect::<Result<Option<Vec<Look>>, Breach>>()
        };
        let seen = SHARES.into_par_iter().with_max_len(1).map(run);
        let seen = seen.collect::<Result<Option<Vec<Vec<Look>>>, Breach>>()?;
        let Some(seen) = seen else { return Ok(None) };
        let mut points: Vec<CurvePoint> =
            seen.iter().filter_map(|looks| self.point(looks)).collect();
        if !each.iter().any(|one| one.lost) {
            let figure = Estimate::Single(self.objective.below);
            let place = points.partition_point(|point| point.rate < capacity);
            points.insert(place, CurvePoint { rate: capacity, figure });
        }
        Ok(Some(points))
    }

    /// Returns the mean over replications at one rate; `None` if one of them has no figure.
    fn point(&self, looks: &[Look]) -> Option<CurvePoint> {
        let is_known = |look: &Look| look.reached.is_finite() && look.lost.is_finite();
        if looks.is_empty() || !looks.iter().all(is_known) {
            return None;
        }
        let rate = looks.iter().map(|look| look.came).sum::<f64>() / looks.len() as f64;
        let values: Vec<_> =
            looks.iter().map(|look| Ok(look.reached * self.objective.below)).collect();
        let figure = estimate(&values, Statistic::Mean, self.effort.level);
        Some(CurvePoint { rate, figure })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(all: &[(f64, f64)]) -> Vec<CurvePoint> {
        let point = |(rate, value): &(f64, f64)| CurvePoint {
            rate: *rate,
            figure: Estimate::Single(*value),
        };
        all.iter().map(point).collect()
    }

    /// M/M/1 with one second of service: the response time is 1 / (1 − rate), so that power is rate × (1 − rate).
    #[test]
    fn the_knee_of_a_single_server_is_at_half_its_load() {
        let of = |rate: f64| (rate, 1.0 / (1.0 - rate));
        let all: Vec<(f64, f64)> = [0.2, 0.4, 0.5, 0.7, 0.9].map(of).to_vec();
        assert_eq!(knee(&points(&all)), Some(2));
        assert_eq!(knee(&points(&all[..3])), None, "nothing beyond shows that power falls");
        assert_eq!(knee(&points(&[])), None);
    }
}
