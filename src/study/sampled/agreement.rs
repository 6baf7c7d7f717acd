//! Comparison of the two solvers where both answer the same question.
//!
//! The question: of the page views that arrive in episodes of one first cause, how many per year are not served? Both
//! are estimated from the same windows with the same weights, `flows` at the realised traffic. They agree when a
//! difference beyond [`MARGIN`] of these losses is excluded, and disagree when one within it is. A difference below
//! [`OF_ALL`] of the losses of the class, whatever their cause, counts as none: it changes no conclusion.
//!
//! The test consists of two one-sided tests of the ratio of the two sums over the same windows (jackknife over the
//! windows, Särndal, Swensson & Wretman 1992, §5.6 and §11.5). The variation of losses between trajectories is
//! therefore no part of the error. All episodes together are treated as one sample of windows, which overstates the
//! error. The probability of any false verdict over all causes and classes is at most 1 in 1,000 (Holm). In quiet time,
//! where `flows` loses almost nothing, the margin is that share of all its losses. Where the models differ in meaning
//! (clients that retry) nothing is tested, and both figures are reported.
//!
//! Leaves out: structural availability. `requests` knows which users were served, not which parts were up.

use super::estimate::Joined;
use super::{Lived, Of};
use crate::stats::equivalence::{Equivalence, Margin, Verdict, family_verdicts};
use crate::stats::interval::{Interval, Student};
use crate::stats::summary::ordered_sum;
use crate::study::measure::NoValue;
use crate::study::window::{Ending, Estimate};
use crate::study::years::load::Loss;

/// Largest relative difference of losses that counts as none.
pub const MARGIN: f64 = 0.10;
/// Share of all losses of the class below which a difference counts as none.
pub const OF_ALL: f64 = 0.01;
/// Probability of any false verdict.
pub const ERROR: f64 = 1e-3;

/// Level of the interval from which a ratio's standard error is recovered.
const LEVEL: f64 = 0.95;

const YEAR_S: f64 = 31_536_000.0;

/// Verdict on the agreement of two solvers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agrees {
    /// A difference beyond the margin is excluded.
    Agree,
    /// A difference within the margin is excluded.
    Disagree,
    /// Neither is excluded: too few windows.
    Undecided,
    /// They do not answer the same question here.
    NotComparable,
}

impl Agrees {
    /// Returns the word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::Disagree => "disagree",
            Self::Undecided => "undecided",
            Self::NotComparable => "not comparable",
        }
    }
}

/// One figure by both solvers.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Kind of the pieces; `None` for all episodes together.
    pub of: Option<Of>,
    /// Class, by place.
    pub class: usize,
    /// Windows.
    pub windows: usize,
    /// Views not served per year in such pieces, by `requests`.
    pub requests: Estimate,
    /// Views not served per year by `flows`, at the realised traffic.
    pub flows: Estimate,
    /// Verdict on their agreement.
    pub verdict: Agrees,
}

/// Minimum number of windows for a verdict.
const LEAST: usize = 6;

/// Tests the ratio of the losses by `requests` to those by `flows` over windows against one, with `margin`. If `flows`
/// loses nothing there is no ratio, and the sums are tested instead.
fn ratio(pairs: &[(f64, f64)], margin: f64) -> Option<Equivalence> {
    if pairs.len() < LEAST {
        return None;
    }
    let (requests, flows): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    if flows.iter().all(|lost| *lost == 0.0) {
        return Equivalence::paired(&requests, &flows, Margin::Relative(margin)).ok();
    }
    let found = Interval::of_ratio(&requests, &flows, LEVEL).ok()?;
    let ends = (found.low, found.high);
    let found = Student::of_interval(found.estimate, ends, LEVEL, pairs.len() as u64).ok()?;
    let one = Student { estimate: 1.0, standard_error: 0.0, degrees: 1.0 };
    Equivalence::of_estimates(&found, &one, Margin::Relative(margin)).ok()
}

