//! Capacity: the highest steady rate at which a workload still meets its objective.
//!
//! Model: the rate of one workload is fixed at r, the others keep theirs. All rates see the same draws, so in each
//! replication the figure is a function of the rate alone, and it rises with it. A replication crosses its limit at
//! some rate r. By chance the requests that arrived are f times what r asks for, and these are what the site carried.
//! The replication's own capacity is therefore r × f, its realised rate. This is a control variate with a known
//! coefficient: the load a site carries does not depend on the nominal rate. The answer is the mean of these, with the
//! interval of a mean.
//!
//! Each replication is searched separately. It steps until one rate holds and one does not. Then it tries the crossing
//! of a straight line through the logarithms of the figure, until the two rates lie close; the capacity is read off
//! such a line. The first replication begins at a stated rate. The others begin at the mean of the known answers,
//! divided by their own f, which is computed from their arrivals before anything is simulated. Their steps follow the
//! slopes seen so far.
//!
//! The share of views that may be lost is a limit like that of the figure, and the first limit crossed counts. From a
//! rate without losses no line shows where losses begin. Then the two rates are brought closer together, the
//! replication counts as the middle, and the interval covers both rates.
//!
//! When the capacity is known, a few replications run at fixed shares of it: the figure against the rate (`curve`).
//!
//! Takes a blueprint, a window and an [`Objective`]; returns a [`CapacityResult`].
//! Holds: the rates tried do not depend on the number of threads; no rate is run twice in a replication; replications
//! are added at fixed numbers of them (S10). Where a rate brings too few requests for the figure, the window is made longer.
//! Leaves out: figures that fall with the rate; objectives over the horizon.
//! Source: sample-path (retrospective) root finding: Chen & Schmeiser, Stochastic root finding via
//! retrospective approximation, IIE Transactions 33 (2001).

mod curve;
use serde::{Deserialize, Serialize};

pub use curve::{CurvePoint, knee};

use rayon::prelude::*;

use crate::convert::table;
use crate::engine::draw::Lineage;
use crate::model::blueprint::{Arrivals, Blueprint};
use crate::model::ids::WorkloadId;
use crate::solve::requests::{self, Breach, Observation, Window};
use crate::stats::interval::Statistic;
use crate::study::limits::Sought;
use crate::study::measure::{Measure, NoValue};
use crate::study::underway;
use crate::study::window::{Estimate, Watch, estimate};
use crate::units::{Rate, SimDuration, SimTime};
use crate::workload::arrivals::ArrivalStream;

/// Objective that a rate must meet.
#[derive(Clone, Debug)]
pub struct Objective {
    /// Figure, which must rise with the rate, such as the p95 of a class.
    pub measure: Measure,
    /// Upper limit of the figure, in its base unit.
    pub below: f64,
    /// Largest share of the views that may be lost: latencies of completed requests alone are no capacity.
    pub lost_at_most: f64,
}

/// Effort of a search.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Replications.
    pub replications: u32,
    /// Relative half-width to reach, and the maximum number of replications. It is checked after `replications`, then
    /// after every further quarter of their number.
    pub precision: Option<(f64, u32)>,
    /// Level of the intervals.
    pub level: f64,
    /// Relative distance of the two rates around a replication's answer at which its search ends.
    pub tolerance: f64,
    /// The first rate tried.
    pub from: Rate,
}

/// Outcome of one replication at one rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// The rate, per second.
    pub rate: f64,
    /// Realised rate: requests that arrived in the window, per second.
    pub came: f64,
    /// The figure divided by its limit; infinite where too few requests completed.
    pub reached: f64,
    /// Lost share of the views divided by the share that may be lost; infinite where the run was cut short.
    pub lost: f64,
    /// Completed requests, and how many the figure needs, where they were too few in the longest window though none too many was lost.
    pub few: Option<(u64, u64)>,
}

impl Look {
    fn holds(self) -> bool {
        self.reached < 1.0 && self.lost <= 1.0
    }
}

/// A capacity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Carries {
    /// Requests per second: the mean over replications.
    Rate(Estimate),
    /// Fewer than the smallest rate tried, per second.
    Below(f64),
    /// More than the largest rate tried, per second.
    Above(f64),
}

