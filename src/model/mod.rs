//! The event loop, and the context in which components act.
//!
//! A component is a plain struct in the folder of its kind ([`kinds`](crate::kinds)). With a [`Ctx`] it changes its own
//! state and one request: it ends a step by telling the context that the request may go on ([`Ctx::proceed`]) or has
//! failed ([`Ctx::fail`]). With [`Around`](world::Around) it acts on others. [`route`] knows what follows a step.

pub mod alarm;
pub mod blueprint;
pub mod event;
pub mod gauge;
pub mod ids;
mod live;
pub mod outage;
pub mod probing;
pub mod record;
pub mod request;
pub mod route;
pub mod spec;
pub mod world;

pub(crate) use live::none;
pub use live::{Component, Held, Live};

use crate::engine::calendar::{Calendar, Ticket};
use crate::engine::draw::{Lineage, Seed};
use crate::engine::lane::Lane;
use crate::model::event::Event;
use crate::model::gauge::Occupancy;
use crate::model::ids::{CauseId, ClassId, ComponentId, DemandId};
use crate::model::outage::Past;
use crate::model::record::Record;
use crate::model::request::{Hold, Marks, Outcome, Owner, RequestId, Requests, Waits};
use crate::model::route::{Drawn, Draws};
use crate::units::{SimDuration, SimTime};

/// The state of a component, as its users meet it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Health {
    /// Works.
    Up,
    /// Works, this many times slower.
    Slow(f64),
    /// Keeps everything and does nothing: what is inside waits and resumes.
    Stalled,
    /// Accepts and never answers.
    Hung,
    /// Its process is gone: what was inside is lost, newcomers are refused at once.
    Down,
    /// Its host, network or power is gone: what was inside is lost, newcomers hear nothing.
    Unreachable,
}

impl Health {
    /// It does its work, if slowly.
    #[must_use]
    pub const fn works(self) -> bool {
        matches!(self, Self::Up | Self::Slow(_))
    }

    /// What was inside is lost, and nobody is let in.
    #[must_use]
    pub const fn is_lost(self) -> bool {
        matches!(self, Self::Down | Self::Unreachable)
    }

    /// Nothing in it moves.
    #[must_use]
    pub const fn stands_still(self) -> bool {
        matches!(self, Self::Stalled | Self::Hung)
    }
}

/// What is counted of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeps {
    /// Who is in line, and at work.
    pub line: bool,
    /// Waits one by one.
    pub waits: bool,
    /// The time at each number inside or at work, and stays one by one.
    pub levels: bool,
    /// The time at each number in line.
    pub line_levels: bool,
    /// Visits that last.
    pub visits: bool,
    /// Completions.
    pub completions: bool,
    /// The kind that tallies more ([`Gauge::tally`](gauge::Gauge::tally)).
    pub tallied_by: Option<&'static str>,
}

impl Keeps {
    /// Nothing.
    pub const NOTHING: Self = Self {
        line: false,
        waits: false,
        levels: false,
        line_levels: false,
        visits: false,
        completions: false,
        tallied_by: None,
    };
}

/// What a component says to a request that asks it for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It has it and goes on.
    GoesOn,
    /// It goes another way, by its number.
    Way(u32),
    /// It waits; the component lets it [proceed](Ctx::proceed), or wakes it.
    Waits,
    /// It fails.
    Fails(Outcome),
}

/// What becomes of a request at an operation that is a component's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It goes on with the next operation.
    GoesOn,
    /// It goes on at another one.
    To(u32),
    /// It has asked a member to be let in, which may have done so at once.
    Asked,
    /// It waits, or is no more.
    Waits,
}

/// What becomes of a request that a component in front of the servers has sent on, before it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its caller goes on as another one, which the answer is for.
    PassesTo(RequestId),
    /// Its client has gone, the work goes on.
    ClientLeft,
    /// It is about to be removed: no answer would ever have come, or nothing waits for it.
    Removed,
}

/// A component hears how another one fares.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// Who.
    pub of: ComponentId,
    /// How it fared.
    pub was: Health,
    /// How it fares.
    pub is: Health,
}

impl Heard {
    /// Whether a process that hung is a new one now.
    #[must_use]
    pub fn is_renewed(self) -> bool {
        self.was == Health::Hung && self.is != Health::Hung
    }
}

/// A request that a component lets begin, inside of a member of a service.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    /// The component.
    pub by: ComponentId,
    /// Its class, which enters at a service.
    pub class: ClassId,
    /// What it does there: the operation after the entrance.
    pub pc: u32,
    /// The member that it enters.
    pub at: ComponentId,
    /// Whose draws it has.
    pub drawn: Drawn,
    /// The workload that it comes from.
    pub workload: u16,
    /// Whether it belongs to what is measured.
    pub counted: bool,
}

