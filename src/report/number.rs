//! Numbers for people: as many digits as the interval supports, and a unit that fits the size.
//!
//! In: a figure in its base unit. Out: text.
//! Holds: two significant digits of the half-width decide the digits (S8), but a value has at most three. For a share
//! near one, the three digits are those of its distance to one. An interval narrower than the last digit is left out,
//! since all digits are known then. Rounding does not change the number of nines. A value rounded down is not above
//! the true one, one rounded up not below it. A number that is not finite is not printed as a number (S9).
//! Leaves out: locales; the decimal sign is `.`, thousands are separated by `,`.

use super::document::{ColumnForm, Figure, Rounding, Unit};
use crate::convert::whole;

/// The display of a value in base units: `value × factor`, then `suffix`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Display<'a> {
    /// Factor of the value.
    pub factor: f64,
    /// Text before the number.
    pub prefix: &'static str,
    /// Text after the number, without a separating space.
    pub suffix: &'a str,
    /// True if a no-break space separates number and suffix.
    pub spaced: bool,
}

const SECONDS: [(f64, f64, &str); 7] = [
    (172_800.0, 1.0 / 86_400.0, "d"),
    (7_200.0, 1.0 / 3_600.0, "h"),
    (120.0, 1.0 / 60.0, "min"),
    (1.0, 1.0, "s"),
    (1e-3, 1e3, "ms"),
    (1e-6, 1e6, "µs"),
    (0.0, 1e9, "ns"),
];
const DOWNTIME: [(f64, f64, &str); 6] = [
    (172_800.0, 1.0 / 86_400.0, "d"),
    (120.0, 1.0 / 60.0, "min"),
    (1.0, 1.0, "s"),
    (1e-3, 1e3, "ms"),
    (1e-6, 1e6, "µs"),
    (0.0, 1e9, "ns"),
];
const BYTES: [(f64, f64, &str); 5] = [
    (1_099_511_627_776.0, 1.0 / 1_099_511_627_776.0, "TiB"),
    (1_073_741_824.0, 1.0 / 1_073_741_824.0, "GiB"),
    (1_048_576.0, 1.0 / 1_048_576.0, "MiB"),
    (1_024.0, 1.0 / 1_024.0, "KiB"),
    (0.0, 1.0, "B"),
];
const BITS_PER_SECOND: [(f64, f64, &str); 4] =
    [(1e9, 1e-9, "Gbit/s"), (1e6, 1e-6, "Mbit/s"), (1e3, 1e-3, "kbit/s"), (0.0, 1.0, "bit/s")];
const WATTS: [(f64, f64, &str); 4] =
    [(1e6, 1e-6, "MW"), (1e3, 1e-3, "kW"), (1.0, 1.0, "W"), (0.0, 1e3, "mW")];
const JOULES: [(f64, f64, &str); 5] = [
    (3.6e12, 1.0 / 3.6e12, "GWh"),
    (3.6e9, 1.0 / 3.6e9, "MWh"),
    (3.6e6, 1.0 / 3.6e6, "kWh"),
    (3.6e3, 1.0 / 3.6e3, "Wh"),
    (0.0, 1.0, "J"),
];
const GRAMS: [(f64, f64, &str); 4] =
    [(1e6, 1e-6, "t"), (1e3, 1e-3, "kg"), (1.0, 1.0, "g"), (0.0, 1e3, "mg")];

