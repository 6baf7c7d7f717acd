//! Servers and zones in the event loop: processors, local disks, memories, and the ledgers of zones.

use crate::convert::table;
use crate::kinds::disks::components::{Users, disks, give_keys};
use crate::kinds::disks::live::ledger::LedgerConfig;
use crate::kinds::disks::spec::DiskSetSpec;
use crate::kinds::service::working_sets::{self, memory_name};
use crate::kinds::zone::check::IO_PRIORITY;
use crate::kinds::zone::spec::{self, Burst, CpuTickSpec, ServerSpec};
use crate::kinds::zone::working_sets as sets;
use crate::kinds::zone::{Server, Zone, caching, caps, lent, memory, parts, vm};
use crate::mechanism::cpu_share::{self, ZoneLimits};
use crate::mechanism::cpu_tick::{self, TickRules};
use crate::mechanism::processor::CpuModel;
use crate::model::blueprint::{Config, Mount, Part, ZoneMeter};
use crate::model::ids::ComponentId;
use crate::model::world::resize::Recapping;
use crate::plan::Draft;
use crate::plan::compile::{Builder, Made};
use crate::plan::faults;
use crate::plan::kind::components::{Components, none};
use crate::plan::links::Store;
use crate::plan::names::member_name;
use crate::plan::placement::ServerId;
use crate::plan::program::Compiler;
use crate::scenario::value::Spanned;
use crate::units::Cores;

impl Components for Server {
    none!(carries, pools, entrance, keeper);

    fn gather(&self, builder: &mut Builder<'_>) {
        let draft = builder.draft();
        let causes = faults::of_failed_disks(draft);
        for (group, (name, spec)) in draft.scenario.server.iter().enumerate() {
            lent::gather(builder, group);
            for member in 0..spec.count.value {
                let (on, server) = (ServerId { group, member }, member_name(name, member));
                let memory = spec.memory.as_ref().map(|memory| memory.value);
                for (at, (set, disk_set)) in spec.disks.iter().enumerate() {
                    let has_copies = memory::second_set(spec) == Some(at);
                    let spec = disk_set;
                    let cause = causes.get(&parts::disks(on, at)).copied();
                    builder.want(format!("{server}.{}", set.text), move |builder, id| {
                        let zones = Users::Zones(zones_of(builder, on, spec));
                        let config = disks(builder, id, spec, zones, memory, has_copies, cause);
                        builder.part(id, config)
                    });
                    if has_copies && caching::caches(draft, on) {
                        let second = memory::name(&format!("{server}.{}", set.text));
                        let server = server.clone();
                        builder
                            .want(second, move |builder, id| memory::second(builder, id, &server));
                    }
                    for zone in throttled(builder, on, spec) {
                        let disks = format!("{server}.{}", set.text);
                        builder.want(ledger_name(&zone), move |builder, id| {
                            let disks = builder.id(&disks);
                            builder.part(id, Config::IoLedger(LedgerConfig { disks }))
                        });
                    }
                }
                if caching::caches(draft, on) {
                    builder.want(memory::name(&server), move |builder, own| {
                        memory::memory(builder, own, on)
                    });
                }
                builder.want(server, move |builder, own| processor(builder, own, on));
            }
        }
    }

    /// Returns the mount of a set of disks, on the server on which the user stands.
    fn mounts(&self, builder: &Builder<'_>, store: Store, at: (usize, u32)) -> Vec<Mount> {
        let Store::Disks { server, set } = store else { return Vec::new() };
        let numbers = builder.numbers();
        let (set, spec) = &builder.draft().scenario.server[server].1.disks[set];
        let server = numbers.server_of(at).expect("every zone of a sound draft is placed");
        let disks = builder.id(&format!("{}.{set}", numbers.server_name(server)));
        let memory = memory::before_disks(builder, server, set);
        let zone = builder.place(at).filter(|_| spec.knows_zones()).map(|place| place.zone);
        let pages = memory::pages_before(builder, at, (server, set));
        vec![Mount { memory, pages, data_set: zone, ..Mount::alone(None, disks) }]
    }

    fn finish(&self, compiler: &mut Compiler<'_>, made: &mut Made) {
        made.resizes = memory::resizes(compiler.numbers());
        give_keys(compiler, made);
        lent::finish(made);
    }
}

/// Returns the name of the component of the disk operations of a zone.
fn ledger_name(zone: &str) -> String {
    format!("{zone}.io")
}

/// Returns the names of the zones that a set of disks of a server throttles.
fn throttled(builder: &Builder<'_>, server: ServerId, spec: &DiskSetSpec) -> Vec<String> {
    let zones = builder.numbers().zones_on(server).iter();
    let zones = zones.filter(|_| spec.io_throttle.is_some());
    zones.map(|(name, ..)| name.clone()).collect()
}

