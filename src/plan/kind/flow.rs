//! The questions about requests at a kind: the parts that must be up, the offered work, and the ways over years.
//!
//! Two traits. [`Flow`] is answered by a kind of component, about its entrances, members, parts and stores. [`Leaf`] is
//! answered by a step that a component does. The folds over routes ([`graph`]) expand routes and use both; they name
//! no kind.

use crate::plan::Draft;
use crate::plan::fluid::network::{self, Arrival, Branch, Onward, Place, Room};
use crate::plan::graph::{self, NodeId, Subject};
use crate::plan::links::{Entrance, Store};
use crate::plan::load::{Capacity, Here, Operations, Resource, Sums};
use crate::plan::part::Part;
use crate::plan::ram::Memory;
use crate::plan::route::Does;
use crate::units::SimDuration;

/// Set of parts of which one must be up.
#[derive(Clone, Debug)]
pub struct OneOf {
    /// Common name of the parts: `r.switch`.
    pub name: String,
    /// The parts.
    pub parts: Vec<Part>,
}

/// The answers of a kind about requests: the parts that must be up, the offered work, and the ways over years.
pub trait Flow: Sync {
    /// Adds the nodes that must be up for requests that enter by `entrance`, as users from outside or inside reach it.
    /// `None`: requests enter at no component of this kind.
    fn enters(
        &self,
        graph: &mut graph::Builder<'_>,
        entrance: Entrance,
        outside: bool,
    ) -> Option<NodeId>;

    /// Adds a node for enough members of the section at `index`, out of these or of all. `None`: no
    /// component uses a component of this kind by its members.
    fn members(
        &self,
        graph: &mut graph::Builder<'_>,
        index: usize,
        members: Option<&[u32]>,
        outside: bool,
    ) -> Option<NodeId>;

