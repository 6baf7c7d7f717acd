//! Balancers: one unit, a pair with takeover, or peers that share addresses, in front of services and databases.

pub mod check;
pub mod components;
pub mod flow;
pub mod links;
pub mod live;
pub mod parts;
pub mod spec;

/// Balancers.
#[derive(Debug)]
pub struct Balancer;
