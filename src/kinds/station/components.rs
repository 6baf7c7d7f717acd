//! Stations in the event loop: one component per member, the pools of a group, and patience.

use crate::kinds::station::Station;
use crate::kinds::station::live::{Discipline, StationConfig};
use crate::kinds::station::spec::{DisciplineWord, PickWord};
use crate::model::blueprint::{Config, Part};
use crate::model::ids::ComponentId;
use crate::model::route::Pick;
use crate::plan::compile::{Builder, Made};
use crate::plan::kind::components::{Components, none};
use crate::plan::names::{Kind, member_name};
use crate::plan::program::{Compiler, law_of};

/// Number of the pool of a whole group; each member has a pool under its own number.
pub(super) const GROUP: u32 = u32::MAX;

/// An operation that brings customers to a station, and the owner of their draws.
#[derive(Clone, Debug)]
pub(super) struct Visitors {
    /// The operation.
    pub(super) op: u32,
    /// The owner.
    pub(super) owner: String,
}

impl Components for Station {
    none!(carries, mounts, entrance, keeper);

    fn gather(&self, builder: &mut Builder<'_>) {
        for (index, (name, spec)) in builder.draft().scenario.station.iter().enumerate() {
            for member in 0..spec.count.value {
                builder.want(member_name(name, member), move |builder, id| {
                    station(builder, id, index)
                });
            }
        }
    }

    fn pools(&self, compiler: &mut Compiler<'_>) {
        for (index, (name, spec)) in compiler.draft().scenario.station.iter().enumerate() {
            let of = (Kind::Station, index);
            let members = compiler.members(name, spec.count.value);
            let pick = match spec.pick.value {
                PickWord::RoundRobin => Pick::RoundRobin,
                PickWord::Random => Pick::Random(compiler.key("pick", name)),
            };
            for (number, member) in (0..).zip(&members) {
                compiler.add_pool(of, number, vec![*member], Pick::RoundRobin);
            }
            compiler.add_pool(of, GROUP, members, pick);
        }
    }

    /// Assigns the patience of customers per operation that brings them. The owner of the draw is the station
    /// and the step, so that two classes with the same ordinal have draws of their own.
    fn finish(&self, compiler: &mut Compiler<'_>, made: &mut Made) {
        for (index, (name, spec)) in compiler.draft().scenario.station.iter().enumerate() {
            let Some(law) = &spec.patience else { continue };
            let law = law_of(law);
            let mut patience = Vec::new();
            for visit in compiler.notes::<Visitors>((Kind::Station, index)) {
                let owner = format!("{name}/{}", visit.owner);
                patience.push((visit.op, compiler.demand("patience", &owner, &law)));
            }
            for member in compiler.members(name, spec.count.value) {
                if let Config::Station(config) = &mut made.parts[member.index()].config {
                    config.patience.clone_from(&patience);
                }
            }
        }
    }
}

fn station(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Part {
    let (name, spec) = &builder.draft().scenario.station[index];
    let discipline = match spec.discipline.value {
        DisciplineWord::Fifo => Discipline::Fifo,
        DisciplineWord::Ps => Discipline::Ps,
        DisciplineWord::Priority => Discipline::Priority,
        DisciplineWord::PriorityPreemptive => Discipline::PriorityPreemptive,
    };
    let ranked = matches!(discipline, Discipline::Priority | Discipline::PriorityPreemptive);
    let config = Config::Station(StationConfig {
        servers: spec.servers.value,
        discipline,
        limit: spec.limit.as_ref().map(|limit| limit.value),
        patience: Vec::new(),
        ranks: if ranked { 64 } else { 1 },
        detailed: builder.draft().wants_detail(name),
        unit: builder.unit(id, 0),
    });
    builder.part(id, config)
}
