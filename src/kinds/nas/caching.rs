//! Memory of a head as a cache of reads from the volumes of its file server: its size, the data read, and memory without use.
//!
//! `ram-cache` gives its size. The data read from a volume is its `content`; without one, no read can be answered from
//! memory, and every read goes to a disk.

use crate::model::spec::memory::ContentSpec;
use crate::plan::Draft;
use crate::plan::links::Store;
use crate::plan::reads;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::value::Spanned;
use crate::units::Bytes;

/// Returns the memory of a file server's head that can cache reads, 0 without one.
pub(super) fn size(draft: &Draft, nas: usize) -> Bytes {
    let given = draft.scenario.nas[nas].1.ram_cache.as_ref();
    given.map_or(Bytes::new(0), |given| given.value)
}

/// Returns the contents of the volumes of a file server, in the order of the file, each with its volume.
pub(super) fn contents(draft: &Draft, nas: usize) -> Vec<(usize, &Spanned<ContentSpec>)> {
    let volumes = draft.scenario.nas[nas].1.volumes.iter().enumerate();
    volumes.filter_map(|(at, (_, volume))| Some((at, volume.content.as_ref()?))).collect()
}

/// Returns whether the head of a file server has a cache that can be filled or lost.
pub(super) fn caches(draft: &Draft, nas: usize) -> bool {
    size(draft, nas).count() > 0 && !contents(draft, nas).is_empty()
}

/// Reports memory that cannot cache reads because the file does not declare the content.
pub(super) fn lint(draft: &Draft, out: &mut Diagnostics) {
    for store in reads::stores(draft) {
        let Store::Volume { nas, volume } = store else { continue };
        let (server, spec) = &draft.scenario.nas[nas];
        let (name, spec) = &spec.volumes[volume];
        let memory = size(draft, nas);
        if memory.count() > 0 && spec.content.is_none() {
            out.push(reads::no_content(&format!("{server}:{name}"), name.span, memory));
        }
    }
}
