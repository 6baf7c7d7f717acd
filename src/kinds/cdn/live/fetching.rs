//! Fetches of edges, and the requests that wait for them.
//!
//! Model: a request that misses is the fetch of its edge until it ends. Where fetches are collapsed, later
//! requests for the same object at the same edge wait for that fetch, in order of arrival:
//!
//! - The fetch is answered: the edge answers the waiting requests at that instant, as it answers hits.
//! - The fetch fails or gets no answer: they end with the same outcome and cause.
//! - The fetch is removed without an answer (its client closed the connection while it was queued, or abandoned
//!   a component that is gone): the first waiting request whose client still waits becomes the fetch.
//! - The client of a waiting request abandons it: its place in the chain remains, without effect. The client of
//!   the fetch itself abandons it: nothing changes for the others, since the fetch goes on.
//!
//! An edge that fails forgets its fetches. The requests that wait for them end with them. Requests that arrive
//! after it is back fetch anew.
//!
//! All this also applies to shields. A fetch of an edge that misses at the shield is the fetch of both, or waits
//! at the shield for the fetch of another edge. Its answer is as old at the edge as at the shield, plus the time
//! in between.
//!
//! In: `at_edge`, `at_shield`, `shielded`, `fetched`, `fetch_given_up`, `fetch_removed`, `edge_health`. Holds: a
//! look-up that waited counts as a hit when its wait ends, whatever the outcome, since the origin has not seen it;
//! as a miss if it becomes the fetch itself. Waiting requests form a chain through [`Request::joined`], so that
//! nothing is allocated for them.
//! Source: collapsed forwarding of HTTP caches, RFC 9111 §4; Fastly's request collapsing.

use crate::convert::{place, table};
use crate::kinds::cdn::live::{AtCdn, Came, Cdn, EDGE, Found, SHIELD, Way};
use crate::model::ids::{CauseId, ClassId, ComponentId};
use crate::model::request::{Outcome, Owner, Request, RequestId, TIERS, Waits};
use crate::model::route::Op;
use crate::model::world::Around;
use crate::model::{Health, Heard, Held as _, Move};
use crate::units::SimDuration;

/// Flag beside the edge number of a fetch: the edge has failed meanwhile.
const DIED: u16 = 1 << 15;
const _: () = assert!(super::MAX_EDGES < DIED as u32);

/// An object that is being fetched.
#[derive(Clone, Copy, Debug)]
struct Flight {
    object: u32,
    /// Request that fetches it.
    by: RequestId,
    /// Last request that waits for it; `by` if none does.
    last: RequestId,
}

/// Objects that an edge is fetching, sorted by object.
#[derive(Clone, Debug, Default)]
pub(super) struct Flights {
    sorted: Vec<Flight>,
}

impl Flights {
    fn place(&self, object: u32) -> Result<usize, usize> {
        self.sorted.binary_search_by_key(&object, |flight| flight.object)
    }

    /// Lets `id` wait for the fetch of `object`, and returns the last request before it. `None`: `id` is the fetch.
    pub(super) fn join(&mut self, object: u32, id: RequestId) -> Option<RequestId> {
        match self.place(object) {
            Ok(place) => Some(std::mem::replace(&mut self.sorted[place].last, id)),
            Err(place) => {
                self.sorted.insert(place, Flight { object, by: id, last: id });
                None
            }
        }
    }

    /// Returns the request that fetches `object`.
    fn by(&self, object: u32) -> Option<RequestId> {
        self.place(object).ok().map(|place| self.sorted[place].by)
    }

    /// Ends the fetch of `object` by `id`, or passes it to `next`. The chain of waiting requests is kept.
    fn passes(&mut self, object: u32, id: RequestId, next: Option<RequestId>) {
        let Ok(place) = self.place(object) else { return };
        let flight = &mut self.sorted[place];
        if flight.by != id {
            return;
        }
        match next {
            Some(next) => {
                flight.by = next;
                if flight.last == id {
                    flight.last = next;
                }
            }
            None => {
                self.sorted.remove(place);
            }
        }
    }

    /// Forgets all fetches.
    pub(super) fn clear(&mut self) {
        self.sorted.clear();
    }
}

impl Request {
    /// Returns the edge of a tier for which this request fetches, and whether that has failed meanwhile.
    fn fetched_for(&self, tier: usize) -> Option<(usize, bool)> {
        let edge = usize::from(self.fetch[tier] & !DIED);
        (edge > 0).then(|| (edge - 1, self.fetch[tier] & DIED != 0))
    }

