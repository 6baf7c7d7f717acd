//! A purge in the event loop: the requests that send it, and its messages.
//!
//! A message is a request of this component's own, in no ledger of a class. It crosses the network, is inside the process of
//! its cache while that works on it, and carries the object to the component with the copies. It has the draws of the request
//! that sends it.
//!
//! Holds: a message ends once; a message that ends for a cache that cannot be reached is kept or lost, never both.

use std::collections::{BTreeMap, BTreeSet};

use super::account::{self, Account, Tallied};
use crate::convert::{below, place, whole};
use crate::engine::calendar::Ticket;
use crate::engine::law::Sampler;
use crate::mechanism::copies::ALL;
use crate::model::event::Event;
use crate::model::gauge::Gauge;
use crate::model::ids::{ClassId, ComponentId, KeyId, UnitId};
use crate::model::request::{Outcome, Owner, Request, RequestId, Waits};
use crate::model::{Answer, Ctx, Health, Heard, Keeps, Live, Start, none};
use crate::observe::histogram::Histogram;
use crate::units::{SimDuration, SimTime};
use crate::workload::popularity::Zipf;

/// Point of the way of a message at which it asks this component what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// A message to an edge has left its site.
    Leaves,
    /// It is there.
    Arrives,
    /// The work on it is done.
    Worked,
    /// The copy is removed or replaced.
    Removed,
}

/// Mark of a question of a message; other questions are those of steps.
const OF_MESSAGE: u32 = 1 << 31;

impl Point {
    /// Returns the question of a message at this point.
    #[must_use]
    pub const fn question(self) -> u32 {
        OF_MESSAGE | self as u32
    }
}

/// Returns the question by which step number `step` draws the object that changes.
#[must_use]
pub const fn draws(step: u32) -> u32 {
    step * 2
}

/// Returns the question by which step number `step` sends the messages for the object that it has drawn.
#[must_use]
pub const fn sends(step: u32) -> u32 {
    step * 2 + 1
}

/// A step that sends a purge.
#[derive(Clone, Debug)]
pub struct Sending {
    /// Key of the object that changes.
    pub object: KeyId,
    /// True if all objects change equally often.
    pub evenly: bool,
    /// True if all change at once.
    pub everything: bool,
    /// Keys of the draws of the messages to each target: loss, way, work, size of the copy.
    pub keys: Vec<[KeyId; 4]>,
}

const LOSS: usize = 0;
const WAY: usize = 1;
const WORK: usize = 2;
const COPY: usize = 3;

/// Way of messages between a sender and a target.
#[derive(Clone, Debug)]
pub struct Way {
    /// Number of the way over the network; `None`: no link is on it.
    pub out: Option<u32>,
    /// Way of the confirmation.
    pub back: Option<u32>,
    /// Links that it crosses, and whether from the first site of the link to the second.
    pub crosses: Vec<(ComponentId, bool)>,
}

/// A cache, or the edges of a CDN.
#[derive(Clone, Debug)]
pub struct Target {
    /// The processes or edges that get a message each.
    pub places: Vec<ComponentId>,
    /// True if they are edges.
    pub edges: bool,
    /// True if they store the new copy.
    pub stores: bool,
    /// Time between edge and origin, there and back.
    pub trip: Option<Sampler>,
    /// Work of a cache on a message, or time of an edge.
    pub work: Option<Sampler>,
    /// First operation of a message that crosses the network, and of one that does not.
    pub entry: [u32; 2],
}

/// Configuration of a purge.
#[derive(Clone, Debug)]
pub struct PurgeConfig {
    /// Caches and edges that it reaches.
    pub targets: Vec<Target>,
    /// The processes that may send it, sorted, each with its ways to the targets.
    pub senders: Vec<(ComponentId, Vec<Way>)>,
    /// Popularity of the objects.
    pub popularity: Option<Zipf>,
    /// Steps that send it, by number.
    pub steps: Vec<Sending>,
    /// Size of a new copy; `None`: that of a message.
    pub copy: Option<Sampler>,
    /// Probability that a message is lost on its way.
    pub lost: f64,
    /// True if messages to what is cut off are lost.
    pub loses: bool,
    /// Longest wait for confirmations; `None`: nothing waits.
    pub time_out: Option<SimDuration>,
    /// Its alarm.
    pub unit: UnitId,
}

