//! Virtual machines: each is a zone that holds a hypervisor.
//!
//! Model: the section becomes a zone with the memory of the guest and of the hypervisor, which is all held at every
//! instant. The plan and the event loop see that zone; this file has what differs. A machine's virtual processors limit
//! the cores that it uses, its guest's work takes longer by a share, and each disk operation and each batch of packets of a
//! reply leaves the guest ([`Op::Exit`](crate::model::route::Op::Exit)). A resize is a reboot: the machine stops, changes, boots.
//!
//! In: the sections `[vm.*]`. Out: zones, and per zone the machine in it. Holds: zones of the file keep their indices.
//! Leaves out: a processor time limit that acts late on a guest that never leaves its run loop (KVM), siblings of a
//! hyperthreaded core kept free of other zones, input and output of calls that a guest makes, packets that arrive.
//! Source: `vmadm` of SmartOS for the memory of hypervisors and the time to stop; extra latencies are assumptions.

use std::collections::BTreeMap;

use crate::convert::place;
use crate::engine::law::Law;
use crate::kinds::zone::caching;
use crate::kinds::zone::spec::{Hypervisor, VmIo, VmSpec, ZoneSpec};
use crate::model::blueprint::Part as Component;
use crate::model::guest::Guest;
use crate::model::ids::ComponentId;
use crate::model::spec::runs::{Does, OperationSpec};
use crate::plan::Draft;
use crate::plan::between;
use crate::plan::checks::inert;
use crate::plan::compile::Numbers;
use crate::plan::document::ScenarioSpec;
use crate::plan::links::Entrance;
use crate::plan::part::Part;
use crate::plan::route::resolve::service_behind;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::value::Spanned;
use crate::units::{Bytes, SimDuration};

/// Bytes of a reply in one packet: the 1,500 of Ethernet, less 52 for the headers of IP, and of TCP with its time stamps.
const PACKET_BYTES: f64 = 1448.0;

impl VmSpec {
    /// Returns the memory that the machine holds for a guest with `memory`. The hypervisor's part is that of SmartOS.
    #[must_use]
    pub fn held(&self, memory: Bytes) -> Bytes {
        let own = match self.hypervisor.value {
            Hypervisor::Kvm => 1024 << 20,
            Hypervisor::Bhyve => 1280 << 20,
        };
        Bytes::new(memory.count().saturating_add(own))
    }

    /// Returns the time for which a resize takes the machine down.
    #[must_use]
    pub fn reboot(&self) -> SimDuration {
        SimDuration::from_nanos(
            self.stop.value.nanos().saturating_add(self.boot.value.nanos().max(1)),
        )
    }

    /// Returns the processor time per disk operation or reply.
    #[must_use]
    pub fn exit(&self) -> SimDuration {
        let given = self.io_cpu.as_ref().map(|given| given.value);
        given.unwrap_or(SimDuration::from_nanos(match self.io.value {
            VmIo::Virtio => 10_000,
            VmIo::Emulated => 50_000,
        }))
    }

    /// Returns the number of packets of a reply that leave with one exit. That of `virtio` is `vmadm`'s default.
    #[must_use]
    pub fn packets_per_exit(&self) -> u32 {
        let given = self.packets_per_exit.as_ref().map(|given| given.value);
        given.unwrap_or(match self.io.value {
            VmIo::Virtio => 128,
            VmIo::Emulated => 1,
        })
    }

    /// Returns the bytes of a reply that leave with one exit.
    fn batch(&self) -> f64 {
        PACKET_BYTES * f64::from(self.packets_per_exit())
    }

    /// Returns the law of the latency per disk operation or reply, in seconds, without the processor time.
    fn latency(&self) -> Option<Law> {
        if let Some(given) = &self.io_latency {
            return Some(given.law().clone());
        }
        let (low, high) = match self.io.value {
            VmIo::Virtio => (10e-6, 90e-6),
            VmIo::Emulated => (50e-6, 450e-6),
        };
        Law::uniform(low, high).ok()
    }
}

/// Replaces each section of virtual machines by a zone, after the zones of the file. Returns the scenario as it was if
/// that changes.
pub fn expand(scenario: &mut ScenarioSpec) -> Option<Box<ScenarioSpec>> {
    let named = &scenario.vm.value;
    if named.entries.is_empty() && named.failed.is_empty() {
        return None;
    }
    let written = Box::new(scenario.clone());
    let machines = &mut scenario.vm.value;
    let (entries, failed) =
        (std::mem::take(&mut machines.entries), std::mem::take(&mut machines.failed));
    let zones = &mut scenario.zone.value;
    zones.entries.extend(entries.into_iter().map(|(name, vm)| (name, zone(vm))));
    zones.failed.extend(failed);
    Some(written)
}

