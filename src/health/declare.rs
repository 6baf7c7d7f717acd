//! The declaration: the behaviour of components as data.
//!
//! Model: an [`Automaton`] has states, timers, transitions and published facts. A timer runs while the
//! automaton is in a state from which a transition waits for it, its guard holds and, if it needs a crew, a
//! hand is granted. It counts *age*, which grows at a rate that facts may change. A transition waits for a
//! timer or for a condition. Automata read each other only through facts, which they find through roles. One
//! automaton, cloned and bound to other components, therefore serves as a template.
//!
//! Notation:
//! - *quantified members*: [`Expr::members`] over a role bound to several components;
//! - *fact held for T*: a timer of [`Length::Held`] whose guard is the fact;
//! - *crew*: [`Timer::crew`]; the law starts when the hand is granted;
//! - *coverage*: [`Branch`]es, drawn when the transition fires, keyed by owner, purpose and ordinal;
//! - *common cause, joint transition*: [`Declaration::joint`], an automaton of its own, named and
//!   keyed by the group, whose one timer moves all members at once ([`Move`]);
//! - *mechanism or surrogate*: a timer with [`Timer::mechanism`] carries its surrogate law, which is not
//!   drawn if the reader of the net fires the timer itself;
//! - *down because its host is down*: a fact that is an expression over the facts of the host; its cause is
//!   found through the expression.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::engine::law::DurationLaw;
use crate::units::{SimDuration, SimTime};

use super::restore::Restore;

/// Effect of a state on those who use the component: a closed set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The component serves.
    Serve,
    /// The first component bound to this role serves in its place.
    Redirect(String),
    /// The component serves on the capacity of the first component bound to this role.
    Share(String),
    /// Requests wait until the state is left.
    Stall,
    /// Requests are refused at once.
    Refuse,
    /// Requests are accepted and answered with an error.
    Error,
    /// Requests are accepted and never answered.
    Lose,
}

/// One state of an automaton.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Name, unique in the automaton.
    pub name: String,
    /// Effect on service.
    pub effect: Effect,
    /// Available share of the component's full capacity, 0 to 1.
    pub capacity: f64,
    /// True if the component itself is healthy in this state. A healthy state explains no outage, and a timer
    /// that leads from it to a failed state opens a cause of its own.
    pub sound: bool,
}

impl State {
    /// Returns a healthy state that serves with full capacity.
    #[must_use]
    pub fn serving(name: &str) -> Self {
        Self { name: name.into(), effect: Effect::Serve, capacity: 1.0, sound: true }
    }

    /// Returns a failed state with capacity 0.
    #[must_use]
    pub fn failed(name: &str, effect: Effect) -> Self {
        Self { name: name.into(), effect, capacity: 0.0, sound: false }
    }

    /// Returns a state that is healthy and does not serve: a standby.
    #[must_use]
    pub fn idle(name: &str) -> Self {
        Self { name: name.into(), effect: Effect::Refuse, capacity: 0.0, sound: true }
    }
}

/// Owner of the fact that an expression refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The automaton that holds the expression.
    Own,
    /// The components bound to a role. If there are several, all of them must have the fact.
    Role(String),
    /// A component by name.
    Named(String),
    /// The declaration as a whole: facts such as `system-down`.
    System,
}

/// Number of members of a role that must have a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// All members.
    All,
    /// At least one member.
    Any,
    /// At least this many members.
    AtLeast(u32),
}

/// A condition over facts and over the states of the automaton that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// Always true.
    Always,
    /// Always false.
    Never,
    /// The holder is in one of these states.
    In(Vec<String>),
    /// A published fact.
    Fact(Subject, String),
    /// A number of components of a role, given by the quantifier, publish the fact: (quantifier, role, fact).
    Members(Quantifier, String, String),
    /// The negation.
    Not(Box<Expr>),
    /// All of the list; true if it is empty.
    All(Vec<Expr>),
    /// At least one of the list; false if it is empty.
    Any(Vec<Expr>),
    /// At least this many of the list.
    AtLeast(u32, Vec<Expr>),
}

