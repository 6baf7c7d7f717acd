//! The loop of one replication: it takes the earliest event, sets the clock, dispatches the event and drains the
//! lane.
//!
//! [`World::new`] makes a world from a blueprint, a lineage and a window; there is no other way to one. The loop
//! takes the earliest event, asserts that it is not in the past, sets the clock, handles the event, and drains
//! the zero-delay lane before the next event leaves the calendar. It knows no kind of component: all state beside
//! the loop, and what components do to each other, is in [`Around`].

use crate::convert::table;
use crate::engine::calendar::Ticket;
use crate::engine::draw::Lineage;
use crate::engine::lane::NoProgress;
use crate::kinds::client::live as client;
use crate::model::blueprint::Blueprint;
use crate::model::event::Event;
use crate::model::gauge::Joint;
use crate::model::ids::{CallId, CauseId, ComponentId, UnitId, WorkloadId};
use crate::model::outage::{Faults, Illness, Outlook, Past, Standing};
use crate::model::record::Record;
use crate::model::route::MOST;
use crate::model::{Component, Ctx, Health};
use crate::units::{Rate, SimTime};

macro_rules! ctx {
    ($around:ident, $cause:expr) => {
        Ctx {
            now: $around.now,
            calendar: &mut $around.calendar,
            lane: &mut $around.lane,
            requests: &mut $around.requests,
            draws: &$around.draws,
            record: &mut $around.record,
            cause: $cause,
        }
    };
}

pub mod around;
mod between;
mod calls;
mod ending;
mod guest;
mod hearing;
mod numbers;
mod operation;
mod paging;
mod patience;
pub mod readings;
pub mod resize;
pub mod scaling;
mod source;
mod states;
pub mod storage;
pub mod supply;
pub mod telling;
mod users;
mod walk;

pub use around::Around;

use source::Arriving;

/// Reason why a run stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// There are more requests in flight than fit.
    TooManyInFlight {
        /// Instant of the stop.
        at: SimTime,
    },
    /// A request, a step or a page exceeds a bound of the simulation.
    TooMany {
        /// Instant of the stop.
        at: SimTime,
        /// The class of the request.
        class: String,
        /// The quantity that exceeds its bound.
        of: Bounded,
    },
    /// A cascade of zero-delay steps did not end.
    NoProgress(NoProgress),
}

/// Quantity counted per request and bounded by [`MOST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounded {
    /// Repetitions of the steps of a request.
    Repetitions,
    /// Operations of one step.
    Operations,
    /// Parts of a page.
    Parts,
    /// Parallel branches that a request waits for.
    Children,
}

impl Stop {
    /// Returns whether the reason is more load than capacity.
    #[must_use]
    pub const fn is_overload(&self) -> bool {
        matches!(self, Self::TooManyInFlight { .. })
    }
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooManyInFlight { at } => {
                write!(f, "too many requests in flight at {at}: the system is overloaded")
            }
            Self::TooMany { at, class, of } => {
                let what = match of {
                    Bounded::Repetitions => "repeats its steps more than",
                    Bounded::Operations => "has a step with more operations than",
                    Bounded::Parts => "is followed by more parts than",
                    Bounded::Children => "waits for more parallel branches than",
                };
                write!(f, "a request of `{class}` at {at} {what} {MOST}")
            }
            Self::NoProgress(error) => error.fmt(f),
        }
    }
}

/// Part of the plan that a world simulates.
#[derive(Clone, Debug)]
pub struct Span {
    /// Fixed rates of workloads, by index; a workload with `None` keeps its own rate.
    pub levels: Vec<Option<Rate>>,
    /// Instant of the trajectory at which the world begins, empty.
    pub start: SimTime,
    /// Start of the measured window.
    pub from: SimTime,
    /// End of the measured window.
    pub until: SimTime,
    /// No request arrives after this instant; at least `until`.
    pub horizon: SimTime,
    /// Active faults.
    pub faults: Faults,
}
/// One replication. A copy evolves independently of the original.
#[derive(Clone, Debug)]
pub struct World<'p> {
    around: Around<'p>,
    arriving: Arriving,
    /// Number of operations begun without a client, by operation of the blueprint.
    operations: Vec<u64>,
    /// Queues whose numbers a figure adds up.
    joints: Vec<Joint>,
    events: u64,
    digest: u64,
}

