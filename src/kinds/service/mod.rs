//! Services: processes in zones, with workers and a backlog.

pub mod check;
pub mod components;
pub mod flow;
pub mod links;
pub mod live;
pub mod parts;
pub mod spec;
pub mod step;
mod warm_up;
pub mod working_sets;

/// The kind of services.
#[derive(Debug)]
pub struct Service;
