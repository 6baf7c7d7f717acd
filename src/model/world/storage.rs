//! The way of an operation to storage: which pool, which head, which memory.
//!
//! Model: an operation on a volume over several pools goes to one of them, drawn by the operation's
//! own key; the operations of one step go to one pool after the other, each pool's together. A pool
//! has an owner among the heads of its file server. The owner's volumes are served by the owner, by
//! its partner, or by nobody: a fact of the health net says which ([`Handed`]). What is asked for
//! while nobody serves it waits at the head that it came to, and is sent again on its client's
//! schedule, wherever the volumes are then. The disks stay the same; what a head reads it keeps in
//! its own memory.
//!
//! In: operations of a request, changes of who serves. Holds: an operation is at one head at a time;
//! a mount without a partner is served by its owner for ever. Leaves out: what is in the memory of
//! the head that takes over about the other's volumes (nothing: it starts cold).
//! Source: takeover and giveback as of a pair of filers of the data ONTAP family.

use super::{Around, Bounded};
use crate::convert::whole;
use crate::health::FactId;
use crate::kinds::nas::live::{self as head, Head, Service, Work};
use crate::model::blueprint::{Config, Mount};
use crate::model::ids::{AmountId, CauseId, ComponentId, KeyId};
use crate::model::request::{Request, RequestId};
use crate::model::route::{Draws, MOST, Op};
use crate::model::{Component, Ctx, Health, Held};
use crate::units::{SimDuration, SimTime};

/// Who serves the volumes of a head, by facts of the whole; none of them holds: the head itself.
#[derive(Clone, Debug)]
pub struct Handed {
    /// The head that owns them.
    pub owner: ComponentId,
    /// The first fact that holds says which head serves them; none: nobody does.
    pub states: Vec<(FactId, Option<ComponentId>)>,
}

/// The volumes of a head.
#[derive(Clone, Copy, Debug)]
struct Volumes {
    /// The head that serves them; none: nobody.
    by: ComponentId,
    /// What opens or locks waits until then.
    grace: SimTime,
    /// Why they are not served by their owner; none: they are.
    cause: Option<CauseId>,
    /// Their owner has lost what it knew of its clients.
    forgot: bool,
}

/// Where data lies now.
#[derive(Clone, Debug)]
pub(in crate::model) struct Storage {
    /// Who serves whose volumes, by component.
    volumes: Vec<Volumes>,
    /// Members of databases that took the data of another, with whose they use.
    remounted: Vec<(ComponentId, ComponentId)>,
}

impl Storage {
    /// Every owner serves its own.
    pub(super) fn new(components: usize) -> Self {
        let own = |index| Volumes {
            by: ComponentId::at(index),
            grace: SimTime::ZERO,
            cause: None,
            forgot: false,
        };
        Self { volumes: (0..components).map(own).collect(), remounted: Vec::new() }
    }

    /// By owner: who serves its volumes, and until when what opens or locks waits.
    pub(in crate::model) fn served(&self) -> Vec<(ComponentId, SimTime)> {
        self.volumes.iter().map(|volumes| (volumes.by, volumes.grace)).collect()
    }
}

/// Which operations of a step go to one pool of a volume.
#[derive(Clone, Copy, Debug)]
pub enum Among {
    /// All: there is one pool.
    All,
    /// A bit for each of at most 64.
    Few(u64),
    /// Those that draw this pool.
    Many {
        /// Key of the draw.
        key: KeyId,
        /// The pool.
        pool: u8,
        /// Pools of the volume.
        pools: u8,
    },
}

impl Among {
    /// Whether operation `sub` of a step of `request` is one of them.
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

/// The pool that operation `sub` of a step of `request` goes to, of `pools`; `key` is that of the draw.
fn pool_drawn(draws: &Draws<'_>, key: KeyId, request: &Request, sub: u32, pools: u8) -> u8 {
    let uniform = draws.uniform(key, request, sub);
    whole::u8(uniform * f64::from(pools)).min(pools - 1)
}

impl Around<'_> {
    /// Whose data a member of a database uses: its own, or those that it took over.
    pub(crate) fn data_owner(&self, member: ComponentId) -> ComponentId {
        let moved = self.storage.remounted.iter().find(|(other, _)| *other == member);
        moved.map_or(member, |(_, owner)| *owner)
    }

