//! A cache in the plan: a process without a bound on workers, and beside it what it holds.

use std::collections::BTreeSet;

use crate::kinds::cache::components::content_name;
use crate::kinds::cache::spec::CacheSpec;
use crate::model::spec::popularity::PopularitySpec;
use crate::plan::Draft;
use crate::plan::checks::{exclude, inert, inert_if, missing};
use crate::plan::kind::Planned;
use crate::plan::links::{Links, Walk};
use crate::plan::names::Kind;
use crate::plan::part::{Own, Part};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::workload::popularity::Zipf;

/// Object caches.
#[derive(Debug)]
pub struct Cache;

/// The cache at `index`.
#[must_use]
pub const fn part_of(index: usize) -> Part {
    Part::Own(Own { kind: Kind::Cache, index, member: 0 })
}

impl Planned for Cache {
    fn kind(&self) -> Kind {
        Kind::Cache
    }

    fn begins(&self, _: &Draft, _: usize) -> Option<usize> {
        None
    }

    fn follow(&self, walk: &mut Walk<'_>, links: &mut Links) {
        let scenario = walk.scenario();
        links.own.caches =
            scenario.cache.iter().map(|(_, cache)| walk.zone_member(&cache.in_)).collect();
    }

    fn check(&self, draft: &Draft, out: &mut Diagnostics) {
        for (_, cache) in draft.scenario.cache.iter() {
            check_cache(cache, out);
        }
    }

    fn uses(&self, draft: &Draft, used: &mut BTreeSet<(Kind, usize)>) {
        used.extend(draft.links.own.caches.iter().flatten().map(|(zone, _)| (Kind::Zone, *zone)));
    }
}

/// Reports why the popularity of `owner` has no table.
pub(crate) fn refuse(owner: &str, spec: &PopularitySpec, out: &mut Diagnostics) {
    if let Err(error) = Zipf::new(spec.zipf.value, spec.objects.value) {
        let message = format!("{owner}: {error}");
        out.push(Diagnostic::new(Code::OutOfRange, spec.span, message));
    }
}

fn check_cache(cache: &CacheSpec, out: &mut Diagnostics) {
    if cache.renewed.value && cache.life.is_none() {
        let help = "give a `life`, or remove `renewed`";
        inert(cache.renewed.span, "there is no `life` to renew", help, out);
    }
    match (&cache.hit, &cache.popularity) {
        (None, None) => missing(cache.span, "hit", "or `objects` and `popularity`", out),
        (Some(hit), Some(popularity)) => {
            exclude(popularity.span, hit.span, "the hit ratio is given, or comes out", out);
        }
        (Some(_), None) => {
            let message = "the hit ratio is given: nothing is stored";
            inert_if(cache.objects.as_ref(), message, "remove it, or `hit`", out);
            inert_if(cache.life.as_ref(), message, "remove it, or `hit`", out);
        }
        (None, Some(_)) if cache.objects.is_none() => {
            missing(cache.span, "objects", "how many it holds", out);
        }
        _ => {}
    }
}
