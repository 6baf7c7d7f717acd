//! The report of one scenario, as a document; the terminal shows its first tables.

use super::{Identity, breaks, capacity, databases, ledgers, price, unit};
use crate::plan::figure::FigureUnit;
use crate::report::columns::{ResultTable, numbers, words};
use crate::report::document::{
    Block, Check, Definition, Document, Figure, Judgement as Word, Section, Unit, Verdict as Line,
};
use crate::report::number;
use crate::stats::interval::Method;
use crate::study::expect::Verdict as Judgement;
use crate::study::results::{
    ClassRow, ExpectationRow, RESULTS_VERSION, Recovery, Results, ViewRow, WindowRows, balance,
};
use crate::study::window::{Came, Estimate, Verdict};
use crate::units::{SimDuration, SimTime};

/// Returns the whole report.
#[must_use]
pub fn document(results: &Results, identity: &Identity) -> Document {
    let title = if results.title.is_empty() { &results.scenario } else { &results.title };
    Document {
        title: title.clone(),
        scenario: results.scenario.clone(),
        question: results.question.clone(),
        source: results.source.clone(),
        seed: results.seed,
        results_version: RESULTS_VERSION,
        digest: String::new(),
        command: identity.command.clone(),
        partial: results.partial.clone(),
        lead: super::lead::lead(results, identity),
        verdicts: verdicts(results),
        system: Some(results.system.clone()),
        sections: sections(results, identity),
        notes: results.leaves_out.clone(),
    }
}

/// Returns the sections in the order of a planner's questions: why it is down, how fast it is, how busy, how much it
/// carries, how it recovers, what it costs; then the record of the run.
fn sections(results: &Results, identity: &Identity) -> Vec<Section> {
    let has_windows = !results.windows.is_empty();
    let sections = [
        super::downtime::section(results),
        has_windows.then(|| super::latency::section(results)),
        has_windows.then(|| super::utilization::section(results)),
        capacity::section(results),
        breaks::section(results),
        super::recovery::section(results),
        super::restores::section(results),
        super::disk_sets::section(results),
        super::scaled::section(results),
        databases::section(results),
        super::cost::section(results),
        has_windows.then(|| record(results, identity)),
        Some(scenario(identity)),
    ];
    sections.into_iter().flatten().collect()
}

/// Returns the short document for a terminal: findings, tables, checks; no drawing, no ledger.
#[must_use]
pub fn brief(document: &Document) -> Document {
    let mut brief = document.clone();
    brief.sections.retain(|section| section.heading != SCENARIO);
    for section in &mut brief.sections {
        for block in &mut section.blocks {
            if let Block::Folded(fold) = block {
                fold.blocks.retain(|block| matches!(block, Block::Table(_) | Block::Checks(_)));
            }
        }
        section.blocks.retain(|block| match block {
            Block::Folded(fold) => {
                let left_out = [ledgers::HEADING, super::zones::HEADING];
                !fold.blocks.is_empty() && !left_out.contains(&fold.summary.as_str())
            }
            Block::Table(_) | Block::Checks(_) => true,
            _ => false,
        });
    }
    brief.sections.retain(|section| !section.blocks.is_empty());
    brief
}

const SCENARIO: &str = "Scenario as simulated";

/// Converts a verdict to the judgement of a document.
#[must_use]
pub const fn word(judgement: Judgement) -> Word {
    match judgement {
        Judgement::Holds => Word::Met,
        Judgement::Fails => Word::NotMet,
        Judgement::Inconclusive | Judgement::NotJudged => Word::Unsure,
    }
}

/// Formats an estimate in words.
#[must_use]
pub fn in_words(estimate: &Estimate, shown: Unit) -> String {
    match estimate {
        Estimate::Interval(i) if i.method == Method::Arithmetic => {
            format!("{} (analytic)", number::figure(&Figure::exact(i.estimate, shown)))
        }
        Estimate::Interval(i) => number::figure(&super::figure(i, shown)),
        Estimate::Single(value) => {
            format!("{} (single run)", number::figure(&Figure::exact(*value, shown)))
        }
        Estimate::Missing(reason) => format!("no figure: {reason}"),
    }
}

