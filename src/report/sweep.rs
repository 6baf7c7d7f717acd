//! A sweep as files and for the terminal.
//!
//! `sweep.html` begins with a chart of each figure, which is also a file under `plots/`. `explorer.html` has all
//! variants with choices of axes and filters. `sweep.csv` has one row per
//! variant and figure, `variants.csv` one row per variant and key. Both identify a variant by the name of its folder.
//! For sampled variants, `spread.csv` has one row per figure, and `moved-by.csv` one row per figure and correlated
//! key. Holds: no wall clock, path or order of completion in any of them, so that a resumed sweep gives the same
//! bytes.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::columns::{Described, Read, ResultTable, Value, numbers, words};
use super::document::{Cell, Column, Figure, Table, Unit};
use super::text::{Terminal, table, visible};
use super::write::{ResultFile, ResultSet, covers, run_digest};
use super::{chart, html, json as form};
use crate::scenario::render::wrap;
use crate::study::asked::Asked;
use crate::study::record::FigureRecord;
use crate::study::results::RESULTS_VERSION;
use crate::study::sweep::Spread;

mod explorer;
mod page;

/// The variants of a sweep, in order, with their results.
#[derive(Clone, Debug, PartialEq)]
pub struct Swept {
    /// The scenario.
    pub scenario: String,
    /// The command, without paths.
    pub command: String,
    /// Seed of all random draws.
    pub seed: u64,
    /// The question of the scenario.
    pub question: String,
    /// Words of the command that runs one variant, without its changes.
    pub alone: Vec<String>,
    /// Values that the file has for the changed keys, by path; keys that the file does not have are absent.
    pub file: BTreeMap<String, String>,
    /// Its variants.
    pub variants: Vec<SweptVariant>,
    /// The method that generated them.
    pub way: Way,
    /// Figures for the terminal; if empty, only files are written.
    pub shown: Vec<String>,
}

/// The method that generated the variants.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// Given by the user.
    Given,
    /// Each changes one key of the first variant.
    OneAtATime,
    /// Sampled, with the distribution of each figure over the variants.
    Drawn(Vec<Spread>),
}

/// A variant with its results.
#[derive(Clone, Debug, PartialEq)]
pub struct SweptVariant {
    /// Its name, which is also the name of its folder.
    pub name: String,
    /// Digest of its results.
    pub digest: String,
    /// Paths of the changed keys with their values.
    pub changes: Vec<(String, String)>,
    /// Its figures, in order.
    pub figures: Vec<(String, FigureRecord)>,
    /// Monthly and one-time cost in dollars; `None` without prices.
    pub cost: (Option<f64>, Option<f64>),
    /// Its objectives with their verdicts.
    pub asked: Vec<Asked>,
}

/// Creates the files.
#[must_use]
pub fn output(swept: &Swept) -> ResultSet {
    let of_figures = swept.variants.iter().flat_map(|one| {
        let line = |(path, record)| FigureLine { variant: &one.name, path, record };
        one.figures.iter().map(|(path, record)| (path.as_str(), record)).map(line)
    });
    let of_changes = swept.variants.iter().flat_map(|one| {
        let line = |(path, value)| ChangeLine { variant: &one.name, path, value };
        one.changes.iter().map(|(path, value)| (path.as_str(), value.as_str())).map(line)
    });
    let mut files = vec![figures().file(None, of_figures), variants().file(None, of_changes)];
    if let Way::Drawn(all) = &swept.way {
        files.push(spread().file(None, all.iter().map(|one| SpreadLine { swept, one })));
        files.push(moved_by().file(None, all.iter().flat_map(moved_lines)));
    }
    let value = json!({
        "scenario": swept.scenario,
        "results_version": RESULTS_VERSION,
        "seed": swept.seed,
        "command": swept.command,
        "variants": swept.variants.iter().map(variant).collect::<Vec<_>>(),
    });
    files.push(ResultFile::covered("sweep.json", form::bytes(&value)));
    let mut page = page::document(swept);
    files.extend(chart::files(&page));
    let mut lines = vec![("results-version".to_string(), RESULTS_VERSION.to_string())];
    for one in &swept.variants {
        lines.push((format!("variant {}", one.name), one.digest.clone()));
    }
    let digest = run_digest(&lines, &files);
    page.digest.clone_from(&digest);
    files.push(ResultFile::listed("sweep.html", html::page(&page).into_bytes()));
    files.push(ResultFile::listed("explorer.html", explorer::page(swept, &digest).into_bytes()));
    let facts = [
        ("swept", json!(swept.scenario)),
        ("seed", json!(swept.seed)),
        ("command", json!(swept.command)),
        ("digest_covers", json!(covers(&lines))),
    ];
    let facts =
        facts.into_iter().map(|(key, value)| (key.to_string(), value)).collect::<Map<_, _>>();
    ResultSet { digest, results_version: RESULTS_VERSION, partial: None, facts, files }
}

