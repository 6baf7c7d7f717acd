//! Building blocks of surrogates: laws derived from timers, and transitions that succeed with a probability.
//!
//! A kind declares in `surrogates` what the event loop decides by probes, elections and timers. Several kinds
//! share the pieces in this module.

use crate::engine::law::{DurationLaw, Law, LawError};
use crate::health::Declaration;
use crate::health::declare::{Automaton, Branch, Expr, Fate, Timer, Transition};
use crate::plan::Draft;
use crate::plan::faults::IS_PLANNED;
use crate::plan::part::Part;
use crate::units::SimDuration;

/// Cause of a failed takeover of a virtual IP or a volume.
pub const FAILED_TAKEOVER: &str = "failed-takeover";

/// Returns a law whose parameters were checked with the scenario.
///
/// # Panics
///
/// Panics if the parameters were not checked.
#[must_use]
pub fn law(law: Result<Law, LawError>) -> DurationLaw {
    DurationLaw(law.expect("the parameters were checked with the scenario"))
}

/// Returns a timer of probes, uniform on `least` to `least + phase` seconds.
#[must_use]
pub fn probes(name: &str, least: f64, phase: f64, guard: Expr) -> Timer {
    let lasts = if phase > 0.0 { Law::uniform(least, least + phase) } else { Law::constant(least) };
    let anew = Fate::Restart { redraw: true };
    Timer::new(name, law(lasts)).guarded(guard).fate(anew).surrogate_of("probes")
}

/// Returns the two timers after which `fall` failed probes in a row mark a component dead, by name and guard.
/// For a silent one, the next probe waits for the time-out of the last; a refusing one answers at once.
#[must_use]
pub fn noticed(
    (interval, time_out, fall): (SimDuration, SimDuration, u32),
    silent: (&str, Expr),
    refuses: (&str, Expr),
) -> [Timer; 2] {
    let (interval, time_out) = (interval.seconds(), time_out.seconds());
    let gaps = f64::from(fall) - 1.0;
    let least = gaps * interval.max(time_out) + time_out;
    [
        probes(silent.0, least, interval, silent.1),
        probes(refuses.0, gaps * interval, interval, refuses.1),
    ]
}

/// Adds branches to a transition: `works` with probability `coverage`, otherwise `fails` with the cause `adds`.
#[must_use]
pub fn covered(
    transition: Transition,
    purpose: &str,
    coverage: f64,
    (works, fails): (&str, &str),
    adds: &str,
) -> Transition {
    let way = |probability: f64, to: &str, adds: Option<&str>| Branch {
        probability,
        to: to.into(),
        also: Vec::new(),
        adds: adds.map(Into::into),
    };
    let mut ways = vec![way(coverage, works, None), way(1.0 - coverage, fails, Some(adds))];
    ways.retain(|way| way.probability > 0.0);
    transition.branching(purpose, ways)
}

/// Returns the condition that planned work takes out a part or one that it stands on; `None` if no operation does.
#[must_use]
pub fn planned(draft: &Draft, declaration: &Declaration, part: Part) -> Option<Expr> {
    let mut all = vec![part];
    all.extend(part.domains(draft));
    let taken_out = |part: Part| {
        let name = part.name(draft);
        let own = declaration.automaton(&name)?;
        let publishes = own.facts.iter().any(|(fact, _)| fact == IS_PLANNED);
        publishes.then(|| Expr::of(&name, IS_PLANNED))
    };
    let all: Vec<Expr> = all.into_iter().filter_map(taken_out).collect();
    (!all.is_empty()).then_some(Expr::Any(all))
}

/// Publishes one fact per state, under the state's name: the automaton is in that state.
#[must_use]
pub fn publish_states(mut automaton: Automaton) -> Automaton {
    for state in automaton.states.clone() {
        automaton = automaton.fact(&state.name, Expr::within(&[&state.name]));
    }
    automaton
}

/// Returns the implication: not `one`, or `other`.
#[must_use]
pub fn implies(one: Expr, other: Expr) -> Expr {
    (!one).or(other)
}