impl Expr {
    /// Returns the condition that the holder is in one of `states`.
    #[must_use]
    pub fn within(states: &[&str]) -> Self {
        Self::In(owned(states))
    }

    /// Returns a fact of the holder itself.
    #[must_use]
    pub fn own(fact: &str) -> Self {
        Self::Fact(Subject::Own, fact.into())
    }

    /// Returns a fact of the component bound to `role`.
    #[must_use]
    pub fn of_role(role: &str, fact: &str) -> Self {
        Self::Fact(Subject::Role(role.into()), fact.into())
    }

    /// Returns a fact of the component called `name`.
    #[must_use]
    pub fn of(name: &str, fact: &str) -> Self {
        Self::Fact(Subject::Named(name.into()), fact.into())
    }

    /// Returns a system-level fact.
    #[must_use]
    pub fn system(fact: &str) -> Self {
        Self::Fact(Subject::System, fact.into())
    }

    /// Returns the condition that `quantifier` components of `role` have `fact`.
    #[must_use]
    pub fn members(quantifier: Quantifier, role: &str, fact: &str) -> Self {
        Self::Members(quantifier, role.into(), fact.into())
    }

    /// Returns the conjunction with `other`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::All(vec![self, other])
    }

    /// Returns the disjunction with `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::Any(vec![self, other])
    }
}

impl std::ops::Not for Expr {
    type Output = Self;

    fn not(self) -> Self {
        Self::Not(Box::new(self))
    }
}

/// Length of a timer, in age.
#[derive(Clone, Debug, PartialEq)]
pub enum Length {
    /// Sampled from a law, keyed by (component, timer, ordinal).
    Law(DurationLaw),
    /// A fixed length: "the guard held for T" if the timer restarts when its guard is lost.
    Held(SimDuration),
    /// Due at the instants `first`, `first + every`, …: a drill, a maintenance window.
    Clock {
        /// The first instant.
        first: SimTime,
        /// Time between two instants; `None`: the first is the only one.
        every: Option<SimDuration>,
    },
    /// Due at these instants, in order: a recorded history.
    Listed(Arc<[SimTime]>),
    /// Sampled from a law. Its start is the instant of a corruption, and its end that of the discovery, which the
    /// [`Length::Restore`] of the same automaton needs to know. It has no guard.
    Discovery(DurationLaw),
    /// The time to restore what was corrupted when the discovery of the same automaton began, from the newest good
    /// backup.
    Restore(Arc<Restore>),
}

/// Treatment of a timer's age when the timer may no longer run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Lost with the guard and on leaving the states that wait for the timer. With `redraw` the next start
    /// draws a new length; without it, the length stays the same.
    Restart {
        /// If true, the ordinal of the draw advances.
        redraw: bool,
    },
    /// Kept while the guard is lost, lost on leaving the states that wait for the timer.
    Resume,
    /// Kept in both cases: the age of a part that wears in some states and not in others.
    Freeze,
}

/// A clock of an automaton.
#[derive(Clone, Debug, PartialEq)]
pub struct Timer {
    /// Name: the purpose of its draws, and the label of the cause it may open.
    pub name: String,
    /// Length in age.
    pub length: Length,
    /// Condition under which the timer runs.
    pub guard: Expr,
    /// Rate of ageing: the factor of the first condition that holds, 1 if none does.
    pub rates: Vec<(Expr, f64)>,
    /// Treatment of the age when the guard or the state is lost.
    pub fate: Fate,
    /// Crew of which the timer needs a hand. It waits first come first served, and keeps the hand until it
    /// fires or the automaton leaves the states that wait for the timer.
    pub crew: Option<String>,
    /// Name of the mechanism that replaces the law if the reader of the net fires reactive transitions
    /// itself.
    pub mechanism: Option<String>,
}

