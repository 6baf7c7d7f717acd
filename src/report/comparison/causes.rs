//! Downtime of each scenario by first cause: a stacked bar per scenario.

use super::{Ladder, chosen};
use crate::report::answer::downtime;
use crate::report::document::{
    Axis, Chart, ChartKind, Estimate as Mark, Figure, Rounding, StackedBar, StackedChart, Unit,
};
use crate::report::number;
use crate::report::run::charts::mark;
use crate::study::results::{YearCause, YearSide};
use crate::study::window::Estimate;

/// Number of causes that have a part of their own.
const NAMED: usize = 7;

/// A scenario with its long-horizon run with all faults.
pub(super) type Side<'a> = (&'a str, &'a YearSide);

/// Returns the long-horizon run of a row.
pub(super) fn side(ladder: &Ladder, row: usize) -> Option<Side<'_>> {
    let years = ladder.years.get(row)?.as_ref()?;
    Some((&ladder.rows[row].scenario, &years.structural.all))
}

fn sides(ladder: &Ladder) -> Vec<Side<'_>> {
    (0..ladder.rows.len()).filter_map(|row| side(ladder, row)).collect()
}

fn seconds(cause: &YearCause) -> f64 {
    cause.downtime.value().unwrap_or(0.0)
}

/// Returns the causes of any scenario, the one with the most downtime over all scenarios first.
fn names<'a>(sides: &[Side<'a>]) -> Vec<&'a str> {
    let mut all: Vec<(&str, f64)> = Vec::new();
    for cause in sides.iter().flat_map(|(_, side)| &side.causes) {
        match all.iter_mut().find(|(name, _)| *name == cause.name) {
            Some((_, sum)) => *sum += seconds(cause),
            None => all.push((&cause.name, seconds(cause))),
        }
    }
    all.retain(|(_, sum)| *sum > 0.0);
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all.into_iter().map(|(name, _)| name).collect()
}

/// Returns the largest first cause of a scenario.
fn largest(side: &YearSide) -> Option<&YearCause> {
    let known = side.causes.iter().filter(|cause| seconds(cause) > 0.0);
    known.reduce(|most, one| if seconds(one) > seconds(most) { one } else { most })
}

/// States the downtime of the chosen scenario with its largest cause, and the cause that is the largest most often.
pub(super) fn finding(ladder: &Ladder) -> String {
    let mut text = String::new();
    if let Some((scenario, side)) = side(ladder, chosen(ladder)) {
        let down = downtime(&side.downtime);
        text = format!("{scenario} is down {down} per year");
        if let Some(most) = largest(side) {
            text.push_str(&format!(", {} of it by {}", downtime(&most.downtime), most.name));
        }
        text.push_str(". ");
    }
    let mut counts: Vec<(&str, usize)> = Vec::new();
    let sides = sides(ladder);
    for most in sides.iter().filter_map(|(_, side)| largest(side)) {
        match counts.iter_mut().find(|(name, _)| *name == most.name) {
            Some((_, count)) => *count += 1,
            None => counts.push((&most.name, 1)),
        }
    }
    // Of equals the first.
    let most = counts.iter().reduce(|most, one| if one.1 > most.1 { one } else { most });
    let all = sides.len();
    if let Some((name, count)) = most.filter(|_| all > 1) {
        text.push_str(&if *count == all {
            format!("{name} is the largest first cause in each scenario.")
        } else {
            format!("{name} is the largest first cause in {count} of {all} scenarios.")
        });
    }
    text.trim_end().into()
}

/// Draws a bar per scenario.
pub(super) fn chart(ladder: &Ladder) -> Option<Chart> {
    let title = format!("Downtime of {} by first cause", ladder.basis.class);
    drawn("downtime-by-cause", title, &sides(ladder))
}

/// Draws a bar per scenario: the largest causes over all scenarios, then all others together.
pub(super) fn drawn(name: &str, title: String, sides: &[Side<'_>]) -> Option<Chart> {
    let names = names(sides);
    let (named, others) = names.split_at(names.len().min(NAMED));
    // One other needs no common name.
    let (named, others) = if others.len() == 1 { (&names[..], &[][..]) } else { (named, others) };
    let mut parts: Vec<String> = named.iter().map(|name| (*name).to_string()).collect();
    if !others.is_empty() {
        parts.push(format!("{} others", others.len()));
    }
    let bars: Vec<StackedBar> = sides.iter().map(|side| bar(*side, named, others)).collect();
    (!bars.is_empty() && !parts.is_empty()).then(|| Chart {
        name: name.into(),
        title,
        finding: "Each outage counts for the fault that began it; names and intervals at the parts"
            .into(),
        kind: ChartKind::Stacked(StackedChart { axis: axis(), parts, bars }),
    })
}

fn axis() -> Axis {
    Axis::linear("downtime", Unit::Other("min per year".into())).rounded(Rounding::Up)
}

fn bar((scenario, side): Side<'_>, named: &[&str], others: &[&str]) -> StackedBar {
    let of = |name: &str| side.causes.iter().find(|cause| cause.name == name);
    let mut values: Vec<f64> =
        named.iter().map(|name| of(name).map_or(0.0, seconds) / 60.0).collect();
    let words = named.iter().map(|name| {
        let down = of(name).map_or_else(|| "none".into(), |cause| downtime(&cause.downtime));
        format!("{scenario}, {name}: {down} per year")
    });
    let mut words: Vec<String> = words.collect();
    if !others.is_empty() {
        let mut rest: Vec<&YearCause> = others.iter().filter_map(|name| of(name)).collect();
        rest.sort_by(|a, b| seconds(b).total_cmp(&seconds(a)));
        let sum = rest.iter().map(|cause| seconds(cause)).sum::<f64>();
        values.push(sum / 60.0);
        let minutes = Figure::exact(sum, Unit::Downtime).rounded(Rounding::Up);
        let most = rest.first().filter(|cause| seconds(cause) > 0.0);
        let most =
            most.map(|most| format!(", most by {}: {}", most.name, downtime(&most.downtime)));
        words.push(format!(
            "{scenario}, {} others: {} per year{}",
            others.len(),
            number::figure(&minutes),
            most.unwrap_or_default()
        ));
    }
    let whole = match &side.downtime {
        Estimate::Missing(_) => Mark { value: values.iter().sum(), interval: None },
        known => in_minutes(mark(known).unwrap_or_default()),
    };
    StackedBar { label: scenario.into(), whole, values, words }
}

fn in_minutes(mark: Mark) -> Mark {
    let interval = mark.interval.map(|(low, high)| (low / 60.0, high / 60.0));
    Mark { value: mark.value / 60.0, interval }
}
