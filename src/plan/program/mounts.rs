//! Operations on mounts: at heads and disks, with or without waiting.

use super::{Compiler, Way};
use crate::model::guest::Exits;
use crate::model::ids::{AmountId, ComponentId, KeyId, PoolId};
use crate::model::route::Op;
use crate::scenario::source::Span;

/// Mount of the member that processes a request.
#[derive(Clone, Copy, Debug)]
pub struct Volume {
    /// Index of the mount.
    pub mount: u8,
    /// Largest number of pools over which it is spread.
    pub pools: u8,
    /// True if a member that mounts it runs in a guest.
    pub guests: bool,
    /// True if it is spread over several pools, one of which at least collects writes: a request may wait at each of them.
    pub collects: bool,
}

impl Compiler<'_> {
    /// Creates the keys of operations at a disk: time, choice of the disk, block, pool.
    pub(crate) fn disk_keys(&mut self, owner: &str) -> KeyId {
        let key = self.key("disk-time", owner);
        self.key("disk-choice", owner);
        self.key("disk-block", owner);
        self.key("pool", owner);
        key
    }

    /// Creates the keys of operations at a head: time, which of them open or lock, pool. An operation that
    /// continues at a disk under the same owner goes to the pool of that disk.
    pub(crate) fn head_keys(&mut self, owner: &str) -> KeyId {
        let key = self.key("head-time", owner);
        self.key("head-open", owner);
        self.key("pool", owner);
        key
    }

    /// Emits operations at the heads of a volume, `mean` of them on average.
    pub(crate) fn head(&mut self, volume: Volume, mean: f64, owner: &str) {
        if mean > 0.0 {
            let amount = self.amount(mean, &format!("{owner}.ops"));
            let key = self.head_keys(owner);
            self.at_heads(volume, amount, key);
        }
    }

    /// Emits operations at the heads in front of a mounted volume, one pool after the other.
    pub(crate) fn at_heads(&mut self, volume: Volume, amount: AmountId, key: KeyId) {
        let mount = volume.mount;
        for pool in 0..volume.pools {
            self.emit(Op::Head { mount, pool, amount, key });
        }
    }

    /// Emits reads, or writes, at the disks of a mount in sequence, `mean` of them on average; the request waits for each.
    pub(crate) fn disk(
        &mut self,
        (volume, write): (Volume, bool),
        mean: f64,
        owner: &str,
        span: Span,
    ) {
        if mean > 0.0 {
            let amount = self.amount(mean, owner);
            let key = self.disk_keys(owner);
            self.repeat(amount, span, |compiler| compiler.at_disk(volume, write, (key, owner)));
        }
    }

    /// Emits one read, or write, at a disk of a volume; the request waits for it.
    pub(crate) fn at_disk(&mut self, volume: Volume, write: bool, (key, owner): (KeyId, &str)) {
        let mount = volume.mount;
        if volume.guests {
            self.exit(if write { Exits::Waited } else { Exits::Read { mount, key } }, owner);
        }
        self.emit(Op::Disk { mount, write, key });
    }

    /// Emits an exit of a guest and its latency.
    fn exit(&mut self, of: Exits, owner: &str) {
        self.emit(Op::Exit(of));
        let key = self.key("exit", owner);
        self.emit(Op::Lag(key));
    }

    /// Returns whether one of the components runs in a guest.
    pub(crate) fn in_guests(&self, members: &[ComponentId]) -> bool {
        members.iter().any(|member| self.guests[member.index()])
    }

    /// Returns whether a member of `pool` runs in a guest.
    fn any_in_guest(&self, pool: PoolId) -> bool {
        self.in_guests(&self.routes.pools[pool.index()].members)
    }

    /// Emits the answer of a member of `pool`, whose guest leaves for its hypervisor.
    pub(crate) fn replies(&mut self, pool: PoolId, owner: &str) {
        self.replies_from(self.any_in_guest(pool), owner);
    }

    /// Emits the answer of one of several members, if one of them runs in a guest.
    pub(crate) fn replies_from(&mut self, guests: bool, owner: &str) {
        self.answers(guests, Exits::Waited, owner);
    }

    /// Emits the reply of a service's member, of `pool` or of any behind a balancer, whose guest leaves for its hypervisor. The
    /// answer to a class has the class's size.
    pub(crate) fn serves(&mut self, pool: Option<PoolId>, way: &Way<'_>, owner: &str) {
        let any = self.guests.contains(&true);
        let guests = pool.map_or(any, |pool| self.any_in_guest(pool));
        self.answers(guests, if way.call.is_none() { Exits::Reply } else { Exits::Waited }, owner);
    }

    fn answers(&mut self, guests: bool, of: Exits, owner: &str) {
        if guests {
            self.exit(of, &format!("{owner}.reply"));
        }
    }

    /// Emits writes at the disks of a mount, `mean` of them on average; no request waits for them.
    pub(crate) fn defer(&mut self, volume: Volume, mean: f64, owner: &str) {
        if mean > 0.0 {
            let amount = self.amount(mean, owner);
            let key = self.disk_keys(owner);
            self.deferred(volume, amount, key);
        }
    }

    /// Emits writes at the disks of a volume; no request waits for them.
    pub(crate) fn deferred(&mut self, volume: Volume, amount: AmountId, key: KeyId) {
        if volume.guests {
            self.emit(Op::Exit(Exits::Deferred { amount }));
        }
        let mount = volume.mount;
        if volume.collects {
            for pool in 0..volume.pools {
                self.emit(Op::Defer { at: (mount, Some(pool)), amount, key });
            }
        } else {
            self.emit(Op::Defer { at: (mount, None), amount, key });
        }
    }
}
