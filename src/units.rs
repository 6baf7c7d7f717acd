//! Quantities with units: parsing, formatting, arithmetic.
//!
//! Every value with a dimension that crosses a module border has one of these types. Text always carries a unit
//! (`"250ms"`, `"40/s"`, `"64GiB"`, `"$250/month"`). Durations, sizes, bandwidths and amounts of money are parsed in
//! integers, without a float.
//!
//! Holds: no constructor makes a value outside its range; integer values are rounded to nearest, ties away from zero,
//! by [`round_ratio`].

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use serde::{Deserialize, Serialize};

use crate::convert::whole;

pub mod power;

pub use power::{CarbonIntensity, Energy, EnergyPrice, Mass, Watts};

/// Nanoseconds in a second.
pub const NANOS_PER_SECOND: u64 = 1_000_000_000;
/// Seconds of a year, which has 365 days.
pub const SECONDS_PER_YEAR: u64 = 365 * 86_400;
/// Seconds of a month, for prices and error budgets: a twelfth of a year.
pub const SECONDS_PER_MONTH: u64 = SECONDS_PER_YEAR / 12;

/// The reason why a text is not a quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitError {
    /// No number at the start.
    NotANumber,
    /// A number without its required unit; holds the possible units.
    Missing(&'static str),
    /// A unit that this quantity does not have; holds the possible units.
    Unknown(String, &'static str),
    /// A unit of another quantity; holds the name of that quantity and the possible units.
    Other(&'static str, &'static str),
    /// A number below zero.
    Negative,
    /// A number that is not zero but rounds to zero; holds the smallest step of the quantity.
    TooSmall(&'static str),
    /// A number that the type cannot hold.
    TooLarge,
    /// A compound whose units do not decrease from part to part, or with a fraction in a part other than the last.
    Compound,
}

/// Returns `numerator / denominator`, rounded to nearest, ties up; `None` if it does not fit a `u64`.
#[must_use]
pub fn round_ratio(numerator: u128, denominator: u128) -> Option<u64> {
    u64::try_from(numerator.checked_add(denominator / 2)? / denominator).ok()
}

/// Characters that may surround a number; other white space would be invisible in messages.
const BLANK: [char; 4] = [' ', '\t', '\n', '\r'];
/// Digits after the decimal point of the smallest number that is kept.
const SMALLEST_SCALE: u32 = 38;

/// A decimal number as digits and a power of ten, parsed without a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decimal {
    digits: u128,
    /// Digits after the decimal point.
    scale: u32,
}

impl Decimal {
    /// Splits `text` into a leading decimal number and the rest, trimmed. Underscores after a digit and an exponent
    /// are accepted, as in TOML.
    fn split(text: &str) -> Result<(Self, &str), UnitError> {
        let text = text.trim_matches(BLANK);
        let (negative, body) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let mut digits: u128 = 0;
        let mut scale: u32 = 0;
        let mut seen_point = false;
        let mut any = false;
        let mut end = 0;
        for (at, c) in body.char_indices() {
            match c {
                '0'..='9' => {
                    any = true;
                    digits = digits
                        .checked_mul(10)
                        .and_then(|d| d.checked_add(u128::from(c as u32 - '0' as u32)))
                        .filter(|d| *d < 1_u128 << 100)
                        .ok_or(UnitError::TooLarge)?;
                    scale += u32::from(seen_point);
                }
                '.' if !seen_point => seen_point = true,
                '_' if any => {}
                _ => break,
            }
            end = at + c.len_utf8();
        }
        if !any {
            return Err(UnitError::NotANumber);
        }
        let mut rest = &body[end..];
        let mut number = Self { digits, scale };
        if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
            let sign_len = usize::from(exponent.starts_with(['-', '+']));
            let len = exponent[sign_len..].bytes().take_while(u8::is_ascii_digit).count();
            if len > 0 {
                let power: i32 =
                    exponent[..sign_len + len].parse().map_err(|_| UnitError::TooLarge)?;
                number = number.shift(power)?;
                rest = &exponent[sign_len + len..];
            }
        }
        if negative && number.digits != 0 {
            return Err(UnitError::Negative);
        }
        Ok((number, rest.trim_matches(BLANK)))
    }

    /// Returns whether the number was cut to the smallest number that is kept.
    const fn is_cut(self) -> bool {
        self.digits == 1 && self.scale == SMALLEST_SCALE
    }

    fn shift(self, power: i32) -> Result<Self, UnitError> {
        if power > 40 {
            return Err(UnitError::TooLarge);
        }
        if power < -40 || self.scale > 40 {
            // Far below the smallest step of any unit.
            return Ok(Self { digits: self.digits.min(1), scale: SMALLEST_SCALE });
        }
        if power <= 0 {
            return Ok(Self { scale: self.scale + power.unsigned_abs(), ..self });
        }
        let power = power.unsigned_abs();
        let kept = self.scale.saturating_sub(power);
        let grow = power - (self.scale - kept);
        let digits = 10_u128
            .checked_pow(grow)
            .and_then(|p| self.digits.checked_mul(p))
            .ok_or(UnitError::TooLarge)?;
        Ok(Self { digits, scale: kept })
    }

    /// Returns the number times `numerator / denominator`, rounded to a whole number.
    fn times(self, numerator: u64, denominator: u64) -> Result<u64, UnitError> {
        let top = self.digits.checked_mul(u128::from(numerator)).ok_or(UnitError::TooLarge)?;
        let bottom =
            10_u128.checked_pow(self.scale).and_then(|p| p.checked_mul(u128::from(denominator)));
        let Some(bottom) = bottom else { return Ok(0) };
        round_ratio(top, bottom).ok_or(UnitError::TooLarge)
    }
}