impl<'a> Display<'a> {
    /// Returns the display of `unit` for values of about the size `magnitude` (in base units).
    #[must_use]
    pub fn of(unit: &'a Unit, magnitude: f64) -> Self {
        let stepped = |steps: &[(f64, f64, &'static str)], zero: &'static str| {
            let size = magnitude.abs();
            let (_, factor, suffix) = *steps
                .iter()
                .find(
                    // Three digits of a value just below a step would round to the step: 1,000 ms.
                    |(least, _, suffix)| {
                        if size > 0.0 { size >= *least * 0.999 } else { *suffix == zero }
                    },
                )
                .unwrap_or(&(0.0, 1.0, zero));
            Self { factor, prefix: "", suffix, spaced: true }
        };
        let plain = |prefix, suffix, spaced| Self { factor: 1.0, prefix, suffix, spaced };
        match unit {
            Unit::None => plain("", "", false),
            Unit::Ratio => Self { factor: 100.0, prefix: "", suffix: "%", spaced: true },
            Unit::Seconds => stepped(&SECONDS, "s"),
            Unit::Downtime => stepped(&DOWNTIME, "s"),
            Unit::PerSecond => plain("", "/s", false),
            Unit::Bytes => stepped(&BYTES, "B"),
            Unit::BitsPerSecond => stepped(&BITS_PER_SECOND, "bit/s"),
            Unit::Dollars => plain("$", "", false),
            Unit::DollarsPerMonth => plain("$", "per month", true),
            Unit::Watts => stepped(&WATTS, "W"),
            Unit::Joules => stepped(&JOULES, "J"),
            Unit::Grams => stepped(&GRAMS, "g"),
            Unit::Other(name) => plain("", name, true),
        }
    }

    /// Adds prefix and suffix to `number`, which is already multiplied and formatted.
    #[must_use]
    pub fn dress(&self, number: &str) -> String {
        let gap = if self.spaced && !self.suffix.is_empty() { "\u{a0}" } else { "" };
        match number.strip_prefix('-') {
            Some(rest) => format!("-{}{rest}{gap}{}", self.prefix, self.suffix),
            None => format!("{}{number}{gap}{}", self.prefix, self.suffix),
        }
    }
}

/// Range of sizes that are printed in full; others are printed as powers of ten.
const SMALLEST: f64 = 1e-9;
const LARGEST: f64 = 1e15;

/// Formats a figure: `99.9761 % ± 0.0029`, `12.3 ms (11.9 to 14.1)`, or `—` if it is not finite.
#[must_use]
pub fn figure(figure: &Figure) -> String {
    let (value, interval) = figure_parts(figure);
    match interval {
        Some(interval) => format!("{value} {interval}"),
        None => value,
    }
}

/// Formats value and interval of a figure separately.
#[must_use]
pub fn figure_parts(figure: &Figure) -> (String, Option<String>) {
    if !figure.is_finite() {
        return ("—".into(), None);
    }
    let display = display_of(figure);
    let shown = figure.value * display.factor;
    if !shown.is_finite() {
        return ("—".into(), None);
    }
    if shown != 0.0 && !(SMALLEST..LARGEST).contains(&shown.abs()) {
        let half = figure.interval.map(|(low, high)| (high - low) / 2.0 * display.factor);
        return (display.dress(&format!("{shown:.2e}")), half.map(|half| format!("± {half:.1e}")));
    }
    let Some((low, high)) = figure.interval.filter(|(low, high)| low < high) else {
        let text = with_its_nines(figure, shown, decimals_of(figure, &display));
        if figure.form.is_some() {
            return (display.dress(&group(&text)), None);
        }
        // An exact value needs no zeros to show its precision.
        let text = if text.contains('.') { text.trim_end_matches('0') } else { &text };
        return (display.dress(&group(text.trim_end_matches('.'))), None);
    };
    if let Some(text) = bound(figure, (low, high)) {
        return (text, None);
    }
    let (low, high) = (low * display.factor, high * display.factor);
    let half = (high - low) / 2.0;
    let (size, by_half) = (significant(figure, shown), decimals_for(half, 2));
    let decimals = decimals_of(figure, &display);
    if let Some(note) = figure.note {
        // Without an interval beside it, nothing would show what is rounded away.
        let decimals = if size > 0.0 { decimals.max(decimals_for(size, 1)) } else { decimals };
        let value = display.dress(&group(&with_its_nines(figure, shown, decimals)));
        return (value, Some(format!("({note})")));
    }
    // A value that is much smaller than its interval is not rounded to zero.
    let of_value = match shown != 0.0 && shown.abs() < 0.5 * power_of_ten(-decimals) {
        true => decimals_for(shown.abs(), 1),
        false => decimals,
    };
    let value = display.dress(&group(&with_its_nines(figure, shown, of_value)));
    if half < 0.5 * power_of_ten(-decimals) {
        return (value, None);
    }
    let lopsided = (high - shown - half).abs() > LOPSIDED * half;
    let interval = if lopsided {
        let low = without_zeros(group(&rounded(low, decimals, Rounding::Down)));
        let high = without_zeros(group(&rounded(high, decimals, Rounding::Up)));
        format!("({low} to {high})")
    } else {
        // The wider side stands for both. A half-width with fewer than two digits is rounded up.
        let wider = (high - shown).max(shown - low);
        let even = wider - half < 0.05 * half && decimals >= by_half;
        let rounding = if even { Rounding::Nearest } else { Rounding::Up };
        format!("± {}", group(&rounded(wider, decimals, rounding)))
    };
    (value, Some(interval))
}

/// Returns a bound without a fraction of zeros only: 0 and 100 are exact.
fn without_zeros(text: String) -> String {
    match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|digit| digit == b'0') => whole.into(),
        _ => text,
    }
}

