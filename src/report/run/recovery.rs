//! Recovery times over the long horizon and the losses of failovers, in the report and as files.

use serde_json::{Value as Json, json};

use super::files::{estimate_value, fields};
use crate::report::answer::estimate;
use crate::report::columns::{Described, Read, ResultTable, Value, estimates, numbers, words};
use crate::report::document::{
    Axis, Block, Chart, ChartKind, LadderChart, LadderRow, Rounding, Section, Table, Unit,
};
use crate::report::rows::TableForm;
use crate::study::results::{RecoveryRow, Results, WritesRow};
use crate::study::window::Estimate;

/// The heading of the section.
pub const HEADING: &str = "Recovery";

const INTRO: &str = "Roles that members take over from each other, over the same years: the \
primary of a database, the virtual IP of a balancer, the volumes of a file server. A recovery \
(RTO) lasts from the time when no member serves, detected or not, until one does. It ends with a \
failover, with operators if the failover fails, or with the return of the previous member. All \
recoveries count, however short.";

const LOST: &str = "A failover loses (RPO) the writes that the old primary had acknowledged and \
that no possible successor had received. These are the writes under way, or, if the successor was \
a stale replica, all writes since it stopped following. A failover to a stale replica is rare and \
loses thousands of times as much: if the years saw none, its share of the means is missing, \
however narrow their intervals. The loss window is the age of the oldest write lost, 0 if none is. \
Writes count as independent of each other; writes that an unfenced old primary still accepts are \
not included.";

/// Returns the section; `None` if no role can be taken over.
pub(super) fn section(results: &Results) -> Option<Section> {
    let rows = &results.years.as_ref()?.recovery;
    let mut inside = vec![Block::Text(INTRO.into()), Block::Table(times(rows))];
    if rows.iter().any(|row| row.writes.is_some()) {
        inside.push(Block::Text(LOST.into()));
        inside.push(Block::Table(losses(rows)));
    }
    let mut blocks: Vec<Block> = chart(rows).map(Block::Chart).into_iter().collect();
    let summary = format!("Recovery times and lost writes of all {} roles", rows.len());
    blocks.extend(super::folded(summary, inside));
    let has = !rows.is_empty();
    has.then(|| Section { heading: HEADING.into(), intro: finding(rows), blocks })
}

/// States the role that is interrupted longest per year.
fn finding(rows: &[RecoveryRow]) -> String {
    let lost = |row: &RecoveryRow| Some(row.interruptions.value()? * row.recovery.value()?);
    let known = rows.iter().filter_map(|row| Some((lost(row)?, row)));
    let Some((_, row)) = known.max_by(|a, b| a.0.total_cmp(&b.0)) else {
        return "No interruption of a role was seen.".into();
    };
    let number = estimate(&row.interruptions, Unit::None, Rounding::Nearest);
    let time = |of: &Estimate| estimate(of, Unit::Seconds, Rounding::Nearest);
    let writes = row.writes.as_ref().and_then(|writes| writes.lost.value().map(|_| &writes.lost));
    let writes = writes.map_or_else(String::new, |lost| {
        let lost = estimate(lost, Unit::None, Rounding::Nearest);
        format!(" Its failovers lose {lost} acknowledged writes per year.")
    });
    format!(
        "Interrupted for most of the year is the {} of {}: {number} times per year, for {} on \
         average and at most {} in 95 % of cases.{writes}",
        row.kind.word(),
        row.name,
        time(&row.recovery),
        time(&row.recovery_p95)
    )
}

/// Draws median, mean and p95 of the recovery time of each role.
fn chart(rows: &[RecoveryRow]) -> Option<Chart> {
    let row = |row: &RecoveryRow| LadderRow {
        label: format!("{} of {}", row.kind.word(), row.name),
        values: [&row.recovery_p50, &row.recovery, &row.recovery_p95]
            .map(super::charts::mark)
            .into(),
    };
    let rows: Vec<LadderRow> = rows.iter().map(row).collect();
    let any = rows.iter().any(|row| row.values.iter().any(Option::is_some));
    any.then(|| Chart {
        name: "recovery".into(),
        title: "Time from the loss of a role until a member serves again".into(),
        finding: "Median, mean and p95 of the recovery time of each role".into(),
        kind: ChartKind::Ladder(LadderChart {
            axis: Axis::log("recovery time", Unit::Seconds),
            levels: ["median", "mean", "p95"].map(String::from).into(),
            rows,
            objective: None,
        }),
    })
}

/// A role, or one first cause of its interruptions.
pub(crate) struct Line<'a> {
    row: &'a RecoveryRow,
    cause: Option<&'a (String, Estimate)>,
}

impl<'a> Line<'a> {
    /// Returns the line of a role.
    pub(crate) const fn of(row: &'a RecoveryRow) -> Self {
        Self { row, cause: None }
    }

    /// Returns an estimate of the role; causes have none.
    fn whole(&self, of: impl Fn(&'a RecoveryRow) -> &'a Estimate) -> Value<'a> {
        self.cause.is_none().then(|| of(self.row)).into()
    }

    /// Returns an estimate of the writes that the role loses; causes have none.
    fn writes(&self, of: impl Fn(&'a WritesRow) -> &'a Estimate) -> Value<'a> {
        let writes = self.row.writes.as_ref().filter(|_| self.cause.is_none());
        Value::or(writes.map(of), "no writes")
    }
}

