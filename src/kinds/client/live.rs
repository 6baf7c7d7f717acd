//! Clients: page views of users, with the parts of a page, patience, retries and sessions.
//!
//! Model: a page view arrives at the edge of the site at its time of arrival. Its HTML is one
//! request, whose reply crosses the links of the site. The client then fetches the parts,
//! at most `connections` at a time, each by a request of its own after a round trip. The view is
//! served if everything has arrived within `lost_after`. Its latency is that of its last attempt: from
//! the user's click, half a round trip before the arrival, to the last byte at the client, half a round
//! trip after it left. Requests on their way to the site are small and take no capacity. Patience and
//! time-out run from the arrival of each request at the edge to the last byte of its reply.
//! A part that fails, or that exceeds the user's patience, fails the attempt. With a given probability
//! the user retries after a time, up to a given number of times. Otherwise the user leaves: the view is
//! lost, and the further pages of the session are never requested.
//!
//! Sessions do not shape the arrivals: their times are those of the open source, whatever the system
//! does. When a user leaves, the number of further pages and the times between them are drawn. For
//! each of these times, the next page of the source at or after it counts as a page of this user.
//! Closed users do not leave: served or not, they think and request the next page. Their think time
//! begins when the view ends for them. The trip of the next view to the site takes as long as the trip
//! back of this one. A cycle thus is a latency and a think time.
//! If a balancer has sticky sessions, pages of the source are assigned in the same way to the sessions
//! that continue after a served page (`guests`).
//!
//! Leaves out: connection set-up, slow start, a cache in the browser.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::convert::{place, whole};
use crate::engine::calendar::Ticket;
use crate::kinds::client::guests::GuestId;
use crate::model::blueprint::{Blueprint, Clients, Session};
use crate::model::event::{Event, MAX_INDEX};
use crate::model::ids::{CauseId, ClassId, WorkloadId};
use crate::model::request::{Owner, Request, RequestId, Stage, Waits};
use crate::model::route::MOST;
use crate::model::world::{Around, Bounded};
use crate::units::{Bytes, SimDuration, SimTime};

mod trips;

/// First ordinal of users who left before a run begins; no page view has such an ordinal.
const BEYOND: u64 = 1 << 62;

/// A page view: one page that a user requests.
#[derive(Clone, Copy, Debug)]
pub struct View {
    workload: WorkloadId,
    ordinal: u64,
    /// Start of the current attempt, at the edge.
    began: SimTime,
    /// Latest time at which a part of the current attempt arrived, as seen at the site of the first request ([`trips`]).
    received: SimTime,
    /// Round trip of the first request of the current attempt.
    round_trip: SimDuration,
    /// Targets to which name services have led the first request of the current attempt and its parts, counted from 1;
    /// 0: none, or its clients have no place.
    led: [u8; 2],
    /// Number of the closed user who requests it; `None` for an open source.
    user: Option<u32>,
    /// Its sticky session; `None` if no balancer has cookies.
    guest: Option<GuestId>,
    /// Event of its next attempt.
    ticket: Ticket,
    /// Number of requests of all attempts that have not ended.
    out: u32,
    /// Number of parts not yet requested.
    to_ask: u32,
    /// Number of parts not yet arrived.
    to_come: u32,
    /// Position of the next part.
    position: u32,
    /// Number of the current attempt, from 0.
    attempt: u8,
    running: bool,
    waiting: bool,
    counted: bool,
    live: bool,
}

impl View {
    /// Marks `request` as one of the current attempt.
    #[inline]
    fn sends(&self, request: &mut Request) {
        request.ordinal = self.ordinal;
        request.counted = self.counted;
        request.attempt = self.attempt;
        request.workload = self.workload.0;
    }
}

/// All page views in progress, and the pages that users who left would still have requested.
#[derive(Clone, Debug)]
pub struct Views {
    slots: Vec<View>,
    free: Vec<u32>,
    /// Times, by workload, at or after which the next page belongs to a user who left.
    gone: Vec<BinaryHeap<Reverse<SimTime>>>,
}

impl Views {
    /// Creates the state without a page view in progress.
    #[must_use]
    pub fn new(plan: &Blueprint) -> Self {
        let count = plan.workloads.len();
        Self { slots: Vec::new(), free: Vec::new(), gone: vec![BinaryHeap::new(); count] }
    }

