//! The first screen of one scenario: the verdict, five figures, the causes of failure and saturation with their
//! remedies, and the figures that remain.

use super::expected;
use super::verdict::{at_window, sentence};
use super::{Identity, advice, price, share_cell};
use crate::plan::cost::Cost;
use crate::report::answer::{
    aftermath, downtime, estimate, expectations, judgement, list, percent, rate, seconds, served,
    share, whole,
};
use crate::report::document::{Cell, Fact, Figure, Judgement, Lead, Rounding, Tile, Unit};
use crate::report::number;
use crate::report::run::capacity::carries;
use crate::report::text;
use crate::study::results::{CapacityRow, Carries, Results, WindowRows};
use crate::study::summary::{Aim, Down, Goal, InWindow, Subject, Summary, flows_alone, summary};
use crate::study::window::Verdict;

/// Number of other classes with figures of their own.
const CLASSES: usize = 1;
/// Number of verdicts that are listed.
const VERDICTS: usize = 2;
/// Number of further windows with a latency.
const WINDOWS: usize = 3;

/// Level of intervals that goes without saying.
const USUAL_LEVEL: f64 = 0.95;

/// The resource that saturates first.
pub(super) struct Carried {
    /// Its name.
    pub(super) name: String,
    /// The rate that saturates it, per second.
    pub(super) at: f64,
    /// The classes that have this rate, where there are several: ` of page and order together`.
    pub(super) of: String,
}

/// Returns the sentence that a quick run has beside its answer.
fn quick(has_windows: bool) -> String {
    let what = if has_windows { " and a part of each steady window" } else { "" };
    format!("This is a quick run: it has few replications{what}.")
}

/// Returns the first screen.
pub(super) fn lead(results: &Results, identity: &Identity) -> Lead {
    let summary = summary(results);
    let carried = bottleneck(results, &summary);
    let mut lead = Lead { answer: vec![sentence(results, &summary)], ..Lead::default() };
    let single = results.windows.iter().any(|window| window.replications == 1);
    if single {
        lead.answer.push("This is a single run: its figures have no interval.".into());
    }
    lead.answer.extend(results.quick.then(|| quick(!results.windows.is_empty())));
    if results.level != USUAL_LEVEL && !single {
        lead.answer.push(format!("± is the {} interval.", percent(results.level)));
    }
    // Objectives over years and of windows without breaks do not show it.
    let lost = summary.subjects.iter().find_map(|of| aftermath(&of.aftermaths));
    lead.answer.extend(lost.map(|said| format!("Beside the objectives: {said}.")));
    lead.expected = expected::facts(results, &summary);
    let main = summary.main();
    let several = summary.subjects.len() > 1;
    if let Some(main) = main {
        lead.strip.extend(tiles(results, main, several));
        lead.facts.extend(other_windows(main, several));
        if let Some(down) = &main.down {
            lead.advice.extend(advice::causes(results, down));
            if !lead.advice.is_empty() {
                lead.advice_unit = "downtime per year, share of it";
            }
        }
    }
    if main.is_none_or(|of| of.capacity.is_none()) {
        lead.strip.extend(limit(results, &summary, carried.as_ref()));
    }
    if let Some(cost) = price(identity.monthly_cost, identity.once_cost) {
        let (value, interval) = cost.split_once('\u{a0}').unwrap_or((&cost, ""));
        let energy = results.why.bill.as_ref().and_then(Cost::energy).map(|energy| {
            let energy = number::figure(&Figure::exact(energy, Unit::Dollars));
            format!(", {energy} of it for energy")
        });
        lead.strip.push(Tile {
            label: "Cost".into(),
            value: value.into(),
            interval: format!("{interval}{}", energy.unwrap_or_default()),
            ..Tile::default()
        });
    }
    lead.strip.extend(main.and_then(|of| of.down.as_ref()).and_then(main_cause));
    lead.advice.extend(carried.as_ref().map(|carried| advice::bottleneck(results, carried)));
    lead.advice.extend(advice::losses(results, &summary));
    lead.advice_heading = "What fails first, and what to do".into();
    lead.facts.extend(super::asked::facts(results));
    lead.facts.extend(others(&summary, main));
    lead.facts.extend(open_verdicts(results, &summary));
    lead
}

/// Formats a cell as a value and its interval.
fn parts(cell: &Cell) -> (String, String) {
    match cell {
        Cell::Figure(figure) if figure.is_finite() => {
            let (value, interval) = number::figure_parts(figure);
            (value, interval.unwrap_or_default().replace(' ', "\u{a0}"))
        }
        other => (text::cell(other), String::new()),
    }
}

