//! The control loop of an autoscaler, without knowledge of what serves the requests.
//!
//! Both solvers drive it: `requests` with the members of its event loop, `flows` with the states of its parts. They report
//! the servers and members that they see ([`Sight`]) and what they measure. The loop returns what is due, which server a
//! launch gets, and how long each of its steps takes.
//!
//! In: instants, measurements, the health of servers and members, draws by the number of the launch. Out: states of slots.
//! Holds: a slot serves, costs or comes in exactly the states that say so; of one instant, dues follow in the order in
//! which they were made.

use super::account::{Account, Tallied};
use super::spec::ScalerMetric;
use crate::convert::place;
use crate::engine::law::Sampler;
use crate::mechanism::placement::{self, Heartbeat, Server, Wanted, Weights};
use crate::mechanism::scaling::{Act, Scaling, Seen, Terms};
use crate::units::{Bytes, SimDuration, SimTime};

pub mod leaving;
mod turns;
mod zones;

use leaving::{Move, Moving};
pub use turns::Tenants;
use turns::Turns;
pub use zones::Zones;

/// A server with slots, as it is without members of scalers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Host {
    /// Its cores.
    pub cores: u32,
    /// Cores that a member may use there.
    pub capacity: f64,
    /// Its memory; `None` without a bound.
    pub memory: Option<Bytes>,
    /// Its zones that no scaler has.
    pub zones: Zones,
    /// Most zones that are provisioned on it at a time; `None`: any number.
    pub provisions: Option<u32>,
}

/// Another scaler with slots on the same servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its number among the scalers of the file.
    pub scaler: usize,
    /// For each server of the own rules its number among those of the other; `None`: it has no slot there.
    pub hosts: Vec<Option<usize>>,
}

/// Law of the time to boot, in seconds.
#[derive(Clone, Debug)]
pub enum Boot {
    /// A law of its own.
    Law(Sampler),
    /// The boot of the zone, then the restart of the process.
    Own(SimDuration, Option<Sampler>),
}

/// Rules of a scaler.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Server of each slot, by number among `hosts`, in the order of the members.
    pub slots: Vec<usize>,
    /// Servers.
    pub hosts: Vec<Host>,
    /// Other scalers that launch members on these servers.
    pub neighbours: Vec<Neighbour>,
    /// Needs of a member on its server.
    pub wanted: Wanted,
    /// Weights by which a server is chosen.
    pub weights: Weights,
    /// Number of members at the start.
    pub start: u32,
    /// Rules by which it decides.
    pub terms: Terms,
    /// Quantity measured.
    pub metric: ScalerMetric,
    /// Time from one measurement to the next.
    pub period: SimDuration,
    /// Time until a measurement is seen.
    pub lag: SimDuration,
    /// Law of the time to provision, in seconds; `None`: none.
    pub provision: Option<Sampler>,
    /// Law of the time to boot.
    pub boot: Boot,
    /// Probability that a launch fails.
    pub failure: f64,
    /// Time after which a launch is repeated.
    pub retry_after: SimDuration,
    /// Longest time that a removed member works on.
    pub drain: SimDuration,
    /// Time after which a member that does not work is terminated; `None`: it never is.
    pub replace: Option<SimDuration>,
    /// Planned moves.
    pub moves: Vec<Move>,
}

impl Rules {
    /// Returns what the other scalers have on a server; `tenants_on` returns the part of one neighbour, given by its place,
    /// by the number that the server has there.
    pub fn others_on(&self, host: usize, tenants_on: impl Fn(usize, usize) -> Tenants) -> Tenants {
        let neighbours = self.neighbours.iter().enumerate();
        let tenants = neighbours.filter_map(|(at, of)| Some(tenants_on(at, of.hosts[host]?)));
        tenants.fold(Tenants::default(), Tenants::with)
    }

    /// Returns the number of launches that are provisioned at a time on a server; `None`: none of this scaler waits there.
    fn turns_on(&self, host: usize) -> Option<u32> {
        self.hosts[host].provisions.filter(|_| self.provision.is_some())
    }

    /// Returns the server of a slot.
    #[must_use]
    pub fn host(&self, slot: usize) -> &Host {
        &self.hosts[self.slots[slot]]
    }
}

