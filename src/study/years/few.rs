//! Model of outages that were not observed, for figures over few outages.
//!
//! Takes sums by block of replications; returns means with intervals ([`rare`](crate::stats::rare)). An outage that was not
//! observed is assumed to last as long as those of its cause do on average, from its onset until everything works again; else as the
//! longest of the scenario. Where nothing is repaired, it lasts to the end of the horizon. Leaves out: repairs that wait for crews or spare parts,
//! which last longer.

use crate::plan::availability::AvailabilityPlan;
use crate::stats::StatsError;
use crate::stats::interval::{Interval, Method};
use crate::stats::rare::{Heavy, Unseen, amount_of_rare, mean_of_rare};
use crate::stats::special::student_upper_quantile;
use crate::study::measure::NoValue;
use crate::study::window::Estimate;

use super::blocks::Scale;
use super::{YEAR_S, not_negative};

/// Contribution of a second of outage to a sum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Modelled<'a> {
    plan: &'a AvailabilityPlan,
    per_second: f64,
}

impl<'a> Modelled<'a> {
    pub(super) const fn new(plan: &'a AvailabilityPlan, per_second: f64) -> Self {
        Self { plan, per_second }
    }

    /// Models the downtime of a meter: in a fleet an outage of a member adds its share.
    pub(super) fn outages(plan: &'a AvailabilityPlan, net: usize, meter: usize) -> Self {
        Self::new(plan, 1.0 / plan.members(net, meter) as f64)
    }

    /// Returns the amount of an outage of a cause, or of any.
    fn amount(self, cause: Option<usize>) -> f64 {
        let own = cause.and_then(|cause| self.plan.repairs.get(cause).copied().flatten());
        let mean = own.map(|law| law.mean).or(self.plan.repair).unwrap_or(self.plan.horizon);
        mean.seconds() * self.per_second
    }

    /// Returns an event that adds `amount`. What comes at random has a repair: without any, nothing does.
    const fn unseen(self, amount: f64, heavy: Heavy) -> Unseen {
        Unseen {
            amount: Some(amount),
            is_drawn: self.plan.repair.is_some(),
            has_specks: false,
            heavy,
        }
    }

    /// Adds the outages of a cause that have probably not been observed yet.
    fn add(self, heavy: &mut Heavy, cause: usize, lost: &[f64], began: Option<&[f64]>) {
        let Some(law) = self.plan.repairs.get(cause).copied().flatten() else { return };
        let seen = lost.iter().filter(|lost| **lost > 0.0).count() as f64;
        let events = began.map_or(0.0, |began| began.iter().sum()).max(seen);
        heavy.add(events, lost.iter().sum(), (self.amount(Some(cause)), law.cv));
    }

    /// Returns the model of one cause: its sums and, where they were counted, its outages by replication.
    pub(super) fn of_cause(self, cause: usize, lost: &[f64], began: Option<&[f64]>) -> Unseen {
        let mut heavy = Heavy::default();
        self.add(&mut heavy, cause, lost, began);
        self.unseen(self.amount(Some(cause)), heavy)
    }

    /// Returns the model of all causes, in the order of the plan.
    pub(super) fn of_causes<'b>(
        self,
        causes: impl Iterator<Item = (&'b [f64], Option<&'b [f64]>)>,
    ) -> Unseen {
        let mut heavy = Heavy::default();
        for (cause, (lost, began)) in causes.enumerate() {
            self.add(&mut heavy, cause, lost, began);
        }
        self.unseen(self.amount(None), heavy)
    }

    /// Returns the mean square of the amount that an outage of a cause, or of any, adds to a year, with its coefficient
    /// of variation. The length is lognormal, and limited to one year per year.
    fn square(self, cause: Option<usize>) -> (f64, f64) {
        let own = cause.and_then(|cause| self.plan.repairs.get(cause).copied().flatten());
        let moments = |mean: f64, cv: f64| {
            let spread = 1.0 + cv * cv;
            let year = YEAR_S * self.per_second;
            (
                (mean * mean * spread).min(mean * year),
                (spread * spread * spread * spread - 1.0).sqrt(),
            )
        };
        match own {
            Some(law) => moments(self.amount(cause), law.cv),
            None => {
                let laws = self.plan.repairs.iter().flatten();
                let each = laws.map(|law| moments(law.mean.seconds() * self.per_second, law.cv));
                let unknown = moments(self.amount(None), 0.0);
                each.fold(unknown, |most, one| if one.0 > most.0 { one } else { most })
            }
        }
    }

    fn add_square(self, heavy: &mut Heavy, cause: usize, squares: f64, began: f64) {
        if self.plan.repairs.get(cause).copied().flatten().is_some() {
            heavy.add(began, squares, self.square(Some(cause)));
        }
    }

    /// Returns the contribution of one cause to the squares of yearly downtimes, from their sum so far and its outages.
    pub(super) fn square_of_cause(self, cause: usize, squares: f64, began: f64) -> Unseen {
        let mut heavy = Heavy::default();
        self.add_square(&mut heavy, cause, squares, began);
        self.unseen(self.square(Some(cause)).0, heavy)
    }

    /// Returns the contribution of all causes to these squares, in the order of the plan.
    pub(super) fn squares(self, causes: impl Iterator<Item = (f64, f64)>) -> Unseen {
        let mut heavy = Heavy::default();
        for (cause, (squares, began)) in causes.enumerate() {
            self.add_square(&mut heavy, cause, squares, began);
        }
        self.unseen(self.square(None).0, heavy)
    }

    /// Returns the model of any cause, where sums are not kept by cause.
    pub(super) fn any(self) -> Unseen {
        self.unseen(self.amount(None), Heavy::default())
    }
}

