//! Variants beside the scenarios that they are laid over.

use super::{Ladder, causes, chosen, folded, said, size};
use crate::report::answer::downtime;
use crate::report::columns::{Described, Read, ResultTable, Value, estimates, words};
use crate::report::document::{Block, Cell, Figure, Rounding, RowName, Section, Table, Unit};
use crate::report::number;
use crate::report::run::page;
use crate::report::run::years::minutes;
use crate::stats::interval::Interval;
use crate::study::compare::{Row, Variant, YearCell};
use crate::study::results::{YearCause, YearSide};

/// The heading of the section.
pub(super) const HEADING: &str = "Variants";
/// Number of causes that a row names.
const NAMED: usize = 2;
/// Number of variants beside the first that the answer lists.
const LISTED: usize = 8;

/// Returns the section; `None` if no scenario is laid over another.
pub(super) fn section(ladder: &Ladder) -> Option<Section> {
    if ladder.variants.is_empty() && ladder.apart.is_empty() {
        return None;
    }
    let mut blocks = Vec::new();
    let title = format!("Downtime{} with and without the variant", of_class(ladder));
    let sides: Vec<causes::Side<'_>> = ladder
        .variants
        .iter()
        .flat_map(|one| [0, 1].map(|row| causes::side(&one.pair, row)))
        .flatten()
        .collect();
    blocks.extend(causes::drawn("variants-by-cause", title, &sides).map(Block::Chart));
    if !ladder.variants.is_empty() {
        blocks.push(Block::Table(table(ladder)));
    }
    if let Some(found) = by_cause(ladder) {
        blocks.push(folded("All causes of each variant and its base", vec![Block::Table(found)]));
    }
    let text = format!(
        "A variant is a scenario whose file names a base and states what is different. Each is compared with its base \
         on the same draws; these intervals hold for each pair alone, {}. A part that fails at random fails at the same \
         instants in both.",
        level(ladder)
    );
    blocks.push(Block::Text(text));
    for (own, base) in &ladder.apart {
        let text = format!(
            "{own} has no class and window, or no class and horizon, in common with {base}: they are not compared."
        );
        blocks.push(Block::Text(text));
    }
    Some(Section { heading: HEADING.into(), intro: found(ladder).unwrap_or_default(), blocks })
}

/// Returns the blocks for a terminal.
pub(super) fn narrow(ladder: &Ladder) -> Vec<Block> {
    let ids = ["scenario", "base_downtime_s_per_year", "downtime_s_per_year", "most"];
    let lines = ladder.variants.iter().map(Line::whole);
    vec![Block::Table(declared().page(caption(ladder), &ids, lines))]
}

/// States what the variant of the chosen scenario changes; of the last variant, if that has none.
pub(super) fn found(ladder: &Ladder) -> Option<String> {
    let one = first(ladder)?;
    let line = Line::whole(one);
    let (base, own) = line.years()?;
    let (before, now) = (&base.structural.all.downtime, &own.structural.all.downtime);
    let mut text = format!(
        "{} is down {} per year, and its base {} {}",
        one.scenario(),
        downtime(now),
        one.base(),
        downtime(before)
    );
    if let Some(step) = own.step {
        text.push_str(&format!(": {}", against(step)));
    }
    let most = line.most();
    if !most.is_empty() && own.step.is_some_and(|step| !step.contains(0.0)) {
        text.push_str(&format!("; most by {most}"));
    }
    text.push('.');
    Some(text)
}

/// States the downtime of the variants that [`found`] does not tell, each against its base; `None` if there are none.
pub(super) fn others(ladder: &Ladder) -> Option<String> {
    let told = first(ladder)?.scenario();
    let others = ladder.variants.iter().filter(|one| one.scenario() != told);
    let of = |one: &Variant| {
        let (_, own) = Line::whole(one).years()?;
        Some(format!("{} {}", one.scenario(), against(own.step?)))
    };
    let all: Vec<String> = others.filter_map(of).collect();
    let more = all.len().saturating_sub(LISTED);
    let rest = (more > 0).then(|| format!("and {more} more, with --details"));
    let listed: Vec<String> = all.into_iter().take(LISTED).chain(rest).collect();
    (!listed.is_empty())
        .then(|| format!("The other variants, each against its base: {}.", listed.join("; ")))
}

