//! Improvements and regressions from one scenario to another.
//!
//! Model: a scenario is compared with the one above it, and with the one before it on the front of offers, in every
//! [`Respect`] that both have, replication by replication on the same draws. A break is compared by the page views not
//! served in the run in which one part breaks. A part that only one of the two has is compared with the run of the
//! other in which nothing breaks.
//!
//! Takes values per replication; returns differences with intervals and findings.
//! Holds: all findings of one comparison together err with a probability of at most one minus the level; each of
//! [`FAMILIES`] has an equal share. The breaks of all scenarios are one family (Holm). Parts whose breaks give the same
//! values, such as a server and its only zone, are one test. Values that are equal in every replication are no test:
//! they cannot distinguish two scenarios.
//! Leaves out: respects that only one scenario has; parts whose break loses no view in either scenario.

use super::paired;
use crate::stats::equivalence::{Comparison, Finding, compare_ladder};
use crate::stats::interval::Interval;

/// Families of tests among which the error is shared: latency, share served, capacity, structural and
/// continuous downtime, page views not served over years, breaks.
pub const FAMILIES: f64 = 7.0;

/// Returns the level of one family that makes all of them hold together.
pub(super) fn of_each_family(level: f64) -> f64 {
    1.0 - (1.0 - level) / FAMILIES
}

/// Respect in which two scenarios are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Respect {
    /// p95 latency in the last window of the basis, in seconds.
    Latency,
    /// Share of the page views served in that window.
    Served,
    /// Highest rate that meets the latency objective, per second.
    Capacity,
    /// Structural downtime in seconds per year.
    Structural,
    /// Continuous downtime in seconds per year.
    Continuous,
    /// Page views not served per year, by `flows` alone.
    NotServed,
    /// Page views not served in the run in which one of these parts breaks.
    Break {
        /// Kinds of parts with the same values, by place among [`Ladder::breaks`](super::Ladder::breaks).
        kinds: Vec<usize>,
        /// Scenarios of the two that have them.
        owner: Owner,
    },
}

impl Respect {
    /// Returns whether a smaller value is better.
    #[must_use]
    pub const fn smaller_is_better(&self) -> bool {
        !matches!(self, Self::Served | Self::Capacity)
    }

    /// Returns the word used in files.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Latency => "latency-p95",
            Self::Served => "served",
            Self::Capacity => "capacity",
            Self::Structural => "structural-downtime",
            Self::Continuous => "continuous-downtime",
            Self::NotServed => "not-served-per-year",
            Self::Break { .. } => "break",
        }
    }
}

/// Scenarios of the two that have a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Both.
    Both,
    /// Only the one that is compared.
    Own,
    /// Only the one above.
    Above,
}

/// Finding of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Better; certain with all other findings.
    Better,
    /// Worse; certain with all other findings.
    Worse,
    /// Better by its own interval, which is not corrected for the number of comparisons.
    PerhapsBetter,
    /// Worse by its own interval, which is not corrected for the number of comparisons.
    PerhapsWorse,
    /// The same in every replication.
    Equal,
    /// No relevant difference.
    None,
    /// No difference detected, but a relevant one is possible.
    Unsure,
}

impl Change {
    /// Returns the word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::PerhapsBetter => "perhaps better",
            Self::PerhapsWorse => "perhaps worse",
            Self::Equal => "equal",
            Self::None => "no difference",
            Self::Unsure => "unsure",
        }
    }
}

/// Comparison of one scenario with the one above, in one respect.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// Respect of the comparison.
    pub respect: Respect,
    /// Finding.
    pub change: Change,
    /// This scenario minus the one above; holds together with all others of the comparison.
    pub difference: Interval,
    /// Largest difference, either way, that the interval allows.
    pub excluded: f64,
    /// The interval of this difference alone, not corrected for the number of comparisons.
    pub alone: Interval,
}

impl Weighed {
    /// Compares `own` with `above`; `level` is that of an interval alone.
    pub(super) fn new(
        respect: Respect,
        of: &Comparison,
        (own, above): (&[f64], &[f64]),
        level: f64,
    ) -> Option<Self> {
        let alone = paired(own, above, level)?;
        let better = |less: bool| less == respect.smaller_is_better();
        let change = match of.finding {
            Finding::Larger | Finding::Smaller if better(of.finding == Finding::Smaller) => {
                Change::Better
            }
            Finding::Larger | Finding::Smaller => Change::Worse,
            Finding::NoDifference if of.excluded == 0.0 => Change::Equal,
            Finding::NoDifference => Change::None,
            Finding::Inconclusive if alone.contains(0.0) => Change::Unsure,
            Finding::Inconclusive if better(alone.estimate < 0.0) => Change::PerhapsBetter,
            Finding::Inconclusive => Change::PerhapsWorse,
        };
        Some(Self { respect, change, difference: of.difference, excluded: of.excluded, alone })
    }

