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
mod choice;
mod member;
mod offers;
mod variants;
mod weigh;
mod years;
pub use choice::Choice;
pub use member::Member;
pub use offers::{Offer, Step, Unfit, in_order};
pub use variants::Variant;
pub use weigh::{Change, Owner, Respect, Weighed};
pub use years::YearCell;

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::cdn::live::EDGE;
use crate::plan::drills::Drillable;
use crate::plan::figure::{Metric, Stat};
use crate::plan::links::Entrance;
use crate::plan::names::split_member;
use crate::stats::equivalence::{Comparison, Finding, compare_ladder};
use crate::stats::interval::{Interval, Statistic};
use crate::stats::rare::difference_of_rare;
use crate::study::breaks::Way;
use crate::study::control;
use crate::study::expect::Verdict as Judgement;
use crate::study::measure::{Measure, NoValue};
use crate::study::results::{
    BreakRow, CapacityRow, ExpectationRow, Reached, Share, Use, UseKind, ViewRow, WindowRows,
    measured_at, natural,
};
use crate::study::summary::{Summary, summary};
use crate::study::window::{self, Estimate, Verdict, WindowPlan, estimate, few};
use weigh::BrokenRun;

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

/// A smaller difference of the share served is irrelevant.
const SERVED_WORTH: f64 = 0.001;

/// Basis of a comparison: a class of requests, in windows that all members have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The class.
    pub class: String,
    /// Windows that all members have, by rate, then by name. The last decides the difference to the row above. Empty
    /// where only the horizon is compared.
    pub windows: Vec<String>,
}

/// A row of the comparison.
#[derive(Clone, Debug)]
pub struct Row {
    /// The scenario.
    pub scenario: String,
    /// One line about it.
    pub title: String,
    /// Dollars per month.
    pub monthly_cost: Option<f64>,
    /// Dollars once.
    pub once_cost: Option<f64>,
    /// Results per window of the basis.
    pub windows: Vec<Cell>,
    /// p95 latency, this row minus the one above.
    pub latency_step: Option<Comparison>,
    /// Share served, this row minus the one above.
    pub served_step: Option<Comparison>,
    /// Highest rate of the class that meets its first latency objective.
    pub capacity: Option<CapacityRow>,
    /// That rate, this row minus the one above.
    pub capacity_step: Option<Comparison>,
    /// Place where the latency is measured; `None` means at the site.
    pub measured: Option<String>,
    /// Parts of the latency step, where edges answer in this row or the one above.
    pub step_parts: Option<StepParts>,
}

/// Contributions of the edges and of the origin behind them to the p95 latency step, this row minus the one above. They
/// add up to the step. In a row without edges all requests are at the origin. Each interval holds for itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepParts {
    /// Contribution of answers from edges: the gap between the latency of all requests and that of requests that reach
    /// the origin.
    pub caching: Interval,
    /// Contribution of the latency of requests that reach the origin.
    pub origin: Interval,
}

/// Requests of the compared class, answered by edges or passed on.
#[derive(Clone, Debug)]
pub struct Edges {
    /// Requests answered, summed over all replications.
    pub answered: u64,
    /// Requests among them that no edge could answer.
    pub missed: u64,
    /// p95 latency of the requests that no edge could answer.
    pub origin: Estimate,
}

impl Edges {
    /// Returns the share of the answers that came from edges.
    #[must_use]
    pub fn share(&self) -> f64 {
        1.0 - self.missed as f64 / self.answered.max(1) as f64
    }
}

/// A scenario in one window.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Verdict on the window.
    pub verdict: Verdict,
    /// Median, p95 and p99 latency of the class.
    pub latency: [Estimate; 3],
    /// Part of the edges in these latencies; `None` without edges.
    pub edges: Option<Edges>,
    /// Share of the class's page views that were served.
    pub served: Share,
    /// Busiest component, with its utilisation.
    pub busiest: Option<(String, f64)>,
}

/// Components of one kind and name, in all scenarios.
#[derive(Clone, Debug)]
pub struct UseGroup {
    /// Kind of the components.
    pub kind: UseKind,
    /// Name without member numbers: `www`, `store.head`.
    pub group: String,
    /// Busiest component by row, then by window of the basis; `None` where the row has none.
    pub cells: Vec<Vec<Option<Busiest>>>,
}

