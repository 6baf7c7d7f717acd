//! Hit ratio of the second level of a memory (L2ARC) in closed form, where [`crate::mechanism::l2arc`] simulates it.
//!
//! Model: the second level is asked for what memory misses, and takes up blocks that memory evicts. Memory misses a block as often
//! as it evicts it, m times per second. A share φ of those evictions that find no copy of their block makes one. The copy is
//! overwritten after the time T in which the level is written once. From one copy to the next there are m T misses that find
//! it, and 1/φ misses that do not:
//!
//! ```text
//! h = m φT / (1 + m φT)       Σ b h = S (T is infinite if all blocks fit)       written per second  W = φ Σ b m / (1 + m φT)
//! ```
//!
//! with the size b of a block. The equation for S determines φT, so the pace of the passes changes what is written, and not what is
//! found. φ is 1 if the passes keep up with W; otherwise it is such that W is the most that they write. S is the size
//! of the level, less the free space that each pass makes and does not use. For the stream of misses this is a cache that evicts what
//! arrived first ([`hits`](super::hits)).
//!
//! Takes the misses of each block; gives for each content the share of the misses that the second level finds, and the copies
//! made per miss that it does not find. Leaves out: that a block found there counts in memory as read repeatedly, so memory hits
//! somewhat less and the second level somewhat more (nearly the same in all); copies of blocks that are read again before they are
//! evicted, which take the place of others where a pass is large beside memory; that passes which do not keep up take frequent
//! blocks first; blocks that are evicted between two passes although the passes write less than they may.
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
    /// Most that one pass writes, in bytes.
    pub write: f64,
    /// Time from one pass to the next, in seconds.
    pub every: f64,
    /// The same after a pass that wrote more than half of its most.
    pub again: f64,
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
    /// Returns the steps in which it fills after it was lost, by the misses of a warm memory.
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
        steps.chunks(TOGETHER).map(joined).collect()
    }
}

/// Number of steps of a cache that are one of a second level: each has states of its own, together with those of memory.
const TOGETHER: usize = 3;

fn joined(steps: &[Step]) -> Step {
    let look_ups: f64 = steps.iter().map(|step| step.look_ups).sum();
    let misses: f64 = steps.iter().map(|step| step.look_ups * step.misses).sum();
    Step { look_ups, misses: misses / look_ups }
}

/// Computes what a second level finds of contents that share it.
#[must_use]
pub fn second_level(missed: Vec<MissedBlocks>, feed: Feed) -> Vec<Found> {
    let sum = |of: &dyn Fn(&Group) -> f64| -> f64 {
        missed.iter().map(|content| content.block * content.sum(of)).sum()
    };
    let (all, asked) = (sum(&|group| group.objects), sum(&|group| group.rate));
    let held = |time: f64| sum(&|group| part(group.rate * time));
    let time_of = |size: f64| {
        if asked > 0.0 { fills_in((all, asked), size, &held) } else { f64::INFINITY }
    };
    let written = |time: f64| sum(&|group| group.rate * (1.0 - part(group.rate * time)));
    // A pass writes whole blocks.
    let block = missed.iter().map(|content| content.block).fold(0.0, f64::max);
    let alike = missed.iter().all(|content| content.block == block);
    let write = if alike { (feed.write / block).floor() * block } else { feed.write };
    let least = (feed.size - feed.write).max(0.0);
    let used = least + (written(time_of(least)) * feed.every).min(feed.write);
    let time = time_of(used);
    let most = (write / feed.again).max(write / 2.0 / feed.every);
    let stored = (most / written(time)).min(1.0);
    let of = |missed: MissedBlocks| {
        let found = |group: &Group| group.rate * part(group.rate * time);
        let total = missed.per_second();
        let hits = if total > 0.0 { missed.sum(found) / total } else { 0.0 };
        Found { hits, stored, pace: most / asked, missed, steps: OnceLock::new() }
    };
    missed.into_iter().map(of).collect()
}

/// Returns the probability that a block has a copy, for its misses in the life of a copy.
fn part(misses: f64) -> f64 {
    if misses.is_finite() { misses / (1.0 + misses) } else { 1.0 }
}
