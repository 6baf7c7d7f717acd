//! Fair share scheduling: priorities from the decayed usage of each zone.
//!
//! Model: each tick costs the zone of a running thread 1000 units. Once per second the usage of a zone decays to three
//! quarters and gains the units of that second; normalised usage is usage × (active shares / own shares)². A thread
//! that has used its quantum, or waits at the turn of a second, has its internal priority raised by normalised usage ×
//! runnable threads of its zone × its ticks. Its priority is 59 minus its internal priority on a scale of 58 steps
//! up to the worst on the server, which decays too.
//!
//! Integers alone, in the order of operations of the source; where the kernel's 64 bits would overflow, the result
//! saturates. Each zone has one project, so that the shares of projects cancel out.
//! Leaves out: nice values other than 0, the default project of the global zone, processor sets.
//! Source: illumos-joyent `disp/fss.c`: `fss_newpri`, `fss_decay_usage`, `fss_update_list`.

use super::QuantumRule;
use super::thread::Thread;
use crate::convert::low_half;

/// Ticks of a quantum.
pub(super) const QUANTUM: u64 = 11;
/// Priority of a thread that enters the class.
pub(super) const ENTRY_PRIORITY: u8 = 29;
/// Units that a tick costs.
const TICK_COST: u64 = 1000;
/// Best priority; also the least value of the worst internal priority.
const BEST: u64 = 59;
/// Denominator of the factors of decay.
const DECAY_BASE: u64 = 128;
/// Factor of usage per second.
const USAGE_DECAY: u64 = 96;
/// Factor of internal priorities per second, at nice 0.
const PRIORITY_DECAY: u64 = 95;

/// Usage of a zone, by its one project.
#[derive(Clone, Debug)]
pub(super) struct Usage {
    /// Shares in force; a change is picked up at the next turn of a second.
    pub(super) shares: u32,
    /// Shares as set.
    pub(super) shares_set: u32,
    /// Threads that run or wait.
    pub(super) runnable: u32,
    /// Units of this second.
    ticks: u64,
    usage: u64,
    normalised: u64,
}

impl Usage {
    pub(super) const fn new(shares: u32) -> Self {
        Self { shares, shares_set: shares, runnable: 0, ticks: 0, usage: 0, normalised: 0 }
    }

    /// Charges `count` ticks of one running thread.
    pub(super) const fn charge(&mut self, count: u64) {
        self.ticks += count * TICK_COST;
    }

    /// Ends a second in which the active zones had `active` shares.
    pub(super) fn turn(&mut self, active: u64) {
        self.usage = self.usage * USAGE_DECAY / DECAY_BASE + self.ticks;
        self.ticks = 0;
        self.shares = self.shares_set;
        // The shares of the runnable projects of the zone over those of its project: 1, or 0 for a zone at rest.
        let is_active = self.runnable > 0;
        self.normalised = match u128::from(self.shares) {
            own @ 1.. if is_active => {
                let once = u128::from(self.usage) * u128::from(active) / own;
                saturated(once.saturating_mul(u128::from(active)) / own)
            }
            _ => 0,
        };
    }

    /// Returns true if a further second at rest changes nothing.
    pub(super) const fn is_at_rest(&self) -> bool {
        self.usage == 0 && self.ticks == 0 && self.shares == self.shares_set
    }
}

/// Worst internal priority of the server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Worst(u64);

impl Worst {
    pub(super) const fn new() -> Self {
        Self(BEST)
    }

    /// Ends a second.
    pub(super) fn turn(&mut self) {
        self.0 = decayed(self.0).max(BEST);
    }

    /// Returns true if a further second without threads changes nothing.
    pub(super) const fn is_at_rest(self) -> bool {
        self.0 == BEST
    }

    /// Computes the priority of a thread anew; `has_used`: it has used its whole quantum.
    pub(super) fn compute(
        &mut self,
        zone: &Usage,
        thread: &mut Thread,
        has_used: bool,
        rule: QuantumRule,
    ) -> u8 {
        let ticks = std::mem::take(&mut thread.ticks);
        if zone.shares == 0 {
            return 0;
        }
        thread.fss = if rule == QuantumRule::Reset && has_used && zone.runnable > 1 {
            self.0
        } else {
            let gain = zone.normalised.saturating_mul(u64::from(zone.runnable));
            thread.fss.saturating_add(gain.saturating_mul(ticks))
        };
        let own = thread.fss.max(BEST);
        if own >= self.0 {
            self.0 = own;
            return 1;
        }
        let below = u128::from(own) * u128::from(BEST - 1) / u128::from(self.0);
        u8::try_from(u128::from(BEST) - below).expect("a priority below 60")
    }
}

/// Returns an internal priority one second later.
const fn decayed(fss: u64) -> u64 {
    low_half(fss as u128 * PRIORITY_DECAY as u128 / DECAY_BASE as u128)
}

/// Lowers the internal priority of a thread by the seconds since it was last looked at.
pub(super) fn decay(thread: &mut Thread, second: u64) {
    let mut left = second - thread.second;
    while left > 0 && thread.fss > 0 {
        thread.fss = decayed(thread.fss);
        left -= 1;
    }
    thread.second = second;
}

fn saturated(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
