//! A whole scenario: its windows, figures, precision and expectations, resolved and run.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::health::DeclarationError;
use crate::model::blueprint::Blueprint;
use crate::model::cdn::EDGE;
use crate::model::outage::Faults;
use crate::model::spec::runs::{self, ExpectSpec, ReplicationsSpec};
use crate::plan::Draft;
use crate::plan::availability::{self, NoPlan};
use crate::plan::checks::week_start;
use crate::plan::cost;
use crate::plan::faults::PLANNED;
use crate::plan::figure::registry::By;
use crate::plan::figure::{Figure, FigureUnit, Metric, NoFigure, NoSuchFigure};
use crate::plan::headroom;
use crate::plan::load;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Label;
use crate::scenario::source::Span;
use crate::solve::requests::{Breach, Window};
use crate::solve::series::Followed;
use crate::stats::interval::Interval;
use crate::stats::precision::LEAST_MINIMUM;
use crate::study::breaks::{self, Around};
use crate::study::capacity::{self, CapacityResult};
use crate::study::expect::{Demand, Verdict as Judgement};
use crate::study::fits;
use crate::study::limits::{self, Sought};
use crate::study::measure::{Measure, NoValue};
use crate::study::metastable;
use crate::study::methods;
use crate::study::sampled::estimate::Joined;
use crate::study::sampled::{self, SampledFigure, SampledPlan, SampledResult};
use crate::study::verdict::{self, Verdict};
use crate::study::why::Why;
use crate::study::window::{self, Ending, Estimate, Watch, WindowPlan, WindowResult};
use crate::study::years::{self, YearFigure, YearsPlan, YearsResult};
use crate::units::{SimDuration, SimTime};

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
    /// A name, by its place among those.
    Name(usize),
    /// The verdict on a class in a window, by its place among those.
    Verdict(usize),
    /// None: this command, or its flags, do not estimate it; by its place among those.
    NotEstimated(usize),
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

/// A figure with a precision to reach.
#[derive(Clone, Debug)]
pub struct Precise {
    /// What it is of.
    pub of: Judged,
    /// Its path.
    pub path: String,
    /// The relative half-width.
    pub width: f64,
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
    /// Figures with a precision to reach; none where flags fix the number of replications.
    pub precise: Vec<Precise>,
    /// Figures that are judged, and that this command or its flags do not estimate, with the reason.
    pub not_estimated: Vec<(String, String)>,
    /// Capacities to find.
    pub sought: Vec<Sought>,
    /// Years to live through.
    pub years: Option<YearsPlan>,
    /// Figures that arithmetic gives: path, value, level of intervals.
    pub arithmetic: Vec<(String, Interval)>,
    /// Figures that are names: path, name.
    pub names: Vec<(String, String)>,
    /// Verdicts on classes that are judged: path, window and class.
    pub verdicts: Vec<(String, usize, usize)>,
    /// It is run alone: why it is down and what it costs is told.
    pub alone: bool,
    /// A first look.
    pub quick: bool,
    /// Windows to be drawn from them.
    pub sampled: Option<SampledPlan>,
    /// Why none are, where they were asked for.
    pub not_sampled: Option<String>,
    /// Figures that the command line asks for and that would not be estimated otherwise, in its order.
    pub asked: Vec<Extra>,
    /// Figures that the command line asks for and that there are not, each with the reason.
    pub refused: Vec<(String, NoSuchFigure)>,
}

/// A figure that the command line alone asks for.
#[derive(Clone, Debug)]
pub struct Extra {
    /// What it is of.
    pub of: Judged,
    /// Its path.
    pub path: String,
    /// Its unit.
    pub unit: FigureUnit,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// Nothing is run: what is asked for is resolved, and no more is prepared.
    pub resolve_only: bool,
}

