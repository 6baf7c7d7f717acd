//! Failover: probes, fencing, choice of the new primary, promotion, and the rebuild of the old one.
//!
//! A script on a running replica probes the primary: it takes a connection and gives it back. A
//! process that is down refuses at once; a silent or hung one costs the time-out. So does one whose
//! connections are all taken: an overloaded primary may be declared dead. After `fall` failed probes
//! in a row the failover is decided. Whether it works is drawn for the onset of the primary's fault,
//! keyed by its time, so that no event in between moves the draw.
//!
//! - It works: the old primary is fenced (unless `fence` is false). The running replica that has
//!   received most is chosen, applies all it has received, and is primary after `promote`. On the old
//!   primary's volume nothing has to be applied and nothing is lost, but the volume must answer. If
//!   the chosen replica fails, another is chosen. If none is left, the old primary serves again when
//!   it is back.
//! - It does not work: there is no primary until people have repaired it. Then the old primary serves
//!   again if it runs. Otherwise they promote a replica as above, without a further `promote`, or wait
//!   for the first member that comes back.
//!
//! Planned work that takes the primary out announces it, where the file has `switch-over`. The old primary hands over all
//! writes first. The replica that has most of them becomes primary after it has applied the rest and `switch-over` has
//! passed. Unless that replica fails meanwhile this works, loses no write, and leaves the old primary a replica. If no
//! replica can take over, the work is found like a crash. Simplification: the switch-over begins with the work, not before it.
//! Long-horizon runs draw from its surrogate: `kinds::database::failover`.

use super::{AGAIN, Alarm, Database, Phase, Standing};
use crate::convert;
use crate::engine::calendar::Ticket;
use crate::engine::law::Sampler;
use crate::model::drawn::Drawn;
use crate::model::ids::{CauseId, ClassId, ComponentId, KeyId};
use crate::model::probing::first_probe;
use crate::model::request::{Owner, Request};
use crate::model::world::Around;
use crate::model::{Ctx, Move};
use crate::units::{SimDuration, SimTime};

fn drawn(law: &Sampler, key: crate::engine::draw::Key, ordinal: u64) -> SimDuration {
    SimDuration::from_seconds_f64(law.sample(key.uniform(ordinal, 0)))
}

impl Database {
    /// Arms the first probes, and the first failover of a healthy primary if `faults` are simulated.
    pub(crate) fn begin(&mut self, ctx: &mut Ctx<'_>, faults: bool) {
        let Some(failover) = &self.config.failover else { return };
        let interval = failover.interval;
        let gap = failover.false_gap.filter(|_| faults);
        for member in 0..self.members.len() {
            let uniform = self.members[member].phase.uniform(0, 0);
            self.members[member].due = first_probe(interval, ctx.now, uniform);
            self.arm(ctx, Alarm::Probe(member), self.members[member].due);
        }
        let Some(gap) = gap else { return };
        // A renewal process since time zero has the same events whenever a window begins.
        let mut at = SimTime::ZERO;
        while at <= ctx.now {
            at = at + self.next_false_gap(gap);
        }
        self.arm(ctx, Alarm::False, at);
    }

    fn next_false_gap(&mut self, mean: f64) -> SimDuration {
        let uniform = self.false_gap.uniform(self.false_alarms, 0);
        self.false_alarms += 1;
        SimDuration::from_seconds_f64(-libm::log(uniform) * mean)
    }

