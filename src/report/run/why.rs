//! Why a scenario is down, what it can spare and what it costs: sections and files of a scenario
//! that was run alone.

use serde_json::{Value as Json, json};

use super::files::estimate_value;
use super::years::minutes;
use crate::convert::nearest;
use crate::plan::availability::{Availability, WatchedKind};
use crate::plan::cost::{Cost, Item};
use crate::plan::headroom::Cold;
use crate::report::columns::{Described, Read, ResultTable, Value, estimates, numbers, words};
use crate::report::document::{
    Axis, Bar, BarChart, Block, Cell, Chart, ChartKind, EcdfChart, FallKind, FallStep, Figure,
    Growth, Lane, Objective, Point, Rounding, Section, Series, Span, Table, Timeline, Unit,
    WaterfallChart,
};
use crate::report::number;
use crate::report::write::ResultFile;
use crate::study::journal::{self, OutageRecord, Record, Subject};
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

/// What leaving out one cause, or all, does to one availability.
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
            (None, "left") => "(left without any)".into(),
            (None, "all") => "(down in all)".into(),
            (None, other) => other.into(),
        }
    }
}

/// The lines of one availability: all, the effects, their interaction, what is left.
fn fall_lines<'a>(why: &'a WhyRows, row: &'a FallRow) -> Vec<FallLine<'a>> {
    let line = |bar, effect, estimate| FallLine { why, row, bar, effect, estimate };
    let mut lines = vec![line("all", None, &row.all)];
    lines.extend(row.bars.iter().map(|bar| line("effect", Some(bar), &bar.saved)));
    lines.push(line("interaction", None, &row.interaction));
    lines.push(line("left", None, &row.left));
    lines
}

/// `waterfall.csv`.
fn waterfalls<'a>() -> ResultTable<FallLine<'a>> {
    ResultTable::new(
        "waterfall.csv",
        "The effect of one cause on an availability, or what they have in all.",
        [
            words("name", "of", "Class, service, group or fleet.", |l: &FallLine<'_>| {
                (&l.row.name).into()
            })
            .on_page(|l| format!("{}, {}", l.row.name, l.row.availability.word()).into()),
            words("availability", "", "Which availability: structural or continuous.", |l| {
                l.row.availability.word().into()
            }),
            words(
                "bar",
                "",
                "`all` faults, the `effect` of leaving one out, their `interaction`, or what is `left` \
                 without any.",
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
                "down less",
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
        // A page begins with the effects, and leaves out that nothing is left.
        of_row.rotate_left(1);
        of_row.retain(|line| line.bar != "left" || row.left.value().is_some_and(|left| left > 0.0));
        lines.extend(of_row);
    }
    let caption = "What leaving out buys, each alone and on the same draws (the others by name are in \
                  waterfall.csv)";
    waterfalls().page(caption, &["name", "without", "downtime_s_per_year"], lines)
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

/// An outage that is told, or the rest of those of one availability.
enum StoryLine<'a> {
    Outage(&'a OutageRecord),
    Rest(&'a Subject),
}

impl<'a> StoryLine<'a> {
    /// A value of an outage, which the rest has not.
    fn outage<V: Into<Value<'a>>>(&self, of: impl Fn(&'a OutageRecord) -> V) -> Value<'a> {
        match self {
            Self::Outage(outage) => of(outage).into(),
            Self::Rest(_) => Value::Missing("".into()),
        }
    }

    const fn of(&self) -> (&'a String, &'a String) {
        match self {
            Self::Outage(outage) => (&outage.of, &outage.availability),
            Self::Rest(rest) => (&rest.of, &rest.availability),
        }
    }
}

/// Names that a file parts by blanks and a page by commas.
fn listed(names: &[String]) -> Value<'static> {
    match names {
        [] => Value::Missing("nothing".into()),
        names => names.join(", ").into(),
    }
}

