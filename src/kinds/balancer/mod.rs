//! Balancers: one unit, a pair with takeover, or peers that share addresses, in front of services and databases.

pub mod live;
pub mod spec;
