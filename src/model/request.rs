//! A request in flight: its position, its remaining work, and the receiver of its answer.
//!
//! One slab entry of at most 256 bytes. All other code holds a [`RequestId`]. An entry is freed by the route
//! alone, when its last step is done and none of its children runs, so an id held by a queue is never stale.
//! Events are guarded by tickets, not by generations.

use crate::convert::place;
use crate::engine::calendar::Ticket;
use crate::model::drawn::Drawn;
use crate::model::event::MAX_INDEX;
use crate::model::ids::{CauseId, ClassId, ComponentId, UnitId};
use crate::units::SimTime;

/// Largest depth of nested calls of one request.
pub const MAX_DEPTH: usize = 5;
/// Largest depth of nested repetitions of one request.
pub const MAX_LOOPS: usize = 3;
/// Number of tiers of caches outside the sites: edges, and shields behind them.
pub const TIERS: usize = 2;

/// A request in flight, by its place in the slab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

impl RequestId {
    /// No request: work without a client.
    pub const NONE: Self = Self(u32::MAX);

    /// Returns the index into the slab.
    #[inline]
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Outcome of an attempt: the closed set of the ledger of attempts, without `in-flight`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// Answered.
    Ok,
    /// Refused: the backlog is full, or no process listens.
    Refused,
    /// Answered with an error.
    Error,
    /// Abandoned by its client while it was being processed.
    Timeout,
    /// Abandoned by its client while no packet came back at all.
    Unreachable,
    /// No longer needed: nothing waits for its answer.
    Aborted,
    /// Answered, without a write that the reader should have seen (stale read).
    Stale,
}

/// Receiver of the answer of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// None: the client has left, or there never was one.
    Nobody,
    /// An open workload without clients: the request is the page view.
    Workload,
    /// A closed user without a client, by its number among all users.
    User(u32),
    /// A page view of a client.
    View(u32),
    /// Another request, which counts its children and waits for them.
    Parent(RequestId),
    /// A balancer that sent it as a probe, by the alarm of the probe.
    Probe(UnitId),
    /// A database group that sent it as a probe or applies a write with it, by the alarm of that.
    Database(UnitId),
    /// The component that started it.
    Component(ComponentId),
    /// A database group that sent it for a transaction, of no class.
    Group(ComponentId),
}

/// Relation of a request to the component of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It has asked to be admitted and was not yet; it holds nothing.
    Calling,
    /// It is in the queue there, or holds a worker or a connection.
    Inside,
    /// Its parent holds the frame: the request may use its mounts and releases nothing.
    Borrowed,
}

/// A component that a request is inside.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The member.
    pub at: ComponentId,
    /// Number of the call among all calls, by which its time-out finds it.
    pub serial: u32,
    /// Instant of entry.
    pub since: SimTime,
    /// Kind of the call; [`NO_CALL`] for the entrance.
    pub call: u32,
    /// Relation to the component.
    pub hold: Hold,
    /// True if it was entered through the frame below, a unit of a balancer.
    pub behind: bool,
    /// True if a replica has answered it without a write that it should have had.
    pub stale: bool,
}

/// Marks a frame that is not a call with a ledger.
pub const NO_CALL: u32 = u32::MAX;

impl Frame {
    const EMPTY: Self = Self {
        at: ComponentId::NONE,
        serial: 0,
        since: SimTime::ZERO,
        call: NO_CALL,
        hold: Hold::Calling,
        behind: false,
        stale: false,
    };
}

/// The event or resource that a request waits for at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Waits {
    /// Nothing: it is moving along its route.
    Nothing,
    /// A server, in the queue of the component `at`.
    InLine,
    /// In service at the component `at`.
    InService,
    /// An event of its own: a delay, a back-off.
    Timer,
    /// Its children.
    Children,
    /// Nothing that will come: it was sent to a component that never answers.
    Void,
    /// The end of the stall of the service `at`.
    Paused,
    /// The object that another request fetches for the same edge.
    Fetch,
}

