//! Why a scenario is down, what it can spare and what it costs: sections and files of a scenario
//! that was run alone.

use serde_json::{Value, json};

use super::cell;
use super::files::{Sheet, estimate_value, fields, words};
use super::years::{minutes, minutes_cell};
use crate::convert::nearest;
use crate::plan::availability::{Availability, WatchedKind};
use crate::plan::cost::{Cost, Item};
use crate::report::csv::Field;
use crate::report::document::{
    Axis, Bar, BarChart, Block, Cell, Chart, ChartKind, Column, EcdfChart, FallKind, FallStep,
    Figure, Growth, Lane, Objective, Point, Rounding, Section, Series, Span, Table, Timeline, Unit,
    WaterfallChart,
};
use crate::report::number;
use crate::report::write::ResultFile;
use crate::study::journal::{self, OutageRecord, Record};
use crate::study::results::{
    ClassCost, FallBar, FallRow, LossRow, Results, SpareRows, Spread, WhyRows,
};
use crate::study::stories::{YearStrip, YearStrips};
use crate::study::window::Estimate;

/// Headings.
pub const WHY: &str = "Why it is down";
/// What is left after a loss.
pub const SPARE: &str = "What it can spare";
/// What it costs.
pub const COST: &str = "Cost";

/// Classes and groups that have drawings of their own.
const MOST_DRAWN: usize = 2;
/// Bars of the drawing of losses.
const MOST_LOSSES: usize = 16;
/// Losses in the table of the page: the worst.
const MOST_LISTED: usize = 64;
const YEAR_S: f64 = 31_536_000.0;

/// The sections; none where it was not run alone.
pub(super) fn sections(results: &Results) -> Vec<Section> {
    let why = &results.why;
    [section(results), why.spare.as_ref().map(spare), cost(results)].into_iter().flatten().collect()
}

fn section(results: &Results) -> Option<Section> {
    let why = &results.why;
    let mut blocks = Vec::new();
    let drawn = |row: &&FallRow| {
        row.availability == Availability::Structural && row.kind != WatchedKind::Service
    };
    for row in why.falls.iter().filter(drawn).take(MOST_DRAWN) {
        blocks.push(Block::Chart(waterfall(row)));
    }
    if !why.falls.is_empty() {
        blocks.push(Block::Table(falls(why)));
    }
    if let Some(stories) = &why.stories {
        let strips = stories.years.iter().take(MOST_DRAWN).map(timeline);
        blocks.extend(strips.map(Block::Chart));
    }
    let spreads: Vec<&Spread> = why.spreads.iter().filter(|s| !s.points.is_empty()).collect();
    blocks.extend(spreads.iter().take(MOST_DRAWN).filter_map(|s| years(s)).map(Block::Chart));
    let outages: Vec<&OutageRecord> = outages(why).collect();
    if !outages.is_empty() {
        blocks.push(Block::Table(told(&outages)));
    }
    let mut intro = String::from(
        "What would be bought if one cause never struck: the same years once more without it, on \
         the same draws, all else as it is. Where two must break for the service to be down, the \
         perfection of either buys the same minutes: the sum of what each buys alone is not what \
         all buy together, and the difference stands as the interaction.",
    );
    if why.fall_replications > 0 {
        intro.push_str(&format!(
            " {} replications of each, paired.",
            number::count(why.fall_replications as u64)
        ));
    }
    intro.push_str(
        " The outages below are told step by step by `fivenines explain` and in journal.jsonl.",
    );
    (!blocks.is_empty()).then(|| Section { heading: WHY.into(), intro, blocks })
}

fn label(bar: &FallBar) -> String {
    match bar.without.as_slice() {
        [one] => one.clone(),
        several => format!("{} others together", several.len()),
    }
}

/// A value and its interval in minutes.
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
        Some(format!("Without {} alone {share} of the downtime would be gone", label(bar)))
    });
    Chart {
        name: format!("waterfall-{}", row.name),
        title: format!("What each cause's perfection would buy {}", row.name),
        finding: finding.unwrap_or_default(),
        kind: ChartKind::Waterfall(WaterfallChart {
            axis: Axis::linear("structural downtime", minutes()).rounded(Rounding::Up),
            steps,
        }),
    }
}

