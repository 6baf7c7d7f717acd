//! Agreement of the copies of a database on each write: two-phase and three-phase commit, and group communication.
//!
//! Model: a transaction begins at one copy, its coordinator, locks its row there and executes. Then, with the members of the
//! view (the copies that writes wait for):
//!
//! ```text
//! two-phase    prepare -> lock, execute, force -> vote; force the decision; commit -> release -> acknowledge
//! three-phase  prepare -> lock, execute, force -> vote; pre-commit -> force -> acknowledge; force the decision; commit -> ...
//! group        propose -> acknowledge of all; then the write has its place in the total order and is certified
//! ```
//!
//! One message delay per arrow to another member and back: two, three and one round trips, and two, three and no forced
//! records. The write is acknowledged to its client when all members have acknowledged the commit; in a group, when it is
//! certified. Commit records of participants are not forced.
//!
//! - *Locks* (see `row_locks`) are held at the coordinator until the decision, at a participant until the commit or abort arrives. A
//!   participant whose row is locked by an older transaction votes no; the coordinator aborts and retries.
//! - *Certification*: the first writer of a row wins. A write is aborted if another member's write of its row has been ordered that
//!   its copy had not applied when it began to execute. It is retried when its copy has applied that.
//! - *Views*: a member that is silent is waited for until it is evicted. A group evicts only while more than half of the view
//!   remains. The last member of a view stays.
//! - *Death of a coordinator*: participants that have not voted abort once it is evicted. Those that have voted are blocked with
//!   their locks until it is back (two-phase), or agree without it (three-phase): they collect their states, one round trip,
//!   and commit if one of them has pre-committed.
//!
//! In: begins, ends of executions and work, arriving messages, changes of health. Out: [`Act`]s. Time is not known here.
//! Holds: no member commits what another aborts, while at most one of three phases' members fails at a time; every lock is released
//! once all members run.
//! Leaves out: cooperative termination of two-phase commit, partitions that leave both sides running, several rows.
//! Source: Gray and Lamport (2006), Consensus on transaction commit, ACM TODS 31(1): two-phase commit has 4 message delays and 2 forced
//! writes on the critical path; Skeen (1981), Nonblocking commit protocols; Wiesmann et al. (2000), Database replication
//! techniques: a three parameter classification (certification over a totally ordered multicast).

mod failure;
#[cfg(test)]
mod tests;
mod work;

use std::collections::BTreeMap;

use super::row_locks::{Asked, RowLocks};

/// Number of a transaction; a smaller one is older.
pub type Txn = u64;

/// The way in which the members agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Two-phase commit.
    TwoPhase,
    /// Three-phase commit.
    ThreePhase,
    /// Totally ordered multicast with certification.
    Ordered,
}

/// Content of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letter {
    /// Lock, execute and vote.
    Prepare,
    /// Vote for the commit.
    Yes,
    /// Vote against it.
    No,
    /// All have voted yes.
    PreCommit,
    /// Receipt of that.
    PreCommitted,
    /// Commit.
    Commit,
    /// Receipt of that.
    Committed,
    /// Abort.
    Abort,
    /// A write to be ordered.
    Propose,
    /// Receipt of that.
    Delivered,
    /// A survivor asks for the state of the transaction.
    Collect,
    /// Answer to that.
    State,
}

/// Message of a transaction between two members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Sender.
    pub from: usize,
    /// Receiver.
    pub to: usize,
    /// The transaction.
    pub txn: Txn,
    /// Number of the attempt.
    pub attempt: u32,
    /// Content.
    pub what: Letter,
}

/// Work of a member for a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// The member.
    pub at: usize,
    /// The transaction.
    pub txn: Txn,
    /// Number of the attempt.
    pub attempt: u32,
    /// True if the member executes the write before it forces a record of it.
    pub executes: bool,
}

