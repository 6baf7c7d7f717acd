//! The questions about the text of a kind: the targets of references, keys that are wrong or without effect, doubtful points.

use std::collections::BTreeSet;

use crate::plan::Draft;
use crate::plan::drawing::arrows::{Arrow, End};
use crate::plan::links::{Entrance, Known, Links, Store, User, Walk};
use crate::plan::names::{Found, Kind};
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::names::Reference;
use crate::scenario::source::Span;

/// Use of a section; a section without it is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Requests reach it, if the file has any.
    Requests,
    /// Another section names it; the text says what is otherwise missing: `nothing runs in it`.
    Named(&'static str),
    /// It is useful by itself.
    Itself,
}

/// The answers of a kind about its text: the targets of references, keys that are wrong or without effect, doubtful points.
pub trait Checks: Sync {
    /// Resolves the references of all sections. Those of earlier kinds are known.
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links);

    /// Returns the entrance that a reference to a component of this kind names; `None` if an error was reported.
    fn entrance(
        &self,
        known: Known<'_>,
        found: Found,
        reference: &Reference,
        out: &mut Diagnostics,
    ) -> Option<Entrance>;

    /// Returns the entrances to which this component sends requests that enter at it, before anything answers them.
    fn onward(&self, links: &Links, index: usize) -> Vec<Entrance>;

    /// Returns the store named `volume` at the component at `index`, for this user.
    fn store(
        &self,
        walk: &mut Walk<'_>,
        index: usize,
        volume: &str,
        span: Span,
        user: Option<User>,
    ) -> Option<Store>;

    /// Reports keys of all sections that are wrong or without effect.
    fn check(&self, draft: &Draft, out: &mut Diagnostics);

    /// Reports doubtful points of all sections of a draft without errors.
    fn lint(&self, draft: &Draft, out: &mut Diagnostics);

    /// Returns the use of a section.
    fn purpose(&self) -> Purpose;

    /// Adds the components that all sections use.
    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>);

    /// Reports unused entries inside of used sections. All references are resolved.
    fn unused(&self, draft: &Draft, out: &mut Diagnostics);

    /// Returns the class of the requests that a component of this kind issues, one for each step that asks it;
    /// `None`: it issues none.
    fn begins(&self, draft: &Draft, index: usize) -> Option<usize>;

    /// Returns the arrows of the section at `index` in a drawing of the system, besides those of requests that enter or
    /// take steps.
    fn arrows(&self, draft: &Draft, index: usize) -> Vec<Arrow>;

    /// Returns the ends of arrows for queries to the section at `index`; none if they end at the whole component.
    fn receives(&self, draft: &Draft, index: usize) -> Vec<End>;
}

/// Implements the named questions for a kind to which they do not apply.
macro_rules! none {
    ($($question:ident),*) => { $(crate::plan::kind::checks::none!(@$question);)* };
    (@follow) => {
        fn follow(&self, _: &mut crate::plan::links::Walk<'_>, _: &mut crate::plan::links::Links) {}
    };
    (@entrance) => {
        fn entrance(
            &self,
            _: crate::plan::links::Known<'_>,
            _: crate::plan::names::Found,
            _: &crate::scenario::names::Reference,
            _: &mut crate::scenario::diagnostic::Diagnostics,
        ) -> Option<crate::plan::links::Entrance> {
            // The reference names a wrong kind, which is reported with the names.
            None
        }
    };
    (@onward) => {
        fn onward(
            &self,
            _: &crate::plan::links::Links,
            _: usize,
        ) -> Vec<crate::plan::links::Entrance> {
            Vec::new()
        }
    };
    (@store) => {
        fn store(
            &self,
            _: &mut crate::plan::links::Walk<'_>,
            _: usize,
            _: &str,
            _: crate::scenario::source::Span,
            _: Option<crate::plan::links::User>,
        ) -> Option<crate::plan::links::Store> {
            None
        }
    };
    (@check) => {
        fn check(&self, _: &crate::plan::Draft, _: &mut crate::scenario::diagnostic::Diagnostics) {}
    };
    (@lint) => {
        fn lint(&self, _: &crate::plan::Draft, _: &mut crate::scenario::diagnostic::Diagnostics) {}
    };
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
    (@arrows) => {
        fn arrows(
            &self,
            _: &crate::plan::Draft,
            _: usize,
        ) -> Vec<crate::plan::drawing::arrows::Arrow> {
            Vec::new()
        }
    };
    (@receives) => {
        fn receives(
            &self,
            _: &crate::plan::Draft,
            _: usize,
        ) -> Vec<crate::plan::drawing::arrows::End> {
            Vec::new()
        }
    };
}
pub(crate) use none;
