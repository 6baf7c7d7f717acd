//! The data of the page: one column per key and per figure.
//!
//! Values are in the unit of display, with as many digits as a reader can see. A column holds the part of a Vega-Lite
//! encoding that draws it on an axis.

use serde_json::{Map, Value as Json, json};

use crate::plan::figure::{Figure as Parsed, Wanted};
use crate::report::document::Unit;
use crate::report::json::unit_named;
use crate::report::number::Display;
use crate::report::sweep::{Swept, Way, by_swing};
use crate::report::text::visible;
use crate::study::record::FigureRecord;
use crate::study::sweep::{SizeUnit, Sizes};

use super::answer::Judged;

/// Most bytes of the columns of figures; the page has about as many bytes of its own.
pub(super) const DATA_BYTES: usize = 900_000;
/// Seconds of a year, for rates that are low.
const YEAR: f64 = 31_536_000.0;

/// The columns of the page.
pub(super) struct Columns {
    /// One per changed key.
    pub(super) keys: Vec<Json>,
    /// Keys with more than one value, by place.
    pub(super) varied: Vec<usize>,
    /// One per figure in the page.
    pub(super) figures: Vec<Json>,
    /// Their paths.
    pub(super) paths: Vec<String>,
    /// True for those that differ between variants.
    pub(super) moved: Vec<bool>,
    /// Factors from base units to the units of display.
    pub(super) factors: Vec<f64>,
    /// Number of figures that are not in the page.
    pub(super) left_out: usize,
}

impl Columns {
    /// Builds the columns of the variants at `kept`.
    pub(super) fn of(swept: &Swept, judged: &Judged, kept: &[usize]) -> Self {
        let mut columns = Self {
            keys: Vec::new(),
            varied: Vec::new(),
            figures: Vec::new(),
            paths: Vec::new(),
            moved: Vec::new(),
            factors: Vec::new(),
            left_out: 0,
        };
        for path in paths_of_keys(swept) {
            let (column, varies) = key(swept, kept, &path);
            if varies {
                columns.varied.push(columns.keys.len());
            }
            columns.keys.push(column);
        }
        let mut bytes = 0;
        for path in paths_of_figures(swept, judged) {
            let found =
                of_figure(swept, kept, &path, judged.names(&path) || swept.shown.contains(&path));
            let Some((column, factor, moved)) = found else { continue };
            bytes += column.to_string().len();
            // The first figures are those that the sweep is about.
            if bytes > DATA_BYTES && !columns.figures.is_empty() {
                columns.left_out += 1;
                continue;
            }
            columns.figures.push(column);
            columns.factors.push(factor);
            columns.moved.push(moved);
            columns.paths.push(path);
        }
        columns
    }
}

/// Returns the changed keys: for a tornado and for samples those first that move the first shown figure most.
fn paths_of_keys(swept: &Swept) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let first = swept.shown.first();
    let strongest: Vec<String> = match (&swept.way, first) {
        (Way::OneAtATime, Some(path)) => {
            let (table, _) = by_swing(swept, path);
            let heads = table.rows.iter().filter_map(|row| row.first());
            heads.map(crate::report::text::cell).collect()
        }
        (Way::Drawn(spreads), Some(path)) => {
            let found = spreads.iter().find(|one| one.figure == *path);
            found.map_or_else(Vec::new, |one| {
                one.moved_by.iter().map(|(path, _)| path.clone()).collect()
            })
        }
        _ => Vec::new(),
    };
    let mut known = std::collections::BTreeSet::new();
    for (path, _) in swept.variants.iter().flat_map(|one| &one.changes) {
        if known.insert(path) {
            all.push(path.clone());
        }
    }
    let place = |path: &String| strongest.iter().position(|one| one == path).unwrap_or(usize::MAX);
    all.sort_by_cached_key(place);
    all
}

