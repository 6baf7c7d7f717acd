//! The kernel: one trajectory of a declaration, event by event, without any request.
//!
//! Model: each automaton has at most one armed alarm in the calendar, at the earliest instant at which one of
//! its timers can fire. If that instant moves earlier, a new alarm is pushed and the old one is stale. If it
//! moves later, the alarm rings early and is armed again. Age is whole nanoseconds; at rate 1 nothing is
//! rounded.
//!
//! Draws: timer lengths are keyed by (component, timer, n), branches by (component, purpose, n), with n the
//! number of the draw. A draw therefore depends on no other component, on no order and on no option of the
//! reading. Two timers of one component that are due at one instant fire in declaration order. Two components
//! fire in the order in which their alarms were pushed, which at the start is the order of names.

use std::collections::BTreeMap;

use crate::convert::{place, whole};
use crate::engine::calendar::{Calendar, Ticket};
use crate::engine::draw::{Key, Lineage, Seed};
use crate::engine::lane::NoProgress;
use crate::units::{SimDuration, SimTime};

use super::marking::{Driver, Explanation, Marking, Moved};
use super::net::{
    AutomatonId, BranchNet, CauseId, CrewId, FactId, LengthNet, Net, Service, StateId,
};
use super::restore::Corruptions;
use super::stationary;

/// Start of a trajectory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// Every automaton in its initial state, every timer at age 0.
    #[default]
    New,
    /// Ages, and where possible states, drawn from the equilibrium law: see
    /// [`Kernel::is_stationary`].
    Stationary,
}

/// Receiver of the kernel's events. All methods do nothing unless overridden.
pub trait Listener {
    /// An automaton changed its state. The cascade is still under way, so facts may be inconsistent.
    fn moved(&mut self, _moved: &Moved) {}
    /// A system-level fact changed over a cascade that is now finished.
    fn fact(&mut self, _at: SimTime, _fact: FactId, _value: bool, _view: View<'_>) {}
    /// A crew has `busy` busy hands, and `waiting` timers wait for one.
    fn crew(&mut self, _at: SimTime, _crew: CrewId, _busy: u32, _waiting: usize) {}
    /// A hand was granted to a timer that had waited for `waited`.
    fn granted(&mut self, _crew: CrewId, _waited: SimDuration) {}
    /// A cascade is finished.
    fn settled(&mut self, _at: SimTime, _view: View<'_>) {}
}

/// A listener that ignores all events.
impl Listener for () {}

/// Two listeners, called in order.
impl<A: Listener, B: Listener> Listener for (&mut A, &mut B) {
    #[inline]
    fn moved(&mut self, moved: &Moved) {
        self.0.moved(moved);
        self.1.moved(moved);
    }

    fn fact(&mut self, at: SimTime, fact: FactId, value: bool, view: View<'_>) {
        self.0.fact(at, fact, value, view);
        self.1.fact(at, fact, value, view);
    }

    fn crew(&mut self, at: SimTime, crew: CrewId, busy: u32, waiting: usize) {
        self.0.crew(at, crew, busy, waiting);
        self.1.crew(at, crew, busy, waiting);
    }

    fn granted(&mut self, crew: CrewId, waited: SimDuration) {
        self.0.granted(crew, waited);
        self.1.granted(crew, waited);
    }

    #[inline]
    fn settled(&mut self, at: SimTime, view: View<'_>) {
        self.0.settled(at, view);
        self.1.settled(at, view);
    }
}

/// Read access to a kernel between two events.
#[derive(Clone, Copy, Debug)]
pub struct View<'k> {
    pub(super) net: &'k Net,
    pub(super) marking: &'k Marking,
}

impl View<'_> {
    /// Returns whether a fact holds.
    #[must_use]
    pub fn fact(&self, fact: FactId) -> bool {
        self.marking.holds(self.net, self.net.facts[fact.index()].value)
    }

    /// Present state of `automaton`.
    #[must_use]
    pub fn state(&self, automaton: AutomatonId) -> StateId {
        self.marking.state[automaton.index()]
    }

    /// Returns whether the component itself is healthy.
    #[must_use]
    pub fn is_sound(&self, automaton: AutomatonId) -> bool {
        self.net.is_sound(automaton, self.state(automaton))
    }

    /// Service that `automaton` offers at present.
    #[must_use]
    pub fn service(&self, automaton: AutomatonId) -> &Service {
        self.net.service(automaton, self.state(automaton))
    }

