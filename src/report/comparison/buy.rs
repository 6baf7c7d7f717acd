//! The recommendation: structural downtime against cost.

use super::{Ladder, has_once, once, said, with_once};
use crate::report::columns::{Described, Read, ResultTable, Value, estimates, numbers, words};
use crate::report::document::{Block, Figure, Judgement, Rounding, Table, Unit, Verdict};
use crate::report::number;
use crate::report::run::years::minutes;
use crate::report::run::{price, share_cell};
use crate::report::text;
use crate::stats::equivalence::Comparison;
use crate::stats::interval::Interval;
use crate::study::compare::{Cell as Window, Offer, Step, Unfit, in_order};

/// The line that opens the tables.
pub(super) const HEADING: &str = "Cheapest scenario for each downtime limit";

const MONTHS: f64 = 12.0;

/// Returns the tables, and how they are to be read.
pub(super) fn blocks(ladder: &Ladder) -> Vec<Block> {
    let how = format!(
        "Structural downtime of {} against the price per month{}: the time in which too few of the \
         members that it needs are up and reachable. Downtime is the mean over all simulated \
         years; single years differ. A scenario is worth its price if its downtime is less than \
         that of every cheaper one in the same years; these differences hold jointly at {:.0} %. \
         The others may still carry more or have a lower latency.{}",
        ladder.basis.class,
        if has_once(ladder) { " and once" } else { "" },
        ladder.level * 100.0,
        ladder.basis.windows.last().map_or_else(String::new, |peak| format!(
            " A scenario that is overloaded in window {peak}, or misses an objective of latency \
             there, is not recommended at any price."
        ))
    );
    vec![Block::Table(table(ladder)), Block::Text(how), Block::Table(next(ladder))]
}

/// Returns the blocks for a terminal.
pub(super) fn narrow(ladder: &Ladder) -> Vec<Block> {
    if ladder.offers.len() < 2 {
        return Vec::new();
    }
    let mut table = table(ladder);
    let kept = KEPT + usize::from(has_once(ladder));
    table.columns.truncate(kept);
    table.rows.iter_mut().for_each(|row| row.truncate(kept));
    vec![Block::Table(table)]
}

/// Number of columns that fit a terminal.
const KEPT: usize = 4;

/// States the cheapest scenario for each limit of downtime, and the scenarios that are not recommended.
pub(super) fn finding(ladder: &Ladder) -> Option<Verdict> {
    if ladder.offers.len() < 2 {
        return without_order(ladder);
    }
    let limits = limits(ladder);
    let mut text = match limits.last() {
        None => "No scenario is recommended.".to_string(),
        Some((_, least, _)) => {
            let kept = limits.iter().map(|(offer, up_to, _)| {
                let cost = number::figure(&Figure::exact(offer.cost, Unit::Dollars));
                let once = ladder.rows[offer.row].once_cost;
                let once = price(None, once).map_or_else(String::new, |once| format!(", {once}"));
                let name = name(ladder, offer.row);
                let limit = format!("for up to {up_to:.0}\u{a0}min");
                (limit, format!("{name} ({cost} per month{once})"))
            });
            let mut text = String::new();
            for (at, (limit, buy)) in kept.enumerate() {
                text.push_str(&match at {
                    0 => format!(
                        "Cheapest {limit} of structural downtime of {} per year: {buy}",
                        ladder.basis.class
                    ),
                    _ => format!("; {limit}: {buy}"),
                });
            }
            let all = ladder.offers.iter().all(|offer| offer.unfit.is_none());
            let none = if all { "No scenario" } else { "No recommended scenario" };
            format!("{text}. {none} stays below {least:.0}\u{a0}min per year.")
        }
    };
    let unfit = ladder.offers.iter().filter_map(|offer| {
        let why = why_unfit(ladder, offer.unfit.as_ref()?);
        Some(format!("{} ({why})", name(ladder, offer.row)))
    });
    let unfit: Vec<String> = unfit.collect();
    if !unfit.is_empty() {
        let window = ladder.basis.windows.last().map_or("", String::as_str);
        text.push_str(&format!(" Not recommended, for window {window}: {}.", unfit.join(", ")));
    }
    Some(Verdict { judgement: Judgement::Finding, text })
}

/// Returns a finding if monthly and one-time costs give the scenarios no order.
fn without_order(ladder: &Ladder) -> Option<Verdict> {
    let years = ladder.years.iter().filter(|years| years.is_some()).count();
    let priced = ladder.rows.iter().filter_map(|row| {
        let none = row.monthly_cost.is_none() && row.once_cost.is_none();
        let price = (row.monthly_cost.unwrap_or_default(), row.once_cost.unwrap_or_default());
        (!none).then_some(price)
    });
    let text = "No scenario is recommended by its price: one costs less per month than another and more once.";
    (years > 1 && !in_order(&priced.collect::<Vec<_>>()))
        .then(|| Verdict { judgement: Judgement::Finding, text: text.into() })
}

