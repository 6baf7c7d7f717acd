//! Quantities, counts, factors, flags and labels as values of keys.
//!
//! Every number of a scenario passes through this module: it is finite, in the range of its type, and has its unit.
//! An error states the correction.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::document::{Data, Item};
use super::limit::Limited;
use super::render::shown;
use super::value::{Shape, Value, wrong_type};
use crate::units::{
    Bandwidth, Bytes, CarbonIntensity, EnergyPrice, Money, Probability, Rate, SimDuration,
    UnitError, Watts,
};

/// The properties of a quantity that is written as a text with a unit.
struct Kind {
    /// With its article: "a duration".
    name: &'static str,
    /// Without article: "duration".
    word: &'static str,
    example: &'static str,
    /// Two ways to write a bare number correctly: the text before and after it.
    spellings: [(&'static str, &'static str); 2],
    /// The largest value.
    most: &'static str,
    /// Units of other tools, in lower case, with the units of this language.
    aliases: &'static [(&'static str, &'static str)],
}

const DURATION: Kind = Kind {
    name: "a duration",
    word: "duration",
    example: "250ms",
    spellings: [("", "s"), ("", "ms")],
    most: "584 years",
    aliases: &[
        ("m", "min for minutes, ms for milliseconds"),
        ("mins", "min"),
        ("minute", "min"),
        ("minutes", "min"),
        ("sec", "s"),
        ("secs", "s"),
        ("second", "s"),
        ("seconds", "s"),
        ("msec", "ms"),
        ("millis", "ms"),
        ("milliseconds", "ms"),
        ("hr", "h"),
        ("hrs", "h"),
        ("hour", "h"),
        ("hours", "h"),
        ("day", "d"),
        ("days", "d"),
        ("week", "w"),
        ("weeks", "w"),
        ("year", "y"),
        ("years", "y"),
        ("month", "d; a month is 30.4 d"),
        ("months", "d; a month is 30.4 d"),
    ],
};

const SIZE: Kind = Kind {
    name: "a size",
    word: "size",
    example: "64GiB",
    spellings: [("", "MiB"), ("", "MB")],
    most: "16 EiB",
    aliases: &[
        ("kb", "kB, KiB or kbit?"),
        ("mb", "MB, MiB or Mbit?"),
        ("gb", "GB, GiB or Gbit?"),
        ("tb", "TB, TiB or Tbit?"),
        ("k", "kB or KiB?"),
        ("m", "MB or MiB?"),
        ("g", "GB or GiB?"),
        ("t", "TB or TiB?"),
    ],
};

const BANDWIDTH: Kind = Kind {
    name: "a bandwidth",
    word: "bandwidth",
    example: "100Mbit/s",
    spellings: [("", "Mbit/s"), ("", "MB/s")],
    most: "16 EiB a second",
    aliases: &[
        ("kbps", "kbit/s or kB/s?"),
        ("mbps", "Mbit/s or MB/s?"),
        ("gbps", "Gbit/s or GB/s?"),
        ("mb/s", "Mbit/s or MB/s?"),
        ("gb/s", "Gbit/s or GB/s?"),
        ("mbit", "Mbit/s"),
        ("gbit", "Gbit/s"),
    ],
};

const RATE: Kind = Kind {
    name: "a rate",
    word: "rate",
    example: "20/s",
    spellings: [("", "/s"), ("", "/h")],
    most: "what a number can hold",
    aliases: &[
        ("rps", "/s"),
        ("qps", "/s"),
        ("hz", "/s"),
        ("/sec", "/s"),
        ("/second", "/s"),
        ("/minute", "/min"),
        ("/m", "/min or /month?"),
        ("/hour", "/h"),
        ("per year", "/y"),
        ("/a", "/y"),
    ],
};

