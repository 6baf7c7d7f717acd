//! A scaler in the event loop: measurements, decisions, launches and removals.
//!
//! In: its own alarm, the health of the servers. Out: slots that appear and disappear ([`Around::appears`],
//! [`Around::lists`]).
//! Holds: a slot serves, costs or comes in exactly the states that say so; one alarm is armed, for the earliest due.

use super::account::{Account, OF, Tallied};
use super::spec::ScalerMetric;
use crate::convert::place;
use crate::engine::calendar::Ticket;
use crate::engine::law::Sampler;
use crate::mechanism::placement::{self, Heartbeat, Server, Wanted, Weights};
use crate::mechanism::scaling::{Act, Scaling, Seen, Terms};
use crate::model::blueprint::Place;
use crate::model::event::Event;
use crate::model::gauge::Gauge;
use crate::model::ids::{CauseId, ComponentId, KeyId, UnitId};
use crate::model::world::Around;
use crate::model::world::scaling::Listing;
use crate::model::{Ctx, Heard, Keeps, Live, Start, none};
use crate::units::{Bytes, SimDuration, SimTime};

/// Time between two looks at a member that drains.
const LOOKS: SimDuration = SimDuration::SECOND;

/// A zone that may hold a member.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// The process in it.
    pub member: ComponentId,
    /// Its processor, and its number there.
    pub place: Place,
    /// Its server, by number among [`ScalerConfig::hosts`].
    pub host: usize,
}

/// A server with slots, as it is without members.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Its processor.
    pub processor: ComponentId,
    /// Its cores.
    pub cores: u32,
    /// Cores that a member may use there.
    pub capacity: f64,
    /// Its memory; `None` without a bound.
    pub memory: Option<Bytes>,
    /// Memory of its other zones.
    pub held: Bytes,
    /// Sum of their caps, in percent of a core.
    pub caps: u64,
    /// Zones with a cap.
    pub capped: u32,
    /// Zones without a cap.
    pub uncapped: u32,
}

/// Law of the time to boot, in seconds.
#[derive(Clone, Debug)]
pub enum Boot {
    /// A law of its own.
    Law(Sampler),
    /// The boot of the zone, then the restart of the process.
    Own(SimDuration, Option<Sampler>),
}

/// Configuration of a scaler.
#[derive(Clone, Debug)]
pub struct ScalerConfig {
    /// Its slots, in the order of the members.
    pub slots: Vec<Slot>,
    /// Their servers.
    pub hosts: Vec<Host>,
    /// The balancers in front of the service.
    pub balancers: Vec<ComponentId>,
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
    /// Key of the draws of a launch: failure (0), time to provision (1), to boot (2), to restart (3). The ordinal is
    /// the number of the launch.
    pub launch_key: KeyId,
    /// Key of the draws by which servers are ranked: one for each launch and server.
    pub server_key: KeyId,
    /// Its alarm.
    pub unit: UnitId,
}

/// State of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No zone is there.
    Absent,
    /// The zone is being provisioned.
    Coming,
    /// The zone boots.
    Boots,
    /// The member serves, since an instant, as the launch of that number.
    Serves(SimTime, u64),
    /// The member ends its open requests, at most until that instant.
    Drains(SimTime),
}

/// Event that is due at an instant.
#[derive(Clone, Copy, Debug)]
enum Due {
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
}

/// A scaler.
#[derive(Clone, Debug)]
pub struct Scaler {
    config: ScalerConfig,
    scaling: Scaling,
    states: Vec<State>,
    hearts: Vec<Heartbeat>,
    /// Reading of the metric of each slot at the start of the period, or when it began to serve.
    read: Vec<u128>,
    /// Start of the period.
    since: SimTime,
    /// Number of members that the last measurement wants.
    desired: u32,
    launches: u64,
    dues: Vec<(SimTime, Due)>,
    ticket: Ticket,
    armed: SimTime,
    account: Account,
}

impl Scaler {
    fn serving(&self) -> u32 {
        self.count(|state| matches!(state, State::Serves(..)))
    }

    fn coming(&self) -> u32 {
        self.count(|state| matches!(state, State::Coming | State::Boots))
    }

