//! Addresses that several units own together and take over from each other.
//!
//! Model: each address is owned by one unit. A page view uses one address, drawn for the view with
//! equal probabilities. The other units detect a silent unit by the timers of their ring: loss of
//! the token, gathering the remaining units, and a part of the time to form the ring anew. The
//! detection time is `token` + `gather` + U(0, `form`). Until then its addresses do not answer. A
//! unit that is shut down announces that and is removed at once. Each of its addresses, in the
//! order of the list, goes to the unit with the fewest addresses, the first in case of ties.
//!
//! A removed unit that is back owns nothing until it has been healthy for `mature`. Then addresses
//! move from the unit with the most to the unit with the fewest, until these differ by at most one.
//! They move in one pass of at most half of all addresses, or some in every round. The open
//! requests of an address that moves are lost.
//!
//! In: `address`, `health_changes`, `ring`. Holds: an address is owned by one unit, or by none when no unit
//! may own it; one alarm.
//! Leaves out: preferences, router caches that learn of a move late, a split of the ring (a unit
//! that is cut off owns nothing), the pause while a returning unit joins the ring.
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

/// Addresses shared by the units of a balancer.
#[derive(Clone, Copy, Debug)]
pub struct PeersConfig {
    /// Number of addresses.
    pub addresses: u32,
    /// Timers that detect a silent unit.
    pub ring: RingTimers,
    /// Time for which a unit must have been back before it owns addresses again.
    pub mature: SimDuration,
    /// Time between two rounds of balancing, and addresses moved per round; `None`: one immediate pass.
    pub rounds: Option<(SimDuration, u32)>,
}

/// Timers of the ring that the units form.
#[derive(Clone, Copy, Debug)]
pub struct RingTimers {
    /// Time without the token after which the ring is broken.
    pub token: SimDuration,
    /// Time to gather the remaining units.
    pub gather: SimDuration,
    /// Longest time to form the ring anew.
    pub form: SimDuration,
}

impl RingTimers {
    /// Returns the time until the failure of a unit is detected; `phase` is uniform on 0..1.
    #[must_use]
    pub fn surrogate(&self, phase: f64) -> SimDuration {
        let form = SimDuration::from_nanos(whole::u64(phase * self.form.nanos() as f64));
        self.token + self.gather + form
    }
}

/// Standing of a unit with the other units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// May own addresses.
    Mature,
    /// Silent, which is detected at the given time.
    Silent(SimTime),
    /// Removed: its silence is detected.
    Missed,
    /// Back, and mature at the given time.
    Young(SimTime),
}

/// State of the units of a balancer as peers.
#[derive(Clone, Debug)]
pub(super) struct Peers {
    config: PeersConfig,
    /// Standing of each unit, the number of its silences, and the key of their draws.
    units: Vec<(Standing, u64, Key)>,
    /// Unit that owns each address; `None`: no unit may own it.
    owners: Vec<Option<usize>>,
    /// Time of the next round of balancing.
    round: SimTime,
    ticket: Ticket,
    /// Key of the draws of the addresses of page views.
    key: Key,
    /// Cause of the last silence of a unit.
    cause: CauseId,
}

/// Returns the number of the address that page view `ordinal` uses, of `count`.
fn address_of(key: Key, count: usize, ordinal: u64) -> usize {
    below(key.uniform(ordinal, 0), count)
}

/// An address that has left unit `from`, which drops the requests that came by it.
#[derive(Clone, Copy, Debug)]
struct Moved {
    address: usize,
    from: usize,
}

impl Peers {
    /// Creates peers that are all healthy; the addresses are assigned in turn.
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

    /// Returns the mature unit with the fewest addresses, the first in case of ties.
    fn emptiest(&self) -> Option<usize> {
        self.mature().min_by_key(|unit| (self.owned(*unit), *unit))
    }

    /// Returns the mature unit with the most addresses, the first in case of ties.
    fn fullest(&self) -> Option<usize> {
        self.mature().min_by_key(|unit| (usize::MAX - self.owned(*unit), *unit))
    }