/// How a run begins.
pub struct Start<'a> {
    /// When.
    pub at: SimTime,
    /// What is measured: from when until when.
    pub counted: (SimTime, SimTime),
    /// The seed of the scenario.
    pub seed: Seed,
    /// Whose draws these are.
    pub lineage: Lineage,
    /// Draws of this world.
    pub draws: &'a Draws<'a>,
    /// What had happened before, where the run is a window of a history.
    pub past: Option<&'a Past>,
    /// What breaks is broken by a drill: it is taken over, whatever the chance of that.
    pub drilled: bool,
}

/// A zero-delay hand-over.
#[derive(Clone, Copy, Debug)]
pub enum Move {
    /// The request goes on along its route.
    Advance(RequestId),
    /// The request has failed where it is.
    Fail(RequestId, Outcome),
    /// This unit of a balancer may have room for who waits in its line.
    Room(ComponentId),
    /// The request enters the member of a service that its `local` says.
    Enter(RequestId),
    /// More requests are in flight than fit: the run stops.
    TooMany,
}

/// All of the world but the component that is being called.
pub struct Ctx<'a> {
    /// The present.
    pub now: SimTime,
    /// Pending events.
    pub calendar: &'a mut Calendar,
    /// Hand-overs of this instant.
    pub lane: &'a mut Lane<Move>,
    /// Requests in flight.
    pub requests: &'a mut Requests,
    /// Draws of this world.
    pub draws: &'a Draws<'a>,
    /// What is written down.
    pub record: &'a mut Record,
    /// Why the component being called is in the health it is in.
    pub cause: CauseId,
}

impl Ctx<'_> {
    /// The step of `request` is done.
    #[inline]
    pub fn proceed(&mut self, request: RequestId) {
        self.lane.push(Move::Advance(request));
    }

    /// The step of `request` has failed, for the cause of this context.
    pub fn fail(&mut self, request: RequestId, outcome: Outcome) {
        self.requests[request].cause = self.cause;
        self.lane.push(Move::Fail(request, outcome));
    }

    /// Lets a request begin; `None` when there are too many: the run stops.
    pub fn begin(&mut self, begun: Begun) -> Option<RequestId> {
        let owner = Owner::Component(begun.by);
        let Ok(id) = self.requests.begin(begun.class, begun.pc, owner, self.now) else {
            self.lane.push(Move::TooMany);
            return None;
        };
        let request = &mut self.requests[id];
        request.ordinal = begun.drawn.ordinal;
        request.path = begun.drawn.path;
        request.workload = begun.workload;
        request.counted = begun.counted;
        request.local = begun.at.0;
        self.lane.push(Move::Enter(id));
        Some(id)
    }

    /// `request` came to a component that is not [`Health::Up`].
    pub fn turn_away(&mut self, request: RequestId, health: Health) {
        if health == Health::Unreachable {
            // Nobody answers. Whoever waits for it has a patience or a time-out, or else is told
            // at once, since nothing would ever end the wait.
            let entry = &mut self.requests[request];
            entry.cause = self.cause;
            let ends = match entry.depth {
                0 => entry.patience != Ticket::NONE,
                _ => entry.top().hold == Hold::Calling && entry.marks.has(Marks::CAN_TIME_OUT),
            };
            if ends {
                entry.waits = Waits::Void;
                return;
            }
            return self.fail(request, Outcome::Unreachable);
        }
        self.fail(request, Outcome::Refused);
    }

    /// `request` is no longer among those `inside` the component it is at.
    #[inline(always)]
    pub(crate) fn departs(&mut self, inside: &mut Occupancy, request: RequestId) {
        let entry = &mut self.requests[request];
        inside.remove(self.now, self.now - entry.since);
        entry.at = ComponentId::NONE;
        entry.waits = Waits::Nothing;
    }

    /// A demand of `request` as a length of time.
    #[inline]
    #[must_use]
    pub fn duration(&self, demand: DemandId, request: RequestId) -> SimDuration {
        SimDuration::from_seconds_f64(self.draws.demand(demand, &self.requests[request]))
    }

    /// Wakes `request` after `delay`.
    pub fn wake_after(&mut self, request: RequestId, delay: SimDuration) {
        let ticket = self.calendar.push(self.now + delay, Event::Wake(request).code());
        self.requests[request].ticket = ticket;
    }
}
