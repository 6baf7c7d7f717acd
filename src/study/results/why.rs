//! Causes of downtime, costs and headroom, as rows.

use std::collections::BTreeMap;

use super::{FigureRow, natural};
use crate::model::spec::runs::{How, Level};
use crate::plan::Draft;
use crate::plan::availability::{Availability, WatchedKind};
use crate::plan::cost::{self, Cost};
use crate::plan::drawing::single_points;
use crate::plan::faults::parts::all_parts;
use crate::plan::figure::Figure;
use crate::plan::headroom::{self, Spare};
use crate::plan::load;
use crate::stats::interval::Interval;
use crate::stats::quantile::nearest_rank;
use crate::stats::rare::mean_of_rare_differences;
use crate::study::measure::NoValue;
use crate::study::scenario::{StudyPlan, StudyResult};
use crate::study::stories::Stories;
use crate::study::waterfall::{Fall, Waterfall};
use crate::study::window::Estimate;
use crate::study::years::{What, YearMeasure, YearsPlan, YearsResult};

const YEAR_S: f64 = 31_536_000.0;
/// Parts of nanoseconds in a second.
const PARTS: f64 = crate::plan::availability::WHOLE as f64 * 1e9;

/// Results reported only for a scenario that was run alone.
#[derive(Clone, Debug, Default)]
pub struct WhyRows {
    /// Its outages.
    pub stories: Option<Stories>,
    /// Replications of the waterfall.
    pub fall_replications: usize,
    /// Downtime by cause.
    pub falls: Vec<FallRow>,
    /// Spread of yearly downtime.
    pub spreads: Vec<Spread>,
    /// Headroom at the design peak.
    pub spare: Option<SpareRows>,
    /// The bill, where the file has prices.
    pub bill: Option<Cost>,
    /// The parts that each fault of the file strikes.
    pub strikes: Vec<StrikeRow>,
}

/// The parts that a fault strikes.
#[derive(Clone, Debug)]
pub struct StrikeRow {
    /// Name of the fault.
    pub fault: String,
    /// Sort of the parts: `site`, `pool`.
    pub word: &'static str,
    /// Name that all of its parts share without their numbers: `app`; `None` if they have several.
    pub group: Option<String>,
    /// Number of parts that it can strike.
    pub parts: usize,
    /// Parts among them whose loss alone takes a judged class or group down.
    pub singles: Vec<String>,
    /// Number of parts of this sort in the file.
    pub alike: usize,
    /// True if it strikes all of its parts at once.
    pub together: bool,
}

/// Downtime by cause of one availability of one subject.
#[derive(Clone, Debug)]
pub struct FallRow {
    /// Name of the class or group.
    pub name: String,
    /// Kind of the subject.
    pub kind: WatchedKind,
    /// Kind of availability.
    pub availability: Availability,
    /// Downtime with all faults, in seconds per year.
    pub all: Estimate,
    /// Benefit of removing each cause, the largest first; causes removed together come last.
    pub bars: Vec<FallBar>,
    /// Benefit of removing all causes beyond the sum of these.
    pub interaction: Estimate,
    /// Downtime without any of them.
    pub left: Estimate,
}

/// Benefit of removing causes.
#[derive(Clone, Debug)]
pub struct FallBar {
    /// Causes removed.
    pub without: Vec<String>,
    /// Downtime saved, in seconds per year.
    pub saved: Estimate,
}

/// Distribution of the downtime of one year.
#[derive(Clone, Debug)]
pub struct Spread {
    /// Class or group whose structural downtime it is.
    pub name: String,
    /// Seconds, and the share of the years with at most that downtime.
    pub points: Vec<(f64, f64)>,
    /// Share of the years without any.
    pub none: f64,
    /// p95 over the years, in seconds.
    pub p95: Estimate,
}

/// Headroom after single losses.
#[derive(Clone, Debug)]
pub struct SpareRows {
    /// The window whose level is the design peak.
    pub window: String,
    /// Level of that window, per second.
    pub level: f64,
    /// Classes whose rates it fixes, in the order of the file.
    pub classes: Vec<String>,
    /// True if each of their workloads has that rate, and not all of them together.
    pub is_of_each: bool,
    /// Without a loss first, then after each single loss, the least headroom first.
    pub rows: Vec<LossRow>,
    /// Number of single losses; if there are more than rows, only those of the parts with the most load were computed.
    pub losses: usize,
}