/// Resolves windows and figures; everything wrong goes to `out`, but a figure that the command line alone asks for
/// and that there is not to [`StudyPlan::refused`].
#[must_use]
pub fn prepare(
    draft: &Draft,
    plan: &Blueprint,
    choices: Choices,
    out: &mut Diagnostics,
) -> StudyPlan {
    let scenario = &draft.scenario;
    let Choices { quick, alone, .. } = choices;
    let mut study = StudyPlan { quick, alone, ..StudyPlan::default() };
    let level = scenario.run.confidence.value;
    let start = week_start(draft);
    for (name, spec) in scenario.window.iter() {
        let Some(length) = &spec.length else { continue };
        let own = spec.replications.as_ref().map(|own| own.value);
        let replications = replications(own.unwrap_or(own_replications(draft)), choices);
        let levels = load::levels(draft, spec);
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
            followed: Followed::default(),
        });
    }
    for (name, spec) in scenario.window.iter() {
        let own = spec.replications.as_ref().map_or(breaks::REPLICATIONS, |own| own.value);
        let around = Around::new(
            &name.text,
            spec,
            spec.at.as_ref().map_or(SimDuration::ZERO, |at| at.value.after_zero(start)),
            load::levels(draft, spec),
            around_replications(own, choices),
            level,
        );
        let Some(around) = around else { continue };
        let around = if choices.quick { around.quick() } else { around };
        around.add_windows(draft, plan, &mut study.windows);
        study.arounds.push(around);
    }
    study.sought = limits::sought(draft, plan, choices.quick);
    for sought in &mut study.sought {
        if let Some(count) = choices.replications {
            (sought.effort.replications, sought.effort.precision) = (count, None);
        }
    }
    let asked = Asking { draft, plan, choices };
    match years_of(draft, choices, &draft.asked) {
        Ok(years) => study.years = years,
        Err(wrong) => {
            let span = draft.scenario.scenario.span;
            let help = has_long_chain(draft).then_some(
                "a class needs all that the classes need that it fetches by `then`: shorten the chain",
            );
            let wrong = Diagnostic::new(Code::OutOfRange, span, wrong.to_string());
            out.push(wrong.help_if(help.map(str::to_string)));
            // Figures of the long horizon cannot be resolved without it.
            return study;
        }
    }
    study.draw_windows(&asked);
    // Where there is nothing more to tell it is as beside others.
    let more = study.years.is_some() || headroom::design_peak(draft).is_some();
    study.alone &= more || cost::monthly(draft).is_some();
    for (path, width) in scenario.run.precision.iter() {
        study.sharpen(&asked, path, width.get(), out);
    }
    let mut spans: Vec<Span> = Vec::new();
    for expect in scenario.expect.iter() {
        let (path, span) = (&expect.figure.text, expect.figure.span);
        let figure = match Figure::parse_in(&draft.names, path) {
            Ok(figure) => figure,
            Err(wrong) => {
                refuse(wrong, span, out);
                continue;
            }
        };
        let (unit, demand) = (figure.unit(), demand_of(expect, &figure, out));
        let of = study.judged(&asked, figure, span, out);
        let (Some(of), Some(demand)) = (of, demand) else { continue };
        let is = expect.is.value.text.clone();
        let others = study.expectations.iter().zip(&spans);
        let of_it = others.filter(|(other, _)| study.is_same((other.of, &other.path), (of, path)));
        for (other, place) in of_it.filter(|(one, _)| one.demand.contradicts(&demand)) {
            contradiction(expect, &other.is, *place, out);
        }
        spans.push(expect.is.span);
        study.expectations.push(Expectation { of, path: path.clone(), unit, is, demand });
    }
    // One solver alone leaves the windows out, and what every report shows of them.
    let standard = !choices.resolve_only && choices.solver != Some(Solver::Flows);
    if !draft.asked.is_empty() {
        // What there would be without them.
        let mut plain = study.clone();
        plain.years = plain.years.filter(|_| matches!(years_of(draft, choices, &[]), Ok(Some(_))));
        if standard {
            plain.add_standard(plan);
        }
        for path in draft.asked.iter().filter(|path| !plain.estimates(path)) {
            study.ask_for(&asked, path);
        }
    }
    if standard {
        study.add_standard(plan);
    }
    study.leave_out(choices);
    study
}

/// Resolves what is asked of a scenario that the request loop cannot simulate, as far as it goes: paths,
/// what is expected, and arithmetic. Everything wrong goes to `out`.
pub fn resolve_without_requests(draft: &Draft, out: &mut Diagnostics) {
    let scenario = &draft.scenario;
    let figure = |path: &str, span: Span, out: &mut Diagnostics| {
        let found = Figure::parse_in(&draft.names, path).and_then(|figure| match figure.metric {
            Metric::Headroom => headroom::at(draft, &figure).map(|_| figure),
            Metric::Saturates => headroom::saturates(draft, &figure).map(|_| figure),
            _ => Ok(figure),
        });
        found.map_err(|wrong| refuse(wrong, span, out)).ok()
    };
    for (path, _) in scenario.run.precision.iter() {
        let _found = figure(&path.text, path.span, out);
    }
    let mut before: Vec<(&ExpectSpec, Figure, Demand)> = Vec::new();
    for expect in scenario.expect.iter() {
        let found = figure(&expect.figure.text, expect.figure.span, out);
        let Some(figure) = found else { continue };
        let Some(demand) = demand_of(expect, &figure, out) else { continue };
        for (other, ..) in
            before.iter().filter(|(_, of, one)| *of == figure && one.contradicts(&demand))
        {
            contradiction(expect, &other.is.text, other.is.span, out);
        }
        before.push((expect, figure, demand));
    }
}

