//! Downtime against cost of each scenario.
//!
//! Model: a scenario that is overloaded at its design peak, or misses a latency objective there, is [`Unfit`]: it is
//! not offered and beats no other. Of two others the cheaper is the better buy, unless the other has less downtime.
//! This is decided by their paired difference, replication by replication over the same horizon. Scenarios that no
//! cheaper one beats form the *front* (Pareto). Each is then compared with the one before it on the front: dollars,
//! minutes, milliseconds.
//!
//! Holds: all differences of downtime together err with a probability of at most one minus the level (Bonferroni over
//! all pairs). Leaves out: other reasons to buy a scenario, above all its capacity. A scenario beside the front may
//! still carry more.

use super::{Basis, Member, Weighed, of_each_pair, paired_rare, years};
use crate::plan::availability::Availability;
use crate::stats::equivalence::Comparison;
use crate::stats::interval::Interval;
use crate::study::expect::Verdict as Judgement;
use crate::study::results::ObjectiveRow;
use crate::study::window::Verdict;
use crate::study::years::blocks::Means;

/// A scenario with its price and its downtime.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Row of the scenario.
    pub row: usize,
    /// Dollars per month.
    pub cost: f64,
    /// Dollars once.
    pub once: f64,
    /// Structural downtime in seconds per year.
    pub downtime: Interval,
    /// Reason why it is not offered, from the last window of the basis; `None` if it may be.
    pub unfit: Option<Unfit>,
    /// Row of a cheaper scenario not shown to have more downtime; `None` on the front, and for an unfit scenario.
    pub beaten_by: Option<usize>,
    /// Rows of all scenarios that cost at most as much and are not shown to have more downtime, fit or not.
    pub rivals: Vec<usize>,
    /// Difference to the offer before it on the front.
    pub step: Option<Step>,
}

/// Reason to exclude a scenario, whatever its downtime and price.
#[derive(Clone, Debug)]
pub enum Unfit {
    /// It does not keep up with its load.
    NotInBalance(Verdict),
    /// It misses a latency objective.
    Slow(ObjectiveRow),
}

/// Step from one offer on the front to the next.
#[derive(Clone, Debug)]
pub struct Step {
    /// Row of the offer before.
    pub from: usize,
    /// Additional dollars per month.
    pub cost: f64,
    /// Additional dollars once.
    pub once: f64,
    /// Structural downtime in seconds per year, this offer minus the one before.
    pub downtime: Interval,
    /// p95 latency in seconds in the last window of the basis, this offer minus the one before; filled in by the
    /// comparison of all latencies.
    pub latency: Option<Comparison>,
    /// All respects in which the two are compared; filled in likewise.
    pub weighed: Vec<Weighed>,
}

impl Offer {
    /// Returns the two rows of its step.
    #[must_use]
    pub fn pair(&self) -> Option<(usize, usize)> {
        self.step.as_ref().map(|step| (step.from, self.row))
    }

    /// Returns whether it is on the front: fit, and beaten by no cheaper offer.
    #[must_use]
    pub const fn is_on_front(&self) -> bool {
        self.unfit.is_none() && self.beaten_by.is_none()
    }
}

/// Returns the reason to exclude a scenario, judged in the last window of the basis, its design peak. A run too short
/// to judge is no reason.
fn unfit(member: &Member<'_>, basis: &Basis) -> Option<Unfit> {
    let peak = basis.windows.last()?;
    let at = member.results.windows.iter().position(|window| window.name == *peak)?;
    let verdict = member.results.windows[at].verdict;
    if verdict.is_overload() {
        return Some(Unfit::NotInBalance(verdict));
    }
    let missed = |row: &&ObjectiveRow| row.window == at && row.judgement == Judgement::Fails;
    member.results.objectives.iter().find(missed).cloned().map(Unfit::Slow)
}

/// Returns whether prices per month and once give one order: no scenario is cheaper per month than another and dearer
/// once. `prices` are dollars per month and once.
#[must_use]
pub fn in_order(prices: &[(f64, f64)]) -> bool {
    let mut all = prices.to_vec();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    all.windows(2).all(|pair| pair[0].1 <= pair[1].1)
}

