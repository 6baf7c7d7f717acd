//! The daemon that kept zones below their memory caps from May 2011 to October 2017.
//!
//! Model: it looks at the resident memory of a zone 15 s after its start, and then again 120 s later if at most 80 % of the cap
//! is resident, 60 s later up to 90 %, 30 s later up to the cap. Above the cap it takes back the surplus and 5 % of the
//! cap, in chunks of 64 MiB, and looks again 1 s later. Meanwhile each fault of the zone is delayed, by 125 µs after the first look that
//! finds it over, by twice as much after each further one, by 2 ms at most. A look reads the cap if the daemon has not done so for
//! more than 300 s.
//!
//! In: looks, the cap. Out: pages that are taken back, the time until the next look, the delay of a fault. Leaves out: the estimate of the
//! resident memory (it is exact), small processes that are spared.
//! Source: illumos-joyent `cmd/zoneadmd/mcap.c`, `uts/common/vm/vm_as.c` (2011 to 2017).

use super::PAGE;
use crate::units::SimDuration;

/// Time from the start of a zone until the first look.
const FIRST: SimDuration = SimDuration::from_secs(15);
/// Time between looks while a zone is over its cap.
const OVER: SimDuration = SimDuration::SECOND;
/// Delay of a fault after the first look that finds the zone over its cap.
const LEAST_DELAY: SimDuration = SimDuration::from_nanos(125_000);
/// Greatest delay of a fault.
const MOST_DELAY: SimDuration = SimDuration::from_nanos(2_000_000);
/// Age of the cap that the daemon knows, above which a look reads it again.
const REFRESH: SimDuration = SimDuration::from_secs(300);
/// Pages that are taken back together: 64 MiB.
const CHUNK: u64 = (64 << 20) / PAGE;

/// Most dirty pages that are written after one look: 4 GiB. The daemon has no such limit; more writes at once would not fit into the
/// memory of the simulation.
pub(super) const PUSHES: u64 = (4 << 30) / PAGE;

/// State of the daemon for one zone.
#[derive(Clone, Copy, Debug)]
pub struct Daemon {
    delay: SimDuration,
    sleep: SimDuration,
    /// Cap as it was last read, in pages, and the time from then to the last look. None before the first look.
    known: Option<(u64, SimDuration)>,
}

impl Default for Daemon {
    fn default() -> Self {
        Self { delay: SimDuration::ZERO, sleep: FIRST, known: None }
    }
}

impl Daemon {
    /// Looks at a zone with `resident` pages under `cap`; returns the pages to take back.
    pub fn looks(&mut self, resident: u64, cap: u64) -> u64 {
        let known = self.known.map(|(cap, age)| (cap, age + self.sleep));
        let (cap, age) =
            known.filter(|(_, age)| *age <= REFRESH).unwrap_or((cap, SimDuration::ZERO));
        self.known = Some((cap, age));
        if resident <= cap {
            let of_cap =
                |percent: u64| u128::from(resident) * 100 <= u128::from(cap) * u128::from(percent);
            let seconds = match () {
                () if of_cap(80) => 120,
                () if of_cap(90) => 60,
                () => 30,
            };
            (self.delay, self.sleep) = (SimDuration::ZERO, SimDuration::from_secs(seconds));
            return 0;
        }
        let delay = self.delay + self.delay;
        (self.delay, self.sleep) = (delay.max(LEAST_DELAY).min(MOST_DELAY), OVER);
        let surplus = resident - cap + cap / 20;
        surplus.div_ceil(CHUNK).saturating_mul(CHUNK).min(resident)
    }

    /// Returns the time from the last look to the next.
    #[must_use]
    pub const fn sleep(&self) -> SimDuration {
        self.sleep
    }

    /// Returns the delay of a fault.
    #[must_use]
    pub const fn delay(&self) -> SimDuration {
        self.delay
    }

    /// Returns true if the zone was over its cap at the last look.
    #[must_use]
    pub fn is_over(&self) -> bool {
        !self.delay.is_zero()
    }
}
