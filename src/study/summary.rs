//! The answer of one scenario to what its objectives ask.
//!
//! Takes the rows of a run; returns, per request class, its downtime with the largest causes, its latency in each
//! window, its capacity, and a verdict on each of its objectives with the margin. Nothing is computed anew: every
//! estimate is one of [`Results`], so a value reads the same wherever it stands.
//!
//! An objective asks up to three things. [`Aim::Latency`]: a percentile in each window. [`Aim::Served`]: the share of
//! page views served over the horizon. [`Aim::Capacity`]: a class with an objective must carry the rate of the design
//! peak, which is the window with the highest fixed rate.
//!
//! Holds: a class that is overloaded at the design peak misses its capacity, whatever its latencies are.

use crate::plan::availability::{Availability, WatchedKind};
use crate::plan::load::peak_among;
use crate::study::expect::{Demand, Verdict as Judgement};
use crate::study::results::{
    CapacityRow, Carries, ClassRow, LoadClass, ObjectiveRow, Results, Share, WindowRows, YearRow,
};
use crate::study::verdict::Verdict;
use crate::study::window::Estimate;

/// The answer of one scenario.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Request classes: those with an objective, or all that users request if none has one. Without classes, the
    /// services, groups and units whose availability was simulated.
    pub subjects: Vec<Subject>,
    /// True if some class has an objective.
    pub has_objectives: bool,
    /// The busiest component of the design peak, with its utilisation.
    pub busiest: Option<(String, f64)>,
    /// Number of judged expectations by verdict: hold, fail, cannot be decided.
    pub expectations: [usize; 3],
}

/// The answer for one request class, service, group or unit.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// Downtime over the horizon; `None` without a long-horizon run.
    pub down: Option<Down>,
    /// Share of the page views served over the horizon, with faults; `None` without traffic over the horizon.
    pub served: Option<Estimate>,
    /// Results per window without breaks, in order of rate, then of name; windows that fix no rate come first.
    pub windows: Vec<InWindow>,
    /// Its capacity; `None` if no capacity was searched for.
    pub capacity: Option<CapacityRow>,
    /// Rate of the design peak, per second, and the name of its window; `None` if no window fixes a rate.
    pub peak: Option<(f64, String)>,
    /// Its objectives, each with the verdict.
    pub goals: Vec<Goal>,
    /// Losses of one part that it should survive, and after which page views stay lost; the most views first.
    pub aftermaths: Vec<Aftermath>,
}

/// The state some time after the loss of a part that others replace: page views are still lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Aftermath {
    /// Kind and name of the part: `rack left`.
    pub part: String,
    /// Name of the part.
    pub name: String,
    /// The declared window.
    pub window: String,
    /// Rate that the window fixes, per second.
    pub level: Option<f64>,
    /// Time from the loss to the end of the run, in seconds.
    pub after: f64,
    /// Share of the page views that are lost then.
    pub lost: f64,
}

/// Structural downtime over the horizon.
#[derive(Clone, Debug)]
pub struct Down {
    /// Available share of the time.
    pub available: Share,
    /// Downtime, in seconds per year.
    pub per_year: Estimate,
    /// Downtime of continuous availability, which counts failures that are not detected yet, in seconds per year; `None`
    /// if it is not clearly more.
    pub with_undetected: Option<Estimate>,
    /// First causes and their downtime in seconds per year, the largest first.
    pub causes: Vec<(String, Estimate)>,
}

/// A class in one window.
#[derive(Clone, Debug)]
pub struct InWindow {
    /// The window.
    pub name: String,
    /// Rate that it fixes, per second.
    pub level: Option<f64>,
    /// Percentile: that of the objective, or else `p95`.
    pub stat: &'static str,
    /// Estimate of the percentile, in seconds; `None` if the class has no latency.
    pub latency: Option<Estimate>,
    /// Share of its page views that were served.
    pub served: Option<Share>,
    /// Verdict on the balance of the class.
    pub verdict: Verdict,
}

/// A demand of an objective.
#[derive(Clone, Debug, PartialEq)]
pub enum Aim {
    /// A percentile of latency in a window.
    Latency {
        /// The window.
        window: String,
        /// Statistic, such as `p95`.
        stat: &'static str,
        /// The bound, in seconds.
        bound: f64,
    },
    /// A share of the page views served over the horizon.
    Served {
        /// The smallest share.
        least: f64,
    },
    /// The rate of the design peak is carried.
    Capacity {
        /// The rate, per second.
        peak: f64,
        /// The window of the design peak.
        window: String,
        /// Resource that saturates first, where a capacity was searched for.
        first: Option<String>,
    },
}

