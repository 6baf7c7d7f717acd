//! A CDN: caches outside the sites, between their users and the origin.
//!
//! Model: each page view is assigned to one edge, drawn once per view, with all its requests. The content of an
//! edge may be given by a hit ratio per class: each look-up hits with that probability, drawn independently per
//! request. Or it is simulated object by object ([`content`]): a class requests objects of Zipf popularity, all
//! classes share the capacity of the edge, and a copy is valid for `ttl` after it was fetched. A miss goes on to
//! the origin. A class without a ratio or popularity passes through.
//!
//! When an edge fails, its page views get no answer until routes have converged. After that, each view is sent
//! to one of the remaining edges, drawn for the view. The fetches of a failed edge are lost. An edge that is back
//! gets its views back at once. With ratios its hit ratio is then as before; object by object it is empty.
//!
//! With ratios, an edge learns from its fetches that the origin is silent: one is refused, fails, or is abandoned
//! by its client. Until a fetch is answered, its content ages. With uniformly distributed ages the share
//! 1 − t / `ttl` is still valid at time t after the last good answer, so the hit ratio falls linearly to 0.
//! Without `ttl`, no request hits while the origin is silent. Object by object, each copy has its own age.
//!
//! The edges of another CDN may ask these edges, which are shields then. Edge number e asks shield e modulo the
//! number of shields. Once routes have converged, it asks the next remaining one; if there is none, the origin.
//! An answer is as old as the shield's copy; with ratios, as old as the shield's silence. `fetching` has the
//! fetches and the requests that wait for them.
//!
//! A purge removes an object at an edge when its message is there; until then the edge serves its old copy, which counts as a
//! stale answer ([`copies`]).
//!
//! In: `route`, `route_of`, `look_up`, `answered`, `unanswered`, `health_changes`, `wipe`, `alarm`. Holds: hits + misses =
//! look-ups, per edge; at most one alarm per edge; an edge holds at most the given number of objects.
//! Leaves out: sizes of objects, more than two tiers, serving expired copies, limits of an edge's throughput; an edge
//! that came back or was purged shortly before a run begins is as warm as the others; one that only closed users or
//! recorded traffic ask begins empty.
//! Source: as [`crate::kinds::cache::live`]; for ages RFC 9111, HTTP caching, §4.2.3; for edges without a shield
//! Amazon CloudFront's Origin Shield and Fastly's `try_select_shield`.

use crate::convert::{below, place};
use crate::engine::calendar::Ticket;
use crate::mechanism::copies::{self, Message, Met, Versions};
use crate::model::event::Event;
use crate::model::gauge::Gauge;
use crate::model::ids::{CauseId, ComponentId, KeyId, UnitId};
use crate::model::request::{Outcome, Request, RequestId};
use crate::model::route::{Draws, Op};
use crate::model::world::Around;
use crate::model::{Answer, Ctx, Fate, Health, Heard, Keeps, Live, Next, Start, none, part_of};
use crate::units::{SimDuration, SimTime};

pub mod content;
mod fetching;
mod purged;

use content::{EdgeContent, EdgeObjects, Held};
use fetching::Flights;

/// Configuration of a CDN.
#[derive(Clone, Debug)]
pub struct CdnConfig {
    /// Component of each edge.
    pub edges: Vec<ComponentId>,
    /// Content of each edge.
    pub content: EdgeContent,
    /// Time for which a copy is valid; with ratios, while the origin is silent.
    pub ttl: SimDuration,
    /// Time for which page views at a failed edge get no answer.
    pub convergence: SimDuration,
    /// Key of the draw of a page view's edge.
    pub key: KeyId,
    /// Alarm of the first edge; the alarms of the others follow.
    pub unit: UnitId,
    /// True if purges reach its edges.
    pub purged: bool,
}

/// Tier at which users enter.
pub const EDGE: usize = 0;
/// Tier that edges ask.
pub const SHIELD: usize = 1;

/// Entry of a request class at one tier of a CDN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtCdn {
    /// The CDN.
    pub cdn: ComponentId,
    /// Row of the class in the content; a class without a row passes through.
    pub row: u32,
    /// Key of the draws of its look-ups: the hit, or the object.
    pub key: KeyId,
}

/// Configuration of the component of an edge.
#[derive(Clone, Copy, Debug)]
pub struct EdgeConfig {
    /// The CDN.
    pub cdn: ComponentId,
    /// True if purges reach it.
    pub purged: bool,
}

