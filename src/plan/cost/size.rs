//! Sizes of parts, for prices per core, per GiB of memory, per disk and per Mbit/s.
//!
//! Holds: a part without the size has `None`, never zero. A zone's cores are its cap; a zone without one may use all
//! cores of its server, so it has no number of its own. A virtual machine has its virtual processors.

use crate::kinds::zone::vm;
use crate::model::spec::price::Size;
use crate::plan::Draft;
use crate::plan::part::Part;

/// Bytes of a GiB.
const GIB: f64 = 1_073_741_824.0;
/// Bytes per second of a Mbit/s.
const MBIT: f64 = 125_000.0;

/// Returns the size of a part; `None` if it has none of this kind.
#[must_use]
pub fn size(draft: &Draft, part: Part, size: Size) -> Option<f64> {
    match size {
        Size::Core => cores(draft, part),
        Size::Gib => memory(draft, part),
        Size::Disk => disks(draft, part),
        Size::Mbit => bandwidth(draft, part),
    }
}

/// Returns what to write so that a part has a size, for the help of an error.
#[must_use]
pub const fn advice(size: Size) -> &'static str {
    match size {
        Size::Core => "servers, balancers with `cores`, and zones with `cpu.cap` have cores",
        Size::Gib => "servers and zones with `memory` have it",
        Size::Disk => "servers, their sets of disks and pools of file servers have disks",
        Size::Mbit => "uplinks, switches and links between sites have a bandwidth",
    }
}

fn cores(draft: &Draft, part: Part) -> Option<f64> {
    let scenario = &draft.scenario;
    match part {
        Part::Server(server) => Some(f64::from(scenario.server[server.group].1.cores.value)),
        Part::Zone { zone, .. } => {
            let cap = scenario.zone[zone].1.cpu.value.cap.as_ref().map(|cap| cap.value);
            let vcpus = vm::of(draft, zone).map(|vm| f64::from(vm.vcpus.value));
            vcpus.map(|vcpus| cap.map_or(vcpus, |cap| cap.min(vcpus))).or(cap)
        }
        Part::Balancer { balancer, .. } => {
            scenario.balancer[balancer].1.cores.as_ref().map(|cores| f64::from(cores.value))
        }
        _ => None,
    }
}

fn memory(draft: &Draft, part: Part) -> Option<f64> {
    let scenario = &draft.scenario;
    let memory = match part {
        Part::Server(server) => scenario.server[server.group].1.memory.as_ref(),
        // The memory that a machine is sold with is that of its guest.
        Part::Zone { zone, .. } => match vm::of(draft, zone) {
            Some(vm) => Some(&vm.memory),
            None => scenario.zone[zone].1.memory.as_ref(),
        },
        _ => None,
    };
    memory.map(|memory| memory.value.count() as f64 / GIB)
}

fn disks(draft: &Draft, part: Part) -> Option<f64> {
    let scenario = &draft.scenario;
    let count = |set: &crate::kinds::disks::spec::DiskSetSpec| {
        f64::from(set.data.value) + f64::from(set.parity.value)
    };
    match part {
        Part::Server(server) => {
            let disks = &scenario.server[server.group].1.disks.value;
            Some(disks.iter().map(|(_, set)| count(set)).sum())
        }
        _ => part.disk_set(draft).map(count),
    }
}

fn bandwidth(draft: &Draft, part: Part) -> Option<f64> {
    let scenario = &draft.scenario;
    let bandwidth = match part {
        Part::Uplink { site, .. } => scenario.site[site].1.uplinks.as_ref()?.value.bandwidth.value,
        Part::Switch { rack, .. } => scenario.rack[rack].1.switch.as_ref()?.value.bandwidth.value,
        Part::Link(link) => scenario.link[link].1.bandwidth.value,
        _ => return None,
    };
    Some(bandwidth.bytes_per_s() as f64 / MBIT)
}