    /// First cause of the state of `automaton`. After a repair it is still the cause of the state that ended.
    #[must_use]
    pub fn cause_of(&self, automaton: AutomatonId) -> Option<CauseId> {
        let causes = self.marking.causes[automaton.index()].as_slice();
        causes.first().map(|cause| cause.id)
    }

    /// Collects the causes that explain the value of a fact, oldest first: those of all failed automata that
    /// contribute to the value.
    pub fn explain(&self, fact: FactId, into: &mut Explanation) {
        self.marking.explain(self.net, self.net.facts[fact.index()].value, into);
    }

    /// Returns the oldest cause that explains the value of one of these facts; `explanation` is scratch
    /// memory.
    #[must_use]
    pub fn oldest_cause(
        &self,
        facts: impl IntoIterator<Item = FactId>,
        explanation: &mut Explanation,
    ) -> CauseId {
        let oldest = facts.into_iter().filter_map(|fact| self.first_cause(fact, explanation));
        oldest.min().map_or(CauseId::UNEXPLAINED, |(_, id)| id)
    }

    /// Returns the oldest cause that explains the value of a fact, with its ordinal before it; older causes have smaller
    /// ordinals. `explanation` is scratch memory.
    #[must_use]
    pub fn first_cause(
        &self,
        fact: FactId,
        explanation: &mut Explanation,
    ) -> Option<(u64, CauseId)> {
        self.explain(fact, explanation);
        explanation.causes.first().map(|cause| (cause.order, cause.id))
    }

    /// Busy hands of `crew`.
    #[must_use]
    pub fn busy(&self, crew: CrewId) -> u32 {
        self.net.crews[crew.index()].hands - self.marking.crews[crew.index()].free
    }

    /// Number of timers that wait for a hand of `crew`.
    #[must_use]
    pub fn waiting(&self, crew: CrewId) -> usize {
        self.marking.crews[crew.index()].queue.len()
    }
}

/// Age of a timer, as the remaining part of its length.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Running {
    /// Remaining age at `since`, in nanoseconds.
    pub left: u64,
    pub since: u64,
    /// Rate of ageing; 0 while stalled.
    pub rate: f64,
    /// Number of draws so far.
    pub ordinal: u32,
    /// True if a length was drawn.
    pub drawn: bool,
}

const _: () = assert!(size_of::<Running>() == 32); // two to a cache line

impl Running {
    const IDLE: Self = Self { left: 0, since: 0, rate: 0.0, ordinal: 0, drawn: false };

    #[inline]
    fn due(&self) -> SimTime {
        if self.rate == 1.0 {
            SimTime::from_nanos(self.since.saturating_add(self.left))
        } else if self.rate > 0.0 {
            // The conversion saturates: later than any run.
            let wait = whole::u64(self.left as f64 / self.rate + 0.5);
            SimTime::from_nanos(self.since.saturating_add(wait))
        } else {
            SimTime::NEVER
        }
    }

    fn settle_to(&mut self, now: u64) {
        let passed = now - self.since;
        let aged =
            if self.rate == 1.0 { passed } else { whole::u64(passed as f64 * self.rate + 0.5) };
        self.left = self.left.saturating_sub(aged);
        self.since = now;
    }
}

/// Ages, keys and alarms: the whole state of a trajectory but the marking.
#[derive(Clone, Debug)]
pub(super) struct Bank {
    pub timers: Vec<Running>,
    pub keys: Vec<Key>,
    choice_keys: Vec<Key>,
    pub choice_ordinals: Vec<u64>,
    pub calendar: Calendar,
    pub armed: Vec<(SimTime, Ticket)>,
    pub now: SimTime,
    /// Corruptions, by the automaton that has them.
    pub corruptions: BTreeMap<u32, Corruptions>,
}

