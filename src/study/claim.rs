//! Claims of sources: the deciding quantity, its value at each point of a range, and the verdict.
//!
//! In: `[[claim]]` of a scenario and the estimates of its figures at each point. Out: a verdict at each point and
//! one over all of them: *holds* where it holds at every point, *holds only if …* where it holds at some, *does not
//! hold* where it fails at every one, *undecided* where it holds at none and some interval straddles the threshold.
//!
//! A difference or ratio of figures of windows, or of capacities, is computed replication by replication on the same
//! draws (paired t, jackknife). Figures over the horizon have no such values: both intervals are then estimated at a
//! higher level ([`joint`]), so that they hold together at the level asked for (Bonferroni), and the difference or
//! ratio lies between the extremes of both.
//! Holds: an interval that straddles the threshold is never a pass; the interval of each point holds for itself.
//! Leaves out: values between the points that were tried.

mod criterion;
mod range;

pub use criterion::Criterion;
pub use range::{At, MOST_POINTS, Range, points};

use crate::plan::figure::registry::By;
use crate::plan::figure::{Figure, FigureUnit, Metric, NoSuchFigure, Stat};
use crate::scenario::render::list;
use crate::stats::interval::{Interval, Method};
use crate::study::compare::paired_rare;
use crate::study::expect::{Demand, Verdict};
use crate::study::measure::NoValue;
use crate::study::results::Results;
use crate::study::window::Estimate;

/// Combination of the terms of a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// One figure.
    Itself,
    /// One minus a figure.
    Complement,
    /// The first minus the second.
    Difference,
    /// The first divided by the second.
    Ratio,
}

/// A figure of a scenario.
#[derive(Clone, Debug)]
pub struct Term {
    /// Scenario; `None` means the one that declares the claim.
    pub scenario: Option<String>,
    /// The figure.
    pub figure: Figure,
}

/// The quantity that a claim is judged by.
#[derive(Clone, Debug)]
pub struct Quantity {
    /// Text, as written.
    pub text: String,
    /// Combination of the terms.
    pub how: How,
    /// One term, or the two of a difference or ratio.
    pub terms: Vec<Term>,
}

/// Returns the parts of `text` between commas outside of brackets.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

impl Term {
    fn parse(text: &str) -> Result<Self, NoSuchFigure> {
        let text = text.trim();
        let (scenario, path) = match text.split_once(':') {
            Some((name, path)) if !name.contains(['.', '@']) => (Some(name.trim()), path.trim()),
            _ => (None, text),
        };
        Ok(Self { scenario: scenario.map(String::from), figure: Figure::parse(path)? })
    }
}

impl Quantity {
    /// Reads `FIGURE`, `1 - FIGURE`, `difference(A, B)` or `ratio(A, B)`, each figure with or without a scenario in
    /// front; `difference(one, two, FIGURE)` is `difference(one:FIGURE, two:FIGURE)`.
    ///
    /// # Errors
    ///
    /// [`NoSuchFigure`], with the error and the spelling to use instead.
    pub fn parse(text: &str) -> Result<Self, NoSuchFigure> {
        let text = text.trim();
        let wrong = |message: String| {
            NoSuchFigure::new(message).help(
                "write a figure, `1 - FIGURE`, `ratio(one:FIGURE, two:FIGURE)` or `difference(one, two, FIGURE)`",
            )
        };
        let of_two = [("difference(", How::Difference), ("ratio(", How::Ratio)];
        let found = of_two.iter().find_map(|(word, how)| Some((text.strip_prefix(word)?, *how)));
        let (how, terms) = if let Some((rest, how)) = found {
            let inside = rest.strip_suffix(')');
            let inside = inside.ok_or_else(|| wrong(format!("`{text}`: a `(` is not closed")))?;
            let terms = match parts(inside).as_slice() {
                [one, two] => vec![Term::parse(one)?, Term::parse(two)?],
                [one, two, path] => {
                    let of = |name: &str| -> Result<Term, NoSuchFigure> {
                        Ok(Term { scenario: Some(name.into()), figure: Figure::parse(path)? })
                    };
                    vec![of(one)?, of(two)?]
                }
                _ => return Err(wrong(format!("`{text}` needs two figures"))),
            };
            (how, terms)
        } else if let Some(rest) = text.strip_prefix('1').map(str::trim_start)
            && let Some(path) = rest.strip_prefix('-')
        {
            (How::Complement, vec![Term::parse(path)?])
        } else {
            (How::Itself, vec![Term::parse(text)?])
        };
        let units: Vec<FigureUnit> = terms.iter().map(|term| term.figure.unit()).collect();
        if units.contains(&FigureUnit::Name) {
            return Err(wrong(format!(
                "`{text}`: a claim is judged by a number, and this is a name"
            )));
        }
        if how == How::Complement && units[0] != FigureUnit::Ratio {
            return Err(wrong(format!("`{text}`: only a share can be taken from 1")));
        }
        if units.len() == 2 && units[0] != units[1] {
            let [one, two] = [units[0].words(), units[1].words()];
            return Err(wrong(format!("`{text}`: the figures differ in unit, {one} and {two}")));
        }
        Ok(Self { text: text.into(), how, terms })
    }

