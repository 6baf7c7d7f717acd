//! Arrival rate of one workload over the clock and the week.
//!
//! Model: rate(t) = level × shape(calendar time of t). A shape has mean 1 over its period, so the
//! level is the mean rate:
//! - flat;
//! - weekly: 24 hour factors × 7 day factors give a knot at each of the 168 hour centres
//!   (00:30, 01:30, …); between knots the rate is a straight line, across midnight and from Sunday
//!   to Monday too. All knots are divided by their mean, which is exactly the mean over the week of
//!   the lines between them; factors that sum to 24 and 7 therefore stay as written;
//! - sine: 1 + a·cos(2π(τ − peak)/period), exact, not interpolated; a whole number of waves per day.
//!
//! Takes plain numbers, gives the rate, the cumulated rate Λ(t) since time zero and its inverse,
//! all in closed form, and [`Piece`]s of one formula each for a source that walks along.
//! Holds: Λ never falls; Λ over a whole period = level × period.
//! Leaves out: summer time, holidays, growth.
//! Source: Lewis & Shedler (1979) for arrivals from Λ; factors of a day: any access log.

use std::f64::consts::PI;
use std::fmt;
use std::sync::Arc;

use crate::convert::nearest;
use crate::units::{NANOS_PER_SECOND, Rate, SimDuration, SimTime};

const HOUR: u64 = 3_600 * NANOS_PER_SECOND;
const HALF_HOUR: u64 = HOUR / 2;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;
const HOURS_OF_WEEK: usize = 168;
const HOUR_S: f64 = 3_600.0;
const DAY_S: f64 = 86_400.0;
const WEEK_S: f64 = 7.0 * DAY_S;
/// Last instant of calendars, which exceed simulated time a little; later instants are clamped to it.
pub(super) const LAST: SimTime = SimTime::from_nanos(u64::MAX - 3 * WEEK);
/// Shortest wave of a sine: other curves change by the hour.
const SHORTEST: u64 = 2 * HOUR;

/// Reason why a profile cannot be used.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ProfileError {
    /// A factor of an hour is negative or not a finite number; holds its place from 0.
    HourFactor(usize, f64),
    /// A factor of a day is negative or not a finite number; holds its place from 0 (Monday).
    DayFactor(usize, f64),
    /// All factors are zero, so there is no traffic. A level of zero declares that.
    AllZero,
    /// The amplitude of a sine is outside 0..=1: the rate would be negative at night.
    Amplitude(f64),
    /// The peak of a sine is not within the day.
    Peak(SimDuration),
    /// The waves of a sine do not make a day, are not whole hours, or are shorter than two.
    Period(SimDuration),
    /// The weekday is not 0 (Monday) to 6, or the hour is not within the day.
    Start,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HourFactor(at, value) => {
                write!(f, "the factor of hour {at} is {value}; it must be finite and ≥ 0")
            }
            Self::DayFactor(at, value) => {
                write!(f, "the factor of day {} is {value}; it must be finite and ≥ 0", at + 1)
            }
            Self::AllZero => f.write_str("all factors are 0; at least one must be above 0"),
            Self::Amplitude(value) => {
                write!(f, "the amplitude is {value}; it must lie between 0 and 1")
            }
            Self::Peak(value) => write!(f, "the peak is at {value}; it must lie within the day"),
            Self::Period(value) => write!(
                f,
                "the period of the sine is {value}; it must be 24h, 12h, 8h, 6h, 4h, 3h or 2h, so that each day is the same"
            ),
            Self::Start => f.write_str("the start must be a weekday and a time within the day"),
        }
    }
}

impl std::error::Error for ProfileError {}

/// A time of the week, counted from Monday 00:00: what the calendar shows at time zero of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WeekTime(SimDuration);

impl WeekTime {
    /// Monday 00:00.
    pub const MONDAY: Self = Self(SimDuration::ZERO);

