//! Checks of the keys of a replication mode: each acts in some modes only.

use crate::kinds::database::spec::{
    DatabaseFailoverSpec, DatabaseSpec, ReadsTo, ReplicationMode, ReplicationSpec,
};
use crate::plan::checks::{exclude, inert, inert_if};
use crate::plan::hits::refuse;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;
use crate::scenario::value::Spanned;

/// Largest number of members of a group, as in MySQL Group Replication.
const MOST: usize = 9;

/// Checks the keys of replication, and who takes queries.
///
/// `empty` if the list of replicas is given and empty.
pub(super) fn check(
    name: &Name,
    spec: &DatabaseSpec,
    (replicas, empty): (usize, bool),
    out: &mut Diagnostics,
) {
    if let Some(rows) = &spec.write.rows {
        refuse(&format!("database `{name}`"), rows, out);
        if replicas == 0 && (!empty || spec.replication.is_none()) {
            let message =
                format!("`{name}` has no replica: rows are locked in a replicated database alone");
            inert(rows.span, message, "add `replicas`, or remove `rows`", out);
        }
    }
    let members = spec.writes.as_ref().filter(|_| spec.all_write());
    if let Some(writes) = members {
        let help = "set `mode` to \"two-phase\", \"three-phase\" or \"group\", or send writes to the primary";
        if replicas == 0 && !empty {
            let message = format!("`{name}` has no replica");
            inert(writes.to.span, message, "send writes to the primary", out);
        } else if spec.protocol().is_none() {
            let message = "members that take writes have to agree on them";
            let found = Diagnostic::new(Code::OutOfRange, writes.to.span, message);
            out.push(found.help(help));
        }
    }
    if let Some(through) =
        spec.reads.as_ref().filter(|_| spec.all_read()).and_then(|reads| reads.through.as_ref())
    {
        let message = "a balancer picks among replicas, not among all members";
        inert(through.span, message, "send reads to the replicas, or remove `through`", out);
    }
    if let Some(how) = spec.replication.as_ref().filter(|_| replicas > 0 || empty) {
        check_mode(spec, how, replicas, out);
    }
}

fn check_mode(spec: &DatabaseSpec, how: &ReplicationSpec, replicas: usize, out: &mut Diagnostics) {
    let mode = how.mode.value;
    let (agrees, sync) = (mode.protocol().is_some(), mode == ReplicationMode::Sync);
    let logs = "replicas receive writes by a log in this mode";
    if !agrees {
        let help = "set `mode` to \"two-phase\", \"three-phase\" or \"group\", or remove this";
        inert_if(how.suspect_after.as_ref(), logs, help, out);
        inert_if(how.attempts.as_ref(), logs, help, out);
    } else if spec.write.rows.is_none() {
        let message = "without `rows` no two writes conflict";
        inert_if(how.attempts.as_ref(), message, "add `rows` to `write`, or remove this", out);
    }
    if !sync {
        let message = "only a synchronous write waits for a number of replicas";
        inert_if(how.wait_for.as_ref(), message, "set `mode = \"sync\"`, or remove this", out);
    }
    if !sync && (!agrees || mode == ReplicationMode::Group) {
        let message = "no member forces a record before it answers in this mode";
        let help = "set `mode` to \"sync\", \"two-phase\" or \"three-phase\", or remove this";
        inert_if(how.force_io.as_ref(), message, help, out);
    }
    if let Some(wait_for) = how.wait_for.as_ref().filter(|wait| wait.value as usize > replicas) {
        let message = format!("there are {replicas} replicas; no write is ever acknowledged");
        let found = Diagnostic::new(Code::OutOfRange, wait_for.span, message);
        out.push(found.help("wait for as many as there are, or fewer"));
    }
    let some = how.wait_for.as_ref().filter(|wait| (2..replicas).contains(&(wait.value as usize)));
    if let Some(some) = some.filter(|_| replicas >= MOST) {
        let message = format!("some of {replicas} replicas; with {MOST} or more it is one or all");
        out.push(Diagnostic::new(Code::OutOfRange, some.span, message));
    }
    if sync && let Some(failover) = &spec.failover {
        check_failover(how, failover, replicas, out);
    }
    if !agrees {
        return;
    }
    let stale = spec.reads.as_ref().and_then(|reads| reads.max_staleness.as_ref());
    if mode != ReplicationMode::Group {
        let message = "members that answer reads lack no write in this mode";
        inert_if(stale, message, "remove this", out);
    }
    if mode == ReplicationMode::Group && replicas >= MOST {
        let message = format!("a group of {} members; at most {MOST}", replicas + 1);
        out.push(Diagnostic::new(Code::OutOfRange, how.mode.span, message));
    }
    let message =
        "members that agree evict each other after `suspect-after` and catch up by their log";
    let help = match mode {
        ReplicationMode::Group => "remove this; a group elects another primary by itself",
        _ => "remove this; `writes = { to = \"members\" }` lets the others take the writes",
    };
    inert_if(spec.failover.as_ref(), message, help, out);
    inert_if(spec.rebuild.as_ref(), message, "remove this", out);
    let replicas = spec.reads.as_ref().filter(|reads| reads.to.value == ReadsTo::Replicas);
    if let Some(reads) = replicas.filter(|_| spec.all_write()) {
        let message = "each member takes writes: none of them is only a replica";
        inert(reads.to.span, message, "send reads to the \"members\"", out);
    }
}

/// Checks a failover of synchronous replicas: the others of them have to be enough for the one that is promoted.
fn check_failover(
    how: &ReplicationSpec,
    failover: &Spanned<DatabaseFailoverSpec>,
    replicas: usize,
    out: &mut Diagnostics,
) {
    let waits = how.wait_for.as_ref().map_or(replicas, |wait| wait.value as usize);
    if replicas > 0 && waits >= replicas {
        let message = format!(
            "none of {replicas} replicas is ever promoted: its writes would wait for {waits} others"
        );
        let help = match replicas {
            1 => "add a replica and set `wait-for = 1`, or remove this".to_string(),
            _ => format!("set `wait-for = {}` or less, or add a replica", replicas - 1),
        };
        out.push(Diagnostic::new(Code::OutOfRange, failover.span, message).help(help));
    }
    if !failover.fence.value {
        let why = "an old primary that goes on has no replica that its writes could wait for";
        exclude(failover.fence.span, how.mode.span, why, out);
    }
}
