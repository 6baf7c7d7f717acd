//! The traffic over years, in the report and as files.

use serde_json::{Value, json};

use super::cell;
use super::files::{Sheet, availability_row, estimate_value, fields, words};
use super::years::minutes_cell;
use crate::model::spec::traffic::WEEKDAYS;
use crate::plan::availability::{ALL, Availability, WatchedKind};
use crate::plan::load::Resource;
use crate::report::csv::Field;
use crate::report::document::{
    Axis, Block, Cell, Chart, ChartKind, Column, Figure, HeatMap, Rounding, Section, Table, Unit,
};
use crate::report::number;
use crate::report::write::ResultFile;
use crate::stats::interval::Interval;
use crate::study::results::{LoadClass, LoadRows, LoadUse, Results, YearRow, YearsRows};
use crate::study::window::Estimate;

/// The heading of the section.
pub const HEADING: &str = "Years under load";

/// Most resources in a table of the page; the files hold all.
const MOST_ROWS: usize = 40;
/// Most resources that have a heat map.
const MOST_MAPS: usize = 1;

/// The section; `None` where no traffic was followed through years.
pub(super) fn section(results: &Results) -> Option<Section> {
    let years = results.years.as_ref()?;
    let load = years.load.as_ref()?;
    let mut blocks = vec![Block::Table(four(years, load)), Block::Table(losses(load))];
    if load.classes.iter().any(|class| !class.causes.is_empty()) {
        blocks.push(Block::Table(causes(load)));
    }
    blocks.push(Block::Table(months(load)));
    blocks.extend(load.classes.iter().filter_map(held_up).map(Block::Text));
    blocks.push(Block::Table(uses(load)));
    let busiest = load.resources.iter().filter(|row| row.busiest.value().is_some());
    blocks.extend(busiest.take(MOST_MAPS).map(|row| Block::Chart(heat(row))));
    Some(Section { heading: HEADING.into(), intro: INTRO.into(), blocks })
}

const INTRO: &str = "The same years with their traffic as a fluid: rates by the hour, without a single \
request. A view is lost when something that it needs is dead, or is not yet known to be; when its \
user does not wait for the end of a stall; when what is up cannot do more; or, near that limit, when one of its requests \
finds the room full in which it comes in, by formula. Cold memory after a break and the work of backups are not in it. Windows of \
requests, where there are some, correct all of this.";

/// A share that may be nearly all: rounded down.
pub fn share(estimate: &Estimate) -> Cell {
    match cell(estimate, Unit::Ratio) {
        Cell::Figure(figure) => Cell::Figure(figure.rounded(Rounding::Down)),
        other => other,
    }
}

/// The four availabilities; those that nobody knows say so.
fn four(years: &YearsRows, load: &LoadRows) -> Table {
    let columns = vec![
        Column::words("class", "class"),
        Column::words("availability", "availability"),
        Column::numbers("share", "value_ratio", Unit::Ratio),
        Column::numbers("not available", "unavailable_min_per_year", super::years::minutes()),
        Column::words("of", "of"),
    ];
    let mut rows = Vec::new();
    let of_time = |name: &str, kind: WatchedKind| -> Vec<Vec<Cell>> {
        let both = [Availability::Structural, Availability::Continuous].into_iter();
        let found = both.filter_map(|availability| {
            years.rows.iter().find(|row| {
                row.name == name && row.availability == availability && row.kind == kind
            })
        });
        let row = |row: &YearRow| {
            vec![
                Cell::text(name),
                Cell::text(row.availability.word()),
                super::share_cell(&row.all.available),
                minutes_cell(&row.all.downtime),
                Cell::text("time"),
            ]
        };
        found.map(row).collect()
    };
    let of_traffic = |name: &str, objective: &Estimate, request: &Estimate| {
        let row = |what: &str, value: &Estimate, of: &str| {
            let (name, what) = (Cell::text(name), Cell::text(what));
            vec![name, what, share(value), Cell::missing("no time"), Cell::text(of)]
        };
        let intervals = "5-minute intervals; their latency is not known";
        [
            row("objective, losses alone", objective, intervals),
            row("request", request, "views wanted"),
        ]
    };
    for class in &load.classes {
        rows.extend(of_time(&class.name, WatchedKind::Class));
        rows.extend(of_traffic(&class.name, &class.objective, &class.request));
    }
    if let Some(all) = &load.all {
        rows.extend(of_time(ALL, WatchedKind::All));
        rows.extend(of_traffic(ALL, &all.objective, &all.request));
    }
    Table { caption: "The four availabilities, never mixed".into(), columns, rows }
}

