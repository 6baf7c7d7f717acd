//! A CDN: caches outside the sites, between their users and the origin.
//!
//! Model: a page view belongs to one of the edges, drawn once a view, with all its requests. What an edge
//! holds is given by a ratio: a look-up finds its object with the ratio of its class (independent draws of
//! the request). Or it is played object by object: a class asks for objects of Zipf popularity, all classes
//! share the room of the edge, a copy serves for `life` after it was fetched, and one is there from when the
//! origin has answered. What is not found goes on to the origin; what a hit costs is the round trip to the
//! edge, nothing else. A class without a ratio or popularity passes through.
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
//! Object by object an edge is warm when a run begins: before, it has been asked at the mean rates of the
//! plan, evenly spaced and answered at once, by draws of their own.
//!
//! In: `route`, `look_up`, `answered`, `unanswered`, `fares`, `wipe`, `alarm`. Holds: hits + misses =
//! look-ups, by edge; at most one alarm an edge; an edge has room for as many objects as the file says.
//! Leaves out: sizes of objects, a second tier of edges, collapsed fetches of one object, copies that are
//! served though too old, what an edge can carry; an edge that came back shortly before a run begins is
//! as warm as the others; one that only closed users or recorded traffic ask begins empty.
//! Source: as [`super::cache`].

use crate::engine::calendar::Ticket;
use crate::model::cache::{ObjectCache, Policy};
use crate::model::event::Event;
use crate::model::gauge::Gauge;
use crate::model::ids::{ComponentId, KeyId, UnitId};
use crate::model::request::{Outcome, Owner, Request, RequestId};
use crate::model::route::Draws;
use crate::model::world::World;
use crate::model::{Component, Ctx, Health};
use crate::units::{Rate, SimDuration, SimTime};
use crate::workload::popularity::Zipf;

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

/// What an edge holds, by row of its classes.
#[derive(Clone, Debug)]
pub enum EdgeContent {
    /// Hit ratios.
    Ratios(Vec<f64>),
    /// Objects.
    Objects {
        /// How many.
        capacity: u32,
        /// What it throws out.
        policy: Policy,
        /// What is asked for.
        rows: Vec<EdgeRow>,
        /// Key of what was asked for before a run begins.
        before: KeyId,
    },
}

/// What one class asks for.
#[derive(Clone, Debug)]
pub struct EdgeRow {
    /// Which objects.
    pub popularity: Zipf,
    /// Share of the requests that an edge may answer.
    pub cacheable: f64,
    /// How often each edge is asked for one that it may answer, in the mean.
    pub rate: Rate,
}

/// Where a class enters a CDN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtCdn {
    /// Which.
    pub cdn: ComponentId,
    /// Its row there; none of them passes through.
    pub row: u16,
    /// Key of its look-ups: whether it hits, or for which object.
    pub key: KeyId,
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
    /// Its objects, where they are played.
    objects: Option<Box<Objects>>,
    hits: u64,
    misses: u64,
}

/// Objects with a clock of their own, which began before the first instant of a run.
#[derive(Clone, Debug)]
struct Objects {
    cache: ObjectCache,
    /// What the clock shows at an instant of the run.
    shows: SimTime,
    at: SimTime,
}

