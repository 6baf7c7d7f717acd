//! Effects of a failed part on users: section, drawing and files.

use serde_json::{Value as Json, json};

use super::cell;
use crate::convert::nearest;
use crate::plan::drills::Drillable;
use crate::report::answer::list;
use crate::report::columns::{Described, Read, ResultTable, Value, estimates, numbers, words};
use crate::report::document::{
    Axis, Block, Cell, Chart, ChartKind, Definition, Figure, Join, LineChart, Point, Section,
    Series, Table, Unit,
};
use crate::report::json::number as json_number;
use crate::report::number;
use crate::report::rows::TableForm;
use crate::study::breaks::Way;
use crate::study::results::{BreakRow, Noticed, Results, Share, WindowRows};
use crate::study::window::{Estimate, Pace};

/// Largest number of series in a drawing that readers can distinguish.
const MOST_SERIES: usize = 8;
/// Largest number of parts that the sentence names.
const MOST_NAMED: usize = 6;

/// Describes the effect on users in a few words.
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

/// Formats a share in whole percent, rounded up.
fn percent(share: f64) -> String {
    format!("{:.0} %", (share * 100.0 - 1e-9).ceil())
}

/// Returns the name of the broken part.
fn part(row: &BreakRow) -> &str {
    row.part.as_ref().map_or("(nothing)", |part| &part.name)
}

fn kind(row: &BreakRow) -> &'static str {
    row.part.as_ref().map_or("", |part| part.kind)
}

/// Lists the faults of the file that affect the part.
fn faults(row: &BreakRow) -> String {
    match &row.part {
        None => String::new(),
        Some(part) if part.faults.is_empty() => "none in the file".into(),
        Some(part) => part.faults.join(", "),
    }
}

/// Returns the section; `None` if no window lies around a break.
#[must_use]
pub fn section(results: &Results) -> Option<Section> {
    let first = results.breaks.first()?;
    let mut groups: Vec<(&str, &str)> = Vec::new();
    for row in &results.breaks {
        if !groups.contains(&(&row.window, &row.class)) {
            groups.push((&row.window, &row.class));
        }
    }
    let (mut blocks, mut others, mut tables) = (Vec::new(), Vec::new(), Vec::new());
    for (number, group) in groups.iter().enumerate() {
        let rows: Vec<&BreakRow> = results
            .breaks
            .iter()
            .filter(|row| (row.window.as_str(), row.class.as_str()) == *group)
            .collect();
        tables.push(Block::Table(table(results, &rows)));
        for way in Way::ALL {
            let chart = course(results, &rows, way, groups.len() > 1).map(Block::Chart);
            if number == 0 { blocks.extend(chart) } else { others.extend(chart) }
        }
    }
    let runs = first.down.or(first.repair).map_or(0, |at| results.windows[at].replications);
    let text = format!(
        "One part of each kind and role fails once while nothing else fails. Further runs begin \
         in the failed state and repair it; {runs} runs each. The cost of a break is the \
         difference from runs of the same users with the same demands without a break."
    );
    tables.insert(0, Block::Text(text));
    tables.extend(others);
    tables.push(Block::Definitions(meanings()));
    let broken = results.breaks.iter().filter(|row| row.part.is_some()).count();
    let summary = format!("All {broken} breaks, with the views missed and the latency");
    blocks.extend(super::folded(summary, tables));
    let intro = finding(results, groups[0]);
    Some(Section { heading: "Effect of one failed part".into(), intro, blocks })
}

