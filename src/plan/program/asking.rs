//! Services of the compiler to kinds of components and their steps.

use std::any::Any;

use super::{Compiler, Section, Volume};
use crate::convert::place;
use crate::engine::law::Law;
use crate::model::blueprint::Mount;
use crate::model::ids::{ComponentId, PoolId};
use crate::model::route::{Op, Pick, Pool};
use crate::plan::Draft;
use crate::plan::compile::Numbers;
use crate::plan::names::member_name;
use crate::scenario::diagnostic::Diagnostics;
use crate::units::SimDuration;

impl<'a> Compiler<'a> {
    /// Returns the draft.
    pub(crate) const fn draft(&self) -> &'a Draft {
        self.numbers.draft()
    }

    /// Returns the numbers of components and zones.
    pub(crate) const fn numbers(&self) -> &'a Numbers<'a> {
        self.numbers
    }

    /// Returns the collector of diagnostics.
    pub(crate) const fn out(&mut self) -> &mut Diagnostics {
        self.out
    }

    /// Returns the number of the component `name`.
    pub(crate) fn component(&self, name: &str) -> ComponentId {
        self.numbers.id(name)
    }

    /// Returns the numbers of the members of the group `name`.
    pub(crate) fn members(&self, name: &str, count: u32) -> Vec<ComponentId> {
        (0..count).map(|member| self.component(&member_name(name, member))).collect()
    }

    /// Returns the mounts of a component.
    pub(crate) fn mounts(&self, of: ComponentId) -> &[Mount] {
        &self.mounts[of.index()]
    }

    /// Adds a pool without a number.
    pub(crate) fn pool(&mut self, members: Vec<ComponentId>, pick: Pick) -> PoolId {
        self.routes.pools.push(Pool { members, pick });
        PoolId::at(self.routes.pools.len() - 1)
    }

    /// Adds a pool for the requests to the section `of`, under a number chosen by its kind.
    pub(crate) fn add_pool(
        &mut self,
        of: Section,
        number: u32,
        members: Vec<ComponentId>,
        pick: Pick,
    ) {
        let pool = self.pool(members, pick);
        self.pools.insert((of, number), pool);
    }

    /// Returns the pool of this number of the section `of`, if its kind has made one.
    pub(crate) fn pool_of(&self, of: Section, number: u32) -> Option<PoolId> {
        self.pools.get(&(of, number)).copied()
    }

    /// Records a note about a step that asks the section `of`; returns its number within the section, from 1.
    pub(crate) fn note<T: Any>(&mut self, of: Section, note: T) -> u32 {
        self.notes.entry(of).or_default().push(Box::new(note));
        self.noted(of)
    }

    /// Returns the number of notes about steps that ask the section `of`.
    pub(crate) fn noted(&self, of: Section) -> u32 {
        place(self.notes.get(&of).map_or(0, Vec::len))
    }

    /// Returns the notes about steps that ask the section `of`, in the order of their numbers.
    pub(crate) fn notes<T: Any + Clone>(&self, of: Section) -> Vec<T> {
        let all = self.notes.get(&of).into_iter().flatten();
        all.filter_map(|note| note.downcast_ref().cloned()).collect()
    }

    /// Returns the service whose member does the step, by index in the file.
    pub(crate) fn service(&self) -> Option<usize> {
        self.inside.last().copied().flatten()
    }

    /// Compiles `body` inside one more frame, in which a member of `service` does the steps.
    pub(crate) fn inside(&mut self, service: Option<usize>, body: impl FnOnce(&mut Self)) {
        self.inside.push(service);
        body(self);
        self.inside.pop();
    }

    /// Compiles `count` bodies of which a request does one, each with the same steps and the same draws.
    pub(crate) fn copies(&mut self, count: usize, mut body: impl FnMut(&mut Self, usize)) {
        let seen = self.seen.clone();
        let mut ends = Vec::new();
        for copy in 0..count {
            self.seen.clone_from(&seen);
            body(self, copy);
            self.land_jumps();
            self.labels.clear();
            ends.push(self.emit(Op::Jump { to: 0 }));
        }
        let to = self.here();
        for end in ends {
            self.routes.ops[end] = Op::Jump { to };
        }
    }

    /// Compiles a deep probe of a member, the only one of `pool`: a worker, its work, an operation at the head of each
    /// of the `volumes`, and an entry for each of `asks`. Returns its entry point.
    pub(crate) fn probe(
        &mut self,
        owner: &str,
        pool: PoolId,
        (time_out, cpu): (SimDuration, Option<&Law>),
        volumes: &[Volume],
        asks: &[Op],
    ) -> u32 {
        let entry = self.here();
        let call = self.call_kind(owner, "", Some(time_out));
        self.emit(Op::Enter { pool, call: Some(call) });
        if let Some(cpu) = cpu {
            let demand = self.demand("demand", &format!("{owner}.cpu"), cpu);
            self.emit(Op::Cpu { demand, threads: 1 });
        }
        for volume in volumes {
            let amount = self.amount(1.0, owner);
            let key = self.head_keys(&format!("{owner}.{}", volume.mount));
            self.at_heads(*volume, amount, key);
        }
        for enter in asks {
            self.emit(*enter);
            self.emit(Op::Leave);
        }
        self.emit(Op::Leave);
        self.emit(Op::End);
        entry
    }
}
