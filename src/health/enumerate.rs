//! Enumerates every state that a declaration can reach, and solves the chain exactly.
//!
//! Model: with exponential lengths the automata and the queues of the crews are a Markov chain. Its states
//! are found by firing every running timer of every state found, with every outcome of every branch, through
//! the cascade of the kernel. A state that begins and ends within an instant is therefore no state of the
//! chain. The rate of a timer is the rate of its law times its rate of ageing.
//!
//! Components that can be swapped without changing the declaration are lumped. A state then keeps how many of
//! them are in each state, and in which order they wait for a crew. The compiled conditions prove that they
//! can be swapped. Each state is checked for a cascade whose order distinguishes them; if there is one,
//! nothing is lumped.
//!
//! Takes a [`Net`] whose lengths are all exponential. Any other is refused with the names of the offending
//! timers; [`Laws::Exponential`](super::Laws) replaces their laws deliberately. Clocks and mechanisms are
//! refused.
//! Leaves out: truncation and bounds; a declaration with more states than the limit is refused.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::fmt;

use crate::convert::table;
use crate::units::SimTime;

use super::gth::{self, NotErgodic};
use super::kernel::View;
use super::marking::{CrewState, Driver, Hand, Marking, Moved};
use super::net::{BranchNet, CrewId, Net, StateId};
use super::symmetry;

/// Reason why a declaration has no chain, or a chain no steady state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnumerateError {
    /// These timers, `component/timer`, are not exponential.
    NotExponential(Vec<String>),
    /// More states than the limit.
    TooMany(usize),
    /// A cascade does not end.
    NoProgress,
    /// Several classes of states are never left, so the steady state depends on the path taken.
    NotErgodic,
}

impl fmt::Display for EnumerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotExponential(timers) => {
                write!(f, "not exponential: {}", timers.join(", "))
            }
            Self::TooMany(limit) => write!(f, "more than {limit} states"),
            Self::NoProgress => f.write_str("conditions lead in a circle"),
            Self::NotErgodic => f.write_str("there is no one steady state"),
        }
    }
}

impl Error for EnumerateError {}

impl From<NotErgodic> for EnumerateError {
    fn from(_: NotErgodic) -> Self {
        Self::NotErgodic
    }
}

/// A state of the chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ChainState {
    automata: Vec<StateId>,
    /// Per timer.
    hands: Vec<Hand>,
    /// Per crew: the waiting timers, in order.
    queues: Vec<Vec<u32>>,
}

/// The Markov chain of a declaration.
#[derive(Clone, Debug)]
pub struct Chain<'n> {
    net: &'n Net,
    states: Vec<ChainState>,
    rows: Vec<Vec<(u32, f64)>>,
    initial: Vec<f64>,
    lumped: Vec<bool>,
}

/// Marker: the order of cascades distinguished swapped components.
struct ToldApart;

impl<'n> Chain<'n> {
    /// Enumerates all states that `net` can reach from its start, if there are at most `limit`.
    ///
    /// # Errors
    ///
    /// [`EnumerateError::NotExponential`], [`EnumerateError::TooMany`],
    /// [`EnumerateError::NoProgress`].
    pub fn enumerate(net: &'n Net, limit: usize) -> Result<Self, EnumerateError> {
        let offending: Vec<String> = net.not_exponential().collect();
        if !offending.is_empty() {
            return Err(EnumerateError::NotExponential(offending));
        }
        let classes = symmetry::classes(net);
        match Self::explore(net, limit, &classes)? {
            Ok(chain) => Ok(chain),
            Err(ToldApart) => match Self::explore(net, limit, &[])? {
                Ok(chain) => Ok(chain),
                Err(ToldApart) => unreachable!("nothing is swapped, so nothing is told apart"),
            },
        }
    }