impl SpareRows {
    /// Returns the number of single losses that were computed.
    #[must_use]
    pub fn worked_out(&self) -> usize {
        self.rows.iter().filter(|row| row.spare.lost.is_some()).count()
    }
}

/// After one loss.
#[derive(Clone, Debug)]
pub struct LossRow {
    /// Headroom; its `lost` is `None` without a loss.
    pub spare: Spare,
    /// Kind of the lost part: `server`.
    pub kind: &'static str,
}

/// Gathers the rows; empty if the scenario was not run alone.
pub(super) fn rows(
    draft: &Draft,
    study: &StudyPlan,
    result: &StudyResult,
    spare: Option<SpareRows>,
) -> WhyRows {
    if !study.alone {
        return WhyRows { strikes: strikes(draft), ..WhyRows::default() };
    }
    let mut rows = WhyRows {
        stories: result.why.stories.clone(),
        spare,
        bill: cost::bill(draft),
        strikes: strikes(draft),
        ..WhyRows::default()
    };
    let (Some(plan), Some(seen)) = (&study.years, &result.years) else { return rows };
    if seen.replications == 0 {
        return rows;
    }
    if let Some(Waterfall { replications, falls }) = &result.why.waterfall {
        rows.fall_replications = *replications;
        rows.falls = falls.iter().map(|fall| fall_row(plan, fall)).collect();
        let key = |row: &FallRow| (row.kind, natural(&row.name), row.availability);
        rows.falls.sort_by_cached_key(key);
    }
    rows.spreads = plan.of.felt().into_iter().filter_map(|m| spread(plan, seen, m)).collect();
    rows.spreads.sort_by_cached_key(|row| natural(&row.name));
    rows
}

/// Returns the parts that each fault strikes, in the order of names.
fn strikes(draft: &Draft) -> Vec<StrikeRow> {
    let singles = single_points(draft);
    let all = all_parts(draft);
    let mut rows: Vec<StrikeRow> = Vec::new();
    for (name, fault) in draft.scenario.fault.iter() {
        let parts = draft.targets.hit(fault);
        let Some(first) = parts.first() else { continue };
        let word = first.sort().word;
        let single = parts.iter().filter(|part| singles.contains_key(part));
        let group = first.group(draft);
        let shared = parts.iter().all(|part| part.group(draft) == group);
        rows.push(StrikeRow {
            fault: name.text.clone(),
            word,
            group: shared.then_some(group),
            parts: parts.len(),
            singles: single.map(|part| part.name(draft)).collect(),
            alike: all.iter().filter(|part| part.sort().word == word).count(),
            // A corruption is in all copies.
            together: fault.together.value || fault.how.value == How::Corrupt,
        });
    }
    rows.sort_by_cached_key(|row| natural(&row.fault));
    rows
}

fn fall_row(plan: &YearsPlan, fall: &Fall) -> FallRow {
    let (watched, availability) = plan.of.measured[fall.meter];
    let watched = &plan.of.watched[watched];
    let years = plan.of.horizon.seconds() / YEAR_S;
    let a_year = |parts: &[i128]| {
        let values: Vec<f64> = parts.iter().map(|parts| *parts as f64 / PARTS / years).collect();
        match (values.as_slice(), mean_of_rare_differences(&values, plan.level)) {
            (_, Ok(i)) => Estimate::Interval(i),
            ([one], Err(_)) => Estimate::Single(*one),
            _ => Estimate::Missing(NoValue::Empty),
        }
    };
    let bar = |effect: &crate::study::waterfall::Effect| FallBar {
        without: effect.without.clone(),
        saved: a_year(&effect.saved),
    };
    FallRow {
        name: watched.name.clone(),
        kind: watched.kind,
        availability,
        all: a_year(&fall.all),
        bars: fall.effects.iter().map(bar).collect(),
        interaction: a_year(&fall.interaction),
        left: a_year(&fall.left),
    }
}

