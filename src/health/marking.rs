//! The state of every automaton, and the cascade that follows a change.
//!
//! The order of a cascade is fixed. The automaton that moved first evaluates its own conditions. Then every automaton
//! with a changed condition does so, first come first served; those that read one node, in the order of names. An
//! automaton takes the first transition in declaration order whose condition holds, and evaluates again. When no
//! condition is left to evaluate, the timers of all touched automata start, stop or change rate, in the order in which
//! the automata were touched. Requests for a crew are made in that order. A state that begins and ends within one
//! instant affects no timer, unless it left the states of the timer, and no observer of facts.
//!
//! The same code serves the kernel, which samples, and the enumerator, which tries every branch. They differ
//! in their [`Driver`].
//!
//! Holds: a cascade that does not end is the error [`NoProgress`]. Causes: an onset opens one. A transition
//! that waited for a condition inherits the causes that explain the condition. The oldest is the first cause,
//! the others contribute. At most [`CAUSES_MAX`] causes are kept per component, the oldest ones.

use std::collections::VecDeque;

use crate::convert::table;
use crate::engine::lane::{Lane, NoProgress};
use crate::units::SimTime;

use super::declare::{Fate, Opens};
use super::net::{
    AutomatonId, BranchNet, CauseId, CrewId, FactId, Net, Node, Ref, StateId, TransitionNet,
    bit_of, slice,
};

/// Number of causes kept per component.
pub const CAUSES_MAX: usize = 4;

/// One occurrence of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cause {
    /// The cause.
    pub id: CauseId,
    /// Ordinal among all occurrences of causes: an older one is smaller.
    pub order: u64,
}

const NO_CAUSE: Cause = Cause { id: CauseId::UNEXPLAINED, order: 0 };

/// The causes of one automaton's state, oldest first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Causes {
    items: [Cause; CAUSES_MAX],
    len: u8,
}

impl Causes {
    const NONE: Self = Self { items: [NO_CAUSE; CAUSES_MAX], len: 0 };

    pub fn as_slice(&self) -> &[Cause] {
        &self.items[..self.len as usize]
    }

    #[inline]
    fn clear(&mut self) {
        self.len = 0;
    }

    /// Inserts a cause in the order of age, once. If there are [`CAUSES_MAX`] already, the youngest is
    /// dropped.
    pub fn add(&mut self, cause: Cause) {
        let at = self.as_slice().partition_point(|held| held.order < cause.order);
        let len = self.len as usize;
        if at == CAUSES_MAX || self.as_slice().get(at) == Some(&cause) {
            return;
        }
        let moved = len.min(CAUSES_MAX - 1);
        self.items.copy_within(at..moved, at + 1);
        self.items[at] = cause;
        self.len = table::u8(moved + 1);
    }
}

/// One change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Instant of the move.
    pub at: SimTime,
    /// The automaton that moved.
    pub automaton: AutomatonId,
    /// State left.
    pub from: StateId,
    /// State entered.
    pub to: StateId,
    /// First cause of the state entered or, for a repair, of the state that ends.
    pub cause: CauseId,
}

/// The operations in which sampling and enumerating differ.
pub(super) trait Driver {
    /// Returns the index of the branch taken.
    fn choose(&mut self, choice: u32, branches: &[BranchNet]) -> usize;
    /// Drops the age of `timer`. With `repeat` the next start has the same length.
    fn forget(&mut self, timer: u32, repeat: bool);
    /// Sets the rate at which `timer` ages from now on; at 0 it is stalled.
    fn set_rate(&mut self, timer: u32, rate: f64);
    /// All timers of `automaton` are up to date.
    fn refreshed(&mut self, automaton: u32);
    /// An automaton changed its state.
    fn moved(&mut self, moved: &Moved);
    /// A hand of `crew` was granted to a timer that asked at `since`.
    fn granted(&mut self, crew: CrewId, since: SimTime);
    /// The numbers of busy hands and of waiting timers may have changed.
    fn crew(&mut self, crew: CrewId, busy: u32, waiting: usize);
}

/// Relation of a timer to the hand it needs.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub(super) enum Hand {
    None,
    Waiting,
    Holding,
}

/// State of a crew.
#[derive(Clone, Debug)]
pub(super) struct CrewState {
    pub free: u32,
    /// Waiting timers, each with the instant at which it asked.
    pub queue: VecDeque<(u32, SimTime)>,
}

