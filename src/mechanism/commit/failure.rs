//! Changes of health and of the view, and what becomes of transactions whose coordinator has died.

use super::{Act, Commits, Letter, Part, Phase, Protocol, Txn, each};

impl Commits {
    /// Reports that `member` is silent; `lost` if it has lost its memory, with all that ran there.
    pub fn fails(&mut self, member: usize, lost: bool, out: &mut Vec<Act>) {
        self.members[member].up = false;
        if lost {
            self.loses(member, out);
        }
    }

    /// Drops what a member had in memory.
    fn loses(&mut self, member: usize, out: &mut Vec<Act>) {
        self.members[member].held.clear();
        self.members[member].ended.clear();
        self.members[member].locks.clear();
        for txn in self.known() {
            let Some(one) = self.all.get_mut(&txn) else { continue };
            one.parts[member].1 = Part::None;
            if one.coordinator == member && one.phase != Phase::Over {
                out.push(Act::Fails(txn));
                let agreed = one.took_part() != 0 || one.decided;
                if agreed {
                    one.orphan = true;
                } else {
                    one.phase = Phase::Over;
                }
            }
            self.forget(txn);
        }
    }

    fn known(&self) -> Vec<Txn> {
        self.all.keys().copied().collect()
    }

    /// Takes a silent member out of the view; `comes_back` if it is there again and has to catch up. Returns false if the
    /// members that are left may not go on without it.
    pub fn evicts(&mut self, member: usize, comes_back: bool, out: &mut Vec<Act>) -> bool {
        let size = self.view().count_ones();
        let minority = self.protocol == Protocol::Ordered && 2 * (size - 1) <= size;
        if !self.members[member].in_view || size <= 1 || minority && !comes_back {
            return false;
        }
        self.members[member].in_view = false;
        // A stalled member has lost its place, too: it catches up when it goes on.
        self.loses(member, out);
        for txn in self.known() {
            let Some(one) = self.all.get(&txn) else { continue };
            if one.coordinator == member && one.phase != Phase::Over {
                self.left_alone(txn, out);
            } else if one.awaited & 1 << member != 0 {
                self.answered(txn, Some(member), out);
            }
        }
        true
    }

    /// Handles a transaction whose coordinator has been evicted.
    fn left_alone(&mut self, txn: Txn, out: &mut Vec<Act>) {
        let Some(one) = self.all.get(&txn) else { return };
        for member in each(one.took_part()) {
            let Some(one) = self.all.get(&txn) else { return };
            if matches!(one.parts[member].1, Part::Waits | Part::Works) {
                self.aborts_at(txn, member, out);
            }
        }
        if self.protocol == Protocol::ThreePhase {
            return self.collects(txn, out);
        }
        // Of two phases, what has voted waits for the coordinator.
        let Some(one) = self.all.get_mut(&txn) else { return };
        one.awaited = 0;
        if one.took_part() == 0 {
            one.phase = Phase::Over;
            self.forget(txn);
        }
    }

    /// The first survivor takes over a transaction of three phases.
    fn collects(&mut self, txn: Txn, out: &mut Vec<Act>) {
        let knows = self.all.get(&txn).map_or(0, super::Transaction::took_part);
        let able = |at: &usize| self.members[*at].up && self.members[*at].in_view;
        let next = each(knows).find(able);
        let Some(one) = self.all.get_mut(&txn) else { return };
        match next {
            Some(next) => {
                one.coordinator = next;
                one.orphan = false;
                self.round(txn, Phase::Collects, Letter::Collect, out);
            }
            None if knows == 0 => {
                one.phase = Phase::Over;
                self.forget(txn);
            }
            None => one.orphan = true,
        }
    }

    /// Decides what the survivors of three phases have collected: to commit, if one of them has pre-committed.
    pub(super) fn terminates(&mut self, txn: Txn, out: &mut Vec<Act>) {
        let Some(one) = self.all.get_mut(&txn) else { return };
        let certain = |(_, part): &(u32, Part)| matches!(part, Part::Records | Part::PreCommitted);
        let commits = one.decided || one.parts.iter().any(certain);
        let at = one.coordinator;
        let others = one.took_part() & !(1 << at);
        let what = if commits { Letter::Commit } else { Letter::Abort };
        one.phase = Phase::Over;
        if commits && !one.decided {
            one.decided = true;
            out.push(Act::Decided(txn));
        }
        self.send_all(txn, (at, others), what, out);
        if commits {
            self.commits_at(txn, at, out);
        } else {
            self.aborts_at(txn, at, out);
        }
        self.forget(txn);
    }

    /// Reports that a silent member runs again, `lost` if without its memory. Returns whether it has to catch up before
    /// writes wait for it.
    pub fn returns(&mut self, member: usize, lost: bool, out: &mut Vec<Act>) -> bool {
        self.members[member].up = true;
        self.recovers(member, out);
        let held = std::mem::take(&mut self.members[member].held);
        let ended = std::mem::take(&mut self.members[member].ended);
        if lost {
            self.evicts(member, true, out);
        } else if self.members[member].in_view {
            ended.into_iter().for_each(|work| self.done(work, out));
            held.into_iter().for_each(|message| self.arrives(message, out));
        }
        !self.members[member].in_view
    }

    /// A coordinator that is back ends the transactions that it had begun, by its log: what it had decided is committed, all
    /// else is aborted.
    fn recovers(&mut self, member: usize, out: &mut Vec<Act>) {
        for txn in self.known() {
            let Some(one) = self.all.get_mut(&txn) else { continue };
            if one.coordinator != member || !one.orphan {
                continue;
            }
            let what = if one.decided { Letter::Commit } else { Letter::Abort };
            one.phase = Phase::Over;
            one.orphan = false;
            one.awaited = 0;
            let to = one.took_part();
            self.send_all(txn, (member, to), what, out);
            self.forget(txn);
        }
    }

    /// Takes a member into the view that has caught up.
    pub fn joins(&mut self, member: usize) {
        self.members[member].in_view = true;
        self.members[member].locks.clear();
        self.members[member].held.clear();
        self.members[member].ended.clear();
    }
}
