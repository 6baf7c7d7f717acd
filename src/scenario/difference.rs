//! Differences in meaning between two scenarios.
//!
//! In: two canonical forms. Defaults are filled in, units resolved and names sorted, so that spelling, order and
//! units do not matter. Out: the keys whose values differ, each with its path. A part that only one scenario has is
//! one difference.
//! Holds: equal canonical forms have no difference; unequal ones have at least one.
//! Leaves out: moved steps of a list. Equal entries at both ends of a list are skipped, and the rest is compared
//! index by index.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::document::{Data, Document, Item};
use super::render::shown;
use super::source::Span;
use crate::units::Rate;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A key of a table.
    Key(String),
    /// An index into a list, from 0.
    Index(usize),
}

/// A key whose values differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The path in the second scenario; if the key is only in the first, the path there.
    pub way: Vec<Step>,
    /// The value in the first scenario; `None` if it is absent.
    pub old: Option<Json>,
    /// The value in the second scenario; `None` if it is absent.
    pub new: Option<Json>,
}

/// Returns the differences between `old` and `new`, in the order of the canonical form.
#[must_use]
pub fn between(old: &Json, new: &Json) -> Vec<Change> {
    let mut found = Vec::new();
    walk(Some(old), Some(new), &mut Vec::new(), &mut found);
    found
}

fn walk(old: Option<&Json>, new: Option<&Json>, way: &mut Vec<Step>, found: &mut Vec<Change>) {
    // A key without a value and without a default is `null`.
    let given = |value: Option<&Json>| value.filter(|value| !value.is_null()).cloned();
    match (old, new) {
        (Some(Json::Object(a)), Some(Json::Object(b))) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                way.push(Step::Key(key.clone()));
                walk(a.get(key), b.get(key), way, found);
                way.pop();
            }
        }
        (Some(Json::Array(a)), Some(Json::Array(b))) => {
            let least = a.len().min(b.len());
            let front = a.iter().zip(b).take_while(|(a, b)| a == b).count();
            let back = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
            let back = back.min(least - front);
            for at in front..a.len().max(b.len()) - back {
                let within = |list: &[Json]| at < list.len() - back;
                way.push(Step::Index(at));
                let old = a.get(at).filter(|_| within(a));
                walk(old, b.get(at).filter(|_| within(b)), way, found);
                way.pop();
            }
        }
        _ => {
            let (old, new) = (given(old), given(new));
            if old != new {
                found.push(Change { way: way.clone(), old, new });
            }
        }
    }
}

impl Change {
    /// Returns the path in the syntax of `--set`: `workload.pages.rate`, `request.page.steps[2].read`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.way {
            match step {
                Step::Key(key) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
                    if !key.is_empty() && key.chars().all(bare) {
                        path.push_str(key);
                    } else {
                        path.push_str(&format!("\"{}\"", shown(key)));
                    }
                }
                Step::Index(at) => {
                    write!(path, "[{at}]").expect("a string takes all");
                }
            }
        }
        path
    }

    /// Returns both values as text; `None` for an absent one. The texts differ whenever the values do.
    #[must_use]
    pub fn values(&self) -> (Option<String>, Option<String>) {
        let print = |plain: bool| {
            let text = |value: &Option<Json>| value.as_ref().map(|value| inline(value, plain));
            (text(&self.old), text(&self.new))
        };
        let (old, new) = print(false);
        // Digits are rounded for people, unless the rounding hides the difference.
        if old == new { print(true) } else { (old, new) }
    }

    /// Returns the place of the key in `document`, or of its nearest ancestor. Returns `None` if the file has no part
    /// of the path or a flag has set it.
    #[must_use]
    pub fn place(&self, document: &Document) -> Option<Span> {
        let in_the_file = |span: &Span| document.source.place(*span).file == document.source.name();
        let mut item: &Item = &document.root;
        let mut best = None;
        for step in &self.way {
            let next = match (step, &item.data) {
                (Step::Key(key), Data::Table(table)) => {
                    let entry = table.entries.iter().find(|entry| entry.key == *key);
                    entry.map(|entry| (entry.key_span, &entry.item))
                }
                (Step::Index(at), Data::List(items)) => {
                    items.get(*at).map(|item| (item.span, item))
                }
                _ => None,
            };
            let Some((span, below)) = next else { break };
            if in_the_file(&span) {
                best = Some(span);
            }
            item = below;
        }
        best
    }
}

