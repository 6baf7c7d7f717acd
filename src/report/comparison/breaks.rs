//! Cost of each kind of failure in each scenario.

use super::{Ladder, counted, folded, snake};
use crate::report::columns::{Described, ResultTable, Value, estimates, words};
use crate::report::document::{
    Axis, Block, Cell, Chart, ChartKind, Column, Figure, HeatMap, Section, Table, Unit,
};
use crate::report::run::breaks::noticed;
use crate::report::run::cell;
use crate::study::breaks::Way;
use crate::study::compare::BreakKind;
use crate::study::results::BreakRow;
use crate::study::window::{Estimate, Verdict};

/// The heading of the section.
pub(super) const HEADING: &str = "Effect of one failed part";
/// Number of scenarios side by side on a terminal of 80 columns.
const SIDE_BY_SIDE: usize = 3;

/// Returns the section; `None` if no member has a window around a break.
pub(super) fn section(ladder: &Ladder) -> Option<Section> {
    if ladder.breaks.is_empty() {
        return None;
    }
    let missed = matrix(ladder, What::Missed);
    let summary = format!(
        "Page views missed by break of {}, with intervals",
        counted(missed.rows.len(), "part")
    );
    let mut all = vec![Block::Table(missed)];
    all.extend(unnoticed(ladder).map(Block::Text));
    all.push(Block::Text(
        "Each kind of part fails once and is not repaired. The cost of a break is the difference \
         from the same users without a break. The report of each scenario has more."
            .into(),
    ));
    let mut effects = vec![Block::Table(notices(ladder))];
    for what in [What::Losing, What::AfterRepair] {
        let table = matrix(ladder, what);
        if !table.rows.is_empty() {
            effects.push(Block::Table(table));
        }
    }
    let blocks = vec![
        Block::Chart(heat(ladder)),
        folded(summary, all),
        folded("Effect on users until the repair and after it", effects),
    ];
    Some(Section { heading: HEADING.into(), intro: finding(ladder), blocks })
}

/// States the costliest break of the chosen scenario, that of all scenarios, and the number of harmless ones.
fn finding(ladder: &Ladder) -> String {
    if !ladder.breaks.iter().any(is_missed) {
        return "No break of a single part makes any scenario miss a page view.".into();
    }
    let missed = |row: &BreakRow| crate::report::text::cell(&shown(&row.missed, Unit::None));
    let worst = |at: usize| {
        let known = ladder.breaks.iter().filter_map(|kind| {
            let row = kind.cells[at].as_ref()?;
            Some((row.missed.value()?, kind, row))
        });
        known.reduce(|most, one| if one.0 > most.0 { one } else { most })
    };
    let mut text = String::new();
    let own = super::chosen(ladder);
    if let Some((_, kind, row)) = worst(own) {
        text = format!(
            "The costliest break of {} is that of {}: {} page views missed per run. ",
            ladder.rows[own].scenario,
            label(ladder, kind),
            missed(row)
        );
    }
    let all = ladder.breaks.len();
    let harmless = all - ladder.breaks.iter().filter(|kind| is_missed(kind)).count();
    text.push_str(&format!("{harmless} of {} cost no view in any scenario.", counted(all, "kind")));
    text
}

/// Returns whether a view was missed in some run of some scenario.
fn is_missed(kind: &BreakKind) -> bool {
    let nothing = |row: &BreakRow| match &row.missed {
        Estimate::Interval(i) => i.low == 0.0 && i.high == 0.0,
        other => other.value() == Some(0.0),
    };
    !kind.cells.iter().flatten().all(nothing)
}

/// Returns the parts whose failure misses views; all parts if none does.
fn told(ladder: &Ladder) -> impl Iterator<Item = &BreakKind> + Clone {
    let any = ladder.breaks.iter().any(is_missed);
    ladder.breaks.iter().filter(move |kind| !any || is_missed(kind))
}

/// Names the other parts in a sentence instead of rows of zeros.
fn unnoticed(ladder: &Ladder) -> Option<String> {
    if !ladder.breaks.iter().any(is_missed) {
        return None;
    }
    let rest = ladder.breaks.iter().filter(|kind| !is_missed(kind));
    let rest: Vec<String> = rest.map(|kind| label(ladder, kind)).collect();
    (!rest.is_empty())
        .then(|| format!("No view missed in any run while it is broken: {}.", rest.join(", ")))
}

/// Returns the label of a kind of part: `server twin`.
pub(super) fn label(ladder: &Ladder, kind: &BreakKind) -> String {
    let first = &ladder.breaks[0].window;
    let many = ladder.breaks.iter().any(|other| other.window != *first);
    let at = if many { format!(" @{}", kind.window) } else { String::new() };
    format!("{} {}{at}", kind.kind, kind.group)
}

