//! Distributions in a scenario: `"12ms"`, or `{ dist = "lognormal", mean = "12ms", cv = 1.2 }`.
//!
//! A [`LawSpec`] is checked when it is read. It holds a distribution of the engine, in seconds, bytes or counts,
//! given by parameters or by a [`file`](mod@file). One table, [`DISTS`], has the parameters of each distribution;
//! reader, messages, schema and reference page come from it.

use serde_json::Value as Json;

mod build;
mod file;
mod parts;
mod table;

pub use table::{DISTS, Dist, Parameter};

use build::build;
use parts::{Part, Point, Stage};

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::document::Item;
use super::limit::Limited;
use super::render::shown;
use super::source::Span;
use super::spec::TableReader;
use super::suggest;
use super::value::{Shape, Spanned, Value, object};
use crate::engine::law::{Interpolation, Law, LawError};
use crate::units::{Bytes, SimDuration};

/// A quantity that can have a distribution.
pub trait Random: Limited {
    /// True for counts, which Poisson and geometric distributions require.
    const COUNTS: bool;
    /// Returns the value in the base unit: seconds, bytes, counts.
    fn base(&self) -> f64;
    /// Formats thousandths of the base unit approximately, for messages; `None` if no unit can be guessed.
    fn written(milli_base: f64) -> Option<String>;
}

impl Random for SimDuration {
    const COUNTS: bool = false;
    fn base(&self) -> f64 {
        self.seconds()
    }
    fn written(milli_base: f64) -> Option<String> {
        Some(format!("\"{}ms\"", three_digits(milli_base)))
    }
}

impl Random for Bytes {
    const COUNTS: bool = false;
    fn base(&self) -> f64 {
        self.count() as f64
    }
    fn written(milli_base: f64) -> Option<String> {
        Some(format!("\"{milli_base:.0}B\""))
    }
}

impl Random for f64 {
    const COUNTS: bool = true;
    fn base(&self) -> f64 {
        *self
    }
    fn written(milli_base: f64) -> Option<String> {
        Some(three_digits(milli_base))
    }
}

fn three_digits(value: f64) -> String {
    let digits = if value >= 100.0 { 0 } else { usize::from(value < 10.0) + 1 };
    format!("{value:.digits$}")
}

/// A distribution of durations ([`SimDuration`]), sizes ([`Bytes`]) or counts (`f64`).
#[derive(Clone, Debug)]
pub struct LawSpec<U> {
    /// The word in `dist`; `constant` for a plain value.
    pub dist: &'static str,
    /// True if the file gives a value without `dist`.
    pub is_plain: bool,
    /// The mean or the value as written, with its uncertainty; `None` if the distribution has neither.
    #[allow(dead_code, reason = "it has the unit of the law")]
    pub mean: Option<Spanned<U>>,
    /// Place in the text.
    #[allow(dead_code, reason = "every form has it, some need it")]
    pub span: Span,
    law: Law,
    canonical: Json,
}

impl<U> LawSpec<U> {
    /// Returns the distribution in seconds, bytes or counts.
    #[must_use]
    pub const fn law(&self) -> &Law {
        &self.law
    }
}

use Parameter as P;

