//! Coverage of intervals: the part shared by the tests of few events.

use super::interval::Interval;
use super::oracle_tests::Draws;

/// Replications of an experiment.
pub(crate) const REPLICATIONS: usize = 250;
/// Expected events in all replications of an experiment.
pub(crate) const EXPECTED: [f64; 6] = [0.0, 1.0, 3.0, 10.0, 30.0, 100.0];

/// Returns the number of experiments: 2,000 with `FIVENINES_FULL=1`, else 300.
pub(crate) fn runs() -> u32 {
    if std::env::var_os("FIVENINES_FULL").is_some() { 2_000 } else { 300 }
}

/// Returns the largest of `runs` that a probability of `share` produces, except for one time in two thousand.
pub(crate) fn at_most(share: f64) -> f64 {
    let runs = f64::from(runs());
    runs * share + 3.3 * (runs * share * (1.0 - share)).sqrt()
}

impl Draws {
    /// A draw of the lognormal law of mean 1.
    pub(crate) fn lognormal(&mut self, cv: f64) -> f64 {
        let variance = libm::log1p(cv * cv);
        libm::exp(self.normal() * variance.sqrt() - 0.5 * variance)
    }

    /// A draw of a Poisson law: arrivals of rate 1 until `mean`.
    pub(crate) fn poisson(&mut self, mean: f64) -> usize {
        let (mut at, mut count) = (self.exponential(), 0);
        while at < mean {
            at += self.exponential();
            count += 1;
        }
        count
    }
}

/// Number of intervals that lie below the truth and above it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Misses {
    pub(crate) below: u32,
    pub(crate) above: u32,
}

impl Misses {
    /// Runs [`runs`] experiments; one without an interval misses nothing.
    pub(crate) fn of(mut experiment: impl FnMut() -> Option<(Interval, f64)>) -> Self {
        let mut misses = Self::default();
        for (found, truth) in (0..runs()).filter_map(|_| experiment()) {
            assert!(found.low <= found.estimate && found.estimate <= found.high, "{found:?}");
            misses.below += u32::from(found.high < truth);
            misses.above += u32::from(found.low > truth);
        }
        misses
    }

    /// Returns whether a side misses the truth in more than 2.5 % of the experiments, beyond chance.
    pub(crate) fn is_short(self) -> bool {
        f64::from(self.below.max(self.above)) > at_most(0.025)
    }

    /// `95.3 (2.1, 2.6)`: per cent covered, below and above.
    pub(crate) fn shares(self) -> String {
        let share = |count: u32| 100.0 * f64::from(count) / f64::from(runs());
        let Self { below, above } = self;
        format!("{:5.1} ({:.1}, {:.1})", 100.0 - share(below + above), share(below), share(above))
    }
}

/// Returns the numbers of expected events at which the intervals of an experiment are too short, and adds a line with
/// all of them to `table`.
pub(crate) fn short(
    name: &str,
    table: &mut String,
    experiment: impl Fn(&mut Draws, f64) -> Option<(Interval, f64)>,
) -> Vec<String> {
    *table += &format!("{name:<26}");
    let mut short = Vec::new();
    for expected in EXPECTED {
        let case = format!("{name}, {expected} expected");
        let mut draws = Draws::named(&case);
        let misses = Misses::of(|| experiment(&mut draws, expected));
        *table += &format!("  {}", misses.shares());
        if misses.is_short() {
            short.push(format!("{case}: {misses:?}"));
        }
    }
    *table += "\n";
    short
}

/// The head of a table of [`short`].
pub(crate) fn head() -> String {
    format!("% covered (below, above) of {} at {EXPECTED:?} expected events\n", runs())
}
