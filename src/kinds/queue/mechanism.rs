//! The message handling of a broker: a state machine that receives the time as an argument.
//!
//! The caller reports each event with its instant (`publish`, `ends`, `joins`, `gone`, `breaks`, `forgets`,
//! `stands`), asks for deliveries until there is none (`deliver`), and calls [`MessageQueue::due`] at
//! [`MessageQueue::next_due`]. Instants never go back. Nothing is sampled here: sizes, times until a message is
//! safe and the work of consumers come from the caller.
//!
//! A message that was delivered has a smaller number than every message that was not, since the smallest
//! number goes first. So the ready messages are a heap of those that came back and a queue of those that
//! were never delivered; together they keep the order of publication.
//!
//! Memory: one entry per message inside or still in work, one per unfinished delivery; nothing is
//! allocated once these have reached their greatest number.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::account::Account;
use crate::engine::slab::{Handle, Slab};
use crate::units::{Bytes, SimDuration, SimTime};

pub use super::spec::WhenFull;

/// Pause before the redelivery of a message whose work failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BackOff {
    /// After the first failure.
    pub first: SimDuration,
    /// Factor from one pause to the next.
    pub factor: f64,
    /// Longest pause.
    pub longest: SimDuration,
}

impl BackOff {
    /// Returns the pause after delivery number `attempt` has failed; the first delivery is 1.
    #[must_use]
    pub fn after(&self, attempt: u32) -> SimDuration {
        let mut pause = self.first.min(self.longest);
        for _ in 1..attempt {
            if self.factor <= 1.0 || pause == self.longest {
                break;
            }
            let next = SimDuration::from_seconds_f64(pause.seconds() * self.factor);
            pause = next.min(self.longest);
        }
        pause
    }
}

/// Rules of a queue for its messages.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Unfinished deliveries of a consumer, at most; `None` without a bound.
    pub prefetch: Option<u32>,
    /// Time for an acknowledgement; `None` for ever.
    pub acknowledge_within: Option<SimDuration>,
    /// Deliveries of a message, at most; `None` without a bound.
    pub attempts: Option<u32>,
    /// Pause after a failure.
    pub back_off: BackOff,
    /// Messages that may wait; `None` without a bound.
    pub limit: Option<u32>,
    /// Bytes that may wait; `None` without a bound.
    pub limit_bytes: Option<Bytes>,
    /// Rule for a message that finds the queue full.
    pub when_full: WhenFull,
    /// If true, distributions of the numbers and of the times are kept.
    pub detailed: bool,
}

/// A message as its producer made it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Ordinal of the draws of its work.
    pub ordinal: u64,
    /// Source of the message, numbered by the caller.
    pub origin: u32,
    /// Size of the message.
    pub bytes: Bytes,
    /// If true, the times of the message are recorded.
    pub counted: bool,
    /// Number of the job that it is a part of, by the caller; 0: of none.
    pub job: u64,
}

/// Answer of the broker to a producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// Accepted; safe at this instant, unless the broker fails before.
    Accepted(SimTime),
    /// The queue is full.
    Rejected,
}

/// Unique id of one delivery; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeliveryId(Handle);

impl DeliveryId {
    /// Returns an index for side tables, below the greatest number of unfinished deliveries at once.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0.index()
    }
}

/// A message on its way to a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Id by which the delivery is ended.
    pub id: DeliveryId,
    /// The consumer that receives the message.
    pub consumer: u32,
    /// The message.
    pub message: Message,
    /// Instant of its publication.
    pub published: SimTime,
    /// Number of this delivery of the message; the first is 1.
    pub attempt: u32,
}

/// Result of the work of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Done: the consumer acknowledges.
    Done,
    /// Failed: the consumer rejects.
    Failed,
}

/// Effect of the end of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The message is acknowledged and has left the queue.
    Acknowledged,
    /// The message will be delivered again after a back-off.
    BackOff,
    /// The message is a dead letter.
    DeadLetter,
    /// No effect: another delivery of the message counts, or the message has left the queue.
    Stale,
    /// The broker is stalled and receives the result later.
    Held,
    /// No such delivery: its connection was broken.
    Unknown,
}