/// The state of a net without the ages of timers.
#[derive(Clone, Debug)]
pub(super) struct Marking {
    pub state: Vec<StateId>,
    /// Per node: number of inputs that hold.
    pub count: Vec<i32>,
    ill: Ill,
    pub causes: Vec<Causes>,
    pub crews: Vec<CrewState>,
    /// Per timer.
    pub hands: Vec<Hand>,
    /// Number of occurrences of causes so far.
    pub order: u64,
    /// Value of each system-level fact at the end of the last cascade.
    pub shown: Vec<bool>,
    /// System-level facts that the last cascade changed.
    pub changed: Vec<(FactId, bool)>,
    lane: Lane<u32>,
    /// Per automaton: [`QUEUED`] in the lane, [`TOUCHED`] in `touched`.
    marks: Vec<u8>,
    touched: Vec<u32>,
    flipped: Vec<FactId>,
    spreading: Vec<(u32, bool)>,
    explanation: Explanation,
}

/// Failed automata, counted by their bits ([`bit_of`]).
#[derive(Clone, Debug)]
struct Ill {
    bits: u64,
    counts: [u32; 64],
}

impl Default for Ill {
    fn default() -> Self {
        Self { bits: 0, counts: [0; 64] }
    }
}

impl Ill {
    fn add(&mut self, automaton: u32) {
        let bit = bit_of(automaton);
        self.counts[bit.trailing_zeros() as usize] += 1;
        self.bits |= bit;
    }

    fn remove(&mut self, automaton: u32) {
        let bit = bit_of(automaton);
        let count = &mut self.counts[bit.trailing_zeros() as usize];
        *count -= 1;
        if *count == 0 {
            self.bits &= !bit;
        }
    }
}

const QUEUED: u8 = 1;
const TOUCHED: u8 = 2;

impl Marking {
    /// Returns the marking with the given states, no crew in use, and all automata queued to evaluate their
    /// conditions.
    pub fn new(net: &Net, states: Vec<StateId>) -> Self {
        let whole = net.facts.iter().take_while(|fact| fact.owner.is_none()).count();
        let mut marking = Self {
            state: states,
            count: vec![0; net.nodes.len()],
            ill: Ill::default(),
            causes: vec![Causes::NONE; net.programs.len()],
            crews: Vec::new(),
            hands: vec![Hand::None; net.timers.len()],
            order: 0,
            shown: vec![false; whole],
            changed: Vec::new(),
            lane: Lane::new(),
            marks: vec![0; net.programs.len()],
            touched: Vec::new(),
            flipped: Vec::new(),
            spreading: Vec::new(),
            explanation: Explanation::default(),
        };
        for crew in &net.crews {
            marking.crews.push(CrewState { free: crew.hands, queue: VecDeque::new() });
        }
        marking.evaluate(net);
        for automaton in 0..table::u32(net.programs.len()) {
            marking.enqueue(automaton);
        }
        marking
    }

    /// Computes all nodes from the states. Inputs have smaller numbers than the gates they feed.
    pub fn evaluate(&mut self, net: &Net) {
        for (at, node) in net.nodes.iter().enumerate() {
            self.count[at] = match node {
                Node::Literal { automaton, states } => {
                    i32::from(self.state[*automaton as usize].bit() & states != 0)
                }
                Node::Gate { inputs, .. } => {
                    inputs.iter().map(|input| i32::from(self.holds(net, *input))).sum()
                }
            };
        }
        self.ill = Ill::default();
        for (index, (program, state)) in net.programs.iter().zip(&self.state).enumerate() {
            if program.sound & state.bit() == 0 {
                self.ill.add(table::u32(index));
            }
        }
        for (at, shown) in self.shown.iter_mut().enumerate() {
            let value = net.facts[at].value;
            let node = value.node as usize;
            *shown = (self.count[node] >= net.links[node].need) != value.inverted;
        }
    }

    /// Discards all pending work of a cascade.
    pub fn rest(&mut self) {
        self.lane.reset(SimTime::ZERO);
        self.marks.fill(0);
        self.touched.clear();
        self.flipped.clear();
    }

    /// Returns whether a condition holds.
    #[inline]
    pub fn holds(&self, net: &Net, condition: Ref) -> bool {
        let node = condition.node as usize;
        (self.count[node] >= net.links[node].need) != condition.inverted
    }

