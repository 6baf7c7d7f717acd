//! The input of the event loop, made by `plan`: dense tables, no names to resolve, immutable.

use std::collections::BTreeMap;

use crate::engine::draw::{Key, Lineage, Seed};
use crate::kinds::nas::live::Persistence;
use crate::model::guest::Guest;
use crate::model::ids::{CauseId, ClassId, ComponentId, DemandId, KeyId};
use crate::model::outage::HealthPlan;
use crate::model::power::Power;
use crate::model::route::Routes;
use crate::model::world::resize::{Recapping, Resizing};
use crate::model::{Component, Keeps, Live, Start};
use crate::units::{Rate, SimDuration, SimTime};
use crate::workload::arrivals::{Process, Traffic, TrafficError};
use crate::workload::log::LogReport;
use crate::workload::trace::Playback;
use crate::workload::users::Users;

macro_rules! configs {
    ($($doc:literal, $Kind:ident: $held:ty, $Is:path;)*) => {
        /// Configuration of a component, made by the plan.
        #[derive(Clone, Debug)]
        pub enum Config {
            $(#[doc = $doc] $Kind(<$Is as Live>::Config),)*
        }

        impl Config {
            /// Components whose changes of health it receives.
            #[must_use]
            pub fn listens(&self) -> Vec<ComponentId> {
                match self { $(Self::$Kind(config) => <$Is as Live>::listens(config),)* }
            }

            /// Quantities counted for it.
            #[must_use]
            pub fn counts(&self) -> Keeps {
                match self { $(Self::$Kind(config) => <$Is as Live>::counts(config),)* }
            }

            /// Returns the component at the start of a run.
            #[must_use]
            pub fn begin(&self, id: ComponentId, start: &Start<'_>) -> Component {
                match self {
                    $(Self::$Kind(config) => {
                        Component::$Kind(<$held>::from(<$Is as Live>::begin(id, config, start)))
                    })*
                }
            }
        }
    };
}
crate::kinds::each_component!(configs);

/// Source of the processor time of a service member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The processor of its server.
    pub cpu: ComponentId,
    /// Its zone on that server.
    pub zone: u32,
}

/// A volume, or one pool of it, as mounted by one user.
#[derive(Clone, Copy, Debug)]
pub struct Mount {
    /// The head in front of it; `None` for local disks.
    pub head: Option<ComponentId>,
    /// The disks behind it.
    pub disks: ComponentId,
    /// Behaviour of the user while the head does not answer.
    pub persistence: Persistence,
    /// Number of the data set on the disks: that of the user's zone, if they order or delay operations by zone; that of a
    /// volume, if they collect its writes.
    pub data_set: Option<u32>,
    /// True if the volume is spread over several pools, one of which collects writes.
    pub collects: bool,
    /// The memory that caches reads from it, and the number of its content there.
    pub memory: Option<(ComponentId, u32)>,
    /// The memory of the user's guest in front of that, and the number of its content there.
    pub pages: Option<(ComponentId, u32)>,
    /// The memory of the partner's head, used while the partner serves the volume.
    pub away: Option<ComponentId>,
    /// Number of pools over which the volume is spread, with this one.
    pub pools: u8,
    /// Place of its second pool in [`Part::further`].
    pub others: u16,
}

/// Higher miss probability of a buffer after a restart.
#[derive(Clone, Copy, Debug)]
pub struct Cold {
    /// Factor on the miss probability at the restart.
    pub factor: f64,
    /// Time constant of its exponential decay to 1.
    pub decays_in: SimDuration,
}

impl Cold {
    /// Returns the factor on the miss probability at `age` after the restart.
    #[must_use]
    pub fn factor_at(self, age: SimDuration) -> f64 {
        let ages = age.seconds() / self.decays_in.seconds();
        1.0 + (self.factor - 1.0) * libm::exp(-ages)
    }
}

/// A component with its name, its configuration and its connections.
#[derive(Clone, Debug)]
pub struct Part {
    /// Name: `www-1`, `store.main`.
    pub name: String,
    /// Configuration of its kind.
    pub config: Config,
    /// Source of its processor time.
    pub place: Option<Place>,
    /// Its volumes; for a volume over several pools, the first pool.
    pub mounts: Vec<Mount>,
    /// The other pools of its volumes.
    pub further: Vec<Mount>,
    /// Processor time that a second of its work takes: above 1 in a guest.
    pub slowness: f64,
    /// The guest in which it runs; `None`: it runs in a zone.
    pub guest: Option<Box<Guest>>,
    /// Memory of its zone, and the number of its working set there; `None`: it declares none.
    pub paging: Option<(ComponentId, u32)>,
    /// Warm-up after a restart: its duration, and the share of the full speed during it.
    pub warm_up: Option<(SimDuration, f64)>,
    /// Miss factor of its buffer after a restart, if it has a buffer.
    pub cold: Option<Cold>,
    /// The balancer of which it is a unit.
    pub balancer: Option<ComponentId>,
    /// The replicated database of which it is a member, and its member number.
    pub database: Option<(ComponentId, u32)>,
}

