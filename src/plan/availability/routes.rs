//! Users who arrive over one of several links, or at one of several edges: cut off when it fails, until
//! routes have converged.
//!
//! ```text
//! carries -> cut       the link is dead
//! cut     -> around    after the convergence time of its site: the others carry its users
//! cut, around -> carries   it works again
//! ```

use crate::engine::law::Law;
use crate::health::Declaration;
use crate::health::declare::{Automaton, Effect, Expr, Fate, State, Timer, Transition};
use crate::plan::Draft;
use crate::plan::names::Kind;
use crate::plan::part::Part;

use super::surrogate::law;

/// Returns the name of the automaton of a link or an edge.
pub fn name(draft: &Draft, part: Part) -> String {
    format!("{}/routes", part.name(draft))
}

/// Returns the parts parallel to `part`, itself included, whose users are cut off for a while when one fails.
/// The list is empty if routes need no convergence.
pub fn beside(draft: &Draft, part: Part) -> Vec<Part> {
    let (kind, index) = part.owner();
    kind.answers().converging(draft, index).map_or_else(Vec::new, |(parts, _)| parts)
}

/// Adds an automaton for every link and edge whose routes need time to converge.
pub fn declare(draft: &Draft, declaration: &mut Declaration) {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        for index in 0..kind.sections(&draft.scenario) {
            let Some((parts, time)) = kind.answers().converging(draft, index) else { continue };
            all.extend(parts.into_iter().map(|part| (part, time)));
        }
    }
    for (part, time) in all {
        let fit = || Expr::of(&part.name(draft), "fit");
        let states = vec![
            State::serving("carries"),
            State::failed("cut", Effect::Lose),
            State::idle("around"),
        ];
        let converged = Timer::new("converges", law(Law::constant(time.seconds())));
        declaration.add(
            Automaton::new(&name(draft, part), states)
                .timer(converged.fate(Fate::Restart { redraw: true }))
                .transition(Transition::when(!fit(), &["carries"], "cut"))
                .transition(Transition::when(fit(), &["cut", "around"], "carries"))
                .transition(Transition::on("converges", &["cut"], "around"))
                .fact("cuts", Expr::within(&["cut"])),
        );
        declaration.fact(&name(draft, part), Expr::of(&name(draft, part), "cuts"));
    }
}