impl Timer {
    /// Returns a timer with a law and without a guard, which keeps its age while a guard is lost.
    #[must_use]
    pub fn new(name: &str, law: DurationLaw) -> Self {
        Self::of_length(name, Length::Law(law), Fate::Resume)
    }

    /// Returns a timer that fires when `guard` has held for `length`.
    #[must_use]
    pub fn held(name: &str, guard: Expr, length: SimDuration) -> Self {
        let fate = Fate::Restart { redraw: true };
        Self { guard, ..Self::of_length(name, Length::Held(length), fate) }
    }

    /// Returns a timer that fires at instants of the calendar clock.
    #[must_use]
    pub fn clock(name: &str, first: SimTime, every: Option<SimDuration>) -> Self {
        Self::of_length(name, Length::Clock { first, every }, Fate::Restart { redraw: true })
    }

    /// Returns a timer that fires at the next of these instants, which are in order.
    #[must_use]
    pub fn listed(name: &str, instants: Arc<[SimTime]>) -> Self {
        debug_assert!(instants.is_sorted(), "instants of a history are in order");
        Self::of_length(name, Length::Listed(instants), Fate::Restart { redraw: true })
    }

    /// Returns a timer of this length and fate.
    #[must_use]
    pub fn of_length(name: &str, length: Length, fate: Fate) -> Self {
        Self {
            name: name.into(),
            length,
            guard: Expr::Always,
            rates: Vec::new(),
            fate,
            crew: None,
            mechanism: None,
        }
    }

    /// Returns the timer, running only while `guard` holds.
    #[must_use]
    pub fn guarded(self, guard: Expr) -> Self {
        Self { guard, ..self }
    }

    /// Returns the timer, ageing `factor` times as fast while `condition` holds (0 stops it).
    #[must_use]
    pub fn rate(mut self, condition: Expr, factor: f64) -> Self {
        self.rates.push((condition, factor));
        self
    }

    /// Returns the timer with another fate.
    #[must_use]
    pub fn fate(self, fate: Fate) -> Self {
        Self { fate, ..self }
    }

    /// Returns the timer, waiting for a hand of `crew`.
    #[must_use]
    pub fn by_crew(self, crew: &str) -> Self {
        Self { crew: Some(crew.into()), ..self }
    }

    /// Returns the timer as the surrogate of the mechanism called `mechanism`.
    #[must_use]
    pub fn surrogate_of(self, mechanism: &str) -> Self {
        Self { mechanism: Some(mechanism.into()), ..self }
    }
}

/// Trigger of a transition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A timer of the same automaton.
    Timer(String),
    /// A condition: the transition fires at the instant at which it holds.
    When(Expr),
}

/// A move of another automaton at the same instant, made if that is in one of the states `from`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Automata to move.
    pub of: Subject,
    /// States from which it moves.
    pub from: Vec<String>,
    /// Target state.
    pub to: String,
}

impl Move {
    /// Returns the move of the component called `name` from one of `from` to `to`.
    #[must_use]
    pub fn of(name: &str, from: &[&str], to: &str) -> Self {
        Self { of: Subject::Named(name.into()), from: owned(from), to: to.into() }
    }

    /// Returns the move of the components bound to `role` from one of `from` to `to`.
    #[must_use]
    pub fn of_role(role: &str, from: &[&str], to: &str) -> Self {
        Self { of: Subject::Role(role.into()), from: owned(from), to: to.into() }
    }
}

/// One possible outcome of a transition.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Probability; those of a transition sum to 1.
    pub probability: f64,
    /// Target state.
    pub to: String,
    /// Moves of other automata.
    pub also: Vec<Move>,
    /// Label of a contributing cause that this branch adds: "failed takeover".
    pub adds: Option<String>,
}

/// Rule by which a transition opens a cause of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// It opens one if a timer leads from a healthy to a failed state.
    ByStates,
    /// It always opens one, labelled with the name of the timer.
    Always,
    /// It opens none: the cause is inherited from the condition that fired it, or stays.
    Never,
}