    /// Excludes all views in progress from the counts.
    pub(crate) fn count_none(&mut self) {
        self.slots.iter_mut().for_each(|view| view.counted = false);
    }

    pub(crate) fn forget_who_left(&mut self) {
        self.gone.iter_mut().for_each(BinaryHeap::clear);
    }

    pub(crate) fn who_left(&self, workload: WorkloadId) -> u64 {
        self.gone[workload.index()].len() as u64
    }

    /// Returns the workload of a view that waits for the event of `ticket`.
    pub(crate) fn awaits(&self, view: u32, ticket: Ticket) -> Option<WorkloadId> {
        let view = self.slots.get(view as usize)?;
        (view.ticket == ticket).then_some(view.workload)
    }

    fn insert(&mut self, view: View) -> Option<u32> {
        if let Some(index) = self.free.pop() {
            self.slots[index as usize] = view;
            return Some(index);
        }
        let index = place(self.slots.len());
        (index < MAX_INDEX).then(|| {
            self.slots.push(view);
            index
        })
    }
}

/// Returns the targets of the current attempt of a view.
fn led<'a>(around: &'a mut Around<'_>, view_id: u32) -> &'a mut [u8; 2] {
    &mut around.clients.views.slots[view_id as usize].led
}

/// Returns the clients of a view.
fn clients_of_view<'p>(around: &Around<'p>, view_id: u32) -> &'p Clients {
    clients_of(around, around.clients.views.slots[view_id as usize].workload)
}

fn clients_of<'p>(around: &Around<'p>, workload: WorkloadId) -> &'p Clients {
    let index = around.plan.workloads[workload.index()].clients;
    &around.plan.clients[index.expect("only workloads with clients have views")]
}

/// Begins a page view, unless its user has already left.
pub(crate) fn view_begins(
    around: &mut Around<'_>,
    workload: WorkloadId,
    ordinal: u64,
    user: Option<u32>,
    counted: bool,
) {
    around.record.view_begins(workload, counted);
    let gone = &mut around.clients.views.gone[workload.index()];
    if gone.peek().is_some_and(|Reverse(at)| *at <= around.now) {
        gone.pop();
        return around.record.view_never_born(workload, counted);
    }
    let guest = match user {
        Some(user) => around.clients.guests.user(user),
        None => around.clients.guests.arrives(workload, around.now),
    };
    let view = View {
        workload,
        ordinal,
        began: around.now,
        received: around.now,
        round_trip: SimDuration::ZERO,
        led: [0; 2],
        user,
        guest,
        ticket: Ticket::NONE,
        out: 0,
        to_ask: 0,
        to_come: 0,
        position: 0,
        attempt: 0,
        running: true,
        waiting: false,
        counted,
        live: true,
    };
    match around.clients.views.insert(view) {
        Some(id) => begin_try(around, id),
        None => around.stops_for_too_many(),
    }
}

/// Begins an attempt of a page view: sends the request for its HTML.
fn begin_try(around: &mut Around<'_>, id: u32) {
    let workload = around.clients.views.slots[id as usize].workload;
    let class = around.plan.workloads[workload.index()].class;
    around.clients.views.slots[id as usize].led = [0; 2];
    let Some(request) = part(around, id, class) else { return };
    let round_trip = trips::first(around, request, id);
    let view = &mut around.clients.views.slots[id as usize];
    view.round_trip = round_trip;
    view.began = around.now;
    view.received = around.now;
    view.position = 1;
    view.to_ask = 0;
    view.to_come = 0;
    view.running = true;
    view.out += 1;
    part_begins(around, request);
}

/// Inserts a request of the view `view_id` that enters now.
fn part(around: &mut Around<'_>, view_id: u32, class: ClassId) -> Option<RequestId> {
    let entry = around.plan.routes.classes[class.index()].entry;
    let id = around.begin(class, entry, Owner::View(view_id))?;
    around.clients.views.slots[view_id as usize].sends(&mut around.requests[id]);
    Some(id)
}

/// Returns a request as the view `view_id` sends it, for draws that belong to the view.
fn keyed(around: &Around<'_>, view_id: u32, class: ClassId) -> Request {
    let entry = around.plan.routes.classes[class.index()].entry;
    let mut request = Request::new(class, entry, Owner::View(view_id), around.now);
    around.clients.views.slots[view_id as usize].sends(&mut request);
    request
}

