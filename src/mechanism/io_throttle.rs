//! The throttle of a system's disk operations: zones that use more than their fair share of contended disks are
//! delayed before each operation.
//!
//! Model: every 250 ms, at the next operation, the utilisation of each zone is estimated: its reads times the
//! average latency of a read, plus its writes times that of a write. The fair share of a zone is its part of the
//! total, by I/O priority. While the disks are busy above the upper threshold and an operation was slow within
//! the last second, a zone above its fair share is delayed by a further step, up to a ceiling. A zone below its
//! share, or any zone while the disks are not contended, is delayed by a step less. The delay is a busy spin of
//! the zone's processor. It is multiplied for writes while transaction groups sync faster than normal.
//!
//! In: logical operations, starts and ends of disk operations, starts of syncs. Out: the delay of an operation.
//! Holds: with one active zone no delay rises; a delay is at most the ceiling, times the factor for writes.
//! Integers alone, in the units and the order of operations of the source. A zone that goes idle keeps its
//! last utilisation, so its delay may still rise, as in the source.
//! Leaves out: the longer delays of the low-memory path.
//! Source: illumos-joyent `uts/common/fs/zfs/zfs_zone.c` (2013-10-29 and later).

use crate::units::{SimDuration, SimTime};

/// Number of cycles without an operation after which nothing of a counter is left.
const MOST_MISSED: u64 = 5;
/// Weight of the present cycle in an average latency.
const PRESENT: u64 = 8;
/// Latency assumed while none was measured, in microseconds.
const UNKNOWN_LATENCY: u64 = 1000;
/// Greatest ratio of the average latencies of reads and writes.
const LATENCY_RATIO: u64 = 10;
/// Microseconds of the cycle over which the operations of a zone are counted.
const ZONE_CYCLE: u64 = 2_000_000;
/// Microseconds of the cycle over which latencies are averaged.
const LATENCY_CYCLE: u64 = 1_000_000;
/// Microseconds over which syncs of transaction groups are counted.
const SYNC_CYCLE: u64 = 5_000_000;
/// Microseconds within which a slow operation is recent.
const RECENT: u64 = 1_000_000;
/// Microseconds after which the last slow operation is ancient.
const ANCIENT: u64 = 5_000_000;

/// Direction of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It reads.
    Read,
    /// It writes.
    Write,
}

/// Tunables of the throttle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// Change of a delay per adjustment.
    pub step: SimDuration,
    /// Greatest delay.
    pub ceiling: SimDuration,
    /// Factor of the delay of writes while transaction groups sync faster than normal.
    pub write_factor: u32,
    /// Shortest time between adjustments.
    pub adjust: SimDuration,
    /// Utilisation of the disks above which delays rise.
    pub over: f64,
    /// Utilisation of the disks below which delays fall.
    pub under: f64,
    /// Latency of a disk operation above which it is slow: delays rise only if one was within a second.
    pub laggard: SimDuration,
    /// Time between the starts of syncs of transaction groups; zero: they are [recorded](IoThrottle::sync_begins).
    pub sync: SimDuration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            step: SimDuration::from_nanos(5_000),
            ceiling: SimDuration::from_nanos(100_000),
            write_factor: 2,
            adjust: SimDuration::from_nanos(250_000_000),
            over: 0.8,
            under: 0.6,
            laggard: SimDuration::from_nanos(50_000_000),
            sync: SimDuration::from_secs(5),
        }
    }
}

/// Operations of a zone, counted over cycles, with the memory of the cycle before.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    /// Start of the cycle, in microseconds.
    start: u64,
    count: u64,
    before: u64,
}

impl Counter {
    /// Ends the cycle if it is over.
    fn turn(&mut self, now: u64) {
        let cycles = now.saturating_sub(self.start) / ZONE_CYCLE;
        if cycles == 0 {
            return;
        }
        let ended = if self.count > 1 { self.count } else { self.count + self.before / 2 };
        self.before = if cycles > MOST_MISSED { 0 } else { ended >> (cycles - 1) };
        self.count = 0;
        self.start += cycles * ZONE_CYCLE;
    }

    fn add(&mut self, now: u64) {
        self.turn(now);
        self.count += 1;
    }

    /// Returns the operations counted. In the first half of a cycle it adds half of those of the cycle before.
    fn recent(&mut self, now: u64) -> u64 {
        self.turn(now);
        let is_first_half = now.saturating_sub(self.start) < ZONE_CYCLE / 2;
        if is_first_half { self.count + self.before / 2 } else { self.count }
    }
}

