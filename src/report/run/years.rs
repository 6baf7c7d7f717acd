//! Long-horizon availability, in the report and as files.

use serde_json::{Map, Value as Json, json};

use super::files::share;
use crate::convert::whole;
use crate::plan::availability::WatchedKind;
use crate::report::columns::{Described, Read, ResultTable, Value, estimates, numbers, words};
use crate::report::csv::Field;
use crate::report::document::{
    Block, Cell, Figure, Judgement as Word, Rounding, Table, Unit, Verdict,
};
use crate::report::number;
use crate::report::rows::TableForm;
use crate::solve::flows::MERGE_GAP;
use crate::study::results::{Results, Share, YearCause, YearRow, YearSide, YearsRows};
use crate::study::window::{Ending, Estimate};

/// Returns the unit of downtime: minutes per year.
#[must_use]
pub fn minutes() -> Unit {
    Unit::Other("min/y".into())
}

/// Returns a cell in minutes per year, from an estimate in seconds per year; downtime rounds up.
#[must_use]
pub fn minutes_cell(estimate: &Estimate) -> Cell {
    Value::from(estimate).scaled(60.0).cell(minutes(), Rounding::Up)
}

/// Returns the tables of all availabilities, and of the causes of the downtime of classes and groups.
pub(super) fn blocks(years: &YearsRows) -> Vec<Block> {
    let mut blocks = vec![Block::Text(intro(years)), Block::Table(table(years))];
    // The causes of all classes together are those of each class.
    let tells = |row: &&YearRow| !matches!(row.kind, WatchedKind::Service | WatchedKind::All);
    for row in years.rows.iter().filter(tells) {
        if !row.all.causes.is_empty() {
            blocks.push(Block::Table(causes(row, years.apart)));
        }
    }
    blocks
}

fn intro(years: &YearsRows) -> String {
    let mut text = format!(
        "{} replications of {} each, simulated from fault to fault without requests. Structural: \
         enough members are up and reachable for the whole path of a class, and every role that \
         members take over has one that serves; users cut off with one link of several count by \
         their share. Continuous: at most 1 % of the requests fail, including the time in which a \
         failure is not detected yet. An outage lasts {} or longer; two outages less than \
         {MERGE_GAP} apart count as one.",
        years.replications, years.horizon, years.shortest_outage,
    );
    if years.apart {
        text.push_str(&format!(
            " Architecture only: the same trajectories without {}, which no architecture inside \
             one site masks.",
            years.common.join(", ")
        ));
    }
    text
}

/// An availability with some of the faults, or one cause of its downtime.
struct Line<'a> {
    row: &'a YearRow,
    /// The faults of the side: `all` or `architecture`.
    faults: &'static str,
    side: &'a YearSide,
    cause: Option<&'a YearCause>,
}

impl<'a> Line<'a> {
    /// Returns the line with all faults.
    const fn of(row: &'a YearRow) -> Self {
        Self { row, faults: "all", side: &row.all, cause: None }
    }

    /// Returns an estimate of the side, or of the cause.
    fn either(
        &self,
        side: impl Fn(&'a YearSide) -> &'a Estimate,
        cause: impl Fn(&'a YearCause) -> &'a Estimate,
    ) -> Value<'a> {
        self.cause.map_or_else(|| side(self.side), cause).into()
    }

    /// Returns an estimate of the side; causes have none.
    fn whole<V: Into<Value<'a>>>(&self, of: impl Fn(&'a YearSide) -> V) -> Value<'a> {
        self.cause.is_none().then(|| of(self.side)).into()
    }

    /// Returns the downtime without the shared faults.
    fn architecture(&self) -> Value<'a> {
        let side = self.row.architecture.as_ref();
        let downtime = match self.cause {
            None => side.map(|side| &side.downtime),
            Some(cause) => side
                .and_then(|side| side.causes.iter().find(|other| other.name == cause.name))
                .map(|cause| &cause.downtime),
        };
        Value::or(downtime, "\u{2013}")
    }
}

