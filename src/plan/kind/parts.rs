//! What a kind says of its parts: what can fail, what each stands on, and how a failure shows.
//!
//! A kind may have no parts (crews), one sort of them (zones) or several (a file server has heads and pools). Every
//! question about a [`Part`] is one of [`Parts`]; the answer of a kind for which it does not arise is written with
//! `none!`, never left out.

use std::borrow::Cow;

use crate::plan::Draft;
use crate::plan::part::{Part, PartKind};
use crate::scenario::names::Name;
use crate::scenario::source::Span;
use crate::units::SimDuration;

/// What the parts of one sort have in common.
#[derive(Debug)]
pub struct Sort {
    /// What one is, in a word or two: `head`, `name service`.
    pub word: &'static str,
    /// What it is to its users.
    pub purpose: PartKind,
    /// A place: it does nothing itself, and is reached by its links or switches.
    pub is_place: bool,
    /// It belongs to its place, which is named with it as its host: a switch of its rack.
    pub names_place: bool,
    /// All of a site, or all that comes to it, depends on it: nothing inside one site masks its faults.
    pub is_common: bool,
    /// Its kind alone says when it fails: neither a fault nor a drill strikes it.
    pub fails_by_law: bool,
}

impl Sort {
    /// What does something for requests.
    pub const ROLE: Self = Self {
        word: "",
        purpose: PartKind::Role,
        is_place: false,
        names_place: false,
        is_common: false,
        fails_by_law: false,
    };
    /// What carries others.
    pub const DOMAIN: Self = Self { purpose: PartKind::Domain, ..Self::ROLE };
    /// What belongs to a model of the textbook.
    pub const TEXTBOOK: Self = Self { purpose: PartKind::Textbook, ..Self::ROLE };
}

/// The name of a part, piece by piece: `twin`, 1, `local` of `twin-1.local`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartName<'d> {
    /// Where it comes from in the text.
    pub span: Span,
    /// What members share: the name of the component, or of what it has several of.
    pub stem: Cow<'d, str>,
    /// Which member, from 0; `None` for the only one.
    pub number: Option<u32>,
    /// What the member has several of.
    pub rest: Option<&'d str>,
}

impl<'d> PartName<'d> {
    /// The only part of a component.
    #[must_use]
    pub fn only(name: &'d Name) -> Self {
        Self { span: name.span, stem: Cow::Borrowed(&name.text), number: None, rest: None }
    }

    /// Member `number`, from 0, of a component.
    #[must_use]
    pub fn member(name: &'d Name, number: u32) -> Self {
        Self { number: Some(number), ..Self::only(name) }
    }

    /// What a component calls `word`: `store.head`, and without a number.
    #[must_use]
    pub fn part(name: &'d Name, word: &str) -> Self {
        Self { stem: Cow::Owned(format!("{}.{word}", name.text)), ..Self::only(name) }
    }

    /// With the number of a member, from 0.
    #[must_use]
    pub fn numbered(self, number: u32) -> Self {
        Self { number: Some(number), ..self }
    }

    /// All of it, as figures and faults write it.
    #[must_use]
    pub fn whole(&self) -> String {
        self.with(self.number.map_or_else(String::new, |number| format!("-{}", number + 1)))
    }

    /// The name without the number of the member: `twin.local` of `twin-1.local`.
    #[must_use]
    pub fn group(&self) -> String {
        self.with(String::new())
    }

    fn with(&self, number: String) -> String {
        let rest = self.rest.map_or_else(String::new, |rest| format!(".{rest}"));
        [&*self.stem, &number, &rest].concat()
    }
}

/// What a kind says of its parts. Methods that take a part are asked for its own parts alone.
pub trait Parts: Sync {
    /// Whether the kind came after the first version of the language: a scenario without it is the same as before.
    fn came_later(&self) -> bool;

    /// All parts of the section at `index`.
    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part>;

    /// The parts that a name means: of the section at `index`, one `member` of it or all, and the `word` behind a
    /// dot. `None` when there are no such parts.
    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        member: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>>;

    /// Words that can stand behind the name of the section at `index` and a dot.
    fn words(&self, draft: &Draft, index: usize) -> Vec<String>;

    /// What a part has in common with others of its sort.
    fn sort(&self, part: Part) -> &'static Sort;

    /// The name of a part.
    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d>;

    /// What a part stands on directly; `None`: on nothing that is declared.
    fn stands_on(&self, draft: &Draft, part: Part) -> Option<Part>;

    /// How long a part takes on average to do its work again once it is mended, beside what stands on it: a zone
    /// boots, a process restarts.
    fn way_back(&self, draft: &Draft, part: Part) -> SimDuration;
}

/// What a kind has no part in.
macro_rules! none {
    ($($what:ident),* $(,)?) => { $(crate::plan::kind::parts::none!(@$what);)* };
    (@came_later) => {
        fn came_later(&self) -> bool {
            false
        }
    };
    (@parts) => {
        fn parts(&self, _: &crate::plan::Draft, _: usize) -> Vec<crate::plan::part::Part> {
            Vec::new()
        }
    };
    (@words) => {
        fn words(&self, _: &crate::plan::Draft, _: usize) -> Vec<String> {
            Vec::new()
        }
    };
    (@stands_on) => {
        fn stands_on(
            &self,
            _: &crate::plan::Draft,
            _: crate::plan::part::Part,
        ) -> Option<crate::plan::part::Part> {
            None
        }
    };
    (@way_back) => {
        fn way_back(
            &self,
            _: &crate::plan::Draft,
            _: crate::plan::part::Part,
        ) -> crate::units::SimDuration {
            crate::units::SimDuration::ZERO
        }
    };
    // Of a kind without parts: nothing asks for the name of one.
    (@sort) => {
        fn sort(&self, _: crate::plan::part::Part) -> &'static crate::plan::kind::parts::Sort {
            unreachable!("{self:?} have no parts")
        }
    };
    (@name) => {
        fn name<'d>(
            &self,
            _: &'d crate::plan::Draft,
            _: crate::plan::part::Part,
        ) -> crate::plan::kind::parts::PartName<'d> {
            unreachable!("{self:?} have no parts")
        }
    };
}
pub(crate) use none;
