//! Resolution of steps to routes: names become components, labels and draws become numbers.
//!
//! Takes a scenario whose references are resolved; gives a route for each request class, in the order of the file.
//! Reports every step with an unknown name or in the wrong place: targets, draws, mounts,
//! labels, probabilities, loops. Such a step is left out of the route.

use crate::model::spec::request::{CallStep, ChooseStep, CpuStep, GotoStep, RequestSpec, StepSpec};
use crate::plan::checks::{inert_if, missing};
use crate::plan::document::ScenarioSpec;
use crate::plan::links::{Entrance, Known, Links, find_named};
use crate::plan::names::{Found, Kind, Names};
use crate::plan::route::ask::{Ask, Asked};
use crate::plan::route::visits::Visits;
use crate::plan::route::{Call, Does, Io, Jump, Query, Repeat, Route, Step, Visit, Way, Work};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::law::LawSpec;
use crate::scenario::names::Name;
use crate::scenario::source::Span;
use crate::scenario::suggest;
use crate::scenario::value::Spanned;
use crate::units::Bytes;

/// Largest sum of the probabilities of a choice.
const MOST: f64 = 1.0 + 1e-9;

/// Resolves the routes of all classes.
#[must_use]
pub fn resolve(
    scenario: &ScenarioSpec,
    names: &Names,
    links: &Links,
    out: &mut Diagnostics,
) -> Vec<Route> {
    let class = |class: usize| {
        let spec = &scenario.request[class].1;
        let before = out.errors();
        let spent = vec![false; spec.demands.len()];
        let mut resolver =
            Resolver { scenario, names, links, class, spent, labels: Vec::new(), out };
        resolver.labels_of(&spec.steps);
        let here = Here {
            service: links.enters[class].and_then(|enter| service_behind(links, enter)),
            nowhere: spec.enter.is_none(),
        };
        let steps = resolver.steps(&spec.steps, here, &mut Vec::new());
        resolver.unspent(spec, before);
        let labels = resolver.labels.iter().map(|label| label.text.clone()).collect();
        Route { steps, labels }
    };
    (0..scenario.request.len()).map(class).collect()
}

/// Returns the service whose member processes requests that enter here; `None` if none was found.
#[must_use]
pub fn service_behind(links: &Links, entrance: Entrance) -> Option<usize> {
    match entrance {
        Entrance::Service(service, _) => Some(service),
        Entrance::Balancer(balancer) => {
            links.balancers[balancer].targets.first().map(|(service, _)| *service)
        }
        other => links.onward(other).first().and_then(|to| service_behind(links, *to)),
    }
}

/// Place where steps are done.
#[derive(Clone, Copy)]
pub struct Here {
    /// Service that processes the request, if it is known.
    pub(crate) service: Option<usize>,
    /// True if the request has not entered anywhere.
    pub(crate) nowhere: bool,
}

/// Resolver of the steps of one class.
pub struct Resolver<'s, 'o> {
    scenario: &'s ScenarioSpec,
    names: &'s Names,
    links: &'s Links,
    class: usize,
    /// True if a step uses the draw, per draw.
    spent: Vec<bool>,
    labels: Vec<&'s Name>,
    out: &'o mut Diagnostics,
}

