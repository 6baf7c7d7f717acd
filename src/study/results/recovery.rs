//! Recoveries of roles that members take over from each other, as rows.

use crate::plan::availability::recovery::{Role, RoleKind};
use crate::plan::fluid::copies::Copies;
use crate::study::window::Estimate;
use crate::study::years::load::OfLoad;
use crate::study::years::recovery::OfRole;
use crate::study::years::{What, YearMeasure, YearsPlan, YearsResult};

/// One role over the horizon.
#[derive(Clone, Debug)]
pub struct RecoveryRow {
    /// The database, balancer or file server.
    pub name: String,
    /// Kind of the role.
    pub kind: RoleKind,
    /// Interruptions per year, during which no member serves.
    pub interruptions: Estimate,
    /// Interruptions per year by first cause, the most first; causes without any are left out.
    pub causes: Vec<(String, Estimate)>,
    /// Interruptions per year that ended with another member serving.
    pub failovers: Estimate,
    /// Mean recovery time, in seconds.
    pub recovery: Estimate,
    /// Median recovery time, in seconds.
    pub recovery_p50: Estimate,
    /// p95 recovery time, in seconds.
    pub recovery_p95: Estimate,
    /// Data loss of failovers, for a database with writes.
    pub writes: Option<WritesRow>,
}

/// Data loss of the failovers of a database.
#[derive(Clone, Debug)]
pub struct WritesRow {
    /// Writes lost per year.
    pub lost: Estimate,
    /// Failovers per year to a stale member, which lose all writes since it was away.
    pub behind: Estimate,
    /// Mean number of writes lost per failover.
    pub per_failover: Estimate,
    /// Mean age of the oldest write that a failover loses, in seconds.
    pub window: Estimate,
    /// p95 of that age over the failovers.
    pub window_p95: Estimate,
}

/// Gathers the rows, by name.
pub(super) fn rows(plan: &YearsPlan, seen: &YearsResult) -> Vec<RecoveryRow> {
    let Some(folded) = seen.roles.first() else { return Vec::new() };
    let estimate = |what: What| seen.estimate(plan, YearMeasure { net: 0, meter: 0, what });
    let of = |(at, role): (usize, &Role)| {
        let tell = |what: OfRole| estimate(What::Role(at, what));
        let mut causes: Vec<(f64, String, Estimate)> = Vec::new();
        for (cause, name) in plan.of.causes.iter().enumerate() {
            let count: f64 = folded[at].interruptions[cause].iter().sum();
            if count > 0.0 {
                causes.push((count, name.clone(), tell(OfRole::Interruptions(Some(cause)))));
            }
        }
        causes.sort_by(|a, b| b.0.total_cmp(&a.0));
        let database = || {
            let fluid = plan.of.fluid.as_ref().filter(|_| role.kind == RoleKind::Primary)?;
            let writes = |database: u32| fluid.network.commits.iter().any(|(d, _)| *d == database);
            let is = |c: &Copies| c.name == role.name && writes(c.database);
            fluid.copies.iter().position(is)
        };
        let writes = |at: usize| {
            let tell = |what: OfLoad| estimate(What::Load(what));
            WritesRow {
                lost: tell(OfLoad::LostWrites(at, None)),
                behind: tell(OfLoad::Behind(at)),
                per_failover: tell(OfLoad::LostPerFailover(at)),
                window: tell(OfLoad::DataLoss(at)),
                window_p95: tell(OfLoad::DataLossQuantile(at, 0.95)),
            }
        };
        RecoveryRow {
            name: role.name.clone(),
            kind: role.kind,
            interruptions: tell(OfRole::Interruptions(None)),
            causes: causes.into_iter().map(|(_, name, estimate)| (name, estimate)).collect(),
            failovers: tell(OfRole::Failovers),
            recovery: tell(OfRole::Recovery),
            recovery_p50: tell(OfRole::RecoveryQuantile(0.5)),
            recovery_p95: tell(OfRole::RecoveryQuantile(0.95)),
            writes: database().map(writes),
        }
    };
    let mut rows: Vec<RecoveryRow> = plan.of.roles.iter().enumerate().map(of).collect();
    rows.sort_by_cached_key(|row| (row.kind, super::natural(&row.name)));
    rows
}
