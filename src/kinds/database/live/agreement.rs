//! Row locks, and the agreement of the members on writes: the mechanism [`Commits`] in the event loop.
//!
//! A write asks for its row before it executes (`Op::Begin`), and waits at the group until the commit is over (`Op::Commit`). Each
//! message takes one draw of the time `receive`. The work of participants and the forced records are requests of their own with a
//! borrowed frame of the member, in no ledger, so that they compete there with queries for processor and disks. An aborted write
//! goes back to the operation behind its `Op::Begin`, with the same draws.
//!
//! A member that has been silent for `suspect-after` leaves the view. When it runs again, it applies the log of the writes that it
//! lacks, in order, and joins the view once it lacks none. Until then it takes no query. A transaction that is not decided when it
//! joins counts as applied there without further work.
//!
//! Rows of writes that a log ships are locked at the primary alone, until the acknowledgement.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{AGAIN, Alarm, Database, Write};
use crate::engine::draw::Key;
use crate::mechanism::commit::{Act, Commits, Message, Protocol, Txn, Work};
use crate::model::ids::{ClassId, ComponentId};
use crate::model::request::{Frame, Hold, NO_CALL, Outcome, Owner, Request, RequestId, Waits};
use crate::model::route::{draw_index, index_of};
use crate::model::world::Around;
use crate::model::{Ctx, Move};
use crate::units::{SimDuration, SimTime};
use crate::workload::popularity::Zipf;

/// Number that keys the delay of an answer of a replica that has forced a write.
const CONFIRMATION: u32 = 63;

/// Protocol by which members agree on writes, and the rows that these lock.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// Protocol; `None`: writes are shipped by a log.
    pub protocol: Option<Protocol>,
    /// Rows that writes lock; `None`: no two writes meet.
    pub rows: Option<Arc<Zipf>>,
    /// Number of times that a write is tried.
    pub attempts: u32,
    /// Time after which a silent member is evicted.
    pub suspect_after: SimDuration,
}

impl Agreement {
    /// Returns whether members agree by a protocol.
    #[must_use]
    pub fn is_protocol(&self) -> bool {
        self.protocol.is_some()
    }

    /// Returns whether members of the view apply a log of ordered writes.
    #[must_use]
    pub fn applies_a_log(&self) -> bool {
        self.protocol == Some(Protocol::Ordered)
    }
}

/// A write of a transaction.
#[derive(Clone, Debug)]
struct Open {
    /// The query; `None` once it has ended.
    request: Option<RequestId>,
    /// Operation behind the one that began it.
    pc: u32,
    write: Write,
}

/// Transactions of a group.
#[derive(Clone, Debug)]
pub(super) struct Agreed {
    pub(super) how: Agreement,
    pub(super) commits: Commits,
    open: BTreeMap<Txn, Open>,
    of: BTreeMap<u32, Txn>,
    works: BTreeMap<u32, Work>,
    /// Key of the row, by kind of write.
    rows: Vec<Key>,
}

impl Agreed {
    pub(super) fn new(how: &Agreement, members: usize, rows: Vec<Key>) -> Self {
        let protocol = how.protocol.unwrap_or(Protocol::TwoPhase);
        Self {
            how: how.clone(),
            commits: Commits::new(protocol, members, how.attempts),
            open: BTreeMap::new(),
            of: BTreeMap::new(),
            works: BTreeMap::new(),
            rows,
        }
    }
}

/// A message, or work to repeat, with its time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Post {
    /// A message of the protocol.
    Message(Message),
    /// Work that failed and begins again.
    Again(Work),
    /// A replica has forced this number of writes, or has received it at the other site of a link.
    Confirmation(usize, u64),
    /// A replica at the other site of a link receives the last of this number of writes.
    Receipt(usize, u64),
}

impl Post {
    pub(super) fn is_confirmation(&self) -> bool {
        matches!(self, Self::Confirmation(..) | Self::Receipt(..))
    }
}

