//! How often caches and edges find what they are asked for, by arithmetic: the ratio of the file, or what
//! comes out of popularity, room and life at the mean rates ([`crate::workload::hits`]).
//!
//! Takes a draft; gives a ratio for each cache and for each class at each CDN. What is asked for behind a
//! cache depends on what that cache finds: rates are followed through as many caches as there are.
//!
//! Assumes: mean rates, without surges; closed users and recorded traffic ask for nothing, so that what
//! they alone ask for is never found where copies have a life. Edges are asked evenly.

use crate::model::cdn::content::EdgeRow;
use crate::model::spec::place::{CachePolicy, CacheSpec, CdnSpec, EdgeContentSpec, PopularitySpec};
use crate::model::spec::request::StepSpec;
use crate::plan::Draft;
use crate::plan::flow::{self, Visits};
use crate::plan::links::Entrance;
use crate::plan::load;
use crate::plan::names::Kind;
use crate::units::{Rate, SimDuration};
use crate::workload::hits::{Holds, Leaves, Life, ratios, stay};
use crate::workload::popularity::{MAX_OBJECTS, Zipf};

/// Hit ratios of a scenario.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    /// By CDN, by request class.
    edges: Vec<Vec<f64>>,
    /// By cache.
    caches: Vec<f64>,
}

impl Hits {
    /// Of a draft whose links are followed.
    #[must_use]
    pub fn of(draft: &Draft) -> Self {
        let scenario = &draft.scenario;
        let by_ratio = |spec: &CacheSpec| spec.hit.as_ref().map_or(0.0, |hit| hit.value.get());
        let mut hits = Self {
            edges: (0..scenario.cdn.len()).map(|cdn| at_edges(draft, cdn)).collect(),
            caches: scenario.cache.iter().map(|(_, spec)| by_ratio(spec)).collect(),
        };
        let played: Vec<Option<Played>> =
            scenario.cache.iter().map(|(_, spec)| Played::of(spec)).collect();
        // What one cache finds moves the rates of those behind it alone.
        for _ in 0..played.iter().flatten().count() {
            let rates = hits.look_ups(draft);
            let before = hits.caches.clone();
            for (at, cache) in played.iter().enumerate() {
                if let Some(cache) = cache {
                    hits.caches[at] = cache.ratio(rates[at]).unwrap_or(0.0);
                }
            }
            if hits.caches == before {
                break;
            }
        }
        hits
    }

    /// Share of the requests of `class` that an edge of `cdn` answers.
    #[must_use]
    pub fn at_edge(&self, cdn: usize, class: usize) -> f64 {
        self.edges[cdn][class]
    }

    /// Share of its look-ups that find their object.
    #[must_use]
    pub fn in_cache(&self, cache: usize) -> f64 {
        self.caches[cache]
    }

    /// The ratio of the cache that a step names.
    #[must_use]
    pub fn of_step(&self, draft: &Draft, cache: &str) -> f64 {
        let found = draft.names.find(cache).filter(|found| found.kind == Kind::Cache);
        found.map_or(0.0, |found| self.in_cache(found.index))
    }

    /// Look-ups a second of each cache.
    fn look_ups(&self, draft: &Draft) -> Vec<f64> {
        let mut rates = vec![0.0; self.caches.len()];
        for (class, rate) in class_rates(draft).into_iter().enumerate() {
            let missed = match draft.links.enters[class] {
                Some(Entrance::Cdn(cdn)) => 1.0 - self.at_edge(cdn, class),
                _ => 1.0,
            };
            let steps = &draft.scenario.request[class].1.steps.value;
            self.follow(draft, steps, rate * missed, &mut rates);
        }
        rates
    }

