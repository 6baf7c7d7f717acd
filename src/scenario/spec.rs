//! One declaration per record, from which struct, reader, schema and reference page are made.
//!
//! ```text
//! spec! {
//!     /// A physical server: cores, memory and the disks in it.
//!     pub struct ServerSpec {
//!         /// Identical servers; members are `name-1` to `name-n`.
//!         count: u32 = 1 => at_least(1).because("to model an outage use a fault"),
//!         /// Rack it stands in.
//!         rack: Option<Reference>,
//!         /// Cores.
//!         cores: u32 => within(1, 4096),
//!         /// Zone it runs in, where it is software.
//!         in_: Option<Reference>,
//!     }
//! }
//! ```
//!
//! Rules of a field: doc comment, `name: Type`, an optional `= default`, an optional `=> limit`, a comma (also after
//! the last).
//!
//! - The *key* is the field's name with `-` for `_`, and without a trailing `_`: `warm_up` is `warm-up`, `in_` is
//!   `in`, `r#for` is `for`.
//! - The *type* is any [`Value`], or `Option` of one. A plain type is required unless it has a default. The struct's
//!   field is [`Spanned<Type>`](Spanned) or `Option<Spanned<Type>>`. It dereferences to its value and has `.value`,
//!   `.span`, `.given` (false for a default, also if it is written out) and, for quantities, `.uncertainty`.
//! - The *default* is one token tree, written as in a scenario: `1`, `0.5`, `true`, `"5s"`, `[]`, `{}` (an empty
//!   record or set of names: its own defaults). It has no `-` sign.
//! - A *limit* is [`at_least`], [`at_most`], [`above`], [`within`] or [`not_empty`], with `.because("what to do
//!   instead")`. Its type is that of the value, or of the elements of a list (for a `Rate`,
//!   [`PerSecond`](super::quantity::PerSecond)). A declaration needs no path: it brings these five into scope.
//! - The struct gets one more field, `span`: the table's header or inline table.
//!
//! Reading may return `Some` together with errors: check [`Diagnostics::has_errors`] before using it. Relations
//! between keys, such as mutual exclusion, are checked separately after reading. Names of declared structs are unique
//! in the crate: the schema identifies them by name.

use std::borrow::Cow;
use std::sync::OnceLock;

use serde_json::Value as Json;

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::document::{Data, Item, Table, parse_text};
use super::format;
use super::suggest;
use super::value::{Shape, Spanned, Value, wrong_type};

pub use super::limit::{Limit, LimitDoc, above, at_least, at_most, not_empty, within};

/// The description of a key, for schema, reference page and messages.
#[derive(Clone, Debug)]
pub struct KeyDoc {
    /// The key as written.
    pub key: String,
    /// Its meaning.
    pub doc: String,
    /// The shape of its value.
    pub shape: Shape,
    /// The default as written, if it has one.
    pub default: Option<&'static str>,
    /// True if the key is required.
    pub required: bool,
    /// The limit on its value.
    pub limit: Option<LimitDoc>,
}

/// A type of a field: a [`Value`] or an `Option` of one.
pub trait Field {
    /// The type that is read.
    type Inner: Value;
    /// The type of the struct's field.
    type Kept;
    /// True if a key without a default is required.
    const REQUIRED: bool;
    /// Returns the field from the value read; `found` is `None` if the key is absent.
    fn keep(found: Option<Spanned<Self::Inner>>) -> Option<Self::Kept>;
    /// Returns the canonical form of the field, if it has a value.
    fn canonical(kept: &Self::Kept) -> Option<Json>;
}

impl<T: Value> Field for T {
    type Inner = T;
    type Kept = Spanned<T>;
    const REQUIRED: bool = true;
    fn keep(found: Option<Spanned<T>>) -> Option<Spanned<T>> {
        found
    }
    fn canonical(kept: &Spanned<T>) -> Option<Json> {
        Some(kept.canonical())
    }
}

impl<T: Value> Field for Option<T> {
    type Inner = T;
    type Kept = Option<Spanned<T>>;
    const REQUIRED: bool = false;
    fn keep(found: Option<Spanned<T>>) -> Option<Option<Spanned<T>>> {
        Some(found)
    }
    fn canonical(kept: &Option<Spanned<T>>) -> Option<Json> {
        kept.as_ref().map(Spanned::canonical)
    }
}