fn display_of(figure: &Figure) -> Display<'_> {
    // An interval that reaches ten times as far decides the unit: 1 s (0 to 29), not 1,000 ms (0 to 29,000).
    let reach = figure.interval.filter(|_| figure.value > 0.0).map_or(0.0, |(_, high)| high / 10.0);
    let size = figure.form.map_or(figure.value.max(reach), |form| form.size);
    Display::of(&figure.unit, if figure.value < 0.0 { figure.value } else { size })
}

/// Returns the digits after the point; a negative number means zeros before it.
fn decimals_of(figure: &Figure, display: &Display<'_>) -> i32 {
    if let Some(form) = figure.form {
        return form.decimals;
    }
    let most = decimals_for(significant(figure, figure.value * display.factor), DIGITS);
    let Some((low, high)) = figure.interval.filter(|(low, high)| low < high) else {
        return most.clamp(0, 12);
    };
    let half = (high - low) / 2.0 * display.factor;
    let by_half = decimals_for(half, 2);
    let has_size = significant(figure, figure.value * display.factor) > 0.0;
    let decimals = match (half > 0.0, has_size) {
        (true, true) => by_half.min(most),
        (true, false) => by_half,
        (false, _) => most,
    };
    decimals.clamp(-15, 12)
}

/// Values of a column that has one unit are below this bound in it, so that none has more than five digits before the point.
const ONE_UNIT: f64 = 1e5;

/// Returns the form of a column: the unit that fits its lower quartile, so that small values keep their digits, and the
/// most frequent number of digits after the point. `None` without a figure, or if the largest value would have more than five
/// digits in this unit: then each value has its own.
#[must_use]
pub fn column_form<'a>(figures: impl Iterator<Item = &'a Figure> + Clone) -> Option<ColumnForm> {
    let drawn = || figures.clone().filter(|figure| figure.is_finite());
    let mut sizes: Vec<f64> = drawn().map(|figure| figure.value.abs()).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    let size = *sizes.get(sizes.len() / 4)?;
    let factors = |size: f64| drawn().map(move |figure| Display::of(&figure.unit, size).factor);
    let largest = sizes.last().copied().unwrap_or(size);
    let is_long = factors(size).any(|factor| largest * factor >= ONE_UNIT);
    if (is_long || size == 0.0) && factors(size).ne(factors(largest)) {
        return None;
    }
    let mut counts: Vec<(i32, usize)> = Vec::new();
    for figure in drawn() {
        let decimals = decimals_of(figure, &Display::of(&figure.unit, size)).max(0);
        match counts.iter_mut().find(|(other, _)| *other == decimals) {
            Some((_, count)) => *count += 1,
            None => counts.push((decimals, 1)),
        }
    }
    // Of equally frequent ones the larger.
    let (decimals, _) = counts.into_iter().max_by_key(|(decimals, count)| (*count, *decimals))?;
    Some(ColumnForm { size, decimals })
}

/// Share of the half-width by which an interval may lie beside its value and still be written with `±`.
const LOPSIDED: f64 = 0.2;

/// Largest number of significant digits of a value.
const DIGITS: i32 = 3;

/// Returns the size that has the significant digits of a figure shown as `shown`: for a share above 90 % the distance
/// to 100 %, otherwise the value.
fn significant(figure: &Figure, shown: f64) -> f64 {
    let nines = figure.unit == Unit::Ratio && figure.value > 0.9 && figure.value < 1.0;
    if nines { 100.0 - shown } else { shown.abs() }
}

