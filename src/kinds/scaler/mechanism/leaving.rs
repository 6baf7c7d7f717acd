//! Members that leave their place while they are wanted: those that are terminated, and those that are moved.
//!
//! Model: a member *does not work* while its process does not work (down, hung, stalled, cut off) or its server does not.
//! Once that has lasted for [`Rules::replace`](super::Rules) without a break it leaves, and another member is launched for
//! it. It is a member no longer, also when its process works again: then its place is free.
//!
//! A planned [`Move`] empties servers. Each member that serves in one of its slots is launched on a server that the move
//! does not name: after it has gone (*stop first*), or so that it goes once the other serves (*start first*). No launch of
//! the move uses these servers, and no other one until the cordon ends. A launch that fails or finds no server is repeated:
//! always if its member still serves, else as long as the replacement is wanted.
//!
//! In: the health of members and servers, instants. Out: slots that are emptied, and members to be launched.
//! Holds: a member that leaves is replaced one for one, whatever the last measurement wanted; a member that serves until its
//! replacement does counts once with it, so that the number may be above the most by as many. Leaves out: members that come
//! to a server while it is emptied, which stay.
//! Source: AWS Auto Scaling, "Health checks for instances", "Replace unhealthy instances"; Kubernetes, "Safely drain a node",
//! "Deployments" (`maxSurge`).

use super::{Control, Due, State};
use crate::convert::place;
use crate::kinds::scaler::account::Tallied;
use crate::model::spec::runs::MoveOrder;
use crate::units::{SimDuration, SimTime};

/// A planned move of members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Instant at which it begins for the first time.
    pub first: SimTime,
    /// Time from one begin to the next; `None`: it begins once.
    pub every: Option<SimDuration>,
    /// Slots whose members are moved.
    pub slots: Vec<usize>,
    /// Servers that no launch of the move uses, by number.
    pub hosts: Vec<usize>,
    /// Order in which a member stops and its replacement starts.
    pub order: MoveOrder,
    /// Time from its begin for which no launch uses the servers.
    pub cordon: SimDuration,
}

impl Move {
    /// Returns the last begin before `now`, and the first one from `now` on.
    fn around(&self, now: SimTime) -> [Option<SimTime>; 2] {
        if now <= self.first {
            return [None, Some(self.first)];
        }
        let every = self.every.filter(|every| !every.is_zero());
        let Some(every) = every else { return [Some(self.first), None] };
        let turns = (now - self.first).nanos().div_ceil(every.nanos());
        let next = self.first + every.saturating_mul(turns);
        [Some(self.first + every.saturating_mul(turns - 1)), Some(next)]
    }
}

/// Progress of a moved member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The member is there still: it drains, or its replacement waits to be launched.
    Waits,
    /// Its replacement comes into that slot.
    Comes(usize),
}

/// A member that is being moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moving {
    /// Its number.
    number: u64,
    /// Number of the move.
    of: usize,
    /// Its slot, and the number of its launch.
    old: (usize, u64),
    /// Instant at which it stopped; `None`: it serves.
    stopped: Option<SimTime>,
    stage: Stage,
}

impl Moving {
    /// Returns whether it serves until its replacement does.
    const fn serves(&self) -> bool {
        self.stopped.is_none()
    }
}

impl Control {
    /// Makes the moves due, and applies cordons that hold at `now`.
    pub(super) fn plans_moves(&mut self, now: SimTime) {
        for at in 0..self.rules.moves.len() {
            let [last, next] = self.rules.moves[at].around(now);
            if let Some(last) = last {
                self.cordons_off(last, at);
            }
            if let Some(next) = next {
                self.push(next, Due::Moves(at));
            }
        }
    }

    fn cordons_off(&mut self, begin: SimTime, of: usize) {
        let of = &self.rules.moves[of];
        for host in &of.hosts {
            self.cordons[*host] = self.cordons[*host].max(begin + of.cordon);
        }
    }

    /// Notes that the process of a slot works from now on, or does not.
    pub fn hears_of_member(&mut self, now: SimTime, slot: usize, works: bool) {
        self.ill[slot] = !works;
        self.watch(now, slot);
    }

    /// Begins or ends the time after which the member of a slot is terminated.
    pub(super) fn watch(&mut self, now: SimTime, slot: usize) {
        let Some(after) = self.rules.replace else { return };
        let serves = matches!(self.states[slot], State::Serves(..));
        let fails = serves && (self.ill[slot] || self.dark[self.rules.slots[slot]]);
        let due = self.dues.iter().position(|(_, due)| *due == Due::Terminated(slot));
        match (fails, due) {
            (true, None) => self.push(now + after, Due::Terminated(slot)),
            (false, Some(at)) => _ = self.dues.remove(at),
            _ => {}
        }
    }

