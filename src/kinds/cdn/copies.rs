//! CDNs as purges reach them: each edge keeps copies of what a class asks for.

use crate::kinds::cdn::Cdn;
use crate::kinds::cdn::components::origin_name;
use crate::kinds::cdn::hits::policy_of_edge;
use crate::plan::Draft;
use crate::plan::checks::exclude;
use crate::plan::copies::{Copies, Keeper};
use crate::plan::document::ScenarioSpec;
use crate::plan::names::member_name;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::law::LawSpec;
use crate::scenario::source::Span;
use crate::units::SimDuration;
use crate::workload::hits::Policy;
use crate::workload::popularity::Zipf;

impl Keeper for Cdn {
    fn keeps_by_class(&self) -> bool {
        true
    }

    fn check(&self, draft: &Draft, copies: Copies, span: Span, out: &mut Diagnostics) {
        let index = copies.of.1;
        let (name, spec) = &draft.scenario.cdn[index];
        let Some(content) = &spec.content else {
            let message = "the hit ratios of these edges are given: no purge alters them";
            return exclude(span, spec.hit.span, message, out);
        };
        if policy_of_edge(content.value.policy.value) != Policy::Lru {
            let message = "copies at edges are computed together with purges for `lru` alone";
            exclude(span, content.value.policy.span, message, out);
        }
        let links = &draft.links;
        if links.shield_of(index).is_some() || links.edges_of(index).is_some() {
            let message =
                format!("`{name}` is one of two tiers: its hits under purges are not computed");
            exclude(span, spec.to.span, &message, out);
        }
    }

    fn content(&self, draft: &Draft, copies: Copies) -> String {
        origin_name(&draft.scenario.cdn[copies.of.1].0)
    }

    fn places(&self, draft: &Draft, copies: Copies) -> Vec<String> {
        let (name, spec) = &draft.scenario.cdn[copies.of.1];
        (0..spec.count.value).map(|edge| member_name(name, edge)).collect()
    }

    fn popularity<'d>(&self, draft: &'d Draft, copies: Copies) -> Option<&'d Zipf> {
        draft.hits.row_at_edge(copies.of.1, copies.class?).map(|row| &row.popularity)
    }

    fn objects(&self, scenario: &ScenarioSpec, copies: Copies) -> Option<(f64, u64)> {
        let content = scenario.cdn[copies.of.1].1.content.as_ref()?;
        let class = &scenario.request[copies.class?].0;
        let popularity = content.value.popularity.get(&class.text)?;
        Some((popularity.zipf.value, popularity.objects.value))
    }

    fn row(&self, draft: &Draft, copies: Copies) -> u32 {
        let Some(class) = copies.class else { return 0 };
        let name = &draft.scenario.request[class].0;
        let content = draft.scenario.cdn[copies.of.1].1.content.as_ref();
        let rows = content.into_iter().flat_map(|content| content.value.popularity.iter());
        let row = rows.map(|(row, _)| row).position(|row| row.text == name.text);
        crate::convert::place(row.unwrap_or(0))
    }

    /// Returns the time of a request at an edge.
    fn work<'d>(&self, draft: &'d Draft, copies: Copies) -> Option<&'d LawSpec<SimDuration>> {
        draft.scenario.cdn[copies.of.1].1.service_time.as_ref().map(|law| &law.value)
    }

    fn trip<'d>(&self, draft: &'d Draft, copies: Copies) -> Option<&'d LawSpec<SimDuration>> {
        draft.scenario.cdn[copies.of.1].1.origin.as_ref().map(|law| &law.value)
    }
}
