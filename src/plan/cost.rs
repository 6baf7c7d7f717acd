//! The bill of a scenario, once and per month: its prices times the number of parts that they are for.
//!
//! Model: zones × price (those that no judged class uses on a line of their own) + balancers × price + heads × price
//! (with the disks of one pool) + pools beyond one per head × price + transit of each site + bytes that edges deliver
//! from their content at the mean rate of the traffic × price + energy of each site with an `energy-price`, in closed
//! form ([`power::monthly`]). Prices are those of `[cost]`; a part with an own price
//! (`[cost.of]`) is charged that instead of the price of its kind. A price may count cores, memory, disks or bandwidth of
//! the part in addition. Parts without a price cost nothing and are named.
//! The zones that an autoscaler launches are a line of their own for each group: the mean number of members over the week
//! × price.
//! Holds: amounts once and per month are never added to each other.
//! Source: hosting price lists of 2008–2010; amounts are only added.

use std::collections::{BTreeMap, BTreeSet};

use crate::convert::place;
use crate::model::spec::price::{CostSpec, Price, Size};
use crate::plan::Draft;
use crate::plan::figure::{Figure, NoSuchFigure, Stat};
use crate::plan::kind::{self, parts::Priced};
use crate::plan::links::Entrance;
use crate::plan::part::Part;
use crate::plan::power;
use crate::plan::program::law_of;
use crate::plan::scaled::{mean_members, most_members};
use crate::scenario::source::Span;
use crate::units::{Bandwidth, Bytes, SimDuration};

/// Bytes of a GiB.
const GIB: f64 = 1_073_741_824.0;
/// Bytes per second of a Mbit/s.
const MBIT: f64 = 125_000.0;
/// First words of a line for the energy of a site.
const ENERGY_OF: &str = "energy of ";

/// Mean number of members of each group that an autoscaler launches, by the section of its zones.
type Members = BTreeMap<usize, f64>;

/// Line of a bill.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Priced item: a kind of part, or the name in `[cost.of]`.
    pub what: String,
    /// Number of parts.
    pub count: u32,
    /// Price per part in dollars per month; `None` without a monthly price.
    pub each: Option<f64>,
    /// Price per part in dollars, paid once; `None` without such a price.
    pub once: Option<f64>,
}

impl Item {
    /// Returns the dollars per month of all of them.
    #[must_use]
    pub fn sum(&self) -> Option<f64> {
        self.each.map(|each| f64::from(self.count) * each)
    }

    /// Returns the dollars paid once for all of them.
    #[must_use]
    pub fn sum_once(&self) -> Option<f64> {
        self.once.map(|once| f64::from(self.count) * once)
    }
}

/// Bill: amounts paid once, and amounts paid per month.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    /// Lines of the bill.
    pub items: Vec<Item>,
}

impl Cost {
    /// Returns the dollars per month; `None` if no line has a monthly price.
    #[must_use]
    pub fn month(&self) -> Option<f64> {
        self.items.iter().any(|item| item.each.is_some()).then(|| self.total())
    }

    /// Returns the dollars per month for the energy of sites; `None` without a price of energy.
    #[must_use]
    pub fn energy(&self) -> Option<f64> {
        let all = self.items.iter().filter(|item| item.what.starts_with(ENERGY_OF));
        let sums: Vec<f64> = all.filter_map(Item::sum).collect();
        (!sums.is_empty()).then(|| sums.iter().sum())
    }

    /// Returns the dollars paid once; `None` if no line has such a price.
    #[must_use]
    pub fn once(&self) -> Option<f64> {
        let known = self.items.iter().filter_map(Item::sum_once);
        self.items.iter().any(|item| item.once.is_some()).then(|| known.sum())
    }

    fn total(&self) -> f64 {
        self.items.iter().filter_map(Item::sum).sum()
    }
}

