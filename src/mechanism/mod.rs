//! Mechanisms that several kinds of components share, and that depend on no kind: a processor divided among zones,
//! links divided among transfers, loss on a link, the path of disk operations with transaction groups, the intent log, a
//! scrub and a resilver, memory as an adaptive cache with its second level on a disk and under a cap, power by load, hours
//! of the week, the agreement of copies on writes with its row locks, the age of copies whose objects change, and the rules
//! of an autoscaler and of the choice of a server.

pub mod arc;
pub mod commit;
pub mod copies;
pub mod cpu_share;
pub mod cpu_tick;
mod cpu_zone;
pub mod dirty_data;
pub mod flow_share;
pub mod hours;
pub mod intent_log;
pub mod io_throttle;
pub mod l2arc;
pub mod leaf_queue;
pub mod loss;
pub mod memory_cap;
pub mod placement;
pub mod power;
pub mod processor;
pub mod resilver;
pub mod row_locks;
pub mod scaling;
pub mod scan;
pub mod share;
pub(crate) mod virtual_clock;
