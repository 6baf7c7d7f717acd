//! Units that fail and are repaired, groups of units, and the crews who repair: textbook reliability models.

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
