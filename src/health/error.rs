//! Errors of a declaration.

use std::error::Error;
use std::fmt;

/// Largest number of states of an automaton: a set of states is one integer.
pub const STATES_MAX: usize = super::net::States::BITS as usize;
/// Deepest nesting of conditions, counted through the facts they refer to.
pub(super) const DEPTH_MAX: u32 = 128;

/// Reason why a declaration is refused, with the component concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeclarationError {
    /// Two items of one kind have this name.
    Duplicate(String),
    /// No item of this kind has this name: (component, kind, name). Kinds are component, state, timer, role,
    /// crew and fact.
    Unknown(String, &'static str, String),
    /// This automaton has no state, or more than [`STATES_MAX`].
    StateCount(String),
    /// Probabilities do not sum to 1, or a number is outside its range: (component, message).
    Number(String, &'static str),
    /// This fact depends on itself.
    Circle(String),
    /// The conditions of this component nest too deep.
    Deep(String),
    /// A transition of this component has no branch or no initial state.
    Empty(String),
}

impl fmt::Display for DeclarationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate(name) => write!(f, "`{name}` is declared twice"),
            Self::Unknown(at, kind, name) => write!(f, "`{at}`: no {kind} is called `{name}`"),
            Self::StateCount(at) => write!(f, "`{at}` needs 1 to {STATES_MAX} states"),
            Self::Number(at, what) => write!(f, "`{at}`: {what}"),
            Self::Circle(name) => write!(f, "the fact `{name}` depends on itself"),
            Self::Deep(at) => write!(f, "`{at}`: conditions nest deeper than {DEPTH_MAX}"),
            Self::Empty(at) => write!(f, "`{at}`: a transition leads nowhere or from nowhere"),
        }
    }
}

impl Error for DeclarationError {}