/// Compares all strata that have windows: all episodes together first, where there are several; quiet time last.
#[must_use]
pub fn compare(joined: &Joined<'_>) -> Vec<Compared> {
    let windows = &joined.windows.windows;
    if joined.windows.ending == Ending::Interrupted {
        return Vec::new();
    }
    let mut strata: Vec<Of> = windows.iter().map(|window| window.piece.of).collect();
    strata.sort_unstable();
    strata.dedup();
    let episodes = strata.iter().filter(|of| **of != Of::Quiet).count();
    let together = (episodes > 1).then_some(None);
    let strata: Vec<Option<Of>> =
        together.into_iter().chain(strata.into_iter().map(Some)).collect();
    let years = joined.years.of.horizon.seconds() / YEAR_S;
    let mut all: Vec<(Compared, Option<Equivalence>)> = Vec::new();
    for class in 0..joined.asked.classes.len() {
        let by_flows =
            joined.windows.totals(|w| joined.lost_in(w, class, Loss::Unserved).1 / years);
        let mean = |all: &[f64]| ordered_sum(all.iter().copied()) / all.len().max(1) as f64;
        let all_lost = mean(&by_flows);
        for of in &strata {
            let is_in = |window: &&Lived| match of {
                Some(of) => window.piece.of == *of,
                None => window.piece.of != Of::Quiet,
            };
            let lost = |window: &Lived| match is_in(&window) {
                true => joined.lost_in(window, class, Loss::Unserved),
                false => (0.0, 0.0),
            };
            let requests = joined.windows.totals(|window| lost(window).0 / years);
            let flows = joined.windows.totals(|window| lost(window).1 / years);
            let none = requests.iter().chain(&flows).all(|lost| *lost == 0.0);
            let pairs = windows.iter().map(|window| (window.weight(), lost(window)));
            let pairs: Vec<(f64, f64)> = pairs
                .filter(|(_, (requests, flows))| *requests > 0.0 || *flows > 0.0)
                .map(|(weight, (requests, flows))| (requests * weight, flows * weight))
                .collect();
            let test = match of {
                Some(Of::Episode(_)) | None => {
                    // For a small cause the share of all losses exceeds that of its own.
                    let own = mean(&flows);
                    let of_all = if own > 0.0 { OF_ALL * all_lost / own } else { 0.0 };
                    ratio(&pairs, MARGIN.max(of_all))
                }
                Some(Of::Quiet) => {
                    let margin = Margin::Absolute(MARGIN * all_lost);
                    Equivalence::paired(&requests, &flows, margin).ok()
                }
            };
            let estimate = |values: &[f64]| match Interval::of_mean(values, joined.years.level) {
                Ok(i) => Estimate::Interval(Interval { low: i.low.max(0.0), ..i }),
                Err(_) => values
                    .first()
                    .map_or(Estimate::Missing(NoValue::Empty), |value| Estimate::Single(*value)),
            };
            let row = Compared {
                of: *of,
                class,
                windows: windows.iter().filter(is_in).count(),
                requests: estimate(&requests),
                flows: estimate(&flows),
                verdict: match joined.asked.apart {
                    Some(_) => Agrees::NotComparable,
                    None => Agrees::Undecided,
                },
            };
            all.push((row, test.filter(|_| joined.asked.apart.is_none() && !none)));
        }
    }
    let tests: Vec<Equivalence> = all.iter().filter_map(|(_, test)| *test).collect();
    let mut verdicts = family_verdicts(&tests, ERROR).unwrap_or_default().into_iter();
    let judge = |(mut row, test): (Compared, Option<Equivalence>)| {
        if test.is_some() {
            row.verdict = match verdicts.next() {
                Some(Verdict::Agree) => Agrees::Agree,
                Some(Verdict::Disagree) => Agrees::Disagree,
                Some(Verdict::Inconclusive) | None => Agrees::Undecided,
            };
        }
        row
    };
    all.into_iter().map(judge).collect()
}