/// A message.
#[derive(Clone, Copy, Debug)]
struct Message {
    /// Target, and place there.
    to: (usize, usize),
    object: u64,
    /// Instant of the change.
    since: SimTime,
    step: usize,
    sender: Option<usize>,
    /// Wait that its confirmation ends.
    writer: Option<u64>,
    /// Draws of the request that sent it.
    class: ClassId,
    ordinal: u64,
    path: u32,
    position: u32,
    iteration: u16,
    /// True once the copy is removed or replaced.
    done: bool,
}

/// A request that waits for confirmations.
#[derive(Clone, Copy, Debug)]
struct Wait {
    request: RequestId,
    /// Number of confirmations that it lacks.
    left: usize,
    due: SimTime,
}

/// A purge.
#[derive(Clone, Debug)]
pub struct Purge {
    id: ComponentId,
    config: PurgeConfig,
    /// Messages on their way.
    under_way: BTreeMap<RequestId, Message>,
    /// Messages to places that are cut off.
    held: BTreeMap<(usize, usize), Vec<Message>>,
    /// Targets and places by component.
    places: BTreeMap<ComponentId, Vec<(usize, usize)>>,
    /// Health of places and links that are not up.
    health: BTreeMap<ComponentId, Health>,
    /// Requests that wait, by number of the wait. All wait equally long, so the first is due first.
    waiting: BTreeMap<u64, Wait>,
    waits: u64,
    armed: (SimTime, Ticket),
    account: Account,
}

impl Purge {
    fn health_of(&self, of: ComponentId) -> Health {
        self.health.get(&of).copied().unwrap_or(Health::Up)
    }

    fn place(&self, (target, number): (usize, usize)) -> ComponentId {
        self.config.targets[target].places[number]
    }

    /// Returns whether a message to a place can be delivered at present. A process that hangs accepts it.
    fn is_reached(&self, to: (usize, usize)) -> bool {
        let health = self.health_of(self.place(to));
        if self.config.targets[to.0].edges { health.works() } else { !health.is_lost() }
    }

    fn way(&self, message: &Message) -> Option<&Way> {
        Some(&self.config.senders[message.sender?].1[message.to.0])
    }

    fn is_cut(&self, way: &Way) -> bool {
        way.crosses.iter().any(|(link, onward)| match self.health_of(*link) {
            Health::OneWay(open) => open != *onward,
            health => !health.works(),
        })
    }

    /// Draws the object that a step changes.
    fn draw(&self, ctx: &Ctx<'_>, request: RequestId, step: usize) -> u64 {
        let Sending { object, evenly, everything, .. } = &self.config.steps[step];
        let Some(popularity) = self.config.popularity.as_ref().filter(|_| !everything) else {
            return ALL;
        };
        let uniform = ctx.draws.uniform(*object, &ctx.requests[request], 0);
        let drawn = if *evenly {
            place(below(uniform, popularity.count() as usize))
        } else {
            popularity.object(uniform)
        };
        u64::from(drawn)
    }

