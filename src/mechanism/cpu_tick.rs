//! The processors of one server as a kernel schedules them: a clock tick, quanta, priorities, run queues.
//!
//! Model: each processor runs one thread. A fair share scheduler sets priorities from usage ([`fss`]), a dispatcher
//! runs the highest ([`dispatch`]), and caps hold threads at ticks ([`caps`]). A phase is executed by a thread of its
//! zone, or by several that divide it. Threads outlive phases: the next phase wakes the sleeping thread of the
//! highest priority, and a zone whose threads are all busy gets a further one. The threads of a virtual machine are its
//! virtual processors, which its phases share ([`guest`]).
//!
//! The calls are those of [`CpuShare`](super::cpu_share::CpuShare), so that either can stand behind a server. No
//! phase runs alone here. Ticks are not events of the caller: they are executed up to the present instant at
//! each call. [`CpuTick::next_due`] is the earliest instant at which another thread may run or a phase is done. On an
//! idle server there is none.
//!
//! In: `runnable`, `cancel`, `limits`, `capacity`, `advance`. Out: ids of phases done.
//! Holds: no processor idles while a thread waits in a run queue; used + idle + unavailable = cores × time in
//! integers; a phase ends at the nanosecond at which its work is done, in a guest at the nearest one; phases due at an instant are
//! done before its tick, both before any change made at that instant; an early query changes nothing.
//! Cost: a tick at which something can change costs O(processors), a second O(threads), other ticks of a server
//! without caps nothing; a change costs O(processors).
//! Leaves out: kernel priorities of threads in system calls, real-time and interrupt threads, processor sets,
//! locality groups, cost of a context switch, projects, nice values.
//! Source: illumos-joyent `disp/fss.c`, `disp/disp.c`, `disp/cpucaps.c`.

mod caps;
mod dispatch;
mod fss;
mod guest;
mod queue;
mod thread;
mod zone;

use crate::convert::place;
use crate::units::{Cores, NANOS_PER_SECOND, SimTime, Work};

use super::cpu_share::{CoreTime, PhaseHandle, ServerLedger, ZoneLedger, ZoneLimits};
use dispatch::{Cpu, End};
use fss::Worst;
use queue::NONE;
use thread::{ONE, Phase, State, Thread};
use zone::Zone;

/// Number of lists over which the threads are spread for the turn of a second (`FSS_LISTS`).
const LISTS: usize = 16;

/// Priority of a thread that has used its whole quantum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantumRule {
    /// Computed from the usage of its zone: shares hold for any number of threads.
    Classic,
    /// The worst, if its zone has further runnable threads (since March 2012): among threads that use whole quanta,
    /// time is divided by their number, not by shares.
    Reset,
}

/// Number of threads that a cap releases per tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapRelease {
    /// One (before July 2012).
    One,
    /// Ten to 160, the more the further usage is below the cap.
    Batch,
}

/// Version of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickRules {
    /// Ticks per second; must divide 10⁹ nanoseconds.
    pub hz: u32,
    /// Priority at the end of a quantum.
    pub quantum: QuantumRule,
    /// Threads released per tick.
    pub release: CapRelease,
}

/// The processors of one server at the tick. Zones are named by their index in the list given to
/// [`CpuTick::new`]; time starts at [`SimTime::ZERO`].
///
/// # Panics
///
/// All methods that name a zone panic if there is none of that index.
#[derive(Clone, Debug)]
pub struct CpuTick {
    rules: TickRules,
    /// Nanoseconds of a tick.
    period: u64,
    zones: Vec<Zone>,
    /// Zones with a cap.
    capped: Vec<u32>,
    /// Zones that are virtual machines.
    guests: Vec<u32>,
    cpus: Vec<Cpu>,
    /// Number of processors in use: the first of `cpus`.
    online: u32,
    threads: Vec<Thread>,
    phases: Vec<Phase>,
    free: Vec<u32>,
    worst: Worst,
    /// Ticks executed.
    tick: u64,
    /// List of threads with which the next turn of a second begins.
    marker: usize,
    /// Threads that run or wait.
    runnable: u32,
    running: u32,
    /// Threads in run queues.
    queued: u32,
    /// First instant at which a running phase is done.
    finish: SimTime,
    /// True if `finish` is out of date.
    is_stale: bool,
    /// Phases that are done and not yet fetched by `advance`.
    done: Vec<u32>,
    done_at: SimTime,
    // Steps of 2⁻⁴⁸ core.
    nominal: u64,
    usable: u64,
    used: u64,
    idle: CoreTime,
    unavailable: CoreTime,
    since: SimTime,
    /// Processors whose thread gives way, during a tick.
    surrenders: Vec<u32>,
}