impl<'p> World<'p> {
    /// Returns an empty world at the start of `span`.
    #[must_use]
    pub fn new(plan: &'p Blueprint, lineage: Lineage, span: Span) -> Self {
        Self::in_history(plan, lineage, span, None)
    }

    /// Returns an empty world at the start of `span`, as one of several windows of a trajectory. It takes over
    /// its `past`. Its requests have about the ordinals of those that arrive then in the trajectory, so two
    /// windows have different draws.
    #[must_use]
    pub fn in_history(
        plan: &'p Blueprint,
        lineage: Lineage,
        span: Span,
        past: Option<Past>,
    ) -> Self {
        let arriving = Arriving::new(plan, lineage, &span, past.is_some());
        let mut world = Self {
            around: Around::new(plan, lineage, span, past),
            arriving,
            operations: vec![0; plan.operations.len()],
            joints: Vec::new(),
            events: 0,
            digest: 0,
        };
        for index in 0..plan.workloads.len() {
            world.arriving.schedule(WorkloadId::at(index), &mut world.around.calendar);
        }
        for (index, operation) in plan.operations.iter().enumerate() {
            let first = operation.next_start(world.around.now);
            let code = Event::Operation(table::u32(index)).code();
            world.around.calendar.push(first, code);
        }
        world.around.start();
        world
    }

    /// Simulates until just before `end`: every event before it is handled, none at it.
    ///
    /// # Errors
    ///
    /// [`Stop`] when a limit is exceeded; the world cannot be used any more.
    pub fn run_before(&mut self, end: SimTime) -> Result<(), Stop> {
        self.run_before_telling(end, |_, _, _| ())
    }

    /// Simulates as [`Self::run_before`] does. `tell` is called for every event with its code and ticket, after
    /// the event is counted and before it is handled.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::run_before`].
    #[inline]
    pub fn run_before_telling(
        &mut self,
        end: SimTime,
        mut tell: impl FnMut(&Self, u32, Ticket),
    ) -> Result<(), Stop> {
        loop {
            let (place, workload) = self.arriving.next();
            if place < self.around.calendar.next_place() {
                if place.at() >= end {
                    break;
                }
                let code = Event::Arrival(workload).code();
                self.count(place.at(), code)?;
                tell(self, code, Ticket::NONE);
                self.arrival(workload);
            } else {
                let Some(due) = self.around.calendar.pop_before(end) else { break };
                self.count(due.at, due.code)?;
                tell(self, due.code, due.ticket);
                // These are most events, and their code alone identifies them.
                match Event::served(due.code) {
                    Some(request) => self.around.served(request, due.ticket),
                    None => self.handle(due.code, due.ticket),
                }
            }
            // Most events make one hand-over.
            if let Some(next) = self.around.lane.take_only() {
                self.around.goes_on_with(next);
            }
            if !self.around.lane.is_empty() || self.around.stop.is_some() {
                self.around.drain()?;
            }
        }
        self.around.now = self.around.now.max(end);
        Ok(())
    }

    /// Sets the clock to the event `code` at `at`, and adds it to count and digest.
    #[inline]
    fn count(&mut self, at: SimTime, code: u32) -> Result<(), Stop> {
        debug_assert!(at >= self.around.now, "time does not run backwards");
        self.around.now = at;
        self.events += 1;
        self.digest = mix(self.digest, at.nanos() ^ u64::from(code) << 36);
        self.around.lane.enter(at).map_err(Stop::NoProgress)
    }

