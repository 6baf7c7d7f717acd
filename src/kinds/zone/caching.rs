//! Memory of a server as a cache of reads from its own disk sets: its size, the data read, and memory without use.
//!
//! `ram-cache` gives its size, by default all that the zones leave free. The data read from a set is its `content`; without
//! one, no read can be answered from memory, and every read goes to a disk.

use crate::kinds::zone::caps;
use crate::model::spec::memory::ContentSpec;
use crate::plan::Draft;
use crate::plan::links::Store;
use crate::plan::part::Part;
use crate::plan::placement::ServerId;
use crate::plan::reads;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::value::Spanned;
use crate::units::Bytes;

/// Returns the memory of a server that its zones leave free; `None` if the file does not give its size.
pub(super) fn free(draft: &Draft, id: ServerId) -> Option<Bytes> {
    let server = &draft.scenario.server[id.group].1;
    let all = server.memory.as_ref()?.value.count();
    let held = draft.placed.held.get(id.group)?.get(id.member as usize)?;
    Some(Bytes::new(all.saturating_sub(*held)))
}

/// Returns the memory of a server that can cache reads; `None` if the file gives neither size.
pub(super) fn size(draft: &Draft, id: ServerId) -> Option<Bytes> {
    let given = draft.scenario.server[id.group].1.ram_cache.as_ref();
    given.map(|given| given.value).or_else(|| free(draft, id))
}

/// Returns the contents of the disk sets of a server, in the order of the file, each with its set.
pub(super) fn contents(draft: &Draft, group: usize) -> Vec<(usize, &Spanned<ContentSpec>)> {
    let sets = draft.scenario.server[group].1.disks.iter().enumerate();
    sets.filter_map(|(set, (_, disks))| Some((set, disks.content.as_ref()?))).collect()
}

/// Returns whether a server has a cache that can be filled or lost.
pub(super) fn caches(draft: &Draft, id: ServerId) -> bool {
    let has_memory = size(draft, id).is_some_and(|memory| memory.count() > 0);
    !contents(draft, id.group).is_empty() && (has_memory || becomes_free(draft, id))
}

/// Returns whether an operation resizes zones of a server that caches in all that they leave free.
fn becomes_free(draft: &Draft, id: ServerId) -> bool {
    let has_size = draft.scenario.server[id.group].1.ram_cache.is_some();
    let is_here = |part: &Part| part.stands_on(draft) == Some(Part::Server(id));
    let mut sizes = caps::resizes(draft, is_here).filter_map(|spec| spec.memory.as_ref());
    !has_size && free(draft, id).is_some() && sizes.next().is_some()
}

/// Reports memory that cannot cache reads because the file does not declare the content.
pub(super) fn lint(draft: &Draft, out: &mut Diagnostics) {
    for store in reads::stores(draft) {
        let Store::Disks { server: group, set } = store else { continue };
        let (server, spec) = &draft.scenario.server[group];
        let (disks, spec_of_set) = &spec.disks[set];
        if spec_of_set.content.is_some() {
            continue;
        }
        let mut ids = (0..spec.count.value).map(|member| ServerId { group, member });
        let Some(memory) = ids.find_map(|id| size(draft, id).filter(|size| size.count() > 0))
        else {
            continue;
        };
        out.push(reads::no_content(&format!("{server}.{disks}"), disks.span, memory));
    }
}
