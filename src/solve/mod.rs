//! Plan to observations: `requests` lives through every request, `flows` through years of faults.

pub mod flows;
pub mod fluid;
pub mod requests;
