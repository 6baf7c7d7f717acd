//! Parts: everything that can be up or down by itself, its name, and the domain on which it stands.
//!
//! A part is a member (`www-2`), a unit of an appliance (`front-1`), or a part of one (`store.head-1`,
//! `store.main`, `r.switch-1`, `main.uplink-2`, `twin-1.local`). Numbers count from 0 here and from
//! 1 in names. The order of parts is that of their kinds and then of the file: it is the order of
//! every list produced by the graph.

use crate::convert::place;
use crate::kinds::disks::spec::DiskSetSpec;
use crate::plan::Draft;
use crate::plan::kind::Answers;
use crate::plan::kind::parts::Sort;
use crate::plan::names::Kind;
use crate::plan::placement::ServerId;
use crate::scenario::names::Name;
use crate::scenario::source::Span;

/// Part: something that can be up or down by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A site.
    Site(usize),
    /// One link of a site to the world.
    Uplink {
        /// Index of the site.
        site: usize,
        /// Number of the uplink.
        number: u32,
    },
    /// A link between sites.
    Link(usize),
    /// A rack.
    Rack(usize),
    /// One switch of a rack.
    Switch {
        /// Index of the rack.
        rack: usize,
        /// Number of the switch.
        number: u32,
    },
    /// A server.
    Server(ServerId),
    /// A set of disks in a server.
    Disks {
        /// Server in which they are.
        server: ServerId,
        /// Index of the set.
        set: usize,
    },
    /// One head of a file server.
    Head {
        /// Index of the file server.
        nas: usize,
        /// Number of the head.
        number: u32,
    },
    /// A pool of a file server.
    Pool {
        /// Index of the file server.
        nas: usize,
        /// Index of the pool.
        pool: usize,
    },
    /// A member of a zone.
    Zone {
        /// Index of the zone group.
        zone: usize,
        /// Number of the member.
        member: u32,
    },
    /// A member of a service.
    Service {
        /// Index of the service.
        service: usize,
        /// Number of the member.
        member: u32,
    },
    /// A member of a database: the primary, then the replicas; or the index, then the shards.
    Database {
        /// Index of the database.
        database: usize,
        /// Number of the member.
        member: u32,
    },
    /// One of a balancer's units.
    Balancer {
        /// Index of the balancer.
        balancer: usize,
        /// Number of the unit.
        member: u32,
    },
    /// A part of a kind whose parts have no variant of their own.
    Own(Own),
    /// One edge of a CDN.
    Edge {
        /// Index of the CDN.
        cdn: usize,
        /// Number of the edge.
        member: u32,
    },
    /// A station.
    Station {
        /// Index of the station group.
        station: usize,
        /// Number of the station.
        member: u32,
    },
    /// A repairable unit.
    Unit {
        /// Index of the unit group.
        unit: usize,
        /// Number of the unit.
        member: u32,
    },
}

/// Part of a kind whose parts have no variant of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Own {
    /// Kind of its component.
    pub kind: Kind,
    /// Index of its section, in the order of the file.
    pub index: usize,
    /// Number of the part within its component, from 0.
    pub member: u32,
}

/// Purpose of a part: failure domains carry other parts, roles serve requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartKind {
    /// Site, rack, server, zone.
    Domain,
    /// Serves requests.
    Role,
    /// Station or unit of a textbook model, which neither carries a part nor stands on one.
    Textbook,
}

impl Part {
    /// Returns the component to which it belongs: the kind, and the index among those of its kind.
    #[must_use]
    pub const fn owner(self) -> (Kind, usize) {
        match self {
            Self::Site(site) | Self::Uplink { site, .. } => (Kind::Site, site),
            Self::Link(link) => (Kind::Link, link),
            Self::Rack(rack) | Self::Switch { rack, .. } => (Kind::Rack, rack),
            Self::Server(server) | Self::Disks { server, .. } => (Kind::Server, server.group),
            Self::Head { nas, .. } | Self::Pool { nas, .. } => (Kind::Nas, nas),
            Self::Zone { zone, .. } => (Kind::Zone, zone),
            Self::Service { service, .. } => (Kind::Service, service),
            Self::Database { database, .. } => (Kind::Database, database),
            Self::Balancer { balancer, .. } => (Kind::Balancer, balancer),
            Self::Own(own) => (own.kind, own.index),
            Self::Edge { cdn, .. } => (Kind::Cdn, cdn),
            Self::Station { station, .. } => (Kind::Station, station),
            Self::Unit { unit, .. } => (Kind::Unit, unit),
        }
    }

    /// Returns the index of its component among those of its kind.
    #[must_use]
    pub const fn index(self) -> usize {
        self.owner().1
    }

