//! A replicated database: primary, replication to the replicas, failover and rebuild.
//!
//! Model: the members are processes of their own, each with its own connections. This component, the
//! group, has their roles and the log. A write that the primary has executed is *committed*: it is
//! appended to the log. Each replica receives it after a drawn time, never before an earlier write. It
//! applies writes one after the other, each with the processor time that the primary took. A replica
//! receives nothing while it or the primary is down. Writes in transit are then lost, and sent again
//! when both run.
//!
//! - *Reads* go to the primary, or in turn to the replicas believed alive; if none is, to the primary.
//!   A read at a replica is stale if a missing write was committed longer ago than is tolerated.
//! - *Semi-synchronous*: a write is acknowledged when a replica has received it. After ten seconds
//!   without one, the group is asynchronous until a replica has received everything.
//! - *Synchronous*: a write is acknowledged when the declared number of replicas has forced it to disk, each by one record for all
//!   writes received meanwhile, and has answered. It applies a write after it has forced it.
//! - *Agreement* (see `agreement`): two-phase and three-phase commit, and group communication. Every member may take writes.
//! - *Failover* (see `failover`): probes, fencing, choice, replay, promotion; or repair by people.
//! - *Split brain*: without fencing, the old primary goes on if it can. Half of the writes reach it,
//!   until the next good probe of it fences it. The writes that it took are lost.
//! - *Rebuild*: a member that is out is copied from the primary, block by block on the disks of both,
//!   and then applies the writes since.
//!
//! Holds: a replica applies every write once and in order; received ≥ applied; a promotion loses the
//! writes that the old primary had acknowledged and the new one had not received.
//! Leaves out: the retry interval of a broken connection, transactions over several queries, effects of a replica's age on its answers beyond staleness.
//! Source: the semantics of MySQL replication: single applier, relay log, `rpl_semi_sync_master_timeout`
//! of 10 s with one acknowledging replica.

mod agreement;
mod alarm;
mod duties;
mod failover;
mod far;
mod forces;
mod lag;
mod replication;
mod views;

pub use agreement::Agreement;
pub use alarm::Alarm;
pub use far::FarConfig;
pub use lag::Lag;

use std::collections::{BTreeMap, VecDeque};

use crate::convert::place;
use crate::engine::calendar::Ticket;
use crate::engine::draw::{Key, Lineage, Seed};
use crate::engine::law::Sampler;
use crate::kinds::database::account::Counts;
use crate::model::Ctx;
use crate::model::drawn::Drawn;
use crate::model::event::Event;
use crate::model::ids::{CauseId, ComponentId, KeyId, UnitId};
use crate::model::outage::Failed;
use crate::model::request::RequestId;
use crate::units::{SimDuration, SimTime};

/// Longest wait of a semi-synchronous write for a replica.
pub const SEMI_SYNC_TIME_OUT: SimDuration = SimDuration::from_secs(10);
/// Time before a retry of a write that a replica could not apply, or of a volume that did not answer.
const AGAIN: SimDuration = SimDuration::SECOND;
/// Bytes moved by one disk operation of a rebuild.
pub const BLOCK: u64 = 1 << 20;

/// Configuration of a member.
#[derive(Clone, Debug)]
pub struct Member {
    /// Process of the member.
    pub id: ComponentId,
    /// Name of the member, which owns its draws.
    pub name: String,
    /// First operation of a probe of the member.
    pub probe: u32,
    /// First operation of applying a write here, by kind of write.
    pub applies: Vec<u32>,
    /// First operation of applying a write here at the speed of the disks, by kind of write.
    pub catches_up: Vec<u32>,
    /// First operation of executing a write and forcing its record here, by kind of write.
    pub executes: Vec<u32>,
    /// First operation of forcing a record here, by kind of write.
    pub forces: Vec<u32>,
    /// First operation of a record here that nothing waits for, by kind of write.
    pub records: Vec<u32>,
    /// Key of the disk writes of its rebuild; the key of the reads at the primary is three further.
    pub rebuild: KeyId,
}

