//! A CDN: caches outside the sites, between their users and the origin.
//!
//! Model: a page view belongs to one of the edges, drawn once a view, with all its requests. What an edge
//! holds is given by a ratio: a look-up finds its object with the ratio of its class (independent draws of
//! the request). Or it is played object by object ([`content`]): a class asks for objects of Zipf popularity,
//! all classes share the room of the edge, and a copy serves for `life` after it was fetched. What is not
//! found goes on to the origin; what a hit costs is the round trip to the edge, nothing else. A class
//! without a ratio or popularity passes through.
//!
//! An edge that dies cuts its users off for the time that routes need to converge; after it the
//! edges that are left carry them, each user one drawn for him. What an edge was fetching when it
//! died reaches nobody. One that is back has its users back at once; with a ratio its hits are as
//! ever, object by object it is empty.
//!
//! With ratios an edge learns of a silent origin by what it fetches: a fetch that is refused, fails, or for
//! which its client gives up. From then on, until a fetch is answered, what it holds grows old: of
//! objects of even age the share 1 − t / `life` is left, t after the last good answer, so its hits
//! fall in a line to none. Without `life` nothing is served while the origin is silent. Object by object
//! every copy has an age of its own.
//!
//! The edges of another CDN may ask these, which are shields then: edge number e asks shield e modulo their
//! number, the next one that is left when routes have converged, and when none is the origin itself. An answer
//! is as old as the shield's copy; with ratios, as old as its silence. What is fetched, for whom, and who waits
//! for it is in `fetching`.
//!
//! In: `route`, `route_of`, `look_up`, `answered`, `unanswered`, `fares`, `wipe`, `alarm`. Holds: hits + misses =
//! look-ups, by edge; at most one alarm an edge; an edge has room for as many objects as the file says.
//! Leaves out: sizes of objects, more than two tiers, copies that are served though too old, what an edge can carry; an edge that came back or was purged shortly before a run
//! begins is as warm as the others; one that only closed users or recorded traffic ask begins empty.
//! Source: as [`crate::kinds::cache::live`]; for ages RFC 9111, HTTP caching, §4.2.3; for what edges do without a shield
//! Amazon CloudFront's Origin Shield and Fastly's `try_select_shield`.

use crate::convert::{below, place};
use crate::engine::calendar::Ticket;
use crate::model::event::Event;
use crate::model::gauge::Gauge;
use crate::model::ids::{CauseId, ComponentId, KeyId, UnitId};
use crate::model::request::{Outcome, Request, RequestId};
use crate::model::route::{Draws, Op};
use crate::model::world::Around;
use crate::model::{Ctx, Fate, Health, Heard, Keeps, Live, Next, Start, none};
use crate::units::{SimDuration, SimTime};

pub mod content;
mod fetching;

use content::{EdgeContent, EdgeObjects, Held};
use fetching::Flights;

/// What a CDN is.
#[derive(Clone, Debug)]
pub struct CdnConfig {
    /// What stands for each edge.
    pub edges: Vec<ComponentId>,
    /// What an edge holds.
    pub content: EdgeContent,
    /// How long a copy serves; with ratios when the origin is silent.
    pub life: SimDuration,
    /// How long the users of a dead edge are cut off.
    pub convergence: SimDuration,
    /// Key of the draw of a view's edge.
    pub key: KeyId,
    /// Alarm of the first edge; those of the others follow.
    pub unit: UnitId,
}

/// The tier that users come to.
pub const EDGE: usize = 0;
/// The tier that edges come to.
pub const SHIELD: usize = 1;

/// Where a class enters a CDN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtCdn {
    /// Which.
    pub cdn: ComponentId,
    /// Its row there; none of them passes through.
    pub row: u32,
    /// Key of its look-ups: whether it hits, or for which object.
    pub key: KeyId,
}

/// Which edge a component stands for.
#[derive(Clone, Copy, Debug)]
pub struct EdgeConfig {
    /// The CDN.
    pub cdn: ComponentId,
}

/// What stands for one edge: its name, its health, its figures. The world passes its health on to
/// [`Cdn`] and takes its reading from there.
#[derive(Clone, Debug)]
pub struct Edge {
    config: EdgeConfig,
}

impl Edge {
    /// An edge.
    #[must_use]
    pub fn new(config: EdgeConfig) -> Self {
        Self { config }
    }
}

