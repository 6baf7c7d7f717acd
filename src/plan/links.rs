//! Links: the targets of all references between components.
//!
//! Takes a scenario with its names and placement; gives tables by kind, in the order of the file.
//! Reports every reference without a target, to the wrong kind of component, or back to itself. A
//! failed reference is `None` or left out, so that later checks can go on and report more.
//! References inside the steps of a request are checked with the routes.

use crate::kinds::Resolved;
use crate::kinds::balancer::links::BalancerLinks;
use crate::kinds::database::links::DatabaseLinks;
use crate::kinds::nas::links::NasLinks;
use crate::kinds::service::links::ServiceLinks;
use crate::kinds::unit::links::GroupMember;
use crate::plan::document::ScenarioSpec;
use crate::plan::kind;
use crate::plan::names::{Found, Kind, Names};
use crate::plan::placement::Placed;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::{Key, Named, Reference};
use crate::scenario::source::Span;
use crate::scenario::suggest;

/// User of a store: a zone, or one member of it.
pub type User = (usize, Option<u32>);

/// Component to which a request can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entrance {
    /// A service; one member of it, or any.
    Service(usize, Option<u32>),
    /// A balancer.
    Balancer(usize),
    /// A name service, which directs requests to one of its targets.
    NameService(usize),
    /// A CDN, which fetches what it lacks from its origin.
    Cdn(usize),
}

impl Entrance {
    /// Returns the component at which requests enter: its kind, and its index in the file.
    #[must_use]
    pub const fn component(self) -> (Kind, usize) {
        match self {
            Self::Service(service, _) => (Kind::Service, service),
            Self::Balancer(balancer) => (Kind::Balancer, balancer),
            Self::NameService(at) => (Kind::NameService, at),
            Self::Cdn(cdn) => (Kind::Cdn, cdn),
        }
    }
}

/// Component part that stores data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Store {
    /// A volume of a file server.
    Volume {
        /// The file server.
        nas: usize,
        /// Index of the volume.
        volume: usize,
    },
    /// A set of disks of the server on which the user stands; it belongs to this group.
    Disks {
        /// The group of servers.
        server: usize,
        /// Index of the set.
        set: usize,
    },
}

impl Store {
    /// Returns the component that has the store: its kind, and its index in the file.
    #[must_use]
    pub const fn component(&self) -> (Kind, usize) {
        match *self {
            Self::Volume { nas, .. } => (Kind::Nas, nas),
            Self::Disks { server, .. } => (Kind::Server, server),
        }
    }
}

/// Resolved references of a scenario.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// Site, per rack.
    pub racks: Vec<Option<usize>>,
    /// Rack, per group of servers.
    pub servers: Vec<Option<usize>>,
    /// Two sites, per link.
    pub links: Vec<Vec<usize>>,
    /// References per service.
    pub services: Vec<ServiceLinks>,
    /// References per balancer.
    pub balancers: Vec<BalancerLinks>,
    /// Targets in order, per name service.
    pub name_services: Vec<Vec<Entrance>>,
    /// Origin or shields, per CDN.
    pub cdns: Vec<Option<Entrance>>,
    /// References of kinds without a field here.
    pub own: Resolved,
    /// References per database.
    pub databases: Vec<DatabaseLinks>,
    /// References per file server.
    pub nas: Vec<NasLinks>,
    /// Crew that repairs them, per section of units.
    pub crews: Vec<Option<usize>>,
    /// Crew that repairs it, per fault.
    pub fault_crews: Vec<Option<usize>>,
    /// Units and groups counted, per group.
    pub groups: Vec<Vec<GroupMember>>,
    /// Groups, each after the groups that it counts.
    pub group_order: Vec<usize>,
    /// Entrance, per request class.
    pub enters: Vec<Option<Entrance>>,
    /// Class that its client fetches next, per request class.
    pub thens: Vec<Option<usize>>,
    /// Request class, per workload.
    pub classes: Vec<Option<usize>>,
    /// Site of each round trip, per set of clients.
    pub trips: Vec<Vec<Option<usize>>>,
}

