//! The compiled declaration: names are numbers, conditions are counting gates.
//!
//! Model: a condition is a node. A literal node says that an automaton is in one of a set of
//! states; a gate says that at least `need` of its inputs, each possibly inverted, hold (all: the
//! number of inputs; any: one). When an automaton moves, its literals that change are spread along
//! the edges, one addition an edge; nothing is evaluated twice, and 4-of-6 costs what 1-of-2 does.
//! Equal conditions are one node.
//!
//! Holds: inputs have smaller numbers than the gate they feed, so there is no circle of facts.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::convert::{place, table};
use crate::engine::law::{Form, Law, Sampler};
use crate::units::{SimDuration, SimTime};

use super::declare::{Effect, Fate, Opens};

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
    /// A published fact: those of the whole first, then each component's.
    FactId
);
number!(
    /// Why something happened: a (component, label) of the declaration.
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

/// A set of states of one automaton, a bit each.
pub(super) type States = u128;

impl StateId {
    pub(super) const fn bit(self) -> States {
        1 << self.0
    }
}

impl CauseId {
    /// Down, and no component says why: a whole that cannot work even when all is well.
    pub const UNEXPLAINED: Self = Self(0);
}

/// A node or its opposite.
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

/// Where a node gets its value from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    /// The automaton is in one of the states of the mask.
    Literal { automaton: u32, states: States },
    /// At least `need` of the inputs hold.
    Gate { need: i32, inputs: Arc<[Ref]> },
}

/// Rows of a table of lists, in one piece.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists<T> {
    start: Vec<u32>,
    items: Vec<T>,
}

impl<T> Lists<T> {
    /// From pairs of a row and an item, in the order of rows.
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

/// What the hot path needs of an automaton.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub timers: Range<u32>,
    /// States in which nothing is wrong.
    pub sound: States,
    /// States from which a transition waits for a condition.
    pub impatient: States,
}

/// What the rest of the program asks of an automaton.
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

/// What a component offers in a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// What it means for requests.
    pub effect: Effect,
    /// The other component of a redirection or share.
    pub other: Option<AutomatonId>,
    /// Share of the full capacity.
    pub capacity: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum LengthNet {
    /// The law in seconds, and the same prepared for drawing.
    Law(Law, Sampler),
    Fixed(SimDuration),
    Clock {
        first: SimTime,
        every: Option<SimDuration>,
    },
    /// Fired by the reader.
    Mechanism,
}

impl LengthNet {
    pub fn law(law: Law) -> Self {
        let sampler = law.sampler();
        Self::Law(law, sampler)
    }
}

/// What every event needs of a timer.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimerNet {
    /// States from which a transition waits for it.
    pub wanted: States,
    pub guard: Option<Ref>,
    pub automaton: u32,
    pub crew: Option<u32>,
    /// Its length in the table of lengths, which equal ones share.
    pub length: u32,
    pub fate: Fate,
    /// There are rules for the speed of ageing.
    pub paced: bool,
}

/// What few events need of a timer.
#[derive(Clone, Debug)]
pub(super) struct TimerText {
    pub name: Arc<str>,
    /// First condition that holds gives the speed of ageing; 1 when none does.
    pub rates: Vec<(Ref, f64)>,
}

#[derive(Clone, Debug)]
pub(super) struct TransitionNet {
    pub from: States,
    pub automaton: u32,
    /// Rows of the table of branches.
    pub branches: (u32, u32),
    /// The condition waited for; `None` when it waits for a timer.
    pub when: Option<Ref>,
    pub given: Option<Ref>,
    pub choice: Option<u32>,
    /// The cause it opens if it opens one.
    pub cause: CauseId,
    pub opens: Opens,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct BranchNet {
    pub probability: f64,
    /// Rows of the table of moves.
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

/// A node's threshold and where its readers stand in their tables.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NodeLinks {
    pub need: i32,
    /// Bits of the automata that it depends on ([`bit_of`]).
    pub below: u64,
    /// The gates it feeds.
    pub edges: (u32, u32),
    /// The automata whose guards or rates read it.
    pub watchers: (u32, u32),
    /// Facts of the whole that read it.
    pub observed: (u32, u32),
}

/// One of 64 bits for an automaton: several may have the same.
#[inline]
pub(super) const fn bit_of(automaton: u32) -> u64 {
    1 << (automaton % 64)
}

/// A draw among branches: whose, and for what.
#[derive(Clone, Debug)]
pub(super) struct ChoiceNet {
    pub automaton: u32,
    pub purpose: String,
}

#[derive(Clone, Debug)]
pub(super) struct FactNet {
    /// `None` for the whole.
    pub owner: Option<u32>,
    pub name: Arc<str>,
    pub value: Ref,
}

/// A cause in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CauseName {
    /// The component; empty for a forced cause and for "unexplained".
    pub component: Arc<str>,
    /// What happened to it: the name of a timer or of a branch.
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

/// Which laws are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Laws {
    /// As declared.
    #[default]
    Declared,
    /// Each replaced by the exponential law of the same mean, fixed lengths too. Clocks stay.
    Exponential,
}

/// Who fires reactive transitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reactions {
    /// The kernel, after the surrogate law.
    #[default]
    Surrogate,
    /// The reader, by [`fire`](super::kernel::Kernel::fire).
    Mechanism,
}

