//! The kernel: one history of a declaration, event by event, without any request.
//!
//! Model: each automaton has at most one armed alarm in the calendar, at the earliest instant at
//! which one of its timers can fire. When that instant moves earlier a new alarm is pushed and the
//! old one is stale; when it moves later the alarm rings early and is armed again. Age is whole
//! nanoseconds; at rate 1 nothing is rounded.
//!
//! Draws: timer lengths are keyed by (component, timer, n), branches by (component, purpose, n),
//! with n the number of the draw; so a draw depends on no other component, on no order and on no
//! switch of the reading. Two timers of one component due at one instant fire in declaration
//! order; two components in the order in which their alarms were pushed, which at the start is
//! the order of names.

use crate::convert::{place, whole};
use crate::engine::calendar::{Calendar, Ticket};
use crate::engine::draw::{Key, Lineage, Seed};
use crate::engine::lane::NoProgress;
use crate::units::{SimDuration, SimTime};

use super::marking::{Driver, Explanation, Marking, Moved};
use super::net::{
    AutomatonId, BranchNet, CauseId, CrewId, FactId, LengthNet, Net, Service, StateId,
};
use super::stationary;

/// How a history begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// Everybody in its initial state, every timer at age 0.
    #[default]
    New,
    /// Ages, and where possible states, drawn from the equilibrium law: see
    /// [`Kernel::is_stationary`].
    Stationary,
}

/// Whom the kernel tells. All methods do nothing unless overridden.
pub trait Listener {
    /// An automaton changed its state. The cascade is not finished: facts are not settled.
    fn moved(&mut self, _moved: &Moved) {}
    /// A fact of the whole changed over a cascade that is now finished.
    fn fact(&mut self, _at: SimTime, _fact: FactId, _value: bool, _view: View<'_>) {}
    /// A crew has `busy` hands at work and `waiting` who ask for one.
    fn crew(&mut self, _at: SimTime, _crew: CrewId, _busy: u32, _waiting: usize) {}
    /// A hand was granted to one who waited so long.
    fn granted(&mut self, _crew: CrewId, _waited: SimDuration) {}
    /// A cascade is finished.
    fn settled(&mut self, _at: SimTime, _view: View<'_>) {}
}

/// Nobody listens.
impl Listener for () {}

/// Two who listen, the first told first.
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

/// A finished instant, to look at.
#[derive(Clone, Copy, Debug)]
pub struct View<'k> {
    pub(super) net: &'k Net,
    pub(super) marking: &'k Marking,
}

impl View<'_> {
    /// Whether a fact holds.
    #[must_use]
    pub fn fact(&self, fact: FactId) -> bool {
        self.marking.holds(self.net, self.net.facts[fact.index()].value)
    }

    /// Where `automaton` stands.
    #[must_use]
    pub fn state(&self, automaton: AutomatonId) -> StateId {
        self.marking.state[automaton.index()]
    }

    /// Whether nothing is wrong with the component itself.
    #[must_use]
    pub fn is_sound(&self, automaton: AutomatonId) -> bool {
        self.net.is_sound(automaton, self.state(automaton))
    }

    /// What `automaton` offers.
    #[must_use]
    pub fn service(&self, automaton: AutomatonId) -> &Service {
        self.net.service(automaton, self.state(automaton))
    }

    /// The first cause of the state of `automaton`; none while nothing is wrong with it.
    #[must_use]
    pub fn cause_of(&self, automaton: AutomatonId) -> Option<CauseId> {
        let causes = self.marking.causes[automaton.index()].as_slice();
        causes.first().map(|cause| cause.id)
    }

    /// Why a fact has its value: the causes, oldest first, of everything that is wrong and agrees
    /// with it.
    pub fn explain(&self, fact: FactId, into: &mut Explanation) {
        self.marking.explain(self.net, self.net.facts[fact.index()].value, into);
    }

    /// The oldest cause that explains the value of one of these facts; `explanation` is memory.
    #[must_use]
    pub fn oldest_cause(
        &self,
        facts: impl IntoIterator<Item = FactId>,
        explanation: &mut Explanation,
    ) -> CauseId {
        let oldest = facts.into_iter().filter_map(|fact| {
            self.explain(fact, explanation);
            explanation.causes.first().map(|cause| (cause.order, cause.id))
        });
        oldest.min().map_or(CauseId::UNEXPLAINED, |(_, id)| id)
    }

    /// Hands of `crew` at work.
    #[must_use]
    pub fn busy(&self, crew: CrewId) -> u32 {
        self.net.crews[crew.index()].hands - self.marking.crews[crew.index()].free
    }

    /// How many wait for a hand of `crew`.
    #[must_use]
    pub fn waiting(&self, crew: CrewId) -> usize {
        self.marking.crews[crew.index()].queue.len()
    }
}

/// A timer's age, as what is left of its length.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Running {
    /// Age left at `since`, in nanoseconds.
    pub left: u64,
    pub since: u64,
    /// Speed of ageing; 0 when it stands still.
    pub rate: f64,
    /// Draws so far.
    pub ordinal: u32,
    /// There is a length.
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
            // Saturates: later than any run.
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