const MONEY: Kind = Kind {
    name: "an amount of money",
    word: "amount",
    example: "$250/month",
    spellings: [("$", ""), ("$", "/month")],
    most: "18 trillion dollars",
    aliases: &[("$", "write the sign first"), ("usd", "write the sign $ first")],
};

const POWER: Kind = Kind {
    name: "a power",
    word: "power",
    example: "110W",
    spellings: [("", "W"), ("", "kW")],
    most: "18 PW",
    aliases: &[("w", "W"), ("watt", "W"), ("watts", "W"), ("kw", "kW")],
};

const CARBON: Kind = Kind {
    name: "a carbon intensity",
    word: "carbon intensity",
    example: "350g/kWh",
    spellings: [("", "g/kWh"), ("", "kg/kWh")],
    most: "18 Gt/kWh",
    aliases: &[("g", "g/kWh"), ("kg", "kg/kWh"), ("g/kwh", "g/kWh"), ("kg/kwh", "kg/kWh")],
};

const ENERGY_PRICE: Kind = Kind {
    name: "a price of energy",
    word: "price",
    example: "$0.12/kWh",
    spellings: [("$", "/kWh"), ("$", "/MWh")],
    most: "18 million dollars a MWh",
    aliases: &[("$/kwh", "write the sign first"), ("/kwh", "/kWh"), ("/mwh", "/MWh")],
};

/// Reads a quantity that is written as a text with a unit.
fn read_text<T>(
    item: &Item,
    kind: &Kind,
    parse: impl Fn(&str) -> Result<T, UnitError>,
    out: &mut Diagnostics,
) -> Option<T> {
    let Kind { name, example, .. } = kind;
    let needed = format!("{name} such as \"{example}\"");
    let bare = match &item.data {
        Data::Text(text) => {
            return match parse(text) {
                Ok(value) => Some(value),
                Err(error) => {
                    out.push(unit_error(item, text, &error, kind));
                    None
                }
            };
        }
        Data::Integer(number) => number.to_string(),
        Data::Float(number) if number.is_finite() => number.to_string(),
        Data::Float(number) => {
            out.push(not_finite(item, *number));
            return None;
        }
        _ => {
            out.push(wrong_type(item, &needed));
            return None;
        }
    };
    out.push(without_unit(item, &bare, kind));
    None
}

fn without_unit(item: &Item, number: &str, kind: &Kind) -> Diagnostic {
    let [(a, b), (c, d)] = kind.spellings;
    let message = format!("{} needs a unit: \"{a}{number}{b}\" or \"{c}{number}{d}\"?", kind.name);
    Diagnostic::new(Code::UnitMissing, item.span, message)
}

fn unit_error(item: &Item, text: &str, error: &UnitError, kind: &Kind) -> Diagnostic {
    let Kind { name, word, example, most, aliases, .. } = kind;
    let at = |code, message: String| Diagnostic::new(code, item.span, message);
    if let Some((message, help)) = foreign(text) {
        return at(Code::UnitUnknown, message).help(help);
    }
    match error {
        UnitError::NotANumber => at(
            Code::WrongType,
            format!("{name} such as \"{example}\" is needed here, not the text `{}`", shown(text)),
        ),
        UnitError::Missing(units) => {
            without_unit(item, &shown(text.trim()), kind).help(format!("units: {units}"))
        }
        UnitError::Unknown(unit, units) => {
            let lower = unit.to_lowercase();
            let known = |(other, _): &&(&str, &str)| *other == lower;
            let meant = aliases.iter().find(known).map(|(_, meant)| match meant.contains(' ') {
                true => format!("{meant}; "),
                false => format!("write `{meant}`; "),
            });
            let meant = meant.unwrap_or_default();
            at(Code::UnitUnknown, format!("`{}` is not a unit of {name}", shown(unit)))
                .help(format!("{meant}units: {units}"))
        }
        UnitError::Other(other, units) => {
            let article = if other.starts_with('e') { "an" } else { "a" };
            at(Code::UnitOfOther, format!("{article} {other} where {name} is needed"))
                .help(format!("units: {units}"))
        }
        UnitError::Negative => at(Code::OutOfRange, format!("{name} must be ≥ 0")),
        UnitError::TooSmall(step) => at(
            Code::TooFine,
            format!("below 1 {step}, the smallest {word}: it would be rounded to nothing"),
        )
        .help("write 0 if nothing is meant"),
        UnitError::TooLarge => at(Code::OutOfRange, format!("{name} can be at most {most}")),
        UnitError::Compound => at(
            Code::OutOfRange,
            format!("the parts of {name} go down from the largest unit, each unit once"),
        )
        .help("write it as \"1h30min\" or \"2min40.5s\"; only the last part may have a fraction"),
    }
}

