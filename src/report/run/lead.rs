//! The first screen of one scenario: how available it is and why not, how fast, what it carries, what limits it, what
//! it costs.

use super::{Identity, price};
use crate::report::answer::{
    capacity, downtime, estimate, judgement, list, percent, rate, seconds, served, share,
};
use crate::report::document::{Fact, Judgement, Lead, Rounding, Unit};
use crate::study::results::{LossRow, Results};
use crate::study::summary::{Aim, Down, InWindow, Subject, Summary, summary};
use crate::study::window::{Estimate, Verdict};

/// Number of causes that are named.
const CAUSES: usize = 3;
/// Number of classes that are told in full.
const CLASSES: usize = 2;
/// Number of other verdicts that are told one by one.
const VERDICTS: usize = 5;
/// Number of windows that are told in one line.
const WINDOWS: usize = 4;

/// Returns the first screen.
pub(super) fn lead(results: &Results, identity: &Identity) -> Lead {
    let summary = summary(results);
    let mut facts: Vec<Fact> = Vec::new();
    let several = summary.subjects.len() > 1;
    for of in summary.subjects.iter().take(CLASSES) {
        facts.extend(of_subject(of, several));
    }
    let left = summary.subjects.len().saturating_sub(CLASSES);
    if left > 0 {
        let names: Vec<String> =
            summary.subjects.iter().skip(CLASSES).map(|of| of.name.clone()).collect();
        let text = if left <= 4 { list(&names) } else { format!("{left} classes") };
        facts.push(Fact::plain("Also simulated", text));
    }
    facts.extend(limits(results, &summary));
    if let Some(cost) = price(identity.monthly_cost, identity.once_cost) {
        facts.push(Fact::plain("Cost", cost));
    }
    facts.extend(expectations(&summary));
    let open = super::page::beside_objectives(results);
    let open: Vec<_> = open.into_iter().filter(|one| one.judgement != Judgement::Met).collect();
    let more = open.len().saturating_sub(VERDICTS);
    facts.extend(open.into_iter().take(VERDICTS).map(|one| Fact {
        judgement: Some(one.judgement).filter(|one| *one != Judgement::Finding),
        ..Fact::plain("", one.text)
    }));
    if more > 0 {
        facts.push(Fact::plain("", format!("and {more} more, in the details")));
    }
    Lead { answer: Vec::new(), facts, ..Lead::default() }
}

fn of_subject(of: &Subject, several: bool) -> Vec<Fact> {
    let label = |word: &str| if several { format!("{word}, {}", of.name) } else { word.into() };
    let mut facts = Vec::new();
    if let Some(down) = &of.down {
        let text =
            format!("{}; down {} per year", share(&down.available), downtime(&down.per_year));
        facts.push(Fact::plain(&label("Available"), text));
        facts.extend(causes(down).map(|text| Fact::plain(&label("Down because of"), text)));
    }
    if let Some(value) = &of.served {
        let aim = of.goals.iter().find(|goal| matches!(goal.aim, Aim::Served { .. }));
        let asked = match aim.map(|goal| &goal.aim) {
            Some(Aim::Served { least }) => {
                format!(" over the horizon (objective: at least {})", percent(*least))
            }
            _ => " over the horizon".into(),
        };
        let text = format!("{}{asked}", served(value));
        facts.push(Fact {
            judgement: aim.map(|goal| judgement(goal.judgement)),
            ..Fact::plain(&label("Views served"), text)
        });
    }
    facts.extend(latency(of, &label));
    facts.extend(carried(of, &label));
    facts
}

/// Lists the largest causes of downtime and the rest.
fn causes(down: &Down) -> Option<String> {
    let known = |seconds: &Estimate| seconds.value().filter(|value| *value > 0.0);
    let all: Vec<(&String, f64, &Estimate)> =
        down.causes.iter().filter_map(|(name, of)| Some((name, known(of)?, of))).collect();
    if all.is_empty() {
        return None;
    }
    let mut words: Vec<String> =
        all.iter().take(CAUSES).map(|(name, _, of)| format!("{name} {}", downtime(of))).collect();
    let rest: f64 = all.iter().skip(CAUSES).map(|(_, value, _)| value).sum();
    let others = all.len().saturating_sub(CAUSES);
    if others > 0 {
        let what = if others == 1 { "one more cause" } else { &format!("{others} more causes") };
        words.push(format!("{what} {}", downtime(&Estimate::Single(rest))));
    }
    Some(list(&words))
}

fn latency(of: &Subject, label: &dyn Fn(&str) -> String) -> Option<Fact> {
    let timed = of.windows.iter().filter(|window| window.latency.is_some());
    let timed: Vec<&InWindow> = timed.collect();
    let stat = timed.first()?.stat;
    // The design peak comes last and is always told.
    let skipped = timed.len().saturating_sub(WINDOWS);
    let told = timed.iter().skip(skipped).map(|window| in_window(window));
    let mut words: Vec<String> = told.collect();
    if skipped > 0 {
        words.insert(0, format!("({skipped} more windows)"));
    }
    let goals = of.goals.iter().filter(|goal| matches!(goal.aim, Aim::Latency { .. }));
    let bound = goals.clone().find_map(|goal| match &goal.aim {
        Aim::Latency { bound, .. } => Some(*bound),
        _ => None,
    });
    let asked =
        bound.map_or_else(String::new, |bound| format!(" (objective: below {})", seconds(bound)));
    let worst = goals.map(|goal| judgement(goal.judgement)).max_by_key(|one| rank(*one));
    let text = format!("{}{asked}", words.join(", "));
    Some(Fact { judgement: worst, ..Fact::plain(&label(&format!("Latency {stat}")), text) })
}