fn verdicts(results: &Results) -> Vec<Line> {
    let mut lines = Vec::new();
    for row in &results.objectives {
        let window = &results.windows[row.window];
        let label = match (window.verdict_of(&row.class), window.classes.len()) {
            (Verdict::Stable, _) => String::new(),
            (other, 0 | 1) => format!("; the window is {}", other.word()),
            (other, _) => format!("; the class is {} in it", other.word()),
        };
        let text = format!(
            "objective {} {} < {} in window {}: {}{label}",
            row.class,
            row.stat,
            row.bound,
            window.name,
            in_words(&row.estimate, Unit::Seconds)
        );
        lines.push(Line { judgement: word(row.judgement), text });
    }
    lines.extend(beside_objectives(results, true));
    lines
}

/// Returns the verdicts on anything but objectives; without the expectations if these are told elsewhere.
pub(super) fn beside_objectives(results: &Results, has_expectations: bool) -> Vec<Line> {
    let mut lines: Vec<Line> = results.plain().flat_map(metastable).collect();
    for row in results.expectations.iter().filter(|_| has_expectations) {
        lines.push(Line { judgement: word(row.judgement), text: expectation(row) });
    }
    for row in &results.unreached {
        let half = |share: f64| number::figure(&Figure::exact(share, Unit::Ratio));
        let reached =
            row.reached.map_or_else(|| "no interval".into(), |share| format!("± {}", half(share)));
        let with = row.replications.map_or_else(String::new, |count| {
            format!(" with {} replications", number::count(count as u64))
        });
        let text = format!("precision of {}, ± {}: {reached}{with}", row.path, half(row.wanted));
        lines.push(Line { judgement: Word::Unsure, text });
    }
    lines.extend(super::years::single_outages(results));
    lines
}

/// Formats an expectation with what was found.
pub fn expectation(row: &ExpectationRow) -> String {
    format!("{} is {}: {}", row.path, row.is, found(row))
}

/// Formats what was found of a figure, in the unit of the demand.
pub(super) fn found(row: &ExpectationRow) -> String {
    match (&row.words, row.judgement) {
        (Some(reason), Judgement::NotJudged) => format!("not judged: {reason}"),
        (Some(name), _) => name.clone(),
        (None, _) => match unit_of_bound(&row.is).filter(|_| row.unit == FigureUnit::Seconds) {
            Some((name, seconds)) => {
                in_words(&row.estimate.clone().times(1.0 / seconds), Unit::Other(name.into()))
            }
            // Shares near 1 have their nines in percent.
            None if row.unit == FigureUnit::Ratio
                && !bound(&row.is).ends_with('%')
                && row.estimate.value().is_some_and(|share| share < 0.9) =>
            {
                in_words(&row.estimate, Unit::None)
            }
            None => in_words(&row.estimate, unit(row.unit)),
        },
    }
}

/// Returns the bound of a demand, without its tolerance: `0.8` of `0.8 +- 1%` and of `within 1% of 0.8`.
fn bound(is: &str) -> &str {
    let value = is.split("+-").next().unwrap_or(is);
    value.rsplit(" of ").next().unwrap_or(value).trim()
}

/// Returns the unit of time of the last duration in a demand, with its seconds; the value found is printed in it.
fn unit_of_bound(is: &str) -> Option<(&'static str, f64)> {
    let last = is.split_whitespace().rfind(|word| SimDuration::parse(word).is_ok())?;
    let written = last.trim_start_matches(|letter: char| !letter.is_alphabetic() && letter != 'µ');
    TIMES.into_iter().find(|(name, _)| *name == written)
}

/// Units of time in a scenario, with their seconds.
const TIMES: [(&str, f64); 8] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("min", 60.0),
    ("h", 3_600.0),
    ("d", 86_400.0),
];

/// Describes each class whose overload is metastable.
fn metastable(window: &WindowRows) -> Vec<Line> {
    let share = |share: f64| number::figure(&Figure::exact(share, Unit::Ratio));
    let rate = |rate: f64| number::figure(&Figure::exact(rate, Unit::PerSecond));
    let time = |seconds: f64| number::figure(&Figure::exact(seconds, Unit::Seconds));
    let line = |row: &ClassRow| {
        let of = row.metastable.as_deref()?;
        let recovery = match of.recovery {
            Recovery::Between(recovers, stays, own) => format!(
                "It recovers when its rate falls from {} to {}; at {} it does not recover by the \
                 end of the window.",
                rate(own),
                rate(recovers),
                rate(stays)
            ),
            Recovery::Unknown(why) => {
                format!("The rate below which it recovers was not computed: {why}.")
            }
        };
        let text = format!(
            "{} is METASTABLE in window {}: its trigger ({}) ended at {}, and {} of its page views \
             are still lost at the end of the window. Without the trigger {} are, at the same \
             rate. {recovery}",
            row.name,
            window.name,
            of.trigger,
            time(of.over.since(SimTime::ZERO).seconds()),
            share(of.lost),
            share(of.lost_without),
        );
        Some(Line { judgement: Word::Finding, text })
    };
    window.classes.iter().filter_map(line).collect()
}

