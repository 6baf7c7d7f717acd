//! Programs of the deep probes of the members behind a balancer.

use crate::kinds::balancer::live::Behind;
use crate::model::blueprint::{Config, Part};
use crate::model::ids::ComponentId;
use crate::model::route::{Op, Pick, Routes};
use crate::model::spec::probe::{CheckSpec, Depth};
use crate::plan::program::{Compiler, Volume, law_of};

/// Compiles the deep probes. Each asks once what the requests behind the balancer ask of other components.
pub(super) fn finish(compiler: &mut Compiler<'_>, parts: &mut [Part]) {
    let draft = compiler.draft();
    for index in 0..parts.len() {
        let Config::Balancer(config) = &parts[index].config else { continue };
        let Some(spec) = draft.scenario.balancer.get(&config.name) else { continue };
        let Some(check) = spec.check.as_ref().filter(|c| c.depth.value == Depth::Deep) else {
            continue;
        };
        let needs = needs(&compiler.routes, ComponentId::at(index));
        let mut members = config.members.clone();
        let (name, service) = (config.name.clone(), config.farms[0].clone());
        for (at, member) in members.iter_mut().enumerate() {
            // A probe of a database member takes a connection and nothing else.
            let needs = service.contains(&at).then_some(&needs);
            let entry = probe(compiler, parts, &name, member, (check, needs));
            member.deep = Some(entry);
        }
        if let Config::Balancer(config) = &mut parts[index].config {
            config.members = members;
        }
    }
}

/// Compiles the probe of one member, and returns its first operation.
fn probe(
    compiler: &mut Compiler<'_>,
    parts: &[Part],
    balancer: &str,
    member: &Behind,
    (check, needs): (&CheckSpec, Option<&Needs>),
) -> u32 {
    let cpu = check.cpu.as_ref().filter(|_| needs.is_some()).map(|law| law_of(law));
    let (asks, mounts) = needs.map_or((&[][..], &[][..]), |needs| (&needs.asks, &needs.mounts));
    let own = &parts[member.id.index()].mounts;
    let heads = mounts.iter().filter_map(|mount| {
        let volume = own.get(usize::from(*mount)).filter(|volume| volume.head.is_some());
        let (mount, guests, collects) = (*mount, false, false);
        volume.map(|volume| Volume { mount, pools: volume.pools, guests, collects })
    });
    let heads: Vec<Volume> = heads.collect();
    let owner = format!("{balancer}.check→{}", member.name);
    let pool = compiler.pool(vec![member.id], Pick::RoundRobin);
    compiler.probe(&owner, pool, (check.time_out.value, cpu.as_ref()), &heads, asks)
}

/// Calls and mounts of the requests behind a balancer.
struct Needs {
    /// Calls that members make to other components.
    asks: Vec<Op>,
    /// Mounts at which members ask a storage head.
    mounts: Vec<u8>,
}

/// Collects the calls and mounts of the requests behind the balancer `id`.
fn needs(routes: &Routes, id: ComponentId) -> Needs {
    let (mut ways, mut mounts) = (Vec::new(), Vec::new());
    // Number of frames since the member was entered; 0: outside.
    let mut depth = 0_u32;
    for op in &routes.ops {
        match *op {
            Op::Pick { balancer, farm: 0, .. } if depth == 0 => {
                depth = u32::from(balancer == id);
            }
            Op::Enter { pool, .. } if depth > 0 => {
                let way = Op::Enter { pool, call: None };
                if depth == 1 && !ways.contains(&way) {
                    ways.push(way);
                }
                depth += 1;
            }
            Op::Query { database, write, .. } if depth > 0 => {
                let way = Op::Query { database, write, call: None };
                if depth == 1 && !ways.contains(&way) {
                    ways.push(way);
                }
                depth += 1;
            }
            Op::Front { .. } | Op::Pick { .. } if depth > 0 => depth += 1,
            Op::Leave => depth = depth.saturating_sub(1),
            Op::Head { mount, .. } if depth == 1 => mounts.push(mount),
            _ => {}
        }
    }
    ways.sort_by_key(|way| match way {
        Op::Enter { pool, .. } => (0, pool.0),
        Op::Query { database, write, .. } => (1, database.0 * 2 + u32::from(*write)),
        _ => (2, 0),
    });
    mounts.sort_unstable();
    mounts.dedup();
    Needs { asks: ways, mounts }
}
