//! Breaks of the same kind of part in all rows.

use crate::study::compare::Member;
use crate::study::compare::weigh::BrokenRun;
use crate::study::measure::Measure;
use crate::study::results::{BreakRow, natural};

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

/// Returns the breaks of all members by kind and name, the costliest first. For several parts of one kind and name, the
/// one whose loss costs most counts.
pub(super) fn breaks(members: &[Member<'_>], class: &str) -> Vec<BreakKind> {
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

/// Returns the page views not served in the run of each break, by kind and row; `None` where a replication has no
/// value.
pub(super) fn broken_runs(
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
