//! The questions about parts: which parts can fail, what each stands on, and the effects of a failure.
//!
//! A kind may have no parts (crews), one sort of them (zones) or several (a file server has heads and pools). Every
//! question about a [`Part`] is a method of [`Parts`]. A kind to which it does not apply answers it with
//! `none!`; no question is left out.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::health::Declaration;
use crate::health::declare::Expr;
use crate::model::spec::price::{Size, Tariff};
use crate::plan::Draft;
use crate::plan::availability::recovery::Passing;
use crate::plan::faults::{Mechanisms, Shown};
use crate::plan::graph::Graph;
use crate::plan::load::mean;
use crate::plan::names::member_name;
use crate::plan::part::{Part, PartKind};
use crate::plan::simulatable::NotYet;
use crate::scenario::law::LawSpec;
use crate::scenario::names::Name;
use crate::scenario::source::Span;
use crate::units::SimDuration;

/// Properties shared by the parts of one sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sort {
    /// Name for people, in a word or two: `head`, `name service`.
    pub word: &'static str,
    /// Purpose for its users.
    pub purpose: PartKind,
    /// True for a place: it serves nothing itself, and is reached through its links or switches.
    pub is_place: bool,
    /// True if its place is named with it as its host: the rack of a switch.
    pub names_place: bool,
    /// True if a whole site, or all traffic to it, depends on it: nothing inside one site masks its faults.
    pub is_common: bool,
    /// True if its kind alone declares when it fails: neither a fault nor a drill strikes it.
    pub fails_by_law: bool,
    /// True if it runs only while the part on which it stands runs.
    pub needs_host: bool,
    /// True if processes run in it: they work only while it works, and are as slow as it is.
    pub runs_processes: bool,
    /// True if a role passes between members ([`Parts::role`]).
    pub passes_role: bool,
}

impl Sort {
    /// A part that serves requests.
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
    /// A part that carries others.
    pub const DOMAIN: Self = Self { purpose: PartKind::Domain, ..Self::ROLE };
    /// A part of a textbook model.
    pub const TEXTBOOK: Self = Self { purpose: PartKind::Textbook, ..Self::ROLE };
}

/// Name of a part in pieces: `twin`, 1, `local` of `twin-1.local`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartName<'d> {
    /// Place of the name in the text.
    pub span: Span,
    /// Name without the number: that of the component, or of a numbered part of it.
    pub stem: Cow<'d, str>,
    /// Number of the member, from 0; `None` for the only one.
    pub number: Option<u32>,
    /// Name of a part of the member, if a member has several.
    pub rest: Option<&'d str>,
}

impl<'d> PartName<'d> {
    /// Names the only part of a component.
    #[must_use]
    pub fn only(name: &'d Name) -> Self {
        Self { span: name.span, stem: Cow::Borrowed(&name.text), number: None, rest: None }
    }

    /// Names member `number`, from 0, of a component.
    #[must_use]
    pub fn member(name: &'d Name, number: u32) -> Self {
        Self { number: Some(number), ..Self::only(name) }
    }

    /// Names the part `word` of a component, without a number: `store.head`.
    #[must_use]
    pub fn part(name: &'d Name, word: &str) -> Self {
        Self { stem: Cow::Owned(format!("{}.{word}", name.text)), ..Self::only(name) }
    }

    /// Adds the number of a member, from 0.
    #[must_use]
    pub fn numbered(self, number: u32) -> Self {
        Self { number: Some(number), ..self }
    }

    /// Returns the complete name, as in figures and faults.
    #[must_use]
    pub fn whole(&self) -> String {
        match self.number {
            Some(number) => self.with(member_name(&self.stem, number)),
            None => self.group(),
        }
    }

    /// Returns the name without the number of the member: `twin.local` of `twin-1.local`.
    #[must_use]
    pub fn group(&self) -> String {
        self.with(self.stem.to_string())
    }

    fn with(&self, mut name: String) -> String {
        if let Some(rest) = self.rest {
            name.push('.');
            name.push_str(rest);
        }
        name
    }
}

/// Conditions, besides its own faults, on which the health of a part depends.
#[derive(Clone, Debug, Default)]
pub struct Life<'d> {
    /// Part on which it stands, if its health depends on that part; `None` if that part's health depends on this one.
    pub host: Option<Part>,
    /// Disks without which it does not run.
    pub disks: Option<Part>,
    /// Links or switches through which it is reached.
    pub links: Vec<Part>,
    /// Time to boot.
    pub boot: Option<SimDuration>,
    /// Time in which its process restarts.
    pub restart: Option<&'d LawSpec<SimDuration>>,
}

