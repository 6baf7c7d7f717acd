//! The busiest hour, minute or other interval of recorded traffic.

use super::{CountSeries, Playback, Row};
use crate::units::SimDuration;

/// Busiest interval of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Busiest {
    /// Start of the interval, since the first row.
    pub at: SimDuration,
    /// Requests in it.
    pub requests: f64,
}

impl CountSeries {
    /// The busiest `window` of the record (an hour, say): whole intervals, beginning at any of
    /// them. All zero when the window is shorter than an interval or nothing was recorded. O(n).
    #[must_use]
    pub fn busiest(&self, window: SimDuration) -> Busiest {
        let mut best = Busiest { at: SimDuration::ZERO, requests: 0.0 };
        if window < self.interval {
            return best;
        }
        let mut end = 0;
        for (begin, row) in self.rows.iter().enumerate() {
            let fits = |other: &Row| other.at - row.at <= window.nanos() - self.interval.nanos();
            end = end.max(begin);
            while self.rows.get(end).is_some_and(fits) {
                end += 1;
            }
            let requests = self.requests_before(end) - row.before;
            if requests > best.requests {
                best = Busiest { at: SimDuration::from_nanos(row.at), requests };
            }
        }
        best
    }
}

/// Busiest time of a recording as it is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlayedBusiest {
    /// Start, since time zero.
    pub at: SimDuration,
    /// Page views in it.
    pub pages: f64,
}

impl Playback {
    /// Returns the busiest `length` as played; `None` if counts cover more than that, or nothing was recorded. The
    /// pages are an expectation: fractions of a page are carried from row to row.
    #[must_use]
    pub fn busiest(&self, length: SimDuration) -> Option<PlayedBusiest> {
        let recorded = SimDuration::from_seconds_f64(length.seconds() * self.speed);
        let found = self.series.busiest(recorded);
        (found.requests > 0.0).then(|| PlayedBusiest {
            at: SimDuration::from_seconds_f64(found.at.seconds() / self.speed),
            pages: found.requests * self.scale / self.requests_per_page,
        })
    }
}
