//! Closed users who would ask without end at one instant.
//!
//! Model: a user asks, and asks again `think` after the answer or the error. If `think` is 0, simulated time moves only while
//! the request is under way or its clients wait for a retry. It does not move while a request is refused at once, by a
//! component that is gone or by a queue that is full, nor if all steps of the class take no time.
//!
//! Holds: with `think` above 0, or a `retry` whose `after` is above 0, every cycle of a user takes time, or does so with a
//! probability above 0. Other sources cannot loop: arrivals take time, and retries, repetitions and parts are bounded.
//! Input: a draft whose references are resolved. Output: a diagnostic at `think`.

use crate::kinds::service::spec::Workers;
use crate::kinds::zone::vm;
use crate::model::spec::how::How;
use crate::model::spec::runs::{FaultSpec, OperationSpec};
use crate::model::spec::traffic::WorkloadSpec;
use crate::plan::Draft;
use crate::plan::load::closed::takes_no_time;
use crate::plan::part::Part;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::law::LawSpec;
use crate::scenario::source::Span;
use crate::scenario::value::Spanned;
use crate::units::SimDuration;

const FIX: &str =
    "give a `think` above 0, say \"1ms\", or their clients a `retry` with an `after` above 0";

pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
    for ((_, spec), class) in draft.scenario.workload.iter().zip(&draft.links.classes) {
        let (Some(_), Some(think), Some(class)) = (&spec.users, &spec.think, *class) else {
            continue;
        };
        if !is_zero(think) {
            continue;
        }
        let clients = spec.from.as_ref().and_then(|from| draft.scenario.clients.get(&from.text));
        let round_trip = clients.and_then(|clients| clients.round_trip.as_ref());
        if round_trip.is_none_or(is_zero) && takes_no_time(draft, class) {
            let message =
                "users who think for no time ask for a page that takes no time, without end";
            let help = "give a `think` above 0, or the class a step that takes time";
            out.push(Diagnostic::new(Code::OutOfRange, think.span, message).help(help));
            continue;
        }
        let retry = clients.and_then(|clients| clients.retry.as_ref());
        if retry.is_some_and(|retry| retry.probability.value.get() > 0.0 && !is_zero(&retry.after))
        {
            continue;
        }
        if let Some((span, what)) = gone(draft).or_else(|| full(draft)) {
            let message =
                "users who think for no time ask again at the instant of an error, without end";
            let refused = Diagnostic::new(Code::OutOfRange, think.span, message);
            out.push(refused.related(span, what).help(FIX));
        }
    }
}

fn is_zero(law: &Spanned<LawSpec<SimDuration>>) -> bool {
    law.value.law().mean() <= 0.0
}

/// Returns the place of something by which a component is gone for a time.
fn gone(draft: &Draft) -> Option<(Span, &'static str)> {
    let scenario = &draft.scenario;
    let fault = scenario.fault.iter().find(|(_, spec)| refuses_at_once(draft, spec));
    let fault = fault.map(|(name, _)| (name.span, "a failure, during which requests are refused"));
    let out = |spec: &OperationSpec| spec.takes_out() || vm::is_rebooted(draft, spec);
    let mut operations = scenario.operation.iter().filter(|(_, spec)| out(spec));
    let work = || {
        let what = "work during which requests are refused";
        operations.next().map(|(name, _)| (name.span, what))
    };
    let mut windows = scenario.window.iter().filter_map(|(_, window)| window.before.as_ref());
    let broken =
        || windows.next().map(|at| (at.span, "a break, during which requests are refused"));
    fault.or_else(work).or_else(broken)
}

/// Returns whether requests are refused at once during a fault: by what has crashed, or by what knows of a part that does not
/// answer. An operation at a disk follows the work of its request, which takes time.
fn refuses_at_once(draft: &Draft, spec: &FaultSpec) -> bool {
    let scenario = &draft.scenario;
    let is_known = scenario.balancer.iter().any(|(_, spec)| spec.check.is_some())
        || scenario.name_service.iter().any(|(_, spec)| spec.check.is_some())
        || !scenario.database.is_empty();
    match spec.how.value {
        How::Slow | How::CacheLost | How::CoresLost | How::Lossy => false,
        How::Hang | How::Pause | How::Partitioned | How::Delayed | How::OneWay => is_known,
        How::Crash | How::Lost | How::DiskFailed | How::DiskFull | How::Corrupt => {
            let mut parts = draft.targets.hit(spec).into_iter();
            // A host that is gone is silent; while its processes start again, it refuses what comes for them.
            let starts = scenario.service.iter().any(|(_, spec)| spec.restart.is_some());
            is_known
                || parts.any(|part| match part {
                    Part::Server(_) | Part::Zone { .. } => starts,
                    Part::Disks { .. } => false,
                    _ => true,
                })
        }
    }
}

/// Returns the place of a bound on requests that the users may exceed.
fn full(draft: &Draft) -> Option<(Span, &'static str)> {
    let scenario = &draft.scenario;
    // Requests of other sources may fill any queue.
    let users = |spec: &WorkloadSpec| spec.users.as_ref().map(|users| u64::from(users.value));
    let all: Option<Vec<u64>> = scenario.workload.iter().map(|(_, spec)| users(spec)).collect();
    let most = all.map_or(u64::MAX, |all| all.iter().sum());
    let what = "a bound, beyond which requests are refused";
    let service = scenario.service.iter().find_map(|(_, spec)| {
        let (Workers::Count(workers), Some(backlog)) = (spec.workers.value, &spec.backlog) else {
            return None;
        };
        (u64::from(workers) + u64::from(backlog.value) < most).then_some(backlog.span)
    });
    let station = || {
        let limits = scenario.station.iter().filter_map(|(_, spec)| spec.limit.as_ref());
        limits.filter(|limit| u64::from(limit.value) < most).map(|limit| limit.span).next()
    };
    let balancer = || {
        scenario.balancer.iter().find_map(|(_, spec)| {
            let queue = spec.queue_limit.as_ref();
            let backlog = spec.backlog.as_ref().filter(|_| spec.limit.is_some());
            backlog.or(queue).filter(|bound| u64::from(bound.value) < most).map(|bound| bound.span)
        })
    };
    let queue = || {
        scenario.queue.iter().find_map(|(_, spec)| {
            let count = spec.limit.as_ref().filter(|limit| u64::from(limit.value) < most);
            count.map(|limit| limit.span).or(spec.limit_bytes.as_ref().map(|limit| limit.span))
        })
    };
    let found = service.or_else(station).or_else(balancer).or_else(queue);
    found.map(|span| (span, what))
}