impl Write {
    /// Returns the request that does work for this write at the member `at`, from `entry` on.
    pub(super) fn request(
        &self,
        entry: u32,
        at: ComponentId,
        owner: Owner,
        now: SimTime,
    ) -> Request {
        let mut request = Request::new(ClassId(0), entry, owner, now);
        (request.ordinal, request.path) = (self.drawn.ordinal, self.drawn.path);
        request.position = self.position;
        request.iteration = self.iteration;
        debug_assert_eq!(draw_index(&request, 0), index_of(self.position, self.iteration, 0));
        request.frames[0] = Frame {
            at,
            serial: 0,
            since: now,
            call: NO_CALL,
            hold: Hold::Borrowed,
            behind: false,
            stale: false,
        };
        request.depth = 1;
        request
    }
}

impl Database {
    fn protocol(&self) -> Option<Protocol> {
        self.agreed.as_ref().and_then(|agreed| agreed.how.protocol)
    }

    /// Returns whether members agree on writes by a protocol.
    pub(super) fn agrees(&self) -> bool {
        self.protocol().is_some()
    }

    pub(super) fn in_view(&self, member: usize) -> bool {
        self.agreed.as_ref().is_none_or(|agreed| agreed.commits.in_view(member))
    }

    /// Returns whether a member applies writes from the log.
    pub(super) fn applies_log(&self, member: usize) -> bool {
        match self.protocol() {
            None => self.is_replica(member),
            Some(Protocol::Ordered) => true,
            Some(_) => !self.in_view(member),
        }
    }

    /// Returns whether queries of all members go to this one, too.
    pub(super) fn takes_queries(&self, member: usize, from: Option<bool>) -> bool {
        match self.protocol() {
            None => {
                member == self.primary || self.is_replica(member) && self.is_believed(member, from)
            }
            Some(_) => self.in_view(member),
        }
    }

    /// Returns whether a member of the view can send its log to `member`.
    pub(super) fn has_source(&self, member: usize) -> bool {
        let serves = |m: usize| self.members[m].up && self.in_view(m);
        (0..self.members.len()).any(|m| serves(m) && (m != member || self.applies_log(member)))
    }

    /// Begins a write of `request` at `member`: it waits for its row.
    fn begins(&mut self, ctx: &mut Ctx<'_>, member: usize, request: RequestId, step: u32) {
        let counted = self.counted(ctx.now);
        let (agrees, in_view) = (self.agrees(), self.in_view(member));
        let entry = &ctx.requests[request];
        let write = Write {
            at: ctx.now,
            drawn: entry.drawn(),
            position: entry.position,
            iteration: entry.iteration,
            step,
            acknowledged: true,
            origin: member,
        };
        let pc = entry.pc;
        let Some(agreed) = &mut self.agreed else { return ctx.proceed(request) };
        if agrees && !in_view {
            return ctx.fail(request, Outcome::Error);
        }
        let index = index_of(write.position, write.iteration, 0);
        let uniform = write.drawn.uniform(agreed.rows[step as usize], index);
        let row = agreed.how.rows.as_ref().map(|rows| rows.quantile(uniform));
        let mut acts = Vec::new();
        let txn = agreed.commits.begin(member, row, &mut acts);
        agreed.open.insert(txn, Open { request: Some(request), pc, write });
        agreed.of.insert(request.0, txn);
        self.counts.writes += counted;
        self.counts.lock_waits += counted * u64::from(acts.is_empty());
        self.waits_here(ctx, request);
        self.act(ctx, acts);
    }

    /// Lets the members agree on the write that `request` has executed.
    pub(super) fn executed(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.waits_here(ctx, request);
        let mut acts = Vec::new();
        let agreed = self.agreed.as_mut();
        let found = agreed.and_then(|agreed| Some((*agreed.of.get(&request.0)?, agreed)));
        let Some((txn, agreed)) = found else {
            // Its member was evicted meanwhile.
            Self::goes_on(ctx, request);
            return ctx.fail(request, Outcome::Error);
        };
        agreed.commits.executed(txn, &mut acts);
        self.act(ctx, acts);
    }

