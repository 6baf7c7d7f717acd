//! Databases: a primary with replicas that follow it, or an index server with shards.

pub mod check;
pub mod components;
pub(crate) mod failover;
pub mod flow;
pub mod links;
pub mod live;
pub mod parts;
pub mod spec;
pub mod step;

/// Kind of the databases.
#[derive(Debug)]
pub struct Database;
