//! The dispatcher: which thread runs on which processor.
//!
//! Model: each processor has a run queue, highest priority first, first in first out within one. A thread that
//! becomes runnable goes to an idle processor if there is one. Else it goes to the processor on which it ran within
//! the last three ticks, or to the one with the lowest priority; if the next processor has fewer threads of its
//! priority, to that. There it preempts a thread of a lower priority at once. A processor without threads takes the
//! thread of the highest priority from the other queues.
//!
//! Holds: no processor idles while a thread waits in a run queue.
//! Source: illumos-joyent `disp/disp.c`: `setbackdq`, `setfrontdq`, `disp_lowpri_cpu`, `disp_getwork`.

use super::queue::{NONE, Queue};
use super::thread::State;
use super::{CpuTick, fss};
use crate::units::SimTime;

/// Ticks within which a thread returns to the processor that it left (`rechoose_interval`).
const WARM: u64 = 3;

/// One processor.
#[derive(Clone, Debug)]
pub(super) struct Cpu {
    /// Thread that runs; [`NONE`] if idle.
    pub(super) thread: u32,
    /// Slot of its phase; [`NONE`] if it is a virtual processor.
    pub(super) phase: u32,
    /// Speed in steps of 2⁻⁴⁸ core; zero while offline.
    pub(super) rate: u64,
    pub(super) queue: Queue,
}

impl Cpu {
    pub(super) const fn new(rate: u64) -> Self {
        Self { thread: NONE, phase: NONE, rate, queue: Queue::new() }
    }
}

/// Place in a run queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Front,
    Back,
}

impl CpuTick {
    /// Wakes a thread for the phase in `slot`, or makes one.
    pub(super) fn wake(&mut self, now: SimTime, slot: u32) {
        let thread = self.rouse(now, self.phases[slot as usize].zone);
        let phase = &mut self.phases[slot as usize];
        let own = &mut self.threads[thread as usize];
        own.phase = slot;
        own.sibling = std::mem::replace(&mut phase.first, thread);
        self.start(now, thread);
    }

    /// Returns the sleeping thread of the highest priority, or a new one; it is to be started.
    pub(super) fn rouse(&mut self, now: SimTime, zone: u32) -> u32 {
        let own = &mut self.zones[zone as usize];
        own.account(now, self.nominal);
        own.usage.runnable += 1;
        self.runnable += 1;
        let thread = match own.asleep.pop(&mut self.threads) {
            Some(thread) => thread,
            None => self.new_thread(zone),
        };
        let second = self.second();
        fss::decay(&mut self.threads[thread as usize], second);
        thread
    }

    /// Makes a thread runnable that has just woken.
    pub(super) fn start(&mut self, now: SimTime, thread: u32) {
        let own = &mut self.threads[thread as usize];
        let end = if own.left_at == Some(self.tick) { End::Front } else { End::Back };
        if end == End::Back {
            own.time_left = fss::QUANTUM;
        }
        self.place(now, thread, end);
    }

    /// Makes runnable a thread that a cap held, with a whole quantum.
    pub(super) fn release(&mut self, now: SimTime, thread: u32) {
        let own = &self.threads[thread as usize];
        let end = if own.left_at == Some(self.tick) { End::Front } else { End::Back };
        self.place(now, thread, end);
    }

    /// Runs a thread, or puts it into a run queue.
    pub(super) fn place(&mut self, now: SimTime, thread: u32, end: End) {
        if let Some(cpu) = self.idle_cpu(thread) {
            self.run(now, cpu, thread);
            return;
        }
        let cpu = self.choose(thread, end);
        let running = self.cpus[cpu as usize].thread;
        if running != NONE && self.priority(thread) > self.priority(running) {
            self.stop(now, cpu);
            self.run(now, cpu, thread);
            // Preempted threads keep what is left of their quantum.
            self.queue_or_hold(now, cpu, running, End::Front);
        } else {
            self.enqueue(cpu, thread, end);
        }
    }

    fn priority(&self, thread: u32) -> u8 {
        self.threads[thread as usize].priority
    }

    /// Returns an idle processor, the one on which the thread ran last if that is idle.
    fn idle_cpu(&self, thread: u32) -> Option<u32> {
        if self.running >= self.online {
            return None;
        }
        let last = self.threads[thread as usize].cpu;
        let is_idle = |cpu: u32| self.cpus[cpu as usize].thread == NONE;
        if last < self.online && is_idle(last) {
            return Some(last);
        }
        (0..self.online).find(|cpu| is_idle(*cpu))
    }

    /// Chooses the run queue of a thread while no processor is idle.
    pub(super) fn choose(&self, thread: u32, end: End) -> u32 {
        if self.online == 0 {
            return 0;
        }
        let own = &self.threads[thread as usize];
        let has_last = own.cpu < self.online;
        if has_last && end == End::Front {
            return own.cpu;
        }
        let is_warm = own.left_at.is_some_and(|at| self.tick - at <= WARM);
        let cpu = if has_last && is_warm { own.cpu } else { self.least_busy(own.cpu) };
        let length = |cpu: u32| self.cpus[cpu as usize].queue.length_at(own.priority);
        let next = if cpu + 1 < self.online { cpu + 1 } else { 0 };
        if length(next) < length(cpu) { next } else { cpu }
    }

