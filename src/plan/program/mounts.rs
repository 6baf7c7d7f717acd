//! Operations on mounts: at heads and disks, waited for or not.

use super::Compiler;
use crate::model::ids::{AmountId, KeyId};
use crate::model::route::Op;
use crate::scenario::source::Span;

/// A mount of the member that works on a request.
#[derive(Clone, Copy, Debug)]
pub struct Volume {
    /// Which of its mounts.
    pub mount: u8,
    /// Pools that it is spread over at most.
    pub pools: u8,
}

impl Compiler<'_> {
    /// The keys of operations at a disk: their time, the choice of the disk, the block, the pool.
    pub(crate) fn disk_keys(&mut self, owner: &str) -> KeyId {
        let key = self.key("disk-time", owner);
        self.key("disk-choice", owner);
        self.key("disk-block", owner);
        self.key("pool", owner);
        key
    }

    /// The keys of operations at a head: their time, which of them open or lock, the pool. One that
    /// goes on at a disk under the same owner goes to the pool of that disk.
    pub(crate) fn head_keys(&mut self, owner: &str) -> KeyId {
        let key = self.key("head-time", owner);
        self.key("head-open", owner);
        self.key("pool", owner);
        key
    }

    /// As many operations as the mean at the heads of a volume.
    pub(crate) fn head(&mut self, volume: Volume, mean: f64, owner: &str) {
        if mean > 0.0 {
            let amount = self.amount(mean, &format!("{owner}.ops"));
            let key = self.head_keys(owner);
            self.at_heads(volume, amount, key);
        }
    }

    /// Operations at the heads in front of a mounted volume, one pool after the other.
    pub(crate) fn at_heads(&mut self, volume: Volume, amount: AmountId, key: KeyId) {
        let mount = volume.mount;
        for pool in 0..volume.pools {
            self.emit(Op::Head { mount, pool, amount, key });
        }
    }

    /// As many reads as the mean at the disks of a mount, one after the other.
    pub(crate) fn disk(&mut self, mount: u8, mean: f64, owner: &str, span: Span) {
        if mean > 0.0 {
            let amount = self.amount(mean, owner);
            let key = self.disk_keys(owner);
            self.repeat(amount, span, |compiler| {
                compiler.emit(Op::Disk { mount, write: false, key });
            });
        }
    }

    /// As many writes as the mean at the disks of a mount, which no request waits for.
    pub(crate) fn defer(&mut self, mount: u8, mean: f64, owner: &str) {
        if mean > 0.0 {
            let amount = self.amount(mean, owner);
            let key = self.disk_keys(owner);
            self.emit(Op::Defer { mount, amount, key });
        }
    }
}
