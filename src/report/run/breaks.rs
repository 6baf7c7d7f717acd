//! What users notice when a part breaks: section, drawing and files.

use serde_json::{Value, json};

use super::files::{Sheet, fields, words};
use super::{cell, share_cell};
use crate::convert::nearest;
use crate::report::csv::Field;
use crate::report::document::{
    Axis, Block, Cell, Chart, ChartKind, Column, Definition, Figure, Join, LineChart, Point,
    Section, Series, Table, Unit,
};
use crate::report::json::number as json_number;
use crate::report::number;
use crate::report::write::ResultFile;
use crate::study::breaks::Way;
use crate::study::results::{BreakRow, Noticed, Results, Share, WindowRows};
use crate::study::window::{Estimate, Pace};

/// Most series in a drawing that can still be told apart.
const MOST_SERIES: usize = 8;

/// What users notice, in a few words.
#[must_use]
pub fn noticed(noticed: Noticed) -> String {
    match noticed {
        Noticed::Everything => "all is lost".into(),
        Noticed::Some(share) => {
            format!("{} lost", percent(share))
        }
        Noticed::Dip => "a dip".into(),
        Noticed::Slower(times) => format!("slower, × {times:.1}"),
        Noticed::Nothing => "nothing".into(),
        Noticed::AtMost(share) => format!("at most {}", percent(share)),
        Noticed::Unsure => "unsure".into(),
    }
}

/// A share in whole percent, never less than it is.
fn percent(share: f64) -> String {
    format!("{:.0} %", (share * 100.0 - 1e-9).ceil())
}

/// The name of the broken part.
fn part(row: &BreakRow) -> &str {
    row.part.as_ref().map_or("(nothing)", |part| &part.name)
}

fn kind(row: &BreakRow) -> &'static str {
    row.part.as_ref().map_or("", |part| part.kind)
}

/// Faults of the file that strike the part.
fn faults(row: &BreakRow) -> String {
    match &row.part {
        None => String::new(),
        Some(part) if part.faults.is_empty() => "none in the file".into(),
        Some(part) => part.faults.join(", "),
    }
}

/// The section; `None` when no window lies around a break.
#[must_use]
pub fn section(results: &Results) -> Option<Section> {
    let first = results.breaks.first()?;
    let mut blocks = Vec::new();
    let mut groups: Vec<(&str, &str)> = Vec::new();
    for row in &results.breaks {
        if !groups.contains(&(&row.window, &row.class)) {
            groups.push((&row.window, &row.class));
        }
    }
    for group in &groups {
        let rows: Vec<&BreakRow> = results
            .breaks
            .iter()
            .filter(|row| (row.window.as_str(), row.class.as_str()) == *group)
            .collect();
        blocks.push(Block::Table(table(results, &rows)));
        for way in Way::ALL {
            blocks.extend(course(results, &rows, way, groups.len() > 1).map(Block::Chart));
        }
    }
    blocks.push(Block::Definitions(meanings()));
    let runs = first.down.or(first.repair).map_or(0, |at| results.windows[at].replications);
    Some(Section {
        heading: "When a part breaks".into(),
        intro: format!(
            "One part of each kind and role is broken once while nothing else fails, and in \
             further runs repaired from the broken state; {runs} runs each. What a break costs is \
             the difference to the same users with the same demands where nothing breaks."
        ),
        blocks,
    })
}

