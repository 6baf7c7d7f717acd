//! Simulation of a piece of a trajectory by `requests`, cell by cell.
//!
//! Takes a blueprint, a [`Piece`] and the criterion of a bad cell; returns the arrivals of each cell, each request
//! followed to its end. At the end of a cell a copy of the world runs until all requests that arrived in it have ended,
//! while the world itself continues. So a cell counts the requests that arrive in it, wherever they end.

use serde::{Deserialize, Serialize};

use crate::model::blueprint::Blueprint;
use crate::model::outage::{Faults, Past};
use crate::model::record::Record;
use crate::observe::histogram::Histogram;
use crate::solve::frame::{Piece, REACTED};
use crate::solve::requests::{Breach, Observation, Run, Window};
use crate::units::SimDuration;

/// Time after its cell in which a request may still run; one that has not ended then counts as not served.
pub const DRAIN: SimDuration = SimDuration::from_secs(1_800);
/// Minimum number of samples for judging the latency of a cell.
pub const LEAST_SAMPLES: u64 = 200;

/// A class of page views to count.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Its name.
    pub name: String,
    /// Number of the class in the blueprint.
    pub class: usize,
    /// Workloads that request it, by number.
    pub workloads: Vec<usize>,
    /// p95 latency of its requests that an objective allows.
    pub p95: Option<SimDuration>,
}

/// Results of one class in a piece.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ClassSeen {
    /// Intended views.
    pub intended: u64,
    /// Views served, at the first attempt or a later one.
    pub served: u64,
    /// Views lost, by cause of the blueprint.
    pub lost: Vec<u64>,
    /// Views never requested: their session had ended with a lost one. Where an episode ends with the piece, it
    /// includes those that would come later.
    pub never_born: u64,
    /// Views among these that would come later.
    pub to_come: u64,
    /// Cells in which at least the bad share is not served.
    pub failing_cells: u32,
    /// Cells that fail, or whose p95 latency is beyond the objective.
    pub bad_cells: u32,
    /// Cells with too few samples to judge the latency.
    pub unjudged_cells: u32,
    /// Time from arrival at the edge to the answer, of the class's own answered requests, in nanoseconds.
    pub latency: Histogram,
    /// Time from click to last byte of the views served, in nanoseconds.
    pub view_latency: Histogram,
}

impl ClassSeen {
    /// Returns the views not served, for any reason.
    #[must_use]
    pub const fn unserved(&self) -> u64 {
        self.intended - self.served + self.to_come
    }

    /// Returns the views lost by the causes for which `which` holds.
    pub fn lost_by(&self, which: impl Fn(usize) -> bool) -> u64 {
        let lost = self.lost.iter().enumerate().filter(|(cause, _)| which(*cause));
        lost.map(|(_, lost)| *lost).sum()
    }

    /// Adds a cell; returns whether it fails, and whether it fails or is slow.
    fn add(&mut self, counted: &Counted, record: &Record, bad: f64) -> (bool, bool) {
        let (mut intended, mut served) = (0, 0);
        for workload in &counted.workloads {
            let views = &record.views[*workload];
            intended += views.intended;
            served += views.served + views.delayed;
            self.never_born += views.never_born;
            self.lost.resize(views.lost.len(), 0);
            self.lost.iter_mut().zip(&views.lost).for_each(|(sum, lost)| *sum += lost);
            self.view_latency.merge(&views.latency);
        }
        self.intended += intended;
        self.served += served;
        let latency = &record.classes[counted.class].latency;
        self.latency.merge(latency);
        let fails = intended > 0 && (intended - served) as f64 >= bad * intended as f64;
        let judged = latency.count() >= LEAST_SAMPLES;
        let slow = counted.p95.is_some_and(|most| {
            judged && latency.quantile(0.95).is_some_and(|found| found > most.nanos())
        });
        self.failing_cells += u32::from(fails);
        self.bad_cells += u32::from(fails || slow);
        self.unjudged_cells += u32::from(counted.p95.is_some() && !judged);
        (fails, fails || slow)
    }
}

/// Results of a piece.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    /// Results per class counted.
    pub classes: Vec<ClassSeen>,
    /// Cells that fail for at least one class: see [`ClassSeen::failing_cells`].
    pub failing_cells: u32,
    /// See [`ClassSeen::bad_cells`].
    pub bad_cells: u32,
    /// Number of events, including the warm-up.
    pub events: u64,
    /// Digest of the events of all cells.
    pub digest: u64,
    /// Reason why it stopped early, if it did.
    pub stop: Option<String>,
}

/// Simulates a piece; `None` when it is stopped.
///
/// # Errors
///
/// [`Breach`] when a ledger is not closed or an identity does not hold.
pub fn live(
    plan: &Blueprint,
    (piece, past): (&Piece, Past),
    counted: &[Counted],
    bad: f64,
    told_to_stop: &dyn Fn() -> bool,
) -> Result<Option<Seen>, Breach> {
    let window = Window {
        name: "years".into(),
        levels: Vec::new(),
        at: piece.from,
        warm_up: piece.from - piece.start,
        length: piece.to - piece.from,
        drain: DRAIN,
        faults: Faults::Live,
    };
    let gone = past.gone.clone();
    let mut run = Run::in_history(plan, &window, piece.replication, past);
    let mut seen = Seen { classes: vec![ClassSeen::default(); counted.len()], ..Seen::default() };
    if piece.midway {
        // An old failure is detected anew at the start: users lost to that first detection have long returned.
        run.live_until(piece.start + REACTED, told_to_stop);
        run.forget_who_left();
    }
    run.live_until(piece.from, told_to_stop);
    if piece.ends[0] {
        run.forget_who_left();
    }
    if piece.midway {
        run.have_gone(&gone);
    }
    let cells: Vec<_> = piece.cells().collect();
    let mut run = Some(run);
    for (at, (from, to)) in cells.iter().enumerate() {
        let Some(mut now) = run.take() else { break };
        now.count_anew(*to - *from, None);
        now.live_until(*to, told_to_stop);
        if at + 1 == cells.len() && piece.ends[1] {
            for (class, counted) in seen.classes.iter_mut().zip(counted) {
                let to_come: u64 = counted.workloads.iter().map(|at| now.who_left(*at)).sum();
                class.to_come += to_come;
                class.never_born += to_come;
            }
        }
        run = (at + 1 < cells.len()).then(|| now.clone());
        let Some(cell) = now.finish(told_to_stop)? else { return Ok(None) };
        let Observation { record, events, digest, stop, .. } = cell;
        let (mut fails, mut is_bad) = (false, false);
        for (class, counted) in seen.classes.iter_mut().zip(counted) {
            let (class_fails, class_bad) = class.add(counted, &record, bad);
            (fails, is_bad) = (fails || class_fails, is_bad || class_bad);
        }
        seen.failing_cells += u32::from(fails);
        seen.bad_cells += u32::from(is_bad);
        seen.events = seen.events.max(events);
        seen.digest = seen.digest.rotate_left(7) ^ digest;
        if let Some(stop) = stop {
            seen.stop = Some(stop.to_string());
            break;
        }
    }
    Ok(Some(seen))
}