/// State of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No zone is there.
    Absent,
    /// The zone is being provisioned, or waits for its server to begin.
    Coming,
    /// The zone boots.
    Boots,
    /// The member serves, since an instant, as the launch of that number.
    Serves(SimTime, u64),
    /// The member ends its open requests, at most until that instant.
    Drains(SimTime),
}

/// Event that is due at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Due {
    /// A period ends.
    Measured,
    /// A measurement is seen.
    Seen(Seen),
    /// The zone of a slot is provisioned; the launch has that number.
    Provisioned(usize, u64),
    /// The launch of that slot has failed.
    Failed(usize),
    /// The member of a slot has booted; the launch has that number.
    Booted(usize, u64),
    /// A member that drains is looked at.
    Looked(usize),
    /// A launch that failed or was refused may be repeated.
    Repeated,
    /// The member of a slot has not worked for so long that it is terminated.
    Terminated(usize),
    /// A planned move begins, by number among [`Rules::moves`].
    Moves(usize),
    /// The launch of a moved member that failed or was refused may be repeated, by the number of the member.
    Again(u64),
}

/// The servers and members as a solver shows them to the loop.
pub trait Sight {
    /// Returns whether launches are possible: the scaler works.
    fn can_launch(&self) -> bool;
    /// Returns whether a server works, by number among [`Rules::hosts`].
    fn server_works(&self, host: usize) -> bool;
    /// Returns whether the process of a slot works, present or not.
    fn member_works(&self, slot: usize) -> bool;
    /// Returns what other scalers have on a server: members, from the begin of their launch on, and zones being provisioned.
    fn others(&self, host: usize) -> Tenants;
    /// Returns a uniform number for a launch: its failure (0), time to provision (1), to boot (2), to restart (3).
    fn draw(&self, launch: u64, index: u64) -> f64;
    /// Returns a uniform number by which a launch ranks a server.
    fn rank(&self, launch: u64, host: u64) -> f64;
}

/// A launch as it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Launch {
    /// No server is left, or none is launched.
    Refused,
    /// A slot is provisioned.
    Begun {
        /// The slot.
        slot: usize,
        /// True if it fails when it should be provisioned.
        fails: bool,
        /// Time until it is provisioned, with the wait for its turn on the server.
        provision: SimDuration,
    },
}

/// The control loop.
#[derive(Clone, Debug)]
pub struct Control {
    rules: Rules,
    scaling: Scaling,
    states: Vec<State>,
    hearts: Vec<Heartbeat>,
    /// Start of the period.
    since: SimTime,
    /// Number of members that the last measurement wants.
    desired: u32,
    launches: u64,
    dues: Vec<(SimTime, Due)>,
    account: Account,
    /// Slots whose process does not work.
    ill: Vec<bool>,
    /// Servers that do not work.
    dark: Vec<bool>,
    /// Instants until which no launch uses a server.
    cordons: Vec<SimTime>,
    /// Launches that are being provisioned, or wait, on servers with `provisions`.
    turns: Turns,
    /// Members that are being moved.
    moving: Vec<Moving>,
    /// Number of members moved so far, also those that are being moved.
    moves: u64,
}

impl Control {
    /// Returns the loop at its start, with the first slots in use. They count as launched before the others, the first
    /// one first.
    #[must_use]
    pub fn new(rules: Rules, now: SimTime) -> Self {
        let slots = rules.slots.len();
        let serves = |slot: usize| {
            let starts = slot < rules.start as usize;
            if starts { State::Serves(now, slot as u64) } else { State::Absent }
        };
        Self {
            scaling: Scaling::new(rules.terms.clone()),
            states: (0..slots).map(serves).collect(),
            hearts: vec![Heartbeat::default(); rules.hosts.len()],
            since: now,
            desired: rules.start,
            launches: u64::from(rules.start),
            dues: Vec::new(),
            account: Account::default(),
            ill: vec![false; slots],
            dark: vec![false; rules.hosts.len()],
            cordons: vec![SimTime::ZERO; rules.hosts.len()],
            turns: Turns::default(),
            moving: Vec::new(),
            moves: 0,
            rules,
        }
    }

    /// Begins the account and the first period; `planned`: planned moves happen.
    pub fn begin(&mut self, now: SimTime, planned: bool) {
        self.settle_account(now);
        self.push(now + self.rules.period, Due::Measured);
        if planned {
            self.plans_moves(now);
        }
    }

