//! Units that fail and are repaired, groups of them, and the crews who repair: the models of the textbook.

pub mod check;
pub mod components;
pub mod flow;
pub mod links;
pub mod parts;
pub mod spec;

/// Repairable units.
#[derive(Debug)]
pub struct Unit;

/// Groups of units.
#[derive(Debug)]
pub struct Group;

/// Repair crews.
#[derive(Debug)]
pub struct Crew;