/// Way in which a message left the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaves {
    /// Its work is done and acknowledged.
    Acknowledged,
    /// It had been delivered as often as allowed.
    DeadLetter,
    /// The queue was full.
    Dropped,
    /// It was lost with a broker.
    Lost,
}

/// Health of a broker as its users see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It works.
    Serves,
    /// It keeps every message and does nothing.
    Stalled,
    /// It is gone.
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not safe yet.
    Arriving,
    Ready,
    /// In a back-off.
    Paused,
    InFlight(Handle),
    /// It has left the queue; a consumer may still work on it.
    Left,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    message: Message,
    number: u64,
    published: SimTime,
    /// Instant since which it waits, or is in flight.
    since: SimTime,
    attempts: u32,
    /// Deliveries whose consumer has not finished.
    open: u32,
    /// True once its work was done at least once.
    done: bool,
    state: State,
    /// The latest delivery, as long as it may be acknowledged.
    latest: Option<Handle>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    entry: Handle,
    consumer: u32,
    /// Neighbours in the list of the consumer's unfinished deliveries.
    before: Option<Handle>,
    after: Option<Handle>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Consumer {
    open: u32,
    first: Option<Handle>,
    connected: bool,
    in_turn: bool,
}

/// Event that a stalled broker receives when it resumes.
#[derive(Clone, Copy, Debug)]
enum Unheard {
    Ends(DeliveryId, Verdict),
    Joins(u32),
    Rests(u32),
    Gone(u32),
}

/// A queue and its broker.
#[derive(Clone, Debug)]
pub struct MessageQueue {
    terms: Terms,
    standing: Standing,
    entries: Slab<Entry>,
    deliveries: Slab<Open>,
    consumers: Vec<Consumer>,
    /// Connected consumers with a free slot, the next one first; some may have lost their slot since.
    turn: VecDeque<u32>,
    arriving: VecDeque<(SimTime, Handle)>,
    fresh: VecDeque<Handle>,
    /// Ready messages that came back, by number; some may be no longer ready.
    back: BinaryHeap<Reverse<(u64, Handle)>>,
    paused: BinaryHeap<Reverse<(SimTime, u64, Handle)>>,
    /// Deadlines of deliveries; some deliveries may be no longer in flight.
    deadlines: VecDeque<(SimTime, Handle)>,
    unheard: Vec<Unheard>,
    last_safe: SimTime,
    next_number: u64,
    bytes: u64,
    account: Account,
    /// Messages that have left since the last [`Self::tell_left`], with the instant of their publication.
    left: Vec<(Message, SimTime, Leaves)>,
}

impl MessageQueue {
    /// Creates an empty queue that serves, with the given number of consumers, none of them connected.
    #[must_use]
    pub fn new(terms: Terms, consumers: u32) -> Self {
        Self {
            terms,
            standing: Standing::Serves,
            entries: Slab::new(),
            deliveries: Slab::new(),
            consumers: (0..consumers).map(|_| Consumer::default()).collect(),
            turn: VecDeque::new(),
            arriving: VecDeque::new(),
            fresh: VecDeque::new(),
            back: BinaryHeap::new(),
            paused: BinaryHeap::new(),
            deadlines: VecDeque::new(),
            unheard: Vec::new(),
            last_safe: SimTime::ZERO,
            next_number: 0,
            bytes: 0,
            account: Account::new(terms.detailed),
            left: Vec::new(),
        }
    }

    /// Returns the ledger.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Returns the ledger, to change what it keeps.
    pub fn account_mut(&mut self) -> &mut Account {
        &mut self.account
    }

    /// Calls `tell` for each message that has left since the last call: the message, its publication, the way it left.
    pub fn tell_left(&mut self, mut tell: impl FnMut(Message, SimTime, Leaves)) {
        for (message, published, how) in self.left.drain(..) {
            tell(message, published, how);
        }
    }

