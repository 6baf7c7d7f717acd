//! Name resolution: one namespace for all components, with numbers for members and dots for parts.
//!
//! Members of a group are always `name-1` to `name-n`, also at count 1; the bare name means the
//! whole group. A member's name may not be that of another component.

use std::collections::BTreeMap;

use crate::plan::document::ScenarioSpec;
use crate::plan::kind::Answers;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::{Name, Named};
use crate::scenario::source::Span;
use crate::scenario::suggest;

macro_rules! kinds {
    ($(
        $Kind:ident, $field:ident, $word:literal, $Form:path, $doc:literal,
        |$spec:ident| $count:expr, $Answers:path;
    )*) => {
        /// Kind of component.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $(#[doc = concat!("`[", $word, ".name]`")] $Kind,)* }

        impl Kind {
            /// All kinds, in the order of the file.
            pub const ALL: &'static [Self] = &[$(Self::$Kind,)*];

            /// Returns the word of its section.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$Kind => $word,)* }
            }

            /// Returns its answers to the plan.
            #[must_use]
            pub fn answers(self) -> &'static dyn Answers {
                match self { $(Self::$Kind => &$Answers,)* }
            }

            /// Returns the name of the section at `index`, in the order of the file.
            #[must_use]
            pub fn name(self, scenario: &ScenarioSpec, index: usize) -> &Name {
                match self { $(Self::$Kind => &scenario.$field[index].0,)* }
            }

            /// Returns the number of sections of this kind.
            #[must_use]
            pub fn sections(self, scenario: &ScenarioSpec) -> usize {
                match self { $(Self::$Kind => scenario.$field.len(),)* }
            }
        }

        fn declare(scenario: &ScenarioSpec, names: &mut Names, out: &mut Diagnostics) {
            $(
                let members: Vec<(Name, u32)> = scenario.$field.value.entries.iter()
                    .map(|(name, $spec)| (name.clone(), $count))
                    .collect();
                names.add(Kind::$Kind, members, &scenario.$field.value, out);
            )*
        }
    };
}

crate::kinds::each_kind!(kinds);

/// Declared component.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Kind of the component.
    pub kind: Kind,
    /// Index among the components of its kind, in the order of the file.
    pub index: usize,
    /// Place of its name in the text.
    pub span: Span,
    /// Number of members; 0 if it follows from its zones.
    pub members: u32,
}

/// Target of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Kind of the component.
    pub kind: Kind,
    /// Index among the components of its kind.
    pub index: usize,
    /// Number of the member, from 0; `None`: the whole group.
    pub member: Option<u32>,
}

/// Names of all components.
#[derive(Clone, Debug, Default)]
pub struct Names {
    entries: BTreeMap<String, Entry>,
    /// Names whose section has an error: references to them are not reported again.
    broken: Vec<String>,
    total: u64,
    /// Index of the first zone that is a virtual machine; `None` if none is.
    machines: Option<usize>,
}

impl Names {
    /// Collects the names of a scenario; reports duplicates.
    #[must_use]
    pub fn gather(scenario: &ScenarioSpec, out: &mut Diagnostics) -> Self {
        let mut names = Self::default();
        declare(scenario, &mut names, out);
        names.check_members(out);
        names
    }

    /// Sets the index from which on zones are virtual machines.
    #[must_use]
    pub(crate) fn with_machines(mut self, from: Option<usize>) -> Self {
        self.machines = from;
        self
    }

    fn add<T>(
        &mut self,
        kind: Kind,
        members: Vec<(Name, u32)>,
        section: &Named<T>,
        out: &mut Diagnostics,
    ) {
        self.broken.extend(section.failed.iter().map(|name| name.text.clone()));
        for (index, (name, members)) in members.into_iter().enumerate() {
            self.total += u64::from(members.max(1));
            let entry = Entry { kind, index, span: name.span, members };
            if let Some(first) = self.entries.get(&name.text) {
                let message = format!(
                    "two components are called `{}`: a {} and a {}",
                    name.text,
                    first.kind.word(),
                    kind.word()
                );
                out.push(
                    Diagnostic::new(Code::NameTwice, name.span, message)
                        .related(first.span, "the first")
                        .help("all components share one namespace, whatever their kind"),
                );
                continue;
            }
            self.entries.insert(name.text, entry);
        }
    }

    /// Reports components that have the name of a group's member.
    fn check_members(&self, out: &mut Diagnostics) {
        for (name, entry) in &self.entries {
            let Some((group, number)) = split_member(name) else { continue };
            let Some(other) = self.entries.get(group) else { continue };
            if number >= 1 && number <= other.members.max(1) {
                let message = format!("`{name}` is also the name of a member of `{group}`");
                out.push(
                    Diagnostic::new(Code::NameTwice, entry.span, message)
                        .related(other.span, "the group"),
                );
            }
        }
    }

