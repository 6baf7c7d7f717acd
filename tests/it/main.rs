//! One test binary; a module a promise to the user.

mod bad_input;
mod cli;
mod health;
mod links;
mod messages;
mod reports;
mod results;
mod schema;
mod traffic;