/// Part of the way between client and server on which a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// At the server: it follows its route.
    Route,
    /// Its reply is on the way to the client.
    Reply,
    /// The client's next request is on the way to the edge.
    Travel,
    /// It is on the way over a link between sites to the component that it calls.
    Call,
    /// Its answer is on the way back over a link between sites.
    Answer,
    /// It is data of a stream: what crosses links next may begin when its last byte has left, and its receiver adds the latency.
    Stream,
}

/// Flags of a request, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks(u8);

impl Marks {
    /// The slot is in use.
    pub const LIVE: Self = Self(1);
    /// Nothing waits for the frames below: the request ends when it has released its own frames.
    pub const ORPHAN: Self = Self(2);
    /// A patience or a time-out ends an endless wait of its innermost call.
    pub const CAN_TIME_OUT: Self = Self(4);
    /// Its service here has begun and was interrupted.
    pub const RESUMED: Self = Self(8);
    /// It has asked memory already, and spun, before the disk operation that it goes on with.
    pub const SPUN: Self = Self(16);
    /// It has asked memory already before the disk operation that it goes on with.
    pub const ASKED: Self = Self(32);
    /// Both of the disk operation.
    pub const OF_DISK: Self = Self(16 | 32);

    /// Returns whether `mark` is set.
    #[inline(always)]
    #[must_use]
    pub const fn has(self, mark: Self) -> bool {
        self.0 & mark.0 != 0
    }

    /// Sets or clears `mark`.
    #[inline(always)]
    pub const fn set(&mut self, mark: Self, so: bool) {
        self.0 = if so { self.0 | mark.0 } else { self.0 & !mark.0 };
    }
}

/// One request in flight, of four cache lines, so that a shift finds its slot.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Request {
    /// Start of this attempt.
    pub born: SimTime,
    /// Instant at which it came to the component `at`.
    pub since: SimTime,
    /// Ordinal of its page at the source: the key of its draws.
    pub ordinal: u64,
    /// Number that distinguishes the draws of all that its page sends out (see [`Drawn`]).
    pub path: u32,
    /// Ticket of the event it waits for.
    pub ticket: Ticket,
    /// Ticket of the event that ends its client's patience.
    pub patience: Ticket,
    /// Service time, work or size of the present step, in the unit of its component. On the way from a shield
    /// to an edge: age of the object, in nanoseconds.
    pub need: u64,
    /// End of the present service; on the way from a shield, the instant of departure there.
    pub ends: SimTime,
    /// Total queueing time at stations so far, in nanoseconds.
    pub waited: u64,
    /// Receiver of its answer.
    pub owner: Owner,
    /// Position in the page: 0 is the page, 1… are its assets.
    pub position: u32,
    /// The component in whose queue or service it is.
    pub at: ComponentId,
    /// A number with a meaning of the component `at`: a zone, a disk.
    pub local: u32,
    /// The next operation of its route.
    pub pc: u32,
    /// Frames of the components it is inside, outermost first.
    pub frames: [Frame; MAX_DEPTH],
    /// Remaining repetitions of its loops, outermost first.
    pub loops: [u16; MAX_LOOPS],
    /// Number of the present repetition of its steps, which keys the draws of repeated steps.
    pub iteration: u16,
    /// Number of the repetition outside its present loops.
    pub outside: u16,
    /// First number of a repetition that no loop has used so far.
    pub unused: u16,
    /// Number of children that have not ended.
    pub children: u16,
    /// Its class.
    pub class: ClassId,
    /// The workload it is attributed to.
    pub workload: u16,
    /// Per tier of caches: the edge for which it fetches or at which it waits for a fetch, counted from 1; 0 is
    /// none.
    pub fetch: [u16; TIERS],
    /// For a fetch, the first request that waits for it; for a request that waits, the next one that does. One
    /// per tier.
    pub joined: [RequestId; TIERS],
    /// The cause of its failure, when it failed.
    pub cause: CauseId,
    /// Number of frames in use.
    pub depth: u8,
    /// Number of loops in use.
    pub loop_depth: u8,
    /// Priority at the station it is in; a smaller number is served first.
    pub priority: u8,
    /// The event or resource that it waits for at present.
    pub waits: Waits,
    /// Part of the way between client and server.
    pub stage: Stage,
    /// Number of the attempt of its page view.
    pub attempt: u8,
    /// Number of other members that the balancer around it has tried.
    pub dispatches: u8,
    /// True if it started inside the measured window.
    pub counted: bool,
    /// Flags.
    pub marks: Marks,
    /// The outcome reported to its client already, if the work goes on without the client.
    pub failed: Option<Outcome>,
}

