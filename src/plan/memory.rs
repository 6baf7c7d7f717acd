//! Memory as a cache of disk reads: its owner, its size, and the data read.
//!
//! The memory of a server caches reads of its own disk sets: `ram-cache` gives its size, by default all
//! that its zones leave free. The memory of a head caches reads of the volumes of its file server,
//! with the size `ram-cache`. The data read from a store is its `content`; without one, no read can be
//! answered from memory, and every read goes to a disk.

use std::collections::BTreeSet;

use crate::model::spec::memory::ContentSpec;
use crate::plan::Draft;
use crate::plan::links::Store;
use crate::plan::names::member_name;
use crate::plan::placement::ServerId;
use crate::plan::route::{Does, each};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::value::Spanned;
use crate::units::Bytes;

/// Returns the memory of a server that its zones leave free; `None` if the file does not give its size.
#[must_use]
pub fn free(draft: &Draft, id: ServerId) -> Option<Bytes> {
    let server = &draft.scenario.server[id.group].1;
    let all = server.memory.as_ref()?.value.count();
    let held = draft.placed.held.get(id.group)?.get(id.member as usize)?;
    Some(Bytes::new(all.saturating_sub(*held)))
}

/// Returns the memory of a server that can cache reads; `None` if the file gives neither size.
#[must_use]
pub fn of_server(draft: &Draft, id: ServerId) -> Option<Bytes> {
    let given = draft.scenario.server[id.group].1.ram_cache.as_ref();
    given.map(|given| given.value).or_else(|| free(draft, id))
}

/// Returns the memory of a file server's head that can cache reads; `None` if the file does not give it.
#[must_use]
pub fn of_head(draft: &Draft, nas: usize) -> Option<Bytes> {
    draft.scenario.nas[nas].1.ram_cache.as_ref().map(|given| given.value)
}

/// Returns the services in a zone that declare their working sets, in the order of the file.
pub fn working_sets(draft: &Draft, zone: usize) -> impl Iterator<Item = usize> + '_ {
    let services = draft.scenario.service.iter().zip(&draft.links.services).enumerate();
    services.filter_map(move |(index, ((_, spec), links))| {
        (links.zone == Some(zone) && spec.working_set.is_some()).then_some(index)
    })
}

/// Returns the name of the component that is the memory of a zone member with declared working sets.
#[must_use]
pub fn memory_name(draft: &Draft, (zone, member): (usize, u32)) -> String {
    format!("{}.memory", member_name(&draft.scenario.zone[zone].0, member))
}

/// Returns the contents of the disk sets of a server, in the order of the file, each with its set.
#[must_use]
pub fn contents_of_server(draft: &Draft, group: usize) -> Vec<(usize, &Spanned<ContentSpec>)> {
    let sets = draft.scenario.server[group].1.disks.iter().enumerate();
    sets.filter_map(|(set, (_, disks))| Some((set, disks.content.as_ref()?))).collect()
}

/// Returns the contents of the volumes of a file server, in the order of the file, each with its volume.
#[must_use]
pub fn contents_of_nas(draft: &Draft, nas: usize) -> Vec<(usize, &Spanned<ContentSpec>)> {
    let volumes = draft.scenario.nas[nas].1.volumes.iter().enumerate();
    volumes.filter_map(|(at, (_, volume))| Some((at, volume.content.as_ref()?))).collect()
}

/// Returns the members of a group of servers whose memory can cache reads.
fn caching(draft: &Draft, group: usize) -> impl Iterator<Item = ServerId> + '_ {
    let count = draft.scenario.server[group].1.count.value;
    let ids = (0..count).map(move |member| ServerId { group, member });
    ids.filter(move |id| of_server(draft, *id).is_some_and(|memory| memory.count() > 0))
}

/// Returns whether a server has a cache that can be filled or lost.
#[must_use]
pub fn server_caches(draft: &Draft, id: ServerId) -> bool {
    let memory = of_server(draft, id).is_some_and(|memory| memory.count() > 0);
    memory && !contents_of_server(draft, id.group).is_empty()
}

/// Returns whether the head of a file server has a cache that can be filled or lost.
#[must_use]
pub fn head_caches(draft: &Draft, nas: usize) -> bool {
    let memory = of_head(draft, nas).is_some_and(|memory| memory.count() > 0);
    memory && !contents_of_nas(draft, nas).is_empty()
}

/// Reports sizes of a content that contradict each other.
pub(crate) fn check_content(
    content: &Spanned<ContentSpec>,
    volume: Option<&Spanned<Bytes>>,
    out: &mut Diagnostics,
) {
    let (size, block) = (&content.size, &content.block);
    if block.value > size.value {
        let message =
            format!("a block of {} is larger than all of it, {}", block.value, size.value);
        out.push(Diagnostic::new(Code::OutOfRange, block.span, message));
    }
    if let Some(volume) = volume.filter(|volume| size.value > volume.value) {
        let message = format!("{} do not fit on a volume of {}", size.value, volume.value);
        out.push(
            Diagnostic::new(Code::OutOfRange, size.span, message)
                .related(volume.span, "the volume"),
        );
    }
}

/// Returns the stores that some step or query reads.
fn read(draft: &Draft) -> BTreeSet<Store> {
    let mut stores = BTreeSet::new();
    for route in &draft.routes {
        each(&route.steps, &mut |step| {
            let Does::Io(io) = &step.does else { return };
            for (service, mount) in io.mounts.iter().filter(|_| io.reads > 0.0) {
                stores.extend(draft.links.services[*service].mounts[*mount].iter().copied());
            }
        });
    }
    for ((_, database), links) in draft.scenario.database.iter().zip(&draft.links.databases) {
        if database.read.io.is_some() {
            stores.extend(links.members.iter().filter_map(|member| member.store));
        }
    }
    stores
}

/// Reports memory that cannot cache reads because the file does not declare the content.
pub fn lint(draft: &Draft, out: &mut Diagnostics) {
    let scenario = &draft.scenario;
    for store in read(draft) {
        let (owner, span, memory) = match store {
            Store::Disks { server, set } => {
                let (disks, spec) = &scenario.server[server].1.disks[set];
                let Some(id) = caching(draft, server).next().filter(|_| spec.content.is_none())
                else {
                    continue;
                };
                let name = format!("{}.{disks}", scenario.server[server].0);
                (name, disks.span, of_server(draft, id))
            }
            Store::Volume { nas, volume } => {
                let (name, spec) = &scenario.nas[nas].1.volumes[volume];
                let memory = of_head(draft, nas).filter(|memory| memory.count() > 0);
                if memory.is_none() || spec.content.is_some() {
                    continue;
                }
                (format!("{}:{name}", scenario.nas[nas].0), name.span, memory)
            }
        };
        let memory = memory.unwrap_or(Bytes::new(0));
        let message = format!(
            "{memory} of memory cannot cache reads of `{owner}`: the file does not \
             specify how much is read there"
        );
        let help = "give it a `content` (size, block, zipf), or set ram-cache = \"0B\" when the \
                    figures are already those behind the cache";
        out.push(Diagnostic::new(Code::NoContent, span, message).help(help));
    }
}
