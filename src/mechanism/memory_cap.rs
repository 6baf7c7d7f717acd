//! The cap on the memory of a zone: pages are taken back after the fact, and come back by faults.
//!
//! Model: the memory that the processes of a zone use is divided into pages, each resident or swapped out. More memory is
//! resident at once, as no allocation fails. A zone with more resident pages than its cap is *over*, until it has fewer than the
//! cap less 1/128 of it. While it is over, the page scanner wakes up four times per second and takes pages back until the zone is no
//! longer over. A page that is dirty is written to the swap device first, at most 600 per wake-up. Processes touch
//! all their pages equally often: a touch is a fault with the probability that the page is swapped out, and the
//! page comes back.
//!
//! Before October 2017 a [daemon] took pages back instead.
//!
//! In: the memory used, touches, wake-ups, new caps. Out: faults, pages that are written. Holds: resident ≤ used; a zone that is not over
//! has no fault unless it was over before.
//! Leaves out: the processor time of the scanner (at most 80 % of one processor per 64 GiB, of the kernel), the order in which pages
//! were touched, pages that several zones map (they are charged to none), shortage of the whole system.
//! Source: illumos-joyent `uts/common/os/zone.c`, `vm_pageout.c` (October 2017 and later).

pub mod daemon;

use daemon::Daemon;

use crate::units::{SimDuration, SimTime};

/// Bytes of a page.
pub const PAGE: u64 = 4096;
/// Time between two wake-ups of the page scanner.
pub const WAKE: SimDuration = SimDuration::from_nanos(250_000_000);
/// Most dirty pages that are written per wake-up: `maxpgio` / 4, with 2/3 of 3,600 per second.
const PUSHES: u64 = 600;
/// Part of the cap by which a zone has to be below it before it is no longer over.
const BELOW: u64 = 128;

/// Memory of a zone under a cap, in pages.
#[derive(Clone, Debug)]
pub struct MemoryCap {
    cap: u64,
    /// Share of the pages that are dirty, in millionths.
    dirty_ppm: u64,
    used: u64,
    resident: u64,
    is_over: bool,
    /// Remainder of the dirty pages among those taken back, in millionths of a page.
    rest: u64,
    /// Daemon that takes pages back; `None`: the page scanner does.
    daemon: Option<Daemon>,
}

impl MemoryCap {
    /// Returns a zone that uses nothing, with a cap of `cap` pages, of whose pages a share is dirty.
    #[must_use]
    pub fn new(cap: u64, dirty_ppm: u64) -> Self {
        Self {
            cap,
            dirty_ppm: dirty_ppm.min(1_000_000),
            used: 0,
            resident: 0,
            is_over: false,
            rest: 0,
            daemon: None,
        }
    }

    /// Returns a zone that has used `used` pages for long: it has no more resident ones than its cap.
    #[must_use]
    pub fn settled(cap: u64, dirty_ppm: u64, used: u64) -> Self {
        Self { used, resident: used.min(cap), ..Self::new(cap, dirty_ppm) }
    }

    /// Lets a daemon take pages back, instead of the page scanner.
    #[must_use]
    pub fn with_daemon(self) -> Self {
        Self { daemon: Some(Daemon::default()), ..self }
    }

    /// Sets the pages used. More are resident at once; fewer leave resident and swapped ones in proportion.
    pub fn uses(&mut self, used: u64) {
        if used >= self.used {
            self.resident += used - self.used;
        } else {
            let left = u128::from(self.resident) * u128::from(used) / u128::from(self.used);
            self.resident = u64::try_from(left).unwrap_or(u64::MAX);
        }
        self.used = used;
        self.judge();
    }

    /// Sets the cap, at once for the page scanner. The daemon reads it at one of its next looks.
    pub fn limit(&mut self, cap: u64) {
        self.cap = cap;
        self.judge();
    }

    /// Returns the resident pages.
    #[must_use]
    pub const fn resident(&self) -> u64 {
        self.resident
    }

    /// Returns true while the zone is over its cap, as far as the scanner or the daemon has found.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Returns the number of faults of `touches` of pages, by one `uniform` number: on average the touches times the share that
    /// is swapped out.
    #[must_use]
    pub fn faults(&self, touches: u32, uniform: f64) -> u32 {
        let swapped = self.used - self.resident;
        if swapped == 0 {
            return 0;
        }
        let mean = f64::from(touches) * (swapped as f64 / self.used as f64);
        crate::convert::whole::u32(mean + uniform).min(touches)
    }

    /// Brings a page back.
    pub fn page_in(&mut self) {
        self.resident = self.used.min(self.resident + 1);
        self.judge();
    }

    /// Returns the time for which each fault is delayed.
    #[must_use]
    pub fn delay(&self) -> SimDuration {
        self.daemon.map_or(SimDuration::ZERO, |daemon| daemon.delay())
    }

    fn judge(&mut self) {
        if let Some(daemon) = &self.daemon {
            self.is_over = daemon.is_over();
            return;
        }
        let least = self.cap - self.cap / BELOW;
        self.is_over = self.resident > self.cap || (self.is_over && self.resident >= least);
    }

    /// Takes pages back at a wake-up of the scanner, or a look of the daemon; returns the number that are written.
    pub fn scans(&mut self) -> u32 {
        let (surplus, pushes) = match &mut self.daemon {
            Some(daemon) => (daemon.looks(self.resident, self.cap), daemon::PUSHES),
            None if self.is_over => {
                let goal = (self.cap - self.cap / BELOW).saturating_sub(1);
                (self.resident - goal.min(self.resident), PUSHES)
            }
            None => (0, PUSHES),
        };
        // With all dirty pages written that one wake-up can write, as many are taken back.
        let most = (pushes * 1_000_000).checked_div(self.dirty_ppm).unwrap_or(u64::MAX);
        let taken = surplus.min(most);
        let dirty = taken * self.dirty_ppm + self.rest;
        self.rest = dirty % 1_000_000;
        self.resident -= taken;
        self.judge();
        u32::try_from(dirty / 1_000_000).unwrap_or(u32::MAX)
    }

    /// Returns the first wake-up of the scanner after `now`, if the zone is over its cap; or the next look of the daemon, if the last one
    /// is now.
    #[must_use]
    pub fn next_wake(&self, now: SimTime) -> Option<SimTime> {
        if let Some(daemon) = &self.daemon {
            return Some(now + daemon.sleep());
        }
        let wakes = now.nanos() / WAKE.nanos() + 1;
        self.is_over.then(|| SimTime::from_nanos(wakes.saturating_mul(WAKE.nanos())))
    }
}

#[cfg(test)]
mod tests;