/// Returns the figures: costs, those of the sweep, those that judge it, then all others.
fn paths_of_figures(swept: &Swept, judged: &Judged) -> Vec<String> {
    let costs = ["cost.month", "cost.once"].map(str::to_string);
    let judging = judged.paths().into_iter();
    let every = swept.variants.iter().flat_map(|one| &one.figures).map(|(path, _)| path.clone());
    let mut known = std::collections::BTreeSet::new();
    let all = costs.into_iter().chain(swept.shown.iter().cloned()).chain(judging).chain(every);
    all.filter(|path| known.insert(path.clone())).collect()
}

/// Returns the column of a key, and whether it has more than one value.
fn key(swept: &Swept, kept: &[usize], path: &str) -> (Json, bool) {
    let mut texts: Vec<&str> = Vec::new();
    let mut places = std::collections::BTreeMap::new();
    let mut at: Vec<Option<usize>> = Vec::new();
    for variant in kept {
        let changes = &swept.variants[*variant].changes;
        let found =
            changes.iter().find(|(other, _)| other == path).map(|(_, value)| value.as_str());
        at.push(found.map(|text| {
            *places.entry(text).or_insert_with(|| {
                texts.push(text);
                texts.len() - 1
            })
        }));
    }
    let unchanged = at.contains(&None);
    let base = swept.file.get(path).map(String::as_str);
    let varies = texts.len() + usize::from(unchanged) > 1;
    let whole: Vec<&str> = texts.iter().copied().chain(base).collect();
    let sizes = Sizes::of(&whole).or_else(|| Sizes::of(&texts).filter(|_| !unchanged));
    let sizes = sizes.filter(|sizes| !unchanged || sizes.values.len() > texts.len());
    let (numbers, display) = match sizes {
        Some(sizes) => {
            let (values, display) = displayed(&sizes);
            (Some(values), display)
        }
        None => (None, Shown::default()),
    };
    let title = visible(path);
    let label = display.label();
    let base_number = numbers.as_ref().and_then(|values| values.get(texts.len()).copied());
    let numbers = numbers
        .map(|values| values.iter().take(texts.len()).map(|v| short(*v, 6)).collect::<Vec<_>>());
    let place = |at: &Option<usize>| at.map_or(json!(-1), |at| json!(at));
    let column = json!({
        "title": title,
        "unit": label,
        "prefix": display.prefix,
        "suffix": display.suffix,
        "base": base.map_or("not set".into(), visible),
        "base_number": base_number.map(|value| short(value, 6)),
        "texts": texts.iter().map(|text| visible(text)).collect::<Vec<_>>(),
        "at": at.iter().map(place).collect::<Vec<_>>(),
        "numbers": numbers,
        "channel": channel(&title, &label, numbers.is_some()),
    });
    (column, varies)
}

/// The display of a column.
#[derive(Default)]
struct Shown {
    prefix: String,
    suffix: String,
}

impl Shown {
    fn label(&self) -> String {
        let both = format!("{} {}", self.prefix, self.suffix);
        both.trim().to_string()
    }
}

/// Converts sizes to a unit that fits the largest of them.
fn displayed(sizes: &Sizes) -> (Vec<f64>, Shown) {
    let most = sizes.values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let of = |unit: &Unit| {
        let display = Display::of(unit, most);
        (display.factor, Shown { prefix: display.prefix.into(), suffix: display.suffix.into() })
    };
    let (factor, shown) = match &sizes.unit {
        SizeUnit::None => (1.0, Shown::default()),
        SizeUnit::Seconds => of(&Unit::Seconds),
        SizeUnit::Bytes => of(&Unit::Bytes),
        SizeUnit::PerSecond if most < 0.001 => {
            (YEAR, Shown { prefix: String::new(), suffix: "per year".into() })
        }
        SizeUnit::PerSecond => of(&Unit::PerSecond),
        SizeUnit::Around(before, after) => {
            (1.0, Shown { prefix: before.clone(), suffix: after.clone() })
        }
    };
    (sizes.values.iter().map(|value| value * factor).collect(), shown)
}

