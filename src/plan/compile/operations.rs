//! Compiles `[operation.name]` with a load to work at the disks that it uses.

use super::Numbers;
use crate::model::blueprint::Operation;
use crate::model::ids::ComponentId;
use crate::plan::Draft;
use crate::plan::checks::week_start;
use crate::plan::program::Compiler;
use crate::units::{SimDuration, SimTime};

/// Compiles the background load, one entry per operation and set of disks.
pub(super) fn operations(draft: &Draft, compiler: &mut Compiler<'_>) -> Vec<Operation> {
    let start = week_start(draft);
    let mut all = Vec::new();
    for (name, spec) in draft.scenario.operation.iter() {
        for (part, rate) in spec.load.iter() {
            for disks in disks_of(draft, compiler.numbers(), &part.text) {
                let owner = format!("{name}.{}", part.text);
                let key = compiler.key("operation-gap", &owner);
                compiler.disk_keys(&owner);
                let every = spec
                    .every
                    .as_ref()
                    .map_or(SimDuration::YEAR.saturating_mul(100), |e| e.period());
                let first =
                    spec.at.as_ref().map_or(SimDuration::ZERO, |at| at.value.after_zero(start));
                all.push(Operation {
                    name: name.text.clone(),
                    disks,
                    rate: rate.value,
                    key,
                    every,
                    first: SimTime::ZERO + first,
                    lasts: spec.lasts.as_ref().map_or(every, |lasts| lasts.value),
                });
            }
        }
    }
    all
}

/// Returns the components of the disks that `nas.store.main` or `server.twin.local` means.
fn disks_of(draft: &Draft, numbers: &Numbers<'_>, text: &str) -> Vec<ComponentId> {
    let parts = draft.targets.parts(text).iter();
    parts.filter_map(|part| numbers.find(&part.name(draft))).collect()
}
