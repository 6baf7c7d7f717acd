//! Compiles steps to programs: the operations of a request class.
//!
//! The owner of a draw is the class, the kind of the step and the component that it names, numbered
//! among equal steps (`page.read.db#2`): a step of another kind or at another component changes no draw
//! of the others. A step without effect is left out, and one that never draws is not numbered.
//! Draws of steps behind a loop do not depend on the loop. A nested loop changes the draws in later repetitions
//! of the outer loop.

use std::any::Any;
use std::collections::BTreeMap;

use crate::convert::{place, whole};
use crate::engine::law::Law;
use crate::model::blueprint::{Mount, Part};
use crate::model::ids::{AmountId, CallId, ClassId, DemandId, KeyId, PoolId};
use crate::model::paging::Paging;
use crate::model::request::{MAX_DEPTH, MAX_LOOPS};
use crate::model::route::{
    Amount, Branch, CallKind, Class, Demand, KeyName, MOST, Op, Reply, Routes, Then,
};
use crate::model::spec::request::RequestSpec;
use crate::plan::compile::Numbers;
use crate::plan::links::Entrance;
use crate::plan::names::{Kind, member_name};
use crate::plan::route::{Call, Does, Route, Step};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::law::LawSpec;
use crate::scenario::source::Span;
use crate::units::{Bytes, SimDuration};

mod asking;
mod mounts;

pub use mounts::Volume;

/// Section of the file: its kind, and its index among those of the kind.
pub type Section = (Kind, usize);

/// Entry of a class or a step into a component.
#[derive(Clone, Copy, Debug)]
pub struct Way<'w> {
    /// Entrance.
    pub to: Entrance,
    /// Section behind the entrance, if it is not the first one.
    pub behind: Option<Section>,
    /// Owner of the draws made on entry.
    pub owner: &'w str,
    /// Call of the step that enters; `None` if a class enters.
    pub call: Option<CallId>,
}

/// Compiler of the programs of all classes.
pub struct Compiler<'a> {
    /// Compiled routes.
    pub routes: Routes,
    numbers: &'a Numbers<'a>,
    /// Mounts, per component.
    mounts: Vec<Vec<Mount>>,
    /// Pools that steps refer to, by section and a number chosen by its kind.
    /// True for each component that runs in a guest.
    guests: Vec<bool>,
    pools: BTreeMap<(Section, u32), PoolId>,
    /// Notes of steps for the components that they ask, by section.
    notes: BTreeMap<Section, Vec<Box<dyn Any>>>,
    out: &'a mut Diagnostics,
    class: String,
    /// Number of steps seen in this class, by kind and component.
    seen: BTreeMap<String, u32>,
    /// Services inside which the step is, by index in the file.
    inside: Vec<Option<usize>>,
    loops: usize,
    /// Mean number of repetitions of the steps so far, on the path with the most.
    turns: f64,
    /// Labels passed so far, with their positions in the program.
    labels: Vec<(usize, u32)>,
    names_of_labels: &'a [String],
    /// Jumps to labels: the label, and the index of the branch.
    jumps: Vec<(usize, usize)>,
    draws: Vec<(KeyId, Law)>,
}

impl<'a> Compiler<'a> {
    /// Creates a compiler for the components `parts`, without pools.
    pub fn new(numbers: &'a Numbers<'a>, parts: &[Part], out: &'a mut Diagnostics) -> Self {
        Self {
            routes: Routes::default(),
            numbers,
            mounts: parts.iter().map(|part| part.mounts.clone()).collect(),
            guests: parts.iter().map(|part| part.guest.is_some()).collect(),
            pools: BTreeMap::new(),
            notes: BTreeMap::new(),
            out,
            class: String::new(),
            seen: BTreeMap::new(),
            inside: Vec::new(),
            loops: 0,
            turns: 0.0,
            labels: Vec::new(),
            names_of_labels: &[],
            jumps: Vec::new(),
            draws: Vec::new(),
        }
    }

    /// Creates a key for `purpose` of `owner`.
    pub fn key(&mut self, purpose: &'static str, owner: &str) -> KeyId {
        self.routes.keys.push(KeyName { purpose, owner: owner.to_string() });
        KeyId::at(self.routes.keys.len() - 1)
    }

    /// Creates a demand with a key of its own.
    pub fn demand(&mut self, purpose: &'static str, owner: &str, law: &Law) -> DemandId {
        let key = self.key(purpose, owner);
        self.demand_of(key, law, 1.0, false)
    }

    /// Creates a demand of `key`, of which `share` is used each time; `once`: all uses share one draw.
    pub(crate) fn demand_of(&mut self, key: KeyId, law: &Law, share: f64, once: bool) -> DemandId {
        let mean = law.mean() * share;
        let demand = Demand { key, sampler: law.sampler(), share, once, mean };
        self.routes.demands.push(demand);
        DemandId::at(self.routes.demands.len() - 1)
    }

