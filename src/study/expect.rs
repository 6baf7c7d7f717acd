//! Judged figures: the meaning of `is`, and the verdict on an interval.
//!
//! | `is` | holds when |
//! |---|---|
//! | `"< x"`, `"<= x"`, `"> x"`, `">= x"` | the whole interval lies on that side; a value that is x itself meets `<=` and `>=` alone |
//! | `"x +- y"` | the interval contains x and its half-width is at most y |
//! | `"within y of x"` | the whole interval lies within y of x |
//!
//! y may be a percentage of x. An interval that straddles a bound, or that is wider than asked, is
//! *inconclusive*: never a pass.

use crate::plan::figure::FigureUnit;
use crate::plan::names::split_member;
use crate::scenario::quantity::foreign;
use crate::stats::interval::Interval;
use crate::study::measure::NoValue;
use crate::study::window::Estimate;
use crate::units::{Bandwidth, Energy, Mass, Money, Probability, Rate, SimDuration, Watts};

/// Demand on a figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Demand {
    /// Below.
    Below(f64),
    /// Below, or this value.
    AtMost(f64),
    /// Above.
    Above(f64),
    /// Above, or this value.
    AtLeast(f64),
    /// This value, known to within the second.
    Equals(f64, f64),
    /// Not further than the second from the first.
    Within(f64, f64),
    /// This number of things.
    Exactly(f64),
    /// This name.
    Named(String),
}

/// The verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// The interval cannot tell.
    Inconclusive,
    /// The command, or its flags, do not estimate the figure.
    NotJudged,
}

impl Verdict {
    /// Returns the word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::Inconclusive => "inconclusive",
            Self::NotJudged => "not judged",
        }
    }
}

fn quantity(text: &str, unit: FigureUnit) -> Result<f64, String> {
    let text = text.trim();
    let plain = || text.parse::<f64>().ok().filter(|value| value.is_finite());
    let wrong = |needed: &str| match foreign(text) {
        Some((message, help)) => format!("`{text}`: {message}; {help}"),
        None => format!("`{text}` is not {needed}"),
    };
    match unit {
        FigureUnit::Seconds => SimDuration::parse(text)
            .map(SimDuration::seconds)
            .map_err(|_| wrong("a duration such as \"500ms\"")),
        FigureUnit::PerSecond => Rate::parse(text)
            .ok()
            .map(Rate::in_per_second)
            .or_else(plain)
            .ok_or_else(|| wrong("a rate such as \"40/s\"")),
        FigureUnit::BitsPerSecond => Bandwidth::parse_bits_per_s(text)
            .map(|bits| bits as f64)
            .map_err(|_| wrong("a data rate such as \"8Mbit/s\"")),
        FigureUnit::Ratio => Probability::parse(text)
            .ok()
            .map(Probability::get)
            .or_else(plain)
            .ok_or_else(|| wrong("a share such as 0.95 or \"95%\"")),
        FigureUnit::Count => plain().ok_or_else(|| wrong("a number")),
        FigureUnit::Name => Err(wrong("a name with `=` in front")),
        FigureUnit::DollarsPerMonth => Money::parse(text)
            .ok()
            .map(|money| money.dollars_per_month().unwrap_or_else(|| money.dollars()))
            .or_else(plain)
            .ok_or_else(|| wrong("an amount per month such as \"$250/month\"")),
        FigureUnit::Dollars => Money::parse(text)
            .ok()
            .map(Money::dollars)
            .or_else(plain)
            .ok_or_else(|| wrong("an amount such as \"$12.50\"")),
        FigureUnit::Watts => {
            Watts::parse(text).map(Watts::watts).map_err(|_| wrong("a power such as \"150W\""))
        }
        FigureUnit::Joules => Energy::parse(text)
            .map(Energy::joules)
            .map_err(|_| wrong("an energy such as \"1.5kWh\"")),
        FigureUnit::Grams => {
            Mass::parse(text).map(Mass::grams).map_err(|_| wrong("a mass such as \"12kg\""))
        }
    }
}

/// A tolerance: a percentage of `of`, or a quantity.
fn tolerance(text: &str, of: f64, unit: FigureUnit) -> Result<f64, String> {
    match text.trim().strip_suffix('%') {
        Some(percent) => percent
            .trim()
            .parse::<f64>()
            .map(|percent| (of * percent / 100.0).abs())
            .map_err(|_| format!("`{text}` is not a percentage")),
        None => quantity(text, unit),
    }
}