/// Ages, keys and alarms: everything of a history but the marking.
#[derive(Clone, Debug)]
pub(super) struct Bank {
    pub timers: Vec<Running>,
    pub keys: Vec<Key>,
    choice_keys: Vec<Key>,
    pub choice_ordinals: Vec<u64>,
    pub calendar: Calendar,
    pub armed: Vec<(SimTime, Ticket)>,
    pub now: SimTime,
}

impl Bank {
    pub fn new(net: &Net, seed: Seed, lineage: Lineage) -> Self {
        let stream = |automaton: u32| &*net.descriptions[automaton as usize].stream;
        let timers = net.timers.iter().zip(&net.timer_texts);
        let keys = timers
            .map(|(timer, text)| Key::derive(seed, lineage, &text.name, stream(timer.automaton)));
        // "branch of" keeps a branch's purpose apart from a timer of the same name.
        let choice_key = |choice: &super::net::ChoiceNet| {
            let purpose = format!("branch of {}", choice.purpose);
            Key::derive(seed, lineage, &purpose, stream(choice.automaton))
        };
        Self {
            timers: vec![Running::IDLE; net.timers.len()],
            keys: keys.collect(),
            choice_keys: net.choices.iter().map(choice_key).collect(),
            choice_ordinals: vec![0; net.choices.len()],
            calendar: Calendar::new(),
            armed: vec![(SimTime::NEVER, Ticket::NONE); net.programs.len()],
            now: SimTime::ZERO,
        }
    }

    /// Uniform numbers for the start of `timer`: which state, and what is left of its length.
    pub fn start_draws(&self, timer: u32) -> (f64, f64) {
        let key = self.keys[timer as usize];
        (key.uniform(0, 2), key.uniform(0, 1))
    }

    /// Gives `timer` a first length from outside, as its draw number 0.
    pub fn preset(&mut self, timer: u32, left: SimDuration) {
        let running = &mut self.timers[timer as usize];
        *running = Running { left: left.nanos(), ordinal: 1, drawn: true, ..Running::IDLE };
    }

    /// Nothing is armed, and nothing pending.
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

/// The bank at work for one event.
struct Drawing<'a, L> {
    net: &'a Net,
    bank: &'a mut Bank,
    listener: &'a mut L,
}

impl<L: Listener> Driver for Drawing<'_, L> {
    fn choose(&mut self, choice: u32, branches: &[BranchNet]) -> usize {
        let index = choice as usize;
        let u = self.bank.choice_keys[index].uniform(self.bank.choice_ordinals[index], 0);
        self.bank.choice_ordinals[index] += 1;
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

/// One history.
#[derive(Clone, Debug)]
pub struct Kernel<'n> {
    pub(super) net: &'n Net,
    pub(super) marking: Marking,
    pub(super) bank: Bank,
    stationary: Vec<bool>,
}

impl<'n> Kernel<'n> {
    /// The history of `net` that `seed` and `lineage` choose, at its start.
    ///
    /// # Errors
    ///
    /// [`NoProgress`] when the initial states lead in a circle.
    pub fn new(
        net: &'n Net,
        seed: Seed,
        lineage: Lineage,
        start: Start,
    ) -> Result<Self, NoProgress> {
        Self::without(net, seed, lineage, start, &[])
    }

    /// As [`Self::new`]; of those `aside`, which are alone ([`Net::alone`]), nothing happens but in
    /// [`Self::live_alone`].
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
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

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.bank.now
    }

    /// A time before which nothing happens; `None` when nothing will ever happen again.
    #[must_use]
    pub fn next_at(&self) -> Option<SimTime> {
        self.bank.calendar.next_at()
    }

    /// What can be looked at between events.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View { net: self.net, marking: &self.marking }
    }

    /// Whether the start drew the state and age of `automaton` from its exact equilibrium law:
    /// one timer waits in each of its states, and no condition, crew, pace or joint transition
    /// touches it. Any other automaton that [`Start::Stationary`] meets begins in its initial
    /// state, with its running timers at the ages of a renewal process.
    #[must_use]
    pub fn is_stationary(&self, automaton: AutomatonId) -> bool {
        self.stationary.get(automaton.index()).copied().unwrap_or(false)
    }

    /// Lets everything happen up to and including `to`.
    ///
    /// # Errors
    ///
    /// [`NoProgress`] when the declaration goes in circles at one instant.
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

    /// Takes the next alarm, which may be stale or early; whether there was one.
    ///
    /// # Errors
    ///
    /// [`NoProgress`] when the declaration goes in circles at one instant.
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

    /// Fires a reactive timer now, as its mechanism does. Whether it was waited for.
    ///
    /// # Errors
    ///
    /// [`NoProgress`] when the declaration goes in circles at one instant.
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

    /// Moves `automaton` to `state` now, whatever it was doing: a drill, a fault from a schedule.
    ///
    /// # Errors
    ///
    /// [`NoProgress`] when the declaration goes in circles at one instant.
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
