//! Processor accounts of zones over a window: demand, use, and the reasons for the difference.
//!
//! In: the ledgers of all replications, which are whole numbers. Out: average cores over the window, each with its
//! interval, and the course over time. Holds: wanted = used + capped wait + steal, exactly in every replication. Leaves
//! out: windows around a break; plans with more than [`MOST_ZONES`](crate::solve::accounts::MOST_ZONES) zones have no
//! course over time.

use crate::mechanism::cpu_share::{CoreTime, ZoneLedger};
use crate::model::blueprint::Blueprint;
use crate::stats::interval::Statistic;
use crate::study::measure::NoValue;
use crate::study::replication::Replication;
use crate::study::window::{Estimate, WindowPlan, estimate};
use crate::units::SimDuration;

/// One zone in a window, in cores on average.
#[derive(Clone, Debug)]
pub struct ZoneUse {
    /// Cores that its phases could have used.
    pub wanted: Estimate,
    /// Cores used.
    pub used: Estimate,
    /// Cores used above the baseline.
    pub burst: Estimate,
    /// Cores wanted beyond the cap, or beyond the baseline while it was held to that.
    pub capped_wait: Estimate,
    /// Cores wanted within the cap but not given: other zones had them, or the server had lost them.
    pub steal: Estimate,
    /// Share of the time in which it was held to its baseline, mean over replications.
    pub held: f64,
    /// Course over the intervals, mean over replications.
    pub course: Vec<ZoneCell>,
}

/// One zone in one interval of a window, in cores, mean over replications.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ZoneCell {
    /// Start, counted from the window's start.
    pub from: SimDuration,
    /// End, counted from the window's start.
    pub until: SimDuration,
    /// Cores that it could have used.
    pub wanted: f64,
    /// Cores used.
    pub used: f64,
    /// Cores wanted beyond its cap.
    pub capped_wait: f64,
    /// Cores wanted within its cap but not given.
    pub steal: f64,
}

/// Returns the accounts per zone of the plan; none around a break.
pub(super) fn of_window(
    plan: &Blueprint,
    asked: &WindowPlan,
    seen: &[Replication],
) -> Vec<ZoneUse> {
    let one = |zone: usize| {
        let mean = |of: &dyn Fn(&ZoneLedger) -> CoreTime| {
            let value = |one: &Replication| {
                let ledger = one.zone_ledgers.get(zone).ok_or(NoValue::NotKept)?;
                Ok(of(ledger).core_seconds() / one.length.seconds())
            };
            let values: Vec<Result<f64, NoValue>> = seen.iter().map(value).collect();
            estimate(&values, Statistic::Mean, asked.level)
        };
        let held = seen.iter().filter_map(|one| {
            let ledger = one.zone_ledgers.get(zone)?;
            Some(ledger.held.seconds() / one.length.seconds())
        });
        ZoneUse {
            wanted: mean(&|ledger| ledger.wanted),
            used: mean(&|ledger| ledger.used),
            burst: mean(&|ledger| ledger.burst),
            capped_wait: mean(&|ledger| ledger.capped_wait),
            steal: mean(&|ledger| ledger.steal),
            held: held.sum::<f64>() / seen.len().max(1) as f64,
            course: course(zone, seen),
        }
    };
    let zones = if asked.drill.is_none() { plan.zones.len() } else { 0 };
    (0..zones).map(one).collect()
}

fn course(zone: usize, seen: &[Replication]) -> Vec<ZoneCell> {
    let kept = |one: &Replication| one.accounts.iter().filter(|at| zone < at.zones.len()).count();
    let steps = seen.iter().map(kept).min().unwrap_or(0);
    let mut cells = Vec::with_capacity(steps.saturating_sub(1));
    for step in 1..steps {
        let (from, until) = (seen[0].accounts[step - 1].at, seen[0].accounts[step].at);
        let mut cell = ZoneCell { from, until, ..ZoneCell::default() };
        let seconds = (until - from).seconds() * seen.len() as f64;
        for one in seen {
            let [then, now] = [step - 1, step].map(|at| &one.accounts[at].zones[zone]);
            let cores = |now: CoreTime, then: CoreTime| now.since(then).core_seconds() / seconds;
            cell.wanted += cores(now.wanted, then.wanted);
            cell.used += cores(now.used, then.used);
            cell.capped_wait += cores(now.capped_wait, then.capped_wait);
            cell.steal += cores(now.steal, then.steal);
        }
        cells.push(cell);
    }
    cells
}