#[derive(Clone, Debug)]
struct State {
    works: bool,
    /// Dead, and routes have converged: nobody is sent there.
    withdrawn: bool,
    /// Of what it stopped working last.
    died_of: CauseId,
    ticket: Ticket,
    /// The last good answer of the origin.
    good: SimTime,
    /// A fetch since then was not answered.
    silent: bool,
    /// Its objects, where they are played.
    held: Option<Box<Held>>,
    /// What it is fetching, where others wait for that.
    flights: Flights,
    hits: u64,
    misses: u64,
}

/// Where a view is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To an edge that works.
    To(usize),
    /// To a dead one: what is in the way.
    Dead(usize),
}

/// What a fetch brings.
#[derive(Clone, Copy, Debug)]
struct Came {
    /// How old it is.
    age: SimDuration,
    /// It comes from a shield that nobody answers.
    silent: bool,
}

/// `length` before `now`, or the start of time.
fn earlier(now: SimTime, length: SimDuration) -> SimTime {
    SimTime::from_nanos(now.nanos().saturating_sub(length.nanos()))
}

/// What a look-up finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Its object.
    Hit,
    /// Nothing: it has to be fetched.
    Miss,
    /// It is being fetched: it waits for that, behind this one.
    Fetched {
        /// Who came last before.
        last: RequestId,
    },
}

/// The edges of a CDN at work.
#[derive(Clone, Debug)]
pub struct Cdn {
    config: CdnConfig,
    edges: Vec<State>,
    fetched: u64,
}

/// Most edges of a CDN.
pub const MAX_EDGES: u32 = 10_000;

impl Cdn {
    /// The place of the edge that a component stands for.
    pub(super) fn edge_of(&self, id: ComponentId) -> Option<usize> {
        self.config.edges.iter().position(|edge| *edge == id)
    }

    /// Edges that work. Object by object they are warm at `start`; with the origin `silent` since then, as
    /// it left them.
    #[must_use]
    pub fn new(
        config: CdnConfig,
        draws: &Draws<'_>,
        start: SimTime,
        silent: Option<SimTime>,
    ) -> Self {
        let good = silent.unwrap_or(start);
        let warm = |edge: usize| match &config.content {
            EdgeContent::Ratios(_) => None,
            EdgeContent::Objects(objects) => {
                Some(Held::warm(objects, config.life, draws, place(edge), (start, good)))
            }
        };
        let state = |edge: usize| State {
            works: true,
            withdrawn: false,
            died_of: CauseId::OVERLOAD,
            ticket: Ticket::NONE,
            good,
            silent: silent.is_some(),
            held: warm(edge).map(Box::new),
            flights: Flights::default(),
            hits: 0,
            misses: 0,
        };
        Self { edges: (0..config.edges.len()).map(state).collect(), config, fetched: 0 }
    }

    /// The edge that the view of `ordinal` is sent to.
    #[must_use]
    pub fn route(&self, draws: &Draws<'_>, ordinal: u64) -> Way {
        let pick = |index: u64, count: usize| {
            let uniform = draws.uniform_at(self.config.key, ordinal, index);
            below(uniform, count)
        };
        let mut edge = pick(0, self.edges.len());
        if self.edges[edge].withdrawn {
            let left = || (0..self.edges.len()).filter(|edge| !self.edges[*edge].withdrawn);
            let count = left().count();
            if count > 0 {
                edge = left().nth(pick(1, count)).expect("there are so many");
            }
        }
        if self.edges[edge].works { Way::To(edge) } else { Way::Dead(edge) }
    }

    /// The one of these edges, shields, that edge number `edge` of others asks; `None` when all are dead and
    /// withdrawn, and those go round them.
    #[must_use]
    fn route_of(&self, edge: usize) -> Option<Way> {
        let count = self.edges.len();
        let mut all = (0..count).map(|further| (edge + further) % count);
        let shield = all.find(|shield| !self.edges[*shield].withdrawn)?;
        Some(if self.edges[shield].works { Way::To(shield) } else { Way::Dead(shield) })
    }

    /// How old what `request` has found at `edge` is; with ratios, how long the origin has been silent.
    fn age(
        &self,
        now: SimTime,
        edge: usize,
        request: &Request,
        at: AtCdn,
        draws: &Draws<'_>,
    ) -> SimDuration {
        let state = &self.edges[edge];
        match (&self.config.content, &state.held) {
            (EdgeContent::Objects(objects), Some(held)) => {
                let object = objects.asked_for(request, at, draws);
                object.map_or(SimDuration::ZERO, |object| held.age(now, object))
            }
            _ if state.silent => now.since(state.good),
            _ => SimDuration::ZERO,
        }
    }

