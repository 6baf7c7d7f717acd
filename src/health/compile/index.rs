//! Numbers automata, roles, facts and states, and finds errors in the parts of a declaration one by one.
//!
//! Model: automata and system-level facts come in the order of their names. Automata that share a [`Shape`]
//! share all that is derived from it. A fact is found by its place in the shape, so no names are kept per
//! automaton.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::convert::table;
use crate::units::{SimDuration, SimTime};

use super::super::declare::{Automaton, Declaration, Expr, Length, Shape, Subject, Trigger};
use super::super::error::{DeclarationError, STATES_MAX};
use super::super::net::{StateId, States};
use super::{Compiled, WHOLE};

/// A fact: its owner ([`WHOLE`] or the number of an automaton), and its place among the owner's facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub owner: u32,
    pub place: u32,
}

/// Member of a role that is not an automaton of the declaration.
const UNKNOWN: u32 = u32::MAX - 1;

/// Data shared by the automata of one shape.
pub(super) struct ShapeOf<'d> {
    pub shape: &'d Shape,
    /// Names of the facts, sorted, with their places.
    facts: Vec<(&'d str, u32)>,
    /// Names of the facts, by place.
    pub names: Vec<Arc<str>>,
    /// Names of the timers.
    pub timers: Vec<Arc<str>>,
}

/// A numbered declaration with unique names.
pub(super) struct Index<'d> {
    pub declaration: &'d Declaration,
    /// Automata in name order, so the order in the text has no effect.
    pub automata: Vec<&'d Automaton>,
    /// System-level facts, in name order.
    pub whole: Vec<&'d (String, Expr)>,
    pub shapes: Vec<ShapeOf<'d>>,
    /// Number of the shape, by automaton.
    shape_of: Vec<u32>,
    /// Number of the first fact, by automaton; the last entry is the number of all facts.
    first_fact: Vec<u32>,
    /// First row in `roles`, by automaton.
    first_role: Vec<u32>,
    /// Start in `members`, by role of an automaton; the last entry is the length of `members`.
    roles: Vec<u32>,
    members: Vec<u32>,
}

