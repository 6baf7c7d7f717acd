//! The network between users and the sites that answer them.
//!
//! Model: clients without a place have one round trip per attempt of a view, whichever site answers. Clients with
//! `round-trips` have one to each site. A request reaches its site half of that time after it was sent, and its answer the
//! client half of it after it left. The round trips of an attempt to all sites share one draw. An attempt resolves a name once for
//! its first request, at its arrival, which is the instant that the source of the workload gives, and once for its parts, at the
//! instant at which the answer to the first request leaves.
//!
//! Clocks: a view notes instants as at the site of its first request ([`seen_there`]), so that its latency is the time between
//! two of them and one round trip to that site.
//!
//! In: `first`, `onward`, `seen_there`. Holds: with equal round trips to all sites, the instants are those without a place.
//! Leaves out: the first request of a view arrives when the source says, however far the site is.

use crate::convert::table;
use crate::model::Answer;
use crate::model::ids::{ClassId, DemandId};
use crate::model::request::RequestId;
use crate::model::route::Op;
use crate::model::world::Around;
use crate::units::{SimDuration, SimTime};

use super::{clients_of_view, keyed, led};

/// Time from a client to a site: half of a round trip, rounded down.
const fn there(trip: SimDuration) -> SimDuration {
    SimDuration::from_nanos(trip.nanos() / 2)
}

/// Time from a site to a client: the rest of a round trip.
const fn back(trip: SimDuration) -> SimDuration {
    SimDuration::from_nanos(trip.nanos() - trip.nanos() / 2)
}

/// Returns the demand of the round trip of a request of `class`; `part` is 0 for the first request of an attempt, else 1.
/// `None` if it takes no time.
fn demand(around: &mut Around<'_>, view_id: u32, class: ClassId, part: usize) -> Option<DemandId> {
    let plan = around.plan;
    let class = &plan.routes.classes[class.index()];
    let clients = clients_of_view(around, view_id);
    if class.round_trip.is_some() || clients.round_trips.is_empty() {
        return class.round_trip.or(clients.round_trip);
    }
    let target = match around.ops[class.entry as usize] {
        // A name without an answer leads nowhere.
        Op::Resolve { .. } => usize::from(led(around, view_id)[part]).checked_sub(1)?,
        _ => 0,
    };
    let site = *class.sites.get(target)? as usize;
    clients.round_trips.get(site).copied().flatten()
}

/// Returns the round trip of a request of `class`, drawn for the attempt of its view.
fn trip(around: &mut Around<'_>, view_id: u32, class: ClassId, part: usize) -> SimDuration {
    let Some(demand) = demand(around, view_id, class, part) else { return SimDuration::ZERO };
    // The draw of the first request.
    let mut request = keyed(around, view_id, class);
    request.iteration = u16::from(request.attempt);
    SimDuration::from_seconds_f64(around.draws.demand(demand, &request))
}

/// Resolves the name by which a request enters, if its clients have a place, and lets it begin at its target.
fn sends(around: &mut Around<'_>, id: RequestId, view_id: u32, part: usize) {
    if clients_of_view(around, view_id).round_trips.is_empty() {
        return;
    }
    let entry = around.requests[id].pc;
    let Op::Resolve { names, first } = around.ops[entry as usize] else { return };
    if led(around, view_id)[part] == 0
        && let Answer::Way(target) = around.asks(id, names, 0)
    {
        led(around, view_id)[part] = table::u8(target as usize + 1);
    }
    // Without an answer it is turned away when it arrives.
    if let Some(target) = usize::from(led(around, view_id)[part]).checked_sub(1) {
        around.requests[id].pc = around.plan.routes.branches[first as usize + target].to;
    }
}

/// Returns the round trip of the first request of an attempt, which is at its site now.
pub(super) fn first(around: &mut Around<'_>, id: RequestId, view_id: u32) -> SimDuration {
    sends(around, id, view_id, 0);
    let class = around.requests[id].class;
    let Some(demand) = demand(around, view_id, class, 0) else { return SimDuration::ZERO };
    // Each attempt draws its own round trip, with the attempt in place of the repetition.
    let entry = &mut around.requests[id];
    entry.iteration = u16::from(entry.attempt);
    let seconds = around.draws.demand(demand, entry);
    entry.iteration = 0;
    SimDuration::from_seconds_f64(seconds)
}

/// Returns the time until a part arrives that the view sends next, from the instant at which the answer before it was at the
/// site of the first request. `first` is the round trip of that.
pub(super) fn onward(
    around: &mut Around<'_>,
    id: RequestId,
    view_id: u32,
    first: SimDuration,
) -> SimDuration {
    if clients_of_view(around, view_id).round_trips.is_empty() {
        return first;
    }
    sends(around, id, view_id, 1);
    let class = around.requests[id].class;
    back(first) + there(trip(around, view_id, class, 1))
}

/// Returns the instant at which an answer would have to leave the site of the first request to be at the client when this one
/// is. It leaves its own site at `left`; `first` is the round trip of the first request.
pub(super) fn seen_there(
    around: &mut Around<'_>,
    id: RequestId,
    view_id: u32,
    (left, first): (SimTime, SimDuration),
) -> SimTime {
    let entry = &around.requests[id];
    if entry.position == 0 || clients_of_view(around, view_id).round_trips.is_empty() {
        return left;
    }
    let class = entry.class;
    let arrives = left + back(trip(around, view_id, class, 1));
    SimTime::from_nanos(arrives.nanos().saturating_sub(back(first).nanos()))
}
