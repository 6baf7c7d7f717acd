//! Records of a window beside its totals, where a figure asks for them: readings per interval, and the state before a
//! disturbance at a known time.
//!
//! Intervals are consecutive, of one length, from the window's start; a remainder at its end belongs to none. Holds:
//! whole numbers; reading does not change the simulation; memory is proportional to the number of requested intervals.

use crate::model::gauge::Gauge;
use crate::model::ids::ComponentId;
use crate::model::power::Power;
use crate::model::world::World;
use crate::solve::metering::{ByHour, Metering};
use crate::units::{SimDuration, SimTime};

/// Subject of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meter {
    /// A component.
    Part(ComponentId),
    /// A zone, by place in the blueprint.
    Zone(usize),
    /// Answers to a class, whenever its requests arrived.
    Class(usize),
    /// Intended views of a workload, or requests if it has no clients.
    Workload(usize),
}

/// Subject and interval of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    /// Subject.
    pub of: Meter,
    /// Length of an interval, above zero.
    pub per: SimDuration,
}

/// The amounts of one interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Area under the number inside, requests × ns.
    pub inside: u128,
    /// Busy time as counted by utilisation, units × ns.
    pub busy: u128,
    /// Available capacity, units × ns.
    pub capacity: u128,
    /// Completions, answers or arrivals.
    pub count: u64,
}

impl Cell {
    fn of(gauge: &Gauge) -> Self {
        let Gauge { inside, busy, capacity, completed: count, .. } = *gauge;
        Self { inside, busy, capacity, count }
    }

    fn since(&self, earlier: &Self) -> Self {
        Self {
            inside: self.inside - earlier.inside,
            busy: self.busy - earlier.busy,
            capacity: self.capacity - earlier.capacity,
            count: self.count - earlier.count,
        }
    }
}

/// Records of a window beside its totals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Series, interval by interval.
    pub series: Vec<Series>,
    /// Start and end of a disturbance, counted from the window's start; neither is zero.
    pub unrest: Option<(SimDuration, SimDuration)>,
    /// Components whose numbers are recorded together.
    pub together: Vec<Vec<ComponentId>>,
    /// True if the energy of the parts with a power meter is recorded.
    pub energy: bool,
}

/// State before a disturbance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calm {
    /// Area under the number inside from the window's start to the disturbance, by component, requests × ns.
    pub inside: Vec<u128>,
    /// Length of that time.
    pub length: SimDuration,
}

/// Readers of a window that act at instants of their own.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorders<'p> {
    rulers: Vec<Ruler>,
    metering: Option<Metering<'p>>,
}

impl<'p> Recorders<'p> {
    /// Begins at the present instant of a window that ends at `until`.
    pub(super) fn begin(
        followed: &Followed,
        power: &'p Power,
        world: &World<'_>,
        until: SimTime,
    ) -> Self {
        let series = followed.series.iter();
        Self {
            rulers: series.map(|one| Ruler::new(world, *one, until)).collect(),
            metering: followed.energy.then(|| Metering::new(power, world)),
        }
    }

    /// Returns the next instant of a reading.
    pub(super) fn next(&self) -> SimTime {
        let rulers = self.rulers.iter().map(|ruler| ruler.next);
        rulers.chain(self.metering.as_ref().map(Metering::next)).min().unwrap_or(SimTime::NEVER)
    }

    /// Takes the readings that are due at the present instant.
    pub(super) fn read(&mut self, world: &World<'_>, until: SimTime) {
        for ruler in self.rulers.iter_mut().filter(|ruler| ruler.next == world.now()) {
            ruler.read(world, until);
        }
        if let Some(metering) = self.metering.as_mut().filter(|one| one.next() == world.now()) {
            metering.read(world);
        }
    }

    /// Ends the window at the present instant.
    pub(super) fn end(&mut self, world: &World<'_>) {
        self.metering.iter_mut().for_each(|metering| metering.read(world));
    }

    /// Returns the series, and the energy of each meter; none where it was not asked for.
    pub(super) fn recorded(self) -> (Vec<(Series, Vec<Cell>)>, Vec<ByHour>) {
        let series = self.rulers.into_iter().map(|ruler| (ruler.series, ruler.cells)).collect();
        (series, self.metering.map_or_else(Vec::new, Metering::energy))
    }
}

/// Reader of one series.
#[derive(Clone, Debug)]
struct Ruler {
    series: Series,
    /// End of the present interval; never, if no whole interval is left.
    next: SimTime,
    last: Cell,
    cells: Vec<Cell>,
}

impl Ruler {
    /// Begins at the present instant of a window that ends at `until`.
    fn new(world: &World<'_>, series: Series, until: SimTime) -> Self {
        let (next, last) = (SimTime::NEVER, read(world, series.of));
        let mut ruler = Self { series, next, last, cells: Vec::new() };
        ruler.go_on(world.now(), until);
        ruler
    }

    fn go_on(&mut self, now: SimTime, until: SimTime) {
        let whole = self.series.per <= until - now;
        self.next = if whole { now + self.series.per } else { SimTime::NEVER };
    }

    /// Reads an interval that ends at the present instant.
    fn read(&mut self, world: &World<'_>, until: SimTime) {
        let now = read(world, self.series.of);
        self.cells.push(now.since(&self.last));
        self.last = now;
        self.go_on(world.now(), until);
    }
}

fn read(world: &World<'_>, of: Meter) -> Cell {
    let count = |count| Cell { count, ..Cell::default() };
    match of {
        Meter::Part(id) => Cell::of(&world.gauge(id)),
        Meter::Zone(zone) => Cell::of(&world.zone_gauge(zone)),
        Meter::Class(class) => count(world.record().classes[class].answers()),
        Meter::Workload(workload) => count(world.record().views[workload].intended),
    }
}
