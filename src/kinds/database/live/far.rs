//! Members at the other site of a link.
//!
//! Model: the change stream to a replica at the other site is one connection. One transfer at a time crosses the link, with
//! all writes committed since the last one, up to [`BLOCK`] bytes. The next begins when its last byte has left. Its writes
//! are there after the latency, and received after their drawn times. What a replica has to answer goes back in the same
//! way, one byte for all that it has received or forced by then.
//!
//! While the link is cut, transfers wait on it and go on when it is back. Members at both sites run and do not see each
//! other: the failover script, on one of them, finds a primary at the other site dead. Members that did not see the
//! present primary since its promotion do not watch it. Without a fence two primaries serve, each the callers at its site.
//!
//! Each site believes of the members at the other what its own probes find. Callers at a third site believe what the site of
//! the member does.
//!
//! Holds: a site that is cut off receives and acknowledges nothing.
//! Leaves out: the bytes of probes, and acknowledgements that nothing waits for.

use std::collections::BTreeMap;

use super::agreement::Post;
use super::{AGAIN, Alarm, BLOCK, Database, Phase, Standing};
use crate::model::ids::{CauseId, ClassId, ComponentId};
use crate::model::request::{Owner, Request, RequestId, Stage};
use crate::model::world::Around;
use crate::model::{Ctx, Heard};
use crate::units::{SimDuration, SimTime};

/// Link between the members of a group, which stand at both of its sites.
#[derive(Clone, Debug)]
pub struct FarConfig {
    /// Component that stands for the link.
    pub link: ComponentId,
    /// Side of each member; false for that of the first.
    pub sides: Vec<bool>,
    /// Side of each rack; `None`: it stands at neither site.
    pub racks: Vec<Option<bool>>,
    /// Way from each member to each other one; `None`: no link is between them.
    pub ways: Vec<Vec<Option<u32>>>,
    /// First operation of a transfer.
    pub carry: u32,
    /// Bytes of a write.
    pub bytes: u64,
    /// Time after which a probe has failed.
    pub time_out: SimDuration,
}

/// State of the link of a group.
#[derive(Clone, Debug)]
pub(super) struct Across {
    /// True while the link carries nothing.
    cut: bool,
    /// Cause of that.
    cause: CauseId,
    ends: Vec<End>,
    /// Transfers on the link, by number of their request.
    moves: BTreeMap<u32, Transfer>,
}

/// Connection of a member with the other site.
#[derive(Clone, Debug)]
struct End {
    /// Transfer of writes to it.
    writes: Option<RequestId>,
    /// Number of writes, of all, with which nothing was left to send for the first time since the group has been asynchronous.
    level: Option<u64>,
    /// Transfer of its answer.
    answer: Option<RequestId>,
    /// Number of writes that its next answer is about, and the delay of that beside the link.
    owes: Option<(u64, SimDuration)>,
    /// Transfer of a block of its rebuild.
    block: Option<RequestId>,
    /// True if the other site believes it alive.
    alive: bool,
    /// Failed probes in a row from there.
    failed: u32,
    /// True if it has seen the present primary.
    knows: bool,
    /// True if no probe that is under way can be answered.
    in_vain: bool,
    /// True if that is so of the other site alone.
    unheard: bool,
}

/// Data on the link.
#[derive(Clone, Copy, Debug)]
enum Transfer {
    /// Writes of these numbers, the last one excluded, to a member.
    Writes(usize, u64, u64),
    /// The answer of a member about all writes below a number, and its delay beside the link.
    Answer(usize, u64, SimDuration),
    /// A block of the rebuild of a member, which takes the next one not before an instant.
    Block(usize, SimTime),
}

impl Across {
    pub(super) fn new(members: usize) -> Self {
        let end = End {
            writes: None,
            level: None,
            answer: None,
            owes: None,
            block: None,
            alive: true,
            failed: 0,
            knows: true,
            in_vain: false,
            unheard: false,
        };
        let (ends, moves) = (vec![end; members], BTreeMap::new());
        Self { cut: false, cause: CauseId::OVERLOAD, ends, moves }
    }
}

/// Sites that can hear the answer to a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hearing {
    /// True if an answer can come.
    heard: bool,
    /// True if the site at the other end of the link sends probes too, and gets no answer.
    unheard: bool,
}

impl Database {
    /// Returns whether two members stand at different sites of a link.
    fn are_apart(&self, one: usize, other: usize) -> bool {
        self.config.far.as_ref().is_some_and(|far| far.sides[one] != far.sides[other])
    }

    /// Returns whether a member stands at the other site than the primary.
    pub(super) fn is_far(&self, member: usize) -> bool {
        self.are_apart(member, self.primary)
    }