/// Returns all offers with a price and a long-horizon run, the cheapest first; none where prices [give no
/// order](in_order). Differences hold together at the level `family`, each downtime alone at `level`.
pub fn offers(members: &[Member<'_>], basis: &Basis, (family, level): (f64, f64)) -> Vec<Offer> {
    let down = |member: &Member<'_>| years::samples(member, basis, Availability::Structural);
    let downs: Vec<Option<Means>> = members.iter().map(down).collect();
    let offer = |(row, member): (usize, &Member<'_>)| {
        let downtime = Interval::of_mean(&downs[row].as_ref()?.values, level).ok()?;
        let (cost, once) = member.price()?;
        let unfit = unfit(member, basis);
        let (rivals, step) = (Vec::new(), None);
        Some(Offer { row, cost, once, downtime, unfit, beaten_by: None, rivals, step })
    };
    let all: Vec<Offer> = members.iter().enumerate().filter_map(offer).collect();
    if !in_order(&all.iter().map(|offer| (offer.cost, offer.once)).collect::<Vec<_>>()) {
        return Vec::new();
    }
    front(all, &downs, of_each_pair(family, members.len()))
}

/// Sorts offers by price and finds the front. `downs` has the downtime of each row, `level` is that of
/// each difference.
fn front(mut all: Vec<Offer>, downs: &[Option<Means>], level: f64) -> Vec<Offer> {
    // At equal prices the offer with less downtime comes first.
    all.sort_by(|a, b| {
        let down = || a.downtime.estimate.total_cmp(&b.downtime.estimate);
        a.cost.total_cmp(&b.cost).then(a.once.total_cmp(&b.once)).then_with(down)
    });
    let downtime = |own: usize, other: usize| {
        let [own, other] = downs[own].as_ref()?.beside(downs[other].as_ref()?);
        paired_rare(&own, &other, level)
    };
    for at in 1..all.len() {
        let row = all[at].row;
        let better = |cheaper: &&Offer| {
            downtime(row, cheaper.row).is_none_or(|difference| difference.high >= 0.0)
        };
        let rivals: Vec<usize> = all[..at].iter().filter(better).map(|offer| offer.row).collect();
        all[at].rivals = rivals;
        if all[at].unfit.is_some() {
            continue;
        }
        let beaten = all[..at].iter().filter(better).filter(|cheaper| cheaper.unfit.is_none());
        let least = beaten.min_by(|a, b| a.downtime.estimate.total_cmp(&b.downtime.estimate));
        all[at].beaten_by = least.map(|cheaper| cheaper.row);
    }
    let front: Vec<usize> = (0..all.len()).filter(|at| all[*at].is_on_front()).collect();
    for pair in front.windows(2) {
        let (before, own) = (&all[pair[0]], &all[pair[1]]);
        let Some(downtime) = downtime(own.row, before.row) else { continue };
        let (from, cost, once) = (before.row, own.cost - before.cost, own.once - before.once);
        let step = Step { from, cost, once, downtime, latency: None, weighed: Vec::new() };
        all[pair[1]].step = Some(step);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cheaper per month and dearer once: neither is the cheaper of the two.
    #[test]
    fn prices_per_month_and_once_that_cross_have_no_order() {
        assert!(in_order(&[(100.0, 0.0), (100.0, 9.0), (200.0, 9.0), (50.0, 0.0)]));
        assert!(!in_order(&[(100.0, 9.0), (200.0, 0.0)]));
    }

    /// The cheapest has the least downtime but is overloaded at the peak: it is no offer, beats none, and no other is
    /// compared with it.
    #[test]
    fn an_overloaded_scenario_is_neither_offered_nor_beats_another() {
        let downs = [[10.0, 11.0, 9.0, 10.5], [30.0, 31.0, 29.0, 30.5], [20.0, 21.0, 19.0, 20.5]];
        let offer = |row: usize, unfit| Offer {
            row,
            cost: 100.0 * (row + 1) as f64,
            once: 0.0,
            downtime: Interval::of_mean(&downs[row], 0.95).unwrap(),
            unfit,
            beaten_by: None,
            rivals: Vec::new(),
            step: None,
        };
        let unfit = || Some(Unfit::NotInBalance(Verdict::Overloaded));
        let samples: Vec<_> =
            downs.iter().map(|down| Some(Means { values: down.to_vec(), block: 1 })).collect();
        let all = vec![offer(2, None), offer(1, None), offer(0, unfit())];
        let [overloaded, middle, best] = &front(all, &samples, 0.99)[..] else { panic!() };
        assert_eq!((overloaded.row, overloaded.is_on_front()), (0, false));
        assert!(overloaded.step.is_none());
        assert_eq!((middle.beaten_by, middle.is_on_front(), middle.pair()), (None, true, None));
        assert_eq!(best.pair(), Some((1, 2)));
    }
}
