//! A purge in the event loop: one component, and the program of its messages to each target.

use std::collections::BTreeSet;

use crate::kinds::purge::live::{Point, PurgeConfig, Sending, Target, Way};
use crate::kinds::purge::plan::Purge;
use crate::kinds::purge::spec::WhenCutOff;
use crate::mechanism::copies::Message;
use crate::model::blueprint::{Config, Part};
use crate::model::ids::ComponentId;
use crate::model::route::{Op, Pick};
use crate::plan::Draft;
use crate::plan::carriage::{self, Carriage, Crossed, crosses, number, rack_of, way_out};
use crate::plan::compile::{Builder, Made};
use crate::plan::copies::Copies;
use crate::plan::kind::components::{Components, none};
use crate::plan::names::{Kind, member_name};
use crate::plan::part::Part as Place;
use crate::plan::program::{Compiler, law_of};

impl Components for Purge {
    none!(mounts, pools, entrance, keeper);

    fn gather(&self, builder: &mut Builder<'_>) {
        for (index, (name, _)) in builder.draft().scenario.purge.iter().enumerate() {
            builder.want(name.text.clone(), move |builder, id| purge(builder, id, index));
        }
    }

    /// Returns the carriages from the racks of all services to those of the caches, and back.
    fn carries(&self, draft: &Draft) -> Vec<Carriage> {
        let writers = writers(draft).into_iter();
        let racks: BTreeSet<Option<usize>> =
            writers.map(|(part, _)| rack_of(draft, part)).collect();
        let caches = draft.links.own.purges.iter().flat_map(|purge| &purge.of);
        let caches: BTreeSet<Option<usize>> = caches
            .filter(|copies| copies.is_one_store())
            .flat_map(|copies| copies.parts(draft))
            .map(|part| rack_of(draft, part))
            .collect();
        let pairs = racks.iter().flat_map(|from| caches.iter().map(move |to| (*from, *to)));
        let one = |from, to| Carriage { from, to: BTreeSet::from([to]) };
        pairs.flat_map(|(from, to)| [one(from, to), one(to, from)]).collect()
    }

    fn finish(&self, compiler: &mut Compiler<'_>, made: &mut Made) {
        let draft = compiler.draft();
        let network = made.network.as_ref().map(|network| network.links);
        for part in &mut made.parts {
            let Config::Purge(config) = &mut part.config else { continue };
            let Some(index) = draft.scenario.purge.place(&part.name) else { continue };
            config.steps = compiler.notes::<Sending>((Kind::Purge, index));
            let own = compiler.component(&part.name);
            let all = &draft.links.own.purges[index].of;
            for (target, copies) in config.targets.iter_mut().zip(all) {
                program(compiler, (own, network), target, copies);
            }
        }
    }
}

/// Compiles the way of a message to `target`, its work there, and the way of the confirmation.
fn program(
    compiler: &mut Compiler<'_>,
    (own, network): (ComponentId, Option<ComponentId>),
    target: &mut Target,
    copies: &Copies,
) {
    let draft = compiler.draft();
    let carries = |compiler: &mut Compiler<'_>| {
        if let Some(network) = network {
            compiler.emit(Op::Carry { network });
        }
    };
    let asks = |compiler: &mut Compiler<'_>, point: Point| {
        compiler.emit(Op::Ask { of: own, what: point.question(), ways: 0 });
    };
    target.entry[0] = compiler.here();
    carries(compiler);
    target.entry[1] = compiler.here();
    if target.edges {
        asks(compiler, Point::Leaves);
    }
    asks(compiler, Point::Arrives);
    if !target.edges {
        let pool = compiler.pool(target.places.clone(), Pick::RoundRobin);
        compiler.emit(Op::Enter { pool, call: None });
        compiler.emit(Op::Work);
        compiler.emit(Op::Leave);
    }
    asks(compiler, Point::Worked);
    let message = if copies.through { Message::Store } else { Message::Remove };
    // A cache that is full draws what it evicts for a new copy.
    let number = match copies.is_one_store() {
        true => compiler.key("victim", &copies.keeper().content(draft, *copies)).0,
        false => copies.keeper().row(draft, *copies),
    };
    let of = compiler.component(&copies.keeper().content(draft, *copies));
    compiler.emit(Op::Ask { of, what: message.question(number), ways: 0 });
    asks(compiler, Point::Removed);
    if !target.edges {
        // A message that is not confirmed passes over the one operation of the way back.
        match network {
            Some(network) => compiler.emit(Op::Carry { network }),
            None => {
                let to = compiler.here() + 1;
                compiler.emit(Op::Jump { to })
            }
        };
    }
    compiler.emit(Op::End);
}

