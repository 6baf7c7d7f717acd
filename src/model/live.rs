//! What a kind of component owes the loop, and the component of any kind.
//!
//! A kind answers in two ways. What concerns its own state and one request it does with a [`Ctx`]. What concerns
//! other components (it sends a request on, throws requests out, asks how another one fares) it does with
//! [`Around`], in which it finds itself by its number: while it acts, requests may come back to it.

mod none;

pub(crate) use none::none;

use super::{Answer, Ctx, Fate, Health, Heard, Keeps, Next, Start};
use crate::engine::calendar::Ticket;
use crate::model::gauge::{ByNumber, Gauge, Queue};
use crate::model::ids::{CauseId, ClassId, ComponentId, KeyId};
use crate::model::request::{Outcome, RequestId};
use crate::model::route::{Drawn, Op};
use crate::model::world::Around;
use crate::observe::histogram::Histogram;
use crate::units::{SimDuration, SimTime};

/// What a kind of component owes the loop. A kind says all of it: what it has no part in, with `none!`.
pub trait Live: Sized {
    /// What the plan says of it.
    type Config: Clone + std::fmt::Debug;

    /// As it is at the start of a run.
    fn begin(id: ComponentId, config: &Self::Config, start: &Start<'_>) -> Self;

    /// The armed alarm `local` of this component rings.
    fn alarm(&mut self, ctx: &mut Ctx<'_>, local: u32, ticket: Ticket);

    /// Takes `request` out of the line or of service, where it is.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId);

    /// The component is in another state from now on.
    fn health(&mut self, ctx: &mut Ctx<'_>, health: Health);

    /// Whose health it hears of.
    fn listens(config: &Self::Config) -> Vec<ComponentId>;

    /// It hears how one of those fares from now on, before anybody inside of that is told.
    fn hears(&mut self, ctx: &mut Ctx<'_>, heard: Heard);

    /// `request` asks it for `what`, a number that its kind gave the step.
    fn ask(&mut self, ctx: &mut Ctx<'_>, request: RequestId, what: u32) -> Answer;

    /// A request that it let [begin](Ctx::begin) has ended, and is no more.
    fn ended(&mut self, ctx: &mut Ctx<'_>, request: RequestId, outcome: Outcome);

    /// What waits inside of it and is no request of the loop: messages, and the class that does their work.
    #[must_use]
    fn holds(&self) -> Option<(ClassId, usize)>;

    /// Distributions and readings of a window begin anew, now; the window ends at `until`.
    fn counts_anew(&mut self, now: SimTime, until: SimTime);

    /// The window ends, now.
    fn count_ends(&mut self, now: SimTime);

    /// What is counted of components of this configuration.
    fn counts(config: &Self::Config) -> Keeps;

    /// Waits of who is counted, when kept, in nanoseconds.
    fn waits(&self) -> Option<&Histogram>;

    /// Stays of who is counted, when kept, in nanoseconds.
    fn stays(&self) -> Option<&Histogram>;

    /// Time at each number up to `now`, when kept.
    fn by_number(&self, now: SimTime) -> Option<ByNumber>;

    /// From now on is counted when each number is first reached, where that is kept.
    fn begin_to_count(&mut self, now: SimTime);

    /// What it has counted up to `now`; the stays of requests still inside are added by the world, which
    /// knows them.
    #[must_use]
    fn gauge(&self, now: SimTime) -> Gauge;

    /// A request that its part `unit` had sent to `member` is back after `stay`, or is no longer waited for; tells
    /// whether another one waits for the room that it leaves.
    fn closes(
        &mut self,
        now: SimTime,
        unit: ComponentId,
        member: ComponentId,
        stay: SimDuration,
    ) -> bool;

    /// Work for it that no request waits for.
    fn loads(&mut self, ctx: &mut Ctx<'_>, key: KeyId, drawn: Drawn, write: bool);

    /// What it, or its part `part`, keeps in memory is gone; false where it keeps nothing that its own figures show.
    fn forgets(&mut self, part: ComponentId) -> bool;

    /// Its account of the requests inside, in line and at work, where it keeps one that can be followed.
    fn queue(&self) -> Option<&Queue>;

    /// The same, to be told what to keep.
    fn queue_mut(&mut self) -> Option<&mut Queue>;

    /// What it is a part of and stands for: that has its figures, and hears of its health.
    fn whole(&self) -> Option<ComponentId>;

    /// Readings of its parts, each with the component that stands for it.
    fn readings(&self, now: SimTime) -> Vec<(ComponentId, Gauge)>;

    /// Whether it is a process: requests are inside of it, and fail with it.
    fn is_process(&self) -> bool;

    /// Whether it only works for others, and has nothing to do.
    fn is_idle(&self) -> bool;

    /// Whether a request that is at it counts as being inside of it.
    fn keeps_place(&self) -> bool;

    /// Whether requests wait in its line to be let in elsewhere.
    fn lets_wait(&self) -> bool;

    /// Whether it bounds the requests at `member` that came through it.
    fn bounds(&self, member: ComponentId) -> bool;

    /// Which of its members has the role that moves between them.
    fn leader(&self) -> Option<usize>;

    /// The members that exchanged their data when the member numbered `leader` took the lead.
    fn data_swap(&self, leader: usize) -> Option<(ComponentId, ComponentId)>;

    /// The part by which its users come in, if there is one now.
    fn entrance(&self) -> Option<ComponentId>;

    /// Adds for each of its members whether reads that are spread must not go there.
    fn bars(&self, barred: &mut Vec<bool>);

    /// Arms what it does by itself.
    fn starts(around: &mut Around<'_>, own: ComponentId);

    /// The alarm `local` rings of what it does by itself to others.
    fn due(around: &mut Around<'_>, own: ComponentId, local: u32, ticket: Ticket);

    /// `request` has come to the operation `op`, which is this component's.
    fn step(around: &mut Around<'_>, own: ComponentId, request: RequestId, op: Op) -> Next;

    /// The event that `request` waits for inside this component has come.
    fn wake(around: &mut Around<'_>, own: ComponentId, request: RequestId);

    /// A request of its own that began at `born` has ended; `local` is the alarm that it belongs to.
    fn returned(
        around: &mut Around<'_>,
        own: ComponentId,
        local: u32,
        born: SimTime,
        outcome: Outcome,
    );

    /// A part of it fares differently, for `cause`.
    fn part_fares(around: &mut Around<'_>, own: ComponentId, heard: Heard, cause: CauseId);

    /// Its part `unit` may have room for the requests in line there.
    fn room(around: &mut Around<'_>, own: ComponentId, unit: ComponentId);

    /// `request`, which it had sent to a member, was not taken there: tells whether it is sent to another.
    fn redirects(
        around: &mut Around<'_>,
        own: ComponentId,
        request: RequestId,
        outcome: Outcome,
    ) -> bool;

    /// `request` gives up in the line where it waits to be let in elsewhere.
    fn abandoned(around: &mut Around<'_>, own: ComponentId, request: RequestId);

    /// `request`, which it had sent on, has ended as `outcome`: how it ends for its client.
    fn answers(
        around: &mut Around<'_>,
        own: ComponentId,
        request: RequestId,
        outcome: Outcome,
    ) -> Outcome;

    /// What becomes of `request`, which it had sent on or which waits for such a one.
    fn fate(around: &mut Around<'_>, own: ComponentId, request: RequestId, fate: Fate);

    /// What keeps the answer away that `request` waits for, when nothing says so.
    fn in_vain(around: &Around<'_>, own: ComponentId, request: RequestId) -> Option<CauseId>;
}

/// A kind among all: how a component of it is found in its place.
pub trait Held: Sized {
    /// The component, if it is of this kind.
    fn of(component: &Component) -> Option<&Self>;

    /// The same, to change.
    fn of_mut(component: &mut Component) -> Option<&mut Self>;
}

macro_rules! component_enum {
    ($($doc:literal, $Kind:ident: $held:ty, $Is:path;)*) => {
        /// A component of any kind.
        #[derive(Clone, Debug)]
        pub enum Component {
            $(#[doc = $doc] $Kind($held),)*
        }

        $(impl Held for $Is {
            #[inline(always)]
            fn of(component: &Component) -> Option<&Self> {
                let Component::$Kind(held) = component else { return None };
                let held: &Self = held;
                Some(held)
            }

            #[inline(always)]
            fn of_mut(component: &mut Component) -> Option<&mut Self> {
                let Component::$Kind(held) = component else { return None };
                let held: &mut Self = held;
                Some(held)
            }
        })*

        impl Component {
            /// The armed alarm `local` of this component rings.
            #[inline]
            pub fn alarm(&mut self, ctx: &mut Ctx<'_>, local: u32, ticket: Ticket) {
                match self { $(Self::$Kind(component) => component.alarm(ctx, local, ticket),)* }
            }

            /// Takes `request` out of the line or of service, where it is.
            pub fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId) {
                match self { $(Self::$Kind(component) => component.cancel(ctx, request),)* }
            }

            /// The component is in another state from now on.
            pub fn health(&mut self, ctx: &mut Ctx<'_>, health: Health) {
                match self { $(Self::$Kind(component) => component.health(ctx, health),)* }
            }

            /// It hears how another one fares.
            pub fn hears(&mut self, ctx: &mut Ctx<'_>, heard: Heard) {
                match self { $(Self::$Kind(component) => component.hears(ctx, heard),)* }
            }

            /// `request` asks it for `what`.
            pub fn ask(&mut self, ctx: &mut Ctx<'_>, request: RequestId, what: u32) -> Answer {
                match self { $(Self::$Kind(component) => component.ask(ctx, request, what),)* }
            }

            /// A request that it let begin has ended.
            pub fn ended(&mut self, ctx: &mut Ctx<'_>, request: RequestId, outcome: Outcome) {
                match self { $(Self::$Kind(component) => component.ended(ctx, request, outcome),)* }
            }

            /// What waits inside of it and is no request of the loop.
            #[must_use]
            pub fn holds(&self) -> Option<(ClassId, usize)> {
                match self { $(Self::$Kind(component) => component.holds(),)* }
            }

            /// A window begins, now, and ends at `until`.
            pub fn counts_anew(&mut self, now: SimTime, until: SimTime) {
                match self { $(Self::$Kind(component) => component.counts_anew(now, until),)* }
            }

            /// A window ends, now.
            pub fn count_ends(&mut self, now: SimTime) {
                match self { $(Self::$Kind(component) => component.count_ends(now),)* }
            }

            /// Waits of who is counted, when kept, in nanoseconds.
            #[must_use]
            pub fn waits(&self) -> Option<&Histogram> {
                match self { $(Self::$Kind(component) => component.waits(),)* }
            }

            /// Stays of who is counted, when kept, in nanoseconds.
            #[must_use]
            pub fn stays(&self) -> Option<&Histogram> {
                match self { $(Self::$Kind(component) => component.stays(),)* }
            }

            /// Time at each number up to `now`, when kept.
            #[must_use]
            pub fn by_number(&self, now: SimTime) -> Option<ByNumber> {
                match self { $(Self::$Kind(component) => component.by_number(now),)* }
            }

            /// From now on is counted when each number is first reached, where that is kept.
            pub fn begin_to_count(&mut self, now: SimTime) {
                match self { $(Self::$Kind(component) => component.begin_to_count(now),)* }
            }

            /// What it has counted up to `now`; the stays of requests still inside are added by
            /// the world, which knows them.
            #[must_use]
            pub fn gauge(&self, now: SimTime) -> Gauge {
                match self { $(Self::$Kind(component) => component.gauge(now),)* }
            }

            /// A request that its part `unit` had sent to `member` is back after `stay`, or is no longer waited for; tells
            /// whether another one waits for the room that it leaves.
            pub fn closes(&mut self, now: SimTime, unit: ComponentId, member: ComponentId, stay: SimDuration) -> bool {
                match self { $(Self::$Kind(component) => component.closes(now, unit, member, stay),)* }
            }

            /// Work for it that no request waits for.
            pub fn loads(&mut self, ctx: &mut Ctx<'_>, key: KeyId, drawn: Drawn, write: bool) {
                match self { $(Self::$Kind(component) => component.loads(ctx, key, drawn, write),)* }
            }

            /// What it, or its part `part`, keeps in memory is gone; false where it keeps nothing that its own figures show.
            pub fn forgets(&mut self, part: ComponentId) -> bool {
                match self { $(Self::$Kind(component) => component.forgets(part),)* }
            }

            /// Its account of the requests inside, in line and at work, where it keeps one that can be followed.
            pub fn queue(&self) -> Option<&Queue> {
                match self { $(Self::$Kind(component) => component.queue(),)* }
            }

            /// The same, to be told what to keep.
            pub fn queue_mut(&mut self) -> Option<&mut Queue> {
                match self { $(Self::$Kind(component) => component.queue_mut(),)* }
            }

            /// What it is a part of and stands for: that has its figures, and hears of its health.
            pub fn whole(&self) -> Option<ComponentId> {
                match self { $(Self::$Kind(component) => component.whole(),)* }
            }

            /// Readings of its parts, each with the component that stands for it.
            pub fn readings(&self, now: SimTime) -> Vec<(ComponentId, Gauge)> {
                match self { $(Self::$Kind(component) => component.readings(now),)* }
            }

            /// Whether it is a process: requests are inside of it, and fail with it.
            pub fn is_process(&self) -> bool {
                match self { $(Self::$Kind(component) => component.is_process(),)* }
            }

            /// Whether it only works for others, and has nothing to do.
            pub fn is_idle(&self) -> bool {
                match self { $(Self::$Kind(component) => component.is_idle(),)* }
            }

            /// Whether a request that is at it counts as being inside of it.
            pub fn keeps_place(&self) -> bool {
                match self { $(Self::$Kind(component) => component.keeps_place(),)* }
            }

            /// Whether requests wait in its line to be let in elsewhere.
            pub fn lets_wait(&self) -> bool {
                match self { $(Self::$Kind(component) => component.lets_wait(),)* }
            }

            /// Whether it bounds the requests at `member` that came through it.
            pub fn bounds(&self, member: ComponentId) -> bool {
                match self { $(Self::$Kind(component) => component.bounds(member),)* }
            }

            /// Which of its members has the role that moves between them.
            pub fn leader(&self) -> Option<usize> {
                match self { $(Self::$Kind(component) => component.leader(),)* }
            }

            /// The members that exchanged their data when the member numbered `leader` took the lead.
            pub fn data_swap(&self, leader: usize) -> Option<(ComponentId, ComponentId)> {
                match self { $(Self::$Kind(component) => component.data_swap(leader),)* }
            }

            /// The part by which its users come in, if there is one now.
            pub fn entrance(&self) -> Option<ComponentId> {
                match self { $(Self::$Kind(component) => component.entrance(),)* }
            }

            /// Adds for each of its members whether reads that are spread must not go there.
            pub fn bars(&self, barred: &mut Vec<bool>) {
                match self { $(Self::$Kind(component) => component.bars(barred),)* }
            }

            /// Arms what it does by itself.
            pub fn starts(around: &mut Around<'_>, own: ComponentId) {
                match around.component(own) {
                    $(Self::$Kind(_) => <$Is as Live>::starts(around, own),)*
                }
            }

            /// The alarm `local` rings of what it does by itself to others.
            pub fn due(around: &mut Around<'_>, own: ComponentId, local: u32, ticket: Ticket) {
                match around.component(own) {
                    $(Self::$Kind(_) => <$Is as Live>::due(around, own, local, ticket),)*
                }
            }

            /// `request` has come to the operation `op`, which is this component's.
            pub fn step(around: &mut Around<'_>, own: ComponentId, request: RequestId, op: Op) -> Next {
                match around.component(own) {
                    $(Self::$Kind(_) => <$Is as Live>::step(around, own, request, op),)*
                }
            }

            /// The event that `request` waits for inside this component has come.
            pub fn wake(around: &mut Around<'_>, own: ComponentId, request: RequestId) {
                match around.component(own) {
                    $(Self::$Kind(_) => <$Is as Live>::wake(around, own, request),)*
                }
            }

            /// A request of its own that began at `born` has ended; `local` is the alarm that it belongs to.
            pub fn returned(around: &mut Around<'_>, own: ComponentId, local: u32, born: SimTime, outcome: Outcome) {
                match around.component(own) {
                    $(Self::$Kind(_) => <$Is as Live>::returned(around, own, local, born, outcome),)*
                }
            }

            /// A part of it fares differently, for `cause`.
            pub fn part_fares(around: &mut Around<'_>, own: ComponentId, heard: Heard, cause: CauseId) {
                match around.component(own) {
                    $(Self::$Kind(_) => <$Is as Live>::part_fares(around, own, heard, cause),)*
                }
            }

            /// Its part `unit` may have room for the requests in line there.
            pub fn room(around: &mut Around<'_>, own: ComponentId, unit: ComponentId) {
                match around.component(own) {
                    $(Self::$Kind(_) => <$Is as Live>::room(around, own, unit),)*
                }
            }

            /// `request`, which it had sent to a member, was not taken there: tells whether it is sent to another.
            pub fn redirects(around: &mut Around<'_>, own: ComponentId, request: RequestId, outcome: Outcome) -> bool {
                match around.component(own) {
                    $(Self::$Kind(_) => <$Is as Live>::redirects(around, own, request, outcome),)*
                }
            }

            /// `request` gives up in the line where it waits to be let in elsewhere.
            pub fn abandoned(around: &mut Around<'_>, own: ComponentId, request: RequestId) {
                match around.component(own) {
                    $(Self::$Kind(_) => <$Is as Live>::abandoned(around, own, request),)*
                }
            }

            /// `request`, which it had sent on, has ended as `outcome`: how it ends for its client.
            pub fn answers(around: &mut Around<'_>, own: ComponentId, request: RequestId, outcome: Outcome) -> Outcome {
                match around.component(own) {
                    $(Self::$Kind(_) => <$Is as Live>::answers(around, own, request, outcome),)*
                }
            }

            /// What becomes of `request`, which it had sent on or which waits for such a one.
            pub fn fate(around: &mut Around<'_>, own: ComponentId, request: RequestId, fate: Fate) {
                match around.component(own) {
                    $(Self::$Kind(_) => <$Is as Live>::fate(around, own, request, fate),)*
                }
            }

            /// What keeps the answer away that `request` waits for, when nothing says so.
            pub fn in_vain(around: &Around<'_>, own: ComponentId, request: RequestId) -> Option<CauseId> {
                match around.component(own) {
                    $(Self::$Kind(_) => <$Is as Live>::in_vain(around, own, request),)*
                }
            }
        }
    };
}
crate::kinds::each_component!(component_enum);
