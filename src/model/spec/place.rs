//! Where things stand: sites, racks, links, servers, zones.

use crate::scenario::law::LawSpec;
use crate::scenario::names::{Named, Reference};
use crate::scenario::spec::spec;
use crate::scenario::value::Spanned;
use crate::scenario::words::words;
use crate::units::{Bandwidth, Bytes, SimDuration};

use super::storage::DiskSetSpec;

spec! {
    /// A data centre: one failure domain with its links to the world.
    pub struct SiteSpec {
        /// Its links to the world, together.
        uplinks: Option<UplinksSpec>,
    }
}

spec! {
    /// The links of a site to the world. Users share them evenly.
    pub struct UplinksSpec {
        /// How many.
        count: u32 = 1 => at_least(1).because("a site without a link serves nobody: leave `uplinks` out for a link that is no limit"),
        /// Of each.
        bandwidth: Bandwidth => above(Bandwidth::from_bytes_per_s(0)),
        /// How long the users of a dead link are cut off before the others carry them.
        convergence: SimDuration = "0s",
    }
}

spec! {
    /// A rack: servers and appliances behind its switches.
    pub struct RackSpec {
        /// The site it stands in.
        site: Reference,
        /// Top of rack; none: no limit and nothing that fails.
        switch: Option<SwitchSpec>,
    }
}

spec! {
    /// The switches of a rack.
    pub struct SwitchSpec {
        /// How many; any one of them carries the rack.
        count: u32 = 1 => at_least(1).because("leave `switch` out for a rack without one"),
        /// Of each.
        bandwidth: Bandwidth => above(Bandwidth::from_bytes_per_s(0)),
        /// Through it, one way.
        latency: SimDuration = "0s",
    }
}

spec! {
    /// A link between two sites.
    pub struct LinkSpec {
        /// The two sites.
        between: Vec<Reference> => not_empty(),
        /// Capacity.
        bandwidth: Bandwidth => above(Bandwidth::from_bytes_per_s(0)),
        /// One way.
        latency: SimDuration = "0s",
    }
}

spec! {
    /// Physical servers.
    pub struct ServerSpec {
        /// Identical servers; members are `name-1` to `name-n`.
        count: u32 = 1 => at_least(1).because("to model an outage use a fault"),
        /// The rack they stand in; none: no network delay and no domain above.
        rack: Option<Reference>,
        /// Cores of each.
        cores: u32 => at_least(1),
        /// Memory of each.
        memory: Option<Bytes>,
        /// How much of its free memory keeps what is read from its own disks; none: all that its zones leave free.
        ram_cache: Option<Bytes>,
        /// Sets of local disks, one of each on every member.
        disks: Named<DiskSetSpec> = {},
    }
}

spec! {
    /// Zones: containers with a processor share and a memory cap.
    pub struct ZoneSpec {
        /// Identical zones; members are `name-1` to `name-n`.
        count: u32 = 1 => at_least(1).because("to model an outage use a fault"),
        /// Servers, one a member, in order. None: placed by `placement`.
        on: Option<Vec<Reference>>,
        /// How members are placed where `on` does not say.
        placement: Placement = "spread",
        /// Servers to place on; none: every server.
        among: Option<Vec<Reference>>,
        /// No two members on one server; placing fails rather than doing it.
        apart: bool = false,
        /// Processor: share, baseline, cap, burst.
        cpu: ZoneCpuSpec = {},
        /// Memory cap.
        memory: Option<Bytes>,
        /// Time to start.
        boot: SimDuration = "0s",
    }
}

words! {
    /// How members are placed on servers.
    pub enum Placement {
        /// On the server with the fewest zones, the first of equals.
        Spread = "spread",
        /// On the first server with room.
        Pack = "pack",
    }
}

spec! {
    /// A zone's part of the processor.
    pub struct ZoneCpuSpec {
        /// Weight against the other zones of the server.
        shares: u32 = 100 => at_least(1),
        /// Cores it may always use; what is above counts as bursting.
        baseline: Option<f64> => above(0.0),
        /// Cores at most; none: all of the server's.
        cap: Option<f64> => above(0.0),
        /// How long it may stay above the baseline; `"unlimited"` for ever.
        burst: Option<Burst>,
    }
}

/// `"30s"` or `"unlimited"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Burst {
    /// For ever.
    Unlimited,
    /// This long, then it is held to the baseline for as long.
    For(SimDuration),
}

/// `40` or `"unlimited"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Workers {
    /// No bound.
    Unlimited,
    /// So many.
    Count(u32),
}

