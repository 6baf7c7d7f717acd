//! The paragraph before the claims.

use super::Ledger;

const INTRO: &str = "Claims of the documents behind the scenarios, compared with figures. A claim \
                     is tried in its unchanged scenario and over a range of the parameters that it \
                     depends on. Each point has its own interval, narrower than the last digit where none is \
                     shown; an interval that straddles the threshold decides nothing.";

/// The note on windows with more replications than are paired.
pub(super) const BEYOND: &str = "Differences and ratios of figures of windows are those of the first 1024 replications \
                                 where a window has more.";

/// Returns the paragraph.
pub(super) fn intro(ledger: &Ledger) -> String {
    if ledger.beyond { format!("{INTRO} {BEYOND}") } else { INTRO.into() }
}