/// Rounds `shown` to `decimals`; for a share, to as many more as keep its number of nines.
fn with_its_nines(figure: &Figure, shown: f64, decimals: i32) -> String {
    let text = |decimals: i32| rounded(shown, decimals, figure.rounding);
    if figure.unit != Unit::Ratio || figure.value <= 0.9 || figure.value >= 1.0 {
        return text(decimals);
    }
    let nines = |shown: f64| libm::floor(2.0 - libm::log10(100.0 - shown) + 1e-6);
    let keeps = |decimals: &i32| {
        let back: f64 = text(*decimals).parse().unwrap_or(100.0);
        back < 100.0 && nines(back) == nines(shown)
    };
    text((decimals.max(0)..=12).find(keeps).unwrap_or(12))
}

/// Formats a one-sided bound, for a figure without an observed event: `≤ 3 ms` if the value is the lower end, zero;
/// `≥ 99.9998 %` if it is the upper end, one.
fn bound(figure: &Figure, (low, high): (f64, f64)) -> Option<String> {
    let none = figure.value == 0.0 && low == 0.0 && high > 0.0;
    let all = figure.unit == Unit::Ratio && figure.value == 1.0 && high == 1.0 && low < 1.0;
    let (sign, value, rounding) = match (none, all) {
        (true, _) => ('≤', high, Rounding::Up),
        (_, true) => ('≥', low, Rounding::Down),
        _ => return None,
    };
    let exact = Figure::exact(value, figure.unit.clone()).rounded(rounding);
    Some(format!("{sign} {}", self::figure(&exact)))
}

/// Formats a whole number with separators between thousands.
#[must_use]
pub fn count(value: u64) -> String {
    group(&value.to_string())
}

/// Returns the decimals that leave `digits` significant digits of `value`; a negative result means zeros before the
/// point.
fn decimals_for(value: f64, digits: i32) -> i32 {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    let size = value.abs();
    let decimals = digits - 1 - whole::i32(libm::floor(libm::log10(size)));
    // 0.0996 has its two digits at 0.10, not at 0.100.
    let carried = (size * power_of_ten(decimals)).round() >= power_of_ten(digits);
    decimals - i32::from(carried)
}

fn power_of_ten(exponent: i32) -> f64 {
    libm::pow(10.0, f64::from(exponent))
}

/// Rounds `value` to `decimals` decimals in the direction of `rounding`.
fn rounded(value: f64, decimals: i32, rounding: Rounding) -> String {
    let step = power_of_ten(-decimals);
    let print = |value: f64| match usize::try_from(decimals) {
        Ok(decimals) => format!("{value:.decimals$}"),
        Err(_) => format!("{:.0}", (value / step).round() * step),
    };
    let nearest = print(value);
    let back: f64 = nearest.parse().unwrap_or(value);
    // Values that differ by the rounding of one multiplication are the same decimal number.
    let slack = value.abs() * 1e-12;
    let text = match rounding {
        Rounding::Down if back > value + slack => print(back - step),
        Rounding::Up if back < value - slack => print(back + step),
        _ => nearest,
    };
    let is_zero = text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
    if is_zero { text.trim_start_matches('-').into() } else { text }
}

/// Inserts `,` between the thousands of the whole part, from four digits on.
#[must_use]
pub fn group(number: &str) -> String {
    let (sign, body) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (whole, part) = match body.find('.') {
        Some(at) => body.split_at(at),
        None => (body, ""),
    };
    let mut out = String::from(sign);
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + part
}

