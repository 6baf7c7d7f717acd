//! A message queue in the event loop: the events it receives, its answers, and the requests it begins.
//!
//! A producer enters the process of a broker, spends its work there, and asks the queue to take a message
//! ([`Live::ask`]). A delivery is a request of the class that does the work. This component begins it inside
//! a consumer and is notified of its end. A message counts as one attempt of that class from its publication until it
//! leaves the queue; its deliveries do not count as attempts.
//!
//! Holds: work that consumers do while their broker is gone has no effect; a consumer whose host has fallen
//! silent is indistinguishable from a slow one until `heartbeat` is over.

pub mod jobs;

use std::collections::BTreeMap;

use jobs::{Job, Jobs};

use super::account;
use super::brokers::Brokers;
use super::mechanism::{
    DeliveryId, Ended, Leaves, Message, MessageQueue, Published, Standing, Terms, Verdict,
};
use crate::convert::{table, whole};
use crate::engine::calendar::Ticket;
use crate::engine::law::Sampler;
use crate::model::event::Event;
use crate::model::gauge::{ByNumber, Gauge};
use crate::model::ids::{ClassId, ComponentId, DemandId, KeyId, UnitId};
use crate::model::request::{Outcome, RequestId, Waits};
use crate::model::{Answer, Begun, Ctx, Health, Heard, Keeps, Live, Shift, Start, none};
use crate::observe::histogram::Histogram;
use crate::units::{Bytes, SimDuration, SimTime};

/// Question of a request for the active broker; larger numbers publish, one number per step.
pub const WHO: u32 = 0;

/// Takeover by the second broker of a pair.
#[derive(Clone, Debug)]
pub struct Takeover {
    /// Detection time, in seconds.
    pub detect: Sampler,
    /// Takeover time after detection, in seconds; `None`: zero.
    pub takeover: Option<Sampler>,
    /// Coverage: probability that the takeover works.
    pub coverage: f64,
    /// Draw key. The ordinal is the number of the failure; the indices are coverage (0), detection (1), takeover (2).
    pub key: KeyId,
}

/// A step that publishes, or waits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Publishing {
    /// Size of its message.
    pub size: Option<DemandId>,
    /// Time until its message is safe.
    pub confirm: Option<DemandId>,
    /// If true, its request waits later until its messages are done.
    pub awaited: bool,
    /// If true, the step publishes nothing, but waits until the messages of its request are done.
    pub awaits: bool,
}

/// Configuration of a queue.
#[derive(Clone, Debug)]
pub struct QueueConfig {
    /// The processes of its brokers, the first one active.
    pub brokers: Vec<ComponentId>,
    /// The processes of its consumers.
    pub consumers: Vec<ComponentId>,
    /// The class that does the work of a message.
    pub class: ClassId,
    /// Operation of that class after the one by which it enters.
    pub pc: u32,
    /// Rules for messages.
    pub terms: Terms,
    /// If true, messages survive the end of the broker's process.
    pub durable: bool,
    /// Takeover by the follower; `None`: there is none.
    pub takeover: Option<Takeover>,
    /// Time from the return of a broker until it follows again, with its draw key; `None`: at once.
    pub catch_up: Option<(Sampler, KeyId)>,
    /// Silence of a consumer after which its messages come back; `None`: the silence stays undetected.
    pub heartbeat: Option<SimDuration>,
    /// Steps that publish or wait, by number.
    pub steps: Vec<Publishing>,
    /// Its alarm.
    pub unit: UnitId,
}

/// Pending event besides those of the mechanism itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// The follower takes over.
    Takeover,
    /// A broker follows again.
    CaughtUp(usize),
    /// The silence of a consumer is detected.
    Noticed(u32),
}

