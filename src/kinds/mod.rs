//! Kinds of components, a folder each: what a scenario says of one, what is wrong with it, what it becomes, and
//! what it does in the event loop.
//!
//! Files of a kind stand at the level of their names: `spec` and `live` below the plan, all others in it
//! (`tests/it/tidy.rs`). A kind names no other kind.

pub mod balancer;
pub mod cache;
pub mod cdn;
pub mod client;
pub mod database;
pub mod disks;
pub mod name_service;
pub mod nas;
pub mod network;
pub mod service;
pub mod station;
pub mod unit;
pub mod zone;
