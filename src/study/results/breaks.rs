//! Effect of each break on users: a row per part, the worst first.

use std::collections::BTreeMap;

use super::{BreakRow, Noticed, WindowRows, natural};
use crate::model::blueprint::{Blueprint, Workload};
use crate::plan::Draft;
use crate::plan::drills;
use crate::plan::figure::Stat;
use crate::plan::graph::{Graph, Subject};
use crate::plan::part::Part;
use crate::stats::interval::Interval;
use crate::study::breaks::{Drill, Way};
use crate::study::measure::{Measure, NoValue};
use crate::study::scenario::{StudyPlan, StudyResult};
use crate::study::window::{Estimate, WindowResult};
use crate::units::SimDuration;

/// Share of requests lost from which all count as lost.
const ALL: f64 = 0.99;
/// Smallest relevant share of the page views.
const WORTH: f64 = 0.005;
/// Losses are over when certainly at most this share of the page views is lost.
const OVER: f64 = 0.02;
/// Factor on the healthy p95 latency from which a window counts as slower.
const SLOWER: f64 = 1.1;

/// Returns all rows; `place` maps a window to its place among the rows.
pub(super) fn rows(
    draft: &Draft,
    plan: &Blueprint,
    study: &StudyPlan,
    result: &StudyResult,
    windows: &[WindowRows],
    place: impl Fn(usize) -> usize,
) -> Vec<BreakRow> {
    let judged = |class: &str| draft.scenario.objective.get(class).is_some();
    let any = !draft.scenario.objective.is_empty();
    if study.windows.iter().all(|one| one.drill.is_none()) {
        return Vec::new();
    }
    let graph = Graph::of(draft);
    let parts: BTreeMap<String, Part> =
        drills::parts(draft).map(|part| (part.name(draft), part)).collect();
    let mut rows = Vec::new();
    for (number, workload) in plan.workloads.iter().enumerate() {
        let class = &plan.routes.classes[workload.class.index()].name;
        if any && !judged(class) {
            continue;
        }
        let subject = draft.scenario.request.iter().position(|(name, _)| name.text == *class);
        let subject = subject.map(Subject::Class);
        let redundant = |drill: &Drill| {
            let part = drill.part.as_ref().and_then(|part| parts.get(&part.name));
            part.zip(subject).is_some_and(|(part, of)| graph.serves(of, &[*part]))
        };
        let gatherer = Gatherer { study, result, workload, number, class };
        let drills = study.windows.iter().enumerate();
        for (at, drill) in drills.filter_map(|(at, one)| Some((at, one.drill.as_ref()?))) {
            let down = drill.way == Way::Down;
            // A repair that only a figure asks for may have no run of its break.
            if down || gatherer.other_way(drill, Way::Down).is_none() {
                let views = &windows[place(at)].views;
                let Some(views) = views.iter().find(|row| row.class == *class) else { continue };
                let mut row = gatherer.row(at, drill);
                row.served = views.served_share;
                let lost = match row.noticed {
                    Noticed::Everything => Some(1.0),
                    Noticed::Some(share) => Some(share),
                    _ => None,
                };
                // A quick run may end before others have taken over.
                let lasts = || gatherer.lasts_to_the_end(at, drill);
                row.still_lost = lost.filter(|_| !study.quick && redundant(drill) && lasts());
                row.down = row.down.map(&place);
                row.repair = row.repair.map(&place);
                rows.push(row);
            }
        }
    }
    let missed = |row: &BreakRow| row.missed.value().unwrap_or(f64::NEG_INFINITY);
    rows.sort_by(|a, b| {
        let key = |row: &BreakRow| (row.window.clone(), natural(&row.class), row.part.is_some());
        let name = |row: &BreakRow| row.part.as_ref().map(|part| natural(&part.name));
        key(a)
            .cmp(&key(b))
            .then(missed(b).total_cmp(&missed(a)))
            .then_with(|| name(a).cmp(&name(b)))
    });
    rows
}

struct Gatherer<'a> {
    study: &'a StudyPlan,
    result: &'a StudyResult,
    workload: &'a Workload,
    number: usize,
    class: &'a str,
}