    fn explore(
        net: &'n Net,
        limit: usize,
        classes: &[Vec<u32>],
    ) -> Result<Result<Self, ToldApart>, EnumerateError> {
        let mut explorer = Explorer::new(net, classes);
        let mut chain = Self {
            net,
            states: Vec::new(),
            rows: Vec::new(),
            initial: Vec::new(),
            lumped: vec![false; net.programs.len()],
        };
        for member in classes.iter().flatten() {
            chain.lumped[*member as usize] = true;
        }
        let mut numbers = BTreeMap::new();
        for (state, probability) in explorer.start()? {
            numbers.insert(state.clone(), table::u32(chain.states.len()));
            chain.states.push(state);
            chain.initial.push(probability);
        }
        while chain.rows.len() < chain.states.len() {
            let state = chain.states[chain.rows.len()].clone();
            let successors = explorer.successors(&state)?;
            if !classes.is_empty() {
                let mirrored = explorer.successors(&mirror(net, classes, &state))?;
                if !same(&successors, &mirrored) {
                    return Ok(Err(ToldApart));
                }
            }
            let mut row = Vec::with_capacity(successors.len());
            for (to, rate) in successors {
                let next = table::u32(chain.states.len());
                let number = *numbers.entry(to.clone()).or_insert(next);
                if number == next {
                    if chain.states.len() >= limit {
                        return Err(EnumerateError::TooMany(limit));
                    }
                    chain.states.push(to);
                }
                row.push((number, rate));
            }
            chain.rows.push(row);
        }
        chain.initial.resize(chain.states.len(), 0.0);
        Ok(Ok(chain))
    }

    /// Number of states.
    #[must_use]
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Returns the steady state: the probability of each state of the chain.
    ///
    /// # Errors
    ///
    /// [`EnumerateError::NotErgodic`].
    pub fn stationary(&self) -> Result<Vec<f64>, EnumerateError> {
        Ok(gth::stationary(&self.rows)?)
    }

    /// Returns the probabilities `seconds` after the start, and their time averages until then.
    #[must_use]
    pub fn transient(&self, seconds: f64) -> (Vec<f64>, Vec<f64>) {
        gth::transient(&self.rows, &self.initial, seconds)
    }

