//! The first screen of a comparison: the cheapest scenario that meets every objective, and one table.

use super::{Ladder, has_once};
use crate::report::answer::{capacity, downtime, estimate, found, list, margin, served, sign};
use crate::report::columns::{Read, ResultTable, words};
use crate::report::document::{Align, Fact, Figure, Judgement, Lead, Rounding, Table, Unit};
use crate::report::number;
use crate::report::run::{page, price};
use crate::study::compare::{Choice, Row};
use crate::study::expect::Verdict;
use crate::study::summary::{Aim, Goal, Subject, Summary};

/// Number of rows of the table on a terminal.
const ROWS: usize = 14;
/// Number of expectations that are told one by one.
const EXPECTATIONS: usize = 3;

/// Returns the first screen.
pub(super) fn lead(ladder: &Ladder) -> Lead {
    let header = latency_header(ladder);
    let mut table =
        declared().headed(&[("latency", &header)]).page("", &columns(ladder), lines(ladder));
    let more = table.rows.len().saturating_sub(ROWS);
    if more > 0 {
        // The scenario of the answer is always among the rows.
        if let Some(chosen) = chosen(&ladder.choice).filter(|row| *row >= ROWS) {
            table.rows.swap(ROWS - 1, chosen);
        }
        table.rows.truncate(ROWS);
    }
    for column in table.columns.iter_mut().skip(1) {
        column.align = Align::Right;
    }
    let mut below = legend(ladder);
    if more > 0 {
        below.insert(0, format!("{more} more scenarios: see --details"));
    }
    Lead { answer: answer(ladder), facts: unmet(ladder), table: Some(table), below }
}

/// Returns the row that the answer names.
const fn chosen(choice: &Choice) -> Option<usize> {
    match choice {
        Choice::Cheapest { row, .. } | Choice::None { nearest: row } => Some(*row),
        Choice::NothingAsked | Choice::Unpriced { .. } => None,
    }
}

/// Returns the answer for programs.
pub(super) fn data(ladder: &Ladder) -> serde_json::Value {
    let name = |row: usize| ladder.rows[row].scenario.clone();
    let rows: Vec<serde_json::Value> = ladder
        .summaries
        .iter()
        .enumerate()
        .map(|(row, of)| {
            serde_json::json!({ "scenario": name(row), "objectives": of.verdict().word() })
        })
        .collect();
    let (kind, scenario) = match &ladder.choice {
        Choice::NothingAsked => ("nothing-asked", None),
        Choice::Cheapest { row, .. } => ("cheapest", Some(name(*row))),
        Choice::Unpriced { .. } => ("unpriced", None),
        Choice::None { nearest } => ("nearest", Some(name(*nearest))),
    };
    serde_json::json!({ "kind": kind, "scenario": scenario, "all": rows })
}

/// Returns the sentences of the answer.
fn answer(ladder: &Ladder) -> Vec<String> {
    let count = ladder.rows.len();
    let name = |row: usize| ladder.rows[row].scenario.clone();
    match &ladder.choice {
        Choice::NothingAsked => {
            vec!["No objective is declared, so no scenario is recommended.".into()]
        }
        Choice::Cheapest { row, undecided } => {
            let of = &ladder.rows[*row];
            let cost = price(of.monthly_cost, of.once_cost).unwrap_or_default();
            let mut all = vec![format!(
                "{} is the cheapest of {count} scenarios that meets every objective: {cost}.",
                name(*row)
            )];
            all.extend(tightest(&ladder.summaries[*row]));
            let names: Vec<String> = undecided.iter().map(|row| name(*row)).collect();
            if !names.is_empty() {
                let what = if names.len() == 1 { "is cheaper and" } else { "are cheaper and" };
                all.push(format!(
                    "{} {what} may meet them too: more replications are needed to decide.",
                    list(&names)
                ));
            }
            all
        }
        Choice::Unpriced { rows } => {
            let names: Vec<String> = rows.iter().map(|row| name(*row)).collect();
            let verb = if rows.len() == 1 { "meets" } else { "meet" };
            vec![format!(
                "{} {verb} every objective; prices do not decide which is the cheapest.",
                list(&names)
            )]
        }
        Choice::None { nearest } => {
            let of = &ladder.summaries[*nearest];
            let mut all = vec![match count {
                1 => format!("{} does not meet every objective.", name(*nearest)),
                _ => format!(
                    "None of {count} scenarios is known to meet every objective. {} comes nearest.",
                    name(*nearest)
                ),
            }];
            let open = of.subjects.iter().flat_map(|of| of.open().map(move |goal| (of, goal)));
            all.extend(open.take(3).map(|(of, goal)| {
                let verb =
                    if goal.judgement == Verdict::Fails { "It misses" } else { "Undecided:" };
                let by = margin(goal).map(|by| format!(", {by}")).unwrap_or_default();
                format!("{verb} {}{by}.", found(of, goal))
            }));
            all
        }
    }
}

