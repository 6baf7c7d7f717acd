//! The words of a drawing: names, sorts, utilisation, and what a loss takes down.
//!
//! In: nodes of a [`System`]. Out: text for boxes, tooltips and the list. Holds: a printed share
//! lies in the step of its colour.

use crate::convert::whole;
use crate::plan::drawing::arrows::Carries;
use crate::plan::drawing::{Busy, Form, Load, Node, Single, System};
use crate::plan::load::Resource;
use crate::report::document::{Figure, Rounding, Unit};
use crate::report::number;
use crate::scenario::render::list as in_words;

/// Lower bounds of the steps of utilisation, and the words for each step.
pub const STEPS: [(f64, &str); 5] = [
    (0.0, "below 50 %"),
    (0.5, "50 to 70 %"),
    (0.7, "70 to 85 %"),
    (0.85, "85 to 100 %"),
    (1.0, "overloaded"),
];

/// Meaning of the sign on single points of failure.
pub const SINGLE: &str = "single point of failure";

/// Word for a member that waits to take over.
pub const STANDBY: &str = "standby";

/// Mark of the resource that saturates first.
pub const FIRST: &str = "saturates first";

/// Largest number of names in a tooltip.
const MOST_NAMES: usize = 12;

/// Returns the step of a utilisation.
#[must_use]
pub fn step(share: f64) -> usize {
    STEPS.iter().rposition(|(least, _)| share >= *least).unwrap_or(0)
}

/// Returns the name of a node with the number of members like it.
#[must_use]
pub fn title(node: &Node) -> String {
    match (node.form, node.count) {
        (Form::Rest, count) => format!("and {} more", number::count(count as u64)),
        (_, 0 | 1) => node.name.clone(),
        (_, count) => format!("{} ×{}", node.name, number::count(count as u64)),
    }
}

/// Returns the sort of a node, and the zone that is drawn with it.
#[must_use]
pub fn sort(node: &Node) -> String {
    let word = if node.form == Form::Rest { plural(&node.word) } else { node.word.clone() };
    let word = if node.standby { format!("{STANDBY} {word}") } else { word };
    match (&node.zone, node.carries_all_of) {
        (Some(zone), _) => format!("{word} in zone {zone}"),
        (None, Some(around)) => format!("all traffic of the {around}"),
        // A name that only repeats the sort needs no second line.
        (None, None) if word == node.name => String::new(),
        (None, None) => word,
    }
}

fn plural(word: &str) -> String {
    match word {
        _ if word.ends_with('s') => word.to_string(),
        _ if word.ends_with("ch") => format!("{word}es"),
        _ => format!("{word}s"),
    }
}

/// Returns the heading of a box.
#[must_use]
pub fn heading(node: &Node) -> String {
    let first = if node.saturates_first { format!(", {FIRST}") } else { String::new() };
    format!("{} {}{first}", node.word, title(node))
}

/// Returns the names of all single points of failure, each once with its sort and its hosts.
#[must_use]
pub fn singles(system: &System) -> Vec<String> {
    let name = |single: &Single| {
        let hosts: Vec<String> =
            single.hosts.iter().map(|(word, name)| format!("{word} {name}")).collect();
        let hosts = match hosts.as_slice() {
            [] => String::new(),
            hosts => format!(" (on {})", hosts.join(", ")),
        };
        format!("{} {}{hosts}", single.word, single.name)
    };
    system.singles.iter().map(name).collect()
}

/// Lists the single points of failure in a sentence.
#[must_use]
pub fn points(system: &System) -> String {
    let singles = singles(system);
    match singles.as_slice() {
        [] => "There is no single point of failure.".into(),
        [one] => format!("The only single point of failure: {one}."),
        all => format!("{} single points of failure: {}.", all.len(), list(all)),
    }
}

/// Returns the utilisation of a node in a few words.
#[must_use]
pub fn busy(node: &Node) -> Option<String> {
    let busy = node.busy.as_ref()?;
    let (resource, percent) = (resource(busy.resource), percent(busy.share));
    Some(match node.form {
        // In a heading there is little space.
        Form::Place => percent,
        // `disks` are busy themselves.
        _ if resource == node.word => format!("{percent} busy"),
        _ => format!("{resource} {percent}"),
    })
}

const fn resource(resource: Resource) -> &'static str {
    match resource {
        Resource::Cpu => "processor",
        Resource::Baseline => "baseline",
        Resource::Disks => "disks",
        Resource::Head => "head",
        Resource::Uplink | Resource::Link => "link",
        Resource::Servers => "servers",
        Resource::Row => "row",
    }
}