/// Returns the processes that may send a purge, by part and name: the members of all services.
fn writers(draft: &Draft) -> Vec<(Place, String)> {
    let services = draft.scenario.service.iter().enumerate();
    let members = services.flat_map(|(service, (name, _))| {
        let all = 0..draft.links.services[service].members;
        all.map(move |member| (Place::Service { service, member }, member_name(name, member)))
    });
    members.collect()
}

/// Returns the way from a rack to a target, with the numbers of `all` carriages.
fn way(builder: &Builder<'_>, all: &[Carriage], from: Option<usize>, copies: &Copies) -> Way {
    let draft = builder.draft();
    let named =
        |crossed: &Crossed| (builder.id(&crossed.component(draft)), crossed.is_onward(draft, from));
    if !copies.is_one_store() {
        // Replies leave by the way that has the number of the rack.
        let crossed = from.map(|rack| way_out(draft, rack)).unwrap_or_default();
        let out = from.filter(|_| !crossed.is_empty()).map(crate::convert::table::u32);
        return Way { out, back: None, crosses: crossed.iter().map(named).collect() };
    }
    let to = copies.parts(draft).first().and_then(|part| rack_of(draft, *part));
    let one = |from, to| Carriage { from, to: BTreeSet::from([to]) };
    let (out, back) = (one(from, to), one(to, from));
    Way {
        out: number(draft, all, &out),
        back: number(draft, all, &back),
        crosses: crosses(draft, &out).iter().map(named).collect(),
    }
}

fn purge(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Part {
    let draft = builder.draft();
    let spec = &draft.scenario.purge[index].1;
    let of = &draft.links.own.purges[index].of;
    let all = carriage::all(draft);
    let mut senders: Vec<(ComponentId, Vec<Way>)> = Vec::new();
    for (part, name) in writers(draft) {
        let from = rack_of(draft, part);
        let ways = of.iter().map(|copies| way(builder, &all, from, copies)).collect();
        senders.push((builder.id(&name), ways));
    }
    senders.sort_by_key(|(sender, _)| *sender);
    let target = |copies: &Copies| Target {
        places: copies
            .keeper()
            .places(draft, *copies)
            .iter()
            .map(|name| builder.id(name))
            .collect(),
        edges: !copies.is_one_store(),
        stores: copies.through,
        trip: copies.keeper().trip(draft, *copies).map(|law| law_of(law).sampler()),
        work: spec
            .work
            .as_ref()
            .map(|law| &law.value)
            .or_else(|| copies.keeper().work(draft, *copies))
            .map(|law| law_of(law).sampler()),
        entry: [0; 2],
    };
    let config = PurgeConfig {
        targets: of.iter().map(target).collect(),
        senders,
        popularity: of
            .first()
            .and_then(|copies| copies.keeper().popularity(draft, *copies))
            .cloned(),
        steps: Vec::new(),
        copy: spec.copy.as_ref().map(|law| law_of(&law.value).sampler()),
        lost: spec.lost.value.get(),
        loses: spec.when_cut_off.value == WhenCutOff::Lose,
        time_out: spec.time_out.as_ref().filter(|_| spec.wait.value).map(|time| time.value),
        unit: builder.unit(id, 0),
    };
    builder.part(id, Config::Purge(config))
}