/// A change of state.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// States from which it may be taken.
    pub from: Vec<String>,
    /// Trigger.
    pub on: Trigger,
    /// Condition evaluated when the trigger fires. The first transition in declaration order whose condition
    /// holds is taken.
    pub given: Expr,
    /// Possible outcomes.
    pub branches: Vec<Branch>,
    /// Purpose of the draw among branches.
    pub purpose: String,
    /// Rule by which it opens a cause.
    pub opens: Opens,
}

impl Transition {
    /// Returns the transition from one of `from` to `to` that fires with the timer.
    #[must_use]
    pub fn on(timer: &str, from: &[&str], to: &str) -> Self {
        Self::to(Trigger::Timer(timer.into()), from, to)
    }

    /// Returns the transition from one of `from` to `to` that fires as soon as `condition` holds.
    #[must_use]
    pub fn when(condition: Expr, from: &[&str], to: &str) -> Self {
        Self::to(Trigger::When(condition), from, to)
    }

    fn to(on: Trigger, from: &[&str], to: &str) -> Self {
        let certain = Branch { probability: 1.0, to: to.into(), also: Vec::new(), adds: None };
        Self {
            from: owned(from),
            on,
            given: Expr::Always,
            branches: vec![certain],
            purpose: "branch".into(),
            opens: Opens::ByStates,
        }
    }

    /// Returns the transition, taken only if `condition` holds when its trigger fires.
    #[must_use]
    pub fn given(self, condition: Expr) -> Self {
        Self { given: condition, ..self }
    }

    /// Returns the transition with these branches, drawn for `purpose`.
    #[must_use]
    pub fn branching(self, purpose: &str, branches: Vec<Branch>) -> Self {
        Self { purpose: purpose.into(), branches, ..self }
    }

    /// Returns the transition, which moves another automaton too in every branch.
    #[must_use]
    pub fn also(mut self, moved: &Move) -> Self {
        for branch in &mut self.branches {
            branch.also.push(moved.clone());
        }
        self
    }

    /// Returns the transition with another rule for its cause.
    #[must_use]
    pub fn opens(self, opens: Opens) -> Self {
        Self { opens, ..self }
    }
}

/// The shared part of equal components: an automaton without its name and the bindings of its roles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// States, at most 128; the first is the initial one.
    pub states: Vec<State>,
    /// Its clocks.
    pub timers: Vec<Timer>,
    /// Transitions, in order of precedence.
    pub transitions: Vec<Transition>,
    /// Published facts.
    pub facts: Vec<(String, Expr)>,
}

/// Health of a component, or a template of it: clone, rename and bind. Clones share their [`Shape`] until one
/// of them is changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Automaton {
    /// The component's name.
    pub name: String,
    /// Name that keys its draws. `None`: the component's own name; a renamed component keeps its draws by
    /// setting this.
    pub stream: Option<String>,
    /// Components bound to each role.
    pub roles: Vec<(Cow<'static, str>, Vec<String>)>,
    /// States, timers, transitions and facts.
    pub shape: Arc<Shape>,
}

impl Deref for Automaton {
    type Target = Shape;

    fn deref(&self) -> &Shape {
        &self.shape
    }
}

impl DerefMut for Automaton {
    fn deref_mut(&mut self) -> &mut Shape {
        Arc::make_mut(&mut self.shape)
    }
}

impl Automaton {
    /// Returns an automaton with these states, of which the first is the initial one.
    #[must_use]
    pub fn new(name: &str, states: Vec<State>) -> Self {
        Self::shaped(name.into(), Arc::new(Shape { states, ..Shape::default() }))
    }

    /// Returns an automaton of a given shape.
    #[must_use]
    pub fn shaped(name: String, shape: Arc<Shape>) -> Self {
        Self { name, stream: None, roles: Vec::new(), shape }
    }