    /// Records that `unit` is heard again, or is silent; `clean`: it announced its shutdown.
    fn health_changes(
        &mut self,
        now: SimTime,
        unit: usize,
        speaks: bool,
        clean: bool,
        cause: CauseId,
    ) {
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

    /// Applies all changes that are due, and returns the addresses that have moved.
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

    /// Assigns each address without an owner in good standing to the unit with the fewest.
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

    /// Moves at most `moves` addresses, each from the fullest unit to the emptiest.
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
    /// Returns the unit to which page view `ordinal` is sent, and whether that answers at the address
    /// of the view.
    pub(super) fn leads(&self, ordinal: u64) -> (usize, bool) {
        match &self.peers {
            Some(peers) => {
                let owner = peers.owners[peers.address(ordinal)];
                (owner.unwrap_or(0), owner.is_some())
            }
            None => (self.holder, !self.travels),
        }
    }

    /// Returns the number of addresses of each unit; empty where the units are no peers.
    #[must_use]
    pub fn addresses(&self) -> Vec<usize> {
        let of = |peers: &Peers| (0..peers.units.len()).map(|unit| peers.owned(unit)).collect();
        self.peers.as_deref().map(of).unwrap_or_default()
    }

    /// Returns the unit that owns the first address.
    pub(super) fn owner_of_first(peers: &Peers) -> Option<usize> {
        peers.owners.first().copied().flatten()
    }

    /// Records that a unit is heard again, or is silent, and arms the alarm.
    pub(super) fn peer_health(
        &mut self,
        ctx: &mut Ctx<'_>,
        unit: usize,
        speaks: bool,
        (clean, cause): (bool, CauseId),
    ) {
        if let Some(peers) = &mut self.peers {
            peers.health_changes(ctx.now, unit, speaks, clean, cause);
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
    /// Moves addresses when the alarm rings, and drops the open requests that came by them.
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
            around.drop_requests_that(unit, cause, &reaches);
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

    /// Three units fail one after the other; the first that is back gets all addresses.
    #[test]
    fn the_last_member_has_all_and_without_members_none_has() {
        let mut peers = of(3, 6, None);
        for (unit, left) in [(0, vec![0, 3, 3]), (1, vec![0, 0, 6]), (2, vec![0, 0, 0])] {
            peers.health_changes(
                seconds(10.0 * unit as f64),
                unit,
                false,
                false,
                CauseId::OVERLOAD,
            );
            peers.settle(seconds(10.0 * unit as f64 + 3.75));
            assert_eq!(counts(&peers), left);
        }
        peers.health_changes(seconds(100.0), 1, true, false, CauseId::OVERLOAD);
        peers.settle(seconds(104.9));
        assert_eq!(counts(&peers), [0, 0, 0]);
        peers.settle(seconds(105.0));
        assert_eq!(counts(&peers), [0, 6, 0]);
    }

    /// A unit that is back before its silence is detected keeps its addresses.
    #[test]
    fn a_short_silence_moves_nothing() {
        let mut peers = of(2, 4, None);
        peers.health_changes(seconds(0.0), 0, false, false, CauseId::OVERLOAD);
        peers.health_changes(seconds(2.0), 0, true, false, CauseId::OVERLOAD);
        assert!(peers.settle(seconds(60.0)).is_empty());
        assert_eq!((counts(&peers), peers.next_due()), (vec![2, 2], SimTime::NEVER));
    }

    /// One pass moves at most half of all addresses: three of 7 at one unit move to the other two.
    #[test]
    fn a_pass_moves_half_of_all_at_most() {
        let mut peers = of(3, 7, None);
        peers.owners = vec![Some(0); 7];
        peers.units[2].0 = Standing::Young(seconds(1.0));
        let moved = peers.settle(seconds(1.0));
        assert_eq!((moved.len(), counts(&peers)), (3, vec![4, 2, 1]));
    }

    /// A unit that announces its shutdown is removed at once.
    #[test]
    fn who_says_goodbye_is_missed_at_once() {
        let mut peers = of(3, 6, None);
        peers.health_changes(seconds(1.0), 1, false, true, CauseId::OVERLOAD);
        assert_eq!(peers.next_due(), seconds(1.0));
        peers.settle(seconds(1.0));
        assert_eq!(counts(&peers), [3, 0, 3]);
    }
}
