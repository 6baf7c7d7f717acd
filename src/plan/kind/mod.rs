//! What a kind of component owes the plan.
//!
//! [`Answers`] is made of four traits, one a question; each kind answers each in a file of its folder.

pub mod checks;
pub mod components;
pub mod flow;
pub mod parts;

use std::collections::BTreeSet;

use crate::model::blueprint;
use crate::model::ids::ComponentId;
use crate::plan::Draft;
use crate::plan::compile::Builder;
use crate::plan::links::{Links, Walk};
use crate::plan::names::Kind;
use crate::plan::program::Compiler;
use crate::scenario::diagnostic::Diagnostics;

/// What a kind of component owes the plan.
pub trait Planned: Sync {
    /// Itself.
    fn kind(&self) -> Kind;

    /// The class whose requests a component of this kind lets begin, one for each asking; `None`: none.
    fn begins(&self, draft: &Draft, index: usize) -> Option<usize>;

    /// Follows the references of all sections.
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links);

    /// Reports what is wrong or without effect in the keys of all sections.
    fn check(&self, draft: &Draft, out: &mut Diagnostics);

    /// Adds the components that all sections use.
    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>);

    /// Asks for the components that the event loop needs.
    fn gather(&self, builder: &mut Builder<'_>);

    /// Makes one that [`gather`](Self::gather) has asked for under this number.
    fn make(
        &self,
        builder: &mut Builder<'_>,
        index: usize,
        number: u32,
        id: ComponentId,
        part: &mut blueprint::Part,
    );

    /// Gives components what is known after all programs are compiled: keys of draws.
    fn finish(&self, draft: &Draft, compiler: &mut Compiler<'_>, parts: &mut [blueprint::Part]);
}

/// All kinds that answer for themselves.
pub fn all() -> impl Iterator<Item = &'static dyn Planned> {
    Kind::ALL.iter().filter_map(|kind| kind.planned())
}

/// All that a kind of component answers the plan.
pub trait Answers: parts::Parts + checks::Checks + components::Components + flow::Flow {}

impl<T: parts::Parts + checks::Checks + components::Components + flow::Flow> Answers for T {}
