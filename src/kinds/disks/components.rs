//! A set of disks as a component of the event loop, and the ledgers of the zones that share it.

use crate::engine::law::Law;
use crate::kinds::disks::live::{DisksConfig, Sharing};
use crate::kinds::disks::spec::{DiskSetSpec, IoThrottleSpec};
use crate::mechanism::io_throttle::Tuning;
use crate::model::blueprint::Config;
use crate::model::ids::ComponentId;
use crate::plan::compile::Builder;
use crate::plan::program::law_of;

/// Returns the configuration of the set of disks `id`. `zones` holds the I/O priority of each zone that may use it and,
/// where the set has a throttle, the component of the zone's ledger. `has_copies` is true if it holds copies alone.
pub(crate) fn disks(
    builder: &mut Builder<'_>,
    id: ComponentId,
    spec: &DiskSetSpec,
    zones: Vec<(u32, Option<ComponentId>)>,
    has_copies: bool,
) -> Config {
    let kind = spec.kind.value;
    let exponential = |per_s: f64| Law::exponential(1.0 / per_s).expect("disks have a rate");
    let given = spec.time.as_ref().map(|law| law_of(law));
    let writes = spec.write_time.as_ref().map(|law| law_of(law));
    let of_kind = || exponential(kind.writes_per_s());
    let differs = given.is_none() && kind.writes_per_s() != kind.operations_per_s();
    let writes = writes.or_else(|| differs.then(of_kind));
    let law = given.unwrap_or_else(|| exponential(kind.operations_per_s()));
    let (columns, parallel) = (spec.columns(), spec.at_once());
    Config::Disks(DisksConfig {
        columns,
        parallel,
        time: law.sampler(),
        write_time: writes.map(|law| law.sampler()),
        unit: builder.units(id, columns.disks * parallel),
        shared: sharing(spec, zones).map(Box::new),
        has_copies,
    })
}

fn sharing(spec: &DiskSetSpec, zones: Vec<(u32, Option<ComponentId>)>) -> Option<Sharing> {
    let classes = spec.has_classes();
    let throttle = spec.io_throttle.as_ref().map(|throttle| tuning(throttle));
    (classes || throttle.is_some()).then_some(Sharing { classes, throttle, zones })
}

fn tuning(spec: &IoThrottleSpec) -> Tuning {
    Tuning {
        step: spec.step.value,
        ceiling: spec.ceiling.value,
        write_factor: spec.write_factor.value,
        adjust: spec.adjust.value,
        over: spec.over.value.get(),
        under: spec.under.value.get(),
        laggard: spec.slow.value,
        sync: spec.sync.value,
    }
}
