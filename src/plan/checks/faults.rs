//! Faults: their targets, begins and durations, and overlaps of scheduled ones.

use std::collections::{BTreeMap, BTreeSet};

use crate::health::STATES_MAX;
use crate::model::spec::runs::{FaultSpec, How};
use crate::plan::Draft;
use crate::plan::checks::late::after_horizon;
use crate::plan::checks::{exclude, inert, inert_if, missing, missing_as, takes_time};
use crate::plan::checks::{harms, restores, single_disks};
use crate::plan::links::find_named;
use crate::plan::part::Part;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;
use crate::units::SimDuration;

/// Largest rate per second of one fault at a part.
const MOST_PER_SECOND: f64 = 1_000.0;

/// Scheduled fault of one part.
struct Scheduled {
    begins: SimDuration,
    ends: SimDuration,
    fault: usize,
    span: Span,
}

pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
    let mut scheduled: BTreeMap<Part, Vec<Scheduled>> = BTreeMap::new();
    let (mut states, mut all): (BTreeMap<Part, usize>, usize) = (BTreeMap::new(), 0);
    for (number, (_, fault)) in draft.scenario.fault.iter().enumerate() {
        let mut parts = Vec::new();
        for hit in fault.hits.iter() {
            parts.extend(draft.targets.parts(&hit.text));
        }
        check_keys(draft, fault, &parts, out);
        if !count_states(draft, (number, fault), &parts, (&mut states, &mut all), out) {
            return;
        }
        check_group(fault, out);
        check_crew(fault, out);
        if let Some(at) = &fault.at {
            after_horizon(draft, at.value, at.span, out);
            if let Some(lasts) = length(fault) {
                let ends = SimDuration::from_nanos(at.value.nanos().saturating_add(lasts.nanos()));
                for part in parts {
                    let one = Scheduled { begins: at.value, ends, fault: number, span: at.span };
                    scheduled.entry(part).or_default().push(one);
                }
            }
        }
    }
    after_each_other(draft, out);
    restores::check_each_other(draft, out);
    single_disks::check_each_other(draft, out);
    overlaps(draft, scheduled, out);
}

/// Number of states of a part besides those of its faults: up, broken, on its way back, and one for
/// planned operations.
const OTHER_STATES: usize = 4;
/// Largest number of fault states of all parts together.
const MOST_STATES: usize = 16_000_000;

/// Counts the states that a fault adds to each of its parts; returns false if there are too many to
/// continue.
fn count_states(
    draft: &Draft,
    (number, fault): (usize, &FaultSpec),
    parts: &[Part],
    (states, all): (&mut BTreeMap<Part, usize>, &mut usize),
    out: &mut Diagnostics,
) -> bool {
    let most = STATES_MAX - OTHER_STATES;
    let crew = draft.links.fault_crews[number].map(|crew| &draft.scenario.crew[crew].1);
    let spares = crew.is_some_and(|crew| crew.spares.is_some());
    let waits = [fault.detected_by_people.is_some(), fault.crew.is_some(), spares];
    let added = 1 + waits.into_iter().map(usize::from).sum::<usize>();
    for part in parts {
        let count = states.entry(*part).or_insert(0);
        *count += added;
        if *count > most {
            let part = part.name(draft);
            let message = format!(
                "more than {most} faults hit `{part}`; one that people detect counts twice"
            );
            let help = "write faults with one effect as one, with the sum of their rates";
            out.push(Diagnostic::new(Code::TooMany, fault.hits.span, message).help(help));
            return false;
        }
    }
    *all += added * parts.len();
    if *all > MOST_STATES {
        let message = format!("the faults so far hit {all} parts, at most {MOST_STATES}");
        out.push(Diagnostic::new(Code::TooMany, fault.hits.span, message));
        return false;
    }
    true
}

/// Returns the duration of a fault, if it is fixed.
fn length(fault: &FaultSpec) -> Option<SimDuration> {
    let repair = || {
        let law = fault.repair.as_ref().filter(|law| law.dist == "constant")?;
        Some(SimDuration::from_seconds_f64(law.law().mean()))
    };
    // A restore is as long as it takes, and a member that fails meanwhile is repaired beside it.
    let restored = fault.how.value == How::Corrupt;
    fault.lasts.as_ref().map(|lasts| lasts.value).or_else(repair).filter(|_| !restored)
}

/// Checks that one key says when the fault begins.
fn check_begin(fault: &FaultSpec, out: &mut Diagnostics) {
    let begins = [
        fault.rate.as_ref().map(|key| key.span),
        fault.up.as_ref().map(|key| key.span),
        fault.at.as_ref().map(|key| key.span),
        fault.after.as_ref().map(|key| key.span),
        fault.recorded.as_ref().map(|key| key.span),
    ];
    let mut given = begins.into_iter().flatten();
    match (given.next(), given.next()) {
        (None, _) => {
            let why = "or `up`, `at`, `after` or `recorded`: when it begins";
            missing_as(fault.span, ("rate", Some("\"2/y\"")), why, out);
        }
        (Some(first), Some(second)) => {
            exclude(
                second,
                first,
                "a fault begins by `rate`, `up`, `at`, `after` or `recorded`",
                out,
            );
        }
        _ => {}
    }
}

