//! `[cache.name]` to what the cache holds.

use super::Builder;
use crate::kinds::cache::live::{CacheConfig, Content};
use crate::kinds::cache::spec::CacheSpec;
use crate::model::blueprint::Config;
use crate::model::spec::popularity::PopularitySpec;
use crate::plan::hits::policy_of;
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
    let popularity = builder.draft.hits.popularity(index);
    let content = content_of(name, spec, popularity, builder.out).unwrap_or(Content::Ratio(0.0));
    Config::Cache(CacheConfig { process, content })
}

/// `None` when something was reported, here or by the checks of the draft.
fn content_of(
    name: &Name,
    spec: &CacheSpec,
    popular: Option<&Zipf>,
    out: &mut Diagnostics,
) -> Option<Content> {
    if let Some(hit) = &spec.hit {
        return Some(Content::Ratio(hit.value.get()));
    }
    let (objects, popularity) = (spec.objects.as_ref()?, spec.popularity.as_ref()?);
    let Some(popular) = popular else {
        refuse(&format!("cache `{name}`"), popularity, out);
        return None;
    };
    Some(Content::Objects {
        capacity: u32::try_from(objects.value).unwrap_or(u32::MAX),
        policy: policy_of(spec.policy.value),
        popularity: popular.clone(),
        life: spec.life.as_ref().map(|life| life.value),
        renewed: spec.renewed.value,
    })
}

/// Reports why the popularity of `owner` has no table.
pub(super) fn refuse(owner: &str, spec: &PopularitySpec, out: &mut Diagnostics) {
    if let Err(error) = Zipf::new(spec.zipf.value, spec.objects.value) {
        let message = format!("{owner}: {error}");
        out.push(Diagnostic::new(Code::OutOfRange, spec.span, message));
    }
}
