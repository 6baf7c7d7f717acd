//! A balancer: health checks of its members, choice of a member, and takeover of the virtual IP (VIP).
//!
//! Model: one or two units, each a process of its own (a service without a bound on workers) in a
//! zone or on the processor of an appliance. A request enters the unit that holds the virtual IP,
//! takes its processor time there and is sent on to a member. It stays inside the unit until the
//! answer is back, so a unit that fails loses its open requests.
//!
//! A unit learns the state of a member by its own probes. They begin every `interval`, at a phase
//! drawn for (unit, member). `fall` failed probes in a row eject the member, `rise` good ones put it
//! back. A refused probe fails at once, an unanswered one after `time-out`. A shallow probe asks
//! whether the port answers: a hung process answers it, except for the declared share of hangs that
//! it detects. A deep probe is a request of its own (see `sending`). Until a member is ejected, it
//! still receives requests, whatever its state. A restarted unit believes that all members are alive.
//!
//! The next member is chosen among those believed alive, by weight w. After a member was put back, w
//! grows linearly over `slow-start`, from 1 % of the member's own weight to all of it.
//! - *round robin*, smooth: each credit grows by w, the largest is chosen and pays the sum of all w;
//!   every round has the exact shares;
//! - *least connections*: the smallest (open + 1) / w; ties are broken in turn;
//! - *random*: with probability w / Σw; *two choices*: the less loaded of two such draws;
//! - *hash*: the largest ln u / w of draws u keyed by (page view, member). All requests of a view
//!   go to one member; a member that is ejected moves only its own views.
//!
//! With sticky sessions, only the first request of a session is balanced. A cookie names its member,
//! and the session stays there while that member is believed alive. Then another is picked for it.
//!
//! One of two units holds the virtual IP. When it is silent, the other takes over, after the declared
//! time or by the timers of VRRP. Until then requests get no answer. The open requests of a unit that
//! loses the virtual IP are lost. Several units may also share several addresses (see `peers`). The
//! open requests at the members may be bounded, with a queue in front of them (see `line`).
//!
//! In: `pick`, `close`, `begin`, `verdict`, `health_changes`, `ring`. Holds: at most one alarm per
//! (unit, member) and one for the virtual IP; the open count is ≥ 0, and 0 with no request inside.
//! Leaves out: two units that both hold the virtual IP, a second rate of probes while a member is
//! ejected.
//! Source: smooth weighted round robin as in nginx `ngx_http_upstream_round_robin.c`; probes as in
//! HAProxy's `check` (inter, fall, rise, slowstart); highest random weight: Thaler & Ravishankar
//! (1998); two choices: Mitzenmacher (2001); VRRP: RFC 5798 §6.

mod beliefs;
mod choice;
mod duties;
mod line;
mod members;
mod peers;
mod sending;
mod virtual_ip;

pub use choice::{Choice, Seeker};
pub use line::Room;
pub use peers::{PeersConfig, RingTimers};
pub use virtual_ip::{Silence, Takeover, primary_down, skew};

use crate::engine::calendar::Ticket;
use crate::engine::draw::{Key, Lineage, Seed};
use crate::model::Ctx;
use crate::model::ids::{ComponentId, UnitId};
use crate::model::outage::{Failed, Hangs};
use crate::model::probing::{Probing, first_probe};
use crate::units::{SimDuration, SimTime};
use virtual_ip::Change;

/// A member behind a balancer.
#[derive(Clone, Debug)]
pub struct Behind {
    /// Process of the member.
    pub id: ComponentId,
    /// Name of the member; with the name of a unit it owns the draws of probes.
    pub name: String,
    /// Weight, relative to the other members.
    pub weight: f64,
    /// First operation of a deep probe of the member; `None` if probes are shallow.
    pub deep: Option<u32>,
}

