//! Memories that cache blocks read from disks.

use super::Builder;
use crate::kinds::cache::live::blocks::{Blocks, BlocksConfig, SecondConfig};
use crate::kinds::cache::live::{CacheConfig, Content};
use crate::mechanism::l2arc::Tuning;
use crate::model::blueprint::Config;
use crate::model::ids::{ComponentId, KeyId};
use crate::model::spec::memory::{ContentSpec, SecondLevelSpec};
use crate::plan::ram;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::value::Spanned;
use crate::units::Bytes;
use crate::workload::popularity::Zipf;

/// Size and policy of a memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemoryOf {
    /// Capacity.
    pub size: Bytes,
    /// True if it is adaptive (ARC).
    pub is_adaptive: bool,
    /// True if blocks written enter it.
    pub takes_writes: bool,
    /// Its second level.
    pub second: Option<SecondConfig>,
}

impl Builder<'_> {
    /// Configures the memory of the component `process` with blocks of each content. A content comes with its number of
    /// pools, and the memory sees one pool's share of it.
    pub(crate) fn memory(
        &mut self,
        process: ComponentId,
        of: MemoryOf,
        contents: &[(u64, &Spanned<ContentSpec>)],
    ) -> Config {
        let contents = contents.iter().map(|(pools, content)| Blocks {
            popularity: self.popularity(content, *pools),
            block: u32::try_from(content.block.value.count()).expect("its key takes 1 GiB at most"),
        });
        let blocks = BlocksConfig {
            memory: of.size,
            contents: contents.collect(),
            is_adaptive: of.is_adaptive,
            takes_writes: of.takes_writes,
            second: of.second,
        };
        Config::Cache(CacheConfig {
            process,
            content: Content::Blocks(Box::new(blocks)),
            purged: false,
        })
    }

    /// Configures the second level of the memory `own`, on `disks`, with its figures at `part`. The kind of caches sets
    /// its key.
    pub(crate) fn second_level(
        &mut self,
        own: ComponentId,
        spec: &SecondLevelSpec,
        disks: ComponentId,
        part: ComponentId,
    ) -> SecondConfig {
        let tuning = Tuning {
            size: spec.size.value.count(),
            write: spec.write.value.count(),
            first: spec.cold_write.value.count(),
            every: spec.every.value,
            again: spec.again.value,
            depth: spec.depth.value,
        };
        let is_persistent = spec.persistent.value;
        SecondConfig { tuning, is_persistent, disks, part, unit: self.unit(own, 0), key: KeyId(0) }
    }

    /// Configures the component that has the figures of the second level of `memory`.
    pub(crate) fn second_level_of(&self, memory: ComponentId) -> Config {
        Config::Cache(CacheConfig { process: memory, content: Content::Second, purged: false })
    }

    fn popularity(&mut self, content: &Spanned<ContentSpec>, pools: u64) -> Zipf {
        let blocks = ram::blocks(&content.value, pools);
        self.tables.get(content.zipf.value, blocks).unwrap_or_else(|error| {
            let message = error.to_string().replace("objects", "blocks");
            let help = "a larger `block`, or the part of the content that is asked for at all";
            self.out.push(Diagnostic::new(Code::TooMany, content.span, message).help(help));
            Zipf::new(0.0, 1).expect("one block is always possible")
        })
    }
}