/// Views lost a year, by kind.
fn losses(load: &LoadRows) -> Table {
    let views = || Unit::Other("views/y".into());
    let columns = vec![
        Column::words("class", "class"),
        Column::numbers("lost", "lost_per_year", views()),
        Column::numbers("fault", "fault_per_year", views()),
        Column::numbers("overload", "overload_per_year", views()),
        Column::numbers("planned", "planned_per_year", views()),
        Column::numbers("not asked for any more", "never_born_per_year", views()),
        Column::numbers("served late", "late_per_year", views()),
    ];
    let row = |class: &LoadClass| {
        let mut cells = vec![Cell::text(class.name.clone())];
        let lost = [&class.lost, &class.fault, &class.overload, &class.planned, &class.never_born];
        for lost in lost {
            cells.push(cell(lost, views()));
        }
        cells.push(Cell::Figure(Figure::exact(class.late, views())));
        cells
    };
    Table {
        caption: "Page views lost a year".into(),
        columns,
        rows: load.classes.iter().map(row).collect(),
    }
}

fn causes(load: &LoadRows) -> Table {
    let views = || Unit::Other("views/y".into());
    let columns = vec![
        Column::words("class", "class"),
        Column::words("first cause", "cause"),
        Column::numbers("lost", "lost_per_year", views()),
    ];
    let mut rows = Vec::new();
    for class in &load.classes {
        for (cause, lost) in &class.causes {
            rows.push(vec![
                Cell::text(class.name.clone()),
                Cell::text(cause.clone()),
                cell(lost, views()),
            ]);
        }
    }
    Table { caption: "Page views lost a year, by first cause".into(), columns, rows }
}

/// Error budgets of months.
fn months(load: &LoadRows) -> Table {
    let columns = vec![
        Column::words("class", "class"),
        Column::numbers("lost of a month's views", "month_lost_ratio", Unit::Ratio),
        Column::numbers("95 % of months at most", "month_lost_p95_ratio", Unit::Ratio),
        Column::numbers("objective", "available_ratio", Unit::Ratio),
        Column::numbers("months that meet it", "month_meets_ratio", Unit::Ratio),
    ];
    let row = |class: &LoadClass| {
        let (objective, meets) = match &class.month_meets {
            Some((least, meets)) => {
                (Cell::Figure(Figure::exact(least.get(), Unit::Ratio)), share(meets))
            }
            None => (Cell::missing("none in the file"), Cell::missing("no objective")),
        };
        vec![
            Cell::text(class.name.clone()),
            cell(&class.month_lost, Unit::Ratio),
            cell(&class.month_p95, Unit::Ratio),
            objective,
            meets,
        ]
    };
    Table {
        caption: "Error budgets: months of 730 hours".into(),
        columns,
        rows: load.classes.iter().map(row).collect(),
    }
}

/// When a stall of the file server stops everybody.
fn held_up(class: &LoadClass) -> Option<String> {
    let [mean, top] = class.held_up?;
    let time = |seconds: f64| number::figure(&Figure::exact(seconds, Unit::Seconds));
    Some(format!(
        "While no file server answers, requests of {} hold their workers: all are held after {} at the \
         mean rate and {} at the highest of the profile, and from then on everything that enters by \
         the same services waits; after {} and {} their lines are full and all are refused.",
        class.name,
        time(mean.0),
        time(top.0),
        time(mean.1),
        time(top.1),
    ))
}

fn hour_name(hour: usize) -> String {
    format!("{} {:02}", WEEKDAYS[hour / 24 % 7], hour % 24)
}

/// How busy everything is.
fn uses(load: &LoadRows) -> Table {
    let columns = vec![
        Column::words("resource", "name"),
        Column::numbers("mean", "mean_ratio", Unit::Ratio),
        Column::numbers("95 % of the time at most", "p95_ratio", Unit::Ratio),
        Column::numbers("busiest hour of the week", "busiest_hour_ratio", Unit::Ratio),
        Column::words("which is", "busiest_hour"),
    ];
    let row = |row: &LoadUse| {
        vec![
            Cell::text(row.name.clone()),
            cell(&row.mean, Unit::Ratio),
            cell(&row.p95, Unit::Ratio),
            cell(&row.busiest, Unit::Ratio),
            Cell::text(hour_name(row.busiest_hour)),
        ]
    };
    Table {
        caption: "Utilisation over the years, the busiest first; hourly noise is in the 95 % alone"
            .into(),
        columns,
        rows: load.resources.iter().take(MOST_ROWS).map(row).collect(),
    }
}

