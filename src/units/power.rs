//! Power, energy, and the carbon and the price of energy.
//!
//! Holds: amounts are whole milliwatts, millijoules, milligrams and micro-dollars; text is parsed without a float.

use std::fmt;

use super::{BLANK, Decimal, UnitError, UnitTable, parse_in};

const POWER_UNITS: UnitTable =
    &[("mW", 1, 1), ("W", 1_000, 1), ("kW", 1_000_000, 1), ("MW", 1_000_000_000, 1)];
const POWER_NAMES: &str = "mW, W, kW, MW";

const ENERGY_UNITS: UnitTable = &[
    ("mJ", 1, 1),
    ("J", 1_000, 1),
    ("kJ", 1_000_000, 1),
    ("MJ", 1_000_000_000, 1),
    ("Wh", 3_600_000, 1),
    ("kWh", 3_600_000_000, 1),
    ("MWh", 3_600_000_000_000, 1),
    ("GWh", 3_600_000_000_000_000, 1),
];
const ENERGY_NAMES: &str = "J, kJ, MJ, Wh, kWh, MWh, GWh";

const INTENSITY_UNITS: UnitTable = &[
    ("mg/kWh", 1, 1),
    ("g/kWh", 1_000, 1),
    ("kg/kWh", 1_000_000, 1),
    ("kg/MWh", 1_000, 1),
    ("t/MWh", 1_000_000, 1),
];
const INTENSITY_NAMES: &str = "g/kWh, kg/kWh, kg/MWh, t/MWh";

const MASS_UNITS: UnitTable =
    &[("mg", 1, 1), ("g", 1_000, 1), ("kg", 1_000_000, 1), ("t", 1_000_000_000, 1)];
const MASS_NAMES: &str = "g, kg, t";

const PRICE_NAMES: &str = "$… with /kWh, /MWh";

/// Returns the name of the quantity of this module that has a unit.
pub(super) fn named(unit: &str) -> Option<&'static str> {
    let is_in = |table: UnitTable| table.iter().any(|(name, ..)| *name == unit);
    let tables = [
        (POWER_UNITS, "power"),
        (ENERGY_UNITS, "energy"),
        (INTENSITY_UNITS, "carbon intensity"),
        (MASS_UNITS, "mass"),
    ];
    tables.into_iter().find(|(table, _)| is_in(table)).map(|(_, name)| name)
}

/// Writes `value` with the largest of `units` that divides it.
fn write_exact(f: &mut fmt::Formatter<'_>, value: u64, units: &[(&str, u64)]) -> fmt::Result {
    let fits = |(_, size): &&(&str, u64)| value >= *size && value.is_multiple_of(*size);
    match units.iter().find(fits).or(units.last()) {
        Some((name, size)) => write!(f, "{}{name}", value / size),
        None => write!(f, "{value}"),
    }
}

/// A power in milliwatts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watts(u64);

impl Watts {
    /// Largest power of one part: 1 MW.
    pub const MAX: Self = Self(1_000_000_000);

    /// Returns a power of `milliwatts`.
    #[must_use]
    pub const fn from_milliwatts(milliwatts: u64) -> Self {
        Self(milliwatts)
    }

    /// Returns the milliwatts.
    #[must_use]
    pub const fn milliwatts(self) -> u64 {
        self.0
    }

    /// Returns the watts, for statistics and print.
    #[must_use]
    pub fn watts(self) -> f64 {
        self.0 as f64 / 1e3
    }

    /// Returns the power of `count` such parts.
    #[must_use]
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// Parses text such as `"110W"`, `"1.2kW"`.
    ///
    /// # Errors
    ///
    /// Any [`UnitError`].
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        parse_in(text, "power", POWER_UNITS, POWER_NAMES).map(Self)
    }
}

impl fmt::Display for Watts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_exact(f, self.0, &[("MW", 1_000_000_000), ("kW", 1_000_000), ("W", 1_000), ("mW", 1)])
    }
}

/// An energy in millijoules, up to 5.1 TWh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Energy(u64);

impl Energy {
    /// Returns the energy of `picojoules` (milliwatts × nanoseconds), to the nearest millijoule.
    #[must_use]
    pub fn from_picojoules(picojoules: u128) -> Self {
        Self(super::round_ratio(picojoules, 1_000_000_000).unwrap_or(u64::MAX))
    }

    /// Returns the joules, for statistics and print.
    #[must_use]
    pub fn joules(self) -> f64 {
        self.0 as f64 / 1e3
    }

    /// Parses text such as `"1.5kWh"`, `"500J"`.
    ///
    /// # Errors
    ///
    /// Any [`UnitError`].
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        parse_in(text, "energy", ENERGY_UNITS, ENERGY_NAMES).map(Self)
    }
}

impl fmt::Display for Energy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const STEPS: [(&str, u64); 6] = [
            ("MWh", 3_600_000_000_000),
            ("kWh", 3_600_000_000),
            ("Wh", 3_600_000),
            ("kJ", 1_000_000),
            ("J", 1_000),
            ("mJ", 1),
        ];
        write_exact(f, self.0, &STEPS)
    }
}

/// Mass of carbon dioxide equivalent emitted per energy, in milligrams per kilowatt-hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CarbonIntensity(u64);

impl CarbonIntensity {
    /// Returns the grams per joule, for statistics and print.
    #[must_use]
    pub fn grams_per_joule(self) -> f64 {
        self.0 as f64 / 1e3 / 3.6e6
    }

