//! Consistency of a scenario as a whole; all errors are reported at once.
//!
//! Takes a draft whose references are resolved; reports with a code, a place and a suggestion.
//! Limits of a form are checked when it is read, references between components in
//! [`links`](crate::plan::links), the keys of a section by its kind
//! ([`Checks`](crate::plan::kind::checks::Checks)). This module checks runs, traffic, classes, faults and unused
//! entries. A key without effect is no error if it only restates its default.

mod cost;
mod endless;
mod faults;
mod harms;
mod late;
mod links;
mod places;
mod power;
mod restores;
mod routes;
mod runs;
mod single_disks;
mod unused;
mod wrong;

use crate::model::spec::probe::CheckSpec;
use crate::plan::Draft;
use crate::plan::kind;
use crate::plan::part::Part;
use crate::plan::simulatable;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::law::LawSpec;
use crate::scenario::names::Name;
use crate::scenario::source::Span;
use crate::scenario::value::Spanned;
use crate::units::SimDuration;

/// Checks a draft.
pub fn check(draft: &Draft, out: &mut Diagnostics) {
    runs::check(draft, out);
    kind::all().for_each(|kind| kind.check(draft, out));
    routes::check(draft, out);
    faults::check(draft, out);
    cost::check(draft, out);
    power::check(draft, out);
    links::check(draft, out);
    places::check(draft, out);
    if draft.scenario.run.horizon.is_some() {
        simulatable::check_years(draft, out);
    }
    // A misspelt name leaves its target unused: reported only if all names were resolved.
    if !out.has_errors() {
        unused::check(draft, out);
        endless::check(draft, out);
    }
}

pub(crate) use runs::start as week_start;

/// Reports that a key is given but has no effect.
pub(crate) fn inert(span: Span, message: impl Into<String>, help: &str, out: &mut Diagnostics) {
    out.push(Diagnostic::new(Code::NoEffect, span, message).help(help));
}

/// Reports that `key` has no effect, if it is given.
pub(crate) fn inert_if<T>(
    key: Option<&Spanned<T>>,
    message: &str,
    help: &str,
    out: &mut Diagnostics,
) {
    if let Some(key) = key {
        inert(key.span, message, help, out);
    }
}

/// Reports the law of a repair that takes no time: the fault would end when it begins.
pub(crate) fn no_time(
    law: &Spanned<LawSpec<SimDuration>>,
    key: &str,
    way: &str,
    out: &mut Diagnostics,
) {
    if law.value.law().mean() <= 0.0 {
        let message = format!("`{key}` takes no time: the fault would end when it begins");
        let help = format!("give the time that a repair takes; {way}");
        out.push(Diagnostic::new(Code::EndBeforeStart, law.span, message).help(help));
    }
}

/// Reports the same of an optional key; `without` describes the behaviour without it.
pub(crate) fn takes_time(
    law: Option<&Spanned<LawSpec<SimDuration>>>,
    key: &str,
    without: &str,
    out: &mut Diagnostics,
) {
    if let Some(law) = law {
        no_time(law, key, &format!("without `{key}` {without}"), out);
    }
}

/// Reports that `key` is required at `span`, with an example of it.
pub(crate) fn missing(span: Span, key: &str, why: &str, out: &mut Diagnostics) {
    let example = EXAMPLES.iter().find(|(of, _)| *of == key).map(|(_, value)| *value);
    missing_as(span, (key, example), why, out);
}

/// Reports that a key is required at `span`; `key` has an example of its value.
pub(crate) fn missing_as(
    span: Span,
    (key, example): (&str, Option<&str>),
    why: &str,
    out: &mut Diagnostics,
) {
    if out.is_meant(span, key) {
        return;
    }
    let message = format!("required key `{key}` is missing: {why}");
    let found = Diagnostic::new(Code::MissingKey, span, message).key(key);
    out.push(match example {
        Some(value) => found.help(format!("for example `{key} = {value}`")),
        None => found,
    });
}