/// A message queue.
#[derive(Clone, Debug)]
pub struct Queue {
    id: ComponentId,
    config: QueueConfig,
    queue: MessageQueue,
    brokers: Brokers,
    /// Requests that do the work of a delivery.
    at_work: BTreeMap<RequestId, (DeliveryId, u32)>,
    /// Requests that wait, or will, until their messages are done.
    jobs: Jobs,
    /// True for each consumer whose host has fallen silent.
    silent: Vec<bool>,
    /// True for each consumer whose process is gone.
    lost: Vec<bool>,
    /// True for each consumer that takes no work: outside of its hours, or not listed by its scaler.
    away: Vec<bool>,
    dues: Vec<(SimTime, Due)>,
    armed: (SimTime, Ticket),
    /// Failures of an active broker, and returns of any broker, so far: the ordinals of their draws.
    failures: u64,
    returns: u64,
    /// Instant from which messages are counted.
    counted_from: SimTime,
    drilled: bool,
}

impl Queue {
    fn consumer(&self, of: ComponentId) -> Option<u32> {
        let place = self.config.consumers.iter().position(|consumer| *consumer == of)?;
        Some(table::u32(place))
    }

    /// Completes an event at this instant: begins deliveries, records messages that left, arms the alarm.
    fn settle(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(delivery) = self.queue.deliver(ctx.now) {
            let message = delivery.message;
            let begun = Begun {
                by: self.id,
                class: self.config.class,
                pc: self.config.pc,
                at: self.config.consumers[delivery.consumer as usize],
                ordinal: message.ordinal,
                workload: table::u16(message.origin as usize),
                counted: message.counted,
            };
            let Some(request) = ctx.begin(begun) else { break };
            self.at_work.insert(request, (delivery.id, delivery.consumer));
        }
        let (class, from) = (self.config.class, self.counted_from);
        let now = ctx.now;
        self.queue.tell_left(|message, published, how| {
            let outcome = match how {
                Leaves::Acknowledged => Outcome::Ok,
                Leaves::DeadLetter => Outcome::Error,
                Leaves::Dropped => Outcome::Refused,
                Leaves::Lost => Outcome::Aborted,
            };
            let counted = message.counted && published >= from;
            ctx.record.message_ends(class, outcome, now - published, counted);
            let told = self.jobs.ends(ctx.requests, message.job, how);
            let (waiting, job) = told.unwrap_or((Vec::new(), Job::Done));
            for request in waiting {
                let entry = &mut ctx.requests[request];
                (entry.at, entry.waits) = (ComponentId::NONE, Waits::Nothing);
                match job {
                    Job::Done => ctx.proceed(request),
                    Job::Failed => ctx.fail(request, Outcome::Error),
                }
            }
        });
        self.arm(ctx);
    }

    /// Sets the alarm to the next pending event.
    fn arm(&mut self, ctx: &mut Ctx<'_>) {
        let own = self.dues.iter().map(|(at, _)| *at).min();
        let next = [own, self.queue.next_due()].into_iter().flatten().min();
        let Some(next) = next else { return };
        if next < self.armed.0 {
            let code = Event::Alarm(self.config.unit).code();
            self.armed = (next, ctx.calendar.push(next.max(ctx.now), code));
        }
    }

    fn happens(&mut self, ctx: &mut Ctx<'_>, due: Due) {
        match due {
            Due::Takeover => {
                if let Some(follower) = self.brokers.candidate() {
                    self.brokers.takes_over(follower).apply(&mut self.queue, ctx.now);
                    self.follows_again(ctx);
                }
            }
            Due::CaughtUp(broker) => self.brokers.caught_up(broker),
            Due::Noticed(consumer) => {
                if self.silent[consumer as usize] {
                    self.queue.gone(ctx.now, consumer);
                }
            }
        }
    }