/// Counts the breaks by their effect on the first class.
fn finding(results: &Results, group: (&str, &str)) -> String {
    let rows = results
        .breaks
        .iter()
        .filter(|row| row.part.is_some() && (row.window.as_str(), row.class.as_str()) == group);
    let all = rows.clone().count();
    let of = |is: fn(Noticed) -> bool| {
        let rows = rows.clone().filter(|row| is(row.noticed));
        rows.map(|row| part(row).to_string()).collect::<Vec<String>>()
    };
    let everything = of(|effect| effect == Noticed::Everything);
    let some = of(|effect| matches!(effect, Noticed::Some(_)));
    let dips = of(|effect| matches!(effect, Noticed::Dip | Noticed::Slower(_)));
    let unsure = of(|effect| matches!(effect, Noticed::AtMost(_) | Noticed::Unsure));
    let nothing = all - everything.len() - some.len() - dips.len() - unsure.len();
    let mut words = Vec::new();
    if !everything.is_empty() {
        let named: Vec<String> = everything.iter().take(MOST_NAMED).cloned().collect();
        let more = everything.len() - named.len();
        let named = match more {
            0 => list(&named),
            more => format!("{} and {more} more", named.join(", ")),
        };
        words.push(format!("{} end all service ({named})", everything.len()));
    }
    for (count, what) in [
        (some.len(), "lose some views until the repair"),
        (dips.len(), "only slow it or lose views for a short time"),
        (nothing, "have no effect"),
        (unsure.len(), "need more runs"),
    ] {
        if count > 0 {
            words.push(format!("{count} {what}"));
        }
    }
    format!("Of {all} parts broken one at a time, {}.", list(&words))
}

fn meanings() -> Vec<Definition> {
    let terms = [
        ("all is lost", "in the last minute of the run no page view is served"),
        (
            "12 % lost",
            "this share of the page views requested then, beyond the losses without the break",
        ),
        ("a dip", "some were lost; in the last minute of the run no more than without the break"),
        (
            "slower",
            "nothing is lost; factor by which p95 exceeds that of the same run without the break",
        ),
        ("nothing", "less than 0.5 % of the page views missed, p95 at most 10 % longer"),
        (
            "at most 2 %",
            "upper bound of the share missed; more runs are needed for a closer figure",
        ),
        (
            "missed",
            "page views not served because of the break: lost, or not requested because the user \
             had left",
        ),
        (
            "still losing",
            "page views per second that are requested and lost in the last minute of the run, \
             beyond those without the break; users who have left request none",
        ),
        (
            "after repair",
            "page views missed of those intended after the repair: restarts, cold caches, backlog, \
             and the remainder of the sessions that the break had ended",
        ),
        (
            "over?",
            "yes if the losses at the end of the repair run are within 2 % of those without the \
             break",
        ),
        (
            "p95",
            "95th percentile of the latency of the page views served in the run, including those \
             before the break",
        ),
    ];
    let meaning =
        |(term, meaning): (&str, &str)| Definition { term: term.into(), meaning: meaning.into() };
    terms.into_iter().map(meaning).collect()
}

/// Describes the runs of a declared window in a line.
fn caption(results: &Results, rows: &[&BreakRow]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let window = |at: Option<usize>| at.map(|at| &results.windows[at]);
    let mut caption = format!("window {}, {}", first.window, first.class);
    if let Some(down) = window(first.down) {
        let rate = down.rate.map_or_else(|| "its own rate".to_string(), |rate| rate.to_string());
        let at = down.drill.as_ref().map(|drill| drill.at).unwrap_or_default();
        caption.push_str(&format!(
            ", {rate}: broken {at} after the start of {}, and not repaired",
            down.length
        ));
    }
    if let Some(repair) = window(first.repair) {
        caption.push_str(&format!("; repaired, {} on", repair.length));
    }
    caption.push_str("; page views per run");
    caption
}

/// A part that breaks, or the run without a break.
struct Line<'a> {
    results: &'a Results,
    row: &'a BreakRow,
}

impl<'a> Line<'a> {
    /// Returns a value of the part; it is missing if nothing breaks.
    fn part<V: Into<Value<'a>>>(&self, of: impl Fn(&'a Drillable) -> V) -> Value<'a> {
        self.row.part.as_ref().map(of).into()
    }

    /// Returns the page's cell of an estimate in a run; it is missing if there is no such run.
    fn of_run(&self, run: Option<usize>, estimate: &Estimate, unit: Unit) -> Value<'a> {
        Value::or(run.map(|_| whole(estimate, unit)), "not run")
    }

    const fn run(&self) -> Option<usize> {
        match self.row.down {
            None => self.row.repair,
            down => down,
        }
    }
}