impl Carries {
    /// Returns the estimate; a mere bound counts as missing.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        match self {
            Self::Rate(estimate) => estimate.clone(),
            Self::Below(rate) => Estimate::Missing(NoValue::FewerThan(*rate)),
            Self::Above(rate) => Estimate::Missing(NoValue::MoreThan(*rate)),
        }
    }
}

/// Realised rate at which one replication reaches its limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    /// The rate, per second.
    pub rate: f64,
    /// Lower and upper bound of the rate; both equal it where it was read off a line.
    pub between: (f64, f64),
    /// True if the limit of lost views is the one that was crossed.
    pub lost: bool,
}

impl Reached {
    /// A rate known exactly.
    #[cfg(test)]
    const fn at(rate: f64) -> Self {
        Self { rate, between: (rate, rate), lost: false }
    }

    /// Returns whether only an interval of the rate is known.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.between.0 < self.between.1
    }
}

/// Capacity, with the uncertainty of the replications.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CapacityResult {
    /// Highest rate that meets the objective.
    pub carries: Carries,
    /// Answer per replication; empty where only a bound is known.
    pub each: Vec<Reached>,
    /// Rates tried per replication, ascending.
    pub looks: Vec<Vec<Look>>,
    /// The figure against the rate, ascending; empty where only a bound is known.
    pub curve: Vec<CurvePoint>,
}

/// Maximum number of steps before the search ends.
const MAX_STEPS: u32 = 24;
/// Factor of the first step of a search without prior answers; each later step is longer by the same factor.
const FAR: f64 = 1.25;
/// Factor of the first step after other replications have answered, then the longest and the shortest step that their
/// slopes may predict.
const NEAR: f64 = 1.05;
const LONGEST: f64 = 1.12;
const SHORTEST: f64 = 1.02;
/// Factor by which a predicted step overshoots the limit, so that the limit lies between two rates.
const BEYOND: f64 = 1.015;
/// Replications that run first without prior answers: their search is the longest.
const PILOTS: u32 = 1;
/// Factor on the tolerance where no line leads to the limit.
const OPEN: f64 = 0.25;
/// Share of the distance between two rates that a rate tried between them keeps from both.
const APART: f64 = 0.1;

/// Finds the capacity that is sought; `None` when told to stop.
///
/// # Errors
///
/// [`Breach`] when an invariant of some run is broken.
pub fn search_for(
    plan: &Blueprint,
    sought: &Sought,
    watch: &Watch,
) -> Result<Option<CapacityResult>, Breach> {
    let Sought { window, workload, objective, effort, .. } = sought;
    search(plan, window, *workload, objective, *effort, watch)
}

/// Finds the highest rate of `workload` that meets `objective` in `window`; `None` when told to
/// stop.
///
/// # Errors
///
/// [`Breach`] when an invariant of some run is broken.
pub fn search(
    plan: &Blueprint,
    window: &Window,
    workload: WorkloadId,
    objective: &Objective,
    effort: Effort,
    watch: &Watch,
) -> Result<Option<CapacityResult>, Breach> {
    let search = Search { plan, window, workload, objective, effort, watch };
    let mut looks: Vec<Vec<Look>> = Vec::new();
    let goals = goals(&effort);
    let pilots = PILOTS.min(goals[0]);
    for goal in std::iter::once(pilots).chain(goals.iter().copied()) {
        let start = match roots(&looks) {
            Ok(known) if !known.is_empty() => Start {
                from: known.iter().map(|one| one.rate).sum::<f64>() / known.len() as f64,
                step: NEAR,
                slope: slope(&looks),
                known: true,
            },
            Ok(_) => {
                Start { from: effort.from.in_per_second(), step: FAR, slope: None, known: false }
            }
            // A replication with only a bound makes the mean only a bound.
            Err(_) => break,
        };
        let runs = (table::u32(looks.len())..goal).into_par_iter().with_max_len(1);
        let runs = runs.map(|replication| search.replication(replication, start));
        let fresh: Vec<Option<Vec<Look>>> = runs.collect::<Result<_, Breach>>()?;
        let Some(fresh) = fresh.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
        looks.extend(fresh);
        if goal >= goals[0] && search.is_precise(&looks) {
            break;
        }
    }
    let (carries, each) = match roots(&looks) {
        Ok(each) => (mean(&each, effort.level), each),
        Err(bound) => (bound, Vec::new()),
    };
    let curve = search.curve(&carries, &each)?;
    Ok(curve.map(|curve| CapacityResult { carries, each, looks, curve }))
}

