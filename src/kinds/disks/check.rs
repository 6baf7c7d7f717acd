//! Mistakes in sets of disks.

use crate::kinds::disks::spec::{DiskSetSpec, Layout};
use crate::plan::Draft;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;

/// Reports numbers of disks that make no raidz group.
pub fn layout(set: &DiskSetSpec, out: &mut Diagnostics) {
    let Some(each) = set.layout.value.parity_per_group() else { return };
    let word = if set.layout.value == Layout::Raidz1 { "raidz1" } else { "raidz2" };
    let (data, parity) = (set.data.value, set.parity.value);
    if parity == 0 || !parity.is_multiple_of(each) {
        let message = format!("`{word}` has {each} parity disk(s) per group: `parity` is {parity}");
        let help = format!("give a multiple of {each}");
        out.push(Diagnostic::new(Code::OutOfRange, set.parity.span, message).help(help));
    } else if !data.is_multiple_of(parity / each) {
        let groups = parity / each;
        let message = format!("{data} data disks do not make {groups} equal groups");
        let help = format!("give a multiple of {groups}, or other `parity`");
        let mistake = Diagnostic::new(Code::OutOfRange, set.data.span, message).help(help);
        out.push(mistake.related(set.parity.span, format!("{each} per group")));
    }
}

/// Checks the sets of disks of a server.
pub fn of_server<'a>(
    draft: &Draft,
    server: &Name,
    sets: impl Iterator<Item = &'a DiskSetSpec>,
    out: &mut Diagnostics,
) {
    let mut first = None;
    for set in sets {
        layout(set, out);
        let Some(throttle) = &set.io_throttle else { continue };
        throttles(draft, set, out);
        match first {
            None => first = Some(throttle.span),
            Some(first) => {
                let message = format!("two sets of disks of `{server}` have an `io-throttle`");
                let help = "a system has one throttle, over the disks that its zones share";
                let mistake = Diagnostic::new(Code::KeysExclude, throttle.span, message).help(help);
                out.push(mistake.related(first, "the first"));
            }
        }
    }
}

fn throttles(draft: &Draft, set: &DiskSetSpec, out: &mut Diagnostics) {
    let Some(throttle) = &set.io_throttle else { return };
    if let Some(horizon) = &draft.scenario.run.horizon {
        let message = "delays of microseconds are simulated request by request, not over a horizon";
        let help = "give windows without a `horizon`, or remove `io-throttle`";
        let mistake = Diagnostic::new(Code::KeysExclude, throttle.span, message).help(help);
        out.push(mistake.related(horizon.span, "the horizon"));
    }
    let (over, under) = (&throttle.over, &throttle.under);
    if under.value.get() > over.value.get() {
        let message = "delays would rise and fall at the same utilisation: `under` is above `over`";
        let mistake = Diagnostic::new(Code::OutOfRange, under.span, message);
        out.push(mistake.related(over.span, "`over`"));
    }
}
