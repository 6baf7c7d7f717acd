//! Plan to observations: `requests`.

pub mod requests;
