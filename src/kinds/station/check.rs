//! Mistakes in stations.

use crate::kinds::station::Station;
use crate::kinds::station::spec::{PickWord, StationSpec};
use crate::plan::Draft;
use crate::plan::checks::inert;
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::scenario::diagnostic::Diagnostics;

impl Checks for Station {
    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (_, station) in draft.scenario.station.iter() {
            check_station(station, out);
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    none!(follow, entrance, onward, store, uses, unused, begins, arrows, receives, lint);
}

fn check_station(station: &StationSpec, out: &mut Diagnostics) {
    if station.count.value == 1 && station.pick.value != PickWord::RoundRobin {
        let message = "there is one station: nothing is picked";
        inert(station.pick.span, message, "remove `pick`, or raise `count`", out);
    }
    if let Some(limit) = &station.limit
        && limit.value < station.servers.value
    {
        let message = format!(
            "with a limit of {}, no more of the {} servers can be busy",
            limit.value, station.servers.value
        );
        inert(station.servers.span, message, "the limit counts customers in service, too", out);
    }
}
