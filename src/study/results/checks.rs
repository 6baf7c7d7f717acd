//! Verdicts on latency objectives and on the run itself, and the omissions of the model.

use super::{Check, Declared, LogRow, ObjectiveRow, STATS, ViewRow, WindowRows, natural};
use crate::kinds::disks::spec::DiskSetSpec;
use crate::model::blueprint::Blueprint;
use crate::model::outage::Faults;
use crate::model::spec::runs::ObjectiveSpec;
use crate::plan::Draft;
use crate::plan::part::disk_sets;
use crate::solve::requests::GRID;
use crate::stats::warmup::{SteadyState, mser5};
use crate::study::expect::{Demand, Verdict as Judgement};
use crate::study::scenario::{MOST_LISTED, StudyPlan, StudyResult, parts_are_listed};
use crate::study::verdict::Verdict;
use crate::study::window::{Ending, Estimate};
use crate::units::SimDuration;

/// Returns the bounds of an objective, each with its place in [`STATS`].
fn bounds(objective: &ObjectiveSpec) -> Vec<(usize, SimDuration)> {
    let Some(latency) = &objective.latency else { return Vec::new() };
    let latency = &latency.value;
    let all = [(1, &latency.p50), (2, &latency.p95), (3, &latency.p99)];
    all.into_iter().filter_map(|(at, bound)| Some((at, bound.as_ref()?.value))).collect()
}

/// Returns the objectives as declared.
#[must_use]
pub fn declared(draft: &Draft) -> Vec<Declared> {
    let mut all: Vec<Declared> = Vec::new();
    for (class, objective) in draft.scenario.objective.iter() {
        let bounds = bounds(objective).into_iter();
        all.push(Declared {
            class: class.to_string(),
            latency: bounds.map(|(stat, bound)| (STATS[stat].0, bound.seconds())).collect(),
            served: objective.availability.as_ref().map(|share| share.value.get()),
        });
    }
    all.sort_by_cached_key(|one| natural(&one.class));
    all
}

/// Returns the latency objectives in every window that has the class.
pub(super) fn objectives(draft: &Draft, windows: &[WindowRows]) -> Vec<ObjectiveRow> {
    let mut rows = Vec::new();
    let mut all: Vec<_> = draft.scenario.objective.iter().collect();
    all.sort_by_cached_key(|(name, _)| natural(name));
    for (class, objective) in all {
        for (stat, bound) in bounds(objective) {
            for (at, window) in windows.iter().enumerate() {
                // A run around a break has no latency rows.
                let Some(row) = window.latencies.iter().find(|row| row.name == **class) else {
                    continue;
                };
                let estimate = row.estimates[stat].clone();
                let judgement = match &estimate {
                    Estimate::Interval(interval) => Demand::AtMost(bound.seconds()).judge(interval),
                    _ => Judgement::Inconclusive,
                };
                let (class, stat) = (class.to_string(), STATS[stat].0);
                rows.push(ObjectiveRow { class, window: at, stat, bound, estimate, judgement });
            }
        }
    }
    rows
}

/// Returns the checks of the run itself.
pub(super) fn checks(
    plan: &Blueprint,
    result: &StudyResult,
    windows: &[WindowRows],
    logs: &[LogRow],
) -> Vec<Check> {
    let runs: usize = windows.iter().map(|window| window.replications).sum();
    let stopped = result.windows.iter().any(|window| window.stopped.is_some());
    let passed = (!stopped && runs > 0).then_some(Judgement::Holds);
    let runs = if runs == 1 { "1 run".to_string() } else { format!("{runs} runs") };
    let sum = |of: &dyn Fn(&ViewRow) -> u64| -> u64 {
        windows.iter().flat_map(|window| &window.views).map(of).sum()
    };
    let begun: u64 = windows.iter().flat_map(|w| &w.attempts).map(|row| row.attempts.begun).sum();
    let parts = plan.parts.len();
    let components = if parts == 1 { "1 component".into() } else { format!("{parts} components") };
    let mut checks = vec![
        Check {
            name: "ledgers",
            judgement: passed,
            detail: format!(
                "{begun} attempts and {} page views, each ended once; {} under way when the \
                 windows were drained",
                sum(&|row| row.intended),
                sum(&|row| row.in_flight)
            ),
        },
        Check {
            name: "Little's law",
            judgement: passed,
            detail: format!(
                "area under the number inside = sum of the sojourn times, to the nanosecond, at \
                 {components} in {runs}"
            ),
        },
        Check {
            name: "capacity",
            judgement: passed,
            detail: format!(
                "busy + idle + unavailable = capacity x time, to the nanosecond, at {components} \
                 in {runs}"
            ),
        },
    ];
    checks.extend(logs.iter().map(log));
    let plain = || windows.iter().filter(|window| window.drill.is_none());
    checks.extend(plain().map(precision));
    checks.extend(around_breaks(windows));
    // Rows are in another order than the raw results.
    for window in plain() {
        let seen = result.windows.iter().find(|seen| seen.name == window.name);
        checks.push(warm_up(window, seen.map_or(&[], |seen| &seen.soundings)));
    }
    checks
}