    /// Sends the messages of a step for the object that it has drawn.
    fn send(&mut self, ctx: &mut Ctx<'_>, request: RequestId, step: usize) -> Answer {
        let entry = &ctx.requests[request];
        let at = (entry.depth > 0).then(|| entry.top().at);
        let sender = at.and_then(|at| {
            self.config.senders.binary_search_by_key(&at, |(sender, _)| *sender).ok()
        });
        let object = entry.need;
        let template = Message {
            to: (0, 0),
            object,
            since: ctx.now,
            step,
            sender,
            writer: self.config.time_out.map(|_| self.waits),
            class: entry.class,
            ordinal: entry.ordinal,
            path: entry.path,
            position: entry.position,
            iteration: entry.iteration,
            done: false,
        };
        let mut sent = 0;
        for target in 0..self.config.targets.len() {
            for number in 0..self.config.targets[target].places.len() {
                let message = Message { to: (target, number), ..template };
                self.account.count(Tallied::Sent);
                sent += 1;
                let key = self.config.steps[step].keys[target][LOSS];
                let lost = self.config.lost;
                let entry = &ctx.requests[request];
                if lost > 0.0 && ctx.draws.uniform(key, entry, place(number)) < lost {
                    self.account.count(Tallied::Lost);
                } else {
                    self.launch(ctx, message);
                }
            }
        }
        let Some(time_out) = self.config.time_out else { return Answer::GoesOn };
        let serial = self.waits;
        self.waits += 1;
        self.waiting.insert(serial, Wait { request, left: sent, due: ctx.now + time_out });
        self.arm(ctx);
        let entry = &mut ctx.requests[request];
        entry.at = self.id;
        entry.waits = Waits::InLine;
        Answer::Waits
    }

    /// Puts a message on its way.
    fn launch(&mut self, ctx: &mut Ctx<'_>, message: Message) {
        let way = self.way(&message);
        let out = way.and_then(|way| way.out);
        if self.config.loses && way.is_some_and(|way| self.is_cut(way)) {
            return self.account.count(Tallied::CutOff);
        }
        let target = &self.config.targets[message.to.0];
        let pc = target.entry[usize::from(out.is_none())];
        let mut request = Request::new(message.class, pc, Owner::Component(self.id), ctx.now);
        (request.ordinal, request.path) = (message.ordinal, message.path);
        (request.position, request.iteration) = (message.position, message.iteration);
        request.local = out.unwrap_or(0);
        request.need = 1;
        if let Some(copy) = self.config.copy.as_ref().filter(|_| target.stores) {
            let key = self.config.steps[message.step].keys[message.to.0][COPY];
            let uniform = ctx.draws.uniform(key, &request, 0);
            request.need = whole::u64(copy.sample(uniform)).max(1);
        }
        match ctx.start(request) {
            Some(id) => _ = self.under_way.insert(id, message),
            // The run stops.
            None => self.account.count(Tallied::Lost),
        }
    }

    /// Returns a time of a message: its draw of this sort from a law, times a share.
    fn time(
        &self,
        ctx: &Ctx<'_>,
        (request, message): (RequestId, &Message),
        of: usize,
        law: Option<&Sampler>,
    ) -> SimDuration {
        let (target, number) = message.to;
        let key = self.config.steps[message.step].keys[target][of];
        let uniform = ctx.draws.uniform(key, &ctx.requests[request], place(number));
        law.map_or(SimDuration::ZERO, |law| SimDuration::from_seconds_f64(law.sample(uniform)))
    }

    fn delays(ctx: &mut Ctx<'_>, request: RequestId, time: SimDuration) -> Answer {
        if time.is_zero() {
            return Answer::GoesOn;
        }
        ctx.requests[request].waits = Waits::Timer;
        ctx.wake_after(request, time);
        Answer::Waits
    }

