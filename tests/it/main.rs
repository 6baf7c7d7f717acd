//! One test binary; a module a promise to the user.

mod health;
mod reports;
mod results;
mod traffic;