    /// Returns the automaton under another name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Returns the automaton with `role` bound to `components`.
    #[must_use]
    pub fn bind(mut self, role: impl Into<Cow<'static, str>>, components: &[&str]) -> Self {
        let role = role.into();
        self.roles.retain(|(name, _)| *name != role);
        self.roles.push((role, owned(components)));
        self
    }

    /// Adds a timer.
    #[must_use]
    pub fn timer(mut self, timer: Timer) -> Self {
        self.timers.push(timer);
        self
    }

    /// Adds a transition.
    #[must_use]
    pub fn transition(mut self, transition: Transition) -> Self {
        self.transitions.push(transition);
        self
    }

    /// Publishes a fact.
    #[must_use]
    pub fn fact(mut self, name: &str, when: Expr) -> Self {
        self.facts.push((name.into(), when));
        self
    }
}

/// People or spares shared by the components that need repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crew {
    /// Name of the crew.
    pub name: String,
    /// Number of repairs it can do at once.
    pub hands: u32,
}

/// The automata that the reader of a net may [`force`](super::kernel::Kernel::force). Any other automaton
/// that cannot leave its first state stays there, and conditions about it are constants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Forced {
    /// Any automaton.
    #[default]
    Any,
    /// The automata of these names.
    Only(Vec<String>),
}

/// The input of the kernel and of its enumerator.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Declaration {
    /// Components. Names are unique, and their order is the order of cascades at one instant. The order in
    /// this list has no effect.
    pub automata: Vec<Automaton>,
    /// Crews.
    pub crews: Vec<Crew>,
    /// System-level facts, which observers watch: `system-down`, "the shop serves".
    pub facts: Vec<(String, Expr)>,
    /// Causes that only a forced transition has: a drill, an operator error.
    pub forced_causes: Vec<String>,
    /// Automata that the reader may move from outside.
    pub forced: Forced,
    /// If true, the reader asks for system-level facts only. A fact of a component is then compiled only if a
    /// condition refers to it.
    pub whole_facts_alone: bool,
}

impl Declaration {
    /// Returns an empty declaration.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a component.
    pub fn add(&mut self, automaton: Automaton) -> &mut Self {
        self.automata.push(automaton);
        self
    }

    /// Adds a crew.
    pub fn crew(&mut self, name: &str, hands: u32) -> &mut Self {
        self.crews.push(Crew { name: name.into(), hands });
        self
    }

    /// Adds a system-level fact.
    pub fn fact(&mut self, name: &str, when: Expr) -> &mut Self {
        self.facts.push((name.into(), when));
        self
    }

    /// Adds a joint transition: an automaton `name` whose `timer` makes all `moves` at once. Its draws belong
    /// to the group, even if the group has one member, so a single unit and a pair see the same events.
    pub fn joint(&mut self, name: &str, timer: Timer, moves: Vec<Move>) -> &mut Self {
        let mut event = Transition::on(&timer.name, &["armed"], "armed").opens(Opens::Always);
        event.branches[0].also = moves;
        let armed = State::serving("armed");
        self.add(Automaton::new(name, vec![armed]).timer(timer).transition(event))
    }

    /// Returns the automaton of this name.
    #[must_use]
    pub fn automaton(&self, name: &str) -> Option<&Automaton> {
        self.automata.iter().find(|automaton| automaton.name == name)
    }

    /// Removes the timer that opens the cause `component/timer`, and the transitions it triggers: the
    /// declaration without this fault. Returns whether there was such a timer.
    pub fn remove_fault(&mut self, component: &str, timer: &str) -> bool {
        let Some(automaton) = self.automata.iter_mut().find(|a| a.name == component) else {
            return false;
        };
        let before = automaton.timers.len();
        automaton.timers.retain(|t| t.name != timer);
        automaton.transitions.retain(|t| t.on != Trigger::Timer(timer.into()));
        before != automaton.timers.len()
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_string()).collect()
}
