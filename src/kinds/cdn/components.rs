//! CDNs in the event loop: one component per edge, and one for the content and fetches of all edges.

use crate::kinds::cdn::Cdn;
use crate::kinds::cdn::hits::policy_of_edge;
use crate::kinds::cdn::live::content::{EdgeContent, EdgeObjects};
use crate::kinds::cdn::live::{CdnConfig, EdgeConfig};
use crate::kinds::cdn::step;
use crate::model::blueprint::{Config, Part};
use crate::model::ids::{ComponentId, KeyId};
use crate::plan::compile::{Builder, Made};
use crate::plan::copies::{self, Keeper};
use crate::plan::hits::refuse;
use crate::plan::kind::components::{Components, none};
use crate::plan::links::Entrance;
use crate::plan::names::{Kind, member_name};
use crate::plan::program::{Compiler, Way};

impl Components for Cdn {
    none!(carries, mounts, pools);

    fn keeper(&self) -> Option<&'static dyn Keeper> {
        Some(&Cdn)
    }

    fn gather(&self, builder: &mut Builder<'_>) {
        for (index, (name, spec)) in builder.draft().scenario.cdn.iter().enumerate() {
            for number in 0..spec.count.value {
                builder.want(member_name(name, number), move |builder, id| {
                    let cdn = builder.id(&origin_name(name));
                    let purged = copies::is_purged(builder.draft(), (Kind::Cdn, index));
                    builder.part(id, Config::Edge(EdgeConfig { cdn, purged }))
                });
            }
            builder.want(origin_name(name), move |builder, id| edges(builder, id, index));
        }
    }

    /// Returns `None`: request classes enter a CDN, steps do not.
    fn frames(&self) -> Option<usize> {
        None
    }

    fn enter(
        &self,
        compiler: &mut Compiler<'_>,
        way: &Way<'_>,
        steps: &mut dyn FnMut(&mut Compiler<'_>),
    ) {
        if let Entrance::Cdn(index) = way.to {
            step::enter(compiler, index, way, steps);
        }
    }

    /// Sets the keys of the draws of a view's edge and of the content before a run.
    fn finish(&self, compiler: &mut Compiler<'_>, made: &mut Made) {
        for part in &mut made.parts {
            let Config::Cdn(config) = &mut part.config else { continue };
            let name = part.name.strip_suffix(".origin").unwrap_or(&part.name);
            config.key = compiler.key("edge", name);
            if let EdgeContent::Objects(objects) = &mut config.content {
                objects.before = compiler.key("edge-before", name);
            }
        }
    }
}

/// Returns the name of the component of all edges of the CDN `name`, which fetches from the origin.
pub(crate) fn origin_name(name: &str) -> String {
    format!("{name}.origin")
}

/// Makes the component of all edges of a CDN. [`Components::finish`] sets the key of a view's edge.
fn edges(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Part {
    let draft = builder.draft();
    let (name, spec) = &draft.scenario.cdn[index];
    let count = spec.count.value;
    let unit = builder.units(id, count);
    let config = Config::Cdn(CdnConfig {
        edges: (0..count).map(|number| builder.id(&member_name(name, number))).collect(),
        content: content(builder, index),
        ttl: spec.ttl.value,
        convergence: spec.convergence.value,
        key: KeyId(0),
        unit,
        purged: copies::is_purged(draft, (Kind::Cdn, index)),
    });
    builder.part(id, config)
}

/// Returns the content of the edges of a CDN. [`Components::finish`] sets the key of the content before a run.
fn content(builder: &mut Builder<'_>, index: usize) -> EdgeContent {
    let draft = builder.draft();
    let (name, spec) = &draft.scenario.cdn[index];
    let Some(content) = &spec.content else {
        return EdgeContent::Ratios(spec.hit.iter().map(|(_, ratio)| ratio.get()).collect());
    };
    let content = &content.value;
    let mut rows = Vec::new();
    // Shields are asked for the objects that their edges are asked for.
    let users = draft.links.edges_of(index).unwrap_or(index);
    let asked = draft.scenario.cdn[users].1.content.as_ref();
    let asked = asked.into_iter().flat_map(|content| content.value.popularity.iter());
    for (class, popularity) in asked {
        let place = draft.scenario.request.place(&class.text);
        match place.and_then(|place| draft.hits.row_at_edge(index, place)) {
            Some(row) => rows.push(row.clone()),
            // An error is reported, here or before, so that the scenario is not run.
            None => refuse(&format!("cdn `{name}`"), popularity, builder.out()),
        }
    }
    EdgeContent::Objects(EdgeObjects {
        capacity: u32::try_from(content.objects.value).unwrap_or(u32::MAX),
        policy: policy_of_edge(content.policy.value),
        collapse: content.collapse.value,
        stays: draft.hits.stays_at_edge(index),
        rows,
        before: KeyId(0),
    })
}
