//! A replicated database: who is master, how slaves follow, who takes over.
//!
//! Model: the members are processes of their own, each with its own connections; this is what they
//! know of each other. A write that is done at the master is *committed*: it is the next of the log.
//! Each slave receives it after a drawn time, never before the one before it, and applies it with
//! the processor time that it took the master, one after the other, as work of its own. A slave
//! whose master or itself does not run receives nothing; what was on the way is lost, and sent again
//! when both run.
//!
//! - *Reads* go to the master, or in turn to the slaves believed alive; with none left to the master.
//!   A read at a slave that lacks a write committed longer ago than is tolerated is stale.
//! - *Semi-synchronous*: a write is acknowledged when a slave has received it; after ten seconds
//!   without one the group goes on as asynchronous until a slave has received everything.
//! - *Failover* (see `failover`): probes, fence, choice, replay, promotion; or people.
//! - *Split brain*: without a fence the old master goes on when it can; half of the writes meet it,
//!   until the next good probe of it cuts it off, and what it took is lost.
//! - *Rebuild*: a member that is out is copied from the master, block by block on both sides' disks,
//!   and then applies what it missed.
//!
//! Holds: a slave applies every write once and in order; received ≥ applied; what is lost at a
//! promotion is what the old master had acknowledged and the new one had not received.
//! Leaves out: the retry interval of a broken connection, row conflicts of two masters, transactions
//! over several queries, the effect of a slave's age on its answers beyond staleness.
//! Source: the semantics of MySQL replication: single applier, relay log, `rpl_semi_sync_master_timeout`
//! of 10 s with one acknowledging slave.

mod duties;
mod failover;
mod lag;
mod replication;

pub use lag::Lag;

use std::collections::VecDeque;

use crate::convert::place;
use crate::engine::calendar::Ticket;
use crate::engine::draw::{Key, Lineage, Seed};
use crate::engine::law::Sampler;
use crate::model::Ctx;
use crate::model::event::Event;
use crate::model::ids::{CauseId, ComponentId, KeyId, UnitId};
use crate::model::outage::Failed;
use crate::model::request::RequestId;
use crate::model::route::Drawn;
use crate::units::{SimDuration, SimTime};

/// A semi-synchronous write waits so long for a slave.
pub const SEMI_SYNC_TIME_OUT: SimDuration = SimDuration::from_secs(10);
/// What could not be done now, a slave's write or a volume that is away, is tried again after this.
const AGAIN: SimDuration = SimDuration::SECOND;
/// What one disk operation of a rebuild moves.
pub const BLOCK: u64 = 1 << 20;

/// A member of a group.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its process.
    pub id: ComponentId,
    /// Its name: the owner of draws.
    pub name: String,
    /// First operation of a probe of it.
    pub probe: u32,
    /// By kind of write: first operation of applying one here.
    pub applies: Vec<u32>,
    /// Key of the disk operations of its rebuild; those of the other side are three further.
    pub rebuild: KeyId,
}

/// How a slave takes over.
#[derive(Clone, Debug)]
pub struct Failover {
    /// Between two probes.
    pub interval: SimDuration,
    /// Failed ones in a row.
    pub fall: u32,
    /// From the choice to the first write, in seconds.
    pub promote: Sampler,
    /// On the old master's volume.
    pub remount: bool,
    /// Probability that it works.
    pub coverage: f64,
    /// How long people take when it does not, in seconds.
    pub failed: Sampler,
    /// Whether the old master is cut off first.
    pub fence: bool,
    /// Mean time between failovers without a death, in seconds.
    pub false_gap: Option<f64>,
}

/// How a member is made a slave again.
#[derive(Clone, Copy, Debug)]
pub struct Rebuild {
    /// Blocks to copy.
    pub blocks: u64,
    /// Time between two.
    pub gap: SimDuration,
}

