//! Components on which nobody acts and at which nobody looks: the history of each is lived through by
//! itself, without a calendar.
//!
//! Model: in each state one timer waits, without a guard, a pace or a crew; when it fires there is one
//! way to go; no condition, gate or fact of the whole reads the component, and no transition moves two. Then the order of its events among those of others changes
//! nothing, and a fleet of such components needs no pending set. The draws are those of the kernel, by
//! the same keys and ordinals, so that the instants are the same to the nanosecond.
//!
//! Leaves out: crews, even those with hands enough for all.

use crate::engine::draw::Key;
use crate::engine::lane::{Lane, NoProgress};
use crate::units::SimTime;

use super::kernel::Kernel;
use super::marking::Moved;
use super::net::{AutomatonId, CauseId, LengthNet, Net, StateId};

impl Net {
    /// By automaton: whether it is alone.
    #[must_use]
    pub fn alone(&self) -> Vec<bool> {
        let mut alone: Vec<bool> =
            (0..self.programs.len() as u32).map(|automaton| self.goes_its_way(automaton)).collect();
        for transition in &self.transitions {
            for moved in self.branches_of(transition).iter().flat_map(|b| self.moves_of(b)) {
                alone[moved.automaton as usize] = false;
                alone[transition.automaton as usize] = false;
            }
        }
        alone
    }

    /// Whether `automaton` waits for its own timers alone, one in each state, and nobody reads it.
    fn goes_its_way(&self, automaton: u32) -> bool {
        let program = &self.programs[automaton as usize];
        let is_read = |(node, _): &(u32, u64)| {
            let links = &self.links[*node as usize];
            let empty = |rows: (u32, u32)| rows.0 == rows.1;
            !(empty(links.edges) && empty(links.watchers) && empty(links.observed))
        };
        if program.impatient != 0 || self.literals.row(automaton).iter().any(is_read) {
            return false;
        }
        let free = |timer: u32| {
            let timer = &self.timers[timer as usize];
            let length = &self.lengths[timer.length as usize];
            let drawn = matches!(length, LengthNet::Law(..) | LengthNet::Fixed(_));
            timer.guard.is_none() && !timer.paced && timer.crew.is_none() && drawn
        };
        let states = self.descriptions[automaton as usize].states.len() as u8;
        program.timers.clone().all(free)
            && (0..states).all(|state| {
                let bit = StateId(state).bit();
                let waits = |timer: &u32| self.timers[*timer as usize].wanted & bit != 0;
                let mut waiting = program.timers.clone().filter(waits);
                let (Some(timer), None) = (waiting.next(), waiting.next()) else {
                    // Nothing waits: it stays there for ever.
                    return !program.timers.clone().any(|timer| waits(&timer));
                };
                let leaves = |number: &&u32| self.transitions[**number as usize].from & bit != 0;
                let mut leaving = self.on_timer.row(timer).iter().filter(leaves);
                let (Some(number), None) = (leaving.next(), leaving.next()) else { return false };
                let transition = &self.transitions[*number as usize];
                transition.given.is_none() && transition.choice.is_none()
            })
    }
}

/// Draws of one key, in order.
#[derive(Clone, Copy)]
struct Uniforms {
    key: Key,
    ordinal: u64,
    /// Half of an ordinal, and the uniforms of the two that it stands for.
    half: u64,
    two: [f64; 2],
}

impl Uniforms {
    fn new(key: Key, ordinal: u64) -> Self {
        Self { key, ordinal, half: u64::MAX, two: [0.5; 2] }
    }

    #[inline]
    fn next(&mut self) -> f64 {
        let half = self.ordinal / 2;
        if self.half != half {
            (self.half, self.two) = (half, self.key.uniform_pair(half, 0));
        }
        let uniform = self.two[(self.ordinal % 2) as usize];
        self.ordinal += 1;
        uniform
    }
}

impl Kernel<'_> {
    /// Tells every move of `automaton` before `end`, in order. It was set aside at the start
    /// ([`Kernel::without`]) and is alone ([`Net::alone`]).
    ///
    /// # Errors
    ///
    /// [`NoProgress`] when all its times are zero.
    pub fn live_alone(
        &self,
        automaton: AutomatonId,
        end: SimTime,
        mut tell: impl FnMut(&Moved),
    ) -> Result<(), NoProgress> {
        let (net, index) = (self.net, automaton.index());
        let program = &net.programs[index];
        let first = program.timers.start;
        let own = program.timers.clone().map(|timer| timer as usize);
        let mut uniforms: Vec<Uniforms> = own
            .map(|at| Uniforms::new(self.bank.keys[at], u64::from(self.bank.timers[at].ordinal)))
            .collect();
        let mut lane: Lane<()> = Lane::new();
        let mut state = self.marking.state[index];
        let first_cause = self.marking.causes[index].as_slice().first();
        let mut cause = first_cause.map_or(CauseId::UNEXPLAINED, |cause| cause.id);
        let mut now = SimTime::ZERO;
        let mut begun = false;
        loop {
            let waits = |timer: &u32| net.timers[*timer as usize].wanted & state.bit() != 0;
            let Some(timer) = program.timers.clone().find(waits) else { return Ok(()) };
            let preset = &self.bank.timers[timer as usize];
            let left = if !begun && preset.drawn {
                preset.left
            } else {
                let of = &mut uniforms[(timer - first) as usize];
                match &net.lengths[net.timers[timer as usize].length as usize] {
                    LengthNet::Law(_, sampler) => sampler.duration(of.next()).nanos(),
                    LengthNet::Fixed(length) => length.nanos(),
                    LengthNet::Clock { .. } | LengthNet::Mechanism => return Ok(()),
                }
            };
            begun = true;
            now = SimTime::from_nanos(now.nanos().saturating_add(left));
            if now >= end {
                return Ok(());
            }
            lane.enter(now)?;
            let leaves = |number: &&u32| net.transitions[**number as usize].from & state.bit() != 0;
            let Some(number) = net.on_timer.row(timer).iter().find(leaves) else { return Ok(()) };
            let transition = &net.transitions[*number as usize];
            let branch = &net.branches_of(transition)[0];
            let sound = |state: StateId| program.sound & state.bit() != 0;
            if sound(state) && !sound(branch.to) {
                cause = transition.cause;
            }
            tell(&Moved { at: now, automaton, from: state, to: branch.to, cause });
            state = branch.to;
        }
    }
}