    /// Builds the comparison from a difference whose interval holds together with all others.
    pub(super) fn of_interval(
        respect: Respect,
        difference: Interval,
        (own, above): (&[f64], &[f64]),
        (level, worth): (f64, f64),
    ) -> Option<Self> {
        let excluded = difference.low.abs().max(difference.high.abs());
        let finding = match () {
            () if difference.low > 0.0 => Finding::Larger,
            () if difference.high < 0.0 => Finding::Smaller,
            () if excluded <= worth => Finding::NoDifference,
            () => Finding::Inconclusive,
        };
        let comparison = Comparison { finding, difference, excluded, p_value: f64::NAN };
        Self::new(respect, &comparison, (own, above), level)
    }
}

/// The run of one break in one scenario, by replication.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokenRun {
    /// Page views not served where nothing breaks.
    pub unbroken: Vec<f64>,
    /// Page views not served because of the break.
    pub missed: Vec<f64>,
    /// Page views intended in the run, on average.
    pub intended: f64,
}

impl BrokenRun {
    fn not_served(&self) -> Vec<f64> {
        self.unbroken.iter().zip(&self.missed).map(|(other, missed)| other + missed).collect()
    }

    fn misses_any(&self) -> bool {
        self.missed.iter().any(|missed| *missed != 0.0)
    }
}

/// A difference below this share of the intended page views is irrelevant.
const BREAK_WORTH: f64 = 0.005;

