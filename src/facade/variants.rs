//! Variants of a scenario: all combinations of values, and the ranges of its uncertain keys.
//!
//! In: a scenario without errors. Out: its variants, in a fixed order. The command `sweep` and Rust programs generate
//! them here.

use std::collections::BTreeMap;

use super::error::{Error, Kind};
use super::scenario::Scenario;
use super::value::Value;
use crate::plan::Draft;
use crate::scenario::render::shown;
use crate::scenario::value::Value as _;
use crate::study::sweep::{
    Axis, MOST, Uncertain, Variant, latin_hypercube, product, tornado, uncertain,
};

impl Scenario {
    /// Returns one variant per combination of the values of several keys, the last key changing fastest. All variants
    /// are checked before any is run.
    ///
    /// # Errors
    ///
    /// The diagnostics of the first variant with errors; a key without values or that stands twice; two variants that are the
    /// same model; more than a million variants.
    ///
    /// ```
    /// # use fivenines::{Scenario, Value};
    /// let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?;
    /// let servers = ("station.web.servers", vec![Value::from(1), 2.into()]);
    /// let rates = ("workload.jobs.rate", vec![Value::per_second(70.0), Value::per_second(80.0)]);
    /// let variants = desk.combinations([servers, rates])?;
    /// assert_eq!(variants.len(), 4);
    /// assert_eq!(variants[1].changes(), ["station.web.servers=1", "workload.jobs.rate=\"80/s\""]);
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn combinations<'a, V: Into<Value>>(
        &self,
        axes: impl IntoIterator<Item = (&'a str, impl IntoIterator<Item = V>)>,
    ) -> Result<Vec<Self>, Error> {
        let axis =
            |(path, values): (&str, _)| Axis { path: path.to_string(), values: texts(values) };
        let axes: Vec<Axis> = axes.into_iter().map(axis).collect();
        self.varied(combined(&axes)?)
    }

    /// Returns the scenario as it is, then one variant per end of the range of each uncertain key (`low`, `high`), the
    /// other keys unchanged.
    ///
    /// # Errors
    ///
    /// A scenario without uncertain keys; the diagnostics of the first variant with errors; two variants that are the
    /// same model.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?;
    /// assert!(desk.tornado().is_err(), "no key has a range");
    ///
    /// let range = [("value", "80/s"), ("low", "60/s"), ("high", "90/s")];
    /// let rate = range.iter().fold(fivenines::Value::table(), |rate, (key, text)| rate.with(key, *text));
    /// let variants = desk.with("workload.jobs.rate", rate)?.tornado()?;
    /// assert_eq!(variants.len(), 3);
    /// assert_eq!(variants[2].changes().last().unwrap(), "workload.jobs.rate=90/s");
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn tornado(&self) -> Result<Vec<Self>, Error> {
        self.varied(tornado(&ranges(self.draft())?))
    }

    /// Returns `count` variants whose uncertain keys are drawn from their ranges: a Latin hypercube. The range of each
    /// key has `count` parts of equal probability, and each part is drawn from once. `value` is the median. Draws follow
    /// from the seed of the scenario and the path of the key.
    ///
    /// # Errors
    ///
    /// A scenario without a key that has both ends of a range; a range in which no value can be drawn; no variant, or more than a million;
    /// the diagnostics of the first variant with errors; two variants that are the same model.
    ///
    /// ```
    /// # use fivenines::{Scenario, Value};
    /// let rate = Value::table().with("value", "80/s").with("low", "60/s").with("high", "90/s");
    /// let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("workload.jobs.rate", rate)?;
    /// let variants = desk.latin_hypercube(8)?;
    /// assert_eq!(variants.len(), 8);
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn latin_hypercube(&self, count: u32) -> Result<Vec<Self>, Error> {
        if count == 0 || usize::try_from(count).is_ok_and(|count| count > MOST) {
            return Err(wrong(format!("{count} variants: a Latin hypercube has 1 to {MOST}")));
        }
        self.varied(drawn(self.draft(), count)?)
    }

    /// Checks the variants, which are different models.
    fn varied(&self, variants: Vec<Variant>) -> Result<Vec<Self>, Error> {
        let mut models: BTreeMap<String, String> = BTreeMap::new();
        let mut all = Vec::with_capacity(variants.len());
        for variant in variants {
            let scenario = self.assigning(variant.assignments())?;
            if let Some(other) = models.insert(scenario.digest().to_string(), variant.words()) {
                return Err(same_model(&other, &variant.words()));
            }
            all.push(scenario);
        }
        Ok(all)
    }
}

/// Returns the values as `--set` takes them.
fn texts<V: Into<Value>>(values: impl IntoIterator<Item = V>) -> Vec<String> {
    values.into_iter().map(|value| value.into().to_string()).collect()
}

fn wrong(message: String) -> Error {
    Error::new(Kind::Usage, message)
}

/// Returns the error of two variants, described in words, whose models are equal.
pub(super) fn same_model(one: &str, two: &str) -> Error {
    let (one, two) = (shown(one), shown(two));
    wrong(format!("two variants are the same model: {one} and {two}"))
}

/// Returns all combinations of the values of keys that are all different.
///
/// # Errors
///
/// A key that stands twice; too many variants.
pub(super) fn combined(axes: &[Axis]) -> Result<Vec<Variant>, Error> {
    for (at, axis) in axes.iter().enumerate() {
        if axes[..at].iter().any(|other| other.path == axis.path) {
            return Err(wrong(format!("`{}` is varied twice", shown(&axis.path))));
        }
        if axis.values.is_empty() {
            return Err(wrong(format!("`{}` has no values", shown(&axis.path))));
        }
    }
    product(axes).ok_or_else(|| wrong(format!("this gives more than {MOST} variants")))
}

/// Returns the uncertain keys of a scenario.
///
/// # Errors
///
/// A scenario that has none.
pub(super) fn ranges(draft: &Draft) -> Result<Vec<Uncertain>, Error> {
    let keys = uncertain(&draft.as_written().canonical());
    if keys.is_empty() {
        let message = "no key of this scenario has a range of uncertainty (`low` and `high`)";
        let help = "write `{ value = \"4h\", low = \"1h\", high = \"12h\" }` for a value, or give the values of keys";
        return Err(wrong(message.to_string()).with_help(Some(help.to_string())));
    }
    Ok(keys)
}

/// Returns `count` variants whose uncertain keys are drawn from their ranges.
///
/// # Errors
///
/// A scenario without uncertain keys, or of which none has both ends; a range in which no value can be drawn.
pub(super) fn drawn(draft: &Draft, count: u32) -> Result<Vec<Variant>, Error> {
    let keys = ranges(draft)?;
    if !keys.iter().any(|key| key.low.is_some() && key.high.is_some()) {
        let message = "no key of this scenario has both ends of a range (`low` and `high`)";
        return Err(wrong(message.to_string()));
    }
    latin_hypercube(&keys, count, draft.scenario.run.seed.value).map_err(wrong)
}
