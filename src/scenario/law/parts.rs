//! Entries of lists in a distribution: points, branches, parts of a mixture.

use serde_json::Value as Json;

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Diagnostics};
use super::super::document::{Data, Item};
use super::super::spec::TableReader;
use super::super::value::{KeyShape, Shape, Value, wrong_type};
use super::{LawSpec, Random, read_law};

/// A point of a distribution function: `["30ms", 0.95]`.
#[derive(Clone, Debug)]
pub(super) struct Point<U> {
    pub(super) value: U,
    pub(super) cumulative: f64,
}

impl<U: Random> Value for Point<U> {
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        if let Data::List(items) = &item.data
            && let [value, cumulative] = items.as_slice()
        {
            let (value, cumulative) = (U::read(value, out), f64::read(cumulative, out));
            return Some(Self { value: value?, cumulative: cumulative? });
        }
        let needed = "a pair of a value and a probability";
        out.push(wrong_type(item, needed));
        None
    }
    fn shape() -> Shape {
        Shape::List(Box::new(Shape::Either(vec![U::shape(), Shape::Factor])))
    }
    fn canonical(&self) -> Json {
        Json::Array(vec![self.value.canonical(), self.cumulative.canonical()])
    }
}

/// A branch of a hyperexponential distribution.
#[derive(Clone, Debug)]
pub(super) struct Stage<U> {
    pub(super) weight: f64,
    pub(super) mean: U,
}

impl<U: Random> Value for Stage<U> {
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        let mut reader = TableReader::new(item, "a branch", out)?;
        let weight = reader.field::<f64>("weight".into(), None, None);
        let mean = reader.field::<U>("mean".into(), None, None);
        reader.finish();
        Some(Self { weight: weight?.value, mean: mean?.value })
    }
    fn shape() -> Shape {
        Shape::Named(KeyShape::Name, Box::new(U::shape()))
    }
    fn canonical(&self) -> Json {
        serde_json::json!({ "mean": self.mean.canonical(), "weight": self.weight.canonical() })
    }
}

/// A part of a mixture.
#[derive(Clone, Debug)]
pub(super) struct Part<U> {
    pub(super) weight: f64,
    pub(super) law: LawSpec<U>,
}

impl<U: Random> Value for Part<U> {
    fn read(item: &Item, out: &mut Diagnostics) -> Option<Self> {
        let Some(weight) = item.get("weight") else {
            let message = "a part of a mixture needs a `weight`";
            out.push(Diagnostic::new(Code::MissingKey, item.span, message).key("weight"));
            return None;
        };
        let weight = f64::read(weight, out);
        let law = read_law::<U>(item, &["weight"], out)?;
        Some(Self { weight: weight?, law })
    }
    fn shape() -> Shape {
        LawSpec::<U>::shape()
    }
    fn canonical(&self) -> Json {
        let law = match self.law.canonical() {
            Json::Object(keys) => keys,
            value => serde_json::Map::from_iter([
                ("dist".to_string(), Json::from("constant")),
                ("value".to_string(), value),
            ]),
        };
        let mut keys: Vec<_> = law.into_iter().collect();
        keys.push(("weight".to_string(), self.weight.canonical()));
        Json::Object(keys.into_iter().collect())
    }
}
