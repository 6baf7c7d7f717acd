//! Addresses that several units own together and take over from each other.
//!
//! Model: every address is with one unit; a page view reaches one of them, drawn for the view, each
//! as often. A unit that falls silent is missed by the others after the timers of their ring: the
//! loss of the token, then the time to gather who is left, then a part of the time to form the ring
//! anew, so after `token` + `gather` + U(0, `form`). Until then nobody is heard at its addresses.
//! One that is shut down says so and is missed at once. Its addresses go, in the order of the
//! list, each to the unit with the fewest, the first of equals.
//!
//! A unit that comes back after it was missed owns nothing until it has been well for `mature`. Then
//! addresses go from the unit with the most to that with the fewest until these differ by one at
//! most: in one pass of at most half of all addresses, or some in every round. What is open by an
//! address that moves is lost.
//!
//! In: `address`, `fares`, `ring`. Holds: an address is with one unit or, when nobody is left who
//! may own it, with none; one alarm.
//! Leaves out: preferences, the caches of routers that learn of a move late, a split of the ring
//! (whoever is cut off owns nothing), the pause while one that returns is let into the ring.
//! Source: Wackamole (`wackamole.c`, `Balance`, `AcquisitionsPerRound`), Spread (`membership.c`).

use super::Balancer;
use crate::convert::{below, place, whole};
use crate::engine::calendar::Ticket;
use crate::engine::draw::Key;
use crate::model::Ctx;
use crate::model::event::Event;
use crate::model::ids::{CauseId, ComponentId};
use crate::model::request::Request;
use crate::model::world::Around;
use crate::units::{SimDuration, SimTime};

/// How the units own addresses together.
#[derive(Clone, Copy, Debug)]
pub struct PeersConfig {
    /// Addresses.
    pub addresses: u32,
    /// How silence is noticed.
    pub ring: RingTimers,
    /// A unit that was missed and is back owns nothing before.
    pub mature: SimDuration,
    /// Between two rounds of balancing, and addresses moved in one; `None`: one pass at once.
    pub rounds: Option<(SimDuration, u32)>,
}

/// Timers of the ring of the units.
#[derive(Clone, Copy, Debug)]
pub struct RingTimers {
    /// Without the token for so long, the ring is broken.
    pub token: SimDuration,
    /// To gather who is left.
    pub gather: SimDuration,
    /// To form it anew, at most.
    pub form: SimDuration,
}

impl RingTimers {
    /// How long the death of a unit goes unnoticed; `phase` is uniform on 0..1.
    #[must_use]
    pub fn surrogate(&self, phase: f64) -> SimDuration {
        let form = SimDuration::from_nanos(whole::u64(phase * self.form.nanos() as f64));
        self.token + self.gather + form
    }
}

/// What the others think of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It may own addresses.
    Mature,
    /// It is silent, which is noticed then.
    Silent(SimTime),
    /// It is missed.
    Missed,
    /// It is back, and mature then.
    Young(SimTime),
}

/// The units of a balancer as peers.
#[derive(Clone, Debug)]
pub(super) struct Peers {
    config: PeersConfig,
    /// By unit: what the others think of it, how often it was silent, and the key of those draws.
    units: Vec<(Standing, u64, Key)>,
    /// By address.
    owners: Vec<Option<usize>>,
    /// The next round of balancing.
    round: SimTime,
    ticket: Ticket,
    /// Of the addresses of views.
    key: Key,
    /// Why the last unit fell silent.
    cause: CauseId,
}

/// The address that a page view reaches.
fn address_of(key: Key, count: usize, ordinal: u64) -> usize {
    below(key.uniform(ordinal, 0), count)
}

/// An address has left a unit: who reached it by that one is cut off.
#[derive(Clone, Copy, Debug)]
struct Moved {
    address: usize,
    from: usize,
}

impl Peers {
    /// Everybody is well, and the addresses are dealt out in turn.
    pub(super) fn new(config: PeersConfig, silences: Vec<Key>, key: Key) -> Self {
        let units = silences.len();
        Self {
            config,
            units: silences.into_iter().map(|key| (Standing::Mature, 0, key)).collect(),
            owners: (0..config.addresses as usize).map(|address| Some(address % units)).collect(),
            round: SimTime::NEVER,
            ticket: Ticket::NONE,
            key,
            cause: CauseId::OVERLOAD,
        }
    }

    fn address(&self, ordinal: u64) -> usize {
        address_of(self.key, self.owners.len(), ordinal)
    }

    fn owned(&self, unit: usize) -> usize {
        self.owners.iter().filter(|owner| **owner == Some(unit)).count()
    }

    fn mature(&self) -> impl Iterator<Item = usize> {
        let units = self.units.iter().enumerate();
        units.filter(|(_, unit)| unit.0 == Standing::Mature).map(|(unit, _)| unit)
    }