/// Tells which objective has the least to spare, and what limits it.
fn tightest(summary: &Summary) -> Option<String> {
    let (of, goal) = summary.tightest()?;
    let limit = match &goal.aim {
        Aim::Capacity { first: Some(first), .. } => format!("; {first} saturates first"),
        _ => String::new(),
    };
    Some(format!("Least to spare: {}, {}{limit}.", found(of, goal), margin(goal)?))
}

/// A scenario in the table.
struct Line<'a> {
    row: &'a Row,
    summary: &'a Summary,
    class: &'a str,
}

impl<'a> Line<'a> {
    fn subject(&self) -> Option<&'a Subject> {
        self.summary.subjects.iter().find(|of| of.name == self.class)
    }

    fn goal(&self, is_it: impl Fn(&Aim) -> bool) -> Option<&'a Goal> {
        self.subject()?.goals.iter().rfind(|goal| is_it(&goal.aim))
    }

    /// Returns the sign of the verdict on an objective; none without that objective.
    fn sign(&self, is_it: impl Fn(&Aim) -> bool) -> &'static str {
        self.goal(is_it).map_or("", |goal| sign(goal.judgement))
    }

    /// Returns the p95 latency in the deciding window.
    fn latency(&self) -> String {
        let Some(of) = self.subject() else { return "–".into() };
        let window = match &of.peak {
            Some((_, name)) => of.windows.iter().find(|window| window.name == *name),
            None => of.windows.last(),
        };
        let Some(window) = window else { return "–".into() };
        let Some(value) = &window.latency else { return "–".into() };
        let value = estimate(value, Unit::Seconds, Rounding::Nearest);
        let own =
            |aim: &Aim| matches!(aim, Aim::Latency { window: name, .. } if *name == window.name);
        narrow(value, self.sign(own))
    }
}

fn lines(ladder: &Ladder) -> impl Iterator<Item = Line<'_>> {
    let both = ladder.rows.iter().zip(&ladder.summaries);
    both.map(|(row, summary)| Line { row, summary, class: &ladder.basis.class })
}

/// Returns the heading of the latencies: the statistic and the window of the design peak.
fn latency_header(ladder: &Ladder) -> String {
    let mut subjects = lines(ladder).filter_map(|line| line.subject());
    let found = subjects.find_map(|of| {
        let window = match &of.peak {
            Some((_, name)) => of.windows.iter().find(|window| window.name == *name),
            None => of.windows.last(),
        };
        window.map(|window| format!("{} at {}", window.stat, window.name))
    });
    found.unwrap_or_else(|| "p95".into())
}

/// Formats a value of the table in as few characters as possible: `1.28 s ±0.08✗`.
fn narrow(value: String, sign: &str) -> String {
    format!("{value}{}", sign.trim_start_matches('\u{a0}')).replace("\u{a0}±\u{a0}", "\u{a0}±")
}

/// Cell without a value.
const NONE: &str = "–";

fn dollars(value: f64) -> String {
    number::figure(&Figure::exact(value, Unit::Dollars))
}

/// Declares the columns of the first table.
fn declared<'a>() -> ResultTable<Line<'a>> {
    type L<'a> = Line<'a>;
    let column = |id, header: &'static str, read: Read<L<'a>>| words(id, header, "", read);
    ResultTable::new(
        "",
        "A scenario.",
        [
            column("scenario", "scenario", |l| (&l.row.scenario).into()),
            column("month", "$/month", |l| l.row.monthly_cost.map_or(NONE.into(), dollars).into()),
            column("once", "$ once", |l| l.row.once_cost.map_or(NONE.into(), dollars).into()),
            column("down", "down/year", |l| {
                let down = l.subject().and_then(|of| of.down.as_ref());
                down.map_or(NONE.into(), |down| narrow(downtime(&down.per_year), "")).into()
            }),
            column("served", "views served", |l| {
                let value = l.subject().and_then(|of| of.served.as_ref());
                let sign = l.sign(|aim| matches!(aim, Aim::Served { .. }));
                value.map_or(NONE.into(), |value| narrow(served(value), sign)).into()
            }),
            column("latency", "p95 at peak", |l| l.latency().into()),
            column("capacity", "capacity", |l| {
                let value = l.subject().and_then(|of| of.capacity.as_ref()).map(capacity);
                let sign = l.sign(|aim| matches!(aim, Aim::Capacity { .. }));
                narrow(value.unwrap_or_else(|| "not sought".into()), sign).into()
            }),
            column("first", "saturates first", |l| {
                let row = l.subject().and_then(|of| of.capacity.as_ref());
                row.map_or(NONE.into(), |row| row.first.0.clone()).into()
            }),
        ],
    )
}

