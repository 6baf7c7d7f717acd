//! A change of an object in each fold over routes. A cache that is down has no copy to change.

use std::sync::Arc;

use crate::kinds::cache::components::{PROCESS, content_name};
use crate::kinds::cache::live::{EVENLY, NO_CACHE, THROUGH, UPDATES};
use crate::kinds::cache::plan::part_of;
use crate::kinds::cache::spec::{CachePolicy, UpdateStep};
use crate::model::route::{Branch, Op};
use crate::model::spec::request::StepSpec;
use crate::plan::Draft;
use crate::plan::checks::{exclude, inert};
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

/// A resolved change.
#[derive(Debug)]
struct Update {
    /// Number of the cache.
    cache: usize,
    through: bool,
    evenly: bool,
    /// Place in the file where the cache is named.
    named: Span,
}

impl Asked for UpdateStep {
    fn label(&self) -> Option<&Spanned<Name>> {
        self.label.as_ref()
    }

    fn inside(&self) -> &[StepSpec] {
        &[]
    }

    /// Resolves the cache, and refuses one whose hit ratio under changes is not known.
    fn resolve<'s>(
        &'s self,
        resolver: &mut Resolver<'s, '_>,
        _: Inside,
        _: &mut Vec<&'s Name>,
    ) -> Option<Arc<dyn Ask>> {
        let named = self.update.span;
        let cache = resolver.find(&self.update.text, named, &[Kind::Cache])?.index;
        let spec = &resolver.scenario().cache[cache].1;
        if let Some(hit) = &spec.hit {
            let message = "the hit ratio of this cache is given: no change of an object alters it";
            let help =
                format!("give `objects` and `popularity` instead of `hit = {}`", hit.value.get());
            inert(named, message, &help, resolver.out());
            return None;
        }
        if let Some(ttl) = &spec.ttl {
            let message = "objects that change and expire are not computed together";
            exclude(named, ttl.span, message, resolver.out());
            return None;
        }
        if spec.policy.value == CachePolicy::Arc {
            let message = "an adaptive cache (`arc`) takes no changes of objects";
            exclude(named, spec.policy.span, message, resolver.out());
            return None;
        }
        let (through, evenly) = (self.through.value, self.evenly.value);
        Some(Arc::new(Update { cache, through, evenly, named }))
    }
}

impl Leaf for Update {
    /// Adds nothing: a cache that is down has no copy.
    fn needs(&self, _: &mut graph::Builder<'_>, _: &mut Vec<NodeId>) {}

    fn offers(&self, sums: &mut Sums<'_>, _: usize, rate: f64, _: &Here) {
        let work = rate * mean(&sums.draft().scenario.cache[self.cache].1.cpu.value);
        sums.zone_cpu(part_of(self.cache), work);
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
        let cpu = mean(&network.draft().scenario.cache[self.cache].1.cpu.value);
        let node = network.computes(part, cpu);
        then.push(Onward { waits: false, ..times(node, count) });
    }

    /// Returns 0: a cache that is down is not told.
    fn least_s(&self, _: &Draft, _: usize) -> f64 {
        0.0
    }

    fn events(&self, _: &Draft) -> f64 {
        1.0
    }
}

impl Ask for Update {
    fn awaits(&self) -> Option<Span> {
        None
    }

    fn of(&self) -> (Kind, usize) {
        (Kind::Cache, self.cache)
    }

    fn inside(&self) -> &[Step] {
        &[]
    }

    fn changes(&self) -> Option<Changes> {
        let mut changes = Changes::default();
        let of = if self.through { &mut changes.storing } else { &mut changes.removing };
        of[usize::from(self.evenly)] = 1.0;
        Some(changes)
    }

    fn passes(&self, _: &Hits) -> f64 {
        1.0
    }

    /// Compiles the change: the process of the cache spends the time of a look-up on it.
    fn compile(&self, compiler: &mut Compiler<'_>) {
        if compiler.too_deep(1, self.named, "") {
            return;
        }
        let (name, spec) = &compiler.draft().scenario.cache[self.cache];
        let Some(pool) = compiler.pool_of(self.of(), PROCESS) else { return };
        let of = compiler.component(&content_name(name));
        let owner = compiler.owner("update", &name.text);
        let key = compiler.key("changed-object", &owner);
        let call = compiler.call_kind(&owner, &name.text, None);
        let demand = compiler.demand("demand", &format!("{owner}.cpu"), &law_of(&spec.cpu));
        let first = crate::convert::place(compiler.routes.branches.len());
        let what = key.0
            | UPDATES
            | if self.through { THROUGH } else { 0 }
            | if self.evenly { EVENLY } else { 0 };
        // The branches of a look-up; a change takes the second one alone.
        compiler.emit(Op::Ask { of, what, ways: first });
        compiler.emit(Op::Enter { pool, call: Some(call) });
        compiler.emit(Op::Cpu { demand, threads: 1 });
        compiler.emit(Op::Leave);
        let to = compiler.here();
        for _ in 0..=NO_CACHE {
            compiler.routes.branches.push(Branch { below: 0.0, to });
        }
    }
}
