//! Availability over the horizon, as rows.

use std::collections::BTreeMap;

use super::disk_sets::DiskSetRow;
use super::load::LoadRows;
use super::recovery::RecoveryRow;
use super::restores::RestoreRow;
use super::scalers::ScalerRow;
use super::{FigureRow, Share, natural};
use crate::plan::availability::{Availability, WatchedKind};
use crate::plan::figure::Figure;
use crate::stats::interval::{Bound, Method, Side};
use crate::study::record::kept;
use crate::study::scenario::{StudyPlan, StudyResult};
use crate::study::window::{Ending, Estimate};
use crate::study::years::{What, YearMeasure, YearsPlan, YearsResult, resolve};
use crate::units::SimDuration;

/// Results of a long-horizon run.
#[derive(Clone, Debug)]
pub struct YearsRows {
    /// Length of a replication.
    pub horizon: SimDuration,
    /// Minimum length of an outage; shorter ones do not count.
    pub shortest_outage: SimDuration,
    /// Replications.
    pub replications: usize,
    /// Number of precision checks.
    pub looks: usize,
    /// End of the run.
    pub ending: Ending,
    /// Faults that strike a shared part.
    pub common: Vec<String>,
    /// True if all of these can be left out at once, and there are some.
    pub apart: bool,
    /// Row per subject and availability: classes first, by name.
    pub rows: Vec<YearRow>,
    /// Traffic, where a workload requests something at a rate.
    pub load: Option<LoadRows>,
    /// Recoveries of roles that members take over from each other.
    pub recovery: Vec<RecoveryRow>,
    /// Restores of databases.
    pub restores: Vec<RestoreRow>,
    /// Sets of disks that fail one by one.
    pub disk_sets: Vec<DiskSetRow>,
    /// Autoscalers.
    pub scalers: Vec<ScalerRow>,
    /// Figures asked for, and those of every class.
    pub figures: Vec<FigureRow>,
}

/// One availability of one class or group.
#[derive(Clone, Debug)]
pub struct YearRow {
    /// Name of the class or group.
    pub name: String,
    /// Kind of the subject.
    pub kind: WatchedKind,
    /// Kind of availability.
    pub availability: Availability,
    /// With all faults.
    pub all: YearSide,
    /// Without faults of shared parts; `None` where there are none.
    pub architecture: Option<YearSide>,
}

/// An availability with some of the faults.
#[derive(Clone, Debug)]
pub struct YearSide {
    /// Available share of the time.
    pub available: Share,
    /// Downtime, in seconds per year.
    pub downtime: Estimate,
    /// p95 over the years of the downtime, in seconds.
    pub year_p95: Estimate,
    /// Outages per year.
    pub outages: Estimate,
    /// Mean length of an outage, in seconds.
    pub length: Estimate,
    /// Mean time from the end of one to the next, in seconds.
    pub between: Estimate,
    /// Longest outage seen, in seconds.
    pub longest: Option<f64>,
    /// Share of all downtime in the worst outage; `None` without an outage.
    pub worst: Option<f64>,
    /// Mean time to the first outage, from the start.
    pub first: Estimate,
    /// Causes, the worst first; those without part in an outage are left out.
    pub causes: Vec<YearCause>,
}

/// Contribution of a cause.
#[derive(Clone, Debug)]
pub struct YearCause {
    /// Its name.
    pub name: String,
    /// Downtime as first cause, in seconds per year.
    pub downtime: Estimate,
    /// Downtime while it contributed, in seconds per year.
    pub contributing: Estimate,
    /// Outages per year that began with it.
    pub outages: Estimate,
    /// p95 over the years of the downtime as first cause, in seconds.
    pub year_p95: Estimate,
}