impl Objects {
    fn clock(&self, now: SimTime) -> SimTime {
        self.shows + (now - self.at)
    }
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

/// Most look-ups that warm an edge, some tenths of a second's work. Where they do not fill it, it has less
/// than it would have.
const MOST_BEFORE: u64 = 2_000_000;

/// Draws of one look-up: of its object, whether an edge may answer, of what is thrown out for it.
const OBJECT: u32 = 0;
const CACHEABLE: u32 = 1;
const VICTIM: u32 = 2;
/// Of one before a run begins: besides, for which row, whether a copy was there already, and its age.
const ROW: u32 = 1;
const LIVES: u32 = 3;
const AGE: u32 = 4;
const BEFORE_DRAWS: u32 = 8;

/// The object at `uniform` of `row`, numbered through all rows.
fn object_at(rows: &[EdgeRow], row: usize, uniform: f64) -> u32 {
    (first_of(rows, row) + rows[row].popularity.quantile(uniform) - 1) as u32
}

fn first_of(rows: &[EdgeRow], row: usize) -> u64 {
    rows[..row].iter().map(|row| row.popularity.objects()).sum()
}

impl Cdn {
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
        let warm = |edge: usize| warm(&config, draws, edge, good);
        let state = |edge: usize| State {
            works: true,
            withdrawn: false,
            ticket: Ticket::NONE,
            good,
            silent: silent.is_some(),
            objects: warm(edge).map(Box::new),
            hits: 0,
            misses: 0,
        };
        Self { edges: (0..config.edges.len()).map(state).collect(), config, fetched: 0 }
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

    /// Whether `request` finds its object at `edge`.
    pub fn look_up(
        &mut self,
        now: SimTime,
        edge: usize,
        request: &Request,
        at: AtCdn,
        draws: &Draws<'_>,
    ) -> bool {
        let hit = match &self.config.content {
            EdgeContent::Ratios(ratios) => {
                let ratio = ratios.get(usize::from(at.row)).copied().unwrap_or(0.0);
                draws.uniform(at.key, request, OBJECT) < ratio * self.fresh(now, edge)
            }
            EdgeContent::Objects { rows, .. } => {
                let object = asked_for(rows, request, at, draws);
                let objects = self.edges[edge].objects.as_mut();
                object.zip(objects).is_some_and(|(object, objects)| {
                    let clock = objects.clock(now);
                    objects.cache.find(clock, object)
                })
            }
        };
        let state = &mut self.edges[edge];
        state.hits += u64::from(hit);
        state.misses += u64::from(!hit);
        hit
    }

