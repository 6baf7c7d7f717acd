//! Processor accounts of zones, in the report and as files.

use crate::report::columns::{Described, Read, ResultTable, Value, estimates, numbers, words};
use crate::report::document::{
    Axis, Block, Chart, ChartKind, Figure, Join, LineChart, Point, Series, SeriesLimit, Table, Unit,
};
use crate::report::number;
use crate::report::rows::TableForm;
use crate::study::results::{Results, WindowRows, ZoneRow, natural};
use crate::study::zones::ZoneCell;

/// The heading of the section.
pub const HEADING: &str = "Processor use of zones";

/// Largest number of rows in the table on the page; the file has all.
const MOST_ROWS: usize = 60;
/// Largest number of charts per window, of the servers whose zones missed the most.
const MOST_CHARTS: usize = 4;
/// Largest number of series per chart.
const MOST_SERIES: usize = 8;
/// Share of a server's cores that its zones must burst or miss for its chart to be drawn.
const SHOWN: f64 = 0.01;

/// Returns the table and the charts; empty without zones.
pub(super) fn blocks(results: &Results) -> Vec<Block> {
    let Some(table) = table(results) else { return Vec::new() };
    let mut blocks = vec![Block::Text(INTRO.into()), Block::Table(table)];
    for window in results.plain() {
        let mut servers = servers(window);
        servers.retain(|zones| is_shown(zones));
        servers.sort_by(|a, b| missed(b).total_cmp(&missed(a)));
        blocks.extend(
            servers.iter().take(MOST_CHARTS).map(|zones| Block::Chart(chart(window, zones))),
        );
    }
    blocks
}

const INTRO: &str = "Cores on average over the window. Guaranteed: the part of the server that the \
shares of the zone entitle it to. Wanted: the cores that its phases could have used. Used: the \
cores that they had. Steal: wanted within its cap, but used by other zones. Capped wait: wanted \
beyond its cap, or beyond its baseline while it is held to that. Burst: the part of used above the \
baseline. Wanted = used + steal + capped wait, exactly, in every replication.";

/// Returns one row per zone and window; if there are too many, the zones that missed the most come first.
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
    let mut ids =
        vec!["zone", "window", "guaranteed_cores", "wanted_cores", "used_cores", "steal_cores"];
    if has(|row| row.baseline) {
        ids.extend(["baseline_cores", "burst_cores"]);
    }
    if has(|row| row.cap) {
        ids.extend(["cap_cores", "capped_wait_cores"]);
    }
    let lines = rows.into_iter().map(|(window, zone)| Line { window, zone });
    Some(accounts().page(caption, &ids, lines))
}

/// A zone in a window.
struct Line<'a> {
    window: &'a WindowRows,
    zone: &'a ZoneRow,
}

/// Declares `zones.csv`.
fn accounts<'a>() -> ResultTable<Line<'a>> {
    let cores = |id, header, meaning, read: Read<Line<'a>>| {
        estimates(id, header, Unit::None, meaning, read).with_reason()
    };
    ResultTable::new(
        "zones.csv",
        "A zone in a window.",
        [
            words("window", "window", "Window of the scenario.", |row| (&row.window.name).into()),
            words("server", "server", "Server on which the zone runs.", |row| {
                (&row.zone.server).into()
            }),
            words("zone", "zone", "Name of the zone.", |row| (&row.zone.name).into()),
            numbers("cores", "cores", Unit::None, "Cores of the server.", |row| {
                row.zone.cores.into()
            }),
            numbers(
                "guaranteed_cores",
                "guaranteed",
                Unit::None,
                "Cores that the shares of the zone entitle it to while all zones of the server are busy.",
                |row| row.zone.guaranteed.into(),
            ),
            numbers(
                "baseline_cores",
                "baseline",
                Unit::None,
                "Cores above which the zone bursts; empty without a baseline.",
                |row| Value::or(row.zone.baseline, "none"),
            ),
            numbers(
                "cap_cores",
                "cap",
                Unit::None,
                "Most cores of the zone; empty without a cap.",
                |row| Value::or(row.zone.cap, "none"),
            ),
            cores(
                "wanted_cores",
                "wanted",
                "Mean number of cores that the phases of the zone could use.",
                |row| (&row.zone.use_of.wanted).into(),
            ),
            cores("used_cores", "used", "Mean number of cores that the zone used.", |row| {
                (&row.zone.use_of.used).into()
            }),
            cores("burst_cores", "burst", "Part of the used cores above the baseline.", |row| {
                (&row.zone.use_of.burst).into()
            })
            .on_page(|row| {
                Value::or(row.zone.baseline.map(|_| &row.zone.use_of.burst), "\u{2013}")
            }),
            cores(
                "capped_wait_cores",
                "capped wait",
                "Wanted cores beyond the cap, or beyond the baseline while the zone is held to it.",
                |row| (&row.zone.use_of.capped_wait).into(),
            )
            .on_page(|row| {
                Value::or(row.zone.cap.map(|_| &row.zone.use_of.capped_wait), "\u{2013}")
            }),
            cores(
                "steal_cores",
                "steal",
                "Wanted cores within the cap that other zones used.",
                |row| (&row.zone.use_of.steal).into(),
            ),
            numbers(
                "held_ratio",
                "held",
                Unit::Ratio,
                "Share of the window in which the zone is held to its baseline.",
                |row| row.zone.use_of.held.into(),
            ),
        ],
    )
}

