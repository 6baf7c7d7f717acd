//! Promise: what the language takes, acts; each mechanism gives the figures of its theory.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "mechanisms/patience.rs"]
mod patience;
