//! The memory of a zone whose services declare their working sets: what is above its cap is paged.
//!
//! Model: the pages used are the bases of the zone's services, an amount per request in service, and the files that the zone alone
//! maps on its server. They are resident from the moment that they are used, touched or not. A step that computes touches
//! pages; each fault reads one page from the swap device, one after the other, before the work begins. While the
//! zone is over its cap a scanner (or a daemon) takes pages back, and writes those that are dirty ([`memory_cap`]).
//!
//! At the start no more than the cap is resident: what was used before has been taken back.
//!
//! In: changes of the memory used and of the cap, touches of requests, wake-ups of the scanner. Out: faults, writes at the swap device. Leaves out: what the
//! mechanism does; the memory of a process that is restarted: only its requests are gone.
//!
//! [`memory_cap`]: crate::mechanism::memory_cap

use crate::engine::calendar::Ticket;
use crate::mechanism::memory_cap::{MemoryCap, PAGE};
use crate::model::drawn::Drawn;
use crate::model::event::Event;
use crate::model::gauge::Gauge;
use crate::model::ids::{ComponentId, KeyId, UnitId};
use crate::model::world::Around;
use crate::model::world::resize::Change;
use crate::model::{Ctx, Keeps, Live, Start, none};
use crate::units::{Bytes, SimDuration, SimTime};

/// Name of the tally of the memory of a zone.
pub const OF: &str = "memory of a zone";

/// Entries of the tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Tallied {
    /// Resident pages over time, as millionths of the cap × ns.
    Resident,
    /// Time for which the zone was over its cap, in millionths of ns.
    Over,
    /// Pages read back.
    In,
    /// Pages written.
    Out,
}

/// Number of entries of the tally.
const TALLIED: usize = 4;
const MILLION: u128 = 1_000_000;

/// Working set of a member of a service.
#[derive(Clone, Copy, Debug)]
pub struct WorkingSet {
    /// The member.
    pub member: ComponentId,
    /// Pages used at rest.
    pub base: u64,
    /// Further pages per request in service.
    pub per_request: u64,
    /// Pages that a step touches.
    pub touches: u32,
}

/// Configuration of the memory of a zone.
#[derive(Clone, Debug)]
pub struct PagingConfig {
    /// Cap at first, in pages.
    pub cap: u64,
    /// Changes of the cap, in the order of the file.
    pub changes: Vec<Change<Bytes>>,
    /// Share of the pages that are dirty, in millionths.
    pub dirty_ppm: u64,
    /// True if a daemon takes pages back, not the page scanner.
    pub has_daemon: bool,
    /// Working sets of its services.
    pub sets: Vec<WorkingSet>,
    /// Pages of mapped files that are charged to the zone.
    pub mapped: u64,
    /// Disks of the swap device.
    pub disks: ComponentId,
    /// Its wake-ups.
    pub unit: UnitId,
    /// Key of the times of its writes; the next key is that of the choice of the disk.
    pub key: KeyId,
}

impl PagingConfig {
    fn cap_at(&self, now: SimTime) -> u64 {
        Change::latest(&self.changes, now, true).map_or(self.cap, |cap| cap.count() / PAGE)
    }

    fn at_rest(&self) -> u64 {
        self.sets.iter().fold(self.mapped, |all, set| all.saturating_add(set.base))
    }
}

/// Memory of a zone in the event loop.
#[derive(Clone, Debug)]
pub struct Paging {
    config: PagingConfig,
    memory: MemoryCap,
    /// Cap of now, in pages.
    cap: u64,
    /// The next change of the cap.
    change: Ticket,
    ticket: Ticket,
    is_armed: bool,
    /// Writes drawn so far.
    drawn: u64,
    tally: [u128; TALLIED],
    counted: SimTime,
}

impl Paging {
    /// Counts resident memory and the time over the cap up to `now`.
    fn settle(&mut self, now: SimTime) {
        self.tally = self.counted_up_to(now);
        self.counted = now;
    }

    fn counted_up_to(&self, now: SimTime) -> [u128; TALLIED] {
        let mut tally = self.tally;
        let length = u128::from((now - self.counted).nanos());
        let share = u128::from(self.memory.resident()) * MILLION / u128::from(self.cap.max(1));
        tally[Tallied::Resident as usize] += share * length;
        tally[Tallied::Over as usize] += u128::from(self.memory.is_over()) * MILLION * length;
        tally
    }

    /// Returns the working sets of the services of the zone.
    #[must_use]
    pub fn sets(&self) -> &[WorkingSet] {
        &self.config.sets
    }

    /// Returns the pages of mapped files that are charged to the zone.
    #[must_use]
    pub const fn mapped(&self) -> u64 {
        self.config.mapped
    }

    /// Returns the time for which each fault keeps a processor busy before it reads.
    #[must_use]
    pub fn delay(&self) -> SimDuration {
        self.memory.delay()
    }

