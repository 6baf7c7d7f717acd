//! Processor accounts of zones, in the report and as files.

use super::cell;
use super::files::{Sheet, fields, words};
use crate::report::csv::Field;
use crate::report::document::{
    Axis, Block, Cell, Chart, ChartKind, Column, Figure, Join, LineChart, Point, Section, Series,
    SeriesLimit, Table, Unit,
};
use crate::report::number;
use crate::report::write::ResultFile;
use crate::study::results::{Results, WindowRows, ZoneRow, natural};
use crate::study::window::Estimate;

/// The heading of the section.
pub const HEADING: &str = "Processor of zones";

/// Most rows of the table on the page; the file holds all.
const MOST_ROWS: usize = 60;
/// Most charts of one window: the servers whose zones missed the most.
const MOST_CHARTS: usize = 4;
/// Most series of one chart.
const MOST_SERIES: usize = 8;
/// Of a server's cores, what its zones burst or missed where its chart is drawn.
const SHOWN: f64 = 0.01;

/// The section; `None` without zones.
pub(super) fn section(results: &Results) -> Option<Section> {
    let mut blocks = vec![Block::Table(table(results)?)];
    for window in results.plain() {
        let mut servers = servers(window);
        servers.retain(|zones| is_shown(zones));
        servers.sort_by(|a, b| missed(b).total_cmp(&missed(a)));
        blocks.extend(
            servers.iter().take(MOST_CHARTS).map(|zones| Block::Chart(chart(window, zones))),
        );
    }
    Some(Section { heading: HEADING.into(), intro: INTRO.into(), blocks })
}

const INTRO: &str = "Cores on average over the window. Guaranteed is the part of the server that the shares of the zone entitle it to. \
Wanted is what its phases could have used, used what they had. Steal was within its cap and went to other zones; \
capped wait was beyond its cap, or beyond its baseline while it was held to that; burst is the part of used above the baseline. \
Wanted = used + steal + capped wait, exactly, in every replication.";

/// A row per zone and window; the zones that missed the most come first where there are too many.
fn table(results: &Results) -> Option<Table> {
    let mut rows: Vec<(&WindowRows, &ZoneRow)> = Vec::new();
    for window in results.plain() {
        rows.extend(window.zones.iter().map(|zone| (window, zone)));
    }
    if rows.is_empty() {
        return None;
    }
    let all = rows.len();
    let mut caption = String::new();
    if all > MOST_ROWS {
        rows.sort_by(|a, b| missed_of(b.1).total_cmp(&missed_of(a.1)));
        rows.truncate(MOST_ROWS);
        caption = format!("The {MOST_ROWS} of {all} rows that missed the most; zones.csv has all");
    }
    let has = |of: fn(&ZoneRow) -> Option<f64>| rows.iter().any(|(_, row)| of(row).is_some());
    let (caps, baselines) = (has(|row| row.cap), has(|row| row.baseline));
    let number = |name: &str, key: &str| Column::numbers(name, key, Unit::None);
    let mut columns = vec![
        Column::words("zone", "zone"),
        Column::words("window", "window"),
        number("guaranteed", "guaranteed_cores"),
        number("wanted", "wanted_cores"),
        number("used", "used_cores"),
        number("steal", "steal_cores"),
    ];
    if baselines {
        columns.push(number("baseline", "baseline_cores"));
        columns.push(number("burst", "burst_cores"));
    }
    if caps {
        columns.push(number("cap", "cap_cores"));
        columns.push(number("capped wait", "capped_wait_cores"));
    }
    let row = |(window, row): (&WindowRows, &ZoneRow)| {
        let of = &row.use_of;
        let mut cells = vec![
            Cell::text(row.name.clone()),
            Cell::text(window.name.clone()),
            Cell::Figure(Figure::exact(row.guaranteed, Unit::None)),
            cell(&of.wanted, Unit::None),
            cell(&of.used, Unit::None),
            cell(&of.steal, Unit::None),
        ];
        let mut pair = |limit: Option<f64>, estimate: &Estimate| match limit {
            Some(value) => {
                cells.push(Cell::Figure(Figure::exact(value, Unit::None)));
                cells.push(cell(estimate, Unit::None));
            }
            None => cells.extend([Cell::missing("none"), Cell::missing("\u{2013}")]),
        };
        if baselines {
            pair(row.baseline, &of.burst);
        }
        if caps {
            pair(row.cap, &of.capped_wait);
        }
        cells
    };
    Some(Table { caption, columns, rows: rows.iter().map(|one| row(*one)).collect() })
}

/// The zones of a window, server by server.
fn servers(window: &WindowRows) -> Vec<Vec<&ZoneRow>> {
    let rows: Vec<&ZoneRow> = window.zones.iter().collect();
    rows.chunk_by(|a, b| a.server == b.server).map(<[_]>::to_vec).collect()
}

fn missed_of(row: &ZoneRow) -> f64 {
    let of = &row.use_of;
    of.capped_wait.value().unwrap_or(0.0) + of.steal.value().unwrap_or(0.0)
}

fn missed(zones: &[&ZoneRow]) -> f64 {
    zones.iter().map(|row| missed_of(row)).sum()
}

/// Whether the zones of a server have shares, baselines or caps that make a difference in the window.
fn is_shown(zones: &[&ZoneRow]) -> bool {
    let burst: f64 = zones.iter().filter_map(|row| row.use_of.burst.value()).sum();
    let drawn = zones.iter().any(|row| row.declared)
        && zones.iter().all(|row| !row.use_of.course.is_empty());
    drawn && zones.first().is_some_and(|row| missed(zones) + burst > SHOWN * row.cores)
}

