//! Object caches: a process that keeps objects, found by a ratio or object by object.

pub mod live;
pub mod plan;
pub mod spec;
pub mod step;
