//! The first screen of a comparison: the cheapest scenario that meets every objective, one table and one chart.

use super::{Ladder, has_once, variants};
use crate::report::answer::{
    aftermath, capacity, downtime, expectations, found, list, margin, percent, rate, seconds, sign,
};
use crate::report::columns::{Read, ResultTable, Value, numbers, words};
use crate::report::document::{
    Axis, Cell, Chart, ChartKind, Estimate as Mark, Fact, Figure, FrontChart, FrontPoint,
    FrontRank, Judgement, Lead, Rounding, RowName, Table, Unit,
};
use crate::report::number;
use crate::report::run::lead::ends;
use crate::report::run::{page, price};
use crate::study::compare::{Choice, Offer, Row};
use crate::study::expect::Verdict;
use crate::study::results::{Carries, ExpectationRow};
use crate::study::summary::{Aim, Goal, InWindow, Subject, Summary};
use crate::study::window::Estimate;

/// Number of rows of the table on a terminal.
const ROWS: usize = 14;
/// Number of expectations that are told one by one.
const EXPECTATIONS: usize = 3;
/// Most scenarios named with their downtime including undetected failures.
const UNDETECTED: usize = 3;

/// Returns the first screen.
pub(super) fn lead(ladder: &Ladder) -> Lead {
    let header = latency_header(ladder);
    let mut table =
        declared().headed(&[("latency", &header)]).page("", &columns(ladder), lines(ladder));
    head_objectives(ladder, &mut table);
    align(&mut table);
    let more = table.rows.len().saturating_sub(ROWS);
    if more > 0 {
        // The scenario of the answer is always among the rows.
        if let Some(chosen) = chosen(&ladder.choice).filter(|row| *row >= ROWS) {
            table.rows.swap(ROWS - 1, chosen);
        }
        table.rows.truncate(ROWS);
    }
    let mut below = legend(ladder);
    if more > 0 {
        below.insert(0, format!("and {more} more scenarios, with --details"));
    }
    Lead {
        answer: answer(ladder)
            .into_iter()
            .chain(variants::found(ladder))
            .chain(variants::others(ladder))
            .collect(),
        facts: unmet(ladder),
        table: Some(table),
        below,
        chart: chart(ladder),
        ..Lead::default()
    }
}

/// Returns the row that the answer names.
pub(super) const fn chosen(choice: &Choice) -> Option<usize> {
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
            all.extend(beside(&ladder.summaries[*row]));
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
    let limit = match (&goal.aim, &of.capacity) {
        (Aim::Capacity { .. }, Some(row)) => format!("; {}", ends(row)),
        _ => String::new(),
    };
    Some(format!("Least to spare: {}, {}{limit}.", found(of, goal), margin(goal)?))
}

/// Tells which loss of one part leaves page views lost, whatever the objectives say.
fn beside(summary: &Summary) -> Option<String> {
    let said = summary.subjects.iter().find_map(|of| aftermath(&of.aftermaths))?;
    Some(format!("Beside the objectives: {said}."))
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

    /// Returns the name, with the verdict on all objectives.
    fn name(&self) -> Value<'a> {
        let asked = self.summary.has_objectives;
        Value::Cell(Cell::Name(RowName {
            name: self.row.scenario.clone(),
            verdict: asked.then(|| page::word(self.summary.verdict())),
            about: self.row.title.clone(),
        }))
    }

    /// Returns an estimate as a cell, with the verdict on the objective for it.
    fn cell(
        &self,
        value: Option<&Estimate>,
        (unit, rounding): (Unit, Rounding),
        is_it: impl Fn(&Aim) -> bool,
    ) -> Value<'a> {
        let Some(value) = value else { return Value::Missing("–".into()) };
        let verdict = self.goal(is_it).map(|goal| page::word(goal.judgement));
        Value::Cell(match crate::report::run::cell(value, unit) {
            Cell::Figure(figure) => Cell::Figure(Figure { verdict, ..figure.rounded(rounding) }),
            other => other,
        })
    }

    /// Returns the latency in the deciding window.
    fn latency(&self) -> Value<'a> {
        let window = self.subject().and_then(deciding);
        let own = |aim: &Aim| match aim {
            Aim::Latency { window: name, .. } => window.is_some_and(|window| window.name == *name),
            _ => false,
        };
        let value = window.and_then(|window| window.latency.as_ref());
        self.cell(value, (Unit::Seconds, Rounding::Nearest), own)
    }

    fn capacity(&self) -> Value<'a> {
        let own = |aim: &Aim| matches!(aim, Aim::Capacity { .. });
        let Some(row) = self.subject().and_then(|of| of.capacity.as_ref()) else {
            return Value::Missing("not sought".into());
        };
        match &row.carries {
            Carries::Rate(value) => self.cell(Some(value), (Unit::PerSecond, Rounding::Down), own),
            // A bound is words; the sign stays.
            _ => {
                let sign = self.goal(own).map_or("", |goal| sign(goal.judgement));
                Value::Cell(Cell::text(format!("{}{sign}", capacity(row))))
            }
        }
    }
}

