//! Power meters of the fluid: the resource whose load counts, and the facts that a part is off.

use std::collections::BTreeSet;

use super::network::Network;
use super::state::Input;
use crate::convert::table;
use crate::health::Declaration;
use crate::health::declare::{Automaton, Expr};
use crate::model::power::Power;
use crate::plan::Draft;
use crate::plan::load::Resource;
use crate::plan::part::Part;
use crate::plan::power;

/// Power meters of the fluid.
#[derive(Clone, Debug, Default)]
pub struct Metered {
    /// Meters, sites and subjects.
    pub power: Power,
    /// Processor per meter, by index among the resources, with its capacity while healthy; `None` for a constant
    /// power, and for a server that no class uses.
    pub processors: Vec<Option<(usize, f64)>>,
}

impl Metered {
    /// Returns the meters of a draft.
    #[must_use]
    pub fn of(draft: &Draft, network: &Network) -> Self {
        let processor = |part: Part| {
            let is = |at: &usize| {
                let resource = &network.resources[*at];
                resource.part == part && resource.resource == Resource::Cpu
            };
            let server = matches!(part, Part::Server(_));
            let at = (0..network.resources.len()).find(is).filter(|_| server)?;
            Some((at, network.resources[at].capacity))
        };
        let processors = power::parts(draft).into_iter().map(processor).collect();
        Self { power: power::compile(draft, None), processors }
    }
}

/// Returns the inputs that a part is off: it or a domain below it is down.
pub(super) fn facts(draft: &Draft, declaration: &Declaration) -> Vec<(Input, Expr)> {
    let parts = power::parts(draft);
    if parts.is_empty() {
        return Vec::new();
    }
    let alive = |one: &&Automaton| one.facts.iter().any(|(name, _)| name == "alive");
    let known = declaration.automata.iter().filter(alive).map(|one| one.name.as_str());
    let known: BTreeSet<&str> = known.collect();
    let off = |(meter, part): (usize, Part)| {
        let all = std::iter::once(part).chain(part.domains(draft)).map(|part| part.name(draft));
        let down = all.filter(|name| known.contains(name.as_str()));
        let down = down.map(|name| !Expr::of(&name, "alive")).collect();
        (Input::Off(table::u32(meter)), Expr::Any(down))
    };
    parts.into_iter().enumerate().map(off).collect()
}
