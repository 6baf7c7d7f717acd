//! A request in flight: where it is, what it still has to do, who waits for it.
//!
//! One slab entry of at most 256 bytes. Everyone else holds a [`RequestId`]; an entry is freed by
//! the route alone, when its last step is done and none of its children runs, so an id held by a
//! queue is never stale. Events are guarded by tickets, not by generations.

use crate::convert::place;
use crate::engine::calendar::Ticket;
use crate::model::event::MAX_INDEX;
use crate::model::ids::{CauseId, ClassId, ComponentId, UnitId};
use crate::model::route::Drawn;
use crate::units::SimTime;

/// Nested calls of one request.
pub const MAX_DEPTH: usize = 5;
/// Nested repetitions of one request.
pub const MAX_LOOPS: usize = 3;
/// Tiers of caches outside the sites: edges, and shields behind them.
pub const TIERS: usize = 2;

/// A request in flight, by its place in the slab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

impl RequestId {
    /// No request: work without a client.
    pub const NONE: Self = Self(u32::MAX);

    /// As an index into the slab.
    #[inline]
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// How an attempt ended; the closed set of the ledger of attempts, without `in-flight`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// Answered.
    Ok,
    /// Turned away: backlog full, or nobody listens.
    Refused,
    /// Answered with an error.
    Error,
    /// Given up by its client while it was being worked on.
    Timeout,
    /// Given up by its client while no packet came back at all.
    Unreachable,
    /// Its answer was of no use to anybody any more.
    Aborted,
    /// Answered, without a write that the reader should have seen.
    Stale,
}

/// Who waits for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Nobody: the client has gone, or there never was one.
    Nobody,
    /// An open workload without clients: the request is the page view.
    Workload,
    /// A closed user without a client, by its place among all of them.
    User(u32),
    /// A page view of a client.
    View(u32),
    /// Another request, which counts its children and waits for them.
    Parent(RequestId),
    /// A balancer, whose probe it is: the alarm of that.
    Probe(UnitId),
    /// A database group, whose probe it is or for whom it applies a write: the alarm of that.
    Database(UnitId),
    /// The component that let it begin.
    Component(ComponentId),
}

/// How far a request is inside the component of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It has asked and was not let in yet; nothing is held.
    Calling,
    /// It waits in line there or holds a worker or a connection.
    Inside,
    /// Its parent holds it; gives access to mounts, releases nothing.
    Borrowed,
}

/// A component a request is inside of.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The member.
    pub at: ComponentId,
    /// Number of the call among all calls, to find its time-out.
    pub serial: u32,
    /// When it came in.
    pub since: SimTime,
    /// Kind of the call; [`NO_CALL`] for the way in.
    pub call: u32,
    /// What it holds.
    pub hold: Hold,
    /// Whether it was entered through the frame below, a unit of a balancer.
    pub behind: bool,
    /// Whether a slave has answered it without a write that it should have had.
    pub stale: bool,
}

/// A frame that is not a call with a ledger.
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

/// What a request waits for at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Waits {
    /// It is moving along its route.
    Nothing,
    /// In the line of the component `at`.
    InLine,
    /// In service at the component `at`.
    InService,
    /// For an event of its own: a delay, a back-off.
    Timer,
    /// For its children.
    Children,
    /// For ever: it was sent where nobody answers.
    Void,
    /// For the service `at` to go on: it stands still.
    Paused,
    /// For what another fetches for the same edge.
    Fetch,
}

/// Which side of the server's edge a request is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// Inside: it follows its route.
    Route,
    /// Its reply is on the way to the client.
    Reply,
    /// The client's next request is on the way to the edge.
    Travel,
}

/// What is so or not of a request, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks(u8);

impl Marks {
    /// The slot is in use.
    pub const LIVE: Self = Self(1);
    /// Nobody waits for the frames below: it ends when its own are given back.
    pub const ORPHAN: Self = Self(2);
    /// A patience or a time-out will end a wait without end for its innermost call.
    pub const CAN_TIME_OUT: Self = Self(4);
    /// Its service here has begun and was interrupted.
    pub const RESUMED: Self = Self(8);

    /// Whether `mark` is so.
    #[inline(always)]
    #[must_use]
    pub const fn has(self, mark: Self) -> bool {
        self.0 & mark.0 != 0
    }

    /// Lets `mark` be so, or not.
    #[inline(always)]
    pub const fn set(&mut self, mark: Self, so: bool) {
        self.0 = if so { self.0 | mark.0 } else { self.0 & !mark.0 };
    }
}

