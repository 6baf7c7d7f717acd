//! Bytes of calls on links between sites.

use crate::plan::between;
use crate::plan::load::{Here, Resource, Sums};
use crate::plan::route::Call;

impl Sums<'_> {
    /// Adds the bytes of `rate` calls per second that go from `here` to `there`, to the links that they cross.
    pub(super) fn calls(&mut self, call: &Call, rate: f64, here: &Here, there: &Here) {
        if self.draft.scenario.link.is_empty() {
            return;
        }
        let bytes = rate * between::bytes(call);
        let stops = between::stops(self.draft, call.to);
        match stops.as_slice() {
            [units, _] => {
                let units: Here = units.iter().map(|unit| (*unit, 1.0)).collect();
                self.crosses(here, &units, bytes);
                self.crosses(&units, there, bytes);
            }
            _ => self.crosses(here, there, bytes),
        }
    }

    /// Adds `bytes` per second that go from `from` to `to`, each with its share, to the links between sites that they cross.
    pub(crate) fn crosses(&mut self, from: &Here, to: &Here, bytes: f64) {
        if self.draft.scenario.link.is_empty() {
            return;
        }
        for (from, part) in from {
            for (to, share) in to {
                if let Some(link) = between::link_of(self.draft, *from, *to) {
                    self.add(link, Resource::Link, bytes * part * share);
                }
            }
        }
    }
}