/// Configuration of a balancer.
#[derive(Clone, Debug)]
pub struct BalancerConfig {
    /// Its name.
    pub name: String,
    /// Units: process and name of each.
    pub units: Vec<(ComponentId, String)>,
    /// Members of all backend pools, pool by pool.
    pub members: Vec<Behind>,
    /// Range of members of each backend pool: the service first, then each database.
    pub farms: Vec<std::ops::Range<usize>>,
    /// Algorithm that picks a member.
    pub choice: Choice,
    /// Number of this balancer among those with sticky sessions; `None` without them.
    pub sticky: Option<usize>,
    /// Health checks; `None`: every member is always believed alive.
    pub probing: Option<Probing>,
    /// Time until a member that was put back has its full weight.
    pub slow_start: SimDuration,
    /// Number of further members that are tried when one does not take a request.
    pub retries: u8,
    /// Bound on open requests at the members of the service; `None`: no bound.
    pub room: Option<Room>,
    /// Takeover between two units; `None`: without peers, the first unit always holds the virtual IP.
    pub takeover: Option<Takeover>,
    /// Addresses shared by the units as peers; `None` for one unit or a pair.
    pub peers: Option<PeersConfig>,
    /// First alarm: one per (unit, member), then one for the virtual IP or the peers.
    pub unit: UnitId,
}

/// Belief of one unit about one member, and its open requests there.
#[derive(Clone, Copy, Debug)]
struct State {
    /// True if the unit believes that the member is alive.
    alive: bool,
    /// Requests sent to the member and not yet answered.
    open: u32,
}

/// Processes of the units and of the members.
#[derive(Clone, Debug)]
struct Ids {
    units: Vec<ComponentId>,
    members: Vec<ComponentId>,
}

/// State of a balancer in the event loop.
#[derive(Clone, Debug)]
pub struct Balancer {
    config: BalancerConfig,
    /// Probe state, indexed by unit and member.
    beliefs: Vec<beliefs::Belief>,
    /// Belief and open requests, indexed by unit and member; apart, because every choice reads them.
    states: Vec<State>,
    /// Processes by unit and by member.
    ids: Ids,
    /// True for each backend pool whose members always have the same weight. The fewest open
    /// requests then are the smallest load.
    even: Vec<bool>,
    /// Key of the hash draws of each member.
    hash: Vec<Key>,
    /// Next member in turn of each backend pool.
    turns: Vec<usize>,
    holder: usize,
    /// True while no unit holds the virtual IP, because it is on its way back to the first.
    travels: bool,
    speaks: Vec<bool>,
    /// True if the current takeover has failed.
    doomed: bool,
    /// Takeovers that fail, where a given trajectory prescribes them.
    history: Option<Vec<Failed>>,
    /// Undetected hangs of each member, where a given trajectory prescribes them.
    unseen: Vec<Option<Vec<(SimTime, SimTime)>>>,
    change: Change,
    ticket: Ticket,
    takeovers: u64,
    address: [Key; 4],
    lines: Option<Box<line::Lines>>,
    peers: Option<Box<peers::Peers>>,
    /// Members that do not exist.
    away: members::Away,
    /// Scratch: whether each member of a database pool must not serve reads.
    barred: Vec<bool>,
    sent: u64,
    refused: u64,
}

