//! The compiled declaration: names are numbers, conditions are counting gates.
//!
//! Model: a condition is a node. A literal node holds while an automaton is in one of a set of states. A gate
//! holds while at least `need` of its inputs, each possibly inverted, hold (all: the number of inputs; any:
//! one). When an automaton moves, its changed literals are propagated along the edges, one addition per edge.
//! Nothing is evaluated twice, and 4-of-6 costs as much as 1-of-2. Equal conditions share a node.
//!
//! Holds: inputs have smaller numbers than the gate they feed, so facts cannot depend on each other in a
//! circle.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::convert::{place, table};
use crate::engine::law::{Form, Law, Sampler};
use crate::units::{SimDuration, SimTime};

use super::declare::{Effect, Fate, Opens};
use super::restore::Restore;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
        )]
        pub struct $name(pub(super) u32);

        impl $name {
            /// Its place in its table.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

number!(
    /// An automaton, in the order of names.
    AutomatonId
);
number!(
    /// A published fact: system-level facts first, then those of each component.
    FactId
);
number!(
    /// A cause: a (component, label) of the declaration.
    CauseId
);
number!(
    /// A crew, in declaration order.
    CrewId
);

/// A state of an automaton, in declaration order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct StateId(pub(super) u8);

/// A set of states of one automaton, one bit per state.
pub(super) type States = u128;

impl StateId {
    pub(super) const fn bit(self) -> States {
        1 << self.0
    }
}

impl CauseId {
    /// Cause of an outage that no component explains: a system that cannot work even when all is healthy.
    pub const UNEXPLAINED: Self = Self(0);
}

/// A node or its negation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ref {
    pub node: u32,
    pub inverted: bool,
}

/// An edge from a node to a gate it feeds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub gate: u32,
    pub inverted: bool,
}

/// Source of a node's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    /// The automaton is in one of the states of the mask.
    Literal { automaton: u32, states: States },
    /// At least `need` of the inputs hold.
    Gate { need: i32, inputs: Arc<[Ref]> },
}

/// A table of lists, stored in one piece.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists<T> {
    start: Vec<u32>,
    items: Vec<T>,
}

impl<T> Lists<T> {
    /// Makes the table from pairs of a row and an item, which are in the order of rows.
    pub fn from_pairs(rows: usize, pairs: Vec<(u32, T)>) -> Self {
        let mut start = vec![0; rows + 1];
        pairs.iter().for_each(|(row, _)| start[*row as usize + 1] += 1);
        let mut before: u32 = 0;
        for count in &mut start {
            before += *count;
            *count = before;
        }
        Self { start, items: pairs.into_iter().map(|(_, item)| item).collect() }
    }

    #[inline]
    pub fn range(&self, row: u32) -> Range<usize> {
        self.start[row as usize] as usize..self.start[row as usize + 1] as usize
    }

    #[inline]
    pub fn row(&self, row: u32) -> &[T] {
        &self.items[self.range(row)]
    }

    #[inline]
    pub fn item(&self, at: usize) -> &T {
        &self.items[at]
    }
}

/// Fields of an automaton that the hot path reads.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub timers: Range<u32>,
    /// Healthy states.
    pub sound: States,
    /// States from which a transition waits for a condition.
    pub impatient: States,
}

/// Fields of an automaton that only other code reads.
#[derive(Clone, Debug)]
pub(super) struct Description {
    pub name: Arc<str>,
    pub stream: Arc<str>,
    pub states: Arc<[StateNet]>,
}

#[derive(Clone, Debug)]
pub(super) struct StateNet {
    pub name: String,
    pub service: Service,
}

/// Service that a component offers in a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Effect on requests.
    pub effect: Effect,
    /// The other component, if the effect is a redirection or a share.
    pub other: Option<AutomatonId>,
    /// Available share of the full capacity, 0 to 1.
    pub capacity: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum LengthNet {
    /// The law in seconds, and its sampler.
    Law(Law, Sampler),
    Fixed(SimDuration),
    Clock {
        first: SimTime,
        every: Option<SimDuration>,
    },
    /// The next of these instants.
    Listed(Arc<[SimTime]>),
    /// A law, whose start is the instant of a corruption.
    Discovery(Law, Sampler),
    /// The time to restore what was corrupted then.
    Restore(Arc<Restore>),
    /// Not drawn: the reader of the net fires the timer.
    Mechanism,
}

