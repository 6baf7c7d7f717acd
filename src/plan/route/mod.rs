//! Routes: the steps of each request class, with every name resolved.
//!
//! A scenario lists the steps of a class with names. [`resolve`] reads them once, reports errors
//! in them, and makes a tree of [`Step`]s in which components, mounts, draws and labels are numbers. All users
//! of the steps (the event loop's program, offered load, the dependency graph, the fluid network, hit
//! ratios, memory) fold over this tree and resolve no name.
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

/// Steps of a request class.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// Steps after the request has entered.
    pub steps: Vec<Step>,
    /// Names of the labels, by number.
    pub labels: Vec<String>,
}

/// Step of a route.
#[derive(Clone, Debug)]
pub struct Step {
    /// Number of its label.
    pub label: Option<usize>,
    /// Action of the step.
    pub does: Does,
    /// Place of the step in the text.
    pub span: Span,
}

/// Action of a step.
#[derive(Clone, Debug)]
pub enum Does {
    /// Uses processor time where the request is.
    Work(Work),
    /// Queries a database.
    Query(Query),
    /// Calls a service or a balancer.
    Call(Call),
    /// Reads and writes on a mount.
    Io(Io),
    /// Visits a station.
    Visit(Visit),
    /// Asks a component whose kind declares the step itself.
    Ask(Arc<dyn Ask>),
    /// Takes one of several ways, or continues with the remaining probability.
    Choose(Vec<Way>),
    /// Jumps back or ahead to a label.
    Jump(Jump),
    /// Runs several lists of steps in parallel and waits for the last.
    Parallel(Vec<Vec<Step>>),
    /// Repeats steps.
    Repeat(Repeat),
    /// Waits for a time, in seconds.
    Delay(Law),
}

/// Use of processor time.
#[derive(Clone, Debug)]
pub struct Work {
    /// The service in which the request is.
    pub service: usize,
    /// Index of the demand among those of the class.
    pub demand: usize,
    /// Share of the sampled time.
    pub share: f64,
    /// Number of threads that share the work.
    pub threads: Spanned<u32>,
}

/// Queries to a database, in sequence.
#[derive(Clone, Debug)]
pub struct Query {
    /// The database.
    pub database: usize,
    /// Mean number of reads; `None` if the step has none.
    pub reads: Option<f64>,
    /// Mean number of writes; `None` if the step has none.
    pub writes: Option<f64>,
    /// Time-out of the caller.
    pub time_out: Option<Spanned<SimDuration>>,
    /// Place of the database's name in the text.
    pub named: Span,
}

/// Nested request to a service or a balancer.
#[derive(Clone, Debug)]
pub struct Call {
    /// Target: a service, one member of it, or a balancer.
    pub to: Entrance,
    /// Steps done there.
    pub steps: Vec<Step>,
    /// Time-out of the caller.
    pub time_out: Option<Spanned<SimDuration>>,
    /// Bytes of the call on a link between sites.
    pub sends: Option<Law>,
    /// Bytes of its answer there.
    pub returns: Option<Law>,
    /// Place of the target's name in the text.
    pub named: Span,
}

/// Operations on a mount of the service in which the request is.
#[derive(Clone, Debug)]
pub struct Io {
    /// Services with a mount of this name, and the index of the mount there.
    pub mounts: Vec<(usize, usize)>,
    /// Mean number of reads.
    pub reads: f64,
    /// Mean number of writes.
    pub writes: f64,
    /// True if the request waits for each of its writes.
    pub durable: bool,
    /// Mean number of operations at the head of a file server.
    pub operations: f64,
    /// True if the request waits for its reads.
    pub waits: bool,
}

impl Io {
    /// Returns the index of the mount among those of `service`.
    #[must_use]
    pub fn mount_of(&self, service: usize) -> Option<usize> {
        self.mounts.iter().find(|(of, _)| *of == service).map(|(_, place)| *place)
    }
}

/// Visit to a station.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Group of stations.
    pub station: usize,
    /// Member of the group; `None`: any member may be chosen.
    pub member: Option<u32>,
    /// Service time in seconds: that of the step, or else that of the station.
    pub service: Law,
    /// Priority rank in the queue; 0 is served first.
    pub rank: u8,
}

/// Way of a choice.
#[derive(Clone, Debug)]
pub struct Way {
    /// Probability of the way.
    pub probability: f64,
    /// Steps of the way.
    pub steps: Vec<Step>,
}

/// Jump to another step.
#[derive(Clone, Debug)]
pub struct Jump {
    /// Number of the target label.
    pub to: usize,
    /// Probability of the jump; otherwise the next step follows.
    pub probability: f64,
    /// Place of the label's name in the text.
    pub named: Span,
}

/// Repetition of steps.
#[derive(Clone, Debug)]
pub struct Repeat {
    /// Number of repetitions.
    pub count: Law,
    /// Repeated steps.
    pub steps: Vec<Step>,
    /// Place of the step in the text.
    pub span: Span,
}

impl Step {
    /// Calls `visit` with each list of steps directly inside this one, except those of a call, which are done
    /// elsewhere.
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

    /// Returns whether the step has no effect: it takes no time, asks no component and is no jump or its target.
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

/// Visits every step and the steps nested in it, except those inside calls.
pub fn each_here<'s>(steps: &'s [Step], visit: &mut dyn FnMut(&'s Step)) {
    for step in steps {
        visit(step);
        step.nested(&mut |inside| each_here(inside, visit));
    }
}

/// Visits every step and the steps nested in it, including those inside calls.
pub fn each<'s>(steps: &'s [Step], visit: &mut dyn FnMut(&'s Step)) {
    each_here(steps, &mut |step| {
        visit(step);
        if let Does::Call(call) = &step.does {
            each(&call.steps, visit);
        }
    });
}