    /// Returns the tier at which this request waits for the fetch of another.
    fn waits_at(&self) -> Option<usize> {
        let tier = if self.fetch[SHIELD] > 0 { SHIELD } else { EDGE };
        (self.waits == Waits::Fetch).then_some(tier)
    }
}

/// A fetch of an edge, with the first request that waits for it.
#[derive(Clone, Copy, Debug)]
struct Fetch {
    id: RequestId,
    tier: usize,
    edge: usize,
    first: RequestId,
}

impl Cdn {
    fn cdn_at<'w>(
        around: &'w Around<'_>,
        class: ClassId,
        tier: usize,
    ) -> Option<(AtCdn, &'w Self)> {
        let at = around.plan.routes.classes[class.index()].cdns[tier]?;
        Some((at, around.held(at.cdn)))
    }

    fn cdn_at_mut<'w>(
        around: &'w mut Around<'_>,
        class: ClassId,
        tier: usize,
    ) -> Option<&'w mut Self> {
        let at = around.plan.routes.classes[class.index()].cdns[tier]?;
        Some(around.held_mut(at.cdn))
    }

    /// Looks up the object of `id` at the edge of its page view; returns whether it hits. `None`: the edge has
    /// failed, or `id` waits for a fetch.
    #[inline(never)]
    pub(super) fn at_edge(around: &mut Around<'_>, id: RequestId) -> Option<bool> {
        let request = &around.requests[id];
        let (_, found) = Self::cdn_at(around, request.class, EDGE)?;
        let way = found.route(&around.draws, request.ordinal);
        Self::sent(around, id, EDGE, way)
    }

    /// Looks up the object of `id`, the fetch of an edge, at the shield of that edge; returns as [`Self::at_edge`]
    /// does. Without a remaining shield it misses, and goes on to the origin.
    #[inline(never)]
    pub(super) fn at_shield(around: &mut Around<'_>, id: RequestId) -> Option<bool> {
        let request = &around.requests[id];
        let (edge, _) = request.fetched_for(EDGE)?;
        let (_, found) = Self::cdn_at(around, request.class, SHIELD)?;
        match found.route_of(edge) {
            Some(way) => Self::sent(around, id, SHIELD, way),
            None => Some(false),
        }
    }

    fn sent(around: &mut Around<'_>, id: RequestId, tier: usize, way: Way) -> Option<bool> {
        let class = around.requests[id].class;
        let at = around.plan.routes.classes[class.index()].cdns[tier]?;
        match way {
            Way::To(edge) => {
                let (looked, age) = around.with(at.cdn, |found: &mut Self, ctx| {
                    let request = &ctx.requests[id];
                    let looked = found.look_up(ctx.now, edge, (id, request), at, ctx.draws);
                    let brought = looked == Found::Hit && tier == SHIELD;
                    let age = brought.then(|| found.age(ctx.now, edge, request, at, ctx.draws));
                    (looked, age)
                });
                if let Some(age) = age {
                    Self::brings(around, id, age);
                }
                if looked == Found::Hit {
                    return Some(true);
                }
                let entry = &mut around.requests[id];
                entry.fetch[tier] = table::u16(edge) + 1;
                entry.joined[tier] = RequestId::NONE;
                let Found::Fetched { last } = looked else { return Some(false) };
                entry.waits = Waits::Fetch;
                around.requests[last].joined[tier] = id;
                None
            }
            Way::Dead(edge) => {
                let member = around.held::<Self>(at.cdn).config.edges[edge];
                around.turn_away(id, around.cause(member), Health::Unreachable);
                None
            }
        }
    }

    /// Notes in `id` the age of the answer that it brings from a shield or past it.
    fn brings(around: &mut Around<'_>, id: RequestId, age: SimDuration) {
        let entry = &mut around.requests[id];
        (entry.need, entry.ends) = (age.nanos(), around.now);
    }

    /// Stores the answer that `id` has fetched at the shield that missed it; returns false if that has failed.
    pub(super) fn shielded(around: &mut Around<'_>, id: RequestId) -> bool {
        Self::brings(around, id, SimDuration::ZERO);
        let outcome = Self::fetch_ends(around, id, SHIELD, Outcome::Ok);
        if outcome != Outcome::Ok {
            around.fail_up(id, outcome);
        }
        outcome == Outcome::Ok
    }

    /// Applies a change of health of an edge, by `cause`. The fetches of an edge that fails are lost, even if it
    /// works again before they end.
    pub(super) fn edge_health(
        around: &mut Around<'_>,
        own: ComponentId,
        heard: Heard,
        cause: CauseId,
    ) {
        let cdn = around.held::<Self>(own);
        let Some(edge) = cdn.edge_of(heard.of) else { return };
        let number = place(edge);
        if cdn.works(edge) && !heard.is.works() {
            let classes = &around.plan.routes.classes;
            let tier = |request: &Request| {
                let cdns = &classes[request.class.index()].cdns;
                (0..TIERS).find(|tier| {
                    let fetch = u32::from(request.fetch[*tier]);
                    fetch == number + 1 && cdns[*tier].is_some_and(|at| at.cdn == own)
                })
            };
            let all = around.requests.iter().filter_map(|(id, r)| tier(r).map(|tier| (id, tier)));
            for (id, tier) in all.collect::<Vec<_>>() {
                around.requests[id].fetch[tier] |= DIED;
            }
        }
        around.component_ctx(own, cause, |component, ctx| {
            if let Some(cdn) = Self::of_mut(component) {
                cdn.health_changes(ctx, number, heard.is);
            }
        });
    }

    /// Ends the fetch `id` at every tier for which it fetches; returns the outcome for the client of the
    /// edge.
    #[inline(never)]
    pub(super) fn fetched(around: &mut Around<'_>, id: RequestId, outcome: Outcome) -> Outcome {
        let outcome = Self::fetch_ends(around, id, SHIELD, outcome);
        Self::fetch_ends(around, id, EDGE, outcome)
    }

    /// Ends the fetch `id` of a tier as `outcome`, with all requests that wait for it; returns the outcome for the
    /// request that asked that tier.
    fn fetch_ends(
        around: &mut Around<'_>,
        id: RequestId,
        tier: usize,
        outcome: Outcome,
    ) -> Outcome {
        let entry = &mut around.requests[id];
        let Some((edge, died)) = entry.fetched_for(tier) else { return outcome };
        entry.fetch[tier] = 0;
        let first = std::mem::replace(&mut entry.joined[tier], RequestId::NONE);
        let fetch = Fetch { id, tier, edge, first };
        let entry = &around.requests[id];
        let cdns = &around.plan.routes.classes[entry.class.index()].cdns;
        let Some(at) = cdns[tier] else { return outcome };
        // An answer that comes by a shield has the age noted there. Without an answer nothing is noted.
        let by_shield = matches!(cdns.get(tier + 1), Some(Some(_)));
        let found = around.held::<Self>(at.cdn);
        let works = found.works(edge);
        let lost = died || !works;
        let mut ends = outcome;
        if lost {
            let (member, died_of) = (found.config.edges[edge], found.edges[edge].died_of);
            around.requests[id].cause = if works { died_of } else { around.cause(member) };
            if outcome == Outcome::Ok {
                ends = Outcome::Unreachable;
            }
        } else if outcome == Outcome::Ok {
            let entry = &around.requests[id];
            let before = SimDuration::from_nanos(if by_shield { entry.need } else { 0 });
            let since = if by_shield { around.now.since(entry.ends) } else { SimDuration::ZERO };
            let came = Came { age: before + since, silent: !before.is_zero() };
            around.with(at.cdn, |found: &mut Self, ctx| {
                found.answered((ctx.now, came), edge, &ctx.requests[id], at, ctx.draws);
            });
        } else {
            around.held_mut::<Self>(at.cdn).unanswered(edge);
        }
        if lost && outcome == Outcome::Aborted {
            Self::waits_are_over(around, fetch, Outcome::Unreachable);
        } else if outcome == Outcome::Aborted {
            Self::next_fetches(around, fetch);
        } else {
            if !lost {
                Self::flight_passes(around, fetch, None);
            }
            Self::waits_are_over(around, fetch, ends);
        }
        ends
    }

    /// Ends the waits for a fetch: the requests go on if `outcome` is `Ok`, else they fail with it.
    fn waits_are_over(around: &mut Around<'_>, fetch: Fetch, outcome: Outcome) {
        let Fetch { id, tier, edge, first } = fetch;
        let Request { class, cause, .. } = around.requests[id];
        let mut next = first;
        while next != RequestId::NONE {
            let waits = next;
            let entry = &mut around.requests[waits];
            next = std::mem::replace(&mut entry.joined[tier], RequestId::NONE);
            entry.fetch[tier] = 0;
            entry.waits = Waits::Nothing;
            if outcome == Outcome::Ok {
                if tier == SHIELD {
                    Self::brings(around, waits, SimDuration::ZERO);
                }
                around.lane.push(Move::Advance(waits));
            } else {
                entry.cause = cause;
                around.lane.push(Move::Fail(waits, outcome));
            }
            if let Some(found) = Self::cdn_at_mut(around, class, tier) {
                found.counts(edge, true);
            }
        }
    }

    /// Passes a removed fetch to the first waiting request whose client still waits. A request that waits at a
    /// shield is the fetch of its edge: where its client has gone, that fetch is passed on at the edge, too.
    fn next_fetches(around: &mut Around<'_>, fetch: Fetch) {
        let Fetch { tier, edge, first, .. } = fetch;
        let class = around.requests[fetch.id].class;
        let mut next = first;
        while next != RequestId::NONE && around.requests[next].owner == Owner::Nobody {
            let gone = next;
            next = around.requests[gone].joined[tier];
            around.requests[gone].fetch[tier] = 0;
            Self::fetch_removed(around, gone);
            around.requests.remove(gone);
            if let Some(found) = Self::cdn_at_mut(around, class, tier) {
                found.counts(edge, true);
            }
        }
        if next == RequestId::NONE {
            return Self::flight_passes(around, fetch, None);
        }
        Self::flight_passes(around, fetch, Some(next));
        let entry = &mut around.requests[next];
        entry.waits = Waits::Nothing;
        if let Op::Edge { miss, .. } | Op::Shield { miss, .. } = around.ops[entry.pc as usize - 1] {
            entry.pc = miss;
        }
        around.lane.push(Move::Advance(next));
        if let Some(found) = Self::cdn_at_mut(around, class, tier) {
            found.counts(edge, false);
        }
    }

    /// Passes the fetch to `next` in the flights of its edge; `None` ends it there.
    fn flight_passes(around: &mut Around<'_>, fetch: Fetch, next: Option<RequestId>) {
        let Fetch { id, tier, edge, .. } = fetch;
        let class = around.requests[id].class;
        let Some(at) = around.plan.routes.classes[class.index()].cdns[tier] else { return };
        around.with(at.cdn, |found: &mut Self, ctx| {
            let object = found.config.content.collapses(&ctx.requests[id], at, ctx.draws);
            if let Some(object) = object {
                found.edges[edge].flights.passes(object, id, next);
            }
        });
    }

    /// Passes the fetches of `old` to `new`, the request that continues for its caller.
    pub(super) fn fetch_moves(around: &mut Around<'_>, old: RequestId, new: RequestId) {
        for tier in 0..TIERS {
            if let Some((edge, false)) = around.requests[new].fetched_for(tier) {
                let fetch = Fetch { id: old, tier, edge, first: RequestId::NONE };
                Self::flight_passes(around, fetch, Some(new));
            }
        }
    }

    /// Records at its edges that the client has abandoned the fetch `id` before the origin answered.
    pub(super) fn fetch_given_up(around: &mut Around<'_>, id: RequestId) {
        let Request { class, waits, .. } = around.requests[id];
        if waits == Waits::Fetch {
            return;
        }
        for tier in 0..TIERS {
            if let Some((edge, false)) = around.requests[id].fetched_for(tier)
                && let Some(found) = Self::cdn_at_mut(around, class, tier)
            {
                found.unanswered(edge);
            }
        }
    }

    /// Ends the fetches of `id`, which is about to be removed: it gets no answer, or no client waits for it.
    pub(super) fn fetch_removed(around: &mut Around<'_>, id: RequestId) {
        for tier in (0..TIERS).rev() {
            let entry = &mut around.requests[id];
            let Some((edge, died)) = entry.fetched_for(tier) else { continue };
            entry.fetch[tier] = 0;
            let first = std::mem::replace(&mut entry.joined[tier], RequestId::NONE);
            let class = entry.class;
            let fetch = Fetch { id, tier, edge, first };
            if died {
                let Some((_, found)) = Self::cdn_at(around, class, tier) else { continue };
                around.requests[id].cause = found.edges[edge].died_of;
                Self::waits_are_over(around, fetch, Outcome::Unreachable);
            } else {
                Self::next_fetches(around, fetch);
            }
        }
    }

    /// Returns the cause why the fetch that `id` waits for never ends; `None` if it may still end.
    pub(super) fn waits_in_vain(around: &Around<'_>, id: RequestId) -> Option<CauseId> {
        let mut id = id;
        loop {
            let request = &around.requests[id];
            let Some(tier) = request.waits_at() else {
                return (request.waits == Waits::Void && request.depth <= 1)
                    .then_some(request.cause);
            };
            let (at, found) = Self::cdn_at(around, request.class, tier)?;
            let (edge, died) = request.fetched_for(tier)?;
            let state = &found.edges[edge];
            if died {
                return Some(state.died_of);
            }
            let object = found.config.content.collapses(request, at, &around.draws)?;
            id = state.flights.by(object)?;
        }
    }
}
