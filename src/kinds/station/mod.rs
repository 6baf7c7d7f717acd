//! Stations: the queues of the textbook.

pub mod check;
pub mod components;
pub mod flow;
pub mod live;
pub mod parts;
pub mod spec;
pub mod step;

/// Stations.
#[derive(Debug)]
pub struct Station;
