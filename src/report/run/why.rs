//! Causes of downtime: section, files and JSON of a scenario that was run alone, with its outages, its headroom and
//! its cost.

use serde_json::{Value as Json, json};

use super::files::estimate_value;
use super::years::minutes;
use super::{cost, headroom, stories};
use crate::plan::availability::{Availability, WatchedKind};
use crate::report::columns::{Described, ResultTable, estimates, numbers, words};
use crate::report::document::{
    Axis, Block, Cell, Chart, ChartKind, EcdfChart, FallKind, FallStep, Figure, Lane, Objective,
    Point, Rounding, Series, Span, Table, Timeline, Unit, WaterfallChart,
};
use crate::report::number;
use crate::report::rows::TableForm;
use crate::report::write::ResultFile;
use crate::study::journal;
use crate::study::results::{FallBar, FallRow, Results, Spread, WhyRows};
use crate::study::stories::{YearStrip, YearStrips};
use crate::study::window::Estimate;

/// Largest number of classes and groups with their own drawings.
const MOST_DRAWN: usize = 2;
const YEAR_S: f64 = 31_536_000.0;

/// Returns the years of a class as strips, the worst and a typical one.
pub(super) fn strips(results: &Results, of: &str) -> Option<Chart> {
    let stories = results.why.stories.as_ref()?;
    stories.years.iter().find(|strips| strips.of == of).map(timeline)
}

/// Returns the benefit of removing each cause; empty unless the scenario was run alone.
pub(super) fn benefits(why: &WhyRows) -> Vec<Block> {
    let mut blocks = Vec::new();
    if why.falls.is_empty() {
        return blocks;
    }
    let mut text = String::from(
        "Benefit of removing one cause: the same years without it, on the same draws, all else \
         unchanged. If two parts must fail for the service to be down, removing either cause saves \
         the same minutes. The savings of the causes alone therefore do not add up to the saving \
         of all together; the difference is the interaction.",
    );
    if why.fall_replications > 0 {
        text.push_str(&format!(
            " {} replications of each, paired.",
            number::count(why.fall_replications as u64)
        ));
    }
    blocks.push(Block::Text(text));
    let drawn = |row: &&FallRow| {
        row.availability == Availability::Structural && row.kind != WatchedKind::Service
    };
    for row in why.falls.iter().filter(drawn).take(MOST_DRAWN) {
        blocks.push(Block::Chart(waterfall(row)));
    }
    blocks.push(Block::Table(falls(why)));
    blocks
}

/// Returns the outages and the spread of the years; empty unless the scenario was run alone.
pub(super) fn outages(why: &WhyRows, but: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    if let Some(stories) = &why.stories {
        let others = stories.years.iter().filter(|strips| strips.of != but);
        blocks.extend(others.take(MOST_DRAWN).map(timeline).map(Block::Chart));
    }
    let spreads: Vec<&Spread> = why.spreads.iter().filter(|s| !s.points.is_empty()).collect();
    blocks.extend(spreads.iter().take(MOST_DRAWN).filter_map(|s| years(s)).map(Block::Chart));
    if let Some(table) = why.stories.as_ref().and_then(stories::table) {
        let text = "`fivenines explain` and journal.jsonl have these outages step by step.";
        blocks.push(Block::Table(table));
        blocks.push(Block::Text(text.into()));
    }
    blocks
}

fn label(bar: &FallBar) -> String {
    match bar.without.as_slice() {
        [one] => one.clone(),
        several => format!("{} others together", several.len()),
    }
}

/// Returns a value and its interval in minutes.
fn in_minutes(estimate: &Estimate) -> Option<(f64, Option<(f64, f64)>)> {
    match estimate {
        Estimate::Interval(i) => Some((i.estimate / 60.0, Some((i.low / 60.0, i.high / 60.0)))),
        Estimate::Single(value) => Some((value / 60.0, None)),
        Estimate::Missing(_) => None,
    }
}

fn waterfall(row: &FallRow) -> Chart {
    let mut steps = Vec::new();
    let mut at = 0.0;
    if let Some((value, interval)) = in_minutes(&row.all) {
        let (label, kind) = ("all faults".to_string(), FallKind::Whole);
        steps.push(FallStep { label, kind, from: 0.0, to: value, interval });
        at = value;
    }
    let interaction = ("interaction".to_string(), FallKind::Interaction, &row.interaction);
    let bars = row.bars.iter().map(|bar| (label(bar), FallKind::Effect, &bar.saved));
    for (label, kind, saved) in bars.chain([interaction]) {
        let Some((value, interval)) = in_minutes(saved) else { continue };
        steps.push(FallStep { label, kind, from: at, to: at - value, interval });
        at -= value;
    }
    if let Some((value, interval)) = in_minutes(&row.left).filter(|(left, _)| *left > 0.0) {
        let (label, kind) = ("without any".to_string(), FallKind::Left);
        steps.push(FallStep { label, kind, from: 0.0, to: value, interval });
    }
    let finding = row.bars.first().and_then(|bar| {
        let (saved, all) = (bar.saved.value()?, row.all.value()?);
        let share = number::figure(&Figure::exact(saved / all, Unit::Ratio));
        Some(format!("Removing {} alone saves {share} of the downtime", label(bar)))
    });
    Chart {
        name: format!("waterfall-{}", row.name),
        title: format!("Downtime of {} saved by removing each cause", row.name),
        finding: finding.unwrap_or_default(),
        kind: ChartKind::Waterfall(WaterfallChart {
            axis: Axis::linear("structural downtime", minutes()).rounded(Rounding::Up),
            steps,
        }),
    }
}