fn variant(one: &SweptVariant) -> Json {
    let changes = one.changes.iter().map(|(path, value)| (path.clone(), value.as_str().into()));
    let figures = one.figures.iter().map(|(path, record)| {
        (path.clone(), serde_json::to_value(record).expect("a record has text keys"))
    });
    json!({
        "name": one.name,
        "digest": one.digest,
        "set": Json::Object(changes.collect()),
        "figures": Json::Object(figures.collect()),
    })
}

/// A figure of a variant.
struct FigureLine<'a> {
    variant: &'a str,
    path: &'a str,
    record: &'a FigureRecord,
}

/// Declares `sweep.csv`.
fn figures<'a>() -> ResultTable<FigureLine<'a>> {
    let value =
        |id, meaning, read: Read<FigureLine<'a>>| numbers(id, "", Unit::None, meaning, read);
    ResultTable::new(
        "sweep.csv",
        "A figure of a variant.",
        [
            words("variant", "", "Variant, which is also the name of its folder.", |l| {
                l.variant.into()
            }),
            words("figure", "", "Path of the figure.", |l| l.path.into()),
            words("unit", "", "Unit of the value.", |l| (&l.record.unit).into()),
            value("value", "Estimate of the figure.", |l| l.record.value.into()),
            value("value_lo", "Lower bound of `value`.", |l| l.record.low.into()),
            value("value_hi", "Upper bound of `value`.", |l| l.record.high.into()),
            value("replications", "Number of replications.", |l| l.record.replications.into()),
            words("verdict", "", "Verdict on the window of the figure.", |l| {
                l.record.verdict.as_ref().into()
            }),
            words("reason", "", "Why the value or its interval is missing.", |l| {
                l.record.reason.as_ref().into()
            }),
        ],
    )
}

/// A figure over all variants.
struct SpreadLine<'a> {
    swept: &'a Swept,
    one: &'a Spread,
}