    /// Adds the nodes that must be up for `user` to have a store of this kind; `None`: no node.
    fn stores(&self, graph: &mut graph::Builder<'_>, store: Store, user: Part) -> Option<NodeId>;

    /// Returns whether a store of this kind stands at the site of `user`.
    fn is_near(&self, draft: &Draft, store: Store, user: Part) -> bool;

    /// Adds the subjects besides classes.
    fn subjects(&self, graph: &mut graph::Builder<'_>) -> Vec<(Subject, NodeId)>;

    /// Adds the nodes of all sections, as other parts of the site reach them, for kinds whose availability is reported.
    fn watched(&self, graph: &mut graph::Builder<'_>) -> Vec<NodeId>;

    /// Returns the switches of a domain; a part that stands on it needs one of them. `None`: such a domain has none.
    fn switches(&self, draft: &Draft, domain: Part) -> Option<OneOf>;

    /// Returns the links over which users reach the parts on a domain; `None`: it has none of its own.
    fn uplinks(&self, draft: &Draft, domain: Part) -> Option<OneOf>;

    /// Returns sets of parts: an entrance answers if one part of each set is up. No set: it always answers.
    fn opens(&self, draft: &Draft, entrance: Entrance) -> Vec<Vec<Part>>;

    /// Adds the work of `rate` requests per second that enter by `entrance`: of a class from outside, or of calls
    /// from inside. Adds the parts that process them to `here`; returns the requests per second that come through.
    fn offers_in(
        &self,
        sums: &mut Sums<'_>,
        entrance: Entrance,
        class: Option<usize>,
        rate: f64,
        here: &mut Here,
    ) -> f64;

    /// Adds the work of `rate` requests or queries per second that the section at `index` passes on.
    fn passes_on(&self, sums: &mut Sums<'_>, index: usize, rate: f64);

    /// Adds the operations per second of `user` on a store of this kind.
    fn offers_io(&self, sums: &mut Sums<'_>, store: Store, user: Part, operations: Operations);

    /// Returns the memories that find reads of stores of this kind, those of partners that serve the volumes of both among them.
    fn memories<'d>(&self, draft: &'d Draft) -> Vec<Memory<'d>>;

    /// Returns the time of one write on an idle store of this kind, in seconds.
    fn write_s(&self, draft: &Draft, store: Store) -> f64;

    /// Returns the writes per second that a store of this kind does if it does nothing else.
    fn writes_per_s(&self, draft: &Draft, store: Store) -> f64;

    /// Returns the time of one durable write on an idle store of this kind, in seconds.
    fn durable_s(&self, draft: &Draft, store: Store) -> f64;

    /// Adds the work that does not depend on the traffic.
    fn works_always(&self, sums: &mut Sums<'_>);

    /// Returns whether the least load of this kind may be below its load: some of its work can wait, be shared, or be
    /// left undone.
    fn may_wait(&self, draft: &Draft) -> bool;

    /// Returns the classes whose requests wait without bound for capacity, while the traffic is above its mean.
    fn queued(&self, draft: &Draft) -> Vec<usize>;

    /// Returns the capacity of a resource of a part; `None`: such a part has none, or no limit.
    fn capacity(&self, draft: &Draft, part: Part, resource: Resource) -> Option<Capacity>;

    /// Returns the ways of requests that enter at `entrance` and do the steps behind it.
    fn leads(
        &self,
        network: &mut network::Builder<'_>,
        entrance: Entrance,
        arrival: Arrival<'_>,
    ) -> Vec<Onward>;

    /// Adds the ways of the operations of `user` on a store of this kind.
    fn leads_io(
        &self,
        network: &mut network::Builder<'_>,
        store: Store,
        user: Part,
        operations: Operations,
        waits: bool,
        then: &mut Vec<Onward>,
    );

    /// Returns the fork over the units that pass requests or queries on, in the section at `index`; `None`: components
    /// of this kind pass nothing on.
    fn leads_through(&self, network: &mut network::Builder<'_>, index: usize) -> Option<u32>;

    /// Adds the work of probes and scrubs, which does not depend on the traffic.
    fn probes(&self, network: &mut network::Builder<'_>);

    /// Returns the time for which a copy stays valid without renewal, per section, for kinds that hold copies.
    fn lives(&self, draft: &Draft) -> Vec<SimDuration>;

    /// Returns workers and backlog of each section, for kinds at which requests wait for a worker.
    fn rooms(&self, draft: &Draft) -> Vec<Room>;

    /// Returns whether the processor of a part is a share of that of the part on which it stands.
    fn is_slice(&self, part: Part) -> bool;
}

/// Implements methods of [`Flow`] with "none": `all` of them, some in groups by their subject, the others by
/// name.
macro_rules! nothing {
    (all) => {
        crate::plan::kind::flow::nothing!(
            entrances, opens, members, stores, passing, probes, capacity, lives, rooms, subjects, watched, switches,
            uplinks, is_slice, may_wait, queued
        );
    };
    ($($what:ident),* $(,)?) => { $(crate::plan::kind::flow::nothing!(@$what);)* };
    // Requests enter at no component of this kind.
    (@entrances) => { crate::plan::kind::flow::nothing!(enters, offers_in, leads); };
    // It keeps no data for others.
    (@stores) => { crate::plan::kind::flow::nothing!(needs_store, offers_io, leads_io); };
    // It passes nothing on to another component.
    (@passing) => { crate::plan::kind::flow::nothing!(passes_on, leads_through); };
    // It probes nothing.
    (@probes) => { crate::plan::kind::flow::nothing!(works_always, leads_probes); };
    (@enters) => {
        fn enters(
            &self,
            _: &mut crate::plan::graph::Builder<'_>,
            _: crate::plan::links::Entrance,
            _: bool,
        ) -> Option<crate::plan::graph::NodeId> {
            None
        }
    };
    (@members) => {
        fn members(
            &self,
            _: &mut crate::plan::graph::Builder<'_>,
            _: usize,
            _: Option<&[u32]>,
            _: bool,
        ) -> Option<crate::plan::graph::NodeId> {
            None
        }
    };
    (@needs_store) => {
        fn stores(
            &self,
            _: &mut crate::plan::graph::Builder<'_>,
            _: crate::plan::links::Store,
            _: crate::plan::part::Part,
        ) -> Option<crate::plan::graph::NodeId> {
            None
        }
        fn is_near(
            &self,
            _: &crate::plan::Draft,
            _: crate::plan::links::Store,
            _: crate::plan::part::Part,
        ) -> bool {
            false
        }
    };
    (@subjects) => {
        fn subjects(
            &self,
            _: &mut crate::plan::graph::Builder<'_>,
        ) -> Vec<(crate::plan::graph::Subject, crate::plan::graph::NodeId)> {
            Vec::new()
        }
    };
    (@watched) => {
        fn watched(&self, _: &mut crate::plan::graph::Builder<'_>) -> Vec<crate::plan::graph::NodeId> {
            Vec::new()
        }
    };
    (@switches) => {
        fn switches(
            &self,
            _: &crate::plan::Draft,
            _: crate::plan::part::Part,
        ) -> Option<crate::plan::kind::flow::OneOf> {
            None
        }
    };
    (@uplinks) => {
        fn uplinks(
            &self,
            _: &crate::plan::Draft,
            _: crate::plan::part::Part,
        ) -> Option<crate::plan::kind::flow::OneOf> {
            None
        }
    };
    (@opens) => {
        fn opens(
            &self,
            _: &crate::plan::Draft,
            _: crate::plan::links::Entrance,
        ) -> Vec<Vec<crate::plan::part::Part>> {
            Vec::new()
        }
    };
    (@offers_in) => {
        fn offers_in(
            &self,
            _: &mut crate::plan::load::Sums<'_>,
            _: crate::plan::links::Entrance,
            _: Option<usize>,
            _: f64,
            _: &mut crate::plan::load::Here,
        ) -> f64 {
            0.0
        }
    };
    (@passes_on) => {
        fn passes_on(&self, _: &mut crate::plan::load::Sums<'_>, _: usize, _: f64) {}
    };
    (@offers_io) => {
        fn offers_io(
            &self,
            _: &mut crate::plan::load::Sums<'_>,
            _: crate::plan::links::Store,
            _: crate::plan::part::Part,
            _: crate::plan::load::Operations,
        ) {
        }
        fn memories<'d>(&self, _: &'d crate::plan::Draft) -> Vec<crate::plan::ram::Memory<'d>> {
            Vec::new()
        }
        fn write_s(&self, _: &crate::plan::Draft, _: crate::plan::links::Store) -> f64 {
            0.0
        }
        fn writes_per_s(&self, _: &crate::plan::Draft, _: crate::plan::links::Store) -> f64 {
            f64::INFINITY
        }
        fn durable_s(&self, _: &crate::plan::Draft, _: crate::plan::links::Store) -> f64 {
            0.0
        }
    };
    (@may_wait) => {
        fn may_wait(&self, _: &crate::plan::Draft) -> bool {
            false
        }
    };
    (@queued) => {
        fn queued(&self, _: &crate::plan::Draft) -> Vec<usize> {
            Vec::new()
        }
    };
    (@works_always) => {
        fn works_always(&self, _: &mut crate::plan::load::Sums<'_>) {}
    };
    (@capacity) => {
        fn capacity(
            &self,
            _: &crate::plan::Draft,
            _: crate::plan::part::Part,
            _: crate::plan::load::Resource,
        ) -> Option<crate::plan::load::Capacity> {
            None
        }
    };
    (@leads) => {
        fn leads(
            &self,
            _: &mut crate::plan::fluid::network::Builder<'_>,
            _: crate::plan::links::Entrance,
            _: crate::plan::fluid::network::Arrival<'_>,
        ) -> Vec<crate::plan::fluid::network::Onward> {
            Vec::new()
        }
    };
    (@leads_io) => {
        fn leads_io(
            &self,
            _: &mut crate::plan::fluid::network::Builder<'_>,
            _: crate::plan::links::Store,
            _: crate::plan::part::Part,
            _: crate::plan::load::Operations,
            _: bool,
            _: &mut Vec<crate::plan::fluid::network::Onward>,
        ) {
        }
    };
    (@leads_through) => {
        fn leads_through(
            &self,
            _: &mut crate::plan::fluid::network::Builder<'_>,
            _: usize,
        ) -> Option<u32> {
            None
        }
    };
    (@leads_probes) => {
        fn probes(&self, _: &mut crate::plan::fluid::network::Builder<'_>) {}
    };
    (@lives) => {
        fn lives(&self, _: &crate::plan::Draft) -> Vec<crate::units::SimDuration> {
            Vec::new()
        }
    };
    (@rooms) => {
        fn rooms(&self, _: &crate::plan::Draft) -> Vec<crate::plan::fluid::network::Room> {
            Vec::new()
        }
    };
    (@is_slice) => {
        fn is_slice(&self, _: crate::plan::part::Part) -> bool {
            false
        }
    };
}
pub(crate) use nothing;

/// Step that a component does, as the folds over routes use it.
pub trait Leaf {
    /// Adds the nodes that must be up for it.
    fn needs(&self, graph: &mut graph::Builder<'_>, needs: &mut Vec<NodeId>);

    /// Adds the work of this step, done `rate` times per second in requests of `class` that are processed `here`.
    fn offers(&self, sums: &mut Sums<'_>, class: usize, rate: f64, here: &Here);

    /// Adds `count` repetitions of this step for one request at this place: its work there to `branch`, the requests
    /// that follow to `then`.
    fn flows(
        &self,
        network: &mut network::Builder<'_>,
        place: Place,
        count: f64,
        branch: &mut Branch,
        then: &mut Vec<Onward>,
    );

    /// Returns the least mean time of the step, in seconds; 0 if it may take no time.
    fn least_s(&self, draft: &Draft, class: usize) -> f64;

    /// Returns the number of events in the event loop per step, without those of the steps inside.
    fn events(&self, draft: &Draft) -> f64;
}

/// Returns the step as one that a component does; `None` for steps that only order others, and for calls, whose
/// steps are done elsewhere.
#[must_use]
pub fn leaf(does: &Does) -> Option<&dyn Leaf> {
    match does {
        Does::Work(work) => Some(work),
        Does::Io(io) => Some(io),
        Does::Query(query) => Some(query),
        Does::Visit(visit) => Some(visit),
        Does::Ask(ask) => Some(&**ask),
        Does::Call(_)
        | Does::Choose(_)
        | Does::Jump(_)
        | Does::Parallel(_)
        | Does::Repeat(_)
        | Does::Delay(_) => None,
    }
}

/// Returns the links over which users reach `part`, and the domain that has them.
#[must_use]
pub fn uplinks_of(draft: &Draft, part: Part) -> Option<(Part, OneOf)> {
    let domains = part.domains(draft).into_iter();
    domains.filter_map(|domain| Some((domain, domain.answers().uplinks(draft, domain)?))).next()
}
