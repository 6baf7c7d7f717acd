//! Run, windows, workloads, profiles, clients, operations: keys that require or exclude each other.

use std::collections::BTreeSet;

use crate::convert::place;
use crate::kinds::client::spec::ClientsSpec;
use crate::kinds::scaler::moves;
use crate::kinds::zone::{caps, memory, overlap, vm};
use crate::model::spec::runs::{Does, Level, OperationSpec, WindowSpec};
use crate::model::spec::traffic::{
    ArrivalsSpec, Moment, ProcessWord, ProfileSpec, TimeUnit, TraceFormat, WeekMoment, WorkloadSpec,
};
use crate::plan::Draft;
use crate::plan::checks::late::{after_horizon, after_windows};
use crate::plan::checks::restores;
use crate::plan::checks::{exclude, inert, inert_if, missing, missing_as, wrong};
use crate::plan::load;
use crate::plan::names::{Kind, member_name};
use crate::plan::part::Part;
use crate::plan::placement::ServerId;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;
use crate::units::{Bytes, SimDuration};
use crate::workload::rate::Profile;

/// Largest mean number of pages of a session: the longest session sampled then has fewer than 2¹⁶ pages.
const MOST_PAGES: f64 = 1_000.0;

pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
    let scenario = &draft.scenario;
    let is_meant = ["run", "window"].iter().any(|section| out.is_section_meant(section));
    let has_window = !scenario.window.is_empty() || !scenario.window.failed.is_empty();
    if scenario.run.horizon.is_none() && !has_window && !is_meant {
        let why = "a `horizon` or a window gives the length of the run";
        missing(scenario.run.span, "horizon", why, out);
    }
    for (name, window) in scenario.window.iter() {
        check_window_name(name, out);
        check_window(draft, window, out);
    }
    for (_, profile) in scenario.profile.iter() {
        check_profile(profile, out);
    }
    for (name, clients) in scenario.clients.iter() {
        check_clients(clients, out);
        check_connections(draft, (name, clients), out);
    }
    for ((name, workload), fixed) in scenario.workload.iter().zip(load::fixed_by_levels(draft)) {
        check_workload(draft, workload, out);
        check_is_played(draft, (name, fixed), workload, out);
    }
    for (name, operation) in scenario.operation.iter() {
        check_operation(draft, operation, out);
        wrong::check(draft, name, operation, out);
    }
    overlap::check(draft, out);
}

/// Returns the weekday and time of time zero.
pub(crate) fn start(draft: &Draft) -> WeekMoment {
    let monday = WeekMoment { weekday: 0, time: SimDuration::ZERO };
    draft.scenario.run.start.as_ref().map_or(monday, |start| start.value)
}

/// Words behind the `@` of a figure that mean the long horizon.
const OF_YEARS: [&str; 3] = ["horizon", "month", "year"];

fn check_window_name(name: &Name, out: &mut Diagnostics) {
    if OF_YEARS.contains(&name.text.as_str()) {
        let message =
            format!("no window is called `{0}`: in a figure `@{0}` means the years", name.text);
        let help = format!("call it `{}-window`, say", name.text);
        out.push(Diagnostic::new(Code::NameReserved, name.span, message).help(help));
    }
}

fn check_window(draft: &Draft, window: &WindowSpec, out: &mut Diagnostics) {
    let around = window.before.as_ref().map(|w| w.span).or(window.after.as_ref().map(|w| w.span));
    match (&window.length, around) {
        (None, None) => missing(window.span, "length", "or `before` and `after` a fault", out),
        (Some(length), Some(around)) => {
            exclude(around, length.span, "a window has a length, or lies around a fault", out);
        }
        (Some(_), None) => {}
        (None, Some(around)) => {
            for (key, given) in [("before", &window.before), ("after", &window.after)] {
                if given.is_none() {
                    missing(window.span, key, "around a fault takes both", out);
                }
            }
            // A fault with a mistake of its own is reported there.
            if draft.scenario.fault.is_empty() && !out.has_errors() {
                let message = "no fault is declared for this window to lie around";
                inert(around, message, "give it a `length`, or declare a `[fault.name]`", out);
            }
        }
    }
    check_level(draft, window, out);
    if let Some(at) = &window.at {
        after_horizon(draft, at.value.after_zero(start(draft)), at.span, out);
    }
}

