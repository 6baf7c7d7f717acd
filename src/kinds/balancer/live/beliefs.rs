//! The beliefs of a balancer's units about their members, and the probes behind them.

use super::BalancerConfig;
use crate::engine::calendar::Ticket;
use crate::engine::draw::Key;
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
