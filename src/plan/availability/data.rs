//! Automata of data in a net: losses of databases, and sets of disks that fail one by one.

use crate::health::{AutomatonId, Net, StateId};
use crate::plan::faults::restores::{LOST, RESTORING, Restored, Way};
use crate::plan::faults::single_disks::{self, FailingSet};

/// Automaton of the losses of a database's data, by corruption or with its disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupts {
    /// The automaton.
    pub automaton: AutomatonId,
    /// State in which the data are corrupted, and no check knows it, or in which they are lost.
    pub begun: StateId,
    /// State in which the data are restored.
    pub restoring: StateId,
    /// State whose begin is known: of a corruption `restoring`, of lost disks `begun`.
    pub known: StateId,
}

impl Corrupts {
    /// Finds the automata of the losses of a database, in the order of its ways.
    pub(super) fn of(net: &Net, of: &Restored) -> Vec<Option<Self>> {
        of.ways.iter().map(|way| Self::find(net, way)).collect()
    }

    fn find(net: &Net, way: &Way) -> Option<Self> {
        let automaton = net.automaton(&way.automaton)?;
        let begun = net.state(automaton, way.begun)?;
        let restoring = net.state(automaton, RESTORING)?;
        let known = if way.begun == LOST { begun } else { restoring };
        Some(Self { automaton, begun, restoring, known })
    }
}

/// Automata of a set of disks that fail one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskAutomata {
    /// The set.
    pub set: AutomatonId,
    /// State in which the set is lost.
    pub lost: StateId,
    /// The disks.
    pub disks: Vec<AutomatonId>,
    /// State of a disk that has its data.
    pub up: StateId,
}

impl DiskAutomata {
    pub(super) fn find(net: &Net, of: &FailingSet) -> Option<Self> {
        let disks: Option<Vec<AutomatonId>> = of.disks().map(|disk| net.automaton(&disk)).collect();
        let disks = disks?;
        let (set, up) = (net.automaton(&of.name)?, net.state(*disks.first()?, single_disks::UP)?);
        Some(Self { set, lost: net.state(set, &single_disks::lost(&of.fault))?, disks, up })
    }
}
