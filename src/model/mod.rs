//! The world: one component a file.
//!
//! A component is a plain struct that the loop calls with a [`Ctx`]. It knows its own line and its
//! own state, names no other component, and ends a step by telling the context that the request
//! may go on ([`Ctx::proceed`]) or has failed ([`Ctx::fail`]); [`route`] knows what follows.

pub mod alarm;
pub mod blueprint;
pub mod event;
pub mod gauge;
pub mod ids;
pub mod outage;
pub mod probing;
pub mod record;
pub mod request;
pub mod route;
pub mod spec;
pub mod world;

use crate::engine::calendar::{Calendar, Ticket};
use crate::engine::draw::{Lineage, Seed};
use crate::engine::lane::Lane;
use crate::model::event::Event;
use crate::model::gauge::{ByNumber, Gauge, Occupancy};
use crate::model::ids::{CauseId, ClassId, ComponentId, DemandId};
use crate::model::outage::Past;
use crate::model::record::Record;
use crate::model::request::{Hold, Marks, Outcome, Owner, RequestId, Requests, Waits};
use crate::model::route::{Drawn, Draws};
use crate::observe::histogram::Histogram;
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
    /// The kind that tallies more ([`Gauge::tally`]).
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

/// What a kind of component owes the loop. A kind says all of it: what it has no part in, with `none!`.
pub trait Live: Sized {
    /// What the plan says of it.
    type Config: Clone + std::fmt::Debug;

