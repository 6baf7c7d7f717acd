//! A CDN: caches outside the sites, between their users and the origin.
//!
//! Model: a page view belongs to one of the edges, drawn once a view, with all its requests. A
//! look-up finds its object with the ratio of its class (independent draws of the request), or
//! goes on to the origin; what a hit costs is the round trip to the edge, nothing else. A class
//! without a ratio passes through.
//!
//! An edge that dies cuts its users off for the time that routes need to converge; after it the
//! edges that are left carry them, each user one drawn for him. What an edge was fetching when it
//! died reaches nobody. One that is back has its users back at once; with a ratio its hits are as
//! ever (what is cold fills again is not in a ratio).
//!
//! An edge learns of a silent origin by what it fetches: a fetch that is refused, fails, or for
//! which its client gives up. From then on, until a fetch is answered, what it holds grows old: of
//! objects of even age the share 1 − t / `life` is left, t after the last good answer, so its hits
//! fall in a line to none. Without `life` nothing is served while the origin is silent.
//!
//! In: `route`, `look_up`, `answered`, `unanswered`, `fares`, `alarm`. Holds: hits + misses =
//! look-ups, by edge; at most one alarm an edge.
//! Leaves out: sizes and numbers of objects, a second tier of edges, collapsed fetches of one
//! object, what an edge can carry.

use crate::engine::calendar::Ticket;
use crate::model::event::Event;
use crate::model::gauge::Gauge;
use crate::model::ids::{ComponentId, KeyId, UnitId};
use crate::model::request::{Outcome, Owner, RequestId};
use crate::model::route::Draws;
use crate::model::world::World;
use crate::model::{Component, Ctx, Health};
use crate::units::{SimDuration, SimTime};

/// What a CDN is.
#[derive(Clone, Debug)]
pub struct CdnConfig {
    /// What stands for each edge.
    pub edges: Vec<ComponentId>,
    /// Hit ratio, by row of its classes.
    pub hits: Vec<f64>,
    /// How long what an edge holds serves when the origin is silent.
    pub life: SimDuration,
    /// How long the users of a dead edge are cut off.
    pub convergence: SimDuration,
    /// Key of the draw of a view's edge.
    pub key: KeyId,
    /// Alarm of the first edge; those of the others follow.
    pub unit: UnitId,
}

/// Which edge a component stands for.
#[derive(Clone, Copy, Debug)]
pub struct EdgeConfig {
    /// The CDN.
    pub cdn: ComponentId,
    /// Its place there.
    pub number: u32,
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

    /// Which edge it stands for.
    #[must_use]
    pub fn config(&self) -> EdgeConfig {
        self.config
    }
}

#[derive(Clone, Debug)]
struct State {
    works: bool,
    /// Dead, and routes have converged: nobody is sent there.
    withdrawn: bool,
    ticket: Ticket,
    /// The last good answer of the origin.
    good: SimTime,
    /// A fetch since then was not answered.
    silent: bool,
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

/// The edges of a CDN at work.
#[derive(Clone, Debug)]
pub struct Cdn {
    config: CdnConfig,
    edges: Vec<State>,
    fetched: u64,
}

impl Cdn {
    /// Edges that work and have all that they ever have.
    #[must_use]
    pub fn new(config: CdnConfig, start: SimTime) -> Self {
        let state = State {
            works: true,
            withdrawn: false,
            ticket: Ticket::NONE,
            good: start,
            silent: false,
            hits: 0,
            misses: 0,
        };
        Self { edges: vec![state; config.edges.len()], config, fetched: 0 }
    }

    /// The origin has not answered since then.
    pub fn silent_since(&mut self, good: SimTime) {
        for edge in &mut self.edges {
            (edge.good, edge.silent) = (good, true);
        }
    }

