//! Operations of the event loop for a request that passes a balancer.

use crate::convert::table;
use crate::kinds::balancer::components::databases;
use crate::model::route::Op;
use crate::plan::Draft;
use crate::plan::links::Entrance;
use crate::plan::names::{Kind, beliefs_name};
use crate::plan::program::{Compiler, Way, law_of};
use crate::plan::route::resolve::service_behind;

/// Returns the destination behind a balancer where the way does not name it: the service, else the first database.
/// `None`: there is none, which has been reported.
fn leads_to(draft: &Draft, index: usize) -> Option<(Kind, usize)> {
    let service = service_behind(&draft.links, Entrance::Balancer(index));
    let service = service.map(|service| (Kind::Service, service));
    let database = || Some((Kind::Database, *databases(draft, index).first()?));
    service.or_else(database)
}

/// Compiles the operations into the unit that holds the virtual IP, and on to the member that it picks.
pub(super) fn enter(
    compiler: &mut Compiler<'_>,
    way: &Way<'_>,
    steps: &mut dyn FnMut(&mut Compiler<'_>),
) {
    let (Entrance::Balancer(index), draft) = (way.to, compiler.draft()) else { return };
    let Some((kind, at)) = way.behind.or_else(|| leads_to(draft, index)) else { return };
    let farm = way.behind.and_then(|(_, database)| {
        let farms = databases(draft, index);
        farms.iter().position(|other| *other == database).map(|farm| table::u16(farm) + 1)
    });
    let farm = farm.unwrap_or(0);
    let (name, spec) = &draft.scenario.balancer[index];
    let service = service_behind(&draft.links, way.to);
    let owner = format!("{}.{name}", way.owner);
    let balancer = compiler.component(&beliefs_name(name));
    compiler.emit(Op::Front { balancer, call: way.call });
    // The frame of the unit encloses the frame of the member.
    compiler.inside(service, |compiler| {
        if let Some(cpu) = &spec.cpu {
            let demand = compiler.demand("demand", &owner, &law_of(cpu));
            compiler.emit(Op::Cpu { demand, threads: 1 });
        }
        let key = compiler.key("pick", &owner);
        let time_out = spec.time_out.as_ref().map(|time| time.value);
        let callee = kind.name(&draft.scenario, at);
        let call = Some(compiler.call_kind(&owner, callee, time_out));
        compiler.emit(Op::Pick { balancer, farm, call, key });
        compiler.inside(service, |compiler| steps(compiler));
        if kind == Kind::Service {
            compiler.serves(None, way, &owner);
        }
        compiler.emit(Op::Leave);
    });
    compiler.emit(Op::Leave);
}