/// Returns the I/O priorities of the zones on a server, and the components of their ledgers, for a set of disks.
fn zones_of(
    builder: &Builder<'_>,
    server: ServerId,
    spec: &DiskSetSpec,
) -> Vec<(u32, Option<ComponentId>)> {
    if !spec.knows_zones() {
        return Vec::new();
    }
    let zone = |(name, zone, _): &(String, usize, u32)| {
        let ledger = spec.io_throttle.is_some().then(|| builder.id(&ledger_name(name)));
        let priority = builder.draft().scenario.zone[*zone].1.io_priority.as_ref();
        (priority.map_or(IO_PRIORITY, |priority| priority.value), ledger)
    };
    builder.numbers().zones_on(server).iter().map(zone).collect()
}

/// Returns the limits of a zone on its server.
pub(super) fn limits(draft: &Draft, zone: usize) -> ZoneLimits {
    let cpu = &draft.scenario.zone[zone].1.cpu;
    let cores =
        |value: &Option<Spanned<f64>>| value.as_ref().and_then(|cores| Cores::new(cores.value));
    ZoneLimits {
        shares: cpu.shares.value,
        baseline: cores(&cpu.baseline),
        cap: cores(&cpu.cap),
        burst: match cpu.burst.as_ref().map(|burst| burst.value) {
            Some(Burst::For(time)) => cpu_share::Burst::Timer(time),
            _ => cpu_share::Burst::Unlimited,
        },
        vcpus: vm::of(draft, zone).and_then(|vm| u16::try_from(vm.vcpus.value).ok()),
    }
}

fn processor(builder: &mut Builder<'_>, own: ComponentId, id: ServerId) -> Part {
    let draft = builder.draft();
    let limits = |(_, zone, _): &(String, usize, u32)| limits(draft, *zone);
    let zones = builder.numbers().zones_on(id).iter().map(limits).collect();
    let server = &draft.scenario.server[id.group].1;
    let config = builder.processor(own, server.cores.value, zones, model(server));
    builder.part(own, config)
}

/// Returns the model of the processors of a server.
fn model(server: &ServerSpec) -> CpuModel {
    if !server.is_at_the_tick() {
        return CpuModel::Fluid;
    }
    let rules = |tick: &CpuTickSpec| TickRules {
        hz: tick.hz.value,
        quantum: match tick.quantum_rule.value {
            spec::QuantumRule::Classic => cpu_tick::QuantumRule::Classic,
            spec::QuantumRule::Reset => cpu_tick::QuantumRule::Reset,
        },
        release: match tick.cap_release.value {
            spec::CapRelease::One => cpu_tick::CapRelease::One,
            spec::CapRelease::Batch => cpu_tick::CapRelease::Batch,
        },
    };
    CpuModel::Tick(server.cpu_tick.as_ref().map_or_else(TickRules::default, |tick| rules(tick)))
}

impl Components for Zone {
    none!(carries, mounts, pools, entrance, keeper);

    /// Asks for the page caches of guests.
    fn gather(&self, builder: &mut Builder<'_>) {
        let draft = builder.draft();
        for (zone, members) in draft.placed.zones.iter().enumerate() {
            for member in 0..members.len() {
                let at = (zone, table::u32(member));
                if working_sets::declared_in(draft, zone).next().is_some() {
                    builder.want(memory_name(draft, at), move |builder, own| {
                        sets::memory(builder, own, at)
                    });
                }
                if let Some(pages) = memory::pages_name(draft, at) {
                    builder.want(pages, move |builder, own| memory::pages(builder, own, at));
                }
            }
        }
    }

    fn finish(&self, compiler: &mut Compiler<'_>, made: &mut Made) {
        sets::give_keys(compiler, made);
        let draft = compiler.draft();
        for (zone, members) in draft.placed.zones.iter().enumerate() {
            let name = &draft.scenario.zone[zone].0;
            for (member, server) in members.iter().enumerate() {
                let at = (zone, table::u32(member));
                let Some(place) = compiler.numbers().place(at) else { continue };
                let cores = f64::from(draft.scenario.server[server.group].1.cores.value);
                let changes = caps::changes(draft, at);
                let cap = Cores::new(vm::most_cores(draft, zone, cores)).unwrap_or(Cores::ZERO);
                let most = Cores::new(cores).unwrap_or(Cores::ZERO);
                // Without a cap, or with one above all processors that there can be, it may use all of them.
                let new = changes.iter().map(|change| change.to.cap.unwrap_or(most));
                let cap = new.fold(cap, Cores::max);
                let vcpus =
                    vm::of(draft, zone).and_then(|vm| Cores::new(f64::from(vm.vcpus.value)));
                let cap = cap.min(most).min(vcpus.unwrap_or(most));
                made.zones.push(ZoneMeter {
                    name: member_name(name, at.1),
                    place,
                    cap,
                    member: None,
                });
                if !changes.is_empty() {
                    made.recaps.push(Recapping { place, changes });
                }
            }
        }
    }
}
