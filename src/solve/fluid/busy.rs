//! Utilisation of resources over the horizon: by hour of the week, and its distribution.
//!
//! Model: seconds per bin of utilisation, each 1 % wide, from a millionth on.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::convert::{index, table};
use crate::engine::special::{ln, normal_cdf};
use crate::model::power::HOURS_OF_DAY;
use crate::plan::fluid::power::Metered;
use crate::plan::fluid::state::StateLoad;

/// Number of bins of utilisation, each 1 % wide, from a millionth on.
pub(super) const BINS: usize = 1_700;
const LEAST_BIN: f64 = 1e-6;
const BIN: f64 = 1.01;

/// Utilisation of resources, over several replications.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Busy {
    /// Seconds times utilisation, by hour of the week, then by resource.
    pub hours: Vec<Vec<f64>>,
    /// Seconds, by hour of the week.
    pub time: Vec<f64>,
    /// Seconds per bin of utilisation, by resource.
    pub bins: Vec<Vec<f64>>,
    /// Joules per power meter, by hour of the day.
    pub energy: Vec<[f64; HOURS_OF_DAY]>,
    /// Standard deviation of the logarithm of its hourly noise in the healthy state, by resource.
    pub sigma: Vec<f64>,
}

impl Busy {
    /// Adds the observations of other replications.
    pub fn add(&mut self, other: &Self) {
        if self.time.is_empty() {
            self.clone_from(other);
            return;
        }
        let add = |mine: &mut Vec<f64>, theirs: &Vec<f64>| {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        };
        add(&mut self.time, &other.time);
        self.hours.iter_mut().zip(&other.hours).for_each(|(mine, theirs)| add(mine, theirs));
        self.bins.iter_mut().zip(&other.bins).for_each(|(mine, theirs)| add(mine, theirs));
        for (mine, theirs) in self.energy.iter_mut().zip(&other.energy) {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        }
    }

    /// Adds the energy of `seconds` in an hour of the week in a state: `used` is the utilisation of each resource.
    pub(super) fn draw(
        &mut self,
        metered: &Metered,
        state: &StateLoad,
        used: &[f64],
        hour: usize,
        seconds: f64,
    ) {
        for (at, energy) in self.energy.iter_mut().enumerate() {
            if state.off.contains(&table::u32(at)) {
                continue;
            }
            let (load, sigma) = metered.processors[at].map_or((0.0, 0.0), |(resource, nominal)| {
                let usable = state.capacity[resource] / nominal;
                (used[resource] * usable, self.sigma[resource])
            });
            let watts = metered.power.meters[at].curve.expected(load, sigma);
            energy[hour % HOURS_OF_DAY] += watts * seconds;
        }
    }

    /// Returns the mean utilisation of a resource in an hour of the week; `None` if that hour did not occur.
    #[must_use]
    pub fn hour(&self, resource: usize, hour: usize) -> Option<f64> {
        let time = *self.time.get(hour)?;
        (time > 0.0).then(|| self.hours[hour][resource] / time)
    }

    /// Returns the utilisation that this share of the time does not exceed, hourly noise included.
    #[must_use]
    pub fn quantile(&self, resource: usize, share: f64) -> f64 {
        let sigma = self.sigma[resource];
        let used = self.bins[resource].iter().enumerate().filter(|(_, time)| **time > 0.0);
        let used: Vec<(f64, f64)> = used
            .map(|(bin, time)| (if bin == 0 { LEAST_BIN } else { value_of(bin) }, *time))
            .map(|(value, time)| (ln(value), time))
            .collect();
        let all: f64 = used.iter().map(|(_, time)| time).sum();
        let below = |most: f64| -> f64 {
            let probability = |at: f64| match sigma > 0.0 {
                true => normal_cdf((most - at + sigma * sigma / 2.0) / sigma),
                false => f64::from(u8::from(at <= most)),
            };
            used.iter().map(|(at, time)| time * probability(*at)).sum::<f64>()
        };
        let ends = (used.first(), used.last());
        let (Some((first, _)), Some((last, _))) = ends else { return 0.0 };
        let (mut low, mut high) = (first - 6.0 * sigma - 1e-6, last + 6.0 * sigma + 1e-6);
        while high - low > 1e-6 {
            let middle = f64::midpoint(low, high);
            if below(middle) < share * all { low = middle } else { high = middle }
        }
        let found = libm::exp(high).min(1.0);
        if found <= LEAST_BIN * 1.01 { 0.0 } else { found }
    }
}

/// Returns the middle of a bin.
fn value_of(bin: usize) -> f64 {
    LEAST_BIN * libm::pow(BIN, bin as f64 - 0.5)
}

/// Lower ends of the bins, and the bin in which each slot of an octave begins. A slot is less than two bins wide. A
/// logarithm for every hour of every resource would be half of the work.
#[derive(Debug)]
pub(super) struct Bins {
    /// Lower ends in multiples of [`LEAST_BIN`], by bin; the first bin holds smaller values.
    begin: Vec<f64>,
    first: Vec<u16>,
}

const SLOT_BITS: u32 = 6;

impl Bins {
    pub(super) fn get() -> &'static Self {
        static BINS_ONCE: OnceLock<Bins> = OnceLock::new();
        BINS_ONCE.get_or_init(|| {
            let begin: Vec<f64> = (0..BINS)
                .map(|bin| if bin == 0 { 0.0 } else { libm::pow(BIN, (bin - 1) as f64) })
                .collect();
            let last = Self::slot(*begin.last().expect("there are bins"));
            let low = |slot: usize| {
                let within = 1.0 + (slot % (1 << SLOT_BITS)) as f64 / f64::from(1 << SLOT_BITS);
                within * libm::scalbn(1.0, i32::try_from(slot >> SLOT_BITS).expect("few slots"))
            };
            let of = |slot: usize| begin.partition_point(|begin| *begin <= low(slot)) - 1;
            let first = (0..=last).map(|slot| table::u16(of(slot))).collect();
            Self { begin, first }
        })
    }

    /// Returns the slot of a value of at least 1: its exponent and the first bits of its mantissa.
    fn slot(value: f64) -> usize {
        index((value.to_bits() >> (52 - SLOT_BITS)) - (1023 << SLOT_BITS))
    }

    pub(super) fn of(&self, value: f64) -> usize {
        let value = value / LEAST_BIN;
        if value < 1.0 {
            return 0;
        }
        let Some(first) = self.first.get(Self::slot(value)) else { return BINS - 1 };
        let mut bin = usize::from(*first);
        while self.begin.get(bin + 1).is_some_and(|begin| *begin <= value) {
            bin += 1;
        }
        bin
    }
}

#[cfg(test)]
mod tests {
    use super::{BIN, BINS, Bins, LEAST_BIN, ln, value_of};

    #[test]
    fn a_bin_found_by_the_table_is_that_of_the_logarithm() {
        let table = Bins::get();
        let expected = |value: f64| match value < LEAST_BIN {
            true => 0,
            false => ((ln(value / LEAST_BIN) / ln(BIN)) as usize + 1).min(BINS - 1),
        };
        let mut value = LEAST_BIN / 2.0;
        while value < 100.0 {
            assert_eq!(table.of(value), expected(value), "{value}");
            value *= 1.000_37;
        }
        assert_eq!((table.of(0.0), table.of(f64::INFINITY)), (0, BINS - 1));
        assert!((1..BINS - 1).all(|bin| table.of(value_of(bin)) == bin));
    }
}