/// Recognises number formats of other languages or programs; returns the message and the correction.
#[must_use]
pub fn foreign(text: &str) -> Option<(String, String)> {
    let unseen = |c: char| {
        (c.is_whitespace() && !c.is_ascii())
            || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
    };
    if let Some(space) = text.chars().find(|c| unseen(*c)) {
        let name = match space {
            '\u{a0}' => "a no-break space",
            '\u{202f}' => "a narrow no-break space",
            '\u{2007}' => "a figure space",
            '\u{2009}' => "a thin space",
            _ => "an invisible space",
        };
        let plain: String = text.chars().filter(|c| !unseen(*c)).collect();
        let message = format!("{name} (U+{:04X}) stands in this quantity", u32::from(space));
        return Some((message, format!("write \"{}\"", shown(plain.trim()))));
    }
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let comma = (1..bytes.len()).find(|at| bytes[*at] == b',' && digit(at - 1) && digit(at + 1))?;
    let (point, none) = (text.replacen(',', ".", 1), text.replace(',', ""));
    let digits = bytes[comma + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let help = match (text.matches(',').count(), digits) {
        (1, 3) => format!("write \"{}\" or \"{}\"", shown(&point), shown(&none)),
        (1, _) => format!("write \"{}\"", shown(&point)),
        _ => format!("write \"{}\"", shown(&none)),
    };
    let message = "a comma stands in this number: the decimal sign is a point, and nothing parts \
                   thousands";
    Some((message.into(), help))
}

fn not_finite(item: &Item, number: f64) -> Diagnostic {
    let shown = if number.is_nan() { "nan" } else { "inf" };
    Diagnostic::new(Code::NotFinite, item.span, format!("`{shown}`: the number must be finite"))
}

macro_rules! text_quantity {
    ($($Type:ident: $KIND:ident, $compare:expr, $canonical:expr;)*) => { $(
        impl Value for $Type {
            const QUANTITY: bool = true;
            fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
                read_text(item, &$KIND, $Type::parse, out)
            }
            fn shape() -> Shape {
                Shape::$Type
            }
            fn canonical(&self) -> Json {
                let canonical: fn(&$Type) -> String = $canonical;
                Json::String(canonical(self))
            }
            fn compare(&self, other: &Self) -> Option<Ordering> {
                let compare: fn(&$Type, &$Type) -> Option<Ordering> = $compare;
                compare(self, other)
            }
        }
    )* };
}

text_quantity! {
    SimDuration: DURATION, PartialOrd::partial_cmp, |value| value.to_string();
    Bytes: SIZE, PartialOrd::partial_cmp, |value| value.to_string();
    Bandwidth: BANDWIDTH, PartialOrd::partial_cmp, |value| format!("{}B/s", value.bytes_per_s());
    Rate: RATE,
        |a, b| a.in_per_second().partial_cmp(&b.in_per_second()),
        |value| format!("{}/s", value.in_per_second());
    Money: MONEY,
        |a, b| dollars(a).partial_cmp(&dollars(b)),
        |value| match value.dollars_per_month() {
            Some(dollars) => format!("${dollars}/month"),
            None => format!("${}", value.dollars()),
        };
    Watts: POWER, PartialOrd::partial_cmp, |value| value.to_string();
    CarbonIntensity: CARBON, PartialOrd::partial_cmp, |value| value.to_string();
    EnergyPrice: ENERGY_PRICE, PartialOrd::partial_cmp, |value| value.to_string();
}