/// A value or the word `unlimited`.
macro_rules! or_unlimited {
    ($Type:ident, $Variant:ident, $Inner:ty) => {
        impl crate::scenario::value::Value for $Type {
            fn read(
                item: &crate::scenario::document::Item,
                out: &mut crate::scenario::diagnostic::Diagnostics,
            ) -> Option<Self> {
                if item.as_text() == Some("unlimited") {
                    return Some(Self::Unlimited);
                }
                <$Inner as crate::scenario::value::Value>::read(item, out).map(Self::$Variant)
            }
            fn shape() -> crate::scenario::value::Shape {
                const WORDS: &[crate::scenario::value::Word] =
                    &[crate::scenario::value::Word { spellings: &["unlimited"], doc: "No bound." }];
                crate::scenario::value::Shape::Either(vec![
                    <$Inner as crate::scenario::value::Value>::shape(),
                    crate::scenario::value::Shape::Word(WORDS),
                ])
            }
            fn canonical(&self) -> serde_json::Value {
                match self {
                    Self::Unlimited => "unlimited".into(),
                    Self::$Variant(value) => crate::scenario::value::Value::canonical(value),
                }
            }
        }
    };
}
or_unlimited!(Burst, For, SimDuration);
or_unlimited!(Workers, Count, u32);

spec! {
    /// A process in every member of its zones; its members are the zones' members, in order.
    pub struct ServiceSpec {
        /// Its zones.
        in_: Reference,
        /// Requests in service per member, or `"unlimited"`; a worker is held until the answer is complete.
        workers: Workers,
        /// Requests that may wait per member; more are refused, or dropped while it stands still. None: no bound.
        backlog: Option<u32>,
        /// Members that must serve for its classes to be structurally up.
        needs: u32 = 1 => at_least(1),
        /// Storage by the name that `io` steps use.
        mounts: Named<MountSpec> = {},
        /// Time to restart the process.
        restart: Option<LawSpec<SimDuration>>,
        /// Slower work after a restart.
        warm_up: Option<WarmUpSpec>,
    }
}

spec! {
    /// Slower work after a restart.
    pub struct WarmUpSpec {
        /// How long.
        for_: SimDuration,
        /// Share of the full speed.
        speed: f64 => above(0.0),
    }
}

/// `"store:assets"`, or a record that says how long its user holds on.
#[derive(Clone, Debug)]
pub struct MountSpec {
    /// Owner and volume; several: the first in the member's own site.
    pub volumes: Vec<crate::scenario::names::Label>,
    /// Fail after this long without an answer; none: retry for ever.
    pub soft: Option<SimDuration>,
}

spec! {
    /// A mount that gives up.
    pub struct SoftMountSpec {
        /// Owner and volume.
        volume: String,
        /// Time without an answer after which an operation fails.
        gives_up: SimDuration,
    }
}

impl crate::scenario::value::Value for MountSpec {
    fn read(
        item: &crate::scenario::document::Item,
        out: &mut crate::scenario::diagnostic::Diagnostics,
    ) -> Option<Self> {
        use crate::scenario::names::{Label, OneOrMany};
        if item.as_table().is_some() {
            let soft = <SoftMountSpec as crate::scenario::value::Value>::read(item, out)?;
            let label = Label { text: soft.volume.value.clone(), span: soft.volume.span };
            return Some(Self { volumes: vec![label], soft: Some(soft.gives_up.value) });
        }
        let volumes = <OneOrMany<Label> as crate::scenario::value::Value>::read(item, out)?;
        Some(Self { volumes: volumes.0, soft: None })
    }
    fn shape() -> crate::scenario::value::Shape {
        use crate::scenario::names::{Label, OneOrMany};
        crate::scenario::value::Shape::Either(vec![
            <OneOrMany<Label> as crate::scenario::value::Value>::shape(),
            <SoftMountSpec as crate::scenario::value::Value>::shape(),
        ])
    }
    fn canonical(&self) -> serde_json::Value {
        let volumes: Vec<_> = self.volumes.iter().map(|volume| volume.text.clone()).collect();
        match (self.soft, volumes.as_slice()) {
            (Some(soft), [volume]) => {
                serde_json::json!({ "volume": volume, "gives-up": soft.to_string() })
            }
            _ => volumes.into(),
        }
    }
}

