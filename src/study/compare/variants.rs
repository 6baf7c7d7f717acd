//! Variants: scenarios that are laid over another scenario of the comparison.
//!
//! In: the members. Out: those of the ladder, and each variant beside its base. Variants of one scenario alone, and variants of
//! these, stay in the ladder, where they are compared in full. If there are variants of several scenarios, each is compared
//! with its own base on the same draws, and the ladder has the others.
//! Holds: a base is the scenario of the file that the variant names, with the name that it has there.

use std::collections::BTreeSet;

use super::{Ladder, Member, of_all};

/// A variant beside its base.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The comparison of both: the base, then the variant. Its intervals hold for this pair, at the level of the pair.
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

/// Returns the place of the base of each member among the members.
fn bases(members: &[Member<'_>]) -> Vec<Option<usize>> {
    let base = |at: usize| {
        let (name, file) = members[at].base?;
        let is = |one: &Member<'_>| one.name() == name && one.file == Some(file);
        members.iter().position(is).filter(|base| *base != at)
    };
    (0..members.len()).map(base).collect()
}

/// Returns the members of the ladder, and the variants beside them with their bases.
pub(super) fn apart<'a>(members: &[Member<'a>]) -> (Vec<Member<'a>>, Vec<[Member<'a>; 2]>) {
    let bases = bases(members);
    // The scenario at the end of the bases of a member, if it has any.
    let root = |at: usize| {
        let mut root = bases[at]?;
        for _ in 0..members.len() {
            let Some(below) = bases[root] else { return Some(root) };
            root = below;
        }
        None
    };
    let roots: Vec<Option<usize>> = (0..members.len()).map(root).collect();
    if roots.iter().flatten().collect::<BTreeSet<_>>().len() < 2 {
        return (members.to_vec(), Vec::new());
    }
    let (mut own, mut beside) = (Vec::new(), Vec::new());
    for (at, one) in members.iter().enumerate() {
        match bases[at].filter(|_| roots[at].is_some()) {
            Some(base) => beside.push([members[base], *one]),
            None => own.push(*one),
        }
    }
    (own, beside)
}

/// Compares each variant with its base, in a class if both have it. Also returns the names of those that have nothing in common,
/// each with that of its base.
pub(super) fn all(
    beside: &[[Member<'_>; 2]],
    class: &str,
) -> (Vec<Variant>, Vec<(String, String)>) {
    let (mut all, mut apart) = (Vec::new(), Vec::new());
    for both in beside {
        match of_all(both, Some(class)) {
            Some(pair) => all.push(Variant { pair }),
            None => apart.push((both[1].name().to_string(), both[0].name().to_string())),
        }
    }
    (all, apart)
}
