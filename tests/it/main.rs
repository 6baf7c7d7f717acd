//! One test binary; a module a promise to the user.

mod faults;
mod health;
mod reports;
mod traffic;
