//! What a kind of component owes the loop, and the component of any kind.
//!
//! A kind answers in two ways. What concerns its own state and one request it does with a [`Ctx`]. What concerns
//! other components (it sends a request on, throws requests out, asks how another one fares) it does with
//! [`Around`], in which it finds itself by its number: while it acts, requests may come back to it.

mod none;

pub(crate) use none::none;

use super::{Answer, Ctx, Fate, Health, Heard, Keeps, Next, Start};
use crate::convert::place;
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

    /// The reading of a part of it, by the component that stands for that; `None`: that has its own.
    fn part_reading(&self, part: ComponentId, now: SimTime) -> Option<Gauge>;

    /// Whether it is a process: requests are inside of it, and fail with it.
    fn is_process(&self) -> bool;

    /// Whether it only works for others, and has nothing to do.
    fn is_idle(&self) -> bool;

    /// Whether a request that is at it counts as being inside of it.
    fn keeps_place(&self) -> bool;

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

    /// `request` gives up in its queue: tells whether that is one in which requests wait to be let in elsewhere.
    fn abandoned(around: &mut Around<'_>, own: ComponentId, request: RequestId) -> bool;

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

/// Methods of [`Component`] that ask the kind of the component: by its state, or by its number among the others.
macro_rules! dispatched {
    ($kinds:tt $(fn $name:ident(&mut self $(, $arg:ident: $T:ty)*) $(-> $R:ty)?;)*) => {
        $(dispatched!(@to_change $kinds $name [$($arg: $T),*] ($($arg),*) [$($R)?]);)*
    };
    ($kinds:tt $(fn $name:ident(&self $(, $arg:ident: $T:ty)*) $(-> $R:ty)?;)*) => {
        $(dispatched!(@to_read $kinds $name [$($arg: $T),*] ($($arg),*) [$($R)?]);)*
    };
    ($kinds:tt $(fn $name:ident($around:ident: $A:ty, $own:ident: $O:ty $(, $arg:ident: $T:ty)*) $(-> $R:ty)?;)*) => {
        $(dispatched!(@by_number $kinds $name ($around: $A, $own: $O) [$($arg: $T),*] ($around, $own $(, $arg)*) [$($R)?]);)*
    };
    (@to_change [$($Kind:ident)*] $name:ident [$($arg:ident: $T:ty),*] $given:tt [$($R:ty)?]) => {
        #[inline]
        pub(crate) fn $name(&mut self $(, $arg: $T)*) $(-> $R)? {
            match self { $(Self::$Kind(held) => held.$name $given,)* }
        }
    };
    (@to_read [$($Kind:ident)*] $name:ident [$($arg:ident: $T:ty),*] $given:tt [$($R:ty)?]) => {
        #[inline]
        pub(crate) fn $name(&self $(, $arg: $T)*) $(-> $R)? {
            match self { $(Self::$Kind(held) => held.$name $given,)* }
        }
    };
    (
        @by_number [$($Kind:ident $Is:path)*] $name:ident ($around:ident: $A:ty, $own:ident: $O:ty)
        [$($arg:ident: $T:ty),*] $given:tt [$($R:ty)?]
    ) => {
        #[inline]
        pub(crate) fn $name($around: $A, $own: $O $(, $arg: $T)*) $(-> $R)? {
            match $around.component($own) {
                $(Self::$Kind(_) => <$Is as Live>::$name $given,)*
            }
        }
    };
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

        /// Each as [`Live`] says of the kind.
        impl Component {
            /// All arm what they do by themselves: kind by kind in the order of the table, each in the order of names.
            pub(crate) fn all_start(around: &mut Around<'_>) {
                $(for own in (0..place(around.plan.parts.len())).map(ComponentId) {
                    if <$Is as Held>::of(around.component(own)).is_some() {
                        <$Is as Live>::starts(around, own);
                    }
                })*
            }

            dispatched! {
                [$($Kind)*]
                fn alarm(&mut self, ctx: &mut Ctx<'_>, local: u32, ticket: Ticket);
                fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId);
                fn health(&mut self, ctx: &mut Ctx<'_>, health: Health);
                fn hears(&mut self, ctx: &mut Ctx<'_>, heard: Heard);
                fn ask(&mut self, ctx: &mut Ctx<'_>, request: RequestId, what: u32) -> Answer;
                fn ended(&mut self, ctx: &mut Ctx<'_>, request: RequestId, outcome: Outcome);
                fn counts_anew(&mut self, now: SimTime, until: SimTime);
                fn count_ends(&mut self, now: SimTime);
                fn begin_to_count(&mut self, now: SimTime);
                fn closes(&mut self, now: SimTime, unit: ComponentId, member: ComponentId, stay: SimDuration) -> bool;
                fn loads(&mut self, ctx: &mut Ctx<'_>, key: KeyId, drawn: Drawn, write: bool);
                fn forgets(&mut self, part: ComponentId) -> bool;
                fn queue_mut(&mut self) -> Option<&mut Queue>;
            }
            dispatched! {
                [$($Kind)*]
                fn holds(&self) -> Option<(ClassId, usize)>;
                fn waits(&self) -> Option<&Histogram>;
                fn stays(&self) -> Option<&Histogram>;
                fn by_number(&self, now: SimTime) -> Option<ByNumber>;
                fn gauge(&self, now: SimTime) -> Gauge;
                fn queue(&self) -> Option<&Queue>;
                fn whole(&self) -> Option<ComponentId>;
                fn part_reading(&self, part: ComponentId, now: SimTime) -> Option<Gauge>;
                fn is_process(&self) -> bool;
                fn is_idle(&self) -> bool;
                fn keeps_place(&self) -> bool;
                fn bounds(&self, member: ComponentId) -> bool;
                fn leader(&self) -> Option<usize>;
                fn data_swap(&self, leader: usize) -> Option<(ComponentId, ComponentId)>;
                fn entrance(&self) -> Option<ComponentId>;
                fn bars(&self, barred: &mut Vec<bool>);
            }
            dispatched! {
                [$($Kind $Is)*]
                fn due(around: &mut Around<'_>, own: ComponentId, local: u32, ticket: Ticket);
                fn step(around: &mut Around<'_>, own: ComponentId, request: RequestId, op: Op) -> Next;
                fn wake(around: &mut Around<'_>, own: ComponentId, request: RequestId);
                fn returned(around: &mut Around<'_>, own: ComponentId, local: u32, born: SimTime, outcome: Outcome);
                fn part_fares(around: &mut Around<'_>, own: ComponentId, heard: Heard, cause: CauseId);
                fn room(around: &mut Around<'_>, own: ComponentId, unit: ComponentId);
                fn redirects(around: &mut Around<'_>, own: ComponentId, request: RequestId, outcome: Outcome) -> bool;
                fn abandoned(around: &mut Around<'_>, own: ComponentId, request: RequestId) -> bool;
                fn answers(around: &mut Around<'_>, own: ComponentId, request: RequestId, outcome: Outcome) -> Outcome;
                fn fate(around: &mut Around<'_>, own: ComponentId, request: RequestId, fate: Fate);
                fn in_vain(around: &Around<'_>, own: ComponentId, request: RequestId) -> Option<CauseId>;
            }
        }
    };
}
crate::kinds::each_component!(component_enum);
