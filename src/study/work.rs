//! Pieces of the work of a run, and the source of their results.
//!
//! Model: a run is cut into pieces: a replication of a window, a range of replications of the horizon, a search for a
//! capacity, a window drawn from the years. The result of a piece follows from the plan, the seed and the name of the
//! piece alone. So other processes can simulate some of the pieces, and a run that finds their results
//! ([`Work::Parts`]) folds them exactly as if it had simulated them.
//!
//! Replications of a window beyond the first [`KEPT`](crate::study::folded::KEPT) are pieces in ranges, whose results are
//! folds. The ranges depend on the number of shards ([`dealt`]); the folds of all ranges together do not.
//!
//! In: a [`Piece`] and a function that simulates it. Out: its result.
//! Holds: what is folded, and in which order, does not depend on who simulated a piece.
//! Leaves out: work that depends on the folded results of others: the process that folds does it. These are the test for
//! metastable overload and the stories of outages, and the horizon with fewer faults unless it is found.

mod packed;
mod ranges;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use self::ranges::{Group, Misfit, Ranges};
use crate::solve::requests::Breach;
use crate::study::folded::Folded;

/// Windows whose replications are simulated together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Together {
    /// A window alone, by its place in the study.
    Window(u32),
    /// All runs around a break, by the place of the declared window among those.
    Around(u32),
}

impl Together {
    /// Returns the piece of one replication.
    #[must_use]
    pub const fn one(self, number: u64) -> Piece {
        match self {
            Self::Window(at) => Piece::Window(at, number),
            Self::Around(at) => Piece::Around(at, number),
        }
    }

    /// Returns the piece of a range of replications.
    #[must_use]
    pub const fn range(self, portion: Portion) -> Piece {
        match self {
            Self::Window(at) => Piece::Windows(at, portion),
            Self::Around(at) => Piece::Arounds(at, portion),
        }
    }
}

/// Some replications of a range, each from the first number to before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Portion {
    /// The range that is folded to one result: up to a check of the precision.
    pub whole: (u64, u64),
    /// The replications of the portion.
    pub own: (u64, u64),
}

/// A piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Piece {
    /// A replication of a window, by the place of the window in the study.
    Window(u32, u64),
    /// A replication of all runs around a break, by the place of the declared window among those.
    Around(u32, u64),
    /// A search for a capacity, by its place in the study.
    Capacity(u32),
    /// Replications of the horizon from the first number to before the second, with their batch and the size of their
    /// blocks.
    Years(u64, u64, u32, u64),
    /// A window drawn from the years, by its place among those drawn.
    Drawn(u32),
    /// A replication of the horizon without some faults, by the key of these faults. Its result is found or simulated:
    /// which faults are left out follows from the results of the horizon.
    LeftOut(u64, u64),
    /// Replications of a window beyond the first, by the place of the window in the study.
    Windows(u32, Portion),
    /// Replications of all runs around a break beyond the first, by the place of the declared window among those.
    Arounds(u32, Portion),
}

impl Piece {
    /// Returns the windows and the range, if it is a piece of one.
    #[must_use]
    pub const fn range(self) -> Option<(Together, Portion)> {
        match self {
            Self::Windows(at, portion) => Some((Together::Window(at), portion)),
            Self::Arounds(at, portion) => Some((Together::Around(at), portion)),
            _ => None,
        }
    }

    /// Returns whether both have some of the same work.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        match (self.range(), other.range()) {
            (Some((one, own)), Some((two, theirs))) => {
                (one, own.whole) == (two, theirs.whole)
                    && own.own.0 < theirs.own.1
                    && theirs.own.0 < own.own.1
            }
            _ => self == other,
        }
    }

    /// Returns whether its result is packed: that of replications of the horizon is large.
    const fn is_packed(self) -> bool {
        matches!(self, Self::Years(..))
    }

    /// Returns the number of replications that it counts for in the progress of a run.
    #[must_use]
    pub fn size(self) -> u64 {
        self.range().map_or(1, |(_, portion)| portion.own.1.saturating_sub(portion.own.0))
    }
}

/// Returns the pieces that are dealt out to a number of shards: a range is cut into as many equal ones, or into single
/// replications if it has fewer.
#[must_use]
pub fn dealt(pieces: &[Piece], of: u32) -> Vec<Piece> {
    let cut = |piece: &Piece| -> Vec<Piece> {
        let Some((together, Portion { whole, own: (from, to) })) = piece.range() else {
            return vec![*piece];
        };
        let length = to.saturating_sub(from);
        let parts = length.min(of.into());
        let end = |part: u64| {
            let share = u128::from(length) * u128::from(part) / u128::from(parts.max(1));
            from + u64::try_from(share).unwrap_or(length)
        };
        let one = |part: u64| together.range(Portion { whole, own: (end(part), end(part + 1)) });
        (0..parts).map(one).collect()
    };
    pieces.iter().flat_map(cut).collect()
}

/// One of several equal shares of the pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// Its number, from 1.
    pub number: u32,
    /// Number of shards.
    pub of: u32,
}

/// Largest number of shards.
pub const MOST_SHARDS: u32 = 1_000_000;

impl Shard {
    /// Returns shard `number` of `of`; `None` if there is no such shard, or there are too many.
    #[must_use]
    pub fn new(number: u32, of: u32) -> Option<Self> {
        ((1..=of).contains(&number) && of <= MOST_SHARDS).then_some(Self { number, of })
    }

