//! Operations that databases failed, answered wrongly or lost, in every row.

use std::collections::BTreeSet;

use crate::plan::drills::Drillable;
use crate::plan::figure::Metric;
use crate::stats::interval::Statistic;
use crate::study::breaks::Way;
use crate::study::compare::{Basis, Member};
use crate::study::measure::NoValue;
use crate::study::window::{self, Estimate, WindowPlan, estimate, few};

/// Operations that a database failed, answered wrongly or lost in one window of one scenario.
#[derive(Clone, Debug)]
pub struct LossRow {
    /// The scenario, by row.
    pub row: usize,
    /// Window, or run around a break: `broken/down:mysql-1`.
    pub window: String,
    /// Part that breaks or is repaired in it.
    pub part: Option<(Drillable, Way)>,
    /// The database.
    pub database: String,
    /// Mean count per run, in the order of [`LOSSES`]. Around a break, failures without the break are subtracted.
    pub counts: [Estimate; LOSSES.len()],
    /// True per entry of [`LOSSES`] if there is certainly more than without a break.
    pub seen: [bool; LOSSES.len()],
}

impl LossRow {
    /// Returns whether any loss was detected.
    #[must_use]
    pub fn any(&self) -> bool {
        self.seen.contains(&true)
    }
}

/// Metrics of the losses of a database.
pub const LOSSES: [Metric; 5] = [
    Metric::FailedReads,
    Metric::Stale,
    Metric::FailedWrites,
    Metric::LostWrites,
    Metric::SplitBrain,
];

/// Returns the losses of the databases, scenario by scenario.
pub(super) fn losses(members: &[Member<'_>], basis: &Basis) -> Vec<LossRow> {
    let mut rows = Vec::new();
    for (row, member) in members.iter().enumerate() {
        let databases: BTreeSet<&str> = member
            .study
            .figures
            .iter()
            .filter(|asked| LOSSES.contains(&asked.figure.metric))
            .map(|asked| asked.figure.scope.as_str())
            .collect();
        let plain = basis.windows.iter().filter_map(|name| {
            let at = member.study.windows.iter().position(|window| window.window.name == *name)?;
            Some((at, None))
        });
        // Breaks in the order of the scenario's report: the costliest first.
        let broken = member.results.breaks.iter().filter(|row| row.class == basis.class);
        let broken = broken.filter_map(|row| row.part.as_ref()).flat_map(|part| {
            Way::ALL.into_iter().filter_map(move |way| {
                let is_it = |window: &WindowPlan| {
                    let drill = window.drill.as_ref();
                    drill.is_some_and(|one| one.way == way && one.part.as_ref() == Some(part))
                };
                let at = member.study.windows.iter().position(is_it)?;
                Some((at, Some((part.clone(), way))))
            })
        });
        for (at, part) in plain.chain(broken) {
            for database in &databases {
                rows.push(loss(member, (row, at), part.clone(), database));
            }
        }
    }
    rows
}

fn loss(
    member: &Member<'_>,
    (row, at): (usize, usize),
    part: Option<(Drillable, Way)>,
    database: &str,
) -> LossRow {
    let asked = &member.study.windows[at];
    let values = |window: usize, metric: Metric| -> Option<Vec<Result<f64, NoValue>>> {
        let path =
            format!("{}.{database}@{}", metric.id(), member.study.windows[window].window.name);
        let place = member.study.figures.iter().find(|asked| asked.path == path)?.place;
        Some(member.result.windows[window].samples.iter().map(|values| values[place]).collect())
    };
    let paired = asked.drill.as_ref().filter(|drill| drill.part.is_some()).map(|drill| drill.well);
    let mut seen = [false; LOSSES.len()];
    let mut counts = LOSSES.map(|_| Estimate::Missing(NoValue::NotKept));
    for (place, metric) in LOSSES.into_iter().enumerate() {
        let Some(own) = values(at, metric) else { continue };
        let without = paired.and_then(|well| values(well, metric)).unwrap_or_default();
        let more: Vec<Result<f64, NoValue>> = own
            .iter()
            .enumerate()
            .map(|(number, own)| {
                let other = without.get(number).copied().unwrap_or(Err(NoValue::Empty));
                own.and_then(|own| other.map(|other| own - other))
            })
            .collect();
        // Failures count only if the break causes them; a wrong answer counts in any case.
        let failed = matches!(metric, Metric::FailedReads | Metric::FailedWrites);
        let counted = if failed && paired.is_some() { &more } else { &own };
        let of = |values: &[Result<f64, NoValue>]| estimate(values, Statistic::Mean, asked.level);
        let floor = if failed && paired.is_some() {
            0.0 - without.iter().filter_map(|value| value.ok()).sum::<f64>()
                / without.len().max(1) as f64
        } else {
            0.0
        };
        counts[place] = match failed && paired.is_some() {
            true => few(counted, floor, asked.level),
            false => window::counted(counted, 1.0, false, asked.level),
        };
        seen[place] = if without.iter().all(|value| *value == Ok(0.0)) {
            counts[place].value().is_some_and(|value| value > 0.0)
        } else {
            // Losses that occur without a break, as in an overload, can vary by chance.
            match of(&more) {
                Estimate::Interval(i) => i.low > 0.0,
                other => other.value().is_some_and(|value| value > 0.0),
            }
        };
    }
    let (window, database) = (asked.window.name.clone(), database.to_string());
    LossRow { row, window, part, database, counts, seen }
}
