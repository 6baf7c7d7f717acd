//! Sentences and cells of the first screen, from the answers of scenarios.
//!
//! In: [`Summary`](crate::study::summary) rows. Out: words. Holds: a value is formatted by one function, so it reads
//! the same in a sentence, in a table and on a page.

use super::document::{Cell, Figure, Judgement, Rounding, Unit};
use super::number;
use super::run::{capacity::carries, share_cell};
use super::text;
pub(super) use crate::scenario::render::list;
use crate::study::expect::Verdict;
use crate::study::results::{CapacityRow, Share};
use crate::study::summary::{Aftermath, Aim, Goal, Subject};
use crate::study::window::Estimate;

/// Formats a figure that stays on one line.
pub(super) fn whole(figure: &Figure) -> String {
    number::figure(figure).replace(' ', "\u{a0}")
}

/// Formats an estimate in `unit`, or the reason why there is none.
pub(super) fn estimate(estimate: &Estimate, unit: Unit, rounding: Rounding) -> String {
    match super::run::cell(estimate, unit) {
        Cell::Figure(figure) => whole(&figure.rounded(rounding)),
        other => text::cell(&other),
    }
}

/// Formats downtime per year from seconds.
pub(super) fn downtime(seconds: &Estimate) -> String {
    estimate(seconds, Unit::Downtime, Rounding::Up)
}

/// Formats a rate.
pub(super) fn rate(per_second: f64) -> String {
    whole(&Figure::exact(per_second, Unit::PerSecond))
}

/// Formats an exact share.
pub(super) fn percent(share: f64) -> String {
    whole(&Figure::exact(share, Unit::Ratio))
}

/// Formats an exact duration.
pub(super) fn seconds(value: f64) -> String {
    whole(&Figure::exact(value, Unit::Seconds))
}

/// Formats the share of views served or of time available; it is rounded down.
pub(super) fn share(share: &Share) -> String {
    text::cell(&share_cell(share)).replace(' ', "\u{a0}")
}

/// Formats a share that is an estimate; it is rounded down.
pub(super) fn served(served: &Estimate) -> String {
    estimate(served, Unit::Ratio, Rounding::Down)
}

/// Formats a capacity.
pub(super) fn capacity(row: &CapacityRow) -> String {
    text::cell(&carries(&row.carries)).replace(' ', "\u{a0}")
}

/// Converts a verdict.
pub(super) const fn judgement(verdict: Verdict) -> Judgement {
    super::run::page::word(verdict)
}

/// Returns the sign behind a value that misses its objective or is undecided.
pub(super) const fn sign(verdict: Verdict) -> &'static str {
    text::sign(Some(judgement(verdict)))
}

/// Formats what an objective asks and what was found: `p95 at peak 451 ms ± 8 (objective: below 500 ms)`.
pub(super) fn found(of: &Subject, goal: &Goal) -> String {
    match &goal.aim {
        Aim::Latency { window, stat, bound } => {
            let value = goal.estimate.as_ref();
            let value = value.map(|value| estimate(value, Unit::Seconds, Rounding::Nearest));
            match value {
                Some(value) => {
                    format!("{stat} at {window} {value} (objective: below {})", seconds(*bound))
                }
                None => format!(
                    "{stat} is not judged without a window (objective: below {})",
                    seconds(*bound)
                ),
            }
        }
        Aim::Served { least } => {
            let asked = format!("(objective: at least {})", percent(*least));
            match &goal.estimate {
                Some(value) => format!("page views served {} {asked}", served(value)),
                None => format!("page views served are not judged without a long horizon {asked}"),
            }
        }
        Aim::Capacity { peak, window, .. } => {
            let overloaded = of.windows.iter().find(|one| one.name == *window);
            let overloaded = overloaded.is_some_and(|one| one.verdict.is_overload());
            let value = match (&of.capacity, overloaded) {
                (Some(row), _) => capacity(row),
                (None, true) => "exceeded: OVERLOADED".into(),
                (None, false) => "not searched for".into(),
            };
            format!("capacity {value} (design peak: {})", rate(*peak))
        }
    }
}

/// Formats a margin: `9.5 % to spare`, `17 % short`, `9.0 times the loss that is allowed`.
pub(super) fn margin(goal: &Goal) -> Option<String> {
    let margin = goal.margin?;
    // Whole percent of what is rounded beside it; below that, a tenth.
    let digits = if margin.abs() < 0.02 { 1_000.0 } else { 100.0 };
    let size = if margin < 0.0 { (-margin * digits).ceil() } else { (margin * digits).floor() };
    let size = percent(size / digits);
    Some(match (&goal.aim, margin < 0.0) {
        (Aim::Latency { .. } | Aim::Capacity { .. }, false) => format!("{size} to spare"),
        (Aim::Latency { .. }, true) => format!("{size} too long"),
        (Aim::Capacity { .. }, true) => format!("{size} too little"),
        (Aim::Served { .. }, false) => format!("{size} of the allowed loss to spare"),
        (Aim::Served { .. }, true) => {
            let times = whole(&Figure::exact(1.0 - margin, Unit::None));
            format!("{times} times the allowed loss")
        }
    })
}

/// Formats what stays lost after the loss of one part: `3 min after the loss of rack left at 40/s, 54 % of page views are
/// still lost`. It names the worst of several.
pub(super) fn aftermath(all: &[Aftermath]) -> Option<String> {
    let worst = all.first()?;
    let level = worst.level.map(|level| format!(" at {}", rate(level))).unwrap_or_default();
    let lost = match worst.lost {
        lost if lost >= 1.0 => "all page views".to_string(),
        lost => format!("{} of page views", percent((lost * 100.0).ceil() / 100.0)),
    };
    let others = match all.len() - 1 {
        0 => String::new(),
        1 => "; one more loss has such an effect".into(),
        more => format!("; {more} more losses have such an effect"),
    };
    let (after, part) = (seconds(worst.after), &worst.part);
    Some(format!("{after} after the loss of {part}{level}, {lost} are still lost{others}"))
}

/// Describes the number of expectations that hold: `1 of 4 holds, 3 cannot be decided`.
pub(super) fn expectations([hold, fail, undecided]: [usize; 3]) -> Option<(String, Judgement)> {
    let all = hold + fail + undecided;
    let judgement = match (fail, undecided) {
        (0, 0) => Judgement::Met,
        (0, _) => Judgement::Unsure,
        _ => Judgement::NotMet,
    };
    let of = |number: usize| number::count(number as u64);
    let mut text = match (hold, all) {
        (_, 0) => return None,
        (1, 1) => "the only one holds".to_string(),
        (_, _) if hold == all => format!("all {} hold", of(all)),
        (1, _) => format!("1 of {} holds", of(all)),
        _ => format!("{} of {} hold", of(hold), of(all)),
    };
    if fail > 0 {
        text.push_str(&format!(", {} {}", of(fail), if fail == 1 { "fails" } else { "fail" }));
    }
    if undecided > 0 {
        text.push_str(&format!(", {} cannot be decided", of(undecided)));
    }
    Some((text, judgement))
}
