//! What a scenario costs a month: its prices times what they are for.
//!
//! Model: zones × price (those that no judged class uses on a line of their own) + balancers × price + heads × price (with the disks of one pool) + pools
//! beyond one a head pair × price + transit of each site + what edges deliver out of what they hold
//! at the mean rate of the traffic × price. Prices are those of `[cost]`; what has no price costs nothing and is told.
//! Source: hosting price lists of 2008–2010; the arithmetic adds, nothing else.

use std::collections::BTreeSet;

use crate::model::spec::runs::CostSpec;
use crate::plan::Draft;
use crate::plan::graph::{Graph, Subject};
use crate::plan::links::Entrance;
use crate::plan::lint::judged;
use crate::plan::load;
use crate::plan::part::Part;
use crate::plan::program::law_of;
use crate::scenario::value::Spanned;
use crate::units::{Money, SimDuration};

/// One line of a bill.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What.
    pub what: &'static str,
    /// How many.
    pub count: u32,
    /// Dollars a month, each.
    pub each: f64,
}

/// The bill of a month.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    /// Its lines.
    pub items: Vec<Item>,
}

impl Cost {
    /// Dollars a month.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.items.iter().map(|item| f64::from(item.count) * item.each).sum()
    }
}

/// What a price list has a price of: key, what it is, how many there are, the price.
type Line<'d> = (&'static str, &'static str, u32, Option<&'d Money>);

fn lines<'d>(draft: &'d Draft, prices: &'d CostSpec) -> [Line<'d>; 6] {
    let scenario = &draft.scenario;
    let zones: u32 = scenario.zone.iter().map(|(_, zone)| zone.count.value).sum();
    let used = zones_used(draft).min(zones);
    let balancers = scenario.balancer.iter().map(|(_, balancer)| balancer.count.value).sum();
    let heads = scenario.nas.iter().map(|(_, nas)| nas.heads.value).sum();
    // A head comes with the disks of one pool.
    let further =
        |pools: usize, heads: u32| u32::try_from(pools).unwrap_or(u32::MAX).saturating_sub(heads);
    let pools = scenario.nas.iter().map(|(_, nas)| further(nas.pools.len(), nas.heads.value)).sum();
    let sites = u32::try_from(scenario.site.len()).unwrap_or(u32::MAX);
    let price = |price: &'d Option<Spanned<Money>>| price.as_ref().map(|price| &price.value);
    [
        ("zone", "zones", used, price(&prices.zone)),
        ("zone", "zones that no judged class uses", zones - used, price(&prices.zone)),
        ("balancer", "balancers", balancers, price(&prices.balancer)),
        ("nas-head", "file server heads", heads, price(&prices.nas_head)),
        ("pool", "further pools", pools, price(&prices.pool)),
        ("transit", "transit of sites", sites, price(&prices.transit)),
    ]
}

/// Keys of `[cost]` that have no price though there is something of the kind: what, and how many.
#[must_use]
pub fn without_price(draft: &Draft) -> Vec<(&'static str, &'static str, u32)> {
    let Some(cost) = &draft.scenario.cost else { return Vec::new() };
    let free = |line: &Line<'_>| line.2 > 0 && line.3.is_none();
    let all = lines(draft, &cost.value).into_iter().filter(free);
    let bare = |what: &'static str| what.strip_prefix("transit of ").unwrap_or(what);
    let mut without: Vec<(&'static str, &'static str, u32)> = Vec::new();
    for (key, what, count, _) in all {
        match without.last_mut().filter(|last| last.0 == key) {
            Some(last) => last.2 += count,
            None => without.push((key, bare(what), count)),
        }
    }
    let mut all = without;
    if cost.value.cdn.is_none() && bytes_from_edges(draft) > 0.0 {
        let cdns = u32::try_from(draft.scenario.cdn.len()).unwrap_or(u32::MAX);
        all.push(("cdn", "CDNs", cdns));
    }
    all
}

/// The bill of a month; `None` without prices.
#[must_use]
pub fn monthly(draft: &Draft) -> Option<Cost> {
    let prices = &draft.scenario.cost.as_ref()?.value;
    let mut cost = Cost::default();
    for (_, what, count, price) in lines(draft, prices) {
        let each = price.and_then(|price| price.dollars_per_month());
        if let Some(each) = each.filter(|_| count > 0) {
            cost.items.push(Item { what, count, each });
        }
    }
    if let Some(price) = &prices.cdn {
        let each = bytes_from_edges(draft) * price.value.dollars_per_byte();
        if each > 0.0 {
            cost.items.push(Item { what: "delivery by edges", count: 1, each });
        }
    }
    (!cost.items.is_empty()).then_some(cost)
}

