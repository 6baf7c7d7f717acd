//! Queue classes in front of each disk of a set, and the throttle of the zones that share it.
//!
//! Model: the throttle counts the logical operations of each zone and the operations that the disks receive and
//! end. A deferred write is a logical write of its zone; at the disks it belongs to no zone, as those of a transaction
//! group do. Invariants are those of the two mechanisms ([`io_throttle`], [`leaf_queue`]).
//! Without transaction groups the throttle takes the time between their syncs from its configuration.
//!
//! [`io_throttle`]: crate::mechanism::io_throttle
//! [`leaf_queue`]: crate::mechanism::leaf_queue

use super::pool::What;
use super::{NO_ZONE, Operation};
use crate::mechanism::io_throttle::{Direction, IoThrottle, Tuning};
use crate::mechanism::leaf_queue::{Class, LIMITS, LeafQueue, Turns};
use crate::model::gauge::Gauge;
use crate::model::ids::ComponentId;
use crate::units::{SimDuration, SimTime};

/// Configuration of the queues and the throttle.
#[derive(Clone, Debug)]
pub struct Sharing {
    /// True if operations wait in classes.
    pub classes: bool,
    /// Tunables of the throttle; `None`: there is none.
    pub throttle: Option<Tuning>,
    /// I/O priority of each zone, and the component of its ledger.
    pub zones: Vec<(u32, Option<ComponentId>)>,
}

/// Delays of one zone.
#[derive(Clone, Copy, Debug, Default)]
struct Ledger {
    part: Option<ComponentId>,
    operations: u64,
    delayed: u64,
    spun: SimDuration,
    /// Greatest delay of one operation since the window began.
    most: SimDuration,
}

/// Queues and throttle of a set of disks in the event loop.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    /// Queue in front of each disk; empty without classes.
    leaves: Vec<LeafQueue<Operation>>,
    turns: Turns,
    throttle: Option<IoThrottle>,
    ledgers: Vec<Ledger>,
}

fn zone_of(operation: &Operation) -> Option<usize> {
    (operation.zone != NO_ZONE).then_some(operation.zone as usize)
}

const fn direction(write: bool) -> Direction {
    if write { Direction::Write } else { Direction::Read }
}

impl Shared {
    /// Number of operations that wait in front of a disk.
    pub(super) fn in_front_of(&self, disk: u32) -> usize {
        self.leaves.get(disk as usize).map_or(0, |leaf| leaf.iter().count())
    }

    pub(super) fn new(config: &Sharing, disks: u32) -> Self {
        let priorities = || config.zones.iter().map(|(priority, _)| *priority);
        let leaves = if config.classes { disks as usize } else { 0 };
        let ledger =
            |(_, part): &(u32, Option<ComponentId>)| Ledger { part: *part, ..Ledger::default() };
        Self {
            leaves: vec![LeafQueue::new(LIMITS); leaves],
            turns: Turns::new(priorities()),
            throttle: config.throttle.map(|tuning| IoThrottle::new(tuning, priorities())),
            ledgers: config.zones.iter().map(ledger).collect(),
        }
    }

    /// Counts logical operations; returns the time that their zone spins before them.
    pub(super) fn spin(&mut self, now: SimTime, zone: u32, write: bool, count: u32) -> SimDuration {
        let zone = zone as usize;
        let (Some(throttle), Some(ledger)) = (&mut self.throttle, self.ledgers.get_mut(zone))
        else {
            return SimDuration::ZERO;
        };
        let before = ledger.spun;
        for _ in 0..count {
            let delay = throttle.operation(now, zone, direction(write));
            ledger.operations += 1;
            ledger.delayed += u64::from(!delay.is_zero());
            ledger.spun += delay;
            ledger.most = ledger.most.max(delay);
        }
        ledger.spun - before
    }

    /// Queues an operation in front of disk `index`; returns it if there are no classes.
    pub(super) fn put(&mut self, index: u32, operation: Operation) -> Option<Operation> {
        match self.leaves.get_mut(index as usize) {
            None => Some(operation),
            Some(leaf) => {
                leaf.put(operation.class, zone_of(&operation), operation);
                None
            }
        }
    }

    /// Takes out the next operation for disk `index`.
    pub(super) fn take(&mut self, index: u32) -> Option<Operation> {
        self.leaves.get_mut(index as usize)?.take(&mut self.turns)
    }

    /// Limits the active asynchronous writes at each disk.
    pub(super) fn limit_writes(&mut self, most: u32) {
        self.leaves.iter_mut().for_each(|leaf| leaf.limit(Class::AsyncWrite, most));
    }

    /// Records the start of a sync of a transaction group.
    pub(super) fn sync_begins(&mut self, now: SimTime) {
        if let Some(throttle) = &mut self.throttle {
            throttle.sync_begins(now);
        }
    }

    /// Records that a disk has received an operation.
    pub(super) fn started(&mut self, now: SimTime) {
        if let Some(throttle) = &mut self.throttle {
            throttle.started(now);
        }
    }

    /// Records that disk `index` has ended `operation`.
    pub(super) fn done(&mut self, now: SimTime, index: u32, operation: &Operation) {
        if operation.what == What::Flush {
            // A cache flush passes the queue, and the throttle does not count it.
            return;
        }
        if let Some(leaf) = self.leaves.get_mut(index as usize) {
            leaf.done(operation.class);
        }
        if let Some(throttle) = &mut self.throttle {
            let reads = matches!(operation.class, Class::SyncRead | Class::Scrub);
            let direction = direction(!reads);
            throttle.done(now, zone_of(operation), direction, operation.issued);
        }
    }

    /// Records that disk `index` has lost the operations `issued`; returns them with those that waited.
    pub(super) fn lose(
        &mut self,
        now: SimTime,
        index: u32,
        mut issued: Vec<Operation>,
    ) -> Vec<Operation> {
        if let Some(throttle) = &mut self.throttle {
            let counted = issued.iter().filter(|operation| operation.what != What::Flush);
            counted.for_each(|_| throttle.lost(now));
        }
        if let Some(leaf) = self.leaves.get_mut(index as usize) {
            issued.extend(leaf.clear());
        }
        issued
    }

    /// Returns the operations that wait in front of the disks.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Operation> {
        self.leaves.iter().flat_map(LeafQueue::iter)
    }

    /// Returns the operations in front of the disks that requests may wait for, to be changed.
    pub(super) fn waiting_mut(&mut self) -> impl Iterator<Item = &mut Operation> {
        self.leaves.iter_mut().flat_map(LeafQueue::sync_mut)
    }

    /// Restarts the greatest delays.
    pub(super) fn counts_anew(&mut self) {
        self.ledgers.iter_mut().for_each(|ledger| ledger.most = SimDuration::ZERO);
    }

    /// Returns the ledger of the zone whose component is `part`.
    pub(super) fn reading(&self, part: ComponentId) -> Option<Gauge> {
        let own = self.ledgers.iter().find(|ledger| ledger.part == Some(part))?;
        let tally = [own.operations, own.delayed, own.spun.nanos()];
        Some(Gauge {
            tally: tally.into_iter().map(u128::from).collect(),
            peaks: vec![u128::from(own.most.nanos())],
            ..Gauge::default()
        })
    }
}
