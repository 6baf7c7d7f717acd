//! The steps that publish a message, and that wait until published messages are done, with their answers to each fold
//! over routes.
//!
//! A producer that waits needs a broker; one that does not wait needs none. The load of the work belongs to the
//! class that does it: offered load counts its requests. In long-horizon runs messages are a flow of their own, which waits
//! where its consumers cannot do it yet ([`messages`](crate::plan::fluid::messages)).

use std::sync::Arc;

use crate::convert::place;
use crate::kinds::queue::live::{Publishing, WHO};
use crate::kinds::queue::plan::Noted;
use crate::kinds::queue::plan::{at_work, broker, work_of_broker};
use crate::kinds::queue::spec::{AwaitStep, PublishStep, QueueSpec, WhenFull};
use crate::model::route::{Branch, Op, Pick};
use crate::model::spec::request::StepSpec;
use crate::plan::Draft;
use crate::plan::fluid::messages::Messages;
use crate::plan::fluid::network::{self, Branch as Way, Onward, Place, Split, once, times};
use crate::plan::graph::{self, NodeId};
use crate::plan::hits::Hits;
use crate::plan::kind::flow::Leaf;
use crate::plan::load::{Here, Sums, mean};
use crate::plan::names::{Kind, member_name};
use crate::plan::program::{Compiler, law_of};
use crate::plan::route::Step;
use crate::plan::route::ask::{Ask, Asked};
use crate::plan::route::resolve::{Here as Inside, Resolver};
use crate::scenario::names::Name;
use crate::scenario::source::Span;
use crate::scenario::value::Spanned;
use crate::workload::changed::Changes;

/// Returns the number of waiting messages, of the mean size, at which the queue is full; infinite without a limit.
fn most(spec: &QueueSpec) -> f64 {
    let count = spec.limit.as_ref().map_or(f64::INFINITY, |limit| f64::from(limit.value));
    let each = spec.size.as_ref().map_or(0.0, |law| mean(&law.value));
    let bytes = spec.limit_bytes.as_ref().map_or(f64::INFINITY, |limit| limit.value.count() as f64);
    count.min(bytes / each)
}

/// A publication.
#[derive(Debug)]
struct Publish {
    queue: usize,
    waits: bool,
    named: Span,
}

impl Asked for PublishStep {
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
        let named = self.publish.span;
        let found = resolver.find(&self.publish.text, named, &[Kind::Queue])?;
        Some(Arc::new(Publish { queue: found.index, waits: self.wait.value, named }))
    }
}

impl Leaf for Publish {
    /// Returns 3 events: the work of the broker, the time until the message is safe, and the delivery.
    fn events(&self, _: &Draft) -> f64 {
        3.0
    }

    fn needs(&self, graph: &mut graph::Builder<'_>, needs: &mut Vec<NodeId>) {
        if !self.waits {
            return;
        }
        let (name, spec) = &graph.draft().scenario.queue[self.queue];
        // Without a failover the second broker never takes over.
        let count = if spec.failover.is_some() { spec.in_.value.0.len() } else { 1 };
        let brokers: Vec<NodeId> =
            (0..place(count)).map(|member| graph.part(broker(self.queue, member), &[])).collect();
        needs.push(graph.group(name, 1, &brokers));
    }

    fn offers(&self, sums: &mut Sums<'_>, _: usize, rate: f64, _: &Here) {
        let work = rate * work_of_broker(sums.draft(), self.queue);
        sums.zone_cpu(broker(self.queue, 0), work);
        sums.exits(broker(self.queue, 0), rate);
    }

    fn flows(
        &self,
        network: &mut network::Builder<'_>,
        _: Place,
        count: f64,
        _: &mut Way,
        then: &mut Vec<Onward>,
    ) {
        let draft = network.draft();
        let spec = &draft.scenario.queue[self.queue].1;
        let pair = if spec.failover.is_some() { spec.in_.value.0.len() } else { 1 };
        let work = work_of_broker(draft, self.queue);
        let brokers = (0..place(pair)).map(|member| broker(self.queue, member));
        let mut ways: Vec<Way> = Vec::new();
        for part in brokers.clone() {
            let mut way = network.branch(part);
            network.cpu(&mut way, part, work);
            network.exits(&mut way, part, 1.0);
            ways.push(way);
        }
        // Detection and takeover take no time here: windows around a break show their cost.
        let node = network.node(Split::First, ways);
        then.push(Onward { waits: self.waits, ..times(node, count) });
        let Some(class) = draft.links.own.queues[self.queue].class else { return };
        let root = network.shared((Kind::Queue, self.queue, 0), |network| {
            let then = vec![once(network.root(class))];
            let way = |part| Way { then: then.clone(), ..network.branch(part) };
            let ways = brokers.map(way).collect();
            network.node(Split::First, ways)
        });
        let Some((pool, slots)) = at_work(draft, self.queue) else { return };
        network.publishes(Messages {
            class,
            root,
            consumers: root,
            pool,
            slots,
            most: most(spec),
            refuses: spec.when_full.as_ref().is_some_and(|when| when.value == WhenFull::Reject),
            published: vec![(node, self.waits)],
        });
    }

    /// Returns 0, a lower bound: neither the broker's work nor the time until the message is safe is counted.
    fn least_s(&self, _: &Draft, _: usize) -> f64 {
        0.0
    }
}

