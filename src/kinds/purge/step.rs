//! The step that sends a purge, with its answer to each fold over routes.
//!
//! No class needs a cache to be up. The work of the caches is offered load, and the mean hit ratios count what purges remove,
//! also over years. Stale answers, cut-off messages and waits for confirmations are simulated in windows only.

use std::sync::Arc;

use crate::kinds::purge::live::{self, Sending};
use crate::kinds::purge::spec::PurgeStep;
use crate::mechanism::copies::Message;
use crate::model::ids::KeyId;
use crate::model::route::Op;
use crate::model::spec::request::StepSpec;
use crate::plan::Draft;
use crate::plan::checks::exclude;
use crate::plan::copies::Copies;
use crate::plan::fluid::network::{self, Branch, Onward, Place, times};
use crate::plan::graph::{self, NodeId};
use crate::plan::hits::Hits;
use crate::plan::kind::flow::Leaf;
use crate::plan::load::{Here, Sums, mean};
use crate::plan::names::Kind;
use crate::plan::program::Compiler;
use crate::plan::route::Step;
use crate::plan::route::ask::{Ask, Asked};
use crate::plan::route::resolve::{Here as Inside, Resolver};
use crate::scenario::names::Name;
use crate::scenario::source::Span;
use crate::scenario::value::Spanned;
use crate::workload::changed::Changes;

/// A purge, with every name resolved.
#[derive(Debug)]
struct Sent {
    purge: usize,
    evenly: bool,
    everything: bool,
    /// Number of the objects of its caches.
    objects: f64,
}

impl Asked for PurgeStep {
    fn label(&self) -> Option<&Spanned<Name>> {
        self.label.as_ref()
    }

    fn inside(&self) -> &[StepSpec] {
        &[]
    }

    fn resolve<'s>(
        &'s self,
        resolver: &mut Resolver<'s, '_>,
        _: Inside,
        _: &mut Vec<&'s Name>,
    ) -> Option<Arc<dyn Ask>> {
        let named = self.purge.span;
        let purge = resolver.find(&self.purge.text, named, &[Kind::Purge])?.index;
        let (evenly, everything) = (self.evenly.value, self.everything.value);
        if evenly && everything {
            let message = "all objects change at once, or one of them";
            exclude(self.everything.span, self.evenly.span, message, resolver.out());
            return None;
        }
        let spec = &resolver.scenario().purge[purge].1;
        if let Some(through) = spec.through.as_ref().filter(|_| everything) {
            let message = "a purge of everything brings no new copies";
            exclude(self.everything.span, through.span, message, resolver.out());
            return None;
        }
        let first = resolver.links().own.purges[purge].of.first();
        let objects =
            first.and_then(|copies| copies.keeper().objects(resolver.scenario(), *copies));
        let objects = objects.map_or(0.0, |(_, objects)| objects as f64);
        Some(Arc::new(Sent { purge, evenly, everything, objects }))
    }
}

impl Sent {
    fn copies<'d>(&self, draft: &'d Draft) -> &'d [Copies] {
        &draft.links.own.purges[self.purge].of
    }

    /// Returns the mean work of a message to a cache.
    fn work(&self, draft: &Draft, copies: &Copies) -> f64 {
        let spec = &draft.scenario.purge[self.purge].1;
        let arrives = 1.0 - spec.lost.value.get();
        let own = spec.work.as_ref().map(|law| &law.value);
        arrives * own.or_else(|| copies.keeper().work(draft, *copies)).map_or(0.0, mean)
    }

    fn messages(&self, draft: &Draft) -> usize {
        self.copies(draft).iter().map(|copies| copies.parts(draft).len()).sum()
    }
}

impl Leaf for Sent {
    fn needs(&self, _: &mut graph::Builder<'_>, _: &mut Vec<NodeId>) {}

    fn offers(&self, sums: &mut Sums<'_>, _: usize, rate: f64, _: &Here) {
        let draft = sums.draft();
        for copies in self.copies(draft).iter().filter(|copies| copies.is_one_store()) {
            let work = rate * self.work(draft, copies);
            copies.parts(draft).into_iter().for_each(|part| sums.zone_cpu(part, work));
        }
    }

    fn flows(
        &self,
        network: &mut network::Builder<'_>,
        _: Place,
        count: f64,
        _: &mut Branch,
        then: &mut Vec<Onward>,
    ) {
        let draft = network.draft();
        for copies in self.copies(draft).iter().filter(|copies| copies.is_one_store()) {
            let work = self.work(draft, copies);
            for part in copies.parts(draft) {
                let node = network.computes(part, work);
                then.push(Onward { waits: false, ..times(node, count) });
            }
        }
    }

    /// Returns 0: the least time is that of messages of which none waits.
    fn least_s(&self, _: &Draft, _: usize) -> f64 {
        0.0
    }

    /// Returns for each message its way, its work and its end.
    fn events(&self, draft: &Draft) -> f64 {
        1.0 + 3.0 * self.messages(draft) as f64
    }
}

impl Ask for Sent {
    fn awaits(&self) -> Option<Span> {
        None
    }

    fn of(&self) -> (Kind, usize) {
        (Kind::Purge, self.purge)
    }

    fn inside(&self) -> &[Step] {
        &[]
    }

    /// Returns the changes of the objects per step, of which a share reaches each cache.
    fn changes(&self) -> Option<Changes> {
        let mut changes = Changes::default();
        if self.everything {
            changes.removing[1] = self.objects;
        } else {
            changes.removing[usize::from(self.evenly)] = 1.0;
        }
        Some(changes)
    }

    fn passes(&self, _: &Hits) -> f64 {
        1.0
    }

    /// Compiles the change, of which what keeps copies hears at once for its figures alone, and the messages.
    fn compile(&self, compiler: &mut Compiler<'_>) {
        let draft = compiler.draft();
        let name = &draft.scenario.purge[self.purge].0;
        let own = compiler.component(&name.text);
        let owner = compiler.owner("purge", &name.text);
        let object = compiler.key("purged-object", &owner);
        let keys = |compiler: &mut Compiler<'_>, copies: &Copies| -> [KeyId; 4] {
            let to = format!("{owner}.{}", copies.keeper().content(draft, *copies));
            ["purge-lost", "purge-way", "purge-work", "purge-copy"]
                .map(|purpose| compiler.key(purpose, &to))
        };
        let all = self.copies(draft);
        let keys = all.iter().map(|copies| keys(compiler, copies)).collect();
        let (evenly, everything) = (self.evenly, self.everything);
        let sending = Sending { object, evenly, everything, keys };
        let step = compiler.note(self.of(), sending) - 1;
        compiler.emit(Op::Ask { of: own, what: live::draws(step), ways: 0 });
        for copies in all {
            let of = compiler.component(&copies.keeper().content(draft, *copies));
            let what = Message::Changed.question(copies.keeper().row(draft, *copies));
            compiler.emit(Op::Ask { of, what, ways: 0 });
        }
        compiler.emit(Op::Ask { of: own, what: live::sends(step), ways: 0 });
    }
}