/// Takeover by a replica.
#[derive(Clone, Debug)]
pub struct Failover {
    /// Time between two probes.
    pub interval: SimDuration,
    /// Failed probes in a row that decide the failover.
    pub fall: u32,
    /// Time from the end of the replay to the first write, in seconds.
    pub promote: Sampler,
    /// Time of a switch-over that planned work announces, in seconds; `None`: it announces none.
    pub switch_over: Option<Sampler>,
    /// True if the new primary takes over the old one's volume.
    pub remount: bool,
    /// Probability that the failover works.
    pub coverage: f64,
    /// Time for people to repair it when it does not work, in seconds.
    pub manual_repair: Sampler,
    /// True if the old primary is fenced first.
    pub fence: bool,
    /// Mean time between failovers of a healthy primary, in seconds; `None`: there are none.
    pub false_gap: Option<f64>,
}

/// Copy that makes a member a replica again.
#[derive(Clone, Copy, Debug)]
pub struct Rebuild {
    /// Number of blocks to copy.
    pub blocks: u64,
    /// Time between two blocks.
    pub gap: SimDuration,
}

/// Configuration of a group.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// Name of the database.
    pub name: String,
    /// Members; the primary of the file is the first.
    pub members: Vec<Member>,
    /// True if reads go to the replicas.
    pub by_replicas: bool,
    /// Owner of the draws of each kind of write, by number of the kind.
    pub writes: Vec<String>,
    /// Lag up to which a read at a replica is not stale.
    pub max_staleness: SimDuration,
    /// Time until a replica has received a write, in seconds.
    pub receive: Sampler,
    /// True if a write waits until a replica has received it.
    pub semi_sync: bool,
    /// Number of replicas that must have forced a write before it is acknowledged; `None`: it does not wait for that.
    pub wait_for: Option<u32>,
    /// Row locks and the protocol by which members agree; `None`: neither.
    pub agreement: Option<Agreement>,
    /// True if all members answer reads.
    pub all_read: bool,
    /// True if all members take writes.
    pub all_write: bool,
    /// If true, the view elects another primary when it has evicted its own.
    pub elects: bool,
    /// Failover; `None`: no replica takes over, and no member is probed.
    pub failover: Option<Failover>,
    /// Rebuild; `None`: a member that is out stays out.
    pub rebuild: Option<Rebuild>,
    /// Link between the members; `None`: no link is between any two of them.
    pub far: Option<FarConfig>,
    /// First alarm; [`Alarm`] has the order.
    pub unit: UnitId,
}

impl DatabaseConfig {
    /// Returns whether replicas answer reads, alone or with the primary.
    fn replicas_read(&self) -> bool {
        self.by_replicas || self.all_read
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
    /// Kind of the write.
    step: u32,
    /// True if the write was acknowledged to its client.
    acknowledged: bool,
    /// Member that executed it.
    origin: usize,
}

/// Writes that at least one replica still needs.
#[derive(Clone, Debug, Default)]
struct Log {
    writes: VecDeque<Write>,
    /// Number of the first of them among all writes.
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

/// Membership of a member in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Primary or replica.
    Member,
    /// Out of the group: a former primary, or a replica with writes that the new primary lacks.
    Out,
    /// Being copied from the primary; the number of blocks left.
    Copied(u64),
}

/// State of a member in the group.
#[derive(Clone, Debug)]
struct State {
    standing: Standing,
    /// True if it runs and is reachable.
    up: bool,
    /// True if it is fenced: it serves no query.
    fenced: bool,
    /// True if it is believed alive, which decides on reads at replicas.
    alive: bool,
    /// Failed probes in a row.
    failed: u32,
    due: SimTime,
    /// Start of the probe that waits for an answer.
    asked: Option<SimTime>,
    /// Number of writes applied, of all writes.
    applied: u64,
    /// Times at which the writes after those were or will be received, in order.
    receipts: VecDeque<SimTime>,
    /// True while it receives writes.
    connected: bool,
    /// Start of the write that it applies.
    applying: Option<SimTime>,
    /// End of the log when it came back, if it lacked writes then. From there on it applies at the speed of its disks, until it has
    /// applied all that it has received.
    missed: Option<u64>,
    /// Number of blocks copied so far, over all rebuilds.
    blocks: u64,
    lag: Lag,
    phase: Key,
    /// Key of the draws of the receive time, by kind of write.
    receive: Vec<Key>,
    /// Key of the draws of its messages, by kind of write.
    messages: Vec<Key>,
    /// Number of writes forced, of all writes.
    forced: u64,
    /// Start of the record that it forces, and the number of writes forced by that.
    forcing: Option<(SimTime, u64)>,
    /// Number of writes that the primary knows to be forced.
    confirmed: u64,
    /// Instant since which it has been silent.
    silent: Option<SimTime>,
    /// True if it has lost its memory and does not run again yet.
    lost: bool,
}

impl State {
    /// Creates a healthy member; `keys` are those of its probes, and of the receive times and messages by kind of write.
    fn new(follows: bool, lag: Lag, keys: (Key, Vec<Key>, Vec<Key>)) -> Self {
        let (phase, receive, messages) = keys;
        Self {
            standing: Standing::Member,
            up: true,
            fenced: false,
            alive: true,
            failed: 0,
            due: SimTime::NEVER,
            asked: None,
            applied: 0,
            receipts: VecDeque::new(),
            connected: follows,
            applying: None,
            missed: None,
            blocks: 0,
            lag,
            phase,
            receive,
            messages,
            forced: 0,
            forcing: None,
            confirmed: 0,
            silent: None,
            lost: false,
        }
    }

