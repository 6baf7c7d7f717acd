//! Compiles `[operation.name]` with a load to work at the disks that it uses.

use super::Numbers;
use crate::model::blueprint::Operation;
use crate::model::ids::ComponentId;
use crate::plan::Draft;
use crate::plan::checks::week_start;
use crate::plan::names::{Found, Kind, member_name};
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

/// Returns the disk sets that `nas.store.main` or `server.twin.local` means.
fn disks_of(draft: &Draft, numbers: &Numbers<'_>, text: &str) -> Vec<ComponentId> {
    let text = match text.split_once('.') {
        Some(("nas" | "server", rest)) => rest,
        _ => text,
    };
    if let Some(id) = numbers.find(text) {
        return vec![id];
    }
    let Some((owner, set)) = text.split_once('.') else { return Vec::new() };
    match draft.names.find(owner) {
        Some(Found { kind: Kind::Server, index, member: None }) => {
            let (name, spec) = &draft.scenario.server[index];
            let member = |m| numbers.find(&format!("{}.{set}", member_name(name, m)));
            (0..spec.count.value).filter_map(member).collect()
        }
        _ => Vec::new(),
    }
}
