//! Balancers: one unit, a pair with takeover, or peers that share addresses, in front of services and databases.

pub(crate) mod address;
pub(crate) mod beliefs;
pub mod check;
pub mod components;
pub mod figures;
pub mod flow;
pub mod links;
pub mod live;
pub mod parts;
mod peers;
pub mod probe;
pub mod spec;
pub mod step;

/// Kind of the balancers.
#[derive(Debug)]
pub struct Balancer;
