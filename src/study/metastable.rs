//! Metastable overload: overload that stays after its trigger has gone.
//!
//! A window is examined where a class in it is out of balance and a trigger occurred before it ends: a failed part
//! works again, the memory of a part was lost, a flash crowd at a given time is over, a step has changed a rate. The
//! *tail* is the rest of the window after the last of these, in every replication.
//! A class is metastable when
//! 1. nothing is broken at the end of the window, and the tail is at least a quarter of it;
//! 2. in the last quarter of the tail more than 1 % of its page views that end are lost, or its requests in flight grow
//!    over the tail;
//! 3. its requests in flight do not fall from the first to the last quarter of the tail, by 2 % with certainty (99 %)
//!    or by 5 % on average; a class whose backlog still drains is overloaded, not metastable;
//! 4. the same class in the same tail without the trigger is in balance. The window is run again on the same draws with
//!    nothing broken. If the trigger was traffic, the run begins with an empty system at the end of the trigger, at the
//!    rates that hold from then on.
//!
//! So the first-time load is below the capacity. The class stays overloaded because of work that the trigger left
//! behind or that the overload itself creates.
//!
//! The rate below which it recovers is found by bisection: the same window on the same draws, with the rate of the
//! class multiplied by a factor from the end of the trigger on. There are `STEPS` steps of at most `FEW` replications
//! each. It recovers at a rate where 2. or 3. does not hold. Several such classes are searched at once, and the result
//! is run once more together.
//!
//! Leaves out: triggers whose end is neither known beforehand nor visible in the health of parts (random flash crowds,
//! the hours of a profile, backups, resized zones); the rate of closed users and of recorded traffic.
//! Source: Bronson et al., Metastable Failures in Distributed Systems, HotOS 2021, for the definition.

use crate::model::blueprint::{Arrivals, Blueprint};
use crate::model::outage::Faults;
use crate::model::world::readings::Unrest;
use crate::solve::requests::{Breach, Census, Window};
use crate::study::verdict::{self, ClassVerdict, Growth, Late, OVERLOAD_SHARE, Verdict};
use crate::study::window::{self, Ending, Watch, WindowPlan, WindowResult};
use crate::units::{SimDuration, SimTime};

/// Maximum number of replications of a run made for this test alone.
const FEW: u32 = 4;
/// Steps of the bisection: the rate is known to 1/64 of the declared rate.
const STEPS: u32 = 6;
/// Maximum number of events of a search, estimated from the window: about 20 s of one core.
const MOST_EVENTS: u64 = 100_000_000;

/// Censuses of a window, by replication.
type Runs = Vec<Vec<Census>>;

/// Findings on a class that is metastable in a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Metastable {
    /// Name of the last trigger.
    pub trigger: String,
    /// Instant at which it was over.
    pub over: SimTime,
    /// Lost share of the page views that end in the last quarter of the tail.
    pub lost: f64,
    /// The same without the trigger.
    pub lost_without: f64,
    /// Rate below which it recovers.
    pub recovery: Recovery,
}

