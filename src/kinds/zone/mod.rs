//! Servers, and the zones that share their processors.

mod caching;
pub mod caps;
pub mod check;
pub mod components;
pub mod figures;
pub mod flow;
pub mod lent;
pub mod links;
pub mod live;
pub mod memory;
pub mod overlap;
pub mod parts;
mod prices;
pub mod spec;
pub mod vm;
pub mod working_sets;
mod years;

/// The kind of servers.
#[derive(Debug)]
pub struct Server;

/// The kind of zones.
#[derive(Debug)]
pub struct Zone;
