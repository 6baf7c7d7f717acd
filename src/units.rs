//! Quantities with units: parsing, formatting, arithmetic.
//!
//! Every value with a dimension that crosses a module border has one of these types. Text always carries a unit
//! (`"250ms"`, `"40/s"`, `"64GiB"`, `"$250/month"`). Durations, sizes, bandwidths and amounts of money are parsed in
//! integers, without a float.
//!
//! Holds: no constructor makes a value outside its range; integer values are rounded to nearest, ties away from zero,
//! by [`round_ratio`].

mod amounts;
pub mod power;
mod rates;
mod time;

pub use amounts::{Bandwidth, Bytes, Cores, Work};
pub use power::{CarbonIntensity, Energy, EnergyPrice, Mass, Watts};
use rates::period_nanos;
pub use rates::{Money, Probability, Rate};
pub use time::{SimDuration, SimTime};

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
