//! Verdicts on the balance of each request class in a window.
//!
//! Model: a class is judged by its own requests and page views alone, so a tenant is not blamed for the overload of its
//! neighbour. It is
//! - *overloaded* when more than 1 % of its page views are not served for lack of capacity, when it still loses as much in the
//!   last quarter of the time after the last repair or its requests in flight grow, or when request ids ran out while it held the most requests in flight;
//! - *backlogged* when its requests in flight grow: by half over the window and by a quarter from the middle to the end
//!   of the window, both beyond noise;
//! - *broken* when more than 1 % of its page views are not served, nearly all of them because of faults or planned
//!   work, and something is broken at the end of the window or was until less than a fifth of it before, or at most 1 % are lost in
//!   the last quarter of the time after the last repair;
//! - *metastable* when its overload stays after its trigger has gone: see [`metastable`](crate::study::metastable),
//!   which examines classes found overloaded here.
//!
//! In: the observations of all replications. Out: one [`ClassVerdict`] per class with requests. The verdict of a window
//! is the worst of its classes.
//! Leaves out: work without a class (probes). Runs around a break count by class at some of their steps.

use serde::{Deserialize, Serialize};

use crate::model::blueprint::Blueprint;
use crate::model::ids::CauseId;
use crate::model::record::Record;
use crate::plan::figure::{Figure, NoSuchFigure};
use crate::solve::requests::{Census, Tally};
use crate::stats::interval::{Interval, Statistic};
use crate::stats::moments::Moments;
use crate::study::metastable::Metastable;
use crate::study::replication::{Cut, Replication};
use crate::units::{SimDuration, SimTime};

/// Balance of a class, or of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// In balance.
    Stable,
    /// Work piled up over the window.
    Backlogged,
    /// The load exceeded the capacity: requests were dropped or abandoned, or a limit of the run was reached.
    Overloaded,
    /// Its overload stays after the trigger has gone; see [`metastable`](crate::study::metastable).
    Metastable,
    /// Undecided: a single replication, or one cut short by a limit that is unrelated to load.
    Inconclusive,
    /// A part was broken in it, and what was not served is lost to that.
    Broken,
}

impl Verdict {
    /// The words of the language.
    pub const WORDS: [&'static str; 6] =
        ["stable", "backlogged", "overloaded", "metastable", "broken", "inconclusive"];

    /// Returns the word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stable => "STABLE",
            Self::Backlogged => "BACKLOGGED",
            Self::Overloaded => "OVERLOADED",
            Self::Metastable => "METASTABLE",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Broken => "BROKEN",
        }
    }

    /// Returns its rank: the higher, the worse.
    const fn rank(self) -> u8 {
        match self {
            Self::Stable => 0,
            Self::Inconclusive => 1,
            Self::Broken => 2,
            Self::Backlogged => 3,
            Self::Overloaded => 4,
            Self::Metastable => 5,
        }
    }

    /// Returns whether the load exceeded the capacity.
    #[must_use]
    pub const fn is_overload(self) -> bool {
        matches!(self, Self::Overloaded | Self::Backlogged | Self::Metastable)
    }
}

/// The verdict on one request class of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassVerdict {
    /// The class, by place in the plan.
    pub class: usize,
    /// The verdict.
    pub verdict: Verdict,
    /// Mean requests in flight at the start and at the end of the window, over replications.
    pub in_flight: (f64, f64),
    /// Share of its page views that were not served, over all replications; `None` without page views.
    pub unserved: Option<f64>,
    /// Findings on its overload, if that is metastable.
    pub metastable: Option<Box<Metastable>>,
}

/// Returns the class whose verdict `figure` is, by place in the plan.
///
/// # Errors
///
/// [`NoSuchFigure`], if there is no such class.
pub fn class_of(plan: &Blueprint, figure: &Figure) -> Result<usize, NoSuchFigure> {
    let names: Vec<&str> = plan.routes.classes.iter().map(|class| class.name.as_str()).collect();
    names.iter().position(|name| *name == figure.scope).ok_or_else(|| {
        let message = format!("`{figure}`: `{}` is no class of requests", figure.scope);
        let help = crate::scenario::suggest::help(&figure.scope, &names, "classes");
        NoSuchFigure::new(message).help_if(help)
    })
}