type UnitTable = &'static [(&'static str, u64, u64)];

const TIME_UNITS: UnitTable = &[
    ("ns", 1, 1),
    ("us", 1_000, 1),
    ("µs", 1_000, 1),
    ("ms", 1_000_000, 1),
    ("s", NANOS_PER_SECOND, 1),
    ("min", 60 * NANOS_PER_SECOND, 1),
    ("h", 3_600 * NANOS_PER_SECOND, 1),
    ("d", 86_400 * NANOS_PER_SECOND, 1),
    ("w", 7 * 86_400 * NANOS_PER_SECOND, 1),
    ("y", SECONDS_PER_YEAR * NANOS_PER_SECOND, 1),
];
const TIME_NAMES: &str = "ns, us, ms, s, min, h, d, w, y";

const SIZE_UNITS: UnitTable = &[
    ("B", 1, 1),
    ("kB", 1_000, 1),
    ("MB", 1_000_000, 1),
    ("GB", 1_000_000_000, 1),
    ("TB", 1_000_000_000_000, 1),
    ("KiB", 1 << 10, 1),
    ("MiB", 1 << 20, 1),
    ("GiB", 1 << 30, 1),
    ("TiB", 1 << 40, 1),
];
const SIZE_NAMES: &str = "B, kB, MB, GB, TB, KiB, MiB, GiB, TiB";

/// Bits per second become bytes per second by a division by eight.
const BANDWIDTH_UNITS: UnitTable = &[
    ("bit/s", 1, 8),
    ("kbit/s", 1_000, 8),
    ("Mbit/s", 1_000_000, 8),
    ("Gbit/s", 1_000_000_000, 8),
    ("B/s", 1, 1),
    ("kB/s", 1_000, 1),
    ("MB/s", 1_000_000, 1),
    ("GB/s", 1_000_000_000, 1),
    ("KiB/s", 1 << 10, 1),
    ("MiB/s", 1 << 20, 1),
    ("GiB/s", 1 << 30, 1),
];
const BANDWIDTH_NAMES: &str = "bit/s, kbit/s, Mbit/s, Gbit/s, B/s, kB/s, MB/s, GB/s";

const RATE_NAMES: &str = "/s, /min, /h, /d, /month, /y";
const MONEY_NAMES: &str = "$… alone, or with /h, /month, /y";