/// Formats a value on one line as in a scenario file, without quotes around texts. With `to_the_bit`, digits are not
/// rounded.
#[must_use]
pub fn inline(value: &Json, to_the_bit: bool) -> String {
    match value {
        Json::String(text) if to_the_bit => shown(text),
        Json::String(text) => shown(&rate(text).unwrap_or_else(|| text.clone())),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| inline(item, to_the_bit)).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(entries) => {
            let given = entries.iter().filter(|(_, value)| !value.is_null());
            let all: Vec<String> = given
                .map(|(key, value)| format!("{} = {}", shown(key), inline(value, to_the_bit)))
                .collect();
            if all.is_empty() { "{}".into() } else { format!("{{ {} }}", all.join(", ")) }
        }
        other => other.to_string(),
    }
}

/// Formats a value exactly; a low rate is given per year if that is exact.
#[must_use]
pub fn exact(value: &Json) -> String {
    let (short, long) = (inline(value, false), inline(value, true));
    let says = |rate: Rate| format!("{}/s", rate.in_per_second()) == long;
    if Rate::parse(&short).is_ok_and(says) { short } else { long }
}

/// Converts a rate below 0.001 per second to a rate per year with six digits, as suits failures.
fn rate(text: &str) -> Option<String> {
    const YEAR: f64 = 31_536_000.0;
    let per_second: f64 = text.strip_suffix("/s")?.parse().ok()?;
    if per_second <= 0.0 || per_second >= 0.001 {
        return None;
    }
    let digits = format!("{:.5e}", per_second * YEAR).parse::<f64>().ok()?;
    Some(format!("{digits}/y"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(old: &Json, new: &Json) -> Vec<String> {
        let word = |text: Option<String>| text.unwrap_or_else(|| "nothing".into());
        between(old, new)
            .iter()
            .map(|change| {
                let (old, new) = change.values();
                format!("{}: {} → {}", change.path(), word(old), word(new))
            })
            .collect()
    }

    #[test]
    fn a_change_is_named_by_its_path_with_both_values() {
        let old =
            json!({ "zone": { "web": { "cap": "2 cores", "swap": null } }, "run": { "seed": 1 } });
        let new = json!({ "zone": { "web": { "cap": "3 cores", "swap": "1GiB" } }, "run": { "seed": 1 } });
        assert_eq!(
            said(&old, &new),
            ["zone.web.cap: 2 cores → 3 cores", "zone.web.swap: nothing → 1GiB"]
        );
        assert!(said(&old, &old).is_empty());
    }

    /// A part that only one scenario has is one difference; a step inserted at the front is one difference, too.
    #[test]
    fn a_whole_part_and_an_inserted_step_are_one_difference_each() {
        let old = json!({ "zone": {}, "steps": [{ "a": 1 }, { "b": 2 }] });
        let new = json!({ "zone": { "x y": { "cap": "1 core" } }, "steps": [{ "c": 3 }, { "a": 1 }, { "b": 2 }] });
        assert_eq!(
            said(&old, &new),
            ["steps[0]: nothing → { c = 3 }", "zone.\"x y\": nothing → { cap = 1 core }"]
        );
        assert_eq!(said(&new, &old)[0], "steps[0]: { c = 3 } → nothing");
        assert_eq!(said(&json!([1, 1]), &json!([1, 1, 1])), ["[2]: nothing → 1"]);
    }

    /// Fault rates are printed per year; a difference in the last digit only is still visible.
    #[test]
    fn what_differs_is_never_printed_the_same() {
        let rate = |text: &str| json!({ "rate": text });
        let (one, two) = (rate("0.00000038051750380517503/s"), rate("0.00000038051750380517504/s"));
        assert_eq!(said(&one, &rate("0.00000006341958396752917/s")), ["rate: 12/y → 2/y"]);
        assert_eq!(
            said(&one, &two),
            ["rate: 0.00000038051750380517503/s → 0.00000038051750380517504/s"]
        );
    }
}
