//! Electric power of a part as a function of its load, and its energy over an interval.
//!
//! Model: power at evenly spaced loads from 0 to 1, a straight line between neighbours. One value is a constant
//! power, two are a line from idle to full load, eleven are the loads 0, 10, … 100 % of SPECpower_ssj2008. Load is the
//! mean share of the cores that is busy over [`AVERAGED`]: a measured curve holds for load averaged over minutes, not for
//! single busy cores. SPECpower measures the mean power of 240 s at a mean load. While a part is off, it draws nothing;
//! its load is the mean over the time that it is on.
//!
//! In: busy core-time, capacity and time off of an interval. Out: energy in picojoules (milliwatts × nanoseconds).
//! Holds: sums are integers; a line gives the same energy for any intervals, up to rounding; the power at a load of more
//! than 1 is that at 1.
//! Leaves out: power between two averages, start-up peaks, the power of a part that is switched off but plugged in.
//! Source: SPECpower_ssj2008 design document (load levels of 240 s); the expectation over a lognormal load is that of a
//! sum of call options, Black (1976).

use crate::engine::special::{ln, normal_cdf};
use crate::units::{SimDuration, Watts};

/// Longest interval over which the load is averaged before the curve is applied: that of a load level of
/// SPECpower_ssj2008.
pub const AVERAGED: SimDuration = SimDuration::from_secs(240);

/// Power by load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PowerCurve {
    /// Power at evenly spaced loads from 0 to 1; at least one.
    points: Vec<Watts>,
}

impl PowerCurve {
    /// Returns the curve through `points`; `None` without a point, or with one above [`Watts::MAX`].
    #[must_use]
    pub fn new(points: Vec<Watts>) -> Option<Self> {
        let valid = !points.is_empty() && points.iter().all(|point| *point <= Watts::MAX);
        valid.then_some(Self { points })
    }

    /// Returns a power that does not depend on the load.
    #[must_use]
    pub fn constant(power: Watts) -> Self {
        Self { points: vec![power] }
    }

    /// Returns the power at a load, in watts.
    #[must_use]
    pub fn watts(&self, load: f64) -> f64 {
        let steps = self.points.len() - 1;
        let mut power = self.points[0].watts();
        for (at, pair) in self.points.windows(2).enumerate() {
            let part = (load * steps as f64 - at as f64).clamp(0.0, 1.0);
            power += (pair[1].watts() - pair[0].watts()) * part;
        }
        power
    }

    /// Returns the expected power in watts at a load that is lognormal, with this mean and this standard deviation of its
    /// logarithm.
    #[must_use]
    pub fn expected(&self, mean: f64, sigma: f64) -> f64 {
        let steps = self.points.len() - 1;
        if sigma <= 0.0 || mean <= 0.0 || steps == 0 {
            return self.watts(mean);
        }
        let excess = |above: f64| {
            if above <= 0.0 {
                return mean;
            }
            let far = ln(mean / above) / sigma + sigma / 2.0;
            mean * normal_cdf(far) - above * normal_cdf(far - sigma)
        };
        let (mut power, mut slope) = (self.points[0].watts(), 0.0);
        for (at, pair) in self.points.windows(2).enumerate() {
            let next = (pair[1].watts() - pair[0].watts()) * steps as f64;
            power += (next - slope) * excess(at as f64 / steps as f64);
            slope = next;
        }
        power - slope * excess(1.0)
    }

    /// Returns the energy in picojoules over an interval of at most an hour, in which `busy` of `capacity` was used.
    #[must_use]
    pub fn picojoules(&self, length: SimDuration, busy: u128, capacity: u128) -> u128 {
        let steps = self.points.len() as u128 - 1;
        let nanos = u128::from(length.nanos());
        let power = |at: usize| u128::from(self.points[at].milliwatts());
        // 48 bits of the load are kept, so that no product below exceeds 128 bits.
        let shift = (u128::BITS - capacity.leading_zeros()).saturating_sub(48);
        let (busy, capacity) = (busy >> shift, capacity >> shift);
        if steps == 0 || capacity == 0 {
            return power(0) * nanos;
        }
        let scaled = busy.min(capacity) * steps;
        let at = (scaled / capacity).min(steps - 1);
        let rest = scaled - at * capacity;
        let at = usize::try_from(at).unwrap_or(0);
        let (low, high) = (power(at), power(at + 1));
        let part = high.abs_diff(low) * rest * nanos / capacity;
        if high >= low { low * nanos + part } else { low * nanos - part }
    }
}

/// Reading of a part, summed since the start of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SupplyReading {
    /// Busy core-time; 0 of a part without load.
    pub busy: u128,
    /// Capacity × time, in the same unit.
    pub capacity: u128,
    /// Time off.
    pub off: SimDuration,
}