/// An objective with its verdict.
#[derive(Clone, Debug)]
pub struct Goal {
    /// Its demand.
    pub aim: Aim,
    /// The estimate that decides, in the unit of the aim; `None` if there is none.
    pub estimate: Option<Estimate>,
    /// The verdict.
    pub judgement: Judgement,
    /// Unused share of what the objective allows, negative where it is missed: of the latency, of the views that may
    /// be lost, of the design peak. `None` without an estimate.
    pub margin: Option<f64>,
}

impl Subject {
    /// Returns its downtime per year, and the shares of page views that are not served over the years and in the worst of its
    /// windows; 0 for those that are not known.
    fn harm(&self) -> [f64; 3] {
        let down = self.down.as_ref().and_then(|down| down.per_year.value());
        let served = self.served.as_ref().and_then(Estimate::value);
        let in_windows = self.windows.iter().filter_map(|window| window.served.as_ref()?.value());
        let worst = in_windows.fold(1.0, f64::min);
        [down.unwrap_or(0.0), 1.0 - served.unwrap_or(1.0), 1.0 - worst]
    }

    /// Returns the objectives that are not known to hold, those that fail first.
    pub fn open(&self) -> impl Iterator<Item = &Goal> {
        let of = |wanted: fn(Judgement) -> bool| {
            self.goals.iter().filter(move |goal| wanted(goal.judgement))
        };
        let fails = of(|judgement| judgement == Judgement::Fails);
        let undecided = |judgement| !matches!(judgement, Judgement::Holds | Judgement::Fails);
        fails.chain(of(undecided))
    }
}

impl Summary {
    /// Returns all objectives, each with its class.
    pub fn goals(&self) -> impl Iterator<Item = (&Subject, &Goal)> {
        self.subjects.iter().flat_map(|of| of.goals.iter().map(move |goal| (of, goal)))
    }

    /// Returns the verdict on all objectives together; [`Judgement::NotJudged`] without any.
    #[must_use]
    pub fn verdict(&self) -> Judgement {
        let mut all = self.goals().map(|(_, goal)| goal.judgement).peekable();
        if all.peek().is_none() {
            return Judgement::NotJudged;
        }
        all.fold(Judgement::Holds, |worst, one| match (worst, one) {
            (Judgement::Fails, _) | (_, Judgement::Fails) => Judgement::Fails,
            (Judgement::Holds, Judgement::Holds) => Judgement::Holds,
            _ => Judgement::Inconclusive,
        })
    }

    /// Returns the objective with the smallest margin.
    #[must_use]
    pub fn tightest(&self) -> Option<(&Subject, &Goal)> {
        let known = self.goals().filter_map(|(of, goal)| Some((goal.margin?, of, goal)));
        let least = known.min_by(|a, b| a.0.total_cmp(&b.0))?;
        Some((least.1, least.2))
    }

    /// Returns the subject of the first screen: that of the objective with the smallest margin; without one, the one that is
    /// down longest, then the one that is served least. Of equal ones the first.
    #[must_use]
    pub fn main(&self) -> Option<&Subject> {
        let tightest = self.tightest().map(|(of, _)| of);
        tightest.or_else(|| {
            self.subjects
                .iter()
                .reduce(|worst, of| if of.harm() > worst.harm() { of } else { worst })
        })
    }
}

/// Returns the answer of a scenario.
#[must_use]
pub fn summary(results: &Results) -> Summary {
    let names = subjects(results);
    let has_objectives = !results.declared.is_empty();
    let subjects: Vec<Subject> =
        names.into_iter().map(|name| subject(results, name, has_objectives)).collect();
    let peak = subjects.iter().find_map(|of| of.peak.as_ref());
    let busiest = peak.and_then(|(_, name)| {
        let window = results.windows.iter().find(|window| window.name == *name)?;
        busiest(window)
    });
    let count = |wanted| results.expectations.iter().filter(|row| row.judgement == wanted).count();
    let (hold, fail) = (count(Judgement::Holds), count(Judgement::Fails));
    let expectations = [hold, fail, results.expectations.len() - hold - fail];
    Summary { subjects, has_objectives, busiest, expectations }
}

/// Returns the names of the subjects.
fn subjects(results: &Results) -> Vec<String> {
    let mut asked: Vec<String> = results.declared.iter().map(|one| one.class.clone()).collect();
    asked.extend(results.capacities.iter().map(|row| row.class.clone()));
    if asked.is_empty() {
        let requested = results.plain().flat_map(|window| &window.views);
        asked.extend(requested.map(|row| row.class.clone()));
        let years = results.years.iter().flat_map(|years| &years.rows);
        let classes = years.filter(|row| row.kind == WatchedKind::Class);
        asked.extend(classes.map(|row| row.name.clone()));
    }
    if asked.is_empty() {
        let years = results.years.iter().flat_map(|years| &years.rows);
        asked.extend(years.map(|row| row.name.clone()));
    }
    asked.sort_by_cached_key(|name| crate::study::results::natural(name));
    asked.dedup();
    asked
}

