//! One zone of a shared processor: its limits, its burst timer, its phases and its ledger.
//!
//! Model: a zone may use up to its cap. Above its baseline its burst timer rises by 1 s per
//! second, otherwise it falls to zero. When it reaches the burst time, the zone is held to the
//! baseline until the timer is back at zero. The rate of the zone is divided max-min among its phases,
//! each limited by the cores it can use.
//!
//! In: a rate for the zone from `cpu_share`. Out: phases that are done, the instant of the next
//! change without an outside cause, and integrals of the rate and of the unmet demand.
//! Holds: wanted = used + capped wait + steal, in integers, at every instant.
//! Leaves out: the decayed usage counter and whole-tick release of the kernel's caps (overshoot of
//! a few percent, start-up transient), and threads held only on return to user mode.
//! Source: illumos `cpucaps.c`, as fluid.

use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

use super::virtual_clock::{MemberHandle, Members, VirtualClock};
use crate::convert::{index, table, whole};
use crate::units::{Cores, SimDuration, SimTime, Work};

/// Time for which a zone may use more than its baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Burst {
    /// For ever: the baseline only separates `burst` in the ledger.
    Unlimited,
    /// Until a timer of this length is full; a length of zero means [`Burst::Unlimited`].
    Timer(SimDuration),
}

/// Entitlement and limits of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneLimits {
    /// Weight against the other zones; a zone without shares runs only when cores would idle.
    pub shares: u32,
    /// Use above this raises the burst timer; without effect unless below a cap.
    pub baseline: Option<Cores>,
    /// Upper limit of the zone, in cores.
    pub cap: Option<Cores>,
    /// Time for which the zone may stay above its baseline.
    pub burst: Burst,
    /// Virtual processors of a machine in the zone: an upper limit of the cores it can use.
    pub vcpus: Option<u16>,
}

impl ZoneLimits {
    /// Returns limits with `shares` alone.
    #[must_use]
    pub const fn only_shares(shares: u32) -> Self {
        Self { shares, baseline: None, cap: None, burst: Burst::Unlimited, vcpus: None }
    }
}

/// Cores × time: whole steps of 2⁻⁴⁸ core-nanosecond, so that sums are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CoreTime(u128);

impl CoreTime {
    /// Returns `cores` × `length`.
    #[must_use]
    #[inline]
    pub fn of(cores: Cores, length: SimDuration) -> Self {
        Self(u128::from(cores.steps()) * u128::from(length.nanos()))
    }

    /// Returns the steps of 2⁻⁴⁸ core-nanosecond.
    #[must_use]
    #[inline]
    pub const fn steps(self) -> u128 {
        self.0
    }

    /// Returns core-seconds, for statistics and print.
    #[must_use]
    pub fn core_seconds(self) -> f64 {
        self.0 as f64 / (Cores::ONE.steps() as f64 * 1e9)
    }

    /// Returns the part added since `earlier`, a former value of the same ledger entry.
    ///
    /// # Panics
    ///
    /// If `earlier` is more: ledger entries never shrink.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self(self.0.checked_sub(earlier.0).expect("accounts never shrink"))
    }
}

impl Add for CoreTime {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for CoreTime {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

/// Use and unmet demand of a zone, summed since the start.
///
/// `wanted = used + capped_wait + steal`, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneLedger {
    /// Demand: the sum of the cores that each phase can use, within virtual processors and
    /// the cores of the server.
    pub wanted: CoreTime,
    /// Cores that the phases had.
    pub used: CoreTime,
    /// The part of `used` above the baseline.
    pub burst: CoreTime,
    /// Demand above the cap (or, while held, above the baseline).
    pub capped_wait: CoreTime,
    /// Demand within the cap, but not met: other zones had the cores, or the server had lost them.
    pub steal: CoreTime,
    /// Time with at least one phase.
    pub runnable: SimDuration,
    /// Time in which only the cap or the baseline limited the zone.
    pub capped: SimDuration,
    /// Time held to the baseline.
    pub held: SimDuration,
}

impl ZoneLedger {
    /// Returns the part added since `earlier`, a former state of the same ledger.
    ///
    /// # Panics
    ///
    /// If `earlier` is more: ledger entries never shrink.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            wanted: self.wanted.since(earlier.wanted),
            used: self.used.since(earlier.used),
            burst: self.burst.since(earlier.burst),
            capped_wait: self.capped_wait.since(earlier.capped_wait),
            steal: self.steal.since(earlier.steal),
            runnable: self.runnable - earlier.runnable,
            capped: self.capped - earlier.capped,
            held: self.held - earlier.held,
        }
    }

    /// Returns true if used + capped wait + steal is exactly what was wanted.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.used + self.capped_wait + self.steal == self.wanted
    }
}

