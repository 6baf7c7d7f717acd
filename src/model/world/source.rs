//! Where requests come from.

use crate::convert::whole;
use crate::engine::draw::{Lineage, Seed};
use crate::model::blueprint::Arrivals;
use crate::units::SimTime;
use crate::workload::arrivals::{Arrival, ArrivalStream};
use crate::workload::trace::RecordedStream;

/// Arrivals of one workload, worked out some ahead: their times depend on nothing else, and in a
/// batch the latency of one draw hides behind the next.
#[derive(Clone, Debug)]
pub(super) struct Source {
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

    pub(super) fn new(
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
    pub(super) fn numbered(self, arrivals: &Arrivals, start: SimTime) -> Self {
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
    pub(super) fn next(&mut self) -> Option<Arrival> {
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
