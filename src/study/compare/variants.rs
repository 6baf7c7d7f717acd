//! Variants: scenarios that are laid over another scenario of the comparison.
//!
//! In: the members. Out: those of the ladder, and each variant beside its base. A variant of one scenario alone stays in the
//! ladder, where it is compared in full. If there are variants of several scenarios, each is compared with its own base on
//! the same draws, and the ladder has the others.

use std::collections::BTreeSet;

use super::{Ladder, Member, of_all};

/// A variant beside its base.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The comparison of both: the base, then the variant. Its intervals hold for this pair.
    pub pair: Ladder,
}

impl Variant {
    /// Returns the name of the base.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.pair.rows[0].scenario
    }

    /// Returns the name of the variant.
    #[must_use]
    pub fn scenario(&self) -> &str {
        &self.pair.rows[1].scenario
    }
}

/// Returns the members of the ladder, and the variants beside them with their bases.
pub(super) fn apart<'a>(members: &[Member<'a>]) -> (Vec<Member<'a>>, Vec<[Member<'a>; 2]>) {
    let named = |name: &str| members.iter().find(|one| one.name() == name);
    let base = |one: &Member<'a>| one.base.and_then(named).filter(|base| base.name() != one.name());
    let bases: BTreeSet<&str> = members.iter().filter_map(base).map(Member::name).collect();
    if bases.len() < 2 {
        return (members.to_vec(), Vec::new());
    }
    let beside = members.iter().filter_map(|one| Some([*base(one)?, *one])).collect();
    (members.iter().filter(|one| base(one).is_none()).copied().collect(), beside)
}

/// Compares each variant with its base. One that has nothing in common with it is left out.
pub(super) fn all(beside: &[[Member<'_>; 2]]) -> Vec<Variant> {
    beside.iter().filter_map(|both| Some(Variant { pair: of_all(both)? })).collect()
}
