//! The pieces of a study, and the simulation of some of them alone.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::StudyPlan;
use crate::convert::place;
use crate::model::blueprint::Blueprint;
use crate::solve::requests::Breach;
use crate::study::folded::{Folding, KEPT};
use crate::study::replication::Replication;
use crate::study::sampled::Drawn;
use crate::study::waterfall::{self, Fewer};
use crate::study::window::{Watch, WindowPlan};
use crate::study::work::{Piece, Portion, Shard, Together, encode, encode_of};
use crate::study::years::{self, Range, blocks};
use crate::study::{breaks, capacity, window};

/// Windows of a study that are simulated together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Group {
    /// A window alone, by place.
    Window(usize),
    /// The runs around a break: the place of the declared window among those, and the places of the runs.
    Around(usize, Vec<usize>),
}

impl Group {
    /// Returns the places of its windows.
    #[must_use]
    pub fn places(&self) -> &[usize] {
        match self {
            Self::Window(at) => std::slice::from_ref(at),
            Self::Around(_, all) => all,
        }
    }
}

/// Results of pieces, encoded.
pub type Encoded = BTreeMap<Piece, Vec<u8>>;

/// Adds the pieces of `count` replications: the first one by one, and a range of those beyond.
fn replications(pieces: &mut Vec<Piece>, together: Together, count: u64) {
    pieces.extend((0..count.min(KEPT)).map(|number| together.one(number)));
    if count > KEPT {
        let all = (KEPT, count);
        pieces.push(together.range(Portion { whole: all, own: all }));
    }
}

impl StudyPlan {
    /// Returns the windows that are simulated together, those without a break first.
    #[must_use]
    pub fn groups(&self) -> Vec<Group> {
        let alone = self.windows.iter().enumerate().filter(|(_, asked)| asked.drill.is_none());
        let alone = alone.map(|(at, _)| Group::Window(at));
        let arounds = self.arounds.iter().enumerate().map(|(at, around)| {
            let of = |asked: &WindowPlan| {
                asked.drill.as_ref().is_some_and(|drill| drill.window == around.name)
            };
            let places = (0..self.windows.len()).filter(|at| of(&self.windows[*at]));
            Group::Around(at, places.collect())
        });
        alone.chain(arounds).collect()
    }

    /// Returns the windows of a group.
    #[must_use]
    pub fn of_group(&self, group: &Group) -> Vec<&WindowPlan> {
        group.places().iter().map(|at| &self.windows[*at]).collect()
    }

