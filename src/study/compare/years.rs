//! Availability over years, side by side: same faults, where parts are the same.

use crate::plan::availability::Availability;
use crate::stats::interval::Interval;
use crate::study::compare::{Basis, Member, of_each_pair, paired};
use crate::study::results::{LoadClass, RecoveryRow, YearRow};

/// The availability of the compared class in one scenario.
#[derive(Clone, Debug)]
pub struct YearCell {
    /// Enough is up and reachable.
    pub structural: YearRow,
    /// And nobody meets a death that is not noticed yet.
    pub continuous: Option<YearRow>,
    /// Structural downtime in seconds a year, this row less the one above, replication by
    /// replication; those of all pairs hold together.
    pub step: Option<Interval>,
    /// Its traffic; none where nobody asks for it at a rate.
    pub load: Option<LoadClass>,
    /// What takes over from each other.
    pub recovery: Vec<RecoveryRow>,
}

/// By row; none where no years were lived through, or nobody can tell of the class.
pub fn cells(members: &[Member<'_>], basis: &Basis, level: f64) -> Vec<Option<YearCell>> {
    let each = of_each_pair(level, members.len());
    let cell = |member: &Member<'_>| {
        let of = |availability: Availability| {
            let years = member.results.years.as_ref()?;
            let is = |row: &&YearRow| row.name == basis.class && row.availability == availability;
            years.rows.iter().find(is).cloned()
        };
        let continuous = of(Availability::Continuous);
        let load = member.results.years.as_ref().and_then(|years| years.load.as_ref());
        let load = load.and_then(|load| load.classes.iter().find(|one| one.name == basis.class));
        let structural = of(Availability::Structural)?;
        let recovery = member.results.years.as_ref().map(|years| years.recovery.clone());
        let recovery = recovery.unwrap_or_default();
        Some(YearCell { structural, continuous, step: None, load: load.cloned(), recovery })
    };
    let mut all: Vec<Option<YearCell>> = members.iter().map(cell).collect();
    for at in 1..members.len() {
        let (above, own) = (samples(&members[at - 1], basis), samples(&members[at], basis));
        let (Some(above), Some(own)) = (above, own) else { continue };
        if let Some(cell) = &mut all[at] {
            cell.step = paired(&own, &above, each);
        }
    }
    all
}

/// Structural downtime of the class in seconds a year, by replication.
pub(super) fn samples(member: &Member<'_>, basis: &Basis) -> Option<Vec<f64>> {
    let (plan, seen) = (member.study.years.as_ref()?, member.result.years.as_ref()?);
    let watched = plan.of.watched.iter().position(|watched| watched.name == basis.class)?;
    let wanted = (watched, Availability::Structural);
    let meter = plan.of.measured.iter().position(|other| *other == wanted)?;
    let years = plan.of.horizon.seconds() / 31_536_000.0;
    Some(seen.folded[0][meter].downtime.iter().map(|down| down / years).collect())
}
