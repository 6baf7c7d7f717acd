//! The keys of `[log.NAME]` and of the step that writes a record.
//!
//! Decisions: keys that decide what is lost have no default (`buffer`, `when-full`, `collect`, `detect`). The size of a
//! record belongs to the step, as it differs from class to class.
//!
//! Rules over several keys, checked in `check`: which mode takes which key; `to` names each zone member once; a log of
//! the mode `local` has one subscriber, the server that collects.

use crate::scenario::law::LawSpec;
use crate::scenario::names::{Name, OneOrMany, Reference};
use crate::scenario::spec::spec;
use crate::scenario::words::words;
use crate::units::{Bytes, SimDuration};

spec! {
    /// A log: processes write records, and each record is due at every subscriber.
    pub struct LogSpec {
        /// Zone members of the subscribers, which work on the records.
        to: OneOrMany<Reference> => not_empty(),
        /// Way of the records to the subscribers.
        mode: Mode,
        /// Processor time of the process that writes, per record; with `tcp` it is spent for each subscriber. Without
        /// it, none.
        send: Option<LawSpec<SimDuration>>,
        /// Processor time of a subscriber per record. Without it, none.
        receive: Option<LawSpec<SimDuration>>,
        /// Most bytes of records that are moved or written at once.
        block: Bytes = "64KiB" => above(Bytes::new(0)),
        /// Most bytes of records held: by a sender for each subscriber (`tcp`), by a sender for all of them
        /// (`multicast`), by a subscriber (`sniff`), on the disk of a sender (`local`, without it no bound).
        buffer: Option<Bytes> => above(Bytes::new(0)),
        /// Treatment of a record when the sender's buffer is full, with `tcp` and `multicast`.
        when_full: Option<WhenFull>,
        /// With `multicast`: silence after which a subscriber is excluded from the group.
        detect: Option<SimDuration>,
        /// With `tcp`: time from the return of a subscriber until senders are connected to it again. Without it, none.
        reconnect: Option<SimDuration> => above(SimDuration::ZERO),
        /// With `local`: longest time for which a record stays in the memory of its process. Without it, until a block
        /// is full.
        flush: Option<SimDuration> => above(SimDuration::ZERO),
        /// With `local`: mount of the service to which its processes write. Without it, writes take no disk operation.
        mount: Option<Name>,
        /// With `local`: time between two collections of what is on the disks, from time zero on.
        collect: Option<SimDuration> => above(SimDuration::ZERO),
    }
}

words! {
    /// Way of the records of a log to its subscribers.
    pub enum Mode {
        /// Records are written to the sender's own disk, and collected later.
        Local = "local",
        /// The sender sends a copy to each subscriber.
        Tcp = "tcp",
        /// The subscribers read the network; the sender does nothing.
        Sniff = "sniff",
        /// The sender sends one copy, which all subscribers of the group receive and acknowledge.
        Multicast = "multicast",
    }
}

words! {
    /// Treatment of a record when the sender's buffer is full.
    pub enum WhenFull {
        /// The request that writes it waits.
        Block = "block",
        /// The record is dropped.
        Drop = "drop",
    }
}

spec! {
    /// Writes a record to a log.
    pub struct LogStep {
        /// Log that receives the record.
        log: Reference,
        /// Size of the record.
        size: LawSpec<Bytes>,
        /// Name of the step, for `goto`.
        label: Option<Name>,
    }
}
