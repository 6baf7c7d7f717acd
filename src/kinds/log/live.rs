//! A log in the event loop: the requests that write to it, and the requests that it begins.
//!
//! A write is a question of a step ([`Live::ask`]). Three kinds of work are requests of this component's own: the write
//! of a parcel to the disk of its sender, inside that sender; the way of a block over the network, which is inside no
//! process; the work of a subscriber on a block, inside the subscriber's process. They are in no ledger of a class.
//!
//! Holds: what a failed process had in memory is lost in the instant of its failure; a request of this component that
//! ends for a block that is gone changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::account;
use super::mechanism::{Copies, End, Parcel, Sending, Taken, Terms};
use super::spec::Mode;
use crate::convert::whole;
use crate::engine::calendar::Ticket;
use crate::model::event::Event;
use crate::model::gauge::Gauge;
use crate::model::ids::{ClassId, ComponentId, DemandId, UnitId};
use crate::model::request::{Frame, Hold, NO_CALL, Outcome, Owner, Request, RequestId, Waits};
use crate::model::{Answer, Ctx, Heard, Keeps, Live, Start, none};
use crate::units::{SimDuration, SimTime};

/// Question of a parcel that waits to be written; larger numbers write a record, one number per step.
pub const FLUSH: u32 = 0;

/// A step that writes a record.
#[derive(Clone, Copy, Debug)]
pub struct Writing {
    /// Size of its record, in bytes.
    pub size: DemandId,
    /// Work of a subscriber for it, in core-seconds.
    pub receive: Option<DemandId>,
    /// First operation of the write to the disk of the sender, in the mode `local`.
    pub flush: u32,
}

/// Times of a log, where it has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Silence after which a subscriber is excluded.
    pub detect: SimDuration,
    /// Time from the return of a subscriber until senders are connected again.
    pub reconnect: SimDuration,
    /// Longest time of a record in the memory of its process; `None`: until a block is full.
    pub flush: Option<SimDuration>,
    /// Time between two collections; `None`: records are sent at once.
    pub collect: Option<SimDuration>,
}

/// Configuration of a log.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// The processes of its subscribers.
    pub subscribers: Vec<ComponentId>,
    /// The processes that may write, sorted.
    pub senders: Vec<ComponentId>,
    /// Ways over the network, by sender and lane of the sender; `None`: no link is in the way.
    pub ways: Vec<Vec<Option<u32>>>,
    /// Rules for its records.
    pub terms: Terms,
    /// Its times.
    pub times: Times,
    /// Steps that write, by number.
    pub steps: Vec<Writing>,
    /// First operation of the way of a block.
    pub carry: u32,
    /// First operation of the work of each subscriber.
    pub work: Vec<u32>,
    /// Its alarm.
    pub unit: UnitId,
}

/// A request of this component's own.
#[derive(Clone, Copy, Debug)]
enum Doing {
    /// Will write the parcel of a sender, which still grows; true while it waits for its time or its size.
    Grows(usize, bool),
    /// Writes a parcel.
    Writes(usize, Parcel),
    /// Moves the block of a lane.
    Moves(usize),
    /// Works on the block of a lane.
    Works(usize, usize),
}

/// A pending event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// The disks of the senders are collected.
    Collects,
    /// A silent subscriber is excluded.
    Excludes(usize),
    /// Senders are connected to a subscriber again.
    Connects(usize),
}

/// A log.
#[derive(Clone, Debug)]
pub struct Log {
    id: ComponentId,
    config: LogConfig,
    copies: Copies,
    doing: BTreeMap<RequestId, Doing>,
    /// Request that will write the memory of each sender, in the mode `local`.
    writer: Vec<Option<RequestId>>,
    dues: BTreeSet<(SimTime, Due)>,
    armed: (SimTime, Ticket),
    /// Class to which requests of its own belong by name.
    class: ClassId,
}

impl Log {
    fn sender(&self, of: ComponentId) -> Option<usize> {
        self.config.senders.binary_search(&of).ok()
    }

    fn subscriber(&self, of: ComponentId) -> Option<usize> {
        self.config.subscribers.iter().position(|subscriber| *subscriber == of)
    }

