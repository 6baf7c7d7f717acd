//! Headroom of a scenario: the load after each single loss, in the report and as a file.

use serde_json::{Value as Json, json};

use crate::plan::headroom::Cold;
use crate::report::columns::{Described, ResultTable, Value, numbers, words};
use crate::report::document::{
    Axis, Bar, BarChart, Block, Chart, ChartKind, Figure, Growth, Objective, Rounding, Unit,
};
use crate::report::json::number as json_number;
use crate::report::number;
use crate::report::rows::TableForm;
use crate::study::results::{LossRow, SpareRows};

/// Largest number of bars in the drawing of losses.
const MOST_LOSSES: usize = 16;
/// Largest number of losses in the table of the page, the worst first.
const MOST_LISTED: usize = 64;

/// One loss, or the state without a loss.
struct SpareLine<'a> {
    rows: &'a SpareRows,
    row: &'a LossRow,
}

impl<'a> SpareLine<'a> {
    /// Returns the busiest resource and its utilisation.
    fn busiest(&self) -> Option<&'a (String, f64)> {
        self.row.spare.busiest.as_ref()
    }

    fn carries(&self) -> Option<&'a (String, f64)> {
        self.row.spare.carries.as_ref()
    }

    fn cold(&self) -> Option<&'a Cold> {
        self.row.spare.cold.as_ref()
    }

    /// Returns the value for a page; it is missing if the loss takes the service down.
    fn while_serving<V: Into<Value<'a>>>(&self, value: Option<V>) -> Value<'a> {
        Value::or(value.filter(|_| self.row.spare.serves), "\u{2013}")
    }

    /// Describes the service after the loss.
    fn then(&self) -> String {
        let over = self.busiest().is_some_and(|(_, used)| *used >= 1.0);
        match (self.row.spare.serves, over, self.cold()) {
            (false, ..) => "down until repaired or taken over".into(),
            (true, true, _) => "overloaded".into(),
            (true, false, Some(cold)) if cold.used > 1.0 => {
                let seconds = number::figure(&Figure::exact(cold.over.seconds(), Unit::Seconds));
                format!("served after {seconds} of overload with cold memory")
            }
            (true, false, _) => String::from("served"),
        }
    }
}

/// Declares `headroom.csv`: one row per loss; the first row is without a loss.
fn headrooms<'a>() -> ResultTable<SpareLine<'a>> {
    type L<'a> = SpareLine<'a>;
    ResultTable::new(
        "headroom.csv",
        "The load after the loss of one part; the first row is without a loss.",
        [
            words("window", "", "Window whose rate is carried.", |l| (&l.rows.window).into()),
            numbers("rate_per_s", "", Unit::PerSecond, "Rate of that window.", |l| {
                l.rows.level.into()
            }),
            words("lost", "lost", "Lost part; empty in the row without a loss.", |l: &L<'_>| {
                l.row.spare.lost.as_ref().into()
            })
            .on_page(|l| l.row.spare.lost.as_deref().unwrap_or("nothing").into()),
            words("kind", "kind", "Kind of the part.", |l| l.row.kind.into()),
            words(
                "serves",
                "then",
                "`yes` if everything that is judged is still served, otherwise `no`.",
                |l: &L<'_>| if l.row.spare.serves { "yes" } else { "no" }.into(),
            )
            .on_page(|l| l.then().into()),
            words("busiest", "busiest", "Busiest resource.", |l: &L<'_>| {
                l.busiest().map(|(name, _)| name).into()
            })
            .on_page(|l| l.while_serving(l.busiest().map(|(name, _)| name))),
            numbers(
                "utilization_ratio",
                "busy",
                Unit::Ratio,
                "Utilisation of that resource.",
                |l: &L<'_>| l.busiest().map(|(_, used)| *used).into(),
            )
            .on_page(|l| l.while_serving(l.busiest().map(|(_, used)| *used)))
            .rounded(Rounding::Up),
            numbers("headroom_ratio", "", Unit::Ratio, "1 minus that utilisation.", |l| {
                l.busiest().map(|(_, used)| 1.0 - used).into()
            }),
            numbers(
                "carries_per_s",
                "carries",
                Unit::PerSecond,
                "Rate at which the first resource saturates.",
                |l: &L<'_>| l.carries().map(|(_, rate)| *rate).into(),
            )
            .on_page(|l| l.while_serving(l.carries().map(|(_, rate)| *rate)))
            .rounded(Rounding::Down),
            words(
                "first_to_run_out",
                "saturates first",
                "Resource that saturates first.",
                |l: &L<'_>| l.carries().map(|(name, _)| name).into(),
            )
            .on_page(|l| l.while_serving(l.carries().map(|(name, _)| name))),
            words(
                "cold_busiest",
                "",
                "Busiest resource right after a takeover by a member with a cold buffer, or by a head with cold memory.",
                |l| l.cold().map(|cold| &cold.name).into(),
            ),
            numbers(
                "cold_utilization_ratio",
                "busiest right after",
                Unit::Ratio,
                "Utilisation of that resource then.",
                |l: &L<'_>| l.cold().map(|cold| cold.used).into(),
            )
            .on_page(|l| l.while_serving(l.cold().map(|cold| cold.used)))
            .rounded(Rounding::Up),
            numbers(
                "overloaded_while_cold_s",
                "",
                Unit::Seconds,
                "Time for which it is overloaded while the buffer or memory is cold.",
                |l| l.cold().map(|cold| cold.over.seconds()).into(),
            ),
            numbers(
                "losses_worked_out",
                "",
                Unit::None,
                "Number of losses that are computed.",
                |l| l.rows.worked_out().into(),
            ),
            numbers("losses_in_all", "", Unit::None, "Number of possible losses.", |l| {
                l.rows.losses.into()
            }),
        ],
    )
}

