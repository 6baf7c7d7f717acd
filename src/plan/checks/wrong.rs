//! Planned work that goes wrong: whether it can, and what it leaves behind.

use crate::kinds::zone::vm;
use crate::model::spec::runs::{How, OperationSpec};
use crate::plan::Draft;
use crate::plan::checks::{inert, inert_if, no_time, takes_time};
use crate::plan::faults::PLANNED;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;

/// Causes that exist without a name in the file.
const CAUSES: [&str; 2] = ["overload", PLANNED];

pub(super) fn check(draft: &Draft, name: &Name, operation: &OperationSpec, out: &mut Diagnostics) {
    let Some(wrong) = &operation.goes_wrong else { return };
    if !operation.takes_out() && !vm::is_rebooted(draft, operation) {
        let message = "this operation takes no part out of service that it could leave broken";
        let help = "set does = \"maintain\" or \"deploy\", or describe it as a fault";
        return inert(wrong.span, message, help, out);
    }
    if !matches!(wrong.how.value, How::Crash | How::Hang) {
        let word = wrong.how.value.word();
        let message = format!("work that goes wrong leaves a part crashed or hung, not `{word}`");
        let help = "set how = \"crash\" or \"hang\", or describe it as a fault";
        out.push(Diagnostic::new(Code::UnknownWord, wrong.how.span, message).help(help));
    }
    no_time(&wrong.repair, "repair", "remove `goes-wrong` if none is needed", out);
    takes_time(wrong.found_after.as_ref(), "found-after", "it is detected at once", out);
    if !operation.deploys() {
        let stops = Some(&wrong.stops_at_failure).filter(|key| key.given);
        let message = "only `deploy` takes parts out one after the other";
        inert_if(stops, message, "remove it, or set does = \"deploy\"", out);
    } else if let (Some(lasts), Some(every)) = (&operation.lasts, &operation.every) {
        let parts = draft.targets.operated(operation).len() as u64;
        if operation.all_turns(parts) == Some(every.period()) {
            let message = "the next roll-out begins when this one ends: it could never be stopped";
            let help = "shorten `lasts`, or lengthen `every`";
            out.push(Diagnostic::new(Code::TimesConflict, lasts.span, message).help(help));
        }
    }
    check_name(draft, name, out);
}

/// Checks that no other cause has the name of the operation.
fn check_name(draft: &Draft, name: &Name, out: &mut Diagnostics) {
    let help = "rename the operation: its name is the cause of what goes wrong";
    if CAUSES.contains(&name.text.as_str()) {
        let message = format!("`{name}` is a cause already");
        out.push(Diagnostic::new(Code::NameReserved, name.span, message).help(help));
    }
    let same = draft.scenario.fault.iter().find(|(fault, _)| fault.text == name.text);
    if let Some((fault, _)) = same {
        let message = format!("a fault is called `{name}`, too");
        let twice = Diagnostic::new(Code::NameTwice, name.span, message).help(help);
        out.push(twice.related(fault.span, "the fault"));
    }
    let member = |rest: &str| rest.is_empty() || rest.starts_with('-');
    let is_unit = |unit: &Name| name.text.strip_prefix(unit.text.as_str()).is_some_and(member);
    if draft.scenario.unit.iter().any(|(unit, _)| is_unit(unit)) {
        let message = format!("a unit is called `{name}`, or begins like it");
        out.push(Diagnostic::new(Code::NameTwice, name.span, message).help(help));
    }
}
