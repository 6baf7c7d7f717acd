//! Long-horizon availability of all scenarios.

use super::{Ladder, counted, folded};
use crate::report::columns::{Described, Read, ResultTable, Value, estimates, numbers, words};
use crate::report::document::{
    Block, Cell, Column, Figure, Judgement, Rounding, Section, Table, Unit, Verdict,
};
use crate::report::number;
use crate::report::run::cell;
use crate::report::run::load::share;
use crate::report::run::recovery;
use crate::report::run::years::{minutes, minutes_cell};
use crate::stats::interval::Interval;
use crate::study::compare::YearCell;
use crate::study::results::{ClassCost, LoadClass, YearCause, YearSide};
use crate::study::window::Estimate;

/// The heading of the section.
pub(super) const HEADING: &str = "Downtime and its causes";

/// Returns the section; `None` if no scenario has a long-horizon run.
pub(super) fn section(ladder: &Ladder) -> Option<Section> {
    ladder.years.iter().flatten().next()?;
    let measured = "Long-horizon runs, from fault to fault. Parts that scenarios share fail at the \
                    same instants in all of them, and differences are taken replication by \
                    replication. Architecture only: the same years without shared faults of the \
                    site, its switches and links, and without mistakes that affect all members at \
                    once.";
    let causes = causes(ladder);
    let mut blocks: Vec<Block> =
        super::causes::chart(ladder).map(Block::Chart).into_iter().collect();
    let count = causes.rows.len();
    let availability = vec![Block::Table(table(ladder)), Block::Text(measured.into())];
    blocks.push(folded(
        format!("All {}, with intervals", counted(count, "cause")),
        vec![Block::Table(causes)],
    ));
    blocks.push(folded("Availability, outages and continuous downtime", availability));
    let tables = |tables: Vec<Option<Table>>| -> Vec<Block> {
        tables.into_iter().flatten().map(Block::Table).collect()
    };
    let roles = tables(vec![recoveries(ladder)]);
    if !roles.is_empty() {
        blocks.push(folded("Recovery times and lost writes of each role", roles));
    }
    let mut lost = tables(vec![views(ladder), costs(ladder)]);
    if !lost.is_empty() {
        lost.extend(loaded(ladder).then(|| Block::Text(warning(ladder))));
        blocks.push(folded("Page views lost over the years, and their cost", lost));
    }
    Some(Section { heading: HEADING.into(), intro: super::causes::finding(ladder), blocks })
}

/// Returns the recovery times and their losses: one row per role of each scenario.
fn recoveries(ladder: &Ladder) -> Option<Table> {
    let ids = [
        "name",
        "role",
        "interruptions_per_year",
        "recovery_s",
        "recovery_p50_s",
        "recovery_p95_s",
        "failovers_per_year",
        "lost_writes_per_year",
        "lost_writes_per_failover",
        "failovers_behind_per_year",
    ];
    let headers = [
        ("interruptions_per_year", "interruptions per year"),
        ("recovery_s", "recovery time, mean"),
        ("recovery_p50_s", "median"),
        ("recovery_p95_s", "p95"),
        ("failovers_per_year", "failovers per year"),
        ("lost_writes_per_year", "writes lost"),
        ("lost_writes_per_failover", "per failover"),
        ("failovers_behind_per_year", "failovers to a stale replica"),
    ];
    let mut rows = Vec::new();
    for (row, years) in ladder.rows.iter().zip(&ladder.years) {
        let roles = years.iter().flat_map(|years| &years.recovery);
        rows.extend(roles.map(|role| (row.scenario.as_str(), Some(recovery::Line::of(role)))));
    }
    let caption = "Recovery time of roles that members take over (RTO), and acknowledged writes \
                   lost by failovers (RPO)";
    let table = recovery::recoveries().headed(&headers).by_scenario(caption, &ids, rows, "");
    (!table.rows.is_empty()).then_some(table)
}

/// The solver of the page views of the long horizon.
const FLOWS_ALONE: &str = "flows";
/// Effects that `flows` does not model in the page views that it loses.
const LEAVES_OUT: &str = "workers held by requests that wait for a failed or hanging part, cold memory after a \
failover or a restart (except object caches, RAM caches, and buffers with `over-years`), connection limits, and the work \
of backups";

/// States the limits of the figures of page views.
fn warning(ladder: &Ladder) -> String {
    let breaks = if ladder.breaks.is_empty() {
        String::new()
    } else {
        format!(
            " The losses of single breaks, request by request, are under {}.",
            super::breaks::HEADING
        )
    };
    format!(
        "*: by flows alone, which leaves out {LEAVES_OUT}. Losses are too low where these matter. \
         Overload is the excess over the mean of each minute, plus requests that a full queue \
         refuses below saturation, by formula: where overload is usual, it is some tenths too \
         high. `fivenines run FILE` corrects these figures with windows of requests drawn from the \
         same years.{breaks}"
    )
}