    /// The share of what it holds that still serves.
    fn fresh(&self, now: SimTime, edge: usize) -> f64 {
        let state = &self.edges[edge];
        if !state.silent {
            return 1.0;
        }
        if self.config.life.is_zero() {
            return 0.0;
        }
        (1.0 - (now - state.good).seconds() / self.config.life.seconds()).max(0.0)
    }

    /// Whether `id` finds its object at `edge`.
    pub fn look_up(
        &mut self,
        now: SimTime,
        edge: usize,
        (id, request): (RequestId, &Request),
        at: AtCdn,
        draws: &Draws<'_>,
    ) -> Found {
        let (hit, collapses) = match &self.config.content {
            EdgeContent::Ratios(ratios) => {
                let ratio = ratios.get(at.row as usize).copied().unwrap_or(0.0);
                (draws.uniform(at.key, request, 0) < ratio * self.fresh(now, edge), None)
            }
            EdgeContent::Objects(objects) => {
                let object = objects.asked_for(request, at, draws);
                let held = self.edges[edge].held.as_mut();
                let hit = object.zip(held).is_some_and(|(object, held)| held.find(now, object));
                (hit, object.filter(|_| objects.collapse))
            }
        };
        let state = &mut self.edges[edge];
        if !hit
            && let Some(object) = collapses
            && let Some(last) = state.flights.join(object, id)
        {
            return Found::Fetched { last };
        }
        self.counts(edge, hit);
        if hit { Found::Hit } else { Found::Miss }
    }

    /// A look-up at `edge` is over.
    fn counts(&mut self, edge: usize, hit: bool) {
        let state = &mut self.edges[edge];
        state.hits += u64::from(hit);
        state.misses += u64::from(!hit);
    }

    /// The origin, or the shield in front of it, has answered a fetch of `edge`, for `request`; what came is
    /// so old by now.
    fn answered(
        &mut self,
        (now, came): (SimTime, Came),
        edge: usize,
        request: &Request,
        at: AtCdn,
        draws: &Draws<'_>,
    ) {
        self.fetched += 1;
        let state = &mut self.edges[edge];
        match &self.config.content {
            // A shield that nobody answers makes its edges no younger than itself.
            EdgeContent::Ratios(_) if came.silent => {
                state.good = state.good.max(earlier(now, came.age));
                state.silent = true;
            }
            EdgeContent::Ratios(_) => (state.good, state.silent) = (now, false),
            EdgeContent::Objects(objects) => {
                (state.good, state.silent) = (now, false);
                if let Some(object) = objects.asked_for(request, at, draws)
                    && let Some(held) = &mut state.held
                    && came.age < self.config.life
                {
                    held.keep((now, came.age), object, EdgeObjects::victim(request, at, draws));
                }
            }
        }
    }

    /// The origin has not answered a fetch of `edge`, as far as that knows.
    pub fn unanswered(&mut self, edge: usize) {
        self.edges[edge].silent = true;
    }

    /// Whether `edge` works.
    #[must_use]
    pub fn works(&self, edge: usize) -> bool {
        self.edges[edge].works
    }

    /// An edge fares differently.
    pub fn fares(&mut self, ctx: &mut Ctx<'_>, number: u32, health: Health) {
        let edge = &mut self.edges[number as usize];
        let works = health.works();
        if health == Health::Down {
            edge.wipe();
        }
        if edge.works == works {
            return;
        }
        edge.works = works;
        edge.flights.clear();
        edge.ticket = Ticket::NONE;
        edge.withdrawn = false;
        if works {
            edge.good = ctx.now;
            edge.silent = false;
            return;
        }
        edge.died_of = ctx.cause;
        if self.config.convergence.is_zero() {
            edge.withdrawn = true;
        } else {
            let code = Event::Alarm(UnitId(self.config.unit.0 + number)).code();
            edge.ticket = ctx.calendar.push(ctx.now + self.config.convergence, code);
        }
    }
}

impl Live for Cdn {
    type Config = CdnConfig;

    fn begin(id: ComponentId, config: &CdnConfig, start: &Start<'_>) -> Self {
        let mut silent = start.past.iter().flat_map(|past| &past.silent);
        let silent = silent.find(|(of, _)| *of == id).map(|(_, since)| *since);
        Self::new(config.clone(), start.draws, start.at, silent)
    }

