//! One test binary; a module a promise to the user.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "tests narrow numbers that they wrote"
)]

mod bad_input;
mod balancers;
mod bounds;
mod branches;
mod breaks;
mod browser;
mod caches;
mod capacity;
mod claims;
mod cli;
mod common;
mod control;
mod coverage;
mod databases;
mod determinism;
mod digests;
mod edges;
#[cfg(target_os = "linux")]
mod endings;
mod facade;
mod faults;
mod faults_shipped;
mod fetches;
mod figures;
mod front;
mod gate;
mod health;
mod ladder;
mod limits;
mod links;
mod mechanisms;
mod messages;
mod mutants;
mod oracles;
mod peers;
mod promises;
mod queues;
mod recorded;
mod replay;
mod reports;
mod results;
mod scale;
mod schema;
mod shields;
mod standard;
mod stories;
mod surges;
mod surrogates;
mod sweep;
mod systems_shipped;
mod threads;
mod tidy;
mod traffic;
mod users;
mod verdicts;
mod windows;
mod years;
