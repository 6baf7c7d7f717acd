//! One test binary; a module a promise to the user.

mod cli;
mod health;
mod messages;
mod reports;
mod schema;
mod traffic;
