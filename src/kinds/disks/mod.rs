//! Disks: a set of disks in a server or behind a head.

pub mod components;
pub mod flow;
pub mod live;
pub mod spec;
