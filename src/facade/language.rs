//! The scenario language, its diagnostics and figures, generated from their declarations.

use serde_json::{Value as Json, json};

use crate::plan::document::ScenarioSpec;
use crate::plan::figure::registry::{self, Word};
use crate::scenario::code::Code;
use crate::scenario::value::Value;
use crate::scenario::{reference, schema};

/// Returns the JSON Schema (draft-07) of a scenario.
pub(crate) fn schema() -> Json {
    schema::schema("fivenines scenario", &ScenarioSpec::shape())
}

/// Returns the reference page of the keys, as Markdown.
pub(crate) fn keys_page() -> String {
    reference::page("The scenario language, key by key", &ScenarioSpec::shape())
}

/// Returns all diagnostic codes.
pub(crate) fn codes() -> Json {
    let all = Code::ALL.iter().map(|code| {
        json!({
            "code": code.id(),
            "class": code.word(),
            "severity": code.severity().word(),
            "meaning": code.title(),
        })
    });
    Json::Array(all.collect())
}

/// Returns the page of all diagnostics, as Markdown.
pub(crate) fn codes_page() -> String {
    format!(
        "# Diagnostics\n\nMessages of `fivenines check` about a scenario. A code never changes its \
         meaning. A code that begins with `E` refuses the scenario (exit code 3); one that begins \
         with `W` is a warning.\n\n{}",
        reference::codes_page()
    )
}

/// Returns all figures that a path can name.
pub(crate) fn figures() -> Json {
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

/// Returns the page of all figures, as Markdown.
pub(crate) fn figures_page() -> String {
    registry::page()
}
