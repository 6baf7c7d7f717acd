//! JSON Schema (draft-07) of the language, generated from the declared keys.
//!
//! Editors use it for completion, descriptions and error marks. Whatever the schema refuses, the reader refuses as
//! well. The converse does not hold: the reader also checks references, sums and exclusions.
//!
//! Required keys stand in definitions of their own, `…-complete`: a file that is laid over a `base` has them there.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::diagnostic::Diagnostics;
use super::document::{Data, Item, parse_text};
use super::law::{DISTS, Parameter};
use super::spec::KeyDoc;
use super::value::{KeyShape, Shape, Word};

/// A regular expression for a non-negative decimal number at the start of a text.
const NUMBER: &str = r"^\s*\+?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?\s*";
const NAME: &str = "^[a-z0-9][a-z0-9-]*$";
const REFERENCE: &str = r"^(\*|[a-z0-9][a-z0-9-]*\*?)([.:](\*|[a-z0-9][a-z0-9-]*\*?))*$";

/// Returns the schema of a whole file of shape `root`.
#[must_use]
pub fn schema(title: &str, root: &Shape) -> Json {
    let mut maker = Maker { definitions: Map::new(), tables: BTreeMap::new() };
    let all = maker.of(root, true);
    let complete = maker.complete(root).unwrap_or(Json::Bool(true));
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        "allOf": [all],
        "if": { "not": { "required": ["base"] } },
        "then": complete,
        "definitions": maker.definitions,
    })
}

/// Pattern of the units of a carbon intensity.
const INTENSITY: &str = "((mg|g|kg)/kWh|(kg|t)/MWh)";

/// Returns the pattern of the names of entries.
fn pattern(keys: KeyShape) -> &'static str {
    if keys == KeyShape::Name { NAME } else { REFERENCE }
}

struct Maker {
    definitions: Map<String, Json>,
    /// The tables by name, each with its description: another table of the same name would get its form.
    tables: BTreeMap<&'static str, &'static str>,
}

impl Maker {
    /// Defines `name` once and returns a reference to it.
    fn refer(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Json) -> Json {
        if !self.definitions.contains_key(name) {
            // The name is reserved first, since a record may contain itself.
            self.definitions.insert(name.to_string(), Json::Null);
            let made = make(self);
            self.definitions.insert(name.to_string(), made);
        }
        json!({ "$ref": format!("#/definitions/{name}") })
    }

    /// Returns the schema of a shape; `field` is true if a quantity may carry its uncertainty.
    fn of(&mut self, shape: &Shape, field: bool) -> Json {
        match shape {
            Shape::SimDuration => {
                // Parts of a compound duration have no sign and no exponent.
                let unit = "(ns|us|µs|ms|s|min|h|d|w|y)";
                let more = format!(r"{unit}(\s*[0-9][0-9_]*(\.[0-9_]*)?\s*{unit})*");
                self.quantity("duration", field, text(&more, "250ms"))
            }
            Shape::Bytes => {
                self.quantity("size", field, text("(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)", "64GiB"))
            }
            Shape::Bandwidth => self.quantity(
                "bandwidth",
                field,
                text("([kMG]?bit|[kMG]?B|[KMG]iB)/s", "100Mbit/s"),
            ),
            Shape::Rate => {
                self.quantity("rate", field, text(r"/\s*(s|min|h|d|day|month|y|year)", "20/s"))
            }
            Shape::Level => self.quantity(
                "level",
                field,
                json!({ "anyOf": [
                    text(r"/\s*(s|min|h|d|day|month|y|year)", "40/s"),
                    text(r"[x×]\s*rate", "1.5 x rate"),
                ] }),
            ),
            Shape::Money => {
                let per = r"(/\s*(s|min|h|d|day|month|y|year))?";
                self.quantity("money", field, price(per, "$250/month"))
            }
            Shape::SizePrice => {
                let per = r"/\s*(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)";
                self.quantity("price-per-size", field, price(per, "$0.30/GB"))
            }
            Shape::Watts => self.quantity("power", field, text("[mkM]?W", "110W")),
            Shape::CarbonIntensity => {
                self.quantity("carbon-intensity", field, text(INTENSITY, "350g/kWh"))
            }
            Shape::EnergyPrice => {
                self.quantity("price-of-energy", field, price(r"/\s*[kM]Wh", "$0.12/kWh"))
            }
            Shape::Probability => self.quantity(
                "probability",
                field,
                json!({ "anyOf": [
                    { "type": "number", "minimum": 0, "maximum": 1 },
                    text("%", "99.95%"),
                ] }),
            ),
            Shape::Count => {
                self.quantity("count", field, json!({ "type": "integer", "minimum": 0 }))
            }
            Shape::Factor => self.quantity("factor", field, json!({ "type": "number" })),
            Shape::Boolean => json!({ "type": "boolean" }),
            Shape::Text => json!({ "type": "string", "maxLength": 4096 }),
            Shape::Law(unit) => self.law(unit),
            Shape::Name => json!({ "type": "string", "pattern": NAME, "maxLength": 128 }),
            Shape::Reference => json!({ "type": "string", "pattern": REFERENCE, "maxLength": 128 }),
            Shape::Word(words) => words_schema(words),
            Shape::Given(of) => self.of(of, true),
            Shape::List(of) => json!({ "type": "array", "items": self.of(of, false) }),
            Shape::Named(keys, of) => self.named(*keys, of),
            Shape::Table { name, doc, keys } => self.record(name, doc, *keys),
            Shape::Either(shapes) => {
                let any: Vec<_> = shapes.iter().map(|shape| self.of(shape, field)).collect();
                json!({ "anyOf": any })
            }
        }
    }

