//! Queries to a sharded database, resolved to steps that other kinds do: a look-up at the index, and a query to one
//! shard or to all.

use std::sync::Arc;

use crate::engine::law::Law;
use crate::kinds::sharded::plan::ShardedLinks;
use crate::model::route::Op;
use crate::model::spec::request::CallStep;
use crate::plan::Draft;
use crate::plan::checks::{inert_if, missing};
use crate::plan::fluid::network::{self, Branch, Onward, Place};
use crate::plan::graph::{self, NodeId};
use crate::plan::hits::Hits;
use crate::plan::kind::flow::Leaf;
use crate::plan::load::closed::steps_s;
use crate::plan::load::{Here, Sums, mean};
use crate::plan::names::{Found, Kind};
use crate::plan::program::{Compiler, law_of};
use crate::plan::route::ask::Ask;
use crate::plan::route::resolve::Resolver;
use crate::plan::route::{Call, Does, Query, Repeat, Step, Way};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::source::Span;
use crate::workload::changed::Changes;

/// The queries of one step.
#[derive(Debug)]
struct Queries {
    sharded: usize,
    steps: Vec<Step>,
}

/// Work of the index for one query, where the call to it leads.
#[derive(Debug)]
struct LookUp {
    sharded: usize,
}

/// Resolves a call that leads to the sharded database `found`, and reports its errors.
pub(crate) fn resolve(step: &CallStep, found: Found, resolver: &mut Resolver<'_, '_>) -> Does {
    if step.read.is_none() && step.write.is_none() {
        missing(step.span, "read", "how many queries: `read`, `write` or both", resolver.out());
    }
    let message = "a database answers queries; it executes no steps";
    inert_if(step.steps.as_ref(), message, "remove `steps`", resolver.out());
    if found.member.is_some() {
        let name = &resolver.scenario().sharded[found.index].0;
        let message = format!("`{}` is no shard: queries go to all of `{name}`", step.call.text);
        let help = format!("write `{name}`: the key of a query decides which shard answers");
        let found = Diagnostic::new(Code::WrongKind, step.call.span, message).help(help);
        resolver.out().push(found);
    }
    let spec = &resolver.scenario().sharded[found.index].1;
    let links = resolver.links().own.sharded[found.index].clone();
    let make = Make {
        step,
        sharded: found.index,
        links,
        scatter: spec.scatter.value.get(),
        together: spec.together.value,
    };
    Does::Ask(Arc::new(Queries { sharded: found.index, steps: make.steps() }))
}

/// Maker of the steps of one call.
struct Make<'s> {
    step: &'s CallStep,
    sharded: usize,
    links: ShardedLinks,
    scatter: f64,
    together: bool,
}

impl Make<'_> {
    fn steps(&self) -> Vec<Step> {
        let reads = self.step.read.as_ref().map_or(0.0, |count| count.value);
        let writes = self.step.write.as_ref().map_or(0.0, |count| count.value);
        let kinds = [(reads, false), (writes, true)];
        let kinds = || kinds.into_iter().filter(|(count, _)| *count > 0.0);
        if self.together {
            // One query step per shard: a request makes all of its queries at a shard, or none.
            let all = |shard: usize| {
                let (reads, writes) = (self.step.read.as_ref(), self.step.write.as_ref());
                let [reads, writes] = [reads, writes].map(|count| count.map(|count| count.value));
                vec![self.query(shard, reads, writes)]
            };
            let look_ups = self.look_up().map(|one| self.repeat(reads + writes, vec![one]));
            return look_ups.into_iter().chain([self.choose(&all, 1.0, Vec::new())]).collect();
        }
        let each = |(count, writes): (f64, bool)| {
            let mut steps: Vec<Step> = self.look_up().into_iter().collect();
            let scatter = if writes { 0.0 } else { self.scatter };
            let mut ways = Vec::new();
            if scatter > 0.0 {
                let lane = |shard: &usize| vec![self.one(*shard, false)];
                let lanes = self.links.shards.iter().map(lane).collect();
                let steps = vec![self.does(Does::Parallel(lanes))];
                ways.push(Way { probability: scatter, steps });
            }
            let one = |shard: usize| vec![self.one(shard, writes)];
            steps.push(self.choose(&one, 1.0 - scatter, ways));
            self.repeat(count, steps)
        };
        kinds().map(each).collect()
    }

    fn does(&self, does: Does) -> Step {
        Step { label: None, does, span: self.step.span }
    }

    fn repeat(&self, count: f64, steps: Vec<Step>) -> Step {
        let count = Law::constant(count).expect("the language bounds the number of queries");
        self.does(Does::Repeat(Repeat { count, steps, span: self.step.span }))
    }

    /// Returns the choice of a shard with the probability `share`, beside the ways `before`.
    fn choose(&self, steps: &dyn Fn(usize) -> Vec<Step>, share: f64, before: Vec<Way>) -> Step {
        let mut ways = before;
        let all = self.links.shards.iter().zip(&self.links.shares);
        ways.extend(all.map(|(shard, own)| Way { probability: own * share, steps: steps(*shard) }));
        // Rounded shares must not leave a query without a shard: the largest way takes the rest.
        let sum: f64 = ways.iter().map(|way| way.probability).sum();
        let largest = ways.iter_mut().max_by(|a, b| a.probability.total_cmp(&b.probability));
        if let Some(largest) = largest {
            largest.probability += 1.0 - sum;
        }
        self.does(Does::Choose(ways))
    }

    /// Returns one read or write at `shard`.
    fn one(&self, shard: usize, writes: bool) -> Step {
        let (reads, writes) = if writes { (None, Some(1.0)) } else { (Some(1.0), None) };
        self.query(shard, reads, writes)
    }

    fn query(&self, database: usize, reads: Option<f64>, writes: Option<f64>) -> Step {
        let (time_out, named) = (self.step.time_out.clone(), self.step.call.span);
        self.does(Does::Query(Query { database, reads, writes, time_out, named }))
    }

    fn look_up(&self) -> Option<Step> {
        let to = self.links.index?;
        let steps = vec![self.does(Does::Ask(Arc::new(LookUp { sharded: self.sharded })))];
        let (time_out, named) = (self.step.time_out.clone(), self.step.call.span);
        Some(self.does(Does::Call(Call { to, steps, time_out, sends: None, returns: None, named })))
    }
}

