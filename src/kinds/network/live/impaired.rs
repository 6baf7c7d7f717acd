//! Links between sites that lose data, or carry one direction alone. A delay of a link is part of its
//! [latency](Links::latency_of).
//!
//! A message that begins to cross a lossy link draws how often its last segments wait for a time-out, and at which of its
//! other segments its rate begins to be that of a window halved at every loss ([`loss`]). The transfer takes its share of the
//! bandwidth as always; what it needs beyond that is waited for with its latency.
//!
//! A link that carries one direction alone stops what crosses it in the other direction, and keeps it as a dead link does.
//!
//! Draws are keyed by the link and counted by the messages that begin to cross it while it is lossy.

use super::{FlowHandle, Links, Path};
use crate::mechanism::loss;
use crate::model::ids::KeyId;
use crate::model::request::{Request, RequestId, Stage, Waits};
use crate::model::{Ctx, Health};
use crate::units::{Bytes, SimDuration};

/// Link between sites on a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Far {
    /// Index of the link in [`LinksConfig::links`](super::LinksConfig::links).
    pub link: u32,
    /// True if the way leads from the first site of the link to the second. Answers go back.
    pub onward: bool,
}

/// Recovery of lost data by TCP, on one link.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// Key of the draws.
    pub key: KeyId,
    /// Time-out of TCP besides the round trip.
    pub least: SimDuration,
    /// Number of messages that met the loss.
    pub met: u64,
}

/// Losses of a message on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Losing {
    /// Time that it waits for time-outs.
    waits: SimDuration,
    /// Its bytes, and those from its first reported loss on.
    bytes: (u64, u64),
    /// Least time of these.
    least: SimDuration,
}

/// Returns the time that a message needs beyond its transfer and the latency of its way, because of what it has lost.
pub(super) fn made_up(
    losing: &mut Vec<(RequestId, Losing)>,
    ctx: &Ctx<'_>,
    request: RequestId,
) -> SimDuration {
    let Some(at) = losing.iter().position(|(other, _)| *other == request) else {
        return SimDuration::ZERO;
    };
    let (_, Losing { waits, bytes: (all, behind), least }) = losing.swap_remove(at);
    // The share of the transfer that those bytes have had.
    let took = (ctx.now - ctx.requests[request].since).seconds();
    let had = SimDuration::from_seconds_f64(took * behind as f64 / all as f64);
    if least > had { waits + (least - had) } else { waits }
}

impl Links {
    /// Returns whether the link between sites on `path` carries nothing in the direction of the way, or (`back`) in the other
    /// one.
    pub(super) fn shuts(&self, path: u32, back: bool) -> bool {
        let Some(far) = self.paths[path as usize].far else { return false };
        let open = |onward: bool| onward == (far.onward != back);
        matches!(self.links[far.link as usize].health, Health::OneWay(onward) if !open(onward))
    }

    fn stops(&self, request: &Request) -> bool {
        self.shuts(request.local, request.stage == Stage::Answer)
    }

    /// Draws what a message loses that begins to cross `path`. Returns true if it is held: the link carries the other
    /// direction alone.
    pub(super) fn meets(
        &mut self,
        ctx: &mut Ctx<'_>,
        request: RequestId,
        size: Bytes,
        path: u32,
    ) -> bool {
        if self.stops(&ctx.requests[request]) {
            ctx.requests[request].waits = Waits::InLine;
            self.held.push((request, size));
            return true;
        }
        let Path { far: Some(far), latency, .. } = self.paths[path as usize] else { return false };
        let state = &mut self.links[far.link as usize];
        let (Health::Lossy(chance), Some(how)) = (state.health, &mut state.loss) else {
            return false;
        };
        let uniform = |index| ctx.draws.uniform_at(how.key, how.met, index);
        let (bytes, round_trip) = (size.count(), latency.saturating_mul(2));
        let behind = loss::from_a_loss(chance, bytes, uniform(1));
        let losing = Losing {
            waits: loss::time_outs(chance, bytes, round_trip + how.least, uniform(0)),
            bytes: (bytes, behind),
            least: loss::least_time(chance, round_trip, behind),
        };
        how.met += 1;
        self.losing.push((request, losing));
        false
    }

    /// Stops or resumes the messages over a link whose health has changed.
    pub(super) fn impairs(&mut self, ctx: &mut Ctx<'_>, link: u32, before: Health, health: Health) {
        let is_impaired = |health| matches!(health, Health::Lossy(_) | Health::OneWay(_));
        self.impaired += u32::from(is_impaired(health));
        self.impaired -= u32::from(is_impaired(before));
        let one_way = |health| matches!(health, Health::OneWay(_));
        if !one_way(before) && !one_way(health) {
            return;
        }
        let over = |links: &Self, request: &Request| {
            let far = links.paths[request.local as usize].far;
            far.is_some_and(|far| far.link == link)
        };
        let under_way = |(id, request): (RequestId, &Request)| {
            let here = request.at == self.id && request.waits == Waits::InService;
            (here && over(self, request) && self.stops(request)).then_some(id)
        };
        let stopped: Vec<RequestId> = ctx.requests.iter().filter_map(under_way).collect();
        for request in stopped {
            let handle: Option<FlowHandle> = self.handles[request.index()].take();
            // A transfer whose last byte left at this very instant is on its way already.
            if let Some(left) = handle.and_then(|handle| self.share.cancel(ctx.now, handle)) {
                ctx.requests[request].waits = Waits::InLine;
                self.held.push((request, left));
            }
        }
        for (request, left) in std::mem::take(&mut self.held) {
            let entry = &ctx.requests[request];
            if !over(self, entry) || self.stops(entry) {
                self.held.push((request, left));
                continue;
            }
            let path = entry.local;
            ctx.requests[request].waits = Waits::InService;
            self.start(ctx.now, request, left, path);
        }
        self.finish(ctx, RequestId::NONE);
    }
}
