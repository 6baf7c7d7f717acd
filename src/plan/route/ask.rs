//! What a step asks of a component whose kind brings the step along: one answer to each fold over routes.

use std::fmt;
use std::sync::Arc;

use crate::model::spec::request::StepSpec;
use crate::plan::hits::Hits;
use crate::plan::kind::flow::Leaf;
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

/// A step with every name resolved. The other folds over routes ask it as any [`Leaf`].
pub trait Ask: Leaf + fmt::Debug + Send + Sync {
    /// The component that it asks: its kind, and its place in the file.
    fn of(&self) -> (Kind, usize);

    /// Steps inside of it that are done in the same place.
    fn inside(&self) -> &[Step];

    /// Share of the requests that go on without the steps inside.
    fn passes(&self, hits: &Hits) -> f64;

    /// Compiles it.
    fn compile(&self, compiler: &mut Compiler<'_>);
}
