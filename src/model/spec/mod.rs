//! What the file says of every kind of component: one declaration a key, from which come the
//! reader, the schema and the reference page.
//!
//! A record here is a form, as written. What its values mean together is checked in `plan`.

pub mod place;
pub mod request;
pub mod runs;
pub mod storage;
pub mod textbook;
pub mod traffic;