/// `outages-years.csv`: a row an outage that is told, and one without a replication for the rest.
fn told_outages<'a>() -> ResultTable<StoryLine<'a>> {
    type L<'a> = StoryLine<'a>;
    ResultTable::new(
        "outages-years.csv",
        "An outage that the journal tells, or the rest of the outages of one availability.",
        [
            words("name", "of", "Class or group.", |l: &L<'_>| l.of().0.into())
                .keyed("of")
                .on_page(|l| format!("{}, {}", l.of().0, l.of().1).into()),
            words("availability", "", "Which availability: structural or continuous.", |l| {
                l.of().1.into()
            }),
            words(
                "told_as",
                "told as",
                "Why the journal tells it: its rank among the worst, or the cause it is typical of; \
                 `rest` for all others together.",
                |l: &L<'_>| match l {
                    L::Outage(outage) => kept_as(outage).into(),
                    L::Rest(_) => "rest".into(),
                },
            )
            .keyed("kept_as"),
            numbers("outages", "", Unit::None, "Outages in the row.", |l| match l {
                L::Outage(_) => 1_u64.into(),
                L::Rest(rest) => rest.rest_outages.into(),
            }),
            numbers("replication", "", Unit::None, "Replication, from 0.", |l| {
                l.outage(|outage| outage.replication)
            }),
            numbers("episode", "", Unit::None, "Episode of the journal, from 1.", |l| {
                l.outage(|outage| outage.episode)
            }),
            words("begun", "began", "Start, as a simulated date.", |l: &L<'_>| {
                l.outage(|outage| &outage.begun)
            })
            .on_page(|l| l.outage(|o| format!("{}, replication {}", o.begun, o.replication))),
            numbers("begun_s", "", Unit::Seconds, "Start, after the start of the replication.", |l| {
                l.outage(|outage| outage.begun_ns as f64 / 1e9)
            }),
            numbers("length_s", "lasted", Unit::Seconds, "Length of the outage.", |l| {
                l.outage(|outage| outage.length_s)
            }),
            numbers(
                "downtime_s",
                "",
                Unit::Seconds,
                "Downtime: the length weighted by the share that is lost.",
                |l| match l {
                    L::Outage(outage) => outage.downtime_s.into(),
                    L::Rest(rest) => rest.rest_downtime_s.into(),
                },
            ),
            numbers(
                "views_lost",
                "views lost",
                Unit::None,
                "Page views lost; empty without traffic.",
                |l: &L<'_>| l.outage(|outage| outage.views_lost),
            )
            .on_page(|l| l.outage(|o| Value::or(o.views_lost.map(nearest), "no traffic"))),
            numbers(
                "of_year_ratio",
                "of its year's downtime",
                Unit::Ratio,
                "Share of the downtime of its year; empty where it lasts over New Year.",
                |l| l.outage(|outage| Value::or(outage.of_year_ratio, "over New Year")),
            ),
            words("first_cause", "first cause", "First cause.", |l| {
                l.outage(|outage| &outage.first_cause)
            }),
            words("contributing", "with", "Other causes that contribute, separated by blanks.", |l: &L<'_>| {
                l.outage(|outage| outage.contributing.join(" "))
            })
            .on_page(|l| l.outage(|outage| listed(&outage.contributing))),
            words("down", "down", "Parts that are down at its start, separated by blanks.", |l: &L<'_>| {
                l.outage(|outage| outage.down.join(" "))
            })
            .on_page(|l| l.outage(|outage| listed(&outage.down))),
        ],
    )
}

fn told(outages: &[&OutageRecord]) -> Table {
    let ids = [
        "name",
        "told_as",
        "length_s",
        "first_cause",
        "views_lost",
        "begun",
        "of_year_ratio",
        "contributing",
        "down",
    ];
    let mut sorted = outages.to_vec();
    sorted.sort_by_key(|outage| {
        let rank = outage.worst.unwrap_or(u32::MAX);
        (&outage.of, std::cmp::Reverse(&outage.availability), rank, &outage.typical_of)
    });
    let caption = "The worst outages, and a typical one of each of the causes that cost most";
    told_outages().page(caption, &ids, sorted.into_iter().map(StoryLine::Outage))
}

/// One loss, or none.
struct SpareLine<'a> {
    rows: &'a SpareRows,
    row: &'a LossRow,
}

impl<'a> SpareLine<'a> {
    /// The busiest resource and its utilisation.
    fn busiest(&self) -> Option<&'a (String, f64)> {
        self.row.spare.busiest.as_ref()
    }

    fn carries(&self) -> Option<&'a (String, f64)> {
        self.row.spare.carries.as_ref()
    }

    fn cold(&self) -> Option<&'a Cold> {
        self.row.spare.cold.as_ref()
    }

    /// What a page says of it, unless the loss takes it down.
    fn while_serving<V: Into<Value<'a>>>(&self, value: Option<V>) -> Value<'a> {
        Value::or(value.filter(|_| self.row.spare.serves), "\u{2013}")
    }

    /// What users have after the loss.
    fn then(&self) -> String {
        let over = self.busiest().is_some_and(|(_, used)| *used >= 1.0);
        match (self.row.spare.serves, over, self.cold()) {
            (false, ..) => "down until repaired or taken over".into(),
            (true, true, _) => "overloaded".into(),
            (true, false, Some(cold)) if cold.used > 1.0 => {
                let seconds = number::figure(&Figure::exact(cold.over.seconds(), Unit::Seconds));
                format!("served after {seconds} of overload with a cold buffer")
            }
            (true, false, _) => String::from("served"),
        }
    }
}