/// Reports a level that is a multiple of the rate of a recording, which has none.
fn check_level(draft: &Draft, window: &WindowSpec, out: &mut Diagnostics) {
    let Some(level) = window.level.as_ref().filter(|l| matches!(l.value, Level::Times(_))) else {
        return;
    };
    let workloads = draft.scenario.workload.iter().zip(load::fixed_by_levels(draft));
    for ((name, spec), _) in workloads.filter(|(_, fixed)| *fixed) {
        let Some(trace) = &spec.trace else { continue };
        let message = format!("`{name}` is recorded: there is no `rate` to take a multiple of");
        out.push(
            Diagnostic::new(Code::KeysExclude, level.span, message)
                .related(trace.span, "the recorded traffic")
                .help("leave `level` out to play the recording, or write it as a rate, \"40/s\""),
        );
    }
}

/// Reports a recording that is never played because every window fixes its rate.
fn check_is_played(
    draft: &Draft,
    (name, fixed): (&Name, bool),
    workload: &WorkloadSpec,
    out: &mut Diagnostics,
) {
    let Some(trace) = workload.trace.as_ref().filter(|_| fixed) else { return };
    let windows = &draft.scenario.window;
    let levels = || windows.iter().filter_map(|(_, window)| window.level.as_ref());
    if windows.is_empty() || levels().count() < windows.len() {
        return;
    }
    let message =
        format!("`{name}` is never played: every window has a `level`, which replaces recordings");
    let mut diagnostic = Diagnostic::new(Code::NoEffect, trace.span, message);
    if let Some(level) = levels().next() {
        diagnostic = diagnostic.related(level.span, "the level of a window");
    }
    let help = "leave `level` out of the windows that are to play it; `at` is where they begin";
    out.push(diagnostic.help(help));
}

fn check_profile(profile: &ProfileSpec, out: &mut Diagnostics) {
    let lists = [("hours", &profile.hours, 24), ("days", &profile.days, 7)];
    if profile.sine.is_none() && lists.iter().all(|(_, list, _)| list.is_none()) {
        missing(profile.span, "hours", "or `days`, or `sine`", out);
    }
    if let Some(period) = profile.sine.as_ref().map(|sine| &sine.period)
        && let Err(error) = Profile::sine(0.0, SimDuration::ZERO, period.value)
    {
        out.push(Diagnostic::new(Code::OutOfRange, period.span, error.to_string()));
    }
    for (key, list, length) in lists {
        let Some(list) = list else { continue };
        if let Some(sine) = &profile.sine {
            exclude(
                list.span,
                sine.span,
                "a profile is a sine, or factors by the hour and day",
                out,
            );
        }
        if list.len() != length {
            let message = format!("`{key}` has {} factors, must have {length}", list.len());
            out.push(Diagnostic::new(Code::OutOfRange, list.span, message));
        }
        if list.iter().any(|factor| *factor < 0.0) {
            let message = format!("a factor of `{key}` is below 0");
            out.push(Diagnostic::new(Code::OutOfRange, list.span, message));
        } else if list.iter().all(|factor| *factor <= 0.0) {
            let message = format!("all factors of `{key}` are 0: at least one must be above 0");
            out.push(Diagnostic::new(Code::OutOfRange, list.span, message));
        }
    }
}

/// Reports a number of parallel requests of browsers that send one at a time.
fn check_connections(draft: &Draft, (name, clients): (&Name, &ClientsSpec), out: &mut Diagnostics) {
    let fetches = |workload: &WorkloadSpec| {
        let class = draft.scenario.request.place(&workload.request.text);
        class.is_some_and(|class| draft.links.thens[class].is_some())
    };
    let of_clients = |workload: &&(Name, WorkloadSpec)| {
        workload.1.from.as_ref().is_some_and(|from| from.text == name.text)
    };
    let mut workloads = draft.scenario.workload.iter().filter(of_clients).peekable();
    if !clients.connections.given
        || workloads.peek().is_none()
        || workloads.any(|(_, workload)| fetches(workload))
    {
        return;
    }
    let message =
        format!("no page of `{name}` fetches anything: each browser has one request at a time");
    let help = "give a request a `then`, or remove `connections`";
    inert(clients.connections.span, message, help, out);
}

