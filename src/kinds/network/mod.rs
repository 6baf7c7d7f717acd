//! The network: sites and their uplinks, racks and their switches, links.

pub mod live;
pub mod spec;
