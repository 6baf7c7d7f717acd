//! A guest: its virtual processors are threads of the machine, and its phases share what these get.
//!
//! Model: a guest has as many virtual processors awake as its phases have threads, and at most all. The scheduler of the machine
//! knows these alone. Inside, their time is divided evenly over the threads of the phases: processor sharing, as of a guest that
//! moves its own threads between its virtual processors. A phase of three threads gets three times as much as one of a single
//! thread, where the fluid model divides evenly over phases, each up to its threads. When a phase ends, a virtual processor
//! that waits goes to sleep before one that runs: the guest moves its thread to the free one.
//!
//! In: phases, and the rate of the threads that run. Out: numbers of phases done.
//! Holds: a phase ends at the nearest nanosecond to the instant at which its work is done.
//! Cost: a change costs O(virtual processors).
//! Leaves out: ticks and quanta inside the guest; a virtual processor that waits holds up no phase longer than the others.

use super::queue::NONE;
use super::thread::State;
use super::{CpuTick, PhaseHandle};
use crate::convert::{nearest, place};
use crate::mechanism::virtual_clock::{Members, VirtualClock};
use crate::units::{Cores, SimTime, Work};

/// The phases of a guest, and its threads.
#[derive(Clone, Debug)]
pub(super) struct Guest {
    /// Number of virtual processors.
    vcpus: u64,
    /// Core-nanoseconds that each thread of a phase has got.
    clock: VirtualClock,
    /// Phases; the class of each is the number of its threads.
    members: Members,
    /// Number of threads of all phases.
    weight: u64,
    /// First of the virtual processors that are awake.
    first: u32,
    awake: u64,
}

impl Guest {
    pub(super) fn new(vcpus: u16) -> Self {
        Self {
            vcpus: u64::from(vcpus),
            clock: VirtualClock::new(),
            members: Members::default(),
            weight: 0,
            first: NONE,
            awake: 0,
        }
    }

    /// Returns the instant at which the next phase is done at the present rate.
    pub(super) fn due(&mut self) -> SimTime {
        self.clock.due(&mut self.members)
    }

    /// Divides the `rate` of its virtual processors that run, in steps of 2⁻⁴⁸ core, from now on.
    pub(super) fn pace(&mut self, now: SimTime, rate: u64) {
        let all = Cores::from_steps(rate).count();
        let each = if self.weight > 0 { all / self.weight as f64 } else { 0.0 };
        self.clock.set_rate(&mut self.members, now, each);
    }
}

impl CpuTick {
    fn guest(&mut self, zone: usize) -> &mut Guest {
        self.zones[zone].guest.as_mut().expect("the zone is a guest")
    }

    /// Adds a phase of `work` to a guest, which has as many `threads`.
    pub(super) fn begin_in_guest(
        &mut self,
        now: SimTime,
        zone: usize,
        (phase, work, threads): (u32, Work, u64),
    ) -> PhaseHandle {
        if work == Work::ZERO {
            self.done.push(phase);
            self.done_at = now;
            return self.guest(zone).members.gone(phase);
        }
        self.zones[zone].account(now, self.nominal);
        self.zones[zone].phases += 1;
        let guest = self.guest(zone);
        let amount = work.core_nanos() as f64 / threads as f64;
        let handle = guest.clock.join(&mut guest.members, now, amount, threads, phase);
        guest.weight += threads;
        self.fit(now, zone);
        handle
    }

    /// Removes a phase of a guest; returns its remaining work, or `None` if it is done or was removed before.
    pub(super) fn cancel_in_guest(
        &mut self,
        now: SimTime,
        zone: usize,
        handle: PhaseHandle,
    ) -> Option<Work> {
        let threads = self.guest(zone).members.class_of(handle)?;
        self.zones[zone].account(now, self.nominal);
        self.zones[zone].phases -= 1;
        let guest = self.guest(zone);
        let left = guest.clock.leave(&mut guest.members, now, handle);
        guest.weight -= threads;
        self.fit(now, zone);
        self.fill(now);
        Some(Work::from_core_nanos(nearest(left * threads as f64)))
    }

    /// Ends the phases of a guest that are done at `now`.
    pub(super) fn complete_in_guest(&mut self, now: SimTime, zone: usize) {
        let own = &mut self.zones[zone];
        let guest = own.guest.as_mut().expect("the zone is a guest");
        let mut ended = 0;
        while let Some((phase, threads)) = guest.clock.take_due(&mut guest.members, now) {
            self.done.push(phase);
            guest.weight -= threads;
            ended += 1;
        }
        if ended > 0 {
            own.account(now, self.nominal);
            own.phases -= ended;
            self.fit(now, zone);
        }
    }

    /// Wakes as many virtual processors of a guest as its phases have threads, and puts the others to sleep.
    fn fit(&mut self, now: SimTime, zone: usize) {
        self.is_stale = true;
        loop {
            let rate = self.zones[zone].rate;
            let guest = self.guest(zone);
            let wanted = guest.weight.min(guest.vcpus);
            if guest.awake == wanted {
                return guest.pace(now, rate);
            }
            if guest.awake < wanted {
                guest.awake += 1;
                let next = guest.first;
                let thread = self.rouse(now, place(zone));
                self.threads[thread as usize].sibling = next;
                self.guest(zone).first = thread;
                self.start(now, thread);
            } else {
                let thread = self.unlink(zone);
                self.doze(now, thread);
            }
        }
    }

    /// Takes a virtual processor out of the list of those awake: the first that waits, else the first.
    fn unlink(&mut self, zone: usize) -> u32 {
        let guest = self.zones[zone].guest.as_mut().expect("the zone is a guest");
        guest.awake -= 1;
        let first = guest.first;
        let runs = |thread: u32| self.threads[thread as usize].state == State::Running;
        let (mut before, mut thread) = (NONE, first);
        while thread != NONE && runs(thread) {
            (before, thread) = (thread, self.threads[thread as usize].sibling);
        }
        if thread == NONE {
            (before, thread) = (NONE, first);
        }
        let after = self.threads[thread as usize].sibling;
        match before {
            NONE => guest.first = after,
            _ => self.threads[before as usize].sibling = after,
        }
        thread
    }
}