/// Declares `spread.csv`, and the columns that the terminal shows.
fn spread<'a>() -> ResultTable<SpreadLine<'a>> {
    type L<'a> = SpreadLine<'a>;
    /// Returns a value in the unit of its figure.
    fn shown(line: &L<'_>, value: f64) -> Value<'static> {
        let unit = any_record(line.swept, &line.one.figure).map_or(Unit::None, |r| unit(&r.unit));
        Value::Cell(Cell::Figure(Figure::exact(value, unit)))
    }
    fn side(line: &L<'_>, value: Option<f64>) -> Value<'static> {
        Value::or(value.map(|value| shown(line, value)), "too few variants for a twentieth")
    }
    let value =
        |id, header, meaning, read: Read<L<'a>>| numbers(id, header, Unit::None, meaning, read);
    ResultTable::new(
        "spread.csv",
        "A figure over all variants that were drawn.",
        [
            words("figure", "figure", "Path of the figure.", |l| (&l.one.figure).into()),
            words("unit", "", "Unit of the values.", |l| {
                any_record(l.swept, &l.one.figure).map_or("", |record| &record.unit).into()
            }),
            value("variants", "", "Number of variants that have the figure.", |l| {
                l.one.variants.into()
            }),
            value("least", "least", "Least value.", |l| shown(l, l.one.least)),
            value("p05", "5 %", "Value that 5 % of the variants do not exceed.", |l| {
                side(l, l.one.sides.map(|sides| sides.0))
            }),
            value("median", "half", "Median value.", |l| shown(l, l.one.median)),
            value("p95", "95 %", "Value that 95 % of the variants do not exceed.", |l| {
                side(l, l.one.sides.map(|sides| sides.1))
            }),
            value("most", "most", "Largest value.", |l| shown(l, l.one.most)),
        ],
    )
}

/// A key that a figure correlates with.
struct MovedLine<'a> {
    figure: &'a str,
    path: &'a str,
    correlation: f64,
}

/// Declares `moved-by.csv`, and the columns that the terminal shows.
fn moved_by<'a>() -> ResultTable<MovedLine<'a>> {
    ResultTable::new(
        "moved-by.csv",
        "A key that a figure rises or falls with.",
        [
            words("figure", "", "Path of the figure.", |l| l.figure.into()),
            words("path", "key", "Path of the key.", |l: &MovedLine<'_>| l.path.into())
                .keyed("key"),
            numbers(
                "rank_correlation",
                "rank correlation",
                Unit::None,
                "Rank correlation of the key with the figure over the variants.",
                |l: &MovedLine<'_>| l.correlation.into(),
            )
            .on_page(|l| format!("{:+.2}", l.correlation).into()),
        ],
    )
}

fn moved_lines(one: &Spread) -> impl Iterator<Item = MovedLine<'_>> {
    let figure = one.figure.as_str();
    one.moved_by.iter().map(move |(path, correlation)| MovedLine {
        figure,
        path,
        correlation: *correlation,
    })
}

/// A key of a variant.
struct ChangeLine<'a> {
    variant: &'a str,
    path: &'a str,
    value: &'a str,
}

/// Declares `variants.csv`.
fn variants<'a>() -> ResultTable<ChangeLine<'a>> {
    ResultTable::new(
        "variants.csv",
        "A key of a variant.",
        [
            words("variant", "", "Variant, which is also the name of its folder.", |l| {
                l.variant.into()
            }),
            words("path", "", "Path of the key.", |l| l.path.into()),
            words("value", "", "Value of the key.", |l| l.value.into()),
        ],
    )
}

/// Returns the documentation of the columns.
#[must_use]
pub fn described() -> [Described; 4] {
    [figures().described(), variants().described(), spread().described(), moved_by().described()]
}

/// Formats the answer, then one table per figure, with one row per variant. For a tornado, the keys with the largest
/// effect come first. For sampled variants, the distribution of each figure and its correlated keys are listed.
#[must_use]
pub fn text(swept: &Swept, digest: &str, terminal: Terminal) -> String {
    let mut out = String::new();
    let say = |out: &mut String, text: &str| {
        for line in wrap(&terminal.letters.spell(&visible(text)), usize::from(terminal.width)) {
            out.push_str(&line);
            out.push('\n');
        }
    };
    for sentence in explorer::answer(swept) {
        say(&mut out, &sentence);
    }
    if let Way::Drawn(all) = &swept.way
        && !swept.shown.is_empty()
    {
        out.push('\n');
        out.push_str(&table(&spreads(swept, all), terminal));
    }
    for path in &swept.shown {
        out.push('\n');
        if any_record(swept, path).is_none() {
            say(&mut out, &format!("{path}: no variant has this figure"));
            continue;
        }
        match &swept.way {
            Way::Given => out.push_str(&table(&by_variant(swept, path), terminal)),
            Way::OneAtATime => {
                let (laid, unmoved) = by_swing(swept, path);
                out.push_str(&table(&laid, terminal));
                if !unmoved.is_empty() {
                    let unmoved = unmoved.join(", ");
                    say(&mut out, &format!("No change in any digit with {unmoved}."));
                }
            }
            Way::Drawn(all) => match by_rank(all, path) {
                Some(laid) => out.push_str(&table(&laid, terminal)),
                None => say(&mut out, &format!("{path}: no key has a detected effect on it")),
            },
        }
    }
    out.push_str(&format!("digest {}\n", terminal.letters.spell(digest)));
    out
}

