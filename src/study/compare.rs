//! Comparison of scenarios, each with the one above it.
//!
//! Takes results of scenarios that ran on the same draws; returns a row per scenario, and the paired difference to the
//! row above with a finding (S7). Replication k of two rows has the same arrivals, demands and moods, so their
//! difference carries little noise.
//!
//! Holds: the error of all findings together is at most one minus the level: an equal share for each family of tests
//! (`weigh`), Holm within. Where two rows differ in the number of replications, the shorter prefix is compared.
//! Differences over the horizon have intervals that hold together over all pairs of rows, so a pair has the same
//! interval wherever it is reported.

pub mod asked;
mod breaks;
mod choice;
mod edges;
mod losses;
mod member;
mod offers;
mod rows;
mod uses;
mod variants;
mod weigh;
mod windows;
mod years;
pub use breaks::BreakKind;
pub use choice::Choice;
pub use edges::Edges;
pub use losses::{LOSSES, LossRow};
pub use member::Member;
pub use offers::{Offer, Step, Unfit, in_order};
pub use rows::{Cell, Row};
pub use uses::{Busiest, UseGroup};
pub use variants::Variant;
pub use weigh::{Change, Owner, Respect, Weighed};
pub use years::YearCell;

use crate::stats::equivalence::Comparison;
use crate::stats::interval::Interval;
use crate::stats::rare::difference_of_rare;
use crate::study::expect::Verdict as Judgement;
use crate::study::results::{ExpectationRow, WindowRows};
use crate::study::summary::{Summary, summary};

/// Returns the level of each difference between two of `scenarios` scenarios that makes all pairs hold together
/// (Bonferroni).
fn of_each_pair(level: f64, scenarios: usize) -> f64 {
    let pairs = scenarios * scenarios.saturating_sub(1) / 2;
    1.0 - (1.0 - level) / pairs.max(1) as f64
}

/// Returns the paired difference `own` minus `other` over the replications that both have.
fn paired(own: &[f64], other: &[f64], level: f64) -> Option<Interval> {
    let count = own.len().min(other.len());
    Interval::of_paired_difference(&own[..count], &other[..count], level).ok()
}

/// Returns the difference as [`paired`] does, for sums over few events.
pub(in crate::study) fn paired_rare(own: &[f64], other: &[f64], level: f64) -> Option<Interval> {
    let count = own.len().min(other.len());
    difference_of_rare(&own[..count], &other[..count], level).ok()
}

/// Basis of a comparison: a class of requests, in windows that all members have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The class.
    pub class: String,
    /// Windows that all members have, by rate, then by name. The last decides the difference to the row above. Empty
    /// where only the horizon is compared.
    pub windows: Vec<String>,
}

/// A comparison.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// Class and windows that are compared.
    pub basis: Basis,
    /// The rows, in the order given.
    pub rows: Vec<Row>,
    /// Utilisation of each kind of component in each row.
    pub uses: Vec<UseGroup>,
    /// Losses of the databases in each row, in windows of the basis and around breaks.
    pub losses: Vec<LossRow>,
    /// Cost of each kind of break in each row, the worst first.
    pub breaks: Vec<BreakKind>,
    /// Availability over the horizon per row; `None` without a long-horizon run.
    pub years: Vec<Option<YearCell>>,
    /// Scenarios that are laid over one of several others, each with its base.
    pub variants: Vec<Variant>,
    /// Names of variants that have nothing in common with their bases, each with the name of the base.
    pub apart: Vec<(String, String)>,
    /// Every respect in which a row is compared with the row above; empty for the first.
    pub weighed: Vec<Vec<Weighed>>,
    /// Cost and downtime of the scenarios that have both, the cheapest first.
    pub offers: Vec<Offer>,
    /// Level at which all findings hold together.
    pub level: f64,
    /// True if a scenario was run quickly.
    pub quick: bool,
    /// Figures asked for in addition.
    pub asked: Vec<asked::Answer>,
    /// The answer of each row to its objectives.
    pub summaries: Vec<Summary>,
    /// The row to choose by these answers and the prices.
    pub choice: Choice,
    /// Expectations that fail or cannot be decided, with the row of each.
    pub unmet: Vec<(usize, ExpectationRow)>,
}