/// The page views of a workload in a window.
struct Views<'a> {
    window: &'a WindowRows,
    row: &'a ViewRow,
    came: &'a Came,
}

fn of_windows<'a>() -> ResultTable<Views<'a>> {
    ResultTable::new(
        "",
        "The page views of a workload in a window.",
        [
            words("window", "window", "", |l| match l.window.views.len() {
                1 => (&l.window.name).into(),
                _ => format!("{}: {}", l.window.name, l.row.workload).into(),
            }),
            words("verdict", "verdict", "", |l| l.window.verdict_of(&l.row.class).word().into()),
            numbers("served_ratio", "page views served", Unit::Ratio, "", |l| {
                l.row.served_share.into()
            }),
            words("not_served", "not served", "", |l| unserved(l.row).into()),
            words("rate", "rate", "", |l| {
                l.window.rate.map_or_else(|| "own".into(), |rate| rate.to_string()).into()
            }),
            numbers("arrivals_per_s", "arrived", Unit::PerSecond, "", |l| {
                (&l.came.realised).into()
            }),
            numbers("replications", "runs", Unit::None, "", |l| l.window.replications.into()),
            words("length", "length", "", |l| l.window.length.to_string().into()),
            numbers("events", "events", Unit::None, "", |l| l.window.events.into()),
        ],
    )
}

/// Returns the record of the run: windows, ledgers and checks, all folded.
fn record(results: &Results, identity: &Identity) -> Section {
    let folds = [
        (
            "Windows: arrivals, verdict on the balance, page views served",
            windows(results, identity),
        ),
        (ledgers::HEADING, ledgers::blocks(results)),
        ("Checks of the run itself", vec![checks(results)]),
    ];
    let failed =
        results.checks.iter().filter(|check| check.judgement.map(word) == Some(Word::NotMet));
    let (all, failed) = (results.checks.len(), failed.count());
    let result = match failed {
        0 => format!("None of {all} checks of the run itself failed"),
        some => format!("{some} of {all} checks of the run itself FAILED"),
    };
    let events: u64 = results.windows.iter().map(|window| window.events).sum();
    Section {
        heading: "Record of the run".into(),
        intro: format!(
            "{result}. {} windows were simulated request by request, with {} events.",
            number::count(results.plain().count() as u64),
            number::count(events)
        ),
        blocks: folds
            .into_iter()
            .filter_map(|(summary, blocks)| super::folded(summary, blocks))
            .collect(),
    }
}

fn windows(results: &Results, identity: &Identity) -> Vec<Block> {
    let lines = results.plain().flat_map(|window| {
        let both = window.views.iter().zip(&window.came);
        both.map(move |(row, came)| Views { window, row, came })
    });
    let level = percent(results.level);
    let caption = format!("{level} intervals over replications, seed {}", results.seed);
    let text = "Each window is one interval of time, simulated request by request in many \
                independent replications.";
    let mut blocks = vec![Block::Text(text.into()), Block::Table(of_windows().all(caption, lines))];
    blocks.extend(corrected(results).map(Block::Text));
    blocks.push(Block::Text(SINGLE.into()));
    blocks.push(Block::Definitions(meanings(results)));
    if let Some(cost) = price(identity.monthly_cost, identity.once_cost) {
        blocks.push(Block::Text(format!("Cost: {cost}.")));
    }
    blocks
}

/// The scope of the intervals, which every report states once.
const SINGLE: &str = "Each interval holds for its own figure. Intervals are not joint: of twenty \
                      intervals at 95 % one misses the true value on average, and the figures of \
                      one window share their arrivals, so that their errors are correlated.";

/// Names the windows whose figures are corrected for their arrivals.
fn corrected(results: &Results) -> Option<String> {
    let names: Vec<&str> =
        results.plain().filter(|one| one.corrected).map(|one| one.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "Latencies, utilisations, numbers in the system and throughputs of {} are corrected \
             from the sampled to the expected arrivals (control variate: regression over \
             replications, jackknife intervals). Counts and shares are of the sampled requests.",
            names.join(", ")
        )
    })
}

