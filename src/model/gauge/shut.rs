//! Capacity that is counted in some hours only.

/// Idle and unavailable capacity, in units × ns.
pub type Unused = (u128, u128);

/// Capacity outside of the hours in which it is lent: while it is not busy it is neither idle nor unavailable, and no
/// capacity.
///
/// Holds: busy + idle + unavailable = capacity, if it holds for the readings without these hours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shut {
    /// Reading at the end of the last hours; `None` while it is lent.
    since: Option<Unused>,
    /// Idle and unavailable capacity outside of all hours before that.
    outside: Unused,
}

impl Shut {
    /// Begins or ends the hours, with the reading `unused` of this instant.
    pub fn turn(&mut self, opens: bool, unused: Unused) {
        self.outside = self.outside(unused);
        self.since = (!opens).then_some(unused);
    }

    /// Returns true outside of the hours.
    #[inline]
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.since.is_some()
    }

    fn outside(&self, (idle, unavailable): Unused) -> Unused {
        let (before_idle, before_unavailable) = self.since.unwrap_or((idle, unavailable));
        let (outside_idle, outside_unavailable) = self.outside;
        (
            outside_idle + (idle - before_idle),
            outside_unavailable + (unavailable - before_unavailable),
        )
    }

    /// Returns the part of the reading `unused` that lies within the hours.
    #[must_use]
    pub fn within(&self, unused: Unused) -> Unused {
        let (idle, unavailable) = self.outside(unused);
        (unused.0 - idle, unused.1 - unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two workers, lent from 0 to 10 and from 20 to 30. One is busy until 14: 4 of these outside of the hours.
    #[test]
    fn capacity_outside_of_the_hours_is_what_is_still_busy() {
        let mut shut = Shut::default();
        assert_eq!(shut.within((10, 0)), (10, 0));
        shut.turn(false, (10, 0));
        assert!(shut.is_closed());
        assert_eq!(shut.within((14, 0)), (10, 0));
        shut.turn(true, (26, 0));
        assert_eq!(shut.within((46, 0)), (30, 0));
        shut.turn(false, (46, 0));
        // It fails outside of the hours: that is no loss of capacity.
        assert_eq!(shut.within((46, 20)), (30, 0));
        shut.turn(true, (46, 20));
        assert_eq!(shut.within((46, 25)), (30, 5));
    }
}