/// `headroom.csv`: a row a loss; the first is without one.
fn headrooms<'a>() -> ResultTable<SpareLine<'a>> {
    type L<'a> = SpareLine<'a>;
    ResultTable::new(
        "headroom.csv",
        "The load after the loss of one part; the first row is without a loss.",
        [
            words("window", "", "Window whose rate is carried.", |l| (&l.rows.window).into()),
            numbers("rate_per_s", "", Unit::PerSecond, "Rate of that window.", |l| {
                l.rows.level.into()
            }),
            words("lost", "lost", "Part that is lost; empty where none is.", |l: &L<'_>| {
                l.row.spare.lost.as_ref().into()
            })
            .on_page(|l| l.row.spare.lost.as_deref().unwrap_or("nothing").into()),
            words("kind", "which is", "Kind of the part.", |l| l.row.kind.into()),
            words(
                "serves",
                "then",
                "`yes` where everything that is judged is still served, else `no`.",
                |l: &L<'_>| if l.row.spare.serves { "yes" } else { "no" }.into(),
            )
            .on_page(|l| l.then().into()),
            words("busiest", "busiest", "Busiest resource.", |l: &L<'_>| {
                l.busiest().map(|(name, _)| name).into()
            })
            .on_page(|l| l.while_serving(l.busiest().map(|(name, _)| name))),
            numbers(
                "utilization_ratio",
                "busy",
                Unit::Ratio,
                "Utilisation of that resource.",
                |l: &L<'_>| l.busiest().map(|(_, used)| *used).into(),
            )
            .on_page(|l| l.while_serving(l.busiest().map(|(_, used)| *used)))
            .rounded(Rounding::Up),
            numbers("headroom_ratio", "", Unit::Ratio, "1 minus that utilisation.", |l| {
                l.busiest().map(|(_, used)| 1.0 - used).into()
            }),
            numbers(
                "carries_per_s",
                "carries",
                Unit::PerSecond,
                "Rate at which the first resource is busy all the time.",
                |l: &L<'_>| l.carries().map(|(_, rate)| *rate).into(),
            )
            .on_page(|l| l.while_serving(l.carries().map(|(_, rate)| *rate)))
            .rounded(Rounding::Down),
            words(
                "first_to_run_out",
                "ends at",
                "Resource that is then busy all the time.",
                |l: &L<'_>| l.carries().map(|(name, _)| name).into(),
            )
            .on_page(|l| l.while_serving(l.carries().map(|(name, _)| name))),
            words(
                "cold_busiest",
                "",
                "Busiest resource right after a takeover by a member with a cold buffer.",
                |l| l.cold().map(|cold| &cold.name).into(),
            ),
            numbers(
                "cold_utilization_ratio",
                "busiest right after",
                Unit::Ratio,
                "Utilisation of that resource then.",
                |l: &L<'_>| l.cold().map(|cold| cold.used).into(),
            )
            .on_page(|l| l.while_serving(l.cold().map(|cold| cold.used)))
            .rounded(Rounding::Up),
            numbers(
                "overloaded_while_cold_s",
                "",
                Unit::Seconds,
                "Time for which it is overloaded while the buffer is cold.",
                |l| l.cold().map(|cold| cold.over.seconds()).into(),
            ),
            numbers(
                "losses_worked_out",
                "",
                Unit::None,
                "Number of losses that are computed.",
                |l| l.rows.worked_out().into(),
            ),
            numbers("losses_in_all", "", Unit::None, "Number of possible losses.", |l| {
                l.rows.losses.into()
            }),
        ],
    )
}

fn spare(rows: &SpareRows) -> Section {
    let level = number::figure(&Figure::exact(rows.level, Unit::PerSecond));
    let ids = [
        "lost",
        "kind",
        "serves",
        "busiest",
        "utilization_ratio",
        "cold_utilization_ratio",
        "carries_per_s",
        "first_to_run_out",
    ];
    let caption = format!(
        "At {level}, the level of window {}, with one part lost; {}",
        rows.window,
        looked_at(rows)
    );
    let lines = rows.rows.iter().take(1 + MOST_LISTED).map(|row| SpareLine { rows, row });
    let table = headrooms().page(caption, &ids, lines);
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

/// What the page views of a class cost.
fn class_costs<'a>() -> ResultTable<(&'a str, &'a ClassCost)> {
    ResultTable::new(
        "",
        "A class.",
        [
            words("class", "class", "", |(name, _)| (*name).into()),
            numbers(
                "per_million_dollars",
                "a million views served",
                Unit::Dollars,
                "",
                |(_, cost)| (&cost.per_million).into(),
            ),
            numbers(
                "lost_dollars_per_month",
                "lost views a month",
                Unit::DollarsPerMonth,
                "",
                |(_, cost)| Value::or(cost.lost.as_ref(), "no price"),
            ),
        ],
    )
}