/// A limit that no zone reaches.
const NO_LIMIT: u64 = u64::MAX;
/// Number of classes from which on an unused class is reused for a new limit.
const CLASSES_KEPT: usize = 4;
/// Maximum number of phases of one zone that run alone: few enough for a linear search.
const MOST_ALONE: usize = 64;

/// A duration that rises while the zone is above its baseline and falls otherwise.
#[derive(Clone, Copy, Debug)]
struct BurstTimer {
    value: SimDuration,
    since: SimTime,
    rising: bool,
}

impl BurstTimer {
    fn value_at(&self, now: SimTime) -> SimDuration {
        let passed = now.since(self.since);
        if self.rising { self.value + passed } else { minus(self.value, passed) }
    }

    fn settle(&mut self, now: SimTime) {
        self.value = self.value_at(now);
        self.since = now;
    }
}

fn minus(length: SimDuration, less: SimDuration) -> SimDuration {
    SimDuration::from_nanos(length.nanos().saturating_sub(less.nanos()))
}

/// The phases with one limit.
#[derive(Clone, Debug)]
struct Class {
    /// Upper limit of one phase, in steps.
    most: u64,
    clock: VirtualClock,
}

/// The rates of a zone between two changes.
#[derive(Clone, Copy, Debug)]
struct Has {
    phases: bool,
    held: bool,
    baseline: u64,
    wanted: u64,
    limit: u64,
    rate: u64,
}

impl Has {
    #[inline]
    fn account(self, ledger: &mut ZoneLedger, length: SimDuration) {
        if self.held {
            ledger.held += length;
        }
        if !self.phases {
            return;
        }
        ledger.runnable += length;
        ledger.wanted += area(self.wanted, length);
        ledger.used += area(self.rate, length);
        if self.baseline > 0 && self.rate > self.baseline {
            ledger.burst += area(self.rate - self.baseline, length);
        }
        if self.wanted > self.limit {
            ledger.capped_wait += area(self.wanted - self.limit, length);
            if self.rate == self.limit {
                ledger.capped += length;
            }
        }
        if self.limit > self.rate {
            ledger.steal += area(self.limit - self.rate, length);
        }
    }
}

/// A zone's state. Rates and limits are steps of 2⁻⁴⁸ core.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    pub(super) weight: f64,
    cap: u64,
    /// Baseline; zero if there is none with an effect.
    baseline: u64,
    /// Burst time; zero if the burst is unlimited.
    burst: SimDuration,
    vcpus: u64,
    timer: BurstTimer,
    held: bool,
    /// Progress of a phase per core-nanosecond.
    speed: f64,
    classes: Vec<Class>,
    /// Indices of `classes` by rising limit.
    order: Vec<u32>,
    phases: u32,
    /// Sum of the limits of the phases.
    demand: u128,
    wanted: u64,
    /// Upper limit at present: `wanted` within the cap in force.
    pub(super) limit: u64,
    pub(super) rate: u64,
    /// Rate that the division under way assigns.
    pub(super) next_rate: u64,
    /// True if phases or limits changed since the rate was last set.
    pub(super) changed: bool,
    /// True if each phase had all the cores it can use when the rate was last set.
    enough: bool,
    /// Phases that run alone, each on a core of its own, in the order of arrival, with
    /// the instant at which each is done. While there are any, the zone has no other phase.
    alone: Vec<(u32, SimTime)>,
    /// Arrival of the first phase since `alone` was empty.
    alone_since: SimTime,
    ledger: ZoneLedger,
    since: SimTime,
}

impl Zone {
    pub(super) fn new(limits: &ZoneLimits) -> Self {
        let mut zone = Self {
            weight: 0.0,
            cap: NO_LIMIT,
            baseline: 0,
            burst: SimDuration::ZERO,
            vcpus: NO_LIMIT,
            timer: BurstTimer { value: SimDuration::ZERO, since: SimTime::ZERO, rising: false },
            held: false,
            speed: 1.0,
            classes: Vec::new(),
            order: Vec::new(),
            phases: 0,
            demand: 0,
            wanted: 0,
            limit: 0,
            rate: 0,
            next_rate: 0,
            changed: false,
            enough: true,
            alone: Vec::new(),
            alone_since: SimTime::ZERO,
            ledger: ZoneLedger::default(),
            since: SimTime::ZERO,
        };
        zone.set_limits(limits);
        zone
    }

