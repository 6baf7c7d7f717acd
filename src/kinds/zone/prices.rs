//! Sizes of servers and zones by which prices count them, and the zones on a bill.
//!
//! A zone's cores are its cap; a zone without one may use all cores of its server, so it has no number of its own. A
//! virtual machine has its virtual processors, and the memory of its guest.

use std::collections::BTreeSet;

use crate::kinds::zone::vm;
use crate::model::spec::price::{Size, Tariff};
use crate::plan::Draft;
use crate::plan::cost::gib;
use crate::plan::graph::{Graph, Subject};
use crate::plan::kind::parts::Priced;
use crate::plan::lint::judged;
use crate::plan::load;
use crate::plan::part::Part;

/// Returns the size of a server, or of a set of disks in one.
pub(super) fn of_server(draft: &Draft, part: Part, size: Size) -> Option<f64> {
    let Part::Server(id) = part else {
        return part.disk_set(draft).filter(|_| size == Size::Disk).map(|set| set.disks());
    };
    let server = &draft.scenario.server[id.group].1;
    match size {
        Size::Core => Some(f64::from(server.cores.value)),
        Size::Gib => server.memory.as_ref().map(|memory| gib(memory.value)),
        Size::Disk => Some(server.disks.value.iter().map(|(_, set)| set.disks()).sum()),
        Size::Mbit => None,
    }
}

/// Returns the size of a member of a zone.
pub(super) fn of_zone(draft: &Draft, zone: usize, size: Size) -> Option<f64> {
    let (spec, vm) = (&draft.scenario.zone[zone].1, vm::of(draft, zone));
    match size {
        Size::Core => {
            let cap = spec.cpu.value.cap.as_ref().map(|cap| cap.value);
            let vcpus = vm.map(|vm| f64::from(vm.vcpus.value));
            vcpus.map(|vcpus| cap.map_or(vcpus, |cap| cap.min(vcpus))).or(cap)
        }
        // The memory that a machine is sold with is that of its guest.
        Size::Gib => match vm {
            Some(vm) => Some(gib(vm.memory.value)),
            None => spec.memory.as_ref().map(|memory| gib(memory.value)),
        },
        Size::Disk | Size::Mbit => None,
    }
}

/// Returns the zones at the price of a zone: those that judged classes use, then the others.
pub(super) fn of_zones(draft: &Draft, own: &BTreeSet<Part>) -> Vec<Priced> {
    let used = used(draft);
    let zones = draft.scenario.zone.iter().enumerate().flat_map(|(zone, (_, spec))| {
        (0..spec.count.value).map(move |member| Part::Zone { zone, member })
    });
    let (used, unused): (Vec<Part>, Vec<Part>) = zones.partition(|part| used.contains(part));
    let line = |what, parts: Vec<Part>| Priced::new(Tariff::Zone, what, parts.into_iter(), own);
    vec![line("zones", used), line("zones that no judged class uses", unused)]
}

/// Returns the zones that the judged classes need or give work to.
fn used(draft: &Draft) -> BTreeSet<Part> {
    let graph = Graph::of(draft);
    let judged = judged(draft, &graph);
    let mut zones: BTreeSet<Part> = BTreeSet::new();
    for node in judged.iter().filter_map(|subject| graph.subject(*subject)) {
        zones.extend(graph.below(node).into_iter().filter_map(|id| graph.node(id).part));
    }
    let asks = |class: &Option<usize>| {
        let one = class.is_some_and(|class| judged.contains(&Subject::Class(class)));
        f64::from(u8::from(one))
    };
    let rates: Vec<f64> = draft.links.classes.iter().map(asks).collect();
    let offered = load::offered(draft, &rates).into_iter();
    zones.extend(offered.filter(|one| !one.is_rest || one.per_second > 0.0).map(|one| one.part));
    let is_zone = |part: &Part| matches!(part, Part::Zone { .. });
    zones.into_iter().filter(is_zone).collect()
}