fn check_clients(clients: &ClientsSpec, out: &mut Diagnostics) {
    if let Some(session) = &clients.session
        && session.pages.law().mean() > MOST_PAGES
    {
        let message = format!(
            "a session has {} pages on average, at most {MOST_PAGES}",
            session.pages.law().mean()
        );
        out.push(Diagnostic::new(Code::OutOfRange, session.pages.span, message));
    }
    if let Some(session) = &clients.session
        && !matches!(session.pages.dist, "geometric" | "constant")
    {
        let dist = session.pages.dist;
        let message = format!("the number of pages is geometric: of `{dist}` only the mean counts");
        inert(session.pages.span, message, "write { dist = \"geometric\", mean = … }", out);
    }
    let Some(retry) = &clients.retry else { return };
    if retry.probability.value.get() <= 0.0 {
        let message = "`after` and `max-retries` have no effect: the retry probability is 0";
        inert(
            retry.probability.span,
            message,
            "give a probability above 0, or leave `retry` out",
            out,
        );
    }
}

fn check_workload(draft: &Draft, workload: &WorkloadSpec, out: &mut Diagnostics) {
    let sources = [
        workload.rate.as_ref().map(|rate| rate.span),
        workload.users.as_ref().map(|users| users.span),
        workload.trace.as_ref().map(|trace| trace.span),
    ];
    let mut given = sources.into_iter().flatten();
    match (given.next(), given.next()) {
        (None, _) => missing(workload.span, "rate", "or `users`, or a `trace`", out),
        (Some(first), Some(second)) => {
            let message = match (&workload.trace, &workload.users) {
                (Some(_), _) => "recorded traffic has its own rate",
                _ => "users who wait for their answers make their own rate",
            };
            exclude(first, second, message, out);
        }
        _ => {}
    }
    check_users(draft, workload, out);
    check_then(draft, workload, out);
    check_surges(draft, workload, out);
    if let Some(trace) = &workload.trace {
        let message = "recorded traffic has its own variation";
        inert_if(workload.profile.as_ref(), message, "remove it, or the trace", out);
        inert_if(workload.noise.as_ref(), message, "remove it, or the trace", out);
        let spec = &trace.value;
        let rows = spec.time_unit.as_ref().filter(|unit| unit.value == TimeUnit::Row);
        let columns = [
            ("time", spec.time.as_ref().map(|key| key.span)),
            ("count", spec.count.as_ref().or(spec.rate.as_ref()).map(|key| key.span)),
            ("every", spec.every.as_ref().map(|key| key.span)),
            ("time-unit", spec.time_unit.as_ref().map(|key| key.span)),
        ];
        if let (Some(_), Some(rate)) = (&spec.count, &spec.rate) {
            inert(rate.span, "`count` has the requests already", "remove one of them", out);
        }
        for (key, span) in columns {
            match (spec.format.value, span) {
                (TraceFormat::Csv | TraceFormat::Parquet, Some(span))
                    if key == "time" && rows.is_some() =>
                {
                    let message = "each row begins where the row before ends";
                    inert(span, message, "remove it, or `time-unit = \"row\"`", out);
                }
                (TraceFormat::Csv | TraceFormat::Parquet, None)
                    if key != "time-unit" && (key != "time" || rows.is_none()) =>
                {
                    missing(spec.span, key, "of a table of counts", out);
                }
                (TraceFormat::CommonLog | TraceFormat::CombinedLog, Some(span)) => {
                    inert(span, "an access log has its own times", "remove it", out);
                }
                (TraceFormat::Prometheus, Some(span)) if key != "every" => {
                    inert(span, "a range query has its own times", "remove it", out);
                }
                _ => {}
            }
        }
    } else {
        let message = "there is no trace to scale";
        inert_if(workload.scale.as_ref(), message, "change `rate`", out);
    }
    check_arrivals(&workload.arrivals.value, out);
}

