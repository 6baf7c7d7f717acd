//! The charts of one scenario.

use crate::report::answer::{estimate, list, percent, rate, seconds};
use crate::report::document::{
    Axis, Bar, BarChart, Chart, ChartKind, EcdfChart, Estimate as Mark, Growth, Join, LadderChart,
    LadderRow, LineChart, Objective, Point, Rounding, Series, Unit,
};
use crate::solve::requests::GRID;
use crate::study::expect::Verdict;
use crate::study::results::{Results, STATS, Use, WindowRows};
use crate::study::window::Estimate;

/// Largest number of series or rows in a drawing that readers can distinguish.
const MOST_SERIES: usize = 8;
/// Utilisation above which queues grow fast.
const NEARLY_FULL: f64 = 0.85;
/// Largest number of bars in a chart.
const MOST_BARS: usize = 24;
/// Number of grid steps that a series must exceed to be drawn.
const FEW_STEPS: usize = 3;

/// Converts an estimate to a mark on a chart.
#[must_use]
pub fn mark(estimate: &Estimate) -> Option<Mark> {
    match estimate {
        Estimate::Interval(i) => Some(Mark { value: i.estimate, interval: Some((i.low, i.high)) }),
        Estimate::Single(value) => Some(Mark { value: *value, interval: None }),
        Estimate::Missing(_) => None,
    }
}

fn objective_of(results: &Results) -> Option<Objective> {
    let mut rows = results.objectives.iter();
    let first = rows.next()?;
    let bound = crate::report::answer::seconds(first.bound.seconds());
    let label = format!("objective: {} of {} < {bound}", first.stat, first.class);
    let same = |row: &_| {
        let row: &crate::study::results::ObjectiveRow = row;
        row.bound == first.bound && row.class == first.class && row.stat == first.stat
    };
    rows.all(same).then(|| Objective { value: first.bound.seconds(), label })
}

/// Draws the percentiles of every class in every window.
#[must_use]
pub fn latencies(results: &Results) -> Option<Chart> {
    let levels: Vec<String> = STATS[1..].iter().map(|(name, _)| (*name).to_string()).collect();
    let mut rows = Vec::new();
    for window in results.plain() {
        for row in &window.latencies {
            let values: Vec<Option<Mark>> = row.estimates[1..].iter().map(mark).collect();
            if values.iter().any(Option::is_some) {
                let label = format!("{} @ {}", row.name, window.name);
                rows.push(LadderRow { label, values });
            }
        }
    }
    (!rows.is_empty()).then(|| Chart {
        name: "latency".into(),
        title: "Latency of every class, by window".into(),
        finding: "Percentiles of completed requests, with intervals".into(),
        kind: ChartKind::Ladder(LadderChart {
            axis: Axis::log("latency", Unit::Seconds),
            levels,
            rows,
            objective: objective_of(results),
        }),
    })
}

/// Names the highest p95 of the judged classes, or of all, and its objective.
pub(super) fn slowest(results: &Results) -> String {
    let judged = |name: &str| results.objectives.iter().any(|row| row.class == name);
    let any = !results.objectives.is_empty();
    let all = results.plain().flat_map(|window| {
        let of = move |row: &&crate::study::results::Latency| !any || judged(&row.name);
        let value = |row: &crate::study::results::Latency| row.estimates[2].value();
        let rows = window.latencies.iter().filter(of);
        rows.filter_map(move |row| Some((value(row)?, row, window)))
    });
    let Some((_, row, window)) = all.max_by(|a, b| a.0.total_cmp(&b.0)) else {
        return String::new();
    };
    let shown = estimate(&row.estimates[2], Unit::Seconds, Rounding::Nearest);
    let of = window.classes.iter().find(|of| of.name == row.name);
    let at = of.and_then(|of| of.level);
    let at = at.map_or_else(String::new, |at| format!(" ({})", rate(at)));
    let asked = results
        .objectives
        .iter()
        .find(|one| one.class == row.name && results.windows[one.window].name == window.name);
    let asked = asked.map_or_else(String::new, |one| {
        let word = match one.judgement {
            Verdict::Holds => "meets",
            Verdict::Fails => "misses",
            Verdict::Inconclusive | Verdict::NotJudged => "is undecided against",
        };
        format!(": it {word} the objective of {} below {}", one.stat, seconds(one.bound.seconds()))
    });
    format!("{} has a p95 of {shown} at {}{at}{asked}.", row.name, window.name)
}

/// Names the busiest components in a window.
pub(super) fn busiest(window: &WindowRows) -> String {
    let mut rows: Vec<(&Use, f64)> =
        window.uses.iter().filter_map(|row| Some((row, row.mean.value()?))).collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    let named = rows.iter().take(3).map(|(row, _)| {
        format!("{} ({})", row.name, estimate(&row.mean, Unit::Ratio, Rounding::Nearest))
    });
    let named: Vec<String> = named.collect();
    let over = rows.iter().filter(|(_, used)| *used >= NEARLY_FULL).count();
    let verb = if named.len() == 1 { "part is" } else { "parts are" };
    if named.is_empty() {
        return String::new();
    }
    format!(
        "At {} the busiest {verb} {}; {} of {} {} above {}.",
        window.name,
        list(&named),
        if over == 0 { "none".into() } else { over.to_string() },
        rows.len(),
        if over > 1 { "are" } else { "is" },
        percent(NEARLY_FULL)
    )
}