/// Formats a factor with two digits, or hundredths below two, rounded down: the rates beside it have three digits.
pub(super) fn times(factor: f64) -> String {
    let digits = if factor < 2.0 { 2.0 } else { 1.0 };
    let step = libm::pow(10.0, libm::floor(libm::log10(factor.max(f64::MIN_POSITIVE))) - digits);
    let factor = (factor / step * (1.0 + f64::EPSILON)).floor() * step;
    whole(&Figure::exact(factor, Unit::None))
}

/// Formats the rate at which a resource saturates; it is rounded down.
pub(super) fn ceiling(per_second: f64) -> String {
    whole(&Figure::exact(per_second, Unit::PerSecond).rounded(Rounding::Down))
}

/// Returns the figures of the class whose objective has the smallest margin.
fn tiles(results: &Results, of: &Subject, several: bool) -> Vec<Tile> {
    let label = |word: &str| if several { format!("{word}, {}", of.name) } else { word.into() };
    let mut tiles = Vec::new();
    if let Some(down) = &of.down {
        let (value, interval) = parts(&share_cell(&down.available));
        tiles.push(Tile {
            label: label("Available"),
            value,
            interval,
            details: down_per_year(down),
            judgement: None,
        });
    }
    tiles.extend(served_views(results, of, &label));
    tiles.extend(latency(of, &label));
    tiles.extend(of.capacity.as_ref().map(|row| capacity(of, row, several)));
    tiles
}

/// Describes the downtime per year, and that with undetected failures where it is clearly more.
fn down_per_year(down: &Down) -> Vec<String> {
    let mut lines = vec![format!("down {} per year", downtime(&down.per_year))];
    let more = down.with_undetected.as_ref();
    lines.extend(more.map(|more| format!("with undetected failures {} per year", downtime(more))));
    lines
}

/// Returns the latency at the design peak, or in the last window.
fn latency(of: &Subject, label: &dyn Fn(&str) -> String) -> Option<Tile> {
    let window = at_peak(of)?;
    let cell = super::cell(window.latency.as_ref()?, Unit::Seconds);
    let goal = of.goals.iter().find(
        |goal| matches!(&goal.aim, Aim::Latency { window: name, .. } if *name == window.name),
    );
    if goal.is_none() && !matches!(&cell, Cell::Figure(figure) if figure.is_finite()) {
        return None;
    }
    let (value, interval) = parts(&cell);
    let mut details: Vec<String> =
        window.level.map(|level| format!("at {}", rate(level))).into_iter().collect();
    if let Some(Goal { aim: Aim::Latency { bound, .. }, .. }) = goal {
        details.push(format!("objective: below {}", seconds(*bound)));
    }
    details.extend(state(window));
    Some(Tile {
        label: label(&format!("{} at {}", window.stat, window.name)),
        value,
        interval,
        details,
        judgement: goal.map(|goal| judgement(goal.judgement)),
    })
}

/// Returns the window of the design peak, of the class whose objective has the smallest margin.
pub(super) fn peak_window(results: &Results) -> Option<&WindowRows> {
    let summary = summary(results);
    let main = summary.main()?;
    let name = main.peak.as_ref().map(|(_, name)| name)?;
    results.plain().find(|window| window.name == *name)
}

/// Returns the window of the design peak, or the last one with a latency.
fn at_peak(of: &Subject) -> Option<&InWindow> {
    let timed = || of.windows.iter().filter(|window| window.latency.is_some());
    let peak = of.peak.as_ref().and_then(|(_, name)| timed().find(|one| one.name == *name));
    peak.or_else(|| timed().next_back())
}

/// Describes the balance of a class that is not stable in a window.
fn state(window: &InWindow) -> Option<String> {
    match window.verdict {
        Verdict::Stable => None,
        other => {
            let served = window.served.as_ref();
            let served = served.map(|served| format!(", {} of views served", share(served)));
            Some(format!("{}{}", other.word(), served.unwrap_or_default()))
        }
    }
}

/// Returns the capacity with the condition that ends it and the resource that saturates first.
fn capacity(of: &Subject, row: &CapacityRow, several: bool) -> Tile {
    let label = if several { format!("Capacity, {}", of.name) } else { "Capacity".into() };
    let (value, interval) = parts(&carries(&row.carries));
    let goal = of.goals.iter().find(|goal| matches!(goal.aim, Aim::Capacity { .. }));
    let found = row.carries.estimate().value();
    let mut details = Vec::new();
    match (&of.peak, found) {
        (Some((peak, _)), Some(value)) if *peak > 0.0 => {
            details.push(format!(
                "{} times the design peak of {}",
                times(value / peak),
                rate(*peak)
            ));
        }
        (Some((peak, _)), _) => details.push(format!("the design peak is {}", rate(*peak))),
        _ => {}
    }
    details.push(ends(row));
    if several {
        details.push("the other classes keep their rates".into());
    }
    let (first, at) = &row.first;
    details.push(match found {
        Some(value) if *at < value => format!(
            "{first} saturates below it, at {}: the objective excludes its queue",
            ceiling(*at)
        ),
        _ => format!("ceiling {}: {first} saturates", ceiling(*at)),
    });
    Tile { label, value, interval, details, judgement: goal.map(|goal| judgement(goal.judgement)) }
}