    /// Sets the limits. A new cap ends a hold but does not reset the timer; a baseline that is not below the
    /// cap counts as none.
    pub(super) fn set_limits(&mut self, limits: &ZoneLimits) {
        self.weight = f64::from(limits.shares);
        self.cap = limits.cap.map_or(NO_LIMIT, Cores::steps);
        self.baseline = match (limits.baseline, limits.cap) {
            (Some(baseline), Some(cap)) if baseline < cap => baseline.steps(),
            _ => 0,
        };
        self.burst = match limits.burst {
            Burst::Timer(length) => length,
            Burst::Unlimited => SimDuration::ZERO,
        };
        self.vcpus = limits.vcpus.map_or(NO_LIMIT, |count| Cores::whole(count).steps());
        self.held = false;
        self.enough = false;
    }

    pub(super) fn phases(&self) -> u32 {
        self.phases
    }

    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    pub(super) fn burst_timer(&self, now: SimTime) -> SimDuration {
        self.timer.value_at(now)
    }

    pub(super) fn ledger(&self, now: SimTime) -> ZoneLedger {
        let mut ledger = self.ledger;
        self.has().account(&mut ledger, now.since(self.since));
        ledger
    }

    /// Brings the ledger up to `now`; call it before any change.
    #[inline]
    pub(super) fn account(&mut self, now: SimTime) {
        if now > self.since {
            self.has().account(&mut self.ledger, now.since(self.since));
            self.since = now;
        }
    }

    /// Brings the ledger up to `now` as [`Self::account`] does, for a zone in which each phase runs alone: its
    /// demand is met, and it is not held.
    #[inline]
    pub(super) fn account_alone(&mut self, now: SimTime) {
        if now > self.since {
            let length = now.since(self.since);
            self.since = now;
            if self.phases > 0 {
                let had = area(self.rate, length);
                self.ledger.runnable += length;
                self.ledger.wanted += had;
                self.ledger.used += had;
                if self.baseline > 0 && self.rate > self.baseline {
                    self.ledger.burst += area(self.rate - self.baseline, length);
                }
            }
        }
    }

    #[inline]
    fn has(&self) -> Has {
        Has {
            phases: self.phases > 0,
            held: self.held,
            baseline: self.baseline,
            wanted: self.wanted,
            limit: self.limit,
            rate: self.rate,
        }
    }

    #[inline]
    pub(super) fn join(
        &mut self,
        members: &mut Members,
        now: SimTime,
        work: Work,
        most: Cores,
        zone: usize,
        id: u32,
    ) -> MemberHandle {
        let class = self.class_for(most.steps());
        self.phases += 1;
        self.demand += u128::from(most.steps());
        let clock = &mut self.classes[class].clock;
        clock.join(members, now, work.core_nanos() as f64, key(zone, class), id)
    }

    #[inline]
    fn class_for(&mut self, most: u64) -> usize {
        match self.classes.iter().position(|class| class.most == most) {
            Some(class) => class,
            None => self.new_class(most),
        }
    }

    fn new_class(&mut self, most: u64) -> usize {
        let unused = self.classes.iter().position(|class| class.clock.present() == 0);
        let class = match unused {
            Some(class) if self.classes.len() >= CLASSES_KEPT => {
                self.classes[class].most = most;
                class
            }
            _ => {
                self.classes.push(Class { most, clock: VirtualClock::new() });
                self.order.push(table::u32(self.order.len()));
                self.order.len() - 1
            }
        };
        let classes = &self.classes;
        self.order.sort_by_key(|&class| classes[class as usize].most);
        class
    }

    /// Removes a present member of class `key`; returns its remaining work.
    pub(super) fn leave(
        &mut self,
        members: &mut Members,
        now: SimTime,
        key: u64,
        handle: MemberHandle,
    ) -> Work {
        let class = &mut self.classes[index(key & u64::from(u32::MAX))];
        self.phases -= 1;
        self.demand -= u128::from(class.most);
        to_work(class.clock.leave(members, now, handle))
    }