    /// `time_of_day` on the `weekday`-th day, 0 for Monday.
    ///
    /// # Errors
    ///
    /// [`ProfileError::Start`] outside the week or the day.
    pub fn new(weekday: u32, time_of_day: SimDuration) -> Result<Self, ProfileError> {
        if weekday > 6 || time_of_day.nanos() >= DAY {
            return Err(ProfileError::Start);
        }
        Ok(Self(SimDuration::from_nanos(u64::from(weekday) * DAY) + time_of_day))
    }

    /// Time since Monday 00:00.
    #[must_use]
    pub const fn since_monday(self) -> SimDuration {
        self.0
    }
}

/// Shape of the traffic over a week, with mean 1.
#[derive(Clone, Debug, Default)]
pub enum Profile {
    /// The same rate at all times.
    #[default]
    Flat,
    /// Hours × days, straight lines between hour centres.
    Weekly(Weekly),
    /// A sine, the same each day.
    Sine(Sine),
}

/// Factors of the 168 hour centres of a week and their integral.
#[derive(Clone, Debug)]
pub struct Weekly(Arc<Knots>);

#[derive(Debug)]
struct Knots {
    /// Factor at each hour centre from Monday 00:30 on; their mean is 1.
    factor: [f64; HOURS_OF_WEEK],
    /// Seconds of mean rate from Monday 00:30 to each hour centre; the last entry is the week.
    cumulated_s: [f64; HOURS_OF_WEEK + 1],
}

/// Amplitude, peak and period of a sine.
#[derive(Clone, Copy, Debug)]
pub struct Sine {
    amplitude: f64,
    peak_s: f64,
    /// Length of a wave, in ns; a day is a multiple of it.
    period: u64,
    /// Angular speed, in radians per second.
    speed: f64,
}

impl Profile {
    /// Factors of the 24 hours of a day, from 00 on, times factors of the days from Monday on.
    ///
    /// # Errors
    ///
    /// A factor below zero or not finite; all factors zero.
    pub fn weekly(hours: &[f64; 24], days: &[f64; 7]) -> Result<Self, ProfileError> {
        let usable = |value: f64| value.is_finite() && (0.0..=1e9).contains(&value);
        if let Some(at) = hours.iter().position(|v| !usable(*v)) {
            return Err(ProfileError::HourFactor(at, hours[at]));
        }
        if let Some(at) = days.iter().position(|v| !usable(*v)) {
            return Err(ProfileError::DayFactor(at, days[at]));
        }
        let mean = hours.iter().sum::<f64>() / 24.0 * (days.iter().sum::<f64>() / 7.0);
        if mean <= 0.0 {
            return Err(ProfileError::AllZero);
        }
        let factor = std::array::from_fn(|knot| hours[knot % 24] * days[knot / 24] / mean);
        let mut cumulated_s = [0.0; HOURS_OF_WEEK + 1];
        for knot in 0..HOURS_OF_WEEK {
            let next = factor[(knot + 1) % HOURS_OF_WEEK];
            cumulated_s[knot + 1] = cumulated_s[knot] + (factor[knot] + next) / 2.0 * HOUR_S;
        }
        Ok(Self::Weekly(Weekly(Arc::new(Knots { factor, cumulated_s }))))
    }

    /// 1 + `amplitude`·cos(2π(τ − `peak`)/`period`) at the time of day τ.
    ///
    /// # Errors
    ///
    /// An amplitude outside 0..=1, a peak outside the day, a period that is no part of a day in whole hours, at least two.
    pub fn sine(
        amplitude: f64,
        peak: SimDuration,
        period: SimDuration,
    ) -> Result<Self, ProfileError> {
        if !(0.0..=1.0).contains(&amplitude) {
            return Err(ProfileError::Amplitude(amplitude));
        }
        if peak.nanos() >= DAY {
            return Err(ProfileError::Peak(peak));
        }
        let wave = period.nanos();
        if wave < SHORTEST || !wave.is_multiple_of(HOUR) || !DAY.is_multiple_of(wave) {
            return Err(ProfileError::Period(period));
        }
        let speed = 2.0 * PI / period.seconds();
        Ok(Self::Sine(Sine { amplitude, peak_s: peak.seconds(), period: wave, speed }))
    }
}