/// Starts `id`, which has reached the edge: its patience begins, and it enters its route.
fn part_begins(around: &mut Around<'_>, id: RequestId) {
    let entry = &around.requests[id];
    around.record.attempt_begins(entry.class, entry.counted);
    around.begins_to_wait(id);
    around.lane.push(crate::model::Move::Advance(id));
}

/// Sends the reply to `id` from the edge. A client whose view has failed elsewhere has disconnected and
/// gets nothing.
pub(crate) fn reply(around: &mut Around<'_>, id: RequestId, view_id: u32) {
    let entry = &mut around.requests[id];
    entry.stage = Stage::Reply;
    entry.waits = Waits::Nothing;
    entry.ends = around.now;
    let attempt = entry.attempt;
    let view = &around.clients.views.slots[view_id as usize];
    if !view.running || view.attempt != attempt {
        return part_gone(around, id, view_id);
    }
    let size = around.reply_size(id);
    let sent = size.is_some_and(|bytes| around.send(id, Bytes::new(whole::u64(bytes + 0.5))));
    if !sent {
        network(around, id);
    }
}

/// Delivers the reply to `id`, whose last byte has left the last link. The client has it at the request's
/// `ends`, which is later where the path has a latency. The next step of the client is computed from
/// there, without an event of its own.
pub(crate) fn network(around: &mut Around<'_>, id: RequestId) {
    let entry = &around.requests[id];
    let Owner::View(view_id) = entry.owner else { return around.requests.remove(id) };
    let (attempt, position, class) = (entry.attempt, entry.position, entry.class);
    let left = entry.ends;
    let view = &around.clients.views.slots[view_id as usize];
    if !view.running || view.attempt != attempt {
        return part_gone(around, id, view_id);
    }
    let first = view.round_trip;
    let received = trips::seen_there(around, id, view_id, (left, first));
    let view = &mut around.clients.views.slots[view_id as usize];
    view.received = view.received.max(received);
    if position == 0 {
        return page_received(around, id, view_id, class);
    }
    let view = &mut around.clients.views.slots[view_id as usize];
    view.to_come -= 1;
    if view.to_come == 0 {
        return view_complete(around, id, view_id);
    }
    next_part(around, id, view_id, received);
}

fn page_received(around: &mut Around<'_>, id: RequestId, view_id: u32, class: ClassId) {
    let received = around.clients.views.slots[view_id as usize].received;
    let Some(then) = around.plan.routes.classes[class.index()].then else {
        return view_complete(around, id, view_id);
    };
    let parts = around.draws.amount(then.amount, &around.requests[id]);
    if parts > u32::from(MOST) {
        return around.stops_for(id, Bounded::Parts);
    }
    if parts == 0 {
        return view_complete(around, id, view_id);
    }
    let view = &mut around.clients.views.slots[view_id as usize];
    view.to_ask = parts;
    view.to_come = parts;
    let workload = view.workload;
    let at_once = clients_of(around, workload).connections.min(parts);
    for _ in 1..at_once {
        if let Some(other) = part(around, view_id, then.class) {
            around.clients.views.slots[view_id as usize].out += 1;
            next_part(around, other, view_id, received);
        }
    }
    next_part(around, id, view_id, received);
}

/// Requests the next part, if there is one, on the connection of `id`, which is free at `from`.
fn next_part(around: &mut Around<'_>, id: RequestId, view_id: u32, from: SimTime) {
    let view = &mut around.clients.views.slots[view_id as usize];
    if view.to_ask == 0 {
        return part_gone(around, id, view_id);
    }
    view.to_ask -= 1;
    let position = view.position;
    view.position += 1;
    let (workload, round_trip) = (view.workload, view.round_trip);
    let page = around.plan.workloads[workload.index()].class;
    let then = around.plan.routes.classes[page.index()].then;
    let class = then.map_or(page, |then| then.class);
    let first = around.plan.routes.classes[class.index()].entry;
    let entry = &mut around.requests[id];
    entry.restart(class, first, Owner::View(view_id), around.now);
    entry.position = position;
    entry.stage = Stage::Travel;
    entry.waits = Waits::Timer;
    around.clients.views.slots[view_id as usize].sends(entry);
    let travels = trips::onward(around, id, view_id, round_trip);
    around.requests[id].ticket = around.calendar.push(from + travels, Event::Wake(id).code());
}