    /// The edge that the view of `ordinal` is sent to.
    #[must_use]
    pub fn route(&self, draws: &Draws<'_>, ordinal: u64) -> Way {
        let pick = |index: u32, count: usize| {
            let uniform = draws.uniform_at(self.config.key, ordinal, index);
            ((uniform * count as f64) as usize).min(count - 1)
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

    /// Whether a look-up that drew `uniform` finds its object at `edge`.
    pub fn look_up(&mut self, now: SimTime, edge: usize, row: u16, uniform: f64) -> bool {
        let ratio = self.config.hits.get(usize::from(row)).copied().unwrap_or(0.0);
        let hit = uniform < ratio * self.fresh(now, edge);
        let state = &mut self.edges[edge];
        state.hits += u64::from(hit);
        state.misses += u64::from(!hit);
        hit
    }

    /// The origin has answered a fetch of `edge`.
    pub fn answered(&mut self, now: SimTime, edge: usize) {
        self.fetched += 1;
        self.edges[edge].good = now;
        self.edges[edge].silent = false;
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
        if edge.works == works {
            return;
        }
        edge.works = works;
        edge.ticket = Ticket::NONE;
        edge.withdrawn = false;
        if works {
            edge.good = ctx.now;
            edge.silent = false;
        } else if self.config.convergence.is_zero() {
            edge.withdrawn = true;
        } else {
            let code = Event::Alarm(UnitId(self.config.unit.0 + number)).code();
            edge.ticket = ctx.calendar.push(ctx.now + self.config.convergence, code);
        }
    }

    /// Routes have converged.
    pub fn alarm(&mut self, _: &mut Ctx<'_>, local: u32, ticket: Ticket) {
        let edge = &mut self.edges[local as usize];
        if edge.ticket == ticket {
            edge.ticket = Ticket::NONE;
            edge.withdrawn = true;
        }
    }

    /// Fetches: those begun, and as `completed` those that the origin answered.
    #[must_use]
    pub fn gauge(&self, _: SimTime) -> Gauge {
        let arrived = self.edges.iter().map(|edge| edge.misses).sum();
        Gauge { arrived, completed: self.fetched, ..Gauge::default() }
    }

    /// Readings of the edges, each with the component that stands for it: look-ups as `arrived`,
    /// hits as `completed`, misses as `refused`.
    pub fn readings(&self) -> impl Iterator<Item = (ComponentId, Gauge)> {
        self.edges.iter().zip(&self.config.edges).map(|(edge, id)| {
            let gauge = Gauge {
                arrived: edge.hits + edge.misses,
                completed: edge.hits,
                refused: edge.misses,
                ..Gauge::default()
            };
            (*id, gauge)
        })
    }
}

impl World<'_> {
    /// `id` comes to the edge of its view: whether it finds its object there; `None` when nobody
    /// answers.
    #[inline(never)]
    pub(in crate::model) fn at_edge(
        &mut self,
        id: RequestId,
        cdn: ComponentId,
        row: u16,
        key: KeyId,
    ) -> Option<bool> {
        let request = &self.requests[id];
        let uniform = self.draws.uniform(key, request, 0);
        let Component::Cdn(found) = &mut self.components[cdn.index()] else { return None };
        match found.route(&self.draws, request.ordinal) {
            Way::To(edge) => {
                let hit = found.look_up(self.now, edge, row, uniform);
                if !hit {
                    self.requests[id].fetch = edge as u16 + 1;
                }
                Some(hit)
            }
            Way::Dead(edge) => {
                let member = found.config.edges[edge];
                let cause = self.causes[member.index()];
                self.component_ctx(cdn, cause, |_, ctx| ctx.turn_away(id, Health::Unreachable));
                None
            }
        }
    }

    /// The fetch `id` of an edge has ended as `outcome`: how it ends for the client of the edge.
    #[inline(never)]
    pub(in crate::model) fn fetched(&mut self, id: RequestId, outcome: Outcome) -> Outcome {
        let entry = &mut self.requests[id];
        if matches!(entry.owner, Owner::Parent(_)) {
            return outcome;
        }
        let edge = usize::from(std::mem::take(&mut entry.fetch)) - 1;
        let class = entry.class;
        let Some(cdn) = self.plan.routes.classes[class.index()].cdn else { return outcome };
        let Component::Cdn(found) = &mut self.components[cdn.index()] else { return outcome };
        if !found.works(edge) {
            let member = found.config.edges[edge];
            self.requests[id].cause = self.causes[member.index()];
            return if outcome == Outcome::Ok { Outcome::Unreachable } else { outcome };
        }
        if outcome == Outcome::Ok {
            found.answered(self.now, edge);
        } else {
            found.unanswered(edge);
        }
        outcome
    }

    /// The client of the fetch `id` has given up before the origin answered.
    pub(in crate::model) fn fetch_given_up(&mut self, id: RequestId) {
        let entry = &self.requests[id];
        let (fetch, class) = (usize::from(entry.fetch), entry.class);
        if fetch > 0
            && let Some(cdn) = self.plan.routes.classes[class.index()].cdn
            && let Component::Cdn(found) = &mut self.components[cdn.index()]
        {
            found.unanswered(fetch - 1);
        }
    }
}
