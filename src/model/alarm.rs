//! An alarm whose instant may move.

use crate::engine::calendar::Ticket;
use crate::model::Ctx;
use crate::model::event::Event;
use crate::model::ids::UnitId;
use crate::units::SimTime;

/// Number of alarms kept per unit; beyond it the latest is forgotten and rings without effect.
const KEPT: usize = 4;

/// The alarm of a unit whose next completion may move. If an earlier alarm is armed, the later one stays in the
/// calendar and counts as armed again when the earlier one has rung. A job that arrives and ends in between
/// thus costs one event, not two.
#[derive(Clone, Copy, Debug)]
pub struct Alarm {
    /// Instants of the alarms, the latest first.
    at: [SimTime; KEPT],
    tickets: [Ticket; KEPT],
    count: usize,
}

impl Default for Alarm {
    fn default() -> Self {
        Self { at: [SimTime::NEVER; KEPT], tickets: [Ticket::NONE; KEPT], count: 0 }
    }
}

impl Alarm {
    /// Returns whether `ticket` is the armed alarm, and disarms it.
    #[inline]
    pub fn rings(&mut self, ticket: Ticket) -> bool {
        let rings = self.count > 0 && self.tickets[self.count - 1] == ticket;
        self.count -= usize::from(rings);
        rings
    }

    /// Ensures that the alarm rings at `due` or before. A premature ring costs one event and has no effect;
    /// moving the alarm at each change would cost one event each time.
    #[inline]
    pub fn arm(&mut self, ctx: &mut Ctx<'_>, unit: UnitId, due: Option<SimTime>) {
        let armed = if self.count > 0 { self.at[self.count - 1] } else { SimTime::NEVER };
        if let Some(due) = due.filter(|due| *due < armed) {
            if self.count == KEPT {
                self.at.copy_within(1.., 0);
                self.tickets.copy_within(1.., 0);
                self.count -= 1;
            }
            self.at[self.count] = due;
            self.tickets[self.count] = ctx.calendar.push(due, Event::Alarm(unit).code());
            self.count += 1;
        }
    }
}
