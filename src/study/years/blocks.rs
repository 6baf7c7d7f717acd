//! Blocks of consecutive replications, whose values are added up: results of many replications have a bounded size.
//!
//! Model: a column of results has one value for each block. Up to [`KEPT`] replications a block is one replication;
//! beyond, it is ten, a hundred or more of them, the least power of ten with at most [`KEPT`] blocks. Sums of blocks are
//! as independent as replications, so the estimators take them in their place, each over a horizon as many times as long
//! ([`Scale`]).
//!
//! Holds: all blocks of a run have one size, so a run has a multiple of its block. While a run with a precision to
//! reach grows beyond a size, blocks are joined ([`Join::Ten`]).

use crate::plan::availability::AvailabilityPlan;
use crate::study::window::Estimate;

use super::{YEAR_S, mean};

/// Largest number of blocks: up to as many, replications are kept one by one.
pub const KEPT: u64 = 20_000;

/// Returns the number of replications of a block in a run of this many, with at most `kept` blocks.
#[must_use]
pub fn size(replications: u64, kept: u64) -> u64 {
    let mut size = 1;
    while replications.div_ceil(size) > kept {
        size *= 10;
    }
    size
}

/// Returns the largest number of replications, at most this many, that fills its blocks.
#[must_use]
pub fn filled(replications: u64, kept: u64) -> u64 {
    replications - replications % size(replications, kept)
}

/// Returns the least number of replications, at least this many, that fills its blocks.
#[must_use]
pub fn filling(replications: u64, kept: u64) -> u64 {
    let size = size(replications, kept);
    replications.div_ceil(size).saturating_mul(size)
}

/// Means over the replications of each block.
#[derive(Clone, Debug)]
pub struct Means {
    /// A value for each block.
    pub values: Vec<f64>,
    /// Replications of a block.
    pub block: u64,
}

impl Means {
    /// Returns the values of both, block beside block: the smaller blocks are joined to the size of the larger. Those that do
    /// not fill the last one are left out.
    #[must_use]
    pub fn beside(&self, other: &Self) -> [Vec<f64>; 2] {
        let size = self.block.max(other.block);
        [self.coarser(size / self.block), other.coarser(size / other.block)]
    }

    fn coarser(&self, times: u64) -> Vec<f64> {
        let mean = |some: &[f64]| some.iter().sum::<f64>() / some.len() as f64;
        match times {
            1 => self.values.clone(),
            _ => self.values.chunks_exact(crate::convert::index(times)).map(mean).collect(),
        }
    }
}

/// Joining of the values of a column.
#[derive(Clone, Copy, Debug)]
pub enum Join {
    /// The last value joins the one before it, which is that of this many replications.
    Last(u64),
    /// Ten consecutive values become one; each was that of this many replications.
    Ten(u64),
}

impl Join {
    /// Adds values up.
    pub fn sums(self, column: &mut Vec<f64>) {
        match self {
            Self::Last(_) => {
                let last = column.pop();
                if let (Some(before), Some(last)) = (column.last_mut(), last) {
                    *before += last;
                }
            }
            Self::Ten(_) => *column = column.chunks(10).map(|ten| ten.iter().sum()).collect(),
        }
    }

    /// Adds up values, and their squared distances to the mean over spans of which each replication has `spans`: those to
    /// the common mean (Chan, Golub & LeVeque 1983).
    pub fn moments(self, sums: &mut Vec<f64>, centred: &mut Vec<f64>, spans: f64) {
        let add = |one: (f64, f64, f64), other: (f64, f64, f64)| {
            let (n, m) = (one.0 * spans, other.0 * spans);
            let apart = other.1 / m - one.1 / n;
            let squares = one.2 + other.2 + apart * apart * n * m / (n + m);
            (one.0 + other.0, one.1 + other.1, squares)
        };
        match self {
            Self::Last(had) => {
                let last = sums.pop().zip(centred.pop());
                let before = sums.last_mut().zip(centred.last_mut());
                if let (Some((sum, squares)), Some((own, square))) = (before, last) {
                    let all = add((had as f64, *sum, *squares), (1.0, own, square));
                    (*sum, *squares) = (all.1, all.2);
                }
            }
            Self::Ten(each) => {
                let pairs: Vec<(f64, f64, f64)> = sums
                    .iter()
                    .zip(centred.iter())
                    .map(|(sum, squares)| (each as f64, *sum, *squares))
                    .collect();
                let tens: Vec<_> =
                    pairs.chunks(10).filter_map(|ten| ten.iter().copied().reduce(add)).collect();
                *sums = tens.iter().map(|ten| ten.1).collect();
                *centred = tens.iter().map(|ten| ten.2).collect();
            }
        }
    }
}

/// Scale of the values of a run: each is a sum over the replications of a block.
#[derive(Clone, Copy, Debug)]
pub struct Scale<'a> {
    /// Plan of the replications.
    pub plan: &'a AvailabilityPlan,
    /// Level of the intervals.
    pub level: f64,
    /// Replications of a block.
    pub block: u64,
}

impl Scale<'_> {
    /// Returns the seconds that one value is of.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.plan.horizon.seconds() * self.block as f64
    }

    /// Returns the years that one value is of.
    #[must_use]
    pub fn years(self) -> f64 {
        self.seconds() / YEAR_S
    }

    /// Returns the months that one value is of: twelfths of a year.
    #[must_use]
    pub fn months(self) -> f64 {
        self.years() * 12.0
    }

    /// Returns the mean over replications.
    #[must_use]
    pub fn mean(self, values: &[f64]) -> Estimate {
        mean(values, self.level).times(1.0 / self.block as f64)
    }
}