/// Names the condition that ends the capacity.
pub(in crate::report) fn ends(row: &CapacityRow) -> String {
    let bound = seconds(row.bound.seconds());
    let (latency, lost) = (
        format!("{} reaches {bound}", row.stat),
        format!("{} of views are lost", percent(row.lost_at_most)),
    );
    let by_loss = row.each.iter().filter(|one| one.lost).count();
    match (by_loss, row.each.len(), &row.carries) {
        (_, _, Carries::Above(_)) => format!("no rate tried breaks {} below {bound}", row.stat),
        (0, ..) => format!("{latency} first"),
        (by_loss, all, _) if by_loss == all => format!("{lost} first"),
        _ => format!("{latency} first, or {lost}"),
    }
}

/// Returns the resource that saturates first at the load of the design peak.
fn bottleneck(results: &Results, summary: &Summary) -> Option<Carried> {
    let spare = results.why.spare.as_ref();
    let intact = spare.and_then(|spare| spare.rows.first()).map(|row| &row.spare);
    // With several classes, what their common growth saturates; each class has a resource of its own too.
    let several = summary.subjects.len() > 1;
    let together = intact.and_then(|spare| spare.carries.clone()).map(|(name, at)| {
        let of = spare.filter(|_| several).map(advice::of_classes).unwrap_or_default();
        Carried { name, at, of }
    });
    let own = summary.subjects.iter().find_map(|of| Some((&of.name, of.capacity.as_ref()?)));
    let own = own.map(|(class, row)| {
        let (name, at) = row.first.clone();
        Carried { name, at, of: if several { format!(" of {class}") } else { String::new() } }
    });
    if several { together.or(own) } else { own.or(together) }
}

/// Returns the resource that limits a scenario whose capacity was not searched for.
fn limit(results: &Results, summary: &Summary, carried: Option<&Carried>) -> Option<Tile> {
    if let Some(carried) = carried {
        let level = results.why.spare.as_ref().map(|spare| spare.level);
        let factor = level.filter(|level| *level > 0.0).map(|level| {
            format!("{} times the design peak of {}", times(carried.at / level), rate(level))
        });
        let mut details = vec![format!("{} saturates, in closed form", carried.name)];
        details.extend(factor);
        let value = ceiling(carried.at);
        return Some(Tile { label: "Ceiling".into(), value, details, ..Tile::default() });
    }
    let (name, used) = summary.busiest.as_ref()?;
    let details = vec![format!("{name}, at the design peak")];
    Some(Tile { label: "Busiest".into(), value: percent(*used), details, ..Tile::default() })
}

/// Returns the largest cause of downtime.
fn main_cause(down: &Down) -> Option<Tile> {
    let (name, of) = down.causes.first()?;
    let value = of.value().filter(|value| *value > 0.0)?;
    Some(Tile {
        label: "Main cause of downtime".into(),
        value: name.clone(),
        details: vec![
            format!("{} per year", downtime(of)),
            format!(
                "{} of the downtime",
                advice::part(value, down.per_year.value().unwrap_or(value))
            ),
        ],
        ..Tile::default()
    })
}

/// Returns the share of page views served over the years, which an objective of availability judges.
fn served_views(results: &Results, of: &Subject, label: &dyn Fn(&str) -> String) -> Option<Tile> {
    let value = of.served.as_ref()?;
    let goal = of.goals.iter().find(|goal| matches!(goal.aim, Aim::Served { .. }));
    let cell = super::cell(value, Unit::Ratio);
    let cell = match cell {
        Cell::Figure(figure) => Cell::Figure(figure.rounded(Rounding::Down)),
        other => other,
    };
    let (shown, interval) = parts(&cell);
    let mut details = Vec::new();
    if let Some(Aim::Served { least }) = goal.map(|goal| &goal.aim) {
        details.push(format!("objective: at least {}", percent(*least)));
    }
    details.push("lost by parts out of service, undetected failures and overload".into());
    // Windows of requests correct the share, and widen its interval.
    let alone = flows_alone(results, &of.name).filter(|alone| alone.value() != value.value());
    details.extend(alone.map(|alone| format!("by rates alone {}", served(alone))));
    let judgement = goal.map(|goal| judgement(goal.judgement));
    Some(Tile { label: label("Views served"), value: shown, interval, details, judgement })
}