impl Bank {
    pub fn new(net: &Net, seed: Seed, lineage: Lineage) -> Self {
        let stream = |automaton: u32| &*net.descriptions[automaton as usize].stream;
        let timers = net.timers.iter().zip(&net.timer_texts);
        let keys = timers
            .map(|(timer, text)| Key::derive(seed, lineage, &text.name, stream(timer.automaton)));
        // The prefix "branch of" separates the purpose of a branch from a timer of the same name.
        let choice_key = |choice: &super::net::ChoiceNet| {
            let purpose = format!("branch of {}", choice.purpose);
            Key::derive(seed, lineage, &purpose, stream(choice.automaton))
        };
        let corruptions = net.timers.iter().filter_map(|timer| {
            let LengthNet::Restore(restore) = &net.lengths[timer.length as usize] else {
                return None;
            };
            Some((timer.automaton, Corruptions::new(restore, seed, lineage)))
        });
        Self {
            corruptions: corruptions.collect(),
            timers: vec![Running::IDLE; net.timers.len()],
            keys: keys.collect(),
            choice_keys: net.choices.iter().map(choice_key).collect(),
            choice_ordinals: vec![0; net.choices.len()],
            calendar: Calendar::new(),
            armed: vec![(SimTime::NEVER, Ticket::NONE); net.programs.len()],
            now: SimTime::ZERO,
        }
    }

    /// Returns two uniform numbers for the start of `timer`: for the state, and for the remaining length.
    pub fn start_draws(&self, timer: u32) -> (f64, f64) {
        let key = self.keys[timer as usize];
        (key.uniform(0, 2), key.uniform(0, 1))
    }

    /// Sets the first length of `timer` from outside; it counts as draw number 0.
    pub fn preset(&mut self, timer: u32, left: SimDuration) {
        let running = &mut self.timers[timer as usize];
        *running = Running { left: left.nanos(), ordinal: 1, drawn: true, ..Running::IDLE };
    }

    /// Removes all pending alarms.
    pub fn forget_alarms(&mut self) {
        self.calendar = Calendar::new();
        self.armed.fill((SimTime::NEVER, Ticket::NONE));
    }

    /// Arms the alarm of `automaton`.
    pub fn set_alarm(&mut self, automaton: u32, at: SimTime) {
        self.armed[automaton as usize] = (at, self.calendar.push(at, automaton));
    }

    fn draw(&mut self, net: &Net, timer: u32) -> u64 {
        let index = timer as usize;
        let ordinal = self.timers[index].ordinal;
        self.timers[index].ordinal += 1;
        match &net.lengths[net.timers[index].length as usize] {
            LengthNet::Law(_, sampler) => {
                sampler.duration(self.keys[index].uniform(u64::from(ordinal), 0)).nanos()
            }
            LengthNet::Fixed(length) => length.nanos(),
            LengthNet::Clock { first, every } => {
                let now = self.now.nanos();
                let (first, fresh) = (first.nanos(), ordinal == 0);
                let step = every.map_or(0, SimDuration::nanos);
                if first > now || (first == now && fresh) {
                    first - now
                } else if step > 0 {
                    step - (now - first) % step
                } else {
                    u64::MAX
                }
            }
            LengthNet::Listed(instants) => {
                // An instant at which the timer just fired is over.
                let passed = |at: &SimTime| *at < self.now || (*at == self.now && ordinal > 0);
                let next = instants.get(instants.partition_point(passed));
                next.map_or(u64::MAX, |next| next.nanos() - self.now.nanos())
            }
            LengthNet::Discovery(_, sampler) => {
                let after =
                    sampler.duration(self.keys[index].uniform(u64::from(ordinal), 0)).nanos();
                if let Some(all) = self.corruptions.get_mut(&net.timers[index].automaton) {
                    all.corrupted(self.now);
                    // A restore that has to wait for a host or disks uses what was complete when it was found.
                    all.found(SimTime::from_nanos(self.now.nanos().saturating_add(after)));
                }
                after
            }
            LengthNet::Restore(_) => {
                let uniform = self.keys[index].uniform(u64::from(ordinal), 0);
                let all = self.corruptions.get_mut(&net.timers[index].automaton);
                all.map_or(u64::MAX, |all| all.begins(self.now, uniform).nanos())
            }
            LengthNet::Mechanism => u64::MAX,
        }
    }

    fn arm(&mut self, automaton: u32, timers: std::ops::Range<u32>) {
        let mut due = SimTime::NEVER;
        for timer in timers {
            due = due.min(self.timers[timer as usize].due());
        }
        if due < self.armed[automaton as usize].0 {
            self.set_alarm(automaton, due);
        }
    }
}

/// The driver that samples: the bank during one event.
struct Drawing<'a, L> {
    net: &'a Net,
    bank: &'a mut Bank,
    listener: &'a mut L,
}

