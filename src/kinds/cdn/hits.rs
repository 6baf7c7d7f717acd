//! Hit ratios at edges and shields in closed form: the ratios of the file, or those that follow from popularity, capacity and
//! lifetime at the mean rates ([`crate::workload::hits`]).
//!
//! Requests spread evenly over edges. The ratio of a shield refers to the requests of its edges. Fetches take no time, so that
//! collapsing them makes no difference.

use std::collections::BTreeMap;

use crate::kinds::cdn::live::content::EdgeRow;
use crate::kinds::cdn::spec::{CdnSpec, EdgeContentSpec, EdgePolicy};
use crate::plan::Draft;
use crate::plan::hits::{Hits, class_rates, table};
use crate::plan::links::Entrance;
use crate::plan::names::Kind;
use crate::plan::route::ask::Ask;
use crate::plan::route::visits::Visits;
use crate::plan::route::{Does, Step};
use crate::units::{Rate, SimDuration};
use crate::workload::changed::{self, Changes, Removed};
use crate::workload::hits::{HitRatios, Holds, Policy, Ttl, hit_ratios, hit_ratios_of_two_tiers};
use crate::workload::popularity::{MAX_OBJECTS, Zipf};

/// Hits at the edges of a CDN.
#[derive(Clone, Debug)]
pub struct AtEdges {
    /// Hit ratio, per request class.
    pub ratios: Vec<f64>,
    /// Requested objects, per request class, if edges are simulated object by object.
    pub rows: Vec<Option<EdgeRow>>,
    /// Mean time for which an object stays at an edge; `None`: for ever.
    pub stays: Option<SimDuration>,
}

/// Returns the hits at the edges of all CDNs.
#[must_use]
pub fn at_all_edges(draft: &Draft) -> Vec<AtEdges> {
    let count = draft.scenario.cdn.len();
    let mut all: Vec<AtEdges> = (0..count).map(|cdn| by_ratios(draft, cdn)).collect();
    for cdn in (0..count).filter(|cdn| draft.links.edges_of(*cdn).is_none()) {
        let shield = draft.links.shield_of(cdn);
        if let Some((edges, behind)) = by_objects(draft, cdn, shield) {
            all[cdn] = edges;
            if let (Some(shield), Some(behind)) = (shield, behind) {
                all[shield] = behind;
            }
        }
    }
    all
}

fn by_ratios(draft: &Draft, cdn: usize) -> AtEdges {
    let (spec, classes) = (&draft.scenario.cdn[cdn].1, &draft.scenario.request);
    let ratio = |name: &str| spec.hit.get(name).map_or(0.0, |hit| hit.get());
    let ratios = classes.iter().map(|(name, _)| ratio(&name.text)).collect();
    AtEdges { ratios, rows: vec![None; classes.len()], stays: None }
}

fn holds_of(spec: &CdnSpec) -> Option<Holds> {
    let content = &spec.content.as_ref()?.value;
    Some(Holds {
        capacity: content.objects.value,
        policy: policy_of_edge(content.policy.value),
        ttl: Some(Ttl { length: spec.ttl.value, sliding_ttl: false }),
    })
}