/// The rate of one workload over simulated time.
#[derive(Clone, Debug)]
pub struct RateCurve {
    /// Mean rate, per second.
    level: f64,
    profile: Profile,
    /// Added to simulated time to get calendar time; at least a week, so that nothing is negative.
    calendar: u64,
}

/// Interval on which one formula holds; see [`RateCurve::piece`].
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// Simulated time plus this (wrapping) is the time since the start of the piece.
    origin: u64,
    end: SimTime,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    /// Rate at the start of the piece and its change per second.
    Line { rate: f64, slope: f64 },
    /// Mean rate, amplitude, the angle at the start of the piece (0 at the peak), and its change per second.
    Sine { level: f64, amplitude: f64, angle: f64, speed: f64 },
}

impl RateCurve {
    /// Mean rate `level` in the shape of `profile`; the calendar shows `start` at time zero.
    #[must_use]
    pub fn new(level: Rate, profile: Profile, start: WeekTime) -> Self {
        let calendar = WEEK + start.0.nanos();
        Self { level: level.in_per_second(), profile, calendar }
    }

    /// Returns the mean rate over a week.
    #[must_use]
    pub fn level(&self) -> Rate {
        Rate::per_second(self.level).expect("a level is made from a rate")
    }

    /// Returns whether the rate is the same at all times.
    #[must_use]
    pub const fn is_flat(&self) -> bool {
        matches!(self.profile, Profile::Flat)
    }

    /// Returns the rate at an instant.
    #[must_use]
    pub fn rate(&self, at: SimTime) -> Rate {
        let at = at.min(LAST);
        let piece = self.piece(at);
        Rate::per_second(piece.rate(piece.offset_s(at, 0.0)).max(0.0)).expect("rates are finite")
    }

    /// Returns the expected arrivals from time zero to `at`: Λ(t).
    #[must_use]
    pub fn cumulated(&self, at: SimTime) -> f64 {
        match self.profile {
            Profile::Flat => self.level * at.seconds(),
            _ => self.level * (self.shape_s(self.calendar_of(at)) - self.shape_s(self.calendar)),
        }
    }

    /// Returns the expected arrivals in `from..to`; zero when `to` is not later.
    #[must_use]
    pub fn between(&self, from: SimTime, to: SimTime) -> f64 {
        if to <= from {
            return 0.0;
        }
        let piece = self.piece(from);
        if to <= piece.end {
            return piece.integral(piece.offset_s(from, 0.0), piece.offset_s(to, 0.0));
        }
        (self.cumulated(to) - self.cumulated(from)).max(0.0)
    }

    /// Returns the mean rate over `from..to`, or the rate at `from` when the interval is empty.
    #[must_use]
    pub fn mean_between(&self, from: SimTime, to: SimTime) -> Rate {
        if to <= from {
            return self.rate(from);
        }
        Rate::per_second(self.between(from, to) / (to - from).seconds()).expect("rates are finite")
    }

    /// The first instant at which `expected` arrivals have cumulated since time zero, as exact as a
    /// double holds Λ: 60 ns after ten years. (A stream of arrivals does not go through here; it
    /// stays exact.) `None` when the level is zero, when `expected` is not a finite number
    /// ≥ 0, and beyond the end of time.
    #[must_use]
    pub fn instant_of(&self, expected: f64) -> Option<SimTime> {
        if !(self.level > 0.0 && expected.is_finite() && expected >= 0.0) {
            return None;
        }
        let shape_s = expected / self.level;
        if self.is_flat() {
            return nanos_from(shape_s * 1e9).map(SimTime::from_nanos);
        }
        let total_s = shape_s + self.shape_s(self.calendar);
        let weeks = (total_s / WEEK_S).floor();
        let rest_s = (total_s - weeks * WEEK_S).clamp(0.0, WEEK_S);
        let whole = nanos_from(weeks * 1e9 * WEEK_S)?;
        let calendar = whole.checked_add(self.nanos_of_shape(rest_s))?;
        // Rounding can land a nanosecond before time zero, never more than that.
        Some(SimTime::from_nanos(calendar.saturating_sub(self.calendar)))
    }

