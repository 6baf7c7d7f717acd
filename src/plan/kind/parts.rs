//! What a kind says of its parts: what can fail, what each stands on, and how a failure shows.
//!
//! A kind may have no parts (crews), one sort of them (zones) or several (a file server has heads and pools). Every
//! question about a [`Part`] is one of [`Parts`]; the answer of a kind for which it does not arise is written with
//! `none!`, never left out.

use std::borrow::Cow;

use crate::health::Declaration;
use crate::health::declare::Expr;
use crate::plan::Draft;
use crate::plan::availability::recovery::Passing;
use crate::plan::faults::{Mechanisms, Shown};
use crate::plan::graph::Graph;
use crate::plan::part::{Part, PartKind};
use crate::plan::simulatable::NotYet;
use crate::scenario::law::LawSpec;
use crate::scenario::names::Name;
use crate::scenario::source::Span;
use crate::units::SimDuration;

/// What the parts of one sort have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// It runs only while what it stands on runs.
    pub needs_host: bool,
    /// Processes run in it: they work only while it works, and are as slow as it is.
    pub runs_processes: bool,
    /// A role passes between members ([`Parts::role`]).
    pub passes_role: bool,
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
        needs_host: false,
        runs_processes: false,
        passes_role: false,
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

/// What the health of a part follows from, beside what strikes it.
#[derive(Clone, Debug, Default)]
pub struct Life<'d> {
    /// What it stands on, as far as the part asks for it; `None` where that asks for the part instead.
    pub host: Option<Part>,
    /// The disks without which it does not run.
    pub disks: Option<Part>,
    /// The links or switches by which it is reached.
    pub links: Vec<Part>,
    /// How long it takes to boot.
    pub boot: Option<SimDuration>,
    /// How long its process takes to restart.
    pub restart: Option<&'d LawSpec<SimDuration>>,
}

impl Life<'_> {
    /// Of a part that asks for its host alone.
    #[must_use]
    pub fn on(host: Option<Part>) -> Self {
        Self { host, ..Self::default() }
    }

    /// Whether the part comes back by itself.
    #[must_use]
    pub const fn restarts(&self) -> bool {
        self.boot.is_some() || self.restart.is_some()
    }
}

/// Where a part keeps what it has in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The component of the event loop.
    pub component: String,
    /// It is lost with what the part stands on as well, though the part itself is not.
    pub with_host: bool,
}

/// A role that passes between the members of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedRole {
    /// What it is called behind the name of the component: `master`.
    pub word: &'static str,
    /// The component of the event loop that decides who has it.
    pub component: String,
    /// Whether there is another member to take it.
    pub passes: bool,
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

    /// The role that passes between the members of the section at `index`.
    fn role(&self, draft: &Draft, index: usize) -> Option<PassedRole>;

    /// What the health of a part follows from, beside what strikes it.
    fn life<'d>(&self, draft: &'d Draft, part: Part) -> Life<'d>;

    /// What a part publishes about itself beside what all parts do, by the name of the fact.
    fn publishes(&self, draft: &Draft, part: Part) -> Vec<(&'static str, Expr)>;

    /// Adds how a failure of a part shows in components of the event loop.
    fn shows(&self, shown: &mut Shown<'_>, part: Part);

    /// Where a part keeps what it has in memory; `None`: nowhere.
    fn memory(&self, draft: &Draft, part: Part) -> Option<Memory>;

    /// Whether a fault that takes the memory of a part takes anything.
    fn remembers(&self, draft: &Draft, part: Part) -> bool;

    /// Whether a slow part shows in what it carries.
    fn slows(&self, draft: &Draft, part: Part) -> bool;

    /// What of this kind the event loop does not simulate, in the order of the file.
    fn not_yet(&self, draft: &Draft) -> Vec<NotYet>;

    /// Adds the automata of what its parts do when one of them fails: who takes over.
    fn mechanisms(&self, draft: &Draft, into: &mut Mechanisms<'_>);

    /// Adds what stands over years for the mechanisms that the event loop acts out: who takes over, who is believed
    /// to be well.
    fn surrogates(&self, draft: &Draft, graph: &Graph, into: &mut Declaration);

    /// What passes between its parts, by the automata in `declaration`.
    fn passing(&self, draft: &Draft, declaration: &Declaration) -> Vec<Passing>;

    /// The parts of the section at `index` side by side whose users are cut off when one dies, until routes have
    /// converged, and how long that takes.
    fn converging(&self, draft: &Draft, index: usize) -> Option<(Vec<Part>, SimDuration)>;
}

/// What a kind has no part in, and of `life` that it asks for its host alone.
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
    (@role) => {
        fn role(
            &self,
            _: &crate::plan::Draft,
            _: usize,
        ) -> Option<crate::plan::kind::parts::PassedRole> {
            None
        }
    };
    // Nothing but its host, if it has one.
    (@life) => {
        fn life<'d>(
            &self,
            draft: &'d crate::plan::Draft,
            part: crate::plan::part::Part,
        ) -> crate::plan::kind::parts::Life<'d> {
            crate::plan::kind::parts::Life::on(part.stands_on(draft))
        }
    };
    (@publishes) => {
        fn publishes(
            &self,
            _: &crate::plan::Draft,
            _: crate::plan::part::Part,
        ) -> Vec<(&'static str, crate::health::declare::Expr)> {
            Vec::new()
        }
    };
    (@shows) => {
        fn shows(&self, _: &mut crate::plan::faults::Shown<'_>, _: crate::plan::part::Part) {}
    };
    (@memory) => {
        fn memory(
            &self,
            _: &crate::plan::Draft,
            _: crate::plan::part::Part,
        ) -> Option<crate::plan::kind::parts::Memory> {
            None
        }
    };
    (@remembers) => {
        fn remembers(&self, _: &crate::plan::Draft, _: crate::plan::part::Part) -> bool {
            false
        }
    };
    (@not_yet) => {
        fn not_yet(&self, _: &crate::plan::Draft) -> Vec<crate::plan::simulatable::NotYet> {
            Vec::new()
        }
    };
    (@mechanisms) => {
        fn mechanisms(
            &self,
            _: &crate::plan::Draft,
            _: &mut crate::plan::faults::Mechanisms<'_>,
        ) {
        }
    };
    (@surrogates) => {
        fn surrogates(
            &self,
            _: &crate::plan::Draft,
            _: &crate::plan::graph::Graph,
            _: &mut crate::health::Declaration,
        ) {
        }
    };
    (@passing) => {
        fn passing(
            &self,
            _: &crate::plan::Draft,
            _: &crate::health::Declaration,
        ) -> Vec<crate::plan::availability::recovery::Passing> {
            Vec::new()
        }
    };
    (@converging) => {
        fn converging(
            &self,
            _: &crate::plan::Draft,
            _: usize,
        ) -> Option<(Vec<crate::plan::part::Part>, crate::units::SimDuration)> {
            None
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