    fn follow(&self, draft: &Draft, steps: &[StepSpec], rate: f64, rates: &mut [f64]) {
        let hit = |cache: &str| self.of_step(draft, cache);
        for (step, count) in Visits::new(steps, &hit).take() {
            match step {
                StepSpec::Cache(cache) => {
                    let found = draft.names.find(&cache.cache);
                    if let Some(found) = found.filter(|found| found.kind == Kind::Cache) {
                        rates[found.index] += rate * count;
                    }
                }
                StepSpec::Call(call) => {
                    if let Some(steps) = &call.steps {
                        self.follow(draft, &steps.value, rate * count, rates);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Requests a second of each class, of the workloads that have a rate.
fn class_rates(draft: &Draft) -> Vec<f64> {
    flow::class_rates(draft, &load::open_rates(draft))
}

/// What the class of name `name`, with this `popularity`, asks for at each edge of `cdn`, that holds
/// `content`; `None` where there is no such class.
#[must_use]
pub fn asked_at_edge(
    draft: &Draft,
    cdn: usize,
    content: &EdgeContentSpec,
    name: &str,
    popularity: Zipf,
) -> Option<EdgeRow> {
    let cacheable = content.cacheable.get(name).map_or(1.0, |share| share.get());
    let edges = f64::from(draft.scenario.cdn[cdn].1.count.value);
    let class = draft.scenario.request.iter().position(|(class, _)| class.text == name)?;
    let enters = draft.links.enters[class] == Some(Entrance::Cdn(cdn));
    let rate = if enters { class_rates(draft)[class] } else { 0.0 };
    let rate = Rate::per_second(rate * cacheable / edges)?;
    Some(EdgeRow { popularity, cacheable, rate })
}

fn leaves(policy: CachePolicy) -> Leaves {
    match policy {
        CachePolicy::Lru => Leaves::Unused,
        CachePolicy::Fifo => Leaves::First,
        CachePolicy::Random => Leaves::Any,
    }
}

/// Objects that the edges of a CDN keep track of, of all classes, edge by edge; `None` where nothing is
/// played, the largest number where there are more.
#[must_use]
pub fn tracked(spec: &CdnSpec) -> Option<u64> {
    let classes = spec.content.as_ref()?.value.popularity.iter();
    let of_all = classes.fold(0_u64, |sum, (_, of)| sum.saturating_add(of.objects.value));
    Some(of_all.saturating_mul(u64::from(spec.count.value)))
}

/// How long an object is at an edge in the mean; `None`: for ever.
#[must_use]
pub fn stays_at_edge(
    content: &EdgeContentSpec,
    life: SimDuration,
    rows: &[EdgeRow],
) -> Option<SimDuration> {
    stay(&kept(rows.iter()), &holds(content, life))
}

fn kept<'r>(rows: impl Iterator<Item = &'r EdgeRow>) -> Vec<(Zipf, Rate)> {
    rows.map(|row| (row.popularity.clone(), row.rate)).collect()
}

fn holds(content: &EdgeContentSpec, life: SimDuration) -> Holds {
    Holds {
        capacity: content.objects.value,
        leaves: leaves(content.policy.value),
        life: Some(Life { length: life, renewed: false }),
    }
}

/// By class.
fn at_edges(draft: &Draft, cdn: usize) -> Vec<f64> {
    let spec = &draft.scenario.cdn[cdn].1;
    let classes = &draft.scenario.request;
    let Some(content) = &spec.content else {
        return classes
            .iter()
            .map(|(name, _)| spec.hit.get(name).map_or(0.0, |hit| hit.get()))
            .collect();
    };
    if tracked(spec).is_some_and(|objects| objects > MAX_OBJECTS) {
        return vec![0.0; classes.len()]; // refused elsewhere
    }
    let content = &content.value;
    let of = |name: &str| {
        let popularity = table(content.popularity.get(name)?)?;
        asked_at_edge(draft, cdn, content, name, popularity)
    };
    let asked: Vec<Option<EdgeRow>> = classes.iter().map(|(name, _)| of(&name.text)).collect();
    let kept = kept(asked.iter().flatten());
    let holds = holds(content, spec.life.value);
    let mut found = ratios(&kept, &holds).into_iter();
    let ratio = |of: &Option<EdgeRow>| {
        of.as_ref().map_or(0.0, |of| of.cacheable * found.next().unwrap_or(0.0))
    };
    asked.iter().map(ratio).collect()
}

/// A cache that is played object by object.
struct Played {
    popularity: Zipf,
    holds: Holds,
}

impl Played {
    fn of(spec: &CacheSpec) -> Option<Self> {
        if spec.hit.is_some() {
            return None;
        }
        let life = spec.life.as_ref().map(|life| life.value);
        let life = life.map(|length| Life { length, renewed: spec.renewed.value });
        let (capacity, leaves) = (spec.objects.as_ref()?.value, leaves(spec.policy.value));
        let popularity = table(spec.popularity.as_ref()?)?;
        Some(Self { popularity, holds: Holds { capacity, leaves, life } })
    }

    /// Looked up so many times a second; without a life it does not matter how many.
    fn ratio(&self, rate: f64) -> Option<f64> {
        let rate = if self.holds.life.is_none() { 1.0 } else { rate };
        let asked = [(self.popularity.clone(), Rate::per_second(rate)?)];
        Some(ratios(&asked, &self.holds)[0])
    }
}

fn table(spec: &PopularitySpec) -> Option<Zipf> {
    Zipf::new(spec.zipf.value, spec.objects.value).ok()
}