    /// Returns the sum of the sojourn times of messages in nanoseconds; those of messages still inside count up to
    /// `now`.
    #[must_use]
    pub fn stayed(&self, now: SimTime) -> u128 {
        let there = self.entries.iter().filter(|(_, entry)| entry.state != State::Left);
        let there: u128 = there.map(|(_, entry)| u128::from((now - entry.since).nanos())).sum();
        self.account.waiting.stayed() + self.account.flying.stayed() + there
    }

    /// Returns the health of its broker.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Returns the unfinished deliveries of a consumer.
    #[must_use]
    pub fn open_at(&self, consumer: u32) -> u32 {
        self.consumers[consumer as usize].open
    }

    /// Returns the bytes of the messages that wait.
    #[must_use]
    pub fn bytes_waiting(&self) -> Bytes {
        Bytes::new(self.bytes)
    }

    /// Publishes `message`. It is safe at `safe_at`, and not before messages published earlier.
    /// The caller handles a producer that finds the broker stalled or gone.
    ///
    /// # Panics
    ///
    /// If the broker does not serve.
    pub fn publish(&mut self, now: SimTime, message: Message, safe_at: SimTime) -> Published {
        assert!(self.standing == Standing::Serves, "a broker that does not serve takes nothing");
        if self.terms.when_full == WhenFull::Reject && !self.has_room(message.bytes) {
            self.account.counts.rejected += 1;
            return Published::Rejected;
        }
        self.account.counts.published += 1;
        let number = self.next_number;
        self.next_number += 1;
        let safe_at = safe_at.max(self.last_safe).max(now);
        self.last_safe = safe_at;
        let entry = self.entries.insert(Entry {
            message,
            number,
            published: now,
            since: now,
            attempts: 0,
            open: 0,
            done: false,
            state: State::Arriving,
            latest: None,
        });
        self.account.waiting.add(now);
        self.bytes += message.bytes.count();
        self.arriving.push_back((safe_at, entry));
        self.make_safe(now);
        while self.is_over_limit() && self.drop_oldest(now) {}
        self.settle(now);
        Published::Accepted(safe_at)
    }

    /// Makes the next delivery of this instant: the oldest ready message, to the next consumer in turn that has a
    /// free slot. `None`: no delivery is possible.
    pub fn deliver(&mut self, now: SimTime) -> Option<Delivery> {
        if self.standing != Standing::Serves {
            return None;
        }
        let handle = self.head()?;
        let consumer = self.next_consumer()?;
        self.take_head();
        let place = consumer as usize;
        let after = self.consumers[place].first;
        let id = self.deliveries.insert(Open { entry: handle, consumer, before: None, after });
        if let Some(after) = after {
            self.deliveries.get_mut(after).expect("it is linked").before = Some(id);
        }
        self.consumers[place].first = Some(id);
        self.consumers[place].open += 1;
        self.take_turn(consumer);
        self.stop_waiting(now, handle);
        let entry = self.entries.get_mut(handle).expect("it was ready");
        entry.attempts += 1;
        entry.open += 1;
        entry.state = State::InFlight(id);
        entry.latest = Some(id);
        let found = *entry;
        self.account.flying.add(now);
        self.account.counts.delivered += 1;
        if found.attempts == 1 {
            let waited = now - found.published;
            Account::record(&mut self.account.waits, found.message.counted, waited);
        } else {
            self.account.counts.redelivered += 1;
        }
        if let Some(within) = self.terms.acknowledge_within {
            self.deadlines.push_back((now + within, id));
        }
        self.settle(now);
        Some(Delivery {
            id: DeliveryId(id),
            consumer,
            message: found.message,
            published: found.published,
            attempt: found.attempts,
        })
    }