/// Returns the zone that holds a machine.
fn zone(vm: VmSpec) -> ZoneSpec {
    let held = vm.held(vm.memory.value);
    ZoneSpec {
        memory: Some(Spanned { value: held, ..vm.memory }),
        count: vm.count,
        on: vm.on,
        placement: vm.placement,
        among: vm.among,
        apart: vm.apart,
        cpu: vm.cpu,
        io_priority: vm.io_priority,
        boot: vm.boot,
        span: vm.span,
    }
}

/// Returns the machine in a zone; `None` if the zone is one of the file.
#[must_use]
pub fn of(draft: &Draft, zone: usize) -> Option<&VmSpec> {
    let written = draft.as_written();
    let at = zone.checked_sub(written.zone.len())?;
    (at < written.vm.len()).then(|| &written.vm[at].1)
}

/// Returns the processor time that one second of work takes in the zone `part`.
#[must_use]
pub fn slowness(draft: &Draft, part: Part) -> f64 {
    let Part::Zone { zone, .. } = part else { return 1.0 };
    of(draft, zone).map_or(1.0, |vm| 1.0 + vm.cpu_overhead.value)
}

/// Mean times of an exit, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ExitTimes {
    /// Processor time.
    pub cpu: f64,
    /// Latency after it.
    pub latency: f64,
}

/// Returns the zone in which `user` runs and the machine in it; `None` if it runs in no guest.
fn around(draft: &Draft, user: Part) -> Option<(Part, &VmSpec)> {
    if draft.as_written().vm.is_empty() {
        return None;
    }
    let part = user.stands_on(draft)?;
    let Part::Zone { zone, .. } = part else { return None };
    Some((part, of(draft, zone)?))
}

/// Returns the zone in which `user` runs and the processor time of an exit in seconds; `None` if it runs in no guest.
#[must_use]
pub fn exit_of(draft: &Draft, user: Part) -> Option<(Part, f64)> {
    around(draft, user).map(|(part, vm)| (part, vm.exit().seconds()))
}

/// Returns the mean times of an exit of the guest in which `user` runs; zero if it runs in none.
#[must_use]
pub fn exit_s(draft: &Draft, user: Part) -> ExitTimes {
    around(draft, user).map_or_else(ExitTimes::default, |(_, vm)| ExitTimes {
        cpu: vm.exit().seconds(),
        latency: vm.latency().map_or(0.0, |law| law.mean()),
    })
}

/// Returns the mean number of exits of a reply of `class`, or of an answer to a call for `None`, by the guest in which `part`
/// runs: each batch of packets takes one. It is one where `part` runs in no guest.
#[must_use]
pub fn exits_of_reply(draft: &Draft, class: Option<usize>, part: Part) -> f64 {
    let Some((_, vm)) = around(draft, part) else { return 1.0 };
    let reply = class.and_then(|class| draft.scenario.request[class].1.reply.as_ref());
    reply.map_or(1.0, |law| mean_of_batches(law.value.law(), vm.batch()))
}

/// Returns the mean of a size divided by `batch` and rounded up, at least one: 1 + P(X > batch) + P(X > 2 batch) + ... Beyond 512
/// batches one term stands for several, at most for a 512th of those before it.
fn mean_of_batches(size: &Law, batch: f64) -> f64 {
    let (mut mean, mut count) = (1.0, 1.0);
    loop {
        let width = f64::max(1.0, (count / 512.0_f64).floor());
        let beyond = size.survival(batch * (count + (width - 1.0) / 2.0));
        mean += width * beyond;
        if beyond * count < 1e-9 {
            return mean;
        }
        count += width;
    }
}

/// Returns the memory that a zone has after an operation gives it `memory`.
#[must_use]
pub fn held(draft: &Draft, zone: usize, memory: Bytes) -> Bytes {
    of(draft, zone).map_or(memory, |vm| vm.held(memory))
}

/// Returns the most cores that a zone can use on a server of `cores`, by its cap and its virtual processors.
#[must_use]
pub fn most_cores(draft: &Draft, zone: usize, cores: f64) -> f64 {
    let cap = draft.scenario.zone[zone].1.cpu.cap.as_ref();
    let most = cap.map_or(cores, |cap| cap.value.min(cores));
    of(draft, zone).map_or(most, |vm| most.min(f64::from(vm.vcpus.value)))
}

/// Returns the machines that an operation reboots, by the time for which they are down.
#[must_use]
pub fn reboots_by_length(
    draft: &Draft,
    operation: &OperationSpec,
) -> BTreeMap<SimDuration, Vec<Part>> {
    let mut all: BTreeMap<SimDuration, Vec<Part>> = BTreeMap::new();
    for (machine, lasts) in reboots(draft, operation) {
        all.entry(lasts).or_default().push(machine);
    }
    all
}