impl LengthNet {
    pub fn law(law: Law) -> Self {
        let sampler = law.sampler();
        Self::Law(law, sampler)
    }
}

/// Fields of a timer that every event reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimerNet {
    /// States from which a transition waits for it.
    pub wanted: States,
    pub guard: Option<Ref>,
    pub automaton: u32,
    pub crew: Option<u32>,
    /// Row in the table of lengths, shared by equal lengths.
    pub length: u32,
    pub fate: Fate,
    /// True if rules for the rate of ageing are declared.
    pub paced: bool,
}

/// Fields of a timer that few events read.
#[derive(Clone, Debug)]
pub(super) struct TimerText {
    pub name: Arc<str>,
    /// Rates of ageing: the factor of the first condition that holds, 1 if none does.
    pub rates: Vec<(Ref, f64)>,
}

#[derive(Clone, Debug)]
pub(super) struct TransitionNet {
    pub from: States,
    pub automaton: u32,
    /// Range of rows in the table of branches.
    pub branches: (u32, u32),
    /// The condition waited for; `None` if it waits for a timer.
    pub when: Option<Ref>,
    pub given: Option<Ref>,
    pub choice: Option<u32>,
    /// The cause that it opens, if it opens one.
    pub cause: CauseId,
    pub opens: Opens,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct BranchNet {
    pub probability: f64,
    /// Range of rows in the table of moves.
    pub also: (u32, u32),
    pub adds: Option<CauseId>,
    pub to: StateId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MoveNet {
    pub automaton: u32,
    pub from: States,
    pub to: StateId,
}

/// Threshold of a node, and the rows of its readers in their tables.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NodeLinks {
    pub need: i32,
    /// Bits of the automata on which it depends ([`bit_of`]).
    pub below: u64,
    /// Rows of the gates it feeds.
    pub edges: (u32, u32),
    /// Rows of the automata whose conditions, guards or rates read it.
    pub watchers: (u32, u32),
    /// Rows of the system-level facts that read it.
    pub observed: (u32, u32),
}

/// Returns one of 64 bits for an automaton. Several automata may share a bit.
#[inline]
pub(super) const fn bit_of(automaton: u32) -> u64 {
    1 << (automaton % 64)
}

/// Owner and purpose of a draw among branches.
#[derive(Clone, Debug)]
pub(super) struct ChoiceNet {
    pub automaton: u32,
    pub purpose: String,
    /// The first instant and the period of the clock that asks for it. Each of its turns has a draw of its own, also one
    /// that is left out. `None`: draws are numbered as they are made.
    pub clock: Option<(SimTime, Option<SimDuration>)>,
}

impl ChoiceNet {
    /// Returns the number of the clock's turn at `now`; `None` if no clock asks.
    pub fn turn(&self, now: SimTime) -> Option<u64> {
        let (first, every) = self.clock?;
        let passed = now.nanos().saturating_sub(first.nanos());
        Some(every.map_or(0, |every| passed.checked_div(every.nanos()).unwrap_or(0)))
    }
}

#[derive(Clone, Debug)]
pub(super) struct FactNet {
    /// The component; `None` for a system-level fact.
    pub owner: Option<u32>,
    pub name: Arc<str>,
    pub value: Ref,
}

/// Name of a cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CauseName {
    /// The component; empty for a forced cause and for "unexplained".
    pub component: Arc<str>,
    /// Name of the timer or of the branch that opens it.
    pub label: Arc<str>,
}

impl fmt::Display for CauseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.component.is_empty() {
            f.write_str(&self.label)
        } else {
            write!(f, "{}/{}", self.component, self.label)
        }
    }
}

/// Choice of the laws to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Laws {
    /// The declared laws.
    #[default]
    Declared,
    /// The exponential law of the same mean in place of each law and each fixed length. Clocks stay.
    Exponential,
}

/// Choice of the code that fires reactive transitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reactions {
    /// The kernel, by the surrogate law.
    #[default]
    Surrogate,
    /// The reader of the net, by [`fire`](super::kernel::Kernel::fire).
    Mechanism,
}

