//! Overload at a level of load.

use super::{Level, Overloaded, levels, worst};
use crate::plan::Draft;
use crate::plan::load::{self, Offered};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};

/// Reports resources whose load is above their capacity.
pub(super) fn overload(draft: &Draft, out: &mut Diagnostics) {
    let mut known: Vec<(Overloaded, f64)> = Vec::new();
    for Level { when, rates, lasts } in levels(draft) {
        let least = load::least_offered(draft, &rates);
        for one in worst(draft, load::offered(draft, &rates)) {
            let own = least.iter().find(|least| least.name == one.name);
            let most = one.utilization();
            let ratio = own.map_or(0.0, Offered::utilization);
            let of = (one.part.span(draft), one.resource);
            let more = known.iter().all(|(other, known)| *other != of || *known < most);
            if most < 1.0 || !(lasts || more) {
                continue;
            }
            known.push((of, most));
            if ratio < 1.0 {
                out.push(may_wait(draft, &one, &when));
                continue;
            }
            let message = format!(
                "this load can never be served: `{}` is offered {ratio:.2} of {} {when}",
                one.name,
                one.whose()
            );
            let then = match lasts {
                true => "the run will be labelled OVERLOADED",
                false => "the rest waits or is lost while it lasts",
            };
            let help = format!("{:.1} % of that load is carried; {then}", 100.0 / ratio);
            let diagnostic = Diagnostic::new(Code::Overload, one.part.span(draft), message);
            out.push(diagnostic.help(help));
        }
    }
}

/// Returns the warning of a load that is served only where durable writes share blocks of the log, and scrubs wait.
fn may_wait(draft: &Draft, one: &Offered, when: &str) -> Diagnostic {
    let message = format!(
        "`{}` is offered {:.2} of {} {when}: scrubs take longer, and durable writes wait for each \
         other until they share blocks of the log",
        one.name,
        one.utilization(),
        one.whose()
    );
    let help = "give a `log` device, or more disks; over years what is above counts as lost";
    Diagnostic::new(Code::Overload, one.part.span(draft), message).help(help)
}
