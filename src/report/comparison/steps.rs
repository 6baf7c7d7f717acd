//! Dollars and minutes of each step from a scenario to the next.

use super::Ladder;
use crate::report::document::{
    Axis, Bar, BarChart, Chart, ChartKind, Estimate as Mark, Figure, Growth, Unit,
};
use crate::report::number;
use crate::stats::interval::Interval;
use crate::study::compare::Row;

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
        let saved = Interval {
            estimate: -difference.estimate / 60.0,
            low: -difference.high / 60.0,
            high: -difference.low / 60.0,
            ..difference
        };
        let dollars = row.monthly_cost.zip(above.monthly_cost).map(|(own, other)| own - other);
        Some(Taken { above, row, dollars, saved })
    };
    (1..ladder.rows.len()).filter_map(step).collect()
}

/// States the step that saves a minute of downtime for the least money, and the steps that save none.
pub(super) fn finding(ladder: &Ladder) -> String {
    let steps = taken(ladder);
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
    let none: Vec<String> =
        steps.iter().filter(|step| step.saved.low <= 0.0).map(|step| name(step)).collect();
    if !none.is_empty() {
        let verb = if none.len() == 1 { "saves" } else { "save" };
        text.push_str(&format!(
            "{} {verb} none that is certain.",
            crate::report::answer::list(&none)
        ));
    }
    text.trim_end().into()
}

/// Draws the minutes that each step saves, with its cost in the label; `None` without a long-horizon run.
pub(super) fn chart(ladder: &Ladder) -> Option<Chart> {
    let steps = taken(ladder);
    let bars = steps.iter().map(|step| Bar {
        label: step.label(),
        estimate: Some(Mark {
            value: step.saved.estimate,
            interval: Some((step.saved.low, step.saved.high)),
        }),
    });
    let axis = Axis::linear("less downtime", Unit::Other("min per year".into()));
    (!steps.is_empty()).then(|| Chart {
        name: "steps".into(),
        title: format!("Downtime of {} saved by each step", ladder.basis.class),
        finding: "Beside each step: dollars more per month. A bar to the left: more downtime. \
                  Intervals hold jointly for all pairs"
            .into(),
        kind: ChartKind::Bars(BarChart {
            axis,
            growth: Growth::Right,
            bars: bars.collect(),
            objective: None,
        }),
    })
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