impl Default for TickRules {
    /// Returns the tick of 2013 with the quantum rule by which shares hold.
    fn default() -> Self {
        Self { hz: 1000, quantum: QuantumRule::Classic, release: CapRelease::Batch }
    }
}

impl CpuTick {
    /// Creates an idle server of `cores`, all usable, with the given zones.
    ///
    /// # Panics
    ///
    /// If a tick is no whole number of nanoseconds.
    #[must_use]
    pub fn new(cores: Cores, zones: &[ZoneLimits], rules: TickRules) -> Self {
        let hz = u64::from(rules.hz);
        assert!(hz > 0 && NANOS_PER_SECOND.is_multiple_of(hz), "a tick is a number of nanoseconds");
        let period = NANOS_PER_SECOND / hz;
        let zones = zones.iter().map(|limits| Zone::new((period, rules.release), limits)).collect();
        let cpus = rates(cores.steps(), cores.steps()).map(Cpu::new).collect::<Vec<_>>();
        let mut new = Self {
            rules,
            period,
            zones,
            capped: Vec::new(),
            guests: Vec::new(),
            online: place(cpus.len()),
            cpus,
            threads: Vec::new(),
            phases: Vec::new(),
            free: Vec::new(),
            worst: Worst::new(),
            tick: 0,
            marker: 0,
            runnable: 0,
            running: 0,
            queued: 0,
            finish: SimTime::NEVER,
            is_stale: false,
            done: Vec::new(),
            done_at: SimTime::ZERO,
            nominal: cores.steps(),
            usable: cores.steps(),
            used: 0,
            idle: CoreTime::default(),
            unavailable: CoreTime::default(),
            since: SimTime::ZERO,
            surrenders: Vec::new(),
        };
        new.list_capped();
        let guests = new.zones.iter().enumerate().filter(|(_, zone)| zone.guest.is_some());
        new.guests = guests.map(|(index, _)| place(index)).collect();
        new
    }

    fn list_capped(&mut self) {
        let zones = self.zones.iter().enumerate();
        let capped = zones.filter(|(_, zone)| zone.capped.is_some());
        self.capped = capped.map(|(index, _)| place(index)).collect();
    }

    /// Adds a phase of `work` to `zone`, executed by as many threads as it can use cores (`most`, rounded up);
    /// `phase` is the caller's own number, returned by [`Self::advance`] when the work is done.
    pub fn runnable(
        &mut self,
        now: SimTime,
        zone: usize,
        phase: u32,
        work: Work,
        most: Cores,
    ) -> PhaseHandle {
        self.settle(now);
        let threads = most.steps().div_ceil(ONE).max(1);
        if self.zones[zone].guest.is_some() {
            let handle = self.begin_in_guest(now, zone, (phase, work, threads));
            self.refresh();
            return handle;
        }
        let slot = self.slot();
        let generation = self.phases[slot as usize].generation;
        self.phases[slot as usize] = Phase::new(now, phase, place(zone), generation, work);
        self.zones[zone].account(now, self.nominal);
        self.zones[zone].phases += 1;
        for _ in 0..threads {
            self.wake(now, slot);
        }
        if work == Work::ZERO {
            self.end(now, slot);
            self.done.push(phase);
            self.done_at = now;
            self.fill(now);
        }
        self.refresh();
        PhaseHandle::new(slot, generation)
    }

