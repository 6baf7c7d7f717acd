//! Cost of a scenario: the bill and the cost of page views, in the report and in `summary.json`.

use serde_json::{Value as Json, json};

use super::files::estimate_value;
use crate::plan::cost::{Cost, Item};
use crate::report::answer;
use crate::report::columns::{Read, ResultTable, Value, numbers, words};
use crate::report::document::{
    Axis, Bar, BarChart, Block, Chart, ChartKind, Figure, Growth, Rounding, Section, Table, Unit,
};
use crate::report::json::number as json_number;
use crate::report::number;
use crate::study::results::{ClassCost, Results};

/// The heading of the section.
pub const HEADING: &str = "Cost";

/// Returns the cost of page views by class.
fn costs(results: &Results) -> impl Iterator<Item = (&str, &ClassCost)> {
    let load = results.years.as_ref().and_then(|years| years.load.as_ref());
    let classes = load.into_iter().flat_map(|load| &load.classes);
    classes.filter_map(|class| Some((class.name.as_str(), class.cost.as_ref()?)))
}

/// Declares the columns of the cost of page views of a class.
fn class_costs<'a>() -> ResultTable<(&'a str, &'a ClassCost)> {
    ResultTable::new(
        "",
        "A class.",
        [
            words("class", "class", "", |(name, _)| (*name).into()),
            numbers(
                "per_million_dollars",
                "per million views served",
                Unit::Dollars,
                "",
                |(_, cost)| (&cost.per_million).into(),
            ),
            numbers(
                "lost_dollars_per_month",
                "lost views per month",
                Unit::DollarsPerMonth,
                "",
                |(_, cost)| Value::or(cost.lost.as_ref(), "no price"),
            ),
        ],
    )
}

/// A line of a bill, or its total.
enum BillLine<'a> {
    Item(&'a Item),
    All(&'a Cost),
}

/// Declares the columns of a bill; unit prices have no total.
fn bill_table<'a>() -> ResultTable<BillLine<'a>> {
    type L<'a> = BillLine<'a>;
    let month =
        |id, header, read: Read<L<'a>>| numbers(id, header, Unit::DollarsPerMonth, "", read);
    let once = |id, header, read: Read<L<'a>>| numbers(id, header, Unit::Dollars, "", read);
    fn price(price: Option<f64>) -> Value<'static> {
        Value::or(price, "none")
    }
    ResultTable::new(
        "",
        "An item of the bill.",
        [
            words("what", "item", "", |l: &L<'_>| match l {
                L::Item(item) => (&item.what).into(),
                L::All(_) => "all".into(),
            })
            .keyed("item"),
            numbers("number", "number", Unit::None, "", |l| match l {
                L::Item(item) => item.count.into(),
                L::All(_) => "".into(),
            }),
            month("each_dollars_per_month", "each", |l| match l {
                L::Item(item) => price(item.each),
                L::All(_) => "".into(),
            }),
            month("sum_dollars_per_month", "together", |l| match l {
                L::Item(item) => price(item.sum()),
                L::All(bill) => price(bill.month()),
            }),
            once("each_dollars_once", "each, once", |l| match l {
                L::Item(item) => price(item.once),
                L::All(_) => "".into(),
            }),
            once("sum_dollars_once", "together, once", |l| match l {
                L::Item(item) => price(item.sum_once()),
                L::All(bill) => price(bill.once()),
            }),
        ],
    )
}

fn bill_lines(bill: &Cost) -> Table {
    let caption = "Items of the bill";
    let items = bill.items.iter().map(BillLine::Item);
    match bill.once() {
        Some(_) => bill_table().all(caption, items.chain([BillLine::All(bill)])),
        None => {
            bill_table().without(&["each_dollars_once", "sum_dollars_once"]).all(caption, items)
        }
    }
}

