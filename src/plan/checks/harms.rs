//! Keys of a fault that belong to one kind of failure, and the parts that can fail so.

use crate::model::spec::runs::{FaultSpec, How};
use crate::plan::Draft;
use crate::plan::carriage::{Crossed, crosses};
use crate::plan::checks::{exclude, inert, inert_if, missing, missing_as};
use crate::plan::links::find_named;
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::value::Spanned;

/// Help where a fault of disks hits something else.
pub(super) const NAME_DISKS: &str =
    "let it hit the disks of a server or a pool, as in \"server.NAME.local\" or \"nas.NAME.main\"";

/// Checks the keys of a fault for its kind of failure; `parts` are those that it hits.
pub(super) fn check(draft: &Draft, fault: &FaultSpec, parts: &[Part], out: &mut Diagnostics) {
    if scaler_is_hit(draft, fault, parts, out) {
        return;
    }
    belongs(fault, fault.factor.as_ref(), (How::Slow, "has a factor"), out);
    belongs(fault, fault.cores.as_ref(), (How::CoresLost, "takes cores"), out);
    belongs(fault, fault.loss.as_ref(), (How::Lossy, "has a `loss`"), out);
    belongs(fault, fault.delay.as_ref(), (How::Delayed, "has a `delay`"), out);
    belongs(fault, fault.from.as_ref(), (How::OneWay, "has a site that it is `from`"), out);
    check_feeds(draft, fault, parts, out);
    match fault.how.value {
        How::Slow if fault.factor.is_none() => {
            missing(fault.span, "factor", "the slowdown, 2 for half the speed", out);
        }
        How::CoresLost => check_cores(draft, fault, parts, out),
        How::Lossy => check_loss(draft, fault, parts, out),
        How::Delayed => {
            if fault.delay.is_none() {
                let why = "the time that each message waits besides the latency";
                return missing_as(fault.span, ("delay", Some("\"50ms\"")), why, out);
            }
            links_alone(draft, fault, parts, out);
        }
        How::OneWay => check_direction(draft, fault, parts, out),
        How::DiskFull => check_full(draft, fault, parts, out),
        _ => {}
    }
}

/// Kind of parts that either work or do not, for messages.
struct Plain {
    kind: Kind,
    /// Description of one of them.
    is: &'static str,
    /// Further help, behind that to let it crash.
    otherwise: &'static str,
}

const FEEDS: Plain =
    Plain { kind: Kind::Feed, is: "a power feed: it has power or it has none", otherwise: "" };
const SCALERS: Plain = Plain {
    kind: Kind::Scaler,
    is: "a scaler: it launches members or launches none",
    otherwise: "; a launch that fails by itself is launch = { failure = 0.2 }",
};

/// Reports a power feed that does anything but fail.
fn check_feeds(draft: &Draft, fault: &FaultSpec, parts: &[Part], out: &mut Diagnostics) {
    // Every other kind of failure is refused by its own check.
    let others = [How::Hang, How::Pause, How::Slow, How::Lost, How::Partitioned];
    if others.contains(&fault.how.value) {
        crashes_alone(draft, fault, parts, (FEEDS, out));
    }
}

/// Reports a scaler that does anything but fail; returns whether there is one.
fn scaler_is_hit(draft: &Draft, fault: &FaultSpec, parts: &[Part], out: &mut Diagnostics) -> bool {
    fault.how.value != How::Crash && crashes_alone(draft, fault, parts, (SCALERS, out))
}

/// Reports the first part of a kind whose parts can only crash; returns whether there is one.
fn crashes_alone(
    draft: &Draft,
    fault: &FaultSpec,
    parts: &[Part],
    (of, out): (Plain, &mut Diagnostics),
) -> bool {
    let Some(part) = parts.iter().find(|part| part.owner().0 == of.kind) else { return false };
    let message = format!("`{}` is {}", part.name(draft), of.is);
    let found = Diagnostic::new(Code::WrongKind, fault.hits.span, message);
    let found = found.related(fault.how.span, "the kind of failure");
    out.push(found.help(format!("set how = \"crash\"{}", of.otherwise)));
    true
}

/// Largest number of parts that share a load.
const MOST_LOADED: usize = 32;

/// Checks that a rate which depends on the load is that of several parts, each with its own.
pub(super) fn check_load(draft: &Draft, fault: &FaultSpec, parts: &[Part], out: &mut Diagnostics) {
    let Some(exponent) = &fault.load_exponent else { return };
    if fault.rate.is_none() && fault.up.is_none() {
        let message = "only a `rate` or an `up` depends on the load";
        return inert(exponent.span, message, "give one of them, or remove it", out);
    }
    let others = [
        (
            fault.common_cause.as_ref().map(|cause| cause.span),
            "events of a whole set have a rate of their own",
        ),
        (fault.together.value.then_some(fault.together.span), "one event takes all of them"),
    ];
    for (span, why) in others {
        if let Some(span) = span {
            exclude(exponent.span, span, why, out);
        }
    }
    let mut hits = fault.hits.iter();
    let role = hits.next().filter(|_| hits.next().is_none());
    let role = role.and_then(|hit| draft.targets.role(&hit.text));
    let message = match parts.len() {
        _ if role.is_some() => "a role is held by one member: no other shares its load".to_string(),
        0 | 1 => "one part has all of the load, always".to_string(),
        count if count > MOST_LOADED => {
            let message =
                format!("{count} parts share a load, at most {MOST_LOADED} are simulated");
            return out.push(Diagnostic::new(Code::TooMany, exponent.span, message));
        }
        _ => return,
    };
    inert(exponent.span, message, "name the parts that share it in `hits`, or remove it", out);
}