    /// Defines a table once and returns a reference to it.
    fn record(&mut self, name: &'static str, doc: &'static str, keys: fn() -> Vec<KeyDoc>) -> Json {
        let known = self.tables.insert(name, doc);
        assert!(known.is_none_or(|known| known == doc), "two tables are called {name}");
        self.refer(name, |maker| maker.table(doc, &keys()))
    }

    /// Returns the schema of the keys that a complete file has in a shape; `None` if none is required.
    fn complete(&mut self, shape: &Shape) -> Option<Json> {
        match shape {
            Shape::Given(of) => self.complete(of),
            Shape::List(of) => Some(json!({ "items": self.complete(of)? })),
            Shape::Named(KeyShape::Text, of) => {
                Some(json!({ "additionalProperties": self.complete(of)? }))
            }
            Shape::Named(keys, of) => {
                Some(json!({ "patternProperties": { pattern(*keys): self.complete(of)? } }))
            }
            Shape::Table { name, keys, .. } => {
                let all = keys();
                Some(self.refer(&format!("{name}-complete"), |maker| maker.needed(&all)))
            }
            Shape::Either(shapes) => {
                let any: Vec<Json> = shapes
                    .iter()
                    .map(|shape| {
                        let plain = self.of(shape, false);
                        match self.complete(shape) {
                            Some(complete) => json!({ "allOf": [plain, complete] }),
                            None => plain,
                        }
                    })
                    .collect();
                any.iter().any(|one| one.get("allOf").is_some()).then(|| json!({ "anyOf": any }))
            }
            _ => None,
        }
    }

    /// Returns the keys of a table that a complete file has.
    fn needed(&mut self, keys: &[KeyDoc]) -> Json {
        let required: Vec<&str> =
            keys.iter().filter(|key| key.required).map(|key| key.key.as_str()).collect();
        let inside = keys.iter().filter_map(|key| {
            let complete = self.complete(&key.shape)?;
            Some((key.key.clone(), complete))
        });
        let properties: Map<String, Json> = inside.collect();
        json!({ "required": required, "properties": properties })
    }

    fn quantity(&mut self, name: &str, field: bool, plain: Json) -> Json {
        let value = self.refer(name, |_| plain);
        if !field {
            return value;
        }
        self.refer(&format!("{name}-given"), |_| {
            json!({ "anyOf": [value, {
                "type": "object",
                "description": "a value with its uncertainty and its source",
                "properties": {
                    "value": value, "low": value, "high": value, "source": { "type": "string" }
                },
                "required": ["value"],
                "additionalProperties": false,
            }] })
        })
    }

    fn named(&mut self, keys: KeyShape, of: &Shape) -> Json {
        let of = self.of(of, false);
        match keys {
            KeyShape::Text => json!({ "type": "object", "additionalProperties": of }),
            KeyShape::Name | KeyShape::Reference => {
                json!({
                    "type": "object",
                    "patternProperties": { pattern(keys): of },
                    "additionalProperties": false,
                })
            }
        }
    }

    fn table(&mut self, doc: &str, keys: &[KeyDoc]) -> Json {
        let mut properties = Map::new();
        for key in keys {
            let mut property = Map::new();
            property.insert("description".to_string(), key.doc.clone().into());
            property.insert("allOf".to_string(), json!([self.of(&key.shape, true)]));
            if let Some(default) = key.default.and_then(plain_default) {
                property.insert("default".to_string(), default);
            }
            if let Some(limit) = &key.limit {
                if let Some((minimum, excluded)) = limit.minimum {
                    let word = if excluded { "exclusiveMinimum" } else { "minimum" };
                    property.insert(word.to_string(), minimum.into());
                }
                if let Some(maximum) = limit.maximum {
                    property.insert("maximum".to_string(), maximum.into());
                }
                if limit.not_empty {
                    property.insert("minItems".to_string(), 1.into());
                }
            }
            properties.insert(key.key.clone(), Json::Object(property));
        }
        json!({
            "type": "object",
            "description": super::spec::doc_text(&doc.lines().collect::<Vec<_>>()),
            "properties": properties,
            "additionalProperties": false,
        })
    }

