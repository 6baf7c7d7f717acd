//! A whole scenario: its windows, figures, precision and expectations, resolved and run.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::model::blueprint::Blueprint;
use crate::model::outage::Faults;
use crate::model::spec::runs::ReplicationsSpec;
use crate::model::spec::traffic::WorkloadSpec;
use crate::plan::Draft;
use crate::plan::availability;
use crate::plan::checks::week_start;
use crate::plan::cost;
use crate::plan::faults::PLANNED;
use crate::plan::figure::{Figure, FigureUnit, Metric};
use crate::plan::headroom;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;
use crate::solve::requests::{Breach, Window};
use crate::stats::interval::Interval;
use crate::study::breaks::{self, Around};
use crate::study::capacity::{self, CapacityResult};
use crate::study::expect::{Demand, Verdict as Judgement};
use crate::study::limits::{self, Sought};
use crate::study::measure::{Measure, NoValue};
use crate::study::sampled::estimate::Joined;
use crate::study::sampled::{self, SampledFigure, SampledPlan, SampledResult};
use crate::study::why::Why;
use crate::study::window::{self, Ending, Estimate, Watch, WindowPlan, WindowResult};
use crate::study::years::{self, YearFigure, YearsPlan, YearsResult};
use crate::units::{Rate, SimDuration, SimTime};

/// A figure that is printed: where it is estimated, and what it is.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its path, with the window.
    pub path: String,
    /// Taken apart.
    pub figure: Figure,
    /// Resolved.
    pub measure: Measure,
    /// Which window, by place.
    pub window: usize,
    /// Which measure of the window.
    pub place: usize,
}

/// What is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// A figure of a window, by its place among the figures.
    Figure(usize),
    /// A capacity, by its place among those sought.
    Capacity(usize),
    /// A figure of years, by its place among those.
    Years(usize),
    /// A figure of arithmetic, by its place among those.
    Arithmetic(usize),
    /// A figure of windows in years, by its place among those.
    Sampled(usize),
}

/// A judged figure.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// What it is of.
    pub of: Judged,
    /// Its path.
    pub path: String,
    /// Its unit.
    pub unit: FigureUnit,
    /// What it must be, as written.
    pub is: String,
    /// What that means.
    pub demand: Demand,
}

/// Everything that will be run and asked.
#[derive(Clone, Debug, Default)]
pub struct StudyPlan {
    /// Windows, in the order of the file; those around breaks after all others.
    pub windows: Vec<WindowPlan>,
    /// Declared windows around breaks.
    pub arounds: Vec<Around>,
    /// Figures, in the order asked.
    pub figures: Vec<Asked>,
    /// Judged ones.
    pub expectations: Vec<Expectation>,
    /// Expectations that no solver here estimates yet, with the reason.
    pub not_estimated: Vec<(String, String)>,
    /// Capacities to find.
    pub sought: Vec<Sought>,
    /// Years to live through.
    pub years: Option<YearsPlan>,
    /// Figures that arithmetic gives: path, value, level of intervals.
    pub arithmetic: Vec<(String, Interval)>,
    /// It is run alone: why it is down and what it costs is told.
    pub alone: bool,
    /// A first look.
    pub quick: bool,
    /// Windows to be drawn from them.
    pub sampled: Option<SampledPlan>,
    /// Why none are, where they were asked for.
    pub not_sampled: Option<String>,
    /// The solvers that may be used.
    solver: Option<Solver>,
}

/// A solver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Solver {
    /// Every request, in windows.
    Requests,
    /// Years, from fault to fault.
    Flows,
}

/// What the command line changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choices {
    /// One solver alone.
    pub solver: Option<Solver>,
    /// Replications instead of the file's.
    pub replications: Option<u32>,
    /// A tenth of the effort, for a first look.
    pub quick: bool,
    /// Alone, not beside others: its outages are told, and what each cause costs.
    pub alone: bool,
    /// Draw windows of requests from the years too; never for a first look, nor with one solver.
    pub sampled: bool,
}

