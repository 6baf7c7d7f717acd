//! Variants of a scenario for a sweep.
//!
//! In: axes (`PATH=a,b,c`), a table of variants, or the uncertain keys of a scenario (`low`, `high`).
//! Out: variants in a fixed order, each a list of changes to the file. Three ways: all combinations; one key at a time
//! at its low and high end (a tornado); a Latin hypercube.
//!
//! In a Latin hypercube of n variants each key takes one value from each of its n strata, in an order of its own.
//! `value` is the median: below it values are uniform from `low`, above it to `high`. Draws are keyed by seed and path,
//! so another uncertain key moves none of the others.

use serde_json::Value as Json;

use crate::convert::{nearest, whole};
use crate::engine::draw::{Key, Lineage, Seed};
use crate::scenario::difference::{Change, Step, exact, inline};
use crate::scenario::format;
use crate::stats::quantile::sample_quantile;
use crate::stats::rank::Ranks;
use crate::stats::special::normal_upper_quantile;
use crate::units::{Bytes, Rate, SimDuration};

mod sizes;

pub use sizes::{SizeUnit, Sizes};

/// Maximum number of variants; more are taken for a mistake.
pub const MOST: usize = 1_000_000;

/// A key and the values it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Path of the key, as `--set` takes it.
    pub path: String,
    /// Its values, as `--set` takes them.
    pub values: Vec<String>,
}

impl Axis {
    /// Reads `PATH=a,b,c`. A comma inside brackets, braces or quotes does not separate values.
    ///
    /// # Errors
    ///
    /// A message for the user.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("write it as workload.visitors.rate=20/s,30/s, not `{text}`");
        let (mut depth, mut quote) = (0_i32, None);
        let mut equals = None;
        let mut parts: Vec<usize> = Vec::new();
        for (at, letter) in text.char_indices() {
            match (quote, letter) {
                (Some(open), _) if open == letter => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => quote = Some(letter),
                (None, '[' | '{') => depth += 1,
                (None, ']' | '}') => depth -= 1,
                (None, '=') if depth == 0 && equals.is_none() => equals = Some(at),
                (None, ',') if depth == 0 && equals.is_some() => parts.push(at),
                _ => {}
            }
        }
        let equals = equals.filter(|at| *at > 0).ok_or_else(wrong)?;
        parts.push(text.len());
        let mut values = Vec::new();
        let mut start = equals + 1;
        for end in parts {
            let value = text[start..end].trim();
            if value.is_empty() {
                return Err(wrong());
            }
            if values.iter().any(|other| other == value) {
                return Err(format!("`{value}` stands twice in `{text}`"));
            }
            values.push(value.to_string());
            start = end + 1;
        }
        Ok(Self { path: text[..equals].trim().to_string(), values })
    }
}

/// Changes to the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// Paths with their values.
    pub changes: Vec<(String, String)>,
}

impl Variant {
    /// Returns the changes as `--set` takes them.
    #[must_use]
    pub fn assignments(&self) -> Vec<String> {
        self.changes.iter().map(|(path, value)| format!("{path}={value}")).collect()
    }

    /// Returns the changes in words.
    #[must_use]
    pub fn words(&self) -> String {
        if self.changes.is_empty() {
            "as the file is".into()
        } else {
            self.assignments().join(", ")
        }
    }
}

/// Returns all combinations, the last axis fastest; `None` when there are more than [`MOST`].
#[must_use]
pub fn product(axes: &[Axis]) -> Option<Vec<Variant>> {
    let count =
        axes.iter().try_fold(1_usize, |count, axis| count.checked_mul(axis.values.len()))?;
    if count > MOST {
        return None;
    }
    let mut all = vec![Variant::default()];
    for axis in axes {
        let longer = |one: &Variant| {
            let one = one.clone();
            axis.values.iter().map(move |value| {
                let mut next = one.clone();
                next.changes.push((axis.path.clone(), value.clone()));
                next
            })
        };
        all = all.iter().flat_map(longer).collect();
    }
    Some(all)
}

