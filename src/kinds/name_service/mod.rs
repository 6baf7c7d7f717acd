//! Name services: which of several entrances a user is led to, and how long he believes it.

pub mod live;
pub mod plan;
pub mod spec;
