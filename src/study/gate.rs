//! Regression gate: tests whether a scenario's figures have moved since a baseline.
//!
//! In: two summaries, the baseline and the new one. Out: a verdict per figure.
//!
//! *Exact*, where scenario, seed, effort and version of results are the same: every record must be bit-identical.
//! *Equivalence* otherwise: a figure is `same` when a difference beyond its margin is excluded, `changed` when one
//! within it is, else `unsure`. The uncertainty of both sides counts. Figures of one seed with bit-identical estimate
//! and interval have not moved.
//!
//! The margin is that of the figure's metric (the registry of [`figure`](crate::plan::figure)), relative to the
//! baseline. For an availability or a share served it is relative to the complement, since 3 % of 99.9 % would let
//! everything pass. Near zero a relative margin vanishes, so a metric may have an absolute minimum margin.
//!
//! Holds: the probability of any false `changed` in a scenario is at most [`FALSE_ALARM`]; that of calling all figures
//! `same` when one is on its margin is at most [`FALSE_PASS`].
//! Two runs of one seed have the same draws. A figure that is a mean over replications is therefore judged by its
//! differences, replication by replication: shared noise cancels.
//!
//! Leaves out: figures that are no mean over replications (quantiles of years, deviations), which are judged as two
//! independent estimates; categories (verdicts of windows, outcomes of expectations) are reported, not judged.

use super::record::{FigureRecord, SummaryRecord};
use super::results::natural;
use crate::convert::whole;
use crate::plan::figure::{Figure, Wanted};
use crate::stats::equivalence::{Equivalence, Margin, Verdict as Found, all_agree};
use crate::stats::interval::{Student, differences};

/// Probability of any false `changed` among the figures of a scenario.
pub const FALSE_ALARM: f64 = 0.01;
/// Probability of a false `same`.
pub const FALSE_PASS: f64 = 0.05;
/// Paths of the costs per month and once, with the units of their records.
const COSTS: [(&str, &str); 2] = [("cost.month", "dollars_per_month"), ("cost.once", "dollars")];
/// Rounding of a figure relative to the terms it is computed from: numbers of 53 bits, some hundred operations.
const ROUNDING: f64 = 1e-13;
/// A larger number of replications is not reported.
const MOST: f64 = 1e6;

/// Verdict on a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It differs by more than its margin.
    Changed,
    /// Neither of these two is shown.
    Unsure,
    /// Only one of the two sides has it.
    Apart,
    /// It does not differ by more than its margin.
    Same,
}

impl Verdict {
    /// Returns the word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unsure => "unsure",
            Self::Apart => "only in one",
            Self::Same => "same",
        }
    }
}

/// Direction of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards the value that its users want.
    Better,
    /// Away from it.
    Worse,
}

impl Direction {
    /// Returns the word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
        }
    }

    /// Returns the direction of a figure from one value to another; `None` where it has not moved, or where more is
    /// neither good nor bad.
    #[must_use]
    pub fn of(path: &str, old: f64, new: f64) -> Option<Self> {
        let figure = Figure::parse(path).ok()?;
        let more_is_better = match figure.row().wanted(figure.word()) {
            Wanted::More => true,
            Wanted::Less => false,
            Wanted::Neither => return None,
        };
        let way = if (new > old) == more_is_better { Self::Better } else { Self::Worse };
        (old != new).then_some(way)
    }
}

/// Mode of comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing may differ.
    Exact,
    /// Within margins.
    Equivalence,
}

impl Mode {
    /// Returns the word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Equivalence => "equivalence",
        }
    }
}

