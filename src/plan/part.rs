//! Parts: everything that can be up or down by itself, its name, and what it stands on.
//!
//! A part is a member (`www-2`), an appliance's half (`front-1`), or a part of one (`store.head-1`,
//! `store.main`, `r.switch-1`, `main.uplink-2`, `twin-1.local`). Numbers count from 0 here and from
//! 1 in names. The order of parts is that of their kinds and then of the file: it is the order of
//! every list that comes out of the graph.

use crate::plan::Draft;
use crate::plan::kind::Planned;
use crate::plan::names::{Kind, member_name};
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
    /// A part of a kind that answers for itself.
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

/// A part of a kind that answers for itself ([`Planned`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Own {
    /// Its kind.
    pub kind: Kind,
    /// Its section, in the order of the file.
    pub index: usize,
    /// Which of its parts, from 0.
    pub member: u32,
}

impl Own {
    /// What its kind owes the plan.
    ///
    /// # Panics
    ///
    /// When its kind does not answer for itself.
    #[must_use]
    pub fn planned(self) -> &'static dyn Planned {
        self.kind.planned().expect("only a kind that answers for itself has such parts")
    }

    /// Whether it has a number in its name.
    #[must_use]
    pub fn is_numbered(self, draft: &Draft) -> bool {
        self.planned().members(draft, self.index).is_some()
    }

    fn name(self, draft: &Draft) -> String {
        let name = self.kind.name(&draft.scenario, self.index);
        if self.is_numbered(draft) { member_name(name, self.member) } else { name.text.clone() }
    }
}

/// The parts of the section at `index` of a kind that answers for itself.
pub fn own_parts(
    draft: &Draft,
    planned: &'static dyn Planned,
    index: usize,
) -> impl Iterator<Item = Part> + use<> {
    let kind = planned.kind();
    let members = 0..planned.members(draft, index).unwrap_or(1);
    members.map(move |member| Part::Own(Own { kind, index, member }))
}

/// The name of the component of head `number` of a file server: the only one has no number.
#[must_use]
pub fn head_name(draft: &Draft, nas: usize, number: u32) -> String {
    let (name, spec) = &draft.scenario.nas[nas];
    let head = format!("{name}.head");
    if spec.heads.value == 1 { head } else { member_name(&head, number) }
}

/// What a part is to its users: failure domains carry others, roles do the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// Site, rack, server, zone.
    Domain,
    /// Does something for requests.
    Role,
    /// Station or unit of a textbook model: nothing stands on it and it stands on nothing.
    Textbook,
}

impl Part {
    /// Domain, role or textbook part.
    #[must_use]
    pub const fn kind(self) -> PartKind {
        match self {
            Self::Site(_) | Self::Rack(_) | Self::Server(_) | Self::Zone { .. } => PartKind::Domain,
            Self::Station { .. } | Self::Unit { .. } => PartKind::Textbook,
            _ => PartKind::Role,
        }
    }

    /// Its name as figures and faults write it.
    #[must_use]
    pub fn name(self, draft: &Draft) -> String {
        let scenario = &draft.scenario;
        match self {
            Self::Site(site) => scenario.site[site].0.text.clone(),
            Self::Uplink { site, number } => {
                member_name(&format!("{}.uplink", scenario.site[site].0), number)
            }
            Self::Link(link) => scenario.link[link].0.text.clone(),
            Self::Rack(rack) => scenario.rack[rack].0.text.clone(),
            Self::Switch { rack, number } => {
                member_name(&format!("{}.switch", scenario.rack[rack].0), number)
            }
            Self::Server(id) => member_name(&scenario.server[id.group].0, id.member),
            Self::Disks { server, set } => {
                let (name, spec) = &scenario.server[server.group];
                format!("{}.{}", member_name(name, server.member), spec.disks[set].0)
            }
            Self::Head { nas, number } => {
                member_name(&format!("{}.head", scenario.nas[nas].0), number)
            }
            Self::Pool { nas, pool } => {
                let (name, spec) = &scenario.nas[nas];
                format!("{name}.{}", spec.pools[pool].0)
            }
            Self::Zone { zone, member } => member_name(&scenario.zone[zone].0, member),
            Self::Service { service, member } => member_name(&scenario.service[service].0, member),
            Self::Database { database, member } => draft.links.databases[database]
                .role_name(&scenario.database[database].0, member as usize),
            Self::Balancer { balancer, member } => {
                member_name(&scenario.balancer[balancer].0, member)
            }
            Self::Own(own) => own.name(draft),
            Self::Edge { cdn, member } => member_name(&scenario.cdn[cdn].0, member),
            Self::Station { station, member } => member_name(&scenario.station[station].0, member),
            Self::Unit { unit, member } => member_name(&scenario.unit[unit].0, member),
        }
    }