    /// Returns whether no cut link is between two members.
    pub(super) fn reaches(&self, one: usize, other: usize) -> bool {
        !self.is_cut() || !self.are_apart(one, other)
    }

    fn is_cut(&self) -> bool {
        self.far.as_ref().is_some_and(|far| far.cut)
    }

    /// Returns the side of the link at which a component stands; `None` if at neither.
    pub(super) fn side_of(&self, around: &Around<'_>, caller: ComponentId) -> Option<bool> {
        let far = self.config.far.as_ref()?;
        let between = around.plan.network.as_ref()?.between.as_ref()?;
        let rack = between.racks.get(caller.index()).copied().flatten()?;
        far.racks.get(rack as usize).copied().flatten()
    }

    /// Returns whether callers at a side of the link believe a member alive.
    pub(super) fn is_believed(&self, member: usize, from: Option<bool>) -> bool {
        match (&self.far, &self.config.far, from) {
            (Some(far), Some(config), Some(from)) if from != config.sides[member] => {
                far.ends[member].alive
            }
            _ => self.members[member].alive,
        }
    }

    /// Returns which of two members that both take writes a caller at a side of the cut link reaches; `None`: both.
    pub(super) fn reached_of(&self, both: [usize; 2], from: Option<bool>) -> Option<usize> {
        let (config, from) = (self.config.far.as_ref()?, from?);
        let one_each = config.sides[both[0]] != config.sides[both[1]];
        let near = both.into_iter().find(|member| config.sides[*member] == from);
        near.filter(|_| self.is_cut() && one_each)
    }
}

/// Failover script.
impl Database {
    /// Returns whether `by` may watch the primary: it knows of it.
    pub(super) fn knows_primary(&self, by: usize) -> bool {
        self.far.as_ref().is_none_or(|far| far.ends[by].knows)
    }

    /// Returns whether the script that promotes reaches a replica. People reach all.
    pub(super) fn may_promote(&self, member: usize) -> bool {
        let people = self.phase != Phase::Served && self.by_people;
        self.far.is_none()
            || people
            || self.watchers(self.primary).next().is_some_and(|by| self.reaches(by, member))
    }

    /// Returns which sites hear the answer to a probe of `member`; `None` if none is sent.
    pub(super) fn hearing(&self, member: usize) -> Option<Hearing> {
        let first = self.watchers(member).next()?;
        let (mut heard, mut unheard) = (true, false);
        if self.is_cut() {
            let mut watchers = self.watchers(member);
            if member == self.primary {
                heard = self.reaches(first, member);
            } else if Some(member) == self.rival {
                // Only a member that sees both primaries knows that there are two.
                heard =
                    watchers.any(|by| self.reaches(by, member) && self.reaches(by, self.primary));
            } else {
                unheard = self.watchers(member).any(|by| !self.reaches(by, member));
                heard = watchers.any(|by| self.reaches(by, member));
            }
        }
        Some(Hearing { heard, unheard })
    }

    /// Begins a probe of `member`; returns whether it can be answered. If not, the alarm of the probe rings at its time-out.
    pub(super) fn asks_in_time(&mut self, ctx: &mut Ctx<'_>, member: usize, by: Hearing) -> bool {
        if let (Some(far), Some(config)) = (&mut self.far, &self.config.far) {
            let end = &mut far.ends[member];
            (end.in_vain, end.unheard) = (!by.heard, by.unheard);
            if !by.heard {
                let at = ctx.now + config.time_out;
                self.arm(ctx, Alarm::Probe(member), at);
            }
        }
        by.heard
    }

    /// Returns the start of a probe of `member` whose time-out is over without an answer.
    pub(super) fn ends_in_vain(&mut self, member: usize) -> Option<SimTime> {
        let end = &mut self.far.as_mut()?.ends[member];
        std::mem::take(&mut end.in_vain).then_some(self.members[member].asked)?
    }

    /// Records at the other site the result of a probe of `member`, which `was_heard` at one of them. Returns whether its own
    /// site learns it too.
    pub(super) fn is_told(
        &mut self,
        member: usize,
        good: bool,
        was_heard: bool,
        fall: u32,
    ) -> bool {
        let primary = member == self.primary || Some(member) == self.rival;
        let Some(far) = &mut self.far else { return true };
        let end = &mut far.ends[member];
        let good = good && !end.unheard;
        end.failed = if good { 0 } else { end.failed + 1 };
        end.alive = good || end.alive && end.failed < fall;
        was_heard || primary
    }

    /// Lets the other site believe `member` alive.
    pub(super) fn is_trusted(&mut self, member: usize) {
        if let Some(far) = &mut self.far {
            (far.ends[member].alive, far.ends[member].failed) = (true, 0);
        }
    }

