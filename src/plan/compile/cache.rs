//! `[cache.name]` to what the cache holds.

use super::Builder;
use crate::model::blueprint::Config;
use crate::model::cache::{CacheConfig, Content, Policy};
use crate::model::spec::place::{CachePolicy, CacheSpec, PopularitySpec};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;
use crate::workload::popularity::Zipf;

/// What the cache `name` holds, as a component beside its process.
pub(super) fn content_name(name: &Name) -> String {
    format!("{}.objects", name.text)
}

/// What the cache of place `index` holds.
pub(super) fn content(builder: &mut Builder<'_>, index: usize) -> Config {
    let (name, spec) = &builder.draft.scenario.cache[index];
    let process = builder.id(&name.text);
    let content = content_of(name, spec, builder.out).unwrap_or(Content::Ratio(0.0));
    Config::Cache(CacheConfig { process, content })
}

/// `None` when something was reported, here or by the checks of the draft.
fn content_of(name: &Name, spec: &CacheSpec, out: &mut Diagnostics) -> Option<Content> {
    if let Some(hit) = &spec.hit {
        return Some(Content::Ratio(hit.value.get()));
    }
    let (objects, popularity) = (spec.objects.as_ref()?, spec.popularity.as_ref()?);
    let popular = popular(&format!("cache `{name}`"), popularity, out)?;
    Some(Content::Objects {
        capacity: u32::try_from(objects.value).unwrap_or(u32::MAX),
        policy: policy_of(spec.policy.value),
        popularity: popular,
        life: spec.life.as_ref().map(|life| life.value),
        renewed: spec.renewed.value,
    })
}

/// The table of a popularity; what cannot be one is reported as that of `owner`.
pub(super) fn popular(owner: &str, spec: &PopularitySpec, out: &mut Diagnostics) -> Option<Zipf> {
    match Zipf::new(spec.zipf.value, spec.objects.value) {
        Ok(popular) => Some(popular),
        Err(error) => {
            let message = format!("{owner}: {error}");
            out.push(Diagnostic::new(Code::OutOfRange, spec.span, message));
            None
        }
    }
}

pub(super) fn policy_of(policy: CachePolicy) -> Policy {
    match policy {
        CachePolicy::Lru => Policy::Lru,
        CachePolicy::Fifo => Policy::Fifo,
        CachePolicy::Random => Policy::Random,
    }
}
