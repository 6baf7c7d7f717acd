//! Axes with ticks whose labels do not overlap.
//!
//! Model: a coordinate type for plotters. The ticks are chosen when it is made, from the range, the unit and the
//! available space, so that labels do not overlap at any width.
//! In: an axis, a range in base units, pixels. Out: a [`Scale`] for `build_cartesian_2d`, the title of the axis with
//! its unit, the width of its labels.
//! Holds: steps are 1, 2 or 5 times a power of ten in the unit shown (decades and their parts on a logarithmic axis).

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::convert::whole;
use crate::report::document::{Axis, Spacing, Unit};
use crate::report::number::{self, Display};
use crate::report::svg::{fitted, text_width};

/// Size of tick labels in pixels.
pub const TICK_SIZE: f64 = 11.0;
/// Smallest gap between the labels of two adjacent ticks, in pixels.
const TICK_GAP: f64 = 26.0;
/// Smallest gap between two names, in pixels.
const CATEGORY_GAP: f64 = 2.9;

/// Largest magnitude that is drawn: no quantity reaches it, and sums of steps stay finite.
const LARGEST: f64 = 1e100;

/// The direction of an axis, with its length in pixels.
#[derive(Clone, Copy, Debug)]
pub enum Room {
    /// Left to right: labels are side by side.
    Across(f64),
    /// Upwards: labels are above each other.
    Up(f64),
}

/// A coordinate with its ticks.
#[derive(Clone, Debug)]
pub struct Scale {
    /// Ends of the axis after the transformation of `spacing`.
    low: f64,
    high: f64,
    spacing: Spacing,
    ticks: Vec<(f64, String)>,
}

/// Transforms `value` so that equal distances are equal steps of the axis; `None` if the axis cannot show it.
fn transformed(spacing: Spacing, value: f64) -> Option<f64> {
    let place = match spacing {
        Spacing::Linear => value,
        Spacing::Log => (value > 0.0).then(|| libm::log10(value))?,
        Spacing::Nines => (value < 1.0).then(|| -libm::log10(1.0 - value))?,
    };
    (place.abs() <= LARGEST).then_some(place)
}

