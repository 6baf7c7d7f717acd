//! The traffic of the long horizon, in the report and as files.

use serde_json::{Map, Value as Json, json};

use super::cell;
use super::files::estimate_value;
use crate::model::spec::traffic::WEEKDAYS;
use crate::plan::availability::{ALL, Availability, WatchedKind};
use crate::plan::load::Resource;
use crate::report::columns::{Described, Read, ResultTable, Value, estimates, numbers, words};
use crate::report::document::{
    Axis, Block, Cell, Chart, ChartKind, Figure, HeatMap, Rounding, Table, Unit,
};
use crate::report::number;
use crate::report::rows::TableForm;
use crate::study::results::{LoadClass, LoadRows, LoadUse, Results, YearsRows};
use crate::study::window::Estimate;

/// Largest number of resources in a table of the page; the files have all.
const MOST_ROWS: usize = 40;
/// Largest number of resources with a heat map.
const MOST_MAPS: usize = 1;

/// Returns the tables of the page views lost over the long horizon; empty without traffic.
pub(super) fn lost(years: &YearsRows) -> Vec<Block> {
    let Some(load) = &years.load else { return Vec::new() };
    let mut blocks = vec![
        Block::Text(INTRO.into()),
        Block::Table(four(years, load)),
        Block::Table(losses(load)),
    ];
    if load.classes.iter().any(|class| !class.causes.is_empty()) {
        blocks.push(Block::Table(causes(load)));
    }
    blocks.push(Block::Table(months(load)));
    blocks.extend(load.classes.iter().filter_map(held_up).map(Block::Text));
    blocks
}

/// Returns the utilisation over the long horizon; empty without traffic.
pub(super) fn used(results: &Results) -> Vec<Block> {
    let load = results.years.as_ref().and_then(|years| years.load.as_ref());
    let Some(load) = load else { return Vec::new() };
    let busiest = load.resources.iter().filter(|row| row.busiest.value().is_some());
    let heat = busiest.take(MOST_MAPS).map(|row| Block::Chart(heat(row)));
    heat.chain([Block::Table(uses(load))]).collect()
}

const INTRO: &str = "The same years, with traffic as a fluid: hourly rates without individual \
requests. A view is lost if a component that it needs has failed, detected or not; if its user \
does not wait for the end of a stall; if the members that are up are saturated; or, near \
saturation, if one of its requests finds the queue full, by formula. Object caches with `objects`, \
RAM caches, and buffers with `over-years` are cold after a break; cold edges of a CDN and the work \
of backups are left out. Windows of requests, if there are any, correct all of this.";

/// Returns the cell of a share that may be nearly one; it rounds down.
pub fn share(estimate: &Estimate) -> Cell {
    match cell(estimate, Unit::Ratio) {
        Cell::Figure(figure) => Cell::Figure(figure.rounded(Rounding::Down)),
        other => other,
    }
}

/// One of the four availabilities.
struct Availabilities<'a> {
    class: &'a str,
    which: &'static str,
    share: Value<'a>,
    /// Downtime per year; availabilities of traffic have none.
    downtime: Option<&'a Estimate>,
    of: &'static str,
}

fn availabilities<'a>() -> ResultTable<Availabilities<'a>> {
    ResultTable::new(
        "",
        "One availability of a class.",
        [
            words("class", "class", "", |row| row.class.into()),
            words("availability", "availability", "", |row| row.which.into()),
            numbers("value_ratio", "share", Unit::Ratio, "", |row: &Availabilities<'_>| {
                row.share.clone()
            })
            .rounded(Rounding::Down),
            numbers(
                "unavailable",
                "not available",
                Unit::Seconds,
                "",
                |row: &Availabilities<'_>| Value::or(row.downtime, "no time"),
            )
            .in_units("unavailable_min_per_year", 60.0, super::years::minutes())
            .rounded(Rounding::Up),
            words("of", "of", "", |row| row.of.into()),
        ],
    )
}