    /// Returns the members that can probe `member`: they run and are not fenced. Replicas probe the primary.
    pub(super) fn watchers(&self, member: usize) -> impl Iterator<Item = usize> + '_ {
        let may = move |m: &usize| {
            let replica = member != self.primary || self.is_replica(*m) && self.knows_primary(*m);
            *m != member && self.members[*m].up && !self.members[*m].fenced && replica
        };
        (0..self.members.len()).filter(may)
    }

    /// Returns whether another member can probe `member`.
    fn has_watcher(&self, member: usize) -> bool {
        self.watchers(member).next().is_some()
    }

    /// Returns whether `member` is probed: the serving primary, a rival, or a replica that serves reads.
    fn is_watched(&self, member: usize) -> bool {
        member == self.primary && self.phase == Phase::Served
            || Some(member) == self.rival
            || self.config.replicas_read() && self.is_replica(member)
    }

    /// Ends a probe of `member`, and arms the next at its due time.
    fn next_probe(&mut self, ctx: &mut Ctx<'_>, member: usize) {
        let state = &mut self.members[member];
        state.asked = None;
        let due = state.due.max(ctx.now);
        self.arm(ctx, Alarm::Probe(member), due);
    }

    /// Records the result of a probe of `member`; returns whether it is the primary and is declared dead.
    fn verdict(&mut self, now: SimTime, member: usize, (good, was_heard): (bool, bool)) -> bool {
        let Some(failover) = &self.config.failover else { return false };
        let fall = failover.fall;
        if !self.is_told(member, good, was_heard, fall) {
            return false;
        }
        let state = &mut self.members[member];
        state.failed = if good { 0 } else { state.failed + 1 };
        if good {
            state.alive = true;
        } else if state.failed >= fall {
            state.alive = false;
        }
        let dead = member == self.primary && state.failed >= fall && self.phase == Phase::Served;
        dead && self.may_decide(now)
    }

    /// Returns whether a failover could end: a synchronous replica is promoted only with enough others.
    fn may_decide(&self, now: SimTime) -> bool {
        let can = |to| self.has_replicas_for(to);
        self.config.wait_for.is_none() || self.choice(now).is_some_and(can)
    }

    /// Applies a change of health of the process of a member.
    pub(super) fn health_changes(
        &mut self,
        ctx: &mut Ctx<'_>,
        member: usize,
        (up, lost): (bool, bool),
        cause: CauseId,
    ) {
        let was = std::mem::replace(&mut self.members[member].up, up);
        if member == self.primary && self.phase == Phase::Served {
            if was && !up {
                self.onset = Some(ctx.now);
                self.cause = cause;
            } else if up {
                self.onset = None;
            }
        }
        self.member_changes(ctx, member, up, lost);
        self.reconnect(ctx);
        self.sees(ctx.now);
        if was != up {
            self.look_around(ctx);
        }
    }

    /// Arms what waits for a member to come back, as events of their own: failover and rebuilds.
    pub(super) fn look_around(&mut self, ctx: &mut Ctx<'_>) {
        if !matches!(self.phase, Phase::Served | Phase::People(_)) {
            self.arm(ctx, Alarm::Step, ctx.now);
        }
        for member in 0..self.members.len() {
            if self.members[member].standing != Standing::Member {
                self.arm(ctx, Alarm::Rebuild(member), ctx.now);
            }
        }
    }

    /// Returns whether planned work announces that it takes the primary out.
    fn announces(&self) -> bool {
        self.config.failover.as_ref().is_some_and(|failover| failover.switch_over.is_some())
    }

    /// Hears that planned work has taken `member` out. If it was the primary until now, a switch-over begins once all that the work
    /// takes out at this instant is out.
    pub(super) fn hears_of_work(&mut self, ctx: &mut Ctx<'_>, member: usize) {
        if self.announces() && member == self.primary && self.phase == Phase::Served {
            self.arm(ctx, Alarm::Step, ctx.now);
        }
    }

    /// Begins the switch-over of a primary that planned work has taken out at this instant, if a replica can take over. Where a
    /// given trajectory has a failover that fails now, it is followed.
    fn switches_over(&mut self, ctx: &mut Ctx<'_>) {
        let mut failed = self.history.iter().flatten();
        let fails = failed.any(|failed| failed.lasts_at(ctx.now));
        let leaves = self.onset == Some(ctx.now) && !self.members[self.primary].up;
        if !self.announces() || !leaves || fails {
            return;
        }
        let Some(to) = self.choice(ctx.now) else { return };
        let state = &mut self.members[to];
        state.receipts.iter_mut().for_each(|at| *at = (*at).min(ctx.now));
        while state.applied + (state.receipts.len() as u64) < self.log.end() {
            state.receipts.push_back(ctx.now);
        }
        self.counts.failovers += self.counted(ctx.now);
        self.failovers += 1;
        (self.by_people, self.switches) = (false, true);
        self.phase = Phase::Replays(to);
        self.members[self.primary].fenced = true;
        self.arm(ctx, Alarm::Step, ctx.now);
        self.reconnect(ctx);
    }

    /// Decides a failover, of a dead primary or a healthy one; returns whether the primary is fenced now.
    fn decide(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let Some(failover) = &self.config.failover else { return false };
        let known = self.history.as_ref();
        let known = known.map(|history| history.iter().find(|failed| failed.lasts_at(ctx.now)));
        let covered = match (known, self.onset) {
            (Some(failed), _) => failed.is_none(),
            (None, Some(at)) => self.works.uniform(at.nanos(), 0) < failover.coverage,
            (None, None) => self.works_falsely.uniform(self.failovers, 0) < failover.coverage,
        };
        let done = known.flatten().and_then(|failed| failed.people).filter(|at| *at > ctx.now);
        let fence = failover.fence || !covered;
        let people = (!covered).then(|| match done {
            Some(at) => at - ctx.now,
            None => drawn(&failover.manual_repair, self.people, self.failovers),
        });
        let counted = self.counted(ctx.now);
        self.counts.failovers += counted;
        self.counts.failed += counted * u64::from(!covered);
        self.counts.without_a_death += counted * u64::from(self.onset.is_none());
        self.failovers += 1;
        self.by_people = !covered;
        self.phase = match people {
            None => Phase::Seeks,
            Some(time) => Phase::People(ctx.now + time),
        };
        let next = people.map_or(ctx.now, |time| ctx.now + time);
        self.arm(ctx, Alarm::Step, next);
        if self.onset.is_none() {
            self.cause = CauseId::OVERLOAD;
        }
        self.members[self.primary].fenced = fence;
        if fence {
            self.forgets_writes(self.primary);
        }
        self.reconnect(ctx);
        fence
    }

    /// Returns the running replica in reach that has received most, the first in case of ties.
    fn choice(&self, now: SimTime) -> Option<usize> {
        let runs = |m: usize| self.is_replica(m) && self.members[m].up;
        let able = |m: &usize| runs(*m) && self.may_promote(*m);
        let all = (0..self.members.len()).filter(able);
        all.max_by_key(|m| (self.members[*m].received(now), std::cmp::Reverse(*m)))
    }

    /// Ends the failover without a promotion: the old primary is back and serves.
    fn give_up(&mut self, ctx: &mut Ctx<'_>) {
        self.switches = false;
        self.members[self.primary].fenced = false;
        self.members[self.primary].failed = 0;
        self.phase = Phase::Served;
        self.onset = None;
        self.cause = CauseId::OVERLOAD;
        self.reconnect(ctx);
        self.sees(ctx.now);
        self.look_around(ctx);
    }

    /// Makes `to` the primary, and returns the old one.
    fn take_over(&mut self, ctx: &mut Ctx<'_>, to: usize) -> usize {
        let now = ctx.now;
        let failover = self.config.failover.as_ref();
        let (remount, fence) = failover.map_or((false, true), |f| (f.remount, f.fence));
        let old = std::mem::replace(&mut self.primary, to);
        if remount {
            self.members[to].applied = self.log.end();
        } else {
            let has = self.members[to].received(now);
            let mut lost = 0;
            while self.log.end() > has
                && let Some(write) = self.log.writes.pop_back()
            {
                lost += u64::from(write.acknowledged);
            }
            self.counts.lost_writes += lost * self.counted(now);
            self.members[to].applied = self.log.end();
            self.leave_behind(to);
        }
        let state = &mut self.members[to];
        state.receipts.clear();
        state.applying = None;
        state.alive = true;
        state.failed = 0;
        let switched = std::mem::take(&mut self.switches);
        let state = &mut self.members[old];
        state.receipts.clear();
        state.failed = 0;
        if switched {
            // It has all writes, and follows once it is back. Reads go there once a probe finds it back.
            (state.applied, state.applying) = (self.log.end(), None);
            state.alive = state.up;
        } else {
            state.standing = Standing::Out;
        }
        self.rival = (!fence && !self.by_people && !switched).then_some(old);
        self.members[old].fenced = self.rival.is_none() && !switched;
        self.phase = Phase::Served;
        self.onset = (!self.members[to].up).then_some(now);
        self.cause = CauseId::OVERLOAD;
        self.fallen = false;
        self.forget_forces();
        self.forget_old_primary();
        self.trim();
        self.reconnect(ctx);
        self.sees(now);
        self.look_around(ctx);
        old
    }

    /// Handles members with more writes than the new primary. Unapplied extra writes are dropped. A member
    /// that has applied one leaves the group, until a rebuild copies it.
    fn leave_behind(&mut self, primary: usize) {
        let end = self.log.end();
        for (member, state) in self.members.iter_mut().enumerate() {
            if member == primary {
                continue;
            }
            if state.applied > end {
                state.standing = Standing::Out;
                state.fenced = true;
                state.receipts.clear();
                state.applying = None;
            } else if state.applied + state.receipts.len() as u64 > end {
                state.receipts.truncate(convert::index(end - state.applied));
                if state.receipts.is_empty() {
                    state.applying = None;
                }
            }
        }
    }

    /// Begins or continues the copy of a member that is out; returns the number of the block to copy. A
    /// copy that cannot continue starts over later.
    fn copy(&mut self, ctx: &mut Ctx<'_>, member: usize) -> Option<u64> {
        let rebuild = self.config.rebuild?;
        let able = self.phase == Phase::Served
            && self.members[member].up
            && self.members[self.primary].up
            && self.rival != Some(member);
        let (end, waits) = (self.log.end(), self.awaits_block(member));
        let state = &mut self.members[member];
        let left = match state.standing {
            Standing::Member => return None,
            _ if !able => {
                state.standing = Standing::Out;
                self.forget_block(member);
                return None;
            }
            Standing::Copied(_) if waits => return None,
            Standing::Out => {
                // The copy has the state of this instant; later writes are applied after it.
                state.fenced = true;
                state.applied = end;
                state.receipts.clear();
                (state.applying, state.missed) = (None, None);
                rebuild.blocks
            }
            Standing::Copied(left) => left,
        };
        if left == 0 {
            state.standing = Standing::Member;
            state.fenced = false;
            state.alive = true;
            state.failed = 0;
            self.is_trusted(member);
            self.reconnect(ctx);
            return None;
        }
        state.standing = Standing::Copied(left - 1);
        let block = state.blocks;
        state.blocks += 1;
        let due = ctx.now + rebuild.gap;
        if !self.sends_block(ctx, member, due) {
            self.arm(ctx, Alarm::Rebuild(member), due);
        }
        Some(block)
    }
}