/// Returns the table of all losses, folded.
pub(super) fn fold(rows: &SpareRows) -> Option<Block> {
    let level = number::figure(&Figure::exact(rows.level, Unit::PerSecond));
    let ids = [
        "lost",
        "kind",
        "serves",
        "busiest",
        "utilization_ratio",
        "cold_utilization_ratio",
        "carries_per_s",
        "first_to_run_out",
    ];
    let caption = format!(
        "Load at {level}, the level of window {}, with one part lost; {}",
        rows.window,
        looked_at(rows)
    );
    let table = headrooms().page(caption, &ids, lines(rows).take(1 + MOST_LISTED));
    let text = "In closed form, without simulation: rate \u{d7} visits \u{d7} demand \u{f7} \
                capacity of every resource, once the redundant members have taken over. The rate \
                carried is that at which the first resource saturates, which no latency objective \
                allows. Work that may wait does not limit it: scrubs, and writes to replicas \
                across a link that no write waits for. After a takeover a database member reads \
                with a cold buffer, and a head starts with no block of the volumes that it takes \
                over: a column of its own has the utilisation of the busiest resource concerned \
                right then. Losses until the takeover, and the queues that it leaves, are in the \
                section on the effect of one failed part. One part of each kind and role is lost.";
    let summary = format!("Headroom after each of {} losses", rows.worked_out());
    super::folded(summary, vec![Block::Text(text.into()), Block::Table(table)])
}

/// States the number of losses computed, and the number of those in the table.
fn looked_at(rows: &SpareRows) -> String {
    let (all, done) = (rows.losses, rows.worked_out());
    let mut said = match done {
        _ if done == all => format!("all {all} losses computed"),
        _ => format!("{done} of {all} losses computed, those of the parts with the most load"),
    };
    if done > MOST_LISTED {
        said += &format!(
            "; this table has the {MOST_LISTED} that leave least, headroom.csv the others"
        );
    }
    said
}

/// Draws the rate that is carried after each loss.
pub(super) fn losses(rows: &SpareRows) -> Option<Chart> {
    let carries = |row: &LossRow| match (&row.spare.carries, row.spare.serves) {
        (_, false) => Some(0.0),
        (Some((_, rate)), true) => Some(*rate),
        (None, true) => None,
    };
    let known: Vec<&LossRow> = rows.rows.iter().filter(|row| carries(row).is_some()).collect();
    let whole = carries(known.first()?)?;
    let bar = |row: &&LossRow| Bar {
        label: match &row.spare.lost {
            None => "nothing lost".into(),
            Some(lost) => format!("{lost} lost"),
        },
        estimate: carries(row)
            .map(|value| crate::report::document::Estimate { value, interval: None }),
    };
    let short = known.iter().filter(|row| carries(row).is_some_and(|rate| rate < rows.level));
    let short = short.filter(|row| row.spare.lost.is_some()).count();
    let singles = known.len() - usize::from(known[0].spare.lost.is_none());
    let whole = number::figure(&Figure::exact(whole, Unit::PerSecond).rounded(Rounding::Down));
    let left = known.len().saturating_sub(MOST_LOSSES);
    let shown = match left {
        0 => String::new(),
        left => format!("; the {left} that leave most are in the table alone"),
    };
    let level = number::figure(&Figure::exact(rows.level, Unit::PerSecond));
    Some(Chart {
        name: "capacity-after-loss".into(),
        title: "Rate that saturates the first resource, after each single loss".into(),
        finding: format!(
            "Without a loss the first resource saturates at {whole}; {short} of {singles} losses \
             leave less than the design peak of {level}{shown}"
        ),
        kind: ChartKind::Bars(BarChart {
            axis: Axis::linear("rate at which the first resource saturates", Unit::PerSecond)
                .rounded(Rounding::Down),
            growth: Growth::Right,
            bars: known.iter().take(MOST_LOSSES).map(bar).collect(),
            objective: Some(Objective { value: rows.level, label: format!("design peak {level}") }),
        }),
    })
}

fn lines(rows: &SpareRows) -> impl Iterator<Item = SpareLine<'_>> {
    rows.rows.iter().map(move |row| SpareLine { rows, row })
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    headrooms().described()
}

/// Writes `headroom.csv`.
pub(super) fn file<F: TableForm>(partial: Option<&str>, rows: &SpareRows) -> F {
    headrooms().file(partial, lines(rows))
}

/// Returns the part of `summary.json`.
pub(super) fn summary(rows: &SpareRows) -> Json {
    let table = headrooms();
    let mut after = Vec::new();
    for line in lines(rows) {
        let mut object = table.object(&["lost"], &line);
        object.insert("serves".into(), line.row.spare.serves.into());
        let ids = ["busiest", "utilization_ratio", "carries_per_s", "first_to_run_out"];
        object.extend(table.object(&ids, &line));
        let cold = line.cold().map(|cold| {
            json!({
                "busiest": cold.name,
                "utilization_ratio": json_number(cold.used),
                "overloaded_s": json_number(cold.over.seconds()),
            })
        });
        object.insert("right_after".into(), cold.into());
        after.push(Json::Object(object));
    }
    json!({
        "window": rows.window,
        "rate_per_s": json_number(rows.level),
        "losses_worked_out": rows.worked_out(),
        "losses_in_all": rows.losses,
        "after": after,
    })
}
