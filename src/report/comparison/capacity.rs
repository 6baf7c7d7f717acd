//! The capacity of each scenario: the rate at which an objective breaks, and the first resource to saturate.

use super::{Ladder, counted, folded};
use crate::report::answer::{list, rate, seconds};
use crate::report::columns::{ResultTable, Value, numbers, words};
use crate::report::document::{
    Axis, Block, Chart, ChartKind, Estimate as Mark, Figure, LadderChart, LadderRow, Objective,
    Rounding, Section, Table, Unit,
};
use crate::report::number;
use crate::report::run::capacity::{bounded_by, carries as run_capacity};
use crate::report::run::charts::mark;
use crate::stats::equivalence::{Comparison, Finding};
use crate::study::compare::Row;
use crate::study::expect::Verdict;
use crate::study::results::CapacityRow;
use crate::study::summary::Aim;

/// The heading of the section.
pub(super) const HEADING: &str = "Capacity";

/// Returns the section; `None` if no capacity was searched for.
pub(super) fn section(ladder: &Ladder) -> Option<Section> {
    let first = ladder.rows.iter().find_map(|row| row.capacity.as_ref())?;
    let measured = format!(
        "Capacity: the highest steady rate of {} with {} < {} and at most {} of the views lost, \
         with nothing broken. The rate of a run is the one that arrived in it. The rate at which \
         the first resource saturates is computed in closed form: it is the ceiling of any \
         objective.",
        ladder.basis.class,
        first.stat,
        seconds(first.bound.seconds()),
        number::figure(&Figure::exact(first.lost_at_most, Unit::Ratio))
    );
    let fold = vec![Block::Table(table(ladder)), Block::Text(measured)];
    let summary = format!("Capacity of {}, with intervals", counted(ladder.rows.len(), "scenario"));
    Some(Section {
        heading: HEADING.into(),
        intro: finding(ladder, first),
        blocks: vec![Block::Chart(chart(ladder, first)), folded(summary, fold)],
    })
}

/// Returns the blocks for a terminal.
pub(super) fn narrow(ladder: &Ladder) -> Vec<Block> {
    vec![Block::Table(table(ladder))]
}

/// Returns the design peak of the compared class, per second.
pub(super) fn peak(ladder: &Ladder) -> Option<f64> {
    let subjects = ladder.summaries.iter().flat_map(|summary| &summary.subjects);
    let mut own = subjects.filter(|of| of.name == ladder.basis.class);
    own.find_map(|of| of.peak.as_ref().map(|(rate, _)| *rate))
}

/// Describes the condition that limits a capacity, then the ceiling: `p95, then www-1.cpu at 35/s`.
pub(super) fn limit(row: &CapacityRow) -> String {
    let ceiling = Figure::exact(row.first.1, Unit::PerSecond).rounded(Rounding::Down);
    let ceiling = format!("{} at {}", row.first.0, super::whole(&ceiling));
    match bounded_by(row).as_str() {
        "" => ceiling,
        first => format!("{first}, then {ceiling}"),
    }
}

