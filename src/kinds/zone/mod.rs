//! Servers and zones: who gets the processor.

pub mod live;
pub mod spec;
