//! Number of digits printed for a figure.
//!
//! Takes an estimate and the half-width of its interval; gives text with two significant digits of
//! the half-width, and the estimate to the same place. Availability is rounded down, downtime up,
//! and only what is known exactly prints as 100 %.
//!
//! Holds: rounding works on the shortest decimal that reads back as the same number, so 0.0012
//! rounded up to four places stays 0.0012. Nothing prints for what is not a finite number.

/// Digits of the half-width that are shown.
const SIGNIFICANT: i32 = 2;
/// Places after the point beyond which a number is written with an exponent.
const MAX_PLACES: i32 = 12;

/// Source of a figure: sampled, or known without error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// From a formula or a solver without noise.
    Exactly,
    /// From simulated replications.
    BySampling,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rounding {
    Nearest,
    Up,
}

/// A finite number as decimal digits: 0.d₁d₂d₃… × 10^point.
struct Digits {
    negative: bool,
    digits: Vec<u8>,
    point: i32,
}

impl Digits {
    /// The shortest decimal that reads back as `value`.
    fn of(value: f64) -> Self {
        let text = format!("{:e}", value.abs());
        let (mantissa, exponent) = text.split_once('e').expect("`{:e}` prints an exponent");
        let digits: Vec<u8> =
            mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
        let exponent: i32 = exponent.parse().expect("`{:e}` prints a whole exponent");
        Self { negative: value < 0.0, digits, point: exponent + 1 }
    }

    /// Rounds to `places` after the decimal point.
    fn round(mut self, places: i32, rounding: Rounding) -> Self {
        let kept = self.point + places;
        // All are cut where even the first digit lies behind the last place.
        let (before, kept) = (kept < 0, usize::try_from(kept).unwrap_or(0));
        if kept >= self.digits.len() {
            return self;
        }
        let first_cut = if before { 0 } else { self.digits[kept] };
        let any_cut = self.digits[kept..].iter().any(|&digit| digit > 0);
        let away = match rounding {
            Rounding::Nearest => first_cut >= 5,
            Rounding::Up => any_cut && !self.negative,
        };
        self.digits.truncate(kept);
        if self.digits.is_empty() {
            self.point = -places;
        }
        if away {
            let mut at = self.digits.len();
            loop {
                if at == 0 {
                    self.digits.insert(0, 1);
                    self.point += 1;
                    break;
                }
                at -= 1;
                if self.digits[at] < 9 {
                    self.digits[at] += 1;
                    break;
                }
                self.digits[at] = 0;
            }
        }
        self
    }

    /// Plain decimal text with exactly `places` after the point.
    fn text(&self, places: i32) -> String {
        let digit = |power: i32| {
            let at = self.point - 1 - power;
            let digit = usize::try_from(at).ok().and_then(|at| self.digits.get(at));
            char::from(b'0' + digit.copied().unwrap_or(0))
        };
        let is_zero = self.digits.iter().all(|&digit| digit == 0);
        let mut text = String::new();
        if self.negative && !is_zero {
            text.push('-');
        }
        let whole = if is_zero { 1 } else { self.point.max(1) };
        (0..whole).rev().for_each(|power| text.push(digit(power)));
        if places > 0 {
            text.push('.');
            (1..=places).for_each(|place| text.push(digit(-place)));
        }
        text
    }
}

/// Places after the point that show two significant digits of `half_width`; negative when they are
/// tens or more. `None` for a half-width of zero.
#[must_use]
pub fn places_for(half_width: f64) -> Option<i32> {
    if half_width <= 0.0 || !half_width.is_finite() {
        return None;
    }
    // A half-width of 0.0996 shows as 0.10: round first, then count.
    let digits = Digits::of(half_width);
    let places = SIGNIFICANT - digits.point;
    let rounded = digits.round(places, Rounding::Nearest);
    Some(SIGNIFICANT - rounded.point)
}

fn shown(value: f64, places: i32, rounding: Rounding) -> String {
    Digits::of(value).round(places, rounding).text(places.max(0))
}

