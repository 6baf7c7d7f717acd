//! Operations that change the caps of zones.
//!
//! A zone has its new cap at once; a virtual machine is rebooted for it and has it when it boots.

use crate::kinds::zone::components::limits;
use crate::kinds::zone::vm;
use crate::mechanism::cpu_share::ZoneLimits;
use crate::model::spec::runs::{Does, OperationSpec};
use crate::model::world::resize::Change;
use crate::plan::Draft;
use crate::plan::checks::week_start;
use crate::plan::part::Part;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::units::{Cores, SimDuration, SimTime};

/// Returns the operations that resize at least one of the parts that `is_one` accepts, in the order of the file.
pub(super) fn resizes<'d>(
    draft: &'d Draft,
    is_one: impl Fn(&Part) -> bool + 'd,
) -> impl Iterator<Item = &'d OperationSpec> {
    let all = draft.scenario.operation.iter().map(|(_, spec)| spec);
    // The checks have reported wrong references already.
    all.filter(move |spec| {
        let resize = spec.does.as_ref().is_some_and(|does| does.value == Does::Resize);
        resize && draft.targets.operated(spec).iter().any(&is_one)
    })
}

/// Returns the changes of the limits of a zone member, in the order of the file.
pub(super) fn changes(draft: &Draft, (zone, member): (usize, u32)) -> Vec<Change<ZoneLimits>> {
    changes_of(draft, Part::Zone { zone, member }, |spec| {
        let cap = Cores::new(spec.cap.as_ref()?.value);
        Some(ZoneLimits { cap, ..limits(draft, zone) })
    })
}

/// Returns the changes of one quantity of a zone member, in the order of the file; `to` is its new value, if an operation has one.
pub(super) fn changes_of<T>(
    draft: &Draft,
    part: Part,
    to: impl Fn(&OperationSpec) -> Option<T>,
) -> Vec<Change<T>> {
    let machine = vm::of(draft, part.index());
    // A machine has the new value when it boots.
    let stop = machine.map_or(SimDuration::ZERO, |vm| vm.stop.value);
    let change = |spec: &OperationSpec| {
        Some(Change {
            first: SimTime::ZERO + spec.at.as_ref()?.value.after_zero(week_start(draft)) + stop,
            every: spec.every.as_ref().map(|every| every.period()),
            to: to(spec)?,
            reboots: machine.is_some(),
        })
    };
    resizes(draft, |one| *one == part).filter_map(change).collect()
}

/// Reports a cap that changes over a horizon, where capacities are constant, and one below the baseline of a zone.
pub fn check_resized(draft: &Draft, operation: &OperationSpec, out: &mut Diagnostics) {
    let Some(cap) = &operation.cap else { return };
    if let Some(horizon) = &draft.scenario.run.horizon {
        let message = "a cap that changes is simulated request by request, not over a horizon";
        let help = "give windows without a `horizon`, or remove `cap`";
        let mistake = Diagnostic::new(Code::KeysExclude, cap.span, message).help(help);
        out.push(mistake.related(horizon.span, "the horizon"));
    }
    for part in draft.targets.operated(operation) {
        let Part::Zone { zone, .. } = part else { continue };
        let baseline = draft.scenario.zone[zone].1.cpu.baseline.as_ref();
        if let Some(baseline) = baseline.filter(|baseline| baseline.value > cap.value) {
            let message = format!(
                "the baseline of `{}` is {}, above the new cap of {}",
                part.name(draft),
                baseline.value,
                cap.value
            );
            let mistake = Diagnostic::new(Code::OutOfRange, cap.span, message);
            return out.push(mistake.related(baseline.span, "the baseline"));
        }
    }
}
