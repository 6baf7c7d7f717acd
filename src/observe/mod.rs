//! What the event loop writes down and many parts share: histograms and samples of durations.
//!
//! Everything here is whole numbers: nanoseconds, counts and their products. So sums do not depend
//! on their order, merging is exact, and the balances of a run hold to the last digit.

pub mod histogram;
pub mod sample;