/// States how many scenarios carry the design peak, and which condition breaks first.
fn finding(ladder: &Ladder, first: &CapacityRow) -> String {
    let rows: Vec<&Row> = ladder.rows.iter().filter(|row| row.capacity.is_some()).collect();
    let names = |rows: &[&Row]| -> String {
        let names: Vec<String> = rows.iter().map(|row| row.scenario.clone()).collect();
        list(&names)
    };
    let fails = |row: &&Row| {
        let at = ladder.rows.iter().position(|other| other.scenario == row.scenario);
        let goals = at.into_iter().flat_map(|at| ladder.summaries[at].goals());
        let mut own = goals.filter(|(of, _)| of.name == ladder.basis.class);
        own.any(|(_, goal)| {
            matches!(goal.aim, Aim::Capacity { .. }) && goal.judgement == Verdict::Fails
        })
    };
    let failing: Vec<&Row> = rows.iter().copied().filter(fails).collect();
    let carried = match (peak(ladder), failing.as_slice()) {
        (None, _) => String::new(),
        (Some(peak), []) => format!("Every scenario carries the design peak of {}. ", rate(peak)),
        (Some(peak), all) => {
            let verb = if all.len() == 1 { "does" } else { "do" };
            format!("{} {verb} not carry the design peak of {}. ", names(all), rate(peak))
        }
    };
    let is_lost = |row: &&Row| {
        row.capacity.as_ref().is_some_and(|one| one.each.iter().any(|reached| reached.lost))
    };
    let losing: Vec<&Row> = rows.iter().copied().filter(is_lost).collect();
    let bound = seconds(first.bound.seconds());
    let kept = format!("{} reaches {bound} before any resource saturates", first.stat);
    let limited = match losing.len() {
        0 => format!("In each scenario {kept}."),
        all if all == rows.len() => "In each scenario views are lost first.".into(),
        _ => format!("{kept}; in {} views are lost first.", names(&losing)),
    };
    format!("{carried}{limited}")
}

fn table(ladder: &Ladder) -> Table {
    of_capacities().all("", &ladder.rows)
}

fn of_capacities<'a>() -> ResultTable<&'a Row> {
    ResultTable::new(
        "",
        "A scenario.",
        [
            words("scenario", "scenario", "", |row| (&row.scenario).into()),
            numbers("capacity_per_s", "carries", Unit::PerSecond, "", |row| {
                sought(row, |one| run_capacity(&one.carries))
            }),
            words("bounded_by", "breaks first", "", |row| sought(row, bounded_by)),
            words("capacity_step", "against row above", "", |row| {
                sought(row, |_| row.capacity_step.as_ref().map_or_else(String::new, more))
            }),
            words("busy_first", "saturates first", "", |row| sought(row, |one| &one.first.0)),
            numbers("busy_first_per_s", "at", Unit::PerSecond, "", |row: &&Row| {
                sought(row, |one| one.first.1)
            })
            .rounded(Rounding::Down),
        ],
    )
}

fn sought<'a, V: Into<Value<'a>>>(row: &'a Row, of: impl Fn(&'a CapacityRow) -> V) -> Value<'a> {
    Value::or(row.capacity.as_ref().map(of), "not sought")
}

/// Formats a difference of capacities: `+13.1/s ± 0.6`.
fn more(step: &Comparison) -> String {
    match step.finding {
        Finding::NoDifference => "no difference".into(),
        Finding::Inconclusive => "unsure".into(),
        Finding::Larger | Finding::Smaller => {
            let sign = if step.difference.estimate < 0.0 { '\u{2212}' } else { '+' };
            format!("{sign}{}", super::size(&step.difference, 1.0, Unit::PerSecond))
        }
    }
}

/// Draws the capacity of each scenario within its objective, its ceiling, and the design peak.
fn chart(ladder: &Ladder, first: &CapacityRow) -> Chart {
    let rows = ladder.rows.iter().map(|row| LadderRow {
        label: row.scenario.clone(),
        values: vec![
            row.capacity.as_ref().and_then(|one| mark(&one.carries.estimate())),
            row.capacity.as_ref().map(|one| Mark { value: one.first.1, interval: None }),
        ],
    });
    let peak = peak(ladder);
    Chart {
        name: "capacity".into(),
        title: format!(
            "Capacity for {} with {} < {}",
            ladder.basis.class,
            first.stat,
            seconds(first.bound.seconds())
        ),
        finding: "The distance of the two marks is the load that the objective leaves unused"
            .into(),
        kind: ChartKind::Ladder(LadderChart {
            axis: Axis::log("page views, logarithmic", Unit::PerSecond).rounded(Rounding::Down),
            levels: vec!["objective breaks".into(), "first resource saturates".into()],
            rows: rows.collect(),
            objective: peak.map(|peak| Objective {
                value: peak,
                label: format!("design peak, {}", rate(peak)),
            }),
        }),
    }
}
