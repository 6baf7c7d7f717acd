//! Choice of the disk that serves an operation.

use super::Disks;
use crate::convert::whole;

impl Disks {
    /// Returns the first of `copies` neighbouring disks, chosen by the uniform number `choice`.
    pub(super) fn place(&self, choice: f64, copies: u32) -> u32 {
        let groups = self.config.columns.disks / copies;
        whole::u32(choice * f64::from(groups)).min(groups - 1) * copies
    }

    /// Returns the disk with the fewest operations, waiting or in service; of equals the first from `own` on, in a round.
    pub(super) fn shortest(&self, disks: &[u32], own: u32) -> u32 {
        let count = |disk: u32| {
            let at = &self.disks[disk as usize];
            let served = at.slots.iter().filter(|slot| slot.operation.is_some()).count();
            let waits = self.shared.as_ref().map_or(0, |shared| shared.in_front_of(disk));
            served + at.line.len() + waits
        };
        let from = disks.iter().position(|disk| *disk == own).unwrap_or(0);
        let round = disks[from..].iter().chain(&disks[..from]);
        round.copied().min_by_key(|disk| count(*disk)).unwrap_or(own)
    }
}