    /// As it is at the start of a run.
    fn begin(id: ComponentId, config: &Self::Config, start: &Start<'_>) -> Self;

    /// The armed alarm `local` of this component rings.
    fn alarm(&mut self, ctx: &mut Ctx<'_>, local: u32, ticket: Ticket);

    /// The event that `request` waits for inside this component has come.
    fn wake(&mut self, ctx: &mut Ctx<'_>, request: RequestId);

    /// Takes `request` out of the line or of service, where it is.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId);

    /// The component is in another state from now on.
    fn health(&mut self, ctx: &mut Ctx<'_>, health: Health);

    /// Whose health it hears of.
    fn listens(config: &Self::Config) -> Vec<ComponentId>;

    /// It hears how one of those fares from now on, before anybody inside of that is told.
    fn hears(&mut self, ctx: &mut Ctx<'_>, heard: Heard);

    /// `request` asks it for `what`, a number that its kind gave the step.
    fn ask(&mut self, ctx: &mut Ctx<'_>, request: RequestId, what: u32) -> Answer;

    /// A request that it let [begin](Ctx::begin) has ended, and is no more.
    fn ended(&mut self, ctx: &mut Ctx<'_>, request: RequestId, outcome: Outcome);

    /// What waits inside of it and is no request of the loop: messages, and the class that does their work.
    #[must_use]
    fn holds(&self) -> Option<(ClassId, usize)>;

    /// Distributions and readings of a window begin anew, now; the window ends at `until`.
    fn counts_anew(&mut self, now: SimTime, until: SimTime);

    /// The window ends, now.
    fn count_ends(&mut self, now: SimTime);

    /// What is counted of components of this configuration.
    fn counts(config: &Self::Config) -> Keeps;

    /// Waits of who is counted, when kept, in nanoseconds.
    fn waits(&self) -> Option<&Histogram>;

    /// Stays of who is counted, when kept, in nanoseconds.
    fn stays(&self) -> Option<&Histogram>;

    /// Time at each number up to `now`, when kept.
    fn by_number(&self, now: SimTime) -> Option<ByNumber>;

    /// From now on is counted when each number is first reached, where that is kept.
    fn begin_to_count(&mut self, now: SimTime);

    /// What it has counted up to `now`; the stays of requests still inside are added by the world, which
    /// knows them.
    #[must_use]
    fn gauge(&self, now: SimTime) -> Gauge;
}

/// What a kind has no part in: no alarm of its own, nothing of a request that waits, no state of health, nothing
/// that is counted.
macro_rules! none {
    ($($what:ident),*) => { $(crate::model::none!(@$what);)* };
    (@alarm) => {
        fn alarm(&mut self, _: &mut Ctx<'_>, _: u32, _: crate::engine::calendar::Ticket) {}
    };
    (@wake) => {
        fn wake(&mut self, _: &mut Ctx<'_>, _: crate::model::request::RequestId) {}
    };
    (@cancel) => {
        fn cancel(&mut self, _: &mut Ctx<'_>, _: crate::model::request::RequestId) {}
    };
    (@health) => {
        fn health(&mut self, _: &mut Ctx<'_>, _: crate::model::Health) {}
    };
    (@listens) => {
        fn listens(_: &Self::Config) -> Vec<crate::model::ids::ComponentId> {
            Vec::new()
        }
    };
    (@hears) => {
        fn hears(&mut self, _: &mut crate::model::Ctx<'_>, _: crate::model::Heard) {}
    };
    (@ask) => {
        fn ask(
            &mut self,
            _: &mut crate::model::Ctx<'_>,
            _: crate::model::request::RequestId,
            _: u32,
        ) -> crate::model::Answer {
            unreachable!("no step asks a component of this kind")
        }
    };
    (@ended) => {
        fn ended(
            &mut self,
            _: &mut crate::model::Ctx<'_>,
            _: crate::model::request::RequestId,
            _: crate::model::request::Outcome,
        ) {
            unreachable!("a component of this kind lets no request begin")
        }
    };
    (@holds) => {
        fn holds(&self) -> Option<(crate::model::ids::ClassId, usize)> {
            None
        }
    };
    (@counts_anew) => {
        fn counts_anew(&mut self, _: crate::units::SimTime, _: crate::units::SimTime) {}
    };
    (@count_ends) => {
        fn count_ends(&mut self, _: crate::units::SimTime) {}
    };
    (@waits) => {
        fn waits(&self) -> Option<&crate::observe::histogram::Histogram> {
            None
        }
    };
    (@stays) => {
        fn stays(&self) -> Option<&crate::observe::histogram::Histogram> {
            None
        }
    };
    (@by_number) => {
        fn by_number(&self, _: crate::units::SimTime) -> Option<crate::model::gauge::ByNumber> {
            None
        }
    };
    (@begin_to_count) => {
        fn begin_to_count(&mut self, _: crate::units::SimTime) {}
    };
    (@gauge) => {
        fn gauge(&self, _: crate::units::SimTime) -> crate::model::gauge::Gauge {
            crate::model::gauge::Gauge::default()
        }
    };
}
pub(crate) use none;

macro_rules! component_enum {
    ($($doc:literal, $Kind:ident: $held:ty, $Is:path;)*) => {
        /// A component of any kind.
        #[derive(Clone, Debug)]
        pub enum Component {
            $(#[doc = $doc] $Kind($held),)*
        }

        impl Component {
            /// The armed alarm `local` of this component rings.
            #[inline]
            pub fn alarm(&mut self, ctx: &mut Ctx<'_>, local: u32, ticket: Ticket) {
                match self { $(Self::$Kind(component) => component.alarm(ctx, local, ticket),)* }
            }

            /// The event that `request` waits for inside this component has come.
            pub fn wake(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
                match self { $(Self::$Kind(component) => component.wake(ctx, request),)* }
            }

            /// Takes `request` out of the line or of service, where it is.
            pub fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
                match self { $(Self::$Kind(component) => component.cancel(ctx, request),)* }
            }

            /// The component is in another state from now on.
            pub fn health(&mut self, ctx: &mut Ctx<'_>, health: Health) {
                match self { $(Self::$Kind(component) => component.health(ctx, health),)* }
            }

            /// It hears how another one fares.
            pub fn hears(&mut self, ctx: &mut Ctx<'_>, heard: Heard) {
                match self { $(Self::$Kind(component) => component.hears(ctx, heard),)* }
            }

            /// `request` asks it for `what`.
            pub fn ask(&mut self, ctx: &mut Ctx<'_>, request: RequestId, what: u32) -> Answer {
                match self { $(Self::$Kind(component) => component.ask(ctx, request, what),)* }
            }

            /// A request that it let begin has ended.
            pub fn ended(&mut self, ctx: &mut Ctx<'_>, request: RequestId, outcome: Outcome) {
                match self { $(Self::$Kind(component) => component.ended(ctx, request, outcome),)* }
            }

            /// What waits inside of it and is no request of the loop.
            #[must_use]
            pub fn holds(&self) -> Option<(ClassId, usize)> {
                match self { $(Self::$Kind(component) => component.holds(),)* }
            }

            /// A window begins, now, and ends at `until`.
            pub fn counts_anew(&mut self, now: SimTime, until: SimTime) {
                match self { $(Self::$Kind(component) => component.counts_anew(now, until),)* }
            }

            /// A window ends, now.
            pub fn count_ends(&mut self, now: SimTime) {
                match self { $(Self::$Kind(component) => component.count_ends(now),)* }
            }

            /// Waits of who is counted, when kept, in nanoseconds.
            #[must_use]
            pub fn waits(&self) -> Option<&Histogram> {
                match self { $(Self::$Kind(component) => component.waits(),)* }
            }

            /// Stays of who is counted, when kept, in nanoseconds.
            #[must_use]
            pub fn stays(&self) -> Option<&Histogram> {
                match self { $(Self::$Kind(component) => component.stays(),)* }
            }

            /// Time at each number up to `now`, when kept.
            #[must_use]
            pub fn by_number(&self, now: SimTime) -> Option<ByNumber> {
                match self { $(Self::$Kind(component) => component.by_number(now),)* }
            }

            /// From now on is counted when each number is first reached, where that is kept.
            pub fn begin_to_count(&mut self, now: SimTime) {
                match self { $(Self::$Kind(component) => component.begin_to_count(now),)* }
            }

            /// What it has counted up to `now`; the stays of requests still inside are added by
            /// the world, which knows them.
            #[must_use]
            pub fn gauge(&self, now: SimTime) -> Gauge {
                match self { $(Self::$Kind(component) => component.gauge(now),)* }
            }
        }
    };
}
crate::kinds::each_component!(component_enum);