impl Demand {
    /// Reads `is` for a figure in `unit`.
    ///
    /// # Errors
    ///
    /// A sentence for the user.
    pub fn parse(text: &str, unit: FigureUnit) -> Result<Self, String> {
        let text = text.trim();
        if unit == FigureUnit::Name {
            return match text.strip_prefix('=').map(str::trim) {
                Some(name) if !name.is_empty() => Ok(Self::Named(name.to_string())),
                _ => Err(format!("`{text}` must be \"= name\": the figure is a name")),
            };
        }
        if let Some(number) = text.strip_prefix('=') {
            return match unit {
                FigureUnit::Count => quantity(number, unit).map(Self::Exactly),
                _ => Err(format!(
                    "`{text}`: only a name or a number of things is equal; write \"{} +- 1%\"",
                    number.trim()
                )),
            };
        }
        // The longer sign first.
        for sign in ["<=", ">=", "<", ">"] {
            let Some(rest) = text.strip_prefix(sign) else { continue };
            let bound = quantity(rest, unit)?;
            return Ok(match sign {
                "<=" => Self::AtMost(bound),
                ">=" => Self::AtLeast(bound),
                "<" => Self::Below(bound),
                _ => Self::Above(bound),
            });
        }
        if let Some(rest) = text.strip_prefix("within ") {
            let (margin, value) = rest
                .split_once(" of ")
                .ok_or_else(|| format!("`{text}` must be \"within 10% of 0.42\""))?;
            let value = quantity(value, unit)?;
            return Ok(Self::Within(value, tolerance(margin, value, unit)?));
        }
        if let Some((value, margin)) = text.split_once("+-") {
            let value = quantity(value, unit)?;
            return Ok(Self::Equals(value, tolerance(margin, value, unit)?));
        }
        Err(format!(
            "`{text}` must be \"< 500ms\", \">= 0.99\", \"0.05s +- 1%\" or \"within 10% of 0.42\""
        ))
    }

    /// Returns the demand if its name is one of these words.
    ///
    /// # Errors
    ///
    /// A sentence for the user.
    pub fn of_words(self, words: &[&str]) -> Result<Self, String> {
        match &self {
            Self::Named(word) if !words.contains(&word.as_str()) => {
                let all = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>();
                Err(format!("`{word}` is none of {}", all.join(", ")))
            }
            _ => Ok(self),
        }
    }

    /// Returns the least and largest value that it allows; `None` for a name.
    fn range(&self) -> Option<(f64, f64)> {
        Some(match *self {
            Self::Below(bound) => (f64::NEG_INFINITY, bound.next_down()),
            Self::AtMost(bound) => (f64::NEG_INFINITY, bound),
            Self::Above(bound) => (bound.next_up(), f64::INFINITY),
            Self::AtLeast(bound) => (bound, f64::INFINITY),
            Self::Equals(value, _) | Self::Exactly(value) => (value, value),
            Self::Within(value, margin) => (value - margin, value + margin),
            Self::Named(_) => return None,
        })
    }

    /// Returns the threshold, or the value compared with; `None` for a name.
    #[must_use]
    pub const fn threshold(&self) -> Option<f64> {
        match *self {
            Self::Below(value)
            | Self::AtMost(value)
            | Self::Above(value)
            | Self::AtLeast(value)
            | Self::Equals(value, _)
            | Self::Within(value, _)
            | Self::Exactly(value) => Some(value),
            Self::Named(_) => None,
        }
    }

    /// Returns whether no value between `least` and `most` meets it.
    #[must_use]
    pub fn is_outside(&self, (least, most): (f64, f64)) -> bool {
        self.range().is_some_and(|(low, high)| high < least || low > most)
    }

    /// Returns whether no value meets both.
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> bool {
        match (self.range(), other.range()) {
            (Some((low, high)), Some((other_low, other_high))) => {
                low.max(other_low) > high.min(other_high)
            }
            _ => self != other,
        }
    }

    /// Returns the verdict on `interval`.
    ///
    /// An interval that is a point has no noise except rounding: it agrees with a value to a millionth of it.
    #[must_use]
    pub fn judge(&self, interval: &Interval) -> Verdict {
        let (low, high) = (interval.low, interval.high);
        let exact = high - low <= LAST_BITS * low.abs().max(high.abs());
        let equal = |value: f64| exact && (low - value).abs() <= EXACT * value.abs().max(low.abs());
        let at =
            |bound: f64| exact && (low - bound).abs() <= LAST_BITS * bound.abs().max(low.abs());
        match *self {
            Self::Below(bound) | Self::Above(bound) if at(bound) => Verdict::Fails,
            Self::AtMost(bound) | Self::AtLeast(bound) if at(bound) => Verdict::Holds,
            Self::Below(bound) | Self::AtMost(bound) if high < bound => Verdict::Holds,
            Self::Below(bound) | Self::AtMost(bound) if low > bound => Verdict::Fails,
            Self::Above(bound) | Self::AtLeast(bound) if low > bound => Verdict::Holds,
            Self::Above(bound) | Self::AtLeast(bound) if high < bound => Verdict::Fails,
            // An interval from zero to a bound: no value is below zero, and all are at least zero.
            Self::Below(bound) if low >= bound => Verdict::Fails,
            Self::Above(bound) if high <= bound => Verdict::Fails,
            Self::AtMost(bound) if high <= bound => Verdict::Holds,
            Self::AtLeast(bound) if low >= bound => Verdict::Holds,
            Self::Equals(value, _) | Self::Exactly(value) if equal(value) => Verdict::Holds,
            Self::Equals(value, _) | Self::Exactly(value) if !(low <= value && value <= high) => {
                Verdict::Fails
            }
            Self::Equals(_, margin) if interval.half_width() <= margin => Verdict::Holds,
            Self::Within(value, margin) if low >= value - margin && high <= value + margin => {
                Verdict::Holds
            }
            Self::Within(value, margin) if low > value + margin || high < value - margin => {
                Verdict::Fails
            }
            _ => Verdict::Inconclusive,
        }
    }