/// Returns the distribution of the shown figures over all variants.
fn spreads(swept: &Swept, all: &[Spread]) -> Table {
    let line = |path: &String| {
        let one = all.iter().find(|one| one.figure == *path)?;
        any_record(swept, path)?;
        Some(SpreadLine { swept, one })
    };
    let caption = "Distribution of the figures over all variants: least, 5th percentile, median, \
                   95th percentile, most";
    let ids = ["figure", "least", "p05", "median", "p95", "most"];
    spread().page(caption, &ids, swept.shown.iter().filter_map(line))
}

/// Returns the keys that a figure correlates with.
fn by_rank(all: &[Spread], path: &str) -> Option<Table> {
    let found = all.iter().find(|one| one.figure == path)?;
    let caption =
        format!("{path}: keys that it rises or falls with; by chance one key in twenty is listed");
    let table = moved_by().page(caption, &["path", "rank_correlation"], moved_lines(found));
    (!table.rows.is_empty()).then_some(table)
}

fn record<'a>(one: &'a SweptVariant, path: &str) -> Option<&'a FigureRecord> {
    one.figures.iter().find(|(other, _)| other == path).map(|(_, record)| record)
}

/// Returns a figure of the first variant that has it; its unit is that of all variants.
fn any_record<'a>(swept: &'a Swept, path: &str) -> Option<&'a FigureRecord> {
    swept.variants.iter().find_map(|one| record(one, path))
}

fn unit(name: &str) -> Unit {
    match name {
        "ratio" => Unit::Ratio,
        "s" => Unit::Seconds,
        "per_s" => Unit::PerSecond,
        "bits_per_s" => Unit::BitsPerSecond,
        "watts" => Unit::Watts,
        "joules" => Unit::Joules,
        "grams" => Unit::Grams,
        "1" => Unit::None,
        other => Unit::Other(other.into()),
    }
}

fn cell(record: Option<&FigureRecord>) -> Cell {
    let Some(record) = record else { return Cell::missing("no such figure") };
    match (record.value, record.low, record.high) {
        (Some(value), Some(low), Some(high)) => {
            Cell::Figure(Figure::estimate(value, low, high, unit(&record.unit)))
        }
        (Some(value), ..) => Cell::Figure(Figure::exact(value, unit(&record.unit))),
        _ => Cell::missing(record.reason.clone().unwrap_or_else(|| "no figure".into())),
    }
}

/// Number of keys for which a terminal has space beside the figure.
const FEW: usize = 3;

fn by_variant(swept: &Swept, path: &str) -> Table {
    let mut keys: Vec<&String> = Vec::new();
    for (key, _) in swept.variants.iter().flat_map(|one| &one.changes) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    // Columns without space are dropped from the right, so with many keys the figure comes first.
    let place = if keys.len() > FEW { 0 } else { keys.len() };
    let mut columns: Vec<Column> = keys.iter().map(|key| Column::words(key, "key")).collect();
    columns.insert(place, Column::numbers("gives", "figure", Unit::None));
    let row = |one: &SweptVariant| {
        let value = |key: &&String| {
            let found = one.changes.iter().find(|(other, _)| other == *key);
            Cell::text(found.map_or("", |(_, value)| value))
        };
        let mut cells: Vec<Cell> = keys.iter().map(value).collect();
        cells.insert(place, cell(record(one, path)));
        cells
    };
    let rows = swept.variants.iter().map(row).collect();
    Table { caption: path.into(), columns, rows }
}