    fn own_request(&self, ctx: &Ctx<'_>, pc: u32) -> Request {
        Request::new(self.class, pc, Owner::Component(self.id), ctx.now)
    }

    fn starts(&mut self, ctx: &mut Ctx<'_>, request: Request, doing: Doing) -> Option<RequestId> {
        let id = ctx.start(request)?;
        self.doing.insert(id, doing);
        Some(id)
    }

    /// Completes an event at this instant: begins what may begin, lets senders go on, arms the alarm.
    fn settle(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(sending) = self.copies.next() {
            self.send(ctx, &sending);
        }
        for token in self.copies.freed() {
            let request = RequestId(token);
            let entry = &mut ctx.requests[request];
            entry.at = ComponentId::NONE;
            entry.waits = Waits::Nothing;
            ctx.proceed(request);
        }
        self.arm(ctx);
    }

    fn send(&mut self, ctx: &mut Ctx<'_>, sending: &Sending) {
        let way = sending.sender.and_then(|sender| {
            let ways = &self.config.ways[sender];
            ways[sending.lane % ways.len()]
        });
        let Some(way) = way else { return self.arrives(ctx, sending.lane) };
        let mut request = self.own_request(ctx, self.config.carry);
        request.need = sending.bytes;
        request.local = way;
        self.starts(ctx, request, Doing::Moves(sending.lane));
    }

    fn arrives(&mut self, ctx: &mut Ctx<'_>, lane: usize) {
        let (receivers, work) = self.copies.arrived(lane);
        if receivers.is_empty() {
            self.copies.arrived_at_none(lane);
        }
        for subscriber in receivers {
            self.works(ctx, lane, subscriber, work);
        }
    }

    fn works(&mut self, ctx: &mut Ctx<'_>, lane: usize, subscriber: usize, work: u64) {
        let mut request = self.own_request(ctx, self.config.work[subscriber]);
        request.need = work;
        self.starts(ctx, request, Doing::Works(lane, subscriber));
    }

    /// Forgets the requests that move or work on the blocks of these lanes: their ends change nothing.
    fn forgets_those(&mut self, lanes: &[usize]) {
        self.doing.retain(|_, doing| match doing {
            Doing::Moves(lane) | Doing::Works(lane, _) => !lanes.contains(lane),
            Doing::Grows(..) | Doing::Writes(..) => true,
        });
    }

    /// Sets the alarm to the next pending event.
    fn arm(&mut self, ctx: &mut Ctx<'_>) {
        let Some(&(next, _)) = self.dues.first() else { return };
        if next < self.armed.0 {
            let code = Event::Alarm(self.config.unit).code();
            self.armed = (next, ctx.calendar.push(next.max(ctx.now), code));
        }
    }

    /// Writes a record in the mode `local`.
    fn writes(
        &mut self,
        ctx: &mut Ctx<'_>,
        sender: usize,
        record: Parcel,
        by: (RequestId, Writing),
    ) {
        self.copies.keep(sender, record);
        if self.writer[sender].is_none() {
            let asks = &ctx.requests[by.0];
            let frame = Frame { hold: Hold::Borrowed, call: NO_CALL, behind: false, ..*asks.top() };
            let (class, ordinal, path) = (asks.class, asks.ordinal, asks.path);
            let mut request = self.own_request(ctx, by.1.flush);
            (request.class, request.ordinal, request.path) = (class, ordinal, path);
            request.iteration = ctx.requests[by.0].iteration;
            request.frames[0] = frame;
            request.depth = 1;
            self.writer[sender] = self.starts(ctx, request, Doing::Grows(sender, false));
        }
        if self.copies.held(sender) >= self.config.terms.block
            && let Some(writer) = self.writer[sender]
            && ctx.requests[writer].waits == Waits::Timer
        {
            let entry = &mut ctx.requests[writer];
            entry.ticket = Ticket::NONE;
            entry.waits = Waits::Nothing;
            self.cuts(sender, writer);
            ctx.proceed(writer);
        }
    }

    /// Ends the growth of the parcel that `writer` will write.
    fn cuts(&mut self, sender: usize, writer: RequestId) {
        let parcel = self.copies.cut(sender);
        self.writer[sender] = None;
        self.doing.insert(writer, Doing::Writes(sender, parcel));
    }