/// Consequence of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A message leaves.
    Send(Message),
    /// A member begins to work; [`Commits::done`] reports the end.
    Work(Work),
    /// A member writes a commit record that nothing waits for.
    Record(usize, Txn),
    /// The transaction has its first lock and executes; [`Commits::executed`] reports the end.
    Executes(Txn),
    /// The transaction is committed.
    Decided(Txn),
    /// The commit is acknowledged to the client.
    Answered(Txn),
    /// An attempt was aborted: of two conflicting transactions it was this one.
    Aborted(Txn),
    /// The transaction has failed for good; its client is told.
    Fails(Txn),
}

/// State of a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    None,
    Waits,
    Works,
    Prepared,
    Records,
    PreCommitted,
}

/// Phase of a transaction at its coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Waits for its first lock.
    Waits,
    Executes,
    Votes,
    PreCommits,
    /// The decision is being forced.
    Decides,
    Commits,
    Orders,
    /// Waits until its member has applied the write that it conflicts with.
    Behind(u64),
    /// The coordinator has died; survivors collect their states.
    Collects,
    /// The coordinator has died, or it has ended there: only participants still know it.
    Over,
}

#[derive(Clone, Debug)]
struct Transaction {
    coordinator: usize,
    row: Option<u64>,
    attempt: u32,
    phase: Phase,
    /// Members whose answer it waits for.
    awaited: u64,
    parts: Vec<(u32, Part)>,
    /// Number of writes that its member had applied when it began to execute.
    snapshot: u64,
    decided: bool,
    /// True while its coordinator is dead and has not been replaced.
    orphan: bool,
}

#[derive(Clone, Debug)]
struct Member {
    up: bool,
    in_view: bool,
    locks: RowLocks,
    /// Messages that arrived while it was stalled.
    held: Vec<Message>,
    /// Work that ended while it was stalled.
    ended: Vec<Work>,
    /// Number of ordered writes that it has applied.
    seen: u64,
}

/// Transactions of a group of at most 64 members.
#[derive(Clone, Debug)]
pub struct Commits {
    protocol: Protocol,
    attempts: u32,
    members: Vec<Member>,
    all: BTreeMap<Txn, Transaction>,
    next: Txn,
    /// Number of writes ordered.
    ordered: u64,
    /// Last ordered write of a row: its number and its member.
    latest: BTreeMap<u64, (u64, usize)>,
}

impl Commits {
    /// Creates a group without transactions whose view are all `members`; a transaction fails after `attempts`.
    #[must_use]
    pub fn new(protocol: Protocol, members: usize, attempts: u32) -> Self {
        let member = || Member {
            up: true,
            in_view: true,
            locks: RowLocks::default(),
            held: Vec::new(),
            ended: Vec::new(),
            seen: 0,
        };
        Self {
            protocol,
            attempts,
            members: (0..members).map(|_| member()).collect(),
            all: BTreeMap::new(),
            next: 0,
            ordered: 0,
            latest: BTreeMap::new(),
        }
    }

    /// Returns whether writes wait for `member`.
    #[must_use]
    pub fn in_view(&self, member: usize) -> bool {
        self.members[member].in_view
    }

    /// Returns the number of rows locked at `member`.
    #[must_use]
    pub fn locked(&self, member: usize) -> usize {
        self.members[member].locks.locked()
    }

    /// Returns the number of transactions that any member knows.
    #[must_use]
    pub fn open(&self) -> usize {
        self.all.len()
    }

    /// Returns the coordinator of a transaction.
    #[must_use]
    pub fn coordinator(&self, txn: Txn) -> Option<usize> {
        self.all.get(&txn).map(|one| one.coordinator)
    }

    /// Begins a transaction at `member` that writes `row`.
    pub fn begin(&mut self, member: usize, row: Option<u64>, out: &mut Vec<Act>) -> Txn {
        let txn = self.next;
        self.next += 1;
        let one = Transaction {
            coordinator: member,
            row,
            attempt: 0,
            phase: Phase::Waits,
            awaited: 0,
            parts: vec![(0, Part::None); self.members.len()],
            snapshot: 0,
            decided: false,
            orphan: false,
        };
        self.all.insert(txn, one);
        self.locks_first(txn, out);
        txn
    }