    /// Ends the wait of `request` here.
    fn goes_on(ctx: &mut Ctx<'_>, request: RequestId) {
        let entry = &mut ctx.requests[request];
        entry.at = ComponentId::NONE;
        entry.waits = Waits::Nothing;
    }

    /// Releases the row of a write that is acknowledged, where the log ships it.
    pub(super) fn ends_write(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        if self.agreed.is_some() && !self.agrees() {
            self.loses_client(ctx, request);
        }
    }

    /// Forgets the query `request`: its transaction ends if it has not executed yet, else goes on without it.
    pub(super) fn loses_client(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        let Some(agreed) = &mut self.agreed else { return };
        let Some(txn) = agreed.of.remove(&request.0) else { return };
        if let Some(open) = agreed.open.get_mut(&txn) {
            open.request = None;
        }
        let mut acts = Vec::new();
        agreed.commits.gives_up(txn, &mut acts);
        self.act(ctx, acts);
        self.tidies(txn);
    }

    /// Forgets a transaction that no member knows.
    pub(super) fn tidies(&mut self, txn: Txn) {
        let Some(agreed) = &mut self.agreed else { return };
        if agreed.commits.coordinator(txn).is_none()
            && let Some(open) = agreed.open.remove(&txn)
            && let Some(request) = open.request
        {
            agreed.of.remove(&request.0);
        }
    }

    /// Returns the query of a transaction, which is no longer its query from here on.
    pub(super) fn takes_client(&mut self, txn: Txn) -> Option<RequestId> {
        let agreed = self.agreed.as_mut()?;
        let request = agreed.open.get_mut(&txn)?.request.take()?;
        agreed.of.remove(&request.0);
        Some(request)
    }

    /// Does what the mechanism asks for.
    pub(super) fn act(&mut self, ctx: &mut Ctx<'_>, acts: Vec<Act>) {
        let of = |act: &Act| match act {
            Act::Send(message) => message.txn,
            Act::Work(work) => work.txn,
            Act::Record(_, txn)
            | Act::Executes(txn)
            | Act::Decided(txn)
            | Act::Answered(txn)
            | Act::Aborted(txn)
            | Act::Fails(txn) => *txn,
        };
        for act in &acts {
            match *act {
                Act::Send(message) => self.sends(ctx, message),
                Act::Work(work) => self.works(ctx, work),
                Act::Record(member, txn) => self.begins_work(ctx, txn, member, None),
                Act::Executes(txn) => self.executes(ctx, txn),
                Act::Decided(txn) => self.decided(ctx, txn),
                Act::Answered(txn) => {
                    if let Some(request) = self.takes_client(txn) {
                        Self::goes_on(ctx, request);
                        ctx.proceed(request);
                    }
                }
                Act::Aborted(_) => self.counts.conflicts += self.counted(ctx.now),
                Act::Fails(txn) => self.fails(ctx, txn),
            }
        }
        acts.iter().for_each(|act| self.tidies(of(act)));
    }

    /// Sends `request` of a transaction back to the begin of its work, its row being locked.
    fn executes(&mut self, ctx: &mut Ctx<'_>, txn: Txn) {
        let Some(agreed) = &mut self.agreed else { return };
        let Some(open) = agreed.open.get(&txn) else { return };
        let Some(request) = open.request else {
            // Its client has gone since the last attempt.
            let mut acts = Vec::new();
            agreed.commits.gives_up(txn, &mut acts);
            return self.act(ctx, acts);
        };
        let entry = &mut ctx.requests[request];
        (entry.pc, entry.iteration) = (open.pc, open.write.iteration);
        Self::goes_on(ctx, request);
        ctx.proceed(request);
    }