/// Declares `outages.csv`.
fn outages<'a>() -> ResultTable<Line<'a>> {
    type L<'a> = Line<'a>;
    ResultTable::new(
        "outages.csv",
        "A part that is broken once in a window around a break; in one row nothing breaks.",
        [
            words("window", "", "Window of the scenario.", |l| (&l.row.window).into()),
            words("class", "", "Class of the page views.", |l| (&l.row.class).into()),
            words("part", "part", "Broken part; empty in the row without a break.", |l: &L<'_>| {
                l.part(|part| &part.name)
            })
            .on_page(|l| part(l.row).into()),
            words("kind", "", "Kind of the part.", |l| l.part(|part| part.kind)),
            words(
                "noticed",
                "effect on users",
                "Effect on users: `all-lost`, `some-lost`, a `dip`, `slower`, `nothing` or `unsure`.",
                |l: &L<'_>| l.part(|_| l.row.noticed.word()),
            )
            .on_page(|l| match l.row.part {
                Some(_) => noticed(l.row.noticed).into(),
                None => "".into(),
            }),
            estimates(
                "missed_views",
                "missed",
                Unit::None,
                "Page views per run not served because of the break; in the row without a break, \
                 all those not served.",
                |l: &L<'_>| (&l.row.missed).into(),
            )
            .on_page(|l| l.of_run(l.row.down, &l.row.missed, Unit::None))
            .with_reason(),
            estimates(
                "losing_per_s",
                "still losing",
                Unit::PerSecond,
                "Page views per second lost because of the break in the last minute of the run.",
                |l: &L<'_>| (&l.row.losing).into(),
            )
            .on_page(|l| l.of_run(l.row.down, &l.row.losing, Unit::PerSecond)),
            estimates(
                "served_ratio",
                "served",
                Unit::Ratio,
                "Page views served over intended in the run, all causes.",
                |l: &L<'_>| match l.row.served {
                    // Beside a bound the observed share is not shown.
                    Share::AtLeast { bound, .. } => Share::AtLeast { seen: 1.0, bound }.into(),
                    other => other.into(),
                },
            )
            .on_page(|l| Value::or(l.row.down.map(|_| l.row.served), "not run")),
            estimates(
                "p95_s",
                "p95",
                Unit::Seconds,
                "The p95 latency of the page views served in the run.",
                |l: &L<'_>| (&l.row.latency).into(),
            )
            .on_page(|l| l.of_run(l.row.down, &l.row.latency, Unit::Seconds))
            .with_reason_as("p95"),
            estimates(
                "missed_after_repair_views",
                "after repair",
                Unit::None,
                "Page views not served because of the break, of those intended after the repair.",
                |l: &L<'_>| (&l.row.missed_after_repair).into(),
            )
            .on_page(|l| l.of_run(l.row.repair, &l.row.missed_after_repair, Unit::None))
            .with_reason_as("repair"),
            estimates(
                "losing_after_repair_per_s",
                "",
                Unit::PerSecond,
                "Page views per second lost because of the break in the last minute of the repair \
                 run.",
                |l| (&l.row.losing_after_repair).into(),
            ),
            words(
                "over",
                "over?",
                "`yes` if the losses have ended by the end of the repair run, otherwise `no`; empty \
                 if undecided.",
                |l: &L<'_>| {
                    let over = l.row.over.filter(|_| l.row.part.is_some());
                    over.map(|over| if over { "yes" } else { "no" }).into()
                },
            )
            .on_page(|l| match (&l.row.part, l.row.over) {
                (None, _) => "".into(),
                (_, Some(true)) => "yes".into(),
                (_, Some(false)) => "no".into(),
                (_, None) => "unsure".into(),
            }),
            numbers("replications", "", Unit::None, "Number of runs.", |l| {
                l.run().map_or(0, |at| l.results.windows[at].replications).into()
            }),
            words("faults", "faults", "Faults of the scenario that strike the part, separated by blanks.", |l: &L<'_>| {
                l.part(|part| part.faults.join(" "))
            })
            .on_page(|l| faults(l.row).into()),
        ],
    )
}

fn table(results: &Results, rows: &[&BreakRow]) -> Table {
    let ids = [
        "part",
        "noticed",
        "missed_views",
        "losing_per_s",
        "missed_after_repair_views",
        "over",
        "served_ratio",
        "p95_s",
        "faults",
    ];
    let lines = rows.iter().map(|row| Line { results, row });
    outages().page(caption(results, rows), &ids, lines)
}

