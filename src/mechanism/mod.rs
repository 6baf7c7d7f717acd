//! Mechanisms that several kinds of components share, and that depend on no kind: a processor divided among zones,
//! links divided among transfers, the throttle of disk operations and the queue in front of a disk, memory as an adaptive cache
//! and its second level on a disk.

pub mod arc;
pub mod cpu_share;
mod cpu_zone;
pub mod flow_share;
pub mod io_throttle;
pub mod l2arc;
pub mod leaf_queue;
pub mod share;
pub(crate) mod virtual_clock;
