//! One test binary; a module a promise to the user.

mod bad_input;
mod caches;
mod health;
mod links;
mod reports;
mod traffic;
