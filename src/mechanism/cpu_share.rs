//! The processor of one server, shared by the phases of the zones placed on it.
//!
//! Model: zones that have a phase divide the usable cores in proportion to their shares, none above
//! its cap, its virtual processors or the demand of its phases. Phases of a zone divide its rate
//! equally, none above the cores it can use (one by default). Rates change only when a
//! phase starts or ends, when a limit or the capacity changes, or when a burst timer crosses: the
//! one instant a caller must wake up for is [`CpuShare::next_due`].
//!
//! If each phase of a zone has a core that no other phase can take, the phases run alone: they
//! need no division until one more phase makes them share (`start_alone`, `end_alone`), and end at the same
//! nanosecond. After each change the caller asks which phases began to share (`taken_in`). The statements below
//! on finished phases and the next instant cover phases that share.
//!
//! In: `runnable`, `cancel`, `limits`, `capacity`, `speed`, `advance`. Out: ids of phases done.
//! Holds: Σ rates = min(usable cores, Σ limits), to the last of 2⁻⁴⁸ core; used + idle +
//! unavailable = cores × time in integers, by two code paths ([`ServerLedger::balances`]); a phase
//! ends at the nearest nanosecond to its exact finish; events due at an instant happen before
//! any change made at that instant; an early query changes nothing.
//! Cost: a change costs O(log phases) in its zone. When the cores do not suffice for all, it costs O(zones)
//! if it changes what the zone can use; nothing is allocated once the buffers have grown.
//! Leaves out: quanta, priorities and their decay (a kernel scheduler can stand behind the same
//! calls), cost of a context switch, SMT and NUMA.
//! Source: FSS(7) for the meaning of a share; Parekh & Gallager (1993) for the fluid.

use super::cpu_zone::Zone;
use super::share::{Demand, divide};
use super::virtual_clock::Members;
use crate::convert::whole;
use crate::units::{Cores, SimDuration, SimTime, Work};

pub use super::cpu_zone::{Burst, CoreTime, ZoneLedger, ZoneLimits};
pub use super::virtual_clock::MemberHandle as PhaseHandle;

/// Use of a server's cores, summed since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerLedger {
    /// Cores × time.
    pub capacity: CoreTime,
    /// Used by the zones: the sum of their own ledgers.
    pub used: CoreTime,
    /// Usable and not assigned.
    pub idle: CoreTime,
    /// Lost or paused.
    pub unavailable: CoreTime,
}

impl ServerLedger {
    /// Returns true if used + idle + unavailable is exactly the capacity.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.used + self.idle + self.unavailable == self.capacity
    }
}

/// The shared processor of one server. Zones are named by their index in the list given to
/// [`CpuShare::new`]; time starts at [`SimTime::ZERO`].
///
/// # Panics
///
/// All methods that name a zone panic if there is none of that index.
#[derive(Clone, Debug)]
pub struct CpuShare {
    zones: Vec<Zone>,
    /// Instant of the next change of each zone without an outside cause.
    dues: Vec<SimTime>,
    /// The least of `dues`.
    due: SimTime,
    members: Members,
    /// Phases that are done and not yet fetched by `advance`.
    done: Vec<u32>,
    done_at: SimTime,
    // Steps of 2⁻⁴⁸ core.
    nominal: u64,
    usable: u64,
    used: u64,
    limits_sum: u128,
    /// The last division could not give every zone its limit.
    contended: bool,
    /// True if a weight changed since the last division.
    reweighted: bool,
    idle: CoreTime,
    unavailable: CoreTime,
    since: SimTime,
    // Buffers of one division.
    touched: Vec<usize>,
    demands: Vec<Demand>,
    rates: Vec<f64>,
    /// Phases that ran alone and share now.
    taken_in: Vec<(u32, PhaseHandle)>,
    /// True if some zone has a burst timer. The end of a hold takes cores from other zones without a call: no
    /// phase runs alone on such a server, so that only calls make phases share.
    timers: bool,
}

impl CpuShare {
    /// Creates an idle server of `cores`, all usable, with the given zones.
    #[must_use]
    pub fn new(cores: Cores, zones: &[ZoneLimits]) -> Self {
        let zones: Vec<Zone> = zones.iter().map(Zone::new).collect();
        Self {
            dues: vec![SimTime::NEVER; zones.len()],
            due: SimTime::NEVER,
            members: Members::default(),
            done: Vec::new(),
            done_at: SimTime::ZERO,
            nominal: cores.steps(),
            usable: cores.steps(),
            used: 0,
            limits_sum: 0,
            contended: false,
            reweighted: false,
            idle: CoreTime::default(),
            unavailable: CoreTime::default(),
            since: SimTime::ZERO,
            touched: Vec::with_capacity(zones.len()),
            demands: Vec::with_capacity(zones.len()),
            rates: Vec::with_capacity(zones.len()),
            taken_in: Vec::new(),
            timers: zones.iter().any(Zone::has_timer),
            zones,
        }
    }