fn heat(row: &LoadUse) -> Chart {
    let hours: Vec<String> = (0..24).map(|hour| format!("{hour:02}")).collect();
    let value = |day: usize, hour: usize| row.hours[day * 24 + hour].value();
    let top = row.busiest.value().unwrap_or(0.0);
    let top = number::figure(&Figure::exact(top, Unit::Ratio));
    Chart {
        name: format!("hours-{}", row.name.replace('.', "-")),
        title: format!("Utilisation of {} by hour of the week, over the years", row.name),
        finding: format!("Busiest: {} at {top}", hour_name(row.busiest_hour)),
        kind: ChartKind::Heat(HeatMap {
            rows_are: "day".into(),
            columns_are: "hour of the day".into(),
            rows: WEEKDAYS.iter().map(ToString::to_string).collect(),
            columns: hours,
            values_are: Axis::linear("busy \u{f7} capacity", Unit::Ratio),
            values: (0..7).map(|day| (0..24).map(|hour| value(day, hour)).collect()).collect(),
        }),
    }
}

const fn resource(resource: Resource) -> &'static str {
    match resource {
        Resource::Cpu => "cpu",
        Resource::Baseline => "baseline",
        Resource::Disks => "disks",
        Resource::Head => "head",
        Resource::Uplink => "uplink",
        Resource::Servers => "servers",
    }
}

/// `utilization-years.csv`: a row an hour of the week, and of each resource one without an hour.
pub(super) fn tables(results: &Results) -> Option<ResultFile> {
    let load = results.years.as_ref()?.load.as_ref()?;
    let columns = [
        "name",
        "resource",
        "hour_of_week",
        "utilization_ratio",
        "utilization_ratio_lo",
        "utilization_ratio_hi",
        "p95_ratio",
        "busiest_hour_ratio",
        "reason",
    ];
    let mut sheet = Sheet::new(results, &columns);
    for row in &load.resources {
        let mut put = |hour: Field<'_>, estimate: &Estimate, rest: [Field<'_>; 2]| {
            let (values, why) = fields(estimate);
            let mut all = vec![Field::Text(&row.name), Field::Text(resource(row.resource)), hour];
            all.extend(values);
            all.extend(rest);
            all.push(words(why.as_ref()));
            sheet.row(&all);
        };
        let value = |estimate: &Estimate| estimate.value().map_or(Field::Missing, Field::Number);
        put(Field::Missing, &row.mean, [value(&row.p95), value(&row.busiest)]);
        for (hour, estimate) in row.hours.iter().enumerate() {
            put(Field::Count(hour as u64), estimate, [Field::Missing, Field::Missing]);
        }
    }
    Some(ResultFile::covered("utilization-years.csv", sheet.finish()))
}

/// Rows of `availability.csv`.
pub(super) fn availability(results: &Results, sheet: &mut Sheet) {
    let Some(years) = &results.years else { return };
    let classes = years.load.iter().flat_map(|load| &load.classes);
    let classes = classes.map(|class| (class.name.as_str(), &class.request));
    let all = years.load.iter().filter_map(|load| Some((ALL, &load.all.as_ref()?.request)));
    for (name, request) in classes.chain(all) {
        let (value, why) = fields(request);
        let (level, method) = match request {
            Estimate::Interval(Interval { level, method, .. }) => {
                (Field::Number(*level), method.name())
            }
            _ => (Field::Missing, ""),
        };
        let told = (value, level, method, why);
        availability_row(sheet, ["horizon", name, "request"], &told, years.replications, None);
    }
}

/// For `summary.json`.
pub(super) fn summary(load: &LoadRows) -> Value {
    let one = estimate_value;
    let number = crate::report::json::number;
    let mut summary = json!({
        "classes": load.classes.iter().map(|class| json!({
            "name": class.name,
            "request": one(&class.request),
            "objective_losses_alone": one(&class.objective),
            "lost_per_year": one(&class.lost),
            "fault_per_year": one(&class.fault),
            "overload_per_year": one(&class.overload),
            "planned_per_year": one(&class.planned),
            "never_born_per_year": one(&class.never_born),
            "late_per_year": number(class.late),
            "month_lost_ratio": one(&class.month_lost),
            "month_lost_p95_ratio": one(&class.month_p95),
            "available_ratio": class.month_meets.as_ref().map(|(least, _)| number(least.get())),
            "month_meets_ratio": class.month_meets.as_ref().map(|(_, meets)| one(meets)),
            "workers_held_s": class.held_up.map(|[mean, top]| json!([mean.0, top.0])),
            "line_full_s": class.held_up.map(|[mean, top]| json!([mean.1, top.1])),
            "causes": class.causes.iter().map(|(cause, lost)| json!({
                "cause": cause, "lost_per_year": one(lost),
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "resources": load.resources.iter().map(|row| json!({
            "name": row.name,
            "mean": one(&row.mean),
            "p95": one(&row.p95),
            "busiest_hour": one(&row.busiest),
            "busiest_hour_of_week": row.busiest_hour,
        })).collect::<Vec<_>>(),
    });
    if let Some(all) = &load.all {
        summary["all_classes_request"] = one(&all.request);
        summary["all_classes_objective_losses_alone"] = one(&all.objective);
    }
    summary
}
