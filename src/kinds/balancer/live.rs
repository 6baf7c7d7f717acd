//! A balancer: whom it believes alive, whom it sends to, which of its units holds the address.
//!
//! Model: one or two units, each a process of its own (a service without a bound on workers) in a
//! zone or on the processor of an appliance. A request enters the unit that holds the address,
//! takes its processor time there and is sent on to a member; it stays inside the unit until the
//! answer is back, so that what a unit had open is lost with it.
//!
//! What a unit knows of a member it knows by its own probes. They begin every `interval`, at a
//! phase drawn for (unit, member); `fall` failed ones in a row take the member out, `rise` good
//! ones put it back. A refused probe fails at once, one that nobody answers fails after
//! `time-out`. A shallow probe asks whether the port answers: a process that hangs answers it,
//! but for the share of hangs that the file says it sees. A deep one is a request of its own (see
//! `sending`). Until a member is taken out, requests are sent to it and meet what they meet there.
//! A process that starts anew believes that everybody is alive.
//!
//! Who is next, among those believed alive, by weight w, which grows in a line from nothing to its
//! own over `slow-start` after a member was put back:
//! - *round robin*, smooth: of all that are ahead by w each turn the most advanced, who goes back
//!   by the sum; exact shares in every round;
//! - *least connections*: the smallest (open + 1) / w, where a tie is broken in turn;
//! - *random*: with probability w / Σw; *two choices*: the better of two such;
//! - *hash*: the largest ln u / w of draws u keyed by (page view, member): all requests of a view
//!   meet one member, and one that goes moves its own views alone.
//!
//! With sticky sessions that is asked for the first request of a session alone. A cookie names its
//! member, and it stays there while that is believed alive; then it is picked anew, and stays there.
//!
//! Of two units one holds the address. When it is silent the other takes over, after the time of
//! the file or by the timers of VRRP; until then who asks hears nobody. What is open at a unit
//! that loses the address is lost. Any number of units may own several addresses together: see
//! `peers`. Room at the members may be bounded, with a line for it: see `line`.
//!
//! In: `pick`, `close`, `begin`, `verdict`, `fares`, `ring`. Holds: at most one alarm for each
//! (unit, member) and one for the address; open ≥ 0 and 0 with nobody inside.
//! Leaves out: two units that both hold the address, a second set of probes at another pace while a
//! member is out.
//! Source: smooth weighted round robin as in nginx `ngx_http_upstream_round_robin.c`; probes as in
//! HAProxy's `check` (inter, fall, rise, slowstart); highest random weight: Thaler & Ravishankar
//! (1998); two choices: Mitzenmacher (2001); VRRP: RFC 5798 §6.

mod duties;
mod line;
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

/// How the next member is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// In turn.
    RoundRobin,
    /// The one with the fewest open requests.
    LeastConnections,
    /// At random.
    Random,
    /// The one with fewer open requests of two drawn at random.
    TwoChoices,
    /// Always the same for one page view.
    Hash,
}

impl Choice {
    /// Whether it takes a draw.
    const fn draws(self) -> bool {
        matches!(self, Self::Random | Self::TwoChoices)
    }
}

/// A member behind a balancer.
#[derive(Clone, Debug)]
pub struct Behind {
    /// Its process.
    pub id: ComponentId,
    /// Its name: the owner of draws, with that of the unit.
    pub name: String,
    /// Its share of the work, beside those of the others.
    pub weight: f64,
    /// First operation of a deep probe of it.
    pub deep: Option<u32>,
}

/// How the silence of the unit with the address is noticed.
#[derive(Clone, Debug)]
pub enum Silence {
    /// After a time by this law, in seconds.
    After(Sampler),
    /// By VRRP: three advertisements missed and a skew that depends on the priority.
    Adverts {
        /// Between two advertisements.
        interval: SimDuration,
        /// By unit.
        priorities: [u8; 2],
    },
}

/// The way from one unit to the other.
#[derive(Clone, Debug)]
pub struct Takeover {
    /// When the partner acts.
    pub silence: Silence,
    /// How long it takes then, in seconds.
    pub lasts: Option<Sampler>,
    /// Probability that it works.
    pub coverage: f64,
    /// The first takes the address back when it has been well for so long, and how long nobody has
    /// it then.
    pub giveback: Option<(SimDuration, Sampler)>,
}

/// What a balancer is.
#[derive(Clone, Debug)]
pub struct BalancerConfig {
    /// Its name.
    pub name: String,
    /// Its units: process and name.
    pub units: Vec<(ComponentId, String)>,
    /// Who stands behind it, farm by farm.
    pub members: Vec<Behind>,
    /// By farm: its members; those of the service first, then those of each database.
    pub farms: Vec<std::ops::Range<usize>>,
    /// How one is picked.
    pub choice: Choice,
    /// Sticky sessions: its number among the balancers that have them.
    pub sticky: Option<usize>,
    /// None: everybody is believed alive for ever.
    pub probing: Option<Probing>,
    /// A member that was put back gets its whole share only after this long.
    pub slow_start: SimDuration,
    /// Further members asked when one does not take a request.
    pub retries: u8,
    /// Room for requests at the members of the service; none: no bound.
    pub room: Option<Room>,
    /// None: the first unit has the address for ever, where the units are no peers.
    pub takeover: Option<Takeover>,
    /// The units own addresses together.
    pub peers: Option<PeersConfig>,
    /// Its alarms: one for each (unit, member), then that of the address.
    pub unit: UnitId,
}