/// Component of one edge, with its name, health and figures. The world passes its health on to
/// [`Cdn`] and takes its reading from there.
#[derive(Clone, Debug)]
pub struct Edge {
    config: EdgeConfig,
}

impl Edge {
    /// Creates the component of an edge.
    #[must_use]
    pub fn new(config: EdgeConfig) -> Self {
        Self { config }
    }
}

#[derive(Clone, Debug)]
struct State {
    works: bool,
    /// True once routes have converged after its failure: no view is sent there.
    withdrawn: bool,
    /// Cause of its last failure.
    died_of: CauseId,
    ticket: Ticket,
    /// Time of the last good answer of the origin.
    good: SimTime,
    /// True if a fetch since then was not answered.
    silent: bool,
    /// Its objects, where they are simulated.
    held: Option<Box<Held>>,
    /// Effects of changes of its objects, if purges reach it.
    met: Option<Box<Met>>,
    /// Objects that it is fetching, where fetches are collapsed.
    flights: Flights,
    hits: u64,
    misses: u64,
}

/// Edge to which a page view is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// An edge that works.
    To(usize),
    /// A failed edge, which does not answer.
    Dead(usize),
}

/// Answer of a fetch.
#[derive(Clone, Copy, Debug)]
struct Came {
    /// Age of the answer.
    age: SimDuration,
    /// With ratios, true if it comes from a shield whose origin is silent.
    silent: bool,
}

/// Returns the time `length` before `now`, but not before time zero.
fn earlier(now: SimTime, length: SimDuration) -> SimTime {
    SimTime::from_nanos(now.nanos().saturating_sub(length.nanos()))
}

/// Result of a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The object is there and valid.
    Hit,
    /// The object has to be fetched.
    Miss,
    /// The object is being fetched: the request waits for that.
    Fetched {
        /// The request that joined this fetch last before it, or the fetch itself.
        last: RequestId,
    },
}

/// State of the edges of a CDN in the event loop.
#[derive(Clone, Debug)]
pub struct Cdn {
    config: CdnConfig,
    edges: Vec<State>,
    /// Components of the edges with their numbers, by component.
    numbers: Vec<(ComponentId, usize)>,
    /// Last changes of the objects, if purges reach the edges.
    versions: Option<Box<Versions>>,
    fetched: u64,
}

/// Largest number of edges of a CDN.
pub const MAX_EDGES: u32 = 10_000;

impl Cdn {
    /// Returns the number of the edge with the component `id`.
    pub(super) fn edge_of(&self, id: ComponentId) -> Option<usize> {
        let place = self.numbers.binary_search_by_key(&id, |(edge, _)| *edge).ok()?;
        Some(self.numbers[place].1)
    }

