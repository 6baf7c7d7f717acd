//! What the file says of runs, traffic and requests, and what several kinds of component say alike: one declaration a key, from which come the
//! reader, the schema and the reference page.
//!
//! A record here is a form, as written. What its values mean together is checked in `plan`.

pub mod memory;
pub mod popularity;
pub mod probe;
pub mod request;
pub mod runs;
pub mod takeover;
pub mod traffic;
