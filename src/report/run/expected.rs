//! The expectations of a file without objectives, on the first screen: each figure with its value and its demand.

use super::page::{found, word};
use crate::report::document::{Fact, Judgement};
use crate::study::results::{ExpectationRow, Results};
use crate::study::summary::Summary;

/// Number of expectations that are told.
const TOLD: usize = 10;

/// Returns a line for each expectation, in the order of the file; of more than ten, those that do not hold come first.
/// Returns none if the file has an objective: then the first screen tells the figures of objectives.
pub(super) fn facts(results: &Results, summary: &Summary) -> Vec<Fact> {
    if summary.goals().next().is_some() {
        return Vec::new();
    }
    let mut rows: Vec<&ExpectationRow> = results.expectations.iter().collect();
    if rows.len() > TOLD {
        rows.sort_by_key(|row| match word(row.judgement) {
            Judgement::NotMet => 0,
            Judgement::Unsure => 1,
            Judgement::Met | Judgement::Finding => 2,
        });
    }
    let more = rows.len().saturating_sub(TOLD);
    let line = |row: &ExpectationRow| Fact {
        // The answer says how many hold.
        judgement: Some(word(row.judgement)).filter(|one| *one != Judgement::Met),
        ..Fact::plain(&row.path, format!("{}; expected {}", found(row), row.is))
    };
    let mut facts: Vec<Fact> = rows.into_iter().take(TOLD).map(line).collect();
    if more > 0 {
        facts.push(Fact::plain("", format!("and {more} more, in the details")));
    }
    facts
}