/// The busiest of several components.
#[derive(Clone, Debug)]
pub struct Busiest {
    /// Its name.
    pub name: String,
    /// Mean utilisation, as a share of its capacity.
    pub mean: Estimate,
    /// Computed offered load, as a share of its capacity.
    pub offered: Option<f64>,
    /// Number of components.
    pub members: usize,
}

/// Operations that a database failed, answered wrongly or lost in one window of one scenario.
#[derive(Clone, Debug)]
pub struct LossRow {
    /// The scenario, by row.
    pub row: usize,
    /// Window, or run around a break: `broken/down:mysql-1`.
    pub window: String,
    /// Part that breaks or is repaired in it.
    pub part: Option<(Drillable, Way)>,
    /// The database.
    pub database: String,
    /// Mean count per run, in the order of [`LOSSES`]. Around a break, failures without the break are subtracted.
    pub counts: [Estimate; LOSSES.len()],
    /// True per entry of [`LOSSES`] if there is certainly more than without a break.
    pub seen: [bool; LOSSES.len()],
}

impl LossRow {
    /// Returns whether any loss was detected.
    #[must_use]
    pub fn any(&self) -> bool {
        self.seen.contains(&true)
    }
}

/// Metrics of the losses of a database.
pub const LOSSES: [Metric; 5] = [
    Metric::FailedReads,
    Metric::Stale,
    Metric::FailedWrites,
    Metric::LostWrites,
    Metric::SplitBrain,
];

