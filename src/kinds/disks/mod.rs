//! Disks: a set of disks in a server or behind a head.

pub mod check;
pub mod components;
pub mod figures;
pub mod flow;
pub mod live;
pub mod spec;
pub mod years;