    /// Where the name of its component stands in the text.
    #[must_use]
    pub fn span(self, draft: &Draft) -> Span {
        let scenario = &draft.scenario;
        match self {
            Self::Site(site) | Self::Uplink { site, .. } => scenario.site[site].0.span,
            Self::Link(link) => scenario.link[link].0.span,
            Self::Rack(rack) | Self::Switch { rack, .. } => scenario.rack[rack].0.span,
            Self::Server(id) => scenario.server[id.group].0.span,
            Self::Disks { server, set } => scenario.server[server.group].1.disks[set].0.span,
            Self::Head { nas, .. } => scenario.nas[nas].0.span,
            Self::Pool { nas, pool } => scenario.nas[nas].1.pools[pool].0.span,
            Self::Zone { zone, .. } => scenario.zone[zone].0.span,
            Self::Service { service, .. } => scenario.service[service].0.span,
            Self::Database { database, .. } => scenario.database[database].0.span,
            Self::Balancer { balancer, .. } => scenario.balancer[balancer].0.span,
            Self::Own(own) => own.kind.name(scenario, own.index).span,
            Self::Edge { cdn, .. } => scenario.cdn[cdn].0.span,
            Self::Station { station, .. } => scenario.station[station].0.span,
            Self::Unit { unit, .. } => scenario.unit[unit].0.span,
        }
    }

    /// The domain it stands on directly: `app-1` on `www-1` on `twin-1` in `r` in `main`.
    #[must_use]
    pub fn stands_on(self, draft: &Draft) -> Option<Self> {
        let links = &draft.links;
        let zone =
            |found: Option<(usize, u32)>| found.map(|(zone, member)| Self::Zone { zone, member });
        match self {
            Self::Site(_) | Self::Link(_) | Self::Edge { .. } => None,
            Self::Station { .. } | Self::Unit { .. } => None,
            Self::Uplink { site, .. } => Some(Self::Site(site)),
            Self::Rack(rack) => links.racks[rack].map(Self::Site),
            Self::Switch { rack, .. } => Some(Self::Rack(rack)),
            Self::Server(id) => links.servers[id.group].map(Self::Rack),
            Self::Disks { server, .. } => Some(Self::Server(server)),
            Self::Head { nas, .. } | Self::Pool { nas, .. } => links.nas[nas].rack.map(Self::Rack),
            Self::Zone { zone, member } => {
                draft.placed.zones[zone].get(member as usize).copied().map(Self::Server)
            }
            Self::Service { service, member } => {
                zone(links.services[service].zone.map(|zone| (zone, member)))
            }
            Self::Database { database, member } => {
                zone(links.databases[database].members.get(member as usize)?.zone)
            }
            Self::Balancer { balancer, member } => {
                let links = &links.balancers[balancer];
                match links.zone {
                    Some((group, only)) => zone(Some((group, only.unwrap_or(member)))),
                    None => links.rack.map(Self::Rack),
                }
            }
            Self::Own(own) => own.planned().stands_on(draft, own),
        }
    }

    /// The domains it stands on, the nearest first.
    #[must_use]
    pub fn domains(self, draft: &Draft) -> Vec<Self> {
        // A chain ends: each kind of domain stands on one that comes before it in the order of kinds.
        std::iter::successors(self.stands_on(draft), |domain| domain.stands_on(draft)).collect()
    }
}