/// Draws the mean utilisation of components in a window, the busiest first.
#[must_use]
pub fn utilization(window: &WindowRows) -> Option<Chart> {
    let mut rows: Vec<(&Use, f64)> =
        window.uses.iter().filter_map(|row| Some((row, row.mean.value()?))).collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (busiest, most) = rows.first()?;
    let finding = format!(
        "At {} the busiest part is {}: {} of its {} busy",
        window.name,
        busiest.name,
        percent(*most),
        busiest.kind.counts()
    );
    let bars = rows
        .iter()
        .take(MOST_BARS)
        .map(|(row, _)| Bar { label: row.name.clone(), estimate: mark(&row.mean) })
        .collect();
    Some(Chart {
        name: format!("utilization-{}", window.name),
        title: format!("Utilisation in window {}", window.name),
        finding,
        kind: ChartKind::Bars(BarChart {
            axis: Axis::linear("busy ÷ capacity", Unit::Ratio),
            growth: Growth::Right,
            bars,
            objective: Some(Objective { value: 1.0, label: "limit: always busy".into() }),
        }),
    })
}

/// Draws the share of page views lost, by cause and window.
#[must_use]
pub fn losses(results: &Results) -> Option<Chart> {
    let mut bars = Vec::new();
    let mut all = 0;
    for window in results.plain() {
        for row in &window.views {
            let reasons = row.lost.iter().map(|(cause, count)| (cause.as_str(), *count));
            let reasons = reasons
                .chain([("session over", row.never_born), ("still under way", row.in_flight)]);
            for (reason, count) in reasons.filter(|(_, count)| *count > 0) {
                all += count;
                let share = count as f64 / row.intended as f64;
                bars.push(Bar {
                    label: format!("{} @ {}: {reason}", row.workload, window.name),
                    estimate: Some(Mark { value: share, interval: None }),
                });
            }
        }
    }
    (!bars.is_empty()).then(|| Chart {
        name: "lost".into(),
        title: "Page views not served, by cause".into(),
        finding: format!(
            "{} page views of all replications were not served",
            crate::report::number::count(all)
        ),
        kind: ChartKind::Bars(BarChart {
            axis: Axis::linear("share of intended page views", Unit::Ratio).rounded(Rounding::Down),
            growth: Growth::Right,
            bars,
            objective: None,
        }),
    })
}

/// Draws the cumulative distribution of latency of the classes with an objective, or of all classes if there is none.
#[must_use]
pub fn distribution(results: &Results) -> Option<Chart> {
    let judged = |name: &str| results.objectives.iter().any(|row| row.class == name);
    let any = !results.objectives.is_empty();
    let mut series = Vec::new();
    for window in results.plain() {
        for row in window.latencies.iter().filter(|row| !any || judged(&row.name)) {
            let points: Vec<Point> =
                row.distribution.iter().map(|(value, share)| Point::at(*value, *share)).collect();
            if points.len() > 1 {
                series.push(Series { name: format!("{} @ {}", row.name, window.name), points });
            }
        }
    }
    series.truncate(MOST_SERIES);
    let first = series.first()?;
    let median = first.points.iter().find(|point| point.y.is_some_and(|share| share >= 0.5))?;
    let figure = crate::report::document::Figure::exact(median.x, Unit::Seconds);
    let finding = format!("{}: median {}", first.name, crate::report::number::figure(&figure));
    Some(Chart {
        name: "latency-distribution".into(),
        title: "Distribution of latency, all replications".into(),
        finding,
        kind: ChartKind::Ecdf(EcdfChart {
            axis: Axis::log("latency", Unit::Seconds),
            series,
            objective: objective_of(results),
        }),
    })
}

/// Draws the utilisation over the time of a window, of the busiest components.
#[must_use]
pub fn timeline(window: &WindowRows) -> Option<Chart> {
    let mut rows: Vec<(&Use, f64)> = window
        .uses
        .iter()
        .filter(|row| row.series.len() > FEW_STEPS)
        .filter_map(|row| Some((row, row.busiest()?.1)))
        .filter(|(_, most)| *most > 0.0)
        .collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    rows.truncate(MOST_SERIES);
    let (busiest, _) = rows.first()?;
    let (at, most) = busiest.busiest()?;
    let finding = format!(
        "Busiest {GRID}: {} at {}, {} into the window",
        busiest.name,
        percent(most),
        GRID.saturating_mul(at as u64)
    );
    let line = |row: &Use| {
        let point = |(at, value): (usize, &f64)| Point::at(at as f64 * GRID.seconds(), *value);
        let mut points: Vec<Point> = row.series.iter().enumerate().map(point).collect();
        // The last value holds until the end of the window.
        points.extend(row.series.last().map(|last| Point::at(window.length.seconds(), *last)));
        Series { name: row.name.clone(), points }
    };
    Some(Chart {
        name: format!("timeline-{}", window.name),
        title: format!("Utilisation over window {}", window.name),
        finding,
        kind: ChartKind::Lines(LineChart {
            x: Axis::linear("time in the window", Unit::Seconds),
            y: Axis::linear("busy ÷ capacity", Unit::Ratio),
            join: Join::Step,
            series: rows.iter().map(|(row, _)| line(row)).collect(),
            objective: None,
            limits: Vec::new(),
        }),
    })
}
