//! A piece of a history, lived through by `requests`, cell by cell.
//!
//! Takes a blueprint, a [`Piece`] and what makes a cell bad; gives what came in each cell, each request
//! followed to its end. At the end of a cell a copy of the world lives on until everyone who came in it
//! has ended, and the world itself goes on: so a cell counts who arrived in it, wherever that ends.

use crate::model::blueprint::Blueprint;
use crate::model::outage::{Faults, Past};
use crate::model::record::Record;
use crate::observe::histogram::Histogram;
use crate::solve::frame::{Piece, REACTED};
use crate::solve::requests::{Breach, Observation, Run, Window};
use crate::units::SimDuration;

/// How long after its cell a request may still run; who has not ended then counts as not served.
pub const DRAIN: SimDuration = SimDuration::from_secs(1_800);
/// Samples below which a cell is not judged for latency.
pub const LEAST_SAMPLES: u64 = 200;

/// One class of page views to be counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Its name.
    pub name: String,
    /// Its number in the blueprint.
    pub class: usize,
    /// Who asks for it, by number.
    pub workloads: Vec<usize>,
    /// The 95 % latency of its requests that an objective allows.
    pub p95: Option<SimDuration>,
}

/// What came of one class in a piece.
#[derive(Clone, Debug, Default)]
pub struct ClassSeen {
    /// Views that users wanted.
    pub intended: u64,
    /// Views served, at the first try or a later one.
    pub served: u64,
    /// Views lost, by cause of the blueprint.
    pub lost: Vec<u64>,
    /// Views not asked for any more: their session had ended with one that was lost. Where an episode ends
    /// with the piece, also those that would come later.
    pub never_born: u64,
    /// Of these, those that would come later.
    pub to_come: u64,
    /// Cells of which 1 % or more is not served.
    pub failing_cells: u32,
    /// Cells of which that holds, or whose 95 % latency is beyond the objective.
    pub bad_cells: u32,
    /// Cells with too few samples to judge the latency.
    pub unjudged_cells: u32,
    /// Arrival at the edge to answer, of the class's own requests that were answered, in nanoseconds.
    pub latency: Histogram,
    /// Click to last byte, of the views served.
    pub view_latency: Histogram,
}

impl ClassSeen {
    /// Views not served, for whatever reason.
    #[must_use]
    pub const fn unserved(&self) -> u64 {
        self.intended - self.served + self.to_come
    }

    /// Views lost by the causes for which `which` holds.
    pub fn lost_by(&self, which: impl Fn(usize) -> bool) -> u64 {
        let lost = self.lost.iter().enumerate().filter(|(cause, _)| which(*cause));
        lost.map(|(_, lost)| *lost).sum()
    }

    /// Adds a cell; gives whether it fails, and whether it fails or is slow.
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

/// What a piece gave.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// By class counted.
    pub classes: Vec<ClassSeen>,
    /// Cells that are so for one class at least: see [`ClassSeen::failing_cells`].
    pub failing_cells: u32,
    /// See [`ClassSeen::bad_cells`].
    pub bad_cells: u32,
    /// Events, those of the lead-in too.
    pub events: u64,
    /// Digest of the events of all cells.
    pub digest: u64,
    /// Why it stopped early, if it did.
    pub stop: Option<String>,
}

/// Lives through a piece; `None` when it is told to stop.
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
        lead_in: piece.from - piece.start,
        length: piece.to - piece.from,
        drain: DRAIN,
        faults: Faults::Live,
    };
    let gone = past.gone.clone();
    let mut run = Run::in_history(plan, &window, piece.replication, past);
    let mut seen = Seen { classes: vec![ClassSeen::default(); counted.len()], ..Seen::default() };
    if piece.midway {
        // What broke long ago is found out anew at the start: whom that cost came back long ago.
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