impl Database {
    /// Handles an alarm of a group.
    #[inline(never)]
    pub(super) fn alarm_rings(
        around: &mut Around<'_>,
        id: ComponentId,
        local: usize,
        ticket: Ticket,
    ) {
        let group = around.held::<Self>(id);
        if group.tickets[local] != ticket {
            return;
        }
        match Alarm::of(local, group.members.len()) {
            Alarm::Probe(member) => Self::probe_member(around, id, member),
            Alarm::Apply(replica) => Self::apply_next(around, id, replica),
            Alarm::Rebuild(member) => Self::copy_block(around, id, member),
            Alarm::Step => Self::failover_step(around, id),
            Alarm::False => Self::false_failover(around, id),
            Alarm::Acknowledge => around.with::<Self, _>(id, Database::acknowledge),
            Alarm::Suspect(member) => {
                around.with::<Self, _>(id, |group, ctx| group.suspects(ctx, member));
            }
            Alarm::Force(replica) => {
                around.with::<Self, _>(id, |group, ctx| group.forces(ctx, replica));
            }
            Alarm::Post => around.with::<Self, _>(id, Database::delivers),
        }
    }

    fn probe_member(around: &mut Around<'_>, id: ComponentId, member: usize) {
        let now = around.now;
        if let Some(born) = around.held_mut::<Self>(id).ends_in_vain(member) {
            return Self::concludes(around, id, member, born, (false, false));
        }
        let entry = around.with::<Self, _>(id, |group, ctx| {
            let interval = group.config.failover.as_ref().map(|failover| failover.interval)?;
            if now < group.members[member].due {
                group.next_probe(ctx, member);
                return None;
            }
            group.members[member].due = now + interval;
            let Some(by) = group.hearing(member).filter(|_| group.is_watched(member)) else {
                group.next_probe(ctx, member);
                return None;
            };
            group.members[member].asked = Some(now);
            group
                .asks_in_time(ctx, member, by)
                .then(|| (group.config.members[member].probe, group.unit(Alarm::Probe(member))))
        });
        let Some((entry, unit)) = entry else { return };
        let request = Request::new(ClassId(0), entry, Owner::Database(unit), now);
        if let Some(request) = around.insert(request) {
            around.lane.push(Move::Advance(request));
        }
    }