impl Ask for Publish {
    fn awaits(&self) -> Option<Span> {
        None
    }

    fn of(&self) -> (Kind, usize) {
        (Kind::Queue, self.queue)
    }

    fn changes(&self) -> Option<Changes> {
        None
    }

    fn inside(&self) -> &[Step] {
        &[]
    }

    fn passes(&self, _: &Hits) -> f64 {
        1.0
    }

    fn compile(&self, compiler: &mut Compiler<'_>) {
        if compiler.too_deep(1, self.named, "") {
            return;
        }
        if self.waits {
            return self.publish(compiler);
        }
        compiler.fork(false, |compiler| self.publish(compiler));
    }
}

impl Publish {
    fn noted(&self, compiler: &Compiler<'_>, step: Publishing) -> Noted {
        let class = compiler.class_name().to_string();
        Noted { step, class, waits: self.waits, span: self.named, at: compiler.here() }
    }

    fn publish(&self, compiler: &mut Compiler<'_>) {
        let draft = compiler.draft();
        let (name, spec) = &draft.scenario.queue[self.queue];
        let text = &name.text;
        let of = compiler.component(text);
        let owner = compiler.owner("publish", text);
        let call = compiler.call_kind(&owner, text, None);
        let work = spec.publish.as_ref();
        let work = work.map(|law| compiler.demand("demand", &format!("{owner}.cpu"), &law_of(law)));
        let size = spec.size.as_ref();
        let size = size.map(|law| compiler.demand("message-size", &owner, &law_of(law)));
        let confirm = spec.confirm.as_ref();
        let confirm = confirm.map(|law| compiler.demand("confirm", &owner, &law_of(law)));
        let step = Publishing { size, confirm, awaited: false, awaits: false };
        let what = WHO + compiler.note(self.of(), self.noted(compiler, step));
        let count = place(spec.in_.value.0.len());
        let who = (count > 1).then(|| compiler.emit(Op::End));
        let mut jumps = Vec::new();
        let mut ways = Vec::new();
        for member in 0..count {
            ways.push(compiler.here());
            let broker = member_name(text, member);
            let member = compiler.component(&broker);
            let pool = compiler.pool(vec![member], Pick::RoundRobin);
            compiler.emit(Op::Enter { pool, call: Some(call) });
            if let Some(demand) = work {
                compiler.emit(Op::Cpu { demand, threads: 1 });
            }
            compiler.emit(Op::Ask { of, what, ways: 0 });
            compiler.replies(pool, &owner);
            compiler.emit(Op::Leave);
            jumps.push(compiler.emit(Op::End));
        }
        let to = compiler.here();
        for jump in jumps {
            compiler.routes.ops[jump] = Op::Jump { to };
        }
        if let Some(who) = who {
            let first = place(compiler.routes.branches.len());
            compiler.routes.branches.push(Branch { below: 0.0, to: ways[1] });
            compiler.routes.ops[who] = Op::Ask { of, what: WHO, ways: first };
        }
    }
}

/// A wait until the messages of the request are done.
#[derive(Debug)]
struct Await {
    queue: usize,
    named: Span,
}

impl Asked for AwaitStep {
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
        let named = self.await_.span;
        let found = resolver.find(&self.await_.text, named, &[Kind::Queue])?;
        Some(Arc::new(Await { queue: found.index, named }))
    }
}

impl Leaf for Await {
    fn events(&self, _: &Draft) -> f64 {
        1.0
    }

    /// Adds the consumers: without them no message is done.
    fn needs(&self, graph: &mut graph::Builder<'_>, needs: &mut Vec<NodeId>) {
        let draft = graph.draft();
        let class = draft.links.own.queues[self.queue].class;
        if let Some(entrance) = class.and_then(|class| draft.links.enters[class]) {
            needs.push(graph.entrance(entrance, false));
        }
    }

    fn offers(&self, _: &mut Sums<'_>, _: usize, _: f64, _: &Here) {}

    /// Adds nothing: long-horizon runs refuse the step.
    fn flows(
        &self,
        _: &mut network::Builder<'_>,
        _: Place,
        _: f64,
        _: &mut Way,
        _: &mut Vec<Onward>,
    ) {
    }

    /// Returns 0, a lower bound.
    fn least_s(&self, _: &Draft, _: usize) -> f64 {
        0.0
    }
}

impl Ask for Await {
    fn changes(&self) -> Option<Changes> {
        None
    }

    fn of(&self) -> (Kind, usize) {
        (Kind::Queue, self.queue)
    }

    fn inside(&self) -> &[Step] {
        &[]
    }

    fn passes(&self, _: &Hits) -> f64 {
        1.0
    }

    fn awaits(&self) -> Option<Span> {
        Some(self.named)
    }

    fn compile(&self, compiler: &mut Compiler<'_>) {
        let of = compiler.component(&compiler.draft().scenario.queue[self.queue].0.text);
        let step = Publishing { awaits: true, ..Publishing::default() };
        let class = compiler.class_name().to_string();
        let noted = Noted { step, class, waits: true, span: self.named, at: compiler.here() };
        let what = WHO + compiler.note(self.of(), noted);
        compiler.emit(Op::Ask { of, what, ways: 0 });
    }
}