/// Who is to be sent to a member.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seeker {
    /// Number of its page view.
    pub ordinal: u64,
    /// The member that a cookie names.
    pub cookie: Option<usize>,
}

/// What one unit knows of one member.
#[derive(Clone, Debug)]
struct Belief {
    /// Results in a row that speak against the belief.
    against: u32,
    /// When it was put back last.
    since: Option<SimTime>,
    /// How far ahead it is in the smooth round robin.
    ahead: f64,
    /// Start of the next probe.
    due: SimTime,
    /// A probe that waits for an answer began then.
    asked: Option<SimTime>,
    ticket: Ticket,
    probes: u64,
    /// Hangs met, and whether the present one is seen.
    hangs: u64,
    hang: Option<bool>,
    phase: Key,
    hang_seen: Key,
}

/// Whom a unit may send to, and how much it has sent there.
#[derive(Clone, Copy, Debug)]
struct State {
    /// It believes that the member is alive.
    alive: bool,
    /// Requests sent to it and not answered yet.
    open: u32,
}

/// Who the units and the members are.
#[derive(Clone, Debug)]
struct Ids {
    units: Vec<ComponentId>,
    members: Vec<ComponentId>,
}

/// What becomes of the address next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    None,
    /// This unit takes it from one that is silent.
    TakenBy(usize),
    /// The first takes it back.
    Leaves,
    /// It arrives there.
    Arrives,
}

/// A balancer at work.
#[derive(Clone, Debug)]
pub struct Balancer {
    config: BalancerConfig,
    /// By unit and member.
    beliefs: Vec<Belief>,
    /// By unit and member, what every choice looks at.
    states: Vec<State>,
    /// Processes by unit and by member, and their places.
    ids: Ids,
    /// By farm: all members have one weight at all times, so that the fewest open requests are the
    /// smallest load.
    even: Vec<bool>,
    /// By member.
    hash: Vec<Key>,
    /// By farm.
    turns: Vec<usize>,
    holder: usize,
    /// Nobody has the address: it is on its way back.
    travels: bool,
    speaks: Vec<bool>,
    /// The takeover has failed.
    doomed: bool,
    /// Takeovers that do not work, where a history says which.
    history: Option<Vec<Failed>>,
    /// By member: its hangs that no probe sees, where a history says which.
    unseen: Vec<Option<Vec<(SimTime, SimTime)>>>,
    change: Change,
    ticket: Ticket,
    takeovers: u64,
    address: [Key; 4],
    lines: Option<Box<line::Lines>>,
    peers: Option<Box<peers::Peers>>,
    /// Scratch: members of a farm that do not read.
    barred: Vec<bool>,
    sent: u64,
    refused: u64,
}