    /// Returns the entry of a bare name.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// Returns all names with their entries, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// Returns the number of components, counting each member.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Splits a dotted path into a kind, if it begins with one, and the rest: `zone.web` is the zone `web`. If a
    /// component has the name of a kind, `cache.cpu` is the `cpu` of the component `cache`, unless a cache is
    /// called `cpu`.
    #[must_use]
    pub fn split_kind<'a>(&self, text: &'a str) -> (Option<Kind>, &'a str) {
        let Some((word, rest)) = text.split_once('.') else { return (None, text) };
        // A virtual machine is a zone.
        let kind = Kind::ALL.iter().copied().find(|kind| kind.word() == word);
        let Some(kind) = kind.or((word == "vm").then_some(Kind::Zone)) else {
            return (None, text);
        };
        if self.entries.contains_key(word) {
            let name = rest.split_once('.').map_or(rest, |(name, _)| name);
            let meant = name.contains('*') && !self.entries.contains_key(rest);
            let meant = meant || self.find_bare(name).is_some_and(|found| found.kind == kind);
            if !meant {
                return (None, text);
            }
        }
        (Some(kind), rest)
    }

    /// Finds the target of `text`: `name`, `name-2`, or either with its kind in front. The caller splits off parts
    /// behind a further dot. Reports nothing.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Found> {
        let (_, bare) = self.split_kind(text);
        let found = self.find_bare(bare)?;
        self.agrees(text, found.kind, found.index).then_some(found)
    }

    /// Returns the section of a component: that of virtual machines is none of its kind.
    fn section(&self, kind: Kind, index: usize) -> &'static str {
        let machine = kind == Kind::Zone && self.machines.is_some_and(|from| index >= from);
        if machine { "vm" } else { kind.word() }
    }

    /// Returns whether the kind in front of `text` is the section of a component, or there is none in front.
    #[must_use]
    pub fn agrees(&self, text: &str, kind: Kind, index: usize) -> bool {
        let (given, rest) = self.split_kind(text);
        given.is_none()
            || text
                .strip_suffix(rest)
                .is_some_and(|front| front.strip_suffix('.') == Some(self.section(kind, index)))
    }

    fn find_bare(&self, text: &str) -> Option<Found> {
        if let Some(entry) = self.entries.get(text) {
            return Some(Found { kind: entry.kind, index: entry.index, member: None });
        }
        let (group, number) = split_member(text)?;
        let entry = self.entries.get(group)?;
        let known = entry.members == 0 || number <= entry.members;
        (number >= 1 && known).then_some(Found {
            kind: entry.kind,
            index: entry.index,
            member: Some(number - 1),
        })
    }

    /// Finds the target of `text` at `span`, which must be one of `kinds`; reports an error otherwise.
    pub fn resolve(
        &self,
        text: &str,
        span: Span,
        kinds: &[Kind],
        out: &mut Diagnostics,
    ) -> Option<Found> {
        let (kind, bare) = self.split_kind(text);
        if let Some(found) = self.find_bare(bare) {
            let agrees = self.agrees(text, found.kind, found.index);
            if kinds.contains(&found.kind) && agrees {
                return Some(found);
            }
            if kind == Some(found.kind) && !agrees {
                self.report_section(text, bare, span, found, out);
                return None;
            }
            let kinds = kind.as_ref().map_or(kinds, std::slice::from_ref);
            let text = bare;
            let wanted = list_kinds(kinds);
            let message = format!("`{text}` is a {}; {wanted} is needed here", found.kind.word());
            let diagnostic = Diagnostic::new(Code::WrongKind, span, message);
            let offer = self.offer(text, kinds, out);
            out.push(diagnostic.help_if(offer));
            return None;
        }
        self.report_missing(text, span, kinds, out);
        None
    }

    /// Reports that a zone is called a virtual machine, or the other way round.
    pub fn report_section(
        &self,
        text: &str,
        bare: &str,
        span: Span,
        found: Found,
        out: &mut Diagnostics,
    ) {
        let section = self.section(found.kind, found.index);
        let message = format!("`{text}`: `{bare}` is a [{section}.*]");
        let help = format!("write `{section}.{bare}`, or `{bare}` alone");
        out.push(Diagnostic::new(Code::WrongKind, span, message).help(help));
    }

    /// Returns whether an error was reported in a declaration whose name begins with `start`.
    #[must_use]
    pub fn has_broken(&self, start: &str) -> bool {
        let group = start.trim_end_matches('-');
        self.broken.iter().any(|name| name == group || name.starts_with(start))
    }

    /// Reports that `text` has no target, unless an error in the declaration of that name was reported.
    pub fn report_missing(&self, text: &str, span: Span, kinds: &[Kind], out: &mut Diagnostics) {
        let (_, bare) = self.split_kind(text);
        let group = split_member(bare).map_or(bare, |(group, _)| group);
        if self.broken.iter().any(|name| name == bare || name == group) {
            return;
        }
        if let Some(entry) = self.entries.get(group).filter(|entry| entry.members > 0) {
            let message = format!("`{group}` has no member `{bare}`");
            let help = format!("its members are `{group}-1` to `{group}-{}`", entry.members);
            let nearest = self.offer(bare, kinds, out);
            out.push(
                Diagnostic::new(Code::NoSuchMember, span, message)
                    .help(nearest.unwrap_or(help))
                    .related(entry.span, "declared here"),
            );
            return;
        }
        let message = format!("no component is called `{bare}`");
        let copy = member_name(bare, 0);
        let database = self.entries.get(&copy).is_some_and(|entry| entry.kind == Kind::Database);
        if database && kinds.contains(&Kind::Database) {
            let help = format!(
                "`{bare}` is several databases: name one, as `{copy}`, or put a `[sharded.NAME]` in front"
            );
            out.push(Diagnostic::new(Code::NoSuchName, span, message).help(help));
            return;
        }
        // A name with a star means all members, never the one with the most similar spelling.
        let stem = bare.split('*').next().unwrap_or(bare).trim_end_matches('-');
        let group = self.entries.get(stem).filter(|entry| kinds.contains(&entry.kind));
        let offer = match (bare.contains('*'), group) {
            (true, Some(entry)) if has_members(entry) => Some(means_all(stem)),
            (true, _) => self.offer_group(stem, kinds, out),
            (false, _) => self.offer(bare, kinds, out),
        };
        out.push(Diagnostic::new(Code::NoSuchName, span, message).help_if(offer));
    }

    /// Suggests names like [`offer`](Self::offer), but without those of members.
    fn offer_group(&self, text: &str, kinds: &[Kind], out: &mut Diagnostics) -> Option<String> {
        let fits = self.entries.iter().filter(|(_, entry)| kinds.contains(&entry.kind));
        let names: Vec<&str> = fits.map(|(name, _)| name.as_str()).collect();
        if out.is_full() || !out.may_compare(names.len()) {
            return None;
        }
        suggest::help(text, &names, &format!("there is {}", list_kinds(kinds)))
    }

    fn offer(&self, text: &str, kinds: &[Kind], out: &mut Diagnostics) -> Option<String> {
        // Searching for candidates takes time, too, even if there are few.
        if out.is_full() || !out.may_compare(self.entries.len()) {
            return None;
        }
        let fits = self.entries.values().filter(|entry| kinds.contains(&entry.kind));
        let count = |entry: &Entry| 1 + entry.members.min(64) as usize;
        if !out.may_compare(fits.map(count).sum()) {
            return None;
        }
        let mut members = Vec::new();
        let mut candidates: Vec<&str> = Vec::new();
        for (name, entry) in &self.entries {
            if kinds.contains(&entry.kind) {
                candidates.push(name);
                members.extend((1..=entry.members.min(64)).map(|n| format!("{name}-{n}")));
            }
        }
        if let Some(name) = suggest::nearest(text, members.iter().map(String::as_str)) {
            return Some(format!("did you mean `{name}`?"));
        }
        suggest::help(text, &candidates, &format!("there is {}", list_kinds(kinds)))
    }
}