    fn law(&mut self, unit: &Shape) -> Json {
        let (word, counts) = match unit {
            Shape::SimDuration => ("duration", false),
            Shape::Bytes => ("size", false),
            _ => ("count", true),
        };
        let quantity = self.of(unit, false);
        let given = self.of(unit, true);
        self.refer(&format!("law-of-{word}"), |maker| {
            let mut any = vec![given.clone()];
            let dists = DISTS.iter();
            for dist in dists.filter(|d| counts || !matches!(d.name, "poisson" | "geometric")) {
                let mut properties = Map::new();
                properties.insert("dist".to_string(), json!({ "const": dist.name }));
                // Read only inside a mixture; elsewhere harmless in a schema for editors.
                properties.insert("weight".to_string(), json!({ "type": "number", "minimum": 0 }));
                let mut required = vec!["dist"];
                for &(key, parameter, needed) in dist.parameters {
                    let schema = maker.parameter(parameter, &quantity, &given, word);
                    properties.insert(key.to_string(), schema);
                    if needed {
                        required.push(key);
                    }
                }
                any.push(json!({
                    "type": "object",
                    "description": dist.doc,
                    "properties": properties,
                    "required": required,
                    "additionalProperties": false,
                }));
            }
            json!({ "anyOf": any })
        })
    }

    fn parameter(&mut self, of: Parameter, quantity: &Json, given: &Json, word: &str) -> Json {
        let list = |items: Json| json!({ "type": "array", "items": items });
        match of {
            Parameter::Quantity => given.clone(),
            Parameter::Factor => self.of(&Shape::Factor, true),
            Parameter::Count => self.of(&Shape::Count, true),
            Parameter::Quantities => list(quantity.clone()),
            Parameter::Factors => list(json!({ "type": "number" })),
            Parameter::Points => list(json!({
                "type": "array", "minItems": 2, "maxItems": 2,
                "items": [quantity, { "type": "number", "minimum": 0, "maximum": 1 }],
            })),
            Parameter::Branches => list(json!({
                "type": "object",
                "properties": { "weight": { "type": "number" }, "mean": given },
                "required": ["weight", "mean"],
                "additionalProperties": false,
            })),
            Parameter::Parts => list(json!({ "allOf": [
                { "type": "object", "required": ["weight", "dist"] },
                { "$ref": format!("#/definitions/law-of-{word}") },
            ] })),
            Parameter::File => json!({ "type": "string" }),
            Parameter::Between => json!({ "enum": ["steps", "lines"] }),
        }
    }
}

fn text(units: &str, example: &str) -> Json {
    json!({ "type": "string", "pattern": format!("{NUMBER}{units}\\s*$"), "examples": [example] })
}

/// Returns the schema of an amount of money with the period `per`.
fn price(per: &str, example: &str) -> Json {
    let pattern = format!(r"^\s*\$\s*[0-9][0-9_]*(\.[0-9_]*)?\s*{per}\s*$");
    json!({ "type": "string", "pattern": pattern, "examples": [example] })
}

fn words_schema(words: &[Word]) -> Json {
    let each = words.iter().flat_map(|word| {
        let doc = word.doc.trim();
        word.spellings.iter().map(move |text| json!({ "const": text, "description": doc }))
    });
    json!({ "oneOf": each.collect::<Vec<_>>() })
}

/// Returns a default as JSON, if it is a plain value.
fn plain_default(text: &str) -> Option<Json> {
    let parsed = parse_text(&format!("default = {text}"), 0, &mut Diagnostics::new());
    parsed.get("default").and_then(json_of)
}

/// Converts an item to JSON; returns `None` for a date or a number that JSON cannot represent.
#[must_use]
pub fn json_of(item: &Item) -> Option<Json> {
    Some(match &item.data {
        Data::Text(text) => Json::String(text.clone()),
        Data::Integer(number) => i64::try_from(*number).map_or_else(
            |_| u64::try_from(*number).map_or(Json::from(*number as f64), Json::from),
            Json::from,
        ),
        Data::Float(number) if number.is_finite() => Json::from(*number),
        Data::Float(_) | Data::Date(_) => return None,
        Data::Boolean(boolean) => Json::Bool(*boolean),
        Data::List(items) => items.iter().map(json_of).collect::<Option<Vec<_>>>()?.into(),
        Data::Table(table) => {
            let keys = table.entries.iter();
            let pairs = keys.map(|entry| Some((entry.key.clone(), json_of(&entry.item)?)));
            Json::Object(pairs.collect::<Option<Map<_, _>>>()?)
        }
    })
}
