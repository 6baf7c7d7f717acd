//! Quantities as a scenario writes them, with three significant digits.

use crate::convert::whole;

/// Writes a number that is not negative.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() || value <= 0.0 {
        return "0".into();
    }
    let exponent = libm::floor(libm::log10(value));
    let scale = libm::pow(10.0, 2.0 - exponent);
    let rounded = (value * scale).round() / scale;
    let decimals = whole::u32((2.0 - exponent).clamp(0.0, 12.0));
    let text = format!("{rounded:.*}", decimals as usize);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}

/// Writes a duration, given in seconds.
pub(super) fn duration(seconds: f64) -> String {
    let (unit, name) = match seconds {
        s if s >= 0.999_5 => (1.0, "s"),
        s if s >= 0.999_5e-3 => (1e-3, "ms"),
        _ => (1e-6, "us"),
    };
    format!("{}{name}", number(seconds / unit))
}

/// Writes a size, given in bytes.
pub(super) fn size(bytes: f64) -> String {
    let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    match units.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}{name}", number(bytes / unit)),
        None => format!("{:.0}B", bytes.max(0.0)),
    }
}

/// Writes a whole number with commas: `19,998`.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a share in percent.
pub(super) fn percent(part: u64, all: u64) -> String {
    format!("{} %", number(part as f64 / all.max(1) as f64 * 100.0))
}

/// Returns the next of 1, 2, 5, 10, 20, … that is not below `value`.
pub(super) fn next_round(value: f64) -> f64 {
    let unit = libm::pow(10.0, libm::floor(libm::log10(value.max(1e-9))));
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * unit);
    steps.into_iter().find(|step| *step >= value * (1.0 - 1e-9)).unwrap_or(value)
}
