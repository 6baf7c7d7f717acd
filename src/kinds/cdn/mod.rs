//! CDNs: edges outside the sites, and shields behind them, that keep copies of what an origin serves.

pub mod check;
pub mod components;
mod copies;
pub mod figures;
pub mod flow;
pub mod hits;
pub mod links;
pub mod live;
pub mod parts;
pub mod spec;
pub mod step;

/// Kind of the CDNs.
#[derive(Debug)]
pub struct Cdn;