impl<L: Listener> Driver for Drawing<'_, L> {
    fn choose(&mut self, choice: u32, branches: &[BranchNet]) -> usize {
        let index = choice as usize;
        let made = self.bank.choice_ordinals[index];
        self.bank.choice_ordinals[index] += 1;
        let ordinal = self.net.choices[index].turn(self.bank.now).unwrap_or(made);
        let u = self.bank.choice_keys[index].uniform(ordinal, 0);
        let mut sum = 0.0;
        let last = branches.len() - 1;
        for (at, branch) in branches[..last].iter().enumerate() {
            sum += branch.probability;
            if u < sum {
                return at;
            }
        }
        last
    }

    #[inline]
    fn forget(&mut self, timer: u32, repeat: bool) {
        let running = &mut self.bank.timers[timer as usize];
        if repeat && running.drawn {
            running.ordinal -= 1;
        }
        running.drawn = false;
        running.rate = 0.0;
    }

    #[inline]
    fn set_rate(&mut self, timer: u32, rate: f64) {
        let now = self.bank.now.nanos();
        let running = &mut self.bank.timers[timer as usize];
        if running.rate == rate {
            return;
        }
        if !running.drawn {
            let left = self.bank.draw(self.net, timer);
            let running = &mut self.bank.timers[timer as usize];
            (running.left, running.since, running.rate, running.drawn) = (left, now, rate, true);
            return;
        }
        if running.rate > 0.0 {
            running.settle_to(now);
        }
        running.since = now;
        running.rate = rate;
    }

    #[inline]
    fn refreshed(&mut self, automaton: u32) {
        self.bank.arm(automaton, self.net.programs[automaton as usize].timers.clone());
    }

    #[inline]
    fn moved(&mut self, moved: &Moved) {
        self.listener.moved(moved);
    }

    fn granted(&mut self, crew: CrewId, since: SimTime) {
        self.listener.granted(crew, self.bank.now.since(since));
    }

    fn crew(&mut self, crew: CrewId, busy: u32, waiting: usize) {
        self.listener.crew(self.bank.now, crew, busy, waiting);
    }
}

/// One trajectory of a net.
#[derive(Clone, Debug)]
pub struct Kernel<'n> {
    pub(super) net: &'n Net,
    pub(super) marking: Marking,
    pub(super) bank: Bank,
    stationary: Vec<bool>,
}

impl<'n> Kernel<'n> {
    /// Starts the trajectory of `net` that `seed` and `lineage` select.
    ///
    /// # Errors
    ///
    /// [`NoProgress`] when the cascade at the initial states does not end.
    pub fn new(
        net: &'n Net,
        seed: Seed,
        lineage: Lineage,
        start: Start,
    ) -> Result<Self, NoProgress> {
        Self::without(net, seed, lineage, start, &[])
    }

    /// Starts as [`Self::new`] does, without the automata `aside`. They must be independent ([`Net::alone`]),
    /// and [`Self::live_alone`] simulates them.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::new`].
    pub fn without(
        net: &'n Net,
        seed: Seed,
        lineage: Lineage,
        start: Start,
        aside: &[AutomatonId],
    ) -> Result<Self, NoProgress> {
        let mut bank = Bank::new(net, seed, lineage);
        let mut states = vec![StateId(0); net.programs.len()];
        let mut stationary = Vec::new();
        if start == Start::Stationary {
            stationary = stationary::draw(net, &mut bank, &mut states);
        }
        let mut marking = Marking::new(net, states);
        for automaton in 0..place(net.programs.len()) {
            let state = marking.state[automaton as usize];
            if !net.is_sound(AutomatonId(automaton), state) {
                let cause = stationary::cause_of(net, automaton, state);
                let cause = marking.occurrence(cause);
                marking.causes[automaton as usize].add(cause);
            }
        }
        if !aside.is_empty() {
            let mut waits = vec![true; net.programs.len()];
            aside.iter().for_each(|automaton| waits[automaton.index()] = false);
            marking.rest();
            let all = (0..place(net.programs.len())).filter(|at| waits[*at as usize]);
            all.for_each(|automaton| marking.enqueue(automaton));
        }
        let mut kernel = Self { net, marking, bank, stationary };
        kernel.settle(&mut ())?;
        Ok(kernel)
    }