/// Declares `downtime.csv`: one row per availability, and below it one per first cause.
fn downtimes<'a>() -> ResultTable<Line<'a>> {
    let numbers =
        |id, header, unit, meaning, read: Read<Line<'a>>| numbers(id, header, unit, meaning, read);
    let seconds = |id, header, meaning, read: Read<Line<'a>>| {
        estimates(id, header, Unit::Seconds, meaning, read).rounded(Rounding::Up)
    };
    ResultTable::new(
        "downtime.csv",
        "An availability of a class, a service, a group or a fleet, or one first cause of its downtime.",
        [
            words("name", "of", "Class, service, group or fleet.", |l: &Line<'_>| {
                (&l.row.name).into()
            })
            .on_page(|l| format!("{}, {}", l.row.name, l.row.availability.word()).into()),
            words("availability", "", "Kind of availability: structural or continuous.", |l| {
                l.row.availability.word().into()
            }),
            words("faults", "", "`all`, or `architecture`: without shared faults.", |l| {
                l.faults.into()
            }),
            words("cause", "first cause", "First cause; empty in the row of all causes.", |l| {
                l.cause.map(|cause| &cause.name).into()
            }),
            numbers("value_ratio", "share of time", Unit::Ratio, "", |l| l.side.available.into())
                .off_file(),
            seconds("downtime_s_per_year", "down", "Downtime per year.", |l| {
                l.either(|side| &side.downtime, |cause| &cause.downtime)
            })
            .in_units("downtime_min_per_year", 60.0, minutes())
            .with_reason(),
            seconds("architecture_downtime", "architecture only", "", |l| l.architecture())
                .in_units("architecture_downtime_min_per_year", 60.0, minutes())
                .off_file(),
            seconds(
                "year_p95_s",
                "p95 of years",
                "Downtime in a year that 95 % of the years do not exceed.",
                |l| l.either(|side| &side.year_p95, |cause| &cause.year_p95),
            )
            .in_units("year_p95_min", 60.0, minutes())
            .with_reason_as("year_p95"),
            numbers(
                "contributing_s_per_year",
                "downtime with it",
                Unit::Seconds,
                "Downtime per year during which the cause is present, and an older one too.",
                |l| l.cause.map(|cause| &cause.contributing).into(),
            )
            .in_units("contributing_min_per_year", 60.0, minutes())
            .rounded(Rounding::Up),
            estimates(
                "outages_per_year",
                "outages per year",
                Unit::None,
                "Outages per year; for a cause, those that begin with it.",
                |l| l.either(|side| &side.outages, |cause| &cause.outages),
            ),
            numbers(
                "mean_length_s",
                "mean outage",
                Unit::Seconds,
                "Mean length of an outage.",
                |l| l.whole(|side| &side.length),
            )
            .keyed("length_s"),
            numbers("longest_s", "", Unit::Seconds, "Longest outage seen.", |l| {
                l.whole(|side| side.longest)
            }),
            numbers(
                "mean_time_between_s",
                "mean time between outages",
                Unit::Seconds,
                "Mean time from the end of an outage to the start of the next.",
                |l| l.whole(|side| &side.between),
            )
            .in_units("between_d", 86_400.0, Unit::Other("d".into()))
            .rounded(Rounding::Down),
            numbers("architecture_value_ratio", "architecture, share", Unit::Ratio, "", |l| {
                l.row.architecture.as_ref().map(|side| side.available).into()
            })
            .off_file(),
            numbers("worst_outage_share", "", Unit::Ratio, "", |l| l.side.worst.into()).off_file(),
            numbers("mean_time_to_first_s", "", Unit::Seconds, "", |l| (&l.side.first).into())
                .off_file(),
        ],
    )
}

/// Returns `ids`; without shared faults, the columns of the architecture are left out.
fn apart<'a>(ids: &[&'a str], apart: bool) -> Vec<&'a str> {
    ids.iter().copied().filter(|id| apart || !id.starts_with("architecture")).collect()
}

fn table(years: &YearsRows) -> Table {
    let ids = [
        "name",
        "value_ratio",
        "downtime_s_per_year",
        "architecture_downtime",
        "outages_per_year",
        "year_p95_s",
        "mean_length_s",
        "mean_time_between_s",
        "architecture_value_ratio",
    ];
    let lived = years.replications as f64 * years.horizon.seconds() / 31_536_000.0;
    let caption = format!("Availability over {} years", number::count(whole::u64(lived)));
    downtimes().page(caption, &apart(&ids, years.apart), years.rows.iter().map(Line::of))
}