/// Reads the variants of a table (CSV). Its first row has the paths, each other row the values of one variant, both as
/// `--set` takes them. An empty field leaves a key as it is in the file.
///
/// # Errors
///
/// A message for the user, with the line.
pub fn listed(table: &str) -> Result<Vec<Variant>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(table.as_bytes());
    let paths: Vec<String> =
        reader.headers().map_err(|error| error.to_string())?.iter().map(str::to_string).collect();
    if paths.is_empty() {
        return Err("it is empty; its first row has the paths".into());
    }
    for (at, path) in paths.iter().enumerate() {
        if path.is_empty() {
            return Err(format!("column {} has no path in the first row", at + 1));
        }
        if paths[..at].contains(path) {
            return Err(format!("`{path}` has two columns"));
        }
    }
    let mut all: Vec<Variant> = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| error.to_string())?;
        let given = paths.iter().zip(&row).filter(|(_, value)| !value.is_empty());
        let changes = given.map(|(path, value)| (path.clone(), value.to_string())).collect();
        all.push(Variant { changes });
        if all.len() > MOST {
            return Err(format!("these are more than {MOST} variants"));
        }
    }
    if all.is_empty() {
        return Err("no row follows the paths in the first one".into());
    }
    Ok(all)
}

/// Key with an uncertain value.
#[derive(Clone, Debug, PartialEq)]
pub struct Uncertain {
    /// Path of the key.
    pub path: String,
    /// Its value.
    pub value: Json,
    /// Lowest value.
    pub low: Option<Json>,
    /// Highest value.
    pub high: Option<Json>,
}