    /// The origin has answered a fetch of `edge`, for `request`.
    pub fn answered(
        &mut self,
        now: SimTime,
        edge: usize,
        request: &Request,
        at: AtCdn,
        draws: &Draws<'_>,
    ) {
        self.fetched += 1;
        let state = &mut self.edges[edge];
        state.good = now;
        state.silent = false;
        if let EdgeContent::Objects { rows, .. } = &self.config.content
            && let Some(object) = asked_for(rows, request, at, draws)
            && let Some(objects) = &mut state.objects
        {
            let clock = objects.clock(now);
            objects.cache.keep(clock, object, 1, draws.uniform(at.key, request, VICTIM));
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

    /// What the edge holds is gone.
    pub fn wipe(&mut self, number: u32) {
        self.edges[number as usize].wipe();
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

impl State {
    fn wipe(&mut self) {
        if let Some(objects) = &mut self.objects {
            objects.cache.clear();
        }
    }
}

/// The object that `request` asks for; `None` when no edge may answer.
fn asked_for(rows: &[EdgeRow], request: &Request, at: AtCdn, draws: &Draws<'_>) -> Option<u32> {
    let row = usize::from(at.row);
    let cacheable = rows.get(row)?.cacheable;
    if cacheable < 1.0 && draws.uniform(at.key, request, CACHEABLE) >= cacheable {
        return None;
    }
    Some(object_at(rows, row, draws.uniform(at.key, request, OBJECT)))
}

/// The row at a place among the rates of all.
fn row_at(rows: &[EdgeRow], mut place: f64) -> usize {
    for (at, row) in rows.iter().enumerate() {
        let rate = row.rate.in_per_second();
        if place < rate {
            return at;
        }
        place -= rate;
    }
    rows.len() - 1
}

/// What `edge` holds at `end`, after it has been asked for long: for a life, of which nothing older
/// answers, or, when it is full before, until what it holds has been thrown out once more (several times,
/// where it is not the least recently used). A copy that was there before the first of these look-ups has
/// an age like any other: none begins a life when the others do.
fn warm(config: &CdnConfig, draws: &Draws<'_>, edge: usize, end: SimTime) -> Option<Objects> {
    let EdgeContent::Objects { capacity, policy, rows, before } = &config.content else {
        return None;
    };
    let count: u64 = rows.iter().map(|row| row.popularity.objects()).sum();
    let life = config.life;
    let mut cache = ObjectCache::new(*policy, *capacity, count as u32, Some(life));
    let rate: f64 = rows.iter().map(|row| row.rate.in_per_second()).sum();
    let begin = SimTime::ZERO + life;
    if rate <= 0.0 {
        return Some(Objects { cache, shows: begin, at: end });
    }
    let turnovers = if *policy == Policy::Lru { 2 } else { 6 };
    let mut asked_for = vec![false; count as usize];
    let mut last = ((rate * life.seconds()) as u64).min(MOST_BEFORE);
    let mut full = false;
    let mut now = begin;
    let mut look_up = 0;
    while look_up < last {
        let draw = |of: u32| draws.uniform_at(*before, look_up, edge as u32 * BEFORE_DRAWS + of);
        now = begin + SimDuration::from_seconds_f64(look_up as f64 / rate);
        let row = row_at(rows, draw(ROW) * rate);
        let object = object_at(rows, row, draw(OBJECT));
        if !cache.find(now, object) {
            let seen = std::mem::replace(&mut asked_for[object as usize], true);
            let rank = u64::from(object) - first_of(rows, row) + 1;
            let own = rows[row].rate.in_per_second() * rows[row].popularity.probability(rank);
            // Copies live for a life, then wait to be asked for. One that was there before the first of
            // these look-ups, and still is, has any age that is not shorter than that is ago.
            let past = now.since(begin).min(life);
            let left = (life - past).seconds();
            let lives = own * left / (1.0 + own * life.seconds());
            let age = if !seen && draw(LIVES) < lives {
                past + SimDuration::from_seconds_f64(left * draw(AGE))
            } else {
                SimDuration::ZERO
            };
            let fetched = SimTime::ZERO + (now.since(SimTime::ZERO) - age);
            cache.keep(fetched, object, 1, draw(VICTIM));
        }
        look_up += 1;
        if !full && cache.len() == *capacity as usize && (*capacity as u64) < count {
            full = true;
            last = (turnovers * look_up).min(MOST_BEFORE);
        }
    }
    Some(Objects { cache, shows: now, at: end })
}

impl World<'_> {
    /// `id` comes to the edge of its view: whether it finds its object there; `None` when nobody
    /// answers.
    #[inline(never)]
    pub(in crate::model) fn at_edge(&mut self, id: RequestId) -> Option<bool> {
        let request = &self.requests[id];
        let at = self.plan.routes.classes[request.class.index()].cdn?;
        let cdn = at.cdn;
        let Component::Cdn(found) = &mut self.components[cdn.index()] else { return None };
        match found.route(&self.draws, request.ordinal) {
            Way::To(edge) => {
                let hit = found.look_up(self.now, edge, request, at, &self.draws);
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
        let Some(at) = self.plan.routes.classes[class.index()].cdn else { return outcome };
        let Component::Cdn(found) = &mut self.components[at.cdn.index()] else { return outcome };
        if !found.works(edge) {
            let member = found.config.edges[edge];
            self.requests[id].cause = self.causes[member.index()];
            return if outcome == Outcome::Ok { Outcome::Unreachable } else { outcome };
        }
        if outcome == Outcome::Ok {
            found.answered(self.now, edge, &self.requests[id], at, &self.draws);
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
            && let Some(at) = self.plan.routes.classes[class.index()].cdn
            && let Component::Cdn(found) = &mut self.components[at.cdn.index()]
        {
            found.unanswered(fetch - 1);
        }
    }
}