/// Returns the worst verdict of some classes; stable if there are none.
#[must_use]
pub fn worst<'a>(classes: impl IntoIterator<Item = &'a Verdict>) -> Verdict {
    classes.into_iter().copied().max_by_key(|verdict| verdict.rank()).unwrap_or(Verdict::Stable)
}

/// Share of intended page views not served above which a class counts as overloaded.
pub(super) const OVERLOAD_SHARE: f64 = 0.01;

/// Signs of the balance of a window.
pub(super) struct Signs {
    /// True if a replication was cut short by overload, and by something else.
    pub(super) cut: (bool, bool),
    /// True if something is broken at the end of a replication.
    pub(super) broken: bool,
    /// Class with the most requests in flight where request ids ran out.
    pub(super) fullest: Option<usize>,
    /// True for more than one replication.
    pub(super) several: bool,
    /// True for each class whose requests in flight grow.
    pub(super) growing: Vec<bool>,
    /// Mean requests in flight at the start and at the end of the window, over replications, by class.
    pub(super) in_flight: Vec<(f64, f64)>,
    /// Page views after the last repair, by class.
    pub(super) late: Vec<Late>,
}

/// Page views of a class that end in the last quarter of a time, over replications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Late {
    lost: u64,
    ended: u64,
    /// Replications in which the time was long enough for quarters.
    times: u64,
}

/// Minimum number of censuses after a repair: a fifth of those of a window.
const AFTER_REPAIR: usize = 4;

impl Late {
    /// Counts those of one replication in the time that begins `from` after the start of its window; `None` where that has fewer
    /// than `least` censuses.
    pub(super) fn of(
        plan: &Blueprint,
        censuses: &[Census],
        class: usize,
        (from, least): (SimDuration, usize),
    ) -> Option<Self> {
        let first = censuses.partition_point(|census| census.at < from);
        let times = censuses.len() - first;
        let now = censuses.last().filter(|_| times >= least)?;
        let then = &censuses[censuses.len() - 1 - times / 4];
        let mut all = Self { times: 1, ..Self::default() };
        for (at, workload) in plan.workloads.iter().enumerate() {
            if workload.class.index() == class {
                let (then, now) = (then.views[at], now.views[at]);
                let gone = |tally: Tally| tally.lost + tally.never_born;
                let lost = gone(now) - gone(then);
                all.add(Self { lost, ended: lost + now.served - then.served, times: 0 });
            }
        }
        Some(all)
    }

    /// Counts those after the last repair of a replication whose window begins at `start`; none if something is still broken.
    pub(super) fn after_repair(
        plan: &Blueprint,
        one: &Replication,
        class: usize,
        start: SimTime,
    ) -> Self {
        let over = one.unrest.over.map_or(start, |(over, _)| over.max(start));
        let late = || Self::of(plan, &one.censuses, class, (over - start, AFTER_REPAIR));
        if one.unrest.broken { Self::default() } else { late().unwrap_or_default() }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.ended += other.ended;
        self.times += other.times;
    }

    /// Returns whether the class is served no better than a class that is overloaded: no view ends, or more than 1 % are lost.
    fn is_poor(&self) -> bool {
        self.times > 0 && (self.ended == 0 || self.share() > OVERLOAD_SHARE)
    }

    /// Returns the share that is lost or was never requested.
    pub(super) fn share(&self) -> f64 {
        self.lost as f64 / self.ended.max(1) as f64
    }
}

/// Returns the verdicts on every class with requests in a window that begins at `start`, in the order of the plan.
pub(super) fn of_classes(
    plan: &Blueprint,
    pooled: &Record,
    seen: &[Replication],
    start: SimTime,
) -> Vec<ClassVerdict> {
    let stopped = |overloaded: bool| {
        seen.iter().any(|o| o.cut.as_ref().is_some_and(|cut| cut.overload == overloaded))
    };
    let classes = || 0..plan.routes.classes.len();
    let late = |class| {
        let mut all = Late::default();
        seen.iter().for_each(|one| all.add(Late::after_repair(plan, one, class, start)));
        all
    };
    let signs = Signs {
        cut: (stopped(true), stopped(false)),
        broken: seen.iter().any(|o| o.unrest.broken),
        fullest: fullest(seen),
        several: seen.len() > 1,
        growing: classes().map(|class| is_growing(seen, class)).collect(),
        in_flight: classes().map(|class| in_flight(seen, class)).collect(),
        late: classes().map(late).collect(),
    };
    judge(plan, pooled, &signs)
}

