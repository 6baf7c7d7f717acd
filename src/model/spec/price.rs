//! Prices: of parts, by kind or by name, once and per month, by the size of the part, and per size delivered.

use std::cmp::Ordering;

use serde_json::Value as Json;

use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::document::Item;
use crate::scenario::names::{Named, Reference};
use crate::scenario::spec::spec;
use crate::scenario::value::{Shape, Spanned, Value, wrong_type};
use crate::units::{Bytes, Money};

spec! {
    /// Prices: `"$250/month"` is paid per month, `"$2000"` once.
    pub struct CostSpec {
        /// Price of each zone.
        zone: Option<Price>,
        /// Price of each unit of a balancer.
        balancer: Option<Price>,
        /// Price of each head of a file server with the disks of its pool.
        nas_head: Option<Price>,
        /// Price of each further pool.
        pool: Option<Price>,
        /// Price of each site's links to the Internet.
        transit: Option<Price>,
        /// Price of the data that CDN edges deliver, per size.
        cdn: Option<SizePrice>,
        /// Cost of a lost page view.
        lost_page: Option<Money>,
        /// Prices of single components, by a name as in `hits`. Each is the price of every part that the name
        /// means, instead of the price of its kind.
        of: Option<Named<Spanned<Price>, Reference>>,
    }

    /// A price once and a price per month, and prices by the size of the part, each once (`"$40"`) or per month
    /// (`"$4/month"`).
    pub struct PriceSpec {
        /// Price paid once: `"$2000"`.
        once: Option<Money>,
        /// Price per month: `"$250/month"`, or another period.
        month: Option<Money>,
        /// Additional price per core, of a server, a balancer, or a zone with a cap.
        per_core: Option<Money>,
        /// Additional price per GiB of memory, of a server or a zone.
        per_gib: Option<Money>,
        /// Additional price per disk, of a server, a set of disks or a pool.
        per_disk: Option<Money>,
        /// Additional price per Mbit/s, of an uplink, a switch or a link.
        per_mbit: Option<Money>,
    }
}

/// Measure of size that a price counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// Cores.
    Core,
    /// GiB of memory.
    Gib,
    /// Disks.
    Disk,
    /// Mbit/s of bandwidth.
    Mbit,
}

impl Size {
    /// Returns the key of its price.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Core => "per-core",
            Self::Gib => "per-gib",
            Self::Disk => "per-disk",
            Self::Mbit => "per-mbit",
        }
    }
}

/// A price of `[cost]` for the parts of a kind, in the order of the lines of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tariff {
    /// [`CostSpec::zone`].
    Zone,
    /// [`CostSpec::balancer`].
    Balancer,
    /// [`CostSpec::nas_head`].
    NasHead,
    /// [`CostSpec::pool`].
    Pool,
    /// [`CostSpec::transit`].
    Transit,
}

impl Tariff {
    /// Returns its key.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Zone => "zone",
            Self::Balancer => "balancer",
            Self::NasHead => "nas-head",
            Self::Pool => "pool",
            Self::Transit => "transit",
        }
    }

    /// Returns the price; `None` if there is none.
    #[must_use]
    pub fn price(self, cost: &CostSpec) -> Option<&Price> {
        let price = match self {
            Self::Zone => &cost.zone,
            Self::Balancer => &cost.balancer,
            Self::NasHead => &cost.nas_head,
            Self::Pool => &cost.pool,
            Self::Transit => &cost.transit,
        };
        price.as_ref().map(|price| &price.value)
    }
}

/// `"$10000"` once, `"$250/month"`, or both: `{ once = "$10000", month = "$90/month" }`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Price {
    /// One-time price.
    pub once: Option<Spanned<Money>>,
    /// Price per month.
    pub month: Option<Spanned<Money>>,
    /// Prices by the size of the part, in addition.
    pub per: Vec<(Size, Spanned<Money>)>,
}

impl Price {
    /// Returns one-time dollars, and dollars per month, of a part with the sizes that `size` gives; `None` for a price
    /// that is not given.
    #[must_use]
    pub fn dollars(&self, size: impl Fn(Size) -> f64) -> (Option<f64>, Option<f64>) {
        let mut once = self.once.as_ref().map(|price| price.value.dollars());
        let mut month = self.month.as_ref().and_then(|price| price.value.dollars_per_month());
        for (of, price) in &self.per {
            let (sum, each) = match price.value.dollars_per_month() {
                Some(each) => (&mut month, each),
                None => (&mut once, price.value.dollars()),
            };
            *sum = Some(sum.unwrap_or(0.0) + each * size(*of));
        }
        (once, month)
    }
}