impl Life<'_> {
    /// Creates the life of a part that depends on its host alone.
    #[must_use]
    pub fn on(host: Option<Part>) -> Self {
        Self { host, ..Self::default() }
    }

    /// Returns the time to boot, or the mean time to restart.
    #[must_use]
    pub fn way_back(&self) -> SimDuration {
        let restart = || self.restart.map(|law| SimDuration::from_seconds_f64(mean(law)));
        self.boot.or_else(restart).unwrap_or(SimDuration::ZERO)
    }

    /// Returns whether the part comes back by itself.
    #[must_use]
    pub const fn restarts(&self) -> bool {
        self.boot.is_some() || self.restart.is_some()
    }
}

/// Role that passes between the members of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedRole {
    /// Word behind the name of the component: `primary`.
    pub word: &'static str,
    /// Component of the event loop that decides which member has it.
    pub component: String,
    /// True if another member can take it.
    pub passes: bool,
}

/// The answers of a kind about its parts. A method that takes a part is called for parts of the kind only.
pub trait Parts: Sync {
    /// Returns whether an empty section of this kind is left out of the canonical form, so that digests of older
    /// scenarios stay. True for every new kind.
    fn came_later(&self) -> bool;

    /// Returns all parts of the section at `index`.
    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part>;

    /// Returns the parts that a name means: of the section at `index`, the given `member` or all, and the `word` behind
    /// a dot. `None` if there are no such parts.
    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        member: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>>;

    /// Returns the words that can stand behind the name of the section at `index` and a dot.
    fn words(&self, draft: &Draft, index: usize) -> Vec<String>;

    /// Returns the sort of a part.
    fn sort(&self, part: Part) -> &'static Sort;

    /// Returns the name of a part.
    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d>;

    /// Returns the part on which a part stands directly; `None` if no such part is declared.
    fn stands_on(&self, draft: &Draft, part: Part) -> Option<Part>;

    /// Returns the mean time from the repair of a part until it works again: a zone boots, a process restarts. The
    /// parts that stand on it are not included.
    fn way_back(&self, draft: &Draft, part: Part) -> SimDuration;

    /// Returns the role that passes between the members of the section at `index`.
    fn role(&self, draft: &Draft, index: usize) -> Option<PassedRole>;