    /// Returns the pieces of a run before precision is first checked, in their order. Shards share ranges among them
    /// ([`dealt`](crate::study::work::dealt)). The windows drawn from the years follow: their number is known once they
    /// are drawn.
    #[must_use]
    pub fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        // The longest first: a search is one piece.
        pieces.extend((0..self.sought.len()).map(|at| Piece::Capacity(place(at))));
        for group in self.groups() {
            match &group {
                Group::Window(at) => {
                    let least = u64::from(self.windows[*at].replications.0);
                    replications(&mut pieces, Together::Window(place(*at)), least);
                }
                Group::Around(at, _) => {
                    let count = u64::from(breaks::replications(&self.of_group(&group)));
                    replications(&mut pieces, Together::Around(place(*at)), count);
                }
            }
        }
        let ranges = self.years.iter().flat_map(years::first);
        pieces.extend(ranges.map(Range::piece));
        pieces
    }

    /// Simulates the pieces that a shard has of `pieces`, and of the windows drawn from the years if they are `all` of
    /// the run; `None` when it is stopped. A piece with fewer faults needs these faults.
    ///
    /// # Errors
    ///
    /// [`Breach`] when an invariant is broken.
    pub fn live_some(
        &self,
        plan: &Blueprint,
        (shard, pieces, all): (Shard, &[Piece], bool),
        fewer: Option<&Fewer>,
        watch: &Watch,
    ) -> Result<Option<Encoded>, Breach> {
        let own = pieces.iter().enumerate().filter(|(at, _)| shard.has(*at));
        let own: Vec<Piece> = own.map(|(_, piece)| *piece).collect();
        let together = |piece: &&Piece| matches!(piece, Piece::Years(..) | Piece::Drawn(_));
        let (together, alone): (Vec<&Piece>, Vec<&Piece>) = own.iter().partition(together);
        let ranges = together.iter().filter_map(|piece| Range::of(**piece));
        let ranges: Vec<Range> = ranges.collect();
        let drawn = together.iter().filter_map(|piece| match piece {
            Piece::Drawn(at) => Some(*at as usize),
            _ => None,
        });
        let drawn: Vec<usize> = drawn.collect();
        let lived = || self.live_alone(plan, &alone, fewer, watch);
        // Together: they share what they learn of the fluid.
        let through = || match &self.years {
            // Packed at once: unpacked, all of them would be some times as large.
            Some(years) => years::some(years, &ranges, watch, |range, seen| {
                let piece = range.piece();
                (piece, encode_of(piece, &seen))
            }),
            None => Ok(Vec::new()),
        };
        let is_drawn = |at: usize| match all {
            true => shard.has(pieces.len() + at),
            false => drawn.contains(&at),
        };
        let sampled = || match all || !drawn.is_empty() {
            true => self.live_drawn(plan, &is_drawn, watch),
            false => Ok(Encoded::new()),
        };
        let (lived, (through, sampled)) = rayon::join(lived, || rayon::join(through, sampled));
        let (mut lived, through, sampled) = (lived?, through?, sampled?);
        lived.extend(through.into_iter().flatten());
        lived.extend(sampled);
        Ok((!watch.told_to_stop()).then_some(lived))
    }

    /// Simulates replications of windows, and searches. Those that are stopped are left out.
    fn live_alone(
        &self,
        plan: &Blueprint,
        pieces: &[&Piece],
        fewer: Option<&Fewer>,
        watch: &Watch,
    ) -> Result<Encoded, Breach> {
        let one = |piece: &&Piece| -> Result<Option<(Piece, Vec<u8>)>, Breach> {
            let bytes = match **piece {
                Piece::Window(at, number) => {
                    let one = self.live_one(plan, Together::Window(at), number, watch)?;
                    one.map(|one| encode(&one))
                }
                Piece::Around(at, number) => {
                    let one = self.live_one(plan, Together::Around(at), number, watch)?;
                    one.map(|one| encode(&one))
                }
                Piece::Windows(at, portion) => {
                    self.live_range(plan, Together::Window(at), portion.own, watch)?
                }
                Piece::Arounds(at, portion) => {
                    self.live_range(plan, Together::Around(at), portion.own, watch)?
                }
                Piece::Capacity(at) => {
                    let found = capacity::search_for(plan, &self.sought[at as usize], watch)?;
                    found.map(|found| encode(&found))
                }
                Piece::LeftOut(_, number) => match fewer {
                    Some(fewer) => fewer.live(number, watch)?.map(|one| encode(&one)),
                    None => None,
                },
                Piece::Years(..) | Piece::Drawn(_) => None,
            };
            Ok(bytes.map(|bytes| (**piece, bytes)))
        };
        let seen = pieces.par_iter().with_max_len(1).map(one);
        let seen = seen.collect::<Result<Vec<_>, Breach>>()?;
        Ok(seen.into_iter().flatten().collect())
    }

    /// Returns windows that are simulated together; none if there are no such windows.
    #[must_use]
    pub fn asked(&self, together: Together) -> Vec<&WindowPlan> {
        match together {
            Together::Window(at) => self.windows.get(at as usize).into_iter().collect(),
            Together::Around(at) => {
                let at = at as usize;
                let is = |group: &Group| matches!(group, Group::Around(of, _) if *of == at);
                let found = self.groups().into_iter().find(is);
                found.map(|group| self.of_group(&group)).unwrap_or_default()
            }
        }
    }

    /// Simulates one replication of windows, by window; `None` when it is stopped.
    ///
    /// # Errors
    ///
    /// [`Breach`] when an invariant of the replication is broken.
    pub fn live_one(
        &self,
        plan: &Blueprint,
        together: Together,
        number: u64,
        watch: &Watch,
    ) -> Result<Option<Vec<Replication>>, Breach> {
        let asked = self.asked(together);
        Ok(match together {
            Together::Window(_) => {
                window::replication(plan, asked[0], number, watch)?.map(|one| vec![one])
            }
            Together::Around(_) => breaks::replication(plan, &asked, number, watch)?,
        })
    }

    /// Simulates a range of replications of windows, and folds them; `None` when it is stopped.
    fn live_range(
        &self,
        plan: &Blueprint,
        together: Together,
        range: (u64, u64),
        watch: &Watch,
    ) -> Result<Option<Vec<u8>>, Breach> {
        let folding = Folding::new(plan, &self.asked(together));
        let one = |number: u64| self.live_one(plan, together, number, watch);
        let folds = folding.range(range, one)?;
        let whole = folds.iter().all(|fold| fold.count() == range.1 - range.0);
        Ok(whole.then(|| encode(&folds)))
    }

    /// Simulates those of the windows drawn from the years, by place, that are `wanted`.
    fn live_drawn(
        &self,
        plan: &Blueprint,
        wanted: &(dyn Fn(usize) -> bool + Sync),
        watch: &Watch,
    ) -> Result<Encoded, Breach> {
        let (Some(asked), Some(years)) = (&self.sampled, &self.years) else {
            return Ok(Encoded::new());
        };
        let drawn = Drawn::new(asked, years)?;
        let own: Vec<usize> = (0..drawn.count()).filter(|at| wanted(*at)).collect();
        let one = |at: &usize| -> Result<Option<(Piece, Vec<u8>)>, Breach> {
            let seen = drawn.live((plan, asked), *at, watch)?;
            Ok(seen.map(|seen| (Piece::Drawn(place(*at)), encode(&seen))))
        };
        let seen = own.par_iter().with_max_len(1).map(one);
        let seen = seen.collect::<Result<Vec<_>, Breach>>()?;
        Ok(seen.into_iter().flatten().collect())
    }

    /// Returns whether these pieces can be pieces of this study: none is beyond its windows and searches, or without other
    /// faults than those with the key `left_out`.
    #[must_use]
    pub fn knows(&self, pieces: &[Piece], left_out: Option<u64>) -> bool {
        let knows = |piece: &Piece| match *piece {
            Piece::Window(at, number) => {
                let window = self.windows.get(at as usize);
                window.is_some_and(|asked| number < u64::from(asked.replications.1))
            }
            Piece::Around(at, number) => {
                let window = self.arounds.get(at as usize).is_some();
                window && number < u64::from(u32::MAX)
            }
            Piece::Capacity(at) => (at as usize) < self.sought.len(),
            Piece::Years(from, to, batch, block) => self.years.as_ref().is_some_and(|years| {
                let most = u64::from(years.replications.1.max(years.replications.0));
                let within = from < to && to <= most && (batch as usize) < years::load::BATCHES;
                let filled = block > 0 && (to - from).is_multiple_of(block);
                within && filled && (to - from) / block <= blocks::KEPT
            }),
            Piece::Drawn(_) => self.sampled.is_some(),
            Piece::LeftOut(key, number) => {
                Some(key) == left_out && number < waterfall::REPLICATIONS as u64
            }
            Piece::Windows(at, portion) => {
                let window = self.windows.get(at as usize);
                window.is_some_and(|asked| is_range(portion, asked.replications.1.into()))
            }
            Piece::Arounds(at, portion) => {
                let window = self.arounds.get(at as usize).is_some();
                window && is_range(portion, u32::MAX.into())
            }
        };
        pieces.iter().all(knows)
    }
}

/// Returns whether a portion has some replications beyond those that are kept one by one, and at most this many.
const fn is_range(portion: Portion, most: u64) -> bool {
    let Portion { whole, own } = portion;
    KEPT <= whole.0 && whole.0 <= own.0 && own.0 < own.1 && own.1 <= whole.1 && whole.1 <= most
}
