//! `[cdn.name]` and `[name-service.name]` to what stands in front of the balancers.

use super::{Builder, Wanted};
use crate::kinds::cache::plan::refuse;
use crate::kinds::cdn::live::content::{EdgeContent, EdgeObjects};
use crate::kinds::cdn::live::{CdnConfig, EdgeConfig};
use crate::kinds::cdn::spec::CdnSpec;
use crate::model::blueprint::{Config, Part};
use crate::model::ids::{ComponentId, KeyId};
use crate::plan::hits::policy_of;
use crate::plan::names::member_name;
use crate::plan::program::{CdnPlan, Compiler, NamesPlan, Targets, law_of};

/// The edges of the CDN `name` together, as those who fetch from its origin.
fn origin_name(name: &str) -> String {
    format!("{name}.origin")
}

/// Asks for the components of every CDN and name service.
pub(super) fn gather(builder: &mut Builder<'_>) {
    let scenario = &builder.draft.scenario;
    for (index, (name, spec)) in scenario.cdn.iter().enumerate() {
        for number in 0..spec.count.value {
            builder.wanted.insert(member_name(name, number), Wanted::Edge(index, number));
        }
        builder.wanted.insert(origin_name(name), Wanted::Cdn(index));
    }
}

/// What stands for one edge.
pub(super) fn edge(builder: &Builder<'_>, index: usize, number: u32) -> Config {
    let name = &builder.draft.scenario.cdn[index].0;
    Config::Edge(EdgeConfig { cdn: builder.id(&origin_name(name)), number })
}

/// All edges of a CDN; the key by which views belong to them is given by [`finish`].
pub(super) fn cdn(builder: &mut Builder<'_>, id: ComponentId, index: usize) -> Config {
    let (name, spec) = &builder.draft.scenario.cdn[index];
    let count = spec.count.value;
    let unit = builder.unit(id, 0);
    for local in 1..count {
        builder.unit(id, local);
    }
    Config::Cdn(CdnConfig {
        edges: (0..count).map(|number| builder.id(&member_name(name, number))).collect(),
        content: edge_content(builder, index),
        life: spec.life.value,
        convergence: spec.convergence.value,
        key: KeyId(0),
        unit,
    })
}

/// What the edges of a CDN hold; the key of what came before a run is given by [`finish`].
fn edge_content(builder: &mut Builder<'_>, index: usize) -> EdgeContent {
    let draft = builder.draft;
    let (name, spec) = &draft.scenario.cdn[index];
    let Some(content) = &spec.content else {
        return EdgeContent::Ratios(spec.hit.iter().map(|(_, ratio)| ratio.get()).collect());
    };
    let content = &content.value;
    let mut rows = Vec::new();
    // Shields are asked for what their edges are asked for.
    let users = draft.links.edges_of(index).unwrap_or(index);
    let asked = draft.scenario.cdn[users].1.content.as_ref();
    let asked = asked.into_iter().flat_map(|content| content.value.popularity.iter());
    for (class, popularity) in asked {
        let place = draft.scenario.request.place(&class.text);
        match place.and_then(|place| draft.hits.row_at_edge(index, place)) {
            Some(row) => rows.push(row.clone()),
            // Here or before: something is reported, and nothing is run.
            None => refuse(&format!("cdn `{name}`"), popularity, builder.out),
        }
    }
    EdgeContent::Objects(EdgeObjects {
        capacity: u32::try_from(content.objects.value).unwrap_or(u32::MAX),
        policy: policy_of(content.policy.value),
        collapse: content.collapse.value,
        stays: draft.hits.stays_at_edge(index),
        rows,
        before: KeyId(0),
    })
}

/// Classes in the order of what edges hold of them.
fn classes_at(spec: &CdnSpec) -> Vec<String> {
    match &spec.content {
        None => spec.hit.iter().map(|(class, _)| class.text.clone()).collect(),
        Some(content) => {
            content.value.popularity.iter().map(|(class, _)| class.text.clone()).collect()
        }
    }
}

/// CDNs and name services, as the classes that enter there see them.
pub(super) fn plan(builder: &Builder<'_>, targets: &mut Targets) {
    let draft = builder.draft;
    for (index, (name, spec)) in draft.scenario.cdn.iter().enumerate() {
        targets.cdns.push(CdnPlan {
            name: name.text.clone(),
            component: builder.id(&origin_name(name)),
            classes: classes_at(spec),
            to: draft.links.cdns[index],
            round_trip: spec.round_trip.as_ref().map(|law| law_of(law)),
            by_object: spec.content.is_some(),
            service_time: spec.service_time.as_ref().map(|law| law_of(law)),
            origin: spec.origin.as_ref().map(|law| law_of(law)),
        });
    }
    for (index, (name, _)) in draft.scenario.name_service.iter().enumerate() {
        let to = draft.links.name_services[index].clone();
        targets.names.push(NamesPlan { component: builder.id(name), to });
    }
}

/// The keys by which views belong to edges and resolvers.
pub(super) fn finish(compiler: &mut Compiler<'_>, parts: &mut [Part]) {
    for part in parts {
        let Config::Cdn(config) = &mut part.config else { continue };
        let name = part.name.strip_suffix(".origin").unwrap_or(&part.name);
        config.key = compiler.key("edge", name);
        if let EdgeContent::Objects(objects) = &mut config.content {
            objects.before = compiler.key("edge-before", name);
        }
    }
}