/// Checks the period of a failure at a given time, and the probability that it occurs.
fn check_period(draft: &Draft, fault: &FaultSpec, out: &mut Diagnostics) {
    if fault.at.is_none() {
        let message = "only a failure given by `at` is forgotten or prevented";
        let help = "give `at`, or a lower `rate`";
        inert_if(fault.probability.as_ref(), message, help, out);
        inert_if(fault.every.as_ref(), "`every` goes with `at`", "give `at`, or a `rate`", out);
        return;
    }
    if let (Some(probability), Some(cause)) = (&fault.probability, &fault.common_cause) {
        exclude(probability.span, cause.span, "events of a whole set are never prevented", out);
    }
    let Some(every) = &fault.every else { return };
    if let Some(cause) = &fault.common_cause {
        exclude(every.span, cause.span, "each member has its own times", out);
    }
    if every.value.seconds() * MOST_PER_SECOND < 1.0 {
        let message =
            format!("a fault every {}: at most {MOST_PER_SECOND}/s are simulated", every.value);
        out.push(Diagnostic::new(Code::OutOfRange, every.span, message));
    } else if let Some(lasts) = length(fault).filter(|lasts| *lasts >= every.value) {
        let message = format!("lasts {lasts} but comes each {}", every.value);
        out.push(Diagnostic::new(Code::TimesConflict, every.span, message));
    }
    let run = &draft.scenario.run;
    if let (Some(at), Some(horizon)) = (&fault.at, &run.horizon)
        && at.value.nanos().saturating_add(every.value.nanos()) > horizon.value.nanos()
        && draft.scenario.window.is_empty()
    {
        let message = format!("the second would come after the horizon of {}", horizon.value);
        inert(every.span, message, "lengthen the horizon, or remove `every`", out);
    }
}

fn check_keys(draft: &Draft, fault: &FaultSpec, parts: &[Part], out: &mut Diagnostics) {
    check_begin(fault, out);
    check_period(draft, fault, out);
    let rate = fault.rate.as_ref().map(|rate| (rate.span, rate.value.in_per_second()));
    let up = fault.up.as_ref().map(|up| (up.span, 1.0 / up.value.law().mean()));
    for (span, per_second) in rate.into_iter().chain(up) {
        if per_second > MOST_PER_SECOND {
            let message = format!(
                "a fault that comes {per_second}/s on average: at most {MOST_PER_SECOND}/s are \
                 simulated"
            );
            let help = "failures this frequent are a share of requests, not a fault: use \
                        `choose`, or `slow` with a `factor`";
            out.push(Diagnostic::new(Code::OutOfRange, span, message).help(help));
        }
    }
    harms::check(draft, fault, parts, out);
    harms::check_load(draft, fault, parts, out);
    if fault.how.value == How::Corrupt {
        return restores::check_fault(draft, fault, parts, out);
    }
    single_disks::belongs(draft, fault, out);
    if fault.how.value == How::DiskFailed {
        return single_disks::check_fault(draft, fault, parts, out);
    }
    if let Some(recorded) = &fault.recorded {
        return check_recorded(fault, recorded.span, out);
    }
    takes_time(fault.repair.as_ref(), "repair", "a part restarts by itself", out);
    if fault.how.value == How::CacheLost {
        let message = "a lost cache needs no repair: it fills again as it is used";
        inert_if(fault.repair.as_ref(), message, "remove it", out);
        inert_if(fault.lasts.as_ref(), message, "remove it", out);
        inert_if(fault.detected_by_people.as_ref(), message, "remove it", out);
        for part in parts.iter().filter(|part| !part.answers().remembers(draft, **part)) {
            let message = format!("`{}` has no cache to lose", part.name(draft));
            let help = "an object cache, an edge with `content`, a server or head whose `ram-cache` \
                        keeps a `content`, a virtual machine with a `page-cache`, or a database that \
                        is `cold` after a restart";
            inert(fault.how.span, message, help, out);
        }
        return;
    }
    if let Some(lasts) = &fault.lasts {
        if fault.at.is_none() {
            inert(lasts.span, "`lasts` goes with `at`", "use `repair`", out);
        }
        if lasts.value.is_zero() {
            let message = "the fault ends when it begins";
            out.push(Diagnostic::new(Code::EndBeforeStart, lasts.span, message));
        }
        if let Some(repair) = &fault.repair {
            exclude(repair.span, lasts.span, "its end is given twice", out);
        }
    } else if fault.repair.is_none() {
        let without = parts.iter().find(|part| !part.answers().life(draft, **part).restarts());
        if let Some(part) = without {
            let why = format!("`{}` does not restart by itself", part.name(draft));
            missing(fault.span, "repair", &why, out);
        }
    }
}