/// A line of a bill, or all of them together.
enum BillLine<'a> {
    Item(&'a Item),
    All(&'a Cost),
}

/// The lines of a bill; prices for each are not of all.
fn bill_table<'a>() -> ResultTable<BillLine<'a>> {
    type L<'a> = BillLine<'a>;
    let month =
        |id, header, read: Read<L<'a>>| numbers(id, header, Unit::DollarsPerMonth, "", read);
    let once = |id, header, read: Read<L<'a>>| numbers(id, header, Unit::Dollars, "", read);
    fn price(price: Option<f64>) -> Value<'static> {
        Value::or(price, "none")
    }
    ResultTable::new(
        "",
        "An item of the bill.",
        [
            words("item", "item", "", |l| match l {
                L::Item(item) => (&item.what).into(),
                L::All(_) => "all".into(),
            }),
            numbers("number", "number", Unit::None, "", |l| match l {
                L::Item(item) => item.count.into(),
                L::All(_) => "".into(),
            }),
            month("each_dollars_per_month", "each", |l| match l {
                L::Item(item) => price(item.each),
                L::All(_) => "".into(),
            }),
            month("sum_dollars_per_month", "together", |l| match l {
                L::Item(item) => price(item.sum()),
                L::All(bill) => price(bill.month()),
            }),
            once("each_dollars_once", "each, once", |l| match l {
                L::Item(item) => price(item.once),
                L::All(_) => "".into(),
            }),
            once("sum_dollars_once", "together, once", |l| match l {
                L::Item(item) => price(item.sum_once()),
                L::All(bill) => price(bill.once()),
            }),
        ],
    )
}

fn bill_lines(bill: &Cost) -> Table {
    let caption = "What the bill consists of";
    let items = bill.items.iter().map(BillLine::Item);
    match bill.once() {
        Some(_) => bill_table().all(caption, items.chain([BillLine::All(bill)])),
        None => {
            bill_table().without(&["each_dollars_once", "sum_dollars_once"]).all(caption, items)
        }
    }
}

fn cost(results: &Results) -> Option<Section> {
    let bill = results.why.bill.as_ref()?;
    let total = super::price(bill.month(), bill.once())?;
    let mut blocks = vec![Block::Text(format!("The bill: {total}."))];
    blocks.push(Block::Table(bill_lines(bill)));
    if costs(results).next().is_some() {
        let caption = match bill.once() {
            None => "What page views cost over the years: the whole bill over those served",
            Some(_) => "What page views cost over the years: the bill per month over those served",
        };
        blocks.push(Block::Table(class_costs().all(caption, costs(results))));
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

/// What the files hold.
pub(super) fn described() -> [Described; 3] {
    [told_outages().described(), waterfalls().described(), headrooms().described()]
}

/// `journal.jsonl`, `outages-years.csv`, `waterfall.csv`, `headroom.csv`.
pub(super) fn tables(results: &Results) -> Vec<ResultFile> {
    let (why, partial) = (&results.why, results.partial.as_deref());
    let mut files = Vec::new();
    if let Some(stories) = &why.stories {
        let text = journal::write(&stories.records).into_bytes();
        files.push(ResultFile::covered("journal.jsonl", text));
        let rest = stories.records.iter().filter_map(|record| match record {
            Record::Of(subject) => Some(StoryLine::Rest(subject)),
            _ => None,
        });
        let lines = outages(why).map(StoryLine::Outage).chain(rest);
        files.push(told_outages().file(partial, lines));
    }
    if !why.falls.is_empty() {
        let lines = why.falls.iter().flat_map(|row| fall_lines(why, row));
        files.push(waterfalls().file(partial, lines));
    }
    if let Some(rows) = &why.spare {
        let lines = rows.rows.iter().map(|row| SpareLine { rows, row });
        files.push(headrooms().file(partial, lines));
    }
    files
}

/// For `summary.json`.
pub(super) fn summary(results: &Results) -> Json {
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
fn bill_value(results: &Results, bill: &Cost) -> Json {
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