/// Returns the keys with the largest effect first, and the keys of which neither end has an effect.
fn by_swing<'a>(swept: &'a Swept, path: &str) -> (Table, Vec<&'a str>) {
    // The base variant is absent if it met a limit.
    let base = swept.variants.iter().find(|one| one.changes.is_empty());
    let base = base.and_then(|one| record(one, path));
    let known = base.and_then(|record| record.value);
    let mut keys: Vec<(&String, Vec<&SweptVariant>)> = Vec::new();
    for one in &swept.variants {
        let Some((key, _)) = one.changes.first() else { continue };
        match keys.iter_mut().find(|(other, _)| *other == key) {
            Some((_, ends)) => ends.push(one),
            None => keys.push((key, vec![one])),
        }
    }
    let value = |one: &SweptVariant| record(one, path).and_then(|record| record.value);
    let swing = |ends: &[&SweptVariant]| {
        let all: Vec<f64> = ends.iter().filter_map(|one| value(one)).chain(known).collect();
        let most = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        most - all.iter().copied().fold(f64::INFINITY, f64::min)
    };
    keys.sort_by(|(a, ends_a), (b, ends_b)| {
        swing(ends_b).total_cmp(&swing(ends_a)).then_with(|| a.cmp(b))
    });
    let columns = vec![
        Column::words("key", "key"),
        Column::words("set to", "value"),
        Column::numbers("gives", "figure", Unit::None),
    ];
    let mut rows = vec![vec![Cell::text("as the file is"), Cell::text(""), cell(base)]];
    let is_moved = |ends: &[&SweptVariant]| {
        known.is_none() || ends.len() < 2 || ends.iter().any(|one| value(one) != known)
    };
    let (moved, unmoved): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(_, ends)| is_moved(ends));
    for (key, ends) in moved {
        for one in ends {
            let to = one.changes.first().map_or("", |(_, value)| value.as_str());
            rows.push(vec![Cell::text(key.clone()), Cell::text(to), cell(record(one, path))]);
        }
    }
    let unmoved = unmoved.into_iter().map(|(key, _)| key.as_str()).collect();
    (Table { caption: path.into(), columns, rows }, unmoved)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(changes: &[(&str, &str)], value: Option<f64>) -> SweptVariant {
        let text = |(path, value): &(&str, &str)| (path.to_string(), value.to_string());
        let record = FigureRecord { value, unit: "s".into(), ..FigureRecord::default() };
        SweptVariant {
            name: "x".into(),
            digest: String::new(),
            changes: changes.iter().map(text).collect(),
            figures: vec![("wait".into(), record)],
            cost: (None, None),
            asked: Vec::new(),
        }
    }

    fn tornado(variants: Vec<SweptVariant>) -> (Table, Vec<String>) {
        let swept = Swept {
            scenario: "x".into(),
            question: String::new(),
            alone: Vec::new(),
            file: BTreeMap::new(),
            command: String::new(),
            seed: 1,
            variants,
            way: Way::OneAtATime,
            shown: vec!["wait".into()],
        };
        let (table, unmoved) = by_swing(&swept, "wait");
        (table, unmoved.into_iter().map(str::to_string).collect())
    }

    /// A key is reported as having no effect only if both ends have the figure, with the same value.
    #[test]
    fn a_key_whose_figure_is_gone_is_not_told_as_unmoved() {
        let ends =
            |key: &'static str, low, high| [one(&[(key, "1")], low), one(&[(key, "9")], high)];
        let mut variants = vec![one(&[], Some(2.0))];
        variants.extend(ends("colour", Some(2.0), Some(2.0)));
        variants.extend(ends("rate", None, Some(2.0)));
        variants.extend(ends("repair", Some(1.0), Some(3.0)));
        let (table, unmoved) = tornado(variants.clone());
        assert_eq!(unmoved, ["colour"]);
        assert_eq!(table.rows.len(), 5);
        // The unchanged file met a limit, so the effects are unknown.
        let (table, unmoved) = tornado(variants[1..].to_vec());
        assert_eq!((unmoved.len(), table.rows.len()), (0, 7));
    }
}