/// Margin allowed for a difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allowed {
    /// The margin.
    pub margin: Margin,
    /// True if the margin is relative to one minus the value.
    pub of_the_rest: bool,
}

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its path.
    pub path: String,
    /// In the baseline.
    pub old: Option<FigureRecord>,
    /// Now.
    pub new: Option<FigureRecord>,
    /// Margin; `None` if nothing may differ, or nothing was compared.
    pub allowed: Option<Allowed>,
    /// Verdict.
    pub verdict: Verdict,
    /// Direction of the change, if it has changed.
    pub direction: Option<Direction>,
    /// True if it was judged by differences on the same draws.
    pub paired: bool,
    /// Approximate number of replications on both sides that would decide.
    pub replications: Option<u64>,
    /// Reason why it is unsure, where replications are not the reason.
    pub why: Option<String>,
}

/// Judges every figure of two summaries, in the order of their paths. `costs`: per month and once, in dollars.
#[must_use]
pub fn judge(
    mode: Mode,
    old: &SummaryRecord,
    new: &SummaryRecord,
    costs: [(Option<f64>, Option<f64>); 2],
) -> Vec<Row> {
    let (olds, news) = (old.all(), new.all());
    let mut paths: Vec<&String> = olds.keys().chain(news.keys()).collect();
    paths.sort_by_cached_key(|path| order(path));
    paths.dedup();
    let mut rows = Vec::new();
    let mut tests: Vec<(usize, Test)> = Vec::new();
    // Prices are no estimates: where bills exist, those are compared.
    let [old_bill, new_bill] = costs;
    let sides = [[old_bill.0, new_bill.0], [old_bill.1, new_bill.1]];
    let prices: Vec<Row> =
        COSTS.into_iter().zip(sides).filter_map(|(of, sides)| cost(of, sides)).collect();
    let is_price = |path: &String| prices.iter().any(|row| row.path == *path);
    for path in paths.into_iter().filter(|path| !is_price(path)) {
        let (was, is) = (olds.get(path), news.get(path));
        // A figure without a value on both sides is left out.
        if [was, is].iter().all(|side| side.is_none_or(|record| record.value.is_none()))
            && (mode == Mode::Equivalence || was == is)
        {
            continue;
        }
        let mut row = Row {
            path: path.clone(),
            old: was.cloned(),
            new: is.cloned(),
            allowed: None,
            verdict: Verdict::Same,
            direction: None,
            paired: false,
            replications: None,
            why: None,
        };
        let (Some(was), Some(is)) = (was, is) else {
            row.verdict = if mode == Mode::Exact { Verdict::Changed } else { Verdict::Apart };
            rows.push(row);
            continue;
        };
        if mode == Mode::Exact {
            row.verdict = if was == is { Verdict::Same } else { Verdict::Changed };
        } else if !(old.seed == new.seed && to_the_bit(was, is) || equal_but_for_rounding(was, is))
        {
            let paired = pairs(old, new, path);
            match Test::of(path, (was, is), paired) {
                Ok(test) => {
                    row.allowed = Some(test.allowed);
                    row.paired = paired.is_some();
                    tests.push((rows.len(), test));
                }
                Err(why) => {
                    row.verdict = Verdict::Unsure;
                    row.why = Some(why);
                }
            }
        }
        rows.push(row);
    }
    let family: Vec<Equivalence> = tests.iter().map(|(_, test)| test.found).collect();
    let verdicts = all_agree(&family, FALSE_ALARM, FALSE_PASS);
    let verdicts = verdicts.expect("both rates are written in this file");
    for ((at, test), found) in tests.iter().zip(verdicts) {
        rows[*at].verdict = match found {
            Found::Agree => Verdict::Same,
            Found::Disagree => Verdict::Changed,
            Found::Inconclusive => Verdict::Unsure,
        };
        if found == Found::Inconclusive {
            rows[*at].replications = test.replications(family.len());
        }
    }
    rows.extend(prices);
    for row in rows.iter_mut().filter(|row| row.verdict == Verdict::Changed) {
        let value = |side: &Option<FigureRecord>| side.as_ref().and_then(|record| record.value);
        if let (Some(old), Some(new)) = (value(&row.old), value(&row.new)) {
            row.direction = Direction::of(&row.path, old, new);
        }
    }
    rows
}

