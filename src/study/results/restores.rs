//! Restores of databases, as rows.

use crate::study::window::Estimate;
use crate::study::years::restores::{Of, OfRestores};
use crate::study::years::{What, YearMeasure, YearsPlan, YearsResult};

/// Restores of one database over the horizon.
#[derive(Clone, Debug)]
pub struct RestoreRow {
    /// Name of the database.
    pub name: String,
    /// Restores per year.
    pub restores: Estimate,
    /// Restores per year that find no good backup.
    pub for_good: Estimate,
    /// Mean time whose writes a restore loses, in seconds.
    pub lost: Estimate,
    /// p95 of that time.
    pub lost_p95: Estimate,
    /// Mean number of acknowledged writes that a restore loses.
    pub writes: Estimate,
    /// Mean age of the backup that a restore uses, in seconds.
    pub age: Estimate,
    /// p95 of that age.
    pub age_p95: Estimate,
    /// Mean time from the discovery or the loss to the end of the restore, in seconds.
    pub length: Estimate,
    /// p95 of that time.
    pub length_p95: Estimate,
}

/// Gathers the rows, by name.
pub(super) fn rows(plan: &YearsPlan, seen: &YearsResult) -> Vec<RestoreRow> {
    if seen.restores.is_empty() {
        return Vec::new();
    }
    let of = |(at, name): (usize, &str)| {
        let tell = |what: OfRestores| {
            let what = What::Restores(at, what);
            seen.estimate(plan, YearMeasure { net: 0, meter: 0, what })
        };
        RestoreRow {
            name: name.to_string(),
            restores: tell(OfRestores::Count),
            for_good: tell(OfRestores::ForGood),
            lost: tell(OfRestores::Lost(Of::Mean)),
            lost_p95: tell(OfRestores::Lost(Of::Quantile(0.95))),
            writes: tell(OfRestores::WritesEach),
            age: tell(OfRestores::Age(Of::Mean)),
            age_p95: tell(OfRestores::Age(Of::Quantile(0.95))),
            length: tell(OfRestores::Length(Of::Mean)),
            length_p95: tell(OfRestores::Length(Of::Quantile(0.95))),
        }
    };
    let names = plan.of.restores.iter().map(|one| one.name.as_str());
    let mut rows: Vec<RestoreRow> = names.enumerate().map(of).collect();
    rows.sort_by_cached_key(|row| super::natural(&row.name));
    rows
}