/// What `expect` demands of `figure`, where some value can meet it.
fn demand_of(expect: &ExpectSpec, figure: &Figure, out: &mut Diagnostics) -> Option<Demand> {
    let (span, is) = (expect.is.span, &expect.is.text);
    let demand = Demand::parse(is, figure.unit()).and_then(|demand| match figure.metric {
        Metric::Verdict => demand.of_words(&Verdict::WORDS),
        _ => Ok(demand),
    });
    let refused = match demand {
        Ok(demand) if demand.is_outside(figure.range()) => {
            let message = format!("no value of `{}` meets \"{is}\"", expect.figure.text);
            Diagnostic::new(Code::OutOfRange, span, message).help(within(figure))
        }
        Ok(demand) => return Some(demand),
        Err(message) => Diagnostic::new(Code::OutOfRange, span, message),
    };
    out.push(refused);
    None
}

/// Reports that `expect` and another expectation of the same figure cannot both be met.
fn contradiction(expect: &ExpectSpec, other: &str, place: Span, out: &mut Diagnostics) {
    let message =
        format!("`{}` cannot be both \"{other}\" and \"{}\"", expect.figure.text, expect.is.text);
    out.push(
        Diagnostic::new(Code::Contradiction, expect.is.span, message)
            .related(place, "the other")
            .help("keep one, or widen it"),
    );
}

/// Which values `figure` can have, as a help.
fn within(figure: &Figure) -> String {
    match figure.range() {
        (0.0, f64::INFINITY) => "it is never below 0".into(),
        (_, most) if figure.metric == Metric::Headroom => format!("it is never above {most}"),
        (least, most) => format!("it lies between {least} and {most}"),
    }
}

/// Reports a figure that there is not.
fn refuse(wrong: NoSuchFigure, span: Span, out: &mut Diagnostics) {
    out.push(Diagnostic::new(Code::NoSuchFigure, span, wrong.message).help_if(wrong.help));
}

/// Whose figures are resolved, and for which command.
struct Asking<'a> {
    draft: &'a Draft,
    plan: &'a Blueprint,
    choices: Choices,
}

/// The long horizon to simulate: where the file has one, a figure asks for it or the flag does, and something can fail.
fn years_of(
    draft: &Draft,
    choices: Choices,
    figures: &[String],
) -> Result<Option<YearsPlan>, DeclarationError> {
    let scenario = &draft.scenario;
    let of_years = |path: &str| {
        let figure = Figure::parse_in(&draft.names, path).ok();
        figure.filter(|figure| figure.row().by.is_of_years() || figure.row().by == By::Both)
    };
    let precise = scenario.run.precision.iter().filter_map(|(path, _)| of_years(&path.text));
    let mut asked: Vec<Figure> = precise.collect();
    // Who says how precise it is to be is looked after sooner.
    let least = if asked.is_empty() { years::REPLICATIONS } else { years::FIRST_LOOK };
    let expected = scenario.expect.iter().map(|expect| &expect.figure.value.text);
    asked.extend(expected.chain(figures).filter_map(|path| of_years(path)));
    let wanted = scenario.run.horizon.is_some() || choices.solver == Some(Solver::Flows);
    // Whatever else a file has, only such a chain nests conditions too deep.
    let doubtful = wanted && choices.resolve_only && has_long_chain(draft);
    let wanted = wanted && choices.solver != Some(Solver::Requests) && !choices.resolve_only;
    if !wanted && !doubtful && asked.is_empty() {
        return Ok(None);
    }
    let common = availability::common(draft);
    let mut sets: Vec<Vec<String>> = Vec::new();
    for figure in &asked {
        let set = years::without(figure, &common);
        if !set.is_empty() && !sets.contains(&set) {
            sets.push(set);
        }
    }
    let mut of = match availability::plan(draft, &sets) {
        Ok(of) => of,
        Err(NoPlan::NothingFails) => return Ok(None),
        Err(NoPlan::Declaration(wrong)) => return Err(wrong),
    };
    if !wanted && asked.is_empty() {
        return Ok(None);
    }
    if choices.alone {
        of.stories = of.felt();
    }
    let replications = year_replications(draft, choices, least);
    let level = scenario.run.confidence.value;
    let precision = Vec::new();
    Ok(Some(YearsPlan { of, replications, precision, level, figures: Vec::new() }))
}