    /// Creates a count with the given mean: its whole part, and a draw for the rest.
    pub fn amount(&mut self, mean: f64, owner: &str) -> AmountId {
        // The forms of steps and stores bound means; a law bounds its draws.
        let floor = whole::u32(mean);
        let probability = mean - f64::from(floor);
        let amount = if probability > 0.0 {
            Amount::Mean { floor, probability, key: self.key("count", owner) }
        } else {
            Amount::Fixed(floor)
        };
        self.routes.amounts.push(amount);
        AmountId::at(self.routes.amounts.len() - 1)
    }

    /// Creates a count with the given law.
    pub fn amount_by_law(&mut self, law: &Law, owner: &str) -> AmountId {
        if law.is_constant() {
            return self.amount(law.mean(), owner);
        }
        let key = self.key("count", owner);
        self.routes.amounts.push(Amount::Law { key, sampler: law.sampler(), mean: law.mean() });
        AmountId::at(self.routes.amounts.len() - 1)
    }

    pub(crate) fn emit(&mut self, op: Op) -> usize {
        self.routes.ops.push(op);
        self.routes.ops.len() - 1
    }

    pub(crate) fn here(&self) -> u32 {
        place(self.routes.ops.len())
    }

    /// Returns the owner of the draws of a step of this `kind` that names the component `of`.
    pub(crate) fn owner(&mut self, kind: &str, of: &str) -> String {
        let what = format!("{kind}.{of}");
        let count = self.seen.entry(what.clone()).or_insert(0);
        *count += 1;
        format!("{}.{what}#{count}", self.class)
    }

    /// Compiles `body`; if it is `never` run, its steps take no numbers from steps that are.
    pub(crate) fn unnumbered(&mut self, never: bool, body: impl FnOnce(&mut Self)) {
        let seen = never.then(|| self.seen.clone());
        body(self);
        if let Some(seen) = seen {
            self.seen = seen;
        }
    }

    /// Compiles a class that enters at `enter`; its index in the table is its id.
    pub fn class(
        &mut self,
        name: &str,
        spec: &RequestSpec,
        enter: Option<Entrance>,
        route: &'a Route,
    ) {
        self.class = name.to_string();
        self.names_of_labels = &route.labels;
        self.seen.clear();
        self.inside.clear();
        self.labels.clear();
        self.jumps.clear();
        self.loops = 0;
        self.turns = 0.0;
        self.draws.clear();
        for (draw, law) in spec.demands.iter() {
            let key = self.key("demand", &format!("{name}.{}", draw.text));
            self.draws.push((key, law_of(law)));
        }
        let entered = Class {
            name: name.to_string(),
            entry: self.here(),
            reply: None,
            then: None,
            cdns: Default::default(),
            round_trip: None,
            sites: Vec::new(),
        };
        self.routes.classes.push(entered);
        match enter {
            Some(to) => {
                // An owner different from the class alone, which owns the draws that its steps name.
                let owner = format!("{name}.enter");
                let way = Way { to, behind: None, owner: &owner, call: None };
                self.enter(&way, &mut |compiler| compiler.steps(&route.steps));
            }
            None => self.steps(&route.steps),
        }
        self.emit(Op::End);
        self.land_jumps();
        if let Some(law) = &spec.reply {
            let law = law_of(law);
            let mean = Bytes::new(whole::u64(law.mean()));
            let key = self.key("reply-size", name);
            self.entered().reply = Some(Reply { key, sampler: law.sampler(), mean });
        }
    }

    /// Returns the class whose steps are compiled.
    pub(crate) fn entered(&mut self) -> &mut Class {
        self.routes.classes.last_mut().expect("steps are those of a class")
    }

    /// Returns the name of the class whose steps are compiled.
    pub(crate) fn class_name(&self) -> &str {
        &self.class
    }