/// Resolves windows and figures; everything wrong goes to `out`.
#[must_use]
pub fn prepare(
    draft: &Draft,
    plan: &Blueprint,
    choices: Choices,
    out: &mut Diagnostics,
) -> StudyPlan {
    let scenario = &draft.scenario;
    let Choices { solver, quick, alone, .. } = choices;
    let mut study = StudyPlan { solver, quick, alone, ..StudyPlan::default() };
    let windows = choices.solver != Some(Solver::Flows);
    let level = scenario.run.confidence.value;
    let start = week_start(draft);
    for (name, spec) in scenario.window.iter().filter(|_| windows) {
        let Some(length) = &spec.length else { continue };
        let own = spec.replications.as_ref().map(|own| own.value);
        let replications = replications(own.unwrap_or(scenario.run.replications.value), choices);
        let levels = levels(draft, spec.level.as_ref().map(|level| level.value));
        let whole = length.value.nanos();
        let length = SimDuration::from_nanos(if choices.quick { whole.div_ceil(4) } else { whole });
        study.windows.push(WindowPlan {
            window: Window {
                name: name.text.clone(),
                levels,
                at: SimTime::ZERO
                    + spec.at.as_ref().map_or(SimDuration::ZERO, |at| at.value.after_zero(start)),
                lead_in: spec.lead_in.value,
                length,
                drain: length.max(SimDuration::from_secs(300)),
                // A level asks what a healthy system does; without one the history is lived.
                faults: if spec.level.is_some() { Faults::Off } else { Faults::Live },
            },
            replications,
            precision: Vec::new(),
            measures: Vec::new(),
            level,
            drill: None,
        });
    }
    for (name, spec) in scenario.window.iter().filter(|_| windows) {
        let own = spec.replications.as_ref().map_or(breaks::REPLICATIONS, |own| own.value);
        let around = Around::new(
            &name.text,
            spec,
            spec.at.as_ref().map_or(SimDuration::ZERO, |at| at.value.after_zero(start)),
            levels(draft, spec.level.as_ref().map(|level| level.value)),
            around_replications(own, choices),
            level,
        );
        let Some(around) = around else { continue };
        let around = if choices.quick { around.quick() } else { around };
        around.add_windows(draft, plan, &mut study.windows);
        study.arounds.push(around);
    }
    if windows {
        study.sought = limits::sought(draft, plan, choices.quick);
    }
    study.years = years_of(draft, choices);
    study.draw_windows(draft, plan, choices);
    // Where there is nothing more to tell it is as beside others.
    let more = study.years.is_some() || headroom::design_peak(draft).is_some();
    study.alone &= more || cost::monthly(draft).is_some();
    for sought in &mut study.sought {
        sought.effort.replications = choices.replications.unwrap_or(sought.effort.replications);
    }
    for (path, width) in scenario.run.precision.iter() {
        match study.add(draft, plan, &path.text, path.span, out) {
            Some(Judged::Figure(place)) => {
                let asked = &study.figures[place];
                let target = (asked.measure.clone(), width.get());
                let window = asked.window;
                study.windows[window].precision.push(target);
            }
            // A number of replications that was asked for is kept.
            Some(Judged::Capacity(place)) if choices.replications.is_none() && !choices.quick => {
                let most = scenario.run.replications.value.max;
                limits::sharpen(&mut study.sought[place], width.get(), most);
            }
            Some(Judged::Years(place)) => study.sharpen_years(place, width.get(), choices),
            Some(Judged::Sampled(_)) => {
                let reason = "windows of years are a fixed number: no precision is reached for it";
                study.not_estimated.push((path.text.clone(), reason.into()));
            }
            Some(Judged::Capacity(_) | Judged::Arithmetic(_)) | None => {}
        }
    }
    let mut spans: Vec<Span> = Vec::new();
    for expect in scenario.expect.iter() {
        let (path, span) = (&expect.figure.text, expect.figure.span);
        let Some(of) = study.add(draft, plan, path, span, out) else { continue };
        let unit = match of {
            Judged::Figure(place) => study.figures[place].figure.unit(),
            Judged::Capacity(_) => Metric::Capacity.unit(),
            Judged::Arithmetic(_) => Metric::Headroom.unit(),
            Judged::Years(place) => {
                let figures = study.years.as_ref().map(|years| &years.figures);
                figures.map_or(FigureUnit::Ratio, |figures| figures[place].figure.unit())
            }
            Judged::Sampled(place) => {
                let figures = study.sampled.as_ref().map(|sampled| &sampled.figures);
                figures.map_or(FigureUnit::Ratio, |figures| figures[place].figure.unit())
            }
        };
        match Demand::parse(&expect.is.text, unit) {
            Ok(demand) => {
                let is = expect.is.value.text.clone();
                let others = study.expectations.iter().zip(&spans);
                let of_it = others.filter(|(other, _)| other.path == *path);
                for (other, place) in of_it.filter(|(one, _)| one.demand.contradicts(demand)) {
                    let message = format!("`{path}` cannot be both \"{}\" and \"{is}\"", other.is);
                    out.push(
                        Diagnostic::new(Code::Contradiction, expect.is.span, message)
                            .related(*place, "the other")
                            .help("keep one, or widen it"),
                    );
                }
                spans.push(expect.is.span);
                study.expectations.push(Expectation { of, path: path.clone(), unit, is, demand });
            }
            Err(message) => {
                out.push(Diagnostic::new(Code::OutOfRange, expect.is.span, message));
            }
        }
    }
    study.add_standard(plan);
    study
}