    /// Creates edges that all work. Object by object they are warm at `start`, or aged since then if the origin
    /// has been `silent` since the given time.
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
                Some(Held::warm(objects, config.ttl, draws, place(edge), (start, good)))
            }
        };
        let objects = match &config.content {
            EdgeContent::Objects(objects) if config.purged => Some(objects.count()),
            _ => None,
        };
        let versions = objects.map(|objects| Box::new(Versions::new(objects)));
        let state = |edge: usize| State {
            works: true,
            withdrawn: false,
            died_of: CauseId::OVERLOAD,
            ticket: Ticket::NONE,
            good,
            silent: silent.is_some(),
            held: warm(edge).map(Box::new),
            met: objects.map(|objects| Box::new(Met::new(objects))),
            flights: Flights::default(),
            hits: 0,
            misses: 0,
        };
        let mut numbers: Vec<(ComponentId, usize)> =
            config.edges.iter().copied().zip(0..).collect();
        numbers.sort_unstable();
        let edges = (0..config.edges.len()).map(state).collect();
        Self { edges, numbers, versions, config, fetched: 0 }
    }

    /// Returns the edge to which page view `ordinal` is sent.
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
                edge = left().nth(pick(1, count)).expect("the index is below their number");
            }
        }
        if self.edges[edge].works { Way::To(edge) } else { Way::Dead(edge) }
    }

    /// Returns the shield, among these edges, that edge number `edge` of another CDN asks. `None`: all have failed
    /// and are withdrawn, so that the edge asks the origin.
    #[must_use]
    fn route_of(&self, edge: usize) -> Option<Way> {
        let count = self.edges.len();
        let mut all = (0..count).map(|further| (edge + further) % count);
        let shield = all.find(|shield| !self.edges[*shield].withdrawn)?;
        Some(if self.edges[shield].works { Way::To(shield) } else { Way::Dead(shield) })
    }

    /// Returns the age of the copy that `request` has found at `edge`; with ratios, the silence of the origin so far.
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

    /// Returns the share of the content of `edge` that is still valid, with ratios.
    fn fresh(&self, now: SimTime, edge: usize) -> f64 {
        let state = &self.edges[edge];
        if !state.silent {
            return 1.0;
        }
        if self.config.ttl.is_zero() {
            return 0.0;
        }
        (1.0 - (now - state.good).seconds() / self.config.ttl.seconds()).max(0.0)
    }

    /// Looks up the object of request `id` at `edge`.
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
                let collapses = object.filter(|_| objects.collapse);
                if let Some(object) = object {
                    self.meets(now, edge, object, hit);
                }
                (hit, collapses)
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

    /// Counts a look-up at `edge`.
    fn counts(&mut self, edge: usize, hit: bool) {
        let state = &mut self.edges[edge];
        state.hits += u64::from(hit);
        state.misses += u64::from(!hit);
    }

    /// Stores the answer `came` of the origin, or of the shield in front of it, to a fetch of `edge` for
    /// `request`.
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
            // The content of the edge is no younger than that of a shield whose origin is silent.
            EdgeContent::Ratios(_) if came.silent => {
                state.good = state.good.max(earlier(now, came.age));
                state.silent = true;
            }
            EdgeContent::Ratios(_) => (state.good, state.silent) = (now, false),
            EdgeContent::Objects(objects) => {
                (state.good, state.silent) = (now, false);
                if let Some(object) = objects.asked_for(request, at, draws)
                    && let Some(held) = &mut state.held
                    && came.age < self.config.ttl
                {
                    held.keep((now, came.age), object, EdgeObjects::victim(request, at, draws));
                    if let Some(met) = &mut state.met {
                        met.stored(object);
                    }
                }
            }
        }
    }

    /// Records that a fetch of `edge` was not answered.
    pub fn unanswered(&mut self, edge: usize) {
        self.edges[edge].silent = true;
    }

    /// Returns whether `edge` works.
    #[must_use]
    pub fn works(&self, edge: usize) -> bool {
        self.edges[edge].works
    }

    /// Applies a change of health of an edge.
    pub fn health_changes(&mut self, ctx: &mut Ctx<'_>, number: u32, health: Health) {
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

    none!(lent);
    none!(
        cancel, health, listens, hears, ended, holds, count_ends, waits, sojourns, by_number,
        quantities, closes, loads, queue, queue_mut, whole, is_process, is_idle, bounds, leader,
        data_swap, entrance, bars, starts, due, wake, returned, room, redirects, abandoned
    );
    none!(counts_anew, begin_to_count, keeps_place);

    /// Receives a message about copies.
    fn ask(&mut self, ctx: &mut Ctx<'_>, request: RequestId, what: u32) -> Answer {
        let message = Message::of(what).expect("no step asks edges otherwise");
        let entry = &ctx.requests[request];
        self.receives(ctx.now, (entry.need, entry.local), message);
        Answer::GoesOn
    }

    /// Withdraws a failed edge once routes have converged.
    fn alarm(&mut self, _: &mut Ctx<'_>, local: u32, ticket: Ticket) {
        let edge = &mut self.edges[local as usize];
        if edge.ticket == ticket {
            edge.ticket = Ticket::NONE;
            edge.withdrawn = true;
        }
    }

    /// Fetches: begun as `arrived`, answered by the origin as `completed`.
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
        let tally = edge.met.as_ref().map(|met| met.tally(hits + misses)).unwrap_or_default();
        let (arrived, completed, refused) = (hits + misses, hits, misses);
        Some(Gauge { arrived, completed, refused, tally, ..Gauge::default() })
    }

    /// Applies a change of health of an edge.
    fn part_health(around: &mut Around<'_>, own: ComponentId, heard: Heard, cause: CauseId) {
        Self::edge_health(around, own, heard, cause);
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

    part_of!(cdn);

    fn counts(config: &EdgeConfig) -> Keeps {
        let tallied_by = config.purged.then_some(copies::OF);
        Keeps { tallied_by, ..Keeps::NOTHING }
    }
}

impl State {
    fn wipe(&mut self) {
        if let Some(held) = &mut self.held {
            held.clear();
        }
        if let Some(met) = &mut self.met {
            met.forgets();
        }
    }
}
