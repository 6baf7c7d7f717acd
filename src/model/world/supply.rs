//! Power supply of the parts that have a power meter: the time for which each is off.
//!
//! A part is off while a failure or planned work keeps it off, and while it is not lent: a server that is lent draws
//! power for the model within its hours, and after them until its last work is finished.

use crate::kinds::zone::live::Cpu;
use crate::mechanism::power::SupplyReading;
use crate::model::Component;
use crate::model::blueprint::Part;
use crate::model::ids::ComponentId;
use crate::model::world::{Around, World};
use crate::units::{SimDuration, SimTime};

/// Reason for which a part is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::model) enum Off {
    /// It is broken, or taken out as planned.
    Health = 1,
    /// It is not lent.
    Hours = 2,
}

/// Time off per power meter.
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct Supplies {
    /// Instant since which the part is off; `None` while it is on.
    since: Vec<Option<SimTime>>,
    /// Time off before that.
    off: Vec<SimDuration>,
    /// Present reasons, as the sum of their numbers.
    reasons: Vec<u8>,
}

impl Supplies {
    /// Returns supplies that are all on.
    pub(super) fn new(meters: usize) -> Self {
        Self {
            since: vec![None; meters],
            off: vec![SimDuration::ZERO; meters],
            reasons: vec![0; meters],
        }
    }

    /// Switches a part off for `reason`, or on as far as that goes.
    pub(in crate::model) fn switch(
        &mut self,
        now: SimTime,
        meter: usize,
        (reason, off): (Off, bool),
    ) {
        let reasons = &mut self.reasons[meter];
        *reasons = if off { *reasons | reason as u8 } else { *reasons & !(reason as u8) };
        match (self.since[meter], *reasons != 0) {
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
            let used = |processor| self.around.held::<Cpu>(processor).used(self.around.now);
            let (busy, capacity) = meter.processor.map_or((0, 0), used);
            SupplyReading { busy, capacity, off }
        };
        self.around.plan.power.meters.iter().enumerate().map(one).collect()
    }
}

impl Around<'_> {
    /// Handles the end of the last work in a member of a service whose hours are over.
    pub(in crate::model) fn emptied(&mut self, member: ComponentId) {
        if let Some(place) = self.plan.parts[member.index()].place {
            self.rests_if_empty(place.cpu);
        }
    }

    /// Switches a server off that is not lent, if nothing is inside of the processes on its processor.
    pub(crate) fn rests_if_empty(&mut self, processor: ComponentId) {
        if self.plan.power.meters.is_empty() {
            return;
        }
        let is_at_work = |(part, component): (&Part, &Component)| {
            part.place.is_some_and(|place| place.cpu == processor)
                && component.queue().is_some_and(|queue| queue.inside().number() > 0)
        };
        if !self.plan.parts.iter().zip(&self.components).any(is_at_work) {
            self.lends_power(processor, false);
        }
    }

    /// Switches the server of a processor on for the model, or off, as its hours have it.
    pub(crate) fn lends_power(&mut self, processor: ComponentId, on: bool) {
        let meters = &self.plan.power.meters;
        if let Some(meter) = meters.iter().position(|meter| meter.processor == Some(processor)) {
            self.supplies.switch(self.now, meter, (Off::Hours, !on));
        }
    }
}
