//! The questions that the plan asks each kind of component.
//!
//! [`Answers`] consists of four traits, one per group of questions; each kind answers each in a file of its folder.

pub mod checks;
pub mod components;
pub mod flow;
pub mod parts;

use crate::plan::names::Kind;

/// All answers of a kind of component to the plan.
pub trait Answers: parts::Parts + checks::Checks + components::Components + flow::Flow {}

impl<T: parts::Parts + checks::Checks + components::Components + flow::Flow> Answers for T {}

/// Returns the answers of all kinds, in the order of the file.
pub fn all() -> impl Iterator<Item = &'static dyn Answers> {
    Kind::ALL.iter().map(|kind| kind.answers())
}
