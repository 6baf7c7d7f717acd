//! What the documentation says of the language is what the reader does.

use std::fs;
use std::path::{Path, PathBuf};

use fivenines::cli::flags::{JsonOrMarkdown, What};
use fivenines::cli::schema::describe;
use fivenines::scenario::code::Code;
use serde_json::Value as Json;

use crate::cli::{fivenines, shipped};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The pages in `docs/` are written by the command itself.
#[test]
fn the_generated_pages_are_those_of_this_version() {
    let pages = [
        ("scenario.schema.json", What::Scenario, JsonOrMarkdown::Json, "schema"),
        ("scenario.md", What::Scenario, JsonOrMarkdown::Markdown, "schema --format markdown"),
        (
            "diagnostics.md",
            What::Diagnostics,
            JsonOrMarkdown::Markdown,
            "schema diagnostics --format markdown",
        ),
        ("figures.md", What::Figures, JsonOrMarkdown::Markdown, "schema figures --format markdown"),
    ];
    for (page, what, format, words) in pages {
        let there = fs::read_to_string(root("docs").join(page)).unwrap_or_default();
        assert!(
            there == describe(what, format),
            "docs/{page} is stale; write it anew: cargo run -- {words} > docs/{page}"
        );
    }
}

/// The text as JSON, by a reader that is not ours.
fn as_json(text: &str) -> Json {
    toml::from_str(text).expect("TOML")
}

/// An editor shows no red line in a scenario that can be run.
#[test]
fn every_shipped_scenario_fits_the_schema_and_a_slip_of_the_pen_does_not() {
    let schema: Json =
        serde_json::from_str(&describe(What::Scenario, JsonOrMarkdown::Json)).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let starter = String::from_utf8(fivenines(&["init"]).output().unwrap().stdout).unwrap();
    let files = shipped().into_iter().map(|path| {
        let text = fs::read_to_string(&path).unwrap();
        (path.display().to_string(), text)
    });
    for (name, text) in files.chain([("starter of init".to_string(), starter.clone())]) {
        let json = as_json(&text);
        let wrong: Vec<String> = validator
            .iter_errors(&json)
            .take(3)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    }
    for (right, wrong) in [
        ("workers = 20", "wokers = 20"),
        ("\"20/s\"", "\"20\""),
        ("\"2 x rate\"", "\"2 rate\""),
        ("cores  = 8", "cores  = 0"),
        ("[zone.web]", "[zone.Web]"),
        ("[zone.web]", "[zones.web]"),
        ("\"lognormal\"", "\"log-normal\""),
        ("{ cpu = \"app\"", "{ cpus = \"app\""),
    ] {
        assert!(starter.contains(right), "{right}");
        assert!(!validator.is_valid(&as_json(&starter.replace(right, wrong))), "{wrong}");
    }
}

/// Every code that a message can carry is explained, and every word of help about the reference
/// can be followed.
#[test]
fn every_code_is_on_the_page_of_diagnostics() {
    let page = describe(What::Diagnostics, JsonOrMarkdown::Markdown);
    let list: Json =
        serde_json::from_str(&describe(What::Diagnostics, JsonOrMarkdown::Json)).unwrap();
    assert_eq!(list.as_array().unwrap().len(), Code::ALL.len());
    for code in Code::ALL {
        let row = format!("| {} | {} | {} |", code.id(), code.class().word(), code.title());
        assert!(page.contains(&row), "{row}");
    }
}
