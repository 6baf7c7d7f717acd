//! Simulation of one part of one trajectory for its events.
//!
//! Takes the plan of a scenario and a [`Stretch`]; reports every event between two event-digest checkpoints of that
//! trajectory (see [`trail`](crate::solve::trail)). Only that trajectory is simulated, and no further than needed.
//! Holds: its events are those of a whole study.

use std::fmt;
use std::str::FromStr;

use crate::model::blueprint::Blueprint;
use crate::model::world::telling::Happening;
use crate::solve::requests::{self, Breach, Ear};
use crate::study::breaks::{self, Drill};
use crate::study::scenario::StudyPlan;
use crate::study::underway;
use crate::study::window::{Watch, WindowPlan};
use crate::units::{SimDuration, SimTime};

/// Part of a trajectory between two checkpoints. As text `WINDOW:REPLICATION:INTERVAL`, replications counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The window.
    pub window: String,
    /// The replication, counted from 0.
    pub replication: u64,
    /// Number of the part: 0 is the warm-up, the last follows the end of the window.
    pub number: usize,
}

impl fmt::Display for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.window, self.replication + 1, self.number)
    }
}

impl FromStr for Stretch {
    type Err = String;

    /// Reads the text; the error says how to write it.
    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            // The name of a window around a break has a colon of its own.
            let mut parts = text.rsplitn(3, ':');
            let number = parts.next()?.parse().ok()?;
            let replication = parts.next()?.parse::<u64>().ok()?.checked_sub(1)?;
            let window = parts.next().filter(|window| !window.is_empty())?.to_string();
            Some(Self { window, replication, number })
        };
        read().ok_or_else(|| {
            "write WINDOW:REPLICATION:INTERVAL, as `replay` names it: peak:1:7 (replications count \
             from 1, interval 0 is the warm-up)"
                .to_string()
        })
    }
}

/// Bounds of a part of a trajectory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Start of the window in the trajectory.
    pub window: SimTime,
    /// Start, counted from the start of the window; `None` includes the warm-up.
    pub from: Option<SimDuration>,
    /// End, counted from the start of the window; `None` for the end of the last counted request.
    pub to: Option<SimDuration>,
}

/// Returns the parts of the trajectories of a window, in order.
#[must_use]
pub fn stretches(asked: &WindowPlan) -> Vec<Bounds> {
    let notes = asked.window.noted_at(asked.drill.as_ref().map(Drill::steps));
    let bounds = |number: usize| Bounds {
        window: asked.window.from(),
        from: number.checked_sub(1).map(|before| notes[before]),
        to: notes.get(number).copied(),
    };
    (0..=notes.len()).map(bounds).collect()
}

/// Simulates a replication (counted from 0) of a window, by its place in the study, and reports the events between
/// `bounds`; fewer when `watch` stops it.
///
/// # Errors
///
/// [`Breach`] when an invariant is broken.
pub fn tell(
    plan: &Blueprint,
    study: &StudyPlan,
    (place, replication): (usize, u64),
    bounds: Bounds,
    watch: &Watch,
    hear: &(dyn Fn(&Happening<'_>) + Sync),
) -> Result<(), Breach> {
    let asked = &study.windows[place];
    let instant = |after: SimDuration| bounds.window + after;
    let ear = Ear {
        from: bounds.from.map_or(SimTime::ZERO, instant),
        to: bounds.to.map_or(SimTime::NEVER, instant),
        hear,
    };
    let Some(drill) = &asked.drill else {
        let during = format!("window {}, replication {replication}", asked.window.name);
        let told_to_stop = || watch.told_to_stop();
        return underway::during(during, || {
            requests::tell(plan, &asked.window, replication, ear, &told_to_stop)
                .map_err(|breach| Breach { what: breach.what, during: underway::now() })
        });
    };
    let of = |other: &&WindowPlan| {
        other.drill.as_ref().is_some_and(|other| other.window == drill.window)
    };
    let around: Vec<&WindowPlan> = study.windows.iter().filter(of).collect();
    let place = study.windows[..place].iter().filter(|other| of(other)).count();
    breaks::tell(plan, &around, (place, ear), replication, watch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_read_as_it_is_written() {
        for (text, window, replication, number) in
            [("peak:1:7", "peak", 0, 7), ("broken/down:www-1:12:0", "broken/down:www-1", 11, 0)]
        {
            let stretch: Stretch = text.parse().unwrap();
            let expected = Stretch { window: window.into(), replication, number };
            assert_eq!((stretch.to_string().as_str(), stretch), (text, expected));
        }
        for text in ["", "peak", "peak:1", "peak:0:1", "peak:x:1", "peak:1:-1", ":1:1", "1:1"] {
            assert!(text.parse::<Stretch>().is_err(), "{text}");
        }
    }
}