/// Returns the reason why a scenario is not recommended.
fn why_unfit(ladder: &Ladder, unfit: &Unfit) -> String {
    match unfit {
        Unfit::NotInBalance(verdict) => verdict.word().into(),
        Unfit::Slow(row) => {
            let found = row.estimate.value().map_or_else(String::new, |value| {
                number::figure(&Figure::exact(value, Unit::Seconds).rounded(Rounding::Up))
            });
            let class = if row.class == ladder.basis.class {
                String::new()
            } else {
                format!("{} ", row.class)
            };
            format!("{class}{} {found}, objective < {}", row.stat, row.bound)
        }
    }
}

fn name(ladder: &Ladder, row: usize) -> &str {
    &ladder.rows[row].scenario
}

/// Returns the recommended scenarios that meet a limit of downtime which no cheaper one meets. Each comes with its
/// smallest limit in minutes per year and with that of the cheaper scenario before it. A limit is met if the whole
/// interval lies below it.
fn limits(ladder: &Ladder) -> Vec<(&Offer, f64, Option<f64>)> {
    let mut found: Vec<(&Offer, f64, Option<f64>)> = Vec::new();
    for offer in ladder.offers.iter().filter(|offer| offer.unfit.is_none()) {
        let keeps = (offer.downtime.high / 60.0).ceil();
        let before = found.last().map(|(_, before, _)| *before);
        if before.is_none_or(|before| keeps < before) {
            found.push((offer, keeps, before));
        }
    }
    found
}

/// Returns the table of the cheapest scenario for each limit.
fn table(ladder: &Ladder) -> Table {
    let mut ids = vec![
        "scenario",
        "cost_dollars_per_month",
        "cost_dollars_once",
        "downtime_s_per_year",
        "cheapest_for",
        "year_p95_s",
    ];
    ids.retain(|id| has_once(ladder) || *id != "cost_dollars_once");
    let window = ladder.basis.windows.last();
    let served = window.map_or_else(String::new, |window| format!("served @{window}"));
    ids.extend(window.map(|_| "served"));
    ids.push("title");
    let caption = format!(
        "Cheapest scenario for a limit of structural downtime of {}: its whole interval lies below \
         the limit",
        ladder.basis.class
    );
    let lines = ladder.offers.iter().map(|offer| Line { ladder, offer });
    declared().headed(&[("served", &served)]).page(caption, &ids, lines)
}

/// Returns the benefits of each scenario whose downtime is less than that of all cheaper ones.
fn next(ladder: &Ladder) -> Table {
    let window = ladder.basis.windows.last();
    let p95 = window.map_or_else(|| "p95".into(), |window| format!("p95 @{window}"));
    let mut ids = vec![
        "scenario",
        "against",
        "more_dollars_per_month",
        "more_dollars_once",
        "downtime_from_front_s_per_year",
        "dollars_per_minute",
        "p95_from_front_s",
        "worse",
    ];
    ids.retain(|id| has_once(ladder) || *id != "more_dollars_once");
    let stepped = ladder.offers.iter().filter(|offer| offer.step.is_some());
    let lines = stepped.map(|offer| Line { ladder, offer });
    let caption = "Benefit of each scenario that has less downtime than all cheaper ones";
    declared().headed(&[("p95_from_front_s", &p95)]).page(caption, &ids, lines)
}

fn negated(interval: &Interval) -> Interval {
    Interval { estimate: -interval.estimate, low: -interval.high, high: -interval.low, ..*interval }
}

fn in_minutes(seconds: &Interval) -> Figure {
    let Interval { estimate, low, high, .. } = seconds;
    Figure::estimate(estimate / 60.0, low / 60.0, high / 60.0, minutes())
}

/// A scenario with a price and a long-horizon run.
struct Line<'a> {
    ladder: &'a Ladder,
    offer: &'a Offer,
}

impl<'a> Line<'a> {
    /// Returns a value of the step from the scenario before it on the front.
    fn step<V: Into<Value<'a>>>(&self, of: impl Fn(&'a Step) -> Option<V>) -> Value<'a> {
        Value::or(self.offer.step.as_ref().and_then(of), "nothing before it on the front")
    }
}

/// Describes the limits of downtime for which a scenario is the cheapest.
fn cheapest_for(l: &Line<'_>) -> String {
    let limits = limits(l.ladder);
    let kept = limits.iter().find(|(other, ..)| other.row == l.offer.row);
    match (&l.offer.unfit, l.offer.beaten_by, kept) {
        (Some(unfit), ..) => format!("none: {}", why_unfit(l.ladder, unfit)),
        (_, _, Some((_, from, Some(to)))) => format!("{from:.0} to {to:.0} min per year"),
        (_, _, Some((_, from, None))) => format!("{from:.0} min per year and more"),
        (_, Some(by), None) => format!("none: {} is cheaper", name(l.ladder, by)),
        (None, None, None) => "none that is certain".into(),
    }
}