/// Returns the window of the design peak, or else the last one.
fn deciding(of: &Subject) -> Option<&InWindow> {
    match &of.peak {
        Some((_, name)) => of.windows.iter().find(|window| window.name == *name),
        None => of.windows.last(),
    }
}

fn lines(ladder: &Ladder) -> impl Iterator<Item = Line<'_>> {
    let both = ladder.rows.iter().zip(&ladder.summaries);
    both.map(|(row, summary)| Line { row, summary, class: &ladder.basis.class })
}

/// Returns the heading of the latencies: the statistic and the window of the design peak.
fn latency_header(ladder: &Ladder) -> String {
    let mut subjects = lines(ladder).filter_map(|line| line.subject());
    let found = subjects
        .find_map(|of| deciding(of).map(|window| format!("{} at {}", window.stat, window.name)));
    found.unwrap_or_else(|| "p95".into())
}

/// Puts the objectives that all scenarios share into the heads of their columns.
fn head_objectives(ladder: &Ladder, table: &mut Table) {
    let deciding = lines(ladder).filter_map(|line| line.subject()).find_map(deciding);
    let load = deciding.and_then(|window| window.level);
    let at = load.map_or_else(String::new, |load| format!(" at {}", rate(load)));
    let goals = ladder.summaries.iter().flat_map(Summary::goals);
    let own: Vec<&Aim> =
        goals.filter(|(of, _)| of.name == ladder.basis.class).map(|(_, goal)| &goal.aim).collect();
    for column in &mut table.columns {
        let asked = |aim: &&Aim| match (column.key.as_str(), aim) {
            ("latency", Aim::Latency { window, bound, .. }) => deciding
                .is_some_and(|decides| decides.name == *window)
                .then(|| format!("< {}{at}", seconds(*bound))),
            ("served", Aim::Served { least }) => Some(format!("≥ {}", percent(*least))),
            ("capacity", Aim::Capacity { peak, .. }) => Some(format!("≥ {}", rate(*peak))),
            _ => None,
        };
        let mut all: Vec<String> = own.iter().filter_map(asked).collect();
        all.dedup();
        if let [only] = all.as_slice() {
            column.objective.clone_from(only);
        } else if column.key == "latency" && all.is_empty() {
            column.objective = at.trim_start().into();
        }
    }
}

/// Gives the figures of each column one unit and one number of digits after the point.
fn align(table: &mut Table) {
    for at in 0..table.columns.len() {
        let figure = |row: &Vec<Cell>| match row.get(at) {
            Some(Cell::Figure(figure)) => Some(figure.clone()),
            _ => None,
        };
        let figures: Vec<Figure> = table.rows.iter().filter_map(figure).collect();
        let form = number::column_form(figures.iter());
        for row in &mut table.rows {
            if let Some(Cell::Figure(figure)) = row.get_mut(at) {
                figure.form = form;
            }
        }
    }
}

