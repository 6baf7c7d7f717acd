//! The parts that a sharded database means: those of its shards. It has none of its own.

use crate::kinds::sharded::plan::Sharded;
use crate::plan::Draft;
use crate::plan::kind::parts::{Parts, none};
use crate::plan::names::Kind;
use crate::plan::part::Part;

impl Parts for Sharded {
    none!(
        parts, sort, name, stands_on, way_back, role, life, publishes, shows, memory, remembers,
        not_yet, mechanisms, surrogates, passing, converging, size, priced
    );

    fn came_later(&self) -> bool {
        true
    }

    /// Returns the parts of all shards: `sharded.catalogue.primary` means the primary of each.
    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        member: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        if member.is_some() {
            return None;
        }
        let shards = &draft.links.own.sharded[index].shards;
        let each = |shard: &usize| Kind::Database.answers().meant(draft, *shard, None, word);
        let found: Vec<Part> = shards.iter().filter_map(each).flatten().collect();
        (!found.is_empty()).then_some(found)
    }

    fn words(&self, draft: &Draft, index: usize) -> Vec<String> {
        let shards = &draft.links.own.sharded[index].shards;
        let words = |shard: &usize| Kind::Database.answers().words(draft, *shard);
        shards.first().map(words).unwrap_or_default()
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}