/// Returns the variant of the chosen scenario; the last variant, if that has none.
fn first(ladder: &Ladder) -> Option<&Variant> {
    let chosen = &ladder.rows.get(chosen(ladder))?.scenario;
    let of_chosen = ladder.variants.iter().find(|one| one.base() == chosen);
    of_chosen.or(ladder.variants.last())
}

/// Formats a difference of downtime: `148 min/y more`.
fn against(difference: Interval) -> String {
    if difference.contains(0.0) {
        return "no difference detected".into();
    }
    let way = if difference.estimate < 0.0 { "less" } else { "more" };
    format!("{} {way}", size(&difference, 60.0, minutes()))
}

/// Returns the class of all pairs in words; nothing if they differ, where each row has its own.
fn of_class(ladder: &Ladder) -> String {
    let mut classes = ladder.variants.iter().map(|one| &one.pair.basis.class);
    let first = classes.next().unwrap_or(&ladder.basis.class);
    if classes.all(|class| class == first) { format!(" of {first}") } else { String::new() }
}

/// Returns the level of the intervals in words.
fn level(ladder: &Ladder) -> String {
    let mut levels = ladder.variants.iter().map(|one| one.pair.level);
    let first = levels.next().unwrap_or(ladder.level);
    if levels.all(|level| level == first) {
        format!("at {:.0} %", first * 100.0)
    } else {
        "at the lower confidence of the two files".into()
    }
}

fn caption(ladder: &Ladder) -> String {
    format!("Structural downtime{} in each variant and in its base", of_class(ladder))
}

fn table(ladder: &Ladder) -> Table {
    let window = ladder.variants.iter().find_map(|one| one.pair.basis.windows.last());
    let mut ids = vec!["scenario"];
    ids.extend(of_class(ladder).is_empty().then_some("class"));
    ids.extend([
        "base_downtime_s_per_year",
        "downtime_s_per_year",
        "downtime_from_base_s_per_year",
        "most",
    ]);
    ids.extend(window.map(|_| "p95_from_base_s"));
    let lines = ladder.variants.iter().map(Line::whole);
    declared().page(caption(ladder), &ids, lines)
}

/// Returns the downtime by first cause: one row per variant and cause.
fn by_cause(ladder: &Ladder) -> Option<Table> {
    let lines: Vec<Line<'_>> = ladder.variants.iter().flat_map(Line::of_causes).collect();
    let ids = ["scenario", "cause", "base_downtime_s_per_year", "downtime_s_per_year"];
    let caption = "Structural downtime by first cause, in the base and in the variant";
    (!lines.is_empty()).then(|| declared().page(caption, &ids, lines))
}

/// A variant with its base, or one first cause of their downtime.
struct Line<'a> {
    of: &'a Variant,
    cause: Option<&'a str>,
}

impl<'a> Line<'a> {
    const fn whole(of: &'a Variant) -> Self {
        Self { of, cause: None }
    }

    /// Returns a line for each cause of either, those of the variant first.
    fn of_causes(of: &'a Variant) -> Vec<Self> {
        let mut all: Vec<&str> = Vec::new();
        for side in [1, 0].into_iter().filter_map(|row| causes::side(&of.pair, row)) {
            for cause in &side.1.causes {
                let known = cause.downtime.value().is_some_and(|seconds| seconds > 0.0);
                if known && !all.contains(&cause.name.as_str()) {
                    all.push(&cause.name);
                }
            }
        }
        all.into_iter().map(|cause| Self { of, cause: Some(cause) }).collect()
    }

    /// Returns the long-horizon runs of the base and of the variant.
    fn years(&self) -> Option<(&'a YearCell, &'a YearCell)> {
        let years = &self.of.pair.years;
        years.first()?.as_ref().zip(years.get(1)?.as_ref())
    }

