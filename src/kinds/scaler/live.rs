//! A scaler in the event loop: measurements, decisions, launches and removals.
//!
//! In: its own alarm, the health of the servers. Out: slots that appear and disappear ([`Around::appears`],
//! [`Around::lists`], [`Around::takes_work`]).
//! The rules are in [`mechanism`](super::mechanism).
//! Holds: one alarm is armed, for the earliest due.

use super::account::{OF, Tallied};
use super::mechanism::{Control, Due, Rules, Sight, State, Tenants};
use super::spec::ScalerMetric;
use crate::engine::calendar::Ticket;
use crate::mechanism::scaling::{Act, Seen};
use crate::model::blueprint::Place;
use crate::model::event::Event;
use crate::model::gauge::Gauge;
use crate::model::ids::{CauseId, ComponentId, KeyId, UnitId};
use crate::model::spec::runs::MoveOrder;
use crate::model::world::Around;
use crate::model::world::scaling::Listing;
use crate::model::{Ctx, Health, Heard, Keeps, Live, Shift, Start, none};
use crate::units::{SimDuration, SimTime};

/// Time between two looks at a member that drains.
const LOOKS: SimDuration = SimDuration::SECOND;

/// A zone that may hold a member.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// The process in it.
    pub member: ComponentId,
    /// Its processor, and its number there.
    pub place: Place,
}

/// Configuration of a scaler.
#[derive(Clone, Debug)]
pub struct ScalerConfig {
    /// Its rules.
    pub rules: Rules,
    /// Its slots, in the order of the members.
    pub slots: Vec<Slot>,
    /// Processors of their servers.
    pub processors: Vec<ComponentId>,
    /// The other scalers that launch members on these servers, as in the rules.
    pub neighbours: Vec<ComponentId>,
    /// These, those that they share servers with, and so on, with itself, by name; empty if it shares none.
    pub fleet: Vec<ComponentId>,
    /// The balancers in front of the service.
    pub balancers: Vec<ComponentId>,
    /// The queues whose consumers its members are.
    pub queues: Vec<ComponentId>,
    /// Key of the draws of a launch: failure (0), time to provision (1), to boot (2), to restart (3). The ordinal is
    /// the number of the launch.
    pub launch_key: KeyId,
    /// Key of the draws by which servers are ranked: one for each launch and server.
    pub server_key: KeyId,
    /// Its alarm.
    pub unit: UnitId,
}

/// A scaler.
#[derive(Clone, Debug)]
pub struct Scaler {
    config: ScalerConfig,
    control: Control,
    /// Reading of the metric of each slot at the start of the period, or when it began to serve.
    read: Vec<u128>,
    /// Area under the number of waiting messages at the start of the period, in messages × ns.
    waited: u128,
    ticket: Ticket,
    armed: SimTime,
}

/// The event loop as a scaler sees it.
struct Eyes<'a> {
    around: &'a Around<'a>,
    config: &'a ScalerConfig,
    own: ComponentId,
}

impl Sight for Eyes<'_> {
    fn can_launch(&self) -> bool {
        self.around.health(self.own).works()
    }

    fn server_works(&self, host: usize) -> bool {
        self.around.health(self.config.processors[host]).works()
    }

    fn member_works(&self, slot: usize) -> bool {
        self.around.health(self.config.slots[slot].member).works()
    }

    fn others(&self, host: usize) -> Tenants {
        let control = |at: usize| &self.around.held::<Scaler>(self.config.neighbours[at]).control;
        self.config.rules.others_on(host, |at, theirs| control(at).tenants_on(theirs))
    }

    fn draw(&self, launch: u64, index: u64) -> f64 {
        self.around.draws.uniform_at(self.config.launch_key, launch, index)
    }

    fn rank(&self, launch: u64, host: u64) -> f64 {
        self.around.draws.uniform_at(self.config.server_key, launch, host)
    }
}

impl Scaler {
    /// Returns the member-time up to `now`, in members × ns: of members that serve, and of those that cost.
    #[must_use]
    pub fn member_time(&self, now: SimTime) -> [u128; 2] {
        self.control.account().areas(now)
    }

    /// Launches the members that are missing.
    fn launches_missing(around: &mut Around<'_>, own: ComponentId) {
        for _ in 0..around.held::<Self>(own).control.missing() {
            let (now, found) = (around.now, around.held::<Self>(own));
            let eyes = Eyes { around, config: &found.config, own };
            let launch = found.control.next_launch(now, &eyes, None);
            around.held_mut::<Self>(own).control.launches(now, launch, None);
        }
    }

