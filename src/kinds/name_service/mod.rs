//! Name services: which of several entrances a user is led to, and how long he believes it.

pub mod check;
pub mod components;
pub mod flow;
pub mod live;
pub mod parts;
pub mod plan;
pub mod spec;
pub mod step;
