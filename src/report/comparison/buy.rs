//! Which to buy: structural downtime against cost.

use super::{Ladder, said};
use crate::report::document::{
    Axis, Block, Cell, Chart, ChartKind, Column, Estimate as Mark, Figure, FrontChart, FrontPoint,
    Judgement, Rounding, Section, Table, Unit, Verdict,
};
use crate::report::number;
use crate::report::run::share_cell;
use crate::report::run::years::{minutes, minutes_cell};
use crate::report::text;
use crate::stats::interval::Interval;
use crate::study::compare::{Offer, Step};
use crate::study::window::Verdict as Balance;

/// The heading of the section.
pub(super) const HEADING: &str = "What to buy";

const MONTHS: f64 = 12.0;

/// The section; `None` where there are not two with a price and years.
pub(super) fn section(ladder: &Ladder) -> Option<Section> {
    (ladder.offers.len() > 1).then(|| Section {
        heading: HEADING.into(),
        intro: format!(
            "Structural downtime, the time in which too little of what {} needs is up and reachable, \
             against the price of a month. It is the mean of all years lived through: single years \
             differ. A scenario is worth its price here when it is down less than every cheaper one, \
             which is seen in the years that they live through alike; all these differences hold \
             together at {:.0} %. One that is not may still carry more or answer sooner.",
            ladder.basis.class,
            ladder.level * 100.0
        ),
        blocks: vec![
            Block::Table(table(ladder)),
            Block::Table(next(ladder)),
            Block::Chart(chart(ladder)),
        ],
    })
}

/// What a terminal shows.
pub(super) fn narrow(ladder: &Ladder) -> Vec<Block> {
    let mut table = table(ladder);
    table.columns.truncate(KEPT);
    table.rows.iter_mut().for_each(|row| row.truncate(KEPT));
    vec![Block::Table(table)]
}

/// Columns for which a terminal has room.
const KEPT: usize = 4;

/// Which is the cheapest for which limit, in one sentence.
pub(super) fn finding(ladder: &Ladder) -> Option<Verdict> {
    if ladder.offers.len() < 2 {
        return None;
    }
    let limits = limits(ladder);
    limits.first()?;
    let window = ladder.basis.windows.last().map_or_else(String::new, |name| format!(" @{name}"));
    let said = limits.iter().map(|(offer, from, _)| {
        let last = ladder.rows[offer.row].windows.last();
        let mark = last.map_or_else(String::new, |last| overloaded(last.verdict, &window));
        format!("{}{mark} down to {from:.0}\u{a0}min/y", name(ladder, offer.row))
    });
    let said: Vec<String> = said.collect();
    let text = format!(
        "a limit of structural downtime of {} is kept for the least money by {}; below that by none",
        ladder.basis.class,
        said.join(", by ")
    );
    Some(Verdict { judgement: Judgement::Finding, text })
}

fn name(ladder: &Ladder, row: usize) -> &str {
    &ladder.rows[row].scenario
}

/// Those that keep a limit which no cheaper one keeps, each with the least that it keeps in minutes a year and
/// with that of the cheaper one before it. A limit is kept by whose interval lies below it.
fn limits(ladder: &Ladder) -> Vec<(&Offer, f64, Option<f64>)> {
    let mut found: Vec<(&Offer, f64, Option<f64>)> = Vec::new();
    for offer in &ladder.offers {
        let keeps = (offer.downtime.high / 60.0).ceil();
        let before = found.last().map(|(_, before, _)| *before);
        if before.is_none_or(|before| keeps < before) {
            found.push((offer, keeps, before));
        }
    }
    found
}

/// In brackets, where it is so.
fn overloaded(verdict: Balance, window: &str) -> String {
    match verdict {
        Balance::Overloaded => format!(" ({}{window})", verdict.word()),
        _ => String::new(),
    }
}

/// Which is the cheapest for which limit.
fn table(ladder: &Ladder) -> Table {
    let mut columns = vec![
        Column::words("scenario", "scenario"),
        Column::numbers("$/month", "cost_dollars_per_month", Unit::Dollars),
        Column::numbers("down", "downtime_min_per_year", minutes()),
        Column::words("cheapest for a limit of", "cheapest_for"),
        Column::numbers("1 year in 20 longer than", "year_p95_min", minutes()),
    ];
    if let Some(window) = ladder.basis.windows.last() {
        columns.push(Column::words(&format!("served @{window}"), "served"));
    }
    columns.push(Column::words("what it is", "title"));
    let limits = limits(ladder);
    let row = |offer: &Offer| {
        let mut cells = vec![
            Cell::text(name(ladder, offer.row)),
            Cell::Figure(Figure::exact(offer.cost, Unit::Dollars)),
            Cell::Figure(in_minutes(&offer.downtime).rounded(Rounding::Up)),
        ];
        let kept = limits.iter().find(|(other, ..)| other.row == offer.row);
        cells.push(Cell::text(match (offer.beaten_by, kept) {
            (_, Some((_, from, Some(to)))) => format!("{from:.0} to {to:.0} min/y"),
            (_, Some((_, from, None))) => format!("{from:.0} min/y and more"),
            (Some(by), None) => format!("none: {} is cheaper", name(ladder, by)),
            (None, None) => "none that is certain".into(),
        }));
        let years = ladder.years[offer.row].as_ref();
        let year = years.map(|years| minutes_cell(&years.structural.all.year_p95));
        cells.push(year.unwrap_or_else(|| Cell::missing("no years")));
        let member = &ladder.rows[offer.row];
        cells.extend(member.windows.last().map(|window| {
            let served = text::cell(&share_cell(&window.served));
            Cell::text(format!("{served}{}", overloaded(window.verdict, "")))
        }));
        cells.push(Cell::text(member.title.clone()));
        cells
    };
    let caption = format!(
        "The cheapest for a limit of structural downtime of {}: its interval lies below the limit",
        ladder.basis.class
    );
    Table { caption, columns, rows: ladder.offers.iter().map(row).collect() }
}

