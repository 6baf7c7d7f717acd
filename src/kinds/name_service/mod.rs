//! Name services: the choice among several entrances, and the time for which resolvers cache it.

pub mod check;
pub mod components;
pub mod flow;
pub mod live;
pub mod parts;
pub mod plan;
pub mod spec;
pub mod step;