impl SupplyReading {
    /// Returns the energy in picojoules since an `earlier` reading, `length` ago: at most [`AVERAGED`].
    #[must_use]
    pub fn picojoules_since(
        &self,
        earlier: &Self,
        length: SimDuration,
        curve: &PowerCurve,
    ) -> u128 {
        let off = self.off.nanos().saturating_sub(earlier.off.nanos()).min(length.nanos());
        let on = SimDuration::from_nanos(length.nanos() - off);
        if on.is_zero() {
            return 0;
        }
        let (busy, capacity) = (self.busy - earlier.busy, self.capacity - earlier.capacity);
        if off == 0 {
            return curve.picojoules(on, busy, capacity);
        }
        // Capacity counts the whole interval; the load is that of the time on.
        let shift = (u128::BITS - capacity.leading_zeros()).saturating_sub(64);
        let share = (capacity >> shift) * u128::from(on.nanos()) / u128::from(length.nanos());
        curve.picojoules(on, busy >> shift, share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn curve(watts: &[u64]) -> PowerCurve {
        let points = watts.iter().map(|watts| Watts::from_milliwatts(watts * 1_000));
        PowerCurve::new(points.collect()).unwrap()
    }

    const MINUTE: SimDuration = SimDuration::from_secs(60);

    /// (110 + 150 × 0.4) W × 60 s.
    #[test]
    fn a_line_is_idle_power_and_a_share_of_the_rest() {
        let line = curve(&[110, 260]);
        assert_eq!(line.watts(0.4), 170.0);
        assert_eq!(line.picojoules(MINUTE, 4 << 80, 10 << 80), 170_000 * 60_000_000_000);
        assert_eq!(line.picojoules(MINUTE, 0, 1 << 90), 110_000 * 60_000_000_000);
        assert_eq!(line.picojoules(MINUTE, 1 << 90, 1 << 90), 260_000 * 60_000_000_000);
        assert_eq!(curve(&[150]).picojoules(MINUTE, 7, 9), 150_000 * 60_000_000_000);
    }

    /// Between 20 and 30 %: 120 + 0.5 × 16 W. The mean of the power at 0 and 100 % is not the power at 50 %.
    #[test]
    fn a_curve_is_a_straight_line_between_its_neighbours() {
        let measured = curve(&[57, 82, 120, 136, 145, 150, 160, 168, 189, 220, 248]);
        assert!((measured.watts(0.25) - 128.0).abs() < 1e-9);
        assert_eq!(measured.picojoules(MINUTE, 25, 100), 128_000 * 60_000_000_000);
        assert_eq!(measured.watts(0.5), 150.0);
        assert_ne!(measured.watts(0.5), f64::midpoint(measured.watts(0.0), measured.watts(1.0)));
    }

    /// On for 20 of 60 s, with half of the capacity of that time: 185 W for 20 s.
    #[test]
    fn a_part_that_is_off_draws_nothing_and_its_load_is_that_of_the_time_on() {
        let line = curve(&[110, 260]);
        let then = SupplyReading { busy: 5, capacity: 600 << 60, off: SimDuration::from_secs(7) };
        let now = SupplyReading {
            busy: 5 + (10 << 60),
            capacity: 660 << 60,
            off: SimDuration::from_secs(47),
        };
        let found = now.picojoules_since(&then, MINUTE, &line);
        assert!(found.abs_diff(185_000 * 20_000_000_000) < 1_000, "{found}");
        let off = SupplyReading { off: SimDuration::from_secs(67), ..now };
        assert_eq!(off.picojoules_since(&then, MINUTE, &line), 0);
    }

    /// Riemann sum over 20,000 quantiles of the lognormal law.
    #[test]
    fn the_expected_power_of_a_noisy_load_is_the_integral_over_its_law() {
        let measured = curve(&[57, 82, 92, 103, 115, 128, 146, 168, 189, 220, 248]);
        for (mean, sigma) in [(0.3, 0.2), (0.85, 0.3), (0.05, 1.0), (0.5, 0.0)] {
            let number = 20_000;
            let sum: f64 = (0..number)
                .map(|at| {
                    let z = crate::engine::special::normal_quantile(
                        (f64::from(at) + 0.5) / f64::from(number),
                    );
                    measured.watts(mean * libm::exp(sigma * z - sigma * sigma / 2.0))
                })
                .sum();
            let expected = sum / f64::from(number);
            let found = measured.expected(mean, sigma);
            assert!((found - expected).abs() < 0.02, "{mean} {sigma}: {found} {expected}");
        }
        let line = curve(&[110, 260]);
        assert!(
            (line.expected(0.2, 0.3) - line.watts(0.2)).abs() < 1e-3,
            "below 1 a line is exact"
        );
    }

    proptest! {
        /// The integer energy is that of the straight lines; a line does not depend on how the interval is cut.
        #[test]
        fn energy_is_that_of_the_interpolation(
            points in prop::collection::vec(0_u64..2_000_000, 1..12),
            busy in 0_u64..=1_000_000, cut in 1_u64..59,
        ) {
            let all: Vec<Watts> = points.iter().map(|one| Watts::from_milliwatts(*one)).collect();
            let whole = PowerCurve::new(all.clone()).unwrap();
            let capacity = 1_000_000_u128 << 70;
            let found = whole.picojoules(MINUTE, u128::from(busy) << 70, capacity) as f64 / 1e12;
            let expected = whole.watts(busy as f64 / 1e6) * 60.0;
            prop_assert!((found - expected).abs() <= 1e-9 * expected + 1e-9);
            let ends = vec![all[0], all[all.len() - 1]];
            let line = PowerCurve::new(ends).unwrap();
            let part = |seconds: u64, load: u64| {
                let busy = u128::from(load * seconds) << 60;
                line.picojoules(SimDuration::from_secs(seconds), busy, u128::from(1_000 * seconds) << 60)
            };
            let (first, second) = (busy % 1_000, (busy / 7) % 1_000);
            let mean = u128::from(first * cut + second * (60 - cut)) << 60;
            let together = line.picojoules(MINUTE, mean, 60_000 << 60);
            prop_assert!(together.abs_diff(part(cut, first) + part(60 - cut, second)) < 100_000);
        }
    }
}
