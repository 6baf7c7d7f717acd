//! Disks of a set that fail, are replaced and resilvered, in the event loop.
//!
//! Model: a disk fails at its time and is replaced some time later. While it is away or its data is not whole, reads go to the
//! other disks of its group, and a disk that is away is not written. What waits at a disk that fails is read elsewhere, or
//! written on the others alone. The data of a new disk is written anew ([`resilver`]), in the phases at the end of syncs,
//! one disk after the other. A resilver ends a scrub. If more disks of a group are away or not whole than it has parity,
//! the set is lost for good, and operations fail.
//!
//! In: the calendar of failures, ends of reads and writes. Holds: a disk that is not whole is never read.
//! Leaves out: random failures of single disks (their times are declared), one scan for several new disks, a set restored from a
//! backup. A failure before the start of the simulation counts only if the disk is still away then.
//!
//! [`resilver`]: crate::mechanism::resilver

use std::collections::VecDeque;

use super::pool::{Pool, RESILVER, What, transfer};
use super::tally::Tallied;
use super::{Disks, NO_ZONE, Operation};
use crate::convert::below;
use crate::kinds::disks::spec::Columns;
use crate::mechanism::leaf_queue::Class;
use crate::mechanism::resilver::Resilver;
use crate::mechanism::scan::READ;
use crate::model::Ctx;
use crate::model::gauge::Usable;
use crate::model::ids::{CauseId, KeyId};
use crate::units::{SimDuration, SimTime};

/// Configuration of the disks of a set that fail.
#[derive(Clone, Debug)]
pub struct ResilverConfig {
    /// Disk that fails, its failure, and its replacement, in the order of failures.
    pub failures: Vec<(u32, SimTime, SimTime)>,
    /// Least time of work per sync.
    pub work: SimDuration,
    /// Allocated bytes of each disk.
    pub bytes: u64,
    /// Cause of what a lost set loses.
    pub cause: CauseId,
}

/// State of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    /// It has its data.
    Whole,
    /// It has failed.
    Away,
    /// It is new since an instant, and has not all its data.
    New(SimTime),
}

/// Scan operations of an earlier scan that are still at a disk.
#[derive(Clone, Copy, Debug, Default)]
struct Stale {
    scrub: u32,
    reads: u32,
    writes: u32,
}

/// Disks of one set that fail.
#[derive(Clone, Debug)]
pub(super) struct Resilvers {
    config: ResilverConfig,
    members: Vec<Member>,
    /// Failures and replacements to come, the last first.
    changes: Vec<(SimTime, u32, Member)>,
    /// New disks that wait for their resilver.
    waiting: VecDeque<u32>,
    /// Disk that is resilvered.
    under_way: Option<(u32, Resilver)>,
    stale: Vec<Stale>,
    is_lost: bool,
    /// Disks away × ns for which the set was usable, up to `since`.
    away: u128,
    since: SimTime,
}

impl Resilvers {
    pub(super) fn new(config: &ResilverConfig, disks: u32, now: SimTime) -> Self {
        let mut changes = Vec::new();
        let mut members = vec![Member::Whole; disks as usize];
        for (disk, fails, replaced) in config.failures.iter().copied() {
            if fails >= now {
                changes.push((fails, disk, Member::Away));
            } else if replaced >= now {
                members[disk as usize] = Member::Away;
            } else {
                continue;
            }
            changes.push((replaced, disk, Member::New(replaced)));
        }
        changes.sort_by_key(|(at, ..)| *at);
        changes.reverse();
        Self {
            config: config.clone(),
            members,
            changes,
            waiting: VecDeque::new(),
            under_way: None,
            stale: vec![Stale::default(); disks as usize],
            is_lost: false,
            away: 0,
            since: now,
        }
    }

    /// Returns the instant of the next failure or replacement.
    pub(super) fn next(&self) -> SimTime {
        self.changes.last().map_or(SimTime::NEVER, |(at, ..)| *at)
    }

    /// Returns true if a disk is or will be resilvered: no scrub works.
    pub(super) const fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Returns true if the set is lost for good.
    pub(super) const fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Returns the cause of what a lost set loses.
    pub(super) const fn cause(&self) -> CauseId {
        self.config.cause
    }

    /// Returns true if `disk` can be read.
    pub(super) fn is_whole(&self, disk: u32) -> bool {
        self.members[disk as usize] == Member::Whole
    }

    /// Returns true if `disk` can be written.
    pub(super) fn is_there(&self, disk: u32) -> bool {
        self.members[disk as usize] != Member::Away
    }

    /// Returns true if some disk is not whole.
    pub(super) fn is_degraded(&self) -> bool {
        self.members.iter().any(|member| *member != Member::Whole)
    }