    /// Starts a phase of one core that runs alone, in a zone in which all phases run alone. Returns the instant at
    /// which it is done unless [`Self::taken_in`] names it before. Until then the caller ends it
    /// ([`Self::end_alone`]), and neither [`Self::next_due`] nor [`Self::advance`] covers it. `None`, without
    /// effect, if the phase might have to share: use [`Self::runnable`].
    #[inline]
    pub fn start_alone(
        &mut self,
        now: SimTime,
        zone: usize,
        phase: u32,
        work: Work,
    ) -> Option<SimTime> {
        self.settle(now);
        let of = &mut self.zones[zone];
        let after = self.limits_sum + u128::from(Cores::ONE.steps());
        if self.contended
            || self.timers
            || after > u128::from(self.usable)
            || !of.runs_alone(self.nominal)
        {
            return None;
        }
        let due = SimTime::from_nanos(now.nanos().checked_add(work.core_nanos())?);
        of.account_alone(now);
        of.start_alone(now, phase, due);
        self.account(now);
        self.limits_sum = after;
        self.used += Cores::ONE.steps();
        Some(due)
    }

    /// Ends a phase that runs alone; returns the instant at which it is, or would have been, done.
    ///
    /// # Panics
    ///
    /// If no phase of that number runs alone in `zone`.
    #[inline]
    pub fn end_alone(&mut self, now: SimTime, zone: usize, phase: u32) -> SimTime {
        self.settle(now);
        self.zones[zone].account_alone(now);
        self.let_go(now, zone, phase)
    }

    /// Removes a phase that runs alone, in a zone whose ledger is up to date.
    #[inline]
    fn let_go(&mut self, now: SimTime, zone: usize, phase: u32) -> SimTime {
        let due = self.zones[zone].end_alone(now, phase);
        self.account(now);
        self.limits_sum -= u128::from(Cores::ONE.steps());
        self.used -= Cores::ONE.steps();
        due
    }

