//! A quantity that a component follows over time, such as the lag of a replica: its mean, its largest value, its
//! quantiles.

use crate::observe::histogram::Histogram;

/// A quantity over the part of a window in which its component has it.
#[derive(Clone, Debug)]
pub struct Quantity {
    /// Time in which the component has it, ns.
    pub time: u128,
    /// Area under it, in `unit` × `time`.
    pub area: f64,
    /// The largest value.
    pub largest: u64,
    /// Time, in nanoseconds, at each value; `None`: not kept.
    pub times: Option<Histogram>,
    /// Values per base unit: 10⁹ for nanoseconds.
    pub unit: f64,
}

impl Quantity {
    /// Returns the mean over the time, in base units; `None` if the component never had it.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.time > 0).then(|| self.area / self.time as f64 / self.unit)
    }

    /// Returns the largest value, in base units; `None` if the component never had it.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        (self.time > 0).then(|| self.largest as f64 / self.unit)
    }

    /// Returns the value that is not exceeded for a share `level` of the time, in base units; `None` if that is not kept.
    #[must_use]
    pub fn quantile(&self, level: f64) -> Option<f64> {
        self.times.as_ref()?.quantile(level).map(|value| value as f64 / self.unit)
    }
}
