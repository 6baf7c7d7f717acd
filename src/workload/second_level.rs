//! Hit ratio of the second level of a memory (L2ARC) in closed form, where [`crate::mechanism::l2arc`] simulates it.
//!
//! Model: the second level is asked for what memory misses, and takes up blocks that memory evicts. Memory misses a block as often
//! as it evicts it, m times per second. A share φ of those evictions that find no copy of their block makes one. The copy is
//! overwritten after the time T in which the level is written once. From one copy to the next there are m T misses that find
//! it, and 1/φ misses that do not:
//!
//! ```text
//! h = φ m T / (1 + φ m T)       Σ b h = S (T is infinite if all blocks fit)       written per second  W = Σ b φ m / (1 + φ m T)
//! ```
//!
//! with the size b of a block and S of the level. φ is 1 if its passes keep up with W; otherwise φ is such that W is the most
//! that they write. This is the law of a cache that evicts what arrived first, for the stream of misses
//! ([`hits`](super::hits)).
//!
//! Takes the misses of each block; gives for each content the share of the misses that the second level finds, and the copies
//! made per miss that it does not find. Leaves out: that a block found there counts in memory as read repeatedly, so memory hits
//! somewhat less and the second level somewhat more (the same in all); that passes which do not keep up take frequent blocks
//! first; blocks that are evicted between two passes although the passes write less than they may.
//! Source: derived here; Fricker, Robert & Roberts (2012), A versatile and accurate approximation for LRU cache performance.

use std::sync::OnceLock;

use crate::workload::filling::{self, Step};
use crate::workload::hits::{Group, fills_in};

/// Misses of a memory for the blocks of one content.
#[derive(Clone, Debug, PartialEq)]
pub struct MissedBlocks {
    /// Blocks that are missed equally often, with their misses per second.
    pub(super) groups: Vec<Group>,
    /// Size of a block, in bytes.
    pub block: f64,
}

impl MissedBlocks {
    /// Returns the misses per second of all blocks.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.sum(|group| group.rate)
    }

    fn sum(&self, of: impl Fn(&Group) -> f64) -> f64 {
        self.groups.iter().map(|group| group.objects * of(group)).sum()
    }
}

/// Size and pace of a second level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feed {
    /// Size, in bytes.
    pub size: f64,
    /// Most that is written to it, in bytes per second.
    pub most_per_s: f64,
}

/// A content as a warm second level has it.
#[derive(Clone, Debug)]
pub struct Found {
    /// Share of the misses of memory that it finds.
    pub hits: f64,
    /// Blocks written to it per miss of memory that it does not find.
    pub stored: f64,
    /// Largest share of the misses that it can take up.
    pace: f64,
    missed: MissedBlocks,
    /// See [`Self::filling`].
    steps: OnceLock<Vec<Step>>,
}

impl Found {
    /// Returns the steps in which it fills after it was lost, by the misses of memory. Memory is warm: a cold memory asks more often
    /// for the blocks that it has when it is warm, and those are found no later.
    #[must_use]
    pub fn filling(&self) -> &[Step] {
        self.steps.get_or_init(|| self.fills())
    }

    fn fills(&self) -> Vec<Step> {
        let total = self.missed.per_second();
        let share = |group: &Group| Group { rate: group.rate / total, ..*group };
        let groups: Vec<Group> = self.missed.groups.iter().map(share).collect();
        let mut steps = filling::of_groups(&groups, self.hits);
        for step in &mut steps {
            // Of these look-ups the passes take up what they can.
            step.look_ups /= (self.pace / step.misses).min(1.0);
        }
        steps
    }
}

/// Computes what a second level finds of contents that share it.
#[must_use]
pub fn second_level(missed: Vec<MissedBlocks>, feed: Feed) -> Vec<Found> {
    let sum = |of: &dyn Fn(&Group) -> f64| -> f64 {
        missed.iter().map(|content| content.block * content.sum(of)).sum()
    };
    let (all, asked) = (sum(&|group| group.objects), sum(&|group| group.rate));
    let held = |share: f64, time: f64| {
        let part = |rate: f64| share * rate * time / (1.0 + share * rate * time);
        sum(&|group| if time.is_finite() { part(group.rate) } else { 1.0 })
    };
    let time_of = |share: f64| {
        let with = |time: f64| held(share, time);
        fills_in((all, asked * share), feed.size, &with)
    };
    // Written per second, the level is written once in that time.
    let keeps_up = |share: f64| feed.size / time_of(share) <= feed.most_per_s;
    let mut share = 1.0;
    if asked > 0.0 && !keeps_up(share) {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = low + (high - low) / 2.0;
            if keeps_up(middle) { low = middle } else { high = middle }
        }
        share = low;
    }
    let time = if asked > 0.0 { time_of(share) } else { f64::INFINITY };
    let pace = feed.most_per_s / asked;
    let of = |missed: MissedBlocks| {
        let found = |group: &Group| {
            let met = share * group.rate * time;
            group.rate * if met.is_finite() { met / (1.0 + met) } else { 1.0 }
        };
        let total = missed.per_second();
        let hits = if total > 0.0 && feed.size > 0.0 { missed.sum(found) / total } else { 0.0 };
        Found { hits, stored: share, pace, missed, steps: OnceLock::new() }
    };
    missed.into_iter().map(of).collect()
}
