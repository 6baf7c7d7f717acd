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
        /// The zone member of its broker, or two of them for a mirrored pair; the first is active.
        in_: OneOrMany<Reference> => not_empty(),
        /// The class of requests that does the work of a message; the members of the service where it enters are the consumers.
        request: Name,
        /// Messages that a consumer holds unfinished, at most, or `"unlimited"`; none: as many as the member has workers.
        prefetch: Option<Workers>,
        /// A message that is not acknowledged within this time after its delivery is delivered again; none: for ever.
        acknowledge_within: Option<SimDuration> => above(SimDuration::ZERO),
        /// Deliveries of a message, at most; then it is a dead letter. None: no bound.
        attempts: Option<u32> => at_least(1),
        /// Pause before a message is delivered again whose work failed.
        back_off: BackOffSpec,
        /// Silence of a consumer's host after which its messages are delivered again; none: it is not noticed.
        heartbeat: Option<SimDuration> => above(SimDuration::ZERO),
        /// Messages that may wait; those in flight are not counted. None: no bound.
        limit: Option<u32> => at_least(1),
        /// Bytes of messages that may wait; none: no bound.
        limit_bytes: Option<Bytes> => above(Bytes::new(0)),
        /// Size of a message.
        size: Option<LawSpec<Bytes>>,
        /// What becomes of a message that finds the queue full.
        when_full: Option<WhenFull>,
        /// Whether messages survive the end of the broker's process.
        durable: bool,
        /// Time until a published message is safe: on disk, and at the follower of a pair. It is delivered, and its producer told, only then. None: at once.
        confirm: Option<LawSpec<SimDuration>>,
        /// Work of the broker per message, its delivery and acknowledgement included; it is done when the message is published.
        publish: Option<LawSpec<SimDuration>>,
        /// How the second broker of a pair takes over.
        failover: Option<TakeoverSpec>,
        /// Time from the return of a broker until it follows the active one again; none: at once.
        catch_up: Option<LawSpec<SimDuration>>,
    }
}

words! {
    /// What becomes of a message that finds the queue full.
    pub enum WhenFull {
        /// It is refused, and its producer told.
        Reject = "reject",
        /// It is accepted, and the oldest one that waits is dropped.
        DropOldest = "drop-oldest",
    }
}

spec! {
    /// Pause before a message is delivered again whose work failed.
    pub struct BackOffSpec {
        /// After the first failure.
        first: SimDuration => above(SimDuration::ZERO),
        /// Factor from one pause to the next.
        factor: f64 = 1 => at_least(1.0),
        /// Longest pause; none: no bound.
        longest: Option<SimDuration> => above(SimDuration::ZERO),
    }
}

spec! {
    /// Publishes a message.
    pub struct PublishStep {
        /// The queue.
        publish: Reference,
        /// Whether the request waits until the message is safe; else it goes on when the broker has been sent it.
        wait: bool = true,
        /// For `goto`.
        label: Option<Name>,
    }
}
