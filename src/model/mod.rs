//! The event loop, and the context in which components act.
//!
//! A component is a plain struct in the folder of its kind ([`kinds`](crate::kinds)). With a [`Ctx`] it
//! changes its own state and one request. It ends a step by reporting to the context that the request
//! proceeds ([`Ctx::proceed`]) or has failed ([`Ctx::fail`]). With [`Around`](world::Around) it acts on other
//! components. [`route`] defines what follows a step.

pub mod alarm;
pub mod blueprint;
pub mod drawn;
pub mod event;
pub mod gauge;
pub mod guest;
pub mod ids;
mod live;
pub mod outage;
pub mod paging;
pub mod power;
pub mod probing;
pub mod record;
pub mod request;
pub mod route;
pub mod spec;
pub mod world;

pub use live::{Component, Held, Live};
pub(crate) use live::{none, part_of};

use crate::engine::calendar::{Calendar, Ticket};
use crate::engine::draw::{Lineage, Seed};
use crate::engine::lane::Lane;
use crate::model::event::Event;
use crate::model::gauge::Occupancy;
use crate::model::ids::{CauseId, ClassId, ComponentId, DemandId};
use crate::model::outage::Past;
use crate::model::record::Record;
use crate::model::request::{Hold, Marks, Outcome, Owner, Request, RequestId, Requests, Waits};
use crate::model::route::Draws;
use crate::units::{SimDuration, SimTime};

/// Health of a component, as its users observe it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Health {
    /// Healthy.
    Up,
    /// Working, slower by this factor.
    Slow(f64),
    /// Working; each segment that crosses it is lost with this probability. Of links between sites only.
    Lossy(f64),
    /// Working; each message that crosses it takes longer by this. Of links between sites only.
    Delayed(SimDuration),
    /// Carrying data from the first site to the second alone, or (`false`) from the second to the first. Of links between
    /// sites only.
    OneWay(bool),
    /// Reading, and failing writes at once. Of disks only.
    Full,
    /// Stalled: the work inside is kept and resumes later.
    Stalled,
    /// Requests are accepted and never answered.
    Hung,
    /// The process is gone: the work inside is lost, new requests are refused at once.
    Down,
    /// The host, network or power is gone: the work inside is lost, new requests get no answer.
    Unreachable,
}

impl Health {
    /// Returns whether the component does its work, if slowly.
    #[must_use]
    pub const fn works(self) -> bool {
        matches!(self, Self::Up | Self::Slow(_) | Self::Lossy(_) | Self::Delayed(_) | Self::Full)
    }

    /// Returns whether the work inside is lost and new requests are not accepted.
    #[must_use]
    pub const fn is_lost(self) -> bool {
        matches!(self, Self::Down | Self::Unreachable)
    }

    /// Returns whether the work inside is kept without progress.
    #[must_use]
    pub const fn is_stalled(self) -> bool {
        matches!(self, Self::Stalled | Self::Hung)
    }
}

/// Quantities that are counted for a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeps {
    /// Queue length, and number of busy servers.
    pub line: bool,
    /// Number of servers, if [busy time](gauge::Gauge::busy) is not in servers × ns; utilisation then gives the number busy.
    pub servers: Option<u32>,
    /// True if its servers have no bound, so that it has no utilisation.
    pub unlimited: bool,
    /// Each waiting time.
    pub waits: bool,
    /// Time at each number inside and in service, and each sojourn time.
    pub levels: bool,
    /// Time at each queue length.
    pub line_levels: bool,
    /// Number and mean duration of visits, which take time.
    pub visits: bool,
    /// Number of completions.
    pub completions: bool,
    /// Name of the kind that tallies more ([`Gauge::tally`](gauge::Gauge::tally)).
    pub tallied_by: Option<&'static str>,
}

impl Keeps {
    /// No quantity.
    pub const NOTHING: Self = Self {
        line: false,
        servers: None,
        unlimited: false,
        waits: false,
        levels: false,
        line_levels: false,
        visits: false,
        completions: false,
        tallied_by: None,
    };
}

/// Answer of a component to the request of a step `ask`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The request goes on with the next operation.
    GoesOn,
    /// The request takes another branch, given by its number.
    Way(u32),
    /// The request waits; the component lets it [proceed](Ctx::proceed) or wakes it later.
    Waits,
    /// The request fails.
    Fails(Outcome),
}

/// Result of an operation that belongs to a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The request goes on with the next operation.
    GoesOn,
    /// The request goes on at this operation.
    To(u32),
    /// The request has asked a member to admit it, which may already have happened.
    Asked,
    /// The request waits or no longer exists.
    Waits,
}

/// Event that ends or changes a request which a component in front of the servers has forwarded, before its
/// answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The caller continues as another request, which receives the answer.
    PassesTo(RequestId),
    /// The client has left; the work goes on.
    ClientLeft,
    /// The request is about to be removed: its answer would never come, or nothing waits for it.
    Removed,
}

/// A change of health, as reported to a component that listens.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// The component whose health changed.
    pub of: ComponentId,
    /// Health before.
    pub was: Health,
    /// Health now.
    pub is: Health,
}