/// One bar of the waterfall of an availability.
struct FallLine<'a> {
    why: &'a WhyRows,
    row: &'a FallRow,
    /// `all`, `effect`, `interaction` or `left`.
    bar: &'static str,
    effect: Option<&'a FallBar>,
    estimate: &'a Estimate,
}

impl FallLine<'_> {
    fn label(&self) -> String {
        match (self.effect, self.bar) {
            (Some(bar), _) => label(bar),
            (None, "left") => "(left without any cause)".into(),
            (None, "all") => "(all downtime)".into(),
            (None, other) => other.into(),
        }
    }
}

/// Returns the lines of one availability: the whole, the effects, their interaction, the remainder.
fn fall_lines<'a>(why: &'a WhyRows, row: &'a FallRow) -> Vec<FallLine<'a>> {
    let line = |bar, effect, estimate| FallLine { why, row, bar, effect, estimate };
    let mut lines = vec![line("all", None, &row.all)];
    lines.extend(row.bars.iter().map(|bar| line("effect", Some(bar), &bar.saved)));
    lines.push(line("interaction", None, &row.interaction));
    lines.push(line("left", None, &row.left));
    lines
}

/// Declares `waterfall.csv`.
fn waterfalls<'a>() -> ResultTable<FallLine<'a>> {
    ResultTable::new(
        "waterfall.csv",
        "The effect of one cause on an availability, or the total of all causes.",
        [
            words("name", "of", "Class, service, group or fleet.", |l: &FallLine<'_>| {
                (&l.row.name).into()
            })
            .on_page(|l| format!("{}, {}", l.row.name, l.row.availability.word()).into()),
            words("availability", "", "Kind of availability: structural or continuous.", |l| {
                l.row.availability.word().into()
            }),
            words(
                "bar",
                "",
                "`all` faults, the `effect` of leaving one out, their `interaction`, or the \
                 downtime `left` without any.",
                |l| l.bar.into(),
            ),
            words(
                "without",
                "without",
                "Causes that are left out, separated by blanks.",
                |l: &FallLine<'_>| {
                    l.effect.map_or_else(String::new, |bar| bar.without.join(" ")).into()
                },
            )
            .on_page(|l| l.label().into()),
            estimates(
                "downtime_s_per_year",
                "downtime saved",
                Unit::Seconds,
                "Downtime per year of the bar.",
                |l: &FallLine<'_>| l.estimate.into(),
            )
            .in_units("saved_min_per_year", 60.0, minutes())
            .on_page(|l| match signed(l.estimate) {
                Some(figure) => Cell::Figure(figure).into(),
                None => l.estimate.into(),
            })
            .with_reason(),
            numbers(
                "replications",
                "",
                Unit::None,
                "Replications, paired on the same draws.",
                |l| l.why.fall_replications.into(),
            ),
        ],
    )
}

fn falls(why: &WhyRows) -> Table {
    let mut lines = Vec::new();
    for row in &why.falls {
        let mut of_row = fall_lines(why, row);
        // A page begins with the effects, and omits a remainder of zero.
        of_row.rotate_left(1);
        of_row.retain(|line| line.bar != "left" || row.left.value().is_some_and(|left| left > 0.0));
        lines.extend(of_row);
    }
    let caption = "Downtime saved by removing each cause alone, on the same draws (waterfall.csv \
                  names the others)";
    waterfalls().page(caption, &["name", "without", "downtime_s_per_year"], lines)
}

/// Returns the minutes of a difference, which may be negative and is rounded to the nearest.
fn signed(estimate: &Estimate) -> Option<Figure> {
    let (value, interval) = in_minutes(estimate)?;
    let figure = Figure { value, interval, unit: minutes(), ..Figure::default() };
    Some(figure)
}

