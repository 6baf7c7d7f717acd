//! The broker that serves a queue, and the messages lost by a failure: one broker, or a mirrored pair.
//!
//! Model: the active broker serves; a follower *has* every safe message as long as it is in sync. When
//! the active broker fails, the follower may take over if it has everything; the caller decides the
//! instant (detection, takeover, coverage). A durable broker keeps on its disk the messages it had when it
//! failed, and serves again when it is back, unless another has taken over meanwhile. A broker that is not
//! durable comes back empty. A follower that was away has nothing until it has caught up.
//!
//! All messages are lost when no broker has them any more. Then the queue is empty, and any broker may serve it.
//!
//! In: `lost`, `back`, `caught_up`, `takes_over`. Out: the effect on the queue
//! ([`Consequence`]). Holds: while the queue serves, its active broker is up and has everything.
//! Leaves out: brokers that both serve (a takeover needs the failure of the other), disks that fail.

use super::mechanism::{MessageQueue, Standing};
use crate::units::SimTime;

/// Effect of a change of a broker on the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// No effect.
    Nothing,
    /// The queue goes out of service, and every connection is broken.
    Breaks,
    /// The queue goes out of service, every connection is broken, and all messages are lost.
    BreaksAndForgets,
    /// All messages are lost, while the queue was out of service already.
    Forgets,
    /// The queue is in service again.
    Serves,
}

impl Consequence {
    /// Applies the effect to the queue.
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
    /// True if it has every safe message.
    has_all: bool,
}

/// The brokers of one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Brokers {
    /// Without a follower the second broker is never up and never has a message.
    brokers: [Broker; 2],
    durable: bool,
    follower: bool,
    active: usize,
    serves: bool,
}

impl Brokers {
    /// Creates one broker, or a pair in sync of which the first is active.
    ///
    /// # Panics
    ///
    /// Unless `count` is 1 or 2.
    #[must_use]
    pub fn new(count: usize, durable: bool) -> Self {
        assert!((1..=2).contains(&count), "one broker or a pair");
        let follower = count == 2;
        let brokers = [true, follower].map(|exists| Broker { up: exists, has_all: exists });
        Self { brokers, durable, follower, active: 0, serves: true }
    }

    /// Returns the active broker, also while the queue is out of service.
    #[must_use]
    pub fn active(&self) -> usize {
        self.active
    }

    /// Returns true if the queue is in service.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.serves
    }

    /// Takes `broker` down: its process is gone, or no component can reach it.
    pub fn lost(&mut self, broker: usize) -> Consequence {
        self.brokers[broker].up = false;
        let breaks = self.serves && broker == self.active;
        // A follower misses messages published from now on; while the queue is out of service none are published.
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

    /// Brings `broker` back. The active broker resumes where it stopped. If it comes back without its messages, a
    /// follower that has them takes over at once.
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

    /// Returns the follower that could take over now: it is up and has everything.
    #[must_use]
    pub fn candidate(&self) -> Option<usize> {
        let able = |at: &usize| *at != self.active && self.brokers[*at].up;
        let able = (0..2).find(|at| able(at) && self.brokers[*at].has_all);
        able.filter(|_| !self.serves)
    }

    /// Makes `broker` the active one.
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

    /// Marks `broker` as in sync, if it is up and the queue serves.
    pub fn caught_up(&mut self, broker: usize) {
        let able = self.serves && self.brokers[broker].up;
        self.brokers[broker].has_all |= able;
    }

    /// Returns true if `broker` is up.
    #[must_use]
    pub fn is_up(&self, broker: usize) -> bool {
        self.brokers[broker].up
    }

    /// Returns true if `broker` is up and has yet to catch up.
    #[must_use]
    pub fn is_behind(&self, broker: usize) -> bool {
        self.brokers[broker].up && !self.brokers[broker].has_all
    }

    /// Marks brokers that are down as out of sync: the queue serves, and they miss messages published from now on.
    fn outdate_others(&mut self) {
        let active = self.active;
        for (at, broker) in self.brokers.iter_mut().enumerate() {
            broker.has_all &= broker.up || at == active;
        }
    }
}
