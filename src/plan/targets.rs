//! Targets: the parts that a dotted path means, for faults and operations.
//!
//! `server.*`, `twin-1`, `server.twin.local`, `nas.store.head`, `rack.r.switch`, `site.main.uplink`,
//! `database.mysql.primary`. A role means the member that holds it in the file; the holder at an
//! onset is known at run time only.
//!
//! All of them are resolved once, when a draft is made ([`Targets::of`]): later questions look a reference up.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::model::spec::runs::{Does, FaultSpec, OperationSpec};
use crate::plan::Draft;
use crate::plan::kind::parts::PassedRole;
use crate::plan::names::{Kind, means_all};
use crate::plan::part::Part;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::format;
use crate::scenario::names::Reference;
use crate::scenario::source::Span;
use crate::scenario::suggest;

/// Role of a component, held by one member at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleOf {
    /// Kind of the component.
    pub kind: Kind,
    /// Index among the components of its kind.
    pub index: usize,
    /// Word of the role.
    pub word: &'static str,
}

impl RoleOf {
    /// Returns the role of a component, if it has one.
    #[must_use]
    pub fn find(draft: &Draft, kind: Kind, index: usize) -> Option<(Self, PassedRole)> {
        let role = kind.answers().role(draft, index)?;
        Some((Self { kind, index, word: role.word }, role))
    }
}

/// Parts that the references of faults, operations and own prices mean.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    parts: BTreeMap<String, Vec<Part>>,
    roles: BTreeMap<String, RoleOf>,
    /// Components that a common cause strikes.
    groups: BTreeMap<String, (Kind, usize)>,
}

impl Targets {
    /// Resolves the references of a draft; reports those that mean nothing.
    #[must_use]
    pub(super) fn of(draft: &Draft, out: &mut Diagnostics) -> Self {
        let mut all = Self::default();
        let scenario = &draft.scenario;
        for (_, fault) in scenario.fault.iter() {
            fault.hits.iter().for_each(|hit| all.add(draft, (&hit.text, hit.span), out));
            for hit in fault.hits.iter() {
                let role = role_of(draft, &hit.text);
                all.roles.extend(role.map(|role| (hit.text.clone(), role)));
            }
            if let Some(common) = &fault.common_cause {
                let group = &common.group;
                let found = draft.names.resolve(&group.text, group.span, Kind::ALL, out);
                all.groups.extend(found.map(|it| (group.text.clone(), (it.kind, it.index))));
            }
        }
        for (_, operation) in scenario.operation.iter() {
            // What cannot be resized is reported with the zones that can.
            let mut quiet = Diagnostics::new();
            let resizes = operation.does.as_ref().is_some_and(|does| does.value == Does::Resize);
            let of = operation.of.iter().filter(|_| operation.does.is_some());
            for one in of.flat_map(|of| of.value.iter()) {
                let out = if resizes { &mut quiet } else { &mut *out };
                all.add(draft, (&one.text, one.span), out);
            }
            operation.load.iter().for_each(|(key, _)| all.add(draft, (&key.text, key.span), out));
        }
        let priced = scenario.cost.iter().flat_map(|cost| &cost.value.of);
        let priced = priced.flat_map(|of| of.value.iter());
        // A crew has no price, and is no part.
        for (name, _) in priced.filter(|(name, _)| !is_crew(draft, &name.text)) {
            all.add(draft, (&name.text, name.span), out);
        }
        all
    }

    fn add(&mut self, draft: &Draft, (text, span): (&str, Span), out: &mut Diagnostics) {
        let found = parts(draft, text, span, out);
        self.parts.insert(text.to_string(), found);
    }

    /// Returns the parts that the text of a reference means, in its own order; none for one that was refused.
    #[must_use]
    pub fn parts(&self, text: &str) -> &[Part] {
        self.parts.get(text).map_or(&[], Vec::as_slice)
    }

    /// Returns the role that the text of a fault's reference means, if another member can take it.
    #[must_use]
    pub fn role(&self, text: &str) -> Option<RoleOf> {
        self.roles.get(text).copied()
    }

    /// Returns the component whose members a common cause strikes, by the text of its `group`.
    #[must_use]
    pub fn group(&self, text: &str) -> Option<(Kind, usize)> {
        self.groups.get(text).copied()
    }

