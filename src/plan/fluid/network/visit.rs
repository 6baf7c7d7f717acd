//! Forks with a single way: the work of one visit at one part. Buffers, and changes to an existing fork.

use super::{Branch, Builder, Onward, Split};
use crate::convert::table;
use crate::plan::fluid::buffers::Buffer;
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

    /// Adds a buffer unless it is there; returns its number.
    pub(crate) fn buffer(&mut self, buffer: Buffer) -> u32 {
        let known = self.net.buffers.iter().position(|other| other.of == buffer.of);
        self.net.buffers.extend(known.is_none().then_some(buffer));
        table::u32(known.unwrap_or(self.net.buffers.len() - 1))
    }

    /// Lets the requests of a fork wait for the members of all its branches.
    pub(crate) fn waits_for_all(&mut self, node: u32) {
        self.net.nodes[node as usize].waits_for_all = true;
    }

    /// Returns a copy of a branch of a fork.
    pub(crate) fn branch_of(&self, fork: u32, at: usize) -> Branch {
        self.net.nodes[fork as usize].branches[at].clone()
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