    /// The one with the fewest addresses, the first of equals.
    fn emptiest(&self) -> Option<usize> {
        self.mature().min_by_key(|unit| (self.owned(*unit), *unit))
    }

    /// The one with the most, the first of equals.
    fn fullest(&self) -> Option<usize> {
        self.mature().min_by_key(|unit| (usize::MAX - self.owned(*unit), *unit))
    }

    /// The unit `unit` is heard from now on, or is not; `clean` when it said so itself.
    fn fares(&mut self, now: SimTime, unit: usize, speaks: bool, clean: bool, cause: CauseId) {
        let (standing, silences, key) = &mut self.units[unit];
        *standing = match (*standing, speaks) {
            (Standing::Mature, false) => {
                let phase = key.uniform(*silences, 0);
                *silences += 1;
                self.cause = cause;
                let unnoticed = self.config.ring.surrogate(phase);
                Standing::Silent(if clean { now } else { now + unnoticed })
            }
            (Standing::Silent(_), true) => Standing::Mature,
            (Standing::Young(_), false) => Standing::Missed,
            (Standing::Missed, true) => Standing::Young(now + self.config.mature),
            (same, _) => same,
        };
    }

    fn next_due(&self) -> SimTime {
        let of = |unit: &(Standing, u64, Key)| match unit.0 {
            Standing::Silent(at) | Standing::Young(at) => at,
            _ => SimTime::NEVER,
        };
        self.units.iter().map(of).min().unwrap_or(SimTime::NEVER).min(self.round)
    }

    /// Does what is due; gives what has moved.
    fn settle(&mut self, now: SimTime) -> Vec<Moved> {
        let mut moved = Vec::new();
        let mut changed = false;
        for unit in &mut self.units {
            let next = match unit.0 {
                Standing::Silent(at) if at <= now => Standing::Missed,
                Standing::Young(at) if at <= now => Standing::Mature,
                same => same,
            };
            changed |= next != unit.0;
            unit.0 = next;
        }
        if changed {
            self.claim(&mut moved);
        }
        match self.config.rounds {
            None if changed => self.balance(self.owners.len() / 2, &mut moved),
            None => {}
            Some((every, moves)) => {
                if self.round <= now {
                    self.balance(moves as usize, &mut moved);
                    self.round = now + every;
                } else if changed {
                    self.round = now + every;
                }
                if !self.uneven() {
                    self.round = SimTime::NEVER;
                }
            }
        }
        moved
    }

    /// Addresses of units that are missed go to those with the fewest.
    fn claim(&mut self, moved: &mut Vec<Moved>) {
        for address in 0..self.owners.len() {
            let owner = self.owners[address];
            let owns = |standing| matches!(standing, Standing::Mature | Standing::Silent(_));
            if owner.is_some_and(|owner| owns(self.units[owner].0)) {
                continue;
            }
            self.owners[address] = None;
            self.owners[address] = self.emptiest();
            moved.extend(owner.map(|from| Moved { address, from }));
        }
    }

    fn uneven(&self) -> bool {
        let ends = (self.fullest(), self.emptiest());
        matches!(ends, (Some(most), Some(least)) if self.owned(most) - self.owned(least) > 1)
    }

    /// At most so many addresses go from the fullest to the emptiest.
    fn balance(&mut self, moves: usize, moved: &mut Vec<Moved>) {
        for _ in 0..moves {
            let (Some(from), Some(to)) = (self.fullest(), self.emptiest()) else { return };
            if self.owned(from) - self.owned(to) <= 1 {
                return;
            }
            let first = self.owners.iter().position(|owner| *owner == Some(from));
            let Some(address) = first else { return };
            self.owners[address] = Some(to);
            moved.push(Moved { address, from });
        }
    }
}

impl Balancer {
    /// The unit that `ordinal` of a page view is led to, and whether anybody is heard there by its
    /// address.
    pub(super) fn leads(&self, ordinal: u64) -> (usize, bool) {
        match &self.peers {
            Some(peers) => {
                let owner = peers.owners[peers.address(ordinal)];
                (owner.unwrap_or(0), owner.is_some())
            }
            None => (self.holder, !self.travels),
        }
    }

    /// How many addresses each unit has; of peers.
    #[must_use]
    pub fn addresses(&self) -> Vec<usize> {
        let of = |peers: &Peers| (0..peers.units.len()).map(|unit| peers.owned(unit)).collect();
        self.peers.as_deref().map(of).unwrap_or_default()
    }

    /// The unit with the first address of peers.
    pub(super) fn owner_of_first(peers: &Peers) -> Option<usize> {
        peers.owners.first().copied().flatten()
    }

    /// A unit of peers is heard from now on, or is not.
    pub(super) fn peer_fares(
        &mut self,
        ctx: &mut Ctx<'_>,
        unit: usize,
        speaks: bool,
        (clean, cause): (bool, CauseId),
    ) {
        if let Some(peers) = &mut self.peers {
            peers.fares(ctx.now, unit, speaks, clean, cause);
            self.arm_peers(ctx);
        }
    }

