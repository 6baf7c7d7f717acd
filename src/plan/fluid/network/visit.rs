//! Forks with a single way: the work of one visit at one part.

use super::{Branch, Builder, Onward, Split};
use crate::plan::load::Resource;
use crate::plan::part::Part;

impl Builder<'_> {
    /// Adds the fork of one visit at a resource of a part, with its work in the unit of the resource.
    pub(crate) fn visit(&mut self, part: Part, resource: Resource, work: f64) -> u32 {
        let mut branch = self.branch(part);
        self.add(&mut branch, (part, resource), work);
        self.alone(branch)
    }

    /// Adds the fork of one piece of processor work of `part`, in core seconds.
    pub(crate) fn computes(&mut self, part: Part, cores_s: f64) -> u32 {
        let mut branch = self.branch(part);
        self.cpu(&mut branch, part, cores_s);
        self.alone(branch)
    }

    /// Adds a fork that does nothing itself and leads on.
    pub(crate) fn behind(&mut self, then: Vec<Onward>) -> u32 {
        self.alone(Branch { then, ..Branch::default() })
    }

    /// Adds a fork with a single branch.
    pub(crate) fn alone(&mut self, branch: Branch) -> u32 {
        self.node(Split::Blind, vec![branch])
    }
}