/// Returns the table of the four availabilities of each class.
fn four(years: &YearsRows, load: &LoadRows) -> Table {
    let mut rows = Vec::new();
    let of_time = |class, kind: WatchedKind| {
        let both = [Availability::Structural, Availability::Continuous].into_iter();
        let found = both.filter_map(move |availability| {
            years.rows.iter().find(|row| {
                row.name == class && row.availability == availability && row.kind == kind
            })
        });
        found.map(move |row| Availabilities {
            class,
            which: row.availability.word(),
            share: row.all.available.into(),
            downtime: Some(&row.all.downtime),
            of: "time",
        })
    };
    let row = |class, which, share: &Estimate, of| {
        let share = share.clone().into();
        Availabilities { class, which, share, downtime: None, of }
    };
    let of_traffic = |class, objective, request| {
        let intervals = "5-minute intervals; their latency is unknown";
        [
            row(class, "objective, losses alone", objective, intervals),
            row(class, "request", request, "intended views"),
        ]
    };
    for class in &load.classes {
        rows.extend(of_time(class.name.as_str(), WatchedKind::Class));
        rows.extend(of_traffic(class.name.as_str(), &class.objective, &class.request));
    }
    if let Some(all) = &load.all {
        rows.extend(of_time(ALL, WatchedKind::All));
        rows.extend(of_traffic(ALL, &all.objective, &all.request));
    }
    availabilities().all("The four availabilities, separately", rows)
}

/// Declares the columns of the page views of a class over the long horizon.
fn classes<'a>() -> ResultTable<&'a LoadClass> {
    let views = |id, header, read: Read<&'a LoadClass>| {
        numbers(id, header, Unit::Other("views/y".into()), "", read)
    };
    let ratios = |id, header, read: Read<&'a LoadClass>| numbers(id, header, Unit::Ratio, "", read);
    ResultTable::new(
        "",
        "A class.",
        [
            words("class", "class", "", |class| (&class.name).into()),
            ratios("request", "", |class| (&class.request).into()),
            ratios("objective_losses_alone", "", |class| (&class.objective).into()),
            views("lost_per_year", "lost", |class| (&class.lost).into()),
            views("fault_per_year", "fault", |class| (&class.fault).into()),
            views("overload_per_year", "overload", |class| (&class.overload).into()),
            views("planned_per_year", "planned", |class| (&class.planned).into()),
            views("never_born_per_year", "not requested any more", |class| {
                (&class.never_born).into()
            }),
            views("late_per_year", "served late", |class| class.late.into()),
            ratios("month_lost_ratio", "views lost per month, share", |class| {
                (&class.month_lost).into()
            }),
            ratios("month_lost_p95_ratio", "p95 of months", |class| (&class.month_p95).into()),
            ratios("available_ratio", "objective", |class| {
                let least = class.month_meets.as_ref().map(|(least, _)| least.get());
                Value::or(least, "none in the file")
            }),
            ratios("month_meets_ratio", "months that meet the objective", |class| {
                let meets = class.month_meets.as_ref().map(|(_, meets)| meets);
                Value::or(meets, "no objective")
            })
            .rounded(Rounding::Down),
        ],
    )
}

/// Returns the page views lost per year, by kind.
fn losses(load: &LoadRows) -> Table {
    let ids = [
        "class",
        "lost_per_year",
        "fault_per_year",
        "overload_per_year",
        "planned_per_year",
        "never_born_per_year",
        "late_per_year",
    ];
    classes().page("Page views lost per year", &ids, &load.classes)
}

/// A first cause of the losses of a class.
struct CauseLine<'a> {
    class: &'a LoadClass,
    cause: &'a str,
    lost: &'a Estimate,
}

fn cause_lines<'a>() -> ResultTable<CauseLine<'a>> {
    ResultTable::new(
        "",
        "A first cause of the losses of a class.",
        [
            words("class", "class", "", |line| (&line.class.name).into()),
            words("cause", "first cause", "", |line| line.cause.into()),
            numbers("lost_per_year", "lost", Unit::Other("views/y".into()), "", |line| {
                line.lost.into()
            }),
        ],
    )
}

fn of_class(class: &LoadClass) -> impl Iterator<Item = CauseLine<'_>> {
    class.causes.iter().map(move |(cause, lost)| CauseLine { class, cause, lost })
}

fn causes(load: &LoadRows) -> Table {
    let lines = load.classes.iter().flat_map(of_class);
    cause_lines().all("Page views lost per year, by first cause", lines)
}

/// Returns the error budgets of months.
fn months(load: &LoadRows) -> Table {
    let ids = [
        "class",
        "month_lost_ratio",
        "month_lost_p95_ratio",
        "available_ratio",
        "month_meets_ratio",
    ];
    classes().page("Error budgets: months of 730 hours", &ids, &load.classes)
}