    /// Counts an event of the calendar at `at`.
    ///
    /// # Errors
    ///
    /// [`NoProgress`] when there are too many events at one instant.
    pub fn enter(&mut self, at: SimTime) -> Result<(), NoProgress> {
        self.lane.enter(at)
    }

    /// Fires `timer`: takes the first transition whose condition holds. If none does, the timer starts anew.
    pub fn fire_timer(&mut self, net: &Net, at: SimTime, timer: u32, driver: &mut impl Driver) {
        let automaton = net.timers[timer as usize].automaton;
        self.release(net, timer, driver);
        driver.forget(timer, false);
        self.enqueue(automaton);
        let here = self.state[automaton as usize].bit();
        for number in net.on_timer.range(timer) {
            let number = *net.on_timer.item(number);
            let transition = &net.transitions[number as usize];
            if transition.from & here != 0
                && transition.given.is_none_or(|given| self.holds(net, given))
            {
                self.fire(net, at, transition, driver);
                return;
            }
        }
    }

    /// Moves `automaton` to state `to` from outside, for `cause`.
    pub fn force(
        &mut self,
        net: &Net,
        at: SimTime,
        automaton: u32,
        to: StateId,
        cause: CauseId,
        driver: &mut impl Driver,
    ) {
        let cause = self.occurrence(cause);
        self.become_cause(net, automaton, &[cause]);
        self.move_to(net, at, automaton, to, driver);
    }

    /// Runs the cascade to its end.
    ///
    /// # Errors
    ///
    /// [`NoProgress`] when it does not end.
    #[inline]
    pub fn settle(
        &mut self,
        net: &Net,
        at: SimTime,
        driver: &mut impl Driver,
    ) -> Result<(), NoProgress> {
        while let Some(automaton) = self.lane.pop()? {
            let index = automaton as usize;
            if self.marks[index] & TOUCHED == 0 {
                self.touched.push(automaton);
            }
            self.marks[index] = TOUCHED;
            if net.programs[index].impatient & self.state[index].bit() != 0 {
                self.look(net, at, automaton, driver);
            }
        }
        let mut next = 0;
        while let Some(&automaton) = self.touched.get(next) {
            self.refresh(net, at, automaton, driver);
            next += 1;
        }
        for automaton in self.touched.drain(..) {
            self.marks[automaton as usize] = 0;
        }
        self.changed.clear();
        for fact in self.flipped.drain(..) {
            let value = net.facts[fact.index()].value;
            let node = value.node as usize;
            let value = (self.count[node] >= net.links[node].need) != value.inverted;
            if self.shown[fact.index()] != value {
                self.shown[fact.index()] = value;
                self.changed.push((fact, value));
            }
        }
        Ok(())
    }

    /// Takes the first transition of `automaton` whose condition holds.
    fn look(&mut self, net: &Net, at: SimTime, automaton: u32, driver: &mut impl Driver) {
        let here = self.state[automaton as usize].bit();
        for number in net.on_condition.range(automaton) {
            let number = *net.on_condition.item(number);
            let transition = &net.transitions[number as usize];
            if transition.from & here != 0
                && transition.when.is_some_and(|when| self.holds(net, when))
                && transition.given.is_none_or(|given| self.holds(net, given))
            {
                self.enqueue(automaton);
                self.fire(net, at, transition, driver);
                return;
            }
        }
    }

    fn fire(
        &mut self,
        net: &Net,
        at: SimTime,
        transition: &TransitionNet,
        driver: &mut impl Driver,
    ) {
        let branches = net.branches_of(transition);
        let branch = match transition.choice {
            Some(choice) => &branches[driver.choose(choice, branches)],
            None => &branches[0],
        };
        let automaton = transition.automaton;
        let index = automaton as usize;
        let sound = net.programs[index].sound;
        let was_sound = sound & self.state[index].bit() != 0;
        if was_sound {
            self.causes[index].clear();
        }
        let opens = match transition.opens {
            Opens::Always => true,
            Opens::Never => false,
            Opens::ByStates => {
                transition.when.is_none() && was_sound && sound & branch.to.bit() == 0
            }
        };
        if opens {
            let cause = self.occurrence(transition.cause);
            self.causes[index].add(cause);
        } else if let Some(when) = transition.when {
            let mut explanation = std::mem::take(&mut self.explanation);
            self.explain(net, when, &mut explanation);
            for cause in &explanation.causes {
                self.causes[index].add(*cause);
            }
            self.explanation = explanation;
        }
        if let Some(label) = branch.adds {
            let cause = self.occurrence(label);
            self.causes[index].add(cause);
        }
        self.move_to(net, at, automaton, branch.to, driver);
        for other in net.moves_of(branch) {
            if other.from & self.state[other.automaton as usize].bit() != 0 {
                let causes = self.causes[index];
                self.become_cause(net, other.automaton, causes.as_slice());
                self.move_to(net, at, other.automaton, other.to, driver);
            }
        }
    }

