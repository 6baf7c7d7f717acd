//! Ranges of replications that other processes have folded, put together as they come.
//!
//! Holds: the folds depend on the pieces in them, and not on the order or the grouping in which they came.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Piece, Portion, Together};
use crate::study::folded::Folded;

/// Replications from the first number to before the second.
type Span = (u64, u64);

/// First bytes of the SHA-256 of a result. Results that differ by damage have different ones.
type Mark = [u8; 16];

/// Folds of ranges. Their size does not grow with the replications; beside them there is a mark of each piece.
#[derive(Debug, Default)]
pub struct Ranges(BTreeMap<(Together, Span), Range>);

/// The pieces of one range so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Range {
    /// End and mark of each piece, by its first replication.
    pieces: BTreeMap<u64, (u64, Mark)>,
    /// Folds of all, by window.
    folds: Vec<Folded>,
}

/// Some pieces of one range that are folded together, so that none of them can be taken out again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    together: Together,
    whole: Span,
    range: Range,
}

/// Reason why a piece is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// Its result differs from that of the same piece elsewhere.
    Differs,
    /// It has some of the replications of another piece.
    Overlaps,
    /// It shares some of its pieces with another group, and not all.
    Shares,
    /// It cannot be read.
    Damaged,
}

impl Range {
    /// Adds the folds of other pieces, which are disjoint from those here.
    fn take(&mut self, other: Self) -> Result<(), Misfit> {
        if self.folds.is_empty() {
            self.folds = other.folds;
        } else {
            let fit = |(own, one): (&Folded, &Folded)| own.fits(one);
            let all = self.folds.len() == other.folds.len();
            if !all || !self.folds.iter().zip(&other.folds).all(fit) {
                return Err(Misfit::Damaged);
            }
            self.folds.iter_mut().zip(&other.folds).for_each(|(own, one)| own.merge(one));
        }
        self.pieces.extend(other.pieces);
        Ok(())
    }

    /// Returns the first replication of the piece here with some of the replications of another.
    fn meets(&self, from: u64, to: u64) -> Option<u64> {
        let before = self.pieces.range(..to).next_back();
        before.filter(|(_, (end, _))| *end > from).map(|(from, _)| *from)
    }

    /// Returns whether a piece is here.
    ///
    /// # Errors
    ///
    /// [`Misfit`] if it is here with another result, or another piece has some of its replications.
    fn has(&self, from: u64, (to, mark): (u64, Mark)) -> Result<bool, Misfit> {
        match self.pieces.get(&from) {
            Some(there) if *there == (to, mark) => Ok(true),
            Some((end, _)) if *end == to => Err(Misfit::Differs),
            _ if self.meets(from, to).is_some() => Err(Misfit::Overlaps),
            _ => Ok(false),
        }
    }

    /// Returns whether the pieces are disjoint, within the range, and those of the folds.
    fn is_whole(&self, whole: Span) -> bool {
        let mut next = whole.0;
        let mut count = 0;
        for (from, (to, _)) in &self.pieces {
            if *from < next || to <= from {
                return false;
            }
            (next, count) = (*to, count + (to - from));
        }
        let counted = |fold: &Folded| fold.count() == count;
        count > 0 && next <= whole.1 && !self.folds.is_empty() && self.folds.iter().all(counted)
    }
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
        let digest = Sha256::digest(bytes);
        let mut mark = Mark::default();
        mark.iter_mut().zip(digest).for_each(|(own, byte)| *own = byte);
        let range = self.0.entry((together, whole)).or_default();
        if range.has(from, (to, mark))? {
            return Ok(());
        }
        let folds: Vec<Folded> = postcard::from_bytes(bytes).map_err(|_| Misfit::Damaged)?;
        let one = Range { pieces: BTreeMap::from([(from, (to, mark))]), folds };
        if !one.is_whole(whole) {
            return Err(Misfit::Damaged);
        }
        range.take(one)
    }

    /// Adds groups of pieces, each with a name. A group whose pieces another group has as well is not added again,
    /// whatever the order.
    ///
    /// # Errors
    ///
    /// [`Misfit`] of the range, with the name of its group.
    pub fn add_groups<N>(&mut self, mut groups: Vec<(N, Group)>) -> Result<(), (N, Piece, Misfit)> {
        // The largest first: a group within another comes after it.
        groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.range.pieces.len()));
        let mut owners: BTreeMap<(Together, Span, u64), usize> = BTreeMap::new();
        for (at, (name, group)) in groups.into_iter().enumerate() {
            let Group { together, whole, range } = group;
            let there = self.0.entry((together, whole)).or_default();
            let is_new = || {
                if !range.is_whole(whole) {
                    return Err(Misfit::Damaged);
                }
                // The owners of its pieces; `None` of those that are new.
                let mut owned = BTreeSet::new();
                for (from, piece) in &range.pieces {
                    let has = there.has(*from, *piece)?;
                    owned.insert(has.then(|| owners.get(&(together, whole, *from)).copied()));
                }
                match (owned.len(), owned.first()) {
                    (1, first) => Ok(first == Some(&None)),
                    _ => Err(Misfit::Shares),
                }
            };
            let added = match is_new() {
                Ok(true) => {
                    let own = range.pieces.keys();
                    owners.extend(own.map(|from| ((together, whole, *from), at)));
                    there.take(range)
                }
                other => other.map(|_| ()),
            };
            if let Err(misfit) = added {
                let own = (whole.0, whole.1);
                return Err((name, together.range(Portion { whole, own }), misfit));
            }
        }
        Ok(())
    }

    /// Returns the pieces of each range as a group.
    #[must_use]
    pub fn into_groups(self) -> Vec<Group> {
        let all = self.0.into_iter().filter(|(_, range)| !range.pieces.is_empty());
        all.map(|((together, whole), range)| Group { together, whole, range }).collect()
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
