//! Entries of `github-action-benchmark`, for its tools `customSmallerIsBetter` and `customBiggerIsBetter`.
//!
//! Source: benchmark-action/github-action-benchmark, “Custom benchmarks”: `name`, `unit`, `value`, `range`, `extra`.

use serde_json::{Value, json};

use super::Entry;
use crate::report::json::{bytes, number};

/// Returns the whole document.
pub(super) fn text(entries: &[Entry<'_>]) -> String {
    let entry = |entry: &Entry<'_>| {
        let mut object = json!({
            "name": format!("{}: {}", entry.scenario, entry.path),
            "unit": entry.record.unit,
            "value": number(entry.value),
        });
        if let Some((low, high)) = entry.interval() {
            // An interval need not lie evenly around the value.
            object["range"] = format!("{low} to {high}").into();
            if let Some(level) = entry.record.level {
                object["extra"] = format!("{} % interval", level * 100.0).into();
            }
        }
        object
    };
    let all: Vec<Value> = entries.iter().map(entry).collect();
    String::from_utf8_lossy(&bytes(&Value::Array(all))).into_owned()
}
