//! Time integrals of whole numbers: servers busy, requests in system, cores in use.
//!
//! Model: a step function of time; Σ value × nanoseconds in a `u128`, which holds 2⁶⁴ of anything
//! for 584 years. Takes every change of the value with its instant; gives the value, its integral
//! up to an instant, and its greatest value.
//! Holds: exact at any instant, so pieces of a split add up to the whole. Leaves out: fractions
//! (scale to millicores or bytes).

use crate::units::SimTime;

/// The time integral of a step function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integral {
    total: u128,
    since: SimTime,
    value: u64,
    max: u64,
}

impl Integral {
    /// Zero from `at` on.
    #[must_use]
    pub const fn new(at: SimTime) -> Self {
        Self { total: 0, since: at, value: 0, max: 0 }
    }

    /// The value is `value` from `at` on.
    ///
    /// # Panics
    ///
    /// When `at` is before the last change.
    #[inline]
    pub fn set(&mut self, at: SimTime, value: u64) {
        self.total += area(self.value, self.since, at);
        self.since = at;
        self.value = value;
        self.max = self.max.max(value);
    }

    /// The value changes by `change` at `at`.
    ///
    /// # Panics
    ///
    /// When `at` is before the last change, or the value would be negative: more was given back
    /// than taken.
    #[inline]
    pub fn add(&mut self, at: SimTime, change: i64) {
        let value = self.value.checked_add_signed(change);
        self.set(at, value.expect("no more is given back than was taken"));
    }

    /// The value now.
    #[must_use]
    pub const fn value(&self) -> u64 {
        self.value
    }

    /// The greatest value since the start, also if it lasted no time.
    #[must_use]
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// The instant of the last change.
    #[must_use]
    pub const fn since(&self) -> SimTime {
        self.since
    }

    /// ∫ value dt from the start to `at`, in value × ns, the value taken to last until then.
    ///
    /// # Panics
    ///
    /// When `at` is before the last change: the past is summed up.
    #[must_use]
    pub fn upto(&self, at: SimTime) -> u128 {
        self.total + area(self.value, self.since, at)
    }
}

/// value × (to − from) in value × ns.
#[inline]
pub(super) fn area(value: u64, from: SimTime, to: SimTime) -> u128 {
    u128::from(value) * u128::from((to - from).nanos())
}

/// The time integral of a step function over a window [from, to): fed from before the window to
/// after it, it counts what lies inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowIntegral {
    from: SimTime,
    to: SimTime,
    inside: Integral,
}

impl WindowIntegral {
    /// Over [`from`, `to`); a window that ends before it starts is empty.
    #[must_use]
    pub fn new(from: SimTime, to: SimTime) -> Self {
        Self { from, to: to.max(from), inside: Integral::new(from) }
    }

    /// `at`, or the nearest end of the window.
    #[inline]
    #[must_use]
    pub fn clip(&self, at: SimTime) -> SimTime {
        at.clamp(self.from, self.to)
    }

    /// Start of the window.
    #[must_use]
    pub const fn from(&self) -> SimTime {
        self.from
    }

    /// End of the window.
    #[must_use]
    pub const fn to(&self) -> SimTime {
        self.to
    }

    /// The value is `value` from `at` on, inside the window or not.
    ///
    /// # Panics
    ///
    /// As [`Integral::set`].
    #[inline]
    pub fn set(&mut self, at: SimTime, value: u64) {
        self.inside.set(self.clip(at), value);
    }

    /// The value changes by `change` at `at`, inside the window or not.
    ///
    /// # Panics
    ///
    /// As [`Integral::add`].
    #[inline]
    pub fn add(&mut self, at: SimTime, change: i64) {
        self.inside.add(self.clip(at), change);
    }

    /// The value now.
    #[must_use]
    pub const fn value(&self) -> u64 {
        self.inside.value()
    }

    /// ∫ value dt over the part of the window before `at`, in value × ns.
    ///
    /// # Panics
    ///
    /// As [`Integral::upto`].
    #[must_use]
    pub fn upto(&self, at: SimTime) -> u128 {
        self.inside.upto(self.clip(at))
    }

    /// ∫ value dt over the whole window, the value taken to last to its end.
    #[must_use]
    pub fn total(&self) -> u128 {
        self.inside.upto(self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(nanos: u64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    /// C4: two servers busy for 3 ns and one for 4 ns are 10 server-nanoseconds.
    #[test]
    fn an_integral_is_value_times_time() {
        let mut busy = Integral::new(at(10));
        busy.add(at(10), 2);
        busy.add(at(13), -1);
        busy.set(at(17), 0);
        assert_eq!((busy.upto(at(20)), busy.value(), busy.max()), (10, 0, 2));
        let long = {
            let mut long = Integral::new(SimTime::ZERO);
            long.set(SimTime::ZERO, u64::MAX);
            long.upto(SimTime::NEVER)
        };
        assert_eq!(long, u128::from(u64::MAX) * u128::from(u64::MAX), "no overflow in 584 years");
    }

    #[test]
    #[should_panic(expected = "no more is given back than was taken")]
    fn giving_back_more_than_was_taken_is_caught() {
        Integral::new(SimTime::ZERO).add(at(5), -1);
    }

    proptest! {
        /// C4: against a sum over every single nanosecond, for the whole and for any window; and
        /// the two parts of a split add up to the whole.
        #[test]
        fn integrals_equal_the_sum_over_every_nanosecond(
            steps in prop::collection::vec((0..20_u64, 0..9_u64), 0..30),
            from in 0..300_u64,
            length in 0..300_u64,
            split in 0..300_u64,
        ) {
            let (from, to) = (from, from + length);
            let mut values = Vec::new();
            let mut whole = Integral::new(SimTime::ZERO);
            let mut window = WindowIntegral::new(at(from), at(to));
            let mut left = WindowIntegral::new(at(from), at(split.clamp(from, to)));
            let mut right = WindowIntegral::new(at(split.clamp(from, to)), at(to));
            for (wait, value) in steps {
                values.resize(values.len() + wait as usize, whole.value());
                let now = at(values.len() as u64);
                whole.set(now, value);
                for part in [&mut window, &mut left, &mut right] {
                    part.set(now, value);
                }
            }
            values.resize(values.len().max(to as usize), whole.value());
            let end = at(values.len() as u64);
            let sum = |range: &[u64]| range.iter().map(|&v| u128::from(v)).sum::<u128>();
            prop_assert_eq!(whole.upto(end), sum(&values));
            prop_assert_eq!(window.total(), sum(&values[from as usize..to as usize]));
            prop_assert_eq!(window.upto(end), window.total());
            prop_assert_eq!(left.total() + right.total(), window.total());
        }
    }
}
