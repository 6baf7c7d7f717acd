//! A look-up in each fold over routes. A cache that is down always misses.

use std::sync::Arc;

use crate::convert::place;
use crate::kinds::cache::components::{PROCESS, content_name};
use crate::kinds::cache::plan::part_of;
use crate::kinds::cache::spec::CacheStep;
use crate::model::route::{Branch, Op};
use crate::model::spec::request::StepSpec;
use crate::plan::Draft;
use crate::plan::fluid::network::{self, Onward, Place, times};
use crate::plan::graph::{self, NodeId};
use crate::plan::hits::Hits;
use crate::plan::kind::flow::Leaf;
use crate::plan::load::{Here, Sums, mean};
use crate::plan::names::Kind;
use crate::plan::program::{Compiler, law_of};
use crate::plan::route::Step;
use crate::plan::route::ask::{Ask, Asked};
use crate::plan::route::resolve::{Here as Inside, Resolver};
use crate::scenario::names::Name;
use crate::scenario::source::Span;
use crate::scenario::value::Spanned;
use crate::workload::changed::Changes;

/// A resolved look-up.
#[derive(Debug)]
struct LookUp {
    /// Number of the cache.
    cache: usize,
    /// Steps of a miss.
    misses: Vec<Step>,
    /// Place in the file where the cache is named.
    named: Span,
}

impl Asked for CacheStep {
    fn label(&self) -> Option<&Spanned<Name>> {
        self.label.as_ref()
    }

    fn inside(&self) -> &[StepSpec] {
        &self.else_
    }

    fn resolve<'s>(
        &'s self,
        resolver: &mut Resolver<'s, '_>,
        here: Inside,
        reach: &mut Vec<&'s Name>,
    ) -> Option<Arc<dyn Ask>> {
        let named = self.cache.span;
        let found = resolver.find(&self.cache.text, named, &[Kind::Cache]);
        let misses = resolver.steps(&self.else_, here, reach);
        Some(Arc::new(LookUp { cache: found?.index, misses, named }))
    }
}

impl Leaf for LookUp {
    /// Adds nothing: a look-up in a failed cache takes the steps of a miss.
    fn needs(&self, _: &mut graph::Builder<'_>, _: &mut Vec<NodeId>) {}

    fn offers(&self, sums: &mut Sums<'_>, _: usize, rate: f64, _: &Here) {
        let work = rate * mean(&sums.draft().scenario.cache[self.cache].1.cpu.value);
        sums.zone_cpu(part_of(self.cache), work);
        sums.exits(part_of(self.cache), rate);
    }

    fn flows(
        &self,
        network: &mut network::Builder<'_>,
        _: Place,
        count: f64,
        _: &mut network::Branch,
        then: &mut Vec<Onward>,
    ) {
        let part = part_of(self.cache);
        let mut branch = network.branch(part);
        let cpu = mean(&network.draft().scenario.cache[self.cache].1.cpu.value);
        network.cpu(&mut branch, part, cpu);
        network.exits(&mut branch, part, 1.0);
        let node = network.alone(branch);
        then.push(Onward { waits: false, ..times(node, count) });
    }

    /// Returns 0: a cache that is down misses at once.
    fn least_s(&self, _: &Draft, _: usize) -> f64 {
        0.0
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
        (Kind::Cache, self.cache)
    }

    fn changes(&self) -> Option<Changes> {
        None
    }

    fn inside(&self) -> &[Step] {
        &self.misses
    }

    fn passes(&self, hits: &Hits) -> f64 {
        hits.in_cache(self.cache)
    }

    /// Compiles the look-up. The process of the cache takes the same time on a hit as on a miss.
    fn compile(&self, compiler: &mut Compiler<'_>) {
        if compiler.too_deep(1, self.named, "") {
            return;
        }
        let (name, spec) = &compiler.draft().scenario.cache[self.cache];
        let Some(pool) = compiler.pool_of(self.of(), PROCESS) else { return };
        let objects = compiler.component(&content_name(name));
        let text = &name.text;
        let owner = compiler.owner("cache", text);
        let key = compiler.key("look-up", &owner);
        let call = compiler.call_kind(&owner, text, None);
        let demand = compiler.demand("demand", &format!("{owner}.cpu"), &law_of(&spec.cpu));
        let work = |compiler: &mut Compiler<'_>| {
            compiler.emit(Op::Enter { pool, call: Some(call) });
            compiler.emit(Op::Cpu { demand, threads: 1 });
            compiler.replies(pool, &owner);
            compiler.emit(Op::Leave);
        };
        let look = compiler.emit(Op::End);
        work(compiler);
        let hit = compiler.emit(Op::End);
        let miss = compiler.here();
        work(compiler);
        let nobody = compiler.here();
        compiler.steps(&self.misses);
        let to = compiler.here();
        let ways = place(compiler.routes.branches.len());
        // In the order of the branch numbers.
        for to in [miss, nobody] {
            compiler.routes.branches.push(Branch { below: 0.0, to });
        }
        compiler.routes.ops[look] = Op::Ask { of: objects, what: key.0, ways };
        compiler.routes.ops[hit] = Op::Jump { to };
    }
}
