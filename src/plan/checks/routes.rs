//! Steps: targets, draws, mounts, labels, chances, loops; and what classes fetch next.

use crate::model::spec::request::{CallStep, IoStep, StepSpec, VisitStep};
use crate::model::spec::textbook::DisciplineWord;
use crate::plan::Draft;
use crate::plan::checks::{inert, inert_if, missing};
use crate::plan::flow::{Visits, label_of, nested};
use crate::plan::links::{Entrance, balances_reads_alone, find_named};
use crate::plan::names::Kind;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;
use crate::scenario::source::Span;
use crate::scenario::suggest;

/// Chances may add up to this.
const MOST: f64 = 1.0 + 1e-9;

pub(super) fn check(draft: &Draft, out: &mut Diagnostics) {
    for class in 0..draft.scenario.request.len() {
        let (name, spec) = &draft.scenario.request[class];
        if spec.steps.is_empty() && spec.enter.is_none() {
            let message = format!("`{name}` enters nowhere and does nothing");
            out.push(Diagnostic::new(Code::Empty, spec.steps.span, message));
        }
        let before = out.errors();
        let mut route =
            Route { draft, class, spent: vec![false; spec.draw.len()], labels: Vec::new(), out };
        let here = draft.links.enters[class].and_then(|enter| service_behind(draft, enter));
        route.labels_of(&spec.steps);
        route.steps(&spec.steps, here, spec.enter.is_none(), &mut Vec::new());
        for (at, (draw, _)) in spec.draw.iter().enumerate() {
            if !route.spent[at] && route.out.errors() == before {
                let message = format!("`{draw}` is drawn and never spent");
                let help = format!("spend it in a step: {{ cpu = …, draw = \"{draw}\" }}");
                route.out.push(Diagnostic::new(Code::Unused, draw.span, message).help(help));
            }
        }
    }
    thens(draft, out);
    for (name, class) in draft.scenario.request.iter() {
        let Some(then) = &class.then else { continue };
        let mean = then.count.law().mean();
        if mean > f64::from(crate::model::route::MOST) {
            let most = crate::model::route::MOST;
            let message =
                format!("`{name}` is followed by {mean} parts on average, at most {most}");
            out.push(Diagnostic::new(Code::OutOfRange, then.count.span, message));
        }
    }
}

/// The service whose member works on what enters here; `None` when it was not found.
pub(super) fn service_behind(draft: &Draft, entrance: Entrance) -> Option<usize> {
    match entrance {
        Entrance::Service(service, _) => Some(service),
        Entrance::Balancer(balancer) => {
            draft.links.balancers[balancer].targets.first().map(|(service, _)| *service)
        }
        Entrance::NameService(at) => {
            draft.links.name_services[at].first().and_then(|to| service_behind(draft, *to))
        }
        Entrance::Cdn(cdn) => draft.links.cdns[cdn].and_then(|to| service_behind(draft, to)),
    }
}

struct Route<'d, 'o> {
    draft: &'d Draft,
    class: usize,
    /// By draw: whether a step spends it.
    spent: Vec<bool>,
    labels: Vec<&'d Name>,
    out: &'o mut Diagnostics,
}