/// Returns the table of the causes of downtime.
fn causes(row: &YearRow, is_apart: bool) -> Table {
    let ids = [
        "cause",
        "downtime_s_per_year",
        "architecture_downtime",
        "outages_per_year",
        "contributing_s_per_year",
    ];
    let caption = format!("Causes of the downtime of {} ({})", row.name, row.availability.word());
    let lines = row.all.causes.iter().map(|cause| Line { cause: Some(cause), ..Line::of(row) });
    downtimes().page(caption, &apart(&ids, is_apart), lines)
}

/// Share of the downtime above which a single outage is named, since the figure depends on it.
const RESTS_ON: f64 = 1.0 / 3.0;

/// Names the availabilities of classes and groups with a dominant single outage.
pub(super) fn single_outages(results: &Results) -> Vec<Verdict> {
    let rows = results.years.iter().flat_map(|years| &years.rows);
    let felt = rows.filter(|row| matches!(row.kind, WatchedKind::Class | WatchedKind::Group));
    let line = |row: &YearRow| {
        let share = row.all.worst.filter(|share| *share > RESTS_ON)?;
        let share = number::figure(&Figure::exact(share.min(1.0), Unit::Ratio));
        let text = format!(
            "{} ({}): one outage is {share} of all simulated downtime; its length determines the \
             figure",
            row.name,
            row.availability.word()
        );
        Some(Verdict { judgement: Word::Finding, text })
    };
    felt.filter_map(line).collect()
}

/// Returns the sides of an availability, each with the name of its faults.
pub(super) fn sides(row: &YearRow) -> impl Iterator<Item = (&'static str, &YearSide)> {
    std::iter::once(("all", &row.all)).chain(row.architecture.iter().map(|s| ("architecture", s)))
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    downtimes().described()
}

/// Writes `downtime.csv`; returns `None` without a long-horizon run.
pub(super) fn tables<F: TableForm>(results: &Results) -> Option<F> {
    let mut lines = Vec::new();
    for row in &results.years.as_ref()?.rows {
        for (faults, side) in sides(row) {
            lines.push(Line { row, faults, side, cause: None });
            let causes = side.causes.iter();
            lines.extend(causes.map(|cause| Line { row, faults, side, cause: Some(cause) }));
        }
    }
    Some(downtimes().file(results.partial.as_deref(), lines))
}

/// Returns the part of `summary.json`.
pub(super) fn summary(years: &YearsRows) -> Json {
    let ids = [
        "downtime_s_per_year",
        "worst_outage_share",
        "year_p95_s",
        "outages_per_year",
        "mean_length_s",
        "mean_time_between_s",
        "mean_time_to_first_s",
    ];
    let of_cause = ["cause", "downtime_s_per_year", "contributing_s_per_year", "outages_per_year"];
    let side = |line: Line<'_>| {
        let table = downtimes();
        let mut object = Map::new();
        object.insert("available".into(), available(&line.side.available));
        object.extend(table.object(&ids, &line));
        let causes = line.side.causes.iter();
        let cause = |cause| table.object(&of_cause, &Line { cause: Some(cause), ..line });
        object.insert("causes".into(), causes.map(cause).collect());
        Json::Object(object)
    };
    json!({
        "horizon_s": years.horizon.seconds(),
        "replications": years.replications,
        "looks": years.looks,
        "ending": match years.ending {
            Ending::Fixed => "fixed",
            Ending::Precise => "precise",
            Ending::BudgetSpent => "budget-spent",
            Ending::Interrupted => "interrupted",
        },
        "least_outage_s": years.shortest_outage.seconds(),
        "merge_gap_s": MERGE_GAP.seconds(),
        "common": years.common,
        "of": years.rows.iter().map(|row| json!({
            "name": row.name,
            "kind": row.kind.word(),
            "availability": row.availability.word(),
            "all": side(Line::of(row)),
            "architecture": row.architecture.as_ref().map(|of| side(Line { side: of, ..Line::of(row) })),
        })).collect::<Vec<_>>(),
    })
}

fn available(told: &Share) -> Json {
    let ([value, low, high], level, method, reason) = share(told);
    let shown = |field: Field<'_>| match field {
        Field::Number(number) => crate::report::json::number(number),
        _ => Json::Null,
    };
    json!({
        "value": shown(value), "low": shown(low), "high": shown(high),
        "level": shown(level), "method": method, "reason": reason,
    })
}
