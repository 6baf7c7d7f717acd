//! A comment for a pull request, in Markdown as GitHub and GitLab read it: what moved, for better or worse, and why.
//!
//! Holds: the worst change stands first; text from files stands in code spans, so that it is neither markup nor a
//! mention; the comment is shorter than the 65,536 characters that GitHub takes.

use super::{Gated, Mode, Outcome, Report, Row, allowed, needed, shown};
use crate::report::difference::words;
use crate::report::document::{Figure, Rounding, Unit};
use crate::report::number;
use crate::report::text::visible;
use crate::study::gate::{Direction, Verdict, without_rounding};
use crate::study::record::FigureRecord;

/// The first line, by which a workflow finds the comment of an earlier push.
const MARK: &str = "<!-- fivenines gate -->";
/// Largest number of changed figures in the table of a scenario; the rest is folded.
const FIRST: usize = 10;
/// Largest number of folded figures of a scenario.
const FOLDED: usize = 30;
/// Largest number of keys named for a scenario.
const KEYS: usize = 10;
/// Number of characters after which scenarios are stated in one line each.
const LONG: usize = 48_000;
/// Number of characters after which scenarios are only counted.
const FULL: usize = 60_000;

/// Returns the comment.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut out = format!("{MARK}\n### {}\n", headline(report));
    let mut left = 0_usize;
    for one in order(report) {
        let text = match out.chars().count() {
            0..LONG => scenario(one),
            LONG..FULL => format!("\n**{}**: {}\n", code(&one.scenario), outcome(one)),
            _ => {
                left += 1;
                continue;
            }
        };
        out.push_str(&text);
    }
    if left > 0 {
        out.push_str(&format!("\n{left} more scenarios did not fit into this comment.\n"));
    }
    let same: Vec<String> = passed(report).map(|one| code(&one.scenario)).take(KEYS).collect();
    let more = passed(report).count() - same.len();
    if !same.is_empty() {
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        out.push_str(&format!("\nNo figure changed in {}{more}.\n", same.join(", ")));
    }
    let unused: Vec<String> = report.unused.iter().take(KEYS).map(|name| code(name)).collect();
    if !unused.is_empty() {
        let text = "No file was compared with the baseline of";
        out.push_str(&format!("\n{text} {}.\n", unused.join(", ")));
    }
    out
}

fn passed(report: &Report) -> impl Iterator<Item = &Gated> {
    report.scenarios.iter().filter(|one| one.outcome == Outcome::Pass)
}

/// Returns the scenarios that did not pass: changed ones first, then those without a verdict.
fn order(report: &Report) -> impl Iterator<Item = &Gated> {
    let ranks = [0, 1, 2];
    ranks
        .into_iter()
        .flat_map(|rank| report.scenarios.iter().filter(move |one| rank_of(one) == rank))
}

const fn rank_of(one: &Gated) -> u8 {
    match one.outcome {
        Outcome::Changed => 0,
        Outcome::NotJudged { .. } => 1,
        Outcome::Unsure => 2,
        Outcome::Pass => 3,
    }
}

/// States over all scenarios how many figures moved, and how many of them for the worse.
fn headline(report: &Report) -> String {
    let rows = || report.scenarios.iter().flat_map(|one| one.of(Verdict::Changed));
    let ways = |way| rows().filter(|row| row.direction == Some(way)).count();
    let scenarios = match report.scenarios.len() {
        1 => "1 scenario".to_string(),
        count => format!("{count} scenarios"),
    };
    let open = report.scenarios.iter().filter(|one| matches!(rank_of(one), 1 | 2)).count();
    let open = match (open, report.allow_unsure) {
        (0, _) => String::new(),
        (count, true) => format!(", {count} undecided or not judged (undecided ones are allowed)"),
        (count, false) => format!(", {count} undecided or not judged"),
    };
    let changed = match rows().count() {
        0 if report.scenarios.iter().any(|one| one.outcome == Outcome::Changed) => {
            "Results differ although no figure moved".to_string()
        }
        0 => "No figure moved".to_string(),
        count => {
            let (worse, better) = (ways(Direction::Worse), ways(Direction::Better));
            let figures = if count == 1 { "figure" } else { "figures" };
            format!("{count} {figures} moved: {worse} worse, {better} better")
        }
    };
    format!("{changed} ({scenarios}{open})")
}

fn outcome(one: &Gated) -> String {
    match &one.outcome {
        Outcome::NotJudged { why, .. } => format!("not judged, {}", code(why)),
        _ => one.counts(),
    }
}

fn scenario(one: &Gated) -> String {
    let mut out = format!("\n**{}**: {}\n", code(&one.scenario), outcome(one));
    if let Outcome::NotJudged { help: Some(help), .. } = &one.outcome {
        out.push_str(&format!("\n{}\n", code(help)));
    }
    reason(&mut out, one);
    let mut changed: Vec<&Row> = one.of(Verdict::Changed).collect();
    changed.sort_by(|a, b| {
        let worse = |row: &Row| row.direction != Some(Direction::Worse);
        worse(a).cmp(&worse(b)).then(size(b).total_cmp(&size(a)))
    });
    let (first, rest) = changed.split_at(changed.len().min(FIRST));
    table(&mut out, first);
    if !rest.is_empty() {
        folded(&mut out, &format!("{} more figures that moved", rest.len()), rest);
    }
    let unsure: Vec<&Row> = one.of(Verdict::Unsure).collect();
    if !unsure.is_empty() {
        folded(&mut out, &format!("{} undecided figures", unsure.len()), &unsure);
    }
    out
}