/// Returns the names of the columns that have a value in some row.
fn columns(ladder: &Ladder) -> Vec<&'static str> {
    let subjects = || ladder.summaries.iter().flat_map(|summary| &summary.subjects);
    let in_window = |of: &Subject| of.windows.iter().any(|window| window.latency.is_some());
    let all = [
        ("scenario", true),
        ("month", ladder.rows.iter().any(|row| row.monthly_cost.is_some())),
        ("once", has_once(ladder)),
        ("down", subjects().any(|of| of.down.is_some())),
        ("served", subjects().any(|of| of.served.is_some())),
        ("latency", subjects().any(in_window)),
        ("capacity", subjects().any(|of| of.capacity.is_some() || of.peak.is_some())),
        ("first", subjects().any(|of| of.capacity.is_some())),
    ];
    all.into_iter().filter(|(_, has)| *has).map(|(id, _)| id).collect()
}

/// Explains the signs that the table has.
fn legend(ladder: &Ladder) -> Vec<String> {
    let mut all = Vec::new();
    let goals = || ladder.summaries.iter().flat_map(Summary::goals);
    let has = |verdict: Verdict| goals().any(|(_, goal)| goal.judgement == verdict);
    let mut signs = Vec::new();
    if has(Verdict::Fails) {
        signs.push("✗ misses its objective");
    }
    if has(Verdict::Inconclusive) || has(Verdict::NotJudged) {
        signs.push("? cannot be decided with these replications");
    }
    if !signs.is_empty() {
        all.push(format!("{}.", signs.join("; ")));
    }
    let asked = ladder.summaries.iter().find_map(|summary| {
        let of = summary.subjects.iter().find(|of| of.name == ladder.basis.class)?;
        (!of.goals.is_empty()).then_some(of)
    });
    if let Some(of) = asked {
        let mut wants: Vec<String> = Vec::new();
        for goal in &of.goals {
            let want = match &goal.aim {
                Aim::Latency { stat, bound, .. } => {
                    format!("{stat} below {}", crate::report::answer::seconds(*bound))
                }
                Aim::Served { least } => {
                    format!("{} of page views served", crate::report::answer::percent(*least))
                }
                Aim::Capacity { peak, .. } => {
                    format!("{} carried", crate::report::answer::rate(*peak))
                }
            };
            if !wants.contains(&want) {
                wants.push(want);
            }
        }
        all.push(
            format!("Objectives of {}: {}. ± is the 95 % interval.", of.name, list(&wants))
                .replace("95 %", &crate::report::answer::percent(ladder.level)),
        );
    }
    all
}

/// Lists the expectations that do not hold.
fn unmet(ladder: &Ladder) -> Vec<Fact> {
    let all: usize = ladder.summaries.iter().flat_map(|summary| summary.expectations).sum();
    if all == 0 {
        return Vec::new();
    }
    let held: usize = ladder.summaries.iter().map(|summary| summary.expectations[0]).sum();
    let fails = ladder.unmet.iter().any(|(_, row)| row.judgement == Verdict::Fails);
    let judgement = match (ladder.unmet.is_empty(), fails) {
        (true, _) => Judgement::Met,
        (false, true) => Judgement::NotMet,
        (false, false) => Judgement::Unsure,
    };
    let text = format!("{held} of {all} hold");
    let mut facts = vec![Fact { judgement: Some(judgement), ..Fact::plain("Expectations", text) }];
    for (row, one) in ladder.unmet.iter().take(EXPECTATIONS) {
        let text = page::expectation(one);
        let label = ladder.rows[*row].scenario.clone();
        facts
            .push(Fact { judgement: Some(page::word(one.judgement)), ..Fact::plain(&label, text) });
    }
    let left = ladder.unmet.len().saturating_sub(EXPECTATIONS);
    if left > 0 {
        facts.push(Fact::plain("", format!("{left} more: see --details")));
    }
    facts
}
