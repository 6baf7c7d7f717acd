//! Parts that can fail: members of a service, each a process in its zone.

use crate::health::Declaration;
use crate::kinds::service::{Service, warm_up};
use crate::plan::Draft;
use crate::plan::between;
use crate::plan::faults::Shown;
use crate::plan::graph::{Graph, store_at};
use crate::plan::kind::parts::{Life, PartName, Parts, Sort, none};
use crate::plan::links::Store;
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::simulatable::NotYet;
use crate::plan::targets;

const MEMBER: Sort = Sort { word: "service", needs_host: true, ..Sort::ROLE };

impl Parts for Service {
    none!(
        came_later, words, way_back, role, publishes, remembers, mechanisms, passing, converging,
        size, priced
    );

    /// Returns mounts of volumes that lie behind a link between sites from some member, and memory that is paged.
    fn not_yet(&self, draft: &Draft) -> Vec<NotYet> {
        let mut found = Vec::new();
        for (index, (name, spec)) in draft.scenario.service.iter().enumerate() {
            let mounts = spec.mounts.iter().zip(&draft.links.services[index].mounts);
            for ((mount, _), stores) in mounts {
                let what = format!("the mount `{mount}` of `{name}`");
                let far = |part: Part| {
                    let Store::Volume { nas, .. } = store_at(draft, stores, part)? else {
                        return None;
                    };
                    let heads = Kind::Nas.answers().parts(draft, nas);
                    between::not_yet(draft, &[part], &heads, &what, mount.span)
                };
                found.extend(self.parts(draft, index).into_iter().find_map(far));
            }
            if let Some(set) = &spec.working_set {
                let what = format!("the memory of `{name}` is paged above the cap of its zone");
                found.push(NotYet::over_years(what, set.span));
            }
        }
        found
    }

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        let members = 0..draft.links.services[index].members;
        members.map(|member| Part::Service { service: index, member }).collect()
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        member: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let members = targets::members(member, word, draft.links.services[index].members)?;
        Some(members.map(|member| Part::Service { service: index, member }).collect())
    }

    fn sort(&self, _: Part) -> &'static Sort {
        &MEMBER
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        PartName::member(&draft.scenario.service[part.index()].0, part.number())
    }

    fn stands_on(&self, draft: &Draft, part: Part) -> Option<Part> {
        let zone = draft.links.services[part.index()].zone?;
        Some(Part::Zone { zone, member: part.number() })
    }

    fn life<'d>(&self, draft: &'d Draft, part: Part) -> Life<'d> {
        let restart = draft.scenario.service[part.index()].1.restart.as_deref();
        Life { restart, ..Life::on(part.stands_on(draft)) }
    }

    /// Returns the process itself if it has a warm-up.
    fn memory(&self, draft: &Draft, part: Part) -> Option<String> {
        draft.scenario.service[part.index()].1.warm_up.as_ref()?;
        Some(part.name(draft))
    }

    fn surrogates(&self, draft: &Draft, _: &Graph, into: &mut Declaration) {
        warm_up::declare(draft, into);
    }

    fn shows(&self, shown: &mut Shown<'_>, _: Part) {
        shown.process();
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }
}