    /// Handles a change of health of the link.
    pub(super) fn link_changes(&mut self, ctx: &mut Ctx<'_>, heard: Heard) {
        let Some(far) = &mut self.far else { return };
        let cut = !heard.is.works();
        if std::mem::replace(&mut far.cut, cut) == cut {
            return;
        }
        far.cause = ctx.cause;
        if !cut {
            far.ends.iter_mut().for_each(|end| end.knows = true);
            for replica in 0..self.members.len() {
                if self.is_replica(replica) && self.is_far(replica) {
                    self.misses(replica);
                }
            }
        }
        self.sees(ctx.now);
        self.look_around(ctx);
    }

    /// Records since when the script does not see a primary that runs.
    pub(super) fn sees(&mut self, now: SimTime) {
        let Some(far) = &self.far else { return };
        if self.phase != Phase::Served || !self.members[self.primary].up {
            return;
        }
        let by = self.watchers(self.primary).next();
        let unseen = by.is_some_and(|by| !self.reaches(by, self.primary));
        if unseen && self.onset.is_none() {
            (self.onset, self.cause) = (Some(now), far.cause);
        } else if !unseen {
            self.onset = None;
        }
    }
}

/// Data on the link.
impl Database {
    fn moves(
        &mut self,
        ctx: &mut Ctx<'_>,
        (from, to): (usize, usize),
        bytes: u64,
        what: Transfer,
    ) -> Option<RequestId> {
        let config = self.config.far.as_ref()?;
        let mut request = Request::new(ClassId(0), config.carry, Owner::Group(self.id), ctx.now);
        request.need = bytes.max(1);
        request.local = config.ways[from][to]?;
        request.stage = Stage::Stream;
        let id = ctx.start(request)?;
        self.far.as_mut()?.moves.insert(id.0, what);
        Some(id)
    }

    /// Sends a replica at the other site what it lacks, unless a transfer to it is under way.
    pub(super) fn sends_writes(&mut self, ctx: &mut Ctx<'_>, replica: usize) {
        let (Some(far), Some(config)) = (&self.far, &self.config.far) else { return };
        let state = &self.members[replica];
        if !state.connected || far.ends[replica].writes.is_some() {
            return;
        }
        let first = state.applied + state.receipts.len() as u64;
        let most = (BLOCK / config.bytes).max(1);
        let end = self.log.end().min(first + most);
        if end <= first {
            return;
        }
        let bytes = config.bytes.saturating_mul(end - first);
        let what = Transfer::Writes(replica, first, end);
        let id = self.moves(ctx, (self.primary, replica), bytes, what);
        if let Some(far) = &mut self.far {
            far.ends[replica].writes = id;
        }
    }

    /// Handles the end of a transfer: its last byte has left, and is there after the latency.
    pub(super) fn has_left(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        let at = ctx.requests[request].ends;
        let Some(far) = &mut self.far else { return };
        match far.moves.remove(&request.0) {
            Some(Transfer::Writes(to, first, end)) => {
                let last = end == self.log.end();
                far.ends[to].writes = None;
                far.ends[to].level = far.ends[to].level.or(last.then_some(end));
                self.arrive(ctx, to, (first, end), at);
                self.sends_writes(ctx, to);
            }
            Some(Transfer::Answer(from, upto, delay)) => {
                far.ends[from].answer = None;
                self.mails(ctx, at + delay, Post::Confirmation(from, upto));
                self.answers(ctx, from);
            }
            Some(Transfer::Block(to, due)) => {
                far.ends[to].block = None;
                // The next block leaves behind this one; the member has all of it the latency after the last one.
                let is_last = self.members[to].standing == Standing::Copied(0);
                let next = if is_last { at } else { ctx.now };
                self.arm(ctx, Alarm::Rebuild(to), next.max(due));
            }
            None => {}
        }
    }

    /// Records the times at which a replica receives writes that are at its site from `at` on.
    fn arrive(&mut self, ctx: &mut Ctx<'_>, to: usize, (first, end): (u64, u64), at: SimTime) {
        let answers = self.config.semi_sync && self.config.wait_for.is_none();
        let was_idle = self.members[to].receipts.is_empty();
        for number in first..end {
            let Some(write) = self.log.get(number).copied() else { continue };
            let received = self.receipt(at, to, &write);
            self.members[to].receipts.push_back(received);
            if answers {
                self.mails(ctx, received, Post::Receipt(to, number + 1));
            }
        }
        if self.config.wait_for.is_some() {
            self.arm_force(ctx, to);
        } else if let Some(first) = self.members[to].receipts.front().copied()
            && was_idle
            && self.members[to].applying.is_none()
        {
            self.arm(ctx, Alarm::Apply(to), first);
        }
        self.note(ctx.now, to);
    }