/// A zone in one interval of a window.
struct Step<'a> {
    line: Line<'a>,
    cell: &'a ZoneCell,
}

/// Declares `zones-timeline.csv`.
fn courses<'a>() -> ResultTable<Step<'a>> {
    let cores = |id, meaning, read: Read<Step<'a>>| numbers(id, "", Unit::None, meaning, read);
    let time = |id, meaning, read: Read<Step<'a>>| numbers(id, "", Unit::Seconds, meaning, read);
    let row_is =
        "A zone in one interval of a window; only zones of servers that have a chart over time.";
    ResultTable::new(
        "zones-timeline.csv",
        row_is,
        [
            words("window", "", "Window of the scenario.", |row| (&row.line.window.name).into()),
            words("server", "", "Server on which the zone runs.", |row| {
                (&row.line.zone.server).into()
            }),
            words("zone", "", "Name of the zone.", |row| (&row.line.zone.name).into()),
            time("from_s", "Start of the interval, after the start of the window.", |row| {
                row.cell.from.seconds().into()
            }),
            time("until_s", "End of the interval, after the start of the window.", |row| {
                row.cell.until.seconds().into()
            }),
            cores(
                "wanted_cores",
                "Mean number of cores that the phases of the zone could use.",
                |row| row.cell.wanted.into(),
            ),
            cores("used_cores", "Mean number of cores that the zone used.", |row| {
                row.cell.used.into()
            }),
            cores(
                "capped_wait_cores",
                "Wanted cores beyond the cap, or beyond the baseline while the zone is held to it.",
                |row| row.cell.capped_wait.into(),
            ),
            cores("steal_cores", "Wanted cores within the cap that other zones used.", |row| {
                row.cell.steal.into()
            }),
        ],
    )
}

/// Groups the zones of a window by server.
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

/// Returns whether shares, baselines or caps of a server's zones have an effect in the window.
fn is_shown(zones: &[&ZoneRow]) -> bool {
    let burst: f64 = zones.iter().filter_map(|row| row.use_of.burst.value()).sum();
    let drawn = zones.iter().any(|row| row.declared)
        && zones.iter().all(|row| !row.use_of.course.is_empty());
    drawn && zones.first().is_some_and(|row| missed(zones) + burst > SHOWN * row.cores)
}

/// Draws the use of the zones of a server over a window, with their caps and guaranteed shares.
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
            "{} misses the most: it had {} of the {} cores that it wanted, because of {reason}. \
             Mean over replications; dashed: baseline, or guaranteed cores; thin solid line: cap",
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

/// Returns the documentation of the columns.
pub(super) fn described() -> [Described; 2] {
    [accounts().described(), courses().described()]
}

/// Writes `zones.csv` and `zones-timeline.csv`; returns none without zones.
pub(super) fn tables<F: TableForm>(results: &Results) -> Vec<F> {
    let partial = results.partial.as_deref();
    let line = |window| move |zone| Line { window, zone };
    let lines: Vec<Line<'_>> =
        results.plain().flat_map(|window| window.zones.iter().map(line(window))).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let mut steps = Vec::new();
    for window in results.plain() {
        let drawn = servers(window).into_iter().filter(|zones| is_shown(zones));
        for zone in drawn.flatten() {
            let cells = zone.use_of.course.iter();
            steps.extend(cells.map(|cell| Step { line: Line { window, zone }, cell }));
        }
    }
    let mut files = vec![accounts().file(partial, lines)];
    files.extend((!steps.is_empty()).then(|| courses().file(partial, steps)));
    files
}