    /// Returns what follows for a message at a point of its way.
    fn passes(&mut self, ctx: &mut Ctx<'_>, request: RequestId, point: u32) -> Answer {
        let message = self.under_way[&request];
        let target = &self.config.targets[message.to.0];
        let half_trip = |purge: &Self, ctx: &Ctx<'_>| {
            let trip = target.trip.as_ref();
            SimDuration::from_nanos(purge.time(ctx, (request, &message), WAY, trip).nanos() / 2)
        };
        if point == Point::Leaves as u32 {
            let time = half_trip(self, ctx);
            return Self::delays(ctx, request, time);
        }
        if point == Point::Removed as u32 {
            return self.removed(ctx, request);
        }
        if target.edges && !self.is_reached(message.to) {
            return Answer::Fails(Outcome::Unreachable);
        }
        if point == Point::Arrives as u32 {
            let work = self.time(ctx, (request, &message), WORK, target.work.as_ref());
            if target.edges {
                return Self::delays(ctx, request, work);
            }
            ctx.requests[request].need = work.nanos();
            return Answer::GoesOn;
        }
        let entry = &mut ctx.requests[request];
        (entry.need, entry.local) = (message.object, place(message.to.1));
        Answer::GoesOn
    }

    /// Counts a message that has done its work, and sends its confirmation.
    fn removed(&mut self, ctx: &mut Ctx<'_>, request: RequestId) -> Answer {
        let message = self.under_way[&request];
        self.account.done(ctx.now, ctx.now - message.since);
        if let Some(message) = self.under_way.get_mut(&request) {
            message.done = true;
        }
        if self.config.targets[message.to.0].edges {
            let trip = self.config.targets[message.to.0].trip.as_ref();
            let trip = self.time(ctx, (request, &message), WAY, trip);
            let waits = message.writer.is_some();
            let back = if waits { trip.nanos() / 2 } else { 0 };
            return Self::delays(ctx, request, SimDuration::from_nanos(back));
        }
        let back = self.way(&message).and_then(|way| way.back);
        let entry = &mut ctx.requests[request];
        match back.filter(|_| message.writer.is_some()) {
            Some(back) => (entry.local, entry.need) = (back, 1),
            // Past the way back.
            None => entry.pc += 1,
        }
        Answer::GoesOn
    }

    /// Ends a message that was not delivered.
    fn fails(&mut self, message: Message) -> Option<u64> {
        if self.health_of(self.place(message.to)) == Health::Down || self.is_reached(message.to) {
            // The process that would have removed the copy is gone, and its copies with it.
            self.account.count(Tallied::Moot);
            return message.writer;
        }
        if self.config.loses {
            self.account.count(Tallied::CutOff);
        } else {
            self.held.entry(message.to).or_default().push(message);
        }
        None
    }

    /// Counts a confirmation, and lets the request go on that lacks no other.
    fn confirm(&mut self, ctx: &mut Ctx<'_>, writer: Option<u64>) {
        let Some(serial) = writer else { return };
        let Some(wait) = self.waiting.get_mut(&serial) else { return };
        wait.left -= 1;
        if wait.left == 0 {
            self.ends_wait(ctx, serial);
        }
    }

    fn ends_wait(&mut self, ctx: &mut Ctx<'_>, serial: u64) {
        let Some(Wait { request, .. }) = self.waiting.remove(&serial) else { return };
        let entry = &mut ctx.requests[request];
        entry.at = ComponentId::NONE;
        entry.waits = Waits::Nothing;
        ctx.proceed(request);
    }

    /// Sets the alarm to the next time-out.
    fn arm(&mut self, ctx: &mut Ctx<'_>) {
        let Some(next) = self.waiting.values().next().map(|wait| wait.due) else { return };
        if next < self.armed.0 {
            let code = Event::Alarm(self.config.unit).code();
            self.armed = (next, ctx.calendar.push(next.max(ctx.now), code));
        }
    }

    /// Sends again what waits for a place, or drops it with the copies there.
    fn place_health(&mut self, ctx: &mut Ctx<'_>, to: (usize, usize), heard: Heard) {
        let lost_its_copies = heard.is == Health::Down || heard.is_renewed();
        if !lost_its_copies && !self.is_reached(to) {
            return;
        }
        for message in self.held.remove(&to).unwrap_or_default() {
            if lost_its_copies {
                self.account.count(Tallied::Moot);
                self.confirm(ctx, message.writer);
            } else {
                self.launch(ctx, message);
            }
        }
    }
}

impl Live for Purge {
    type Config = PurgeConfig;