    /// Returns the number of launches that failed or were refused, and are not repeated yet.
    fn waiting(&self) -> u32 {
        place(self.dues.iter().filter(|(_, due)| matches!(due, Due::Repeated)).count())
    }

    fn count(&self, is: impl Fn(State) -> bool) -> u32 {
        place(self.states.iter().filter(|state| is(**state)).count())
    }

    /// Changes the state of a slot, and the numbers of the account.
    fn turn(&mut self, now: SimTime, slot: usize, state: State) {
        self.states[slot] = state;
        let paid = |state| !matches!(state, State::Absent | State::Coming);
        self.account.turn(now, self.serving(), self.count(paid));
    }

    fn push(&mut self, at: SimTime, due: Due) {
        self.dues.push((at, due));
    }

    /// Takes out the earliest due that is not after `now`; of one instant, the one that was pushed first.
    fn next_due(&mut self, now: SimTime) -> Option<Due> {
        let all = self.dues.iter().enumerate().filter(|(_, (at, _))| *at <= now);
        let (first, _) = all.min_by_key(|(number, (at, _))| (*at, *number))?;
        Some(self.dues.remove(first).1)
    }

    /// Returns the servers as a launch finds them, each with the lowest slot in it that can be used. Of a server that
    /// does not work the control plane learns by its heartbeats alone.
    fn candidates(around: &Around<'_>, own: ComponentId) -> Vec<(usize, Server)> {
        let found = around.held::<Self>(own);
        let config = &found.config;
        let (memory, cap) = (config.wanted.memory.count(), config.wanted.cap);
        let mut candidates = Vec::new();
        for (number, host) in config.hosts.iter().enumerate() {
            let here = || (0..config.slots.len()).filter(|at| config.slots[*at].host == number);
            let down = !around.health(host.processor).works();
            let free = |at: &usize| {
                found.states[*at] == State::Absent
                    && (down || around.health(config.slots[*at].member).works())
            };
            let Some(slot) = here().find(free) else { continue };
            let there = place(here().filter(|at| found.states[*at] != State::Absent).count());
            let held = memory.saturating_mul(u64::from(there));
            let server = Server {
                running: found.hearts[number].is_running(around.now),
                memory: host.memory,
                held: Bytes::new(host.held.count().saturating_add(held)),
                cores: host.cores,
                caps: host.caps.saturating_add(cap.unwrap_or(0).saturating_mul(u64::from(there))),
                capped: host.capped + if cap.is_some() { there } else { 0 },
                uncapped: host.uncapped + if cap.is_some() { 0 } else { there },
                own: there,
            };
            candidates.push((slot, server));
        }
        candidates
    }

    /// Launches a member, or counts that no server has the capacity.
    fn launch(around: &mut Around<'_>, own: ComponentId) {
        let candidates = Self::candidates(around, own);
        let servers: Vec<Server> = candidates.iter().map(|(_, server)| *server).collect();
        let found = around.held::<Self>(own);
        let (config, launch) = (&found.config, found.launches);
        let hosts = |at: usize| config.slots[candidates[at].0].host as u64;
        let uniform = |at| around.draws.uniform_at(config.server_key, launch, hosts(at));
        let chosen = placement::choose(&servers, config.wanted, config.weights, uniform);
        let draw = |index| around.draws.uniform_at(config.launch_key, launch, index);
        let provision = config.provision.as_ref().map_or(0.0, |law| law.sample(draw(1)));
        let down = |at: usize| {
            let host = &config.hosts[config.slots[candidates[at].0].host];
            !around.health(host.processor).works()
        };
        let fails = draw(0) < config.failure || chosen.is_ok_and(down);
        let now = around.now;
        let found = around.held_mut::<Self>(own);
        let Ok(chosen) = chosen else {
            found.account.count(Tallied::Refused);
            return found.repeats(now);
        };
        let slot = candidates[chosen].0;
        found.launches += 1;
        found.account.count(Tallied::Launches);
        found.turn(now, slot, State::Coming);
        let due = if fails { Due::Failed(slot) } else { Due::Provisioned(slot, launch) };
        found.push(now + SimDuration::from_seconds_f64(provision), due);
    }