/// Starts the request `id` for a part, which has reached the edge.
pub(crate) fn travelled(around: &mut Around<'_>, id: RequestId) {
    let entry = &around.requests[id];
    let Owner::View(view_id) = entry.owner else { return around.requests.remove(id) };
    let view = &around.clients.views.slots[view_id as usize];
    if !view.running || view.attempt != entry.attempt {
        return part_gone(around, id, view_id);
    }
    let entry = &mut around.requests[id];
    entry.stage = Stage::Route;
    entry.waits = Waits::Nothing;
    entry.ticket = Ticket::NONE;
    entry.born = around.now;
    part_begins(around, id);
}

fn part_gone(around: &mut Around<'_>, id: RequestId, view_id: u32) {
    around.requests.remove(id);
    around.clients.views.slots[view_id as usize].out -= 1;
    free_view(around, view_id);
}

/// Frees a view once its outcome is decided and none of its requests is left.
fn free_view(around: &mut Around<'_>, view_id: u32) {
    let view = &mut around.clients.views.slots[view_id as usize];
    if view.live && view.out == 0 && !view.running && !view.waiting {
        view.live = false;
        view.ticket = Ticket::NONE;
        around.clients.views.free.push(view_id);
    }
}

fn view_complete(around: &mut Around<'_>, id: RequestId, view_id: u32) {
    let view = &around.clients.views.slots[view_id as usize];
    let latency = view.received - view.began + view.round_trip;
    let (workload, counted, attempt) = (view.workload, view.counted, view.attempt);
    let (user, answered) = (view.user, view.received + view.round_trip);
    let limit = around.plan.workloads[workload.index()].lost_after;
    around.clients.views.slots[view_id as usize].running = false;
    if limit.is_some_and(|limit| latency > limit) {
        let cause = around.blame(CauseId::OVERLOAD);
        around.record.view_lost(workload, cause, counted);
        session_ends(around, view_id);
    } else {
        around.record.view_served(workload, latency, attempt > 0, counted);
        session_goes_on(around, view_id, answered);
    }
    if let Some(user) = user {
        around.user_answered(user, answered);
    }
    part_gone(around, id, view_id);
}

/// Ends a request of a view that has failed.
pub(crate) fn part_failed(around: &mut Around<'_>, id: RequestId, view_id: u32, cause: CauseId) {
    let attempt = around.requests[id].attempt;
    around.requests.remove(id);
    part_given_up(around, view_id, attempt, cause);
}

/// Fails the attempt of a request that has ended for its client without an answer.
pub(crate) fn part_given_up(around: &mut Around<'_>, view_id: u32, attempt: u8, cause: CauseId) {
    let view = &mut around.clients.views.slots[view_id as usize];
    view.out -= 1;
    if view.running && view.attempt == attempt {
        try_failed(around, view_id, cause);
    }
    free_view(around, view_id);
}

fn try_failed(around: &mut Around<'_>, view_id: u32, cause: CauseId) {
    let view = &mut around.clients.views.slots[view_id as usize];
    view.running = false;
    let (workload, ordinal, attempt, counted) =
        (view.workload, view.ordinal, view.attempt, view.counted);
    if let Some(retry) = clients_of(around, workload).retry
        && attempt < retry.max_retries
        && around.draws.uniform_at(retry.key, ordinal, u64::from(attempt)) < retry.probability
    {
        let mut keyed = keyed(around, view_id, around.plan.workloads[workload.index()].class);
        keyed.iteration = u16::from(attempt);
        let after = around.draws.demand(retry.after, &keyed);
        let at = around.now + SimDuration::from_seconds_f64(after);
        let view = &mut around.clients.views.slots[view_id as usize];
        view.ticket = around.calendar.push(at, Event::View(view_id).code());
        view.waiting = true;
        return;
    }
    around.record.view_lost(workload, cause, counted);
    session_ends(around, view_id);
    if let Some(user) = around.clients.views.slots[view_id as usize].user {
        around.user_answered(user, around.now);
    }
}

