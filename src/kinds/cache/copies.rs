//! Object caches as purges reach them: one store, which the process of the cache answers for.

use crate::kinds::cache::components::content_name;
use crate::kinds::cache::hits::policy_of;
use crate::kinds::cache::plan::Cache;
use crate::plan::Draft;
use crate::plan::checks::exclude;
use crate::plan::copies::{Copies, Keeper};
use crate::plan::document::ScenarioSpec;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::law::LawSpec;
use crate::scenario::source::Span;
use crate::units::SimDuration;
use crate::workload::hits::Policy;
use crate::workload::popularity::Zipf;

impl Keeper for Cache {
    fn keeps_by_class(&self) -> bool {
        false
    }

    fn check(&self, draft: &Draft, copies: Copies, span: Span, out: &mut Diagnostics) {
        let spec = &draft.scenario.cache[copies.of.1].1;
        if let Some(hit) = &spec.hit {
            let message = "the hit ratio of this cache is given: no purge alters it";
            exclude(span, hit.span, message, out);
        } else if policy_of(spec.policy.value).is_none() {
            let message = "an adaptive cache (`arc`) takes no changes of objects";
            exclude(span, spec.policy.span, message, out);
        } else if let Some(ttl) = &spec.ttl {
            if spec.sliding_ttl.value {
                let message = "a life that each use renews is not computed together with purges";
                exclude(span, spec.sliding_ttl.span, message, out);
            } else if policy_of(spec.policy.value) != Some(Policy::Lru) {
                let message =
                    "copies that expire are computed together with purges for `lru` alone";
                exclude(span, spec.policy.span, message, out);
            } else if copies.through {
                let message =
                    "copies that expire and new copies by a purge are not computed together";
                exclude(span, ttl.span, message, out);
            }
        }
    }

    fn content(&self, draft: &Draft, copies: Copies) -> String {
        content_name(&draft.scenario.cache[copies.of.1].0)
    }

    fn places(&self, draft: &Draft, copies: Copies) -> Vec<String> {
        vec![draft.scenario.cache[copies.of.1].0.text.clone()]
    }

    fn popularity<'d>(&self, draft: &'d Draft, copies: Copies) -> Option<&'d Zipf> {
        draft.hits.popularity(copies.of.1)
    }

    fn objects(&self, scenario: &ScenarioSpec, copies: Copies) -> Option<(f64, u64)> {
        let popularity = scenario.cache[copies.of.1].1.popularity.as_ref()?;
        Some((popularity.zipf.value, popularity.objects.value))
    }

    fn row(&self, _: &Draft, _: Copies) -> u32 {
        0
    }

    /// Returns the work of a look-up.
    fn work<'d>(&self, draft: &'d Draft, copies: Copies) -> Option<&'d LawSpec<SimDuration>> {
        Some(&draft.scenario.cache[copies.of.1].1.cpu.value)
    }

    fn trip<'d>(&self, _: &'d Draft, _: Copies) -> Option<&'d LawSpec<SimDuration>> {
        None
    }
}