fn names_of_other(unit: &str, own: &'static str) -> Option<&'static str> {
    let is_in = |table: UnitTable| table.iter().any(|(name, ..)| *name == unit);
    let other = if is_in(TIME_UNITS) {
        "duration"
    } else if is_in(SIZE_UNITS) {
        "size"
    } else if is_in(BANDWIDTH_UNITS) {
        "bandwidth"
    } else if unit.starts_with('/') && period_nanos(&unit[1..]).is_some() {
        "rate"
    } else {
        power::named(unit)?
    };
    (other != own).then_some(other)
}

fn parse_in(
    text: &str,
    own: &'static str,
    table: UnitTable,
    names: &'static str,
) -> Result<u64, UnitError> {
    parse_parts(text, own, table, names, 1)
}

/// Like [`parse_in`], but counts in steps of which `parts` make one unit of the table.
fn parse_parts(
    text: &str,
    own: &'static str,
    table: UnitTable,
    names: &'static str,
    parts: u64,
) -> Result<u64, UnitError> {
    let (number, unit) = Decimal::split(text)?;
    if unit.is_empty() {
        return Err(UnitError::Missing(names));
    }
    let Some((_, numerator, denominator)) = table.iter().find(|(name, ..)| *name == unit) else {
        return Err(match names_of_other(unit, own) {
            Some(other) => UnitError::Other(other, names),
            None => UnitError::Unknown(unit.to_string(), names),
        });
    };
    let value = number.times(numerator * parts, *denominator)?;
    if value == 0 && number.digits != 0 {
        return Err(UnitError::TooSmall(table[0].0));
    }
    Ok(value)
}

/// An instant of simulated time: nanoseconds since the start of the run, up to 584 years.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct SimTime(u64);

/// A length of simulated time in whole nanoseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct SimDuration(u64);

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

/// A size in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(u64);

impl Bytes {
    /// No bytes.
    pub const ZERO: Self = Self(0);

    /// Returns a size of `count` bytes.
    #[must_use]
    pub const fn new(count: u64) -> Self {
        Self(count)
    }

    /// Returns the number of bytes.
    #[must_use]
    pub const fn count(self) -> u64 {
        self.0
    }

    /// Parses text such as `"64GiB"`, `"12kB"`.
    ///
    /// # Errors
    ///
    /// Any [`UnitError`].
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        parse_in(text, "size", SIZE_UNITS, SIZE_NAMES).map(Self)
    }
}

impl Add for Bytes {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("sizes stay below 16 EiB"))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const STEPS: [(&str, u64); 8] = [
            ("TiB", 1 << 40),
            ("TB", 1_000_000_000_000),
            ("GiB", 1 << 30),
            ("GB", 1_000_000_000),
            ("MiB", 1 << 20),
            ("MB", 1_000_000),
            ("KiB", 1 << 10),
            ("kB", 1_000),
        ];
        for (name, size) in STEPS {
            if self.0 >= size && self.0.is_multiple_of(size) {
                return write!(f, "{}{name}", self.0 / size);
            }
        }
        write!(f, "{}B", self.0)
    }
}

/// A data rate in bytes per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bandwidth(u64);

impl Bandwidth {
    /// Returns a rate of `bytes` per second.
    #[must_use]
    pub const fn from_bytes_per_s(bytes: u64) -> Self {
        Self(bytes)
    }

    /// Returns the bytes per second.
    #[must_use]
    pub const fn bytes_per_s(self) -> u64 {
        self.0
    }

    /// Returns the time to transfer `size` alone at this rate, to the nearest nanosecond.
    #[must_use]
    pub fn time_for(self, size: Bytes) -> SimDuration {
        let top = u128::from(size.0) * u128::from(NANOS_PER_SECOND);
        SimDuration(round_ratio(top, u128::from(self.0.max(1))).unwrap_or(u64::MAX))
    }

    /// Parses text such as `"100Mbit/s"`, `"70MB/s"`.
    ///
    /// # Errors
    ///
    /// Any [`UnitError`].
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        parse_in(text, "bandwidth", BANDWIDTH_UNITS, BANDWIDTH_NAMES).map(Self)
    }

    /// Parses the same text as a number of bits per second: a bandwidth has whole bytes, the capacity of a link may
    /// have a fraction of a byte.
    ///
    /// # Errors
    ///
    /// Any [`UnitError`].
    pub fn parse_bits_per_s(text: &str) -> Result<u64, UnitError> {
        parse_parts(text, "bandwidth", BANDWIDTH_UNITS, BANDWIDTH_NAMES, 8)
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = u128::from(self.0) * 8;
        for (name, size) in
            [("Gbit/s", 1_000_000_000), ("Mbit/s", 1_000_000), ("kbit/s", 1_000), ("bit/s", 1)]
        {
            if bits >= size && bits.is_multiple_of(size) {
                return write!(f, "{}{name}", bits / size);
            }
        }
        write!(f, "{}B/s", self.0)
    }
}