/// What a group is.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// Its name.
    pub name: String,
    /// The master of the file first.
    pub members: Vec<Member>,
    /// Reads go to the slaves.
    pub by_slaves: bool,
    /// Owners of the draws of each kind of write, in the order of their numbers.
    pub writes: Vec<String>,
    /// A slave may lack a write for this long.
    pub tolerates: SimDuration,
    /// Until a slave has received a write, in seconds.
    pub receive: Sampler,
    /// A write waits until a slave has received it.
    pub semi_sync: bool,
    /// None: nobody takes over and nobody is probed.
    pub failover: Option<Failover>,
    /// None: who is out stays out.
    pub rebuild: Option<Rebuild>,
    /// Its alarms: see [`Alarm`].
    pub unit: UnitId,
}

/// What an alarm of a group is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// The next probe of a member.
    Probe(usize),
    /// The next write of a slave.
    Apply(usize),
    /// The next block of a rebuild.
    Rebuild(usize),
    /// The next step of the failover.
    Step,
    /// A failover without a death.
    False,
    /// A write waits for its acknowledgement.
    Acknowledge,
}

impl Alarm {
    /// Alarms of a group of `members`.
    #[must_use]
    pub const fn count(members: u32) -> u32 {
        3 * members + 3
    }

    fn local(self, members: usize) -> usize {
        match self {
            Self::Probe(member) => member,
            Self::Apply(member) => members + member,
            Self::Rebuild(member) => 2 * members + member,
            Self::Step => 3 * members,
            Self::False => 3 * members + 1,
            Self::Acknowledge => 3 * members + 2,
        }
    }

    fn of(local: usize, members: usize) -> Self {
        match (local / members, local % members) {
            (0, member) => Self::Probe(member),
            (1, member) => Self::Apply(member),
            (2, member) => Self::Rebuild(member),
            _ if local == 3 * members => Self::Step,
            _ if local == 3 * members + 1 => Self::False,
            _ => Self::Acknowledge,
        }
    }
}

/// A committed write.
#[derive(Clone, Copy, Debug)]
struct Write {
    at: SimTime,
    /// The draws of the request that wrote it.
    drawn: Drawn,
    position: u32,
    iteration: u16,
    /// Which kind of write.
    step: u32,
    /// Whoever wrote it has been told.
    acknowledged: bool,
}

/// The writes that some slave still needs.
#[derive(Clone, Debug, Default)]
struct Log {
    writes: VecDeque<Write>,
    /// Number of the first of them among all.
    base: u64,
}

impl Log {
    fn end(&self) -> u64 {
        self.base + self.writes.len() as u64
    }

    fn get(&self, number: u64) -> Option<&Write> {
        self.writes.get(usize::try_from(number.checked_sub(self.base)?).ok()?)
    }
}

/// What a member is to the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Master or slave.
    Member,
    /// Neither: it was master, and another is.
    Out,
    /// It is copied from the master: blocks left.
    Copied(u64),
}

/// What the group knows of a member.
#[derive(Clone, Debug)]
struct State {
    standing: Standing,
    /// It runs and is reached.
    up: bool,
    /// It is cut off: it serves nobody.
    fenced: bool,
    /// The slaves' belief of whoever sends reads.
    alive: bool,
    /// Failed probes in a row.
    failed: u32,
    due: SimTime,
    /// A probe that began then has no answer yet.
    asked: Option<SimTime>,
    /// Writes applied, of all.
    applied: u64,
    /// When the writes after those were or will be received, in order.
    receipts: VecDeque<SimTime>,
    /// It receives.
    connected: bool,
    /// It applies a write, since then.
    applying: Option<SimTime>,
    /// Blocks copied so far, over all rebuilds.
    blocks: u64,
    lag: Lag,
    phase: Key,
    /// By kind of write.
    receive: Vec<Key>,
}

impl State {
    /// Writes received until `now`, of all.
    fn received(&self, now: SimTime) -> u64 {
        self.applied + self.receipts.partition_point(|at| *at <= now) as u64
    }
}