    /// Sees to it that a launch is repeated, and not before.
    fn repeats(&mut self, now: SimTime) {
        self.push(now + self.config.retry_after, Due::Repeated);
    }

    /// Lets a launch fail: its place is free again.
    fn fails(&mut self, now: SimTime, slot: usize) {
        self.account.count(Tallied::Failed);
        self.turn(now, slot, State::Absent);
        self.repeats(now);
    }

    /// Launches the members that are wanted, and neither serve, nor come, nor wait to be repeated.
    fn launches_missing(around: &mut Around<'_>, own: ComponentId) {
        let found = around.held::<Self>(own);
        let there = found.serving() + found.coming() + found.waiting();
        for _ in there..found.desired {
            Self::launch(around, own);
        }
    }

    /// Begins to boot a zone that is provisioned.
    fn boots(around: &mut Around<'_>, own: ComponentId, slot: usize, launch: u64) {
        let config = &around.held::<Self>(own).config;
        let draw = |index| around.draws.uniform_at(config.launch_key, launch, index);
        let boot = match &config.boot {
            Boot::Law(law) => SimDuration::from_seconds_f64(law.sample(draw(2))),
            Boot::Own(zone, restart) => {
                let restart = restart.as_ref().map_or(0.0, |law| law.sample(draw(3)));
                *zone + SimDuration::from_seconds_f64(restart)
            }
        };
        let now = around.now;
        let found = around.held_mut::<Self>(own);
        found.turn(now, slot, State::Boots);
        found.push(now + boot, Due::Booted(slot, launch));
    }

    /// Lets the member of a slot serve, unless a fault has its process.
    fn serves(around: &mut Around<'_>, own: ComponentId, slot: usize, launch: u64) {
        let now = around.now;
        let member = around.held::<Self>(own).config.slots[slot].member;
        if around.health(member).is_lost() {
            return around.held_mut::<Self>(own).fails(now, slot);
        }
        around.appears(member, true);
        Self::list(around, own, member, Listing::Listed);
        let reading = Self::reading(around, own, slot);
        let found = around.held_mut::<Self>(own);
        found.read[slot] = reading;
        found.turn(now, slot, State::Serves(now, launch));
    }

    /// Removes the member that was launched last.
    fn remove(around: &mut Around<'_>, own: ComponentId) {
        let now = around.now;
        let found = around.held_mut::<Self>(own);
        let launched = |(slot, state): (usize, &State)| match state {
            State::Serves(_, launch) => Some((*launch, slot)),
            _ => None,
        };
        let last = found.states.iter().enumerate().filter_map(launched).max();
        let Some((_, slot)) = last else { return };
        let member = found.config.slots[slot].member;
        found.account.count(Tallied::Removed);
        found.turn(now, slot, State::Drains(now + found.config.drain));
        Self::list(around, own, member, Listing::Drains);
        Self::look(around, own, slot);
    }

