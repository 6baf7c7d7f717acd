//! Windows in which one part is broken once.
//!
//! Model: a declared window with `before` and `after` becomes runs of one break each:
//!
//! - `name/down:PART`: all is well, `before` into what is counted the part breaks, and nobody mends
//!   it for `after`;
//! - `name/repair:PART`: the part is broken from the first instant on; after the lead-in and
//!   `before`, which are not counted, it is repaired, and `after` is counted;
//! - `name` and `name/after`: the same stretches with nothing broken. All of them meet the same users
//!   with the same demands, so that what a break costs is the difference, replication by
//!   replication.
//!
//! One part of each kind and role is broken, and every part that a figure asks for. Holds: no run
//! has a target of precision; a part's run is the same whoever asks for it. Leaves out: two parts
//! at once, faults of the file (nothing else fails while a part is broken).

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
use crate::solve::requests::{Steps, Window};
use crate::stats::interval::Statistic;
use crate::study::measure::NoValue;
use crate::study::window::{self, WindowPlan, WindowResult};
use crate::units::{Rate, SimDuration, SimTime};

/// Replications where the window says nothing.
pub const REPLICATIONS: ReplicationsSpec = ReplicationsSpec { min: 4, max: 4 };
/// Page views are counted every so often.
pub const STEP: SimDuration = SimDuration::from_secs(10);
/// The end of a window, for what is still lost there; all that follows the break or the repair
/// where that is shorter.
pub const LAST: SimDuration = SimDuration::from_secs(60);

/// What becomes of the part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// It breaks.
    Down,
    /// It is repaired.
    Repair,
}

impl Way {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Down, Self::Repair];

    /// As in the names of windows.
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
    /// What becomes of the part.
    pub way: Way,
    /// When, after the start of what is counted.
    pub at: SimDuration,
    /// The part; none: nothing breaks.
    pub part: Option<Drillable>,
    /// How long the end of the window is.
    pub last: SimDuration,
    /// The window of the same stretch with nothing broken, by place; its own for that window.
    pub well: usize,
}

impl Drill {
    /// How its page views are counted.
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
    lead_in: SimDuration,
    before: SimDuration,
    after: SimDuration,
    replications: (u32, u32),
    level: f64,
    /// Places of the windows with nothing broken, by way.
    well: [usize; 2],
}

impl Around {
    /// The declared window `name`, which begins at `at`; `None` when it is not one around breaks.
    /// `first` is the place that its first run will have.
    #[must_use]
    pub fn new(
        name: &str,
        spec: &WindowSpec,
        at: SimDuration,
        levels: Vec<Option<Rate>>,
        replications: (u32, u32),
        level: f64,
        first: usize,
    ) -> Option<Self> {
        let (before, after) = (spec.before.as_ref()?.value, spec.after.as_ref()?.value);
        let lead_in = spec.lead_in.value;
        let begins = SimTime::from_nanos(at.nanos().saturating_sub(lead_in.nanos()));
        let name = name.to_string();
        let well = [first, first + 1];
        Some(Self { name, levels, begins, lead_in, before, after, replications, level, well })
    }

    /// The name of a run.
    fn called(&self, way: Way, part: Option<&str>) -> String {
        match (part, way) {
            (Some(part), way) => format!("{}/{}:{part}", self.name, way.word()),
            (None, Way::Down) => self.name.clone(),
            (None, Way::Repair) => format!("{}/after", self.name),
        }
    }

    /// The runs with nothing broken, then those of one part of each kind and role.
    #[must_use]
    pub fn windows(&self, draft: &Draft, plan: &Blueprint) -> Vec<WindowPlan> {
        let mut all = Way::ALL.map(|way| self.window(way, None)).to_vec();
        for part in drills::one_of_each(draft) {
            let part = drills::drillable(draft, part);
            let Some(place) = place(plan, &part.name) else { continue };
            all.extend(Way::ALL.map(|way| self.window(way, Some((place, part.clone())))));
        }
        all
    }

    fn window(&self, way: Way, broken: Option<(u32, Drillable)>) -> WindowPlan {
        let name = self.called(way, broken.as_ref().map(|(_, part)| part.name.as_str()));
        let counted = self.begins + self.lead_in;
        let event = counted + self.before;
        let (at, lead_in, length) = match way {
            Way::Down => (counted, self.lead_in, self.before + self.after),
            Way::Repair => (event, self.lead_in + self.before, self.after),
        };
        let faults = match (&broken, way) {
            (None, _) => Faults::Off,
            (Some((part, _)), Way::Down) => {
                Faults::Broken { part: *part, from: event, until: SimTime::NEVER }
            }
            (Some((part, _)), Way::Repair) => {
                Faults::Broken { part: *part, from: self.begins, until: event }
            }
        };
        let levels = self.levels.clone();
        let drain = length.max(SimDuration::from_secs(300));
        WindowPlan {
            window: Window { name, levels, at, lead_in, length, drain, faults },
            replications: self.replications,
            precision: Vec::new(),
            measures: Vec::new(),
            level: self.level,
            drill: Some(Drill {
                window: self.name.clone(),
                way,
                at: event - at,
                last: LAST.min(self.after),
                part: broken.map(|(_, part)| part),
                well: self.well[way as usize],
            }),
        }
    }

    /// The run that `run` (`down:www-1`) asks for; `None` when it makes no sense, said to `out`.
    pub fn asked(
        &self,
        draft: &Draft,
        plan: &Blueprint,
        run: &str,
        span: Span,
        out: &mut Diagnostics,
    ) -> Option<WindowPlan> {
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
        let part = drills::drillable(draft, one);
        match place(plan, &part.name).filter(|_| !matches!(one, Part::Unit { .. })) {
            Some(place) => Some(self.window(way, Some((place, part)))),
            // Without health the blueprint is wrong elsewhere, and that has been said.
            None if plan.health.is_none() => None,
            None => {
                let message = format!("`{}` cannot be broken: no request meets it", part.name);
                out.push(Diagnostic::new(Code::NoSuchFigure, span, message));
                None
            }
        }
    }
}

/// The place of a part among those that the blueprint can break.
fn place(plan: &Blueprint, name: &str) -> Option<u32> {
    let breakable = &plan.health.as_ref()?.breakable;
    breakable.iter().position(|part| part == name).map(|place| place as u32)
}

/// Takes what the same stretch without a break gives from the paired figures of every run,
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
            results[at].estimates[place] = window::estimate(&less, Statistic::Mean, asked.level);
            for (values, less) in results[at].samples.iter_mut().zip(less) {
                values[place] = less;
            }
        }
    }
}
