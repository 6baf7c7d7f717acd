//! Variants of a scenario: what a sweep runs.
//!
//! In: axes (`PATH=a,b,c`), a table of variants, or the keys of a scenario that say how uncertain they are (`low`, `high`).
//! Out: variants, each a list of assignments to lay over the file, in a fixed order. Three ways: all
//! combinations; one key at its low and high end at a time (a tornado); a Latin hypercube.
//!
//! Of a Latin hypercube of n variants each key takes one value from each of its n strata, in an order of
//! its own. `value` is the median: below it values are uniform from `low`, above it to `high`. Draws
//! are keyed by seed and path, so that another uncertain key moves none of the others.
//! Leaves out: correlation between keys.

use serde_json::Value as Json;

use crate::engine::draw::{Key, Lineage, Seed};
use crate::scenario::difference::{Change, Step, inline};
use crate::units::{Rate, SimDuration};

/// More variants than these are a mistake.
pub const MOST: usize = 1_000_000;

/// A key and the values it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The way to it, as `--set` takes it.
    pub path: String,
    /// Its values, as `--set` takes them.
    pub values: Vec<String>,
}

impl Axis {
    /// Reads `PATH=a,b,c`. A comma inside brackets, braces or quotes parts nothing.
    ///
    /// # Errors
    ///
    /// A sentence for the user.
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

/// What is laid over the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// Paths with their values.
    pub changes: Vec<(String, String)>,
}

impl Variant {
    /// As `--set` takes them.
    #[must_use]
    pub fn assignments(&self) -> Vec<String> {
        self.changes.iter().map(|(path, value)| format!("{path}={value}")).collect()
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        if self.changes.is_empty() {
            "as the file is".into()
        } else {
            self.assignments().join(", ")
        }
    }
}

/// All combinations, the last axis fastest; `None` when there are too many.
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

/// The variants of a table (CSV): its first row has the paths, each other row the values of one variant, both as
/// `--set` takes them. An empty field leaves a key as it is in the file.
///
/// # Errors
///
/// A sentence for the user, with the line.
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

/// A key that says how uncertain it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Uncertain {
    /// The way to it.
    pub path: String,
    /// Its value.
    pub value: Json,
    /// The least that it may be.
    pub low: Option<Json>,
    /// The most.
    pub high: Option<Json>,
}

/// The uncertain keys of a canonical form, in its order.
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

/// The file as it is, then each key at its low and at its high end, the others as they are.
#[must_use]
pub fn tornado(keys: &[Uncertain]) -> Vec<Variant> {
    let mut all = vec![Variant::default()];
    for key in keys {
        for end in [&key.low, &key.high].into_iter().flatten() {
            all.push(Variant { changes: vec![(key.path.clone(), inline(end, true))] });
        }
    }
    all
}

/// `count` variants in which every key with both ends takes a value of each of its strata once.
///
/// # Errors
///
/// A sentence for the user: a key between whose ends no value can be taken.
pub fn latin_hypercube(keys: &[Uncertain], count: u32, seed: u64) -> Result<Vec<Variant>, String> {
    let mut all = vec![Variant::default(); count as usize];
    for key in keys {
        let (Some(low), Some(high)) = (&key.low, &key.high) else { continue };
        let draws =
            |purpose: &str| Key::derive(Seed(seed), Lineage::replication(0), purpose, &key.path);
        let (order, place) = (draws("latin-hypercube.order"), draws("latin-hypercube.place"));
        let mut strata: Vec<u32> = (0..count).collect();
        strata.sort_by_key(|at| (order.bits(u64::from(*at), 0), *at));
        for (variant, stratum) in all.iter_mut().zip(&strata) {
            let within = place.uniform(u64::from(*stratum), 0);
            let share = (f64::from(*stratum) + within) / f64::from(count);
            let value = between(low, &key.value, high, share).ok_or_else(|| {
                format!(
                    "`{}`: between {} and {} no value can be drawn; only times, rates and plain numbers",
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

/// The value below which a share of all lies, when half lies below `value`.
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
        return Some(SimDuration::from_nanos(nanos.round().max(0.0) as u64).to_string());
    }
    if let [Ok(a), Ok(b), Ok(c)] = texts.map(Rate::parse) {
        return Some(format!("{}/s", at(a.in_per_second(), b.in_per_second(), c.in_per_second())));
    }
    None
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
