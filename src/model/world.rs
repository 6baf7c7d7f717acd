//! The loop of one replication: the earliest event, the clock, who handles it, what is handed over.
//!
//! [`World::new`] from a blueprint, a lineage and a window is the only way to one. The loop takes
//! the earliest event, asserts that it is not in the past, sets the clock, handles it, and then
//! drains the zero-delay lane before the next event leaves the calendar. It knows no kind of component:
//! what there is beside the loop, and what components do to each other, is [`Around`].

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
mod calls;
mod ending;
mod hearing;
mod numbers;
mod operation;
mod patience;
pub mod readings;
pub mod resize;
mod source;
mod states;
pub mod storage;
pub mod telling;
mod users;
mod walk;

pub use around::Around;

use source::Arriving;

/// Why a run stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// More requests in flight than fit.
    TooManyInFlight {
        /// When.
        at: SimTime,
    },
    /// A request, a step or a page has more of something than is simulated.
    TooMany {
        /// When.
        at: SimTime,
        /// The class of the request.
        class: String,
        /// Of what.
        of: Bounded,
    },
    /// Time stood still.
    NoProgress(NoProgress),
}

/// What is counted for each request and bounded by [`MOST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounded {
    /// Repetitions of its steps.
    Repetitions,
    /// Operations of one of its steps.
    Operations,
    /// Parts of its page.
    Parts,
    /// Branches that it waits for at one time.
    Children,
}

impl Stop {
    /// Whether more load than capacity is the reason.
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

/// What of the plan a world lives through.
#[derive(Clone, Debug)]
pub struct Span {
    /// Fixes the rate of the workloads named, by index; the others keep their own.
    pub levels: Vec<Option<Rate>>,
    /// The world begins, empty, at this instant of the history.
    pub start: SimTime,
    /// Start of what is measured.
    pub from: SimTime,
    /// End of what is measured.
    pub until: SimTime,
    /// No arrival is made after this; at least `until`.
    pub horizon: SimTime,
    /// What breaks.
    pub faults: Faults,
}
/// One replication at work. A copy lives on by itself.
#[derive(Clone, Debug)]
pub struct World<'p> {
    around: Around<'p>,
    arriving: Arriving,
    /// Pieces of work without a client that have begun, by operation.
    operations: Vec<u64>,
    /// Queues that are taken together, as a figure asks.
    joints: Vec<Joint>,
    events: u64,
    digest: u64,
}

impl<'p> World<'p> {
    /// An empty world at the start of `span`.
    #[must_use]
    pub fn new(plan: &'p Blueprint, lineage: Lineage, span: Span) -> Self {
        Self::in_history(plan, lineage, span, None)
    }

    /// An empty world at the start of `span`, one of several windows of one history: it takes over its
    /// `past`, and its requests are numbered, and so draw, as about those that come in the history
    /// then, so that two windows draw apart.
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

    /// Lives on until just before `end`: every event before it is handled, none at it.
    ///
    /// # Errors
    ///
    /// [`Stop`] when a limit was met; the world is then of no further use.
    pub fn run_before(&mut self, end: SimTime) -> Result<(), Stop> {
        self.run_before_telling(end, |_, _, _| ())
    }

    /// As [`Self::run_before`]; `tell` is told every event, by its code and ticket, when it is counted and
    /// about to be handled.
    ///
    /// # Errors
    ///
    /// As [`Self::run_before`].
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
                // Most events, and known at a glance.
                match Event::served(due.code) {
                    Some(request) => self.around.served(request, due.ticket),
                    None => self.handle(due.code, due.ticket),
                }
            }
            // Most events hand one thing over.
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

    /// The event `code` at `at` is about to be handled.
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
            Event::Probe(unit) | Event::Database(unit) => {
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

    /// Begins to write down anew, here and now: what was written is forgotten, and who came before
    /// is not counted.
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

    /// What is counted ends here and now.
    pub fn end_count(&mut self) {
        self.around.span.until = self.around.now;
        for component in &mut self.around.components {
            component.count_ends(self.around.now);
        }
    }

    /// Breaks a part here and now, by its place in the plan of health, or mends it.
    pub fn drill(&mut self, part: u32, breaks: bool) {
        self.around.drill(part, breaks);
    }

    /// A component is in another state from now on, for `cause`.
    pub fn set_health(&mut self, id: ComponentId, health: Health, cause: CauseId) {
        self.around.set_health(id, health, cause);
    }

    /// How everything fares; none while the kernel has something to do.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        self.around.standing()
    }

    /// How everything fares and what the kernel will do; none where that reaches too far.
    #[must_use]
    pub fn outlook(&self) -> Option<Outlook> {
        self.around.outlook()
    }

    /// What is ill, to be put into another world of the same [`Standing`].
    #[must_use]
    pub fn illness(&self) -> Illness<'p> {
        self.around.ills.clone()
    }

    /// What is ill is what was ill in a world of the same [`Standing`].
    pub fn fall_ill(&mut self, illness: Illness<'p>) {
        self.around.ills = illness;
    }

    /// So many users of a workload, and no others, have gone away here and now whose sessions had at least
    /// one more page.
    pub fn send_away(&mut self, workload: WorkloadId, sessions: u64) {
        client::send_away(&mut self.around, workload, sessions);
    }

    /// Pages that users who have gone away would still have asked for count as asked for by others.
    pub fn forget_who_left(&mut self) {
        self.around.clients.views.forget_who_left();
    }

    /// Pages of a workload that users who have gone away would still ask for.
    #[must_use]
    pub fn who_left(&self, workload: WorkloadId) -> u64 {
        self.around.clients.views.who_left(workload)
    }
}

/// One step of the event digest: order-dependent, cheap, not cryptographic.
#[inline]
fn mix(digest: u64, word: u64) -> u64 {
    (digest.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