/// Returns the share served in a window, with the verdict where the window is not in balance.
fn served(window: &Window) -> String {
    let served = text::cell(&share_cell(&window.served));
    match super::latency::mark_of(window) {
        Some((_, verdict)) => format!("{served} ({})", verdict.word()),
        None => served,
    }
}

/// Declares the rows about `offer` in comparison.csv.
fn declared<'a>() -> ResultTable<Line<'a>> {
    type L<'a> = Line<'a>;
    let dollars =
        |id, header, meaning, read: Read<L<'a>>| numbers(id, header, Unit::Dollars, meaning, read);
    let seconds = |id, header, meaning, read: Read<L<'a>>| {
        estimates(id, header, Unit::Seconds, meaning, read).rounded(Rounding::Up)
    };
    ResultTable::new(
        "comparison.csv",
        "A scenario with a price and a long-horizon run.",
        [
            words("scenario", "scenario", "Name of the scenario.", |l| {
                name(l.ladder, l.offer.row).into()
            }),
            dollars("cost_dollars_per_month", "$/month", "Price per month.", |l| {
                l.offer.cost.into()
            }),
            seconds("downtime_s_per_year", "down", "Structural downtime per year.", |l| {
                l.offer.downtime.into()
            })
            .in_units("downtime_min_per_year", 60.0, minutes()),
            words("cheapest_for", "cheapest for a limit of", "", |l: &L<'_>| {
                cheapest_for(l).into()
            })
            .off_file(),
            seconds("year_p95_s", "p95 of years", "", |l| {
                let years = l.ladder.years[l.offer.row].as_ref();
                Value::or(years.map(|years| &years.structural.all.year_p95), "no years")
            })
            .in_units("year_p95_min", 60.0, minutes())
            .off_file(),
            words("served", "", "", |l: &L<'_>| {
                l.ladder.rows[l.offer.row].windows.last().map(served).into()
            })
            .off_file(),
            words("title", "description", "", |l: &L<'_>| {
                (&l.ladder.rows[l.offer.row].title).into()
            })
            .off_file(),
            words(
                "not_recommended",
                "",
                "Reason why it is not recommended; empty if it may be.",
                |l| {
                    let unfit = l.offer.unfit.as_ref();
                    unfit.map_or_else(String::new, |unfit| why_unfit(l.ladder, unfit)).into()
                },
            ),
            words("beaten_by", "", "Cheaper scenario whose downtime is not longer.", |l| {
                l.offer.beaten_by.map_or("", |row| name(l.ladder, row)).into()
            }),
            words("against", "instead of", "Scenario that it is compared with.", |l| {
                l.offer.step.as_ref().map_or("", |step| name(l.ladder, step.from)).into()
            }),
            dollars(
                "more_dollars_per_month",
                "extra cost per month",
                "Price per month minus that of `against`.",
                |l| l.step(|step| Some(step.cost)),
            ),
            seconds(
                "downtime_from_front_s_per_year",
                "less downtime",
                "Downtime minus that of `against`.",
                |l| l.step(|step| Some(step.downtime)),
            )
            .keyed("downtime_less")
            .in_words(|l| {
                l.step(|step| Some(number::figure(&in_minutes(&negated(&step.downtime)))))
            }),
            dollars("dollars_per_minute", "$ per year per minute saved", "", |l| {
                l.step(|step| Some(MONTHS * step.cost / (negated(&step.downtime).estimate / 60.0)))
            })
            .off_file(),
            seconds("p95_from_front_s", "", "The p95 latency minus that of `against`.", |l| {
                l.step(|step| step.latency.map(|latency| latency.difference))
            })
            .keyed("p95_step")
            .in_words(|l| {
                let said = |latency: &Comparison| said(latency, &Unit::Seconds, true);
                let none = || "not compared".to_string();
                l.step(|step| Some(step.latency.as_ref().map_or_else(none, said)))
            }),
            words("worse", "worse", "", |l: &L<'_>| {
                l.step(|step| Some(super::weigh::worse(l.ladder, &step.weighed)))
            })
            .off_file(),
            dollars("cost_dollars_once", "$ once", "Price paid once.", |l| {
                once(l.ladder.rows[l.offer.row].once_cost)
            }),
            dollars(
                "more_dollars_once",
                "extra cost once",
                "Price paid once minus that of `against`.",
                |l| l.step(|step| Some(step.once)),
            ),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    declared().described()
}

/// Returns the table for programs: one row per scenario.
pub(super) fn data(ladder: &Ladder) -> Table {
    let lines = ladder.offers.iter().map(|offer| Line { ladder, offer });
    with_once(declared(), ladder).data(lines)
}