/// Returns the check on a replayed access log: lines that are no request and were left out.
fn log(row: &LogRow) -> Check {
    let found = &row.found;
    let lines = match (found.broken, found.broken_lines.as_slice()) {
        (0, _) => "every line is a request or empty".to_string(),
        (count, first) => {
            let each: Vec<String> =
                first.iter().map(|(line, what)| format!("line {line} ({what})")).collect();
            let more = if (first.len() as u64) < count { ", …" } else { "" };
            let lines = if count == 1 { "line is" } else { "lines are" };
            format!("{count} {lines} not a request and left out: {}{more}", each.join(", "))
        }
    };
    let late = match found.out_of_order {
        0 => String::new(),
        1 => "; 1 line is out of order and was sorted".to_string(),
        late => format!("; {late} lines are out of order and were sorted"),
    };
    Check {
        name: "access log",
        judgement: (found.broken == 0).then_some(Judgement::Holds),
        detail: format!(
            "workload {}, {}: {} requests in {} lines; {lines}{late}",
            row.workload, row.file, found.requests, found.lines
        ),
    }
}

/// Checks by MSER-5 over the requests in flight whether the warm-up was long enough (S5). The warm-up is fixed before
/// the run, since a cut chosen from data would break the pairing. The cut of MSER-5 scatters widely under modulated
/// traffic; it counts only whether it lies in the first half.
fn warm_up(window: &WindowRows, soundings: &[f64]) -> Check {
    let (judgement, mser) = match (window.verdict, mser5(soundings)) {
        (Verdict::Stable, Ok(found)) => {
            let share = found.observations_cut as f64 / soundings.len() as f64;
            match (found.steady, window.rate) {
                (SteadyState::Reached, _) => {
                    let more = format!("MSER-5 would cut {:.0} % of the window", share * 100.0);
                    (Some(Judgement::Holds), more)
                }
                // Without a level the load may follow the hours: nothing steady to look for.
                (SteadyState::NotReached, level) => {
                    let never = "MSER-5 finds no steady state in it".to_string();
                    (level.map(|_| Judgement::Inconclusive), never)
                }
            }
        }
        (Verdict::Inconclusive, _) => {
            (Some(Judgement::Inconclusive), "one run is too few for MSER-5".to_string())
        }
        _ => (None, "MSER-5 needs a balanced window".to_string()),
    };
    Check {
        name: "warm-up",
        judgement,
        detail: format!(
            "window {}: {} simulated and not counted, fixed before the run; {}; {mser}",
            window.name,
            window.warm_up,
            balance(window.verdict)
        ),
    }
}

/// Returns the meaning of a verdict on a window.
#[must_use]
pub const fn balance(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Stable => "no more in flight at the end than at the start",
        Verdict::Backlogged => "work accumulated: its latencies depend on the length of the window",
        Verdict::Overloaded => {
            "offered load exceeds capacity: its latencies cover completed requests only"
        }
        Verdict::Metastable => {
            "overload persists after its trigger: at the same rate without the trigger it is in balance"
        }
        Verdict::Inconclusive => "a single run cannot decide whether it was in balance",
        Verdict::Broken => "a part was broken in it: its latencies cover completed requests only",
    }
}