    /// Returns the highest rate and the first instant, from time zero on, that has it.
    #[must_use]
    pub fn peak(&self) -> (Rate, SimTime) {
        let at = match &self.profile {
            Profile::Flat => SimTime::ZERO,
            Profile::Sine(sine) => {
                let peak = SimDuration::from_seconds_f64(sine.peak_s).nanos();
                SimTime::from_nanos((peak + WEEK + DAY - self.calendar % WEEK) % sine.period)
            }
            Profile::Weekly(Weekly(knots)) => {
                let top = knots.factor.iter().fold(0.0_f64, |top, factor| top.max(*factor));
                let after = |knot: usize| {
                    (knot as u64 * HOUR + HALF_HOUR + WEEK - self.calendar % WEEK) % WEEK
                };
                let at = (0..HOURS_OF_WEEK).filter(|knot| knots.factor[*knot] == top).map(after);
                SimTime::from_nanos(at.min().expect("one knot is the highest"))
            }
        };
        (self.rate(at), at)
    }

    /// Returns an instant after `at` up to which the rate only rises or only falls; for ever, if it does not change.
    #[must_use]
    pub fn one_way_until(&self, at: SimTime) -> SimTime {
        match &self.profile {
            Profile::Flat => SimTime::NEVER,
            Profile::Sine(sine) => {
                let peak = SimDuration::from_seconds_f64(sine.peak_s).nanos();
                let half = sine.period / 2;
                let since = (self.calendar_of(at) + DAY - peak) % half;
                at + SimDuration::from_nanos(half - since)
            }
            Profile::Weekly(Weekly(knots)) => {
                let calendar = self.calendar_of(at);
                let start = calendar - (calendar - HALF_HOUR) % HOUR;
                let first = ((start - HALF_HOUR) % WEEK / HOUR) as usize;
                let factor = |knot: usize| knots.factor[(first + knot) % HOURS_OF_WEEK];
                let rises = |knot: usize| factor(knot + 1).total_cmp(&factor(knot));
                let one_way = |knot: &usize| rises(*knot) == rises(0);
                let hours = (1..HOURS_OF_WEEK).take_while(one_way).count() as u64 + 1;
                SimTime::from_nanos((start + hours * HOUR).saturating_sub(self.calendar))
            }
        }
    }

    /// Returns the formula that holds at `at`, with its end.
    #[must_use]
    pub fn piece(&self, at: SimTime) -> Piece {
        let calendar = self.calendar_of(at);
        let until = |end: u64| SimTime::from_nanos(end.saturating_sub(self.calendar));
        match &self.profile {
            Profile::Flat => Piece {
                origin: 0,
                end: SimTime::NEVER,
                form: Form::Line { rate: self.level, slope: 0.0 },
            },
            Profile::Sine(sine) => {
                let start = calendar - calendar % HOUR;
                let of_day_s = (start % DAY) as f64 / 1e9;
                Piece {
                    origin: self.calendar.wrapping_sub(start),
                    end: until(start.saturating_add(HOUR)),
                    form: Form::Sine {
                        level: self.level,
                        amplitude: sine.amplitude,
                        angle: sine.speed * (of_day_s - sine.peak_s),
                        speed: sine.speed,
                    },
                }
            }
            Profile::Weekly(Weekly(knots)) => {
                let start = calendar - (calendar - HALF_HOUR) % HOUR;
                let knot = ((start - HALF_HOUR) % WEEK / HOUR) as usize;
                let rate = self.level * knots.factor[knot];
                let next = self.level * knots.factor[(knot + 1) % HOURS_OF_WEEK];
                Piece {
                    origin: self.calendar.wrapping_sub(start),
                    end: until(start.saturating_add(HOUR)),
                    form: Form::Line { rate, slope: (next - rate) / HOUR_S },
                }
            }
        }
    }

