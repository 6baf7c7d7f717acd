//! The declaration: what a component can do, as data.
//!
//! Model: an [`Automaton`] has states, timers, transitions and published facts. A timer runs while
//! the automaton is in a state from which a transition waits for it, its guard holds and, if it
//! needs one, a crew's hand is granted; it counts *age*, which grows at a rate that facts may
//! change. A transition waits for a timer or for a guard. Automata see each other only through
//! facts, found through roles; so one automaton, cloned and bound to other components, serves as
//! a template.
//!
//! What is what in the notation:
//! - *quantified members*: [`Expr::members`] over a role bound to several components;
//! - *fact held for T*: a timer of [`Length::Held`] whose guard is the fact;
//! - *crew*: [`Timer::crew`]; the law starts when the hand is granted;
//! - *coverage*: [`Branch`]es, drawn when the transition fires, keyed by owner, purpose and n;
//! - *common cause, joint transition*: [`Declaration::joint`], an automaton of its own, named and
//!   keyed by the group, whose one timer moves all members at once ([`Move`]);
//! - *mechanism or surrogate*: a timer with [`Timer::mechanism`] carries its surrogate law, which
//!   is not drawn when the reader chose to fire it itself;
//! - *down because its host is down*: a fact that is an expression over the host's facts; its
//!   cause is found through the expression.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::engine::law::DurationLaw;
use crate::units::{SimDuration, SimTime};

/// What a state means for those who use the component: a closed set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It serves.
    Serve,
    /// The first component bound to this role serves in its place.
    Redirect(String),
    /// It serves on the capacity of the first component bound to this role.
    Share(String),
    /// Requests wait until the state is left.
    Stall,
    /// Requests are turned away at once.
    Refuse,
    /// Requests are taken and answered with an error.
    Error,
    /// Requests are taken and never answered.
    Lose,
}

/// One state of an automaton.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Its name, unique in the automaton.
    pub name: String,
    /// What it means for service.
    pub effect: Effect,
    /// Share of the component's full capacity that is there, 0 to 1.
    pub capacity: f64,
    /// Nothing is wrong with the component itself in this state: it explains no outage, and a
    /// timer that leads from here to a state that is not sound opens a cause of its own.
    pub sound: bool,
}

impl State {
    /// A sound state that serves with full capacity.
    #[must_use]
    pub fn serving(name: &str) -> Self {
        Self { name: name.into(), effect: Effect::Serve, capacity: 1.0, sound: true }
    }

    /// A state in which something is wrong.
    #[must_use]
    pub fn failed(name: &str, effect: Effect) -> Self {
        Self { name: name.into(), effect, capacity: 0.0, sound: false }
    }

    /// A state that does not serve though nothing is wrong: a standby.
    #[must_use]
    pub fn idle(name: &str) -> Self {
        Self { name: name.into(), effect: Effect::Refuse, capacity: 0.0, sound: true }
    }
}

/// Whose fact an expression means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The automaton that holds the expression.
    Own,
    /// The component bound to a role; with several, all of them must have the fact.
    Role(String),
    /// A component by name.
    Named(String),
    /// The declaration as a whole: facts such as `system-down`.
    System,
}

/// How many members of a role must have a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// Every one.
    All,
    /// One or more.
    Any,
    /// This many or more.
    AtLeast(u32),
}

/// A condition over facts and, for the automaton that holds it, its own states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// True.
    Always,
    /// False.
    Never,
    /// The holder is in one of these states.
    In(Vec<String>),
    /// A published fact.
    Fact(Subject, String),
    /// As many components of a role as the quantifier says publish the fact.
    Members(Quantifier, String, String),
    /// The opposite.
    Not(Box<Expr>),
    /// All of them; true when there is none.
    All(Vec<Expr>),
    /// One of them; false when there is none.
    Any(Vec<Expr>),
    /// This many of them or more.
    AtLeast(u32, Vec<Expr>),
}

impl Expr {
    /// The holder is in one of `states`.
    #[must_use]
    pub fn within(states: &[&str]) -> Self {
        Self::In(owned(states))
    }

    /// A fact of the holder itself.
    #[must_use]
    pub fn own(fact: &str) -> Self {
        Self::Fact(Subject::Own, fact.into())
    }

    /// A fact of the component bound to `role`.
    #[must_use]
    pub fn of_role(role: &str, fact: &str) -> Self {
        Self::Fact(Subject::Role(role.into()), fact.into())
    }

    /// A fact of the component called `name`.
    #[must_use]
    pub fn of(name: &str, fact: &str) -> Self {
        Self::Fact(Subject::Named(name.into()), fact.into())
    }

    /// A fact of the declaration as a whole.
    #[must_use]
    pub fn system(fact: &str) -> Self {
        Self::Fact(Subject::System, fact.into())
    }

    /// `quantifier` components of `role` have `fact`.
    #[must_use]
    pub fn members(quantifier: Quantifier, role: &str, fact: &str) -> Self {
        Self::Members(quantifier, role.into(), fact.into())
    }

    /// This and `other`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::All(vec![self, other])
    }

    /// This or `other`.
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

