//! Owners of draws: requests, what they send out, and the messages that they publish.

use crate::convert::low;
use crate::engine::draw::Key;
use crate::engine::mix::{GOLDEN, mixed};

use super::route::uniform_of;

/// Bit that separates keys of paths from keys of large indices (see [`uniform_of`]).
const PATHS: u64 = 1 << 63;

/// Owner of draws: a request at its source, and one of the requests that it has sent out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Ordinal of the page at its source.
    pub ordinal: u64,
    /// Zero for a request itself and for what it sends out before it repeats a step. Otherwise a hash of the
    /// sender's path and of the repetition in which it was sent.
    pub path: u32,
}

impl Drawn {
    /// Returns the owner for a request itself.
    #[must_use]
    pub const fn of(ordinal: u64) -> Self {
        Self { ordinal, path: 0 }
    }

    /// Returns the owner for a request that this one sends out in its repetition `iteration`. That request
    /// counts its own repetitions. If it continued the count of the sender, its second repetition would have
    /// the draws of the first one in the sender's next repetition.
    #[must_use]
    pub fn sends(self, iteration: u16) -> Self {
        if self.path == 0 && iteration == 0 {
            return self;
        }
        let bits = u64::from(self.path) ^ (u64::from(iteration) + 1).wrapping_mul(GOLDEN);
        // Of a thousand requests that one request sends out, two share a path in one of 8,000 cases.
        Self { path: low(mixed(bits)).max(1), ..self }
    }

    /// Returns the ordinal of a message that this request publishes in its repetition `iteration` by its step `number`.
    /// The work of a message is a request of its own, with draws of its own. What the first step publishes before any
    /// repetition has the ordinal of its producer.
    #[must_use]
    pub fn publishes(self, iteration: u16, number: u16) -> u64 {
        let Self { ordinal, path } = self;
        if path == 0 && iteration == 0 && number == 0 {
            return ordinal;
        }
        let which = u64::from(path) << 32 | u64::from(iteration) << 16 | u64::from(number);
        // Among 2⁶³ ordinals it meets the 2⁴⁰ of a source in one of 8 million cases.
        let which = mixed(which.wrapping_add(GOLDEN));
        mixed((which ^ ordinal).wrapping_add(GOLDEN)) | 1 << 63
    }

    /// Returns the uniform number of `key` at `index`.
    #[inline]
    #[must_use]
    pub fn uniform(self, key: Key, index: u64) -> f64 {
        if self.path == 0 {
            return uniform_of(key, self.ordinal, index);
        }
        self.elsewhere(key, index)
    }

    #[cold]
    fn elsewhere(self, key: Key, index: u64) -> f64 {
        uniform_of(key.child(PATHS | u64::from(self.path)), self.ordinal, index)
    }
}
