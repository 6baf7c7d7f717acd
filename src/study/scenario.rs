//! A whole scenario: its windows, figures, precision and expectations, resolved and run.
//!
//! This module prepares the run: `figures` resolves the figures that are asked for, `standard` adds those of every
//! report, `outcome` runs everything and judges.

mod figures;
mod outcome;
mod pieces;
mod standard;

pub use outcome::{StudyResult, run};
pub use pieces::{Encoded, Group};
pub use standard::{MOST_LISTED, parts_are_listed};

use serde::{Deserialize, Serialize};

use crate::health::DeclarationError;
use crate::model::blueprint::Blueprint;
use crate::model::outage::Faults;
use crate::model::spec::runs::{self, ExpectSpec, ReplicationsSpec};
use crate::plan::Draft;
use crate::plan::availability::{self, NoPlan};
use crate::plan::checks::week_start;
use crate::plan::cost;
use crate::plan::figure::registry::By;
use crate::plan::figure::{Figure, FigureUnit, Metric, NoSuchFigure};
use crate::plan::headroom;
use crate::plan::load;
use crate::plan::simulatable;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::source::Span;
use crate::solve::requests::Window;
use crate::solve::series::Followed;
use crate::stats::interval::Interval;
use crate::study::breaks::{self, Around};
use crate::study::expect::Demand;
use crate::study::limits::{self, Sought};
use crate::study::measure::Measure;
use crate::study::quick;
use crate::study::sampled::SampledPlan;
use crate::study::verdict::Verdict;
use crate::study::window::WindowPlan;
use crate::study::years::{self, YearsPlan, blocks};
use crate::units::{SimDuration, SimTime};

/// Figure that is printed, with the place of its estimate.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its path, with the window.
    pub path: String,
    /// Figure, parsed.
    pub figure: Figure,
    /// Figure, resolved.
    pub measure: Measure,
    /// Place of its window.
    pub window: usize,
    /// Place of its measure in the window.
    pub place: usize,
}

/// Place of a judged estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// A figure of a window, by its place among the figures.
    Figure(usize),
    /// A capacity, by its place among the searches.
    Capacity(usize),
    /// A figure of the horizon, by its place.
    Years(usize),
    /// A computed figure, by its place.
    Arithmetic(usize),
    /// A figure of windows drawn from the horizon, by its place.
    Sampled(usize),
    /// A name, by its place.
    Name(usize),
    /// The verdict on a class in a window, by its place.
    Verdict(usize),
    /// None: this command or its flags do not estimate it; by its place among those.
    NotEstimated(usize),
}

/// Judged figure.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// Place of its estimate.
    pub of: Judged,
    /// Its path.
    pub path: String,
    /// Its unit.
    pub unit: FigureUnit,
    /// Demand, as written.
    pub is: String,
    /// Demand, parsed.
    pub demand: Demand,
}

/// A figure with a precision to reach.
#[derive(Clone, Debug)]
pub struct Precise {
    /// Place of its estimate.
    pub of: Judged,
    /// Its path.
    pub path: String,
    /// Relative half-width to reach.
    pub width: f64,
}