impl<'d> Route<'d, '_> {
    /// Labels are unique in their request.
    fn labels_of(&mut self, steps: &'d [StepSpec]) {
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
            let mut lists: Vec<&'d [StepSpec]> = Vec::new();
            nested(step, &mut |steps| lists.push(steps));
            if let StepSpec::Call(call) = step {
                lists.extend(call.steps.as_ref().map(|steps| steps.value.as_slice()));
            }
            lists.into_iter().for_each(|steps| self.labels_of(steps));
        }
    }

    /// `here` is the service that works on the request; `nowhere` says that it has entered none.
    fn steps(
        &mut self,
        steps: &'d [StepSpec],
        here: Option<usize>,
        nowhere: bool,
        reach: &mut Vec<&'d Name>,
    ) {
        let known = reach.len();
        reach.extend(steps.iter().filter_map(label_of));
        if known == 0 {
            self.loops(steps);
        }
        for step in steps {
            match step {
                StepSpec::Cpu(cpu) => {
                    let service = self.draft.names.resolve(
                        &cpu.cpu,
                        cpu.cpu.span,
                        &[Kind::Service],
                        self.out,
                    );
                    let inside = nowhere.then_some(cpu.cpu.span);
                    self.entered(inside, "spend processor time");
                    if let (Some(found), Some(here)) = (service, here)
                        && found.index != here
                    {
                        self.elsewhere(cpu.cpu.span, &cpu.cpu.text, here);
                    }
                    let draws = &self.draft.scenario.request[self.class].1.draw;
                    let draw = find_named(draws, &cpu.draw, cpu.draw.span, "draw", self.out);
                    if let Some(at) = draw {
                        self.spent[at] = true;
                    }
                }
                StepSpec::Call(call) => self.call(call),
                StepSpec::Io(io) => self.io(io, here, nowhere),
                StepSpec::Visit(visit) => self.visit(visit),
                StepSpec::Choose(choose) => {
                    let all: f64 = choose.choose.iter().map(|b| b.chance.value.get()).sum();
                    if all > MOST {
                        let all = (all * 1e9).round() / 1e9;
                        let message = format!("the chances add up to {all}, must be at most 1");
                        let help = "what is left of 1 is the chance of none of them";
                        let span = choose.choose.span;
                        self.out.push(Diagnostic::new(Code::Sum, span, message).help(help));
                    }
                }
                StepSpec::Goto(go) => {
                    if !reach.iter().any(|label| **label == *go.goto) {
                        let elsewhere = self.labels.iter().any(|label| **label == *go.goto);
                        let label = &go.goto.text;
                        let message = if elsewhere {
                            format!("`{label}` is inside another branch")
                        } else {
                            format!("no step is labelled `{label}`")
                        };
                        let known: Vec<&str> = reach.iter().map(|label| &***label).collect();
                        let help = suggest::help(label, &known, "labels that can be reached");
                        let diagnostic = Diagnostic::new(Code::NoSuchName, go.goto.span, message);
                        self.out.push(diagnostic.help_if(help));
                    }
                }
                StepSpec::Cache(cache) => {
                    let name = &cache.cache;
                    let kinds = [Kind::Cache];
                    let _reported = self.draft.names.resolve(name, name.span, &kinds, self.out);
                }
                StepSpec::Parallel(_) | StepSpec::Repeat(_) | StepSpec::Delay(_) => {}
            }
            let mut lists: Vec<&'d [StepSpec]> = Vec::new();
            nested(step, &mut |steps| lists.push(steps));
            for steps in lists {
                self.steps(steps, here, nowhere, reach);
            }
        }
        reach.truncate(known);
    }

    fn entered(&mut self, span: Option<Span>, what: &str) {
        if span.is_some() {
            let (name, spec) = &self.draft.scenario.request[self.class];
            let why = format!("`{name}` must be in a service to {what}");
            missing(spec.span, "enter", &why, self.out);
        }
    }

    fn elsewhere(&mut self, span: Span, wanted: &str, here: usize) {
        let here = &self.draft.scenario.service[here].0;
        let message = format!("the request is in `{here}` here, not in `{wanted}`");
        let help = format!("`call = \"{wanted}\"` with steps of its own, or enter there");
        self.out.push(Diagnostic::new(Code::WrongKind, span, message).help(help));
    }

    /// A loop that nothing leaves.
    fn loops(&mut self, steps: &'d [StepSpec]) {
        let never = |_: &str| 0.0;
        if Visits::new(steps, &never).ends() {
            return;
        }
        let mut gotos = Vec::new();
        certain(steps, &mut gotos);
        let span = gotos.first().map_or(steps_span(steps), |(span, _)| *span);
        let path: Vec<&str> = gotos.iter().map(|(_, label)| *label).collect();
        let message = format!("the steps go round without an exit: {}", path.join(" → "));
        let help = "give the `goto` a chance below 1";
        self.out.push(Diagnostic::new(Code::RouteCycle, span, message).help(help));
    }

    fn call(&mut self, call: &'d CallStep) {
        let kinds = [Kind::Database, Kind::Service, Kind::Balancer];
        let found = self.draft.names.resolve(&call.call, call.call.span, &kinds, self.out);
        let Some(found) = found else { return };
        if found.kind == Kind::Database {
            if call.read.is_none() && call.write.is_none() {
                missing(call.span, "read", "how many queries: `read`, `write` or both", self.out);
            }
            let message = "a database answers queries; it does no steps";
            inert_if(call.steps.as_ref(), message, "remove `steps`", self.out);
            return;
        }
        for key in [&call.read, &call.write] {
            let message = "queries go to a database; this is none";
            inert_if(key.as_ref(), message, "say in `steps` what is done there", self.out);
        }
        let entrance = if found.kind == Kind::Service {
            Entrance::Service(found.index, found.member)
        } else {
            let (scenario, names) = (&self.draft.scenario, &self.draft.names);
            let wrong = balances_reads_alone(scenario, names, found.index, call.call.span);
            if let Some(wrong) = wrong {
                return self.out.push(wrong);
            }
            Entrance::Balancer(found.index)
        };
        let here = service_behind(self.draft, entrance);
        if let Some(steps) = &call.steps {
            self.steps(&steps.value, here, false, &mut Vec::new());
        }
    }

    fn io(&mut self, io: &IoStep, here: Option<usize>, nowhere: bool) {
        self.entered(nowhere.then_some(io.span), "use a mount");
        if let Some(here) = here {
            let (name, spec) = &self.draft.scenario.service[here];
            let what = format!("mount of `{name}`");
            let _reported = find_named(&spec.mounts, &io.io, io.io.span, &what, self.out);
        }
        if io.read.value + io.write.value + io.ops.value <= 0.0 {
            let help = "give `read`, `write` or `ops`";
            inert(io.span, "this step asks for no operation", help, self.out);
        }
    }

    fn visit(&mut self, visit: &VisitStep) {
        let name = &visit.visit;
        let found = self.draft.names.resolve(name, name.span, &[Kind::Station], self.out);
        let Some(found) = found else { return };
        let spec = &self.draft.scenario.station[found.index].1;
        if visit.service.is_none() && spec.service.is_none() {
            let why = format!("neither the step nor the station `{}` has one", visit.visit.text);
            missing(visit.span, "service", &why, self.out);
        }
        let ranks = [DisciplineWord::Priority, DisciplineWord::PriorityPreemptive];
        if !ranks.contains(&spec.discipline.value) {
            let message = format!(
                "no rank counts at `{}`: its discipline is \"{}\"",
                visit.visit.text,
                spec.discipline.value.word()
            );
            let help = "set discipline = \"priority\" there, or remove `priority`";
            inert_if(visit.priority.as_ref(), &message, help, self.out);
        }
    }
}

