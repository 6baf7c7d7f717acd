//! Ranges of keys over which a claim is tried, and all combinations of their values.

use super::unquoted;
use crate::study::sweep::{Axis, Variant, number};

/// Maximum number of points; more are taken for a mistake.
pub const MOST_POINTS: usize = 200;

/// Keys that change together, value by value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// Description of the keys.
    pub words: String,
    /// One axis per key, all with equally many values.
    pub axes: Vec<Axis>,
}

impl Range {
    /// Reads the `vary` of a range.
    ///
    /// # Errors
    ///
    /// A message for the user.
    pub fn parse(vary: &[&str], words: Option<&str>) -> Result<Self, String> {
        let axes: Result<Vec<Axis>, String> = vary.iter().map(|text| Axis::parse(text)).collect();
        let axes = axes?;
        let count = axes.first().map_or(0, |axis| axis.values.len());
        if let Some(other) = axes.iter().find(|axis| axis.values.len() != count) {
            let (first, other) = (&axes[0].path, &other.path);
            return Err(format!(
                "`{first}` and `{other}` change together and have not as many values"
            ));
        }
        for (at, axis) in axes.iter().enumerate() {
            if axes[..at].iter().any(|other| other.path == axis.path) {
                return Err(format!("`{}` is varied twice", axis.path));
            }
        }
        let words = words.map_or_else(|| axes[0].path.clone(), String::from);
        Ok(Self { words, axes })
    }

    /// Returns the values as printed in tables: those of the first key.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.axes[0].values
    }

    /// Returns the words with the values: `cores: 2, 4, 8`.
    #[must_use]
    pub fn text(&self) -> String {
        let values: Vec<&str> = self.values().iter().map(|value| unquoted(value)).collect();
        format!("{}: {}", self.words, values.join(", "))
    }

    /// Returns the size of each value, if all have one and they rise.
    #[must_use]
    pub fn rising(&self) -> Option<Vec<f64>> {
        let sizes: Option<Vec<f64>> = self.values().iter().map(|value| number(value)).collect();
        sizes.filter(|sizes| sizes.windows(2).all(|pair| pair[0] < pair[1]))
    }
}

/// Point of the combined ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// Index of the value per range.
    pub places: Vec<usize>,
    /// Changes to the files. A key with `scenario:` in front applies to that scenario alone.
    pub variant: Variant,
}

/// Returns all combinations of the ranges, the last fastest; `None` if there are more than [`MOST_POINTS`].
#[must_use]
pub fn points(ranges: &[Range]) -> Option<Vec<At>> {
    let count =
        ranges.iter().try_fold(1_usize, |count, one| count.checked_mul(one.values().len()))?;
    if count > MOST_POINTS {
        return None;
    }
    let mut all = vec![At::as_it_is()];
    for range in ranges {
        let longer = |one: &At| {
            let one = one.clone();
            (0..range.values().len()).map(move |place| {
                let mut next = one.clone();
                next.places.push(place);
                let own =
                    range.axes.iter().map(|axis| (axis.path.clone(), axis.values[place].clone()));
                next.variant.changes.extend(own);
                next
            })
        };
        all = all.iter().flat_map(longer).collect();
    }
    Some(all)
}

impl At {
    /// Returns the point of the files as they are: no value of any range.
    #[must_use]
    pub fn as_it_is() -> Self {
        Self { places: Vec::new(), variant: Variant::default() }
    }

    /// Returns the changes to the file of `scenario`.
    #[must_use]
    pub fn assignments(&self, scenario: &str) -> Vec<String> {
        let of_it = |(path, value): &(String, String)| match path.split_once(':') {
            Some((name, _)) if name.trim() != scenario => None,
            Some((_, path)) => Some(format!("{path}={value}")),
            None => Some(format!("{path}={value}")),
        };
        self.variant.changes.iter().filter_map(of_it).collect()
    }
}