/// Options for reading a declaration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The laws to read.
    pub laws: Laws,
    /// The code that fires reactive transitions.
    pub reactions: Reactions,
}

/// A checked and numbered declaration: immutable, shared by replications.
#[derive(Clone, Debug)]
pub struct Net {
    pub(super) programs: Vec<Program>,
    pub(super) descriptions: Vec<Description>,
    pub(super) nodes: Vec<Node>,
    /// Per automaton: its literal nodes with their sets of states.
    pub(super) literals: Lists<(u32, States)>,
    /// Per node.
    pub(super) links: Vec<NodeLinks>,
    pub(super) edges: Vec<Edge>,
    pub(super) watchers: Vec<u32>,
    pub(super) observed: Vec<FactId>,
    pub(super) timers: Vec<TimerNet>,
    /// Per timer.
    pub(super) timer_texts: Vec<TimerText>,
    pub(super) lengths: Vec<LengthNet>,
    pub(super) transitions: Vec<TransitionNet>,
    pub(super) branches: Vec<BranchNet>,
    pub(super) moves: Vec<MoveNet>,
    /// Per timer: the transitions that wait for it.
    pub(super) on_timer: Lists<u32>,
    /// Per automaton: the transitions that wait for a condition.
    pub(super) on_condition: Lists<u32>,
    pub(super) choices: Vec<ChoiceNet>,
    pub(super) crews: Vec<super::declare::Crew>,
    pub(super) facts: Vec<FactNet>,
    pub(super) causes: Vec<CauseName>,
}

impl Net {
    /// Returns the automaton called `name`.
    #[must_use]
    pub fn automaton(&self, name: &str) -> Option<AutomatonId> {
        let at = self.descriptions.binary_search_by(|d| (*d.name).cmp(name)).ok()?;
        Some(AutomatonId(place(at)))
    }

    /// All automata, in the order of names.
    pub fn automata(&self) -> impl Iterator<Item = AutomatonId> + use<> {
        (0..place(self.programs.len())).map(AutomatonId)
    }

    /// The name of an automaton.
    #[must_use]
    pub fn name(&self, automaton: AutomatonId) -> &str {
        &self.descriptions[automaton.index()].name
    }

    /// Returns the state of `automaton` called `name`.
    #[must_use]
    pub fn state(&self, automaton: AutomatonId, name: &str) -> Option<StateId> {
        let states = &self.descriptions[automaton.index()].states;
        Some(StateId(table::u8(states.iter().position(|state| state.name == name)?)))
    }

    /// The name of a state.
    #[must_use]
    pub fn state_name(&self, automaton: AutomatonId, state: StateId) -> &str {
        &self.descriptions[automaton.index()].states[state.0 as usize].name
    }

    /// Service of `automaton` in `state`.
    #[must_use]
    pub fn service(&self, automaton: AutomatonId, state: StateId) -> &Service {
        &self.descriptions[automaton.index()].states[state.0 as usize].service
    }

    /// Returns whether the component itself is healthy in `state`.
    #[must_use]
    pub fn is_sound(&self, automaton: AutomatonId, state: StateId) -> bool {
        self.programs[automaton.index()].sound & state.bit() != 0
    }

