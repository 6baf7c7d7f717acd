//! Times as traces write them, read exactly into nanoseconds since 1970-01-01T00:00:00Z.
//!
//! Holds: every date of the proleptic Gregorian calendar from year 1 to 9999; no leap seconds (a
//! second 60 counts as the next minute's first).
//! Source for the day number: Hinnant, chrono-compatible low-level date algorithms.

use super::rate::{ProfileError, WeekTime};
use crate::convert::place;
use crate::scenario::file::{TraceErrorKind, excerpt};
use crate::units::{NANOS_PER_SECOND, SimDuration};

const NANOS: i128 = NANOS_PER_SECOND as i128;
const DAY_S: i64 = 86_400;

/// Format and time zone of the times of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeForm {
    /// Seconds since 1970-01-01T00:00:00Z, decimals allowed.
    UnixSeconds,
    /// Milliseconds since then.
    UnixMilliseconds,
    /// Microseconds since then.
    UnixMicroseconds,
    /// Nanoseconds since then.
    UnixNanoseconds,
    /// Minutes since then, or since any other instant: only differences count.
    Minutes,
    /// Hours since then, or since any other instant.
    Hours,
    /// Days since then, or since any other instant.
    Days,
    /// `1995-07-01 00:00[:00[.5]]` (or with `T`), in the zone of this many minutes east of UTC,
    /// unless the text ends in `Z` or `±hh:mm`.
    Civil(i32),
}

impl TimeForm {
    /// Nanoseconds per unit of a number; `None` for dates.
    pub(super) const fn unit(self) -> Option<i128> {
        match self {
            Self::UnixSeconds => Some(NANOS),
            Self::UnixMilliseconds => Some(NANOS / 1_000),
            Self::UnixMicroseconds => Some(NANOS / 1_000_000),
            Self::UnixNanoseconds => Some(1),
            Self::Minutes => Some(NANOS * 60),
            Self::Hours => Some(NANOS * 3_600),
            Self::Days => Some(NANOS * 86_400),
            Self::Civil(_) => None,
        }
    }

    /// Reads `text` as nanoseconds since the epoch.
    pub(super) fn read(self, text: &str) -> Result<i128, TraceErrorKind> {
        let text = text.trim();
        match (self, self.unit()) {
            (Self::Civil(east_minutes), _) => {
                civil(text, east_minutes).ok_or_else(|| TraceErrorKind::NotATime(excerpt(text)))
            }
            // An hour is no finite number of days, nor a minute one of hours: such times are those of the nearest millisecond.
            (Self::Minutes | Self::Hours | Self::Days, unit) => {
                let nanos = decimal(text, unit.unwrap_or(NANOS))?;
                Ok((nanos + MILLI / 2) / MILLI * MILLI)
            }
            (_, unit) => decimal(text, unit.unwrap_or(NANOS)),
        }
    }
}

/// Returns whether a text is a date of [`TimeForm::Civil`].
pub(super) fn is_date(text: &str) -> bool {
    civil(text.trim(), 0).is_some()
}

/// Nanoseconds of a millisecond.
const MILLI: i128 = NANOS / 1_000;
/// Largest number of digits before the point: those of nanoseconds before [`LATEST`], written with any unit.
const LONGEST: usize = 24;
/// The instants that are read come before this one, in nanoseconds: 10¹⁵ seconds after the epoch.
const LATEST: i128 = 1_000_000_000_000_000 * NANOS;

/// A decimal number of units of `unit` nanoseconds, ≥ 0, to the nanosecond below.
fn decimal(text: &str, unit: i128) -> Result<i128, TraceErrorKind> {
    let refused = || match text.parse::<f64>() {
        // Negative, infinite, not a number, or so large that it has an exponent.
        Ok(_) => TraceErrorKind::OutOfRange(excerpt(text)),
        Err(_) => TraceErrorKind::NotANumber(excerpt(text)),
    };
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > LONGEST || !digits(whole) || !digits(part) {
        return Err(refused());
    }
    let mut nanos = whole.parse::<i128>().map_err(|_| refused())? * unit;
    if nanos >= LATEST {
        return Err(TraceErrorKind::TooLate(excerpt(text)));
    }
    let mut step = unit;
    for digit in part.bytes() {
        step /= 10;
        nanos += i128::from(digit - b'0') * step;
    }
    Ok(nanos)
}