/// Years to live through: where the file has a horizon, a figure asks for them or the flag does.
fn years_of(draft: &Draft, choices: Choices) -> Option<YearsPlan> {
    if choices.solver == Some(Solver::Requests) {
        return None;
    }
    let scenario = &draft.scenario;
    let of_years = |path: &str| Figure::parse(path).ok().filter(years::is_of_years);
    let precise = scenario.run.precision.iter().filter_map(|(path, _)| of_years(&path.text));
    let mut asked: Vec<Figure> = precise.collect();
    // Who says how precise it is to be is looked after sooner.
    let least = if asked.is_empty() { years::REPLICATIONS } else { years::FIRST_LOOK };
    let expected = scenario.expect.iter().map(|expect| &expect.figure.value.text);
    asked.extend(expected.filter_map(|path| of_years(path)));
    let wanted = scenario.run.horizon.is_some() || choices.solver == Some(Solver::Flows);
    if !wanted && asked.is_empty() {
        return None;
    }
    let common = availability::common(draft);
    let mut sets: Vec<Vec<String>> = Vec::new();
    for figure in &asked {
        let set = years::without(figure, &common);
        if !set.is_empty() && !sets.contains(&set) {
            sets.push(set);
        }
    }
    let mut of = availability::plan(draft, &sets)?;
    if choices.alone {
        of.stories = of.felt();
    }
    let replications = match choices {
        Choices { replications: Some(count), .. } => (count, count),
        Choices { quick: true, .. } => (years::QUICK, years::QUICK),
        // The file's own are for windows, where one costs as much as thousands here.
        _ => {
            let own = scenario.run.replications.value;
            (own.min.max(least), own.max.max(years::MOST))
        }
    };
    let level = scenario.run.confidence.value;
    Some(YearsPlan { of, replications, precision: Vec::new(), level, figures: Vec::new() })
}

fn replications(asked: ReplicationsSpec, choices: Choices) -> (u32, u32) {
    if let Some(count) = choices.replications {
        return (count, count);
    }
    if choices.quick {
        let few = asked.min.clamp(2, 4);
        return (few, few);
    }
    (asked.min, asked.max)
}

/// There are many runs around breaks: for a first look each has as few as give an interval.
fn around_replications(own: ReplicationsSpec, choices: Choices) -> (u32, u32) {
    match choices {
        Choices { replications: None, quick: true, .. } => (own.min.min(3), own.min.min(3)),
        _ => replications(own, choices),
    }
}

