//! The memory of servers and heads to caches of blocks.

use super::{Builder, Wanted};
use crate::convert::table;
use crate::kinds::cache::live::{Blocks, CacheConfig, Content};
use crate::model::blueprint::Config;
use crate::model::ids::ComponentId;
use crate::model::spec::memory::ContentSpec;
use crate::plan::Draft;
use crate::plan::memory;
use crate::plan::names::member_name;
use crate::plan::part::head_name;
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
    for (nas, (_, spec)) in draft.scenario.nas.iter().enumerate() {
        for number in (0..spec.heads.value).filter(|_| memory::head_caches(draft, nas)) {
            let name = memory::name_of_head(draft, nas, number);
            builder.wanted.insert(name, Wanted::HeadMemory(nas, number));
        }
    }
}

/// What the memory of a server keeps.
pub(super) fn of_server(builder: &mut Builder<'_>, id: ServerId) -> Config {
    let draft = builder.draft;
    let owner = builder.id(&builder.server_name(id));
    let memory = memory::of_server(draft, id).unwrap_or(Bytes::new(0));
    let contents = memory::contents_of_server(draft, id.group);
    let contents = contents.iter().map(|(_, content)| (1, *content)).collect();
    blocks(builder, owner, memory, contents)
}

/// What the memory of a head of a file server keeps: of every volume what lies on each of its
/// pools, also on those of the other head, which it serves after a takeover.
pub(super) fn of_head(builder: &mut Builder<'_>, nas: usize, number: u32) -> Config {
    let draft = builder.draft;
    let owner = builder.id(&head_name(draft, nas, number));
    let memory = memory::of_head(draft, nas).unwrap_or(Bytes::new(0));
    let contents = contents_by_pool(draft, nas);
    let contents = contents.iter().map(|(_, _, pools, content)| (*pools, *content)).collect();
    blocks(builder, owner, memory, contents)
}

/// Contents of the volumes of a file server, once for each pool that they are spread over: volume,
/// place among its pools, their number, content.
fn contents_by_pool(draft: &Draft, nas: usize) -> Vec<(usize, usize, u64, &Spanned<ContentSpec>)> {
    let mut all = Vec::new();
    for (volume, content) in memory::contents_of_nas(draft, nas) {
        let pools = draft.links.nas[nas].volumes[volume].len();
        all.extend((0..pools).map(|place| (volume, place, pools as u64, content)));
    }
    all
}

/// Blocks of each content, of which one in so many is there.
fn blocks(
    builder: &mut Builder<'_>,
    process: ComponentId,
    memory: Bytes,
    contents: Vec<(u64, &Spanned<ContentSpec>)>,
) -> Config {
    let contents = contents.iter().map(|(pools, content)| Blocks {
        popularity: popularity(builder, content, *pools),
        block: u32::try_from(content.block.value.count()).expect("its key takes 1 GiB at most"),
    });
    let contents = contents.collect();
    Config::Cache(CacheConfig { process, content: Content::Blocks { memory, contents } })
}

fn popularity(builder: &mut Builder<'_>, content: &Spanned<ContentSpec>, pools: u64) -> Zipf {
    let blocks = content.size.value.count().div_ceil(content.block.value.count()).div_ceil(pools);
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
    Some((*builder.ids.get(&name)?, table::u32(place)))
}

/// The memory of head `number` in front of pool `place` of a volume of a file server, and which
/// content of it that is.
pub(super) fn before_volume(
    builder: &Builder<'_>,
    nas: usize,
    number: u32,
    volume: usize,
    place: usize,
) -> Option<(ComponentId, u32)> {
    let contents = contents_by_pool(builder.draft, nas);
    let content = contents.iter().position(|one| (one.0, one.1) == (volume, place))?;
    let name = memory::name_of_head(builder.draft, nas, number);
    Some((*builder.ids.get(&name)?, table::u32(content)))
}
