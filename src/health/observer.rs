//! Exact downtime, causes and crew use of one service in one trajectory.
//!
//! Model: the service is up while a system-level fact holds. Times are whole nanoseconds, so up and down
//! times sum to the window, and downtime by first cause sums to downtime.
//!
//! The *first* cause at an instant is the oldest one that explains the outage at that instant. The other
//! causes that explain it contribute. When the first cause is repaired and the service stays down, the time
//! that follows counts for the next oldest. The time of a contributing cause is the time for which it
//! contributed. Several causes may contribute at once, so these times do not sum to the downtime.

use crate::convert::place;
use crate::units::{SimDuration, SimTime};

use super::kernel::{Listener, View};
use super::marking::{Explanation, Moved};
use super::net::{AutomatonId, CauseId, CrewId, FactId, Net};

/// Downtime of one cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CauseTime {
    /// Time for which it was the first cause.
    pub first: SimDuration,
    /// Time for which it contributed.
    pub contributing: SimDuration,
    /// Outages that began with it as the first cause.
    pub outages: u64,
}

/// Use of one crew over the window.
#[derive(Clone, Copy, Debug, Default)]
struct CrewTime {
    since: SimTime,
    busy: u32,
    waiting: u64,
    /// ∫ busy hands dt, in nanoseconds.
    busy_nanos: u128,
    /// ∫ queue length dt, in nanoseconds.
    waiting_nanos: u128,
    grants: u64,
    /// Total waiting time of the granted requests, in nanoseconds.
    waited: u128,
}

/// Observer of one service over a window.
#[derive(Clone, Debug)]
pub struct Observer<'n> {
    net: &'n Net,
    up: FactId,
    begin: SimTime,
    end: SimTime,
    /// Start of the present outage.
    down_since: Option<SimTime>,
    /// Instant up to which downtime is accounted for.
    accounted: SimTime,
    downtime: SimDuration,
    outages: u64,
    longest: SimDuration,
    first_failure: Option<SimTime>,
    causes: Vec<CauseTime>,
    explanation: Explanation,
    counted: Vec<bool>,
    unsound: usize,
    unsound_since: SimTime,
    /// Nanoseconds during which n counted components were failed, by n.
    time_with: Vec<u64>,
    crews: Vec<CrewTime>,
}

impl<'n> Observer<'n> {
    /// Observes from instant `at`, at which `view` is the state, the service that is up while `up` holds.
    /// [`Self::mean_unsound`] counts the components in `members`.
    #[must_use]
    pub fn new(
        net: &'n Net,
        up: FactId,
        members: &[AutomatonId],
        at: SimTime,
        view: View<'_>,
    ) -> Self {
        let mut counted = vec![false; net.programs.len()];
        for member in members {
            counted[member.index()] = true;
        }
        let crews = (0..place(net.crews.len())).map(CrewId).map(|crew| CrewTime {
            since: at,
            busy: view.busy(crew),
            waiting: view.waiting(crew) as u64,
            ..CrewTime::default()
        });
        let mut observer = Self {
            net,
            up,
            begin: at,
            end: at,
            down_since: None,
            accounted: at,
            downtime: SimDuration::ZERO,
            outages: 0,
            longest: SimDuration::ZERO,
            first_failure: None,
            causes: vec![CauseTime::default(); net.cause_count()],
            explanation: Explanation::default(),
            counted,
            unsound: members.iter().filter(|member| !view.is_sound(**member)).count(),
            unsound_since: at,
            time_with: vec![0; members.len() + 1],
            crews: crews.collect(),
        };
        if !view.fact(up) {
            observer.fall(at, view);
        }
        observer
    }

    /// Ends the window at `at`. An outage that is still under way is counted and cut there.
    pub fn close(&mut self, at: SimTime) {
        if let Some(since) = self.down_since {
            self.account(at);
            self.longest = self.longest.max(at.since(since));
        }
        self.count_to(at);
        for crew in 0..self.crews.len() {
            self.crew_to(at, crew);
        }
        self.end = at;
    }

    /// Length of the window.
    #[must_use]
    pub fn window(&self) -> SimDuration {
        self.end.since(self.begin)
    }

    /// Total downtime in the window.
    #[must_use]
    pub fn downtime(&self) -> SimDuration {
        self.downtime
    }

    /// Share of the window during which the service was down: structural unavailability.
    #[must_use]
    pub fn unavailability(&self) -> f64 {
        self.downtime.nanos() as f64 / self.window().nanos() as f64
    }

    /// Number of outages that began in the window or were under way when it began.
    #[must_use]
    pub fn outages(&self) -> u64 {
        self.outages
    }

    /// Start of the first outage.
    #[must_use]
    pub fn first_failure(&self) -> Option<SimTime> {
        self.first_failure
    }