    /// Ends a member that drains, once its requests have ended. When its time is over they fail.
    fn look(around: &mut Around<'_>, own: ComponentId, slot: usize) {
        let found = around.held::<Self>(own);
        let State::Drains(until) = found.states[slot] else { return };
        let (now, member) = (around.now, found.config.slots[slot].member);
        if now >= until {
            let cut = around.inside(member);
            if cut > 0 {
                around.drop_requests(member, CauseId::OVERLOAD);
                let left = around.inside(member);
                let found = around.held_mut::<Self>(own);
                found.account.add(Tallied::Cut, u64::from(cut.saturating_sub(left)));
            }
        }
        let open = |around: &Around<'_>| {
            let balancers = &around.held::<Self>(own).config.balancers;
            balancers.iter().any(|balancer| around.has_open(*balancer, member))
        };
        if around.inside(member) > 0 || open(around) {
            let next = if now < until { until.min(now + LOOKS) } else { now + LOOKS };
            return around.held_mut::<Self>(own).push(next, Due::Looked(slot));
        }
        around.appears(member, false);
        Self::list(around, own, member, Listing::Absent);
        around.held_mut::<Self>(own).turn(now, slot, State::Absent);
    }

    /// Reports the state of a member to the balancers in front of it.
    fn list(around: &mut Around<'_>, own: ComponentId, member: ComponentId, listing: Listing) {
        for at in 0..around.held::<Self>(own).config.balancers.len() {
            let balancer = around.held::<Self>(own).config.balancers[at];
            around.lists(balancer, member, listing);
        }
    }

    /// Returns the reading of the metric of a slot: a number that never falls.
    fn reading(around: &Around<'_>, own: ComponentId, slot: usize) -> u128 {
        let config = &around.held::<Self>(own).config;
        let Slot { member, place, .. } = config.slots[slot];
        match config.metric {
            ScalerMetric::Cpu => around.used(place),
            ScalerMetric::Requests => around.arrived(member),
            ScalerMetric::Waiting => around.waited(member),
        }
    }

    /// Ends a period: measures it, and begins the next one.
    fn measure(around: &mut Around<'_>, own: ComponentId) {
        let now = around.now;
        let (mut total, mut capacity, mut time) = (0_u128, 0.0, 0.0);
        for slot in 0..around.held::<Self>(own).states.len() {
            let State::Serves(since, _) = around.held::<Self>(own).states[slot] else { continue };
            let reading = Self::reading(around, own, slot);
            let found = around.held_mut::<Self>(own);
            total += reading - found.read[slot];
            found.read[slot] = reading;
            let served = (now - since.max(found.since)).seconds();
            let host = &found.config.hosts[found.config.slots[slot].host];
            let cpu = found.config.metric == ScalerMetric::Cpu;
            capacity += served * if cpu { host.capacity } else { 1.0 };
            time += served;
        }
        let found = around.held_mut::<Self>(own);
        // Work and areas are in units × nanoseconds, requests are counted.
        let unit = match found.config.metric {
            ScalerMetric::Cpu => crate::units::Cores::whole(1).steps() as f64 * 1e9,
            ScalerMetric::Requests => 1.0,
            ScalerMetric::Waiting => 1e9,
        };
        let value = if capacity > 0.0 { total as f64 / unit / capacity } else { 0.0 };
        let seen = Seen { value, members: time / found.config.period.seconds() };
        found.since = now;
        found.push(now + found.config.period, Due::Measured);
        if time > 0.0 {
            found.push(now + found.config.lag, Due::Seen(seen));
        }
    }

    /// Acts on a measurement.
    fn acts(around: &mut Around<'_>, own: ComponentId, seen: Seen) {
        let now = around.now;
        let found = around.held_mut::<Self>(own);
        let (serving, coming) = (found.serving(), found.coming());
        let there = serving + coming + found.waiting();
        let wanted = found.scaling.wanted(seen, serving);
        found.desired = wanted.min(there);
        match found.scaling.decide(now, seen, serving, [coming, there - serving - coming]) {
            Act::Stay => {}
            Act::Out(_) => {
                found.desired = wanted;
                Self::launches_missing(around, own);
            }
            Act::In(fewer) => (0..fewer).for_each(|_| Self::remove(around, own)),
        }
    }

    fn happens(around: &mut Around<'_>, own: ComponentId, due: Due) {
        match due {
            Due::Measured => Self::measure(around, own),
            Due::Seen(seen) => Self::acts(around, own, seen),
            Due::Provisioned(slot, launch) => Self::boots(around, own, slot, launch),
            Due::Booted(slot, launch) => Self::serves(around, own, slot, launch),
            Due::Looked(slot) => Self::look(around, own, slot),
            Due::Repeated => Self::launches_missing(around, own),
            Due::Failed(slot) => {
                let now = around.now;
                around.held_mut::<Self>(own).fails(now, slot);
            }
        }
    }

    /// Does all that is due, and arms the alarm.
    fn settle(around: &mut Around<'_>, own: ComponentId) {
        let now = around.now;
        while let Some(due) = around.held_mut::<Self>(own).next_due(now) {
            Self::happens(around, own, due);
        }
        around.with::<Self, _>(own, Self::arm);
    }

    /// Sets the alarm to the earliest due.
    fn arm(&mut self, ctx: &mut Ctx<'_>) {
        let next = self.dues.iter().map(|(at, _)| *at).min();
        if let Some(next) = next.filter(|next| *next != self.armed) {
            let code = Event::Scale(self.config.unit.0).code();
            (self.armed, self.ticket) = (next, ctx.calendar.push(next, code));
        }
    }
}

