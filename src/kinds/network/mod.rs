//! The network: sites and their uplinks, racks and their switches, links.

pub mod check;
pub mod components;
pub mod figures;
pub mod flow;
pub mod live;
pub mod parts;
pub mod spec;

/// The kind of sites.
#[derive(Debug)]
pub struct Site;

/// The kind of racks.
#[derive(Debug)]
pub struct Rack;

/// The kind of links between sites.
#[derive(Debug)]
pub struct Link;
