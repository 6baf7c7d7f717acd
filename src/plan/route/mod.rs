//! Routes: what each request class does, step by step, with every name resolved.
//!
//! A scenario says in words what a class does. [`resolve`] reads these steps once, reports what is wrong with
//! them, and makes a tree of [`Step`]s in which components, mounts, draws and labels are numbers. Whoever asks
//! something of the steps (the event loop's program, offered load, the dependency graph, the fluid network, hit
//! ratios, memory) folds over this tree and resolves no name.
//!
//! Holds: a step that could not be resolved has been reported and is left out; a draft without errors has all.

pub mod ask;
pub mod resolve;
pub mod visits;

use std::sync::Arc;

use crate::engine::law::Law;
use crate::plan::links::Entrance;
use crate::plan::route::ask::Ask;
use crate::scenario::source::Span;
use crate::scenario::value::Spanned;
use crate::units::SimDuration;

/// What a class does.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// Its steps, where it has entered.
    pub steps: Vec<Step>,
    /// The names of its labels, by number.
    pub labels: Vec<String>,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its label, by number.
    pub label: Option<usize>,
    /// What it does.
    pub does: Does,
    /// Where it stands.
    pub span: Span,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Does {
    /// Spends processor time where the request is.
    Work(Work),
    /// Asks a database.
    Query(Query),
    /// Calls a service or a balancer.
    Call(Call),
    /// Reads and writes on a mount.
    Io(Io),
    /// Visits a station.
    Visit(Visit),
    /// Asks a component whose kind brings the step along.
    Ask(Arc<dyn Ask>),
    /// Goes one of several ways, or on with the chance that is left.
    Choose(Vec<Way>),
    /// Goes back or on to a label.
    Jump(Jump),
    /// Does several lists of steps at once and waits for the last.
    Parallel(Vec<Vec<Step>>),
    /// Does steps several times.
    Repeat(Repeat),
    /// Waits so long, in seconds.
    Delay(Law),
}

/// Processor time.
#[derive(Clone, Debug)]
pub struct Work {
    /// The service in which the request is.
    pub service: usize,
    /// Which draw of the class, by its place.
    pub draw: usize,
    /// The share of what was drawn.
    pub share: f64,
    /// Threads that do it side by side.
    pub threads: Spanned<u32>,
}

/// Queries of a database, one after the other.
#[derive(Clone, Debug)]
pub struct Query {
    /// The database.
    pub database: usize,
    /// Reads, in the mean; none where the step asks for none.
    pub reads: Option<f64>,
    /// Writes, likewise.
    pub writes: Option<f64>,
    /// After this long the caller gives up.
    pub time_out: Option<Spanned<SimDuration>>,
    /// Where the database is named.
    pub named: Span,
}

/// A nested request.
#[derive(Clone, Debug)]
pub struct Call {
    /// A service, one member of it, or a balancer.
    pub to: Entrance,
    /// What is done there.
    pub steps: Vec<Step>,
    /// After this long the caller gives up.
    pub time_out: Option<Spanned<SimDuration>>,
    /// Where it is named.
    pub named: Span,
}

/// Operations on a mount of the service in which the request is.
#[derive(Clone, Debug)]
pub struct Io {
    /// Each service with a mount of this name, and the place of the mount there.
    pub mounts: Vec<(usize, usize)>,
    /// Reads, in the mean.
    pub reads: f64,
    /// Writes that nobody waits for, in the mean.
    pub writes: f64,
    /// Operations at the head of a file server, in the mean.
    pub operations: f64,
    /// Whether the request waits for its reads.
    pub waits: bool,
}

impl Io {
    /// The place of the mount among those of `service`.
    #[must_use]
    pub fn mount_of(&self, service: usize) -> Option<usize> {
        self.mounts.iter().find(|(of, _)| *of == service).map(|(_, place)| *place)
    }
}

/// A visit to a station.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The stations of this name.
    pub station: usize,
    /// One of them; none: whichever is picked.
    pub member: Option<u32>,
    /// The service time of the step, else that of the station, in seconds.
    pub service: Law,
    /// Rank in line, from 0.
    pub rank: u8,
}

/// One of several ways.
#[derive(Clone, Debug)]
pub struct Way {
    /// How likely it is.
    pub chance: f64,
    /// What it does.
    pub steps: Vec<Step>,
}

/// To another step.
#[derive(Clone, Debug)]
pub struct Jump {
    /// The number of its label.
    pub to: usize,
    /// How likely; else on.
    pub chance: f64,
    /// Where the label is named.
    pub named: Span,
}

/// Steps done several times.
#[derive(Clone, Debug)]
pub struct Repeat {
    /// How often.
    pub count: Law,
    /// What.
    pub steps: Vec<Step>,
    /// Where it stands.
    pub span: Span,
}

impl Step {
    /// Calls `visit` with each list of steps directly inside this one that is done in the same place: those of a
    /// call are not.
    pub fn nested<'s>(&'s self, visit: &mut dyn FnMut(&'s [Step])) {
        match &self.does {
            Does::Choose(ways) => ways.iter().for_each(|way| visit(&way.steps)),
            Does::Parallel(lanes) => lanes.iter().for_each(|lane| visit(lane)),
            Does::Repeat(repeat) => visit(&repeat.steps),
            Does::Ask(ask) => visit(ask.inside()),
            Does::Work(_)
            | Does::Query(_)
            | Does::Call(_)
            | Does::Io(_)
            | Does::Visit(_)
            | Does::Jump(_)
            | Does::Delay(_) => {}
        }
    }

    /// Whether it does nothing but pass on to the next: no time, no component, no place to go to.
    #[must_use]
    pub fn does_nothing(&self) -> bool {
        let all = |steps: &[Self]| steps.iter().all(Self::does_nothing);
        self.label.is_none()
            && match &self.does {
                Does::Delay(law) => law.is_constant() && law.mean() == 0.0,
                Does::Choose(ways) => ways.iter().all(|way| all(&way.steps)),
                Does::Parallel(lanes) => lanes.iter().all(|lane| all(lane)),
                Does::Repeat(repeat) => all(&repeat.steps),
                _ => false,
            }
    }
}

/// Every one of `steps` and of what is nested in them, but for what calls do elsewhere.
pub fn each_here<'s>(steps: &'s [Step], visit: &mut dyn FnMut(&'s Step)) {
    for step in steps {
        visit(step);
        step.nested(&mut |inside| each_here(inside, visit));
    }
}

/// Every one of `steps` and of what is nested in them, inside calls too.
pub fn each<'s>(steps: &'s [Step], visit: &mut dyn FnMut(&'s Step)) {
    each_here(steps, &mut |step| {
        visit(step);
        if let Does::Call(call) = &step.does {
            each(&call.steps, visit);
        }
    });
}