    /// Takes the phases that began to share since the last call, with their handles.
    #[inline]
    pub fn taken_in(&mut self) -> std::vec::Drain<'_, (u32, PhaseHandle)> {
        self.taken_in.drain(..)
    }

    /// Makes the phases of `zone` share its rate from now on; those due at this instant are done.
    #[inline]
    fn take_in(&mut self, now: SimTime, zone: usize) {
        if self.zones[zone].has_alone() {
            self.take_in_some(now, zone);
        }
    }

    fn take_in_some(&mut self, now: SimTime, zone: usize) {
        self.account(now);
        self.zones[zone].account(now);
        while let Some(phase) = self.zones[zone].first_alone_due(now) {
            self.let_go(now, zone, phase);
            self.done.push(phase);
            self.done_at = now;
            self.taken_in.push((phase, self.members.gone(phase)));
        }
        let taken = &mut self.taken_in;
        let each = |phase, handle| taken.push((phase, handle));
        self.dues[zone] = self.zones[zone].share_from(&mut self.members, zone, each);
    }

    #[inline]
    fn take_in_all(&mut self, now: SimTime) {
        for zone in 0..self.zones.len() {
            self.take_in(now, zone);
        }
    }

    /// Adds a phase of `work` to `zone`, which can use up to `most` cores; `phase` is the caller's
    /// own number, returned by [`Self::advance`] when the work is done.
    pub fn runnable(
        &mut self,
        now: SimTime,
        zone: usize,
        phase: u32,
        work: Work,
        most: Cores,
    ) -> PhaseHandle {
        self.settle(now);
        self.take_in(now, zone);
        self.zones[zone].account(now);
        let handle = self.zones[zone].join(&mut self.members, now, work, most, zone, phase);
        self.changed(now, zone);
        handle
    }

    /// Removes a phase; returns its remaining work to the nearest core-nanosecond. `None` if it
    /// is done, was removed before, or is not in `zone`. A phase due at `now` counts as done.
    pub fn cancel(&mut self, now: SimTime, zone: usize, handle: PhaseHandle) -> Option<Work> {
        self.settle(now);
        let key = self.members.class_of(handle)?;
        if key >> 32 != zone as u64 {
            return None;
        }
        self.zones[zone].account(now);
        let left = self.zones[zone].leave(&mut self.members, now, key, handle);
        self.changed(now, zone);
        Some(left)
    }

    /// Removes all phases of `zone` (a crash); appends the number and the remaining work of each, ordered by
    /// the cores they can use, then by arrival.
    pub fn cancel_all(&mut self, now: SimTime, zone: usize, gone: &mut Vec<(u32, Work)>) {
        self.settle(now);
        self.take_in(now, zone);
        self.zones[zone].account(now);
        self.zones[zone].clear(&mut self.members, now, gone);
        self.changed(now, zone);
    }

    /// Sets the limits of `zone`. A hold ends, the burst timer keeps its value.
    pub fn limits(&mut self, now: SimTime, zone: usize, limits: &ZoneLimits) {
        self.settle(now);
        self.take_in_all(now);
        self.zones[zone].account(now);
        self.zones[zone].set_limits(limits);
        self.timers = self.zones.iter().any(Zone::has_timer);
        self.reweighted = true;
        self.changed(now, zone);
    }

    /// Sets the `usable` cores (at most all) from now on; with none, work waits and is kept.
    pub fn capacity(&mut self, now: SimTime, usable: Cores) {
        self.settle(now);
        self.account(now);
        self.usable = usable.steps().min(self.nominal);
        self.divide_all(now);
    }

    /// Sets the work per core-nanosecond in `zone` to `factor` from now on (1 at the start);
    /// a factor below zero or not a number counts as zero.
    pub fn speed(&mut self, now: SimTime, zone: usize, factor: f64) {
        self.settle(now);
        self.take_in(now, zone);
        self.zones[zone].account(now);
        self.zones[zone].set_speed(factor.max(0.0));
        self.changed(now, zone);
    }

    /// Returns the instant at which [`Self::advance`] must be called next: a phase is done or a burst timer
    /// crosses. Later calls of the other methods may make it earlier or later.
    #[must_use]
    pub fn next_due(&self) -> Option<SimTime> {
        let due = if self.done.is_empty() { self.due } else { self.done_at };
        (due != SimTime::NEVER).then_some(due)
    }

    /// Takes the numbers of all phases done by `now`, ordered by instant, then zone, then the cores they can
    /// use, then exact finish, then arrival. An early call has no effect.
    pub fn advance(&mut self, now: SimTime) -> std::vec::Drain<'_, u32> {
        self.settle(now);
        self.done.drain(..)
    }

    /// Returns the present rate of `zone`, in cores.
    #[must_use]
    pub fn rate(&self, zone: usize) -> Cores {
        Cores::from_steps(self.zones[zone].rate)
    }

    /// Returns the present rate of all zones together, in cores.
    #[must_use]
    pub fn used(&self) -> Cores {
        Cores::from_steps(self.used)
    }

    /// Returns the number of unfinished phases in `zone`.
    #[must_use]
    pub fn phases(&self, zone: usize) -> u32 {
        self.zones[zone].phases()
    }

    /// Returns true if `zone` is held to its baseline.
    #[must_use]
    pub fn is_held(&self, zone: usize) -> bool {
        self.zones[zone].is_held()
    }

    /// Returns the burst timer of `zone` at `now`, which is not later than [`Self::next_due`].
    #[must_use]
    pub fn burst_timer(&self, now: SimTime, zone: usize) -> SimDuration {
        self.zones[zone].burst_timer(now)
    }

    /// Returns the ledger of `zone` up to `now`, which is not later than [`Self::next_due`].
    #[must_use]
    pub fn zone_ledger(&self, now: SimTime, zone: usize) -> ZoneLedger {
        self.zones[zone].ledger(now)
    }

    /// Returns the ledger of the server up to `now`, which is not later than [`Self::next_due`].
    #[must_use]
    pub fn server_ledger(&self, now: SimTime) -> ServerLedger {
        let mut used = CoreTime::default();
        for zone in &self.zones {
            used += zone.ledger(now).used;
        }
        let (idle, unavailable) = self.spent(now);
        let capacity = CoreTime::of(Cores::from_steps(self.nominal), now.since(SimTime::ZERO));
        ServerLedger { capacity, used, idle, unavailable }
    }

    fn spent(&self, now: SimTime) -> (CoreTime, CoreTime) {
        let length = now.since(self.since);
        let idle = CoreTime::of(Cores::from_steps(self.usable - self.used), length);
        let mut unavailable = self.unavailable;
        if self.usable < self.nominal {
            unavailable += CoreTime::of(Cores::from_steps(self.nominal - self.usable), length);
        }
        (self.idle + idle, unavailable)
    }

    #[inline]
    fn account(&mut self, now: SimTime) {
        if now > self.since {
            (self.idle, self.unavailable) = self.spent(now);
            self.since = now;
        }
    }

    /// Executes every event due by `now`, each at its own instant.
    #[inline]
    fn settle(&mut self, now: SimTime) {
        while self.due <= now && self.due != SimTime::NEVER {
            self.step(self.due);
        }
    }

    /// Executes the events due at `at`, then divides again.
    fn step(&mut self, at: SimTime) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.clear();
        for (index, zone) in self.zones.iter_mut().enumerate() {
            if self.dues[index] <= at {
                zone.account(at);
                zone.take_due(&mut self.members, at, &mut self.done);
                touched.push(index);
            }
        }
        self.done_at = at;
        self.divide_after(at, &touched);
        self.touched = touched;
    }

    #[inline]
    fn changed(&mut self, now: SimTime, zone: usize) {
        self.divide_after(now, &[zone]);
    }

    /// Divides the cores after a change in the `touched` zones, whose ledgers are up to date.
    #[inline]
    fn divide_after(&mut self, now: SimTime, touched: &[usize]) {
        self.account(now);
        if let &[index] = touched
            && self.goes_on(now, index)
        {
            return;
        }
        let mut is_same = !self.reweighted;
        for &index in touched {
            let zone = &mut self.zones[index];
            let before = zone.limit;
            zone.refresh(self.nominal);
            is_same &= zone.limit == before;
            self.limits_sum = self.limits_sum - u128::from(before) + u128::from(zone.limit);
        }
        if self.contended && is_same {
            // The division would have the same result: its input is weights, limits and usable cores.
            for &index in touched {
                let rate = self.zones[index].rate;
                self.give(now, index, rate);
            }
            self.due = self.first_due();
            return;
        }
        if self.contended || self.limits_sum > u128::from(self.usable) {
            self.divide_all(now);
            return;
        }
        // Each zone had its limit and still has it: nothing changes for the others.
        for &index in touched {
            let limit = self.zones[index].limit;
            self.give(now, index, limit);
        }
        self.due = self.first_due();
    }

    /// Gives all phases of a zone, in which one started or ended, the cores they can use, if they had them before
    /// and the server is not full; else returns false without effect. Most changes below capacity end here.
    #[inline]
    fn goes_on(&mut self, now: SimTime, index: usize) -> bool {
        let zone = &mut self.zones[index];
        let Some(demand) = zone.as_before(self.nominal).filter(|_| !self.contended) else {
            return false;
        };
        let limits_sum = self.limits_sum - u128::from(zone.limit) + u128::from(demand);
        if limits_sum > u128::from(self.usable) {
            return false;
        }
        self.limits_sum = limits_sum;
        self.used = self.used - zone.rate + demand;
        self.dues[index] = zone.go_on(&mut self.members, now, demand);
        self.due = self.first_due();
        true
    }

    fn divide_all(&mut self, now: SimTime) {
        self.take_in_all(now);
        self.contended = self.limits_sum > u128::from(self.usable);
        self.reweighted = false;
        self.demands.clear();
        for zone in &self.zones {
            if zone.limit > 0 {
                self.demands.push(Demand { weight: zone.weight, limit: zone.limit as f64 });
            }
        }
        self.rates.clear();
        self.rates.resize(self.demands.len(), 0.0);
        divide(self.usable as f64, &self.demands, &mut self.rates);
        // Rates are whole steps; the steps lost by rounding go to zones below their limit, in order.
        let mut left = self.usable;
        let mut at = 0;
        for zone in &mut self.zones {
            zone.next_rate = 0;
            if zone.limit > 0 {
                let full = self.rates[at] >= self.demands[at].limit;
                let rate =
                    if full { zone.limit } else { whole::u64(self.rates[at]).min(zone.limit) };
                zone.next_rate = rate.min(left);
                left -= zone.next_rate;
                at += 1;
            }
        }
        for index in 0..self.zones.len() {
            let zone = &self.zones[index];
            let room = if zone.next_rate > 0 { zone.limit - zone.next_rate } else { 0 };
            let more = left.min(room);
            left -= more;
            let rate = zone.next_rate + more;
            if rate != zone.rate || zone.changed {
                self.zones[index].account(now);
                self.give(now, index, rate);
            }
        }
        self.due = self.first_due();
    }

    #[inline]
    fn give(&mut self, now: SimTime, index: usize, rate: u64) {
        let zone = &mut self.zones[index];
        // The sum wraps for a moment when one zone gains before another loses; the result is exact.
        self.used = self.used.wrapping_sub(zone.rate).wrapping_add(rate);
        self.dues[index] = zone.set_rate(&mut self.members, now, rate);
    }

    #[inline]
    fn first_due(&self) -> SimTime {
        self.dues.iter().fold(SimTime::NEVER, |first, due| first.min(*due))
    }
}

#[cfg(test)]
mod tests;