    /// Returns the verdict on an interval of which only the ends are known.
    #[must_use]
    pub fn judge_ends(&self, low: f64, high: f64) -> Verdict {
        let middle = Interval::point(low + (high - low) / 2.0, 0.0);
        self.judge(&Interval { low, high, ..middle })
    }

    /// Returns the verdict on an estimate: on its interval, or on its lower bound, which decides demands beyond it. A
    /// value without an interval, or a missing one, decides nothing.
    #[must_use]
    pub fn judge_estimate(&self, estimate: &Estimate) -> Verdict {
        match estimate {
            Estimate::Interval(interval) => self.judge(interval),
            Estimate::Missing(NoValue::AtLeast { low, mean, .. }) => {
                let all = Interval::point(*mean, 0.0);
                self.judge(&Interval { low: *low, high: f64::MAX, ..all })
            }
            Estimate::Single(_) | Estimate::Missing(_) => Verdict::Inconclusive,
        }
    }

    /// Returns the verdict on a name; the name of a group stands for each of its members.
    #[must_use]
    pub fn judge_name(&self, name: &str) -> Verdict {
        let group = |part| split_member(part).map_or(part, |(group, _)| group);
        let of_group: Vec<&str> = name.split('.').map(group).collect();
        match self {
            Self::Named(wanted) if wanted == name || *wanted == of_group.join(".") => {
                Verdict::Holds
            }
            _ => Verdict::Fails,
        }
    }
}

