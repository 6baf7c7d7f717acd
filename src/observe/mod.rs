//! Records of the event loop that many parts share: histograms and samples of durations.
//!
//! All figures are integers: nanoseconds, counts and their products. So sums do not depend
//! on their order, merging is exact, and the balances of a run hold exactly.

pub mod histogram;
pub mod sample;
