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
mod duties;
mod line;
mod members;
mod peers;
mod sending;

pub use line::Room;
pub use peers::{PeersConfig, RingTimers};

use crate::convert::{table, whole};
use crate::engine::calendar::Ticket;
use crate::engine::draw::{Key, Lineage, Seed};
use crate::engine::law::Sampler;
use crate::model::event::Event;
use crate::model::ids::{CauseId, ComponentId, UnitId};
use crate::model::outage::{Failed, Hangs};
use crate::model::probing::{Probing, first_probe};
use crate::model::{Ctx, Health};
use crate::units::{SimDuration, SimTime};

/// Algorithm that picks the next member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// In turn.
    RoundRobin,
    /// The member with the fewest open requests.
    LeastConnections,
    /// At random.
    Random,
    /// The less loaded of two members drawn at random.
    TwoChoices,
    /// The same member for all requests of a page view.
    Hash,
}

impl Choice {
    /// Returns whether the algorithm takes random draws per request.
    const fn draws(self) -> bool {
        matches!(self, Self::Random | Self::TwoChoices)
    }
}

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

/// Detection of a silent unit that holds the virtual IP.
#[derive(Clone, Debug)]
pub enum Silence {
    /// After a time by this law, in seconds.
    After(Sampler),
    /// VRRP: after three missed advertisements and a skew that depends on the priority.
    Adverts {
        /// Time between two advertisements.
        interval: SimDuration,
        /// Priority of each unit.
        priorities: [u8; 2],
    },
}

/// Takeover of the virtual IP by the partner unit.
#[derive(Clone, Debug)]
pub struct Takeover {
    /// Time until the partner detects the silence.
    pub silence: Silence,
    /// Duration of the takeover after detection, in seconds; `None`: immediate.
    pub lasts: Option<Sampler>,
    /// Probability that the takeover works.
    pub coverage: f64,
    /// Giveback to the first unit: time that it must have been healthy, and the time without a
    /// holder, in seconds; `None`: no giveback.
    pub giveback: Option<(SimDuration, Sampler)>,
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

/// Page view for which a member is picked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seeker {
    /// Number of the page view.
    pub ordinal: u64,
    /// Member named by the cookie of the session, if it has one.
    pub cookie: Option<usize>,
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

/// Next change of the virtual IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    None,
    /// The given unit takes it over from a silent one.
    TakenBy(usize),
    /// The second unit releases it, for the giveback.
    Leaves,
    /// It arrives at the first unit.
    Arrives,
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

    /// Returns the weight of a member at `now`: at least 1 % of its own, so that it still gets requests.
    fn weight(&self, belief: usize, member: usize, now: SimTime) -> f64 {
        let own = self.config.members[member].weight;
        let Some(since) = self.beliefs[belief].since.filter(|_| !self.config.slow_start.is_zero())
        else {
            return own;
        };
        let share = (now - since).seconds() / self.config.slow_start.seconds();
        own * share.clamp(0.01, 1.0)
    }

    /// Picks a member of the service other than `avoid` for a request inside unit number `unit`;
    /// `None` if no member can take it. `draws` returns the uniforms of this request and step.
    pub fn pick(
        &mut self,
        now: SimTime,
        unit: usize,
        seeker: Seeker,
        avoid: Option<usize>,
        draws: impl Fn(u32) -> f64,
    ) -> Option<usize> {
        self.pick_from(now, unit, 0, seeker, |member| Some(member) == avoid, draws)
    }

