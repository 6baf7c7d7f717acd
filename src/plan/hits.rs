//! Hit ratios of caches and edges in closed form: the ratio of the file, or the one that follows from
//! popularity, capacity and lifetime at the mean rates ([`crate::workload::hits`], [`crate::workload::adaptive`]).
//!
//! Takes a draft; gives a ratio for each cache and for each class at each CDN. The rate behind a
//! cache depends on the hits of that cache: the computation is repeated up to once per cache, so that rates settle in
//! every chain of caches. The ratio of a shield refers to the requests of its edges.
//!
//! Assumes: mean rates, without surges; closed users and recorded traffic have rate 0, so that objects requested only
//! by them are never found if copies have a lifetime. Requests spread evenly over edges. Fetches take no time, so
//! that collapsing them makes no difference.

use std::collections::BTreeMap;

use crate::kinds::cache::spec::{CachePolicy, CacheSpec};
use crate::kinds::cdn::live::content::EdgeRow;
use crate::kinds::cdn::spec::{CdnSpec, EdgeContentSpec, EdgePolicy};
use crate::mechanism::arc::PROMOTION;
use crate::model::spec::popularity::PopularitySpec;
use crate::plan::Draft;
use crate::plan::flow;
use crate::plan::links::Entrance;
use crate::plan::load;
use crate::plan::names::Kind;
use crate::plan::route::ask::Ask;
use crate::plan::route::visits::Visits;
use crate::plan::route::{Does, Step};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::units::{Rate, SimDuration};
use crate::workload::adaptive::adaptive_hit_ratio;
use crate::workload::changed::{self, Changes, Removed};
use crate::workload::filling;
use crate::workload::hits::{HitRatios, Holds, Policy, Ttl, hit_ratios, hit_ratios_of_two_tiers};
use crate::workload::popularity::{MAX_OBJECTS, Zipf};

/// Hit ratios of a scenario, and the popularity tables from which they are computed.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    /// Hits at edges, per CDN.
    edges: Vec<AtEdges>,
    /// Hit ratio, per cache.
    caches: Vec<f64>,
    /// Parameters of caches simulated object by object, per cache.
    played: Vec<Option<Played>>,
    /// Look-ups and changes per second, per cache.
    asked: Vec<Asks>,
}

/// Look-ups and changes of a cache per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Asks {
    look_ups: f64,
    changes: Changes,
}

impl Asks {
    fn add(&mut self, rate: f64, changes: &Changes) {
        for at in 0..2 {
            self.changes.removing[at] += rate * changes.removing[at];
            self.changes.storing[at] += rate * changes.storing[at];
        }
    }
}

/// Hits at the edges of a CDN.
#[derive(Clone, Debug)]
struct AtEdges {
    /// Hit ratio, per request class.
    ratios: Vec<f64>,
    /// Requested objects, per request class, if edges are simulated object by object.
    rows: Vec<Option<EdgeRow>>,
    stays: Option<SimDuration>,
}

impl Hits {
    /// Computes the ratios of a draft whose references are resolved.
    #[must_use]
    pub fn of(draft: &Draft) -> Self {
        let scenario = &draft.scenario;
        let by_ratio = |spec: &CacheSpec| spec.hit.as_ref().map_or(0.0, |hit| hit.value.get());
        let mut hits = Self {
            edges: at_all_edges(draft),
            caches: scenario.cache.iter().map(|(_, spec)| by_ratio(spec)).collect(),
            played: scenario.cache.iter().map(|(_, spec)| Played::of(spec)).collect(),
            asked: vec![Asks::default(); scenario.cache.len()],
        };
        // The hits of a cache affect only the rates of the caches behind it.
        let mut computed = vec![None; hits.played.len()];
        for _ in 0..hits.played.iter().flatten().count() {
            let rates = hits.asks(draft);
            let before = hits.caches.clone();
            for (at, cache) in hits.played.iter().enumerate() {
                if let Some(cache) = cache.as_ref().filter(|_| computed[at] != Some(rates[at])) {
                    hits.caches[at] = cache.ratio(&rates[at]).unwrap_or(0.0);
                }
            }
            hits.asked.clone_from(&rates);
            computed = rates.into_iter().map(Some).collect();
            if hits.caches == before {
                break;
            }
        }
        hits
    }

