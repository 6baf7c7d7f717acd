//! Results of a range of replications of the horizon, and their simulation.

use serde::{Deserialize, Serialize};

use super::blocks::Join;
use super::disk_sets::FoldedDisks;
use super::load::FoldedLoad;
use super::recovery::FoldedRole;
use super::restores::FoldedRestores;
use super::{Folded, Range, YearsPlan};
use crate::solve::flows::{self, Observation, Tally, Wanted};
use crate::solve::fluid::{Known, Memo};
use crate::solve::requests::Breach;
use crate::study::window::Watch;
use crate::units::SimDuration;

/// Results of replications by net, with the number of kernel steps.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Chunk {
    pub(super) meters: Vec<Vec<Folded>>,
    pub(super) roles: Vec<Vec<FoldedRole>>,
    pub(super) restores: Vec<Vec<FoldedRestores>>,
    pub(super) disk_sets: Vec<Vec<FoldedDisks>>,
    pub(super) load: Vec<Option<FoldedLoad>>,
    pub(super) steps: u64,
}

impl Chunk {
    /// Returns the results of no replication, in blocks of some.
    pub(super) fn empty(plan: &YearsPlan, block: u64) -> Self {
        let empty: Vec<Vec<Folded>> = plan
            .of
            .nets
            .iter()
            .enumerate()
            .map(|(net, _)| {
                let causes = (plan.of.causes.len(), block > 1);
                let of = |meter| Folded::of(causes, plan.spans_of(net, meter));
                (0..plan.of.measured.len()).map(of).collect()
            })
            .collect();
        let no_load: Vec<Option<FoldedLoad>> = (0..plan.of.nets.len())
            .map(|net| {
                let fluid = plan.of.fluid.as_ref().filter(|_| plan.is_loaded(net));
                fluid.map(|fluid| FoldedLoad::of(fluid, plan.of.causes.len()))
            })
            .collect();
        let no_roles =
            || plan.of.roles.iter().map(|_| FoldedRole::of(plan.of.causes.len())).collect();
        let no_roles: Vec<Vec<FoldedRole>> = plan.of.nets.iter().map(|_| no_roles()).collect();
        let no_restores =
            vec![vec![FoldedRestores::default(); plan.of.restores.len()]; plan.of.nets.len()];
        let no_disks =
            vec![vec![FoldedDisks::default(); plan.of.disk_sets.len()]; plan.of.nets.len()];
        Self {
            meters: empty,
            roles: no_roles,
            restores: no_restores,
            disk_sets: no_disks,
            load: no_load,
            steps: 0,
        }
    }

    /// Adds a replication of a net and a batch.
    ///
    /// # Errors
    ///
    /// The reason, if downtime by first cause does not add up.
    fn add(
        &mut self,
        (net, batch): (usize, usize),
        seen: &Observation,
        horizon: SimDuration,
    ) -> Result<(), &'static str> {
        let Observation { tallies, roles, restores, disk_sets, traffic, steps } = seen;
        if let (Some(load), Some(traffic)) = (&mut self.load[net], traffic) {
            load.add(traffic, batch);
        }
        let is_whole = |tally: &Tally| {
            tally.lost == tally.causes.iter().map(|cause| cause.first).sum::<u128>()
        };
        if !tallies.iter().all(is_whole) {
            return Err("downtime by first cause does not add up to downtime");
        }
        self.steps += steps;
        for (mine, tally) in self.meters[net].iter_mut().zip(tallies) {
            mine.add(tally, horizon);
        }
        self.roles[net].iter_mut().zip(roles).for_each(|(mine, tally)| mine.add(tally));
        self.restores[net].iter_mut().zip(restores).for_each(|(mine, tally)| mine.add(tally));
        self.disk_sets[net].iter_mut().zip(disk_sets).for_each(|(mine, tally)| mine.add(tally));
        Ok(())
    }

    /// Joins blocks of a net.
    fn join(&mut self, net: usize, join: Join, horizon: SimDuration) {
        self.meters[net].iter_mut().for_each(|meter| meter.join(join, horizon));
        self.roles[net].iter_mut().for_each(|role| role.join(join));
        self.restores[net].iter_mut().for_each(|restores| restores.join(join));
        self.disk_sets[net].iter_mut().for_each(|disks| disks.join(join));
        self.load[net].iter_mut().for_each(|load| load.join(join));
    }
}

/// Runs the replications of one range; `None` when it was stopped before the last was done.
pub(super) fn chunk(
    asked: &YearsPlan,
    known: &Known,
    Range { from, to, batch, block }: Range,
    watch: &Watch,
) -> Result<Option<Chunk>, Breach> {
    let told_to_stop = || watch.told_to_stop();
    if told_to_stop() {
        return Ok(None);
    }
    let plan = &asked.of;
    let mut into = Chunk::empty(asked, block);
    let until_failed: Vec<Vec<usize>> =
        (0..plan.nets.len()).map(|net| asked.until_failed(net)).collect();
    let begun: Vec<Vec<usize>> = (0..plan.nets.len()).map(|net| asked.begun(net)).collect();
    let mut memos: Vec<Option<Memo<'_>>> = into
        .load
        .iter()
        .enumerate()
        .map(|(net, load)| {
            let memo = Memo::new(load.as_ref().and(plan.fluid.as_ref())?, known);
            Some(if asked.follows_replicas(net) { memo.with_lags() } else { memo })
        })
        .collect();
    // Net by net: the data of one net stays in the processor's cache.
    for net in 0..plan.nets.len() {
        for replication in from..to {
            let until_failed = &until_failed[net];
            let number = replication as u64;
            // Stories are taken from the trajectory with all faults.
            let stories = if net == 0 { plan.stories.as_slice() } else { &[] };
            let memo = memos[net].as_mut();
            let wanted = Wanted { stories, begun: &begun[net], memo };
            let seen = flows::run_unless(plan, net, number, until_failed, wanted, &told_to_stop);
            let seen = seen.map_err(|error| Breach {
                what: error.to_string(),
                during: format!("years, replication {replication}"),
            })?;
            let Some(seen) = seen else { return Ok(None) };
            into.add((net, batch), &seen, plan.horizon).map_err(|what| Breach {
                what: what.into(),
                during: format!("years, replication {replication}"),
            })?;
            let had = (replication - from) as u64 % block;
            if had > 0 {
                into.join(net, Join::Last(had), plan.horizon);
            }
        }
    }
    for (load, memo) in into.load.iter_mut().zip(&mut memos) {
        if let (Some(load), Some(memo)) = (load, memo) {
            load.batches[batch].add(&memo.busy());
        }
    }
    Ok(Some(into))
}