/// The parsed parameters of one distribution.
struct Read<U> {
    quantities: Vec<(&'static str, Spanned<U>)>,
    factors: Vec<(&'static str, Spanned<f64>)>,
    lists: Vec<(&'static str, Vec<f64>)>,
    points: Vec<(f64, f64)>,
    parts: Vec<(f64, LawSpec<U>)>,
    file: Option<Spanned<String>>,
    /// True if `points` are points of a distribution function.
    cumulated: bool,
    between: Interpolation,
    canonical: Vec<(&'static str, Json)>,
    sound: bool,
}

impl<U: Random> Read<U> {
    fn quantity(&self, key: &str) -> Option<f64> {
        self.quantities.iter().find(|(name, _)| *name == key).map(|(_, value)| value.base())
    }
    fn factor(&self, key: &str) -> Option<f64> {
        self.factors.iter().find(|(name, _)| *name == key).map(|(_, value)| value.value)
    }
    fn list(&self, key: &str) -> &[f64] {
        self.lists.iter().find(|(name, _)| *name == key).map_or(&[], |(_, list)| list)
    }
    fn has(&self, key: &str) -> bool {
        self.canonical.iter().any(|(name, _)| *name == key)
    }
}

impl<U: Random> Value for LawSpec<U> {
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        read_law(item, &[], out)
    }
    fn shape() -> Shape {
        Shape::Law(Box::new(U::shape()))
    }
    fn canonical(&self) -> Json {
        self.canonical.clone()
    }
}

/// Reads a distribution; keys in `also` are read by the caller. If the scenario asks for exponential laws, it is
/// replaced by the exponential one with the same mean. Counts and distributions with mean zero stay.
fn read_law<U: Random>(
    item: &Item,
    also: &[&'static str],
    out: &mut Diagnostics,
) -> Option<LawSpec<U>> {
    // The parts of a mixture are read unchanged: the mixture is replaced as a whole.
    let exponential = out.replace_laws(false);
    let read = read_as_written(item, also, out);
    out.replace_laws(exponential);
    let mut spec = read?;
    let mean = spec.law.mean();
    if exponential && !U::COUNTS && mean > 0.0 {
        spec.law = build_or_report(Law::exponential(mean), item, out)?;
        spec.dist = "exponential";
    }
    Some(spec)
}

fn read_as_written<U: Random>(
    item: &Item,
    also: &[&'static str],
    out: &mut Diagnostics,
) -> Option<LawSpec<U>> {
    let plain = item.as_table().is_none();
    if plain || also.is_empty() && item.get("dist").is_none() && item.get("value").is_some() {
        let value = Spanned::<U>::read(item, out)?;
        let law = build_or_report(Law::constant(value.base()), item, out)?;
        let canonical = value.canonical();
        let (span, mean) = (item.span, Some(value));
        return Some(LawSpec { dist: "constant", is_plain: true, mean, span, law, canonical });
    }
    let dist = read_dist::<U>(item, out)?;
    let mut reader = TableReader::new(item, "a law", out)?;
    reader.pass("dist");
    also.iter().for_each(|key| reader.pass(key));
    let mut read = read_parameters::<U>(dist, &mut reader);
    if !refuses_mu_and_sigma::<U>(item, dist, &mut reader) {
        reader.finish();
    }
    if !read.sound || !combination_is_right(dist, &read, item, out) || !file::load(&mut read, out) {
        return None;
    }
    let mut canonical: Vec<_> =
        read.canonical.iter().map(|(key, json)| ((*key).to_string(), json.clone())).collect();
    canonical.push(("dist".to_string(), dist.name.into()));
    let canonical = object(canonical);
    let law = build_or_report(build(dist.name, &read), item, out)?;
    let named = |key: &str| read.quantities.iter().find(|(name, _)| *name == key);
    let mean = named("mean").or_else(|| named("value")).map(|(_, value)| value.clone());
    Some(LawSpec { dist: dist.name, is_plain: false, mean, span: item.span, law, canonical })
}

fn read_dist<U: Random>(item: &Item, out: &mut Diagnostics) -> Option<&'static Dist> {
    let names = || DISTS.iter().map(|dist| dist.name);
    let list = names().collect::<Vec<_>>().join(", ");
    let Some(word) = item.get("dist") else {
        let message = "a law needs `dist`, or write a plain value for a constant";
        let diagnostic = Diagnostic::new(Code::MissingKey, item.span, message).key("dist");
        out.push(diagnostic.help(format!("one of: {list}")));
        return None;
    };
    let text = String::read(word, out)?;
    let Some(dist) = DISTS.iter().find(|dist| dist.name == text) else {
        let message = format!("unknown distribution `{}`", shown(&text));
        let help = match suggest::nearest(&text, names()) {
            Some(name) => format!("did you mean `{name}`? all: {list}"),
            None => format!("one of: {list}"),
        };
        out.push(Diagnostic::new(Code::UnknownWord, word.span, message).help(help));
        return None;
    };
    if !U::COUNTS && matches!(dist.name, "poisson" | "geometric") {
        let message = format!("`{text}` is a law of counts");
        let help = "for times between independent events use \"exponential\"";
        out.push(Diagnostic::new(Code::BadLaw, word.span, message).help(help));
        return None;
    }
    Some(dist)
}

fn read_parameters<U: Random>(dist: &Dist, reader: &mut TableReader<'_>) -> Read<U> {
    let mut read = Read {
        quantities: Vec::new(),
        factors: Vec::new(),
        lists: Vec::new(),
        points: Vec::new(),
        parts: Vec::new(),
        file: None,
        cumulated: false,
        between: Interpolation::None,
        canonical: Vec::new(),
        sound: true,
    };
    for &(key, parameter, needed) in dist.parameters {
        let json = match parameter {
            P::Quantity => {
                taken::<U>(reader, key, needed, |value| read.quantities.push((key, value)))
            }
            P::Factor => taken::<f64>(reader, key, needed, |value| read.factors.push((key, value))),
            P::Count => taken::<u32>(reader, key, needed, |count| {
                read.factors.push((key, Spanned::new(f64::from(count.value), count.span)));
            }),
            P::Quantities => taken::<Vec<U>>(reader, key, needed, |list| {
                read.lists.push((key, list.iter().map(Random::base).collect()));
            }),
            P::Factors => {
                taken::<Vec<f64>>(reader, key, needed, |list| read.lists.push((key, list.value)))
            }
            P::Points => taken::<Vec<Point<U>>>(reader, key, needed, |list| {
                read.points = list.iter().map(|p| (p.value.base(), p.cumulative)).collect();
            }),
            P::Branches => taken::<Vec<Stage<U>>>(reader, key, needed, |list| {
                read.points = list.iter().map(|s| (s.weight, s.mean.base())).collect();
            }),
            P::Parts => taken::<Vec<Part<U>>>(reader, key, needed, |list| {
                read.parts = list.value.into_iter().map(|part| (part.weight, part.law)).collect();
            }),
            P::File => taken::<String>(reader, key, needed, |path| read.file = Some(path)),
            P::Between => taken::<Between>(reader, key, needed, |between| {
                if between.value == Between::Lines {
                    read.between = Interpolation::Linear;
                }
            }),
        };
        match json {
            Some(Some(json)) => read.canonical.push((key, json)),
            Some(None) => {}
            None => read.sound = false,
        }
    }
    read
}

/// Reads one parameter, passes it to `keep`, and returns its canonical form; `None` after an error.
fn taken<T: Value>(
    reader: &mut TableReader<'_>,
    key: &'static str,
    needed: bool,
    keep: impl FnOnce(Spanned<T>),
) -> Option<Option<Json>> {
    let found = reader.optional::<T>(key, needed)?;
    Some(found.map(|value| {
        let json = value.canonical();
        keep(value);
        json
    }))
}

super::words! {
    /// Values between the points of an empirical law.
    pub enum Between {
        /// Only the values themselves occur.
        Steps = "steps",
        /// All values between two points are equally likely.
        Lines = "lines",
    }
}

/// Reports `mu` and `sigma` of a lognormal law, with the mean and cv that they give; returns whether they were there.
fn refuses_mu_and_sigma<U: Random>(item: &Item, dist: &Dist, reader: &mut TableReader<'_>) -> bool {
    let Some(sigma) = item.get("sigma").or_else(|| item.get("mu")) else { return false };
    if dist.name != "lognormal" {
        return false;
    }
    let number =
        |key: &str| item.get(key).and_then(|item| f64::read(item, &mut Diagnostics::new()));
    let help = match (number("mu"), number("sigma")) {
        (Some(mu), Some(sigma)) if mu.abs() < 100.0 && sigma.abs() < 10.0 => {
            let mean = libm::exp(mu + 0.5 * sigma * sigma);
            let cv = libm::sqrt(libm::expm1(sigma * sigma));
            U::written(mean).map(|mean| {
                let unit = if U::COUNTS { "" } else { ", if `mu` was of ms or bytes" };
                format!(
                    "mu = {mu}, sigma = {sigma} is mean = {mean}, cv = {} (computed{unit})",
                    three_digits(cv)
                )
            })
        }
        _ => None,
    };
    let message = "lognormal needs `mean` and one of `cv`, `p95`, `p99`, not `mu` and `sigma`";
    let fallback = "a law is given by figures of the quantity itself, not of its logarithm";
    reader.report(
        Diagnostic::new(Code::UnknownKey, sigma.span, message).help(fallback).help_if(help),
    );
    true
}

/// Checks that the given parameters determine the distribution, without a redundant one.
fn combination_is_right<U: Random>(
    dist: &Dist,
    read: &Read<U>,
    item: &Item,
    out: &mut Diagnostics,
) -> bool {
    if item.get("sigma").or_else(|| item.get("mu")).is_some() && dist.name == "lognormal" {
        return false;
    }
    let mut one_of = |code, keys: &[&'static str]| {
        let given: Vec<_> = keys.iter().copied().filter(|key| read.has(key)).collect();
        let list = keys.join("`, `");
        match given.len() {
            1 => true,
            0 => {
                let message = format!("{} needs one of `{list}`", dist.name);
                out.push(Diagnostic::new(code, item.span, message).key(keys[0]));
                false
            }
            _ => {
                let message = format!("{} takes only one of `{list}`", dist.name);
                out.push(Diagnostic::new(Code::LawOverdetermined, item.span, message));
                false
            }
        }
    };
    let (missing, spread) = (Code::MissingKey, Code::MissingSpread);
    match dist.name {
        "weibull" => one_of(spread, &["shape", "cv"]),
        "lognormal" => one_of(missing, &["mean", "median"]) & one_of(spread, &["cv", "p95", "p99"]),
        "normal" => one_of(spread, &["cv", "sd"]),
        "hyperexponential" if read.has("of") => one_of(missing, &["of", "mean", "cv"]),
        "hyperexponential" => one_of(missing, &["mean"]) & one_of(spread, &["cv"]),
        "empirical" => one_of(missing, &["values", "cdf", "file"]),
        "discrete" if read.list("values").len() != read.list("weights").len() => {
            let message = "discrete needs as many `weights` as `values`";
            out.push(Diagnostic::new(Code::BadLaw, item.span, message));
            false
        }
        _ => true,
    }
}

/// Returns the distribution, or reports an error at the wrong parameter.
fn build_or_report(law: Result<Law, LawError>, item: &Item, out: &mut Diagnostics) -> Option<Law> {
    let error = match law {
        Ok(law) => return Some(law),
        Err(error) => error,
    };
    let (code, parameter) = match error {
        LawError::Weights(_) => (Code::Sum, "weights"),
        LawError::Empty => (Code::Empty, "values"),
        LawError::NotCumulative => (Code::BadLaw, "cdf"),
        LawError::NotFinite(name) | LawError::Negative(name) | LawError::Zero(name) => {
            (Code::BadLaw, name)
        }
        LawError::OutOfRange { parameter, .. } => (Code::BadLaw, parameter),
        LawError::Order(first, _) => (Code::BadLaw, first),
    };
    let parameter = if parameter == "stages" { "k" } else { parameter };
    let place = item.get(parameter).or_else(|| item.get("file"));
    let span = place.map_or(item.span, |item| item.span);
    out.push(Diagnostic::new(code, span, error.to_string().replace("`stages`", "`k`")));
    None
}
