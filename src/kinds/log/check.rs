//! References of logs, and their mistakes.

use std::collections::BTreeSet;

use crate::kinds::log::plan::{Log, LogLinks};
use crate::kinds::log::spec::{LogSpec, Mode};
use crate::plan::Draft;
use crate::plan::checks::{inert_if, missing_as};
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Walk};
use crate::plan::names::Kind;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;

impl Checks for Log {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        for (_, log) in walk.scenario().log.iter() {
            let to = log.to.value.0.iter();
            let subscribers = to.filter_map(|zone| walk.zone_member(zone)).collect();
            links.own.logs.push(LogLinks { subscribers });
        }
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (at, (name, log)) in draft.scenario.log.iter().enumerate() {
            check_subscribers(draft, at, name, log, out);
            check_mode(log, out);
            check_sizes(log, out);
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        let subscribers = draft.links.own.logs.iter().flat_map(|log| &log.subscribers);
        used.extend(subscribers.map(|(zone, _)| (Kind::Zone, *zone)));
    }

    none!(entrance, onward, store, unused, begins, arrows, receives, lint);
}

fn check_subscribers(draft: &Draft, at: usize, name: &Name, log: &LogSpec, out: &mut Diagnostics) {
    let subscribers = &draft.links.own.logs[at].subscribers;
    let mut seen = BTreeSet::new();
    if subscribers.iter().any(|one| !seen.insert(*one)) {
        let message = format!("two subscribers of `{name}` run in one zone member");
        out.push(
            Diagnostic::new(Code::NameTwice, log.to.span, message)
                .help("name each zone member once: a subscriber gets every record"),
        );
    }
    let declared = log.to.value.0.len();
    if log.mode.value == Mode::Local && declared > 1 {
        let message = format!("`{name}` is collected by {declared} servers, at most 1");
        out.push(
            Diagnostic::new(Code::TooMany, log.to.span, message)
                .help("name the zone that collects the records"),
        );
    }
}

/// Reports keys that the mode needs, and keys that it does not have.
fn check_mode(log: &LogSpec, out: &mut Diagnostics) {
    let mode = log.mode.value;
    let sends = matches!(mode, Mode::Tcp | Mode::Multicast);
    let span = log.span;
    if mode != Mode::Local && log.buffer.is_none() {
        missing_as(
            span,
            ("buffer", Some("\"1MiB\"")),
            "a full buffer blocks, or drops records",
            out,
        );
    }
    if sends && log.when_full.is_none() {
        missing_as(span, ("when-full", Some("\"drop\"")), "`block` or `drop`", out);
    }
    if mode == Mode::Multicast && log.detect.is_none() {
        missing_as(
            span,
            ("detect", Some("\"5s\"")),
            "until then senders keep what a silent subscriber lacks",
            out,
        );
    }
    if mode == Mode::Local && log.collect.is_none() {
        missing_as(
            span,
            ("collect", Some("\"1h\"")),
            "records reach `to` when they are collected",
            out,
        );
    }
    let only = |is_so: bool, modes: &str| {
        (!is_so).then(|| format!("only a log of the mode {modes} has it"))
    };
    if let Some(message) = only(sends, "`tcp` or `multicast`") {
        inert_if(log.when_full.as_ref(), &message, "remove it, or change `mode`", out);
    }
    if let Some(message) = only(mode == Mode::Multicast, "`multicast`") {
        inert_if(log.detect.as_ref(), &message, "remove it, or change `mode`", out);
    }
    if let Some(message) = only(mode == Mode::Tcp, "`tcp`") {
        inert_if(log.reconnect.as_ref(), &message, "remove it, or change `mode`", out);
    }
    if let Some(message) = only(mode == Mode::Local, "`local`") {
        inert_if(log.flush.as_ref(), &message, "remove it, or change `mode`", out);
        inert_if(log.mount.as_ref(), &message, "remove it, or change `mode`", out);
        inert_if(log.collect.as_ref(), &message, "remove it, or change `mode`", out);
    }
    if mode == Mode::Sniff {
        let message = "the sender of a log of the mode `sniff` does nothing";
        inert_if(log.send.as_ref(), message, "remove it: the subscribers read the network", out);
    }
}

/// Reports a buffer in which no block has space.
fn check_sizes(log: &LogSpec, out: &mut Diagnostics) {
    let Some(buffer) = &log.buffer else { return };
    if log.block.given && log.block.value > buffer.value {
        let message =
            format!("a block of {} never fills: the buffer has {}", log.block.value, buffer.value);
        out.push(
            Diagnostic::new(Code::NoEffect, log.block.span, message)
                .help("raise `buffer`, or lower `block`"),
        );
    }
}
