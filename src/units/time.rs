//! Instants and lengths of simulated time.

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use serde::{Deserialize, Serialize};

use super::{NANOS_PER_SECOND, SECONDS_PER_YEAR, TIME_NAMES, TIME_UNITS, UnitError, parse_in};
use crate::convert::whole;

/// An instant of simulated time: nanoseconds since the start of the run, up to 584 years.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct SimTime(pub(super) u64);

/// A length of simulated time in whole nanoseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct SimDuration(pub(super) u64);

impl SimTime {
    /// The start of a run.
    pub const ZERO: Self = Self(0);
    /// Later than any event.
    pub const NEVER: Self = Self(u64::MAX);

    /// Returns the instant `nanos` nanoseconds after the start.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the nanoseconds since the start.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Returns the time since `earlier`; zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }

    /// Returns the seconds since the start, for statistics and output.
    #[must_use]
    pub fn seconds(self) -> f64 {
        SimDuration(self.0).seconds()
    }
}

impl SimDuration {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// Longer than any run.
    pub const MAX: Self = Self(u64::MAX);
    /// One second.
    pub const SECOND: Self = Self(NANOS_PER_SECOND);
    /// One minute.
    pub const MINUTE: Self = Self(60 * NANOS_PER_SECOND);
    /// One hour.
    pub const HOUR: Self = Self(3_600 * NANOS_PER_SECOND);
    /// One day.
    pub const DAY: Self = Self(86_400 * NANOS_PER_SECOND);
    /// A year of 365 days.
    pub const YEAR: Self = Self(SECONDS_PER_YEAR * NANOS_PER_SECOND);

    /// Returns a duration of `nanos` nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns a duration of `seconds` whole seconds.
    ///
    /// # Panics
    ///
    /// Above 584 years.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds * NANOS_PER_SECOND)
    }

    /// Returns `seconds` rounded to the nearest nanosecond; zero for negative numbers and NaN, [`Self::MAX`] above
    /// the range.
    #[must_use]
    #[inline]
    pub fn from_seconds_f64(seconds: f64) -> Self {
        // Adding one half then truncating rounds to nearest for the positive values that occur.
        let nanos = seconds * 1e9 + 0.5;
        // Up to half of the range a single machine conversion suffices; the rest takes the slow path.
        if nanos < i64::MAX as f64 {
            return Self(whole::i64(nanos).max(0).cast_unsigned());
        }
        Self(whole::u64(nanos))
    }

    /// Returns the nanoseconds.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Returns the seconds, for statistics and output.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Returns whether the duration is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Adds a duration; a result too large becomes the largest duration.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Returns `self` times `n`, at most [`Self::MAX`].
    #[must_use]
    pub const fn saturating_mul(self, n: u64) -> Self {
        Self(self.0.saturating_mul(n))
    }

    /// Parses text such as `"250ms"`, `"1.5 h"`, `"10y"`, or `"2min40s"`. The units of a compound decrease, each
    /// occurs once, and only its last part may have a fraction.
    ///
    /// # Errors
    ///
    /// Any [`UnitError`].
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let Some(parts) = parts_of(text) else {
            return parse_in(text, "duration", TIME_UNITS, TIME_NAMES).map(Self);
        };
        let (mut sum, mut above) = (0_u64, u64::MAX);
        for (at, part) in parts.iter().enumerate() {
            let nanos = parse_in(part, "duration", TIME_UNITS, TIME_NAMES)?;
            let unit = part.trim_start_matches(|c: char| !c.is_alphabetic());
            let unit = TIME_UNITS.iter().find(|(name, ..)| *name == unit).map_or(0, |unit| unit.1);
            let is_whole = !part.contains('.') || at + 1 == parts.len();
            if unit >= above || !is_whole {
                return Err(UnitError::Compound);
            }
            above = unit;
            sum = sum.checked_add(nanos).ok_or(UnitError::TooLarge)?;
        }
        Ok(Self(sum))
    }
}

/// Splits a compound such as `1h30min` into its parts, each a number (without sign and exponent) and a unit. Returns
/// `None` if the text is no compound or has a single part.
fn parts_of(text: &str) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let number = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))?;
        let unit = &rest[number..];
        let exponent = unit.trim_start_matches(['e', 'E']).trim_start_matches(['+', '-']);
        if unit.starts_with(['e', 'E']) && exponent.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let blanks = unit.len() - unit.trim_start().len();
        let letters = unit[blanks..].find(|c: char| !c.is_alphabetic());
        let end = letters.map_or(rest.len(), |letters| number + blanks + letters);
        if number == 0 || end == number + blanks {
            return None;
        }
        parts.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    (parts.len() > 1).then_some(parts)
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    /// # Panics
    ///
    /// Beyond 584 years of simulated time.
    #[inline]
    fn add(self, length: SimDuration) -> Self {
        Self(self.0.checked_add(length.0).expect("simulated time stays below 584 years"))
    }
}

impl Sub for SimTime {
    type Output = SimDuration;
    /// # Panics
    ///
    /// When the result would be negative.
    #[inline]
    fn sub(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.checked_sub(earlier.0).expect("time does not run backwards"))
    }
}

impl Add for SimDuration {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("lengths of time stay below 584 years"))
    }
}

impl AddAssign for SimDuration {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for SimDuration {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0.checked_sub(other.0).expect("a length of time is not negative"))
    }
}

impl SubAssign for SimDuration {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

/// Writes the shortest exact form: a whole number of the largest unit that divides the duration, else a decimal.
impl fmt::Display for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const STEPS: [(&str, u64); 7] = [
            ("d", 86_400 * NANOS_PER_SECOND),
            ("h", 3_600 * NANOS_PER_SECOND),
            ("min", 60 * NANOS_PER_SECOND),
            ("s", NANOS_PER_SECOND),
            ("ms", 1_000_000),
            ("us", 1_000),
            ("ns", 1),
        ];
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let year = SECONDS_PER_YEAR * NANOS_PER_SECOND;
        if self.0.is_multiple_of(year) {
            return write!(f, "{}y", self.0 / year);
        }
        for (name, size) in STEPS {
            if self.0.is_multiple_of(size) {
                return write!(f, "{}{name}", self.0 / size);
            }
            if self.0 >= size && size <= NANOS_PER_SECOND {
                return write_decimal(f, self.0, size, name);
            }
        }
        Ok(())
    }
}

fn write_decimal(f: &mut fmt::Formatter<'_>, value: u64, size: u64, name: &str) -> fmt::Result {
    let (whole, mut part) = (value / size, value % size);
    write!(f, "{whole}")?;
    if part > 0 {
        f.write_str(".")?;
        let mut step = size / 10;
        while part > 0 && step > 0 {
            write!(f, "{}", part / step)?;
            part %= step;
            step /= 10;
        }
    }
    f.write_str(name)
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SimDuration(self.0).fmt(f)
    }
}
