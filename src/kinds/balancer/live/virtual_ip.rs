//! The virtual IP of a pair: detection of a silent unit, takeover and giveback.

use super::Balancer;
use crate::convert::{table, whole};
use crate::engine::calendar::Ticket;
use crate::engine::law::Sampler;
use crate::model::event::Event;
use crate::model::ids::{CauseId, ComponentId};
use crate::model::{Ctx, Health};
use crate::units::SimDuration;

/// Detection of a silent unit that holds the virtual IP.
#[derive(Clone, Debug)]
pub enum Silence {
    /// After a time by this law, in seconds.
    After(Sampler),
    /// VRRP: after three missed advertisements and a skew that depends on the priority.
    Adverts {
        /// Time between two advertisements.
        interval: SimDuration,
        /// Priority of each unit.
        priorities: [u8; 2],
    },
}

/// Takeover of the virtual IP by the partner unit.
#[derive(Clone, Debug)]
pub struct Takeover {
    /// Time until the partner detects the silence.
    pub silence: Silence,
    /// Duration of the takeover after detection, in seconds; `None`: immediate.
    pub lasts: Option<Sampler>,
    /// Probability that the takeover works.
    pub coverage: f64,
    /// Giveback to the first unit: time that it must have been healthy, and the time without a
    /// holder, in seconds; `None`: no giveback.
    pub giveback: Option<(SimDuration, Sampler)>,
}

/// Next change of the virtual IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    None,
    /// The given unit takes it over from a silent one.
    TakenBy(usize),
    /// The second unit releases it, for the giveback.
    Leaves,
    /// It arrives at the first unit.
    Arrives,
}

impl Balancer {
    /// Applies a change of health of a unit, by `cause`. `clean`: it was shut down and announced that.
    pub fn health_changes(
        &mut self,
        ctx: &mut Ctx<'_>,
        unit: ComponentId,
        health: Health,
        (clean, cause): (bool, CauseId),
    ) {
        let Some(unit) = self.unit_of(unit) else { return };
        let speaks = health.works();
        if self.speaks[unit] == speaks {
            return;
        }
        self.speaks[unit] = speaks;
        if self.peers.is_some() {
            return self.peer_health(ctx, unit, speaks, (clean, cause));
        }
        if self.config.takeover.is_none() {
            return;
        }
        let holds = self.holder == unit && !self.travels;
        match (holds, speaks) {
            (true, true) => {
                self.doomed = false;
                self.plan(ctx, Change::None, SimDuration::ZERO);
                self.go_back(ctx);
            }
            (true, false) => self.take_over(ctx, clean),
            (false, true) if !self.travels && !self.speaks[self.holder] => {
                if !self.doomed {
                    self.take_over(ctx, false);
                }
            }
            (false, true) => self.go_back(ctx),
            // The unit that was to take the virtual IP has failed.
            (false, false) if self.travels => {}
            (false, false) => self.plan(ctx, Change::None, SimDuration::ZERO),
        }
    }

    fn plan(&mut self, ctx: &mut Ctx<'_>, change: Change, after: SimDuration) {
        self.change = change;
        self.ticket = Ticket::NONE;
        if change != Change::None {
            let code = Event::Probe(self.config.unit.0 + table::u32(self.beliefs.len())).code();
            self.ticket = ctx.calendar.push(ctx.now + after, code);
        }
    }

