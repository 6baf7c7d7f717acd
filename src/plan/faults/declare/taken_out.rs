//! Operations that take parts out of service: planned outages, and reboots of virtual machines that are resized.
//! The outcome of work that may go wrong is in [`gone_wrong`](super::gone_wrong).

use super::{Declarer, Harm, UP};
use crate::engine::law::{DurationLaw, Law};
use crate::health::declare::Timer;
use crate::kinds::zone::vm;
use crate::model::spec::runs::{GoesWrongSpec, OperationSpec};
use crate::plan::checks::week_start;
use crate::plan::faults::PLANNED;
use crate::units::{SimDuration, SimTime};

/// Operation that takes parts out of service.
pub(super) struct Work<'a> {
    pub name: &'a str,
    /// Its first start, and the time for which each part is out.
    pub first: SimDuration,
    pub lasts: SimDuration,
    /// Time from the turn of one part to that of the next.
    pub turn: SimDuration,
    /// Time from one start to the next.
    pub every: Option<SimDuration>,
    /// Outcome if it goes wrong, if it can.
    pub wrong: Option<&'a GoesWrongSpec>,
}

impl Work<'_> {
    /// Returns the state of a part that is out of service.
    pub fn state(&self) -> String {
        format!("{PLANNED}.{}", self.name)
    }

    /// Returns the timer of the start at a part that is taken out `after` the first one.
    pub fn clock(&self, after: SimDuration) -> Timer {
        let first = self.first.nanos().saturating_add(after.nanos());
        Timer::clock(&self.state(), SimTime::from_nanos(first), self.every)
    }

    /// Returns the timer of the work on a part. The checks guarantee that it takes time.
    pub fn done(&self) -> Option<Timer> {
        let length = Law::constant(self.lasts.seconds()).ok()?;
        Some(Timer::new(&format!("{}.done", self.state()), DurationLaw(length)))
    }
}

impl Declarer<'_> {
    /// Adds every operation that takes parts out of service, reboots too, as a clock in each of them. The work of those
    /// in `without` never goes wrong.
    pub fn operations(&mut self, without: &[String]) {
        let draft = self.draft;
        for (name, spec) in draft.scenario.operation.iter() {
            let Some(at) = &spec.at else { continue };
            let first = at.value.after_zero(week_start(draft));
            let every = spec.every.as_ref().map(|every| every.period());
            let wrong = spec.wrong().filter(|_| !without.contains(&name.text));
            let turn = spec.turn();
            let work = |lasts| Work { name: &name.text, first, lasts, turn, every, wrong };
            for (lasts, machines) in vm::reboots_by_length(draft, spec) {
                let members: Vec<usize> = machines.iter().filter_map(|one| self.at(*one)).collect();
                self.take_out(&members, &work(lasts), SimDuration::ZERO);
            }
            let Some(lasts) = spec.lasts.as_ref().filter(|_| spec.takes_out()) else { continue };
            let work = work(lasts.value);
            let members = self.operated(spec);
            match work.wrong {
                _ if !spec.deploys() => self.take_out(&members, &work, SimDuration::ZERO),
                Some(wrong) => self.roll_out(&members, &work, wrong),
                None => {
                    // A deployment takes the parts out one after the other.
                    for (turn, index) in (0..).zip(members) {
                        self.take_out(&[index], &work, work.turn.saturating_mul(turn));
                    }
                }
            }
        }
    }

    /// Returns the automata of the parts that an operation names, in order.
    fn operated(&mut self, spec: &OperationSpec) -> Vec<usize> {
        let parts = self.draft.targets.operated(spec);
        parts.into_iter().filter_map(|part| self.at(part)).collect()
    }

    /// Takes members out of service for the time of an operation, `after` its first start on.
    fn take_out(&mut self, members: &[usize], work: &Work<'_>, after: SimDuration) {
        let Some(done) = work.done() else { return };
        let state = work.state();
        self.change(
            members,
            |_, _| (),
            |mould, ()| {
                mould.add_harm(Harm::Down, &state, false);
                if let Some(wrong) = work.wrong {
                    mould.work_or_fail(work, wrong, done.clone());
                    return;
                }
                mould.step(work.clock(after), UP, &state);
                mould.step(done.clone(), &state, UP);
            },
        );
    }
}
