//! Capacity of a scenario, in the report and as rows for programs.

use serde_json::Value as Json;

use super::{cell, folded, headroom};
use crate::report::columns::{ResultTable, numbers, words};
use crate::report::document::{Block, Cell, Figure, Rounding, Section, Unit};
use crate::report::{answer, number};
use crate::study::capacity::Look;
use crate::study::record::CapacityRecord;
use crate::study::results::{CapacityRow, Carries, Reached, Results};
use crate::study::window::Estimate;

/// Returns the section; `None` if neither a capacity was searched for nor headroom computed.
pub(super) fn section(results: &Results) -> Option<Section> {
    let spare = results.why.spare.as_ref();
    let first = results.capacities.first();
    let chart = spare.and_then(headroom::losses);
    let intro = first.map(carried);
    let intro = intro.or_else(|| chart.as_ref().map(|chart| format!("{}.", chart.finding)));
    let mut blocks: Vec<Block> = chart.map(Block::Chart).into_iter().collect();
    blocks.extend(first.and_then(|first| {
        let text = format!(
            "The highest steady rate at which an objective is met and at most {} of the page views \
             are lost, with nothing broken: {} runs of {} at each rate. Beside it stands the \
             resource that saturates first, and its rate, in closed form. The capacity of a run is \
             the rate that arrived in it, not the nominal rate. If a run begins to lose views \
             between two rates and loses none at the lower one, the interval covers both.",
            number::figure(&Figure::exact(first.lost_at_most, Unit::Ratio)),
            first.each.len().max(1),
            first.length
        );
        let table = declared().all("", &results.capacities);
        folded(
            "Capacity by objective, and how it is found",
            vec![Block::Text(text), Block::Table(table)],
        )
    }));
    blocks.extend(spare.and_then(headroom::fold));
    (!blocks.is_empty()).then(|| Section {
        heading: "Capacity".into(),
        intro: intro.unwrap_or_default(),
        blocks,
    })
}

/// States a capacity with the condition that ends it, and the resource that saturates first.
fn carried(row: &CapacityRow) -> String {
    format!(
        "{} carries {}: {}. {} saturates first, at {}.",
        row.class,
        answer::capacity(row),
        super::lead::ends(row),
        row.first.0,
        super::lead::ceiling(row.first.1)
    )
}

fn declared<'a>() -> ResultTable<&'a CapacityRow> {
    ResultTable::new(
        "",
        "An objective.",
        [
            words("objective", "objective", "", |row| {
                format!("{} {} < {}", row.class, row.stat, row.bound).into()
            }),
            numbers("capacity_per_s", "carries", Unit::PerSecond, "", |row| {
                carries(&row.carries).into()
            }),
            words("bounded_by", "bounded by", "", |row| bounded_by(row).into()),
            words("first", "saturates first", "", |row| (&row.first.0).into()),
            numbers("first_per_s", "at", Unit::PerSecond, "", |row: &&CapacityRow| {
                row.first.1.into()
            })
            .rounded(Rounding::Down),
        ],
    )
}

/// Returns the cell of a capacity, which rounds down.
#[must_use]
pub fn carries(carries: &Carries) -> Cell {
    let bound = |sign: char, rate: f64| {
        let rate = number::figure(&Figure::exact(rate, Unit::PerSecond));
        Cell::text(format!("{sign} {rate}"))
    };
    match carries {
        Carries::Rate(estimate) => match cell(estimate, Unit::PerSecond) {
            Cell::Figure(figure) => Cell::Figure(figure.rounded(Rounding::Down)),
            other => other,
        },
        Carries::Below(rate) => bound('<', *rate),
        Carries::Above(rate) => bound('>', *rate),
    }
}

/// Describes the limit of the capacity: the latency, or the share of lost views, with the number of runs.
#[must_use]
pub fn bounded_by(row: &CapacityRow) -> String {
    let all = row.each.len();
    let lost = row.each.iter().filter(|one| one.lost).count();
    match lost {
        _ if all == 0 => String::new(),
        0 => row.stat.to_string(),
        lost if lost == all => "views lost".into(),
        lost => format!("{}, views lost in {lost} of {all} runs", row.stat),
    }
}

/// Returns the part of `summary.json`.
pub(super) fn summary(results: &Results) -> Vec<Json> {
    let one = |row: &CapacityRow| {
        let (value, low, high, reason) = match &row.carries {
            Carries::Rate(Estimate::Interval(i)) => {
                (Some(i.estimate), Some(i.low), Some(i.high), None)
            }
            Carries::Rate(Estimate::Single(value)) => {
                (Some(*value), None, None, Some("single run: no interval".to_string()))
            }
            Carries::Rate(Estimate::Missing(reason)) => {
                (None, None, None, Some(reason.to_string()))
            }
            Carries::Below(rate) => {
                (None, None, Some(*rate), Some("below the smallest rate tried".into()))
            }
            Carries::Above(rate) => {
                (None, Some(*rate), None, Some("above the largest rate tried".into()))
            }
        };
        let each = |of: &dyn Fn(&Reached) -> f64| row.each.iter().map(of).collect();
        let rates = |looks: &Vec<Look>| looks.iter().map(|look| look.rate).collect();
        let record = CapacityRecord {
            class: row.class.clone(),
            stat: row.stat.into(),
            bound_s: row.bound.seconds(),
            bounded_by: bounded_by(row),
            value_per_s: value,
            low_per_s: low,
            high_per_s: high,
            reason,
            by_replication_per_s: each(&|one| one.rate),
            by_replication_at_least_per_s: each(&|one| one.between.0),
            by_replication_at_most_per_s: each(&|one| one.between.1),
            rates_tried_by_replication_per_s: row.looks.iter().map(rates).collect(),
            busy_first: row.first.0.clone(),
            busy_first_per_s: row.first.1,
        };
        serde_json::to_value(record).expect("a record has text keys")
    };
    results.capacities.iter().map(one).collect()
}