impl Balancer {
    /// Creates a balancer with all units and members healthy; the first unit holds the virtual IP.
    #[must_use]
    pub fn new(config: BalancerConfig, seed: Seed, lineage: Lineage) -> Self {
        let key = |purpose: &str, owner: &str| Key::derive(seed, lineage, purpose, owner);
        let beliefs = beliefs::at_start(&config, key);
        let name = config.name.clone();
        let units = config.units.len();
        let lines = config.room.map(|room| Box::new(line::Lines::new(room, units)));
        let peers = config.peers.map(|peers| {
            let silences = config.units.iter().map(|(_, unit)| key("silence", unit)).collect();
            Box::new(peers::Peers::new(peers, silences, key("address", &name)))
        });
        let purposes = ["silence", "takeover", "takeover-works", "giveback"];
        let states = vec![State { alive: true, open: 0 }; beliefs.len()];
        let ids = Ids {
            units: config.units.iter().map(|(unit, _)| *unit).collect(),
            members: config.members.iter().map(|member| member.id).collect(),
        };
        let of_one_weight = |farm: &std::ops::Range<usize>| {
            let mut weights = config.members[farm.clone()].iter().map(|member| member.weight);
            let first = weights.next().unwrap_or(1.0);
            first.is_normal() && weights.all(|weight| weight == first)
        };
        let steady = config.slow_start.is_zero() && config.room.is_none();
        let even = config.farms.iter().map(|farm| steady && of_one_weight(farm)).collect();
        Self {
            hash: config
                .members
                .iter()
                .map(|m| key("hash", &format!("{name}→{}", m.name)))
                .collect(),
            address: purposes.map(|purpose| key(purpose, &name)),
            turns: vec![0; config.farms.len()],
            away: members::Away::none_of(config.members.len()),
            config,
            beliefs,
            states,
            ids,
            even,
            holder: 0,
            travels: false,
            speaks: vec![true; units],
            doomed: false,
            history: None,
            unseen: Vec::new(),
            change: Change::None,
            ticket: Ticket::NONE,
            takeovers: 0,
            lines,
            peers,
            barred: Vec::new(),
            sent: 0,
            refused: 0,
        }
    }

    /// Returns whether unit number `unit` believes that member number `member` is alive.
    #[must_use]
    pub fn believes(&self, unit: usize, member: usize) -> bool {
        self.states[self.at(unit, member)].alive
    }

    /// Returns the number of open requests that the unit has sent to the member.
    #[must_use]
    pub fn open(&self, unit: usize, member: usize) -> u32 {
        self.states[self.at(unit, member)].open
    }

    /// Returns the unit that holds the virtual IP (of peers, their first address); `None` if no unit does.
    #[must_use]
    pub fn holder(&self) -> Option<usize> {
        match &self.peers {
            Some(peers) => Self::owner_of_first(peers),
            None => (!self.travels).then_some(self.holder),
        }
    }

    fn at(&self, unit: usize, member: usize) -> usize {
        unit * self.config.members.len() + member
    }

    fn unit_of(&self, id: ComponentId) -> Option<usize> {
        self.ids.units.iter().position(|unit| *unit == id)
    }

    fn member_of(&self, id: ComponentId) -> Option<usize> {
        self.ids.members.iter().position(|member| *member == id)
    }

    /// Closes a request that `unit` had open at `member` for `stay`: it is answered or abandoned.
    /// Returns whether a request waits for the freed slot.
    pub fn close(
        &mut self,
        now: SimTime,
        unit: ComponentId,
        member: ComponentId,
        stay: SimDuration,
    ) -> bool {
        let (Some(unit), Some(member)) = (self.unit_of(unit), self.member_of(member)) else {
            return false;
        };
        let at = self.at(unit, member);
        self.states[at].open -= 1;
        self.slot_freed(unit, member, now, stay)
    }

    /// Arms the first probes at or after `now`.
    pub fn begin(&mut self, ctx: &mut Ctx<'_>) {
        self.go_back(ctx);
        let Some(probing) = self.config.probing else { return };
        for at in 0..self.beliefs.len() {
            let uniform = self.beliefs[at].phase.uniform(0, 0);
            self.beliefs[at].due = first_probe(probing.interval, ctx.now, uniform);
            self.arm(ctx, at, self.beliefs[at].due);
        }
    }

    /// Prescribes, from a given trajectory, the takeovers that fail, the hangs that stay undetected,
    /// and the unit that holds the virtual IP at the start.
    pub(crate) fn follows(
        &mut self,
        failed: Vec<Failed>,
        hangs: impl Iterator<Item = Hangs>,
        holder: Option<usize>,
    ) {
        self.history = Some(failed);
        self.unseen = vec![None; self.config.members.len()];
        for hang in hangs {
            self.unseen[hang.member] = Some(hang.unseen);
        }
        self.holder = holder.unwrap_or(self.holder);
    }
}

#[cfg(test)]
mod tests;
