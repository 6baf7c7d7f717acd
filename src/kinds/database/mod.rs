//! Databases: a group of members of which one takes the writes, and others follow it.

pub mod check;
pub mod components;
pub(crate) mod failover;
pub mod flow;
pub mod links;
pub mod live;
pub mod parts;
pub mod spec;
pub mod step;

/// Databases.
#[derive(Debug)]
pub struct Database;