    /// Returns the number of writes received until `now`, of all writes.
    fn received(&self, now: SimTime) -> u64 {
        self.applied + self.receipts.partition_point(|at| *at <= now) as u64
    }
}

/// Phase of a failover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No failover: the primary serves, or its failure is not detected yet.
    Served,
    /// No replica has been chosen yet.
    Seeks,
    /// The chosen replica applies the writes that it has received.
    Replays(usize),
    /// The chosen replica becomes primary at the given time.
    Promotes(usize, SimTime),
    /// The failover has failed; people have repaired it at the given time.
    People(SimTime),
}

/// State of a group in the event loop.
#[derive(Clone, Debug)]
pub struct Database {
    id: ComponentId,
    config: DatabaseConfig,
    members: Vec<State>,
    primary: usize,
    /// Old primary that was not fenced.
    rival: Option<usize>,
    phase: Phase,
    /// True if people promote: their time includes the promotion.
    by_people: bool,
    /// True if planned work has announced the failover.
    switches: bool,
    /// Time since which the primary is down.
    onset: Option<SimTime>,
    /// Cause of the lack of a primary.
    cause: CauseId,
    log: Log,
    /// Semi-synchronous writes that wait: number, request, start of the wait.
    waiting: VecDeque<(u64, RequestId, SimTime)>,
    /// True if no replica has answered in time: asynchronous until one has received everything.
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
    /// Failovers that fail, where a given trajectory prescribes them.
    history: Option<Vec<Failed>>,
    /// Transactions, where rows are locked or members agree.
    agreed: Option<Box<agreement::Agreed>>,
    /// State of the link between the members.
    far: Option<Box<far::Across>>,
    /// Messages and repetitions on their way, by arrival.
    post: BTreeMap<(SimTime, u64), agreement::Post>,
    /// Number of messages sent.
    posted: u64,
}

