//! Years corrected by windows of requests, in the report and as files.

use serde_json::{Value, json};

use super::files::{Sheet, availability_row, estimate_value, fields};
use super::{cell, unit};
use crate::convert::whole;
use crate::report::csv::Field;
use crate::report::document::{Block, Cell, Column, Rounding, Section, Table, Unit};
use crate::report::json::number;
use crate::report::write::ResultFile;
use crate::stats::interval::Interval;
use crate::study::results::{
    AgreementRow, QUANTILES, Results, SampledClassRows, SampledRow, SampledRows,
};
use crate::study::window::Estimate;

/// The heading of the section.
pub const HEADING: &str = "Years, request by request";

/// The section; `None` where no windows were drawn from the years.
pub(super) fn section(results: &Results) -> Option<Section> {
    let sampled = results.sampled.as_ref()?;
    let mut blocks = vec![Block::Table(corrected(sampled)), Block::Table(latencies(sampled))];
    if !sampled.agreement.is_empty() {
        blocks.push(Block::Table(agreement(sampled)));
    }
    Some(Section { heading: HEADING.into(), intro: intro(sampled), blocks })
}

fn intro(sampled: &SampledRows) -> String {
    let (quiet, broken) = sampled.counts();
    format!(
        "Of the first {} of these histories {} windows were lived through request by request: {broken} of \
         the {} pieces of {} episodes in which something is wrong, {quiet} of quiet time, {:.1} hours \
         in all. Each was drawn with a known chance; what requests lose beyond what the fluid loses, \
         over that chance, corrects the years. A window begins with its history's faults, repairs, \
         ages and masters, and what failed over in vain there does so here, but with empty queues and \
         cold memory: what comes before it is lived through and not counted. windows.csv has every window.",
        sampled.replications,
        sampled.windows.len(),
        sampled.pieces,
        sampled.episodes,
        sampled.hours(),
    )
}

/// A figure of a row; shares round down, losses are views a year.
fn shown(row: &SampledRow, estimate: &Estimate) -> Cell {
    let of = match unit(row.unit) {
        Unit::None => Unit::Other("views/y".into()),
        other => other,
    };
    match cell(estimate, of.clone()) {
        Cell::Figure(figure) if of == Unit::Ratio => Cell::Figure(figure.rounded(Rounding::Down)),
        other => other,
    }
}

/// Both numbers of every figure.
fn corrected(sampled: &SampledRows) -> Table {
    let columns = vec![
        Column::words("class", "class"),
        Column::words("figure", "figure"),
        Column::numbers("flows alone", "flows", Unit::None),
        Column::numbers("with windows", "both", Unit::None),
    ];
    let mut rows = Vec::new();
    for class in sampled.classes.iter().chain(&sampled.all) {
        for row in &class.rows {
            // Without an objective of latency the two are one.
            if row.key == "objective_losses" && !class.has_latency {
                continue;
            }
            let flows = row.flows.as_ref();
            rows.push(vec![
                Cell::text(class.name.clone()),
                Cell::text(row.what),
                flows.map_or(Cell::missing("not told"), |flows| shown(row, flows)),
                shown(row, &row.both),
            ]);
        }
    }
    Table { caption: "The same years, corrected by windows of requests".into(), columns, rows }
}

fn latencies(sampled: &SampledRows) -> Table {
    let mut columns = vec![Column::words("class", "class")];
    for (word, _) in QUANTILES {
        columns.push(Column::numbers(word, &format!("{word}_s"), Unit::Seconds));
    }
    columns.push(Column::numbers("samples", "samples", Unit::None));
    let mut rows = Vec::new();
    for (name, estimates, samples) in sampled.classes.iter().flat_map(|class| &class.latencies) {
        let mut cells = vec![Cell::text(name.clone())];
        cells.extend(estimates.iter().map(|estimate| cell(estimate, Unit::Seconds)));
        cells.push(Cell::Figure(crate::report::document::Figure::exact(
            *samples as f64,
            Unit::None,
        )));
        rows.push(cells);
    }
    Table { caption: "Latency over the years, of what was answered".into(), columns, rows }
}

fn agreement(sampled: &SampledRows) -> Table {
    let views = || Unit::Other("views/y".into());
    let columns = vec![
        Column::words("class", "class"),
        Column::words("episodes of", "first_cause"),
        Column::words("the two", "verdict"),
        Column::numbers("requests lose", "requests_per_year", views()),
        Column::numbers("flows lose", "flows_per_year", views()),
        Column::numbers("windows", "windows", Unit::None),
    ];
    let count = |count: usize| crate::report::document::Figure::exact(count as f64, Unit::None);
    let row = |row: &AgreementRow| {
        vec![
            Cell::text(row.class.clone()),
            Cell::text(row.of.as_deref().unwrap_or("all causes")),
            Cell::text(row.verdict.word()),
            cell(&row.requests, views()),
            cell(&row.flows, views()),
            Cell::Figure(count(row.windows)),
        ]
    };
    let caption = match &sampled.apart {
        Some(why) => {
            format!("Views not served, by both solvers on the same windows: not comparable, {why}")
        }
        None => "Views not served, by both solvers on the same windows: do they agree within 10 %?"
            .into(),
    };
    Table { caption, columns, rows: sampled.agreement.iter().map(row).collect() }
}

