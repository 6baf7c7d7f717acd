//! The choice among the variants: the cheapest that meets every objective, and the words for it.
//!
//! Objectives that no variant is judged by are set aside and named. A scenario without objectives is judged by its
//! expectations.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::columns::Columns;
use crate::report::answer::{percent, rate, seconds};
use crate::report::document::{Cell, Figure};
use crate::report::number;
use crate::report::run::price;
use crate::report::sweep::{Swept, SweptVariant, Way, record, unit};
use crate::report::text::visible;
use crate::study::asked::{Ask, Asked, together};
use crate::study::compare::in_order;
use crate::study::expect::Verdict;

/// Most variants that a sentence names.
const NAMED: usize = 3;
/// Most letters for the changes of a variant in a sentence.
const WORDS: usize = 200;

/// The demands on all variants, with the verdict on each.
pub(super) struct Judged<'a> {
    /// Each demand once, in the order of the variants.
    asks: Vec<Demand<'a>>,
    /// The verdict per variant.
    verdicts: Vec<Verdict>,
    choice: Choice,
    /// True if expectations judge, for want of objectives.
    expected: bool,
}

/// A demand of some variants.
struct Demand<'a> {
    ask: &'a Ask,
    figure: &'a str,
    /// Place of the demand in the list of each variant.
    found: Vec<Option<&'a Asked>>,
}

impl Demand<'_> {
    fn is_open(&self) -> bool {
        self.found.iter().flatten().all(|one| one.judgement == Verdict::NotJudged)
    }
}

/// The variants that the answer names.
enum Choice {
    /// No demand judges any variant.
    NothingAsked,
    /// Variants that meet every demand at the least price.
    Cheapest(Vec<usize>),
    /// Variants that meet every demand, without an order of prices.
    Unpriced(Vec<usize>),
    /// Variants at one price, or of one uncertain scenario: the question is which of them meet every demand.
    Alike,
    /// The variant that misses the fewest demands, by the least.
    Nearest(usize),
    /// No variant is known to meet every demand, and some are undecided.
    Undecided(Vec<usize>),
}

impl<'a> Judged<'a> {
    /// Judges the variants.
    pub(super) fn of(swept: &'a Swept) -> Self {
        let mut asks: Vec<Demand<'a>> = Vec::new();
        for (at, variant) in swept.variants.iter().enumerate() {
            for (nth, asked) in variant.asked.iter().enumerate() {
                // Demands of one scenario stand at the same place, unless the sweep varies them.
                let same = |one: &Demand<'_>| *one.ask == asked.ask && one.figure == asked.figure;
                let place = match asks.get(nth).is_some_and(same) {
                    true => Some(nth),
                    false => asks.iter().position(same),
                };
                let place = place.unwrap_or_else(|| {
                    let found = vec![None; swept.variants.len()];
                    asks.push(Demand { ask: &asked.ask, figure: &asked.figure, found });
                    asks.len() - 1
                });
                asks[place].found[at] = Some(asked);
            }
        }
        let verdict = |at: usize| {
            let own = asks.iter().filter(|one| !one.is_open()).filter_map(|one| one.found[at]);
            together(&own.map(|one| one.judgement).collect::<Vec<_>>())
        };
        let verdicts: Vec<Verdict> = (0..swept.variants.len()).map(verdict).collect();
        let choice = choose(swept, &verdicts);
        let expected = asks.iter().any(|one| matches!(one.ask, Ask::Expected(_)));
        Self { asks, verdicts, choice, expected }
    }

    /// Returns the place of the variant that the answer names first.
    pub(super) fn chosen(&self) -> Option<usize> {
        match &self.choice {
            Choice::Cheapest(all) | Choice::Unpriced(all) | Choice::Undecided(all) => {
                all.first().copied()
            }
            Choice::Nearest(one) => Some(*one),
            Choice::NothingAsked | Choice::Alike => None,
        }
    }

    /// Returns the letter of a variant's verdict in the data.
    pub(super) fn letter(&self, at: usize) -> char {
        match self.verdicts[at] {
            Verdict::Holds => 'm',
            Verdict::Fails => 'x',
            Verdict::Inconclusive => 'u',
            Verdict::NotJudged => 'n',
        }
    }

    /// Returns the paths of the figures that judge.
    pub(super) fn paths(&self) -> Vec<String> {
        self.asks.iter().map(|one| one.figure.to_string()).collect()
    }

