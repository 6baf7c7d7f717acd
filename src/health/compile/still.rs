//! Finds automata that never leave their first state, conditions that never change, and facts that nothing
//! reads.
//!
//! Model: an automaton is *still* if it cannot leave its first state: no timer, no move of another automaton
//! and no reader takes it out, and every condition by which it would leave never holds. A condition is
//! constant if it depends on still automata only. An automaton in a circle of such dependencies counts as one
//! that moves.

use crate::convert::table;

use super::super::declare::{Automaton, Expr, Forced, Quantifier, Trigger};
use super::WHOLE;
use super::index::{Fact, Index, states_of};

/// Largest number of steps from one automaton to the next. An automaton behind more steps counts as one that
/// moves.
const STEPS_MAX: u32 = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    No,
    Open,
    Still,
    Moves,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    Unknown,
    Open,
    Constant(bool),
    Varies,
}

/// Still automata and constant facts.
pub(super) struct Stills {
    automata: Vec<Known>,
    facts: Vec<Value>,
}

impl Stills {
    /// Examines all automata and facts of a valid declaration.
    pub fn new(index: &Index<'_>) -> Self {
        let mut finder = Finder {
            index,
            found: Self {
                automata: vec![Known::No; index.automata.len()],
                facts: vec![Value::Unknown; index.fact_count()],
            },
        };
        match &index.declaration.forced {
            Forced::Any => finder.found.automata.fill(Known::Moves),
            Forced::Only(names) => {
                for name in names {
                    if let Ok(at) = index.automata.binary_search_by(|a| a.name.cmp(name)) {
                        finder.found.automata[at] = Known::Moves;
                    }
                }
                finder.moved_by_others();
            }
        }
        for at in 0..index.automata.len() {
            finder.is_still(table::u32(at), 0);
        }
        for fact in index.all_facts() {
            finder.fact(fact, 0);
        }
        finder.found
    }

    /// Returns whether an automaton never leaves its first state.
    pub fn is_still(&self, automaton: u32) -> bool {
        self.automata[automaton as usize] == Known::Still
    }

    /// Returns the value of the fact with this number if it is constant.
    pub fn constant(&self, fact: usize) -> Option<bool> {
        match self.facts[fact] {
            Value::Constant(value) => Some(value),
            _ => None,
        }
    }
}

struct Finder<'i, 'd> {
    index: &'i Index<'d>,
    found: Stills,
}