/// The steps inside answer every question but that of the least time, which leaves out what is inside of an [`Ask`].
impl Leaf for Queries {
    fn needs(&self, _: &mut graph::Builder<'_>, _: &mut Vec<NodeId>) {}

    fn offers(&self, _: &mut Sums<'_>, _: usize, _: f64, _: &Here) {}

    fn flows(
        &self,
        _: &mut network::Builder<'_>,
        _: Place,
        _: f64,
        _: &mut Branch,
        _: &mut Vec<Onward>,
    ) {
    }

    fn least_s(&self, draft: &Draft, class: usize) -> f64 {
        steps_s(draft, class, &self.steps)
    }

    fn events(&self, _: &Draft) -> f64 {
        0.0
    }
}

impl Ask for Queries {
    fn awaits(&self) -> Option<Span> {
        None
    }

    fn of(&self) -> (Kind, usize) {
        (Kind::Sharded, self.sharded)
    }

    fn changes(&self) -> Option<Changes> {
        None
    }

    fn inside(&self) -> &[Step] {
        &self.steps
    }

    fn passes(&self, _: &Hits) -> f64 {
        0.0
    }

    fn compile(&self, compiler: &mut Compiler<'_>) {
        compiler.steps(&self.steps);
    }
}

/// Returns the mean processor time of a look-up, in seconds.
fn work_s(draft: &Draft, sharded: usize) -> f64 {
    draft.scenario.sharded[sharded].1.look_up.as_ref().map_or(0.0, |law| mean(&law.value))
}

impl Leaf for LookUp {
    /// Adds nothing: the call needs the service in which the index runs.
    fn needs(&self, _: &mut graph::Builder<'_>, _: &mut Vec<NodeId>) {}

    fn offers(&self, sums: &mut Sums<'_>, _: usize, rate: f64, here: &Here) {
        let work = work_s(sums.draft(), self.sharded);
        for (part, share) in here {
            sums.zone_cpu(*part, rate * share * work);
        }
    }

    fn flows(
        &self,
        network: &mut network::Builder<'_>,
        Place { here, .. }: Place,
        count: f64,
        branch: &mut Branch,
        _: &mut Vec<Onward>,
    ) {
        let Some(here) = here else { return };
        let work = work_s(network.draft(), self.sharded) * count;
        network.cpu(branch, here, work);
    }

    fn least_s(&self, draft: &Draft, _: usize) -> f64 {
        work_s(draft, self.sharded)
    }

    fn events(&self, _: &Draft) -> f64 {
        1.0
    }
}

impl Ask for LookUp {
    fn awaits(&self) -> Option<Span> {
        None
    }

    fn of(&self) -> (Kind, usize) {
        (Kind::Sharded, self.sharded)
    }

    fn changes(&self) -> Option<Changes> {
        None
    }

    fn inside(&self) -> &[Step] {
        &[]
    }

    fn passes(&self, _: &Hits) -> f64 {
        0.0
    }

    fn compile(&self, compiler: &mut Compiler<'_>) {
        let (name, spec) = &compiler.draft().scenario.sharded[self.sharded];
        let Some(law) = &spec.look_up else { return };
        let owner = compiler.owner("look-up", &name.text);
        let demand = compiler.demand("demand", &format!("{owner}.cpu"), &law_of(law));
        compiler.emit(Op::Cpu { demand, threads: 1 });
    }
}
