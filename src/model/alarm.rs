//! An alarm of which the next ring may move.

use crate::engine::calendar::Ticket;
use crate::model::Ctx;
use crate::model::event::Event;
use crate::model::ids::UnitId;
use crate::units::SimTime;

/// Alarms of one thing that are kept: a further one rings for nothing.
const KEPT: usize = 4;

/// The alarm of something whose next completion may move. An alarm that is overtaken by an earlier
/// one stays in the calendar and is armed again when that has rung: what comes and goes in between
/// costs one event, not two.
#[derive(Clone, Copy, Debug)]
pub struct Alarm {
    /// When they ring, the last one first.
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
    /// Whether `ticket` is the armed one; it is then no longer armed.
    #[inline]
    pub fn rings(&mut self, ticket: Ticket) -> bool {
        let rings = self.count > 0 && self.tickets[self.count - 1] == ticket;
        self.count -= usize::from(rings);
        rings
    }

    /// Sees to it that it rings at `due` or before. A premature ring costs one event and finds
    /// nothing to do; moving the alarm at each change would cost one each time.
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
