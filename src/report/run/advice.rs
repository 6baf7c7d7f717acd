//! The causes of failure and saturation on the first screen, the largest first, each with the remedy that the plan
//! knows.
//!
//! In: causes of downtime, the parts that each fault strikes, headroom after single losses, and the drawn system. Holds:
//! causes that are not named are summed, with the largest of them; a remedy follows from single points of failure and
//! from the kind of the saturated resource alone.

use super::lead::{Carried, ceiling, times};
use crate::plan::drawing::{Form, Node, System};
use crate::plan::load::Resource;
use crate::report::answer::{aftermath, downtime, list, percent};
use crate::report::document::Fact;
use crate::report::drawing::label;
use crate::report::number::count;
use crate::study::results::{LossRow, Results, SpareRows, StrikeRow};
use crate::study::summary::{Down, Summary};
use crate::study::window::Estimate;

/// Number of causes that are named.
const CAUSES: usize = 3;
/// Number of losses after which page views stay lost that are named.
const AFTERMATHS: usize = 2;
/// Number of single points of failure that are named.
const POINTS: usize = 6;

/// Returns the causes of the downtime, with their shares and remedies.
pub(super) fn causes(results: &Results, down: &Down) -> Vec<Fact> {
    let known = |seconds: &Estimate| seconds.value().filter(|value| *value > 0.0);
    let all: Vec<(&String, f64, &Estimate)> =
        down.causes.iter().filter_map(|(name, of)| Some((name, known(of)?, of))).collect();
    let whole: f64 = down.per_year.value().unwrap_or(0.0);
    let named = all.iter().take(CAUSES).map(|(name, value, of)| {
        let strike = results.why.strikes.iter().find(|row| row.fault == **name);
        let remedy = strike.map(|row| format!(": {}", remedy(row)));
        let share = part(*value, whole);
        Fact::plain(name, format!("{} ({share}){}", downtime(of), remedy.unwrap_or_default()))
    });
    let mut facts: Vec<Fact> = named.collect();
    let rest = &all[all.len().min(CAUSES)..];
    if let Some((first, _, largest)) = rest.first() {
        let sum: f64 = rest.iter().map(|(_, value, _)| value).sum();
        let share = part(sum, whole);
        let largest = downtime(largest);
        // The value has the digits that its interval supports; the interval is in the table.
        let largest = largest.split("\u{a0}±").next().unwrap_or_default();
        let largest = largest.split("\u{a0}(").next().unwrap_or_default();
        let text = match rest.len() {
            1 => format!("{first}: {largest} ({share})"),
            several => format!(
                "{} ({share}): {} causes, the largest {first}, {largest}",
                downtime(&Estimate::Single(sum)),
                count(several as u64),
            ),
        };
        facts.push(Fact::plain("others", text));
    }
    facts
}

/// Formats a share of the downtime in whole percent.
pub(super) fn part(value: f64, whole: f64) -> String {
    percent((value / whole.max(f64::MIN_POSITIVE) * 100.0).round() / 100.0)
}

/// Describes what a fault strikes, and what would remove its downtime.
fn remedy(row: &StrikeRow) -> String {
    // The word of a part that is a set already.
    let word = if row.word == "disks" { "set of disks" } else { row.word };
    match row.singles.as_slice() {
        _ if row.together && row.parts > 1 => {
            let all = count(row.parts as u64);
            let members = match &row.group {
                Some(group) => format!("members of {group}"),
                None => plural(word),
            };
            let all = if row.parts == 2 { "both".into() } else { format!("all {all}") };
            format!("strikes {all} {members} at once; more would not help")
        }
        _ if row.together => {
            format!("strikes every {word} at once; a second one would not help")
        }
        [] if row.parts == 1 && row.word == "link" => {
            "what it cuts off is served without it; down until then, and in overlapping failures"
                .into()
        }
        [] if row.parts == 1 => {
            format!("another {word} takes over; down until then, and in overlapping failures")
        }
        [] => "others take over; down until then, and in overlapping failures".into(),
        [only] if row.alike == 1 => {
            format!("{only} is the only {word}; a second one would remove it")
        }
        [only] => {
            format!("{only} is a single point of failure; a {word} that takes over would remove it")
        }
        several => {
            let named: Vec<String> = several.iter().take(POINTS).cloned().collect();
            let named = match several.len() - named.len() {
                0 => list(&named),
                more => format!("{} and {more} more", named.join(", ")),
            };
            format!(
                "{named} are single points of failure; {} that take over would remove it",
                plural(word)
            )
        }
    }
}

fn plural(word: &str) -> String {
    match word {
        "set of disks" => "sets of disks".into(),
        _ if word.ends_with("ch") || word.ends_with('s') => format!("{word}es"),
        _ => format!("{word}s"),
    }
}

/// Returns the resource that saturates first, with its remedy.
pub(super) fn bottleneck(results: &Results, carried: &Carried) -> Fact {
    let remedy = raise(&results.system, &carried.name);
    let remedy = remedy.map_or_else(String::new, |remedy| format!(": {remedy}"));
    let (name, at, of) = (&carried.name, ceiling(carried.at), &carried.of);
    let text = format!("{name} saturates first, at {at}{of}{remedy}");
    Fact::plain("bottleneck", text)
}

/// Number of classes that are listed by name.
const LISTED: usize = 3;

