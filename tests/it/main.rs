//! One test binary; a module a promise to the user.

mod bad_input;
mod capacity;
mod common;
mod determinism;
mod health;
mod mutants;
mod oracles;
mod recorded;
mod reports;
mod traffic;
