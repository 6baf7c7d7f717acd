//! Memories that cache blocks read from disks.

use super::Builder;
use crate::kinds::cache::live::{Blocks, CacheConfig, Content};
use crate::model::blueprint::Config;
use crate::model::ids::ComponentId;
use crate::model::spec::memory::ContentSpec;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::value::Spanned;
use crate::units::Bytes;
use crate::workload::popularity::Zipf;

/// Tables of popularity, which are large: memories with the same contents share them.
pub(super) type Tables = Vec<((u64, u64), Zipf)>;

impl Builder<'_> {
    /// Configures the memory of the component `process` with blocks of each content. A content comes with its number of
    /// pools, and the memory sees one pool's share of it.
    pub(crate) fn memory(
        &mut self,
        process: ComponentId,
        memory: Bytes,
        contents: &[(u64, &Spanned<ContentSpec>)],
    ) -> Config {
        let contents = contents.iter().map(|(pools, content)| Blocks {
            popularity: self.popularity(content, *pools),
            block: u32::try_from(content.block.value.count()).expect("its key takes 1 GiB at most"),
        });
        let contents = contents.collect();
        Config::Cache(CacheConfig { process, content: Content::Blocks { memory, contents } })
    }

    fn popularity(&mut self, content: &Spanned<ContentSpec>, pools: u64) -> Zipf {
        let all = content.size.value.count().div_ceil(content.block.value.count());
        let blocks = all.div_ceil(pools);
        let key = (content.zipf.value.to_bits(), blocks);
        if let Some((_, known)) = self.tables.iter().find(|(known, _)| *known == key) {
            return known.clone();
        }
        let table = Zipf::new(content.zipf.value, blocks).unwrap_or_else(|error| {
            let message = error.to_string().replace("objects", "blocks");
            let help = "a larger `block`, or the part of the content that is asked for at all";
            self.out.push(Diagnostic::new(Code::TooMany, content.span, message).help(help));
            Zipf::new(0.0, 1).expect("one block is always possible")
        });
        self.tables.push((key, table.clone()));
        table
    }
}
