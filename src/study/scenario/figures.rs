//! Figures that a scenario, its precision or the command line asks for: each is resolved for its solver once, or
//! refused with the reason.

use super::{
    Asked, Asking, Choices, Extra, Judged, Precise, Solver, StudyPlan, by_arithmetic,
    own_replications, refuse,
};
use crate::model::blueprint::Blueprint;
use crate::model::spec::runs::ReplicationsSpec;
use crate::plan::Draft;
use crate::plan::availability;
use crate::plan::figure::registry::By;
use crate::plan::figure::{Figure, FigureUnit, Metric, NoFigure, NoSuchFigure};
use crate::plan::headroom;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Label;
use crate::scenario::source::Span;
use crate::stats::interval::Interval;
use crate::stats::precision::LEAST_MINIMUM;
use crate::study::fits;
use crate::study::limits;
use crate::study::measure::Measure;
use crate::study::sampled::{SampledFigure, SampledPlan};
use crate::study::verdict;
use crate::study::window::WindowPlan;
use crate::study::years::{self, YearFigure};

/// Reason why a figure was not added.
enum Unresolved {
    /// A diagnostic was reported.
    Reported,
    /// The figure does not exist.
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

impl StudyPlan {
    /// Returns the place of a figure's estimate; `None` when there is no such figure, reported to `out`.
    pub(super) fn judged(
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

    /// Returns the parsed figure of an estimate that needs a run.
    pub(super) fn figure(&self, of: Judged) -> Option<&Figure> {
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

    /// Returns whether two are the same figure, however their paths are written.
    pub(super) fn is_same(&self, one: (Judged, &str), other: (Judged, &str)) -> bool {
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

    /// Returns whether a figure is among those that the results record.
    pub(super) fn estimates(&self, path: &str) -> bool {
        let of_years = self.years.iter().flat_map(|years| &years.figures).map(|one| &*one.path);
        let sampled = self.sampled.iter().flat_map(|one| &one.figures).map(|one| &*one.path);
        let mut paths = self.figures.iter().map(|one| &*one.path).chain(of_years).chain(sampled);
        paths.any(|other| other == path)
            || self.years.iter().any(|years| years.always_estimates(path))
    }

    /// Adds a figure that the command line asks for.
    pub(super) fn ask_for(&mut self, asked: &Asking<'_>, path: &str) {
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
            // The results list every capacity that is searched.
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

    /// Requests enough replications for a relative half-width of `width`.
    pub(super) fn sharpen(
        &mut self,
        asked: &Asking<'_>,
        path: &Label,
        width: f64,
        out: &mut Diagnostics,
    ) {
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
            // Figures that these flags leave out need no replications.
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
        // A declared number of replications is kept.
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
        // A scenario that the request loop cannot simulate has no windows to resolve a figure in.
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
            let value = by_arithmetic(draft, figure)?;
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

    /// Plans the windows to draw from the long-horizon run, where they were asked for and are possible.
    pub(super) fn draw_windows(&mut self, asked: &Asking<'_>) {
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
            let message = format!("`{figure}`: no workload in this scenario has a rate");
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
        // An impossible figure is refused whatever the flags are.
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

    /// Leaves out figures that one solver alone does not estimate, once everything has been resolved.
    pub(super) fn leave_out(&mut self, choices: Choices) {
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

    /// Adds a precision target for a figure of the horizon.
    fn sharpen_years(&mut self, place: usize, width: f64) {
        let Some(years) = &mut self.years else { return };
        let measure = years.figures[place].measure;
        years.precision.push((measure, width));
    }

    /// Returns whether there is a window or a long horizon to simulate. If figures are only resolved: whether `run`
    /// would have one.
    #[must_use]
    pub fn runs_something(&self, draft: &Draft, choices: Choices) -> bool {
        let horizon = choices.resolve_only && draft.scenario.run.horizon.is_some();
        let years = self.years.is_some() || (horizon && availability::can_fail(draft));
        !self.windows.is_empty() || years
    }

    pub(super) fn breaks_something(&self, window: usize) -> bool {
        self.windows[window].drill.as_ref().is_some_and(|drill| drill.part.is_some())
    }

    /// Returns the window that `figure` asks for, if it is a run of a declared window around breaks, and adds it.
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

    pub(super) fn ask(
        &mut self,
        path: String,
        figure: Figure,
        measure: Measure,
        window: usize,
    ) -> usize {
        if let Some(place) = self.figures.iter().position(|asked| asked.path == path) {
            return place;
        }
        let well = self.windows[window].drill.as_ref().filter(|_| measure.is_paired());
        let well = well.map(|drill| drill.well);
        for one in measure.by_workload() {
            well.into_iter().chain([window]).for_each(|at| {
                self.measure(at, &one);
            });
        }
        if let Some(well) = well {
            self.measure(well, &measure);
        }
        let place = self.measure(window, &measure);
        self.figures.push(Asked { path, figure, measure, window, place });
        self.figures.len() - 1
    }

    /// Returns the place of a measure in a window, and adds it if it is missing.
    fn measure(&mut self, window: usize, measure: &Measure) -> usize {
        let WindowPlan { measures, followed, .. } = &mut self.windows[window];
        for series in measure.series() {
            if !followed.series.contains(&series) {
                followed.series.push(series);
            }
        }
        followed.energy |= measure.needs_energy();
        let together = measure.together().map(<[_]>::to_vec);
        if let Some(members) = together.filter(|members| !followed.together.contains(members)) {
            followed.together.push(members);
        }
        measures.iter().position(|other| other == measure).unwrap_or_else(|| {
            measures.push(measure.clone());
            measures.len() - 1
        })
    }
}

/// Refuses a range of replications that begins below the first check of the stopping rule.
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
        "`{}` is made precise in the window `{}`, and that needs {LEAST_MINIMUM} \
         replications before its precision is first checked",
        path.text, of.window.name
    );
    let help = format!("write `min = {LEAST_MINIMUM}` or more, or a number without a range");
    out.push(Diagnostic::new(Code::OutOfRange, asked.span, message).help(help));
}
