//! A small event loop around a queue: producers, consumers with one worker each, failures.

use std::collections::VecDeque;

use crate::engine::calendar::{Calendar, Ticket};
use crate::engine::draw::{Key, Lineage, Seed};
use crate::engine::law::{Law, Sampler};
use crate::kinds::queue::account::{Figures, Reading};
use crate::kinds::queue::mechanism::{
    BackOff, Delivery, Message, MessageQueue, Published, Terms, Verdict, WhenFull,
};
use crate::units::{Bytes, SimDuration, SimTime};

/// Returns the instant at `time` milliseconds.
pub fn ms(time: u64) -> SimTime {
    SimTime::from_nanos(time * 1_000_000)
}

/// Returns a duration of `time` milliseconds.
pub fn millis(time: u64) -> SimDuration {
    SimDuration::from_nanos(time * 1_000_000)
}

/// Returns the rules of a queue without any bound that delivers one message at a time to each consumer.
pub fn terms() -> Terms {
    let back_off = BackOff { first: millis(1_000), factor: 1.0, longest: SimDuration::MAX };
    Terms {
        prefetch: Some(1),
        acknowledge_within: None,
        attempts: None,
        back_off,
        limit: None,
        limit_bytes: None,
        when_full: WhenFull::Reject,
        detailed: true,
    }
}

pub fn key(replication: u64, purpose: &str) -> Key {
    Key::derive(Seed(7), Lineage::replication(replication), purpose, "queue")
}

/// Returns message number `ordinal`.
pub fn message(ordinal: u64) -> Message {
    Message { ordinal, counted: true, ..Message::default() }
}

/// Publishes a message that is safe at once.
pub fn publish(queue: &mut MessageQueue, now: SimTime, ordinal: u64) -> Published {
    queue.publish(now, message(ordinal), now)
}

/// Makes all deliveries of this instant.
pub fn deliver_all(queue: &mut MessageQueue, now: SimTime) -> Vec<Delivery> {
    std::iter::from_fn(|| queue.deliver(now)).collect()
}

#[derive(Clone, Copy)]
enum Event {
    Arrives,
    Due,
    Finishes(u32),
    Dies(u32),
    Returns(u32),
}

impl Event {
    fn code(self) -> u32 {
        match self {
            Self::Arrives => 0,
            Self::Due => 1,
            Self::Finishes(consumer) => 2 + 3 * consumer,
            Self::Dies(consumer) => 3 + 3 * consumer,
            Self::Returns(consumer) => 4 + 3 * consumer,
        }
    }

    fn of(code: u32) -> Self {
        match (code, code.checked_sub(2)) {
            (0, _) => Self::Arrives,
            (_, None) => Self::Due,
            (_, Some(code)) => match code % 3 {
                0 => Self::Finishes(code / 3),
                1 => Self::Dies(code / 3),
                _ => Self::Returns(code / 3),
            },
        }
    }
}

/// Times between failures and repairs of consumers.
pub struct Deaths {
    pub up: Law,
    pub down: Law,
}

/// The simulated system.
pub struct Scene {
    pub terms: Terms,
    pub consumers: u32,
    /// Messages per second.
    pub rate: f64,
    pub work: Law,
    /// Probability that the work fails.
    pub fails: f64,
    pub deaths: Option<Deaths>,
    pub bytes: u64,
    pub replication: u64,
    /// Warm-up in messages: their times are not recorded, and the depth is read from its end on.
    pub warm_up: u64,
}

impl Scene {
    pub fn new(consumers: u32, rate: f64, work: f64) -> Self {
        Self {
            terms: terms(),
            consumers,
            rate,
            work: Law::exponential(work).unwrap(),
            fails: 0.0,
            deaths: None,
            bytes: 0,
            replication: 0,
            warm_up: 0,
        }
    }