/// Returns the instant of a number of units of `unit` nanoseconds since the epoch, before it if negative.
pub(super) fn instant(number: i128, unit: i128) -> Result<i128, TraceErrorKind> {
    let nanos = number.checked_mul(unit).filter(|nanos| (-LATEST..LATEST).contains(nanos));
    nanos.ok_or_else(|| TraceErrorKind::TooLate(excerpt(&number.to_string())))
}

fn civil(text: &str, east_minutes: i32) -> Option<i128> {
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, east_minutes) = match rest.find(['Z', 'z', '+', '-']) {
        Some(at) if matches!(&rest[at..], "Z" | "z") => (&rest[..at], 0),
        Some(at) => (&rest[..at], zone_minutes(&rest[at..])?),
        None => (rest, east_minutes),
    };
    let mut parts = clock.splitn(3, ':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let (second, part) = match parts.next() {
        Some(text) => text.split_once('.').unwrap_or((text, "")),
        None => ("00", ""),
    };
    let day = day_number(number(year, 4)?, number(month, 2)?, number(day, 2)?)?;
    let of_day = seconds_of_day(hour, minute, number(second, 2)?)?;
    let nanos = decimal(&format!("0.{part}"), NANOS).ok()?;
    let unix_s = day * DAY_S + of_day - i64::from(east_minutes) * 60;
    Some(i128::from(unix_s) * NANOS + nanos)
}

/// `dd/Mon/yyyy:HH:MM:SS ±hhmm`, the time of the Common Log Format, in seconds since the epoch.
pub(super) fn log_time(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    if text.len() != 26 || !text.is_ascii() {
        return None;
    }
    let separators = [(2, b'/'), (6, b'/'), (11, b':'), (14, b':'), (17, b':'), (20, b' ')];
    if separators.iter().any(|(at, byte)| text.as_bytes()[*at] != *byte) {
        return None;
    }
    let month = place(MONTHS.iter().position(|name| *name == &text[3..6])?) + 1;
    let day = day_number(number(&text[7..11], 4)?, month, number(&text[..2], 2)?)?;
    let clock = [&text[12..14], &text[15..17], &text[18..20]].map(|part| number(part, 2));
    let of_day = seconds_of_day(clock[0]?, clock[1]?, clock[2]?)?;
    Some(day * DAY_S + of_day - i64::from(zone_minutes(&text[21..])?) * 60)
}

/// Seconds east of UTC of a time that [`log_time`] has read.
pub(super) fn log_zone(text: &str) -> i64 {
    i64::from(text.get(21..).and_then(zone_minutes).unwrap_or(0)) * 60
}