    /// Where block `number` of the data of a member of a database lies now: the pools of its volume
    /// have one after the other.
    pub(crate) fn data_of(&self, member: ComponentId, number: u64) -> Option<Mount> {
        let part = &self.plan.parts[self.data_owner(member).index()];
        let volume = part.mounts.first()?;
        match u16::try_from(number % u64::from(volume.pools)).expect("less than pools, of 8 bits") {
            0 => Some(*volume),
            pool => part.further.get(usize::from(volume.others + pool - 1)).copied(),
        }
    }

    /// Two members of a database exchange their data.
    pub(crate) fn swap_data(&mut self, one: ComponentId, other: ComponentId) {
        let (a, b) = (self.data_owner(one), self.data_owner(other));
        self.storage.remounted.retain(|(member, _)| *member != one && *member != other);
        self.storage.remounted.extend([(one, b), (other, a)]);
    }

    /// Members that exchanged their data before the world began have those of each other.
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

    /// Pool `pool` of a volume that the innermost component of `id` has mounted.
    fn pool_of(&self, id: RequestId, mount: u8, pool: u8) -> Option<Mount> {
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

    /// Which of `count` operations go to `pool`, and how many of them.
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

    /// Operations of `id` at the head in front of one pool of a volume; false when it has none there.
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
            // Straight to the pool that it draws.
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

    /// The operations of a step of `id` lie on the pool it comes from: it passes the others by.
    fn no_further_pool(&mut self, id: RequestId, step: KeyId) {
        let entry = &mut self.requests[id];
        while let Op::Head { key, .. } = self.plan.routes.ops[entry.pc as usize]
            && key == step
        {
            entry.pc += 1;
        }
    }

    /// A disk operation of `id`; false when the memory in front of the disks has what it reads.
    pub(super) fn at_disk(&mut self, id: RequestId, mount: u8, write: bool, key: KeyId) -> bool {
        let pools = self.pool_of(id, mount, 0).map_or(1, |volume| volume.pools);
        let drawn = |request| pool_drawn(&self.draws, KeyId(key.0 + 3), request, 0, pools);
        let pool = if pools > 1 { drawn(&self.requests[id]) } else { 0 };
        let Some(volume) = self.pool_of(id, mount, pool) else { return false };
        if !write && self.is_in_memory(id, volume, key) {
            return false;
        }
        let disks = volume.disks;
        let cause = self.states.causes[disks.index()];
        self.component_ctx(disks, cause, |component, ctx| {
            if let Component::Disks(disks) = component {
                disks.operate(ctx, id, key, write);
            }
        });
        true
    }

    /// Writes of `id` that nobody waits for.
    pub(super) fn defer(&mut self, id: RequestId, mount: u8, amount: AmountId, key: KeyId) {
        let Some(first) = self.pool_of(id, mount, 0) else { return };
        let count = self.draws.amount(amount, &self.requests[id]);
        if count > u32::from(MOST) {
            return self.stops_for(id, Bounded::Operations);
        }
        for pool in 0..first.pools {
            let (among, _) = self.among(id, KeyId(key.0 + 3), count, pool, first.pools);
            let Some(volume) = self.pool_of(id, mount, pool) else { continue };
            let cause = self.states.causes[volume.disks.index()];
            self.component_ctx(volume.disks, cause, |component, ctx| {
                if let Component::Disks(disks) = component {
                    disks.defer(ctx, id, key, count, among);
                }
            });
        }
    }

    /// Whether a read of `id` finds its block in the memory in front of the disks of `volume`; a
    /// block that was not there is from now on. Its key is the third of the operation at a disk.
    fn is_in_memory(&mut self, id: RequestId, volume: Mount, key: KeyId) -> bool {
        let Some((own, content)) = volume.memory else { return false };
        let home = volume.head.is_none_or(|head| self.storage.volumes[head.index()].by == head);
        let memory = if home { own } else { volume.away.unwrap_or(own) };
        let uniform = self.draws.uniform(KeyId(key.0 + 2), &self.requests[id], 0);
        match &mut self.components[memory.index()] {
            Component::Cache(cache) => cache.read(self.now, content, uniform),
            _ => false,
        }
    }

    /// `id`, which waits at a head, sends its operation again: to the head that serves its volumes.
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

    /// Whether all pools of the first volume of `member` can be read and written now.
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

    /// Lets `act` be done with a head, in the context of why it or the volumes asked for are ill.
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

    /// The volumes of `owner` are served by `by` from now on, or by nobody, for `cause`; by their
    /// owner without one.
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

    /// A component is in another state: a head whose process was gone begins its service of volumes anew.
    pub(crate) fn owner_fares(&mut self, id: ComponentId, health: Health) {
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

    /// From now on, for a while, what opens or locks on the volumes of `owner` waits.
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
