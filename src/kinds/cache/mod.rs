//! Object caches: a process that stores objects, with a given hit ratio or object by object.

pub mod check;
pub mod components;
mod copies;
pub mod figures;
pub mod flow;
pub mod hits;
pub mod live;
pub mod parts;
pub mod plan;
pub mod spec;
pub mod step;
pub mod update;