    fn calendar_of(&self, at: SimTime) -> u64 {
        at.min(LAST).nanos() + self.calendar
    }

    /// Seconds of mean rate from calendar zero (a Monday 00:00) to `calendar`: ∫ shape.
    fn shape_s(&self, calendar: u64) -> f64 {
        match &self.profile {
            Profile::Flat => calendar as f64 / 1e9,
            Profile::Sine(sine) => {
                let whole_s = (calendar / DAY) as f64 * DAY_S;
                let of_day_s = (calendar % DAY) as f64 / 1e9;
                // ∫ cos from 0 to τ, as a product: sin(x − p) + sin(p) = 2 cos(x/2 − p) sin(x/2).
                let speed = sine.speed;
                let half = speed * of_day_s / 2.0;
                let wave = 2.0 * libm::cos(half - speed * sine.peak_s) * libm::sin(half) / speed;
                whole_s + of_day_s + sine.amplitude * wave
            }
            Profile::Weekly(Weekly(knots)) => {
                let since = calendar + (WEEK - HALF_HOUR);
                let (weeks, of_week) = (since / WEEK, since % WEEK);
                weeks as f64 * WEEK_S + knots.integral_s(of_week)
                    - knots.integral_s(WEEK - HALF_HOUR)
            }
        }
    }

    /// Nanoseconds from Monday 00:00 by which the shape's integral is `shape_s`, within the week.
    fn nanos_of_shape(&self, shape_s: f64) -> u64 {
        // The latest half-hour whose integral is not above; the shape's integral is monotone.
        let (mut low, mut high) = (0_u64, WEEK / HALF_HOUR);
        while high - low > 1 {
            let middle = u64::midpoint(low, high);
            if self.shape_s(middle * HALF_HOUR) < shape_s {
                low = middle;
            } else {
                high = middle;
            }
        }
        let begin = low * HALF_HOUR;
        // The same shape with level 1, on a calendar whose time zero is a Monday.
        let unit = Self { level: 1.0, profile: self.profile.clone(), calendar: WEEK };
        let piece = unit.piece(SimTime::from_nanos(begin));
        let from = piece.offset_s(SimTime::from_nanos(begin), 0.0);
        let rest = (shape_s - self.shape_s(begin)).max(0.0);
        let step_s = piece.advance(from, rest).unwrap_or(HOUR_S / 2.0).clamp(0.0, HOUR_S / 2.0);
        begin + nearest(step_s * 1e9)
    }
}

impl Knots {
    /// Seconds of mean rate in the first `nanos` after Monday 00:30.
    fn integral_s(&self, nanos: u64) -> f64 {
        let knot = (nanos / HOUR) as usize % HOURS_OF_WEEK;
        let x_s = (nanos % HOUR) as f64 / 1e9;
        let (from, to) = (self.factor[knot], self.factor[(knot + 1) % HOURS_OF_WEEK]);
        self.cumulated_s[knot] + x_s * (from + (to - from) * x_s / (2.0 * HOUR_S))
    }
}

impl Piece {
    /// The rate, where it does not change on this piece.
    #[must_use]
    pub fn constant_rate(&self) -> Option<f64> {
        match self.form {
            Form::Line { rate, slope: 0.0 } => Some(rate),
            _ => None,
        }
    }

    /// First instant after the piece; [`SimTime::NEVER`] when it has no end.
    #[must_use]
    pub const fn end(&self) -> SimTime {
        self.end
    }

    /// Seconds from the start of the piece to `at` plus `fraction` of a nanosecond.
    #[must_use]
    pub fn offset_s(&self, at: SimTime, fraction: f64) -> f64 {
        (at.nanos().wrapping_add(self.origin) as f64 + fraction) / 1e9
    }