    /// Simulates the given number of arrivals, and then until the queue is empty.
    pub fn run(&self, messages: u64) -> Run<'_> {
        let mut run = Run::new(self);
        run.until_the_end(messages);
        run
    }
}

struct Worker {
    line: VecDeque<Delivery>,
    at_work: Option<Delivery>,
    ticket: Ticket,
    alive: bool,
    deaths: u64,
}

pub struct Run<'a> {
    scene: &'a Scene,
    pub queue: MessageQueue,
    pub now: SimTime,
    calendar: Calendar,
    work: Sampler,
    workers: Vec<Worker>,
    due: Ticket,
    due_at: SimTime,
    arrived: u64,
    /// Ordinals in the order of their first delivery.
    pub order: Vec<u64>,
    /// Messages in flight at a consumer that died.
    pub struck: u64,
    from: Option<Reading>,
    /// Figures from the end of the warm-up to the last arrival.
    pub figures: Option<Figures>,
}

impl<'a> Run<'a> {
    fn new(scene: &'a Scene) -> Self {
        let mut run = Self {
            scene,
            queue: MessageQueue::new(scene.terms, scene.consumers),
            now: SimTime::ZERO,
            calendar: Calendar::new(),
            work: scene.work.sampler(),
            workers: Vec::new(),
            due: Ticket::NONE,
            due_at: SimTime::NEVER,
            arrived: 0,
            order: Vec::new(),
            struck: 0,
            from: None,
            figures: None,
        };
        for consumer in 0..scene.consumers {
            run.queue.joins(consumer);
            let line = VecDeque::new();
            let ticket = Ticket::NONE;
            run.workers.push(Worker { line, at_work: None, ticket, alive: true, deaths: 0 });
            run.plan_death(consumer);
        }
        run.plan_arrival();
        run
    }

    fn after(&mut self, length: SimDuration, event: Event) -> Ticket {
        self.calendar.push(self.now + length, event.code())
    }

    fn plan_arrival(&mut self) {
        let uniform = key(self.scene.replication, "arrivals").uniform(self.arrived, 0);
        let gap = -libm::log(uniform) / self.scene.rate;
        self.after(SimDuration::from_seconds_f64(gap), Event::Arrives);
    }

    fn plan_death(&mut self, consumer: u32) {
        let Some(deaths) = &self.scene.deaths else { return };
        let worker = &mut self.workers[consumer as usize];
        let uniform = key(self.scene.replication, "deaths")
            .uniform(u64::from(consumer) << 32 | worker.deaths, 0);
        let law = if worker.alive { &deaths.up } else { &deaths.down };
        worker.deaths += 1;
        let event = if worker.alive { Event::Dies(consumer) } else { Event::Returns(consumer) };
        let length = SimDuration::from_seconds_f64(law.quantile(uniform));
        self.after(length, event);
    }

    fn until_the_end(&mut self, messages: u64) {
        while self.arrived < messages || self.queue.account().inside() > 0 || self.is_busy() {
            let event = self.calendar.pop().expect("something comes next");
            self.now = event.at;
            self.handle(Event::of(event.code), event.ticket, messages);
            while let Some(delivery) = self.queue.deliver(self.now) {
                self.takes(delivery);
            }
            self.arm();
        }
        self.queue.close(self.now).unwrap();
    }

    /// Schedules one event for the next pending event of the queue; it may come too early.
    fn arm(&mut self) {
        let Some(at) = self.queue.next_due() else { return };
        if at < self.due_at {
            self.due_at = at;
            self.due = self.calendar.push(at.max(self.now), Event::Due.code());
        }
    }

    fn is_busy(&self) -> bool {
        self.workers.iter().any(|worker| worker.at_work.is_some())
    }