/// What each of those buys that is down less than all cheaper ones.
fn next(ladder: &Ladder) -> Table {
    let window = ladder.basis.windows.last();
    let p95 = window.map_or_else(|| "p95".into(), |window| format!("p95 @{window}"));
    let columns = vec![
        Column::words("scenario", "scenario"),
        Column::words("instead of", "against"),
        Column::numbers("more a month", "more_dollars_per_month", Unit::Dollars),
        Column::words("less downtime", "downtime_less"),
        Column::numbers("$ a year for each minute", "dollars_per_minute", Unit::Dollars),
        Column::words(&p95, "p95_step"),
    ];
    let row = |offer: &Offer| {
        let mut cells = vec![Cell::text(name(ladder, offer.row))];
        cells.extend(bought(ladder, offer.step.as_ref()?));
        Some(cells)
    };
    Table {
        caption: "What each of those buys that is down less than all cheaper ones".into(),
        columns,
        rows: ladder.offers.iter().filter_map(row).collect(),
    }
}

fn bought(ladder: &Ladder, step: &Step) -> [Cell; 5] {
    let less = negated(&step.downtime);
    let minutes_less = less.estimate / 60.0;
    let latency = step.latency.as_ref();
    let latency = latency.map_or_else(|| "not compared".into(), |s| said(s, &Unit::Seconds, true));
    [
        Cell::text(name(ladder, step.from)),
        Cell::Figure(Figure::exact(step.cost, Unit::Dollars)),
        Cell::text(number::figure(&in_minutes(&less))),
        Cell::Figure(Figure::exact(MONTHS * step.cost / minutes_less, Unit::Dollars)),
        Cell::text(latency),
    ]
}

fn negated(interval: &Interval) -> Interval {
    Interval { estimate: -interval.estimate, low: -interval.high, high: -interval.low, ..*interval }
}

fn in_minutes(seconds: &Interval) -> Figure {
    let Interval { estimate, low, high, .. } = seconds;
    Figure::estimate(estimate / 60.0, low / 60.0, high / 60.0, minutes())
}

fn chart(ladder: &Ladder) -> Chart {
    let points = ladder.offers.iter().map(|offer| FrontPoint {
        label: name(ladder, offer.row).into(),
        x: offer.cost,
        y: Mark {
            value: offer.downtime.estimate / 60.0,
            interval: Some((offer.downtime.low / 60.0, offer.downtime.high / 60.0)),
        },
        on_front: offer.beaten_by.is_none(),
    });
    let beaten = ladder.offers.iter().filter(|offer| offer.beaten_by.is_some()).count();
    let finding = match beaten {
        0 => "Each is down less than all that cost less".into(),
        1 => "One costs more than another and is not down less".into(),
        count => format!("{count} cost more than another and are not down less"),
    };
    Chart {
        name: "downtime-against-cost".into(),
        title: format!("Structural downtime of {} against cost", ladder.basis.class),
        finding,
        kind: ChartKind::Front(FrontChart {
            x: Axis::linear("dollars a month", Unit::DollarsPerMonth),
            y: Axis::linear("structural downtime", minutes()).rounded(Rounding::Up),
            kinds: ["down less than all cheaper ones".into(), "not less than a cheaper one".into()],
            points: points.collect(),
        }),
    }
}

/// For programs: a row a scenario.
pub(super) fn data(ladder: &Ladder) -> Table {
    let columns = vec![
        Column::words("scenario", "scenario"),
        Column::numbers("cost", "cost_dollars_per_month", Unit::Dollars),
        Column::numbers("down", "downtime_s_per_year", Unit::Seconds),
        Column::words("beaten by", "beaten_by"),
        Column::words("against", "against"),
        Column::numbers("more", "more_dollars_per_month", Unit::Dollars),
        Column::numbers("downtime step", "downtime_from_front_s_per_year", Unit::Seconds),
        Column::numbers("p95 step", "p95_from_front_s", Unit::Seconds),
    ];
    let interval =
        |i: &Interval| Cell::Figure(Figure::estimate(i.estimate, i.low, i.high, Unit::Seconds));
    let row = |offer: &Offer| {
        let none = || Cell::missing("nothing before it on the front");
        let step = offer.step.as_ref();
        vec![
            Cell::text(name(ladder, offer.row)),
            Cell::Figure(Figure::exact(offer.cost, Unit::Dollars)),
            interval(&offer.downtime),
            Cell::text(offer.beaten_by.map_or("", |row| name(ladder, row))),
            Cell::text(step.map_or("", |step| name(ladder, step.from))),
            step.map_or_else(none, |step| Cell::Figure(Figure::exact(step.cost, Unit::Dollars))),
            step.map_or_else(none, |step| interval(&step.downtime)),
            step.and_then(|step| step.latency).map_or_else(none, |step| interval(&step.difference)),
        ]
    };
    Table { caption: String::new(), columns, rows: ladder.offers.iter().map(row).collect() }
}