/// A value without noise agrees with a truth to this share of it.
const EXACT: f64 = 1e-6;
/// An interval no wider than this share of its value has no noise.
const LAST_BITS: f64 = 1e-12;

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(low: f64, high: f64) -> Interval {
        let (estimate, half) = ((low + high) / 2.0, (high - low) / 2.0);
        let mut interval = Interval::of_mean(&[1.0, 2.0], 0.95).unwrap();
        (interval.low, interval.high, interval.estimate) =
            (estimate - half, estimate + half, estimate);
        interval
    }

    #[test]
    fn an_interval_that_straddles_a_bound_is_never_a_pass() {
        let below = Demand::parse("< 500ms", FigureUnit::Seconds).unwrap();
        assert_eq!(below, Demand::Below(0.5));
        assert_eq!(below.judge(&interval(0.3, 0.4)), Verdict::Holds);
        assert_eq!(below.judge(&interval(0.4, 0.6)), Verdict::Inconclusive);
        assert_eq!(below.judge(&interval(0.6, 0.7)), Verdict::Fails);
    }

    #[test]
    fn a_value_that_is_the_bound_itself_is_not_below_and_not_above_it() {
        let judge = |is: &str, low, high| {
            Demand::parse(is, FigureUnit::Ratio).unwrap().judge(&interval(low, high))
        };
        for (is, wanted) in [("> 0", false), ("< 0", false), (">= 0", true), ("<= 0", true)] {
            assert_eq!(judge(is, 0.0, 0.0) == Verdict::Holds, wanted, "{is}");
            assert_ne!(judge(is, 0.0, 0.0), Verdict::Inconclusive, "{is}");
        }
        let found = 0.1 + 0.2;
        assert_eq!(judge("<= 0.3", found, found), Verdict::Holds);
        assert_eq!(judge("> 0.3", found, found), Verdict::Fails);
        assert_eq!(judge(">= 0", 0.0, 0.1), Verdict::Holds);
        assert_eq!(judge("< 0", 0.0, 0.1), Verdict::Fails);
        assert_eq!(judge("> 0", 0.0, 0.1), Verdict::Inconclusive);
    }

    /// No event seen: the value is known to lie between zero and the bound.
    #[test]
    fn a_bound_below_what_is_demanded_meets_it() {
        let none = crate::stats::rare::mean_of_rare(
            &[0.0; 1_000],
            crate::stats::rare::Unseen::of(3.6e-8),
            0.95,
        );
        let none = none.unwrap();
        assert!(none.high < 1.4e-10 && none.low == 0.0);
        let judge = |is: &str| Demand::parse(is, FigureUnit::Ratio).unwrap().judge(&none);
        assert_eq!(judge("< 1e-9"), Verdict::Holds);
        assert_eq!(judge("< 1e-10"), Verdict::Inconclusive);
        assert_eq!(judge("> 1e-9"), Verdict::Fails);
    }

    #[test]
    fn a_truth_must_be_contained_and_known_well_enough() {
        let truth = Demand::parse("0.05s +- 1%", FigureUnit::Seconds).unwrap();
        assert_eq!(truth.judge(&interval(0.0498, 0.0503)), Verdict::Holds);
        assert_eq!(truth.judge(&interval(0.04, 0.06)), Verdict::Inconclusive);
        assert_eq!(truth.judge(&interval(0.0510, 0.0520)), Verdict::Fails);
        let within = Demand::parse("within 10% of 0.42", FigureUnit::Ratio).unwrap();
        assert_eq!(within.judge(&interval(0.40, 0.43)), Verdict::Holds);
        assert_eq!(within.judge(&interval(0.35, 0.43)), Verdict::Inconclusive);
        assert_eq!(within.judge(&interval(0.30, 0.31)), Verdict::Fails);
    }

    #[test]
    fn demands_that_no_value_meets_contradict_each_other() {
        let parse = |text: &str| Demand::parse(text, FigureUnit::Count).unwrap();
        for (one, other, wanted) in [
            ("< 1", "> 2", true),
            ("< 2", "> 1", false),
            ("<= 1", ">= 1", false),
            ("5 +- 1%", "< 4", true),
            ("within 10% of 10", "> 10.5", false),
            ("within 10% of 10", "> 11.5", true),
            ("< 1", "< 2", false),
            ("< 1", ">= 1", true),
            ("< 1", "> 1", true),
        ] {
            assert_eq!(parse(one).contradicts(&parse(other)), wanted, "{one}, {other}");
            assert_eq!(parse(other).contradicts(&parse(one)), wanted, "{other}, {one}");
        }
    }

    #[test]
    fn a_wrong_demand_says_what_is_meant() {
        let bits = |is: &str| Demand::parse(is, FigureUnit::BitsPerSecond);
        assert_eq!(bits("< 8Mbit/s"), Ok(Demand::Below(8e6)));
        assert_eq!(bits("1MB/s +- 100bit/s"), Ok(Demand::Equals(8e6, 100.0)));
        assert!(bits("< 8").unwrap_err().contains("8Mbit/s"));
        assert!(Demand::parse("< 500", FigureUnit::Seconds).unwrap_err().contains("500ms"));
        assert!(Demand::parse("about 3", FigureUnit::Count).unwrap_err().contains("+-"));
        assert_eq!(Demand::parse(">= 99.5%", FigureUnit::Ratio), Ok(Demand::AtLeast(0.995)));
    }

    /// 0.1 + 0.2 is not 0.3 in the last bit, and a figure without noise has no width to hide it.
    #[test]
    fn a_truth_without_noise_may_differ_in_its_last_bits() {
        let exact = Demand::parse("0.3 +- 0", FigureUnit::Ratio).unwrap();
        let found = 0.1 + 0.2;
        assert_eq!(exact.judge(&interval(found, found)), Verdict::Holds);
        assert_eq!(exact.judge(&interval(found, found + 1e-16)), Verdict::Holds);
        assert_eq!(exact.judge(&interval(0.30001, 0.30001)), Verdict::Fails);
        assert_eq!(exact.judge(&interval(0.29, 0.31)), Verdict::Inconclusive);
    }

    #[test]
    fn only_names_and_numbers_of_things_are_equal() {
        let count = Demand::parse("= 42", FigureUnit::Count).unwrap();
        assert_eq!(count.judge(&interval(42.0, 42.0)), Verdict::Holds);
        assert_eq!(count.judge(&interval(43.0, 43.0)), Verdict::Fails);
        assert_eq!(count.judge(&interval(41.0, 43.0)), Verdict::Inconclusive);
        assert!(Demand::parse("= 3s", FigureUnit::Seconds).unwrap_err().contains("+- 1%"));
        let name = Demand::parse("= store.main", FigureUnit::Name).unwrap();
        assert_eq!(name.judge_name("store.main"), Verdict::Holds);
        assert_eq!(name.judge_name("store"), Verdict::Fails);
        let group = Demand::parse("= index.cpu", FigureUnit::Name).unwrap();
        assert_eq!(group.judge_name("index-1.cpu"), Verdict::Holds);
        assert_eq!(name.judge_name("store.main-2"), Verdict::Holds);
        assert!(Demand::parse("< 3", FigureUnit::Name).unwrap_err().contains("= name"));
    }
}