    /// Ends a delivery that a consumer has finished.
    pub fn ends(&mut self, now: SimTime, delivery: DeliveryId, verdict: Verdict) -> Ended {
        if self.standing == Standing::Stalled {
            self.unheard.push(Unheard::Ends(delivery, verdict));
            return Ended::Held;
        }
        let Some(open) = self.unlink(delivery.0) else { return Ended::Unknown };
        self.take_turn(open.consumer);
        let entry = self.entries.get_mut(open.entry).expect("an open delivery keeps its message");
        entry.open -= 1;
        if verdict == Verdict::Done {
            self.account.counts.completed += 1;
            self.account.counts.duplicates += u64::from(entry.done);
            if !entry.done {
                let took = now - entry.published;
                Account::record(&mut self.account.end_to_end, entry.message.counted, took);
            }
            entry.done = true;
        }
        let (state, latest) = (entry.state, entry.latest == Some(delivery.0));
        let ended = match (state, verdict) {
            (State::InFlight(id), Verdict::Done) if id == delivery.0 => {
                self.land(now, open.entry);
                self.account.counts.acknowledged += 1;
                self.leave(open.entry, Leaves::Acknowledged);
                Ended::Acknowledged
            }
            (State::InFlight(id), Verdict::Failed) if id == delivery.0 => {
                self.account.counts.failed += 1;
                self.land(now, open.entry);
                self.fails(now, open.entry)
            }
            (State::Ready, Verdict::Done) if latest => {
                self.stop_waiting(now, open.entry);
                self.account.counts.acknowledged += 1;
                self.account.counts.late += 1;
                self.leave(open.entry, Leaves::Acknowledged);
                Ended::Acknowledged
            }
            _ => {
                self.account.counts.stale += 1;
                self.forget_if_over(open.entry);
                Ended::Stale
            }
        };
        self.settle(now);
        ended
    }

    /// Connects `consumer`, which may receive messages from now on. Deliveries that it has not finished keep
    /// their slots.
    pub fn joins(&mut self, consumer: u32) {
        if self.standing == Standing::Stalled {
            return self.unheard.push(Unheard::Joins(consumer));
        }
        self.consumers[consumer as usize].connected = true;
        self.take_turn(consumer);
    }

    /// Sends `consumer` no more messages; it finishes and acknowledges those that it has, until it [joins](Self::joins)
    /// again.
    pub fn rests(&mut self, consumer: u32) {
        if self.standing == Standing::Stalled {
            return self.unheard.push(Unheard::Rests(consumer));
        }
        self.consumers[consumer as usize].connected = false;
    }

    /// Breaks the connection to `consumer`: its work is lost, and its messages come back.
    /// A silent consumer stays connected until its silence is detected. Until then it receives
    /// messages as long as it has a free slot, and they time out.
    pub fn gone(&mut self, now: SimTime, consumer: u32) {
        if self.standing == Standing::Stalled {
            return self.unheard.push(Unheard::Gone(consumer));
        }
        self.consumers[consumer as usize].connected = false;
        while let Some(id) = self.consumers[consumer as usize].first {
            let open = self.unlink(id).expect("it is linked");
            let entry = self.entries.get_mut(open.entry).expect("an open delivery keeps it");
            entry.open -= 1;
            if entry.state == State::InFlight(id) {
                self.comes_back(now, open.entry);
            } else {
                self.forget_if_over(open.entry);
            }
        }
        self.settle(now);
    }

    /// Executes every event due up to `now`: messages become safe, back-offs end, deliveries time out.
    pub fn due(&mut self, now: SimTime) {
        if self.standing == Standing::Stalled {
            return;
        }
        self.make_safe(now);
        while let Some(Reverse((at, number, handle))) = self.paused.peek().copied()
            && at <= now
        {
            self.paused.pop();
            if let Some(entry) = self.entries.get_mut(handle)
                && entry.state == State::Paused
            {
                entry.state = State::Ready;
                self.back.push(Reverse((number, handle)));
            }
        }
        while let Some((at, id)) = self.deadlines.front().copied()
            && at <= now
        {
            self.deadlines.pop_front();
            let Some(handle) = self.in_flight(id) else { continue };
            self.account.counts.timed_out += 1;
            self.land(now, handle);
            self.is_ready_again(now, handle, Some(id));
        }
        self.settle(now);
    }