    /// Returns the classes that objectives name.
    pub(super) fn classes(&self) -> Vec<&str> {
        let class = |one: &Demand<'a>| match one.ask {
            Ask::Latency { class, .. }
            | Ask::Served { class, .. }
            | Ask::Capacity { class, .. } => Some(class.as_str()),
            Ask::Expected(_) => None,
        };
        self.asks.iter().filter_map(class).collect()
    }

    /// Returns whether the figure at `path` judges.
    pub(super) fn names(&self, path: &str) -> bool {
        self.asks.iter().any(|one| one.figure == path)
    }

    /// Returns the demands for the data of the page.
    pub(super) fn demands(&self, kept: &[usize], columns: &Columns) -> Vec<Json> {
        let demand = |one: &Demand<'_>| {
            let figure = columns.paths.iter().position(|path| path == one.figure);
            let bound = match one.ask {
                Ask::Latency { bound, .. } => Some(*bound),
                Ask::Served { least, .. } => Some(*least),
                Ask::Capacity { peak, .. } => Some(*peak),
                Ask::Expected(_) => None,
            };
            let bound = bound.zip(figure).map(|(bound, at)| bound * columns.factors[at]);
            let letter = |at: &usize| match one.found[*at].map(|asked| asked.judgement) {
                Some(Verdict::Holds) => 'h',
                Some(Verdict::Fails) => 'f',
                Some(Verdict::Inconclusive) => 'i',
                Some(Verdict::NotJudged) => 'n',
                None => '-',
            };
            json!({
                "text": visible(&words(one.ask, one.figure)),
                "figure": figure,
                "bound": bound,
                "outcomes": kept.iter().map(letter).collect::<String>(),
            })
        };
        self.asks.iter().map(demand).collect()
    }

    /// Returns the words for all demands.
    pub(super) const fn every(&self) -> &'static str {
        if self.expected { "every expectation" } else { "every objective" }
    }

    /// Explains the points of the chart.
    pub(super) fn legend(&self) -> &'static str {
        match (&self.choice, self.expected) {
            (Choice::NothingAsked, _) => "A point is a variant. Bars are intervals.",
            (_, false) => {
                "A point is a variant. Filled: it meets every objective. Hollow: it misses one. Hollow diamond: \
                 undecided. Bars are intervals."
            }
            (_, true) => {
                "A point is a variant. Filled: it meets every expectation. Hollow: it misses one. Hollow diamond: \
                 undecided. Bars are intervals."
            }
        }
    }

    /// Returns the answer in sentences.
    pub(super) fn sentences(&self, swept: &Swept) -> Vec<String> {
        let varied = varied(swept);
        let name = |at: usize| changes(&swept.variants[at], &varied);
        let count = swept.variants.len();
        let of = |wanted: Verdict| self.verdicts.iter().filter(|one| **one == wanted).count();
        let every = match self.asks.iter().any(Demand::is_open) {
            true => format!("{} that is judged", self.every()),
            false => self.every().to_string(),
        };
        let meeting = match of(Verdict::Holds) {
            0 => format!("None of {count} variants meets {every}"),
            1 => format!("1 of {count} variants meets {every}"),
            all if all == count => format!("All {count} variants meet {every}"),
            some => format!("{some} of {count} variants meet {every}"),
        };
        let mut sentences = match &self.choice {
            Choice::NothingAsked => {
                vec![format!("No objective judges these {count} variants."), best(swept, &varied)]
            }
            Choice::Cheapest(all) => {
                let cost = swept.variants[all[0]].cost;
                let cost = price(cost.0, cost.1).unwrap_or_default();
                let cheapest = some(all.iter().map(|at| name(*at)).collect());
                vec![match all.len() {
                    1 => format!("{meeting}. The cheapest: {cheapest}, for {cost}."),
                    same => {
                        format!("{meeting}. {same} are the cheapest, for {cost} each: {cheapest}.")
                    }
                }]
            }
            Choice::Unpriced(all) => {
                vec![
                    format!("{meeting}: {}.", some(all.iter().map(|at| name(*at)).collect())),
                    best(swept, &varied),
                ]
            }
            Choice::Alike => {
                let missing = self.missing(swept);
                let all = missing.iter().map(|at| name(*at)).collect();
                let missing = match missing.len() {
                    0 => String::new(),
                    1 => format!(" 1 misses one: {}.", some(all)),
                    count => format!(" {count} miss one, the worst first: {}.", some(all)),
                };
                vec![format!("{meeting}.{missing}"), one_price(swept)]
            }
            Choice::Undecided(all) => vec![format!(
                "No variant is known to meet {every}. {} undecided: {}.",
                if all.len() == 1 { "1 is".to_string() } else { format!("{} are", all.len()) },
                some(all.iter().map(|at| name(*at)).collect())
            )],
            Choice::Nearest(one) => vec![
                format!("None of {count} variants meets {every}. The nearest: {}.", name(*one)),
                self.missed(swept, *one),
            ],
        };
        let undecided = of(Verdict::Inconclusive);
        if undecided > 0 && !matches!(self.choice, Choice::Undecided(_)) {
            let are = if undecided == 1 { "variant is" } else { "variants are" };
            sentences.push(format!("{undecided} {are} undecided; more replications would decide."));
        }
        let open = self.asks.iter().filter(|one| one.is_open());
        let open: Vec<String> = open.map(|one| words(one.ask, one.figure)).collect();
        if !open.is_empty() {
            sentences.push(format!("Not judged in this sweep: {}.", some(open)));
        }
        sentences.retain(|sentence| !sentence.is_empty());
        sentences
    }

    /// Returns the variants that miss a demand, the worst miss first.
    fn missing(&self, swept: &Swept) -> Vec<usize> {
        let worst = |at: &usize| {
            let margins = swept.variants[*at].asked.iter().filter_map(|one| one.margin);
            margins.fold(f64::INFINITY, f64::min)
        };
        let all = 0..self.verdicts.len();
        let mut missing: Vec<usize> =
            all.filter(|at| self.verdicts[*at] == Verdict::Fails).collect();
        missing.sort_by(|a, b| worst(a).total_cmp(&worst(b)));
        missing
    }

    /// States which demands a variant misses.
    fn missed(&self, swept: &Swept, at: usize) -> String {
        let missed = self
            .asks
            .iter()
            .filter(|one| one.found[at].is_some_and(|asked| asked.judgement == Verdict::Fails));
        let text = |one: &Demand<'_>| {
            let found = record(&swept.variants[at], one.figure).and_then(|record| {
                let (value, unit) = (record.value?, unit(&record.unit));
                let interval = record.low.zip(record.high);
                Some(number::figure(&Figure { interval, ..Figure::exact(value, unit) }))
            });
            let found = found.map(|found| format!(" (it has {found})")).unwrap_or_default();
            format!("{}{found}", words(one.ask, one.figure))
        };
        format!("It misses {}.", some(missed.map(text).collect()))
    }
}

