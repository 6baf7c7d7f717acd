//! Export and import of a trajectory: states, residual lengths of timers, ordinals of draws, crews and their
//! queues.
//!
//! Holds: a trajectory that is exported, imported and continued equals the undisturbed one, bit for bit.
//! Alarms are kept as they were armed, in the order in which they were pushed, so that ties fall the same
//! way.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::convert::place;
use crate::engine::calendar::Ticket;
use crate::engine::draw::{Lineage, Seed};
use crate::units::SimTime;

use super::kernel::{Kernel, Running, Start};
use super::marking::{Cause, Hand};
use super::net::{Net, StateId};
use super::restore::Past;

/// Version of the format; any other version is refused.
const VERSION: u32 = 1;

/// State of a trajectory between two events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KernelState {
    version: u32,
    now: u64,
    automata: Vec<AutomatonState>,
    timers: Vec<TimerState>,
    /// Armed alarms in the order in which they were pushed: (automaton, instant).
    alarms: Vec<(u32, u64)>,
    /// Per crew: waiting timers, each with the instant at which it asked.
    queues: Vec<Vec<(u32, u64)>>,
    choice_ordinals: Vec<u64>,
    cause_order: u64,
    /// Corruptions, by the number of their automaton.
    #[serde(default)]
    corruptions: Vec<(u32, Past)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct AutomatonState {
    name: String,
    state: StateId,
    causes: Vec<Cause>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct TimerState {
    name: String,
    #[serde(flatten)]
    running: Running,
    hand: Hand,
}

/// Reason why a saved state cannot be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// It was written by another version of the format.
    Version(u32),
    /// It belongs to another declaration.
    Declaration,
    /// It contradicts itself.
    Damaged,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(found) => write!(f, "state of version {found}, wanted {VERSION}"),
            Self::Declaration => f.write_str("the state belongs to another declaration"),
            Self::Damaged => f.write_str("the state contradicts itself"),
        }
    }
}

impl Error for RestoreError {}

impl<'n> Kernel<'n> {
    /// Returns the state between two events.
    #[must_use]
    pub fn export(&self) -> KernelState {
        let automata = self.net.descriptions.iter().enumerate().map(|(at, d)| AutomatonState {
            name: d.name.to_string(),
            state: self.marking.state[at],
            causes: self.marking.causes[at].as_slice().to_vec(),
        });
        let timers = self.net.timer_texts.iter().enumerate().map(|(at, timer)| TimerState {
            name: timer.name.to_string(),
            running: self.bank.timers[at],
            hand: self.marking.hands[at],
        });
        let armed = self.bank.armed.iter().enumerate();
        let mut alarms: Vec<_> = armed.filter(|(_, (_, ticket))| *ticket != Ticket::NONE).collect();
        alarms.sort_by_key(|(_, (_, ticket))| *ticket);
        KernelState {
            version: VERSION,
            now: self.bank.now.nanos(),
            automata: automata.collect(),
            timers: timers.collect(),
            alarms: alarms.into_iter().map(|(at, (due, _))| (place(at), due.nanos())).collect(),
            queues: self
                .marking
                .crews
                .iter()
                .map(|crew| crew.queue.iter().map(|(t, since)| (*t, since.nanos())).collect())
                .collect(),
            choice_ordinals: self.bank.choice_ordinals.clone(),
            cause_order: self.marking.order,
            corruptions: self
                .bank
                .corruptions
                .iter()
                .map(|(automaton, all)| (*automaton, all.past.clone()))
                .collect(),
        }
    }

    /// Continues the trajectory that was exported as `saved`, of the same net, seed and lineage. With another
    /// lineage it is another future of the same past.
    ///
    /// # Errors
    ///
    /// [`RestoreError`] when `saved` is not a state of `net`.
    pub fn import(
        net: &'n Net,
        seed: Seed,
        lineage: Lineage,
        saved: &KernelState,
    ) -> Result<Self, RestoreError> {
        if saved.version != VERSION {
            return Err(RestoreError::Version(saved.version));
        }
        check(net, saved)?;
        let mut kernel =
            Self::new(net, seed, lineage, Start::New).map_err(|_| RestoreError::Declaration)?;
        let (marking, bank) = (&mut kernel.marking, &mut kernel.bank);
        for (at, automaton) in saved.automata.iter().enumerate() {
            marking.state[at] = automaton.state;
            marking.set_causes(at, &automaton.causes);
        }
        for (at, timer) in saved.timers.iter().enumerate() {
            bank.timers[at] = timer.running;
            marking.hands[at] = timer.hand;
        }
        for (at, queue) in saved.queues.iter().enumerate() {
            let holding =
                net.timers.iter().zip(&marking.hands).filter(|(timer, hand)| {
                    timer.crew == Some(place(at)) && **hand == Hand::Holding
                });
            let busy = place(holding.count());
            let free = net.crews[at].hands.checked_sub(busy).ok_or(RestoreError::Damaged)?;
            marking.crews[at].free = free;
            marking.crews[at].queue =
                queue.iter().map(|(timer, since)| (*timer, SimTime::from_nanos(*since))).collect();
        }
        marking.order = saved.cause_order;
        marking.evaluate(net);
        bank.choice_ordinals.clone_from(&saved.choice_ordinals);
        for (automaton, past) in &saved.corruptions {
            let all = bank.corruptions.get_mut(automaton).ok_or(RestoreError::Declaration)?;
            all.past.clone_from(past);
        }
        bank.now = SimTime::from_nanos(saved.now);
        bank.forget_alarms();
        for (automaton, at) in &saved.alarms {
            bank.set_alarm(*automaton, SimTime::from_nanos(*at));
        }
        Ok(kernel)
    }
}

/// Checks that every index of `saved` refers to an item of `net`, and that numbers are in range.
fn check(net: &Net, saved: &KernelState) -> Result<(), RestoreError> {
    let same_names = saved.automata.len() == net.descriptions.len()
        && saved.timers.len() == net.timers.len()
        && saved.automata.iter().zip(&net.descriptions).all(|(a, d)| *a.name == *d.name)
        && saved.timers.iter().zip(&net.timer_texts).all(|(a, t)| *a.name == *t.name);
    if !same_names
        || saved.queues.len() != net.crews.len()
        || saved.choice_ordinals.len() != net.choices.len()
    {
        return Err(RestoreError::Declaration);
    }
    let states = saved.automata.iter().zip(&net.descriptions).all(|(a, d)| {
        usize::from(a.state.0) < d.states.len()
            && a.causes.iter().all(|cause| cause.id.index() < net.causes.len())
    });
    let timers = saved.timers.iter().all(|timer| {
        let running = timer.running;
        running.rate.is_finite() && running.rate >= 0.0 && running.since <= saved.now
    });
    let alarms = saved
        .alarms
        .iter()
        .all(|(automaton, at)| (*automaton as usize) < net.programs.len() && *at >= saved.now);
    let queues = saved.queues.iter().enumerate().all(|(crew, queue)| {
        queue.iter().all(|(timer, since)| {
            let timer = net.timers.get(*timer as usize);
            timer.is_some_and(|timer| timer.crew == Some(place(crew))) && *since <= saved.now
        })
    });
    if states && timers && alarms && queues { Ok(()) } else { Err(RestoreError::Damaged) }
}