    /// Launches the replacement of a moved member, by its number.
    fn launches_elsewhere(around: &mut Around<'_>, own: ComponentId, moved: u64) {
        let (now, found, of) = (around.now, around.held::<Self>(own), Some(moved));
        let eyes = Eyes { around, config: &found.config, own };
        let launch = found.control.next_launch(now, &eyes, of);
        around.held_mut::<Self>(own).control.launches(now, launch, of);
    }

    /// Begins to boot a zone that is provisioned.
    fn boots(around: &mut Around<'_>, own: ComponentId, slot: usize, launch: u64) {
        let (now, found) = (around.now, around.held::<Self>(own));
        let boot = found.control.time_to_boot(launch, &Eyes { around, config: &found.config, own });
        around.held_mut::<Self>(own).control.boots(now, slot, launch, boot);
    }

    /// Lets the member of a slot serve, unless a fault has its process.
    fn serves(around: &mut Around<'_>, own: ComponentId, slot: usize, launch: u64) {
        let now = around.now;
        let member = around.held::<Self>(own).config.slots[slot].member;
        if around.health(member).is_lost() {
            return around.held_mut::<Self>(own).control.fails(now, slot);
        }
        around.appears(member, true);
        Self::list(around, own, member, Listing::Listed);
        let reading = Self::reading(around, own, slot);
        let found = around.held_mut::<Self>(own);
        found.read[slot] = reading;
        found.control.turn(now, slot, State::Serves(now, launch));
        if let Some(old) = found.control.arrives(now, slot) {
            Self::drains(around, own, old);
        }
    }

    /// Removes the member that was launched last.
    fn remove(around: &mut Around<'_>, own: ComponentId) {
        let found = around.held_mut::<Self>(own);
        let Some(slot) = found.control.youngest() else { return };
        found.control.account_mut().count(Tallied::Removed);
        Self::drains(around, own, slot);
    }

    /// Terminates a member that has not worked for long. Its requests fail for the cause that took it out; a call to it that
    /// still waits for its time-out keeps the place until then.
    fn terminates(around: &mut Around<'_>, own: ComponentId, slot: usize) {
        let now = around.now;
        let found = around.held_mut::<Self>(own);
        let Slot { member, place } = found.config.slots[slot];
        found.control.terminates(now, slot, State::Drains(now));
        let causes = [member, place.cpu].map(|of| around.cause(of));
        let cause = causes.into_iter().find(|cause| *cause != CauseId::OVERLOAD);
        Self::list(around, own, member, Listing::Drains);
        around.drop_requests(member, cause.unwrap_or(CauseId::OVERLOAD));
        Self::look(around, own, slot);
        Self::launches_missing(around, own);
    }

    /// Begins a planned move.
    fn moves(around: &mut Around<'_>, own: ComponentId, of: usize) {
        let now = around.now;
        let control = &mut around.held_mut::<Self>(own).control;
        let order = control.order(of);
        for (moved, slot) in control.begins_move(now, of) {
            match order {
                MoveOrder::StopFirst => Self::drains(around, own, slot),
                MoveOrder::StartFirst => Self::launches_elsewhere(around, own, moved),
            }
        }
    }

    /// Lets a member end its open requests.
    fn drains(around: &mut Around<'_>, own: ComponentId, slot: usize) {
        let now = around.now;
        let found = around.held_mut::<Self>(own);
        let member = found.config.slots[slot].member;
        let until = now + found.config.rules.drain;
        found.control.turn(now, slot, State::Drains(until));
        Self::list(around, own, member, Listing::Drains);
        Self::look(around, own, slot);
    }

