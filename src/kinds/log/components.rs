//! A log in the event loop: one process per subscriber, and one component for the copies on their way.

use std::collections::BTreeSet;

use crate::convert::{place, table};
use crate::kinds::log::live::{LogConfig, Times, Writing};
use crate::kinds::log::mechanism::Terms;
use crate::kinds::log::plan::{Log, lanes, subscriber};
use crate::kinds::log::spec::WhenFull;
use crate::model::blueprint::{Config, Part};
use crate::model::ids::ComponentId;
use crate::model::route::{Op, Pick};
use crate::plan::Draft;
use crate::plan::carriage::{self, Carriage, number, rack_of};
use crate::plan::compile::{Builder, Made};
use crate::plan::kind::components::{Components, none};
use crate::plan::names::{Kind, member_name};
use crate::plan::part::Part as Place;
use crate::plan::program::Compiler;

impl Components for Log {
    none!(mounts, pools, entrance, keeper);

    fn gather(&self, builder: &mut Builder<'_>) {
        for (index, (name, spec)) in builder.draft().scenario.log.iter().enumerate() {
            for member in 0..place(spec.to.value.0.len()) {
                builder.want(member_name(name, member), move |builder, id| {
                    process(builder, id, index, member)
                });
            }
            builder.want(name.text.clone(), move |builder, id| copies(builder, id, index));
        }
    }

    /// Returns the carriages from the racks of all services to those of the subscribers.
    fn carries(&self, draft: &Draft) -> Vec<Carriage> {
        let writers = writers(draft).into_iter();
        let racks: BTreeSet<Option<usize>> =
            writers.map(|(part, _)| rack_of(draft, part)).collect();
        let mut all = Vec::new();
        for log in 0..draft.scenario.log.len() {
            for to in lanes(draft, log) {
                all.extend(racks.iter().map(|from| carriage_to(draft, log, *from, &to)));
            }
        }
        all
    }

    fn finish(&self, compiler: &mut Compiler<'_>, made: &mut Made) {
        let draft = compiler.draft();
        let network = made.network.as_ref().map(|network| network.links);
        for part in &mut made.parts {
            let Config::Log(config) = &mut part.config else { continue };
            let Some(index) = draft.scenario.log.place(&part.name) else { continue };
            config.steps = compiler.notes::<Writing>((Kind::Log, index));
            if let Some(network) = network {
                config.carry = compiler.here();
                compiler.emit(Op::Carry { network });
                compiler.emit(Op::End);
            }
            for id in config.subscribers.clone() {
                config.work.push(compiler.here());
                let pool = compiler.pool(vec![id], Pick::RoundRobin);
                compiler.emit(Op::Enter { pool, call: None });
                compiler.emit(Op::Work);
                compiler.emit(Op::Leave);
                compiler.emit(Op::End);
            }
        }
    }
}

/// Returns the processes that may write to a log, by part and name: the members of all services.
fn writers(draft: &Draft) -> Vec<(Place, String)> {
    let services = draft.scenario.service.iter().enumerate();
    let members = services.flat_map(|(service, (name, _))| {
        let all = 0..draft.links.services[service].members;
        all.map(move |member| (Place::Service { service, member }, member_name(name, member)))
    });
    members.collect()
}

fn carriage_to(draft: &Draft, log: usize, from: Option<usize>, to: &[u32]) -> Carriage {
    let to = to.iter().map(|member| rack_of(draft, subscriber(log, *member)));
    Carriage { from, to: to.collect::<BTreeSet<_>>() }
}

fn process(builder: &mut Builder<'_>, id: ComponentId, index: usize, member: u32) -> Part {
    let mut part = builder.part(id, Builder::plain_process());
    let at = builder.draft().links.own.logs[index].subscribers.get(member as usize);
    part.place = at.and_then(|at| builder.place(*at));
    part
}

fn copies(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Part {
    let draft = builder.draft();
    let (name, spec) = &draft.scenario.log[index];
    let subscribers = 0..table::u32(spec.to.value.0.len());
    let subscribers: Vec<ComponentId> =
        subscribers.map(|member| builder.id(&member_name(name, member))).collect();
    let (lanes, all) = (lanes(draft, index), carriage::all(draft));
    let mut senders: Vec<(ComponentId, Vec<Option<u32>>)> = Vec::new();
    for (part, name) in writers(draft) {
        let from = rack_of(draft, part);
        let way = |to: &Vec<u32>| number(draft, &all, &carriage_to(draft, index, from, to));
        senders.push((builder.id(&name), lanes.iter().map(way).collect()));
    }
    senders.sort();
    let (senders, ways): (Vec<_>, Vec<_>) = senders.into_iter().unzip();
    let terms = Terms {
        mode: spec.mode.value,
        senders: senders.len(),
        subscribers: subscribers.len(),
        block: spec.block.value.count(),
        buffer: spec.buffer.as_ref().map_or(u64::MAX, |buffer| buffer.value.count()),
        waits: spec.when_full.as_ref().is_some_and(|when| when.value == WhenFull::Block),
    };
    let times = Times {
        detect: spec.detect.as_ref().map(|time| time.value).unwrap_or_default(),
        reconnect: spec.reconnect.as_ref().map(|time| time.value).unwrap_or_default(),
        flush: spec.flush.as_ref().map(|time| time.value),
        collect: spec.collect.as_ref().map(|time| time.value),
    };
    let unit = builder.unit(id, 0);
    builder.part(
        id,
        Config::Log(LogConfig {
            subscribers,
            senders,
            ways,
            terms,
            times,
            steps: Vec::new(),
            carry: 0,
            work: Vec::new(),
            unit,
        }),
    )
}