    /// Picks as [`Self::pick`] does, from backend pool number `farm`, and no member that is `barred`.
    fn pick_from(
        &mut self,
        now: SimTime,
        unit: usize,
        farm: usize,
        seeker: Seeker,
        barred: impl Fn(usize) -> bool,
        draws: impl Fn(u32) -> f64,
    ) -> Option<usize> {
        let range = self.config.farms[farm].clone();
        let base = self.at(unit, 0);
        let lives = |m: &usize| self.states[base + m].alive && !barred(*m);
        let may = |m: &usize| lives(m) && !self.full(base + m, *m, now);
        if let Some(own) = seeker.cookie.filter(lives) {
            // Without a free slot there, the request waits for one.
            let own = Some(own).filter(may);
            return self.opened(now, unit, own);
        }
        if self.config.choice == Choice::RoundRobin {
            let chosen = self.next_in_turn(now, unit, range, barred);
            return self.opened(now, unit, chosen);
        }
        if self.config.choice == Choice::LeastConnections && self.even[farm] {
            let chosen = self.fewest_open(farm, base, barred);
            return self.opened(now, unit, chosen);
        }
        let (first, count) = (range.start, range.len());
        let weight = |m: usize| self.weight(base + m, m, now);
        let load = |m: usize| f64::from(self.states[base + m].open + 1) / weight(m);
        let chosen = match self.config.choice {
            Choice::RoundRobin => None,
            Choice::LeastConnections => {
                let turn = self.turns[farm];
                let turns = (0..count).map(|step| first + (turn + step) % count);
                let mut best: Option<(f64, usize)> = None;
                for m in turns.filter(may) {
                    let load = load(m);
                    if best.is_none_or(|(least, _)| load < least) {
                        best = Some((load, m));
                    }
                }
                best.map(|(_, m)| m)
            }
            Choice::Random => drawn(range, may, weight, draws(0)),
            Choice::TwoChoices => {
                let (one, other) = (
                    drawn(range.clone(), may, weight, draws(0)),
                    drawn(range, may, weight, draws(1)),
                );
                match (one, other) {
                    (Some(one), Some(other)) if load(other) < load(one) => Some(other),
                    (one, _) => one,
                }
            }
            // Without a free slot at its own member, the request waits for one.
            Choice::Hash => self.hashed(now, base, range.filter(lives), seeker.ordinal).filter(may),
        };
        if let Choice::LeastConnections = self.config.choice {
            self.turns[farm] = chosen.map_or(self.turns[farm], |m| (m - first + 1) % count);
        }
        self.opened(now, unit, chosen)
    }

    /// Returns the member with the fewest open requests of a pool with equal weights; ties are broken in turn.
    #[inline(always)]
    fn fewest_open(
        &mut self,
        farm: usize,
        base: usize,
        barred: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let range = self.config.farms[farm].clone();
        let turn = range.start + self.turns[farm];
        let (mut least, mut chosen) = (u32::MAX, None);
        let mut look = |from: usize, to: usize| {
            for (member, state) in (from..to).zip(&self.states[base + from..base + to]) {
                if state.open < least && state.alive && !barred(member) {
                    (least, chosen) = (state.open, Some(member));
                }
            }
        };
        look(turn, range.end);
        look(range.start, turn);
        if let Some(member) = chosen {
            let next = member + 1;
            self.turns[farm] = if next == range.end { 0 } else { next - range.start };
        }
        chosen
    }

    /// Returns the member of `members` to which the hash assigns page view `ordinal`.
    fn hashed(
        &self,
        now: SimTime,
        base: usize,
        members: impl Iterator<Item = usize>,
        ordinal: u64,
    ) -> Option<usize> {
        let weight = |m: usize| self.weight(base + m, m, now);
        let score = |m: usize| libm::log(self.hash[m].uniform(ordinal, 0)) / weight(m);
        members.max_by(|a, b| score(*a).total_cmp(&score(*b)))
    }

    fn opened(&mut self, now: SimTime, unit: usize, member: Option<usize>) -> Option<usize> {
        if let Some(member) = member {
            let at = self.at(unit, member);
            self.sent += 1;
            self.states[at].open += 1;
            self.slot_taken(member, now);
        }
        member
    }

