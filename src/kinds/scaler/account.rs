//! Counts of a scaler: launches by their end, and member-time.
//!
//! Every count is an integer that never falls: the figures of a window are the difference of two readings.

use crate::units::SimTime;

/// Name of the tally of scalers.
pub const OF: &str = "scaler";

/// Entries of the tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Tallied {
    /// Area under the number of members that serve, in members × ns.
    Members,
    /// Area under the number of members that cost, in members × ns.
    Paid,
    /// Launches begun.
    Launches,
    /// Launches that failed.
    Failed,
    /// Launches for which no server was left.
    Refused,
    /// Members removed.
    Removed,
    /// Requests, probes and abandoned work inside a member when its drain was over.
    Cut,
    /// Members terminated because they had not worked for long.
    Replaced,
    /// Members that a planned move has brought elsewhere.
    Moved,
    /// Sum over these of the time between the end of the old member's service and the begin of the new one's, in ns.
    MoveTime,
}

/// Number of entries.
const ENTRIES: usize = 10;

/// A number over time, with its area.
#[derive(Clone, Copy, Debug, Default)]
struct Number {
    now: u32,
    since: SimTime,
    area: u128,
}

impl Number {
    fn area(&self, now: SimTime) -> u128 {
        self.area + u128::from(self.now) * u128::from((now - self.since).nanos())
    }

    fn set(&mut self, now: SimTime, number: u32) {
        self.area = self.area(now);
        (self.now, self.since) = (number, now);
    }
}

/// The ledger of a scaler.
#[derive(Clone, Debug, Default)]
pub struct Account {
    members: Number,
    paid: Number,
    counts: [u64; ENTRIES],
    most: u32,
}

impl Account {
    /// Counts one more event.
    pub fn count(&mut self, what: Tallied) {
        self.add(what, 1);
    }

    /// Counts `more` events.
    pub fn add(&mut self, what: Tallied, more: u64) {
        self.counts[what as usize] += more;
    }

    /// Sets the members that serve, and those that cost, from `now` on.
    pub fn turn(&mut self, now: SimTime, members: u32, paid: u32) {
        self.members.set(now, members);
        self.paid.set(now, paid);
        self.most = self.most.max(members);
    }

    /// Begins a window now: the largest number is that from now on.
    pub fn counts_anew(&mut self) {
        self.most = self.members.now;
    }

    /// Returns the areas under the number of members that serve, and of those that cost, in members × ns.
    #[must_use]
    pub fn areas(&self, now: SimTime) -> [u128; 2] {
        [&self.members, &self.paid].map(|number| number.area(now))
    }

    /// Returns the readings of the tally, in the order of [`Tallied`].
    #[must_use]
    pub fn tally(&self, now: SimTime) -> Vec<u128> {
        let mut tally = self.counts.map(u128::from);
        let [members, paid] = self.areas(now);
        tally[Tallied::Members as usize] = members;
        tally[Tallied::Paid as usize] = paid;
        tally.to_vec()
    }

    /// Returns the largest number of members since the window began. A peak is read in billionths.
    #[must_use]
    pub fn peaks(&self) -> Vec<u128> {
        vec![u128::from(self.most) * 1_000_000_000]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimDuration;

    /// Three members for 10 s, five for 20 s, of which the last 5 s cost one more.
    #[test]
    fn member_time_is_the_area_under_the_number() {
        let at = |seconds| SimTime::ZERO + SimDuration::from_secs(seconds);
        let mut account = Account::default();
        account.turn(at(0), 3, 3);
        account.turn(at(10), 5, 5);
        account.turn(at(25), 5, 6);
        account.count(Tallied::Launches);
        let tally = account.tally(at(30));
        let seconds = |of: Tallied| tally[of as usize] / 1_000_000_000;
        assert_eq!(seconds(Tallied::Members), 130);
        assert_eq!(seconds(Tallied::Paid), 135);
        assert_eq!(tally[Tallied::Launches as usize], 1);
        assert_eq!(account.peaks(), [5_000_000_000]);
        account.turn(at(40), 2, 2);
        account.counts_anew();
        assert_eq!(account.peaks(), [2_000_000_000]);
    }
}
