//! Sections of a scenario about runs, traffic and requests, and keys shared by several kinds of component. One
//! declaration per key generates the reader, the schema and the reference page.
//!
//! A record here is a form, as written. The plan checks the values together.

pub mod hours;
pub mod how;
pub mod memory;
pub mod popularity;
pub mod power;
pub mod price;
pub mod probe;
pub mod request;
pub mod runs;
pub mod takeover;
pub mod traffic;
