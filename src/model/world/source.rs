//! Arrivals of requests.

use crate::convert::whole;
use crate::engine::calendar::{Calendar, Place};
use crate::engine::draw::{Lineage, Seed};
use crate::model::blueprint::{Arrivals, Blueprint, Workload};
use crate::model::ids::WorkloadId;
use crate::model::world::Span;
use crate::units::SimTime;
use crate::workload::arrivals::{Arrival, ArrivalStream};
use crate::workload::trace::RecordedStream;

/// The next arrival of each workload. There are few workloads with one pending arrival each, so they need no
/// heap. Their places in the order are those that the calendar would have given.
#[derive(Clone, Debug)]
pub(super) struct Arriving {
    sources: Vec<Source>,
    /// Place of the next arrival, per workload.
    places: Vec<Place>,
    /// Ordinal of the next arrival among those of its workload, per workload.
    ordinals: Vec<u64>,
    /// The earliest arrival.
    next: (Place, WorkloadId),
}

impl Arriving {
    /// Returns the sources of a plan, before the first arrival of each is [scheduled](Self::schedule). `numbered`
    /// is set if they begin in the middle of a trajectory.
    pub(super) fn new(plan: &Blueprint, lineage: Lineage, span: &Span, numbered: bool) -> Self {
        let source = |(index, workload): (usize, &Workload)| {
            let level = span.levels.get(index).copied().flatten();
            let fixed = level.and_then(|level| workload.arrivals.at_level(level).ok());
            let arrivals = fixed.as_ref().unwrap_or(&workload.arrivals);
            let times = (span.start, span.horizon);
            let source = Source::new(arrivals, plan.seed, lineage, &workload.name, times);
            if numbered { source.numbered(arrivals, span.start) } else { source }
        };
        Self {
            sources: plan.workloads.iter().enumerate().map(source).collect(),
            places: vec![Place::NEVER; plan.workloads.len()],
            ordinals: vec![0; plan.workloads.len()],
            next: (Place::NEVER, WorkloadId(0)),
        }
    }

    /// The earliest arrival, with its workload.
    #[inline]
    pub(super) fn next(&self) -> (Place, WorkloadId) {
        self.next
    }

    /// Ordinal of the pending arrival of a workload.
    #[inline]
    pub(super) fn expected(&self, workload: WorkloadId) -> u64 {
        self.ordinals[workload.index()]
    }

    /// Draws the next arrival of a workload and finds the earliest one of all workloads.
    #[inline]
    pub(super) fn schedule(&mut self, workload: WorkloadId, calendar: &mut Calendar) {
        let place = match self.sources[workload.index()].next() {
            Some(arrival) => {
                self.ordinals[workload.index()] = arrival.ordinal;
                calendar.reserve(arrival.at)
            }
            None => Place::NEVER,
        };
        self.places[workload.index()] = place;
        let [first, others @ ..] = self.places.as_slice() else { return };
        self.next = (*first, WorkloadId(0));
        for (index, place) in (1..).zip(others) {
            if *place < self.next.0 {
                self.next = (*place, WorkloadId(index));
            }
        }
    }
}

/// Arrivals of one workload, computed in batches. Their times depend on nothing else, and a batch hides the
/// latency of each draw behind the next.
#[derive(Clone, Debug)]
struct Source {
    stream: Stream,
    /// Computed arrivals; those from `at` on are pending.
    ready: Vec<Arrival>,
    at: usize,
}

/// Stream of arrivals. It is read in batches, so its size and its branch do not matter.
#[derive(Clone, Debug)]
enum Stream {
    Described(Box<ArrivalStream>),
    Recorded(RecordedStream),
    /// None: closed users arrive by events of their own.
    None,
}

impl Source {
    const AHEAD: usize = 32;

    fn new(
        arrivals: &Arrivals,
        seed: Seed,
        lineage: Lineage,
        owner: &str,
        times: (SimTime, SimTime),
    ) -> Self {
        let stream = match arrivals {
            Arrivals::Described(traffic) => Stream::Described(Box::new(ArrivalStream::new(
                traffic, seed, lineage, owner, times,
            ))),
            Arrivals::Recorded(playback) => {
                Stream::Recorded(RecordedStream::new(playback, seed, lineage, owner, times))
            }
            Arrivals::Closed(_) => Stream::None,
        };
        Self { stream, ready: Vec::with_capacity(Self::AHEAD), at: 0 }
    }

    /// Returns the source with ordinals that begin at about the expected number of arrivals before `start`, in
    /// half of the range of the source. Recorded arrivals have ordinals of their own.
    fn numbered(self, arrivals: &Arrivals, start: SimTime) -> Self {
        let stream = match (self.stream, arrivals) {
            (Stream::Described(stream), Arrivals::Described(traffic)) => {
                let before = whole::u64(traffic.curve().cumulated(start)) % (1 << 39);
                Stream::Described(Box::new(stream.numbered_from(before)))
            }
            (other, _) => other,
        };
        Self { stream, ..self }
    }

    #[inline]
    fn next(&mut self) -> Option<Arrival> {
        if self.at == self.ready.len() {
            self.work_ahead();
        }
        let next = self.ready.get(self.at).copied();
        self.at += usize::from(next.is_some());
        next
    }

    #[inline(never)]
    fn work_ahead(&mut self) {
        self.at = 0;
        self.ready.clear();
        match &mut self.stream {
            Stream::Described(stream) => stream.fill(&mut self.ready, Self::AHEAD),
            Stream::Recorded(stream) => self.ready.extend(stream.by_ref().take(Self::AHEAD)),
            Stream::None => {}
        }
    }
}
