//! Clients: a browser and its user around a request, with the parts of a page, patience, retries and sessions.

pub mod guests;
pub mod live;
pub mod spec;
