//! What a step asks of a component whose kind brings the step along: one answer to each fold over routes.

use std::fmt;
use std::sync::Arc;

use crate::model::spec::request::StepSpec;
use crate::plan::fluid::network::{self, Onward};
use crate::plan::graph::{self, NodeId};
use crate::plan::hits::Hits;
use crate::plan::load::Sums;
use crate::plan::names::Kind;
use crate::plan::program::Compiler;
use crate::plan::route::Step;
use crate::plan::route::resolve::{Here, Resolver};
use crate::scenario::names::Name;
use crate::scenario::value::Spanned;

/// A step as written.
pub trait Asked: fmt::Debug {
    /// Its label.
    fn label(&self) -> Option<&Spanned<Name>>;

    /// Steps inside of it that are done in the same place.
    fn inside(&self) -> &[StepSpec];

    /// With every name resolved; `None` when something was reported.
    fn resolve<'s>(
        &'s self,
        resolver: &mut Resolver<'s, '_>,
        here: Here,
        reach: &mut Vec<&'s Name>,
    ) -> Option<Arc<dyn Ask>>;
}

/// A step with every name resolved.
pub trait Ask: fmt::Debug + Send + Sync {
    /// The component that it asks: its kind, and its place in the file.
    fn of(&self) -> (Kind, usize);

    /// Steps inside of it that are done in the same place.
    fn inside(&self) -> &[Step];

    /// Share of the requests that go on without the steps inside.
    fn passes(&self, hits: &Hits) -> f64;

    /// Events of the event loop that one asking makes, without those of the steps inside.
    fn events(&self) -> f64;

    /// What must be up for it.
    fn needs(&self, graph: &mut graph::Builder<'_>) -> Option<NodeId>;

    /// Adds the work of `rate` askings a second.
    fn offers(&self, sums: &mut Sums<'_>, rate: f64);

    /// Adds where `count` askings of one request go.
    fn flows(&self, network: &mut network::Builder<'_>, count: f64, then: &mut Vec<Onward>);

    /// Compiles it.
    fn compile(&self, compiler: &mut Compiler<'_>);
}