/// Returns the mean of sums by block, times `factor`.
pub(super) fn few(values: &[f64], unseen: Unseen, level: f64, factor: f64) -> Estimate {
    let mean = match (values, mean_of_rare(values, unseen, level)) {
        (_, Ok(interval)) => Estimate::Interval(interval),
        ([one], Err(_)) => Estimate::Single(*one),
        _ => Estimate::Missing(NoValue::Empty),
    };
    mean.times(factor)
}

/// Returns the mean per year of counts or sums by block.
pub(super) fn a_year(scale: Scale<'_>, values: &[f64], unseen: Unseen) -> Estimate {
    if unseen.amount.is_none() && values.iter().all(|value| *value == 0.0) {
        return Estimate::Missing(NoValue::NoneIn(scale.years() * values.len() as f64));
    }
    let unseen = Unseen { is_drawn: unseen.is_drawn && scale.plan.repair.is_some(), ..unseen };
    few(values, unseen, scale.level, 1.0 / scale.years())
}

/// Returns the sum `top` per event of `bottom`, over replications of `years` in total. The last part of the pair models
/// an event that was not observed.
pub(super) fn each(
    top: &[f64],
    bottom: &[f64],
    (years, unseen): (f64, Unseen),
    level: f64,
) -> Estimate {
    if bottom.iter().all(|count| *count <= 0.0) {
        return Estimate::Missing(NoValue::NoneIn(years));
    }
    if let ([top], [bottom]) = (top, bottom) {
        return Estimate::Single(top / bottom);
    }
    match amount_of_rare(top, bottom, unseen, level) {
        Ok(interval) => Estimate::Interval(interval),
        Err(StatsError::TooFew { needed, given }) => {
            Estimate::Missing(NoValue::TooFew { have: given as u64, need: needed as u64 })
        }
        Err(_) => Estimate::Missing(NoValue::Empty),
    }
}

/// Returns a sum over another that is not zero; for one replication, its own ratio. Only replications with a divisor
/// contribute to its variance.
pub(super) fn over(top: &[f64], bottom: &[f64], level: f64) -> Estimate {
    let have = bottom.iter().filter(|count| **count > 0.0).count();
    if let ([top], [bottom]) = (top, bottom) {
        return Estimate::Single(top / bottom);
    }
    if have < 2 {
        return Estimate::Missing(NoValue::TooFew { have: have as u64, need: 2 });
    }
    let Ok(i) = Interval::of_ratio(top, bottom, level) else {
        return Estimate::Missing(NoValue::Empty);
    };
    let tail = 0.5 * (1.0 - level);
    let quantile = |values: usize| student_upper_quantile(tail, (values - 1) as f64);
    let wider = quantile(have) / quantile(bottom.len());
    let (low, high) = (i.estimate - i.low, i.high - i.estimate);
    let (low, high) = (i.estimate - low * wider, i.estimate + high * wider);
    not_negative(Estimate::Interval(Interval { low, high, ..i }))
}

/// Returns one minus the mean of `missing` by block over `whole`, the average per block.
pub(super) fn share_without(missing: &[f64], whole: f64, unseen: Unseen, level: f64) -> Estimate {
    match super::turned(few(missing, unseen, level, 1.0 / whole)) {
        Estimate::Interval(i) => Estimate::Interval(Interval { low: i.low.max(0.0), ..i }),
        other => other,
    }
}

/// Returns whether an interval is based on many events.
pub(super) fn is_of_many(estimate: &Estimate) -> bool {
    matches!(estimate, Estimate::Interval(i) if i.method == Method::StudentT)
}
