//! The references of services: their zones, and the stores that they mount.

use crate::kinds::service::spec::ServiceSpec;
use crate::plan::links::{Store, Walk};
use crate::plan::names::Kind;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::Diagnostic;

/// Resolved references of a service.
#[derive(Clone, Debug, Default)]
pub struct ServiceLinks {
    /// Section of its zones.
    pub zone: Option<usize>,
    /// Number of its members.
    pub members: u32,
    /// Candidate stores of each mount, in the order of the file.
    pub mounts: Vec<Vec<Store>>,
}

/// Follows the references of one service.
pub(super) fn follow(walk: &mut Walk<'_>, service: &ServiceSpec) -> ServiceLinks {
    let found = walk.resolve(&service.in_, &[Kind::Zone]);
    if let Some(found) = found.filter(|found| found.member.is_some()) {
        let zone = &walk.scenario().zone[found.index].0;
        let message = format!("a service runs in all members of a zone: `{zone}`");
        let help = "for a service in one zone, declare a zone of its own";
        let span = service.in_.span;
        walk.out().push(Diagnostic::new(Code::WrongKind, span, message).help(help));
    }
    let zone = found.map(|found| found.index);
    let members = zone.map_or(0, |zone| walk.scenario().zone[zone].1.count.value);
    let hosts = zone.map(|zone| (zone, None));
    let mut mounts = Vec::new();
    for (_, mount) in service.mounts.iter() {
        let volumes = mount.volumes.iter();
        let stores = volumes.filter_map(|label| walk.store(&label.text, label.span, hosts));
        mounts.push(stores.collect());
    }
    ServiceLinks { zone, members, mounts }
}
