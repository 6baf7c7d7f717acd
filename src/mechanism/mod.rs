//! Mechanisms that several kinds of components share, and that depend on no kind: a processor divided among zones,
//! links divided among transfers, the throttle of disk operations, the queue in front of a disk, dirty data
//! with its transaction groups, the intent log, a scrub.

pub mod cpu_share;
mod cpu_zone;
pub mod dirty_data;
pub mod flow_share;
pub mod intent_log;
pub mod io_throttle;
pub mod leaf_queue;
pub mod scan;
pub mod share;
pub(crate) mod virtual_clock;