/// Resolves all references; reports those that fail.
#[must_use]
pub fn follow(
    scenario: &ScenarioSpec,
    names: &Names,
    placed: &Placed,
    out: &mut Diagnostics,
) -> Links {
    let mut walk = Walk { scenario, names, placed, out };
    let mut links = Links::default();
    kind::all().for_each(|kind| kind.follow(&mut walk, &mut links));
    walk.traffic(&mut links);
    links
}

impl Links {
    /// Returns `class` and the classes that clients fetch after it, one after the other. On a cycle of classes, which
    /// is refused elsewhere, it ends too.
    pub fn with_fetched(&self, class: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(class), |class| self.thens[*class]).take(self.thens.len())
    }

    /// Returns whether a page view of `class` sends requests to a balancer directly from the client.
    #[must_use]
    pub fn view_comes_to(&self, class: usize, balancer: usize) -> bool {
        let mut all = self.with_fetched(class);
        all.any(|class| self.enters[class].is_some_and(|to| self.leads_to(to, balancer)))
    }

    /// Returns whether requests that enter at `to` can reach a balancer before anything else answers them.
    #[must_use]
    pub fn leads_to(&self, to: Entrance, balancer: usize) -> bool {
        let onward = || self.onward(to).into_iter();
        to == Entrance::Balancer(balancer) || onward().any(|to| self.leads_to(to, balancer))
    }

    /// Returns the entrances to which the component at `to` sends requests, before anything answers them.
    #[must_use]
    pub fn onward(&self, to: Entrance) -> Vec<Entrance> {
        let (kind, index) = to.component();
        kind.answers().onward(self, index)
    }
}

/// Finds `text` among the entries of a section that declares no components; reports an unknown name.
pub fn find_named<T, K: Key>(
    section: &Named<T, K>,
    text: &str,
    span: Span,
    what: &str,
    out: &mut Diagnostics,
) -> Option<usize> {
    if let Some(found) = section.place(text) {
        return Some(found);
    }
    if !section.failed.iter().any(|name| **name == *text) {
        let known: Vec<&str> = section.entries.iter().map(|(name, _)| &**name).collect();
        let may = !out.is_full() && out.may_compare(known.len());
        let help = may.then(|| suggest::help(text, &known, &format!("each {what}"))).flatten();
        let message = format!("no {what} is called `{text}`");
        out.push(Diagnostic::new(Code::NoSuchName, span, message).help_if(help));
    }
    None
}

/// Data available while references are resolved, with the links of earlier kinds.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The scenario as written.
    pub scenario: &'a ScenarioSpec,
    /// Its names.
    pub names: &'a Names,
    /// References resolved so far.
    pub links: &'a Links,
}

/// Reports that a member does not exist; `None` for a group without members, which has another error.
pub(crate) fn no_member(reference: &Reference, group: &str, count: u32) -> Option<Diagnostic> {
    (count > 0).then(|| {
        let message = format!("`{group}` has no member `{}`", reference.text);
        let help = format!("its members are `{group}-1` to `{group}-{count}`");
        Diagnostic::new(Code::NoSuchMember, reference.span, message).help(help)
    })
}

/// Context for resolving references and reporting those that fail.
pub struct Walk<'a> {
    scenario: &'a ScenarioSpec,
    names: &'a Names,
    placed: &'a Placed,
    out: &'a mut Diagnostics,
}