    /// Returns the share of the requests of `class` to the edges of `cdn` that these, or shields behind them, answer.
    #[must_use]
    pub fn at_edges(&self, draft: &Draft, cdn: usize, class: usize) -> f64 {
        let shield = draft.links.shield_of(cdn);
        let behind = shield.map_or(0.0, |shield| self.at_edge(shield, class));
        1.0 - (1.0 - self.at_edge(cdn, class)) * (1.0 - behind)
    }

    /// Returns the share of the requests of `class` reaching an edge of `cdn` that the edge answers.
    #[must_use]
    pub fn at_edge(&self, cdn: usize, class: usize) -> f64 {
        self.edges[cdn].ratios[class]
    }

    /// Returns the objects that `class` requests at each edge of `cdn`; `None` if edges keep none of it, or its
    /// popularity cannot be used.
    #[must_use]
    pub fn row_at_edge(&self, cdn: usize, class: usize) -> Option<&EdgeRow> {
        self.edges[cdn].rows[class].as_ref()
    }

    /// Returns the mean time for which an object stays at an edge of `cdn`; `None`: for ever.
    #[must_use]
    pub fn stays_at_edge(&self, cdn: usize) -> Option<SimDuration> {
        self.edges[cdn].stays
    }

    /// Returns the popularity of a cache's objects; `None` if it is not simulated by object or cannot be used.
    #[must_use]
    pub fn popularity(&self, cache: usize) -> Option<&Zipf> {
        self.played[cache].as_ref().map(|played| &played.popularity)
    }

    /// Returns the share of the look-ups in a cache that find their object.
    #[must_use]
    pub fn in_cache(&self, cache: usize) -> f64 {
        // Before the ratios are computed, no look-up finds its object.
        self.caches.get(cache).copied().unwrap_or(0.0)
    }

    /// Returns the steps in which a cache that has lost its content fills again, at the mean ratio of changes to look-ups;
    /// none if it has no content.
    #[must_use]
    pub fn filling(&self, cache: usize) -> Vec<filling::Step> {
        let Some(played) = self.played.get(cache).and_then(Option::as_ref) else {
            return Vec::new();
        };
        let Asks { look_ups, changes } = self.asked[cache];
        let per = |of: [f64; 2]| of.map(|rate| if look_ups > 0.0 { rate / look_ups } else { 0.0 });
        let changes = Changes { removing: per(changes.removing), storing: per(changes.storing) };
        let steady = self.in_cache(cache);
        let (capacity, is_adaptive) = (played.capacity, played.by.is_none());
        filling::steps(
            &played.popularity,
            &changes,
            &filling::Cache { capacity, is_adaptive, steady },
        )
    }

    /// Returns the look-ups and changes per second, per cache.
    fn asks(&self, draft: &Draft) -> Vec<Asks> {
        let mut rates = vec![Asks::default(); self.caches.len()];
        for (class, rate) in class_rates(draft, self).into_iter().enumerate() {
            let missed = match draft.links.enters[class] {
                Some(Entrance::Cdn(cdn)) => 1.0 - self.at_edges(draft, cdn, class),
                _ => 1.0,
            };
            self.follow(draft, &draft.routes[class].steps, rate * missed, &mut rates);
        }
        rates
    }

    fn follow(&self, draft: &Draft, steps: &[Step], rate: f64, rates: &mut [Asks]) {
        let passes = |ask: &dyn Ask| ask.passes(self);
        for (step, count) in Visits::new(steps, &passes).take() {
            match &step.does {
                Does::Ask(ask) => match (ask.of(), ask.changes()) {
                    ((Kind::Cache, cache), Some(changes)) => {
                        rates[cache].add(rate * count, &changes);
                    }
                    ((Kind::Cache, cache), None) => rates[cache].look_ups += rate * count,
                    ((Kind::Purge, purge), Some(changes)) => {
                        for copies in &draft.links.own.purges[purge].of {
                            if let Some(asks) =
                                copies.cache().and_then(|cache| rates.get_mut(cache))
                            {
                                asks.add(rate * count, &copies.of_purge(draft, purge, &changes));
                            }
                        }
                    }
                    _ => {}
                },
                Does::Call(call) => self.follow(draft, &call.steps, rate * count, rates),
                _ => {}
            }
        }
    }
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
                    let Some(edges) = copies.edges() else { continue };
                    let each = copies.of_purge(draft, purge, &changes);
                    let mut sum =
                        Asks { look_ups: 0.0, changes: found.remove(&edges).unwrap_or_default() };
                    sum.add(rate * count, &each);
                    found.insert(edges, sum.changes);
                }
            }
            Does::Call(call) => purges_of(draft, &call.steps, rate * count, found),
            _ => {}
        }
    }
}

