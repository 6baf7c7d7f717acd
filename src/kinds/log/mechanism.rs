//! Copies of log records on their way from the processes that write them to the subscribers.
//!
//! Model: copies wait in *lanes*, in the order in which they were written. A lane is the memory of one sender for one
//! subscriber (`tcp`), of one sender for all of them (`multicast`), the disk of one sender (`local`), or the memory of
//! one sniffer (`sniff`). Of each lane at most one *block* is under way: first it crosses the network, then each
//! receiver works on it. A block stays in its lane until all its receivers are done with it.
//!
//! Decisions:
//!
//! - **A record of a full lane waits or is dropped.** It waits behind the records that wait already. An empty lane
//!   takes a record of any size.
//! - **A receiver accepts a block when the block has arrived.** Until then the sender has it. A receiver that fails
//!   afterwards has lost its copies.
//! - **A group sends to its members.** A subscriber that is silent stays a member until it is excluded, and the sender
//!   keeps what it has not acknowledged. That is then lost for it, and so are blocks that are sent until it is back.
//! - **A sender that fails loses its memory**: what waits, the block that crosses the network, and of one that has
//!   arrived the copies that receivers have not accepted. What it has on its disk is sent when it is back.
//!
//! In: records, arrivals and ends of work, health, instants. Out: blocks to move and to work on, counts. Holds: copies
//! due = delivered + lost + inside ([`Copies::close`]); a lane holds at most `buffer` bytes, or one record.
//!
//! Leaves out: bytes of acknowledgements and of repetitions, headers, the order of records of different senders.
//!
//! Source: Schlossnagle, *Scalable Internet Architectures* (2006), chapter 9 (logging: local, TCP, passive, reliable
//! multicast with Spread); M/M/1/K for a sniffer.

mod lane;

use std::collections::{BTreeMap, BTreeSet};

use self::lane::{Flight, Lane, Receiver};
use super::spec::Mode;
use crate::units::SimTime;

pub use self::lane::Parcel;

/// Rules of a log.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The way of its records.
    pub mode: Mode,
    /// Number of processes that may write.
    pub senders: usize,
    /// Number of subscribers.
    pub subscribers: usize,
    /// Most bytes of a block, unless one parcel is larger.
    pub block: u64,
    /// Most bytes of a lane.
    pub buffer: u64,
    /// If true, a record of a full lane waits; otherwise it is dropped.
    pub waits: bool,
}

macro_rules! counts {
    ($($(#[doc = $doc:literal])+ $name:ident,)*) => {
        /// Events of a log since time zero. No count ever falls.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counts {
            $($(#[doc = $doc])+ pub $name: u128,)*
        }

        impl Counts {
            /// Returns the counts in the order of [`Tallied`](super::account::Tallied).
            #[must_use]
            pub fn all(&self) -> Vec<u128> {
                vec![$(self.$name,)*]
            }
        }
    };
}

counts! {
    /// Records written.
    records,
    /// Copies due: one for each record and subscriber.
    due,
    /// Copies that a subscriber has worked on.
    delivered,
    /// Sum of the times from writing to the end of that work, in nanoseconds.
    delay,
    /// Copies lost with their sender.
    lost_sender,
    /// Copies lost with a subscriber that had accepted them.
    lost_subscriber,
    /// Copies dropped because a lane was full.
    dropped,
    /// Copies lost because their subscriber was away.
    lost_away,
    /// Bytes that senders have put on the network.
    sent,
}

/// Answer to a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The record is taken or dropped: the sender goes on.
    GoesOn,
    /// A lane is full: the sender waits.
    Waits,
}

/// End of a subscriber's work on a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The work is done.
    Done,
    /// The subscriber had accepted the block, and failed.
    Lost,
    /// The subscriber has not accepted the block.
    Refused,
}

/// A block to move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Its lane.
    pub lane: usize,
    /// Its sender; `None`: it is in the memory of the subscriber and crosses no network.
    pub sender: Option<usize>,
    /// Its bytes.
    pub bytes: u64,
    /// Its receivers.
    pub receivers: Vec<usize>,
}

