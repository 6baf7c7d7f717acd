//! Dollars and minutes of each step from a scenario to the next.

use super::Ladder;
use crate::report::answer::list;
use crate::report::document::{
    Axis, Bar, BarChart, Chart, ChartKind, Estimate as Mark, Figure, Growth, Unit,
};
use crate::report::number;
use crate::stats::interval::Interval;
use crate::study::compare::{Change, Row};

const MONTHS: f64 = 12.0;

/// A step from the scenario above.
struct Taken<'a> {
    above: &'a Row,
    row: &'a Row,
    /// Additional dollars per month; `None` if one of the two has no price.
    dollars: Option<f64>,
    /// Minutes of downtime saved per year, with the interval.
    saved: Interval,
}

impl Taken<'_> {
    fn label(&self) -> String {
        let cost = self.dollars.map_or_else(String::new, |more| {
            let size = number::figure(&Figure::exact(more.abs(), Unit::Dollars));
            format!(", {}{size}", if more < 0.0 { '\u{2212}' } else { '+' })
        });
        format!("{} to {}{cost}", self.above.scenario, self.row.scenario)
    }

    /// Returns dollars per year for each minute saved per year; `None` unless minutes are certainly saved, for more
    /// money.
    fn per_minute(&self) -> Option<f64> {
        let more = self.dollars.filter(|more| *more > 0.0)?;
        (self.saved.low > 0.0).then(|| MONTHS * more / self.saved.estimate)
    }
}

/// Returns the steps between neighbours that both have a long-horizon run.
fn taken(ladder: &Ladder) -> Vec<Taken<'_>> {
    let step = |at: usize| {
        let difference = ladder.years[at].as_ref()?.step?;
        let (above, row) = (&ladder.rows[at - 1], &ladder.rows[at]);
        let Interval { estimate, low, high, .. } = negated(&difference);
        let (estimate, low, high) = (estimate / 60.0, low / 60.0, high / 60.0);
        let saved = Interval { estimate, low, high, ..difference };
        let dollars = row.monthly_cost.zip(above.monthly_cost).map(|(own, other)| own - other);
        Some(Taken { above, row, dollars, saved })
    };
    (1..ladder.rows.len()).filter_map(step).collect()
}

/// States the step that saves a minute of downtime for the least money, and the steps that save none. Without a
/// long-horizon run, it counts the certain changes.
pub(super) fn finding(ladder: &Ladder) -> String {
    let steps = taken(ladder);
    if steps.is_empty() {
        let all = || ladder.weighed.iter().flatten();
        let better = all().filter(|one| one.change == Change::Better).count();
        let worse = all().filter(|one| one.change == Change::Worse).count();
        return format!("Over all steps, {better} figures are certainly better and {worse} worse.");
    }
    let name =
        |step: &Taken<'_>| format!("{} instead of {}", step.row.scenario, step.above.scenario);
    let priced = steps.iter().filter_map(|step| Some((step.per_minute()?, step)));
    let best = priced.reduce(|best, one| if one.0 < best.0 { one } else { best });
    let mut text = match best {
        None => String::new(),
        Some((dollars, step)) => format!(
            "{} saves downtime for the least money: {} per year for each minute per year. ",
            name(step),
            number::figure(&Figure::exact(dollars, Unit::Dollars))
        ),
    };
    let costs = |step: &&Taken<'_>| step.saved.high < 0.0;
    let none = steps.iter().filter(|step| step.saved.low <= 0.0 && !costs(step)).map(name);
    let none: Vec<String> = none.collect();
    let worse: Vec<String> = steps.iter().filter(costs).map(name).collect();
    match none.len() {
        0 if text.is_empty() && worse.is_empty() => text.push_str("Each step saves downtime."),
        0 => {}
        1 => text.push_str(&format!("{} saves none that is certain. ", list(&none))),
        _ => text.push_str(&format!("{} save none that is certain. ", list(&none))),
    }
    match worse.len() {
        0 => {}
        1 => text.push_str(&format!("{} adds downtime.", list(&worse))),
        _ => text.push_str(&format!("{} add downtime.", list(&worse))),
    }
    text.trim_end().into()
}

/// Draws the minutes that each step saves, with its cost in the label. Without a long-horizon run, it draws the p95
/// latency that each saves; `None` without any.
pub(super) fn chart(ladder: &Ladder) -> Option<Chart> {
    let steps = taken(ladder);
    let class = &ladder.basis.class;
    let bar = |label: String, saved: &Interval| Bar {
        label,
        estimate: Some(Mark { value: saved.estimate, interval: Some((saved.low, saved.high)) }),
    };
    let (title, axis, bars): (_, _, Vec<Bar>) = if steps.is_empty() {
        let step = |at: usize| {
            let (above, row) = (&ladder.rows[at - 1], &ladder.rows[at]);
            let saved = negated(&row.latency_step?.difference);
            Some(bar(format!("{} to {}", above.scenario, row.scenario), &saved))
        };
        let bars = (1..ladder.rows.len()).filter_map(step).collect();
        (format!("p95 of {class} saved by each step"), Axis::linear("p95", Unit::Seconds), bars)
    } else {
        let axis = Axis::linear("less downtime", Unit::Other("min per year".into()));
        let bars = steps.iter().map(|step| bar(step.label(), &step.saved)).collect();
        (format!("Downtime of {class} saved by each step"), axis, bars)
    };
    (!bars.is_empty()).then(|| Chart {
        name: "steps".into(),
        title,
        finding:
            "Beside a step: dollars more per month. A bar to the left is a loss. Intervals hold \
                  jointly for all pairs"
                .into(),
        kind: ChartKind::Bars(BarChart { axis, growth: Growth::Right, bars, objective: None }),
    })
}

fn negated(difference: &Interval) -> Interval {
    let Interval { estimate, low, high, .. } = *difference;
    Interval { estimate: -estimate, low: -high, high: -low, ..*difference }
}

/// Draws the costs per month and once.
pub(super) fn costs(ladder: &Ladder) -> Vec<Chart> {
    let axis = Axis::linear("dollars per month", Unit::DollarsPerMonth);
    let month = bill(ladder, ("cost", "Cost per month"), axis, |row| row.monthly_cost);
    let axis = Axis::linear("dollars once", Unit::Dollars);
    let once = bill(ladder, ("cost-once", "One-time cost"), axis, |row| row.once_cost);
    month.into_iter().chain(once).collect()
}

/// Draws the costs as bars; returns `None` if no scenario has such a cost.
fn bill(
    ladder: &Ladder,
    (name, title): (&str, &str),
    axis: Axis,
    cost: impl Fn(&Row) -> Option<f64>,
) -> Option<Chart> {
    ladder.rows.iter().find_map(&cost)?;
    let bars = ladder.rows.iter().map(|row| Bar {
        label: row.scenario.clone(),
        estimate: cost(row).map(|value| Mark { value, interval: None }),
    });
    Some(Chart {
        name: name.into(),
        title: title.into(),
        finding: "Prices of the scenario times the quantities".into(),
        kind: ChartKind::Bars(BarChart {
            axis,
            growth: Growth::Right,
            bars: bars.collect(),
            objective: None,
        }),
    })
}