const _: () = assert!(size_of::<Request>() <= 256);

impl Request {
    /// Returns a request of `class` at the start of its route.
    #[must_use]
    #[inline]
    pub fn new(class: ClassId, entry: u32, owner: Owner, born: SimTime) -> Self {
        Self {
            born,
            since: born,
            ordinal: 0,
            path: 0,
            ticket: Ticket::NONE,
            patience: Ticket::NONE,
            need: 0,
            ends: SimTime::ZERO,
            waited: 0,
            owner,
            position: 0,
            at: ComponentId::NONE,
            local: 0,
            pc: entry,
            frames: [Frame::EMPTY; MAX_DEPTH],
            loops: [0; MAX_LOOPS],
            iteration: 0,
            outside: 0,
            unused: 0,
            children: 0,
            class,
            workload: 0,
            fetch: [0; TIERS],
            joined: [RequestId::NONE; TIERS],
            cause: CauseId::OVERLOAD,
            depth: 0,
            loop_depth: 0,
            priority: 0,
            waits: Waits::Nothing,
            stage: Stage::Route,
            attempt: 0,
            dispatches: 0,
            counted: false,
            marks: Marks::LIVE,
            failed: None,
        }
    }

    /// Turns the slot into a new request at the start of its route, in place. The stacks of calls and loops are
    /// empty and need no clearing, and the fields that components write on its arrival keep their values. The
    /// caller sets the fields of page and workload.
    #[inline(always)]
    pub fn restart(&mut self, class: ClassId, entry: u32, owner: Owner, born: SimTime) {
        self.born = born;
        self.ticket = Ticket::NONE;
        self.patience = Ticket::NONE;
        self.owner = owner;
        self.waited = 0;
        self.position = 0;
        self.at = ComponentId::NONE;
        self.pc = entry;
        self.path = 0;
        self.frames[0].at = ComponentId::NONE;
        self.iteration = 0;
        self.outside = 0;
        self.unused = 0;
        self.children = 0;
        self.class = class;
        self.fetch = [0; TIERS];
        self.joined = [RequestId::NONE; TIERS];
        self.cause = CauseId::OVERLOAD;
        self.depth = 0;
        self.loop_depth = 0;
        self.waits = Waits::Nothing;
        self.stage = Stage::Route;
        self.attempt = 0;
        self.marks = Marks::LIVE;
        self.failed = None;
    }

    /// Returns whether it fetches for an edge, or waits for such a fetch.
    #[inline]
    #[must_use]
    pub fn is_of_edge(&self) -> bool {
        self.fetch != [0; TIERS]
    }

    /// Key of its draws.
    #[inline]
    #[must_use]
    pub const fn drawn(&self) -> Drawn {
        Drawn { ordinal: self.ordinal, path: self.path }
    }

    /// Innermost component it is inside.
    #[inline]
    #[must_use]
    pub fn top(&self) -> &Frame {
        &self.frames[usize::from(self.depth) - 1]
    }

    /// Mutable access to the innermost frame.
    #[inline]
    pub fn top_mut(&mut self) -> &mut Frame {
        &mut self.frames[usize::from(self.depth) - 1]
    }
}

/// All requests in flight.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    slots: Vec<Request>,
    free: Vec<u32>,
    live: usize,
    most: usize,
}

/// Error: more requests in flight than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

impl Requests {
    /// Returns an empty slab.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a new request of `class` at the start of its route. A used slot is written in place
    /// ([`Request::restart`]).
    ///
    /// # Errors
    ///
    /// [`TooMany`] if the indices of events are used up.
    #[inline(always)]
    pub fn begin(
        &mut self,
        class: ClassId,
        entry: u32,
        owner: Owner,
        born: SimTime,
    ) -> Result<RequestId, TooMany> {
        let Some(index) = self.free.pop() else {
            return self.insert(Request::new(class, entry, owner, born));
        };
        self.live += 1;
        self.slots[index as usize].restart(class, entry, owner, born);
        Ok(RequestId(index))
    }

