//! What each scenario buys: downtime against cost.
//!
//! Model: of two scenarios the one that costs less is the better buy unless the other is down less,
//! which is seen in their paired difference, replication by replication of the same years. Those
//! that no cheaper one beats are on the *front* (Pareto). Each is then held against the one before
//! it on the front: dollars, minutes, milliseconds.
//!
//! Holds: all differences of downtime together err with at most one minus the level (Bonferroni
//! over all pairs). Leaves out: what else a scenario is bought for,
//! its capacity above all; those that are not on the front may still carry more.

use super::{Basis, Member, of_each_pair, paired, years};
use crate::stats::equivalence::Comparison;
use crate::stats::interval::Interval;

/// A scenario with its price and its downtime.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Which row.
    pub row: usize,
    /// Dollars a month.
    pub cost: f64,
    /// Structural downtime in seconds a year.
    pub downtime: Interval,
    /// A cheaper one that is not seen to be down longer; none for one on the front.
    pub beaten_by: Option<usize>,
    /// Against the one before it on the front.
    pub step: Option<Step>,
}

/// What the next on the front buys.
#[derive(Clone, Debug)]
pub struct Step {
    /// The one before, by row.
    pub from: usize,
    /// Dollars a month more.
    pub cost: f64,
    /// Structural downtime in seconds a year, this one less the one before.
    pub downtime: Interval,
    /// 95 % latency in seconds in the last window of the basis, this one less the one before; put in by who
    /// holds all latencies against each other.
    pub latency: Option<Comparison>,
}

impl Offer {
    /// The rows that its step is between.
    #[must_use]
    pub fn pair(&self) -> Option<(usize, usize)> {
        self.step.as_ref().map(|step| (step.from, self.row))
    }
}

/// All that have a price and years, the cheapest first.
pub fn offers(members: &[Member<'_>], basis: &Basis, level: f64) -> Vec<Offer> {
    let downs: Vec<Option<Vec<f64>>> =
        members.iter().map(|member| years::samples(member, basis)).collect();
    let offer = |(row, member): (usize, &Member<'_>)| {
        let downtime = Interval::of_mean(downs[row].as_deref()?, level).ok()?;
        Some(Offer { row, cost: member.monthly_cost?, downtime, beaten_by: None, step: None })
    };
    let mut all: Vec<Offer> = members.iter().enumerate().filter_map(offer).collect();
    // Of two at one price the one that is down less comes first.
    all.sort_by(|a, b| {
        a.cost.total_cmp(&b.cost).then(a.downtime.estimate.total_cmp(&b.downtime.estimate))
    });
    let each = of_each_pair(level, members.len());
    let down = |row: usize| downs[row].as_deref().unwrap_or(&[]);
    let downtime = |own: usize, other: usize| paired(down(own), down(other), each);
    for at in 1..all.len() {
        let row = all[at].row;
        let better = |cheaper: &&Offer| {
            downtime(row, cheaper.row).is_none_or(|difference| difference.high >= 0.0)
        };
        let beaten = all[..at].iter().filter(better);
        let least = beaten.min_by(|a, b| a.downtime.estimate.total_cmp(&b.downtime.estimate));
        all[at].beaten_by = least.map(|cheaper| cheaper.row);
    }
    let front: Vec<usize> = (0..all.len()).filter(|at| all[*at].beaten_by.is_none()).collect();
    for pair in front.windows(2) {
        let (before, own) = (&all[pair[0]], &all[pair[1]]);
        let Some(downtime) = downtime(own.row, before.row) else { continue };
        let (from, cost) = (before.row, own.cost - before.cost);
        all[pair[1]].step = Some(Step { from, cost, downtime, latency: None });
    }
    all
}
