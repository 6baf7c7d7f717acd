//! Everything that can happen at an instant, as a code of 28 bits that the calendar keeps beside
//! its key: four bits of kind, twenty-four of index.
//!
//! An event that must be able to go stale is compared with the ticket that its owner kept; an
//! event whose ticket is not the kept one does nothing.

use crate::convert::table;
use crate::model::ids::{UnitId, WorkloadId};
use crate::model::request::RequestId;

/// Largest index an event can carry: requests in flight, units and views stay below it.
pub const MAX_INDEX: u32 = (1 << 24) - 1;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The next arrival of a workload.
    Arrival(WorkloadId),
    /// A station is done with a request, or a processor with one that had a core to itself.
    Served(RequestId),
    /// The one armed alarm of a unit rings.
    Alarm(UnitId),
    /// A delay or a back-off of a request ends.
    Wake(RequestId),
    /// The client of a request gives up.
    Patience(RequestId),
    /// The time of those has come who may give up soon.
    Patiences,
    /// The oldest running call of a kind reaches its time-out.
    CallDeadline(u32),
    /// Something a page view waits for: a round trip or its retry.
    View(u32),
    /// The health kernel has a transition due.
    Health,
    /// The next piece of work of an operation, such as a backup.
    Operation(u32),
    /// A probe of a balancer is due or has waited long enough, or its address moves: by its unit.
    Probe(u32),
    /// A zone gets another memory, by the cache that this leaves another room.
    Resize(u32),
    /// Something of a database group: a probe, a slave's next write, its failover: by its unit.
    Database(u32),
    /// A closed user has thought and asks, by its place among all of them.
    User(u32),
}

impl Event {
    /// The code of the calendar.
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
        };
        debug_assert!(index <= MAX_INDEX);
        kind << 24 | index
    }

    /// Whose service is over, where that is what `code` says.
    #[must_use]
    #[inline]
    pub fn served(code: u32) -> Option<RequestId> {
        (code >> 24 == 1).then_some(RequestId(code & MAX_INDEX))
    }

    /// What it is, in plain words.
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
            Self::Resize(_) => "memory changes",
            Self::Database(_) => "database",
            Self::User(_) => "user asks",
        }
    }

    /// The event of a code.
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
            Event::CallDeadline(5),
            Event::View(9),
            Event::Health,
            Event::Operation(1),
            Event::Probe(MAX_INDEX),
            Event::Resize(4),
            Event::Database(4),
            Event::User(6),
        ] {
            assert_eq!(Event::of(event.code()), event);
            let served = if let Event::Served(request) = event { Some(request) } else { None };
            assert_eq!(Event::served(event.code()), served);
        }
    }
}