    /// Picks by smooth weighted round robin, and updates the credits.
    fn next_in_turn(
        &mut self,
        now: SimTime,
        unit: usize,
        farm: std::ops::Range<usize>,
        barred: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let base = self.at(unit, 0);
        let mut total = 0.0;
        let mut best: Option<usize> = None;
        for member in farm {
            let full = self.full(base + member, member, now);
            if !self.states[base + member].alive || barred(member) || full {
                continue;
            }
            let step = self.weight(base + member, member, now);
            total += step;
            self.beliefs[base + member].ahead += step;
            let ahead = self.beliefs[base + member].ahead;
            if best.is_none_or(|best| ahead > self.beliefs[base + best].ahead) {
                best = Some(member);
            }
        }
        if let Some(best) = best {
            self.beliefs[base + best].ahead -= total;
        }
        best
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

    fn arm(&mut self, ctx: &mut Ctx<'_>, at: usize, when: SimTime) {
        let code = Event::Probe(self.config.unit.0 + table::u32(at)).code();
        self.beliefs[at].ticket = ctx.calendar.push(when, code);
    }

    /// Arms the next probe, at its due time or now if that has passed.
    fn next_probe(&mut self, ctx: &mut Ctx<'_>, at: usize) {
        let due = self.beliefs[at].due.max(ctx.now);
        self.beliefs[at].due = due;
        self.arm(ctx, at, due);
    }

    /// Records the result of a probe. Where this changes a belief, queued requests choose their member
    /// anew.
    pub fn verdict(&mut self, at: usize, good: bool, now: SimTime) {
        let Some(probing) = self.config.probing else { return };
        let (belief, state) = (&mut self.beliefs[at], &mut self.states[at]);
        if belief.listed && probing.turns(state.alive, &mut belief.against, good) {
            state.alive = good;
            belief.since = good.then_some(now);
            belief.ahead = 0.0;
            self.unbind(at / self.config.members.len());
        }
    }

    /// Returns whether shallow probes detect the current hang of the member; drawn once per hang.
    fn sees_hang(&mut self, at: usize, now: SimTime) -> bool {
        let member = at % self.config.members.len();
        if let Some(Some(unseen)) = self.unseen.get(member) {
            let missed = unseen.iter().any(|(from, until)| *from <= now && now < *until);
            return *self.beliefs[at].hang.get_or_insert(!missed);
        }
        let probability = self.config.probing.map_or(0.0, |probing| probing.detects_hang);
        let belief = &mut self.beliefs[at];
        *belief.hang.get_or_insert_with(|| {
            belief.hangs += 1;
            belief.hang_seen.uniform(belief.hangs - 1, 0) < probability
        })
    }

    /// Resets the beliefs of a unit whose process is lost: the new one believes all members alive.
    pub fn forget(&mut self, unit: ComponentId) {
        let Some(unit) = self.unit_of(unit) else { return };
        let own = self.at(unit, 0)..self.at(unit + 1, 0);
        for at in own {
            let belief = &mut self.beliefs[at];
            self.states[at].alive = belief.listed;
            belief.against = 0;
            belief.since = None;
            belief.asked = None;
            belief.hang = None;
            belief.ahead = 0.0;
        }
    }

    /// Applies a change of health of a unit, by `cause`. `clean`: it was shut down and announced that.
    pub fn health_changes(
        &mut self,
        ctx: &mut Ctx<'_>,
        unit: ComponentId,
        health: Health,
        (clean, cause): (bool, CauseId),
    ) {
        let Some(unit) = self.unit_of(unit) else { return };
        let speaks = health.works();
        if self.speaks[unit] == speaks {
            return;
        }
        self.speaks[unit] = speaks;
        if self.peers.is_some() {
            return self.peer_health(ctx, unit, speaks, (clean, cause));
        }
        if self.config.takeover.is_none() {
            return;
        }
        let holds = self.holder == unit && !self.travels;
        match (holds, speaks) {
            (true, true) => {
                self.doomed = false;
                self.plan(ctx, Change::None, SimDuration::ZERO);
                self.go_back(ctx);
            }
            (true, false) => self.take_over(ctx, clean),
            (false, true) if !self.travels && !self.speaks[self.holder] => {
                if !self.doomed {
                    self.take_over(ctx, false);
                }
            }
            (false, true) => self.go_back(ctx),
            // The unit that was to take the virtual IP has failed.
            (false, false) if self.travels => {}
            (false, false) => self.plan(ctx, Change::None, SimDuration::ZERO),
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

    fn plan(&mut self, ctx: &mut Ctx<'_>, change: Change, after: SimDuration) {
        self.change = change;
        self.ticket = Ticket::NONE;
        if change != Change::None {
            let code = Event::Probe(self.config.unit.0 + table::u32(self.beliefs.len())).code();
            self.ticket = ctx.calendar.push(ctx.now + after, code);
        }
    }

    /// Plans the takeover by the partner of the silent unit, if the partner works.
    fn take_over(&mut self, ctx: &mut Ctx<'_>, clean: bool) {
        let other = 1 - self.holder;
        let Some(takeover) = self.config.takeover.as_ref().filter(|_| self.speaks[other]) else {
            return self.plan(ctx, Change::None, SimDuration::ZERO);
        };
        let ordinal = self.takeovers;
        self.takeovers += 1;
        let [silence, lasts, works, _] = self.address;
        let works = match &self.history {
            Some(history) => !history.iter().any(|failed| failed.lasts_at(ctx.now)),
            None => works.uniform(ordinal, 0) < takeover.coverage,
        };
        if !works {
            self.doomed = true;
            return self.plan(ctx, Change::None, SimDuration::ZERO);
        }
        let heard = match &takeover.silence {
            Silence::After(law) => {
                SimDuration::from_seconds_f64(law.sample(silence.uniform(ordinal, 0)))
            }
            Silence::Adverts { interval, priorities } => {
                let skew = skew(*interval, priorities[other]);
                if clean {
                    skew
                } else {
                    // The timer of the partner has run since the last advertisement.
                    let phase = whole::u64(silence.uniform(0, 1) * interval.nanos() as f64);
                    let now = ctx.now.nanos();
                    let since = (now + interval.nanos() - phase) % interval.nanos();
                    let left = primary_down(*interval, priorities[other]).nanos() - since;
                    SimDuration::from_nanos(left)
                }
            }
        };
        let lasts = takeover.lasts.as_ref().map_or(SimDuration::ZERO, |law| {
            SimDuration::from_seconds_f64(law.sample(lasts.uniform(ordinal, 0)))
        });
        self.plan(ctx, Change::TakenBy(other), heard + lasts);
    }

    /// Plans the giveback, if the first unit works and the second holds the virtual IP.
    fn go_back(&mut self, ctx: &mut Ctx<'_>) {
        let giveback = self.config.takeover.as_ref().and_then(|t| t.giveback.as_ref());
        if let Some((after, _)) = giveback
            && self.holder == 1
            && !self.travels
            && self.speaks[0]
        {
            let after = *after;
            self.plan(ctx, Change::Leaves, after);
        }
    }

    /// Applies the planned change of the virtual IP. Returns the unit that loses it and its open requests.
    fn ring(&mut self, ctx: &mut Ctx<'_>, ticket: Ticket) -> Option<ComponentId> {
        if ticket != self.ticket {
            return None;
        }
        let change = std::mem::replace(&mut self.change, Change::None);
        self.ticket = Ticket::NONE;
        let before = self.config.units[self.holder].0;
        match change {
            Change::None => None,
            Change::TakenBy(unit) => {
                self.holder = unit;
                self.go_back(ctx);
                Some(before)
            }
            Change::Leaves => {
                self.travels = true;
                let giveback = self.config.takeover.as_ref().and_then(|t| t.giveback.as_ref());
                let lasts = giveback.map_or(SimDuration::ZERO, |(_, law)| {
                    let uniform = self.address[3].uniform(self.takeovers, 0);
                    SimDuration::from_seconds_f64(law.sample(uniform))
                });
                if lasts.is_zero() {
                    self.arrive(ctx);
                } else {
                    self.plan(ctx, Change::Arrives, lasts);
                }
                Some(before)
            }
            Change::Arrives => {
                self.arrive(ctx);
                None
            }
        }
    }

    fn arrive(&mut self, ctx: &mut Ctx<'_>) {
        self.travels = false;
        self.holder = 0;
        if !self.speaks[0] {
            self.take_over(ctx, false);
        }
    }
}

/// Draws one of the members that `may` take it, with a probability proportional to its weight.
fn drawn(
    farm: std::ops::Range<usize>,
    may: impl Fn(&usize) -> bool,
    weight: impl Fn(usize) -> f64,
    uniform: f64,
) -> Option<usize> {
    let total: f64 = farm.clone().filter(&may).map(&weight).sum();
    let mut left = uniform * total;
    let mut last = None;
    for member in farm.filter(&may) {
        last = Some(member);
        left -= weight(member);
        if left < 0.0 {
            break;
        }
    }
    last
}

/// Returns the skew, by which a router of this `priority` waits longer: RFC 5798 §6.1.
#[must_use]
pub fn skew(interval: SimDuration, priority: u8) -> SimDuration {
    // 1/256 of the interval for each of 256 − priority, in whole nanoseconds, without a wider type.
    let (nanos, parts) = (interval.nanos(), 256 - u64::from(priority));
    SimDuration::from_nanos(nanos / 256 * parts + nanos % 256 * parts / 256)
}

/// Returns the silence after which a router of this `priority` takes over: RFC 5798 §6.1.
#[must_use]
pub fn primary_down(interval: SimDuration, priority: u8) -> SimDuration {
    interval.saturating_mul(3) + skew(interval, priority)
}

#[cfg(test)]
mod tests;