    /// Plans the takeover by the partner of the silent unit, if the partner works.
    fn take_over(&mut self, ctx: &mut Ctx<'_>, clean: bool) {
        let other = 1 - self.holder;
        let Some(takeover) = self.config.takeover.as_ref().filter(|_| self.speaks[other]) else {
            return self.plan(ctx, Change::None, SimDuration::ZERO);
        };
        let ordinal = self.takeovers;
        self.takeovers += 1;
        let [silence, lasts, works, _] = self.address;
        let works = match &self.history {
            Some(history) => !history.iter().any(|failed| failed.lasts_at(ctx.now)),
            None => works.uniform(ordinal, 0) < takeover.coverage,
        };
        if !works {
            self.doomed = true;
            return self.plan(ctx, Change::None, SimDuration::ZERO);
        }
        let heard = match &takeover.silence {
            Silence::After(law) => {
                SimDuration::from_seconds_f64(law.sample(silence.uniform(ordinal, 0)))
            }
            Silence::Adverts { interval, priorities } => {
                let skew = skew(*interval, priorities[other]);
                if clean {
                    skew
                } else {
                    // The timer of the partner has run since the last advertisement.
                    let phase = whole::u64(silence.uniform(0, 1) * interval.nanos() as f64);
                    let now = ctx.now.nanos();
                    let since = (now + interval.nanos() - phase) % interval.nanos();
                    let left = primary_down(*interval, priorities[other]).nanos() - since;
                    SimDuration::from_nanos(left)
                }
            }
        };
        let lasts = takeover.lasts.as_ref().map_or(SimDuration::ZERO, |law| {
            SimDuration::from_seconds_f64(law.sample(lasts.uniform(ordinal, 0)))
        });
        self.plan(ctx, Change::TakenBy(other), heard + lasts);
    }

    /// Plans the giveback, if the first unit works and the second holds the virtual IP.
    pub(super) fn go_back(&mut self, ctx: &mut Ctx<'_>) {
        let giveback = self.config.takeover.as_ref().and_then(|t| t.giveback.as_ref());
        if let Some((after, _)) = giveback
            && self.holder == 1
            && !self.travels
            && self.speaks[0]
        {
            let after = *after;
            self.plan(ctx, Change::Leaves, after);
        }
    }

    /// Applies the planned change of the virtual IP. Returns the unit that loses it and its open requests.
    pub(super) fn ring(&mut self, ctx: &mut Ctx<'_>, ticket: Ticket) -> Option<ComponentId> {
        if ticket != self.ticket {
            return None;
        }
        let change = std::mem::replace(&mut self.change, Change::None);
        self.ticket = Ticket::NONE;
        let before = self.config.units[self.holder].0;
        match change {
            Change::None => None,
            Change::TakenBy(unit) => {
                self.holder = unit;
                self.go_back(ctx);
                Some(before)
            }
            Change::Leaves => {
                self.travels = true;
                let giveback = self.config.takeover.as_ref().and_then(|t| t.giveback.as_ref());
                let lasts = giveback.map_or(SimDuration::ZERO, |(_, law)| {
                    let uniform = self.address[3].uniform(self.takeovers, 0);
                    SimDuration::from_seconds_f64(law.sample(uniform))
                });
                if lasts.is_zero() {
                    self.arrive(ctx);
                } else {
                    self.plan(ctx, Change::Arrives, lasts);
                }
                Some(before)
            }
            Change::Arrives => {
                self.arrive(ctx);
                None
            }
        }
    }

    fn arrive(&mut self, ctx: &mut Ctx<'_>) {
        self.travels = false;
        self.holder = 0;
        if !self.speaks[0] {
            self.take_over(ctx, false);
        }
    }
}

/// Returns the skew, by which a router of this `priority` waits longer: RFC 5798 §6.1.
#[must_use]
pub fn skew(interval: SimDuration, priority: u8) -> SimDuration {
    // 1/256 of the interval for each of 256 − priority, in whole nanoseconds, without a wider type.
    let (nanos, parts) = (interval.nanos(), 256 - u64::from(priority));
    SimDuration::from_nanos(nanos / 256 * parts + nanos % 256 * parts / 256)
}

/// Returns the silence after which a router of this `priority` takes over: RFC 5798 §6.1.
#[must_use]
pub fn primary_down(interval: SimDuration, priority: u8) -> SimDuration {
    interval.saturating_mul(3) + skew(interval, priority)
}