/// Classes that fetch each other one after the other, in a chain that may nest conditions too deep.
const LONG_CHAIN: usize = 16;

/// Whether more than [`LONG_CHAIN`] classes fetch each other one after the other.
fn has_long_chain(draft: &Draft) -> bool {
    let thens = &draft.links.thens;
    let chain = |start| std::iter::successors(Some(start), |at: &usize| thens[*at]);
    (0..thens.len()).any(|start| chain(start).nth(LONG_CHAIN).is_some())
}

/// Fewest and most replications of the horizon; `least`, where the file gives no number.
pub(super) fn year_replications(draft: &Draft, choices: Choices, least: u32) -> (u32, u32) {
    match choices {
        Choices { replications: Some(count), .. } => (count, count),
        Choices { quick: true, .. } => (years::QUICK, years::QUICK),
        // A number is obeyed. A range is for windows, where one costs as much as thousands here.
        _ => match draft.scenario.run.replications.as_ref().map(|own| own.value) {
            Some(own) if own.min == own.max => (own.min, own.max),
            Some(own) => (own.min.max(least), own.max.max(years::MOST)),
            None => (least, years::MOST),
        },
    }
}

/// Replications of a window without a number of its own.
fn own_replications(draft: &Draft) -> ReplicationsSpec {
    draft.scenario.run.replications.as_ref().map_or(runs::REPLICATIONS, |own| own.value)
}

/// A range of replications that begins below the first look of the stopping rule cannot be kept.
fn refuse_few(draft: &Draft, of: &WindowPlan, path: &Label, out: &mut Diagnostics) {
    let scenario = &draft.scenario;
    let own = scenario.window.iter().find(|(name, _)| name.text == of.window.name);
    let own = own.and_then(|(_, spec)| spec.replications.as_ref());
    let Some(asked) = own.or(scenario.run.replications.as_ref()) else { return };
    let ReplicationsSpec { min, max } = asked.value;
    if min == max || min as usize >= LEAST_MINIMUM {
        return;
    }
    let message = format!(
        "`{}` is made precise in the window `{}`, and that needs {LEAST_MINIMUM} replications before the first look",
        path.text, of.window.name
    );
    let help = format!("write `min = {LEAST_MINIMUM}` or more, or a number without a range");
    out.push(Diagnostic::new(Code::OutOfRange, asked.span, message).help(help));
}

/// The least and the largest number of replications of a window.
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

impl StudyPlan {
    /// What is judged of a figure; `None` when there is no such figure, reported to `out`.
    fn judged(
        &mut self,
        asked: &Asking<'_>,
        figure: Figure,
        span: Span,
        out: &mut Diagnostics,
    ) -> Option<Judged> {
        let path = figure.text().to_string();
        match self.add(asked, figure, span, out) {
            Ok(judged) => Some(judged),
            Err(Unresolved::Reported) => None,
            Err(Unresolved::No(NoFigure::NoSuch(wrong))) => {
                refuse(wrong, span, out);
                None
            }
            Err(Unresolved::No(NoFigure::NotEstimated { reason, judged_by })) => {
                let by = judged_by.map(|command| format!("; {command} judges it"));
                self.not_estimated.push((path, reason + &by.unwrap_or_default()));
                Some(Judged::NotEstimated(self.not_estimated.len() - 1))
            }
        }
    }

    /// The path of what is estimated by runs, taken apart.
    fn figure(&self, of: Judged) -> Option<&Figure> {
        match of {
            Judged::Figure(place) => self.figures.get(place).map(|asked| &asked.figure),
            Judged::Years(place) => {
                self.years.as_ref()?.figures.get(place).map(|asked| &asked.figure)
            }
            Judged::Sampled(place) => {
                self.sampled.as_ref()?.figures.get(place).map(|asked| &asked.figure)
            }
            _ => None,
        }
    }