/// Returns the verdicts on every class with requests from the signs of their balance.
pub(super) fn judge(plan: &Blueprint, pooled: &Record, signs: &Signs) -> Vec<ClassVerdict> {
    let fullest = signs.fullest.filter(|_| signs.cut.0);
    let one = |class: usize| {
        let lost = Lost::of(plan, pooled, class);
        let asked = plan.workloads.iter().any(|workload| workload.class.index() == class);
        if !asked && pooled.classes[class].attempts.begun == 0 {
            return None;
        }
        let short = signs.cut.0 || signs.cut.1;
        let verdict = if fullest == Some(class) {
            Verdict::Overloaded
        } else if lost.unserved > OVERLOAD_SHARE && !signs.cut.1 {
            let lasts = !signs.broken && (signs.late[class].is_poor() || signs.growing[class]);
            match lost.for_load > OVERLOAD_SHARE || lasts {
                true => Verdict::Overloaded,
                false => Verdict::Broken,
            }
        } else if !signs.several || short {
            Verdict::Inconclusive
        } else if signs.growing[class] {
            Verdict::Backlogged
        } else {
            Verdict::Stable
        };
        let unserved = (lost.intended > 0).then_some(lost.unserved);
        let in_flight = signs.in_flight[class];
        Some(ClassVerdict { class, verdict, in_flight, unserved, metastable: None })
    };
    (0..plan.routes.classes.len()).filter_map(one).collect()
}

/// Page views of a class that were not served.
struct Lost {
    intended: u64,
    /// Share of the intended views.
    unserved: f64,
    /// Share of these that no fault and no planned work caused. Page views that were never requested, since their
    /// session had ended, are divided like the lost ones.
    for_load: f64,
}

impl Lost {
    fn of(plan: &Blueprint, pooled: &Record, class: usize) -> Self {
        let (mut intended, mut unserved, mut load, mut caused) = (0, 0, 0, 0);
        for (workload, views) in plan.workloads.iter().zip(&pooled.views) {
            if workload.class.index() != class {
                continue;
            }
            intended += views.intended;
            unserved += views.intended - views.served - views.delayed;
            let under_way = views.in_flight();
            load += views.lost[CauseId::OVERLOAD.index()] + under_way;
            caused += views.lost.iter().sum::<u64>() + under_way;
        }
        let share = unserved as f64 / intended.max(1) as f64;
        let part = if caused > 0 { load as f64 / caused as f64 } else { 1.0 };
        Self { intended, unserved: share, for_load: share * part }
    }
}

/// Returns the class with the most requests in flight where request ids ran out; on a tie, the first.
fn fullest(seen: &[Replication]) -> Option<usize> {
    let cut = seen.iter().filter(|o| o.cut.as_ref().is_some_and(|cut: &Cut| cut.overload));
    let last = cut.filter_map(|o| o.censuses.last());
    let all = last.flat_map(|census| census.in_flight.iter().copied().enumerate());
    let larger =
        |best: (usize, u64), next: (usize, u64)| if best.1 >= next.1 { best } else { next };
    all.reduce(larger).map(|(class, _)| class)
}

/// Returns the mean requests of a class in flight at the start and the end of the window, over replications.
fn in_flight(seen: &[Replication], class: usize) -> (f64, f64) {
    let mean = |of: &dyn Fn(&Replication) -> f64| {
        seen.iter().map(of).sum::<f64>() / seen.len().max(1) as f64
    };
    let ends = |o: &Replication| ends_of(&o.censuses, class);
    (mean(&|o| ends(o).0), mean(&|o| ends(o).1))
}

/// Returns the requests of a class in flight at the start and at the end of a window.
pub(super) fn ends_of(censuses: &[Census], class: usize) -> (f64, f64) {
    let number = |census: Option<&Census>| census.map_or(0.0, |one| one.in_flight[class] as f64);
    (number(censuses.first()), number(censuses.last()))
}

