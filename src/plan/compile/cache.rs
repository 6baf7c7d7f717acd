//! `[cache.name]` to what the cache holds.

use super::Builder;
use crate::model::blueprint::Config;
use crate::model::cache::{CacheConfig, Content, Policy};
use crate::model::spec::place::{CachePolicy, CacheSpec};
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

fn content_of(name: &Name, spec: &CacheSpec, out: &mut Diagnostics) -> Option<Content> {
    let by_object = [
        spec.objects.as_ref().map(|key| ("objects", key.span)),
        spec.popularity.as_ref().map(|key| ("popularity", key.span)),
        spec.life.as_ref().map(|key| ("life", key.span)),
    ];
    if let Some(hit) = &spec.hit {
        if let Some((key, span)) = by_object.into_iter().flatten().next() {
            let message =
                format!("cache `{name}` has a fixed hit ratio: `{key}` cannot take effect");
            out.push(
                Diagnostic::new(Code::KeysExclude, span, message)
                    .key(key)
                    .related(hit.span, "the hit ratio")
                    .help("give `hit`, or `objects` and `popularity`"),
            );
        }
        return Some(Content::Ratio(hit.value.get()));
    }
    let (Some(objects), Some(popularity)) = (&spec.objects, &spec.popularity) else {
        let key = if spec.objects.is_none() { "objects" } else { "popularity" };
        let message = format!("cache `{name}` has neither `hit` nor `objects` and `popularity`");
        out.push(Diagnostic::new(Code::MissingKey, name.span, message).key(key).help(
            "`hit` fixes the share of look-ups that find their object; with `objects` and \
             `popularity` it follows from what the cache holds",
        ));
        return None;
    };
    let popular = match Zipf::new(popularity.zipf.value, popularity.objects.value) {
        Ok(popular) => popular,
        Err(error) => {
            let message = format!("cache `{name}`: {error}");
            out.push(Diagnostic::new(Code::OutOfRange, popularity.span, message));
            return None;
        }
    };
    Some(Content::Objects {
        capacity: u32::try_from(objects.value).unwrap_or(u32::MAX),
        policy: match spec.policy.value {
            CachePolicy::Lru => Policy::Lru,
            CachePolicy::Fifo => Policy::Fifo,
            CachePolicy::Random => Policy::Random,
        },
        popularity: popular,
        life: spec.life.as_ref().map(|life| life.value),
    })
}