/// Returns each entry of `[cost.of]`: name, parts, price.
fn owned(draft: &Draft) -> Vec<(&str, Vec<Part>, &Price)> {
    let of = draft.scenario.cost.as_ref().and_then(|cost| cost.value.of.as_ref());
    let entries = of.into_iter().flat_map(|of| of.value.iter());
    let parts = |name: &str| draft.targets.parts(name).to_vec();
    entries.map(|(name, price)| (&*name.text, parts(&name.text), &price.value)).collect()
}

/// Returns the parts with an own price.
fn own_parts(draft: &Draft) -> BTreeSet<Part> {
    owned(draft).into_iter().flat_map(|(_, parts, _)| parts).collect()
}

/// Returns the parts that have a price of `[cost]`, but for those with a price of their `own`, in the order of the bill.
fn lines(draft: &Draft, own: &BTreeSet<Part>) -> Vec<Priced> {
    let mut lines: Vec<Priced> = kind::all().flat_map(|kind| kind.priced(draft, own)).collect();
    lines.sort_by_key(|line| line.at);
    lines
}

/// Returns what to write so that a part has a size, for the help of an error.
#[must_use]
pub const fn advice(size: Size) -> &'static str {
    match size {
        Size::Core => "servers, balancers with `cores`, and zones with `cpu.cap` have cores",
        Size::Gib => "servers and zones with `memory` have it",
        Size::Disk => "servers, their sets of disks and pools of file servers have disks",
        Size::Mbit => "uplinks, switches and links between sites have a bandwidth",
    }
}

/// Returns a number of bytes in GiB.
#[must_use]
pub fn gib(bytes: Bytes) -> f64 {
    bytes.count() as f64 / GIB
}

/// Returns a bandwidth in Mbit/s.
#[must_use]
pub fn mbit(bandwidth: Bandwidth) -> f64 {
    bandwidth.bytes_per_s() as f64 / MBIT
}

/// Returns the prices by size that a part without that size has, each with its place and the part.
#[must_use]
pub fn without_size(draft: &Draft) -> Vec<(Size, Span, Part)> {
    let Some(cost) = &draft.scenario.cost else { return Vec::new() };
    let lines = lines(draft, &own_parts(draft)).into_iter();
    let by_kind = lines.filter_map(|line| Some((line.at.price(&cost.value)?, line.parts)));
    let by_name = owned(draft).into_iter().map(|(_, parts, price)| (price, parts));
    let mut found: Vec<(Size, Span, Part)> = Vec::new();
    for (price, parts) in by_kind.chain(by_name) {
        for (size, money) in &price.per {
            let without =
                parts.iter().find(|part| part.answers().size(draft, **part, *size).is_none());
            found.extend(without.map(|part| (*size, money.span, *part)));
        }
    }
    found
}

