//! Failures that are played as they were recorded.

use super::{Declarer, Hit, UP, state_of};
use crate::health::declare::{Automaton, Effect, Expr, State, Timer, Transition};
use crate::workload::failures::FailureRecord;

impl Declarer<'_> {
    /// Adds recorded failures: a part is down while its recording says so, whatever else it does meanwhile.
    pub(super) fn recorded(&mut self, hit: &Hit<'_>, record: &FailureRecord) {
        let role = format!("recording of {}", hit.name);
        let state = state_of(hit.name);
        let mut played = Vec::new();
        for (&index, spells) in hit.members.iter().zip(&record.parts) {
            if spells.begins.is_empty() {
                continue;
            }
            let name = format!("{}/recorded-{}", self.sketches[index].name, hit.name);
            let begin = Timer::listed(hit.name, spells.begins.clone());
            let end = Timer::listed(&format!("{}.repair", hit.name), spells.ends.clone());
            let states = vec![State::serving("well"), State::failed("struck", Effect::Refuse)];
            let recording = Automaton::new(&name, states)
                .transition(Transition::on(&begin.name, &["well"], "struck"))
                .transition(Transition::on(&end.name, &["struck"], "well"))
                .timer(begin)
                .timer(end)
                .fact("active", Expr::within(&["struck"]));
            self.groups.push(recording);
            self.sketches[index].roles.push((role.clone().into(), vec![name]));
            played.push(index);
        }
        let active = Expr::of_role(&role, "active");
        self.change(
            &played,
            |_, _| (),
            |mould, ()| {
                mould.add_harm(hit.harm, &state, false);
                mould.turn(Transition::when(active.clone(), &[UP], &state));
                mould.turn(Transition::when(!active.clone(), &[&state], UP));
            },
        );
    }
}