/// Returns the column of a figure with its factor and whether it differs between variants; `None` without values.
fn of_figure(swept: &Swept, kept: &[usize], path: &str, head: bool) -> Option<(Json, f64, bool)> {
    let records: Vec<Option<Point>> = kept.iter().map(|at| point(swept, *at, path)).collect();
    let known = || records.iter().flatten();
    let first = known().next()?;
    let most = known().fold(0.0_f64, |most, point| most.max(point.value.abs()));
    let is_downtime = path.starts_with("downtime.");
    let unit = match unit_named(&first.unit) {
        Unit::Seconds if is_downtime => Unit::Downtime,
        unit => unit,
    };
    let display = Display::of(&unit, most);
    let suffix =
        if is_downtime { format!("{} per year", display.suffix) } else { display.suffix.into() };
    let shown = Shown { prefix: display.prefix.into(), suffix };
    let digits = if unit == Unit::Ratio { 8 } else { 5 };
    let number = |value: Option<f64>| {
        value.map_or(Json::Null, |value| short(value * display.factor, digits))
    };
    let values = |read: fn(&Point) -> Option<f64>| {
        let all: Vec<Json> =
            records.iter().map(|one| number(one.as_ref().and_then(read))).collect();
        if all.iter().all(Json::is_null) { Json::Null } else { Json::Array(all) }
    };
    let title = visible(path);
    let label = shown.label();
    let wanted = Parsed::parse(path).ok().map(|figure| figure.row().wanted(figure.word()));
    let column = json!({
        "title": title,
        "unit": label,
        "prefix": shown.prefix,
        "suffix": shown.suffix,
        "value": values(|one| Some(one.value)),
        "low": values(|one| one.low),
        "high": values(|one| one.high),
        "wanted": match wanted {
            Some(Wanted::Less) => json!("less"),
            Some(Wanted::More) => json!("more"),
            Some(Wanted::Neither) | None => Json::Null,
        },
        "head": head || path.starts_with("cost."),
        "channel": channel(&title, &label, true),
    });
    let moved = known().any(|point| point.value.to_bits() != first.value.to_bits());
    Some((column, display.factor, moved))
}

/// A figure of a variant, with its interval.
struct Point {
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
    unit: String,
}

fn point(swept: &Swept, at: usize, path: &str) -> Option<Point> {
    let variant = &swept.variants[at];
    let exact = |value: f64, unit: &str| Point { value, low: None, high: None, unit: unit.into() };
    let found = match path {
        "cost.month" => exact(variant.cost.0?, "dollars_per_month"),
        "cost.once" => exact(variant.cost.1?, "dollars"),
        _ => {
            let FigureRecord { value, low, high, unit, .. } = super::super::record(variant, path)?;
            let both = (*low).zip(*high).filter(|(low, high)| low.is_finite() && high.is_finite());
            let (low, high) = both.unzip();
            Point { value: (*value)?, low, high, unit: unit.clone() }
        }
    };
    found.value.is_finite().then_some(found)
}

/// Returns the part of an encoding that draws a column on an axis.
fn channel(title: &str, unit: &str, is_number: bool) -> Json {
    let title = if unit.is_empty() { title.to_string() } else { format!("{title} ({unit})") };
    let mut channel = Map::new();
    let kind = if is_number { "quantitative" } else { "ordinal" };
    channel.insert("type".into(), kind.into());
    channel.insert("title".into(), title.into());
    channel.insert(
        "axis".into(),
        json!({ "labelLimit": 150, "titleLimit": 340, "labelOverlap": true, "labelFlush": false }),
    );
    if is_number {
        channel.insert("scale".into(), json!({ "zero": false, "nice": true }));
    } else {
        channel.insert("sort".into(), Json::Null);
    }
    Json::Object(channel)
}

/// Rounds a number to significant digits.
fn short(value: f64, digits: usize) -> Json {
    let rounded: f64 = format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value);
    // A whole number needs no decimal sign.
    let whole = format!("{rounded}");
    match whole.parse::<i64>() {
        Ok(whole) => whole.into(),
        Err(_) => serde_json::Number::from_f64(rounded).map_or(Json::Null, Json::Number),
    }
}
