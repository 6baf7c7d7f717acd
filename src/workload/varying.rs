//! Factor on the planned rate of a workload at each instant, where the rate is followed without single arrivals.
//!
//! Model: flash crowds and steps, always; hourly noise and modulation where these are drawn. The draws are those of the
//! workload's arrivals ([`ArrivalStream`](super::arrivals::ArrivalStream)). So noise is the same at each instant.
//! Modulation is the same only in a window that begins at time zero; a later window begins its own chain.
//!
//! Holds: asked in the order of time, a factor costs one draw per hour and one or two per sojourn.

use super::arrivals::{MODULATION, Process, Traffic};
use super::mmpp::{Modulation, ModulationState};
use super::noise::HourlyNoise;
use super::surge::Surging;
use crate::engine::draw::{Key, Lineage, Seed};
use crate::units::{SimDuration, SimTime};

/// Factor on the planned rate of one workload in one replication.
#[derive(Clone, Debug)]
pub struct Varying {
    traffic: Traffic,
    surging: Option<Surging>,
    noise: Option<HourlyNoise>,
    modulated: Option<Modulated>,
}

/// Modulation, its draws, and its present state.
#[derive(Clone, Debug)]
struct Modulated {
    of: Modulation,
    key: Key,
    now: ModulationState,
}

impl Varying {
    /// Returns what multiplies the rate of `owner`'s traffic from time zero on; `None` if nothing does. `draws` says
    /// whether noise and modulation are drawn.
    #[must_use]
    pub fn new(
        traffic: &Traffic,
        (seed, lineage): (Seed, Lineage),
        owner: &str,
        draws: bool,
    ) -> Option<Self> {
        let surging = traffic.surging(seed, lineage, owner);
        let noise = traffic.hourly_noise(seed, lineage, owner).filter(|_| draws);
        let modulated = match traffic.process() {
            Process::Modulated(of) if draws => {
                let key = Key::derive(seed, lineage, MODULATION, owner);
                Some(Modulated { of: of.clone(), key, now: of.begin(key, SimTime::ZERO) })
            }
            _ => None,
        };
        let any = surging.is_some() || noise.is_some() || modulated.is_some();
        any.then(|| Self { traffic: traffic.clone(), surging, noise, modulated })
    }

    /// Returns the factor from `at` on, and the end of its validity; of a flash crowd that grows or fades, the one at the
    /// middle of `step`. `at` never decreases from one call to the next.
    #[must_use]
    pub fn stretch(&mut self, at: SimTime, step: SimDuration) -> (f64, SimTime) {
        let (mut factor, mut end) = (1.0, SimTime::NEVER);
        if let Some(Modulated { of, key, now }) = &mut self.modulated {
            while now.until() <= at && now.until() < SimTime::NEVER {
                *now = of.next(*key, now);
            }
            factor *= of.factor(now);
            end = end.min(now.until());
        }
        if let Some(noise) = &mut self.noise {
            let (hour, hour_end) = self.traffic.hour_of(at);
            factor *= noise.factor(hour);
            end = end.min(hour_end);
        }
        if let Some(surging) = &mut self.surging {
            let (surge, until) = surging.stretch(at, step);
            factor *= surge;
            end = end.min(until);
        }
        (factor, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Rate;
    use crate::workload::arrivals::ArrivalStream;
    use crate::workload::mmpp::Succession;
    use crate::workload::noise::Noise;

    /// Arrivals by the factor: in pieces of constant rate their number is Poisson, so (n − m)²/m is 1 on average.
    #[test]
    fn the_factor_is_that_of_the_arrivals() {
        let minutes = SimDuration::from_secs(60);
        let sojourns = [minutes.saturating_mul(7), minutes.saturating_mul(3)];
        let modulation = Modulation::new(&[0.5, 3.0], &sojourns, Succession::Cyclic).unwrap();
        let level = Rate::per_second(20.0).unwrap();
        let traffic = Traffic::new(level, Process::Modulated(modulation)).unwrap();
        let traffic = traffic.with_noise(Noise::new(0.5, 0.8).unwrap());
        let traffic = traffic.times_from(SimTime::ZERO + SimDuration::from_secs(20_000), 1.5);
        let of = (Seed(4), Lineage::replication(2));
        let end = SimTime::ZERO + SimDuration::from_secs(40_000);
        let mut varying = Varying::new(&traffic, of, "users", true).unwrap();
        let mut stream = ArrivalStream::new(&traffic, of.0, of.1, "users", (SimTime::ZERO, end));
        let (mut at, mut next, mut sum, mut pieces) = (SimTime::ZERO, stream.next(), 0.0, 0.0);
        let (mut all, mut expected) = (0.0, 0.0);
        while at < end {
            let (factor, until) = varying.stretch(at, minutes);
            let until = until.min(end);
            let mean = factor * 20.0 * until.since(at).seconds();
            let mut count = 0.0;
            while next.is_some_and(|arrival| arrival.at < until) {
                count += 1.0;
                next = stream.next();
            }
            if mean > 50.0 {
                sum += (count - mean) * (count - mean) / mean;
                pieces += 1.0;
            }
            (all, expected, at) = (all + count, expected + mean, until);
        }
        // Its standard error is the square root of 2 / pieces.
        assert!(pieces > 80.0, "{pieces}");
        let error = libm::sqrt(2.0 / pieces);
        assert!((sum / pieces - 1.0).abs() < 4.0 * error, "{} of {pieces}", sum / pieces);
        assert!((all - expected).abs() < 4.0 * libm::sqrt(expected), "{all} of {expected}");
    }

    #[test]
    fn what_is_not_drawn_multiplies_nothing() {
        let traffic = Traffic::new(Rate::per_second(1.0).unwrap(), Process::Poisson).unwrap();
        let traffic = traffic.with_noise(Noise::new(0.5, 0.8).unwrap());
        let of = (Seed(4), Lineage::replication(2));
        assert!(Varying::new(&traffic, of, "users", false).is_none());
        assert!(Varying::new(&traffic, of, "users", true).is_some());
    }
}