fn falls(why: &WhyRows) -> Table {
    let columns = vec![
        Column::words("of", "name"),
        Column::words("without", "without"),
        Column::numbers("down less", "saved_min_per_year", minutes()),
    ];
    let mut rows = Vec::new();
    for row in &why.falls {
        let name = format!("{}, {}", row.name, row.availability.word());
        let mut put = |what: String, estimate: &Estimate| {
            let cell = match signed(estimate) {
                Some(figure) => Cell::Figure(figure),
                None => minutes_cell(estimate),
            };
            rows.push(vec![Cell::text(name.clone()), Cell::text(what), cell]);
        };
        for bar in &row.bars {
            put(label(bar), &bar.saved);
        }
        put("interaction".into(), &row.interaction);
        if row.left.value().is_some_and(|left| left > 0.0) {
            put("(left without any)".into(), &row.left);
        }
        put("(down in all)".into(), &row.all);
    }
    Table {
        caption:
            "What leaving out buys, each alone and on the same draws (the others by name are in \
                  waterfall.csv)"
                .into(),
        columns,
        rows,
    }
}

/// Minutes of a difference: it may be below zero, and is rounded to the nearest.
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
        some => format!("; {some} more stretches are not drawn"),
    };
    Chart {
        name: format!("timeline-years-{}", strips.of),
        title: format!("When {} was down: the worst and a typical year", strips.of),
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
        }),
    }
}

