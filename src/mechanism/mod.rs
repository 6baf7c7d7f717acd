//! Mechanisms that several kinds of components share, and that depend on no kind: a processor divided among zones,
//! links divided among transfers.

pub mod cpu_share;
mod cpu_zone;
pub mod flow_share;
pub mod share;
pub(crate) mod virtual_clock;