    /// Compiles the entry into a component, `steps` at the place entered, and the exit.
    pub(crate) fn enter(&mut self, way: &Way<'_>, steps: &mut dyn FnMut(&mut Compiler<'_>)) {
        way.to.component().0.answers().enter(self, way, steps);
    }

    /// Sets the class that the client of `class` fetches next.
    pub fn then(&mut self, class: usize, next: ClassId, law: &Law) {
        let owner = format!("{}.then", self.routes.classes[class].name);
        let amount = self.amount_by_law(law, &owner);
        self.routes.classes[class].then = Some(Then { class: next, amount });
    }

    fn land_jumps(&mut self) {
        for (label, place) in std::mem::take(&mut self.jumps) {
            let landing = self.labels.iter().find(|(other, _)| *other == label);
            let (_, to) = landing.expect("a route has the labels of its jumps");
            self.routes.branches[place].to = *to;
        }
    }

    pub(crate) fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step) {
        if step.does_nothing() {
            return;
        }
        if let Some(label) = step.label {
            let here = self.here();
            self.labels.push((label, here));
        }
        match &step.does {
            Does::Work(work) => {
                let (key, law) = self.draws[work.demand].clone();
                let demand = self.demand_of(key, &law, work.share, true);
                let threads = u16::try_from(work.threads.value).expect("the language bounds it");
                self.faults(step.span);
                self.emit(Op::Cpu { demand, threads });
            }
            Does::Query(query) => query.compile(self, step.span),
            Does::Call(call) => self.call(call),
            Does::Io(io) => io.compile(self, step.span),
            Does::Visit(visit) => visit.compile(self),
            Does::Ask(ask) => ask.compile(self),
            Does::Choose(ways) => {
                let probabilities: Vec<f64> = ways.iter().map(|way| way.probability).collect();
                let never = probabilities.iter().all(|probability| *probability == 0.0);
                self.unnumbered(never, |compiler| {
                    let owner = compiler.owner("choose", "");
                    let key = compiler.key("branch", &owner);
                    compiler.choose(key, &probabilities, |compiler, branch| {
                        let never = probabilities[branch] == 0.0;
                        compiler.unnumbered(never, |compiler| compiler.steps(&ways[branch].steps));
                    });
                });
            }
            Does::Jump(jump) => {
                let owner = self.owner("goto", &self.names_of_labels[jump.to]);
                let key = self.key("branch", &owner);
                let first = self.routes.branches.len();
                self.routes.branches.push(Branch { below: jump.probability, to: 0 });
                self.jumps.push((jump.to, first));
                let otherwise = self.here() + 1;
                self.emit(Op::Choose { first: place(first), count: 1, key, otherwise });
            }
            Does::Parallel(lanes) => {
                for lane in lanes {
                    self.fork(true, |compiler| compiler.steps(lane));
                }
                self.emit(Op::Join);
            }
            Does::Repeat(repeat) => {
                let law = &repeat.count;
                let mut amount = AmountId(0);
                self.unnumbered(law.is_constant() && law.mean().fract() == 0.0, |compiler| {
                    let owner = compiler.owner("repeat", "");
                    amount = compiler.amount_by_law(law, &owner);
                });
                self.unnumbered(law.is_constant() && law.mean() == 0.0, |compiler| {
                    compiler.repeat(amount, repeat.span, |compiler| compiler.steps(&repeat.steps));
                });
            }
            Does::Delay(law) => self.unnumbered(law.is_constant(), |compiler| {
                let owner = compiler.owner("delay", "");
                let demand = compiler.demand("delay", &owner, law);
                compiler.emit(Op::Delay { demand });
            }),
        }
    }

    /// Compiles a choice of one of several bodies, or of none with the remaining probability.
    pub(crate) fn choose(
        &mut self,
        key: KeyId,
        probabilities: &[f64],
        body: impl Fn(&mut Self, usize),
    ) {
        let first = self.routes.branches.len();
        let mut below = 0.0;
        for probability in probabilities {
            below += probability;
            self.routes.branches.push(Branch { below, to: 0 });
        }
        let (from, count) = (place(first), place(probabilities.len()));
        let at = self.emit(Op::Choose { first: from, count, key, otherwise: 0 });
        let mut ends = Vec::new();
        let turns = self.turns;
        let mut most = turns;
        for branch in 0..probabilities.len() {
            self.routes.branches[first + branch].to = self.here();
            self.turns = turns;
            body(self, branch);
            most = most.max(self.turns);
            if branch + 1 < probabilities.len() {
                ends.push(self.emit(Op::Jump { to: 0 }));
            }
        }
        self.turns = most;
        let otherwise = self.here();
        self.routes.ops[at] = Op::Choose { first: from, count, key, otherwise };
        for end in ends {
            self.routes.ops[end] = Op::Jump { to: otherwise };
        }
    }

    /// Compiles `body` as a loop with `amount` repetitions.
    pub(crate) fn repeat(&mut self, amount: AmountId, span: Span, body: impl FnOnce(&mut Self)) {
        if matches!(self.routes.amounts[amount.index()], Amount::Fixed(1)) {
            return body(self);
        }
        self.loops += 1;
        if self.loops > MAX_LOOPS {
            let message = format!("repetitions are nested deeper than {MAX_LOOPS}");
            self.out.push(Diagnostic::new(Code::TooDeep, span, message));
        }
        let at = self.emit(Op::Repeat { amount, end: 0 });
        let start = self.here();
        let before = std::mem::take(&mut self.turns);
        body(self);
        self.turns = before + self.routes.amounts[amount.index()].mean() * (1.0 + self.turns);
        if self.turns > f64::from(MOST) {
            let message = format!(
                "a request of `{}` repeats its steps {} times on average by here, at most {MOST}",
                self.class, self.turns
            );
            let help = "let fewer repetitions each do more, or split them over several requests";
            self.out.push(Diagnostic::new(Code::OutOfRange, span, message).help(help));
            self.turns = 0.0;
        }
        self.emit(Op::Again { start });
        let end = self.here();
        self.routes.ops[at] = Op::Repeat { amount, end };
        self.loops -= 1;
    }

    /// Emits the faults of a step that computes in a service with a working set.
    fn faults(&mut self, span: Span) {
        let Some(Some(service)) = self.inside.last().copied() else { return };
        let (name, spec) = &self.draft().scenario.service[service];
        let Some(set) = &spec.working_set else { return };
        let swap = spec.mounts.iter().position(|(mount, _)| mount.text == set.swap.text);
        let mount = crate::convert::table::u8(swap.expect("a sound draft has the mount"));
        let owner = self.owner("touch", name);
        let key = self.key("faults", &owner);
        let of_disk = self.disk_keys(&owner);
        self.loops += 1;
        if self.loops > MAX_LOOPS {
            let message = format!("repetitions and faults are nested deeper than {MAX_LOOPS}");
            self.out.push(Diagnostic::new(Code::TooDeep, span, message));
        }
        let at = self.emit(Op::Page(Paging::Touch { key, end: 0 }));
        let start = self.here();
        self.emit(Op::Page(Paging::Delay));
        self.emit(Op::Page(Paging::Fault { mount, key: of_disk }));
        self.emit(Op::Again { start });
        let end = self.here();
        self.routes.ops[at] = Op::Page(Paging::Touch { key, end });
        self.loops -= 1;
    }

    pub(crate) fn fork(&mut self, wait: bool, body: impl FnOnce(&mut Self)) {
        let at = self.emit(Op::Fork { entry: 0, wait });
        let jump = self.emit(Op::Jump { to: 0 });
        let entry = self.here();
        let loops = std::mem::take(&mut self.loops);
        let turns = self.turns;
        body(self);
        (self.loops, self.turns) = (loops, turns);
        self.emit(Op::End);
        self.routes.ops[at] = Op::Fork { entry, wait };
        let after = self.here();
        self.routes.ops[jump] = Op::Jump { to: after };
    }

    /// Returns whether `more` frames around the target of a step are too many; reports it if so.
    pub(crate) fn too_deep(&mut self, more: usize, named: Span, counted: &str) -> bool {
        let deep = self.inside.len() + more > MAX_DEPTH;
        if deep {
            let message = format!("calls are nested deeper than {MAX_DEPTH}{counted}");
            self.out.push(Diagnostic::new(Code::TooDeep, named, message));
        }
        deep
    }

    fn call(&mut self, call: &Call) {
        if self.too_deep(1, call.named, "") {
            return;
        }
        let ((kind, index), scenario) = (call.to.component(), &self.draft().scenario);
        let Some(frames) = kind.answers().frames() else { return };
        let counted = || format!(", a {} counted as one", kind.word());
        if frames > 1 && self.too_deep(frames, call.named, &counted()) {
            return;
        }
        let name = kind.name(scenario, index);
        let name = match call.to {
            Entrance::Service(_, Some(member)) => member_name(name, member),
            _ => name.text.clone(),
        };
        let owner = self.owner("call", &name);
        let time_out = call.time_out.as_ref().map(|time| time.value);
        let kind = self.call_kind(&owner, &name, time_out);
        let bytes = [("call-size", &call.sends), ("answer-size", &call.returns)];
        self.routes.calls[kind.index()].bytes =
            bytes.map(|(purpose, law)| Some(self.demand(purpose, &owner, law.as_ref()?)));
        let way = Way { to: call.to, behind: None, owner: &owner, call: Some(kind) };
        self.enter(&way, &mut |compiler| compiler.steps(&call.steps));
    }

    pub(crate) fn call_kind(
        &mut self,
        owner: &str,
        callee: &str,
        time_out: Option<SimDuration>,
    ) -> CallId {
        // Obvious parts of the name are left out: the callee twice, the entry, the number of the first.
        let caller = owner.replacen(&format!(".{callee}#"), "#", 1).replacen(".enter.", ".", 1);
        let caller = caller.replace("#1.", ".");
        let caller = caller.strip_suffix("#1").unwrap_or(&caller);
        self.routes.calls.push(CallKind {
            name: format!("{caller}→{callee}"),
            time_out,
            query: None,
            bytes: [None; 2],
        });
        CallId::at(self.routes.calls.len() - 1)
    }
}

/// Returns the law of a form.
#[must_use]
pub fn law_of<U>(spec: &LawSpec<U>) -> Law {
    spec.law().clone()
}
