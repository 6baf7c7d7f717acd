//! Services: processes in zones, with workers and a backlog.

pub mod live;
pub mod spec;
