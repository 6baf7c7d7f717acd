//! What `plan` hands to the event loop: dense tables, no names to resolve, immutable.

use crate::engine::draw::{Key, Lineage, Seed};
use crate::kinds::nas::live::Persistence;
use crate::model::ids::{CauseId, ClassId, ComponentId, DemandId, KeyId};
use crate::model::outage::HealthPlan;
use crate::model::route::Routes;
use crate::model::world::resize::Resizing;
use crate::model::{Component, Keeps, Live, Start};
use crate::units::{Rate, SimDuration, SimTime};
use crate::workload::arrivals::{Process, Traffic, TrafficError};
use crate::workload::log::LogReport;
use crate::workload::trace::Playback;
use crate::workload::users::Users;

macro_rules! configs {
    ($($doc:literal, $Kind:ident: $held:ty, $Is:path;)*) => {
        /// A component as the plan made it.
        #[derive(Clone, Debug)]
        pub enum Config {
            $(#[doc = $doc] $Kind(<$Is as Live>::Config),)*
        }

        impl Config {
            /// Whose health it hears of.
            #[must_use]
            pub fn listens(&self) -> Vec<ComponentId> {
                match self { $(Self::$Kind(config) => <$Is as Live>::listens(config),)* }
            }

            /// What is counted of it.
            #[must_use]
            pub fn counts(&self) -> Keeps {
                match self { $(Self::$Kind(config) => <$Is as Live>::counts(config),)* }
            }

            /// The component at the start of a run.
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

/// Where a service member gets its processor time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The processor of its server.
    pub cpu: ComponentId,
    /// Its zone there.
    pub zone: u32,
}

/// A volume as one of its users sees it.
#[derive(Clone, Copy, Debug)]
pub struct Mount {
    /// The head in front of it; none for local disks.
    pub head: Option<ComponentId>,
    /// The disks behind it.
    pub disks: ComponentId,
    /// What its user does when the head is silent.
    pub persistence: Persistence,
    /// The memory that keeps what is read from it, and which content of it this is.
    pub memory: Option<(ComponentId, u32)>,
    /// The memory of the partner's head, which keeps it while that serves it.
    pub away: Option<ComponentId>,
    /// Pools that the volume is spread over, this one too.
    pub pools: u8,
    /// The place of its second pool in [`Part::further`].
    pub others: u16,
}

/// More misses of a buffer after a restart.
#[derive(Clone, Copy, Debug)]
pub struct Cold {
    /// Misses, times this, at first.
    pub factor: f64,
    /// Time constant of the way back to 1.
    pub decays_in: SimDuration,
}

impl Cold {
    /// Factor on the chance of a miss `age` after the restart.
    #[must_use]
    pub fn factor_at(self, age: SimDuration) -> f64 {
        let ages = age.seconds() / self.decays_in.seconds();
        1.0 + (self.factor - 1.0) * libm::exp(-ages)
    }
}

/// A component: its name, what it is, what it is connected to.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name: `www-1`, `store.main`.
    pub name: String,
    /// What it is.
    pub config: Config,
    /// Where its processor time comes from.
    pub place: Option<Place>,
    /// Its volumes; of one over several pools, the first.
    pub mounts: Vec<Mount>,
    /// The further pools of its volumes.
    pub further: Vec<Mount>,
    /// For the first this long after a restart it works at the given share of its speed.
    pub warm_up: Option<(SimDuration, f64)>,
    /// Its buffer is cold after a restart.
    pub cold: Option<Cold>,
    /// The balancer that it is a unit of.
    pub balancer: Option<ComponentId>,
    /// The replicated database that it is a member of, and which.
    pub database: Option<(ComponentId, u32)>,
}

/// How clients behave.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Its name.
    pub name: String,
    /// Network time there and back; drawn once a try.
    pub round_trip: Option<DemandId>,
    /// Parts fetched at a time.
    pub connections: u32,
    /// No answer within this long is a failure.
    pub time_out: Option<SimDuration>,
    /// How long a user waits for each request.
    pub patience: Option<DemandId>,
    /// What a user does after a failure.
    pub retry: Option<Retry>,
    /// Pages a session and time between them: what is lost when a user goes away.
    pub session: Option<Session>,
}

/// A user's second try.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// Probability of a further try.
    pub chance: f64,
    /// Key of that draw.
    pub key: KeyId,
    /// Time before it.
    pub after: DemandId,
    /// Most further tries.
    pub at_most: u8,
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

/// When requests come.
#[derive(Clone, Debug)]
pub enum Arrivals {
    /// By a description: level, profile, noise, scatter.
    Described(Traffic),
    /// As recorded; replications share the record.
    Recorded(Playback),
    /// By users who wait for their answers.
    Closed(Users),
}

impl Arrivals {
    /// The same source at a fixed rate: no profile, no noise, no surge; a record keeps nothing but its
    /// name, and its arrivals become independent of each other. Users who wait for their answers ask
    /// as before: nothing fixes their rate.
    ///
    /// # Errors
    ///
    /// As [`Traffic::new`].
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
    /// Number of its first request. Demands are keyed by class, step and the request's number; each
    /// workload counts in a range of its own, so that two that ask for one class draw apart.
    pub first_ordinal: u64,
    /// The class of its requests.
    pub class: ClassId,
    /// Who sends them; none: requests come from nowhere and wait for ever.
    pub clients: Option<usize>,
    /// When they come.
    pub arrivals: Arrivals,
    /// A view whose parts did not all arrive within this time is lost.
    pub lost_after: Option<SimDuration>,
    /// What was found in the access log that it replays.
    pub log: Option<LogReport>,
}

impl Workload {
    /// Where the workload called `name` begins to count: a range of 2⁴⁰ that depends on the name
    /// alone, so that no other workload moves it.
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
    /// Operations a second while it runs.
    pub rate: Rate,
    /// Key of the gaps; the next two are those of the time and of the choice of the disk.
    pub key: KeyId,
    /// Between two starts.
    pub every: SimDuration,
    /// First start after time zero.
    pub first: SimTime,
    /// How long it runs.
    pub lasts: SimDuration,
}

impl Operation {
    /// When its first piece of work after `now` may begin: `now`, while it runs, else its next
    /// start.
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

/// A zone, as its own processor accounts see it.
#[derive(Clone, Debug)]
pub struct ZoneMeter {
    /// Its name.
    pub name: String,
    /// Where it runs.
    pub place: Place,
    /// Cores it may use at most: what its utilisation is measured against.
    pub cap: crate::units::Cores,
}

/// Everything the event loop needs to know.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// Root of all draws.
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
    /// Memories of servers whose room changes.
    pub resizes: Vec<Resizing>,
    /// Names of causes, by id; the first is `overload`.
    pub causes: Vec<String>,
    /// What can break; none: nothing.
    pub health: Option<HealthPlan>,
    /// The network between the servers and the clients; none: nothing is in the way of a reply.
    pub network: Option<Network>,
    /// Who hears how whom fares: whom, and who, in order.
    pub hearers: Vec<(ComponentId, ComponentId)>,
}

/// Who hears how whom fares, in the order of [`Blueprint::hearers`].
#[must_use]
pub fn hearers_of(parts: &[Part]) -> Vec<(ComponentId, ComponentId)> {
    let of = |(at, part): (usize, &Part)| {
        part.config.listens().into_iter().map(move |heard| (heard, ComponentId::at(at)))
    };
    let mut all: Vec<_> = parts.iter().enumerate().flat_map(of).collect();
    all.sort_unstable();
    all
}

/// The ways that replies take to the clients.
#[derive(Clone, Debug)]
pub struct Network {
    /// The component that moves them.
    pub links: ComponentId,
    /// By component: the path of a reply that leaves from there; none: nothing is in its way.
    pub ways: Vec<Option<u32>>,
    /// Whether users can be cut off until routes have converged.
    pub converges: bool,
}

impl Blueprint {
    /// One without parts and traffic, for solvers that need none.
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
            causes: Vec::new(),
            health: None,
            network: None,
            hearers: Vec::new(),
        }
    }

    /// The name of a cause.
    #[must_use]
    pub fn cause(&self, id: CauseId) -> &str {
        &self.causes[id.index()]
    }
}