impl<'d> Index<'d> {
    pub fn new(declaration: &'d Declaration) -> Compiled<Self> {
        let mut automata: Vec<&Automaton> = declaration.automata.iter().collect();
        automata.sort_by(|a, b| a.name.cmp(&b.name));
        let mut whole: Vec<&(String, Expr)> = declaration.facts.iter().collect();
        whole.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some(pair) = whole.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(DeclarationError::Duplicate(pair[0].0.clone()));
        }
        let mut known: BTreeMap<*const Shape, u32> = BTreeMap::new();
        let mut shapes = Vec::new();
        let mut shape_of = Vec::with_capacity(automata.len());
        let mut first_fact = Vec::with_capacity(automata.len() + 1);
        let mut facts = whole.len();
        for (at, automaton) in automata.iter().enumerate() {
            if at > 0 && automata[at - 1].name == automaton.name {
                return Err(DeclarationError::Duplicate(automaton.name.clone()));
            }
            let next = table::u32(shapes.len());
            let shape = *known.entry(Arc::as_ptr(&automaton.shape)).or_insert(next);
            if shape == next {
                check_shape(automaton)?;
                shapes.push(ShapeOf::new(automaton)?);
            }
            shape_of.push(shape);
            first_fact.push(table::u32(facts));
            facts += automaton.facts.len();
        }
        first_fact.push(table::u32(facts));
        for (at, crew) in declaration.crews.iter().enumerate() {
            if declaration.crews[..at].iter().any(|other| other.name == crew.name) {
                return Err(DeclarationError::Duplicate(crew.name.clone()));
            }
        }
        let mut index = Self {
            declaration,
            automata,
            whole,
            shapes,
            shape_of,
            first_fact,
            first_role: Vec::new(),
            roles: vec![0],
            members: Vec::new(),
        };
        index.bind_roles();
        Ok(index)
    }

    /// Finds the members of all roles.
    fn bind_roles(&mut self) {
        // Neighbours are bound to neighbours, so the search begins behind the last member found.
        let mut last = 0;
        for automaton in &self.automata {
            self.first_role.push(table::u32(self.roles.len() - 1));
            for (_, members) in &automaton.roles {
                for name in members {
                    let near = (last..last + 2)
                        .find(|at| self.automata.get(*at).is_some_and(|a| a.name == *name));
                    let at = near.map(table::u32).or_else(|| self.find(name));
                    last = at.map_or(last, |at| at as usize);
                    self.members.push(at.unwrap_or(UNKNOWN));
                }
                self.roles.push(table::u32(self.members.len()));
            }
        }
    }

    fn find(&self, name: &str) -> Option<u32> {
        let at =
            self.automata.binary_search_by(|automaton| automaton.name.as_str().cmp(name)).ok()?;
        Some(table::u32(at))
    }

    /// Number of facts.
    pub fn fact_count(&self) -> usize {
        self.first_fact.last().map_or(0, |count| *count as usize)
    }

    /// Returns the number of a fact among all.
    pub fn number(&self, fact: Fact) -> usize {
        match fact.owner {
            WHOLE => fact.place as usize,
            owner => (self.first_fact[owner as usize] + fact.place) as usize,
        }
    }

    /// Returns the name and the condition of a fact.
    pub fn fact(&self, fact: Fact) -> &'d (String, Expr) {
        match fact.owner {
            WHOLE => self.whole[fact.place as usize],
            owner => &self.shape(owner).shape.facts[fact.place as usize],
        }
    }

    /// All facts, system-level facts first.
    pub fn all_facts(&self) -> impl Iterator<Item = Fact> + use<'_, 'd> {
        let whole = (0..self.whole.len()).map(|place| (WHOLE, place));
        let own = self.automata.iter().enumerate().flat_map(|(at, automaton)| {
            (0..automaton.facts.len()).map(move |place| (table::u32(at), place))
        });
        whole.chain(own).map(|(owner, place)| Fact { owner, place: table::u32(place) })
    }

    /// Returns the shape of an automaton.
    pub fn shape(&self, automaton: u32) -> &ShapeOf<'d> {
        &self.shapes[self.shape_of[automaton as usize] as usize]
    }

    /// Returns the number of the shape of an automaton.
    pub fn shape_number(&self, automaton: u32) -> usize {
        self.shape_of[automaton as usize] as usize
    }

    /// Returns the name of an automaton, or of the whole, for a message.
    pub fn name(&self, at: u32) -> String {
        self.automata.get(at as usize).map_or("the whole".into(), |a| a.name.clone())
    }

    /// Returns the fact `name` of `owner`. An error names `at`, the automaton that refers to it.
    pub fn fact_named(&self, at: u32, owner: u32, name: &str) -> Compiled<Fact> {
        let place = match owner {
            WHOLE => self.whole.binary_search_by(|fact| fact.0.as_str().cmp(name)).ok(),
            owner => self.shape(owner).place_of(name).map(|place| place as usize),
        };
        match place {
            Some(place) => Ok(Fact { owner, place: table::u32(place) }),
            None => {
                let wanted = match self.automata.get(owner as usize) {
                    Some(automaton) => format!("{name}({})", automaton.name),
                    None => name.to_string(),
                };
                Err(DeclarationError::Unknown(self.name(at), "fact", wanted))
            }
        }
    }

    /// Returns the members of a role of `at`.
    pub fn bound(&self, at: u32, role: &str) -> Compiled<&[u32]> {
        let unknown = || DeclarationError::Unknown(self.name(at), "role", role.to_string());
        let automaton = self.automata.get(at as usize).ok_or_else(unknown)?;
        let place =
            automaton.roles.iter().position(|(name, _)| name == role).ok_or_else(unknown)?;
        let row = self.first_role[at as usize] as usize + place;
        let members = &self.members[self.roles[row] as usize..self.roles[row + 1] as usize];
        match members.iter().position(|member| *member == UNKNOWN) {
            None => Ok(members),
            Some(member) => Err(self.no_component(at, &automaton.roles[place].1[member])),
        }
    }

    fn no_component(&self, at: u32, name: &str) -> DeclarationError {
        DeclarationError::Unknown(self.name(at), "component", name.to_string())
    }

    /// Calls `act` with each automaton (or [`WHOLE`]) that `subject` means for `at`.
    pub fn targets(
        &self,
        at: u32,
        subject: &Subject,
        mut act: impl FnMut(u32) -> Compiled<()>,
    ) -> Compiled<()> {
        match subject {
            Subject::Own => act(at),
            Subject::System => act(WHOLE),
            Subject::Named(name) => {
                act(self.find(name).ok_or_else(|| self.no_component(at, name))?)
            }
            Subject::Role(role) => self.bound(at, role)?.iter().try_for_each(|member| act(*member)),
        }
    }

    /// Returns the set of the states called `names` of the holder of a condition.
    pub fn states(&self, at: u32, names: &[String]) -> Compiled<States> {
        match self.automata.get(at as usize) {
            Some(automaton) => states_of(automaton, names),
            None => Err(DeclarationError::Unknown(self.name(at), "state", names.join(", "))),
        }
    }
}