impl Database {
    /// Creates a group with all members healthy and no lag; `window` is measured.
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
        let protocol = config.agreement.as_ref().filter(|how| how.is_protocol());
        let member = |(index, member): (usize, &Member)| {
            let owner = format!("{name}→{}", member.name);
            let mut lag = Lag::new(start, window);
            let follows = protocol.map_or(index > 0, Agreement::applies_a_log);
            lag.set(start, follows, None, 0);
            let keys = |purpose: &str| {
                let key = |write: &String| key(purpose, &format!("{owner}/{write}"));
                config.writes.iter().map(key).collect()
            };
            let keys = (key("probe-phase", &owner), keys("receive"), keys("message"));
            State::new(follows, lag, keys)
        };
        let members: Vec<State> = config.members.iter().enumerate().map(member).collect();
        let alarms = Alarm::count_of_agreeing(place(members.len())) as usize;
        let agreed = config.agreement.as_ref().map(|how| {
            let rows = config.writes.iter().map(|write| key("row", &format!("{name}/{write}")));
            Box::new(agreement::Agreed::new(how, members.len(), rows.collect()))
        });
        Self {
            id,
            members,
            primary: 0,
            rival: None,
            phase: Phase::Served,
            by_people: false,
            switches: false,
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
            agreed,
            far: config.far.as_ref().map(|_| Box::new(far::Across::new(config.members.len()))),
            post: BTreeMap::new(),
            posted: 0,
            config,
        }
    }

    /// Prescribes, from a given trajectory, the failovers that fail.
    pub(crate) fn follows(&mut self, failed: Vec<Failed>) {
        self.history = Some(failed);
    }

    /// Makes `primary` the primary at the start of a run, instead of the first member.
    pub(crate) fn begins_with(&mut self, primary: usize, start: SimTime) {
        self.primary = primary.min(self.members.len() - 1);
        for (member, state) in self.members.iter_mut().enumerate() {
            let log = self.config.agreement.as_ref().is_some_and(Agreement::is_protocol);
            if log {
                continue;
            }
            let follows = member != self.primary;
            state.connected = follows;
            state.lag = Lag::new(start, self.window);
            state.lag.set(start, follows, None, 0);
        }
    }

    /// Returns the primary and the first member, whose volume it has taken over; `None` without remounts.
    pub(crate) fn remounted_by(&self, primary: usize) -> Option<(ComponentId, ComponentId)> {
        let remounts = self.config.failover.as_ref().is_some_and(|failover| failover.remount);
        let members = &self.config.members;
        remounts.then(|| (members[primary.min(members.len() - 1)].id, members[0].id))
    }

    /// Returns the number of the primary.
    #[must_use]
    pub fn primary(&self) -> usize {
        self.primary
    }

    /// Returns the phase of the failover.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Returns the membership of a member.
    #[must_use]
    pub fn standing(&self, member: usize) -> Standing {
        self.members[member].standing
    }

    /// Returns whether a member is fenced.
    #[must_use]
    pub fn is_fenced(&self, member: usize) -> bool {
        self.members[member].fenced
    }

    /// Returns the replication lag of a member.
    #[must_use]
    pub fn lag(&self, member: usize) -> &Lag {
        &self.members[member].lag
    }

    /// Clears all counts and counts from `now` until `until`.
    pub fn count_anew(&mut self, now: SimTime, until: SimTime) {
        self.window = (now, until);
        self.counts = Counts::default();
        for member in &mut self.members {
            member.lag.measure_anew(now, until);
        }
    }

    /// Ends the measured window at `end`, which is not past.
    pub fn count_until(&mut self, end: SimTime) {
        self.window.1 = end;
        self.members.iter_mut().for_each(|member| member.lag.measure_until(end));
    }

    /// Returns 1 if `now` is in the measured window, else 0.
    fn counted(&self, now: SimTime) -> u64 {
        u64::from(now >= self.window.0 && now < self.window.1)
    }

    /// Returns whether a member is a replica that may serve: in the group and not fenced.
    fn is_replica(&self, member: usize) -> bool {
        let state = &self.members[member];
        member != self.primary && state.standing == Standing::Member && !state.fenced
    }

    fn unit(&self, alarm: Alarm) -> UnitId {
        UnitId(self.config.unit.0 + place(alarm.local(self.members.len())))
    }

    fn arm(&mut self, ctx: &mut Ctx<'_>, alarm: Alarm, when: SimTime) {
        let code = Event::Database(self.unit(alarm).0).code();
        let local = alarm.local(self.members.len());
        self.tickets[local] = ctx.calendar.push(when.max(ctx.now), code);
    }

    /// Returns the member that gets the next query of a caller at a side of the link, and advances the turn.
    fn serves(&mut self, write: bool, from: Option<bool>) -> usize {
        if if write { self.config.all_write } else { self.config.all_read } {
            let count = self.members.len();
            let mut turns = (0..count).map(|step| (self.turn + step) % count);
            if let Some(next) = turns.find(|member| self.takes_queries(*member, from)) {
                self.turn = (next + 1) % count;
                return next;
            }
        }
        if !write && self.config.by_replicas {
            let count = self.members.len();
            let turns = (0..count).map(|step| (self.turn + step) % count);
            let serves =
                |m: usize| self.is_replica(m) && self.is_believed(m, from) && self.in_view(m);
            let next = turns.into_iter().find(|m| serves(*m));
            if let Some(next) = next {
                self.turn = (next + 1) % count;
                return next;
            }
        }
        // Two members that believe they are primary answer in turn.
        if let Some(rival) = self.rival.filter(|rival| self.members[*rival].up) {
            if let Some(near) = self.reached_of([rival, self.primary], from) {
                return near;
            }
            self.both = !self.both;
            return if self.both { rival } else { self.primary };
        }
        self.primary
    }
}