/// Compares the breaks of the second of each pair of rows with those of the first, the largest difference first. `runs`
/// has an entry per kind of part: its declared window, and its run in each row.
pub(super) fn breaks(
    runs: &[(String, Vec<Option<BrokenRun>>)],
    pairs: &[(usize, usize)],
    (family, level): (f64, f64),
) -> Vec<Vec<Weighed>> {
    struct Test {
        pair: usize,
        kinds: Vec<usize>,
        owner: Owner,
        own: Vec<f64>,
        above: Vec<f64>,
    }
    let mut tests: Vec<Test> = Vec::new();
    for (pair, (from, to)) in pairs.iter().enumerate() {
        for (kind, (window, cells)) in runs.iter().enumerate() {
            let unbroken = |row: usize| {
                let same = runs.iter().filter(|(other, _)| other == window);
                same.filter_map(|(_, cells)| cells[row].as_ref()).map(|run| &run.unbroken).next()
            };
            let (own, above, owner) = match (&cells[*to], &cells[*from]) {
                (None, None) => continue,
                (own, above) if !own.iter().chain(above).any(BrokenRun::misses_any) => continue,
                (Some(own), Some(above)) => (own.not_served(), above.not_served(), Owner::Both),
                (Some(own), None) => {
                    let Some(above) = unbroken(*from) else { continue };
                    (own.not_served(), above.clone(), Owner::Own)
                }
                (None, Some(above)) => {
                    let Some(own) = unbroken(*to) else { continue };
                    (own.clone(), above.not_served(), Owner::Above)
                }
            };
            let count = own.len().min(above.len());
            let (own, above) = (own[..count].to_vec(), above[..count].to_vec());
            if count < 2 || own == above {
                continue;
            }
            let same = |test: &&mut Test| {
                (test.pair, test.owner) == (pair, owner) && test.own == own && test.above == above
            };
            match tests.iter_mut().find(same) {
                Some(test) => test.kinds.push(kind),
                None => tests.push(Test { pair, kinds: vec![kind], owner, own, above }),
            }
        }
    }
    let samples: Vec<(&[f64], &[f64])> =
        tests.iter().map(|test| (test.own.as_slice(), test.above.as_slice())).collect();
    let intended = runs.iter().flat_map(|(_, cells)| cells.iter().flatten());
    let intended = intended.map(|run| run.intended).fold(f64::INFINITY, f64::min);
    let mut all: Vec<Vec<Weighed>> = vec![Vec::new(); pairs.len()];
    let worth = if intended.is_finite() { BREAK_WORTH * intended } else { 0.0 };
    let Ok(found) = compare_ladder(&samples, family, worth) else { return all };
    for (test, comparison) in tests.iter().zip(&found) {
        let respect = Respect::Break { kinds: test.kinds.clone(), owner: test.owner };
        all[test.pair].extend(Weighed::new(respect, comparison, (&test.own, &test.above), level));
    }
    for found in &mut all {
        found.sort_by(|a, b| b.difference.estimate.abs().total_cmp(&a.difference.estimate.abs()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::interval::Interval;

    const LEVEL: (f64, f64) = (0.99, 0.95);

    fn run(missed: [f64; 4]) -> Option<BrokenRun> {
        Some(BrokenRun {
            unbroken: vec![10.0, 12.0, 9.0, 11.0],
            missed: missed.to_vec(),
            intended: 2e4,
        })
    }

    fn weighed(runs: Vec<Vec<Option<BrokenRun>>>) -> Vec<Weighed> {
        let runs: Vec<_> = runs.into_iter().map(|cells| ("broken".to_string(), cells)).collect();
        breaks(&runs, &[(0, 1)], LEVEL).pop().unwrap()
    }

    fn parts(one: &Weighed) -> (&[usize], Owner) {
        match &one.respect {
            Respect::Break { kinds, owner } => (kinds, *owner),
            other => panic!("{other:?}"),
        }
    }

    /// A server and its only zone break alike: one test, which names both. Equal values in every run are no test, and
    /// the largest difference comes first.
    #[test]
    fn each_break_that_gets_worse_is_named_with_its_size() {
        let few = [100.0, 103.0, 98.0, 101.0];
        let many = [4_100.0, 4_104.0, 4_097.0, 4_102.0];
        let same = [500.0, 520.0, 480.0, 490.0];
        let found = weighed(vec![
            vec![run(same), run(same)],
            vec![run(many), run(few)],
            vec![run(few), run(many)],
            vec![run(few), run(many)],
        ]);
        let [worse, better] = found.as_slice() else { panic!("{found:?}") };
        let mut both = [worse, better];
        both.sort_by_key(|one| one.change == Change::Better);
        assert_eq!((both[0].change, both[1].change), (Change::Worse, Change::Better));
        assert_eq!(parts(both[0]), (&[2, 3][..], Owner::Both));
        assert_eq!(parts(both[1]), (&[1][..], Owner::Both));
        assert!(both[0].difference.contains(4_000.25), "{:?}", both[0].difference);
    }

    /// A part that the other scenario does not have is compared with its run in which nothing breaks.
    #[test]
    fn a_new_part_whose_break_loses_views_is_said_to_be_worse() {
        let all = [20_000.0, 20_010.0, 19_990.0, 20_005.0];
        let found = weighed(vec![
            vec![None, run(all)],
            vec![run([0.0; 4]), run([0.0; 4])],
            vec![None, run([0.0; 4])],
        ]);
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((one.change, parts(one)), (Change::Worse, (&[0][..], Owner::Own)));
        assert!(one.difference.contains(20_001.25), "{:?}", one.difference);
    }

    /// If both lose everything, the scenario that served more before is not called worse for it.
    #[test]
    fn a_break_that_loses_all_is_the_same_in_a_scenario_that_served_more() {
        let overloaded = BrokenRun {
            unbroken: vec![7_000.0, 7_200.0],
            missed: vec![13_000.0, 12_800.0],
            intended: 2e4,
        };
        let idle = BrokenRun { unbroken: vec![0.0; 2], missed: vec![20_000.0; 2], intended: 2e4 };
        assert_eq!(weighed(vec![vec![Some(overloaded), Some(idle)]]), []);
    }

    /// A difference that only its own interval shows is called perhaps worse; so is less of a respect where more is
    /// better.
    #[test]
    fn what_is_certain_alone_but_not_together_is_perhaps() {
        let (own, above) = ([5.0, 6.2, 5.5, 5.9], [4.4, 4.9, 5.1, 4.6]);
        let wide = Interval::of_paired_difference(&own, &above, 0.999).unwrap();
        let weigh = |respect, difference| {
            Weighed::of_interval(respect, difference, (&own, &above), (0.95, 0.1)).unwrap().change
        };
        assert!(wide.contains(0.0), "{wide:?}");
        assert_eq!(weigh(Respect::Continuous, wide), Change::PerhapsWorse);
        assert_eq!(weigh(Respect::Capacity, wide), Change::PerhapsBetter);
        let narrow = Interval { low: 0.2, ..wide };
        assert_eq!(weigh(Respect::Continuous, narrow), Change::Worse);
        assert_eq!(weigh(Respect::Served, narrow), Change::Better);
        let none = Interval { low: -0.01, high: 0.01, ..wide };
        assert_eq!(weigh(Respect::Structural, none), Change::None);
        let equal = Interval { low: 0.0, high: 0.0, estimate: 0.0, ..wide };
        assert_eq!(weigh(Respect::Structural, equal), Change::Equal);
    }
}