/// A level fixes the rate of the workloads whose class has an objective, or of all where no class
/// has one; that of closed users nothing fixes.
fn levels(draft: &Draft, level: Option<Rate>) -> Vec<Option<Rate>> {
    let scenario = &draft.scenario;
    let any = !scenario.objective.is_empty();
    let fixed = |class: &str| !any || scenario.objective.get(class).is_some();
    let workloads = scenario.workload.iter();
    let open = |w: &WorkloadSpec| w.users.is_none();
    let fixes = |w: &WorkloadSpec| level.filter(|_| open(w) && fixed(&w.request.value.text));
    workloads.map(|(_, w)| fixes(w)).collect()
}

impl StudyPlan {
    /// Adds the figure of `path`, or finds it; `None` when it makes no sense here.
    fn add(
        &mut self,
        draft: &Draft,
        plan: &Blueprint,
        path: &str,
        span: Span,
        out: &mut Diagnostics,
    ) -> Option<Judged> {
        let wrong = |message: String, out: &mut Diagnostics| {
            out.push(Diagnostic::new(Code::NoSuchFigure, span, message));
        };
        let figure = match Figure::parse(path) {
            Ok(figure) => figure,
            Err(message) => {
                wrong(message, out);
                return None;
            }
        };
        if figure.metric == Metric::Capacity {
            let found = limits::found(&self.sought, &figure).map(Judged::Capacity);
            return found
                .map_err(|(message, help)| {
                    out.push(Diagnostic::new(Code::NoSuchFigure, span, message).help(help));
                })
                .ok();
        }
        if figure.metric == Metric::Headroom {
            return self.add_of_arithmetic(draft, path, &figure, span, out);
        }
        match sampled::is_of_windows(&figure) {
            Ok(true) => return self.add_of_windows(path, figure, span, out),
            Ok(false) => {}
            Err(message) => {
                wrong(message, out);
                return None;
            }
        }
        if years::is_of_years(&figure) {
            return self.add_of_years(path, figure, span, out);
        }
        let declared = |name: &str| draft.scenario.window.get(name).is_some();
        let name = figure.window.as_deref().map(|w| w.split_once('/').map_or(w, |(name, _)| name));
        let in_a_window = name.map_or(figure.metric != Metric::Capacity, declared);
        if self.solver == Some(Solver::Flows) && in_a_window {
            let reason = "`--solver flows` lives through no window";
            self.not_estimated.push((path.to_string(), reason.to_string()));
            return None;
        }
        let window = match &figure.window {
            Some(name) => self.windows.iter().position(|w| w.window.name == *name),
            None if self.windows.len() == 1 => Some(0),
            None => None,
        };
        let window = match window {
            Some(window) => Some(window),
            None => match self.around(draft, plan, &figure, span, out) {
                Ok(added) => added,
                Err(Said) => return None,
            },
        };
        let Some(window) = window else {
            let of_years = matches!(figure.window.as_deref(), Some("horizon" | "year" | "month"));
            if of_years || figure.window.is_none() {
                let reason = "no solver estimates it over years yet";
                self.not_estimated.push((path.to_string(), reason.to_string()));
                return None;
            }
            let names: Vec<&str> =
                self.windows.iter().map(|window| window.window.name.as_str()).collect();
            let name = figure.window.clone().unwrap_or_default();
            let help = crate::scenario::suggest::help(&name, &names, "windows");
            out.push(
                Diagnostic::new(Code::NoSuchName, span, format!("there is no window `{name}`"))
                    .help_if(help),
            );
            return None;
        };
        match Measure::resolve(plan, &figure) {
            Ok(measure) if measure.is_paired() && !self.breaks_something(window) => {
                let id = figure.metric.id();
                wrong(format!("`{figure}`: `{id}` is of a window in which a part breaks"), out);
                None
            }
            Ok(measure) => {
                Some(Judged::Figure(self.ask(path.to_string(), figure, measure, window)))
            }
            Err(message) if message.contains("not estimated") => {
                self.not_estimated.push((path.to_string(), message));
                None
            }
            Err(message) => {
                wrong(message, out);
                None
            }
        }
    }

