//! What a key may hold: the trait of everything that can be read from a scenario.
//!
//! A [`Value`] reads itself from an [`Item`], says what it looks like ([`Shape`], from which schema
//! and reference page are made), and prints itself canonically, so that two spellings of one model
//! have one digest. Records are declared with [`spec!`](mod@super::spec), sets of words with
//! [`words!`](mod@super::words); both implement it.
//!
//! Reading never stops at the first mistake: it pushes a diagnostic and gives `None`, and its
//! caller goes on with the next key. A `Some` may come with diagnostics, too; only
//! [`Diagnostics::has_errors`] says whether the scenario is sound.

use std::cmp::Ordering;
use std::fmt::Debug;
use std::ops::Deref;

use serde_json::Value as Json;

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::document::{Data, Item};
use super::source::Span;
use super::spec::KeyDoc;

/// Something that a scenario can hold.
pub trait Value: Sized + Clone + Debug {
    /// Whether it is a quantity: then `{ value = …, low = …, high = …, source = … }` may stand for
    /// it.
    const QUANTITY: bool = false;

    /// Reads it; reports and gives `None` when `item` is not one.
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self>;

    /// What it looks like.
    fn shape() -> Shape;

    /// The one spelling of this value, units and defaults resolved.
    fn canonical(&self) -> Json;

    /// Order of two quantities; `None` for what has no order.
    fn compare(&self, _other: &Self) -> Option<Ordering> {
        None
    }
}

/// What a value looks like.
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
    /// A quantity of the given shape that may say how far it may be off, where it is no field of a table.
    Given(Box<Shape>),
    /// A quantity of the given shape, or a law of it.
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
        /// What it is.
        doc: &'static str,
        /// Its keys.
        keys: fn() -> Vec<KeyDoc>,
    },
    /// Any of several.
    Either(Vec<Shape>),
}

/// What the keys of a [`Shape::Named`] look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyShape {
    /// Kebab-case names.
    Name,
    /// References.
    Reference,
    /// Any text.
    Text,
}

/// A word that a key may hold, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word; further spellings follow it.
    pub spellings: &'static [&'static str],
    /// What it means.
    pub doc: &'static str,
}

/// A value with its place and, for quantities, how uncertain it is. It reads as the value itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands; of a default, the table that lacks the key.
    pub span: Span,
    /// Whether the file says it; `false` for a default.
    pub given: bool,
    /// How far it may be off, where the file says so.
    pub uncertainty: Option<Box<Uncertainty<T>>>,
}

/// How far a quantity may be off, and where it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Uncertainty<T> {
    /// Lower end.
    pub low: Option<T>,
    /// Upper end.
    pub high: Option<T>,
    /// Where the figure is from: free text.
    pub source: Option<String>,
}

impl<T> Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Spanned<T> {
    /// A value that stands at `span`.
    #[must_use]
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span, given: true, uncertainty: None }
    }
}

impl<T: Value> Spanned<T> {
    /// Reads a value, or a quantity with its uncertainty.
    pub fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        let uncertain = T::QUANTITY && item.get("value").is_some();
        if !uncertain {
            return T::read(item, out).map(|value| Self::new(value, item.span));
        }
        let mut reader = super::spec::TableReader::new(item, "a quantity", out)?;
        let value = reader.field::<T>("value", None, None);
        let low = reader.field::<Option<T>>("low", None, None);
        let high = reader.field::<Option<T>>("high", None, None);
        let source = reader.field::<Option<String>>("source", None, None);
        reader.finish();
        let (value, low, high, source) = (value?, low?, high?, source?);
        for (end, wrong, words) in
            [(&low, Ordering::Greater, "low is above"), (&high, Ordering::Less, "high is below")]
        {
            if let Some(end) = end
                && end.value.compare(&value.value) == Some(wrong)
            {
                out.push(
                    Diagnostic::new(Code::OutOfRange, end.span, format!("{words} the value"))
                        .related(value.span, "the value"),
                );
            }
        }
        let inner = |end: Option<Spanned<T>>| end.map(|end| end.value);
        let source = source.map(|text| text.value);
        let uncertainty = Uncertainty { low: inner(low), high: inner(high), source };
        let uncertainty = Some(Box::new(uncertainty));
        Some(Self { value: value.value, span: value.span, given: true, uncertainty })
    }

    /// The one spelling; the source of a figure is not part of the model.
    #[must_use]
    pub fn canonical(&self) -> Json {
        let value = self.value.canonical();
        let Some(uncertainty) = &self.uncertainty else { return value };
        let ends = [("high", &uncertainty.high), ("low", &uncertainty.low)];
        if ends.iter().all(|(_, end)| end.is_none()) {
            return value;
        }
        let mut object = serde_json::Map::new();
        for (key, end) in ends {
            if let Some(end) = end {
                object.insert(key.to_string(), end.canonical());
            }
        }
        object.insert("value".to_string(), value);
        Json::Object(object)
    }
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

/// The diagnostic that `item` is not `needed` ("a duration such as \"250ms\"").
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
