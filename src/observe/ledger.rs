//! The two closed ledgers: what became of every attempt and of every page view.
//!
//! Model: whatever begins ends in exactly one outcome of a closed set, or is still under way. Takes
//! begins and ends as they happen and, at the close, the number still under way *counted
//! elsewhere* (the slab of live requests); gives the counts, or the [`Breach`].
//! Holds (after [`Ledger::close`]): carried in + begun = Σ outcomes + under way.
//! Leaves out: which component or fault caused an outcome (the journal knows).

use std::fmt;

/// A closed set of outcomes.
pub trait Outcome<const N: usize>: Copy + 'static {
    /// Every outcome, in the order of the columns.
    const ALL: [Self; N];
    /// What is counted, in the plural.
    const WHAT: &'static str;
    /// Place in [`Outcome::ALL`].
    fn index(self) -> usize;
    /// Name as printed.
    fn name(self) -> &'static str;
}

/// How an attempt (an HTTP request or a call) ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttemptOutcome {
    /// Answered in time with what was asked for.
    Ok,
    /// Answered in time, from a copy that was behind.
    Stale,
    /// Turned away: queue full, shed, breaker open, no connection free.
    Refused,
    /// Answered with an error.
    Error,
    /// The caller's time-out passed.
    Timeout,
    /// No answer: nothing there, or the network is cut.
    Unreachable,
    /// The caller left before the answer.
    Aborted,
}

impl Outcome<7> for AttemptOutcome {
    const ALL: [Self; 7] = [
        Self::Ok,
        Self::Stale,
        Self::Refused,
        Self::Error,
        Self::Timeout,
        Self::Unreachable,
        Self::Aborted,
    ];
    const WHAT: &'static str = "attempts";

    #[inline]
    fn index(self) -> usize {
        self as usize
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Stale => "stale",
            Self::Refused => "refused",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Aborted => "aborted",
        }
    }
}

/// Why a page view was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// Something had failed.
    Fault,
    /// Everything worked, there was not enough of it.
    Overload,
    /// Planned work.
    Planned,
}

/// What became of a page view that a user wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ViewOutcome {
    /// All of it arrived in time.
    Served,
    /// It arrived after a retry.
    Delayed,
    /// It did not arrive in time.
    Lost(Loss),
    /// Its session had ended before it was asked for.
    NeverBorn,
}

impl Outcome<6> for ViewOutcome {
    const ALL: [Self; 6] = [
        Self::Served,
        Self::Delayed,
        Self::Lost(Loss::Fault),
        Self::Lost(Loss::Overload),
        Self::Lost(Loss::Planned),
        Self::NeverBorn,
    ];
    const WHAT: &'static str = "page views";

    #[inline]
    fn index(self) -> usize {
        match self {
            Self::Served => 0,
            Self::Delayed => 1,
            Self::Lost(loss) => 2 + loss as usize,
            Self::NeverBorn => 5,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Delayed => "delayed",
            Self::Lost(Loss::Fault) => "lost-fault",
            Self::Lost(Loss::Overload) => "lost-overload",
            Self::Lost(Loss::Planned) => "lost-planned",
            Self::NeverBorn => "never-born",
        }
    }
}

/// The ledger of attempts.
pub type AttemptLedger = Ledger<AttemptOutcome, 7>;
/// The ledger of page views; its begun are the intended views.
pub type ViewLedger = Ledger<ViewOutcome, 6>;

/// Counts of what began and how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ledger<O, const N: usize> {
    carried_in: u64,
    begun: u64,
    ended: [u64; N],
    in_flight: u64,
    outcomes: std::marker::PhantomData<O>,
}

/// A ledger that does not add up: a mistake of ours, never of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breach {
    /// What was counted.
    pub what: &'static str,
    /// Under way at the start and begun since.
    pub entered: u64,
    /// Ended, in any outcome.
    pub ended: u64,
    /// Found under way at the close.
    pub in_flight: u64,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, entered, ended, in_flight } = self;
        let gap = i128::from(*entered) - i128::from(*ended) - i128::from(*in_flight);
        write!(f, "{what}: {entered} entered, {ended} ended, {in_flight} in flight: ")?;
        if gap > 0 {
            write!(f, "{gap} have vanished")
        } else {
            write!(f, "{} too many have ended", -gap)
        }
    }
}

impl std::error::Error for Breach {}

impl<O: Outcome<N>, const N: usize> Default for Ledger<O, N> {
    fn default() -> Self {
        Self::new(0)
    }
}

impl<O: Outcome<N>, const N: usize> Ledger<O, N> {
    /// An open ledger with `carried_in` already under way.
    #[must_use]
    pub fn new(carried_in: u64) -> Self {
        Self {
            carried_in,
            begun: 0,
            ended: [0; N],
            in_flight: 0,
            outcomes: std::marker::PhantomData,
        }
    }

    /// One more has begun.
    #[inline]
    pub fn begin(&mut self) {
        self.begun += 1;
    }