    /// Parses text such as `"350g/kWh"`.
    ///
    /// # Errors
    ///
    /// Any [`UnitError`].
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        parse_in(text, "carbon intensity", INTENSITY_UNITS, INTENSITY_NAMES).map(Self)
    }
}

impl fmt::Display for CarbonIntensity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_exact(f, self.0, &[("kg/kWh", 1_000_000), ("g/kWh", 1_000), ("mg/kWh", 1)])
    }
}

/// A mass in milligrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mass(u64);

impl Mass {
    /// Returns the grams.
    #[must_use]
    pub fn grams(self) -> f64 {
        self.0 as f64 / 1e3
    }

    /// Parses text such as `"12.5kg"`.
    ///
    /// # Errors
    ///
    /// Any [`UnitError`].
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        parse_in(text, "mass", MASS_UNITS, MASS_NAMES).map(Self)
    }
}

impl fmt::Display for Mass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_exact(f, self.0, &[("t", 1_000_000_000), ("kg", 1_000_000), ("g", 1_000), ("mg", 1)])
    }
}

/// A price of energy, in micro-dollars per megawatt-hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnergyPrice(u64);

impl EnergyPrice {
    /// Returns the dollars per joule, for statistics and print.
    #[must_use]
    pub fn dollars_per_joule(self) -> f64 {
        self.0 as f64 / 1e6 / 3.6e9
    }

    /// Parses text such as `"$0.12/kWh"`, `"$95/MWh"`.
    ///
    /// # Errors
    ///
    /// Any [`UnitError`].
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let Some(body) = text.trim_matches(BLANK).strip_prefix('$') else {
            return Err(match Decimal::split(text) {
                Ok(_) => UnitError::Missing(PRICE_NAMES),
                Err(error) => error,
            });
        };
        let (number, unit) = Decimal::split(body)?;
        let of_unit =
            |unit: &str| unit.strip_prefix('/').map(|unit| unit.trim_matches(BLANK).to_string());
        let micro_dollars = match of_unit(unit).as_deref() {
            None if unit.is_empty() => return Err(UnitError::Missing(PRICE_NAMES)),
            Some("kWh") => 1_000_000_000,
            Some("MWh") => 1_000_000,
            _ => return Err(UnitError::Unknown(unit.to_string(), PRICE_NAMES)),
        };
        let value = number.times(micro_dollars, 1)?;
        if value == 0 && number.digits != 0 {
            return Err(UnitError::TooSmall("$0.000001/MWh"));
        }
        Ok(Self(value))
    }
}

impl fmt::Display for EnergyPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.is_multiple_of(1_000) {
            true => write!(f, "${}/kWh", self.0 as f64 / 1e9),
            false => write!(f, "${}/MWh", self.0 as f64 / 1e6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_energy_carbon_and_prices_read_back() {
        for text in ["110W", "1200W", "1500mW", "3MW", "0mW", "0.5W", "1.2kW"] {
            let value = Watts::parse(text).unwrap();
            assert_eq!(Watts::parse(&value.to_string()), Ok(value), "{text} -> {value}");
        }
        assert_eq!(Watts::parse("110W").unwrap().to_string(), "110W");
        for text in ["500J", "1.5kWh", "3.6MJ", "1GWh", "7mJ", "0J", "1Wh"] {
            let value = Energy::parse(text).unwrap();
            assert_eq!(Energy::parse(&value.to_string()), Ok(value), "{text} -> {value}");
        }
        assert_eq!(Energy::parse("3.6MJ"), Energy::parse("1kWh"));
        for text in ["350g/kWh", "0.35kg/kWh", "12.5g/kWh", "0g/kWh"] {
            let value = CarbonIntensity::parse(text).unwrap();
            assert_eq!(CarbonIntensity::parse(&value.to_string()), Ok(value), "{text} -> {value}");
        }
        for text in ["1t", "1500g", "2.5kg", "3mg"] {
            let value = Mass::parse(text).unwrap();
            assert_eq!(Mass::parse(&value.to_string()), Ok(value), "{text} -> {value}");
        }
        for text in ["$0.12/kWh", "$95/MWh", "$0.123456789/kWh", "$0/kWh", "$ 0.1 / kWh"] {
            let value = EnergyPrice::parse(text).unwrap();
            assert_eq!(EnergyPrice::parse(&value.to_string()), Ok(value), "{text} -> {value}");
        }
        assert_eq!(EnergyPrice::parse("$95/MWh"), EnergyPrice::parse("$0.095/kWh"));
    }

    #[test]
    fn a_wrong_unit_of_energy_says_what_it_is() {
        assert_eq!(Watts::parse("10 GiB"), Err(UnitError::Other("size", POWER_NAMES)));
        assert_eq!(Watts::parse("1kWh"), Err(UnitError::Other("energy", POWER_NAMES)));
        assert_eq!(Watts::parse("110"), Err(UnitError::Missing(POWER_NAMES)));
        assert_eq!(Energy::parse("5W"), Err(UnitError::Other("power", ENERGY_NAMES)));
        assert_eq!(CarbonIntensity::parse("350g"), Err(UnitError::Other("mass", INTENSITY_NAMES)));
        assert_eq!(EnergyPrice::parse("$0.12"), Err(UnitError::Missing(PRICE_NAMES)));
        assert_eq!(
            EnergyPrice::parse("$0.12/month"),
            Err(UnitError::Unknown("/month".into(), PRICE_NAMES))
        );
        assert_eq!(Watts::parse("-5W"), Err(UnitError::Negative));
        assert_eq!(Watts::parse("1e-6W"), Err(UnitError::TooSmall("mW")));
    }
}
