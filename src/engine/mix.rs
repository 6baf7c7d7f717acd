//! A bijection that mixes the bits of a number, for numbers that are no draws: shards of keys, and owners of draws.
//!
//! Source: `SplitMix64` (Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014).

/// 2⁶⁴ over the golden ratio, the step of `SplitMix64`.
pub const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes the bits of a state of `SplitMix64` into its output.
#[must_use]
pub const fn mixed(state: u64) -> u64 {
    let once = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let twice = (once ^ once >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    twice ^ twice >> 31
}