/// Returns the numbers of replications at which precision is checked; the search ends at the last.
fn goals(effort: &Effort) -> Vec<u32> {
    let most = effort.precision.map_or(effort.replications, |(_, most)| most);
    let next = |n: &u32| (*n < most).then(|| n.saturating_add(n.div_ceil(4)).min(most));
    std::iter::successors(Some(effort.replications.max(1)), next).collect()
}

/// Returns the slope of the figure over the realised rate, both in logarithms: the median over replications. Each slope
/// is taken across the limit; `None` where no replication has one.
fn slope(looks: &[Vec<Look>]) -> Option<f64> {
    let one = |looks: &Vec<Look>| {
        let (Some(low), Some(high)) = around(looks) else { return None };
        let rise = libm::log(high.reached) - libm::log(low.reached);
        let slope = rise / (libm::log(high.came) - libm::log(low.came));
        (slope.is_finite() && slope > 0.0).then_some(slope)
    };
    let mut known: Vec<f64> = looks.iter().filter_map(one).collect();
    known.sort_unstable_by(f64::total_cmp);
    known.get(known.len() / 2).copied()
}

/// Returns the mean over replications. Its interval covers every position of each rate between its two bounds.
fn mean(each: &[Reached], level: f64) -> Carries {
    let of = |which: &dyn Fn(&Reached) -> f64| {
        let values: Vec<_> = each.iter().map(|one| Ok(which(one))).collect();
        estimate(&values, Statistic::Mean, level)
    };
    let mut all = of(&|one| one.rate);
    if let Estimate::Interval(interval) = &mut all
        && each.iter().any(Reached::is_open)
        && let (Estimate::Interval(least), Estimate::Interval(most)) =
            (of(&|one| one.between.0), of(&|one| one.between.1))
    {
        interval.low = interval.low.min(least.low);
        interval.high = interval.high.max(most.high);
    }
    Carries::Rate(all)
}

/// Returns the last rate that holds and the first that does not.
fn around(looks: &[Look]) -> (Option<Look>, Option<Look>) {
    let first = looks.iter().position(|look| !look.holds());
    let last = first.unwrap_or(looks.len()).checked_sub(1);
    (last.map(|at| looks[at]), first.map(|at| looks[at]))
}

/// Returns the realised rate at which a replication reaches its limit, by a line through the logarithms of the two
/// rates around it; a bound if all rates are on one side.
fn root(looks: &[Look]) -> Result<Reached, Carries> {
    let (low, high) = match around(looks) {
        (Some(low), Some(high)) => (low, high),
        (Some(low), None) => return Err(Carries::Above(low.rate)),
        (None, high) => {
            // The smallest rate that could be judged bounds it.
            let judged = looks.iter().find(|look| look.few.is_none()).or(high.as_ref());
            return Err(match judged {
                Some(Look { few: Some((have, need)), .. }) => {
                    let (have, need) = (*have, *need);
                    Carries::Rate(Estimate::Missing(NoValue::TooFew { have, need }))
                }
                judged => Carries::Below(judged.map_or(0.0, |look| look.rate)),
            });
        }
    };
    let at = |share: f64| low.came + share * (high.came - low.came);
    let Crossing { share, open, lost } = crossing(low, high);
    let (rate, end) = (at(share), at((2.0 * share).min(1.0)));
    let between = if open { (low.came.min(end), low.came.max(end)) } else { (rate, rate) };
    Ok(Reached { rate, between, lost })
}

/// Returns the rates of all replications, or the first bound if a replication has only that.
fn roots(looks: &[Vec<Look>]) -> Result<Vec<Reached>, Carries> {
    looks.iter().map(|one| root(one)).collect()
}