    /// Returns the number of the shard that has the piece at `place` in the order of pieces: they are dealt out one by
    /// one, so that shards have work of equal kind.
    #[must_use]
    pub fn owner(place: usize, of: u32) -> u32 {
        crate::convert::place(place % of as usize) + 1
    }

    /// Returns whether it has the piece at `place`.
    #[must_use]
    pub fn has(self, place: usize) -> bool {
        Self::owner(place, self.of) == self.number
    }
}

/// Results of pieces that were simulated elsewhere.
#[derive(Debug, Default)]
pub struct Parts {
    have: BTreeMap<Piece, Vec<u8>>,
    ranges: Ranges,
    missing: Mutex<BTreeSet<Piece>>,
}

impl Parts {
    /// Takes the encoded results of pieces, and the folds of ranges.
    #[must_use]
    pub const fn new(have: BTreeMap<Piece, Vec<u8>>, ranges: Ranges) -> Self {
        Self { have, ranges, missing: Mutex::new(BTreeSet::new()) }
    }

    /// Returns the pieces that the run asked for and did not find.
    fn missing(&self) -> Vec<Piece> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// Returns whether it has the result of a piece.
    fn has(&self, piece: Piece) -> bool {
        self.have.contains_key(&piece)
    }

    fn misses(&self, piece: Piece) {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).insert(piece);
    }
}

/// Source of the results of pieces.
#[derive(Debug, Default)]
pub enum Work {
    /// All of them are simulated by this run.
    #[default]
    Here,
    /// They were simulated elsewhere.
    Parts(Parts),
}

impl Work {
    /// Returns the result of a piece; `None` if it was stopped, or was not simulated elsewhere.
    ///
    /// # Errors
    ///
    /// [`Breach`] if an invariant is broken, or a result cannot be read.
    pub fn get<T: DeserializeOwned>(
        &self,
        piece: Piece,
        simulate: impl FnOnce() -> Result<Option<T>, Breach>,
    ) -> Result<Option<T>, Breach> {
        let Self::Parts(parts) = self else { return simulate() };
        let Some(bytes) = parts.have.get(&piece) else {
            parts.misses(piece);
            return Ok(None);
        };
        let read = match piece.is_packed() {
            true => packed::unpack(bytes).and_then(|plain| postcard::from_bytes(&plain).ok()),
            false => postcard::from_bytes(bytes).ok(),
        };
        read.map(Some).ok_or_else(|| Breach {
            what: "the result of a piece cannot be read".to_string(),
            during: format!("{piece:?}"),
        })
    }

    /// Returns the result of a piece, and simulates it if it was not simulated elsewhere; `None` if it was stopped.
    ///
    /// # Errors
    ///
    /// [`Breach`] if an invariant is broken, or a result cannot be read.
    pub fn find<T: DeserializeOwned>(
        &self,
        piece: Piece,
        simulate: impl FnOnce() -> Result<Option<T>, Breach>,
    ) -> Result<Option<T>, Breach> {
        if self.has(piece) { self.get(piece, simulate) } else { simulate() }
    }

    /// Returns the parts of a range of replications that were not simulated elsewhere, though others were; none for a run
    /// that simulates all of them.
    #[must_use]
    pub fn gaps(&self, together: Together, whole: (u64, u64)) -> Vec<Piece> {
        match self {
            Self::Here => Vec::new(),
            Self::Parts(parts) => parts.ranges.gaps(together, whole),
        }
    }

    /// Returns the folds of a range of replications that were simulated elsewhere, by window.
    #[must_use]
    pub fn range(&self, together: Together, whole: (u64, u64)) -> Option<&[Folded]> {
        match self {
            Self::Here => None,
            Self::Parts(parts) => parts.ranges.get(together, whole),
        }
    }

    /// Returns the pieces that the run asked for and did not find.
    #[must_use]
    pub fn missing(&self) -> Vec<Piece> {
        match self {
            Self::Here => Vec::new(),
            Self::Parts(parts) => parts.missing(),
        }
    }

    /// Returns whether a piece was simulated elsewhere.
    #[must_use]
    pub fn has(&self, piece: Piece) -> bool {
        matches!(self, Self::Parts(parts) if parts.has(piece))
    }

    /// Notes which of these pieces are missing, and returns whether any is.
    #[must_use]
    pub fn lacks(&self, pieces: impl Iterator<Item = Piece>) -> bool {
        let Self::Parts(parts) = self else { return false };
        let mut lacks = false;
        for piece in pieces.filter(|piece| !parts.has(*piece)) {
            parts.misses(piece);
            lacks = true;
        }
        lacks
    }
}

/// Encodes the result of a piece; large ones without the repetitions in them.
///
/// # Panics
///
/// Never: all results can be encoded.
#[must_use]
pub fn encode_of<T: Serialize>(piece: Piece, result: &T) -> Vec<u8> {
    let plain = encode(result);
    if piece.is_packed() { packed::pack(&plain) } else { plain }
}

/// Encodes a result.
///
/// # Panics
///
/// Never: all results can be encoded.
#[must_use]
pub fn encode<T: Serialize>(result: &T) -> Vec<u8> {
    postcard::to_stdvec(result).expect("a result can be encoded")
}