/// Latency of all operations in one direction, averaged with less weight for the past.
#[derive(Clone, Copy, Debug, Default)]
struct Latency {
    /// Start of the cycle, in microseconds.
    start: u64,
    count: u64,
    sum: u64,
    average: u64,
}

impl Latency {
    fn turn(&mut self, now: u64) {
        let cycles = now.saturating_sub(self.start) / LATENCY_CYCLE;
        if cycles == 0 {
            return;
        }
        let ended = self.average.saturating_add(self.sum) / (1 + self.count);
        self.average = if cycles > MOST_MISSED { 0 } else { ended >> (cycles - 1) };
        self.count = 0;
        self.sum = 0;
        self.start += cycles * LATENCY_CYCLE;
    }

    fn add(&mut self, now: u64, latency: u64) {
        self.turn(now);
        self.count += 1;
        self.sum = self.sum.saturating_add(latency);
    }

    fn average(&mut self, now: u64) -> u64 {
        self.turn(now);
        let sum = self.sum.saturating_mul(PRESENT).saturating_add(self.average);
        let average = sum / (1 + PRESENT * self.count);
        if average == 0 { UNKNOWN_LATENCY } else { average }
    }
}

/// Starts of syncs of transaction groups.
#[derive(Clone, Copy, Debug, Default)]
struct Syncs {
    /// Start of the cycle, in microseconds.
    start: u64,
    count: u64,
    rate: u64,
}

impl Syncs {
    fn begins(&mut self, now: u64) {
        self.count += 1;
        if now.saturating_sub(self.start) >= SYNC_CYCLE {
            self.rate = self.count / 2;
            self.count = 0;
            self.start = now;
        }
    }

    const fn are_fast(self) -> bool {
        self.count > 1 || self.rate > 1
    }
}

/// State of one zone in the throttle.
#[derive(Clone, Copy, Debug, Default)]
struct Zone {
    priority: u64,
    reads: Counter,
    /// Writes at the disks.
    writes: Counter,
    /// Writes into a transaction group.
    logical: Counter,
    utilization: u128,
    /// Delay, in microseconds.
    delay: u64,
}

/// The throttle of one system.
#[derive(Clone, Debug)]
pub struct IoThrottle {
    tuning: Tuning,
    zones: Vec<Zone>,
    reads: Latency,
    writes: Latency,
    outstanding: u32,
    /// Time with an operation outstanding, in microseconds, up to `last_event`.
    busy: u64,
    last_event: u64,
    last_laggard: Option<u64>,
    last_adjust: u64,
    /// Instant and busy time of the last adjustment; `None` before the first.
    measured: Option<(u64, u64)>,
    syncs: Syncs,
    /// Start of the next sync.
    next_sync: SimTime,
}

const fn micros(time: SimTime) -> u64 {
    time.nanos() / 1000
}

impl IoThrottle {
    /// Creates the throttle of a system whose zones have these I/O priorities.
    #[must_use]
    pub fn new(tuning: Tuning, priorities: impl IntoIterator<Item = u32>) -> Self {
        let zone = |priority| Zone { priority: u64::from(priority), ..Zone::default() };
        Self {
            tuning,
            zones: priorities.into_iter().map(zone).collect(),
            reads: Latency::default(),
            writes: Latency::default(),
            outstanding: 0,
            busy: 0,
            last_event: 0,
            last_laggard: None,
            last_adjust: 0,
            measured: None,
            syncs: Syncs::default(),
            next_sync: SimTime::ZERO + tuning.sync,
        }
    }

    /// Returns the present delay of a zone, without the factor for writes.
    #[must_use]
    pub fn delay(&self, zone: usize) -> SimDuration {
        SimDuration::from_nanos(self.zones[zone].delay * 1000)
    }

    /// Counts one logical operation of `zone`, a read that no memory answers or a write; returns the time that the
    /// zone spins before it.
    pub fn operation(&mut self, now: SimTime, zone: usize, direction: Direction) -> SimDuration {
        let writes = direction == Direction::Write;
        self.sync_until(now);
        let at = micros(now);
        if writes {
            self.zones[zone].logical.add(at);
        }
        if self.zones[zone].priority == 0 {
            return SimDuration::ZERO;
        }
        if at - self.last_adjust > self.tuning.adjust.nanos() / 1000 {
            self.last_adjust = at;
            self.adjust(at);
        }
        let delay = self.zones[zone].delay;
        let factor = if writes && self.syncs.are_fast() { self.tuning.write_factor } else { 1 };
        SimDuration::from_nanos(delay * 1000 * u64::from(factor))
    }

