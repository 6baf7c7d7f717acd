//! Changes since the results that a run has replaced: keys of the scenario, and figures that moved.

use std::path::Path;

use serde_json::{Map, Value as Json};

use super::differences::{Side, changes};
use super::error::Error;
use super::results::Results;
use crate::report::difference::words;
use crate::report::document::Figure;
use crate::report::json::unit_named;
use crate::report::number;
use crate::report::text::{Terminal, visible};
use crate::scenario::render::{shown, wrap};

/// Number of keys that are named.
const KEYS: usize = 3;
/// Number of figures that are named.
const FIGURES: usize = 6;
/// Figures of the answer, by the start and the end of their paths before the window; between them stands a class. Of each the one
/// that moved most is named first.
const OF_ANSWER: [(&str, &str); 5] =
    [("downtime.", ""), ("request.", ""), ("latency.", ".p95"), ("capacity.", ""), ("cost.", "")];

/// Returns whether a figure is one of the answer: of a whole class, or the bill.
fn is_of_answer(path: &str, (start, end): (&str, &str), all: &Map<String, Json>) -> bool {
    let figure = path.split(['@', '[']).next().unwrap_or(path);
    let name = figure.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
    let is_class = |name: &str| {
        let latency = format!("latency.{name}.");
        all.keys().any(|key| key.starts_with(&latency))
    };
    // Selections are parts of a figure; that of a capacity is its objective.
    let is_whole = start == "capacity." || !path.contains('[');
    is_whole && name.is_some_and(|name| start == "cost." || is_class(name))
}

/// Formats the changes since the results in `previous`: where those are kept, the keys that differ, the figures whose
/// intervals no longer meet.
///
/// # Errors
///
/// The kept results cannot be read.
pub(crate) fn since(previous: &Path, now: &Results, terminal: Terminal) -> Result<String, Error> {
    let place = shown(&previous.display().to_string());
    let mut lines = vec![format!("the results before are kept in {place}")];
    let before = Side::open(previous)?;
    let after = Side::of_results(now.scenario().to_string(), now);
    let changed = changes(&before, &after);
    let said = |change: &_| words(change, ["the results before", "these"]);
    let mut keys: Vec<String> = changed.iter().take(KEYS).map(said).collect();
    let left = changed.len().saturating_sub(KEYS);
    if left > 0 {
        keys.push(format!("and {left} more keys"));
    }
    lines.push(match keys.is_empty() {
        true => "changed: no key of the scenario; flags or version differ".into(),
        false => format!("changed: {}", keys.join("; ")),
    });
    let bytes = std::fs::read(previous.join("summary.json")).unwrap_or_default();
    let old: Json = serde_json::from_slice(&bytes).unwrap_or_default();
    let new = now.output().set.file("summary.json").unwrap_or_default();
    let new: Json = serde_json::from_slice(new).unwrap_or_default();
    lines.extend(moved(&old["figures"], &new["figures"]));
    let mut out = String::new();
    for line in lines {
        let text = terminal.letters.spell(&visible(&line));
        for part in wrap(&text, usize::from(terminal.width)) {
            out.push_str(&part);
            out.push('\n');
        }
    }
    Ok(out)
}

/// Names the figures whose intervals are apart: those of the answer, then those that moved most in proportion.
fn moved(old: &Json, new: &Json) -> Option<String> {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return None };
    let number = |figure: &Json, key: &str| figure[key].as_f64();
    let mut all: Vec<(f64, &str, String)> = Vec::new();
    for (path, is) in new {
        let Some(was) = old.get(path) else { continue };
        let (Some(a), Some(b)) = (number(was, "value"), number(is, "value")) else { continue };
        let bounds = |figure: &Json, value: f64| {
            (number(figure, "low").unwrap_or(value), number(figure, "high").unwrap_or(value))
        };
        let (one, two) = (bounds(was, a), bounds(is, b));
        if one.1 < two.0 || two.1 < one.0 {
            let unit = || unit_named(is["unit"].as_str().unwrap_or_default());
            let text = |value: f64| number::figure(&Figure::exact(value, unit()));
            let size = (b - a).abs() / a.abs().max(b.abs());
            all.push((size, path, format!("{path} {} → {}", text(a), text(b))));
        }
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.2.cmp(&b.2)));
    let left = all.len().saturating_sub(FIGURES);
    let mut words: Vec<String> = Vec::new();
    for of in OF_ANSWER {
        let is_it = |(_, path, _): &(f64, &str, String)| is_of_answer(path, of, new);
        if let Some(place) = all.iter().position(is_it) {
            words.push(all.remove(place).2);
        }
    }
    let largest = all.into_iter().take(FIGURES - words.len());
    words.extend(largest.map(|(.., text)| text));
    if left > 0 {
        words.push(format!("and {left} more"));
    }
    Some(match words.is_empty() {
        true => "moved: no figure beyond its interval".into(),
        false => format!("moved: {}", words.join("; ")),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Figures of the answer stand before others that moved more; a figure within its interval is not named.
    #[test]
    fn figures_of_the_answer_that_moved_are_named_first() {
        let figure = |value: f64| json!({"value": value, "low": 0.99 * value, "high": 1.01 * value, "unit": "s"});
        let old = json!({
            "busy.app": figure(1.0), "latency.page.p95@peak": figure(1.0), "latency.page.p95@mean": figure(1.0),
            "downtime.page@horizon": figure(1.0), "downtime.app@horizon": figure(1.0),
            "downtime.page[without=crash]@horizon": figure(1.0), "latency.page-view.p95@peak": figure(1.0),
        });
        let new = json!({
            "busy.app": figure(3.0), "latency.page.p95@peak": figure(1.2), "latency.page.p95@mean": figure(1.1),
            "downtime.page@horizon": figure(1.001), "downtime.app@horizon": figure(9.0),
            "downtime.page[without=crash]@horizon": figure(2.0), "latency.page-view.p95@peak": figure(1.0),
        });
        let said = moved(&old, &new).unwrap();
        let at = |path: &str| said.find(path);
        assert!(said.starts_with("moved: latency.page.p95@peak"), "{said}");
        assert!(at("busy.app").unwrap() < at("latency.page.p95@mean").unwrap(), "{said}");
        assert!(at("downtime.app").unwrap() < at("busy.app").unwrap(), "{said}");
        assert_eq!(at("downtime.page@"), None, "{said}");
        assert!(at("busy.app").unwrap() < at("downtime.page[without").unwrap(), "{said}");
    }
}
