//! Keyed random numbers: a draw is a pure function of (seed, lineage, purpose, owner, ordinal,
//! index) and of nothing else.
//!
//! Model: the names are hashed once into a [`Key`] (SHA-256); a draw is one block of the
//! counter-based generator Philox2x64-7 under that key, with the ordinal and the index as its
//! counter. There is no state to share and no order of drawing: adding a component, a purpose or
//! a replication, or drawing more often from one of them, changes no draw of another.
//!
//! In: names and numbers. Out: 64 bits, or a uniform number strictly between 0 and 1.
//! Holds: two different paths of names have different keys (96 bits of a hash; with a million
//! keys the probability of one equal pair is 10⁻¹⁷).
//! Leaves out: cryptographic strength.
//! Source: Salmon, Moraes, Dror & Shaw, Parallel random numbers: as easy as 1, 2, 3 (SC 2011):
//! Philox2x64 passes BigCrush from 6 rounds on. Known answers: Random123, `kat_vectors`.

use std::convert::Infallible;

use rand::TryRng;
use sha2::{Digest, Sha256};

use crate::convert::{halves, low};

/// Seed given by the user: selects one of equally likely sets of trajectories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed(pub u64);

/// Trajectory of one seed: a replication, or a branch that leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lineage {
    replication: u64,
    /// Digest of the branches taken, all zero on the trunk.
    branches: [u8; 32],
}

impl Lineage {
    /// Returns the trunk of replication `number`.
    #[must_use]
    pub const fn replication(number: u64) -> Self {
        Self { replication: number, branches: [0; 32] }
    }

    /// Returns a trajectory that branches off from this one under `name`, the `number`-th of that name.
    #[must_use]
    pub fn branch(self, name: &str, number: u64) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"fivenines branch 1");
        hash.update(self.branches);
        put_text(&mut hash, name);
        hash.update(number.to_le_bytes());
        Self { branches: hash.finalize().into(), ..self }
    }

    /// Returns the replication's number, also on a branch.
    #[must_use]
    pub const fn replication_number(self) -> u64 {
        self.replication
    }
}

/// Key of one owner's draws for one purpose: the hashed names, for the hot path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    key: u64,
    /// Upper half of the counter's second word: keys have 96 bits.
    salt: u32,
}

/// Bit that is set in the counter of blocks that become keys, and clear in those that become draws.
const CHILD: u32 = 1 << 31;

impl Key {
    /// Derives the key of `owner`'s draws for `purpose`. Lengths are hashed before texts, so no two paths
    /// give the same input.
    #[must_use]
    pub fn derive(seed: Seed, lineage: Lineage, purpose: &str, owner: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"fivenines draw 1");
        hash.update(seed.0.to_le_bytes());
        hash.update(lineage.replication.to_le_bytes());
        hash.update(lineage.branches);
        put_text(&mut hash, purpose);
        put_text(&mut hash, owner);
        let digest: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = digest;
        Self {
            key: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            salt: u32::from_le_bytes([i, j, k, l]),
        }
    }

    /// Returns a private key for the `ordinal`-th use of this one, if one use needs several draws of its own.
    #[must_use]
    #[inline]
    pub fn child(self, ordinal: u64) -> Self {
        let [key, salt] = self.block(ordinal, CHILD);
        Self { key, salt: low(salt) }
    }

    /// Returns 64 random bits: the `index`-th draw of the `ordinal`-th use, with `index` below 2³¹.
    #[must_use]
    #[inline]
    pub fn bits(self, ordinal: u64, index: u32) -> u64 {
        self.pair(ordinal >> 1, index)[(ordinal & 1) as usize]
    }

    /// Returns the bits of the uses 2·`half` and 2·`half` + 1, which come from one block of the generator:
    /// drawing in order costs half.
    #[must_use]
    #[inline]
    pub fn pair(self, half: u64, index: u32) -> [u64; 2] {
        self.block(half, index & !CHILD)
    }

    /// Returns a uniform number: an odd multiple of 2⁻⁵³ between 0 and 1. Neither 0 nor 1 occurs, and
    /// u and 1 − u are equally likely and both exact.
    #[must_use]
    #[inline]
    pub fn uniform(self, ordinal: u64, index: u32) -> f64 {
        unit_interval(self.bits(ordinal, index))
    }

    /// Returns [`Self::uniform`] of the ordinals 2 × `half` and 2 × `half` + 1, at the cost of one block.
    #[must_use]
    #[inline]
    pub fn uniform_pair(self, half: u64, index: u32) -> [f64; 2] {
        let [first, second] = self.pair(half, index);
        [unit_interval(first), unit_interval(second)]
    }

    /// Returns all draws of the `ordinal`-th use, in order.
    #[must_use]
    pub const fn stream(self, ordinal: u64) -> Stream {
        Stream { key: self, ordinal, index: 0 }
    }

    #[inline]
    fn block(self, ordinal: u64, index: u32) -> [u64; 2] {
        philox::<7>([ordinal, (u64::from(self.salt) << 32) | u64::from(index)], self.key)
    }
}

