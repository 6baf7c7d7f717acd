//! One zone of a processor at the tick: its usage, its cap, its threads and its ledger.
//!
//! In: the numbers of threads that run, wait in run queues and are held. Out: integrals of them.
//! Holds: wanted = used + capped wait + steal, in integers, at every instant.

use super::CapRelease;
use super::caps::Cap;
use super::fss::Usage;
use super::guest::Guest;
use super::queue::Queue;
use super::thread::ONE;
use crate::convert::low_half;
use crate::mechanism::cpu_share::{Burst, CoreTime, ZoneLedger, ZoneLimits};
use crate::units::{Cores, SimDuration, SimTime};

/// A cap, and the threads that it holds.
#[derive(Clone, Debug)]
pub(super) struct Capped {
    pub(super) cap: Cap,
    pub(super) held: Queue,
    /// Nanoseconds on processors from the last tick to the last change.
    pub(super) used: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Zone {
    pub(super) usage: Usage,
    pub(super) capped: Option<Box<Capped>>,
    /// Its phases, if it is a virtual machine.
    pub(super) guest: Option<Box<Guest>>,
    /// Threads without a phase. The next phase wakes the one of the highest priority, as `sleepq_insert` orders them.
    pub(super) asleep: Queue,
    pub(super) phases: u32,
    /// Threads on processors.
    pub(super) running: u32,
    /// Rate of these processors, in steps.
    pub(super) rate: u64,
    ledger: ZoneLedger,
    since: SimTime,
}

impl Zone {
    pub(super) fn new(rule: (u64, CapRelease), limits: &ZoneLimits) -> Self {
        let mut zone = Self {
            usage: Usage::new(limits.shares),
            capped: None,
            guest: limits.vcpus.map(|vcpus| Box::new(Guest::new(vcpus))),
            asleep: Queue::new(),
            phases: 0,
            running: 0,
            rate: 0,
            ledger: ZoneLedger::default(),
            since: SimTime::ZERO,
        };
        zone.set_cap(rule, limits);
        zone
    }

    /// Sets cap, baseline and burst time; returns the threads of a cap that is no more.
    pub(super) fn set_cap(
        &mut self,
        rule: (u64, CapRelease),
        limits: &ZoneLimits,
    ) -> Option<Queue> {
        let burst = match limits.burst {
            Burst::Timer(length) => length,
            Burst::Unlimited => SimDuration::ZERO,
        };
        match (limits.cap, &mut self.capped) {
            (None, capped) => capped.take().map(|capped| capped.held),
            (Some(cap), Some(capped)) => {
                capped.cap.set(cap, limits.baseline, burst);
                None
            }
            (Some(cap), capped @ None) => {
                let cap = Cap::new(rule, cap, limits.baseline, burst);
                *capped = Some(Box::new(Capped { cap, held: Queue::new(), used: 0 }));
                None
            }
        }
    }

    /// Returns true if threads of the zone are to be held.
    pub(super) fn is_at_cap(&self) -> bool {
        self.capped.as_ref().is_some_and(|capped| capped.cap.is_reached())
    }

    pub(super) fn is_held(&self) -> bool {
        self.capped.as_ref().is_some_and(|capped| capped.cap.is_held())
    }

    /// Brings the ledger up to `now` on a server of `nominal` cores; call it before any change.
    #[inline]
    pub(super) fn account(&mut self, now: SimTime, nominal: u64) {
        if now > self.since {
            let length = now.since(self.since);
            if let Some(capped) = &mut self.capped {
                capped.used += u64::from(self.running) * length.nanos();
            }
            let mut ledger = self.ledger;
            self.add(&mut ledger, length, nominal);
            self.ledger = ledger;
            self.since = now;
        }
    }

    fn add(&self, ledger: &mut ZoneLedger, length: SimDuration, nominal: u64) {
        let held = self.capped.as_ref().map_or(0, |capped| {
            if capped.cap.is_held() {
                ledger.held += length;
            }
            u64::from(capped.held.length())
        });
        if self.phases == 0 {
            return;
        }
        // A thread in excess of all the cores of the server could not use one.
        let wanted = u64::from(self.usage.runnable).saturating_mul(ONE).min(nominal);
        let missing = wanted.saturating_sub(self.rate);
        let capped = held.saturating_mul(ONE).min(missing);
        let area = |steps: u64| CoreTime::of(Cores::from_steps(steps), length);
        ledger.runnable += length;
        ledger.wanted += area(self.rate + missing);
        ledger.used += area(self.rate);
        if capped > 0 {
            ledger.capped_wait += area(capped);
            if capped == missing {
                ledger.capped += length;
            }
        }
        if missing > capped {
            ledger.steal += area(missing - capped);
        }
    }

    /// Returns the ledger at `now`, before which nothing changes; `ticks` of them have passed that were not
    /// executed, the first at `first`, one every `tick` nanoseconds.
    pub(super) fn ledger(
        &self,
        now: SimTime,
        nominal: u64,
        next: (SimTime, u64),
        tick: u64,
    ) -> ZoneLedger {
        let mut ledger = self.ledger;
        self.add(&mut ledger, now.since(self.since), nominal);
        if let Some(capped) = &self.capped {
            let (first, ticks) = next;
            let mut cap = capped.cap.clone();
            if ticks > 0 {
                let used = capped.used + u64::from(self.running) * first.since(self.since).nanos();
                cap.ticks(ticks, used, u64::from(self.running) * tick);
            }
            // Usage is in percent.
            let nanos = SimDuration::from_nanos(low_half(cap.burst / 100));
            ledger.burst = CoreTime::of(Cores::ONE, nanos);
        }
        ledger
    }

    /// Executes `ticks` ticks that change nothing else, the first at `first`, one every `tick` nanoseconds.
    pub(super) fn pass(&mut self, first: SimTime, ticks: u64, tick: u64, nominal: u64) {
        let Some(capped) = &mut self.capped else { return };
        let each = u64::from(self.running) * tick;
        let used = capped.used + u64::from(self.running) * first.since(self.since).nanos();
        let last = SimTime::from_nanos(first.nanos() + (ticks - 1) * tick);
        // The ledger has the state of the timer before these ticks, in none of which it turns.
        capped.cap.ticks(ticks, used, each);
        self.account(last, nominal);
        if let Some(capped) = &mut self.capped {
            capped.used = 0;
        }
    }

    /// Ends a tick; returns the number of threads that may be released.
    pub(super) fn end_tick(&mut self, now: SimTime, nominal: u64) -> u32 {
        self.account(now, nominal);
        let Some(capped) = &mut self.capped else { return 0 };
        capped.cap.tick(std::mem::take(&mut capped.used))
    }
}