/// Returns the uncertain keys of a canonical form, in its order.
#[must_use]
pub fn uncertain(form: &Json) -> Vec<Uncertain> {
    fn walk(item: &Json, way: &mut Vec<Step>, found: &mut Vec<Uncertain>) {
        match item {
            Json::Object(entries) => {
                let ends = [entries.get("low"), entries.get("high")];
                if let (Some(value), true) =
                    (entries.get("value"), ends.iter().any(Option::is_some))
                {
                    let path = Change { way: way.clone(), old: None, new: None }.path();
                    let [low, high] = ends.map(|end| end.cloned());
                    found.push(Uncertain { path, value: value.clone(), low, high });
                    return;
                }
                for (key, below) in entries {
                    way.push(Step::Key(key.clone()));
                    walk(below, way, found);
                    way.pop();
                }
            }
            Json::Array(items) => {
                for (at, below) in items.iter().enumerate() {
                    way.push(Step::Index(at));
                    walk(below, way, found);
                    way.pop();
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(form, &mut Vec::new(), &mut found);
    found
}

/// Returns the file as it is, then each key at its low and at its high end, with the others unchanged.
#[must_use]
pub fn tornado(keys: &[Uncertain]) -> Vec<Variant> {
    let mut all = vec![Variant::default()];
    for key in keys {
        for end in [&key.low, &key.high].into_iter().flatten() {
            all.push(Variant { changes: vec![(key.path.clone(), exact(end))] });
        }
    }
    all
}

/// Returns `count` variants in which every key with both ends takes a value of each of its strata once.
///
/// # Errors
///
/// A message for the user: a key with ends between which no value exists.
pub fn latin_hypercube(keys: &[Uncertain], count: u32, seed: u64) -> Result<Vec<Variant>, String> {
    let mut all = vec![Variant::default(); count as usize];
    for key in keys {
        let (Some(low), Some(high)) = (&key.low, &key.high) else { continue };
        // The names of format 1 key the draws, so that a renamed key keeps its values.
        let keyed = format::old_path(&key.path);
        let draws =
            |purpose: &str| Key::derive(Seed(seed), Lineage::replication(0), purpose, &keyed);
        let (order, place) = (draws("latin-hypercube.order"), draws("latin-hypercube.place"));
        let mut strata: Vec<u32> = (0..count).collect();
        strata.sort_by_key(|at| (order.bits(u64::from(*at), 0), *at));
        for (variant, stratum) in all.iter_mut().zip(&strata) {
            let within = place.uniform(u64::from(*stratum), 0);
            let share = (f64::from(*stratum) + within) / f64::from(count);
            let value = between(low, &key.value, high, share).ok_or_else(|| {
                format!(
                    "`{}`: between {} and {} no value can be drawn: write all three in one unit",
                    key.path,
                    inline(low, false),
                    inline(high, false)
                )
            })?;
            variant.changes.push((key.path.clone(), value));
        }
    }
    Ok(all)
}

/// Returns the value at a share of the distribution whose median is `value`.
fn between(low: &Json, value: &Json, high: &Json, share: f64) -> Option<String> {
    let at = |low: f64, value: f64, high: f64| {
        if share < 0.5 {
            low + (value - low) * 2.0 * share
        } else {
            value + (high - value) * (2.0 * share - 1.0)
        }
    };
    let all = [low, value, high];
    if let [Some(a), Some(b), Some(c)] = all.map(Json::as_f64) {
        let found = at(a, b, c);
        let whole = all.iter().all(|one| one.is_u64() || one.is_i64());
        return Some(if whole { format!("{}", found.round()) } else { format!("{found:?}") });
    }
    let texts = all.map(|one| one.as_str().unwrap_or_default());
    if let [Ok(a), Ok(b), Ok(c)] = texts.map(SimDuration::parse) {
        let nanos = at(a.nanos() as f64, b.nanos() as f64, c.nanos() as f64);
        return Some(SimDuration::from_nanos(whole::u64(nanos.round().max(0.0))).to_string());
    }
    if let [Ok(a), Ok(b), Ok(c)] = texts.map(Rate::parse) {
        let rate = at(a.in_per_second(), b.in_per_second(), c.in_per_second());
        if rate == 0.0 {
            // Zero has no size that would choose a unit: it takes that of the upper end.
            let most = inline(&Json::String(texts[2].into()), false);
            let per = most.rsplit_once('/').map_or("s", |(_, per)| per);
            return Some(format!("0/{per}"));
        }
        return Some(inline(&Json::String(format!("{rate}/s")), false));
    }
    if let [Ok(a), Ok(b), Ok(c)] = texts.map(Bytes::parse) {
        let drawn = at(a.count() as f64, b.count() as f64, c.count() as f64);
        return Some(Bytes::new(nearest(drawn)).to_string());
    }
    if let [Some((before, a, after)), Some(b), Some(c)] = texts.map(parted)
        && [b, c].iter().all(|other| (other.0, other.2) == (before, after))
    {
        return Some(format!("{before}{}{after}", at(a, b.1, c.1)));
    }
    None
}

/// Distribution of a figure over drawn variants.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Its path.
    pub figure: String,
    /// Number of variants that have it.
    pub variants: usize,
    /// Minimum, median and maximum.
    pub least: f64,
    /// See [`Self::least`].
    pub median: f64,
    /// See [`Self::least`].
    pub most: f64,
    /// 5th and 95th percentile over the variants; `None` for fewer than twenty variants.
    pub sides: Option<(f64, f64)>,
    /// Keys correlated with it, the strongest first: path and rank correlation. Correlations within chance are left
    /// out: of twenty unrelated keys one is kept.
    pub moved_by: Vec<(String, f64)>,
}

/// Minimum number of variants for the percentiles.
const SIDES: usize = 20;

/// Keys of drawn variants, with the ranks of their values.
pub struct Drawn {
    paths: Vec<String>,
    /// Sizes per key, then per variant; `None` for values without a size.
    sizes: Vec<Option<Vec<f64>>>,
    ranks: Vec<Option<Ranks>>,
}

impl Drawn {
    /// Builds it from the changes of each variant, all with the same keys in one order.
    #[must_use]
    pub fn of(changes: &[&[(String, String)]]) -> Self {
        let keys = changes.first().map_or(&[][..], |first| *first);
        let size = |at: usize| {
            let sizes = changes.iter().map(|changes| number(&changes.get(at)?.1));
            sizes.collect::<Option<Vec<f64>>>()
        };
        let sizes: Vec<Option<Vec<f64>>> = (0..keys.len()).map(size).collect();
        let ranks = sizes.iter().map(|sizes| Ranks::of(sizes.as_deref()?).ok()).collect();
        Self { paths: keys.iter().map(|(path, _)| path.clone()).collect(), sizes, ranks }
    }
}

impl Spread {
    /// Computes it from a figure's values, by variant as in `drawn`; `None` if fewer than three have one.
    #[must_use]
    pub fn of(figure: &str, values: &[Option<f64>], drawn: &Drawn) -> Option<Self> {
        let all: Vec<f64> = values.iter().copied().flatten().collect();
        if all.len() < 3 || all.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let mut sorted = all.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |q: f64| sample_quantile(&sorted, q).ok();
        let sides = (all.len() >= SIDES).then(|| at(0.05).zip(at(0.95))).flatten();
        // For independent ranks the correlation has a variance of 1 ÷ (n − 1).
        let chance = normal_upper_quantile(0.025) / ((all.len() - 1) as f64).sqrt();
        let own = Ranks::of(&all).ok();
        let moves = |at: usize| {
            let own = own.as_ref()?;
            let found = if all.len() == values.len() {
                own.correlation(drawn.ranks[at].as_ref()?)
            } else {
                let there = drawn.sizes[at].as_ref()?.iter().zip(values);
                let there: Vec<f64> =
                    there.filter(|(_, value)| value.is_some()).map(|(size, _)| *size).collect();
                own.correlation(&Ranks::of(&there).ok()?)
            };
            let found = found.ok()?;
            (found.abs() > chance).then(|| (drawn.paths[at].clone(), found))
        };
        let mut moved_by: Vec<(String, f64)> = (0..drawn.paths.len()).filter_map(moves).collect();
        moved_by.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then_with(|| a.0.cmp(&b.0)));
        Some(Self {
            figure: figure.to_string(),
            variants: all.len(),
            least: sorted[0],
            median: at(0.5)?,
            most: sorted[sorted.len() - 1],
            sides,
            moved_by,
        })
    }
}

/// Returns the size of a quantity, in one unit for all values of a key.
pub(in crate::study) fn number(text: &str) -> Option<f64> {
    let plain = text.parse().ok();
    let time = || Some(SimDuration::parse(text).ok()?.nanos() as f64);
    let rate = || Some(Rate::parse(text).ok()?.in_per_second());
    let size = || Some(Bytes::parse(text).ok()?.count() as f64);
    plain.or_else(time).or_else(rate).or_else(size).or_else(|| Some(parted(text)?.1))
}

/// Splits a quantity into the text before its number, the number, and the text after it.
fn parted(text: &str) -> Option<(&str, f64, &str)> {
    let from = text.find(|c: char| c.is_ascii_digit())?;
    let after = text[from..].find(|c: char| !c.is_ascii_digit() && c != '.');
    let until = after.map_or(text.len(), |after| from + after);
    Some((&text[..from], text[from..until].parse().ok()?, &text[until..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_parted_by_commas_that_stand_alone() {
        let axis = Axis::parse("zone.www.on=[\"a\", \"b\"],{ x = \"1,2\" } , 3").unwrap();
        assert_eq!(axis.path, "zone.www.on");
        assert_eq!(axis.values, ["[\"a\", \"b\"]", "{ x = \"1,2\" }", "3"]);
        let axis = Axis::parse("request.page.steps[2].read=5,6").unwrap();
        assert_eq!((axis.path.as_str(), axis.values.len()), ("request.page.steps[2].read", 2));
        for wrong in ["rate", "=1,2", "rate=", "rate=1,,2", "rate=1,1"] {
            assert!(Axis::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_table_lists_variants_and_what_it_leaves_empty_stays_as_it_is() {
        let table =
            "zone.web.count, zone.web.on\n# a pair\n2,\"[\"\"a\"\", \"\"b\"\"]\"\n\n4,\n,\n";
        let all: Vec<String> = listed(table).unwrap().iter().map(Variant::words).collect();
        assert_eq!(
            all,
            ["zone.web.count=2, zone.web.on=[\"a\", \"b\"]", "zone.web.count=4", "as the file is"]
        );
        for (wrong, told) in [
            ("", "it is empty"),
            ("a\n", "no row"),
            ("a,a\n1,2\n", "`a` has two columns"),
            ("a,\n1,2\n", "column 2 has no path"),
            ("a,b\n1,2\n3\n", "line: 3"),
        ] {
            let said = listed(wrong).unwrap_err();
            assert!(said.contains(told), "{wrong:?}: {said}");
        }
    }

    #[test]
    fn all_combinations_come_once_the_last_axis_fastest() {
        let axes = ["a=1,2", "b=x,y,z"].map(|text| Axis::parse(text).unwrap());
        let all: Vec<String> = product(&axes).unwrap().iter().map(Variant::words).collect();
        assert_eq!(all, ["a=1, b=x", "a=1, b=y", "a=1, b=z", "a=2, b=x", "a=2, b=y", "a=2, b=z"]);
        let many: Vec<String> = (0..1_001).map(|n| n.to_string()).collect();
        let axis = Axis { path: "a".into(), values: many };
        assert!(product(&[axis.clone(), axis]).is_none());
    }

    #[test]
    fn between_prices_and_sizes_of_one_unit_a_value_is_drawn() {
        let drawn = |low: &str, value: &str, high: &str, share: f64| {
            between(&json!(low), &json!(value), &json!(high), share)
        };
        assert_eq!(drawn("$0.15/GB", "$0.3/GB", "$0.5/GB", 0.75).unwrap(), "$0.4/GB");
        assert_eq!(drawn("1GiB", "2GiB", "4GiB", 0.25).unwrap(), "1536MiB");
        assert_eq!(drawn("512MiB", "1GiB", "4GiB", 0.0).unwrap(), "512MiB");
        assert_eq!(drawn("$1/GB", "$2/TB", "$4/TB", 0.25), None);
        assert_eq!(drawn("0/y", "2/y", "4/y", 0.0).unwrap(), "0/y");
    }

    /// A figure that follows one key of two, with a little noise from no key.
    #[test]
    fn what_moves_a_figure_is_found_among_the_keys() {
        let key = |path: &str| Uncertain {
            path: path.into(),
            value: json!("4h"),
            low: Some(json!("1h")),
            high: Some(json!("12h")),
        };
        let all = latin_hypercube(&[key("repair"), key("colour")], 40, 1).unwrap();
        let hours = |variant: &Variant, at: usize| number(&variant.changes[at].1).unwrap() / 3.6e12;
        let figure = |(at, one): (usize, &Variant)| -hours(one, 0) + (at % 3) as f64;
        let values: Vec<f64> = all.iter().enumerate().map(figure).collect();
        // By chance a second key would be kept for one seed in twenty.
        let changes: Vec<&[(String, String)]> = all.iter().map(|one| &*one.changes).collect();
        let drawn = Drawn::of(&changes);
        let mut values: Vec<Option<f64>> = values.into_iter().map(Some).collect();
        let spread = Spread::of("x", &values, &drawn).unwrap();
        let paths: Vec<&str> = spread.moved_by.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["repair"], "{spread:?}");
        assert!(spread.moved_by[0].1 < -0.9, "{spread:?}");
        let (low, high) = spread.sides.unwrap();
        assert!(spread.least < low && low < spread.median && spread.median < high, "{spread:?}");
        assert!(high < spread.most && spread.variants == 40, "{spread:?}");
        // Nineteen variants have no percentiles, and two no distribution.
        values[19..].fill(None);
        let few = Spread::of("x", &values, &drawn).unwrap();
        assert_eq!((few.variants, few.sides), (19, None));
        assert_eq!(few.moved_by.first().map(|(path, _)| path.as_str()), Some("repair"), "{few:?}");
        values[2..].fill(None);
        assert_eq!(Spread::of("x", &values, &drawn), None);
    }

    fn form() -> Json {
        json!({
            "fault": { "disk": { "repair": { "value": "4h", "low": "1h", "high": "12h" } } },
            "run": { "seed": 1 },
            "zone": { "web": { "count": { "value": 4, "low": 2, "high": 8 }, "cap": { "value": "2 cores", "low": "1 core" } } },
        })
    }

    #[test]
    fn a_tornado_takes_one_key_to_one_end_at_a_time() {
        let all: Vec<String> = tornado(&uncertain(&form())).iter().map(Variant::words).collect();
        assert_eq!(
            all,
            [
                "as the file is",
                "fault.disk.repair=1h",
                "fault.disk.repair=12h",
                "zone.web.count=2",
                "zone.web.count=8",
                "zone.web.cap=1 core",
            ]
        );
    }

    #[test]
    fn a_rate_of_faults_is_told_by_the_year_and_is_the_same_rate() {
        let exact = |text: &str| json!(format!("{}/s", Rate::parse(text).unwrap().in_per_second()));
        let ends = ["0.24/y", "5.2/y"];
        let [low, high] = ends.map(|end| Some(exact(end)));
        let key = Uncertain { path: "rate".into(), value: exact("1.04/y"), low, high };
        let all = tornado(std::slice::from_ref(&key));
        for (variant, end) in all[1..].iter().zip(ends) {
            assert_eq!(variant.words(), format!("rate={end}"));
            assert_eq!(Rate::parse(&variant.changes[0].1), Rate::parse(end));
        }
        let drawn = latin_hypercube(&[key], 2, 1).unwrap();
        assert!(drawn.iter().all(|variant| variant.words().ends_with("/y")), "{drawn:?}");
    }

    /// Each of the n strata once; half of the values at or below `value`; another key moves none.
    #[test]
    fn a_latin_hypercube_takes_every_stratum_once() {
        let keys = uncertain(&form());
        let all = latin_hypercube(&keys, 8, 1).unwrap();
        let hours = |variant: &Variant| {
            SimDuration::parse(&variant.changes[0].1).unwrap().seconds() / 3_600.0
        };
        let mut found: Vec<f64> = all.iter().map(hours).collect();
        let drawn = found.clone();
        found.sort_by(f64::total_cmp);
        for (at, value) in found.iter().enumerate() {
            // Strata of 3/4 h below 4 h, of 2 h above.
            let edge = |at: usize| {
                if at <= 4 { 1.0 + 0.75 * at as f64 } else { 4.0 + 2.0 * (at - 4) as f64 }
            };
            assert!((edge(at)..=edge(at + 1)).contains(value), "{at}: {value}");
        }
        let alone = latin_hypercube(&keys[..1], 8, 1).unwrap();
        assert_eq!(alone.iter().map(hours).collect::<Vec<_>>(), drawn);
        assert_ne!(latin_hypercube(&keys[..1], 8, 2).unwrap(), alone);
        assert!(all.iter().all(|variant| variant.changes[1].1.parse::<u32>().is_ok()));
        // One end alone is no interval.
        assert!(all.iter().all(|variant| variant.changes.len() == 2));
    }
}