impl Gatherer<'_> {
    /// Returns the run of the same part and window with the other change, `way`.
    fn other_way(&self, drill: &Drill, way: Way) -> Option<usize> {
        let same =
            |one: &Drill| one.way == way && one.window == drill.window && one.part == drill.part;
        self.study.windows.iter().position(|one| one.drill.as_ref().is_some_and(same))
    }

    fn estimate(&self, at: Option<usize>, measure: &Measure) -> Estimate {
        let found = at.and_then(|at| {
            let place = self.study.windows[at].measures.iter().position(|one| one == measure)?;
            self.result.windows[at].estimates.get(place).cloned()
        });
        found.unwrap_or(Estimate::Missing(NoValue::NotKept))
    }

    fn row(&self, at: usize, drill: &Drill) -> BreakRow {
        let down = (drill.way == Way::Down).then_some(at);
        let repair = self.other_way(drill, Way::Repair);
        let of = || vec![self.number];
        let (missed, losing) = (Measure::Missed(of()), Measure::Losing(of()));
        let p95 = Stat::Quantile(0.95);
        let latency = match self.workload.clients {
            Some(_) => Measure::ViewLatency(of(), p95),
            None => Measure::Latency(self.workload.class.index(), p95),
        };
        let mut row = BreakRow {
            window: drill.window.clone(),
            class: self.class.to_string(),
            part: drill.part.clone(),
            down,
            repair,
            missed: self.estimate(down, &missed),
            served: super::Share::Missing(NoValue::NotKept),
            losing: self.estimate(down, &losing),
            latency: self.estimate(down, &latency),
            missed_after_repair: self.estimate(repair, &missed),
            losing_after_repair: self.estimate(repair, &losing),
            over: None,
            noticed: Noticed::Unsure,
            still_lost: None,
            watched: SimDuration::from_nanos(
                self.study.windows[at].window.length.nanos().saturating_sub(drill.at.nanos()),
            ),
        };
        row.over = repair.and_then(|repair| self.over(&row, repair));
        if drill.part.is_some() && down.is_some() {
            let well = self.estimate(Some(drill.well), &latency);
            row.noticed = self.noticed(&row, at, drill.well, &well);
        }
        row
    }

    /// Returns whether page views are lost to the end of a run. In the last minute they are lost too where it begins before others
    /// have taken over.
    fn lasts_to_the_end(&self, at: usize, drill: &Drill) -> bool {
        let lost = |at: usize| {
            let seen = &self.result.windows[at];
            let step = seen.course[self.number].last().map(|pace| pace.until - pace.from);
            let last =
                SimDuration::from_nanos(drill.last.nanos() / 3).max(step.unwrap_or_default());
            lost_at_the_end(seen, last, self.number)
        };
        lost(at) - lost(drill.well) > WORTH
    }

    /// Returns whether the losses are over at the end of the repair run.
    fn over(&self, row: &BreakRow, repair: usize) -> Option<bool> {
        let losing = interval(&row.losing_after_repair)?;
        let seen = &self.result.windows[repair];
        let seconds = self.study.windows[repair].window.length.seconds();
        let runs = seen.replications.max(1) as f64;
        let rate = seen.pooled.views[self.number].intended as f64 / (runs * seconds);
        match losing {
            losing if losing.low > 0.0 => Some(false),
            losing if losing.high <= OVER * rate => Some(true),
            _ => None,
        }
    }

    /// Returns the effect of a break on users, compared with the same interval without.
    fn noticed(&self, row: &BreakRow, at: usize, well: usize, latency: &Estimate) -> Noticed {
        let (Some(missed), Some(losing)) = (interval(&row.missed), interval(&row.losing)) else {
            return Noticed::Unsure;
        };
        let (broken, well) = (&self.result.windows[at], &self.result.windows[well]);
        let runs = broken.replications.max(1) as f64;
        let intended = broken.pooled.views[self.number].intended as f64 / runs;
        let last =
            self.study.windows[at].drill.as_ref().map(|drill| drill.last).unwrap_or_default();
        let lost = lost_at_the_end(broken, last, self.number);
        let more = lost - lost_at_the_end(well, last, self.number);
        // Many views and none served: no interval is needed.
        if lost > ALL && more > WORTH {
            return Noticed::Everything;
        }
        if losing.low > 0.0 && more > WORTH {
            return Noticed::Some(more);
        }
        if missed.low > 0.0 && missed.estimate > WORTH * intended {
            return if more > WORTH { Noticed::Unsure } else { Noticed::Dip };
        }
        if let (Some(broken), Some(well)) = (interval(&row.latency), interval(latency))
            && broken.low > well.high
            && broken.estimate > SLOWER * well.estimate
        {
            return Noticed::Slower(broken.estimate / well.estimate);
        }
        let most = missed.high.max(0.0) / intended.max(1.0);
        if most < WORTH { Noticed::Nothing } else { Noticed::AtMost(most) }
    }
}

const fn interval(estimate: &Estimate) -> Option<&Interval> {
    match estimate {
        Estimate::Interval(interval) => Some(interval),
        _ => None,
    }
}

/// Returns the lost share of the page views that were requested and ended in the `last` part of a window.
fn lost_at_the_end(seen: &WindowResult, last: SimDuration, workload: usize) -> f64 {
    let paces = &seen.course[workload];
    let Some(end) = paces.last().map(|pace| pace.until) else { return 0.0 };
    let last = paces.iter().filter(|pace| end.nanos() - pace.from.nanos() <= last.nanos());
    let (lost, asked) = last.fold((0.0, 0.0), |sum, pace| {
        let length = (pace.until - pace.from).seconds();
        (sum.0 + pace.lost * length, sum.1 + (pace.lost + pace.served) * length)
    });
    if asked > 0.0 { lost / asked } else { 0.0 }
}
