//! Stations: the queues of the textbook.

pub mod live;