fn timeline(strips: &YearStrips) -> Chart {
    let lane = |what: &str, strip: &YearStrip| {
        let down = crate::solve::flows::seconds(strip.year.lost);
        let down = number::figure(&Figure::exact(down, Unit::Seconds).rounded(Rounding::Up));
        Lane {
            label: format!("{what}: {down}"),
            spans: strip
                .spans
                .iter()
                .map(|(from, to, cause)| Span { from: *from, to: *to, cause: cause.clone() })
                .collect(),
        }
    };
    let year = |strip: &YearStrip| {
        format!("year {} of replication {}", strip.year.number + 1, strip.year.replication)
    };
    let left_out = strips.worst.left_out + strips.typical.left_out;
    let more = match left_out {
        0 => String::new(),
        some => format!("; {some} more intervals are not drawn"),
    };
    Chart {
        name: format!("timeline-years-{}", strips.of),
        title: format!("Downtime of {}: the worst and a typical year", strips.of),
        finding: format!(
            "Worst: {}; of median downtime: {}{more}",
            year(&strips.worst),
            year(&strips.typical)
        ),
        kind: ChartKind::Timeline(Timeline {
            axis: Axis::linear("time in the year", Unit::Seconds),
            from: 0.0,
            to: YEAR_S,
            lanes: vec![lane("worst year", &strips.worst), lane("typical year", &strips.typical)],
            words: &[],
        }),
    }
}

/// Draws the distribution of the downtime of single years.
fn years(spread: &Spread) -> Option<Chart> {
    let mut points: Vec<Point> = Vec::new();
    for (at, share) in spread.points.iter().filter(|(at, _)| *at > 0.0) {
        // Of several steps at one place the last includes all.
        match points.last_mut() {
            Some(last) if last.x == *at => last.y = Some(*share),
            _ => points.push(Point::at(*at, *share)),
        }
    }
    let first = points.first()?;
    if spread.none > 0.0 {
        points.insert(0, Point::at(first.x, spread.none));
    }
    let p95 = spread.p95.value().filter(|value| *value > 0.0);
    let shown = |value| number::figure(&Figure::exact(value, Unit::Seconds).rounded(Rounding::Up));
    let mut finding =
        p95.map_or_else(String::new, |p95| format!("19 of 20 years have at most {}", shown(p95)));
    if spread.none > 0.0 {
        let share = number::figure(&Figure::exact(spread.none, Unit::Ratio));
        let begins = if finding.is_empty() { "" } else { "; " };
        finding.push_str(&format!("{begins}{share} of them have none"));
    }
    Some(Chart {
        name: format!("years-{}", spread.name),
        title: format!("Structural downtime of {} in one year, over all years", spread.name),
        finding,
        kind: ChartKind::Ecdf(EcdfChart {
            axis: Axis::log("downtime in a year", Unit::Seconds).rounded(Rounding::Up),
            series: vec![Series { name: spread.name.clone(), points }],
            objective: p95.map(|value| Objective {
                value,
                label: format!("95 % of years: {}", shown(value)),
            }),
        }),
    })
}

/// Returns the documentation of the columns.
pub(super) fn described() -> [Described; 3] {
    [stories::described(), waterfalls().described(), headroom::described()]
}

/// Writes `journal.jsonl`; returns `None` if no outage was kept.
pub(super) fn journal(results: &Results) -> Option<ResultFile> {
    let text = journal::write(&results.why.stories.as_ref()?.records);
    Some(ResultFile::covered("journal.jsonl", text.into_bytes()))
}

/// Writes `outages-years.csv`, `waterfall.csv`, `headroom.csv`.
pub(super) fn tables<F: TableForm>(results: &Results) -> Vec<F> {
    let (why, partial) = (&results.why, results.partial.as_deref());
    let mut files = Vec::new();
    if let Some(stories) = &why.stories {
        files.push(stories::file(partial, stories));
    }
    if !why.falls.is_empty() {
        let lines = why.falls.iter().flat_map(|row| fall_lines(why, row));
        files.push(waterfalls().file(partial, lines));
    }
    files.extend(why.spare.as_ref().map(|rows| headroom::file(partial, rows)));
    files
}

/// Returns the part of `summary.json`.
pub(super) fn summary(results: &Results) -> Json {
    let why = &results.why;
    let one = estimate_value;
    json!({
        "waterfall": {
            "replications": why.fall_replications,
            "of": why.falls.iter().map(|row| json!({
                "name": row.name,
                "availability": row.availability.word(),
                "downtime_s_per_year": one(&row.all),
                "effects": row.bars.iter().map(|bar| json!({
                    "without": bar.without,
                    "saved_s_per_year": one(&bar.saved),
                })).collect::<Vec<_>>(),
                "interaction_s_per_year": one(&row.interaction),
                "left_s_per_year": one(&row.left),
            })).collect::<Vec<_>>(),
        },
        "headroom": why.spare.as_ref().map(headroom::summary),
        "cost": why.bill.as_ref().map(|bill| cost::summary(results, bill)),
    })
}