    fn locks_first(&mut self, txn: Txn, out: &mut Vec<Act>) {
        let Some(one) = self.all.get_mut(&txn) else { return };
        one.phase = Phase::Waits;
        let locks = &mut self.members[one.coordinator].locks;
        let asked = one.row.map_or(Asked::Granted, |row| locks.ask(row, txn, true));
        if asked == Asked::Granted {
            self.executes(txn, out);
        }
    }

    fn executes(&mut self, txn: Txn, out: &mut Vec<Act>) {
        let Some(one) = self.all.get_mut(&txn) else { return };
        one.phase = Phase::Executes;
        one.snapshot = self.members[one.coordinator].seen;
        out.push(Act::Executes(txn));
    }

    fn view(&self) -> u64 {
        let bit = |(at, member): (usize, &Member)| u64::from(member.in_view) << at;
        self.members.iter().enumerate().map(bit).sum()
    }

    /// Sends `what` from `from` to all members of `to`.
    fn send_all(&self, txn: Txn, (from, to): (usize, u64), what: Letter, out: &mut Vec<Act>) {
        let Some(one) = self.all.get(&txn) else { return };
        for member in each(to) {
            let attempt = one.attempt;
            out.push(Act::Send(Message { from, to: member, txn, attempt, what }));
        }
    }

    /// Sends `what` to all other members of the view, and waits for their answers in `phase`.
    fn round(&mut self, txn: Txn, phase: Phase, what: Letter, out: &mut Vec<Act>) {
        let view = self.view();
        let Some(one) = self.all.get_mut(&txn) else { return };
        one.phase = phase;
        // A later round goes to those that took part in the first.
        let others = match phase {
            Phase::Votes | Phase::Orders | Phase::Collects => view,
            _ => view & one.took_part(),
        };
        one.awaited = others & !(1 << one.coordinator);
        let (from, to) = (one.coordinator, one.awaited);
        self.send_all(txn, (from, to), what, out);
        self.answered(txn, None, out);
    }

    /// Reports that the client's request of `txn` has executed the write at its coordinator.
    pub fn executed(&mut self, txn: Txn, out: &mut Vec<Act>) {
        if self.all.get(&txn).is_none_or(|one| one.phase != Phase::Executes) {
            return;
        }
        match self.protocol {
            Protocol::Ordered => self.round(txn, Phase::Orders, Letter::Propose, out),
            _ => self.round(txn, Phase::Votes, Letter::Prepare, out),
        }
    }

    /// Reports that the client's request of `txn` ended before it had executed the write.
    pub fn gives_up(&mut self, txn: Txn, out: &mut Vec<Act>) {
        let early = |one: &Transaction| {
            matches!(one.phase, Phase::Waits | Phase::Executes | Phase::Behind(_))
        };
        if let Some(one) = self.all.get_mut(&txn).filter(|one| early(one)) {
            let at = one.coordinator;
            one.phase = Phase::Over;
            self.release(txn, at, out);
            self.forget(txn);
        }
    }

    /// Records the answer of a member, or none, and goes on if no other is awaited.
    fn answered(&mut self, txn: Txn, by: Option<usize>, out: &mut Vec<Act>) {
        let Some(one) = self.all.get_mut(&txn) else { return };
        if let Some(by) = by {
            if one.awaited & 1 << by == 0 {
                return;
            }
            one.awaited &= !(1 << by);
        }
        if one.awaited != 0 || one.orphan {
            return;
        }
        let (at, alone) = (one.coordinator, one.took_part() & !(1 << one.coordinator) == 0);
        match one.phase {
            Phase::Votes if self.protocol == Protocol::ThreePhase && !alone => {
                self.round(txn, Phase::PreCommits, Letter::PreCommit, out);
            }
            Phase::Votes | Phase::PreCommits => {
                one.phase = Phase::Decides;
                let attempt = one.attempt;
                out.push(Act::Work(Work { at, txn, attempt, executes: false }));
            }
            Phase::Commits => {
                one.phase = Phase::Over;
                out.push(Act::Answered(txn));
                self.forget(txn);
            }
            Phase::Orders => self.certifies(txn, out),
            Phase::Collects => self.terminates(txn, out),
            _ => {}
        }
    }

