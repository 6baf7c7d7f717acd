//! Warm-up in long-horizon runs: one automaton per process, which is slow for a while after it has started.
//!
//! Model, as in the event loop: a process that has lost its memory (it was down or hung, or its zone or server was), or did not exist, is
//! cold for the time `for` from its return on. While it is cold, its work takes 1 / `speed` times the processor time. A process that was cut
//! off or paused is not cold. Leaves out: a process that is back but cut off or paused becomes warm meanwhile; in windows its warm-up
//! begins when it works again.

use std::collections::BTreeSet;

use crate::health::Declaration;
use crate::health::declare::{Automaton, Expr, State, Timer, Transition};
use crate::kinds::service::Service;
use crate::plan::Draft;
use crate::plan::faults::{memory_lost, slowdown_of, slowed_by};
use crate::plan::kind::parts::Parts as _;
use crate::plan::part::Part;
use crate::plan::scaled::is_present;

/// State of a process at full speed, also before its first failure.
const WARM: &str = "warm";
/// State of a process that does not run.
const GONE: &str = "gone";
/// State of a process that has started.
const COLD: &str = "cold";

/// Adds the automata of all processes with a warm-up.
pub(super) fn declare(draft: &Draft, into: &mut Declaration) {
    if draft.scenario.service.iter().all(|(_, spec)| spec.warm_up.is_none()) {
        return;
    }
    let facts = into.automata.iter().flat_map(|automaton| {
        automaton.facts.iter().map(|(fact, _)| (automaton.name.clone(), fact.clone()))
    });
    let facts: BTreeSet<(String, String)> =
        facts.filter(|(_, fact)| ["alive", "is hung"].contains(&fact.as_str())).collect();
    let publishes = |part: Part, fact: &str| facts.contains(&(part.name(draft), fact.to_string()));
    for (service, (_, spec)) in draft.scenario.service.iter().enumerate() {
        let Some(warm_up) = &spec.warm_up else { continue };
        for part in Service.parts(draft, service) {
            let absent = is_present(draft, part).map(|present| !present);
            let gone: Vec<Expr> =
                absent.into_iter().chain(memory_lost(draft, part, &publishes)).collect();
            if gone.is_empty() {
                continue;
            }
            let gone = Expr::Any(gone);
            let states = [WARM, GONE, COLD].map(State::serving).to_vec();
            let is_cold = Expr::within(&[COLD]);
            let automaton = Automaton::new(&slowed_by(&part.name(draft)), states)
                .timer(Timer::held("warm-up", is_cold.clone(), warm_up.for_.value))
                .transition(Transition::when(gone.clone(), &[WARM, COLD], GONE))
                .transition(Transition::when(!gone, &[GONE], COLD))
                .transition(Transition::on("warm-up", &[COLD], WARM))
                .fact(&slowdown_of(1.0 / warm_up.speed.value), is_cold);
            into.add(automaton);
        }
    }
}