impl Value for Price {
    const QUANTITY: bool = true;
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        if item.as_table().is_none() {
            let money = Money::read(item, out)?;
            let price = Some(Spanned::new(money, item.span));
            return Some(match money.dollars_per_month() {
                Some(_) => Self { month: price, ..Self::default() },
                None => Self { once: price, ..Self::default() },
            });
        }
        let PriceSpec { once, month, per_core, per_gib, per_disk, per_mbit, span } =
            PriceSpec::read(item, out)?;
        let sizes = [Size::Core, Size::Gib, Size::Disk, Size::Mbit];
        let per = sizes.into_iter().zip([per_core, per_gib, per_disk, per_mbit]);
        let per: Vec<(Size, Spanned<Money>)> =
            per.filter_map(|(size, price)| Some((size, price?))).collect();
        let mut wrong = |span, message: &str, help: &str| {
            out.push(Diagnostic::new(Code::OutOfRange, span, message).help(help));
            None
        };
        let is_periodic = |price: &Spanned<Money>| price.value.dollars_per_month().is_some();
        if let Some(price) = once.as_ref().filter(|price| is_periodic(price)) {
            return wrong(price.span, "`once` has a period", "write `\"$2000\"`, or give `month`");
        }
        if let Some(price) = month.as_ref().filter(|price| !is_periodic(price)) {
            return wrong(
                price.span,
                "`month` has no period",
                "write `\"$250/month\"`, or give `once`",
            );
        }
        if once.is_none() && month.is_none() && per.is_empty() {
            return wrong(span, "a price without an amount", "give `once`, `month` or both");
        }
        Some(Self { once, month, per })
    }
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Money, PriceSpec::shape()])
    }
    fn canonical(&self) -> Json {
        match (&self.once, &self.month) {
            (Some(price), None) | (None, Some(price))
                if price.uncertainty.is_none() && self.per.is_empty() =>
            {
                price.canonical()
            }
            (once, month) => {
                let both = [("month", month), ("once", once)].into_iter();
                let given = both.filter_map(|(key, price)| Some((key, price.as_ref()?)));
                let sizes = self.per.iter().map(|(size, price)| (size.key(), price));
                let all = given.chain(sizes);
                let all = all.map(|(key, price)| (key.to_string(), price.canonical()));
                Json::Object(all.collect())
            }
        }
    }
    fn compare(&self, other: &Self) -> Option<Ordering> {
        let (a, b) = (self.dollars(|_| 0.0), other.dollars(|_| 0.0));
        let same = |a: Option<f64>, b: Option<f64>| a.is_some() == b.is_some();
        // An amount once and one per month have no order, nor have prices by size: which is more depends on the part.
        let sized = self.per.is_empty() && other.per.is_empty();
        let comparable = sized && same(a.0, b.0) && same(a.1, b.1);
        a.partial_cmp(&b).filter(|_| comparable)
    }
}

/// `"$0.30/GB"`: a price per size.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct SizePrice {
    /// Price in dollars.
    pub dollars: f64,
    /// Size that the price is for.
    pub per: Bytes,
}

impl SizePrice {
    fn parse(text: &str) -> Option<Self> {
        let (price, unit) = text.split_once('/')?;
        let price = Money::parse(price.trim()).ok().filter(|p| p.dollars_per_month().is_none())?;
        let per = Bytes::parse(&format!("1 {}", unit.trim())).ok()?;
        Some(Self { dollars: price.dollars(), per })
    }

    /// Returns dollars per byte.
    #[must_use]
    pub fn dollars_per_byte(self) -> f64 {
        self.dollars / self.per.count() as f64
    }
}

impl Value for SizePrice {
    const QUANTITY: bool = true;
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        let found = item.as_text().and_then(Self::parse);
        if found.is_none() {
            let wrong = wrong_type(item, "a price per size");
            out.push(wrong.help("write it as \"$0.30/GB\""));
        }
        found
    }
    fn shape() -> Shape {
        Shape::SizePrice
    }
    fn canonical(&self) -> Json {
        format!("${}/{}", self.dollars, self.per.to_string().trim_start_matches('1')).into()
    }
    fn compare(&self, other: &Self) -> Option<Ordering> {
        self.dollars_per_byte().partial_cmp(&other.dollars_per_byte())
    }
}
