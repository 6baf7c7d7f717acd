//! Warm-up in long-horizon runs: one automaton per process, which is slow for a while after it has started.
//!
//! Model, as in the event loop: a process that was down or hung, or did not exist, is cold from its return on for the time `for`. Until
//! then its processor time is divided by `speed`. A process that was cut off or paused is not cold.

use crate::health::Declaration;
use crate::health::declare::{Automaton, Expr, State, Timer, Transition};
use crate::kinds::service::Service;
use crate::plan::Draft;
use crate::plan::faults::{slowdown_of, slowed_by};
use crate::plan::kind::parts::Parts as _;
use crate::plan::scaled::is_present;

/// State of a process at full speed, also before its first failure.
const WARM: &str = "warm";
/// State of a process that does not run.
const GONE: &str = "gone";
/// State of a process that has started.
const COLD: &str = "cold";

/// Adds the automata of all processes that can fail or be launched.
pub(super) fn declare(draft: &Draft, into: &mut Declaration) {
    for (service, (_, spec)) in draft.scenario.service.iter().enumerate() {
        let Some(warm_up) = &spec.warm_up else { continue };
        for part in Service.parts(draft, service) {
            let process = part.name(draft);
            let zone = part.stands_on(draft).map(|zone| zone.name(draft));
            let that = |part: &str, fact: &str| {
                let facts = &into.automaton(part)?.facts;
                facts.iter().any(|(name, _)| name == fact).then(|| Expr::of(part, fact))
            };
            let mut gone: Vec<Expr> =
                is_present(draft, part).into_iter().map(|present| !present).collect();
            gone.extend(that(&process, "alive").map(|alive| !alive));
            gone.extend(that(&process, "is hung"));
            gone.extend(zone.and_then(|zone| that(&zone, "is hung")));
            if gone.is_empty() {
                continue;
            }
            let gone = Expr::Any(gone);
            let states = [WARM, GONE, COLD].map(State::serving).to_vec();
            let is_cold = Expr::within(&[COLD]);
            let automaton = Automaton::new(&slowed_by(&process), states)
                .timer(Timer::held("warm-up", is_cold.clone(), warm_up.for_.value))
                .transition(Transition::when(gone.clone(), &[WARM, COLD], GONE))
                .transition(Transition::when(!gone, &[GONE], COLD))
                .transition(Transition::on("warm-up", &[COLD], WARM))
                .fact(&slowdown_of(1.0 / warm_up.speed.value), is_cold);
            into.add(automaton);
        }
    }
}