/// Source of the value of a key.
enum Asked<'a> {
    /// From the file.
    Given(&'a Item),
    /// From the declaration.
    Default(&'a Item),
    /// Nowhere: the key is optional.
    Absent,
    /// Nowhere, although the key is required.
    Missing,
}

/// Returns the canonical form of the default of a declaration.
fn canonical_default<T: Value>(default: &Item) -> Option<Json> {
    T::read(default, &mut Diagnostics::new()).map(|own| own.canonical())
}

/// A missing key with its form.
type Missing = (Cow<'static, str>, fn() -> Shape);

/// Reads the keys of one table and then reports keys that were not read.
pub struct TableReader<'a> {
    item: &'a Item,
    table: &'a Table,
    out: &'a mut Diagnostics,
    asked: Vec<Cow<'static, str>>,
    /// Required keys that the table lacks.
    missing: Vec<Missing>,
}

impl<'a> TableReader<'a> {
    /// Starts to read `item`; returns `None` after reporting that it is not a table. `what` names it in the message:
    /// "a quantity".
    pub fn new(item: &'a Item, what: &str, out: &'a mut Diagnostics) -> Option<Self> {
        match &item.data {
            Data::Table(table) => {
                Some(Self { item, table, out, asked: Vec::new(), missing: Vec::new() })
            }
            Data::List(items) if items.iter().any(|item| item.as_table().is_some()) => {
                out.push(
                    Diagnostic::new(
                        Code::TableOrList,
                        item.span,
                        "one table is needed here, not a list of tables",
                    )
                    .help("write `[key]` or `key = { … }`, not `[[key]]` or `key = [{ … }]`"),
                );
                None
            }
            _ => {
                // Of a description, its first words.
                let named = what.split([':', '.']).next().unwrap_or(what);
                let needed = format!("a table ({named})");
                out.push(wrong_type(item, &needed).help("write it as `{ key = value, … }`"));
                None
            }
        }
    }

    /// Reads `key`. Returns `None` if it is invalid, which is reported at once, or missing, which [`Self::finish`]
    /// reports.
    pub fn field<F: Field>(
        &mut self,
        key: Cow<'static, str>,
        default: Option<&Item>,
        limit: Option<Limit<F::Inner>>,
    ) -> Option<F::Kept> {
        // Compiled once for each type of a key: what does not depend on the type is in functions without one.
        match self.ask(key.clone(), default, F::REQUIRED, F::Inner::shape) {
            Asked::Given(item) => {
                let mut found = Spanned::<F::Inner>::read(item, self.out)?;
                if let Some(default) = default {
                    // A default that is written out, as in the canonical form, is a default.
                    let own = canonical_default::<F::Inner>(default);
                    found.given = own != Some(found.value.canonical());
                }
                if let Some(limit) = limit {
                    limit.check(&key, &found, self.out);
                }
                F::keep(Some(found))
            }
            Asked::Default(default) => {
                let value = F::Inner::read(default, self.out)
                    .expect("a declared default reads as its own type");
                F::keep(Some(Spanned {
                    value,
                    span: self.item.span,
                    given: false,
                    uncertainty: None,
                }))
            }
            Asked::Absent => F::keep(None),
            Asked::Missing => None,
        }
    }

    /// Marks `key` as known, and as missing if it is `required` and neither written nor has a default.
    fn ask<'d>(
        &mut self,
        key: Cow<'static, str>,
        default: Option<&'d Item>,
        required: bool,
        shape: fn() -> Shape,
    ) -> Asked<'d>
    where
        'a: 'd,
    {
        self.asked.push(key.clone());
        match (self.table.get(&key), default) {
            (Some(item), _) => Asked::Given(item),
            (None, Some(default)) => Asked::Default(default),
            (None, None) if required => {
                self.missing.push((key, shape));
                Asked::Missing
            }
            (None, None) => Asked::Absent,
        }
    }

    /// Reads `key`, which is required if `needed`. Returns `None` if it is invalid or missing.
    pub fn optional<T: Value>(
        &mut self,
        key: &'static str,
        needed: bool,
    ) -> Option<Option<Spanned<T>>> {
        if needed {
            return self.field::<T>(key.into(), None, None).map(Some);
        }
        self.field::<Option<T>>(key.into(), None, None)
    }

    /// Marks `key` as known; other code reads it.
    pub fn pass(&mut self, key: &'static str) {
        self.asked.push(key.into());
    }

    /// Adds a diagnostic.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.out.push(diagnostic);
    }

    /// Reports missing keys, and unknown keys with the most similar known one.
    pub fn finish(self) {
        let Self { item, table, out, asked, mut missing } = self;
        let unknown: Vec<_> = table
            .entries
            .iter()
            .filter(|entry| !asked.iter().any(|key| *key == entry.key))
            .collect();
        if !unknown.is_empty() && !out.is_full() {
            let absent: Vec<&str> =
                asked.iter().map(AsRef::as_ref).filter(|key| table.get(key).is_none()).collect();
            for entry in &unknown {
                let absent = || absent.iter().copied();
                let renamed = format::new_name(&entry.key, absent());
                if let Some(meant) = renamed.or_else(|| suggest::nearest(&entry.key, absent())) {
                    out.note_meant(item.span, meant);
                }
            }
            missing.retain(|(key, _)| !out.is_meant(item.span, key));
        }
        match missing.as_slice() {
            [] => {}
            // Nothing more is shown, so no examples are made.
            [(first, _), ..] if out.is_full() => {
                let message = format!("required key `{first}` is missing");
                out.push(Diagnostic::new(Code::MissingKey, item.span, message));
            }
            several if table.entries.is_empty() && several.len() > 1 => {
                let keys: Vec<&str> = several.iter().map(|(key, _)| key.as_ref()).collect();
                let lines: Vec<String> =
                    several.iter().map(|(key, shape)| shape().line(key)).collect();
                let message = format!("nothing is given here; required: `{}`", keys.join("`, `"));
                let help = format!("for example `{}`", lines.join("`, `"));
                out.push(Diagnostic::new(Code::MissingKey, item.span, message).help(help));
            }
            several => {
                for (key, shape) in several {
                    let message = format!("required key `{key}` is missing");
                    let diagnostic = Diagnostic::new(Code::MissingKey, item.span, message);
                    let help = format!("for example `{}`", shape().line(key));
                    out.push(diagnostic.key(key.as_ref()).help(help));
                }
            }
        }
        for entry in unknown {
            out.push(unknown_key(&entry.key, entry.key_span, &asked, out));
        }
    }
}