    /// Whether two are the same figure, however their paths are written.
    fn is_same(&self, one: (Judged, &str), other: (Judged, &str)) -> bool {
        match (one.0, other.0) {
            (Judged::Figure(one), Judged::Figure(other)) => {
                let [one, other] = [one, other].map(|place| &self.figures[place]);
                (one.window, one.place) == (other.window, other.place)
            }
            (Judged::Years(one), Judged::Years(other)) => {
                let of = |place: usize| Some(&self.years.as_ref()?.figures.get(place)?.measure);
                of(one).is_some() && of(one) == of(other)
            }
            (Judged::Capacity(one), Judged::Capacity(other)) => one == other,
            (Judged::Verdict(one), Judged::Verdict(other)) => one == other,
            _ => one.1 == other.1,
        }
    }

    /// Whether a figure is among those that the results record.
    fn estimates(&self, path: &str) -> bool {
        let of_years = self.years.iter().flat_map(|years| &years.figures).map(|one| &*one.path);
        let sampled = self.sampled.iter().flat_map(|one| &one.figures).map(|one| &*one.path);
        let mut paths = self.figures.iter().map(|one| &*one.path).chain(of_years).chain(sampled);
        paths.any(|other| other == path)
            || self.years.iter().any(|years| years.always_estimates(path))
    }

    /// Adds a figure that the command line asks for.
    fn ask_for(&mut self, asked: &Asking<'_>, path: &str) {
        if self.asked.iter().any(|other| other.path == path) {
            return;
        }
        let figure = match Figure::parse_in(&asked.draft.names, path) {
            Ok(figure) => figure,
            Err(wrong) => return self.refused.push((path.to_string(), wrong)),
        };
        let unit = figure.unit();
        let mut found = Diagnostics::new();
        let wrong = match self.add(asked, figure, asked.draft.scenario.scenario.span, &mut found) {
            Ok(Judged::Name(_) | Judged::Verdict(_)) => NoSuchFigure::of_a_name(path),
            // The results list every capacity that is sought.
            Ok(Judged::Capacity(_)) => return,
            Ok(of) => return self.asked.push(Extra { of, path: path.to_string(), unit }),
            Err(Unresolved::Reported) => match found.sorted().first() {
                Some(first) => NoSuchFigure::new(first.message.clone()).help_if(first.help.clone()),
                None => NoSuchFigure::new(format!("`{path}` cannot be estimated here")),
            },
            Err(Unresolved::No(NoFigure::NoSuch(wrong))) => wrong,
            Err(Unresolved::No(NoFigure::NotEstimated { reason, judged_by })) => {
                let by = judged_by.map(|command| format!("{command} estimates it"));
                NoSuchFigure::new(format!("`{path}` is not estimated: {reason}")).help_if(by)
            }
        };
        self.refused.push((path.to_string(), wrong));
    }

    /// Asks for so many replications that a figure is known to a relative half-width.
    fn sharpen(&mut self, asked: &Asking<'_>, path: &Label, width: f64, out: &mut Diagnostics) {
        let figure = match Figure::parse_in(&asked.draft.names, &path.text) {
            Ok(figure) => figure,
            Err(wrong) => return refuse(wrong, path.span, out),
        };
        let inert = |why: &str, out: &mut Diagnostics| {
            let message = format!("`{}` cannot be made precise: {why}", path.text);
            let help = "leave it out of `precision`";
            out.push(Diagnostic::new(Code::NoEffect, path.span, message).help(help));
        };
        let row = figure.row();
        if !row.precise {
            return inert(
                match row.by {
                    By::Arithmetic => "it is exact",
                    By::Both => "the number of windows drawn from the horizon is fixed",
                    _ => "it is no mean over replications",
                },
                out,
            );
        }
        let of = match self.add(asked, figure, path.span, out) {
            Ok(of) => of,
            Err(Unresolved::No(NoFigure::NoSuch(wrong))) => return refuse(wrong, path.span, out),
            // What these flags leave out needs no replications.
            Err(Unresolved::Reported | Unresolved::No(NoFigure::NotEstimated { .. })) => return,
        };
        if let Judged::Figure(place) = of
            && self.windows[self.figures[place].window].drill.is_some()
        {
            return inert("runs around a break are a fixed number", out);
        }
        if let Judged::Figure(place) = of {
            refuse_few(asked.draft, &self.windows[self.figures[place].window], path, out);
        }
        // A number of replications that was asked for is kept.
        if asked.choices.replications.is_some() || asked.choices.quick {
            return;
        }
        match of {
            Judged::Figure(place) => {
                let Asked { measure, window, .. } = &self.figures[place];
                self.windows[*window].precision.push((measure.clone(), width));
            }
            Judged::Capacity(place) => {
                let most = own_replications(asked.draft).max;
                limits::sharpen(&mut self.sought[place], width, most);
            }
            Judged::Years(place) => self.sharpen_years(place, width),
            Judged::Arithmetic(_)
            | Judged::Sampled(_)
            | Judged::Name(_)
            | Judged::Verdict(_)
            | Judged::NotEstimated(_) => return,
        }
        self.precise.push(Precise { of, path: path.text.clone(), width });
    }