/// How much one year differs from another.
fn years(spread: &Spread) -> Option<Chart> {
    let mut points: Vec<Point> = Vec::new();
    for (at, share) in spread.points.iter().filter(|(at, _)| *at > 0.0) {
        // Of steps at one place the last says all.
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
        p95.map_or_else(String::new, |p95| format!("19 of 20 years lose at most {}", shown(p95)));
    if spread.none > 0.0 {
        let share = number::figure(&Figure::exact(spread.none, Unit::Ratio));
        let begins = if finding.is_empty() { "" } else { "; " };
        finding.push_str(&format!("{begins}{share} of them lose nothing"));
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

fn outages(why: &WhyRows) -> impl Iterator<Item = &OutageRecord> {
    let records = why.stories.iter().flat_map(|stories| &stories.records);
    records.filter_map(|record| match record {
        Record::Outage(outage) => Some(outage),
        _ => None,
    })
}

/// Why an outage is told.
#[must_use]
pub fn kept_as(outage: &OutageRecord) -> String {
    match (outage.worst, &outage.typical_of) {
        (Some(rank), None) => format!("worst {rank}"),
        (None, Some(cause)) => format!("typical of {cause}"),
        (Some(rank), Some(cause)) => format!("worst {rank}, typical of {cause}"),
        (None, None) => String::new(),
    }
}

fn told(outages: &[&OutageRecord]) -> Table {
    let columns = vec![
        Column::words("of", "of"),
        Column::words("told as", "kept_as"),
        Column::numbers("lasted", "length_s", Unit::Seconds),
        Column::words("first cause", "first_cause"),
        Column::numbers("views lost", "views_lost", Unit::None),
        Column::words("began", "begun"),
        Column::numbers("of its year's downtime", "of_year_ratio", Unit::Ratio),
        Column::words("with", "contributing"),
        Column::words("down", "down"),
    ];
    let mut sorted: Vec<&&OutageRecord> = outages.iter().collect();
    sorted.sort_by_key(|outage| {
        let rank = outage.worst.unwrap_or(u32::MAX);
        (&outage.of, std::cmp::Reverse(&outage.availability), rank, &outage.typical_of)
    });
    let or_none = |names: &[String]| {
        if names.is_empty() { Cell::missing("nothing") } else { Cell::text(names.join(", ")) }
    };
    let row = |outage: &&&OutageRecord| {
        vec![
            Cell::text(format!("{}, {}", outage.of, outage.availability)),
            Cell::text(kept_as(outage)),
            Cell::Figure(Figure::exact(outage.length_s, Unit::Seconds)),
            Cell::text(outage.first_cause.clone()),
            outage
                .views_lost
                .map_or_else(|| Cell::missing("no traffic"), |views| Cell::Count(nearest(views))),
            Cell::text(format!("{}, replication {}", outage.begun, outage.replication)),
            outage.of_year_ratio.map_or_else(
                || Cell::missing("over New Year"),
                |share| Cell::Figure(Figure::exact(share, Unit::Ratio)),
            ),
            or_none(&outage.contributing),
            or_none(&outage.down),
        ]
    };
    Table {
        caption: "The worst outages, and a typical one of each of the causes that cost most".into(),
        columns,
        rows: sorted.iter().map(row).collect(),
    }
}

fn lost_name(row: &LossRow) -> String {
    row.spare.lost.clone().unwrap_or_else(|| "nothing".into())
}

fn spare(rows: &SpareRows) -> Section {
    let level = number::figure(&Figure::exact(rows.level, Unit::PerSecond));
    let columns = vec![
        Column::words("lost", "lost"),
        Column::words("which is", "kind"),
        Column::words("then", "serves"),
        Column::words("busiest", "busiest"),
        Column::numbers("busy", "utilization_ratio", Unit::Ratio),
        Column::numbers("busiest right after", "cold_utilization_ratio", Unit::Ratio),
        Column::numbers("carries", "carries_per_s", Unit::PerSecond),
        Column::words("ends at", "first_to_run_out"),
    ];
    let line = |row: &LossRow| {
        let served = row.spare.serves;
        let busiest = row.spare.busiest.as_ref().filter(|_| served);
        let carries = row.spare.carries.as_ref().filter(|_| served);
        let over = busiest.is_some_and(|(_, used)| *used >= 1.0);
        let cold = row.spare.cold.as_ref().filter(|_| served);
        let then = match (served, over, cold) {
            (false, ..) => "down until repaired or taken over".into(),
            (true, true, _) => "overloaded".into(),
            (true, false, Some(cold)) if cold.used > 1.0 => {
                let seconds = number::figure(&Figure::exact(cold.over.seconds(), Unit::Seconds));
                format!("served after {seconds} of overload with a cold buffer")
            }
            (true, false, _) => String::from("served"),
        };
        let missing = || Cell::missing("\u{2013}");
        vec![
            Cell::text(lost_name(row)),
            Cell::text(row.kind),
            Cell::text(then),
            busiest.map_or_else(missing, |(name, _)| Cell::text(name.clone())),
            busiest.map_or_else(missing, |(_, used)| {
                Cell::Figure(Figure::exact(*used, Unit::Ratio).rounded(Rounding::Up))
            }),
            cold.map_or_else(missing, |cold| {
                Cell::Figure(Figure::exact(cold.used, Unit::Ratio).rounded(Rounding::Up))
            }),
            carries.map_or_else(missing, |(_, rate)| {
                Cell::Figure(Figure::exact(*rate, Unit::PerSecond).rounded(Rounding::Down))
            }),
            carries.map_or_else(missing, |(name, _)| Cell::text(name.clone())),
        ]
    };
    let table = Table {
        caption: format!(
            "At {level}, the level of window {}, with one part lost; {}",
            rows.window,
            looked_at(rows)
        ),
        columns,
        rows: rows.rows.iter().take(1 + MOST_LISTED).map(line).collect(),
    };
    let mut blocks: Vec<Block> = losses(rows).map(Block::Chart).into_iter().collect();
    blocks.push(Block::Table(table));
    Section {
        heading: SPARE.into(),
        intro: "Arithmetic, not simulation: rate \u{d7} visits \u{d7} demand \u{f7} capacity of every \
                resource once what is redundant has taken over. It carries the rate at which its first \
                resource is busy all the time, which no objective of latency allows. A database member \
                that takes over reads with a cold buffer: how busy the busiest resource of those that \
                this touches is right after the takeover stands beside. What is lost until the takeover, \
                and the queues that it leaves, stand under the breaks. One of each kind and role is lost."
            .into(),
        blocks,
    }
}

/// How many of the losses were worked out, and how many of those stand in the table.
fn looked_at(rows: &SpareRows) -> String {
    let (all, done) = (rows.losses, rows.worked_out());
    let mut said = match done {
        _ if done == all => format!("all {all} losses worked out"),
        _ => format!("{done} of {all} losses worked out, those of the parts with the most load"),
    };
    if done > MOST_LISTED {
        said +=
            &format!("; the {MOST_LISTED} that leave least stand here, the others in headroom.csv");
    }
    said
}

fn losses(rows: &SpareRows) -> Option<Chart> {
    let carries = |row: &LossRow| match (&row.spare.carries, row.spare.serves) {
        (_, false) => Some(0.0),
        (Some((_, rate)), true) => Some(*rate),
        (None, true) => None,
    };
    let known: Vec<&LossRow> = rows.rows.iter().filter(|row| carries(row).is_some()).collect();
    let whole = carries(known.first()?)?;
    let bar = |row: &&LossRow| Bar {
        label: match &row.spare.lost {
            None => "nothing lost".into(),
            Some(lost) => format!("{lost} lost"),
        },
        estimate: carries(row)
            .map(|value| crate::report::document::Estimate { value, interval: None }),
    };
    let short = known.iter().filter(|row| carries(row).is_some_and(|rate| rate < rows.level));
    let short = short.filter(|row| row.spare.lost.is_some()).count();
    let singles = known.len() - usize::from(known[0].spare.lost.is_none());
    let whole = number::figure(&Figure::exact(whole, Unit::PerSecond).rounded(Rounding::Down));
    let level = number::figure(&Figure::exact(rows.level, Unit::PerSecond));
    Some(Chart {
        name: "capacity-after-loss".into(),
        title: "What can be carried after each single loss, by arithmetic".into(),
        finding: format!(
            "Whole it carries {whole}; of {singles} losses {short} leave less than the design peak of {level}"
        ),
        kind: ChartKind::Bars(BarChart {
            axis: Axis::linear("rate at which the first resource is busy", Unit::PerSecond)
                .rounded(Rounding::Down),
            growth: Growth::Right,
            bars: known.iter().take(MOST_LOSSES).map(bar).collect(),
            objective: Some(Objective { value: rows.level, label: format!("design peak {level}") }),
        }),
    })
}

/// What its page views cost, by class.
fn costs(results: &Results) -> impl Iterator<Item = (&str, &ClassCost)> {
    let load = results.years.as_ref().and_then(|years| years.load.as_ref());
    let classes = load.into_iter().flat_map(|load| &load.classes);
    classes.filter_map(|class| Some((class.name.as_str(), class.cost.as_ref()?)))
}

/// What a class's page views cost: a million served, and those lost a month.
pub fn cost_cells(cost: &ClassCost) -> [Cell; 2] {
    let none = || Cell::missing("no price");
    let lost = cost.lost.as_ref().map_or_else(none, |lost| cell(lost, Unit::DollarsPerMonth));
    [cell(&cost.per_million, Unit::Dollars), lost]
}

/// Their columns.
pub fn cost_columns() -> [Column; 2] {
    [
        Column::numbers("a million views served", "per_million_dollars", Unit::Dollars),
        Column::numbers("lost views a month", "lost_dollars_per_month", Unit::DollarsPerMonth),
    ]
}

/// The lines of a bill.
fn bill_lines(bill: &Cost) -> Table {
    let month = |value: Option<f64>| price_cell(value, Unit::DollarsPerMonth);
    let once = |value: Option<f64>| price_cell(value, Unit::Dollars);
    let has_once = bill.once().is_some();
    let mut columns = vec![
        Column::words("item", "item"),
        Column::numbers("number", "number", Unit::None),
        Column::numbers("each", "each_dollars_per_month", Unit::DollarsPerMonth),
        Column::numbers("together", "sum_dollars_per_month", Unit::DollarsPerMonth),
    ];
    if has_once {
        columns.push(Column::numbers("each, once", "each_dollars_once", Unit::Dollars));
        columns.push(Column::numbers("together, once", "sum_dollars_once", Unit::Dollars));
    }
    let row = |item: &Item| {
        let mut cells = vec![Cell::text(item.what.clone()), Cell::Count(u64::from(item.count))];
        cells.extend([month(item.each), month(item.sum())]);
        if has_once {
            cells.extend([once(item.once), once(item.sum_once())]);
        }
        cells
    };
    let mut rows: Vec<Vec<Cell>> = bill.items.iter().map(row).collect();
    if has_once {
        let mut total = vec![Cell::text("all"), Cell::text(""), Cell::text("")];
        total.extend([month(bill.month()), Cell::text(""), once(bill.once())]);
        rows.push(total);
    }
    Table { caption: "What the bill consists of".into(), columns, rows }
}

/// A price, or that there is none of this sort.
fn price_cell(value: Option<f64>, unit: Unit) -> Cell {
    let none = || Cell::missing("none");
    value.map_or_else(none, |value| Cell::Figure(Figure::exact(value, unit)))
}

fn cost(results: &Results) -> Option<Section> {
    let bill = results.why.bill.as_ref()?;
    let columns = std::iter::once(Column::words("class", "class")).chain(cost_columns()).collect();
    let rows: Vec<Vec<Cell>> = costs(results)
        .map(|(name, cost)| std::iter::once(Cell::text(name)).chain(cost_cells(cost)).collect())
        .collect();
    let total = super::price(bill.month(), bill.once())?;
    let mut blocks = vec![Block::Text(format!("The bill: {total}."))];
    blocks.push(Block::Table(bill_lines(bill)));
    if !rows.is_empty() {
        blocks.push(Block::Table(Table {
            caption: match bill.once() {
                None => "What page views cost over the years: the whole bill over those served",
                Some(_) => {
                    "What page views cost over the years: the bill per month over those served"
                }
            }
            .into(),
            columns,
            rows,
        }));
    }
    let price = costs(results).find_map(|(_, cost)| cost.lost_view);
    let each = price.map_or_else(String::new, |price| {
        format!(", {} each", number::figure(&Figure::exact(price, Unit::Dollars)))
    });
    let intro = format!(
        "Prices of the scenario's `[cost]`. Lost views are those of the years under load{each}."
    );
    Some(Section { heading: COST.into(), intro, blocks })
}

/// `journal.jsonl`, `outages-years.csv`, `waterfall.csv`, `headroom.csv`.
pub(super) fn tables(results: &Results) -> Vec<ResultFile> {
    let why = &results.why;
    let mut files = Vec::new();
    if let Some(stories) = &why.stories {
        let text = journal::write(&stories.records).into_bytes();
        files.push(ResultFile::covered("journal.jsonl", text));
        files.push(ResultFile::covered("outages-years.csv", outages_file(results, why)));
    }
    if !why.falls.is_empty() {
        files.push(ResultFile::covered("waterfall.csv", falls_file(results, why)));
    }
    if let Some(spare) = &why.spare {
        files.push(ResultFile::covered("headroom.csv", spare_file(results, spare)));
    }
    files
}

/// A row an outage that is told, and one without a replication for the rest of each.
fn outages_file(results: &Results, why: &WhyRows) -> Vec<u8> {
    let columns = [
        "name",
        "availability",
        "told_as",
        "outages",
        "replication",
        "episode",
        "begun",
        "begun_s",
        "length_s",
        "downtime_s",
        "views_lost",
        "of_year_ratio",
        "first_cause",
        "contributing",
        "down",
    ];
    let mut sheet = Sheet::new(results, &columns);
    for outage in outages(why) {
        let number = |value: Option<f64>| value.map_or(Field::Missing, Field::Number);
        let (told_as, contributing) = (kept_as(outage), outage.contributing.join(" "));
        let down = outage.down.join(" ");
        sheet.row(&[
            Field::Text(&outage.of),
            Field::Text(&outage.availability),
            Field::Text(&told_as),
            Field::Count(1),
            Field::Count(outage.replication),
            Field::Count(outage.episode),
            Field::Text(&outage.begun),
            Field::Number(outage.begun_ns as f64 / 1e9),
            Field::Number(outage.length_s),
            Field::Number(outage.downtime_s),
            number(outage.views_lost),
            number(outage.of_year_ratio),
            Field::Text(&outage.first_cause),
            Field::Text(&contributing),
            Field::Text(&down),
        ]);
    }
    for record in why.stories.iter().flat_map(|stories| &stories.records) {
        let Record::Of(subject) = record else { continue };
        let mut row = vec![
            Field::Text(&subject.of),
            Field::Text(&subject.availability),
            Field::Text("rest"),
            Field::Count(subject.rest_outages),
        ];
        row.extend([Field::Missing; 5]);
        row.push(Field::Number(subject.rest_downtime_s));
        row.extend([Field::Missing; 5]);
        sheet.row(&row);
    }
    sheet.finish()
}

/// A row a bar.
fn falls_file(results: &Results, why: &WhyRows) -> Vec<u8> {
    let columns = [
        "name",
        "availability",
        "bar",
        "without",
        "downtime_s_per_year",
        "downtime_s_per_year_lo",
        "downtime_s_per_year_hi",
        "replications",
        "reason",
    ];
    let mut sheet = Sheet::new(results, &columns);
    for row in &why.falls {
        let mut put = |bar: &str, without: &str, estimate: &Estimate| {
            let (values, reason) = fields(estimate);
            let mut all = vec![
                Field::Text(&row.name),
                Field::Text(row.availability.word()),
                Field::Text(bar),
                Field::Text(without),
            ];
            all.extend(values);
            all.push(Field::Count(why.fall_replications as u64));
            all.push(words(reason.as_ref()));
            sheet.row(&all);
        };
        put("all", "", &row.all);
        for bar in &row.bars {
            put("effect", &bar.without.join(" "), &bar.saved);
        }
        put("interaction", "", &row.interaction);
        put("left", "", &row.left);
    }
    sheet.finish()
}

/// A row a loss; the first is without one.
fn spare_file(results: &Results, spare: &SpareRows) -> Vec<u8> {
    let columns = [
        "window",
        "rate_per_s",
        "lost",
        "kind",
        "serves",
        "busiest",
        "utilization_ratio",
        "headroom_ratio",
        "carries_per_s",
        "first_to_run_out",
        "cold_busiest",
        "cold_utilization_ratio",
        "overloaded_while_cold_s",
        "losses_worked_out",
        "losses_in_all",
    ];
    let mut sheet = Sheet::new(results, &columns);
    for row in &spare.rows {
        let number = |value: Option<f64>| value.map_or(Field::Missing, Field::Number);
        let (busiest, used) = row.spare.busiest.as_ref().map(|(n, u)| (n, *u)).unzip();
        let (first, carries) = row.spare.carries.as_ref().map(|(n, r)| (n, *r)).unzip();
        sheet.row(&[
            Field::Text(&spare.window),
            Field::Number(spare.level),
            words(row.spare.lost.as_ref()),
            Field::Text(row.kind),
            Field::Text(if row.spare.serves { "yes" } else { "no" }),
            words(busiest),
            number(used),
            number(used.map(|used| 1.0 - used)),
            number(carries),
            words(first),
            words(row.spare.cold.as_ref().map(|cold| &cold.name)),
            number(row.spare.cold.as_ref().map(|cold| cold.used)),
            number(row.spare.cold.as_ref().map(|cold| cold.over.seconds())),
            Field::Count(spare.worked_out() as u64),
            Field::Count(spare.losses as u64),
        ]);
    }
    sheet.finish()
}

/// For `summary.json`.
pub(super) fn summary(results: &Results) -> Value {
    let why = &results.why;
    let one = estimate_value;
    let number = crate::report::json::number;
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
        "headroom": why.spare.as_ref().map(|spare| json!({
            "window": spare.window,
            "rate_per_s": number(spare.level),
            "losses_worked_out": spare.worked_out(),
            "losses_in_all": spare.losses,
            "after": spare.rows.iter().map(|row| json!({
                "lost": row.spare.lost,
                "serves": row.spare.serves,
                "busiest": row.spare.busiest.as_ref().map(|(name, _)| name),
                "utilization_ratio": row.spare.busiest.as_ref().map(|(_, used)| number(*used)),
                "carries_per_s": row.spare.carries.as_ref().map(|(_, rate)| number(*rate)),
                "first_to_run_out": row.spare.carries.as_ref().map(|(name, _)| name),
                "right_after": row.spare.cold.as_ref().map(|cold| json!({
                    "busiest": cold.name,
                    "utilization_ratio": number(cold.used),
                    "overloaded_s": number(cold.over.seconds()),
                })),
            })).collect::<Vec<_>>(),
        })),
        "cost": why.bill.as_ref().map(|bill| bill_value(results, bill)),
    })
}

/// The bill; amounts paid once are there where the scenario has such prices.
fn bill_value(results: &Results, bill: &Cost) -> Value {
    let number = crate::report::json::number;
    let once = bill.once();
    let items = bill.items.iter().map(|item| {
        let mut value = json!({
            "what": item.what,
            "number": item.count,
            "each_dollars_per_month": item.each.map(number),
        });
        if once.is_some() {
            value["each_dollars_once"] = json!(item.once.map(number));
        }
        value
    });
    let mut value = json!({
        "bill_dollars_per_month": bill.month().map(number),
        "items": items.collect::<Vec<_>>(),
        "classes": costs(results).map(|(name, row)| json!({
            "name": name,
            "per_million_served_dollars": estimate_value(&row.per_million),
            "lost_dollars_per_month": row.lost.as_ref().map(estimate_value),
        })).collect::<Vec<_>>(),
    });
    if let Some(once) = once {
        value["bill_dollars_once"] = number(once);
    }
    value
}