/// States what differs, and so may be the reason.
fn reason(out: &mut String, one: &Gated) {
    if !one.keys.is_empty() {
        out.push_str("\nThe scenario differs from its baseline:\n\n");
    } else if one.outcome == Outcome::Changed && one.mode == Some(Mode::Exact) {
        out.push_str(
            "\nThe scenario is unchanged: this version of fivenines computes other figures.\n",
        );
    }
    for key in one.keys.iter().take(KEYS) {
        let place = key.line.map_or_else(String::new, |line| {
            format!(" ({})", code(&format!("{}:{line}", one.file)))
        });
        out.push_str(&format!("- {}{place}\n", code(&words(&key.change, one.names()))));
    }
    if one.keys.len() > KEYS {
        out.push_str(&format!("- and {} more keys\n", one.keys.len() - KEYS));
    }
    for file in one.files.iter().take(KEYS) {
        out.push_str(&format!("- {}\n", code(file)));
    }
}

fn folded(out: &mut String, summary: &str, rows: &[&Row]) {
    out.push_str(&format!("\n<details><summary>{summary}</summary>\n"));
    table(out, &rows[..rows.len().min(FOLDED)]);
    if rows.len() > FOLDED {
        let left = rows.len() - FOLDED;
        out.push_str(&format!("\n{left} more are in the answer of `--format json`.\n"));
    }
    out.push_str("\n</details>\n");
}

fn table(out: &mut String, rows: &[&Row]) {
    if rows.is_empty() {
        return;
    }
    out.push_str(
        "\n| figure | baseline | now | change | allowed | |\n|---|---:|---:|---:|---:|---|\n",
    );
    for row in rows {
        let verdict = match (row.verdict, row.direction) {
            (Verdict::Unsure, _) => needed(row),
            (_, Some(way)) => way.word().to_string(),
            (_, None) => String::new(),
        };
        let cells = [
            cell(&code(&row.path)),
            plain(&shown(row, &row.old)),
            plain(&shown(row, &row.new)),
            change(row).unwrap_or_default(),
            allowed(row).unwrap_or_else(|| "nothing".into()),
            plain(&verdict),
        ];
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
}

/// Returns the value of a figure that is better when smaller: what is missing to one, if the margin is relative to that.
fn value(row: &Row, side: &Option<FigureRecord>) -> Option<f64> {
    let value = without_rounding(side.as_ref()?).value?;
    Some(if row.allowed.is_some_and(|allowed| allowed.of_the_rest) { 1.0 - value } else { value })
}

/// Returns the relative change; of an availability, that of the unavailability.
fn relative(row: &Row) -> Option<f64> {
    let (old, new) = (value(row, &row.old)?, value(row, &row.new)?);
    let change = (new - old) / old.abs();
    change.is_finite().then_some(change)
}

fn size(row: &Row) -> f64 {
    relative(row).map_or(f64::INFINITY, f64::abs)
}

fn change(row: &Row) -> Option<String> {
    let change = relative(row)?;
    let sign = if change < 0.0 { '\u{2212}' } else { '+' };
    let size = Figure::exact(change.abs(), Unit::Ratio).rounded(Rounding::Nearest);
    let of = match row.allowed {
        Some(allowed) if allowed.of_the_rest => " of what is missing",
        _ => "",
    };
    Some(format!("{sign}{}{of}", number::figure(&size)))
}

/// Returns text as a code span, in which nothing is markup (CommonMark 0.31, 6.1).
fn code(text: &str) -> String {
    let text = visible(&text.replace(['\n', '\r'], " "));
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if text.starts_with('`') || text.ends_with('`') || text.is_empty() {
        return format!("{fence} {text} {fence}");
    }
    format!("{fence}{text}{fence}")
}

/// Returns text for a cell of a table, where a bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Returns words and numbers of this program for a cell: plain, unless they hold a sign that is markup.
fn plain(text: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || " .,%±–−+/-()²:;≥≤$".contains(letter);
    if text.chars().all(is_plain) { text.to_string() } else { cell(&code(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_judged(scenario: &str, why: &str) -> Gated {
        Gated {
            scenario: scenario.into(),
            file: "x.toml".into(),
            baseline: String::new(),
            mode: None,
            because: Vec::new(),
            rows: Vec::new(),
            keys: Vec::new(),
            files: Vec::new(),
            told: Vec::new(),
            outcome: Outcome::NotJudged { why: why.into(), help: None },
        }
    }

    #[test]
    fn text_from_a_file_is_never_markup_nor_a_mention() {
        let one = not_judged("a`b", "**@team** <img>\n``` | x");
        let report = Report { scenarios: vec![one], ..Report::default() };
        let text = markdown(&report);
        assert!(
            text.contains("\n**``a`b``**: not judged, ````**@team** <img> ``` | x````\n"),
            "{text}"
        );
        assert_eq!(cell(&code("a|b")), "`a\\|b`");
        assert_eq!(code("`"), "`` ` ``");
    }

    #[test]
    fn a_comment_on_ten_thousand_scenarios_is_one_that_github_takes() {
        let scenarios = (0..10_000).map(|at| not_judged(&format!("s-{at}"), &"x".repeat(200)));
        let report = Report { scenarios: scenarios.collect(), ..Report::default() };
        let text = markdown(&report);
        assert!(text.chars().count() < 65_536, "{}", text.chars().count());
        assert!(text.starts_with(&format!(
            "{MARK}\n### No figure moved (10000 scenarios, 10000 undecided or not judged)\n"
        )));
        assert!(text.contains("more scenarios did not fit into this comment"));
    }
}
