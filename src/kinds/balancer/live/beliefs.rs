//! The beliefs of a balancer's units about their members, and the probes behind them.

use super::{Balancer, BalancerConfig};
use crate::convert::table;
use crate::engine::calendar::Ticket;
use crate::engine::draw::Key;
use crate::model::Ctx;
use crate::model::event::Event;
use crate::model::ids::ComponentId;
use crate::units::SimTime;

/// Purpose of the draw that decides whether a check detects a hang: the name of the key in format 1, since draws depend
/// on it.
const HANG_SEEN: &str = "probe-sees-hang";

/// Probes of one member by one unit, and its credit in the round robin.
#[derive(Clone, Debug)]
pub(super) struct Belief {
    /// Consecutive probe results that contradict the belief.
    pub(super) against: u32,
    /// False if an autoscaler has not launched the member, or removes it.
    pub(super) listed: bool,
    /// Time at which the member was put back last.
    pub(super) since: Option<SimTime>,
    /// Credit in the smooth round robin.
    pub(super) ahead: f64,
    /// Start of the next probe.
    pub(super) due: SimTime,
    /// Start of the probe that waits for an answer.
    pub(super) asked: Option<SimTime>,
    pub(super) ticket: Ticket,
    pub(super) probes: u64,
    /// Number of hangs met, and whether the current one is detected.
    pub(super) hangs: u64,
    pub(super) hang: Option<bool>,
    pub(super) phase: Key,
    pub(super) hang_seen: Key,
}

/// Returns what each unit believes of each member at the start, by unit, then by member: that it is alive.
pub(super) fn at_start(config: &BalancerConfig, key: impl Fn(&str, &str) -> Key) -> Vec<Belief> {
    let mut beliefs = Vec::with_capacity(config.units.len() * config.members.len());
    for (_, unit) in &config.units {
        for member in &config.members {
            let owner = format!("{unit}→{}", member.name);
            beliefs.push(Belief {
                against: 0,
                listed: true,
                since: None,
                ahead: 0.0,
                due: SimTime::NEVER,
                asked: None,
                ticket: Ticket::NONE,
                probes: 0,
                hangs: 0,
                hang: None,
                phase: key("probe-phase", &owner),
                hang_seen: key(HANG_SEEN, &owner),
            });
        }
    }
    beliefs
}

impl Balancer {
    pub(super) fn arm(&mut self, ctx: &mut Ctx<'_>, at: usize, when: SimTime) {
        let code = Event::Probe(self.config.unit.0 + table::u32(at)).code();
        self.beliefs[at].ticket = ctx.calendar.push(when, code);
    }

    /// Arms the next probe, at its due time or now if that has passed.
    pub(super) fn next_probe(&mut self, ctx: &mut Ctx<'_>, at: usize) {
        let due = self.beliefs[at].due.max(ctx.now);
        self.beliefs[at].due = due;
        self.arm(ctx, at, due);
    }

    /// Records the result of a probe. Where this changes a belief, queued requests choose their member
    /// anew.
    pub fn verdict(&mut self, at: usize, good: bool, now: SimTime) {
        let Some(probing) = self.config.probing else { return };
        let (belief, state) = (&mut self.beliefs[at], &mut self.states[at]);
        if belief.listed && probing.turns(state.alive, &mut belief.against, good) {
            state.alive = good;
            belief.since = good.then_some(now);
            belief.ahead = 0.0;
            self.unbind(at / self.config.members.len());
        }
    }

    /// Returns whether shallow probes detect the current hang of the member; drawn once per hang.
    pub(super) fn sees_hang(&mut self, at: usize, now: SimTime) -> bool {
        let member = at % self.config.members.len();
        if let Some(Some(unseen)) = self.unseen.get(member) {
            let missed = unseen.iter().any(|(from, until)| *from <= now && now < *until);
            return *self.beliefs[at].hang.get_or_insert(!missed);
        }
        let probability = self.config.probing.map_or(0.0, |probing| probing.detects_hang);
        let belief = &mut self.beliefs[at];
        *belief.hang.get_or_insert_with(|| {
            belief.hangs += 1;
            belief.hang_seen.uniform(belief.hangs - 1, 0) < probability
        })
    }

    /// Resets the beliefs of a unit whose process is lost: the new one believes all members alive.
    pub fn forget(&mut self, unit: ComponentId) {
        let Some(unit) = self.unit_of(unit) else { return };
        let own = self.at(unit, 0)..self.at(unit + 1, 0);
        for at in own {
            let belief = &mut self.beliefs[at];
            self.states[at].alive = belief.listed;
            belief.against = 0;
            belief.since = None;
            belief.asked = None;
            belief.hang = None;
            belief.ahead = 0.0;
        }
    }
}