const fn rank(judgement: Judgement) -> u8 {
    match judgement {
        Judgement::Finding => 0,
        Judgement::Met => 1,
        Judgement::Unsure => 2,
        Judgement::NotMet => 3,
    }
}

fn in_window(window: &InWindow) -> String {
    let value = window.latency.as_ref();
    let value =
        value.map(|value| estimate(value, Unit::Seconds, Rounding::Nearest)).unwrap_or_default();
    let at = window.level.map_or_else(String::new, |level| format!(" ({})", rate(level)));
    let state = match window.verdict {
        Verdict::Stable | Verdict::Broken => String::new(),
        other => {
            let served =
                window.served.as_ref().map(|served| format!(", {} of views served", share(served)));
            format!(", {}{}", other.word(), served.unwrap_or_default())
        }
    };
    format!("{value} at {}{at}{state}", window.name)
}

fn carried(of: &Subject, label: &dyn Fn(&str) -> String) -> Option<Fact> {
    let row = of.capacity.as_ref()?;
    let goal = of.goals.iter().find(|goal| matches!(goal.aim, Aim::Capacity { .. }));
    let peak = of.peak.as_ref().map(|(peak, _)| match row.carries.estimate().value() {
        Some(value) if *peak > 0.0 => {
            let times = crate::report::answer::whole(
                &crate::report::document::Figure::exact(value / peak, Unit::None)
                    .rounded(Rounding::Down),
            );
            format!(", {times} times the design peak of {}", rate(*peak))
        }
        _ => format!("; the design peak is {}", rate(*peak)),
    });
    let text = format!(
        "{} with {} < {} and at most {} of views lost{}",
        capacity(row),
        row.stat,
        row.bound,
        percent(row.lost_at_most),
        peak.unwrap_or_default()
    );
    Some(Fact {
        judgement: goal.map(|goal| judgement(goal.judgement)),
        ..Fact::plain(&label("Capacity"), text)
    })
}

/// Tells what saturates first, and what is carried after the worst single loss.
fn limits(results: &Results, summary: &Summary) -> Vec<Fact> {
    let mut facts = Vec::new();
    let spare = results.why.spare.as_ref();
    let intact = spare.and_then(|spare| spare.rows.first()).map(|row| &row.spare);
    let first =
        summary.subjects.iter().find_map(|of| of.capacity.as_ref()).map(|row| row.first.clone());
    let first = first.or_else(|| intact.and_then(|spare| spare.carries.clone()));
    if let Some((name, at)) = first {
        let text = format!("{name}, at {} (analytic)", rate(at));
        facts.push(Fact::plain("Saturates first", text));
    } else if let Some((name, used)) = &summary.busiest {
        facts.push(Fact::plain("Busiest", format!("{name}, {} busy", percent(*used))));
    }
    // Where nothing can fail, no loss is told.
    let Some(spare) = spare.filter(|_| results.years.is_some() || !results.breaks.is_empty())
    else {
        return facts;
    };
    let losses: Vec<&LossRow> = spare.rows.iter().filter(|row| row.spare.lost.is_some()).collect();
    let ends = losses.iter().filter(|row| !row.spare.serves);
    let ends: Vec<String> = ends.filter_map(|row| row.spare.lost.clone()).collect();
    let worst = losses.iter().filter(|row| row.spare.serves).find_map(|row| {
        let (_, carried) = row.spare.carries.as_ref()?;
        Some((row.spare.lost.clone()?, *carried))
    });
    let of = |count: usize| if count == 1 { "1 part".into() } else { format!("{count} parts") };
    let text = match (ends.len(), worst) {
        (0, None) => return facts,
        (0, Some((lost, carried))) => {
            format!("no single loss ends service; without {lost} it carries {}", rate(carried))
        }
        (count, worst) => {
            let named = ends.iter().take(4).cloned().collect::<Vec<_>>();
            let more = if count > 4 { format!(" and {} more", count - 4) } else { String::new() };
            let rest = worst.map(|(lost, carried)| {
                format!("; of the other losses {lost} leaves least, {}", rate(carried))
            });
            let are = if count == 1 { "is a single point" } else { "are single points" };
            format!(
                "{} {are} of failure ({}{more}){}",
                of(count),
                named.join(", "),
                rest.unwrap_or_default()
            )
        }
    };
    facts.push(Fact::plain("After one loss", text));
    facts
}

fn expectations(summary: &Summary) -> Option<Fact> {
    let [hold, fail, undecided] = summary.expectations;
    let all = hold + fail + undecided;
    let judgement = match (fail, undecided) {
        (0, 0) => Judgement::Met,
        (0, _) => Judgement::Unsure,
        _ => Judgement::NotMet,
    };
    (all > 0).then(|| {
        let mut text = format!("{hold} of {all} hold");
        for (count, what) in [(fail, "fail"), (undecided, "cannot be decided")] {
            if count > 0 {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        Fact { judgement: Some(judgement), ..Fact::plain("Expectations", text) }
    })
}
