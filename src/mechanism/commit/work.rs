//! Work of members for transactions: what is still wanted, and what follows from its end.

use super::{Act, Commits, Letter, Message, Part, Phase, Work};

impl Commits {
    /// Returns whether the result of `work` still matters. A stalled member begins it, too, and goes on with it later.
    #[must_use]
    pub fn wants(&self, work: Work) -> bool {
        let Some(one) = self.all.get(&work.txn) else { return false };
        if one.coordinator == work.at {
            return one.phase == Phase::Decides && one.attempt == work.attempt && !one.orphan;
        }
        let (attempt, part) = one.parts[work.at];
        let wanted = if work.executes { Part::Works } else { Part::Records };
        attempt == work.attempt && part == wanted
    }

    /// Reports that a member has done its work. Others hear of it once the member runs.
    pub fn done(&mut self, work: Work, out: &mut Vec<Act>) {
        if !self.wants(work) {
            return;
        }
        let Work { at, txn, attempt, executes } = work;
        if !self.members[at].up {
            return self.members[at].ended.push(work);
        }
        let Some(one) = self.all.get_mut(&txn) else { return };
        if one.coordinator == at {
            one.decided = true;
            out.push(Act::Decided(txn));
            self.release(txn, at, out);
            return self.round(txn, Phase::Commits, Letter::Commit, out);
        }
        one.parts[at].1 = if executes { Part::Prepared } else { Part::PreCommitted };
        let what = if executes { Letter::Yes } else { Letter::PreCommitted };
        out.push(Act::Send(Message { from: at, to: one.coordinator, txn, attempt, what }));
    }
}