    /// Gives `automaton` these causes. They replace its own if it is healthy, else they are added.
    fn become_cause(&mut self, net: &Net, automaton: u32, causes: &[Cause]) {
        let index = automaton as usize;
        if net.programs[index].sound & self.state[index].bit() != 0 {
            self.causes[index].clear();
        }
        for cause in causes {
            self.causes[index].add(*cause);
        }
    }

    /// Replaces the causes of the automaton with this index.
    pub fn set_causes(&mut self, index: usize, causes: &[Cause]) {
        self.causes[index].clear();
        for cause in causes {
            self.causes[index].add(*cause);
        }
    }

    /// Opens the next occurrence of a cause.
    pub fn occurrence(&mut self, id: CauseId) -> Cause {
        self.order += 1;
        Cause { id, order: self.order }
    }

    #[inline]
    fn move_to(
        &mut self,
        net: &Net,
        at: SimTime,
        automaton: u32,
        to: StateId,
        driver: &mut impl Driver,
    ) {
        let index = automaton as usize;
        let from = self.state[index];
        self.enqueue(automaton);
        self.state[index] = to;
        let sound = net.programs[index].sound;
        match (sound & from.bit() != 0, sound & to.bit() != 0) {
            (true, false) => self.ill.add(automaton),
            (false, true) => self.ill.remove(automaton),
            _ => {}
        }
        for timer in net.programs[index].timers.clone() {
            let wants = &net.timers[timer as usize];
            if wants.wanted & from.bit() != 0 && wants.wanted & to.bit() == 0 {
                self.release(net, timer, driver);
                match wants.fate {
                    Fate::Freeze => {}
                    Fate::Resume => driver.forget(timer, false),
                    Fate::Restart { redraw } => driver.forget(timer, !redraw),
                }
            }
        }
        for &(node, states) in net.literals.row(automaton) {
            let is = states & to.bit() != 0;
            if (states & from.bit() != 0) != is {
                self.count[node as usize] = i32::from(is);
                self.spread(net, node, is);
            }
        }
        let cause = self.causes[index].as_slice().first().copied().unwrap_or(NO_CAUSE).id;
        driver.moved(&Moved { at, automaton: AutomatonId(automaton), from, to, cause });
    }

    /// Propagates the new `value` of `node` to all gates, automata and facts that read it.
    #[inline]
    fn spread(&mut self, net: &Net, node: u32, value: bool) {
        self.spreading.push((node, value));
        while let Some((node, value)) = self.spreading.pop() {
            let links = &net.links[node as usize];
            for &watcher in slice(&net.watchers, links.watchers) {
                self.enqueue(watcher);
            }
            self.flipped.extend_from_slice(slice(&net.observed, links.observed));
            for edge in slice(&net.edges, links.edges) {
                let gate = edge.gate as usize;
                let before = self.count[gate];
                let after = if value == edge.inverted { before - 1 } else { before + 1 };
                self.count[gate] = after;
                let need = net.links[gate].need;
                if (before >= need) != (after >= need) {
                    self.spreading.push((edge.gate, after >= need));
                }
            }
        }
    }

    #[inline]
    pub fn enqueue(&mut self, automaton: u32) {
        let mark = &mut self.marks[automaton as usize];
        if *mark & QUEUED == 0 {
            *mark |= QUEUED;
            self.lane.push(automaton);
        }
    }

