//! Finds the errors of a declaration without compiling it.
//!
//! Model: the content of a shape alone (its states, timers, transitions) is checked once. Conditions are
//! followed through facts for each automaton, since each automaton binds its own roles.

use super::super::declare::{Automaton, Expr, Move, Transition, Trigger};
use super::super::error::{DEPTH_MAX, DeclarationError};
use super::index::{Fact, Index, position, state_of, states_of};
use super::{Compiled, WHOLE};

/// Progress of the search through a fact.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Followed {
    Waiting,
    Open,
    Done,
}

/// Returns the first error.
pub(super) fn check(index: &Index<'_>) -> Compiled<()> {
    let mut checker = Checker {
        index,
        facts: vec![Followed::Waiting; index.fact_count()],
        known: vec![false; index.shapes.len()],
    };
    for fact in index.all_facts() {
        checker.fact(fact, 0)?;
    }
    for (at, automaton) in index.automata.iter().enumerate() {
        checker.automaton(crate::convert::table::u32(at), automaton)?;
    }
    Ok(())
}

struct Checker<'i, 'd> {
    index: &'i Index<'d>,
    facts: Vec<Followed>,
    /// True for a shape whose own content is known to be valid.
    known: Vec<bool>,
}

impl<'d> Checker<'_, 'd> {
    fn automaton(&mut self, at: u32, automaton: &'d Automaton) -> Compiled<()> {
        let shape = self.index.shape_number(at);
        if !self.known[shape] {
            self.shape(automaton)?;
        }
        for timer in &automaton.timers {
            for (condition, _) in &timer.rates {
                self.expr(at, condition, 0)?;
            }
            self.expr(at, &timer.guard, 0)?;
        }
        for transition in &automaton.transitions {
            if let Trigger::When(condition) = &transition.on {
                self.expr(at, condition, 0)?;
            }
            self.expr(at, &transition.given, 0)?;
            for Move { of, from, to } in transition.branches.iter().flat_map(|b| &b.also) {
                self.index.targets(at, of, |target| {
                    let other = self.index.automata[target as usize];
                    states_of(other, from)?;
                    state_of(other, to).map(|_| ())
                })?;
            }
        }
        self.known[shape] = true;
        Ok(())
    }

    /// Checks the content of an automaton's shape.
    fn shape(&self, automaton: &Automaton) -> Compiled<()> {
        for timer in &automaton.timers {
            if let Some(name) = &timer.crew {
                let crews = self.index.declaration.crews.iter();
                position(automaton, "crew", name, crews, |crew| &crew.name)?;
            }
            if timer.rates.iter().any(|(_, factor)| !factor.is_finite() || *factor < 0.0) {
                let what = "a rate factor is a number of at least 0";
                return Err(DeclarationError::Number(automaton.name.clone(), what));
            }
        }
        automaton
            .transitions
            .iter()
            .try_for_each(|transition| check_transition(automaton, transition))
    }

    fn fact(&mut self, fact: Fact, depth: u32) -> Compiled<()> {
        let number = self.index.number(fact);
        let (name, expr) = self.index.fact(fact);
        match self.facts[number] {
            Followed::Done => Ok(()),
            Followed::Open => Err(DeclarationError::Circle(name.clone())),
            Followed::Waiting => {
                self.facts[number] = Followed::Open;
                self.expr(fact.owner, expr, depth + 1)?;
                self.facts[number] = Followed::Done;
                Ok(())
            }
        }
    }

    fn expr(&mut self, at: u32, expr: &'d Expr, depth: u32) -> Compiled<()> {
        if depth > DEPTH_MAX {
            return Err(DeclarationError::Deep(self.index.name(at)));
        }
        let depth = depth + 1;
        let index = self.index;
        match expr {
            Expr::Always | Expr::Never => Ok(()),
            Expr::Not(inner) => self.expr(at, inner, depth),
            Expr::In(states) => {
                let known = at != WHOLE && self.known[index.shape_number(at)];
                if known { Ok(()) } else { index.states(at, states).map(|_| ()) }
            }
            Expr::Fact(subject, name) => index.targets(at, subject, |target| {
                self.fact(index.fact_named(at, target, name)?, depth)
            }),
            Expr::Members(_, role, name) => {
                for target in index.bound(at, role)? {
                    self.fact(index.fact_named(at, *target, name)?, depth)?;
                }
                Ok(())
            }
            Expr::All(list) | Expr::Any(list) | Expr::AtLeast(_, list) => {
                list.iter().try_for_each(|expr| self.expr(at, expr, depth))
            }
        }
    }
}

fn check_transition(automaton: &Automaton, transition: &Transition) -> Compiled<()> {
    let from = states_of(automaton, &transition.from)?;
    if from == 0 || transition.branches.is_empty() {
        return Err(DeclarationError::Empty(automaton.name.clone()));
    }
    for branch in &transition.branches {
        state_of(automaton, &branch.to)?;
    }
    let sum: f64 = transition.branches.iter().map(|branch| branch.probability).sum();
    let all = &transition.branches;
    let proper = all.iter().all(|branch| (0.0..=1.0).contains(&branch.probability));
    if !proper || (sum - 1.0).abs() > 1e-9 {
        let what = "the probabilities of a transition's branches must sum to 1";
        return Err(DeclarationError::Number(automaton.name.clone(), what));
    }
    if let Trigger::Timer(name) = &transition.on {
        position(automaton, "timer", name, automaton.timers.iter(), |timer| &timer.name)?;
    }
    Ok(())
}
