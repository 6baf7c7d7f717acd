//! Buffers of databases that have lost their content, in states of the parts.
//!
//! Model: at the age t after the loss a buffer misses 1 + (f − 1) e^(−t/τ) times as often, at most always. The age is part of
//! the state, in steps of τ / [`CHILLS_PER_CONSTANT`], each at its mean. A buffer keeps its content while the member, its
//! zone and its server are healthy. After [`CHILLS`] steps it counts as warm; e⁻⁶ of the additional misses lie beyond.
//!
//! Leaves out: a fault that empties the buffer alone; a buffer fills by time, not by what it is asked.

use std::collections::BTreeMap;

use super::FluidPlan;
use super::state::AGE_BITS;
use crate::plan::Draft;
use crate::plan::part::Part;
use crate::units::SimDuration;

/// Buffer of a database member, which misses more often for a while after it has lost its content.
#[derive(Clone, Debug, PartialEq)]
pub struct Buffer {
    /// The member.
    pub member: Part,
    /// Database and number of the member.
    pub of: (u32, u32),
    /// Factor on its misses at first, and the largest one.
    pub factor: f64,
    /// Factor at which every read misses.
    pub most: f64,
    /// Time constant of the decay of the factor to 1.
    pub decays_in: SimDuration,
    /// True if it is cold when the member becomes primary.
    pub is_cold_as_primary: bool,
}

/// Number of steps in which the additional misses of a buffer decay, each a quarter of their time constant. After the last
/// it counts as warm.
pub const CHILLS: u32 = 24;
/// Steps per time constant.
pub const CHILLS_PER_CONSTANT: u32 = 4;

/// Returns the mean of e^(−age/τ) in a step of the age of a buffer; 0 is warm.
#[must_use]
pub fn chill(age: u32) -> f64 {
    let at = |step: u32| libm::exp(-f64::from(step) / f64::from(CHILLS_PER_CONSTANT));
    match age {
        0 => 0.0,
        _ => (at(age - 1) - at(age)) * f64::from(CHILLS_PER_CONSTANT),
    }
}

/// Returns the parts whose failure empties each buffer.
pub(super) fn keepers(
    draft: &Draft,
    buffers: &[Buffer],
    numbers: &BTreeMap<Part, u32>,
) -> Vec<Vec<u32>> {
    let keepers = |buffer: &Buffer| {
        let below = buffer.member.domains(draft).into_iter();
        let below = below.filter(|part| matches!(part, Part::Zone { .. } | Part::Server(_)));
        let all = std::iter::once(buffer.member).chain(below);
        all.filter_map(|part| numbers.get(&part).copied()).collect()
    };
    buffers.iter().map(keepers).collect()
}

/// Returns the factor on the misses of each buffer in a state. `age` reads the age at a position among its bits.
pub(super) fn misses(plan: &FluidPlan, age: impl Fn(usize) -> u32) -> Vec<f64> {
    let misses = |(at, buffer): (usize, &Buffer)| {
        (1.0 + (buffer.factor - 1.0) * chill(age(plan.chill_at(at)))).min(buffer.most)
    };
    plan.network.buffers.iter().enumerate().map(misses).collect()
}

/// Returns whether the member of each buffer keeps its content, and whether it is the primary.
pub(super) fn standing(
    plan: &FluidPlan,
    fit: &[bool],
    primary: &[Option<u32>],
) -> Vec<(bool, bool)> {
    let standing = |(buffer, keepers): (&Buffer, &Vec<u32>)| {
        let (database, member) = buffer.of;
        let keeps = keepers.iter().all(|part| fit[*part as usize]);
        (keeps, primary[database as usize] == Some(member))
    };
    plan.network.buffers.iter().zip(&plan.keepers).map(standing).collect()
}

impl FluidPlan {
    /// Returns the position, among the bits of a state, of the age of a buffer that has lost its content.
    #[must_use]
    pub fn chill_at(&self, buffer: usize) -> usize {
        self.age_at(self.network.lives.len()) + buffer * AGE_BITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps add up to the area under the decay, but for its end.
    #[test]
    fn the_steps_of_a_cold_buffer_add_up_to_its_time_constant() {
        let sum: f64 = (1..=CHILLS).map(chill).sum();
        let beyond = libm::exp(-f64::from(CHILLS) / f64::from(CHILLS_PER_CONSTANT));
        assert!((sum / f64::from(CHILLS_PER_CONSTANT) - (1.0 - beyond)).abs() < 1e-12, "{sum}");
        assert_eq!(chill(0), 0.0);
        const { assert!(CHILLS < 1 << AGE_BITS) };
    }
}