/// Processor work in nanoseconds of one core at full speed, up to 584 core-years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Work(u64);

impl Work {
    /// No work.
    pub const ZERO: Self = Self(0);

    /// Returns `nanos` nanoseconds of one core.
    #[must_use]
    pub const fn from_core_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the work that one core does in `length`.
    #[must_use]
    pub const fn of_one_core(length: SimDuration) -> Self {
        Self(length.0)
    }

    /// Returns the nanoseconds of one core.
    #[must_use]
    pub const fn core_nanos(self) -> u64 {
        self.0
    }

    /// Returns the seconds of one core, for statistics and output.
    #[must_use]
    pub fn core_seconds(self) -> f64 {
        SimDuration(self.0).seconds()
    }
}

impl Add for Work {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("work stays below 584 core-years"))
    }
}

/// A number of processor cores, whole or fractional: a capacity, a cap or a rate of work.
///
/// Stored as a multiple of 2⁻⁴⁸ core, so that sums of rates times nanoseconds are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cores(u64);

impl Cores {
    /// No core.
    pub const ZERO: Self = Self(0);
    /// One core.
    pub const ONE: Self = Self(1 << Self::FRACTION_BITS);
    /// The largest number: a little below 65,536 cores.
    pub const MAX: Self = Self(u64::MAX);
    /// Number of fraction bits: the step is 2 to the power −48 cores.
    pub const FRACTION_BITS: u32 = 48;

    /// Returns `count` whole cores.
    #[must_use]
    pub const fn whole(count: u16) -> Self {
        Self((count as u64) << Self::FRACTION_BITS)
    }

    /// Returns `count` cores, rounded to 2⁻⁴⁸; `None` for negative numbers, NaN, and 65,536 or more.
    #[must_use]
    pub fn new(count: f64) -> Option<Self> {
        // Adding one half and truncating rounds to nearest; the factor is a power of two and therefore exact.
        (0.0..65_536.0)
            .contains(&count)
            .then_some(Self(whole::u64(count * Self::ONE.0 as f64 + 0.5)))
    }

    /// Returns the number of cores.
    #[must_use]
    #[inline]
    pub fn count(self) -> f64 {
        self.0 as f64 / Self::ONE.0 as f64
    }

    /// Returns the number of steps of 2⁻⁴⁸ core.
    #[must_use]
    #[inline]
    pub const fn steps(self) -> u64 {
        self.0
    }

    /// Returns `steps` steps of 2⁻⁴⁸ core.
    #[must_use]
    #[inline]
    pub const fn from_steps(steps: u64) -> Self {
        Self(steps)
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.count())
    }
}