/// How a declaration is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Which laws.
    pub laws: Laws,
    /// Who fires reactive transitions.
    pub reactions: Reactions,
}

/// A declaration that was checked and numbered: immutable, shared by replications.
#[derive(Clone, Debug)]
pub struct Net {
    pub(super) programs: Vec<Program>,
    pub(super) descriptions: Vec<Description>,
    pub(super) nodes: Vec<Node>,
    /// Per automaton: its literal nodes with their states.
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
    /// The automaton called `name`.
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

    /// The state of `automaton` called `name`.
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

    /// What `automaton` offers in `state`.
    #[must_use]
    pub fn service(&self, automaton: AutomatonId, state: StateId) -> &Service {
        &self.descriptions[automaton.index()].states[state.0 as usize].service
    }

    /// Whether nothing is wrong with the component itself in `state`.
    #[must_use]
    pub fn is_sound(&self, automaton: AutomatonId, state: StateId) -> bool {
        self.programs[automaton.index()].sound & state.bit() != 0
    }

    /// The fact of the whole called `name`.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<FactId> {
        // They come first, in the order of names.
        let whole = &self.facts[..self.facts.partition_point(|fact| fact.owner.is_none())];
        let at = whole.binary_search_by(|fact| (*fact.name).cmp(name)).ok()?;
        Some(FactId(place(at)))
    }

    /// The fact that `automaton` publishes as `name`.
    #[must_use]
    pub fn fact_of(&self, automaton: AutomatonId, name: &str) -> Option<FactId> {
        self.facts
            .iter()
            .position(|fact| fact.owner == Some(automaton.0) && *fact.name == *name)
            .map(|at| FactId(place(at)))
    }

    /// The facts of the whole with their names, in the order of declaration.
    pub fn facts_of_whole(&self) -> impl Iterator<Item = (FactId, &str)> {
        let whole = self.facts.iter().take_while(|fact| fact.owner.is_none());
        whole.enumerate().map(|(at, fact)| (FactId(place(at)), &*fact.name))
    }

    /// All causes in words, by number.
    pub fn causes(&self) -> impl Iterator<Item = &CauseName> {
        self.causes.iter()
    }

    /// The crew called `name`.
    #[must_use]
    pub fn crew(&self, name: &str) -> Option<CrewId> {
        Some(CrewId(place(self.crews.iter().position(|crew| crew.name == name)?)))
    }

    /// A cause in words.
    #[must_use]
    pub fn cause_name(&self, cause: CauseId) -> &CauseName {
        &self.causes[cause.index()]
    }

    /// The cause with this component and label; the component of a forced cause is empty.
    #[must_use]
    pub fn cause(&self, component: &str, label: &str) -> Option<CauseId> {
        self.causes
            .iter()
            .position(|cause| *cause.component == *component && *cause.label == *label)
            .map(|at| CauseId(place(at)))
    }

    /// How many causes there are.
    #[must_use]
    pub fn cause_count(&self) -> usize {
        self.causes.len()
    }

    /// Timers whose length is not exponential, as `component/timer`: what the enumerator would
    /// have to replace.
    pub fn not_exponential(&self) -> impl Iterator<Item = String> {
        let timers = self.timers.iter().zip(&self.timer_texts);
        timers.filter(|(timer, _)| timer.wanted != 0 && self.rate(timer).is_none()).map(
            |(timer, text)| {
                format!("{}/{}", self.descriptions[timer.automaton as usize].name, text.name)
            },
        )
    }

    /// What the lengths of the timer of `automaton` called `timer` are drawn from, in seconds; `None`
    /// where there is none, and for one that a calendar clock or the reader fires.
    #[must_use]
    pub fn timer_law(&self, automaton: AutomatonId, timer: &str) -> Option<Law> {
        let mut own = self.programs[automaton.index()].timers.clone();
        let at = own.find(|at| *self.timer_texts[*at as usize].name == *timer)?;
        match &self.lengths[self.timers[at as usize].length as usize] {
            LengthNet::Law(law, _) => Some(law.clone()),
            LengthNet::Fixed(length) => Law::constant(length.seconds()).ok(),
            LengthNet::Clock { .. } | LengthNet::Mechanism => None,
        }
    }

    /// Rate per second of a timer of exponential length; `None` for any other.
    pub(super) fn rate(&self, timer: &TimerNet) -> Option<f64> {
        match &self.lengths[timer.length as usize] {
            LengthNet::Law(law, _) if matches!(law.form(), Form::Exponential(_)) => {
                Some(1.0 / law.mean())
            }
            _ => None,
        }
    }

    /// Timers that run in a state of an automaton, unless something holds them up.
    pub(super) fn waiting(&self, automaton: u32, state: StateId) -> impl Iterator<Item = u32> {
        let own = self.programs[automaton as usize].timers.clone();
        own.filter(move |timer| self.timers[*timer as usize].wanted & state.bit() != 0)
    }

    /// The one timer that waits in a state and the one transition it fires, without a condition; none
    /// where there are several, or none.
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

/// The rows of `table` from the first number up to the second.
#[inline]
pub(super) fn slice<T>(table: &[T], rows: (u32, u32)) -> &[T] {
    &table[rows.0 as usize..rows.1 as usize]
}