spec! {
    /// A balancer in front of a service, or of the reads of a database.
    pub struct BalancerSpec {
        /// 1, or 2 for a pair of which one works, or any number of `peers`.
        count: u32 = 1 => at_least(1),
        /// The rack of an appliance.
        rack: Option<Reference>,
        /// The zone, where it is software.
        in_: Option<Reference>,
        /// A service, a list of its members, or a database, whose reads then go through it.
        to: crate::scenario::names::OneOrMany<Reference> => not_empty(),
        /// Cores of the appliance.
        cores: Option<u32> => at_least(1),
        /// Work per request.
        cpu: Option<LawSpec<SimDuration>>,
        /// How the next member is picked.
        algorithm: Algorithm = "round-robin",
        /// Who has been to a member before in his session goes there again, while it is believed alive; `algorithm` picks for the others.
        sticky: bool = false,
        /// Weights of members beside 1: by member, or by service for all of its members.
        weights: Named<f64, Reference> = {},
        /// How it learns that a member is dead.
        check: Option<CheckSpec>,
        /// A member that was put back gets its whole share only after this long.
        slow_start: Option<SimDuration> => above(SimDuration::ZERO),
        /// For an answer.
        time_out: Option<SimDuration>,
        /// Further members asked when one refuses, or when the time for an answer is over before one has taken the request.
        retries: u32 = 0 => at_most(255),
        /// Requests inside a unit; more wait in its backlog. None: no bound.
        limit: Option<u32> => at_least(1),
        /// Requests that may wait for room in a unit; more are refused. None: no bound.
        backlog: Option<u32>,
        /// Requests open at a time at each member, of each unit; more wait in line at the unit. None: no bound.
        member_limit: Option<u32> => at_least(1),
        /// Requests in line at a unit; more are refused. None: no bound.
        line: Option<u32>,
        /// Who waits longer in line is answered with an error. None: for ever.
        line_time_out: Option<SimDuration> => above(SimDuration::ZERO),
        /// How the partner takes over.
        failover: Option<TakeoverSpec>,
        /// Takeover by the timers of VRRP instead.
        vrrp: Option<VrrpSpec>,
        /// Units that own addresses together and take them over from each other.
        peers: Option<PeersSpec>,
    }
}

words! {
    /// How a balancer picks a member.
    pub enum Algorithm {
        /// In turn.
        RoundRobin = "round-robin",
        /// The one with the fewest open requests.
        LeastConnections = "least-connections",
        /// At random.
        Random = "random",
        /// The one with fewer open requests of two drawn at random.
        TwoChoices = "two-choices",
        /// The same for all requests of a page view.
        Hash = "hash",
    }

    /// How deep a probe looks.
    pub enum Depth {
        /// Whether the port answers.
        Shallow = "shallow",
        /// Whether a page comes back.
        Deep = "deep",
    }
}

spec! {
    /// Probes of a balancer or a name service.
    pub struct CheckSpec {
        /// Between two probes of one member.
        interval: SimDuration => above(SimDuration::ZERO),
        /// A probe that takes longer has failed.
        time_out: SimDuration,
        /// Failed probes in a row that take a member out.
        fall: u32 => at_least(1),
        /// Good probes in a row that put it back.
        rise: u32 = 1 => at_least(1),
        /// How deep it looks.
        depth: Depth = "shallow",
        /// Chance that a shallow one sees a hang, drawn for each hang. *0*
        sees_hang: Option<crate::units::Probability>,
        /// Work of a deep one of a balancer at the member. None: no time.
        cpu: Option<LawSpec<SimDuration>>,
    }
}

spec! {
    /// An address that two units share by VRRP (RFC 5798).
    pub struct VrrpSpec {
        /// Between two advertisements.
        interval: SimDuration => above(SimDuration::ZERO),
        /// Priority of the first unit.
        priority: u32 = 200 => within(1, 255),
        /// Priority of the second, a lower one.
        partner: u32 = 100 => within(1, 254),
        /// Whether the first takes the address back when it is well again.
        preempt: bool = true,
    }
}

spec! {
    /// Addresses that all units own together: Wackamole over Spread.
    pub struct PeersSpec {
        /// How many; each is with one unit, and users reach each as often.
        addresses: u32 => at_least(1),
        /// Silence that breaks the ring of the units.
        token: SimDuration = "1250ms",
        /// To gather who is left.
        gather: SimDuration = "1250ms",
        /// To form the ring anew, at most; any part of it is as likely.
        form: SimDuration = "1250ms",
        /// How long a unit that was missed must have been back before it owns addresses again.
        mature: SimDuration = "5s",
        /// Addresses go back in rounds. None: in one pass, at once.
        balance: Option<BalanceSpec>,
    }
}

spec! {
    /// Rounds in which addresses go from the unit with the most to that with the fewest.
    pub struct BalanceSpec {
        /// Between two rounds.
        every: SimDuration => above(SimDuration::ZERO),
        /// Addresses moved in a round.
        moves: u32 = 1 => at_least(1),
    }
}