/// `1995-07-01 00:00:01` in the zone `east_s` seconds east of UTC.
pub(super) fn civil_text(unix_s: i64, east_s: i64) -> String {
    let local = unix_s + east_s;
    let (day, of_day) = (local.div_euclid(DAY_S), local.rem_euclid(DAY_S));
    // Days from 0000-03-01, so that a leap day ends a year; Hinnant's inverse.
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// Minutes east of UTC of `±hhmm` or `±hh:mm`.
fn zone_minutes(text: &str) -> Option<i32> {
    let east = match text.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = text[1..].replacen(':', "", 1);
    let (hours, minutes) = (number(digits.get(..2)?, 2)?, number(digits.get(2..)?, 2)?);
    (hours < 24 && minutes < 60).then_some(east * (hours * 60 + minutes).cast_signed())
}

/// Exactly `digits` decimal digits.
fn number(text: &str, digits: usize) -> Option<u32> {
    let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

fn seconds_of_day(hour: u32, minute: u32, second: u32) -> Option<i64> {
    let valid = hour < 24 && minute < 60 && second <= 60;
    valid.then_some(i64::from(hour * 3_600 + minute * 60 + second))
}

/// Days from 1970-01-01 to a date.
fn day_number(year: u32, month: u32, day: u32) -> Option<i64> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || day == 0 || day > length {
        return None;
    }
    // Years begin in March, so that a leap day ends one.
    let year = i64::from(year) - i64::from(month <= 2);
    let (era, of_era) = (year / 400, year % 400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468)
}

/// Returns the calendar time `east_minutes` east of UTC at an instant since the epoch.
pub(super) fn week_time(unix_nanos: i128, east_minutes: i32) -> Result<WeekTime, ProfileError> {
    let local = unix_nanos + i128::from(east_minutes) * 60 * NANOS;
    let day = i128::from(DAY_S) * NANOS;
    // 1970-01-01 was a Thursday, the fourth day of its week.
    let weekday = u32::try_from((local.div_euclid(day) + 3).rem_euclid(7)).expect("below 7");
    let of_day = u64::try_from(local.rem_euclid(day)).expect("below a day");
    WeekTime::new(weekday, SimDuration::from_nanos(of_day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_time_is_its_instant_in_utc() {
        // `date -u -d '1995-07-01 04:00:01' +%s`
        assert_eq!(log_time("01/Jul/1995:00:00:01 -0400"), Some(804_571_201));
        assert_eq!(log_time("01/Jan/1970:00:00:00 +0000"), Some(0));
        assert_eq!(log_time("29/Feb/2000:23:59:60 +0000"), Some(951_868_800));
        assert_eq!(log_time("31/Dec/1969:23:30:00 -0030"), Some(0));
        for hostile in [
            "",
            "01/Jul/1995:00:00:01",
            "31/Jun/1995:00:00:01 -0400",
            "29/Feb/1900:00:00:00 +0000",
            "01/jul/1995:00:00:01 -0400",
            "00/Jul/1995:00:00:01 -0400",
            "01/Jul/1995:24:00:01 -0400",
            "01/Jul/1995:00:00:01 ~0400",
            "é1/Jul/1995:00:00:01 -040",
        ] {
            assert_eq!(log_time(hostile), None, "{hostile}");
        }
    }

    #[test]
    fn a_time_is_written_as_it_was_read() {
        assert_eq!(civil_text(804_571_201, -14_400), "1995-07-01 00:00:01");
        assert_eq!(log_zone("01/Jul/1995:00:00:01 -0400"), -14_400);
        for day in -1_500..5_000_i64 {
            let unix_s = day * 400 * 86_399;
            let text = format!("{}Z", civil_text(unix_s, 0));
            if text.len() == 20 {
                assert_eq!(civil(&text, 0), Some(i128::from(unix_s) * NANOS), "{text}");
            }
        }
    }

    #[test]
    fn unit_and_zone_of_a_time_are_what_the_form_says() {
        let second = |n: i128| Ok(n * NANOS);
        assert_eq!(TimeForm::UnixSeconds.read("804571200"), second(804_571_200));
        assert_eq!(TimeForm::UnixMilliseconds.read("804571200000"), second(804_571_200));
        assert_eq!(TimeForm::UnixSeconds.read(" 1.25 "), Ok(1_250_000_000));
        let kennedy = TimeForm::Civil(-240);
        assert_eq!(kennedy.read("1995-07-01 00:00"), second(804_571_200));
        assert_eq!(kennedy.read("1995-07-01T04:00:00Z"), second(804_571_200));
        assert_eq!(kennedy.read("1995-07-01T06:00:00+02:00"), second(804_571_200));
        assert_eq!(kennedy.read("1970-01-01 00:00:00.5Z"), Ok(NANOS / 2));
    }

    #[test]
    fn hostile_times_are_refused() {
        use TraceErrorKind::{NotANumber, NotATime, OutOfRange};
        let read = |text: &str| TimeForm::UnixSeconds.read(text).unwrap_err();
        for text in ["-5", "nan", "inf", "1e9"] {
            assert!(matches!(read(text), OutOfRange(_)), "{text}");
        }
        assert!(matches!(read("99999999999999999999"), TraceErrorKind::TooLate(_)));
        for text in ["", "noon", "1,5", "0x10", "1.2.3"] {
            assert!(matches!(read(text), NotANumber(_)), "{text}");
        }
        for text in
            ["1995-13-01 00:00", "1995-07-01", "1995-07-01 0:0", "ééééééééé", "1995-07-01 é"]
        {
            let error = TimeForm::Civil(0).read(text).unwrap_err();
            assert!(matches!(error, NotATime(_)), "{text}");
        }
    }

    #[test]
    fn the_weekday_of_an_instant_is_the_calendars() {
        // 1995-07-01 was a Saturday, in Florida from 04:00 UTC on.
        let saturday = WeekTime::new(5, SimDuration::ZERO);
        assert_eq!(week_time(804_571_200 * NANOS, -240), saturday);
        assert_eq!(week_time(0, 0), WeekTime::new(3, SimDuration::ZERO));
        assert_eq!(week_time(-NANOS, 0), WeekTime::new(2, SimDuration::from_secs(86_399)));
    }
}
