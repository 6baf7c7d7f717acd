//! Intervals in which one class or another loses many of its views.
//!
//! Classes that share a part lose at once, so intervals are merged, never added. Where overload makes several classes
//! bad with a probability each, the largest of these counts: the noise that overloads one overloads the others. Classes
//! in overload together each report their probability by the hour. Leaves out: classes that share no part and are
//! overloaded in one hour; for these more intervals are bad than counted.

/// Intervals of one class, each bad with the same probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bad {
    /// The first, and one past the last, by number.
    pub(super) from: u64,
    /// See [`Self::from`].
    pub(super) to: u64,
    /// Probability; one where failures take many views.
    pub(super) probability: f64,
}

/// Returns the number of these intervals that are bad for at least one class; those of one class do not overlap.
pub(super) fn union(of: &mut [Bad]) -> f64 {
    if let [one] = of {
        return one.probability * (one.to - one.from) as f64;
    }
    let mut edges: Vec<u64> = of.iter().flat_map(|bad| [bad.from, bad.to]).collect();
    edges.sort_unstable();
    edges.dedup();
    of.sort_unstable_by_key(|bad| bad.from);
    // A queue that grows for a month has thousands: at most one of each class is considered.
    let (mut next, mut open) = (0, Vec::new());
    let between = |ends: &[u64]| {
        open.retain(|bad: &Bad| bad.to > ends[0]);
        while of.get(next).is_some_and(|bad| bad.from <= ends[0]) {
            open.push(of[next]);
            next += 1;
        }
        let most = open.iter().map(|bad| bad.probability).fold(0.0, f64::max);
        most * (ends[1] - ends[0]) as f64
    };
    edges.windows(2).map(between).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_that_is_bad_for_two_classes_is_bad_once() {
        let bad = |from, to, probability| Bad { from, to, probability };
        let union = |of: &[Bad]| union(&mut of.to_vec());
        assert_eq!(union(&[]), 0.0);
        assert_eq!(union(&[bad(3, 7, 0.5)]), 2.0);
        assert_eq!(union(&[bad(3, 7, 1.0), bad(5, 6, 1.0)]), 4.0);
        assert_eq!(union(&[bad(3, 7, 1.0), bad(9, 10, 1.0)]), 5.0);
        // From 3 to 7 a quarter, from 5 to 9 certain.
        assert_eq!(union(&[bad(3, 7, 0.25), bad(5, 9, 1.0)]), 4.5);
        // Two classes, in either order.
        let two =
            [bad(0, 2, 0.5), bad(2, 4, 1.0), bad(6, 8, 0.25), bad(1, 3, 0.75), bad(3, 7, 0.5)];
        let mut back = two;
        back.reverse();
        assert_eq!([union(&two), union(&back)], [0.5 + 0.75 + 2.0 + 1.0 + 0.5 + 0.25; 2]);
    }
}
