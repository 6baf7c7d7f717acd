//! The path of an operation to storage: pool, head and memory.
//!
//! Model: an operation on a volume over several pools goes to one of them, drawn by the operation's own key. The
//! operations of one step visit the pools one after the other, each pool's together. A pool has an owner among
//! the heads of its file server. The owner's volumes are served by the owner, by its partner, or by no head: a
//! fact of the health net decides ([`Handed`]). An operation that arrives while no head serves it waits at the
//! head that it came to. Its client sends it again on its schedule, to the head that serves the volumes then. The
//! disks stay the same; a head keeps what it reads in its own memory.
//!
//! In: operations of a request, changes of the serving head. Holds: an operation is at one head at a time; a
//! mount without a partner is served by its owner for ever. Leaves out: content of the other head's volumes in
//! the memory of the head that takes over (it starts cold).
//! Source: takeover and giveback of a pair of filers of the data ONTAP family.

use super::{Around, Bounded};
use crate::convert::whole;
use crate::health::FactId;
use crate::kinds::cache::live::blocks::Found;
use crate::kinds::disks::live::NO_ZONE;
use crate::kinds::nas::live::{self as head, Head, Service, Work};
use crate::model::blueprint::{Config, Mount};
use crate::model::ids::{AmountId, CauseId, ComponentId, KeyId};
use crate::model::request::{Marks, Request, RequestId};
use crate::model::route::{Draws, MOST, Op};
use crate::model::{Component, Ctx, Health, Held};
use crate::units::{SimDuration, SimTime};

/// The head that serves the volumes of an owner, as a function of system-level facts. If none holds, the owner
/// does.
#[derive(Clone, Debug)]
pub struct Handed {
    /// The head that owns them.
    pub owner: ComponentId,
    /// Serving head by fact: the first fact that holds decides; `None`: no head serves them.
    pub states: Vec<(FactId, Option<ComponentId>)>,
}

/// Present service of the volumes of a head.
#[derive(Clone, Copy, Debug)]
struct Volumes {
    /// The head that serves them; [`ComponentId::NONE`] if no head does.
    by: ComponentId,
    /// Operations that open or lock wait until this instant.
    grace: SimTime,
    /// Cause of a service by another head or none; `None`: their owner serves them.
    cause: Option<CauseId>,
    /// True if their owner has lost its state of its clients.
    forgot: bool,
}

/// Present location of data.
#[derive(Clone, Debug)]
pub(in crate::model) struct Storage {
    /// Present service of volumes, by component that owns them.
    volumes: Vec<Volumes>,
    /// Database members that took over the data of another member: (member, owner of the data it uses).
    remounted: Vec<(ComponentId, ComponentId)>,
}

impl Storage {
    /// Returns the state in which every owner serves its own volumes.
    pub(super) fn new(components: usize) -> Self {
        let own = |index| Volumes {
            by: ComponentId::at(index),
            grace: SimTime::ZERO,
            cause: None,
            forgot: false,
        };
        Self { volumes: (0..components).map(own).collect(), remounted: Vec::new() }
    }

    /// Returns, by owner, the head that serves its volumes and the end of its grace period.
    pub(in crate::model) fn served(&self) -> Vec<(ComponentId, SimTime)> {
        self.volumes.iter().map(|volumes| (volumes.by, volumes.grace)).collect()
    }
}

/// The operations of a step that go to one pool of a volume.
#[derive(Clone, Copy, Debug)]
pub enum Among {
    /// All operations: there is one pool.
    All,
    /// A bit set of at most 64 operations.
    Few(u64),
    /// The operations that draw this pool.
    Many {
        /// Key of the draw.
        key: KeyId,
        /// The pool.
        pool: u8,
        /// Number of pools of the volume.
        pools: u8,
    },
}

impl Among {
    /// Returns whether operation `sub` of a step of `request` goes to the pool.
    #[inline]
    #[must_use]
    pub fn has(self, draws: &Draws<'_>, request: &Request, sub: u32) -> bool {
        match self {
            Self::All => true,
            Self::Few(bits) => bits >> sub & 1 == 1,
            Self::Many { key, pool, pools } => pool_drawn(draws, key, request, sub, pools) == pool,
        }
    }
}