/// Returns the same statement as a finding, so that it is read with the losses.
pub(super) fn finding(ladder: &Ladder) -> Option<Verdict> {
    loaded(ladder).then(|| Verdict {
        judgement: Judgement::Unsure,
        text: format!(
            "Page views lost over the years are by flows alone here, which leaves out \
             {LEAVES_OUT}. They can be much too low, especially overload. `fivenines run FILE` \
             corrects them with windows of requests."
        ),
    })
}

fn loaded(ladder: &Ladder) -> bool {
    ladder.years.iter().flatten().any(|years| years.load.is_some())
}

/// Returns the page views of the long horizon: the served share, and the losses by reason.
fn views(ladder: &Ladder) -> Option<Table> {
    if !loaded(ladder) {
        return None;
    }
    let a_year = || Unit::Other("views/y".into());
    let mut columns = vec![
        Column::words("scenario", "scenario"),
        Column::numbers("served*", "request_ratio", Unit::Ratio),
        Column::numbers("lost per year*", "lost_per_year", a_year()),
        Column::numbers("fault*", "lost_fault_per_year", a_year()),
        Column::numbers("overload*", "lost_overload_per_year", a_year()),
        Column::numbers("planned*", "lost_planned_per_year", a_year()),
        Column::numbers("not requested any more*", "never_born_per_year", a_year()),
        Column::numbers(
            "5-minute intervals that lose less than 1 %*",
            "objective_ratio",
            Unit::Ratio,
        ),
        Column::numbers("p95 of monthly losses*", "month_lost_p95_ratio", Unit::Ratio),
    ];
    let judged = |years: &YearCell| years.load.as_ref().is_some_and(|l| l.month_meets.is_some());
    let judged = ladder.years.iter().flatten().any(judged);
    if judged {
        let key = "month_meets_ratio";
        columns.push(Column::numbers("months that meet the objective*", key, Unit::Ratio));
    }
    let row = |(at, years): (usize, &Option<YearCell>)| {
        let mut cells = vec![Cell::text(ladder.rows[at].scenario.clone())];
        let Some(load) = years.as_ref().and_then(|years| years.load.as_ref()) else {
            cells.resize(columns.len(), Cell::missing("no traffic"));
            return cells;
        };
        cells.push(share(&load.request));
        for lost in [&load.lost, &load.fault, &load.overload, &load.planned, &load.never_born] {
            cells.push(cell(lost, a_year()));
        }
        cells.push(share(&load.objective));
        cells.push(cell(&load.month_p95, Unit::Ratio));
        if judged {
            cells.push(load.month_meets.as_ref().map_or_else(
                || Cell::missing("no objective"),
                |(_, probability)| cell(probability, Unit::Ratio),
            ));
        }
        cells
    };
    let caption = format!(
        "Views of {} over the years, with traffic as a fluid: by the weekly profile, not at the \
         design peak. *: by flows alone, see the note below",
        ladder.basis.class
    );
    let rows = ladder.years.iter().enumerate().map(row).collect();
    Some(Table { caption, columns, rows })
}

/// Returns the cost of page views over the long horizon.
fn costs(ladder: &Ladder) -> Option<Table> {
    let of = |years: &Option<YearCell>| years.as_ref()?.load.as_ref()?.cost.clone();
    let first = ladder.years.iter().find_map(of)?;
    let mut prices = ladder.years.iter().filter_map(of).map(|cost| cost.lost_view);
    let price = first.lost_view.filter(|_| prices.all(|price| price == first.lost_view));
    let each = price.map_or_else(String::new, |price| {
        format!(" at {} each", number::figure(&Figure::exact(price, Unit::Dollars)))
    });
    let bill = if super::has_once(ladder) { "the bill per month" } else { "the whole bill" };
    let caption = format!(
        "Cost per page view over the years, by flows alone: {bill} divided by the views served, \
         and the cost of those lost{each}"
    );
    let ids = ["per_million_dollars", "lost_dollars_per_month"];
    Some(declared().by_scenario(caption, &ids, whole(ladder), "no prices"))
}

/// Returns the blocks for a terminal: structural downtime with and without shared faults, and continuous downtime.
/// There is no space for more figures with their intervals; the page has them.
pub(super) fn narrow(ladder: &Ladder) -> Vec<Block> {
    let mut table = table(ladder);
    let kept = [0, 2, 3, 5];
    table.columns = kept.iter().map(|at| table.columns[*at].clone()).collect();
    for row in &mut table.rows {
        *row = kept.iter().map(|at| row[*at].clone()).collect();
    }
    vec![Block::Table(table)]
}

