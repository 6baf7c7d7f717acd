//! What edges fetch, and who waits for it.
//!
//! Model: a request that misses is the fetch of its edge until it ends. Where fetches are collapsed, who
//! asks the same edge for the same object meanwhile waits for it, in the order of coming:
//!
//! - answered, they are answered by the edge at that instant, as by hits;
//! - failed or unheard, they end as it does, of the same cause;
//! - taken out before anybody answered (its client closed the connection while it was in a line, or gave up
//!   on somebody who is gone), the first of them whose client still waits fetches in its place;
//! - a client that gives up leaves its place in the line empty. The client of the fetch that gives up changes
//!   nothing for them: what it asked for comes.
//!
//! An edge that dies forgets what it fetches: who waits for that ends with it, who comes after it is back
//! fetches anew.
//!
//! All this goes for shields as it does for edges: a fetch of an edge that the shield has not is the fetch of
//! both, or waits at the shield for that of another edge. What it brings is as old at the edge as at the
//! shield, and a moment more.
//!
//! In: `at_edge`, `at_shield`, `shielded`, `fetched`, `fetch_given_up`, `fetch_removed`, `edge_fares`. Holds: a
//! look-up that waited counts as found when its wait ends, however it ends, since the origin has not seen it;
//! as a miss when it has to fetch itself. Those who wait are a chain through [`Request::joined`], so that
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

/// Of the edge for which a request is fetched: it died meanwhile.
const DIED: u16 = 1 << 15;
const _: () = assert!(super::MAX_EDGES < DIED as u32);

/// An object that is being fetched.
#[derive(Clone, Copy, Debug)]
struct Flight {
    object: u32,
    /// Who fetches it.
    by: RequestId,
    /// Who waits for it last; `by` when nobody does.
    last: RequestId,
}

/// What an edge is fetching, by object.
#[derive(Clone, Debug, Default)]
pub(super) struct Flights {
    sorted: Vec<Flight>,
}

impl Flights {
    fn place(&self, object: u32) -> Result<usize, usize> {
        self.sorted.binary_search_by_key(&object, |flight| flight.object)
    }

    /// `id` waits for `object`, behind the one that is given; or fetches it from now on.
    pub(super) fn join(&mut self, object: u32, id: RequestId) -> Option<RequestId> {
        match self.place(object) {
            Ok(place) => Some(std::mem::replace(&mut self.sorted[place].last, id)),
            Err(place) => {
                self.sorted.insert(place, Flight { object, by: id, last: id });
                None
            }
        }
    }

    /// Who fetches `object`.
    fn by(&self, object: u32) -> Option<RequestId> {
        self.place(object).ok().map(|place| self.sorted[place].by)
    }

    /// The fetch of `object` by `id` is over, or goes on as `next`. Those who wait stay in line.
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

    /// Nothing of what it fetched comes any more.
    pub(super) fn clear(&mut self) {
        self.sorted.clear();
    }
}

impl Request {
    /// The edge of a tier for which it is fetched, and whether that died meanwhile.
    fn fetched_for(&self, tier: usize) -> Option<(usize, bool)> {
        let edge = usize::from(self.fetch[tier] & !DIED);
        (edge > 0).then(|| (edge - 1, self.fetch[tier] & DIED != 0))
    }

    /// The tier at which it waits for another's fetch.
    fn waits_at(&self) -> Option<usize> {
        let tier = if self.fetch[SHIELD] > 0 { SHIELD } else { EDGE };
        (self.waits == Waits::Fetch).then_some(tier)
    }
}

/// A fetch of an edge, with who waits for it first.
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

    /// `id` comes to the edge of its view: whether it finds its object there; `None` when nobody
    /// answers, or it waits for what is being fetched.
    #[inline(never)]
    pub(super) fn at_edge(around: &mut Around<'_>, id: RequestId) -> Option<bool> {
        let request = &around.requests[id];
        let (_, found) = Self::cdn_at(around, request.class, EDGE)?;
        let way = found.route(&around.draws, request.ordinal);
        Self::sent(around, id, EDGE, way)
    }

    /// `id`, the fetch of an edge, comes to the shield of that; `Some(false)` when none is left, and it goes
    /// round them.
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

    /// What `id` brings from a shield, or past it, is so old now.
    fn brings(around: &mut Around<'_>, id: RequestId, age: SimDuration) {
        let entry = &mut around.requests[id];
        (entry.need, entry.ends) = (age.nanos(), around.now);
    }

    /// What `id` has fetched comes to the shield that did not have it; false when that has died.
    pub(super) fn shielded(around: &mut Around<'_>, id: RequestId) -> bool {
        Self::brings(around, id, SimDuration::ZERO);
        let outcome = Self::fetch_ends(around, id, SHIELD, Outcome::Ok);
        if outcome != Outcome::Ok {
            around.fail_up(id, outcome);
        }
        outcome == Outcome::Ok
    }

    /// An edge fares differently, for `cause`. What it was fetching when it stopped working reaches nobody,
    /// though it may work again by then.
    pub(super) fn edge_fares(
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
                cdn.fares(ctx, number, heard.is);
            }
        });
    }

    /// The fetch `id` has ended as `outcome`, for whichever tiers it still is one: how it ends for the client
    /// of the edge.
    #[inline(never)]
    pub(super) fn fetched(around: &mut Around<'_>, id: RequestId, outcome: Outcome) -> Outcome {
        let outcome = Self::fetch_ends(around, id, SHIELD, outcome);
        Self::fetch_ends(around, id, EDGE, outcome)
    }

    /// The fetch `id` of a tier has ended as `outcome`: how it ends for who asked that tier, and for all who
    /// wait for it.
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
        // What comes by a shield is as old as that says.
        let came = match cdns.get(tier + 1) {
            Some(Some(_)) => {
                let before = SimDuration::from_nanos(entry.need);
                Came { age: before + around.now.since(entry.ends), silent: !before.is_zero() }
            }
            _ => Came { age: SimDuration::ZERO, silent: false },
        };
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

    /// All who wait for a fetch end as `outcome`.
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

    /// A fetch was taken out: who waits for it longest, and has not gone, fetches himself. One who waits at a
    /// shield fetches for his edge: when he has gone, the next who waits there comes to the shield instead.
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

    /// Who fetches something for an edge changes.
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

    /// What `old` fetches is fetched by its caller's part, `new`, from now on.
    pub(super) fn fetch_moves(around: &mut Around<'_>, old: RequestId, new: RequestId) {
        for tier in 0..TIERS {
            if let Some((edge, false)) = around.requests[new].fetched_for(tier) {
                let fetch = Fetch { id: old, tier, edge, first: RequestId::NONE };
                Self::flight_passes(around, fetch, Some(new));
            }
        }
    }

    /// The client of the fetch `id` has given up before the origin answered.
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

    /// The fetch `id`, which nobody would ever have answered or waits for, is about to be removed.
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

    /// What is in the way of the fetch that `id` waits for, when nobody hears that.
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