spec! {
    /// How the partner of a pair takes over.
    pub struct TakeoverSpec {
        /// Silence before the partner acts.
        detect: LawSpec<SimDuration>,
        /// To take over, once it acts.
        takeover: Option<LawSpec<SimDuration>>,
        /// Chance that it works; else the pair is down until the failed unit is repaired.
        coverage: crate::units::Probability = 1,
        /// Back to the first, when it is repaired.
        giveback: Option<GivebackSpec>,
    }
}

spec! {
    /// The way back after a takeover: a second stall.
    pub struct GivebackSpec {
        /// How long the first must have been well.
        after: SimDuration,
        /// How long the way back takes.
        lasts: LawSpec<SimDuration>,
    }
}

spec! {
    /// Answers clients with an address.
    pub struct NameServiceSpec {
        /// Balancers or services, in order.
        to: Vec<Reference> => not_empty(),
        /// Which of them it answers with.
        policy: NamePolicy = "failover",
        /// Time to live of an answer.
        life: SimDuration,
        /// Clients whose resolver keeps an answer beyond its life.
        stale: Option<StaleSpec>,
        /// How it learns that one is dead.
        check: Option<CheckSpec>,
    }
}

words! {
    /// Which address a name service answers with.
    pub enum NamePolicy {
        /// The first that answers its checks.
        Failover = "failover",
        /// Each in turn of those that do.
        RoundRobin = "round-robin",
    }
}

spec! {
    /// Clients with an old answer.
    pub struct StaleSpec {
        /// Their share.
        share: crate::units::Probability,
        /// How long they keep it.
        for_: SimDuration,
    }
}

spec! {
    /// Caches outside the sites.
    pub struct CdnSpec {
        /// Edges.
        count: u32 = 1 => at_least(1),
        /// What is asked on a miss: the origin, or another CDN, whose edges are shields then.
        to: Reference,
        /// Hit ratio by request class; a class not named passes through.
        hit: Named<Spanned<crate::units::Probability>> = {},
        /// What each edge holds, object by object, in place of `hit`.
        content: Option<EdgeContentSpec>,
        /// How long a cached answer serves: with `hit` while the origin is silent, when hits fall in a line
        /// to none; with `content` always, then it is fetched anew.
        life: SimDuration = "0s",
        /// Client to edge and back, in place of the client's own.
        round_trip: Option<LawSpec<SimDuration>>,
        /// Time an edge takes per request, hit or miss; none: no time. An edge has no queue.
        service_time: Option<LawSpec<SimDuration>>,
        /// Edge to origin and back, on a miss; none: no time.
        origin: Option<LawSpec<SimDuration>>,
        /// How long the users of a dead edge are cut off before the others carry them.
        convergence: SimDuration = "0s",
    }
}

spec! {
    /// What an edge holds.
    pub struct EdgeContentSpec {
        /// Objects it has room for, of all classes together.
        objects: u64 => at_least(1),
        /// What it throws out.
        policy: CachePolicy = "lru",
        /// What each request class asks for; a class not named passes through. Not of shields, which are
        /// asked for what their edges are.
        popularity: Named<PopularitySpec> = {},
        /// Share of the requests of a class that an edge may answer; all of those not named.
        cacheable: Named<Spanned<crate::units::Probability>> = {},
        /// Whether who asks an edge for what it is fetching waits for that, instead of fetching it too.
        collapse: bool = false,
    }
}

spec! {
    /// An object cache in a zone.
    pub struct CacheSpec {
        /// Its zone.
        in_: Reference,
        /// Work per look-up.
        cpu: LawSpec<SimDuration>,
        /// Hit ratio, where the cache is not simulated object by object.
        hit: Option<crate::units::Probability>,
        /// Objects it holds.
        objects: Option<u64> => at_least(1),
        /// What it throws out.
        policy: CachePolicy = "lru",
        /// What is asked for: independent objects of Zipf popularity.
        popularity: Option<PopularitySpec>,
        /// A look-up after this long is a miss.
        life: Option<SimDuration>,
        /// Whether the life runs from the last use, not from the fetch.
        renewed: bool = false,
    }
}

words! {
    /// What a full cache throws out.
    pub enum CachePolicy {
        /// What was not used for the longest time.
        Lru = "lru",
        /// What came first.
        Fifo = "fifo",
        /// Any.
        Random = "random",
    }
}

spec! {
    /// Zipf popularity: the k-th object is asked for in proportion to 1 / k^alpha.
    pub struct PopularitySpec {
        /// Exponent.
        zipf: f64,
        /// Objects there are.
        objects: u64 => at_least(1),
    }
}