    /// Schedules the takeover after a failure of the active broker; samples coverage, detection and takeover time.
    fn expects_takeover(&mut self, ctx: &mut Ctx<'_>) {
        let ordinal = self.failures;
        self.failures += 1;
        let (Some(takeover), Some(_)) = (&self.config.takeover, self.brokers.candidate()) else {
            return;
        };
        let draw = |index| ctx.draws.uniform_at(takeover.key, ordinal, index);
        if !self.drilled && draw(0) >= takeover.coverage {
            return;
        }
        let own = takeover.takeover.as_ref().map_or(0.0, |law| law.sample(draw(2)));
        let after = takeover.detect.sample(draw(1)) + own;
        self.dues.push((ctx.now + SimDuration::from_seconds_f64(after), Due::Takeover));
    }

    /// Starts the catch-up of brokers that are up and behind the active one.
    fn follows_again(&mut self, ctx: &mut Ctx<'_>) {
        if !self.brokers.serves() {
            return;
        }
        for broker in 0..self.config.brokers.len() {
            let waits = self.dues.iter().any(|(_, due)| *due == Due::CaughtUp(broker));
            if waits || broker == self.brokers.active() || !self.brokers.is_behind(broker) {
                continue;
            }
            let ordinal = self.returns;
            self.returns += 1;
            let time = self
                .config
                .catch_up
                .as_ref()
                .map_or(0.0, |(law, key)| law.sample(ctx.draws.uniform_at(*key, ordinal, 0)));
            self.dues.push((ctx.now + SimDuration::from_seconds_f64(time), Due::CaughtUp(broker)));
        }
    }

    fn broker_health(&mut self, ctx: &mut Ctx<'_>, broker: usize, heard: Heard) {
        let now = ctx.now;
        if heard.is_renewed() && !heard.is.is_lost() {
            // A process that hung has been replaced by a new one.
            self.brokers.lost(broker).apply(&mut self.queue, now);
        }
        if heard.is.is_lost() {
            self.dues.retain(|(_, due)| *due != Due::CaughtUp(broker));
            let served = self.brokers.serves();
            self.brokers.lost(broker).apply(&mut self.queue, now);
            if served && !self.brokers.serves() {
                self.expects_takeover(ctx);
            }
            return;
        }
        let serves = self.brokers.serves() && broker == self.brokers.active();
        if heard.is.is_stalled() {
            if serves {
                self.queue.stands(now, Standing::Stalled);
            }
            return;
        }
        let was_away = !self.brokers.is_up(broker);
        if was_away {
            self.brokers.back(broker).apply(&mut self.queue, now);
        } else if serves {
            self.queue.stands(now, Standing::Serves);
        }
        if self.brokers.serves() {
            self.dues.retain(|(_, due)| *due != Due::Takeover);
        } else if was_away && self.dues.iter().all(|(_, due)| *due != Due::Takeover) {
            // A follower that was away when the active broker failed finds that no broker serves.
            self.expects_takeover(ctx);
        }
        self.follows_again(ctx);
    }

    fn consumer_health(&mut self, ctx: &mut Ctx<'_>, consumer: u32, heard: Heard) {
        let (now, place) = (ctx.now, consumer as usize);
        self.lost[place] = heard.is.is_lost();
        if heard.is == Health::Unreachable {
            // The connection stays open: an unreachable host cannot close it.
            self.silent[place] = true;
            if let Some(heartbeat) = self.config.heartbeat {
                self.dues.push((now + heartbeat, Due::Noticed(consumer)));
            }
            return;
        }
        let was_gone = heard.was.is_lost();
        if heard.is == Health::Down || heard.is_renewed() || self.silent[place] {
            self.silent[place] = false;
            self.dues.retain(|(_, due)| *due != Due::Noticed(consumer));
            self.queue.gone(now, consumer);
        }
        if heard.is.works() && (was_gone || heard.is_renewed()) && !self.away[place] {
            self.queue.joins(consumer);
        }
    }
}

