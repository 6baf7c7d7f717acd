//! Which broker of a queue serves, and what a failure loses: one broker, or a mirrored pair.
//!
//! Model: the active broker serves; a follower *has* every safe message as long as it is in sync. When
//! the active broker fails, the follower may take over if it has everything; when it does is the
//! caller's (detection, takeover, coverage). A durable broker keeps on its disk what it had when it
//! failed, and serves again when it is back, unless another has taken over meanwhile. A broker that is not
//! durable comes back empty. A follower that was away has nothing until it has caught up.
//!
//! Everything is lost when no broker has it any more. Then the queue is empty, and any broker may serve it.
//!
//! Takes: `lost`, `back`, `caught_up`, `takes_over`. Gives: what that means for the queue
//! ([`Consequence`]). Holds: while the queue serves, its active broker is up and has everything.
//! Leaves out: brokers that both serve (a takeover needs the failure of the other), disks that fail.

use super::mechanism::{MessageQueue, Standing};
use crate::units::SimTime;

/// What a change of a broker means for the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// Nothing.
    Nothing,
    /// It is out of service, and every connection is broken.
    Breaks,
    /// The same, and all messages are lost.
    BreaksAndForgets,
    /// It was out of service, and now all messages are lost as well.
    Forgets,
    /// It is in service again.
    Serves,
}

impl Consequence {
    /// Lets the queue meet it.
    pub fn apply(self, queue: &mut MessageQueue, now: SimTime) {
        match self {
            Self::Nothing => {}
            Self::Breaks => queue.breaks(now),
            Self::BreaksAndForgets => {
                queue.breaks(now);
                queue.forgets(now);
            }
            Self::Forgets => queue.forgets(now),
            Self::Serves => queue.stands(now, Standing::Serves),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Broker {
    up: bool,
    /// It has every safe message.
    has_all: bool,
}

/// The brokers of one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Brokers {
    /// One without a follower has a second that is never up and never has anything.
    brokers: [Broker; 2],
    durable: bool,
    follower: bool,
    active: usize,
    serves: bool,
}

impl Brokers {
    /// One broker, or a pair in sync of which the first is active.
    ///
    /// # Panics
    ///
    /// Unless there are one or two.
    #[must_use]
    pub fn new(count: usize, durable: bool) -> Self {
        assert!((1..=2).contains(&count), "one broker or a pair");
        let follower = count == 2;
        let brokers = [true, follower].map(|exists| Broker { up: exists, has_all: exists });
        Self { brokers, durable, follower, active: 0, serves: true }
    }

    /// The broker that serves, or would.
    #[must_use]
    pub fn active(&self) -> usize {
        self.active
    }

    /// Whether the queue is in service.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.serves
    }

    /// The process of `broker` is gone, or cannot be reached by anyone.
    pub fn lost(&mut self, broker: usize) -> Consequence {
        self.brokers[broker].up = false;
        let breaks = self.serves && broker == self.active;
        // A follower misses what is published from now on; while the queue is out of service nothing is.
        let misses = self.serves && !breaks;
        self.brokers[broker].has_all &= self.durable && !misses;
        self.serves &= !breaks;
        let forgets = self.brokers.iter().all(|broker| !broker.has_all);
        if forgets {
            self.brokers[0].has_all = true;
            self.brokers[1].has_all = self.follower;
        }
        match (breaks, forgets) {
            (true, true) => Consequence::BreaksAndForgets,
            (true, false) => Consequence::Breaks,
            (false, true) => Consequence::Forgets,
            (false, false) => Consequence::Nothing,
        }
    }

    /// `broker` is back. The active one goes on where it stopped; when it comes back without its messages, a
    /// follower that has them serves.
    pub fn back(&mut self, broker: usize) -> Consequence {
        self.brokers[broker].up = true;
        if self.serves || broker != self.active {
            return Consequence::Nothing;
        }
        if self.brokers[broker].has_all {
            self.serves = true;
            self.outdate_others();
            return Consequence::Serves;
        }
        self.candidate().map_or(Consequence::Nothing, |other| self.takes_over(other))
    }

    /// The follower that could take over now: it is up and has everything.
    #[must_use]
    pub fn candidate(&self) -> Option<usize> {
        let able = |at: &usize| *at != self.active && self.brokers[*at].up;
        let able = (0..2).find(|at| able(at) && self.brokers[*at].has_all);
        able.filter(|_| !self.serves)
    }

    /// `broker` takes over.
    ///
    /// # Panics
    ///
    /// Unless it is the [candidate](Self::candidate).
    pub fn takes_over(&mut self, broker: usize) -> Consequence {
        assert!(self.candidate() == Some(broker), "only a follower in sync takes over");
        self.active = broker;
        self.serves = true;
        self.outdate_others();
        Consequence::Serves
    }

    /// `broker` follows again: it has everything.
    pub fn caught_up(&mut self, broker: usize) {
        let able = self.serves && self.brokers[broker].up;
        self.brokers[broker].has_all |= able;
    }

    /// Whether `broker` is up.
    #[must_use]
    pub fn is_up(&self, broker: usize) -> bool {
        self.brokers[broker].up
    }

    /// Whether `broker` is up and has yet to catch up.
    #[must_use]
    pub fn is_behind(&self, broker: usize) -> bool {
        self.brokers[broker].up && !self.brokers[broker].has_all
    }

    /// The queue serves: a broker that is down misses what is published from now on.
    fn outdate_others(&mut self) {
        let active = self.active;
        for (at, broker) in self.brokers.iter_mut().enumerate() {
            broker.has_all &= broker.up || at == active;
        }
    }
}