    fn begin(id: ComponentId, config: &PurgeConfig, start: &Start<'_>) -> Self {
        let mut places: BTreeMap<ComponentId, Vec<(usize, usize)>> = BTreeMap::new();
        for (target, of) in config.targets.iter().enumerate() {
            for (number, at) in of.places.iter().enumerate() {
                places.entry(*at).or_default().push((target, number));
            }
        }
        Self {
            id,
            config: config.clone(),
            under_way: BTreeMap::new(),
            held: BTreeMap::new(),
            places,
            health: BTreeMap::new(),
            waiting: BTreeMap::new(),
            waits: 0,
            armed: (SimTime::NEVER, Ticket::NONE),
            account: Account::new(start.counted.1),
        }
    }

    none!(
        lent,
        health,
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
        starts,
        due,
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
    none!(keeps_place, holds, waits, by_number, quantities);

    /// Ends the waits that have lasted too long.
    fn alarm(&mut self, ctx: &mut Ctx<'_>, _: u32, ticket: Ticket) {
        if ticket != self.armed.1 {
            return;
        }
        self.armed = (SimTime::NEVER, Ticket::NONE);
        while let Some((&serial, _)) =
            self.waiting.first_key_value().filter(|(_, wait)| wait.due <= ctx.now)
        {
            self.account.count(Tallied::TimedOut);
            self.ends_wait(ctx, serial);
        }
        self.arm(ctx);
    }

    /// Forgets a request that waits for confirmations; its messages go on.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.waiting.retain(|_, wait| wait.request != request);
        let entry = &mut ctx.requests[request];
        entry.at = ComponentId::NONE;
        entry.waits = Waits::Nothing;
    }

    fn listens(config: &PurgeConfig) -> Vec<ComponentId> {
        let places = config.targets.iter().flat_map(|target| target.places.iter().copied());
        let ways = config.senders.iter().flat_map(|(_, ways)| ways);
        let links = ways.flat_map(|way| way.crosses.iter().map(|(link, _)| *link));
        places.chain(links).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn hears(&mut self, ctx: &mut Ctx<'_>, heard: Heard) {
        self.health.insert(heard.of, heard.is);
        for to in self.places.get(&heard.of).cloned().unwrap_or_default() {
            self.place_health(ctx, to, heard);
        }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_>, request: RequestId, what: u32) -> Answer {
        if what & OF_MESSAGE != 0 {
            return self.passes(ctx, request, what & !OF_MESSAGE);
        }
        let step = (what / 2) as usize;
        if what == sends(what / 2) {
            return self.send(ctx, request, step);
        }
        let object = self.draw(ctx, request, step);
        ctx.requests[request].need = object;
        Answer::GoesOn
    }

    fn ended(&mut self, ctx: &mut Ctx<'_>, request: RequestId, outcome: Outcome) {
        let Some(message) = self.under_way.remove(&request) else { return };
        let confirmed = if message.done || outcome == Outcome::Ok {
            message.writer
        } else {
            self.fails(message)
        };
        self.confirm(ctx, confirmed);
    }

    fn gauge(&self, _: SimTime) -> Gauge {
        Gauge { tally: self.account.tally(), ..Gauge::default() }
    }

    fn counts(_: &PurgeConfig) -> Keeps {
        Keeps { tallied_by: Some(account::OF), ..Keeps::NOTHING }
    }

    fn counts_anew(&mut self, now: SimTime, until: SimTime) {
        self.begin_to_count(now);
        self.account.ends_at(until);
    }

    /// Forgets the times of the warm-up.
    fn begin_to_count(&mut self, _: SimTime) {
        self.account.forget_times();
    }

    /// Compares the account of all messages so far.
    fn count_ends(&mut self, now: SimTime) {
        self.account.ends_at(now);
        let moving = self.under_way.values().filter(|message| !message.done).count();
        let held = self.held.values().map(Vec::len).sum::<usize>();
        self.account.close(now, moving + held);
    }

    fn sojourns(&self) -> Option<&Histogram> {
        Some(self.account.times())
    }
}