    /// Fails the query of a transaction. What is inside a lost member fails with that.
    fn fails(&mut self, ctx: &mut Ctx<'_>, txn: Txn) {
        let origin = self.agreed.as_ref().and_then(|agreed| agreed.open.get(&txn));
        let Some(origin) = origin.map(|open| open.write.origin) else { return };
        let lost = self.members[origin].lost;
        let Some(request) = self.takes_client(txn) else { return };
        let entry = &ctx.requests[request];
        if !lost && entry.at == self.id && entry.waits == Waits::Timer {
            Self::goes_on(ctx, request);
            ctx.fail(request, Outcome::Error);
        }
    }

    /// Puts `post` on its way.
    pub(super) fn mails(&mut self, ctx: &mut Ctx<'_>, at: SimTime, post: Post) {
        self.posted += 1;
        let key = (at, self.posted);
        self.post.insert(key, post);
        if self.post.first_key_value().is_some_and(|(first, _)| *first == key) {
            self.arm_post(ctx);
        }
    }

    fn arm_post(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(((at, _), _)) = self.post.first_key_value() {
            self.arm(ctx, Alarm::Post, *at);
        }
    }

    /// Returns the arrival of a message that concerns `write` and the member `end`.
    fn arrival(&self, now: SimTime, end: usize, write: &Write, number: u32) -> SimTime {
        let index = index_of(write.position, write.iteration, number);
        let key = self.members[end].messages[write.step as usize];
        let seconds = self.config.receive.sample(write.drawn.uniform(key, index));
        now + SimDuration::from_seconds_f64(seconds)
    }

    fn sends(&mut self, ctx: &mut Ctx<'_>, message: Message) {
        let Some(agreed) = &self.agreed else { return };
        let Some(open) = agreed.open.get(&message.txn) else { return };
        let coordinator = agreed.commits.coordinator(message.txn).unwrap_or(open.write.origin);
        let end = if message.from == coordinator { message.to } else { message.from };
        // The sub-index has sixteen bits: a draw of its own for each message of the first attempts.
        let number = message.attempt.min(999) * 64 + message.what as u32;
        let at = self.arrival(ctx.now, end, &open.write, number);
        self.mails(ctx, at, Post::Message(message));
    }

    /// Sends the primary the answer of a replica that has forced all writes below `upto`.
    pub(super) fn confirms(&mut self, ctx: &mut Ctx<'_>, replica: usize, write: &Write, upto: u64) {
        let at = self.arrival(ctx.now, replica, write, CONFIRMATION);
        if self.is_far(replica) {
            return self.owes(ctx, replica, upto, at - ctx.now);
        }
        self.mails(ctx, at, Post::Confirmation(replica, upto));
    }

    /// Handles all that arrives now.
    pub(super) fn delivers(&mut self, ctx: &mut Ctx<'_>) {
        while let Some((key, post)) = self.post.first_key_value().map(|(key, post)| (*key, *post))
            && key.0 <= ctx.now
        {
            self.post.remove(&key);
            match post {
                Post::Message(message) => {
                    let mut acts = Vec::new();
                    if let Some(agreed) = &mut self.agreed {
                        agreed.commits.arrives(message, &mut acts);
                    }
                    self.act(ctx, acts);
                    self.tidies(message.txn);
                }
                Post::Again(work) => self.works(ctx, work),
                Post::Confirmation(replica, upto) => self.confirmed(ctx, replica, upto),
                Post::Receipt(replica, upto) => self.owes(ctx, replica, upto, SimDuration::ZERO),
            }
        }
        self.arm_post(ctx);
    }

    fn works(&mut self, ctx: &mut Ctx<'_>, work: Work) {
        if self.agreed.as_ref().is_some_and(|agreed| agreed.commits.wants(work)) {
            self.begins_work(ctx, work.txn, work.at, Some(work));
        }
    }