/// Where a failover stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// There is none: the master serves, or is waited for.
    Served,
    /// Nobody has been chosen yet.
    Seeks,
    /// The chosen one applies what it has received.
    Replays(usize),
    /// The chosen one becomes master then.
    Promotes(usize, SimTime),
    /// It has failed; people are done then.
    People(SimTime),
}

/// What a group counts in the window that is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Failovers begun.
    pub failovers: u64,
    /// Of those: not covered.
    pub failed: u64,
    /// Of those: the master was well.
    pub without_a_death: u64,
    /// Writes acknowledged and gone with an old master.
    pub lost_writes: u64,
    /// Writes that an old master took beside the new one, gone when it was cut off.
    pub split_brain: u64,
    /// Reads that slaves answered.
    pub slave_reads: u64,
    /// Of those: stale.
    pub stale: u64,
}

/// What a group has to say of the window.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Which.
    pub group: ComponentId,
    /// What it counted.
    pub counts: Counts,
    /// By member.
    pub lags: Vec<(ComponentId, Lag)>,
}

/// A group at work.
#[derive(Clone, Debug)]
pub struct Database {
    id: ComponentId,
    config: DatabaseConfig,
    members: Vec<State>,
    master: usize,
    /// An old master that was not cut off.
    rival: Option<usize>,
    phase: Phase,
    /// People do it: no law of promotion on top of their time.
    by_people: bool,
    /// Since when the master does not run.
    onset: Option<SimTime>,
    /// Why there is no master.
    cause: CauseId,
    log: Log,
    /// Semi-synchronous writes that wait: number, request, since when.
    waiting: VecDeque<(u64, RequestId, SimTime)>,
    /// No slave answered in time: asynchronous until one has everything.
    fallen: bool,
    turn: usize,
    both: bool,
    tickets: Vec<Ticket>,
    window: (SimTime, SimTime),
    counts: Counts,
    failovers: u64,
    false_alarms: u64,
    works: Key,
    works_falsely: Key,
    promote: Key,
    people: Key,
    false_gap: Key,
    /// Failovers that do not work, where a history says which.
    history: Option<Vec<Failed>>,
}

impl Database {
    /// Everybody well, nothing behind; `window` is measured.
    #[must_use]
    pub fn new(
        id: ComponentId,
        config: DatabaseConfig,
        (seed, lineage): (Seed, Lineage),
        start: SimTime,
        window: (SimTime, SimTime),
    ) -> Self {
        let key = |purpose: &str, owner: &str| Key::derive(seed, lineage, purpose, owner);
        let name = config.name.clone();
        let member = |(index, member): (usize, &Member)| {
            let owner = format!("{name}→{}", member.name);
            let mut lag = Lag::new(start, window);
            lag.set(start, index > 0, None, 0);
            State {
                standing: Standing::Member,
                up: true,
                fenced: false,
                alive: true,
                failed: 0,
                due: SimTime::NEVER,
                asked: None,
                applied: 0,
                receipts: VecDeque::new(),
                connected: index > 0,
                applying: None,
                blocks: 0,
                lag,
                phase: key("probe-phase", &owner),
                receive: config
                    .writes
                    .iter()
                    .map(|write| key("receive", &format!("{owner}/{write}")))
                    .collect(),
            }
        };
        let members: Vec<State> = config.members.iter().enumerate().map(member).collect();
        let alarms = Alarm::count(place(members.len())) as usize;
        Self {
            id,
            members,
            master: 0,
            rival: None,
            phase: Phase::Served,
            by_people: false,
            onset: None,
            cause: CauseId::OVERLOAD,
            log: Log::default(),
            waiting: VecDeque::new(),
            fallen: false,
            turn: 0,
            both: false,
            tickets: vec![Ticket::NONE; alarms],
            window,
            counts: Counts::default(),
            failovers: 0,
            false_alarms: 0,
            works: key("failover-works", &name),
            works_falsely: key("false-failover-works", &name),
            promote: key("promote", &name),
            people: key("failed-failover", &name),
            false_gap: key("false-failover", &name),
            history: None,
            config,
        }
    }