/// `estimate ± half-width`, both to two significant digits of the half-width: `12.34 ± 0.56`. An
/// exact figure (half-width 0) prints in full, alone. `None` when a number is not finite or the
/// half-width negative.
#[must_use]
pub fn with_half_width(estimate: f64, half_width: f64) -> Option<String> {
    if !estimate.is_finite() || !half_width.is_finite() || half_width < 0.0 {
        return None;
    }
    let Some(places) = places_for(half_width) else {
        return Some(in_full(estimate));
    };
    if places > MAX_PLACES {
        // Too small for plain decimals: the same digits in scientific form.
        let leading = if estimate == 0.0 { 0 } else { Digits::of(estimate).point - 1 + places };
        let digits = usize::try_from(leading).unwrap_or(0).min(16);
        return Some(format!("{estimate:.digits$e} ± {half_width:.1e}"));
    }
    let [estimate, half] = [estimate, half_width].map(|v| shown(v, places, Rounding::Nearest));
    Some(format!("{estimate} ± {half}"))
}

/// An exact number with every digit it has.
fn in_full(value: f64) -> String {
    // Adding zero turns −0 into 0.
    let value = value + 0.0;
    if value != 0.0 && (value.abs() < 1e-6 || value.abs() >= 1e15) {
        format!("{value:e}")
    } else {
        format!("{value}")
    }
}

/// An availability in per cent, rounded down: `99.9987 %`. Takes the *un*availability (a share of
/// time or of requests), because 1 − 10⁻¹⁸ is not a number of its own, and the half-width of its
/// interval; a half-width of zero shows two significant digits of what is missing. Prints `100 %`
/// only for an unavailability of zero that is known exactly.
///
/// `None` for a share outside 0..=1, for a bad half-width, and for zero by sampling: nothing seen
/// is a bound, not a figure.
#[must_use]
pub fn availability(unavailability: f64, half_width: f64, known: Known) -> Option<String> {
    let valid = (0.0..=1.0).contains(&unavailability) && half_width.is_finite();
    if !valid || half_width < 0.0 {
        return None;
    }
    if unavailability == 0.0 {
        return (known == Known::Exactly).then(|| "100 %".to_string());
    }
    let width = if half_width > 0.0 { half_width } else { unavailability };
    // Places of the share; at least whole per cents.
    let places = places_for(width)?.clamp(2, 30);
    let down = Digits::of(unavailability).round(places, Rounding::Up);
    Some(format!("{} %", complement_in_per_cent(&down, places)))
}

/// (1 − share) × 100 as text, by long subtraction in decimal. `places` is at least 2.
fn complement_in_per_cent(share: &Digits, places: i32) -> String {
    // share × 10^places as a whole number, at most 10^30.
    let scaled = (0..places).fold(u128::from(share.point > 0), |sum, place| {
        let digit = usize::try_from(place + share.point).ok().and_then(|at| share.digits.get(at));
        sum * 10 + u128::from(digit.copied().unwrap_or(0))
    });
    let one = 10_u128.pow(places.unsigned_abs());
    let rest = one.saturating_sub(scaled);
    let per_cent = 10_u128.pow(places.unsigned_abs() - 2);
    let (whole, part) = (rest / per_cent, rest % per_cent);
    if places == 2 {
        whole.to_string()
    } else {
        format!("{whole}.{part:0width$}", width = places.unsigned_abs() as usize - 2)
    }
}

