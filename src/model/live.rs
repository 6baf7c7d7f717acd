//! The interface of a kind of component to the loop, and the component of any kind.
//!
//! A kind acts in two ways. With a [`Ctx`] it changes its own state and one request. With [`Around`] it acts
//! on other components (it forwards a request, drops requests, reads the health of another), and finds itself
//! there by its number, because requests may come back to it while it acts.

mod none;

pub(crate) use none::{none, part_of};

use super::{Answer, Ctx, Fate, Health, Heard, Keeps, Next, Shift, Start};
use crate::convert::place;
use crate::engine::calendar::Ticket;
use crate::model::drawn::Drawn;
use crate::model::gauge::{ByNumber, Gauge, Quantity, Queue};
use crate::model::ids::{CauseId, ClassId, ComponentId, KeyId};
use crate::model::request::{Outcome, RequestId};
use crate::model::route::Op;
use crate::model::world::Around;
use crate::observe::histogram::Histogram;
use crate::units::{SimDuration, SimTime};

/// Interface of a kind of component to the loop. A kind implements every method; those it has no part in,
/// with `none!`, or all but a few with `part_of!`.
pub trait Live: Sized {
    /// Configuration made by the plan.
    type Config: Clone + std::fmt::Debug;

    /// Returns the component at the start of a run.
    fn begin(id: ComponentId, config: &Self::Config, start: &Start<'_>) -> Self;

    /// Handles the ring of the armed alarm `local` of this component.
    fn alarm(&mut self, ctx: &mut Ctx<'_>, local: u32, ticket: Ticket);

    /// Takes `request` out of the queue or out of service.
    fn cancel(&mut self, ctx: &mut Ctx<'_>, request: RequestId);

    /// Changes its own health.
    fn health(&mut self, ctx: &mut Ctx<'_>, health: Health);

    /// Components whose changes of health it receives.
    fn listens(config: &Self::Config) -> Vec<ComponentId>;

    /// Receives a change of health of such a component, before the requests inside that component are
    /// affected.
    fn hears(&mut self, ctx: &mut Ctx<'_>, heard: Heard);

    /// Receives that `of` takes work from now on, or none: itself, or a component that it listens to.
    fn lent(&mut self, ctx: &mut Ctx<'_>, of: ComponentId, shift: Shift);

    /// Answers the request of a step for `what`, a number that its kind gave the step.
    fn ask(&mut self, ctx: &mut Ctx<'_>, request: RequestId, what: u32) -> Answer;

    /// Receives the end of a request that it [started](Ctx::begin), which no longer exists.
    fn ended(&mut self, ctx: &mut Ctx<'_>, request: RequestId, outcome: Outcome);

    /// Work that waits inside it and is no request of the loop: the class that does it, and the number of
    /// messages.
    #[must_use]
    fn holds(&self) -> Option<(ClassId, usize)>;

    /// Starts the distributions and readings of a window anew, now; the window ends at `until`.
    fn counts_anew(&mut self, now: SimTime, until: SimTime);

    /// Ends the window, now.
    fn count_ends(&mut self, now: SimTime);

    /// Quantities counted for components of this configuration.
    fn counts(config: &Self::Config) -> Keeps;

    /// Waiting times of counted requests, if kept, in nanoseconds.
    fn waits(&self) -> Option<&Histogram>;

    /// Sojourn times of counted requests, if kept, in nanoseconds.
    fn sojourns(&self) -> Option<&Histogram>;

    /// Time at each number up to `now`, if kept.
    fn by_number(&self, now: SimTime) -> Option<ByNumber>;

    /// Quantities that it follows over time, over the window up to `now`, in an order of its own.
    fn quantities(&self, now: SimTime) -> Vec<Quantity>;

    /// Begins to record, from `now`, when each number is first reached, if that is kept.
    fn begin_to_count(&mut self, now: SimTime);

    /// Returns its counts up to `now`. The world adds the sojourn times of the requests still inside.
    #[must_use]
    fn gauge(&self, now: SimTime) -> Gauge;

    /// Closes a request that its part `unit` had sent to `member`: it is back after `stay`, or no longer
    /// awaited. Returns whether a queued request waits for the slot.
    fn closes(
        &mut self,
        now: SimTime,
        unit: ComponentId,
        member: ComponentId,
        stay: SimDuration,
    ) -> bool;

    /// Adds work for which no request waits.
    fn loads(&mut self, ctx: &mut Ctx<'_>, key: KeyId, drawn: Drawn, write: bool);

    /// Clears its own memory, or the memory of its part `part`. Returns false if it has none that its own
    /// figures count.
    fn forgets(&mut self, part: ComponentId) -> bool;

    /// Its account of the requests inside, queued and in service, if it keeps one.
    fn queue(&self) -> Option<&Queue>;

    /// Mutable access to that account, to choose what it keeps.
    fn queue_mut(&mut self) -> Option<&mut Queue>;

    /// The component of which it is a part. That component holds its figures and receives its changes of
    /// health.
    fn whole(&self) -> Option<ComponentId>;

    /// Reading of one of its parts; `None` if the part has a reading of its own.
    fn part_reading(&self, part: ComponentId, now: SimTime) -> Option<Gauge>;

    /// Returns whether it is a process: requests are inside it and fail with it.
    fn is_process(&self) -> bool;

    /// Returns whether it works only for other components and has no work at present.
    fn is_idle(&self) -> bool;

    /// Returns whether a request that is at it counts as inside it.
    fn keeps_place(&self) -> bool;

    /// Returns whether it bounds the number of open requests at `member` that came through it.
    fn bounds(&self, member: ComponentId) -> bool;

    /// Number of the member that has the movable role.
    fn leader(&self) -> Option<usize>;

    /// The members that exchanged their data when member `leader` took the role.
    fn data_swap(&self, leader: usize) -> Option<(ComponentId, ComponentId)>;

    /// The part through which its users enter, if there is one at present.
    fn entrance(&self) -> Option<ComponentId>;

    /// Appends for each of its members whether distributed reads must not go there.
    fn bars(&self, barred: &mut Vec<bool>);

    /// Arms the alarms of its own activity.
    fn starts(around: &mut Around<'_>, own: ComponentId);

    /// Handles the alarm `local` of its own activity towards other components.
    fn due(around: &mut Around<'_>, own: ComponentId, local: u32, ticket: Ticket);

    /// Executes the operation `op`, which belongs to this component, for `request`.
    fn step(around: &mut Around<'_>, own: ComponentId, request: RequestId, op: Op) -> Next;

    /// Wakes `request`, whose event inside this component is due.
    fn wake(around: &mut Around<'_>, own: ComponentId, request: RequestId);

    /// Receives the end of a request of its own that began at `born`; `local` is the alarm that it belongs
    /// to.
    fn returned(
        around: &mut Around<'_>,
        own: ComponentId,
        local: u32,
        born: SimTime,
        outcome: Outcome,
    );

    /// Receives a change of health of one of its parts, for `cause`.
    fn part_health(around: &mut Around<'_>, own: ComponentId, heard: Heard, cause: CauseId);

    /// Uses the slots that its part `unit` may have for queued requests.
    fn room(around: &mut Around<'_>, own: ComponentId, unit: ComponentId);

    /// Handles `request`, which it had sent to a member that did not accept it. Returns whether it sends it
    /// to another.
    fn redirects(
        around: &mut Around<'_>,
        own: ComponentId,
        request: RequestId,
        outcome: Outcome,
    ) -> bool;

    /// Handles `request` abandoning the queue here. Returns whether requests wait in that queue to be
    /// admitted elsewhere.
    fn abandoned(around: &mut Around<'_>, own: ComponentId, request: RequestId) -> bool;

    /// Receives the `outcome` of `request`, which it had forwarded. Returns its outcome for the client.
    fn answers(
        around: &mut Around<'_>,
        own: ComponentId,
        request: RequestId,
        outcome: Outcome,
    ) -> Outcome;

    /// Receives the `fate` of `request`, which it had forwarded or which waits for such a request.
    fn fate(around: &mut Around<'_>, own: ComponentId, request: RequestId, fate: Fate);

    /// Returns the cause that keeps away the answer for `request`, if no component reports a failure.
    fn in_vain(around: &Around<'_>, own: ComponentId, request: RequestId) -> Option<CauseId>;
}

/// A kind, as found among components of all kinds.
pub trait Held: Sized {
    /// The component, if it is of this kind.
    fn of(component: &Component) -> Option<&Self>;

    /// Mutable access to the component, if it is of this kind.
    fn of_mut(component: &mut Component) -> Option<&mut Self>;
}

/// Generates the methods of [`Component`] that dispatch to the kind: by its state, or by its number in
/// [`Around`].
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

        /// Dispatch to the methods of [`Live`] of each kind.
        impl Component {
            /// Starts the own activity of all components: kind by kind in the order of the table, each in the
            /// order of names.
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
                fn lent(&mut self, ctx: &mut Ctx<'_>, of: ComponentId, shift: Shift);
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
                fn sojourns(&self) -> Option<&Histogram>;
                fn by_number(&self, now: SimTime) -> Option<ByNumber>;
                fn quantities(&self, now: SimTime) -> Vec<Quantity>;
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
                fn part_health(around: &mut Around<'_>, own: ComponentId, heard: Heard, cause: CauseId);
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