    /// Adds a figure, or finds it.
    fn add(
        &mut self,
        asked: &Asking<'_>,
        figure: Figure,
        span: Span,
        out: &mut Diagnostics,
    ) -> Result<Judged, Unresolved> {
        let not_by = |solver: &str, of: &str| {
            Err(Unresolved::No(NoFigure::NotEstimated {
                reason: format!("`--solver {solver}` simulates {of}"),
                judged_by: Some("`fivenines run` without `--solver`"),
            }))
        };
        let by = figure.row().by;
        // What the request loop cannot simulate has no windows to resolve a figure in.
        let bare = asked.plan.parts.is_empty() && asked.choices.solver == Some(Solver::Flows);
        if bare && matches!(by, By::Search | By::Requests) {
            return not_by("flows", "no requests");
        }
        let judged = match by {
            By::Search => Judged::Capacity(limits::found(&self.sought, &figure)?),
            By::Arithmetic => self.add_of_arithmetic(asked, &figure)?,
            By::Both => return self.add_of_windows(asked, figure),
            By::Up | By::Traffic | By::Roles => self.add_of_years(figure)?,
            By::Requests => self.add_of_requests(asked, figure, span, out)?,
        };
        match (asked.choices.solver, by) {
            (Some(Solver::Flows), By::Search | By::Requests) => not_by("flows", "no requests"),
            (Some(Solver::Requests), By::Up | By::Traffic | By::Roles) => {
                not_by("requests", "no long horizon")
            }
            _ => Ok(judged),
        }
    }

    /// Adds a figure of a window.
    fn add_of_requests(
        &mut self,
        asked: &Asking<'_>,
        figure: Figure,
        span: Span,
        out: &mut Diagnostics,
    ) -> Result<Judged, Unresolved> {
        let (draft, plan) = (asked.draft, asked.plan);
        let plain: Vec<usize> =
            (0..self.windows.len()).filter(|at| self.windows[*at].drill.is_none()).collect();
        let window = match &figure.window {
            Some(name) => self.windows.iter().position(|w| w.window.name == *name),
            None => plain.first().copied().filter(|_| plain.len() == 1),
        };
        let window = match window {
            Some(window) => Some(window),
            None => self.around(draft, plan, &figure, span, out)?,
        };
        let Some(window) = window else {
            let names: Vec<&str> =
                self.windows.iter().map(|window| window.window.name.as_str()).collect();
            let Some(name) = &figure.window else {
                let message = format!("`{figure}` does not say in which window");
                let example = names.first().copied().unwrap_or("WINDOW");
                let help = format!("write `{figure}@{example}`");
                return Err(NoSuchFigure::new(message).help(help).into());
            };
            let help = crate::scenario::suggest::help(name, &names, "windows");
            let message = format!("there is no window `{name}`");
            out.push(Diagnostic::new(Code::NoSuchName, span, message).help_if(help));
            return Err(Unresolved::Reported);
        };
        if figure.metric == Metric::Verdict {
            return Ok(self.add_verdict(plan, &figure, window)?);
        }
        let measure = Measure::resolve(plan, &figure)?;
        fits::check(draft, plan, &figure, &measure, &mut self.windows[window])?;
        Ok(Judged::Figure(self.ask(figure.text().to_string(), figure, measure, window)))
    }

    /// Adds the verdict on a class.
    fn add_verdict(
        &mut self,
        plan: &Blueprint,
        figure: &Figure,
        window: usize,
    ) -> Result<Judged, NoSuchFigure> {
        let class = verdict::class_of(plan, figure)?;
        let path = figure.text().to_string();
        let known = self.verdicts.iter().position(|(_, w, c)| (*w, *c) == (window, class));
        Ok(Judged::Verdict(known.unwrap_or_else(|| {
            self.verdicts.push((path, window, class));
            self.verdicts.len() - 1
        })))
    }