/// What the zones of a server have over a window, with their caps and what is guaranteed to them.
fn chart(window: &WindowRows, zones: &[&ZoneRow]) -> Chart {
    let mut busiest = zones.to_vec();
    let used = |row: &ZoneRow| row.use_of.used.value().unwrap_or(0.0);
    busiest.sort_by(|a, b| used(b).total_cmp(&used(a)));
    busiest.truncate(MOST_SERIES);
    // The same colours in every window.
    busiest.sort_by_cached_key(|row| natural(&row.name));
    let worst = zones.iter().max_by(|a, b| missed_of(a).total_cmp(&missed_of(b)));
    let show = |value: f64| number::figure(&Figure::exact(value, Unit::None));
    let finding = worst.map_or_else(String::new, |row| {
        let of = &row.use_of;
        let reason = match of.capped_wait.value() > of.steal.value() {
            true if of.held > 0.0 => "its cap or its baseline",
            true => "its cap",
            false => "other zones",
        };
        format!(
            "{} misses the most: it had {} of the {} cores that it wanted, because of {reason}. Mean over \
             replications; dashed: baseline, or what is guaranteed; thin solid line: cap",
            row.name,
            show(used(row)),
            show(of.wanted.value().unwrap_or(0.0)),
        )
    });
    let mut limits = Vec::new();
    for (series, row) in busiest.iter().enumerate() {
        let floor = row.baseline.unwrap_or(row.guaranteed);
        if row.cap.is_none_or(|cap| cap > floor) {
            limits.push(SeriesLimit { series, value: floor, is_floor: true });
        }
        limits.extend(row.cap.map(|value| SeriesLimit { series, value, is_floor: false }));
    }
    let line = |row: &&ZoneRow| {
        let course = &row.use_of.course;
        let mut points: Vec<Point> =
            course.iter().map(|cell| Point::at(cell.from.seconds(), cell.used)).collect();
        points.extend(course.last().map(|cell| Point::at(cell.until.seconds(), cell.used)));
        let floor = match row.baseline {
            Some(baseline) => format!("baseline {}", show(baseline)),
            None => format!("guaranteed {}", show(row.guaranteed)),
        };
        let cap = row.cap.map_or_else(String::new, |cap| format!(", cap {}", show(cap)));
        Series { name: format!("{}: {floor}{cap}", row.name), points }
    };
    let server = &zones[0].server;
    Chart {
        name: format!("zones-{}-{server}", window.name),
        title: format!("Cores of the zones on {server} over window {}", window.name),
        finding,
        kind: ChartKind::Lines(LineChart {
            x: Axis::linear("time in the window", Unit::Seconds),
            y: Axis::linear("cores in use", Unit::None),
            join: Join::Step,
            series: busiest.iter().map(line).collect(),
            objective: None,
            limits,
        }),
    }
}

/// `zones.csv`, a row per window and zone, and `zones-timeline.csv`, a row per interval of the zones that are drawn.
pub(super) fn tables(results: &Results) -> Vec<ResultFile> {
    let any = results.plain().any(|window| !window.zones.is_empty());
    if !any {
        return Vec::new();
    }
    let mut columns = vec![
        "window",
        "server",
        "zone",
        "cores",
        "guaranteed_cores",
        "baseline_cores",
        "cap_cores",
    ];
    columns.extend([
        "wanted_cores",
        "wanted_cores_lo",
        "wanted_cores_hi",
        "used_cores",
        "used_cores_lo",
        "used_cores_hi",
        "burst_cores",
        "burst_cores_lo",
        "burst_cores_hi",
        "capped_wait_cores",
        "capped_wait_cores_lo",
        "capped_wait_cores_hi",
        "steal_cores",
        "steal_cores_lo",
        "steal_cores_hi",
        "held_ratio",
        "reason",
    ]);
    let mut sheet = Sheet::new(results, &columns);
    let mut over_time = Sheet::new(
        results,
        &[
            "window",
            "server",
            "zone",
            "from_s",
            "until_s",
            "wanted_cores",
            "used_cores",
            "capped_wait_cores",
            "steal_cores",
        ],
    );
    let mut drawn = false;
    for window in results.plain() {
        for zones in servers(window) {
            for row in &zones {
                let of = &row.use_of;
                let limit = |value: Option<f64>| value.map_or(Field::Missing, Field::Number);
                let mut all = vec![
                    Field::Text(&window.name),
                    Field::Text(&row.server),
                    Field::Text(&row.name),
                    Field::Number(row.cores),
                    Field::Number(row.guaranteed),
                    limit(row.baseline),
                    limit(row.cap),
                ];
                let mut why = None;
                for estimate in [&of.wanted, &of.used, &of.burst, &of.capped_wait, &of.steal] {
                    let (values, reason) = fields(estimate);
                    all.extend(values);
                    why = why.or(reason);
                }
                all.extend([Field::Number(of.held), words(why.as_ref())]);
                sheet.row(&all);
            }
            if !is_shown(&zones) {
                continue;
            }
            drawn = true;
            for row in &zones {
                for cell in &row.use_of.course {
                    over_time.row(&[
                        Field::Text(&window.name),
                        Field::Text(&row.server),
                        Field::Text(&row.name),
                        Field::Number(cell.from.seconds()),
                        Field::Number(cell.until.seconds()),
                        Field::Number(cell.wanted),
                        Field::Number(cell.used),
                        Field::Number(cell.capped_wait),
                        Field::Number(cell.steal),
                    ]);
                }
            }
        }
    }
    let mut files = vec![ResultFile::covered("zones.csv", sheet.finish())];
    files.extend(drawn.then(|| ResultFile::covered("zones-timeline.csv", over_time.finish())));
    files
}
