//! References of queues, and their mistakes.

use std::collections::BTreeSet;

use crate::kinds::queue::plan::{Queue, QueueLinks, consumers};
use crate::kinds::queue::spec::QueueSpec;
use crate::plan::Draft;
use crate::plan::checks::{inert, inert_if, missing};
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Walk, find_named};
use crate::plan::names::Kind;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;

impl Checks for Queue {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let scenario = walk.scenario();
        for (_, queue) in scenario.queue.iter() {
            let brokers = queue.in_.value.0.iter();
            let brokers = brokers.filter_map(|zone| walk.zone_member(zone)).collect();
            let (name, span) = (&queue.request.value, queue.request.span);
            let class = find_named(&scenario.request, name, span, "request class", walk.out());
            links.own.queues.push(QueueLinks { brokers, class });
        }
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (at, (name, queue)) in draft.scenario.queue.iter().enumerate() {
            check_brokers(draft, at, name, queue, out);
            check_limits(queue, out);
            check_work(draft, at, name, queue, out);
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        let brokers = draft.links.own.queues.iter().flat_map(|queue| &queue.brokers);
        used.extend(brokers.map(|(zone, _)| (Kind::Zone, *zone)));
    }

    fn begins(&self, draft: &Draft, index: usize) -> Option<usize> {
        draft.links.own.queues[index].class
    }

    none!(entrance, onward, store, unused, arrows, receives, lint);
}

fn check_brokers(draft: &Draft, at: usize, name: &Name, queue: &QueueSpec, out: &mut Diagnostics) {
    let declared = queue.in_.value.0.len();
    let brokers = &draft.links.own.queues[at].brokers;
    if declared > 2 {
        let message =
            format!("`{name}` has {declared} brokers, at most 2: one, or a mirrored pair");
        out.push(Diagnostic::new(Code::TooMany, queue.in_.span, message));
    }
    if let [one, other] = brokers.as_slice()
        && one == other
    {
        let message = "both brokers run in one zone member: its failure ends both";
        out.push(
            Diagnostic::new(Code::SelfReference, queue.in_.span, message)
                .help("name two zone members, on two servers"),
        );
    }
    if declared == 2 {
        if queue.failover.is_none() {
            missing(queue.span, "failover", "the takeover by the second broker", out);
        }
    } else {
        let message = "there is one broker: no other takes over";
        inert_if(queue.failover.as_ref(), message, "name a second zone member in `in`", out);
        let message = "there is one broker: no other follows it";
        inert_if(queue.catch_up.as_ref(), message, "name a second zone member in `in`", out);
    }
    if let Some(failover) = &queue.failover {
        let message = "the broker that took over stays active";
        inert_if(failover.value.giveback.as_ref(), message, "remove `giveback`", out);
    }
}

fn check_limits(queue: &QueueSpec, out: &mut Diagnostics) {
    let limited = queue.limit.is_some() || queue.limit_bytes.is_some();
    match (&queue.when_full, limited) {
        (None, true) => missing(queue.span, "when-full", "`reject` or `drop-oldest`", out),
        (Some(when), false) => {
            inert(when.span, "there is no limit to reach", "give a `limit`, or remove it", out);
        }
        _ => {}
    }
    match (&queue.limit_bytes, &queue.size) {
        (Some(_), None) => missing(queue.span, "size", "`limit-bytes` counts bytes", out),
        (None, Some(size)) => {
            inert(size.span, "nothing counts bytes", "give a `limit-bytes`, or remove it", out);
        }
        _ => {}
    }
}

fn check_work(draft: &Draft, at: usize, name: &Name, queue: &QueueSpec, out: &mut Diagnostics) {
    let Some(class) = draft.links.own.queues[at].class else { return };
    let span = queue.request.span;
    let (work, spec) = &draft.scenario.request[class];
    let mut wrong = |message: String, help: &str| {
        out.push(Diagnostic::new(Code::WrongKind, span, message).help(help));
    };
    if consumers(draft, at).is_none() {
        wrong(
            format!("`{work}` does the work of `{name}`, and enters at no service"),
            "the members of the service where it enters are the consumers: `enter = \"worker\"`",
        );
    }
    if draft.links.classes.contains(&Some(class)) || draft.links.thens.contains(&Some(class)) {
        wrong(
            format!("`{work}` does the work of messages, and users ask for it too"),
            "give the messages a class of their own",
        );
    }
    let others = (0..draft.scenario.queue.len()).filter(|other| *other != at);
    if others.into_iter().any(|other| draft.links.own.queues[other].class == Some(class)) {
        wrong(
            format!("`{work}` does the work of two queues"),
            "give each queue a class of its own: their figures are those of the class",
        );
    }
    if spec.reply.is_some() || spec.then.is_some() {
        wrong(
            format!("`{work}` answers no client: it does the work of messages"),
            "remove `reply` and `then`",
        );
    }
}
