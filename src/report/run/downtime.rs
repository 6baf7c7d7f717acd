//! Availability of a scenario on its page: the causes of its downtime, the year, the worst outage; all tables folded.

use super::{figure, folded, load, outage, sampled, share_cell, why, years};
use crate::plan::availability::{Availability, WatchedKind};
use crate::report::answer::{downtime, list, whole};
use crate::report::document::{
    Axis, Bar, BarChart, Block, Chart, ChartKind, Figure, Growth, Rounding, Section, Unit,
};
use crate::report::{number, text};
use crate::study::results::{Results, YearCause, YearRow, YearsRows};
use crate::study::window::Estimate;

/// The heading of the section.
pub const HEADING: &str = "Availability";

/// Largest number of bars; the last stands for all other causes.
const BARS: usize = 10;
/// Number of causes that the sentence names.
const NAMED: usize = 3;

/// Returns the section; `None` without a long-horizon run.
pub(super) fn section(results: &Results) -> Option<Section> {
    let years = results.years.as_ref()?;
    let main = main(results, years)?;
    let mut blocks: Vec<Block> = causes(main).map(Block::Chart).into_iter().collect();
    blocks.extend(why::strips(results, &main.name).map(Block::Chart));
    if let Some(stories) = &results.why.stories {
        blocks.extend(outage::charts(stories, &main.name).into_iter().map(Block::Chart));
    }
    let all = main.all.causes.len();
    let summary = match all {
        1 => "All availabilities, and the cause with its intervals".to_string(),
        _ => format!("All availabilities, and all {all} causes with intervals"),
    };
    blocks.extend(folded(summary, years::blocks(years)));
    let folds = [
        ("Downtime saved by removing each cause", why::benefits(&results.why)),
        ("Outages one by one, and the spread of the years", why::outages(&results.why, &main.name)),
        ("Page views lost per year, by cause, and error budgets", load::lost(years)),
        (sampled::HEADING, sampled::blocks(results)),
    ];
    blocks.extend(folds.into_iter().filter_map(|(summary, blocks)| folded(summary, blocks)));
    Some(Section { heading: HEADING.into(), intro: finding(main), blocks })
}

/// Returns the structural availability of the class of the first screen, or of the first subject.
fn main<'a>(results: &Results, years: &'a YearsRows) -> Option<&'a YearRow> {
    let summary = crate::study::summary::summary(results);
    let wanted = summary.main();
    let structural =
        || years.rows.iter().filter(|row| row.availability == Availability::Structural);
    let named = wanted.and_then(|of| structural().find(|row| row.name == of.name));
    let felt = || structural().find(|row| row.kind != WatchedKind::All);
    named.or_else(felt).or_else(|| years.rows.first())
}

fn known(cause: &YearCause) -> Option<(f64, &YearCause)> {
    Some((cause.downtime.value().filter(|value| *value > 0.0)?, cause))
}

/// Returns the finding: the availability, the largest causes, the longest outage.
fn finding(row: &YearRow) -> String {
    let mut text = format!(
        "{} is available {} of the time and down {} per year",
        row.name,
        text::cell(&share_cell(&row.all.available)).replace(' ', "\u{a0}"),
        downtime(&row.all.downtime)
    );
    let causes: Vec<(f64, &YearCause)> = row.all.causes.iter().filter_map(known).collect();
    let whole_time = row.all.downtime.value().unwrap_or(0.0);
    if !causes.is_empty() && whole_time > 0.0 {
        let named: Vec<String> =
            causes.iter().take(NAMED).map(|(_, cause)| cause.name.clone()).collect();
        let sum: f64 = causes.iter().take(NAMED).map(|(value, _)| value).sum();
        let verb = if named.len() == 1 { "causes" } else { "cause" };
        let share = super::advice::part(sum, whole_time);
        text.push_str(&format!("; {} {verb} {share} of it", list(&named)));
    }
    if let Some(longest) = row.all.longest {
        let longest = whole(&Figure::exact(longest, Unit::Seconds).rounded(Rounding::Up));
        text.push_str(&format!(". The longest outage seen lasts {longest}"));
    }
    text.push('.');
    text
}

/// Draws the causes of downtime, the largest first; the last bar is the sum of those that are not drawn.
fn causes(row: &YearRow) -> Option<Chart> {
    let all: Vec<(f64, &YearCause)> = row.all.causes.iter().filter_map(known).collect();
    let drawn = if all.len() > BARS { BARS - 1 } else { all.len() };
    let mut bars: Vec<Bar> = all[..drawn]
        .iter()
        .map(|(_, cause)| Bar {
            label: cause.name.clone(),
            estimate: super::charts::mark(&cause.downtime),
        })
        .collect();
    let rest = &all[drawn..];
    if !rest.is_empty() {
        let value = rest.iter().map(|(value, _)| value).sum();
        let label = format!("{} others together", rest.len());
        let estimate = Some(crate::report::document::Estimate { value, interval: None });
        bars.push(Bar { label, estimate });
    }
    let (_, first) = all.first()?;
    let shown = match &first.downtime {
        Estimate::Interval(i) => figure(i, Unit::Downtime),
        other => Figure::exact(other.value()?, Unit::Downtime),
    };
    Some(Chart {
        name: format!("causes-{}", row.name),
        title: format!("Downtime of {} per year, by first cause", row.name),
        finding: format!(
            "Largest: {}, {} per year",
            first.name,
            number::figure(&shown.rounded(Rounding::Up))
        ),
        kind: ChartKind::Bars(BarChart {
            axis: Axis::linear("downtime per year", Unit::Downtime).rounded(Rounding::Up),
            growth: Growth::Right,
            bars,
            objective: None,
        }),
    })
}
