//! What a kind of component owes the plan.
//!
//! [`Answers`] is made of four traits, one a question; each kind answers each in a file of its folder.

pub mod checks;
pub mod components;
pub mod flow;
pub mod parts;

use crate::model::blueprint;
use crate::model::ids::ComponentId;
use crate::plan::Draft;
use crate::plan::compile::Builder;
use crate::plan::names::Kind;
use crate::plan::part::{Own, Part};
use crate::plan::program::Compiler;

/// How a part shows that it is ill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fares {
    /// A process: it is unreachable with what it stands on, and refuses when it is down itself.
    Process,
    /// Something outside of the sites: it works or it does not.
    Outside,
}

/// What a kind of component owes the plan.
pub trait Planned: Sync {
    /// Itself.
    fn kind(&self) -> Kind;

    /// Whether it came after the first version of the language: a scenario without it is the same as before.
    fn came_later(&self) -> bool;

    /// What one part is, in a word or two: `name service`.
    fn word(&self) -> &'static str;

    /// How many parts the section at `index` has, each with a number in its name; `None`: one, without a number.
    fn members(&self, draft: &Draft, index: usize) -> Option<u32>;

    /// What a part stands on directly; `None`: on nothing that is declared.
    fn stands_on(&self, draft: &Draft, part: Own) -> Option<Part>;

    /// How a part shows that it is ill.
    fn fares(&self) -> Fares;

    /// The component that holds what a part keeps in memory; `None`: there is none.
    fn memory(&self, draft: &Draft, part: Own) -> Option<String>;

    /// Whether a fault that takes the memory of a part takes anything.
    fn remembers(&self, draft: &Draft, part: Own) -> bool;

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
