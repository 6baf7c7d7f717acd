//! The drawing in words: the same boxes and arrows as a nested list.
//!
//! In: a [`System`]. Out: lines, indented by the depth of the box. Holds: every node and every arrow of the drawing is
//! in the list.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::label;
use crate::plan::drawing::{Form, System};
use crate::report::text::visible;

/// Returns the list.
#[must_use]
pub fn list(system: &System) -> String {
    let mut out = format!("{}, {}\n", system.name, label::load(system));
    for root in &system.roots {
        add(system, *root, 0, &mut out);
    }
    out.push_str(&label::points(system));
    out.push('\n');
    visible_text(&out)
}

fn visible_text(text: &str) -> String {
    text.lines().map(|line| visible(line) + "\n").collect()
}

fn add(system: &System, at: usize, depth: usize, out: &mut String) {
    let node = &system.nodes[at];
    let indent = "  ".repeat(depth);
    let (sort, title) = (label::sort(node), label::title(node));
    let head = match node.form {
        Form::Rest => format!("{title} {sort}"),
        // A name that repeats the sort is printed once.
        _ if sort.is_empty() => title,
        _ => format!("{sort} {title}"),
    };
    let _ = write!(out, "{indent}{head}");
    if let Some(busy) = label::busy(node) {
        let _ = write!(out, ", {busy}");
    }
    if !node.takes_down.is_empty() {
        let _ = write!(out, "; {}", label::loss(node));
    }
    if !node.unused.is_empty() {
        let _ = write!(out, "; not used: {}", label::list(&node.unused));
    }
    out.push('\n');
    let mut to: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for one in system.connections.iter().filter(|one| one.from == at) {
        let other = &system.nodes[one.to];
        let title = label::title(other);
        let alone = label::sort(other).is_empty();
        let name = if alone { title } else { format!("{} {title}", other.word) };
        to.entry(one.carries).or_default().push(name);
    }
    for (carries, names) in to {
        let _ = writeln!(out, "{indent}  → {} ({})", names.join(", "), label::carries(carries));
    }
    for child in &node.children {
        add(system, *child, depth + 1, out);
    }
}