    /// Ends a member that drains, once its requests have ended. When its time is over they fail.
    fn look(around: &mut Around<'_>, own: ComponentId, slot: usize) {
        let found = around.held::<Self>(own);
        let State::Drains(until) = found.control.states()[slot] else { return };
        let (now, member) = (around.now, found.config.slots[slot].member);
        if now >= until {
            let cut = around.inside(member);
            if cut > 0 {
                around.drop_requests(member, CauseId::OVERLOAD);
                let left = around.inside(member);
                let account = around.held_mut::<Self>(own).control.account_mut();
                account.add(Tallied::Cut, u64::from(cut.saturating_sub(left)));
            }
        }
        let open = |around: &Around<'_>| {
            let balancers = &around.held::<Self>(own).config.balancers;
            balancers.iter().any(|balancer| around.has_open(*balancer, member))
        };
        if around.inside(member) > 0 || open(around) {
            let next = if now < until { until.min(now + LOOKS) } else { now + LOOKS };
            return around.held_mut::<Self>(own).control.push(next, Due::Looked(slot));
        }
        around.appears(member, false);
        Self::list(around, own, member, Listing::Absent);
        let control = &mut around.held_mut::<Self>(own).control;
        control.turn(now, slot, State::Absent);
        if let Some(moved) = control.gone(slot) {
            Self::launches_elsewhere(around, own, moved);
        }
    }

    /// Reports the state of a member to the balancers in front of it, and to the queues that send it messages.
    fn list(around: &mut Around<'_>, own: ComponentId, member: ComponentId, listing: Listing) {
        for at in 0..around.held::<Self>(own).config.balancers.len() {
            let balancer = around.held::<Self>(own).config.balancers[at];
            around.lists(balancer, member, listing);
        }
        if !around.held::<Self>(own).config.queues.is_empty() {
            let shift = match listing {
                Listing::Listed => Shift::Opens,
                Listing::Drains | Listing::Absent => Shift::Closes,
            };
            around.takes_work(member, shift);
        }
    }

    /// Returns the reading of the metric of a slot: a number that never falls.
    fn reading(around: &Around<'_>, own: ComponentId, slot: usize) -> u128 {
        let config = &around.held::<Self>(own).config;
        let Slot { member, place } = config.slots[slot];
        match config.rules.metric {
            ScalerMetric::Cpu => around.used(place),
            ScalerMetric::Requests => around.arrived(member),
            ScalerMetric::Waiting => around.waited(member),
            // It is measured for all members together: see `messages`.
            ScalerMetric::Messages => 0,
        }
    }

    /// Returns the area under the number of messages that wait in the queues, in messages × ns.
    fn messages(around: &Around<'_>, own: ComponentId) -> u128 {
        let waited = |queue: &ComponentId| {
            let gauge = around.component(*queue).gauge(around.now);
            gauge.inside - gauge.busy
        };
        around.held::<Self>(own).config.queues.iter().map(waited).sum()
    }

    /// Ends a period: measures it, and begins the next one.
    fn measure(around: &mut Around<'_>, own: ComponentId) {
        let now = around.now;
        let (mut total, mut capacity, mut time) = (0_u128, 0.0, 0.0);
        for slot in 0..around.held::<Self>(own).read.len() {
            let Some(served) = around.held::<Self>(own).control.served(now, slot) else { continue };
            let reading = Self::reading(around, own, slot);
            let found = around.held_mut::<Self>(own);
            total += reading - found.read[slot];
            found.read[slot] = reading;
            let (served, rules) = (served.seconds(), &found.config.rules);
            let cpu = rules.metric == ScalerMetric::Cpu;
            capacity += served * if cpu { rules.host(slot).capacity } else { 1.0 };
            time += served;
        }
        if around.held::<Self>(own).config.rules.metric == ScalerMetric::Messages {
            let waited = Self::messages(around, own);
            let before = std::mem::replace(&mut around.held_mut::<Self>(own).waited, waited);
            total = waited - before;
        }
        let found = around.held_mut::<Self>(own);
        // Work and areas are in units × nanoseconds, requests are counted.
        let unit = match found.config.rules.metric {
            ScalerMetric::Cpu => crate::units::Cores::whole(1).steps() as f64 * 1e9,
            ScalerMetric::Requests => 1.0,
            ScalerMetric::Waiting | ScalerMetric::Messages => 1e9,
        };
        let value = if capacity > 0.0 { total as f64 / unit / capacity } else { 0.0 };
        let seen = found.control.seen(value, time);
        found.control.measured(now, seen);
    }

    /// Acts on a measurement.
    fn acts(around: &mut Around<'_>, own: ComponentId, seen: Seen) {
        let now = around.now;
        match around.held_mut::<Self>(own).control.acts(now, seen) {
            Act::Stay => {}
            Act::Out(_) => Self::launches_missing(around, own),
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
            Due::Terminated(slot) => Self::terminates(around, own, slot),
            Due::Moves(of) => Self::moves(around, own, of),
            Due::Again(moved) => {
                if around.held_mut::<Self>(own).control.moves_again(moved) {
                    Self::launches_elsewhere(around, own, moved);
                }
            }
            Due::Failed(slot) => {
                let now = around.now;
                around.held_mut::<Self>(own).control.fails(now, slot);
            }
        }
    }

    /// Does all that is due. Of the scalers that share servers, those that are due at one instant act by name.
    fn settle_fleet(around: &mut Around<'_>, own: ComponentId) {
        let fleet = around.held::<Self>(own).config.fleet.len();
        if fleet == 0 {
            return Self::settle(around, own);
        }
        for at in 0..fleet {
            let of = around.held::<Self>(own).config.fleet[at];
            let next = around.held::<Self>(of).control.next_at();
            if of == own || next.is_some_and(|next| next <= around.now) {
                Self::settle(around, of);
            }
        }
    }

    /// Does all that is due, and arms the alarm.
    fn settle(around: &mut Around<'_>, own: ComponentId) {
        let now = around.now;
        while let Some(due) = around.held_mut::<Self>(own).control.next_due(now) {
            Self::happens(around, own, due);
        }
        around.with::<Self, _>(own, Self::arm);
    }

    /// Sets the alarm to the earliest due.
    fn arm(&mut self, ctx: &mut Ctx<'_>) {
        let next = self.control.next_at();
        if let Some(next) = next.filter(|next| *next != self.armed) {
            let code = Event::Scale(self.config.unit.0).code();
            (self.armed, self.ticket) = (next, ctx.calendar.push(next, code));
        }
    }
}