/// Gives the components that run in guests the exits and the slowness of their machines.
pub fn admit(numbers: &Numbers<'_>, parts: &mut [Component]) {
    let draft = numbers.draft();
    let mut guests: BTreeMap<(ComponentId, u32), (Guest, f64)> = BTreeMap::new();
    for (zone, members) in draft.placed.zones.iter().enumerate() {
        let Some(vm) = of(draft, zone) else { continue };
        let Some(latency) = vm.latency() else { continue };
        let exit = vm.exit().nanos();
        for member in 0..members.len() {
            let guest = Guest { exit, latency: latency.sampler(), batch: vm.batch() };
            if let Some(stands) = numbers.place((zone, place(member))) {
                guests.insert((stands.cpu, stands.zone), (guest, 1.0 + vm.cpu_overhead.value));
            }
        }
    }
    for part in parts {
        let stands = part.place.map(|stands| (stands.cpu, stands.zone));
        if let Some((guest, slowness)) = stands.and_then(|stands| guests.get(&stands)) {
            part.slowness = *slowness;
            part.guest = Some(Box::new(guest.clone()));
        }
    }
}

/// Returns whether an operation reboots a machine.
#[must_use]
pub fn is_rebooted(draft: &Draft, operation: &OperationSpec) -> bool {
    !draft.as_written().vm.is_empty() && !reboots(draft, operation).is_empty()
}

/// Returns the machines that an operation reboots, each with the time for which it is down. The checks have reported
/// wrong references already.
#[must_use]
pub fn reboots(draft: &Draft, operation: &OperationSpec) -> Vec<(Part, SimDuration)> {
    if operation.does.as_ref().is_none_or(|does| does.value != Does::Resize) {
        return Vec::new();
    }
    let parts = draft.targets.operated(operation).into_iter();
    let machine = |part: Part| match part {
        Part::Zone { zone, .. } => of(draft, zone).map(|vm| (part, vm.reboot())),
        _ => None,
    };
    parts.filter_map(machine).collect()
}

/// Reports keys of the machine in a zone that contradict each other or have no effect.
pub(super) fn check(draft: &Draft, zone: usize, out: &mut Diagnostics) {
    let Some(vm) = of(draft, zone) else { return };
    let servers =
        || draft.placed.zones[zone].iter().map(|id| (id, &draft.scenario.server[id.group].1));
    if let Some(pages) = &vm.page_cache {
        if pages.value > vm.memory.value {
            let message = format!("a guest of {} cannot cache {}", vm.memory.value, pages.value);
            let mistake = Diagnostic::new(Code::OutOfRange, pages.span, message);
            out.push(mistake.related(vm.memory.span, "its memory"));
        }
        let blocks = servers().flat_map(|(id, _)| caching::contents(draft, id.group));
        let smallest =
            blocks.map(|(_, content)| &content.value.block).min_by_key(|block| block.value);
        if let Some(block) =
            smallest.filter(|block| (1..block.value.count()).contains(&pages.value.count()))
        {
            let message = format!("{} hold no block of {}", pages.value, block.value);
            let mistake = Diagnostic::new(Code::OutOfRange, pages.span, message);
            out.push(mistake.related(block.span, "the smallest block of its servers"));
        }
        let mut contents = servers().map(|(id, _)| caching::contents(draft, id.group));
        if pages.value.count() > 0 && contents.all(|contents| contents.is_empty()) {
            let message = "no set of disks of its servers has a `content` that could be cached";
            let help = "give a set of disks a `content`, or remove `page-cache`";
            inert(pages.span, message, help, out);
        }
    }
    check_devices(vm, may_reply(draft, zone), out);
    if let Some(baseline) = &vm.cpu.baseline
        && baseline.value > f64::from(vm.vcpus.value)
    {
        let message = format!(
            "a baseline of {} is above its {} virtual processors",
            baseline.value, vm.vcpus.value
        );
        let mistake = Diagnostic::new(Code::OutOfRange, baseline.span, message);
        out.push(mistake.related(vm.vcpus.span, "its virtual processors"));
    } else if let (Some(baseline), Some(burst)) = (&vm.cpu.baseline, &vm.cpu.burst)
        && baseline.value >= f64::from(vm.vcpus.value)
    {
        let message = format!(
            "its {} virtual processors never use more than the baseline of {}",
            vm.vcpus.value, baseline.value
        );
        let help = "lower the `baseline`, give more `vcpus`, or remove `burst`";
        inert(burst.span, &message, help, out);
    }
    let mut operations = draft.scenario.operation.iter();
    let resized = |part: &Part| matches!(part, Part::Zone { zone: other, .. } if *other == zone);
    let resizes =
        |operation: &OperationSpec| reboots(draft, operation).iter().any(|(part, _)| resized(part));
    if vm.stop.given && !operations.any(|(_, operation)| resizes(operation)) {
        let message = "no operation resizes it: it is never shut down";
        inert(vm.stop.span, message, "add a `resize`, or remove `stop`", out);
    }
}