/// Returns the values of both sides if they share seed and number of replications, hence draws.
fn pairs<'a>(
    old: &'a SummaryRecord,
    new: &'a SummaryRecord,
    path: &str,
) -> Option<(&'a [f64], &'a [f64])> {
    let count = |side: &SummaryRecord| side.figures.get(path).map(|record| record.replications);
    let same = old.seed == new.seed && count(old) == count(new);
    let (old, new) = (old.values(path).filter(|_| same)?, new.values(path)?);
    (old.len() == new.len() && old.len() > 1).then_some((old, new))
}

/// Returns the sort key: the window, then the path with its numbers by size.
fn order(path: &str) -> (String, Vec<(String, u64)>) {
    let (figure, window) = path.split_once('@').unwrap_or((path, ""));
    (window.to_string(), natural(figure))
}

fn to_the_bit(old: &FigureRecord, new: &FigureRecord) -> bool {
    let bits = |record: &FigureRecord| {
        let numbers = [record.value, record.low, record.high];
        (numbers.map(|number| number.map(f64::to_bits)), record.replications)
    };
    bits(old) == bits(new)
}

/// Returns the smallest difference that rounding does not explain. The terms of a share are as large as one.
fn resolution(record: &FigureRecord) -> f64 {
    let least = if record.unit == "ratio" { 1.0 } else { 0.0 };
    ROUNDING * record.value.unwrap_or_default().abs().max(least)
}

/// Returns the record with zero in place of numbers that rounding alone keeps from it.
#[must_use]
pub fn without_rounding(record: &FigureRecord) -> FigureRecord {
    let least = resolution(record);
    let clean = |number: Option<f64>| number.map(|it| if it.abs() <= least { 0.0 } else { it });
    let [value, low, high] = [record.value, record.low, record.high].map(clean);
    FigureRecord { value, low, high, ..record.clone() }
}

/// Returns whether both are without noise, and differ by rounding alone.
fn equal_but_for_rounding(old: &FigureRecord, new: &FigureRecord) -> bool {
    let least = resolution(old).max(resolution(new));
    let ends = |record: &FigureRecord| [record.value, record.low, record.high];
    let Some(value) = old.value else { return false };
    let near = |number: Option<f64>| number.is_some_and(|it| (it - value).abs() <= least);
    old.unit == new.unit && ends(old).into_iter().chain(ends(new)).all(near)
}

/// Compares a price, which is no estimate: any difference counts.
fn cost((path, unit): (&str, &str), [old, new]: [Option<f64>; 2]) -> Option<Row> {
    let record = |value: f64| FigureRecord {
        value: Some(value),
        unit: unit.into(),
        ..FigureRecord::default()
    };
    let verdict = match (old, new) {
        (None, None) => return None,
        (Some(old), Some(new)) if old == new => Verdict::Same,
        (Some(_), Some(_)) => Verdict::Changed,
        _ => Verdict::Apart,
    };
    Some(Row {
        path: path.into(),
        old: old.map(record),
        new: new.map(record),
        allowed: None,
        verdict,
        direction: None,
        paired: false,
        replications: None,
        why: None,
    })
}

/// Two estimates of one figure, with the margin between them.
struct Test {
    old: Student,
    new: Student,
    allowed: Allowed,
    /// New minus old, where both have the same draws.
    difference: Option<Student>,
    most: u64,
    found: Equivalence,
}

