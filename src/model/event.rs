//! All events, each as a code of 28 bits that the calendar keeps beside its key: 4 bits of kind, 24 of index.
//!
//! An event that may become stale carries a ticket. It has no effect if its owner has kept another ticket.

use crate::convert::table;
use crate::model::ids::{UnitId, WorkloadId};
use crate::model::request::RequestId;

/// Largest index of an event. The numbers of requests in flight, units and views stay below it.
pub const MAX_INDEX: u32 = (1 << 24) - 1;

/// An event of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The next arrival of a workload.
    Arrival(WorkloadId),
    /// A station has served a request, or a processor one that had a core to itself.
    Served(RequestId),
    /// The one armed alarm of a unit rings.
    Alarm(UnitId),
    /// A delay or a back-off of a request ends.
    Wake(RequestId),
    /// The patience of a request's client ends.
    Patience(RequestId),
    /// A bucket of clients whose patience may end soon is due.
    Patiences,
    /// The oldest running call of a kind reaches its time-out.
    CallDeadline(u32),
    /// A page view continues: a round trip or the wait before its retry ends.
    View(u32),
    /// The health kernel has a transition due.
    Health,
    /// The next piece of work of an operation, such as a backup.
    Operation(u32),
    /// Event of a balancer or name service, by unit: a probe is due or times out, or a virtual IP moves.
    Probe(u32),
    /// The memory of a zone changes, by the cache whose capacity depends on it.
    Resize(u32),
    /// Event of a database group, by unit: a probe, the next write of a replica, a failover step.
    Database(u32),
    /// A closed user ends its think time, by its number among all users.
    User(u32),
    /// Event of a cache or of lent servers, by unit: its second level takes up blocks; their hours begin or end.
    Feed(u32),
    /// Event of an autoscaler, by unit: a measurement, a decision, a step of a launch or removal.
    Scale(u32),
}

impl Event {
    /// Returns the code for the calendar.
    #[must_use]
    #[inline(always)]
    pub fn code(self) -> u32 {
        let (kind, index) = match self {
            Self::Arrival(id) => (0, u32::from(id.0)),
            Self::Served(id) => (1, id.0),
            Self::Alarm(id) => (2, id.0),
            Self::Wake(id) => (3, id.0),
            Self::Patience(id) => (4, id.0),
            Self::CallDeadline(id) => (5, id),
            Self::View(id) => (6, id),
            Self::Health => (7, 0),
            Self::Operation(id) => (8, id),
            Self::Probe(id) => (9, id),
            Self::Patiences => (10, 0),
            Self::Resize(id) => (11, id),
            Self::Database(id) => (12, id),
            Self::User(id) => (13, id),
            Self::Feed(id) => (14, id),
            Self::Scale(id) => (15, id),
        };
        debug_assert!(index <= MAX_INDEX);
        kind << 24 | index
    }

    /// Returns the request whose service ends, if `code` is a [`Self::Served`].
    #[must_use]
    #[inline]
    pub fn served(code: u32) -> Option<RequestId> {
        (code >> 24 == 1).then_some(RequestId(code & MAX_INDEX))
    }

    /// Returns a description of the event.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Arrival(_) => "arrival",
            Self::Served(_) => "service ends",
            Self::Alarm(_) => "alarm",
            Self::Wake(_) => "wait ends",
            Self::Patience(_) => "patience ends",
            Self::Patiences => "patience is looked at",
            Self::CallDeadline(_) => "call times out",
            Self::View(_) => "page view goes on",
            Self::Health => "health changes",
            Self::Operation(_) => "operation",
            Self::Probe(_) => "probe",
            Self::Resize(_) => "memory or cap changes",
            Self::Database(_) => "database",
            Self::User(_) => "user asks",
            Self::Feed(_) => "component acts by itself",
            Self::Scale(_) => "scaler",
        }
    }

    /// Returns the event of a code.
    #[must_use]
    #[inline]
    pub fn of(code: u32) -> Self {
        let index = code & MAX_INDEX;
        match code >> 24 {
            0 => Self::Arrival(WorkloadId(table::u16(index as usize))),
            1 => Self::Served(RequestId(index)),
            2 => Self::Alarm(UnitId(index)),
            3 => Self::Wake(RequestId(index)),
            4 => Self::Patience(RequestId(index)),
            5 => Self::CallDeadline(index),
            6 => Self::View(index),
            7 => Self::Health,
            8 => Self::Operation(index),
            9 => Self::Probe(index),
            10 => Self::Patiences,
            11 => Self::Resize(index),
            12 => Self::Database(index),
            14 => Self::Feed(index),
            15 => Self::Scale(index),
            _ => Self::User(index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_comes_back_from_its_code() {
        for event in [
            Event::Arrival(WorkloadId(7)),
            Event::Served(RequestId(MAX_INDEX)),
            Event::Alarm(UnitId(3)),
            Event::Wake(RequestId(0)),
            Event::Patience(RequestId(12)),
            Event::Patiences,
            Event::CallDeadline(5),
            Event::View(9),
            Event::Health,
            Event::Operation(1),
            Event::Probe(MAX_INDEX),
            Event::Resize(4),
            Event::Database(4),
            Event::User(6),
            Event::Feed(2),
            Event::Scale(4),
        ] {
            assert_eq!(Event::of(event.code()), event);
            let served = if let Event::Served(request) = event { Some(request) } else { None };
            assert_eq!(Event::served(event.code()), served);
        }
    }
}
