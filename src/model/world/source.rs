//! Where requests come from.

use crate::convert::whole;
use crate::engine::calendar::{Calendar, Place};
use crate::engine::draw::{Lineage, Seed};
use crate::model::blueprint::{Arrivals, Blueprint, Workload};
use crate::model::ids::WorkloadId;
use crate::model::world::Span;
use crate::units::SimTime;
use crate::workload::arrivals::{Arrival, ArrivalStream};
use crate::workload::trace::RecordedStream;

/// The next arrival of each workload. There are few workloads and each has one arrival pending, so
/// they need no heap; their places in the order are those the calendar would have given.
#[derive(Clone, Debug)]
pub(super) struct Arriving {
    sources: Vec<Source>,
    /// By workload.
    places: Vec<Place>,
    /// By workload: the number of its next arrival among its own.
    ordinals: Vec<u64>,
    /// The earliest of all.
    next: (Place, WorkloadId),
}

impl Arriving {
    /// The sources of a plan, of which none has its first arrival [scheduled](Self::schedule); `numbered`
    /// where they begin in the middle of a history.
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

    /// The earliest arrival of all, and whose it is.
    #[inline]
    pub(super) fn next(&self) -> (Place, WorkloadId) {
        self.next
    }

    /// The number of the arrival that a workload has pending, among its own.
    #[inline]
    pub(super) fn expected(&self, workload: WorkloadId) -> u64 {
        self.ordinals[workload.index()]
    }

    /// Draws the next arrival of a workload and finds the earliest of all.
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

/// Arrivals of one workload, worked out some ahead: their times depend on nothing else, and in a
/// batch the latency of one draw hides behind the next.
#[derive(Clone, Debug)]
struct Source {
    stream: Stream,
    /// Arrivals worked out; those from `at` on have not come yet.
    ready: Vec<Arrival>,
    at: usize,
}

/// Where arrivals come from. Asked for many at a time, so its size and its branch do not matter.
#[derive(Clone, Debug)]
enum Stream {
    Described(Box<ArrivalStream>),
    Recorded(RecordedStream),
    /// Closed users come by events of their own.
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

    /// The same, numbered from about as many as are expected before `start`: in half of the range that
    /// a source has to itself. Recorded arrivals have numbers of their own.
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
