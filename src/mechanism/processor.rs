//! The processors of a server, by either model, behind the same calls.
//!
//! Model: the fluid ([`CpuShare`]) or the kernel's tick ([`CpuTick`]). What a phase, a zone and a ledger mean is the same.
//! Holds: the fluid does not know of the tick; a call costs it one comparison.

use super::cpu_share::{CpuShare, PhaseHandle, ServerLedger, ZoneLedger, ZoneLimits};
use super::cpu_tick::{CpuTick, TickRules};
use crate::units::{Cores, SimTime, Work};

/// Model of the processors of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuModel {
    /// Weighted max-min rates that change when a phase starts or ends.
    Fluid,
    /// Threads, quanta and priorities of a kernel.
    Tick(TickRules),
}

/// The processors of a server.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "the fluid, which most servers have, needs no pointer"
)]
pub enum Processor {
    /// Rates.
    Fluid(CpuShare),
    /// Threads at the tick.
    Tick(Box<CpuTick>),
}

impl Processor {
    /// Creates an idle server of `cores`, all usable, with the given zones.
    #[must_use]
    pub fn new(model: CpuModel, cores: Cores, zones: &[ZoneLimits]) -> Self {
        match model {
            CpuModel::Fluid => Self::Fluid(CpuShare::new(cores, zones)),
            CpuModel::Tick(rules) => Self::Tick(Box::new(CpuTick::new(cores, zones, rules))),
        }
    }

    /// See [`CpuShare::start_alone`]; at the tick no phase runs alone.
    #[inline]
    pub fn start_alone(
        &mut self,
        now: SimTime,
        zone: usize,
        phase: u32,
        work: Work,
    ) -> Option<SimTime> {
        match self {
            Self::Fluid(share) => share.start_alone(now, zone, phase, work),
            Self::Tick(_) => None,
        }
    }

    /// See [`CpuShare::end_alone`].
    ///
    /// # Panics
    ///
    /// If no phase of that number runs alone in `zone`.
    #[inline]
    pub fn end_alone(&mut self, now: SimTime, zone: usize, phase: u32) -> SimTime {
        match self {
            Self::Fluid(share) => share.end_alone(now, zone, phase),
            Self::Tick(_) => unreachable!("no phase runs alone at the tick"),
        }
    }

    /// See [`CpuShare::taken_in`]; `None` at the tick.
    #[inline]
    pub fn taken_in(&mut self) -> Option<std::vec::Drain<'_, (u32, PhaseHandle)>> {
        match self {
            Self::Fluid(share) => Some(share.taken_in()),
            Self::Tick(_) => None,
        }
    }

    /// See [`CpuShare::runnable`] and [`CpuTick::runnable`].
    #[inline]
    pub fn runnable(
        &mut self,
        now: SimTime,
        zone: usize,
        phase: u32,
        work: Work,
        most: Cores,
    ) -> PhaseHandle {
        match self {
            Self::Fluid(share) => share.runnable(now, zone, phase, work, most),
            Self::Tick(tick) => tick.runnable(now, zone, phase, work, most),
        }
    }

    /// See [`CpuShare::cancel`] and [`CpuTick::cancel`].
    #[inline]
    pub fn cancel(&mut self, now: SimTime, zone: usize, handle: PhaseHandle) -> Option<Work> {
        match self {
            Self::Fluid(share) => share.cancel(now, zone, handle),
            Self::Tick(tick) => tick.cancel(now, zone, handle),
        }
    }

    /// See [`CpuShare::limits`] and [`CpuTick::limits`].
    pub fn limits(&mut self, now: SimTime, zone: usize, limits: &ZoneLimits) {
        match self {
            Self::Fluid(share) => share.limits(now, zone, limits),
            Self::Tick(tick) => tick.limits(now, zone, limits),
        }
    }

    /// See [`CpuShare::capacity`] and [`CpuTick::capacity`].
    pub fn capacity(&mut self, now: SimTime, usable: Cores) {
        match self {
            Self::Fluid(share) => share.capacity(now, usable),
            Self::Tick(tick) => tick.capacity(now, usable),
        }
    }

    /// See [`CpuShare::next_due`] and [`CpuTick::next_due`].
    #[must_use]
    #[inline]
    pub fn next_due(&self) -> Option<SimTime> {
        match self {
            Self::Fluid(share) => share.next_due(),
            Self::Tick(tick) => tick.next_due(),
        }
    }

    /// See [`CpuShare::advance`] and [`CpuTick::advance`].
    #[inline]
    pub fn advance(&mut self, now: SimTime) -> std::vec::Drain<'_, u32> {
        match self {
            Self::Fluid(share) => share.advance(now),
            Self::Tick(tick) => tick.advance(now),
        }
    }

    /// Returns the ledger of `zone` up to `now`, which is not later than [`Self::next_due`].
    #[must_use]
    pub fn zone_ledger(&self, now: SimTime, zone: usize) -> ZoneLedger {
        match self {
            Self::Fluid(share) => share.zone_ledger(now, zone),
            Self::Tick(tick) => tick.zone_ledger(now, zone),
        }
    }

    /// Returns the ledger of the server up to `now`, which is not later than [`Self::next_due`].
    #[must_use]
    pub fn server_ledger(&self, now: SimTime) -> ServerLedger {
        match self {
            Self::Fluid(share) => share.server_ledger(now),
            Self::Tick(tick) => tick.server_ledger(now),
        }
    }
}

#[cfg(test)]
mod tests;