/// Reports a class with `then` that is requested without clients: only clients fetch what follows.
fn check_then(draft: &Draft, workload: &WorkloadSpec, out: &mut Diagnostics) {
    let class = &workload.request;
    let then = draft.scenario.request.get(&class.value).and_then(|spec| spec.then.as_ref());
    if workload.from.is_none()
        && let Some(then) = then
    {
        let message = format!("no client fetches `{}` after `{}`", then.request.value, class.value);
        out.push(
            Diagnostic::new(Code::NoEffect, class.span, message)
                .related(then.span, "what follows")
                .help("give the clients by `from`, or request a class without `then`"),
        );
    }
}

fn check_users(draft: &Draft, workload: &WorkloadSpec, out: &mut Diagnostics) {
    let Some(users) = &workload.users else {
        let message = "only `users` think between an answer and the next page";
        return inert_if(workload.think.as_ref(), message, "remove it", out);
    };
    if workload.think.is_none() {
        missing(workload.span, "think", "how long a user thinks before the next page", out);
    }
    let message = "users who wait for their answers make their own rate";
    inert_if(workload.profile.as_ref(), message, "remove it", out);
    inert_if(workload.noise.as_ref(), message, "remove it", out);
    if workload.arrivals.process.value != ProcessWord::Poisson {
        inert(workload.arrivals.span, message, "remove it", out);
    }
    let from = workload.from.as_ref();
    let clients = from.and_then(|from| draft.scenario.clients.get(&from.text));
    if let Some(session) = clients.and_then(|clients| clients.session.as_ref()) {
        let message = "closed users do not leave: they think and ask again";
        out.push(
            Diagnostic::new(Code::NoEffect, session.span, message)
                .related(users.span, "the users")
                .help("leave `session` out, or give these users clients of their own"),
        );
    }
}

fn check_surges(draft: &Draft, workload: &WorkloadSpec, out: &mut Diagnostics) {
    let (flash, steps) = (&workload.flash, &workload.step);
    let spans = [flash.as_ref().map(|key| key.span), steps.as_ref().map(|key| key.span)];
    let windows = &draft.scenario.window;
    let fixed = !windows.is_empty()
        && draft.scenario.run.horizon.is_none()
        && windows.iter().all(|(_, window)| window.level.is_some());
    let why = match (&workload.rate, fixed) {
        (None, _) => Some("only a `rate` has flash crowds and steps"),
        (_, true) => Some("every window fixes the rate: flash crowds and steps are off"),
        _ => None,
    };
    if let Some(why) = why {
        spans.into_iter().flatten().for_each(|span| inert(span, why, "remove it", out));
        return;
    }
    if let Some(flash) = flash {
        match (&flash.at, &flash.rate) {
            (None, None) => missing(flash.span, "at", "when it comes, or a `rate`", out),
            (Some(at), Some(rate)) => {
                exclude(rate.span, at.span, "a flash comes once or again and again", out);
            }
            (Some(at), None) => {
                after_horizon(draft, at.value.after_zero(start(draft)), at.span, out);
            }
            (None, Some(_)) => {}
        }
        let lengths = [&flash.ramp, &flash.plateau, &flash.decay];
        if lengths.iter().all(|length| length.value.is_zero()) {
            inert(flash.span, "this flash has no length", "give it a `plateau`", out);
        }
    }
    for step in steps.iter().flat_map(|steps| steps.iter()) {
        after_horizon(draft, step.at.value.after_zero(start(draft)), step.at.span, out);
        let nothing = step.for_.as_ref().is_some_and(|time| time.value.is_zero());
        if step.factor.value == 1.0 || nothing {
            inert(step.factor.span, "this step changes nothing", "remove it", out);
        }
    }
}

