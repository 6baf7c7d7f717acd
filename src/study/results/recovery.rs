//! What takes over from each other, as rows.

use crate::plan::availability::recovery::{Role, RoleKind};
use crate::plan::fluid::copies::Copies;
use crate::study::window::Estimate;
use crate::study::years::load::OfLoad;
use crate::study::years::recovery::OfRole;
use crate::study::years::{What, YearMeasure, YearsPlan, YearsResult};

/// One role over the years.
#[derive(Clone, Debug)]
pub struct RecoveryRow {
    /// The database, balancer or file server.
    pub name: String,
    /// What passes.
    pub kind: RoleKind,
    /// Times a year that nobody serves.
    pub interruptions: Estimate,
    /// The same by first cause, the most first; causes that never did are left out.
    pub causes: Vec<(String, Estimate)>,
    /// Times a year that another served then.
    pub failovers: Estimate,
    /// Seconds until somebody serves again, in the mean.
    pub recovery: Estimate,
    /// What half and 95 % of them do not exceed.
    pub recovery_p50: Estimate,
    /// See there.
    pub recovery_p95: Estimate,
    /// What its failovers lose, of a database that somebody asks for writes.
    pub writes: Option<WritesRow>,
}

/// What failovers of a database lose.
#[derive(Clone, Debug)]
pub struct WritesRow {
    /// Writes a year.
    pub lost: Estimate,
    /// Failovers a year to a member that had been away, which lose all that was written since.
    pub behind: Estimate,
    /// Writes of a failover, in the mean.
    pub per_failover: Estimate,
    /// Age of the oldest write that one loses, in seconds, in the mean.
    pub window: Estimate,
    /// What 95 % of the failovers do not exceed.
    pub window_p95: Estimate,
}

/// Puts them together, by name.
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
            let fluid = plan.of.fluid.as_ref().filter(|_| role.kind == RoleKind::Master)?;
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
