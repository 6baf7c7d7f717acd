//! Replications of a window beyond the first [`KEPT`], folded into sums.
//!
//! Model: the first replications are kept one by one, as [`Replication`]. Of a window with more, every replication is
//! added to one [`Folded`]: whole numbers, histograms, extremes, and exact sums of floating-point values
//! ([`Exact`]). Its size depends on the plan and on what is asked, not on the number of replications.
//!
//! In: replications with their numbers, in any order. Out: a fold, and from that of all replications the results of
//! the window ([`mod@result`]).
//! Holds: folding any groups of the replications and merging the folds in any order gives the same bytes.
//! Leaves out: values, digests and checkpoints of single replications, and the requests in flight in their course: these
//! are known of the first [`KEPT`] alone.

mod gathered;
mod parts;
mod result;
mod values;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::gathered::Gathered;
use self::parts::{Balance, Members, Steps, Zone};
use self::result::result;
use self::values::{Figure, Values};
use crate::model::blueprint::Blueprint;
use crate::model::ids::CauseId;
use crate::model::record::Record;
use crate::solve::requests::{Breach, Tally};
use crate::stats::exact::Exact;
use crate::stats::regression::{Crossed, Regression};
use crate::study::control;
use crate::study::in_order;
use crate::study::measure::NoValue;
use crate::study::replication::{Cut, Replication};
use crate::study::verdict::Late;
use crate::study::window::{Estimate, WindowPlan};
use crate::units::SimTime;

/// Number of replications of a window that are kept one by one.
pub const KEPT: u64 = 1_024;
/// Largest number of controls, those with the most arrivals, by which figures of more replications are corrected.
const MOST_CONTROLS: usize = 16;
/// Largest number of replications that a thread adds to a fold before it is merged with those of others.
const CHUNK: u64 = 64;

/// Replications of one window, as sums.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Folded {
    count: u64,
    /// Values of the measures.
    measured: Vec<Figure>,
    /// Values of the measures with a precision to reach.
    targets: Vec<Figure>,
    /// Differences of paired measures from the same interval without a break, by place of the measure.
    less: Vec<(usize, Values)>,
    /// Realised arrivals of the workloads in [`Folding::known`].
    controls: Crossed,
    record: Record,
    /// Arrivals per second, by workload.
    came: Vec<Values>,
    /// Accounts by zone; none around a break.
    zones: Vec<Zone>,
    /// Members by scaler between the soundings; none around a break.
    members: Vec<Steps<Members>>,
    soundings: Vec<u128>,
    /// Utilisation on the grid, by component.
    grid: Vec<Vec<Exact>>,
    /// Requests in flight, by class.
    balances: Vec<Balance>,
    /// Page views up to each step around a break, by workload.
    course: Steps<Vec<Tally>>,
    broken: bool,
    /// The last repair with its replication, and the cause of the failure.
    over: Option<(SimTime, u64, CauseId)>,
    cuts: Cuts,
    events: u64,
    /// Digest of the replications that are not kept one by one.
    digest: Digests,
}

/// Replications that were cut short.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Cuts {
    /// The first of them, with its number.
    first: Option<(u64, Cut)>,
    /// True if one was cut short by overload, and by something else.
    by: (bool, bool),
    /// Most requests in flight where request ids ran out, with the replication and the class.
    fullest: Option<(u64, u64, usize)>,
}

impl Cuts {
    fn add(&mut self, number: u64, one: &Replication) {
        let Some(cut) = &one.cut else { return };
        self.note(number, cut);
        let last = one.censuses.last().filter(|_| cut.overload);
        let all = last.into_iter().flat_map(|census| census.in_flight.iter().enumerate());
        all.for_each(|(class, count)| self.fill((*count, number, class)));
    }

    fn merge(&mut self, other: &Self) {
        if let Some((number, cut)) = &other.first {
            self.note(*number, cut);
        }
        self.by.0 |= other.by.0;
        self.by.1 |= other.by.1;
        other.fullest.into_iter().for_each(|full| self.fill(full));
    }

    fn note(&mut self, number: u64, cut: &Cut) {
        if self.first.as_ref().is_none_or(|(first, _)| number < *first) {
            self.first = Some((number, cut.clone()));
        }
        self.by.0 |= cut.overload;
        self.by.1 |= !cut.overload;
    }

    /// Keeps the larger number; on a tie, that of the earlier replication, then of the first class.
    fn fill(&mut self, full: (u64, u64, usize)) {
        let key = |(count, number, class): (u64, u64, usize)| {
            (count, std::cmp::Reverse(number), std::cmp::Reverse(class))
        };
        if self.fullest.is_none_or(|fullest| key(full) > key(fullest)) {
            self.fullest = Some(full);
        }
    }
}

