//! What a window keeps beside its totals, where a figure asks for it: readings interval by interval, and what
//! was before a disturbance whose times are known beforehand.
//!
//! Intervals are consecutive, of one length, from the window's start; what is left over at its end belongs to
//! none. Holds: whole numbers; reading changes nothing of what is lived through; memory follows the number of
//! intervals of what is asked for.

use crate::model::gauge::Gauge;
use crate::model::ids::ComponentId;
use crate::model::world::World;
use crate::units::{SimDuration, SimTime};

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meter {
    /// A component.
    Part(ComponentId),
    /// A zone, by place in the blueprint.
    Zone(usize),
    /// Answers to a class, whoever came when.
    Class(usize),
    /// Intended views (or requests without clients) of a workload.
    Workload(usize),
}

/// What is read, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    /// What.
    pub of: Meter,
    /// Length of an interval, above zero.
    pub per: SimDuration,
}

/// The amounts of one interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Area under the number inside, customers × ns.
    pub inside: u128,
    /// What utilisation counts as busy, units × ns.
    pub busy: u128,
    /// What could have been busy, units × ns.
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

/// What a window keeps beside its totals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Interval by interval.
    pub series: Vec<Series>,
    /// A disturbance, from and until when after the window's start, neither of them at its start.
    pub unrest: Option<(SimDuration, SimDuration)>,
    /// Components whose numbers are taken together.
    pub together: Vec<Vec<ComponentId>>,
}

/// What was before a disturbance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calm {
    /// Area under the number inside from the window's start to the disturbance, by component, customers × ns.
    pub inside: Vec<u128>,
    /// How long that is.
    pub length: SimDuration,
}

/// Reads one series.
#[derive(Clone, Debug)]
pub(super) struct Ruler {
    pub(super) series: Series,
    /// End of the present interval; never where no whole one is left.
    pub(super) next: SimTime,
    last: Cell,
    pub(super) cells: Vec<Cell>,
}

impl Ruler {
    /// Begins at the present instant of a window that ends at `until`.
    pub(super) fn new(world: &World<'_>, series: Series, until: SimTime) -> Self {
        let (next, last) = (SimTime::NEVER, read(world, series.of));
        let mut ruler = Self { series, next, last, cells: Vec::new() };
        ruler.go_on(world.now(), until);
        ruler
    }

    fn go_on(&mut self, now: SimTime, until: SimTime) {
        let whole = self.series.per <= until - now;
        self.next = if whole { now + self.series.per } else { SimTime::NEVER };
    }

    /// An interval ends here and now.
    pub(super) fn read(&mut self, world: &World<'_>, until: SimTime) {
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
        Meter::Class(class) => count(world.record().classes[class].answered()),
        Meter::Workload(workload) => count(world.record().views[workload].intended),
    }
}