    /// Returns the unit; a ratio is a plain number.
    #[must_use]
    pub fn unit(&self) -> FigureUnit {
        match self.how {
            How::Ratio => FigureUnit::Count,
            _ => self.terms[0].figure.unit(),
        }
    }

    /// Returns the least and the largest possible value.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        let own = self.terms[0].figure.range();
        match self.how {
            How::Itself => own,
            How::Complement => (1.0 - own.1, 1.0 - own.0),
            How::Difference => (f64::NEG_INFINITY, f64::INFINITY),
            How::Ratio if own.0 >= 0.0 => (0.0, f64::INFINITY),
            How::Ratio => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// Returns whether its terms have values per replication.
    fn is_paired(&self) -> bool {
        let spread = |stat| matches!(stat, Some(Stat::Deviation | Stat::Dispersion));
        // Around a break these are differences from the run without the break, kept as one estimate.
        let around = |metric| matches!(metric, Metric::Missed | Metric::Losing);
        self.terms.iter().all(|Term { figure, .. }| match figure.row().by {
            By::Requests => !spread(figure.stat) && !around(figure.metric),
            By::Search => true,
            _ => false,
        })
    }

    /// Returns the level of each figure's interval that makes the quantity hold at `level`.
    #[must_use]
    pub fn level_of_each(&self, level: f64) -> f64 {
        if self.terms.len() == 2 && !self.is_paired() { joint(level) } else { level }
    }

    /// Returns the estimate of the quantity from those of its terms.
    #[must_use]
    pub fn value(&self, sides: &[Side], level: f64) -> Estimate {
        match (self.how, sides) {
            (How::Itself, [one]) => one.estimate.clone(),
            (How::Complement, [one]) => match &one.estimate {
                Estimate::Interval(i) => {
                    let (low, high) = (1.0 - i.high, 1.0 - i.low);
                    Estimate::Interval(Interval { low, high, estimate: 1.0 - i.estimate, ..*i })
                }
                Estimate::Single(value) => Estimate::Single(1.0 - value),
                Estimate::Missing(reason) => Estimate::Missing(*reason),
            },
            (how, [one, two]) if self.is_paired() => paired(how, one, two, level),
            (how, [one, two]) => apart(how, one, two, level),
            _ => Estimate::Missing(NoValue::Empty),
        }
    }
}

/// Returns the level of each of two intervals for both to hold together at `level` (Bonferroni).
#[must_use]
pub fn joint(level: f64) -> f64 {
    1.0 - (1.0 - level) / 2.0
}

/// A figure at a point.
#[derive(Clone, Debug)]
pub struct Side {
    /// Its estimate.
    pub estimate: Estimate,
    /// Values per replication, where they are kept.
    pub values: Option<Vec<f64>>,
}

impl Side {
    /// Returns the figure at `path` of a scenario that was run.
    #[must_use]
    pub fn of(results: &Results, path: &str) -> Self {
        let years = results.years.iter().flat_map(|years| &years.figures);
        let mut rows = results.figures.iter().chain(years);
        if let Some(row) = rows.find(|row| row.path == path) {
            let values = results.by_replication.get(path).cloned();
            return Self { estimate: row.estimate.clone(), values };
        }
        let mut capacities = results.capacities.iter();
        let named = |class: &str, stat: &str| format!("capacity.{class}[objective={stat}]");
        match capacities.find(|row| named(&row.class, row.stat) == path) {
            Some(row) => {
                let estimate = row.carries.estimate();
                // If a replication has only a bound, so has the mean.
                let known = matches!(estimate, Estimate::Interval(_));
                let values = row.each.iter().map(|one| one.rate).collect();
                Self { estimate, values: known.then_some(values) }
            }
            None => Self { estimate: Estimate::Missing(NoValue::NotEstimated), values: None },
        }
    }