/// Returns the requests per second of each class, from the workloads that have a rate.
fn class_rates(draft: &Draft, hits: &Hits) -> Vec<f64> {
    flow::class_rates(draft, hits, &load::open_rates(draft))
}

/// Returns the eviction policy of a cache; `None` if it is adaptive.
#[must_use]
pub fn policy_of(policy: CachePolicy) -> Option<Policy> {
    match policy {
        CachePolicy::Lru => Some(Policy::Lru),
        CachePolicy::Fifo => Some(Policy::Fifo),
        CachePolicy::Random => Some(Policy::Random),
        CachePolicy::Arc => None,
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

fn at_all_edges(draft: &Draft) -> Vec<AtEdges> {
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

/// Cache that is simulated object by object.
#[derive(Clone, Debug)]
struct Played {
    popularity: Zipf,
    capacity: u64,
    /// Policy and life of its objects; `None` if it is adaptive.
    by: Option<(Policy, Option<Ttl>)>,
}

impl Played {
    fn of(spec: &CacheSpec) -> Option<Self> {
        if spec.hit.is_some() {
            return None;
        }
        let ttl = spec.ttl.as_ref().map(|ttl| ttl.value);
        let ttl = ttl.map(|length| Ttl { length, sliding_ttl: spec.sliding_ttl.value });
        let capacity = spec.objects.as_ref()?.value;
        let by = policy_of(spec.policy.value).map(|policy| (policy, ttl));
        let popularity = table(spec.popularity.as_ref()?)?;
        Some(Self { popularity, capacity, by })
    }

    /// Computes the hit ratio at these rates; without a lifetime and changes, the rate does not matter.
    fn ratio(&self, asks: &Asks) -> Option<f64> {
        let rate = asks.look_ups;
        let Some((policy, ttl)) = self.by else {
            // Users without a rate count as slow.
            let (rate, quiet) = if rate > 0.0 { (rate, PROMOTION.seconds()) } else { (1.0, 0.0) };
            return Some(adaptive_hit_ratio(&self.popularity, self.capacity, rate, quiet));
        };
        if let Some(ttl) = ttl.filter(|_| !asks.changes.is_none()) {
            let per_second = |rate| Rate::per_second(rate).unwrap_or(Rate::ZERO);
            let removed = asks.changes.removing.map(per_second);
            let popularity = self.popularity.clone();
            let asked = [Removed { popularity, rate: per_second(rate), removed }];
            return Some(changed::expiring_hit_ratios(&asked, self.capacity, ttl.length).ratios[0]);
        }
        if !asks.changes.is_none() {
            let cache = (self.capacity, policy);
            return Some(changed::hit_ratio(&self.popularity, cache, rate, &asks.changes));
        }
        let rate = if ttl.is_none() { 1.0 } else { rate };
        let asked = [(self.popularity.clone(), Rate::per_second(rate)?)];
        let holds = Holds { capacity: self.capacity, policy, ttl };
        Some(hit_ratios(&asked, &holds).ratios[0])
    }
}

/// Returns the table of a popularity; `None` if it has none, for which [`refuse`] gives the reason.
pub(crate) fn table(spec: &PopularitySpec) -> Option<Zipf> {
    Zipf::new(spec.zipf.value, spec.objects.value).ok()
}

/// Reports why no table can be made of the popularity of `owner`.
pub(crate) fn refuse(owner: &str, spec: &PopularitySpec, out: &mut Diagnostics) {
    if let Err(error) = Zipf::new(spec.zipf.value, spec.objects.value) {
        let message = format!("{owner}: {error}");
        out.push(Diagnostic::new(Code::OutOfRange, spec.span, message));
    }
}