/// Reports keys of the devices that decide nothing; `replies` if a class with a `reply` may enter a service in the machine.
fn check_devices(vm: &VmSpec, replies: bool, out: &mut Diagnostics) {
    if let Some(packets) = vm.packets_per_exit.as_ref().filter(|_| !replies) {
        let message = "no class of requests with a `reply` enters a service in this machine";
        inert(packets.span, message, "give a class a `reply`, or remove `packets-per-exit`", out);
    }
    if let Some(packets) = vm.packets_per_exit.as_ref().filter(|_| vm.exit().is_zero()) {
        let message = "`io-cpu` is 0, so no number of exits takes time";
        inert(packets.span, message, "remove `packets-per-exit`, or raise `io-cpu`", out);
    }
    if vm.io.given && vm.io_latency.is_some() && vm.io_cpu.is_some() {
        let message = match (&vm.packets_per_exit, replies) {
            (None, true) => return,
            (None, false) => "`io-latency` and `io-cpu` give all that `io` decides here",
            (Some(_), _) => {
                "`io-latency`, `io-cpu` and `packets-per-exit` give all that `io` decides"
            }
        };
        inert(vm.io.span, message, "remove `io`", out);
    }
}

/// Returns whether a class of requests with a `reply` enters a service in the zone, as far as the names of the file are right.
fn may_reply(draft: &Draft, zone: usize) -> bool {
    let here = |part: &Part| matches!(part.stands_on(draft), Some(Part::Zone { zone: other, .. }) if other == zone);
    let enters = |to: &Entrance| {
        let service = service_behind(&draft.links, *to);
        let nowhere = service.is_some_and(|service| draft.links.services[service].members == 0);
        nowhere || between::at_work(draft, *to).iter().any(here)
    };
    let mut classes = draft.scenario.request.iter().zip(&draft.links.enters);
    classes.any(|((_, spec), to)| {
        let wrong = spec.enter.is_some() && to.is_none();
        spec.reply.is_some() && (wrong || to.as_ref().is_some_and(enters))
    })
}

/// Reports a `resize` of machines that come back after the next one begins, or whose guests cache more than they have.
pub fn check_resized(draft: &Draft, operation: &OperationSpec, out: &mut Diagnostics) {
    let rebooted = reboots(draft, operation);
    if let (Some(every), Some((part, lasts))) =
        (&operation.every, rebooted.iter().max_by_key(|(_, lasts)| *lasts))
        && *lasts >= every.value.period()
    {
        let message = format!(
            "`{}` reboots for {lasts}, but each {} anew",
            part.name(draft),
            every.value.word()
        );
        out.push(Diagnostic::new(Code::TimesConflict, every.span, message));
    }
    let Some(memory) = &operation.memory else { return };
    for (part, _) in rebooted {
        let Some(vm) = of(draft, part.index()) else { continue };
        if let Some(pages) = vm.page_cache.as_ref().filter(|pages| pages.value > memory.value) {
            let message = format!(
                "a guest of {} cannot cache {}, as `{}` does",
                memory.value,
                pages.value,
                part.name(draft)
            );
            let mistake = Diagnostic::new(Code::OutOfRange, memory.span, message);
            return out.push(mistake.related(pages.span, "its `page-cache`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An exponential size takes 1 / (1 - q) batches, q = P(size > batch); one of many batches its mean and a half.
    #[test]
    fn the_mean_number_of_batches_is_that_of_the_law() {
        for mean in [100.0, 1_448.0, 5_000.0, 1e6, 1.4e8, 1e12] {
            let size = Law::exponential(mean).unwrap();
            let exact = -1.0 / libm::expm1(-1448.0 / mean);
            let found = mean_of_batches(&size, 1448.0);
            assert!((found / exact - 1.0).abs() < 1e-5, "{mean}: {found} of {exact}");
        }
        let spread = Law::lognormal(1e8, 4.0).unwrap();
        let found = mean_of_batches(&spread, 1448.0);
        assert!((found / (1e8 / 1448.0 + 0.5) - 1.0).abs() < 1e-3, "{found}");
        assert_eq!(mean_of_batches(&Law::constant(1448.0 * 3.0).unwrap(), 1448.0), 3.0);
    }
}