fn load(results: &Results) -> &[LoadClass] {
    let load = results.years.as_ref().and_then(|years| years.load.as_ref());
    load.map_or(&[], |load| &load.classes)
}

fn subject(results: &Results, name: String, judged: bool) -> Subject {
    let served = corrected(results, &name).or_else(|| flows_alone(results, &name).cloned());
    let mut windows: Vec<InWindow> =
        results.plain().filter_map(|window| in_window(results, window, &name)).collect();
    let rate = |window: &InWindow| window.level.unwrap_or(0.0);
    windows.sort_by(|a, b| rate(a).total_cmp(&rate(b)));
    let fixed = windows.iter().filter_map(|window| Some((window.level?, window.name.clone())));
    let peak = peak_among(fixed, |(rate, name)| (name, *rate));
    let capacity = results.capacities.iter().find(|row| row.class == name).cloned();
    let mut of = Subject {
        down: down(results, &name),
        served,
        windows,
        capacity,
        peak,
        goals: Vec::new(),
        aftermaths: aftermaths(results, &name),
        name,
    };
    if judged {
        of.goals = goals(results, &of);
    }
    of
}

/// Returns the share of page views served over the years by rates alone, without windows of requests.
#[must_use]
pub fn flows_alone<'a>(results: &'a Results, name: &str) -> Option<&'a Estimate> {
    load(results).iter().find(|class| class.name == name).map(|class| &class.request)
}

/// Returns the losses after which page views stay lost, the most views first. Of parts whose loss has the same effect
/// the first counts.
fn aftermaths(results: &Results, name: &str) -> Vec<Aftermath> {
    let mut found: Vec<(Aftermath, Option<f64>)> = Vec::new();
    for row in results.breaks.iter().filter(|row| row.class == name) {
        let (Some(part), Some(lost)) = (&row.part, row.still_lost) else { continue };
        let missed = row.missed.value();
        if found.iter().any(|(one, other)| one.window == row.window && *other == missed) {
            continue;
        }
        let run = row.down.map(|at| &results.windows[at]);
        let level = run.and_then(|run| class_row(run, name)).and_then(|row| row.level);
        let aftermath = Aftermath {
            part: format!("{} {}", part.kind, part.name),
            name: part.name.clone(),
            window: row.window.clone(),
            level,
            after: row.watched.seconds(),
            lost,
        };
        found.push((aftermath, missed));
    }
    let mut all: Vec<Aftermath> = found.into_iter().map(|(one, _)| one).collect();
    all.sort_by(|a, b| b.lost.total_cmp(&a.lost));
    all
}

/// Returns the served share corrected by windows of requests, where there is one.
fn corrected(results: &Results, name: &str) -> Option<Estimate> {
    let classes = &results.sampled.as_ref()?.classes;
    let rows = &classes.iter().find(|class| class.name == name)?.rows;
    let row = rows.iter().find(|row| row.key == "request")?;
    row.both.value().map(|_| row.both.clone())
}

fn down(results: &Results, name: &str) -> Option<Down> {
    let rows = &results.years.as_ref()?.rows;
    let side = |of: Availability| {
        let is_it = |row: &&YearRow| row.name == name && row.availability == of;
        rows.iter().find(is_it).map(|row| &row.all)
    };
    let with_undetected = side(Availability::Continuous).map(|side| &side.downtime);
    let side = side(Availability::Structural)?;
    let with_undetected = with_undetected.filter(|of| is_clearly_more(of, &side.downtime));
    let causes = side.causes.iter().map(|cause| (cause.name.clone(), cause.downtime.clone()));
    Some(Down {
        available: side.available,
        per_year: side.downtime.clone(),
        with_undetected: with_undetected.cloned(),
        causes: causes.collect(),
    })
}

/// Returns whether a figure is at least half as much again as another one, and their intervals do not overlap.
fn is_clearly_more(more: &Estimate, than: &Estimate) -> bool {
    let (Estimate::Interval(more), Estimate::Interval(than)) = (more, than) else { return false };
    more.low > than.high && more.estimate >= 1.5 * than.estimate
}