    /// Returns the processor whose threads have the lowest highest priority, the first from `hint` on.
    fn least_busy(&self, hint: u32) -> u32 {
        let start = if hint < self.online { hint } else { 0 };
        let busy = |cpu: &u32| {
            let cpu = &self.cpus[*cpu as usize];
            let running = match cpu.thread {
                NONE => -1,
                thread => i16::from(self.priority(thread)),
            };
            running.max(cpu.queue.highest())
        };
        (start..self.online).chain(0..start).min_by_key(busy).expect("a processor is online")
    }

    pub(super) fn enqueue(&mut self, cpu: u32, thread: u32, end: End) {
        let own = &mut self.threads[thread as usize];
        own.state = State::Queued;
        own.cpu = cpu;
        self.queued += 1;
        self.cpus[cpu as usize].queue.add(&mut self.threads, thread, end == End::Front);
    }

    /// Removes a waiting thread from the run queue or from the wait queue of its cap.
    pub(super) fn unqueue(&mut self, now: SimTime, thread: u32) {
        let own = &self.threads[thread as usize];
        if own.state == State::Queued {
            self.queued -= 1;
            self.cpus[own.cpu as usize].queue.remove(&mut self.threads, thread);
        } else {
            let zone = &mut self.zones[own.zone as usize];
            zone.account(now, self.nominal);
            let capped = zone.capped.as_mut().expect("a cap holds the thread");
            capped.held.remove(&mut self.threads, thread);
        }
    }

    /// Puts a thread that was stopped on the wait queue if its zone is at its cap, else into a run queue.
    fn queue_or_hold(&mut self, now: SimTime, cpu: u32, thread: u32, end: End) {
        if !self.hold(now, thread) {
            self.enqueue(cpu, thread, end);
        }
    }

    /// Puts a thread that was stopped on the wait queue if its zone is at its cap; returns whether it is.
    pub(super) fn hold(&mut self, now: SimTime, thread: u32) -> bool {
        let own = &mut self.threads[thread as usize];
        let zone = &mut self.zones[own.zone as usize];
        if !zone.is_at_cap() {
            return false;
        }
        own.state = State::Held;
        own.time_left = fss::QUANTUM;
        zone.account(now, self.nominal);
        let capped = zone.capped.as_mut().expect("it is at its cap");
        capped.held.add(&mut self.threads, thread, false);
        true
    }

    /// Starts a thread on an idle processor.
    pub(super) fn run(&mut self, now: SimTime, cpu: u32, thread: u32) {
        self.account(now);
        let own = &mut self.threads[thread as usize];
        own.state = State::Running;
        own.cpu = cpu;
        let processor = &mut self.cpus[cpu as usize];
        processor.thread = thread;
        processor.phase = own.phase;
        let zone = &mut self.zones[own.zone as usize];
        zone.account(now, self.nominal);
        zone.running += 1;
        zone.rate += processor.rate;
        match &mut zone.guest {
            Some(guest) => guest.pace(now, zone.rate),
            None => self.phases[own.phase as usize].gain(now, processor.rate),
        }
        self.running += 1;
        self.used += processor.rate;
        self.is_stale = true;
    }

    /// Takes the thread off a processor; the caller decides what becomes of both.
    pub(super) fn stop(&mut self, now: SimTime, cpu: u32) -> u32 {
        self.account(now);
        let processor = &mut self.cpus[cpu as usize];
        let thread = std::mem::replace(&mut processor.thread, NONE);
        let own = &mut self.threads[thread as usize];
        own.left_at = Some(self.tick);
        let zone = &mut self.zones[own.zone as usize];
        zone.account(now, self.nominal);
        zone.running -= 1;
        zone.rate -= processor.rate;
        match &mut zone.guest {
            Some(guest) => guest.pace(now, zone.rate),
            None => self.phases[own.phase as usize].lose(now, processor.rate),
        }
        self.running -= 1;
        self.used -= processor.rate;
        self.is_stale = true;
        thread
    }

    /// Lets the best thread of a processor's queue preempt the running one if its priority is higher.
    pub(super) fn give_way(&mut self, now: SimTime, cpu: u32) {
        let Cpu { thread: running, queue, .. } = &self.cpus[cpu as usize];
        let running = *running;
        if running != NONE && queue.highest() > i16::from(self.priority(running)) {
            self.stop(now, cpu);
            self.dispatch(now, cpu);
            self.queue_or_hold(now, cpu, running, End::Front);
        }
    }

    /// Gives each idle processor a thread while some wait.
    pub(super) fn fill(&mut self, now: SimTime) {
        let mut cpu = 0;
        while self.queued > 0 && self.running < self.online && cpu < self.online {
            if self.cpus[cpu as usize].thread == NONE {
                self.dispatch(now, cpu);
            }
            cpu += 1;
        }
    }

    /// Gives an idle processor the next thread of its queue, or else the best of the other queues.
    pub(super) fn dispatch(&mut self, now: SimTime, cpu: u32) {
        if self.queued == 0 {
            return;
        }
        let from =
            if self.cpus[cpu as usize].queue.is_empty() { self.best_queue(cpu) } else { cpu };
        let queue = &mut self.cpus[from as usize].queue;
        let thread = queue.pop(&mut self.threads).expect("a thread waits");
        self.queued -= 1;
        self.run(now, cpu, thread);
    }

    /// Returns the processor whose queue has the thread of the highest priority, the first after `cpu`.
    fn best_queue(&self, cpu: u32) -> u32 {
        let all = self.cpus.len();
        let after = (1..=all).map(|step| (cpu as usize + step) % all);
        let mut best = (-1, 0);
        for other in after {
            let highest = self.cpus[other].queue.highest();
            if highest > best.0 {
                best = (highest, other);
            }
        }
        crate::convert::table::u32(best.1)
    }
}