    /// Adds a request.
    ///
    /// # Errors
    ///
    /// [`TooMany`] if the indices of events are used up.
    #[inline]
    pub fn insert(&mut self, request: Request) -> Result<RequestId, TooMany> {
        self.live += 1;
        if let Some(index) = self.free.pop() {
            self.slots[index as usize] = request;
            return Ok(RequestId(index));
        }
        let index = place(self.slots.len());
        if index >= MAX_INDEX {
            return Err(TooMany);
        }
        self.slots.push(request);
        self.most = self.slots.len();
        Ok(RequestId(index))
    }

    /// Removes a request; its id is invalid from here on.
    #[inline(always)]
    pub fn remove(&mut self, id: RequestId) {
        let slot = &mut self.slots[id.index()];
        debug_assert!(slot.marks.has(Marks::LIVE));
        slot.marks.set(Marks::LIVE, false);
        slot.ticket = Ticket::NONE;
        slot.patience = Ticket::NONE;
        self.live -= 1;
        self.free.push(id.0);
    }

    /// Number of requests in flight.
    #[must_use]
    pub fn len(&self) -> usize {
        self.live
    }

    /// Returns whether no request is in flight.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Largest number of requests in flight at one time.
    #[must_use]
    pub fn most(&self) -> usize {
        self.most
    }

    /// Marks all requests as not counted.
    pub fn count_none(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.counted = false);
    }

    /// Ids and entries of all requests in flight, in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = (RequestId, &Request)> {
        let live = |(index, request): (usize, _)| (RequestId(place(index)), request);
        self.slots.iter().enumerate().filter(|(_, r)| r.marks.has(Marks::LIVE)).map(live)
    }
}

impl std::ops::Index<RequestId> for Requests {
    type Output = Request;
    #[inline]
    fn index(&self, id: RequestId) -> &Request {
        &self.slots[id.index()]
    }
}

impl std::ops::IndexMut<RequestId> for Requests {
    #[inline]
    fn index_mut(&mut self, id: RequestId) -> &mut Request {
        &mut self.slots[id.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields left as they are: those that a component or the page writes before they are read, and those
    /// beyond the ends of the stacks.
    #[test]
    fn a_slot_that_is_used_again_is_as_good_as_new() {
        let born = SimTime::from_nanos(9);
        let fresh = Request::new(ClassId(1), 7, Owner::View(3), born);
        let mut used = Request::new(ClassId(2), 8, Owner::Parent(RequestId(4)), SimTime::ZERO);
        let mut calendar = crate::engine::calendar::Calendar::new();
        let ticket = calendar.ticket();
        (used.ticket, used.patience, used.cause) = (ticket, ticket, CauseId(5));
        (used.path, used.waited, used.position) = (1, 2, 3);
        (used.at, used.frames[0].at) = (ComponentId(6), ComponentId(6));
        (used.iteration, used.outside, used.unused, used.children) = (1, 2, 3, 4);
        (used.fetch, used.joined) = ([1; TIERS], [RequestId(1); TIERS]);
        (used.depth, used.loop_depth, used.attempt) = (1, 2, 3);
        (used.waits, used.stage) = (Waits::Void, Stage::Reply);
        used.marks.set(Marks::ORPHAN, true);
        used.failed = Some(Outcome::Error);
        used.restart(ClassId(1), 7, Owner::View(3), born);
        assert_eq!(used.frames[0].at, ComponentId::NONE);
        let kept = Request {
            since: fresh.since,
            ordinal: fresh.ordinal,
            need: fresh.need,
            ends: fresh.ends,
            local: fresh.local,
            frames: fresh.frames,
            loops: fresh.loops,
            workload: fresh.workload,
            priority: fresh.priority,
            dispatches: fresh.dispatches,
            counted: fresh.counted,
            ..used
        };
        assert_eq!(format!("{kept:?}"), format!("{fresh:?}"));
    }
}