    none!(
        cancel, health, listens, hears, ask, ended, holds, count_ends, waits, stays, by_number,
        closes, loads, queue, queue_mut, whole, is_process, is_idle, bounds, leader, data_swap,
        entrance, bars, starts, due, wake, returned, room, redirects, abandoned
    );
    none!(counts_anew, begin_to_count, keeps_place);

    /// Routes have converged.
    fn alarm(&mut self, _: &mut Ctx<'_>, local: u32, ticket: Ticket) {
        let edge = &mut self.edges[local as usize];
        if edge.ticket == ticket {
            edge.ticket = Ticket::NONE;
            edge.withdrawn = true;
        }
    }

    /// Fetches: those begun, and as `completed` those that the origin answered.
    fn gauge(&self, _: SimTime) -> Gauge {
        let arrived = self.edges.iter().map(|edge| edge.misses).sum();
        Gauge { arrived, completed: self.fetched, ..Gauge::default() }
    }

    fn counts(_: &CdnConfig) -> Keeps {
        Keeps { completions: true, ..Keeps::NOTHING }
    }

    fn forgets(&mut self, part: ComponentId) -> bool {
        if let Some(edge) = self.edge_of(part) {
            self.edges[edge].wipe();
        }
        true
    }

    /// The reading of an edge: look-ups as `arrived`, hits as `completed`, misses as `refused`.
    fn part_reading(&self, part: ComponentId, _: SimTime) -> Option<Gauge> {
        let edge = &self.edges[self.edge_of(part)?];
        let (hits, misses) = (edge.hits, edge.misses);
        Some(Gauge { arrived: hits + misses, completed: hits, refused: misses, ..Gauge::default() })
    }

    /// An edge fares differently.
    fn part_fares(around: &mut Around<'_>, own: ComponentId, heard: Heard, cause: CauseId) {
        Self::edge_fares(around, own, heard, cause);
    }

    fn step(around: &mut Around<'_>, _: ComponentId, request: RequestId, op: Op) -> Next {
        let found = match op {
            Op::Edge { .. } => Self::at_edge(around, request),
            Op::Shield { .. } => Self::at_shield(around, request),
            Op::Shielded { .. } => Self::shielded(around, request).then_some(true),
            _ => unreachable!("no other operation is of edges"),
        };
        match (found, op) {
            (Some(false), Op::Edge { miss, .. } | Op::Shield { miss, .. }) => Next::To(miss),
            (Some(_), _) => Next::GoesOn,
            (None, _) => Next::Waits,
        }
    }

    fn answers(
        around: &mut Around<'_>,
        _: ComponentId,
        request: RequestId,
        outcome: Outcome,
    ) -> Outcome {
        Self::fetched(around, request, outcome)
    }

    fn fate(around: &mut Around<'_>, _: ComponentId, request: RequestId, fate: Fate) {
        match fate {
            Fate::PassesTo(caller) => Self::fetch_moves(around, request, caller),
            Fate::ClientLeft => Self::fetch_given_up(around, request),
            Fate::Removed => Self::fetch_removed(around, request),
        }
    }

    fn in_vain(around: &Around<'_>, _: ComponentId, request: RequestId) -> Option<CauseId> {
        Self::waits_in_vain(around, request)
    }
}

impl Live for Edge {
    type Config = EdgeConfig;

    fn begin(_: ComponentId, config: &EdgeConfig, _: &Start<'_>) -> Self {
        Self::new(*config)
    }

    none!(
        alarm,
        cancel,
        health,
        gauge,
        listens,
        hears,
        ask,
        ended,
        holds,
        count_ends,
        waits,
        stays,
        by_number,
        closes,
        loads,
        forgets,
        queue,
        queue_mut,
        part_reading,
        is_process,
        is_idle,
        bounds,
        leader,
        data_swap,
        entrance,
        bars,
        starts,
        due,
        step,
        wake,
        returned,
        part_fares,
        room,
        redirects,
        abandoned,
        answers,
        fate,
        in_vain
    );
    none!(counts_anew, begin_to_count, keeps_place);

    fn counts(_: &EdgeConfig) -> Keeps {
        Keeps { completions: true, ..Keeps::NOTHING }
    }

    fn whole(&self) -> Option<ComponentId> {
        Some(self.config.cdn)
    }
}

impl State {
    fn wipe(&mut self) {
        if let Some(held) = &mut self.held {
            held.clear();
        }
    }
}
