//! A lane of copies: those that wait, and the block under way.

use std::collections::VecDeque;

use crate::units::SimTime;

/// Records together: one record, or those that were written to a disk at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parcel {
    /// Number of records.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Work of a subscriber for them, in core-nanoseconds.
    pub work: u64,
    /// Sum of the instants at which they were written, in nanoseconds.
    pub written: u128,
}

impl Parcel {
    /// Returns one record that is written at `now`.
    #[must_use]
    pub fn record(now: SimTime, bytes: u64, work: u64) -> Self {
        Self { records: 1, bytes, work, written: u128::from(now.nanos()) }
    }

    /// Adds the records of another.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.work = self.work.saturating_add(other.work);
        self.written += other.written;
    }
}

/// A receiver of a block under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receiver {
    pub(super) subscriber: usize,
    /// True if it works on the block.
    pub(super) works: bool,
}

/// A block under way.
#[derive(Clone, Debug)]
pub struct Flight {
    /// Number of parcels, at the front of the lane.
    pub(super) parcels: usize,
    pub(super) sum: Parcel,
    pub(super) arrived: bool,
    pub(super) receivers: Vec<Receiver>,
}

/// Copies that wait in the order in which they were written, and the block under way.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    pub(super) queue: VecDeque<Parcel>,
    pub(super) records: u64,
    pub(super) bytes: u64,
    /// Parcels at the front that may be sent.
    pub(super) ready: usize,
    pub(super) flight: Option<Flight>,
    /// Records that wait for space, with the numbers of their requests.
    pub(super) waiting: VecDeque<(u32, Parcel)>,
}

impl Lane {
    pub(super) fn has_space(&self, bytes: u64, buffer: u64) -> bool {
        self.queue.is_empty() || self.bytes.saturating_add(bytes) <= buffer
    }

    pub(super) fn push(&mut self, parcel: Parcel, is_ready: bool) {
        self.queue.push_back(parcel);
        self.records += parcel.records;
        self.bytes = self.bytes.saturating_add(parcel.bytes);
        self.ready += usize::from(is_ready);
    }

    /// Removes the parcels of the block under way.
    pub(super) fn pop(&mut self, parcels: usize) {
        for parcel in self.queue.drain(..parcels) {
            self.records -= parcel.records;
            self.bytes -= parcel.bytes.min(self.bytes);
        }
        self.ready -= parcels;
    }

    /// Removes all parcels but the first `keep`; returns the number of their records.
    pub(super) fn cut(&mut self, keep: usize) -> u64 {
        let gone: u64 = self.queue.drain(keep..).map(|parcel| parcel.records).sum();
        self.records -= gone;
        self.bytes = self.queue.iter().fold(0, |sum, parcel| parcel.bytes.saturating_add(sum));
        self.ready = self.ready.min(keep);
        gone
    }

    /// Copies inside, of a lane with `each` copies of a record that is not under way.
    pub(super) fn copies(&self, each: u128) -> u128 {
        let flight = self.flight.as_ref();
        let (moving, copies) = flight.map_or((0, 0), |flight| {
            (flight.sum.records, u128::from(flight.sum.records) * flight.receivers.len() as u128)
        });
        let waiting: u64 = self.waiting.iter().map(|(_, parcel)| parcel.records).sum();
        u128::from(self.records - moving + waiting) * each + copies
    }
}