    /// Returns the states of the slots.
    #[must_use]
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// Returns the account.
    #[must_use]
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// Returns the account, to count in it.
    pub const fn account_mut(&mut self) -> &mut Account {
        &mut self.account
    }

    /// Returns the start of the period.
    #[must_use]
    pub const fn since(&self) -> SimTime {
        self.since
    }

    /// Returns the number of members that serve.
    #[must_use]
    pub fn serving(&self) -> u32 {
        self.count(|state| matches!(state, State::Serves(..)))
    }

    /// Returns the number of members on their way.
    #[must_use]
    pub fn coming(&self) -> u32 {
        self.count(|state| matches!(state, State::Coming | State::Boots))
    }

    /// Returns the number of launches that failed or were refused, and are not repeated yet.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        place(self.dues.iter().filter(|(_, due)| matches!(due, Due::Repeated)).count())
    }

    /// Returns the number of members that serve, come, or wait to be launched. A member that serves until its
    /// replacement does counts once with it.
    fn there(&self) -> u32 {
        let (left, doubled) = self.moving_members();
        self.serving() + self.coming() + self.waiting() + left - doubled
    }

    fn count(&self, is: impl Fn(State) -> bool) -> u32 {
        place(self.states.iter().filter(|state| is(**state)).count())
    }

    /// Returns whether no member is on its way, no launch waits, and no measurement that is still to be seen changes
    /// anything.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let serving = self.serving();
        let stays = |(at, due): &(SimTime, Due)| match due {
            Due::Seen(seen) => *at < self.scaling.stays_until(*seen, serving),
            // Whatever they do ends a rest.
            Due::Terminated(_) | Due::Moves(_) => true,
            _ => false,
        };
        self.coming() == 0 && self.moving.is_empty() && self.dues.iter().all(stays)
    }

    /// Returns the instant before which the end of a period may lie whose measurement, `seen`, changes nothing.
    #[must_use]
    pub fn stays_until(&self, seen: Seen) -> SimTime {
        let until = self.scaling.stays_until(seen, self.serving());
        SimTime::from_nanos(until.nanos().saturating_sub(self.rules.lag.nanos()))
    }

    /// Changes the state of a slot, and the numbers of the account.
    pub fn turn(&mut self, now: SimTime, slot: usize, state: State) {
        if let State::Serves(_, launch) = self.states[slot] {
            self.stops(now, slot, launch);
        }
        self.states[slot] = state;
        self.watch(now, slot);
        self.settle_account(now);
    }

    fn settle_account(&mut self, now: SimTime) {
        let paid = |state| !matches!(state, State::Absent | State::Coming);
        self.account.turn(now, self.serving(), self.count(paid));
    }

    /// Makes an event due.
    pub fn push(&mut self, at: SimTime, due: Due) {
        self.dues.push((at, due));
    }

    /// Returns the instant of the earliest due.
    #[must_use]
    pub fn next_at(&self) -> Option<SimTime> {
        self.dues.iter().map(|(at, _)| *at).min()
    }

    /// Takes out the earliest due that is not after `now`; of one instant, the one that was pushed first.
    pub fn next_due(&mut self, now: SimTime) -> Option<Due> {
        let all = self.dues.iter().enumerate().filter(|(_, (at, _))| *at <= now);
        let (first, _) = all.min_by_key(|(number, (at, _))| (*at, *number))?;
        Some(self.dues.remove(first).1)
    }

    /// Returns the servers as a launch finds them, each with the lowest slot in it that can be used. Of a server that
    /// does not work the control plane learns by its heartbeats alone.
    fn candidates(
        &self,
        now: SimTime,
        sight: &impl Sight,
        without: &[usize],
    ) -> Vec<(usize, Server)> {
        let rules = &self.rules;
        let mut candidates = Vec::new();
        let open = |number: &usize| now >= self.cordons[*number] && !without.contains(number);
        for (number, host) in rules.hosts.iter().enumerate().filter(|(number, _)| open(number)) {
            let here = || (0..rules.slots.len()).filter(|at| rules.slots[*at] == number);
            let down = !sight.server_works(number);
            let free =
                |at: &usize| self.states[*at] == State::Absent && (down || sight.member_works(*at));
            let Some(slot) = here().find(free) else { continue };
            let own = self.members_on(number);
            let zones =
                host.zones.with(Zones::of(&rules.wanted, own)).with(sight.others(number).zones);
            let server = Server {
                running: self.hearts[number].is_running(now),
                memory: host.memory,
                held: zones.memory,
                cores: host.cores,
                caps: zones.caps,
                capped: zones.capped,
                uncapped: zones.uncapped,
                own,
            };
            candidates.push((slot, server));
        }
        candidates
    }

    /// Returns the number of members on a server, also those on their way.
    fn members_on(&self, host: usize) -> u32 {
        let states = self.rules.slots.iter().zip(&self.states);
        place(states.filter(|(at, state)| **at == host && **state != State::Absent).count())
    }

    /// Returns what this scaler has on a server.
    #[must_use]
    pub fn tenants_on(&self, host: usize) -> Tenants {
        Tenants {
            zones: Zones::of(&self.rules.wanted, self.members_on(host)),
            ends: self.turns.on(host).collect(),
        }
    }

    /// Chooses the server of the next launch, and draws its course. The launch `of` a moved member uses no server of the
    /// move.
    #[must_use]
    pub fn next_launch(&self, now: SimTime, sight: &impl Sight, of: Option<u64>) -> Launch {
        if !sight.can_launch() {
            return Launch::Refused;
        }
        let candidates = self.candidates(now, sight, self.left_servers(of));
        let servers: Vec<Server> = candidates.iter().map(|(_, server)| *server).collect();
        let (rules, launch) = (&self.rules, self.launches);
        let host = |at: usize| rules.slots[candidates[at].0];
        let uniform = |at| sight.rank(launch, host(at) as u64);
        let Ok(chosen) = placement::choose(&servers, rules.wanted, rules.weights, uniform) else {
            return Launch::Refused;
        };
        let provision =
            rules.provision.as_ref().map_or(0.0, |law| law.sample(sight.draw(launch, 1)));
        let host = host(chosen);
        let wait = rules.turns_on(host).map_or(SimDuration::ZERO, |most| {
            self.turns.wait(now, host, most, sight.others(host).ends)
        });
        Launch::Begun {
            slot: candidates[chosen].0,
            fails: sight.draw(launch, 0) < rules.failure || !sight.server_works(host),
            provision: wait + SimDuration::from_seconds_f64(provision),
        }
    }

    /// Begins a launch, `of` a moved member or any, or counts that no server has the capacity.
    pub fn launches(&mut self, now: SimTime, launch: Launch, of: Option<u64>) {
        let Launch::Begun { slot, fails, provision } = launch else {
            self.account.count(Tallied::Refused);
            return self.repeats(now, of);
        };
        let number = self.launches;
        self.launches += 1;
        self.account.count(Tallied::Launches);
        self.turn(now, slot, State::Coming);
        self.comes(slot, of);
        let host = self.rules.slots[slot];
        if self.rules.turns_on(host).is_some() {
            self.turns.takes(now, (host, slot), now + provision);
        }
        let due = if fails { Due::Failed(slot) } else { Due::Provisioned(slot, number) };
        self.push(now + provision, due);
    }

    /// Sees to it that a launch is repeated, and not before.
    fn repeats(&mut self, now: SimTime, of: Option<u64>) {
        let due = of.map_or(Due::Repeated, Due::Again);
        self.push(now + self.rules.retry_after, due);
    }

    /// Lets a launch fail: its place is free again.
    pub fn fails(&mut self, now: SimTime, slot: usize) {
        self.account.count(Tallied::Failed);
        self.turn(now, slot, State::Absent);
        let of = self.fails_to_move(slot);
        self.repeats(now, of);
    }

    /// Returns the number of members that are wanted, and neither serve, nor come, nor wait to be launched.
    #[must_use]
    pub fn missing(&self) -> u32 {
        self.desired.saturating_sub(self.there())
    }

    /// Begins to boot a zone that is provisioned.
    pub fn boots(&mut self, now: SimTime, slot: usize, launch: u64, boot: SimDuration) {
        self.turn(now, slot, State::Boots);
        self.push(now + boot, Due::Booted(slot, launch));
    }

    /// Returns the time that a launch takes to boot.
    #[must_use]
    pub fn time_to_boot(&self, launch: u64, sight: &impl Sight) -> SimDuration {
        match &self.rules.boot {
            Boot::Law(law) => SimDuration::from_seconds_f64(law.sample(sight.draw(launch, 2))),
            Boot::Own(zone, restart) => {
                let restart = restart.as_ref().map_or(0.0, |law| law.sample(sight.draw(launch, 3)));
                *zone + SimDuration::from_seconds_f64(restart)
            }
        }
    }

    /// Returns the slot of the member that was launched last.
    #[must_use]
    pub fn youngest(&self) -> Option<usize> {
        let launched = |(slot, state): (usize, &State)| match state {
            State::Serves(_, launch) => Some((*launch, slot)),
            _ => None,
        };
        let last = self.states.iter().enumerate().filter_map(launched).max();
        last.map(|(_, slot)| slot)
    }

    /// Returns the time in the present period for which the member of a slot has served; `None` if it does not.
    #[must_use]
    pub fn served(&self, now: SimTime, slot: usize) -> Option<SimDuration> {
        match self.states[slot] {
            State::Serves(since, _) => Some(now - since.max(self.since)),
            _ => None,
        }
    }

    /// Ends a period in which members served for `seconds` together, at a mean `value`.
    #[must_use]
    pub fn seen(&self, value: f64, seconds: f64) -> Option<Seen> {
        let seen = Seen { value, members: seconds / self.rules.period.seconds() };
        (seconds > 0.0).then_some(seen)
    }

    /// Begins the next period; the measurement of the last one is seen after the lag.
    pub fn measured(&mut self, now: SimTime, seen: Option<Seen>) {
        self.since = now;
        self.push(now + self.rules.period, Due::Measured);
        if let Some(seen) = seen {
            self.push(now + self.rules.lag, Due::Seen(seen));
        }
    }

    /// Begins a rest in which no measurement can change the number of members; the next period to be measured ends at
    /// `next`.
    pub fn rests(&mut self, now: SimTime, next: SimTime) {
        debug_assert!(next - now >= self.rules.period, "a period lies before its end");
        self.desired = self.serving();
        self.since = now + (next.since(now) - self.rules.period);
        self.push(next, Due::Measured);
    }

    /// Ends a rest: the period in which `at` falls is measured.
    pub fn wakes(&mut self, at: SimTime) {
        if self.since <= at {
            return;
        }
        let period = self.rules.period;
        let early = self.since.since(at).nanos().div_ceil(period.nanos());
        let sooner = period.saturating_mul(early);
        self.since = SimTime::from_nanos(self.since.nanos() - sooner.nanos());
        let measured = self.dues.iter_mut().filter(|(_, due)| *due == Due::Measured);
        measured.for_each(|(at, _)| *at = self.since + period);
    }

    /// Returns what to do on a measurement; members are launched until none is [missing](Self::missing).
    pub fn acts(&mut self, now: SimTime, seen: Seen) -> Act {
        let (serving, there) = (self.serving(), self.there());
        let wanted = self.scaling.wanted(seen, serving);
        self.desired = wanted.min(there);
        let coming = self.coming().min(there - serving);
        // A replacement that comes beside its member is on its way, too.
        if wanted < serving && self.coming() > 0 {
            return Act::Stay;
        }
        let act = self.scaling.decide(now, seen, serving, [coming, there - serving - coming]);
        if let Act::Out(_) = act {
            self.desired = wanted;
        }
        act
    }

    /// Notes that a server goes silent, or is heard again.
    pub fn hears(&mut self, now: SimTime, host: usize, works: bool) {
        self.hearts[host].works(now, works);
        self.dark[host] = !works;
        for slot in 0..self.states.len() {
            if self.rules.slots[slot] == host {
                self.watch(now, slot);
            }
        }
    }

    /// Lets the launch into a slot fail when its next step should have ended, and gives its turn back: the process of the slot is
    /// down or cut off.
    pub fn loses(&mut self, slot: usize) {
        for (_, due) in &mut self.dues {
            if let Due::Provisioned(of, _) | Due::Booted(of, _) = *due
                && of == slot
            {
                *due = Due::Failed(slot);
            }
        }
        self.turns.leaves(slot);
    }
}
