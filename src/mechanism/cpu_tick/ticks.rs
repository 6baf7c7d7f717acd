//! Actions of a tick, and of the tick that turns a second.
//!
//! Ticks in which no quantum ends, no cap is reached and no second turns only count: any number of them is executed at
//! once, with the same result.

use super::dispatch::End;
use super::fss::{self, QUANTUM};
use super::queue::NONE;
use super::thread::State;
use super::{CpuTick, LISTS};
use crate::convert::place;
use crate::units::SimTime;

impl CpuTick {
    /// Executes at least one of the next `most` ticks.
    pub(super) fn run_ticks(&mut self, most: u64) {
        let mut quiet = self.quiet_caps();
        if self.runnable > 0 {
            quiet = quiet.min(self.ticks_to_second());
            if self.running > 0 {
                quiet = quiet.min(self.quiet_quanta());
            }
        }
        match quiet.min(most) {
            0 => self.run_tick(),
            count => self.pass(count),
        }
    }

    /// Executes `count` ticks that only count.
    fn pass(&mut self, count: u64) {
        let first = self.next_tick();
        for cpu in &self.cpus {
            if cpu.thread != NONE {
                let own = &mut self.threads[cpu.thread as usize];
                own.ticks += count;
                own.time_left -= count;
                self.zones[own.zone as usize].usage.charge(count);
            }
        }
        for zone in &self.capped {
            self.zones[*zone as usize].pass(first, count, self.period, self.nominal);
        }
        let seconds = (self.tick % u64::from(self.rules.hz) + count) / u64::from(self.rules.hz);
        self.tick += count;
        self.rest(seconds);
    }

    /// Turns the seconds of a server without threads.
    fn rest(&mut self, seconds: u64) {
        for _ in 0..seconds {
            if self.worst.is_at_rest() && self.zones.iter().all(|zone| zone.usage.is_at_rest()) {
                return;
            }
            self.worst.turn();
            for zone in &mut self.zones {
                zone.usage.turn(0);
            }
        }
    }

    /// Executes one tick.
    fn run_tick(&mut self) {
        let now = self.next_tick();
        self.tick += 1;
        let mut surrenders = std::mem::take(&mut self.surrenders);
        surrenders.extend((0..self.online).filter(|cpu| self.charge(*cpu)));
        for cpu in surrenders.drain(..) {
            self.surrender(now, cpu);
        }
        self.surrenders = surrenders;
        for index in 0..self.capped.len() {
            self.end_cap_tick(now, self.capped[index]);
        }
        if self.tick.is_multiple_of(u64::from(self.rules.hz)) {
            self.turn_second(now);
        }
    }

    /// Charges the tick to the thread of a processor; returns true if it must give way (`fss_tick`).
    fn charge(&mut self, cpu: u32) -> bool {
        let cpu = &self.cpus[cpu as usize];
        if cpu.thread == NONE {
            return false;
        }
        let own = &mut self.threads[cpu.thread as usize];
        let zone = &mut self.zones[own.zone as usize];
        zone.usage.charge(1);
        own.ticks += 1;
        own.time_left -= 1;
        let mut gives_way = cpu.queue.highest() > i16::from(own.priority);
        if own.time_left == 0 {
            own.priority = self.worst.compute(&zone.usage, own, true, self.rules.quantum);
            gives_way = true;
        }
        // Below half its quantum a thread at the cap goes on to the end of the quantum.
        if zone.is_at_cap() && 2 * own.time_left > QUANTUM {
            own.priority = self.worst.compute(&zone.usage, own, false, self.rules.quantum);
            gives_way = true;
        }
        gives_way
    }

    /// Takes the thread off a processor, to the wait queue of its cap or to the back of a run queue.
    fn surrender(&mut self, now: SimTime, cpu: u32) {
        let thread = self.cpus[cpu as usize].thread;
        let zone = self.threads[thread as usize].zone;
        let is_at_cap = self.zones[zone as usize].is_at_cap();
        if self.queued == 0 && !is_at_cap {
            // It is the only candidate for its processor.
            self.threads[thread as usize].time_left = QUANTUM;
            return;
        }
        self.stop(now, cpu);
        if !self.hold(now, thread) {
            let own = &mut self.threads[thread as usize];
            own.time_left = QUANTUM;
            let to = self.choose(thread, End::Back);
            self.enqueue(to, thread, End::Back);
        }
        self.dispatch(now, cpu);
    }

    /// Ends the tick for the cap of a zone: releases threads while its usage is below it.
    fn end_cap_tick(&mut self, now: SimTime, zone: u32) {
        let nominal = self.nominal;
        let count = self.zones[zone as usize].end_tick(now, nominal);
        for _ in 0..count {
            let capped = self.zones[zone as usize].capped.as_mut().expect("it has a cap");
            let Some(thread) = capped.held.pop(&mut self.threads) else { return };
            self.release(now, thread);
        }
    }

    /// Turns a second: decays usage, and computes the priorities of waiting threads anew (`fss_update`).
    fn turn_second(&mut self, now: SimTime) {
        self.worst.turn();
        let active = self.zones.iter().filter(|zone| zone.usage.runnable > 0);
        let active = active.map(|zone| u64::from(zone.usage.shares_set)).sum();
        for zone in &mut self.zones {
            zone.usage.turn(active);
        }
        let mut next = None;
        for step in 0..LISTS {
            let list = (self.marker + step) % LISTS;
            let mut is_changed = false;
            for thread in (list..self.threads.len()).step_by(LISTS) {
                is_changed |= self.compute_anew(now, place(thread));
            }
            if is_changed && step > 0 {
                next = next.or(Some(list));
            }
        }
        self.marker = next.unwrap_or(self.marker);
        // A running thread gives way only now: it is not among the waiting ones of this second.
        for cpu in 0..self.online {
            self.give_way(now, cpu);
        }
    }

    /// Computes the priority of a waiting thread anew and moves it there; returns false for other threads.
    fn compute_anew(&mut self, now: SimTime, thread: u32) -> bool {
        let second = self.second();
        let own = &mut self.threads[thread as usize];
        if own.state == State::Asleep {
            return false;
        }
        fss::decay(own, second);
        if own.state == State::Running {
            return false;
        }
        let zone = &self.zones[own.zone as usize].usage;
        let priority = self.worst.compute(zone, own, false, self.rules.quantum);
        if priority == own.priority {
            return true;
        }
        let is_queued = own.state == State::Queued;
        self.unqueue(now, thread);
        let own = &mut self.threads[thread as usize];
        own.priority = priority;
        if is_queued {
            own.time_left = QUANTUM;
            let to = self.choose(thread, End::Back);
            self.enqueue(to, thread, End::Back);
        } else {
            let zone = &mut self.zones[own.zone as usize];
            let capped = zone.capped.as_mut().expect("a cap holds the thread");
            capped.held.add(&mut self.threads, thread, false);
        }
        true
    }
}
