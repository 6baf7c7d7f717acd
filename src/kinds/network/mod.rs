//! The network: sites and their uplinks, racks and their switches, links.

pub mod check;
pub mod components;
pub mod flow;
pub mod live;
pub mod parts;
pub mod spec;

/// Sites.
#[derive(Debug)]
pub struct Site;

/// Racks.
#[derive(Debug)]
pub struct Rack;

/// Links between sites.
#[derive(Debug)]
pub struct Link;
