//! What can be wrong with a declaration.

use std::error::Error;
use std::fmt;

/// States an automaton may have: a set of them is one number.
pub const STATES_MAX: usize = super::net::States::BITS as usize;
/// Nesting of conditions, through facts of facts.
pub(super) const DEPTH_MAX: u32 = 128;

/// Why a declaration cannot be read. Each names the component it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeclarationError {
    /// Two things of one kind have this name.
    Duplicate(String),
    /// No component, state, timer, role, crew or fact has this name: (component, kind, name).
    Unknown(String, &'static str, String),
    /// No state, or more than [`STATES_MAX`].
    StateCount(String),
    /// Probabilities do not sum to 1, or a number is outside its range: (component, what).
    Number(String, &'static str),
    /// A fact depends on itself.
    Circle(String),
    /// Conditions nest too deep.
    Deep(String),
    /// A transition has no branch or no state to start from.
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
