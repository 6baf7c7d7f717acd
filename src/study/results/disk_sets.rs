//! Sets of disks that fail one by one, as rows.

use crate::study::window::Estimate;
use crate::study::years::disk_sets::OfDisks;
use crate::study::years::{What, YearMeasure, YearsPlan, YearsResult};

/// One set of disks over the horizon.
#[derive(Clone, Debug)]
pub struct DiskSetRow {
    /// Name of the set.
    pub name: String,
    /// Number of its disks.
    pub disks: u32,
    /// Failures of single disks per year.
    pub failures: Estimate,
    /// Losses of the set per year.
    pub losses: Estimate,
    /// Share of the time with a disk missing.
    pub degraded: Estimate,
}

/// Gathers the rows, by name.
pub(super) fn rows(plan: &YearsPlan, seen: &YearsResult) -> Vec<DiskSetRow> {
    let sets = plan.of.disk_sets.iter().enumerate();
    let mut rows: Vec<DiskSetRow> = sets
        .map(|(at, set)| {
            let tell = |what: OfDisks| {
                let what = What::Disks(at, what);
                seen.estimate(plan, YearMeasure { net: 0, meter: 0, what })
            };
            DiskSetRow {
                name: set.name.clone(),
                disks: set.redundancy.disks,
                failures: tell(OfDisks::Failures),
                losses: tell(OfDisks::Losses),
                degraded: tell(OfDisks::Degraded),
            }
        })
        .collect();
    rows.sort_by_cached_key(|row| super::natural(&row.name));
    rows
}
