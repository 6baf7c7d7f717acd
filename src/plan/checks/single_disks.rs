//! Single disks that fail at random: the keys of the faults, and the sets that they hit.

use std::collections::BTreeMap;

use crate::kinds::disks::spec::{DiskSetSpec, Layout};
use crate::model::spec::runs::{FaultSpec, How};
use crate::plan::Draft;
use crate::plan::checks::harms::NAME_DISKS;
use crate::plan::checks::{exclude, inert, missing_as, no_time};
use crate::plan::faults::single_disks::{MOST, MOST_OF_SET, of_fault};
use crate::plan::part::Part;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;

/// Largest share of the time of the disks that a rebuild takes.
const MOST_SHARE: f64 = 0.99;

/// Checks a fault of single disks; `parts` are those that it hits.
pub(super) fn check_fault(draft: &Draft, fault: &FaultSpec, parts: &[Part], out: &mut Diagnostics) {
    check_begin(fault, out);
    check_numbers(fault, out);
    match &fault.restore {
        None => {
            let why = "the time until a set that is lost has its data again";
            missing_as(fault.span, ("restore", Some("\"12h\"")), why, out);
        }
        Some(law) => no_time(law, "restore", "a set that is lost comes back after some time", out),
    }
    match &fault.rebuild {
        None => {
            let why = "how long the data of a new disk are written";
            missing_as(fault.span, ("rebuild", Some("{ lasts = \"9h\" }")), why, out);
        }
        Some(rebuild) => {
            let lasts = &rebuild.value.lasts;
            if lasts.value.law().mean() <= 0.0 {
                let message = "`lasts` takes no time: a rebuild writes all data of a disk";
                let found = Diagnostic::new(Code::OutOfRange, lasts.span, message);
                out.push(
                    found.help(
                        "give the data of a disk over the rate, as \"9h\" for 1 TB at 30 MB/s",
                    ),
                );
            }
        }
    }
    for part in parts {
        let Some(set) = part.disk_set(draft) else {
            let message = format!("`{}` is no set of disks", part.name(draft));
            let found = Diagnostic::new(Code::WrongKind, fault.hits.span, message);
            return out.push(found.related(fault.how.span, "single disks fail").help(NAME_DISKS));
        };
        check_set(&part.name(draft), set, fault, out);
    }
}

/// Reports what begins or joins faults in other ways than a disk fails.
fn check_begin(fault: &FaultSpec, out: &mut Diagnostics) {
    let others = [
        (fault.at.as_ref().map(|key| key.span), "at"),
        (fault.every.as_ref().map(|key| key.span), "every"),
        (fault.lasts.as_ref().map(|key| key.span), "lasts"),
        (fault.after.as_ref().map(|key| key.span), "after"),
        (fault.recorded.as_ref().map(|key| key.span), "recorded"),
        (fault.common_cause.as_ref().map(|key| key.span), "common-cause"),
        (fault.load_exponent.as_ref().map(|key| key.span), "load-exponent"),
        (fault.together.value.then_some(fault.together.span), "together"),
    ];
    for (span, key) in others {
        let Some(span) = span else { continue };
        let message = format!("each disk fails by itself, by a `rate` or an `up`: not by `{key}`");
        let help = match key {
            "common-cause" | "load-exponent" | "together" => {
                "give `correlated` for disks that fail soon after another, or a fault with how = \"lost\""
            }
            _ => {
                "give a `rate`, or declare the disk in the `resilver` of a set with `transactions`"
            }
        };
        out.push(Diagnostic::new(Code::KeysExclude, span, message).help(help));
    }
}

fn check_numbers(fault: &FaultSpec, out: &mut Diagnostics) {
    let Some(rebuild) = &fault.rebuild else { return };
    let share = &rebuild.value.share;
    if share.value.get() > MOST_SHARE {
        let message = format!("a rebuild leaves too little to service: at most {MOST_SHARE}");
        out.push(Diagnostic::new(Code::OutOfRange, share.span, message));
    }
}

