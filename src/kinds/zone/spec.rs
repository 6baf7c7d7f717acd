//! Servers and the zones on them.

use crate::kinds::disks::spec::DiskSetSpec;
use crate::model::spec::hours::HoursSpec;
use crate::model::spec::memory::{MemoryPolicy, SecondLevelSpec};
use crate::model::spec::power::PowerSpec;
use crate::scenario::law::LawSpec;
use crate::scenario::names::{Named, OneOrMany, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::or_unlimited;
use crate::scenario::words::words;
use crate::units::{Bytes, SimDuration};

spec! {
    /// Physical servers.
    pub struct ServerSpec {
        /// Number of identical servers; members are `name-1` to `name-n`.
        count: u32 = 1 => at_least(1).because("to model an outage use a fault"),
        /// Rack that the servers stand in. Without it, no network delay and no failure domain above the server.
        rack: Option<Reference>,
        /// Power feeds that each of the servers hangs on; one that works is enough. Without it, those of the rack.
        feeds: Option<OneOrMany<Reference>> => not_empty(),
        /// Number of these feeds that each takes, in turn. Without it, all of them.
        cords: Option<u32> => at_least(1),
        /// Number of cores of each server.
        cores: u32 => at_least(1),
        /// Model of the processors. Without it, `fluid`.
        cpu_model: Option<CpuModel>,
        /// Kernel that schedules the processors. Only with the model `tick`. Without it, one of 2013 with the classic
        /// quantum rule.
        cpu_tick: Option<CpuTickSpec>,
        /// Memory of each server.
        memory: Option<Bytes>,
        /// Program that takes pages back from zones above their memory caps. Only with services that declare a
        /// `working-set`. Without it, `kernel`.
        memory_cap: Option<CapKeeper>,
        /// Memory of each server that caches blocks read from its own disks. Without it, all memory that its zones
        /// leave free.
        ram_cache: Option<Bytes>,
        /// Blocks that this memory evicts. Without it, `lru`.
        ram_cache_policy: Option<MemoryPolicy>,
        /// If true, blocks written to its own disks enter this memory too, as blocks read do.
        ram_cache_writes: Option<bool>,
        /// Second level of this memory. Without it, a read that finds nothing in memory goes to the disks with the data.
        l2arc: Option<SecondLevelSpec>,
        /// Sets of local disks; every server has one of each.
        disks: Named<DiskSetSpec> = {},
        /// Hours in which the servers take part, as workstations do that are lent at night. Without it, always.
        lent: Option<LentSpec>,
        /// Most zones that autoscalers provision on each server at a time; more launches wait for their turn there. Without
        /// it, any number.
        provisions: Option<u32> => at_least(1),
        /// Electric power of each server by its load, without the power declared for its disks. Without it, none is
        /// counted.
        power: Option<PowerSpec>,
    }
}

spec! {
    /// Hours in which servers are lent.
    pub struct LentSpec {
        /// The hours, or several of them.
        hours: OneOrMany<HoursSpec> => not_empty(),
        /// Treatment of work that has not ended when the hours are over.
        at_end: AtEnd,
    }
}

words! {
    /// Program that takes pages back from zones above their memory caps.
    pub enum CapKeeper {
        /// The page scanner of the kernel (October 2017 and later): within 250 ms, until the zone is below the cap less 1/128 of
        /// it.
        Kernel = "kernel",
        /// A daemon (May 2011 to October 2017): it looks every 30 s to 120 s, takes back the surplus and 5 % of the cap, and
        /// delays each fault by up to 2 ms while the zone is over.
        Daemon = "daemon",
    }
}

words! {
    /// Treatment of work on a lent server when its hours are over.
    pub enum AtEnd {
        /// It is stopped and lost. A queue delivers its message again.
        Stop = "stop",
        /// It is finished; the server takes no new work.
        Finish = "finish",
    }
}

spec! {
    /// Kernel that schedules the processors of a server at its clock tick.
    pub struct CpuTickSpec {
        /// Ticks per second: 100, or 1000 (since October 2013). A quantum has 11 ticks.
        hz: u32 = 1000,
        /// Priority of a thread that has used its whole quantum.
        quantum_rule: QuantumRule = "classic",
        /// Threads that a cap releases per tick while the zone is below it.
        cap_release: CapRelease = "batch",
    }
}

words! {
    /// Model of the processors of a server.
    pub enum CpuModel {
        /// Weighted max-min rates, changed when work starts or ends.
        Fluid = "fluid",
        /// A kernel's fair share scheduler and caps, tick by tick.
        Tick = "tick",
    }
}

words! {
    /// Priority of a thread that has used its whole quantum.
    pub enum QuantumRule {
        /// Computed from the usage of its zone: shares hold for any number of threads.
        Classic = "classic",
        /// The lowest, if its zone has further runnable threads (since March 2012): threads that use whole quanta
        /// divide the processors by their number, not by shares.
        Reset = "reset",
    }
}

words! {
    /// Threads that a cap releases per tick.
    pub enum CapRelease {
        /// One (before July 2012).
        One = "one",
        /// Ten to 160, the more the further the zone is below its cap.
        Batch = "batch",
    }
}

impl ServerSpec {
    /// Returns true if a kernel schedules its processors at the tick.
    #[must_use]
    pub fn is_at_the_tick(&self) -> bool {
        self.cpu_model.as_ref().is_some_and(|model| model.value == CpuModel::Tick)
    }
}

spec! {
    /// Zones: containers with a processor share and a memory cap.
    pub struct ZoneSpec {
        /// Number of identical zones; members are `name-1` to `name-n`.
        count: u32 = 1 => at_least(1).because("to model an outage use a fault"),
        /// Servers, one per member, in order. Without it, `placement` decides.
        on: Option<Vec<Reference>>,
        /// Rule by which members are placed on servers where `on` is not given.
        placement: Placement = "spread",
        /// Servers to place the members on. Without it, every server.
        among: Option<Vec<Reference>>,
        /// If true, no two members are placed on one server; a placement that needs it is refused.
        apart: bool = false,
        /// Part of the processor: shares, baseline, cap, burst.
        cpu: ZoneCpuSpec = {},
        /// Cap on the memory of each zone.
        memory: Option<Bytes>,
        /// Weight of the zone's disk operations against the other zones of the server: its fair share for the throttle of
        /// a set of disks, and its turns in the queue of a disk. A zone of weight 0 is never throttled.
        /// Without it, 100.
        io_priority: Option<u32> => at_most(16_384),
        /// Time to start the zone.
        boot: SimDuration = "0s",
    }
}

spec! {
    /// Virtual machines: each is a hypervisor in a zone of its own.
    pub struct VmSpec {
        /// Number of identical machines; members are `name-1` to `name-n`.
        count: u32 = 1 => at_least(1).because("to model an outage use a fault"),
        /// Servers, one per member, in order. Without it, `placement` decides.
        on: Option<Vec<Reference>>,
        /// Rule by which members are placed on servers where `on` is not given.
        placement: Placement = "spread",
        /// Servers to place the members on. Without it, every server.
        among: Option<Vec<Reference>>,
        /// If true, no two members are placed on one server; a placement that needs it is refused.
        apart: bool = false,
        /// Hypervisor, which decides the memory that a machine holds besides that of its guest.
        hypervisor: Hypervisor = "kvm",
        /// Virtual processors: the guest uses at most as many cores.
        vcpus: u32 => within(1, 1024),
        /// Memory of the guest. The machine holds it at every instant, and the hypervisor's own.
        memory: Bytes,
        /// Memory of the guest that caches blocks read from the disks of its server. Without it, the guest caches none.
        page_cache: Option<Bytes>,
        /// Part of the processor that the zone of the hypervisor has: shares, baseline, cap, burst.
        cpu: ZoneCpuSpec = {},
        /// Processor time that work needs more than in a zone, as a share of it.
        cpu_overhead: f64 = 0.03 => within(0.0, 10.0),
        /// Devices that the guest sees: they decide `io-latency`, `io-cpu` and `packets-per-exit`.
        io: VmIo = "virtio",
        /// Latency that the hypervisor adds to a disk operation or a reply. Without it, that of `io`.
        io_latency: Option<LawSpec<SimDuration>>,
        /// Processor time of the hypervisor per disk operation, or per exit of a reply. Without it, that of `io`.
        io_cpu: Option<SimDuration> => at_most(SimDuration::SECOND),
        /// Packets of a reply, of 1,448 bytes each, that leave the guest with one exit. Without it, 128 with `virtio` and one with
        /// `emulated`.
        packets_per_exit: Option<u32> => within(1, 65_536),
        /// Weight of the machine's disk operations against the other zones of the server. Without it, 100.
        io_priority: Option<u32> => at_most(16_384),
        /// Time to shut the guest down before it is resized.
        stop: SimDuration = "30s" => at_most(SimDuration::from_secs(180)).because("the hypervisor ends it then"),
        /// Time to boot the guest.
        boot: SimDuration = "60s" => at_most(SimDuration::DAY),
    }
}

words! {
    /// Hypervisor of a virtual machine.
    pub enum Hypervisor {
        /// KVM: 1 GiB besides the guest's memory.
        Kvm = "kvm",
        /// bhyve: 1.25 GiB besides the guest's memory.
        Bhyve = "bhyve",
    }

    /// Devices of a virtual machine.
    pub enum VmIo {
        /// Drivers that know the hypervisor: 20 to 100 us more per operation, 10 us of them processor time. 128 packets leave at
        /// once.
        Virtio = "virtio",
        /// Emulated hardware: 100 to 500 us more per operation, 50 us of them processor time. Each packet leaves alone.
        Emulated = "emulated",
    }
}

words! {
    /// Rule by which members are placed on servers.
    pub enum Placement {
        /// On the server with the fewest zones, the first in case of ties.
        Spread = "spread",
        /// On the first server with enough free capacity.
        Pack = "pack",
    }
}

spec! {
    /// A zone's part of the processor.
    pub struct ZoneCpuSpec {
        /// Weight against the other zones of the server. A zone with 0 has the cores that the others leave idle.
        shares: u32 = 100,
        /// Number of cores that the zone may always use; use above it counts as bursting.
        baseline: Option<f64> => above(0.0),
        /// Largest number of cores. Without it, all of the server's.
        cap: Option<f64> => above(0.0),
        /// Time that the zone may stay above the baseline, or `"unlimited"`.
        burst: Option<Burst>,
    }
}

/// `"30s"` or `"unlimited"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Burst {
    /// For ever.
    Unlimited,
    /// This time, after which the zone is held to the baseline for the same time.
    For(SimDuration),
}

or_unlimited!(Burst, For, SimDuration);
