//! Bencher Metric Format: one object per figure, with its metric as the measure.
//!
//! Source: Bencher, “Bencher Metric Format (BMF)”: benchmark → measure → `value`, `lower_value`, `upper_value`.

use serde_json::{Map, Value, json};

use super::Entry;
use crate::report::json::{bytes, number};

/// Returns the whole document.
pub(super) fn text(entries: &[Entry<'_>]) -> String {
    let mut all = Map::new();
    for entry in entries {
        let mut metric = Map::new();
        metric.insert("value".into(), number(entry.value));
        if let Some((low, high)) = entry.interval() {
            metric.insert("lower_value".into(), number(low));
            metric.insert("upper_value".into(), number(high));
        }
        let benchmark = format!("{}: {}", entry.scenario, entry.path);
        all.insert(benchmark, json!({ entry.figure.metric.id(): metric }));
    }
    String::from_utf8_lossy(&bytes(&Value::Object(all))).into_owned()
}