    /// Returns the instant of the next pending event; `None` if there is none, or while the broker is stalled.
    pub fn next_due(&mut self) -> Option<SimTime> {
        if self.standing == Standing::Stalled {
            return None;
        }
        while let Some((_, id)) = self.deadlines.front().copied()
            && self.in_flight(id).is_none()
        {
            self.deadlines.pop_front();
        }
        let safe = self.arriving.front().map(|(at, _)| *at);
        let paused = self.paused.peek().map(|Reverse((at, ..))| *at);
        let deadline = self.deadlines.front().map(|(at, _)| *at);
        [safe, paused, deadline].into_iter().flatten().min()
    }

    /// Ends the process of the broker and all its connections. Messages that are not safe are lost,
    /// messages in flight come back; nothing is delivered until it [serves](Self::stands) again. Consumers finish
    /// their work, but no message that was in flight is acknowledged by it.
    pub fn breaks(&mut self, now: SimTime) {
        self.standing = Standing::Off;
        while let Some((_, handle)) = self.arriving.pop_front() {
            self.account.counts.lost_unconfirmed += 1;
            self.is_lost(now, handle);
        }
        self.last_safe = now;
        self.deadlines.clear();
        // Its connections have ended: no delivery can be acknowledged, not one that timed out before either.
        for handle in self.all_delivered() {
            let entry = self.entries.get_mut(handle).expect("it is there");
            entry.latest = None;
            if let State::InFlight(_) = entry.state {
                self.comes_back(now, handle);
            }
        }
        // Results that arrived during a stall were never read: they acknowledge nothing.
        self.hears(now);
        self.settle(now);
    }

    /// Loses every message inside: no broker that has them is left. The broker is [gone](Self::breaks) already.
    ///
    /// # Panics
    ///
    /// If the broker is not gone.
    pub fn forgets(&mut self, now: SimTime) {
        assert!(self.standing == Standing::Off, "a broker that serves has its messages");
        let inside = |(handle, entry): (Handle, &Entry)| {
            matches!(entry.state, State::Ready | State::Paused).then_some(handle)
        };
        let all: Vec<Handle> = self.entries.iter().filter_map(inside).collect();
        for handle in all {
            self.is_lost(now, handle);
        }
        self.fresh.clear();
        self.back.clear();
        self.paused.clear();
        self.settle(now);
    }

    /// Sets the health of the broker; [`Standing::Off`] ends its process as [`Self::breaks`] does.
    pub fn stands(&mut self, now: SimTime, standing: Standing) {
        if standing == Standing::Off {
            return self.breaks(now);
        }
        self.standing = standing;
        if standing == Standing::Serves {
            self.hears(now);
            self.due(now);
        }
    }

    /// Checks the ledger at the end of a run: every message accounted for, sojourn times equal to areas.
    ///
    /// # Errors
    ///
    /// The difference, as a sentence.
    pub fn close(&self, now: SimTime) -> Result<(), String> {
        let account = &self.account;
        if !account.balances() {
            return Err(format!(
                "messages have disappeared: {:?}, {} waiting, {} in flight",
                account.counts,
                account.waiting.number(),
                account.flying.number()
            ));
        }
        let (mut waiting, mut flying) = (account.waiting.stayed(), account.flying.stayed());
        for (_, entry) in self.entries.iter() {
            let stay = u128::from((now - entry.since).nanos());
            match entry.state {
                State::Left => {}
                State::InFlight(_) => flying += stay,
                State::Arriving | State::Ready | State::Paused => waiting += stay,
            }
        }
        if waiting != account.waiting.area(now) || flying != account.flying.area(now) {
            return Err("times of messages differ from the area under their number".into());
        }
        Ok(())
    }

    /// Handles the events that a stalled broker received, in their order.
    fn hears(&mut self, now: SimTime) {
        if self.standing == Standing::Stalled {
            self.standing = Standing::Serves;
        }
        for unheard in std::mem::take(&mut self.unheard) {
            match unheard {
                Unheard::Ends(delivery, verdict) => {
                    self.ends(now, delivery, verdict);
                }
                Unheard::Joins(consumer) => self.joins(consumer),
                Unheard::Rests(consumer) => self.rests(consumer),
                Unheard::Gone(consumer) => self.gone(now, consumer),
            }
        }
    }

