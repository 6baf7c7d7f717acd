//! Links: what every reference between components leads to.
//!
//! Takes a scenario with its names and placement; gives tables by kind, in the order of the file.
//! Reports every reference that leads nowhere, to the wrong kind of thing, or back to itself. A
//! reference that failed is `None` or left out, so that what follows can go on and report more.
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

/// The user of a store: a zone, or one member of it.
pub type User = (usize, Option<u32>);

/// Where a request can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entrance {
    /// A service; one member of it, or any.
    Service(usize, Option<u32>),
    /// A balancer.
    Balancer(usize),
    /// A name service, which leads to one of its own.
    NameService(usize),
    /// A CDN, which asks its origin for what it has not.
    Cdn(usize),
}

impl Entrance {
    /// The component by which requests enter: its kind, and its place in the file.
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

/// What keeps data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Store {
    /// A volume of a file server.
    Volume {
        /// The file server.
        nas: usize,
        /// Which volume.
        volume: usize,
    },
    /// A set of disks of the server, of this group, on which the user stands.
    Disks {
        /// The group of servers.
        server: usize,
        /// Which set.
        set: usize,
    },
}

impl Store {
    /// The component that has it: its kind, and its place in the file.
    #[must_use]
    pub const fn component(&self) -> (Kind, usize) {
        match *self {
            Self::Volume { nas, .. } => (Kind::Nas, nas),
            Self::Disks { server, .. } => (Kind::Server, server),
        }
    }
}

/// All references that were followed.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// By rack: its site.
    pub racks: Vec<Option<usize>>,
    /// By group of servers: its rack.
    pub servers: Vec<Option<usize>>,
    /// By link: its two sites.
    pub links: Vec<Vec<usize>>,
    /// By service.
    pub services: Vec<ServiceLinks>,
    /// By balancer.
    pub balancers: Vec<BalancerLinks>,
    /// By name service: what it leads to, in order.
    pub name_services: Vec<Vec<Entrance>>,
    /// By CDN: its origin, or its shields.
    pub cdns: Vec<Option<Entrance>>,
    /// The references of kinds without a field here.
    pub own: Resolved,
    /// By database.
    pub databases: Vec<DatabaseLinks>,
    /// By file server.
    pub nas: Vec<NasLinks>,
    /// By section of units: the crew that repairs them.
    pub crews: Vec<Option<usize>>,
    /// By group: the units and groups that it counts.
    pub groups: Vec<Vec<GroupMember>>,
    /// The groups, each after the groups that it counts.
    pub group_order: Vec<usize>,
    /// By request class: where it enters.
    pub enters: Vec<Option<Entrance>>,
    /// By request class: the class its client fetches next.
    pub thens: Vec<Option<usize>>,
    /// By workload: its class.
    pub classes: Vec<Option<usize>>,
}

/// Follows all references; reports those that fail.
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
    /// Whether some of the requests of a page view of `class` are the client's own at a balancer.
    #[must_use]
    pub fn view_comes_to(&self, class: usize, balancer: usize) -> bool {
        // A class that fetches itself in the end is refused elsewhere.
        let all = std::iter::successors(Some(class), |class| self.thens[*class]);
        let mut all = all.take(self.thens.len());
        all.any(|class| self.enters[class].is_some_and(|to| self.leads_to(to, balancer)))
    }

    /// Whether requests that enter at `to` can come to a balancer before anything else answers them.
    #[must_use]
    pub fn leads_to(&self, to: Entrance, balancer: usize) -> bool {
        let onward = || self.onward(to).into_iter();
        to == Entrance::Balancer(balancer) || onward().any(|to| self.leads_to(to, balancer))
    }

    /// Returns the entrances to which requests that enter at `to` are led, before anything answers them.
    #[must_use]
    pub fn onward(&self, to: Entrance) -> Vec<Entrance> {
        let (kind, index) = to.component();
        kind.answers().onward(self, index)
    }
}

/// What `text` means among the entries of one section that is not a component's.
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

/// What is known while references are followed: those of the kinds before.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The scenario as written.
    pub scenario: &'a ScenarioSpec,
    /// Its names.
    pub names: &'a Names,
    /// References that were followed.
    pub links: &'a Links,
}

/// The member that a reference names is not there; `None` of a group without members, where something else is wrong.
pub(crate) fn no_member(reference: &Reference, group: &str, count: u32) -> Option<Diagnostic> {
    (count > 0).then(|| {
        let message = format!("`{group}` has no member `{}`", reference.text);
        let help = format!("its members are `{group}-1` to `{group}-{count}`");
        Diagnostic::new(Code::NoSuchMember, reference.span, message).help(help)
    })
}

/// What follows references, and reports those that lead nowhere.
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

    /// Who is told what is wrong.
    pub(crate) const fn out(&mut self) -> &mut Diagnostics {
        self.out
    }

    /// The names of the scenario.
    pub(crate) const fn names(&self) -> &'a Names {
        self.names
    }

    /// The placement of zones.
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

    /// Returns the zone member that a reference names; the bare name will do where there is only one.
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
