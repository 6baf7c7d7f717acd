//! Servers and zones: who gets the processor.

pub mod check;
pub mod components;
pub mod flow;
pub mod links;
pub mod live;
pub mod memory;
pub mod parts;
pub mod spec;

/// Servers.
#[derive(Debug)]
pub struct Server;

/// Zones.
#[derive(Debug)]
pub struct Zone;
