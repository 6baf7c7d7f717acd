//! Databases: a primary with replicas that follow it.

pub mod account;
pub mod check;
pub mod components;
pub mod copies;
pub(crate) mod failover;
pub(crate) mod far;
mod far_flow;
pub mod figures;
pub mod flow;
pub mod links;
pub mod live;
mod modes;
pub mod parts;
pub(crate) mod role;
mod rows;
pub mod spec;
pub mod step;
pub(crate) mod views;

/// Kind of the databases.
#[derive(Debug)]
pub struct Database;