    /// Lets `writer` wait until its parcel is full or old enough.
    fn flush(&mut self, ctx: &mut Ctx<'_>, writer: RequestId) -> Answer {
        let Some(&Doing::Grows(sender, has_waited)) = self.doing.get(&writer) else {
            return Answer::GoesOn;
        };
        let is_full = self.copies.held(sender) >= self.config.terms.block;
        if is_full || has_waited {
            self.cuts(sender, writer);
            return Answer::GoesOn;
        }
        // Asks again when the block is full, or the time is over.
        self.doing.insert(writer, Doing::Grows(sender, true));
        let entry = &mut ctx.requests[writer];
        entry.pc -= 1;
        entry.waits = Waits::Timer;
        if let Some(time) = self.config.times.flush {
            ctx.wake_after(writer, time);
        }
        Answer::Waits
    }

    fn stored(&mut self, now: SimTime, sender: usize, parcel: Parcel, outcome: Outcome) {
        self.copies.stored(sender, parcel, outcome == Outcome::Ok);
        if let Some(every) = self.config.times.collect {
            let passed = now.nanos() / every.nanos().max(1) + 1;
            let next = SimTime::from_nanos(passed.saturating_mul(every.nanos()));
            if !self.dues.iter().any(|(_, due)| *due == Due::Collects) {
                self.dues.insert((next, Due::Collects));
            }
        }
    }

    fn sender_health(&mut self, heard: Heard) {
        let Some(sender) = self.sender(heard.of) else { return };
        if heard.is.is_lost() || heard.is_renewed() {
            let void = self.copies.sender_lost(sender);
            self.forgets_those(&void);
            self.writer[sender] = None;
        }
        if !heard.is.is_lost() {
            self.copies.sender_back(sender);
        }
    }

    fn subscriber_health(&mut self, ctx: &mut Ctx<'_>, heard: Heard) {
        let Some(subscriber) = self.subscriber(heard.of) else { return };
        if heard.is.is_lost() || heard.is_renewed() {
            let void = self.copies.subscriber_lost(subscriber);
            self.forgets_those(&void);
        }
        let (was, is) = (heard.was, heard.is);
        if self.config.terms.mode == Mode::Multicast {
            return self.member_health(ctx, subscriber, (was.works(), is.works()));
        }
        let is_back = !is.is_lost() && (was.is_lost() || heard.is_renewed());
        if is.is_lost() || is_back {
            self.dues.retain(|(_, due)| *due != Due::Connects(subscriber));
        }
        if is_back {
            let at = ctx.now + self.config.times.reconnect;
            if at > ctx.now {
                self.dues.insert((at, Due::Connects(subscriber)));
            } else {
                self.connects(ctx, subscriber);
            }
        }
    }

    /// Notes whether a member of a group works. A member that does not is silent, whether it is gone or stands; its
    /// silence lasts until it works again.
    fn member_health(&mut self, ctx: &mut Ctx<'_>, subscriber: usize, works: (bool, bool)) {
        match works {
            (true, false) => {
                let at = ctx.now + self.config.times.detect;
                self.dues.insert((at, Due::Excludes(subscriber)));
            }
            (false, true) => {
                self.dues.retain(|(_, due)| *due != Due::Excludes(subscriber));
                self.connects(ctx, subscriber);
            }
            _ => {}
        }
    }

    /// Excludes a subscriber. The ends of its work on blocks of which it is no receiver now change nothing.
    fn excludes(&mut self, subscriber: usize) {
        let lanes = self.copies.excluded(subscriber);
        self.doing.retain(|_, doing| match doing {
            Doing::Works(lane, by) => *by != subscriber || !lanes.contains(lane),
            _ => true,
        });
    }

    fn connects(&mut self, ctx: &mut Ctx<'_>, subscriber: usize) {
        for (lane, work) in self.copies.subscriber_back(subscriber) {
            self.works(ctx, lane, subscriber, work);
        }
    }
}

impl Live for Log {
    type Config = LogConfig;

