//! Tools for the text of scenarios: spans, quantities, diagnostics, suggestions. They know no section,
//! but for the names of format 1 in [`format`](mod@format).
//!
//! The steps: [`source::Source::read`] (size limit, UTF-8) → [`document::Document::parse`] (TOML 1.0, a tree of items
//! with places) → [`value::Value::read`] of a record declared with [`spec!`](mod@spec) → checks between sections
//! (elsewhere) → [`render`]. All errors and warnings are collected in one [`diagnostic::Diagnostics`], each with a
//! [`code::Code`] and a [`source::Span`].
//!
//! # Declaring a section
//!
//! [`spec`](mod@spec) holds the rules of `spec! { … }`, [`words`](mod@words) those of `words! { … }` (a set
//! of words) and `choice! { … }` (tables distinguished by the key they have). In short:
//!
//! ```text
//! use crate::scenario::{choice, spec, words};
//! use crate::scenario::names::{Name, Named, OneOrMany, Reference};
//!
//! spec! {
//!     /// A physical server: cores, memory and the disks in it.
//!     pub struct ServerSpec {
//!         /// Identical servers; members are `name-1` to `name-n`.
//!         count: u32 = 1 => at_least(1).because("to model an outage use a fault"),
//!         /// Rack it stands in.
//!         rack: Option<Reference>,
//!         /// Cores.
//!         cores: u32 => within(1, 4096),
//!     }
//! }
//! ```
//!
//! makes `struct ServerSpec { count: Spanned<u32>, rack: Option<Spanned<Reference>>, cores:
//! Spanned<u32>, span: Span }`, its reader, `ServerSpec::keys()` and its canonical print. Types of
//! fields: `SimDuration Bytes Bandwidth Rate Money Probability u32 u64 f64 bool String`,
//! [`names::Name`], [`names::Reference`], [`names::Named`]`<T>` (a table from names to `T`),
//! `Vec<T>`, [`names::OneOrMany`]`<T>`, sets of words, choices, other records, and `Option` of any.
//! A quantity may be written `{ value = …, low = …, high = …, source = "…" }` wherever it is a
//! field.

pub mod base;
pub mod code;
pub mod diagnostic;
pub mod difference;
pub mod document;
pub mod file;
pub mod format;
pub mod law;
pub mod limit;
pub mod names;
pub mod overrides;
pub mod quantity;
pub mod reference;
pub mod render;
pub mod scan;
pub mod schema;
pub mod source;
pub mod spec;
pub mod suggest;
pub mod value;
pub mod words;

#[allow(unused_imports)]
pub(crate) use spec::spec;
#[allow(unused_imports)]
pub(crate) use words::{choice, words};

#[cfg(test)]
mod tests;