    /// Orders a write that all members of the view have received, and commits or aborts it.
    fn certifies(&mut self, txn: Txn, out: &mut Vec<Act>) {
        let Some(one) = self.all.get_mut(&txn) else { return };
        let at = one.coordinator;
        let last = one.row.and_then(|row| self.latest.get(&row)).copied();
        if let Some((number, _)) = last.filter(|(number, by)| *number >= one.snapshot && *by != at)
        {
            return self.aborts(txn, Some(number), out);
        }
        if let Some(row) = one.row {
            self.latest.insert(row, (self.ordered, at));
        }
        self.ordered += 1;
        one.decided = true;
        one.phase = Phase::Over;
        out.extend([Act::Decided(txn), Act::Answered(txn)]);
        self.release(txn, at, out);
        self.forget(txn);
    }

    /// Aborts an attempt of `txn`; it is retried, at once or when its member has applied the write `behind`.
    fn aborts(&mut self, txn: Txn, behind: Option<u64>, out: &mut Vec<Act>) {
        let Some(one) = self.all.get_mut(&txn) else { return };
        let at = one.coordinator;
        let others = one.took_part() & !(1 << at) | one.awaited;
        one.awaited = 0;
        if self.protocol != Protocol::Ordered {
            self.send_all(txn, (at, others), Letter::Abort, out);
        }
        out.push(Act::Aborted(txn));
        self.release(txn, at, out);
        let Some(one) = self.all.get_mut(&txn) else { return };
        if one.attempt + 1 >= self.attempts {
            one.phase = Phase::Over;
            out.push(Act::Fails(txn));
            return self.forget(txn);
        }
        one.attempt += 1;
        match behind.filter(|number| self.members[at].seen <= *number) {
            Some(number) => one.phase = Phase::Behind(number),
            None => self.locks_first(txn, out),
        }
    }

    /// Reports that `member` has applied all ordered writes below `number`.
    pub fn sees(&mut self, member: usize, number: u64, out: &mut Vec<Act>) {
        self.members[member].seen = number;
        let waits = |one: &Transaction| {
            one.coordinator == member && matches!(one.phase, Phase::Behind(of) if of < number)
        };
        let ready: Vec<Txn> =
            self.all.iter().filter(|(_, one)| waits(one)).map(|(txn, _)| *txn).collect();
        for txn in ready {
            self.locks_first(txn, out);
        }
    }

    /// Releases the lock of `txn` at `member`, and lets the next one go on.
    fn release(&mut self, txn: Txn, member: usize, out: &mut Vec<Act>) {
        let Some(row) = self.all.get(&txn).and_then(|one| one.row) else { return };
        let Some(next) = self.members[member].locks.release(row, txn) else { return };
        let Some(one) = self.all.get_mut(&next) else { return };
        if one.coordinator == member && one.phase == Phase::Waits {
            return self.executes(next, out);
        }
        one.parts[member].1 = Part::Works;
        let attempt = one.parts[member].0;
        out.push(Act::Work(Work { at: member, txn: next, attempt, executes: true }));
    }

    /// Removes a transaction that is over once no participant knows it.
    fn forget(&mut self, txn: Txn) {
        let over = |one: &Transaction| {
            one.phase == Phase::Over && one.parts.iter().all(|(_, part)| *part == Part::None)
        };
        if self.all.get(&txn).is_some_and(over) {
            self.all.remove(&txn);
        }
    }