impl Live for Scaler {
    type Config = ScalerConfig;

    fn begin(_: ComponentId, config: &ScalerConfig, start: &Start<'_>) -> Self {
        Self {
            control: Control::new(config.rules.clone(), start.at),
            read: vec![0; config.slots.len()],
            waited: 0,
            ticket: Ticket::NONE,
            armed: SimTime::NEVER,
            config: config.clone(),
        }
    }

    none!(
        alarm,
        cancel,
        ask,
        ended,
        holds,
        count_ends,
        waits,
        sojourns,
        by_number,
        quantities,
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

    /// Changes nothing: launches look at its health when they begin.
    fn health(&mut self, _: &mut Ctx<'_>, _: Health) {}

    fn listens(config: &ScalerConfig) -> Vec<ComponentId> {
        let members = config.slots.iter().map(|slot| slot.member);
        let mut all: Vec<ComponentId> = config.processors.iter().copied().chain(members).collect();
        all.sort_unstable();
        all
    }

    fn hears(&mut self, ctx: &mut Ctx<'_>, heard: Heard) {
        for (host, processor) in self.config.processors.iter().enumerate() {
            if *processor == heard.of {
                self.control.hears(ctx.now, host, heard.is.works());
            }
        }
        let slot = self.config.slots.iter().position(|slot| slot.member == heard.of);
        if let Some(slot) = slot {
            self.control.hears_of_member(ctx.now, slot, heard.is.works());
            if heard.is.is_lost() {
                self.control.loses(slot);
            }
        }
        self.arm(ctx);
    }

    /// Takes out the slots without a member, and begins the first period.
    fn starts(around: &mut Around<'_>, own: ComponentId) {
        let now = around.now;
        for slot in 0..around.held::<Self>(own).config.slots.len() {
            let found = around.held::<Self>(own);
            let (state, member) = (found.control.states()[slot], found.config.slots[slot].member);
            if state == State::Absent {
                around.appears(member, false);
                Self::list(around, own, member, Listing::Absent);
            }
        }
        let planned = around.has_faults();
        around.held_mut::<Self>(own).control.begin(now, planned);
        around.with::<Self, _>(own, Self::arm);
    }

    fn due(around: &mut Around<'_>, own: ComponentId, _: u32, ticket: Ticket) {
        let found = around.held_mut::<Self>(own);
        if ticket == found.ticket {
            found.armed = SimTime::NEVER;
            Self::settle_fleet(around, own);
        }
    }

    fn counts_anew(&mut self, now: SimTime, _: SimTime) {
        self.begin_to_count(now);
    }

    /// Restarts the largest number of members, which does not include the warm-up.
    fn begin_to_count(&mut self, _: SimTime) {
        self.control.account_mut().counts_anew();
    }

    fn gauge(&self, now: SimTime) -> Gauge {
        let account = self.control.account();
        Gauge { tally: account.tally(now), peaks: account.peaks(), ..Gauge::default() }
    }

    fn counts(_: &ScalerConfig) -> Keeps {
        Keeps { tallied_by: Some(OF), ..Keeps::NOTHING }
    }
}