    /// Lets a replica at the other site answer that it has all writes below `upto`; `delay` is that of the answer beside the
    /// link.
    pub(super) fn owes(
        &mut self,
        ctx: &mut Ctx<'_>,
        replica: usize,
        upto: u64,
        delay: SimDuration,
    ) {
        let state = &self.members[replica];
        if !self.is_far(replica) || !state.connected || state.received(ctx.now) < upto {
            return;
        }
        if let Some(far) = &mut self.far {
            far.ends[replica].owes = Some((upto, delay));
            self.answers(ctx, replica);
        }
    }

    fn answers(&mut self, ctx: &mut Ctx<'_>, replica: usize) {
        let Some(far) = &mut self.far else { return };
        let end = &mut far.ends[replica];
        if end.answer.is_some() {
            return;
        }
        let Some((upto, delay)) = end.owes.take() else { return };
        let what = Transfer::Answer(replica, upto, delay);
        let id = self.moves(ctx, (replica, self.primary), 1, what);
        if let Some(far) = &mut self.far {
            far.ends[replica].answer = id;
        }
    }

    /// Forgets when nothing was left to send, since a replica has not answered in time.
    pub(super) fn forget_levels(&mut self) {
        if let Some(far) = &mut self.far {
            far.ends.iter_mut().for_each(|end| end.level = None);
        }
    }

    /// Returns whether an answer shows that a replica at the other site has all that was to be sent.
    pub(super) fn has_caught_up(&self, replica: usize, upto: u64) -> bool {
        let level = self.far.as_ref().and_then(|far| far.ends[replica].level);
        self.is_far(replica) && level.is_some_and(|level| upto >= level)
    }

    /// Sends a replica what it lacks after it has been connected (`anew`), or after another member has become primary.
    pub(super) fn fills(&mut self, ctx: &mut Ctx<'_>, replica: usize, anew: bool) {
        if self.far.is_none() || !self.members[replica].connected {
            return;
        }
        if !self.is_far(replica) {
            let state = &self.members[replica];
            for number in state.applied + state.receipts.len() as u64..self.log.end() {
                let Some(write) = self.log.get(number).copied() else { continue };
                let at = self.receipt(ctx.now, replica, &write);
                self.members[replica].receipts.push_back(at);
            }
            return;
        }
        let state = &self.members[replica];
        let has = match self.config.wait_for {
            Some(_) => state.forced,
            None => state.received(ctx.now),
        };
        let waits = self.config.wait_for.is_some() || self.config.semi_sync;
        if anew && waits && has > state.confirmed {
            self.owes(ctx, replica, has, SimDuration::ZERO);
        }
        self.sends_writes(ctx, replica);
    }

    /// Forgets what is on the way to a replica that is no longer connected, and from it: it is sent again.
    pub(super) fn forget_transfers(&mut self, member: usize) {
        let Some(far) = &mut self.far else { return };
        let end = &mut far.ends[member];
        (end.owes, end.level) = (None, None);
        for id in [end.writes.take(), end.answer.take()].into_iter().flatten() {
            far.moves.remove(&id.0);
        }
    }

    /// Forgets what is on the way from and to an old primary, and which members know the new one.
    pub(super) fn forget_old_primary(&mut self) {
        for member in 0..self.members.len() {
            self.forget_transfers(member);
            let knows = self.reaches(member, self.primary);
            if let Some(far) = &mut self.far {
                far.ends[member].block = None;
                far.ends[member].knows = knows;
            }
        }
        if let Some(far) = &mut self.far {
            far.moves.clear();
        }
        self.is_trusted(self.primary);
    }

    /// Sends a block of the rebuild of a member at the other site; the next is due with it, and not before `due`. Returns false
    /// if it stands at the site of the primary.
    pub(super) fn sends_block(&mut self, ctx: &mut Ctx<'_>, member: usize, due: SimTime) -> bool {
        if !self.is_far(member) {
            return false;
        }
        let what = Transfer::Block(member, due);
        let id = self.moves(ctx, (self.primary, member), BLOCK, what);
        if id.is_none() {
            self.arm(ctx, Alarm::Rebuild(member), ctx.now + AGAIN);
        }
        if let Some(far) = &mut self.far {
            far.ends[member].block = id;
        }
        true
    }

    /// Returns whether a block of the rebuild of a member is on the link.
    pub(super) fn awaits_block(&self, member: usize) -> bool {
        self.far.as_ref().is_some_and(|far| far.ends[member].block.is_some())
    }

    /// Forgets a block of a rebuild that cannot continue.
    pub(super) fn forget_block(&mut self, member: usize) {
        let Some(far) = &mut self.far else { return };
        if let Some(id) = far.ends[member].block.take() {
            far.moves.remove(&id.0);
        }
    }
}