    /// Present instant.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.bank.now
    }

    /// Returns a lower bound on the instant of the next event; `None` if no event will ever happen.
    #[must_use]
    pub fn next_at(&self) -> Option<SimTime> {
        self.bank.calendar.next_at()
    }

    /// Read access to the present state.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View { net: self.net, marking: &self.marking }
    }

    /// Returns whether the state and age of `automaton` were drawn from its exact equilibrium law at the
    /// start. This requires one timer and one transition in each of its states, without a condition, a pace,
    /// a crew that may be busy, or a joint transition that moves it. Any other automaton under
    /// [`Start::Stationary`] begins in its initial state. Its running timers that need no crew then have the
    /// ages of a renewal process.
    #[must_use]
    pub fn is_stationary(&self, automaton: AutomatonId) -> bool {
        self.stationary.get(automaton.index()).copied().unwrap_or(false)
    }

    /// Simulates up to and including `to`.
    ///
    /// # Errors
    ///
    /// [`NoProgress`] when a cascade does not end.
    ///
    /// # Panics
    ///
    /// When `to` lies in the past.
    pub fn advance(&mut self, to: SimTime, listener: &mut impl Listener) -> Result<(), NoProgress> {
        assert!(to >= self.bank.now, "time does not run backwards");
        while self.next_at().is_some_and(|next| next <= to) {
            self.step(listener)?;
        }
        self.bank.now = to;
        Ok(())
    }

    /// Processes the next alarm, which may be stale or early. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// [`NoProgress`] when a cascade does not end.
    #[inline]
    pub fn step(&mut self, listener: &mut impl Listener) -> Result<bool, NoProgress> {
        let Some(due) = self.bank.calendar.pop() else { return Ok(false) };
        let index = due.code as usize;
        if self.bank.armed[index].1 != due.ticket {
            return Ok(true);
        }
        self.bank.now = due.at;
        self.bank.armed[index] = (SimTime::NEVER, Ticket::NONE);
        let timers = self.net.programs[index].timers.clone();
        let ripe = timers.clone().find(|timer| self.bank.timers[*timer as usize].due() <= due.at);
        let Some(timer) = ripe else {
            self.bank.arm(due.code, timers);
            return Ok(true);
        };
        self.marking.enter(due.at)?;
        let mut driver = Drawing { net: self.net, bank: &mut self.bank, listener };
        self.marking.fire_timer(self.net, due.at, timer, &mut driver);
        self.settle(listener)?;
        Ok(true)
    }

    /// Fires a reactive timer now, as its mechanism does. Returns whether the timer was running.
    ///
    /// # Errors
    ///
    /// [`NoProgress`] when a cascade does not end.
    pub fn fire(
        &mut self,
        automaton: AutomatonId,
        timer: &str,
        listener: &mut impl Listener,
    ) -> Result<bool, NoProgress> {
        let mut own = self.net.programs[automaton.index()].timers.clone();
        let found = own.find(|at| *self.net.timer_texts[*at as usize].name == *timer);
        let Some(number) = found.filter(|at| self.bank.timers[*at as usize].rate > 0.0) else {
            return Ok(false);
        };
        self.marking.enter(self.bank.now)?;
        let mut driver = Drawing { net: self.net, bank: &mut self.bank, listener };
        self.marking.fire_timer(self.net, driver.bank.now, number, &mut driver);
        self.settle(listener)?;
        Ok(true)
    }

    /// Moves `automaton` to `state` now, from any state: a drill, a fault from a schedule.
    ///
    /// # Errors
    ///
    /// [`NoProgress`] when a cascade does not end.
    pub fn force(
        &mut self,
        automaton: AutomatonId,
        state: StateId,
        cause: CauseId,
        listener: &mut impl Listener,
    ) -> Result<(), NoProgress> {
        let now = self.bank.now;
        self.marking.enter(now)?;
        let mut driver = Drawing { net: self.net, bank: &mut self.bank, listener };
        self.marking.force(self.net, now, automaton.0, state, cause, &mut driver);
        self.settle(listener)
    }

    #[inline]
    fn settle(&mut self, listener: &mut impl Listener) -> Result<(), NoProgress> {
        let at = self.bank.now;
        let mut driver = Drawing { net: self.net, bank: &mut self.bank, listener };
        self.marking.settle(self.net, at, &mut driver)?;
        let view = View { net: self.net, marking: &self.marking };
        for &(fact, value) in &self.marking.changed {
            listener.fact(at, fact, value, view);
        }
        listener.settled(at, view);
        Ok(())
    }
}