/// The rate below which a metastable class recovers.
#[derive(Clone, Debug, PartialEq)]
pub enum Recovery {
    /// It recovers at the first rate and is not seen to by the end of the window at the second; the third is the
    /// declared rate. All are arrivals per second.
    Between(f64, f64, f64),
    /// The rate is unknown, for this reason.
    Unknown(&'static str),
}

/// The last trigger before the end of a window.
struct Trigger {
    what: String,
    over: SimTime,
    /// True for traffic: the run without the trigger then begins at its end.
    of_traffic: bool,
}

/// Marks the classes of a window that are metastable.
///
/// # Errors
///
/// [`Breach`] when an invariant of some replication is broken.
pub(super) fn judge(
    plan: &Blueprint,
    asked: &WindowPlan,
    result: &mut WindowResult,
    quick: bool,
    watch: &Watch,
) -> Result<(), Breach> {
    let suspect = |one: &ClassVerdict| one.verdict.is_overload();
    let usable = result.replications >= 2 && result.stopped.is_none();
    if !usable || result.ending == Ending::Interrupted || !result.classes.iter().any(suspect) {
        return Ok(());
    }
    let Some(trigger) = last_trigger(plan, &asked.window, &result.unrest) else { return Ok(()) };
    let from = trigger.over.max(asked.window.from()) - asked.window.from();
    if from.nanos() > asked.window.length.nanos() / 4 * 3 {
        return Ok(());
    }
    let stuck: Vec<usize> = (0..result.classes.len())
        .filter(|at| suspect(&result.classes[*at]))
        .filter(|at| {
            let tail = Tail::of(plan, &result.censuses, result.classes[*at].class, from);
            tail.is_some_and(|tail| tail.is_stuck())
        })
        .collect();
    if stuck.is_empty() {
        return Ok(());
    }
    let few = FEW.min(asked.replications.0.max(2));
    let again = |plan: &Blueprint, window: Window| -> Result<Option<Runs>, Breach> {
        watch.more.fetch_add(few as usize, std::sync::atomic::Ordering::Relaxed);
        let replications = (few, few);
        let asked = WindowPlan {
            window,
            replications,
            precision: Vec::new(),
            measures: Vec::new(),
            level: asked.level,
            drill: None,
            followed: Default::default(),
        };
        let seen = window::run(plan, &asked, watch)?;
        let whole = seen.ending != Ending::Interrupted && seen.stopped.is_none();
        Ok(whole.then_some(seen.censuses))
    };
    let without = without(&asked.window, &trigger);
    let begins = from + asked.window.from().since(SimTime::ZERO);
    let tail_without =
        SimDuration::from_nanos(begins.nanos().saturating_sub(without.from().nanos()));
    let Some(calm) = again(plan, without)? else { return Ok(()) };
    let mut found: Vec<(usize, Metastable)> = Vec::new();
    for at in stuck {
        let class = result.classes[at].class;
        let tails = (
            Tail::of(plan, &result.censuses, class, from),
            Tail::of(plan, &calm, class, tail_without),
        );
        let (Some(tail), Some(calm)) = tails else { continue };
        if calm.lost > OVERLOAD_SHARE || calm.grows {
            continue;
        }
        found.push((
            at,
            Metastable {
                trigger: trigger.what.clone(),
                over: trigger.over,
                lost: tail.lost,
                lost_without: calm.lost,
                recovery: Recovery::Unknown("it was not searched for"),
            },
        ));
    }
    let classes: Vec<usize> = found.iter().map(|(at, _)| result.classes[*at].class).collect();
    let each = result.events / result.replications;
    let effort = each * u64::from(few) * u64::from(STEPS + 1);
    let recoveries = match () {
        () if found.is_empty() => Vec::new(),
        () if quick => vec![Recovery::Unknown("`--quick` does not search for it"); found.len()],
        () if effort > MOST_EVENTS => {
            vec![Recovery::Unknown("the search would take too long"); found.len()]
        }
        () => {
            let run = |plan: &Blueprint| again(plan, asked.window.clone());
            bisect(plan, asked, &classes, (trigger.over, from), &run)?
        }
    };
    for ((at, mut metastable), recovery) in found.into_iter().zip(recoveries) {
        metastable.recovery = recovery;
        result.classes[at].verdict = Verdict::Metastable;
        result.classes[at].metastable = Some(Box::new(metastable));
    }
    result.verdict = verdict::worst(result.classes.iter().map(|one| &one.verdict));
    Ok(())
}

/// Returns the last trigger, if it is over at the end of the window in every replication.
fn last_trigger(plan: &Blueprint, window: &Window, unrest: &Unrest) -> Option<Trigger> {
    let until = window.from() + window.length;
    if unrest.broken {
        return None;
    }
    let mended = unrest.over.map(|(over, cause)| Trigger {
        what: plan.cause(cause).to_string(),
        over,
        of_traffic: false,
    });
    let start = SimTime::from_nanos(window.from().nanos() - window.warm_up.nanos());
    let mut last = mended;
    // Traffic that changed before the last repair belongs to the trigger as well.
    let mut of_traffic = false;
    for (at, workload) in plan.workloads.iter().enumerate() {
        let level = window.levels.get(at).copied().flatten();
        let Arrivals::Described(traffic) = &workload.arrivals else { continue };
        if level.is_some() {
            continue;
        }
        if traffic.surges().is_under_way(until) {
            return None;
        }
        let changes = traffic.surges().changes();
        let past = changes.into_iter().filter(|(when, _)| (start..until).contains(when));
        for (over, what) in past {
            of_traffic = true;
            if last.as_ref().is_none_or(|last| last.over <= over) {
                let what = format!("the {what} of {}", workload.name);
                last = Some(Trigger { what, over, of_traffic: true });
            }
        }
    }
    last.map(|last| Trigger { of_traffic, ..last })
}

/// Returns the window without the events up to the end of the trigger.
fn without(window: &Window, trigger: &Trigger) -> Window {
    let faults = Faults::Off;
    if !trigger.of_traffic {
        return Window { faults, ..window.clone() };
    }
    let from = window.from().max(trigger.over);
    let until = window.from() + window.length;
    let warm_up = window.warm_up.min(from.since(trigger.over));
    Window { faults, at: from, warm_up, length: until.since(from), ..window.clone() }
}

/// Behaviour of a class in the tail.
#[derive(Clone, Copy, Debug)]
struct Tail {
    /// Share of the page views lost or never requested, of those that end in its last quarter.
    lost: f64,
    /// Requests in flight grow from its first quarter to its last.
    grows: bool,
    /// Requests in flight fall.
    falls: bool,
}

impl Tail {
    /// Returns whether it is overloaded and stays so.
    fn is_stuck(&self) -> bool {
        (self.lost > OVERLOAD_SHARE || self.grows) && !self.falls
    }