impl Balancer {
    /// Everybody is well, and the first unit has the address.
    #[must_use]
    pub fn new(config: BalancerConfig, seed: Seed, lineage: Lineage) -> Self {
        let key = |purpose: &str, owner: &str| Key::derive(seed, lineage, purpose, owner);
        let mut beliefs = Vec::with_capacity(config.units.len() * config.members.len());
        for (_, unit) in &config.units {
            for member in &config.members {
                let owner = format!("{unit}→{}", member.name);
                beliefs.push(Belief {
                    against: 0,
                    since: None,
                    ahead: 0.0,
                    due: SimTime::NEVER,
                    asked: None,
                    ticket: Ticket::NONE,
                    probes: 0,
                    hangs: 0,
                    hang: None,
                    phase: key("probe-phase", &owner),
                    hang_seen: key("probe-sees-hang", &owner),
                });
            }
        }
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

    /// Whether the unit numbered `unit` believes that the member numbered `member` is alive.
    #[must_use]
    pub fn believes(&self, unit: usize, member: usize) -> bool {
        self.states[self.at(unit, member)].alive
    }

    /// Requests that the unit has sent to the member and that are not answered.
    #[must_use]
    pub fn open(&self, unit: usize, member: usize) -> u32 {
        self.states[self.at(unit, member)].open
    }

    /// The unit to which the address leads, of peers the first one; `None` while it leads to none.
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

    /// The weight of a member now: a small one at least, so that it is never forgotten.
    fn weight(&self, belief: usize, member: usize, now: SimTime) -> f64 {
        let own = self.config.members[member].weight;
        let Some(since) = self.beliefs[belief].since.filter(|_| !self.config.slow_start.is_zero())
        else {
            return own;
        };
        let share = (now - since).seconds() / self.config.slow_start.seconds();
        own * share.clamp(0.01, 1.0)
    }

    /// The member that gets `request` from the unit `unit`, if there is one; not `avoid`. `draws`
    /// gives uniforms of this request and step.
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

    /// As [`Self::pick`], from the farm numbered `farm`, and nobody that is `barred`.
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
            // Who has no room there waits for it.
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
            // Who has no room at its own member waits for it.
            Choice::Hash => self.hashed(now, base, range.filter(lives), seeker.ordinal).filter(may),
        };
        if let Choice::LeastConnections = self.config.choice {
            self.turns[farm] = chosen.map_or(self.turns[farm], |m| (m - first + 1) % count);
        }
        self.opened(now, unit, chosen)
    }

    /// Of a farm whose members have one weight the one with the fewest open requests, the first of several
    /// in turn.
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

    /// Of `members` the one that is a page view's own.
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

    /// Smooth weighted round robin.
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

    /// A request that `unit` had sent to `member` is answered after `stay`, or is no longer waited
    /// for; tells whether somebody waits for the room it leaves.
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

    /// A probe that began at its due time ends; gives the start of the next.
    fn next_probe(&mut self, ctx: &mut Ctx<'_>, at: usize) {
        let due = self.beliefs[at].due.max(ctx.now);
        self.beliefs[at].due = due;
        self.arm(ctx, at, due);
    }

    /// A probe was answered, or was not. Who waits for room is to look again where that changes a
    /// belief.
    pub fn verdict(&mut self, at: usize, good: bool, now: SimTime) {
        let Some(probing) = self.config.probing else { return };
        let (belief, state) = (&mut self.beliefs[at], &mut self.states[at]);
        if probing.turns(state.alive, &mut belief.against, good) {
            state.alive = good;
            belief.since = good.then_some(now);
            belief.ahead = 0.0;
            self.unbind(at / self.config.members.len());
        }
    }

    /// Whether a shallow probe sees that the member hangs, drawn once for each hang.
    fn sees_hang(&mut self, at: usize, now: SimTime) -> bool {
        let member = at % self.config.members.len();
        if let Some(Some(unseen)) = self.unseen.get(member) {
            let missed = unseen.iter().any(|(from, until)| *from <= now && now < *until);
            return *self.beliefs[at].hang.get_or_insert(!missed);
        }
        let chance = self.config.probing.map_or(0.0, |probing| probing.sees_hang);
        let belief = &mut self.beliefs[at];
        *belief.hang.get_or_insert_with(|| {
            belief.hangs += 1;
            belief.hang_seen.uniform(belief.hangs - 1, 0) < chance
        })
    }

    /// The process of a unit is a new one: it believes that everybody is alive.
    pub fn forget(&mut self, unit: ComponentId) {
        let Some(unit) = self.unit_of(unit) else { return };
        let own = self.at(unit, 0)..self.at(unit + 1, 0);
        self.states[own.clone()].iter_mut().for_each(|state| state.alive = true);
        for belief in &mut self.beliefs[own] {
            belief.against = 0;
            belief.since = None;
            belief.asked = None;
            belief.hang = None;
            belief.ahead = 0.0;
        }
    }

    /// A unit fares differently, for `cause`; `clean` when it was shut down and could say so.
    pub fn fares(
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
            return self.peer_fares(ctx, unit, speaks, (clean, cause));
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
            // Whoever was to have the address next is gone.
            (false, false) if self.travels => {}
            (false, false) => self.plan(ctx, Change::None, SimDuration::ZERO),
        }
    }

    /// A history says which takeovers do not work, which hangs no probe sees, and who has the address
    /// when a world begins.
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

    /// The unit with the address is silent: its partner hears that.
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
                    // Its timer runs since the last advertisement.
                    let phase = whole::u64(silence.uniform(0, 1) * interval.nanos() as f64);
                    let now = ctx.now.nanos();
                    let since = (now + interval.nanos() - phase) % interval.nanos();
                    let left = master_down(*interval, priorities[other]).nanos() - since;
                    SimDuration::from_nanos(left)
                }
            }
        };
        let lasts = takeover.lasts.as_ref().map_or(SimDuration::ZERO, |law| {
            SimDuration::from_seconds_f64(law.sample(lasts.uniform(ordinal, 0)))
        });
        self.plan(ctx, Change::TakenBy(other), heard + lasts);
    }

    /// The first unit is well and the second has the address.
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

    /// The alarm of the address rings; gives the unit that loses it, with all that is open there.
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

/// One of those that `may`, with probability in proportion to its weight.
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

/// How much longer a router of this `priority` waits: RFC 5798 §6.1.
#[must_use]
pub fn skew(interval: SimDuration, priority: u8) -> SimDuration {
    // 1/256 of the interval for each of 256 − priority, in whole nanoseconds, without a wider type.
    let (nanos, parts) = (interval.nanos(), 256 - u64::from(priority));
    SimDuration::from_nanos(nanos / 256 * parts + nanos % 256 * parts / 256)
}

/// Silence after which a router of this `priority` takes over: RFC 5798 §6.1.
#[must_use]
pub fn master_down(interval: SimDuration, priority: u8) -> SimDuration {
    interval.saturating_mul(3) + skew(interval, priority)
}

#[cfg(test)]
mod tests;