impl Heard {
    /// Returns whether a hung process was replaced by a new one.
    #[must_use]
    pub fn is_renewed(self) -> bool {
        self.was == Health::Hung && self.is != Health::Hung
    }
}

/// A change of the times in which a component takes work: the hours of a server that is lent, and the life of a member that an
/// autoscaler launches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// The hours begin.
    Opens,
    /// The hours are over: no new work.
    Closes,
    /// The hours are over: the work inside is lost. It follows [`Self::Closes`] at the same instant.
    Stops,
}

/// A request that a component starts inside a member of a service.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    /// The component that starts it.
    pub by: ComponentId,
    /// Class of the request, which enters at a service.
    pub class: ClassId,
    /// Its first operation there, after the entrance.
    pub pc: u32,
    /// The member that it enters.
    pub at: ComponentId,
    /// Ordinal of its draws.
    pub ordinal: u64,
    /// Workload that it is attributed to.
    pub workload: u16,
    /// True if it counts for the measured window.
    pub counted: bool,
}

/// Parameters of the start of a run.
pub struct Start<'a> {
    /// Instant of the start.
    pub at: SimTime,
    /// Measured window: start and end.
    pub counted: (SimTime, SimTime),
    /// The seed of the scenario.
    pub seed: Seed,
    /// Lineage that keys the draws.
    pub lineage: Lineage,
    /// Draws of this world.
    pub draws: &'a Draws<'a>,
    /// Past of the trajectory, if the run is a window of one.
    pub past: Option<&'a Past>,
    /// True if only drills break parts: takeovers then always succeed, whatever their probability.
    pub drilled: bool,
}

/// A zero-delay hand-over.
#[derive(Clone, Copy, Debug)]
pub enum Move {
    /// The request continues along its route.
    Advance(RequestId),
    /// The request has failed where it is.
    Fail(RequestId, Outcome),
    /// This unit of a balancer may have a free slot for a queued request.
    Room(ComponentId),
    /// The request enters the member of a service given by its field `local`.
    Enter(RequestId),
    /// This member of a service, whose hours are over, has finished its last work.
    Emptied(ComponentId),
    /// The number in service of this member of a service has changed, and with it the memory that its zone uses.
    Memory(ComponentId),
    /// There are more requests in flight than fit: the run stops.
    TooMany,
}

/// The world without the component that is being called.
pub struct Ctx<'a> {
    /// The present instant.
    pub now: SimTime,
    /// Pending events.
    pub calendar: &'a mut Calendar,
    /// Hand-overs of this instant.
    pub lane: &'a mut Lane<Move>,
    /// Requests in flight.
    pub requests: &'a mut Requests,
    /// Draws of this world.
    pub draws: &'a Draws<'a>,
    /// Recorded counts.
    pub record: &'a mut Record,
    /// Cause of the health of the component being called.
    pub cause: CauseId,
}

impl Ctx<'_> {
    /// Ends the step of `request`: it goes on along its route.
    #[inline]
    pub fn proceed(&mut self, request: RequestId) {
        self.lane.push(Move::Advance(request));
    }

    /// Fails the step of `request`, for the cause of this context.
    pub fn fail(&mut self, request: RequestId, outcome: Outcome) {
        self.requests[request].cause = self.cause;
        self.lane.push(Move::Fail(request, outcome));
    }

    /// Starts a request. Returns `None`, and the run stops, if there are too many.
    pub fn begin(&mut self, begun: Begun) -> Option<RequestId> {
        let owner = Owner::Component(begun.by);
        let Ok(id) = self.requests.begin(begun.class, begun.pc, owner, self.now) else {
            self.lane.push(Move::TooMany);
            return None;
        };
        let request = &mut self.requests[id];
        request.ordinal = begun.ordinal;
        request.workload = begun.workload;
        request.counted = begun.counted;
        request.local = begun.at.0;
        self.lane.push(Move::Enter(id));
        Some(id)
    }

    /// Starts a request of a component's own at the first operation of its route. Returns `None`, and the run stops, if
    /// there are too many.
    pub fn start(&mut self, request: Request) -> Option<RequestId> {
        let Ok(id) = self.requests.insert(request) else {
            self.lane.push(Move::TooMany);
            return None;
        };
        self.lane.push(Move::Advance(id));
        Some(id)
    }

    /// Fails or holds `request`, which came to a component whose `health` does not let it in.
    pub fn turn_away(&mut self, request: RequestId, health: Health) {
        if health == Health::Unreachable {
            // No answer comes. A request with a patience or a time-out waits for that. Any other fails at
            // once, since nothing would ever end its wait.
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

    /// Takes `request` out of the count `inside` of the component it is at.
    #[inline(always)]
    pub(crate) fn departs(&mut self, inside: &mut Occupancy, request: RequestId) {
        let entry = &mut self.requests[request];
        inside.remove(self.now, self.now - entry.since);
        entry.at = ComponentId::NONE;
        entry.waits = Waits::Nothing;
    }

    /// Returns a demand of `request` as a duration.
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