/// Number of keys up to which those of a table are listed beside the home of a key.
const KEYS_LISTED: usize = 8;

fn unknown_key(
    key: &str,
    span: super::source::Span,
    asked: &[Cow<'static, str>],
    out: &Diagnostics,
) -> Diagnostic {
    let shown = super::render::shown(key);
    let diagnostic = Diagnostic::new(Code::UnknownKey, span, format!("unknown key `{shown}`"));
    if out.is_full() {
        return diagnostic;
    }
    let keys: Vec<&str> = asked.iter().map(AsRef::as_ref).collect();
    if key == "include" {
        return diagnostic.help("files stand alone: one complete file per scenario");
    }
    if let Some(renamed) = format::hint(key, keys.iter().copied()) {
        return diagnostic.help(renamed);
    }
    if let Some(nearest) = suggest::nearest(key, keys.iter().copied()) {
        return diagnostic.help(format!("did you mean `{nearest}`?"));
    }
    match out.homes_of(key) {
        [] => diagnostic.help_if(suggest::help(key, &keys, "keys here")),
        homes => {
            let here = match keys.len() {
                1..=KEYS_LISTED => format!("; keys here: {}", keys.join(", ")),
                _ => String::new(),
            };
            diagnostic.help(format!("it belongs to `{}`{here}", homes.join("`, `")))
        }
    }
}

/// Records in `out` the keys of each section of a file, so that a key in the wrong section can be attributed to its
/// own.
pub fn know_sections(root: &[KeyDoc], out: &mut Diagnostics) {
    for section in root {
        let shape = match &section.shape {
            Shape::Named(_, of) | Shape::List(of) => of,
            other => other,
        };
        if let Shape::Table { keys, .. } = shape {
            out.know(&section.key, keys().into_iter().map(|key| key.key));
        }
    }
}

/// Returns the key of a field: `warm_up` is `warm-up`, `in_` and `r#in` are `in`.
#[must_use]
pub fn key_name(field: &'static str) -> Cow<'static, str> {
    let bare = field.strip_prefix("r#").unwrap_or(field).trim_end_matches('_');
    if bare.contains('_') { Cow::Owned(bare.replace('_', "-")) } else { Cow::Borrowed(bare) }
}

/// Returns the item of a default in a declaration.
///
/// # Panics
///
/// If the text is not TOML, which is an error of the declaration that its tests detect.
pub fn default_item(cell: &'static OnceLock<Item>, text: &str) -> &'static Item {
    cell.get_or_init(|| {
        let mut out = Diagnostics::new();
        let parsed = parse_text(&format!("default = {text}"), 0, &mut out);
        assert!(out.is_empty(), "the default `{text}` of a declaration is not TOML: {out:?}");
        parsed.get("default").expect("the key just written is there").clone()
    })
}

/// Joins the lines of a doc comment into one paragraph.
#[must_use]
pub fn doc_text(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ").trim().to_string()
}

/// Declares records of the scenario language; the rules are those of
/// [this module](mod@crate::scenario::spec).
#[allow(unused_macros, reason = "sections are declared in folders below this one")]
macro_rules! spec {
    ($(
        $(#[doc = $doc:literal])+
        pub struct $Name:ident {
            $(
                $(#[doc = $field_doc:literal])+
                $field:ident : $Type:ty $(= $default:tt)? $(=> $limit:expr)?,
            )*
        }
    )+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $Name {
            $(
                $(#[doc = $field_doc])+
                pub $field: <$Type as $crate::scenario::spec::Field>::Kept,
            )*
            /// Place of the table in the text.
            #[allow(dead_code, reason = "every form has it, some need it")]
            pub span: $crate::scenario::source::Span,
        }

        impl $Name {
            /// The keys of this table.
            #[must_use]
            pub fn keys() -> Vec<$crate::scenario::spec::KeyDoc> {
                #[allow(unused_imports)]
                use $crate::scenario::spec::{above, at_least, at_most, not_empty, within};
                vec![$(
                    {
                        type Inner = <$Type as $crate::scenario::spec::Field>::Inner;
                        let limit: Option<$crate::scenario::spec::Limit<Inner>> =
                            $crate::scenario::spec::optional!($($limit)?);
                        let default: Option<&'static str> =
                            $crate::scenario::spec::optional!($(stringify!($default))?);
                        $crate::scenario::spec::KeyDoc {
                            key: $crate::scenario::spec::key_name(stringify!($field)).into_owned(),
                            doc: $crate::scenario::spec::doc_text(&[$($field_doc),+]),
                            shape: <Inner as $crate::scenario::value::Value>::shape(),
                            default,
                            required: <$Type as $crate::scenario::spec::Field>::REQUIRED
                                && default.is_none(),
                            limit: limit.map(|limit| limit.doc),
                        }
                    },
                )*]
            }
        }

        impl $crate::scenario::value::Value for $Name {
            fn read(
                item: &$crate::scenario::document::Item,
                out: &mut $crate::scenario::diagnostic::Diagnostics,
            ) -> Option<Self> {
                #[allow(unused_imports)]
                use $crate::scenario::spec::{above, at_least, at_most, not_empty, within};
                let what = $crate::scenario::spec::doc_text(&[$($doc),+]);
                #[allow(unused_mut)]
                let mut reader = $crate::scenario::spec::TableReader::new(item, &what, out)?;
                $(
                    let $field = {
                        #[allow(dead_code)]
                        static DEFAULT: ::std::sync::OnceLock<$crate::scenario::document::Item> =
                            ::std::sync::OnceLock::new();
                        reader.field::<$Type>(
                            $crate::scenario::spec::key_name(stringify!($field)),
                            $crate::scenario::spec::optional!($(
                                $crate::scenario::spec::default_item(&DEFAULT, stringify!($default))
                            )?),
                            $crate::scenario::spec::optional!($($limit)?),
                        )
                    };
                )*
                reader.finish();
                Some(Self { $($field: $field?,)* span: item.span })
            }

            fn shape() -> $crate::scenario::value::Shape {
                $crate::scenario::value::Shape::Table {
                    name: stringify!($Name),
                    doc: concat!($($doc, "\n"),+),
                    keys: Self::keys,
                }
            }

            fn canonical(&self) -> ::serde_json::Value {
                let mut keys = ::std::collections::BTreeMap::new();
                $(
                    if let Some(value) =
                        <$Type as $crate::scenario::spec::Field>::canonical(&self.$field)
                    {
                        keys.insert(
                            $crate::scenario::spec::key_name(stringify!($field)).into_owned(),
                            value,
                        );
                    }
                )*
                ::serde_json::Value::Object(keys.into_iter().collect())
            }
        }
    )+ };
}
#[allow(unused_imports, reason = "used in folders below this one")]
pub(crate) use spec;

/// `Some` of the given expression, or `None` without one.
#[allow(unused_macros, reason = "used by `spec!`")]
macro_rules! optional {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}
#[allow(unused_imports, reason = "used by `spec!`")]
pub(crate) use optional;
