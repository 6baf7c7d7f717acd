//! Stations: the queues of the textbook.

pub mod live;
pub mod spec;