/// How long a timer takes, in age.
#[derive(Clone, Debug, PartialEq)]
pub enum Length {
    /// Drawn from a law, keyed by (component, timer, n).
    Law(DurationLaw),
    /// Exactly this: "the guard held for T" when the timer restarts on the loss of its guard.
    Held(SimDuration),
    /// Due at the instants `first`, `first + every`, …: a drill, a maintenance window.
    Clock {
        /// The first instant.
        first: SimTime,
        /// Time between two; never again when `None`.
        every: Option<SimDuration>,
    },
}

/// What becomes of a timer's age when it may no longer run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Lost with the guard and on leaving the states that wait for the timer. With `redraw` the
    /// next start draws anew (the ordinal advances), without it has the same length again.
    Restart {
        /// Whether the ordinal advances.
        redraw: bool,
    },
    /// Kept while the guard is lost, lost on leaving the states.
    Resume,
    /// Kept in both cases: the age of a thing that wears in some states and not in others.
    Freeze,
}

/// A clock of an automaton.
#[derive(Clone, Debug, PartialEq)]
pub struct Timer {
    /// Its name: the purpose of its draws, and the label of the cause it may open.
    pub name: String,
    /// How long it takes.
    pub length: Length,
    /// It runs only while this holds.
    pub guard: Expr,
    /// Speed of ageing: the factor of the first condition that holds, 1 when none does.
    pub rates: Vec<(Expr, f64)>,
    /// What becomes of the age when the guard or the state is lost.
    pub fate: Fate,
    /// It needs a hand of this crew, waits for it first come first served, and keeps it until it
    /// fires or the automaton leaves the states that wait for the timer.
    pub crew: Option<String>,
    /// The mechanism that replaces the law when the reader fires reactive transitions itself.
    pub mechanism: Option<String>,
}

impl Timer {
    /// A timer with a law, always running, that keeps its age while its guard is lost.
    #[must_use]
    pub fn new(name: &str, law: DurationLaw) -> Self {
        Self::of_length(name, Length::Law(law), Fate::Resume)
    }

    /// "`guard` held for `length`".
    #[must_use]
    pub fn held(name: &str, guard: Expr, length: SimDuration) -> Self {
        let fate = Fate::Restart { redraw: true };
        Self { guard, ..Self::of_length(name, Length::Held(length), fate) }
    }

    /// Due by the calendar clock.
    #[must_use]
    pub fn clock(name: &str, first: SimTime, every: Option<SimDuration>) -> Self {
        Self::of_length(name, Length::Clock { first, every }, Fate::Restart { redraw: true })
    }

    fn of_length(name: &str, length: Length, fate: Fate) -> Self {
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

    /// The same, running only while `guard` holds.
    #[must_use]
    pub fn guarded(self, guard: Expr) -> Self {
        Self { guard, ..self }
    }

    /// The same, ageing `factor` times as fast while `condition` holds (0 stops it).
    #[must_use]
    pub fn rate(mut self, condition: Expr, factor: f64) -> Self {
        self.rates.push((condition, factor));
        self
    }

    /// The same with another fate.
    #[must_use]
    pub fn fate(self, fate: Fate) -> Self {
        Self { fate, ..self }
    }

    /// The same, waiting for a hand of `crew`.
    #[must_use]
    pub fn by_crew(self, crew: &str) -> Self {
        Self { crew: Some(crew.into()), ..self }
    }

    /// The same as the surrogate of the mechanism called `mechanism`.
    #[must_use]
    pub fn surrogate_of(self, mechanism: &str) -> Self {
        Self { mechanism: Some(mechanism.into()), ..self }
    }
}

/// What a transition waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A timer of the same automaton.
    Timer(String),
    /// A condition: fires at the instant it holds.
    When(Expr),
}

/// Another automaton moved at the same instant, when it is in one of `from`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Whom.
    pub of: Subject,
    /// From any of these states.
    pub from: Vec<String>,
    /// To this one.
    pub to: String,
}

impl Move {
    /// The component called `name` goes from one of `from` to `to`.
    #[must_use]
    pub fn of(name: &str, from: &[&str], to: &str) -> Self {
        Self { of: Subject::Named(name.into()), from: owned(from), to: to.into() }
    }

    /// The components bound to `role` go from one of `from` to `to`.
    #[must_use]
    pub fn of_role(role: &str, from: &[&str], to: &str) -> Self {
        Self { of: Subject::Role(role.into()), from: owned(from), to: to.into() }
    }
}

/// One way a transition can go.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Its probability; those of a transition sum to 1.
    pub probability: f64,
    /// The state it leads to.
    pub to: String,
    /// What else moves.
    pub also: Vec<Move>,
    /// A contributing cause that this branch adds: "failed takeover".
    pub adds: Option<String>,
}

/// Whether a transition begins a cause of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// Yes when a timer leads from a sound state to one that is not.
    ByStates,
    /// Yes: the timer's name is its label.
    Always,
    /// No: the cause is inherited from the guard that fired it, or stays.
    Never,
}

