//! What the documentation says of the language is what the reader does.

use std::fs;
use std::path::{Path, PathBuf};

use fivenines::cli::flags::{JsonOrMarkdown, What};
use fivenines::cli::init::STARTER;
use fivenines::cli::schema::describe;
use fivenines::report::reference;
use fivenines::scenario::code::Code;
use serde_json::Value as Json;

use crate::inside::common::shipped;

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
        ("results.md", What::Results, JsonOrMarkdown::Markdown, "schema results --format markdown"),
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
    let starter = STARTER.to_string();
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
        ("\"10/s\"", "\"10\""),
        ("\"2 x rate\"", "\"2 rate\""),
        ("cores  = 4", "cores  = 0"),
        ("cores  = 4", ""),
        ("enter", "label"),
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
        let row = format!("| {} | {} | {} |", code.id(), code.word(), code.title());
        assert!(page.contains(&row), "{row}");
    }
}

/// Every column of a CSV file that ships with the repository has a meaning on the page of result files, and
/// stands in the order of the page.
#[test]
fn every_column_of_a_shipped_result_file_is_explained() {
    let files = reference::files();
    let mut seen = 0;
    for path in csv_files(&root("results")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let header = text.lines().find(|line| !line.starts_with('#')).unwrap();
        let header: Vec<&str> = header.split(',').filter(|column| *column != "about").collect();
        let parts: Vec<_> = files.iter().filter(|file| file.name == name).collect();
        assert!(!parts.is_empty(), "{} is not on the page", path.display());
        let explained = |column: &str| {
            let columns = parts.iter().flat_map(|part| &part.columns);
            columns
                .clone()
                .any(|one| one.names.iter().any(|n| n == column) && is_sentence(one.meaning))
        };
        for column in &header {
            assert!(explained(column), "{}: {column}", path.display());
        }
        if let [whole] = parts.as_slice() {
            let names: Vec<&str> =
                whole.columns.iter().flat_map(|one| &one.names).map(String::as_str).collect();
            assert_eq!(header, names, "{}", path.display());
        }
        seen += 1;
    }
    assert!(seen > 90, "{seen} files");
}

/// Also of files that are not among the results of the repository: each column says what it is.
#[test]
fn every_declared_column_of_a_file_has_a_meaning() {
    for file in reference::files() {
        assert!(is_sentence(file.row_is), "{}", file.name);
        for column in &file.columns {
            assert!(is_sentence(column.meaning), "{} {:?}", file.name, column.names);
        }
    }
}

fn is_sentence(text: &str) -> bool {
    text.ends_with('.')
        && text.starts_with(|first: char| {
            first.is_uppercase() || first.is_ascii_digit() || first == '`'
        })
        && text.split(' ').count() <= 30
}

fn csv_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(csv_files(&path));
        } else if path.extension().is_some_and(|end| end == "csv") {
            found.push(path);
        }
    }
    found.sort();
    found
}