    fn missing(&self) -> Option<NoValue> {
        match &self.estimate {
            Estimate::Missing(reason) => Some(*reason),
            _ => None,
        }
    }
}

/// Combines two figures replication by replication, on the same draws.
fn paired(how: How, one: &Side, two: &Side, level: f64) -> Estimate {
    if let Some(reason) = one.missing().or_else(|| two.missing()) {
        return Estimate::Missing(reason);
    }
    let (Some(a), Some(b)) = (&one.values, &two.values) else {
        return Estimate::Missing(NoValue::NotKept);
    };
    let count = a.len().min(b.len());
    let (a, b) = (&a[..count], &b[..count]);
    let found = match how {
        How::Ratio => Interval::of_ratio(a, b, level).ok(),
        _ => paired_rare(a, b, level),
    };
    match (found, a, b) {
        (Some(interval), ..) => Estimate::Interval(interval),
        (None, [a], [b]) if how == How::Ratio && *b > 0.0 => Estimate::Single(a / b),
        (None, [a], [b]) if how == How::Difference => Estimate::Single(a - b),
        _ => Estimate::Missing(NoValue::Empty),
    }
}

/// Combines two intervals that hold together at `level` by their extremes.
fn apart(how: How, one: &Side, two: &Side, level: f64) -> Estimate {
    let (Estimate::Interval(a), Estimate::Interval(b)) = (&one.estimate, &two.estimate) else {
        let reason = one.missing().or_else(|| two.missing());
        return Estimate::Missing(reason.unwrap_or(NoValue::Empty));
    };
    let (low, high, estimate) = match how {
        How::Ratio if b.low > 0.0 && a.low >= 0.0 => {
            (a.low / b.high, a.high / b.low, a.estimate / b.estimate)
        }
        How::Ratio => return Estimate::Missing(NoValue::Empty),
        _ => (a.low - b.high, a.high - b.low, a.estimate - b.estimate),
    };
    Estimate::Interval(Interval { low, high, estimate, level, method: Method::Joint })
}

/// Returns the verdict on a quantity; one that was not estimated is not judged.
#[must_use]
pub fn judge(demand: &Demand, found: &Estimate) -> Verdict {
    match found {
        Estimate::Missing(NoValue::NotEstimated | NoValue::Stopped) => Verdict::NotJudged,
        estimate => demand.judge_estimate(estimate),
    }
}

/// A point that was judged.
#[derive(Clone, Debug)]
pub struct Point {
    /// Index of the value per range; empty for the file as it is, where the ranges do not contain it.
    pub places: Vec<usize>,
    /// True for the file as it is.
    pub own: bool,
    /// The quantity.
    pub estimate: Estimate,
    /// The verdict.
    pub verdict: Verdict,
}

/// The verdict over all points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds at every point.
    Holds,
    /// It holds at some points: the part of the range in words.
    OnlyIf(String),
    /// It fails at every point.
    DoesNotHold,
    /// It holds at no point, and some interval straddles the threshold.
    Undecided,
    /// It could not be judged, with the reason.
    NotJudged(String),
}