fn meanings() -> Vec<Definition> {
    let terms = [
        ("all is lost", "in the last minute of the run nobody gets the page asked for"),
        ("12 % lost", "this share of the pages asked for then, beyond what is lost anyway"),
        ("a dip", "some were lost; in the last minute of the run no more than without the break"),
        ("slower", "nothing is lost; so many times the p95 of the same run without the break"),
        ("nothing", "less than 0.5 % of the page views missed, p95 no more than a tenth longer"),
        ("at most 2 %", "so few runs tell no more than that: at most this share was missed"),
        (
            "missed",
            "page views not served because of the break: lost, or not asked for any more since \
             their user had gone away",
        ),
        (
            "still losing",
            "page views a second, asked for and lost in the last minute of the run, beyond those \
             without the break; who has gone away does not ask",
        ),
        (
            "after repair",
            "missed of the page views that users wanted after the repair: restarts, cold caches, backlog, \
             and the rest of the sessions that the break had ended",
        ),
        (
            "over?",
            "whether, when that run ends, no more are lost than without the break, give or take 2 %",
        ),
        (
            "p95",
            "within it 95 % of the page views of the run that were served were complete, those \
             before the break among them",
        ),
    ];
    let meaning =
        |(term, meaning): (&str, &str)| Definition { term: term.into(), meaning: meaning.into() };
    terms.into_iter().map(meaning).collect()
}

/// What the runs of a declared window are, in a line.
fn caption(results: &Results, rows: &[&BreakRow]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let window = |at: Option<usize>| at.map(|at| &results.windows[at]);
    let mut caption = format!("window {}, {}", first.window, first.class);
    if let Some(down) = window(first.down) {
        let rate = down.rate.map_or_else(|| "its own rate".to_string(), |rate| rate.to_string());
        let at = down.drill.as_ref().map(|drill| drill.at).unwrap_or_default();
        caption.push_str(&format!(
            ", {rate}: broken {at} after the start of {}, and not mended",
            down.length
        ));
    }
    if let Some(repair) = window(first.repair) {
        caption.push_str(&format!("; repaired, {} on", repair.length));
    }
    caption.push_str("; page views a run");
    caption
}

fn table(results: &Results, rows: &[&BreakRow]) -> Table {
    let columns = vec![
        Column::words("part", "part"),
        Column::words("users notice", "noticed"),
        Column::numbers("missed", "missed_views", Unit::None),
        Column::numbers("still losing", "losing_per_s", Unit::PerSecond),
        Column::numbers("after repair", "missed_after_repair_views", Unit::None),
        Column::words("over?", "over"),
        Column::numbers("served", "served_ratio", Unit::Ratio),
        Column::numbers("p95", "p95_s", Unit::Seconds),
        Column::words("faults", "faults"),
    ];
    let row = |row: &&BreakRow| {
        let broken = row.part.is_some();
        let not_run = || Cell::missing("not run");
        let of = |run: Option<usize>, estimate: &Estimate, unit: Unit| {
            run.map_or_else(not_run, |_| whole(estimate, unit))
        };
        vec![
            Cell::text(part(row)),
            Cell::text(if broken { noticed(row.noticed) } else { String::new() }),
            of(row.down, &row.missed, Unit::None),
            of(row.down, &row.losing, Unit::PerSecond),
            of(row.repair, &row.missed_after_repair, Unit::None),
            Cell::text(match row.over {
                _ if !broken => "",
                Some(true) => "yes",
                Some(false) => "no",
                None => "unsure",
            }),
            row.down.map_or_else(not_run, |_| share_cell(&row.served)),
            of(row.down, &row.latency, Unit::Seconds),
            Cell::text(faults(row)),
        ]
    };
    Table { caption: caption(results, rows), columns, rows: rows.iter().map(row).collect() }
}

/// As [`cell`]; what is exactly as without the break is said without an interval.
fn whole(estimate: &Estimate, unit: Unit) -> Cell {
    match estimate {
        Estimate::Interval(i) if i.low == i.high => Cell::Figure(Figure::exact(i.estimate, unit)),
        other => cell(other, unit),
    }
}

