//! Facts that hold at every instant of every trajectory, and nets without chance.
//!
//! Model: an automaton is in one of the states to which transitions lead from its first one, whatever else happens at the same
//! time. So a fact that holds in all of them holds for ever, and one that does not is not known to fail. A transition whose
//! condition never holds leads nowhere.
//!
//! Takes a net; gives what is certain in it. Leaves out: times. A state that is reached after the horizon counts as reached.

use crate::engine::law::Form;

use super::kernel::Start;
use super::net::{FactId, LengthNet, Net, Node, Ref, StateId, States, TimerNet, TransitionNet};

/// Values that never change in a net.
#[derive(Clone, Debug)]
pub struct Steady {
    /// States that each automaton may reach.
    reached: Vec<States>,
    /// Value of each node, where it is the same in all of them.
    nodes: Vec<Option<bool>>,
}

impl Steady {
    /// Finds it.
    #[must_use]
    pub fn of(net: &Net) -> Self {
        let reached = vec![StateId(0).bit(); net.programs.len()];
        let mut all = Self { reached, nodes: Vec::new() };
        loop {
            all.evaluate(net);
            if !all.spread(net) {
                return all;
            }
        }
    }

    /// Returns the value of a fact, if it never changes.
    #[must_use]
    pub fn fact(&self, net: &Net, fact: FactId) -> Option<bool> {
        self.value(net.facts[fact.index()].value)
    }

    /// Returns whether two trajectories from `start` may differ: whether a length, a branch, an age or a first state is drawn.
    #[must_use]
    pub fn is_drawn(&self, net: &Net, start: Start) -> bool {
        let is_reached =
            |automaton: u32, states: States| self.reached[automaton as usize] & states != 0;
        let branches = net.transitions.iter().any(|one| {
            let branches = net.branches_of(one).iter();
            let taken = branches.filter(|branch| branch.probability > 0.0).count();
            taken > 1 && self.may_fire(one)
        });
        let is_drawn = |timer: &TimerNet| {
            is_reached(timer.automaton, timer.wanted)
                && match &net.lengths[timer.length as usize] {
                    LengthNet::Clock { .. } | LengthNet::Listed(_) => false,
                    LengthNet::Law(law, _) if !matches!(law.form(), Form::Constant(_)) => true,
                    LengthNet::Fixed(_) | LengthNet::Law(..) => {
                        start == Start::Stationary && self.is_aged(net, timer)
                    }
                    LengthNet::Discovery(..) | LengthNet::Restore(_) | LengthNet::Mechanism => true,
                }
        };
        branches || net.timers.iter().any(is_drawn)
    }

    /// Returns whether the age of a timer of fixed length is drawn at a stationary start: it runs in the first state, or no clock
    /// fixes the states before it.
    fn is_aged(&self, net: &Net, timer: &TimerNet) -> bool {
        let is_clock = |other: u32| {
            let length = net.timers[other as usize].length;
            matches!(net.lengths[length as usize], LengthNet::Clock { .. } | LengthNet::Listed(_))
        };
        let program = &net.programs[timer.automaton as usize];
        timer.wanted & StateId(0).bit() != 0
            || (program.impatient == 0 && !program.timers.clone().any(is_clock))
    }

    /// Returns whether a transition leaves a state that is reached, under a condition that may hold.
    fn may_fire(&self, one: &TransitionNet) -> bool {
        let never = |of: Option<Ref>| of.is_some_and(|of| self.value(of) == Some(false));
        self.reached[one.automaton as usize] & one.from != 0
            && !never(one.when)
            && !never(one.given)
    }

    fn value(&self, of: Ref) -> Option<bool> {
        self.nodes[of.node as usize].map(|value| value != of.inverted)
    }

    /// Finds the values of the nodes in the states that are reached; a gate before its inputs is not known.
    fn evaluate(&mut self, net: &Net) {
        self.nodes = vec![None; net.nodes.len()];
        for (at, node) in net.nodes.iter().enumerate() {
            self.nodes[at] = match node {
                Node::Literal { automaton, states } => {
                    let reached = self.reached[*automaton as usize];
                    match (reached & states, reached & !states) {
                        (0, _) => Some(false),
                        (_, 0) => Some(true),
                        _ => None,
                    }
                }
                Node::Gate { need, inputs } => {
                    let count = |wanted: Option<bool>| {
                        let equal = inputs.iter().filter(|input| self.value(**input) == wanted);
                        i64::try_from(equal.count()).unwrap_or(i64::MAX)
                    };
                    let (hold, open, need) = (count(Some(true)), count(None), i64::from(*need));
                    match (hold >= need, hold + open >= need) {
                        (true, _) => Some(true),
                        (_, false) => Some(false),
                        _ => None,
                    }
                }
            };
        }
    }

    /// Adds the states to which transitions lead; returns whether there were new ones.
    fn spread(&mut self, net: &Net) -> bool {
        let mut is_new = false;
        for one in &net.transitions {
            if !self.may_fire(one) {
                continue;
            }
            for branch in net.branches_of(one).iter().filter(|branch| branch.probability > 0.0) {
                let own = (one.automaton, branch.to);
                let moves = net.moves_of(branch).iter();
                let moves =
                    moves.filter(|also| self.reached[also.automaton as usize] & also.from != 0);
                let moves: Vec<_> = moves.map(|also| (also.automaton, also.to)).collect();
                for (automaton, to) in moves.into_iter().chain([own]) {
                    let states = &mut self.reached[automaton as usize];
                    is_new |= *states & to.bit() == 0;
                    *states |= to.bit();
                }
            }
        }
        is_new
    }
}
