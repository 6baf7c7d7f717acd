//! Members of a scaled service in long-horizon runs: one automaton per slot, present or absent.
//!
//! The scaler moves it from outside ([`Kernel::force`](crate::health::Kernel::force)). Both states are sound: an absent
//! member has not failed, and is no cause of what is lost.

use crate::convert::place;
use crate::health::Declaration;
use crate::health::declare::{Automaton, Expr, Forced, State};
use crate::plan::Draft;
use crate::plan::part::Part;
use crate::plan::scaled::start_of;

/// State of a member that is booted and not removed.
pub const PRESENT: &str = "present";
/// State of a slot without such a member.
pub const ABSENT: &str = "absent";
/// Fact that a member is present.
const IS_PRESENT: &str = "is present";

/// Returns the name of the automaton of a member.
#[must_use]
pub fn name(member: &str) -> String {
    format!("{member}/present")
}

/// Returns the condition that a member of a scaled service is present; `None` for any other part.
#[must_use]
pub fn of(draft: &Draft, part: Part) -> Option<Expr> {
    let Part::Service { service, .. } = part else { return None };
    let scaled = draft.links.own.scalers.iter().any(|links| links.service == Some(service));
    scaled.then(|| Expr::of(&name(&part.name(draft)), IS_PRESENT))
}

/// Returns whether a member exists at the start, where a scaler has its service.
#[must_use]
pub fn starts(draft: &Draft, part: Part) -> bool {
    let Part::Service { service, member } = part else { return true };
    let all = draft.scenario.scaler.iter().zip(&draft.links.own.scalers);
    let mut own = all.filter(|(_, links)| links.service == Some(service));
    own.next().is_none_or(|((_, spec), _)| member < start_of(spec))
}

/// Adds the automata of all slots.
pub(super) fn declare(draft: &Draft, into: &mut Declaration) {
    for links in &draft.links.own.scalers {
        let (Some(zone), Some(service)) = (links.zone, links.service) else { continue };
        for member in 0..place(draft.placed.zones[zone].len()) {
            let part = Part::Service { service, member };
            let mut states = vec![State::serving(PRESENT), State::serving(ABSENT)];
            if !starts(draft, part) {
                states.reverse();
            }
            let name = name(&part.name(draft));
            into.add(Automaton::new(&name, states).fact(IS_PRESENT, Expr::within(&[PRESENT])));
            if let Forced::Only(names) = &mut into.forced {
                names.push(name);
            }
        }
    }
}
