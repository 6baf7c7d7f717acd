//! Stations: textbook queues with servers.

pub mod check;
pub mod components;
pub mod flow;
pub mod live;
pub mod parts;
pub mod spec;
pub mod step;

/// The kind of stations.
#[derive(Debug)]
pub struct Station;
