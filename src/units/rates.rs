//! Rates of events, probabilities and amounts of money.

use std::fmt;

use super::{
    BLANK, Decimal, MONEY_NAMES, NANOS_PER_SECOND, RATE_NAMES, SECONDS_PER_MONTH, SECONDS_PER_YEAR,
    SimDuration, UnitError, names_of_other,
};

/// Returns the nanoseconds of a period by its name.
pub(super) fn period_nanos(name: &str) -> Option<u64> {
    Some(match name {
        "s" => NANOS_PER_SECOND,
        "min" => 60 * NANOS_PER_SECOND,
        "h" => 3_600 * NANOS_PER_SECOND,
        "d" | "day" => 86_400 * NANOS_PER_SECOND,
        "month" => SECONDS_PER_MONTH * NANOS_PER_SECOND,
        "y" | "year" => SECONDS_PER_YEAR * NANOS_PER_SECOND,
        _ => return None,
    })
}

/// A rate of events, stored as a number per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    per_second: f64,
}

impl Rate {
    /// A rate of zero.
    pub const ZERO: Self = Self { per_second: 0.0 };

    /// Returns `count` events per second; `None` unless finite and not negative.
    #[must_use]
    pub fn per_second(count: f64) -> Option<Self> {
        (count.is_finite() && count >= 0.0).then_some(Self { per_second: count })
    }

    /// Returns the events per second.
    #[must_use]
    pub const fn in_per_second(self) -> f64 {
        self.per_second
    }

    /// Returns the mean time between events; the longest duration for a rate of zero.
    #[must_use]
    pub fn mean_gap(self) -> SimDuration {
        SimDuration::from_seconds_f64(1.0 / self.per_second)
    }

    /// Parses text such as `"20/s"`, `"0.25/y"`.
    ///
    /// # Errors
    ///
    /// Any [`UnitError`].
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let (number, unit) = Decimal::split(text)?;
        if unit.is_empty() {
            return Err(UnitError::Missing(RATE_NAMES));
        }
        if number.is_cut() {
            return Err(UnitError::TooSmall("event in 10^38 s"));
        }
        let Some(period) =
            unit.strip_prefix('/').map(|period| period.trim_matches(BLANK)).and_then(period_nanos)
        else {
            return Err(match names_of_other(unit, "rate") {
                Some(other) => UnitError::Other(other, RATE_NAMES),
                None => UnitError::Unknown(unit.to_string(), RATE_NAMES),
            });
        };
        if period == NANOS_PER_SECOND {
            // Correctly rounded, so that a rate printed per second parses to the same rate.
            let count = format!("{}e-{}", number.digits, number.scale).parse();
            return count.map(|per_second| Self { per_second }).map_err(|_| UnitError::TooLarge);
        }
        // One division of two exactly represented numbers: correctly rounded for the usual values.
        let scale = 10_u128.checked_pow(number.scale).ok_or(UnitError::TooLarge)?;
        let top = number.digits as f64 * NANOS_PER_SECOND as f64;
        let bottom = scale as f64 * period as f64;
        Ok(Self { per_second: top / bottom })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let year = self.per_second * SECONDS_PER_YEAR as f64;
        if self.per_second != 0.0 && year < 100_000.0 {
            // Nine decimals hide the rounding of the division at parsing.
            write!(f, "{}/y", (year * 1e9).round() / 1e9)
        } else {
            write!(f, "{}/s", self.per_second)
        }
    }
}

/// A probability, a share or a utilisation limit: a number from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Probability(f64);

impl Probability {
    /// Returns `value` if it is from 0 to 1.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// Parses a percentage such as `"99.95%"`.
    ///
    /// # Errors
    ///
    /// Any [`UnitError`]; above 100 % it is [`UnitError::TooLarge`].
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let (number, unit) = Decimal::split(text)?;
        match unit {
            "%" if number.is_cut() => Err(UnitError::TooSmall("in 10^40")),
            "%" => {
                let scale = 10_u128.checked_pow(number.scale + 2).ok_or(UnitError::TooLarge)?;
                Self::new(number.digits as f64 / scale as f64).ok_or(UnitError::TooLarge)
            }
            "" => Err(UnitError::Missing("%")),
            other => Err(UnitError::Unknown(other.to_string(), "%")),
        }
    }
}

impl fmt::Display for Probability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// An amount of money, or a price per period, in micro-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Money {
    micro_dollars: u64,
    /// Nanoseconds of the period; zero for a one-time price.
    period: u64,
}

impl Money {
    /// Returns the dollars, once or per period.
    #[must_use]
    pub fn dollars(self) -> f64 {
        self.micro_dollars as f64 / 1e6
    }

    /// Returns the dollars per month; `None` for a one-time price.
    #[must_use]
    pub fn dollars_per_month(self) -> Option<f64> {
        (self.period > 0).then(|| {
            self.dollars() * (SECONDS_PER_MONTH * NANOS_PER_SECOND) as f64 / self.period as f64
        })
    }

    /// Parses text such as `"$250/month"`, `"$0.005"`.
    ///
    /// # Errors
    ///
    /// Any [`UnitError`].
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let Some(body) = text.trim_matches(BLANK).strip_prefix('$') else {
            return Err(match Decimal::split(text) {
                Ok(_) => UnitError::Missing(MONEY_NAMES),
                Err(error) => error,
            });
        };
        let (number, unit) = Decimal::split(body)?;
        let period = match unit.strip_prefix('/') {
            None if unit.is_empty() => 0,
            Some(name) => period_nanos(name.trim_matches(BLANK))
                .ok_or_else(|| UnitError::Unknown(unit.to_string(), MONEY_NAMES))?,
            None => return Err(UnitError::Unknown(unit.to_string(), MONEY_NAMES)),
        };
        Ok(Self { micro_dollars: number.times(1_000_000, 1)?, period })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.dollars())?;
        for name in ["s", "min", "h", "d", "month", "y"] {
            if self.period > 0 && period_nanos(name) == Some(self.period) {
                return write!(f, "/{name}");
            }
        }
        Ok(())
    }
}