/// A downtime (or any cost of failure, in any unit) rounded up to two significant digits of its
/// half-width: never less than was measured. `None` when a number is not finite or negative.
#[must_use]
pub fn downtime(amount: f64, half_width: f64) -> Option<String> {
    if !(amount.is_finite() && half_width.is_finite() && amount >= 0.0 && half_width >= 0.0) {
        return None;
    }
    match places_for(half_width) {
        None => Some(in_full(amount)),
        Some(places) => Some(shown(amount, places.min(30), Rounding::Up)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// S8: two significant digits of the half-width, the estimate to the same place.
    #[test]
    fn digits_follow_the_interval() {
        for (estimate, half_width, text) in [
            (12.3456, 0.5567, "12.35 ± 0.56"),
            (12.0, 0.0996, "12.00 ± 0.10"),
            (0.000_123_4, 0.000_004_5, "0.0001234 ± 0.0000045"),
            (98_765.0, 1_234.0, "98800 ± 1200"),
            (4.0, 995.0, "0 ± 1000"),
            (96.0, 1_000.0, "100 ± 1000"),
            (-2.503_71, 0.02, "-2.504 ± 0.020"),
            (-0.001, 1.0, "0.0 ± 1.0"),
            (2.5, 0.0, "2.5"),
            (9.9996, 0.01, "10.000 ± 0.010"),
            (3.0e-20, 1.23e-21, "3.00e-20 ± 1.2e-21"),
        ] {
            assert_eq!(with_half_width(estimate, half_width).as_deref(), Some(text));
        }
    }

    /// S8: 99.9996 % is never shown as 100 %, and availability never looks better than it is.
    #[test]
    fn availability_is_rounded_down_and_never_up_to_one_hundred() {
        use Known::{BySampling, Exactly};
        for (unavailability, half_width, known, text) in [
            (4e-6, 0.001, BySampling, Some("99.99 %")),
            (4e-6, 1.3e-6, BySampling, Some("99.99960 %")),
            (0.001_234, 0.000_04, BySampling, Some("99.8766 %")),
            (0.0012, 0.0005, BySampling, Some("99.880 %")),
            (0.5, 0.2, BySampling, Some("50 %")),
            (1.0, 0.0, Exactly, Some("0 %")),
            (1e-9, 0.0, Exactly, Some("99.99999990 %")),
            (1.5e-18, 0.0, Exactly, Some("99.99999999999999985 %")),
            (0.0, 0.0, Exactly, Some("100 %")),
            (0.0, 0.0, BySampling, None),
            (f64::NAN, 0.1, BySampling, None),
            (-0.1, 0.1, BySampling, None),
        ] {
            let found = availability(unavailability, half_width, known);
            assert_eq!(found.as_deref(), text, "{unavailability} ± {half_width}");
        }
    }

    /// S8: downtime is rounded up, but an exact decimal is not pushed further.
    #[test]
    fn downtime_is_rounded_up() {
        for (amount, half_width, text) in [
            (31.01, 2.0, "31.1"),
            (31.1, 2.0, "31.1"),
            (0.0012, 0.0050, "0.0012"),
            (0.001_200_1, 0.0050, "0.0013"),
            (1_201.0, 345.0, "1210"),
            (0.0, 1.0, "0.0"),
            (17.25, 0.0, "17.25"),
        ] {
            assert_eq!(downtime(amount, half_width).as_deref(), Some(text));
        }
    }

    /// S9: no not-a-number and no infinity in any output.
    #[test]
    fn what_is_not_a_number_does_not_print() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(with_half_width(bad, 1.0), None);
            assert_eq!(with_half_width(1.0, bad), None);
            assert_eq!(downtime(bad, 1.0), None);
            assert_eq!(availability(0.1, bad, Known::BySampling), None);
        }
    }

    proptest! {
        /// S8: for any figures, rounding goes the honest way and by less than one last place.
        #[test]
        fn rounding_goes_one_way_only(amount in 0.0..1e9_f64, half_width in 1e-6..1e6_f64) {
            let shown: f64 = downtime(amount, half_width).unwrap().parse().unwrap();
            prop_assert!(shown >= amount && shown - amount <= half_width);
            let share = amount / 1e9;
            if share > 0.0 {
                let text = availability(share, half_width / 1e7, Known::BySampling).unwrap();
                let per_cent: f64 = text.trim_end_matches(" %").parse().unwrap();
                prop_assert!(per_cent < 100.0 && per_cent <= 100.0 * (1.0 - share) + 1e-12);
            }
        }
    }
}
