//! Values of keys: the trait of all types that are read from a scenario.
//!
//! A [`Value`] reads itself from an [`Item`] and describes its form ([`Shape`]), from which schema and reference page
//! are made. It also returns its canonical form, so that two spellings of one model have one digest. Records are
//! declared with [`spec!`](mod@super::spec), sets of words with [`words!`](mod@super::words); both implement the
//! trait.
//!
//! Reading does not stop at the first error: it adds a diagnostic and returns `None`, and the caller continues with
//! the next key. A `Some` may come with diagnostics as well; only [`Diagnostics::has_errors`] states whether the
//! scenario is valid.

use std::cmp::Ordering;
use std::fmt::Debug;
use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value as Json;

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::document::{Data, Item};
use super::source::Span;
use super::spec::KeyDoc;

/// A type that a scenario can contain.
pub trait Value: Sized + Clone + Debug {
    /// True for quantities, which may also be written as `{ value = …, low = …, high = …, source = … }`.
    const QUANTITY: bool = false;

    /// Reads `item`; returns `None` after reporting that it is invalid.
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self>;

    /// Returns the form of such values.
    fn shape() -> Shape;

    /// Returns the canonical form of this value, with units and defaults resolved.
    fn canonical(&self) -> Json;

    /// Compares two quantities; `None` for a type without an order.
    fn compare(&self, _other: &Self) -> Option<Ordering> {
        None
    }
}

/// The form of a value.
#[derive(Clone, Debug)]
pub enum Shape {
    /// `"250ms"`.
    SimDuration,
    /// `"64GiB"`.
    Bytes,
    /// `"100Mbit/s"`.
    Bandwidth,
    /// `"20/s"`.
    Rate,
    /// `"$250/month"`.
    Money,
    /// `"$0.30/GB"`.
    SizePrice,
    /// `"110W"`.
    Watts,
    /// `"350g/kWh"`.
    CarbonIntensity,
    /// `"$0.12/kWh"`.
    EnergyPrice,
    /// `"40/s"`, or `"1.5 x rate"`.
    Level,
    /// `0.9995` or `"99.95%"`.
    Probability,
    /// A whole number from 0.
    Count,
    /// A number.
    Factor,
    /// `true` or `false`.
    Boolean,
    /// Any text.
    Text,
    /// A quantity of the given shape that may carry its uncertainty although it is not a field of a table.
    Given(Box<Shape>),
    /// A quantity of the given shape, or a distribution of it.
    Law(Box<Shape>),
    /// A kebab-case name.
    Name,
    /// The name of a component, with dots for its parts.
    Reference,
    /// One of some words.
    Word(&'static [Word]),
    /// A list.
    List(Box<Shape>),
    /// A table from names (or other keys) to values.
    Named(KeyShape, Box<Shape>),
    /// A table with declared keys. The keys are a function, so that a record may hold itself.
    Table {
        /// Name of the declaration, unique in the crate.
        name: &'static str,
        /// Its description.
        doc: &'static str,
        /// Its keys.
        keys: fn() -> Vec<KeyDoc>,
    },
    /// Any of several.
    Either(Vec<Shape>),
}

impl Shape {
    /// Returns a line of TOML that gives `key` a value of this form. Names of components are written `NAME`.
    #[must_use]
    pub fn line(&self, key: &str) -> String {
        format!("{key} = {}", self.example(3))
    }

    /// Returns a value of this form as TOML, with the required keys of tables down to `depth` levels.
    fn example(&self, depth: usize) -> String {
        match self {
            Self::SimDuration => "\"10ms\"".into(),
            Self::Bytes => "\"4GiB\"".into(),
            Self::Bandwidth => "\"100Mbit/s\"".into(),
            Self::Rate => "\"20/s\"".into(),
            Self::Money => "\"$250/month\"".into(),
            Self::SizePrice => "\"$0.30/GB\"".into(),
            Self::Watts => "\"110W\"".into(),
            Self::CarbonIntensity => "\"350g/kWh\"".into(),
            Self::EnergyPrice => "\"$0.12/kWh\"".into(),
            Self::Level => "\"40/s\"".into(),
            Self::Probability => "0.1".into(),
            Self::Count => "4".into(),
            Self::Factor => "1.5".into(),
            Self::Boolean => "true".into(),
            Self::Text => "\"text\"".into(),
            Self::Given(inner) => inner.example(depth),
            Self::Law(inner) => {
                format!("{{ dist = \"exponential\", mean = {} }}", inner.example(depth))
            }
            Self::Name | Self::Reference => "\"NAME\"".into(),
            Self::Word(words) => {
                let first = words.first().and_then(|word| word.spellings.first());
                format!("\"{}\"", first.copied().unwrap_or_default())
            }
            Self::List(inner) => format!("[{}]", inner.example(depth)),
            Self::Named(keys, inner) => {
                let key = if *keys == KeyShape::Text { "\"text\"" } else { "NAME" };
                format!("{{ {key} = {} }}", inner.example(depth))
            }
            Self::Table { keys, .. } => {
                let required = keys().into_iter().filter(|key| key.required);
                let lines: Vec<String> = match depth.checked_sub(1) {
                    Some(depth) => required
                        .map(|key| format!("{} = {}", key.key, key.shape.example(depth)))
                        .collect(),
                    None => Vec::new(),
                };
                if lines.is_empty() { "{}".into() } else { format!("{{ {} }}", lines.join(", ")) }
            }
            Self::Either(any) => any.first().map_or_else(String::new, |one| one.example(depth)),
        }
    }
}

/// The form of the keys of a [`Shape::Named`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyShape {
    /// Kebab-case names.
    Name,
    /// References.
    Reference,
    /// Any text.
    Text,
}

