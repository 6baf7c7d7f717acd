//! The cap of a zone as the kernel enforces it: a decayed counter of processor time, read once per tick.
//!
//! Model: usage gains the nanoseconds on processors since the last tick, and then loses 1 %. At n busy processors it
//! approaches n × 100 ticks. While it is not below the cap in force, threads of the zone are taken off their
//! processors at ticks and held. While it is below, some held threads are released per tick. Usage above the baseline
//! raises a timer by a tick per tick, other usage lowers it. When the timer is full the baseline is in force until it
//! is back at zero.
//!
//! In: processor time per tick. Out: the number of threads to release. Integers alone, truncated as in the source.
//! Source: illumos-joyent `disp/cpucaps.c`: `cap_poke_waitq`, `cap_project_usage_walker`, `cap_zone_usage_walker`.

use super::CapRelease;
use crate::convert::low_half;
use crate::units::{Cores, SimDuration};

/// Percent of usage that a tick takes off.
const DECAY: u64 = 100;
/// Usage that no tick lowers any more, because half a percent rounds to nothing.
const LEAST: u64 = DECAY / 2;

/// The cap of one zone. Amounts are percent of a processor × nanoseconds of a tick.
#[derive(Clone, Debug)]
pub(super) struct Cap {
    value: u64,
    /// The cap, or the baseline while the zone is held to that.
    effective: u64,
    /// Baseline; zero if there is none with an effect.
    base: u64,
    /// Burst time in ticks; zero if the burst is unlimited.
    limit: u64,
    /// Burst timer in ticks.
    pub(super) bursting: u64,
    /// Usage that has decayed, to which the processor time of a tick is added.
    decayed: u64,
    /// Usage as of the last tick, before its decay.
    pub(super) usage: u64,
    tick: u64,
    release: CapRelease,
    /// Sum of usage above the baseline over all ticks.
    pub(super) burst: u128,
    /// Ticks with usage above the baseline, while the cap was in force.
    pub(super) ticks_above_base: u64,
    /// Ticks with usage not below the cap in force.
    pub(super) ticks_above: u64,
}

impl Cap {
    /// Creates the cap of a zone that has used nothing; a tick takes `tick` nanoseconds.
    pub(super) fn new(
        (tick, release): (u64, CapRelease),
        cap: Cores,
        baseline: Option<Cores>,
        burst: SimDuration,
    ) -> Self {
        let mut new = Self {
            value: 0,
            effective: 0,
            base: 0,
            limit: 0,
            bursting: 0,
            decayed: 0,
            usage: 0,
            tick,
            release,
            burst: 0,
            ticks_above_base: 0,
            ticks_above: 0,
        };
        new.set(cap, baseline, burst);
        new
    }

    /// Sets cap, baseline and burst time. A new cap is in force at once; the timer keeps its value.
    pub(super) fn set(&mut self, cap: Cores, baseline: Option<Cores>, burst: SimDuration) {
        self.value = self.amount(cap);
        self.base = baseline.filter(|base| *base < cap).map_or(0, |base| self.amount(base));
        // A burst time of less than a tick is one tick: zero means unlimited.
        self.limit = if burst.is_zero() { 0 } else { (burst.nanos() / self.tick).max(1) };
        self.effective = self.value;
    }

    /// Returns the usage that `cores` busy processors approach.
    fn amount(&self, cores: Cores) -> u64 {
        let percent = u128::from(cores.steps()) * u128::from(DECAY) * u128::from(self.tick);
        low_half(percent >> Cores::FRACTION_BITS).max(1)
    }

    /// Returns true if a thread of the zone is to be held, by the usage as of the last tick.
    pub(super) const fn is_reached(&self) -> bool {
        self.usage >= self.effective
    }

    /// Returns true if the zone is held to its baseline.
    pub(super) const fn is_held(&self) -> bool {
        self.effective != self.value
    }

    /// Ends a tick in which threads of the zone used processors for `used` nanoseconds; returns the number of
    /// held threads to release.
    pub(super) fn tick(&mut self, used: u64) -> u32 {
        self.usage = self.decayed + used;
        self.decayed = self.usage - (self.usage + DECAY / 2) / DECAY;
        self.turn_timer();
        if self.is_reached() {
            self.ticks_above += 1;
            return 0;
        }
        match self.release {
            CapRelease::One => 1,
            CapRelease::Batch => match self.usage * 100 / self.effective {
                98.. => 10,
                95.. => 20,
                90.. => 40,
                85.. => 80,
                _ => 160,
            },
        }
    }

    fn turn_timer(&mut self) {
        if self.base == 0 {
            return;
        }
        self.burst += u128::from(self.usage.saturating_sub(self.base));
        if self.usage > self.base && !self.is_held() {
            self.ticks_above_base += 1;
            if self.limit != 0 {
                self.bursting += 1;
                if self.bursting >= self.limit {
                    self.effective = self.base;
                }
            }
        } else if self.bursting > 0 {
            self.bursting -= 1;
            if self.bursting == 0 {
                self.effective = self.value;
            }
        }
    }

    /// Executes `count` ticks, the first with `first` nanoseconds of processor time and the others with `each`, none of
    /// which changes what is held.
    pub(super) fn ticks(&mut self, count: u64, first: u64, each: u64) {
        let mut used = first;
        let mut left = count;
        while left > 0 {
            let (decayed, usage) = (self.decayed, self.usage);
            self.tick(used);
            used = each;
            left -= 1;
            if each == 0 && (decayed, usage) == (self.decayed, self.usage) && self.usage <= LEAST {
                self.rest(left);
                return;
            }
        }
    }

    /// Executes `count` ticks at a usage that no longer changes and is below every cap and baseline.
    fn rest(&mut self, count: u64) {
        if self.usage >= self.effective || (self.base > 0 && self.usage > self.base) {
            // A cap of a few nanoseconds per second.
            for _ in 0..count {
                self.tick(0);
            }
        } else if self.base > 0 && self.bursting > 0 {
            self.bursting = self.bursting.saturating_sub(count);
            if self.bursting == 0 {
                self.effective = self.value;
            }
        }
    }

    /// Returns a number of ticks in which neither the cap nor the timer can change which threads run, while `running`
    /// threads of the zone do; the tick after them may. Threads have used `used` nanoseconds since the last tick.
    /// `is_waiting`: threads are held.
    pub(super) fn quiet(&self, running: u32, used: u64, is_waiting: bool) -> u64 {
        let each = u64::from(running) * self.tick;
        // Usage at the next tick, at most.
        let next = self.decayed + used + each;
        let threads = if is_waiting || (running > 0 && self.is_reached()) {
            0
        } else if running == 0 {
            u64::MAX
        } else if next >= self.effective {
            // The tick at which usage reaches the cap only marks the zone; the next takes its threads.
            1
        } else if each * DECAY + DECAY < self.effective {
            // Usage approaches `each` × 100 from below and stays less than a rounding above it.
            u64::MAX
        } else {
            1 + (self.effective - next).div_ceil(each)
        };
        threads.min(self.quiet_timer(next, each))
    }

    /// Returns a number of ticks in which the timer neither begins nor ends to hold the zone.
    fn quiet_timer(&self, next: u64, each: u64) -> u64 {
        if self.base == 0 || self.limit == 0 {
            return u64::MAX;
        }
        if self.is_held() {
            return self.bursting.saturating_sub(1);
        }
        let can_rise = next > self.base || each * DECAY + DECAY >= self.base;
        if can_rise { self.limit.saturating_sub(self.bursting + 1) } else { u64::MAX }
    }
}