/// Behaviour of a kind of clients.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Name of the kind.
    pub name: String,
    /// Network round-trip time; drawn once per attempt.
    pub round_trip: Option<DemandId>,
    /// Network round-trip time to each site, by its number in the file; empty: `round_trip` leads to all of them.
    pub round_trips: Vec<Option<DemandId>>,
    /// Number of parts fetched at a time.
    pub connections: u32,
    /// Time after which a request without an answer has failed.
    pub time_out: Option<SimDuration>,
    /// Patience of a user for each request.
    pub patience: Option<DemandId>,
    /// Retry after a failure.
    pub retry: Option<Retry>,
    /// Session length: pages that are lost if the user leaves.
    pub session: Option<Session>,
}

/// Retry behaviour of a user.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// Probability of a retry.
    pub probability: f64,
    /// Key of the draw of the retry.
    pub key: KeyId,
    /// Time before the retry.
    pub after: DemandId,
    /// Largest number of retries.
    pub max_retries: u8,
}

/// A user's session.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Mean number of pages; their number is geometric.
    pub mean_pages: f64,
    /// Key of the draws.
    pub key: KeyId,
    /// Time between two pages.
    pub think: DemandId,
}

/// Arrival process of a source.
#[derive(Clone, Debug)]
pub enum Arrivals {
    /// Generated from a description: level, profile, noise, variability.
    Described(Traffic),
    /// Replayed from a record, which the replications share.
    Recorded(Playback),
    /// Generated by users who wait for their answers.
    Closed(Users),
}

impl Arrivals {
    /// Returns the source at a fixed rate, without profile, noise or surge. A recorded source keeps only its
    /// name and becomes a Poisson process. Closed users are unchanged: nothing fixes their rate.
    ///
    /// # Errors
    ///
    /// The errors of [`Traffic::new`].
    pub fn at_level(&self, level: Rate) -> Result<Self, TrafficError> {
        match self {
            Self::Described(traffic) => traffic.at_level(level),
            Self::Recorded(_) => Traffic::new(level, Process::Poisson),
            Self::Closed(users) => return Ok(Self::Closed(users.clone())),
        }
        .map(Self::Described)
    }
}

/// A source of work.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name: the owner of its draws.
    pub name: String,
    /// Ordinal of its first request. Demands are keyed by class, step and ordinal. Each workload counts in a
    /// range of its own, so two workloads of one class have independent draws.
    pub first_ordinal: u64,
    /// The class of its requests.
    pub class: ClassId,
    /// Kind of clients that sends them; `None`: requests without clients, which wait for ever.
    pub clients: Option<usize>,
    /// Arrival process.
    pub arrivals: Arrivals,
    /// A view is lost if not all of its parts arrive within this time.
    pub lost_after: Option<SimDuration>,
    /// Summary of the access log that it replays.
    pub log: Option<LogReport>,
}

impl Workload {
    /// Returns the first ordinal of the workload called `name`. Its range of 2⁴⁰ depends on the name alone,
    /// so no other workload moves it.
    #[must_use]
    pub fn first_ordinal(name: &str) -> u64 {
        let key = Key::derive(Seed(0), Lineage::replication(0), "first-ordinal", name);
        key.bits(0, 0) >> 40 << 40
    }
}

/// Work without a client: a backup.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// The disks it loads.
    pub disks: ComponentId,
    /// Operations per second while it runs.
    pub rate: Rate,
    /// Key of the gaps; the next two keys are those of the operation time and of the choice of the disk.
    pub key: KeyId,
    /// Time between two starts.
    pub every: SimDuration,
    /// First start after time zero.
    pub first: SimTime,
    /// Duration of one run.
    pub lasts: SimDuration,
}

impl Operation {
    /// Returns the instant of the first operation after `now`: `now` while it runs, else its next start.
    #[must_use]
    pub fn next_start(&self, now: SimTime) -> SimTime {
        if now <= self.first {
            return self.first;
        }
        let since = (now - self.first).nanos() % self.every.nanos();
        if since < self.lasts.nanos() {
            return now;
        }
        now + SimDuration::from_nanos(self.every.nanos() - since)
    }
}