impl Outcome {
    /// Returns the outcome in words, with the part of the range where it holds only there.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::OnlyIf(part) => format!("holds only if {part}"),
            other => other.word().into(),
        }
    }

    /// Returns the outcome in a few words, without the part of the range.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::OnlyIf(_) => "holds only if",
            Self::DoesNotHold => "does not hold",
            Self::Undecided => "undecided",
            Self::NotJudged(_) => "not judged",
        }
    }
}

/// Claim with its outcome.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Number of the claim.
    pub number: u32,
    /// Title, a few words.
    pub title: String,
    /// The claim in the words of its source.
    pub claim: String,
    /// Place of the claim in the source.
    pub source: String,
    /// Scenario whose file declares the claim.
    pub scenario: String,
    /// Evaluation; `None` where the claim could not be judged.
    pub decided: Option<Decided>,
    /// The verdict.
    pub outcome: Outcome,
}

/// Evaluation of a claim.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The quantity, as written.
    pub figure: String,
    /// Description of the quantity; if `None`, its path is printed.
    pub words: Option<String>,
    /// Unit of the quantity.
    pub unit: FigureUnit,
    /// Demand, as written.
    pub is: String,
    /// Demand, parsed.
    pub demand: Demand,
    /// Varied ranges.
    pub ranges: Vec<Range>,
    /// All points, the last range fastest. The file as it is stands among them, or in front.
    pub points: Vec<Point>,
}

impl Judged {
    /// Returns whether more effort or another run might still decide it. A claim that declares what is `missing` is not
    /// meant to be judged, and is not open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match &self.outcome {
            Outcome::Undecided => true,
            Outcome::NotJudged(_) => self.decided.is_some(),
            _ => false,
        }
    }
}

/// Maximum number of combinations of parameters that a verdict lists. What is longer is read from the table of points.
const MAX_WAYS: usize = 2;

impl Decided {
    /// Returns the point of the file as it is.
    #[must_use]
    pub fn own(&self) -> Option<&Point> {
        self.points.iter().find(|point| point.own)
    }