/// Sum, modulo 2²⁵⁶, of the SHA-256 of each replication's number and digest of events. It depends on each of them and
/// not on their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Digests([u64; 4]);

impl Digests {
    fn add(&mut self, number: u64, digest: u64) {
        let mut hash = Sha256::new();
        hash.update(number.to_be_bytes());
        hash.update(digest.to_be_bytes());
        let mut limbs = [0; 4];
        for (limb, bytes) in limbs.iter_mut().zip(hash.finalize().chunks_exact(8)) {
            *limb = bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        }
        self.merge(&Self(limbs));
    }

    fn merge(&mut self, other: &Self) {
        let mut carry = false;
        // The last limb is the lowest, as in the text.
        for (own, other) in self.0.iter_mut().zip(&other.0).rev() {
            let (one, first) = own.overflowing_add(*other);
            let (two, second) = one.overflowing_add(u64::from(carry));
            (*own, carry) = (two, first || second);
        }
    }
}

impl std::fmt::Display for Digests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|limb| write!(f, "{limb:016x}"))
    }
}

impl Folded {
    /// Returns the number of replications.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Returns whether it can be merged with another: a damaged file could have a fold of another shape.
    #[must_use]
    pub fn fits(&self, other: &Self) -> bool {
        let shape = |one: &Self| {
            let figures = one.measured.iter().chain(&one.targets).map(Figure::controls);
            (
                (one.measured.len(), one.targets.len(), one.controls.count()),
                (one.came.len(), one.zones.len(), one.members.len()),
                (one.grid.len(), one.balances.len(), one.record.shape()),
                figures.collect::<Vec<_>>(),
                one.less.iter().map(|(place, _)| *place).collect::<Vec<_>>(),
            )
        };
        shape(self) == shape(other)
    }

    /// Adds the replications of another fold of the same window.
    pub fn merge(&mut self, other: &Self) {
        fn each<T>(own: &mut [T], other: &[T], merge: impl Fn(&mut T, &T)) {
            own.iter_mut().zip(other).for_each(|(own, other)| merge(own, other));
        }
        self.count += other.count;
        each(&mut self.measured, &other.measured, Figure::merge);
        each(&mut self.targets, &other.targets, Figure::merge);
        each(&mut self.less, &other.less, |own, other| own.1.merge(&other.1));
        self.controls.merge(&other.controls);
        self.record.merge(&other.record);
        each(&mut self.came, &other.came, Values::merge);
        each(&mut self.zones, &other.zones, Zone::merge);
        each(&mut self.members, &other.members, |own, other| own.merge(other, Members::merge));
        longer(&mut self.soundings, &other.soundings, |own, other| *own += other);
        each(&mut self.grid, &other.grid, |own, other| longer(own, other, Exact::merge));
        each(&mut self.balances, &other.balances, Balance::merge);
        self.course.merge(&other.course, |own, other| each(own, other, parts::add_tally));
        self.broken |= other.broken;
        self.over = self.over.max(other.over);
        self.cuts.merge(&other.cuts);
        self.events += other.events;
        self.digest.merge(&other.digest);
    }
}

/// Adds `other` to `own` place by place; missing places are empty.
fn longer<T: Clone + Default>(own: &mut Vec<T>, other: &[T], merge: impl Fn(&mut T, &T)) {
    own.resize(own.len().max(other.len()), T::default());
    own.iter_mut().zip(other).for_each(|(own, other)| merge(own, other));
}

/// Folding of a group of windows whose replications are simulated together: a window alone, or the runs around a break.
pub(super) struct Folding<'a> {
    plan: &'a Blueprint,
    asked: Vec<&'a WindowPlan>,
    /// Number of replications that are kept one by one.
    keep: u64,
    /// Workloads whose expected arrivals are known, with these, the most first; by window.
    known: Vec<Vec<(usize, f64)>>,
}

