//! The figures that the command line asks for, on the first screen.

use super::page::in_words;
use super::unit;
use crate::report::document::Fact;
use crate::study::results::Results;

/// Returns a line for each figure, in the order of the command line: its path, then its value with the interval or the
/// reason why there is none.
pub(super) fn facts(results: &Results) -> Vec<Fact> {
    let of_years = results.years.iter().flat_map(|years| &years.figures);
    let joined = results.sampled.iter().flat_map(|sampled| &sampled.figures);
    let all = || results.figures.iter().chain(of_years.clone()).chain(joined.clone());
    let line = |path: &String| {
        let row = all().find(|row| row.path == *path)?;
        Some(Fact::plain(path, in_words(&row.estimate, unit(row.unit))))
    };
    results.wanted.iter().filter_map(line).collect()
}