impl<'d> ShapeOf<'d> {
    fn new(automaton: &'d Automaton) -> Compiled<Self> {
        let shape: &'d Shape = &automaton.shape;
        let named = shape.facts.iter().enumerate();
        let mut facts: Vec<(&str, u32)> =
            named.map(|(at, (name, _))| (name.as_str(), table::u32(at))).collect();
        facts.sort_unstable();
        if let Some(pair) = facts.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(DeclarationError::Duplicate(pair[0].0.to_string()));
        }
        let names = shape.facts.iter().map(|(name, _)| Arc::from(name.as_str())).collect();
        let timers = shape.timers.iter().map(|timer| Arc::from(timer.name.as_str())).collect();
        Ok(Self { shape, facts, names, timers })
    }

    fn place_of(&self, name: &str) -> Option<u32> {
        let at = self.facts.binary_search_by(|(fact, _)| (*fact).cmp(name)).ok()?;
        Some(self.facts[at].1)
    }
}

fn check_shape(automaton: &Automaton) -> Compiled<()> {
    let duplicate =
        |name: &String| DeclarationError::Duplicate(format!("{}/{name}", automaton.name));
    if automaton.states.is_empty() || automaton.states.len() > STATES_MAX {
        return Err(DeclarationError::StateCount(automaton.name.clone()));
    }
    for (at, state) in automaton.states.iter().enumerate() {
        if automaton.states[..at].iter().any(|other| other.name == state.name) {
            return Err(duplicate(&state.name));
        }
        if !(0.0..=1.0).contains(&state.capacity) {
            let what = "a capacity factor lies between 0 and 1";
            return Err(DeclarationError::Number(automaton.name.clone(), what));
        }
    }
    for (at, timer) in automaton.timers.iter().enumerate() {
        if automaton.timers[..at].iter().any(|other| other.name == timer.name) {
            return Err(duplicate(&timer.name));
        }
    }
    Ok(())
}

/// Returns the place of the item called `name` in a list.
pub(super) fn position<'a, T: 'a>(
    automaton: &Automaton,
    kind: &'static str,
    name: &str,
    mut list: impl Iterator<Item = &'a T>,
    name_of: impl Fn(&T) -> &String,
) -> Compiled<usize> {
    list.position(|item| name_of(item) == name)
        .ok_or_else(|| DeclarationError::Unknown(automaton.name.clone(), kind, name.to_string()))
}

/// Returns the state called `name`.
pub(super) fn state_of(automaton: &Automaton, name: &str) -> Compiled<StateId> {
    let at = position(automaton, "state", name, automaton.states.iter(), |s| &s.name)?;
    Ok(StateId(table::u8(at)))
}

/// Returns the set of the states called `names`.
pub(super) fn states_of(automaton: &Automaton, names: &[String]) -> Compiled<States> {
    names.iter().try_fold(0, |mask, name| Ok(mask | state_of(automaton, name)?.bit()))
}

/// Returns the first instant and the period of the clock that fires a transition, if one does.
pub(super) fn clock_of(
    automaton: &Automaton,
    on: &Trigger,
) -> Option<(SimTime, Option<SimDuration>)> {
    let Trigger::Timer(name) = on else { return None };
    let timer = automaton.timers.iter().find(|timer| timer.name == *name)?;
    let Length::Clock { first, every } = timer.length else { return None };
    Some((first, every))
}