impl<'s> Resolver<'s, '_> {
    /// Collects labels, which must be unique in their request.
    fn labels_of(&mut self, steps: &'s [StepSpec]) {
        for step in steps {
            if let Some(label) = label_of(step) {
                match self.labels.iter().find(|other| ***other == *label) {
                    Some(first) => {
                        let message = format!("two steps are labelled `{label}`");
                        let first = first.span;
                        self.out.push(
                            Diagnostic::new(Code::NameTwice, label.span, message)
                                .related(first, "the first"),
                        );
                    }
                    None => self.labels.push(label),
                }
            }
            match step {
                StepSpec::Choose(choose) => {
                    choose.choose.iter().for_each(|way| self.labels_of(&way.steps));
                }
                StepSpec::Parallel(parallel) => {
                    parallel.parallel.iter().for_each(|lane| self.labels_of(&lane.steps));
                }
                StepSpec::Repeat(repeat) => self.labels_of(&repeat.repeat.steps),
                StepSpec::Call(call) => {
                    if let Some(steps) = &call.steps {
                        self.labels_of(&steps.value);
                    }
                }
                StepSpec::Cpu(_)
                | StepSpec::Io(_)
                | StepSpec::Visit(_)
                | StepSpec::Goto(_)
                | StepSpec::Delay(_) => {}
                other => asked(other).into_iter().for_each(|asked| self.labels_of(asked.inside())),
            }
        }
    }

    /// Returns the scenario.
    pub(crate) const fn scenario(&self) -> &'s ScenarioSpec {
        self.scenario
    }

    /// Returns the targets of references.
    pub(crate) const fn links(&self) -> &'s Links {
        self.links
    }

    /// Returns the collector of diagnostics.
    pub(crate) const fn out(&mut self) -> &mut Diagnostics {
        self.out
    }

    fn number(&self, label: &Name) -> Option<usize> {
        self.labels.iter().position(|other| **other == *label)
    }

    /// Reports draws that no step uses, unless an error since `before` explains it.
    fn unspent(&mut self, spec: &RequestSpec, before: usize) {
        for (at, (demand, _)) in spec.demands.iter().enumerate() {
            if !self.spent[at] && self.out.errors() == before {
                let message = format!("`{demand}` is drawn and never spent");
                let help = format!("spend it in a step: {{ cpu = …, demand = \"{demand}\" }}");
                self.out.push(Diagnostic::new(Code::Unused, demand.span, message).help(help));
            }
        }
    }

    /// Resolves steps done `here`; `reach` holds the labels of the steps around them, to which they may jump.
    pub(crate) fn steps(
        &mut self,
        steps: &'s [StepSpec],
        here: Here,
        reach: &mut Vec<&'s Name>,
    ) -> Vec<Step> {
        let known = reach.len();
        reach.extend(steps.iter().filter_map(label_of));
        let mut all = Vec::with_capacity(steps.len());
        for step in steps {
            let label = label_of(step).and_then(|label| self.number(label));
            let Some((does, span)) = self.step(step, here, reach) else { continue };
            all.push(Step { label, does, span });
        }
        reach.truncate(known);
        if known == 0 {
            self.loops(&all);
        }
        all
    }

    fn step(
        &mut self,
        step: &'s StepSpec,
        here: Here,
        reach: &mut Vec<&'s Name>,
    ) -> Option<(Does, Span)> {
        Some(match step {
            StepSpec::Cpu(step) => (Does::Work(self.work(step, here)?), step.span),
            StepSpec::Call(step) => (self.call(step)?, step.span),
            StepSpec::Io(step) => (Does::Io(Io::resolve(step, here, self)?), step.span),
            StepSpec::Visit(step) => (Does::Visit(Visit::resolve(step, self)?), step.span),
            StepSpec::Choose(step) => (Does::Choose(self.choose(step, here, reach)), step.span),
            StepSpec::Goto(step) => (Does::Jump(self.jump(step, reach)?), step.span),
            StepSpec::Parallel(step) => {
                let lanes = step.parallel.iter();
                let lanes = lanes.map(|lane| self.steps(&lane.steps, here, reach)).collect();
                (Does::Parallel(lanes), step.span)
            }
            StepSpec::Repeat(step) => {
                let count = step.repeat.count.law().clone();
                let steps = self.steps(&step.repeat.steps, here, reach);
                (Does::Repeat(Repeat { count, steps, span: step.repeat.span }), step.span)
            }
            StepSpec::Delay(step) => (Does::Delay(step.delay.law().clone()), step.span),
            other => (Does::Ask(asked(other)?.resolve(self, here, reach)?), span_of(other)),
        })
    }

    fn work(&mut self, step: &CpuStep, here: Here) -> Option<Work> {
        let (text, span) = (&step.cpu.text, step.cpu.span);
        let service = self.names.resolve(text, span, &[Kind::Service], self.out);
        self.entered(here.nowhere.then_some(span), "spend processor time");
        if let Some(found) = service {
            let name = &self.scenario.service[found.index].0;
            if found.member.is_some() {
                let message =
                    format!("`{text}` is one member: the one that has the request works on it");
                let help = format!("write `{name}`");
                self.out.push(Diagnostic::new(Code::WrongKind, span, message).help(help));
            } else if let Some(here) = here.service.filter(|here| *here != found.index) {
                self.elsewhere(span, text, here);
            }
        }
        let demands = &self.scenario.request[self.class].1.demands;
        let demand = find_named(demands, &step.demand, step.demand.span, "demand", self.out)?;
        self.spent[demand] = true;
        let (share, threads) = (step.share.value, step.threads.clone());
        Some(Work { service: service?.index, demand, share, threads })
    }

    /// Reports a step at `span` that must be in a service to do `what` it does.
    pub(crate) fn entered(&mut self, span: Option<Span>, what: &str) {
        if span.is_some() {
            let (name, spec) = &self.scenario.request[self.class];
            let why = format!("`{name}` must be in a service to {what}");
            missing(spec.span, "enter", &why, self.out);
        }
    }

    fn elsewhere(&mut self, span: Span, wanted: &str, here: usize) {
        let here = &self.scenario.service[here].0;
        let message = format!("the request is in `{here}` here, not in `{wanted}`");
        let help = format!("`call = \"{wanted}\"` with steps of its own, or enter there");
        self.out.push(Diagnostic::new(Code::WrongKind, span, message).help(help));
    }

    fn call(&mut self, step: &'s CallStep) -> Option<Does> {
        let kinds = [Kind::Database, Kind::Sharded, Kind::Service, Kind::Balancer];
        let named = step.call.span;
        let found = self.names.resolve(&step.call.text, named, &kinds, self.out)?;
        let time_out = step.time_out.clone();
        if found.kind != Kind::Service && found.kind != Kind::Balancer {
            for key in [&step.sends, &step.returns] {
                let message = "a query counts one byte on a link between sites";
                inert_if(key.as_ref(), message, "remove it", self.out);
            }
        }
        if found.kind == Kind::Database {
            return Some(Does::Query(Query::resolve(step, found, self)));
        }
        if found.kind == Kind::Sharded {
            return Some(crate::kinds::sharded::step::resolve(step, found, self));
        }
        let known = Known { scenario: self.scenario, names: self.names, links: self.links };
        let to = found.kind.answers().entrance(known, found, &step.call, self.out)?;
        for key in [&step.read, &step.write] {
            let message = "queries go to a database; this is none";
            inert_if(key.as_ref(), message, "give the work there in `steps`", self.out);
        }
        for key in [&step.sends, &step.returns] {
            let message = "no link between sites carries it: bytes inside a site cost nothing";
            // A link with a mistake is missing here.
            let none = self.scenario.link.is_empty() && !self.out.has_errors();
            inert_if(key.as_ref().filter(|_| none), message, "remove it", self.out);
        }
        let there = Here { service: service_behind(self.links, to), nowhere: false };
        let steps = step.steps.as_ref();
        let steps = steps.map_or(Vec::new(), |s| self.steps(&s.value, there, &mut Vec::new()));
        let law = |key: &Option<Spanned<LawSpec<Bytes>>>| key.as_ref().map(|law| law.law().clone());
        let (sends, returns) = (law(&step.sends), law(&step.returns));
        Some(Does::Call(Call { to, steps, time_out, sends, returns, named }))
    }

    fn choose(&mut self, step: &'s ChooseStep, here: Here, reach: &mut Vec<&'s Name>) -> Vec<Way> {
        let all: f64 = step.choose.iter().map(|way| way.probability.value.get()).sum();
        if all > MOST {
            let all = (all * 1e9).round() / 1e9;
            let message = format!("the probabilities add up to {all}, must be at most 1");
            let help = "the remainder to 1 is the probability of none of them";
            self.out.push(Diagnostic::new(Code::Sum, step.choose.span, message).help(help));
        }
        let way = |way: &'s crate::model::spec::request::BranchSpec| Way {
            probability: way.probability.value.get(),
            steps: self.steps(&way.steps, here, reach),
        };
        step.choose.iter().map(way).collect()
    }

    fn jump(&mut self, step: &GotoStep, reach: &[&'s Name]) -> Option<Jump> {
        let (label, named) = (&step.goto.value, step.goto.span);
        let to = self.number(label);
        if !reach.iter().any(|other| **other == *label) {
            let message = if to.is_some() {
                format!("`{label}` is inside another branch")
            } else {
                format!("no step is labelled `{label}`")
            };
            let known: Vec<&str> = reach.iter().map(|label| &***label).collect();
            let help = suggest::help(label, &known, "labels that can be reached");
            let diagnostic = Diagnostic::new(Code::NoSuchName, named, message);
            self.out.push(diagnostic.help_if(help));
            return None;
        }
        Some(Jump { to: to?, probability: step.probability.value.get(), named })
    }

    /// Finds the target of `text` at `span`, which must be one of `kinds`; reports an error otherwise.
    pub(crate) fn find(&mut self, text: &str, span: Span, kinds: &[Kind]) -> Option<Found> {
        self.names.resolve(text, span, kinds, self.out)
    }

    /// Reports a loop without an exit.
    fn loops(&mut self, steps: &[Step]) {
        let never = |_: &dyn Ask| 0.0;
        if Visits::new(steps, &never).ends() {
            return;
        }
        let mut jumps = Vec::new();
        super::each_here(steps, &mut |step| {
            if let Does::Jump(jump) = &step.does
                && jump.probability >= 1.0
            {
                jumps.push(jump);
            }
        });
        let labelled = steps.iter().find(|step| step.label.is_some());
        let span = jumps.first().map(|jump| jump.named).or(labelled.map(|step| step.span));
        let path: Vec<&str> = jumps.iter().map(|jump| &**self.labels[jump.to]).collect();
        let message = format!("the steps go round without an exit: {}", path.join(" → "));
        let help = "give the `goto` a probability below 1";
        let diagnostic = Diagnostic::new(Code::RouteCycle, span.unwrap_or_default(), message);
        self.out.push(diagnostic.help(help));
    }
}