    /// Returns the verdict over all points.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let count = |verdict| self.points.iter().filter(|point| point.verdict == verdict).count();
        if count(Verdict::NotJudged) > 0 || self.points.is_empty() {
            return Outcome::NotJudged("a point of its range has no figure".into());
        }
        match (count(Verdict::Holds), count(Verdict::Inconclusive)) {
            (holds, _) if holds == self.points.len() => Outcome::Holds,
            (0, 0) => Outcome::DoesNotHold,
            (0, _) => Outcome::Undecided,
            _ => Outcome::OnlyIf(self.part()),
        }
    }

    /// Returns the part of the range in which it holds, in words.
    fn part(&self) -> String {
        let holds = |point: &&Point| point.verdict == Verdict::Holds;
        let kept: Vec<&Point> =
            self.points.iter().filter(|point| !point.places.is_empty()).filter(holds).collect();
        if kept.is_empty() {
            return "everything is as in the file".into();
        }
        if kept.len() == self.points.iter().filter(|point| !point.places.is_empty()).count() {
            // The file as it is lies outside of the range.
            let all: Vec<String> = self.ranges.iter().map(Range::text).collect();
            return format!("{}, other than in the file", list(&all));
        }
        let mut sets: Vec<Vec<usize>> = vec![Vec::new(); self.ranges.len()];
        for point in &kept {
            for (set, place) in sets.iter_mut().zip(&point.places) {
                if !set.contains(place) {
                    set.push(*place);
                }
            }
        }
        sets.iter_mut().for_each(|set| set.sort_unstable());
        if sets.iter().map(Vec::len).product::<usize>() == kept.len() {
            let parts = self.ranges.iter().zip(&sets);
            let parts: Vec<String> = parts.filter_map(|(range, set)| named(range, set)).collect();
            return list(&parts);
        }
        // The points form no block: list the values of one range per combination of the others, choosing the range with
        // the fewest parts.
        let ways = (0..self.ranges.len()).rev().map(|inner| self.parts(&kept, inner));
        let ways = ways.min_by_key(Vec::len).unwrap_or_default();
        if ways.len() > MAX_WAYS {
            let all = self.points.len();
            return format!(
                "the parameters are those of {} of the {all} points that were tried",
                kept.len()
            );
        }
        ways.join("; or ")
    }

    /// Returns where it holds: the values of range `inner` per combination of the others, with equal sets merged.
    fn parts(&self, kept: &[&Point], inner: usize) -> Vec<String> {
        let mut by: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
        for point in kept {
            let mut others = point.places.clone();
            let own = others.remove(inner);
            match by.iter_mut().find(|(known, _)| *known == others) {
                Some((_, set)) => set.push(own),
                None => by.push((others, vec![own])),
            }
        }
        let mut together: Vec<(Vec<Vec<usize>>, Vec<usize>)> = Vec::new();
        for (others, mut set) in by {
            set.sort_unstable();
            // With several other ranges, each combination is listed separately.
            let known = together.iter_mut().find(|(_, known)| *known == set && others.len() == 1);
            match known {
                Some((all, _)) => all.push(others),
                None => together.push((vec![others], set)),
            }
        }
        let others: Vec<&Range> = self
            .ranges
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != inner)
            .map(|(_, one)| one)
            .collect();
        let one = |(all, set): &(Vec<Vec<usize>>, Vec<usize>)| {
            let mut words: Vec<String> = Vec::new();
            for (at, range) in others.iter().enumerate() {
                let places: Vec<usize> = all.iter().map(|combination| combination[at]).collect();
                words.extend(named(range, &places));
            }
            words.extend(named(&self.ranges[inner], set));
            list(&words)
        };
        together.iter().map(one).collect()
    }
}

/// Returns a part of a range in words; `None` if it is the whole range.
fn named(range: &Range, set: &[usize]) -> Option<String> {
    let (values, words) = (range.values(), &range.words);
    if set.len() == values.len() {
        return None;
    }
    let plain = |at: usize| unquoted(&values[at]);
    let (first, last) = (*set.first()?, *set.last()?);
    let together = last - first + 1 == set.len() && set.len() > 1;
    if range.rising().is_some() && together {
        if first == 0 {
            return Some(format!("{words}: {} or less", plain(last)));
        }
        if last + 1 == values.len() {
            return Some(format!("{words}: {} or more", plain(first)));
        }
        return Some(format!("{words}: {} to {}", plain(first), plain(last)));
    }
    let all: Vec<&str> = set.iter().map(|at| plain(*at)).collect();
    Some(format!("{words}: {}", all.join(", ")))
}