fn dollars(money: &Money) -> f64 {
    money.dollars_per_month().unwrap_or_else(|| money.dollars())
}

impl Value for Probability {
    const QUANTITY: bool = true;
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        const BETWEEN: &str = "a probability lies between 0 and 1";
        let number = match &item.data {
            Data::Integer(number) => *number as f64,
            Data::Float(number) if number.is_finite() => *number,
            Data::Float(number) => {
                out.push(not_finite(item, *number));
                return None;
            }
            Data::Text(text) => {
                let error = match Self::parse(text) {
                    Ok(value) => return Some(value),
                    Err(error) => error,
                };
                let at = |code, message: &str| Diagnostic::new(code, item.span, message);
                if let Some((message, help)) = foreign(text) {
                    out.push(at(Code::UnitUnknown, &message).help(help));
                    return None;
                }
                out.push(match error {
                    UnitError::TooSmall(_) => at(
                        Code::TooFine,
                        "smaller than any probability that is kept: it would be 0",
                    )
                    .help("write 0 if nothing is meant"),
                    UnitError::Missing(_) => at(
                        Code::WrongType,
                        "a number is needed here, not a string",
                    )
                    .help(format!("write {0} without quotes, or \"{0}%\"", shown(text.trim()))),
                    UnitError::Negative | UnitError::TooLarge => at(Code::NotAProbability, BETWEEN),
                    UnitError::Unknown(..) | UnitError::Other(..) => {
                        at(Code::UnitUnknown, "a probability is a number or has the unit %")
                    }
                    UnitError::NotANumber | UnitError::Compound => at(
                        Code::WrongType,
                        "a probability such as 0.9995 or \"99.95%\" is needed here",
                    ),
                });
                return None;
            }
            _ => {
                out.push(wrong_type(item, "a probability such as 0.9995 or \"99.95%\""));
                return None;
            }
        };
        let value = Self::new(number);
        if value.is_none() {
            let help = Self::parse(&format!("{number}%"))
                .ok()
                .map(|share| format!("{share} or \"{number}%\"?"));
            let message = format!("{BETWEEN}, not at {number}");
            out.push(Diagnostic::new(Code::NotAProbability, item.span, message).help_if(help));
        }
        value
    }
    fn shape() -> Shape {
        Shape::Probability
    }
    fn canonical(&self) -> Json {
        number(self.get())
    }
    fn compare(&self, other: &Self) -> Option<Ordering> {
        self.partial_cmp(other)
    }
}

/// Converts a finite number to JSON; −0 becomes 0.
fn number(value: f64) -> Json {
    Json::from(if value == 0.0 { 0.0 } else { value })
}

fn read_whole(item: &Item, most: u64, out: &mut Diagnostics) -> Option<u64> {
    let at = |code, message: String| Diagnostic::new(code, item.span, message);
    let diagnostic = match &item.data {
        Data::Integer(number) if *number < 0 => {
            at(Code::OutOfRange, format!("{number} must be ≥ 0"))
        }
        Data::Integer(number) => match u64::try_from(*number) {
            Ok(number) if number <= most => return Some(number),
            _ => at(Code::OutOfRange, format!("a whole number of at most {most} is needed here")),
        },
        Data::Float(number) if !number.is_finite() => not_finite(item, *number),
        Data::Float(number) => {
            let message = format!("a whole number is needed here, not {number}");
            let help = format!("write {} or {}", number.floor(), number.ceil());
            let help = if number.fract() == 0.0 { format!("write {number}") } else { help };
            at(Code::NotWhole, message).help_if((number.abs() < 1e15).then_some(help))
        }
        Data::Text(text) => {
            let help = text.trim().parse::<u64>().ok();
            at(Code::WrongType, "an integer is needed here: integer, not string".to_string())
                .help_if(help.map(|number| format!("write {number} without quotes")))
        }
        _ => wrong_type(item, "an integer"),
    };
    out.push(diagnostic);
    None
}