fn table(ladder: &Ladder) -> Table {
    let ids = [
        "structural_ratio",
        "downtime_s_per_year",
        "architecture_downtime_s_per_year",
        "downtime_step_s_per_year",
        "continuous_downtime_s_per_year",
        "outages_per_year",
        "year_p95_s",
        "length_s",
    ];
    let caption = format!(
        "Structural availability of {}; each ± is a {:.0} % interval; those of differences hold \
         jointly for all pairs",
        ladder.basis.class,
        interval_level(ladder) * 100.0
    );
    declared().by_scenario(caption, &ids, whole(ladder), "no years")
}

fn interval_level(ladder: &Ladder) -> f64 {
    let level = |cell: &YearCell| match &cell.structural.all.downtime {
        Estimate::Interval(interval) => Some(interval.level),
        _ => None,
    };
    ladder.years.iter().flatten().find_map(level).unwrap_or(ladder.level)
}

/// Formats a difference of downtime: `−59.1 min/y ± 3.1`, or that none was detected.
fn step(difference: Interval) -> String {
    if difference.contains(0.0) {
        return "no difference detected".into();
    }
    let sign = if difference.estimate < 0.0 { '\u{2212}' } else { '+' };
    format!("{sign}{}", super::size(&difference, 60.0, minutes()))
}

/// Returns the minutes by first cause: one row per cause, one column per scenario.
fn causes(ladder: &Ladder) -> Table {
    let mut columns = vec![Column::words("first cause", "cause")];
    let mut names: Vec<&str> = Vec::new();
    let sides: Vec<Option<&YearSide>> = ladder
        .years
        .iter()
        .map(|years| years.as_ref().map(|years| &years.structural.all))
        .collect();
    let first = |cause: &YearCause| cause.downtime.value().is_some();
    for side in sides.iter().flatten() {
        for cause in side.causes.iter().filter(|cause| first(cause)) {
            if !names.contains(&cause.name.as_str()) {
                names.push(&cause.name);
            }
        }
    }
    for row in &ladder.rows {
        let key = format!("{}_min_per_year", row.scenario.replace('-', "_"));
        columns.push(Column::numbers(&row.scenario, &key, minutes()));
    }
    let line = |name: &str| {
        let of = |side: &Option<&YearSide>| {
            let found = side.and_then(|side| side.causes.iter().find(|c| c.name == name));
            match found.filter(|cause| first(cause)) {
                Some(cause) => minutes_cell(&cause.downtime),
                None => Cell::missing("\u{2013}"),
            }
        };
        std::iter::once(Cell::text(name)).chain(sides.iter().map(of)).collect()
    };
    Table {
        caption: "Structural downtime by first cause".into(),
        columns,
        rows: names.iter().map(|name| line(name)).collect(),
    }
}

/// The long-horizon run of a scenario, or one first cause of its downtime.
struct Line<'a> {
    scenario: &'a str,
    years: &'a YearCell,
    cause: Option<&'a YearCause>,
}

impl<'a> Line<'a> {
    /// Returns the downtime of a side, or the part of it that is attributed to the cause.
    fn downtime(&self, side: Option<&'a YearSide>) -> Value<'a> {
        let found = match self.cause {
            None => side.map(|side| &side.downtime),
            Some(cause) => side
                .and_then(|side| side.causes.iter().find(|one| one.name == cause.name))
                .map(|cause| &cause.downtime),
        };
        Value::or(found, "not distinguished")
    }

    /// Returns a value of all causes together; a single cause has none.
    fn whole<V: Into<Value<'a>>>(&self, value: V) -> Value<'a> {
        match self.cause {
            None => value.into(),
            Some(_) => Value::Missing("of all causes".into()),
        }
    }

    /// Returns an estimate of the traffic.
    fn load(&self, of: impl Fn(&'a LoadClass) -> &'a Estimate) -> Value<'a> {
        self.whole(Value::or(self.years.load.as_ref().map(of), "no traffic"))
    }

    fn cost(&self) -> Option<&'a ClassCost> {
        self.years.load.as_ref().and_then(|load| load.cost.as_ref())
    }

    fn side(&self) -> &'a YearSide {
        &self.years.structural.all
    }
}

/// Returns each scenario with its long-horizon run, if it has one.
fn whole(ladder: &Ladder) -> impl Iterator<Item = (&str, Option<Line<'_>>)> {
    ladder.rows.iter().zip(&ladder.years).map(|(row, years)| {
        let scenario = row.scenario.as_str();
        (scenario, years.as_ref().map(|years| Line { scenario, years, cause: None }))
    })
}

