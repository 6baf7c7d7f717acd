//! File servers in the event loop: heads, pools of disks, and the memory of each head.

use crate::convert::table;
use crate::kinds::disks::components::{Users, disks};
use crate::kinds::nas::live::HeadConfig;
use crate::kinds::nas::{Nas, caching};
use crate::model::blueprint::{Config, Mount, Part};
use crate::model::ids::ComponentId;
use crate::model::spec::memory::{ContentSpec, MemoryPolicy};
use crate::plan::Draft;
use crate::plan::compile::{Builder, MemoryOf};
use crate::plan::faults;
use crate::plan::kind::components::{Components, none};
use crate::plan::links::Store;
use crate::plan::names::member_name;
use crate::plan::part;
use crate::plan::program::law_of;
use crate::scenario::value::Spanned;
use crate::units::SimDuration;

impl Components for Nas {
    none!(carries, pools, entrance, keeper, finish);

    fn gather(&self, builder: &mut Builder<'_>) {
        let draft = builder.draft();
        let causes = faults::of_failed_disks(draft);
        for (index, (name, spec)) in draft.scenario.nas.iter().enumerate() {
            for number in 0..spec.heads.value {
                let name = head_name(draft, index, number);
                builder.want(name, move |builder, id| head(builder, id, index));
            }
            for (at, (pool, spec)) in spec.pools.iter().enumerate() {
                let cause = causes.get(&part::Part::Pool { nas: index, pool: at }).copied();
                let volumes = volumes_on(draft, index, at).count();
                builder.want(format!("{name}.{}", pool.text), move |builder, id| {
                    let users = Users::Volumes(volumes);
                    let config = disks(builder, id, spec, users, None, false, cause);
                    builder.part(id, config)
                });
            }
            for number in (0..spec.heads.value).filter(|_| caching::caches(draft, index)) {
                let name = memory_name(draft, index, number);
                builder.want(name, move |builder, id| memory(builder, id, index, number));
            }
        }
    }

    /// Returns the pools of a volume, each with the head in front of it.
    fn mounts(&self, builder: &Builder<'_>, store: Store, _: (usize, u32)) -> Vec<Mount> {
        let Store::Volume { nas, volume } = store else { return Vec::new() };
        let draft = builder.draft();
        let (name, spec) = &draft.scenario.nas[nas];
        let pools = draft.links.nas[nas].volumes[volume].iter().enumerate();
        let one_collects = pools.clone().any(|(_, at)| spec.pools[*at].1.transactions.is_some());
        let collects = pools.len() > 1 && one_collects;
        let mount = |(place, pool): (usize, &usize)| {
            let mut on_pool = volumes_on(draft, nas, *pool);
            let (pool, spec_of_pool) = &spec.pools[*pool];
            let of_pool = spec_of_pool.transactions.as_ref();
            let data_set = of_pool.and_then(|_| on_pool.position(|on| on == volume));
            let data_set = data_set.map(table::u32);
            let disks = builder.id(&format!("{name}.{}", pool.text));
            let owner = spec_of_pool.head.value - 1;
            let head = builder.id(&head_name(draft, nas, owner));
            let before = |number| before_volume(builder, (nas, number), volume, place);
            let away = (spec.heads.value > 1).then(|| before(1 - owner)).flatten();
            let away = away.map(|(memory, _)| memory);
            let memory = before(owner);
            Mount { memory, away, data_set, collects, ..Mount::alone(Some(head), disks) }
        };
        pools.map(mount).collect()
    }
}

/// Returns the volumes that lie on a pool, wholly or in part.
pub(super) fn volumes_on(
    draft: &Draft,
    nas: usize,
    pool: usize,
) -> impl Iterator<Item = usize> + '_ {
    let volumes = draft.links.nas[nas].volumes.iter().enumerate();
    volumes.filter(move |(_, pools)| pools.contains(&pool)).map(|(volume, _)| volume)
}

/// Returns the name of the component of head `number` of a file server; a single head has no number in its name.
pub(super) fn head_name(draft: &Draft, nas: usize, number: u32) -> String {
    let (name, spec) = &draft.scenario.nas[nas];
    let head = format!("{name}.head");
    if spec.heads.value == 1 { head } else { member_name(&head, number) }
}

/// Returns the name of the component of the memory of head `number` of a file server.
pub(super) fn memory_name(draft: &Draft, nas: usize, number: u32) -> String {
    let (name, spec) = &draft.scenario.nas[nas];
    if spec.heads.value == 1 {
        format!("{name}.objects")
    } else {
        format!("{}.objects", head_name(draft, nas, number))
    }
}

fn head(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Part {
    let spec = &builder.draft().scenario.nas[index].1;
    let law = law_of(&spec.cpu);
    // A plain duration is the mean of an exponential law: operations differ.
    let law = if spec.cpu.is_plain { law.exponential_of_same_mean() } else { law };
    let config = Config::Head(HeadConfig {
        time: law.sampler(),
        grace: spec.grace.as_ref().map_or(SimDuration::ZERO, |grace| grace.value),
        opens: spec.opens.as_ref().map_or(0.0, |share| share.value.get()),
        unit: builder.unit(id, 0),
    });
    builder.part(id, config)
}

/// Makes the memory of a head. It holds the content of every volume, pool by pool, including the pools of the other
/// head, which this head serves after a takeover.
fn memory(builder: &mut Builder<'_>, id: ComponentId, nas: usize, number: u32) -> Part {
    let draft = builder.draft();
    let owner = builder.id(&head_name(draft, nas, number));
    let memory = caching::size(draft, nas);
    let contents = contents_by_pool(draft, nas);
    let contents: Vec<_> =
        contents.iter().map(|(_, _, pools, content)| (*pools, *content)).collect();
    let policy = draft.scenario.nas[nas].1.ram_cache_policy.as_ref();
    let is_adaptive = MemoryPolicy::is_adaptive(policy);
    let takes_writes = draft.scenario.nas[nas].1.ram_cache_writes.as_ref();
    let takes_writes = takes_writes.is_some_and(|takes| takes.value);
    let of = MemoryOf { size: memory, is_adaptive, takes_writes, second: None };
    let config = builder.memory(owner, of, &contents);
    builder.part(id, config)
}

/// Returns the contents of the volumes of a file server, one entry per pool of each volume: volume,
/// index among its pools, number of its pools, content.
pub(super) fn contents_by_pool(
    draft: &Draft,
    nas: usize,
) -> Vec<(usize, usize, u64, &Spanned<ContentSpec>)> {
    let mut all = Vec::new();
    for (volume, content) in caching::contents(draft, nas) {
        let pools = draft.links.nas[nas].volumes[volume].len();
        all.extend((0..pools).map(|place| (volume, place, pools as u64, content)));
    }
    all
}

/// Returns the memory of a head in front of pool `place` of a volume, and the index of the content in that memory;
/// `None` if the volume has no content or the head no memory.
fn before_volume(
    builder: &Builder<'_>,
    (nas, number): (usize, u32),
    volume: usize,
    place: usize,
) -> Option<(ComponentId, u32)> {
    let contents = contents_by_pool(builder.draft(), nas);
    let content = contents.iter().position(|one| (one.0, one.1) == (volume, place))?;
    let name = memory_name(builder.draft(), nas, number);
    Some((builder.numbers().find(&name)?, table::u32(content)))
}
