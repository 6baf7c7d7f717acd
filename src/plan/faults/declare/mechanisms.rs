//! Automata that kinds add besides those of their parts: takeovers after a failure.

use std::collections::BTreeMap;

use super::{Declarer, Mould, Sketch, planned};
use crate::health::declare::{Automaton, Expr};
use crate::model::ids::ComponentId;
use crate::plan::faults::Declared;
use crate::plan::kind;
use crate::plan::part::Part;

impl Declarer<'_> {
    /// Adds the mechanisms of all kinds. `live`: with the faults of the file, otherwise with drills.
    pub(super) fn mechanisms(
        &mut self,
        live: bool,
        ids: Option<&BTreeMap<String, ComponentId>>,
        declared: &mut Declared,
    ) {
        let (sketches, moulds) = (&self.sketches, &self.moulds);
        let groups = &mut self.groups;
        let mut into = Mechanisms { sketches, moulds, groups, live, ids, declared };
        for kind in kind::all() {
            kind.mechanisms(self.draft, &mut into);
        }
    }
}

/// Mechanisms of parts under construction.
pub struct Mechanisms<'a> {
    sketches: &'a [Sketch],
    moulds: &'a [Mould],
    groups: &'a mut Vec<Automaton>,
    live: bool,
    ids: Option<&'a BTreeMap<String, ComponentId>>,
    declared: &'a mut Declared,
}

impl Mechanisms<'_> {
    /// Returns whether parts fail by faults of the file, which a mechanism may fail to cover. Otherwise they fail by
    /// drills, which it always covers.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.live
    }

    /// Returns whether an operation takes a part out.
    #[must_use]
    pub fn is_taken_out(&self, part: Part) -> bool {
        let found = self.sketches.binary_search_by(|sketch| sketch.part.cmp(&part));
        found.is_ok_and(|at| planned(&self.moulds[self.sketches[at].mould]).is_some())
    }

    /// Adds an automaton.
    pub fn add(&mut self, automaton: Automaton) {
        self.groups.push(automaton);
    }

    /// Declares which facts of an automaton hand the volumes of the component `owner` to another component, or to
    /// none.
    pub fn hands(&mut self, owner: &str, automaton: &str, facts: &[(&str, Option<&str>)]) {
        let id = |component: &str| self.ids?.get(component).copied();
        let Some(owner) = id(owner) else { return };
        let mut states = Vec::with_capacity(facts.len());
        for (fact, by) in facts {
            let by = match by {
                Some(by) => match id(by) {
                    None => return,
                    known => known,
                },
                None => None,
            };
            states.push((*fact, format!("{automaton}: they {fact}"), by));
        }
        for (fact, name, _) in &states {
            self.declared.declaration.fact(name, Expr::of(automaton, fact));
        }
        let states = states.into_iter().map(|(_, name, by)| (name, by)).collect();
        self.declared.handed.insert(owner, states);
    }
}
