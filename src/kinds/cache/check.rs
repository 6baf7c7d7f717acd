//! References of caches, and checks of their keys.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::cache::plan::Cache;
use crate::kinds::cache::spec::{CachePolicy, CacheSpec};
use crate::plan::Draft;
use crate::plan::checks::{exclude, inert, inert_if, missing};
use crate::plan::kind::checks::{Checks, Purpose, none};
use crate::plan::links::{Links, Walk};
use crate::plan::names::Kind;
use crate::plan::route::{Does, each};
use crate::scenario::diagnostic::Diagnostics;

impl Checks for Cache {
    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let all = walk.scenario().cache.iter();
        links.own.caches = all.map(|(_, cache)| walk.zone_member(&cache.in_)).collect();
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (_, cache) in draft.scenario.cache.iter() {
            check_cache(cache, out);
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose::Requests
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.own.caches.iter().flatten().map(|(zone, _)| (Kind::Zone, *zone)));
    }

    /// Reports a cache whose objects change, and in which nothing is looked up.
    fn unused(&self, draft: &Draft, out: &mut Diagnostics) {
        let (mut read, mut changed) = (BTreeSet::new(), BTreeMap::new());
        for route in &draft.routes {
            each(&route.steps, &mut |step| {
                let Does::Ask(ask) = &step.does else { return };
                let (Kind::Cache, cache) = ask.of() else { return };
                match ask.changes() {
                    None => _ = read.insert(cache),
                    Some(_) => _ = changed.entry(cache).or_insert(step.span),
                }
            });
        }
        for (cache, span) in changed.into_iter().filter(|(cache, _)| !read.contains(cache)) {
            let name = &draft.scenario.cache[cache].0;
            let message = format!("no step looks anything up in the cache `{name}`");
            let help = format!("look it up: `{{ cache = \"{name}\" }}`; or remove the step");
            inert(span, message, &help, out);
        }
    }

    none!(entrance, onward, store, begins, arrows, receives, lint);
}

fn check_cache(cache: &CacheSpec, out: &mut Diagnostics) {
    if cache.sliding_ttl.value && cache.ttl.is_none() {
        let help = "give a `ttl`, or remove `sliding-ttl`";
        inert(cache.sliding_ttl.span, "there is no `ttl` to renew", help, out);
    }
    if let Some(ttl) = cache.ttl.as_ref().filter(|_| cache.policy.value == CachePolicy::Arc) {
        let message = "an adaptive cache (`arc`) keeps objects for ever";
        exclude(ttl.span, cache.policy.span, message, out);
    }
    match (&cache.hit, &cache.popularity) {
        (None, None) => missing(cache.span, "hit", "or `objects` and `popularity`", out),
        (Some(hit), Some(popularity)) => {
            exclude(popularity.span, hit.span, "the hit ratio is either given or computed", out);
        }
        (Some(_), None) => {
            let message = "the hit ratio is given: nothing is stored";
            inert_if(cache.objects.as_ref(), message, "remove it, or `hit`", out);
            inert_if(cache.ttl.as_ref(), message, "remove it, or `hit`", out);
        }
        (None, Some(_)) if cache.objects.is_none() => {
            missing(cache.span, "objects", "its capacity in objects", out);
        }
        _ => {}
    }
}
