//! Caches in the event loop: a process without a bound on workers, and a component with its content.

use crate::kinds::cache::hits::policy_of;
use crate::kinds::cache::live::{CacheConfig, Content};
use crate::kinds::cache::plan::Cache;
use crate::kinds::cache::spec::CacheSpec;
use crate::model::blueprint::{Config, Part};
use crate::model::ids::ComponentId;
use crate::model::route::Pick;
use crate::plan::compile::{Bounds, Builder, Made};
use crate::plan::copies::{self, Keeper};
use crate::plan::hits::refuse;
use crate::plan::kind::components::{Components, none};
use crate::plan::names::Kind;
use crate::plan::program::Compiler;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::names::Name;
use crate::workload::popularity::Zipf;

/// Number of the pool of the process.
pub(super) const PROCESS: u32 = 0;

impl Components for Cache {
    none!(carries, mounts, entrance);

    fn keeper(&self) -> Option<&'static dyn Keeper> {
        Some(&Cache)
    }

    /// Sets the keys of the writes of second levels.
    fn finish(&self, compiler: &mut Compiler<'_>, made: &mut Made) {
        for part in &mut made.parts {
            let Config::Cache(config) = &mut part.config else { continue };
            let Content::Blocks(blocks) = &mut config.content else { continue };
            if let Some(second) = &mut blocks.second {
                second.key = compiler.disk_keys(&part.name);
            }
        }
    }

    fn gather(&self, builder: &mut Builder<'_>) {
        for (index, (name, _)) in builder.draft().scenario.cache.iter().enumerate() {
            builder.want(name.text.clone(), move |builder, id| process(builder, id, index));
            builder.want(content_name(name), move |builder, id| content(builder, id, index));
        }
    }

    fn pools(&self, compiler: &mut Compiler<'_>) {
        for (index, (name, _)) in compiler.draft().scenario.cache.iter().enumerate() {
            let process = vec![compiler.component(name)];
            compiler.add_pool((Kind::Cache, index), PROCESS, process, Pick::RoundRobin);
        }
    }
}

fn process(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Part {
    let draft = builder.draft();
    let config = builder.process(&draft.scenario.cache[index].0, Bounds::default());
    let mut part = builder.part(id, config);
    part.place = draft.links.own.caches[index].and_then(|at| builder.place(at));
    part
}

/// Returns the name of the component with the content of the cache `name`, beside its process.
pub(crate) fn content_name(name: &Name) -> String {
    format!("{}.objects", name.text)
}

fn content(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Part {
    let (name, spec) = &builder.draft().scenario.cache[index];
    let process = builder.id(&name.text);
    let popularity = builder.draft().hits.popularity(index);
    let content = content_of(name, spec, popularity, builder.out()).unwrap_or(Content::Ratio(0.0));
    let purged = copies::is_purged(builder.draft(), (Kind::Cache, index));
    builder.part(id, Config::Cache(CacheConfig { process, content, purged }))
}

/// Returns the content of a cache; `None` if an error was reported, here or by the checks of the draft.
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
    let (capacity, popularity) =
        (u32::try_from(objects.value).unwrap_or(u32::MAX), popular.clone());
    let Some(policy) = policy_of(spec.policy.value) else {
        return Some(Content::Adaptive { capacity, popularity });
    };
    Some(Content::Objects {
        capacity,
        policy,
        popularity,
        ttl: spec.ttl.as_ref().map(|ttl| ttl.value),
        sliding_ttl: spec.sliding_ttl.value,
    })
}
