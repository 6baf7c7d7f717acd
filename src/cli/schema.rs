//! `schema`: the language, its diagnostics, figures and results, generated from their declarations.

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{JsonOrMarkdown, SchemaArgs, What};
use crate::facade::language;
use crate::report::json::bytes;
use crate::report::reference;

/// Prints the requested description.
///
/// # Errors
///
/// A failure to write it.
pub fn print(args: &SchemaArgs, console: &Console) -> Result<Exit, Failure> {
    console.answer(&describe(args.what, args.format))?;
    Ok(Exit::Done)
}

/// Returns the description of `what` in the given format; `docs/` has five of them.
#[must_use]
pub fn describe(what: What, format: JsonOrMarkdown) -> String {
    let json = match (what, format) {
        (What::Scenario, JsonOrMarkdown::Markdown) => return language::keys_page(),
        (What::Diagnostics, JsonOrMarkdown::Markdown) => return language::codes_page(),
        (What::Figures, JsonOrMarkdown::Markdown) => return language::figures_page(),
        (What::Results, JsonOrMarkdown::Markdown) => return reference::page(),
        (What::Scenario, JsonOrMarkdown::Json) => language::schema(),
        (What::Diagnostics, JsonOrMarkdown::Json) => language::codes(),
        (What::Figures, JsonOrMarkdown::Json) => language::figures(),
        (What::Results, JsonOrMarkdown::Json) => reference::list(),
    };
    String::from_utf8(bytes(&json)).expect("JSON is UTF-8")
}