    #[inline(never)]
    fn handle(&mut self, code: u32, ticket: Ticket) {
        let around = &mut self.around;
        match Event::of(code) {
            Event::Arrival(workload) => self.arrival(workload),
            Event::Operation(index) => self.operation(index as usize),
            Event::Served(request) => around.served(request, ticket),
            Event::Alarm(unit) => {
                let (id, local) = around.plan.units[unit.index()];
                let mut ctx = ctx!(around, around.states.causes[id.index()]);
                around.components[id.index()].alarm(&mut ctx, local, ticket);
            }
            Event::Probe(unit) | Event::Database(unit) | Event::Feed(unit) | Event::Scale(unit) => {
                let (id, local) = around.plan.units[UnitId(unit).index()];
                Component::due(around, id, local, ticket);
            }
            Event::Wake(request) => {
                if around.requests[request].ticket == ticket {
                    around.wake(request);
                }
            }
            Event::Patience(request) => {
                if around.requests[request].patience == ticket {
                    around.patience_ends(request);
                }
            }
            Event::Patiences => around.patiences_due(),
            Event::CallDeadline(call) => around.call_deadline(CallId(call)),
            Event::View(view) => client::view_due(around, view, ticket),
            Event::Resize(index) => around.resized(index),
            Event::User(user) => around.user_asks(user),
            Event::Health => around.health_due(),
        }
    }

    #[inline]
    fn arrival(&mut self, workload: WorkloadId) {
        let first = self.around.plan.workloads[workload.index()].first_ordinal;
        let ordinal = first + self.arriving.expected(workload);
        self.arriving.schedule(workload, &mut self.around.calendar);
        self.around.view_asked(workload, ordinal, None);
    }

    /// Begins a new measured window now: the record is cleared, and requests that arrived before are not counted.
    pub fn count_anew(&mut self, until: SimTime) {
        let around = &mut self.around;
        (around.span.from, around.span.until) = (around.now, until);
        around.record = Record::new(around.plan);
        around.requests.count_none();
        around.clients.views.count_none();
        for component in &mut around.components {
            component.counts_anew(around.now, until);
        }
    }

    /// Ends the measured window now.
    pub fn end_count(&mut self) {
        self.around.span.until = self.around.now;
        for component in &mut self.around.components {
            component.count_ends(self.around.now);
        }
    }

    /// Breaks or repairs a part now, by its place in the plan of health.
    pub fn drill(&mut self, part: u32, breaks: bool) {
        self.around.drill(part, breaks);
    }

    /// Sets the health of a component from now on, for `cause`.
    pub fn set_health(&mut self, id: ComponentId, health: Health, cause: CauseId) {
        self.around.set_health(id, health, cause);
    }

    /// Returns the health of all components; `None` while the health kernel has a pending event.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        self.around.standing()
    }

    /// Returns the health of all components and the coming events of the kernel; `None` if there are too many.
    #[must_use]
    pub fn outlook(&self) -> Option<Outlook> {
        self.around.outlook()
    }

    /// Returns a copy of the health kernel, for another world of the same [`Standing`].
    #[must_use]
    pub fn illness(&self) -> Illness<'p> {
        self.around.ills.clone()
    }

    /// Replaces the health kernel by the one of a world of the same [`Standing`].
    pub fn fall_ill(&mut self, illness: Illness<'p>) {
        self.around.ills = illness;
    }

    /// Sets the number of users of a workload that have just left and whose sessions had at least one more page.
    /// It replaces all users that left before.
    pub fn send_away(&mut self, workload: WorkloadId, sessions: u64) {
        client::send_away(&mut self.around, workload, sessions);
    }

    /// Clears the users that have left: the pages they would have requested count as requested by others.
    pub fn forget_who_left(&mut self) {
        self.around.clients.views.forget_who_left();
    }

    /// Number of pages that users of a workload who have left would still request.
    #[must_use]
    pub fn who_left(&self, workload: WorkloadId) -> u64 {
        self.around.clients.views.who_left(workload)
    }
}

/// Returns the event digest after one more word: order-dependent, cheap, not cryptographic.
#[inline]
fn mix(digest: u64, word: u64) -> u64 {
    (digest.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