/// Returns the latencies in the windows other than the design peak.
fn other_windows(of: &Subject, several: bool) -> Option<Fact> {
    let peak = at_peak(of)?;
    let others = of.windows.iter().filter(|one| one.latency.is_some() && one.name != peak.name);
    let others: Vec<&InWindow> = others.collect();
    let first = others.first()?;
    let shown = others.iter().rev().take(WINDOWS).rev().map(|window| {
        let value = window.latency.as_ref();
        let value = value.map(|value| estimate(value, Unit::Seconds, Rounding::Nearest));
        let state = state(window).map_or_else(String::new, |state| format!(", {state}"));
        format!("{} at {}{state}", value.unwrap_or_default(), at_window(of, &window.name))
    });
    let mut words: Vec<String> = shown.collect();
    if others.len() > WINDOWS {
        words.insert(0, format!("({} more windows)", others.len() - WINDOWS));
    }
    let goals = of.goals.iter().filter(|goal| match &goal.aim {
        Aim::Latency { window, .. } => *window != peak.name,
        _ => false,
    });
    let worst = goals.map(|goal| judgement(goal.judgement)).max_by_key(|one| rank(*one));
    let of_class = if several { format!(", {}", of.name) } else { String::new() };
    let label = format!("{} elsewhere{of_class}", first.stat);
    Some(Fact { judgement: worst, ..Fact::plain(&label, words.join(", ")) })
}

const fn rank(judgement: Judgement) -> u8 {
    match judgement {
        Judgement::Finding => 0,
        Judgement::Met => 1,
        Judgement::Unsure => 2,
        Judgement::NotMet => 3,
    }
}

/// Returns the figures of the other classes in a line each.
fn others(summary: &Summary, main: Option<&Subject>) -> Vec<Fact> {
    let name = main.map(|of| &of.name);
    let rest: Vec<&Subject> = summary.subjects.iter().filter(|of| Some(&of.name) != name).collect();
    let mut facts: Vec<Fact> = rest.iter().take(CLASSES).map(|of| in_a_line(of)).collect();
    let left: Vec<String> = rest.iter().skip(CLASSES).map(|of| of.name.clone()).collect();
    if !left.is_empty() {
        let text = if left.len() <= 4 { list(&left) } else { format!("{} classes", left.len()) };
        facts.push(Fact::plain("Also simulated", text));
    }
    facts
}

fn in_a_line(of: &Subject) -> Fact {
    let mut words = Vec::new();
    if let Some(down) = &of.down {
        words.push(format!("{} available", share(&down.available)));
        words.extend(down_per_year(down));
    }
    if let Some(window) = at_peak(of) {
        let value = window.latency.as_ref();
        let value = value.map(|value| estimate(value, Unit::Seconds, Rounding::Nearest));
        let at = at_window(of, &window.name);
        words.push(format!("{} {} at {at}", window.stat, value.unwrap_or_default()));
    }
    words.extend(of.served.as_ref().map(|value| format!("{} of views served", served(value))));
    let worst = of.goals.iter().map(|goal| judgement(goal.judgement));
    let judgement = worst.max_by_key(|one| rank(*one));
    Fact { judgement, ..Fact::plain(&of.name, words.join("; ")) }
}

/// Returns the expectations in a line, then the verdicts that are not met. The details have those that cannot be
/// decided.
fn open_verdicts(results: &Results, summary: &Summary) -> Vec<Fact> {
    let mut facts = Vec::new();
    // Without objectives each expectation is told, with its value, and the answer counts them.
    let counted = expectations(summary.expectations).filter(|_| summary.goals().next().is_some());
    let open = super::page::beside_objectives(results, counted.is_some());
    if let Some((text, judgement)) = counted {
        // That all hold is said already.
        let judgement = Some(judgement).filter(|one| *one != Judgement::Met);
        facts.push(Fact { judgement, ..Fact::plain("Expectations", text) });
    }
    let open = open
        .into_iter()
        .filter(|one| matches!(one.judgement, Judgement::NotMet | Judgement::Finding));
    let open: Vec<_> = open.collect();
    let more = open.len().saturating_sub(VERDICTS);
    facts.extend(open.into_iter().take(VERDICTS).map(|one| Fact {
        judgement: Some(one.judgement).filter(|one| *one != Judgement::Finding),
        ..Fact::plain("", one.text)
    }));
    if more > 0 {
        facts.push(Fact::plain("", format!("and {more} more, in the details")));
    }
    facts
}