/// Begins the next attempt of a view, which is due.
pub(crate) fn view_due(around: &mut Around<'_>, view_id: u32, ticket: Ticket) {
    let view = &mut around.clients.views.slots[view_id as usize];
    if view.ticket != ticket {
        return;
    }
    view.ticket = Ticket::NONE;
    view.waiting = false;
    view.attempt += 1;
    begin_try(around, view_id);
}

/// Sets the users of a workload who have left to `sessions` users, who leave now and whose sessions had
/// at least one more page.
pub fn send_away(around: &mut Around<'_>, workload: WorkloadId, sessions: u64) {
    around.clients.views.gone[workload.index()].clear();
    let index = around.plan.workloads[workload.index()].clients;
    let session = index.and_then(|index| around.plan.clients[index].session);
    let Some(session) = session.filter(|session| session.mean_pages > 1.0) else { return };
    let class = around.plan.workloads[workload.index()].class;
    let entry = around.plan.routes.classes[class.index()].entry;
    let mut keyed = Request::new(class, entry, Owner::Workload, around.now);
    for number in 0..sessions {
        keyed.ordinal = BEYOND + number;
        take_along(around, workload, session, keyed, 1);
    }
}

/// Removes the further pages of a user who leaves now: `sure` pages, and then a geometric number with
/// P(at least n) = (1 − 1/mean)ⁿ.
fn take_along(
    around: &mut Around<'_>,
    workload: WorkloadId,
    session: Session,
    mut keyed: Request,
    sure: u16,
) {
    let uniform = around.draws.uniform_at(session.key, keyed.ordinal, 0);
    let further = libm::log(uniform) / libm::log(1.0 - 1.0 / session.mean_pages);
    let mut at = around.now;
    // The plan bounds the mean, so that the longest session that can be drawn has fewer than 2¹⁶ pages.
    for page in 0..whole::u16(further).saturating_add(sure) {
        keyed.iteration = page;
        at = at + SimDuration::from_seconds_f64(around.draws.demand(session.think, &keyed));
        around.clients.views.gone[workload.index()].push(Reverse(at));
    }
}

/// Lets the user of a lost view leave; the further pages of the session are taken from the source.
fn session_ends(around: &mut Around<'_>, view_id: u32) {
    let View { workload, user, guest, .. } = around.clients.views.slots[view_id as usize];
    if user.is_some() {
        return;
    }
    if let Some(guest) = guest {
        around.clients.guests.leaves(guest);
    }
    let Some(session) = clients_of(around, workload).session else { return };
    if session.mean_pages <= 1.0 {
        return;
    }
    // The number of further pages is geometric from zero, at any page of the session.
    let class = around.plan.workloads[workload.index()].class;
    let keyed = keyed(around, view_id, class);
    take_along(around, workload, session, keyed, 0);
}

/// Continues or ends the sticky session of a view that was served at `answered`. If the session has a
/// further page, its user requests it after a think time. Both are the draws of [`take_along`].
fn session_goes_on(around: &mut Around<'_>, view_id: u32, answered: SimTime) {
    let View { workload, user, guest, .. } = around.clients.views.slots[view_id as usize];
    let Some(guest) = guest.filter(|_| user.is_none()) else { return };
    let class = around.plan.workloads[workload.index()].class;
    let keyed = keyed(around, view_id, class);
    let goes_on = |session: &Session| {
        session.mean_pages > 1.0
            && around.draws.uniform_at(session.key, keyed.ordinal, 0)
                <= 1.0 - 1.0 / session.mean_pages
    };
    match clients_of(around, workload).session.filter(goes_on) {
        Some(session) => {
            let think = around.draws.demand(session.think, &keyed);
            let at = answered + SimDuration::from_seconds_f64(think);
            around.clients.guests.comes_back(workload, guest, at);
        }
        None => around.clients.guests.leaves(guest),
    }
}

/// Returns the sticky session of `id`; `None` if no balancer has cookies, or no client waits for `id`.
pub(crate) fn guest_of(around: &Around<'_>, id: RequestId) -> Option<GuestId> {
    let entry = &around.requests[id];
    match entry.owner {
        Owner::User(user) => around.clients.guests.user(user),
        Owner::View(view) => {
            let view = &around.clients.views.slots[view as usize];
            view.guest.filter(|_| view.running && view.attempt == entry.attempt)
        }
        _ => None,
    }
}