/// Plan of everything that will be run and estimated.
#[derive(Clone, Debug, Default)]
pub struct StudyPlan {
    /// Windows, in the order of the file; those around breaks after all others.
    pub windows: Vec<WindowPlan>,
    /// Declared windows around breaks.
    pub arounds: Vec<Around>,
    /// Figures, in the order asked.
    pub figures: Vec<Asked>,
    /// Judged figures.
    pub expectations: Vec<Expectation>,
    /// Figures with a precision to reach; none where flags fix the number of replications.
    pub precise: Vec<Precise>,
    /// Judged figures that this command or its flags do not estimate, with the reason.
    pub not_estimated: Vec<(String, String)>,
    /// Capacity searches.
    pub sought: Vec<Sought>,
    /// Long-horizon run.
    pub years: Option<YearsPlan>,
    /// Computed figures: path and value.
    pub arithmetic: Vec<(String, Interval)>,
    /// Figures that are names: path, name.
    pub names: Vec<(String, String)>,
    /// Verdicts on classes that are judged: path, window and class.
    pub verdicts: Vec<(String, usize, usize)>,
    /// True if it is run alone: causes of downtime and costs are reported.
    pub alone: bool,
    /// True for a quick run.
    pub quick: bool,
    /// Windows to draw from the long-horizon run.
    pub sampled: Option<SampledPlan>,
    /// Reason why no windows are drawn, where they were asked for.
    pub not_sampled: Option<String>,
    /// Figures that only the command line asks for, in its order.
    pub asked: Vec<Extra>,
    /// Figures that the command line asks for and that do not exist, each with the reason.
    pub refused: Vec<(String, NoSuchFigure)>,
}

/// Figure that only the command line asks for.
#[derive(Clone, Debug)]
pub struct Extra {
    /// Place of its estimate.
    pub of: Judged,
    /// Its path.
    pub path: String,
    /// Its unit.
    pub unit: FigureUnit,
}

/// Solver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Solver {
    /// Simulates every request, in windows.
    Requests,
    /// Simulates the horizon, from fault to fault.
    Flows,
}

/// Choices of the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// Single solver to run.
    pub solver: Option<Solver>,
    /// Replications instead of the file's.
    pub replications: Option<u32>,
    /// True for a quick run, with a tenth of the effort.
    pub quick: bool,
    /// True if it is run alone, not in a comparison: outages and the downtime of each cause are reported.
    pub alone: bool,
    /// True to draw windows of requests from the horizon too; never in a quick run, nor with one solver.
    pub sampled: bool,
    /// True if nothing is run: figures are resolved, and no more is prepared.
    pub resolve_only: bool,
}