fn check_arrivals(arrivals: &ArrivalsSpec, out: &mut Diagnostics) {
    let process = arrivals.process.value;
    let of = |word: &str| format!("only the process \"{word}\" reads this");
    let help = format!("the process is \"{}\"", process.word());
    if process == ProcessWord::Renewal {
        if arrivals.gaps.is_none() {
            missing(arrivals.span, "gaps", "the law of the gaps", out);
        }
    } else {
        inert_if(arrivals.gaps.as_ref(), &of("renewal"), &help, out);
    }
    if process != ProcessWord::Mmpp {
        inert_if(arrivals.factors.as_ref(), &of("mmpp"), &help, out);
        inert_if(arrivals.sojourns.as_ref(), &of("mmpp"), &help, out);
        return;
    }
    let (Some(factors), Some(sojourns)) = (&arrivals.factors, &arrivals.sojourns) else {
        for (key, given) in
            [("factors", arrivals.factors.is_some()), ("sojourns", arrivals.sojourns.is_some())]
        {
            if !given {
                missing(arrivals.span, key, "one for each state", out);
            }
        }
        return;
    };
    let (count, times) = (factors.len(), sojourns.len());
    if count != times || count < 2 {
        let message =
            format!("{count} factors and {times} sojourns: one of each for 2 states or more");
        out.push(
            Diagnostic::new(Code::OutOfRange, sojourns.span, message)
                .related(factors.span, "the factors"),
        );
        return;
    }
    let bad_factor = factors.iter().any(|factor| *factor < 0.0);
    if bad_factor || sojourns.iter().any(|time| time.is_zero()) {
        let message = "factors are at least 0, sojourns above 0";
        out.push(Diagnostic::new(Code::OutOfRange, factors.span, message));
        return;
    }
    let all: f64 = sojourns.iter().map(|time| time.seconds()).sum();
    let weighted = factors.iter().zip(sojourns.iter()).map(|(f, time)| f * time.seconds());
    let mean = weighted.sum::<f64>() / all;
    if (mean - 1.0).abs() > 1e-3 {
        let message = format!("the factors average {mean:.4} over the sojourns, must be 1");
        let help = "`rate` is the mean: divide all factors by their average";
        out.push(Diagnostic::new(Code::Sum, factors.span, message).help(help));
    }
}

fn check_operation(draft: &Draft, operation: &OperationSpec, out: &mut Diagnostics) {
    let resize = operation.does.as_ref().filter(|does| does.value == Does::Resize);
    if operation.does.is_none() && operation.load.is_empty() {
        let help = "give it a `load`, or an action by `does`";
        inert(operation.span, "this operation does nothing", help, out);
    }
    check_begin(draft, operation, out);
    for (key, _) in operation.load.iter() {
        let parts = draft.targets.parts(&key.text);
        let store = |part: &Part| matches!(part, Part::Disks { .. } | Part::Pool { .. });
        if !parts.is_empty() && !parts.iter().all(store) {
            let message =
                format!("`{}` has no disks: a pool or a set of disks is needed", key.text);
            out.push(Diagnostic::new(Code::WrongKind, key.span, message));
        }
    }
    let takes_out = operation.takes_out();
    let parts = if takes_out { draft.targets.operated(operation) } else { Vec::new() };
    match (&operation.lasts, &operation.every) {
        (None, _) if takes_out => {
            missing(operation.span, "lasts", "the time that each is out of service", out);
        }
        (None, _) if !operation.load.is_empty() => {
            missing(operation.span, "lasts", "the length of the load", out);
        }
        (Some(lasts), _) if takes_out && lasts.value.is_zero() => {
            let message = "it ends when it begins";
            out.push(Diagnostic::new(Code::EndBeforeStart, lasts.span, message));
        }
        (Some(lasts), Some(every)) => {
            let all = operation.all_turns(parts.len() as u64).unwrap_or(lasts.value);
            if all > every.period() {
                let message = format!("lasts {all} but comes each {}", every.value.word());
                out.push(Diagnostic::new(Code::TimesConflict, lasts.span, message));
            }
        }
        (Some(lasts), None)
            if operation.load.is_empty()
                && !takes_out
                && !operation.backs_up()
                && !operation.moves() =>
        {
            inert(lasts.span, "nothing here lasts for a time", "remove `lasts`", out);
        }
        _ => {}
    }
    if !operation.deploys() {
        let message = "only `deploy` takes parts out one after the other";
        inert_if(operation.pause.as_ref(), message, "remove it, or set does = \"deploy\"", out);
    }
    if operation.backs_up() {
        return restores::check_backup(draft, operation, out);
    }
    restores::check_no_backup(operation, out);
    if operation.moves() {
        return moves::check(draft, operation, out);
    }
    inert_if(operation.order.as_ref(), "only `move` reads this", "remove it", out);
    if resize.is_none() {
        inert_if(operation.cap.as_ref(), "only `resize` reads this", "remove it", out);
    }
    if takes_out {
        if operation.of.is_none() {
            missing(operation.span, "of", "the parts that are taken out of service", out);
        }
        for part in parts.iter().filter(|part| matches!(part, Part::Unit { .. })) {
            let span = operation.of.as_ref().map_or(operation.span, |of| of.span);
            let message = format!("`{}` fails by its own `up` alone", part.name(draft));
            out.push(Diagnostic::new(Code::WrongKind, span, message));
        }
        inert_if(operation.memory.as_ref(), "only `resize` reads this", "remove it", out);
        return;
    }
    if resize.is_some() {
        if operation.memory.is_none() && operation.cap.is_none() {
            missing(operation.span, "memory", "the new size, or `cap`", out);
        }
        if operation.of.is_none() {
            missing(operation.span, "of", "which zones", out);
        }
    } else {
        inert_if(operation.memory.as_ref(), "only `resize` reads this", "remove it", out);
        inert_if(operation.of.as_ref(), "only an action by `does` reads this", "remove it", out);
    }
    let mut zones = true;
    for zone in operation.of.iter().flat_map(|of| of.value.iter()) {
        zones &= draft.names.resolve(&zone.text, zone.span, &[Kind::Zone], out).is_some();
    }
    if resize.is_some() && zones {
        check_resized(draft, operation, out);
        vm::check_resized(draft, operation, out);
        caps::check_resized(draft, operation, out);
        memory::check_resized(draft, operation, out);
    }
}