/// The quantity in a matrix of parts and scenarios.
#[derive(Clone, Copy)]
enum What {
    Missed,
    Losing,
    AfterRepair,
}

impl What {
    fn of(self, row: &BreakRow) -> &Estimate {
        match self {
            Self::Missed => &row.missed,
            Self::Losing => &row.losing,
            Self::AfterRepair => &row.missed_after_repair,
        }
    }

    fn unit(self) -> Unit {
        match self {
            Self::Losing => Unit::PerSecond,
            Self::Missed | Self::AfterRepair => Unit::None,
        }
    }

    fn key(self, scenario: &str) -> String {
        let what = match self {
            Self::Missed => "missed_views",
            Self::Losing => "losing_per_s",
            Self::AfterRepair => "missed_after_repair_views",
        };
        format!("{}_{what}", snake(scenario))
    }

    /// Returns the caption for the compared class.
    fn caption(self, ladder: &Ladder) -> String {
        let class = &ladder.basis.class;
        let what = match self {
            Self::Missed => {
                format!(
                    "Views of {class} missed per run because one part fails and is not repaired"
                )
            }
            Self::Losing => format!(
                "Still losing: views of {class} lost per second in the last minute with the part \
                 not repaired, of those still requested"
            ),
            Self::AfterRepair => {
                format!("Views of {class} missed per run because a broken part is repaired")
            }
        };
        let level = ladder.level * 100.0;
        format!("{what}, {level:.0} % intervals; \u{2013}: no such part")
    }

    /// Returns whether views are certainly lost for long, or after a repair, in some scenario.
    fn tells(self, kind: &BreakKind) -> bool {
        let some = |row: &BreakRow| match self.of(row) {
            Estimate::Interval(i) => i.low > 0.0,
            other => other.value().is_some_and(|value| value > 0.0),
        };
        kind.cells.iter().flatten().any(some)
    }
}

/// Returns the matrix: one row per kind of part, one column per scenario.
fn matrix(ladder: &Ladder, what: What) -> Table {
    let mut columns = vec![Column::words("broken", "part")];
    for row in &ladder.rows {
        let key = what.key(&row.scenario);
        columns.push(Column::numbers(&row.scenario, &key, what.unit()));
    }
    let row = |kind: &BreakKind| {
        let mut cells = vec![Cell::text(label(ladder, kind))];
        cells.extend(kind.cells.iter().map(|cell| {
            cell.as_ref()
                .map_or_else(|| Cell::missing("\u{2013}"), |row| shown(what.of(row), what.unit()))
        }));
        cells
    };
    Table {
        caption: what.caption(ladder),
        columns,
        rows: match what {
            What::Missed => told(ladder).map(row).collect(),
            _ => ladder.breaks.iter().filter(|kind| what.tells(kind)).map(row).collect(),
        },
    }
}

/// Returns the table of the effects on users, in words.
fn notices(ladder: &Ladder) -> Table {
    let columns =
        vec![Column::words("broken", "part"), Column::words("effect on users", "noticed")];
    let row = |kind: &BreakKind| {
        vec![Cell::text(label(ladder, kind)), Cell::text(in_words(ladder, kind))]
    };
    let caption = "Effect on users until the repair. A dip: in the last minute of the run no more \
                   is lost than without the break. Unsure: too few runs to decide"
        .to_string();
    Table { caption, columns, rows: told(ladder).map(row).collect() }
}

/// Returns the matrix for a terminal: a few scenarios at a time, with the parts that any of them has.
pub(super) fn narrow(ladder: &Ladder) -> Vec<Block> {
    let full = matrix(ladder, What::Missed);
    let places: Vec<usize> = (0..ladder.rows.len()).collect();
    let some = places.chunks(SIDE_BY_SIDE).map(|places| {
        let pick = |at: &usize| full.columns[at + 1].clone();
        let columns = std::iter::once(full.columns[0].clone()).chain(places.iter().map(pick));
        let there = |kind: &BreakKind| places.iter().any(|at| kind.cells[*at].is_some());
        let rows = told(ladder).zip(&full.rows).filter(|(kind, _)| there(kind));
        let rows = rows.map(|(_, row)| {
            let pick = |at: &usize| row[at + 1].clone();
            std::iter::once(row[0].clone()).chain(places.iter().map(pick)).collect()
        });
        let caption = if places.contains(&0) { full.caption.clone() } else { String::new() };
        Block::Table(Table { caption, columns: columns.collect(), rows: rows.collect() })
    });
    some.chain(unnoticed(ladder).map(Block::Text)).collect()
}

