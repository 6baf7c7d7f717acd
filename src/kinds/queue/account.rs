//! Counts of a queue: messages and deliveries by the way they ended, and integrals over time.
//!
//! Every count is an integer that never falls: the figures of a window are the difference of two
//! [`Reading`]s. The age of the oldest ready message grows linearly until another message is the oldest, so
//! its integral is exact in integer nanoseconds squared.

use crate::model::gauge::Occupancy;
use crate::observe::histogram::Histogram;
use crate::units::{SimDuration, SimTime};

macro_rules! counts {
    ($($(#[doc = $doc:literal])+ $name:ident,)*) => {
        /// Events of a queue since time zero.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counts {
            $($(#[doc = $doc])+ pub $name: u64,)*
        }

        impl Counts {
            /// Returns these counts minus earlier ones.
            ///
            /// # Panics
            ///
            /// If a count has fallen since `earlier`.
            #[must_use]
            pub fn since(&self, earlier: &Self) -> Self {
                Self { $($name: self.$name - earlier.$name,)* }
            }
        }
    };
}

counts! {
    /// Messages accepted by the broker.
    published,
    /// Messages refused because the queue was full.
    rejected,
    /// Deliveries.
    delivered,
    /// Deliveries of messages that had been delivered before.
    redelivered,
    /// Messages acknowledged.
    acknowledged,
    /// Messages acknowledged after `acknowledge-within`, before they were delivered again.
    late,
    /// Deliveries that ended after the message had been delivered again, or had left the queue.
    stale,
    /// Completions of a message's work, duplicates included.
    completed,
    /// Completions after the first of the same message.
    duplicates,
    /// Deliveries that were not acknowledged in time.
    timed_out,
    /// Deliveries whose work failed.
    failed,
    /// Deliveries that ended with the connection to the consumer.
    returned,
    /// Messages that had been delivered as often as allowed.
    dead_lettered,
    /// Messages dropped because the queue was full.
    dropped,
    /// Messages lost with a broker.
    lost,
    /// Messages lost with a broker before the producer had received "accepted".
    lost_unconfirmed,
}

/// The age of the oldest ready message over time; zero while no message is ready.
#[derive(Clone, Copy, Debug, Default)]
pub struct Age {
    /// Publication of the oldest ready message, and the instant from which it is the oldest.
    oldest: Option<(SimTime, SimTime)>,
    /// Twice the area under the age, in nanoseconds squared.
    twice: u128,
    most: SimDuration,
    /// Instant from which the greatest age is recorded.
    from: SimTime,
}

impl Age {
    /// Sets the oldest ready message from `now` on: it was published at `published`; `None`: no message is ready.
    pub(super) fn turn(&mut self, now: SimTime, published: Option<SimTime>) {
        if self.oldest.map(|(published, _)| published) == published {
            return;
        }
        self.twice = self.twice_area(now);
        if let Some((published, _)) = self.oldest
            && now > self.from
        {
            self.most = self.most.max(now - published);
        }
        self.oldest = published.map(|published| (published, now));
    }

    /// Restarts the greatest age at `now`.
    pub fn counts_from(&mut self, now: SimTime) {
        self.from = now;
        self.most = SimDuration::ZERO;
    }

    /// Returns the age of the oldest ready message; `None` if no message is ready.
    #[must_use]
    pub fn at(&self, now: SimTime) -> Option<SimDuration> {
        self.oldest.map(|(published, _)| now - published)
    }

    /// Returns the greatest age up to `now`.
    #[must_use]
    pub fn most(&self, now: SimTime) -> SimDuration {
        self.most.max(self.at(now).unwrap_or_default())
    }

    /// Returns twice the area under the age up to `now`, in nanoseconds squared.
    #[must_use]
    pub fn twice_area(&self, now: SimTime) -> u128 {
        let Some((published, since)) = self.oldest else { return self.twice };
        let square = |age: SimDuration| u128::from(age.nanos()) * u128::from(age.nanos());
        self.twice + square(now - published) - square(since - published)
    }
}

/// The ledger of a queue.
#[derive(Clone, Debug)]
pub struct Account {
    /// Events.
    pub counts: Counts,
    /// Messages that wait: arriving, ready or in a back-off.
    pub waiting: Occupancy,
    /// Messages in flight.
    pub flying: Occupancy,
    /// Age of the oldest ready message.
    pub age: Age,
    /// Times from publication to first delivery, of counted messages, in nanoseconds; `None`: not kept.
    pub waits: Option<Box<Histogram>>,
    /// Times from publication to the first completion, of counted messages, in nanoseconds; `None`: not kept.
    pub end_to_end: Option<Box<Histogram>>,
}

impl Account {
    /// Creates an empty ledger; `detailed` keeps distributions.
    #[must_use]
    pub fn new(detailed: bool) -> Self {
        Self {
            counts: Counts::default(),
            waiting: Occupancy::new(detailed),
            flying: Occupancy::new(detailed),
            age: Age::default(),
            waits: detailed.then(Box::default),
            end_to_end: detailed.then(Box::default),
        }
    }

    /// Records one duration in a histogram that may not be kept.
    pub(super) fn record(kept: &mut Option<Box<Histogram>>, counted: bool, time: SimDuration) {
        if counted && let Some(kept) = kept {
            kept.record(time.nanos());
        }
    }

    /// Forgets the distributions of times kept so far.
    pub fn forget_times(&mut self) {
        for kept in [&mut self.waits, &mut self.end_to_end].into_iter().flatten() {
            **kept = Histogram::new();
        }
    }

    /// Returns the messages in the queue, those in flight included.
    #[must_use]
    pub fn inside(&self) -> u64 {
        u64::from(self.waiting.number()) + u64::from(self.flying.number())
    }

    /// Returns true if every message and every delivery is accounted for.
    #[must_use]
    pub fn balances(&self) -> bool {
        let c = &self.counts;
        let ended = c.acknowledged + c.dead_lettered + c.dropped + c.lost;
        let in_time = c.acknowledged - c.late;
        let over = in_time + c.timed_out + c.failed + c.returned;
        c.published == ended + self.inside()
            && c.delivered == over + u64::from(self.flying.number())
    }

    /// Returns the ledger up to `now`.
    #[must_use]
    pub fn read(&self, now: SimTime) -> Reading {
        Reading {
            at: now,
            counts: self.counts,
            waiting: self.waiting.area(now),
            flying: self.flying.area(now),
            twice_age: self.age.twice_area(now),
        }
    }
}

/// The ledger of a queue at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Instant of the reading.
    pub at: SimTime,
    /// Events up to then.
    pub counts: Counts,
    /// Area under the number waiting, in messages × nanoseconds.
    pub waiting: u128,
    /// Area under the number in flight, in messages × nanoseconds.
    pub flying: u128,
    /// Twice the area under the age of the oldest ready message, in nanoseconds squared.
    pub twice_age: u128,
}

/// Figures of a queue in a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Events in the window.
    pub counts: Counts,
    /// Mean number waiting.
    pub waiting: f64,
    /// Mean number in flight.
    pub flying: f64,
    /// Mean age of the oldest ready message in seconds; it counts as zero while no message is ready.
    pub age: f64,
}

impl Reading {
    /// Returns the figures of the window from `earlier` to this reading; `None` if the window has no length.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Option<Figures> {
        let length = self.at.since(earlier.at);
        if length.is_zero() {
            return None;
        }
        let mean = |later: u128, earlier: u128| (later - earlier) as f64 / length.nanos() as f64;
        Some(Figures {
            counts: self.counts.since(&earlier.counts),
            waiting: mean(self.waiting, earlier.waiting),
            flying: mean(self.flying, earlier.flying),
            age: mean(self.twice_age, earlier.twice_age) / 2.0 / 1e9,
        })
    }
}

