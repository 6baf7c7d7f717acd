//! Power supply of the parts that have a power meter: the time for which each is off.

use crate::mechanism::power::SupplyReading;
use crate::model::world::World;
use crate::units::{SimDuration, SimTime};

/// Time off per power meter.
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct Supplies {
    /// Instant since which the part is off; `None` while it is on.
    since: Vec<Option<SimTime>>,
    /// Time off before that.
    off: Vec<SimDuration>,
}

impl Supplies {
    /// Returns supplies that are all on.
    pub(super) fn new(meters: usize) -> Self {
        Self { since: vec![None; meters], off: vec![SimDuration::ZERO; meters] }
    }

    /// Switches a part off or on.
    pub(in crate::model) fn switch(&mut self, now: SimTime, meter: usize, off: bool) {
        match (self.since[meter], off) {
            (None, true) => self.since[meter] = Some(now),
            (Some(since), false) => {
                self.off[meter] += now.since(since);
                self.since[meter] = None;
            }
            _ => {}
        }
    }

    fn off(&self, now: SimTime, meter: usize) -> SimDuration {
        let present = self.since[meter].map_or(SimDuration::ZERO, |since| now.since(since));
        self.off[meter] + present
    }
}

impl World<'_> {
    /// Reading of every power meter, summed since the start.
    #[must_use]
    pub fn supplies(&self) -> Vec<SupplyReading> {
        let one = |(at, meter): (usize, &crate::model::power::PowerMeter)| {
            let off = self.around.supplies.off(self.around.now, at);
            let gauge = meter.processor.map(|processor| self.gauge(processor));
            let (busy, capacity) = gauge.map_or((0, 0), |gauge| (gauge.busy, gauge.capacity));
            SupplyReading { busy, capacity, off }
        };
        self.around.plan.power.meters.iter().enumerate().map(one).collect()
    }
}