/// Splits the name of a member: `web-2` is member 2 of `web`.
#[must_use]
pub fn split_member(text: &str) -> Option<(&str, u32)> {
    let (group, number) = text.rsplit_once('-')?;
    if number.starts_with('0') || number.len() > 9 {
        return None;
    }
    Some((group, number.parse().ok()?))
}

/// Returns whether a component has members. Those of services and databases follow from zones, and are 0 here.
fn has_members(entry: &Entry) -> bool {
    entry.members > 0 || matches!(entry.kind, Kind::Service | Kind::Database)
}

/// Returns the suggestion to replace `group-*`.
#[must_use]
pub fn means_all(group: &str) -> String {
    format!("write `{group}`: the bare name means all its members")
}

fn list_kinds(kinds: &[Kind]) -> String {
    let words: Vec<_> = kinds.iter().map(|kind| kind.word()).collect();
    match words.as_slice() {
        [] => "nothing".into(),
        [one] => format!("a {one}"),
        [first @ .., last] => format!("a {} or {last}", first.join(", ")),
    }
}

/// Returns the name of the component that holds the beliefs of the balancer `name`.
#[must_use]
pub fn beliefs_name(name: &str) -> String {
    format!("{name}.members")
}

/// Returns the name of member `index`, from 0, of `group`.
#[must_use]
pub fn member_name(group: &str, index: u32) -> String {
    format!("{group}-{}", index + 1)
}
