//! Ranges of replications that other processes have folded, put together as they come.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Piece, Portion, Together};
use crate::study::folded::Folded;

/// Replications from the first number to before the second.
type Span = (u64, u64);

/// Folds of ranges. Their size does not grow with the replications; beside them there is a digest of each piece.
#[derive(Debug, Default)]
pub struct Ranges(BTreeMap<(Together, Span), Range>);

/// The pieces of one range so far.
#[derive(Debug)]
struct Range {
    /// End and digest of each piece, by its first replication.
    pieces: BTreeMap<u64, (u64, [u8; 32])>,
    /// Folds of all, by window.
    folds: Vec<Folded>,
}

/// Reason why a piece is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// Its result differs from that of the same piece elsewhere.
    Differs,
    /// It has some of the replications of another piece.
    Overlaps,
    /// It cannot be read.
    Damaged,
}

impl Ranges {
    /// Adds the result of a piece. A piece that is there already is not added again.
    ///
    /// # Errors
    ///
    /// [`Misfit`].
    pub fn add(
        &mut self,
        (together, portion): (Together, Portion),
        bytes: &[u8],
    ) -> Result<(), Misfit> {
        let Portion { whole, own: (from, to) } = portion;
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        let range = self.0.entry((together, whole));
        let range = range.or_insert_with(|| Range { pieces: BTreeMap::new(), folds: Vec::new() });
        match range.pieces.get(&from) {
            Some(there) if *there == (to, digest) => return Ok(()),
            Some((end, _)) if *end == to => return Err(Misfit::Differs),
            _ => {}
        }
        let before = range.pieces.range(..to).next_back();
        if before.is_some_and(|(_, (end, _))| *end > from) {
            return Err(Misfit::Overlaps);
        }
        let folds: Vec<Folded> = postcard::from_bytes(bytes).map_err(|_| Misfit::Damaged)?;
        if folds.iter().any(|fold| Some(fold.count()) != to.checked_sub(from)) {
            return Err(Misfit::Damaged);
        }
        if range.folds.is_empty() {
            range.folds = folds;
        } else {
            let fit = |(own, one): (&Folded, &Folded)| own.fits(one);
            if range.folds.len() != folds.len() || !range.folds.iter().zip(&folds).all(fit) {
                return Err(Misfit::Damaged);
            }
            range.folds.iter_mut().zip(&folds).for_each(|(own, one)| own.merge(one));
        }
        range.pieces.insert(from, (to, digest));
        Ok(())
    }

    /// Returns the parts of a range that no piece has.
    pub(super) fn gaps(&self, together: Together, whole: Span) -> Vec<Piece> {
        let pieces = self.0.get(&(together, whole)).into_iter().flat_map(|range| &range.pieces);
        let ends = pieces.map(|(from, (to, _))| (*from, *to)).chain([(whole.1, whole.1)]);
        let mut next = whole.0;
        let mut gaps = Vec::new();
        for (from, to) in ends {
            if next < from {
                gaps.push(together.range(Portion { whole, own: (next, from) }));
            }
            next = next.max(to);
        }
        gaps
    }

    /// Returns the folds of a range, by window.
    pub(super) fn get(&self, together: Together, whole: Span) -> Option<&[Folded]> {
        self.0.get(&(together, whole)).map(|range| range.folds.as_slice())
    }
}