impl Live for Scaler {
    type Config = ScalerConfig;

    fn begin(_: ComponentId, config: &ScalerConfig, start: &Start<'_>) -> Self {
        let slots = config.slots.len();
        let serves = |slot: usize| {
            let starts = slot < config.start as usize;
            // They count as launched before the others, the first one first.
            if starts { State::Serves(start.at, slot as u64) } else { State::Absent }
        };
        Self {
            scaling: Scaling::new(config.terms.clone()),
            states: (0..slots).map(serves).collect(),
            hearts: vec![Heartbeat::default(); config.hosts.len()],
            read: vec![0; slots],
            since: start.at,
            desired: config.start,
            launches: u64::from(config.start),
            dues: Vec::new(),
            ticket: Ticket::NONE,
            armed: SimTime::NEVER,
            account: Account::default(),
            config: config.clone(),
        }
    }

    none!(
        alarm,
        cancel,
        health,
        ask,
        ended,
        holds,
        count_ends,
        waits,
        sojourns,
        by_number,
        begin_to_count,
        closes,
        loads,
        forgets,
        queue,
        queue_mut,
        whole,
        part_reading,
        is_process,
        is_idle,
        bounds,
        leader,
        data_swap,
        entrance,
        bars,
        step,
        wake,
        returned,
        part_health,
        room,
        redirects,
        abandoned,
        answers,
        fate,
        in_vain
    );
    none!(keeps_place, lent);

    fn listens(config: &ScalerConfig) -> Vec<ComponentId> {
        let mut all: Vec<_> = config.hosts.iter().map(|host| host.processor).collect();
        all.sort_unstable();
        all
    }

    /// Notes that a server goes silent, or is heard again. The launches on a server that is lost fail, each when its
    /// next step should have ended.
    fn hears(&mut self, ctx: &mut Ctx<'_>, heard: Heard) {
        for (host, heart) in self.config.hosts.iter().zip(&mut self.hearts) {
            if host.processor == heard.of {
                heart.works(ctx.now, heard.is.works());
            }
        }
        let (slots, hosts) = (&self.config.slots, &self.config.hosts);
        for (_, due) in self.dues.iter_mut().filter(|_| heard.is.is_lost()) {
            if let Due::Provisioned(slot, _) | Due::Booted(slot, _) = *due
                && hosts[slots[slot].host].processor == heard.of
            {
                *due = Due::Failed(slot);
            }
        }
    }

    /// Takes out the slots without a member, and begins the first period.
    fn starts(around: &mut Around<'_>, own: ComponentId) {
        let now = around.now;
        for slot in 0..around.held::<Self>(own).states.len() {
            let found = around.held_mut::<Self>(own);
            let (state, member) = (found.states[slot], found.config.slots[slot].member);
            found.turn(now, slot, state);
            if state == State::Absent {
                around.appears(member, false);
                Self::list(around, own, member, Listing::Absent);
            }
        }
        let found = around.held_mut::<Self>(own);
        found.push(now + found.config.period, Due::Measured);
        around.with::<Self, _>(own, Self::arm);
    }

    fn due(around: &mut Around<'_>, own: ComponentId, _: u32, ticket: Ticket) {
        let found = around.held_mut::<Self>(own);
        if ticket == found.ticket {
            found.armed = SimTime::NEVER;
            Self::settle(around, own);
        }
    }

    fn counts_anew(&mut self, _: SimTime, _: SimTime) {
        self.account.counts_anew();
    }

    fn gauge(&self, now: SimTime) -> Gauge {
        Gauge { tally: self.account.tally(now), peaks: self.account.peaks(), ..Gauge::default() }
    }

    fn counts(_: &ScalerConfig) -> Keeps {
        Keeps { tallied_by: Some(OF), ..Keeps::NOTHING }
    }
}