    fn has_room(&self, bytes: Bytes) -> bool {
        let number = self.account.waiting.number();
        self.terms.limit.is_none_or(|limit| number < limit)
            && self
                .terms
                .limit_bytes
                .is_none_or(|limit| self.bytes.saturating_add(bytes.count()) <= limit.count())
    }

    fn is_over_limit(&self) -> bool {
        let number = self.account.waiting.number();
        self.terms.limit.is_some_and(|limit| number > limit)
            || self.terms.limit_bytes.is_some_and(|limit| self.bytes > limit.count())
    }

    /// Drops the oldest ready message, else the oldest arriving one; returns false if there is neither.
    fn drop_oldest(&mut self, now: SimTime) -> bool {
        let handle = match self.head() {
            Some(_) => self.take_head(),
            None => self.arriving.pop_front().map(|(_, handle)| handle),
        };
        let Some(handle) = handle else { return false };
        self.stop_waiting(now, handle);
        self.account.counts.dropped += 1;
        self.leave(handle, Leaves::Dropped);
        true
    }

    fn make_safe(&mut self, now: SimTime) {
        while let Some((at, handle)) = self.arriving.front().copied()
            && at <= now
        {
            self.arriving.pop_front();
            self.entries.get_mut(handle).expect("it arrives").state = State::Ready;
            self.fresh.push_back(handle);
        }
    }

    /// Returns the oldest ready message.
    fn head(&mut self) -> Option<Handle> {
        while let Some(Reverse((_, handle))) = self.back.peek().copied() {
            if self.entries.get(handle).is_some_and(|entry| entry.state == State::Ready) {
                return Some(handle);
            }
            self.back.pop();
        }
        self.fresh.front().copied()
    }

    /// Removes the [`head`](Self::head); call it right after `head`.
    fn take_head(&mut self) -> Option<Handle> {
        match self.back.pop() {
            Some(Reverse((_, handle))) => Some(handle),
            None => self.fresh.pop_front(),
        }
    }

    /// Takes the next connected consumer with a free slot.
    fn next_consumer(&mut self) -> Option<u32> {
        while let Some(consumer) = self.turn.pop_front() {
            self.consumers[consumer as usize].in_turn = false;
            if self.may_be_given(consumer) {
                return Some(consumer);
            }
        }
        None
    }

    fn may_be_given(&self, consumer: u32) -> bool {
        let found = &self.consumers[consumer as usize];
        found.connected && self.terms.prefetch.is_none_or(|prefetch| found.open < prefetch)
    }

    /// Puts `consumer` at the end of the turn, unless it is in the turn already or has no free slot.
    fn take_turn(&mut self, consumer: u32) {
        if self.may_be_given(consumer) && !self.consumers[consumer as usize].in_turn {
            self.consumers[consumer as usize].in_turn = true;
            self.turn.push_back(consumer);
        }
    }

    /// Removes a delivery from its consumer.
    fn unlink(&mut self, id: Handle) -> Option<Open> {
        let open = self.deliveries.remove(id)?;
        match open.before {
            Some(before) => {
                self.deliveries.get_mut(before).expect("it is linked").after = open.after;
            }
            None => self.consumers[open.consumer as usize].first = open.after,
        }
        if let Some(after) = open.after {
            self.deliveries.get_mut(after).expect("it is linked").before = open.before;
        }
        self.consumers[open.consumer as usize].open -= 1;
        Some(open)
    }

    /// Returns the message of a delivery, if this delivery is the one in flight.
    fn in_flight(&self, id: Handle) -> Option<Handle> {
        let handle = self.deliveries.get(id)?.entry;
        let entry = self.entries.get(handle)?;
        (entry.state == State::InFlight(id)).then_some(handle)
    }

    fn all_delivered(&self) -> Vec<Handle> {
        let delivered = |(handle, entry): (Handle, &Entry)| entry.latest.map(|_| handle);
        self.entries.iter().filter_map(delivered).collect()
    }

