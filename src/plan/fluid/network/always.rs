//! Work that does not depend on the traffic: of deep probes, and of scrubs, which yield to everything else.

use super::{Builder, ProbeWork};
use crate::plan::load::Resource;
use crate::plan::part::Part;

impl Builder<'_> {
    /// Adds probes of `member`, `requests` per second that take `work` on its processor, while it and `unit` answer.
    pub(crate) fn probe(&mut self, unit: Part, member: Part, (work, requests): (f64, f64)) {
        let unit = self.part(unit);
        let mut branch = self.branch(member);
        self.cpu(&mut branch, member, work);
        let member = self.part(member);
        self.net.probes.push(ProbeWork { unit, member, work: branch.work, requests });
    }

    /// Adds work per second at a resource of a part that takes what the traffic leaves of it.
    pub(crate) fn yielding(&mut self, (part, resource): (Part, Resource), work: f64) {
        let mut branch = self.branch(part);
        self.add(&mut branch, (part, resource), work);
        self.net.yielding.extend(branch.work);
    }
}