    /// Computes it over all replications; `None` where the tail is too short for quarters.
    fn of(plan: &Blueprint, runs: &[Vec<Census>], class: usize, from: SimDuration) -> Option<Self> {
        let mut late = Late::default();
        let mut ends: Vec<(f64, f64)> = Vec::new();
        for run in runs {
            late.add(Late::of(plan, run, class, (from, LEAST_CENSUSES))?);
            let tail: Vec<&Census> = run.iter().filter(|census| census.at >= from).collect();
            let quarter = tail.len() / 4;
            let mean = |some: &[&Census]| {
                some.iter().map(|one| one.in_flight[class] as f64).sum::<f64>() / some.len() as f64
            };
            ends.push((mean(&tail[..quarter]), mean(&tail[tail.len() - quarter..])));
        }
        let growth = Growth::of(&ends)?;
        let Growth { before, change } = growth;
        Some(Self {
            lost: late.share(),
            grows: growth.exceeds(GROWTH),
            falls: change.high < -FALL * before || change.estimate < -CLEAR_FALL * before,
        })
    }
}

/// Minimum number of censuses in a tail that is cut into quarters.
const LEAST_CENSUSES: usize = 8;
/// Minimum relative growth; less is taken for noise.
const GROWTH: f64 = 0.25;
/// Minimum relative fall, however certain: a smaller one would take fifty more tails to drain.
const FALL: f64 = 0.02;
/// Relative fall that counts even if few replications are not certain: it would drain in some fifteen tails.
const CLEAR_FALL: f64 = 0.05;

/// Bisects the rate of each class from the end of the trigger on.
fn bisect(
    plan: &Blueprint,
    asked: &WindowPlan,
    classes: &[usize],
    (over, from): (SimTime, SimDuration),
    run: &dyn Fn(&Blueprint) -> Result<Option<Runs>, Breach>,
) -> Result<Vec<Recovery>, Breach> {
    let unknown = |why| Ok(vec![Recovery::Unknown(why); classes.len()]);
    let mut rates: Vec<f64> = Vec::new();
    for class in classes {
        let mut sum = 0.0;
        for workload in plan.workloads.iter().filter(|one| one.class.index() == *class) {
            let Arrivals::Described(traffic) = &workload.arrivals else {
                return unknown(
                    "users who wait for their answers, and recorded traffic, have no rate to lower",
                );
            };
            let begin = asked.window.from() + from;
            let until = asked.window.from() + asked.window.length;
            sum += traffic.planned_between(begin, until).in_per_second();
        }
        if sum <= 0.0 {
            return unknown("no workload asks for the class itself");
        }
        rates.push(sum);
    }
    // Each class recovers at the first factor and stays overloaded at the second.
    let mut known = vec![(0.0, 1.0); classes.len()];
    let recovers = |factors: &[f64]| -> Result<Option<Vec<bool>>, Breach> {
        let mut slower = plan.clone();
        for workload in &mut slower.workloads {
            let Some(at) = classes.iter().position(|class| *class == workload.class.index()) else {
                continue;
            };
            if let Arrivals::Described(traffic) = &workload.arrivals {
                workload.arrivals = Arrivals::Described(traffic.times_from(over, factors[at]));
            }
        }
        let Some(seen) = run(&slower)? else { return Ok(None) };
        let tails = classes.iter().map(|class| Tail::of(plan, &seen, *class, from));
        Ok(tails.map(|tail| tail.map(|tail| !tail.is_stuck())).collect())
    };
    for _ in 0..STEPS {
        let middles: Vec<f64> = known.iter().map(|(low, high)| (low + high) / 2.0).collect();
        let Some(found) = recovers(&middles)? else { return unknown("the search was stopped") };
        for ((known, middle), recovers) in known.iter_mut().zip(middles).zip(found) {
            if recovers {
                known.0 = middle;
            } else {
                known.1 = middle;
            }
        }
    }
    if classes.len() > 1 {
        let lows: Vec<f64> = known.iter().map(|(low, _)| *low).collect();
        let found = recovers(&lows)?;
        if !found.is_some_and(|all| all.iter().all(|one| *one)) {
            return unknown("it depends on the rates of the other metastable classes");
        }
    }
    let each = known.iter().zip(rates).map(|(&(low, high), rate)| match low > 0.0 {
        true => Recovery::Between(low * rate, high * rate, rate),
        false => Recovery::Unknown("it stays overloaded at a 64th of its rate"),
    });
    Ok(each.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::draw::Seed;
    use crate::model::blueprint::Workload;
    use crate::model::ids::{CauseId, ClassId};
    use crate::units::Rate;
    use crate::workload::arrivals::{Process, Traffic};
    use crate::workload::surge::{Step, Surges};

    fn seconds(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    /// A workload of 10 requests per second, doubled from 20 s to 30 s where it has a step.
    fn workload(name: &str, step: bool) -> Workload {
        let steps: &[Step] =
            if step { &[Step { from: seconds(20), until: seconds(30), factor: 2.0 }] } else { &[] };
        let surges = Surges::new(None, steps).unwrap();
        let traffic = Traffic::new(Rate::per_second(10.0).unwrap(), Process::Poisson).unwrap();
        Workload {
            name: name.into(),
            first_ordinal: 0,
            class: ClassId(0),
            clients: None,
            arrivals: Arrivals::Described(traffic.with_surges(surges)),
            lost_after: None,
            log: None,
        }
    }

    /// A part works again at 50 s of a window from 10 s to 110 s. Steps of the rate belong to its history if they are in
    /// it; those of a workload whose rate the window fixes are not.
    #[test]
    fn a_fixed_rate_is_no_trigger_whatever_surges_its_workload_has() {
        let mut plan = Blueprint::empty(Seed(1));
        plan.causes = vec!["overload".into(), "pause".into()];
        plan.workloads = vec![workload("plain", false), workload("stepped", true)];
        let mut window = Window {
            name: "after".into(),
            levels: vec![None, None],
            at: seconds(10),
            warm_up: SimDuration::ZERO,
            length: SimDuration::from_secs(100),
            drain: SimDuration::ZERO,
            faults: Faults::Live,
        };
        let mended = Unrest { broken: false, over: Some((seconds(50), CauseId(1))) };
        let of = |plan: &Blueprint, window: &Window, unrest| {
            let found = last_trigger(plan, window, &unrest);
            found.map(|one| (one.what, one.over, one.of_traffic))
        };
        // The repair is later than the step, and both are in the history.
        assert_eq!(of(&plan, &window, mended), Some(("pause".into(), seconds(50), true)));
        let step = ("the step of stepped".to_string(), seconds(30), true);
        assert_eq!(of(&plan, &window, Unrest::default()), Some(step));
        window.levels[1] = Some(Rate::per_second(10.0).unwrap());
        assert_eq!(of(&plan, &window, mended), Some(("pause".into(), seconds(50), false)));
        assert_eq!(of(&plan, &window, Unrest::default()), None);
        // Neither is a step that comes before the window.
        window.levels[1] = None;
        window.at = seconds(40);
        assert_eq!(of(&plan, &window, mended), Some(("pause".into(), seconds(50), false)));
    }
}