/// Declares the columns of the first table.
fn declared<'a>() -> ResultTable<Line<'a>> {
    type L<'a> = Line<'a>;
    let column =
        |id, header: &'static str, unit, read: Read<L<'a>>| numbers(id, header, unit, "", read);
    ResultTable::new(
        "",
        "A scenario.",
        [
            words("scenario", "scenario", "", |l: &L<'_>| l.name()),
            column("month", "$/month", Unit::Dollars, |l| Value::or(l.row.monthly_cost, "–")),
            column("once", "$ once", Unit::Dollars, |l| Value::or(l.row.once_cost, "–")),
            column("down", "down/year", Unit::Downtime, |l| {
                let down = l.subject().and_then(|of| of.down.as_ref()).map(|down| &down.per_year);
                l.cell(down, (Unit::Downtime, Rounding::Up), |_| false)
            }),
            column("served", "views served", Unit::Ratio, |l| {
                let own = |aim: &Aim| matches!(aim, Aim::Served { .. });
                let value = l.subject().and_then(|of| of.served.as_ref());
                l.cell(value, (Unit::Ratio, Rounding::Down), own)
            }),
            column("latency", "p95 at peak", Unit::Seconds, |l| l.latency()),
            column("capacity", "capacity", Unit::PerSecond, |l| l.capacity()),
            words("first", "limited by", "", |l: &L<'_>| {
                let row = l.subject().and_then(|of| of.capacity.as_ref());
                Value::or(row.map(super::capacity::limit), "–")
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

/// Returns the rank of an offer: on the front if no scenario that meets every objective costs at most as much and is
/// not shown to have more downtime.
fn rank(ladder: &Ladder, offer: &Offer) -> FrontRank {
    let verdict = |row: usize| ladder.summaries[row].verdict();
    let has_all = |row: &usize| matches!(verdict(*row), Verdict::Holds | Verdict::NotJudged);
    match verdict(offer.row) {
        Verdict::Fails => FrontRank::Excluded,
        Verdict::Inconclusive => FrontRank::Undecided,
        Verdict::Holds | Verdict::NotJudged if offer.rivals.iter().any(has_all) => {
            FrontRank::Beaten
        }
        Verdict::Holds | Verdict::NotJudged => FrontRank::Front,
    }
}

/// Draws cost against downtime; `None` unless two scenarios have both.
fn chart(ladder: &Ladder) -> Option<Chart> {
    let points = ladder.offers.iter().map(|offer| FrontPoint {
        label: ladder.rows[offer.row].scenario.clone(),
        x: offer.cost,
        y: Mark {
            value: offer.downtime.estimate / 60.0,
            interval: Some((offer.downtime.low / 60.0, offer.downtime.high / 60.0)),
        },
        rank: rank(ladder, offer),
    });
    let points: Vec<FrontPoint> = points.collect();
    let asked = ladder.summaries.iter().any(|summary| summary.has_objectives);
    let count = |rank| points.iter().filter(|point| point.rank == rank).count();
    let (missed, open) = (count(FrontRank::Excluded), count(FrontRank::Undecided));
    let verdicts = match (asked, missed, open) {
        (false, ..) => "No objective is declared".into(),
        (true, 0, 0) => "Every scenario meets every objective".into(),
        (true, missed, 0) => format!("{missed} of {} miss an objective", points.len()),
        (true, 0, open) => format!("{open} of {} are undecided", points.len()),
        (true, missed, open) => {
            format!("{missed} of {} miss an objective, {open} are undecided", points.len())
        }
    };
    let others = if asked { "no other that meets every objective" } else { "no other" };
    let finding = format!(
        "{verdicts}. On the line, {others} is certainly down for less time at the same price or \
         less"
    );
    (points.len() > 1).then(|| Chart {
        name: "downtime-against-cost".into(),
        title: format!("Downtime per year of {} against cost", ladder.basis.class),
        finding,
        kind: ChartKind::Front(FrontChart {
            x: Axis::linear("dollars per month", Unit::DollarsPerMonth),
            y: Axis::linear("downtime", Unit::Other("min per year".into())).rounded(Rounding::Up),
            kinds: Box::new(
                [
                    "less downtime than all that cost less",
                    "not shown to have less than a cheaper one",
                    "misses an objective",
                    "undecided",
                ]
                .map(String::from),
            ),
            points,
        }),
    })
}

/// Explains the signs that the table has.
fn legend(ladder: &Ladder) -> Vec<String> {
    let mut all = Vec::new();
    let goals = || ladder.summaries.iter().flat_map(Summary::goals);
    let has = |verdict: Verdict| goals().any(|(_, goal)| goal.judgement == verdict);
    let mut signs = Vec::new();
    if ladder.summaries.iter().any(|summary| summary.verdict() == Verdict::Holds) {
        signs.push("✓ meets every objective");
    }
    if has(Verdict::Fails) {
        signs.push("✗ misses one");
    }
    if has(Verdict::Inconclusive) || has(Verdict::NotJudged) {
        signs.push("? undecided, or not judged here");
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
                    format!("{stat} below {}", seconds(*bound))
                }
                Aim::Served { least } => {
                    format!("{} of page views served", percent(*least))
                }
                Aim::Capacity { peak, .. } => {
                    format!("{} carried", rate(*peak))
                }
            };
            if !wants.contains(&want) {
                wants.push(want);
            }
        }
        let level = percent(ladder.level);
        let wants = list(&wants);
        let run = if ladder.quick { " of this quick run, with few and short windows" } else { "" };
        all.push(format!("Objectives of {}: {wants}. ± is the {level} interval{run}.", of.name));
    }
    all.extend(defined(ladder));
    all.extend(undetected(ladder));
    all
}

/// Names the scenarios whose downtime is clearly longer if undetected failures count.
fn undetected(ladder: &Ladder) -> Option<String> {
    let longer = |line: Line<'_>| {
        let more = line.subject()?.down.as_ref()?.with_undetected.as_ref()?;
        Some(format!("{} is down {} per year", line.row.scenario, downtime(more)))
    };
    let mut told: Vec<String> = lines(ladder).filter_map(longer).collect();
    let left = told.len().saturating_sub(UNDETECTED);
    told.truncate(UNDETECTED);
    if left > 0 {
        told.push(format!("{left} more scenarios are down longer too (see --details)"));
    }
    (!told.is_empty()).then(|| {
        format!("Down leaves out failures that are not detected yet. With them, {}.", list(&told))
    })
}

/// Defines page views served and downtime, which are easily taken for each other.
fn defined(ladder: &Ladder) -> Option<String> {
    let subjects = || ladder.summaries.iter().flat_map(|summary| &summary.subjects);
    let class = &ladder.basis.class;
    let down = subjects().any(|of| of.down.is_some());
    let served = subjects().any(|of| of.served.is_some());
    let served = served.then_some(
        "Views served: those answered of all page views of the years. An objective of availability \
         asks for this share.",
    );
    let down = down.then(|| {
        format!(
            "Down: the time in which too few parts are up and reachable to answer {class}; \
             overload is not in it."
        )
    });
    let all: Vec<String> = served.map(String::from).into_iter().chain(down).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

/// Returns the expectations of a variant that are not known to hold, with its name.
fn of_variant<'a>(
    (name, pair): (&'a str, &'a Ladder),
) -> impl Iterator<Item = (&'a str, &'a ExpectationRow)> {
    pair.unmet.iter().filter(|(row, _)| *row == 1).map(move |(_, one)| (name, one))
}

/// Counts the expectations by verdict, then lists those that fail.
fn unmet(ladder: &Ladder) -> Vec<Fact> {
    let variants = || ladder.variants.iter().map(|one| (one.scenario(), &one.pair));
    let of_variants = variants().map(|(_, pair)| &pair.summaries[1]);
    let counts = ladder.summaries.iter().chain(of_variants).map(|summary| summary.expectations);
    let counts = counts.fold([0; 3], |sum, one| [0, 1, 2].map(|at| sum[at] + one[at]));
    let Some((text, judgement)) = expectations(counts) else { return Vec::new() };
    // That all hold is said already.
    let judgement = Some(judgement).filter(|one| *one != Judgement::Met);
    let mut facts = vec![Fact { judgement, ..Fact::plain("Expectations", text) }];
    let of_rows = || ladder.unmet.iter().map(|(row, one)| (&*ladder.rows[*row].scenario, one));
    let all = || of_rows().chain(variants().flat_map(of_variant));
    let fails = || all().filter(|(_, row)| row.judgement == Verdict::Fails);
    for (name, one) in fails().take(EXPECTATIONS) {
        let text = page::expectation(one);
        facts.push(Fact { judgement: Some(page::word(one.judgement)), ..Fact::plain(name, text) });
    }
    let left = fails().count().saturating_sub(EXPECTATIONS);
    if left > 0 {
        facts.push(Fact::plain("", format!("and {left} more, with --details")));
    }
    facts
}
