//! One test binary; a module a promise to the user.

mod bad_input;
mod caches;
mod cli;
mod faults;
mod health;
mod links;
mod messages;
mod reports;
mod schema;
mod traffic;