/// Declares the rows about `years` in comparison.csv.
fn declared<'a>() -> ResultTable<Line<'a>> {
    let seconds = |id, header, meaning, read: Read<Line<'a>>| {
        estimates(id, header, Unit::Seconds, meaning, read).rounded(Rounding::Up)
    };
    let views = |id, meaning, read: Read<Line<'a>>| {
        estimates(id, "", Unit::Other("views/y".into()), meaning, read)
    };
    let ratios = |id, header, meaning, read: Read<Line<'a>>| {
        estimates(id, header, Unit::Ratio, meaning, read)
    };
    ResultTable::new(
        "comparison.csv",
        "A scenario over its horizon, or one first cause of its downtime.",
        [
            words("scenario", "", "Name of the scenario.", |l| l.scenario.into()),
            words("cause", "", "First cause; empty in the row of all causes.", |l| {
                l.cause.map_or("", |cause| &cause.name).into()
            }),
            ratios("structural_ratio", "structural", "Structural availability.", |l| {
                l.whole(l.side().available)
            }),
            seconds("downtime_s_per_year", "down", "Structural downtime per year.", |l| {
                l.downtime(Some(l.side()))
            })
            .in_units("downtime_min_per_year", 60.0, minutes()),
            seconds(
                "architecture_downtime_s_per_year",
                "architecture only",
                "Structural downtime per year without shared faults.",
                |l| l.downtime(l.years.structural.architecture.as_ref()),
            )
            .in_units("architecture_downtime_min_per_year", 60.0, minutes()),
            seconds(
                "continuous_downtime_s_per_year",
                "continuous downtime",
                "Continuous downtime per year.",
                |l| l.downtime(l.years.continuous.as_ref().map(|row| &row.all)),
            )
            .in_units("continuous_downtime_min_per_year", 60.0, minutes()),
            estimates(
                "outages_per_year",
                "outages per year",
                Unit::None,
                "Structural outages per year.",
                |l| l.cause.map_or(&l.side().outages, |cause| &cause.outages).into(),
            ),
            seconds(
                "year_p95_s",
                "p95 of years",
                "Downtime in a year that 95 % of the years do not exceed.",
                |l| l.cause.map_or(&l.side().year_p95, |cause| &cause.year_p95).into(),
            )
            .in_units("year_p95_min", 60.0, minutes()),
            numbers("length_s", "mean length", Unit::Seconds, "", |l: &Line<'_>| {
                (&l.side().length).into()
            })
            .off_file(),
            seconds(
                "downtime_step_s_per_year",
                "downtime against the row above",
                "Structural downtime minus that of the scenario above.",
                |l| l.whole(Value::or(l.years.step, "nothing above")),
            )
            .keyed("downtime_step")
            .in_words(|l| l.years.step.map_or_else(String::new, step).into()),
            words("losses_by", "", "Solver of the page views lost.", |l| {
                if l.years.load.is_some() { FLOWS_ALONE } else { "" }.into()
            }),
            ratios("request_ratio", "", "Page views served over intended.", |l| {
                l.load(|load| &load.request)
            }),
            ratios(
                "objective_losses_ratio",
                "",
                "Share of 5-minute intervals that lose less than 1 %.",
                |l| l.load(|load| &load.objective),
            ),
            views("lost_views_per_year", "Page views lost per year.", |l| match l.cause {
                None => l.load(|load| &load.lost),
                Some(cause) => {
                    let causes = l.years.load.iter().flat_map(|load| &load.causes);
                    let found = causes.into_iter().find(|(name, _)| *name == cause.name);
                    Value::or(found.map(|(_, lost)| lost), "none lost")
                }
            }),
            views(
                "never_born_views_per_year",
                "Page views per year that are not requested any more.",
                |l| l.load(|load| &load.never_born),
            ),
            estimates(
                "per_million_dollars",
                "per million views served",
                Unit::Dollars,
                "Price per month per million page views served in it.",
                |l| l.whole(Value::or(l.cost().map(|cost| &cost.per_million), "no prices")),
            ),
            estimates(
                "lost_dollars_per_month",
                "lost views per month",
                Unit::DollarsPerMonth,
                "Cost per month of the page views lost.",
                |l| {
                    let lost = l.cost().map(|cost| Value::or(cost.lost.as_ref(), "no price"));
                    l.whole(Value::or(lost, "no prices"))
                },
            ),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    declared().described()
}

/// Returns the table for programs: one row per scenario and cause; a row without a cause covers all causes.
pub(super) fn data(ladder: &Ladder) -> Table {
    let mut lines = Vec::new();
    for (row, years) in ladder.rows.iter().zip(&ladder.years) {
        let Some(years) = years else { continue };
        let scenario = row.scenario.as_str();
        lines.push(Line { scenario, years, cause: None });
        let causes = years.structural.all.causes.iter();
        lines.extend(causes.map(|cause| Line { scenario, years, cause: Some(cause) }));
    }
    declared().data(lines)
}