    /// Starts, stops and sets the rates of the timers of `automaton`.
    #[inline]
    pub fn refresh(&mut self, net: &Net, at: SimTime, automaton: u32, driver: &mut impl Driver) {
        let index = automaton as usize;
        let here = self.state[index].bit();
        for number in net.programs[index].timers.clone() {
            let timer = &net.timers[number as usize];
            if timer.wanted & here == 0 {
                driver.set_rate(number, 0.0);
                continue;
            }
            let granted = match timer.crew {
                None => true,
                Some(crew) => self.request(net, at, number, crew, driver),
            };
            let guarded = timer.guard.is_none_or(|guard| self.holds(net, guard));
            if !guarded && let Fate::Restart { redraw } = timer.fate {
                driver.forget(number, !redraw);
            }
            let rate = match (granted && guarded, timer.paced) {
                (false, _) => 0.0,
                (true, false) => 1.0,
                (true, true) => {
                    let mut rates = net.timer_texts[number as usize].rates.iter();
                    let factor = rates.find(|(when, _)| self.holds(net, *when));
                    factor.map_or(1.0, |(_, factor)| *factor)
                }
            };
            driver.set_rate(number, rate);
        }
        driver.refreshed(automaton);
    }

    /// Asks for a hand of `crew`, once. Returns whether the timer holds one.
    fn request(
        &mut self,
        net: &Net,
        at: SimTime,
        timer: u32,
        crew: u32,
        driver: &mut impl Driver,
    ) -> bool {
        if self.hands[timer as usize] == Hand::None {
            let state = &mut self.crews[crew as usize];
            if state.free > 0 {
                state.free -= 1;
                self.hands[timer as usize] = Hand::Holding;
                driver.granted(CrewId(crew), at);
            } else {
                state.queue.push_back((timer, at));
                self.hands[timer as usize] = Hand::Waiting;
            }
            self.tell_crew(net, crew, driver);
        }
        self.hands[timer as usize] == Hand::Holding
    }

    /// Returns the hand of `timer`, if it holds one, to the first timer in the queue, or takes `timer` out of
    /// the queue.
    fn release(&mut self, net: &Net, timer: u32, driver: &mut impl Driver) {
        let Some(crew) = net.timers[timer as usize].crew else { return };
        let hand = std::mem::replace(&mut self.hands[timer as usize], Hand::None);
        if hand == Hand::None {
            return;
        }
        let state = &mut self.crews[crew as usize];
        if hand == Hand::Waiting {
            state.queue.retain(|(waiting, _)| *waiting != timer);
        } else if let Some((next, since)) = state.queue.pop_front() {
            self.hands[next as usize] = Hand::Holding;
            self.enqueue(net.timers[next as usize].automaton);
            driver.granted(CrewId(crew), since);
        } else {
            state.free += 1;
        }
        self.tell_crew(net, crew, driver);
    }

    fn tell_crew(&self, net: &Net, crew: u32, driver: &mut impl Driver) {
        let state = &self.crews[crew as usize];
        let busy = net.crews[crew as usize].hands - state.free;
        driver.crew(CrewId(crew), busy, state.queue.len());
    }

    /// Collects the causes that explain the value of `condition`. It follows the inputs that agree with the
    /// value, down to the failed automata.
    pub fn explain(&self, net: &Net, condition: Ref, into: &mut Explanation) {
        into.causes.clear();
        into.seen.resize(net.nodes.len(), false);
        into.open.push(condition.node);
        while let Some(node) = into.open.pop() {
            if std::mem::replace(&mut into.seen[node as usize], true) {
                continue;
            }
            into.visited.push(node);
            match &net.nodes[node as usize] {
                Node::Literal { automaton, .. } => {
                    let index = *automaton as usize;
                    if net.programs[index].sound & self.state[index].bit() == 0 {
                        into.causes.extend_from_slice(self.causes[index].as_slice());
                    }
                }
                Node::Gate { inputs, .. } => {
                    let value = self.holds(net, Ref { node, inverted: false });
                    // An input with no failed automaton below it has no cause.
                    let ill =
                        |input: &&Ref| net.links[input.node as usize].below & self.ill.bits != 0;
                    let agrees = |input: &&Ref| self.holds(net, **input) == value;
                    let agree = inputs.iter().filter(ill).filter(agrees);
                    into.open.extend(agree.map(|input| input.node));
                }
            }
        }
        for node in into.visited.drain(..) {
            into.seen[node as usize] = false;
        }
        into.causes.sort_unstable_by_key(|cause| cause.order);
        into.causes.dedup();
    }
}

/// Causes that explain a condition, oldest first, with scratch memory for the search.
#[derive(Clone, Debug, Default)]
pub struct Explanation {
    /// The causes, oldest first.
    pub causes: Vec<Cause>,
    open: Vec<u32>,
    seen: Vec<bool>,
    visited: Vec<u32>,
}
