//! What a kind says of requests that come to it: what must be up, which work they offer, where they go over years.
//!
//! Two traits. [`Flow`] is asked of a kind of component: of its entrances, members, parts and stores. [`Leaf`] is
//! asked of a step that a component does. The folds over routes ([`graph`]) expand routes and ask them; they name
//! no kind.

use crate::plan::Draft;
use crate::plan::graph::{self, NodeId, Subject};
use crate::plan::kind::Answers;
use crate::plan::links::{Entrance, Store};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::route::Does;
use crate::plan::route::ask::Ask;

/// Parts of which one must be up.
#[derive(Clone, Debug)]
pub struct OneOf {
    /// The name of them all: `r.switch`.
    pub name: String,
    /// The parts.
    pub parts: Vec<Part>,
}

/// What a kind says of requests that come to it: what must be up, which work they offer, where they go over years.
pub trait Flow: Sync {
    /// Adds what must be up for requests that enter by `entrance`, as users from outside or inside see it. `None`:
    /// requests enter at no component of this kind.
    fn enters(
        &self,
        graph: &mut graph::Builder<'_>,
        entrance: Entrance,
        outside: bool,
    ) -> Option<NodeId>;

    /// Adds as many members of the section at `index` as have to be up, out of these or out of all. `None`: no
    /// component uses a component of this kind by its members.
    fn members(
        &self,
        graph: &mut graph::Builder<'_>,
        index: usize,
        members: Option<&[u32]>,
        outside: bool,
    ) -> Option<NodeId>;

    /// Adds what must be up for `user` to have a store of this kind; `None`: nothing.
    fn stores(&self, graph: &mut graph::Builder<'_>, store: Store, user: Part) -> Option<NodeId>;

    /// Whether a store of this kind stands at the site of `user`.
    fn is_near(&self, draft: &Draft, store: Store, user: Part) -> bool;

    /// Adds what is up or down besides classes.
    fn subjects(&self, graph: &mut graph::Builder<'_>) -> Vec<(Subject, NodeId)>;

    /// Adds the nodes of all sections, as other parts of the site see them, where that is reported.
    fn watched(&self, graph: &mut graph::Builder<'_>) -> Vec<NodeId>;

    /// The switches of a domain, of which what stands on it needs one; `None`: such a domain has none.
    fn switches(&self, draft: &Draft, domain: Part) -> Option<OneOf>;

    /// The links by which users reach what stands on a domain; `None`: it has none of its own.
    fn uplinks(&self, draft: &Draft, domain: Part) -> Option<OneOf>;
}

/// Says what a kind has no part in, by the names of the methods of [`Flow`].
macro_rules! nothing {
    ($($what:ident),* $(,)?) => { $(crate::plan::kind::flow::nothing!(@$what);)* };
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
    (@stores) => {
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
}
pub(crate) use nothing;

/// A step that a component does, as the folds over routes see it.
pub trait Leaf {
    /// Adds what must be up for it.
    fn needs(&self, graph: &mut graph::Builder<'_>, needs: &mut Vec<NodeId>);
}

/// The step as something that a component does; `None` for what only orders other steps, and for calls, whose steps
/// are done elsewhere.
#[must_use]
pub fn leaf(does: &Does) -> Option<&dyn Leaf> {
    match does {
        Does::Work(work) => Some(work),
        Does::Io(io) => Some(io),
        Does::Query(query) => Some(query),
        Does::Visit(visit) => Some(visit),
        Does::Ask(ask) => Some(ask),
        Does::Call(_)
        | Does::Choose(_)
        | Does::Jump(_)
        | Does::Parallel(_)
        | Does::Repeat(_)
        | Does::Delay(_) => None,
    }
}

/// A step that its kind brings along answers for itself.
impl Leaf for std::sync::Arc<dyn Ask> {
    fn needs(&self, graph: &mut graph::Builder<'_>, needs: &mut Vec<NodeId>) {
        needs.extend(Ask::needs(&**self, graph));
    }
}

/// What answers for a part.
pub trait Answering {
    /// What its kind answers the plan.
    fn answers(self) -> &'static dyn Answers;
}

impl Answering for Part {
    fn answers(self) -> &'static dyn Answers {
        let kind = match self {
            Self::Site(_) | Self::Uplink { .. } => Kind::Site,
            Self::Link(_) => Kind::Link,
            Self::Rack(_) | Self::Switch { .. } => Kind::Rack,
            Self::Server(_) | Self::Disks { .. } => Kind::Server,
            Self::Head { .. } | Self::Pool { .. } => Kind::Nas,
            Self::Zone { .. } => Kind::Zone,
            Self::Service { .. } => Kind::Service,
            Self::Database { .. } => Kind::Database,
            Self::Balancer { .. } => Kind::Balancer,
            Self::Own(own) => own.kind,
            Self::Edge { .. } => Kind::Cdn,
            Self::Station { .. } => Kind::Station,
            Self::Unit { .. } => Kind::Unit,
        };
        kind.answers()
    }
}

/// The kind that keeps data so.
#[must_use]
pub const fn of_store(store: Store) -> Kind {
    match store {
        Store::Disks { .. } => Kind::Server,
        Store::Volume { .. } => Kind::Nas,
    }
}

/// The links by which users reach `part`, and the domain that has them.
#[must_use]
pub fn uplinks_of(draft: &Draft, part: Part) -> Option<(Part, OneOf)> {
    let domains = part.domains(draft).into_iter();
    domains.filter_map(|domain| Some((domain, domain.answers().uplinks(draft, domain)?))).next()
}