    /// Returns whether the service is up at present.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.down_since.is_none()
    }

    /// Downtime of one cause.
    #[must_use]
    pub fn cause(&self, cause: CauseId) -> CauseTime {
        self.causes[cause.index()]
    }

    /// All causes with their downtime, [`CauseId::UNEXPLAINED`] first.
    pub fn causes(&self) -> impl Iterator<Item = (CauseId, CauseTime)> {
        self.causes.iter().enumerate().map(|(at, time)| (CauseId(place(at)), *time))
    }

    /// Time-average number of failed members.
    #[must_use]
    pub fn mean_unsound(&self) -> f64 {
        let times = self.time_with.iter().enumerate();
        let sum: u128 = times.map(|(n, time)| n as u128 * u128::from(*time)).sum();
        sum as f64 / self.window().nanos() as f64
    }

    /// Share of time with at most `most` failed members.
    #[must_use]
    pub fn share_at_most_unsound(&self, most: usize) -> f64 {
        let sum: u64 = self.time_with.iter().take(most + 1).sum();
        sum as f64 / self.window().nanos() as f64
    }

    /// Time-average number of busy hands of `crew`.
    #[must_use]
    pub fn mean_busy(&self, crew: CrewId) -> f64 {
        self.crews[crew.index()].busy_nanos as f64 / self.window().nanos() as f64
    }

    /// Number of hands granted, and the total time waited for them in seconds.
    #[must_use]
    pub fn grants(&self, crew: CrewId) -> (u64, f64) {
        let crew = &self.crews[crew.index()];
        (crew.grants, crew.waited as f64 / 1e9)
    }

    fn fall(&mut self, at: SimTime, view: View<'_>) {
        self.down_since = Some(at);
        self.accounted = at;
        self.outages += 1;
        self.first_failure.get_or_insert(at);
        view.explain(self.up, &mut self.explanation);
        let first = self.explanation.causes.first().map_or(CauseId::UNEXPLAINED, |c| c.id);
        self.causes[first.index()].outages += 1;
    }

    /// Attributes the downtime since the last change of the explanation to its causes.
    fn account(&mut self, at: SimTime) {
        let passed = at.since(self.accounted);
        self.accounted = at;
        self.downtime += passed;
        let causes = &self.explanation.causes;
        let first = causes.first().map_or(CauseId::UNEXPLAINED, |cause| cause.id);
        self.causes[first.index()].first += passed;
        for (number, cause) in causes.iter().enumerate() {
            // Two occurrences of one cause contribute once.
            if !causes[..number].iter().any(|older| older.id == cause.id) && cause.id != first {
                self.causes[cause.id.index()].contributing += passed;
            }
        }
    }

    fn count_to(&mut self, at: SimTime) {
        self.time_with[self.unsound] += at.since(self.unsound_since).nanos();
        self.unsound_since = at;
    }

    fn crew_to(&mut self, at: SimTime, crew: usize) {
        let crew = &mut self.crews[crew];
        let passed = u128::from(at.since(crew.since).nanos());
        crew.busy_nanos += passed * u128::from(crew.busy);
        crew.waiting_nanos += passed * u128::from(crew.waiting);
        crew.since = at;
    }
}

impl Listener for Observer<'_> {
    #[inline]
    fn moved(&mut self, moved: &Moved) {
        if !self.counted[moved.automaton.index()] {
            return;
        }
        let was = self.net.is_sound(moved.automaton, moved.from);
        let is = self.net.is_sound(moved.automaton, moved.to);
        if was != is {
            self.count_to(moved.at);
            if is {
                self.unsound -= 1;
            } else {
                self.unsound += 1;
            }
        }
    }

    fn fact(&mut self, at: SimTime, fact: FactId, value: bool, view: View<'_>) {
        if fact != self.up {
            return;
        }
        match (value, self.down_since) {
            (false, None) => self.fall(at, view),
            (true, Some(since)) => {
                self.account(at);
                self.longest = self.longest.max(at.since(since));
                self.down_since = None;
            }
            _ => {}
        }
    }

    #[inline]
    fn settled(&mut self, at: SimTime, view: View<'_>) {
        if self.down_since.is_some() {
            self.account(at);
            view.explain(self.up, &mut self.explanation);
        }
    }

    fn crew(&mut self, at: SimTime, crew: CrewId, busy: u32, waiting: usize) {
        self.crew_to(at, crew.index());
        let crew = &mut self.crews[crew.index()];
        (crew.busy, crew.waiting) = (busy, waiting as u64);
    }

    fn granted(&mut self, crew: CrewId, waited: SimDuration) {
        let crew = &mut self.crews[crew.index()];
        crew.grants += 1;
        crew.waited += u128::from(waited.nanos());
    }
}