/// Gathers the rows; `None` if the horizon was not asked for, or no replication was completed.
pub(super) fn rows(study: &StudyPlan, result: &StudyResult) -> Option<YearsRows> {
    let (plan, seen) = (study.years.as_ref()?, result.years.as_ref()?);
    if seen.replications == 0 {
        return None;
    }
    let architecture = plan.of.architecture();
    let mut rows: Vec<YearRow> = plan
        .of
        .measured
        .iter()
        .enumerate()
        .map(|(meter, (watched, availability))| {
            let watched = &plan.of.watched[*watched];
            YearRow {
                name: watched.name.clone(),
                kind: watched.kind,
                availability: *availability,
                all: side(plan, seen, 0, meter),
                architecture: architecture.map(|net| side(plan, seen, net, meter)),
            }
        })
        .collect();
    rows.sort_by_cached_key(|row| (row.kind, natural(&row.name), row.availability));
    let load = super::load::rows(plan, seen);
    let recovery = super::recovery::rows(plan, seen);
    Some(YearsRows {
        shortest_outage: plan.of.shortest_outage,
        horizon: plan.of.horizon,
        replications: seen.replications,
        looks: seen.looks,
        ending: seen.ending,
        common: plan.of.common.clone(),
        apart: architecture.is_some(),
        figures: figures(plan, (seen, study.alone), &rows, (load.as_ref(), &recovery)),
        load,
        recovery,
        restores: super::restores::rows(plan, seen),
        disk_sets: super::disk_sets::rows(plan, seen),
        scalers: super::scalers::rows(plan, seen),
        rows,
    })
}

/// Returns the figures of data: of databases that are restored, and of sets of disks that fail one by one.
fn of_data(plan: &YearsPlan, has_traffic: bool) -> Vec<String> {
    let mut paths = Vec::new();
    for name in plan.of.restores.iter().map(|one| &one.name) {
        let figures = ["restores.NAME", "recovery-point.NAME", "recovery-point.NAME.p95"];
        let further = [
            "restores.NAME[outcome=for-good]",
            "backup-age.NAME",
            "restore-time.NAME",
            "restore-time.NAME.p95",
        ];
        let all = figures.into_iter().chain(further);
        paths.extend(all.map(|path| format!("{path}@horizon").replace("NAME", name)));
        if has_traffic {
            paths.push(format!("unrestored-writes.{name}@horizon"));
            paths.push(format!("unrestored-writes.{name}.mean@horizon"));
        }
    }
    for name in plan.of.disk_sets.iter().map(|one| &one.name) {
        let figures = ["failed-disks", "lost-sets", "degraded"];
        paths.extend(figures.map(|metric| format!("{metric}.{name}@horizon")));
    }
    paths
}

/// Returns the figures of every class, and those asked for.
fn figures(
    plan: &YearsPlan,
    (seen, alone): (&YearsResult, bool),
    rows: &[YearRow],
    (load, recovery): (Option<&LoadRows>, &[RecoveryRow]),
) -> Vec<FigureRow> {
    let mut paths: Vec<String> = plan.figures.iter().map(|asked| asked.path.clone()).collect();
    for row in rows.iter().filter(|row| row.availability == Availability::Structural) {
        paths.extend(YearsPlan::standard(row.kind, &row.name));
    }
    for class in load.into_iter().flat_map(|load| &load.classes) {
        let name = &class.name;
        paths.push(format!("request.{name}@horizon"));
        paths.push(format!("objective.{name}@horizon"));
        paths.push(format!("lost.{name}@horizon"));
        for outcome in ["fault", "overload", "planned"] {
            paths.push(format!("lost.{name}[outcome={outcome}]@horizon"));
        }
        if class.month_meets.is_some() {
            paths.push(format!("request.{name}.chance@month"));
        }
        if alone {
            paths.push(format!("cost-per-million.{name}@horizon"));
            paths.push(format!("lost-cost.{name}@month"));
        }
    }
    for row in recovery {
        let name = &row.name;
        paths.extend(
            ["interruptions", "failovers", "recovery"].map(|m| format!("{m}.{name}@horizon")),
        );
        paths.extend(["p50", "p95"].map(|stat| format!("recovery.{name}.{stat}@horizon")));
        if row.writes.is_some() {
            let figures = ["lost-writes.NAME", "lost-writes.NAME.mean", "data-loss.NAME"];
            paths.extend(figures.map(|path| format!("{path}@horizon").replace("NAME", name)));
            paths.push(format!("data-loss.{name}.p95@horizon"));
            paths.push(format!("failovers.{name}[outcome=behind]@horizon"));
        }
    }
    paths.extend(of_data(plan, load.is_some()));
    for name in plan.of.fluid.iter().flat_map(|fluid| &fluid.scaled).map(|one| &one.name) {
        let figures = ["members", "member-hours", "launches", "failed-launches"];
        let all = figures.into_iter().chain(["refused-launches", "removals"]);
        paths.extend(all.map(|metric| format!("{metric}.{name}@horizon")));
    }
    for resource in load.into_iter().flat_map(|load| &load.resources) {
        for stat in ["", ".p95", ".max"] {
            paths.push(format!("utilization.{}{stat}@horizon", resource.name));
        }
    }
    paths.sort_by_cached_key(|path| natural(path));
    paths.dedup();
    let row = |path: String| {
        let figure = Figure::parse(&path).ok()?;
        let measure = resolve(&plan.of, &figure).ok()?;
        let (unit, estimate) = (figure.unit(), seen.estimate(plan, measure));
        Some(FigureRow { path, window: None, unit, estimate })
    };
    paths.into_iter().filter_map(row).collect()
}