    /// Returns true if the sync may end: no phase lasts, and nothing is under way.
    pub(super) fn rests(&self) -> bool {
        self.under_way.as_ref().is_none_or(|(_, resilver)| resilver.rests())
    }

    /// Returns the disks away × ns up to `now`, if the set was `usable` since the last change.
    pub(super) fn away(&self, now: SimTime, usable: bool) -> u128 {
        let away = self.members.iter().filter(|member| **member == Member::Away).count() as u128;
        self.away + if usable { away * u128::from((now - self.since).nanos()) } else { 0 }
    }

    pub(super) fn settle(&mut self, now: SimTime, usable: bool) {
        self.away = self.away(now, usable);
        self.since = now;
    }

    /// Loses what is under way at the disks.
    pub(super) fn lost(&mut self) {
        self.stale.fill(Stale::default());
        if let Some((_, resilver)) = &mut self.under_way {
            resilver.lost();
        }
    }

    /// Ends the resilver under way without its end; its operations at the disks count no more.
    fn gives_up(&mut self) {
        let Some((disk, resilver)) = self.under_way.take() else { return };
        for (source, reads) in resilver.reads_under_way() {
            self.stale[source as usize].reads += reads;
        }
        self.stale[disk as usize].writes += resilver.writes_under_way();
    }

    /// Counts the end of an operation of an earlier scan; returns false if it is one of the present scan.
    fn is_stale(&mut self, disk: u32, what: What) -> bool {
        let stale = &mut self.stale[disk as usize];
        let left = match what {
            What::Scrub => &mut stale.scrub,
            What::Resilver => &mut stale.reads,
            _ => &mut stale.writes,
        };
        let some = *left > 0;
        *left -= u32::from(some);
        some
    }
}

impl Disks {
    fn resilvers(&self) -> Option<&Resilvers> {
        self.pool.as_ref()?.resilvers.as_ref()
    }

    fn resilvers_mut(&mut self) -> Option<&mut Resilvers> {
        self.pool.as_mut()?.resilvers.as_mut()
    }

    /// Returns true if the set has lost its data, or its server.
    pub(super) fn is_lost(&self) -> bool {
        self.health.is_lost() || self.resilvers().is_some_and(Resilvers::is_lost)
    }

    /// Returns the cause for which a set that is lost fails what comes: its own, or `given` by its health.
    pub(super) fn cause_of_loss(&self, given: CauseId) -> CauseId {
        let own = self.resilvers().filter(|of| of.is_lost() && !self.health.is_lost());
        own.map_or(given, Resilvers::cause)
    }

    /// Returns true if operations cannot use all disks.
    pub(super) fn is_degraded(&self) -> bool {
        self.resilvers().is_some_and(Resilvers::is_degraded)
    }

    /// Returns true if `disk` can be written.
    pub(super) fn is_there(&self, disk: u32) -> bool {
        self.resilvers().is_none_or(|of| of.is_there(disk))
    }

    /// Returns the disks of the group of `first`, from `first` on, that can be read (or, for a write, written).
    pub(super) fn usable_from(&self, first: u32, write: bool) -> Vec<u32> {
        let group = self.config.columns.group;
        let begin = first / group * group;
        let all = (0..group).map(|step| begin + (first - begin + step) % group);
        let fits = |disk: &u32| match self.resilvers() {
            Some(of) if write => of.is_there(*disk),
            Some(of) => of.is_whole(*disk),
            None => true,
        };
        all.filter(fits).collect()
    }

    /// Returns true while the disks that are there work, as far as the health of the set goes.
    pub(super) fn is_usable(&self) -> bool {
        !self.is_lost() && !self.health.is_stalled()
    }

    /// Returns the operations at once of disks that were away while the set was usable, times ns, up to `now`.
    pub(super) fn slots_away(&self, now: SimTime) -> u128 {
        let away = self.resilvers().map_or(0, |of| of.away(now, self.is_usable()));
        away * u128::from(self.config.parallel)
    }

    /// Queues an operation at the disks of a mirror that it can use: a read at one of the sides that are whole, each as
    /// often as the others, a write at those that are there. `first` is a disk of its group.
    pub(super) fn spread_over_sides(
        &mut self,
        ctx: &mut Ctx<'_>,
        first: u32,
        (choice, write): (f64, bool),
        operation: Operation,
    ) {
        let Columns { disks, group, .. } = self.config.columns;
        let usable = self.usable_from(first / group * group, write);
        if write {
            return usable.into_iter().for_each(|disk| self.put(ctx, disk, operation));
        }
        // The part of the choice that has not been used for the group.
        let place = choice * f64::from(disks / group);
        let of_group = place - f64::from(first / group);
        let chosen = usable[below(of_group, usable.len())];
        let chosen = if self.config.shortest { self.shortest(&usable, chosen) } else { chosen };
        self.put(ctx, chosen, operation);
    }