    /// Arrivals per second `x_s` seconds after the start of the piece.
    #[must_use]
    pub fn rate(&self, x_s: f64) -> f64 {
        match self.form {
            Form::Line { rate, slope } => rate + slope * x_s,
            Form::Sine { level, amplitude, angle, speed } => {
                level * (1.0 + amplitude * libm::cos(angle + speed * x_s))
            }
        }
    }

    /// Expected arrivals between two offsets in seconds.
    #[must_use]
    pub fn integral(&self, from_s: f64, to_s: f64) -> f64 {
        let length_s = to_s - from_s;
        match self.form {
            Form::Line { rate, slope } => length_s * (rate + slope * (from_s + to_s) / 2.0),
            Form::Sine { level, amplitude, angle, speed } => {
                // sin b − sin a = 2 cos((a + b)/2) sin((b − a)/2): exact for short intervals too.
                let middle = angle + speed * (from_s + to_s) / 2.0;
                let half = speed * length_s / 2.0;
                let wave = 2.0 * libm::cos(middle) * libm::sin(half) / speed;
                level * (length_s + amplitude * wave)
            }
        }
    }

    /// Seconds after `from_s` until `amount` arrivals are expected, by the formula of this piece
    /// wherever that is; `None` when they never are.
    #[must_use]
    pub fn advance(&self, from_s: f64, amount: f64) -> Option<f64> {
        if amount <= 0.0 {
            return Some(0.0);
        }
        match self.form {
            Form::Line { slope: 0.0, rate } => (rate > 0.0).then(|| amount / rate),
            Form::Line { rate, slope } => {
                advance_on_line((rate + slope * from_s).max(0.0), slope, amount)
            }
            Form::Sine { level, amplitude, angle, speed } => {
                // A day of a sine has its mean rate; more than that lies beyond any piece.
                if level * DAY_S < amount {
                    return None;
                }
                let slope = -level * amplitude * speed * libm::sin(angle + speed * from_s);
                Some(self.advance_by_newton(from_s, amount, slope))
            }
        }
    }

    /// Newton's method from the straight line at `from_s`, inside a bracket that is halved where
    /// Newton leaves it.
    fn advance_by_newton(&self, from_s: f64, amount: f64, slope: f64) -> f64 {
        let (mut low, mut high) = (0.0, DAY_S);
        let line = advance_on_line(self.rate(from_s).max(0.0), slope, amount);
        let mut x = line.filter(|x| *x < high).unwrap_or(high / 2.0);
        // The bracket alone, halved 64 times from a day, is finer than a nanosecond.
        for _ in 0..64 {
            let miss = self.integral(from_s, from_s + x) - amount;
            if miss > 0.0 {
                high = x;
            } else {
                low = x;
            }
            let newton = x - miss / self.rate(from_s + x);
            let inside = newton > low && newton < high;
            let next = if inside { newton } else { f64::midpoint(low, high) };
            // A Newton step squares the relative error: this one was the last that matters.
            if (inside && (next - x).abs() <= 1e-7 * x) || high - low <= 1e-15 * high {
                return next;
            }
            x = next;
        }
        x
    }
}

/// Seconds until `amount` arrivals at a rate of `here` that changes by `slope` per second: the root
/// of slope/2·x² + here·x = amount in the form that is stable for either sign of the slope.
fn advance_on_line(here: f64, slope: f64, amount: f64) -> Option<f64> {
    let square = here * here + 2.0 * slope * amount;
    // A line that falls to zero exactly at the end of `amount` may miss it by a bit.
    let reaches = square >= -1e-12 * here * here;
    reaches.then(|| 2.0 * amount / (here + square.max(0.0).sqrt()))
}

/// Whole nanoseconds nearest to `value`; `None` past the end of time.
fn nanos_from(value: f64) -> Option<u64> {
    (value < 1.8e19).then(|| nearest(value))
}

#[cfg(test)]
mod tests;