fn choose(swept: &Swept, verdicts: &[Verdict]) -> Choice {
    let of = |wanted: Verdict| {
        let all = verdicts.iter().enumerate();
        all.filter(|(_, one)| **one == wanted).map(|(at, _)| at).collect::<Vec<usize>>()
    };
    if verdicts.iter().all(|one| *one == Verdict::NotJudged) {
        return Choice::NothingAsked;
    }
    let same = |pair: &[SweptVariant]| pair[0].cost == pair[1].cost;
    if swept.way != Way::Given
        || (swept.variants.len() > 1
            && swept.variants[0].cost != (None, None)
            && swept.variants.windows(2).all(same))
    {
        return Choice::Alike;
    }
    let meet = of(Verdict::Holds);
    let undecided = of(Verdict::Inconclusive);
    if meet.is_empty() && !undecided.is_empty() {
        return Choice::Undecided(undecided);
    }
    if meet.is_empty() {
        return Choice::Nearest(nearest(swept, verdicts));
    }
    let price = |one: &SweptVariant| match one.cost {
        (None, None) => None,
        (month, once) => Some((month.unwrap_or(0.0), once.unwrap_or(0.0))),
    };
    let prices: Option<Vec<(f64, f64)>> = swept.variants.iter().map(price).collect();
    let Some(prices) = prices.filter(|prices| in_order(prices)) else {
        return Choice::Unpriced(meet);
    };
    let order = |a: &usize, b: &usize| {
        let (a, b) = (prices[*a], prices[*b]);
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    };
    let Some(least) = meet.iter().copied().min_by(order) else { return Choice::NothingAsked };
    Choice::Cheapest(meet.into_iter().filter(|at| order(at, &least).is_eq()).collect())
}

