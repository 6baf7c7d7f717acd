//! Independent components: each is simulated by itself, without a calendar.
//!
//! Model: in each state at most one timer waits, without a guard, a pace or a crew, and it fires one
//! transition with one branch. No condition, gate or system-level fact reads the component, and no transition
//! moves it together with another. The order of its events among those of others then changes nothing, and a
//! fleet of such components needs no calendar. The draws have the keys and ordinals of the kernel, so the
//! instants are equal to the nanosecond.
//!
//! Leaves out: crews, even those with a hand for every component.

use crate::convert::{place, table};
use crate::engine::draw::Pairs;
use crate::engine::lane::{Lane, NoProgress};
use crate::units::SimTime;

use super::kernel::Kernel;
use super::marking::Moved;
use super::net::{AutomatonId, CauseId, LengthNet, Net, StateId, States};

impl Net {
    /// Returns for each automaton whether it is independent of all others.
    #[must_use]
    pub fn alone(&self) -> Vec<bool> {
        let mut alone: Vec<bool> =
            (0..place(self.programs.len())).map(|automaton| self.goes_its_way(automaton)).collect();
        for transition in &self.transitions {
            for moved in self.branches_of(transition).iter().flat_map(|b| self.moves_of(b)) {
                alone[moved.automaton as usize] = false;
                alone[transition.automaton as usize] = false;
            }
        }
        alone
    }

    /// Returns whether `automaton` waits only for timers of its own, at most one per state, and nothing reads
    /// its state.
    fn goes_its_way(&self, automaton: u32) -> bool {
        let program = &self.programs[automaton as usize];
        let is_read = |(node, _): &(u32, States)| {
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
        let states = table::u8(self.descriptions[automaton as usize].states.len());
        let leads_one_way = |state: u8| match self.way_out(automaton, StateId(state)) {
            Some((_, transition)) => transition.choice.is_none(),
            // A state in which no timer waits is never left.
            None => self.waiting(automaton, StateId(state)).next().is_none(),
        };
        program.timers.clone().all(free) && (0..states).all(leads_one_way)
    }
}

impl Kernel<'_> {
    /// Calls `tell` with every move of `automaton` before `end`, in order of time. The automaton was set
    /// aside at the start ([`Kernel::without`]) and is independent ([`Net::alone`]).
    ///
    /// # Errors
    ///
    /// [`NoProgress`] when too many of its events fall on one instant: all its lengths are zero.
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
        let begin =
            |at: usize| (Pairs::new(self.bank.keys[at]), u64::from(self.bank.timers[at].ordinal));
        let mut draws: Vec<(Pairs, u64)> = own.map(begin).collect();
        let states = table::u8(net.descriptions[index].states.len());
        let ways: Vec<_> =
            (0..states).map(|state| net.way_out(automaton.0, StateId(state))).collect();
        let first_cause = self.marking.causes[index].as_slice().first();
        let mut cause = first_cause.map_or(CauseId::UNEXPLAINED, |cause| cause.id);
        let mut lane: Lane<()> = Lane::new();
        let mut state = self.marking.state[index];
        let mut now = SimTime::ZERO;
        let mut begun = false;
        loop {
            let Some((timer, transition)) = ways[usize::from(state.0)] else { return Ok(()) };
            let preset = &self.bank.timers[timer as usize];
            let left = if !begun && preset.drawn {
                preset.left
            } else {
                let (pairs, ordinal) = &mut draws[(timer - first) as usize];
                match &net.lengths[net.timers[timer as usize].length as usize] {
                    LengthNet::Law(_, sampler) => {
                        *ordinal += 1;
                        sampler.duration(pairs.uniform(*ordinal - 1)).nanos()
                    }
                    LengthNet::Fixed(length) => length.nanos(),
                    LengthNet::Clock { .. }
                    | LengthNet::Listed(_)
                    | LengthNet::Discovery(..)
                    | LengthNet::Restore(_)
                    | LengthNet::Mechanism => {
                        return Ok(());
                    }
                }
            };
            begun = true;
            now = SimTime::from_nanos(now.nanos().saturating_add(left));
            if now >= end {
                return Ok(());
            }
            lane.enter(now)?;
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