    /// One has ended in `outcome`.
    #[inline]
    pub fn end(&mut self, outcome: O) {
        self.ended[outcome.index()] += 1;
    }

    /// Closes with `in_flight` still under way, a number counted elsewhere.
    ///
    /// # Errors
    ///
    /// The [`Breach`] when the ledger does not add up; it stays open then.
    pub fn close(&mut self, in_flight: u64) -> Result<(), Breach> {
        let entered = self.carried_in + self.begun;
        let ended = self.ended_in_all();
        if u128::from(entered) != u128::from(ended) + u128::from(in_flight) {
            return Err(Breach { what: O::WHAT, entered, ended, in_flight });
        }
        self.in_flight = in_flight;
        Ok(())
    }

    /// Adds the counts of another ledger (another replication or class).
    pub fn merge(&mut self, other: &Self) {
        self.carried_in += other.carried_in;
        self.begun += other.begun;
        self.in_flight += other.in_flight;
        for (mine, theirs) in self.ended.iter_mut().zip(other.ended) {
            *mine += theirs;
        }
    }

    /// Under way when the ledger was opened.
    #[must_use]
    pub const fn carried_in(&self) -> u64 {
        self.carried_in
    }

    /// Begun since.
    #[must_use]
    pub const fn begun(&self) -> u64 {
        self.begun
    }

    /// Ended in `outcome`.
    #[must_use]
    pub fn count(&self, outcome: O) -> u64 {
        self.ended[outcome.index()]
    }

    /// Ended in any outcome.
    #[must_use]
    pub fn ended_in_all(&self) -> u64 {
        self.ended.iter().sum()
    }

    /// Under way when the ledger was closed.
    #[must_use]
    pub const fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// The columns in their order, `in-flight` last.
    pub fn columns(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let ended = O::ALL.into_iter().map(|outcome| (outcome.name(), self.count(outcome)));
        ended.chain(std::iter::once(("in-flight", self.in_flight)))
    }
}

impl ViewLedger {
    /// Lost, for whatever reason.
    #[must_use]
    pub fn lost(&self) -> u64 {
        [Loss::Fault, Loss::Overload, Loss::Planned]
            .into_iter()
            .map(|loss| self.count(ViewOutcome::Lost(loss)))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// C1: the sets are closed: every outcome has a place and a name of its own.
    #[test]
    fn every_outcome_has_its_own_column() {
        fn check<O: Outcome<N>, const N: usize>() {
            let mut names: Vec<_> = O::ALL.iter().map(|outcome| outcome.name()).collect();
            assert!(O::ALL.iter().enumerate().all(|(at, outcome)| outcome.index() == at));
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), N);
        }
        check::<AttemptOutcome, 7>();
        check::<ViewOutcome, 6>();
    }

    /// C1: a request that vanished is found, and the message says how many.
    #[test]
    fn a_lost_request_breaks_the_ledger() {
        let mut ledger = AttemptLedger::new(1);
        ledger.begin();
        ledger.begin();
        ledger.end(AttemptOutcome::Timeout);
        let breach = ledger.close(1).unwrap_err();
        assert_eq!(breach, Breach { what: "attempts", entered: 3, ended: 1, in_flight: 1 });
        assert_eq!(
            breach.to_string(),
            "attempts: 3 entered, 1 ended, 1 in flight: 1 have vanished"
        );
        let twice = ledger.close(3).unwrap_err().to_string();
        assert!(twice.ends_with("1 too many have ended"), "{twice}");
        assert_eq!(ledger.close(2), Ok(()));
        assert_eq!(ledger.columns().last(), Some(("in-flight", 2)));
    }

    proptest! {
        /// C1, C7: whatever happens, the columns add up to what entered, merged or not, and the
        /// losses by reason add up to the losses.
        #[test]
        fn columns_add_up_to_what_entered(
            one in prop::collection::vec(0..7_usize, 0..80),
            two in prop::collection::vec(0..7_usize, 0..80),
            carried in 0..5_u64,
        ) {
            let ledger = |ends: &[usize], carried: u64| {
                let mut ledger = ViewLedger::new(carried);
                for &end in ends {
                    ledger.begin();
                    // A seventh outcome stands for "still under way".
                    if let Some(&outcome) = ViewOutcome::ALL.get(end) {
                        ledger.end(outcome);
                    }
                }
                let under_way = ends.iter().filter(|&&end| end == 6).count() as u64;
                ledger.close(carried + under_way).unwrap();
                ledger
            };
            let mut both = ledger(&one, carried);
            both.merge(&ledger(&two, 0));
            let sum: u64 = both.columns().map(|(_, count)| count).sum();
            prop_assert_eq!(sum, carried + (one.len() + two.len()) as u64);
            let lost = both.columns().filter(|(name, _)| name.starts_with("lost-"));
            prop_assert_eq!(both.lost(), lost.map(|(_, count)| count).sum::<u64>());
        }
    }
}
