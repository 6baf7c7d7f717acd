//! Operations of the event loop for a class that enters at the edges of a CDN and their shields.

use crate::convert::place;
use crate::kinds::cdn::components::origin_name;
use crate::kinds::cdn::live::{AtCdn, SHIELD};
use crate::kinds::cdn::spec::CdnSpec;
use crate::model::route::Op;
use crate::plan::links::Entrance;
use crate::plan::program::{Compiler, Way, law_of};

/// Compiles a look-up at an edge: a hit ends there, a miss goes on to the origin and back.
pub(super) fn enter(
    compiler: &mut Compiler<'_>,
    index: usize,
    way: &Way<'_>,
    steps: &mut dyn FnMut(&mut Compiler<'_>),
) {
    let (name, spec) = &compiler.draft().scenario.cdn[index];
    let class = compiler.class_name().to_string();
    let owner = format!("{class}.{name}");
    let round_trip = spec.round_trip.as_ref();
    let round_trip = round_trip.map(|law| compiler.demand("round-trip", name, &law_of(law)));
    let key = compiler.key("edge-hit", &owner);
    let cdn = compiler.component(&origin_name(name));
    let at = AtCdn { cdn, row: row_at(spec, &class), key };
    let entered = compiler.entered();
    (entered.cdns, entered.round_trip) = ([Some(at), None], round_trip);
    service_time(compiler, spec, &owner);
    let look = compiler.emit(Op::End);
    compiler.emit(Op::End);
    let miss = compiler.here();
    compiler.routes.ops[look] = Op::Edge { cdn: at.cdn, miss };
    let to = compiler.draft().links.cdns[index];
    there_and_back(compiler, spec, &owner, |compiler| match to {
        Some(Entrance::Cdn(shield)) => by_shield(compiler, (spec, at), shield, way, steps),
        Some(to) => compiler.enter(&Way { to, ..*way }, steps),
        None => {}
    });
}

/// Compiles a look-up at a shield of the edges `at`: a hit returns from there, a miss goes on to the origin. With
/// objects, the shield uses the row and the key of the edge, so that it is asked for the same object.
fn by_shield(
    compiler: &mut Compiler<'_>,
    (edges, at): (&CdnSpec, AtCdn),
    index: usize,
    way: &Way<'_>,
    steps: &mut dyn FnMut(&mut Compiler<'_>),
) {
    let (name, spec) = &compiler.draft().scenario.cdn[index];
    let class = compiler.class_name().to_string();
    let owner = format!("{class}.{name}");
    let mut shield = AtCdn { cdn: compiler.component(&origin_name(name)), ..at };
    if !(edges.content.is_some() && spec.content.is_some()) {
        shield.row = row_at(spec, &class);
        shield.key = compiler.key("shield-hit", &owner);
    }
    compiler.entered().cdns[SHIELD] = Some(shield);
    service_time(compiler, spec, &owner);
    let look = compiler.emit(Op::End);
    let hit = compiler.emit(Op::End);
    let miss = compiler.here();
    compiler.routes.ops[look] = Op::Shield { cdn: shield.cdn, miss };
    let to = compiler.draft().links.cdns[index];
    there_and_back(compiler, spec, &owner, |compiler| {
        if let Some(to) = to {
            compiler.enter(&Way { to, ..*way }, steps);
        }
    });
    compiler.emit(Op::Shielded { cdn: shield.cdn });
    compiler.routes.ops[hit] = Op::Jump { to: compiler.here() };
}

/// Compiles the time that an edge or a shield takes before it answers or passes a request on.
fn service_time(compiler: &mut Compiler<'_>, spec: &CdnSpec, owner: &str) {
    if let Some(law) = &spec.service_time {
        let key = compiler.key("edge-time", owner);
        let demand = compiler.demand_of(key, &law_of(law), 1.0, true);
        compiler.emit(Op::Delay { demand });
    }
}

/// Compiles the round trip of a miss to the origin: half of it before `behind`, half after it.
fn there_and_back(
    compiler: &mut Compiler<'_>,
    spec: &CdnSpec,
    owner: &str,
    behind: impl FnOnce(&mut Compiler<'_>),
) {
    let way = spec.origin.as_ref().map(|law| {
        let key = compiler.key("origin-trip", owner);
        compiler.demand_of(key, &law_of(law), 0.5, true)
    });
    if let Some(demand) = way {
        compiler.emit(Op::Delay { demand });
    }
    behind(compiler);
    if let Some(demand) = way {
        compiler.emit(Op::Delay { demand });
    }
}

/// Returns the row of a class in the content of edges; `u32::MAX` if they hold nothing of it.
fn row_at(spec: &CdnSpec, class: &str) -> u32 {
    let found = match &spec.content {
        None => spec.hit.iter().position(|(name, _)| name.text == class),
        Some(content) => content.value.popularity.iter().position(|(name, _)| name.text == class),
    };
    found.map_or(u32::MAX, place)
}
