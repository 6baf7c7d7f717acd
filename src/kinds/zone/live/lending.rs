//! Servers that are lent in some hours of the week: workstations that render at night.
//!
//! Model: within the hours the servers of a group take part. At their end the members of services on them get no new
//! work. Work inside is stopped and lost, or it is finished. Neither is a failure: outside of the hours a server is not
//! down, and not idle; it is no capacity.
//!
//! At the end of the hours, work that ends at this very instant has ended: what stops comes after all else that was due.
//! In: the clock. Out: `lent` of each member, of its processor and of the components that listen to it; the supply
//! of the power meters. Leaves out: what the owner of a server does with it.

use crate::engine::calendar::Ticket;
use crate::mechanism::hours::Hours;
use crate::model::event::Event;
use crate::model::ids::{ComponentId, UnitId};
use crate::model::world::Around;
use crate::model::{Ctx, Keeps, Live, Shift, Start, none};

/// A server that is lent.
#[derive(Clone, Debug)]
pub struct LentServer {
    /// Its processor.
    pub cpu: ComponentId,
    /// Members of services on it.
    pub members: Vec<ComponentId>,
}

/// Configuration of a group of servers that are lent.
#[derive(Clone, Debug)]
pub struct LendingConfig {
    /// Hours, counted from time zero.
    pub hours: Hours,
    /// If true, work that has not ended by the end of the hours is lost; else it is finished.
    pub stops: bool,
    /// The servers.
    pub servers: Vec<LentServer>,
    /// Its events.
    pub unit: UnitId,
}

/// Next event of the hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Opens,
    Closes,
    Stops,
}

/// A group of servers that are lent.
#[derive(Clone, Debug)]
pub struct Lending {
    config: LendingConfig,
    next: Next,
    ticket: Ticket,
}

impl Lending {
    /// Arms the next event: the work that is left stops at this instant, else the hours begin or end.
    fn arm(&mut self, ctx: &mut Ctx<'_>, next: Next) {
        let at = if next == Next::Stops { ctx.now } else { self.config.hours.next_change(ctx.now) };
        self.next = next;
        self.ticket = ctx.calendar.push(at, Event::Feed(self.config.unit.0).code());
    }
}

impl Live for Lending {
    type Config = LendingConfig;

    fn begin(_: ComponentId, config: &LendingConfig, start: &Start<'_>) -> Self {
        let next = if config.hours.is_open(start.at) { Next::Closes } else { Next::Opens };
        Self { config: config.clone(), next, ticket: Ticket::NONE }
    }

    none!(
        alarm,
        cancel,
        health,
        gauge,
        listens,
        hears,
        lent,
        ask,
        ended,
        holds,
        count_ends,
        waits,
        sojourns,
        by_number,
        quantities,
        closes,
        loads,
        forgets,
        queue,
        queue_mut,
        whole,
        part_reading,
        is_process,
        is_idle,
        bounds,
        leader,
        data_swap,
        entrance,
        bars,
        step,
        wake,
        returned,
        part_health,
        room,
        redirects,
        abandoned,
        answers,
        fate,
        in_vain
    );
    none!(counts_anew, begin_to_count, keeps_place);

    fn counts(_: &LendingConfig) -> Keeps {
        Keeps::NOTHING
    }

    /// Closes what is not lent at the start.
    fn starts(around: &mut Around<'_>, own: ComponentId) {
        let next = around.held::<Self>(own).next;
        if next == Next::Opens {
            turns(around, own, Shift::Closes);
            rests(around, own);
        }
        around.with(own, |lending: &mut Self, ctx| lending.arm(ctx, next));
    }

    fn due(around: &mut Around<'_>, own: ComponentId, _: u32, ticket: Ticket) {
        let Self { next, ticket: armed, config } = around.held::<Self>(own);
        if *armed != ticket {
            return;
        }
        let (next, stops) = (*next, config.stops);
        let after = match next {
            Next::Opens => {
                turns(around, own, Shift::Opens);
                Next::Closes
            }
            Next::Closes => {
                turns(around, own, Shift::Closes);
                if stops {
                    Next::Stops
                } else {
                    rests(around, own);
                    Next::Opens
                }
            }
            Next::Stops => {
                turns(around, own, Shift::Stops);
                rests(around, own);
                Next::Opens
            }
        };
        around.with(own, |lending: &mut Self, ctx| lending.arm(ctx, after));
    }
}

/// Reports a shift of all servers to their members, their processors, and the components that listen.
fn turns(around: &mut Around<'_>, own: ComponentId, shift: Shift) {
    let servers = around.held::<Lending>(own).config.servers.clone();
    for server in servers {
        for member in server.members {
            around.hours_change(member, shift);
            if shift == Shift::Stops {
                let cause = around.cause(member);
                around.drop_requests(member, cause);
            }
        }
        around.hours_change(server.cpu, shift);
        if shift == Shift::Opens {
            around.lends_power(server.cpu, true);
        }
    }
}

/// Switches the servers off in which no work is left.
fn rests(around: &mut Around<'_>, own: ComponentId) {
    let servers = around.held::<Lending>(own).config.servers.clone();
    for server in servers {
        around.rests_if_empty(server.cpu);
    }
}
