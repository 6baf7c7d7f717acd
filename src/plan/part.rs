//! Parts: everything that can be up or down by itself, its name, and what it stands on.
//!
//! A part is a member (`www-2`), an appliance's half (`front-1`), or a part of one (`store.head-1`,
//! `store.main`, `r.switch-1`, `main.uplink-2`, `twin-1.local`). Numbers count from 0 here and from
//! 1 in names. The order of parts is that of their kinds and then of the file: it is the order of
//! every list that comes out of the graph.

use crate::convert::place;
use crate::plan::Draft;
use crate::plan::kind::Answers;
use crate::plan::kind::parts::Sort;
use crate::plan::names::Kind;
use crate::plan::placement::ServerId;
use crate::scenario::source::Span;

/// Something that can be up or down by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A site.
    Site(usize),
    /// One link of a site to the world.
    Uplink {
        /// Its site.
        site: usize,
        /// Which.
        number: u32,
    },
    /// A link between sites.
    Link(usize),
    /// A rack.
    Rack(usize),
    /// One switch of a rack.
    Switch {
        /// Its rack.
        rack: usize,
        /// Which.
        number: u32,
    },
    /// A server.
    Server(ServerId),
    /// A set of disks in a server.
    Disks {
        /// Its server.
        server: ServerId,
        /// Which set.
        set: usize,
    },
    /// One head of a file server.
    Head {
        /// Its file server.
        nas: usize,
        /// Which.
        number: u32,
    },
    /// A pool of a file server.
    Pool {
        /// Its file server.
        nas: usize,
        /// Which.
        pool: usize,
    },
    /// A member of a zone.
    Zone {
        /// Its group.
        zone: usize,
        /// Which.
        member: u32,
    },
    /// A member of a service.
    Service {
        /// Its group.
        service: usize,
        /// Which.
        member: u32,
    },
    /// A member of a database: the master, then the slaves; or the index, then the shards.
    Database {
        /// Its group.
        database: usize,
        /// Which.
        member: u32,
    },
    /// One of a balancer's units.
    Balancer {
        /// Its group.
        balancer: usize,
        /// Which.
        member: u32,
    },
    /// A part of a kind whose parts have no variant of their own.
    Own(Own),
    /// One edge of a CDN.
    Edge {
        /// Its group.
        cdn: usize,
        /// Which.
        member: u32,
    },
    /// A station.
    Station {
        /// Its group.
        station: usize,
        /// Which.
        member: u32,
    },
    /// A repairable unit.
    Unit {
        /// Its group.
        unit: usize,
        /// Which.
        member: u32,
    },
}

/// A part of a kind whose parts have no variant of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Own {
    /// Its kind.
    pub kind: Kind,
    /// Its section, in the order of the file.
    pub index: usize,
    /// Which of its parts, from 0.
    pub member: u32,
}

/// What a part is to its users: failure domains carry others, roles do the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartKind {
    /// Site, rack, server, zone.
    Domain,
    /// Does something for requests.
    Role,
    /// Station or unit of a textbook model: nothing stands on it and it stands on nothing.
    Textbook,
}

impl Part {
    /// The component it belongs to: kind, and place among those of its kind.
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

    /// The place of its component among those of its kind.
    #[must_use]
    pub const fn index(self) -> usize {
        self.owner().1
    }

    /// Which of the parts of its sort that its component has, from 0; 0 of the only one.
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

    /// The kind of its component, which answers for it.
    #[must_use]
    pub fn answers(self) -> &'static dyn Answers {
        self.owner().0.answers()
    }

    /// Its sort.
    #[must_use]
    pub fn sort(self) -> &'static Sort {
        self.answers().sort(self)
    }

    /// Domain, role or textbook part.
    #[must_use]
    pub fn kind(self) -> PartKind {
        self.sort().purpose
    }

    /// Its name as figures and faults write it.
    #[must_use]
    pub fn name(self, draft: &Draft) -> String {
        self.answers().name(draft, self).whole()
    }

    /// Its name without the number of the member: `twin.local` of `twin-1.local`.
    #[must_use]
    pub fn group(self, draft: &Draft) -> String {
        self.answers().name(draft, self).group()
    }

    /// Where its name, or that of its component, stands in the text.
    #[must_use]
    pub fn span(self, draft: &Draft) -> Span {
        self.answers().name(draft, self).span
    }

    /// The domain it stands on directly: `app-1` on `www-1` on `twin-1` in `r` in `main`.
    #[must_use]
    pub fn stands_on(self, draft: &Draft) -> Option<Self> {
        self.answers().stands_on(draft, self)
    }

    /// The domains it stands on, the nearest first.
    #[must_use]
    pub fn domains(self, draft: &Draft) -> Vec<Self> {
        // A chain ends: each kind of domain stands on one that comes before it in the order of kinds.
        std::iter::successors(self.stands_on(draft), |domain| domain.stands_on(draft)).collect()
    }
}
