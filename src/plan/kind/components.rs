//! The questions about the event loop: the components of a kind, their configuration and the keys of their draws.
//!
//! The plan asks in four rounds. Every kind requests its components ([`Components::gather`]), which are then numbered
//! and made in the order of their names. Every kind makes the pools that steps refer to ([`Components::pools`]). The
//! steps of the classes are compiled, and use the kinds at which they enter ([`Components::enter`]). Finally every kind
//! completes its components with data that is known only then ([`Components::finish`]).

use crate::model::blueprint::Mount;
use crate::plan::Draft;
use crate::plan::carriage::Carriage;
use crate::plan::compile::{Builder, Made};
use crate::plan::copies::Keeper;
use crate::plan::links::Store;
use crate::plan::program::{Compiler, Way};

/// The answers of a kind about the event loop: its components, their configuration and the keys of their draws.
pub trait Components: Sync {
    /// Requests the components of all sections, each with its constructor.
    fn gather(&self, builder: &mut Builder<'_>);

    /// Returns the pools of a store of this kind, as a process in the zone member `at` mounts them.
    fn mounts(&self, builder: &Builder<'_>, store: Store, at: (usize, u32)) -> Vec<Mount>;

    /// Makes the pools that steps refer to.
    fn pools(&self, compiler: &mut Compiler<'_>);

    /// Returns the number of frames that a request entering here takes; `None`: no step enters here.
    fn frames(&self) -> Option<usize>;

    /// Compiles the entry, `steps` at the place entered, and the exit.
    fn enter(
        &self,
        compiler: &mut Compiler<'_>,
        way: &Way<'_>,
        steps: &mut dyn FnMut(&mut Compiler<'_>),
    );

    /// Returns the carriages of data between processes that its components ask for.
    fn carries(&self, draft: &Draft) -> Vec<Carriage>;

    /// Returns the answers about the copies of objects that its components keep, as purges reach them; `None`: they keep
    /// none.
    fn keeper(&self) -> Option<&'static dyn Keeper>;

    /// Completes the components after all classes are compiled: keys of draws, programs of their own.
    fn finish(&self, compiler: &mut Compiler<'_>, made: &mut Made);
}

/// Implements the named methods with "none": no components, no mounts, no pools, no entrance, no copies, nothing to complete.
macro_rules! none {
    ($($what:ident),*) => { $(crate::plan::kind::components::none!(@$what);)* };
    (@gather) => {
        fn gather(&self, _: &mut crate::plan::compile::Builder<'_>) {}
    };
    (@mounts) => {
        fn mounts(
            &self,
            _: &crate::plan::compile::Builder<'_>,
            _: crate::plan::links::Store,
            _: (usize, u32),
        ) -> Vec<crate::model::blueprint::Mount> {
            Vec::new()
        }
    };
    (@pools) => {
        fn pools(&self, _: &mut crate::plan::program::Compiler<'_>) {}
    };
    (@entrance) => {
        fn frames(&self) -> Option<usize> {
            None
        }

        fn enter(
            &self,
            _: &mut crate::plan::program::Compiler<'_>,
            _: &crate::plan::program::Way<'_>,
            _: &mut dyn FnMut(&mut crate::plan::program::Compiler<'_>),
        ) {
        }
    };
    (@carries) => {
        fn carries(&self, _: &crate::plan::Draft) -> Vec<crate::plan::carriage::Carriage> {
            Vec::new()
        }
    };
    (@keeper) => {
        fn keeper(&self) -> Option<&'static dyn crate::plan::copies::Keeper> {
            None
        }
    };
    (@finish) => {
        fn finish(
            &self,
            _: &mut crate::plan::program::Compiler<'_>,
            _: &mut crate::plan::compile::Made,
        ) {
        }
    };
}
pub(crate) use none;
