//! A set of disks as a component of the event loop.

use crate::engine::law::Law;
use crate::kinds::disks::live::DisksConfig;
use crate::kinds::disks::spec::{DiskSetSpec, Layout};
use crate::model::blueprint::Config;
use crate::model::ids::ComponentId;
use crate::plan::compile::Builder;
use crate::plan::program::law_of;

/// Returns the configuration of the set of disks `id`.
pub(crate) fn disks(builder: &mut Builder<'_>, id: ComponentId, spec: &DiskSetSpec) -> Config {
    let mirrored = spec.layout.value == Layout::Mirror;
    let disks = if spec.layout.value == Layout::RaidDp {
        spec.data.value
    } else {
        spec.data.value + spec.parity.value
    };
    let law = spec.time.as_ref().map(|law| law_of(law)).unwrap_or_else(|| {
        let mean = 1.0 / spec.kind.value.operations_per_s();
        Law::exponential(mean).expect("disks have a rate")
    });
    Config::Disks(DisksConfig {
        disks,
        copies: if mirrored { 2 } else { 1 },
        time: law.sampler(),
        unit: builder.units(id, disks),
    })
}