    /// Removes a message from the waiting ones.
    fn stop_waiting(&mut self, now: SimTime, handle: Handle) {
        let entry = self.entries.get_mut(handle).expect("it waits");
        self.bytes -= entry.message.bytes.count();
        self.account.waiting.remove(now, now - entry.since);
        entry.since = now;
    }

    /// Removes a message from those in flight.
    fn land(&mut self, now: SimTime, handle: Handle) {
        let entry = self.entries.get_mut(handle).expect("it is in flight");
        self.account.flying.remove(now, now - entry.since);
        entry.since = now;
        // Deadlines of deliveries that have ended are removed once they are the majority.
        if self.deadlines.len() > 64 + 2 * self.account.flying.number() as usize {
            let mut deadlines = std::mem::take(&mut self.deadlines);
            deadlines.retain(|(_, id)| self.in_flight(*id).is_some());
            self.deadlines = deadlines;
        }
    }

    /// Puts a message back into the queue after its connection broke.
    fn comes_back(&mut self, now: SimTime, handle: Handle) {
        self.account.counts.returned += 1;
        self.land(now, handle);
        self.is_ready_again(now, handle, None);
    }

    /// Makes a message that was in flight ready again, or a dead letter; `latest` may still acknowledge it.
    fn is_ready_again(&mut self, now: SimTime, handle: Handle, latest: Option<Handle>) {
        if self.is_dead(handle) {
            return;
        }
        self.waits_again(now, handle, State::Ready, latest);
        let number = self.entries.get(handle).expect("it waits").number;
        self.back.push(Reverse((number, handle)));
    }

    /// Puts a message whose work has failed into its back-off, or makes it a dead letter.
    fn fails(&mut self, now: SimTime, handle: Handle) -> Ended {
        if self.is_dead(handle) {
            return Ended::DeadLetter;
        }
        self.waits_again(now, handle, State::Paused, None);
        let entry = self.entries.get(handle).expect("it waits");
        let until = now + self.terms.back_off.after(entry.attempts);
        self.paused.push(Reverse((until, entry.number, handle)));
        Ended::BackOff
    }

    fn waits_again(&mut self, now: SimTime, handle: Handle, state: State, latest: Option<Handle>) {
        let entry = self.entries.get_mut(handle).expect("it was in flight");
        entry.state = state;
        entry.latest = latest;
        entry.since = now;
        self.bytes += entry.message.bytes.count();
        self.account.waiting.add(now);
    }

    /// Makes a message a dead letter if it has been delivered as often as allowed; returns true if so.
    fn is_dead(&mut self, handle: Handle) -> bool {
        let attempts = self.entries.get(handle).expect("it was in flight").attempts;
        if self.terms.attempts.is_none_or(|most| attempts < most) {
            return false;
        }
        self.account.counts.dead_lettered += 1;
        self.leave(handle, Leaves::DeadLetter);
        true
    }

    fn is_lost(&mut self, now: SimTime, handle: Handle) {
        self.stop_waiting(now, handle);
        self.account.counts.lost += 1;
        self.leave(handle, Leaves::Lost);
    }

    /// Records that a message, removed from every list already, has left the queue.
    fn leave(&mut self, handle: Handle, how: Leaves) {
        let entry = self.entries.get_mut(handle).expect("it was inside");
        self.left.push((entry.message, entry.published, how));
        entry.state = State::Left;
        entry.latest = None;
        self.forget_if_over(handle);
    }

    /// Forgets a message that has left, if no consumer works on it.
    fn forget_if_over(&mut self, handle: Handle) {
        let over = |entry: &Entry| entry.state == State::Left && entry.open == 0;
        if self.entries.get(handle).is_some_and(over) {
            self.entries.remove(handle);
        }
    }

    /// Ends every operation: updates the age of the oldest ready message and checks the ledger.
    fn settle(&mut self, now: SimTime) {
        let head = self.head().and_then(|head| self.entries.get(head));
        let published = head.map(|entry| entry.published);
        self.account.age.turn(now, published);
        debug_assert!(self.account.balances(), "no message disappears: {:?}", self.account.counts);
    }
}
