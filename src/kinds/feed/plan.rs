//! The kind of power feeds, and the resolved references to them.

use crate::plan::names::Kind;
use crate::plan::part::{Own, Part};

/// The kind of power feeds.
#[derive(Debug)]
pub struct Feed;

/// Feeds named by sections, per section: those of a section alone, without those of its rack.
#[derive(Clone, Debug, Default)]
pub struct FeedLinks {
    /// Feeds above each feed.
    pub above: Vec<Vec<usize>>,
    /// Feeds of each rack.
    pub racks: Vec<Vec<usize>>,
    /// Feeds of the switches of each rack.
    pub switches: Vec<Vec<usize>>,
    /// Feeds of each group of servers.
    pub servers: Vec<Vec<usize>>,
    /// Feeds of the heads of each file server.
    pub nas: Vec<Vec<usize>>,
    /// Feeds of each balancer.
    pub balancers: Vec<Vec<usize>>,
}

/// Returns the feed at `index`, as a part.
#[must_use]
pub const fn feed(index: usize) -> Part {
    Part::Own(Own { kind: Kind::Feed, index, member: 0 })
}