    /// Removes all phases; appends the id and remaining work of each.
    pub(super) fn clear(
        &mut self,
        members: &mut Members,
        now: SimTime,
        gone: &mut Vec<(u32, Work)>,
    ) {
        for &class in &self.order {
            let clock = &mut self.classes[class as usize].clock;
            clock.clear(members, now, |id, left| gone.push((id, to_work(left))));
        }
        self.phases = 0;
        self.demand = 0;
    }

    /// Sets the progress of a phase per core-nanosecond; takes effect with the next rate.
    pub(super) fn set_speed(&mut self, speed: f64) {
        self.speed = speed;
        self.enough = false;
    }

    /// Moves the ids of phases due by `now` to `done`, and begins or ends the hold if that is due.
    pub(super) fn take_due(&mut self, members: &mut Members, now: SimTime, done: &mut Vec<u32>) {
        for &class in &self.order {
            let class = &mut self.classes[class as usize];
            while let Some((id, _)) = class.clock.take_due(members, now) {
                done.push(id);
                self.phases -= 1;
                self.demand -= u128::from(class.most);
            }
        }
        if self.crossing() <= now {
            self.timer.settle(now);
            self.held = !self.held;
        }
    }

    /// Returns the instant at which the hold begins or ends if nothing else happens.
    fn crossing(&self) -> SimTime {
        let wait = if self.held {
            self.timer.value
        } else if self.timer.rising && !self.burst.is_zero() {
            minus(self.burst, self.timer.value)
        } else {
            return SimTime::NEVER;
        };
        SimTime::from_nanos(self.timer.since.nanos().saturating_add(wait.nanos()))
    }

    /// Returns true if one more phase of one core would run alone, as all others do: no limit
    /// of the zone on a server of `nominal` cores prevents it.
    #[inline]
    pub(super) fn runs_alone(&self, nominal: u64) -> bool {
        let after = (self.alone.len() as u64 + 1) * Cores::ONE.steps();
        self.phases as usize == self.alone.len()
            && self.alone.len() < MOST_ALONE
            && after <= self.vcpus.min(nominal).min(self.cap)
            && !self.held
            && self.speed == 1.0
    }

    /// Returns true if the zone has a burst timer that can hold it.
    pub(super) fn has_timer(&self) -> bool {
        self.baseline > 0 && !self.burst.is_zero()
    }

    /// Adds a phase that runs alone until `due`; the ledger is up to date.
    #[inline]
    pub(super) fn start_alone(&mut self, now: SimTime, phase: u32, due: SimTime) {
        if self.alone.is_empty() {
            self.alone_since = now;
        }
        self.alone.push((phase, due));
        self.count_alone(now);
    }

    /// Removes a phase that ran alone; returns the instant at which it is done. The ledger is up to
    /// date.
    #[inline]
    pub(super) fn end_alone(&mut self, now: SimTime, phase: u32) -> SimTime {
        let place = self.alone.iter().position(|(other, _)| *other == phase);
        let place = place.expect("who ends has started");
        let (_, due) = self.alone[place];
        if place + 1 == self.alone.len() {
            self.alone.pop();
        } else {
            self.alone.remove(place);
        }
        self.count_alone(now);
        due
    }

    #[inline]
    fn count_alone(&mut self, now: SimTime) {
        self.phases = table::u32(self.alone.len());
        let demand = u64::from(self.phases) * Cores::ONE.steps();
        self.demand = u128::from(demand);
        (self.wanted, self.limit, self.rate) = (demand, demand, demand);
        self.or_crossing(now, SimTime::NEVER);
    }

    /// Makes the phases that ran alone share the rate of the zone, and passes their handles to `each`; returns
    /// the instant at which the first is done.
    pub(super) fn share_from(
        &mut self,
        members: &mut Members,
        zone: usize,
        each: impl FnMut(u32, MemberHandle),
    ) -> SimTime {
        let class = self.class_for(Cores::ONE.steps());
        let clock = &mut self.classes[class].clock;
        clock.take_over(members, self.alone_since, key(zone, class), &self.alone, each);
        self.alone.clear();
        self.enough = true;
        clock.due(members)
    }

    /// Returns the first phase, in the order of arrival, that runs alone and is due by `now`.
    pub(super) fn first_alone_due(&self, now: SimTime) -> Option<u32> {
        self.alone.iter().find(|(_, due)| *due <= now).map(|(phase, _)| *phase)
    }

