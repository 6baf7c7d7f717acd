//! Availability over the horizon, side by side: parts that two scenarios share have the same faults.

use crate::plan::availability::Availability;
use crate::plan::figure::Metric;
use crate::stats::interval::Interval;
use crate::study::compare::{Basis, Member, Respect, Weighed, of_each_pair, paired_rare};
use crate::study::results::{LoadClass, RecoveryRow, YearRow};
use crate::study::years::blocks::Means;

/// The availability of the compared class in one scenario.
#[derive(Clone, Debug)]
pub struct YearCell {
    /// Structural availability: enough parts are up and reachable.
    pub structural: YearRow,
    /// Continuous availability: in addition, no user meets an undetected failure.
    pub continuous: Option<YearRow>,
    /// Structural downtime in seconds per year, this row minus the one above, replication by replication. The intervals
    /// of all pairs hold together.
    pub step: Option<Interval>,
    /// Traffic of the class; `None` where no workload requests it at a rate.
    pub load: Option<LoadClass>,
    /// Recoveries of the groups whose members take over from each other.
    pub recovery: Vec<RecoveryRow>,
}

/// Returns the availability per row; `None` without a long-horizon run, or without figures of the class.
pub fn cells(members: &[Member<'_>], basis: &Basis) -> Vec<Option<YearCell>> {
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
    members.iter().map(cell).collect()
}

/// Compares downtime and page views not served per year, the second of each pair of rows with the first. The intervals
/// of each respect hold together over all pairs at the level `family`; `level` is that of one alone.
pub(super) fn weigh(
    members: &[Member<'_>],
    basis: &Basis,
    pairs: &[(usize, usize)],
    (family, level): (f64, f64),
) -> Vec<Vec<Weighed>> {
    let each = of_each_pair(family, members.len());
    let mut all: Vec<Vec<Weighed>> = vec![Vec::new(); pairs.len()];
    let of_time = |wanted| move |member: &Member<'_>| samples(member, basis, wanted);
    let column = |respect: &Respect| -> Vec<Option<Means>> {
        match respect {
            Respect::Structural => members.iter().map(of_time(Availability::Structural)).collect(),
            Respect::Continuous => members.iter().map(of_time(Availability::Continuous)).collect(),
            _ => members.iter().map(|member| not_served(member, basis)).collect(),
        }
    };
    for (respect, metric) in [
        (Respect::Structural, Metric::Downtime),
        (Respect::Continuous, Metric::Downtime),
        (Respect::NotServed, Metric::Lost),
    ] {
        let column = column(&respect);
        let columns = column.iter().flatten().map(|means| &means.values);
        let means = columns.filter(|values| !values.is_empty());
        let means = means.map(|values| values.iter().sum::<f64>() / values.len() as f64);
        let worth = metric.margin() * means.fold(f64::INFINITY, f64::min);
        for (found, (from, to)) in all.iter_mut().zip(pairs) {
            let (Some(above), Some(own)) = (&column[*from], &column[*to]) else { continue };
            let [own, above] = own.beside(above);
            let count = own.len().min(above.len());
            let both = (&own[..count], &above[..count]);
            let Some(difference) = paired_rare(both.0, both.1, each) else { continue };
            found.extend(Weighed::of_interval(respect.clone(), difference, both, (level, worth)));
        }
    }
    all
}

/// Returns the downtime of the class in seconds per year.
pub(super) fn samples(
    member: &Member<'_>,
    basis: &Basis,
    availability: Availability,
) -> Option<Means> {
    let (plan, seen) = (member.study.years.as_ref()?, member.result.years.as_ref()?);
    let watched = plan.of.watched.iter().position(|watched| watched.name == basis.class)?;
    let wanted = (watched, availability);
    let meter = plan.of.measured.iter().position(|other| *other == wanted)?;
    let years = seen.scale(plan).years();
    let values = seen.folded[0][meter].downtime.iter().map(|down| down / years).collect();
    Some(Means { values, block: seen.block })
}

/// Returns the page views of the class not served per year, lost or never requested.
fn not_served(member: &Member<'_>, basis: &Basis) -> Option<Means> {
    let (plan, seen) = (member.study.years.as_ref()?, member.result.years.as_ref()?);
    let fluid = plan.of.fluid.as_ref()?;
    let class = fluid.classes.iter().position(|class| class.name == basis.class)?;
    let folded = seen.load.first()?.as_ref()?;
    let years = seen.scale(plan).years();
    let unserved = folded.classes[class].unserved().into_iter();
    let values = unserved.map(|views| views / years).collect();
    Some(Means { values, block: seen.block })
}