impl Queue {
    /// Lets `request` go on if its messages are done, else lets it wait for the last of them.
    fn awaits(&mut self, ctx: &mut Ctx<'_>, request: RequestId) -> Answer {
        match self.jobs.awaits(ctx.requests, request) {
            Some(Job::Done) => Answer::GoesOn,
            Some(Job::Failed) => Answer::Fails(Outcome::Error),
            None => {
                let entry = &mut ctx.requests[request];
                (entry.at, entry.since, entry.waits) = (self.id, ctx.now, Waits::InService);
                Answer::Waits
            }
        }
    }
}

impl Live for Queue {
    type Config = QueueConfig;

    fn begin(id: ComponentId, config: &QueueConfig, start: &Start<'_>) -> Self {
        let consumers = config.consumers.len();
        let count = table::u32(consumers);
        let mut queue = MessageQueue::new(config.terms, count);
        queue.account_mut().age.counts_from(start.counted.0);
        (0..count).for_each(|consumer| queue.joins(consumer));
        Self {
            id,
            brokers: Brokers::new(config.brokers.len(), config.durable),
            config: config.clone(),
            queue,
            at_work: BTreeMap::new(),
            jobs: Jobs::default(),
            silent: vec![false; consumers],
            lost: vec![false; consumers],
            away: vec![false; consumers],
            dues: Vec::new(),
            armed: (SimTime::NEVER, Ticket::NONE),
            failures: 0,
            returns: 0,
            counted_from: start.counted.0,
            drilled: start.drilled,
        }
    }

    none!(
        quantities,
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
    none!(keeps_place);

    fn alarm(&mut self, ctx: &mut Ctx<'_>, _: u32, ticket: Ticket) {
        if ticket != self.armed.1 {
            return;
        }
        self.armed = (SimTime::NEVER, Ticket::NONE);
        let now = ctx.now;
        let mut due: Vec<Due> =
            self.dues.iter().filter(|(at, _)| *at <= now).map(|(_, due)| *due).collect();
        due.sort_unstable();
        self.dues.retain(|(at, _)| *at > now);
        for due in due {
            self.happens(ctx, due);
        }
        self.queue.due(now);
        self.settle(ctx);
    }

    fn listens(config: &QueueConfig) -> Vec<ComponentId> {
        config.brokers.iter().chain(&config.consumers).copied().collect()
    }

    fn hears(&mut self, ctx: &mut Ctx<'_>, heard: Heard) {
        let broker = self.config.brokers.iter().position(|broker| *broker == heard.of);
        if let Some(broker) = broker {
            self.broker_health(ctx, broker, heard);
        }
        if let Some(consumer) = self.consumer(heard.of) {
            self.consumer_health(ctx, consumer, heard);
        }
        self.settle(ctx);
    }

    /// Removes a request that waits until its messages are done.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.jobs.forgets(request);
        let entry = &mut ctx.requests[request];
        (entry.at, entry.waits) = (ComponentId::NONE, Waits::Nothing);
    }

    /// Sends a consumer messages only while it takes work: within its hours, and while its scaler lists it. What it has comes
    /// back where it stops.
    fn lent(&mut self, ctx: &mut Ctx<'_>, of: ComponentId, shift: Shift) {
        let Some(consumer) = self.consumer(of) else { return };
        let place = consumer as usize;
        match shift {
            Shift::Opens => {
                self.away[place] = false;
                if !self.lost[place] {
                    self.queue.joins(consumer);
                }
            }
            Shift::Closes => {
                self.away[place] = true;
                self.queue.rests(consumer);
            }
            Shift::Stops => self.queue.gone(ctx.now, consumer),
        }
        self.settle(ctx);
    }

