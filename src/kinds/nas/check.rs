//! References of file servers, and their mistakes.

use std::collections::BTreeSet;

use crate::kinds::disks;
use crate::kinds::nas::components::volumes_on;
use crate::kinds::nas::spec::NasSpec;
use crate::kinds::nas::{Nas, caching, links};
use crate::plan::Draft;
use crate::plan::checks::{inert, missing};
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Store, User, Walk};
use crate::plan::names::Kind;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;
use crate::scenario::source::Span;

impl Checks for Nas {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let all = walk.scenario().nas.iter();
        links.nas = all.map(|(_, nas)| links::follow(walk, nas)).collect();
    }

    fn store(
        &self,
        walk: &mut Walk<'_>,
        index: usize,
        volume: &str,
        span: Span,
        _: Option<User>,
    ) -> Option<Store> {
        links::store(walk, index, volume, span)
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (at, (name, nas)) in draft.scenario.nas.iter().enumerate() {
            check_nas(name, nas, out);
            check_pools(draft, at, out);
            check_memory(draft, at, out);
        }
    }

    fn lint(&self, draft: &Draft, out: &mut Diagnostics) {
        caching::lint(draft, out);
    }

    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        let racks = draft.links.nas.iter().filter_map(|nas| nas.rack);
        used.extend(racks.map(|rack| (Kind::Rack, rack)));
    }

    fn unused(&self, draft: &Draft, out: &mut Diagnostics) {
        for ((name, nas), links) in draft.scenario.nas.iter().zip(&draft.links.nas) {
            for (pool, (pool_name, _)) in nas.pools.iter().enumerate() {
                if !links.volumes.iter().any(|pools| pools.contains(&pool)) {
                    let message = format!("no volume of `{name}` lies on the pool `{pool_name}`");
                    out.push(Diagnostic::new(Code::Unused, pool_name.span, message));
                }
            }
        }
    }

    none!(entrance, onward, begins, arrows, receives);
}

/// Maximum number of pools of one volume.
const MAX_POOLS: usize = 64;

fn check_nas(name: &Name, nas: &NasSpec, out: &mut Diagnostics) {
    if nas.heads.value > 2 {
        let message = format!("`heads` is {}, at most 2", nas.heads.value);
        out.push(Diagnostic::new(Code::OutOfRange, nas.heads.span, message));
    }
    if let Some(failover) = &nas.failover
        && nas.heads.value == 1
    {
        let message = format!("`{name}` has one head: no other takes over or gives back");
        inert(failover.span, message, "set heads = 2, or remove `failover`", out);
    }
    match (&nas.grace, &nas.opens) {
        (Some(grace), None) => {
            missing(
                grace.span,
                "opens",
                "the share of operations that wait in the grace period",
                out,
            );
        }
        (None, Some(opens)) => {
            inert(opens.span, "without a `grace` no operation waits", "give a `grace`", out);
        }
        _ => {}
    }
    for (volume, spec) in nas.volumes.iter() {
        let pools = &spec.pool.value.0;
        if pools.len() > MAX_POOLS {
            let message = format!("`{name}:{volume}` lies on {} pools", pools.len());
            let help = format!("at most {MAX_POOLS}");
            out.push(Diagnostic::new(Code::TooMany, spec.pool.span, message).help(help));
        }
    }
}

fn check_pools(draft: &Draft, nas: usize, out: &mut Diagnostics) {
    for (pool, (name, set)) in draft.scenario.nas[nas].1.pools.iter().enumerate() {
        disks::check::of_pool(name, set, out);
        let volumes = volumes_on(draft, nas, pool).map(|volume| Store::Volume { nas, volume });
        let stores: Vec<Store> = volumes.collect();
        disks::check::failures::check(draft, &stores, set, true, out);
    }
}

/// Reports contents that no memory keeps, and the policy of a memory that caches nothing.
fn check_memory(draft: &Draft, at: usize, out: &mut Diagnostics) {
    let (name, nas) = &draft.scenario.nas[at];
    let policy = nas.ram_cache_policy.as_ref().map(|policy| policy.span);
    let writes = nas.ram_cache_writes.as_ref().filter(|writes| writes.value);
    let without = [policy, writes.map(|writes| writes.span)].into_iter().flatten();
    for span in without.filter(|_| !caching::caches(draft, at)) {
        let message = format!("`{name}` caches nothing: it has no `ram-cache`, or no `content`");
        inert(span, message, "give both, or remove it", out);
    }
    for (volume, content) in caching::contents(draft, at) {
        let size = nas.volumes[volume].1.size.as_ref();
        content.value.check(size, out);
        if nas.ram_cache.is_none() {
            let message = format!("`{name}` has no `ram-cache`: none of it is cached");
            inert(content.span, message, "give the file server a `ram-cache`", out);
        }
    }
}