/// Returns the requests of a class in flight at the start and at the end of the second half of a window.
pub(super) fn late_ends(censuses: &[Census], class: usize) -> (f64, f64) {
    let numbers: Vec<u64> = censuses.iter().skip(1).map(|census| census.in_flight[class]).collect();
    ends_of_halves(&numbers)
}

/// Share of the requests in flight by which they grow over a window, and over its second half, where work piles up.
pub(super) const GROWING: [f64; 2] = [0.5, 0.25];

/// Returns whether the work of a class piled up: more at the end than at the start, and still growing in the second
/// half. A start from an empty system shows the first alone, a busy evening the second.
fn is_growing(seen: &[Replication], class: usize) -> bool {
    let whole = |o: &Replication| ends_of(&o.censuses, class);
    let late = |o: &Replication| late_ends(&o.censuses, class);
    grows(seen, &whole, GROWING[0]) && grows(seen, &late, GROWING[1])
}

/// Returns means over the later half of each half: the start and the end of the second half. With fewer than four
/// numbers, the last of each half.
fn ends_of_halves(numbers: &[u64]) -> (f64, f64) {
    let half = numbers.len() / 2;
    let quarter = (numbers.len() / 4).max(1).min(half);
    let mean = |until: usize| {
        let some = &numbers[until - quarter..until];
        some.iter().sum::<u64>() as f64 / quarter.max(1) as f64
    };
    (mean(half), mean(numbers.len()))
}

/// Returns whether the requests in flight certainly grew, see [`Growth::exceeds`].
fn grows(seen: &[Replication], of: &dyn Fn(&Replication) -> (f64, f64), share: f64) -> bool {
    let both: Vec<(f64, f64)> = seen.iter().map(of).collect();
    Growth::of(&both).is_some_and(|growth| growth.exceeds(share))
}

/// Level of the interval of a growth or fall of requests in flight.
const LEVEL: f64 = 0.99;

/// Change of the number of requests in flight from one part of a window to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Growth {
    /// Number before, mean over replications.
    pub(super) before: f64,
    /// Change, with its interval at 99 %.
    pub(super) change: Interval,
}

impl Growth {
    /// Computes it from the numbers before and after, by replication; `None` for fewer than two.
    pub(super) fn of(both: &[(f64, f64)]) -> Option<Self> {
        let growth: Vec<f64> = both.iter().map(|(before, after)| after - before).collect();
        let before = both.iter().map(|(before, _)| before).sum::<f64>() / both.len() as f64;
        Some(Self { before, change: Interval::of_mean(&growth, LEVEL).ok()? })
    }

    /// Computes it from the mean number before and the moments of the change; `None` for fewer than two replications.
    pub(super) fn of_moments(before: f64, change: &Moments) -> Option<Self> {
        let change = change.interval(Statistic::Mean, LEVEL).ok()?;
        Some(Self { before, change })
    }

    /// Returns whether the number certainly grows by more than one request plus a `share` of the number before.
    pub(super) fn exceeds(&self, share: f64) -> bool {
        self.change.low > share * self.before + 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_in_the_second_half_is_seen_however_few_the_numbers() {
        assert_eq!(ends_of_halves(&[4, 9]), (4.0, 9.0));
        assert_eq!(ends_of_halves(&[4, 9, 11]), (4.0, 11.0));
        assert_eq!(ends_of_halves(&[0, 2, 4, 6, 7, 8, 10, 20]), (5.0, 15.0));
        // Seven: the first half ends with the third, the second with the last.
        assert_eq!(ends_of_halves(&[1, 2, 3, 4, 5, 6, 7]), (3.0, 7.0));
        assert_eq!(ends_of_halves(&[]), (0.0, 0.0), "nothing grows");
    }

    #[test]
    fn the_worst_of_the_classes_is_the_word_of_the_window() {
        use Verdict::{Backlogged, Broken, Inconclusive, Overloaded, Stable};
        assert_eq!(worst(&[]), Stable);
        assert_eq!(worst(&[Stable, Inconclusive]), Inconclusive);
        assert_eq!(worst(&[Overloaded, Stable, Backlogged]), Overloaded);
        assert_eq!(worst(&[Stable, Backlogged, Broken]), Backlogged);
    }
}