    fn begin(id: ComponentId, config: &LogConfig, _: &Start<'_>) -> Self {
        Self {
            id,
            copies: Copies::new(config.terms),
            doing: BTreeMap::new(),
            writer: vec![None; config.senders.len()],
            dues: BTreeSet::new(),
            armed: (SimTime::NEVER, Ticket::NONE),
            class: ClassId::at(0),
            config: config.clone(),
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
    none!(keeps_place, holds, counts_anew, waits, sojourns, by_number, quantities, begin_to_count);

    fn alarm(&mut self, ctx: &mut Ctx<'_>, _: u32, ticket: Ticket) {
        if ticket != self.armed.1 {
            return;
        }
        self.armed = (SimTime::NEVER, Ticket::NONE);
        while let Some((_, due)) = self.dues.first().copied().filter(|(at, _)| *at <= ctx.now) {
            self.dues.pop_first();
            match due {
                Due::Collects => self.copies.collect(),
                Due::Excludes(subscriber) => self.excludes(subscriber),
                Due::Connects(subscriber) => self.connects(ctx, subscriber),
            }
        }
        self.settle(ctx);
    }

    /// Takes a request that waits for space out of its lanes.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
        self.copies.cancel(request.0);
        let entry = &mut ctx.requests[request];
        entry.at = ComponentId::NONE;
        entry.waits = Waits::Nothing;
    }

    fn listens(config: &LogConfig) -> Vec<ComponentId> {
        config.senders.iter().chain(&config.subscribers).copied().collect()
    }

    fn hears(&mut self, ctx: &mut Ctx<'_>, heard: Heard) {
        self.sender_health(heard);
        self.subscriber_health(ctx, heard);
        self.settle(ctx);
    }

    fn ask(&mut self, ctx: &mut Ctx<'_>, request: RequestId, what: u32) -> Answer {
        if what == FLUSH {
            return self.flush(ctx, request);
        }
        let step = self.config.steps[what as usize - 1];
        let entry = &ctx.requests[request];
        let Some(sender) = self.sender(entry.top().at) else {
            unreachable!("a member of a service does the step");
        };
        let bytes = whole::u64(ctx.draws.demand(step.size, entry)).max(1);
        let work = step.receive.map_or(SimDuration::ZERO, |law| ctx.duration(law, request));
        let record = Parcel::record(ctx.now, bytes, work.nanos());
        if self.config.terms.mode == Mode::Local {
            self.writes(ctx, sender, record, (request, step));
            return Answer::GoesOn;
        }
        let taken = self.copies.write(sender, record, request.0);
        if taken == Taken::Waits {
            let entry = &mut ctx.requests[request];
            entry.at = self.id;
            entry.waits = Waits::InLine;
        }
        self.settle(ctx);
        match taken {
            Taken::GoesOn => Answer::GoesOn,
            Taken::Waits => Answer::Waits,
        }
    }

    fn ended(&mut self, ctx: &mut Ctx<'_>, request: RequestId, outcome: Outcome) {
        match self.doing.remove(&request) {
            Some(Doing::Writes(sender, parcel)) => {
                self.stored(ctx.now, sender, parcel, outcome);
            }
            // It ended with its process, which has taken the parcel along.
            Some(Doing::Grows(sender, _)) => {
                if self.writer[sender] == Some(request) {
                    self.writer[sender] = None;
                }
            }
            Some(Doing::Moves(lane)) => self.arrives(ctx, lane),
            Some(Doing::Works(lane, subscriber)) => {
                let end = match outcome {
                    Outcome::Ok => End::Done,
                    // A process that has accepted a request and fails answers with an error.
                    Outcome::Error => End::Lost,
                    _ => End::Refused,
                };
                self.copies.worked(ctx.now, lane, subscriber, end);
            }
            None => return,
        }
        self.settle(ctx);
    }

    fn gauge(&self, _: SimTime) -> Gauge {
        Gauge { tally: self.copies.counts().all(), ..Gauge::default() }
    }

    fn counts(_: &LogConfig) -> Keeps {
        Keeps { tallied_by: Some(account::OF), ..Keeps::NOTHING }
    }

    /// Compares the account of all copies so far.
    fn count_ends(&mut self, _: SimTime) {
        if let Err(wrong) = self.copies.close() {
            unreachable!("{wrong}");
        }
    }
}
