//! Ranges of replications of the horizon: each is simulated as a whole, and is a piece of the run.

use rayon::prelude::*;

use super::load::BATCHES;
use super::{Chunk, YearsPlan, chunk};
use crate::convert::{index, place};
use crate::solve::fluid::Known;
use crate::solve::requests::Breach;
use crate::study::window::Watch;
use crate::study::work::Piece;

/// Returns the number of replications that one thread folds before chunks are merged. A large chunk meets the same
/// states more often. From [`MANY`] on the number of chunks is a multiple of sixteen, so that batches have one size and
/// as many threads have work.
const fn chunk_of(replications: usize) -> usize {
    if replications < MANY {
        return 16;
    }
    replications.div_ceil(16 * replications.div_ceil(1024))
}

const MANY: usize = 512;

/// Replications `from` to before `to`, and their batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First replication.
    pub from: usize,
    /// First replication after the last.
    pub to: usize,
    /// Batch, below [`BATCHES`].
    pub batch: usize,
}

impl Range {
    /// Returns the ranges of the replications `from` to before `to`, of which `done` ranges come before.
    pub fn all(from: usize, to: usize, done: usize) -> impl Iterator<Item = Self> + Clone {
        let size = chunk_of(to.saturating_sub(from));
        let starts = (from..to).step_by(size).zip(done..);
        starts.map(move |(from, at)| Self { from, to: (from + size).min(to), batch: at % BATCHES })
    }

    /// Returns the range that a piece is; `None` for other pieces.
    #[must_use]
    pub fn of(piece: Piece) -> Option<Self> {
        let Piece::Years(from, to, batch) = piece else { return None };
        Some(Self { from: index(from), to: index(to), batch: batch as usize })
    }

    /// Returns the piece of the run that it is.
    #[must_use]
    pub fn piece(self) -> Piece {
        Piece::Years(self.from as u64, self.to as u64, place(self.batch))
    }
}

/// Returns the first replications of a run, in ranges: those before precision is first checked.
pub fn first(plan: &YearsPlan) -> impl Iterator<Item = Range> + Clone {
    Range::all(0, plan.replications.0 as usize, 0)
}

/// Runs the replications of some ranges, and keeps of each what `keep` returns; `None` for one that was stopped.
///
/// # Errors
///
/// `Breach` when a declaration is circular.
pub fn some<T: Send>(
    plan: &YearsPlan,
    ranges: &[Range],
    watch: &Watch,
    keep: impl Fn(Range, Chunk) -> T + Sync,
) -> Result<Vec<Option<T>>, Breach> {
    let (known, empty) = (Known::default(), Chunk::empty(plan));
    let one = |range: &Range| {
        let seen = chunk(plan, &known, empty.clone(), *range, watch)?;
        Ok(seen.map(|seen| keep(*range, seen)))
    };
    ranges.par_iter().with_max_len(1).map(one).collect()
}
