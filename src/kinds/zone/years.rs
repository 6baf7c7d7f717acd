//! Features of servers and zones that the solver of years does not simulate.

use crate::kinds::disks;
use crate::plan::Draft;
use crate::plan::names::Kind;
use crate::plan::simulatable::NotYet;

/// Returns servers that are lent by the hour, and sets of disks with disks that fail at given times.
pub(super) fn of_servers(draft: &Draft) -> Vec<NotYet> {
    let mut found = Vec::new();
    for (name, server) in draft.scenario.server.iter() {
        if let Some(lent) = &server.lent {
            found.push(NotYet::over_years(format!("`{name}` is lent by the hour"), lent.span));
        }
    }
    found.extend(disks::years::not_yet(draft, Kind::Server));
    found
}

/// Returns zones without shares.
pub(super) fn of_zones(draft: &Draft) -> Vec<NotYet> {
    let zones = draft.scenario.zone.iter().filter(|(_, zone)| zone.cpu.shares.value == 0);
    let without = zones.map(|(name, zone)| {
        let what =
            format!("`{name}` has 0 shares: over years zones have equal rights to a processor");
        NotYet::over_years(what, zone.cpu.shares.span)
    });
    without.collect()
}
