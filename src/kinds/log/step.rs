//! The step that writes a record, with its answer to each fold over routes.
//!
//! No class needs a subscriber to be up. The work of the sender and of the subscribers, and writes to the sender's disks,
//! are offered load. In long-horizon runs a sender never waits and no record is lost: both are simulated in windows only.

use std::sync::Arc;

use crate::kinds::log::live::{FLUSH, Writing};
use crate::kinds::log::plan::{holds_up, sends, subscriber, work_of_sender, work_of_subscriber};
use crate::kinds::log::spec::{LogSpec, LogStep, Mode};
use crate::model::route::Op;
use crate::model::spec::request::StepSpec;
use crate::plan::Draft;
use crate::plan::fluid::network::{self, Branch, Onward, Place, times};
use crate::plan::graph::{self, NodeId};
use crate::plan::hits::Hits;
use crate::plan::kind::flow::Leaf;
use crate::plan::links::find_named;
use crate::plan::load::{Here, Sums, mean};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::program::{Compiler, law_of};
use crate::plan::route::ask::{Ask, Asked};
use crate::plan::route::resolve::{Here as Inside, Resolver};
use crate::plan::route::{Io, Step};
use crate::scenario::law::LawSpec;
use crate::scenario::names::Name;
use crate::scenario::source::Span;
use crate::scenario::value::Spanned;
use crate::units::{Bytes, SimDuration};
use crate::workload::changed::Changes;

/// A record, with every name resolved.
#[derive(Debug)]
struct Record {
    log: usize,
    size: LawSpec<Bytes>,
    /// Write to the disk of the sender, in the mode `local` with a mount.
    write: Option<Io>,
    span: Span,
}

impl Asked for LogStep {
    fn label(&self) -> Option<&Spanned<Name>> {
        self.label.as_ref()
    }

    fn inside(&self) -> &[StepSpec] {
        &[]
    }

    fn resolve<'s>(
        &'s self,
        resolver: &mut Resolver<'s, '_>,
        here: Inside,
        _: &mut Vec<&'s Name>,
    ) -> Option<Arc<dyn Ask>> {
        let named = self.log.span;
        resolver.entered(here.nowhere.then_some(named), "write a record");
        let found = resolver.find(&self.log.text, named, &[Kind::Log])?;
        let scenario = resolver.scenario();
        let mount = scenario.log[found.index].1.mount.as_ref();
        if let (Some(mount), Some(service)) = (mount, here.service) {
            let (name, spec) = &scenario.service[service];
            let what = format!("mount of `{name}`");
            find_named(&spec.mounts, &mount.value, mount.span, &what, resolver.out())?;
        }
        let write = mount.map(|mount| {
            let services = scenario.service.iter().enumerate();
            let mounts = services
                .filter_map(|(at, (_, spec))| Some((at, spec.mounts.place(&mount.value)?)))
                .collect();
            Io { mounts, reads: 0.0, writes: 1.0, durable: true, operations: 1.0, waits: true }
        });
        let size = self.size.value.clone();
        Some(Arc::new(Record { log: found.index, size, write, span: self.span }))
    }
}

impl Record {
    fn spec<'d>(&self, draft: &'d Draft) -> &'d LogSpec {
        &draft.scenario.log[self.log].1
    }

    /// Returns the number of writes to the disk of a sender per record that it writes `rate` times per second: a write
    /// takes the first record of a memory and all that follow it within `flush`, at most a block.
    fn writes(&self, draft: &Draft, rate: f64) -> f64 {
        let spec = self.spec(draft);
        let most = spec.block.value.count() as f64 / mean(&self.size).max(1.0);
        let within = |flush: SimDuration| 1.0 + rate * flush.seconds();
        let records = spec.flush.as_ref().map_or(most, |flush| within(flush.value).min(most));
        1.0 / records.max(1.0)
    }

    fn subscribers(&self, draft: &Draft) -> impl Iterator<Item = Part> {
        let log = self.log;
        let count = draft.links.own.logs[log].subscribers.len();
        (0..crate::convert::table::u32(count)).map(move |member| subscriber(log, member))
    }
}

impl Leaf for Record {
    /// Returns the work of the sender, and for each subscriber a way and its work.
    fn events(&self, draft: &Draft) -> f64 {
        let spec = self.spec(draft);
        let copies = spec.to.value.0.len() as f64;
        if spec.mode.value == Mode::Local { 2.0 } else { 1.0 + 2.0 * copies }
    }

    fn needs(&self, _: &mut graph::Builder<'_>, _: &mut Vec<NodeId>) {}

    fn offers(&self, sums: &mut Sums<'_>, class: usize, rate: f64, here: &Here) {
        let draft = sums.draft();
        let work = work_of_sender(draft, self.log);
        for (part, share) in here {
            sums.zone_cpu(*part, rate * share * work);
            if let Some(io) = &self.write {
                let writes = self.writes(draft, rate * share);
                io.offers(sums, class, rate * writes, &vec![(*part, *share)]);
            }
        }
        let work = rate * work_of_subscriber(draft, self.log);
        let waited_for = holds_up(draft, self.log);
        for part in self.subscribers(draft) {
            if waited_for { sums.zone_cpu(part, work) } else { sums.work_of_none(part, work) }
        }
    }

    fn flows(
        &self,
        network: &mut network::Builder<'_>,
        place: Place,
        count: f64,
        branch: &mut Branch,
        then: &mut Vec<Onward>,
    ) {
        let draft = network.draft();
        if let Some(here) = place.here {
            network.cpu(branch, here, work_of_sender(draft, self.log) * count);
        }
        if let Some(io) = &self.write {
            // The rate of a member is that of the hour. Full blocks are the least work.
            let writes = self.writes(draft, f64::MAX);
            io.flows(network, place, count * writes, branch, then);
        }
        let work = work_of_subscriber(draft, self.log);
        for part in self.subscribers(draft) {
            let node = network.computes(part, work);
            then.push(Onward { waits: false, ..times(node, count) });
        }
    }

    fn least_s(&self, draft: &Draft, _: usize) -> f64 {
        work_of_sender(draft, self.log)
    }
}

impl Ask for Record {
    fn awaits(&self) -> Option<Span> {
        None
    }

    fn of(&self) -> (Kind, usize) {
        (Kind::Log, self.log)
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
        let draft = compiler.draft();
        let (name, spec) = &draft.scenario.log[self.log];
        let of = compiler.component(&name.text);
        let owner = compiler.owner("log", &name.text);
        let copies = sends(draft, self.log);
        if let Some(law) = spec.send.as_ref().filter(|_| copies > 0) {
            let key = compiler.key("demand", &format!("{owner}.send"));
            let demand = compiler.demand_of(key, &law_of(law), f64::from(copies), false);
            compiler.emit(Op::Cpu { demand, threads: 1 });
        }
        let receive = spec.receive.as_ref();
        let receive =
            receive.map(|law| compiler.demand("demand", &format!("{owner}.receive"), &law_of(law)));
        let size = compiler.demand("record-size", &owner, &law_of(&self.size));
        let mut flush = 0;
        if spec.mode.value == Mode::Local {
            let jump = compiler.emit(Op::End);
            flush = compiler.here();
            compiler.emit(Op::Ask { of, what: FLUSH, ways: 0 });
            if let Some(io) = &self.write {
                io.compile(compiler, self.span);
            }
            compiler.emit(Op::End);
            let to = compiler.here();
            compiler.routes.ops[jump] = Op::Jump { to };
        }
        let what = FLUSH + compiler.note(self.of(), Writing { size, receive, flush });
        compiler.emit(Op::Ask { of, what, ways: 0 });
    }
}