/// Compares the members; `None` when they share no window or no class.
#[must_use]
pub fn compare(members: &[Member<'_>]) -> Option<Ladder> {
    let (own, beside) = variants::apart(members);
    let mut ladder = of_all(&own, None)?;
    (ladder.variants, ladder.apart) = variants::all(&beside, &ladder.basis.class);
    ladder.quick = members.iter().any(|member| member.results.quick);
    Some(ladder)
}

/// Compares members in the class `wanted`, if all of them have it.
fn of_all(members: &[Member<'_>], wanted: Option<&str>) -> Option<Ladder> {
    let basis = basis(members, wanted)?;
    let level = members.iter().map(|member| member.results.level).fold(1.0, f64::min);
    let mut rows: Vec<Row> = members.iter().map(|member| rows::row(member, &basis)).collect();
    let each = weigh::of_each_family(level);
    let mut years = years::cells(members, &basis);
    let mut offers = offers::offers(members, &basis, (each, level));
    // Neighbours first. All pairs are one family, so a pair has one interval wherever it is reported.
    let mut pairs = windows::neighbours(members.len());
    pairs.extend(offers.iter().filter_map(Offer::pair).filter(|(from, to)| from + 1 != *to));
    let mut weighed = years::weigh(members, &basis, &pairs, (each, level));
    for ((_, to), weighed) in pairs.iter().zip(&weighed).take(rows.len() - 1) {
        let step = weighed.iter().find(|one| one.respect == Respect::Structural);
        if let Some(cell) = &mut years[*to] {
            cell.step = step.map(|one| one.difference);
        }
    }
    let mut steps: Vec<Option<Comparison>> = vec![None; pairs.len()];
    let (uses, losses, breaks) = if let Some(deciding) = basis.windows.last() {
        let found =
            windows::in_windows(members, &basis, deciding, &pairs, &mut rows, (each, level));
        for ((weighed, step), (latency, found)) in weighed.iter_mut().zip(&mut steps).zip(found) {
            *weighed = found.into_iter().chain(std::mem::take(weighed)).collect();
            *step = latency;
        }
        let breaks = breaks::breaks(members, &basis.class);
        let runs = breaks::broken_runs(members, &breaks, &basis.class);
        for (all, own) in weighed.iter_mut().zip(weigh::breaks(&runs, &pairs, (each, level))) {
            all.extend(own);
        }
        (uses::uses(members, &basis), losses::losses(members, &basis), breaks)
    } else {
        Default::default()
    };
    for offer in &mut offers {
        let place = offer.pair().and_then(|own| pairs.iter().position(|pair| *pair == own));
        if let (Some(step), Some(place)) = (&mut offer.step, place) {
            step.latency = steps[place];
            step.weighed.clone_from(&weighed[place]);
        }
    }
    weighed.truncate(rows.len() - 1);
    weighed.insert(0, Vec::new());
    let summaries: Vec<Summary> = members.iter().map(|one| summary(one.results)).collect();
    let prices: Vec<Option<(f64, f64)>> = members.iter().map(Member::price).collect();
    Some(Ladder {
        choice: choice::choose(&summaries, &prices),
        unmet: unmet(members),
        asked: Vec::new(),
        variants: Vec::new(),
        apart: Vec::new(),
        basis,
        rows,
        uses,
        losses,
        breaks,
        years,
        weighed,
        offers,
        level,
        quick: members.iter().any(|member| member.results.quick),
        summaries,
    })
}

/// Returns the expectations that are not known to hold, by row.
fn unmet(members: &[Member<'_>]) -> Vec<(usize, ExpectationRow)> {
    let of = |(row, member): (usize, &Member<'_>)| {
        let open = member.results.expectations.iter();
        let open = open.filter(|one| one.judgement != Judgement::Holds);
        open.map(|one| (row, one.clone())).collect::<Vec<_>>()
    };
    members.iter().enumerate().flat_map(of).collect()
}

/// Returns the basis: the class `wanted`, else the first with an objective, else the first of all, in the windows of all
/// members.
fn basis(members: &[Member<'_>], wanted: Option<&str>) -> Option<Basis> {
    let first = members.first()?;
    let has = |member: &Member<'_>, class: &str| {
        member
            .plan
            .workloads
            .iter()
            .any(|workload| member.plan.routes.classes[workload.class.index()].name == class)
    };
    let judged = first.draft.scenario.objective.iter().map(|(name, _)| name.to_string());
    let all = first.plan.routes.classes.iter().map(|class| class.name.clone());
    let wanted = wanted.map(str::to_string).into_iter();
    let class =
        wanted.chain(judged).chain(all).find(|class| members.iter().all(|one| has(one, class)))?;
    let in_all = |window: &&WindowRows| {
        members.iter().all(|one| one.results.plain().any(|w| w.name == window.name))
    };
    let mut windows: Vec<&WindowRows> = first.results.plain().filter(in_all).collect();
    windows.sort_by(|a, b| {
        let rate = |window: &WindowRows| window.rate.map_or(0.0, |rate| rate.in_per_second());
        rate(a).total_cmp(&rate(b)).then_with(|| a.name.cmp(&b.name))
    });
    let windows: Vec<String> = windows.into_iter().map(|window| window.name.clone()).collect();
    let years = members.iter().all(|one| one.results.years.is_some());
    (years || !windows.is_empty()).then_some(Basis { class, windows })
}