/// States after which time a stall of the file server blocks all requests of a class.
fn held_up(class: &LoadClass) -> Option<String> {
    let [mean, top] = class.held_up?;
    let time = |seconds: f64| number::figure(&Figure::exact(seconds, Unit::Seconds));
    Some(format!(
        "While no file server answers, requests of {} hold their workers: all workers are held \
         after {} at the mean rate and {} at the highest rate of the profile, and from then on \
         every request that enters by the same services waits; after {} and {} their queues are \
         full and all are refused.",
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

/// A resource over the long horizon, or in one hour of the week.
struct Line<'a> {
    row: &'a LoadUse,
    hour: Option<usize>,
}

impl<'a> Line<'a> {
    const fn of(row: &'a LoadUse) -> Self {
        Self { row, hour: None }
    }

    fn whole(&self, of: impl Fn(&'a LoadUse) -> &'a Estimate) -> Value<'a> {
        self.hour.is_none().then(|| of(self.row)).into()
    }
}

/// Declares `utilization-years.csv`: one row per resource, and below it one per hour of the week.
fn utilizations<'a>() -> ResultTable<Line<'a>> {
    let ratios =
        |id, header, meaning, read: Read<Line<'a>>| numbers(id, header, Unit::Ratio, meaning, read);
    ResultTable::new(
        "utilization-years.csv",
        "A resource over the years, or in one hour of the week.",
        [
            words("name", "resource", "Resource, as in the paths of figures.", |l| {
                (&l.row.name).into()
            }),
            words("resource", "", "Kind of the resource.", |l| resource(l.row.resource).into()),
            numbers(
                "hour_of_week",
                "",
                Unit::None,
                "Hour from Monday 00:00; empty in the row of all hours.",
                |l| l.hour.into(),
            ),
            estimates(
                "utilization_ratio",
                "mean",
                Unit::Ratio,
                "Mean utilisation.",
                |l: &Line<'_>| l.hour.map_or(&l.row.mean, |hour| &l.row.hours[hour]).into(),
            )
            .keyed("mean_ratio")
            .with_reason(),
            ratios("p95_ratio", "p95", "Utilisation that is not exceeded 95 % of the time.", |l| {
                l.whole(|row| &row.p95)
            }),
            ratios(
                "busiest_hour_ratio",
                "busiest hour of the week",
                "Mean utilisation in the busiest hour of the week.",
                |l| l.whole(|row| &row.busiest),
            ),
            words("busiest_hour", "weekday and hour", "", |l: &Line<'_>| {
                hour_name(l.row.busiest_hour).into()
            })
            .off_file(),
        ],
    )
}

/// Returns the utilisation of the resources.
fn uses(load: &LoadRows) -> Table {
    let ids = ["name", "utilization_ratio", "p95_ratio", "busiest_hour_ratio", "busiest_hour"];
    let caption = "Utilisation over the years, the busiest first; only p95 includes hourly noise";
    utilizations().page(caption, &ids, load.resources.iter().take(MOST_ROWS).map(Line::of))
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
        Resource::Link => "link",
        Resource::Row => "row",
    }
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    utilizations().described()
}

/// Writes `utilization-years.csv`; returns `None` if the long horizon has no traffic.
pub(super) fn tables<F: TableForm>(results: &Results) -> Option<F> {
    let load = results.years.as_ref()?.load.as_ref()?;
    let lines = load.resources.iter().flat_map(|row| {
        let hours = (0..row.hours.len()).map(move |hour| Line { row, hour: Some(hour) });
        std::iter::once(Line::of(row)).chain(hours)
    });
    Some(utilizations().file(results.partial.as_deref(), lines))
}

/// Returns the part of `summary.json`.
pub(super) fn summary(load: &LoadRows) -> Json {
    let one = estimate_value;
    let ids = [
        "request",
        "objective_losses_alone",
        "lost_per_year",
        "fault_per_year",
        "overload_per_year",
        "planned_per_year",
        "never_born_per_year",
        "late_per_year",
        "month_lost_ratio",
        "month_lost_p95_ratio",
        "available_ratio",
        "month_meets_ratio",
    ];
    let class = |class: &LoadClass| {
        let mut object = Map::new();
        object.insert("name".into(), json!(class.name));
        object.extend(classes().object(&ids, &class));
        let held = |of: fn((f64, f64)) -> f64| class.held_up.map(|both| json!(both.map(of)));
        object.insert("workers_held_s".into(), json!(held(|(held, _)| held)));
        object.insert("line_full_s".into(), json!(held(|(_, full)| full)));
        let causes = class.causes.iter();
        let cause = |(cause, lost): &(String, Estimate)| json!({ "cause": cause, "lost_per_year": one(lost) });
        object.insert("causes".into(), causes.map(cause).collect());
        Json::Object(object)
    };
    let mut summary = json!({
        "classes": load.classes.iter().map(class).collect::<Vec<_>>(),
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