    pub(super) fn probe_answered(
        around: &mut Around<'_>,
        id: ComponentId,
        member: usize,
        born: SimTime,
        good: bool,
    ) {
        Self::concludes(around, id, member, born, (good, true));
    }

    /// Ends a probe that began at `born`, with its result and whether any member could hear an answer.
    fn concludes(
        around: &mut Around<'_>,
        id: ComponentId,
        member: usize,
        born: SimTime,
        (good, was_heard): (bool, bool),
    ) {
        let dead = around.with::<Self, _>(id, |group, ctx| {
            if group.members[member].asked != Some(born) {
                return false;
            }
            group.next_probe(ctx, member);
            // The prober may be gone: then the answer is not heard.
            let heard = group.has_watcher(member) && group.is_watched(member);
            heard && group.verdict(ctx.now, member, (good, was_heard))
        });
        if dead {
            Self::fail_over(around, id);
        } else if good && around.held::<Self>(id).rival == Some(member) {
            Self::cut_off_rival(around, id, member);
        }
    }

    fn fail_over(around: &mut Around<'_>, id: ComponentId) {
        if around.with::<Self, _>(id, Database::decide) {
            let group = around.held::<Self>(id);
            let (primary, cause) = (group.config.members[group.primary].id, group.cause);
            around.drop_requests(primary, cause);
        }
    }