    /// Adds a figure that needs no run.
    fn add_of_arithmetic(
        &mut self,
        draft: &Draft,
        path: &str,
        figure: &Figure,
        span: Span,
        out: &mut Diagnostics,
    ) -> Option<Judged> {
        if let Some(known) = self.arithmetic.iter().position(|(other, _)| other == path) {
            return Some(Judged::Arithmetic(known));
        }
        match headroom::at(draft, figure) {
            Ok(value) => {
                let level = draft.scenario.run.confidence.value;
                self.arithmetic.push((path.to_string(), Interval::point(value, level)));
                Some(Judged::Arithmetic(self.arithmetic.len() - 1))
            }
            Err(message) => {
                out.push(Diagnostic::new(Code::NoSuchFigure, span, message));
                None
            }
        }
    }

    /// Adds a figure of years.
    fn add_of_years(
        &mut self,
        path: &str,
        figure: Figure,
        span: Span,
        out: &mut Diagnostics,
    ) -> Option<Judged> {
        let Some(years) = &mut self.years else {
            let reason = match self.solver {
                Some(Solver::Requests) => "`--solver requests` lives through no years",
                _ => "nothing in this scenario can fail",
            };
            self.not_estimated.push((path.to_string(), reason.to_string()));
            return None;
        };
        match years::resolve(&years.of, &figure) {
            Ok(measure) => {
                let known = years.figures.iter().position(|other| other.path == path);
                Some(Judged::Years(known.unwrap_or_else(|| {
                    years.figures.push(YearFigure { path: path.to_string(), figure, measure });
                    years.figures.len() - 1
                })))
            }
            Err(message) => {
                self.refuse(path, span, message, out);
                None
            }
        }
    }

    /// A figure that is not estimated is passed over, one that cannot be is a mistake.
    fn refuse(&mut self, path: &str, span: Span, message: String, out: &mut Diagnostics) {
        if message.contains("not estimated") {
            self.not_estimated.push((path.to_string(), message));
        } else {
            out.push(Diagnostic::new(Code::NoSuchFigure, span, message));
        }
    }

    /// Windows to be drawn from the years, where that was asked for and makes sense.
    fn draw_windows(&mut self, draft: &Draft, plan: &Blueprint, choices: Choices) {
        let Some(years) = self.years.as_ref().filter(|_| choices.sampled) else { return };
        if choices.quick || choices.solver.is_some() || years.of.fluid.is_none() {
            return;
        }
        match SampledPlan::of(draft, plan, years) {
            Ok(sampled) => self.sampled = Some(sampled),
            Err(reason) => self.not_sampled = Some(reason),
        }
    }

    /// Adds a figure of windows in years.
    fn add_of_windows(
        &mut self,
        path: &str,
        figure: Figure,
        span: Span,
        out: &mut Diagnostics,
    ) -> Option<Judged> {
        let (Some(sampled), Some(years)) = (&mut self.sampled, &self.years) else {
            let reason = self.not_sampled.clone().unwrap_or_else(|| {
                "it needs windows of requests in years, which `run` alone draws, with both solvers and \
                 not for a first look"
                    .into()
            });
            self.not_estimated.push((path.to_string(), reason));
            return None;
        };
        match sampled.resolve(years, &figure) {
            Ok(of) => {
                let known = sampled.figures.iter().position(|other| other.path == path);
                Some(Judged::Sampled(known.unwrap_or_else(|| {
                    sampled.figures.push(SampledFigure { path: path.to_string(), figure, of });
                    sampled.figures.len() - 1
                })))
            }
            Err(message) => {
                self.refuse(path, span, message, out);
                None
            }
        }
    }

