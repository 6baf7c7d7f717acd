//! The reference pages of the language and of its diagnostics, as Markdown.
//!
//! They are generated from the declared keys, so that they agree with the reader.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::code::Code;
use super::law::DISTS;
use super::spec::{KeyDoc, doc_text};
use super::value::{KeyShape, Shape};

/// Returns the page of a file of shape `root`: a section for each of its keys, then each record used in them once,
/// then the distributions.
#[must_use]
pub fn page(title: &str, root: &Shape) -> String {
    let mut page =
        Page { text: format!("# {title}\n"), waiting: Vec::new(), done: BTreeSet::new() };
    if let Shape::Table { keys, .. } = root {
        page.sections(&keys());
    }
    while let Some(Shape::Table { name, doc, keys }) = page.waiting.pop() {
        if page.done.insert(name) {
            page.heading(3, &format!("Table `{name}`"), doc);
            page.keys(&keys());
        }
    }
    page.laws();
    page.text
}

/// Returns the page of all diagnostics.
#[must_use]
pub fn codes_page() -> String {
    let mut text = String::from("| code | class | meaning |\n|---|---|---|\n");
    for code in Code::ALL {
        line(&mut text, &[code.id(), code.word(), code.title()]);
    }
    text
}

fn line(text: &mut String, cells: &[&str]) {
    text.push('|');
    for cell in cells {
        write!(text, " {} |", cell.replace('|', "\\|")).expect("a string takes all");
    }
    text.push('\n');
}

struct Page {
    text: String,
    /// Records that are referenced but not described yet.
    waiting: Vec<Shape>,
    done: BTreeSet<&'static str>,
}

impl Page {
    fn heading(&mut self, level: usize, title: &str, doc: &str) {
        let marks = "#".repeat(level);
        let doc = doc_text(&doc.lines().collect::<Vec<_>>());
        write!(self.text, "\n{marks} {title}\n\n{doc}\n").expect("a string takes all");
    }

    fn sections(&mut self, keys: &[KeyDoc]) {
        let is_section = |shape: &Shape| match shape {
            Shape::Table { .. } => true,
            Shape::Named(_, of) | Shape::List(of) => matches!(**of, Shape::Table { .. }),
            _ => false,
        };
        let plain: Vec<_> = keys.iter().filter(|key| !is_section(&key.shape)).cloned().collect();
        if !plain.is_empty() {
            self.keys(&plain);
        }
        for section in keys.iter().filter(|key| is_section(&key.shape)) {
            let key = &section.key;
            let (title, shape) = match &section.shape {
                Shape::Named(_, of) => (format!("`[{key}.<name>]`"), &**of),
                Shape::List(of) => (format!("`[[{key}]]`"), &**of),
                other => (format!("`[{key}]`"), other),
            };
            self.heading(2, &title, &section.doc);
            if let Shape::Table { name, keys, .. } = shape {
                self.done.insert(name);
                self.keys(&keys());
            }
        }
    }

    fn keys(&mut self, keys: &[KeyDoc]) {
        self.text.push_str("\n| key | holds | default | meaning |\n|---|---|---|---|\n");
        for key in keys {
            let default = match (key.default, key.required) {
                (Some(default), _) => format!("`{default}`"),
                (None, true) => "required".to_string(),
                (None, false) => String::new(),
            };
            let mut holds = self.holds(&key.shape);
            if let Some(limit) = &key.limit {
                write!(holds, ", {}", limit.text).expect("a string takes all");
                if let Some(because) = &limit.because {
                    write!(holds, " ({because})").expect("a string takes all");
                }
            }
            line(&mut self.text, &[&format!("`{}`", key.key), &holds, &default, &key.doc]);
        }
    }

    /// Describes the values of a shape in words; records in it are queued for a description of their own.
    fn holds(&mut self, shape: &Shape) -> String {
        let words = match shape {
            Shape::SimDuration => "duration, `\"250ms\"`",
            Shape::Bytes => "size, `\"64GiB\"`",
            Shape::Bandwidth => "bandwidth, `\"100Mbit/s\"`",
            Shape::Rate => "rate, `\"20/s\"`",
            Shape::Money => "money, `\"$250/month\"`",
            Shape::Level => "rate, `\"40/s\"`, or a multiple of the workload's, `\"1.5 x rate\"`",
            Shape::SizePrice => "price per size, `\"$0.30/GB\"`",
            Shape::Watts => "power, `\"110W\"`",
            Shape::CarbonIntensity => "carbon intensity, `\"350g/kWh\"`",
            Shape::EnergyPrice => "price of energy, `\"$0.12/kWh\"`",
            Shape::Probability => "probability, `0.9995` or `\"99.95%\"`",
            Shape::Count => "whole number",
            Shape::Factor => "number",
            Shape::Boolean => "`true` or `false`",
            Shape::Text => "text",
            Shape::Name => "name",
            Shape::Reference => "name of a component",
            Shape::Law(unit) => {
                let unit = self.holds(unit);
                return format!("[law](#laws) of: {unit}");
            }
            Shape::Word(words) => {
                let each = words.iter().map(|word| {
                    let doc = word.doc.trim().trim_end_matches('.');
                    format!("`\"{}\"` ({doc})", word.spellings.join("\"` or `\""))
                });
                return each.collect::<Vec<_>>().join(", ");
            }
            Shape::Given(of) => return self.holds(of),
            Shape::List(of) => return format!("list of: {}", self.holds(of)),
            Shape::Named(keys, of) => {
                let from = match keys {
                    KeyShape::Name => "names",
                    KeyShape::Reference => "names of components",
                    KeyShape::Text => "texts",
                };
                return format!("table from {from} to: {}", self.holds(of));
            }
            Shape::Table { name, .. } => {
                self.waiting.push(shape.clone());
                return format!("[{name}](#table-{})", name.to_lowercase());
            }
            Shape::Either(shapes) => {
                let each: Vec<_> = shapes.iter().map(|shape| self.holds(shape)).collect();
                return each.join(" or ");
            }
        };
        words.to_string()
    }

    fn laws(&mut self) {
        self.heading(
            2,
            "Laws",
            "A plain value is a constant; otherwise a table with `dist` and these parameters. \
             Those in brackets may be left out or stand for one another.",
        );
        self.text.push_str("\n| `dist` | parameters | meaning |\n|---|---|---|\n");
        for dist in DISTS {
            let parameters = dist.parameters.iter().map(|(key, _, needed)| {
                if *needed { format!("`{key}`") } else { format!("[`{key}`]") }
            });
            let parameters = parameters.collect::<Vec<_>>().join(", ");
            line(&mut self.text, &[&format!("`\"{}\"`", dist.name), &parameters, dist.doc]);
        }
    }
}
