//! File servers: heads in front of pools, alone or as a pair that takes over.

pub mod live;
pub mod spec;
