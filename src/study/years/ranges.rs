//! Ranges of replications of the horizon: each is simulated as a whole, and is a piece of the run.

use rayon::prelude::*;

use super::load::BATCHES;
use super::{Chunk, YearsPlan, blocks, chunk};
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
/// Least number of replications of a range in blocks.
const FEW: u64 = 64;

/// Largest number of ranges of a run in blocks without a precision to reach: each has histograms beside its values.
const MOST: u64 = 1_024;

/// Replications `from` to before `to`, and their batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First replication.
    pub from: usize,
    /// First replication after the last.
    pub to: usize,
    /// Batch, below [`BATCHES`].
    pub batch: usize,
    /// Replications of a block.
    pub block: u64,
}

impl Range {
    /// Returns the ranges of the replications `from` to before `to`, of which `done` ranges come before, in blocks.
    pub fn all(
        from: usize,
        to: usize,
        (done, block): (usize, u64),
    ) -> impl Iterator<Item = Self> + Clone {
        let all = to.saturating_sub(from);
        let size = match block {
            1 => chunk_of(all),
            _ => {
                // The longer the run is already, the longer are the ranges of its next round.
                let blocks = (to as u64).div_ceil(block);
                index(block * blocks.div_ceil(MOST).max(FEW.div_ceil(block)))
            }
        };
        let starts = (from..to).step_by(size).zip(done..);
        let batch = |at| at % BATCHES;
        starts.map(move |(from, at)| Self {
            from,
            to: (from + size).min(to),
            batch: batch(at),
            block,
        })
    }

    /// Returns the range that a piece is; `None` for other pieces.
    #[must_use]
    pub fn of(piece: Piece) -> Option<Self> {
        let Piece::Years(from, to, batch, block) = piece else { return None };
        Some(Self { from: index(from), to: index(to), batch: batch as usize, block })
    }

    /// Returns the piece of the run that it is.
    #[must_use]
    pub fn piece(self) -> Piece {
        Piece::Years(self.from as u64, self.to as u64, place(self.batch), self.block)
    }
}

/// Returns the first replications of a run, in ranges: those before precision is first checked.
pub fn first(plan: &YearsPlan) -> impl Iterator<Item = Range> + Clone {
    let least = plan.replications.0;
    Range::all(0, least as usize, (0, blocks::size(least.into(), plan.kept)))
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
    let known = Known::default();
    let one = |range: &Range| {
        let seen = chunk(plan, &known, *range, watch)?;
        Ok(seen.map(|seen| keep(*range, seen)))
    };
    ranges.par_iter().with_max_len(1).map(one).collect()
}