impl Test {
    fn of(
        path: &str,
        (old, new): (&FigureRecord, &FigureRecord),
        pairs: Option<(&[f64], &[f64])>,
    ) -> Result<Self, String> {
        let figure = Figure::parse(path)?;
        let (row, word) = (figure.row(), figure.word());
        let rest = row.counts_the_rest(word);
        let side = |record: &FigureRecord, whose: &str| {
            let reason = || record.reason.clone().unwrap_or_else(|| "no interval".into());
            let known = (record.value, record.low, record.high, record.level);
            let (Some(value), Some(low), Some(high), Some(level)) = known else {
                return Err(format!("{whose}: {}", reason()));
            };
            let (value, ends) =
                if rest { (1.0 - value, (1.0 - high, 1.0 - low)) } else { (value, (low, high)) };
            Student::of_interval(value, ends, level, record.replications)
                .map_err(|error| format!("{whose}: {error}"))
        };
        let (old_side, new_side) = (side(old, "baseline")?, side(new, "now")?);
        let (relative, least) = (row.margin(word), row.least_difference(word));
        let margin = if relative * old_side.estimate.abs() < least {
            Margin::Absolute(least)
        } else {
            Margin::Relative(relative)
        };
        let pairs = pairs.map(|(old, new)| {
            let turned = |values: &[f64]| -> Vec<f64> {
                values.iter().map(|value| if rest { 1.0 - value } else { *value }).collect()
            };
            (turned(old), turned(new))
        });
        let found = match &pairs {
            Some((old, new)) => Equivalence::paired(new, old, margin),
            None => Equivalence::of_estimates(&new_side, &old_side, margin),
        };
        Ok(Self {
            difference: pairs.map(|(old, new)| Student::of(&differences(&new, &old))),
            old: old_side,
            new: new_side,
            allowed: Allowed { margin, of_the_rest: rest },
            most: old.replications.max(new.replications),
            found: found.map_err(|error| error.to_string())?,
        })
    }