    /// Handles a message that arrives.
    pub fn arrives(&mut self, message: Message, out: &mut Vec<Act>) {
        let Message { from, to, txn, attempt, what } = message;
        if !self.members[to].up {
            // A stalled member reads it later; `loses` drops what a lost one would have read.
            return self.members[to].held.push(message);
        }
        let Some(one) = self.all.get_mut(&txn) else { return };
        let (known, part) = one.parts[to];
        let current = one.attempt == attempt;
        match what {
            // A member that was evicted and has come back is no longer waited for.
            Letter::Prepare
                if current && one.phase == Phase::Votes && one.awaited & 1 << to != 0 =>
            {
                self.prepares(message, out);
            }
            Letter::PreCommit if known == attempt && part == Part::Prepared => {
                one.parts[to].1 = Part::Records;
                out.push(Act::Work(Work { at: to, txn, attempt, executes: false }));
            }
            Letter::Commit if known == attempt && part != Part::None => {
                self.commits_at(txn, to, out);
                out.push(Act::Send(Message {
                    from: to,
                    to: from,
                    what: Letter::Committed,
                    ..message
                }));
                self.forget(txn);
            }
            Letter::Abort if known == attempt && part != Part::None => {
                self.aborts_at(txn, to, out);
                self.forget(txn);
            }
            Letter::Propose => {
                out.push(Act::Send(Message {
                    from: to,
                    to: from,
                    what: Letter::Delivered,
                    ..message
                }));
            }
            Letter::Collect => {
                out.push(Act::Send(Message { from: to, to: from, what: Letter::State, ..message }));
            }
            Letter::No if current && one.phase == Phase::Votes => self.aborts(txn, None, out),
            Letter::Yes if current && one.phase == Phase::Votes => {
                self.answered(txn, Some(from), out);
            }
            Letter::PreCommitted if current && one.phase == Phase::PreCommits => {
                self.answered(txn, Some(from), out);
            }
            Letter::Committed if current && one.phase == Phase::Commits => {
                self.answered(txn, Some(from), out);
            }
            Letter::Delivered if current && one.phase == Phase::Orders => {
                self.answered(txn, Some(from), out);
            }
            Letter::State if one.phase == Phase::Collects => self.answered(txn, Some(from), out),
            _ => {}
        }
    }

    /// A participant locks the row and executes, waits for the row, or votes against the commit.
    fn prepares(&mut self, message: Message, out: &mut Vec<Act>) {
        let Message { from, to, txn, attempt, .. } = message;
        if self.all.get(&txn).is_some_and(|one| one.parts[to].1 != Part::None) {
            // The abort of an earlier attempt is still on its way.
            self.aborts_at(txn, to, out);
        }
        let Some(one) = self.all.get_mut(&txn) else { return };
        let locks = &mut self.members[to].locks;
        let asked = one.row.map_or(Asked::Granted, |row| locks.ask(row, txn, false));
        if asked == Asked::Dies {
            return out.push(Act::Send(Message {
                from: to,
                to: from,
                what: Letter::No,
                ..message
            }));
        }
        let granted = asked == Asked::Granted;
        one.parts[to] = (attempt, if granted { Part::Works } else { Part::Waits });
        if granted {
            out.push(Act::Work(Work { at: to, txn, attempt, executes: true }));
        }
    }

    fn commits_at(&mut self, txn: Txn, member: usize, out: &mut Vec<Act>) {
        out.push(Act::Record(member, txn));
        self.aborts_at(txn, member, out);
    }

    /// Releases the lock of a participant and ends its part.
    fn aborts_at(&mut self, txn: Txn, member: usize, out: &mut Vec<Act>) {
        if let Some(one) = self.all.get_mut(&txn) {
            one.parts[member].1 = Part::None;
        }
        self.release(txn, member, out);
    }
}

impl Transaction {
    /// Returns the members that know of it as participants.
    fn took_part(&self) -> u64 {
        let bit = |(at, (_, part)): (usize, &(u32, Part))| u64::from(*part != Part::None) << at;
        self.parts.iter().enumerate().map(bit).sum()
    }
}

/// Returns the members of a set, in order.
fn each(set: u64) -> impl Iterator<Item = usize> {
    (0..64).filter(move |at| set & 1 << at != 0)
}