    /// Fails and replaces the disks that are due, and begins the next resilver.
    pub(super) fn change_disks(&mut self, ctx: &mut Ctx<'_>) {
        let usable = self.is_usable();
        // Only a failure that loses the set fails requests here.
        let own = self.resilvers().map_or(ctx.cause, Resilvers::cause);
        let before = std::mem::replace(&mut ctx.cause, own);
        while let Some(of) = self.resilvers_mut()
            && let Some((_, disk, to)) = of.changes.pop_if(|(at, ..)| *at <= ctx.now)
        {
            of.settle(ctx.now, usable);
            of.members[disk as usize] = to;
            if to == Member::Away {
                self.fails(ctx, disk);
            } else {
                of.waiting.push_back(disk);
            }
        }
        self.loses_set(ctx);
        ctx.cause = before;
        self.begins_resilver();
    }

    /// Begins the resilver of the next new disk; a scrub under way ends.
    fn begins_resilver(&mut self) {
        let (group, read) = (self.config.columns.group, self.config.columns.read);
        let Some(pool) = &mut self.pool else { return };
        let Some(of) = pool.resilvers.as_mut().filter(|of| of.under_way.is_none() && !of.is_lost)
        else {
            return;
        };
        let Some(disk) = of.waiting.pop_front() else { return };
        let first = disk / group * group;
        let sources: Vec<u32> =
            (first..first + group).filter(|other| of.is_whole(*other)).collect();
        let ResilverConfig { work, bytes, .. } = of.config;
        of.under_way = Some((disk, Resilver::new(work, bytes, &sources, read > 1)));
        if let Some(scan) = pool.scrubs.as_mut().and_then(|scrubs| scrubs.scan.take()) {
            for (disk, stale) in (0..).zip(&mut of.stale) {
                stale.scrub += scan.under_way(disk);
            }
        }
    }

    /// Takes the operations off a disk that has failed. Reads of requests are done at another disk.
    fn fails(&mut self, ctx: &mut Ctx<'_>, disk: u32) {
        let pool = self.pool.as_mut().expect("a set whose disks fail has a pool");
        if let Some(scan) = pool.scrubs.as_mut().and_then(|scrubs| scrubs.scan.as_mut()) {
            scan.leaves_out(disk);
        }
        let of = pool.resilvers.as_mut().expect("a disk of it fails");
        of.waiting.retain(|other| *other != disk);
        match &mut of.under_way {
            Some((new, _)) if *new == disk => of.gives_up(),
            Some((_, resilver)) => resilver.loses(disk),
            None => {}
        }
        of.stale[disk as usize] = Stale::default();
        let failed = &mut self.disks[disk as usize];
        failed.scrubs = false;
        let slots = failed.slots.iter_mut();
        let begun: Vec<_> = slots.filter_map(|slot| std::mem::take(slot).operation).collect();
        for _ in &begun {
            self.busy.remove(ctx.now, SimDuration::ZERO);
        }
        let mut all = begun;
        all.extend(std::mem::take(&mut self.disks[disk as usize].line));
        if let Some(shared) = &mut self.shared {
            all = shared.lose(ctx.now, disk, all);
        }
        for (turn, operation) in (0..).zip(all) {
            self.inside.remove(ctx.now, ctx.now - operation.since);
            self.ends_at_failed(ctx, (disk, turn), operation);
        }
    }

    /// Handles an operation that was at a disk when it failed, the `turn`-th of these.
    fn ends_at_failed(
        &mut self,
        ctx: &mut Ctx<'_>,
        (disk, turn): (u32, usize),
        operation: Operation,
    ) {
        match operation.what {
            What::Own if operation.class == Class::SyncRead => {
                match self.stands_for(disk, turn, operation.tag) {
                    Some(other) => {
                        let again = Operation { since: ctx.now, issued: ctx.now, ..operation };
                        self.put(ctx, other, again);
                    }
                    // The set is lost, as the caller finds next.
                    None => self.fail(ctx, operation),
                }
            }
            What::Own => self.done(ctx, operation.request),
            What::Scrub | What::Resilver | What::Renewal => {}
            What::Group | What::Log | What::Flush => self.pool_ends(ctx, disk, &operation),
        }
    }

    /// Returns the disk that executes a read of `disk`, which has failed, in its place; `None` if none can. The sides of a mirror
    /// take turns. In a raidz group it is the first disk with parity of the block, whose first column is at `begin`.
    fn stands_for(&self, disk: u32, turn: usize, begin: u32) -> Option<u32> {
        let read = self.config.columns.read as usize;
        if read == 1 {
            let sides = self.usable_from(disk, false);
            return sides.get(turn % sides.len().max(1)).copied();
        }
        self.usable_from(begin, false).get(read - 1).copied()
    }

