//! Hit ratios of caches and edges, and the rates from which they follow.
//!
//! Takes a draft; gives a ratio for each cache and for each class at each CDN. Each kind computes its own
//! ([`cache::hits`], [`cdn::hits`]). The rate behind a cache depends on the hits of that cache: the computation is
//! repeated up to once per cache, so that rates settle in every chain of caches.
//!
//! Assumes: mean rates, without surges; closed users and recorded traffic have rate 0, so that objects requested only
//! by them are never found if copies have a lifetime.

use crate::kinds::cache::hits::Played;
use crate::kinds::cache::plan::part_of;
use crate::kinds::cdn::hits::{AtEdges, at_all_edges};
use crate::kinds::cdn::live::content::EdgeRow;
#[cfg(doc)]
use crate::kinds::{cache, cdn};
use crate::model::spec::popularity::PopularitySpec;
use crate::plan::Draft;
use crate::plan::flow;
use crate::plan::links::Entrance;
use crate::plan::load;
use crate::plan::names::Kind;
use crate::plan::part::Part;
use crate::plan::route::ask::Ask;
use crate::plan::route::visits::Visits;
use crate::plan::route::{Does, Step};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::units::SimDuration;
use crate::workload::changed::Changes;
use crate::workload::filling;
use crate::workload::popularity::Zipf;

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
pub struct Asks {
    pub look_ups: f64,
    pub changes: Changes,
}

impl Hits {
    /// Computes the ratios of a draft whose references are resolved.
    #[must_use]
    pub fn of(draft: &Draft) -> Self {
        let scenario = &draft.scenario;
        let mut hits = Self {
            edges: at_all_edges(draft),
            caches: scenario.cache.iter().map(|(_, spec)| spec.given_ratio()).collect(),
            played: scenario.cache.iter().map(|(_, spec)| Played::of(spec)).collect(),
            asked: vec![Asks::default(); scenario.cache.len()],
        };
        // The hits of a cache affect only the rates of the caches behind it.
        let mut computed = vec![None; hits.played.len()];
        for _ in 0..hits.played.iter().flatten().count() {
            let rates = hits.asks(draft, &load::open_rates(draft));
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

    /// Returns the caches that have content, and their parts.
    pub fn with_content(&self) -> impl Iterator<Item = (usize, Part)> {
        let all = self.played.iter().enumerate().filter(|(_, played)| played.is_some());
        all.map(|(at, _)| (at, part_of(at)))
    }

    /// Returns the look-ups per second in each cache, at these rates of the workloads.
    #[must_use]
    pub fn look_ups(&self, draft: &Draft, rates: &[f64]) -> Vec<f64> {
        self.asks(draft, rates).into_iter().map(|asks| asks.look_ups).collect()
    }

    /// Returns the steps in which a cache that has lost its content fills again, at the mean ratio of changes to look-ups;
    /// none if it has no content.
    #[must_use]
    pub fn filling(&self, cache: usize) -> Vec<filling::Step> {
        let Some(played) = self.played.get(cache).and_then(Option::as_ref) else {
            return Vec::new();
        };
        played.filling(&self.asked[cache], self.in_cache(cache))
    }

    /// Returns the look-ups and changes per second, per cache.
    fn asks(&self, draft: &Draft, workloads: &[f64]) -> Vec<Asks> {
        let mut rates = vec![Asks::default(); self.caches.len()];
        for (class, rate) in flow::class_rates(draft, self, workloads).into_iter().enumerate() {
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
                        rates[cache].changes.add(rate * count, &changes);
                    }
                    ((Kind::Cache, cache), None) => rates[cache].look_ups += rate * count,
                    ((Kind::Purge, purge), Some(changes)) => {
                        for copies in &draft.links.own.purges[purge].of {
                            if let (Kind::Cache, cache) = copies.of
                                && let Some(asks) = rates.get_mut(cache)
                            {
                                asks.changes
                                    .add(rate * count, &copies.of_purge(draft, purge, &changes));
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

/// Returns the requests per second of each class, from the workloads that have a rate.
#[must_use]
pub fn class_rates(draft: &Draft, hits: &Hits) -> Vec<f64> {
    flow::class_rates(draft, hits, &load::open_rates(draft))
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
