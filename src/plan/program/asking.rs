//! What a step that a kind of component brings along asks of the compiler.

use super::{Compiler, Targets, pool};
use crate::convert::place;
use crate::model::ids::{ComponentId, DemandId, PoolId};
use crate::model::route::Pick;
use crate::plan::Draft;

impl<'a> Compiler<'a> {
    /// The scenario.
    pub(crate) const fn draft(&self) -> &'a Draft {
        self.draft
    }

    /// The number of the component `name`.
    pub(crate) fn component(&self, name: &str) -> ComponentId {
        self.ids[name]
    }

    /// A pool of its own.
    pub(crate) fn pool(&mut self, name: &str, members: Vec<ComponentId>, pick: Pick) -> PoolId {
        self.routes.pools.push(pool(name, members, pick));
        PoolId::at(self.routes.pools.len() - 1)
    }

    /// A step asks `of` for something that has these draws; gives its number among the steps that ask it, from 1.
    pub(crate) fn asked(&mut self, of: ComponentId, draws: Vec<Option<DemandId>>) -> u32 {
        let all = self.asks.entry(of).or_default();
        all.push(draws);
        place(all.len())
    }

    /// The draws of all steps that ask `of`, by their number.
    pub(crate) fn asked_of(&self, of: ComponentId) -> Vec<Vec<Option<DemandId>>> {
        self.asks.get(&of).cloned().unwrap_or_default()
    }

    /// What steps may refer to.
    pub(crate) const fn targets(&self) -> &'a Targets {
        self.targets
    }
}
