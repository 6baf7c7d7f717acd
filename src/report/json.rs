//! JSON: the same document for programs.
//!
//! In: a document, or figures of one. Out: `serde_json` values in a fixed order of keys, and bytes.
//! Holds: a missing value is `null`, with its reason beside it (S1, S9); numbers are in base units and read back to
//! the same bits; `"complete"` is false with a reason when results are partial.
//! Leaves out: drawings; the finding and the data of a chart are written.

use serde_json::{Map, Value, json};

use super::chart;
use super::document::{Block, Cell, Document, Figure, Judgement, Table, Unit};

/// Returns a number, or `null` if it is not finite.
#[must_use]
pub fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// Returns a figure: `{"value", "low", "high", "unit"}`, or a `null` value with the reason.
#[must_use]
pub fn figure(figure: &Figure) -> Value {
    let mut object = Map::new();
    if !figure.is_finite() {
        return missing("not finite");
    }
    object.insert("value".into(), number(figure.value));
    if let Some((low, high)) = figure.interval {
        object.insert("low".into(), number(low));
        object.insert("high".into(), number(high));
    }
    if let Some(note) = figure.note {
        object.insert("reason".into(), note.into());
    }
    object.insert("unit".into(), unit(&figure.unit).into());
    Value::Object(object)
}

/// Returns the object of a missing figure.
#[must_use]
pub fn missing(reason: &str) -> Value {
    json!({ "value": null, "reason": reason })
}

/// Returns the name of a unit: that of the base unit, not of the printed one.
#[must_use]
pub fn unit(unit: &Unit) -> &str {
    match unit {
        Unit::None => "1",
        Unit::Ratio => "ratio",
        Unit::Seconds | Unit::Downtime => "s",
        Unit::PerSecond => "per_s",
        Unit::Bytes => "bytes",
        Unit::BitsPerSecond => "bits_per_s",
        Unit::Dollars => "dollars",
        Unit::DollarsPerMonth => "dollars_per_month",
        Unit::Watts => "watts",
        Unit::Joules => "joules",
        Unit::Grams => "grams",
        Unit::Other(name) => name,
    }
}

/// Returns the unit with this name, the inverse of [`unit()`].
#[must_use]
pub fn unit_named(name: &str) -> Unit {
    match name {
        "1" => Unit::None,
        "ratio" => Unit::Ratio,
        "s" => Unit::Seconds,
        "per_s" => Unit::PerSecond,
        "bytes" => Unit::Bytes,
        "bits_per_s" => Unit::BitsPerSecond,
        "dollars" => Unit::Dollars,
        "dollars_per_month" => Unit::DollarsPerMonth,
        "watts" => Unit::Watts,
        "joules" => Unit::Joules,
        "grams" => Unit::Grams,
        other => Unit::Other(other.into()),
    }
}

/// Returns a cell: text, count, or the object of a figure.
#[must_use]
pub fn cell(cell: &Cell) -> Value {
    match cell {
        Cell::Text(words) => words.as_str().into(),
        Cell::Count(count) => (*count).into(),
        Cell::Figure(data) => figure(data),
        Cell::Name(row) => row.name.as_str().into(),
        Cell::Missing { reason } => missing(reason),
    }
}

/// Returns a table: its caption and one object per row, with the names for programs as keys.
#[must_use]
pub fn table(table: &Table) -> Value {
    let row = |cells: &Vec<Cell>| {
        let keys = table.columns.iter().map(|column| column.key.clone());
        Value::Object(keys.zip(cells.iter().map(cell)).collect())
    };
    json!({
        "caption": table.caption,
        "rows": table.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

const fn judgement(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Met => "met",
        Judgement::NotMet => "not-met",
        Judgement::Unsure => "unsure",
        Judgement::Finding => "finding",
    }
}

fn block(block: &Block) -> Value {
    match block {
        Block::Table(data) => json!({ "table": table(data) }),
        Block::Chart(drawn) => json!({ "chart": {
            "name": drawn.name,
            "title": drawn.title,
            "finding": drawn.finding,
            "data": table(&chart::table(drawn)),
        } }),
        Block::Text(text) => json!({ "text": text }),
        Block::Definitions(all) => {
            let pairs = all.iter().map(|d| (d.term.clone(), d.meaning.as_str().into()));
            json!({ "definitions": Value::Object(pairs.collect()) })
        }
        Block::Checks(all) => {
            let check = |c: &super::document::Check| json!({ "name": c.name, "outcome": judgement(c.judgement), "detail": c.detail });
            json!({ "checks": all.iter().map(check).collect::<Vec<_>>() })
        }
        Block::Source(text) => json!({ "source": text }),
        Block::Folded(fold) => json!({
            "details": fold.summary,
            "blocks": fold.blocks.iter().map(self::block).collect::<Vec<_>>(),
        }),
    }
}

/// Returns a whole document.
#[must_use]
pub fn document(document: &Document) -> Value {
    let verdicts = document
        .verdicts
        .iter()
        .map(|verdict| json!({ "judgement": judgement(verdict.judgement), "text": verdict.text }));
    let sections = document.sections.iter().map(|section| {
        json!({
            "heading": section.heading,
            "intro": section.intro,
            "blocks": section.blocks.iter().map(block).collect::<Vec<_>>(),
        })
    });
    json!({
        "title": document.title,
        "scenario": document.scenario,
        "question": document.question,
        "source": document.source,
        "seed": document.seed,
        "results_version": document.results_version,
        "digest": document.digest,
        "command": document.command,
        "complete": document.partial.is_none(),
        "reason": document.partial,
        "verdicts": verdicts.collect::<Vec<_>>(),
        "sections": sections.collect::<Vec<_>>(),
        "notes": document.notes,
    })
}

/// Formats `value` as a file: indented, with a line feed at the end.
#[must_use]
pub fn bytes(value: &Value) -> Vec<u8> {
    let mut bytes =
        serde_json::to_vec_pretty(value).expect("values have text keys and finite numbers");
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S1, S9: a missing number is null with its reason, in values and in bounds.
    #[test]
    fn no_number_is_made_up() {
        let nan = Figure::estimate(0.5, f64::NAN, 1.0, Unit::Ratio);
        assert_eq!(figure(&nan), json!({ "value": null, "reason": "not finite" }));
        let few = cell(&Cell::missing("n_eff 412 < 1000"));
        assert_eq!(few, json!({ "value": null, "reason": "n_eff 412 < 1000" }));
        assert_eq!(number(f64::INFINITY), Value::Null);
    }

    /// D8: a number reads back to the same bits.
    #[test]
    fn numbers_keep_their_bits() {
        for value in [0.1, 1.0 / 3.0, 5e-324, f64::MAX, -1e-7] {
            let text = bytes(&number(value));
            let back: f64 = serde_json::from_slice(&text).unwrap();
            assert_eq!(back.to_bits(), value.to_bits());
        }
    }
}
