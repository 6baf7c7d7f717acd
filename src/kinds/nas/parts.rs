//! Parts that can fail: heads and pools.

use std::collections::BTreeSet;

use crate::convert;
use crate::health::Declaration;
use crate::health::declare::Expr;
use crate::kinds::disks;
use crate::kinds::disks::spec::DiskSetSpec;
use crate::kinds::nas::components::{head_name, memory_name};
use crate::kinds::nas::{Nas, caching, volumes};
use crate::model::Health;
use crate::model::spec::price::{Size, Tariff};
use crate::plan::Draft;
use crate::plan::availability::recovery::Passing;
use crate::plan::faults::{Mechanisms, Shown};
use crate::plan::kind::parts::{PartName, Parts, Priced, Sort, none};
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::program::law_of;
use crate::plan::simulatable::NotYet;
use crate::plan::targets;
use crate::units::SimDuration;

const HEAD: Sort = Sort { word: "head", ..Sort::ROLE };
const POOL: Sort = Sort { word: "pool", ..Sort::ROLE };

/// Upper limit of `giveback.after` in a drill, for a repaired head: until the giveback its partner serves the volumes,
/// as in the run in which the head stays broken.
pub(super) const GIVEBACK_WAIT: SimDuration = SimDuration::from_secs(10);

impl Parts for Nas {
    none!(came_later, role, life, surrogates, converging);

    fn not_yet(&self, draft: &Draft) -> Vec<NotYet> {
        disks::years::not_yet(draft, Kind::Nas)
    }

    fn parts(&self, draft: &Draft, index: usize) -> Vec<Part> {
        let spec = &draft.scenario.nas[index].1;
        let heads = (0..spec.heads.value).map(|number| Part::Head { nas: index, number });
        let pools = (0..spec.pools.len()).map(|pool| Part::Pool { nas: index, pool });
        heads.chain(pools).collect()
    }

    fn meant(
        &self,
        draft: &Draft,
        index: usize,
        _: Option<u32>,
        word: Option<&str>,
    ) -> Option<Vec<Part>> {
        let spec = &draft.scenario.nas[index].1;
        let head = |number| Part::Head { nas: index, number };
        let pool = |pool| Part::Pool { nas: index, pool };
        let Some(word) = word else { return Some((0..spec.heads.value).map(head).collect()) };
        if word == "pool" {
            return Some((0..spec.pools.len()).map(pool).collect());
        }
        if let Some(at) = spec.pools.iter().position(|(name, _)| **name == *word) {
            return Some(vec![pool(at)]);
        }
        let numbers = targets::numbered(word, "head", spec.heads.value)?;
        Some(numbers.map(head).collect())
    }

    fn words(&self, draft: &Draft, index: usize) -> Vec<String> {
        let pools = draft.scenario.nas[index].1.pools.iter().map(|(name, _)| name.text.clone());
        ["head", "pool"].map(String::from).into_iter().chain(pools).collect()
    }

    fn sort(&self, part: Part) -> &'static Sort {
        match part {
            Part::Pool { .. } => &POOL,
            _ => &HEAD,
        }
    }

    fn name<'d>(&self, draft: &'d Draft, part: Part) -> PartName<'d> {
        let (name, spec) = &draft.scenario.nas[part.index()];
        match part {
            Part::Pool { pool, .. } => {
                let pool = &spec.pools[pool].0;
                PartName { span: pool.span, ..PartName::part(name, pool) }
            }
            _ => PartName::part(name, "head").numbered(part.number()),
        }
    }

    fn stands_on(&self, draft: &Draft, part: Part) -> Option<Part> {
        draft.links.nas[part.index()].rack.map(Part::Rack)
    }

    fn way_back(&self, draft: &Draft, part: Part) -> SimDuration {
        let failover = draft.scenario.nas[part.index()].1.failover.as_ref();
        let giveback = failover.and_then(|failover| failover.giveback.as_ref());
        match (part, giveback) {
            (Part::Head { .. }, Some(back)) => {
                let lasts = SimDuration::from_seconds_f64(law_of(&back.lasts).mean());
                back.after.value.min(GIVEBACK_WAIT) + lasts
            }
            _ => SimDuration::ZERO,
        }
    }

    /// Returns the heartbeat that the partner of a head receives.
    fn publishes(&self, draft: &Draft, part: Part) -> Vec<(&'static str, Expr)> {
        let Part::Head { .. } = part else { return Vec::new() };
        let alive = |domain: Part| Expr::of(&domain.name(draft), "alive");
        let domains = part.domains(draft).into_iter();
        vec![("beats", domains.fold(Expr::own("fit"), |beats, domain| beats.and(alive(domain))))]
    }

    fn shows(&self, shown: &mut Shown<'_>, part: Part) {
        let Part::Head { nas, number } = part else {
            shown.state("down", Health::Down, shown.own("is down"));
            shown.hindrances();
            shown.full();
            shown.degraded();
            return;
        };
        shown.component(head_name(shown.draft(), nas, number));
        // The head's state of clients, opens and locks is lost with its process.
        if shown.draft().scenario.nas[nas].1.grace.is_some() {
            let restarts = (!shown.own("beats")).and(!shown.keeps());
            shown.state("gone", Health::Down, restarts);
        }
        shown.state("silent", Health::Stalled, !shown.own("serving"));
        shown.slow();
    }

    fn memory(&self, draft: &Draft, part: Part) -> Option<String> {
        let Part::Head { nas, number } = part else { return None };
        Some(memory_name(draft, nas, number))
    }

    fn remembers(&self, draft: &Draft, part: Part) -> bool {
        matches!(part, Part::Head { nas, .. } if caching::caches(draft, nas))
    }

    fn slows(&self, _: &Draft, _: Part) -> bool {
        true
    }

    fn mechanisms(&self, draft: &Draft, into: &mut Mechanisms<'_>) {
        volumes::declare(draft, into);
    }

    fn passing(&self, draft: &Draft, declaration: &Declaration) -> Vec<Passing> {
        volumes::passing(draft, declaration)
    }

    fn size(&self, draft: &Draft, part: Part, size: Size) -> Option<f64> {
        part.disk_set(draft).filter(|_| size == Size::Disk).map(DiskSetSpec::disks)
    }

    fn priced(&self, draft: &Draft, own: &BTreeSet<Part>) -> Vec<Priced> {
        let all = || draft.scenario.nas.iter().enumerate();
        let heads = all().flat_map(|(nas, (_, spec))| {
            (0..spec.heads.value).map(move |number| Part::Head { nas, number })
        });
        // The price of a head includes the disks of one pool.
        let further = all().flat_map(|(nas, (_, spec))| {
            let pools = (0..spec.pools.value.len()).map(move |pool| Part::Pool { nas, pool });
            let heads = convert::index(spec.heads.value.into());
            pools.filter(|part| !own.contains(part)).skip(heads)
        });
        vec![
            Priced::new(Tariff::NasHead, "file server heads", heads, own),
            Priced::new(Tariff::Pool, "further pools", further, own),
        ]
    }
}
