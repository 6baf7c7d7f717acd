//! `fivenines`: a deterministic discrete-event datacenter simulator.
//!
//! Folders in the order of dependence; a folder uses only folders above it.

pub mod units;

pub mod cli;
pub mod engine;
pub mod faults;
pub mod health;
pub mod model;
pub mod observe;
pub mod plan;
pub mod report;
pub mod scenario;
pub mod solve;
pub mod stats;
pub mod study;
pub mod workload;
