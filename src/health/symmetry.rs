//! Finds components that can be swapped without changing the declaration.
//!
//! Model: a swap of two automata renames literals, and through them gates. It changes nothing if every
//! renamed gate exists, every program equals the program of the automaton it is renamed to, and every
//! system-level fact stays itself. Swaps with one fixed member generate all permutations of the members of a
//! class.

use std::collections::BTreeMap;

use super::net::{MoveNet, Net, Node, Ref, TransitionNet};
use crate::convert::place;

/// Returns classes of two or more automata that can be swapped with each other, in the order of names.
pub(super) fn classes(net: &Net) -> Vec<Vec<u32>> {
    let numbers: BTreeMap<&Node, u32> =
        net.nodes.iter().enumerate().map(|(at, node)| (node, place(at))).collect();
    let mut classes: Vec<Vec<u32>> = Vec::new();
    for automaton in 0..place(net.programs.len()) {
        let home = classes.iter_mut().find(|class| {
            let swap = Swap { net, numbers: &numbers, pair: (class[0], automaton) };
            swap.changes_nothing()
        });
        match home {
            Some(class) => class.push(automaton),
            None => classes.push(vec![automaton]),
        }
    }
    classes.retain(|class| class.len() > 1);
    classes
}

struct Swap<'n> {
    net: &'n Net,
    numbers: &'n BTreeMap<&'n Node, u32>,
    pair: (u32, u32),
}

impl Swap<'_> {
    fn automaton(&self, automaton: u32) -> u32 {
        match automaton {
            at if at == self.pair.0 => self.pair.1,
            at if at == self.pair.1 => self.pair.0,
            at => at,
        }
    }

    fn changes_nothing(&self) -> bool {
        let (one, other) = (self.pair.0 as usize, self.pair.1 as usize);
        let states = |at: usize| self.net.descriptions[at].states.len();
        if states(one) != states(other) {
            return false;
        }
        let Some(nodes) = self.nodes() else { return false };
        let renamed = |value: Ref| Ref { node: nodes[value.node as usize], ..value };
        let whole = self.net.facts.iter().take_while(|fact| fact.owner.is_none());
        let stays = whole.into_iter().all(|fact| renamed(fact.value) == fact.value);
        stays && (0..place(self.net.programs.len())).all(|at| self.program_fits(at, &renamed))
    }

    /// Returns for each node the node it is renamed to; `None` if one of them does not exist.
    fn nodes(&self) -> Option<Vec<u32>> {
        let mut nodes: Vec<u32> = Vec::with_capacity(self.net.nodes.len());
        for node in &self.net.nodes {
            let image = match node {
                Node::Literal { automaton, states } => {
                    Node::Literal { automaton: self.automaton(*automaton), states: *states }
                }
                Node::Gate { need, inputs } => {
                    let rename = |input: &Ref| Ref { node: nodes[input.node as usize], ..*input };
                    let mut inputs: Vec<Ref> = inputs.iter().map(rename).collect();
                    inputs.sort_unstable();
                    Node::Gate { need: *need, inputs: inputs.into() }
                }
            };
            nodes.push(*self.numbers.get(&image)?);
        }
        Some(nodes)
    }

    /// Returns whether the program of `automaton`, renamed, equals the program of its image.
    fn program_fits(&self, automaton: u32, renamed: &impl Fn(Ref) -> Ref) -> bool {
        let image = self.automaton(automaton);
        let (from, to) =
            (&self.net.programs[automaton as usize], &self.net.programs[image as usize]);
        if from.sound != to.sound
            || from.impatient != to.impatient
            || from.timers.len() != to.timers.len()
        {
            return false;
        }
        let timers = from.timers.clone().zip(to.timers.clone()).all(|(a, b)| {
            let (x, y) = (&self.net.timers[a as usize], &self.net.timers[b as usize]);
            let rates = |list: &[(Ref, f64)]| -> Vec<(Ref, f64)> {
                list.iter().map(|(when, factor)| (renamed(*when), *factor)).collect()
            };
            x.guard.map(renamed) == y.guard
                && rates(&self.net.timer_texts[a as usize].rates)
                    == self.net.timer_texts[b as usize].rates
                && (x.fate, x.crew, x.length, x.wanted) == (y.fate, y.crew, y.length, y.wanted)
                && self.transitions_fit(self.net.on_timer.row(a), self.net.on_timer.row(b), renamed)
        });
        timers
            && self.transitions_fit(
                self.net.on_condition.row(automaton),
                self.net.on_condition.row(image),
                renamed,
            )
    }

    fn transitions_fit(&self, one: &[u32], other: &[u32], renamed: &impl Fn(Ref) -> Ref) -> bool {
        one.len() == other.len()
            && one.iter().zip(other).all(|(a, b)| {
                let (x, y) =
                    (&self.net.transitions[*a as usize], &self.net.transitions[*b as usize]);
                x.from == y.from
                    && x.when.map(renamed) == y.when
                    && x.given.map(renamed) == y.given
                    && self.branches_fit(x, y)
            })
    }

    fn branches_fit(&self, one: &TransitionNet, other: &TransitionNet) -> bool {
        let (one, other) = (self.net.branches_of(one), self.net.branches_of(other));
        one.len() == other.len()
            && one.iter().zip(other).all(|(x, y)| {
                let rename = |m: &MoveNet| MoveNet { automaton: self.automaton(m.automaton), ..*m };
                let mut also: Vec<MoveNet> = self.net.moves_of(x).iter().map(rename).collect();
                let mut wanted = self.net.moves_of(y).to_vec();
                also.sort_unstable();
                wanted.sort_unstable();
                x.probability == y.probability && x.to == y.to && also == wanted
            })
    }
}
