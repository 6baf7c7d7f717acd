//! Figures of results in forms that other programs read.
//!
//! In: the summaries of results. Out: one text for all of them, and the number of figures without a value, which no
//! form can hold.
//! Holds: figures in the order of their paths, scenarios in the order given; no time and no host, so that the same
//! results give the same bytes. Numbers are in base units.

mod benchmark;
mod bmf;
mod openmetrics;

use std::collections::BTreeMap;

use crate::plan::figure::{Figure, Wanted};
use crate::study::record::{FigureRecord, SummaryRecord};

/// A form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Bencher Metric Format.
    Bmf,
    /// Entries of `github-action-benchmark` for figures of which less is better.
    BenchmarkSmaller,
    /// Entries for figures of which more is better.
    BenchmarkBigger,
    /// OpenMetrics text.
    OpenMetrics,
}

/// A figure with a value.
struct Entry<'a> {
    scenario: &'a str,
    path: &'a str,
    /// The parsed path.
    figure: Figure,
    value: f64,
    record: &'a FigureRecord,
}

impl Entry<'_> {
    /// Returns the ends of its interval, if it has one.
    fn interval(&self) -> Option<(f64, f64)> {
        Some((self.record.low?, self.record.high?))
    }
}

/// Figures in one form.
#[derive(Debug, PartialEq, Eq)]
pub struct Exported {
    /// The text.
    pub text: String,
    /// Number of figures in it.
    pub figures: usize,
    /// Number of figures that have no value, or whose path this version does not know.
    pub without_value: usize,
    /// Number of figures left out because more of them is neither better nor worse, or the other direction is wanted.
    pub other_direction: usize,
}

/// Returns all figures of `summaries` in `form`. With `only`, those whose path begins with one of these texts.
#[must_use]
pub fn export(summaries: &[SummaryRecord], form: Form, only: &[String]) -> Exported {
    let figures: Vec<BTreeMap<String, FigureRecord>> =
        summaries.iter().map(SummaryRecord::all).collect();
    let (mut entries, mut without_value, mut other_direction) = (Vec::new(), 0, 0);
    for (summary, figures) in summaries.iter().zip(&figures) {
        for (path, record) in figures {
            if !only.is_empty() && !only.iter().any(|begin| path.starts_with(begin.as_str())) {
                continue;
            }
            let (Some(value), Ok(figure)) = (record.value, Figure::parse(path)) else {
                without_value += 1;
                continue;
            };
            let wanted = match form {
                Form::BenchmarkSmaller => Some(Wanted::Less),
                Form::BenchmarkBigger => Some(Wanted::More),
                Form::Bmf | Form::OpenMetrics => None,
            };
            if wanted.is_some_and(|wanted| wanted != figure.metric.wanted()) {
                other_direction += 1;
                continue;
            }
            entries.push(Entry { scenario: &summary.scenario, path, figure, value, record });
        }
    }
    let text = match form {
        Form::Bmf => bmf::text(&entries),
        Form::BenchmarkSmaller | Form::BenchmarkBigger => benchmark::text(&entries),
        Form::OpenMetrics => openmetrics::text(&entries),
    };
    Exported { text, figures: entries.len(), without_value, other_direction }
}

#[cfg(test)]
mod tests;