    /// Returns the system-level fact called `name`.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<FactId> {
        // System-level facts come first, in the order of names.
        let whole = &self.facts[..self.facts.partition_point(|fact| fact.owner.is_none())];
        let at = whole.binary_search_by(|fact| (*fact.name).cmp(name)).ok()?;
        Some(FactId(place(at)))
    }

    /// Returns the fact that `automaton` publishes as `name`.
    #[must_use]
    pub fn fact_of(&self, automaton: AutomatonId, name: &str) -> Option<FactId> {
        self.facts
            .iter()
            .position(|fact| fact.owner == Some(automaton.0) && *fact.name == *name)
            .map(|at| FactId(place(at)))
    }

    /// System-level facts with their names, in the order of names.
    pub fn facts_of_whole(&self) -> impl Iterator<Item = (FactId, &str)> {
        let whole = self.facts.iter().take_while(|fact| fact.owner.is_none());
        whole.enumerate().map(|(at, fact)| (FactId(place(at)), &*fact.name))
    }

    /// Names of all causes, by number.
    pub fn causes(&self) -> impl Iterator<Item = &CauseName> {
        self.causes.iter()
    }

    /// Returns the crew called `name`.
    #[must_use]
    pub fn crew(&self, name: &str) -> Option<CrewId> {
        Some(CrewId(place(self.crews.iter().position(|crew| crew.name == name)?)))
    }

    /// Name of a cause.
    #[must_use]
    pub fn cause_name(&self, cause: CauseId) -> &CauseName {
        &self.causes[cause.index()]
    }

    /// Returns the cause with this component and label; the component of a forced cause is empty.
    #[must_use]
    pub fn cause(&self, component: &str, label: &str) -> Option<CauseId> {
        self.causes
            .iter()
            .position(|cause| *cause.component == *component && *cause.label == *label)
            .map(|at| CauseId(place(at)))
    }

    /// Number of causes.
    #[must_use]
    pub fn cause_count(&self) -> usize {
        self.causes.len()
    }

    /// Timers whose length is not exponential, as `component/timer`: the enumerator refuses them.
    pub fn not_exponential(&self) -> impl Iterator<Item = String> {
        let timers = self.timers.iter().zip(&self.timer_texts);
        timers.filter(|(timer, _)| timer.wanted != 0 && self.rate(timer).is_none()).map(
            |(timer, text)| {
                format!("{}/{}", self.descriptions[timer.automaton as usize].name, text.name)
            },
        )
    }

    /// Returns the law of the lengths of a timer of `automaton`, in seconds. `None` if there is no such
    /// timer, or if a calendar clock or the reader fires it.
    #[must_use]
    pub fn timer_law(&self, automaton: AutomatonId, timer: &str) -> Option<Law> {
        let mut own = self.programs[automaton.index()].timers.clone();
        let at = own.find(|at| *self.timer_texts[*at as usize].name == *timer)?;
        match &self.lengths[self.timers[at as usize].length as usize] {
            LengthNet::Law(law, _) | LengthNet::Discovery(law, _) => Some(law.clone()),
            LengthNet::Fixed(length) => Law::constant(length.seconds()).ok(),
            LengthNet::Clock { .. }
            | LengthNet::Listed(_)
            | LengthNet::Restore(_)
            | LengthNet::Mechanism => None,
        }
    }

    /// Returns the rate per second of a timer of exponential length; `None` for any other.
    pub(super) fn rate(&self, timer: &TimerNet) -> Option<f64> {
        match &self.lengths[timer.length as usize] {
            LengthNet::Law(law, _) if matches!(law.form(), Form::Exponential(_)) => {
                Some(1.0 / law.mean())
            }
            _ => None,
        }
    }

    /// Timers that run in a state of an automaton, unless a guard or a crew stops them.
    pub(super) fn waiting(&self, automaton: u32, state: StateId) -> impl Iterator<Item = u32> {
        let own = self.programs[automaton as usize].timers.clone();
        own.filter(move |timer| self.timers[*timer as usize].wanted & state.bit() != 0)
    }

    /// Returns the only timer that waits in a state, with the only transition that it fires there. `None` if
    /// there is no such timer or transition, if there are several, or if the transition has a condition.
    pub(super) fn way_out(&self, automaton: u32, state: StateId) -> Option<(u32, &TransitionNet)> {
        let mut waiting = self.waiting(automaton, state);
        let (timer, None) = (waiting.next()?, waiting.next()) else { return None };
        let of = |number: &u32| &self.transitions[*number as usize];
        let leaves = |transition: &&TransitionNet| transition.from & state.bit() != 0;
        let mut leaving = self.on_timer.row(timer).iter().map(of).filter(leaves);
        let (transition, None) = (leaving.next()?, leaving.next()) else { return None };
        transition.given.is_none().then_some((timer, transition))
    }

    pub(super) fn branches_of(&self, transition: &TransitionNet) -> &[BranchNet] {
        slice(&self.branches, transition.branches)
    }

    pub(super) fn moves_of(&self, branch: &BranchNet) -> &[MoveNet] {
        slice(&self.moves, branch.also)
    }
}

/// Returns the rows of `table` from the first number up to, and without, the second.
#[inline]
pub(super) fn slice<T>(table: &[T], rows: (u32, u32)) -> &[T] {
    &table[rows.0 as usize..rows.1 as usize]
}
