//! Zones without shares: their processor has what the others leave of the server's.

use std::collections::BTreeMap;

use super::{Offered, Resource, capacity, offered};
use crate::plan::part::Part;
use crate::plan::{Draft, hours};

/// Returns whether a part is a zone without shares.
pub(super) fn is_rest(draft: &Draft, part: Part) -> bool {
    matches!(part, Part::Zone { zone, .. } if draft.scenario.zone[zone].1.cpu.shares.value == 0)
}

/// Returns the members of all zones without shares.
pub(super) fn zones(draft: &Draft) -> Vec<Part> {
    let zones = draft.scenario.zone.iter().enumerate();
    let zones = zones.filter(|(_, (_, spec))| spec.cpu.shares.value == 0);
    zones
        .flat_map(|(zone, (_, spec))| {
            (0..spec.count.value).map(move |member| Part::Zone { zone, member })
        })
        .collect()
}

/// Cores of a server that the zones with shares leave, and the number and the load of the zones without.
#[derive(Clone, Copy, Debug, Default)]
struct Rest {
    cores: f64,
    zones: f64,
    load: f64,
}

/// The rest of each server with a zone without shares.
pub(super) struct Rests(BTreeMap<Part, Rest>);

impl Rests {
    /// Computes the rests beside the work `all`, with the share of the week in which a server is there.
    pub(super) fn of(
        draft: &Draft,
        all: &BTreeMap<(Part, Resource), f64>,
        lent_share: impl Fn(Part) -> f64,
    ) -> Self {
        let mut rests: BTreeMap<Part, Rest> = BTreeMap::new();
        for ((zone, _), load) in all.iter().filter(|((part, _), _)| is_rest(draft, *part)) {
            let Some(server) = zone.stands_on(draft) else { continue };
            let rest = rests.entry(server).or_default();
            rest.zones += 1.0;
            rest.load += load;
        }
        for (server, rest) in &mut rests {
            let cores = capacity(draft, *server, Resource::Cpu).map_or(0.0, |all| all.per_second);
            let used = all.get(&(*server, Resource::Cpu)).copied().unwrap_or(0.0);
            rest.cores = (cores * lent_share(*server) - used).max(0.0);
        }
        Self(rests)
    }

    /// Returns the capacity of a zone without shares with this load, of at most `most`: what the others of its kind do
    /// not want, at least an equal part, and at least a millionth of a core, so that ratios are finite.
    pub(super) fn capacity(&self, draft: &Draft, (zone, load): (Part, f64), most: f64) -> f64 {
        let rest = zone.stands_on(draft).and_then(|server| self.0.get(&server));
        let Some(Rest { cores, zones, load: all }) = rest.copied() else { return most };
        most.min((cores - (all - load)).max(cores / zones)).max(1e-6)
    }
}

/// Returns the utilisation of each processor by all work, that of zones without shares too as far as there is room
/// for it.
#[must_use]
pub fn processors(draft: &Draft, rates: &[f64]) -> BTreeMap<Part, f64> {
    let all = offered(draft, rates).into_iter();
    let all: Vec<Offered> = all.filter(|one| one.resource == Resource::Cpu).collect();
    let mut loads: BTreeMap<Part, f64> =
        all.iter().map(|one| (one.part, one.utilization())).collect();
    let lent = hours::shares(draft);
    for one in all.iter().filter(|one| one.is_rest) {
        let Some(server @ Part::Server(id)) = one.part.stands_on(draft) else { continue };
        let cores = capacity(draft, server, Resource::Cpu).map_or(1.0, |all| all.per_second);
        let cores = cores * lent.get(id.group).copied().unwrap_or(1.0);
        *loads.entry(server).or_insert(0.0) += one.per_second.min(one.capacity) / cores;
    }
    loads
}