/// `windows.csv`: a row a window and class. Over all rows of a class, the sum of (unserved −
/// flows_unserved) × weight, over the histories, is what is added to the mean of the years.
pub(super) fn tables(results: &Results) -> Option<ResultFile> {
    let sampled = results.sampled.as_ref()?;
    let columns = [
        "replication",
        "start_s",
        "from_s",
        "to_s",
        "first_cause",
        "probability",
        "weight",
        "class",
        "intended",
        "unserved",
        "never_born",
        "fault",
        "overload",
        "planned",
        "bad_intervals",
        "flows_intended",
        "flows_unserved",
        "flows_fault",
        "flows_overload",
        "flows_planned",
        "flows_bad_intervals",
        "events_digest",
    ];
    let mut sheet = Sheet::new(results, &columns);
    for window in &sampled.windows {
        let time = |at: crate::units::SimTime| Field::Number(at.seconds());
        let digest = format!("{:016x}", window.digest);
        for views in &window.classes {
            let [fault, overload, planned] = views.kinds;
            sheet.row(&[
                Field::Count(window.replication),
                time(window.start),
                time(window.from),
                time(window.to),
                Field::Text(window.cause.as_deref().unwrap_or("quiet")),
                Field::Number(window.probability),
                Field::Number(1.0 / window.probability),
                Field::Text(&views.class),
                Field::Count(views.intended),
                Field::Count(views.unserved),
                Field::Count(views.never_born),
                Field::Count(whole::u64(fault.0)),
                Field::Count(whole::u64(overload.0)),
                Field::Count(whole::u64(planned.0)),
                Field::Count(u64::from(views.bad.0)),
                Field::Number(views.expected),
                Field::Number(views.flows),
                Field::Number(fault.1),
                Field::Number(overload.1),
                Field::Number(planned.1),
                Field::Number(views.bad.1),
                Field::Text(&digest),
            ]);
        }
    }
    Some(ResultFile::covered("windows.csv", sheet.finish()))
}

/// Rows of `availability.csv`.
pub(super) fn availability(results: &Results, sheet: &mut Sheet) {
    let Some(sampled) = &results.sampled else { return };
    for class in sampled.classes.iter().chain(&sampled.all) {
        for row in class.rows.iter().filter(|row| matches!(row.key, "request" | "objective")) {
            let (value, why) = fields(&row.both);
            let (level, method) = match &row.both {
                Estimate::Interval(Interval { level, method, .. }) => {
                    (Field::Number(*level), method.name())
                }
                _ => (Field::Missing, ""),
            };
            let which = format!("{}, with windows", row.key);
            let told = (value, level, method, why);
            let of = ["horizon", &class.name, &which];
            availability_row(sheet, of, &told, sampled.replications, None);
        }
    }
}

/// For `summary.json`.
pub(super) fn summary(sampled: &SampledRows) -> Value {
    let one = estimate_value;
    let class = |class: &SampledClassRows| {
        let rows = class.rows.iter().map(|row| {
            let both = json!({ "flows": row.flows.as_ref().map(one), "both": one(&row.both) });
            (row.key.to_string(), both)
        });
        let latencies = class.latencies.iter().map(|(name, estimates, samples)| {
            let quantiles = QUANTILES.iter().zip(estimates);
            let mut of: serde_json::Map<String, Value> = quantiles
                .map(|((word, _), estimate)| (format!("{word}_s"), one(estimate)))
                .collect();
            of.insert("samples".into(), json!(samples));
            (name.clone(), Value::Object(of))
        });
        json!({
            "name": class.name,
            "figures": rows.collect::<serde_json::Map<_, _>>(),
            "latency": latencies.collect::<serde_json::Map<_, _>>(),
        })
    };
    let (quiet, broken) = sampled.counts();
    json!({
        "replications": sampled.replications,
        "episodes": sampled.episodes,
        "pieces_of_episodes": sampled.pieces,
        "views_in_episodes_ratio": number(sampled.in_episodes),
        "windows_of_episodes": broken,
        "windows_of_quiet_time": quiet,
        "hours": number(sampled.hours()),
        "events": sampled.events,
        "classes": sampled.classes.iter().map(class).collect::<Vec<_>>(),
        "all_classes": sampled.all.as_ref().map(class),
        "not_comparable": sampled.apart,
        "agreement": sampled.agreement.iter().map(|row| json!({
            "class": row.class,
            "first_cause": row.of,
            "windows": row.windows,
            "requests_per_year": one(&row.requests),
            "flows_per_year": one(&row.flows),
            "verdict": row.verdict.word(),
        })).collect::<Vec<_>>(),
    })
}
