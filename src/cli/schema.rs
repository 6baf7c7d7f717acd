//! `schema`: the language, its diagnostics, figures and results, from their declarations.

use serde_json::{Value as Json, json};

use super::console::Console;
use super::exit::{Exit, Failure};
use super::flags::{JsonOrMarkdown, SchemaArgs, What};
use crate::plan::document::ScenarioSpec;
use crate::plan::figure::registry::{self, Word};
use crate::report::{json, reference as results};
use crate::scenario::code::Code;
use crate::scenario::value::Value;
use crate::scenario::{reference, schema};

/// Prints the description asked for.
///
/// # Errors
///
/// When it cannot be written.
pub fn print(args: &SchemaArgs, console: &Console) -> Result<Exit, Failure> {
    console.answer(&describe(args.what, args.format))?;
    Ok(Exit::Done)
}

/// The description of `what` in the form asked for; `docs/` holds five of them.
#[must_use]
pub fn describe(what: What, format: JsonOrMarkdown) -> String {
    match (what, format) {
        (What::Scenario, JsonOrMarkdown::Json) => {
            text(&schema::schema("fivenines scenario", &ScenarioSpec::shape()))
        }
        (What::Scenario, JsonOrMarkdown::Markdown) => {
            reference::page("The scenario language, key by key", &ScenarioSpec::shape())
        }
        (What::Diagnostics, JsonOrMarkdown::Json) => text(&codes()),
        (What::Diagnostics, JsonOrMarkdown::Markdown) => diagnostics_page(),
        (What::Figures, JsonOrMarkdown::Json) => text(&figures()),
        (What::Figures, JsonOrMarkdown::Markdown) => registry::page(),
        (What::Results, JsonOrMarkdown::Json) => text(&results::list()),
        (What::Results, JsonOrMarkdown::Markdown) => results::page(),
    }
}

fn text(json: &Json) -> String {
    String::from_utf8(json::bytes(json)).expect("JSON is UTF-8")
}

fn codes() -> Json {
    let all = Code::ALL.iter().map(|code| {
        json!({
            "code": code.id(),
            "class": code.class().word(),
            "severity": code.severity().word(),
            "meaning": code.title(),
        })
    });
    Json::Array(all.collect())
}

fn figures() -> Json {
    let all = registry::by_metric().into_iter().map(|row| {
        let keys = row.keys.iter().map(
            |key| json!({ "name": key.name, "value": key.value.words(), "required": key.required }),
        );
        json!({
            "metric": row.metric.id(),
            "of": row.whose(),
            "statistics": row.stats.iter().flat_map(|word| word.written()).collect::<Vec<_>>(),
            "without_a_statistic": row.stats.contains(&Word::Own),
            "selections": keys.collect::<Vec<_>>(),
            "windows": row.at.iter().map(|at| at.suffix()).collect::<Vec<_>>(),
            "solver": row.by.solver(),
            "unit": row.unit(row.stats[0]).words(),
            "estimand": row.estimand,
            "interval": row.interval.words(),
            "precision": row.precise,
            "margin": row.margin(row.stats[0]),
        })
    });
    Json::Array(all.collect())
}

fn diagnostics_page() -> String {
    format!(
        "# Diagnostics\n\n\
         What `fivenines check` may say of a scenario. A code never changes its meaning. `E` refuses \
         the scenario (exit code 3), `W` does not.\n\n{}",
        reference::codes_page()
    )
}