fn spread(plan: &YearsPlan, seen: &YearsResult, meter: usize) -> Option<Spread> {
    let (watched, availability) = plan.of.measured[meter];
    let years = &seen.folded[0][meter].years;
    if availability != Availability::Structural || years.count() == 0 {
        return None;
    }
    let levels = (1..200).map(|step| f64::from(step) / 200.0);
    let rare = [0.997, 0.998, 0.999, 0.9995, 0.9999];
    // A level needs at least four years beyond it.
    let seen_often = |level: &f64| (1.0 - level) * years.count() as f64 >= 4.0;
    let levels: Vec<f64> = levels.chain(rare).filter(seen_often).collect();
    let ranks: Vec<u64> = levels.iter().map(|level| nearest_rank(*level, years.count())).collect();
    let at = years.ranked(&ranks, 0).into_iter().map(|[_, nanos, _]| nanos as f64 / 1e9);
    let points: Vec<(f64, f64)> = at.zip(levels).collect();
    let none = points.iter().filter(|(at, _)| *at == 0.0).map(|(_, level)| *level);
    let p95 = What::DowntimeQuantile(0.95, None);
    Some(Spread {
        name: plan.of.watched[watched].name.clone(),
        none: none.fold(0.0, f64::max),
        points,
        p95: seen.estimate(plan, YearMeasure { net: 0, meter, what: p95 }),
    })
}

/// Maximum number of losses whose headroom is a figure of its own, the worst first. The table has all.
const MOST_FIGURES: usize = 64;

/// Computes the headroom; `None` if no window has a level or no resource has load.
pub(super) fn spare(draft: &Draft) -> Option<SpareRows> {
    let at = headroom::design_peak(draft)?;
    let (name, window) = &draft.scenario.window[at];
    let (all, losses) = headroom::within(draft, at, headroom::MOST_WORK);
    if all.iter().all(|spare| spare.busiest.is_none()) {
        return None;
    }
    let parts = all_parts(draft);
    let parts = parts.into_iter().map(|part| (part.name(draft), part.sort().word));
    let kinds: BTreeMap<String, &'static str> = parts.collect();
    let row = |spare: Spare| {
        let lost = spare.lost.as_ref();
        let kind = lost.and_then(|name| kinds.get(name)).copied().unwrap_or_default();
        LossRow { spare, kind }
    };
    let mut rows: Vec<LossRow> = all.into_iter().map(row).collect();
    let left = |row: &LossRow| match (&row.spare.carries, row.spare.serves) {
        (_, false) => 0.0,
        (Some((_, rate)), true) => *rate,
        (None, true) => f64::INFINITY,
    };
    // The row without a loss stays first.
    rows[1..].sort_by(|a, b| left(a).total_cmp(&left(b)));
    let workloads = draft.scenario.workload.iter().zip(load::fixed_by_levels(draft));
    let fixed = workloads.filter(|(_, is_fixed)| *is_fixed);
    let mut classes: Vec<String> = Vec::new();
    for ((_, workload), _) in fixed {
        let class = &workload.request.value.text;
        if !classes.contains(class) {
            classes.push(class.clone());
        }
    }
    let is_of_each =
        window.level.as_ref().is_some_and(|level| matches!(level.value, Level::Fixed(_)));
    let level = load::level(draft, window)?;
    Some(SpareRows { window: name.text.clone(), level, classes, is_of_each, rows, losses })
}

/// Returns the figures of headroom: those asked for, and that of the busiest resource after each loss that leaves
/// everything served. Their window is that of the study, by place.
pub(super) fn figures(
    draft: &Draft,
    study: &StudyPlan,
    spare: Option<&SpareRows>,
) -> Vec<FigureRow> {
    let mut paths: Vec<String> = study.arithmetic.iter().map(|(path, _)| path.clone()).collect();
    if let Some(spare) = spare {
        for row in spare.rows.iter().take(1 + MOST_FIGURES).filter(|row| row.spare.serves) {
            let Some((name, _)) = &row.spare.busiest else { continue };
            let after = row.spare.lost.as_ref().map(|lost| format!("[after-loss={lost}]"));
            let after = after.unwrap_or_default();
            paths.push(format!("headroom.{name}{after}@{}", spare.window));
        }
    }
    paths.sort_by_cached_key(|path| natural(path));
    paths.dedup();
    let level = draft.scenario.run.confidence.value;
    let row = |path: String| {
        let figure = Figure::parse(&path).ok()?;
        let value = headroom::at(draft, &figure).ok()?;
        let named = figure.window.as_deref();
        let window = study.windows.iter().position(|w| Some(w.window.name.as_str()) == named)?;
        Some(FigureRow {
            window: Some(window),
            unit: figure.unit(),
            estimate: Estimate::Interval(Interval::point(value, level)),
            path,
        })
    };
    paths.into_iter().filter_map(row).collect()
}
