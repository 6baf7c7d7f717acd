//! One test binary; a module a promise to the user.

mod bad_input;
mod health;
mod reports;
mod traffic;