fn period_nanos(name: &str) -> Option<u64> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_exactly() {
        for (text, nanos) in [
            ("250ms", 250_000_000),
            ("1.5 h", 5_400_000_000_000),
            ("0.1ms", 100_000),
            ("1e3 ns", 1_000),
            ("2.5e-3s", 2_500_000),
            ("1_000us", 1_000_000),
            ("365d", SECONDS_PER_YEAR * NANOS_PER_SECOND),
        ] {
            assert_eq!(SimDuration::parse(text), Ok(SimDuration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn a_compound_duration_is_the_sum_of_its_parts() {
        for (text, seconds) in [
            ("2min40s", 160.0),
            ("1h30min", 5_400.0),
            ("1h 0.5s", 3_600.5),
            ("1d2h3min4s5ms", 93_784.005),
        ] {
            let found = SimDuration::parse(text);
            assert_eq!(found, Ok(SimDuration::from_seconds_f64(seconds)), "{text}");
        }
        for text in ["40s2min", "1h1h", "1.5h30min", "1min60000ms1s"] {
            assert_eq!(SimDuration::parse(text), Err(UnitError::Compound), "{text}");
        }
        assert_eq!(SimDuration::parse("1e3s"), Ok(SimDuration::from_secs(1_000)));
        assert!(
            SimDuration::parse("5m30s").is_err(),
            "m is minutes to some and milliseconds to others"
        );
        assert!(SimDuration::parse("2min-40s").is_err() && SimDuration::parse("2min40").is_err());
        assert_eq!(SimDuration::parse("500y100y"), Err(UnitError::Compound));
        assert_eq!(SimDuration::parse("584y365d"), Err(UnitError::TooLarge));
    }

    #[test]
    fn a_wrong_unit_says_which_quantity_it_belongs_to() {
        assert_eq!(SimDuration::parse("30"), Err(UnitError::Missing(TIME_NAMES)));
        assert_eq!(SimDuration::parse("10 GiB"), Err(UnitError::Other("size", TIME_NAMES)));
        assert_eq!(
            SimDuration::parse("5 fortnights"),
            Err(UnitError::Unknown("fortnights".into(), TIME_NAMES))
        );
        assert_eq!(SimDuration::parse("-5ms"), Err(UnitError::Negative));
        assert_eq!(SimDuration::parse("1e-12 s"), Err(UnitError::TooSmall("ns")));
        assert_eq!(SimDuration::parse("1e30 y"), Err(UnitError::TooLarge));
        assert_eq!(SimDuration::parse("1e-40 s"), Err(UnitError::TooSmall("ns")));
        assert_eq!(
            SimDuration::parse("10700000000000000000000e-38 y"),
            Err(UnitError::TooLarge),
            "no overflow on the way"
        );
        assert!(Bandwidth::parse("3000000000GB/s").unwrap().to_string().ends_with("bit/s"));
        assert_eq!(Bytes::parse("512 mb"), Err(UnitError::Unknown("mb".into(), SIZE_NAMES)));
        assert_eq!(Bandwidth::parse("10ms"), Err(UnitError::Other("duration", BANDWIDTH_NAMES)));
    }

    #[test]
    fn what_is_printed_reads_back() {
        for text in ["250ms", "1h", "90s", "10y", "1.5ms", "7ns", "0s", "33ms", "2d", "2.05s"] {
            let value = SimDuration::parse(text).unwrap();
            assert_eq!(SimDuration::parse(&value.to_string()), Ok(value), "{text} -> {value}");
        }
        for text in ["64GiB", "12kB", "1B", "2TB", "0B", "1537B"] {
            let value = Bytes::parse(text).unwrap();
            assert_eq!(Bytes::parse(&value.to_string()), Ok(value), "{text} -> {value}");
        }
        for text in ["$250/month", "$0.005", "$12/y"] {
            let value = Money::parse(text).unwrap();
            assert_eq!(value.to_string(), text);
        }
        for text in ["20/s", "0.25/y", "4/y", "1.04/y"] {
            assert_eq!(Rate::parse(text).unwrap().to_string(), text);
        }
    }

    /// D5: a rate printed with all its digits parses to the same rate.
    #[test]
    fn a_rate_a_second_reads_back_to_the_last_bit() {
        for text in ["12/y", "1.04/y", "0.3/d", "7/min", "0.1/s"] {
            let rate = Rate::parse(text).unwrap();
            let again = Rate::parse(&format!("{}/s", rate.in_per_second())).unwrap();
            assert_eq!(again, rate, "{text}");
        }
    }

    #[test]
    fn rates_and_prices_convert() {
        assert_eq!(Rate::parse("20/s").unwrap().in_per_second(), 20.0);
        assert_eq!(Rate::parse("1/y").unwrap().mean_gap(), SimDuration::YEAR);
        let price = Money::parse("$12/y").unwrap();
        assert!((price.dollars_per_month().unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(Probability::parse("99.95%").unwrap().get(), 0.9995);
        assert_eq!(Probability::parse("120%"), Err(UnitError::TooLarge));
        assert_eq!(Bandwidth::parse("100Mbit/s").unwrap().bytes_per_s(), 12_500_000);
    }

    #[test]
    fn cores_are_whole_steps_and_never_out_of_range() {
        assert_eq!(Cores::new(3.5).map(Cores::count), Some(3.5));
        assert_eq!(Cores::new(8.0), Some(Cores::whole(8)));
        assert_eq!(Cores::new(0.1).map(|tenth| tenth.steps()), Some(28_147_497_671_066));
        for count in [-0.5, 65_536.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Cores::new(count), None, "{count}");
        }
        assert!(Cores::new(65_535.999).is_some_and(|most| most < Cores::MAX));
    }
}