    /// Returns true if phases run alone.
    #[inline]
    pub(super) fn has_alone(&self) -> bool {
        !self.alone.is_empty()
    }

    /// Returns the demand of all phases if it was met before a phase started or ended and no limit of
    /// the zone, on a server of `nominal` cores, prevents it now: then no other phase changes its rate.
    #[inline]
    pub(super) fn as_before(&self, nominal: u64) -> Option<u64> {
        let demand = u64::try_from(self.demand).ok()?;
        let may = self.enough && !self.held && demand <= self.vcpus.min(nominal).min(self.cap);
        may.then_some(demand)
    }

    /// Sets the rate to the demand of all phases ([`Self::as_before`]); returns the instant of the next change
    /// without an outside cause.
    #[inline]
    pub(super) fn go_on(&mut self, members: &mut Members, now: SimTime, demand: u64) -> SimTime {
        (self.wanted, self.limit, self.rate) = (demand, demand, demand);
        let unit = self.speed / Cores::ONE.steps() as f64;
        let mut due = SimTime::NEVER;
        for class in self.classes.iter_mut().filter(|class| class.clock.present() > 0) {
            // A class that was empty may have had a lower rate.
            class.clock.set_rate(members, now, class.most as f64 * unit);
            due = due.min(class.clock.due(members));
        }
        self.or_crossing(now, due)
    }

    /// Recomputes the demand and the limit of the zone, on a server of `nominal` cores.
    #[inline]
    pub(super) fn refresh(&mut self, nominal: u64) {
        let most = self.vcpus.min(nominal);
        self.wanted = u64::try_from(self.demand).map_or(most, |demand| demand.min(most));
        self.limit = self.wanted.min(if self.held { self.baseline } else { self.cap });
        self.changed = true;
    }

    /// Sets the rate of the zone from `now` on and divides it among the phases; returns the instant of
    /// the next change without an outside cause.
    #[inline]
    pub(super) fn set_rate(&mut self, members: &mut Members, now: SimTime, rate: u64) -> SimTime {
        self.rate = rate;
        self.changed = false;
        let due = self.spread(members, now);
        self.or_crossing(now, due)
    }

    /// Makes the burst timer rise or fall with the rate; returns the earlier of `due` and its crossing.
    #[inline]
    fn or_crossing(&mut self, now: SimTime, due: SimTime) -> SimTime {
        if self.baseline == 0 && !self.timer.rising {
            return due;
        }
        let rising = self.baseline > 0 && self.rate > self.baseline;
        if rising != self.timer.rising {
            self.timer.settle(now);
            self.timer.rising = rising;
        }
        // New limits can put the crossing before this instant: it takes effect now.
        due.min(self.crossing().max(now))
    }

    /// Divides the rate max-min inside the zone: rateₖ = min(mostₖ, level), Σ over phases = rate of the zone.
    #[inline]
    fn spread(&mut self, members: &mut Members, now: SimTime) -> SimTime {
        let mut due = SimTime::NEVER;
        let enough = u128::from(self.rate) == self.demand;
        self.enough = enough;
        let mut left = self.rate as f64;
        let mut phases = f64::from(self.phases);
        let unit = self.speed / Cores::ONE.steps() as f64;
        for &class in &self.order {
            let class = &mut self.classes[class as usize];
            let present = class.clock.present();
            if present == 0 {
                continue;
            }
            let most = class.most as f64;
            let rate = if enough || most * phases <= left {
                left -= most * f64::from(present);
                phases -= f64::from(present);
                most
            } else {
                // The level: all classes from here on get the same rate.
                left / phases
            };
            class.clock.set_rate(members, now, rate * unit);
            due = due.min(class.clock.due(members));
        }
        due
    }
}

/// Returns the key of a class of a zone, unique within a server.
#[inline]
fn key(zone: usize, class: usize) -> u64 {
    (zone as u64) << 32 | class as u64
}

#[inline]
fn area(steps: u64, length: SimDuration) -> CoreTime {
    CoreTime::of(Cores::from_steps(steps), length)
}

/// Rounds to the nearest core-nanosecond.
fn to_work(core_nanos: f64) -> Work {
    Work::from_core_nanos(whole::u64(core_nanos + 0.5))
}