impl<'a> Walk<'a> {
    /// The scenario as written.
    pub(crate) const fn scenario(&self) -> &'a ScenarioSpec {
        self.scenario
    }

    /// Returns the collector of diagnostics.
    pub(crate) const fn out(&mut self) -> &mut Diagnostics {
        self.out
    }

    /// Returns the names of the scenario.
    pub(crate) const fn names(&self) -> &'a Names {
        self.names
    }

    /// Returns the placement of zones.
    pub(crate) const fn placed(&self) -> &'a Placed {
        self.placed
    }

    /// Returns what a reference to one of `kinds` names.
    pub(crate) fn resolve(&mut self, reference: &Reference, kinds: &[Kind]) -> Option<Found> {
        self.names.resolve(&reference.text, reference.span, kinds, self.out)
    }

    /// Returns the component of this kind that a reference names.
    pub(crate) fn one(&mut self, reference: &Reference, kind: Kind) -> Option<usize> {
        self.resolve(reference, &[kind]).map(|found| found.index)
    }

    /// Returns the store that a reference of the form `owner:volume` names, for this user.
    pub(crate) fn store(&mut self, text: &str, span: Span, user: Option<User>) -> Option<Store> {
        let Some((owner, volume)) = text.split_once(':') else {
            let message = format!("`{text}` names no volume");
            let help = "write owner and volume, as in \"store:assets\"";
            self.out.push(Diagnostic::new(Code::NoSuchName, span, message).help(help));
            return None;
        };
        let found = self.names.resolve(owner, span, &[Kind::Nas, Kind::Server], self.out)?;
        found.kind.answers().store(self, found.index, volume, span, user)
    }

    /// Returns the zone member that a reference names; the bare name is enough for a single member.
    pub(crate) fn zone_member(&mut self, reference: &Reference) -> Option<(usize, u32)> {
        let found = self.resolve(reference, &[Kind::Zone])?;
        let name = Kind::Zone.name(self.scenario, found.index);
        let count = self.names.entry(name).map_or(1, |entry| entry.members);
        if found.member.is_none() && count > 1 {
            let message = format!("`{name}` has {count} members; one is needed here");
            let help = format!("`{name}-1` to `{name}-{count}`");
            let diagnostic = Diagnostic::new(Code::NoSuchMember, reference.span, message);
            self.out.push(diagnostic.help(help));
            return None;
        }
        Some((found.index, found.member.unwrap_or(0)))
    }

    /// Returns the entrance that a reference names: a service or balancer, or a component of the kinds `more`.
    pub(crate) fn entrance(
        &mut self,
        reference: &Reference,
        links: &Links,
        more: &[Kind],
    ) -> Option<Entrance> {
        let kinds: Vec<Kind> =
            [Kind::Service, Kind::Balancer].iter().chain(more).copied().collect();
        let found = self.resolve(reference, &kinds)?;
        let known = Known { scenario: self.scenario, names: self.names, links };
        found.kind.answers().entrance(known, found, reference, self.out)
    }

    fn traffic(&mut self, links: &mut Links) {
        let scenario = self.scenario;
        for (_, request) in scenario.request.iter() {
            let more = [Kind::NameService, Kind::Cdn];
            let enter = request.enter.as_ref();
            let enters = enter.and_then(|enter| self.entrance(enter, links, &more));
            links.enters.push(enters);
            links.thens.push(request.then.as_ref().and_then(|then| {
                let name = &then.request;
                find_named(&scenario.request, name, name.span, "request class", self.out)
            }));
        }
        for (_, clients) in scenario.clients.iter() {
            let sites = clients.round_trips.iter().map(|(to, _)| self.one(to, Kind::Site));
            links.trips.push(sites.collect());
        }
        for (_, workload) in scenario.workload.iter() {
            let name = &workload.request;
            let class = find_named(&scenario.request, name, name.span, "request class", self.out);
            links.classes.push(class);
            if let Some(from) = &workload.from {
                let _reported =
                    find_named(&scenario.clients, from, from.span, "set of clients", self.out);
            }
            if let Some(profile) = &workload.profile {
                let _reported =
                    find_named(&scenario.profile, profile, profile.span, "profile", self.out);
            }
        }
        for (name, _) in scenario.objective.iter() {
            let _reported =
                find_named(&scenario.request, name, name.span, "request class", self.out);
        }
    }
}