    fn ask(&mut self, ctx: &mut Ctx<'_>, request: RequestId, what: u32) -> Answer {
        if what == WHO {
            return match self.brokers.active() {
                0 => Answer::GoesOn,
                _ => Answer::Way(0),
            };
        }
        let step = self.config.steps[what as usize - 1];
        if step.awaits {
            return self.awaits(ctx, request);
        }
        if self.queue.standing() != Standing::Serves {
            return Answer::Fails(Outcome::Refused);
        }
        let entry = &ctx.requests[request];
        let ordinal = entry.drawn().publishes(entry.iteration, table::u16(what as usize - 1));
        let counted = entry.counted;
        let message = Message {
            ordinal,
            origin: u32::from(entry.workload),
            bytes: Bytes::new(
                step.size.map_or(0, |size| whole::u64(ctx.draws.demand(size, entry))),
            ),
            counted,
            job: if step.awaited { self.jobs.number_of(ctx.requests, request) } else { 0 },
        };
        let confirm = step.confirm.map_or(SimDuration::ZERO, |law| ctx.duration(law, request));
        let published = self.queue.publish(ctx.now, message, ctx.now + confirm);
        let answer = match published {
            Published::Rejected => Answer::Fails(Outcome::Refused),
            Published::Accepted(safe) => {
                self.jobs.begins(message.job);
                ctx.record.message_begins(self.config.class, counted);
                if safe > ctx.now {
                    ctx.requests[request].waits = Waits::Timer;
                    ctx.wake_after(request, safe - ctx.now);
                    Answer::Waits
                } else {
                    Answer::GoesOn
                }
            }
        };
        self.settle(ctx);
        answer
    }

    fn ended(&mut self, ctx: &mut Ctx<'_>, request: RequestId, outcome: Outcome) {
        let Some((delivery, consumer)) = self.at_work.remove(&request) else { return };
        // A consumer whose host is silent reports nothing.
        if self.silent[consumer as usize] {
            return;
        }
        let verdict = match outcome {
            Outcome::Ok | Outcome::Stale => Verdict::Done,
            _ => Verdict::Failed,
        };
        let _: Ended = self.queue.ends(ctx.now, delivery, verdict);
        self.settle(ctx);
    }

    fn holds(&self) -> Option<(ClassId, usize)> {
        Some((self.config.class, self.queue.account().waiting.number() as usize))
    }

    fn counts_anew(&mut self, now: SimTime, _: SimTime) {
        self.counted_from = now;
        let account = self.queue.account_mut();
        account.forget_times();
        account.age.counts_from(now);
    }

    fn gauge(&self, now: SimTime) -> Gauge {
        let own = self.queue.account();
        let counts = &own.counts;
        Gauge {
            arrived: counts.published + counts.rejected,
            refused: counts.rejected,
            completed: counts.acknowledged,
            reneged: counts.dead_lettered + counts.dropped + counts.lost,
            inside: own.waiting.area(now) + own.flying.area(now),
            stayed: self.queue.stayed(now),
            busy: own.flying.area(now),
            tally: account::tally(own, now),
            peaks: vec![u128::from(own.age.most(now).nanos())],
            ..Gauge::default()
        }
    }

    fn counts(_: &QueueConfig) -> Keeps {
        Keeps {
            line: true,
            waits: true,
            line_levels: true,
            visits: true,
            completions: true,
            tallied_by: Some(account::OF),
            ..Keeps::NOTHING
        }
    }

    fn waits(&self) -> Option<&Histogram> {
        self.queue.account().waits.as_deref()
    }

    fn sojourns(&self) -> Option<&Histogram> {
        self.queue.account().end_to_end.as_deref()
    }

    fn by_number(&self, now: SimTime) -> Option<ByNumber> {
        let account = self.queue.account();
        let line = account.waiting.levels(now)?;
        Some(ByNumber { inside: None, line: Some(line), busy: account.flying.levels(now) })
    }

    /// Compares the account of all messages so far.
    fn count_ends(&mut self, now: SimTime) {
        if let Err(wrong) = self.queue.close(now) {
            unreachable!("{wrong}");
        }
    }

    fn begin_to_count(&mut self, now: SimTime) {
        let account = self.queue.account_mut();
        account.waiting.begin_to_count(now);
        account.flying.begin_to_count(now);
    }
}