/// Resolves windows and figures and reports all errors to `out`. A missing figure that only the command line asks for
/// goes to [`StudyPlan::refused`] instead.
#[must_use]
pub fn prepare(
    draft: &Draft,
    plan: &Blueprint,
    choices: Choices,
    out: &mut Diagnostics,
) -> StudyPlan {
    let scenario = &draft.scenario;
    let Choices { alone, .. } = choices;
    let mut study = StudyPlan { quick: choices.quick, alone, ..StudyPlan::default() };
    let level = scenario.run.confidence.value;
    let start = week_start(draft);
    for (name, spec) in scenario.window.iter() {
        let Some(length) = &spec.length else { continue };
        let own = spec.replications.as_ref().map(|own| own.value);
        let replications = replications(own.unwrap_or(own_replications(draft)), choices);
        let levels = load::levels(draft, spec);
        let whole = length.value;
        let length = if choices.quick { quick::length(draft, spec, whole) } else { whole };
        study.windows.push(WindowPlan {
            window: Window {
                name: name.text.clone(),
                levels,
                at: SimTime::ZERO
                    + spec.at.as_ref().map_or(SimDuration::ZERO, |at| at.value.after_zero(start)),
                warm_up: spec.warm_up.value,
                length,
                drain: length.max(SimDuration::from_secs(300)),
                // A window with a level measures a healthy system; without a level, faults are simulated.
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
        Ok(years) => {
            // The draft of a file with a `horizon` is checked already.
            if years.is_some() && scenario.run.horizon.is_none() {
                simulatable::check_years(draft, out);
            }
            study.years = years;
        }
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
    // Without anything more to report, a scenario is run as in a comparison.
    let more = study.years.is_some() || headroom::design_peak(draft).is_some();
    study.alone &= more || cost::bill(draft).is_some();
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
    if choices.quick {
        quick::leave_out(draft, &mut study);
    }
    // One solver alone leaves out the windows and their standard figures.
    let standard = !choices.resolve_only && choices.solver != Some(Solver::Flows);
    if !draft.asked.is_empty() {
        // Plan without the figures of the command line.
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
    refuse_many(draft, &study, choices, out);
    study
}

/// Returns the value of a figure that needs no run.
///
/// # Errors
///
/// [`NoSuchFigure`], with the reason why the scenario has none.
pub fn by_arithmetic(draft: &Draft, figure: &Figure) -> Result<f64, NoSuchFigure> {
    match figure.metric {
        Metric::Cost => cost::at(draft, figure),
        _ => headroom::at(draft, figure),
    }
}

/// Resolves the figures of a scenario that the request loop cannot simulate, as far as possible: paths, expectations
/// and computed figures. Reports all errors to `out`.
pub fn resolve_without_requests(draft: &Draft, out: &mut Diagnostics) {
    let scenario = &draft.scenario;
    let figure = |path: &str, span: Span, out: &mut Diagnostics| {
        let found = Figure::parse_in(&draft.names, path).and_then(|figure| match figure.metric {
            Metric::Headroom | Metric::Cost => by_arithmetic(draft, &figure).map(|_| figure),
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

/// Returns the demand of `expect` on `figure`, if some value can meet it.
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

/// Returns the range of `figure` as a help text.
fn within(figure: &Figure) -> String {
    match figure.range() {
        (0.0, f64::INFINITY) => "it is never below 0".into(),
        (_, most) if figure.metric == Metric::Headroom => format!("it is never above {most}"),
        (least, most) => format!("it lies between {least} and {most}"),
    }
}

/// Reports a figure that does not exist.
fn refuse(wrong: NoSuchFigure, span: Span, out: &mut Diagnostics) {
    out.push(Diagnostic::new(Code::NoSuchFigure, span, wrong.message).help_if(wrong.help));
}

/// Context in which figures are resolved.
struct Asking<'a> {
    draft: &'a Draft,
    plan: &'a Blueprint,
    choices: Choices,
}

/// Returns the long horizon to simulate. It exists if the file has one, a figure asks for it or the flag does, and
/// something can fail.
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
    // With a precision target, the first check comes sooner.
    let least = if asked.is_empty() { years::REPLICATIONS } else { years::FIRST_LOOK };
    let expected = scenario.expect.iter().map(|expect| &expect.figure.value.text);
    asked.extend(expected.chain(figures).filter_map(|path| of_years(path)));
    let wanted = scenario.run.horizon.is_some() || choices.solver == Some(Solver::Flows);
    // Only such a chain nests conditions too deep.
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
    let kept = blocks::KEPT;
    Ok(Some(YearsPlan { of, replications, precision, level, figures: Vec::new(), kept }))
}

/// Length of a chain of classes fetched one after the other above which conditions may nest too deep.
const LONG_CHAIN: usize = 16;

/// Returns whether more than [`LONG_CHAIN`] classes fetch each other one after the other.
fn has_long_chain(draft: &Draft) -> bool {
    let thens = &draft.links.thens;
    let chain = |start| std::iter::successors(Some(start), |at: &usize| thens[*at]);
    (0..thens.len()).any(|start| chain(start).nth(LONG_CHAIN).is_some())
}

/// Returns the minimum and maximum replications of the horizon; `least` where the file declares no number.
pub(super) fn year_replications(draft: &Draft, choices: Choices, least: u32) -> (u32, u32) {
    match choices {
        Choices { replications: Some(count), .. } => (count, count),
        Choices { quick: true, .. } => (years::QUICK, years::QUICK),
        // A fixed number is used as declared. A range applies to windows, where one replication costs as much as
        // thousands here.
        _ => match draft.scenario.run.replications.as_ref().map(|own| own.value) {
            Some(own) if own.min == own.max => (own.min, own.max),
            Some(own) => {
                let least = own.min.max(least);
                // Blocks are filled: a part in two thousand more or less.
                let (from, to) = (u64::from(least), u64::from(own.max.max(years::MOST)));
                let from = whole_u32(blocks::filling(from, blocks::KEPT));
                (from, whole_u32(blocks::filled(to, blocks::KEPT)).max(from))
            }
            None => (least, years::MOST),
        },
    }
}

/// Returns a number of replications.
fn whole_u32(replications: u64) -> u32 {
    u32::try_from(replications).unwrap_or(u32::MAX)
}

/// Largest number of years of all replications of the horizon: their milliseconds can be counted.
const MOST_YEARS: f64 = 4e9;

/// Refuses more replications of a search for a capacity than can be kept, since each of them is, and numbers of the
/// horizon that do not fill blocks, or are too many years.
fn refuse_many(draft: &Draft, study: &StudyPlan, choices: Choices, out: &mut Diagnostics) {
    let run = &draft.scenario.run;
    let most = runs::MOST_KEPT_REPLICATIONS;
    // A check of the file resolves no years: it has their number from the file as well.
    let own = || {
        let is_run = run.horizon.is_some() && choices.solver != Some(Solver::Requests);
        (is_run && availability::can_fail(draft))
            .then(|| year_replications(draft, choices, years::REPLICATIONS))
    };
    let replications = study.years.as_ref().map(|years| years.replications).or_else(own);
    let kept = blocks::KEPT;
    let years = replications.map(|(least, _)| least);
    let years = years.filter(|count| blocks::filled((*count).into(), kept) < u64::from(*count));
    let efforts = study.sought.iter().map(|sought| &sought.effort);
    let sought =
        efforts.map(|effort| effort.precision.map_or(effort.replications, |(_, most)| most));
    let sought = sought.max().filter(|count| *count > most);
    let horizon = run.horizon.as_ref().map_or(availability::HORIZON, |horizon| horizon.value);
    let span_years = horizon.seconds() / years::YEAR_S;
    let long = replications.map(|(_, most)| most);
    let long = long.filter(|count| f64::from(*count) * span_years > MOST_YEARS);
    let (message, help) = match (years, sought) {
        _ if let Some(count) = long => {
            let message = format!(
                "{count} replications of a horizon of {horizon}: at most {MOST_YEARS:.0} years are simulated"
            );
            (message, "give fewer replications, or a shorter `horizon`".into())
        }
        (Some(count), _) => {
            let (own, size) = (u64::from(count), blocks::size(count.into(), kept));
            let (below, above) = (blocks::filled(own, kept), blocks::filling(own, kept));
            let message = format!(
                "{count} replications of the horizon: above {kept} they are added up in blocks, here of {size}"
            );
            (message, format!("give a multiple of {size}: {below} or {above}"))
        }
        (None, Some(count)) => {
            let message = format!(
                "{count} replications of a search for a capacity, at most {most}: each of them is kept"
            );
            let help = "give the number to windows, whose replications are added up: `replications` under [window]";
            (message, help.into())
        }
        (None, None) => return,
    };
    let own = run.replications.as_ref().filter(|_| choices.replications.is_none());
    let span = own.map(|own| own.span).or(run.horizon.as_ref().map(|horizon| horizon.span));
    let span = span.unwrap_or(draft.scenario.scenario.span);
    out.push(Diagnostic::new(Code::OutOfRange, span, message).help(help));
}

/// Returns the replications of a window without a number of its own.
fn own_replications(draft: &Draft) -> ReplicationsSpec {
    draft.scenario.run.replications.as_ref().map_or(runs::REPLICATIONS, |own| own.value)
}

/// Returns the minimum and maximum replications of a window.
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

/// Returns the replications around breaks. These runs are many: in a quick run each has the fewest that give an
/// interval.
fn around_replications(own: ReplicationsSpec, choices: Choices) -> (u32, u32) {
    match choices {
        Choices { replications: None, quick: true, .. } => (own.min.min(3), own.min.min(3)),
        _ => replications(own, choices),
    }
}