impl Scale {
    /// Creates an axis over `values`, without those it cannot show, and its title.
    #[must_use]
    pub fn over(axis: &Axis, values: &[f64], room: Room) -> (Self, String) {
        let places = values.iter().filter_map(|value| transformed(axis.spacing, *value));
        let (mut low, mut high) =
            places.fold((f64::MAX, f64::MIN), |(low, high), p| (low.min(p), high.max(p)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low <= 1e-12 * high.abs().max(1e-300) {
            let pad = if axis.spacing == Spacing::Linear { high.abs().max(1.0) } else { 1.0 } / 2.0;
            (low, high) = (low - pad, high + pad);
        }
        match axis.spacing {
            Spacing::Linear => Self::linear(axis, low, high, room),
            Spacing::Log => Self::decades(axis, low, high, room),
            Spacing::Nines => Self::nines(axis, low, high, room),
        }
    }

    fn linear(axis: &Axis, low: f64, high: f64, room: Room) -> (Self, String) {
        let display = Display::of(&axis.unit, low.abs().max(high.abs()));
        let mut low = low;
        if matches!(room, Room::Up(_)) && low > 0.0 && low < 0.6 * high {
            low = 0.0;
        }
        let (from, to) = (low * display.factor, high * display.factor);
        let first = whole::i32(libm::floor(libm::log10((to - from) / 20.0)));
        let mut scale = Self { low, high, spacing: Spacing::Linear, ticks: Vec::new() };
        for candidate in 0..15_u8 {
            let part = [1.0, 2.0, 5.0][usize::from(candidate % 3)];
            let step = part * libm::pow(10.0, f64::from(first + i32::from(candidate / 3)));
            let outward = matches!(room, Room::Up(_));
            let (start, end) = if outward {
                ((from / step + 1e-9).floor(), (to / step - 1e-9).ceil())
            } else {
                ((from / step - 1e-9).ceil(), (to / step + 1e-9).floor())
            };
            if end - start > 40.0 {
                continue;
            }
            let tick = |n: i32| {
                let shown = (start + f64::from(n)) * step;
                (shown / display.factor, number::tick(shown, step))
            };
            scale.ticks = (0..=whole::i32((end - start).max(0.0))).map(tick).collect();
            if outward {
                scale.low = start * step / display.factor;
                scale.high = end * step / display.factor;
            }
            if scale.fits(room, TICK_GAP) {
                break;
            }
        }
        (scale, title(axis, &display))
    }

    fn decades(axis: &Axis, low: f64, high: f64, room: Room) -> (Self, String) {
        // With a unit that has names for sizes, the unit follows each tick, so that 1 ms and 10 s can share an axis;
        // otherwise it is in the title.
        let named = matches!(
            axis.unit,
            Unit::Seconds
                | Unit::Bytes
                | Unit::BitsPerSecond
                | Unit::Watts
                | Unit::Joules
                | Unit::Grams
        );
        let label = |value: f64| {
            let display = Display::of(&axis.unit, value * 1.000_001);
            let text = number::tick(value * display.factor, first_digit(value * display.factor));
            if named { display.dress(&text) } else { text }
        };
        let display = Display::of(&axis.unit, 1.0);
        let label_title = if named { axis.label.clone() } else { title(axis, &display) };
        // Percentages shift the decades: 0.01 is 1 %, still a power of ten.
        let mut scale = Self { low, high, spacing: Spacing::Log, ticks: Vec::new() };
        if axis.unit == Unit::Seconds && scale.clock(room) {
            return (scale, label_title);
        }
        scale.choose(room, |decade, part| {
            let value = part * libm::pow(10.0, f64::from(decade));
            (value, label(value))
        });
        (scale, label_title)
    }

    fn nines(axis: &Axis, low: f64, high: f64, room: Room) -> (Self, String) {
        let mut scale = Self { low, high, spacing: Spacing::Nines, ticks: Vec::new() };
        scale.choose(room, |decade, part| {
            // Upwards on this axis the distance to one shrinks: 1 of 10^n, then 0.5, then 0.2.
            let missing = libm::pow(10.0, f64::from(-decade)) / part;
            let decimals = usize::try_from(decade - if part > 1.0 { 1 } else { 2 }).unwrap_or(0);
            (1.0 - missing, format!("{:.decimals$}", 100.0 - missing * 100.0))
        });
        (scale, title(axis, &Display::of(&axis.unit, 1.0)))
    }

    /// Selects ticks at round minutes, hours and days; returns false if the axis ends below a minute.
    fn clock(&mut self, room: Room) -> bool {
        const SECONDS: [f64; 8] = [1e-3, 1e-2, 0.1, 1.0, 2.0, 5.0, 10.0, 30.0];
        const LONGER: [(f64, &[f64]); 3] = [
            (60.0, &[1.0, 2.0, 5.0, 10.0, 30.0]),
            (3_600.0, &[1.0, 3.0, 10.0]),
            (86_400.0, &[1.0, 3.0, 10.0, 30.0, 100.0]),
        ];
        if self.high < libm::log10(90.0) {
            return false;
        }
        let pad = 0.03 * (self.high - self.low);
        let (low, high) = (self.low - pad, self.high + pad);
        let longer = LONGER.iter().flat_map(|(unit, counts)| counts.iter().map(move |n| n * unit));
        let all: Vec<f64> = SECONDS.into_iter().chain(longer).collect();
        let coarse = |value: f64| {
            [1e-3, 0.1, 1.0, 10.0, 60.0, 600.0, 3_600.0, 36_000.0, 864_000.0].contains(&value)
        };
        let coarsest = |value: f64| [1.0, 60.0, 3_600.0, 86_400.0].contains(&value);
        let shown = |value: f64| {
            transformed(Spacing::Log, value).is_some_and(|place| (low..=high).contains(&place))
        };
        let label = |value: f64| {
            let (unit, word) = match value {
                _ if value >= 86_400.0 => (86_400.0, "d"),
                _ if value >= 3_600.0 => (3_600.0, "h"),
                _ if value >= 60.0 => (60.0, "min"),
                _ if value >= 1.0 => (1.0, "s"),
                _ => (1e-3, "ms"),
            };
            (value, format!("{}\u{a0}{word}", number::tick(value / unit, 1.0)))
        };
        let sets: [&dyn Fn(f64) -> bool; 3] = [&|_| true, &coarse, &coarsest];
        let before = (self.low, self.high);
        (self.low, self.high) = (low, high);
        for set in sets {
            self.ticks = all
                .iter()
                .copied()
                .filter(|value| set(*value) && shown(*value))
                .map(label)
                .collect();
            if self.ticks.len() > 1 && self.fits(room, TICK_GAP) {
                return true;
            }
        }
        (self.low, self.high) = before;
        false
    }

    /// Extends the ends slightly and selects the densest set of ticks that fits.
    fn choose(&mut self, room: Room, tick: impl Fn(i32, f64) -> (f64, String)) {
        let pad = 0.03 * (self.high - self.low);
        (self.low, self.high) = (self.low - pad, self.high + pad);
        let (first, last) = (whole::i32(self.low.floor()), whole::i32(self.high.ceil()));
        let sets: [(&[f64], i32); 9] = [
            (&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], 1),
            (&[1.0, 2.0, 3.0, 5.0, 7.0], 1),
            (&[1.0, 2.0, 5.0], 1),
            (&[1.0, 5.0], 1),
            (&[1.0, 3.0], 1),
            (&[1.0], 1),
            (&[1.0], 2),
            (&[1.0], 5),
            (&[1.0], 20),
        ];
        for (parts, every) in sets {
            // One third of the distance to one is no round number.
            if self.spacing == Spacing::Nines && parts.contains(&3.0) {
                continue;
            }
            let all = (first..=last)
                .filter(|decade| decade.rem_euclid(every) == 0)
                .flat_map(|decade| parts.iter().map(move |part| (decade, *part)));
            self.ticks = all
                .map(|(decade, part)| tick(decade, part))
                .filter(|(value, _)| {
                    transformed(self.spacing, *value)
                        .is_some_and(|p| (self.low..=self.high).contains(&p))
                })
                .collect();
            if self.fits(room, TICK_GAP) {
                return;
            }
        }
    }

    /// Returns whether adjacent labels keep their distance.
    fn fits(&self, room: Room, between: f64) -> bool {
        let pixel = |value: f64, length: f64| self.fraction(value).unwrap_or(0.0) * length;
        self.ticks.windows(2).all(|pair| {
            let ((left, left_label), (right, right_label)) = (&pair[0], &pair[1]);
            match room {
                Room::Across(length) => {
                    let gap = pixel(*right, length) - pixel(*left, length);
                    let half = |label| text_width(label, TICK_SIZE) / 2.0;
                    gap >= half(left_label) + half(right_label) + between
                }
                Room::Up(length) => pixel(*right, length) - pixel(*left, length) >= 30.0,
            }
        })
    }

    /// Creates an axis with `labels` at 0, 1, 2 …; the first is at the top (or left). Labels are cut to `width`
    /// pixels. If labels side by side do not fit, only every n-th is shown.
    #[must_use]
    pub fn categories(labels: &[String], width: f64, room: Room) -> Self {
        let count = labels.len() as f64;
        let (low, high) = match room {
            Room::Across(_) => (-0.5, count - 0.5),
            Room::Up(_) => (count - 0.5, -0.5),
        };
        let mut scale = Self { low, high, spacing: Spacing::Linear, ticks: Vec::new() };
        for every in [1, 2, 3, 4, 6, 12, 24, 48, 96, 192] {
            let label = |(at, text): (usize, &String)| (at as f64, fitted(text, TICK_SIZE, width));
            scale.ticks = labels.iter().enumerate().step_by(every).map(label).collect();
            if matches!(room, Room::Up(_)) || scale.fits(room, CATEGORY_GAP) {
                break;
            }
        }
        scale
    }

    /// Returns the position of `value` from 0 to 1; `None` if the axis cannot show it.
    #[must_use]
    pub fn fraction(&self, value: f64) -> Option<f64> {
        let place = transformed(self.spacing, value)?;
        Some((place - self.low) / (self.high - self.low))
    }

    /// Returns the width of the widest label in pixels.
    #[must_use]
    pub fn label_width(&self) -> f64 {
        let widths = self.ticks.iter().map(|(_, label)| text_width(label, TICK_SIZE));
        widths.fold(0.0, f64::max)
    }

    /// Returns how far the last label extends beyond the right end of an axis `length` pixels long.
    #[must_use]
    pub fn overhang(&self, length: f64) -> f64 {
        self.ticks.last().map_or(0.0, |(value, label)| {
            let end = self.fraction(*value).unwrap_or(1.0) * length;
            (end + text_width(label, TICK_SIZE) / 2.0 - length).max(0.0)
        })
    }
}

/// Returns the size of the first digit of `value`, which is the step of a label with one digit.
fn first_digit(value: f64) -> f64 {
    libm::pow(10.0, libm::floor(libm::log10(value) + 1e-9))
}

/// Returns the label of an axis with its unit.
fn title(axis: &Axis, display: &Display<'_>) -> String {
    let unit = [display.prefix, display.suffix].join(" ");
    match unit.trim() {
        "" => axis.label.clone(),
        unit => format!("{} ({unit})", axis.label),
    }
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (start, end): (i32, i32)) -> i32 {
        let fraction = self.fraction(*value).unwrap_or(0.0).clamp(-1.0, 2.0);
        start + whole::i32((f64::from(end - start) * fraction).round())
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        self.ticks.iter().map(|(value, _)| *value).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Scale {
    fn format_ext(&self, value: &f64) -> String {
        let same = |tick: &&(f64, String)| tick.0.to_bits() == value.to_bits();
        self.ticks.iter().find(same).map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, values: &[f64], room: Room) -> Vec<String> {
        Scale::over(axis, values, room).0.ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_in_the_unit_shown() {
        let axis = Axis::linear("response", Unit::Seconds);
        let (scale, title) = Scale::over(&axis, &[0.0, 0.48], Room::Up(300.0));
        assert_eq!(title, "response (ms)");
        assert_eq!(scale.ticks.first().unwrap().1, "0");
        assert_eq!(scale.ticks.last().unwrap().1, "500");
        let log = labels(&Axis::log("t", Unit::Seconds), &[0.001, 12.0], Room::Across(400.0));
        let log: Vec<_> = log.iter().map(|label| label.replace('\u{a0}', " ")).collect();
        assert_eq!(log, ["1 ms", "10 ms", "100 ms", "1 s", "10 s"]);
        let nines = labels(&Axis::nines("a"), &[0.95, 0.999_95], Room::Across(300.0));
        assert_eq!(nines, ["99", "99.9", "99.99"]);
    }

    #[test]
    fn tick_labels_never_touch_at_any_width() {
        let values: [&[f64]; 5] =
            [&[0.0, 1.0], &[1e-9, 5e6], &[99_000.0, 99_001.0], &[-5.0, 5e12], &[3.0, 3.0]];
        for width in (200..900).step_by(20) {
            for values in values {
                for axis in [
                    Axis::linear("x", Unit::Seconds),
                    Axis::log("x", Unit::Bytes),
                    Axis::nines("x"),
                    Axis::linear("x", Unit::Dollars),
                ] {
                    let room = Room::Across(f64::from(width));
                    let (scale, _) = Scale::over(&axis, values, room);
                    assert!(scale.fits(room, 12.0), "{axis:?} {values:?} at {width}");
                    let room = Room::Up(f64::from(width));
                    let (scale, _) = Scale::over(&axis, values, room);
                    assert!(scale.fits(room, 12.0), "{axis:?} {values:?} at {width} up");
                }
            }
        }
    }
}