    /// Sets the pages that the zone uses.
    pub fn uses(&mut self, ctx: &mut Ctx<'_>, used: u64) {
        self.settle(ctx.now);
        self.memory.uses(used);
        self.arm(ctx);
    }

    /// Returns the number of faults of a step of a request of the service `set`, while the services use `used` pages.
    pub fn touch(&mut self, ctx: &mut Ctx<'_>, set: u32, used: u64, uniform: f64) -> u32 {
        self.uses(ctx, used);
        self.memory.faults(self.config.sets[set as usize].touches, uniform)
    }

    /// Counts a page that comes back.
    pub fn page_in(&mut self, ctx: &mut Ctx<'_>) {
        self.settle(ctx.now);
        self.memory.page_in();
        self.tally[Tallied::In as usize] += 1;
        self.arm(ctx);
    }

    /// Sets the cap of now, and arms its next change.
    fn limit(&mut self, ctx: &mut Ctx<'_>) {
        self.settle(ctx.now);
        self.cap = self.config.cap_at(ctx.now);
        self.memory.limit(self.cap);
        if let Some(next) = Change::next_of(self.config.changes.iter(), ctx.now, true) {
            self.change = ctx.calendar.push(next, Event::Feed(self.config.unit.0).code());
        }
        self.arm(ctx);
    }

    /// Arms the scanner while the zone is over its cap, or the daemon.
    fn arm(&mut self, ctx: &mut Ctx<'_>) {
        if self.is_armed {
            return;
        }
        if let Some(at) = self.memory.next_wake(ctx.now) {
            self.ticket = ctx.calendar.push(at, Event::Feed(self.config.unit.0).code());
            self.is_armed = true;
        }
    }

    /// Takes pages back; returns the numbers of the draws of the writes.
    fn scans(&mut self, ctx: &mut Ctx<'_>, used: u64) -> std::ops::Range<u64> {
        self.is_armed = false;
        self.settle(ctx.now);
        self.memory.uses(used);
        let written = u64::from(self.memory.scans());
        self.tally[Tallied::Out as usize] += u128::from(written);
        let from = self.drawn;
        self.drawn += written;
        self.arm(ctx);
        from..self.drawn
    }
}

impl Live for Paging {
    type Config = PagingConfig;

    fn begin(_: ComponentId, config: &PagingConfig, start: &Start<'_>) -> Self {
        let cap = config.cap_at(start.at);
        let memory = MemoryCap::settled(cap, config.dirty_ppm, config.at_rest());
        Self {
            config: config.clone(),
            memory: if config.has_daemon { memory.with_daemon() } else { memory },
            cap,
            change: Ticket::NONE,
            ticket: Ticket::NONE,
            is_armed: false,
            drawn: 0,
            tally: [0; TALLIED],
            counted: start.at,
        }
    }

    /// Arms the first change of the cap and the first look of a daemon.
    fn starts(around: &mut Around<'_>, own: ComponentId) {
        around.with(own, |paging: &mut Self, ctx| paging.limit(ctx));
    }

    none!(lent);
    none!(
        alarm,
        cancel,
        listens,
        hears,
        ask,
        ended,
        holds,
        count_ends,
        waits,
        sojourns,
        by_number,
        quantities,
        closes,
        loads,
        forgets,
        queue,
        queue_mut,
        whole,
        part_reading,
        is_process,
        is_idle,
        bounds,
        leader,
        data_swap,
        entrance,
        bars,
        step,
        wake,
        returned,
        part_health,
        room,
        redirects,
        abandoned,
        answers,
        fate,
        in_vain,
        health
    );
    none!(counts_anew, begin_to_count, keeps_place);

    fn counts(_: &PagingConfig) -> Keeps {
        Keeps { tallied_by: Some(OF), ..Keeps::NOTHING }
    }

    fn gauge(&self, now: SimTime) -> Gauge {
        Gauge { tally: self.counted_up_to(now).to_vec(), ..Gauge::default() }
    }

    /// Changes the cap, or wakes the scanner up.
    fn due(around: &mut Around<'_>, own: ComponentId, _: u32, ticket: Ticket) {
        if around.held::<Self>(own).change == ticket {
            return around.with(own, |paging: &mut Self, ctx| paging.limit(ctx));
        }
        if around.held::<Self>(own).ticket != ticket {
            return;
        }
        let used = around.pages_used(own);
        let numbers = around.with(own, |paging: &mut Self, ctx| paging.scans(ctx, used));
        let PagingConfig { disks, key, .. } = around.held::<Self>(own).config;
        let cause = around.cause(disks);
        for number in numbers {
            around.component_ctx(disks, cause, |component, ctx| {
                component.loads(ctx, key, Drawn::of(number), true);
            });
        }
    }
}
