//! Tests that reach into the parts of the crate, so unit tests; a module a promise to the user.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod balancers;
mod bounds;
mod branches;
mod breaks;
mod browser;
mod caches;
mod capacity;
mod claims;
mod common;
mod control;
mod coverage;
mod databases;
mod determinism;
mod digests;
mod disk_writes;
mod disks;
mod drawing;
mod edges;
mod explorer;
mod faults;
mod fetches;
mod figures;
mod front;
mod gallery;
mod health;
mod ladder;
mod limits;
mod links;
mod mechanisms;
mod mutants;
mod oracles;
mod pages;
mod promises;
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
mod threads;
mod traffic;
mod users;
mod verdicts;
mod windows;
mod years;

#[path = "../shared/mod.rs"]
mod shared;