macro_rules! whole_number {
    ($($Type:ident),*) => { $(
        impl Value for $Type {
            const QUANTITY: bool = true;
            fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
                let whole = read_whole(item, u64::from($Type::MAX), out)?;
                Some($Type::try_from(whole).expect("checked against the largest"))
            }
            fn shape() -> Shape {
                Shape::Count
            }
            fn canonical(&self) -> Json {
                Json::from(*self)
            }
            fn compare(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }
    )* };
}

whole_number!(u32, u64);

impl Value for f64 {
    const QUANTITY: bool = true;
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        let diagnostic = match &item.data {
            // A factor may be rounded above 2^53.
            Data::Integer(number) => return Some(*number as Self),
            Data::Float(number) if number.is_finite() => return Some(*number),
            Data::Float(number) => not_finite(item, *number),
            Data::Text(text) => {
                let plain = text.trim().parse::<Self>().ok().filter(|number| number.is_finite());
                let share = || Probability::parse(text).ok().map(Probability::get);
                wrong_type(item, "a number").help_if(
                    plain.or_else(share).map(|number| format!("write {number} without quotes")),
                )
            }
            _ => wrong_type(item, "a number"),
        };
        out.push(diagnostic);
        None
    }
    fn shape() -> Shape {
        Shape::Factor
    }
    fn canonical(&self) -> Json {
        number(*self)
    }
    fn compare(&self, other: &Self) -> Option<Ordering> {
        self.partial_cmp(other)
    }
}

impl Value for bool {
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        if let Data::Boolean(boolean) = item.data {
            return Some(boolean);
        }
        out.push(wrong_type(item, "true or false").help("write it without quotes"));
        None
    }
    fn shape() -> Shape {
        Shape::Boolean
    }
    fn canonical(&self) -> Json {
        Json::Bool(*self)
    }
}

impl Value for String {
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        let text = item.as_text().map(str::to_string);
        if text.is_none() {
            out.push(wrong_type(item, "a text in quotes"));
        }
        text
    }
    fn shape() -> Shape {
        Shape::Text
    }
    fn canonical(&self) -> Json {
        Json::String(self.clone())
    }
}

macro_rules! limited {
    ($($Type:ident, $number:expr;)*) => { $(
        impl Limited for $Type {
            type Scalar = Self;
            fn scalars(&self, visit: &mut dyn FnMut(&Self)) {
                visit(self);
            }
            fn number(scalar: &Self) -> Option<f64> {
                let number: fn(&$Type) -> Option<f64> = $number;
                number(scalar)
            }
        }
    )* };
}

limited! {
    u32, |value| Some(f64::from(*value));
    u64, |value| Some(*value as f64);
    f64, |value| Some(*value);
    Probability, |value| Some(value.get());
    SimDuration, |_| None;
    Bytes, |_| None;
    Bandwidth, |_| None;
    Watts, |_| None;
}

/// Events per second, the order of [`Rate`], which has none of its own in `units`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct PerSecond(pub f64);

impl std::fmt::Display for PerSecond {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

impl Limited for Rate {
    type Scalar = PerSecond;
    fn scalars(&self, visit: &mut dyn FnMut(&PerSecond)) {
        visit(&PerSecond(self.in_per_second()));
    }
}

impl<T: Limited> Limited for Vec<T> {
    type Scalar = T::Scalar;
    fn scalars(&self, visit: &mut dyn FnMut(&T::Scalar)) {
        for value in self {
            value.scalars(visit);
        }
    }
}
