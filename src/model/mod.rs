//! The world: one component a file.

pub mod cpu_share;
mod cpu_zone;
pub mod flow_share;
pub mod share;
mod virtual_clock;