    /// A figure of years is to be known this well.
    fn sharpen_years(&mut self, place: usize, width: f64, choices: Choices) {
        let Some(years) = &mut self.years else { return };
        let measure = years.figures[place].measure;
        years.precision.push((measure, width));
        if choices.replications.is_some() || choices.quick {
            years.replications.1 = years.replications.0;
        }
    }

    fn breaks_something(&self, window: usize) -> bool {
        self.windows[window].drill.as_ref().is_some_and(|drill| drill.part.is_some())
    }

    /// The window that `figure` asks for, when it is a run of a declared window around breaks that
    /// is not there yet.
    fn around(
        &mut self,
        draft: &Draft,
        plan: &Blueprint,
        figure: &Figure,
        span: Span,
        out: &mut Diagnostics,
    ) -> Result<Option<usize>, Said> {
        let split = figure.window.as_deref().and_then(|window| window.split_once('/'));
        let Some((name, run)) = split else { return Ok(None) };
        let Some(around) = self.arounds.iter().find(|around| around.name == name) else {
            return Ok(None);
        };
        around.asked(draft, plan, (run, span), &mut self.windows, out).map(Some).ok_or(Said)
    }

    fn ask(&mut self, path: String, figure: Figure, measure: Measure, window: usize) -> usize {
        if let Some(place) = self.figures.iter().position(|asked| asked.path == path) {
            return place;
        }
        if let Some(drill) = self.windows[window].drill.as_ref().filter(|_| measure.is_paired()) {
            let well = drill.well;
            self.measure(well, &measure);
        }
        let place = self.measure(window, &measure);
        self.figures.push(Asked { path, figure, measure, window, place });
        self.figures.len() - 1
    }

    /// The place of a measure in a window, new or there already.
    fn measure(&mut self, window: usize, measure: &Measure) -> usize {
        let measures = &mut self.windows[window].measures;
        measures.iter().position(|other| other == measure).unwrap_or_else(|| {
            measures.push(measure.clone());
            measures.len() - 1
        })
    }

    /// The figures every report shows: latencies, ledgers, utilisations; around a break what
    /// users notice.
    fn add_standard(&mut self, plan: &Blueprint) {
        for window in 0..self.windows.len() {
            let mut paths = of_databases(plan);
            if self.windows[window].drill.is_some() {
                paths.extend(around_a_break(plan, self.breaks_something(window)));
                for path in paths {
                    self.ask_if_known(plan, &path, window);
                }
                continue;
            }
            for class in &plan.routes.classes {
                for stat in ["mean", "p50", "p95", "p99"] {
                    paths.push(format!("latency.{}.{stat}", class.name));
                }
            }
            for workload in &plan.workloads {
                let class = &plan.routes.classes[workload.class.index()].name;
                if workload.clients.is_some() {
                    for stat in ["mean", "p50", "p95", "p99"] {
                        paths.push(format!("latency.{class}-view.{stat}"));
                    }
                }
                paths.push(format!("arrival-rate.{class}"));
                paths.push(format!("served.{class}.chance"));
                paths.push(format!("lost.{class}.chance"));
            }
            let listed = parts_are_listed(plan);
            for zone in plan.zones.iter().filter(|_| listed) {
                paths.push(format!("utilization.{}.cpu", zone.name));
            }
            for part in plan.parts.iter().filter(|_| listed) {
                use crate::model::blueprint::Config;
                if let Config::Uplink(_) | Config::Names(_) = part.config {
                    continue;
                }
                paths.push(match part.config {
                    Config::Edge(_) => format!("hit.{}", part.name),
                    Config::Cdn(_) => format!("throughput.{}", part.name),
                    crate::model::blueprint::Config::Cpu(_) if !part.name.ends_with(".cpu") => {
                        format!("utilization.{}.cpu", part.name)
                    }
                    _ => format!("utilization.{}", part.name),
                });
                paths.push(format!("in-system.{}.mean", part.name));
            }
            for path in paths {
                self.ask_if_known(plan, &path, window);
            }
        }
    }