/// Name of the tally of queues.
pub const OF: &str = "queue";

/// Entries of the tally, in the order of [`tally`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Tallied {
    /// Messages accepted.
    Published,
    /// Messages refused.
    Rejected,
    /// Deliveries of messages that had been delivered before.
    Redelivered,
    /// Deliveries not acknowledged in time.
    TimedOut,
    /// Deliveries whose work failed.
    Failed,
    /// Deliveries that ended with the connection.
    Returned,
    /// Completions of a message's work after its first.
    Duplicates,
    /// Messages delivered as often as allowed.
    DeadLetters,
    /// Messages dropped because the queue was full.
    Dropped,
    /// Messages lost with a broker.
    Lost,
    /// Messages lost with a broker whose producer had not received "accepted".
    Unconfirmed,
    /// Messages acknowledged.
    Acknowledged,
    /// Twice the area under the age of the oldest ready message, in nanoseconds squared.
    TwiceAge,
}

/// Returns the readings of the tally, in the order of [`Tallied`].
#[must_use]
pub fn tally(account: &Account, now: SimTime) -> Vec<u128> {
    let counts = &account.counts;
    let all = [
        counts.published,
        counts.rejected,
        counts.redelivered,
        counts.timed_out,
        counts.failed,
        counts.returned,
        counts.duplicates,
        counts.dead_lettered,
        counts.dropped,
        counts.lost,
        counts.lost_unconfirmed,
        counts.acknowledged,
    ];
    all.into_iter().map(u128::from).chain([account.age.twice_area(now)]).collect()
}