/// Returns the label of a step.
fn label_of(step: &StepSpec) -> Option<&Name> {
    let label: &Option<Spanned<Name>> = match step {
        StepSpec::Cpu(step) => &step.label,
        StepSpec::Call(step) => &step.label,
        StepSpec::Io(step) => &step.label,
        StepSpec::Visit(step) => &step.label,
        StepSpec::Choose(step) => &step.label,
        StepSpec::Goto(step) => &step.label,
        StepSpec::Parallel(step) => &step.label,
        StepSpec::Repeat(step) => &step.label,
        StepSpec::Delay(step) => &step.label,
        other => return asked(other)?.label().map(|label| &label.value),
    };
    label.as_ref().map(|label| &label.value)
}

/// Returns the step as one that a component kind declares.
fn asked(step: &StepSpec) -> Option<&dyn Asked> {
    macro_rules! arms {
        ($step:ident, $($doc:literal, $key:literal => $Variant:ident($Form:path);)*) => {
            match $step {
                $(StepSpec::$Variant(form) => Some(form),)*
                _ => None,
            }
        };
    }
    crate::kinds::each_step!(arms, step,)
}

/// Returns the place of such a step in the text.
fn span_of(step: &StepSpec) -> Span {
    macro_rules! arms {
        ($step:ident, $($doc:literal, $key:literal => $Variant:ident($Form:path);)*) => {
            match $step {
                $(StepSpec::$Variant(form) => form.span,)*
                _ => Span::default(),
            }
        };
    }
    crate::kinds::each_step!(arms, step,)
}