    /// Wants as many members as there are and are on their way.
    fn holds(&mut self) {
        self.desired = self.desired.max(self.there());
    }

    /// Terminates the member of a slot, which turns to `state`. Another is [missing](Self::missing) then, unless one comes for
    /// it already.
    pub fn terminates(&mut self, now: SimTime, slot: usize, state: State) {
        self.holds();
        self.account.count(Tallied::Replaced);
        self.turn(now, slot, state);
    }

    /// Begins a move. Returns the members to be moved, each by its number and its slot.
    pub fn begins_move(&mut self, now: SimTime, of: usize) -> Vec<(u64, usize)> {
        self.cordons_off(now, of);
        let one = &self.rules.moves[of];
        if let Some(every) = one.every.filter(|every| !every.is_zero()) {
            self.dues.push((now + every, Due::Moves(of)));
        }
        let mut begun = Vec::new();
        for slot in &one.slots {
            let State::Serves(_, launch) = self.states[*slot] else { continue };
            let old = (*slot, launch);
            if self.moving.iter().any(|other| other.old == old) {
                continue;
            }
            let number = self.moves;
            self.moves += 1;
            self.moving.push(Moving { number, of, old, stopped: None, stage: Stage::Waits });
            begun.push((number, *slot));
        }
        if !begun.is_empty() {
            self.holds();
        }
        begun
    }

    /// Returns the order of a move.
    #[must_use]
    pub fn order(&self, of: usize) -> MoveOrder {
        self.rules.moves[of].order
    }

    /// Returns the members that have stopped and for which none comes yet, and those that serve while their replacement
    /// comes.
    pub(super) fn moving_members(&self) -> (u32, u32) {
        let count =
            |is: &dyn Fn(&Moving) -> bool| place(self.moving.iter().filter(|one| is(one)).count());
        let left = count(&|one| !one.serves() && one.stage == Stage::Waits);
        (left, count(&|one| one.serves() && one.stage != Stage::Waits))
    }

    /// Notes that a member ceases to serve.
    pub(super) fn stops(&mut self, now: SimTime, slot: usize, launch: u64) {
        let old = (slot, launch);
        let moved = self.moving.iter_mut().filter(|one| one.old == old && one.serves());
        moved.for_each(|one| one.stopped = Some(now));
    }

    /// Returns the servers that the launch of a moved member does not use.
    pub(super) fn left_servers(&self, of: Option<u64>) -> &[usize] {
        let found = self.moving.iter().find(|one| Some(one.number) == of);
        found.map_or(&[], |one| &self.rules.moves[one.of].hosts)
    }

    /// Notes that the launch of a moved member has begun.
    pub(super) fn comes(&mut self, slot: usize, of: Option<u64>) {
        let found = self.moving.iter_mut().filter(|one| Some(one.number) == of);
        found.for_each(|one| one.stage = Stage::Comes(slot));
    }

    /// Notes that the launch into a slot has failed; returns the moved member that it was of.
    pub(super) fn fails_to_move(&mut self, slot: usize) -> Option<u64> {
        let one = self.moving.iter_mut().find(|one| one.stage == Stage::Comes(slot))?;
        one.stage = Stage::Waits;
        Some(one.number)
    }

    /// Returns the number of the moved member that has gone from a slot, if its replacement is to be launched now.
    #[must_use]
    pub fn gone(&self, slot: usize) -> Option<u64> {
        let here = |one: &&Moving| one.old.0 == slot && one.stage == Stage::Waits;
        // A launch that is to be repeated has its own time.
        let repeats =
            |one: &&Moving| self.dues.iter().any(|(_, due)| *due == Due::Again(one.number));
        let found = self.moving.iter().find(|one| here(one) && !one.serves() && !repeats(one));
        found.map(|one| one.number)
    }

    /// Returns whether the launch of a moved member is repeated: it serves still, or its replacement is wanted. Otherwise
    /// it is no longer moved.
    pub fn moves_again(&mut self, number: u64) -> bool {
        let wanted = self.desired >= self.there();
        let Some(at) = self.moving.iter().position(|one| one.number == number) else {
            return false;
        };
        let again = self.moving[at].serves() || wanted;
        if !again {
            self.moving.remove(at);
        }
        again
    }

    /// Notes that the launch into a slot serves; returns the slot of the member that it replaces, if that serves still.
    pub fn arrives(&mut self, now: SimTime, slot: usize) -> Option<usize> {
        let at = self.moving.iter().position(|one| one.stage == Stage::Comes(slot))?;
        let one = self.moving.remove(at);
        self.account.count(Tallied::Moved);
        let away = one.stopped.map_or(0, |stopped| (now - stopped).nanos());
        self.account.add(Tallied::MoveTime, away);
        one.serves().then_some(one.old.0)
    }
}

#[cfg(test)]
mod tests;