/// One request in flight; as large as four cache lines, so that a slot is found by a shift.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Request {
    /// When this attempt entered.
    pub born: SimTime,
    /// When it came to the component `at`.
    pub since: SimTime,
    /// Number of its page at the source: the key of its draws.
    pub ordinal: u64,
    /// Which of all that its page sends out it is, for its draws (see [`Drawn`]).
    pub path: u32,
    /// The event it waits for.
    pub ticket: Ticket,
    /// The event of its client's patience.
    pub patience: Ticket,
    /// Service time, work or size of the present step, as the component counts it; on the way from a shield
    /// to an edge, the age of what it brings, in nanoseconds.
    pub need: u64,
    /// When the present service ends; on the way from a shield, when it left there.
    pub ends: SimTime,
    /// Time in line at stations so far, in nanoseconds.
    pub waited: u64,
    /// Who waits for it.
    pub owner: Owner,
    /// Which part of the page it is: 0 the page, 1… its assets.
    pub position: u32,
    /// Where it is, when it is in line or in service.
    pub at: ComponentId,
    /// A number that belongs to the component `at`: a zone, a disk.
    pub local: u32,
    /// The next operation of its route.
    pub pc: u32,
    /// What it is inside of, outermost first.
    pub frames: [Frame; MAX_DEPTH],
    /// Repetitions still to do, outermost first.
    pub loops: [u16; MAX_LOOPS],
    /// Repetition of the steps that it takes now; tells the draws of repeated steps apart.
    pub iteration: u16,
    /// The repetition outside of the loops that it is in.
    pub outside: u16,
    /// The first repetition that no loop so far has used.
    pub unused: u16,
    /// Children not yet ended.
    pub children: u16,
    /// Its class.
    pub class: ClassId,
    /// The workload it comes from.
    pub workload: u16,
    /// By tier of caches: the edge for which it is fetched, or where it waits for that, counted from 1; 0:
    /// none.
    pub fetch: [u16; TIERS],
    /// By tier: of a fetch, who waits for it first; of who waits for one, who does so next.
    pub joined: [RequestId; TIERS],
    /// The cause of its failure, when it failed.
    pub cause: CauseId,
    /// Frames in use.
    pub depth: u8,
    /// Loops in use.
    pub loop_depth: u8,
    /// Rank at the station it is in; a smaller number goes first.
    pub priority: u8,
    /// What it waits for.
    pub waits: Waits,
    /// Which side of the edge it is on.
    pub stage: Stage,
    /// Which try of its page view it belongs to.
    pub attempt: u8,
    /// Further members that the balancer around it has tried.
    pub dispatches: u8,
    /// Whether it was born inside the window that is measured.
    pub counted: bool,
    /// What is so or not.
    pub marks: Marks,
    /// The outcome its client has been told already, when the work goes on without it.
    pub failed: Option<Outcome>,
}

const _: () = assert!(size_of::<Request>() <= 256);

impl Request {
    /// A request of `class` at the start of its route.
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

    /// Makes another one of it, at the start of its route, written in place: the stacks of calls and
    /// loops are empty and need no cleaning, and what the components write as it comes to them stays.
    /// Where it is of a page and a workload is the caller's to say.
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

    /// Whether it is the fetch of an edge, or waits for one.
    #[inline]
    #[must_use]
    pub fn is_of_edge(&self) -> bool {
        self.fetch != [0; TIERS]
    }

    /// Whose draws it has.
    #[inline]
    #[must_use]
    pub const fn drawn(&self) -> Drawn {
        Drawn { ordinal: self.ordinal, path: self.path }
    }

    /// The innermost component it is inside of.
    #[inline]
    #[must_use]
    pub fn top(&self) -> &Frame {
        &self.frames[usize::from(self.depth) - 1]
    }

    /// The same, to change.
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

/// More requests in flight than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

impl Requests {
    /// Room for none.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a fresh request of `class` in, at the start of its route. Writes a slot in place
    /// ([`Request::restart`]).
    ///
    /// # Errors
    ///
    /// [`TooMany`] when the indices of events are used up.
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

    /// Puts a request in.
    ///
    /// # Errors
    ///
    /// [`TooMany`] when the indices of events are used up.
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

    /// Takes a request out; its id means nothing from here on.
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

    /// Requests in flight.
    #[must_use]
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether nothing is in flight.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// The most that were in flight at one time.
    #[must_use]
    pub fn most(&self) -> usize {
        self.most
    }

    /// All of them belong to nothing that is written down.
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

    /// Left as they are: what a component or the page writes before it is read, and what lies above the
    /// ends of the stacks.
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
