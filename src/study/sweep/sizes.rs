//! Sizes of the values of a key, for an axis.

use super::parted;
use crate::units::{Bytes, Rate, SimDuration};

/// Sizes of all values of a key, in one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Sizes {
    /// One size per value.
    pub values: Vec<f64>,
    /// Their unit.
    pub unit: SizeUnit,
}

/// The unit of sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SizeUnit {
    /// Numbers.
    None,
    /// Seconds.
    Seconds,
    /// Per second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// The texts before and after the number.
    Around(String, String),
}

impl Sizes {
    /// Reads the values of a key; `None` if they are no quantities of one unit.
    #[must_use]
    pub fn of(texts: &[&str]) -> Option<Self> {
        let all = |unit, read: &dyn Fn(&str) -> Option<f64>| {
            let values: Option<Vec<f64>> = texts.iter().map(|text| read(text)).collect();
            let values = values.filter(|values| values.iter().all(|value| value.is_finite()))?;
            Some(Self { values, unit })
        };
        let around = |text: &str| {
            let (before, _, after) = parted(text)?;
            let short = matches!(before, "" | "$" | "-") && after.len() <= 12;
            short.then(|| (before.to_string(), after.trim().to_string()))
        };
        let first = around(texts.first()?);
        let same = |text: &str| {
            let (_, value, _) = parted(text)?;
            (around(text)? == *first.as_ref()?).then_some(value)
        };
        all(SizeUnit::None, &|text| text.trim().parse().ok())
            .or_else(|| {
                all(SizeUnit::Seconds, &|text| Some(SimDuration::parse(text).ok()?.seconds()))
            })
            .or_else(|| {
                all(SizeUnit::PerSecond, &|text| Some(Rate::parse(text).ok()?.in_per_second()))
            })
            .or_else(|| all(SizeUnit::Bytes, &|text| Some(Bytes::parse(text).ok()?.count() as f64)))
            .or_else(|| {
                let (before, after) = first.clone()?;
                all(SizeUnit::Around(before, after), &same)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_of_one_unit_have_sizes_and_words_have_none() {
        let read = |texts: &[&str]| Sizes::of(texts).map(|sizes| (sizes.values, sizes.unit));
        assert_eq!(read(&["2", "4.5"]), Some((vec![2.0, 4.5], SizeUnit::None)));
        assert_eq!(read(&["30s", "1h"]), Some((vec![30.0, 3600.0], SizeUnit::Seconds)));
        assert_eq!(read(&["20/s", "60/min"]), Some((vec![20.0, 1.0], SizeUnit::PerSecond)));
        assert_eq!(read(&["1KiB", "2KiB"]), Some((vec![1024.0, 2048.0], SizeUnit::Bytes)));
        let price = SizeUnit::Around("$".into(), "/month".into());
        assert_eq!(read(&["$250/month", "$300/month"]), Some((vec![250.0, 300.0], price)));
        for words in [&["async", "semi-sync"][..], &["20/s", "2"], &["{ a = 1 }", "{ a = 2 }"], &[]]
        {
            assert_eq!(read(words), None, "{words:?}");
        }
    }
}
