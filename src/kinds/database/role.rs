//! The role of the primary over years: an automaton whose state is the member that has it.

use crate::health::Declaration;
use crate::health::declare::{Automaton, Expr, Move, State, Subject};
use crate::plan::availability::surrogate::publish_states;
use crate::plan::faults::holder;

/// Returns the name of the automaton.
fn name(database: &str) -> String {
    format!("{database}/primary")
}

/// Returns the condition that a member has the role.
pub(crate) fn has(database: &str, member: usize) -> Expr {
    Expr::of(&name(database), &holder(member))
}

/// Returns the move of the role from `old` to `new`.
pub(super) fn passes(database: &str, old: usize, new: usize) -> Move {
    Move { of: Subject::Named(name(database)), from: vec![holder(old)], to: holder(new) }
}

/// Adds the automaton with what `more` adds to it, and publishes its states. One that a fault has declared is kept.
pub(super) fn declare(
    database: &str,
    members: usize,
    declaration: &mut Declaration,
    more: impl FnOnce(Automaton) -> Automaton,
) {
    let name = name(database);
    match declaration.automata.iter_mut().find(|automaton| automaton.name == name) {
        Some(role) => *role = publish_states(more(role.clone())),
        None => {
            let states = (0..members).map(|member| State::serving(&holder(member))).collect();
            declaration.add(publish_states(more(Automaton::new(&name, states))));
        }
    }
}
