//! Databases: a group of members of which one takes the writes, and others follow it.

pub mod check;
pub mod components;
pub mod flow;
pub mod links;
pub mod live;
pub mod parts;
pub mod spec;

/// Databases.
#[derive(Debug)]
pub struct Database;