/// Returns the variant that misses the fewest demands; of equals the one whose worst miss is the smallest.
fn nearest(swept: &Swept, verdicts: &[Verdict]) -> usize {
    let rank = |at: &usize| {
        let asked = &swept.variants[*at].asked;
        let missed = asked.iter().filter(|one| one.judgement == Verdict::Fails).count();
        let worst = asked.iter().filter_map(|one| one.margin).fold(f64::INFINITY, f64::min);
        (missed, -worst)
    };
    let judged = (0..verdicts.len()).filter(|at| verdicts[*at] != Verdict::NotJudged);
    let least = judged.min_by(|a, b| {
        let (a, b) = (rank(a), rank(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    least.unwrap_or(0)
}

/// States a demand.
fn words(ask: &Ask, figure: &str) -> String {
    match ask {
        Ask::Latency { class, window: Some(window), stat, bound } => {
            format!("{stat} of {class} in window {window} at most {}", seconds(*bound))
        }
        Ask::Latency { class, window: None, stat, bound } => {
            format!("{stat} of {class} at most {}, which no window measures", seconds(*bound))
        }
        Ask::Served { class, least } => {
            format!("at least {} of the views of {class} served", percent(*least))
        }
        Ask::Capacity { class, peak, window } => {
            let peak = rate(*peak);
            format!("a capacity of {class} of at least the design peak, {peak} (window {window})")
        }
        Ask::Expected(is) => format!("{figure} {is}"),
    }
}

/// Joins the first few of a list.
fn some(mut all: Vec<String>) -> String {
    let more = all.len().saturating_sub(NAMED);
    if more > 0 {
        all.truncate(NAMED);
        all.push(format!("{more} more"));
    }
    // Changes of one variant are separated by commas.
    let last = all.pop().unwrap_or_default();
    if all.is_empty() { last } else { format!("{}; and {last}", all.join("; ")) }
}

/// Returns the keys that have more than one value.
fn varied(swept: &Swept) -> BTreeSet<&str> {
    let mut values: std::collections::BTreeMap<&str, (BTreeSet<&str>, usize)> = Default::default();
    for (path, value) in swept.variants.iter().flat_map(|one| &one.changes) {
        let (known, count) = values.entry(path).or_default();
        known.insert(value);
        *count += 1;
    }
    let all = values.into_iter();
    let varies = all.filter(|(_, (known, count))| known.len() > 1 || *count < swept.variants.len());
    varies.map(|(path, _)| path).collect()
}

/// Describes the changes of a variant to keys that vary.
fn changes(one: &SweptVariant, varied: &BTreeSet<&str>) -> String {
    let own = one.changes.iter().filter(|(path, _)| varied.contains(path.as_str()));
    let all: Vec<String> = own.map(|(path, value)| format!("{path}={value}")).collect();
    if all.is_empty() {
        return "the scenario as its file is".into();
    }
    let text = all.join(", ");
    if text.chars().count() <= WORDS {
        return text;
    }
    let short: String = text.chars().take(WORDS).collect();
    format!("{short}… (variant {})", one.name)
}

/// States the price of all variants, if they have one.
fn one_price(swept: &Swept) -> String {
    let Some(first) = swept.variants.first() else { return String::new() };
    let same = swept.variants.iter().all(|one| one.cost == first.cost);
    match price(first.cost.0, first.cost.1).filter(|_| same) {
        Some(price) => format!("Every variant costs {price}."),
        None => String::new(),
    }
}

/// Names the variant with the best value of the first shown figure that has a direction.
fn best(swept: &Swept, varied: &BTreeSet<&str>) -> String {
    use crate::plan::figure::{Figure as Parsed, Wanted};
    for path in &swept.shown {
        let Ok(parsed) = Parsed::parse(path) else { continue };
        let (sign, word) = match parsed.row().wanted(parsed.word()) {
            Wanted::Less => (1.0, "Least"),
            Wanted::More => (-1.0, "Most"),
            Wanted::Neither => continue,
        };
        let value = |one: &&SweptVariant| record(one, path).and_then(|record| record.value);
        let known = swept.variants.iter().filter(|one| value(one).is_some_and(f64::is_finite));
        let order = |a: &&SweptVariant, b: &&SweptVariant| {
            let of = |one: &&SweptVariant| value(one).unwrap_or(f64::INFINITY) * sign;
            of(a).total_cmp(&of(b))
        };
        let Some(one) = known.min_by(order) else { continue };
        let found = match super::super::cell(record(one, path)) {
            Cell::Figure(figure) => number::figure(&figure),
            _ => continue,
        };
        return format!("{word} {path}: {found}, with {}.", changes(one, varied));
    }
    String::new()
}