    /// Asks for a figure of a window where it makes sense.
    fn ask_if_known(&mut self, plan: &Blueprint, path: &str, window: usize) {
        let full = format!("{path}@{}", self.windows[window].window.name);
        if let Ok(figure) = Figure::parse(&full)
            && let Ok(measure) = Measure::resolve(plan, &figure)
        {
            self.ask(full, figure, measure, window);
        }
    }
}

/// Components and zones that a report lists at most, one by one.
pub const MOST_LISTED: usize = 5_000;

/// Whether a report lists every component: of a large fleet it has the figures that are asked for.
#[must_use]
pub fn parts_are_listed(plan: &Blueprint) -> bool {
    plan.parts.len() + plan.zones.len() <= MOST_LISTED
}

/// A diagnostic has been given.
struct Said;

/// Databases that are read from and written to (`true`), by name.
fn queried(plan: &Blueprint) -> BTreeSet<(String, bool)> {
    let queries = plan.routes.calls.iter().filter_map(|call| call.query.clone());
    queries.map(|query| (query.database, query.writes)).collect()
}

/// What every window is asked of its databases.
fn of_databases(plan: &Blueprint) -> Vec<String> {
    let mut paths = Vec::new();
    for (name, writes) in queried(plan) {
        paths.push(format!("failed-{}.{name}", if writes { "writes" } else { "reads" }));
    }
    for part in &plan.parts {
        let crate::model::blueprint::Config::Database(group) = &part.config else { continue };
        let name = &group.name;
        // The master of the file is behind nobody until another has taken over.
        for member in &group.members[1..] {
            let stats = ["lag.NAME.mean", "lag.NAME.p95", "lag.NAME.max", "backlog.NAME.mean"];
            paths.extend(stats.map(|path| path.replace("NAME", &member.name)));
        }
        paths.push(format!("failovers.{name}"));
        paths.push(format!("lost-writes.{name}"));
        if group.by_slaves {
            paths.push(format!("stale.{name}"));
            paths.push(format!("stale.{name}.chance"));
        }
        if group.failover.as_ref().is_some_and(|failover| !failover.fence) {
            paths.push(format!("split-brain.{name}"));
        }
    }
    paths
}

/// What every run around a break is asked.
fn around_a_break(plan: &Blueprint, breaks: bool) -> Vec<String> {
    let mut paths = Vec::new();
    for workload in &plan.workloads {
        let class = &plan.routes.classes[workload.class.index()].name;
        paths.push(format!("latency.{class}.p95"));
        if workload.clients.is_some() {
            paths.push(format!("latency.{class}-view.p95"));
        }
        paths.push(format!("arrival-rate.{class}"));
        paths.push(format!("served.{class}.chance"));
        paths.push(format!("lost.{class}"));
        if breaks {
            paths.push(format!("lost.{class}[cause={PLANNED}]"));
            paths.push(format!("missed.{class}"));
            paths.push(format!("losing.{class}"));
        }
    }
    paths
}

/// What a scenario gave.
#[derive(Clone, Debug)]
pub struct StudyResult {
    /// By window.
    pub windows: Vec<WindowResult>,
    /// Verdicts, by expectation.
    pub judgements: Vec<Judgement>,
    /// By [`StudyPlan::sought`]; none where it was told to stop.
    pub capacities: Vec<Option<CapacityResult>>,
    /// What the years gave, where they were lived through.
    pub years: Option<YearsResult>,
    /// Why, where that was asked.
    pub why: Why,
    /// What windows drawn from them gave.
    pub sampled: Option<SampledResult>,
}

impl StudyResult {
    /// Years and the windows drawn from them, where there are both.
    #[must_use]
    pub fn joined<'a>(&'a self, study: &'a StudyPlan) -> Option<Joined<'a>> {
        let (asked, windows) = (study.sampled.as_ref()?, self.sampled.as_ref()?);
        let (years, flows) = (study.years.as_ref()?, self.years.as_ref()?);
        Some(Joined { asked, windows, years, flows })
    }