/// Returns a value without its quotes.
#[must_use]
pub fn unquoted(value: &str) -> &str {
    let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.filter(|inside| !inside.contains('"')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(low: f64, high: f64) -> Estimate {
        let estimate = (low + high) / 2.0;
        let method = Method::StudentT;
        Estimate::Interval(Interval { low, high, estimate, level: 0.95, method })
    }

    fn side(values: &[f64]) -> Side {
        let estimate = Interval::of_mean(values, 0.95).unwrap();
        Side { estimate: Estimate::Interval(estimate), values: Some(values.to_vec()) }
    }

    fn decided(ranges: &[&[&str]], verdicts: &[Verdict]) -> Decided {
        let ranges: Vec<Range> =
            ranges.iter().map(|vary| Range::parse(vary, Some("W")).unwrap()).collect();
        let all = points(&ranges).unwrap();
        assert_eq!(all.len(), verdicts.len());
        let point = |(at, verdict): (&At, &Verdict)| Point {
            places: at.places.clone(),
            own: false,
            estimate: interval(0.0, 1.0),
            verdict: *verdict,
        };
        let points = all.iter().zip(verdicts).map(point).collect();
        let demand = Demand::Below(1.0);
        Decided {
            figure: "f".into(),
            words: None,
            unit: FigureUnit::Count,
            is: "< 1".into(),
            demand,
            ranges,
            points,
        }
    }

    #[test]
    fn a_quantity_is_a_figure_its_complement_a_difference_or_a_ratio() {
        let parse = |text: &str| Quantity::parse(text).unwrap();
        let one = parse("latency.page.p95@peak");
        assert_eq!((one.how, one.terms.len()), (How::Itself, 1));
        let one = parse("1 - outages.page.chance[at-least=1][per=6y]@horizon");
        assert_eq!((one.how, one.unit()), (How::Complement, FigureUnit::Ratio));
        let two = parse("ratio(two-heads:latency.page.p95@peak, latency.page.p95@peak)");
        assert_eq!((two.how, two.unit()), (How::Ratio, FigureUnit::Count));
        assert_eq!(two.terms[0].scenario.as_deref(), Some("two-heads"));
        assert_eq!(two.terms[1].scenario, None);
        let two = parse("difference(a, b, downtime.page[without=x,y]@horizon)");
        let names: Vec<&str> = two.terms.iter().filter_map(|one| one.scenario.as_deref()).collect();
        assert_eq!((names, two.unit()), (vec!["a", "b"], FigureUnit::Seconds));
        for (wrong, told) in [
            ("ratio(latency.page.p95@peak)", "two figures"),
            ("ratio(latency.page.p95@peak, lost.page@peak", "not closed"),
            ("ratio(latency.page.p95@peak, lost.page@peak)", "differ in unit"),
            ("1 - latency.page.p95@peak", "only a share"),
            ("saturates.first@peak", "a name"),
            ("speed.page", "speed"),
        ] {
            let said = Quantity::parse(wrong).unwrap_err().message;
            assert!(said.contains(told), "{wrong}: {said}");
        }
    }

    /// Ten replications whose values differ by exactly one, or by a factor of two, whatever the noise is.
    #[test]
    fn on_the_same_draws_noise_that_both_have_is_not_in_the_difference() {
        let noise: Vec<f64> = (0..10).map(|n| f64::from(n % 4) + 1.0).collect();
        let more: Vec<f64> = noise.iter().map(|value| value + 1.0).collect();
        let twice: Vec<f64> = noise.iter().map(|value| value * 2.0).collect();
        let parse = |text: &str| Quantity::parse(text).unwrap();
        let ratio = parse("ratio(a:latency.page.p95@peak, b:latency.page.p95@peak)");
        let Estimate::Interval(i) = ratio.value(&[side(&twice), side(&noise)], 0.95) else {
            panic!()
        };
        assert!((i.low - 2.0).abs() < 1e-9 && (i.high - 2.0).abs() < 1e-9, "{i:?}");
        let difference = parse("difference(a, b, latency.page.p95@peak)");
        let found = difference.value(&[side(&more), side(&noise)], 0.95);
        let Estimate::Interval(i) = found else { panic!() };
        assert!((i.low - 1.0).abs() < 1e-9 && (i.high - 1.0).abs() < 1e-9, "{i:?}");
        assert!((ratio.level_of_each(0.95) - 0.95).abs() < 1e-12);
    }

    /// Over the horizon both intervals have to hold together, and the ratio lies between their extremes.
    #[test]
    fn figures_without_values_by_replication_are_put_together_by_their_extremes() {
        let ratio =
            Quantity::parse("ratio(a:downtime.page@horizon, b:downtime.page@horizon)").unwrap();
        assert!((ratio.level_of_each(0.95) - 0.975).abs() < 1e-12);
        let [one, two] = [interval(2.0, 4.0), interval(1.0, 2.0)]
            .map(|estimate| Side { estimate, values: None });
        let Estimate::Interval(i) = ratio.value(&[one, two.clone()], 0.95) else { panic!() };
        assert!((i.low - 1.0).abs() < 1e-12 && (i.high - 4.0).abs() < 1e-12, "{i:?}");
        let none = Side { estimate: interval(0.0, 1.0), values: None };
        assert!(matches!(ratio.value(&[two, none], 0.95), Estimate::Missing(_)));
    }

    #[test]
    fn a_share_taken_from_one_turns_its_interval_round() {
        let rest = Quantity::parse("1 - lost.page.chance@peak").unwrap();
        let all = Side { estimate: interval(0.2, 0.6), values: None };
        let Estimate::Interval(i) = rest.value(&[all], 0.95) else { panic!() };
        assert!((i.low - 0.4).abs() < 1e-12 && (i.high - 0.8).abs() < 1e-12, "{i:?}");
        assert_eq!(rest.range(), (0.0, 1.0));
    }

    #[test]
    fn a_claim_holds_where_it_holds_at_every_point_and_names_the_part_where_not() {
        use Verdict::{Fails as F, Holds as H, Inconclusive as I, NotJudged as N};
        let one = |verdicts: &[Verdict]| decided(&[&["a=1,2,3,4"]], verdicts).outcome();
        let only = |part: &str| Outcome::OnlyIf(part.into());
        assert_eq!(one(&[H, H, H, H]), Outcome::Holds);
        assert_eq!(one(&[F, F, F, F]), Outcome::DoesNotHold);
        assert_eq!(one(&[F, F, I, F]), Outcome::Undecided);
        assert_eq!(one(&[F, I, H, H]), only("W: 3 or more"));
        assert_eq!(one(&[H, H, F, F]), only("W: 2 or less"));
        assert_eq!(one(&[F, H, H, F]), only("W: 2 to 3"));
        assert_eq!(one(&[H, F, H, F]), only("W: 1, 3"));
        assert_eq!(one(&[F, F, H, F]), only("W: 3"));
        assert!(matches!(one(&[H, H, H, N]), Outcome::NotJudged(_)));
        let two = |verdicts: &[Verdict]| decided(&[&["a=x,y"], &["b=1,2,3"]], verdicts).outcome();
        assert_eq!(two(&[F, F, F, H, H, H]), only("W: y"));
        assert_eq!(two(&[F, F, F, F, H, H]), only("W: y and W: 2 or more"));
        assert_eq!(two(&[H, F, F, F, H, H]), only("W: x and W: 1; or W: y and W: 2 or more"));
        assert_eq!(two(&[H, F, F, H, H, H]), only("W: x and W: 1; or W: y"));
        assert_eq!(two(&[H, F, H, H, H, H]), only("W: x and W: 1, 3; or W: y"));
        let three =
            |verdicts: &[Verdict]| decided(&[&["a=x,y,z"], &["b=1,2,3"]], verdicts).outcome();
        let part = "the parameters are those of 4 of the 9 points that were tried";
        assert_eq!(three(&[H, F, F, F, H, F, F, H, H]), only(part));
    }

    #[test]
    fn keys_that_change_together_have_as_many_values() {
        let range = Range::parse(&["a=1,2", "b=x,y"], None).unwrap();
        assert_eq!((range.words.as_str(), range.values().len()), ("a", 2));
        let all = points(std::slice::from_ref(&range)).unwrap();
        assert_eq!(all[1].assignments("s"), ["a=2", "b=y"]);
        assert!(Range::parse(&["a=1,2", "b=x"], None).is_err());
        assert!(Range::parse(&["a=1,2", "a=3,4"], None).is_err());
        let of_one = Range::parse(&["other:a=1,2"], None).unwrap();
        let all = points(&[of_one]).unwrap();
        assert!(all[0].assignments("s").is_empty());
        assert_eq!(all[0].assignments("other"), ["a=1"]);
        let many: Vec<String> = (0..300).map(|n| n.to_string()).collect();
        let many = Range::parse(&[&format!("a={}", many.join(","))], None).unwrap();
        assert!(points(&[many]).is_none());
    }
}
