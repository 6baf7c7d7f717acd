//! Windows in which one part is broken once.
//!
//! Model: a declared window with `before` and `after` becomes runs of one break each:
//!
//! - `name/down:PART`: the site is healthy, the part fails `before` into the measured interval, and it stays failed for
//!   `after`;
//! - `name/repair:PART`: as above, but the part is repaired once the shorter of `before` and `after` has passed. The
//!   measured interval begins there and ends when the part has been back for `repair`, in whole steps;
//! - `name` and `name/after`: the same intervals without a failure. All runs have the same users and demands, so the
//!   cost of a break is the difference, replication by replication.
//!
//! One part of each kind and role is broken, and every part that a figure asks for. The time before the break is the
//! same in all runs of a replication. It is simulated once, and each break continues from a copy, as each repair does
//! from a copy of its break. Parts whose loss or return has the same effect share one simulation. Intervals of
//! different length without a failure share one simulation, reported at each of their ends.
//! Holds: no run has a precision target; a part's run is the same whichever figure asks for it.
//! Leaves out: two parts at once, faults of the file (nothing else fails while a part is broken).

mod live;

use crate::convert::table;
use crate::model::blueprint::Blueprint;
use crate::model::outage::Faults;
use crate::model::spec::runs::{ReplicationsSpec, WindowSpec};
use crate::plan::Draft;
use crate::plan::drills::{self, Drillable};
use crate::plan::part::Part;
use crate::plan::targets;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;
use crate::solve::requests::{Breach, Ear, Observation, Steps, Window};
use crate::solve::series::Followed;
use crate::study::folded::Gathered;
use crate::study::measure::NoValue;
use crate::study::replication::{Replication, Values};
use crate::study::window::{self, Ending, Watch, WindowPlan, WindowResult};
use crate::study::work::Together;
use crate::units::{Rate, SimDuration, SimTime};

/// Replications where the window declares none.
pub const REPLICATIONS: ReplicationsSpec = ReplicationsSpec { min: 4, max: 4 };
/// Interval between two counts of page views.
pub const STEP: SimDuration = SimDuration::from_secs(10);
/// Time after the end of the window in which its requests may still complete.
const DRAIN: SimDuration = SimDuration::from_secs(600);
/// Longest final interval over which lost views are measured. It is shorter where less time follows the break or
/// repair.
pub const LAST: SimDuration = SimDuration::from_secs(60);

/// Change of the part's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// It breaks.
    Down,
    /// It is repaired.
    Repair,
}

impl Way {
    /// Both changes.
    pub const ALL: [Self; 2] = [Self::Down, Self::Repair];

    /// Returns the word used in names of windows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Repair => "repair",
        }
    }
}

/// A run around a break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drill {
    /// The declared window.
    pub window: String,
    /// Change of the part's state.
    pub way: Way,
    /// Time of the change, counted from the start of the measured interval.
    pub at: SimDuration,
    /// Part that changes, or `None` where nothing breaks.
    pub part: Option<Drillable>,
    /// Place of the part among those that the blueprint can break.
    pub place: Option<u32>,
    /// Length of the final interval of the window.
    pub last: SimDuration,
    /// Place of the window of the same interval without a failure; for that window, its own place.
    pub well: usize,
}

impl Drill {
    /// Returns the schedule at which page views are counted.
    #[must_use]
    pub const fn steps(&self) -> Steps {
        Steps { every: STEP, last: self.last }
    }
}

/// A declared window around breaks.
#[derive(Clone, Debug)]
pub struct Around {
    /// Its name.
    pub name: String,
    levels: Vec<Option<Rate>>,
    begins: SimTime,
    warm_up: SimDuration,
    before: SimDuration,
    after: SimDuration,
    repair: SimDuration,
    /// Longest time that the run waits for a part to come back after its repair.
    patience: SimDuration,
    replications: (u32, u32),
    level: f64,
}

impl Around {
    /// Returns the declared window `name`, which begins at `at`; `None` if it declares no break.
    #[must_use]
    pub fn new(
        name: &str,
        spec: &WindowSpec,
        at: SimDuration,
        levels: Vec<Option<Rate>>,
        replications: (u32, u32),
        level: f64,
    ) -> Option<Self> {
        let (before, after) = (spec.before.as_ref()?.value, spec.after.as_ref()?.value);
        let repair = spec.repair.as_ref().map_or(after, |repair| repair.value);
        let warm_up = spec.warm_up.value;
        let begins = SimTime::from_nanos(at.nanos().saturating_sub(warm_up.nanos()));
        let name = name.to_string();
        Some(Self {
            name,
            levels,
            begins,
            warm_up,
            before,
            after,
            repair,
            patience: SimDuration::MAX,
            replications,
            level,
        })
    }