    fn slot(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.phases.push(Phase::new(SimTime::ZERO, 0, 0, 0, Work::ZERO));
            place(self.phases.len() - 1)
        })
    }

    fn new_thread(&mut self, zone: u32) -> u32 {
        self.threads.push(Thread::new(zone, self.second()));
        place(self.threads.len() - 1)
    }

    /// Removes a phase of `zone`; returns its remaining work to the nearest core-nanosecond. `None` if it is done or was removed
    /// before. A phase due at `now` counts as done.
    pub fn cancel(&mut self, now: SimTime, zone: usize, handle: PhaseHandle) -> Option<Work> {
        self.settle(now);
        if self.zones[zone].guest.is_some() {
            let left = self.cancel_in_guest(now, zone, handle);
            self.refresh();
            return left;
        }
        let (slot, generation) = handle.parts();
        let phase = self.phases.get_mut(slot as usize)?;
        if phase.first == NONE || phase.generation != generation || phase.zone as usize != zone {
            return None;
        }
        let left = phase.work_left(now);
        self.end(now, slot);
        self.fill(now);
        self.refresh();
        Some(left)
    }

    /// Sets the limits of `zone`. Shares are picked up at the next second, a cap is in force at once. A hold ends,
    /// the burst timer keeps its value. Virtual processors stay those of [`Self::new`].
    pub fn limits(&mut self, now: SimTime, zone: usize, limits: &ZoneLimits) {
        self.settle(now);
        let own = &mut self.zones[zone];
        own.account(now, self.nominal);
        own.usage.shares_set = limits.shares;
        let freed = own.set_cap((self.period, self.rules.release), limits);
        self.list_capped();
        if let Some(mut held) = freed {
            while let Some(thread) = held.pop(&mut self.threads) {
                self.release(now, thread);
            }
        }
        self.refresh();
    }

    /// Sets the `usable` cores (at most all) from now on; with none, work waits and is kept. A fraction of a core is
    /// one processor of that speed.
    pub fn capacity(&mut self, now: SimTime, usable: Cores) {
        self.settle(now);
        self.account(now);
        self.usable = usable.steps().min(self.nominal);
        let mut moved = Vec::new();
        for (index, rate) in rates(self.nominal, self.usable).enumerate() {
            if self.cpus[index].rate == rate {
                continue;
            }
            if self.cpus[index].thread != NONE {
                moved.push(self.stop(now, place(index)));
            }
            while let Some(thread) = self.cpus[index].queue.pop(&mut self.threads) {
                self.queued -= 1;
                moved.push(thread);
            }
            self.cpus[index].rate = rate;
        }
        let online = self.cpus.iter().filter(|cpu| cpu.rate > 0).count();
        self.online = place(online);
        for thread in moved {
            self.place(now, thread, End::Back);
        }
        self.fill(now);
        self.refresh();
    }

    /// Returns the instant at which [`Self::advance`] must be called next: a phase is done, or another thread may
    /// run. Later calls of the other methods may make it earlier or later.
    #[must_use]
    pub fn next_due(&self) -> Option<SimTime> {
        let due =
            if self.done.is_empty() { self.finish.min(self.tick_due()) } else { self.done_at };
        (due != SimTime::NEVER).then_some(due)
    }

    /// Takes the numbers of all phases done by `now`, ordered by instant, then by processor, those of guests last. An early
    /// call has no effect.
    pub fn advance(&mut self, now: SimTime) -> std::vec::Drain<'_, u32> {
        self.settle(now);
        self.done.drain(..)
    }

    /// Returns the present rate of `zone`, in cores.
    #[must_use]
    pub fn rate(&self, zone: usize) -> Cores {
        Cores::from_steps(self.zones[zone].rate)
    }

    /// Returns the number of unfinished phases in `zone`.
    #[must_use]
    pub fn phases(&self, zone: usize) -> u32 {
        self.zones[zone].phases
    }

    /// Returns true if `zone` is held to its baseline.
    #[must_use]
    pub fn is_held(&self, zone: usize) -> bool {
        self.zones[zone].is_held()
    }

    /// Returns the ledger of `zone` up to `now`, which is not later than [`Self::next_due`].
    #[must_use]
    pub fn zone_ledger(&self, now: SimTime, zone: usize) -> ZoneLedger {
        let passed = now.nanos() / self.period - self.tick.min(now.nanos() / self.period);
        self.zones[zone].ledger(now, self.nominal, (self.next_tick(), passed), self.period)
    }

    /// Returns the ledger of the server up to `now`, which is not later than [`Self::next_due`].
    #[must_use]
    pub fn server_ledger(&self, now: SimTime) -> ServerLedger {
        let mut used = CoreTime::default();
        for zone in 0..self.zones.len() {
            used += self.zone_ledger(now, zone).used;
        }
        let (idle, unavailable) = self.spent(now);
        let capacity = CoreTime::of(Cores::from_steps(self.nominal), now.since(SimTime::ZERO));
        ServerLedger { capacity, used, idle, unavailable }
    }

    fn spent(&self, now: SimTime) -> (CoreTime, CoreTime) {
        let length = now.since(self.since);
        let area = |steps: u64| CoreTime::of(Cores::from_steps(steps), length);
        let idle = self.idle + area(self.usable - self.used);
        (idle, self.unavailable + area(self.nominal - self.usable))
    }

    #[inline]
    fn account(&mut self, now: SimTime) {
        if now > self.since {
            (self.idle, self.unavailable) = self.spent(now);
            self.since = now;
        }
    }

    fn second(&self) -> u64 {
        self.tick / u64::from(self.rules.hz)
    }

    /// Returns the instant of the next tick to execute.
    fn next_tick(&self) -> SimTime {
        self.ticks_from_now(1)
    }

    fn ticks_from_now(&self, count: u64) -> SimTime {
        let ticks = self.tick.saturating_add(count);
        SimTime::from_nanos(ticks.saturating_mul(self.period))
    }

    /// Returns the number of ticks before the one that turns a second.
    fn ticks_to_second(&self) -> u64 {
        let hz = u64::from(self.rules.hz);
        hz - self.tick % hz - 1
    }

    /// Returns the instant of the first tick that may change which threads run.
    fn tick_due(&self) -> SimTime {
        let mut quiet = self.quiet_caps();
        if self.queued > 0 && self.online > 0 {
            quiet = quiet.min(self.ticks_to_second()).min(self.quiet_quanta());
        }
        if quiet == u64::MAX { SimTime::NEVER } else { self.ticks_from_now(quiet + 1) }
    }

    /// Returns the number of ticks that no cap makes use of.
    fn quiet_caps(&self) -> u64 {
        let quiet = |zone: &u32| {
            let zone = &self.zones[*zone as usize];
            let capped = zone.capped.as_ref().expect("it is in the list");
            capped.cap.quiet(zone.running, capped.used, !capped.held.is_empty())
        };
        self.capped.iter().map(quiet).min().unwrap_or(u64::MAX)
    }

    /// Returns the number of ticks in which no thread gives way to one of the same processor.
    fn quiet_quanta(&self) -> u64 {
        let quiet = |cpu: &Cpu| {
            let own = self.threads.get(cpu.thread as usize)?;
            let waits = cpu.queue.highest() > i16::from(own.priority);
            Some(if waits { 0 } else { own.time_left - 1 })
        };
        self.cpus.iter().filter_map(quiet).min().unwrap_or(u64::MAX)
    }

    /// Executes everything due by `now`, each at its own instant.
    #[inline]
    fn settle(&mut self, now: SimTime) {
        if now >= self.finish || now >= self.next_tick() {
            self.settle_some(now);
        }
    }

    fn settle_some(&mut self, now: SimTime) {
        loop {
            self.refresh();
            let is_done = self.finish <= now;
            let last = match is_done {
                // What is done at the instant of a tick is done before it.
                true => self.finish.nanos().saturating_sub(1) / self.period,
                false => now.nanos() / self.period,
            };
            if self.tick < last {
                self.run_ticks(last - self.tick);
            } else if is_done {
                self.complete(self.finish);
            } else {
                return;
            }
        }
    }

    /// Ends the phases that are done at `now`.
    fn complete(&mut self, now: SimTime) {
        for cpu in 0..self.online as usize {
            let Cpu { thread, phase, .. } = self.cpus[cpu];
            if thread != NONE && phase != NONE && self.phases[phase as usize].due <= now {
                self.done.push(self.phases[phase as usize].id);
                self.end(now, phase);
            }
        }
        for index in 0..self.guests.len() {
            self.complete_in_guest(now, self.guests[index] as usize);
        }
        self.done_at = now;
        self.fill(now);
    }

    /// Puts the threads of a phase to sleep and frees its slot.
    fn end(&mut self, now: SimTime, slot: u32) {
        let phase = &mut self.phases[slot as usize];
        let zone = phase.zone as usize;
        let mut next = std::mem::replace(&mut phase.first, NONE);
        phase.generation = phase.generation.wrapping_add(1);
        self.free.push(slot);
        self.zones[zone].account(now, self.nominal);
        self.zones[zone].phases -= 1;
        while next != NONE {
            let thread = next;
            next = self.threads[thread as usize].sibling;
            self.doze(now, thread);
        }
    }

    /// Puts a thread to sleep. What it ran on may idle from then on.
    fn doze(&mut self, now: SimTime, thread: u32) {
        match self.threads[thread as usize].state {
            State::Running => {
                self.stop(now, self.threads[thread as usize].cpu);
            }
            State::Queued | State::Held => self.unqueue(now, thread),
            State::Asleep => unreachable!("it is awake"),
        }
        let own = &mut self.threads[thread as usize];
        own.state = State::Asleep;
        let zone = &mut self.zones[own.zone as usize];
        zone.account(now, self.nominal);
        zone.asleep.add(&mut self.threads, thread, false);
        zone.usage.runnable -= 1;
        self.runnable -= 1;
    }

    /// Finds the first instant at which a phase is done.
    #[inline]
    fn refresh(&mut self) {
        if self.is_stale {
            self.is_stale = false;
            let busy = self.cpus.iter().filter(|cpu| cpu.thread != NONE && cpu.phase != NONE);
            let due = busy.map(|cpu| self.phases[cpu.phase as usize].due).min();
            self.finish = due.unwrap_or(SimTime::NEVER);
            for zone in &self.guests {
                let guest = self.zones[*zone as usize].guest.as_mut().expect("it is in the list");
                self.finish = self.finish.min(guest.due());
            }
        }
    }
}

/// Returns the speed of each of the processors of `nominal` cores, of which `usable` are in use.
fn rates(nominal: u64, usable: u64) -> impl Iterator<Item = u64> {
    (0..nominal.div_ceil(ONE)).map(move |index| usable.saturating_sub(index * ONE).min(ONE))
}

mod ticks;

#[cfg(test)]
mod tests;