/// Checks the set `name` that a fault hits.
fn check_set(name: &str, set: &DiskSetSpec, fault: &FaultSpec, out: &mut Diagnostics) {
    if let Some(resilver) = &set.resilver {
        let why = format!("the disks of `{name}` fail at times that it gives");
        return exclude(fault.how.span, resilver.span, &why, out);
    }
    let (data, parity) = (set.data.value, set.parity.value);
    let Some(of) = set.redundancy() else {
        let message = match set.layout.value {
            Layout::Plain => format!("`{name}` has no redundancy: each of its disks loses it"),
            Layout::Mirror if parity == 0 => format!("`{name}` is a mirror of one side"),
            layout => {
                format!("{data} and {parity} disks make no equal groups of `{}`", layout.word())
            }
        };
        let help = match set.layout.value {
            Layout::Plain => {
                "give it a mirror or parity, or the fault how = \"lost\" and the rate of all disks"
            }
            Layout::Mirror => "give `parity` as many disks as `data`, or a multiple of that",
            Layout::Raidz1 => "give `parity` 1 per group, and `data` a multiple of that",
            _ => "give `parity` 2 per group, and `data` a multiple of the number of groups",
        };
        let found = Diagnostic::new(Code::KeysExclude, fault.how.span, message);
        return out.push(found.related(set.layout.span, "the layout").help(help));
    };
    if of.disks > MOST_OF_SET {
        let message =
            format!("`{name}` has {} disks, at most {MOST_OF_SET} fail one by one", of.disks);
        let found = Diagnostic::new(Code::TooMany, fault.hits.span, message);
        out.push(found.related(set.span, "the set").help("divide it into several sets"));
    }
}

/// Reports a second fault of the disks of one set, and too many disks.
pub(super) fn check_each_other(draft: &Draft, out: &mut Diagnostics) {
    let mut known: BTreeMap<Part, (Span, &str)> = BTreeMap::new();
    let mut disks = 0_usize;
    for (name, fault) in draft.scenario.fault.iter() {
        for set in of_fault(draft, &name.text, fault) {
            disks += set.redundancy.disks as usize;
            if let Some((first, other)) = known.insert(set.part, (fault.how.span, name)) {
                let message = format!("`{other}` lets the disks of `{}` fail too", set.name);
                let help = "write them as one fault, with the sum of their rates";
                let found = Diagnostic::new(Code::KeysExclude, fault.how.span, message);
                out.push(found.related(first, "the first").help(help));
                break;
            }
        }
        if disks > MOST {
            let message = format!("{disks} disks fail one by one, at most {MOST}");
            return out.push(Diagnostic::new(Code::TooMany, fault.hits.span, message));
        }
    }
}

/// Reports keys of single disks in a fault of another kind, and one that would follow the failure of single disks.
pub(super) fn belongs(draft: &Draft, fault: &FaultSpec, out: &mut Diagnostics) {
    let is = fault.how.value;
    let led = fault.after.as_ref().map(|after| &after.fault);
    let lead = led.and_then(|name| Some((name, draft.scenario.fault.get(&name.text)?)));
    if let Some((name, lead)) = lead.filter(|(_, lead)| lead.how.value == How::DiskFailed) {
        let message = format!("`{}` lets single disks fail: nothing can follow it", name.text);
        let found = Diagnostic::new(Code::KeysExclude, name.span, message);
        let help = "give this fault a `rate`, or let it follow another";
        out.push(found.related(lead.how.span, "single disks fail").help(help));
    }
    if is == How::DiskFailed {
        return;
    }
    let keys = [
        fault.rebuild.as_ref().map(|key| key.span),
        fault.restore.as_ref().map(|key| key.span),
        fault.correlated.as_ref().map(|key| key.span),
    ];
    for span in keys.into_iter().flatten() {
        let message =
            format!("only single disks are rebuilt and restored; this is `{}`", is.word());
        inert(span, message, "remove it, or set how = \"disk-failed\"", out);
    }
}