/// Records that a sender in the mode `local` has not on its disk.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    /// Records in the process.
    held: Parcel,
    /// Records that are being written.
    writing: u64,
}

/// The copies of a log.
#[derive(Clone, Debug)]
pub struct Copies {
    terms: Terms,
    lanes: Vec<Lane>,
    memory: Vec<Memory>,
    /// False while a sender is away.
    sender_up: Vec<bool>,
    /// False while a subscriber is away.
    up: Vec<bool>,
    /// True for the members of a group; without a group, for every subscriber.
    member: Vec<bool>,
    counts: Counts,
    /// Lanes that may have a block to send.
    touched: BTreeSet<usize>,
    /// Number of full lanes for which a request waits.
    awaited: BTreeMap<u32, usize>,
    freed: Vec<u32>,
}

impl Copies {
    /// Creates an empty log with all subscribers up.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        let lanes = match terms.mode {
            Mode::Tcp => terms.senders * terms.subscribers,
            Mode::Local | Mode::Multicast => terms.senders,
            Mode::Sniff => terms.subscribers,
        };
        Self {
            terms,
            lanes: vec![Lane::default(); lanes],
            memory: vec![Memory::default(); terms.senders],
            sender_up: vec![true; terms.senders],
            up: vec![true; terms.subscribers],
            member: vec![true; terms.subscribers],
            counts: Counts::default(),
            touched: BTreeSet::new(),
            awaited: BTreeMap::new(),
            freed: Vec::new(),
        }
    }

    /// Returns the counts so far.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Number of copies of a record in one lane.
    fn each(&self) -> u128 {
        if self.terms.mode == Mode::Multicast { self.terms.subscribers as u128 } else { 1 }
    }

    fn lanes_of(&self, sender: usize) -> std::ops::Range<usize> {
        let many = self.terms.subscribers;
        match self.terms.mode {
            Mode::Tcp => sender * many..(sender + 1) * many,
            Mode::Local | Mode::Multicast => sender..sender + 1,
            Mode::Sniff => 0..many,
        }
    }

    /// Returns the sender of a lane; `None`: the lane is in the memory of a subscriber.
    fn sender_of(&self, lane: usize) -> Option<usize> {
        match self.terms.mode {
            Mode::Tcp => Some(lane / self.terms.subscribers),
            Mode::Local | Mode::Multicast => Some(lane),
            Mode::Sniff => None,
        }
    }

    fn subscriber_of(&self, lane: usize) -> usize {
        match self.terms.mode {
            Mode::Tcp => lane % self.terms.subscribers,
            Mode::Sniff => lane,
            Mode::Local | Mode::Multicast => 0,
        }
    }

    /// Takes a record of the request `token` of `sender`, in all modes but `local`.
    pub fn write(&mut self, sender: usize, record: Parcel, token: u32) -> Taken {
        self.counts.records += 1;
        self.counts.due += self.terms.subscribers as u128;
        let each = self.each();
        let mut full = 0;
        for at in self.lanes_of(sender) {
            if self.terms.mode == Mode::Sniff && !self.up[at] {
                self.counts.lost_away += 1;
                continue;
            }
            let lane = &mut self.lanes[at];
            if lane.waiting.is_empty() && lane.has_space(record.bytes, self.terms.buffer) {
                lane.push(record, true);
                self.touched.insert(at);
            } else if self.terms.waits {
                lane.waiting.push_back((token, record));
                full += 1;
            } else {
                self.counts.dropped += each;
            }
        }
        if full == 0 {
            return Taken::GoesOn;
        }
        self.awaited.insert(token, full);
        Taken::Waits
    }

    /// Keeps a record in the memory of `sender`, in the mode `local`.
    pub fn keep(&mut self, sender: usize, record: Parcel) {
        self.counts.records += 1;
        self.counts.due += self.terms.subscribers as u128;
        self.memory[sender].held.add(&record);
    }

    /// Returns the bytes that the memory of `sender` holds, in the mode `local`.
    #[must_use]
    pub fn held(&self, sender: usize) -> u64 {
        self.memory[sender].held.bytes
    }

    /// Takes what the memory of `sender` holds, to be written to its disk.
    pub fn cut(&mut self, sender: usize) -> Parcel {
        let memory = &mut self.memory[sender];
        let parcel = std::mem::take(&mut memory.held);
        memory.writing += parcel.records;
        parcel
    }

    /// Ends the write of a parcel: it is on the disk of `sender` if `is_stored`, and otherwise lost with the sender.
    pub fn stored(&mut self, sender: usize, parcel: Parcel, is_stored: bool) {
        self.memory[sender].writing -= parcel.records;
        let lane = &mut self.lanes[sender];
        if !is_stored {
            self.counts.lost_sender += u128::from(parcel.records);
        } else if lane.has_space(parcel.bytes, self.terms.buffer) {
            lane.push(parcel, false);
        } else {
            self.counts.dropped += u128::from(parcel.records);
        }
    }

    /// Collects what is on the disks of all senders.
    pub fn collect(&mut self) {
        for (at, lane) in self.lanes.iter_mut().enumerate() {
            lane.ready = lane.queue.len();
            self.touched.insert(at);
        }
    }

    /// Takes the next block that may be sent.
    pub fn next(&mut self) -> Option<Sending> {
        while let Some(at) = self.touched.pop_first() {
            if let Some(sending) = self.send(at) {
                return Some(sending);
            }
        }
        None
    }

    fn send(&mut self, at: usize) -> Option<Sending> {
        if self.lanes[at].flight.is_some() || self.lanes[at].ready == 0 {
            return None;
        }
        let sender = self.sender_of(at);
        if sender.is_some_and(|sender| !self.sender_up[sender]) {
            return None;
        }
        let is_group = self.terms.mode == Mode::Multicast;
        let receivers: Vec<usize> = if is_group {
            (0..self.terms.subscribers).filter(|subscriber| self.member[*subscriber]).collect()
        } else {
            Some(self.subscriber_of(at))
                .filter(|subscriber| self.up[*subscriber])
                .into_iter()
                .collect()
        };
        if receivers.is_empty() && !is_group {
            return None;
        }
        let lane = &mut self.lanes[at];
        let (mut sum, mut parcels) = (Parcel::default(), 0);
        for parcel in lane.queue.iter().take(lane.ready) {
            if parcels > 0 && sum.bytes.saturating_add(parcel.bytes) > self.terms.block {
                break;
            }
            sum.add(parcel);
            parcels += 1;
        }
        if is_group {
            let away = self.terms.subscribers - receivers.len();
            self.counts.lost_away += u128::from(sum.records) * away as u128;
        }
        if receivers.is_empty() {
            lane.pop(parcels);
            self.admit(at);
            self.touched.insert(at);
            return None;
        }
        let each = receivers.iter().map(|&subscriber| Receiver { subscriber, works: false });
        let arrived = sender.is_none();
        lane.flight = Some(Flight { parcels, sum, arrived, receivers: each.collect() });
        if sender.is_some() {
            self.counts.sent += u128::from(sum.bytes);
        }
        Some(Sending { lane: at, sender, bytes: sum.bytes, receivers })
    }

    /// Notes that the block of `lane` has arrived; returns its receivers, each of which begins its work, and that work
    /// in core-nanoseconds.
    pub fn arrived(&mut self, lane: usize) -> (Vec<usize>, u64) {
        let Some(flight) = &mut self.lanes[lane].flight else { return (Vec::new(), 0) };
        flight.arrived = true;
        flight.receivers.iter_mut().for_each(|receiver| receiver.works = true);
        (flight.receivers.iter().map(|receiver| receiver.subscriber).collect(), flight.sum.work)
    }

    /// Ends the work of `subscriber` on the block of `lane`.
    pub fn worked(&mut self, now: SimTime, lane: usize, subscriber: usize, end: End) {
        let is_group = self.terms.mode == Mode::Multicast;
        let Some(flight) = &mut self.lanes[lane].flight else { return };
        let found = flight.receivers.iter().position(|other| other.subscriber == subscriber);
        let Some(place) = found else { return };
        let records = u128::from(flight.sum.records);
        match end {
            End::Done => {
                self.counts.delivered += records;
                self.counts.delay += records * u128::from(now.nanos()) - flight.sum.written;
            }
            End::Lost => self.counts.lost_subscriber += records,
            End::Refused if is_group => {
                flight.receivers[place].works = false;
                return;
            }
            // The sender sends the block again.
            End::Refused => {
                self.lanes[lane].flight = None;
                self.touched.insert(lane);
                return;
            }
        }
        flight.receivers.remove(place);
        self.finish(lane);
    }

    /// Removes the block of a lane if no receiver is left, and lets waiting records in.
    fn finish(&mut self, at: usize) {
        let lane = &mut self.lanes[at];
        let Some(flight) = lane.flight.take_if(|flight| flight.receivers.is_empty()) else {
            return;
        };
        lane.pop(flight.parcels);
        self.admit(at);
        self.touched.insert(at);
    }

    fn admit(&mut self, at: usize) {
        let lane = &mut self.lanes[at];
        while let Some(&(token, record)) = lane.waiting.front() {
            if !lane.has_space(record.bytes, self.terms.buffer) {
                return;
            }
            lane.waiting.pop_front();
            lane.push(record, true);
            if let Some(left) = self.awaited.get_mut(&token) {
                *left -= 1;
                if *left == 0 {
                    self.awaited.remove(&token);
                    self.freed.push(token);
                }
            }
        }
    }

    /// Takes the requests that need to wait no longer.
    pub fn freed(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.freed)
    }

    /// Removes a request that waits: it has ended, and its records in full lanes are lost with it.
    pub fn cancel(&mut self, token: u32) {
        if self.awaited.remove(&token).is_none() {
            return;
        }
        let each = self.each();
        for lane in &mut self.lanes {
            let before = lane.waiting.len();
            lane.waiting.retain(|(other, _)| *other != token);
            self.counts.lost_sender += each * (before - lane.waiting.len()) as u128;
        }
    }

    /// Takes a sender down, with all that its memory holds. Returns the lanes whose block was crossing the network: it
    /// does not arrive.
    pub fn sender_lost(&mut self, sender: usize) -> Vec<usize> {
        if !std::mem::replace(&mut self.sender_up[sender], false) || self.terms.mode == Mode::Sniff
        {
            return Vec::new();
        }
        let held = std::mem::take(&mut self.memory[sender].held);
        self.counts.lost_sender += u128::from(held.records);
        let each = self.each();
        let mut void = Vec::new();
        for at in self.lanes_of(sender) {
            let lane = &mut self.lanes[at];
            let flight = lane.flight.take_if(|flight| !flight.arrived);
            void.extend(flight.as_ref().map(|_| at));
            for (token, record) in std::mem::take(&mut lane.waiting) {
                self.counts.lost_sender += each * u128::from(record.records);
                self.awaited.remove(&token);
            }
            if self.terms.mode == Mode::Local {
                continue;
            }
            if let Some(flight) = flight {
                let copies = u128::from(flight.sum.records) * flight.receivers.len() as u128;
                self.counts.lost_sender += copies;
                lane.pop(flight.parcels);
            }
            // Receivers that have not accepted a block cannot get it again.
            if let Some(flight) = &mut lane.flight {
                let before = flight.receivers.len();
                flight.receivers.retain(|receiver| receiver.works);
                let gone = (before - flight.receivers.len()) as u128;
                self.counts.lost_sender += u128::from(flight.sum.records) * gone;
            }
            if let Some(flight) = lane.flight.take_if(|flight| flight.receivers.is_empty()) {
                lane.pop(flight.parcels);
            }
            let keep = lane.flight.as_ref().map_or(0, |flight| flight.parcels);
            self.counts.lost_sender += u128::from(lane.cut(keep)) * each;
        }
        void
    }

    /// Brings a sender back.
    pub fn sender_back(&mut self, sender: usize) {
        self.sender_up[sender] = true;
        if self.terms.mode != Mode::Sniff {
            self.touched.extend(self.lanes_of(sender));
        }
    }

    /// Takes a subscriber down. Returns the lanes on whose blocks it has worked in vain, in the mode `sniff`.
    pub fn subscriber_lost(&mut self, subscriber: usize) -> Vec<usize> {
        self.up[subscriber] = false;
        if self.terms.mode != Mode::Sniff {
            return Vec::new();
        }
        let lane = &mut self.lanes[subscriber];
        let worked = lane.flight.take().is_some();
        self.counts.lost_subscriber += u128::from(lane.cut(0));
        worked.then_some(subscriber).into_iter().collect()
    }

    /// Excludes a silent subscriber from the group of the mode `multicast`. Returns the lanes on whose blocks it works
    /// in vain.
    pub fn excluded(&mut self, subscriber: usize) -> Vec<usize> {
        debug_assert!(self.terms.mode == Mode::Multicast, "only a group excludes");
        if !std::mem::replace(&mut self.member[subscriber], false) {
            return Vec::new();
        }
        let mut void = Vec::new();
        for at in 0..self.lanes.len() {
            let Some(flight) = &mut self.lanes[at].flight else { continue };
            let found = flight.receivers.iter().position(|other| other.subscriber == subscriber);
            let Some(place) = found else { continue };
            void.extend(flight.receivers.remove(place).works.then_some(at));
            self.counts.lost_away += u128::from(flight.sum.records);
            // A block that still crosses the network ends when it arrives.
            if flight.arrived {
                self.finish(at);
            }
        }
        void
    }

    /// Brings a subscriber back. Returns the blocks that have arrived and that it has not accepted yet: each lane with
    /// its work in core-nanoseconds.
    pub fn subscriber_back(&mut self, subscriber: usize) -> Vec<(usize, u64)> {
        self.up[subscriber] = true;
        self.member[subscriber] = true;
        self.touched.extend(0..self.lanes.len());
        let mut again = Vec::new();
        for (at, lane) in self.lanes.iter_mut().enumerate() {
            let Some(flight) = lane.flight.as_mut().filter(|flight| flight.arrived) else {
                continue;
            };
            let work = flight.sum.work;
            for receiver in &mut flight.receivers {
                if receiver.subscriber == subscriber && !receiver.works {
                    receiver.works = true;
                    again.push((at, work));
                }
            }
        }
        again
    }

    /// Ends a block that arrives at a group without members.
    pub fn arrived_at_none(&mut self, lane: usize) {
        self.finish(lane);
    }

    /// Returns the copies inside.
    #[must_use]
    pub fn inside(&self) -> u128 {
        let each = self.each();
        let lanes: u128 = self.lanes.iter().map(|lane| lane.copies(each)).sum();
        let memory =
            self.memory.iter().map(|memory| u128::from(memory.held.records + memory.writing));
        lanes + memory.sum::<u128>()
    }

    /// Compares the account of all copies so far.
    ///
    /// # Errors
    ///
    /// The numbers that differ.
    pub fn close(&self) -> Result<(), String> {
        let c = &self.counts;
        let lost = c.lost_sender + c.lost_subscriber + c.dropped + c.lost_away;
        let inside = self.inside();
        if c.due == c.delivered + lost + inside {
            return Ok(());
        }
        Err(format!(
            "a log with {} copies due has {} delivered, {lost} lost, {inside} inside",
            c.due, c.delivered
        ))
    }
}