/// Longest window of a rate at which few requests come.
const LONGEST_WINDOW: SimDuration = SimDuration::from_secs(10_800);
/// Factor on the requests that a figure needs, where the window is made longer for them.
const MARGIN: f64 = 2.0;

/// Point between two rates at which a limit is crossed, as a share of their distance.
struct Crossing {
    share: f64,
    /// No line leads to the limit: the share is the middle of its possible range.
    open: bool,
    /// The limit crossed is that of lost views.
    lost: bool,
}

/// Returns the first crossing of a limit between a rate that holds and one that does not, by lines through the
/// logarithms. No line leads to a rate without a figure, nor from one without losses.
fn crossing(low: Look, high: Look) -> Crossing {
    let line = |low: f64, high: f64| -> Option<Option<f64>> {
        (high >= 1.0).then(|| {
            let share = -libm::log(low) / (libm::log(high) - libm::log(low));
            (share.is_finite() && low > 0.0 && high.is_finite()).then(|| share.clamp(0.0, 1.0))
        })
    };
    let (figure, lost) = (line(low.reached, high.reached), line(low.lost, high.lost));
    let first = |a: Option<Option<f64>>| a.flatten().unwrap_or(1.0);
    let share = first(figure).min(first(lost));
    let is_open = |a: Option<Option<f64>>| a == Some(None);
    if is_open(figure) || is_open(lost) {
        return Crossing { share: 0.5 * share, open: true, lost: lost.is_some() };
    }
    Crossing { share, open: false, lost: lost.is_some() && first(lost) <= first(figure) }
}

/// Start of a replication's search.
#[derive(Clone, Copy, Debug)]
struct Start {
    /// First rate, per second.
    from: f64,
    /// Factor of the first step from there.
    step: f64,
    /// Slope of the figure over the rate, both in logarithms, if known.
    slope: Option<f64>,
    /// True if other replications ended there: then it is a realised rate.
    known: bool,
}

impl Start {
    /// Returns the factor from a rate on one side of the limit to one just beyond it, by the slope of the figure;
    /// `None` if the slope or the figure is unknown.
    fn reach(self, look: Look) -> Option<f64> {
        let slope = self.slope.filter(|_| look.reached.is_finite() && look.reached > 0.0)?;
        let away = libm::exp(libm::log(look.reached).abs() / slope);
        Some((BEYOND * away).clamp(SHORTEST, LONGEST))
    }
}

struct Search<'a> {
    plan: &'a Blueprint,
    window: &'a Window,
    workload: WorkloadId,
    objective: &'a Objective,
    effort: Effort,
    watch: &'a Watch,
}