/// A change of state.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// From any of these states.
    pub from: Vec<String>,
    /// What it waits for.
    pub on: Trigger,
    /// Looked at when the timer fires: the first transition in declaration order whose condition
    /// holds is taken.
    pub given: Expr,
    /// Where it goes.
    pub branches: Vec<Branch>,
    /// Purpose of the draw among branches.
    pub purpose: String,
    /// Whether it begins a cause.
    pub opens: Opens,
}

impl Transition {
    /// From one of `from` to `to` when the timer fires.
    #[must_use]
    pub fn on(timer: &str, from: &[&str], to: &str) -> Self {
        Self::to(Trigger::Timer(timer.into()), from, to)
    }

    /// From one of `from` to `to` as soon as `condition` holds.
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

    /// The same, taken only if `condition` holds when the timer fires.
    #[must_use]
    pub fn given(self, condition: Expr) -> Self {
        Self { given: condition, ..self }
    }

    /// The same with these branches, drawn for `purpose`.
    #[must_use]
    pub fn branching(self, purpose: &str, branches: Vec<Branch>) -> Self {
        Self { purpose: purpose.into(), branches, ..self }
    }

    /// The same, moving another automaton too, whatever the branch.
    #[must_use]
    pub fn also(mut self, moved: &Move) -> Self {
        for branch in &mut self.branches {
            branch.also.push(moved.clone());
        }
        self
    }

    /// The same with another rule for its cause.
    #[must_use]
    pub fn opens(self, opens: Opens) -> Self {
        Self { opens, ..self }
    }
}

/// What equal components share: all of an automaton but its name and whom its roles mean.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// At most 128 states; the first is the initial one.
    pub states: Vec<State>,
    /// Its clocks.
    pub timers: Vec<Timer>,
    /// In order of precedence.
    pub transitions: Vec<Transition>,
    /// What it publishes.
    pub facts: Vec<(String, Expr)>,
}

/// A component's health, or a template of it: clone, rename and bind. Clones share their [`Shape`] until one of
/// them is changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Automaton {
    /// The component's name.
    pub name: String,
    /// The name its draws are keyed by; the component's own unless it was renamed and keeps them.
    pub stream: Option<String>,
    /// Which components each role means.
    pub roles: Vec<(Cow<'static, str>, Vec<String>)>,
    /// Its states, timers, transitions and facts.
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
    /// An automaton with these states, in the first of them.
    #[must_use]
    pub fn new(name: &str, states: Vec<State>) -> Self {
        Self::shaped(name.into(), Arc::new(Shape { states, ..Shape::default() }))
    }

    /// An automaton of a given shape.
    #[must_use]
    pub fn shaped(name: String, shape: Arc<Shape>) -> Self {
        Self { name, stream: None, roles: Vec::new(), shape }
    }

    /// The same under another name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: name.into(), ..self }
    }

    /// The same with `role` meaning `components`.
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

/// People or spares shared by those who need repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crew {
    /// Its name.
    pub name: String,
    /// How many it can serve at once.
    pub hands: u32,
}

/// Which automata the reader of a net may [`force`](super::kernel::Kernel::force). Any other that nothing takes
/// out of its first state stays there, and conditions about it are constants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Forced {
    /// Any.
    #[default]
    Any,
    /// Those of these names.
    Only(Vec<String>),
}

/// Everything the kernel and its enumerator read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Declaration {
    /// The components. Names are unique, and the order of names is the order of cascades at one
    /// instant; the order in this list means nothing.
    pub automata: Vec<Automaton>,
    /// The crews.
    pub crews: Vec<Crew>,
    /// Facts of the whole, which observers watch: `system-down`, "the shop serves".
    pub facts: Vec<(String, Expr)>,
    /// Causes that only a forced transition has: a drill, a mistake of an operator.
    pub forced_causes: Vec<String>,
    /// Which automata the reader may move from outside.
    pub forced: Forced,
    /// The reader asks for facts of the whole alone: what a component publishes is read where a condition asks for it.
    pub whole_facts_alone: bool,
}

impl Declaration {
    /// Nothing.
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

    /// Adds a fact of the whole.
    pub fn fact(&mut self, name: &str, when: Expr) -> &mut Self {
        self.facts.push((name.into(), when));
        self
    }

    /// Adds a joint transition: an event of the group `name`, after `timer`, that makes all
    /// `moves` at once. Its draws belong to the group, also when the group has one member, so a
    /// single and a pair see the same events.
    pub fn joint(&mut self, name: &str, timer: Timer, moves: Vec<Move>) -> &mut Self {
        let mut event = Transition::on(&timer.name, &["armed"], "armed").opens(Opens::Always);
        event.branches[0].also = moves;
        let armed = State::serving("armed");
        self.add(Automaton::new(name, vec![armed]).timer(timer).transition(event))
    }

    /// The automaton of this name.
    #[must_use]
    pub fn automaton(&self, name: &str) -> Option<&Automaton> {
        self.automata.iter().find(|automaton| automaton.name == name)
    }

    /// The same without the timer that opens the cause `component/timer`: what would have been
    /// without this fault. Whether there was one.
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