fn percent(level: f64) -> String {
    number::figure(&Figure::exact(level, Unit::Ratio)).replace('\u{a0}', " ")
}

fn meanings(results: &Results) -> Vec<Definition> {
    let mut seen: Vec<Verdict> = Vec::new();
    for window in results.plain() {
        let classes = window.classes.iter().map(|row| row.verdict);
        for verdict in classes.chain([window.verdict]) {
            if !seen.contains(&verdict) {
                seen.push(verdict);
            }
        }
    }
    let meaning = |verdict: Verdict| Definition {
        term: verdict.word().into(),
        meaning: balance(verdict).into(),
    };
    seen.into_iter().map(meaning).collect()
}

/// Lists the page views that were not served, by reason: `overload 0.1 %, session over 0.2 %`.
fn unserved(row: &ViewRow) -> String {
    let reasons = row.lost.iter().map(|(cause, count)| (cause.as_str(), *count));
    let all = reasons.chain([("session over", row.never_born), ("under way", row.in_flight)]);
    let part = |(reason, count): (&str, u64)| {
        let share = Figure::exact(count as f64 / row.intended.max(1) as f64, Unit::Ratio);
        let share = share.rounded(crate::report::document::Rounding::Up);
        format!("{reason} {}", number::figure(&share))
    };
    let parts: Vec<String> = all.filter(|(_, count)| *count > 0).map(part).collect();
    if parts.is_empty() { "none seen".into() } else { parts.join(", ") }
}

/// Returns the window's name, with the verdict on a class in it.
pub(super) fn labelled_for(window: &WindowRows, class: &str) -> String {
    match window.verdict_of(class) {
        Verdict::Stable => window.name.clone(),
        other => format!("{} ({})", window.name, other.word()),
    }
}

/// Returns the window's name with its verdict, and with the classes concerned if not all are.
pub(super) fn labelled(window: &WindowRows) -> String {
    match (window.verdict, window.verdict_is_of()) {
        (Verdict::Stable, _) => window.name.clone(),
        (other, classes) if classes.is_empty() => format!("{} ({})", window.name, other.word()),
        (other, classes) => {
            let all = window.classes.len();
            let of = match classes.as_slice() {
                [only] => (*only).to_string(),
                several => format!("{} of {all} classes", several.len()),
            };
            format!("{} ({}: {of})", window.name, other.word())
        }
    }
}

fn checks(results: &Results) -> Block {
    let check = |check: &crate::study::results::Check| Check {
        name: check.name.into(),
        judgement: check.judgement.map_or(Word::Finding, word),
        detail: check.detail.clone(),
    };
    Block::Checks(results.checks.iter().map(check).collect())
}

fn scenario(identity: &Identity) -> Section {
    let mut blocks = vec![Block::Source(identity.canonical.clone())];
    if !identity.traces.is_empty() {
        let files = identity
            .traces
            .iter()
            .map(|(name, digest)| Definition { term: name.clone(), meaning: digest.clone() });
        blocks.push(Block::Definitions(files.collect()));
    }
    Section {
        heading: SCENARIO.into(),
        intro: format!(
            "The scenario with defaults filled in and flags applied. It is in the results folder \
             as scenario.toml and can be run again; the digest of its canonical form is {}.",
            identity.canonical_digest
        ),
        blocks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_expectation_finds_is_told_in_the_unit_of_its_bound() {
        let row = |is: &str, value: f64| ExpectationRow {
            path: "outage.page.mean@horizon".into(),
            is: is.into(),
            unit: FigureUnit::Seconds,
            estimate: Estimate::Single(value),
            words: None,
            judgement: Judgement::Holds,
        };
        let told = |is: &str, value: f64| expectation(&row(is, value)).replace('\u{a0}', " ");
        assert!(told("within 15% of 1822s", 1_872.0).ends_with("1822s: 1,872 s (single run)"));
        assert!(told("< 500ms", 1.25).ends_with("< 500ms: 1,250 ms (single run)"));
        assert!(told("<= 2h", 1_800.0).ends_with("<= 2h: 0.5 h (single run)"));
        let share =
            |is: &str| expectation(&ExpectationRow { unit: FigureUnit::Ratio, ..row(is, 0.25) });
        assert!(share("within 5% of 0.26").ends_with("of 0.26: 0.25 (single run)"));
        assert!(share("0.26 +- 5%").ends_with("+- 5%: 0.25 (single run)"));
        assert!(share("< 26%").replace('\u{a0}', " ").ends_with("< 26%: 25 % (single run)"));
    }
}
