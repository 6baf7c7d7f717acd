//! Intervals in which one class or another loses many of its views.
//!
//! Classes that share a part lose at once, so intervals are put side by side, never added. Where overload
//! makes several bad with a chance each, the largest of these counts: what makes one too many makes the
//! others too many.

/// Intervals of one class, each bad with the same chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bad {
    /// The first, and one past the last, by number.
    pub(super) from: u64,
    /// See [`Self::from`].
    pub(super) to: u64,
    /// One where something broken takes many.
    pub(super) chance: f64,
}

/// How many of these intervals are bad for one class at least.
pub(super) fn union(of: &[Bad]) -> f64 {
    if let [one] = of {
        return one.chance * (one.to - one.from) as f64;
    }
    let mut edges: Vec<u64> = of.iter().flat_map(|bad| [bad.from, bad.to]).collect();
    edges.sort_unstable();
    edges.dedup();
    let between = |ends: &[u64]| {
        let covers = |bad: &&Bad| bad.from <= ends[0] && bad.to >= ends[1];
        let most = of.iter().filter(covers).map(|bad| bad.chance).fold(0.0, f64::max);
        most * (ends[1] - ends[0]) as f64
    };
    edges.windows(2).map(between).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_that_is_bad_for_two_classes_is_bad_once() {
        let bad = |from, to, chance| Bad { from, to, chance };
        assert_eq!(union(&[]), 0.0);
        assert_eq!(union(&[bad(3, 7, 0.5)]), 2.0);
        assert_eq!(union(&[bad(3, 7, 1.0), bad(5, 6, 1.0)]), 4.0);
        assert_eq!(union(&[bad(3, 7, 1.0), bad(9, 10, 1.0)]), 5.0);
        // Of 3 to 7 a quarter, of 5 to 9 certain.
        assert_eq!(union(&[bad(3, 7, 0.25), bad(5, 9, 1.0)]), 4.5);
    }
}
