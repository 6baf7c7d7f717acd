//! The condition under which what is in the memory of a part is lost, in windows and over years.

use crate::health::declare::Expr;
use crate::plan::Draft;
use crate::plan::part::Part;

/// Returns the condition that a part has lost what was in its memory, or on its disks; `None` if it cannot. The part is down or hangs,
/// or its zone or server does, or a fault clears the memory. `publishes` returns whether a part publishes a fact.
#[must_use]
pub fn memory_lost(
    draft: &Draft,
    part: Part,
    publishes: &dyn Fn(Part, &str) -> bool,
) -> Option<Expr> {
    let that =
        |part: Part, fact: &str| publishes(part, fact).then(|| Expr::of(&part.name(draft), fact));
    let down = |part: Part| that(part, "alive").map(|alive| !alive);
    // What is on disks is there again with their server.
    if part.disk_set(draft).is_some() {
        return down(part);
    }
    let hosts = part.domains(draft).into_iter();
    let hosts = hosts.filter(|host| matches!(host, Part::Zone { .. } | Part::Server(_)));
    let all = std::iter::once(part).chain(hosts);
    let mut all: Vec<Expr> =
        all.flat_map(|part| [down(part), that(part, "is hung")]).flatten().collect();
    all.extend(that(part, "has forgotten"));
    (!all.is_empty()).then_some(Expr::Any(all))
}