/// Returns the keys of `[cost]` without a price for which the scenario has parts: key, description, number.
/// A zone on a server with an own price is paid with the server.
#[must_use]
pub fn without_price(draft: &Draft) -> Vec<(&'static str, &'static str, u32)> {
    let Some(cost) = &draft.scenario.cost else { return Vec::new() };
    let own = own_parts(draft);
    let mut covered = own.clone();
    if own.iter().any(|part| matches!(part, Part::Server(_))) {
        let zones = draft.placed.zones.iter().enumerate().flat_map(|(zone, members)| {
            (0..place(members.len())).map(move |member| Part::Zone { zone, member })
        });
        covered.extend(
            zones.filter(|zone| zone.stands_on(draft).is_some_and(|server| own.contains(&server))),
        );
    }
    let free = |line: &Priced| !line.parts.is_empty() && line.at.price(&cost.value).is_none();
    let all = lines(draft, &covered).into_iter().filter(free);
    let bare = |what: &'static str| what.strip_prefix("transit of ").unwrap_or(what);
    let mut without: Vec<(&'static str, &'static str, u32)> = Vec::new();
    for Priced { at, what, parts } in all {
        let (key, count) = (at.key(), place(parts.len()));
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

/// Computes the bill; `None` without prices.
#[must_use]
pub fn bill(draft: &Draft) -> Option<Cost> {
    let mut cost = Cost::default();
    if let Some(prices) = &draft.scenario.cost {
        add_parts(draft, &prices.value, &mean_members(draft), &mut cost);
    }
    for (site, dollars) in power::monthly(draft) {
        let what = format!("{ENERGY_OF}{site}");
        cost.items.push(Item { what, count: 1, each: Some(dollars), once: None });
    }
    (!cost.items.is_empty()).then_some(cost)
}

/// Returns the dollars per month of one member of the group of zones at `zone`; `None` without a monthly price.
#[must_use]
pub fn of_member(draft: &Draft, zone: usize) -> Option<f64> {
    let prices = &draft.scenario.cost.as_ref()?.value;
    let part = Part::Zone { zone, member: 0 };
    let own = owned(draft).into_iter().find(|(_, parts, _)| parts.contains(&part));
    let of_kind = || {
        let mut lines = lines(draft, &BTreeSet::new()).into_iter();
        lines.find(|line| line.parts.contains(&part))?.at.price(prices)
    };
    let price = own.map(|(_, _, price)| price).or_else(of_kind)?;
    price.dollars(|of| part.answers().size(draft, part, of).unwrap_or(0.0)).1
}

/// Adds the lines for parts with a price, and for what edges deliver.
fn add_parts(draft: &Draft, prices: &CostSpec, scaled: &Members, cost: &mut Cost) {
    for line in lines(draft, &own_parts(draft)) {
        if let Some(price) = line.at.price(prices) {
            cost.items.extend(items(draft, line.what, &line.parts, price, scaled));
        }
    }
    for (name, parts, price) in owned(draft) {
        cost.items.extend(items(draft, name, &parts, price, scaled));
    }
    if let Some(price) = &prices.cdn {
        let each = bytes_from_edges(draft) * price.value.dollars_per_byte();
        if each > 0.0 {
            let what = "delivery by edges".into();
            cost.items.push(Item { what, count: 1, each: Some(each), once: None });
        }
    }
}

/// Returns the lines of the bill for parts with one price: one, or one for each size of theirs that the price counts.
fn items(draft: &Draft, what: &str, parts: &[Part], price: &Price, scaled: &Members) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for part in parts {
        // Parts without the size were refused by `check`.
        let size = |of| part.answers().size(draft, *part, of).unwrap_or(0.0);
        let (once, each) = price.dollars(size);
        let sizes = price.per.iter().map(|(of, _)| words(*of, size(*of)));
        let what: Vec<String> = [what.to_string()].into_iter().chain(sizes).collect();
        let what = what.join(", ");
        if let Part::Zone { zone, .. } = part
            && let Some(mean) = scaled.get(zone)
        {
            let (group, spec) = &draft.scenario.zone[*zone];
            let count = f64::from(spec.count.value);
            let most = most_members(draft, *zone).map_or(count, f64::from);
            // A rule on requests that wait counts as its most members.
            let known = if *mean < most { "on average" } else { "at most" };
            let what = format!("{what} of {group}, {mean:.2} {known}");
            // Each place has a member for the same share of the time. A price paid once is paid for the most members.
            let share = mean / count;
            let once = once.map(|once| once * most / count);
            add_scaled(&mut items, what, each.map(|each| each * share), once);
            continue;
        }
        match items.iter_mut().find(|item| item.what == what) {
            Some(item) => item.count += 1,
            None => items.push(Item { what, count: 1, each, once }),
        }
    }
    items
}

/// Adds a member that an autoscaler launches to the line of its group.
fn add_scaled(items: &mut Vec<Item>, what: String, each: Option<f64>, once: Option<f64>) {
    let add = |sum: &mut Option<f64>, more: Option<f64>| {
        if let Some(more) = more {
            *sum = Some(sum.unwrap_or(0.0) + more);
        }
    };
    match items.iter_mut().find(|item| item.what == what) {
        Some(item) => {
            add(&mut item.each, each);
            add(&mut item.once, once);
        }
        None => items.push(Item { what, count: 1, each, once }),
    }
}

/// Formats a size: `4 cores`, `8 GiB`.
fn words(of: Size, size: f64) -> String {
    let unit = match of {
        Size::Core => "cores",
        Size::Gib => "GiB",
        Size::Disk => "disks",
        Size::Mbit => "Mbit/s",
    };
    format!("{size} {unit}")
}

/// Returns the dollars per month, and the dollars paid once; `None` without such a price.
#[must_use]
pub fn totals(draft: &Draft) -> (Option<f64>, Option<f64>) {
    bill(draft).map_or((None, None), |bill| (bill.month(), bill.once()))
}

/// Returns the value of `cost.month` or `cost.once`.
///
/// # Errors
///
/// `NoSuchFigure`: the figure has a scope, or the file has no such price.
pub fn at(draft: &Draft, figure: &Figure) -> Result<f64, NoSuchFigure> {
    if !figure.scope.is_empty() {
        let message = format!("`{figure}`: the bill is that of the whole scenario");
        return Err(NoSuchFigure::new(message).help("write `cost.month` or `cost.once`"));
    }
    let (month, once) = totals(draft);
    let (value, example) = match figure.stat {
        Some(Stat::Once) => (once, "zone = \"$2000\""),
        _ => (month, "zone = \"$250/month\""),
    };
    value.ok_or_else(|| {
        NoSuchFigure::new(format!("`{figure}`: the file has no such price"))
            .help(format!("give `[cost]` one, such as `{example}`"))
    })
}

/// Returns the price of a lost page view in dollars; `None` without one.
#[must_use]
pub fn lost_view(draft: &Draft) -> Option<f64> {
    let prices = &draft.scenario.cost.as_ref()?.value;
    prices.lost_page.as_ref().map(|price| price.value.dollars())
}

/// Returns the bytes per month that edges deliver from their content or that of their shields: rate × hit ratio ×
/// reply, for the class of each workload and all classes that its clients fetch next. A month is a twelfth of a
/// year.
fn bytes_from_edges(draft: &Draft) -> f64 {
    let scenario = &draft.scenario;
    let mut per_second = 0.0;
    for (_, workload) in scenario.workload.iter() {
        let mut rate = workload.rate.as_ref().map_or(0.0, |rate| rate.value.in_per_second());
        let named = |name: &str| scenario.request.iter().position(|(class, _)| class.text == name);
        let mut class = named(&workload.request.value.text);
        // A class appears at most once in a chain: chains have no cycles.
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
        items(tier).month().unwrap()
    }

    fn items(tier: &str) -> Cost {
        let path = format!("{}/scenarios/tiers/{tier}.toml", env!("CARGO_MANIFEST_DIR"));
        let mut out = Diagnostics::new();
        let source = Source::read(std::path::Path::new(&path), &mut out).unwrap();
        let document = Document::parse(source, &mut out).unwrap();
        let draft = crate::plan::draft(&document, &mut out).unwrap();
        super::bill(&draft).unwrap()
    }

    /// A database pair, memcache, monitoring, staging and development are not on the path of the
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

    /// Returns the draft of a shipped scenario with prices of its own.
    fn priced(tier: &str, cost: &str) -> Draft {
        let path = format!("{}/scenarios/tiers/{tier}.toml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let (head, rest) = text.split_once("[cost]").unwrap();
        let text =
            format!("{head}[cost]\n{cost}\n[[expect]]{}", rest.split_once("[[expect]]").unwrap().1);
        let mut out = Diagnostics::new();
        let source = Source::from_text("priced.toml", &text);
        let document = Document::parse(source, &mut out).unwrap();
        crate::plan::draft(&document, &mut out).unwrap()
    }

    /// The balancer of tier 5 has two units, each with a price of its own or that of its kind.
    #[test]
    fn an_own_price_takes_the_place_of_that_of_its_kind_for_these_parts_alone() {
        let kinds = "zone = \"$250/month\"\nbalancer = \"$278/month\"\ntransit = \"$368/month\"";
        let plain = super::bill(&priced("tier-5", kinds)).unwrap();
        assert_eq!(plain.once(), None);
        let own = "[cost.of]\nfront-2 = { once = \"$10000\", month = \"$90/month\" }\nwww = \"$2000\"\n\
                   \"server.*\" = \"$12/y\"";
        let draft = priced("tier-5", &format!("{kinds}\n{own}"));
        let bill = super::bill(&draft).unwrap();
        let servers =
            f64::from(draft.scenario.server.iter().map(|(_, one)| one.count.value).sum::<u32>());
        let www = f64::from(
            draft.scenario.zone.iter().find(|(name, _)| **name == *"www").unwrap().1.count.value,
        );
        let month = plain.month().unwrap() - 278.0 + 90.0 - www * 250.0 + servers;
        assert!((bill.month().unwrap() - month).abs() < 1e-9, "{:?}", bill.items);
        assert_eq!(bill.once(), Some(10_000.0 + www * 2_000.0), "{:?}", bill.items);
        let line = |what: &str| bill.items.iter().find(|item| item.what == what).unwrap();
        assert_eq!((line("www").each, line("www").sum_once()), (None, Some(www * 2_000.0)));
        assert_eq!((line("balancers").count, line("balancers").each), (1, Some(278.0)));
    }

    /// Tier 5 has two web zones of 4 cores and 4 GiB, and two of a database with 4 cores and 8 GiB.
    #[test]
    fn a_price_by_size_counts_what_each_part_has() {
        let prices = "zone = { month = \"$20/month\", per-core = \"$30/month\", per-gib = \"$8/month\" }\n\
                      pool = { once = \"$1500\", per-disk = \"$220\" }\n\
                      [cost.of]\n\"site.main.uplink\" = { per-mbit = \"$12/y\" }";
        let draft = priced("tier-5", prices);
        let bill = super::bill(&draft).unwrap();
        let zones = 2.0 * (20.0 + 120.0 + 32.0) + 2.0 * (20.0 + 120.0 + 64.0);
        let scenario = &draft.scenario;
        let uplinks: f64 = scenario
            .site
            .iter()
            .map(|(_, site)| {
                let uplinks = &site.uplinks.as_ref().unwrap().value;
                let mbit = uplinks.bandwidth.value.bytes_per_s() as f64 / 125_000.0;
                f64::from(uplinks.count.value) * mbit
            })
            .sum();
        assert!((bill.month().unwrap() - zones - uplinks).abs() < 1e-9, "{:?}", bill.items);
        // One of the three pools is not included in the price of a head.
        let (_, store) = &scenario.nas[0];
        let (_, last) = &store.pools.value[store.pools.value.len() - 1];
        let disks = f64::from(last.data.value + last.parity.value);
        assert_eq!(bill.once(), Some(1_500.0 + 220.0 * disks), "{:?}", bill.items);
        let line = bill.items.iter().find(|item| item.what.starts_with("further pools")).unwrap();
        assert_eq!(line.what, format!("further pools, {disks} disks"));
    }

    /// Parts on a server with a price are paid with it; all other parts are still named.
    #[test]
    fn parts_without_a_price_of_their_own_or_of_their_kind_are_named() {
        let free = |cost: &str| -> Vec<&'static str> {
            without_price(&priced("tier-5", cost)).into_iter().map(|(key, ..)| key).collect()
        };
        assert_eq!(free("lost-page = \"$1\""), ["zone", "balancer", "nas-head", "pool", "transit"]);
        let own = "[cost.of]\n\"server.*\" = \"$2000\"\nfront = \"$10000\"\nmain = \"$1/month\"";
        assert_eq!(free(own), ["nas-head", "pool"]);
        assert_eq!(free(&own.replace("front", "front-1")), ["balancer", "nas-head", "pool"]);
    }

    /// Sums computed from the price list: zones, balancers, heads, the additional pool, transit.
    /// Tier 7 has no additional pool: its replicas use disks of their own servers.
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
