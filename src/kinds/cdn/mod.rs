//! CDNs: edges outside the sites, and shields behind them, that keep copies of what an origin serves.

pub mod links;
pub mod live;
pub mod spec;
