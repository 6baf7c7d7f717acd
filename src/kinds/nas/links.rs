//! The references of file servers: their racks, and the pools of their volumes.

use crate::kinds::nas::spec::NasSpec;
use crate::plan::links::{Store, Walk, find_named};
use crate::plan::names::Kind;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::names::Reference;
use crate::scenario::source::Span;

/// Resolved references of a file server.
#[derive(Clone, Debug, Default)]
pub struct NasLinks {
    /// Its rack.
    pub rack: Option<usize>,
    /// Pools of each volume, as indices.
    pub volumes: Vec<Vec<usize>>,
}

/// Follows the references of one file server.
pub(super) fn follow(walk: &mut Walk<'_>, nas: &NasSpec) -> NasLinks {
    let rack = nas.rack.as_ref().and_then(|rack| walk.one(rack, Kind::Rack));
    for (_, pool) in nas.pools.iter() {
        if pool.head.value > nas.heads.value {
            let message = format!(
                "head {} of {} head{}",
                pool.head.value,
                nas.heads.value,
                if nas.heads.value == 1 { "" } else { "s" }
            );
            walk.out().push(Diagnostic::new(Code::NoSuchMember, pool.head.span, message));
        }
    }
    let mut volumes = Vec::new();
    for (_, volume) in nas.volumes.iter() {
        let pools = volume.pool.iter();
        let find = |pool: &Reference| find_named(&nas.pools, pool, pool.span, "pool", walk.out());
        volumes.push(pools.filter_map(find).collect());
    }
    NasLinks { rack, volumes }
}

/// Resolves the volume that `volume` names; reports an unknown name.
pub(super) fn store(walk: &mut Walk<'_>, nas: usize, volume: &str, span: Span) -> Option<Store> {
    let volumes = &walk.scenario().nas[nas].1.volumes;
    let volume = find_named(volumes, volume, span, "volume", walk.out())?;
    Some(Store::Volume { nas, volume })
}