    /// Adds a figure that needs no run.
    fn add_of_arithmetic(
        &mut self,
        asked: &Asking<'_>,
        figure: &Figure,
    ) -> Result<Judged, NoSuchFigure> {
        let (draft, path) = (asked.draft, figure.text());
        if figure.unit() == FigureUnit::Name {
            let known = self.names.iter().position(|(other, _)| other == path);
            if known.is_none() {
                self.names.push((path.to_string(), headroom::saturates(draft, figure)?));
            }
            return Ok(Judged::Name(known.unwrap_or(self.names.len() - 1)));
        }
        let known = self.arithmetic.iter().position(|(other, _)| other == path);
        if known.is_none() {
            let level = draft.scenario.run.confidence.value;
            let value = headroom::at(draft, figure)?;
            self.arithmetic.push((path.to_string(), Interval::point(value, level)));
        }
        Ok(Judged::Arithmetic(known.unwrap_or(self.arithmetic.len() - 1)))
    }

    /// Adds a figure of the long horizon.
    fn add_of_years(&mut self, figure: Figure) -> Result<Judged, NoSuchFigure> {
        let Some(years) = &mut self.years else { return Err(nothing_fails(&figure)) };
        let measure = years::resolve(&years.of, &figure)?;
        let known = years.figures.iter().position(|other| other.path == figure.text());
        Ok(Judged::Years(known.unwrap_or_else(|| {
            years.figures.push(YearFigure { path: figure.text().to_string(), figure, measure });
            years.figures.len() - 1
        })))
    }

    /// Windows to be drawn from the years, where that was asked for and makes sense.
    fn draw_windows(&mut self, asked: &Asking<'_>) {
        let choices = asked.choices;
        let Some(years) = self.years.as_ref().filter(|_| choices.sampled) else { return };
        if choices.quick || choices.solver.is_some() || years.of.fluid.is_none() {
            return;
        }
        match SampledPlan::of(asked.draft, asked.plan, years) {
            Ok(sampled) => self.sampled = Some(sampled),
            Err(reason) => self.not_sampled = Some(reason),
        }
    }

    /// Adds a figure of windows drawn from the long horizon.
    fn add_of_windows(&mut self, asked: &Asking<'_>, figure: Figure) -> Result<Judged, Unresolved> {
        let Some(years) = &self.years else { return Err(nothing_fails(&figure).into()) };
        if years.of.fluid.is_none() {
            let message = format!("`{figure}`: nothing in this scenario is asked for at a rate");
            return Err(NoSuchFigure::new(message)
                .help("it needs a workload with a `rate`")
                .into());
        }
        if let Some(sampled) = &mut self.sampled {
            let of = sampled.resolve(years, &figure)?;
            let known = sampled.figures.iter().position(|other| other.path == figure.text());
            return Ok(Judged::Sampled(known.unwrap_or_else(|| {
                let path = figure.text().to_string();
                sampled.figures.push(SampledFigure { path, figure, of });
                sampled.figures.len() - 1
            })));
        }
        // What cannot be is refused whatever the flags are.
        match SampledPlan::of(asked.draft, asked.plan, years) {
            Err(reason) => Err(NoFigure::NotEstimated { reason, judged_by: None }.into()),
            Ok(sampled) => {
                sampled.resolve(years, &figure)?;
                let (reason, by) = match asked.choices {
                    Choices { solver: Some(_), .. } => (
                        "it needs both solvers, and `--solver` leaves one out",
                        "`fivenines run` without `--solver`",
                    ),
                    Choices { quick: true, .. } => (
                        "`--quick` draws no windows from the long horizon",
                        "`fivenines run` without `--quick`",
                    ),
                    _ => ("this command draws no windows from the long horizon", "`fivenines run`"),
                };
                let reason = reason.to_string();
                Err(NoFigure::NotEstimated { reason, judged_by: Some(by) }.into())
            }
        }
    }

    /// Leaves out what one solver alone does not estimate, once all of it has been resolved.
    fn leave_out(&mut self, choices: Choices) {
        match choices.solver {
            Some(Solver::Flows) => {
                self.windows.clear();
                self.arounds.clear();
                self.figures.clear();
                self.sought.clear();
            }
            Some(Solver::Requests) => self.years = None,
            None => {}
        }
    }

    /// A figure of years is to be known this well.
    fn sharpen_years(&mut self, place: usize, width: f64) {
        let Some(years) = &mut self.years else { return };
        let measure = years.figures[place].measure;
        years.precision.push((measure, width));
    }