    /// Returns the parts that references mean together, each once, in the order of parts.
    #[must_use]
    pub fn together<'r>(&self, references: impl IntoIterator<Item = &'r Reference>) -> Vec<Part> {
        let parts = references.into_iter().flat_map(|one| self.parts(&one.text));
        let mut found: Vec<Part> = parts.copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Returns the parts that a fault hits, each once, in the order of parts.
    #[must_use]
    pub fn hit(&self, fault: &FaultSpec) -> Vec<Part> {
        self.together(fault.hits.iter())
    }

    /// Returns the parts on which an operation acts, each once, in the order in which its file names them.
    #[must_use]
    pub fn operated(&self, operation: &OperationSpec) -> Vec<Part> {
        let mut seen = BTreeSet::new();
        let named = operation.of.iter().flat_map(|of| of.value.iter());
        let parts = named.flat_map(|one| self.parts(&one.text)).copied();
        parts.filter(|part| seen.insert(*part)).collect()
    }
}

/// Returns whether `text` means a crew.
#[must_use]
pub fn is_crew(draft: &Draft, text: &str) -> bool {
    let (kind, name) = draft.names.split_kind(text);
    let is_crew = |kind: Kind| kind == Kind::Crew;
    kind.is_some_and(is_crew) || draft.names.find(name).is_some_and(|found| is_crew(found.kind))
}

/// Returns the role that `text` means, if another member can take it.
fn role_of(draft: &Draft, text: &str) -> Option<RoleOf> {
    let (_, text) = draft.names.split_kind(text);
    let (name, word) = text.rsplit_once('.')?;
    let found = draft.names.find(name).filter(|found| found.member.is_none())?;
    let (of, role) = RoleOf::find(draft, found.kind, found.index)?;
    (role.passes && of.word == word).then_some(of)
}

/// Returns the parts that `text` means; reports an error if there are none.
#[must_use]
pub fn parts(draft: &Draft, text: &str, span: Span, out: &mut Diagnostics) -> Vec<Part> {
    let (kind, rest) = draft.names.split_kind(text);
    let (name, part) = match rest.split_once('.') {
        Some((name, part)) => (name, Some(part)),
        None => (rest, None),
    };
    let components: Vec<(Kind, usize, Option<u32>)> = match name.strip_suffix('*') {
        Some(start) => {
            let all = draft.names.iter();
            let fits = all.filter(|(name, entry)| {
                name.starts_with(start) && draft.names.agrees(text, entry.kind, entry.index)
            });
            let mut found: Vec<_> =
                fits.map(|(_, entry)| (entry.kind, entry.index, None)).collect();
            found.sort_unstable();
            if found.is_empty() && !draft.names.has_broken(start) {
                let message = format!("nothing is called `{text}`");
                let known: Vec<&str> = draft.names.iter().map(|(name, _)| name).collect();
                let group = start.trim_end_matches('-');
                let help = match draft.names.entry(group) {
                    Some(_) => Some(means_all(group)),
                    None => suggest::help(group, &known, "there are"),
                };
                out.push(Diagnostic::new(Code::NoSuchName, span, message).help_if(help));
            }
            found
        }
        None => {
            let kinds = kind.map_or(Kind::ALL.to_vec(), |kind| vec![kind]);
            let found = draft.names.resolve(name, span, &kinds, out);
            let found = found.filter(|found| {
                let agrees = draft.names.agrees(text, found.kind, found.index);
                if !agrees {
                    draft.names.report_section(text, name, span, *found, out);
                }
                agrees
            });
            found.map(|found| (found.kind, found.index, found.member)).into_iter().collect()
        }
    };
    let mut parts = Vec::new();
    for (kind, index, member) in components {
        match kind.answers().meant(draft, index, member, part) {
            Some(found) => parts.extend(found),
            None => report(draft, kind, index, part.unwrap_or(name), span, out),
        }
    }
    parts
}

fn report(draft: &Draft, kind: Kind, index: usize, part: &str, span: Span, out: &mut Diagnostics) {
    let known = kind.answers().words(draft, index);
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let message = format!("this {} has no `{part}`", kind.word());
    let help = format::role_hint(part, &known).or_else(|| suggest::help(part, &known, "it has"));
    out.push(Diagnostic::new(Code::NoSuchMember, span, message).help_if(help));
}

/// Returns the numbers of the members that a name means, out of `count`: all, or the named one. Returns `None` if
/// there is no such member, or if a `word` follows the name.
#[must_use]
pub fn members(member: Option<u32>, word: Option<&str>, count: u32) -> Option<Range<u32>> {
    match member {
        _ if word.is_some() => None,
        None => Some(0..count),
        Some(member) => (member < count).then_some(member..member + 1),
    }
}

/// Returns the numbers that `part` means, out of `count` parts called `word`: `head` is all, `head-2` the second.
#[must_use]
pub fn numbered(part: &str, word: &str, count: u32) -> Option<Range<u32>> {
    if part == word || part == "*" {
        return Some(0..count);
    }
    let number: u32 = part.strip_prefix(word)?.strip_prefix('-')?.parse().ok()?;
    (1..=count).contains(&number).then(|| number - 1..number)
}
