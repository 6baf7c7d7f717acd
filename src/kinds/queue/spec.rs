//! The keys of `[queue.NAME]` and of the step that publishes.
//!
//! Decisions: the consumers are the members of the service where the class of `request` enters, so that
//! the file names them once. Keys that decide what is lost have no default (`durable`, `when-full`). A
//! back-off has none either: without a pause, work that fails at once would be repeated without end in one
//! instant.
//!
//! Rules over several keys, checked in `check`:
//!
//! - `request` enters at a service, and neither users nor another queue ask for its class;
//! - `in` names one zone member, or two different ones; `failover` and `catch-up` need two, two need
//!   `failover`; a `giveback` has no effect, since a broker that took over stays active;
//! - `when-full` is given exactly where a `limit` or a `limit-bytes` is; `limit-bytes` needs a `size`.
//!
//! Not checked:
//!
//! - `workers` + `backlog` ≥ `prefetch` at the consumers;
//! - `acknowledge-within` above the mean work of `request` (below it most messages are delivered twice);
//! - without `acknowledge-within`, a `heartbeat` where faults make consumers unreachable (without one their
//!   messages wait until the consumer is back).

use crate::kinds::service::spec::Workers;
use crate::model::spec::takeover::TakeoverSpec;
use crate::scenario::law::LawSpec;
use crate::scenario::names::{Name, OneOrMany, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::{Bytes, SimDuration};

spec! {
    /// A message queue: producers publish, the members of a service consume, each message at least once.
    pub struct QueueSpec {
        /// Zone member of the broker, or two for a mirrored pair; the first is active.
        in_: OneOrMany<Reference> => not_empty(),
        /// Request class that does the work of a message. The consumers are the members of the service where the
        /// class enters.
        request: Name,
        /// Largest number of unfinished messages that a consumer holds, or `"unlimited"`. Without it, the number of
        /// the member's workers.
        prefetch: Option<Workers>,
        /// Time after a delivery within which the message must be acknowledged; otherwise it is delivered again.
        /// Without it, no bound.
        acknowledge_within: Option<SimDuration> => above(SimDuration::ZERO),
        /// Largest number of deliveries of a message; after that it is a dead letter. Without it, no bound.
        attempts: Option<u32> => at_least(1),
        /// Pause before a message whose work failed is delivered again.
        back_off: BackOffSpec,
        /// Silence of a consumer's host after which its messages are delivered again. Without it, the silence is
        /// not detected.
        heartbeat: Option<SimDuration> => above(SimDuration::ZERO),
        /// Largest number of waiting messages; those in flight are not counted. Without it, no bound.
        limit: Option<u32> => at_least(1),
        /// Largest total size of the waiting messages. Without it, no bound.
        limit_bytes: Option<Bytes> => above(Bytes::new(0)),
        /// Size of a message.
        size: Option<LawSpec<Bytes>>,
        /// Treatment of a message that arrives at a full queue.
        when_full: Option<WhenFull>,
        /// If true, messages survive the end of the broker's process.
        durable: bool,
        /// Time until a published message is safe, on disk and at the follower of a pair. Only then is it delivered
        /// and confirmed to its producer. Without it, at once.
        confirm: Option<LawSpec<SimDuration>>,
        /// Processor time of the broker per message, delivery and acknowledgement included; it is spent when the
        /// message is published. Without it, none.
        publish: Option<LawSpec<SimDuration>>,
        /// Takeover by the second broker of a pair.
        failover: Option<TakeoverSpec>,
        /// Time from the return of a broker until it follows the active one again. Without it, none.
        catch_up: Option<LawSpec<SimDuration>>,
    }
}

words! {
    /// Treatment of a message that arrives at a full queue.
    pub enum WhenFull {
        /// The message is refused, and its producer informed.
        Reject = "reject",
        /// The message is accepted, and the oldest waiting one is dropped.
        DropOldest = "drop-oldest",
    }
}

spec! {
    /// Pause before a message whose work failed is delivered again.
    pub struct BackOffSpec {
        /// Pause after the first failure.
        first: SimDuration => above(SimDuration::ZERO),
        /// Factor from one pause to the next.
        factor: f64 = 1 => at_least(1.0),
        /// Longest pause. Without it, no bound.
        longest: Option<SimDuration> => above(SimDuration::ZERO),
    }
}

spec! {
    /// Waits until the messages that the request has published are done.
    pub struct AwaitStep {
        /// Queue to which they were published.
        await_: Reference,
        /// Name of the step, for `goto`.
        label: Option<Name>,
    }
}

spec! {
    /// Publishes a message.
    pub struct PublishStep {
        /// Queue that receives the message.
        publish: Reference,
        /// If true, the request waits until the message is safe; otherwise it continues when the message is sent.
        wait: bool = true,
        /// Name of the step, for `goto`.
        label: Option<Name>,
    }
}