fn check_begin(draft: &Draft, operation: &OperationSpec, out: &mut Diagnostics) {
    match &operation.at {
        None => {
            let at = ("at", Some("\"Sun 03:00\""));
            missing_as(operation.span, at, "when it begins", out);
        }
        Some(at) => {
            if let (Moment::After(_), Some(every)) = (at.value, &operation.every) {
                let message = "a time since time zero comes once";
                exclude(every.span, at.span, message, out);
            }
            let first = at.value.after_zero(start(draft));
            if operation.every.is_none() {
                after_horizon(draft, first, at.span, out);
            }
            after_windows(draft, first, at.span, out);
        }
    }
}

/// Reports a `resize` after which the zones of a server exceed its memory.
fn check_resized(draft: &Draft, operation: &OperationSpec, out: &mut Diagnostics) {
    let Some(memory) = &operation.memory else { return };
    let resized = draft.targets.operated(operation);
    let servers: BTreeSet<ServerId> = resized
        .iter()
        .filter_map(|zone| match zone.stands_on(draft) {
            Some(Part::Server(id)) => Some(id),
            _ => None,
        })
        .collect();
    for id in servers {
        let (name, server) = &draft.scenario.server[id.group];
        let Some(all) = &server.memory else { continue };
        let mut held = server.ram_cache.as_ref().map_or(0, |cache| cache.value.count());
        for (zone, members) in draft.placed.zones.iter().enumerate() {
            for member in (0..members.len()).filter(|member| members[*member] == id) {
                let part = Part::Zone { zone, member: place(member) };
                let own = draft.scenario.zone[zone].1.memory.as_ref();
                let own = own.map_or(0, |own| own.value.count());
                let grown = || vm::held(draft, zone, memory.value).count();
                let now = if resized.contains(&part) { grown() } else { own };
                held = held.saturating_add(now);
            }
        }
        if held > all.value.count() {
            let name = member_name(name, id.member);
            let message =
                format!("`{name}` would have to hold {} in {}", Bytes::new(held), all.value);
            out.push(
                Diagnostic::new(Code::Capacity, memory.span, message)
                    .related(all.span, "its memory"),
            );
            return;
        }
    }
}