impl Search<'_> {
    /// Runs one replication at all rates of its search and returns them ascending; `None` when stopped.
    fn replication(&self, replication: u32, start: Start) -> Result<Option<Vec<Look>>, Breach> {
        let mut looks: Vec<Look> = Vec::new();
        let luck = if start.known { self.luck(replication, start.from) } else { 1.0 };
        let mut further = 1.0;
        for _ in 0..=MAX_STEPS {
            let next = match around(&looks) {
                (Some(low), Some(high)) => match self.between(low, high) {
                    Some(next) => next,
                    None => break,
                },
                (Some(low), None) => low.rate * start.reach(low).unwrap_or(further),
                (None, Some(high)) if high.few.is_some() => break,
                (None, Some(high)) => high.rate / start.reach(high).unwrap_or(further),
                (None, None) => start.from / luck,
            };
            further *= start.step;
            let Some(look) = self.look(replication, next)? else { return Ok(None) };
            let place = looks.partition_point(|one| one.rate < next);
            looks.insert(place, look);
        }
        Ok(Some(looks))
    }

    /// Returns the rate to try between one that holds and one that does not; `None` when they are close.
    fn between(&self, low: Look, high: Look) -> Option<f64> {
        let width = high.rate - low.rate;
        let Crossing { share, open, .. } = crossing(low, high);
        // A limit without a line is known no better than the rates around it.
        let close = if open { OPEN * self.effort.tolerance } else { self.effort.tolerance };
        let wide = width > close * high.rate;
        wide.then(|| low.rate + share.clamp(APART, 1.0 - APART) * width)
    }

    /// Returns the arrivals in the window divided by those that `rate` asks for, from the arrivals of one replication
    /// alone; 1 if there are none.
    fn luck(&self, replication: u32, rate: f64) -> f64 {
        let workload = &self.plan.workloads[self.workload.index()];
        let level = Rate::per_second(rate);
        let Some(Ok(Arrivals::Described(traffic))) =
            level.map(|level| workload.arrivals.at_level(level))
        else {
            return 1.0;
        };
        let from = self.window.from();
        let start = SimTime::from_nanos(from.nanos() - self.window.warm_up.nanos());
        let lineage = Lineage::replication(replication.into());
        let times = (start, from + self.window.length);
        let stream = ArrivalStream::new(&traffic, self.plan.seed, lineage, &workload.name, times);
        let came = stream.filter(|arrival| arrival.at >= from).count();
        let luck = came as f64 / (rate * self.window.length.seconds());
        if luck > 0.0 { luck } else { 1.0 }
    }

    /// Simulates one replication at one rate, in a window with enough requests; `None` when stopped.
    fn look(&self, replication: u32, rate: f64) -> Result<Option<Look>, Breach> {
        let mut length = self.window.length;
        loop {
            let Some(look) = self.look_for(replication, rate, length)? else { return Ok(None) };
            let Some((have, need)) = look.few.filter(|_| length < LONGEST_WINDOW) else {
                return Ok(Some(look));
            };
            let longer = MARGIN * need as f64 / have.max(1) as f64;
            length = SimDuration::from_seconds_f64(length.seconds() * longer).min(LONGEST_WINDOW);
        }
    }

    fn look_for(
        &self,
        replication: u32,
        rate: f64,
        length: SimDuration,
    ) -> Result<Option<Look>, Breach> {
        let mut window = Window { length, ..self.window.clone() };
        window.levels.resize(self.plan.workloads.len(), None);
        window.levels[self.workload.index()] = Rate::per_second(rate);
        let during = format!("capacity at {rate}/s, replication {replication}");
        let seen = underway::during(during, || {
            let told = || self.watch.told_to_stop();
            requests::run_unless(self.plan, &window, replication.into(), &told)
                .map_err(|breach| Breach { what: breach.what, during: underway::now() })
        })?;
        Ok(seen.map(|seen| {
            let (value, lost) = (self.objective.measure.value(self.plan, &seen), self.lost(&seen));
            let few = match value {
                Err(NoValue::TooFew { have, need }) if lost <= 1.0 => Some((have, need)),
                Err(NoValue::Empty) if lost <= 1.0 => Some((0, 1)),
                _ => None,
            };
            let reached = value.map_or(f64::INFINITY, |value| value / self.objective.below);
            Look { rate, came: self.came(&seen, rate), reached, lost, few }
        }))
    }

    /// Returns the realised rate of the workload; for a run that was cut short, the nominal rate.
    fn came(&self, one: &Observation, rate: f64) -> f64 {
        if one.stop.is_some() {
            return rate;
        }
        one.record.views[self.workload.index()].intended as f64 / one.length.seconds()
    }

    /// Returns the lost share of the views divided by the share that may be lost.
    fn lost(&self, one: &Observation) -> f64 {
        let views = &one.record.views[self.workload.index()];
        let lost = views.lost.iter().sum::<u64>() as f64 / views.intended.max(1) as f64;
        if one.stop.is_some() { f64::INFINITY } else { lost / self.objective.lost_at_most }
    }

    /// Returns whether the mean is precise enough, is only a bound, or has no precision target.
    fn is_precise(&self, looks: &[Vec<Look>]) -> bool {
        let Some((width, _)) = self.effort.precision else { return true };
        let Ok(each) = roots(looks) else { return true };
        match mean(&each, self.effort.level) {
            Carries::Rate(Estimate::Interval(interval)) => {
                interval.relative_half_width().is_some_and(|half| half <= width)
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::interval::Interval;

    /// A replication's capacity is read off where its own figure crosses the limit.
    #[test]
    fn a_replication_is_read_between_the_rates_tried() {
        let looks = |reached: [f64; 3]| -> Vec<Look> {
            let rates = [10.0, 20.0, 30.0].into_iter();
            rates
                .zip(reached)
                .map(|(rate, reached)| Look { rate, came: rate, reached, lost: 0.0, few: None })
                .collect()
        };
        // ln 0.5 and ln 2 are equally far from 0: the middle. No figure beyond 20: the middle between 20 and 30. Limit
        // never or always crossed: bounds.
        let line = root(&looks([0.5, 2.0, 8.0])).unwrap();
        assert!((line.rate - 15.0).abs() < 1e-12 && !line.is_open());
        let none = root(&looks([0.9, 0.95, f64::INFINITY])).unwrap();
        assert_eq!((none.rate, none.between), (25.0, (20.0, 30.0)));
        // Losses that begin at zero: an open interval. Losses from half to twice the limit: the middle again, unless
        // the figure crosses its limit before.
        let losing = |lost: [f64; 2], reached: f64| {
            let mut looks = looks([0.5, 0.5, reached]);
            (looks[1].lost, looks[2].lost) = (lost[0], lost[1]);
            root(&looks).unwrap()
        };
        let open = Reached { rate: 25.0, between: (20.0, 30.0), lost: true };
        assert_eq!(losing([0.0, 2.0], 0.9), open);
        assert_eq!(losing([0.0, 2.0], 2.0).between, (20.0, 25.0), "the figure ends it at 25");
        let line = losing([0.5, 2.0], 0.9);
        assert!((line.rate - 25.0).abs() < 1e-12 && line.lost && !line.is_open(), "{line:?}");
        let sooner = losing([0.5, 2.0], 8.0);
        assert!((sooner.rate - 22.5).abs() < 1e-12 && !sooner.lost, "{sooner:?}");
        // Arrivals 10 % above the nominal rate: the capacity is 10 % higher.
        let mut lucky = looks([0.5, 2.0, 8.0]);
        lucky.iter_mut().for_each(|look| look.came *= 1.1);
        assert!((root(&lucky).unwrap().rate - 16.5).abs() < 1e-12);
        assert!(matches!(root(&looks([0.1, 0.2, 0.3])), Err(Carries::Above(30.0))));
        assert!(matches!(root(&looks([1.1, 1.2, 1.3])), Err(Carries::Below(10.0))));
    }

    /// Precision is checked at fixed numbers of replications: those asked for, then a quarter more each time, up to the
    /// maximum.
    #[test]
    fn a_capacity_looks_at_fixed_numbers_of_replications() {
        let effort = |replications, precision| Effort {
            replications,
            precision,
            level: 0.95,
            tolerance: 0.08,
            from: Rate::per_second(1.0).unwrap(),
        };
        assert_eq!(goals(&effort(6, None)), [6]);
        assert_eq!(goals(&effort(6, Some((0.03, 16)))), [6, 8, 10, 13, 16]);
        assert_eq!(goals(&effort(6, Some((0.03, 4)))), [6]);
    }

    /// Four replications that begin to lose views between 20 and 30 agree exactly, yet the rate is known only to ±5.
    /// One read off a line adds its scatter.
    #[test]
    fn an_interval_reaches_over_what_was_not_looked_at() {
        let lost = Reached { rate: 25.0, between: (20.0, 30.0), lost: true };
        let of = |each: &[Reached]| match mean(each, 0.95) {
            Carries::Rate(Estimate::Interval(i)) => (i.low, i.estimate, i.high),
            other => panic!("{other:?}"),
        };
        assert_eq!(of(&[lost; 4]), (20.0, 25.0, 30.0));
        // Lows are 20, 20, 20, 25: mean 21.25, s = 2.5, t = 3.1824 at three degrees.
        let (low, middle, high) = of(&[lost, lost, lost, Reached::at(25.0)]);
        assert!((low - (21.25 - 3.182_446 * 1.25)).abs() < 1e-5 && middle == 25.0, "{low}");
        assert!((high - (28.75 + 3.182_446 * 1.25)).abs() < 1e-5, "{high}");
        // Without open replications: the plain interval of a mean.
        let plain = Interval::of_mean(&[20.0, 30.0], 0.95).unwrap();
        let (low, _, high) = of(&[Reached::at(20.0), Reached::at(30.0)]);
        assert_eq!((low, high), (plain.low, plain.high));
    }
}