/// Like [`cell`]; a value that equals that without the break has no interval.
fn whole(estimate: &Estimate, unit: Unit) -> Cell {
    match estimate {
        Estimate::Interval(i) if i.low == i.high => Cell::Figure(Figure::exact(i.estimate, unit)),
        other => cell(other, unit),
    }
}

/// Draws the page views per second that are not served, over the runs of one way: without a break, and of the parts
/// with the largest losses.
fn course(results: &Results, rows: &[&BreakRow], way: Way, many: bool) -> Option<Chart> {
    let of = |row: &BreakRow| match way {
        Way::Down => (row.down, row.missed.value()),
        Way::Repair => (row.repair, row.missed_after_repair.value()),
    };
    let mut rows: Vec<&BreakRow> = rows.iter().copied().filter(|row| of(row).0.is_some()).collect();
    let cost = |row: &BreakRow| of(row).1.unwrap_or(f64::NEG_INFINITY);
    // The sort is stable: equal losses keep the order of the table.
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
        Way::Down => {
            ("break", format!("Most views are missed without {part}: {missed} page views per run"))
        }
        Way::Repair => (
            "repair",
            format!(
                "Most views are missed after the repair of {part}: {missed} page views per run"
            ),
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
            y: Axis::linear("page views not served per second", Unit::PerSecond),
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

/// One interval of the page views of a run around a break.
struct Step<'a> {
    window: &'a WindowRows,
    workload: &'a str,
    /// Time of the break or repair in seconds, after the start of the window.
    event_s: f64,
    pace: &'a Pace,
}

/// Declares `outages-timeline.csv`.
fn courses<'a>() -> ResultTable<Step<'a>> {
    let times = |id, meaning, read: Read<Step<'a>>| numbers(id, "", Unit::Seconds, meaning, read);
    let rates = |id, meaning, read: Read<Step<'a>>| numbers(id, "", Unit::PerSecond, meaning, read);
    ResultTable::new(
        "outages-timeline.csv",
        "The page views of a workload in one step of a run around a break.",
        [
            words(
                "window",
                "",
                "Run around a break or a repair: `WINDOW/down:PART` or `WINDOW/repair:PART`.",
                |step| (&step.window.name).into(),
            ),
            words("workload", "", "Workload of the page views.", |step| step.workload.into()),
            times("start_s", "Start of the step, after the start of the run.", |step| {
                step.pace.from.seconds().into()
            }),
            times("length_s", "Length of the step.", |step| {
                (step.pace.until - step.pace.from).seconds().into()
            }),
            times("after_event_s", "Start of the step, after the break or the repair.", |step| {
                (step.pace.from.seconds() - step.event_s).into()
            }),
            rates("served_per_s", "Page views served, mean over replications.", |step| {
                step.pace.served.into()
            }),
            rates("lost_per_s", "Page views lost, mean over replications.", |step| {
                step.pace.lost.into()
            }),
            rates(
                "not_asked_per_s",
                "Page views not requested: their session had ended.",
                |step| step.pace.never_born.into(),
            ),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> [Described; 2] {
    [outages().described(), courses().described()]
}

/// Writes `outages.csv` and `outages-timeline.csv`; returns none if no window lies around a break.
#[must_use]
pub fn tables<F: TableForm>(results: &Results) -> Vec<F> {
    if results.breaks.is_empty() {
        return Vec::new();
    }
    let lines = results.breaks.iter().map(|row| Line { results, row });
    let mut steps = Vec::new();
    for window in &results.windows {
        let Some(drill) = &window.drill else { continue };
        let event_s = drill.at.seconds();
        for (row, paces) in window.views.iter().zip(&window.course) {
            let workload = row.workload.as_str();
            steps.extend(paces.iter().map(|pace| Step { window, workload, event_s, pace }));
        }
    }
    let partial = results.partial.as_deref();
    vec![outages().file(partial, lines), courses().file(partial, steps)]
}

/// Returns the part of `summary.json`.
#[must_use]
pub fn summary(results: &Results) -> Json {
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
    Json::Array(results.breaks.iter().map(row).collect())
}
