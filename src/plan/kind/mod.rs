//! The questions that the plan asks each kind of component.
//!
//! [`Answers`] is made of four traits, one a question; each kind answers each in a file of its folder.

pub mod checks;
pub mod components;
pub mod flow;
pub mod parts;

use crate::plan::names::Kind;

/// All that a kind of component answers the plan.
pub trait Answers: parts::Parts + checks::Checks + components::Components + flow::Flow {}

impl<T: parts::Parts + checks::Checks + components::Components + flow::Flow> Answers for T {}

/// The answers of all kinds, in the order of the file.
pub fn all() -> impl Iterator<Item = &'static dyn Answers> {
    Kind::ALL.iter().map(|kind| kind.answers())
}