/// An example of each key that is required beside others. Names of components are written `NAME`.
const EXAMPLES: &[(&str, &str)] = &[
    ("after", "\"5min\""),
    ("at", "\"10min\""),
    ("bandwidth", "\"100MB/s\""),
    ("before", "\"1min\""),
    ("cores", "4"),
    ("count", "\"requests\""),
    ("enter", "\"NAME\""),
    ("dirty-max", "\"1GiB\""),
    ("every", "\"1min\""),
    ("factor", "3.0"),
    ("factors", "[0.5, 2.0]"),
    ("failover", "{ detect = \"10s\", takeover = \"20s\" }"),
    ("gaps", "{ dist = \"gamma\", mean = \"1s\", cv = 2.0 }"),
    ("hit", "0.9"),
    ("horizon", "\"10y\""),
    (
        "hours",
        "[0.7, 0.6, 0.5, 0.5, 0.4, 0.4, 0.5, 0.7, 1.0, 1.2, 1.3, 1.4, 1.5, 1.5, 1.6, 1.5, 1.5, 1.3, 1.1, 1.0, 1.0, 1.0, 1.0, 0.8]",
    ),
    ("lasts", "\"10min\""),
    ("length", "\"10min\""),
    ("look-up", "\"0.1ms\""),
    ("memory", "\"8GiB\""),
    ("objects", "10000"),
    ("of", "\"NAME\""),
    ("opens", "0.05"),
    ("popularity", "{ NAME = { zipf = 0.8, objects = 100000 } }"),
    ("primary", "\"NAME\""),
    ("rate", "\"20/s\""),
    ("read", "6"),
    ("repair", "{ dist = \"lognormal\", mean = \"4h\", cv = 1.0 }"),
    ("replication", "{ mode = \"async\", receive = \"1ms\" }"),
    ("service", "{ dist = \"exponential\", mean = \"10ms\" }"),
    ("size", "\"2kB\""),
    ("sojourns", "[\"2min\", \"1min\"]"),
    ("think", "{ dist = \"lognormal\", mean = \"30s\", cv = 1.5 }"),
    ("time", "\"time\""),
    ("transactions", "{}"),
    ("ttl", "\"5min\""),
    ("when-full", "\"reject\""),
];

/// Reports two keys that exclude each other.
pub(crate) fn exclude(second: Span, first: Span, message: &str, out: &mut Diagnostics) {
    out.push(
        Diagnostic::new(Code::KeysExclude, second, message)
            .related(first, "the other")
            .help("keep one"),
    );
}

/// Reports a time-out that ends before the answer of a probe can have crossed `link`, which takes `there_and_back`.
pub(crate) fn far_probe(
    draft: &Draft,
    time_out: &Spanned<SimDuration>,
    (link, there_and_back): (Part, SimDuration),
    out: &mut Diagnostics,
) {
    if there_and_back <= time_out.value {
        return;
    }
    let message = format!(
        "an answer over the link `{}` takes {there_and_back}: every probe over it fails",
        link.name(draft)
    );
    let wrong = Diagnostic::new(Code::OutOfRange, time_out.span, message);
    out.push(wrong.help(format!("{there_and_back} or more")));
}

/// Reports probes that may take longer than the time to the next.
pub(crate) fn slow_probes<'d>(checks: impl Iterator<Item = &'d CheckSpec>, out: &mut Diagnostics) {
    for check in checks.filter(|check| check.time_out.value > check.interval.value) {
        let message = format!(
            "a probe may take {}, but the next is sent after {}",
            check.time_out.value, check.interval.value
        );
        out.push(
            Diagnostic::new(Code::TimeOuts, check.time_out.span, message)
                .related(check.interval.span, "the interval"),
        );
    }
}

/// Reports `needs` above the number of members.
pub(crate) fn quorum(
    needs: &Spanned<u32>,
    name: &Name,
    of: u32,
    what: &str,
    out: &mut Diagnostics,
) {
    if of > 0 && needs.value > of {
        let message = format!("`{name}` needs {} of {of} {what}", needs.value);
        let help = format!("at most {of} can be up");
        out.push(Diagnostic::new(Code::Quorum, needs.span, message).help(help));
    }
}