    /// Starts `work` for a transaction at `member`; without it, a record that nothing waits for.
    fn begins_work(&mut self, ctx: &mut Ctx<'_>, txn: Txn, member: usize, work: Option<Work>) {
        let Some(agreed) = &mut self.agreed else { return };
        let Some(open) = agreed.open.get(&txn).filter(|_| !self.members[member].lost) else {
            return;
        };
        let at = &self.config.members[member];
        let entries = match work {
            Some(work) if work.executes => &at.executes,
            Some(_) => &at.forces,
            None => &at.records,
        };
        let entry = entries[open.write.step as usize];
        let request = open.write.request(entry, at.id, Owner::Group(self.id), ctx.now);
        let Ok(request) = ctx.requests.insert(request) else {
            return ctx.lane.push(Move::TooMany);
        };
        if let Some(work) = work {
            agreed.works.insert(request.0, work);
        }
        ctx.lane.push(Move::Advance(request));
    }

    /// Handles the end of work for a transaction.
    pub(super) fn work_ended(&mut self, ctx: &mut Ctx<'_>, request: RequestId, well: bool) {
        let Some(agreed) = &mut self.agreed else { return };
        let Some(work) = agreed.works.remove(&request.0) else { return };
        if !well {
            return self.mails(ctx, ctx.now + AGAIN, Post::Again(work));
        }
        let mut acts = Vec::new();
        agreed.commits.done(work, &mut acts);
        self.act(ctx, acts);
        self.tidies(work.txn);
    }

    /// Appends a committed write to the log, for the members that apply it from there.
    fn decided(&mut self, ctx: &mut Ctx<'_>, txn: Txn) {
        let ordered = self.protocol() == Some(Protocol::Ordered);
        let Some(open) = self.agreed.as_ref().and_then(|agreed| agreed.open.get(&txn)) else {
            return;
        };
        let write = Write { at: ctx.now, ..open.write };
        self.log.writes.push_back(write);
        for member in 0..self.members.len() {
            if !ordered && self.in_view(member) {
                self.members[member].applied += 1;
                continue;
            }
            if self.members[member].connected {
                let last = self.members[member].receipts.back().copied();
                let at = if member == write.origin {
                    last.map_or(ctx.now, |last| last.max(ctx.now))
                } else {
                    self.receipt(ctx.now, member, &write)
                };
                let state = &mut self.members[member];
                state.receipts.push_back(at);
                if state.receipts.len() == 1 && state.applying.is_none() {
                    self.arm(ctx, Alarm::Apply(member), at);
                }
            }
            self.note(ctx.now, member);
        }
        self.trim();
    }

    /// Passes the writes next in the log that `member` has executed itself.
    pub(super) fn passes_own(&mut self, ctx: &mut Ctx<'_>, member: usize) {
        let mut passed = false;
        while let state = &self.members[member]
            && state.applying.is_none()
            && state.receipts.front().is_some_and(|at| *at <= ctx.now)
            && self.log.get(state.applied).is_some_and(|write| write.origin == member)
        {
            let state = &mut self.members[member];
            state.applied += 1;
            state.receipts.pop_front();
            passed = true;
        }
        if passed {
            self.note(ctx.now, member);
            self.trim();
            self.has_applied(ctx, member);
        }
    }

    /// Handles that `member` has applied a write from the log: retries begin, and it joins the view if it lacks nothing.
    pub(super) fn has_applied(&mut self, ctx: &mut Ctx<'_>, member: usize) {
        let Some(protocol) = self.protocol() else { return };
        let applied = self.members[member].applied;
        let mut acts = Vec::new();
        if let Some(agreed) = self.agreed.as_mut().filter(|_| protocol == Protocol::Ordered) {
            agreed.commits.sees(member, applied, &mut acts);
        }
        self.act(ctx, acts);
        self.joins_if_complete(ctx, member);
    }

    /// Begins a write of `id` at the innermost member.
    #[inline(never)]
    pub(super) fn begin_write(
        around: &mut Around<'_>,
        id: RequestId,
        database: ComponentId,
        step: u32,
    ) {
        let at = around.requests[id].top().at;
        let Some((_, member)) = around.plan.parts[at.index()].database else { return };
        around.with::<Self, _>(database, |group, ctx| group.begins(ctx, member as usize, id, step));
    }
}