/// Zones that the judged classes need or give work to.
fn zones_used(draft: &Draft) -> u32 {
    let graph = Graph::of(draft);
    let judged = judged(draft, &graph);
    let mut zones: BTreeSet<Part> = BTreeSet::new();
    for node in judged.iter().filter_map(|subject| graph.subject(*subject)) {
        zones.extend(graph.below(node).into_iter().filter_map(|id| graph.node(id).part));
    }
    let asks = |class: &Option<usize>| {
        let one = class.is_some_and(|class| judged.contains(&Subject::Class(class)));
        f64::from(u8::from(one))
    };
    let rates: Vec<f64> = draft.links.classes.iter().map(asks).collect();
    zones.extend(load::offered(draft, &rates).into_iter().map(|one| one.part));
    let is_zone = |part: &&Part| matches!(part, Part::Zone { .. });
    u32::try_from(zones.iter().filter(is_zone).count()).unwrap_or(u32::MAX)
}

/// Dollars that a lost page view costs; `None` without a price.
#[must_use]
pub fn lost_view(draft: &Draft) -> Option<f64> {
    let prices = &draft.scenario.cost.as_ref()?.value;
    prices.lost_page.as_ref().map(|price| price.value.dollars())
}

/// Bytes that edges deliver in a month out of what they or their shields hold: rate × hit ratio × reply, of the
/// class of each workload and of all that its clients fetch after it. A month is a twelfth of a
/// year.
fn bytes_from_edges(draft: &Draft) -> f64 {
    let scenario = &draft.scenario;
    let mut per_second = 0.0;
    for (_, workload) in scenario.workload.iter() {
        let mut rate = workload.rate.as_ref().map_or(0.0, |rate| rate.value.in_per_second());
        let named = |name: &str| scenario.request.iter().position(|(class, _)| class.text == name);
        let mut class = named(&workload.request.value.text);
        // A class follows another once at most: chains do not go round.
        for _ in 0..scenario.request.len() {
            let Some(index) = class else { break };
            let spec = &scenario.request[index].1;
            if let Some(Entrance::Cdn(cdn)) = draft.links.enters[index] {
                let hit = draft.hits.at_edges(draft, cdn, index);
                let reply = spec.reply.as_ref().map_or(0.0, |reply| law_of(reply).mean());
                per_second += rate * hit * reply;
            }
            let Some(then) = &spec.then else { break };
            rate *= law_of(&then.count).mean();
            class = named(&then.request.value.text);
        }
    }
    per_second * SimDuration::YEAR.seconds() / 12.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::diagnostic::Diagnostics;
    use crate::scenario::document::Document;
    use crate::scenario::source::Source;

    fn bill(tier: &str) -> f64 {
        items(tier).total()
    }

    fn items(tier: &str) -> Cost {
        let path = format!("{}/scenarios/tiers/{tier}.toml", env!("CARGO_MANIFEST_DIR"));
        let mut out = Diagnostics::new();
        let source = Source::read(std::path::Path::new(&path), &mut out).unwrap();
        let document = Document::parse(source, &mut out).unwrap();
        let draft = crate::plan::draft(&document, &mut out).unwrap();
        monthly(&draft).unwrap()
    }

    /// A database pair, memcache, monitoring, staging and development stand beside the path of the
    /// page; no other tier has a zone that no page uses.
    #[test]
    fn zones_that_no_page_uses_stand_on_a_line_of_their_own() {
        let beside = |tier: &str| {
            let items = items(tier).items.into_iter();
            items.filter(|item| item.what.starts_with("zones that")).map(|item| item.count).sum()
        };
        let found: u32 = beside("tier-8");
        assert_eq!(found, 6);
        for tier in ["starter", "tier-1", "tier-4", "tier-6", "tier-7"] {
            let found: u32 = beside(tier);
            assert_eq!(found, 0, "{tier}");
        }
    }

    /// Added by hand from the price list: zones, balancers, heads, the further pool, transit.
    /// Tier 7 has no further pool: its slaves stand on disks of their own servers.
    #[test]
    fn the_bills_of_the_tiers_are_those_added_by_hand() {
        let by_hand = [
            ("starter", 618.0),
            ("tier-1", 1_382.0),
            ("tier-2", 1_910.0),
            ("tier-3", 2_257.0),
            ("tier-4", 2_535.0),
            ("tier-5", 3_049.0),
            ("tier-6", 4_049.0),
            ("tier-7", 4_452.0),
            // 6 zones more; 20 views/s × 97.95 kB × 2,628,000 s × $0.30/GB.
            ("tier-8", 5_952.0 + 20.0 * 97_950.0 * 2_628_000.0 * 0.30e-9),
        ];
        for (tier, dollars) in by_hand {
            assert!((bill(tier) - dollars).abs() < 1e-6, "{tier}: {}", bill(tier));
        }
    }
}