/// Returns the values per replication of horizon figures that are means over replications.
#[must_use]
pub fn by_replication(
    study: &StudyPlan,
    result: &StudyResult,
    figures: &[FigureRow],
) -> BTreeMap<String, Vec<f64>> {
    let (Some(plan), Some(seen)) = (&study.years, &result.years) else { return BTreeMap::new() };
    let values = |row: &FigureRow| {
        let figure = Figure::parse(&row.path).ok()?;
        let measure = resolve(&plan.of, &figure).ok()?;
        let values = seen.values(plan, measure)?;
        // The precision target differs from the figure by a factor only; for a share near one it is the complement.
        let missing = measure.is_of_the_rest();
        let estimate = row.estimate.value()?;
        let target = if missing { 1.0 - estimate } else { estimate };
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let factor = target / mean;
        let value = |value: f64| if missing { 1.0 - value * factor } else { value * factor };
        let values: Vec<f64> = kept(&values).into_iter().map(value).collect();
        let finite = values.iter().all(|value| value.is_finite());
        finite.then(|| (row.path.clone(), values))
    };
    figures.iter().filter_map(values).collect()
}

fn side(plan: &YearsPlan, seen: &YearsResult, net: usize, meter: usize) -> YearSide {
    let of = |what: What| seen.estimate(plan, YearMeasure { net, meter, what });
    let [length, between] = seen.up_and_down(plan, net, meter);
    let folded = &seen.folded[net][meter];
    let seconds = |values: &[f64]| values.iter().sum::<f64>();
    let mut causes: Vec<(f64, YearCause)> = plan
        .of
        .causes
        .iter()
        .enumerate()
        .filter_map(|(at, name)| {
            let (first, also) = (seconds(&folded.first[at]), seconds(&folded.contributing[at]));
            (first + also > 0.0).then(|| {
                let cause = YearCause {
                    name: name.clone(),
                    downtime: of(What::Downtime(Some(at))),
                    contributing: of(What::Contributing(at)),
                    outages: of(What::Outages(Some(at))),
                    year_p95: of(What::DowntimeQuantile(0.95, Some(at))),
                };
                (first, cause)
            })
        })
        .collect();
    causes.sort_by(|a, b| b.0.total_cmp(&a.0));
    YearSide {
        available: share(plan, seen, net, meter),
        downtime: of(What::Downtime(None)),
        year_p95: of(What::DowntimeQuantile(0.95, None)),
        outages: of(What::Outages(None)),
        length,
        between,
        longest: folded.lengths.max().map(|nanos| nanos as f64 / 1e9),
        worst: {
            let down = seconds(&folded.downtime);
            (down > 0.0).then(|| folded.worst / down)
        },
        first: of(What::TimeToFailure),
        causes: causes.into_iter().map(|(_, cause)| cause).collect(),
    }
}

fn share(plan: &YearsPlan, seen: &YearsResult, net: usize, meter: usize) -> Share {
    match seen.estimate(plan, YearMeasure { net, meter, what: What::Availability }) {
        Estimate::Interval(i) if i.method == Method::RuleOfThree => Share::AtLeast {
            seen: i.estimate,
            bound: Bound { value: i.low, side: Side::AtLeast, level: i.level, method: i.method },
        },
        Estimate::Interval(i) => Share::Interval(i),
        Estimate::Single(share) => Share::Single(share),
        Estimate::Missing(reason) => Share::Missing(reason),
    }
}
