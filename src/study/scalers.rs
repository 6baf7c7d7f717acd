//! Members of autoscalers over a window.
//!
//! In: the member-time of all replications at some instants, in whole numbers. Out: mean numbers of members between them.
//! Leaves out: windows around a break.

use crate::model::blueprint::{Blueprint, Config};
use crate::study::replication::Replication;
use crate::study::window::WindowPlan;
use crate::units::SimDuration;

/// Members of one scaler over a window.
#[derive(Clone, Debug)]
pub struct Scaled {
    /// Name of the scaler.
    pub name: String,
    /// Fewest and most members.
    pub bounds: (u32, u32),
    /// Numbers of members over the intervals, mean over replications.
    pub course: Vec<MemberCell>,
}

/// Members in one interval of a window, mean over replications.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MemberCell {
    /// Start, counted from the window's start.
    pub from: SimDuration,
    /// End, counted from the window's start.
    pub until: SimDuration,
    /// Members that are booted and not removed.
    pub serving: f64,
    /// Members that cost: also those that boot or drain.
    pub paid: f64,
    /// Smallest and largest number that serve, over replications.
    pub range: (f64, f64),
}

/// Returns the members of every scaler of the plan; none around a break.
pub(super) fn of_window(plan: &Blueprint, asked: &WindowPlan, seen: &[Replication]) -> Vec<Scaled> {
    named(plan, asked, |scaler| course(scaler, seen))
}

/// Returns every scaler of the plan with its course, which is given by its id; none around a break.
pub(super) fn named(
    plan: &Blueprint,
    asked: &WindowPlan,
    course: impl Fn(usize) -> Vec<MemberCell>,
) -> Vec<Scaled> {
    if asked.drill.is_some() {
        return Vec::new();
    }
    let scalers = plan.parts.iter().filter_map(|part| match &part.config {
        Config::Scaler(of) => {
            Some((part.name.clone(), (of.rules.terms.minimum, of.rules.terms.maximum)))
        }
        _ => None,
    });
    let one = |(scaler, (name, bounds))| Scaled { name, bounds, course: course(scaler) };
    scalers.enumerate().map(one).collect()
}

fn course(scaler: usize, seen: &[Replication]) -> Vec<MemberCell> {
    let steps = seen.iter().map(|one| one.accounts.len()).min().unwrap_or(0);
    let mut cells = Vec::with_capacity(steps.saturating_sub(1));
    for step in 1..steps {
        let (from, until) = (seen[0].accounts[step - 1].at, seen[0].accounts[step].at);
        let length = (until - from).nanos() as f64;
        let mut cell =
            MemberCell { from, until, range: (f64::INFINITY, 0.0), ..MemberCell::default() };
        for one in seen {
            let [then, now] = [step - 1, step].map(|at| one.accounts[at].members[scaler]);
            let [serving, paid] = [0, 1].map(|which| (now[which] - then[which]) as f64 / length);
            cell.serving += serving / seen.len() as f64;
            cell.paid += paid / seen.len() as f64;
            cell.range = (cell.range.0.min(serving), cell.range.1.max(serving));
        }
        cells.push(cell);
    }
    cells
}