    /// Whether there is a window or a long horizon to simulate; where figures are only resolved, whether
    /// `run` would have one.
    #[must_use]
    pub fn runs_something(&self, draft: &Draft, choices: Choices) -> bool {
        let horizon = choices.resolve_only && draft.scenario.run.horizon.is_some();
        let years = self.years.is_some() || (horizon && availability::can_fail(draft));
        !self.windows.is_empty() || years
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
    ) -> Result<Option<usize>, Unresolved> {
        let split = figure.window.as_deref().and_then(|window| window.split_once('/'));
        let Some((name, run)) = split else { return Ok(None) };
        let Some(around) = self.arounds.iter().find(|around| around.name == name) else {
            return Ok(None);
        };
        around
            .asked(draft, plan, (run, span), &mut self.windows, out)
            .map(Some)
            .ok_or(Unresolved::Reported)
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
        let WindowPlan { measures, followed, .. } = &mut self.windows[window];
        for series in measure.series() {
            if !followed.series.contains(&series) {
                followed.series.push(series);
            }
        }
        let together = measure.together().map(<[_]>::to_vec);
        if let Some(members) = together.filter(|members| !followed.together.contains(members)) {
            followed.together.push(members);
        }
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
                    if class.cdns[EDGE].is_some() {
                        paths.push(format!("latency.{}-miss.{stat}", class.name));
                    }
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

/// Why a figure was not added.
enum Unresolved {
    /// A diagnostic has been given.
    Reported,
    /// There is none.
    No(NoFigure),
}

impl From<NoSuchFigure> for Unresolved {
    fn from(wrong: NoSuchFigure) -> Self {
        Self::No(wrong.into())
    }
}

impl From<NoFigure> for Unresolved {
    fn from(none: NoFigure) -> Self {
        Self::No(none)
    }
}

fn nothing_fails(figure: &Figure) -> NoSuchFigure {
    NoSuchFigure::new(format!("`{figure}`: nothing in this scenario can fail"))
        .help("it needs a `[fault.name]`, a `[unit.name]` or an operation that takes parts out")
}

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

    /// A verdict on a class, as a word of the language.
    #[must_use]
    pub fn verdict(&self, study: &StudyPlan, place: usize) -> String {
        let (_, window, class) = &study.verdicts[place];
        let of = &self.windows[*window];
        // Nobody asked for a class that has no verdict.
        let found = of.classes.iter().find(|one| one.class == *class);
        found.map_or(Verdict::Stable, |one| one.verdict).word().to_lowercase()
    }

    /// The estimate of a figure.
    #[must_use]
    pub fn estimate(&self, asked: &Asked) -> &Estimate {
        &self.windows[asked.window].estimates[asked.place]
    }

    /// Half-width of a figure over its estimate; of an availability over years, over what is missing to
    /// one. None where there is no interval.
    #[must_use]
    pub fn precision(&self, study: &StudyPlan, of: Judged) -> Option<f64> {
        match (of, &study.years, &self.years) {
            (Judged::Years(place), Some(plan), Some(years)) => {
                years.precision(plan, plan.figures[place].measure)
            }
            _ => match self.judged(study, of) {
                Estimate::Interval(interval) => interval.relative_half_width(),
                _ => None,
            },
        }
    }

    /// The estimate of what is judged; of a capacity of which there is but a bound, that.
    #[must_use]
    pub fn judged(&self, study: &StudyPlan, of: Judged) -> Estimate {
        let found = self.found(study, of);
        if let (Estimate::Interval(i), Some(figure)) = (&found, study.figure(of)) {
            let said = figure.row().interval;
            debug_assert!(methods::allows(said, i.method), "{figure}: {:?} of {said:?}", i.method);
        }
        found
    }

    fn found(&self, study: &StudyPlan, of: Judged) -> Estimate {
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
            Judged::Name(_) | Judged::Verdict(_) => Estimate::Missing(NoValue::Name),
            Judged::NotEstimated(_) => Estimate::Missing(NoValue::NotEstimated),
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
                [only] if only.drill.is_none() => {
                    let mut seen = window::run(plan, only, watch)?;
                    metastable::judge(plan, only, &mut seen, study.quick, watch)?;
                    vec![seen]
                }
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
    let judge = |expectation: &Expectation| match expectation.of {
        Judged::NotEstimated(_) => Judgement::NotJudged,
        Judged::Name(place) => expectation.demand.judge_name(&study.names[place].1),
        Judged::Verdict(place) => match result.verdict(study, place).as_str() {
            "inconclusive" if expectation.demand != Demand::Named("inconclusive".into()) => {
                Judgement::Inconclusive
            }
            word => expectation.demand.judge_name(word),
        },
        of => expectation.demand.judge_estimate(&result.judged(study, of)),
    };
    result.judgements = study.expectations.iter().map(judge).collect();
    Ok(result)
}
