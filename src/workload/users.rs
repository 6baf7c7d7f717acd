//! Closed users: a fixed number of users, each of which requests only after the last answer.
//!
//! Model: each of N users thinks, requests, waits for the answer or its failure, and thinks again. Every user begins
//! with a whole think time, as if all had just been answered; the warm-up covers the effect of that start.
//!
//! Takes a number and a law; gives thinks and the ordinals of interactions, both keyed by the number
//! of the user and of the interaction.
//! Holds: additional users or a slower system change no user's draws: user 3 thinks for as long before its n-th
//! interaction, and requests the same.
//! Leaves out: users who come and go.
//! Source: Scherr (1967), the interactive system; bounds by Denning & Buzen (1978).

use std::fmt;

use crate::engine::draw::{Key, Lineage, Seed};
use crate::engine::law::{Law, Sampler};
use crate::units::SimDuration;

/// Maximum number of users of one workload.
pub const MAX_USERS: u32 = 100_000;
/// Number of bits for a user's interactions: beyond 8 million, a user's draws repeat.
const INTERACTION_BITS: u32 = 23;

/// A number of users outside 1..=[`MAX_USERS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsersError(pub u32);

impl fmt::Display for UsersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} users; there must be 1 to {MAX_USERS}", self.0)
    }
}

impl std::error::Error for UsersError {}

/// The users of one workload, checked.
#[derive(Clone, Debug)]
pub struct Users {
    count: u32,
    think: Law,
}

impl Users {
    /// Creates `count` users with think times by `think`, a law in seconds.
    ///
    /// # Errors
    ///
    /// [`UsersError`] for a count outside 1..=[`MAX_USERS`].
    pub fn new(count: u32, think: Law) -> Result<Self, UsersError> {
        if (1..=MAX_USERS).contains(&count) {
            Ok(Self { count, think })
        } else {
            Err(UsersError(count))
        }
    }

    /// Returns the number of users.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Returns their think times in one replication.
    #[must_use]
    pub fn thinks(&self, seed: Seed, lineage: Lineage, owner: &str) -> Thinks {
        Thinks { law: self.think.sampler(), key: Key::derive(seed, lineage, "think", owner) }
    }
}

/// Returns the number under which interaction `interaction` of `user` draws, within its workload.
#[must_use]
pub const fn ordinal(user: u32, interaction: u32) -> u64 {
    let wrapped = interaction & ((1 << INTERACTION_BITS) - 1);
    (user as u64) << INTERACTION_BITS | wrapped as u64
}

/// Think times of the users of one workload, in one replication.
#[derive(Clone, Debug)]
pub struct Thinks {
    law: Sampler,
    key: Key,
}

impl Thinks {
    /// Returns the think time of `user` before `interaction`, both from 0.
    #[must_use]
    pub fn before(&self, user: u32, interaction: u32) -> SimDuration {
        self.law.duration(self.key.uniform(ordinal(user, interaction), 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_interactions_share_their_draws() {
        let mut all: Vec<u64> = (0..50)
            .flat_map(|user| (0..50).map(move |interaction| ordinal(user, interaction)))
            .chain([ordinal(MAX_USERS - 1, (1 << INTERACTION_BITS) - 1)])
            .collect();
        all.sort_unstable();
        assert!(all.windows(2).all(|two| two[0] < two[1]));
        // Within the range of numbers of one workload.
        assert!(all.iter().all(|ordinal| *ordinal < 1 << 40));
        assert_eq!(ordinal(1, 1 << INTERACTION_BITS), ordinal(1, 0));
    }

    #[test]
    fn there_is_at_least_one_user_and_no_end_of_them() {
        let law = || Law::exponential(1.0).unwrap();
        assert_eq!(Users::new(0, law()).unwrap_err(), UsersError(0));
        assert!(Users::new(MAX_USERS + 1, law()).is_err());
        assert_eq!(Users::new(7, law()).unwrap().count(), 7);
    }
}