/// A word that a key accepts, with its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The canonical spelling, followed by further spellings.
    pub spellings: &'static [&'static str],
    /// Its meaning.
    pub doc: &'static str,
}

/// A value with its place and, for quantities, its uncertainty. It dereferences to the value.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Place of the value; for a default that is not written out, the table without the key.
    pub span: Span,
    /// True if the file has a value other than the default.
    pub given: bool,
    /// The uncertainty, if the file states it.
    pub uncertainty: Option<Arc<Uncertainty<T>>>,
}

/// The uncertainty of a quantity, and its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Uncertainty<T> {
    /// Lower end.
    pub low: Option<T>,
    /// Upper end.
    pub high: Option<T>,
    /// Origin of the figure, as free text.
    pub source: Option<String>,
}

impl<T> Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Spanned<T> {
    /// Creates a value at `span`.
    #[must_use]
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span, given: true, uncertainty: None }
    }
}

impl<T: Value> Spanned<T> {
    /// Reads a value, or a quantity with its uncertainty.
    pub fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        // With the constant first, nothing more is compiled for types that are no quantities.
        if T::QUANTITY && item.get("value").is_some() {
            return Self::read_uncertain(item, out);
        }
        T::read(item, out).map(|value| Self::new(value, item.span))
    }

    /// Reads a quantity with its uncertainty.
    fn read_uncertain(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        let mut reader = super::spec::TableReader::new(item, "a quantity", out)?;
        let value = reader.field::<T>("value".into(), None, None);
        let low = reader.field::<Option<T>>("low".into(), None, None);
        let high = reader.field::<Option<T>>("high".into(), None, None);
        let source = reader.field::<Option<String>>("source".into(), None, None);
        reader.finish();
        let (value, low, high, source) = (value?, low?, high?, source?);
        let mut order = |end: Option<&Self>, wrong: Ordering, words: &str| {
            if let Some(end) = end
                && end.value.compare(&value.value) == Some(wrong)
            {
                out.push(
                    Diagnostic::new(Code::OutOfRange, end.span, format!("{words} the value"))
                        .related(value.span, "the value"),
                );
            }
        };
        order(low.as_ref(), Ordering::Greater, "low is above");
        order(high.as_ref(), Ordering::Less, "high is below");
        let uncertainty = Uncertainty {
            low: low.map(|end| end.value),
            high: high.map(|end| end.value),
            source: source.map(|text| text.value),
        };
        let uncertainty = Some(Arc::new(uncertainty));
        Some(Self { value: value.value, span: value.span, given: true, uncertainty })
    }

    /// Returns the canonical form; the source of a figure is not part of the model.
    #[must_use]
    pub fn canonical(&self) -> Json {
        let value = self.value.canonical();
        if T::QUANTITY
            && let Some(uncertainty) = &self.uncertainty
        {
            let [low, high] = [&uncertainty.low, &uncertainty.high];
            return with_ends(
                value,
                low.as_ref().map(T::canonical),
                high.as_ref().map(T::canonical),
            );
        }
        value
    }
}

/// Returns the canonical form of a table: its entries in the order of their keys.
#[must_use]
pub fn object(mut entries: Vec<(String, Json)>) -> Json {
    // Compiled once: a sort in a generic function is compiled for each of its types.
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Json::Object(entries.into_iter().collect())
}

/// Returns the canonical form of a quantity with the ends of its range, if it has any.
fn with_ends(value: Json, low: Option<Json>, high: Option<Json>) -> Json {
    if low.is_none() && high.is_none() {
        return value;
    }
    let ends = [("high", high), ("low", low)];
    let ends = ends.into_iter().filter_map(|(key, end)| Some((key.to_string(), end?)));
    let keys = ends.chain([("value".to_string(), value)]);
    Json::Object(keys.collect())
}

impl<T: Value> Value for Spanned<T> {
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        Self::read(item, out)
    }
    fn shape() -> Shape {
        if T::QUANTITY { Shape::Given(Box::new(T::shape())) } else { T::shape() }
    }
    fn canonical(&self) -> Json {
        self.canonical()
    }
}

/// Returns the diagnostic that `item` is not `needed` ("a duration such as \"250ms\"").
#[must_use]
pub fn wrong_type(item: &Item, needed: &str) -> Diagnostic {
    match &item.data {
        Data::Date(_) => Diagnostic::new(
            Code::NotADate,
            item.span,
            format!("{needed} is needed here: simulated time, not a date"),
        )
        .help("time counts from the start of the run: \"36h\", \"10d\""),
        _ => Diagnostic::new(
            Code::WrongType,
            item.span,
            format!("{needed} is needed here, not {}", item.kind()),
        ),
    }
}
