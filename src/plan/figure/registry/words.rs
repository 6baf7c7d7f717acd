//! Words of a path: times, statistics and selections.

use crate::plan::figure::{Figure, STATS, Stat};
use crate::units::SimDuration;

/// Sort of the text after the `@` of a path: the time to which a figure refers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// No text: the only window, the horizon, or no window at all, depending on the metric.
    Unnamed,
    /// A window, or the baseline run of a break, in which nothing breaks.
    Window,
    /// A run in which a part breaks or is repaired.
    Break,
    /// The whole horizon.
    Horizon,
    /// The months of the horizon.
    Month,
    /// The years of the horizon.
    Year,
}

impl At {
    /// Classifies the text after the `@`.
    #[must_use]
    pub fn of(window: Option<&str>) -> Self {
        match window {
            None => Self::Unnamed,
            Some("horizon") => Self::Horizon,
            Some("month") => Self::Month,
            Some("year") => Self::Year,
            Some(name) => match name.split_once('/') {
                Some((_, run)) if run.contains(':') => Self::Break,
                _ => Self::Window,
            },
        }
    }

    /// Returns the phrase for messages: "in a window there is no ...".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unnamed => "without a window",
            Self::Window => "in a window",
            Self::Break => "around a break",
            Self::Horizon => "over the horizon",
            Self::Month => "over months",
            Self::Year => "over single years",
        }
    }

    /// Returns the suffix for tables and examples of a path.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Unnamed => "",
            Self::Window => "@WINDOW",
            Self::Break => "@WINDOW/down:PART",
            Self::Horizon => "@horizon",
            Self::Month => "@month",
            Self::Year => "@year",
        }
    }
}

/// Word, or set of words, that chooses a statistic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// No word: the metric's own statistic.
    Own,
    /// `mean`.
    Mean,
    /// `p50` to `p999`.
    Quantiles,
    /// `max`.
    Max,
    /// `sd`.
    Deviation,
    /// `dispersion`.
    Dispersion,
    /// `chance`.
    Chance,
    /// `first`.
    First,
    /// `year-p50` to `year-p99`.
    Years,
    /// `month`.
    Month,
    /// `once`.
    Once,
}

impl Word {
    /// All words.
    pub const ALL: [Self; 11] = [
        Self::Own,
        Self::Mean,
        Self::Quantiles,
        Self::Max,
        Self::Deviation,
        Self::Dispersion,
        Self::Chance,
        Self::First,
        Self::Years,
        Self::Month,
        Self::Once,
    ];

    /// Returns the word of a statistic.
    #[must_use]
    pub const fn of(stat: Option<Stat>) -> Self {
        match stat {
            None => Self::Own,
            Some(Stat::Mean) => Self::Mean,
            Some(Stat::Quantile(_)) => Self::Quantiles,
            Some(Stat::Max) => Self::Max,
            Some(Stat::Deviation) => Self::Deviation,
            Some(Stat::Dispersion) => Self::Dispersion,
            Some(Stat::Chance) => Self::Chance,
            Some(Stat::First) => Self::First,
            Some(Stat::Year(_)) => Self::Years,
            Some(Stat::Month) => Self::Month,
            Some(Stat::Once) => Self::Once,
        }
    }

    /// Returns the spellings of the word; empty for [`Word::Own`].
    #[must_use]
    pub fn written(self) -> Vec<&'static str> {
        let own = STATS.iter().filter(|(_, stat)| Self::of(Some(*stat)) == self);
        own.map(|(word, _)| *word).collect()
    }
}

impl Figure {
    /// Returns the word of its statistic, such as `p95`; `None` for the metric's own.
    #[must_use]
    pub fn stat_word(&self) -> Option<&'static str> {
        STATS.iter().find(|(_, stat)| Some(*stat) == self.stat).map(|(word, _)| *word)
    }
}

/// Sort of value that a selection takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A duration.
    Duration,
    /// A duration above 0: the length of an interval.
    Period,
    /// A whole number.
    Whole,
    /// An hour of the week, 0 to 167.
    HourOfWeek,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A name in the scenario; the text says of what.
    Name(&'static str),
}

impl Value {
    /// Returns what the value must be if `text` is invalid, and `None` if it is valid.
    pub(super) fn refuses(self, text: &str) -> Option<String> {
        match self {
            Self::Duration => {
                SimDuration::parse(text).is_err().then(|| "a duration such as 20ms".to_string())
            }
            Self::Period => (!SimDuration::parse(text).is_ok_and(|length| !length.is_zero()))
                .then(|| "a duration above 0 such as 5min".to_string()),
            Self::Whole => text.parse::<u32>().is_err().then(|| "a whole number".to_string()),
            Self::HourOfWeek => (!text.parse::<u32>().is_ok_and(|hour| hour < 168))
                .then(|| "an hour of the week, 0 (Monday, from midnight) to 167".to_string()),
            Self::OneOf(words) => (!words.contains(&text)).then(|| alternatives(words)),
            Self::Name(_) => text.is_empty().then(|| "a name".to_string()),
        }
    }

    /// Returns a value for an example; of several words, one that occurs in `text`.
    pub(super) fn example(self, text: &str) -> String {
        match self {
            Self::Duration => "20ms".into(),
            Self::Period => "5min".into(),
            Self::Whole => "10".into(),
            Self::HourOfWeek => "57".into(),
            Self::OneOf(words) => {
                let there = words.iter().rev().find(|word| text.contains(*word));
                (*there.unwrap_or(&words[words.len() / 2])).into()
            }
            Self::Name(of) => of.to_uppercase(),
        }
    }

    /// Returns the description for the reference page.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Duration | Self::Period => "duration".into(),
            Self::Whole => "n".into(),
            Self::HourOfWeek => "0 to 167".into(),
            Self::OneOf(words) => words.join(" or "),
            Self::Name(of) => of.into(),
        }
    }
}

/// Joins words as in "a, b or c".
pub(super) fn alternatives(words: &[&str]) -> String {
    match words {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// Selection `[key=value]` of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Name of the key.
    pub name: &'static str,
    /// Sort of value.
    pub value: Value,
    /// True if the figure has no meaning without it.
    pub required: bool,
}

pub(crate) const fn key(name: &'static str, value: Value) -> Key {
    Key { name, value, required: false }
}

pub(super) const fn required(name: &'static str, value: Value) -> Key {
    Key { name, value, required: true }
}

/// Key that selects the solvers behind a figure.
pub const SOLVER: &str = "solver";

/// Value of [`SOLVER`] for long-horizon figures corrected by sampled windows.
pub const BOTH: &str = "both";

/// Key for the length of the intervals into which a window is cut.
pub const PER: &str = "per";
