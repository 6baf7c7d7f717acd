//! Sharded databases: databases that each hold a part of the data, and the index that knows which one.
//!
//! A query is looked up at the index, if there is one, and goes to one shard, drawn by the popularity of the keys. A
//! share of the reads asks all shards at once. Index and shards are components of other kinds, so they saturate, fail
//! and fail over as these do: a sharded database has no part of its own.
//!
//! Leaves out: moving keys from one shard to another, and transactions over several shards.

pub mod check;
pub mod components;
pub mod flow;
pub mod parts;
pub mod plan;
pub mod spec;
pub mod step;
