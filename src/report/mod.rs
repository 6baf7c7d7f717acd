//! Results to text, CSV, JSON, SVG and HTML. It computes no statistic.
//!
//! Model: the study provides plain data ([`document`]); each writer converts the same data to one form. A missing
//! value stays missing, with its reason, in all of them.
//! Holds: the same document gives the same bytes; text from a scenario is data in every form: escaped in HTML and
//! SVG, guarded in CSV, made visible on a terminal.

mod answer;
pub mod chart;
pub mod claims;
pub mod columns;
pub mod comparison;
pub mod csv;
pub mod difference;
pub mod document;
pub mod drawing;
pub mod events;
pub mod explain;
pub mod export;
pub mod gate;
pub mod html;
pub mod json;
pub mod measure;
pub mod number;
pub mod parquet;
pub mod reference;
pub mod rows;
pub mod run;
pub mod sarif;
pub mod svg;
pub mod sweep;
pub mod text;
pub mod write;