    /// Returns a quick version: half the time before a break, a fifth of the time after it. It waits at most 40 s for a
    /// part to come back, so the end of a long boot is not covered.
    #[must_use]
    pub fn quick(mut self) -> Self {
        let part = |time: SimDuration, parts| SimDuration::from_nanos(time.nanos() / parts);
        (self.before, self.after) = (part(self.before, 2), part(self.after, 5));
        self.repair = part(self.repair, 5);
        self.patience = SimDuration::from_secs(40);
        self
    }

    /// Returns the length of the interval after the repair of `part`: its way back, in whole steps, plus `repair`.
    /// Whole steps let comparison intervals without a failure end at steps of one simulation.
    fn after_repair(&self, draft: &Draft, part: Option<Part>) -> SimDuration {
        let way_back = part.map_or(SimDuration::ZERO, |part| drills::way_back(draft, part));
        let steps = way_back.min(self.patience).nanos().div_ceil(STEP.nanos());
        self.repair + SimDuration::from_nanos(steps.saturating_mul(STEP.nanos()))
    }

    /// Returns the name of a run.
    fn called(&self, way: Way, part: Option<&str>, length: SimDuration) -> String {
        match (part, way) {
            (Some(part), way) => format!("{}/{}:{part}", self.name, way.word()),
            (None, Way::Down) => self.name.clone(),
            (None, Way::Repair) if length == self.repair => format!("{}/after", self.name),
            (None, Way::Repair) => format!("{}/after-{length}", self.name),
        }
    }

    /// Adds the runs without a failure, then those of one part of each kind and role.
    pub fn add_windows(&self, draft: &Draft, plan: &Blueprint, windows: &mut Vec<WindowPlan>) {
        for way in Way::ALL {
            self.add(way, None, self.repair, windows);
        }
        for part in drills::one_of_each(draft) {
            let name = part.name(draft);
            if let Some(place) = place(plan, &name) {
                for way in Way::ALL {
                    self.add_break(draft, (part, place), way, windows);
                }
            }
        }
    }

    /// Adds the run of one part, with the run of the same interval without a failure.
    fn add_break(
        &self,
        draft: &Draft,
        (part, place): (Part, u32),
        way: Way,
        windows: &mut Vec<WindowPlan>,
    ) -> usize {
        let length = self.after_repair(draft, Some(part));
        self.add(way, Some((place, drills::drillable(draft, part))), length, windows)
    }

    /// Adds a run unless it exists, and returns its place; `length` is that of the interval after a repair.
    fn add(
        &self,
        way: Way,
        broken: Option<(u32, Drillable)>,
        length: SimDuration,
        windows: &mut Vec<WindowPlan>,
    ) -> usize {
        let name = self.called(way, broken.as_ref().map(|(_, part)| part.name.as_str()), length);
        if let Some(there) = windows.iter().position(|one| one.window.name == name) {
            return there;
        }
        let well = match broken {
            Some(_) => self.add(way, None, length, windows),
            None => windows.len(),
        };
        let counted = self.begins + self.warm_up;
        let breaks = counted + self.before;
        let (from, length) = match way {
            Way::Down => (counted, self.before + self.after),
            Way::Repair => (breaks + self.before.min(self.after), length),
        };
        let last = LAST.min(if way == Way::Down { self.after } else { length });
        let (place, part) = broken.unzip();
        windows.push(WindowPlan {
            window: Window {
                name,
                levels: self.levels.clone(),
                at: from,
                warm_up: from - self.begins,
                length,
                drain: DRAIN,
                faults: Faults::Drill,
            },
            replications: self.replications,
            precision: Vec::new(),
            measures: Vec::new(),
            level: self.level,
            followed: Followed::default(),
            drill: Some(Drill {
                window: self.name.clone(),
                way,
                at: if way == Way::Down { self.before } else { SimDuration::ZERO },
                last,
                part,
                place,
                well,
            }),
        });
        windows.len() - 1
    }

    /// Returns the place of the run that `run` (`down:www-1`) names, and adds it if it is missing. Returns `None` and
    /// reports to `out` when `run` is invalid.
    pub fn asked(
        &self,
        draft: &Draft,
        plan: &Blueprint,
        (run, span): (&str, Span),
        windows: &mut Vec<WindowPlan>,
        out: &mut Diagnostics,
    ) -> Option<usize> {
        let window = &self.name;
        let split = run.split_once(':');
        let way = split.and_then(|(word, _)| Way::ALL.into_iter().find(|way| way.word() == word));
        let (Some(way), Some((_, part))) = (way, split) else {
            let message = format!("`{window}/{run}` is no run of the window `{window}`");
            let help = format!("write `{window}/down:PART` or `{window}/repair:PART`");
            out.push(Diagnostic::new(Code::NoSuchFigure, span, message).help(help));
            return None;
        };
        let found = targets::parts(draft, part, span, out);
        let one = match found.as_slice() {
            [] => return None,
            [one] => *one,
            many => {
                let names: Vec<String> = many.iter().map(|part| part.name(draft)).collect();
                let message =
                    format!("`{part}` means {} parts; one is broken at a time", many.len());
                let help = format!("name one of {}", names.join(", "));
                out.push(Diagnostic::new(Code::NoSuchName, span, message).help(help));
                return None;
            }
        };
        let name = one.name(draft);
        match place(plan, &name).filter(|_| !matches!(one, Part::Unit { .. })) {
            Some(place) => Some(self.add_break(draft, (one, place), way, windows)),
            // Without health the blueprint has another error, which is reported already.
            None if plan.health.is_none() => None,
            None => {
                let message = format!("`{name}` cannot be broken: no request meets it");
                out.push(Diagnostic::new(Code::NoSuchFigure, span, message));
                None
            }
        }
    }
}