    fn arm_peers(&mut self, ctx: &mut Ctx<'_>) {
        let code = Event::Probe(self.config.unit.0 + place(self.beliefs.len())).code();
        let Some(peers) = &mut self.peers else { return };
        let due = peers.next_due();
        peers.ticket =
            if due == SimTime::NEVER { Ticket::NONE } else { ctx.calendar.push(due, code) };
    }
}

impl Balancer {
    /// An alarm of peers rings: addresses move, and who reached one by its former unit is cut off.
    pub(super) fn addresses_move(around: &mut Around<'_>, id: ComponentId, ticket: Ticket) {
        let (moved, cause) = around.with::<Self, _>(id, |balancer, ctx| {
            let Some(peers) = balancer.peers.as_mut().filter(|peers| peers.ticket == ticket) else {
                return (Vec::new(), CauseId::OVERLOAD);
            };
            let (moved, cause) = (peers.settle(ctx.now), peers.cause);
            balancer.arm_peers(ctx);
            (moved, cause)
        });
        for Moved { address, from } in moved {
            let balancer = around.held::<Self>(id);
            let Some(peers) = &balancer.peers else { return };
            let (unit, key, count) = (balancer.config.units[from].0, peers.key, peers.owners.len());
            let reaches = |request: &Request| address_of(key, count, request.ordinal) == address;
            around.throw_out_those(unit, cause, &reaches);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::draw::{Lineage, Seed};

    fn seconds(seconds: f64) -> SimTime {
        SimTime::ZERO + SimDuration::from_seconds_f64(seconds)
    }

    fn of(units: usize, addresses: u32, rounds: Option<(SimDuration, u32)>) -> Peers {
        let ring = RingTimers {
            token: SimDuration::from_nanos(1_250_000_000),
            gather: SimDuration::from_nanos(1_250_000_000),
            form: SimDuration::from_nanos(1_250_000_000),
        };
        let mature = SimDuration::from_secs(5);
        let config = PeersConfig { addresses, ring, mature, rounds };
        let key = |owner: &str| Key::derive(Seed(1), Lineage::replication(0), "silence", owner);
        Peers::new(config, (0..units).map(|unit| key(&unit.to_string())).collect(), key("all"))
    }

    fn counts(peers: &Peers) -> Vec<usize> {
        (0..peers.units.len()).map(|unit| peers.owned(unit)).collect()
    }

    /// Two of three die one after the other, then the third; whoever is back first has them all.
    #[test]
    fn the_last_one_has_all_and_without_anybody_nobody_has() {
        let mut peers = of(3, 6, None);
        for (unit, left) in [(0, vec![0, 3, 3]), (1, vec![0, 0, 6]), (2, vec![0, 0, 0])] {
            peers.fares(seconds(10.0 * unit as f64), unit, false, false, CauseId::OVERLOAD);
            peers.settle(seconds(10.0 * unit as f64 + 3.75));
            assert_eq!(counts(&peers), left);
        }
        peers.fares(seconds(100.0), 1, true, false, CauseId::OVERLOAD);
        peers.settle(seconds(104.9));
        assert_eq!(counts(&peers), [0, 0, 0]);
        peers.settle(seconds(105.0));
        assert_eq!(counts(&peers), [0, 6, 0]);
    }

    /// One that is back before it was missed has never been away; one that dies young is not missed.
    #[test]
    fn a_short_silence_moves_nothing() {
        let mut peers = of(2, 4, None);
        peers.fares(seconds(0.0), 0, false, false, CauseId::OVERLOAD);
        peers.fares(seconds(2.0), 0, true, false, CauseId::OVERLOAD);
        assert!(peers.settle(seconds(60.0)).is_empty());
        assert_eq!((counts(&peers), peers.next_due()), (vec![2, 2], SimTime::NEVER));
    }

    /// A pass moves half of all addresses at most: of 7 with one unit three go to the other two.
    #[test]
    fn a_pass_moves_half_of_all_at_most() {
        let mut peers = of(3, 7, None);
        peers.owners = vec![Some(0); 7];
        peers.units[2].0 = Standing::Young(seconds(1.0));
        let moved = peers.settle(seconds(1.0));
        assert_eq!((moved.len(), counts(&peers)), (3, vec![4, 2, 1]));
    }

    /// Shut down in good order, it is missed at once.
    #[test]
    fn who_says_goodbye_is_missed_at_once() {
        let mut peers = of(3, 6, None);
        peers.fares(seconds(1.0), 1, false, true, CauseId::OVERLOAD);
        assert_eq!(peers.next_due(), seconds(1.0));
        peers.settle(seconds(1.0));
        assert_eq!(counts(&peers), [3, 0, 3]);
    }
}
