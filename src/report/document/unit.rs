//! Units of figures, as reports print them.

/// The unit of a figure, whose value is always in the base unit named here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// A plain number.
    #[default]
    None,
    /// A ratio 0..=1, printed in percent.
    Ratio,
    /// Seconds, printed from nanoseconds to years.
    Seconds,
    /// Seconds of downtime per year, printed in minutes from two minutes to two days.
    Downtime,
    /// Events per second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// Bits per second.
    BitsPerSecond,
    /// Dollars, paid once.
    Dollars,
    /// Dollars per month.
    DollarsPerMonth,
    /// Watts.
    Watts,
    /// Joules, printed in watt-hours from one watt-hour on.
    Joules,
    /// Grams.
    Grams,
    /// Any other unit, printed after the number as written.
    Other(String),
}
