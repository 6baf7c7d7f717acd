//! Clients: what a browser and its user do around a request: parts of a page, patience, retries, sessions.

pub mod guests;
pub mod live;
pub mod spec;
