//! The memory of servers and heads to caches of blocks.

use super::{Builder, Wanted};
use crate::model::blueprint::Config;
use crate::model::cache::{Blocks, CacheConfig, Content};
use crate::model::ids::ComponentId;
use crate::model::spec::storage::ContentSpec;
use crate::plan::memory;
use crate::plan::names::member_name;
use crate::plan::placement::ServerId;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::value::Spanned;
use crate::units::Bytes;
use crate::workload::popularity::Zipf;

/// Tables of popularity, which are large: servers of one group share them.
pub(super) type Tables = Vec<((u64, u64), Zipf)>;

/// Asks for a cache for each memory that has something to keep.
pub(super) fn gather(builder: &mut Builder<'_>) {
    let draft = builder.draft;
    for (group, (name, spec)) in draft.scenario.server.iter().enumerate() {
        for member in 0..spec.count.value {
            let id = ServerId { group, member };
            if memory::server_caches(draft, id) {
                let name = format!("{}.objects", member_name(name, member));
                builder.wanted.insert(name, Wanted::ServerMemory(id));
            }
        }
    }
    for (nas, (name, _)) in draft.scenario.nas.iter().enumerate() {
        if memory::head_caches(draft, nas) {
            builder.wanted.insert(format!("{name}.objects"), Wanted::HeadMemory(nas));
        }
    }
}

/// What the memory of a server keeps.
pub(super) fn of_server(builder: &mut Builder<'_>, id: ServerId) -> Config {
    let draft = builder.draft;
    let owner = builder.id(&builder.server_name(id));
    let memory = memory::of_server(draft, id).unwrap_or(Bytes::new(0));
    let contents = memory::contents_of_server(draft, id.group);
    blocks(builder, owner, memory, contents)
}

/// What the memory of the head of a file server keeps.
pub(super) fn of_head(builder: &mut Builder<'_>, nas: usize) -> Config {
    let draft = builder.draft;
    let owner = builder.id(&format!("{}.head", draft.scenario.nas[nas].0));
    let memory = memory::of_head(draft, nas).unwrap_or(Bytes::new(0));
    let contents = memory::contents_of_nas(draft, nas);
    blocks(builder, owner, memory, contents)
}

fn blocks(
    builder: &mut Builder<'_>,
    process: ComponentId,
    memory: Bytes,
    contents: Vec<(usize, &Spanned<ContentSpec>)>,
) -> Config {
    let contents = contents.iter().map(|(_, content)| Blocks {
        popularity: popularity(builder, content),
        block: content.block.value.count() as u32,
    });
    let contents = contents.collect();
    Config::Cache(CacheConfig { process, content: Content::Blocks { memory, contents } })
}

fn popularity(builder: &mut Builder<'_>, content: &Spanned<ContentSpec>) -> Zipf {
    let blocks = content.size.value.count().div_ceil(content.block.value.count());
    let key = (content.zipf.value.to_bits(), blocks);
    if let Some((_, known)) = builder.tables.iter().find(|(known, _)| *known == key) {
        return known.clone();
    }
    let table = Zipf::new(content.zipf.value, blocks).unwrap_or_else(|error| {
        let message = error.to_string().replace("objects", "blocks");
        let help = "a larger `block`, or the part of the content that is asked for at all";
        builder.out.push(Diagnostic::new(Code::TooMany, content.span, message).help(help));
        Zipf::new(0.0, 1).expect("one block is always possible")
    });
    builder.tables.push((key, table.clone()));
    table
}

/// The memory in front of the disk set `set` of a server, and which content of it that set is.
pub(super) fn before_disks(
    builder: &Builder<'_>,
    id: ServerId,
    set: &str,
) -> Option<(ComponentId, u32)> {
    let sets = &builder.draft.scenario.server[id.group].1.disks;
    let name = format!("{}.objects", builder.server_name(id));
    let contents = memory::contents_of_server(builder.draft, id.group);
    let place = contents.iter().position(|(at, _)| *sets[*at].0 == *set)?;
    Some((*builder.ids.get(&name)?, place as u32))
}

/// The memory in front of the volume `volume` of a file server, and which content of it that is.
pub(super) fn before_volume(
    builder: &Builder<'_>,
    nas: usize,
    volume: &str,
) -> Option<(ComponentId, u32)> {
    let (name, spec) = &builder.draft.scenario.nas[nas];
    let contents = memory::contents_of_nas(builder.draft, nas);
    let place = contents.iter().position(|(at, _)| *spec.volumes[*at].0 == *volume)?;
    Some((*builder.ids.get(&format!("{name}.objects"))?, place as u32))
}
