//! Steps whose component kind declares the step itself: one answer to each fold over routes.

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
use crate::scenario::source::Span;
use crate::scenario::value::Spanned;
use crate::workload::changed::Changes;

/// Step as written.
pub trait Asked: fmt::Debug {
    /// Returns its label.
    fn label(&self) -> Option<&Spanned<Name>>;

    /// Returns the steps inside of it that are done in the same place.
    fn inside(&self) -> &[StepSpec];

    /// Resolves every name; returns `None` if an error was reported.
    fn resolve<'s>(
        &'s self,
        resolver: &mut Resolver<'s, '_>,
        here: Here,
        reach: &mut Vec<&'s Name>,
    ) -> Option<Arc<dyn Ask>>;
}

/// Step with every name resolved. The other folds over routes use it as any [`Leaf`].
pub trait Ask: Leaf + fmt::Debug + Send + Sync {
    /// Returns the component that it asks: its kind, and its index in the file.
    fn of(&self) -> (Kind, usize);

    /// Returns the steps inside of it that are done in the same place.
    fn inside(&self) -> &[Step];

    /// Returns the changes of objects of the component per step, if it holds copies of objects; `None`: the step is no
    /// change.
    fn changes(&self) -> Option<Changes>;

    /// Returns the share of the requests that skip the steps inside.
    fn passes(&self, hits: &Hits) -> f64;

    /// Returns the place of a step that begins nothing, but waits until what others have begun is done; `None` for any
    /// other. Long-horizon runs do not simulate such a wait.
    fn awaits(&self) -> Option<Span>;

    /// Compiles the step.
    fn compile(&self, compiler: &mut Compiler<'_>);
}