/// A zone, as its processor ledger reports it.
#[derive(Clone, Debug)]
pub struct ZoneMeter {
    /// Its name.
    pub name: String,
    /// Its processor and its number there.
    pub place: Place,
    /// Upper limit of its cores, and base of its utilisation.
    pub cap: crate::units::Cores,
    /// The process in it, if an autoscaler launches and removes it.
    pub member: Option<ComponentId>,
}

/// Complete input of the event loop.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// Seed of all draws.
    pub seed: Seed,
    /// Programs, pools, classes, keys.
    pub routes: Routes,
    /// Components, by id.
    pub parts: Vec<Part>,
    /// Zones, in the order of the file.
    pub zones: Vec<ZoneMeter>,
    /// Component and its local number, by unit.
    pub units: Vec<(ComponentId, u32)>,
    /// Workloads.
    pub workloads: Vec<Workload>,
    /// Kinds of clients.
    pub clients: Vec<Clients>,
    /// Work without a client.
    pub operations: Vec<Operation>,
    /// Caches in the memory of servers whose zones change size.
    pub resizes: Vec<Resizing>,
    /// Zones whose caps change.
    pub recaps: Vec<Recapping>,
    /// Names of causes, by id; the first is `overload`.
    pub causes: Vec<String>,
    /// Causes of planned work that goes wrong.
    pub gone_wrong: Vec<CauseId>,
    /// Faults and drills; `None`: no part can fail.
    pub health: Option<HealthPlan>,
    /// Network between servers and clients; `None`: replies take no time on links.
    pub network: Option<Network>,
    /// Pairs of a component and a listener to its health, sorted.
    pub hearers: Vec<(ComponentId, ComponentId)>,
    /// Power meters.
    pub power: Power,
}

/// Returns the pairs of [`Blueprint::hearers`], sorted.
#[must_use]
pub fn hearers_of(parts: &[Part]) -> Vec<(ComponentId, ComponentId)> {
    let of = |(at, part): (usize, &Part)| {
        part.config.listens().into_iter().map(move |heard| (heard, ComponentId::at(at)))
    };
    let mut all: Vec<_> = parts.iter().enumerate().flat_map(of).collect();
    all.sort_unstable();
    all
}

/// Paths of replies to the clients.
#[derive(Clone, Debug)]
pub struct Network {
    /// The component that transfers them.
    pub links: ComponentId,
    /// Path of a reply, by the component it leaves from; `None`: no link in its way.
    pub ways: Vec<Option<u32>>,
    /// True if users can be cut off until routes have converged.
    pub converges: bool,
    /// Ways of calls between sites; `None`: no link is between two sites.
    pub between: Option<Box<Between>>,
}

/// Ways of calls between processes at different sites that a link connects.
#[derive(Clone, Debug)]
pub struct Between {
    /// Rack of each component.
    pub racks: Vec<Option<u32>>,
    /// Way from one rack to another.
    pub ways: BTreeMap<(u32, u32), u32>,
}

impl Between {
    /// Returns the way of a call from one component to another; `None`: it crosses no link between sites.
    #[must_use]
    pub fn way(&self, from: ComponentId, to: ComponentId) -> Option<u32> {
        let rack = |of: ComponentId| self.racks.get(of.index()).copied().flatten();
        self.ways.get(&(rack(from)?, rack(to)?)).copied()
    }
}

impl Blueprint {
    /// Returns the workloads that request a class, by number.
    #[must_use]
    pub fn workloads_of(&self, class: usize) -> Vec<usize> {
        let workloads = self.workloads.iter().enumerate();
        let of = workloads.filter(|(_, workload)| workload.class.index() == class);
        of.map(|(at, _)| at).collect()
    }

    /// Returns a blueprint without components and traffic, for solvers that need none.
    #[must_use]
    pub fn empty(seed: Seed) -> Self {
        Self {
            seed,
            routes: Routes::default(),
            parts: Vec::new(),
            zones: Vec::new(),
            units: Vec::new(),
            workloads: Vec::new(),
            clients: Vec::new(),
            operations: Vec::new(),
            resizes: Vec::new(),
            recaps: Vec::new(),
            causes: Vec::new(),
            gone_wrong: Vec::new(),
            health: None,
            network: None,
            hearers: Vec::new(),
            power: Power::default(),
        }
    }

    /// Returns the name of a cause.
    #[must_use]
    pub fn cause(&self, id: CauseId) -> &str {
        &self.causes[id.index()]
    }
}
