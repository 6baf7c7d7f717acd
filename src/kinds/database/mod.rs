//! Databases: a group of members of which one takes the writes, and others follow it.

pub mod live;
pub mod spec;