    /// Returns the replications of both sides that would decide, for one of `family` figures.
    fn replications(&self, family: usize) -> Option<u64> {
        let alpha = FALSE_ALARM / family.max(1) as f64;
        let margin = self.allowed.margin;
        let difference = self.difference.unwrap_or_else(|| self.new.minus(&self.old));
        let of = self.old.estimate;
        let times = Equivalence::effort_of_difference(&difference, of, margin, alpha, FALSE_PASS)
            .ok()??;
        // The present number has not decided, whatever the normal approximation says for so small a sample.
        let count = times.max(1.5) * self.most as f64;
        (count <= MOST).then(|| whole::u64(count.ceil()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(value: f64, half: f64, replications: u64) -> FigureRecord {
        FigureRecord {
            value: Some(value),
            low: Some(value - half),
            high: Some(value + half),
            level: Some(0.95),
            unit: "s".into(),
            replications,
            ..FigureRecord::default()
        }
    }

    fn summary(seed: u64, figures: &[(&str, FigureRecord)]) -> SummaryRecord {
        SummaryRecord {
            scenario: "x".into(),
            results_version: 1,
            seed,
            level: 0.95,
            figures: figures.iter().map(|(path, one)| ((*path).into(), one.clone())).collect(),
            capacities: Vec::new(),
            expectations: Vec::new(),
            by_replication: std::collections::BTreeMap::new(),
            kept: std::collections::BTreeMap::new(),
        }
    }

    fn verdict(path: &str, old: FigureRecord, new: FigureRecord) -> Row {
        let (old, new) = (summary(1, &[(path, old)]), summary(2, &[(path, new)]));
        judge(Mode::Equivalence, &old, &new, [(None, None); 2]).remove(0)
    }

    /// Half-widths 0.1 of 30 replications are standard errors of 0.0489 (t = 2.045), of the
    /// difference 0.0691. Margin 3 % of 10 is 0.3: a difference of 0.1 leaves 0.2 = 2.9 s.e.,
    /// of 0.28 leaves 0.3 s.e., one of 0.8 is 0.5 = 7.2 s.e. beyond.
    #[test]
    fn the_three_verdicts_follow_margin_and_both_errors() {
        let path = "latency.page.p95@peak";
        let against = |value: f64| verdict(path, record(10.0, 0.1, 30), record(value, 0.1, 30));
        assert_eq!(against(10.1).verdict, Verdict::Same);
        assert_eq!(against(10.8).verdict, Verdict::Changed);
        let unsure = against(10.28);
        assert_eq!(unsure.verdict, Verdict::Unsure);
        // s.e. 0.02 / (1.645 + 0.842) = 0.0080 is needed: 74 times the replications.
        let needed = unsure.replications.unwrap();
        assert!((2_150..2_350).contains(&needed), "{needed}");
        // A baseline without precision decides nothing.
        let vague = verdict(path, record(10.0, 3.0, 3), record(10.8, 0.001, 3_000));
        assert_eq!(vague.verdict, Verdict::Unsure);
        let bare = FigureRecord { low: None, high: None, ..record(10.0, 0.0, 1) };
        let single = verdict(path, bare, record(10.0, 0.1, 30));
        assert_eq!(single.verdict, Verdict::Unsure);
        assert_eq!(single.why.as_deref(), Some("baseline: no interval"));
    }

    /// An availability of 99.8 % has twice the downtime of 99.9 %; they are not 0.1 % apart.
    #[test]
    fn of_an_availability_what_is_missing_to_one_is_compared() {
        let row = verdict(
            "structural.page@horizon",
            record(0.999, 1e-5, 1_000),
            record(0.998, 1e-5, 1_000),
        );
        assert_eq!(row.verdict, Verdict::Changed);
        assert!(row.allowed.unwrap().of_the_rest);
        let row = verdict(
            "structural.page@horizon",
            record(0.999, 1e-5, 1_000),
            record(0.999_01, 1e-5, 1_000),
        );
        assert_eq!(row.verdict, Verdict::Same);
    }

    /// Near zero a relative margin vanishes: 0.02 % lost and none lost are the same.
    #[test]
    fn what_is_next_to_nothing_has_an_absolute_margin() {
        let row = verdict("lost.page.chance@peak", record(0.0, 0.0, 30), record(2e-4, 1e-4, 30));
        assert_eq!(row.verdict, Verdict::Same);
        assert_eq!(row.allowed.unwrap().margin, Margin::Absolute(0.001));
        let row = verdict("lost.page.chance@peak", record(0.0, 0.0, 30), record(0.02, 1e-3, 30));
        assert_eq!(row.verdict, Verdict::Changed);
    }

    /// A headroom of nothing is computed as 1 − 1, which another order of addition makes 1.1e-16.
    #[test]
    fn what_differs_by_rounding_alone_has_not_moved() {
        let share = |value: f64| FigureRecord { unit: "ratio".into(), ..record(value, 0.0, 30) };
        let path = "headroom.web-1.cpu@peak";
        let row = verdict(path, share(1.110_223e-16), share(0.0));
        assert_eq!((row.verdict, row.direction), (Verdict::Same, None));
        assert_eq!(without_rounding(&share(1.110_223e-16)), share(0.0));
        let row = verdict(path, share(1.110_223e-16), share(-0.2));
        assert_eq!((row.verdict, row.direction), (Verdict::Changed, Some(Direction::Worse)));
        // A time has no whole to be compared with: a femtosecond and a picosecond differ.
        assert!(!equal_but_for_rounding(&record(1e-15, 0.0, 30), &record(1e-12, 0.0, 30)));
    }

    /// On the same draws, bit-identical figures have not moved, however noisy they are.
    #[test]
    fn on_the_same_draws_bits_are_enough() {
        let path = "latency.page.p95@peak";
        let side = |seed, value| summary(seed, &[(path, record(value, 5.0, 3))]);
        let found = |a: &SummaryRecord, b: &SummaryRecord| {
            judge(Mode::Equivalence, a, b, [(None, None); 2])[0].verdict
        };
        assert_eq!(found(&side(1, 10.0), &side(1, 10.0)), Verdict::Same);
        assert_eq!(found(&side(1, 10.0), &side(2, 10.0)), Verdict::Unsure);
        let exact = judge(Mode::Exact, &side(1, 10.0), &side(1, 10.000_000_1), [(None, None); 2]);
        assert_eq!(exact[0].verdict, Verdict::Changed);
    }

    /// Ten replications with a spread of half their value, each 1 % above the baseline's. Two independent estimates
    /// would need thousands of replications; the differences decide.
    #[test]
    fn figures_on_the_same_draws_are_judged_by_their_differences() {
        let path = "latency.page.p95@peak";
        let luck = [6.0, 14.0, 9.0, 11.0, 7.0, 13.0, 8.0, 12.0, 10.0, 10.0];
        let side = |seed: u64, factor: f64| {
            let mut side = summary(seed, &[(path, record(10.0 * factor, 1.9, 10))]);
            let values = luck.iter().map(|value| value * factor).collect();
            side.by_replication.insert(path.into(), values);
            side
        };
        let found = |new: &SummaryRecord| {
            judge(Mode::Equivalence, &side(1, 1.0), new, [(None, None); 2]).remove(0)
        };
        let row = found(&side(1, 1.01));
        assert_eq!((row.verdict, row.paired, row.direction), (Verdict::Same, true, None));
        let row = found(&side(1, 1.08));
        assert_eq!((row.verdict, row.direction), (Verdict::Changed, Some(Direction::Worse)));
        let row = found(&side(1, 0.9));
        assert_eq!((row.verdict, row.direction), (Verdict::Changed, Some(Direction::Better)));
        // With another seed, or another number of replications, they are independent.
        let row = found(&side(2, 1.01));
        assert_eq!((row.verdict, row.paired), (Verdict::Unsure, false));
        let mut fewer = side(1, 1.01);
        fewer.by_replication.get_mut(path).unwrap().pop();
        assert_eq!(found(&fewer).verdict, Verdict::Unsure);
        // Complements are paired as well.
        let path = "structural.page@horizon";
        let side = |factor: f64| {
            let values: Vec<f64> = luck.iter().map(|value| 1.0 - 1e-5 * value * factor).collect();
            let one = record(1.0 - 1e-4 * factor, 2e-5, 10);
            let mut side = summary(1, &[(path, one)]);
            side.by_replication.insert(path.into(), values);
            side
        };
        let row = judge(Mode::Equivalence, &side(1.0), &side(1.01), [(None, None); 2]).remove(0);
        assert_eq!(row.verdict, Verdict::Same);
        let row = judge(Mode::Equivalence, &side(1.0), &side(0.8), [(None, None); 2]).remove(0);
        assert_eq!((row.verdict, row.direction), (Verdict::Changed, Some(Direction::Better)));
    }

    /// More is good or bad depending on the metric; for load it is neither.
    #[test]
    fn a_change_is_better_or_worse_by_its_metric() {
        use Direction::{Better, Worse};
        for (path, more) in [
            ("latency.page.p95@peak", Some(Worse)),
            ("served.page.chance@peak", Some(Better)),
            ("lost.page@peak", Some(Worse)),
            ("structural.page@horizon", Some(Better)),
            ("downtime.page@horizon", Some(Worse)),
            ("arrivals.page@peak", None),
            ("arrivals.page.sd@peak", None),
            ("cost.month", Some(Worse)),
        ] {
            assert_eq!(Direction::of(path, 1.0, 2.0), more, "{path}");
            let less = more.map(|way| if way == Better { Worse } else { Better });
            assert_eq!(Direction::of(path, 2.0, 1.0), less, "{path}");
            assert_eq!(Direction::of(path, 2.0, 2.0), None, "{path}");
        }
    }

    #[test]
    fn what_only_one_side_has_is_told_and_a_price_is_no_estimate() {
        let old = summary(1, &[("latency.page.p95@peak", record(1.0, 0.1, 9))]);
        let new = summary(1, &[("latency.page.p95@mean", record(1.0, 0.1, 9))]);
        let rows =
            judge(Mode::Equivalence, &old, &new, [(Some(10.0), None), (Some(10.5), Some(5.0))]);
        let verdicts: Vec<Verdict> = rows.iter().map(|row| row.verdict).collect();
        assert_eq!(verdicts, [Verdict::Apart, Verdict::Apart, Verdict::Changed, Verdict::Apart]);
        assert_eq!((rows[2].path.as_str(), rows[3].path.as_str()), ("cost.month", "cost.once"));
    }
}
