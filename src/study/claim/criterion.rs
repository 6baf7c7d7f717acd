//! Criterion of a claim, read from its text.

use super::{At, MOST_POINTS, Quantity, Range, points};
use crate::model::spec::runs::ClaimSpec;
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::names::Label;
use crate::study::expect::Demand;

/// Criterion of a claim, resolved as far as its text allows.
#[derive(Clone, Debug)]
pub struct Criterion {
    /// The quantity that decides.
    pub quantity: Quantity,
    /// Description of the quantity.
    pub words: Option<String>,
    /// Demand, as written.
    pub is: String,
    /// Demand, parsed.
    pub demand: Demand,
    /// Ranges over which the claim is tried.
    pub ranges: Vec<Range>,
    /// All combinations of the ranges.
    pub points: Vec<At>,
}

impl Criterion {
    /// Reads the criterion of a claim and reports all errors to `out`. Returns `None` if the claim has no figure, or an
    /// invalid one.
    pub fn read(claim: &ClaimSpec, out: &mut Diagnostics) -> Option<Self> {
        let (figure, is) = figure_and_demand(claim, out)?;
        let quantity = Quantity::parse(&figure.text).map_err(|no| {
            let found = Diagnostic::new(Code::NoSuchFigure, figure.span, no.message);
            out.push(found.help_if(no.help));
        });
        let demand = quantity.as_ref().ok().and_then(|quantity| demanded(quantity, is, out));
        let mut valid = true;
        if claim.range.is_empty() {
            let message = "the claim has no range: one point does not show where it holds";
            let help = "write `range = [{ vary = \"workload.visitors.rate=20/s,40/s\" }]`";
            let found = Diagnostic::new(Code::MissingKey, figure.span, message);
            out.push(found.help(help).key("range"));
            valid = false;
        }
        let mut ranges: Vec<Range> = Vec::new();
        for range in claim.range.iter() {
            let vary: Vec<&str> = range.vary.iter().map(|one| one.text.as_str()).collect();
            let found = Range::parse(&vary, range.words.as_ref().map(|words| words.value.as_str()));
            match found.and_then(|found| taken(&ranges, &found).map_or(Ok(found), Err)) {
                Ok(found) => ranges.push(found),
                Err(message) => {
                    out.push(Diagnostic::new(Code::OutOfRange, range.vary.span, message));
                    valid = false;
                }
            }
        }
        let all = points(&ranges);
        if all.is_none() {
            let message = format!("the range has more than {MOST_POINTS} points");
            let found = Diagnostic::new(Code::OutOfRange, claim.range.span, message);
            out.push(found.help("name fewer values"));
        }
        let (quantity, demand, points) = (quantity.ok()?, demand?, all?);
        let is = is.text.clone();
        let words = claim.words.as_ref().map(|words| words.value.clone());
        valid.then_some(Self { quantity, words, is, demand, ranges, points })
    }

    /// Returns the scenarios of the quantity, each once, with the figures asked of it. `None` is the scenario that
    /// declares the claim; its name is `own`.
    #[must_use]
    pub fn scenarios(&self, own: &str) -> Vec<(Option<String>, Vec<String>)> {
        let mut all: Vec<(Option<String>, Vec<String>)> = Vec::new();
        for term in &self.quantity.terms {
            let name = term.scenario.clone().filter(|name| name != own);
            let path = term.figure.text().to_string();
            match all.iter_mut().find(|(other, _)| *other == name) {
                Some((_, figures)) if figures.contains(&path) => {}
                Some((_, figures)) => figures.push(path),
                None => all.push((name, vec![path])),
            }
        }
        all
    }
}

/// Returns the deciding figure and its demand; `None` if the claim declares what is `missing`, or is invalid.
fn figure_and_demand<'c>(
    claim: &'c ClaimSpec,
    out: &mut Diagnostics,
) -> Option<(&'c Label, &'c Label)> {
    match (&claim.figure, &claim.is, &claim.missing) {
        (None, None, Some(_)) => {
            if let Some(range) = claim.range.first() {
                let message = "a claim that is not judged has no range";
                let found = Diagnostic::new(Code::NoEffect, range.span, message);
                out.push(found.help("leave `range` out"));
            }
            None
        }
        (Some(figure), _, Some(missing)) => {
            let message = "a claim has a `figure`, or states what is `missing`";
            let found = Diagnostic::new(Code::KeysExclude, missing.span, message);
            out.push(found.related(figure.span, "the figure").help("leave one of them out"));
            None
        }
        (Some(figure), Some(is), None) => Some((figure, is)),
        (figure, is, _) => {
            let key = if figure.is_none() { "figure" } else { "is" };
            let span = is.as_ref().or(figure.as_ref()).map_or(claim.span, |given| given.span);
            let message = format!("the claim has no `{key}`");
            let help = "write `figure` and `is`, or `missing = \"what it needs\"` in their place";
            out.push(Diagnostic::new(Code::MissingKey, span, message).help(help).key(key));
            None
        }
    }
}

fn demanded(quantity: &Quantity, is: &Label, out: &mut Diagnostics) -> Option<Demand> {
    let demand = Demand::parse(&is.text, quantity.unit()).map_err(|message| {
        out.push(Diagnostic::new(Code::OutOfRange, is.span, message));
    });
    let demand = demand.ok()?;
    if demand.is_outside(quantity.range()) {
        let message = format!("no value of `{}` meets \"{}\"", quantity.text, is.text);
        let found = Diagnostic::new(Code::OutOfRange, is.span, message);
        out.push(found.help("another threshold"));
        return None;
    }
    Some(demand)
}

/// Returns the error message for a range that varies a key of another range.
fn taken(ranges: &[Range], found: &Range) -> Option<String> {
    let mut known = ranges.iter().flat_map(|one| &one.axes);
    let twice = known.find(|axis| found.axes.iter().any(|own| own.path == axis.path));
    twice.map(|axis| format!("`{}` is varied twice", axis.path))
}