/// Checks the runs around breaks: their number, and replications fixed without precision checks.
fn around_breaks(windows: &[WindowRows]) -> Option<Check> {
    let drills = || windows.iter().filter(|window| window.drill.is_some());
    let parts = drills().filter(|window| window.drill.as_ref().is_some_and(|d| d.part.is_some()));
    let count = parts.count();
    let least = drills().map(|window| window.replications).min()?;
    let most = drills().map(|window| window.replications).max()?;
    let each = if least == most { most.to_string() } else { format!("{least} to {most}") };
    let stopped = drills().any(|window| window.ending == Ending::Interrupted);
    Some(Check {
        name: "precision",
        judgement: (stopped || least < 2).then_some(Judgement::Inconclusive),
        detail: format!(
            "windows around a break: {count} of one break each and those without, {each} \
             replications each, fixed beforehand"
        ),
    })
}

fn precision(window: &WindowRows) -> Check {
    let (name, count) = (&window.name, window.replications);
    let (judgement, detail) = match window.ending {
        Ending::Fixed if count == 1 => {
            (Some(Judgement::Inconclusive), format!("window {name}: single run, no interval"))
        }
        Ending::Fixed => (None, format!("window {name}: {count} replications, fixed beforehand")),
        Ending::Precise => (
            Some(Judgement::Holds),
            format!("window {name}: reached at {count} replications, look {}", window.looks),
        ),
        Ending::BudgetSpent => (
            Some(Judgement::Inconclusive),
            format!("window {name}: not reached with all {count} replications"),
        ),
        Ending::Interrupted => (
            Some(Judgement::Inconclusive),
            format!("window {name}: stopped after {count} replications"),
        ),
    };
    Check { name: "precision", judgement, detail }
}

/// Returns the omissions of the model that a reader must know.
pub(super) fn leaves_out(draft: &Draft, plan: &Blueprint, study: &StudyPlan) -> Vec<String> {
    let scenario = &draft.scenario;
    let mut notes = Vec::new();
    let mut well: Vec<&str> = study
        .windows
        .iter()
        .filter(|window| window.drill.is_none() && window.window.faults == Faults::Off)
        .map(|window| window.window.name.as_str())
        .collect();
    well.sort_unstable();
    if !scenario.fault.is_empty() && !well.is_empty() {
        notes.push(format!(
            "nothing breaks in a window with its own level ({}): its share served reflects load \
             alone",
            well.join(", ")
        ));
    }
    let available = scenario.objective.iter().any(|(_, o)| o.availability.is_some());
    let followed = study.years.as_ref().is_some_and(|years| years.of.fluid.is_some());
    if available && !followed {
        let why = match study.years {
            None => "it needs a horizon with faults",
            Some(_) => "it covers requests over the horizon, and no workload has a rate",
        };
        notes.push(format!("the objective of availability is not judged: {why}"));
    }
    if let Some(why) = &study.not_sampled {
        notes.push(format!("no windows of requests are drawn from the years: {why}"));
    }
    if study.years.is_some() {
        notes.extend(disks_over_years(draft));
    }
    if !parts_are_listed(plan) {
        notes.push(format!(
            "more than {MOST_LISTED} components and zones: none is listed; a figure of one is \
             reported if `[[expect]]` or `precision` names it"
        ));
    }
    let grid = GRID;
    if study.windows.is_empty() {
        return notes;
    }
    notes.push(format!(
        "series are means of {grid} over replications; for zones only the mean of a window is kept"
    ));
    notes
}

/// Returns what the write path of disks does that the mean load of years does not have; `None` if no set has such a path.
fn disks_over_years(draft: &Draft) -> Option<String> {
    let sets: Vec<&DiskSetSpec> = disk_sets(draft).map(|set| set.spec).collect();
    let any = |has: fn(&DiskSetSpec) -> bool| sets.iter().any(|set| has(set));
    let effects = [
        (any(|set| set.transactions.is_some()), "delays by dirty data, and its loss in a crash"),
        (any(|set| set.log.is_some()), "the load of log devices"),
        (
            any(|set| set.transactions.is_some() && set.log.is_none()),
            "the sharing of blocks of the log, so the load of durable writes is an upper bound",
        ),
        (
            any(|set| set.scrub.is_some()),
            "the times of scrubs, whose work is spread evenly and takes what requests leave",
        ),
        (any(|set| set.io_throttle.is_some()), "the processor time of `io-throttle`"),
    ];
    let effects: Vec<&str> =
        effects.into_iter().filter_map(|(has, what)| has.then_some(what)).collect();
    (!effects.is_empty())
        .then(|| format!("rates over years leave out of disks: {}", effects.join("; ")))
}