/// Returns the section; `None` without prices.
pub(super) fn section(results: &Results) -> Option<Section> {
    let bill = results.why.bill.as_ref()?;
    let total = super::price(bill.month(), bill.once())?;
    let mut inside = vec![Block::Table(bill_lines(bill))];
    if costs(results).next().is_some() {
        let caption = match bill.once() {
            None => "Cost per page view over the years: the whole bill divided by the views served",
            Some(_) => {
                "Cost per page view over the years: the bill per month divided by the views served"
            }
        };
        inside.push(Block::Table(class_costs().all(caption, costs(results))));
    }
    let price = costs(results).find_map(|(_, cost)| cost.lost_view);
    let each = price.map_or_else(String::new, |price| {
        format!(", {} each", number::figure(&Figure::exact(price, Unit::Dollars)))
    });
    let energy = match bill.energy() {
        Some(_) => " Energy is that of a month without failures, at the price of each site.",
        None => "",
    };
    let text = format!(
        "Prices of the scenario's `[cost]`.{energy} Lost views are those of the long-horizon run under \
         load{each}."
    );
    inside.insert(0, Block::Text(text));
    let chart = chart(bill);
    let mut intro = format!("The bill is {total}");
    if let Some((first, share)) = largest(bill) {
        intro.push_str(&format!("; {share} of it is for {first}"));
    }
    if let Some((name, cost)) = costs(results).next() {
        let million = answer::estimate(&cost.per_million, Unit::Dollars, Rounding::Nearest);
        intro.push_str(&format!(". A million views of {name} served cost {million}"));
    }
    intro.push('.');
    let mut blocks: Vec<Block> = chart.map(Block::Chart).into_iter().collect();
    let summary = format!("All {} items of the bill, and the cost of views", bill.items.len());
    blocks.extend(super::folded(summary, inside));
    Some(Section { heading: HEADING.into(), intro, blocks })
}

/// Returns the largest item of the bill, with its share.
fn largest(bill: &Cost) -> Option<(&str, String)> {
    let items = bill.items.iter().filter_map(|item| Some((item.sum()?, item)));
    let (most, item) = items.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let share = (most / bill.month()? * 100.0).round() / 100.0;
    Some((&item.what, number::figure(&Figure::exact(share, Unit::Ratio))))
}

/// Draws the items of the bill, the largest first.
fn chart(bill: &Cost) -> Option<Chart> {
    let mut items: Vec<(f64, &Item)> =
        bill.items.iter().filter_map(|item| Some((item.sum()?, item))).collect();
    items.sort_by(|a, b| b.0.total_cmp(&a.0));
    items.first()?;
    let bar = |(value, item): &(f64, &Item)| Bar {
        label: match item.count {
            1 => item.what.clone(),
            count => format!("{} \u{d7}{count}", item.what),
        },
        estimate: Some(crate::report::document::Estimate { value: *value, interval: None }),
    };
    Some(Chart {
        name: "cost".into(),
        title: "Cost per month, by item".into(),
        finding: "Items of the bill, the largest first".into(),
        kind: ChartKind::Bars(BarChart {
            axis: Axis::linear("cost", Unit::DollarsPerMonth),
            growth: Growth::Right,
            bars: items.iter().map(bar).collect(),
            objective: None,
        }),
    })
}

/// Returns the part of `summary.json`; one-time amounts are present if the scenario has such prices.
pub(super) fn summary(results: &Results, bill: &Cost) -> Json {
    let once = bill.once();
    let mut ids = vec!["what", "number", "each_dollars_per_month"];
    ids.extend(once.map(|_| "each_dollars_once"));
    let item = |item| bill_table().object(&ids, &BillLine::Item(item));
    let mut value = json!({
        "bill_dollars_per_month": bill.month().map(json_number),
        "items": bill.items.iter().map(item).collect::<Vec<_>>(),
        "classes": costs(results).map(|(name, row)| json!({
            "name": name,
            "per_million_served_dollars": estimate_value(&row.per_million),
            "lost_dollars_per_month": row.lost.as_ref().map(estimate_value),
        })).collect::<Vec<_>>(),
    });
    if let Some(once) = once {
        value["bill_dollars_once"] = json_number(once);
    }
    value
}