    /// Loses the set if a group has too few whole disks.
    fn loses_set(&mut self, ctx: &mut Ctx<'_>) {
        let columns = self.config.columns;
        let least = columns.read as usize;
        let Some(of) = self.resilvers_mut().filter(|of| !of.is_lost) else { return };
        let whole =
            |group: &[Member]| group.iter().filter(|member| **member == Member::Whole).count();
        if of.members.chunks(columns.group as usize).all(|group| whole(group) >= least) {
            return;
        }
        self.pool().count(Tallied::Lost, 1);
        self.lose_all(ctx);
        let usable = self.is_usable();
        let of = self.resilvers_mut().expect("it has lost disks");
        of.settle(ctx.now, usable);
        of.is_lost = true;
        of.under_way = None;
        of.waiting.clear();
        self.availability.set(ctx.now, Usable::None, self.busy.area(ctx.now));
    }

    /// Lets the resilver work at the end of a sync whose group is written. Returns true if the sync may end.
    pub(super) fn resilver_works(&mut self, ctx: &mut Ctx<'_>, begins: bool) -> bool {
        let presses = self.pool().presses(ctx.now);
        let Some((_, resilver)) = self.resilvers_mut().and_then(|of| of.under_way.as_mut()) else {
            return true;
        };
        if begins {
            resilver.phase_begins(ctx.now);
        }
        resilver.yields(ctx.now, presses);
        let mut from = Vec::new();
        while let Some((_, resilver)) = self.resilvers_mut().and_then(|of| of.under_way.as_mut())
            && resilver.reads(&mut from)
        {
            for disk in &from {
                self.moves(ctx, *disk, What::Resilver, Class::Scrub);
            }
        }
        while let Some((disk, resilver)) = self.resilvers_mut().and_then(|of| of.under_way.as_mut())
            && resilver.writes()
        {
            let disk = *disk;
            self.moves(ctx, disk, What::Renewal, Class::AsyncWrite);
        }
        self.resilver_ends_if_complete(ctx.now);
        self.resilvers().is_none_or(Resilvers::rests)
    }

    /// Queues a read or write of 1 MiB at `disk`.
    fn moves(&mut self, ctx: &mut Ctx<'_>, disk: u32, what: What, class: Class) {
        let config = self.config.pool.as_ref().expect("the set has a pool");
        let key = KeyId(config.key.0 + RESILVER);
        let pool = self.pool.as_mut().expect("the set has a pool");
        let uniform = ctx.draws.uniform_at(key, pool.next_draw(RESILVER), 0);
        let law = self.config.write_time.as_ref().filter(|_| what == What::Renewal);
        let seek = law.unwrap_or(&self.config.time).sample(uniform);
        let seek = SimDuration::from_seconds_f64(seek);
        let seek = u32::try_from(seek.nanos()).unwrap_or(u32::MAX);
        let time = transfer(config.bandwidth, READ) + SimDuration::from_nanos(u64::from(seek));
        let operation = Operation::of_pool(what, seek, time, ctx.now);
        self.put(ctx, disk, Operation { zone: NO_ZONE, class, ..operation });
    }

    /// Ends a read or write of a scrub or a resilver at `disk`.
    pub(super) fn scan_ends(&mut self, disk: u32, what: What) {
        if self.resilvers_mut().is_some_and(|of| of.is_stale(disk, what)) {
            return;
        }
        if what == What::Scrub {
            return self.pool().scrub_read(disk);
        }
        let Some((_, resilver)) = self.resilvers_mut().and_then(|of| of.under_way.as_mut()) else {
            return;
        };
        if what == What::Resilver {
            resilver.read(disk);
        } else {
            resilver.written();
            self.pool().count(Tallied::Renewed, 1);
        }
    }

    fn resilver_ends_if_complete(&mut self, now: SimTime) {
        let Some(of) = self.resilvers_mut() else { return };
        let Some((disk, _)) = of.under_way.take_if(|(_, resilver)| resilver.is_complete()) else {
            return;
        };
        let member = std::mem::replace(&mut of.members[disk as usize], Member::Whole);
        self.begins_resilver();
        let Member::New(since) = member else { return };
        self.pool().count(Tallied::Resilvers, 1);
        self.pool().count(Tallied::ResilverTime, (now - since).nanos());
    }
}

impl What {
    /// Returns true for what goes over a disk in order.
    pub(super) const fn scans(self) -> bool {
        matches!(self, Self::Scrub | Self::Resilver | Self::Renewal)
    }
}

impl Pool {
    /// Returns true while a scrub or a resilver is under way.
    pub(super) fn scans(&self) -> bool {
        let resilvers = self.resilvers.as_ref().is_some_and(Resilvers::is_under_way);
        resilvers || self.scrubs.as_ref().is_some_and(super::scrub::Scrubs::is_under_way)
    }
}