    /// Expected value of `value` under `probabilities`.
    pub fn expect(&self, probabilities: &[f64], value: impl Fn(View<'_>) -> f64) -> f64 {
        let values = self.values(value);
        probabilities.iter().zip(values).map(|(p, value)| p * value).sum()
    }

    /// Frequency per second at which the chain, under `probabilities`, leaves the states where `up` holds.
    pub fn frequency_of_leaving(
        &self,
        probabilities: &[f64],
        up: impl Fn(View<'_>) -> bool,
    ) -> f64 {
        let up = self.flags(up);
        let mut sum = 0.0;
        for (from, row) in self.rows.iter().enumerate().filter(|(from, _)| up[*from]) {
            for (to, rate) in row {
                if !up[*to as usize] {
                    sum += probabilities[from] * rate;
                }
            }
        }
        sum
    }

    /// Returns the mean time in seconds from the start until `up` no longer holds. Infinite if that may never
    /// happen.
    pub fn mean_time_to_leave(&self, up: impl Fn(View<'_>) -> bool) -> f64 {
        let targets: Vec<bool> = self.flags(up).into_iter().map(|up| !up).collect();
        let starts = self.initial.iter().enumerate().filter(|(_, p)| **p > 0.0);
        starts.map(|(at, p)| p * gth::mean_first_passage(&self.rows, &targets, at)).sum()
    }

    /// Probability that `up` holds without interruption for `seconds` from the start.
    pub fn survival(&self, seconds: f64, up: impl Fn(View<'_>) -> bool) -> f64 {
        let up = self.flags(up);
        let mut rows = self.rows.clone();
        for (row, up) in rows.iter_mut().zip(&up) {
            if !up {
                row.clear();
            }
        }
        let (now, _) = gth::transient(&rows, &self.initial, seconds);
        now.iter().zip(&up).filter(|(_, up)| **up).map(|(p, _)| p).sum()
    }

    fn values<T>(&self, value: impl Fn(View<'_>) -> T) -> Vec<T> {
        let mut marking = Marking::new(self.net, vec![StateId(0); self.net.programs.len()]);
        let mut values = Vec::with_capacity(self.states.len());
        for state in &self.states {
            load(self.net, &mut marking, state);
            values.push(value(View { net: self.net, marking: &marking }));
        }
        values
    }

    fn flags(&self, flag: impl Fn(View<'_>) -> bool) -> Vec<bool> {
        self.values(flag)
    }
}

/// One path through the branches of a cascade.
#[derive(Default)]
struct Path {
    /// Per branching met: the branch taken, and the probabilities of all its branches.
    steps: Vec<(usize, Vec<f64>)>,
    met: usize,
    rates: Vec<f64>,
}

impl Path {
    /// Returns to the start of the cascade.
    fn rewind(&mut self) {
        self.met = 0;
    }

    fn probability(&self) -> f64 {
        self.steps.iter().map(|(taken, probabilities)| probabilities[*taken]).product()
    }

    /// Selects the next path that was not taken yet. Returns whether there is one.
    fn advance(&mut self) -> bool {
        while let Some((taken, probabilities)) = self.steps.last_mut() {
            let next = (*taken + 1..probabilities.len()).find(|at| probabilities[*at] > 0.0);
            if let Some(next) = next {
                *taken = next;
                return true;
            }
            self.steps.pop();
        }
        false
    }
}

impl Driver for Path {
    fn choose(&mut self, _choice: u32, branches: &[BranchNet]) -> usize {
        if self.met == self.steps.len() {
            let probabilities: Vec<f64> =
                branches.iter().map(|branch| branch.probability).collect();
            let first = probabilities.iter().position(|p| *p > 0.0);
            self.steps.push((first.expect("probabilities sum to 1"), probabilities));
        }
        self.met += 1;
        self.steps[self.met - 1].0
    }

    fn forget(&mut self, timer: u32, _repeat: bool) {
        self.rates[timer as usize] = 0.0;
    }

    fn set_rate(&mut self, timer: u32, rate: f64) {
        self.rates[timer as usize] = rate;
    }

    fn refreshed(&mut self, _automaton: u32) {}
    fn moved(&mut self, _moved: &Moved) {}
    fn granted(&mut self, _crew: CrewId, _since: SimTime) {}
    fn crew(&mut self, _crew: CrewId, _busy: u32, _waiting: usize) {}
}

struct Explorer<'n, 'c> {
    net: &'n Net,
    classes: &'c [Vec<u32>],
    marking: Marking,
    path: Path,
}

impl<'n, 'c> Explorer<'n, 'c> {
    fn new(net: &'n Net, classes: &'c [Vec<u32>]) -> Self {
        let marking = Marking::new(net, vec![StateId(0); net.programs.len()]);
        let path = Path { rates: vec![0.0; net.timers.len()], ..Path::default() };
        Self { net, classes, marking, path }
    }

    /// Returns the possible states after the first instant, with probabilities.
    fn start(&mut self) -> Result<BTreeMap<ChainState, f64>, EnumerateError> {
        let mut found = BTreeMap::new();
        loop {
            self.marking = Marking::new(self.net, vec![StateId(0); self.net.programs.len()]);
            self.finish(&mut found, 1.0)?;
            if !self.path.advance() {
                return Ok(found);
            }
        }
    }

    /// Returns the successors of `state`, with rates per second.
    fn successors(
        &mut self,
        state: &ChainState,
    ) -> Result<BTreeMap<ChainState, f64>, EnumerateError> {
        let net = self.net;
        load(net, &mut self.marking, state);
        self.path.rates.fill(0.0);
        for automaton in 0..table::u32(net.programs.len()) {
            self.marking.refresh(net, SimTime::ZERO, automaton, &mut self.path);
        }
        let rates = self.path.rates.clone();
        let mut found = BTreeMap::new();
        for (timer, speed) in rates.iter().enumerate().filter(|(_, speed)| **speed > 0.0) {
            let rate = net.rate(&net.timers[timer]).expect("lengths were checked") * speed;
            self.path.steps.clear();
            loop {
                load(net, &mut self.marking, state);
                self.path.rewind();
                self.marking.fire_timer(net, SimTime::ZERO, table::u32(timer), &mut self.path);
                self.finish(&mut found, rate)?;
                if !self.path.advance() {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Ends the cascade and adds `weight` times the probability of the path.
    fn finish(
        &mut self,
        found: &mut BTreeMap<ChainState, f64>,
        weight: f64,
    ) -> Result<(), EnumerateError> {
        let settled = self.marking.settle(self.net, SimTime::ZERO, &mut self.path);
        settled.map_err(|_| EnumerateError::NoProgress)?;
        self.path.rewind();
        let state = save(self.net, self.classes, &self.marking);
        *found.entry(state).or_insert(0.0) += weight * self.path.probability();
        Ok(())
    }
}

/// Puts `marking` into `state`, with no pending work.
fn load(net: &Net, marking: &mut Marking, state: &ChainState) {
    marking.state.clone_from(&state.automata);
    marking.hands.clone_from(&state.hands);
    for (at, queue) in state.queues.iter().enumerate() {
        let holds =
            net.timers.iter().zip(&state.hands).filter(|(timer, hand)| {
                timer.crew == Some(table::u32(at)) && **hand == Hand::Holding
            });
        let free = net.crews[at].hands - table::u32(holds.count());
        let queue: VecDeque<_> = queue.iter().map(|timer| (*timer, SimTime::ZERO)).collect();
        marking.crews[at] = CrewState { free, queue };
    }
    marking.evaluate(net);
    marking.rest();
}

/// Returns the state of `marking`, with swappable components sorted by their standing.
fn save(net: &Net, classes: &[Vec<u32>], marking: &Marking) -> ChainState {
    let queues = marking.crews.iter().map(|crew| crew.queue.iter().map(|(t, _)| *t).collect());
    let state = ChainState {
        automata: marking.state.clone(),
        hands: marking.hands.clone(),
        queues: queues.collect(),
    };
    rearrange(net, classes, &state, |standings| standings.sort())
}

/// Returns the state with the members of each class in reverse order.
fn mirror(net: &Net, classes: &[Vec<u32>], state: &ChainState) -> ChainState {
    rearrange(net, classes, state, |standings| standings.reverse())
}

/// Standing of one component: its state and, per timer, its hand and its place in the queue.
type Standing = (StateId, Vec<(Hand, usize)>);

fn rearrange(
    net: &Net,
    classes: &[Vec<u32>],
    state: &ChainState,
    order: impl Fn(&mut Vec<Standing>),
) -> ChainState {
    let mut result = state.clone();
    for class in classes {
        let mut standings: Vec<Standing> = Vec::with_capacity(class.len());
        for member in class {
            let timers = net.programs[*member as usize].timers.clone();
            let hands = timers.map(|timer| {
                let place = |crew: u32| {
                    state.queues[crew as usize].iter().position(|waiting| *waiting == timer)
                };
                let place = net.timers[timer as usize].crew.and_then(place);
                (state.hands[timer as usize], place.map_or(0, |place| place + 1))
            });
            standings.push((state.automata[*member as usize], hands.collect()));
        }
        order(&mut standings);
        for (member, (automaton, hands)) in class.iter().zip(standings) {
            result.automata[*member as usize] = automaton;
            let timers = net.programs[*member as usize].timers.clone();
            for (timer, (hand, place)) in timers.zip(hands) {
                result.hands[timer as usize] = hand;
                if let (Some(crew), true) = (net.timers[timer as usize].crew, place > 0) {
                    result.queues[crew as usize][place - 1] = timer;
                }
            }
        }
    }
    result
}

/// Returns whether the two are equal up to the order of summation (relative difference 10⁻¹²).
fn same(one: &BTreeMap<ChainState, f64>, other: &BTreeMap<ChainState, f64>) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|((a, x), (b, y))| a == b && (x - y).abs() <= 1e-12 * x.max(*y))
}