/// Page views a second that are not served, over the runs of one way: without a break, and of the
/// parts that cost most.
fn course(results: &Results, rows: &[&BreakRow], way: Way, many: bool) -> Option<Chart> {
    let of = |row: &BreakRow| match way {
        Way::Down => (row.down, row.missed.value()),
        Way::Repair => (row.repair, row.missed_after_repair.value()),
    };
    let mut rows: Vec<&BreakRow> = rows.iter().copied().filter(|row| of(row).0.is_some()).collect();
    let cost = |row: &BreakRow| of(row).1.unwrap_or(f64::NEG_INFINITY);
    // The sort is stable: where two cost the same, the order of the table.
    rows.sort_by(|a, b| a.part.is_some().cmp(&b.part.is_some()).then(cost(b).total_cmp(&cost(a))));
    let line = |row: &&BreakRow| {
        let window = &results.windows[of(row).0?];
        let paces = window.course.get(place_of(window, &row.class)?)?;
        let at = window.drill.as_ref()?.at.seconds();
        let mut points: Vec<Point> =
            paces.iter().map(|pace| Point::at(pace.from.seconds() - at, unserved(pace))).collect();
        let last = paces.last()?;
        points.push(Point::at(last.until.seconds() - at, unserved(last)));
        Some(Series { name: part(row).to_string(), points })
    };
    let series: Vec<Series> = rows.iter().filter_map(line).take(MOST_SERIES).collect();
    let worst = rows.iter().find(|row| row.part.is_some())?;
    let missed = number::count(nearest(of(worst).1?.max(0.0)));
    let (window, class, part) = (&worst.window, &worst.class, part(worst));
    let (event, finding) = match way {
        Way::Down => ("break", format!("Most is missed without {part}: {missed} page views a run")),
        Way::Repair => (
            "repair",
            format!("Most is missed after the repair of {part}: {missed} page views a run"),
        ),
    };
    Some(Chart {
        name: match many {
            true => format!("{event}-{window}-{class}"),
            false => format!("{event}-{window}"),
        },
        title: format!("Page views not served around a {event} in window {window}"),
        finding,
        kind: ChartKind::Lines(LineChart {
            x: Axis::linear(&format!("time after the {event}"), Unit::Seconds),
            y: Axis::linear("page views a second not served", Unit::PerSecond),
            join: Join::Step,
            series,
            objective: None,
            limits: Vec::new(),
        }),
    })
}

fn place_of(window: &WindowRows, class: &str) -> Option<usize> {
    window.views.iter().position(|row| row.class == class)
}

const fn unserved(pace: &Pace) -> f64 {
    pace.lost + pace.never_born
}

/// `outages.csv`, a row a part, and `outages-timeline.csv`, a row a step of every run; none when
/// no window lies around a break.
#[must_use]
pub fn tables(results: &Results) -> Vec<ResultFile> {
    if results.breaks.is_empty() {
        return Vec::new();
    }
    vec![
        ResultFile::covered("outages.csv", outages(results)),
        ResultFile::covered("outages-timeline.csv", timeline(results)),
    ]
}

fn outages(results: &Results) -> Vec<u8> {
    let columns = [
        "window",
        "class",
        "part",
        "kind",
        "noticed",
        "missed_views",
        "missed_views_lo",
        "missed_views_hi",
        "losing_per_s",
        "losing_per_s_lo",
        "losing_per_s_hi",
        "served_ratio",
        "served_ratio_lo",
        "served_ratio_hi",
        "p95_s",
        "p95_s_lo",
        "p95_s_hi",
        "missed_after_repair_views",
        "missed_after_repair_views_lo",
        "missed_after_repair_views_hi",
        "losing_after_repair_per_s",
        "losing_after_repair_per_s_lo",
        "losing_after_repair_per_s_hi",
        "over",
        "replications",
        "faults",
        "reason",
    ];
    let mut sheet = Sheet::new(results, &columns);
    for row in &results.breaks {
        let (missed, reason) = fields(&row.missed);
        let (losing, _) = fields(&row.losing);
        let (p95, why) = fields(&row.latency);
        let (after, other) = fields(&row.missed_after_repair);
        let (losing_after, _) = fields(&row.losing_after_repair);
        let served = match &row.served {
            Share::Interval(i) => [i.estimate, i.low, i.high].map(Field::Number),
            Share::AtLeast { bound, .. } => {
                [Field::Missing, Field::Number(bound.value), Field::Missing]
            }
            Share::Single(value) => [Field::Number(*value), Field::Missing, Field::Missing],
            Share::Missing(_) => [Field::Missing; 3],
        };
        let why = why.map(|why| format!("p95: {why}"));
        let reason = reason.or(why).or(other.map(|why| format!("repair: {why}")));
        let runs = row.down.or(row.repair).map_or(0, |at| results.windows[at].replications);
        let broken = row.part.is_some();
        let faults = row.part.as_ref().map(|part| part.faults.join(" "));
        let mut record = vec![
            Field::Text(&row.window),
            Field::Text(&row.class),
            row.part.as_ref().map_or(Field::Missing, |part| Field::Text(&part.name)),
            row.part.as_ref().map_or(Field::Missing, |part| Field::Text(part.kind)),
            if broken { Field::Text(row.noticed.word()) } else { Field::Missing },
        ];
        for three in [missed, losing, served, p95, after, losing_after] {
            record.extend(three);
        }
        record.extend([
            match row.over.filter(|_| broken) {
                Some(true) => Field::Text("yes"),
                Some(false) => Field::Text("no"),
                None => Field::Missing,
            },
            Field::Count(runs as u64),
            words(faults.as_ref().filter(|faults| !faults.is_empty())),
            words(reason.as_ref()),
        ]);
        sheet.row(&record);
    }
    sheet.finish()
}

