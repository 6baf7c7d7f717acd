//! Oracles of the copies of a log: single rules, closed forms, and the account under random events.

mod closed_forms;
mod random;
mod rules;

use super::mechanism::{Copies, End, Parcel, Taken, Terms};
use super::spec::Mode;
use crate::units::SimTime;

/// Returns the instant at `time` milliseconds.
fn ms(time: u64) -> SimTime {
    SimTime::from_nanos(time * 1_000_000)
}

/// Returns the rules of a log whose buffer holds ten records of 100 bytes, three of them to a block.
fn terms(mode: Mode, senders: usize, subscribers: usize) -> Terms {
    Terms { mode, senders, subscribers, block: 300, buffer: 1000, waits: false }
}

/// Returns a record of 100 bytes written at `time` milliseconds.
fn record(time: u64) -> Parcel {
    Parcel::record(ms(time), 100, 0)
}

/// Moves and works on all that can be, in no time.
fn drain(copies: &mut Copies, now: SimTime) {
    while let Some(sending) = copies.next() {
        let (receivers, _) = copies.arrived(sending.lane);
        for receiver in receivers {
            copies.worked(now, sending.lane, receiver, End::Done);
        }
    }
}
