//! What a scenario costs a month: its prices times what they are for.
//!
//! Model: zones × price + balancers × price + heads × price (with the disks of one pool) + pools
//! beyond one a head pair × price + transit of each site, and the price of what edges deliver is
//! left to the traffic. Prices are those of `[cost]`; what has no price costs nothing and is told.
//! Source: hosting price lists of 2008–2010; the arithmetic adds, nothing else.

use crate::plan::Draft;

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

/// The bill of a month; `None` without prices.
#[must_use]
pub fn monthly(draft: &Draft) -> Option<Cost> {
    let scenario = &draft.scenario;
    let prices = &scenario.cost.as_ref()?.value;
    let zones = scenario.zone.iter().map(|(_, zone)| zone.count.value).sum();
    let balancers = scenario.balancer.iter().map(|(_, balancer)| balancer.count.value).sum();
    let heads = scenario.nas.iter().map(|(_, nas)| nas.heads.value).sum();
    // A head comes with the disks of one pool.
    let further =
        |pools: usize, heads: u32| u32::try_from(pools).unwrap_or(u32::MAX).saturating_sub(heads);
    let pools = scenario.nas.iter().map(|(_, nas)| further(nas.pools.len(), nas.heads.value)).sum();
    let sites = u32::try_from(scenario.site.len()).unwrap_or(u32::MAX);
    let lines = [
        ("zones", zones, &prices.zone),
        ("balancers", balancers, &prices.balancer),
        ("file server heads", heads, &prices.nas_head),
        ("further pools", pools, &prices.pool),
        ("transit of sites", sites, &prices.transit),
    ];
    let mut cost = Cost::default();
    for (what, count, price) in lines {
        let each = price.as_ref().and_then(|price| price.value.dollars_per_month());
        if let Some(each) = each.filter(|_| count > 0) {
            cost.items.push(Item { what, count, each });
        }
    }
    (!cost.items.is_empty()).then_some(cost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::diagnostic::Diagnostics;
    use crate::scenario::document::Document;
    use crate::scenario::source::Source;

    fn bill(tier: &str) -> f64 {
        let path = format!("{}/scenarios/tiers/{tier}.toml", env!("CARGO_MANIFEST_DIR"));
        let mut out = Diagnostics::new();
        let source = Source::read(std::path::Path::new(&path), &mut out).unwrap();
        let document = Document::parse(source, &mut out).unwrap();
        let draft = crate::plan::draft(&document, &mut out).unwrap();
        monthly(&draft).unwrap().total()
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
        ];
        for (tier, dollars) in by_hand {
            assert!((bill(tier) - dollars).abs() < 1e-6, "{tier}: {}", bill(tier));
        }
    }
}