/// Formats `value` with as many decimals as `step` needs and with separators, for labels of an axis.
#[must_use]
pub fn tick(value: f64, step: f64) -> String {
    let mut decimals = 0;
    let mut scaled = step.abs();
    while decimals < 12 && (scaled - scaled.round()).abs() > 1e-6 * scaled.max(1e-12) {
        scaled *= 10.0;
        decimals += 1;
    }
    group(&rounded(value, decimals, Rounding::Nearest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three digits never reach the next unit, a far bound decides the unit, and a bound has no fraction of zeros.
    #[test]
    fn a_time_is_never_a_thousand_of_a_smaller_unit() {
        let shown = |value, low, high, unit| {
            figure(&Figure::estimate(value, low, high, unit)).replace('\u{a0}', " ")
        };
        let exact = |value| figure(&Figure::exact(value, Unit::Seconds)).replace('\u{a0}', " ");
        assert_eq!((exact(0.9996), exact(0.998)), ("1 s".into(), "998 ms".into()));
        assert_eq!(shown(0.995, 0.0, 28.7, Unit::Seconds), "1 s (0 to 29)");
        let share = shown(0.999_999_97, 0.999_999_09, 1.0, Unit::Ratio);
        assert!(share.ends_with("to 100)"), "{share}");
    }

    /// A column of a table has one unit and one number of digits after the point.
    #[test]
    fn figures_of_a_column_share_unit_and_digits() {
        let shown = |figures: &[Figure]| -> Vec<String> {
            let form = column_form(figures.iter());
            let with =
                |one: &Figure| figure(&Figure { form, ..one.clone() }).replace('\u{a0}', " ");
            figures.iter().map(with).collect()
        };
        let of = |value: f64, half: f64, unit: &Unit| {
            Figure::estimate(value, value - half, value + half, unit.clone())
        };
        let latency = [(1.2843, 0.082), (0.452, 0.0052), (0.245, 0.0041)];
        let latency = latency.map(|(value, half)| of(value, half, &Unit::Seconds));
        assert_eq!(shown(&latency), ["1,284 ms ± 82", "452 ms ± 6", "245 ms ± 5"]);
        let capacity = [(43.81, 1.1), (74.83, 1.7), (226.1, 7.0)];
        let capacity = capacity.map(|(value, half)| of(value, half, &Unit::PerSecond));
        assert_eq!(shown(&capacity), ["43.8/s ± 1.1", "74.8/s ± 1.7", "226.1/s ± 7.0"]);
        assert_eq!(column_form([].into_iter()), None);

        // Unless the largest had more than five digits before the point: then each has its own unit.
        let down =
            |seconds: [f64; 2]| shown(&seconds.map(|one| of(one, one / 10.0, &Unit::Downtime)));
        assert_eq!(down([0.366, 14_465.0]), ["366 ms ± 37", "241 min ± 24"]);
        assert_eq!(down([0.366, 36.6]), ["366 ms ± 37", "36,600 ms ± 3,660"]);
        assert_eq!(down([0.9, 9_000.0]), ["900 ms ± 90", "150 min ± 15"]);
        assert_eq!(down([0.0, 14_465.0]), ["0 s", "241 min ± 24"]);
    }

    fn of(value: f64, half: f64, unit: Unit) -> String {
        figure(&Figure::estimate(value, value - half, value + half, unit)).replace('\u{a0}', " ")
    }

    #[test]
    fn what_one_run_decides_is_never_rounded_to_nothing() {
        let half = Figure {
            note: Some("one run decides"),
            ..Figure::estimate(0.5, 0.0, 62.0, Unit::None)
        };
        assert_eq!(figure(&half), "0.5 (one run decides)");
        let many = Figure {
            note: Some("one run decides"),
            ..Figure::estimate(14_321.0, 0.0, 58_000.0, Unit::None)
        };
        assert_eq!(figure(&many), "14,000 (one run decides)");
    }

    /// S8: two significant digits of the half-width.
    #[test]
    fn the_interval_decides_the_digits() {
        assert_eq!(of(0.999_761_2, 0.000_029_4, Unit::Ratio), "99.9761 % ± 0.0029");
        assert_eq!(of(0.021_3, 0.001_41, Unit::Seconds), "21.3 ms ± 1.4");
        assert_eq!(of(12_346.0, 1_678.0, Unit::None), "12,300 ± 1,700");
        assert_eq!(of(5.0, 0.0996, Unit::PerSecond), "5.00/s ± 0.10");
    }

    /// Three significant digits at most, and no interval of zeros: a narrower interval than the last digit is left
    /// out.
    #[test]
    fn a_value_has_no_more_digits_than_a_reader_can_use() {
        assert_eq!(of(12.661_72, 0.000_30, Unit::Dollars), "$12.7");
        assert_eq!(of(0.074_3, 0.000_001, Unit::Ratio), "7.43 %");
        assert_eq!(of(0.074_3, 0.000_41, Unit::Ratio), "7.43 % ± 0.05");
        assert_eq!(of(0.021_3, 0.000_41, Unit::Seconds), "21.3 ms ± 0.5");
        assert_eq!(of(12_346.0, 678.0, Unit::None), "12,300 ± 700");
        assert_eq!(of(3_240.0, 0.0, Unit::DollarsPerMonth), "$3,240 per month");
        assert_eq!(of(0.0, 0.04, Unit::None), "0.000 ± 0.040");
    }

    /// Five nines never become four or six, for any interval and any rounding.
    #[test]
    fn nines_are_never_rounded_into_another_class() {
        let shown = |value: f64, half: f64, rounding| {
            let figure = Figure::estimate(value, value - half, value + half, Unit::Ratio);
            super::figure(&figure.rounded(rounding)).replace('\u{a0}', " ")
        };
        assert_eq!(shown(0.999_999_61, 0.0, Rounding::Down), "99.999961 %");
        assert_eq!(shown(0.999_999_61, 1e-10, Rounding::Down), "99.9999610 %");
        assert_eq!(shown(0.999_999_61, 1e-3, Rounding::Down), "99.9999 % ± 0.10");
        assert_eq!(shown(0.999_998_999_6, 1e-3, Rounding::Nearest), "99.99989996 % ± 0.10");
        for nines in 1..9 {
            for lead in [1.000_4, 1.4, 3.0, 9.49, 9.96, 9.999_9] {
                let missing = lead * libm::pow(10.0, f64::from(-nines - 1));
                for half in [0.0, missing / 1e4, missing / 3.0, 30.0 * missing] {
                    for rounding in [Rounding::Nearest, Rounding::Down, Rounding::Up] {
                        let text = shown(1.0 - missing, half, rounding);
                        let share: f64 = text.split(' ').next().unwrap().parse().unwrap();
                        let class = |missing: f64| libm::floor(-libm::log10(missing) + 1e-6);
                        assert_eq!(class(1.0 - share / 100.0), class(missing), "{text}");
                    }
                }
            }
        }
    }

    /// S8: availability rounds down, downtime up, and nearly 100 % is not shown as 100 %.
    #[test]
    fn rounding_never_flatters() {
        let almost = Figure::exact(0.999_996, Unit::Ratio).rounded(Rounding::Down);
        assert_eq!(figure(&almost), "99.9996\u{a0}%");
        let nearly = Figure::estimate(0.999_996, 0.9990, 1.0, Unit::Ratio).rounded(Rounding::Down);
        assert!(!figure(&nearly).starts_with("100"), "{}", figure(&nearly));
        let decimal = Figure::estimate(0.9997, 0.9996, 0.9998, Unit::Ratio).rounded(Rounding::Down);
        assert_eq!(figure(&decimal), "99.970\u{a0}% ± 0.010");
        let down = Figure::exact(5_041.0, Unit::Seconds).rounded(Rounding::Up);
        assert_eq!(figure(&down), "84.1\u{a0}min");
        let loss = Figure::estimate(0.121, 0.11, 0.132, Unit::None).rounded(Rounding::Up);
        assert_eq!(figure(&loss), "0.121 ± 0.011");
    }

    #[test]
    fn a_lopsided_interval_prints_its_bounds() {
        let lopsided = Figure::estimate(12.3, 11.93, 15.01, Unit::PerSecond);
        assert_eq!(figure(&lopsided), "12.3/s (11.9 to 15.1)");
    }

    /// S9: no NaN or infinity in any output.
    #[test]
    fn what_is_not_finite_is_not_a_number() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(figure(&Figure::exact(value, Unit::None)), "—");
            assert_eq!(figure(&Figure::estimate(1.0, value, 2.0, Unit::None)), "—");
        }
    }

    #[test]
    fn extremes_print_and_do_not_panic() {
        for value in [f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, -0.0, 1e-9, 1e21] {
            for half in [0.0, f64::MIN_POSITIVE, value.abs() / 3.0] {
                let text = of(value, half, Unit::Seconds);
                assert!(!text.contains("NaN") && !text.is_empty(), "{value} {half}: {text}");
            }
        }
        assert_eq!(figure(&Figure::exact(-0.0, Unit::None)), "0");
        assert_eq!(count(9_460_000_000), "9,460,000,000");
        assert_eq!(figure(&Figure::exact(-1_500.0, Unit::Dollars)), "-$1,500");
    }
}
