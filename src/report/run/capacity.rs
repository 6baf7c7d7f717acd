//! What a scenario can carry, in the report and as rows for programs.

use serde_json::{Map, Value, json};

use super::cell;
use crate::report::document::{Block, Cell, Column, Figure, Section, Table, Unit};
use crate::report::number;
use crate::study::capacity::Look;
use crate::study::results::{CapacityRow, Carries, Reached, Results};
use crate::study::window::Estimate;

/// The section; `None` when nothing was sought.
pub(super) fn section(results: &Results) -> Option<Section> {
    let first = results.capacities.first()?;
    let columns = vec![
        Column::words("objective", "objective"),
        Column::numbers("carries", "capacity_per_s", Unit::PerSecond),
        Column::words("bounded by", "bounded_by"),
        Column::words("busy first", "first"),
        Column::numbers("at", "first_per_s", Unit::PerSecond),
    ];
    let row = |row: &CapacityRow| {
        vec![
            Cell::text(format!("{} {} < {}", row.class, row.stat, row.bound)),
            carries(&row.carries),
            Cell::text(bounded_by(row)),
            Cell::text(row.first.0.clone()),
            Cell::Figure(Figure::exact(row.first.1, Unit::PerSecond)),
        ]
    };
    let rows = results.capacities.iter().map(row).collect();
    Some(Section {
        heading: "Capacity".into(),
        intro: format!(
            "The highest steady rate at which an objective is met and no more than {} of the page \
             views are lost, with nothing broken: {} runs of {} at each rate. Beside it what \
             arithmetic says is busy all the time first, and at which rate. Where views are lost \
             first, each run knows it between two rates alone, and the interval reaches over both.",
            number::figure(&Figure::exact(first.lost_at_most, Unit::Ratio)),
            first.each.len().max(1),
            first.length
        ),
        blocks: vec![Block::Table(Table { caption: String::new(), columns, rows })],
    })
}

/// A cell for what is carried.
#[must_use]
pub fn carries(carries: &Carries) -> Cell {
    let bound = |sign: char, rate: f64| {
        let rate = number::figure(&Figure::exact(rate, Unit::PerSecond));
        Cell::text(format!("{sign} {rate}"))
    };
    match carries {
        Carries::Rate(estimate) => cell(estimate, Unit::PerSecond),
        Carries::Below(rate) => bound('<', *rate),
        Carries::Above(rate) => bound('>', *rate),
    }
}

/// What ends it: the latency, or the share of the views that is lost, in how many runs.
#[must_use]
pub fn bounded_by(row: &CapacityRow) -> String {
    let all = row.each.len();
    let lost = row.each.iter().filter(|one| one.is_open()).count();
    match lost {
        _ if all == 0 => String::new(),
        0 => row.stat.to_string(),
        lost if lost == all => "views lost".into(),
        lost => format!("{}, views lost in {lost} of {all} runs", row.stat),
    }
}

/// For `summary.json`.
pub(super) fn summary(results: &Results) -> Vec<Value> {
    let one = |row: &CapacityRow| {
        let mut object = Map::new();
        object.insert("class".into(), json!(row.class));
        object.insert("stat".into(), json!(row.stat));
        object.insert("bound_s".into(), json!(row.bound.seconds()));
        let (low, value, high, reason) = match &row.carries {
            Carries::Rate(Estimate::Interval(i)) => {
                (json!(i.low), json!(i.estimate), json!(i.high), Value::Null)
            }
            Carries::Rate(Estimate::Single(value)) => {
                (Value::Null, json!(value), Value::Null, json!("single run: no interval"))
            }
            Carries::Rate(Estimate::Missing(reason)) => {
                (Value::Null, Value::Null, Value::Null, json!(reason.to_string()))
            }
            Carries::Below(rate) => {
                (Value::Null, Value::Null, json!(rate), json!("below the smallest rate tried"))
            }
            Carries::Above(rate) => {
                (json!(rate), Value::Null, Value::Null, json!("above the largest rate tried"))
            }
        };
        object.insert("bounded_by".into(), json!(bounded_by(row)));
        object.insert("value_per_s".into(), value);
        object.insert("low_per_s".into(), low);
        object.insert("high_per_s".into(), high);
        object.insert("reason".into(), reason);
        let each =
            |of: &dyn Fn(&Reached) -> f64| json!(row.each.iter().map(of).collect::<Vec<_>>());
        object.insert("by_replication_per_s".into(), each(&|one| one.rate));
        object.insert("by_replication_at_least_per_s".into(), each(&|one| one.between.0));
        object.insert("by_replication_at_most_per_s".into(), each(&|one| one.between.1));
        let rates = |looks: &Vec<Look>| looks.iter().map(|look| look.rate).collect::<Vec<_>>();
        let tried: Vec<Vec<f64>> = row.looks.iter().map(rates).collect();
        object.insert("rates_tried_by_replication_per_s".into(), json!(tried));
        object.insert("busy_first".into(), json!(row.first.0));
        object.insert("busy_first_per_s".into(), json!(row.first.1));
        Value::Object(object)
    };
    results.capacities.iter().map(one).collect()
}