/// Returns a share in percent for a box: few digits, as in the tables. A share just below the next step of colour keeps
/// the digits that show it.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        0.0 => "0\u{a0}%".to_string(),
        _ if percent < 1.0 => "<1\u{a0}%".to_string(),
        _ if percent < 10.0 => format!("{}\u{a0}%", (percent * 10.0).round() / 10.0),
        _ => {
            let shown = percent.round();
            let shown = if step(shown / 100.0) == step(share) { shown } else { percent.floor() };
            format!("{}\u{a0}%", number::count(whole::u64(shown)))
        }
    }
}

/// Returns the utilisation with load and capacity.
#[must_use]
pub fn busy_in_full(busy: &Busy) -> String {
    let (factor, unit) = match busy.resource {
        Resource::Cpu | Resource::Baseline => (1.0, Unit::Other("cores".into())),
        Resource::Disks => (1.0, Unit::Other("operations/s".into())),
        Resource::Head => (1.0, Unit::Other("heads".into())),
        Resource::Uplink | Resource::Link => (8.0, Unit::BitsPerSecond),
        Resource::Servers => (1.0, Unit::Other("servers".into())),
        Resource::Row => (1.0, Unit::Other("writes".into())),
    };
    let capacity = number::figure(&Figure::exact(busy.capacity * factor, unit.clone()));
    let load = number::figure(&Figure::exact(busy.load * factor, unit));
    let share = number::figure(&Figure::exact(busy.share, Unit::Ratio).rounded(Rounding::Down));
    format!("{}: {share} busy, {load} of {capacity}", busy.name)
}

/// Returns the place of a node: `in server twin, rack r, site main`; empty outside of all places.
#[must_use]
pub fn place(system: &System, node: usize) -> String {
    let around: Vec<String> = system.around(node).map(|at| heading(&system.nodes[at])).collect();
    if around.is_empty() { String::new() } else { format!("in {}", around.join(", ")) }
}

/// Returns the sentence on what the loss of a single point takes down; empty for any other node.
#[must_use]
pub fn loss(node: &Node) -> String {
    match node.takes_down.as_slice() {
        [] => String::new(),
        names => format!("{SINGLE}: its loss takes {} down", list(names)),
    }
}

/// Returns the tooltip of a node, one fact per line.
#[must_use]
pub fn hover(system: &System, at: usize) -> String {
    let node = &system.nodes[at];
    let mut lines = vec![format!("{} {}", sort_or_word(node), title(node))];
    lines.push(place(system, at));
    lines.extend(node.busy.as_ref().map(busy_in_full));
    lines.extend(node.saturates_first.then(|| FIRST.to_string()));
    let inside: Vec<String> =
        node.children.iter().map(|child| title(&system.nodes[*child])).collect();
    if !inside.is_empty() {
        lines.push(format!("with it fail {}", list(&inside)));
    }
    if !node.unused.is_empty() {
        lines.push(format!("not used: {}", list(&node.unused)));
    }
    lines.push(loss(node));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// Returns the sort of a node, also where its name repeats it.
#[must_use]
pub fn sort_or_word(node: &Node) -> String {
    let sort = sort(node);
    if sort.is_empty() { node.word.clone() } else { sort }
}

/// Joins names; of many, the first.
#[must_use]
pub fn list(names: &[String]) -> String {
    let more = names.len().saturating_sub(MOST_NAMES);
    let mut shown: Vec<String> = names.iter().take(MOST_NAMES).cloned().collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    in_words(&shown)
}

/// Returns the words for the content of an arrow.
#[must_use]
pub const fn carries(carries: Carries) -> &'static str {
    match carries {
        Carries::Requests => "requests",
        Carries::Data => "reads and writes of storage",
        Carries::Replication => "replication",
        Carries::Network => "link between sites",
        Carries::Health => "counts",
        Carries::Repairs => "repairs",
        Carries::Members => "launches and removals",
        Carries::Power => "power",
    }
}

/// Returns the words for the load of the drawing.
#[must_use]
pub fn load(system: &System) -> String {
    let how = if system.measured { "measured" } else { "computed" };
    let when = match &system.load {
        Load::Window(name, None) => format!("in the window {name}"),
        Load::Window(name, Some(level)) => {
            let level = number::figure(&Figure::exact(*level, Unit::PerSecond));
            format!("in the window {name}, {level}")
        }
        Load::Mean => "at the mean rates".to_string(),
    };
    format!("utilisation {how} {when}")
}