fn shown(estimate: &Estimate, unit: Unit) -> Cell {
    match estimate {
        Estimate::Interval(i) if i.low == i.high => Cell::Figure(Figure::exact(i.estimate, unit)),
        other => cell(other, unit),
    }
}

/// Describes the effects on users; once if they are the same in all scenarios with the part.
fn in_words(ladder: &Ladder, kind: &BreakKind) -> String {
    let there = ladder.rows.iter().zip(&kind.cells);
    let words: Vec<(&str, String)> = there
        .filter_map(|(row, cell)| Some((row.scenario.as_str(), noticed(cell.as_ref()?.noticed))))
        .collect();
    match words.first() {
        Some((_, first)) if words.iter().all(|(_, word)| word == first) => first.clone(),
        _ => {
            // Adjacent scenarios with the same effect are grouped.
            let mut runs: Vec<(Vec<&str>, String)> = Vec::new();
            for (name, word) in words {
                match runs.last_mut() {
                    Some((names, same)) if *same == word => names.push(name),
                    _ => runs.push((vec![name], word)),
                }
            }
            let each: Vec<String> = runs
                .into_iter()
                .map(|(names, word)| match names.as_slice() {
                    [first, _, .., last] => format!("{first} to {last}: {word}"),
                    few => format!("{}: {word}", few.join(", ")),
                })
                .collect();
            each.join("; ")
        }
    }
}

fn heat(ladder: &Ladder) -> Chart {
    let value = |cell: &Option<BreakRow>| cell.as_ref().and_then(|row| row.missed.value());
    let values = told(ladder).map(|kind| kind.cells.iter().map(value).collect());
    Chart {
        name: "breaks".into(),
        title: "Page views missed because one part fails".into(),
        finding:
            "A dash: the scenario has no such part. Parts that cost no view anywhere are left out"
                .into(),
        kind: ChartKind::Heat(HeatMap {
            rows_are: "part".into(),
            columns_are: "scenario".into(),
            rows: told(ladder).map(|kind| label(ladder, kind)).collect(),
            columns: ladder.rows.iter().map(|row| row.scenario.clone()).collect(),
            values_are: Axis::linear("page views missed per run", Unit::None),
            values: values.collect(),
        }),
    }
}

/// The failure of one kind of part in a scenario.
struct Line<'a> {
    scenario: &'a str,
    kind: &'a BreakKind,
    row: &'a BreakRow,
}

impl Line<'_> {
    fn part(&self) -> &str {
        self.row.part.as_ref().map_or("", |part| &part.name)
    }
}

/// Declares the rows about `break` in comparison.csv.
fn declared<'a>() -> ResultTable<Line<'a>> {
    ResultTable::new(
        "comparison.csv",
        "A kind of part that breaks in a scenario.",
        [
            words("scenario", "", "Name of the scenario.", |l| l.scenario.into()),
            words("window", "", "Window, or run around a break.", |l| {
                format!("{}/{}:{}", l.kind.window, Way::Down.word(), l.part()).into()
            }),
            words("verdict", "", "Verdict on the window.", |_| Verdict::Broken.word().into()),
            words("kind", "", "Kind of the component or part.", |l| l.kind.kind.into()),
            words("group", "", "Name that the members have in common.", |l| (&l.kind.group).into()),
            words("part", "", "Part that is broken.", |l| l.part().into()),
            words("noticed", "", "Effect on users, as in outages.csv.", |l| {
                l.row.noticed.word().into()
            }),
            estimates(
                "missed_views",
                "",
                Unit::None,
                "Page views per run not served because of the break.",
                |l| (&l.row.missed).into(),
            ),
            estimates(
                "losing_per_s",
                "",
                Unit::PerSecond,
                "Page views per second lost because of the break in the last minute of the run.",
                |l| (&l.row.losing).into(),
            ),
            estimates(
                "missed_after_repair_views",
                "",
                Unit::None,
                "Page views not served because of the break, of those intended after the repair.",
                |l| (&l.row.missed_after_repair).into(),
            ),
            words(
                "over",
                "",
                "`yes` if the losses have ended by the end of the repair run.",
                |l| Value::or(l.row.over.map(|over| if over { "yes" } else { "no" }), "unsure"),
            ),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    declared().described()
}

/// Returns the table for programs: one row per scenario and kind of part.
pub(super) fn data(ladder: &Ladder) -> Table {
    let lines = ladder.rows.iter().enumerate().flat_map(|(at, scenario)| {
        ladder.breaks.iter().filter_map(move |kind| {
            let row = kind.cells[at].as_ref()?;
            Some(Line { scenario: &scenario.scenario, kind, row })
        })
    });
    declared().data(lines)
}