/// The jumps that are certain, in the order of the text.
fn certain<'d>(steps: &'d [StepSpec], found: &mut Vec<(Span, &'d str)>) {
    for step in steps {
        if let StepSpec::Goto(go) = step
            && go.chance.value.get() >= 1.0
        {
            found.push((go.goto.span, &go.goto));
        }
        nested(step, &mut |steps| certain(steps, found));
    }
}

fn steps_span(steps: &[StepSpec]) -> Span {
    let label = steps.iter().find_map(label_of);
    label.map_or_else(Span::default, |label| label.span)
}

/// `then` must not come back.
fn thens(draft: &Draft, out: &mut Diagnostics) {
    let thens = &draft.links.thens;
    let mut done = vec![false; thens.len()];
    for start in 0..thens.len() {
        let mut path = vec![start];
        while let Some(next) = thens[path[path.len() - 1]].filter(|next| !done[*next]) {
            if let Some(at) = path.iter().position(|class| *class == next) {
                let round: Vec<&str> = path[at..]
                    .iter()
                    .chain([&next])
                    .map(|class| &*draft.scenario.request[*class].0)
                    .collect();
                let then = draft.scenario.request[path[at]].1.then.as_ref();
                let span = then.map_or_else(Span::default, |then| then.request.span);
                let (code, message) = if round.len() == 2 {
                    (Code::SelfReference, format!("`{}` fetches itself", round[0]))
                } else {
                    let path = round.join(" → ");
                    (Code::RouteCycle, format!("classes fetch each other for ever: {path}"))
                };
                out.push(Diagnostic::new(code, span, message));
                break;
            }
            path.push(next);
        }
        path.into_iter().for_each(|class| done[class] = true);
    }
}