impl<'d> Finder<'_, 'd> {
    /// Marks the automata that a transition of another automaton moves.
    fn moved_by_others(&mut self) {
        for (at, automaton) in self.index.automata.iter().enumerate() {
            let branches = automaton.transitions.iter().flat_map(|one| &one.branches);
            for moved in branches.flat_map(|branch| &branch.also) {
                let found = &mut self.found.automata;
                let told = self.index.targets(table::u32(at), &moved.of, |target| {
                    found[target as usize] = Known::Moves;
                    Ok(())
                });
                debug_assert!(told.is_ok(), "the declaration was checked");
            }
        }
    }

    fn is_still(&mut self, at: u32, steps: u32) -> bool {
        match self.found.automata[at as usize] {
            Known::Still => return true,
            Known::Moves | Known::Open => return false,
            Known::No if steps > STEPS_MAX => return false,
            Known::No => self.found.automata[at as usize] = Known::Open,
        }
        let automaton: &'d Automaton = self.index.automata[at as usize];
        let stays = automaton.transitions.iter().all(|transition| {
            let leaves = states_of(automaton, &transition.from).is_ok_and(|from| from & 1 != 0);
            let never = |this: &mut Self, expr| this.value(at, expr, steps + 1) == Some(false);
            !leaves
                || never(self, &transition.given)
                || matches!(&transition.on, Trigger::When(when) if never(self, when))
        });
        self.found.automata[at as usize] = if stays { Known::Still } else { Known::Moves };
        stays
    }

    fn fact(&mut self, fact: Fact, steps: u32) -> Option<bool> {
        let number = self.index.number(fact);
        match self.found.facts[number] {
            Value::Constant(value) => return Some(value),
            Value::Varies | Value::Open => return None,
            Value::Unknown if steps > STEPS_MAX => return None,
            Value::Unknown => self.found.facts[number] = Value::Open,
        }
        let value = self.value(fact.owner, &self.index.fact(fact).1, steps);
        self.found.facts[number] = value.map_or(Value::Varies, Value::Constant);
        value
    }

    /// Returns the value of a condition if it is constant.
    fn value(&mut self, at: u32, expr: &'d Expr, steps: u32) -> Option<bool> {
        match expr {
            Expr::Always => Some(true),
            Expr::Never => Some(false),
            Expr::Not(inner) => self.value(at, inner, steps).map(|value| !value),
            Expr::In(_) if at == WHOLE || !self.is_still(at, steps + 1) => None,
            Expr::In(states) => self.index.states(at, states).ok().map(|states| states & 1 != 0),
            Expr::Fact(subject, name) => {
                let mut all = Vec::with_capacity(1);
                let index = self.index;
                let told = index.targets(at, subject, |target| {
                    all.push(index.fact_named(at, target, name)?);
                    Ok(())
                });
                debug_assert!(told.is_ok(), "the declaration was checked");
                self.counted(all.len(), all.iter(), |this, fact| this.fact(*fact, steps))
            }
            Expr::Members(quantifier, role, name) => {
                let members = self.index.bound(at, role).ok()?;
                let need = match quantifier {
                    Quantifier::All => members.len(),
                    Quantifier::Any => 1,
                    Quantifier::AtLeast(need) => *need as usize,
                };
                self.counted(need, members.iter(), |this, member| {
                    let fact = this.index.fact_named(at, *member, name).ok()?;
                    this.fact(fact, steps)
                })
            }
            Expr::All(list) => self.listed(at, list.len(), list, steps),
            Expr::Any(list) => self.listed(at, 1, list, steps),
            Expr::AtLeast(need, list) => self.listed(at, *need as usize, list, steps),
        }
    }

    fn listed(&mut self, at: u32, need: usize, list: &'d [Expr], steps: u32) -> Option<bool> {
        self.counted(need, list.iter(), |this, expr| this.value(at, expr, steps))
    }

    /// Returns whether at least `need` items hold, if that is constant. All items are evaluated, so the
    /// result for each is stored.
    fn counted<T>(
        &mut self,
        need: usize,
        list: impl ExactSizeIterator<Item = T>,
        mut value: impl FnMut(&mut Self, T) -> Option<bool>,
    ) -> Option<bool> {
        let (mut hold, mut may) = (0, 0);
        for one in list {
            match value(self, one) {
                Some(true) => (hold, may) = (hold + 1, may + 1),
                Some(false) => {}
                None => may += 1,
            }
        }
        match (hold >= need, may >= need) {
            (true, _) => Some(true),
            (_, false) => Some(false),
            _ => None,
        }
    }
}

/// Returns, by number, whether the reader or an automaton that moves depends on a fact, directly or through
/// other facts.
pub(super) fn asked(index: &Index<'_>, stills: &Stills) -> Vec<bool> {
    if !index.declaration.whole_facts_alone {
        return vec![true; index.fact_count()];
    }
    let mut asking = Asking { index, stills, asked: vec![false; index.fact_count()] };
    for place in 0..index.whole.len() {
        asking.fact(Fact { owner: WHOLE, place: table::u32(place) });
    }
    for (at, automaton) in index.automata.iter().enumerate() {
        let at = table::u32(at);
        if stills.is_still(at) {
            continue;
        }
        for timer in &automaton.timers {
            timer.rates.iter().for_each(|(condition, _)| asking.expr(at, condition));
            asking.expr(at, &timer.guard);
        }
        for transition in &automaton.transitions {
            if let Trigger::When(condition) = &transition.on {
                asking.expr(at, condition);
            }
            asking.expr(at, &transition.given);
        }
    }
    asking.asked
}

struct Asking<'i, 'd> {
    index: &'i Index<'d>,
    stills: &'i Stills,
    asked: Vec<bool>,
}

impl<'d> Asking<'_, 'd> {
    fn fact(&mut self, fact: Fact) {
        let number = self.index.number(fact);
        let known = std::mem::replace(&mut self.asked[number], true);
        if !known && self.stills.constant(number).is_none() {
            self.expr(fact.owner, &self.index.fact(fact).1);
        }
    }

    fn expr(&mut self, at: u32, expr: &'d Expr) {
        let index = self.index;
        match expr {
            Expr::Always | Expr::Never | Expr::In(_) => {}
            Expr::Not(inner) => self.expr(at, inner),
            Expr::Fact(subject, name) => {
                let told = index.targets(at, subject, |target| {
                    self.fact(index.fact_named(at, target, name)?);
                    Ok(())
                });
                debug_assert!(told.is_ok(), "the declaration was checked");
            }
            Expr::Members(_, role, name) => {
                for member in index.bound(at, role).unwrap_or_default() {
                    if let Ok(fact) = index.fact_named(at, *member, name) {
                        self.fact(fact);
                    }
                }
            }
            Expr::All(list) | Expr::Any(list) | Expr::AtLeast(_, list) => {
                list.iter().for_each(|expr| self.expr(at, expr));
            }
        }
    }
}