/// Cache of the uniforms of one key, for requests in roughly ascending order of ordinals: two neighbours cost
/// one block of the generator. The cache changes no draw.
#[derive(Clone, Copy, Debug)]
pub struct Pairs {
    key: Key,
    /// Half of an ordinal, and the uniforms of its two ordinals.
    half: u64,
    two: [f64; 2],
}

impl Pairs {
    /// Creates an empty cache.
    #[must_use]
    pub const fn new(key: Key) -> Self {
        Self { key, half: u64::MAX, two: [0.5; 2] }
    }

    /// Returns the uniforms of the ordinals 2 × `half` and 2 × `half` + 1 without caching them.
    #[must_use]
    #[inline]
    pub fn pair(&self, half: u64) -> [f64; 2] {
        self.key.uniform_pair(half, 0)
    }

    /// Returns [`Key::uniform`] of `ordinal` at index 0.
    #[must_use]
    #[inline]
    pub fn uniform(&mut self, ordinal: u64) -> f64 {
        let half = ordinal / 2;
        if self.half != half {
            (self.half, self.two) = (half, self.key.uniform_pair(half, 0));
        }
        self.two[(ordinal % 2) as usize]
    }
}

/// The draws of one [`Key`] and ordinal as a generator for code written against `rand`.
///
/// It has 2³¹ draws of 64 bits, then it repeats them.
#[derive(Clone, Debug)]
pub struct Stream {
    key: Key,
    ordinal: u64,
    /// Index of the next draw.
    index: u32,
}

impl Stream {
    /// Returns the next 64 bits: [`Key::bits`] at the indices 0, 1, 2, …
    #[inline]
    pub fn bits(&mut self) -> u64 {
        let bits = self.key.bits(self.ordinal, self.index);
        self.index = self.index.wrapping_add(1);
        bits
    }

    /// Returns the next uniform number, strictly between 0 and 1.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        unit_interval(self.bits())
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    /// Returns the upper half of the next 64 bits.
    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.bits() >> 32) as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.bits())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.bits().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// Returns the upper 52 bits as a fraction, plus half a step.
#[inline]
pub(super) fn unit_interval(bits: u64) -> f64 {
    // A number in [1, 2) with these bits as its fraction; both it and the difference are exact.
    f64::from_bits((bits >> 12) | 0x3ff0_0000_0000_0000) - (1.0 - f64::EPSILON / 2.0)
}

/// Computes Philox2x64 with `ROUNDS` rounds: a keyed bijection of 128 bits.
#[inline]
fn philox<const ROUNDS: usize>(counter: [u64; 2], mut key: u64) -> [u64; 2] {
    const MULTIPLIER: u128 = 0xD2B7_4407_B1CE_6E93;
    const WEYL: u64 = 0x9E37_79B9_7F4A_7C15; // the golden ratio
    let [mut left, mut right] = counter;
    for _ in 0..ROUNDS {
        let product = MULTIPLIER.wrapping_mul(u128::from(left));
        let [high, low] = halves(product);
        left = high ^ key ^ right;
        right = low;
        key = key.wrapping_add(WEYL);
    }
    [left, right]
}

fn put_text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text.as_bytes());
}

#[cfg(test)]
mod tests;