/// Says of which classes a rate is at which a level, as it grows, saturates something.
pub(super) fn of_classes(spare: &SpareRows) -> String {
    let (each, count) = (spare.is_of_each, spare.classes.len());
    match (count, each) {
        (0, _) => String::new(),
        (1, _) => format!(" of {}", spare.classes[0]),
        (_, true) if count <= LISTED => format!(" of each of {}", list(&spare.classes)),
        (_, false) if count <= LISTED => format!(" of {} together", list(&spare.classes)),
        (_, true) => format!(" of each of {count} classes"),
        (_, false) => format!(" of {count} classes together"),
    }
}

/// Returns the way to raise the capacity of a resource.
fn raise(system: &System, resource: &str) -> Option<String> {
    // Members that are alike are one box, with the resource of the first.
    let group = |name: &str| {
        let (part, rest) = name.split_once('.').unwrap_or((name, ""));
        format!("{}.{rest}", stem(part))
    };
    let is_it = |name: &str| name == resource || group(name) == group(resource);
    let has = |node: &&Node| node.busy.as_ref().is_some_and(|busy| is_it(&busy.name));
    let place = |node: &&Node| node.form == Form::Place;
    let found = system.nodes.iter().filter(has);
    // The process is named rather than the box in which it runs.
    let node = found.clone().find(|node| !place(node)).or_else(|| found.clone().next())?;
    let name = stem(&node.name);
    let busy = node.busy.as_ref()?;
    Some(match busy.resource {
        Resource::Cpu | Resource::Baseline => match (&node.zone, node.word.as_str()) {
            (Some(zone), _) if busy.is_scaled => {
                format!("raise the `maximum` of its scaler or the cap of zone {}", stem(zone))
            }
            (Some(zone), "service") => {
                format!("add a member to {name} or raise the cap of zone {}", stem(zone))
            }
            (Some(zone), _) => format!("raise the cap of zone {}", stem(zone)),
            (None, word) => format!("give {word} {name} more cores, or add one like it"),
        },
        Resource::Disks => "give it more or faster disks".into(),
        Resource::Head => "add a head, or one that needs less time per operation".into(),
        Resource::Uplink => "add an uplink or raise its bandwidth".into(),
        Resource::Servers => "add servers to it".into(),
        Resource::Row => "spread its writes over more rows, or hold a row for less time".into(),
        Resource::Link => "raise its bandwidth, or send less over it".into(),
    })
}

/// Lists the single points of failure, the other losses after which page views stay lost, and the capacity after the
/// worst other loss.
pub(super) fn losses(results: &Results, summary: &Summary) -> Vec<Fact> {
    let spare = results.why.spare.as_ref();
    // Where nothing can fail, no loss is reported.
    let spare = spare.filter(|_| results.years.is_some() || !results.breaks.is_empty());
    let rows = spare.map_or(&[][..], |spare| &spare.rows);
    let losses: Vec<&LossRow> = rows.iter().filter(|row| row.spare.lost.is_some()).collect();
    let name = |row: &LossRow| format!("{} {}", row.kind, row.spare.lost.as_deref().unwrap_or(""));
    let ends = label::singles(&results.system);
    let carried = |row: &LossRow| row.spare.carries.as_ref().map(|(_, carried)| *carried);
    let mut facts = Vec::new();
    let shown = ends.len().min(POINTS);
    let points = match ends.len() {
        0 if losses.is_empty() => None,
        0 => Some("no single loss ends service".to_string()),
        _ if shown < ends.len() => {
            Some(format!("{} and {} more", ends[..shown].join(", "), ends.len() - shown))
        }
        _ => Some(list(&ends)),
    };
    facts.extend(points.map(|text| Fact::plain("single points", text)));
    let several = summary.subjects.len() > 1;
    let aftermaths =
        summary.subjects.iter().flat_map(|of| of.aftermaths.iter().map(move |one| (of, one)));
    facts.extend(aftermaths.take(AFTERMATHS).map(|(of, one)| {
        let row = losses.iter().find(|row| row.spare.lost.as_deref() == Some(one.name.as_str()));
        let left = row.and_then(|row| carried(row)).map(|left| {
            // What is left is the rate of all classes, the level that of one: each in proportion to its peak.
            let grows = spare.zip(of.peak.as_ref()).zip(one.level);
            let enough = grows.is_some_and(|((spare, (peak, _)), level)| {
                spare.level > 0.0 && *peak > 0.0 && left / spare.level > level / peak
            });
            let classes = spare.filter(|_| several).map(of_classes).unwrap_or_default();
            let left = ceiling(left);
            if enough {
                format!(", although what is left could carry {left}{classes} if nothing queued")
            } else {
                format!("; what is left carries {left}{classes}")
            }
        });
        let text = aftermath(std::slice::from_ref(one)).unwrap_or_default();
        Fact::plain("stays lost", format!("{text}{}", left.unwrap_or_default()))
    }));
    let Some(spare) = spare else { return facts };
    let worst = losses.iter().filter(|row| row.spare.serves);
    if let Some((lost, carried)) = worst.filter_map(|row| Some((name(row), carried(row)?))).next() {
        let factor = times(carried / spare.level);
        let of = if several { of_classes(spare) } else { String::new() };
        let text = format!(
            "without {lost} the first resource saturates at {}{of}, {factor} times the peak",
            ceiling(carried)
        );
        facts.push(Fact::plain("next loss", text));
    }
    facts
}

/// Returns a name without the number of the member.
fn stem(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((stem, number)) if number.bytes().all(|letter| letter.is_ascii_digit()) => stem,
        _ => name,
    }
}