/// A kind of part that breaks.
#[derive(Clone, Debug)]
pub struct BreakKind {
    /// The declared window.
    pub window: String,
    /// Kind of the part: `server`.
    pub kind: &'static str,
    /// Its name without its number.
    pub group: String,
    /// Part per row whose loss costs most; `None` where the row has no such part.
    pub cells: Vec<Option<BreakRow>>,
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
    let mut rows: Vec<Row> = members.iter().map(|member| row(member, &basis)).collect();
    let each = weigh::of_each_family(level);
    let mut years = years::cells(members, &basis);
    let mut offers = offers::offers(members, &basis, (each, level));
    // Neighbours first. All pairs are one family, so a pair has one interval wherever it is reported.
    let mut pairs = neighbours(members.len());
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
        let found = in_windows(members, &basis, deciding, &pairs, &mut rows, (each, level));
        for ((weighed, step), (latency, found)) in weighed.iter_mut().zip(&mut steps).zip(found) {
            *weighed = found.into_iter().chain(std::mem::take(weighed)).collect();
            *step = latency;
        }
        let breaks = breaks(members, &basis.class);
        let runs = broken_runs(members, &breaks, &basis.class);
        for (all, own) in weighed.iter_mut().zip(weigh::breaks(&runs, &pairs, (each, level))) {
            all.extend(own);
        }
        (uses(members, &basis), losses(members, &basis), breaks)
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

/// Compares latency, share served and, for neighbours, capacity: the second of each pair of rows with the first. Also
/// fills them into the rows.
fn in_windows(
    members: &[Member<'_>],
    basis: &Basis,
    deciding: &str,
    pairs: &[(usize, usize)],
    rows: &mut [Row],
    (each, level): (f64, f64),
) -> Vec<(Option<Comparison>, Vec<Weighed>)> {
    let is_corrected = |member: &Member<'_>| {
        let found = member.results.windows.iter().find(|window| window.name == *deciding);
        found.is_some_and(|window| window.corrected)
    };
    let all = members.iter().all(is_corrected);
    let latency = |member: &Member<'_>| samples(member, basis, (deciding, all), Metric::Latency);
    let served = |member: &Member<'_>| samples(member, basis, (deciding, all), Metric::Served);
    let worth = |column: &[Vec<f64>]| {
        let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let least = column.iter().filter(|v| !v.is_empty()).map(mean).fold(f64::MAX, f64::min);
        Metric::Latency.margin() * least
    };
    let latencies: Vec<Vec<f64>> = members.iter().map(latency).collect();
    let shares: Vec<Vec<f64>> = members.iter().map(served).collect();
    let carried = |row: &Row| row.capacity.as_ref().map_or(Vec::new(), |one| one.each.clone());
    let carried: Vec<Vec<Reached>> = rows.iter().map(carried).collect();
    for at in 1..rows.len() {
        if rows[at - 1].measured.is_some() || rows[at].measured.is_some() {
            let both = (&members[at - 1], &members[at]);
            rows[at].step_parts = step_parts(both, basis, (deciding, all), level);
        }
    }
    let rates: Vec<Vec<f64>> =
        carried.iter().map(|each| each.iter().map(|one| one.rate).collect()).collect();
    let in_latency = held(&latencies, pairs, each, worth(&latencies));
    let in_served = held(&shares, pairs, each, SERVED_WORTH);
    let in_capacity = capacity_steps(&carried, each, &worth);
    let mut all = Vec::new();
    for (place, (from, to)) in pairs.iter().enumerate() {
        let is_neighbour = from + 1 == *to;
        let capacity = in_capacity[*to].filter(|_| is_neighbour);
        let (latency, served) = (in_latency[place], in_served[place]);
        if is_neighbour {
            let row = &mut rows[*to];
            (row.latency_step, row.served_step, row.capacity_step) = (latency, served, capacity);
        }
        let found = [
            (Respect::Latency, latency, &latencies),
            (Respect::Served, served, &shares),
            (Respect::Capacity, capacity, &rates),
        ];
        let found = found.into_iter().filter_map(|(respect, step, column)| {
            Weighed::new(respect, step.as_ref()?, (&column[*to], &column[*from]), level)
        });
        all.push((latency, found.collect()));
    }
    all
}

/// Returns the page views not served in the run of each break, by kind and row; `None` where a replication has no
/// value.
fn broken_runs(
    members: &[Member<'_>],
    kinds: &[BreakKind],
    class: &str,
) -> Vec<(String, Vec<Option<BrokenRun>>)> {
    let run = |member: &Member<'_>, row: &BreakRow| -> Option<BrokenRun> {
        let classes = &member.plan.routes.classes;
        let mut workloads = member.plan.workloads.iter();
        let workload = workloads.position(|one| classes[one.class.index()].name == class)?;
        let name = &member.results.windows[row.down?].name;
        let at = member.study.windows.iter().position(|one| one.window.name == *name)?;
        let well = member.study.windows[at].drill.as_ref()?.well;
        let values = |at: usize| -> Option<Vec<f64>> {
            let mut measures = member.study.windows[at].measures.iter();
            let place = measures.position(|one| *one == Measure::Missed(vec![workload]))?;
            let samples = &member.result.windows[at].samples;
            samples.iter().map(|values| values[place].ok()).collect()
        };
        let (missed, unbroken) = (values(at)?, values(well)?);
        let seen = &member.result.windows[at];
        let pooled = &seen.pooled.views[workload];
        let intended = pooled.intended as f64 / seen.replications.max(1) as f64;
        Some(BrokenRun { unbroken, missed, intended })
    };
    let of = |kind: &BreakKind| {
        let cells = kind.cells.iter().zip(members);
        let cells = cells.map(|(cell, member)| run(member, cell.as_ref()?)).collect();
        (kind.window.clone(), cells)
    };
    kinds.iter().map(of).collect()
}

/// Returns the steps of capacities. Where a replication's rate lies between two bounds, a step counts only if it holds
/// with both, and its interval covers both.
fn capacity_steps(
    column: &[Vec<Reached>],
    level: f64,
    worth: &dyn Fn(&[Vec<f64>]) -> f64,
) -> Vec<Option<Comparison>> {
    let of = |which: &dyn Fn(&Reached) -> f64| -> Vec<Vec<f64>> {
        column.iter().map(|each| each.iter().map(which).collect()).collect()
    };
    let rates = of(&|one| one.rate);
    let worth = Metric::Capacity.margin() / Metric::Latency.margin() * worth(&rates);
    let mut all = steps(&rates, level, worth);
    if !column.iter().flatten().any(Reached::is_open) {
        return all;
    }
    let (least, most) = (of(&|one| one.between.0), of(&|one| one.between.1));
    for at in 1..column.len() {
        // The lower bound of one minus the upper bound of the other, and the reverse.
        let ends = [(&most, &least), (&least, &most)].map(|(above, own)| {
            let mut pairs = rates.clone();
            (pairs[at - 1], pairs[at]) = (above[at - 1].clone(), own[at].clone());
            steps(&pairs, level, worth)[at]
        });
        let (Some(step), [Some(down), Some(up)]) = (&mut all[at], ends) else { continue };
        let difference = &mut step.difference;
        difference.low = difference.low.min(down.difference.low);
        difference.high = difference.high.max(up.difference.high);
        step.excluded = difference.low.abs().max(difference.high.abs());
        step.p_value = step.p_value.max(down.p_value).max(up.p_value);
        if down.finding != step.finding || up.finding != step.finding {
            let little = step.excluded < worth;
            step.finding = if little { Finding::NoDifference } else { Finding::Inconclusive };
        }
    }
    all
}

/// Returns the busiest of each kind and name in each window, in the order of kinds and names.
fn uses(members: &[Member<'_>], basis: &Basis) -> Vec<UseGroup> {
    let mut groups: BTreeMap<(UseKind, Vec<(String, u64)>), UseGroup> = BTreeMap::new();
    for (row, member) in members.iter().enumerate() {
        for (at, name) in basis.windows.iter().enumerate() {
            let window = member.results.windows.iter().find(|window| window.name == *name);
            for one in window.map_or(&[][..], |window| &window.uses) {
                let group = group_of(one);
                let key = (one.kind, natural(&group));
                let nothing = || UseGroup {
                    kind: one.kind,
                    group,
                    cells: vec![vec![None; basis.windows.len()]; members.len()],
                };
                let cell = &mut groups.entry(key).or_insert_with(nothing).cells[row][at];
                let members = cell.as_ref().map_or(0, |cell: &Busiest| cell.members) + 1;
                let value = |mean: &Estimate| mean.value().unwrap_or(f64::NEG_INFINITY);
                match cell {
                    // Rows stand in the order of names: ties go to the first.
                    Some(busiest) if value(&busiest.mean) >= value(&one.mean) => {
                        busiest.members = members;
                    }
                    _ => {
                        let (name, mean) = (one.name.clone(), one.mean.clone());
                        *cell = Some(Busiest { name, mean, offered: one.offered, members });
                    }
                }
            }
        }
    }
    groups.into_values().collect()
}

/// Returns the name of a component without member numbers, and without the suffix that its kind implies.
fn group_of(one: &Use) -> String {
    let name = match one.kind {
        UseKind::Server | UseKind::Balancer => one.name.strip_suffix(".cpu"),
        _ => None,
    };
    let parts = name.unwrap_or(&one.name).split('.');
    let parts: Vec<&str> =
        parts.map(|part| split_member(part).map_or(part, |(group, _)| group)).collect();
    parts.join(".")
}

/// Returns the losses of the databases, scenario by scenario.
fn losses(members: &[Member<'_>], basis: &Basis) -> Vec<LossRow> {
    let mut rows = Vec::new();
    for (row, member) in members.iter().enumerate() {
        let databases: BTreeSet<&str> = member
            .study
            .figures
            .iter()
            .filter(|asked| LOSSES.contains(&asked.figure.metric))
            .map(|asked| asked.figure.scope.as_str())
            .collect();
        let plain = basis.windows.iter().filter_map(|name| {
            let at = member.study.windows.iter().position(|window| window.window.name == *name)?;
            Some((at, None))
        });
        // Breaks in the order of the scenario's report: the costliest first.
        let broken = member.results.breaks.iter().filter(|row| row.class == basis.class);
        let broken = broken.filter_map(|row| row.part.as_ref()).flat_map(|part| {
            Way::ALL.into_iter().filter_map(move |way| {
                let is_it = |window: &WindowPlan| {
                    let drill = window.drill.as_ref();
                    drill.is_some_and(|one| one.way == way && one.part.as_ref() == Some(part))
                };
                let at = member.study.windows.iter().position(is_it)?;
                Some((at, Some((part.clone(), way))))
            })
        });
        for (at, part) in plain.chain(broken) {
            for database in &databases {
                rows.push(loss(member, (row, at), part.clone(), database));
            }
        }
    }
    rows
}

fn loss(
    member: &Member<'_>,
    (row, at): (usize, usize),
    part: Option<(Drillable, Way)>,
    database: &str,
) -> LossRow {
    let asked = &member.study.windows[at];
    let values = |window: usize, metric: Metric| -> Option<Vec<Result<f64, NoValue>>> {
        let path =
            format!("{}.{database}@{}", metric.id(), member.study.windows[window].window.name);
        let place = member.study.figures.iter().find(|asked| asked.path == path)?.place;
        Some(member.result.windows[window].samples.iter().map(|values| values[place]).collect())
    };
    let paired = asked.drill.as_ref().filter(|drill| drill.part.is_some()).map(|drill| drill.well);
    let mut seen = [false; LOSSES.len()];
    let mut counts = LOSSES.map(|_| Estimate::Missing(NoValue::NotKept));
    for (place, metric) in LOSSES.into_iter().enumerate() {
        let Some(own) = values(at, metric) else { continue };
        let without = paired.and_then(|well| values(well, metric)).unwrap_or_default();
        let more: Vec<Result<f64, NoValue>> = own
            .iter()
            .enumerate()
            .map(|(number, own)| {
                let other = without.get(number).copied().unwrap_or(Err(NoValue::Empty));
                own.and_then(|own| other.map(|other| own - other))
            })
            .collect();
        // Failures count only if the break causes them; a wrong answer counts in any case.
        let failed = matches!(metric, Metric::FailedReads | Metric::FailedWrites);
        let counted = if failed && paired.is_some() { &more } else { &own };
        let of = |values: &[Result<f64, NoValue>]| estimate(values, Statistic::Mean, asked.level);
        let floor = if failed && paired.is_some() {
            0.0 - without.iter().filter_map(|value| value.ok()).sum::<f64>()
                / without.len().max(1) as f64
        } else {
            0.0
        };
        counts[place] = match failed && paired.is_some() {
            true => few(counted, floor, asked.level),
            false => window::counted(counted, 1.0, false, asked.level),
        };
        seen[place] = if without.iter().all(|value| *value == Ok(0.0)) {
            counts[place].value().is_some_and(|value| value > 0.0)
        } else {
            // Losses that occur without a break, as in an overload, can vary by chance.
            match of(&more) {
                Estimate::Interval(i) => i.low > 0.0,
                other => other.value().is_some_and(|value| value > 0.0),
            }
        };
    }
    let (window, database) = (asked.window.name.clone(), database.to_string());
    LossRow { row, window, part, database, counts, seen }
}

/// Returns the breaks of all members by kind and name, the costliest first. For several parts of one kind and name, the
/// one whose loss costs most counts.
fn breaks(members: &[Member<'_>], class: &str) -> Vec<BreakKind> {
    let mut found: Vec<BreakKind> = Vec::new();
    for (at, member) in members.iter().enumerate() {
        // A member's rows are sorted, the costliest first.
        for row in member.results.breaks.iter().filter(|row| row.class == class) {
            let (Some(part), Some(_)) = (&row.part, row.down) else { continue };
            let same = |one: &BreakKind| {
                one.window == row.window && one.kind == part.kind && one.group == part.group
            };
            let place = found.iter().position(same).unwrap_or_else(|| {
                found.push(BreakKind {
                    window: row.window.clone(),
                    kind: part.kind,
                    group: part.group.clone(),
                    cells: vec![None; members.len()],
                });
                found.len() - 1
            });
            found[place].cells[at].get_or_insert_with(|| row.clone());
        }
    }
    let most = |kind: &BreakKind| {
        let missed = kind.cells.iter().flatten().filter_map(|row| row.missed.value());
        missed.fold(f64::NEG_INFINITY, f64::max)
    };
    found.sort_by(|a, b| {
        let name = |kind: &BreakKind| (kind.window.clone(), kind.kind, natural(&kind.group));
        most(b).total_cmp(&most(a)).then_with(|| name(a).cmp(&name(b)))
    });
    found
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

fn row(member: &Member<'_>, basis: &Basis) -> Row {
    let find = |name: &String| member.results.windows.iter().find(|window| window.name == *name);
    Row {
        scenario: member.results.scenario.clone(),
        title: member.results.title.clone(),
        monthly_cost: member.monthly_cost,
        once_cost: member.once_cost,
        windows: basis.windows.iter().filter_map(find).map(|w| in_window(w, basis)).collect(),
        latency_step: None,
        served_step: None,
        capacity: member.results.capacities.iter().find(|row| row.class == basis.class).cloned(),
        capacity_step: None,
        measured: measured(member, &basis.class),
        step_parts: None,
    }
}

/// Returns the place where the latency of a class that enters at a CDN is measured.
fn measured(member: &Member<'_>, class: &str) -> Option<String> {
    let mut classes = member.draft.scenario.request.iter();
    let Some(Entrance::Cdn(cdn)) =
        member.draft.links.enters.get(classes.position(|(name, _)| **name == *class)?)?
    else {
        return None;
    };
    let misses =
        "what no edge has goes on towards the origin, and its latency holds the way there.";
    Some(measured_at(member.draft, *cdn, &format!("`{class}`"), misses))
}

fn in_window(window: &WindowRows, basis: &Basis) -> Cell {
    let none = || Estimate::Missing(NoValue::NotKept);
    let found = window.latencies.iter().find(|row| row.name == basis.class);
    let latency = match found.map(|row| row.estimates.as_slice()) {
        Some([_, p50, p95, p99]) => [p50.clone(), p95.clone(), p99.clone()],
        _ => [none(), none(), none()],
    };
    let name = format!("{}-miss", basis.class);
    let edges = found.zip(window.latencies.iter().find(|row| row.name == name));
    let edges = edges.map(|(all, missed)| Edges {
        answered: all.samples,
        missed: missed.samples,
        origin: missed.estimates.get(2).cloned().unwrap_or_else(none),
    });
    let views = window.views.iter().find(|row: &&ViewRow| row.class == basis.class);
    let mut uses: Vec<(&Use, f64)> =
        window.uses.iter().filter_map(|row| Some((row, row.mean.value()?))).collect();
    // Rows stand in order of kind and name, and the sort is stable: ties go to the first.
    uses.sort_by(|a, b| b.1.total_cmp(&a.1));
    Cell {
        verdict: window.verdict_of(&basis.class),
        latency,
        edges,
        served: views.map_or(Share::Missing(NoValue::NotKept), |row| row.served_share),
        busiest: uses.first().map(|(row, value)| (row.name.clone(), *value)),
    }
}

/// Returns the values of the compared figure per replication, corrected for arrivals where those of all members are;
/// empty when a replication has no value.
fn samples(
    member: &Member<'_>,
    basis: &Basis,
    (window, all): (&str, bool),
    metric: Metric,
) -> Vec<f64> {
    let class = member.plan.routes.classes.iter().position(|class| class.name == basis.class);
    let Some(class) = class else { return Vec::new() };
    let workload = member.plan.workloads.iter().position(|w| w.class.index() == class);
    let measure = match (metric, workload) {
        (Metric::Served, Some(workload)) => Measure::Served(vec![workload], true),
        _ => Measure::Latency(class, Stat::Quantile(0.95)),
    };
    values(member, (window, all), &measure)
}

/// Returns the p95 latency per replication of the requests that reach the origin: all requests if there are no edges.
fn at_origin(member: &Member<'_>, basis: &Basis, (window, all): (&str, bool)) -> Vec<f64> {
    let mut classes = member.plan.routes.classes.iter();
    let Some(at) = classes.position(|class| class.name == basis.class) else { return Vec::new() };
    match member.plan.routes.classes[at].cdns[EDGE] {
        None => samples(member, basis, (window, all), Metric::Latency),
        Some(_) => values(member, (window, all), &Measure::MissLatency(at, Stat::Quantile(0.95))),
    }
}

/// Splits the latency step from `above` to `own` into its parts, where one of them has edges.
fn step_parts(
    (above, own): (&Member<'_>, &Member<'_>),
    basis: &Basis,
    window: (&str, bool),
    level: f64,
) -> Option<StepParts> {
    let of = |member: &Member<'_>| {
        let all = samples(member, basis, window, Metric::Latency);
        (all, at_origin(member, basis, window))
    };
    let ((above_all, above_origin), (own_all, own_origin)) = (of(above), of(own));
    let counts = [above_all.len(), above_origin.len(), own_all.len(), own_origin.len()];
    let count = counts.into_iter().min().filter(|count| *count >= 2)?;
    let gained = |all: &[f64], origin: &[f64]| -> Vec<f64> {
        all.iter().zip(origin).take(count).map(|(all, origin)| all - origin).collect()
    };
    let (own_gains, above_gains) =
        (gained(&own_all, &own_origin), gained(&above_all, &above_origin));
    Some(StepParts {
        caching: paired(&own_gains, &above_gains, level)?,
        origin: paired(&own_origin[..count], &above_origin[..count], level)?,
    })
}

/// Returns the values of a measure per replication, corrected for arrivals if `all` allows it; empty when a replication
/// has no value.
fn values(member: &Member<'_>, (window, all): (&str, bool), measure: &Measure) -> Vec<f64> {
    let at = member.result.windows.iter().position(|w| w.name == window);
    let Some(at) = at else { return Vec::new() };
    let place = member.study.windows[at].measures.iter().position(|other| other == measure);
    let Some(place) = place else { return Vec::new() };
    let seen = &member.result.windows[at];
    let values = seen.samples.iter().map(|values| values[place].ok());
    let values = values.collect::<Option<Vec<f64>>>().unwrap_or_default();
    // Corrected as the estimate is, if all members are: pseudo-values are paired as the values are.
    let controls = seen.controls.as_ref().filter(|_| all && control::is_corrected(measure));
    controls.and_then(|controls| controls.corrected(&values)).unwrap_or(values)
}

/// Returns the pairs of each row with the one above.
fn neighbours(rows: usize) -> Vec<(usize, usize)> {
    (1..rows).map(|at| (at - 1, at)).collect()
}

/// Compares each row with the one above; `None` for the first.
fn steps(column: &[Vec<f64>], level: f64, worth: f64) -> Vec<Option<Comparison>> {
    let found = held(column, &neighbours(column.len()), level, worth);
    std::iter::once(None).chain(found).take(column.len()).collect()
}

/// Compares the second of each pair with its first, where both have at least two replications. All pairs are one
/// family.
fn held(
    column: &[Vec<f64>],
    pairs: &[(usize, usize)],
    level: f64,
    worth: f64,
) -> Vec<Option<Comparison>> {
    let mut samples: Vec<(&[f64], &[f64])> = Vec::new();
    let mut places = Vec::new();
    for (place, (above, own)) in pairs.iter().enumerate() {
        let (above, own) = (&column[*above], &column[*own]);
        let count = above.len().min(own.len());
        if count >= 2 {
            samples.push((&own[..count], &above[..count]));
            places.push(place);
        }
    }
    let mut all = vec![None; pairs.len()];
    let Ok(found) = compare_ladder(&samples, level, worth) else { return all };
    for (place, comparison) in places.into_iter().zip(found) {
        all[place] = Some(comparison);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S7: a row is compared with the one above; a row without values affects no other pair.
    #[test]
    fn each_row_is_held_against_the_one_above() {
        let up = vec![1.0, 1.1, 0.9, 1.0];
        let down: Vec<f64> = up.iter().map(|v| v - 0.5).collect();
        let column = [up.clone(), down.clone(), Vec::new(), down.clone(), down];
        let found = steps(&column, 0.95, 0.01);
        let findings: Vec<Option<Finding>> =
            found.iter().map(|step| step.map(|step| step.finding)).collect();
        let equal = Some(Finding::NoDifference);
        assert_eq!(findings, [None, Some(Finding::Smaller), None, None, equal]);
        let step = found[1].unwrap().difference;
        assert!((step.estimate + 0.5).abs() < 1e-12 && step.half_width() < 1e-12);
    }
}