    /// The estimate of a figure.
    #[must_use]
    pub fn estimate(&self, asked: &Asked) -> &Estimate {
        &self.windows[asked.window].estimates[asked.place]
    }

    /// The estimate of what is judged; of a capacity of which there is but a bound, that.
    #[must_use]
    pub fn judged(&self, study: &StudyPlan, of: Judged) -> Estimate {
        match of {
            Judged::Figure(place) => self.estimate(&study.figures[place]).clone(),
            Judged::Capacity(place) => match self.capacities.get(place) {
                Some(Some(found)) => found.carries.estimate(),
                _ => Estimate::Missing(NoValue::Stopped),
            },
            Judged::Arithmetic(place) => Estimate::Interval(study.arithmetic[place].1),
            Judged::Years(place) => match (&study.years, &self.years) {
                (Some(plan), Some(years)) => years.estimate(plan, plan.figures[place].measure),
                _ => Estimate::Missing(NoValue::Stopped),
            },
            Judged::Sampled(place) => match self.joined(study) {
                Some(joined) => joined.estimate(joined.asked.figures[place].of),
                None => Estimate::Missing(NoValue::Stopped),
            },
        }
    }
}

/// Runs every window and judges.
///
/// # Errors
///
/// [`Breach`] when an invariant is broken.
pub fn run(plan: &Blueprint, study: &StudyPlan, watch: &Watch) -> Result<StudyResult, Breach> {
    // Side by side: the runs of one window alone may be fewer than the threads.
    let alone = study.windows.iter().enumerate().filter(|(_, asked)| asked.drill.is_none());
    let mut groups: Vec<Vec<usize>> = alone.map(|(at, _)| vec![at]).collect();
    for around in &study.arounds {
        let of = |asked: &WindowPlan| {
            asked.drill.as_ref().is_some_and(|drill| drill.window == around.name)
        };
        groups.push((0..study.windows.len()).filter(|at| of(&study.windows[*at])).collect());
    }
    let lived = || {
        groups.par_iter().with_max_len(1).map(|group| {
            let asked: Vec<&WindowPlan> = group.iter().map(|at| &study.windows[*at]).collect();
            let seen = match asked.as_slice() {
                [only] if only.drill.is_none() => vec![window::run(plan, only, watch)?],
                _ => breaks::run(plan, &asked, watch)?,
            };
            Ok(group.iter().copied().zip(seen).collect::<Vec<_>>())
        })
    };
    let carried = || {
        let one = |sought: &Sought| {
            let Sought { window, workload, objective, effort, .. } = sought;
            capacity::search(plan, window, *workload, objective, *effort, watch)
        };
        study.sought.par_iter().with_max_len(1).map(one).collect::<Result<Vec<_>, Breach>>()
    };
    let (lived, capacities) = rayon::join(|| lived().collect::<Result<Vec<_>, Breach>>(), carried);
    let mut windows: Vec<(usize, WindowResult)> = lived?.into_iter().flatten().collect();
    windows.sort_by_key(|(at, _)| *at);
    let mut windows: Vec<WindowResult> = windows.into_iter().map(|(_, window)| window).collect();
    breaks::pair(&study.windows, &mut windows);
    let years = study.years.as_ref().map(|years| years::run(years, watch)).transpose()?;
    // A history that was given up has no frame.
    let whole = years.as_ref().is_some_and(|years| years.ending != Ending::Interrupted);
    let sampled = match (&study.sampled, &study.years) {
        (Some(asked), Some(of)) if whole => Some(sampled::run(plan, asked, of, watch)?),
        _ => None,
    };
    let (judgements, capacities) = (Vec::new(), capacities?);
    let why = Why::default();
    let mut result = StudyResult { windows, judgements, capacities, years, why, sampled };
    let judge = |expectation: &Expectation| match result.judged(study, expectation.of) {
        Estimate::Interval(interval) => expectation.demand.judge(&interval),
        _ => Judgement::Inconclusive,
    };
    result.judgements = study.expectations.iter().map(judge).collect();
    Ok(result)
}