    /// Records the start of one operation at a disk.
    pub fn started(&mut self, now: SimTime) {
        self.counts_busy(micros(now));
        self.outstanding += 1;
    }

    /// Records the end of one operation at a disk, which `zone` had begun at `since`; `None`: no zone, but the system.
    pub fn done(
        &mut self,
        now: SimTime,
        zone: Option<usize>,
        direction: Direction,
        since: SimTime,
    ) {
        let at = micros(now);
        self.counts_busy(at);
        self.outstanding -= 1;
        let latency = now - since;
        if latency > self.tuning.laggard {
            self.last_laggard = Some(at);
        }
        let latency = latency.nanos() / 1000;
        match direction {
            Direction::Read => self.reads.add(at, latency),
            Direction::Write => self.writes.add(at, latency),
        }
        match (zone, direction) {
            (Some(zone), Direction::Read) => self.zones[zone].reads.add(at),
            (Some(zone), Direction::Write) => self.zones[zone].writes.add(at),
            (None, _) => {}
        }
    }

    /// Forgets an operation that was lost at its disk.
    pub fn lost(&mut self, now: SimTime) {
        self.counts_busy(micros(now));
        self.outstanding -= 1;
    }

    /// Records the start of a sync of a transaction group.
    pub fn sync_begins(&mut self, now: SimTime) {
        self.syncs.begins(micros(now));
    }

    fn counts_busy(&mut self, at: u64) {
        if self.outstanding > 0 {
            self.busy += at - self.last_event;
        }
        self.last_event = at;
    }

    /// Begins the syncs of transaction groups that are due by `now`.
    fn sync_until(&mut self, now: SimTime) {
        if self.tuning.sync.is_zero() {
            return;
        }
        // A pause of many cycles leaves nothing of the count: the syncs before its end are skipped.
        let every = self.tuning.sync.nanos();
        let kept = every.saturating_mul(2).saturating_add(4 * SYNC_CYCLE * 1000);
        let behind = now.nanos().saturating_sub(self.next_sync.nanos());
        if behind > kept {
            let skipped = (behind - kept) / every;
            self.next_sync = SimTime::from_nanos(self.next_sync.nanos() + skipped * every);
        }
        while self.next_sync <= now {
            self.syncs.begins(micros(self.next_sync));
            self.next_sync = self.next_sync + self.tuning.sync;
        }
    }

    /// Adjusts the delays of all zones.
    fn adjust(&mut self, now: u64) {
        let (mut read, mut write) = (self.reads.average(now), self.writes.average(now));
        if read > write.saturating_mul(LATENCY_RATIO) {
            read = LATENCY_RATIO * write;
        } else if read.saturating_mul(LATENCY_RATIO) < write {
            write = LATENCY_RATIO * read;
        }
        let (mut total, mut active, mut priorities) = (0_u128, 0_u128, 0_u128);
        for zone in &mut self.zones {
            let reads = zone.reads.recent(now);
            let writes = zone.writes.recent(now) + zone.logical.recent(now);
            if reads + writes == 0 {
                continue;
            }
            zone.utilization =
                u128::from(reads) * u128::from(read) + u128::from(writes) * u128::from(write);
            total += zone.utilization;
            active += 1;
            priorities += u128::from(zone.priority);
        }
        let utilization = self.disk_utilization(now) as f64;
        let gap = now - self.last_laggard.unwrap_or(0);
        let under = utilization < 100.0 * self.tuning.under || gap > ANCIENT;
        let over =
            utilization > 100.0 * self.tuning.over && gap < RECENT && self.last_laggard.is_some();
        let (step, ceiling) = (self.tuning.step.nanos() / 1000, self.tuning.ceiling.nanos() / 1000);
        for zone in &mut self.zones {
            let by_priority = (total * u128::from(zone.priority)).checked_div(priorities);
            let fair = by_priority.unwrap_or(total / active.max(1));
            if zone.utilization > fair && over {
                if active > 1 && zone.delay < ceiling {
                    zone.delay = (zone.delay + step).min(ceiling);
                }
            } else if zone.utilization < fair || under || active <= 1 {
                zone.delay = zone.delay.saturating_sub(step);
            }
        }
    }

    /// Returns the share of the time since the last adjustment with an operation outstanding, in percent; 0 in the
    /// first adjustment.
    fn disk_utilization(&mut self, now: u64) -> u64 {
        let before = self.measured.replace((now, self.busy));
        let Some((since, busy)) = before.filter(|(since, _)| *since < now) else { return 0 };
        (self.busy - busy).saturating_mul(100) / (now - since)
    }
}

#[cfg(test)]
mod tests;
