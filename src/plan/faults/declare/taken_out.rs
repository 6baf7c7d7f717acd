//! Operations that take parts out of service: planned outages, and reboots of virtual machines that are resized.

use super::{Declarer, Harm, UP, operated};
use crate::engine::law::{DurationLaw, Law};
use crate::health::declare::Timer;
use crate::kinds::zone::vm;
use crate::model::spec::runs::{Does, OperationSpec};
use crate::plan::checks::week_start;
use crate::plan::faults::PLANNED;
use crate::units::{SimDuration, SimTime};

impl Declarer<'_> {
    /// Adds every operation that takes parts out of service, reboots too, as a clock in each of them.
    pub fn operations(&mut self) {
        let draft = self.draft;
        for (name, spec) in draft.scenario.operation.iter() {
            let Some(at) = &spec.at else { continue };
            let mut first = at.value.after_zero(week_start(draft));
            let out = (name.text.as_str(), spec);
            for (lasts, machines) in vm::reboots_by_length(draft, spec) {
                let members: Vec<usize> = machines.iter().filter_map(|one| self.at(*one)).collect();
                self.take_out(&members, out, (first, lasts));
            }
            let Some(lasts) = spec.lasts.as_ref().filter(|_| spec.takes_out()) else { continue };
            let deploys = spec.does.as_ref().is_some_and(|does| does.value == Does::Deploy);
            let parts = operated(draft, spec, self.out);
            let members: Vec<usize> = parts.into_iter().filter_map(|part| self.at(part)).collect();
            if !deploys {
                self.take_out(&members, out, (first, lasts.value));
                continue;
            }
            // A deployment takes the parts out one after the other.
            for index in members {
                self.take_out(&[index], out, (first, lasts.value));
                first += lasts.value;
            }
        }
    }

    /// Takes members out of service for the time of an operation, from its first start on.
    fn take_out(
        &mut self,
        members: &[usize],
        (name, spec): (&str, &OperationSpec),
        (first, lasts): (SimDuration, SimDuration),
    ) {
        let Ok(length) = Law::constant(lasts.seconds()) else { return };
        let state = format!("{PLANNED}.{name}");
        let every = spec.every.as_ref().map(|every| every.period());
        self.change(
            members,
            |_, _| (),
            |mould, ()| {
                let clock = Timer::clock(&state, SimTime::ZERO + first, every);
                let back = Timer::new(&format!("{state}.done"), DurationLaw(length.clone()));
                mould.add_harm(Harm::Down, &state, false);
                mould.step(clock, UP, &state);
                mould.step(back, &state, UP);
            },
        );
    }
}