/// Checks a fault whose begins and ends are recorded.
fn check_recorded(fault: &FaultSpec, recorded: Span, out: &mut Diagnostics) {
    let ends = [
        fault.repair.as_ref().map(|key| key.span),
        fault.lasts.as_ref().map(|key| key.span),
        fault.detected_by_people.as_ref().map(|key| key.span),
    ];
    for key in ends.into_iter().flatten() {
        exclude(key, recorded, "the recording has the end of each failure", out);
    }
    if let Some(cause) = &fault.common_cause {
        let why = "failures at one time are recorded as such";
        exclude(cause.span, recorded, why, out);
    }
    if fault.together.value {
        let message = "the recording says which parts fail, and when";
        inert(fault.together.span, message, "remove `together`", out);
    }
    if fault.how.value == How::CacheLost {
        let message = "a lost cache has no end to record";
        let help = "set how = \"crash\", or give `rate` or `at` instead of `recorded`";
        inert(fault.how.span, message, help, out);
    }
}

/// Checks that there is a repair that the crew of a fault can do.
fn check_crew(fault: &FaultSpec, out: &mut Diagnostics) {
    let Some(crew) = &fault.crew else { return };
    if let Some(recorded) = &fault.recorded {
        exclude(crew.span, recorded.span, "the recording has the end of each failure", out);
    } else if let Some(lasts) = &fault.lasts {
        exclude(crew.span, lasts.span, "the failure ends without a repair", out);
    } else if fault.repair.is_none() && fault.how.value == How::DiskFailed {
        let message = "without `repair` a spare stands in at once: no crew has work";
        let help = "give `repair`, the time that the crew takes to put in a new disk";
        inert(crew.span, message, help, out);
    } else if fault.repair.is_none() {
        let message = "a part that restarts by itself needs no crew";
        inert(crew.span, message, "give the `repair` that the crew does, or remove `crew`", out);
    }
}

fn check_group(fault: &FaultSpec, out: &mut Diagnostics) {
    let Some(cause) = &fault.common_cause else { return };
    let message = if fault.together.value {
        "one event takes all of them already"
    } else if cause.beta.value.get() <= 0.0 {
        "a share of 0 of the failures comes from a common cause"
    } else {
        return;
    };
    inert(cause.beta.span, message, "leave `common-cause` out", out);
}

/// Resolves `after` references, and reports faults that follow each other in a cycle.
fn after_each_other(draft: &Draft, out: &mut Diagnostics) {
    let faults = &draft.scenario.fault;
    let mut follows: Vec<Option<usize>> = Vec::new();
    for (_, fault) in faults.iter() {
        let named = fault.after.as_ref().map(|after| &after.fault);
        let found = named.and_then(|name| find_named(faults, name, name.span, "fault", out));
        follows.push(found);
    }
    let mut done = vec![false; faults.len()];
    for start in 0..faults.len() {
        let mut path = vec![start];
        while let Some(next) = follows[path[path.len() - 1]].filter(|next| !done[*next]) {
            if let Some(at) = path.iter().position(|fault| *fault == next) {
                let names = path[at..].iter().chain([&next]).map(|fault| &*faults[*fault].0);
                let round: Vec<&str> = names.collect();
                let after = faults[path[at]].1.after.as_ref();
                let span = after.map_or_else(Span::default, |after| after.fault.span);
                let message =
                    format!("faults follow each other in a circle: {}", round.join(" → "));
                let help = "one of them must begin by itself";
                out.push(Diagnostic::new(Code::SelfReference, span, message).help(help));
                break;
            }
            path.push(next);
        }
        path.into_iter().for_each(|fault| done[fault] = true);
    }
}

fn overlaps(draft: &Draft, scheduled: BTreeMap<Part, Vec<Scheduled>>, out: &mut Diagnostics) {
    let mut reported: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (part, mut list) in scheduled {
        list.sort_by_key(|one| (one.begins, one.fault));
        for pair in list.windows(2) {
            let (first, second) = (&pair[0], &pair[1]);
            let both = (first.fault.min(second.fault), first.fault.max(second.fault));
            if second.begins >= first.ends || !reported.insert(both) {
                continue;
            }
            let name = |one: &Scheduled| &draft.scenario.fault[one.fault].0;
            let message = format!(
                "`{}` ({} to {}) and `{}` ({} to {}) overlap on `{}`",
                name(first),
                first.begins,
                first.ends,
                name(second),
                second.begins,
                second.ends,
                part.name(draft)
            );
            out.push(
                Diagnostic::new(Code::Overlap, second.span, message)
                    .related(first.span, "the first")
                    .help("let the second begin when the first is over"),
            );
        }
    }
}