    /// Returns its number among the parts of its sort in its component, from 0.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Site(_) | Self::Link(_) | Self::Rack(_) => 0,
            Self::Uplink { number, .. }
            | Self::Switch { number, .. }
            | Self::Head { number, .. } => number,
            Self::Server(server) | Self::Disks { server, .. } => server.member,
            Self::Pool { pool, .. } => place(pool),
            Self::Own(Own { member, .. })
            | Self::Zone { member, .. }
            | Self::Service { member, .. }
            | Self::Database { member, .. }
            | Self::Balancer { member, .. }
            | Self::Edge { member, .. }
            | Self::Station { member, .. }
            | Self::Unit { member, .. } => member,
        }
    }

    /// Returns the kind of its component, which answers for it.
    #[must_use]
    pub fn answers(self) -> &'static dyn Answers {
        self.owner().0.answers()
    }

    /// Returns its sort.
    #[must_use]
    pub fn sort(self) -> &'static Sort {
        self.answers().sort(self)
    }

    /// Returns its purpose: domain, role or textbook part.
    #[must_use]
    pub fn kind(self) -> PartKind {
        self.sort().purpose
    }

    /// Returns its name as in figures and faults.
    #[must_use]
    pub fn name(self, draft: &Draft) -> String {
        self.answers().name(draft, self).whole()
    }

    /// Returns the keys of the set of disks that it is; `None` for another part.
    #[must_use]
    pub fn disk_set(self, draft: &Draft) -> Option<&DiskSetSpec> {
        match self {
            Self::Disks { server, set } => {
                Some(&draft.scenario.server[server.group].1.disks[set].1)
            }
            Self::Pool { nas, pool } => Some(&draft.scenario.nas[nas].1.pools[pool].1),
            _ => None,
        }
    }

    /// Returns its name without the number of the member: `twin.local` of `twin-1.local`.
    #[must_use]
    pub fn group(self, draft: &Draft) -> String {
        self.answers().name(draft, self).group()
    }

    /// Returns the place of its name, or of its component's name, in the text.
    #[must_use]
    pub fn span(self, draft: &Draft) -> Span {
        self.answers().name(draft, self).span
    }

    /// Returns the domain on which it stands directly: `app-1` on `www-1` on `twin-1` in `r` in `main`.
    #[must_use]
    pub fn stands_on(self, draft: &Draft) -> Option<Self> {
        self.answers().stands_on(draft, self)
    }

    /// Returns the domains on which it stands, the nearest first.
    #[must_use]
    pub fn domains(self, draft: &Draft) -> Vec<Self> {
        // A chain ends: each kind of domain stands on one that comes before it in the order of kinds.
        std::iter::successors(self.stands_on(draft), |domain| domain.stands_on(draft)).collect()
    }
}

/// A set of disks of the file: of a group of servers, or a pool of a file server.
#[derive(Clone, Copy, Debug)]
pub struct DiskSetOf<'d> {
    /// Kind of its section: servers or a file server.
    pub of: Kind,
    /// The section with the set.
    pub owner: &'d Name,
    /// Its name there.
    pub name: &'d Name,
    /// Its keys.
    pub spec: &'d DiskSetSpec,
    /// Its section and its place there, by number.
    place: (usize, usize),
    /// Number of servers of the group.
    count: u32,
}

impl DiskSetOf<'_> {
    /// Returns the parts that it declares: one in each server of the group, or the pool.
    pub fn parts(self) -> impl Iterator<Item = Part> {
        let (of, (section, set)) = (self.of, self.place);
        (0..self.count).map(move |member| match of {
            Kind::Nas => Part::Pool { nas: section, pool: set },
            _ => Part::Disks { server: ServerId { group: section, member }, set },
        })
    }
}

/// Returns all sets of disks, in the order of the file: those of servers, then those of file servers.
pub fn disk_sets(draft: &Draft) -> impl Iterator<Item = DiskSetOf<'_>> {
    let servers = draft.scenario.server.iter().enumerate();
    let of_servers = servers.flat_map(|(group, (owner, server))| {
        server.disks.iter().enumerate().map(move |(set, (name, spec))| {
            let (of, place, count) = (Kind::Server, (group, set), server.count.value);
            DiskSetOf { of, owner, name, spec, place, count }
        })
    });
    let file_servers = draft.scenario.nas.iter().enumerate();
    let of_file_servers = file_servers.flat_map(|(nas, (owner, spec))| {
        spec.pools.iter().enumerate().map(move |(pool, (name, spec))| {
            let (of, place, count) = (Kind::Nas, (nas, pool), 1);
            DiskSetOf { of, owner, name, spec, place, count }
        })
    });
    of_servers.chain(of_file_servers)
}
