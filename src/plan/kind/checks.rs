//! What a kind says of its text: where references lead, what is wrong, what has no effect.

use std::collections::BTreeSet;

use crate::plan::Draft;
use crate::plan::names::Kind;
use crate::scenario::diagnostic::Diagnostics;

/// The use of a section. One without it is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Requests come to it, where the file has any.
    Requests,
    /// Another section names it; with what is missing else: `nothing runs in it`.
    Named(&'static str),
    /// It is of use by itself.
    Itself,
}

/// What a kind says of its text: where references lead, what is wrong, what has no effect.
pub trait Checks: Sync {
    /// Returns the use of a section.
    fn purpose(&self) -> Purpose;

    /// Adds the components that all sections use.
    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>);

    /// Reports what nothing uses inside of sections that are used. All references lead somewhere.
    fn unused(&self, draft: &Draft, out: &mut Diagnostics);

    /// Returns the class of the requests that a component of this kind issues, one for each step that asks it;
    /// `None`: none.
    fn begins(&self, draft: &Draft, index: usize) -> Option<usize>;
}

/// The same of every kind, in the order of their sections.
pub fn all() -> impl Iterator<Item = (Kind, &'static dyn Checks)> {
    Kind::ALL.iter().map(|kind| (*kind, of(*kind)))
}

/// The same of one kind.
#[must_use]
pub fn of(kind: Kind) -> &'static dyn Checks {
    kind.answers()
}

/// Answers of a kind that has no part in a question.
macro_rules! none {
    ($($question:ident),*) => { $(crate::plan::kind::checks::none!(@$question);)* };
    (@uses) => {
        fn uses(
            &self,
            _: &crate::plan::Draft,
            _: &mut std::collections::BTreeSet<(crate::plan::names::Kind, usize)>,
        ) {
        }
    };
    (@unused) => {
        fn unused(&self, _: &crate::plan::Draft, _: &mut crate::scenario::diagnostic::Diagnostics) {}
    };
    (@begins) => {
        fn begins(&self, _: &crate::plan::Draft, _: usize) -> Option<usize> {
            None
        }
    };
}
pub(crate) use none;
