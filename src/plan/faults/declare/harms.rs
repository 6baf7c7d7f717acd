//! Effects of faults on their parts, and the facts that publish them.

use super::single_disks::{LACKS, REBUILDS};
use crate::health::declare::{Effect, State};
use crate::model::spec::runs::{FaultSpec, How};
use crate::plan::Draft;
use crate::plan::part::Part;
use crate::units::SimDuration;

/// Effect of a fault on its part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Harm {
    /// Down: refuses requests; on a server, nothing runs.
    Down,
    /// Accepts and never answers.
    Hung,
    /// Stalled, and continues later.
    Stalled,
    /// Slower by this factor.
    Slow(f64),
    /// A server without this number of its cores.
    Fewer(u32),
    /// A link that loses data with this probability.
    Lossy(f64),
    /// A link over which each message takes longer.
    Delayed(SimDuration),
    /// A link that carries data from this site alone.
    OneWay(usize),
    /// Disks without space: they read, and fail writes.
    Full,
    /// Works but cannot be reached.
    Cut,
    /// Lost the contents of its memory.
    Forgot,
}

impl Harm {
    /// Returns the effect of a fault.
    pub(super) fn of(draft: &Draft, spec: &FaultSpec) -> Self {
        match spec.how.value {
            How::Crash | How::Lost | How::Corrupt | How::DiskFailed => Self::Down,
            How::Hang => Self::Hung,
            How::Pause => Self::Stalled,
            How::Slow => Self::Slow(spec.factor.as_ref().map_or(1.0, |factor| factor.value)),
            How::CoresLost => Self::Fewer(spec.cores.as_ref().map_or(0, |cores| cores.value)),
            How::Lossy => Self::Lossy(spec.loss.as_ref().map_or(0.0, |loss| loss.value.get())),
            How::Delayed => {
                Self::Delayed(spec.delay.as_ref().map_or(SimDuration::ZERO, |delay| delay.value))
            }
            How::OneWay => {
                let from =
                    spec.from.as_ref().and_then(|from| draft.scenario.site.place(&from.text));
                Self::OneWay(from.unwrap_or(usize::MAX))
            }
            How::DiskFull => Self::Full,
            How::Partitioned => Self::Cut,
            How::CacheLost => Self::Forgot,
        }
    }

    pub(super) fn state(self, name: &str) -> State {
        let failed = |effect| State::failed(name, effect);
        match self {
            Self::Down => failed(Effect::Refuse),
            Self::Hung | Self::Cut | Self::OneWay(_) => failed(Effect::Lose),
            Self::Stalled => failed(Effect::Stall),
            Self::Slow(factor) => State { capacity: 1.0 / factor, ..degraded(name) },
            Self::Fewer(_) | Self::Lossy(_) | Self::Delayed(_) | Self::Full | Self::Forgot => {
                degraded(name)
            }
        }
    }

    /// Returns the fact that a part is in a state with this effect.
    pub(super) fn fact(self) -> String {
        match self {
            Self::Down => "is down".into(),
            Self::Hung => "is hung".into(),
            Self::Stalled => "is stalled".into(),
            Self::Slow(factor) => slowdown_of(factor),
            Self::Fewer(lost) => fewer_cores(lost),
            Self::Lossy(loss) => format!("is lossy {loss}"),
            Self::Delayed(delay) => format!("is delayed {delay}"),
            Self::OneWay(site) => format!("carries one way {site}"),
            Self::Full => "is full".into(),
            Self::Cut => "is cut".into(),
            Self::Forgot => "has forgotten".into(),
        }
    }

    /// Returns whether the part works with this effect, if less or more slowly.
    pub(super) fn works(self) -> bool {
        match self {
            Self::Slow(_) | Self::Fewer(_) | Self::Lossy(_) | Self::Delayed(_) => true,
            Self::Full | Self::Forgot => true,
            Self::Down | Self::Hung | Self::Stalled | Self::OneWay(_) | Self::Cut => false,
        }
    }
}

pub(super) fn degraded(name: &str) -> State {
    State { sound: false, ..State::serving(name) }
}

/// Words before the number in the fact that a server works with fewer cores.
const CORES_LOST: &str = "has lost cores ";

/// Returns the fact that a server works without the given number of its cores.
pub(super) fn fewer_cores(lost: u32) -> String {
    format!("{CORES_LOST}{lost}")
}

/// Words before the factor in the fact that a part is slow.
const SLOW: &str = "is slow ";

/// Returns the fact that a part is slower by a factor.
#[must_use]
pub fn slowdown_of(factor: f64) -> String {
    format!("{SLOW}{factor}")
}

/// Returns the name of the automaton that slows a part over years, besides the faults of the part.
#[must_use]
pub fn slowed_by(part: &str) -> String {
    format!("{part}/warm-up")
}

/// Returns the factor by which a fact of a part slows down what the part does; `None` if the fact is of another sort.
#[must_use]
pub fn slowdown(draft: &Draft, part: Part, fact: &str) -> Option<f64> {
    if let Some(factor) = fact.strip_prefix(LACKS).or(fact.strip_prefix(REBUILDS)) {
        return factor.parse().ok();
    }
    let slow = || fact.strip_prefix(SLOW)?.parse().ok();
    let Part::Server(server) = part else { return slow() };
    match fact.strip_prefix(CORES_LOST) {
        None => slow(),
        Some(lost) => {
            let cores = draft.scenario.server[server.group].1.cores.value;
            Some(without(cores, lost.parse().ok()?))
        }
    }
}

/// Returns all cores over those left.
pub(super) fn without(cores: u32, lost: u32) -> f64 {
    f64::from(cores) / f64::from(cores.saturating_sub(lost))
}