    /// Fences the rival, since a probe has shown that there are two primaries.
    fn cut_off_rival(around: &mut Around<'_>, id: ComponentId, member: usize) {
        let old = around.with::<Self, _>(id, |group, ctx| {
            group.rival = None;
            group.members[member].fenced = true;
            group.forgets_writes(member);
            group.look_around(ctx);
            group.config.members[member].id
        });
        around.drop_requests(old, CauseId::OVERLOAD);
    }

    fn false_failover(around: &mut Around<'_>, id: ComponentId) {
        let able = around.with::<Self, _>(id, |group, ctx| {
            let gap = group.config.failover.as_ref().and_then(|failover| failover.false_gap);
            if let Some(gap) = gap {
                let next = ctx.now + group.next_false_gap(gap);
                group.arm(ctx, Alarm::False, next);
            }
            let primary = group.primary;
            group.phase == Phase::Served
                && group.members[primary].up
                && group.choice(ctx.now).is_some()
                && group.may_decide(ctx.now)
        });
        if able {
            Self::fail_over(around, id);
        }
    }

    /// Advances the failover as far as it can go now.
    pub(super) fn failover_step(around: &mut Around<'_>, id: ComponentId) {
        loop {
            let (now, group) = (around.now, around.held::<Self>(id));
            let up = |member: usize| group.members[member].up;
            let remount = group.config.failover.as_ref().is_some_and(|failover| failover.remount);
            let next = match group.phase {
                Phase::Served if group.config.elects => return Self::elects(around, id),
                Phase::Served => {
                    return around.with::<Self, _>(id, Database::switches_over);
                }
                Phase::People(until) if now < until => return,
                Phase::People(_) if up(group.primary) => {
                    return around.with::<Self, _>(id, Database::give_up);
                }
                Phase::People(_) => Phase::Seeks,
                Phase::Seeks => match group.choice(now) {
                    None if up(group.primary) => {
                        return around.with::<Self, _>(id, Database::give_up);
                    }
                    None => return,
                    // Without enough replicas its writes would wait: the old primary serves, or one of them comes back.
                    Some(to) if !group.has_replicas_for(to) && up(group.primary) => {
                        return around.with::<Self, _>(id, Database::give_up);
                    }
                    Some(to) if !group.has_replicas_for(to) => return,
                    Some(_) if remount && !Self::old_volume_answers(around, id) => {
                        return around.with::<Self, _>(id, |group, ctx| {
                            group.arm(ctx, Alarm::Step, ctx.now + AGAIN);
                        });
                    }
                    Some(to) => Phase::Replays(to),
                },
                Phase::Replays(to) | Phase::Promotes(to, _) if !up(to) => {
                    around.held_mut::<Self>(id).switches = false;
                    Phase::Seeks
                }
                Phase::Replays(to) => {
                    let state = &group.members[to];
                    if !remount && state.applied < state.received(now) {
                        return;
                    }
                    let law = group.config.failover.as_ref().filter(|_| !group.by_people);
                    let lasts = law.map_or(SimDuration::ZERO, |failover| {
                        let announced = failover.switch_over.as_ref().filter(|_| group.switches);
                        let law = announced.unwrap_or(&failover.promote);
                        drawn(law, group.promote, group.failovers - 1)
                    });
                    Phase::Promotes(to, now + lasts)
                }
                Phase::Promotes(_, at) if now < at => {
                    return around
                        .with::<Self, _>(id, |group, ctx| group.arm(ctx, Alarm::Step, at));
                }
                Phase::Promotes(to, _) => return Self::promote(around, id, to),
            };
            around.with::<Self, _>(id, |group, _| group.phase = next);
        }
    }

