//! Replications, windows, figures and verdicts: the questions to a plan, answered with intervals.
//!
//! Replications are independent and run on any number of threads. Their samples are folded in the order of their
//! numbers, so the number of threads changes nothing.

pub mod asked;
pub mod breaks;
pub mod capacity;
pub mod claim;
pub mod compare;
pub mod control;
pub mod date;
pub mod energy;
pub mod expect;
mod fits;
pub mod folded;
pub mod forecast;
pub(crate) mod from_log;
pub mod gate;
pub mod in_order;
pub mod intervals;
pub mod journal;
pub mod limits;
pub mod measure;
pub mod metastable;
mod methods;
mod quick;
pub mod reach;
pub mod record;
pub mod replication;
pub mod results;
pub mod sampled;
pub mod scalers;
pub mod scenario;
pub mod stories;
pub mod stretch;
pub mod summary;
pub mod sweep;
pub mod underway;
pub mod verdict;
pub mod waterfall;
pub mod why;
pub mod window;
pub mod work;
pub mod years;
pub mod zones;
