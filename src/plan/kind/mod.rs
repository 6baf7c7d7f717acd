//! What a kind of component owes the plan.
//!
//! [`Answers`] is made of four traits, one a question; each kind answers each in a file of its folder.

pub mod checks;
pub mod components;
pub mod flow;
pub mod parts;

use std::collections::BTreeSet;

use crate::plan::Draft;
use crate::plan::links::{Links, Walk};
use crate::plan::names::Kind;
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
}

/// All kinds that answer for themselves.
pub fn all() -> impl Iterator<Item = &'static dyn Planned> {
    Kind::ALL.iter().filter_map(|kind| kind.planned())
}

/// All that a kind of component answers the plan.
pub trait Answers: parts::Parts + checks::Checks + components::Components + flow::Flow {}

impl<T: parts::Parts + checks::Checks + components::Components + flow::Flow> Answers for T {}