    /// Returns whether the old primary's volume can be taken over.
    fn old_volume_answers(around: &Around<'_>, id: ComponentId) -> bool {
        let group = around.held::<Self>(id);
        around.volume_answers(around.data_owner(group.config.members[group.primary].id))
    }

    fn promote(around: &mut Around<'_>, id: ComponentId, to: usize) {
        let old = around.with::<Self, _>(id, |group, ctx| group.take_over(ctx, to));
        let group = around.held::<Self>(id);
        let (new, before) = (group.config.members[to].id, group.config.members[old].id);
        let remount = group.config.failover.as_ref().is_some_and(|failover| failover.remount);
        let cold = remount || !group.config.replicas_read();
        if remount {
            around.swap_data(new, before);
        }
        if cold {
            around.starts_cold(new);
        }
        around.role_moves(id, to);
    }

    /// Copies the next block of a rebuild: a read at the primary's disks, a write at the member's.
    fn copy_block(around: &mut Around<'_>, id: ComponentId, member: usize) {
        let block = around.with::<Self, _>(id, |group, ctx| group.copy(ctx, member));
        let Some(block) = block else { return };
        let group = around.held::<Self>(id);
        let copied = &group.config.members[member];
        let (from, to, key) = (group.config.members[group.primary].id, copied.id, copied.rebuild);
        for (of, key, write) in [(from, KeyId(key.0 + 3), false), (to, key, true)] {
            let Some(disks) = around.data_of(of, block).map(|mount| mount.disks) else { continue };
            let cause = around.cause(disks);
            around.component_ctx(disks, cause, |disks, ctx| {
                disks.loads(ctx, key, Drawn::of(block), write);
            });
        }
    }
}