/// Returns the place of a part among those that the blueprint can break.
fn place(plan: &Blueprint, name: &str) -> Option<u32> {
    let breakable = &plan.health.as_ref()?.breakable;
    breakable.iter().position(|part| part == name).map(|place| table::u32(place))
}

/// Returns the number of replications of the runs around a break.
#[must_use]
pub fn replications(asked: &[&WindowPlan]) -> u32 {
    asked.first().map_or(0, |first| first.replications.0)
}

/// Simulates one replication of the runs around the breaks of one declared window; `None` when it is stopped.
///
/// # Errors
///
/// [`Breach`] when an invariant of the replication is broken.
pub(super) fn replication(
    plan: &Blueprint,
    asked: &[&WindowPlan],
    number: u64,
    watch: &Watch,
) -> Result<Option<Vec<Replication>>, Breach> {
    let Some(seen) = live::live(plan, asked, None, number, watch)? else { return Ok(None) };
    let values = |(one, own): (&&WindowPlan, &Observation)| {
        let well = one.drill.as_ref().and_then(|drill| {
            let is = |other: &&WindowPlan| {
                let other = other.drill.as_ref();
                other.is_some_and(|other| other.part.is_none() && other.well == drill.well)
            };
            seen.get(asked.iter().position(is)?)
        });
        Values::new(plan, one, own, well)
    };
    let values: Vec<Values> = asked.iter().zip(&seen).map(values).collect();
    Ok(Some(values.into_iter().zip(seen).map(|(values, seen)| values.of(seen)).collect()))
}

/// Simulates the runs around the breaks of one declared window, which has a `place` among those; results by place in the
/// study.
///
/// # Errors
///
/// [`Breach`] when an invariant of some replication is broken.
pub fn run(
    plan: &Blueprint,
    asked: &[&WindowPlan],
    place: u32,
    watch: &Watch,
) -> Result<Vec<WindowResult>, Breach> {
    let mut seen = Gathered::new(plan, asked, (Some(Together::Around(place)), watch));
    let one = |number: u64| replication(plan, asked, number, watch);
    let whole = seen.extend(replications(asked).into(), one)?;
    let ending = if whole { Ending::Fixed } else { Ending::Interrupted };
    Ok(seen.results((ending, 0)))
}

/// Simulates one replication of one run and reports its events to `ear`. The run is given by its place in `asked`, and
/// proceeds exactly as it does among the others.
///
/// # Errors
///
/// [`Breach`] when an invariant of the replication is broken.
pub fn tell(
    plan: &Blueprint,
    asked: &[&WindowPlan],
    (place, ear): (usize, Ear<'_>),
    replication: u64,
    watch: &Watch,
) -> Result<(), Breach> {
    live::live(plan, asked, Some((place, ear)), replication, watch).map(|_| ())
}

/// Subtracts the figures of the same interval without a break from the paired figures of every run. It does so
/// replication by replication: users and demands are the same.
pub fn pair(plans: &[WindowPlan], results: &mut [WindowResult]) {
    for (at, asked) in plans.iter().enumerate() {
        let Some(drill) = asked.drill.as_ref().filter(|drill| drill.part.is_some()) else {
            continue;
        };
        for (place, measure) in asked.measures.iter().enumerate() {
            if !measure.is_paired() {
                continue;
            }
            let well = plans[drill.well].measures.iter().position(|other| other == measure);
            let other = |replication: usize| -> Result<f64, NoValue> {
                let values = results[drill.well].samples.get(replication);
                well.and_then(|well| values.map(|values| values[well]))
                    .unwrap_or(Err(NoValue::Empty))
            };
            let own = results[at].samples.iter().enumerate();
            let less: Vec<Result<f64, NoValue>> =
                own.map(|(replication, values)| Ok(values[place]? - other(replication)?)).collect();
            // No less is missed than nothing: the difference is not below what is missed without it.
            let without = (0..less.len()).filter_map(|replication| other(replication).ok());
            let floor = 0.0 - without.sum::<f64>() / less.len().max(1) as f64;
            // Of more replications than are kept, the differences were folded one by one.
            if results[at].beyond.is_none() {
                results[at].estimates[place] = window::few(&less, floor, asked.level);
            }
            for (values, less) in results[at].samples.iter_mut().zip(less) {
                values[place] = less;
            }
        }
    }
}
