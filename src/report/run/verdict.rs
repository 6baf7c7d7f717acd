//! The verdict on a scenario in one sentence: the objectives it meets, misses, and those that cannot be decided.

use crate::report::answer::{expectations, found, list, percent, rate, seconds};
use crate::study::expect::Verdict;
use crate::study::results::Results;
use crate::study::summary::{Aim, Goal, Subject, Summary};

/// Largest number of objectives that are named.
const NAMED: usize = 4;

/// An objective: one latency in all its windows, a share of views, or the design peak.
struct Asked<'a> {
    of: &'a Subject,
    goals: Vec<&'a Goal>,
}

impl Asked<'_> {
    fn verdict(&self) -> Verdict {
        let all = self.goals.iter().map(|goal| goal.judgement);
        all.fold(Verdict::Holds, |worst, one| match (worst, one) {
            (Verdict::Fails, _) | (_, Verdict::Fails) => Verdict::Fails,
            (Verdict::Holds, Verdict::Holds) => Verdict::Holds,
            _ => Verdict::Inconclusive,
        })
    }

    /// Returns the demand, with the load at which it is judged.
    fn asks(&self) -> String {
        match &self.goals[0].aim {
            Aim::Latency { stat, bound, .. } => {
                let windows = self.goals.iter().filter_map(|goal| match &goal.aim {
                    Aim::Latency { window, .. } => Some(at_window(self.of, window)),
                    _ => None,
                });
                let windows: Vec<String> = windows.collect();
                format!("{stat} below {} at {}", seconds(*bound), list(&windows))
            }
            Aim::Served { least } => format!("at least {} of page views served", percent(*least)),
            Aim::Capacity { peak, .. } => format!("the design peak of {} carried", rate(*peak)),
        }
    }
}

/// Names a window with its load: `peak (40/s)`.
pub(super) fn at_window(of: &Subject, name: &str) -> String {
    let level = of.windows.iter().find(|window| window.name == name);
    match level.and_then(|window| window.level) {
        Some(level) => format!("{name} ({})", rate(level)),
        None => name.to_string(),
    }
}

/// Returns the objectives of all classes.
fn asked(summary: &Summary) -> Vec<Asked<'_>> {
    let mut all: Vec<Asked<'_>> = Vec::new();
    for (of, goal) in summary.goals() {
        let same = |one: &&mut Asked<'_>| {
            one.of.name == of.name
                && match (&one.goals[0].aim, &goal.aim) {
                    (
                        Aim::Latency { stat, bound, .. },
                        Aim::Latency { stat: other, bound: limit, .. },
                    ) => stat == other && bound == limit,
                    _ => false,
                }
        };
        match all.iter_mut().find(same) {
            Some(one) => one.goals.push(goal),
            None => all.push(Asked { of, goals: vec![goal] }),
        }
    }
    all
}

/// Joins the first few texts; the number of the others follows.
fn first_few(mut texts: Vec<String>) -> String {
    let more = texts.len().saturating_sub(NAMED);
    texts.truncate(NAMED);
    if more > 0 {
        texts.push(format!("{more} more"));
    }
    list(&texts)
}

/// Returns the sentence.
pub(super) fn sentence(results: &Results, summary: &Summary) -> String {
    let name = &results.scenario;
    let all = asked(summary);
    if all.is_empty() {
        return match expectations(summary.expectations) {
            Some((text, _)) => {
                format!("{name} declares no objective. Of its expectations, {text}.")
            }
            None => format!("{name} declares no objective."),
        };
    }
    let several = summary.subjects.len() > 1;
    let text = |verdict: Verdict| {
        let of = |one: &Asked<'_>| {
            let open = one.goals.iter().filter(|goal| match verdict {
                Verdict::Fails => goal.judgement == Verdict::Fails,
                _ => goal.judgement != Verdict::Holds,
            });
            let open: Vec<String> = open.map(|goal| found(one.of, goal)).collect();
            let class = if several { format!("{}: ", one.of.name) } else { String::new() };
            format!("{class}{}", list(&open))
        };
        let open: Vec<String> = all.iter().filter(|one| one.verdict() == verdict).map(of).collect();
        (open.len(), first_few(open))
    };
    let (missed, misses) = text(Verdict::Fails);
    let (open, undecided) = text(Verdict::Inconclusive);
    let objectives = if all.len() == 1 { "objective" } else { "objectives" };
    match (missed, open) {
        (0, 0) => {
            let asks = if several {
                String::new()
            } else {
                let asks = all.iter().map(Asked::asks).collect();
                format!(": {}", first_few(asks))
            };
            let number = if all.len() == 1 { String::new() } else { format!("{} ", all.len()) };
            format!("{name} meets its {number}{objectives}{asks}.")
        }
        (0, open) if open == all.len() => {
            format!("It cannot be decided whether {name} meets its {objectives}: {undecided}.")
        }
        (0, _) => format!(
            "{name} meets {} of {} {objectives}; {open} cannot be decided: {undecided}.",
            all.len() - open,
            all.len()
        ),
        (_, 0) => format!("{name} misses {missed} of {} {objectives}: {misses}.", all.len()),
        _ => format!(
            "{name} misses {missed} of {} {objectives}: {misses}; {open} cannot be decided: \
             {undecided}.",
            all.len()
        ),
    }
}
