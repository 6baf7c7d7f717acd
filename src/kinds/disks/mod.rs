//! Disks: a set of disks in a server or behind a head.

pub mod flow;
pub mod live;
pub mod spec;