    fn handle(&mut self, event: Event, ticket: Ticket, messages: u64) {
        match event {
            Event::Arrives => {
                let bytes = Bytes::new(self.scene.bytes);
                let counted = self.arrived >= self.scene.warm_up;
                let sent = Message { bytes, counted, ..message(self.arrived) };
                if self.arrived == self.scene.warm_up {
                    self.from = Some(self.queue.account().read(self.now));
                }
                self.queue.publish(self.now, sent, self.now);
                self.arrived += 1;
                if self.arrived < messages {
                    self.plan_arrival();
                } else {
                    let to = self.queue.account().read(self.now);
                    self.figures = self.from.and_then(|from| to.since(&from));
                }
            }
            Event::Due if ticket == self.due => {
                self.due_at = SimTime::NEVER;
                self.queue.due(self.now);
            }
            Event::Due => {}
            Event::Finishes(consumer) => {
                if self.workers[consumer as usize].ticket == ticket {
                    self.finishes(consumer);
                }
            }
            Event::Dies(consumer) => {
                let worker = &mut self.workers[consumer as usize];
                worker.alive = false;
                worker.at_work = None;
                worker.ticket = Ticket::NONE;
                worker.line.clear();
                self.struck += u64::from(self.queue.open_at(consumer));
                self.queue.gone(self.now, consumer);
                self.plan_death(consumer);
            }
            Event::Returns(consumer) => {
                self.workers[consumer as usize].alive = true;
                self.queue.joins(consumer);
                self.plan_death(consumer);
            }
        }
    }

    fn takes(&mut self, delivery: Delivery) {
        if delivery.attempt == 1 {
            self.order.push(delivery.message.ordinal);
        }
        let worker = &mut self.workers[delivery.consumer as usize];
        assert!(worker.alive, "nothing is delivered to a consumer that is gone");
        worker.line.push_back(delivery);
        self.begins(delivery.consumer);
    }

    fn begins(&mut self, consumer: u32) {
        let worker = &mut self.workers[consumer as usize];
        if worker.at_work.is_some() {
            return;
        }
        let Some(delivery) = worker.line.pop_front() else { return };
        worker.at_work = Some(delivery);
        let uniform =
            key(self.scene.replication, "work").uniform(delivery.message.ordinal, delivery.attempt);
        let length = SimDuration::from_seconds_f64(self.work.sample(uniform));
        let ticket = self.after(length, Event::Finishes(consumer));
        self.workers[consumer as usize].ticket = ticket;
    }

    fn finishes(&mut self, consumer: u32) {
        let delivery = self.workers[consumer as usize].at_work.take().expect("it was at work");
        let uniform = key(self.scene.replication, "fails")
            .uniform(delivery.message.ordinal, delivery.attempt);
        let failed = uniform < self.scene.fails;
        let verdict = if failed { Verdict::Failed } else { Verdict::Done };
        self.queue.ends(self.now, delivery.id, verdict);
        self.begins(consumer);
    }
}

/// Asserts that `seen` is `truth` to a relative error of `within`.
pub fn is(name: &str, seen: f64, truth: f64, within: f64) {
    println!("{name}: {seen:.6}, theory {truth:.6}");
    assert!((seen - truth).abs() <= within * truth.abs(), "{name}: {seen} is not {truth}");
}

/// Compares twelve replications with a truth: t at 99.9 %, two-sided, eleven degrees of freedom. The standard
/// error must be below 4 % of the truth, or the test would be too weak.
pub fn agrees(name: &str, seen: &[f64], truth: f64) {
    assert_eq!(seen.len(), 12);
    let mean = seen.iter().sum::<f64>() / 12.0;
    let squares: f64 = seen.iter().map(|value| (value - mean) * (value - mean)).sum();
    let error = (squares / 11.0 / 12.0).sqrt();
    println!("{name}: {mean:.5} +- {error:.5}, theory {truth:.5}");
    assert!((mean - truth).abs() < 4.44 * error, "{name}: {mean} +- {error} is not {truth}");
    assert!(error < 0.04 * truth, "{name}: {error} says too little of {truth}");
}
