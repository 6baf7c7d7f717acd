//! Parts that can fail: stations.

use crate::kinds::station::Station;
use crate::model::Health;
use crate::plan::Draft;
use crate::plan::faults::Shown;
use crate::plan::kind::parts::{Parts, Sort, counted, none};
use crate::plan::part::Part;

const STATION: Sort = Sort { word: "station", ..Sort::TEXTBOOK };

impl Parts for Station {
    none!(
        came_later, words, stands_on, way_back, role, life, publishes, memory, remembers, not_yet,
        mechanisms, surrogates, passing, converging, size, priced
    );

    counted!(station, Station);

    fn sort(&self, _: Part) -> &'static Sort {
        &STATION
    }

    fn shows(&self, shown: &mut Shown<'_>, _: Part) {
        shown.state("down", Health::Down, shown.own("is down"));
        shown.hindrances();
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}