/// Computes the hits of edges simulated object by object, and of the shields behind them.
fn by_objects(
    draft: &Draft,
    cdn: usize,
    shield: Option<usize>,
) -> Option<(AtEdges, Option<AtEdges>)> {
    let spec = &draft.scenario.cdn[cdn].1;
    let classes = &draft.scenario.request;
    let (content, holds) = (&spec.content.as_ref()?.value, holds_of(spec)?);
    let most = shield.map_or(0, |shield| draft.scenario.cdn[shield].1.count.value);
    let edges = u64::from(spec.count.value.max(most));
    if objects(content).saturating_mul(edges) > MAX_OBJECTS {
        // Such a scenario is refused elsewhere.
        return None;
    }
    let rates = class_rates(draft, &Hits::default());
    let purges = purges_at_edges(draft, &rates);
    let row = |class: usize| {
        let name = &classes[class].0;
        let popularity = table(content.popularity.get(name)?)?;
        let cacheable = content.cacheable.get(name).map_or(1.0, |share| share.get());
        let enters = draft.links.enters[class] == Some(Entrance::Cdn(cdn));
        let rate = if enters { rates[class] } else { 0.0 };
        let rate = Rate::per_second(rate * cacheable / f64::from(spec.count.value))?;
        let changes = purges.get(&(cdn, class)).copied().unwrap_or_default();
        let removed = changes.removing.map(|rate| Rate::per_second(rate).unwrap_or(Rate::ZERO));
        Some(EdgeRow { popularity, cacheable, rate, behind: Vec::new(), removed })
    };
    let rows: Vec<Option<EdgeRow>> = (0..classes.len()).map(row).collect();
    let asked: Vec<(Zipf, Rate)> =
        rows.iter().flatten().map(|row| (row.popularity.clone(), row.rate)).collect();
    let behind = shield.map(|shield| &draft.scenario.cdn[shield].1);
    let behind = behind.and_then(|spec| Some((spec, holds_of(spec)?)));
    if purges.keys().any(|(purged, _)| *purged == cdn) {
        // Purged edges have no shields and evict the least recently used object.
        let of = |row: &EdgeRow| Removed {
            popularity: row.popularity.clone(),
            rate: row.rate,
            removed: row.removed,
        };
        let asked: Vec<Removed> = rows.iter().flatten().map(of).collect();
        let HitRatios { ratios, stays } =
            changed::expiring_hit_ratios(&asked, holds.capacity, spec.ttl.value);
        return Some((found(rows, ratios, stays), None));
    }
    let Some((shield, shields)) = behind else {
        let HitRatios { ratios, stays } = hit_ratios(&asked, &holds);
        return Some((found(rows, ratios, stays), None));
    };
    let each = f64::from(spec.count.value) / f64::from(shield.count.value);
    let both = hit_ratios_of_two_tiers(&asked, &holds, each, &shields);
    let mut asked = both.asked.into_iter();
    let mut behind = rows.clone();
    for row in behind.iter_mut().flatten() {
        row.behind = asked.next().unwrap_or_default();
    }
    let mut shields = found(behind, both.shield.ratios, both.shield.stays);
    let edges = found(rows, both.edges.ratios, both.edges.stays);
    // The shield also receives requests that no edge may cache.
    for (class, ratio) in shields.ratios.iter_mut().enumerate() {
        let Some(row) = &edges.rows[class] else { continue };
        let of_row = if row.cacheable > 0.0 { *ratio / row.cacheable } else { 0.0 };
        let kept = row.cacheable - edges.ratios[class];
        let all = 1.0 - edges.ratios[class];
        *ratio = if all > 0.0 { of_row * kept / all } else { 0.0 };
    }
    Some((edges, Some(shields)))
}

/// Assigns ratios to the rows in order, as shares of all requests of each class.
fn found(rows: Vec<Option<EdgeRow>>, ratios: Vec<f64>, stays: Option<SimDuration>) -> AtEdges {
    let mut found = ratios.into_iter();
    let ratio = |row: &Option<EdgeRow>| {
        row.as_ref().map_or(0.0, |row| row.cacheable * found.next().unwrap_or(0.0))
    };
    AtEdges { ratios: rows.iter().map(ratio).collect(), rows, stays }
}

/// Returns the changes per second that purges bring to each edge, by CDN and class. Purges after a look-up that misses count
/// as if each look-up missed.
fn purges_at_edges(draft: &Draft, rates: &[f64]) -> BTreeMap<(usize, usize), Changes> {
    let mut found: BTreeMap<(usize, usize), Changes> = BTreeMap::new();
    for (route, rate) in draft.routes.iter().zip(rates) {
        purges_of(draft, &route.steps, *rate, &mut found);
    }
    found
}

fn purges_of(
    draft: &Draft,
    steps: &[Step],
    rate: f64,
    found: &mut BTreeMap<(usize, usize), Changes>,
) {
    let never_hits = Hits::default();
    let passes = |ask: &dyn Ask| ask.passes(&never_hits);
    for (step, count) in Visits::new(steps, &passes).take() {
        match &step.does {
            Does::Ask(ask) => {
                let ((Kind::Purge, purge), Some(changes)) = (ask.of(), ask.changes()) else {
                    continue;
                };
                for copies in &draft.links.own.purges[purge].of {
                    let (Kind::Cdn, cdn) = copies.of else { continue };
                    let Some(class) = copies.class else { continue };
                    let each = copies.of_purge(draft, purge, &changes);
                    found.entry((cdn, class)).or_default().add(rate * count, &each);
                }
            }
            Does::Call(call) => purges_of(draft, &call.steps, rate * count, found),
            _ => {}
        }
    }
}

/// Returns the eviction policy of an edge.
#[must_use]
pub fn policy_of_edge(policy: EdgePolicy) -> Policy {
    match policy {
        EdgePolicy::Lru => Policy::Lru,
        EdgePolicy::Fifo => Policy::Fifo,
        EdgePolicy::Random => Policy::Random,
    }
}

/// Returns the number of objects of all classes, saturating at the largest number.
#[must_use]
pub fn objects(content: &EdgeContentSpec) -> u64 {
    content.popularity.iter().fold(0_u64, |sum, (_, of)| sum.saturating_add(of.objects.value))
}