    /// A history says which failovers do not work.
    pub(crate) fn follows(&mut self, failed: Vec<Failed>) {
        self.history = Some(failed);
    }

    /// Another member than that of the file is master when a world begins.
    pub(crate) fn begins_with(&mut self, master: usize, start: SimTime) {
        self.master = master.min(self.members.len() - 1);
        for (member, state) in self.members.iter_mut().enumerate() {
            let follows = member != self.master;
            state.connected = follows;
            state.lag = Lag::new(start, self.window);
            state.lag.set(start, follows, None, 0);
        }
    }

    /// Who has whose volume when `master` has taken over by it: the member and that of the file.
    pub(crate) fn remounted_by(&self, master: usize) -> Option<(ComponentId, ComponentId)> {
        let remounts = self.config.failover.as_ref().is_some_and(|failover| failover.remount);
        let members = &self.config.members;
        remounts.then(|| (members[master.min(members.len() - 1)].id, members[0].id))
    }

    /// The number of the member to which writes go.
    #[must_use]
    pub fn master(&self) -> usize {
        self.master
    }

    /// Where its failover stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// What a member is to the group.
    #[must_use]
    pub fn standing(&self, member: usize) -> Standing {
        self.members[member].standing
    }

    /// Whether a member is cut off.
    #[must_use]
    pub fn is_fenced(&self, member: usize) -> bool {
        self.members[member].fenced
    }

    /// How far a member is behind.
    #[must_use]
    pub fn lag(&self, member: usize) -> &Lag {
        &self.members[member].lag
    }

    /// Begins to count here and now; what was counted is forgotten.
    pub fn count_anew(&mut self, now: SimTime, until: SimTime) {
        self.window = (now, until);
        self.counts = Counts::default();
        for member in &mut self.members {
            member.lag.measure_anew(now, until);
        }
    }

    /// What is counted ends at `end`, which is not past.
    pub fn count_until(&mut self, end: SimTime) {
        self.window.1 = end;
        self.members.iter_mut().for_each(|member| member.lag.measure_until(end));
    }

    /// What it has counted in the window.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What it has to say of the window at `now`.
    #[must_use]
    pub fn reading(&self, now: SimTime) -> Reading {
        let lag = |(member, state): (&Member, &State)| {
            let mut lag = state.lag.clone();
            lag.settle(now);
            (member.id, lag)
        };
        let lags = self.config.members.iter().zip(&self.members).map(lag).collect();
        Reading { group: self.id, counts: self.counts, lags }
    }

    /// Whether what happens `now` counts.
    fn counted(&self, now: SimTime) -> u64 {
        u64::from(now >= self.window.0 && now < self.window.1)
    }

    /// Whether a member is a slave that could serve.
    fn is_slave(&self, member: usize) -> bool {
        let state = &self.members[member];
        member != self.master && state.standing == Standing::Member && !state.fenced
    }

    fn unit(&self, alarm: Alarm) -> UnitId {
        UnitId(self.config.unit.0 + place(alarm.local(self.members.len())))
    }

    fn arm(&mut self, ctx: &mut Ctx<'_>, alarm: Alarm, when: SimTime) {
        let code = Event::Database(self.unit(alarm).0).code();
        let local = alarm.local(self.members.len());
        self.tickets[local] = ctx.calendar.push(when.max(ctx.now), code);
    }

    /// The member that gets the next call.
    fn serves(&mut self, write: bool) -> usize {
        if !write && self.config.by_slaves {
            let count = self.members.len();
            let turns = (0..count).map(|step| (self.turn + step) % count);
            let next = turns.into_iter().find(|m| self.is_slave(*m) && self.members[*m].alive);
            if let Some(next) = next {
                self.turn = (next + 1) % count;
                return next;
            }
        }
        // Two that believe they are master answer for the address in turn.
        if let Some(rival) = self.rival.filter(|rival| self.members[*rival].up) {
            self.both = !self.both;
            return if self.both { rival } else { self.master };
        }
        self.master
    }
}