impl<'a> Folding<'a> {
    /// Returns the folding of some windows.
    pub(super) fn new(plan: &'a Blueprint, asked: &[&'a WindowPlan]) -> Self {
        let known = |asked: &&WindowPlan| match asked.drill {
            Some(_) => Vec::new(),
            None => {
                let mut known = control::known(plan, asked);
                known.truncate(MOST_CONTROLS);
                known
            }
        };
        let known = asked.iter().map(known).collect();
        Self { plan, asked: asked.to_vec(), keep: KEPT, known }
    }

    /// Returns folds of no replication, by window.
    pub(super) fn empty(&self) -> Vec<Folded> {
        let one = |(asked, known): (&&WindowPlan, &Vec<(usize, f64)>)| {
            let (plan, drilled) = (self.plan, asked.drill.is_some());
            let figure = |measure| Figure::new(measure, known.len());
            let less = asked.measures.iter().enumerate().filter(|(_, measure)| {
                let part = asked.drill.as_ref().and_then(|drill| drill.part.as_ref());
                part.is_some() && measure.is_paired()
            });
            let count = |all: usize| if drilled { 0 } else { all };
            Folded {
                count: 0,
                measured: asked.measures.iter().map(figure).collect(),
                targets: asked.precision.iter().map(|(measure, _)| figure(measure)).collect(),
                less: less.map(|(place, _)| (place, Values::default())).collect(),
                controls: Crossed::new(known.len()),
                record: Record::new(plan),
                came: vec![Values::default(); plan.workloads.len()],
                zones: vec![Zone::default(); count(plan.zones.len())],
                members: vec![Steps::default(); count(parts::scalers(plan))],
                soundings: Vec::new(),
                grid: vec![Vec::new(); plan.parts.len()],
                balances: vec![Balance::default(); plan.routes.classes.len()],
                course: Steps::default(),
                broken: false,
                over: None,
                cuts: Cuts::default(),
                events: 0,
                digest: Digests::default(),
            }
        };
        self.asked.iter().zip(&self.known).map(one).collect()
    }

    /// Adds replication `number`, which has a record for each window.
    fn add(&self, folds: &mut [Folded], number: u64, all: &[&Replication]) {
        for (at, fold) in folds.iter_mut().enumerate().take(all.len()) {
            self.add_to(fold, at, (number, all));
        }
    }

    fn add_to(&self, fold: &mut Folded, at: usize, (number, all): (u64, &[&Replication])) {
        let one = all[at];
        let seconds = one.length.seconds();
        let views = &one.record.views;
        fold.count += 1;
        let controls: Vec<f64> =
            self.known[at].iter().map(|(workload, _)| views[*workload].intended as f64).collect();
        fold.controls.add(&controls);
        for (figures, values) in
            [(&mut fold.measured, &one.measured), (&mut fold.targets, &one.targets)]
        {
            for (figure, value) in figures.iter_mut().zip(values) {
                figure.add(number, value, &controls);
            }
        }
        for (place, values) in &mut fold.less {
            let own = one.measured[*place].value;
            let value = own.and_then(|own| Ok(own - self.without(at, *place, all)?));
            values.add(number, value);
        }
        fold.record.merge(&one.record);
        for (came, views) in fold.came.iter_mut().zip(views) {
            came.add(number, Ok(views.intended as f64 / seconds));
        }
        for (zone, own) in fold.zones.iter_mut().enumerate() {
            own.add(number, zone, one);
        }
        for (scaler, own) in fold.members.iter_mut().enumerate() {
            own.add(parts::members(scaler, one), Members::merge);
        }
        let soundings: Vec<u128> = one.soundings.iter().map(|number| *number as u128).collect();
        longer(&mut fold.soundings, &soundings, |own, other| *own += other);
        for (own, values) in fold.grid.iter_mut().zip(&one.grid) {
            own.resize(own.len().max(values.len()), Exact::default());
            own.iter_mut().zip(values).for_each(|(own, value)| own.add(*value));
        }
        for (class, own) in fold.balances.iter_mut().enumerate() {
            let late = Late::after_repair(self.plan, one, class, self.asked[at].window.from());
            own.add(&one.censuses, class, late);
        }
        let steps = one.steps.iter().map(|step| step.views.clone()).collect();
        fold.course.add(steps, |own: &mut Vec<Tally>, other| {
            own.iter_mut().zip(other).for_each(|(own, other)| parts::add_tally(own, other));
        });
        fold.broken |= one.unrest.broken;
        fold.over = fold.over.max(one.unrest.over.map(|(over, cause)| (over, number, cause)));
        fold.cuts.add(number, one);
        fold.events += one.events;
        if number >= self.keep {
            fold.digest.add(number, one.digest);
        }
    }

    /// Returns the value of a paired measure, given by its place in window `at`, in the same interval without a break.
    fn without(&self, at: usize, place: usize, all: &[&Replication]) -> Result<f64, NoValue> {
        let own = self.asked[at];
        let found = own.drill.as_ref().and_then(|drill| {
            let is = |other: &&WindowPlan| {
                let other = other.drill.as_ref();
                other.is_some_and(|other| other.part.is_none() && other.well == drill.well)
            };
            let well = self.asked.iter().position(is)?;
            let mut measures = self.asked[well].measures.iter();
            let place = measures.position(|other| *other == own.measures[place])?;
            Some(all.get(well)?.measured.get(place)?.value)
        });
        found.unwrap_or(Err(NoValue::Empty))
    }

    /// Simulates the replications from the first number to before the second, and folds them, by window. If `one` is
    /// stopped, the folds have an unbroken prefix of them.
    ///
    /// # Errors
    ///
    /// [`Breach`] of the first replication that has one.
    pub(super) fn range(
        &self,
        (from, to): (u64, u64),
        one: impl Fn(u64) -> Result<Option<Vec<Replication>>, Breach> + Sync,
    ) -> Result<Vec<Folded>, Breach> {
        let threads = rayon::current_num_threads() as u64;
        let chunk = ((to - from) / (8 * threads)).clamp(1, CHUNK);
        let count = crate::convert::index((to - from).div_ceil(chunk));
        let mut all = self.empty();
        let fold = |at: usize| {
            let first = from + at as u64 * chunk;
            let mut folds = self.empty();
            for number in first..(first + chunk).min(to) {
                match one(number) {
                    Ok(Some(seen)) => {
                        self.add(&mut folds, number, &seen.iter().collect::<Vec<_>>());
                    }
                    Ok(None) => return None,
                    Err(breach) => return Some(Err(breach)),
                }
            }
            Some(Ok(folds))
        };
        in_order::fold(count, fold, |_, folds: Vec<Folded>| {
            all.iter_mut().zip(&folds).for_each(|(all, one)| all.merge(one));
        })?;
        Ok(all)
    }

    /// Returns the estimates of the measures with a precision to reach in the first window; `None` when one has no value
    /// in some replication.
    pub(super) fn targets(&self, fold: &Folded) -> Option<Vec<Estimate>> {
        let regression = self.regression(0, fold);
        let precise = self.asked[0].precision.iter().zip(&fold.targets);
        let one = |((measure, _), figure): (&(_, f64), &Figure)| {
            let level = self.asked[0].level;
            figure.is_whole().then(|| figure.estimate(measure, regression.as_ref(), level))
        };
        precise.map(one).collect()
    }

    /// Returns the regression of window `at` on its controls; `None` where nothing is corrected.
    fn regression<'f>(&self, at: usize, fold: &'f Folded) -> Option<Regression<'f>> {
        let expected: Vec<f64> = self.known[at].iter().map(|(_, expected)| *expected).collect();
        if fold.cuts.first.is_some() { None } else { fold.controls.regression(&expected) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(events: &[(u64, u64)]) -> String {
        let mut sum = Digests::default();
        events.iter().for_each(|(number, digest)| sum.add(*number, *digest));
        sum.to_string()
    }

    /// The digest of the replications that are not kept: any order, and every number and event counts.
    #[test]
    fn the_digest_of_the_others_depends_on_each_of_them_and_on_no_order() {
        let all = of(&[(1_024, 7), (1_025, 8), (1_026, 7)]);
        assert_eq!(all, of(&[(1_026, 7), (1_024, 7), (1_025, 8)]));
        assert_eq!(all.len(), 64);
        for other in [
            &[(1_024, 8), (1_025, 7), (1_026, 7)][..],
            &[(1_024, 7), (1_025, 8)],
            &[(1_024, 7), (1_025, 8), (1_026, 7), (1_027, 0)],
            &[(1_024, 7), (1_025, 9), (1_026, 7)],
        ] {
            assert_ne!(all, of(other));
        }
        let (mut one, mut other) = (Digests::default(), Digests::default());
        one.add(1_024, 7);
        other.add(1_026, 7);
        other.add(1_025, 8);
        one.merge(&other);
        assert_eq!(one.to_string(), all);
    }

    /// If request ids ran out in several replications, the largest number counts, then the earliest, then the first class.
    #[test]
    fn the_fullest_class_is_that_of_the_folds_in_any_order() {
        let full = [(5, 9, 0), (7, 8, 1), (7, 3, 2), (7, 3, 1)];
        for turn in 0..full.len() {
            let mut cuts = Cuts::default();
            let mut turned = full;
            turned.rotate_left(turn);
            turned.iter().for_each(|one| cuts.fill(*one));
            assert_eq!(cuts.fullest, Some((7, 3, 1)));
        }
    }
}