/// Reports a key that only the kind of failure `how` reads, in a fault of another kind.
fn belongs<T>(
    fault: &FaultSpec,
    key: Option<&Spanned<T>>,
    (how, has): (How, &str),
    out: &mut Diagnostics,
) {
    let is = fault.how.value;
    if is != how {
        let message = format!("only `{}` {has}; this is `{}`", how.word(), is.word());
        let help = format!("remove it, or set how = \"{}\"", how.word());
        inert_if(key, &message, &help, out);
    }
}

/// Checks that a fault which takes cores hits servers, and leaves each of them one.
fn check_cores(draft: &Draft, fault: &FaultSpec, parts: &[Part], out: &mut Diagnostics) {
    let Some(cores) = &fault.cores else {
        let why = "the number of cores that each server loses";
        return missing_as(fault.span, ("cores", Some("1")), why, out);
    };
    for part in parts {
        let Part::Server(server) = part else {
            let message = format!("`{}` has no cores of its own", part.name(draft));
            let help = "let it hit the server; a zone or a virtual machine can be `slow`";
            let found = Diagnostic::new(Code::WrongKind, fault.hits.span, message);
            return out.push(found.related(fault.how.span, "the fault takes cores").help(help));
        };
        let all = &draft.scenario.server[server.group].1.cores;
        if cores.value >= all.value {
            let name = part.name(draft);
            let message = format!("`{name}` has {} cores: none is left", all.value);
            let found = Diagnostic::new(Code::OutOfRange, cores.span, message);
            let found = found.related(all.span, "its cores");
            return out.push(found.help("lose fewer, or set how = \"crash\""));
        }
    }
}

/// Reports the first part that is no link between sites; returns whether there is none.
fn links_alone(draft: &Draft, fault: &FaultSpec, parts: &[Part], out: &mut Diagnostics) -> bool {
    let Some(part) = parts.iter().find(|part| !matches!(part, Part::Link(_))) else { return true };
    let word = fault.how.value.word();
    let message = format!("`{}` is no link between sites: it cannot be `{word}`", part.name(draft));
    let found = Diagnostic::new(Code::WrongKind, fault.hits.span, message);
    let help =
        "let it hit `link.NAME`; uplinks and switches can be `slow`, `crash` or be `partitioned`";
    out.push(found.related(fault.how.span, "the kind of failure").help(help));
    false
}

/// Checks that a fault which takes the space of disks hits disks.
fn check_full(draft: &Draft, fault: &FaultSpec, parts: &[Part], out: &mut Diagnostics) {
    let Some(part) = parts.iter().find(|part| part.disk_set(draft).is_none()) else { return };
    let message = format!("`{}` is no set of disks: it cannot be full", part.name(draft));
    let found = Diagnostic::new(Code::WrongKind, fault.hits.span, message);
    out.push(found.related(fault.how.span, "the fault takes their space").help(NAME_DISKS));
}

/// Checks a fault in which links lose data.
fn check_loss(draft: &Draft, fault: &FaultSpec, parts: &[Part], out: &mut Diagnostics) {
    let Some(loss) = &fault.loss else {
        let why = "the probability that a segment is lost";
        return missing_as(fault.span, ("loss", Some("0.01")), why, out);
    };
    let chance = loss.value.get();
    if chance <= 0.0 || chance >= 1.0 {
        let message = format!("`loss` is {chance}, must be above 0 and below 1");
        let help = "a link that loses everything is `partitioned`";
        out.push(Diagnostic::new(Code::OutOfRange, loss.span, message).help(help));
    }
    links_alone(draft, fault, parts, out);
}

/// Checks a fault in which links carry one direction alone.
fn check_direction(draft: &Draft, fault: &FaultSpec, parts: &[Part], out: &mut Diagnostics) {
    let Some(from) = &fault.from else {
        let why = "the site whose data still crosses the link";
        return missing_as(fault.span, ("from", Some("\"NAME\"")), why, out);
    };
    let site = find_named(&draft.scenario.site, &from.text, from.span, "site", out);
    if !links_alone(draft, fault, parts, out) {
        return;
    }
    let Some(site) = site else { return };
    for part in parts {
        let Part::Link(link) = *part else { continue };
        let (name, spec) = &draft.scenario.link[link];
        if !draft.links.links[link].contains(&site) {
            let message = format!("`{name}` does not end at `{}`", from.text);
            let found = Diagnostic::new(Code::WrongKind, from.span, message);
            out.push(found.related(spec.between.span, "its sites").help("name one of its sites"));
        }
        // A sender of a log goes on when its block is acknowledged, and a change stream has one connection.
        let kinds = Kind::ALL.iter().filter(|kind| **kind != Kind::Link);
        let mut carriages = kinds.flat_map(|kind| kind.answers().carries(draft));
        if carriages.any(|carriage| crosses(draft, &carriage).contains(&Crossed::Link(link))) {
            let message = format!(
                "data of a log or database cross `{name}`, and need its other direction too"
            );
            let found = Diagnostic::new(Code::NotYet, fault.how.span, message);
            out.push(found.help("`partitioned` stops them, and calls in both directions"));
        }
    }
}
