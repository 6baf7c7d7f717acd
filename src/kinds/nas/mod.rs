//! File servers: heads in front of pools, alone or as a pair that takes over.

mod caching;
pub mod check;
pub mod components;
pub mod flow;
pub mod links;
pub mod live;
pub mod parts;
pub mod spec;
pub(crate) mod volumes;

/// The kind of file servers.
#[derive(Debug)]
pub struct Nas;
