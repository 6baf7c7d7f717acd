//! Bytes, bandwidths, work and cores.

use std::fmt;
use std::ops::Add;

use super::{
    BANDWIDTH_NAMES, BANDWIDTH_UNITS, NANOS_PER_SECOND, SIZE_NAMES, SIZE_UNITS, SimDuration,
    UnitError, parse_in, parse_parts, round_ratio,
};
use crate::convert::whole;

/// A size in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub(super) u64);

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
pub struct Bandwidth(pub(super) u64);

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
pub struct Work(pub(super) u64);

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
pub struct Cores(pub(super) u64);

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