/// Declares `recovery.csv`: one row per role, and below it one per first cause.
pub(crate) fn recoveries<'a>() -> ResultTable<Line<'a>> {
    let numbers =
        |id, header, unit, meaning, read: Read<Line<'a>>| numbers(id, header, unit, meaning, read);
    let estimates = |id, header, unit, meaning, read: Read<Line<'a>>| {
        estimates(id, header, unit, meaning, read)
    };
    let writes = || Unit::Other("writes/y".into());
    ResultTable::new(
        "recovery.csv",
        "A role that members take over from each other, or one first cause of its interruptions.",
        [
            words("name", "of", "Database, balancer or file server.", |l| (&l.row.name).into()),
            words("role", "role", "Role that passes from one member to another.", |l| {
                l.row.kind.word().into()
            }),
            words("cause", "", "First cause; empty in the row of all causes.", |l: &Line<'_>| {
                l.cause.map(|(name, _)| name).into()
            })
            .on_page(|l| l.row.causes.first().map_or("", |(name, _)| name).into()),
            estimates(
                "interruptions_per_year",
                "interruptions per year",
                Unit::None,
                "Interruptions per year, however short.",
                |l| l.cause.map_or(&l.row.interruptions, |(_, estimate)| estimate).into(),
            ),
            numbers(
                "failovers_per_year",
                "takeovers per year",
                Unit::None,
                "Interruptions per year that end with a takeover by another member.",
                |l| l.whole(|row| &row.failovers),
            ),
            estimates(
                "recovery_s",
                "mean recovery time",
                Unit::Seconds,
                "Mean recovery time (RTO): from the loss of service to its return.",
                |l| l.whole(|row| &row.recovery),
            ),
            numbers("recovery_p50_s", "median", Unit::Seconds, "Median recovery time.", |l| {
                l.whole(|row| &row.recovery_p50)
            }),
            numbers(
                "recovery_p95_s",
                "p95",
                Unit::Seconds,
                "Recovery time that 95 % of the interruptions do not exceed.",
                |l| l.whole(|row| &row.recovery_p95),
            ),
            estimates(
                "lost_writes_per_year",
                "lost per year",
                writes(),
                "Acknowledged writes per year that failovers lose (RPO).",
                |l| l.writes(|writes| &writes.lost),
            ),
            numbers(
                "failovers_behind_per_year",
                "failovers to a stale replica",
                Unit::None,
                "Failovers per year to a stale replica.",
                |l| l.writes(|writes| &writes.behind),
            ),
            numbers(
                "lost_writes_per_failover",
                "lost per failover",
                Unit::None,
                "Mean number of acknowledged writes that a failover loses.",
                |l| l.writes(|writes| &writes.per_failover),
            )
            .keyed("lost_writes"),
            numbers(
                "data_loss_s",
                "window",
                Unit::Seconds,
                "Mean age of the oldest write that a failover loses; 0 if it loses none.",
                |l| l.writes(|writes| &writes.window),
            ),
            numbers(
                "data_loss_p95_s",
                "p95",
                Unit::Seconds,
                "The same age that 95 % of the failovers do not exceed.",
                |l| l.writes(|writes| &writes.window_p95),
            ),
            words("reason", "", "Reason why the interruptions have no interval.", |l| {
                let why = fields(&l.row.interruptions).1;
                why.filter(|_| l.cause.is_none()).into()
            }),
        ],
    )
}

fn times(rows: &[RecoveryRow]) -> Table {
    let ids = [
        "name",
        "role",
        "interruptions_per_year",
        "recovery_s",
        "recovery_p50_s",
        "recovery_p95_s",
        "failovers_per_year",
        "cause",
    ];
    let table = recoveries().headed(&[("cause", "most frequent cause")]);
    table.page("Time to recovery (RTO)", &ids, rows.iter().map(Line::of))
}

fn losses(rows: &[RecoveryRow]) -> Table {
    let ids = [
        "name",
        "failovers_per_year",
        "lost_writes_per_year",
        "lost_writes_per_failover",
        "data_loss_s",
        "data_loss_p95_s",
        "failovers_behind_per_year",
    ];
    let headers = [("name", "database"), ("failovers_per_year", "failovers per year")];
    let rows = rows.iter().filter(|row| row.writes.is_some()).map(Line::of);
    recoveries().headed(&headers).page("Acknowledged writes lost by failovers (RPO)", &ids, rows)
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    recoveries().described()
}

/// Writes `recovery.csv`; returns `None` if no role can be taken over.
pub(super) fn tables<F: TableForm>(results: &Results) -> Option<F> {
    let rows = &results.years.as_ref().filter(|years| !years.recovery.is_empty())?.recovery;
    let lines = rows.iter().flat_map(|row| {
        let causes = row.causes.iter().map(move |cause| Line { row, cause: Some(cause) });
        std::iter::once(Line::of(row)).chain(causes)
    });
    Some(recoveries().file(results.partial.as_deref(), lines))
}

/// Returns the part of `summary.json`.
pub(super) fn summary(rows: &[RecoveryRow]) -> Json {
    let table = recoveries();
    let ids = [
        "name",
        "role",
        "interruptions_per_year",
        "failovers_per_year",
        "recovery_s",
        "recovery_p50_s",
        "recovery_p95_s",
    ];
    let one = estimate_value;
    let mut all = Vec::new();
    for row in rows {
        let cause = |cause| {
            table.object(&["cause", "interruptions_per_year"], &Line { row, cause: Some(cause) })
        };
        let mut object = table.object(&ids, &Line::of(row));
        object.insert("causes".into(), row.causes.iter().map(cause).collect());
        let writes = row.writes.as_ref().map(|writes| {
            json!({
                "lost_per_year": one(&writes.lost),
                "failovers_behind_per_year": one(&writes.behind),
                "lost_per_failover": one(&writes.per_failover),
                "window_s": one(&writes.window),
                "window_p95_s": one(&writes.window_p95),
            })
        });
        object.insert("writes".into(), json!(writes));
        all.push(Json::Object(object));
    }
    Json::Array(all)
}