    /// Returns the name of the variant, with the verdict on all objectives.
    fn name(&self) -> Value<'_> {
        let (row, summary) = (self.row(), &self.of.pair.summaries[1]);
        let asked = summary.has_objectives && self.cause.is_none();
        Value::Cell(Cell::Name(RowName {
            name: row.scenario.clone(),
            verdict: asked.then(|| page::word(summary.verdict())),
            about: String::new(),
        }))
    }

    fn row(&self) -> &'a Row {
        &self.of.pair.rows[1]
    }

    /// Returns the downtime of the base (0) or of the variant (1), or the part of it that is attributed to the cause.
    fn downtime(&self, row: usize) -> Value<'a> {
        let Some((_, side)) = causes::side(&self.of.pair, row) else {
            return Value::Missing("no years".into());
        };
        match self.cause {
            None => Value::from(&side.downtime),
            Some(name) => Value::or(part(side, name).map(|cause| &cause.downtime), "\u{2013}"),
        }
    }

    /// Names the causes whose downtime differs most between the two, the largest difference first.
    fn most(&self) -> String {
        let Some((base, own)) = self.years() else { return String::new() };
        let minutes = |years: &YearCell, name: &str| {
            part(&years.structural.all, name).and_then(|one| one.downtime.value()).unwrap_or(0.0)
                / 60.0
        };
        let lines = Self::of_causes(self.of);
        let names = lines.iter().filter_map(|line| line.cause);
        let mut all: Vec<(&str, f64)> =
            names.map(|name| (name, minutes(own, name) - minutes(base, name))).collect();
        all.retain(|(_, difference)| difference.abs() >= 1.0);
        all.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        let told = all.iter().take(NAMED).map(|(name, difference)| {
            let sign = if *difference < 0.0 { '\u{2212}' } else { '+' };
            let size =
                number::figure(&Figure::exact(difference.abs().round(), Unit::Other("min".into())));
            format!("{name} {sign}{size}")
        });
        told.collect::<Vec<_>>().join(", ")
    }
}

fn part<'a>(side: &'a YearSide, name: &str) -> Option<&'a YearCause> {
    side.causes.iter().find(|cause| cause.name == name)
}

/// Declares the rows about `variant` in comparison.csv.
fn declared<'a>() -> ResultTable<Line<'a>> {
    let seconds = |id, header, meaning, read: Read<Line<'a>>| {
        estimates(id, header, Unit::Seconds, meaning, read).rounded(Rounding::Up)
    };
    ResultTable::new(
        "comparison.csv",
        "A variant beside its base, or one first cause of their downtime.",
        [
            words("scenario", "variant", "Name of the scenario.", |l: &Line<'_>| {
                l.of.scenario().into()
            })
            .in_words(Line::name),
            words("base", "base", "Scenario that it is laid over.", |l| l.of.base().into()),
            words("class", "class", "Class that is compared.", |l| (&l.of.pair.basis.class).into()),
            words("window", "window", "Window of the latency.", |l| {
                l.of.pair.basis.windows.last().map_or("", String::as_str).into()
            }),
            words("cause", "first cause", "First cause; empty in the row of all causes.", |l| {
                l.cause.unwrap_or_default().into()
            }),
            seconds(
                "base_downtime_s_per_year",
                "base",
                "Structural downtime per year of the base.",
                |l| l.downtime(0),
            )
            .in_units("base_downtime_min_per_year", 60.0, minutes()),
            seconds("downtime_s_per_year", "variant down", "Structural downtime per year.", |l| {
                l.downtime(1)
            })
            .in_units("downtime_min_per_year", 60.0, minutes()),
            seconds(
                "downtime_from_base_s_per_year",
                "difference",
                "Structural downtime minus that of the base, on the same draws.",
                |l| match l.cause {
                    Some(_) => Value::Missing("of all causes".into()),
                    None => Value::or(l.years().and_then(|(_, own)| own.step), "no years"),
                },
            )
            .in_words(|l| {
                Value::or(l.years().and_then(|(_, own)| own.step).map(against), "no years")
            }),
            words("most", "most by", "", |l: &Line<'_>| l.most().into()).off_file(),
            seconds(
                "p95_from_base_s",
                "p95",
                "The p95 latency minus that of the base.",
                |l| match l.cause {
                    Some(_) => Value::Missing("of all causes".into()),
                    None => {
                        Value::or(l.row().latency_step.map(|step| step.difference), "no window")
                    }
                },
            )
            .in_words(|l| {
                let at = l.of.pair.basis.windows.last().map_or("", String::as_str);
                let step = l.row().latency_step.as_ref();
                let said = step.map(|step| format!("@{at} {}", said(step, &Unit::Seconds, true)));
                Value::or(said, "no window")
            }),
        ],
    )
}

/// Returns the documentation of the columns.
pub(super) fn described() -> Described {
    declared().described()
}

/// Returns the table for programs: one row per variant, then one per first cause.
pub(super) fn data(ladder: &Ladder) -> Table {
    let lines = |one| std::iter::once(Line::whole(one)).chain(Line::of_causes(one));
    declared().data(ladder.variants.iter().flat_map(lines))
}