fn timeline(results: &Results) -> Vec<u8> {
    let columns = [
        "window",
        "workload",
        "start_s",
        "length_s",
        "after_event_s",
        "served_per_s",
        "lost_per_s",
        "not_asked_per_s",
    ];
    let mut sheet = Sheet::new(results, &columns);
    for window in &results.windows {
        let Some(drill) = &window.drill else { continue };
        for (row, paces) in window.views.iter().zip(&window.course) {
            for pace in paces {
                sheet.row(&[
                    Field::Text(&window.name),
                    Field::Text(&row.workload),
                    Field::Number(pace.from.seconds()),
                    Field::Number((pace.until - pace.from).seconds()),
                    Field::Number(pace.from.seconds() - drill.at.seconds()),
                    Field::Number(pace.served),
                    Field::Number(pace.lost),
                    Field::Number(pace.never_born),
                ]);
            }
        }
    }
    sheet.finish()
}

/// What stands in `summary.json`.
#[must_use]
pub fn summary(results: &Results) -> Value {
    let row = |row: &BreakRow| {
        let name = |at: Option<usize>| at.map(|at| results.windows[at].name.as_str());
        let figure = |estimate: &Estimate| match estimate {
            Estimate::Interval(i) => json!({
                "value": json_number(i.estimate), "low": json_number(i.low),
                "high": json_number(i.high), "level": i.level, "method": i.method.name(),
            }),
            Estimate::Single(value) => {
                json!({ "value": json_number(*value), "reason": "single run: no interval" })
            }
            Estimate::Missing(reason) => crate::report::json::missing(&reason.to_string()),
        };
        json!({
            "window": row.window,
            "class": row.class,
            "part": row.part.as_ref().map(|part| part.name.as_str()),
            "kind": row.part.as_ref().map(|_| kind(row)),
            "faults": row.part.as_ref().map(|part| part.faults.clone()),
            "noticed": row.part.as_ref().map(|_| row.noticed.word()),
            "windows": Way::ALL.map(|way| name(match way {
                Way::Down => row.down,
                Way::Repair => row.repair,
            })),
            "missed_views": figure(&row.missed),
            "losing_per_s": figure(&row.losing),
            "losing_over_s": row
                .down
                .or(row.repair)
                .and_then(|at| results.windows[at].drill.as_ref())
                .map(|drill| json_number(drill.last.seconds())),
            "p95_s": figure(&row.latency),
            "missed_after_repair_views": figure(&row.missed_after_repair),
            "losing_after_repair_per_s": figure(&row.losing_after_repair),
            "over": row.over,
        })
    };
    Value::Array(results.breaks.iter().map(row).collect())
}