fn in_window(results: &Results, window: &WindowRows, name: &str) -> Option<InWindow> {
    let asked = results.objectives.iter().find(|row| row.class == name);
    let stat = asked.map_or("p95", |row| row.stat);
    let place = crate::study::results::STATS.iter().position(|(word, _)| *word == stat)?;
    let latency = window.latencies.iter().find(|row| row.name == name);
    let latency = latency.and_then(|row| row.estimates.get(place).cloned());
    let served = window.views.iter().find(|row| row.class == name).map(|row| row.served_share);
    let row = class_row(window, name);
    (latency.is_some() || served.is_some()).then(|| InWindow {
        name: window.name.clone(),
        level: row.and_then(|row| row.level),
        stat,
        latency,
        served,
        verdict: row.map_or(window.verdict, |row| row.verdict),
    })
}

fn class_row<'a>(window: &'a WindowRows, name: &str) -> Option<&'a ClassRow> {
    window.classes.iter().find(|row| row.name == name)
}

fn busiest(window: &WindowRows) -> Option<(String, f64)> {
    let known = window.uses.iter().filter_map(|one| Some((one.name.clone(), one.mean.value()?)));
    // Of equals the first in the order of names.
    known.fold(None, |best, one| match best {
        Some((_, most)) if most >= one.1 => best,
        _ => Some(one),
    })
}

fn goals(results: &Results, of: &Subject) -> Vec<Goal> {
    let mut goals: Vec<Goal> = Vec::new();
    let Some(declared) = results.declared.iter().find(|one| one.class == of.name) else {
        return goals;
    };
    let latencies = results.objectives.iter().filter(|row| row.class == of.name);
    goals.extend(latencies.map(|row| latency(results, row)));
    // Without a window no latency was measured: the objective stays open.
    for (stat, bound) in &declared.latency {
        let is_judged =
            |goal: &Goal| matches!(&goal.aim, Aim::Latency { stat: own, .. } if own == stat);
        if !goals.iter().any(is_judged) {
            let aim = Aim::Latency { window: "no window".into(), stat, bound: *bound };
            goals.push(Goal { aim, estimate: None, judgement: Judgement::NotJudged, margin: None });
        }
    }
    if let Some(least) = declared.served {
        let estimate = of.served.clone();
        let judgement = estimate.as_ref().map_or(Judgement::NotJudged, |estimate| {
            Demand::AtLeast(least).judge_estimate(estimate)
        });
        let margin = estimate.as_ref().and_then(Estimate::value);
        let margin = margin.map(|served| 1.0 - (1.0 - served) / (1.0 - least).max(f64::EPSILON));
        goals.push(Goal { aim: Aim::Served { least }, estimate, judgement, margin });
    }
    goals.extend(capacity(of));
    goals
}

fn latency(results: &Results, row: &ObjectiveRow) -> Goal {
    let bound = row.bound.seconds();
    Goal {
        aim: Aim::Latency {
            window: results.windows[row.window].name.clone(),
            stat: row.stat,
            bound,
        },
        estimate: Some(row.estimate.clone()),
        judgement: row.judgement,
        margin: row.estimate.value().map(|value| 1.0 - value / bound),
    }
}

/// Judges whether the class carries its design peak; `None` if no window fixes a rate.
fn capacity(of: &Subject) -> Option<Goal> {
    let (peak, window) = of.peak.clone()?;
    let seen = of.windows.iter().find(|one| one.name == window)?;
    let first = of.capacity.as_ref().map(|row| row.first.0.clone());
    let aim = Aim::Capacity { peak, window, first };
    let estimate = of.capacity.as_ref().map(|row| row.carries.estimate());
    let margin = match of.capacity.as_ref().map(|row| &row.carries) {
        Some(Carries::Rate(estimate)) => estimate.value(),
        // A bound: the margin is at most, or at least, this.
        Some(Carries::Below(rate) | Carries::Above(rate)) => Some(*rate),
        None => None,
    };
    let margin = margin.map(|rate| rate / peak - 1.0);
    let found = match of.capacity.as_ref().map(|row| &row.carries) {
        Some(Carries::Rate(estimate)) => Demand::AtLeast(peak).judge_estimate(estimate),
        Some(Carries::Below(rate)) if *rate <= peak => Judgement::Fails,
        Some(Carries::Above(rate)) if *rate >= peak => Judgement::Holds,
        Some(_) => Judgement::Inconclusive,
        // No search: the balance of the window decides.
        None => match seen.verdict {
            Verdict::Stable => Judgement::Holds,
            _ => Judgement::Inconclusive,
        },
    };
    let judgement = if seen.verdict.is_overload() { Judgement::Fails } else { found };
    Some(Goal { aim, estimate, judgement, margin })
}
