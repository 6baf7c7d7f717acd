//! Ledgers of requests and page views, in the report and as a file.

use super::charts;
use crate::model::record::OUTCOMES;
use crate::report::columns::{Described, Read, ResultTable, numbers, words};
use crate::report::document::{Block, Cell, Column, Table, Unit};
use crate::report::rows::TableForm;
use crate::study::results::{AttemptsOf, Results, ViewRow, WindowRows};

/// The heading of the section.
pub(super) const HEADING: &str = "Ledgers";

/// The count of one outcome in a ledger.
struct Line<'a> {
    window: &'a WindowRows,
    ledger: &'static str,
    name: &'a str,
    outcome: &'static str,
    cause: Option<&'a str>,
    count: u64,
}

/// Declares `requests.csv`.
fn ledger_lines<'a>() -> ResultTable<Line<'a>> {
    ResultTable::new(
        "requests.csv",
        "An outcome in a ledger; the outcomes of one name add up to its `all`.",
        [
            words("window", "", "Window of the scenario.", |l| (&l.window.name).into()),
            words(
                "ledger",
                "",
                "`attempts`: requests of a class with every retry; `calls` between components; \
                 `page-views` of a workload.",
                |l| l.ledger.into(),
            ),
            words("name", "", "Class, call or workload.", |l| l.name.into()),
            words("outcome", "", "Outcome of the requests or page views; `all` is the sum.", |l| {
                l.outcome.into()
            }),
            words("cause", "", "Cause of lost page views; empty for other outcomes.", |l| {
                l.cause.into()
            }),
            numbers("count", "", Unit::None, "Number in all replications.", |l| l.count.into()),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    ledger_lines().described()
}

/// Writes `requests.csv`, with both ledgers.
pub(super) fn file<F: TableForm>(results: &Results) -> F {
    let lines = results.windows.iter().flat_map(|window| {
        let mut lines = Vec::new();
        let mut put = |ledger, name, outcome, cause, count| {
            lines.push(Line { window, ledger, name, outcome, cause, count });
        };
        for row in &window.attempts {
            let ledger = match row.of {
                AttemptsOf::Class => "attempts",
                AttemptsOf::Call => "calls",
            };
            put(ledger, &row.name, "all", None, row.attempts.begun);
            for (outcome, count) in OUTCOMES.iter().zip(row.attempts.ended) {
                // Only answers of replicas can be stale.
                if *outcome == "stale" && count == 0 {
                    continue;
                }
                put(ledger, &row.name, outcome, None, count);
            }
            put(ledger, &row.name, "in-flight", None, row.attempts.in_flight());
        }
        for row in &window.views {
            let name = &row.workload;
            put("page-views", name, "all", None, row.intended);
            put("page-views", name, "served", None, row.served);
            put("page-views", name, "delayed", None, row.delayed);
            for (cause, count) in &row.lost {
                put("page-views", name, "lost", Some(cause), *count);
            }
            put("page-views", name, "never-born", None, row.never_born);
            put("page-views", name, "in-flight", None, row.in_flight);
        }
        lines
    });
    ledger_lines().file(results.partial.as_deref(), lines)
}

/// A workload in a window.
struct Views<'a> {
    window: &'a WindowRows,
    row: &'a ViewRow,
}

fn views<'a>() -> ResultTable<Views<'a>> {
    let count = |id, header, read: Read<Views<'a>>| numbers(id, header, Unit::None, "", read);
    ResultTable::new(
        "",
        "The page views of a workload in a window.",
        [
            words("workload", "workload", "", |l| (&l.row.workload).into()),
            words("window", "window", "", |l| (&l.window.name).into()),
            count("intended", "intended", |l| l.row.intended.into()),
            count("served", "served", |l| l.row.served.into()),
            count("delayed", "delayed", |l| l.row.delayed.into()),
            count("lost", "lost", |l| l.row.all_lost().into()),
            count("never_born", "session over", |l| l.row.never_born.into()),
            count("in_flight", "under way", |l| l.row.in_flight.into()),
        ],
    )
}

/// Returns the tables and the chart of losses.
pub(super) fn blocks(results: &Results) -> Vec<Block> {
    let mut blocks: Vec<Block> = charts::losses(results).map(Block::Chart).into_iter().collect();
    let count = |name: &str, key: &str| Column::numbers(name, key, Unit::None);
    let lines = results
        .plain()
        .flat_map(|window| window.views.iter().map(move |row| Views { window, row }));
    let caption = "Outcomes of page views";
    blocks.push(Block::Table(views().all(caption, lines)));
    let mut columns = vec![
        Column::words("requests of", "name"),
        Column::words("window", "window"),
        count("begun", "begun"),
    ];
    for outcome in OUTCOMES {
        columns.push(count(outcome, &outcome.replace('-', "_")));
    }
    columns.push(count("in flight", "in_flight"));
    let mut rows = Vec::new();
    for window in results.plain() {
        for row in &window.attempts {
            let name = match row.of {
                AttemptsOf::Class => row.name.clone(),
                AttemptsOf::Call => format!("call {}", row.name),
            };
            let mut cells = vec![Cell::text(name), Cell::text(window.name.clone())];
            cells.push(Cell::Count(row.attempts.begun));
            cells.extend(row.attempts.ended.map(Cell::Count));
            cells.push(Cell::Count(row.attempts.in_flight()));
            rows.push(cells);
        }
    }
    let caption = "Outcomes of attempts: requests and calls, with every retry".to_string();
    blocks.push(Block::Table(Table { caption, columns, rows }));
    let text = "Counts of all replications together; each row adds up. Counts of runs around a break \
                are in requests.csv.";
    blocks.push(Block::Text(text.into()));
    blocks
}
