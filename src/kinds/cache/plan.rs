//! A cache in the plan: a process without a bound on workers, and beside it what it holds.

use crate::kinds::cache::live::{CacheConfig, Content};
use crate::kinds::cache::spec::CacheSpec;
use crate::kinds::service::live::ServiceConfig;
use crate::model::blueprint::{self, Config};
use crate::model::ids::ComponentId;
use crate::model::spec::popularity::PopularitySpec;
use crate::plan::Draft;
use crate::plan::compile::Builder;
use crate::plan::hits::policy_of;
use crate::plan::kind::{Fares, Planned};
use crate::plan::names::Kind;
use crate::plan::part::{Own, Part};
use crate::plan::program::Compiler;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Name;
use crate::workload::popularity::Zipf;

/// Object caches.
#[derive(Debug)]
pub struct Cache;

/// The cache at `index`.
#[must_use]
pub const fn part_of(index: usize) -> Part {
    Part::Own(Own { kind: Kind::Cache, index, member: 0 })
}

/// Numbers of the components of one cache.
const PROCESS: u32 = 0;
const OBJECTS: u32 = 1;

impl Planned for Cache {
    fn kind(&self) -> Kind {
        Kind::Cache
    }

    fn came_later(&self) -> bool {
        false
    }

    fn word(&self) -> &'static str {
        "cache"
    }

    fn members(&self, _: &Draft, _: usize) -> Option<u32> {
        None
    }

    fn stands_on(&self, draft: &Draft, part: Own) -> Option<Part> {
        let (zone, member) = draft.links.own.caches[part.index]?;
        Some(Part::Zone { zone, member })
    }

    fn fares(&self) -> Fares {
        Fares::Process
    }

    fn memory(&self, draft: &Draft, part: Own) -> Option<String> {
        Some(content_name(&draft.scenario.cache[part.index].0))
    }

    fn remembers(&self, draft: &Draft, part: Own) -> bool {
        draft.scenario.cache[part.index].1.hit.is_none()
    }

    fn gather(&self, builder: &mut Builder<'_>) {
        for (index, (name, _)) in builder.draft().scenario.cache.iter().enumerate() {
            builder.want(name.text.clone(), Kind::Cache, index, PROCESS);
            builder.want(content_name(name), Kind::Cache, index, OBJECTS);
        }
    }

    fn make(
        &self,
        builder: &mut Builder<'_>,
        index: usize,
        number: u32,
        _: ComponentId,
        part: &mut blueprint::Part,
    ) {
        if number == OBJECTS {
            part.config = content(builder, index);
            return;
        }
        let draft = builder.draft();
        let detailed = draft.wants_detail(&draft.scenario.cache[index].0);
        part.config = Config::Service(ServiceConfig { detailed, ..ServiceConfig::default() });
        part.place = draft.links.own.caches[index].and_then(|at| builder.place(at));
    }

    fn finish(&self, _: &Draft, _: &mut Compiler<'_>, _: &mut [blueprint::Part]) {}
}

/// What the cache `name` holds, as a component beside its process.
pub(crate) fn content_name(name: &Name) -> String {
    format!("{}.objects", name.text)
}

/// What the cache of place `index` holds.
pub(crate) fn content(builder: &mut Builder<'_>, index: usize) -> Config {
    let (name, spec) = &builder.draft().scenario.cache[index];
    let process = builder.id(&name.text);
    let popularity = builder.draft().hits.popularity(index);
    let content = content_of(name, spec, popularity, builder.out()).unwrap_or(Content::Ratio(0.0));
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
pub(crate) fn refuse(owner: &str, spec: &PopularitySpec, out: &mut Diagnostics) {
    if let Err(error) = Zipf::new(spec.zipf.value, spec.objects.value) {
        let message = format!("{owner}: {error}");
        out.push(Diagnostic::new(Code::OutOfRange, spec.span, message));
    }
}
