//! `fivenines`: a deterministic discrete-event datacenter simulator.
//!
//! Folders in the order of dependence; a folder uses only folders above it.

pub mod units;

pub mod engine;
pub mod stats;
pub mod scenario;
pub mod observe;
pub mod health;
pub mod workload;
pub mod faults;
pub mod model;
pub mod plan;
pub mod solve;
pub mod study;
pub mod report;
pub mod cli;
