//! The first outage of a service that has none within the horizon: it is followed beyond it.

use super::{MERGE_GAP, Row};
use crate::units::SimTime;

impl Row<'_> {
    /// Follows a service beyond the horizon until its first outage that is long enough.
    pub(super) fn look_beyond(&mut self, at: SimTime, is_down: bool) {
        match (is_down, self.beyond) {
            (true, None) if self.shortest.is_zero() => {
                self.tally.first_failure.get_or_insert(at);
            }
            (true, None) => self.beyond = Some((at, None)),
            (true, Some((begun, Some(ended)))) => {
                let merged = at.since(ended) < MERGE_GAP;
                self.beyond = Some((if merged { begun } else { at }, None));
            }
            (false, Some((begun, None))) => {
                self.beyond = Some((begun, Some(at)));
                if at.since(begun) >= self.shortest {
                    self.tally.first_failure.get_or_insert(begun);
                }
            }
            (true, Some((_, None))) | (false, _) => {}
        }
    }

    /// Ends the look beyond the horizon: an outage that has no end yet is long enough.
    pub(super) fn ends_beyond(&mut self) {
        if let Some((begun, None)) = self.beyond {
            self.tally.first_failure.get_or_insert(begun);
        }
    }
}