    /// Returns the conditions, besides its own faults, on which the health of a part depends.
    fn life<'d>(&self, draft: &'d Draft, part: Part) -> Life<'d>;

    /// Returns the facts that a part publishes besides those of all parts, by name.
    fn publishes(&self, draft: &Draft, part: Part) -> Vec<(&'static str, Expr)>;

    /// Adds the effects of a part's failure on components of the event loop.
    fn shows(&self, shown: &mut Shown<'_>, part: Part);

    /// Returns the component of the event loop that has the memory of a part; `None` if it has none.
    fn memory(&self, draft: &Draft, part: Part) -> Option<String>;

    /// Returns whether a fault that clears the memory of a part has an effect.
    fn remembers(&self, draft: &Draft, part: Part) -> bool;

    /// Returns whether a slow part has an effect.
    fn slows(&self, draft: &Draft, part: Part) -> bool;

    /// Returns the features of this kind that a solver does not simulate, each with that solver, in the order of the file.
    fn not_yet(&self, draft: &Draft) -> Vec<NotYet>;

    /// Adds the automata of takeovers between its parts.
    fn mechanisms(&self, draft: &Draft, into: &mut Mechanisms<'_>);

    /// Adds the automata from which long-horizon runs sample the results of mechanisms in the event loop: takeovers and
    /// beliefs.
    fn surrogates(&self, draft: &Draft, graph: &Graph, into: &mut Declaration);

    /// Returns the roles that pass between its parts, from the automata in `declaration`.
    fn passing(&self, draft: &Draft, declaration: &Declaration) -> Vec<Passing>;

    /// Returns the parallel parts of the section at `index` whose users are cut off when one fails, and the time until
    /// routes have converged.
    fn converging(&self, draft: &Draft, index: usize) -> Option<(Vec<Part>, SimDuration)>;

    /// Returns the size of a part by which a price may count it; `None` if it has none of this sort, never zero.
    fn size(&self, draft: &Draft, part: Part, size: Size) -> Option<f64>;

    /// Returns the parts that have a price of `[cost]`, but for those with a price of their `own`: a line of the bill each.
    fn priced(&self, draft: &Draft, own: &BTreeSet<Part>) -> Vec<Priced>;
}

/// Parts with one price of `[cost]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// The price.
    pub at: Tariff,
    /// Description of the parts on the bill.
    pub what: &'static str,
    /// The parts.
    pub parts: Vec<Part>,
}

impl Priced {
    /// Creates the line of `parts` but for those with a price of their `own`.
    pub fn new(
        at: Tariff,
        what: &'static str,
        parts: impl Iterator<Item = Part>,
        own: &BTreeSet<Part>,
    ) -> Self {
        Self { at, what, parts: parts.filter(|part| !own.contains(part)).collect() }
    }
}

/// Declares that each section of a kind has as many parts as its `count`, all of one sort: `counted!(unit, Unit)` for
/// `[unit.name]` and `Part::Unit { unit, member }`.
macro_rules! counted {
    ($section:ident, $Part:ident) => {
        fn parts(&self, draft: &crate::plan::Draft, index: usize) -> Vec<crate::plan::part::Part> {
            let members = 0..draft.scenario.$section[index].1.count.value;
            let part = |member| crate::plan::part::Part::$Part { $section: index, member };
            members.map(part).collect()
        }

        fn meant(
            &self,
            draft: &crate::plan::Draft,
            index: usize,
            member: Option<u32>,
            word: Option<&str>,
        ) -> Option<Vec<crate::plan::part::Part>> {
            let count = draft.scenario.$section[index].1.count.value;
            let members = crate::plan::targets::members(member, word, count)?;
            let part = |member| crate::plan::part::Part::$Part { $section: index, member };
            Some(members.map(part).collect())
        }

        fn name<'d>(
            &self,
            draft: &'d crate::plan::Draft,
            part: crate::plan::part::Part,
        ) -> crate::plan::kind::parts::PartName<'d> {
            let name = &draft.scenario.$section[part.index()].0;
            crate::plan::kind::parts::PartName::member(name, part.number())
        }
    };
}
pub(crate) use counted;

/// Implements [`Parts::parts`], [`Parts::meant`] and [`Parts::name`] for a kind of which each section is one part, the one that
/// `$part` returns for its index.
macro_rules! single {
    ($section:ident, $part:path) => {
        fn parts(&self, _: &crate::plan::Draft, index: usize) -> Vec<crate::plan::part::Part> {
            vec![$part(index)]
        }

        fn meant(
            &self,
            _: &crate::plan::Draft,
            index: usize,
            _: Option<u32>,
            word: Option<&str>,
        ) -> Option<Vec<crate::plan::part::Part>> {
            word.is_none().then(|| vec![$part(index)])
        }

        fn name<'d>(
            &self,
            draft: &'d crate::plan::Draft,
            part: crate::plan::part::Part,
        ) -> crate::plan::kind::parts::PartName<'d> {
            crate::plan::kind::parts::PartName::only(&draft.scenario.$section[part.index()].0)
        }
    };
}
pub(crate) use single;

/// Implements the named methods with "none"; `life` with the host alone, `way_back` with the time from `life`.
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
    // The time from its life.
    (@way_back) => {
        fn way_back(
            &self,
            draft: &crate::plan::Draft,
            part: crate::plan::part::Part,
        ) -> crate::units::SimDuration {
            self.life(draft, part).way_back()
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
    // The host alone, if it has one.
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
        ) -> Option<String> {
            None
        }
    };
    (@remembers) => {
        fn remembers(&self, _: &crate::plan::Draft, _: crate::plan::part::Part) -> bool {
            false
        }
    };
    (@size) => {
        fn size(
            &self,
            _: &crate::plan::Draft,
            _: crate::plan::part::Part,
            _: crate::model::spec::price::Size,
        ) -> Option<f64> {
            None
        }
    };
    (@priced) => {
        fn priced(
            &self,
            _: &crate::plan::Draft,
            _: &std::collections::BTreeSet<crate::plan::part::Part>,
        ) -> Vec<crate::plan::kind::parts::Priced> {
            Vec::new()
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
    // For a kind without parts: no name of one is ever requested.
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