/// Returns the pool, of `pools`, that operation `sub` of a step of `request` draws with `key`.
fn pool_drawn(draws: &Draws<'_>, key: KeyId, request: &Request, sub: u32, pools: u8) -> u8 {
    let uniform = draws.uniform(key, request, sub);
    whole::u8(uniform * f64::from(pools)).min(pools - 1)
}

impl Around<'_> {
    /// Returns the owner of the data that a database member uses: itself, or the member it took over from.
    pub(crate) fn data_owner(&self, member: ComponentId) -> ComponentId {
        let moved = self.storage.remounted.iter().find(|(other, _)| *other == member);
        moved.map_or(member, |(_, owner)| *owner)
    }

    /// Returns the mount of block `number` of the data of a database member. Blocks are spread over the pools of
    /// its volume in turn.
    pub(crate) fn data_of(&self, member: ComponentId, number: u64) -> Option<Mount> {
        let part = &self.plan.parts[self.data_owner(member).index()];
        let volume = part.mounts.first()?;
        match u16::try_from(number % u64::from(volume.pools)).expect("less than pools, of 8 bits") {
            0 => Some(*volume),
            pool => part.further.get(usize::from(volume.others + pool - 1)).copied(),
        }
    }

    /// Exchanges the data of two database members.
    pub(crate) fn swap_data(&mut self, one: ComponentId, other: ComponentId) {
        let (a, b) = (self.data_owner(one), self.data_owner(other));
        self.storage.remounted.retain(|(member, _)| *member != one && *member != other);
        self.storage.remounted.extend([(one, b), (other, a)]);
    }

    /// Exchanges the data of those members that had exchanged theirs before the world began.
    pub(super) fn start_remounted(&mut self) {
        let Some(past) = &self.past else { return };
        let swaps = self.components.iter().enumerate().filter_map(|(index, component)| {
            let leader = past.holder(ComponentId::at(index)).filter(|leader| *leader > 0)?;
            component.data_swap(leader)
        });
        for (new, old) in swaps.collect::<Vec<_>>() {
            self.swap_data(new, old);
        }
    }

    /// Returns pool `pool` of a volume that the innermost component of `id` has mounted.
    pub(super) fn pool_of(&self, id: RequestId, mount: u8, pool: u8) -> Option<Mount> {
        let member = self.requests[id].top().at;
        let owner =
            if self.storage.remounted.is_empty() { member } else { self.data_owner(member) };
        let part = &self.plan.parts[owner.index()];
        let volume = part.mounts[usize::from(mount)];
        match pool {
            0 => Some(volume),
            _ if pool >= volume.pools => None,
            _ => Some(part.further[usize::from(volume.others + u16::from(pool) - 1)]),
        }
    }

    /// Returns which of `count` operations go to `pool`, and their number.
    fn among(&self, id: RequestId, key: KeyId, count: u32, pool: u8, pools: u8) -> (Among, u32) {
        if pools == 1 {
            return (Among::All, count);
        }
        let here =
            |sub: &u32| pool_drawn(&self.draws, key, &self.requests[id], *sub, pools) == pool;
        if count > u64::BITS {
            let here = (0..count).filter(here).map(|_| 1).sum();
            return (Among::Many { key, pool, pools }, here);
        }
        let bits: u64 = (0..count).filter(here).fold(0, |all, sub| all | 1 << sub);
        (Among::Few(bits), bits.count_ones())
    }

    /// Starts operations of `id` at the head in front of one pool of a volume. Returns false if there are none
    /// for that head.
    pub(super) fn at_head(
        &mut self,
        id: RequestId,
        (mount, pool): (u8, u8),
        amount: AmountId,
        key: KeyId,
    ) -> bool {
        let Some(mut volume) = self.pool_of(id, mount, pool) else { return false };
        if volume.head.is_none() {
            return false;
        }
        let count = self.draws.amount(amount, &self.requests[id]);
        if count == 0 {
            self.no_further_pool(id, key);
            return false;
        }
        if count > u32::from(MOST) {
            self.stops_for(id, Bounded::Operations);
            return true;
        }
        let of_pools = KeyId(key.0 + 2);
        let (among, here) = if count == 1 && volume.pools > 1 {
            // A single operation goes straight to the pool that it draws.
            let drawn = pool_drawn(&self.draws, of_pools, &self.requests[id], 0, volume.pools);
            if drawn > pool {
                let Some(other) = self.pool_of(id, mount, drawn) else { return false };
                volume = other;
            }
            (Among::Few(1), u32::from(drawn >= pool))
        } else {
            self.among(id, of_pools, count, pool, volume.pools)
        };
        if here == count {
            self.no_further_pool(id, key);
        }
        let Some(owner) = volume.head.filter(|_| here > 0) else { return false };
        let volumes = self.storage.volumes[owner.index()];
        let here = volumes.by != ComponentId::NONE;
        let at = if here { volumes.by } else { owner };
        let service = Service { here, grace: volumes.grace };
        let work = Work { owner, key, count, among, persistence: volume.persistence };
        self.head_ctx(at, volumes.cause, |head, ctx| head.operate(ctx, id, work, service));
        true
    }

    /// Skips the other pools of a step of `id`, which have no operations of it.
    fn no_further_pool(&mut self, id: RequestId, step: KeyId) {
        let entry = &mut self.requests[id];
        while let Op::Head { key, .. } = self.plan.routes.ops[entry.pc as usize]
            && key == step
        {
            entry.pc += 1;
        }
    }

    /// Starts a disk operation of `id`, at the disks of the volume or of a second level. Returns false if the memory in
    /// front of them has the block.
    pub(super) fn at_disk(&mut self, id: RequestId, mount: u8, write: bool, key: KeyId) -> bool {
        let pools = self.pool_of(id, mount, 0).map_or(1, |volume| volume.pools);
        let drawn = |request| pool_drawn(&self.draws, KeyId(key.0 + 3), request, 0, pools);
        let pool = if pools > 1 { drawn(&self.requests[id]) } else { 0 };
        let Some(volume) = self.pool_of(id, mount, pool) else { return false };
        let marks = self.requests[id].marks;
        let spun = marks.has(Marks::SPUN);
        if marks.has(Marks::OF_DISK) {
            self.requests[id].marks.set(Marks::OF_DISK, false);
        } else if !write {
            match self.in_memory(id, volume, key) {
                Found::Nowhere => {}
                Found::Memory => return false,
                Found::Second(disks) => {
                    self.operates(id, disks, false, key, NO_ZONE);
                    return true;
                }
            }
        } else if !spun {
            self.enter_memory(id, volume, key, (0, 1));
        }
        if let Some(zone) = volume.data_set
            && !spun
            && self.spins(id, (volume.disks, zone), write, 1)
        {
            // The processor lets the request continue at this same operation.
            let entry = &mut self.requests[id];
            entry.marks.set(Marks::SPUN, true);
            entry.pc -= 1;
            return true;
        }
        self.operates(id, volume.disks, write, key, volume.data_set.unwrap_or(NO_ZONE));
        true
    }

    /// Queues an operation of `id` at a set of disks.
    #[inline]
    pub(super) fn operates(
        &mut self,
        id: RequestId,
        disks: ComponentId,
        write: bool,
        key: KeyId,
        data_set: u32,
    ) {
        let cause = self.states.causes[disks.index()];
        self.component_ctx(disks, cause, |component, ctx| {
            if let Component::Disks(disks) = component {
                disks.operate(ctx, id, key, write, data_set);
            }
        });
    }

    /// Lets `id` spin as long as the throttle of `disks` delays `count` operations of its zone there. Returns false if
    /// it delays none.
    #[inline(never)]
    fn spins(
        &mut self,
        id: RequestId,
        (disks, zone): (ComponentId, u32),
        write: bool,
        count: u32,
    ) -> bool {
        let Component::Disks(set) = &mut self.components[disks.index()] else { return false };
        let work = set.spin(self.now, zone, write, count).nanos();
        let member = self.requests[id].top().at;
        let Some(place) = self.plan.parts[member.index()].place.filter(|_| work > 0) else {
            return false;
        };
        let cause = self.states.causes[place.cpu.index()];
        self.component_ctx(place.cpu, cause, |component, ctx| {
            if let Component::Cpu(cpu) = component {
                cpu.compute(ctx, id, place.zone, (work, 1));
            }
        });
        true
    }

    /// Starts writes of `id` for which no request waits: at one pool of the volume, or without `of` at all of them. Returns
    /// true if `id` spins or waits first, or fails for want of space.
    pub(super) fn defer(
        &mut self,
        id: RequestId,
        (mount, of): (u8, Option<u8>),
        amount: AmountId,
        key: KeyId,
    ) -> bool {
        let Some(first) = self.pool_of(id, mount, of.unwrap_or(0)) else { return false };
        let count = self.draws.amount(amount, &self.requests[id]);
        if count > u32::from(MOST) {
            self.stops_for(id, Bounded::Operations);
            return false;
        }
        let pools = of.map_or(0..first.pools, |pool| pool..pool + 1);
        let among =
            |world: &Self, pool| world.among(id, KeyId(key.0 + 3), count, pool, first.pools);
        let mut entered: u32 = (0..pools.start).map(|pool| among(self, pool).1).sum();
        for pool in pools {
            let (among, here) = among(self, pool);
            let Some(volume) = self.pool_of(id, mount, pool) else { continue };
            if let Some(data_set) = volume.data_set
                && let Component::Disks(disks) = &self.components[volume.disks.index()]
                && disks.buffers()
            {
                if !self.requests[id].marks.has(Marks::SPUN) {
                    self.enter_memory(id, volume, key, (entered, here));
                }
                return self.buffer(id, (volume.disks, data_set), here);
            }
            let cause = self.states.causes[volume.disks.index()];
            let stored =
                self.component_ctx(volume.disks, cause, |component, ctx| match component {
                    Component::Disks(disks) => disks.defer(ctx, id, key, count, among),
                    _ => true,
                });
            if !stored {
                return true;
            }
            self.enter_memory(id, volume, key, (entered, here));
            entered += here;
        }
        first.data_set.is_some_and(|zone| self.spins(id, (first.disks, zone), true, count))
    }

    /// Lets `count` writes of `id` join a transaction group of `disks`, after it has spun. Returns true if it waits for
    /// one or the other.
    #[inline(never)]
    fn buffer(&mut self, id: RequestId, (disks, data_set): (ComponentId, u32), count: u32) -> bool {
        let spun = self.requests[id].marks.has(Marks::SPUN);
        self.requests[id].marks.set(Marks::OF_DISK, false);
        if count == 0 {
            return false;
        }
        if !spun && self.spins(id, (disks, data_set), true, count) {
            // The processor lets the request continue at this same operation.
            let entry = &mut self.requests[id];
            entry.marks.set(Marks::SPUN, true);
            entry.pc -= 1;
            return true;
        }
        let cause = self.states.causes[disks.index()];
        self.component_ctx(disks, cause, |component, ctx| match component {
            Component::Disks(set) => set.buffer(ctx, id, data_set, count),
            _ => false,
        })
    }

    /// Returns where a read of `id` finds its block: in the memory in front of the disks of `volume`, on its second
    /// level, or on those disks. A block that is not in memory is stored there. The draw has the third key of the disk
    /// operation.
    fn in_memory(&mut self, id: RequestId, volume: Mount, key: KeyId) -> Found {
        let Some((own, content)) = volume.memory else { return Found::Nowhere };
        let memory = self.serving_memory(own, volume);
        let uniform = self.draws.uniform(KeyId(key.0 + 2), &self.requests[id], 0);
        match &mut self.components[memory.index()] {
            Component::Cache(cache) => cache.read(self.now, content, uniform),
            _ => Found::Nowhere,
        }
    }

    /// Returns the memory of the head that serves a volume; `own` is that of its home.
    fn serving_memory(&self, own: ComponentId, volume: Mount) -> ComponentId {
        let home = volume.head.is_none_or(|head| self.storage.volumes[head.index()].by == head);
        if home { own } else { volume.away.unwrap_or(own) }
    }

    /// Lets `count` blocks that `id` writes enter the memory in front of the disks of `volume`, if it takes them, and the
    /// disks are there and have space. The draws have the third key of the disk operation, from the number `first` on.
    #[inline]
    fn enter_memory(
        &mut self,
        id: RequestId,
        volume: Mount,
        key: KeyId,
        (first, count): (u32, u32),
    ) {
        let Some((own, content)) = volume.memory else { return };
        let memory = self.serving_memory(own, volume);
        let takes = |component: &Component| match component {
            Component::Cache(cache) => cache.takes_writes(),
            _ => false,
        };
        let stores = |component: &Component| match component {
            Component::Disks(disks) => disks.stores(),
            _ => true,
        };
        if !takes(&self.components[memory.index()])
            || !stores(&self.components[volume.disks.index()])
        {
            return;
        }
        let Component::Cache(cache) = &mut self.components[memory.index()] else { return };
        for number in first..first + count {
            let uniform = self.draws.uniform(KeyId(key.0 + 2), &self.requests[id], number);
            cache.write(self.now, content, uniform);
        }
    }

    /// Sends the operation of `id`, which waits at a head, again to the head that serves its volumes.
    pub(crate) fn sent_again(&mut self, id: RequestId) {
        let at = self.requests[id].at;
        let volumes = self.storage.volumes[head::owner(&self.requests[id]).index()];
        let service = Service { here: volumes.by == at, grace: volumes.grace };
        let moved = volumes.by != at && self.answers(volumes.by);
        if !moved {
            return self.head_ctx(at, volumes.cause, |head, ctx| head.sent_again(ctx, id, service));
        }
        let service = Service { here: true, ..service };
        self.head_ctx(at, volumes.cause, |head, ctx| head.hand_over(ctx, id));
        self.head_ctx(volumes.by, volumes.cause, |head, ctx| head.take(ctx, id, service));
    }

    /// Returns whether all pools of the first volume of `member` can be read and written now.
    pub(crate) fn volume_answers(&self, member: ComponentId) -> bool {
        let part = &self.plan.parts[member.index()];
        let Some(volume) = part.mounts.first() else { return true };
        let further = usize::from(volume.others);
        let others = &part.further[further..further + usize::from(volume.pools) - 1];
        let works = |part: ComponentId| self.states.healths[part.index()].works();
        std::iter::once(volume).chain(others).all(|pool| {
            let served = |head: ComponentId| {
                let by = self.storage.volumes[head.index()].by;
                by != ComponentId::NONE && self.answers(by)
            };
            pool.head.is_none_or(served) && works(pool.disks)
        })
    }

    fn answers(&self, head: ComponentId) -> bool {
        let component = self.components.get(head.index());
        component.is_some_and(|component| matches!(component, Component::Head(h) if h.serves()))
    }

    /// Calls `act` with a head, in the context of the cause of its own failure or of the failed service of
    /// volumes.
    fn head_ctx(
        &mut self,
        at: ComponentId,
        cause: Option<CauseId>,
        act: impl FnOnce(&mut Head, &mut Ctx<'_>),
    ) {
        let own = self.states.causes[at.index()];
        let cause = if own == CauseId::OVERLOAD { cause.unwrap_or(own) } else { own };
        self.component_ctx(at, cause, |component, ctx| {
            if let Component::Head(head) = component {
                act(head, ctx);
            }
        });
    }

    /// Sets the head that serves the volumes of `owner` from now on, for `cause`: `by`, or no head. Without a
    /// cause the owner serves them.
    pub(crate) fn hand_volumes(
        &mut self,
        owner: ComponentId,
        by: Option<ComponentId>,
        cause: Option<CauseId>,
    ) {
        let volumes = &mut self.storage.volumes[owner.index()];
        let (before, was) = (volumes.by, volumes.cause);
        (volumes.by, volumes.cause) = (by.unwrap_or(ComponentId::NONE), cause);
        if volumes.by != before && by.is_some() {
            volumes.forgot = false;
            self.grace_begins(owner);
        }
        if was != cause {
            self.account.put(self.now, self.requests.len(), was, cause);
        }
        let by = self.storage.volumes[owner.index()].by;
        if before != by && before != ComponentId::NONE {
            self.head_ctx(before, cause, |head, ctx| head.release(ctx, owner));
        }
    }

    /// Handles a change of health of a component. A head whose process was gone begins a new grace period for its
    /// volumes.
    pub(crate) fn owner_health(&mut self, id: ComponentId, health: Health) {
        if <Head as Held>::of(self.component(id)).is_none() {
            return;
        }
        let volumes = &mut self.storage.volumes[id.index()];
        match health {
            Health::Down => volumes.forgot = true,
            Health::Up | Health::Slow(_) if volumes.forgot => {
                volumes.forgot = false;
                self.grace_begins(id);
            }
            _ => {}
        }
    }

    /// Starts the grace period of the volumes of `owner`: operations that open or lock wait until its end.
    fn grace_begins(&mut self, owner: ComponentId) {
        let grace = match &self.plan.parts[owner.index()].config {
            Config::Head(config) => config.grace,
            _ => SimDuration::ZERO,
        };
        if grace > SimDuration::ZERO {
            self.storage.volumes[owner.index()].grace = self.now + grace;
        }
    }
}
